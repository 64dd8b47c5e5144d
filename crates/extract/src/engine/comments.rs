//! Comments, what they document, and their markers.

use snake_pipe_core::model::{Comment, CommentKind};
use tree_sitter::Node;

use super::{Limit, Walk, text};

/// The form of a comment, as its language tells it from the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommentForm {
    /// To the end of the line.
    Line,
    /// Between marks.
    Block,
    /// Documentation to the end of the line; neighbouring lines are one text.
    DocLine,
    /// Documentation between marks.
    DocBlock,
    /// Documents what encloses it (`//!` in Rust), or what stands before it on the line.
    DocInner,
}

/// The comments seen so far.
#[derive(Default)]
pub(super) struct Comments {
    /// Where each lies, in bytes, in source order.
    pub(super) ranges: Vec<(u32, u32)>,
    /// The last run of comments that may document what follows.
    run: Option<Run>,
}

/// Comments on neighbouring lines that are one text.
#[derive(Clone, Copy)]
struct Run {
    first: usize,
    last: usize,
    start_byte: usize,
    end_byte: usize,
    is_line: bool,
}

impl<'t> Walk<'t> {
    /// Records the comment `node`.
    pub(super) fn comment(&mut self, node: Node<'t>) {
        let (start, end) = (node.start_byte(), self.trimmed_end(node));
        let bytes = &self.source[start..end];
        let form = (self.rules.comment_form)(bytes);
        let kind = match form {
            CommentForm::Line => CommentKind::Line,
            CommentForm::Block => CommentKind::Block,
            CommentForm::DocLine | CommentForm::DocBlock | CommentForm::DocInner => CommentKind::Doc,
        };
        let marker = marker(bytes).map(str::to_owned);
        let text = self.options.store_source.then(|| text::stored(bytes, Limit::Source).0);
        let span = self.span(node);
        self.facts.comments.push(Comment { kind, span, marker, text });
        self.comments.ranges.push((start as u32, end as u32));
        if self.may_document(form) && self.begins_its_line(start) {
            self.extend_run(start, end, matches!(form, CommentForm::Line | CommentForm::DocLine));
        }
    }

    fn may_document(&self, form: CommentForm) -> bool {
        match form {
            CommentForm::DocLine | CommentForm::DocBlock => true,
            CommentForm::Line | CommentForm::Block => self.rules.any_comment_documents,
            CommentForm::DocInner => false,
        }
    }

    fn extend_run(&mut self, start_byte: usize, end_byte: usize, is_line: bool) {
        let this = self.comments.ranges.len() - 1;
        if let Some(run) = &mut self.comments.run
            && run.is_line
            && is_line
            && run.last + 1 == this
            && is_one_line_break(&self.source[run.end_byte..start_byte])
        {
            (run.last, run.end_byte) = (this, end_byte);
            return;
        }
        self.comments.run = Some(Run { first: this, last: this, start_byte, end_byte, is_line });
    }

    /// Takes the documentation that stands directly before `start_byte`: comments without a blank line between.
    pub(super) fn take_documentation(&mut self, start_byte: usize) -> Option<String> {
        let run = self.comments.run?;
        if run.end_byte > start_byte || !self.only_comments_between(run.end_byte, start_byte, true) {
            return None;
        }
        self.comments.run = None;
        for comment in &mut self.facts.comments[run.first..=run.last] {
            comment.kind = CommentKind::Doc;
        }
        let (raw, _) = text::stored(&self.source[run.start_byte..run.end_byte], Limit::Source);
        let documentation = text::without_marks(&raw);
        (!documentation.is_empty()).then_some(documentation)
    }

    /// Whether nothing but white space and comments lies between two places; with `adjacent`, no blank line either.
    pub(super) fn only_comments_between(&self, start: usize, end: usize, adjacent: bool) -> bool {
        let mut place = end;
        for (first, last) in self.comments.ranges.iter().rev() {
            let (first, last) = (*first as usize, *last as usize);
            if last > place {
                continue;
            }
            if last <= start || !is_gap(&self.source[last..place], adjacent) {
                break;
            }
            place = first;
        }
        place >= start && is_gap(&self.source[start..place], adjacent)
    }

    fn begins_its_line(&self, start: usize) -> bool {
        let mut before = self.source[..start].iter().rev().take_while(|byte| **byte != b'\n');
        before.all(|byte| byte.is_ascii_whitespace())
    }
}

fn is_gap(bytes: &[u8], adjacent: bool) -> bool {
    bytes.iter().all(u8::is_ascii_whitespace)
        && !(adjacent && bytes.iter().filter(|byte| **byte == b'\n').count() > 1)
}

fn is_one_line_break(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_whitespace) && bytes.iter().filter(|byte| **byte == b'\n').count() == 1
}

/// The form of a comment in the languages whose comments look like C's.
pub(crate) fn c_like_form(comment: &[u8]) -> CommentForm {
    match comment {
        [b'/', b'/', b'/' | b'!', b'<', ..] | [b'/', b'*', b'*' | b'!', b'<', ..] => CommentForm::DocInner,
        [b'/', b'/', b'/', b'/', ..] => CommentForm::Line,
        [b'/', b'/', b'/' | b'!', ..] => CommentForm::DocLine,
        [b'/', b'/', ..] => CommentForm::Line,
        [b'/', b'*', b'*', b'*' | b'/', ..] => CommentForm::Block,
        [b'/', b'*', b'*' | b'!', ..] => CommentForm::DocBlock,
        _ => CommentForm::Block,
    }
}

/// The first of `TODO`, `FIXME`, `XXX` and `HACK` that the comment holds as a word.
fn marker(comment: &[u8]) -> Option<&'static str> {
    const MARKERS: [&str; 4] = ["TODO", "FIXME", "XXX", "HACK"];
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let mut place = 0;
    while let Some(offset) =
        comment[place..].iter().position(|byte| matches!(byte, b'T' | b'F' | b'X' | b'H'))
    {
        place += offset;
        let found = MARKERS.into_iter().find(|word| comment[place..].starts_with(word.as_bytes()));
        if let Some(word) = found
            && !is_word(place.checked_sub(1).and_then(|before| comment.get(before)))
            && !is_word(comment.get(place + word.len()))
        {
            return Some(word);
        }
        place += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::marker;

    #[test]
    fn markers_are_whole_words() {
        assert_eq!(marker(b"# TODO: x"), Some("TODO"));
        assert_eq!(marker(b"// (FIXME) TODO"), Some("FIXME"));
        assert_eq!(marker(b"// TODOS, xTODO, XXXX"), None);
    }
}
