//! The keys of the configuration, but for those of backends, which their plugins define.

/// A key of the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name, tables separated by dots.
    pub name: &'static str,
    /// What values it takes.
    pub kind: KeyKind,
    /// The value without any layer; none where that means "not set".
    pub default: Option<&'static str>,
    /// What it does, in a sentence.
    pub help: &'static str,
}

/// What values a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number from 0.
    Integer,
    /// A list of texts; in the environment separated by commas.
    List,
    /// One of these words.
    Choice(&'static [&'static str]),
}

impl KeyKind {
    /// What it takes, in words.
    #[must_use]
    pub fn describe(self) -> String {
        match self {
            Self::Text => "a text".into(),
            Self::Bool => "true or false".into(),
            Self::Integer => "a whole number".into(),
            Self::List => "a list of texts".into(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
        }
    }

    /// Whether `value` fits.
    #[must_use]
    pub fn accepts(self, value: &str) -> bool {
        match self {
            Self::Text | Self::List => true,
            Self::Bool => matches!(value, "true" | "false"),
            Self::Integer => value.parse::<u64>().is_ok(),
            Self::Choice(words) => words.contains(&value),
        }
    }
}

const fn key(name: &'static str, kind: KeyKind, default: Option<&'static str>, help: &'static str) -> Key {
    Key { name, kind, default, help }
}

/// Every key, sorted.
pub static KEYS: &[Key] = &[
    key(
        "extract.ast",
        KeyKind::Choice(&["none", "outline", "full"]),
        Some("outline"),
        "How much of the syntax tree files.ast_content holds.",
    ),
    key(
        "extract.cache_dir",
        KeyKind::Text,
        None,
        "Where parsed facts are kept between runs; by default snake-pipe in the user's cache directory.",
    ),
    key(
        "extract.function_macros",
        KeyKind::List,
        None,
        "Macros of C and C++ that define functions, such as `SYSCALL_DEFINE#=long sys_{1}`; those of Linux are known.",
    ),
    key(
        "extract.heed_ignore_files",
        KeyKind::Bool,
        Some("true"),
        "Leave out what .gitignore and .ignore files name.",
    ),
    key(
        "extract.include_hidden",
        KeyKind::Bool,
        Some("false"),
        "Load files and directories whose name begins with a dot; .git never is.",
    ),
    key("extract.languages", KeyKind::List, None, "Only files of these languages; all unless set."),
    key(
        "extract.max_file_bytes",
        KeyKind::Integer,
        Some("33554432"),
        "Larger files are rows with the reason over_limit, not parsed.",
    ),
    key(
        "extract.max_tree_bytes",
        KeyKind::Integer,
        Some("1073741824"),
        "A file whose syntax tree would take more memory is a failed row.",
    ),
    key(
        "extract.store_source",
        KeyKind::Bool,
        Some("false"),
        "Keep the source of functions and the text of comments.",
    ),
    key(
        "load.batch_age_ms",
        KeyKind::Integer,
        Some("1000"),
        "A batch is closed at this age, in milliseconds.",
    ),
    key(
        "load.batch_bytes",
        KeyKind::Integer,
        Some("8388608"),
        "A batch is closed at about so many bytes of facts.",
    ),
    key(
        "load.breaker_failures",
        KeyKind::Integer,
        Some("5"),
        "So many failed calls of a backend in a row open its circuit breaker.",
    ),
    key(
        "load.breaker_half_open_calls",
        KeyKind::Integer,
        Some("3"),
        "So many calls an open breaker then lets through to try.",
    ),
    key(
        "load.breaker_open_seconds",
        KeyKind::Integer,
        Some("60"),
        "An open breaker lets no call through for so long, in seconds.",
    ),
    key(
        "load.breaker_successes",
        KeyKind::Integer,
        Some("2"),
        "So many of the calls that try must succeed to close it.",
    ),
    key(
        "load.check_integrity",
        KeyKind::Bool,
        Some("false"),
        "Look for rows that contradict each other after publishing.",
    ),
    key(
        "load.connect_timeout_seconds",
        KeyKind::Integer,
        Some("30"),
        "Time allowed to connect and to begin a load, in seconds.",
    ),
    key(
        "load.lag_limit_seconds",
        KeyKind::Integer,
        Some("30"),
        "A backend that holds up the others for longer with one batch leaves the stream and catches up afterwards.",
    ),
    key(
        "load.lag_percent",
        KeyKind::Integer,
        Some("3"),
        "So does one that held them up for more percent of the time; 100 lets the slowest set the pace.",
    ),
    key(
        "load.lane_bytes",
        KeyKind::Integer,
        Some("67108864"),
        "Facts waiting for one backend, at most, in bytes.",
    ),
    key(
        "load.max_refused_files",
        KeyKind::Integer,
        Some("1000"),
        "A backend that refuses more files than this is stopped.",
    ),
    key(
        "load.max_replays",
        KeyKind::Integer,
        Some("3"),
        "How often one backend may lose its session and be sent the facts again.",
    ),
    key(
        "load.policy",
        KeyKind::Choice(&["all", "primary", "quorum", "best-effort"]),
        Some("all"),
        "Which backends decide about success: all, the first, a quorum, or any.",
    ),
    key(
        "load.publish_timeout_seconds",
        KeyKind::Integer,
        Some("3600"),
        "Time allowed to publish, in seconds.",
    ),
    key("load.quorum", KeyKind::Integer, None, "How many backends a quorum is; more than half unless set."),
    key(
        "load.read_timeout_seconds",
        KeyKind::Integer,
        Some("300"),
        "Time allowed to read what a backend holds, in seconds.",
    ),
    key("load.retry_attempts", KeyKind::Integer, Some("3"), "How often a transient error is tried again."),
    key(
        "load.retry_base_ms",
        KeyKind::Integer,
        Some("100"),
        "The longest first pause between tries, in milliseconds; it doubles.",
    ),
    key(
        "load.retry_cap_seconds",
        KeyKind::Integer,
        Some("10"),
        "The longest pause between tries, in seconds.",
    ),
    key(
        "load.retry_total_seconds",
        KeyKind::Integer,
        Some("60"),
        "All pauses of one call together, in seconds.",
    ),
    key(
        "load.return_ask_every_ms",
        KeyKind::Integer,
        Some("1000"),
        "The pause before a backend that does not answer is asked again, in milliseconds.",
    ),
    key(
        "load.return_within_seconds",
        KeyKind::Integer,
        Some("0"),
        "How long a load is held open for a backend that does not answer, in seconds.",
    ),
    key("load.threads", KeyKind::Integer, None, "Threads that parse; the number of cores unless set."),
    key("load.timeout_seconds", KeyKind::Integer, Some("300"), "Time allowed for one write, in seconds."),
    key("load.to", KeyKind::List, None, "Backends, by name or URL, where --to and --from are not given."),
    key(
        "log.filter",
        KeyKind::Text,
        Some("warn,sqlx=error"),
        "Which logs are written, in the form of RUST_LOG.",
    ),
    key(
        "log.format",
        KeyKind::Choice(&["text", "json"]),
        Some("text"),
        "The form of logs on standard error.",
    ),
    key(
        "metadata.cleanup_seconds",
        KeyKind::Integer,
        Some("3600"),
        "A run that lasts longer cleans up after so many seconds, too.",
    ),
    key(
        "metadata.enable_cleanup",
        KeyKind::Bool,
        Some("true"),
        "Remove what is older than metadata.retention_days at the end of each run.",
    ),
    key(
        "metadata.lease_seconds",
        KeyKind::Integer,
        Some("60"),
        "A run that is not heard of for so long, in seconds, is lost.",
    ),
    key(
        "metadata.records",
        KeyKind::Choice(&["secrets", "shape", "nothing", "everything"]),
        Some("secrets"),
        "What is kept of an error's record: all but secrets, its shape, nothing, everything.",
    ),
    key(
        "metadata.required",
        KeyKind::Bool,
        Some("false"),
        "A load without its control plane fails; otherwise it warns and goes on.",
    ),
    key(
        "metadata.retention_days",
        KeyKind::Integer,
        Some("30"),
        "How long ended runs and what belongs to them are kept, in days.",
    ),
    key("metadata.schema", KeyKind::Text, Some("snake_pipe"), "Its schema in PostgreSQL."),
    key(
        "metadata.url",
        KeyKind::Text,
        None,
        "Where runs are recorded, or none; by default in the first backend's database, or beside its file.",
    ),
];

#[cfg(test)]
mod tests {
    use super::KEYS;

    #[test]
    fn keys_are_sorted_and_accept_their_defaults() {
        assert!(KEYS.windows(2).all(|pair| pair[0].name < pair[1].name));
        for key in KEYS {
            assert!(key.default.is_none_or(|value| key.kind.accepts(value)), "{}", key.name);
        }
    }
}
