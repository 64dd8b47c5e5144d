//! Which files a source tree holds, and what each of them is. The rules are written down in `docs/discovery.md`.

mod content;
mod describe;
mod rules;
mod stat_cache;
mod walk;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use snake_pipe_core::{
    Language, Result, SourcePath, Timestamp,
    model::{FileFlags, IssueKind, ParseStatus},
};

pub use describe::{SourceDescription, describe};
pub use rules::rules_table;

pub(crate) use content::{Content, ContentKind, Inspector, content_of, is_utf16, read_source};
pub(crate) use rules::path_flags;
pub(crate) use stat_cache::StatCache;
pub(crate) use walk::DATABASE_COMPANIONS;

/// Files above this size are not read, unless configured otherwise: 32 MiB. The largest headers of Linux have 24 MiB.
pub const DEFAULT_MAX_FILE_BYTES: u64 = 32 << 20;

/// What belongs to a source tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoverOptions {
    /// Whether files and directories whose name begins with a dot belong to it. Default: no. `.git` never does.
    pub include_hidden: bool,
    /// Whether ignore files are heeded. Default: yes.
    pub heed_ignore_files: bool,
    /// Larger files become rows that say so. Default: [`DEFAULT_MAX_FILE_BYTES`].
    pub max_file_bytes: u64,
    /// Facts come of files of these languages alone; all files take part in linking. Empty for all languages. Default:
    /// empty.
    pub languages: Vec<Language>,
    /// Absolute paths of files that do not belong to it, such as the databases that are written. What SQLite keeps
    /// beside a database goes with it. Default: none.
    pub excluded: Vec<PathBuf>,
}

impl Default for DiscoverOptions {
    fn default() -> Self {
        Self {
            include_hidden: false,
            heed_ignore_files: true,
            max_file_bytes: DEFAULT_MAX_FILE_BYTES,
            languages: Vec::new(),
            excluded: Vec::new(),
        }
    }
}

/// What the walk over a source tree found.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// The tree's root, absolute, symbolic links in it resolved.
    pub root: PathBuf,
    /// Everything that is neither a directory nor ignored, by the bytes of its path. A directory that cannot be listed
    /// is an entry as well.
    pub entries: Vec<Entry>,
    /// The directories that cannot be listed. Below them nothing is known.
    pub unreadable_directories: Vec<SourcePath>,
    /// What did not hinder the walk but should be known, such as an ignore file with a wrong pattern.
    pub warnings: Vec<String>,
}

/// A file of the tree, or something else with a name in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path relative to the root.
    pub path: SourcePath,
    /// What the file system says about it; unset where it could not be asked.
    pub status: Option<FileStatus>,
    /// What follows from its path.
    pub flags: FileFlags,
    /// Why it is not read.
    pub skip: Option<Skip>,
}

/// What the file system says about a file without reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStatus {
    /// Size in bytes.
    pub size_bytes: u64,
    /// When its content changed last, in nanoseconds since the Unix epoch.
    pub modified_ns: i64,
    /// When its content, owner, mode or links changed last, in nanoseconds since the Unix epoch.
    pub changed_ns: i64,
    /// Its number within the file system.
    pub inode: u64,
}

impl FileStatus {
    /// When its content changed last.
    #[must_use]
    pub const fn modified(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.modified_ns.div_euclid(1000))
    }
}

/// Why a file is not read for its structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// The rule.
    pub kind: SkipKind,
    /// The reason in words, as it is stored.
    pub reason: String,
}

/// The rules by which files are not read for their structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkipKind {
    /// Its bytes are no text.
    Binary,
    /// It is a SQLite database; as loading may change it, neither its size nor its time is kept.
    Database,
    /// It is larger than allowed.
    OverLimit,
    /// It is a symbolic link; none is ever followed.
    Symlink,
    /// It is a pipe, socket or device; none is ever opened.
    Special,
    /// It, or a directory, could not be read.
    Unreadable,
    /// It was there during the walk and gone when it was to be read.
    Vanished,
}

impl SkipKind {
    /// What the skipped file's row says of its parsing.
    #[must_use]
    pub const fn parse_status(self) -> ParseStatus {
        match self {
            Self::Unreadable | Self::Vanished => ParseStatus::Failed,
            Self::Binary | Self::Database | Self::OverLimit | Self::Symlink | Self::Special => {
                ParseStatus::Skipped
            }
        }
    }

    /// The parse issue that goes with the row; none where nothing is amiss.
    #[must_use]
    pub const fn issue(self) -> Option<IssueKind> {
        match self {
            Self::Unreadable | Self::Vanished => Some(IssueKind::Unreadable),
            Self::OverLimit => Some(IssueKind::OverLimit),
            Self::Binary | Self::Database | Self::Symlink | Self::Special => None,
        }
    }
}

impl Skip {
    pub(crate) fn new(kind: SkipKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }
}

/// Walks the tree below `root` without reading any file but ignore files: `.gitignore`, `.ignore` and
/// `.git/info/exclude` are respected, in a git work tree and elsewhere. Where a tree is no git work tree and its
/// `.gitignore` files leave nothing of it, they were made for another use of it: they are not heeded, and a warning says so.
/// Symbolic links are not followed. The order of the entries depends on their names alone.
///
/// # Errors
/// `NotFound` if `root` does not exist, `Configuration` if it is no directory, `Io` if it cannot be listed.
pub fn discover(root: &Path, options: &DiscoverOptions) -> Result<Discovery> {
    walk::walk(root, options)
}
