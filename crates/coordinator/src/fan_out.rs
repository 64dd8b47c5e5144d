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

    /// Gives the batch to every lane as soon as it has room. Lanes that are waited for are charged with the time for which
    /// another one has nothing to do meanwhile; the stream goes on without one that has used up what it is allowed.
    async fn deliver(&mut self, closed: &Closed) {
        self.welcome();
        let mut waiting_for = BTreeSet::new();
        let mut rooms = FuturesUnordered::new();
        for (index, outlet) in self.outlets.iter().enumerate() {
            if outlet.is_open() {
                waiting_for.insert(index);
                rooms.push(outlet.room(closed.bytes).map(move |room| (index, room)));
            } else {
                outlet.add_unseen(&closed.batch);
            }
        }
        // Lanes that got the batch and have done with it, and since when there has been one.
        let mut emptied = FuturesUnordered::new();
        let mut held_up_since: Option<Instant> = None;
        while !waiting_for.is_empty() {
            let deadline = held_up_since.and_then(|since| self.first_deadline(&waiting_for, since));
            tokio::select! {
                biased;
                () = self.run.cancelled() => return,
                Some((index, room)) = rooms.next() => {
                    if !waiting_for.remove(&index) {
                        continue;
                    }
                    let outlet = &mut self.outlets[index];
                    if let Some(since) = held_up_since {
                        outlet.lag.add(since);
                    }
                    let Some(room) = room else { continue };
                    self.reporter.lane(index, |lane| lane.queued_bytes += closed.bytes as u64);
                    outlet.send(closed, room);
                    emptied.push(outlet.emptied().map(move |()| index));
                }
                Some(index) = emptied.next() => {
                    if self.outlets[index].is_hungry() {
                        held_up_since.get_or_insert_with(Instant::now);
                    }
                }
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    match self.outlets.iter().any(Outlet::is_hungry) {
                        true => self.leave_behind(&mut waiting_for, held_up_since, closed),
                        // Whoever was hungry has failed meanwhile.
                        false => held_up_since = None,
                    }
                }
            }
        }
    }

    fn first_deadline(&self, lanes: &BTreeSet<usize>, since: Instant) -> Option<Instant> {
        lanes.iter().map(|index| self.outlets[*index].lag.deadline(since)).min()
    }

    /// Goes on without those of the lanes that have held up the others for as long as they may.
    fn leave_behind(&mut self, lanes: &mut BTreeSet<usize>, since: Option<Instant>, closed: &Closed) {
        let (Some(since), now) = (since, Instant::now()) else { return };
        lanes.retain(|index| {
            let outlet = &mut self.outlets[*index];
            let may_stay = outlet.lag.deadline(since) > now;
            if !may_stay {
                tracing::warn!(
                    lane = index,
                    "backend is slower than the others; the stream goes on without it"
                );
                outlet.leave();
                outlet.add_unseen(&closed.batch);
            }
            may_stay
        });
    }
}
