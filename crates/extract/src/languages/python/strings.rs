//! What string literals say, and documentation (sections 2.4 and 3.2 of the language reference).

use tree_sitter::Node;

use super::{
    CONCATENATED_STRING, EXPRESSION_STATEMENT, INTERPOLATION, PARENTHESIZED_EXPRESSION, STRING, STRING_END,
    STRING_START,
};
use crate::engine::Walk;

/// The documentation in a body: the text of the string that is its first statement, without the indentation that its
/// lines share, as `inspect.cleandoc` gives it, and without white space at its end.
pub(super) fn doc_string<'t>(walk: &mut Walk<'t>, body: Node<'t>) -> Option<String> {
    let statements = (0..body.named_child_count()).map_while(|index| body.named_child(index as u32));
    let statement = statements.into_iter().find(|statement| !statement.is_extra())?;
    let mut string = statement.named_child(0).filter(|_| walk.is(statement, EXPRESSION_STATEMENT))?;
    while walk.is(string, PARENTHESIZED_EXPRESSION) {
        string = string.named_child(0)?;
    }
    let text = without_indent(&string_value(walk, string)?.replace("\r\n", "\n"));
    // What a database cannot hold is left out.
    Some(text.replace(['\0', '\r'], "")).filter(|text| !text.is_empty())
}

/// The value of a string, also of several that stand beside each other; none for bytes and formatted strings.
pub(super) fn string_value<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Option<String> {
    if !walk.is(node, CONCATENATED_STRING) {
        return single_value(walk, node);
    }
    let parts = walk.named_children(node);
    parts.into_iter().map(|part| single_value(walk, part)).collect()
}

fn single_value<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Option<String> {
    if !walk.is(node, STRING) || walk.child_of_kind(node, INTERPOLATION).is_some() {
        return None;
    }
    let start = walk.child_of_kind(node, STRING_START)?;
    let end = walk.child_of_kind(node, STRING_END)?.byte_range().len();
    let mark = walk.bytes(start);
    let has = |letters: &[u8]| mark.iter().any(|byte| letters.contains(&byte.to_ascii_lowercase()));
    let bytes = walk.bytes(node);
    let content = String::from_utf8_lossy(bytes.get(mark.len()..bytes.len() - end)?);
    match has(b"bft") {
        true => None,
        false if has(b"r") || !content.contains('\\') => Some(content.into_owned()),
        false => Some(unescaped(&content)),
    }
}

/// A text with its escape sequences replaced by what they stand for; `\N{…}` stays as it is.
fn unescaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('\\') {
        value.push_str(&rest[..place]);
        rest = &rest[place + 1..];
        rest = escape(rest, &mut value);
    }
    value.push_str(rest);
    value
}

/// Adds what the escape sequence stands for that `text` begins with (its backslash is gone), and gives what follows it.
fn escape<'a>(text: &'a str, value: &mut String) -> &'a str {
    let Some(letter) = text.chars().next() else {
        value.push('\\');
        return text;
    };
    let rest = &text[letter.len_utf8()..];
    let plain = match letter {
        '\n' => return rest,
        '\r' => return rest.strip_prefix('\n').unwrap_or(rest),
        '\\' | '\'' | '"' => letter,
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '0'..='7' => return numbered(text, 8, 3, value).unwrap_or(rest),
        'x' | 'u' | 'U' => {
            let digits = match letter {
                'x' => 2,
                'u' => 4,
                _ => 8,
            };
            let is_whole = rest.bytes().take(digits).filter(u8::is_ascii_hexdigit).count() == digits;
            if let Some(rest) = numbered(rest, 16, digits, value).filter(|_| is_whole) {
                return rest;
            }
            value.push('\\');
            letter
        }
        _ => {
            value.push('\\');
            letter
        }
    };
    value.push(plain);
    rest
}

/// Adds the character whose number the first digits are, at most `most` of them.
fn numbered<'a>(text: &'a str, radix: u32, most: usize, value: &mut String) -> Option<&'a str> {
    let count = text.chars().take(most).take_while(|digit| digit.is_digit(radix)).count();
    let number = u32::from_str_radix(&text[..count], radix).ok()?;
    value.push(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(&text[count..])
}

/// As `inspect.cleandoc` does it (PEP 257), and without white space at the end.
fn without_indent(text: &str) -> String {
    let text = with_spaces_for_tabs(text);
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let rest = text.split('\n').skip(1).filter(|line| indent(line) < line.len());
    let margin = rest.map(indent).min().unwrap_or(0);
    let mut lines = text.split('\n');
    let first = lines.next().unwrap_or("").trim_start_matches(' ');
    let rest = lines.map(|line| line.get(margin..).unwrap_or(""));
    let lines: Vec<&str> = std::iter::once(first).chain(rest).collect();
    let start = lines.iter().take_while(|line| line.is_empty()).count();
    lines[start..].join("\n").trim_end().to_owned()
}

/// As `str.expandtabs` does it: to the next column that eight divides.
fn with_spaces_for_tabs(text: &str) -> String {
    if !text.contains('\t') {
        return text.to_owned();
    }
    let mut expanded = String::with_capacity(text.len() + 64);
    let mut column = 0;
    for character in text.chars() {
        match character {
            '\t' => {
                let width = 8 - column % 8;
                expanded.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            '\n' => {
                expanded.push('\n');
                column = 0;
            }
            _ => {
                expanded.push(character);
                column += 1;
            }
        }
    }
    expanded
}

#[cfg(test)]
mod tests {
    use super::{unescaped, without_indent};

    #[test]
    fn doc_strings_lose_their_indentation() {
        assert_eq!(
            without_indent("First.\n\n        Second.\n          Third.\n        "),
            "First.\n\nSecond.\n  Third."
        );
        assert_eq!(without_indent("\n\tOne\n        Two\n"), "One\nTwo");
    }

    #[test]
    fn escape_sequences_are_what_they_stand_for() {
        assert_eq!(unescaped(r"a\tb\x41\u00e9\101\0\'\\n"), "a\tbA\u{e9}A\0'\\n");
        assert_eq!(unescaped("one \\\nline"), "one line");
    }

    #[test]
    fn what_is_no_escape_sequence_stays() {
        assert_eq!(unescaped(r"\d \xg1 \N{DASH}"), r"\d \xg1 \N{DASH}");
        assert_eq!(unescaped("\\"), "\\");
    }
}
