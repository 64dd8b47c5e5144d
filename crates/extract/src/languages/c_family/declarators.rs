//! Declarators: what a declaration says about one name.

use tree_sitter::Node;

use super::{
    ARRAY_DECLARATOR, ATTRIBUTED_DECLARATOR, BODY, DECLARATOR, DEPENDENT_NAME, FUNCTION_DECLARATOR,
    INIT_DECLARATOR, NAME, OPERATOR_CAST, PARENTHESIZED_DECLARATOR, POINTER_DECLARATOR, QUALIFIED_IDENTIFIER,
    REFERENCE_DECLARATOR, SCOPE, SIZED_TYPE_SPECIFIER, TEMPLATE_FUNCTION, TEMPLATE_METHOD, TEMPLATE_TYPE,
    TYPE, TYPE_IDENTIFIER, TYPE_QUALIFIER, VARIADIC_DECLARATOR,
};
use crate::engine::{Limit, Walk};

/// What a declarator declares.
#[derive(Clone, Copy)]
pub(super) struct Declared<'t> {
    /// The name, qualified or not; an operator; a conversion.
    pub(super) name: Node<'t>,
    /// The innermost declarator of a function on the way to the name.
    pub(super) function: Option<Node<'t>>,
    /// The name is a pointer to such a function, or an array of them, not the function.
    pub(super) is_pointer: bool,
}

impl<'t> Declared<'t> {
    /// The declarator of the function that this is.
    pub(super) fn as_function(self) -> Option<Node<'t>> {
        self.function.filter(|_| !self.is_pointer)
    }
}

/// How deep declarators are followed. Deeper ones are no code that a person wrote.
pub(super) const MAX_DEPTH: usize = 100;

/// Follows a declarator to its name; none where it has none (abstract declarators).
pub(super) fn declared<'t>(walk: &Walk<'t>, declarator: Node<'t>) -> Option<Declared<'t>> {
    let (mut function, mut is_pointer) = (None, false);
    let mut node = declarator;
    for _ in 0..MAX_DEPTH {
        if walk.is(node, FUNCTION_DECLARATOR) {
            (function, is_pointer) = (Some(node), false);
            node = walk.child(node, DECLARATOR)?;
        } else if walk.is_any(node, &[POINTER_DECLARATOR, ARRAY_DECLARATOR]) {
            is_pointer = true;
            node = walk.child(node, DECLARATOR)?;
        } else if walk.is(node, INIT_DECLARATOR) {
            node = walk.child(node, DECLARATOR)?;
        } else if walk.is_any(node, &[REFERENCE_DECLARATOR, PARENTHESIZED_DECLARATOR, VARIADIC_DECLARATOR]) {
            // A calling convention may stand before the declarator.
            node = (0..node.named_child_count() as u32)
                .rev()
                .find_map(|index| node.named_child(index).filter(|child| !child.is_extra()))?;
        } else if walk.is(node, ATTRIBUTED_DECLARATOR) {
            node = node.named_child(0)?;
        } else {
            break;
        }
    }
    // A conversion holds its parameters in a declarator of its own.
    let last = last_name(walk, node);
    if walk.is(last, OPERATOR_CAST) {
        (function, is_pointer) = (walk.child(last, DECLARATOR), false);
    }
    let is_abstract = node.kind().starts_with("abstract_");
    (!is_abstract).then_some(Declared { name: node, function, is_pointer })
}

/// The last part of a name: `c` in `a::b::c<int>`.
pub(super) fn last_name<'t>(walk: &Walk<'t>, name: Node<'t>) -> Node<'t> {
    let mut node = name;
    loop {
        let inner = if walk
            .is_any(node, &[QUALIFIED_IDENTIFIER, TEMPLATE_FUNCTION, TEMPLATE_METHOD, TEMPLATE_TYPE])
        {
            walk.child(node, NAME)
        } else if walk.is(node, DEPENDENT_NAME) {
            node.named_child(0)
        } else {
            None
        };
        match inner {
            Some(inner) => node = inner,
            None => return node,
        }
    }
}

/// What stands before the last part of a name, without template arguments: `a::b` in `a::b<int>::c`.
pub(super) fn scope_text<'t>(walk: &mut Walk<'t>, name: Node<'t>) -> Option<String> {
    let mut parts = Vec::new();
    let mut node = name;
    while walk.is(node, QUALIFIED_IDENTIFIER) {
        if let Some(scope) = walk.child(node, SCOPE) {
            let scope = last_name(walk, scope);
            parts.push(walk.name(scope));
        }
        let Some(inner) = walk.child(node, NAME) else { break };
        node = inner;
    }
    (!parts.is_empty()).then(|| parts.join("::"))
}

