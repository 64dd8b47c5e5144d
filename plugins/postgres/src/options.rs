//! The options of a PostgreSQL backend.

use snake_pipe_core::options::{OptionKind, OptionSpec};

/// The options, each of which may also stand in the URL's query.
pub const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "pool_size",
        kind: OptionKind::Integer { min: 1, max: 1000 },
        default: Some("20"),
        help: "connections at most, besides `max_overflow`",
    },
    OptionSpec {
        name: "max_overflow",
        kind: OptionKind::Integer { min: 0, max: 1000 },
        default: Some("10"),
        help: "connections beyond `pool_size` under load; idle ones are closed after ten minutes",
    },
    OptionSpec {
        name: "timeout_seconds",
        kind: OptionKind::Integer { min: 1, max: 3600 },
        default: Some("30"),
        help: "how long a server that went away during a load is waited for, in all; also the limit for a free connection, and for a lock when publishing",
    },
    OptionSpec {
        name: "retry_attempts",
        kind: OptionKind::Integer { min: 0, max: 100 },
        default: Some("3"),
        help: "further attempts where a server refuses the first connection, with pauses of 0.2, 0.4, 0.8 s and so on",
    },
    OptionSpec {
        name: "schema_name",
        kind: OptionKind::Text,
        default: Some("public"),
        help: "the schema that holds the tables; `?schema=` in the URL says the same",
    },
    OptionSpec {
        name: "sslmode",
        kind: OptionKind::Choice(&["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]),
        default: None,
        help: "TLS as libpq has it; verify-full unless the host is local, then prefer",
    },
    OptionSpec {
        name: "sslrootcert",
        kind: OptionKind::Text,
        default: None,
        help: "file with the certificates of authorities to trust, in PEM",
    },
    OptionSpec {
        name: "service",
        kind: OptionKind::Text,
        default: None,
        help: "service of libpq's pg_service.conf that says what the URL leaves out",
    },
    OptionSpec {
        name: "target_session_attrs",
        kind: OptionKind::Choice(&["any", "read-write", "read-only", "primary", "standby", "prefer-standby"]),
        default: None,
        help: "which of several hosts is taken, as libpq has it; read-write where there are several",
    },
    OptionSpec {
        name: "max_replica_lag_seconds",
        kind: OptionKind::Integer { min: 0, max: 86_400 },
        default: Some("0"),
        help: "queries go to a standby among the hosts that is no further behind, else to the primary; 0: never",
    },
    OptionSpec {
        name: "statement_cache_capacity",
        kind: OptionKind::Integer { min: 0, max: 100_000 },
        default: Some("100"),
        help: "prepared statements that each connection keeps",
    },
    OptionSpec {
        name: "health_interval_seconds",
        kind: OptionKind::Integer { min: 0, max: 86_400 },
        default: Some("30"),
        help: "how often idle connections are tried, and dead ones dropped; 0: only when they are taken",
    },
    OptionSpec {
        name: "sql_logging",
        kind: OptionKind::Choice(&["off", "slow", "all"]),
        default: Some("slow"),
        help: "log statements: none, those over a second (warn), or every one (debug); never the rows that are written",
    },
    OptionSpec {
        name: "password_env",
        kind: OptionKind::Text,
        default: None,
        help: "environment variable that holds the password",
    },
    OptionSpec {
        name: "password_file",
        kind: OptionKind::Text,
        default: None,
        help: "file whose first line is the password",
    },
    OptionSpec {
        name: "migrations",
        kind: OptionKind::Choice(&["auto", "check"]),
        default: Some("auto"),
        help: "bring an older schema up to date when a load begins, or refuse it",
    },
    OptionSpec {
        name: "partition_rows",
        kind: OptionKind::Integer { min: 0, max: i64::MAX },
        default: Some("1000000"),
        help: "a new repository expected to have so many rows gets partitions of its own",
    },
    OptionSpec {
        name: "search_index",
        kind: OptionKind::Choice(&["off", "on"]),
        default: Some("off"),
        help: "whether trigrams of names and paths are indexed, for search-names and search-paths; needs the extension pg_trgm",
    },
    OptionSpec {
        name: "ast_index",
        kind: OptionKind::Choice(&["off", "on"]),
        default: Some("off"),
        help: "whether ast_content is indexed (GIN, jsonb_path_ops), for asking which files contain what",
    },
    OptionSpec {
        name: "materialized_views",
        kind: OptionKind::Text,
        default: None,
        help: "views, separated by commas, of which materialised copies are kept (NAME_materialized), refreshed after each load",
    },
    OptionSpec {
        name: "history_retention_days",
        kind: OptionKind::Integer { min: 0, max: 36_500 },
        default: Some("730"),
        help: "for how long file_history and function_history are kept, in whole months; 0: for ever",
    },
    OptionSpec {
        name: "application_name",
        kind: OptionKind::Text,
        default: Some("snake-pipe"),
        help: "how its connections are called in pg_stat_activity",
    },
];
