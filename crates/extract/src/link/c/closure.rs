//! What a file includes, directly or through other files.

use std::cell::RefCell;

use super::{Definitions, includes::architecture};
use crate::link::paths::Paths;

/// The files that one file includes, as marks on all files of the repository. Kept by its thread from file to file, so
/// that nothing is cleared or allocated: a mark counts if it bears the number of the current walk.
#[derive(Debug, Default)]
pub(in crate::link) struct Closure {
    marks: Vec<u32>,
    walk: u32,
    queue: Vec<u32>,
    pub(super) has_standard: bool,
}

thread_local! {
    static CLOSURE: RefCell<Closure> = RefCell::default();
}

impl Closure {
    pub(in crate::link) fn contains(&self, file: u32) -> bool {
        self.marks[file as usize] == self.walk
    }

    fn begin(&mut self, files: usize) {
        if self.marks.len() != files || self.walk == u32::MAX {
            *self = Self { marks: vec![0; files], ..Self::default() };
        }
        self.walk += 1;
        self.has_standard = false;
        self.queue.clear();
    }

    fn visit(&mut self, file: u32) {
        if !self.contains(file) {
            self.marks[file as usize] = self.walk;
            self.queue.push(file);
        }
    }

    fn fill(&mut self, definitions: &Definitions, paths: &Paths, file: u32) {
        let own = architecture(paths.text(file));
        self.visit(file);
        while let Some(file) = self.queue.pop() {
            let includes = &definitions.includes[file as usize];
            self.has_standard |= includes.has_standard;
            for included in &includes.files {
                self.visit(*included);
            }
            // Code of one architecture is compiled with that one's headers.
            for candidates in includes.by_architecture.iter().filter(|_| own.is_some()) {
                let mut fitting = candidates.iter().filter(|file| architecture(paths.text(**file)) == own);
                if let (Some(only), None) = (fitting.next(), fitting.next()) {
                    self.visit(*only);
                }
            }
        }
    }
}

impl Definitions {
    /// Calls `with` with what `file` includes, itself among it.
    pub(in crate::link) fn with_closure<T>(
        &self,
        paths: &Paths,
        file: u32,
        with: impl FnOnce(&Closure) -> T,
    ) -> T {
        CLOSURE.with_borrow_mut(|closure| {
            closure.begin(paths.len());
            closure.fill(self, paths, file);
            with(closure)
        })
    }
}
