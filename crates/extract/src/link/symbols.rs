//! What linking keeps of a file after its first pass: names as numbers, no text.

use snake_pipe_core::{
    id::SymbolKey,
    model::{BaseKind, ClassKind, FunctionKind, ImportKind, Visibility},
};

use serde::{Deserialize, Serialize};

use super::names::{Name, NameCollector};
use crate::{ClassSymbol, FunctionSymbol, Linkable};

/// A file's symbols and what it says about others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileSymbols {
    pub(super) namespace: Option<Name>,
    pub(super) functions: Box<[FunctionEntry]>,
    pub(super) classes: Box<[ClassEntry]>,
    /// By scope, then name.
    members: Box<[Member]>,
    /// What the file declares for others without defining it; sorted.
    pub(super) declarations: Box<[Name]>,
    /// Variables of the top level; sorted.
    pub(super) variables: Box<[Name]>,
    /// Those of them that are bound inside a part of the top level alone; sorted.
    inner_variables: Box<[Name]>,
    /// Name outside, name inside; by name outside, then in source order.
    pub(super) exports: Box<[(Name, Name)]>,
    pub(super) imports: Box<[ImportEntry]>,
    /// Where imports stand that do not hold for the whole file; by the import. For languages with qualified names alone.
    pub(super) import_places: Box<[ImportPlaceEntry]>,
    /// What encloses each function, then each class, by its name in the [index](super::qualified) of qualified names;
    /// empty for languages that need none.
    pub(super) containers: Box<[Name]>,
    /// What C and C++ include, and in C++ import otherwise.
    pub(super) includes: Box<[IncludeEntry]>,
    pub(super) bases: Box<[BaseEntry]>,
    /// Fields with their types; by class, then name, then in source order.
    pub(super) fields: Box<[FieldEntry]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FunctionEntry {
    pub(super) symbol: SymbolKey,
    pub(super) name: Name,
    pub(super) scope: Scope,
    pub(super) visibility: Visibility,
    pub(super) parameter_count: u16,
    pub(super) kind: FunctionKind,
    pub(super) is_local: bool,
    pub(super) is_variadic: bool,
    /// Its name means nothing in the scope around it.
    pub(super) is_unscoped: bool,
    pub(super) is_static: bool,
    /// A method of an heir may take its place without saying so (C++, Scala).
    pub(super) is_virtual: bool,
    /// Declared for a receiver that is a type of its own (Kotlin, Scala).
    pub(super) is_extension: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ClassEntry {
    pub(super) symbol: SymbolKey,
    pub(super) name: Name,
    pub(super) visibility: Visibility,
    pub(super) scope: Scope,
    pub(super) kind: ClassKind,
    /// One of several definitions of the same class (C#).
    pub(super) is_partial: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ImportEntry {
    pub(super) kind: ImportKind,
    pub(super) module: Name,
    pub(super) name: Option<Name>,
    /// The name that the import binds in the file, by the rules of the language.
    pub(super) local: Option<Name>,
    pub(super) has_alias: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ImportPlaceEntry {
    pub(super) import: u32,
    pub(super) function: Option<u32>,
    /// The qualified name of what is around the import.
    pub(super) qualifier: Name,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IncludeEntry {
    pub(super) kind: ImportKind,
    pub(super) is_system: bool,
    pub(super) header: Name,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BaseEntry {
    pub(super) class: u32,
    pub(super) kind: BaseKind,
    /// None where a parameter or a local variable shadows the name.
    pub(super) name: Option<Name>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FieldEntry {
    pub(super) class: u32,
    pub(super) name: Name,
    pub(super) type_name: Name,
    pub(super) visibility: Visibility,
}

/// Where a definition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Scope {
    Top,
    Class(u32),
    Function(u32),
}

/// A function or a class of a file, by its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Local {
    Function(u32),
    Class(u32),
}

/// Twelve bytes a definition: scope, name, and which definition it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Member {
    scope: u32,
    name: Name,
    local: u32,
}

const HIGH_BIT: u32 = 1 << 31;

impl Scope {
    const fn packed(self) -> u32 {
        match self {
            Self::Top => u32::MAX,
            Self::Class(index) => index,
            Self::Function(index) => index | HIGH_BIT,
        }
    }
}

impl Local {
    const fn packed(self) -> u32 {
        match self {
            Self::Function(index) => index,
            Self::Class(index) => index | HIGH_BIT,
        }
    }

    const fn unpacked(packed: u32) -> Self {
        if packed & HIGH_BIT == 0 { Self::Function(packed) } else { Self::Class(packed & !HIGH_BIT) }
    }
}

impl FileSymbols {
    /// The definitions of a file; imports, bases and fields are left to the rules of its language. With
    /// `has_inner_namespaces`, a definition of the top level is no name of it if its qualified name says more: it stands
    /// in a namespace or module inside the file.
    pub(super) fn of(linkable: &Linkable, names: &NameCollector, has_inner_namespaces: bool) -> Self {
        let intern = |text: &String| names.intern(text);
        let is_enclosed = |name: &str, qualified_name: &str| has_inner_namespaces && name != qualified_name;
        let functions = linkable.functions.iter().map(|function| {
            let mut entry = function_entry(function, linkable, names);
            let is_top = entry.scope == Scope::Top;
            entry.is_unscoped |= is_top && is_enclosed(&function.name, &function.qualified_name);
            entry
        });
        let functions: Box<[FunctionEntry]> = functions.collect();
        let classes: Box<[ClassEntry]> =
            linkable.classes.iter().map(|c| class_entry(c, linkable, names)).collect();
        let declarations =
            linkable.declarations.iter().filter(|d| !d.is_local).map(|declaration| intern(&declaration.name));
        Self {
            namespace: linkable.namespace.as_ref().map(intern),
            members: members(&functions, &classes, |class| {
                let symbol = &linkable.classes[class as usize];
                is_enclosed(&symbol.name, &symbol.qualified_name)
            }),
            functions,
            classes,
            declarations: sorted(declarations.collect()),
            variables: sorted(linkable.variables.iter().map(|(name, _)| intern(name)).collect()),
            inner_variables: sorted(linkable.inner_variables.iter().map(intern).collect()),
            exports: by_key(
                linkable.exports.iter().map(|e| (intern(&e.name), intern(&e.local))).collect(),
                |(outside, _)| *outside,
            ),
            ..Self::default()
        }
    }

    /// The definitions named `name` directly in `scope`, functions first, in source order.
    pub(super) fn members(&self, scope: Scope, name: Name) -> impl ExactSizeIterator<Item = Local> + '_ {
        let key = (scope.packed(), name);
        let start = self.members.partition_point(|member| (member.scope, member.name) < key);
        let len = self.members[start..].partition_point(|member| (member.scope, member.name) == key);
        self.members[start..start + len].iter().map(|member| Local::unpacked(member.local))
    }

    /// Where the import with this number stands, if it does not hold for the whole file.
    pub(super) fn import_place(&self, import: usize) -> Option<&ImportPlaceEntry> {
        let places = &self.import_places;
        let at = places.binary_search_by_key(&(import as u32), |place| place.import).ok()?;
        Some(&places[at])
    }

    /// What encloses a definition, for languages with qualified names.
    pub(super) fn container(&self, local: Local) -> Option<Name> {
        let at = match local {
            Local::Function(index) => index as usize,
            Local::Class(index) => self.functions.len() + index as usize,
        };
        self.containers.get(at).copied()
    }

    pub(super) fn has_variable(&self, name: Name) -> bool {
        self.variables.binary_search(&name).is_ok()
    }

    /// Whether the name stands for a variable wherever the top level is seen.
    pub(super) fn is_variable(&self, name: Name) -> bool {
        self.has_variable(name) && self.inner_variables.binary_search(&name).is_err()
    }

    /// The names inside under which the file offers `name`.
    pub(super) fn exported_as(&self, name: Name) -> impl Iterator<Item = Name> + '_ {
        let start = self.exports.partition_point(|(outside, _)| *outside < name);
        self.exports[start..]
            .iter()
            .take_while(move |(outside, _)| *outside == name)
            .map(|(_, inside)| *inside)
    }

    /// The fields `name` of a class whose types are declared.
    pub(super) fn fields_named(&self, class: u32, name: Name) -> impl Iterator<Item = &FieldEntry> {
        let start = self.fields.partition_point(|field| (field.class, field.name) < (class, name));
        self.fields[start..].iter().take_while(move |field| (field.class, field.name) == (class, name))
    }

    /// The declared types of the field `name` of a class.
    pub(super) fn field_types(&self, class: u32, name: Name) -> impl Iterator<Item = Name> {
        self.fields_named(class, name).map(|field| field.type_name)
    }

    /// The innermost class that encloses a function, through the functions in between.
    pub(super) fn class_of(&self, function: u32) -> Option<u32> {
        self.scopes(Scope::Function(function)).find_map(|scope| match scope {
            Scope::Class(class) => Some(class),
            Scope::Top | Scope::Function(_) => None,
        })
    }

    /// The scopes from `scope` outwards; the top level is the last.
    pub(super) fn scopes(&self, scope: Scope) -> impl Iterator<Item = Scope> + '_ {
        // Definitions enclose only later ones, so the walk ends; the bound holds against facts that say otherwise.
        let bound = self.functions.len() + self.classes.len() + 2;
        std::iter::successors(Some(scope), |scope| match scope {
            Scope::Top => None,
            Scope::Class(index) => Some(self.classes.get(*index as usize).map_or(Scope::Top, |c| c.scope)),
            Scope::Function(index) => {
                Some(self.functions.get(*index as usize).map_or(Scope::Top, |f| f.scope))
            }
        })
        .take(bound)
    }
}

