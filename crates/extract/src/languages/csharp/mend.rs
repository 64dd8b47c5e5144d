//! Directives that divide what the grammar (tree-sitter-c-sharp 0.23) wants whole.

use std::ops::Range;

/// Leaves of every `#if` that divides a definition or a statement its first branch alone: the others, and the directives, become
/// blanks. It does where braces or parentheses in one of its branches do not match, and where it stands inside a statement.
/// Comments stay.
pub(super) fn keep_first_branches(source: &[u8]) -> Option<Vec<u8>> {
    let mut mend = Mend { source, blanks: Vec::new(), comments: Vec::new() };
    mend.run();
    if mend.blanks.is_empty() {
        return None;
    }
    let mut mended = source.to_owned();
    for range in &mend.blanks {
        for place in range.clone() {
            if !matches!(mended[place], b'\n' | b'\r') {
                mended[place] = b' ';
            }
        }
    }
    for comment in mend.comments {
        mended[comment.clone()].copy_from_slice(&source[comment]);
    }
    Some(mended)
}

/// An `#if` that is open.
struct Group {
    /// Its directives, in order.
    directives: Vec<Range<usize>>,
    /// What is open in the branch that goes on, beyond what was open before the group.
    depth: i32,
    /// What the first branch leaves open.
    first_depth: Option<i32>,
    divides: bool,
}

struct Mend<'a> {
    source: &'a [u8],
    blanks: Vec<Range<usize>>,
    comments: Vec<Range<usize>>,
}

impl Mend<'_> {
    fn run(&mut self) {
        let mut groups: Vec<Group> = Vec::new();
        let (mut place, mut before, mut begins_line) = (0, b';', true);
        while place < self.source.len() {
            let byte = self.source[place];
            if begins_line && byte == b'#' {
                let end = place + line_length(&self.source[place..]);
                self.directive(place..end, before, &mut groups);
                place = end;
                continue;
            }
            let length = skipped(&self.source[place..]);
            if self.source[place..].starts_with(b"//") || self.source[place..].starts_with(b"/*") {
                self.comments.push(place..place + length);
            } else if let Some(group) = groups.last_mut() {
                match byte {
                    b'{' | b'(' | b'[' => group.depth += 1,
                    b'}' | b')' | b']' => group.depth -= 1,
                    _ => {}
                }
                group.divides |= group.depth < 0;
            }
            if byte == b'\n' {
                begins_line = true;
            } else if !byte.is_ascii_whitespace() {
                begins_line = false;
                // A comment says nothing of what it stands in.
                if self.comments.last().is_none_or(|comment| comment.start != place) {
                    before = byte;
                }
            }
            place += length;
        }
    }

    fn directive(&mut self, range: Range<usize>, before: u8, groups: &mut Vec<Group>) {
        let text = self.source[range.start + 1..range.end].trim_ascii();
        let word = &text[..text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count()];
        match word {
            b"if" => groups.push(Group {
                directives: vec![range],
                depth: 0,
                first_depth: None,
                divides: !matches!(before, b';' | b'{' | b'}' | b']' | b',' | b':' | b'('),
            }),
            b"elif" | b"else" => {
                if let Some(group) = groups.last_mut() {
                    group.end_branch();
                    group.directives.push(range);
                }
            }
            b"endif" => {
                let Some(mut group) = groups.pop() else { return };
                group.end_branch();
                group.directives.push(range);
                if group.divides {
                    self.blank(&group);
                }
                if let Some(outer) = groups.last_mut() {
                    outer.depth += group.first_depth.unwrap_or_default();
                }
            }
            _ => {}
        }
    }

    /// Everything from the second directive on, and the first.
    fn blank(&mut self, group: &Group) {
        let [first, second, .., last] = &group.directives[..] else {
            self.blanks.extend(group.directives.iter().cloned());
            return;
        };
        self.blanks.push(first.clone());
        self.blanks.push(second.start..last.end);
    }
}

impl Group {
    fn end_branch(&mut self) {
        self.divides |= self.depth != 0;
        self.first_depth.get_or_insert(self.depth);
        self.depth = 0;
    }
}

/// How many bytes the comment, text or single byte at the beginning takes.
fn skipped(text: &[u8]) -> usize {
    if text.starts_with(b"//") {
        return line_length(text);
    }
    if text.starts_with(b"/*") {
        return text.windows(2).skip(2).position(|window| window == b"*/").map_or(text.len(), |end| end + 4);
    }
    let quotes = text.iter().take_while(|byte| **byte == b'"').count();
    if quotes >= 3 {
        let end = text[quotes..].windows(quotes).position(|window| window.iter().all(|byte| *byte == b'"'));
        return end.map_or(text.len(), |end| end + 2 * quotes);
    }
    let verbatim = [&b"@\""[..], b"$@\"", b"@$\""].into_iter().find(|start| text.starts_with(start));
    if let Some(start) = verbatim {
        return verbatim_length(text, start.len());
    }
    if matches!(text[0], b'"' | b'\'') { quoted_length(text) } else { 1 }
}

fn line_length(text: &[u8]) -> usize {
    text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len())
}

/// `@"…"`, in which `""` is a quote.
fn verbatim_length(text: &[u8], start: usize) -> usize {
    let mut place = start;
    while place < text.len() {
        if text[place] == b'"' {
            if text.get(place + 1) != Some(&b'"') {
                return place + 1;
            }
            place += 1;
        }
        place += 1;
    }
    text.len()
}

fn quoted_length(text: &[u8]) -> usize {
    let mut place = 1;
    while place < text.len() {
        match text[place] {
            b'\\' => place += 1,
            b'\n' => return place,
            byte if byte == text[0] => return place + 1,
            _ => {}
        }
        place += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::keep_first_branches;

    fn mended(source: &str) -> String {
        String::from_utf8(keep_first_branches(source.as_bytes()).unwrap_or_default()).unwrap()
    }

    #[test]
    fn of_branches_that_open_what_they_do_not_close_the_first_stays() {
        assert_eq!(
            mended("#if A\nvoid F() {\n#elif B\nvoid F(int a) {\n#else\nvoid F() { G(); // why\n#endif\n}\n"),
            "     \nvoid F() {\n       \n               \n     \n                // why\n      \n}\n"
        );
        assert_eq!(
            mended("#if A\nnamespace N {\n#endif\n#if A\n}\n#endif\n"),
            "     \nnamespace N {\n      \n     \n}\n      \n"
        );
    }

    #[test]
    fn a_branch_inside_a_statement_is_part_of_it() {
        assert_eq!(
            mended("class A : B\n#if X\n  , C\n#endif\n{ }\n"),
            "class A : B\n     \n  , C\n      \n{ }\n"
        );
    }

    #[test]
    fn branches_inside_branches_are_judged_apart() {
        assert_eq!(
            mended("#if A\n#if B\nif (x) {\n#else\nif (y) {\n#endif\n}\n#endif\n"),
            "#if A\n     \nif (x) {\n     \n        \n      \n}\n#endif\n"
        );
    }

    #[test]
    fn whole_branches_stay() {
        for source in [
            "#if A\nvoid F() { }\n#else\nvoid G() { }\n#endif\n",
            "#if A\nvar a = \"{\"; // {\n#endif\n",
            "#if A\nvar a = @\"{\"\"\"; var b = \"\"\"{\"\"\"; var c = '{'; /* { */\n#endif\n",
            "#region {\n#endregion\n#pragma warning disable\n",
            "#if",
            "#endif",
            "#else",
        ] {
            assert_eq!(mended(source), "", "{source}");
        }
    }
}
