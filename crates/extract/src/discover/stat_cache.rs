//! What files were when they were last read, so that an unchanged tree is not read again.
//!
//! An entry holds as long as the file's size, times and inode are the same. A file that changed so shortly before it was
//! read that another change would not show in its times gets no entry: the rule that git calls racy
//! (<https://git-scm.com/docs/racy-git>).

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use rustc_hash::FxHashMap;
use snake_pipe_core::id::{Digest, FileKey, Hasher};

use super::{Content, FileStatus};
use crate::extraction::build_version;

/// First bytes of the file; the digits change with its form.
const MAGIC: &[u8; 8] = b"SPSTAT01";

/// Times closer than this to the moment of reading may not tell two changes apart (FAT counts in steps of 2 s).
const RACY_NS: i64 = 2_000_000_000;

type Entries = FxHashMap<FileKey, (FileStatus, Content)>;

/// The contents that are known without reading.
#[derive(Debug)]
pub(crate) struct StatCache {
    file: PathBuf,
    known: Entries,
    started_ns: i64,
}

impl StatCache {
    /// Reads the cache that was saved to `file`; a missing or damaged one is empty.
    pub(crate) fn open(file: PathBuf) -> Self {
        let known = fs::read(&file).ok().and_then(|bytes| decode(&bytes)).unwrap_or_default();
        Self { file, known, started_ns: now_ns() }
    }

    /// The content of the file, if it was read before and has not changed since.
    pub(crate) fn get(&self, key: FileKey, status: &FileStatus) -> Option<Content> {
        self.known.get(&key).filter(|(known, _)| known == status).map(|(_, content)| *content)
    }

    /// Replaces what is saved by what this run saw, where that differs. A cache that cannot be written costs the next
    /// run time and nothing else.
    pub(crate) fn save(&self, seen: impl Iterator<Item = (FileKey, FileStatus, Content)>) {
        let seen: Entries = seen
            .filter(|(_, status, _)| status.modified_ns.max(status.changed_ns) < self.started_ns - RACY_NS)
            .map(|(key, status, content)| (key, (status, content)))
            .collect();
        if seen == self.known {
            return;
        }
        if let Err(error) = write(&self.file, &encode(&seen)) {
            tracing::debug!(file = %self.file.display(), %error, "the cache of file times cannot be written");
        }
    }
}

fn now_ns() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX)
}

fn encode(entries: &Entries) -> Vec<u8> {
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| **key);
    let rows: Vec<_> = sorted.into_iter().map(|(key, (status, content))| (key, status, content)).collect();
    let body = postcard::to_stdvec(&rows).expect("rows of plain values can be encoded");
    [MAGIC.as_slice(), checksum(&body).as_bytes(), &body].concat()
}

fn decode(bytes: &[u8]) -> Option<Entries> {
    let (digest, body) = bytes.strip_prefix(MAGIC)?.split_at_checked(16)?;
    if checksum(body).as_bytes() != digest {
        return None;
    }
    let rows: Vec<(FileKey, FileStatus, Content)> = postcard::from_bytes(body).ok()?;
    Some(rows.into_iter().map(|(key, status, content)| (key, (status, content))).collect())
}

/// Takes in the version of this build: another one may judge the same content differently.
fn checksum(body: &[u8]) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(build_version().as_bytes());
    hasher.update(body);
    hasher.finish()
}

/// Writes aside and renames, so that another process reads the old or the new state.
fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = file.parent().unwrap_or(Path::new("."));
    let mut aside = tempfile::NamedTempFile::new_in(directory)?;
    aside.write_all(bytes)?;
    aside.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use snake_pipe_core::Language;

    use super::*;
    use crate::discover::ContentKind;

    const KEY: FileKey = FileKey(7);
    const STATUS: FileStatus = FileStatus { size_bytes: 3, modified_ns: 10, changed_ns: 10, inode: 1 };

    fn content() -> Content {
        let (language, kind) = (Language::C, ContentKind::Text);
        Content { hash: Digest::of(b"int"), language, is_generated: false, kind }
    }

    fn saved(directory: &Path, status: FileStatus) -> StatCache {
        let file = directory.join("stat");
        StatCache::open(file.clone()).save([(KEY, status, content())].into_iter());
        StatCache::open(file)
    }

    #[test]
    fn an_unchanged_file_is_known_without_reading() {
        let directory = tempfile::tempdir().unwrap();
        let cache = saved(directory.path(), STATUS);
        assert_eq!(cache.get(KEY, &STATUS), Some(content()));
    }

    #[test]
    fn any_change_of_size_time_or_inode_makes_it_unknown() {
        let directory = tempfile::tempdir().unwrap();
        let cache = saved(directory.path(), STATUS);
        for changed in [
            FileStatus { size_bytes: 4, ..STATUS },
            FileStatus { modified_ns: 11, ..STATUS },
            FileStatus { changed_ns: 11, ..STATUS },
            FileStatus { inode: 2, ..STATUS },
        ] {
            assert_eq!(cache.get(KEY, &changed), None);
        }
    }

    #[test]
    fn a_file_that_changed_just_before_it_was_read_is_not_remembered() {
        let directory = tempfile::tempdir().unwrap();
        let fresh = FileStatus { modified_ns: now_ns(), ..STATUS };
        assert_eq!(saved(directory.path(), fresh).get(KEY, &fresh), None);
    }

    #[test]
    fn a_damaged_cache_knows_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let file = saved(directory.path(), STATUS).file;
        let mut bytes = fs::read(&file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&file, bytes).unwrap();
        assert_eq!(StatCache::open(file).get(KEY, &STATUS), None);
    }
}
