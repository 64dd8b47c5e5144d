//! The address and the options of a SQLite backend.

use std::{path::PathBuf, time::Duration};

use snake_pipe_core::{
    Error, ErrorKind, Result,
    options::{BackendOptions, OptionKind, OptionSpec},
};

/// The options of this kind of backend.
pub const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "timeout_seconds",
        kind: OptionKind::Integer { min: 1, max: 86_400 },
        default: Some("30"),
        help: "how long a writer waits for another one, and a reader for a free connection",
    },
    OptionSpec {
        name: "pool_size",
        kind: OptionKind::Integer { min: 1, max: 1000 },
        default: Some("20"),
        help: "connections for reading, opened when needed",
    },
    OptionSpec {
        name: "sql_logging",
        kind: OptionKind::Choice(&["off", "slow", "all"]),
        default: Some("slow"),
        help: "which statements are logged: none, those over a second, all; never their values",
    },
    OptionSpec {
        name: "migrations",
        kind: OptionKind::Choice(&["auto", "check"]),
        default: Some("auto"),
        help: "whether a load brings an older schema up to date, or refuses it",
    },
    OptionSpec {
        name: "durability",
        kind: OptionKind::Choice(&["full", "normal"]),
        default: Some("full"),
        help: "whether a publication survives the loss of power (full), or only that of the process (normal)",
    },
    OptionSpec {
        name: "history_retention_days",
        kind: OptionKind::Integer { min: 0, max: 36_500 },
        default: Some("730"),
        help: "for how long file_history and function_history are kept; 0: for ever",
    },
];

/// Which statements are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlLogging {
    /// None.
    Off,
    /// Those that take over a second, as warnings.
    Slow,
    /// All, at debug level, and the slow ones as warnings.
    All,
}

/// What a load does about an older schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationPolicy {
    /// Brings it up to date.
    Auto,
    /// Refuses it, saying what to run.
    Check,
}

/// What a publication survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The loss of power: `PRAGMA synchronous = FULL`.
    Full,
    /// The end of the process; the loss of power may undo the last publications, but never damages the file: `NORMAL`.
    Normal,
}

/// Where the database is and how it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The file.
    pub path: PathBuf,
    /// The name given in a configuration.
    pub name: Option<String>,
    /// How long a writer waits for another one, and a reader for a free connection. Default 30 s.
    pub timeout: Duration,
    /// Connections for reading at most. Default 20.
    pub pool_size: u32,
    /// Which statements are logged. Default `Slow`.
    pub sql_logging: SqlLogging,
    /// What a load does about an older schema. Default `Auto`.
    pub migrations: MigrationPolicy,
    /// What a publication survives. Default `Full`.
    pub durability: Durability,
    /// For how many days history is kept; 0 for ever. Default 730.
    pub history_days: u32,
}

impl Config {
    /// The file at `path`, under the defaults.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            name: None,
            timeout: Duration::from_secs(30),
            pool_size: 20,
            sql_logging: SqlLogging::Slow,
            migrations: MigrationPolicy::Auto,
            durability: Durability::Full,
            history_days: 730,
        }
    }

    /// The configuration that these options say.
    ///
    /// # Errors
    /// `Configuration` when the URL names no file.
    pub fn from_options(options: &BackendOptions) -> Result<Self> {
        let defaults = Self::new(path_of_url(options.url().expose())?);
        Ok(Self {
            name: options.name().map(str::to_owned),
            timeout: options.seconds("timeout_seconds").unwrap_or(defaults.timeout),
            pool_size: options
                .integer("pool_size")
                .and_then(|size| u32::try_from(size).ok())
                .unwrap_or(defaults.pool_size),
            sql_logging: match options.text("sql_logging") {
                Some("off") => SqlLogging::Off,
                Some("all") => SqlLogging::All,
                _ => SqlLogging::Slow,
            },
            migrations: match options.text("migrations") {
                Some("check") => MigrationPolicy::Check,
                _ => MigrationPolicy::Auto,
            },
            durability: match options.text("durability") {
                Some("normal") => Durability::Normal,
                _ => Durability::Full,
            },
            history_days: options
                .integer("history_retention_days")
                .and_then(|days| u32::try_from(days).ok())
                .unwrap_or(defaults.history_days),
            ..defaults
        })
    }

    /// The address as people write it.
    pub(crate) fn address(&self) -> String {
        format!("sqlite:{}", self.path.display())
    }
}

