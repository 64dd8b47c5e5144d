//! The walk over a source tree.

use std::{
    ffi::OsString,
    fs::{FileType, Metadata},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, MetadataExt},
    },
    path::{Path, PathBuf},
    sync::Mutex,
};

use ignore::{DirEntry, WalkBuilder, WalkState};
use snake_pipe_core::{Error, ErrorKind, Result, SourcePath, model::FileFlags};

use super::{DiscoverOptions, Discovery, Entry, FileStatus, Skip, SkipKind, rules};

/// What SQLite and the control plane keep beside a database.
pub(crate) const DATABASE_COMPANIONS: [&str; 4] = ["-wal", "-shm", "-journal", ".control"];

/// Walking is bound by system calls; more threads than this gain nothing.
const MAX_WALK_THREADS: usize = 4;

pub(super) fn walk(root: &Path, options: &DiscoverOptions) -> Result<Discovery> {
    let root = readable_root(root)?;
    let is_work_tree = is_in_git_work_tree(&root);
    let heed = if options.heed_ignore_files { Heed::All } else { Heed::None };
    let mut found = find(&root, options, heed, is_work_tree);
    if found.entries.is_empty() && options.heed_ignore_files {
        let other =
            find(&root, options, if is_work_tree { Heed::None } else { Heed::NoGitignore }, is_work_tree);
        let count = other.entries.len();
        if count > 0 && is_work_tree {
            found.warnings.push(format!("ignore files leave nothing of the tree, which holds {count} files"));
        } else if count > 0 {
            found = other;
            found.warnings.push(
                "the .gitignore files leave nothing of the tree, which is no git work tree: they are not heeded".to_owned(),
            );
        }
    }
    let Found { mut entries, mut unreadable, mut warnings } = found;
    entries.sort_unstable_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
    unreadable.sort_unstable_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    warnings.sort_unstable();
    Ok(Discovery { root, entries, unreadable_directories: unreadable, warnings })
}

/// Which ignore files count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heed {
    All,
    NoGitignore,
    None,
}

fn find(root: &Path, options: &DiscoverOptions, heed: Heed, is_work_tree: bool) -> Found {
    let excluded = excluded_paths(&options.excluded);
    let found = Mutex::new(Found::default());
    let walker = WalkBuilder::new(root)
        .standard_filters(false)
        .hidden(!options.include_hidden)
        .ignore(heed != Heed::None)
        .git_ignore(heed == Heed::All)
        .git_exclude(heed == Heed::All)
        .require_git(false)
        .parents(is_work_tree)
        .threads(std::thread::available_parallelism().map_or(1, usize::from).min(MAX_WALK_THREADS))
        .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git")
        .build_parallel();
    walker.run(|| {
        Box::new(|result| {
            let visited = visit(root, &excluded, options, result);
            found.lock().expect("no visitor panics").add(visited);
            WalkState::Continue
        })
    });
    found.into_inner().expect("no visitor panics")
}

#[derive(Default)]
struct Found {
    entries: Vec<Entry>,
    unreadable: Vec<SourcePath>,
    warnings: Vec<String>,
}

impl Found {
    fn add(&mut self, visited: Visited) {
        if visited.is_unreadable_directory {
            self.unreadable.extend(visited.entry.iter().map(|entry| entry.path.clone()));
        }
        self.entries.extend(visited.entry);
        self.warnings.extend(visited.warning);
    }
}

#[derive(Default)]
struct Visited {
    entry: Option<Entry>,
    is_unreadable_directory: bool,
    warning: Option<String>,
}

fn visit(
    root: &Path,
    excluded: &[PathBuf],
    options: &DiscoverOptions,
    result: Result<DirEntry, ignore::Error>,
) -> Visited {
    match result {
        Ok(found) => {
            let warning = found.error().map(|error| format!("ignore rules: {error}"));
            Visited { entry: entry(root, excluded, options, &found), warning, ..Visited::default() }
        }
        Err(error) => unreadable(root, &error),
    }
}

/// The entry of what the walk found; none for directories and excluded files.
fn entry(root: &Path, excluded: &[PathBuf], options: &DiscoverOptions, found: &DirEntry) -> Option<Entry> {
    let file_type = found.file_type()?;
    if file_type.is_dir() || excluded.iter().any(|path| path == found.path()) {
        return None;
    }
    let path = relative(root, found.path())?;
    let metadata = found.metadata();
    let status = metadata.as_ref().ok().map(FileStatus::of);
    let skip = match (special(file_type), &metadata) {
        (Some(skip), _) => Some(skip),
        (None, Ok(metadata)) => over_limit(metadata.len(), options.max_file_bytes),
        (None, Err(error)) => Some(from_io(error.io_error())),
    };
    Some(Entry { flags: rules::path_flags(path.as_str()), path, status, skip })
}

