//! What a source tree holds.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustc_hash::{FxHashMap, FxHashSet};
use snake_pipe_core::{
    Error, ErrorKind, Language, Result, SourcePath, Timestamp,
    id::{Digest, FileKey},
    load::Scope,
    manifest::Manifest,
    model::{FileFlags, ParseIssue, TransformedAst},
};

use super::{ExtractOptions, Phase, Progress, workers::Workers};
use crate::{
    discover::{
        Content, ContentKind, DATABASE_COMPANIONS, Discovery, Entry, FileStatus, Inspector, Skip, SkipKind,
        StatCache, discover,
    },
    language_of,
    store::FactStore,
};

/// What a source tree holds, in the order of the paths' bytes.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// The tree's root, absolute, symbolic links in it resolved.
    pub root: PathBuf,
    /// Its files, of whatever language.
    pub files: Vec<InventoryFile>,
    /// The languages that are asked for; empty for all. Facts come of their files alone, but all files take part in linking.
    pub languages: Vec<Language>,
    /// Directories that could not be listed. What they hold is not known.
    pub unreadable_directories: Vec<SourcePath>,
    /// What did not hinder the scan but should be known.
    pub warnings: Vec<String>,
}

/// A file of a source tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryFile {
    /// Its path.
    pub path: SourcePath,
    /// Its language.
    pub language: Language,
    /// What follows from its path and its first lines.
    pub flags: FileFlags,
    /// Size in bytes, where known.
    pub size_bytes: Option<u64>,
    /// When it was last modified, where known.
    pub last_modified: Option<Timestamp>,
    /// Digest of its bytes, where they were read.
    pub content_hash: Option<Digest>,
    /// Why it is not parsed.
    pub skip: Option<Skip>,
}

impl Inventory {
    /// The keys of all files.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<FileKey> {
        self.files.iter().map(|file| file.path.key()).collect()
    }

    /// What a load of this tree speaks of: all of the repository, so that what is gone from the tree is removed; but the
    /// files it holds alone if a directory could not be listed, as what is not seen need not be gone.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self.unreadable_directories.is_empty() {
            true => Scope::Complete(Arc::new(self.keys())),
            false => Scope::Partial,
        }
    }

    /// Whether facts of a file of this language are asked for.
    #[must_use]
    pub fn is_asked_for(&self, language: Language) -> bool {
        self.languages.is_empty() || self.languages.contains(&language)
    }

    /// Whether a backend with this manifest holds all files of languages that are not asked for as they are, and none that
    /// is gone: then what references to them resolve to stays right beside its rows.
    #[must_use]
    pub fn others_are_held_by(&self, manifest: &Manifest) -> bool {
        let keys = self.keys();
        let is_held = |file: &InventoryFile| {
            manifest
                .files
                .get(&file.path.key())
                .is_some_and(|held| held.content_hash == file.content_identity())
        };
        manifest.files.keys().all(|key| keys.contains(key))
            && self.files.iter().filter(|file| !self.is_asked_for(file.language)).all(is_held)
    }

    /// Whether a backend with this manifest holds exactly these files, as they are: then it is owed nothing, as what
    /// references resolve to follows from all files together. Never where some languages alone are asked for: what a
    /// reference to a file of another language resolves to is not known from what the backend holds.
    #[must_use]
    pub fn is_held_by(&self, manifest: &Manifest, producer_version: &str) -> bool {
        let is_held = |file: &InventoryFile| {
            manifest.files.get(&file.path.key()).is_some_and(|held| {
                held.content_hash == file.content_identity()
                    && held.link_hash.is_some() == file.is_linked()
                    && held.producer_version == producer_version
            })
        };
        self.languages.is_empty()
            && manifest.files.len() == self.files.len()
            && self.files.iter().all(is_held)
    }
}

impl InventoryFile {
    /// Whether linking concerns the file.
    pub(super) fn is_linked(&self) -> bool {
        self.content_hash.is_some() && self.language != Language::Unknown && self.skip.is_none()
    }

    /// The [content identity](TransformedAst::content_identity) that its facts will have, unless it changes until then.
    #[must_use]
    pub fn content_identity(&self) -> Digest {
        self.content_hash.unwrap_or_else(|| self.facts_without_content().content_identity())
    }

    /// The row of a file whose content is not known.
    pub(super) fn facts_without_content(&self) -> TransformedAst {
        let mut facts = TransformedAst {
            path: self.path.clone(),
            language: self.language,
            flags: self.flags,
            size_bytes: self.size_bytes,
            last_modified: self.last_modified,
            ..TransformedAst::default()
        };
        if let Some(Skip { kind, reason }) = &self.skip {
            facts.parse_status = kind.parse_status();
            facts.skip_reason = Some(reason.clone());
            let issue = |kind| ParseIssue { kind, message: reason.clone(), ..ParseIssue::default() };
            facts.parse_issues.extend(kind.issue().map(issue));
        }
        facts
    }

