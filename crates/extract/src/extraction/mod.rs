//! From a source tree to a stream of whole, linked facts.
//!
//! 1. [`Extraction::scan`]: what is there, and the hash of every file's content. An unchanged file is not read.
//! 2. The caller compares the [`Inventory`] with what its backends hold. If nothing differs, that was all.
//! 3. [`Extraction::facts`]: what the fact cache does not hold is parsed, the whole repository is linked, and the facts
//!    that somebody is owed come out in the order of their paths. The number of threads makes no difference to them.

mod analysis;
mod files;
mod inventory;
mod linking;
mod memory;
mod namespace;
mod parsing;
mod progress;
mod stream;
mod version;
mod workers;

use std::{path::Path, sync::Arc};

use snake_pipe_core::{
    Language, Result, SourcePath,
    id::{Digest, FileKey},
};

pub use inventory::{Inventory, InventoryFile};
pub use progress::{Phase, Progress, ProgressSnapshot};
pub use stream::FactStream;
pub use version::{EXTRACTOR_VERSION, producer_version};

pub(crate) use version::build_version;

use crate::{
    discover::DiscoverOptions,
    parsed::ParseOptions,
    store::{CacheLocation, FactStore},
};
use files::Files;
use workers::Workers;

/// How much is read ahead of the consumer, unless configured otherwise: 16 MiB of facts.
pub const DEFAULT_READ_AHEAD_BYTES: usize = 16 << 20;

/// How a source tree becomes facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtractOptions {
    /// What belongs to the tree.
    pub discover: DiscoverOptions,
    /// What is kept of each file.
    pub parse: ParseOptions,
    /// Where parsed facts are kept from one run to the next.
    pub cache: CacheLocation,
    /// Number of threads; 0 for as many as there are processors. Default: 0.
    pub threads: usize,
    /// How many bytes of facts wait for a consumer that is slower. Default: [`DEFAULT_READ_AHEAD_BYTES`].
    pub read_ahead_bytes: usize,
}

impl Default for ExtractOptions {
    fn default() -> Self {
        Self {
            discover: DiscoverOptions::default(),
            parse: ParseOptions::default(),
            cache: CacheLocation::default(),
            threads: 0,
            read_ahead_bytes: DEFAULT_READ_AHEAD_BYTES,
        }
    }
}

/// What a backend's manifest is compared with, for one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// The file's path.
    pub path: &'a SourcePath,
    /// The file's key.
    pub key: FileKey,
    /// The file's language.
    pub language: Language,
    /// The [content identity](snake_pipe_core::model::TransformedAst::content_identity) of its facts.
    pub content_hash: Digest,
    /// The link hash of its facts.
    pub link_hash: Option<Digest>,
}

/// One extraction of one source tree.
#[derive(Debug)]
pub struct Extraction {
    inventory: Arc<Inventory>,
    options: ExtractOptions,
    store: FactStore,
    workers: Workers,
    progress: Arc<Progress>,
}

impl Extraction {
    /// Walks the tree at `root`, and reads what changed since the last time. Blocks; call it from a thread that may.
    ///
    /// `repository` names the cache: the same for all branches of a project. `progress` may be watched from elsewhere.
    ///
    /// # Errors
    /// Those of [`discover`](crate::discover::discover); `Io` if nothing can be cached, not even temporarily;
    /// `Data` if two paths have the same key.
    pub fn scan(
        root: &Path,
        repository: &str,
        options: ExtractOptions,
        progress: Arc<Progress>,
    ) -> Result<Self> {
        let store = FactStore::open(&options.cache, repository)?;
        let workers = Workers::new(options.threads)?;
        let inventory = inventory::scan(root, &options, &store, &workers, &progress)?;
        Ok(Self { inventory: Arc::new(inventory), options, store, workers, progress })
    }

    /// What the tree holds.
    #[must_use]
    pub fn inventory(&self) -> &Arc<Inventory> {
        &self.inventory
    }

    /// The version that these facts are loaded with.
    #[must_use]
    pub fn producer_version(&self) -> String {
        producer_version(&self.options.parse)
    }

    /// Parses what the cache does not hold, links, and gives the facts of the files of the languages asked for and for which `owed` holds, whole, in the
    /// order of their paths. `owed` is asked once for every file, from several threads.
    ///
    /// The work is done by threads of its own, as far ahead of the consumer as the options say. Dropping the stream ends
    /// it; what was parsed until then stays cached. An error ends the stream.
    #[must_use]
    pub fn facts(self, owed: impl Fn(&Stamp<'_>) -> bool + Send + Sync + 'static) -> FactStream {
        let Self { inventory, options, store, workers, progress } = self;
        let asked = Arc::clone(&inventory);
        let owed = move |stamp: &Stamp<'_>| asked.is_asked_for(stamp.language) && owed(stamp);
        stream::spawn(options.read_ahead_bytes, move |queue| {
            let files = Files::new(&inventory, &options, &store, &progress);
            let files = parsing::parse_missing(files, &workers, queue)?;
            linking::link(&files, &workers, queue, &owed)?;
            if !queue.is_abandoned() {
                store.compact(&files.entry_keys());
            }
            drop(files);
            // What knew the whole repository is gone; publishing, which follows, has other things to keep.
            memory::give_back();
            progress.begin(Phase::Done, 0, 0);
            Ok(())
        })
    }
}
