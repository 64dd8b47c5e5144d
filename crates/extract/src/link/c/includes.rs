//! Which file an `#include` names.

use serde::{Deserialize, Serialize};
use snake_pipe_core::model::{Import, ImportKind, Origin};

use crate::link::{
    meaning::{Found, Meaning},
    names::{NameCollector, Names},
    paths::{Paths, ancestors, file_name, join, parent},
    standard,
    symbols::IncludeEntry,
};

/// What a file includes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::link) struct Includes {
    /// For each import of the file.
    pub(in crate::link) found: Box<[Found]>,
    /// The included files, each once, sorted.
    pub(in crate::link) files: Box<[u32]>,
    /// The candidates of includes that name a header of every architecture.
    pub(in crate::link) by_architecture: Box<[Box<[u32]>]>,
    /// Whether a header of the standard library is among them.
    pub(super) has_standard: bool,
}

/// The first pass over a file.
pub(in crate::link) fn collect(imports: &[Import], names: &NameCollector) -> Box<[IncludeEntry]> {
    let entry = |import: &Import| IncludeEntry {
        kind: import.kind,
        is_system: import.is_system,
        header: names.intern(&import.module),
    };
    imports.iter().map(entry).collect()
}

impl Includes {
    /// Resolves the includes of a file from the paths of the repository alone.
    pub(in crate::link) fn of(paths: &Paths, names: &Names, file: u32, entries: &[IncludeEntry]) -> Self {
        if entries.is_empty() {
            return Self::default();
        }
        let search = Search::new(paths, file);
        let mut by_architecture = Vec::new();
        let mut resolve = |entry: &IncludeEntry| match entry.kind {
            ImportKind::Include => {
                let include = Include { header: names.text(entry.header), is_system: entry.is_system };
                let candidates = search.candidates(include);
                if candidates.len() > 1
                    && candidates.iter().all(|file| architecture(paths.text(*file)).is_some())
                {
                    by_architecture.push(candidates.clone().into());
                }
                search.decide(include, &candidates)
            }
            ImportKind::Module
            | ImportKind::Name
            | ImportKind::Wildcard
            | ImportKind::ReExport
            | ImportKind::Dynamic => Found::UNKNOWN,
        };
        let found: Box<[Found]> = entries.iter().map(&mut resolve).collect();
        let mut files: Vec<u32> = found
            .iter()
            .filter_map(|found| match found.meaning {
                Meaning::File(included) if included != file => Some(included),
                _ => None,
            })
            .collect();
        files.sort_unstable();
        files.dedup();
        Self {
            has_standard: found.iter().any(|found| found.meaning == Meaning::Stdlib),
            files: files.into(),
            by_architecture: by_architecture.into(),
            found,
        }
    }

    pub(super) fn found(&self, number: usize) -> Found {
        self.found.get(number).copied().unwrap_or_default()
    }

    /// The files that are, or may be, included.
    pub(in crate::link) fn targets(&self) -> impl Iterator<Item = u32> + '_ {
        self.files.iter().chain(self.by_architecture.iter().flatten()).copied()
    }
}

/// An `#include` as written.
#[derive(Clone, Copy)]
struct Include<'a> {
    header: &'a str,
    is_system: bool,
}

/// The directories in which the headers of a file are looked for.
struct Search<'a> {
    paths: &'a Paths,
    directory: &'a str,
    /// Directories named `include` above or beside the file and above it, each with its `uapi`; innermost first.
    roots: Vec<String>,
}

impl<'a> Search<'a> {
    fn new(paths: &'a Paths, file: u32) -> Self {
        let directory = paths.path(file).directory();
        let mut roots = Vec::new();
        for above in ancestors(directory) {
            let is_root = file_name(above) == "include";
            let inside = join(above, "include");
            for root in inside.into_iter().chain(is_root.then(|| above.to_owned())) {
                let kernel_interface = format!("{root}/uapi");
                roots.push(root);
                roots.push(kernel_interface);
            }
        }
        roots.retain(|root| paths.directory(root).is_some());
        roots.dedup();
        Self { paths, directory, roots }
    }

    /// The files that an include may name: one where a rule finds it, several where only the path's end fits.
    fn candidates(&self, Include { header, is_system }: Include<'_>) -> Vec<u32> {
        let at = |directory: &str| self.paths.file(&join(directory, header)?);
        let beside = || if is_system { None } else { at(self.directory) };
        let in_a_root = || self.roots.iter().find_map(|root| at(root));
        let above = || {
            let above = ancestors(self.directory).skip(1);
            if is_system { at("") } else { above.into_iter().find_map(at) }
        };
        if let Some(file) = beside().or_else(in_a_root).or_else(above) {
            return vec![file];
        }
        // A header of the standard library is more likely meant than one of the same name anywhere below.
        if standard::c::is_header(header) || header.starts_with("../") || header.is_empty() {
            return Vec::new();
        }
        let header = header.trim_start_matches("./");
        self.paths.with_suffix(header).collect()
    }

    fn decide(&self, Include { header, is_system }: Include<'_>, candidates: &[u32]) -> Found {
        match candidates {
            [only] => Found::new(Meaning::File(*only), Origin::Path),
            [] if standard::c::is_header(header) => Found::STDLIB,
            [] if is_system && !self.is_ours(header) => Found::new(Meaning::External, Origin::Path),
            [] => Found::UNKNOWN,
            several => Found::new(Meaning::Several(several.len() as u32), Origin::Path),
        }
    }

    /// Whether a header's directory is one of the repository: then the header is a missing or generated one of its own.
    fn is_ours(&self, header: &str) -> bool {
        let directory = parent(header);
        !directory.is_empty()
            && self.roots.iter().any(|root| self.paths.directory(&format!("{root}/{directory}")).is_some())
    }
}

/// The directory `…/arch/NAME` in which a file stands, if it does.
pub(super) fn architecture(path: &str) -> Option<&str> {
    let start = if path.starts_with("arch/") { 0 } else { path.find("/arch/")? + 1 };
    let name = &path[start + "arch/".len()..];
    Some(&path[..start + "arch/".len() + name.find('/')?])
}

#[cfg(test)]
mod tests {
    use super::architecture;

    #[test]
    fn the_architecture_is_a_directory_below_arch() {
        assert_eq!(architecture("arch/x86/include/asm/io.h"), Some("arch/x86"));
        assert_eq!(architecture("tools/arch/arm/lib/a.c"), Some("tools/arch/arm"));
        assert_eq!(architecture("arch/Kconfig"), None);
        assert_eq!(architecture("kernel/arch.c"), None);
    }
}
