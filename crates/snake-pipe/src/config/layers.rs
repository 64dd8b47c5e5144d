//! The layers: dotted keys with their values and origins.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use serde::Serialize;
use snake_pipe_core::{Error, ErrorKind, Result, options::nearest, secret::redacted_url};

use super::{KEYS, Key, PREFIX};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The program.
    Default,
    /// This file.
    File(String),
    /// This profile of the file.
    Profile(String),
    /// This variable.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => f.write_str(path),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::Environment(name) => write!(f, "${name}"),
        }
    }
}

/// A value with its origin. `Debug` and `shown` redact what must not be seen.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// The value as text; items of a list separated by commas.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Setting({})", self.origin)
    }
}

impl Setting {
    /// A value from somewhere.
    #[must_use]
    pub fn new(value: &str, origin: Origin) -> Self {
        Self { value: value.to_owned(), origin }
    }

    /// The value as it may be shown under `key`: passwords as `***`, URLs without theirs.
    #[must_use]
    pub fn shown(&self, key: &str) -> String {
        let last = key.rsplit('.').next().unwrap_or(key);
        let names_a_place = last.ends_with("_env") || last.ends_with("_file");
        let is_secret =
            ["password", "secret", "token"].iter().any(|word| last.contains(word)) && !names_a_place;
        if is_secret { "***".into() } else { redacted_url(&self.value) }
    }
}

/// All layers, flattened.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    settings: BTreeMap<String, Setting>,
    fallback: Option<Setting>,
}

