//! How a cluster is to run.

/// How a cluster is to run. [`durable`](Self::durable) is the default.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    pub(super) version: Option<u32>,
    pub(super) max_connections: u32,
    pub(super) settings: Vec<(String, String)>,
    pub(super) data_files: Vec<(String, String)>,
}

impl ClusterOptions {
    /// The number of connections that a cluster allows unless told otherwise.
    pub const DEFAULT_MAX_CONNECTIONS: u32 = 100;

    /// A cluster that keeps what it committed, as a production server does: for tests that crash it, and for
    /// benchmarks.
    #[must_use]
    pub const fn durable() -> Self {
        Self {
            version: None,
            max_connections: Self::DEFAULT_MAX_CONNECTIONS,
            settings: Vec::new(),
            data_files: Vec::new(),
        }
    }

    /// A cluster that never waits for the disk: for all other tests. A crash of the machine may destroy its data; a
    /// crash of the server does not.
    #[must_use]
    pub fn fast() -> Self {
        Self::durable()
            .setting("fsync", "off")
            .setting("synchronous_commit", "off")
            .setting("full_page_writes", "off")
    }

    /// Takes this major version, where several are installed. Without it `pg_config`'s is taken, else the newest.
    #[must_use]
    pub const fn version(mut self, major: u32) -> Self {
        self.version = Some(major);
        self
    }

    /// Allows this many connections.
    #[must_use]
    pub const fn max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets any parameter of the server, as a line of `postgresql.conf` would. Later ones win.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Puts a file into the data folder before the server starts, readable by the server alone: a certificate, its key, another
    /// `pg_hba.conf`.
    #[must_use]
    pub fn data_file(mut self, name: impl Into<String>, content: impl Into<String>) -> Self {
        self.data_files.push((name.into(), content.into()));
        self
    }
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self::durable()
    }
}
