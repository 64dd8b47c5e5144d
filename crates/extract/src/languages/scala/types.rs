//! Classes, traits, objects, enums and instances of Scala.

use snake_pipe_core::model::{BaseKind, CallKind, Class, ClassKind, Field, Owner, Visibility};
use tree_sitter::Node;

use super::{
    APPLIED_TYPE, ARGUMENTS_LIST, BASE, BODY, CLASS_DEFINITION, CLASS_PARAMETER, CLASS_PARAMETERS,
    COMPOUND_TYPE, DEFAULT_VALUE, ENUM_DEFINITION, EXTEND, EXTRA, GENERIC_TYPE, INSTANCE, NAME, RETURN_TYPE,
    STABLE_TYPE, STRUCTURAL_TYPE, TRAIT_DEFINITION, TYPE, TYPE_PARAMETERS, VAL, VAR, WITH_TEMPLATE_BODY,
    heads::{annotate, default_visibility, field_modifiers, head},
    is_of_structural_type, variables,
};
use crate::engine::{CallSite, ClassDraft, Limit, Walk};

pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let head = head(walk, node);
    let is_case = head.has("case");
    let is_trait = walk.is(node, TRAIT_DEFINITION);
    let kind = match () {
        () if walk.is(node, CLASS_DEFINITION) && is_case => ClassKind::Record,
        () if walk.is(node, CLASS_DEFINITION) => ClassKind::Class,
        () if is_trait => ClassKind::Trait,
        () if walk.is(node, ENUM_DEFINITION) => ClassKind::Enum,
        () => ClassKind::Object,
    };
    let class = Class {
        kind,
        name: walk.child_text(node, NAME, Limit::Name).unwrap_or_default(),
        type_parameters: walk.child(node, TYPE_PARAMETERS).map(|list| walk.text_inside(list, Limit::Type)),
        visibility: head.visibility(default_visibility(walk)),
        is_abstract: head.has("abstract") || is_trait,
        is_final: head.has("final") || matches!(kind, ClassKind::Object | ClassKind::Enum),
        modifiers: head.words,
        ..Class::default()
    };
    base_calls(walk, node);
    let draft = ClassDraft { class, start: head.start, ..ClassDraft::default() };
    let Some(index) = walk.open_class(node, draft) else { return };
    for annotation in head.annotations {
        annotate(walk, Owner::Class(index), annotation);
    }
    for (place, base) in bases_of(walk, node).into_iter().enumerate() {
        let kind = if place == 0 { BaseKind::Extends } else { BaseKind::Mixin };
        add_base(walk, index, kind, base);
    }
    parameter_fields(walk, node, index, is_case);
}

/// `type A = B`; a type without a definition is a member to be defined by heirs, and no class.
pub(super) fn alias<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if walk.child(node, TYPE).is_none() || is_of_structural_type(walk) {
        return;
    }
    let head = head(walk, node);
    let class = Class {
        kind: ClassKind::TypeAlias,
        name: walk.child_text(node, NAME, Limit::Name).unwrap_or_default(),
        type_parameters: walk.child(node, TYPE_PARAMETERS).map(|list| walk.text_inside(list, Limit::Type)),
        visibility: head.visibility(default_visibility(walk)),
        modifiers: head.words,
        ..Class::default()
    };
    let draft = ClassDraft { class, start: head.start, ..ClassDraft::default() };
    let Some(index) = walk.add_class(node, draft) else { return };
    for annotation in head.annotations {
        annotate(walk, Owner::Class(index), annotation);
    }
}

/// A `given` with a body is an object, any other a value.
pub(super) fn given<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let name = walk.child_text(node, NAME, Limit::Name);
    let bases = walk.children_in(node, RETURN_TYPE);
    let Some(base) = bases.into_iter().find(|base| base.is_named()) else { return };
    if walk.child(node, BODY).is_none_or(|body| !walk.is(body, WITH_TEMPLATE_BODY)) {
        let type_name = walk.text(base, Limit::Type);
        if let Some(name) = name {
            variables::value(walk, node, name, Some(type_name));
        }
        return;
    }
    let head = head(walk, node);
    let class = Class {
        kind: ClassKind::Object,
        name: name.unwrap_or_else(|| "(anonymous)".to_owned()),
        visibility: head.visibility(default_visibility(walk)),
        is_final: true,
        modifiers: head.words.into_iter().chain(["given".to_owned()]).collect(),
        ..Class::default()
    };
    let draft = ClassDraft { class, start: head.start, ..ClassDraft::default() };
    if let Some(index) = walk.open_class(node, draft) {
        add_base(walk, index, BaseKind::Extends, base);
    }
}

/// A case of an enum is a value, or a class of values where it has parameters.
pub(super) fn enum_case<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let (Some(class), Some(name)) = (walk.enclosing_class(), walk.child(node, NAME)) else { return };
    let parameters = walk.child_text(node, CLASS_PARAMETERS, Limit::Type);
    let field = Field {
        name: walk.name(name),
        type_name: Some(parameters.unwrap_or_else(|| walk.class(class).name.clone())),
        visibility: Visibility::Public,
        is_static: true,
        is_final: true,
        line: walk.line(name),
        ..Field::default()
    };
    walk.add_field(class, field);
}

