//! What the backend holds, what it is owed, and the summary of both.

use std::sync::Arc;

use snake_pipe_core::{
    Error, ErrorKind, Result, StoredRepository,
    load::{LoadPlan, Marker, PlannedOn, Scope, Snapshot, WriteResult},
    model::TransformedAst,
    position::SourcePosition,
};

use super::{Lane, calls::Call};
use crate::{DeadLetter, ErrorSummary, EventKind, LaneState, LaneStatus, LaneSummary, reaction::Phase};

impl Lane {
    /// Connects and reads what the backend holds.
    pub(super) async fn read_state(&mut self) -> Result<()> {
        let backend = self.backend.clone();
        self.calls.retrying(self.preparing("connect"), || backend.connect()).await?;
        // First the publication, then the manifest: if another load publishes in between, the first shows it as stale.
        let last = self.read_last().await?;
        self.note_last(last);
        self.snapshot = self.next_snapshot()?;
        let repository = self.plan.repository.id();
        let manifest = self.calls.retrying(self.reading("manifest"), || backend.manifest(repository)).await?;
        tracing::debug!(files = manifest.files.len(), "manifest read");
        self.manifest = Some(manifest);
        Ok(())
    }

    /// The run's snapshot. Positions in sources that the run does not speak of stay as the backend holds them.
    fn next_snapshot(&self) -> Result<Snapshot> {
        let snapshot = &self.shared.publication.snapshot;
        let may_go_back = self.shared.resets_positions;
        let positions = SourcePosition::advanced(self.held_positions(), &snapshot.positions, may_go_back)?;
        Ok(Snapshot { positions, ..snapshot.clone() })
    }

    /// How far the sources had been read of what the backend held when it was looked at.
    fn held_positions(&self) -> &[SourcePosition] {
        let snapshot = self.last.as_ref().and_then(|last| last.snapshot.as_ref());
        snapshot.map_or(&[], |snapshot| &snapshot.positions)
    }

    async fn read_last(&mut self) -> Result<Option<StoredRepository>> {
        let backend = self.backend.clone();
        let repository = self.plan.repository.id();
        let stored = self.calls.retrying(self.reading("repositories"), || backend.repositories()).await?;
        Ok(stored.into_iter().find(|stored| stored.id == repository))
    }

    pub(super) fn preparing(&self, operation: &'static str) -> Call {
        Call { operation, phase: Phase::Prepare, limit: self.shared.options.timeouts.connect }
    }

    pub(super) fn reading(&self, operation: &'static str) -> Call {
        Call { operation, phase: Phase::Prepare, limit: self.shared.options.timeouts.read }
    }

    /// Begins a session, unless there is one.
    ///
    /// # Errors
    /// `Fenced` where the backend has published something else since the load was planned: what this run brings may be older,
    /// and what it passed over as held may be gone.
    pub(super) async fn begin(&mut self) -> Result<()> {
        if self.session.is_some() {
            return Ok(());
        }
        let error = match self.begin_as_planned().await {
            Err(error) if error.kind() == ErrorKind::Fenced => error,
            begun => return begun,
        };
        // It may have been this run that published, in an attempt whose reply was lost.
        let last = self.read_last().await?;
        if !self.is_ours(&last) {
            return Err(error);
        }
        tracing::info!("an earlier attempt had published");
        self.read_state().await?;
        self.begin_as_planned().await
    }

    async fn begin_as_planned(&mut self) -> Result<()> {
        if self.is_overtaken {
            // The plan knows no marker that was there before.
            let plan = LoadPlan { planned_on: PlannedOn::Nothing, ..self.plan.clone() };
            plan.check_planned_on(marker(&self.last))?;
        }
        let plan = LoadPlan { planned_on: self.plan.planned_on, ..self.shared.plan.clone() };
        let (backend, call) = (self.backend.clone(), self.preparing("begin_load"));
        let session = self.calls.retrying(call, || backend.begin_load(plan.clone())).await?;
        // A backend without fences takes any plan.
        let last = self.read_last().await?;
        self.plan.check_planned_on(marker(&last))?;
        self.session = Some(session);
        Ok(())
    }

