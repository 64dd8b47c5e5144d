//! `doctor`.

use std::collections::BTreeMap;

use serde::Serialize;
use snake_pipe_core::{
    DatabaseBackend, Dialect, Error, ErrorKind, HealthStatus, MigrateMode, QueryResult, Result, SqlQuery,
    Value,
};

use super::{
    Program,
    arguments::{DoctorArguments, Format},
    failure::Exit,
    output::{print, print_json},
};
use crate::config::BackendSettings;

/// The schema of the bookkeeping, beside that of the facts.
#[cfg(feature = "postgres")]
pub(super) const CONTROL_SCHEMA: &str = "snake_pipe";

/// How a point stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warning,
    Failed,
}

#[derive(Serialize)]
struct Point {
    subject: String,
    verdict: Verdict,
    finding: String,
    help: Option<String>,
    /// What else is known, for programs.
    details: BTreeMap<String, String>,
}

impl Point {
    fn new(subject: impl Into<String>, verdict: Verdict, finding: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            verdict,
            finding: finding.into(),
            help: None,
            details: BTreeMap::new(),
        }
    }

    fn failed(subject: impl Into<String>, error: &Error) -> Self {
        let mut finding = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            finding = format!("{finding}: {inner}");
            cause = inner.source();
        }
        Self { help: error.help().map(str::to_owned), ..Self::new(subject, Verdict::Failed, finding) }
    }
}

