//! Lines by content.

use std::ops::Range;

use snake_pipe_core::model::LineCounts;

/// Which lines of a file hold code.
pub(super) struct Lines {
    /// The counts of the whole file.
    pub(super) counts: LineCounts,
    /// For each line, how many lines before it hold code; one more entry than there are lines.
    code_before: Vec<u32>,
}

impl Lines {
    /// Counts the lines of `source`, whose comments lie at `comments` and whose strings over several lines at `texts` (in bytes,
    /// in source order, no comment inside another).
    ///
    /// As `tokei` 15 counts: a line is comment where a comment began on an earlier line, where it begins with one that takes the
    /// rest of it, or with one between marks if it also ends with such a mark; else it is code. A blank line inside a comment is
    /// comment, one inside a string code. Text that is a value by the grammar is code, Python's doc strings included.
    pub(super) fn count(source: &[u8], comments: &[(u32, u32)], texts: &[(u32, u32)]) -> Self {
        let mut counts = LineCounts::default();
        let mut code_before = Vec::new();
        let (mut comments, mut texts) = (Ranges { rest: comments }, Ranges { rest: texts });
        let mut start = 0;
        while start < source.len() {
            let end = line_end(source, start);
            code_before.push(counts.code);
            counts.total += 1;
            match content(source, start..end, &mut comments, &mut texts) {
                Content::Code => counts.code += 1,
                Content::Comment => counts.comment += 1,
                Content::Blank => counts.blank += 1,
            }
            start = end + 1;
        }
        code_before.push(counts.code);
        Self { counts, code_before }
    }

    /// How many of the lines from `first` to `last` (from 1, both included) hold code.
    pub(super) fn code_between(&self, first: u32, last: u32) -> u32 {
        let before = |line: u32| {
            let index = (line as usize).min(self.code_before.len() - 1);
            self.code_before[index]
        };
        before(last) - before(first.saturating_sub(1).min(last))
    }
}

/// What a line holds.
enum Content {
    Code,
    Comment,
    Blank,
}

/// Parts of the source that are looked through once, from its begin to its end.
struct Ranges<'a> {
    rest: &'a [(u32, u32)],
}

impl Ranges<'_> {
    /// Leaves out what ends before a place.
    fn skip_to(&mut self, place: usize) {
        while let [(_, end), rest @ ..] = self.rest
            && *end as usize <= place
        {
            self.rest = rest;
        }
    }

    /// Whether one of them reaches over a place.
    fn reaches_over(&self, place: usize) -> bool {
        let before = self.rest.iter().take_while(|(start, _)| (*start as usize) < place);
        { before }.any(|(_, end)| *end as usize > place)
    }

    /// Whether one of them begins at a place.
    fn begins_at(&self, place: usize) -> bool {
        let mut from = self.rest.iter().skip_while(|(start, _)| (*start as usize) < place);
        from.next().is_some_and(|(start, _)| *start as usize == place)
    }
}

fn content(source: &[u8], line: Range<usize>, comments: &mut Ranges<'_>, texts: &mut Ranges<'_>) -> Content {
    let (start, end) = (line.start, line.end);
    comments.skip_to(start);
    texts.skip_to(start);
    let text = &source[line];
    let is_inside = comments.reaches_over(start);
    let Some(offset) = text.iter().position(|byte| !is_white(*byte)) else {
        return match () {
            () if is_inside => Content::Comment,
            () if texts.reaches_over(start) => Content::Code,
            () => Content::Blank,
        };
    };
    if texts.reaches_over(end) {
        return Content::Code;
    }
    let trimmed = text[offset..].trim_ascii_end();
    let is_between_marks = trimmed.starts_with(b"/*");
    let takes_all = || !is_between_marks || trimmed.ends_with(b"*/") || comments.reaches_over(end);
    match is_inside || comments.begins_at(start + offset) && takes_all() {
        true => Content::Comment,
        false => Content::Code,
    }
}

fn line_end(source: &[u8], start: usize) -> usize {
    source[start..].iter().position(|byte| *byte == b'\n').map_or(source.len(), |offset| start + offset)
}

fn is_white(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

#[cfg(test)]
mod tests {
    use super::Lines;

    fn counts(source: &str) -> (u32, u32, u32, u32) {
        let mut comments = Vec::new();
        let mut rest = 0;
        while let Some(start) = source[rest..].find("/*").map(|offset| rest + offset) {
            let end = source[start..].find("*/").map_or(source.len(), |offset| start + offset + 2);
            comments.push((start as u32, end as u32));
            rest = end;
        }
        let quotes: Vec<u32> = source.match_indices('"').map(|(place, _)| place as u32).collect();
        let texts: Vec<(u32, u32)> = quotes.chunks(2).map(|pair| (pair[0], pair[1] + 1)).collect();
        let counts = Lines::count(source.as_bytes(), &comments, &texts).counts;
        (counts.total, counts.code, counts.comment, counts.blank)
    }

    #[test]
    fn a_line_that_begins_with_code_is_code() {
        assert_eq!(counts("a /* x */\n/* y */ b\n/* z */\n\n"), (4, 2, 1, 1));
        assert_eq!(counts("a /* b\nc */\n"), (2, 1, 1, 0));
    }

    #[test]
    fn a_line_in_a_comment_that_began_before_is_comment_whatever_follows() {
        assert_eq!(counts("/* a\n\n b */ c\n/* d */ /* e */"), (4, 0, 4, 0));
    }

    #[test]
    fn a_line_between_marks_of_comments_is_comment() {
        assert_eq!(counts("/* a */ b /* c */\n"), (1, 0, 1, 0));
        assert_eq!(counts("/* a */ b /* c\n d */\n"), (2, 0, 2, 0));
    }

    #[test]
    fn a_blank_line_in_a_string_is_code() {
        assert_eq!(counts("a \"\n\n /* b */\n\" c\n\n"), (5, 4, 0, 1));
    }

    #[test]
    fn the_last_line_needs_no_line_break() {
        assert_eq!(counts("a"), (1, 1, 0, 0));
        assert_eq!(counts("a\r\n\r\n"), (2, 1, 0, 1));
        assert_eq!(counts(""), (0, 0, 0, 0));
    }

    #[test]
    fn code_lines_of_a_range() {
        let lines = Lines::count(b"a\n\nb\nc\n", &[], &[]);
        assert_eq!((lines.code_between(1, 3), lines.code_between(2, 2), lines.code_between(3, 9)), (2, 0, 2));
    }
}
