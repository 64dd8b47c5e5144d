//! Definitions and imports.

use std::ops::Range;

use proc_macro2::Span;
use serde_json::{Value, json};
use syn::{
    Attribute, Expr, ExprClosure, FnArg, ImplItem, Item, ItemMacro, Pat, ReturnType, Signature, TraitItem,
    Type, TypeParamBound, UseTree, Visibility, visit,
};

use super::{Base, Class, Judge, ScopeKind, source::range};

/// The first place of what is written.
pub(super) fn start(parts: impl IntoIterator<Item = Range<usize>>) -> usize {
    parts.into_iter().filter(|part| !part.is_empty()).map(|part| part.start).min().unwrap_or(0)
}

/// Says what an item is; false where there is nothing to say, and what is in it is to be visited.
pub(super) fn item(judge: &mut Judge<'_>, item: &Item) -> bool {
    match item {
        Item::Fn(function) => {
            let place = start([
                range(&function.vis),
                modifier(&function.modifiers.defaultness),
                range(&function.sig),
            ]);
            self::function(
                judge,
                &function.attrs,
                &function.sig,
                place,
                range(function).end,
                Some(&function.block),
            );
        }
        Item::Mod(module) => self::module(judge, module),
        Item::Struct(class) => {
            let place = start([range(&class.vis), range(&class.struct_token)]);
            self::class(judge, "struct", &class.attrs, &class.ident, place..range(class).end, Vec::new());
            let name = judge.source.text(range(&class.ident));
            judge.in_scope(ScopeKind::Class, name, |judge| visit::visit_item_struct(judge, class));
        }
        Item::Enum(class) => {
            let place = start([range(&class.vis), range(&class.enum_token)]);
            self::class(judge, "enum", &class.attrs, &class.ident, place..range(class).end, Vec::new());
            let name = judge.source.text(range(&class.ident));
            judge.in_scope(ScopeKind::Class, name, |judge| visit::visit_item_enum(judge, class));
        }
        Item::Union(class) => {
            let place = start([range(&class.vis), range(&class.union_token)]);
            self::class(judge, "union", &class.attrs, &class.ident, place..range(class).end, Vec::new());
            let name = judge.source.text(range(&class.ident));
            judge.in_scope(ScopeKind::Class, name, |judge| visit::visit_item_union(judge, class));
        }
        Item::Trait(class) => {
            let words = [range(&class.vis), range(&class.modifiers.auto_token), range(&class.unsafety)];
            let place = start(words.into_iter().chain([range(&class.trait_token)]));
            let bases = class.supertraits.iter().filter_map(|bound| supertrait(judge, bound)).collect();
            self::class(judge, "trait", &class.attrs, &class.ident, place..range(class).end, bases);
            let name = judge.source.text(range(&class.ident));
            judge.in_scope(ScopeKind::Class, name, |judge| visit::visit_item_trait(judge, class));
        }
        Item::Type(class) => {
            let place =
                start([range(&class.vis), modifier(&class.modifiers.defaultness), range(&class.type_token)]);
            self::class(judge, "type_alias", &class.attrs, &class.ident, place..range(class).end, Vec::new());
            visit::visit_item_type(judge, class);
        }
        Item::Impl(block) => implementation(judge, block),
        Item::Macro(called) if called.ident.is_some() => return macro_definition(judge, called),
        Item::Use(tree) => uses(judge, tree),
        Item::ExternCrate(krate) => extern_crate(judge, krate),
        Item::Const(item) => return value(judge, &item.attrs, &item.ident, &item.expr),
        Item::Static(item) => return value(judge, &item.attrs, &item.ident, &item.expr),
        _ => return false,
    }
    true
}

pub(super) fn impl_item(judge: &mut Judge<'_>, item: &ImplItem) -> bool {
    match item {
        ImplItem::Fn(function) => {
            let place = start([
                range(&function.vis),
                modifier(&function.modifiers.defaultness),
                range(&function.sig),
            ]);
            self::function(
                judge,
                &function.attrs,
                &function.sig,
                place,
                range(function).end,
                Some(&function.block),
            );
            true
        }
        ImplItem::Const(item) => value(judge, &item.attrs, &item.ident, &item.expr),
        _ => false,
    }
}