pub(super) async fn run(program: &Program, arguments: DoctorArguments) -> Result<Exit> {
    if arguments.print_grants {
        return print_grants(program, &arguments);
    }
    let arguments = arguments.from;
    let mut points = vec![configuration(program), git(), cache(program)];
    for settings in program.config.backends(&arguments.from)? {
        points.extend(examine(program, &settings).await);
    }
    let failed = points.iter().any(|point| point.verdict == Verdict::Failed);
    match arguments.format {
        Format::Json => print_json(&points)?,
        Format::Text => print(|out| {
            for point in &points {
                let mark = match point.verdict {
                    Verdict::Ok => "ok     ",
                    Verdict::Warning => "warning",
                    Verdict::Failed => "FAILED ",
                };
                writeln!(out, "{mark}  {}: {}", point.subject, point.finding)?;
                if let Some(help) = &point.help {
                    writeln!(out, "         help: {}", help.replace('\n', "\n               "))?;
                }
                for (name, value) in &point.details {
                    writeln!(out, "         {name:<28} {value}")?;
                }
            }
            Ok(())
        })?,
    }
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// The SQL is made from the configuration alone: whoever prints it need not be the one who may run it.
fn print_grants(program: &Program, arguments: &DoctorArguments) -> Result<Exit> {
    let mut all = String::new();
    for settings in program.config.backends(&arguments.from.from)? {
        all.push_str(&grants(program, &settings, &arguments.role_prefix)?);
    }
    print(|out| write!(out, "{all}"))?;
    Ok(Exit::Done)
}

#[cfg(feature = "postgres")]
fn grants(program: &Program, settings: &BackendSettings, prefix: &str) -> Result<String> {
    let kind = program.registry.kind_of_url(&settings.url)?;
    if kind.kind != "postgres" {
        return Err(no_roles(kind.kind));
    }
    let options = snake_pipe_core::options::BackendOptions::check(
        &settings.url,
        settings.name.clone(),
        kind.options,
        settings.options.clone(),
    )?;
    snake_pipe_postgres::PostgresConfig::from_options(&options)?.grants(prefix, &[CONTROL_SCHEMA])
}

#[cfg(not(feature = "postgres"))]
fn grants(program: &Program, settings: &BackendSettings, _prefix: &str) -> Result<String> {
    Err(no_roles(program.registry.kind_of_url(&settings.url)?.kind))
}

fn no_roles(kind: &str) -> Error {
    Error::new(ErrorKind::Configuration, format!("a backend of kind `{kind}` has no roles"))
        .with_help("name a PostgreSQL database with --from")
}

fn configuration(program: &Program) -> Point {
    let finding = match program.config.file() {
        Some(file) => format!("read {}", file.display()),
        None => "no file, defaults and environment only".into(),
    };
    Point::new("configuration", Verdict::Ok, finding)
}

fn git() -> Point {
    match std::process::Command::new("git").arg("--version").output() {
        Ok(output) if output.status.success() => {
            Point::new("git", Verdict::Ok, String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        _ => Point::new("git", Verdict::Warning, "not found: repositories are named after their directory"),
    }
}

fn cache(program: &Program) -> Point {
    let directory = crate::load::cache_directory(&program.config);
    let probe = directory.join(format!(".probe-{}", std::process::id()));
    let written = std::fs::create_dir_all(&directory).and_then(|()| std::fs::write(&probe, b"x"));
    let shown = directory.display().to_string();
    match written {
        Ok(()) => {
            // The probe is empty of meaning; what stays of it is overwritten by the next.
            let _ = std::fs::remove_file(&probe);
            Point::new("fact cache", Verdict::Ok, shown)
        }
        Err(error) => Point {
            help: Some("set extract.cache_dir; without a cache every load parses everything".into()),
            ..Point::new("fact cache", Verdict::Warning, format!("{shown} cannot be written: {error}"))
        },
    }
}

async fn examine(program: &Program, settings: &BackendSettings) -> Vec<Point> {
    let backend = match super::require_existing_file(settings).and_then(|()| program.build(settings)) {
        Ok(backend) => backend,
        Err(error) => return vec![Point::failed("backend", &error)],
    };
    let subject = backend.info().address.clone();
    if let Err(error) = backend.connect().await {
        return vec![Point::failed(subject, &error)];
    }
    let mut points = vec![schema(backend.as_ref(), &subject).await, health(backend.as_ref(), &subject).await];
    if backend.info().dialect == Some(Dialect::Postgres) {
        points.push(statistics(backend.as_ref(), &subject).await);
    }
    // Closing after a look does not change what was seen.
    let _ = backend.close().await;
    points
}

async fn schema(backend: &dyn DatabaseBackend, subject: &str) -> Point {
    let subject = format!("{subject} schema");
    match backend.migrate(MigrateMode::Plan).await {
        Ok(missing) if missing.steps.is_empty() => {
            Point::new(subject, Verdict::Ok, format!("version {}", missing.from_version))
        }
        Ok(missing) => Point {
            help: Some("a load brings it up to date, or `snake-pipe migrate`".into()),
            ..Point::new(
                subject,
                Verdict::Warning,
                format!("version {}, current is {}", missing.from_version, missing.to_version),
            )
        },
        Err(error) => Point::failed(subject, &error),
    }
}

async fn health(backend: &dyn DatabaseBackend, subject: &str) -> Point {
    let subject = format!("{subject} health");
    match backend.health_check().await {
        Ok(health) => {
            let verdict = match health.status {
                HealthStatus::Healthy => Verdict::Ok,
                HealthStatus::Degraded | HealthStatus::Unknown => Verdict::Warning,
                HealthStatus::Unhealthy => Verdict::Failed,
            };
            let milliseconds = health.latency.as_secs_f64() * 1000.0;
            let version =
                health.server_version.map(|version| format!(", version {version}")).unwrap_or_default();
            let finding = format!("{}{version}, answers in {milliseconds:.1} ms", health.status);
            let help = (!health.warnings.is_empty()).then(|| health.warnings.join("\n"));
            let details = health.details.into_iter().collect();
            Point { help, details, ..Point::new(subject, verdict, finding) }
        }
        Err(error) => Point::failed(subject, &error),
    }
}

/// Where the extension is that counts statements.
const STATISTICS_SCHEMA: &str = "SELECT quote_ident(n.nspname) FROM pg_extension e
    JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'";
/// What it has counted of the named queries, the most expensive first. A query is declared once and fetched in portions; its
/// name is in both.
const STATISTICS: &str =
    "SELECT q.name, sum(q.calls) FILTER (WHERE q.is_begin) AS calls, round(sum(q.ms)::numeric, 1) AS total_ms
    FROM (
        SELECT substring(s.query FROM 'snake-pipe: ([a-z-]+)') AS name, s.query LIKE 'DECLARE %' AS is_begin,
               s.calls, s.total_exec_time AS ms
        FROM {schema}.pg_stat_statements s
        JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()
    ) AS q
    WHERE q.name IS NOT NULL
    GROUP BY q.name
    ORDER BY total_ms DESC, q.name
    LIMIT 10";

/// What the server has counted of the named queries.
async fn statistics(backend: &dyn DatabaseBackend, subject: &str) -> Point {
    let subject = format!("{subject} statements");
    let found = match backend.execute_sql_query(SqlQuery::new(STATISTICS_SCHEMA)).await {
        Ok(found) => found,
        Err(error) => return Point::failed(subject, &error),
    };
    let Some(Value::Text(schema)) = found.rows.first().and_then(|row| row.first()) else {
        let finding = "not counted: the extension pg_stat_statements is not there";
        return Point::new(subject, Verdict::Ok, finding);
    };
    match backend.execute_sql_query(SqlQuery::new(STATISTICS.replace("{schema}", schema))).await {
        Ok(counted) => Point {
            details: counted_details(&counted),
            ..Point::new(
                subject,
                Verdict::Ok,
                format!("pg_stat_statements has counted {} named queries", counted.rows.len()),
            )
        },
        Err(error) => Point {
            help: Some(
                "shared_preload_libraries has to name pg_stat_statements, and the server to be restarted"
                    .into(),
            ),
            ..Point::new(subject, Verdict::Warning, format!("not counted: {error}"))
        },
    }
}

fn counted_details(counted: &QueryResult) -> BTreeMap<String, String> {
    let detail = |row: &Vec<Value>| match &row[..] {
        [Value::Text(name), calls, total_ms] => {
            Some((name.clone(), format!("{calls} calls, {total_ms} ms in all")))
        }
        _ => None,
    };
    counted.rows.iter().filter_map(detail).collect()
}
