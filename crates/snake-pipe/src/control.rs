//! Where the control plane is, by the configuration.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use snake_pipe_core::{Error, ErrorKind, Result, secret::redacted_url};
use snake_pipe_metadata::{
    Cleaning, MetadataStore,
    model::{LEASE, Retention},
};

use crate::config::{BackendSettings, Config};

/// Where runs are recorded.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: `metadata.url` is `none`, or the first backend has no place for it.
    Nowhere,
    /// In this SQLite file.
    File(PathBuf),
    /// In the database of this backend.
    Database(BackendSettings),
}

impl Place {
    /// The place that the configuration names; else `<file>.control` beside the file of the first of these backends, or its
    /// PostgreSQL database.
    ///
    /// # Errors
    /// `Configuration` for a `metadata.url` that is neither.
    pub fn of(config: &Config, backends: &[BackendSettings]) -> Result<Self> {
        let named = config.text("metadata.url").filter(|url| !url.is_empty());
        match named {
            Some("none") => Ok(Self::Nowhere),
            Some(url) => {
                let settings = config.backend(url).or_else(|error| match url.contains(':') {
                    true => Ok(BackendSettings { url: url.to_owned(), ..config.backend(url)? }),
                    false => Err(error),
                })?;
                match (file_of(&settings.url), is_postgres(&settings.url)) {
                    (Some(path), _) => Ok(Self::File(path)),
                    (None, true) => Ok(Self::Database(settings)),
                    (None, false) => Err(Error::new(
                        ErrorKind::Configuration,
                        format!("`metadata.url` does not take `{}`", redacted_url(url)),
                    )
                    .with_help("it takes sqlite:PATH, postgres://…, the name of such a backend, or none")),
                }
            }
            None => Ok(backends.first().map_or(Self::Nowhere, Self::beside)),
        }
    }

    fn beside(backend: &BackendSettings) -> Self {
        match file_of(&backend.url) {
            Some(path) => {
                let mut control = OsString::from(path);
                control.push(".control");
                Self::File(control.into())
            }
            None if is_postgres(&backend.url) => Self::Database(backend.clone()),
            None => Self::Nowhere,
        }
    }

    /// The place as it may be shown.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Nowhere => "none".to_owned(),
            Self::File(path) => format!("sqlite:{}", path.display()),
            Self::Database(settings) => redacted_url(&settings.url),
        }
    }

    /// The store, not connected yet; none where runs are recorded nowhere, or where this program is built without its kind
    /// of database.
    ///
    /// # Errors
    /// `Configuration` for settings that make no sense.
    pub fn open(&self, config: &Config) -> Result<Option<Arc<dyn MetadataStore>>> {
        match self {
            Self::Nowhere => Ok(None),
            Self::File(path) => open_file(path, config),
            Self::Database(settings) => open_database(settings, config),
        }
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Place({})", self.shown())
    }
}

/// How long ended runs are kept.
#[must_use]
pub fn retention(config: &Config) -> Retention {
    let default = Retention::default();
    Retention { days: config.integer("metadata.retention_days").unwrap_or(default.days), ..default }
}

/// When a process that lives long cleans up.
#[must_use]
pub fn cleaning(config: &Config) -> Cleaning {
    let default = Cleaning::default();
    Cleaning {
        is_enabled: config.bool("metadata.enable_cleanup"),
        retention: retention(config),
        every: config.integer("metadata.cleanup_seconds").map_or(default.every, Duration::from_secs),
    }
}

