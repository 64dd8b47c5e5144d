//! Parse issues: what the parser could not understand, and what could not be stored as it was.

use snake_pipe_core::model::{IssueKind, ParseIssue, Span};
use tree_sitter::Node;

use super::{Limit, Walk};

/// How many issues a file may have; one more says how many there are beyond.
const MAX_ISSUES: usize = 100;

impl<'t> Walk<'t> {
    /// Adds the tree's errors. Visits only what holds an error.
    pub(super) fn find_errors(&mut self, root: Node<'t>) {
        if !root.has_error() {
            return;
        }
        let mut found = 0_usize;
        let mut cursor = root.walk();
        loop {
            let node = cursor.node();
            let is_issue = node.is_error() || node.is_missing();
            if is_issue {
                found += 1;
                if found <= MAX_ISSUES {
                    let issue = self.error(node);
                    self.facts.parse_issues.push(issue);
                }
            }
            // What lies inside an error is part of it.
            if !is_issue && node.has_error() && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    self.hidden_errors(root, found);
                    return;
                }
            }
        }
    }

    /// Says how many errors are not listed; or, where the grammar hides the only ones, around what they are.
    fn hidden_errors(&mut self, root: Node<'t>, found: usize) {
        if found == 0 {
            let node = innermost_error(root);
            let message = "a token that the grammar does not name is missing in here".to_owned();
            let span = self.span(node);
            self.facts.parse_issues.push(issue(IssueKind::MissingToken, message, span));
        }
        if found > MAX_ISSUES {
            let message = format!("{} more syntax errors are not listed", found - MAX_ISSUES);
            self.facts.parse_issues.push(issue(IssueKind::Truncated, message, Span::default()));
        }
    }

    fn error(&mut self, node: Node<'t>) -> ParseIssue {
        let span = self.span(node);
        if node.is_missing() {
            return issue(IssueKind::MissingToken, format!("`{}` is missing", node.kind()), span);
        }
        let (text, _) = super::text::stored(self.bytes(node), Limit::DefaultValue);
        let shown: String = text.chars().take(40).collect();
        issue(IssueKind::SyntaxError, format!("no rule of the grammar fits `{shown}`"), span)
    }

    /// Adds an issue for every limit that cut something.
    pub(super) fn report_cuts(&mut self) {
        for (limit, (count, span)) in Limit::ALL.into_iter().zip(self.cuts) {
            let (noun, bytes) = (limit.noun(), limit.bytes());
            let message = match count {
                0 => continue,
                1 => format!("a {noun} over {bytes} bytes was cut"),
                _ => format!("{count} texts of kind {noun} over {bytes} bytes were cut, the first one here"),
            };
            self.facts.parse_issues.push(issue(IssueKind::Truncated, message, span));
        }
    }

    /// Adds issues for bytes that cannot be stored as they are.
    pub(super) fn report_bytes(&mut self) {
        if let Err(error) = str::from_utf8(self.source) {
            let span = self.place(error.valid_up_to());
            let message = "bytes that are not UTF-8 were replaced, the first ones here".to_owned();
            self.facts.parse_issues.push(issue(IssueKind::InvalidUtf8, message, span));
        }
        if let Some(place) = self.source.iter().position(|byte| *byte == 0) {
            let span = self.place(place);
            let message = "NUL bytes were removed from stored text, the first one here".to_owned();
            self.facts.parse_issues.push(issue(IssueKind::NulByte, message, span));
        }
    }

    /// The span of the byte at `offset`.
    fn place(&self, offset: usize) -> Span {
        let before = &self.source[..offset];
        let line = before.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
        let column = (offset - line_start) as u32 + 1;
        Span { line_start: line, line_end: line, column_start: column, column_end: column + 1 }
    }
}

/// The innermost node that holds an error.
fn innermost_error(root: Node<'_>) -> Node<'_> {
    let mut node = root;
    let mut cursor = root.walk();
    while cursor.goto_first_child() {
        while !cursor.node().has_error() {
            if !cursor.goto_next_sibling() {
                return node;
            }
        }
        node = cursor.node();
    }
    node
}

pub(super) fn issue(kind: IssueKind, message: String, span: Span) -> ParseIssue {
    ParseIssue { kind, message, span }
}
