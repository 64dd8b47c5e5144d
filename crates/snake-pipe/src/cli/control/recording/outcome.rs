//! What became of a load: its errors, numbers and end.

use snake_pipe_coordinator::{LaneSummary, Outcome, RunSummary};
use snake_pipe_metadata::model::{NewError, RunEnd, RunFailure, RunId, RunStatistics, RunStatus};

use super::tasks::{Tasks, cancelled, failure_of};
use crate::cli::load;

pub(super) fn errors(summary: &RunSummary, run: RunId, tasks: &Tasks) -> Vec<NewError> {
    let lanes =
        summary.lanes.iter().filter_map(|lane| Some((lane.error.as_ref()?, Some(lane.backend.clone()))));
    let of_stream = summary.error.iter().map(|error| (error, None));
    lanes
        .chain(of_stream)
        .map(|(error, dataset)| NewError {
            run_id: Some(run),
            task_id: dataset.as_deref().and_then(|backend| tasks.id_of(backend)),
            class: error.kind.clone(),
            code: error.code.clone(),
            message: error.message.clone(),
            causes: error.causes.clone(),
            attempted: error.operation.clone(),
            hint: error.help.clone(),
            dataset,
            ..NewError::default()
        })
        .collect()
}

pub(super) fn end_of(run: &load::Run) -> RunEnd {
    let summary = &run.summary;
    let status = match summary.outcome {
        Outcome::Success if run.quarantined.is_empty() => RunStatus::Success,
        Outcome::Success | Outcome::PartlyFailed | Outcome::Failed => RunStatus::Failed,
        Outcome::Cancelled => RunStatus::Cancelled,
    };
    let outcome = serde_json::to_value(summary.outcome).ok();
    RunEnd {
        status,
        outcome: outcome.and_then(|word| word.as_str().map(str::to_owned)),
        statistics: statistics(run),
        error: (status != RunStatus::Success).then(|| failure(run)),
    }
}

/// What the run did, in source files; of several backends, what the busiest had to do.
fn statistics(run: &load::Run) -> RunStatistics {
    let most = |number: fn(&LaneSummary) -> u64| run.summary.lanes.iter().map(number).max().unwrap_or(0);
    let written = most(|lane| if lane.is_held() { lane.files_written } else { 0 });
    let updated = run.updated.min(written);
    RunStatistics {
        processed: run.source.map_or(run.summary.files_received, |(files, _)| files),
        inserted: written - updated,
        updated,
        deleted: most(|lane| if lane.is_held() { lane.files_removed } else { 0 }),
        failed: most(|lane| lane.files_refused + lane.owed_files) + run.quarantined.len() as u64,
        bytes: most(|lane| lane.bytes),
    }
}

/// The first cause, in a sentence.
fn failure(run: &load::Run) -> RunFailure {
    let summary = &run.summary;
    let error = summary.error.as_ref().or_else(|| summary.lanes.iter().find_map(|lane| lane.error.as_ref()));
    if let Some(error) = error {
        return failure_of(error);
    }
    if summary.outcome == Outcome::Cancelled {
        return cancelled();
    }
    let refused: u64 = summary.lanes.iter().map(|lane| lane.files_refused).sum();
    let owed: u64 = summary.lanes.iter().map(|lane| lane.owed_files).sum();
    shortfall(refused + run.quarantined.len() as u64, owed)
}

/// What is missing where no error stopped anything.
pub(in crate::cli) fn shortfall(refused: u64, owed: u64) -> RunFailure {
    RunFailure {
        class: if refused > 0 { "data" } else { "owed" }.to_owned(),
        message: format!("{refused} refused, {owed} owed"),
        hint: Some("see `snake-pipe dead-letters list`; the next load tries again".to_owned()),
    }
}

/// The most memory that the process had, where the system says so.
pub(super) fn peak_memory_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0)
}