pub(super) fn trait_item(judge: &mut Judge<'_>, item: &TraitItem) -> bool {
    match item {
        TraitItem::Fn(function) => {
            let place = start([modifier(&function.modifiers.defaultness), range(&function.sig)]);
            self::function(
                judge,
                &function.attrs,
                &function.sig,
                place,
                range(function).end,
                function.default.as_ref(),
            );
            true
        }
        TraitItem::Const(item) => match &item.default {
            Some((_, default)) => value(judge, &item.attrs, &item.ident, default),
            None => false,
        },
        _ => false,
    }
}

fn modifier<T: quote::ToTokens>(word: &Option<T>) -> Range<usize> {
    range(word)
}

fn module(judge: &mut Judge<'_>, module: &syn::ItemMod) {
    let name = judge.source.text(range(&module.ident));
    if module.content.is_some() {
        judge.in_scope(ScopeKind::Module, name, |judge| visit::visit_item_mod(judge, module));
    } else {
        let place = range(&module.ident).start;
        let found = Import { kind: "module", module: &name, name: None, alias: None, is_relative: true };
        import(judge, place, found);
    }
}

// Functions.

pub(super) fn function(
    judge: &mut Judge<'_>,
    attributes: &[Attribute],
    signature: &Signature,
    start: usize,
    end: usize,
    body: Option<&syn::Block>,
) {
    let name = judge.source.text(range(&signature.ident));
    let is_member = matches!(judge.scopes.last(), Some((ScopeKind::Class | ScopeKind::Extension, _)));
    let mut parameters = Vec::new();
    for input in &signature.inputs {
        parameters.push(match input {
            FnArg::Receiver(receiver) => {
                let type_name = match &receiver.kind {
                    syn::ReceiverKind::Typed(_, type_name) => Some(judge.source.text(range(type_name))),
                    _ => None,
                };
                ("self".to_owned(), "receiver", type_name)
            }
            FnArg::Typed(typed) => {
                (pattern(judge, &typed.pat), "ordinary", Some(judge.source.text(range(&typed.ty))))
            }
        });
    }
    if let Some(variadic) = &signature.variadic {
        let name = variadic.pat.as_ref().map(|(name, _)| pattern(judge, name)).unwrap_or_default();
        parameters.push((name, "variadic", None));
    }
    let has_receiver = parameters.first().is_some_and(|(_, kind, _)| *kind == "receiver");
    let found = Found {
        name: name.clone(),
        kind: if is_member { "method" } else { "function" },
        qualified_name: judge.qualified(&name),
        place: start..end,
        is_async: signature.asyncness.is_some(),
        is_static: is_member && !has_receiver,
        is_abstract: body.is_none(),
        return_type: returned(judge, &signature.output),
        parameters,
    };
    add_function(judge, found, attributes);
    judge.in_scope(ScopeKind::Function, name, |judge| {
        visit::visit_signature(judge, signature);
        if let Some(body) = body {
            visit::visit_block(judge, body);
        }
    });
}