fn function_entry(function: &FunctionSymbol, linkable: &Linkable, names: &NameCollector) -> FunctionEntry {
    FunctionEntry {
        symbol: function.symbol,
        name: names.intern(&function.name),
        scope: scope_of(function, linkable),
        visibility: function.visibility,
        parameter_count: u16::try_from(function.parameter_count).unwrap_or(u16::MAX),
        kind: function.kind,
        is_local: function.is_local,
        is_variadic: function.is_variadic,
        is_unscoped: function.is_unscoped,
        is_static: function.is_static,
        is_virtual: function.is_virtual,
        is_extension: function.typed_names.first().is_some_and(|(name, _)| name == "this"),
    }
}

/// A function inside a method may bear the method's class besides its parent: then the method is the nearer scope.
fn scope_of(function: &FunctionSymbol, linkable: &Linkable) -> Scope {
    match (function.class, function.parent) {
        (None, None) => Scope::Top,
        (Some(class), None) => Scope::Class(class),
        (None, Some(parent)) => Scope::Function(parent),
        (Some(class), Some(parent)) => match linkable.functions.get(parent as usize) {
            Some(enclosing) if enclosing.class == Some(class) => Scope::Function(parent),
            Some(_) | None => Scope::Class(class),
        },
    }
}

fn class_entry(class: &ClassSymbol, linkable: &Linkable, names: &NameCollector) -> ClassEntry {
    let scope = match (class.outer, class.function) {
        (None, None) => Scope::Top,
        (Some(outer), None) => Scope::Class(outer),
        (None, Some(function)) => Scope::Function(function),
        (Some(outer), Some(function)) => match linkable.classes.get(outer as usize) {
            Some(enclosing) if enclosing.function == Some(function) => Scope::Class(outer),
            Some(_) | None => Scope::Function(function),
        },
    };
    ClassEntry {
        symbol: class.symbol,
        name: names.intern(&class.name),
        visibility: class.visibility,
        scope,
        kind: class.kind,
        is_partial: class.is_partial,
    }
}

