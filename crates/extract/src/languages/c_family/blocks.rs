//! Blocks that are the bodies of functions though the grammar does not see it: the function's head is a macro, or stands where
//! the source is not understood.

use snake_pipe_core::model::{Function, Parameter, ParameterKind, Visibility};
use tree_sitter::Node;

use super::{
    ARGUMENTS, BODY, CALL_EXPRESSION, ERROR, EXPRESSION_STATEMENT, FUNCTION, surface::is_system_call,
};
use crate::{
    engine::{FunctionDraft, Limit, Walk},
    function_macros::FunctionMacro,
};

/// How far before a block its head is looked for, in bytes.
const HEAD_BYTES: usize = 2_000;

pub(in crate::languages) fn compound_statement<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(parent) = walk.parent() else { return };
    if walk.is(parent, ERROR) {
        recovered_function(walk, parent, node);
    } else if walk.enclosing_function().is_none()
        && (parent.kind() == "translation_unit" || parent.kind().starts_with("preproc_"))
    {
        function_of_macro(walk, node);
    }
}

/// A macro that defines a function: to the grammar its use is a call, and the body a block.
fn function_of_macro<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(statement) = node.prev_sibling().filter(|before| walk.is(*before, EXPRESSION_STATEMENT)) else {
        return;
    };
    let Some(call) = statement.named_child(0).filter(|call| walk.is(*call, CALL_EXPRESSION)) else { return };
    let (Some(callee), Some(arguments)) = (walk.child(call, FUNCTION), walk.child(call, ARGUMENTS)) else {
        return;
    };
    let list = walk.text_inside(arguments, Limit::Signature);
    let Some(mut function) = defined(walk, walk.bytes(callee), &list) else { return };
    function.is_entry_point = is_system_call(walk.bytes(callee));
    let (body, start) = (Some(node), Some(statement));
    walk.open_function(
        node,
        FunctionDraft { function, body, head: start, start, is_outermost: true, ..FunctionDraft::default() },
    );
    let name = walk.name(callee);
    walk.retract_call(&name, walk.line(callee));
}

/// The function that a macro of the table defines with these arguments.
fn defined(walk: &Walk<'_>, name: &[u8], arguments: &str) -> Option<Function> {
    let macros = &walk.options().function_macros;
    let defining = FunctionMacro::find(macros, name)?;
    let (name, parameters) = defining.define(arguments)?;
    let parameters = parameters.into_iter().map(|words| match words[..] {
        [type_name, name] => {
            Parameter { name: name.to_owned(), type_name: Some(type_name.to_owned()), ..Parameter::default() }
        }
        _ => parameter(words[0]),
    });
    Some(Function {
        parameters: parameters.collect(),
        return_type: defining.return_type().map(str::to_owned),
        visibility: Visibility::Public,
        name,
        ..Function::default()
    })
}

/// A definition whose head is a macro of the users' table; to the grammar it is a function of the macro's name, or a variable.
pub(super) fn definition_by_macro<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> bool {
    if walk.options().function_macros.is_empty() {
        return false;
    }
    let Some(body) = walk.child(node, BODY) else { return false };
    let text =
        walk.stored(&walk.bytes(node)[..body.start_byte() - node.start_byte()], Limit::Signature, node);
    let Some(open) = text.strip_suffix(')').and_then(open_parenthesis) else { return false };
    let mut words: Vec<&str> = text[..open].split_ascii_whitespace().collect();
    let Some(name) = words.pop() else { return false };
    let Some(mut function) = defined(walk, name.as_bytes(), &text[open + 1..text.len() - 1]) else {
        return false;
    };
    if words.contains(&"static") {
        function.visibility = Visibility::Private;
    }
    function.modifiers = words.into_iter().map(str::to_owned).collect();
    walk.open_function(node, FunctionDraft { function, body: Some(body), ..FunctionDraft::default() });
    true
}

