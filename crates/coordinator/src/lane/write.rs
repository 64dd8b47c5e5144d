//! Handing batches to the session; files that the backend refuses are found by halving.

use std::sync::Arc;

use snake_pipe_core::{
    Error, ErrorKind, Result, SourcePath,
    load::{Batch, WriteResult},
    model::TransformedAst,
};
use tokio::time::Instant;

use super::{Lane, calls::Call};
use crate::{
    EventKind,
    reaction::{Phase, Reaction, reaction},
};

/// What [`Batch::approximate_bytes`] takes for the path of a file to remove.
const REMOVED_BYTES: usize = 128;

impl Lane {
    /// Writes what of the batch is owed. A batch that is owed wholly is passed on as it is, shared with the other lanes.
    pub(super) async fn take(&mut self, batch: &Arc<Batch>) -> Result<()> {
        self.sequence = self.sequence.max(batch.sequence);
        let routed: Vec<_> = batch.files.iter().filter_map(|facts| self.routed(facts)).collect();
        let owed: Vec<_> = routed.into_iter().filter(|facts| self.is_owed(facts)).collect();
        let is_whole = self.router.is_none() && owed.len() == batch.files.len() && batch.files.len() > 1;
        if is_whole && self.pending.is_empty() && self.refused.is_empty() {
            return self.write(batch.clone()).await;
        }
        for facts in owed {
            self.add_pending(facts);
        }
        if self.pending_bytes >= self.shared.options.batch_bytes { self.flush().await } else { Ok(()) }
    }

    fn add_pending(&mut self, facts: Arc<TransformedAst>) {
        let facts = match self.refused.get(&facts.path) {
            Some(reason) => Arc::new(facts.refused(reason.clone())),
            None => facts,
        };
        self.pending_bytes += facts.approximate_bytes();
        if self.pending_keys.insert(facts.key()) {
            self.pending.push(facts);
        } else if let Some(pending) = self.pending.iter_mut().find(|pending| pending.path == facts.path) {
            *pending = facts;
        }
    }

    /// Writes what is pending.
    pub(super) async fn flush(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.pending_bytes = 0;
        self.pending_keys.clear();
        let files = std::mem::take(&mut self.pending);
        self.write(Arc::new(Batch { sequence: self.sequence, files, removed: Vec::new() })).await
    }

    /// Removes what the backend holds beyond the scope.
    pub(super) async fn remove_absent(&mut self) -> Result<()> {
        let Some(manifest) = &self.manifest else { return Ok(()) };
        let elsewhere = self.elsewhere.iter().filter(|(key, _)| manifest.files.contains_key(key));
        let elsewhere = elsewhere.map(|(_, path)| path);
        let removed: Vec<_> = manifest.removed_by(&self.plan.scope).chain(elsewhere).cloned().collect();
        self.summary.files_removed = removed.len() as u64;
        let at_once = (self.shared.options.batch_bytes / REMOVED_BYTES).max(1);
        for removed in removed.chunks(at_once) {
            self.sequence += 1;
            let removed = removed.to_vec();
            self.write(Arc::new(Batch { sequence: self.sequence, files: Vec::new(), removed })).await?;
        }
        Ok(())
    }