    /// Takes in what reading the file gave.
    pub(super) fn set_content(&mut self, read: Result<(Content, FileStatus), Skip>) {
        match read {
            Ok((content, status)) => {
                let is_database = content.kind == ContentKind::Database;
                self.language = content.language;
                self.flags.is_generated |= content.is_generated;
                self.content_hash = (!is_database).then_some(content.hash);
                self.size_bytes = (!is_database).then_some(status.size_bytes);
                self.last_modified = (!is_database).then(|| status.modified());
                self.skip = match content.kind {
                    ContentKind::Text => None,
                    ContentKind::Binary => Some(Skip::new(SkipKind::Binary, "binary file")),
                    ContentKind::Database => Some(Skip::new(SkipKind::Database, "SQLite database")),
                };
            }
            Err(skip) => {
                self.content_hash = None;
                self.skip = Some(skip);
            }
        }
    }
}

/// Walks the tree and reads what the cache of file times does not know.
pub(super) fn scan(
    root: &Path,
    options: &ExtractOptions,
    store: &FactStore,
    workers: &Workers,
    progress: &Progress,
) -> Result<Inventory> {
    progress.begin(Phase::Discover, 0, 0);
    let Discovery { root, entries, unreadable_directories, mut warnings } =
        discover(root, &options.discover)?;
    warnings.extend(store.warning().map(str::to_owned));
    let cache = StatCache::open(store.file_beside("stat", &root));
    let read = read(&root, &entries, options, &cache, workers, progress)?;
    cache.save(entries.iter().zip(&read).filter_map(|(entry, read)| {
        let (content, status) = read.as_ref()?.as_ref().ok()?;
        Some((entry.path.key(), *status, *content))
    }));
    let mut files: Vec<_> = entries.into_iter().zip(read).map(|(entry, read)| file(entry, read)).collect();
    remove_companions(&mut files);
    check_keys(&files)?;
    let languages = options.discover.languages.clone();
    Ok(Inventory { root, files, languages, unreadable_directories, warnings })
}

type Read = Result<(Content, FileStatus), Skip>;

/// What each entry's content is; none where it is not to be read.
fn read(
    root: &Path,
    entries: &[Entry],
    options: &ExtractOptions,
    cache: &StatCache,
    workers: &Workers,
    progress: &Progress,
) -> Result<Vec<Option<Read>>> {
    let bytes = |entry: &Entry| entry.status.map_or(0, |status| status.size_bytes);
    progress.begin(Phase::Read, entries.len(), entries.iter().map(bytes).sum());
    let results = workers.map(
        entries.len(),
        |_| Inspector::new(),
        |inspector, index| {
            let entry = &entries[index];
            let result = match (&entry.skip, entry.status) {
                (Some(_), _) => None,
                (None, status) => {
                    let known =
                        status.and_then(|status| Some((cache.get(entry.path.key(), &status)?, status)));
                    Some(known.map_or_else(
                        || {
                            progress.read();
                            inspector.inspect(root, &entry.path, options.discover.max_file_bytes)
                        },
                        Ok,
                    ))
                }
            };
            progress.done(bytes(entry));
            Ok(result)
        },
    )?;
    Ok(results)
}

fn file(entry: Entry, read: Option<Read>) -> InventoryFile {
    let kind = entry.skip.as_ref().map(|skip| skip.kind);
    // The size of a link is the length of what it says.
    let status = entry.status.filter(|_| kind != Some(SkipKind::Symlink));
    let language = match kind {
        Some(SkipKind::Symlink | SkipKind::Special) => Language::Unknown,
        // Of a file that cannot be read, the name says it.
        _ => language_of(&entry.path, b""),
    };
    let mut file = InventoryFile {
        path: entry.path,
        language,
        flags: entry.flags,
        size_bytes: status.map(|status| status.size_bytes),
        last_modified: status.map(|status| status.modified()),
        content_hash: None,
        skip: entry.skip,
    };
    if let Some(read) = read {
        file.set_content(read);
    }
    file
}

/// What SQLite keeps beside a database comes and goes with its use; it says nothing about the tree.
fn remove_companions(files: &mut Vec<InventoryFile>) {
    let databases =
        files.iter().filter(|file| matches!(&file.skip, Some(skip) if skip.kind == SkipKind::Database));
    let companions: FxHashSet<Vec<u8>> = databases
        .flat_map(|file| DATABASE_COMPANIONS.map(|suffix| [file.path.as_bytes(), suffix.as_bytes()].concat()))
        .collect();
    files.retain(|file| !companions.contains(file.path.as_bytes()));
}

/// Two paths with one key would overwrite each other in every backend.
fn check_keys(files: &[InventoryFile]) -> Result<()> {
    let mut seen: FxHashMap<FileKey, &SourcePath> = FxHashMap::default();
    for file in files {
        if let Some(other) = seen.insert(file.path.key(), &file.path) {
            return Err(Error::new(ErrorKind::Data, "two paths of the tree have the same 64-bit key")
                .with_operation("discover")
                .with_context("path", other)
                .with_context("path", &file.path)
                .with_help("rename one of them, or name it in an .ignore file"));
        }
    }
    Ok(())
}
