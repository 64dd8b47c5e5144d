//! The files of one extraction, with what is cached of them.

use std::{borrow::Cow, path::PathBuf, sync::Arc};

use rustc_hash::FxHashSet;
use snake_pipe_core::{
    Result,
    id::Digest,
    model::{IssueKind, ParseIssue, ParseStatus, TransformedAst},
};

use super::{ExtractOptions, Inventory, InventoryFile, Progress, analysis::analyse};
use crate::{
    discover::{Content, FileStatus, Skip, content_of, read_source},
    parsed::{Linkable, ParseOptions},
    store::{Buffers, EntryKey, FactStore},
};

/// Buffers for source above this size are given back after use.
const KEPT_SOURCE_BYTES: usize = 4 << 20;

/// The files of one extraction. What one of them turns out to be when it is parsed takes the place of what the scan saw.
pub(super) struct Files<'a> {
    inventory: Arc<Inventory>,
    files: Cow<'a, [InventoryFile]>,
    pub(super) store: &'a FactStore,
    pub(super) progress: &'a Progress,
    options: &'a ParseOptions,
    max_file_bytes: u64,
}

/// What one thread needs to read files and entries.
pub(super) struct Worker {
    number: usize,
    source: Vec<u8>,
    buffers: Buffers,
}

impl Worker {
    pub(super) fn new(number: usize) -> Self {
        Self { number, source: Vec::new(), buffers: Buffers::default() }
    }
}

/// What reading a file gave.
type Read = Result<(Content, FileStatus), Skip>;

impl<'a> Files<'a> {
    pub(super) fn new(
        inventory: &'a Arc<Inventory>,
        options: &'a ExtractOptions,
        store: &'a FactStore,
        progress: &'a Progress,
    ) -> Self {
        Self {
            inventory: Arc::clone(inventory),
            files: Cow::Borrowed(&inventory.files),
            store,
            progress,
            options: &options.parse,
            max_file_bytes: options.discover.max_file_bytes,
        }
    }

    pub(super) fn list(&self) -> &[InventoryFile] {
        &self.files
    }

    /// Notes that a file is no longer what the scan saw.
    pub(super) fn replace(&mut self, index: usize, read: Read) {
        self.files.to_mut()[index].set_content(read);
    }

    /// The entry of a file's content; none where the content is not known.
    pub(super) fn entry_key(&self, index: usize) -> Option<EntryKey> {
        let file = &self.files[index];
        Some(EntryKey::new(file.content_hash?, file.language, self.options))
    }

    /// What linking knows the file's content by; none where linking does not concern it.
    pub(super) fn link_entry(&self, index: usize) -> Option<Digest> {
        if self.files[index].is_linked() { self.entry_key(index).map(EntryKey::digest) } else { None }
    }

    /// Where it is recorded what linking this tree came to; none where nothing is kept.
    pub(super) fn link_record(&self) -> Option<PathBuf> {
        (!self.store.is_temporary()).then(|| self.store.file_beside("link", &self.inventory.root))
    }

    /// The entries of all files.
    pub(super) fn entry_keys(&self) -> FxHashSet<EntryKey> {
        (0..self.files.len()).filter_map(|index| self.entry_key(index)).collect()
    }

    /// The file's text, for the few that linking reads as configuration.
    pub(super) fn text(&self, index: usize) -> Option<String> {
        let mut source = Vec::new();
        let file = &self.files[index];
        file.content_hash?;
        read_source(&self.inventory.root, &file.path, self.max_file_bytes, &mut source).ok()?;
        Some(String::from_utf8_lossy(&source).into_owned())
    }

    /// Reads and parses the file, and caches what it gives under what it turned out to be.
    pub(super) fn parse(&self, index: usize, worker: &mut Worker) -> Result<Read> {
        let file = &self.files[index];
        let Worker { number, source, buffers } = worker;
        source.shrink_to(KEPT_SOURCE_BYTES);
        let status = match read_source(&self.inventory.root, &file.path, self.max_file_bytes, source) {
            Ok(status) => status,
            Err(skip) => return Ok(Err(skip)),
        };
        let content = content_of(&file.path, source);
        let parsed = self.progress.parsing(*number, &file.path, || analyse(&content, source, self.options));
        let (definitions, linkable) = parsed.divide();
        let key = EntryKey::new(content.hash, content.language, self.options);
        self.store.put(key, &definitions, &linkable, buffers)?;
        Ok(Ok((content, status)))
    }

    /// What linking needs of the file; none if it is neither cached nor what it was.
    pub(super) fn linkable(&self, index: usize, worker: &mut Worker) -> Result<Option<Linkable>> {
        self.cached(index, worker, |key, buffers| self.store.linkable(key, buffers))
    }

    /// The file's definitions; none if they are neither cached nor what they were.
    pub(super) fn definitions(&self, index: usize, worker: &mut Worker) -> Result<Option<TransformedAst>> {
        self.cached(index, worker, |key, buffers| self.store.definitions(key, buffers))
    }

    /// Reads from the cache. A damaged entry is made anew, if the file is still what it was.
    fn cached<T>(
        &self,
        index: usize,
        worker: &mut Worker,
        read: impl Fn(EntryKey, &mut Buffers) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(key) = self.entry_key(index) else { return Ok(None) };
        if let Some(value) = read(key, &mut worker.buffers) {
            return Ok(Some(value));
        }
        match self.parse(index, worker)? {
            Ok((content, _)) if Some(content.hash) == self.files[index].content_hash => {
                Ok(read(key, &mut worker.buffers))
            }
            Ok(_) | Err(_) => Ok(None),
        }
    }

    /// The row of a file that is no longer what it was when it was linked. The next load sees it as it is then.
    pub(super) fn changed_meanwhile(&self, index: usize) -> TransformedAst {
        let reason = "changed while it was being loaded".to_owned();
        let issue =
            ParseIssue { kind: IssueKind::Unreadable, message: reason.clone(), ..ParseIssue::default() };
        let file = InventoryFile { skip: None, ..self.files[index].clone() };
        TransformedAst {
            parse_status: ParseStatus::Failed,
            skip_reason: Some(reason),
            parse_issues: vec![issue],
            ..file.facts_without_content()
        }
    }
}
