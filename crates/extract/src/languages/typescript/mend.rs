//! What TypeScript has and its grammar (tree-sitter-typescript 0.23) does not know.

/// Replaces, at the same length:
/// - `in` and `out` before type parameters (TypeScript 4.7) by blanks;
/// - the type arguments of an imported type, `import("m").T<A, B>`, by a union: `import("m").T|A| B `; the `[]` of an array
///   of such, and `readonly` before it, by blanks;
/// - the last blank before a type parameter list that begins a line, between signatures that only the line break divides,
///   by a semicolon.
pub(super) fn mend(source: &[u8]) -> Option<Vec<u8>> {
    let mut mended = source.to_owned();
    blank_variance(&mut mended);
    open_imported_types(&mut mended);
    divide_signatures(&mut mended);
    (mended != source).then_some(mended)
}

/// Two words beside each other behind `<` or `,` are no expression, so nothing else looks like this.
fn blank_variance(source: &mut [u8]) {
    for place in 0..source.len() {
        if !matches!(source[place], b'<' | b',') {
            continue;
        }
        let mut start = after_space(source, place + 1);
        for word in [b"in".as_slice(), b"out"] {
            let end = start + word.len();
            let next = after_space(source, end);
            if source[start..].starts_with(word)
                && next > end
                && source.get(next).is_some_and(|byte| is_word(*byte))
            {
                source[start..end].fill(b' ');
                start = next;
            }
        }
    }
}

/// A name in upper case is that of a type: the promise that the expression `import("m")` gives has none.
fn open_imported_types(source: &mut [u8]) {
    const IMPORT: &[u8] = b"import(";
    let mut place = 0;
    while let Some(found) = source[place..].windows(IMPORT.len()).position(|bytes| bytes == IMPORT) {
        blank_word_before(source, place + found, b"readonly");
        place += found + IMPORT.len();
        let Some(mut end) = end_of_imported_type(source, place) else { continue };
        if source.get(end) == Some(&b'<') {
            let Some(close) = closing(source, end) else { continue };
            for place in commas(source, end, close) {
                source[place] = b'|';
            }
            source[end] = b'|';
            source[close] = b' ';
            end = close + 1;
        }
        while source[end..].starts_with(b"[]") {
            source[end..end + 2].fill(b' ');
            end += 2;
        }
    }
}

fn blank_word_before(source: &mut [u8], place: usize, word: &[u8]) {
    let end = source[..place].trim_ascii_end().len();
    if end < place && source[..end].ends_with(word) {
        source[end - word.len()..end].fill(b' ');
    }
}

fn divide_signatures(source: &mut [u8]) {
    for place in 2..source.len() {
        let begins_line = source[place] == b'<' && matches!(source[place - 1], b' ' | b'\t');
        if !begins_line
            || !source.get(place + 1).is_some_and(|byte| byte.is_ascii_uppercase() || *byte == b'\n')
        {
            continue;
        }
        let before = source[..place].trim_ascii_end();
        let ends_type =
            before.last().is_some_and(|byte| is_word(*byte) || matches!(byte, b'>' | b']' | b')' | b'}'));
        if ends_type && source[before.len()..place].contains(&b'\n') {
            source[place - 1] = b';';
        }
    }
}

/// Where `"m").A.B` ends, if its last name is that of a type.
fn end_of_imported_type(source: &[u8], start: usize) -> Option<usize> {
    let quote = *source.get(start).filter(|byte| matches!(byte, b'"' | b'\''))?;
    let mut place =
        start + 1 + source[start + 1..].iter().position(|byte| *byte == quote || *byte == b'\n')?;
    place += 1;
    if source.get(place) != Some(&b')') {
        return None;
    }
    place += 1;
    let mut last = b' ';
    while source.get(place) == Some(&b'.') {
        last = *source.get(place + 1)?;
        place += 1 + source[place + 1..].iter().take_while(|byte| is_word(**byte)).count();
    }
    last.is_ascii_uppercase().then_some(place)
}

/// The `>` that closes the `<` at `open`.
fn closing(source: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for place in open..source.len() {
        match source[place] {
            b'<' => depth += 1,
            b'>' if source[place - 1] != b'=' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return Some(place);
        }
    }
    None
}

/// The commas between type arguments.
fn commas(source: &[u8], open: usize, close: usize) -> Vec<usize> {
    let mut depth = 0_i32;
    let mut commas = Vec::new();
    for place in open + 1..close {
        match source[place] {
            b'<' | b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b'>' if source[place - 1] != b'=' => depth -= 1,
            b',' if depth == 0 => commas.push(place),
            _ => {}
        }
    }
    commas
}

fn after_space(source: &[u8], place: usize) -> usize {
    place + source[place.min(source.len())..].iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

#[cfg(test)]
mod tests {
    use super::mend;

    fn mended(source: &str) -> String {
        String::from_utf8(mend(source.as_bytes()).unwrap_or_default()).unwrap()
    }

    #[test]
    fn words_of_variance_become_blanks() {
        assert_eq!(mended("interface A<in out B, out C> {}"), "interface A<       B,     C> {}");
        assert_eq!(mended("f(a, inner, out)"), "");
    }

    #[test]
    fn type_arguments_of_imported_types_become_a_union() {
        assert_eq!(mended("x: import('m').A<B<C, D>, E>;"), "x: import('m').A|B<C, D>| E ;");
        assert_eq!(mended("import('m').A<() => import('n').B<C>>"), "import('m').A|() => import('n').B|C  ");
        assert_eq!(mended("import('m').then<A>(f)"), "");
    }

    #[test]
    fn arrays_of_imported_types_become_the_types() {
        assert_eq!(mended("x?: readonly import('m').A[][];"), "x?:          import('m').A    ;");
    }

    #[test]
    fn signatures_on_lines_of_their_own_are_divided() {
        assert_eq!(
            mended("{\n  <A>(a: A): B<A>\n  <C>(c: C): D\n}"),
            "{\n  <A>(a: A): B<A>\n ;<C>(c: C): D\n}"
        );
        assert_eq!(mended("a\n  < b"), "");
    }

    #[test]
    fn what_is_cut_off_is_left_alone() {
        for source in
            ["import(", "import('m", "import('m')", "import('m').", "import('m').A<", "<", "<in", ", out "]
        {
            assert_eq!(mended(source), "");
        }
    }
}