impl Layers {
    /// The setting of a dotted key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    /// Every setting, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.settings.iter().map(|(key, setting)| (key.as_str(), setting))
    }

    /// The URL of `SNAKE_PIPE_DATABASE_URL` or `DATABASE_URL`.
    #[must_use]
    pub fn fallback_url(&self) -> Option<&str> {
        self.fallback.as_ref().map(|setting| setting.value.as_str())
    }

    /// Takes in a file, and over it one of its profiles.
    ///
    /// # Errors
    /// `Io` when it cannot be read; `Configuration` for what is wrong in it.
    pub fn read_file(&mut self, path: &Path, profile: Option<&str>) -> Result<()> {
        let name = path.display().to_string();
        let in_file = |error: Error| error.with_context("file", &name);
        let text = fs::read_to_string(path).map_err(|source| {
            in_file(
                Error::new(ErrorKind::Configuration, "cannot read the configuration file")
                    .with_source(source)
                    .with_help("write one with `snake-pipe config init`"),
            )
        })?;
        let mut table: toml::Table = text.parse().map_err(|source: toml::de::Error| {
            let place = source.span().map_or(0, |span| text[..span.start].lines().count().max(1));
            in_file(
                Error::new(ErrorKind::Configuration, "the configuration file is not TOML")
                    .with_context("line", place)
                    .with_context("reason", source.message()),
            )
        })?;
        let profiles = table.remove("profiles");
        self.take_table(&table, &Origin::File(name.clone())).map_err(in_file)?;
        if let Some(profile) = profile {
            let profiles = profiles.as_ref().and_then(toml::Value::as_table);
            let chosen =
                profiles.and_then(|profiles| profiles.get(profile)?.as_table()).ok_or_else(|| {
                    let names: Vec<_> =
                        profiles.into_iter().flat_map(|profiles| profiles.keys()).cloned().collect();
                    let help = match names.is_empty() {
                        true => "the file has none".to_owned(),
                        false => format!("the file has {}", names.join(", ")),
                    };
                    in_file(
                        Error::new(ErrorKind::Configuration, format!("no profile `{profile}`"))
                            .with_help(help),
                    )
                })?;
            self.take_table(chosen, &Origin::Profile(profile.to_owned())).map_err(in_file)?;
        }
        Ok(())
    }

    /// Takes in variables that begin with the prefix; other programs' are left alone.
    ///
    /// # Errors
    /// `Configuration` for an unknown key or a wrong value.
    pub fn read_environment(
        &mut self,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<()> {
        let mut plain_url = None;
        for (name, value) in environment {
            if name == "DATABASE_URL" {
                plain_url = Some(Setting::new(&value, Origin::Environment(name)));
                continue;
            }
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            match rest {
                "DATABASE_URL" => self.fallback = Some(Setting::new(&value, Origin::Environment(name))),
                // These two say where to read, and are taken in by the command line; the tests of a developer use the rest.
                "CONFIG" | "PROFILE" | "PG_BIN" => {}
                _ => {
                    let key = rest.to_ascii_lowercase().replace("__", ".");
                    let origin = Origin::Environment(name.clone());
                    self.take(&key, &value, origin).map_err(|error| error.with_context("variable", &name))?;
                }
            }
        }
        self.fallback = self.fallback.take().or(plain_url);
        Ok(())
    }

    fn take_table(&mut self, table: &toml::Table, origin: &Origin) -> Result<()> {
        let mut open: Vec<(String, &toml::Table)> = vec![(String::new(), table)];
        while let Some((prefix, table)) = open.pop() {
            for (key, value) in table {
                let key = format!("{prefix}{key}");
                match value {
                    toml::Value::Table(inner) => open.push((format!("{key}."), inner)),
                    _ => self.take(&key, &text_of(&key, value)?, origin.clone())?,
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, key: &str, value: &str, origin: Origin) -> Result<()> {
        let parts: Vec<_> = key.split('.').collect();
        match parts.as_slice() {
            ["backends", _, _] => {}
            ["backends", _, "route", rule] => check_rule(key, rule)?,
            _ => check(key, value)?,
        }
        self.settings.insert(key.to_owned(), Setting::new(value, origin));
        Ok(())
    }
}

fn text_of(key: &str, value: &toml::Value) -> Result<String> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Array(items) => {
            let items = items.iter().map(|item| text_of(key, item)).collect::<Result<Vec<_>>>()?;
            Ok(items.join(","))
        }
        toml::Value::Integer(_) | toml::Value::Boolean(_) | toml::Value::Float(_) => Ok(value.to_string()),
        toml::Value::Datetime(_) | toml::Value::Table(_) => {
            Err(Error::new(ErrorKind::Configuration, format!("`{key}` does not take a date or a table here")))
        }
    }
}

/// The rules of a backend's route.
pub(super) const RULES: [&str; 3] = ["languages", "paths", "repositories"];

fn check_rule(key: &str, rule: &str) -> Result<()> {
    if RULES.contains(&rule) {
        return Ok(());
    }
    let help = nearest(rule, &RULES).map_or_else(
        || format!("a route has {}", RULES.join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    Err(Error::new(ErrorKind::Configuration, format!("unknown key `{key}`")).with_help(help))
}

fn check(key: &str, value: &str) -> Result<()> {
    let known: Option<&Key> = KEYS.iter().find(|candidate| candidate.name == key);
    let Some(known) = known else {
        return Err(
            Error::new(ErrorKind::Configuration, format!("unknown key `{key}`")).with_help(known_keys(key))
        );
    };
    if known.kind.accepts(value) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Configuration, format!("`{key}` does not take `{value}`"))
        .with_help(format!("it takes {}", known.kind.describe())))
}

/// The nearest key to an unknown one; else those of its table, or the tables.
fn known_keys(key: &str) -> String {
    let names: Vec<_> = KEYS.iter().map(|key| key.name).collect();
    if let Some(near) = nearest(key, &names) {
        return format!("did you mean `{near}`?");
    }
    let table = key.split('.').next().unwrap_or(key);
    let of_table: Vec<_> =
        names.iter().copied().filter(|name| name.split('.').next() == Some(table)).collect();
    if !of_table.is_empty() {
        return format!("the keys of [{table}] are {}", of_table.join(", "));
    }
    let mut tables: Vec<_> = names.iter().filter_map(|name| name.split('.').next()).collect();
    tables.dedup();
    tables.extend(["backends.NAME", "profiles.NAME"]);
    let beginnings: Vec<_> = tables.iter().map(|table| table.trim_end_matches(".NAME")).collect();
    let tables = tables.iter().map(|table| format!("[{table}]")).collect::<Vec<_>>().join(", ");
    match nearest(table, &beginnings) {
        Some(near) => format!("did you mean [{near}…]? the tables are {tables}"),
        None => format!("the tables are {tables}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_answered_by_the_nearest_key_or_its_table() {
        assert_eq!(known_keys("load.thread"), "did you mean `load.threads`?");
        assert!(
            known_keys("load.nonsense")
                .starts_with("the keys of [load] are load.batch_age_ms, load.batch_bytes, ")
        );
        let tables = "the tables are [extract], [load], [log], [metadata], [backends.NAME], [profiles.NAME]";
        assert_eq!(known_keys("backend.nightly.url"), format!("did you mean [backends…]? {tables}"));
        assert_eq!(known_keys("colour"), tables);
    }

    #[test]
    fn what_is_shown_holds_no_password() {
        let shown = |key, value: &str| Setting::new(value, Origin::Default).shown(key);
        assert_eq!(shown("backends.a.url", "postgres://u:hunter2@h/d"), "postgres://u:***@h/d");
        assert_eq!(shown("backends.a.password", "hunter2"), "***");
        assert_eq!(shown("backends.a.password_env", "PGPASS"), "PGPASS");
    }
}