    async fn write(&mut self, batch: Arc<Batch>) -> Result<()> {
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            let Some(error) = self.write_part(&part).await? else { continue };
            if let Some(path) = self.named_earlier(&part, &error) {
                self.write_refusal(&TransformedAst::new(path), &error).await?;
                parts.push(part);
            } else if let Some((first, second)) = around_cause(&part, &error) {
                parts.extend([Arc::new(second), Arc::new(first)]);
            } else {
                self.refuse(&part, &error).await?;
            }
        }
        Ok(())
    }

    /// Writes a batch as one. Returns the error with which the backend refuses it.
    async fn write_part(&mut self, part: &Arc<Batch>) -> Result<Option<Error>> {
        let call =
            Call { operation: "write_batch", phase: Phase::Write, limit: self.shared.options.timeouts.write };
        let mut backoff = self.calls.backoff();
        loop {
            self.begin().await?;
            let Some(session) = &mut self.session else { continue };
            let started = Instant::now();
            let error = match self.calls.once(call, session.write_batch(part.clone())).await {
                Ok(result) => {
                    self.accepted.add(&result);
                    self.accept(part, &result, started);
                    return Ok(None);
                }
                Err(error) => error,
            };
            match reaction(error.kind(), Phase::Write) {
                Reaction::Again => self.calls.pause(&mut backoff, error).await?,
                Reaction::Refuse => return Ok(Some(error)),
                Reaction::Replay => self.lose_session(error).await?,
                Reaction::Stop => return Err(error),
                Reaction::EndRun => return Err(self.calls.end_run(error)),
            }
        }
    }

    fn accept(&mut self, part: &Batch, result: &WriteResult, started: Instant) {
        self.written.extend(part.files.iter().map(|facts| facts.key()));
        self.summary.batches += 1;
        let (files, bytes) = (part.len() as u64, part.approximate_bytes() as u64);
        tracing::debug!(files, bytes, "batch accepted");
        self.report(|lane| {
            lane.files += files;
            lane.bytes += bytes;
            lane.batches += 1;
        });
        self.tell(|| EventKind::DeliveryAccepted {
            sequence: part.sequence,
            files,
            bytes,
            rows: result.rows,
            duration_ms: started.elapsed().as_millis() as u64,
        });
    }

    /// Writes in place of the one file of `part` that it was refused.
    async fn refuse(&mut self, part: &Batch, error: &Error) -> Result<()> {
        match (part.files.first(), part.removed.first()) {
            (Some(facts), _) => self.write_refusal(facts, error).await,
            (None, Some(path)) => self.note_refusal(path, error),
            (None, None) => Ok(()),
        }
    }

    /// The file that the error names, if it is none of `part`, but one that the session accepted before: a session that
    /// spools learns late what its database refuses.
    pub(super) fn named_earlier(&self, part: &Batch, error: &Error) -> Option<SourcePath> {
        let name = named(error)?;
        let path = self.odd_paths.get(name).cloned().unwrap_or_else(|| SourcePath::from(name));
        let is_of_part = part.files.iter().any(|facts| facts.path == path);
        let is_candidate = self.written.contains(&path.key()) && !self.refused.contains_key(&path);
        (is_candidate && !is_of_part).then_some(path)
    }

    /// Writes in place of the file that it was refused.
    pub(super) async fn write_refusal(&mut self, facts: &TransformedAst, error: &Error) -> Result<()> {
        self.note_refusal(&facts.path, error)?;
        let refused = Arc::new(facts.refused(error.to_string()));
        let batch = Batch { sequence: self.sequence, files: vec![refused], removed: Vec::new() };
        if let Some(error) = self.write_part(&Arc::new(batch)).await? {
            tracing::error!(path = %facts.path, %error, "not even the row that says so was accepted");
        }
        Ok(())
    }

    /// Notes a file that is a dead letter, once the lane has published.
    pub(super) fn note_dead_letter(&mut self, path: &SourcePath, reason: String) {
        tracing::warn!(%path, reason, "file refused");
        if self.refused.insert(path.clone(), reason.clone()).is_none() {
            self.report(|lane| lane.refused += 1);
            self.tell(|| EventKind::FileRefused { path: path.clone(), reason });
        }
    }

    fn note_refusal(&mut self, path: &SourcePath, error: &Error) -> Result<()> {
        self.note_dead_letter(path, error.to_string());
        match self.refused.len() > self.shared.options.max_refused_files {
            false => Ok(()),
            true => Err(Error::new(
                ErrorKind::Data,
                format!("the backend refuses too many files; the last: {error}"),
            )
            .with_operation("write_batch")
            .with_context("refused_files", self.refused.len())
            .with_help("look at the refused files' reasons; if they are right, allow more refused files")),
        }
    }
}

fn named(error: &Error) -> Option<&str> {
    error.context().find(|(key, _)| *key == "path").map(|(_, path)| path)
}

/// The batch in two, of which one holds what the backend refuses; none for a single file. Where the error names the file, that
/// one stands alone.
fn around_cause(part: &Batch, error: &Error) -> Option<(Batch, Batch)> {
    let is_named = |facts: &Arc<TransformedAst>| named(error) == Some(facts.path.as_str());
    let (one, rest): (Vec<_>, Vec<_>) = part.files.iter().cloned().partition(is_named);
    match one.len() {
        1 if part.len() > 1 => Some((
            Batch { sequence: part.sequence, files: one, removed: Vec::new() },
            Batch { files: rest, ..part.clone() },
        )),
        _ => part.halves(),
    }
}
