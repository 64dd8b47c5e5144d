//! The end of a lane: what was accepted becomes visible.

use snake_pipe_core::{
    Error, ErrorKind, IntegrityScope, Result,
    load::{Batch, Publication, PublishResult, WriteResult},
    model::TransformedAst,
};

use super::{Lane, calls::Call};
use crate::{
    ErrorSummary, LaneState,
    reaction::{Phase, Reaction, reaction},
};

impl Lane {
    /// Publishes; false when the session turned out to lack facts, which are to be replayed first.
    ///
    /// After a lost reply, publishing again asks for the marker. Where the session is lost too, the next one is given
    /// whatever the manifest says to be missing, and publishing under the same marker tells the rest.
    pub(super) async fn publish(&mut self) -> Result<bool> {
        self.state(LaneState::Publishing);
        let limit = self.shared.options.timeouts.publish;
        let call = Call { operation: "publish", phase: Phase::Publish, limit };
        let mut backoff = self.calls.backoff();
        loop {
            self.begin().await?;
            if self.incomplete {
                return Ok(false);
            }
            self.ask_for_permission().await?;
            let Some(session) = &mut self.session else { continue };
            let publication =
                Publication { marker: self.shared.publication.marker, snapshot: self.snapshot.clone() };
            let error = match self.calls.once(call, session.publish(publication)).await {
                Ok(result) => {
                    self.published(result).await;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Cancelled && error.operation().is_none() => {
                    return Err(cancelled_half_way());
                }
                Err(error) => error,
            };
            self.maybe_published |= error.kind() == ErrorKind::OutcomeUnknown;
            match reaction(error.kind(), Phase::Publish) {
                Reaction::Again => self.calls.pause(&mut backoff, error).await?,
                Reaction::Refuse => match self.named_earlier(&Batch::default(), &error) {
                    Some(path) => self.write_refusal(&TransformedAst::new(path), &error).await?,
                    None => return Err(error),
                },
                Reaction::Replay => {
                    self.lose_session(error).await?;
                    return Ok(false);
                }
                Reaction::Stop => return Err(error),
                Reaction::EndRun => return Err(self.calls.end_run(error)),
            }
        }
    }

    /// Whoever slept asks on waking, and not only when a timer has found the time.
    async fn ask_for_permission(&mut self) -> Result<()> {
        match &self.shared.permission {
            Some(ask) => self.calls.unless_cancelled(ask()).await?,
            None => Ok(()),
        }
    }

    async fn published(&mut self, mut result: PublishResult) {
        if let PublishResult::Published(written) = &mut result {
            self.times.phases = std::mem::take(&mut written.phases);
            for refused in std::mem::take(&mut written.refused) {
                self.note_dead_letter(&refused.path, refused.reason);
            }
        }
        match result {
            // All that was sent was there already, though the manifest asked for it: files with references that lead nowhere.
            PublishResult::Published(written)
                if written.files > 0
                    && written.rows == 0
                    && self.refused.is_empty()
                    && !self.is_new_snapshot() =>
            {
                self.wrote_nothing = true;
                self.passed_over += self.written.len() as u64;
                self.written.clear();
                self.accepted = WriteResult::default();
            }
            // Where the session only spooled, this is the first true count.
            PublishResult::Published(written) if written.files > 0 || written.rows > 0 => {
                self.accepted = WriteResult { bytes: written.bytes.max(self.accepted.bytes), ..written };
            }
            PublishResult::Published(written) => self.accepted.add(&written),
            PublishResult::AlreadyPublished => tracing::info!("an earlier attempt had published"),
        }
        self.session = None;
        if self.shared.options.check_integrity && self.backend.capabilities().integrity {
            self.check_integrity().await;
        }
    }

    /// What was published stays so, whatever the check says.
    async fn check_integrity(&mut self) {
        let scope = IntegrityScope::Repository(self.plan.repository.id());
        let backend = self.backend.clone();
        let checked =
            self.calls.retrying(self.reading("check_integrity"), || backend.check_integrity(scope.clone()));
        match checked.await {
            Ok(found) => {
                let violations = found.constraints.iter().map(|constraint| constraint.violations).sum();
                self.summary.integrity_violations = Some(violations);
            }
            Err(error) => {
                tracing::error!(%error, "integrity could not be checked");
                self.summary.error = Some(ErrorSummary::from(&error));
            }
        }
    }
}

fn cancelled_half_way() -> Error {
    Error::new(ErrorKind::Cancelled, "the run was cancelled while the backend published")
        .with_operation("publish")
        .with_help("the backend holds all of the run or nothing of it; the next run finds out")
}
