//! What Kotlin has and its grammar (tree-sitter-kotlin-ng 1.1) does not know.

/// Words that begin a declaration in the body of a class.
const DECLARATIONS: [&[u8]; 28] = [
    b"abstract",
    b"annotation",
    b"class",
    b"companion",
    b"const",
    b"constructor",
    b"data",
    b"enum",
    b"expect",
    b"external",
    b"fun",
    b"infix",
    b"init",
    b"inline",
    b"inner",
    b"interface",
    b"internal",
    b"lateinit",
    b"object",
    b"open",
    b"operator",
    b"override",
    b"private",
    b"protected",
    b"public",
    b"suspend",
    b"val",
    b"var",
];
/// Words that begin a declaration elsewhere alone.
const MORE_DECLARATIONS: [&[u8]; 4] = [b"actual", b"sealed", b"tailrec", b"value"];
/// How far before a body `enum class` is looked for, in bytes.
const MOST_HEAD_BYTES: usize = 200;
/// How far the receivers of a context reach, in bytes.
const MOST_BYTES: usize = 2_000;

/// Replaces the blank before a `}` by a semicolon, where the body that it closes stands on one line and begins with a
/// declaration: the grammar wants an end behind every member. Bodies without a blank there stay.
pub(super) fn end_members(source: &[u8]) -> Option<Vec<u8>> {
    let mut mended = source.to_owned();
    let mut open: Vec<usize> = Vec::new();
    let mut line = 0;
    for place in code(source) {
        match source[place] {
            b'\n' => line = place,
            b'{' => open.push(place),
            b'}' => {
                let Some(start) = open.pop() else { continue };
                let inside = &source[start + 1..place];
                if start >= line
                    && matches!(inside.last(), Some(b' ' | b'\t'))
                    && holds_members(source, start, inside)
                {
                    mended[place - 1] = b';';
                }
            }
            _ => {}
        }
    }
    (mended != source).then_some(mended)
}

fn holds_members(source: &[u8], open: usize, inside: &[u8]) -> bool {
    let inside = inside.trim_ascii();
    let word = &inside[..inside.iter().take_while(|byte| is_word(**byte)).count()];
    let line = source[..open].iter().rev().take(MOST_HEAD_BYTES).take_while(|byte| **byte != b'\n').count();
    let head = &source[open - line..open];
    DECLARATIONS.contains(&word)
        || inside.starts_with(b"@")
        || head.windows(10).any(|window| window == b"enum class") && inside.contains(&b';')
}

/// The places of what is neither comment nor text, in order. Code inside a text (`"${ f() }"`) is part of the text.
fn code(source: &[u8]) -> impl Iterator<Item = usize> {
    let mut place = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = source.get(place..).filter(|rest| !rest.is_empty())?;
            let skipped = if rest.starts_with(b"//") {
                rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
            } else if rest.starts_with(b"/*") {
                behind(rest, 2, b"*/")
            } else if rest.starts_with(b"\"\"\"") {
                behind(rest, 3, b"\"\"\"")
            } else if matches!(rest[0], b'"' | b'\'') {
                text_length(rest)
            } else {
                place += 1;
                return Some(place - 1);
            };
            place += skipped;
        }
    })
}

fn behind(text: &[u8], start: usize, end: &[u8]) -> usize {
    let found = text[start..].windows(end.len()).position(|window| window == end);
    found.map_or(text.len(), |found| start + found + end.len())
}

/// The length of a text on one line, its quotes included; one of a template in it does not end it.
fn text_length(text: &[u8]) -> usize {
    let (quote, mut place, mut depth) = (text[0], 1, 0_u32);
    while place < text.len() {
        match text[place] {
            b'\\' => place += 1,
            b'\n' => return place,
            b'$' if text.get(place + 1) == Some(&b'{') => {
                depth += 1;
                place += 1;
            }
            b'{' if depth > 0 => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            byte if byte == quote && depth == 0 => return place + 1,
            _ => {}
        }
        place += 1;
    }
    text.len()
}

/// Replaces `context(A, b: B)` before a declaration by blanks: to the grammar it is a call.
pub(super) fn without_contexts(source: &[u8]) -> Option<Vec<u8>> {
    const CONTEXT: &[u8] = b"context";
    let mut mended: Option<Vec<u8>> = None;
    let mut place = 0;
    while let Some(offset) = source[place..].iter().position(|byte| *byte == b'c') {
        let start = place + offset;
        place = start + 1;
        if !source[start..].starts_with(CONTEXT) || start > 0 && !source[start - 1].is_ascii_whitespace() {
            continue;
        }
        let Some(end) = end_of_context(source, start + CONTEXT.len()) else { continue };
        let mended = mended.get_or_insert_with(|| source.to_owned());
        mended[start..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    }
    mended
}

/// Where the parentheses behind `context` end, if a declaration follows.
fn end_of_context(source: &[u8], place: usize) -> Option<usize> {
    let behind = &source[place..source.len().min(place + MOST_BYTES)];
    let open =
        behind.iter().position(|byte| !byte.is_ascii_whitespace()).filter(|open| behind[*open] == b'(')?;
    let mut depth = 0_u32;
    let close = behind[open..].iter().position(|byte| {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    let end = place + open + close + 1;
    let next = source[end..].trim_ascii_start();
    let word = &next[..next.iter().take_while(|byte| is_word(**byte)).count()];
    let declares =
        DECLARATIONS.contains(&word) || MORE_DECLARATIONS.contains(&word) || next.starts_with(b"@");
    declares.then_some(end)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::{end_members, without_contexts};

    fn ended(source: &str) -> String {
        String::from_utf8(end_members(source.as_bytes()).unwrap_or_default()).unwrap()
    }

    #[test]
    fn members_on_one_line_are_ended() {
        for (source, expected) in [
            ("class X { val y = 1 }", "class X { val y = 1;}"),
            ("class X { fun a() = 1; fun b() { c() } }", "class X { fun a() = 1; fun b() { c() };}"),
            ("object O { @A fun f() = \"${ g() }\" }", "object O { @A fun f() = \"${ g() }\";}"),
            ("enum class E { A, B; open fun v() = 1 }", "enum class E { A, B; open fun v() = 1;}"),
            ("class A { class B { val c = '}' } }", "class A { class B { val c = '}';};}"),
        ] {
            assert_eq!(ended(source), expected);
        }
    }

    #[test]
    fn other_braces_are_left_alone() {
        for source in [
            "class X {\n  val y = 1 }",
            "class X {}",
            "class X { }",
            "class X {val y = 1}",
            "enum class E { A, B }",
            "f { x -> x }",
            "val s = \"{ val x }\" // { val x }",
            "/* { val x } */ \"\"\"{ val x }\"\"\"",
            "\"${",
            "} }",
        ] {
            assert_eq!(ended(source), "", "{source}");
        }
    }

    #[test]
    fn contexts_before_declarations_become_blanks() {
        let mended = |source: &str| {
            String::from_utf8(without_contexts(source.as_bytes()).unwrap_or_default()).unwrap()
        };
        assert_eq!(
            mended("context(A, b: (C) -> D)\nprivate fun f() {}"),
            "                       \nprivate fun f() {}"
        );
        for source in [
            "context(A)",
            "context(a)\ng()",
            "a.context(b) fun c()",
            "val context = 1",
            "context(",
            "context",
        ] {
            assert_eq!(mended(source), "", "{source}");
        }
    }
}
