//! Texts and places of a file.

use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

/// A file's text, and where its lines begin.
pub(super) struct Source<'t> {
    text: &'t str,
    line_starts: Vec<usize>,
}

impl<'t> Source<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let starts = text.match_indices('\n').map(|(place, _)| place + 1);
        Self { text, line_starts: std::iter::once(0).chain(starts).collect() }
    }

    /// The text with as many spaces where a byte order mark or a first line for a shell stands: places stay as they are.
    pub(super) fn without_head(&self) -> String {
        let mark = if self.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let text = &self.text[mark..];
        let is_script = text.starts_with("#!") && !text[2..].trim_start().starts_with('[');
        let head = mark + if is_script { text.find('\n').unwrap_or(text.len()) } else { 0 };
        format!("{}{}", " ".repeat(head), &self.text[head..])
    }

    /// Line and column, from 1, in bytes.
    pub(super) fn place(&self, offset: usize) -> Vec<usize> {
        let line = self.line_starts.partition_point(|start| *start <= offset) - 1;
        vec![line + 1, offset - self.line_starts[line] + 1]
    }

    /// A text with its white space folded.
    pub(super) fn text(&self, place: Range<usize>) -> String {
        self.text.get(place).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// A text as it is written.
    pub(super) fn raw(&self, place: Range<usize>) -> &'t str {
        self.text.get(place).unwrap_or_default()
    }
}

/// Where something stands, in bytes; empty where it is not written.
pub(super) fn range(node: &impl ToTokens) -> Range<usize> {
    let mut found: Option<Range<usize>> = None;
    join(node.to_token_stream(), &mut found);
    found.unwrap_or(0..0)
}

/// Only first and last tokens matter, but some tokens are made up and stand nowhere.
fn join(tokens: TokenStream, found: &mut Option<Range<usize>>) {
    for token in tokens {
        let place = match &token {
            TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::None => {
                join(group.stream(), found);
                continue;
            }
            TokenTree::Group(group) => {
                group.span_open().byte_range().start..group.span_close().byte_range().end
            }
            token => token.span().byte_range(),
        };
        if place.is_empty() {
            continue;
        }
        *found = Some(match found.take() {
            Some(before) => before.start.min(place.start)..before.end.max(place.end),
            None => place,
        });
    }
}