/// The path in `sqlite:PATH` or `sqlite://PATH` (an absolute one has a third slash), percent-decoded.
fn path_of_url(url: &str) -> Result<PathBuf> {
    let invalid = |message: String| {
        Error::new(ErrorKind::Configuration, message)
            .with_context("url", url)
            .with_help("write `sqlite:` and the file's path, such as sqlite:code.db or sqlite:/srv/code.db")
    };
    let path = match url.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sqlite") => {
            rest.strip_prefix("//").unwrap_or(rest)
        }
        _ => return Err(invalid("the URL does not begin with `sqlite:`".to_owned())),
    };
    if path.contains('?') {
        return Err(invalid("a SQLite URL takes no parameters; a `?` in a path is written %3F".to_owned()));
    }
    let path = percent_decoded(path).ok_or_else(|| {
        invalid("a `%` in a path is followed by two hexadecimal digits of UTF-8, or written %25".to_owned())
    })?;
    match path.as_str() {
        "" => Err(invalid("the URL names no file".to_owned())),
        ":memory:" => Err(invalid("a database in memory would end with its connection".to_owned())
            .with_help("for a fast, passing database, put the file into a memory file system, such as sqlite:/dev/shm/code.db")),
        _ if path.contains('\0') => Err(invalid("a path holds no NUL".to_owned())),
        // SQLite would read the rest as a URI of its own.
        _ if path.starts_with("file:") => Ok(PathBuf::from(format!("./{path}"))),
        _ => Ok(PathBuf::from(path)),
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = after;
            continue;
        }
        let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
        bytes.push(u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str, values: &[(&str, &str)]) -> Result<Config> {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Config::from_options(&BackendOptions::check(url, None, OPTIONS, values)?)
    }

    #[test]
    fn a_url_names_a_file() {
        let cases = [
            ("sqlite:code.db", "code.db"),
            ("sqlite://code.db", "code.db"),
            ("sqlite:///srv/code.db", "/srv/code.db"),
            ("sqlite:/srv/code.db", "/srv/code.db"),
            ("SQLITE:with space.db", "with space.db"),
            ("sqlite:100%25%3F%C3%BC.db", "100%?ü.db"),
            ("sqlite:file:odd", "./file:odd"),
        ];
        for (url, path) in cases {
            assert_eq!(path_of_url(url).unwrap(), PathBuf::from(path), "{url}");
        }
    }

    #[test]
    fn a_url_without_a_file_is_refused_with_an_example() {
        for url in [
            "sqlite:",
            "sqlite://",
            "sqlite:a?mode=ro",
            "sqlite:a%zz",
            "sqlite:%ff",
            "sqlite::memory:",
            "code.db",
        ] {
            let error = path_of_url(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{url}");
            assert!(error.help().unwrap().contains("sqlite:"), "{url}");
        }
    }

    #[test]
    fn the_defaults_of_the_table_and_of_the_code_are_the_same() {
        assert_eq!(config("sqlite:a.db", &[]).unwrap(), Config::new("a.db"));
    }

    #[test]
    fn options_are_read() {
        let values = [
            ("timeout_seconds", "7"),
            ("pool_size", "3"),
            ("sql_logging", "all"),
            ("migrations", "check"),
            ("durability", "normal"),
            ("history_retention_days", "9"),
        ];
        let expected = Config {
            timeout: Duration::from_secs(7),
            pool_size: 3,
            sql_logging: SqlLogging::All,
            migrations: MigrationPolicy::Check,
            durability: Durability::Normal,
            history_days: 9,
            ..Config::new("a.db")
        };
        assert_eq!(config("sqlite:a.db", &values).unwrap(), expected);
    }
}
