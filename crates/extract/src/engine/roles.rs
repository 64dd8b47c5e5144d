//! What a node kind means to the engine, and the dense tables that say it for one grammar.

use tree_sitter::{Language as Grammar, Node};

use super::{Walk, counts::Count};
use crate::languages::LanguageRules;

/// A language's own way with a node: called when the walk enters it, before its children.
pub(crate) type Rule = for<'t> fn(&mut Walk<'t>, Node<'t>);

/// What the engine does on entering a node of some kind.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    /// Nothing; its children are visited.
    None,
    /// Nothing; it has no children. What anonymous nodes (keywords, operators) mean unless they are listed.
    Leaf,
    /// Nothing, and nothing inside it is a fact: its children are not visited.
    Skip,
    /// Nothing; its children are visited only where its text holds one of these bytes, without which no fact can be in it.
    Unless(&'static Bytes),
    /// A comment.
    Comment,
    /// What the language's function does.
    Rule(Rule),
    /// A control structure.
    Flow(Flow),
    /// An `if` that becomes an `else if` where it directly follows [`Role::Else`].
    If,
    /// The keyword `else` of an `if`, or a clause that begins with it.
    Else,
    /// The token of a boolean operator that short-circuits; counts inside [`Role::BooleanExpression`] only.
    Boolean,
    /// An expression whose operator may be boolean.
    BooleanExpression,
    /// Such an expression, and what the language's function does.
    BooleanRule(Rule),
    /// Parentheses, which do not divide a sequence of boolean operators.
    Parentheses,
}

/// A set of bytes.
pub(crate) struct Bytes([bool; 256]);

impl Bytes {
    /// What a comment of the C kind begins with.
    pub(crate) const COMMENT: Self = Self::of(b"/");

    /// The set of these bytes.
    pub(crate) const fn of(bytes: &[u8]) -> Self {
        let mut set = [false; 256];
        let mut index = 0;
        while index < bytes.len() {
            set[bytes[index] as usize] = true;
            index += 1;
        }
        Self(set)
    }

    /// Whether one of them is in the text.
    pub(super) fn are_in(&self, text: &[u8]) -> bool {
        text.iter().any(|byte| self.0[usize::from(*byte)])
    }
}

/// What a control structure adds to the complexity of its function.
///
/// Cyclomatic complexity: 1 + decisions. Cognitive complexity: G. Ann Campbell, "Cognitive Complexity: a new way of
/// measuring understandability", SonarSource, 2018 (version 1.2); `recursion` adds the increment for that.
#[derive(Clone, Copy)]
pub(crate) struct Flow {
    /// Added to the cyclomatic complexity.
    pub(crate) decisions: u8,
    /// Added to the cognitive complexity.
    pub(crate) cognitive: Increment,
    /// What lies inside it is nested.
    pub(crate) nests: bool,
    /// It counts for the depth of control structures.
    pub(crate) is_control: bool,
}

/// An increment of the cognitive complexity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Increment {
    /// None.
    None,
    /// One.
    Flat,
    /// One, and one more for every structure around it.
    Nested,
}

impl Flow {
    /// `for`, `while`, `do`: a decision that nests.
    pub(crate) const LOOP: Self =
        Self { decisions: 1, cognitive: Increment::Nested, nests: true, is_control: true };
    /// `catch`, `except`.
    pub(crate) const CATCH: Self = Self::LOOP;
    /// `a ? b : c`.
    pub(crate) const TERNARY: Self = Self::LOOP;
    /// `switch`, `match`, `when`: its labels are the decisions.
    pub(crate) const SWITCH: Self =
        Self { decisions: 0, cognitive: Increment::Nested, nests: true, is_control: true };
    /// A label of a `switch` that is not the default.
    pub(crate) const CASE: Self =
        Self { decisions: 1, cognitive: Increment::None, nests: false, is_control: false };
    /// `elif`, where it is a clause of its own inside the `if`.
    pub(crate) const ELIF: Self =
        Self { decisions: 1, cognitive: Increment::Flat, nests: false, is_control: false };
    /// `else`, where it is no [`Role::Else`]; `#elif`, `#else`; `goto`, and `break` or `continue` to a label.
    pub(crate) const JUMP: Self =
        Self { decisions: 0, cognitive: Increment::Flat, nests: false, is_control: false };
    /// `#if`, `#ifdef`: no decision of the program, but one for who reads it.
    pub(crate) const DIRECTIVE: Self =
        Self { decisions: 0, cognitive: Increment::Nested, nests: true, is_control: false };
    /// A function without a name inside another one.
    pub(crate) const LAMBDA: Self =
        Self { decisions: 0, cognitive: Increment::None, nests: true, is_control: false };
}

