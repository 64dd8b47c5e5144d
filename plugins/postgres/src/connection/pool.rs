//! The pool of connections to the server that takes the writes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use snake_pipe_core::{Error, ErrorKind, PoolState, Result};
use sqlx::{
    Connection as _, Executor as _, PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::{sleep, timeout};

use super::{
    Outage,
    keeper::Keeper,
    outage::Wait,
    replicas::Replicas,
    route::{Place, Route},
};
use crate::{
    config::{ClientEnvironment, PostgresConfig},
    error::failed,
};

/// How often the servers are asked again which of them takes the writes, while no connection is to be had.
const SEARCH_INTERVAL: Duration = Duration::from_millis(250);
/// How long a server is asked for the reason why it is not to be had.
const REASON_LIMIT: Duration = Duration::from_secs(1);
/// How long closing waits for connections that are in use.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);
/// Limits that an operator may have set for roles that ask, and that would end a load: a COPY takes as long as it takes.
/// Users' statements have a limit of their own.
const NO_LIMITS: &str =
    "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = 0";
/// How often the server looks whether the client of a running statement is still there, from version 14 on.
const CLIENT_CHECK: &str = "SET client_connection_check_interval = '2s'";

/// A pool of connections, and how to come by further ones. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    connections: PgPool,
    /// None for a pool that the program made: it says itself where it leads.
    source: Option<Arc<Source>>,
    outage: Outage,
    cached_statements: Arc<AtomicUsize>,
    /// Callers that wait for a connection.
    waiting: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Source {
    route: Route,
    replicas: Replicas,
    _keeper: Option<Keeper>,
}

/// Counts a caller that waits for a connection, also one that gives up.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    /// A pool over one that the program made.
    pub(crate) fn given(connections: PgPool, outage: Outage) -> Self {
        Self { connections, source: None, outage, cached_statements: Arc::default(), waiting: Arc::default() }
    }

    /// Finds the server and opens a pool to it.
    ///
    /// # Errors
    /// `Connection`, `Authentication` or `Configuration`, naming the address.
    pub(crate) async fn open(config: &PostgresConfig, outage: Outage) -> Result<Self> {
        let route = Route::new(config.clone());
        let place = route.find_patiently(&outage).await?;
        let connections = pool_options(config).connect_lazy_with(route.options(place)?);
        let keeper = config.health_interval.map(|interval| Keeper::start(connections.clone(), interval));
        let replicas = Replicas::new(config.clone());
        let source = Some(Arc::new(Source { route, replicas, _keeper: keeper }));
        Ok(Self { connections, source, outage, cached_statements: Arc::default(), waiting: Arc::default() })
    }

    /// A connection that answers. A dead one is replaced; where the server is gone and there are others, the one that took over
    /// is sought for as long as a connection may take. A server that went away is waited for, see [`Outage`].
    ///
    /// # Errors
    /// `Timeout` when there is none in time, and what connecting fails with.
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>> {
        let begin = Instant::now();
        let waits = Waits::begin(&self.waiting);
        let wait = self.outage.wait(&self.connections);
        let acquired = match &self.source {
            None => self.acquire_in_time(&wait).await,
            Some(source) if source.route.has_choice() => {
                self.acquire_from_several(&source.route, &wait).await
            }
            Some(source) => self.acquire_from_one(&source.route, &wait).await,
        };
        drop(waits);
        match &acquired {
            Err(error) if matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout) => drop(wait),
            // Taken or refused, by a server that is there.
            Ok(_) | Err(_) => wait.answered(),
        }
        crate::metrics::acquired(begin.elapsed(), acquired.as_ref().err());
        acquired
    }

    /// A connection to a standby that is near enough; none where there is no such standby, or none is wanted.
    pub(crate) async fn acquire_from_replica(&self) -> Option<PoolConnection<Postgres>> {
        let source = self.source.as_ref()?;
        let connection = source.replicas.acquire(self, source.route.place()).await;
        if let Some(was_found) = connection.as_ref().map_or(Some(false), |found| Some(found.is_some())) {
            crate::metrics::read_routed(was_found);
        }
        connection.flatten()
    }

    /// A connection while the patience lasts.
    async fn acquire_in_time(&self, wait: &Wait<'_>) -> Result<PoolConnection<Postgres>> {
        loop {
            match timeout(wait.left(), self.connections.acquire()).await {
                Ok(Ok(connection)) => return Ok(connection),
                // A socket that is gone, or a connection cut off while it is made: the server is about to be back, or not.
                Ok(Err(sqlx::Error::Io(_))) if wait.left() > SEARCH_INTERVAL => sleep(SEARCH_INTERVAL).await,
                Ok(Err(sqlx::Error::Io(source))) => return Err(wait.in_vain(&source.to_string())),
                Ok(Err(sqlx::Error::PoolTimedOut)) | Err(_) if wait.is_for_the_pool() => {
                    return Err(failed("connect")(sqlx::Error::PoolTimedOut));
                }
                Ok(Err(sqlx::Error::PoolTimedOut)) | Err(_) => return Err(self.reason(wait).await),
                Ok(Err(error)) => return Err(failed("connect")(error)),
            }
        }
    }

    /// Why no connection was to be had: the driver's pool keeps that to itself.
    async fn reason(&self, wait: &Wait<'_>) -> Error {
        let options = self.connections.connect_options();
        match timeout(REASON_LIMIT, PgConnection::connect_with(&options)).await {
            Ok(Err(sqlx::Error::Io(source))) => wait.in_vain(&source.to_string()),
            Ok(Err(error)) => failed("connect")(error),
            Ok(Ok(_)) | Err(_) => wait.in_vain("it does not answer"),
        }
    }

    async fn acquire_from_one(&self, route: &Route, wait: &Wait<'_>) -> Result<PoolConnection<Postgres>> {
        // An idle connection is past its password.
        if self.connections.num_idle() == 0 {
            self.refresh(route)?;
        }
        match self.acquire_in_time(wait).await {
            Err(error) if error.kind() == ErrorKind::Authentication && route.password_may_change() => {
                self.refresh(route)?;
                self.acquire_in_time(wait).await
            }
            acquired => acquired,
        }
    }

    async fn acquire_from_several(&self, route: &Route, wait: &Wait<'_>) -> Result<PoolConnection<Postgres>> {
        if self.connections.num_idle() == 0 {
            self.refresh(route)?;
        }
        loop {
            // Pending while the server refuses; the pool takes up other options by itself as soon as it is given some.
            let acquiring = self.connections.acquire();
            tokio::pin!(acquiring);
            let error = loop {
                tokio::select! {
                    acquired = &mut acquiring => match acquired.map_err(failed("connect")) {
                        Ok(connection) => return Ok(connection),
                        Err(error) => break error,
                    },
                    () = sleep(SEARCH_INTERVAL) => self.search(route).await,
                }
                if wait.left().is_zero() {
                    break failed("connect")(sqlx::Error::PoolTimedOut);
                }
            };
            let may_pass = matches!(
                error.kind(),
                ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::Authentication
            );
            if !may_pass || wait.left().is_zero() {
                return Err(route.describe(error));
            }
            sleep(SEARCH_INTERVAL).await;
            self.search(route).await;
        }
    }

    /// Looks for the server that takes the writes now, and leads the pool there.
    async fn search(&self, route: &Route) {
        let before = route.place();
        match route.find().await {
            Ok(place) => {
                if before != Some(place) {
                    tracing::warn!(server = route.name(place), "another server is used from now on");
                    crate::metrics::failed_over();
                }
                if let Ok(options) = route.options(place) {
                    self.connections.set_connect_options(options);
                }
            }
            Err(error) => tracing::debug!(%error, "no server yet"),
        }
    }

    /// Reads the password anew for the connections to come.
    fn refresh(&self, route: &Route) -> Result<()> {
        match route.place() {
            Some(place) if route.password_may_change() => {
                self.connections.set_connect_options(route.options(place)?);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// How many connections there are.
    pub(crate) fn state(&self) -> PoolState {
        let size = self.connections.size();
        PoolState {
            size,
            idle: u32::try_from(self.connections.num_idle()).unwrap_or(u32::MAX).min(size),
            max: self.connections.options().get_max_connections(),
            waiting: u32::try_from(self.waiting.load(Ordering::Relaxed)).unwrap_or(u32::MAX),
        }
    }

    /// How many prepared statements the connection kept that came back last.
    pub(crate) fn cached_statements(&self) -> usize {
        self.cached_statements.load(Ordering::Relaxed)
    }

    /// Where that is counted.
    pub(super) fn statement_count(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.cached_statements)
    }

    /// Which server the pool leads to, where there are several.
    pub(crate) fn server(&self) -> Option<String> {
        let route = &self.source.as_ref()?.route;
        route.has_choice().then(|| route.place().map(|place| route.name(place).to_owned()))?
    }

    /// What PostgreSQL's own programs reach the server with.
    ///
    /// # Errors
    /// `Unsupported` for a pool that the program made, whose password nobody can read.
    pub(crate) fn client_environment(&self) -> Result<ClientEnvironment> {
        let route = self.source.as_ref().map(|source| &source.route);
        match route.and_then(|route| Some((route, route.place()?))) {
            Some((route, place)) => route.config().client_environment(place.host, place.tls),
            None => Err(Error::new(ErrorKind::Unsupported, "a pool that the program made tells no password")),
        }
    }

    /// Closes every connection; one that the program made stays open. Connections on loan are closed when they come back.
    pub(crate) async fn close(&self) {
        if let Some(source) = &self.source {
            let _ = timeout(CLOSE_LIMIT, self.connections.close()).await;
            source.replicas.close();
        }
    }
}

/// A pool as the settings want it.
pub(super) fn pool_options(config: &PostgresConfig) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(config.max_connections)
        .min_connections(0)
        .acquire_timeout(config.timeout)
        .after_connect(|connection, _| {
            Box::pin(async move {
                crate::metrics::connected();
                let knows_clients = connection.server_version_num().is_some_and(|version| version >= 140_000);
                let settings =
                    if knows_clients { format!("{NO_LIMITS}; {CLIENT_CHECK}") } else { NO_LIMITS.to_owned() };
                connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(settings))).await?;
                Ok(())
            })
        })
}

impl Route {
    /// What the driver connects to the place with.
    pub(super) fn options(&self, place: Place) -> Result<PgConnectOptions> {
        self.config().connect_options(place.host, place.tls)
    }

    fn describe(&self, error: Error) -> Error {
        error.with_context("address", &self.config().address)
    }
}