    fn is_ours(&self, stored: &Option<StoredRepository>) -> bool {
        marker(stored) == Some(self.shared.publication.marker)
    }

    /// Takes note of what is published now: where nobody looked before, or this run did it itself, that is what it goes on from.
    fn note_last(&mut self, last: Option<StoredRepository>) {
        let (held, own) = (marker(&last), self.shared.publication.marker);
        if self.is_ours(&last) {
            (self.plan.planned_on, self.is_overtaken) = (PlannedOn::Publication(own), false);
        } else if self.plan.planned_on == PlannedOn::Anything && !self.is_overtaken {
            self.is_overtaken = held.is_some_and(|held| held.is_later_than(own));
            if !self.is_overtaken {
                self.plan.planned_on = PlannedOn::held(held);
            }
        }
        self.last = last;
    }

    /// Gives up a session that is lost, and arranges that the next one is given the same again.
    ///
    /// # Errors
    /// The error itself, where the facts cannot be had again or were lost too often.
    pub(super) async fn lose_session(&mut self, error: Error) -> Result<()> {
        self.session = None;
        if !self.written.is_empty() {
            if self.shared.replay.is_none() {
                return Err(owed_until_next_run(error));
            }
            self.incomplete = true;
        }
        if self.replayed().is_err() {
            return Err(owed_until_next_run(error));
        }
        tracing::warn!(%error, files = self.written.len(), "session lost; beginning another");
        let files = self.written.len() as u64;
        self.tell(|| EventKind::SessionLost { error: (&error).into(), files });
        self.written.clear();
        self.accepted = WriteResult::default();
        let mut pauses = self.replay_pauses;
        let paused = self.calls.pause(&mut pauses, error).await;
        self.replay_pauses = pauses;
        paused?;
        self.read_state().await
    }

    /// Counts one more beginning.
    fn replayed(&mut self) -> Result<()> {
        if self.summary.replays >= u64::from(self.shared.options.max_replays) {
            return Err(Error::new(ErrorKind::SessionLost, "the backend lost its session too often"));
        }
        self.summary.replays += 1;
        Ok(())
    }

    /// Whether the backend is owed these facts; counts them either way. Facts that come again for a file that was taken are
    /// owed too: the later facts hold.
    pub(super) fn is_owed(&mut self, facts: &Arc<TransformedAst>) -> bool {
        let key = facts.key();
        let version = &self.plan.producer_version;
        let owed = self.pending_keys.contains(&key)
            || self.written.contains(&key)
            || self.manifest.as_ref().is_none_or(|manifest| manifest.owes(facts, version));
        if owed {
            self.owed.insert(key);
            if !facts.path.is_utf8() {
                self.odd_paths.insert(facts.path.as_str().to_owned(), facts.path.clone());
            }
        } else {
            self.passed_over += 1;
        }
        owed
    }

    /// Whether there is anything to publish.
    pub(super) fn has_news(&self) -> bool {
        self.session.is_some() || self.maybe_published || self.is_new_snapshot()
    }

    pub(super) fn is_new_snapshot(&self) -> bool {
        let says_something = self.shared.publication.snapshot != Snapshot::default();
        match self.last.as_ref() {
            None => {
                !self.takes_nothing() && (says_something || matches!(self.plan.scope, Scope::Complete(_)))
            }
            Some(last) => says_something && last.snapshot.as_ref() != Some(&self.snapshot),
        }
    }