/// A directory that cannot be listed stays visible: what it holds must not seem to be gone.
fn unreadable(root: &Path, error: &ignore::Error) -> Visited {
    let Some(path) = error_path(error).and_then(|path| relative(root, path)) else {
        return Visited { warning: Some(error.to_string()), ..Visited::default() };
    };
    let skip = Some(from_io(error.io_error()));
    let entry = Entry { path, status: None, flags: FileFlags::default(), skip };
    Visited { entry: Some(entry), is_unreadable_directory: true, warning: None }
}

fn error_path(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error_path(err),
        _ => None,
    }
}

fn special(file_type: FileType) -> Option<Skip> {
    let what = if file_type.is_file() {
        return None;
    } else if file_type.is_symlink() {
        return Some(Skip::new(SkipKind::Symlink, "symbolic link"));
    } else if file_type.is_fifo() {
        "named pipe"
    } else if file_type.is_socket() {
        "socket"
    } else {
        "device"
    };
    Some(Skip::new(SkipKind::Special, what))
}

pub(super) fn over_limit(size_bytes: u64, max_bytes: u64) -> Option<Skip> {
    (size_bytes > max_bytes)
        .then(|| Skip::new(SkipKind::OverLimit, format!("larger than the limit of {max_bytes} bytes")))
}

pub(super) fn from_io(error: Option<&io::Error>) -> Skip {
    match error {
        Some(error) if error.kind() == io::ErrorKind::NotFound => {
            Skip::new(SkipKind::Vanished, "vanished while the tree was read")
        }
        // The text of the kind, not of the error: the latter holds numbers that differ between systems.
        Some(error) => Skip::new(SkipKind::Unreadable, format!("cannot be read: {}", error.kind())),
        None => Skip::new(SkipKind::Unreadable, "cannot be read"),
    }
}

impl FileStatus {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let nanoseconds =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            size_bytes: metadata.len(),
            modified_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }
}

fn relative(root: &Path, path: &Path) -> Option<SourcePath> {
    let path = path.strip_prefix(root).ok()?.as_os_str().as_bytes();
    (!path.is_empty()).then(|| SourcePath::from_bytes(path))
}

/// The root, absolute and with links resolved.
pub(super) fn readable_root(root: &Path) -> Result<PathBuf> {
    let fail = |kind, message: &'static str, source: Option<io::Error>| {
        let error = Error::new(kind, message).with_operation("discover").with_context("path", root.display());
        match source {
            Some(source) => error.with_source(source),
            None => error,
        }
    };
    let canonical = root.canonicalize().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => fail(ErrorKind::NotFound, "the source directory does not exist", None)
            .with_help("name a directory that exists, relative to the working directory or absolute"),
        _ => fail(ErrorKind::Io, "the source directory cannot be read", Some(source))
            .with_help("check that this user may enter every directory of the path"),
    })?;
    if !canonical.is_dir() {
        let directory = canonical.parent().unwrap_or(Path::new("/")).display().to_string();
        return Err(fail(ErrorKind::Configuration, "a source is a directory, not a file", None)
            .with_help(format!("load the directory that holds it: {directory}")));
    }
    canonical.read_dir().map_err(|source| {
        fail(ErrorKind::Io, "the source directory cannot be read", Some(source))
            .with_help("check that this user may list the directory")
    })?;
    Ok(canonical)
}

/// Ignore files above the root count only where git would read them: a `.gitignore` in somebody's home directory says
/// nothing about a project below it that is no git work tree.
fn is_in_git_work_tree(root: &Path) -> bool {
    root.ancestors().any(|directory| directory.join(".git").exists())
}

/// The excluded paths as the walk meets them, with what stands beside each.
fn excluded_paths(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut excluded = Vec::with_capacity(paths.len() * 2 * (1 + DATABASE_COMPANIONS.len()));
    for path in paths {
        let mut control = OsString::from(path);
        control.push(".control");
        for path in [canonical_file(path), canonical_file(Path::new(&control))] {
            excluded.extend(DATABASE_COMPANIONS.iter().map(|suffix| with_suffix(&path, suffix)));
            excluded.push(path);
        }
    }
    excluded
}

/// The path with the links of its directory resolved; the file itself need not exist yet.
fn canonical_file(path: &Path) -> PathBuf {
    match (path.parent().and_then(|parent| parent.canonicalize().ok()), path.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => path.to_owned(),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(path);
    path.push(suffix);
    path.into()
}
