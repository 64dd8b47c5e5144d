//! Paths of Rust: what each part names in its module.

use rustc_hash::FxHashSet;
use snake_pipe_core::model::{FunctionKind, ImportKind, Origin};

use super::{MODULE_FILE, crates::CrateRoot};
use crate::link::{
    LinkIndex,
    meaning::{Candidates, Found, Meaning, SymbolRef},
    names::Name,
    qualified::{class_of, decide},
    standard,
    symbols::{ImportEntry, Local},
};

/// A query that looks at more imports than this is not followed to its end: globs can form a large graph.
const MAX_IMPORTS: usize = 500;

/// What a part of a path stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A module: a file, and the module inside it.
    Module { file: u32, inner: String },
    /// Anything else, or nothing.
    Found(Found),
}

impl Item {
    pub(super) const NOTHING: Self = Self::Found(Found::UNKNOWN);

    pub(super) fn module(file: u32, inner: &str) -> Self {
        Self::Module { file, inner: inner.to_owned() }
    }

    fn is_known(&self) -> bool {
        *self != Self::NOTHING
    }

    fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        if self.is_known() { self } else { other() }
    }
}

/// The imports that a query follows: they may go in circles.
#[derive(Debug, Default)]
pub(super) struct Seen {
    imports: Vec<(u32, u32, Option<Name>)>,
    /// Modules in which a glob was already asked for a name: each of a thousand modules may have a glob of all the others.
    asked: FxHashSet<(u32, String, Name, bool)>,
}

impl Seen {
    pub(super) fn begin(&mut self, file: u32, import: u32) {
        self.imports.push((file, import, None));
    }

    /// Whether an import may be followed, for one name in the case of a glob.
    fn first_time(&mut self, file: u32, import: usize, name: Option<Name>) -> bool {
        let (whole, one) = ((file, import as u32, None), (file, import as u32, name));
        let is_new = self.imports.len() < MAX_IMPORTS
            && !self.imports.contains(&whole)
            && !self.imports.contains(&one);
        if is_new {
            self.imports.push(one);
        }
        is_new
    }
}

impl LinkIndex {
    /// A module is its file.
    pub(super) fn found(&self, item: &Item) -> Found {
        match item {
            Item::Module { file, .. } => Found::new(Meaning::File(*file), Origin::Path),
            Item::Found(found) => *found,
        }
    }

    /// What the path of a `use` names. Its first part is a name in scope or a crate.
    pub(super) fn rust_use_path(&self, module: &Item, path: &[&str], seen: &mut Seen) -> Item {
        let item = self.rust_path(module, path, seen);
        let Item::Module { file, .. } = module else { return item };
        let is_crate = path.first().is_some_and(|first| self.is_crate_name(*file, first));
        item.or_else(|| match is_crate {
            true => Item::Found(Found::new(Meaning::External, Origin::Import)),
            false => Item::NOTHING,
        })
    }

    /// Whether the first name of a path that is no name in scope must be a crate from elsewhere.
    fn is_crate_name(&self, file: u32, first: &str) -> bool {
        let is_word = matches!(first, "crate" | "self" | "super" | "Self" | "$crate");
        !is_word
            && first.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && !matches!(self.rust.crates.root(self.paths.text(file), first), CrateRoot::File(_))
            && !self.rust_top_has(file, first)
    }

    fn rust_top_has(&self, file: u32, name: &str) -> bool {
        let Some(name) = self.names.get(name) else { return false };
        let symbols = &self.symbols[file as usize];
        symbols.imports.iter().any(|import| import.local == Some(name) && import.kind == MODULE_FILE)
    }

    /// What a path names, seen from a module.
    pub(super) fn rust_path(&self, module: &Item, path: &[&str], seen: &mut Seen) -> Item {
        let [first, rest @ ..] = path else { return Item::NOTHING };
        let Item::Module { file, inner } = module else { return Item::NOTHING };
        let heads = match *first {
            "crate" | "$crate" => self.rust_roots(*file),
            "self" => vec![module.clone()],
            "super" => self.rust_parents(*file, inner),
            name => vec![self.rust_head(*file, inner, name, rest.is_empty(), seen)],
        };
        let mut items =
            heads.into_iter().map(|head| self.rust_steps(head, rest, seen)).filter(Item::is_known);
        let first = items.next().unwrap_or(Item::NOTHING);
        let mut candidates = Candidates::default();
        candidates.add(self.found(&first));
        items.for_each(|item| candidates.add(self.found(&item)));
        match candidates.decide() {
            several @ Found { meaning: Meaning::Several(_), .. } => Item::Found(several),
            _ => first,
        }
    }