struct Found {
    name: String,
    kind: &'static str,
    qualified_name: String,
    place: Range<usize>,
    is_async: bool,
    is_static: bool,
    is_abstract: bool,
    return_type: Option<String>,
    parameters: Vec<(String, &'static str, Option<String>)>,
}

fn add_function(judge: &mut Judge<'_>, found: Found, attributes: &[Attribute]) {
    let (begin, end) = (judge.source.place(found.place.start), judge.source.place(found.place.end));
    let mut said = json!({"kind": found.kind});
    let flags =
        [("is_async", found.is_async), ("is_static", found.is_static), ("is_abstract", found.is_abstract)];
    for (flag, _) in flags.into_iter().filter(|(_, holds)| *holds) {
        said[flag] = json!("true");
    }
    said["return_type"] = json!(found.return_type);
    let at = [begin.clone(), end].concat();
    judge.facts.push(json!({
        "kind": "function", "at": at, "name": found.name, "qualified_name": found.qualified_name,
        "attributes": without_nulls(said),
    }));
    for (number, (name, kind, type_name)) in found.parameters.into_iter().enumerate() {
        let at: Vec<usize> = begin.iter().copied().chain([number]).collect();
        let said = without_nulls(json!({"kind": kind, "annotation": type_name}));
        judge.facts.push(json!({"kind": "parameter", "at": at, "name": name, "attributes": said}));
    }
    decorators(judge, attributes, &begin);
}

fn without_nulls(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    value
}

fn returned(judge: &Judge<'_>, output: &ReturnType) -> Option<String> {
    match output {
        ReturnType::Type(_, type_name) => Some(judge.source.text(range(type_name))),
        ReturnType::Default => None,
    }
}

/// A pattern as written, but for the `mut` of a plain variable.
fn pattern(judge: &Judge<'_>, pattern: &Pat) -> String {
    let mut place = range(pattern);
    if let Pat::Ident(name) = pattern
        && name.by_ref.is_none()
    {
        place.start = range(&name.ident).start;
    }
    judge.source.text(place)
}

/// `let name = |…| …`.
pub(super) fn bound_closure(judge: &mut Judge<'_>, local: &syn::Local) -> bool {
    let pat = match &local.pat {
        Pat::Type(typed) => &typed.pat,
        pat => pat,
    };
    let Pat::Ident(name) = pat else { return false };
    let Some(init) = local.init.as_ref().filter(|_| name.by_ref.is_none() && name.subpat.is_none()) else {
        return false;
    };
    match &*init.expr {
        Expr::Closure(closure) if init.diverge.is_none() => {
            self::closure(judge, &local.attrs, &name.ident, closure);
            true
        }
        _ => false,
    }
}

/// The value of a constant or static.
fn value(judge: &mut Judge<'_>, attributes: &[Attribute], name: &syn::Ident, value: &Expr) -> bool {
    match value {
        Expr::Closure(closure) => {
            self::closure(judge, attributes, name, closure);
            true
        }
        _ => false,
    }
}

fn closure(judge: &mut Judge<'_>, attributes: &[Attribute], name: &syn::Ident, closure: &ExprClosure) {
    let name = judge.source.text(range(name));
    let words = [range(&closure.lifetimes), range(&closure.constness), range(&closure.asyncness)];
    let words = words.into_iter().chain([range(&closure.capture), range(&closure.inputs_begin)]);
    let mut parameters = Vec::new();
    for input in &closure.inputs {
        parameters.push(match input {
            Pat::Type(typed) => {
                (pattern(judge, &typed.pat), "ordinary", Some(judge.source.text(range(&typed.ty))))
            }
            other => (pattern(judge, other), "ordinary", None),
        });
    }
    let found = Found {
        qualified_name: judge.qualified(&name),
        name: name.clone(),
        kind: "closure",
        place: start(words)..range(closure).end,
        is_async: closure.asyncness.is_some(),
        is_static: false,
        is_abstract: false,
        return_type: returned(judge, &closure.output),
        parameters,
    };
    add_function(judge, found, attributes);
    judge.in_scope(ScopeKind::Function, name, |judge| visit::visit_expr_closure(judge, closure));
}

/// `macro_rules! name { … }`; false for another macro that is given a name.
fn macro_definition(judge: &mut Judge<'_>, definition: &ItemMacro) -> bool {
    let Some(name) = &definition.ident else { return false };
    if !definition.mac.path.is_ident("macro_rules") {
        return false;
    }
    let name = judge.source.text(range(name));
    let place = range(&definition.mac.path).start..range(definition).end;
    let at = [judge.source.place(place.start), judge.source.place(place.end)].concat();
    judge.facts.push(json!({
        "kind": "function", "at": at, "name": name, "qualified_name": name, "attributes": {"kind": "macro"},
    }));
    decorators(judge, &definition.attrs, &at[..2]);
    let tokens = definition.mac.delimiter.span();
    judge.blind(tokens.open().byte_range().start, tokens.close().byte_range().end);
    true
}

// Classes.

fn class(
    judge: &mut Judge<'_>,
    kind: &str,
    attributes: &[Attribute],
    name: &syn::Ident,
    place: Range<usize>,
    bases: Vec<Base>,
) {
    let name = judge.source.text(range(name));
    let qualified_name = judge.qualified(&name);
    let (begin, end) = (judge.source.place(place.start), judge.source.place(place.end));
    let at = [begin.clone(), end].concat();
    judge.facts.push(json!({
        "kind": "class", "at": at, "name": name, "qualified_name": qualified_name, "attributes": {"kind": kind},
    }));
    decorators(judge, attributes, &begin);
    judge.classes.push(Class { qualified_name, name, begin, bases });
}

fn supertrait(judge: &Judge<'_>, bound: &TypeParamBound) -> Option<Base> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    if bound.maybe.is_some() {
        return None;
    }
    Some(Base { name: trait_name(judge, &bound.path), text: judge.source.text(range(bound)) })
}

