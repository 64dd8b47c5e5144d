//! The repository's files and directories by path.

use std::ops::Range;

use snake_pipe_core::{Language, SourcePath, id::FileKey};

use super::{
    LinkFile,
    index_table::IndexTable,
    names::hash_of,
    trace::{Key, note_key},
};

/// Every file of the repository, whether linking understands it or not.
#[derive(Debug)]
pub(super) struct Paths {
    files: Vec<LinkFile>,
    keys: Vec<FileKey>,
    by_path: IndexTable,
    /// Files by name, then by path.
    by_name: Vec<u32>,
    directories: Vec<String>,
    by_directory: IndexTable,
}

impl Paths {
    pub(super) fn new(files: Vec<LinkFile>) -> Self {
        let mut paths = Self {
            keys: files.iter().map(|file| file.path.key()).collect(),
            by_path: IndexTable::default(),
            by_name: (0..files.len() as u32).collect(),
            directories: Vec::new(),
            by_directory: IndexTable::default(),
            files,
        };
        for (index, file) in paths.files.iter().enumerate() {
            let hash_of_file = |other: u32| hash_of(paths.files[other as usize].path.as_str());
            paths.by_path.insert(hash_of(file.path.as_str()), index as u32, hash_of_file);
        }
        let files = &paths.files;
        paths.by_name.sort_by_key(|index| (files[*index as usize].path.file_name(), *index));
        for index in 0..paths.files.len() {
            let directory = paths.files[index].path.directory().to_owned();
            paths.add_directory(&directory);
        }
        paths
    }

    fn add_directory(&mut self, directory: &str) {
        let mut directory = directory;
        while self.directory(directory).is_none() {
            let (index, directories) = (self.directories.len() as u32, &self.directories);
            self.by_directory
                .insert(hash_of(directory), index, |other| hash_of(&directories[other as usize]));
            self.directories.push(directory.to_owned());
            directory = parent(directory);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    pub(super) fn path(&self, file: u32) -> &SourcePath {
        &self.files[file as usize].path
    }

    pub(super) fn text(&self, file: u32) -> &str {
        self.path(file).as_str()
    }

    pub(super) fn language(&self, file: u32) -> Language {
        self.files[file as usize].language
    }

    pub(super) fn key(&self, file: u32) -> FileKey {
        self.keys[file as usize]
    }

    /// The file at `path`. A path that is not UTF-8 is not found: no import can spell it.
    pub(super) fn file(&self, path: &str) -> Option<u32> {
        note_key(|| Key::of_path(path));
        self.by_path.find(hash_of(path), |index| {
            let known = self.path(index);
            known.is_utf8() && known.as_str() == path
        })
    }

    /// The directory at `path` (empty for the root), if it holds a file at any depth.
    pub(super) fn directory(&self, path: &str) -> Option<u32> {
        self.by_directory.find(hash_of(path), |index| self.directories[index as usize] == path)
    }

    pub(super) fn directory_text(&self, directory: u32) -> &str {
        &self.directories[directory as usize]
    }

    /// The files whose path ends in the parts of `suffix`, in the order of their paths.
    pub(super) fn with_suffix<'a>(&'a self, suffix: &'a str) -> impl Iterator<Item = u32> + 'a {
        self.by_name[self.named(file_name(suffix))].iter().copied().filter(move |index| {
            let path = self.text(*index);
            path.len() == suffix.len() && path == suffix
                || path.len() > suffix.len()
                    && path.ends_with(suffix)
                    && path.as_bytes()[path.len() - suffix.len() - 1] == b'/'
        })
    }

    fn named(&self, name: &str) -> Range<usize> {
        let name_of = |index: &u32| self.path(*index).file_name();
        let start = self.by_name.partition_point(|index| name_of(index) < name);
        let len = self.by_name[start..].partition_point(|index| name_of(index) == name);
        start..start + len
    }
}

/// The directory that holds `path`; of the root, the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `directory` and the directories that hold it, innermost first, the root last.
pub(super) fn ancestors(directory: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(directory), |path| (!path.is_empty()).then(|| parent(path)))
}

/// `path` seen from `directory`, with `.` and `..` worked out. None where it leaves the repository.
pub(super) fn join(directory: &str, path: &str) -> Option<String> {
    let mut joined = String::with_capacity(directory.len() + path.len() + 1);
    joined.push_str(directory);
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if joined.is_empty() => return None,
            ".." => joined.truncate(parent(&joined).len()),
            part => {
                if !joined.is_empty() {
                    joined.push('/');
                }
                joined.push_str(part);
            }
        }
    }
    Some(joined)
}

/// How many leading directories two paths share.
pub(super) fn shared_depth(one: &str, two: &str) -> usize {
    parent(one)
        .split('/')
        .zip(parent(two).split('/'))
        .take_while(|(one, two)| one == two && !one.is_empty())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(all: &[&str]) -> Paths {
        Paths::new(all.iter().map(|path| LinkFile { path: (*path).into(), language: Language::C }).collect())
    }

    #[test]
    fn files_are_found_by_path_and_by_its_end() {
        let paths = paths(&["a/b/x.h", "a/x.h", "b/x.h", "yb/x.h"]);
        assert_eq!(paths.file("a/x.h"), Some(1));
        assert_eq!(paths.file("x.h"), None);
        assert_eq!(paths.with_suffix("b/x.h").collect::<Vec<_>>(), [0, 2]);
        assert!(paths.directory("a/b").is_some() && paths.directory("").is_some());
        assert_eq!(paths.directory("a/c"), None);
    }

    #[test]
    fn joining_works_out_dots() {
        assert_eq!(join("a/b", "../c/./d.h").as_deref(), Some("a/c/d.h"));
        assert_eq!(join("a", "../d.h").as_deref(), Some("d.h"));
        assert_eq!(join("a", "../../d.h"), None);
    }

    #[test]
    fn ancestors_end_with_the_root() {
        assert_eq!(ancestors("a/b").collect::<Vec<_>>(), ["a/b", "a", ""]);
    }

    #[test]
    fn nearness_counts_shared_directories() {
        assert_eq!(shared_depth("a/b/x.java", "a/b/c/y.java"), 2);
        assert_eq!(shared_depth("x.java", "y.java"), 0);
    }
}
