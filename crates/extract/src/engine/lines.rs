//! Lines by content.

use snake_pipe_core::model::LineCounts;

/// Which lines of a file hold code.
pub(super) struct Lines {
    /// The counts of the whole file.
    pub(super) counts: LineCounts,
    /// For each line, how many lines before it hold code; one more entry than there are lines.
    code_before: Vec<u32>,
}

impl Lines {
    /// Counts the lines of `source`, whose comments lie at `comments` (in bytes, in source order, none inside another).
    ///
    /// As `tokei` counts: a line with code and a comment is code, a blank line inside a comment is blank. Text that is
    /// a value by the grammar is code, Python's doc strings included.
    pub(super) fn count(source: &[u8], comments: &[(u32, u32)]) -> Self {
        let mut counts = LineCounts::default();
        let mut code_before = Vec::new();
        let mut comments = comments.iter().peekable();
        let mut start = 0;
        while start < source.len() {
            let end = line_end(source, start);
            code_before.push(counts.code);
            counts.total += 1;
            let mut place = start;
            let mut has_comment = false;
            let mut has_code = false;
            loop {
                while comments.next_if(|(_, last)| *last as usize <= place).is_some() {}
                let comment = comments.peek().filter(|(first, _)| (*first as usize) < end);
                let stop = comment.map_or(end, |(first, _)| (*first as usize).max(place));
                has_code = has_code || !is_blank(&source[place..stop]);
                let Some((_, last)) = comment else { break };
                let last = (*last as usize).min(end);
                has_comment = has_comment || !is_blank(&source[stop..last]);
                place = last;
                if place == end || has_code {
                    break;
                }
            }
            match (has_code, has_comment) {
                (true, _) => counts.code += 1,
                (false, true) => counts.comment += 1,
                (false, false) => counts.blank += 1,
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

fn line_end(source: &[u8], start: usize) -> usize {
    source[start..].iter().position(|byte| *byte == b'\n').map_or(source.len(), |offset| start + offset)
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0x0b)
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
        let counts = Lines::count(source.as_bytes(), &comments).counts;
        (counts.total, counts.code, counts.comment, counts.blank)
    }

    #[test]
    fn lines_with_code_and_comment_are_code() {
        assert_eq!(counts("a /* x */\n/* y */ b\n/* z */\n\n"), (4, 2, 1, 1));
    }

    #[test]
    fn a_comment_over_several_lines() {
        assert_eq!(counts("/* a\n\n b */ c\n/* d */ /* e */"), (4, 1, 2, 1));
    }

    #[test]
    fn the_last_line_needs_no_line_break() {
        assert_eq!(counts("a"), (1, 1, 0, 0));
        assert_eq!(counts("a\r\n\r\n"), (2, 1, 0, 1));
        assert_eq!(counts(""), (0, 0, 0, 0));
    }

    #[test]
    fn code_lines_of_a_range() {
        let lines = Lines::count(b"a\n\nb\nc\n", &[]);
        assert_eq!((lines.code_between(1, 3), lines.code_between(2, 2), lines.code_between(3, 9)), (2, 0, 2));
    }
}