/// A path without the type arguments of its last name.
fn trait_name(judge: &Judge<'_>, path: &syn::Path) -> String {
    let last = path.segments.last().map(|last| range(&last.ident).end);
    judge.source.text(range(path).start..last.unwrap_or(0))
}

fn implementation(judge: &mut Judge<'_>, block: &syn::ItemImpl) {
    let name = implementing_type(judge, &block.self_ty);
    let implemented = block.trait_.as_ref().filter(|_| block.modifiers.polarity.is_none());
    if let Some((path, _)) = implemented {
        let base = Base { name: trait_name(judge, path), text: judge.source.text(range(path)) };
        let qualified_name = judge.qualified(&name);
        judge.implementations.push((qualified_name, name.clone(), base));
    }
    judge.in_scope(ScopeKind::Extension, name, |judge| visit::visit_item_impl(judge, block));
}

/// The name of the type itself of `&'a mut path::Type<T>`, or all of what has no name of its own, such as a tuple.
fn implementing_type(judge: &Judge<'_>, type_name: &Type) -> String {
    match type_name {
        Type::Reference(inside) => implementing_type(judge, &inside.elem),
        Type::Ptr(inside) => implementing_type(judge, &inside.elem),
        Type::Paren(inside) => implementing_type(judge, &inside.elem),
        Type::Group(inside) => implementing_type(judge, &inside.elem),
        Type::Path(path) => match path.path.segments.last() {
            Some(last) => judge.source.text(range(&last.ident)),
            None => judge.source.text(range(path)),
        },
        Type::TraitObject(object) => {
            let first = object.bounds.iter().find_map(|bound| match bound {
                TypeParamBound::Trait(bound) => bound.path.segments.last(),
                _ => None,
            });
            match first {
                Some(first) => judge.source.text(range(&first.ident)),
                None => judge.source.text(range(object)),
            }
        }
        other => judge.source.text(range(other)),
    }
}

/// `#[…]`; documentation comments are attributes to `syn` only.
fn decorators(judge: &mut Judge<'_>, attributes: &[Attribute], begin: &[usize]) {
    let written = |attribute: &&Attribute| judge.source.raw(range(&attribute.pound_token)) == "#";
    for (number, attribute) in attributes.iter().filter(written).enumerate() {
        let arguments = match &attribute.meta {
            syn::Meta::Path(_) => None,
            syn::Meta::List(list) => {
                Some(inside(judge, list.delimiter.span().open(), list.delimiter.span().close()))
            }
            syn::Meta::NameValue(pair) => {
                let text = judge.source.text(range(&pair.value));
                let quoted = text.as_str();
                let inside = quoted.strip_prefix('"').and_then(|quoted| quoted.strip_suffix('"'));
                Some(inside.map(|inside| inside.trim().to_owned()).unwrap_or(text.clone()))
            }
        };
        let at: Vec<usize> = begin.iter().copied().chain([number]).collect();
        let said = without_nulls(json!({"arguments": arguments.filter(|text| !text.is_empty())}));
        let name = judge.source.text(range(attribute.path()));
        judge.facts.push(json!({"kind": "decorator", "at": at, "name": name, "attributes": said}));
    }
}

