//! A server of one's own.

use std::{
    fs::{self, OpenOptions},
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    process::{Child, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rand::Rng as _;
use snake_pipe_core::{Error, ErrorKind, Result};

use super::{
    account::Account,
    folder::{self, OwnedFolder},
    options::ClusterOptions,
    process,
    programs::Programs,
    template,
};

/// How long a server may take until it answers, recovery after a crash included.
const START_LIMIT: Duration = Duration::from_secs(120);
/// How long a server may take to end when it is asked to.
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// How long the remains of a killed server may keep the next one from starting.
const REMAINS_LIMIT: Duration = Duration::from_secs(30);
/// How many ports are tried.
const PORT_ATTEMPTS: usize = 20;
/// The database that every cluster has.
const MAINTENANCE_DATABASE: &str = "postgres";

/// How a server is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopMode {
    /// When the last client has gone.
    Smart,
    /// Clients are cut off, their transactions rolled back, and everything is written down.
    Fast,
    /// At once; the next start recovers.
    Immediate,
}

/// A private PostgreSQL server with its data. Dropping it ends the server at once and deletes all its files.
#[derive(Debug)]
pub struct PostgresCluster {
    pub(super) programs: Programs,
    pub(super) account: Account,
    pub(super) options: ClusterOptions,
    pub(super) folder: OwnedFolder,
    pub(super) port: u16,
    pub(super) password: String,
    pub(super) server: Mutex<Option<Child>>,
}

impl PostgresCluster {
    /// Starts a server over fresh data and waits until it answers. Its superuser is `postgres`.
    ///
    /// # Errors
    /// `NotFound` without the server's programs, saying how to install them; `Configuration` when it does not start,
    /// with the end of its log.
    pub fn start(options: ClusterOptions) -> Result<Self> {
        let programs = Programs::find(options.version)?;
        let account = Account::for_servers()?;
        let root = folder::root(account)?;
        let folder = OwnedFolder::create(&root, account)?;
        let password = template::instantiate(&root, folder.path(), &programs, account)?;
        for (name, content) in &options.data_files {
            write_for(account, &folder.path().join("data").join(name), content)?;
        }
        Self { programs, account, options, folder, port: 0, password, server: Mutex::new(None) }
            .launch_on_free_port()
    }

    /// The URL of the maintenance database by the Unix socket, with superuser rights.
    #[must_use]
    pub fn url(&self) -> String {
        self.database_url(MAINTENANCE_DATABASE)
    }

    /// The URL of a database by the Unix socket, with superuser rights, as libpq and sqlx read it.
    #[must_use]
    pub fn database_url(&self, database: &str) -> String {
        let folder = percent_encoded(&self.folder.path().to_string_lossy());
        format!("postgres://postgres@localhost:{}/{}?host={folder}", self.port, percent_encoded(database))
    }

    /// The URL of the maintenance database by TCP on the loopback interface, with superuser rights and a password.
    #[must_use]
    pub fn tcp_url(&self) -> String {
        self.database_tcp_url(MAINTENANCE_DATABASE)
    }

    /// The URL of a database by TCP on the loopback interface, with superuser rights and a password.
    #[must_use]
    pub fn database_tcp_url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{}", self.password, self.port, percent_encoded(database))
    }

    /// The TCP port, also the number in the socket's name. It stays the same over restarts.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The server's main process, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server().as_ref().map(Child::id)
    }

    /// The folder with the data, the socket and the log.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Creates an empty database and returns its URL by the Unix socket.
    ///
    /// # Errors
    /// As [`psql`](Self::psql).
    pub fn create_database(&self, name: &str) -> Result<String> {
        self.psql(&format!("CREATE DATABASE {} TEMPLATE template0", quoted_identifier(name)))?;
        Ok(self.database_url(name))
    }

    /// Drops a database, cutting off whoever uses it.
    ///
    /// # Errors
    /// As [`psql`](Self::psql).
    pub fn drop_database(&self, name: &str) -> Result<()> {
        self.psql(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted_identifier(name))).map(drop)
    }

    /// Runs SQL in the maintenance database with superuser rights, and returns its rows: one a line, columns separated
    /// by `|`.
    ///
    /// # Errors
    /// `Query` with what the server said; nothing after the first failing statement is run.
    pub fn psql(&self, sql: &str) -> Result<String> {
        self.psql_in(MAINTENANCE_DATABASE, sql)
    }

    /// Runs SQL in a database, as [`psql`](Self::psql) does.
    ///
    /// # Errors
    /// As [`psql`](Self::psql).
    pub fn psql_in(&self, database: &str, sql: &str) -> Result<String> {
        let mut command = self.programs.command("psql");
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]);
        command.arg("--dbname").arg(self.database_url(database)).arg("--command").arg(sql);
        let output = command.stdin(Stdio::null()).output()?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::new(ErrorKind::Query, said).with_operation("psql"))
    }

    /// Stops the server and waits for its end. One that does not run stays so.
    ///
    /// # Errors
    /// `Timeout` when it takes more than a minute (with [`StopMode::Smart`]: while a client stays); it still runs then.
    pub fn stop(&self, mode: StopMode) -> Result<()> {
        let mut server = self.server();
        let Some(child) = server.as_mut() else { return Ok(()) };
        let signal = match mode {
            StopMode::Smart => libc::SIGTERM,
            StopMode::Fast => libc::SIGINT,
            StopMode::Immediate => libc::SIGQUIT,
        };
        process::signal(child.id(), signal);
        if process::wait_for_end(child, STOP_LIMIT)?.is_none() {
            return Err(Error::new(ErrorKind::Timeout, "the server does not stop")
                .with_context("mode", format!("{mode:?}")));
        }
        *server = None;
        Ok(())
    }

    /// Kills the server with all its processes, as a crash of the machine would (on other systems than Linux its main
    /// process alone, and the others notice). [`restart`](Self::restart) brings it back.
    ///
    /// # Errors
    /// `NotFound` when it does not run.
    pub fn kill9(&self) -> Result<()> {
        let mut child = self.server().take().ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the server does not run").with_operation("kill9")
        })?;
        process::kill_with_children(&mut child);
        Ok(())
    }

    /// Starts the server again, on the same port and over the same data, after stopping it if it runs.
    ///
    /// # Errors
    /// `Configuration` when it does not start, with the end of its log.
    pub fn restart(&self) -> Result<()> {
        self.stop(StopMode::Fast)?;
        let begin = Instant::now();
        loop {
            match self.launch()? {
                Launch::Ready => return Ok(()),
                // Processes of a killed server may hold its memory or its port for a moment.
                Launch::Ended { log } if is_of_remains(&log) && begin.elapsed() < REMAINS_LIMIT => {
                    thread::sleep(Duration::from_millis(50));
                }
                Launch::Ended { log } => return Err(self.start_error(&log)),
            }
        }
    }

    /// Everything that the server logged since the cluster was created.
    #[must_use]
    pub fn logs(&self) -> String {
        fs::read(self.log_path()).map_or(String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Ends the server and deletes its files.
    pub(super) fn dispose(&self) {
        if let Some(mut child) = self.server().take() {
            process::end(&mut child);
        }
        self.folder.remove();
    }

    pub(super) fn launch_on_free_port(mut self) -> Result<Self> {
        for _ in 0..PORT_ATTEMPTS {
            self.port = free_port();
            match self.launch()? {
                Launch::Ready => return Ok(self),
                Launch::Ended { log } if log.contains("Address already in use") => {}
                Launch::Ended { log } => return Err(self.start_error(&log)),
            }
        }
        Err(Error::new(ErrorKind::Capacity, "no free TCP port was found")
            .with_context("tried", PORT_ATTEMPTS))
    }

    fn launch(&self) -> Result<Launch> {
        let logged_before = self.logs().len();
        let mut child = self.spawn()?;
        let begin = Instant::now();
        loop {
            if child.try_wait()?.is_some() {
                return Ok(Launch::Ended { log: self.logs().split_off(logged_before) });
            }
            if self.is_ready(child.id()) {
                *self.server() = Some(child);
                return Ok(Launch::Ready);
            }
            if begin.elapsed() > START_LIMIT {
                process::end(&mut child);
                return Err(self.start_error(&self.logs()).with_context("limit", format!("{START_LIMIT:?}")));
            }
            thread::sleep(process::POLL_INTERVAL);
        }
    }

    fn spawn(&self) -> Result<Child> {
        let log = OpenOptions::new().create(true).append(true).open(self.log_path())?;
        let folder = self.folder.path().display();
        let mut command = self.programs.command("postgres");
        command.arg("-D").arg(self.folder.path().join("data"));
        let fixed = [
            ("listen_addresses", "127.0.0.1".to_owned()),
            ("port", self.port.to_string()),
            ("unix_socket_directories", format!("\"{folder}\"")),
            ("max_connections", self.options.max_connections.to_string()),
        ];
        for (name, value) in fixed {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        for (name, value) in &self.options.settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(process::spawn_server(command, self.account)?)
    }

    /// Whether the process says in its pid file (the line `LOCK_FILE_LINE_PM_STATUS`) that it takes connections.
    fn is_ready(&self, pid: u32) -> bool {
        let data = self.folder.path().join("data");
        let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        process::pid_of_server(&data) == Some(pid)
            && text.lines().nth(7).is_some_and(|line| line.trim() == "ready")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    fn server(&self) -> MutexGuard<'_, Option<Child>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start_error(&self, log: &str) -> Error {
        let lines: Vec<&str> = log.lines().collect();
        let end = lines[lines.len().saturating_sub(10)..].join("\n");
        Error::new(ErrorKind::Configuration, "the PostgreSQL server does not start")
            .with_context("server", self.programs.version())
            .with_context("log", end)
    }
}

impl Drop for PostgresCluster {
    fn drop(&mut self) {
        self.dispose();
    }
}

/// Writes a file that the account alone may read, as the server wants it of keys.
fn write_for(account: Account, path: &std::path::Path, content: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, content)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    account.own(path)
}

enum Launch {
    Ready,
    Ended { log: String },
}

fn is_of_remains(log: &str) -> bool {
    [
        "pre-existing shared memory block",
        "lock file \"postmaster.pid\" already exists",
        "Address already in use",
    ]
    .iter()
    .any(|sign| log.contains(sign))
}

/// A port that nobody listens on, below those that systems hand out to clients, so that none of them takes it while
/// the server restarts.
fn free_port() -> u16 {
    let mut random = rand::rng();
    for _ in 0..1000 {
        let port = random.random_range(10_000..32_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    // All taken: the server will say so.
    random.random_range(10_000..32_000)
}

fn quoted_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The text as part of a URL: everything but letters, digits and `-._~` as `%HH`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::{percent_encoded, quoted_identifier};

    #[test]
    fn names_cannot_break_out_of_urls_or_statements() {
        assert_eq!(percent_encoded("/tmp/a b?c"), "%2Ftmp%2Fa%20b%3Fc");
        assert_eq!(quoted_identifier("odd\"name"), "\"odd\"\"name\"");
    }
}