    pub(super) fn finish(mut self, result: Result<LaneStatus>) -> LaneSummary {
        let status = match &result {
            Ok(status) => *status,
            // Also after another error: it did not count to the end what it is owed.
            Err(_) if self.calls.is_removed() => LaneStatus::Removed,
            Err(error) if error.kind() == ErrorKind::Cancelled => LaneStatus::Cancelled,
            Err(_) if self.left && self.shared.replay.is_none() => LaneStatus::Lagging,
            Err(_) => LaneStatus::Failed,
        };
        match &result {
            Ok(_) => self.state(LaneState::Done),
            Err(error)
                if matches!(status, LaneStatus::Cancelled | LaneStatus::Removed)
                    && error.operation().is_none() => {}
            Err(error) => {
                tracing::error!(%error, kind = %error.kind(), "backend stopped");
                self.summary.error = Some(ErrorSummary::from(error));
            }
        }
        self.summary.status = status;
        self.summary.positions = match status {
            LaneStatus::Published => std::mem::take(&mut self.snapshot.positions),
            LaneStatus::Unchanged
            | LaneStatus::Failed
            | LaneStatus::Lagging
            | LaneStatus::Cancelled
            | LaneStatus::Removed => self.held_positions().to_vec(),
        };
        self.summary.files_refused = self.refused.len() as u64;
        self.summary.retries = self.calls.retries();
        self.summary.breaker = self.calls.breaker_state();
        self.summary.files_elsewhere = self.files_elsewhere();
        self.summary.owed_files = match result {
            Ok(_) => self.missing_files(),
            Err(_) => self.owed_files(),
        };
        if result.is_ok() {
            self.count_files();
        }
        let dead_letters = std::mem::take(&mut self.refused).into_iter();
        self.summary.dead_letters = dead_letters.map(|(path, reason)| DeadLetter { path, reason }).collect();
        let LaneSummary { status, files_written, files_refused, owed_files, rows, .. } = &self.summary;
        tracing::info!(?status, files_written, files_refused, owed_files, rows, "backend done");
        self.summary
    }

    fn count_files(&mut self) {
        let refused = self.refused.keys().filter(|path| self.written.contains(&path.key())).count();
        self.summary.files_written = (self.written.len() - refused) as u64;
        self.summary.files_unchanged = match (&self.plan.scope, &self.manifest) {
            (Scope::Complete(files), Some(manifest)) => {
                let held = files.iter().filter(|key| manifest.files.contains_key(key));
                held.filter(|key| !self.written.contains(key)).count() as u64
            }
            (Scope::Complete(_) | Scope::Partial, _) => self.passed_over,
        };
        self.summary.rows = self.accepted.rows;
        self.summary.bytes = self.accepted.bytes;
        self.summary.tables = std::mem::take(&mut self.accepted.tables);
        self.summary.transaction = self.accepted.transaction.take();
    }

    /// Files that the scope lists, but the backend neither held nor was given.
    fn missing_files(&self) -> u64 {
        match (&self.plan.scope, &self.manifest) {
            (Scope::Complete(files), Some(manifest)) => {
                let missing = files.iter().filter(|key| !manifest.files.contains_key(key));
                missing.filter(|key| !self.written.contains(key)).count() as u64
            }
            (Scope::Complete(_) | Scope::Partial, _) => 0,
        }
    }

    /// What a backend is owed that got nothing.
    fn owed_files(&self) -> u64 {
        let listed = match (&self.plan.scope, &self.manifest) {
            (Scope::Complete(files), Some(manifest)) => files
                .iter()
                .filter(|key| !manifest.files.contains_key(key) && !self.owed.contains(key))
                .count(),
            (Scope::Complete(files), None) => files.len() - self.owed.len().min(files.len()),
            (Scope::Partial, _) => 0,
        };
        (self.owed.len() + listed) as u64
    }
}

fn marker(stored: &Option<StoredRepository>) -> Option<Marker> {
    stored.as_ref().and_then(|stored| stored.marker)
}

fn owed_until_next_run(error: Error) -> Error {
    match error.help() {
        Some(_) => error,
        None => error.with_help("run the load again: the manifest says what the backend is owed"),
    }
}
