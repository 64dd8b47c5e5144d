//! Identities of the symbols of a file.

use rustc_hash::{FxHashMap, FxHashSet};
use snake_pipe_core::{
    id::SymbolKey,
    model::{IssueKind, ParseIssue, Span, TransformedAst},
};

/// Fills the ordinals and keys of functions and classes where they are left out (zero).
///
/// An ordinal counts the symbols of one kind and qualified name in source order. A key is
/// `SymbolKey::of("function:<kind>" or "class:<kind>", qualified name, ordinal)`. Where two keys of a file agree in the
/// 62 bits that an [`EntityId`](snake_pipe_core::id::EntityId) keeps of them, the later one is derived again with a
/// number in its kind, and a `key_collision` issue says so. Keys that a producer gave are kept.
pub fn assign_symbols(ast: &mut TransformedAst) {
    let functions =
        ast.functions.iter().map(|f| ("function:", f.kind.as_str(), &*f.qualified_name, f.ordinal));
    let function_ordinals = ordinals(functions);
    let classes = ast.classes.iter().map(|c| ("class:", c.kind.as_str(), &*c.qualified_name, c.ordinal));
    let class_ordinals = ordinals(classes);
    let mut keys = Keys::default();
    for symbol in ast.functions.iter().map(|f| f.symbol).chain(ast.classes.iter().map(|c| c.symbol)) {
        keys.used.insert(stored_bits(symbol));
    }
    for (function, ordinal) in ast.functions.iter_mut().zip(function_ordinals) {
        function.ordinal = ordinal;
        if function.symbol == SymbolKey::default() {
            let kind = format!("function:{}", function.kind.as_str());
            function.symbol = keys.next(&kind, &function.qualified_name, ordinal, function.span);
        }
    }
    for (class, ordinal) in ast.classes.iter_mut().zip(class_ordinals) {
        class.ordinal = ordinal;
        if class.symbol == SymbolKey::default() {
            let kind = format!("class:{}", class.kind.as_str());
            class.symbol = keys.next(&kind, &class.qualified_name, ordinal, class.span);
        }
    }
    ast.parse_issues.append(&mut keys.issues);
}

/// The given ordinals, and where they are zero the next free number of the same kind and name.
fn ordinals<'a>(symbols: impl Iterator<Item = (&'static str, &'static str, &'a str, u32)>) -> Vec<u32> {
    let mut next: FxHashMap<(&str, &str), u32> = FxHashMap::default();
    symbols
        .map(|(_, kind, name, given)| {
            let next = next.entry((kind, name)).or_default();
            let ordinal = if given == 0 { *next } else { given };
            *next = (*next).max(ordinal.saturating_add(1));
            ordinal
        })
        .collect()
}

/// The keys of a file so far. The key of the file itself is 0 and cannot be a symbol's.
#[derive(Default)]
struct Keys {
    used: FxHashSet<u64>,
    issues: Vec<ParseIssue>,
}

impl Keys {
    fn next(&mut self, kind: &str, name: &str, ordinal: u32, span: Span) -> SymbolKey {
        let mut key = SymbolKey::of(kind, name, ordinal);
        let mut salt = 0_u32;
        while !self.used.insert(stored_bits(key)) {
            if salt == 0 {
                let message =
                    format!("the key of `{name}` was taken by another symbol and was derived again");
                self.issues.push(ParseIssue { kind: IssueKind::KeyCollision, message, span });
            }
            salt += 1;
            key = SymbolKey::of(&format!("{kind}:{salt}"), name, ordinal);
        }
        key
    }
}

const fn stored_bits(key: SymbolKey) -> u64 {
    key.0 & !(0b11 << 62)
}

#[cfg(test)]
mod tests {
    use snake_pipe_core::{
        id::SymbolKey,
        model::{Class, ClassKind, Function, FunctionKind, IssueKind, TransformedAst},
    };

    use super::assign_symbols;

    fn function(kind: FunctionKind, name: &str) -> Function {
        Function { kind, qualified_name: name.to_owned(), ..Function::default() }
    }

    #[test]
    fn equals_are_numbered_in_source_order() {
        let functions = vec![
            function(FunctionKind::Function, "f"),
            function(FunctionKind::Macro, "f"),
            function(FunctionKind::Function, "f"),
        ];
        let mut ast = TransformedAst { functions, ..TransformedAst::default() };
        assign_symbols(&mut ast);
        assert_eq!(ast.functions.iter().map(|f| f.ordinal).collect::<Vec<_>>(), [0, 0, 1]);
        assert_eq!(ast.functions[2].symbol, SymbolKey::of("function:function", "f", 1));
    }

    #[test]
    fn a_function_and_a_class_of_one_name_differ() {
        let functions = vec![function(FunctionKind::Function, "a")];
        let class = Class { kind: ClassKind::Class, qualified_name: "a".to_owned(), ..Class::default() };
        let mut ast = TransformedAst { functions, classes: vec![class], ..TransformedAst::default() };
        assign_symbols(&mut ast);
        assert_ne!(ast.functions[0].symbol, ast.classes[0].symbol);
        assert_eq!(ast.classes[0].symbol, SymbolKey::of("class:class", "a", 0));
    }

    #[test]
    fn a_collision_is_resolved_and_recorded() {
        let mut ast = TransformedAst::default();
        let taken = SymbolKey(SymbolKey::of("function:function", "f", 0).0 ^ (1 << 63));
        ast.functions = vec![
            Function { symbol: taken, ..function(FunctionKind::Macro, "g") },
            function(FunctionKind::Function, "f"),
        ];
        assign_symbols(&mut ast);
        assert_eq!(ast.functions[0].symbol, taken);
        assert_eq!(ast.functions[1].symbol, SymbolKey::of("function:function:1", "f", 0));
        assert_eq!(ast.parse_issues[0].kind, IssueKind::KeyCollision);
    }

    #[test]
    fn what_a_producer_gave_is_kept() {
        let functions = vec![
            Function { ordinal: 5, symbol: SymbolKey(7), ..function(FunctionKind::Function, "f") },
            function(FunctionKind::Function, "f"),
        ];
        let mut ast = TransformedAst { functions, ..TransformedAst::default() };
        assign_symbols(&mut ast);
        assert_eq!((ast.functions[0].ordinal, ast.functions[0].symbol), (5, SymbolKey(7)));
        assert_eq!(ast.functions[1].ordinal, 6);
    }
}
