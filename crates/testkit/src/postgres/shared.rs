//! One cluster for all ordinary tests of a process, with a database for each.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

use snake_pipe_core::{Error, Result};

use super::{ClusterOptions, PostgresCluster};

/// How many connections the shared cluster allows: many tests run at once, each with a pool.
const SHARED_MAX_CONNECTIONS: u32 = 300;

static SHARED: OnceLock<Result<PostgresCluster>> = OnceLock::new();

/// The cluster that all tests of this process share: [`fast`](ClusterOptions::fast), started when it is first asked
/// for, gone when the process ends. Tests that stop or kill their server start one for themselves.
///
/// # Errors
/// As [`PostgresCluster::start`], again at every call.
pub fn shared() -> Result<&'static PostgresCluster> {
    let cluster = SHARED.get_or_init(|| {
        stop_at_exit();
        PostgresCluster::start(ClusterOptions::fast().max_connections(SHARED_MAX_CONNECTIONS))
    });
    cluster.as_ref().map_err(|error| {
        let again = Error::new(error.kind(), error.to_string());
        match error.help() {
            Some(help) => again.with_help(help.to_owned()),
            None => again,
        }
    })
}

/// Statics are not dropped, so the end of the process has to be told.
fn stop_at_exit() {
    extern "C" fn stop() {
        if let Some(Ok(cluster)) = SHARED.get() {
            cluster.dispose();
        }
    }
    #[expect(unsafe_code, reason = "atexit has no safe form; the function neither panics nor unwinds")]
    unsafe {
        libc::atexit(stop);
    }
}

/// An empty database of the shared cluster, dropped with the value.
#[derive(Debug)]
pub struct TestDatabase {
    cluster: &'static PostgresCluster,
    name: String,
}

impl TestDatabase {
    /// Creates a database with a name of its own.
    ///
    /// # Errors
    /// As [`PostgresCluster::start`] and [`PostgresCluster::create_database`].
    pub fn create() -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let cluster = shared()?;
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        cluster.create_database(&name)?;
        Ok(Self { cluster, name })
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL by the Unix socket.
    #[must_use]
    pub fn url(&self) -> String {
        self.cluster.database_url(&self.name)
    }

    /// Its URL by TCP.
    #[must_use]
    pub fn tcp_url(&self) -> String {
        self.cluster.database_tcp_url(&self.name)
    }

    /// Runs SQL in it, as [`PostgresCluster::psql`] does.
    ///
    /// # Errors
    /// `Query` with what the server said.
    pub fn psql(&self, sql: &str) -> Result<String> {
        self.cluster.psql_in(&self.name, sql)
    }

    /// The cluster that it is in.
    #[must_use]
    pub const fn cluster(&self) -> &'static PostgresCluster {
        self.cluster
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // If it cannot be dropped, it goes with the cluster.
        let _ = self.cluster.drop_database(&self.name);
    }
}
