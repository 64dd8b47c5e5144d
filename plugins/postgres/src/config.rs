//! What a backend is built from: a URL and options.

use std::{fmt, net::IpAddr, str::FromStr as _, time::Duration};

use snake_pipe_core::{
    Error, ErrorKind, Result,
    options::{BackendOptions, nearest},
    secret::{Secret, redacted_url},
};
use sqlx::{
    ConnectOptions as _,
    postgres::{PgConnectOptions, PgSslMode},
};
use url::Url;

use crate::{options::OPTIONS, schema::statements::quoted};

/// How long a statement may take before `sql_logging = slow` shows it.
const SLOW_STATEMENT: Duration = Duration::from_secs(1);

/// Parameters of the URL's query that the driver understands itself.
const DRIVER_PARAMETERS: &[&str] =
    &["host", "hostaddr", "port", "dbname", "user", "password", "sslcert", "sslkey", "options"];

/// Settings of a PostgreSQL backend, checked.
#[derive(Clone)]
pub struct PostgresConfig {
    connect: PgConnectOptions,
    password: PasswordSource,
    root_certificates: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) max_connections: u32,
    pub(crate) timeout: Duration,
    pub(crate) retry_attempts: u32,
    pub(crate) migrates: bool,
    pub(crate) partition_rows: u64,
}

/// Where the password comes from, looked up at every connect.
#[derive(Clone, Debug)]
enum PasswordSource {
    /// The URL, `PGPASSWORD` or `~/.pgpass`: the driver has it.
    Driver,
    Environment(String),
    File(String),
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The driver's options show their password, so they are left out.
        f.debug_struct("PostgresConfig")
            .field("name", &self.name)
            .field("address", &self.address)
            .field("schema", &self.schema)
            .field("password", &self.password)
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

    /// The settings that URL and options say; where both speak, the URL wins. What neither says is taken from libpq's
    /// environment variables (`PGHOST`, `PGUSER`, `PGPASSWORD`, …).
    ///
    /// # Errors
    /// `Configuration`, naming the parameter and what is valid. The URL's secrets are not shown.
    pub fn from_options(options: &BackendOptions) -> Result<Self> {
        let given = options.url().expose();
        let (url, of_url) = split_url(given)?;
        let own = BackendOptions::check("", None, OPTIONS, of_url.iter().cloned())
            .map_err(|error| error.with_context("url", redacted_url(given)))?;
        let says = |name: &str| of_url.iter().any(|(key, _)| key == name);
        let settings = Settings { url: &own, options, in_url: &says };
        let connect = PgConnectOptions::from_str(&url).map_err(|source| {
            Error::new(ErrorKind::Configuration, "the URL is not one of PostgreSQL")
                .with_context("url", redacted_url(given))
                .with_source(source)
                .with_help(
                    "write postgres://USER@HOST:5432/DATABASE; letters such as @ / : in a password as %HH",
                )
        })?;
        Ok(settings.build(connect))
    }
}

