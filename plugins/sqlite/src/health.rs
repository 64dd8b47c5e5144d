//! How well the file is.

use std::{path::PathBuf, time::Instant};

use snake_pipe_core::{ErrorKind, HealthCheckResult, HealthStatus, Result};

use crate::{database::Database, error::during, schema, transaction::Transaction};

/// A log that grew beyond this has a reader or writer that holds it back.
const LARGE_LOG_BYTES: u64 = 1 << 30;

/// Answers whether the database is well.
pub(crate) async fn check(database: &Database) -> HealthCheckResult {
    let started = Instant::now();
    let found = look(database).await;
    let latency = started.elapsed();
    let mut result = HealthCheckResult {
        status: HealthStatus::Healthy,
        latency,
        server_version: None,
        pool: Some(database.pool_state()),
        details: Vec::new(),
        warnings: Vec::new(),
    };
    match found {
        Ok(found) => {
            result.server_version = Some(found.server_version);
            result.details = found.details;
            result.warnings = found.warnings;
        }
        Err(error) => {
            result.status = HealthStatus::Unhealthy;
            result.warnings.push(error.to_string());
            return result;
        }
    }
    if let Err(error) = try_writing(database).await {
        result.status = HealthStatus::Degraded;
        let path = &database.config().path;
        let help = error.help().map(|help| format!(": {help}")).unwrap_or_default();
        result.warnings.push(format!("loads will fail, for {error} (path: {}){help}", path.display()));
    }
    if !result.warnings.is_empty() {
        result.status = HealthStatus::Degraded;
    }
    result
}

struct Found {
    server_version: String,
    details: Vec<(String, String)>,
    warnings: Vec<String>,
}

async fn look(database: &Database) -> Result<Found> {
    let looking = during("health_check");
    let mut reader = database.reader().await?;
    let state = schema::state(&mut reader).await?;
    let (server_version, journal_mode, pages, free_pages, page_bytes): (String, String, i64, i64, i64) = sqlx::query_as(
        "SELECT sqlite_version(), (SELECT journal_mode FROM pragma_journal_mode), (SELECT page_count FROM pragma_page_count),
                (SELECT freelist_count FROM pragma_freelist_count), (SELECT page_size FROM pragma_page_size)",
    )
    .fetch_one(&mut *reader)
    .await
    .map_err(looking)?;
    let log_bytes = std::fs::metadata(beside(&database.config().path, "-wal")).map_or(0, |file| file.len());
    let mut warnings = Vec::new();
    if !state.is_current() {
        warnings.push(format!(
            "schema version {} of {}: run `snake-pipe migrate`",
            state.version,
            schema::LATEST
        ));
    }
    if log_bytes > LARGE_LOG_BYTES {
        warnings.push(format!(
            "the write-ahead log has {log_bytes} bytes: a long reader keeps it from being emptied"
        ));
    }
    let detail = |name: &str, value: String| (name.to_owned(), value);
    let details = vec![
        detail("database_bytes", (pages * page_bytes).to_string()),
        detail("free_bytes_inside", (free_pages * page_bytes).to_string()),
        detail("journal_mode", journal_mode),
        detail("schema_version", state.version.to_string()),
        detail("wal_bytes", log_bytes.to_string()),
    ];
    Ok(Found { server_version, details, warnings })
}

/// Takes the writer's lock and gives it back. That somebody else has it is no illness.
async fn try_writing(database: &Database) -> Result<()> {
    let trying = during("health_check");
    let mut connection = database.writer_on_trial().await?;
    let tried = async {
        let mut transaction = Transaction::immediate(&mut connection).await?;
        // On a file that may only be read the transaction begins all the same, and fails with the first change. This one is
        // rolled back.
        sqlx::raw_sql("PRAGMA main.user_version = 0").execute(&mut *transaction).await.map(drop)
    };
    match tried.await.map_err(&trying) {
        Err(error) if error.kind() != ErrorKind::Busy => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn beside(path: &std::path::Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