/// A function whose head is among what the parser could not make sense of, by its text.
fn recovered_function<'t>(walk: &mut Walk<'t>, error: Node<'t>, node: Node<'t>) {
    let offset = node.start_byte() - error.start_byte();
    let before = &walk.bytes(error)[..offset];
    let before = &before[before.len().saturating_sub(HEAD_BYTES)..];
    let Some(head) = Head::before(before) else { return };
    let start = error.start_byte() + offset - (before.len() - head.start);
    let first = error.descendant_for_byte_range(start, start + 1);
    let Some(first) = first.filter(|first| first.start_position().column == 0) else { return };
    let (words, name, list) = (head.words, head.name, head.parameters);
    let modifiers: Vec<String> = words
        .split_ascii_whitespace()
        .filter(|word| matches!(*word, "static" | "inline" | "extern"))
        .map(str::to_owned)
        .collect();
    let return_type = words
        .split_ascii_whitespace()
        .filter(|word| !matches!(*word, "static" | "inline" | "extern"))
        .collect::<Vec<_>>()
        .join(" ");
    let is_static = modifiers.iter().any(|modifier| modifier == "static");
    let function = Function {
        parameters: list
            .split(',')
            .map(str::trim)
            .filter(|text| !matches!(*text, "" | "void"))
            .map(parameter)
            .collect(),
        return_type: Some(walk.stored(return_type.as_bytes(), Limit::Type, first)),
        visibility: if is_static { Visibility::Private } else { Visibility::Public },
        modifiers,
        name: walk.stored(name.as_bytes(), Limit::Name, first),
        ..Function::default()
    };
    let (body, start) = (Some(node), Some(first));
    let draft =
        FunctionDraft { function, body, head: start, start, is_outermost: true, ..FunctionDraft::default() };
    walk.open_function(node, draft);
    // The head looks like a call of the function.
    walk.retract_call(name, walk.line(first));
}

/// The name is the last word, if there are two; what stands before it the type.
fn parameter(text: &str) -> Parameter {
    if text == "..." {
        return Parameter { kind: ParameterKind::Variadic, ..Parameter::default() };
    }
    let text = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let place = text.rfind(|character: char| !is_word(character)).map_or(0, |place| place + 1);
    let (type_name, name) = text.split_at(if place == 0 || place == text.len() { text.len() } else { place });
    Parameter {
        name: name.to_owned(),
        type_name: Some(type_name.trim_end().to_owned()),
        ..Parameter::default()
    }
}

/// The head of a function by its text: `static bool css_visible(struct css *css)`.
#[derive(Debug, PartialEq, Eq)]
struct Head<'a> {
    /// Where it begins in the text.
    start: usize,
    /// What stands before the name.
    words: &'a str,
    name: &'a str,
    /// What stands between the parentheses.
    parameters: &'a str,
}

impl<'a> Head<'a> {
    /// The head at the end of the text. It begins at the beginning of a line, with at least one word before the name, which
    /// tells functions from calls, statements and macros.
    fn before(text: &'a [u8]) -> Option<Self> {
        let ascii = text.iter().rposition(|byte| !byte.is_ascii()).map_or(0, |place| place + 1);
        let text = str::from_utf8(&text[ascii..]).ok()?.trim_end();
        let open = open_parenthesis(text.strip_suffix(')')?)?;
        let parameters = &text[open + 1..text.len() - 1];
        let text = text[..open].trim_end();
        let name_start = text.rfind(|character| !is_word(character)).map_or(0, |place| place + 1);
        let name = &text[name_start..];
        let start = text[..name_start].rfind('\n').map_or(0, |place| place + 1);
        let words = text[start..name_start].trim_end();
        let is_head = words
            .starts_with(|character: char| character.is_ascii_alphabetic() || character == '_')
            && words.chars().all(|character| is_word(character) || matches!(character, ' ' | '\t' | '*'))
            && !["else", "return", "case", "goto", "typedef"]
                .contains(&words.split(' ').next().unwrap_or(""))
            && name.starts_with(|character: char| character.is_ascii_alphabetic() || character == '_');
        is_head.then_some(Self { start: ascii + start, words, name, parameters })
    }
}

/// The place of the parenthesis that the end of the text closes.
fn open_parenthesis(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    text.char_indices().rev().find_map(|(place, character)| match character {
        ')' => {
            depth += 1;
            None
        }
        '(' if depth == 0 => Some(place),
        '(' => {
            depth -= 1;
            None
        }
        _ => None,
    })
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::Head;

    #[test]
    fn heads_of_functions() {
        let text = "}\nstatic struct css *find(struct a *a,\n\tint (*f)(int))\n";
        let head = Head::before(text.as_bytes()).unwrap();
        assert_eq!((head.start, head.words, head.name), (2, "static struct css *", "find"));
        assert_eq!(head.parameters, "struct a *a,\n\tint (*f)(int)");
    }

    #[test]
    fn what_is_no_head() {
        for text in [
            "\tif (a)",
            "for_each(x)",
            "else if (a)",
            "x = f(a)",
            "return (a)",
            "} while (a)",
            "int a;",
            "f(a) b",
        ] {
            assert_eq!(Head::before(text.as_bytes()), None, "{text}");
        }
    }
}