impl PostgresConfig {
    /// What the driver connects with, password included.
    ///
    /// # Errors
    /// `Configuration` when a file or variable that the settings name cannot be read.
    pub(crate) fn connect_options(&self) -> Result<PgConnectOptions> {
        if let Some(path) = &self.root_certificates {
            std::fs::File::open(path).map_err(|source| {
                Error::new(
                    ErrorKind::Configuration,
                    format!("`sslrootcert` names a file that cannot be read: `{path}`"),
                )
                .with_source(source)
            })?;
        }
        Ok(match self.password.read()? {
            Some(password) => self.connect.clone().password(password.expose()),
            None => self.connect.clone(),
        })
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

    fn build(&self, connect: PgConnectOptions) -> PostgresConfig {
        let schema = self.text("schema_name").unwrap_or("public").to_owned();
        let connections = self.number("pool_size") + self.number("max_overflow");
        let address = address(&connect, &schema);
        PostgresConfig {
            connect: self.driver_options(connect, &schema),
            password: match (self.text("password_env"), self.text("password_file")) {
                (Some(variable), _) => PasswordSource::Environment(variable.to_owned()),
                (None, Some(file)) => PasswordSource::File(file.to_owned()),
                (None, None) => PasswordSource::Driver,
            },
            root_certificates: self.text("sslrootcert").map(str::to_owned),
            schema: Some(schema),
            name: self.options.name().map_or_else(|| address.clone(), str::to_owned),
            address,
            max_connections: u32::try_from(connections).unwrap_or(u32::MAX),
            timeout: Duration::from_secs(self.number("timeout_seconds")),
            retry_attempts: u32::try_from(self.number("retry_attempts")).unwrap_or(u32::MAX),
            migrates: self.text("migrations") != Some("check"),
            partition_rows: self.number("partition_rows"),
        }
    }

    fn driver_options(&self, connect: PgConnectOptions, schema: &str) -> PgConnectOptions {
        let mut connect = connect
            .options([("search_path", quoted(schema))])
            .application_name(self.text("application_name").unwrap_or("snake-pipe"));
        if let Some(mode) = self.text("sslmode").and_then(|mode| PgSslMode::from_str(mode).ok()) {
            connect = connect.ssl_mode(mode);
        } else if std::env::var_os("PGSSLMODE").is_none() {
            connect = if is_local(&connect) {
                connect.ssl_mode(PgSslMode::Prefer)
            } else {
                connect.ssl_mode(PgSslMode::VerifyFull)
            };
        }
        if let Some(file) = self.text("sslrootcert") {
            connect = connect.ssl_root_cert(file);
        }
        let (statements, slow) = match self.text("sql_logging") {
            Some("all") => ("debug", "warn"),
            Some("slow") => ("off", "warn"),
            _ => ("off", "off"),
        };
        const IS_LEVEL: &str = "the name of a level";
        connect
            .log_statements(statements.parse().expect(IS_LEVEL))
            .log_slow_statements(slow.parse().expect(IS_LEVEL), SLOW_STATEMENT)
    }
}

/// The URL without what is ours, and what is ours.
fn split_url(given: &str) -> Result<(String, Vec<(String, String)>)> {
    let mut url = Url::parse(given).map_err(|source| {
        Error::new(ErrorKind::Configuration, "the URL cannot be read")
            .with_context("url", redacted_url(given))
            .with_source(source)
            .with_help("write postgres://USER@HOST:5432/DATABASE; letters such as @ / : in a password as %HH")
    })?;
    let (mut own, mut driver) = (Vec::new(), Vec::new());
    for (key, value) in url.query_pairs() {
        let key = if key == "schema" { "schema_name".into() } else { key };
        if OPTIONS.iter().any(|option| option.name == key) {
            own.push((key.into_owned(), value.into_owned()));
        } else if DRIVER_PARAMETERS.contains(&&*key) || key.starts_with("options[") {
            driver.push((key.into_owned(), value.into_owned()));
        } else {
            return Err(unknown_parameter(&key).with_context("url", redacted_url(given)));
        }
    }
    url.set_query(None);
    if !driver.is_empty() {
        url.query_pairs_mut().extend_pairs(driver);
    }
    Ok((url.into(), own))
}

fn unknown_parameter(key: &str) -> Error {
    let names: Vec<&str> = OPTIONS
        .iter()
        .map(|option| option.name)
        .chain(["schema"])
        .chain(DRIVER_PARAMETERS.iter().copied())
        .collect();
    let near = nearest(key, &names).map_or(String::new(), |name| format!("did you mean `{name}`? "));
    Error::new(ErrorKind::Configuration, format!("the URL has an unknown parameter `{key}`"))
        .with_help(format!("{near}parameters are {}", names.join(", ")))
}

/// Whether what is sent stays on this machine.
fn is_local(connect: &PgConnectOptions) -> bool {
    let host = connect.get_host().trim_matches(['[', ']']);
    connect.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Where the tables are, without credentials.
fn address(connect: &PgConnectOptions, schema: &str) -> String {
    let mut parameters = Vec::new();
    // Without its own place in a URL, a directory of sockets stands where the driver reads it: the address can be pasted.
    let host = match connect.get_socket() {
        Some(socket) => {
            parameters.push(format!("host={}", socket.display()));
            "localhost"
        }
        None => connect.get_host(),
    };
    if schema != "public" {
        parameters.push(format!("schema={schema}"));
    }
    let database = connect.get_database().unwrap_or_else(|| connect.get_username());
    let query = if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
    format!("postgres://{host}:{}/{database}{query}", connect.get_port())
}

impl PasswordSource {
    /// The password, where it does not come with the driver's options.
    fn read(&self) -> Result<Option<Secret>> {
        let missing = |what: String, source: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(ErrorKind::Configuration, format!("the password cannot be read from {what}"))
                .with_source(source)
        };
        match self {
            Self::Driver => Ok(None),
            Self::Environment(variable) => std::env::var(variable)
                .map(|password| Some(Secret::new(password)))
                .map_err(|error| missing(format!("the environment variable `{variable}`"), error.into())),
            Self::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| missing(format!("the file `{path}`"), error.into()))?;
                Ok(Some(Secret::new(text.lines().next().unwrap_or_default())))
            }
        }
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
        let mode = |url| format!("{:?}", config(url).connect.get_ssl_mode());
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
        for wrong in ["postgres://u:hunter2@h/db?pool_sise=3", "postgres://u:hunter2@h:port/db"] {
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
    fn a_password_that_cannot_be_read_names_where_it_should_be() {
        let source = PasswordSource::Environment("SNAKE_PIPE_NO_SUCH_VARIABLE".into());
        let error = source.read().unwrap_err();
        assert!(error.message().contains("SNAKE_PIPE_NO_SUCH_VARIABLE"));
    }
}
