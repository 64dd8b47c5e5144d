//! Text as it is stored: valid UTF-8 without NUL, white space folded, within its limit.

/// How long a stored text may be, in bytes, and whether its white space is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// A name: 1,000 bytes.
    Name,
    /// A type, a list of type parameters, a base as written: 1,000 bytes.
    Type,
    /// A function's head: 2,000 bytes.
    Signature,
    /// A default or initial value: 200 bytes.
    DefaultValue,
    /// A callee as written: 200 bytes.
    Callee,
    /// An import statement: 1,000 bytes.
    Import,
    /// An annotation's arguments: 1,000 bytes.
    Arguments,
    /// Documentation: 10,000 bytes, lines kept.
    Documentation,
    /// Source text kept on request: no limit, lines kept.
    Source,
}

impl Limit {
    /// Every limit, in the order of their numbers.
    pub(super) const ALL: [Self; 9] = [
        Self::Name,
        Self::Type,
        Self::Signature,
        Self::DefaultValue,
        Self::Callee,
        Self::Import,
        Self::Arguments,
        Self::Documentation,
        Self::Source,
    ];

    /// The limit in bytes.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Name | Self::Type | Self::Import | Self::Arguments => 1_000,
            Self::Signature => 2_000,
            Self::DefaultValue | Self::Callee => 200,
            Self::Documentation => 10_000,
            Self::Source => usize::MAX,
        }
    }

    /// What the text is, in words.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Type => "type",
            Self::Signature => "signature",
            Self::DefaultValue => "default value",
            Self::Callee => "callee",
            Self::Import => "import",
            Self::Arguments => "annotation's arguments",
            Self::Documentation => "doc string",
            Self::Source => "source text",
        }
    }

    const fn keeps_lines(self) -> bool {
        matches!(self, Self::Documentation | Self::Source)
    }
}

/// The text of `bytes` as it is stored, and whether it was cut.
pub(super) fn stored(bytes: &[u8], limit: Limit) -> (String, bool) {
    if bytes.len() <= limit.bytes() && bytes.iter().all(|byte| (b'!'..=b'~').contains(byte)) {
        return (String::from_utf8_lossy(bytes).into_owned(), false);
    }
    let mut text = String::with_capacity(bytes.len().min(limit.bytes()));
    let mut pending_space = false;
    for chunk in bytes.utf8_chunks() {
        let replaced = if chunk.invalid().is_empty() { None } else { Some(char::REPLACEMENT_CHARACTER) };
        for character in chunk.valid().chars().chain(replaced) {
            if character == '\0' || (character == '\r' && limit.keeps_lines()) {
                continue;
            }
            if character.is_whitespace() && !limit.keeps_lines() {
                pending_space = !text.is_empty();
                continue;
            }
            let space = usize::from(pending_space);
            if text.len() + space + character.len_utf8() > limit.bytes() {
                return (text, true);
            }
            if pending_space {
                text.push(' ');
                pending_space = false;
            }
            text.push(character);
        }
    }
    (text, false)
}

/// Cuts `text` at the limit, on the boundary of a character; says whether there was anything to cut.
pub(super) fn cut(text: &mut String, limit: Limit) -> bool {
    if text.len() <= limit.bytes() {
        return false;
    }
    let end = text.floor_char_boundary(limit.bytes());
    text.truncate(end);
    true
}

/// A comment's text without its marks: `/** … */`, `///`, `//` and the stars before its lines.
pub(crate) fn without_marks(comment: &str) -> String {
    let mut lines: Vec<&str> = comment.lines().map(unmarked_line).collect();
    let indent = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    for line in &mut lines {
        *line = line.get(indent..).unwrap_or("").trim_end();
    }
    lines.join("\n").trim_matches('\n').trim_end().to_owned()
}

fn unmarked_line(line: &str) -> &str {
    let line = line.trim_end();
    let line = line.strip_suffix("*/").map_or(line, |line| line.trim_end_matches('*').trim_end());
    let start = line.trim_start();
    for mark in ["/**", "/*!", "/*", "///", "//!", "//"] {
        if let Some(rest) = start.strip_prefix(mark) {
            return rest;
        }
    }
    match start.strip_prefix('*') {
        Some(rest) if !rest.starts_with('*') => rest,
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::{Limit, cut, stored, without_marks};

    #[test]
    fn white_space_is_folded_and_nul_removed() {
        assert_eq!(stored(b" a\n\t b\0c ", Limit::Name), ("a bc".to_owned(), false));
    }

    #[test]
    fn foreign_bytes_are_replaced() {
        assert_eq!(stored(b"caf\xe9(", Limit::Name), ("caf\u{fffd}(".to_owned(), false));
    }

    #[test]
    fn text_is_cut_on_the_boundary_of_a_character() {
        let long = "é".repeat(600);
        let (text, was_cut) = stored(long.as_bytes(), Limit::Name);
        assert_eq!((text.len(), was_cut), (1_000, true));
        let mut odd = format!("a{long}");
        assert!(cut(&mut odd, Limit::Name));
        assert_eq!(odd.len(), 999);
    }

    #[test]
    fn marks_of_comments_are_removed() {
        assert_eq!(without_marks("/**\n * Adds.\n *\n *   indented\n */"), "Adds.\n\n  indented");
        assert_eq!(without_marks("/// One.\n/// Two."), "One.\nTwo.");
        assert_eq!(without_marks("/** Short. */"), "Short.");
        assert_eq!(without_marks("/*\nno stars\n*/"), "no stars");
    }
}
