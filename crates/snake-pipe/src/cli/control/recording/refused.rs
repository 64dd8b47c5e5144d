//! Dead letters: what a load's backends refused, and what they refuse no longer.

use serde_json::json;
use snake_pipe_coordinator::LaneSummary;
use snake_pipe_core::{Result, SourcePath, id::FileKey};
use snake_pipe_extract::facts::Quarantined;
use snake_pipe_metadata::model::{DeadLetter, DeadLetterFilter, DeadLetterStatus, NewDeadLetter};

use super::Known;
use crate::cli::load;

impl Known {
    /// Keeps what was refused, and resolves what no longer is.
    pub(super) async fn dead_letters(&self, run: &load::Run) -> Result<()> {
        let mut refused: Vec<_> = run.summary.lanes.iter().flat_map(|lane| self.refused_by(lane)).collect();
        refused.extend(run.quarantined.iter().map(|piece| self.quarantined(piece)));
        let refused = match refused.is_empty() {
            true => Vec::new(),
            false => self.store.add_dead_letters(refused).await?,
        };
        let note = format!("no longer refused in run {}", self.run.id);
        for letter in self.open_letters().await? {
            if is_put_right(&letter, run) && !refused.iter().any(|other| other.id == letter.id) {
                let this = DeadLetterFilter { id: Some(letter.id), ..DeadLetterFilter::default() };
                self.store.resolve_dead_letters(this, &note).await?;
            }
        }
        Ok(())
    }

    async fn open_letters(&self) -> Result<Vec<DeadLetter>> {
        let mut open = Vec::new();
        for status in [DeadLetterStatus::Pending, DeadLetterStatus::Processing] {
            let filter = DeadLetterFilter {
                dataset: Some(self.repository.clone()),
                status: Some(status),
                ..DeadLetterFilter::default()
            };
            open.extend(self.store.dead_letters(filter).await?);
        }
        Ok(open)
    }

    /// A record of facts that is none.
    fn quarantined(&self, piece: &Quarantined) -> NewDeadLetter {
        let path = piece.path.as_ref();
        let record = json!({
            "path": path.map(SourcePath::as_str),
            "key": path.map(SourcePath::key),
            "line": piece.line,
            "field": piece.field,
        });
        NewDeadLetter {
            source_id: path.map(|path| path.as_str().to_owned()),
            run_id: Some(self.run.id),
            ..NewDeadLetter::new(&self.repository, record, piece.to_string())
        }
    }

    fn refused_by(&self, lane: &LaneSummary) -> Vec<NewDeadLetter> {
        let letter = |letter: &snake_pipe_coordinator::DeadLetter| NewDeadLetter {
            backend: Some(lane.backend.clone()),
            source_id: Some(letter.path.as_str().to_owned()),
            run_id: Some(self.run.id),
            ..NewDeadLetter::new(
                &self.repository,
                json!({"path": letter.path.as_str(), "key": letter.path.key()}),
                &letter.reason,
            )
        };
        lane.dead_letters.iter().map(letter).collect()
    }
}

/// Whether a load has brought what was refused before: its backend holds the load, which spoke of the file.
fn is_put_right(letter: &DeadLetter, run: &load::Run) -> bool {
    let lanes = || run.summary.lanes.iter();
    let is_held = match &letter.backend {
        Some(backend) => lanes().any(|lane| lane.backend == *backend && lane.is_held()),
        None => lanes().all(LaneSummary::is_held),
    };
    let key = serde_json::from_value::<FileKey>(letter.record["key"].clone()).ok();
    let is_spoken_of =
        run.brought.as_ref().is_none_or(|brought| key.is_some_and(|key| brought.contains(&key)));
    is_held && is_spoken_of
}
