//! What a backend is built from: a URL and options.

use std::{fmt, str::FromStr as _, time::Duration};

use snake_pipe_core::{
    Error, ErrorKind, Result,
    options::BackendOptions,
    schema::View,
    secret::{Secret, redacted_url},
};
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};

use crate::{
    options::OPTIONS,
    schema::{further_indexes::FurtherIndexes, statements::quoted},
    session::materialized::views_of,
};

mod address;
mod client;
mod password;
mod service;
mod target;
mod tls;

pub(crate) use client::ClientEnvironment;
use password::PasswordSource;
pub(crate) use target::{Role, Target};
pub(crate) use tls::TlsMode;

/// How long a statement may take before `sql_logging = slow` shows it.
pub(crate) const SLOW_STATEMENT: Duration = Duration::from_secs(1);

/// Settings of a PostgreSQL backend, checked.
#[derive(Clone)]
pub struct PostgresConfig {
    hosts: Vec<Host>,
    password: PasswordSource,
    tls: TlsMode,
    root_certificates: Option<String>,
    application_name: String,
    statement_cache_capacity: usize,
    sql_logging: SqlLogging,
    pub(crate) target: Target,
    /// How far behind a standby may be that answers queries; none for queries to the server that takes the writes.
    pub(crate) replica_lag_limit: Option<Duration>,
    pub(crate) health_interval: Option<Duration>,
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) max_connections: u32,
    pub(crate) timeout: Duration,
    pub(crate) retry_attempts: u32,
    pub(crate) migrates: bool,
    pub(crate) partition_rows: u64,
    /// For how many days history is kept; 0 for ever.
    pub(crate) history_days: u32,
    pub(crate) further_indexes: FurtherIndexes,
    /// Views of which materialised copies are kept.
    pub(crate) materialized: Vec<&'static View>,
}

/// One of the servers that the URL names.
#[derive(Clone)]
struct Host {
    /// A URL that names this one alone, with what the driver understands.
    url: Secret,
    /// Host and port, or the folder of its socket.
    name: String,
}

/// Which statements are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SqlLogging {
    Off,
    Slow,
    All,
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // URLs hold passwords, so they are left out.
        f.debug_struct("PostgresConfig")
            .field("name", &self.name)
            .field("address", &self.address)
            .field("schema", &self.schema)
            .field("password", &self.password)
            .field("tls", &self.tls)
            .field("target", &self.target)
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}

impl PostgresConfig {
    /// The settings that a URL says, with defaults for the rest.
    ///
    /// # Errors
    /// As of [`PostgresConfig::from_options`].
    pub fn from_url(url: &str) -> Result<Self> {
        Self::from_options(&BackendOptions::check(url, None, OPTIONS, [])?)
    }

    /// The settings that URL and options say; where both speak, the URL wins. What neither says is taken from the service
    /// that `service` or `PGSERVICE` names, and then from libpq's environment variables (`PGHOST`, `PGUSER`, `PGPASSWORD`,
    /// …).
    ///
    /// # Errors
    /// `Configuration`, naming the parameter and what is valid. The URL's secrets are not shown.
    pub fn from_options(options: &BackendOptions) -> Result<Self> {
        let given = options.url().expose();
        let with_url = |error: Error| error.with_context("url", redacted_url(given));
        let single = address::one_host_each(given).map_err(with_url)?;
        let first = address::split(&single[0], options).map_err(with_url)?;
        let own = BackendOptions::check("", None, OPTIONS, first.own.iter().cloned()).map_err(with_url)?;
        let mut hosts = Vec::new();
        for url in &single {
            let url = address::split(url, options).map_err(with_url)?.driver;
            let connect = parsed(&url, given)?;
            hosts.push(Host { name: address::host_name(&connect), url: Secret::new(url) });
        }
        let says = |name: &str| first.own.iter().any(|(key, _)| key == name);
        let settings = Settings { url: &own, options, in_url: &says };
        let connects =
            hosts.iter().map(|host| parsed(host.url.expose(), given)).collect::<Result<Vec<_>>>()?;
        settings.build(hosts, &connects)
    }
}