fn inside(judge: &Judge<'_>, open: Span, close: Span) -> String {
    judge.source.text(open.byte_range().end..close.byte_range().start)
}

// Imports.

/// What is imported under which name.
struct Import<'a> {
    kind: &'static str,
    module: &'a str,
    name: Option<String>,
    alias: Option<String>,
    is_relative: bool,
}

fn import(judge: &mut Judge<'_>, offset: usize, import: Import<'_>) {
    let Import { kind, module, name, alias, is_relative } = import;
    let alias = alias.filter(|alias| Some(alias) != name.as_ref());
    let mut said = without_nulls(json!({"kind": kind, "alias": alias}));
    if is_relative {
        said["is_relative"] = json!("true");
    }
    let at = judge.source.place(offset);
    judge.facts.push(json!({
        "kind": "import", "at": at, "name": name.unwrap_or_default(), "qualified_name": module, "attributes": said,
    }));
}

fn is_relative(module: &str) -> bool {
    matches!(module.split("::").next().unwrap_or_default(), "self" | "super")
}

fn extern_crate(judge: &mut Judge<'_>, krate: &syn::ItemExternCrate) {
    let module = judge.source.text(range(&krate.ident));
    let alias = krate.rename.as_ref().map(|(_, name)| judge.source.text(range(name)));
    let found = Import { kind: "module", module: &module, name: None, alias, is_relative: false };
    import(judge, range(&krate.ident).start, found);
}

fn uses(judge: &mut Judge<'_>, item: &syn::ItemUse) {
    let is_export = !matches!(item.vis, Visibility::Inherited);
    let leading = item.leading_colon.as_ref().map(|colon| range(colon).start);
    let prefix = if leading.is_some() { vec![String::new()] } else { Vec::new() };
    tree(judge, &item.tree, prefix, leading, is_export);
}

/// One import for every leaf; `first` is where the path of the leaf begins that stands here.
fn tree(
    judge: &mut Judge<'_>,
    leaf: &UseTree,
    mut prefix: Vec<String>,
    first: Option<usize>,
    is_export: bool,
) {
    match leaf {
        UseTree::Path(path) => {
            prefix.push(judge.source.text(range(&path.ident)));
            let first = first.or(Some(range(&path.ident).start));
            tree(judge, &path.tree, prefix, first, is_export);
        }
        UseTree::Group(group) => {
            for each in &group.items {
                tree(judge, each, prefix.clone(), None, is_export);
            }
        }
        UseTree::Glob(glob) => {
            let offset = first.unwrap_or(range(glob).start);
            let kind = if is_export { "re_export" } else { "wildcard" };
            let module = prefix.join("::");
            let is_relative = is_relative(&module);
            import(judge, offset, Import { kind, module: &module, name: None, alias: None, is_relative });
        }
        UseTree::Name(name) => named(judge, &name.ident, prefix, None, is_export),
        UseTree::Rename(name) => {
            let alias = judge.source.text(range(&name.rename));
            named(judge, &name.ident, prefix, Some(alias), is_export);
        }
    }
}

fn named(
    judge: &mut Judge<'_>,
    name: &syn::Ident,
    mut prefix: Vec<String>,
    alias: Option<String>,
    is_export: bool,
) {
    let offset = range(name).start;
    let text = judge.source.text(range(name));
    let is_whole = prefix.iter().all(String::is_empty) || text == "self";
    if is_whole && (text != "self" || prefix.is_empty()) {
        prefix.push(text.clone());
    }
    let module = prefix.join("::");
    let (kind, name) = match (is_export, is_whole) {
        (true, true) => ("re_export", Some("self".to_owned())),
        (true, false) => ("re_export", Some(text)),
        (false, true) => ("module", None),
        (false, false) => ("name", Some(text)),
    };
    let is_relative = is_relative(&module);
    import(judge, offset, Import { kind, module: &module, name, alias, is_relative });
}