/// A declared type: the specifiers of `node`, and of the declarator what is not `removed` (the name, or the function with its
/// parameters). `const char *` of `const char *name`, `void (*)(int)` of `void (*f)(int)`.
pub(super) fn type_text<'t>(
    walk: &mut Walk<'t>,
    node: Node<'t>,
    declarator: Option<Node<'t>>,
    removed: Option<Node<'t>>,
) -> Option<String> {
    let mut bytes = Vec::new();
    let type_node = walk.child(node, TYPE)?;
    // A declaration may have a hundred thousand declarators: only what stands before the first is looked at.
    let end = walk.child(node, DECLARATOR).map_or(node.end_byte(), |first| first.start_byte());
    let missed = missed_type(walk, node, type_node, end);
    for specifier in walk.children_before(node, end) {
        let is_qualifier = walk.is(specifier, TYPE_QUALIFIER) && !is_modifier(walk.bytes(specifier));
        let text = match specifier == type_node {
            true if missed.is_none() => specified_type(walk, type_node),
            false if is_qualifier => walk.bytes(specifier),
            true | false => continue,
        };
        bytes.extend_from_slice(text);
        bytes.push(b' ');
    }
    if let Some(missed) = missed {
        bytes.extend_from_slice(missed);
        bytes.push(b' ');
    }
    if let Some(declarator) = declarator {
        let text = walk.bytes(declarator);
        let cut = removed.map_or(0..0, |removed| {
            let start = removed.start_byte().saturating_sub(declarator.start_byte()).min(text.len());
            start..(start + removed.byte_range().len()).min(text.len())
        });
        bytes.extend_from_slice(&text[..cut.start]);
        bytes.extend_from_slice(&text[cut.end..]);
    }
    let text = walk.stored(&bytes, Limit::Type, type_node);
    (!text.is_empty()).then_some(text)
}

/// A type without what is no part of its name: the body of a struct that is defined here, a macro before it
/// (`EXPORT unsigned long`).
fn specified_type<'t>(walk: &Walk<'t>, type_node: Node<'t>) -> &'t [u8] {
    let text = walk.bytes(type_node);
    if walk.is(type_node, SIZED_TYPE_SPECIFIER)
        && let Some(inner) = walk.child(type_node, TYPE).filter(|inner| walk.is(*inner, TYPE_IDENTIFIER))
        && inner.start_byte() == type_node.start_byte()
    {
        return text[inner.byte_range().len()..].trim_ascii_start();
    }
    let body =
        walk.child(type_node, BODY).map_or(text.len(), |body| body.start_byte() - type_node.start_byte());
    text[..body].trim_ascii_end()
}

/// The type that the grammar takes for an error, as it takes a macro before it for the type: `__init static int`.
fn missed_type<'t>(walk: &mut Walk<'t>, node: Node<'t>, type_node: Node<'t>, end: usize) -> Option<&'t [u8]> {
    if !walk.has_errors() || !walk.is(type_node, TYPE_IDENTIFIER) {
        return None;
    }
    let missed = walk.error_between(node, type_node.end_byte(), end).map(|missed| walk.bytes(missed))?;
    is_type_behind(walk.bytes(type_node), missed).then_some(missed)
}

/// Which of two words before a function's name is its type, where the other one is a macro: `EXPORT int`, `BOOL WINAPI`.
fn is_type_behind(first: &[u8], second: &[u8]) -> bool {
    const BUILT_IN: [&[u8]; 9] =
        [b"void", b"char", b"short", b"int", b"long", b"float", b"double", b"bool", b"_Bool"];
    const MACROS: [&[u8]; 7] = [b"API", b"EXPORT", b"EXTERN", b"IMPORT", b"INLINE", b"PUBLIC", b"STATIC"];
    let is_reserved = |word: &[u8]| word.starts_with(b"__");
    let is_upper = |word: &[u8]| word.len() > 1 && !word.iter().any(u8::is_ascii_lowercase);
    let is_word =
        !second.is_empty() && second.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    if !is_word || BUILT_IN.contains(&first) {
        return false;
    }
    let has_macro_name = || MACROS.iter().any(|part| first.windows(part.len()).any(|window| window == *part));
    BUILT_IN.contains(&second)
        || is_reserved(first) && !is_reserved(second)
        || is_upper(first) && !is_reserved(second) && (!is_upper(second) || has_macro_name())
}

/// Qualifiers that say something about the definition, not about the type.
pub(super) fn is_modifier(qualifier: &[u8]) -> bool {
    matches!(
        qualifier,
        b"constexpr"
            | b"consteval"
            | b"constinit"
            | b"noreturn"
            | b"_Noreturn"
            | b"mutable"
            | b"__extension__"
    ) || qualifier.starts_with(b"alignas")
}
