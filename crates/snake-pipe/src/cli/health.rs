//! `health`.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde::{Deserialize, Serialize};
use snake_pipe_core::{
    DatabaseBackend, ErrorKind, HealthCheckResult, HealthStatus, PoolState, Result, id::Digest,
};

use super::{
    Program,
    arguments::{Format, FromArguments},
    failure::Exit,
    output::{print, print_json},
    require_existing_file,
};
use crate::config::BackendSettings;

struct Health {
    backend: String,
    result: HealthCheckResult,
}

/// The same in JSON.
#[derive(Serialize)]
struct Told<'a> {
    backend: &'a str,
    status: HealthStatus,
    latency_ms: f64,
    server_version: Option<&'a str>,
    pool: Option<PoolState>,
    warnings: &'a [String],
    details: BTreeMap<&'a str, &'a str>,
}

impl Health {
    fn told(&self) -> Told<'_> {
        let result = &self.result;
        Told {
            backend: &self.backend,
            status: result.status,
            latency_ms: result.latency.as_secs_f64() * 1000.0,
            server_version: result.server_version.as_deref(),
            pool: result.pool,
            warnings: &result.warnings,
            details: result.details.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        }
    }
}

pub(super) async fn run(program: &Program, arguments: FromArguments) -> Result<Exit> {
    let mut all = Vec::new();
    for settings in program.config.backends(&arguments.from)? {
        require_existing_file(&settings)?;
        all.push(of(program, &settings).await?);
    }
    match arguments.format {
        Format::Json => print_json(&all.iter().map(Health::told).collect::<Vec<_>>())?,
        Format::Text => print(|out| all.iter().try_for_each(|health| tell(health, out)))?,
    }
    Ok(exit_of(all.iter().map(|health| health.result.status)))
}

/// The worst decides: nothing is known of a database that does not answer.
fn exit_of(statuses: impl Iterator<Item = HealthStatus>) -> Exit {
    let exits = statuses.map(|status| match status {
        HealthStatus::Healthy => (0, Exit::Done),
        HealthStatus::Degraded => (1, Exit::Partly),
        HealthStatus::Unhealthy | HealthStatus::Unknown => (2, Exit::Failed),
    });
    exits.max_by_key(|(badness, _)| *badness).map_or(Exit::Done, |(_, exit)| exit)
}

async fn of(program: &Program, settings: &BackendSettings) -> Result<Health> {
    let backend = program.build(settings)?;
    let address = backend.info().address.clone();
    let answer = match backend.connect().await {
        Ok(()) => backend.health_check().await,
        Err(error) => Err(error),
    };
    let mut result = match answer {
        Ok(result) => result,
        Err(error) if error.kind() == ErrorKind::Configuration => {
            return Err(error.with_context("backend", address));
        }
        Err(error) => HealthCheckResult {
            status: match error.kind() {
                ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::Capacity => HealthStatus::Unhealthy,
                _ => HealthStatus::Unknown,
            },
            latency: std::time::Duration::ZERO,
            server_version: None,
            pool: None,
            details: Vec::new(),
            warnings: vec![error.to_string()],
        },
    };
    count_deadlocks(program, backend.as_ref(), &mut result);
    // Closing after a look does not change what was seen.
    let _ = backend.close().await;
    Ok(Health { backend: address, result })
}

/// What the last check saw, kept beside the fact cache: the process that made it is gone.
#[derive(Serialize, Deserialize)]
struct LastCheck {
    deadlocks: u64,
}

fn count_deadlocks(program: &Program, backend: &dyn DatabaseBackend, result: &mut HealthCheckResult) {
    let found = result.details.iter().find(|(name, _)| name == "deadlocks").map(|(_, value)| value.parse());
    let Some(Ok(deadlocks)) = found else { return };
    let path = state_file(program, backend);
    let last: Option<LastCheck> = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let kept = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        fs::write(&path, serde_json::to_vec(&LastCheck { deadlocks }).map_err(std::io::Error::from)?)
    });
    if let Err(error) = kept {
        tracing::warn!(%error, path = %path.display(), "the next check will not know of this one");
    }
    // Fewer than before: the server's statistics were reset.
    let new = last.map_or(0, |last| deadlocks.saturating_sub(last.deadlocks));
    result.details.push(("deadlocks_since_last_check".to_owned(), new.to_string()));
    result.details.sort();
    if new > 0 {
        if result.status == HealthStatus::Healthy {
            result.status = HealthStatus::Degraded;
        }
        result.warnings.push(format!("{new} deadlocks since the last check"));
    }
}

fn state_file(program: &Program, backend: &dyn DatabaseBackend) -> PathBuf {
    let name = Digest::of(backend.info().address.as_bytes());
    crate::load::cache_directory(&program.config).join("health").join(format!("{name}.json"))
}

fn tell(health: &Health, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let Health { backend, result } = health;
    let version = result.server_version.as_deref().map(|version| format!(", server {version}"));
    let latency_ms = result.latency.as_secs_f64() * 1000.0;
    writeln!(out, "{backend}: {}, {latency_ms:.1} ms{}", result.status, version.unwrap_or_default())?;
    for warning in &result.warnings {
        writeln!(out, "  ! {warning}")?;
    }
    if let Some(pool) = &result.pool {
        writeln!(out, "  {:<28} {} open, {} idle, {} allowed", "pool", pool.size, pool.idle, pool.max)?;
    }
    for (name, value) in &result.details {
        writeln!(out, "  {name:<28} {value}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_backend_decides() {
        use HealthStatus::{Degraded, Healthy, Unhealthy, Unknown};
        assert_eq!(exit_of([Healthy, Healthy].into_iter()), Exit::Done);
        assert_eq!(exit_of([Healthy, Degraded].into_iter()), Exit::Partly);
        assert_eq!(exit_of([Unhealthy, Degraded].into_iter()), Exit::Failed);
        assert_eq!(exit_of([Unknown].into_iter()), Exit::Failed);
    }
}
