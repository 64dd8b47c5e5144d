//! The one pass over a syntax tree, and what rules may ask about the node that it is at.

use snake_pipe_core::model::{Annotation, Span, TransformedAst};
use tree_sitter::{Node, TreeCursor};

use super::{
    Bytes, FieldName, KindName, Limit, Role, comments::Comments, flow::Complexity, late::Late, roles::Table,
    scopes::Frames, text,
};
use crate::{
    languages::LanguageRules,
    parsed::{Declaration, Export, ImportPlace, Local, ParseOptions},
};

/// A pass over one syntax tree: where it is, what is open around it, and the facts so far.
pub(crate) struct Walk<'t> {
    pub(super) source: &'t [u8],
    pub(super) table: &'t Table,
    pub(super) rules: &'static LanguageRules,
    pub(super) options: &'t ParseOptions,
    /// The nodes around the current one, the root first.
    pub(super) ancestors: Vec<Node<'t>>,
    /// A cursor for looking at children, reused because making one allocates.
    spare: TreeCursor<'t>,
    skip_children: bool,
    /// The grammar does not understand the whole source.
    pub(super) has_errors: bool,
    /// Where the part ends of which no calls and operators are taken, in bytes.
    pub(super) ignored_until: usize,
    pub(super) comments: Comments,
    /// Where strings over several lines lie, in bytes, in source order, none in another.
    pub(super) texts: Vec<(u32, u32)>,
    pub(super) frames: Frames,
    pub(super) complexity: Complexity,
    /// Annotations that wait for the definition that they stand before.
    pub(super) pending: Vec<Pending<'t>>,
    pub(super) late: Late,
    /// How often each limit cut a text, and where first.
    pub(super) cuts: [(u32, Span); Limit::ALL.len()],
    pub(super) facts: TransformedAst,
    pub(super) declarations: Vec<Declaration>,
    pub(super) locals: Vec<Local>,
    pub(super) exports: Vec<Export>,
    pub(super) unscoped: Vec<u32>,
    /// Imports that do not hold for the whole file, by line and column.
    pub(super) import_places: Vec<((u32, u32), ImportPlace)>,
}

/// An annotation before its definition.
pub(super) struct Pending<'t> {
    pub(super) node: Node<'t>,
    pub(super) annotation: Annotation,
}

impl<'t> Walk<'t> {
    pub(super) fn new(
        source: &'t [u8],
        root: Node<'t>,
        table: &'t Table,
        rules: &'static LanguageRules,
        options: &'t ParseOptions,
    ) -> Self {
        Self {
            source,
            table,
            rules,
            options,
            ancestors: Vec::with_capacity(64),
            spare: root.walk(),
            skip_children: false,
            has_errors: root.has_error(),
            ignored_until: 0,
            comments: Comments::default(),
            texts: Vec::new(),
            frames: Frames::default(),
            complexity: Complexity::default(),
            pending: Vec::new(),
            late: Late::default(),
            cuts: [(0, Span::default()); Limit::ALL.len()],
            facts: TransformedAst::default(),
            declarations: Vec::new(),
            locals: Vec::new(),
            exports: Vec::new(),
            unscoped: Vec::new(),
            import_places: Vec::new(),
        }
    }

    /// Visits every node, parents before children, in source order.
    ///
    /// Tree-sitter's trees may be as deep as a file is long, so nothing here recurses.
    pub(super) fn run(&mut self, root: Node<'t>) {
        let mut cursor = root.walk();
        loop {
            let node = cursor.node();
            if self.enter(node) && cursor.goto_first_child() {
                self.ancestors.push(node);
                continue;
            }
            loop {
                let depth = self.ancestors.len() as u32;
                if self.frames.innermost_depth() > depth {
                    self.close_frames(depth);
                }
                if cursor.goto_next_sibling() {
                    break;
                }
                if !cursor.goto_parent() {
                    return;
                }
                self.ancestors.pop();
            }
        }
    }

    /// Does what the node's role says; false where its children are not to be visited.
    #[inline]
    fn enter(&mut self, node: Node<'t>) -> bool {
        let (role, count) = self.table.entry(node.kind_id());
        if count.says_anything() {
            self.count(node, count);
        }
        match role {
            Role::None | Role::BooleanExpression | Role::Parentheses => true,
            Role::Leaf => false,
            Role::Skip => node.has_error(),
            Role::Unless(bytes) => bytes.are_in(self.bytes(node)) || node.has_error(),
            Role::Comment => {
                self.comment(node);
                false
            }
            Role::Rule(rule) | Role::BooleanRule(rule) => {
                rule(self, node);
                !std::mem::take(&mut self.skip_children)
            }
            Role::Flow(flow) => {
                self.flow(node, flow);
                true
            }
            Role::If => {
                self.enter_if(node);
                true
            }
            Role::Else => {
                self.enter_else(node);
                true
            }
            Role::Boolean => {
                self.boolean_operator(node, node.kind_id());
                true
            }
        }
    }

