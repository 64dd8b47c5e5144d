//! The way from the stream to one lane: unbounded in number, bounded in bytes.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use snake_pipe_core::{
    id::{Digest, FileKey},
    load::Batch,
    model::TransformedAst,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::{batcher::Closed, lag::Lag, route::Router};

/// Room is counted in so many bytes, since a semaphore hands out 32 bits of permits at once.
const UNIT_BYTES: usize = 1024;

#[derive(Debug)]
pub(crate) enum Message {
    Batch(Delivery),
    /// The stream ended well.
    End,
}

/// A batch, and the room it takes until it is dropped.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) batch: Arc<Batch>,
    pub(crate) bytes: usize,
    _room: OwnedSemaphorePermit,
}

/// What both ends know.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    /// The lane writes nothing any more.
    pub(crate) stopped: AtomicBool,
    /// What the stream brought after the lane had left it.
    unseen: Mutex<HashMap<FileKey, Unseen>>,
}

/// As much of a file as says whether a backend is owed it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unseen {
    pub(crate) content: Digest,
    pub(crate) link_hash: Option<Digest>,
}

impl Flags {
    /// What the stream brought after the lane had left it.
    pub(crate) fn take_unseen(&self) -> HashMap<FileKey, Unseen> {
        std::mem::take(&mut *self.unseen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The stream's end.
#[derive(Debug)]
pub(crate) struct Outlet {
    sender: Option<mpsc::UnboundedSender<Message>>,
    room: Arc<Semaphore>,
    units: usize,
    flags: Arc<Flags>,
    router: Option<Arc<Router>>,
    /// For how long the others were held up by this lane.
    pub(crate) lag: Lag,
}

/// The lane's end.
#[derive(Debug)]
pub(crate) struct Inlet {
    pub(crate) messages: mpsc::UnboundedReceiver<Message>,
    pub(crate) flags: Arc<Flags>,
}

/// A way that holds so many bytes; a larger batch passes when the way is empty. The route says which files matter to the lane.
pub(crate) fn queue(capacity_bytes: usize, router: Option<Arc<Router>>, lag: Lag) -> (Outlet, Inlet) {
    let (sender, messages) = mpsc::unbounded_channel();
    let units = capacity_bytes.div_ceil(UNIT_BYTES).clamp(1, u32::MAX as usize);
    let flags = Arc::<Flags>::default();
    let room = Arc::new(Semaphore::new(units));
    let outlet = Outlet { sender: Some(sender), room, units, flags: flags.clone(), router, lag };
    (outlet, Inlet { messages, flags })
}

impl Outlet {
    pub(crate) const fn is_open(&self) -> bool {
        self.sender.is_some()
    }

    /// Whether the lane only counts what it is owed.
    pub(crate) fn is_stopped(&self) -> bool {
        self.flags.stopped.load(Ordering::SeqCst)
    }

    /// Waits for room; none once the way is given up.
    pub(crate) fn room(
        &self,
        bytes: usize,
    ) -> impl Future<Output = Option<OwnedSemaphorePermit>> + Send + use<> {
        let units = bytes.div_ceil(UNIT_BYTES).clamp(1, self.units) as u32;
        let room = self.room.clone();
        async move { room.acquire_many_owned(units).await.ok() }
    }

    /// Waits until the lane has nothing more to do, or is given up.
    pub(crate) fn emptied(&self) -> impl Future<Output = ()> + Send + use<> {
        let (room, units) = (self.room.clone(), self.units as u32);
        async move { drop(room.acquire_many_owned(units).await) }
    }

    /// Whether the lane could write, and has nothing to.
    pub(crate) fn is_hungry(&self) -> bool {
        self.is_open() && !self.is_stopped() && self.room.available_permits() >= self.units
    }

    pub(crate) fn send(&self, closed: &Closed, room: OwnedSemaphorePermit) {
        let (batch, bytes) = (closed.batch.clone(), closed.bytes);
        self.put(Message::Batch(Delivery { batch, bytes, _room: room }));
    }

    /// Says that the stream ended well.
    pub(crate) fn end(&mut self) {
        self.put(Message::End);
        self.sender = None;
    }

    /// Lets the lane find its way without the stream.
    pub(crate) fn leave(&mut self) {
        self.sender = None;
    }

    /// Notes the files that the lane does not get to see.
    pub(crate) fn add_unseen(&self, batch: &Batch) {
        let matters = |facts: &&Arc<TransformedAst>| {
            self.router.as_ref().is_none_or(|router| router.takes(&facts.path, facts.language))
        };
        let unseen = batch.files.iter().filter(matters).map(|facts| {
            (facts.key(), Unseen { content: facts.content_identity(), link_hash: facts.link_hash })
        });
        self.flags.unseen.lock().unwrap_or_else(PoisonError::into_inner).extend(unseen);
    }

    /// A lane that is gone needs nothing any more: its end is reported by its task.
    fn put(&self, message: Message) {
        if let Some(sender) = &self.sender {
            drop(sender.send(message));
        }
    }
}
