//! A pack: a file that holds entries one behind the other.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use snake_pipe_core::{Error, Result};

use super::entry::{self, Buffers, EntryKey, HEAD_BYTES, Head, Section, SectionHead};

/// How packs end; what ends otherwise is being written aside.
pub(super) const PACK_SUFFIX: &str = ".pack";

/// Where an entry is in its pack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) head: Head,
}

/// A pack that is open for reading, from any thread.
#[derive(Debug)]
pub(super) struct Pack {
    path: PathBuf,
    file: File,
}

impl Pack {
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        // Writing is asked for so that the file can be locked for compaction.
        let file = File::options().read(true).write(true).open(path)?;
        Ok(Self { path: path.to_owned(), file })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Names every entry up to the first one whose head is damaged or that the end of the file cuts off. What follows
    /// that one is out of reach, until compaction takes the pack away.
    pub(super) fn for_each_entry(&self, mut visit: impl FnMut(EntryKey, Place)) {
        let end = self.file.metadata().map_or(0, |metadata| metadata.len());
        let mut offset = 0;
        let mut bytes = [0; HEAD_BYTES];
        while self.file.read_exact_at(&mut bytes, offset).is_ok() {
            let Some(head) = Head::from_bytes(&bytes).filter(|head| offset + head.entry_bytes() <= end)
            else {
                tracing::debug!(pack = %self.path.display(), offset, "the pack ends before its end");
                return;
            };
            visit(head.key, Place { offset, head });
            offset += head.entry_bytes();
        }
    }

    /// The bytes of a section as they were encoded; none if they cannot be read or are damaged.
    pub(super) fn read<'a>(
        &self,
        place: &Place,
        section: Section,
        buffers: &'a mut Buffers,
    ) -> Option<&'a [u8]> {
        let Head { definitions, linkable, .. } = &place.head;
        let body = place.offset + HEAD_BYTES as u64;
        let (head, offset): (&SectionHead, u64) = match section {
            Section::Definitions => (definitions, body),
            Section::Linkable => (linkable, body + u64::from(definitions.stored_bytes)),
        };
        buffers.clear();
        buffers.stored.resize(head.stored_bytes as usize, 0);
        self.file.read_exact_at(&mut buffers.stored, offset).ok()?;
        entry::unpack(head, &buffers.stored, &mut buffers.raw)
    }
}

/// How the cache is moved.
pub(super) const ELSEWHERE: &str = "keep the cache elsewhere, by `extract.cache_dir` or XDG_CACHE_HOME";

/// The pack that this process appends to. It stays locked as long as it is written, so that nobody compacts it.
#[derive(Debug)]
pub(super) struct PackWriter {
    pack: Arc<Pack>,
    number: u32,
    end: u64,
}

impl PackWriter {
    pub(super) fn create(directory: &Path, number: u32) -> Result<Self> {
        let failed = |source| failed(source, directory);
        let named = tempfile::Builder::new().suffix(PACK_SUFFIX).tempfile_in(directory).map_err(failed)?;
        // Where the file system knows no locks, another process may take the pack away; that costs time.
        named.as_file().try_lock().ok();
        let (file, path) = named.keep().map_err(|error| failed(error.error))?;
        Ok(Self { pack: Arc::new(Pack { path, file }), number, end: 0 })
    }

    /// Appends to this file, wherever it is.
    #[cfg(test)]
    pub(super) fn of(file: File, path: PathBuf, number: u32) -> Self {
        Self { pack: Arc::new(Pack { path, file }), number, end: 0 }
    }

    pub(super) fn pack(&self) -> Arc<Pack> {
        Arc::clone(&self.pack)
    }

    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// Appends a whole entry. What a failed attempt left is overwritten by the next one.
    pub(super) fn append(&mut self, record: &[u8]) -> Result<Place> {
        let (head, _) = record.split_first_chunk::<HEAD_BYTES>().expect("a record begins with its head");
        let head = Head::from_bytes(head).expect("a record is encoded with a sound head");
        let directory = self.pack.path.parent().unwrap_or(&self.pack.path);
        self.pack.file.write_all_at(record, self.end).map_err(|source| failed(source, directory))?;
        let place = Place { offset: self.end, head };
        self.end += record.len() as u64;
        Ok(place)
    }
}

fn failed(source: std::io::Error, directory: &Path) -> Error {
    Error::from(source)
        .with_operation("write the fact cache")
        .with_context("directory", directory.display().to_string())
        .with_help(format!("make room, or {ELSEWHERE}"))
}