fn parsed(url: &str, given: &str) -> Result<PgConnectOptions> {
    PgConnectOptions::from_str(url).map_err(|source| {
        Error::new(ErrorKind::Configuration, "the URL is not one of PostgreSQL")
            .with_context("url", redacted_url(given))
            .with_source(source)
            .with_help(address::HELP)
    })
}

impl PostgresConfig {
    /// How many servers there are to choose from.
    pub(crate) const fn host_count(&self) -> usize {
        self.hosts.len()
    }

    /// How one of them is called in messages.
    pub(crate) fn host_name(&self, index: usize) -> &str {
        &self.hosts[index].name
    }

    /// Ways to secure a connection to a server, the best first.
    pub(crate) fn tls_attempts(&self) -> &'static [TlsMode] {
        self.tls.attempts()
    }

    /// Whether the password may be another one at the next connection.
    pub(crate) const fn password_may_change(&self) -> bool {
        self.password.may_change()
    }

    /// What the driver connects to the first server with, for whoever keeps something else in the same database.
    ///
    /// # Errors
    /// `Configuration` when a file or variable that the settings name cannot be read.
    pub fn driver_options(&self) -> Result<PgConnectOptions> {
        self.connect_options(0, self.tls_attempts()[0])
    }

    /// What the driver connects to a server with, the password read anew.
    ///
    /// # Errors
    /// `Configuration` when a file or variable that the settings name cannot be read.
    pub(crate) fn connect_options(&self, index: usize, tls: TlsMode) -> Result<PgConnectOptions> {
        let url = self.hosts[index].url.expose();
        let mut connect = parsed(url, url)?
            .application_name(&self.application_name)
            .statement_cache_capacity(self.statement_cache_capacity)
            .ssl_mode(tls.for_driver(self.root_certificates.is_some()));
        if let Some(schema) = &self.schema {
            connect = connect.options([("search_path", quoted(schema))]);
        }
        if let Some(path) = &self.root_certificates {
            std::fs::File::open(path).map_err(|source| {
                let message = format!("`sslrootcert` names a file that cannot be read: `{path}`");
                Error::new(ErrorKind::Configuration, message).with_source(source)
            })?;
            connect = connect.ssl_root_cert(path);
        }
        if let Some(password) = self.password.read()? {
            connect = connect.password(password.expose());
        }
        let (statements, slow) = match self.sql_logging {
            SqlLogging::All => ("debug", "warn"),
            SqlLogging::Slow => ("off", "warn"),
            SqlLogging::Off => ("off", "off"),
        };
        const IS_LEVEL: &str = "the name of a level";
        Ok(connect
            .log_statements(statements.parse().expect(IS_LEVEL))
            .log_slow_statements(slow.parse().expect(IS_LEVEL), SLOW_STATEMENT))
    }

    /// Whether a query that takes long is logged.
    pub(crate) fn logs_slow_queries(&self) -> bool {
        self.sql_logging != SqlLogging::Off
    }
}

/// Settings by name, from the URL first.
struct Settings<'a> {
    url: &'a BackendOptions,
    options: &'a BackendOptions,
    in_url: &'a dyn Fn(&str) -> bool,
}

