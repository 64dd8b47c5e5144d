//! C: headers by path, functions and macros by what a file includes. C++ takes part with its includes only.
//!
//! Source: ISO/IEC 9899:2018, 6.10.2 (source file inclusion), 6.2.2 (linkage of identifiers).

mod calls;
mod closure;
mod includes;

use snake_pipe_core::{Language, model::FunctionKind};

pub(super) use self::closure::Closure;
pub(super) use self::includes::{Includes, collect};
use super::{
    meaning::{Found, SymbolRef},
    names::Name,
    paths::Paths,
    symbols::FileSymbols,
};

/// What the C files of the repository define and declare for others.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    includes: Vec<Includes>,
    /// Functions and macros that another file can see: they stand in an included file, or have external linkage.
    functions: ByName<Visible>,
    /// The included files that declare a function.
    declaring: ByName<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Visible {
    function: SymbolRef,
    /// Has external linkage: a declaration anywhere can mean it.
    is_shared: bool,
}

impl Definitions {
    pub(super) fn new(paths: &Paths, symbols: &[FileSymbols], includes: Vec<Includes>) -> Self {
        let mut is_included = vec![false; paths.len()];
        for file in includes.iter().flat_map(Includes::targets) {
            is_included[file as usize] = true;
        }
        let files = || (0..paths.len() as u32).filter(|file| paths.language(*file) == Language::C);
        let functions = || {
            files().flat_map(|file| {
                let is_included = is_included[file as usize];
                let functions = symbols[file as usize].functions.iter().enumerate();
                functions.filter_map(move |(index, function)| {
                    let is_shared = !function.is_local && function.kind != FunctionKind::Macro;
                    let function_ref = SymbolRef { file, index: index as u32 };
                    (is_included || is_shared)
                        .then_some((function.name, Visible { function: function_ref, is_shared }))
                })
            })
        };
        let declaring = || {
            let included = files().filter(|file| is_included[*file as usize]);
            included
                .flat_map(|file| symbols[file as usize].declarations.iter().map(move |name| (*name, file)))
        };
        Self { functions: ByName::new(functions), declaring: ByName::new(declaring), includes }
    }

    /// What the files include, by their numbers.
    pub(super) fn includes(&self) -> &[Includes] {
        &self.includes
    }

    /// What the `number`-th include of a file names.
    pub(super) fn include(&self, file: u32, number: usize) -> Found {
        self.includes[file as usize].found(number)
    }
}

/// Items by name, each name's in the order in which they came.
#[derive(Debug)]
struct ByName<T> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self { starts: Vec::new(), items: Vec::new() }
    }
}

impl<T: Copy> ByName<T> {
    /// Sorts by counting; `items` is gone through twice.
    fn new<I: Iterator<Item = (Name, T)>>(items: impl Fn() -> I) -> Self {
        let mut starts = Vec::new();
        for (name, _) in items() {
            let at = name.index() + 1;
            if at >= starts.len() {
                starts.resize(at + 1, 0_u32);
            }
            starts[at] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let Some((_, first)) = items().next() else { return Self::default() };
        let mut next = starts.clone();
        let mut sorted = vec![first; starts.last().map_or(0, |end| *end as usize)];
        for (name, item) in items() {
            let at = &mut next[name.index()];
            sorted[*at as usize] = item;
            *at += 1;
        }
        Self { starts, items: sorted }
    }

    fn get(&self, name: Name) -> &[T] {
        match (self.starts.get(name.index()), self.starts.get(name.index() + 1)) {
            (Some(start), Some(end)) => &self.items[*start as usize..*end as usize],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests;