/// Declares the node kinds and fields that a language's rules ask for by name: constants for [`Walk::is`] and
/// [`Walk::child`], and the lists `KINDS` and `FIELDS` of their names.
macro_rules! names {
    (kinds { $($kind:ident = $kind_name:literal,)* } fields { $($field:ident = $field_name:literal,)* }) => {
        #[expect(clippy::upper_case_acronyms, non_camel_case_types, reason = "names of constants, used for their number")]
        enum KindNumber { $($kind,)* }
        #[expect(clippy::upper_case_acronyms, non_camel_case_types, reason = "names of constants, used for their number")]
        enum FieldNumber { $($field,)* }
        $(const $kind: $crate::engine::KindName = $crate::engine::KindName(KindNumber::$kind as usize);)*
        $(const $field: $crate::engine::FieldName = $crate::engine::FieldName(FieldNumber::$field as usize);)*
        const KINDS: &[&str] = &[$($kind_name),*];
        const FIELDS: &[&str] = &[$($field_name),*];
    };
}
pub(crate) use names;

/// A node kind by its place in a language's `KINDS`.
#[derive(Clone, Copy)]
pub(crate) struct KindName(pub(crate) usize);

/// A field by its place in a language's `FIELDS`.
#[derive(Clone, Copy)]
pub(crate) struct FieldName(pub(crate) usize);

/// The id of a name that a grammar does not have; no node bears it.
const ABSENT: u16 = u16::MAX - 1;

/// A grammar with the roles of its node kinds.
pub(crate) struct Table {
    /// The grammar.
    pub(super) grammar: Grammar,
    roles: Box<[(Role, Count)]>,
    wrappers: Box<[u16]>,
    kinds: Box<[u16]>,
    fields: Box<[u16]>,
}

impl Table {
    /// The table of one of the language's grammars.
    pub(super) fn new(rules: &LanguageRules, grammar: Grammar) -> Self {
        let mut roles = vec![(Role::None, Count::NONE); grammar.node_kind_count()].into_boxed_slice();
        for (id, (role, _)) in roles.iter_mut().enumerate() {
            if grammar.node_kind_is_visible(id as u16) && !grammar.node_kind_is_named(id as u16) {
                *role = Role::Leaf;
            }
        }
        for (list, named) in [(rules.nodes, true), (rules.tokens, false)] {
            for (name, role) in list {
                let id = grammar.id_for_node_kind(name, named);
                if id > 0 {
                    roles[usize::from(id)].0 = *role;
                }
            }
        }
        for (list, named) in [(rules.counting.nodes, true), (rules.counting.tokens, false)] {
            for (name, count) in list {
                let id = grammar.id_for_node_kind(name, named);
                if id > 0 {
                    roles[usize::from(id)].1 = *count;
                }
            }
        }
        for name in rules.texts {
            let id = grammar.id_for_node_kind(name, true);
            if id > 0 {
                let (_, count) = &mut roles[usize::from(id)];
                *count = count.of_text();
            }
        }
        let kind = |name: &&str| match grammar.id_for_node_kind(name, true) {
            0 => match grammar.id_for_node_kind(name, false) {
                0 => ABSENT,
                id => id,
            },
            id => id,
        };
        let wrappers = rules.wrappers.iter().map(kind).collect();
        let field = |name: &&str| grammar.field_id_for_name(name).map_or(ABSENT, |id| id.get());
        let kinds = rules.kinds.iter().map(kind).collect();
        let fields = rules.fields.iter().map(field).collect();
        Self { grammar, roles, wrappers, kinds, fields }
    }

    /// The role of the node kind with this id.
    #[inline]
    pub(super) fn role(&self, kind_id: u16) -> Role {
        self.entry(kind_id).0
    }

    /// The role of the node kind with this id, and what such a node counts.
    #[inline]
    pub(super) fn entry(&self, kind_id: u16) -> (Role, Count) {
        self.roles.get(usize::from(kind_id)).copied().unwrap_or((Role::None, Count::NONE))
    }

    /// Whether nodes of this kind stand around a definition and begin where it begins for a reader.
    pub(super) fn is_wrapper(&self, kind_id: u16) -> bool {
        self.wrappers.contains(&kind_id)
    }

    /// The id of a kind that the language's rules know by name.
    #[inline]
    pub(super) fn kind_id(&self, kind: KindName) -> u16 {
        self.kinds[kind.0]
    }

    /// The id of a field that the language's rules know by name.
    #[inline]
    pub(super) fn field_id(&self, field: FieldName) -> u16 {
        self.fields[field.0]
    }
}