    fn rust_steps(&self, head: Item, rest: &[&str], seen: &mut Seen) -> Item {
        let mut item = head;
        for (at, part) in rest.iter().enumerate() {
            let is_last = at + 1 == rest.len();
            item = match &item {
                Item::Module { file, inner } if *part == "super" => {
                    let parents = self.rust_parents(*file, inner);
                    if let [only] = parents.as_slice() { only.clone() } else { Item::NOTHING }
                }
                Item::Module { .. } if *part == "self" => item,
                Item::Module { file, inner } => self.rust_item(*file, inner, part, is_last, seen),
                Item::Found(found) => match found.meaning {
                    Meaning::Class(class) if is_last => Item::Found(self.rust_associated(class, part)),
                    Meaning::External | Meaning::Stdlib => Item::Found(*found),
                    _ => Item::NOTHING,
                },
            };
        }
        item
    }

    /// The first part of a path: a name in scope, a crate, or one of the prelude.
    fn rust_head(&self, file: u32, inner: &str, name: &str, is_last: bool, seen: &mut Seen) -> Item {
        self.rust_item(file, inner, name, is_last, seen).or_else(|| {
            match self.rust.crates.root(self.paths.text(file), name) {
                CrateRoot::File(root) => Item::module(root, ""),
                CrateRoot::External => Item::Found(Found::new(Meaning::External, Origin::Import)),
                CrateRoot::Unknown if standard::rust::is_crate(name) || standard::rust::is_prelude(name) => {
                    Item::Found(Found::STDLIB)
                }
                CrateRoot::Unknown => Item::NOTHING,
            }
        })
    }

    /// The modules at the top of the crates to which a file belongs.
    fn rust_roots(&self, file: u32) -> Vec<Item> {
        let mut roots = Vec::new();
        let (mut queue, mut seen) = (vec![file], vec![file]);
        while let Some(file) = queue.pop() {
            match self.rust.parents.get(&file) {
                None => roots.push(Item::module(file, "")),
                Some(parents) => {
                    for (parent, _) in parents {
                        if !seen.contains(parent) {
                            seen.push(*parent);
                            queue.push(*parent);
                        }
                    }
                }
            }
        }
        roots
    }

    /// The modules in which a module stands.
    fn rust_parents(&self, file: u32, inner: &str) -> Vec<Item> {
        if !inner.is_empty() {
            return vec![Item::module(file, inner.rsplit_once("::").map_or("", |(outer, _)| outer))];
        }
        let parents = self.rust.parents.get(&file).into_iter().flatten();
        parents.map(|(parent, inner)| Item::module(*parent, self.names.text(*inner))).collect()
    }

    /// What a name stands for in a module: defined there, a module in it, imported by name, imported with a glob. Of a type
    /// and a function of one name the last part of a path means the function.
    pub(super) fn rust_item(
        &self,
        file: u32,
        inner: &str,
        name: &str,
        is_last: bool,
        seen: &mut Seen,
    ) -> Item {
        let name = name.strip_prefix("r#").unwrap_or(name);
        self.rust_defined(file, inner, name, is_last)
            .or_else(|| self.rust_submodule(file, inner, name))
            .or_else(|| self.rust_imported(file, inner, name, is_last, seen))
    }

    fn rust_defined(&self, file: u32, inner: &str, name: &str, is_last: bool) -> Item {
        let container = self.names.get(&format!("{}:{inner}", self.paths.text(file)));
        let (Some(container), Some(name)) = (container, self.names.get(name)) else { return Item::NOTHING };
        let all = self.rust.names.get(container, name);
        let is_item = |local: Local| match local {
            Local::Function(index) => {
                let function = self.function(SymbolRef { file, index });
                matches!(function.kind, FunctionKind::Function) && is_last
            }
            Local::Class(_) => true,
        };
        let items = || all.iter().copied().filter(|definition| is_item(definition.local));
        let functions = items().filter(|definition| matches!(definition.local, Local::Function(_)));
        Item::Found(decide(functions, Origin::Scope).or_else(|| decide(items(), Origin::Scope)))
    }

    /// A module inside the module: one with definitions in the same file, or a file.
    fn rust_submodule(&self, file: u32, inner: &str, name: &str) -> Item {
        let declared = self.names.get(name).and_then(|name| self.rust.children_named.get(&(file, name)));
        for at in declared.into_iter().flatten() {
            if self.rust_import_module(file, *at as usize) == inner
                && let Some(child) = self.rust.children.get(&(file, *at))
            {
                return Item::module(*child, "");
            }
        }
        let Some(modules) = self.rust.inner.get(&file) else { return Item::NOTHING };
        let separator = if inner.is_empty() { "" } else { "::" };
        let path = format!("{inner}{separator}{name}");
        let is_module = modules.contains(path.as_str());
        if is_module { Item::module(file, &path) } else { Item::NOTHING }
    }

    /// The module of a file in which an import stands.
    fn rust_import_module(&self, file: u32, import: usize) -> &str {
        self.symbols[file as usize].import_place(import).map_or("", |place| self.names.text(place.qualifier))
    }