/// The body of `new Base { … }`.
pub(super) fn anonymous_body<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(instance) = walk.parent().filter(|parent| walk.is(*parent, INSTANCE)) else { return };
    let class = Class {
        name: "(anonymous)".to_owned(),
        visibility: Visibility::Private,
        is_final: true,
        ..Class::default()
    };
    let Some(index) = walk.open_class(node, ClassDraft { class, ..ClassDraft::default() }) else { return };
    let Some(first) = walk.named_children(instance).into_iter().next().filter(|first| *first != node) else {
        return;
    };
    let bases = match walk.is(first, COMPOUND_TYPE) {
        true => walk.child(first, BASE).into_iter().chain(walk.children_in(first, EXTRA)).collect(),
        false => vec![first],
    };
    for (place, base) in bases.into_iter().enumerate() {
        let kind = if place == 0 { BaseKind::Extends } else { BaseKind::Mixin };
        add_base(walk, index, kind, base);
    }
}

/// The types behind `extends`.
fn bases_of<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Vec<Node<'t>> {
    let Some(clause) = walk.child(node, EXTEND) else { return Vec::new() };
    let mut bases = walk.children_in(clause, TYPE);
    // `extends { val early = 1 } with Base` defines before it extends.
    bases.retain(|base| base.is_named() && !walk.is(*base, STRUCTURAL_TYPE));
    match bases[..] {
        [compound] if walk.is(compound, COMPOUND_TYPE) => {
            walk.child(compound, BASE).into_iter().chain(walk.children_in(compound, EXTRA)).collect()
        }
        _ => bases,
    }
}

fn add_base<'t>(walk: &mut Walk<'t>, class: u32, kind: BaseKind, base: Node<'t>) {
    let whole = if walk.is(base, APPLIED_TYPE) { base.named_child(0).unwrap_or(base) } else { base };
    let name = without_arguments(walk, whole);
    walk.add_base(class, kind, whole, name);
}

/// A type without type arguments and constructor arguments.
pub(super) fn without_arguments<'t>(walk: &Walk<'t>, type_node: Node<'t>) -> Node<'t> {
    let mut bare = type_node;
    loop {
        let inner = if walk.is(bare, GENERIC_TYPE) {
            walk.child(bare, TYPE)
        } else if walk.is(bare, APPLIED_TYPE) {
            bare.named_child(0)
        } else {
            None
        };
        match inner {
            Some(inner) => bare = inner,
            None => return bare,
        }
    }
}

/// The last name of a qualified type.
pub(super) fn last_name<'t>(walk: &mut Walk<'t>, name: Node<'t>) -> Node<'t> {
    match walk.is(name, STABLE_TYPE) {
        true => walk.named_children(name).pop().unwrap_or(name),
        false => name,
    }
}

/// The constructor of the first base is called where the class stands, not inside it.
fn base_calls<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(clause) = walk.child(node, EXTEND) else { return };
    let children = walk.named_children(clause);
    for (place, base) in children.iter().copied().enumerate() {
        let next = children.get(place + 1).copied();
        let is_base = !walk.is(base, ARGUMENTS_LIST);
        if let Some(arguments) = next.filter(|next| is_base && walk.is(*next, ARGUMENTS_LIST)) {
            let argument_count = walk.argument_count(arguments);
            let callee = without_arguments(walk, base);
            let name = last_name(walk, callee);
            walk.add_call(CallSite { kind: CallKind::Constructor, name, callee, argument_count });
        }
    }
}

/// Class parameters that are `val` or `var`, or stand in the first list of a case class.
fn parameter_fields<'t>(walk: &mut Walk<'t>, node: Node<'t>, class: u32, is_case: bool) {
    let lists = walk.children_in(node, CLASS_PARAMETERS).into_iter().filter(|list| list.is_named());
    for (place, list) in lists.enumerate() {
        for node in walk.named_children(list) {
            if !walk.is(node, CLASS_PARAMETER) {
                continue;
            }
            let is_variable = walk.child_of_kind(node, VAR).is_some();
            let is_value = walk.child_of_kind(node, VAL).is_some() || is_case && place == 0;
            let Some(name) = walk.child(node, NAME).filter(|_| is_variable || is_value) else { continue };
            let head = head(walk, node);
            let field = Field {
                name: walk.name(name),
                type_name: walk.child_text(node, TYPE, Limit::Type),
                default_value: walk.child_text(node, DEFAULT_VALUE, Limit::DefaultValue),
                visibility: head.visibility(Visibility::Public),
                modifiers: field_modifiers(walk, &head),
                is_final: !is_variable,
                line: walk.line(name),
                ..Field::default()
            };
            walk.add_field(class, field);
        }
    }
}
