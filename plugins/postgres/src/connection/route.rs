//! Which of the servers that the URL names takes the connections.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use snake_pipe_core::{Error, ErrorKind, Result};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};
use tokio::time::{sleep, timeout};

use super::Outage;
use crate::{
    config::{PostgresConfig, Role, Target, TlsMode},
    error::{check_server, connect_error, failed},
};

/// The pause before the first further attempt to connect; it doubles with each.
const FIRST_RETRY_PAUSE: Duration = Duration::from_millis(200);
/// How long one of several servers may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// A server, and how the connection to it is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) host: usize,
    pub(super) tls: TlsMode,
}

/// The way to the server that is wanted.
#[derive(Debug)]
pub(super) struct Route {
    config: PostgresConfig,
    place: Mutex<Option<Place>>,
}

impl Route {
    pub(super) const fn new(config: PostgresConfig) -> Self {
        Self { config, place: Mutex::new(None) }
    }

    pub(super) const fn config(&self) -> &PostgresConfig {
        &self.config
    }

    pub(super) const fn has_choice(&self) -> bool {
        self.config.host_count() > 1
    }

    pub(super) const fn password_may_change(&self) -> bool {
        self.config.password_may_change()
    }

    /// The server that was found last.
    pub(super) fn place(&self) -> Option<Place> {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn name(&self, place: Place) -> &str {
        self.config.host_name(place.host)
    }

    /// Looks for the server, and tries again as often as the settings say.
    ///
    /// # Errors
    /// As of [`Route::find`].
    pub(super) async fn find_patiently(&self, outage: &Outage) -> Result<Place> {
        let begin = Instant::now();
        let mut pause = FIRST_RETRY_PAUSE;
        // Whoever finds a server away that was tried in vain a moment ago need not try as often again.
        let mut attempts_left = if outage.is_known() { 0 } else { self.config.retry_attempts };
        loop {
            let error = match self.find().await {
                Ok(place) => {
                    outage.end();
                    return Ok(place);
                }
                Err(error) => error,
            };
            let may_pass = matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout);
            if attempts_left == 0 || !may_pass {
                if may_pass {
                    outage.met(begin);
                }
                return Err(error.with_context("address", &self.config.address));
            }
            tracing::debug!(address = self.config.address, %error, "cannot connect, trying again");
            attempts_left -= 1;
            sleep(pause).await;
            pause *= 2;
        }
    }

    /// Asks each server in turn what it is, and takes the first that is wanted.
    ///
    /// # Errors
    /// Of a single server, its own; of several, `Connection` with what each of them said.
    pub(super) async fn find(&self) -> Result<Place> {
        let mut second_best = None;
        let mut refusals = Vec::new();
        let mut last = None;
        for host in 0..self.config.host_count() {
            match ask_patiently(&self.config, host).await {
                Ok((place, role)) if self.config.target.prefers(role) => return Ok(self.take(place)),
                Ok((place, role)) if self.config.target.accepts(role) => {
                    second_best = second_best.or(Some(place));
                }
                Ok((_, role)) => refusals.push(format!("{}: {}", self.config.host_name(host), told(role))),
                Err(error) => {
                    refusals.push(format!("{}: {error}", self.config.host_name(host)));
                    last = Some(error);
                }
            }
        }
        match (second_best, last) {
            (Some(place), _) => Ok(self.take(place)),
            (None, Some(error)) if !self.has_choice() => Err(error),
            (None, _) => Err(none_will_do(self.config.target, &refusals)),
        }
    }

    fn take(&self, place: Place) -> Place {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
        place
    }
}

const fn told(role: Role) -> &'static str {
    match (role.is_standby, role.is_read_only) {
        (true, _) => "a standby",
        (false, true) => "a primary server that only reads",
        (false, false) => "a primary server",
    }
}

fn none_will_do(target: Target, refusals: &[String]) -> Error {
    let message = format!("{} is wanted, and none of the hosts is one", target.wanted());
    Error::new(ErrorKind::Connection, message)
        .with_operation("connect")
        .with_context("hosts", refusals.join("; "))
        .with_help("start or promote a server, or say with `target_session_attrs` that another kind will do")
}

async fn ask_patiently(config: &PostgresConfig, host: usize) -> Result<(Place, Role)> {
    let limit = if config.host_count() > 1 { config.timeout.min(ANSWER_LIMIT) } else { config.timeout };
    let silence = || Error::new(ErrorKind::Timeout, "the server does not answer").with_operation("connect");
    timeout(limit, ask(config, host)).await.unwrap_or_else(|_| Err(silence()))
}

/// Connects once, outside of any pool, which would keep the reason of a failure to itself.
pub(super) async fn ask(config: &PostgresConfig, host: usize) -> Result<(Place, Role)> {
    let mut connection = None;
    let mut first_error = None;
    for &tls in config.tls_attempts() {
        let options = config.connect_options(host, tls)?;
        match options.connect().await {
            Ok(opened) => {
                connection = Some((opened, tls));
                break;
            }
            // 28000: pg_hba.conf has no entry for this kind of connection.
            Err(error) => {
                let is_of_kind =
                    error.as_database_error().and_then(|error| error.code()).as_deref() == Some("28000");
                first_error.get_or_insert(connect_error(error, tls));
                if !is_of_kind {
                    break;
                }
            }
        }
    }
    let Some((mut connection, tls)) = connection else {
        let nothing = || Error::new(ErrorKind::Internal, "there is a way to connect at least");
        return Err(first_error.unwrap_or_else(nothing));
    };
    check_server(connection.server_version_num())?;
    let role = role_of(&mut connection, config.schema.as_deref()).await?;
    connection.close().await.map_err(failed("connect"))?;
    Ok((Place { host, tls }, role))
}

/// What the server is; and whether what the connection was begun with has reached it.
async fn role_of(connection: &mut PgConnection, schema: Option<&str>) -> Result<Role> {
    const ROLE: &str = "SELECT pg_is_in_recovery() AS is_standby, current_setting('transaction_read_only') = 'on' AS is_read_only,
        $1::text IS NULL OR current_setting('search_path') = $1::text AS is_direct";
    let search_path = schema.map(crate::schema::statements::quoted);
    let row = sqlx::query(ROLE)
        .persistent(false)
        .bind(search_path)
        .fetch_one(connection)
        .await
        .map_err(failed("connect"))?;
    if !row.get::<bool, _>("is_direct") {
        return Err(crate::error::pooler_error("it keeps back the `options` that a connection begins with"));
    }
    Ok(Role { is_standby: row.get("is_standby"), is_read_only: row.get("is_read_only") })
}