    fn rust_imported(&self, file: u32, inner: &str, name: &str, is_last: bool, seen: &mut Seen) -> Item {
        let Some(number) = self.names.get(name) else { return Item::NOTHING };
        let module = Item::module(file, inner);
        let imports = &self.symbols[file as usize].imports;
        let is_here = |at: usize| {
            let place = self.symbols[file as usize].import_place(at);
            place.is_none_or(|place| place.function.is_none()) && self.rust_import_module(file, at) == inner
        };
        let named = |import: &ImportEntry| import.kind == ImportKind::Name && import.local == Some(number);
        for (at, import) in imports.iter().enumerate().filter(|(at, import)| named(import) && is_here(*at)) {
            if seen.first_time(file, at, None) {
                let item = self.rust_import_target(&module, import, seen);
                seen.imports.pop();
                if item.is_known() && (is_last || self.is_path_part(&item)) {
                    return by_import(item);
                }
            }
        }
        let mut items = Vec::new();
        seen.asked.insert((file, inner.to_owned(), number, is_last));
        let globs = imports.iter().enumerate().filter(|(_, import)| import.kind == ImportKind::Wildcard);
        for (at, import) in globs.filter(|(at, _)| is_here(*at)) {
            if seen.first_time(file, at, Some(number)) {
                let item = match self.rust_import_target(&module, import, seen) {
                    Item::Module { file, inner }
                        if seen.asked.insert((file, inner.clone(), number, is_last)) =>
                    {
                        self.rust_item(file, &inner, name, is_last, seen)
                    }
                    _ => Item::NOTHING,
                };
                if item.is_known() && !items.contains(&item) {
                    items.push(item);
                }
            }
        }
        match items.as_slice() {
            [only] => by_import(only.clone()),
            [] => Item::NOTHING,
            several => Item::Found(Found::new(Meaning::Several(several.len() as u32), Origin::Import)),
        }
    }

    /// Whether a path can go on behind this.
    fn is_path_part(&self, item: &Item) -> bool {
        !matches!(item, Item::Found(Found { meaning: Meaning::Function(_), .. }))
    }

    fn rust_import_target(&self, module: &Item, import: &ImportEntry, seen: &mut Seen) -> Item {
        let path: Vec<&str> = self.names.text(import.module).split("::").collect();
        self.rust_use_path(module, &path, seen)
    }

    /// What a `use` inside the functions around a call brings.
    pub(super) fn rust_imported_in_function(&self, file: u32, functions: &[u32], name: &str) -> Item {
        let Some(number) = self.names.get(name) else { return Item::NOTHING };
        let symbols = &self.symbols[file as usize];
        for place in symbols.import_places.iter() {
            let Some(function) = place.function.filter(|function| functions.contains(function)) else {
                continue;
            };
            let Some(import) = symbols.imports.get(place.import as usize) else { continue };
            if import.local == Some(number) && import.kind == ImportKind::Name {
                let seen = &mut Seen::default();
                seen.begin(file, place.import);
                let module = self.rust_module_of_function(file, function);
                return by_import(self.rust_import_target(&module, import, seen));
            }
        }
        Item::NOTHING
    }

    /// The class that the text of a type names in a module; references, pointers and type arguments are read over.
    pub(super) fn rust_type(&self, module: &Item, text: &str) -> Found {
        let Some(path) = type_path(text) else { return Found::UNKNOWN };
        let parts: Vec<&str> = path.split("::").collect();
        let found = self.found(&self.rust_path(module, &parts, &mut Seen::default()));
        match found.meaning {
            Meaning::External | Meaning::Stdlib => found,
            _ if class_of(found).is_some() => found,
            _ => Found::UNKNOWN,
        }
    }
}

/// What an import brings is found by the import, modules as they are.
fn by_import(item: Item) -> Item {
    match item {
        Item::Found(found) => Item::Found(found.by(Origin::Import)),
        module @ Item::Module { .. } => module,
    }
}

/// The path in `&'a mut a::B<C>` or `&dyn B`; none where the type is none, or several.
fn type_path(text: &str) -> Option<&str> {
    let mut text = text.trim();
    loop {
        text = text.trim_start();
        let rest = text
            .strip_prefix('&')
            .or_else(|| text.strip_prefix("mut "))
            .or_else(|| text.strip_prefix("dyn "));
        match rest {
            Some(rest) => text = rest,
            None if text.starts_with('\'') => text = text.split_once(' ')?.1,
            None => break,
        }
    }
    let path = text.split('<').next()?.trim_end_matches("::").trim();
    let is_path = path
        .split("::")
        .all(|part| !part.is_empty() && part.chars().all(|c| c == '_' || c == '#' || c.is_alphanumeric()));
    is_path.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::type_path;

    #[test]
    fn a_type_is_its_path() {
        assert_eq!(type_path("&'a mut shop::Cart<'a, T>"), Some("shop::Cart"));
        assert_eq!(type_path("&dyn Figure"), Some("Figure"));
        assert_eq!((type_path("[u8; 4]"), type_path("(A, B)"), type_path("impl A + B")), (None, None, None));
    }
}