impl Settings<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        if (self.in_url)(name) { self.url.text(name) } else { self.options.text(name) }
    }

    fn number(&self, name: &str) -> u64 {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    fn seconds(&self, name: &str) -> Duration {
        Duration::from_secs(self.number(name))
    }

    fn build(&self, hosts: Vec<Host>, connects: &[PgConnectOptions]) -> Result<PostgresConfig> {
        let schema = self.text("schema_name").unwrap_or("public").to_owned();
        let connections = self.number("pool_size") + self.number("max_overflow");
        let address = address::shown(connects, &schema);
        let environment = |name: &str| std::env::var(name).ok();
        let tls = match self.text("sslmode").map(str::to_owned).or_else(|| environment("PGSSLMODE")) {
            Some(mode) => mode.parse()?,
            None if connects.iter().all(address::is_local) => TlsMode::Prefer,
            None => TlsMode::VerifyFull,
        };
        let target = self
            .text("target_session_attrs")
            .map(str::to_owned)
            .or_else(|| environment("PGTARGETSESSIONATTRS"));
        Ok(PostgresConfig {
            password: match (self.text("password_env"), self.text("password_file")) {
                (Some(variable), _) => PasswordSource::Environment(variable.to_owned()),
                (None, Some(file)) => PasswordSource::File(file.to_owned()),
                (None, None) => PasswordSource::Driver,
            },
            tls,
            root_certificates: self
                .text("sslrootcert")
                .map(str::to_owned)
                .or_else(|| environment("PGSSLROOTCERT")),
            application_name: self.text("application_name").unwrap_or("snake-pipe").to_owned(),
            statement_cache_capacity: usize::try_from(self.number("statement_cache_capacity"))
                .unwrap_or(usize::MAX),
            sql_logging: match self.text("sql_logging") {
                Some("all") => SqlLogging::All,
                Some("slow") => SqlLogging::Slow,
                _ => SqlLogging::Off,
            },
            target: match target {
                Some(words) => words.parse()?,
                None if hosts.len() > 1 => Target::ReadWrite,
                None => Target::Any,
            },
            replica_lag_limit: Some(self.seconds("max_replica_lag_seconds")).filter(|limit| !limit.is_zero()),
            health_interval: Some(self.seconds("health_interval_seconds"))
                .filter(|interval| !interval.is_zero()),
            schema: Some(schema),
            name: self.options.name().map_or_else(|| address.clone(), str::to_owned),
            address,
            max_connections: u32::try_from(connections).unwrap_or(u32::MAX),
            timeout: self.seconds("timeout_seconds"),
            retry_attempts: u32::try_from(self.number("retry_attempts")).unwrap_or(u32::MAX),
            migrates: self.text("migrations") != Some("check"),
            partition_rows: self.number("partition_rows"),
            materialized: views_of(self.text("materialized_views").unwrap_or_default())?,
            further_indexes: FurtherIndexes {
                search: self.text("search_index") == Some("on"),
                ast: self.text("ast_index") == Some("on"),
            },
            history_days: u32::try_from(self.number("history_retention_days")).unwrap_or(0),
            hosts,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str) -> PostgresConfig {
        PostgresConfig::from_url(url).unwrap()
    }

    #[test]
    fn defaults_are_those_of_the_table() {
        let config = config("postgres://u@h/db");
        assert_eq!(
            (config.max_connections, config.timeout, config.retry_attempts),
            (30, Duration::from_secs(30), 3)
        );
        assert_eq!((config.schema.as_deref(), config.migrates), (Some("public"), true));
        assert_eq!((config.history_days, config.further_indexes), (730, FurtherIndexes::default()));
        assert_eq!(config.address, "postgres://h:5432/db");
    }

    #[test]
    fn an_address_leads_to_the_same_tables_again() {
        let url = "postgres://u:hunter2@localhost:5433/db?host=/run/pg&schema=facts";
        let address = config(url).address;
        assert_eq!(address, "postgres://localhost:5433/db?host=/run/pg&schema=facts");
        assert_eq!(config(&address).address, address);
    }

    #[test]
    fn the_url_wins_over_the_options() {
        let given = [("pool_size".to_owned(), "5".to_owned()), ("max_overflow".to_owned(), "1".to_owned())];
        let options = BackendOptions::check("postgres://h/db?pool_size=7", None, OPTIONS, given).unwrap();
        assert_eq!(PostgresConfig::from_options(&options).unwrap().max_connections, 8);
    }

    #[test]
    fn only_what_stays_on_the_machine_goes_without_a_verified_certificate() {
        let mode = |url| format!("{:?}", config(url).tls);
        for local in [
            "postgres://localhost/db",
            "postgres://127.0.0.1/db",
            "postgres://[::1]/db",
            "postgres:///db?host=/tmp",
        ] {
            assert_eq!(mode(local), "Prefer", "{local}");
        }
        assert_eq!(mode("postgres://db.example.org/db"), "VerifyFull");
        assert_eq!(mode("postgres://db.example.org/db?sslmode=require"), "Require");
    }

    #[test]
    fn nothing_shows_a_password() {
        let url = "postgres://u:hunter2@h/db?schema=s";
        let config = config(url);
        assert!(!format!("{config:?} {}", config.address).contains("hunter2"));
        let backend = crate::PostgresBackend::new(config);
        assert!(!format!("{backend:?}").contains("hunter2"));
        for wrong in [
            "postgres://u:hunter2@h/db?pool_sise=3",
            "postgres://u:hunter2@h:port/db",
            "postgres:/u:hunter2@h/db",
            "postgres:u:hunter2@h/db",
        ] {
            let error = PostgresConfig::from_url(wrong).unwrap_err();
            assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn an_unknown_parameter_is_answered_by_the_nearest() {
        let error = PostgresConfig::from_url("postgres://h/db?pool_sise=3").unwrap_err();
        assert!(error.help().unwrap().starts_with("did you mean `pool_size`?"));
        let error = PostgresConfig::from_url("postgres://h/db?pool_size=none").unwrap_err();
        assert_eq!(error.help(), Some("`pool_size` takes a whole number from 1 to 1000"));
    }

    #[test]
    fn several_servers_stand_in_one_url() {
        let config = config("postgres://u:hunter2@a:5433,b,[::1]:7/db?schema=s");
        assert_eq!(config.address, "postgres://a:5433,b:5432,[::1]:7/db?schema=s");
        assert_eq!(
            (config.host_count(), config.host_name(1), config.target),
            (3, "b:5432", Target::ReadWrite)
        );
        let second = config.connect_options(1, TlsMode::Require).unwrap();
        assert_eq!((second.get_host(), second.get_port(), second.get_database()), ("b", 5432, Some("db")));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn several_sockets_stand_in_its_query() {
        let config = config("postgres://u@localhost/db?host=/run/a,/run/b&port=1,2");
        let ports: Vec<_> =
            [0, 1].map(|index| config.connect_options(index, TlsMode::Prefer).unwrap().get_port()).to_vec();
        assert_eq!(ports, [1, 2]);
        assert_eq!(config.host_name(1), "/run/b:2");
        let error = PostgresConfig::from_url("postgres://u@/db?host=a,b,c&port=1,2").unwrap_err();
        assert!(error.message().contains("2 ports for 3 hosts"), "{error}");
    }

    #[test]
    fn a_server_is_sought_by_what_it_can_do() {
        let of = |words: &str| config(&format!("postgres://h/db?target_session_attrs={words}")).target;
        assert_eq!((of("primary"), of("prefer-standby")), (Target::Primary, Target::PreferStandby));
        assert_eq!(config("postgres://h/db").target, Target::Any);
        let error = PostgresConfig::from_url("postgres://h/db?target_session_attrs=master").unwrap_err();
        assert!(error.help().unwrap().contains("prefer-standby"), "{error:?}");
    }

    #[test]
    fn a_password_that_cannot_be_read_names_where_it_should_be() {
        let source = PasswordSource::Environment("SNAKE_PIPE_NO_SUCH_VARIABLE".into());
        let error = source.read().unwrap_err();
        assert!(error.message().contains("SNAKE_PIPE_NO_SUCH_VARIABLE"));
    }
}
