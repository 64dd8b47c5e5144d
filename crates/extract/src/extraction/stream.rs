//! The way of facts from the threads that make them to whoever takes them.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread,
};

use futures::Stream;
use snake_pipe_core::{Error, ErrorKind, Result, model::TransformedAst};

type Item = Result<Arc<TransformedAst>>;

/// The facts of an extraction, in the order of their paths. Dropping it ends the extraction.
#[derive(Debug)]
pub struct FactStream {
    queue: Arc<Queue>,
}

impl Stream for FactStream {
    type Item = Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Item>> {
        let mut state = self.queue.lock();
        if let Some((item, bytes)) = state.items.pop_front() {
            state.bytes -= bytes;
            self.queue.changed.notify_all();
            return Poll::Ready(Some(item));
        }
        if state.is_finished {
            return Poll::Ready(None);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for FactStream {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.is_abandoned = true;
        state.items.clear();
        self.queue.changed.notify_all();
    }
}

/// Runs `produce` in a thread of its own, and gives what it delivers.
pub(super) fn spawn(
    max_bytes: usize,
    produce: impl FnOnce(&Queue) -> Result<()> + Send + 'static,
) -> FactStream {
    let queue = Arc::new(Queue::new(max_bytes));
    let finish = Finish(Arc::clone(&queue));
    let run = move || {
        let finish = finish;
        if let Err(error) = produce(&finish.0) {
            finish.0.push(Err(error));
        }
        finish.0.lock().is_finished = true;
    };
    if let Err(source) = thread::Builder::new().name("extract".to_owned()).spawn(run) {
        // The closure is gone, and with it `Finish`, which said that the extraction ended: say why.
        let error = Error::new(ErrorKind::Capacity, "a thread for the extraction cannot be started");
        queue.lock().items = VecDeque::from([(Err(error.with_source(source)), 0)]);
    }
    FactStream { queue }
}

/// Ends the stream with an error if its thread ends otherwise than it should.
struct Finish(Arc<Queue>);

impl Drop for Finish {
    fn drop(&mut self) {
        let is_finished = std::mem::replace(&mut self.0.lock().is_finished, true);
        if !is_finished {
            self.0.push(Err(Error::new(ErrorKind::Internal, "the extraction ended before its end")));
        }
        self.0.wake();
    }
}

/// A queue bounded by bytes, which many threads fill in a given order.
#[derive(Debug)]
pub(super) struct Queue {
    max_bytes: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    items: VecDeque<(Item, usize)>,
    bytes: usize,
    /// The turn that is due.
    turn: usize,
    is_finished: bool,
    is_abandoned: bool,
    waker: Option<Waker>,
}

impl Queue {
    fn new(max_bytes: usize) -> Self {
        Self { max_bytes, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Whether nobody takes facts any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.lock().is_abandoned
    }

    /// Delivers what belongs to this turn, if anything. Waits until all turns before it were delivered and there is room.
    /// A turn that alone is larger than the limit passes when the queue is empty.
    ///
    /// # Errors
    /// `Cancelled` if nobody takes facts any more.
    pub(super) fn deliver(&self, turn: usize, facts: Option<TransformedAst>) -> Result<()> {
        let bytes = facts.as_ref().map_or(0, TransformedAst::approximate_bytes);
        let facts = facts.map(Arc::new);
        let mut state = self.lock();
        let is_due = |state: &State| {
            state.turn == turn
                && (facts.is_none() || state.items.is_empty() || state.bytes + bytes <= self.max_bytes)
        };
        while !state.is_abandoned && !is_due(&state) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_abandoned {
            return Err(cancelled());
        }
        state.turn += 1;
        if let Some(facts) = facts {
            state.bytes += bytes;
            state.items.push_back((Ok(facts), bytes));
        }
        drop(state);
        self.changed.notify_all();
        self.wake();
        Ok(())
    }

    fn push(&self, item: Item) {
        let mut state = self.lock();
        if !state.is_abandoned {
            state.items.push_back((item, 0));
        }
    }

    fn wake(&self) {
        if let Some(waker) = self.lock().waker.take() {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody takes facts any more; nobody sees this error either.
pub(super) fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "the stream of facts was dropped")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::{StreamExt, executor::block_on};

    use super::*;

    fn file(name: &str) -> TransformedAst {
        TransformedAst::new(name.into())
    }

    fn names(stream: FactStream) -> Vec<String> {
        block_on(
            stream
                .map(|item| match item {
                    Ok(facts) => facts.path.to_string(),
                    Err(error) => error.to_string(),
                })
                .collect(),
        )
    }

    #[test]
    fn turns_come_out_in_order_whoever_is_first() {
        let stream = spawn(1 << 20, |queue| {
            thread::scope(|scope| {
                scope.spawn(|| queue.deliver(2, Some(file("c"))));
                scope.spawn(|| queue.deliver(1, None));
                scope.spawn(|| queue.deliver(0, Some(file("a"))));
            });
            Ok(())
        });
        assert_eq!(names(stream), ["a", "c"]);
    }

    #[test]
    fn producers_wait_when_the_consumer_is_slow() {
        let stream =
            spawn(1, |queue| (0..3).try_for_each(|turn| queue.deliver(turn, Some(file(&turn.to_string())))));
        thread::sleep(Duration::from_millis(50));
        assert_eq!(stream.queue.lock().items.len(), 1);
        assert_eq!(names(stream), ["0", "1", "2"]);
    }

    #[test]
    fn dropping_the_stream_releases_the_producers() {
        let (ended, end) = std::sync::mpsc::channel();
        let stream = spawn(1, move |queue| {
            let result = (0..3).try_for_each(|turn| queue.deliver(turn, Some(file("a"))));
            ended.send(result.unwrap_err().kind()).unwrap();
            Ok(())
        });
        drop(stream);
        assert_eq!(end.recv_timeout(Duration::from_secs(10)).unwrap(), ErrorKind::Cancelled);
    }

    #[test]
    fn an_error_is_the_last_item() {
        let stream = spawn(1 << 20, |queue| {
            queue.deliver(0, Some(file("a")))?;
            Err(Error::new(ErrorKind::Capacity, "the disk is full"))
        });
        assert_eq!(names(stream), ["a", "the disk is full"]);
    }

    #[test]
    fn a_panic_is_an_error() {
        let stream = spawn(1 << 20, |_| panic!("expected by the test"));
        assert_eq!(names(stream), ["the extraction ended before its end"]);
    }
}
