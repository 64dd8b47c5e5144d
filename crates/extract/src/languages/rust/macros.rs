//! Macros of Rust: definitions, invocations, and the calls among the tokens of an invocation.

use snake_pipe_core::model::{CallKind, Function, FunctionKind, Visibility};
use tree_sitter::Node;

use super::{
    COMMA, DOT, EXCLAMATION, IDENTIFIER, MACRO, MACRO_RULE, MUTABLE, NAME, PATH_SEPARATOR, QUESTION_MARK,
    TOKEN_TREE,
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

/// Finds `name(…)`, `name::<T>(…)` and `name!(…)` among tokens. What begins with a capital letter may be a pattern as well as a
/// call and is left out, as are the tokens of macros that are not known to take expressions.
fn calls_among<'t>(walk: &mut Walk<'t>, tokens: Node<'t>) {
    let mut lists = vec![tokens];
    while let Some(list) = lists.pop() {
        let tokens = walk.children(list);
        for (place, token) in tokens.iter().copied().enumerate() {
            if !walk.is(token, TOKEN_TREE) {
                continue;
            }
            let is_macro = place >= 2
                && walk.is(tokens[place - 1], EXCLAMATION)
                && walk.is(tokens[place - 2], IDENTIFIER);
            let name_place = if is_macro { Some(place - 2) } else { called_name(walk, &tokens, place) };
            if let Some(name_place) = name_place.filter(|place| is_callee(walk, tokens[*place])) {
                if is_macro || walk.bytes(token).starts_with(b"(") {
                    add(walk, &tokens, name_place, token, is_macro);
                }
                if is_macro && !OF_EXPRESSIONS.contains(&walk.bytes(tokens[name_place])) {
                    continue;
                }
            }
            lists.push(token);
        }
    }
}

/// The name that a list of arguments at `place` belongs to; type arguments may stand between.
fn called_name<'t>(walk: &Walk<'t>, tokens: &[Node<'t>], place: usize) -> Option<usize> {
    let before = place.checked_sub(1)?;
    let name = match before_type_arguments(walk, tokens, before) {
        Some(name) => name,
        None => before,
    };
    (walk.is(tokens[name], IDENTIFIER) || is_soft_keyword(walk, tokens[name])).then_some(name)
}

/// The place of the token before `::<…>` that ends at `end`.
fn before_type_arguments<'t>(walk: &Walk<'t>, tokens: &[Node<'t>], end: usize) -> Option<usize> {
    let colons = angle_start(walk, tokens, end)?.checked_sub(1)?;
    if walk.is(tokens[colons], PATH_SEPARATOR) { colons.checked_sub(1) } else { None }
}

/// The place of the `<` that the `>` at `end` closes.
fn angle_start<'t>(walk: &Walk<'t>, tokens: &[Node<'t>], end: usize) -> Option<usize> {
    let mut depth = 0_i64;
    for place in (0..=end).rev() {
        match walk.bytes(tokens[place]) {
            b">" => depth += 1,
            b">>" => depth += 2,
            b"<" => depth -= 1,
            b"<<" => depth -= 2,
            b";" | b"&&" | b"||" | b"=>" => return None,
            _ => {}
        }
        if depth <= 0 {
            return (depth == 0 && place < end).then_some(place);
        }
    }
    None
}

/// Words that are names as well as keywords.
fn is_soft_keyword<'t>(walk: &Walk<'t>, token: Node<'t>) -> bool {
    matches!(walk.bytes(token), b"default" | b"union" | b"gen")
}

fn is_callee<'t>(walk: &Walk<'t>, name: Node<'t>) -> bool {
    let name = walk.bytes(name);
    !name.first().is_some_and(u8::is_ascii_uppercase) && !KEYWORDS.contains(&name)
}

fn add<'t>(walk: &mut Walk<'t>, tokens: &[Node<'t>], place: usize, list: Node<'t>, is_macro: bool) {
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
    let argument_count = if is_macro { argument_count(walk, list) } else { call_argument_count(walk, list) };
    let site = CallSite { kind, name: tokens[place], callee: tokens[start], argument_count };
    if start == place { walk.add_call(site) } else { walk.add_call_through(site) }
}

/// How many arguments a list holds: commas between the parameters of a closure and between type arguments divide none.
fn call_argument_count<'t>(walk: &mut Walk<'t>, list: Node<'t>) -> u32 {
    let tokens = walk.children(list);
    let inside = tokens.get(1..tokens.len().saturating_sub(1)).unwrap_or_default();
    if inside.is_empty() {
        return 0;
    }
    let (mut count, mut in_closure, mut angles) = (1, false, 0_i64);
    for (place, token) in inside.iter().enumerate() {
        let before = place.checked_sub(1).map_or(&b","[..], |before| walk.bytes(inside[before]));
        match walk.bytes(*token) {
            b"|" if in_closure => in_closure = false,
            b"|" => in_closure = matches!(before, b"," | b"move" | b"async" | b"=" | b"=>" | b"return"),
            b"<" if angles > 0 || before == b"::" => angles += 1,
            b">" if angles > 0 => angles -= 1,
            b">>" if angles > 0 => angles = (angles - 2).max(0),
            b"," if !in_closure && angles == 0 && place + 1 < inside.len() => count += 1,
            _ => {}
        }
    }
    count
}

/// Whether the name at `place` stands behind `Type::`, `Type::<T>::` or `<T as Trait>::`.
fn is_type_before<'t>(walk: &Walk<'t>, tokens: &[Node<'t>], place: usize) -> bool {
    let Some(qualifier) = place.checked_sub(2) else { return false };
    let name = match before_type_arguments(walk, tokens, qualifier) {
        Some(name) => name,
        None if matches!(walk.bytes(tokens[qualifier]), b">" | b">>") => return true,
        None => qualifier,
    };
    walk.bytes(tokens[name]).first().is_some_and(u8::is_ascii_uppercase)
}

/// Where `a.b(c)?::d` begins that ends with the name at `place`.
fn start_of_callee<'t>(walk: &Walk<'t>, tokens: &[Node<'t>], place: usize) -> usize {
    let mut start = place;
    while start >= 1 && walk.is_any(tokens[start - 1], &[DOT, PATH_SEPARATOR]) {
        let mut first = start - 1;
        while first > 0 {
            let before = first - 1;
            if walk.is_any(tokens[before], &[QUESTION_MARK, TOKEN_TREE]) {
                first = before;
            } else if walk.is(tokens[before], EXCLAMATION)
                && first > 1
                && is_operand(walk, tokens[before - 1])
            {
                // `name!(…).b`.
                first = before;
            } else if matches!(walk.bytes(tokens[before]), b">" | b">>") {
                match (before_type_arguments(walk, tokens, before), angle_start(walk, tokens, before)) {
                    (Some(name), _) => first = name + 1,
                    // `<T as Trait>::b`.
                    (None, Some(open)) => return open,
                    (None, None) => break,
                }
                break;
            } else {
                break;
            }
        }
        if first > 0 && is_operand(walk, tokens[first - 1]) {
            start = first - 1;
            continue;
        }
        return first;
    }
    start
}

/// Whether a token is a name, a literal, or a word that stands for a value.
fn is_operand<'t>(walk: &Walk<'t>, token: Node<'t>) -> bool {
    let is_value = token.is_named() && !walk.is_any(token, &[TOKEN_TREE, MUTABLE]);
    (is_value && !KEYWORDS.contains(&walk.bytes(token)))
        || is_soft_keyword(walk, token)
        || walk.bytes(token) == b"await"
}