/// How long a run may be silent.
#[must_use]
pub fn lease(config: &Config) -> Duration {
    config.integer("metadata.lease_seconds").filter(|seconds| *seconds > 0).map_or(LEASE, Duration::from_secs)
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
fn options(config: &Config) -> snake_pipe_metadata::StoreOptions {
    let default = snake_pipe_metadata::StoreOptions::default();
    snake_pipe_metadata::StoreOptions {
        schema: config.text("metadata.schema").unwrap_or(&default.schema).to_owned(),
        records: config
            .text("metadata.records")
            .and_then(|word| word.parse().ok())
            .unwrap_or(default.records),
        ..default
    }
}

#[cfg(feature = "sqlite")]
fn open_file(path: &Path, config: &Config) -> Result<Option<Arc<dyn MetadataStore>>> {
    Ok(Some(Arc::new(snake_pipe_metadata::SqlStore::sqlite(path, options(config))?)))
}

#[cfg(not(feature = "sqlite"))]
fn open_file(_: &Path, _: &Config) -> Result<Option<Arc<dyn MetadataStore>>> {
    Ok(None)
}

#[cfg(feature = "postgres")]
fn open_database(settings: &BackendSettings, config: &Config) -> Result<Option<Arc<dyn MetadataStore>>> {
    use snake_pipe_core::options::BackendOptions;
    let (url, values) = (settings.url.as_str(), settings.options.clone());
    let checked = BackendOptions::check(url, settings.name.clone(), snake_pipe_postgres::OPTIONS, values)?;
    let connect = snake_pipe_postgres::PostgresConfig::from_options(&checked)?.driver_options()?;
    Ok(Some(Arc::new(snake_pipe_metadata::SqlStore::postgres_with(connect, options(config)))))
}

#[cfg(not(feature = "postgres"))]
fn open_database(_: &BackendSettings, _: &Config) -> Result<Option<Arc<dyn MetadataStore>>> {
    Ok(None)
}

fn is_postgres(url: &str) -> bool {
    let scheme = url.split(':').next().unwrap_or_default().to_ascii_lowercase();
    matches!(scheme.as_str(), "postgres" | "postgresql")
}

#[cfg(feature = "sqlite")]
fn file_of(url: &str) -> Option<PathBuf> {
    use snake_pipe_core::options::BackendOptions;
    url.strip_prefix("sqlite:")?;
    let options = BackendOptions::check(url, None, snake_pipe_sqlite::OPTIONS, []).ok()?;
    let path = snake_pipe_sqlite::Config::from_options(&options).ok()?.path;
    Some(path).filter(|path| !path.to_string_lossy().contains(":memory:"))
}

#[cfg(not(feature = "sqlite"))]
fn file_of(_: &str) -> Option<PathBuf> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(environment: &[(&str, &str)], backend: &str) -> Result<String> {
        let environment = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let config = Config::read(None, None, environment)?;
        let backend = config.backend(backend)?;
        Ok(Place::of(&config, &[backend])?.shown())
    }

    #[test]
    fn what_the_configuration_says_about_cleaning_up_holds() {
        let read = |pairs: &[(&str, &str)]| {
            let environment =
                pairs.iter().map(|(key, value)| (format!("SNAKE_PIPE_METADATA__{key}"), (*value).to_owned()));
            cleaning(&Config::read(None, None, environment).unwrap())
        };
        assert_eq!(read(&[]), Cleaning::default());
        let set = read(&[("ENABLE_CLEANUP", "false"), ("RETENTION_DAYS", "7"), ("CLEANUP_SECONDS", "60")]);
        assert!(!set.is_enabled);
        assert_eq!((set.retention.days, set.every), (7, Duration::from_secs(60)));
    }

    #[test]
    fn runs_are_recorded_beside_the_first_backend_unless_another_place_is_named() {
        assert_eq!(place(&[], "sqlite:a/code.db").unwrap(), "sqlite:a/code.db.control");
        assert_eq!(place(&[], "postgres://me:pw@h/d").unwrap(), "postgres://me:***@h/d");
        assert_eq!(place(&[], "memory:x").unwrap(), "none");
        let named = |url| place(&[("SNAKE_PIPE_METADATA__URL", url)], "sqlite:code.db");
        assert_eq!(named("none").unwrap(), "none");
        assert_eq!(named("sqlite:runs.db").unwrap(), "sqlite:runs.db");
        assert_eq!(named("postgres://h/d").unwrap(), "postgres://h/d");
        let error = named("mysql://me:pw@h/d").unwrap_err();
        assert_eq!(error.message(), "`metadata.url` does not take `mysql://me:***@h/d`");
    }
}
