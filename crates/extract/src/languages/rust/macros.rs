//! Macros of Rust: definitions, invocations, and the calls among the tokens of an invocation.

use snake_pipe_core::model::{CallKind, Function, FunctionKind, Visibility};
use tree_sitter::Node;

use super::{
    COMMA, CRATE, DOT, EXCLAMATION, IDENTIFIER, MACRO, MACRO_RULE, NAME, PATH_SEPARATOR, QUESTION_MARK, SELF,
    STRING_LITERAL, SUPER, TOKEN_TREE,
};
use crate::engine::{CallSite, FunctionDraft, Limit, Walk};

/// Macros whose arguments are expressions, by their last name: those of `core`, `alloc` and `std`, and of widely used
/// crates (`log`, `tracing`, `anyhow`, `tokio`, `proptest`).
const OF_EXPRESSIONS: [&[u8]; 38] = [
    b"anyhow",
    b"assert",
    b"assert_eq",
    b"assert_ne",
    b"bail",
    b"dbg",
    b"debug",
    b"debug_assert",
    b"debug_assert_eq",
    b"debug_assert_ne",
    b"ensure",
    b"eprint",
    b"eprintln",
    b"error",
    b"format",
    b"format_args",
    b"info",
    b"join",
    b"panic",
    b"print",
    b"println",
    b"prop_assert",
    b"prop_assert_eq",
    b"prop_assert_ne",
    b"ready",
    b"todo",
    b"trace",
    b"try",
    b"try_join",
    b"unimplemented",
    b"unreachable",
    b"vec",
    b"warn",
    b"write",
    b"writeln",
    b"assert_matches",
    b"pin",
    b"addr_of",
];

/// Words that the grammar takes for identifiers among tokens.
const KEYWORDS: [&[u8]; 7] = [b"dyn", b"else", b"in", b"move", b"mut", b"ref", b"where"];

pub(super) fn definition<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let is_exported = walk.annotations_before(node).contains(&"macro_export");
    let function = Function {
        kind: FunctionKind::Macro,
        name: walk.child_text(node, NAME, Limit::Name).unwrap_or_default(),
        visibility: if is_exported { Visibility::Public } else { Visibility::Private },
        ..Function::default()
    };
    let body = walk.child_of_kind(node, MACRO_RULE);
    walk.open_function(node, FunctionDraft { function, body, ..FunctionDraft::default() });
}

pub(super) fn invocation<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(callee) = walk.child(node, MACRO) else { return };
    let name = walk.child(callee, NAME).unwrap_or(callee);
    let Some(tokens) = walk.child_of_kind(node, TOKEN_TREE) else { return };
    let takes_expressions = OF_EXPRESSIONS.contains(&walk.bytes(name));
    let argument_count = argument_count(walk, tokens);
    walk.add_call(CallSite { kind: CallKind::Macro, name, callee, argument_count });
    if takes_expressions {
        calls_among(walk, tokens);
    }
}

/// How many pieces commas make of a list of tokens.
fn argument_count<'t>(walk: &mut Walk<'t>, tokens: Node<'t>) -> u32 {
    let tokens = walk.children(tokens);
    let Some([inside @ .., last]) = tokens.get(1..tokens.len().saturating_sub(1)) else { return 0 };
    let commas = inside.iter().filter(|token| walk.is(**token, COMMA)).count() as u32;
    commas + 1 - if inside.is_empty() && walk.is(*last, COMMA) { 1 } else { 0 }
}

/// Finds `name(…)` and `name!(…)` among tokens. What begins with a capital letter may be a pattern as well as a call and
/// is left out, as are the tokens of macros that are not known to take expressions.
fn calls_among<'t>(walk: &mut Walk<'t>, tokens: Node<'t>) {
    let mut lists = vec![tokens];
    while let Some(list) = lists.pop() {
        let tokens = walk.children(list);
        for (place, token) in tokens.iter().copied().enumerate() {
            if !walk.is(token, TOKEN_TREE) {
                continue;
            }
            let before =
                |distance: usize| place.checked_sub(distance).and_then(|place| tokens.get(place)).copied();
            let is_macro = before(1).is_some_and(|token| walk.is(token, EXCLAMATION))
                && before(2).is_some_and(|token| walk.is(token, IDENTIFIER));
            let name = before(if is_macro { 2 } else { 1 }).filter(|name| walk.is(*name, IDENTIFIER));
            if let Some(name) = name.filter(|name| is_callee(walk, *name)) {
                let is_call = is_macro || walk.bytes(token).starts_with(b"(");
                if is_call {
                    let name_place = place - if is_macro { 2 } else { 1 };
                    add(walk, &tokens, name_place, name, token, is_macro);
                }
                if is_macro && !OF_EXPRESSIONS.contains(&walk.bytes(name)) {
                    continue;
                }
            }
            lists.push(token);
        }
    }
}

fn is_callee<'t>(walk: &Walk<'t>, name: Node<'t>) -> bool {
    let name = walk.bytes(name);
    !name.first().is_some_and(u8::is_ascii_uppercase) && !KEYWORDS.contains(&name)
}

fn add<'t>(
    walk: &mut Walk<'t>,
    tokens: &[Node<'t>],
    place: usize,
    name: Node<'t>,
    list: Node<'t>,
    is_macro: bool,
) {
    let start = start_of_callee(walk, tokens, place);
    let before = place.checked_sub(1).and_then(|place| tokens.get(place));
    let kind = match before {
        _ if is_macro => CallKind::Macro,
        Some(before) if walk.is(*before, DOT) => CallKind::Method,
        Some(before) if walk.is(*before, PATH_SEPARATOR) && is_type_before(walk, tokens, place) => {
            CallKind::Method
        }
        _ => CallKind::Function,
    };
    let argument_count = argument_count(walk, list);
    let site = CallSite { kind, name, callee: tokens[start], argument_count };
    if start == place { walk.add_call(site) } else { walk.add_call_through(site) }
}

/// Whether the name at `place` stands behind `Type::`.
fn is_type_before<'t>(walk: &Walk<'t>, tokens: &[Node<'t>], place: usize) -> bool {
    let qualifier = place.checked_sub(2).and_then(|place| tokens.get(place));
    let first = qualifier.and_then(|qualifier| walk.bytes(*qualifier).first());
    first.is_some_and(u8::is_ascii_uppercase)
}

/// Where `a.b(c)?::d` begins that ends with the name at `place`.
fn start_of_callee<'t>(walk: &Walk<'t>, tokens: &[Node<'t>], place: usize) -> usize {
    let mut start = place;
    while start >= 2 && walk.is_any(tokens[start - 1], &[DOT, PATH_SEPARATOR]) {
        let mut first = start - 1;
        while first > 0 && walk.is_any(tokens[first - 1], &[QUESTION_MARK, TOKEN_TREE]) {
            first -= 1;
        }
        let is_name = |token| walk.is_any(token, &[IDENTIFIER, SELF, SUPER, CRATE, STRING_LITERAL]);
        if first > 0 && is_name(tokens[first - 1]) {
            start = first - 1;
            continue;
        }
        return first.min(start);
    }
    start
}