fn members(
    functions: &[FunctionEntry],
    classes: &[ClassEntry],
    is_enclosed: impl Fn(u32) -> bool,
) -> Box<[Member]> {
    let member =
        |scope: Scope, name, local: Local| Member { scope: scope.packed(), name, local: local.packed() };
    let functions = functions.iter().enumerate().filter(|(_, function)| is_name_in_scope(function));
    let functions = functions.map(|(index, f)| member(f.scope, f.name, Local::Function(index as u32)));
    let is_named =
        |(index, class): &(usize, &ClassEntry)| class.scope != Scope::Top || !is_enclosed(*index as u32);
    let classes = classes.iter().enumerate().filter(is_named);
    let classes = classes.map(|(index, c)| member(c.scope, c.name, Local::Class(index as u32)));
    let mut members: Vec<Member> = functions.chain(classes).collect();
    members.sort_unstable();
    members.into()
}

/// Whether a function of this kind is a member of a type.
pub(super) const fn is_member_kind(kind: FunctionKind) -> bool {
    match kind {
        FunctionKind::Method
        | FunctionKind::Constructor
        | FunctionKind::Destructor
        | FunctionKind::Accessor
        | FunctionKind::Operator => true,
        FunctionKind::Function | FunctionKind::Closure | FunctionKind::Macro => false,
    }
}

/// A method outside classes belongs to an object or to a class that is not in the file: its bare name means nothing.
const fn is_name_in_scope(function: &FunctionEntry) -> bool {
    match function.kind {
        FunctionKind::Function | FunctionKind::Closure | FunctionKind::Macro => !function.is_unscoped,
        FunctionKind::Method
        | FunctionKind::Constructor
        | FunctionKind::Destructor
        | FunctionKind::Accessor
        | FunctionKind::Operator => matches!(function.scope, Scope::Class(_)),
    }
}

/// Items by a key, equals in their order: names have other numbers in every run, and what is found must not depend on them.
pub(super) fn by_key<T, K: Ord>(mut items: Vec<T>, key: impl Fn(&T) -> K) -> Box<[T]> {
    items.sort_by_key(key);
    items.into()
}

pub(super) fn sorted<T: Ord>(mut items: Vec<T>) -> Box<[T]> {
    items.sort_unstable();
    items.dedup();
    items.into()
}
