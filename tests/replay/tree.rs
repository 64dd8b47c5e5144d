//! What a step did to the tree.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::Path,
};

use snake_pipe::core::id::Digest;

/// The contents of the files below a folder by their paths, but for what is git's.
pub(crate) fn contents(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let (path, kind) = entry.map(|entry| (entry.path(), entry.file_type().unwrap())).unwrap();
            if kind.is_dir() && path != root.join(".git") {
                folders.push(path);
            } else if kind.is_file() {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// The digests of contents.
pub(crate) fn digests(root: &Path) -> BTreeMap<String, Digest> {
    contents(root).into_iter().map(|(path, text)| (path, Digest::of(&text))).collect()
}

/// How many files a step changed, and how.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Changes {
    pub(crate) added: usize,
    pub(crate) changed: usize,
    pub(crate) removed: usize,
    /// Files that are elsewhere with the content they had.
    pub(crate) moved: usize,
    /// Pairs of folders from the one of which two files or more were moved to the other.
    pub(crate) moved_folders: usize,
}

impl Changes {
    pub(crate) fn between(before: &BTreeMap<String, Digest>, after: &BTreeMap<String, Digest>) -> Self {
        let changed = after.iter().filter(|(path, text)| before.get(*path).is_some_and(|old| old != *text));
        let added: Vec<_> = after.iter().filter(|(path, _)| !before.contains_key(*path)).collect();
        let removed: Vec<_> = before.iter().filter(|(path, _)| !after.contains_key(*path)).collect();
        let mut folders: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let mut moved = BTreeSet::new();
        for (to, text) in &added {
            let same_name = |from: &str| name(from) == name(to);
            let mut origins = removed.iter().filter(|(_, old)| old == text).map(|(from, _)| from.as_str());
            let origin = origins.clone().find(|from| same_name(from)).or_else(|| origins.next());
            if let Some(from) = origin {
                moved.insert(to.as_str());
                if folder(from) != folder(to) {
                    *folders.entry((folder(from), folder(to))).or_default() += 1;
                }
            }
        }
        let moved_folders = folders.values().filter(|files| **files >= 2).count();
        let (changed, moved) = (changed.count(), moved.len());
        let (added, removed) = (added.len() - moved, removed.len().saturating_sub(moved));
        Self { added, changed, removed, moved, moved_folders }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.added += other.added;
        self.changed += other.changed;
        self.removed += other.removed;
        self.moved += other.moved;
        self.moved_folders += other.moved_folders;
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { added, changed, removed, moved, moved_folders } = self;
        write!(
            f,
            "{added} added, {changed} changed, {removed} removed, {moved} moved, {moved_folders} folders moved"
        )
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
