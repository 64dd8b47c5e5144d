//! Reads the stream and gives each batch to every lane.

use std::{collections::BTreeSet, sync::Arc};

use futures::{FutureExt, StreamExt, stream::FuturesUnordered};
use snake_pipe_core::{Error, ErrorKind, load::Scope, model::TransformedAst};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    CoordinatorOptions,
    batcher::{Batcher, Closed},
    lane::Shared,
    pipeline::FactsStream,
    progress::Reporter,
    queue::Outlet,
};

/// How the stream ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// All of it was handed to the lanes.
    Well,
    /// It brought an error, or facts that contradict the scope.
    Failed(Error),
    /// The run was cancelled.
    Cancelled,
    /// No lane is left to write anything.
    NobodyLeft,
}

pub(crate) struct FanOut {
    /// By the lanes' numbers.
    outlets: Vec<Outlet>,
    /// Those of lanes that have begun since.
    arriving: mpsc::UnboundedReceiver<Outlet>,
    options: Arc<CoordinatorOptions>,
    scope: Scope,
    run: CancellationToken,
    nobody_left: CancellationToken,
    reporter: Reporter,
}

impl FanOut {
    pub(crate) fn new(shared: &Shared, arriving: mpsc::UnboundedReceiver<Outlet>) -> Self {
        Self {
            outlets: Vec::new(),
            arriving,
            options: shared.options.clone(),
            scope: shared.plan.scope.clone(),
            run: shared.run.clone(),
            nobody_left: shared.nobody_left.clone(),
            reporter: shared.reporter.clone(),
        }
    }

    /// Says to every lane that the stream ended well.
    pub(crate) fn end(&mut self) {
        self.welcome();
        self.outlets.iter_mut().for_each(Outlet::end);
    }

    /// Takes in the lanes that have begun.
    fn welcome(&mut self) {
        while let Ok(outlet) = self.arriving.try_recv() {
            self.outlets.push(outlet);
        }
    }

    /// Reads the stream to its end. While every lane is full, the stream is not asked for more.
    pub(crate) async fn carry(&mut self, mut stream: FactsStream<'_>) -> Ended {
        let mut batcher = Batcher::new(self.options.batch_bytes, self.options.batch_age);
        let (run, nobody_left) = (self.run.clone(), self.nobody_left.clone());
        loop {
            let due = batcher.due();
            let closed = tokio::select! {
                biased;
                () = run.cancelled() => return Ended::Cancelled,
                () = nobody_left.cancelled() => return Ended::NobodyLeft,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => batcher.close(),
                facts = stream.next() => match facts {
                    None => break,
                    Some(Err(error)) => return Ended::Failed(error),
                    Some(Ok(facts)) => match self.check_scope(&facts) {
                        Err(error) => return Ended::Failed(error),
                        Ok(()) => batcher.push(facts),
                    },
                },
            };
            if let Some(closed) = closed {
                self.deliver(&closed).await;
            }
        }
        if let Some(closed) = batcher.close() {
            self.deliver(&closed).await;
        }
        if self.run.is_cancelled() { Ended::Cancelled } else { Ended::Well }
    }

    fn check_scope(&self, facts: &TransformedAst) -> Result<(), Error> {
        self.reporter.received();
        match &self.scope {
            Scope::Complete(files) if !files.contains(&facts.key()) => Err(Error::new(
                ErrorKind::Configuration,
                "the stream brings a file that the complete scope does not list",
            )
            .with_context("path", &facts.path)
            .with_help("list every file of the repository in the scope, or load with a partial scope")),
            Scope::Complete(_) | Scope::Partial => Ok(()),
        }
    }

    /// Gives the batch to every lane as soon as it has room. Once a working lane has got it, the others have so long as the
    /// lag limit says; then they are left behind.
    async fn deliver(&mut self, closed: &Closed) {
        self.welcome();
        let mut waiting_for = BTreeSet::new();
        let mut waiting = FuturesUnordered::new();
        for (index, outlet) in self.outlets.iter().enumerate() {
            if outlet.is_open() {
                waiting_for.insert(index);
                waiting.push(outlet.room(closed.bytes).map(move |room| (index, room)));
            } else {
                outlet.add_unseen(&closed.batch);
            }
        }
        let mut deadline: Option<Instant> = None;
        while !waiting_for.is_empty() {
            tokio::select! {
                biased;
                () = self.run.cancelled() => return,
                Some((index, room)) = waiting.next() => {
                    waiting_for.remove(&index);
                    let outlet = &self.outlets[index];
                    let Some(room) = room else { continue };
                    self.reporter.lane(index, |lane| lane.queued_bytes += closed.bytes as u64);
                    outlet.send(closed, room);
                    if !outlet.is_stopped() {
                        deadline.get_or_insert_with(|| Instant::now() + self.options.lag_limit);
                    }
                }
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    for index in std::mem::take(&mut waiting_for) {
                        tracing::warn!(lane = index, "backend lags and leaves the stream");
                        self.outlets[index].leave();
                        self.outlets[index].add_unseen(&closed.batch);
                    }
                }
            }
        }
    }
}