    /// Leaves the children of the current node unvisited, unless there may be a comment like C's among them.
    pub(crate) fn skip_children_but_comments(&mut self, node: Node<'t>) {
        self.skip_children = !Bytes::COMMENT.are_in(self.bytes(node)) && !node.has_error();
    }

    /// Takes no calls and operators from a node inside the current one: the condition of an `#if` is not part of what is
    /// run.
    pub(crate) fn ignore(&mut self, node: Node<'t>) {
        self.ignored_until = node.end_byte();
    }

    /// What of the file is kept.
    pub(crate) fn options(&self) -> &'t ParseOptions {
        self.options
    }

    /// Whether the grammar does not understand the whole source.
    pub(crate) fn has_errors(&self) -> bool {
        self.has_errors
    }

    /// The node around the current one.
    pub(crate) fn parent(&self) -> Option<Node<'t>> {
        self.ancestors.last().copied()
    }

    /// The node `levels` above the current one; 1 is [`parent`](Self::parent).
    pub(crate) fn ancestor(&self, levels: usize) -> Option<Node<'t>> {
        self.ancestors.len().checked_sub(levels).and_then(|index| self.ancestors.get(index)).copied()
    }

    /// Whether the node is of this kind.
    #[inline]
    pub(crate) fn is(&self, node: Node<'t>, kind: KindName) -> bool {
        node.kind_id() == self.table.kind_id(kind)
    }

    /// Whether the node is of one of these kinds.
    pub(crate) fn is_any(&self, node: Node<'t>, kinds: &[KindName]) -> bool {
        kinds.iter().any(|kind| self.is(node, *kind))
    }

    /// The child in this field.
    #[inline]
    pub(crate) fn child(&self, node: Node<'t>, field: FieldName) -> Option<Node<'t>> {
        node.child_by_field_id(self.table.field_id(field))
    }

    /// The children in this field (a field may repeat).
    pub(crate) fn children_in(&mut self, node: Node<'t>, field: FieldName) -> Vec<Node<'t>> {
        let id = self.table.field_id(field);
        let mut found = Vec::new();
        self.spare.reset(node);
        let mut more = self.spare.goto_first_child();
        while more {
            if self.spare.field_id().is_some_and(|field| field.get() == id) {
                found.push(self.spare.node());
            }
            more = self.spare.goto_next_sibling();
        }
        found
    }

    /// The named children in order, comments left out.
    pub(crate) fn named_children(&mut self, node: Node<'t>) -> Vec<Node<'t>> {
        self.children_where(node, |child| child.is_named() && !child.is_extra())
    }

    /// All children in order, tokens included, comments left out.
    pub(crate) fn children(&mut self, node: Node<'t>) -> Vec<Node<'t>> {
        self.children_where(node, |child| !child.is_extra())
    }

    /// The children in order that begin before a byte, tokens included, comments left out.
    pub(crate) fn children_before(&mut self, node: Node<'t>, end_byte: usize) -> Vec<Node<'t>> {
        let mut found = Vec::new();
        self.spare.reset(node);
        let mut more = self.spare.goto_first_child();
        while more {
            let child = self.spare.node();
            if child.start_byte() >= end_byte {
                break;
            }
            if !child.is_extra() {
                found.push(child);
            }
            more = self.spare.goto_next_sibling();
        }
        found
    }

    /// The first child between two places, in bytes, that the grammar does not understand.
    pub(crate) fn error_between(&mut self, node: Node<'t>, start: usize, end: usize) -> Option<Node<'t>> {
        self.spare.reset(node);
        let mut more = self.spare.goto_first_child();
        while more {
            let child = self.spare.node();
            if child.start_byte() >= end {
                return None;
            }
            if child.is_error() && child.start_byte() >= start {
                return Some(child);
            }
            more = self.spare.goto_next_sibling();
        }
        None
    }

    /// The first child of this kind.
    pub(crate) fn child_of_kind(&mut self, node: Node<'t>, kind: KindName) -> Option<Node<'t>> {
        let id = self.table.kind_id(kind);
        self.spare.reset(node);
        let mut more = self.spare.goto_first_child();
        while more {
            let child = self.spare.node();
            if child.kind_id() == id {
                return Some(child);
            }
            more = self.spare.goto_next_sibling();
        }
        None
    }

    fn children_where(&mut self, node: Node<'t>, keep: impl Fn(Node<'t>) -> bool) -> Vec<Node<'t>> {
        let mut found = Vec::new();
        self.spare.reset(node);
        let mut more = self.spare.goto_first_child();
        while more {
            let child = self.spare.node();
            if keep(child) {
                found.push(child);
            }
            more = self.spare.goto_next_sibling();
        }
        found
    }

    /// How many arguments a parenthesised list holds: its named children without comments.
    pub(crate) fn argument_count(&mut self, arguments: Node<'t>) -> u32 {
        let named = arguments.named_child_count() as u32;
        let tokens = arguments.child_count() - named;
        // `(a, b)` has two parentheses and one comma less than arguments, unless a comment is among them, which a comma
        // behind the last argument may hide.
        let ends_with_argument =
            || arguments.child(named + tokens - 2).is_some_and(|last| last.is_named() && !last.is_extra());
        if named == 0 || tokens == named + 1 && ends_with_argument() {
            return named;
        }
        self.named_children(arguments).len() as u32
    }

    /// The bytes of a node as they are in the source.
    pub(crate) fn bytes(&self, node: Node<'t>) -> &'t [u8] {
        &self.source[node.byte_range()]
    }

    /// What stands before a node on its line.
    pub(crate) fn line_before(&self, node: Node<'t>) -> &'t [u8] {
        let (start, column) = (node.start_byte(), node.start_position().column);
        &self.source[start.saturating_sub(column)..start]
    }

    /// The text of a node as it is stored: valid, folded, and cut at the limit (which is recorded).
    pub(crate) fn text(&mut self, node: Node<'t>, limit: Limit) -> String {
        let (text, was_cut) = text::stored(self.bytes(node), limit);
        if was_cut {
            self.record_cut(limit, node);
        }
        text
    }

    /// A text put together from the source, as it is stored; `node` says where it was found.
    pub(crate) fn stored(&mut self, bytes: &[u8], limit: Limit, node: Node<'t>) -> String {
        let (text, was_cut) = text::stored(bytes, limit);
        if was_cut {
            self.record_cut(limit, node);
        }
        text
    }

    /// A node's text as a name.
    pub(crate) fn name(&mut self, node: Node<'t>) -> String {
        self.text(node, Limit::Name)
    }

    /// The text from the start of one node to the end of another, as it is stored.
    pub(crate) fn text_through(&mut self, first: Node<'t>, last: Node<'t>, limit: Limit) -> String {
        let end = last.end_byte().max(first.start_byte());
        let (text, was_cut) = text::stored(&self.source[first.start_byte()..end], limit);
        if was_cut {
            self.record_cut(limit, first);
        }
        text
    }

    /// The text of a node's child in this field.
    pub(crate) fn child_text(&mut self, node: Node<'t>, field: FieldName, limit: Limit) -> Option<String> {
        let child = self.child(node, field)?;
        Some(self.text(child, limit))
    }

    /// The text between a node's first and last byte, its brackets, quotes or parentheses.
    pub(crate) fn text_inside(&mut self, node: Node<'t>, limit: Limit) -> String {
        let inside = (node.start_byte() + 1)..node.end_byte().saturating_sub(1);
        let (text, was_cut) = text::stored(self.source.get(inside).unwrap_or_default(), limit);
        if was_cut {
            self.record_cut(limit, node);
        }
        text
    }

    pub(super) fn record_cut(&mut self, limit: Limit, node: Node<'t>) {
        let span = self.span(node);
        let (count, first) = &mut self.cuts[limit as usize];
        if *count == 0 {
            *first = span;
        }
        *count += 1;
    }

    /// Where a node stands. Trailing white space, which some grammars include, is left out.
    pub(crate) fn span(&self, node: Node<'t>) -> Span {
        let (start, mut end) = (node.start_position(), node.end_position());
        if self.bytes(node).last().is_some_and(u8::is_ascii_whitespace) {
            let text = &self.source[node.start_byte()..self.trimmed_end(node)];
            end.row = start.row + text.iter().filter(|byte| **byte == b'\n').count();
            end.column = match text.iter().rposition(|byte| *byte == b'\n') {
                Some(place) => text.len() - place - 1,
                None => start.column + text.len(),
            };
        }
        Span {
            line_start: start.row as u32 + 1,
            line_end: end.row as u32 + 1,
            column_start: start.column as u32 + 1,
            column_end: end.column as u32 + 1,
        }
    }

    /// A node's last byte but trailing white space.
    pub(super) fn trimmed_end(&self, node: Node<'t>) -> usize {
        node.start_byte() + self.bytes(node).trim_ascii_end().len()
    }

    /// Lines of a node's start, from 1.
    pub(crate) fn line(&self, node: Node<'t>) -> u32 {
        node.start_position().row as u32 + 1
    }
}
