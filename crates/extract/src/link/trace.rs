//! What linking one file looked at, noted while it looks.
//!
//! What a file's references resolve to is a function of what linking reads. So a later run may keep the result as long as
//! everything that was read is as it was. Other files' entries are read through [`PerFile`], which notes them; what is
//! looked up by text and may not be there is noted where it is looked up, as a [`Key`].

use std::{
    cell::{Cell, RefCell},
    hash::{BuildHasher, Hash},
    ops::Index,
};

use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

/// One entry for each file of the repository. Which entries are read is noted.
#[derive(Debug)]
pub(super) struct PerFile<T>(Vec<T>);

impl<T> PerFile<T> {
    pub(super) const fn new(entries: Vec<T>) -> Self {
        Self(entries)
    }

    pub(super) fn get(&self, file: usize) -> Option<&T> {
        note_file(file as u32);
        self.0.get(file)
    }
}

impl<T> Index<usize> for PerFile<T> {
    type Output = T;

    fn index(&self, file: usize) -> &T {
        note_file(file as u32);
        &self.0[file]
    }
}

/// Something that is looked up by its text. Two may share a number: then more is linked again than has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Key(u32);

impl Key {
    /// A name that nothing in the repository bears; in C, one that is called.
    pub(super) fn of_name(text: &str) -> Self {
        Self::of((0, text))
    }

    /// The path of a file.
    pub(super) fn of_path(text: &str) -> Self {
        Self::of((1, text))
    }

    /// A type by its package and name, which are the numbers of names.
    pub(super) fn of_type(package: usize, name: usize) -> Self {
        Self::of((2, package, name))
    }

    /// A definition by what encloses it and its name, which are the numbers of names.
    pub(super) fn of_member(container: usize, name: usize) -> Self {
        Self::of((3, container, name))
    }

    fn of(what: impl Hash) -> Self {
        let hash = FxBuildHasher.hash_one(what);
        Self((hash ^ (hash >> 32)) as u32)
    }
}

/// What linking one file looked at, itself apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trace {
    /// The files, by number; sorted.
    pub(super) files: Box<[u32]>,
    /// What was looked up by its text; sorted.
    pub(super) keys: Box<[Key]>,
}

/// Notes that a key was looked up, where somebody listens.
pub(super) fn note_key(key: impl FnOnce() -> Key) {
    if IS_NOTED.get() {
        NOTES.with_borrow_mut(|notes| notes.keys.push(key()));
    }
}

/// Calls `link` for the file with this number, of so many, and notes what it looks at.
pub(super) fn noted<T>(file: u32, files: usize, link: impl FnOnce() -> T) -> (T, Trace) {
    NOTES.with_borrow_mut(|notes| notes.begin(file, files));
    IS_NOTED.set(true);
    let guard = Guard;
    let result = link();
    drop(guard);
    (result, NOTES.with_borrow_mut(Notes::take))
}

/// Ends the noting even if linking panics.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        IS_NOTED.set(false);
    }
}

fn note_file(file: u32) {
    if IS_NOTED.get() {
        NOTES.with_borrow_mut(|notes| notes.visit(file));
    }
}

/// Kept by its thread from file to file: a mark counts if it bears the number of the current walk.
#[derive(Default)]
struct Notes {
    marks: Vec<u32>,
    walk: u32,
    files: Vec<u32>,
    keys: Vec<Key>,
}

thread_local! {
    static IS_NOTED: Cell<bool> = const { Cell::new(false) };
    static NOTES: RefCell<Notes> = RefCell::default();
}

impl Notes {
    fn begin(&mut self, file: u32, files: usize) {
        if self.marks.len() != files || self.walk == u32::MAX {
            (self.marks, self.walk) = (vec![0; files], 0);
        }
        self.walk += 1;
        self.files.clear();
        self.keys.clear();
        self.marks[file as usize] = self.walk;
    }

    fn visit(&mut self, file: u32) {
        let mark = &mut self.marks[file as usize];
        if *mark != self.walk {
            *mark = self.walk;
            self.files.push(file);
        }
    }

    fn take(&mut self) -> Trace {
        self.files.sort_unstable();
        self.keys.sort_unstable();
        self.keys.dedup();
        Trace { files: self.files.as_slice().into(), keys: self.keys.as_slice().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_of_other_files_is_noted_once() {
        let entries = PerFile::new(vec!['a', 'b', 'c', 'd']);
        let (read, trace) = noted(1, 4, || {
            note_key(|| Key::of_name("x"));
            note_key(|| Key::of_name("x"));
            [entries[3], entries[1], entries[0], entries[3]]
        });
        assert_eq!(read, ['d', 'b', 'a', 'd']);
        assert_eq!((&*trace.files, &*trace.keys), ([0, 3].as_slice(), [Key::of_name("x")].as_slice()));
    }

    #[test]
    fn nothing_is_noted_of_what_is_read_for_no_file() {
        let entries = PerFile::new(vec!['a', 'b']);
        assert_eq!((entries[1], entries.get(2)), ('b', None));
        let (_, trace) = noted(0, 2, || ());
        assert_eq!(trace, Trace::default());
    }
}
