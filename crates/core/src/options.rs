//! The options of a backend: a table that describes them, and values that were checked against it.

use std::{collections::BTreeMap, fmt, time::Duration};

use crate::{Error, ErrorKind, Result, secret::Secret};

/// An option that a kind of backend understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionSpec {
    /// Its name, in snake case.
    pub name: &'static str,
    /// What values it takes.
    pub kind: OptionKind,
    /// The value it has when none is given, as written in a configuration; none where there is no default.
    pub default: Option<&'static str>,
    /// What it does, in a sentence.
    pub help: &'static str,
}

/// What values an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// Any text.
    Text,
    /// A text that is never shown.
    Secret,
    /// `true` or `false`.
    Bool,
    /// A whole number between these bounds.
    Integer {
        /// The smallest allowed value.
        min: i64,
        /// The largest allowed value.
        max: i64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
}

impl fmt::Display for OptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Secret => f.write_str("secret text"),
            Self::Bool => f.write_str("true or false"),
            Self::Integer { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::Choice(words) => f.write_str(&words.join(", ")),
        }
    }
}

/// What a backend is built from: its address, its name and its options, checked against the kind's table.
#[derive(Clone, Debug)]
pub struct BackendOptions {
    url: Secret,
    name: Option<String>,
    values: BTreeMap<&'static str, OptionValue>,
}

#[derive(Clone)]
struct OptionValue {
    text: String,
    is_secret: bool,
}

impl fmt::Debug for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_secret { "***" } else { &self.text })
    }
}

impl BackendOptions {
    /// Checks `values` against `specs` and fills in the defaults.
    ///
    /// # Errors
    /// `Configuration`, naming the option and the valid choices.
    pub fn check(
        url: &str,
        name: Option<String>,
        specs: &'static [OptionSpec],
        values: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self> {
        let mut checked = BTreeMap::new();
        for spec in specs {
            if let Some(default) = spec.default {
                checked.insert(spec.name, OptionValue { text: default.to_owned(), is_secret: false });
            }
        }
        for (key, text) in values {
            let spec =
                specs.iter().find(|spec| spec.name == key).ok_or_else(|| unknown_option(&key, specs))?;
            check_value(spec, &text)?;
            checked
                .insert(spec.name, OptionValue { text, is_secret: matches!(spec.kind, OptionKind::Secret) });
        }
        Ok(Self { url: Secret::new(url), name, values: checked })
    }

    /// The address as given, credentials included.
    #[must_use]
    pub fn url(&self) -> &Secret {
        &self.url
    }

    /// The name given in a configuration.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The text of an option, if it was given or has a default.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.text.as_str())
    }

    /// The value of a `Bool` option; false where it was not given and has no default.
    #[must_use]
    pub fn bool(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// The value of an `Integer` option.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.text(name).and_then(|text| text.parse().ok())
    }

    /// The value of an `Integer` option that counts seconds.
    #[must_use]
    pub fn seconds(&self, name: &str) -> Option<Duration> {
        self.integer(name).and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs)
    }
}

fn check_value(spec: &OptionSpec, text: &str) -> Result<()> {
    let valid = match spec.kind {
        OptionKind::Text | OptionKind::Secret => true,
        OptionKind::Bool => matches!(text, "true" | "false"),
        OptionKind::Integer { min, max } => {
            text.parse::<i64>().is_ok_and(|value| (min..=max).contains(&value))
        }
        OptionKind::Choice(words) => words.contains(&text),
    };
    if valid {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Configuration, format!("option `{}` does not take `{text}`", spec.name))
        .with_help(format!("`{}` takes {}", spec.name, spec.kind)))
}

fn unknown_option(key: &str, specs: &[OptionSpec]) -> Error {
    let names: Vec<_> = specs.iter().map(|spec| spec.name).collect();
    let help = match nearest(key, &names) {
        Some(name) => format!("did you mean `{name}`? options are {}", names.join(", ")),
        None => format!("options are {}", names.join(", ")),
    };
    Error::new(ErrorKind::Configuration, format!("unknown option `{key}`")).with_help(help)
}

/// The choice that differs least from what was written, if it differs by no more than a third of its letters.
#[must_use]
pub fn nearest<'a>(written: &str, choices: &[&'a str]) -> Option<&'a str> {
    choices
        .iter()
        .map(|choice| (edit_distance(written, choice), *choice))
        .filter(|(distance, choice)| *distance <= choice.chars().count().div_ceil(3))
        .min()
        .map(|(_, choice)| choice)
}

/// Levenshtein's distance, in characters.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECS: &[OptionSpec] = &[
        OptionSpec {
            name: "pool_size",
            kind: OptionKind::Integer { min: 1, max: 100 },
            default: Some("20"),
            help: "connections",
        },
        OptionSpec { name: "password", kind: OptionKind::Secret, default: None, help: "password" },
    ];

    fn check(values: &[(&str, &str)]) -> Result<BackendOptions> {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        BackendOptions::check("x:", None, SPECS, values)
    }

    #[test]
    fn defaults_are_filled_in() {
        assert_eq!(check(&[]).unwrap().integer("pool_size"), Some(20));
    }

    #[test]
    fn a_wrong_value_names_the_valid_ones() {
        let error = check(&[("pool_size", "0")]).unwrap_err();
        assert_eq!(error.help(), Some("`pool_size` takes a whole number from 1 to 100"));
    }

    #[test]
    fn a_misspelt_option_is_answered_by_the_nearest() {
        let error = check(&[("poolsize", "3")]).unwrap_err();
        assert!(error.help().unwrap().starts_with("did you mean `pool_size`?"));
        assert_eq!(nearest("zzz", &["pool_size"]), None);
    }

    #[test]
    fn a_secret_is_not_shown() {
        let options = check(&[("password", "hunter2")]).unwrap();
        assert_eq!(options.text("password"), Some("hunter2"));
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}
