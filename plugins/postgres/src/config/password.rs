//! Where the password comes from.

use snake_pipe_core::{Error, ErrorKind, Result, secret::Secret};

/// Where the password comes from. It is looked up for every connection, so that it can be changed while the program runs.
#[derive(Clone, Debug)]
pub(super) enum PasswordSource {
    /// The URL, `PGPASSWORD` or `~/.pgpass`: the driver finds it.
    Driver,
    /// An environment variable.
    Environment(String),
    /// The first line of a file.
    File(String),
}

impl PasswordSource {
    /// Whether another look may find another password; what the driver finds may stand in `~/.pgpass`.
    pub(super) const fn may_change(&self) -> bool {
        match self {
            Self::Driver | Self::File(_) => true,
            Self::Environment(_) => false,
        }
    }

    /// The password, where it does not come with the driver's options.
    pub(super) fn read(&self) -> Result<Option<Secret>> {
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
