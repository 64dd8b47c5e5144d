//! Heads of classes and structs with macros in them, which the grammars (tree-sitter-cpp 0.23, tree-sitter-c 0.24) take for
//! something else: `class API Foo {` is a variable or a function to them, often without an error.

use std::ops::Range;

/// Names behind a keyword that are followed: a head has few.
const MOST_WORDS: usize = 8;
/// How many different macros of [`EXPORT_ENDINGS`] a file may have.
const MOST_EXPORTS: usize = 8;
/// How far a comment, a line, a base clause, the arguments of a macro or the beginning of a body are followed, in bytes.
const MOST_BYTES: usize = 4_000;
/// How the names of macros end that say what a library offers. They alone are macros before the name of a class that is only
/// declared, which looks like a variable, and wherever else they stand in the file.
const EXPORT_ENDINGS: [&[u8]; 10] = [
    b"EXPORT",
    b"EXPORTS",
    b"IMPORT",
    b"IMPEXP",
    b"EXTERN",
    b"API",
    b"ABI",
    b"PUBLIC",
    b"VISIBLE",
    b"TEMPLATE_VIS",
];
/// Words that are no name, so that what they follow is no head.
const KEYWORDS: [&[u8]; 18] = [
    b"class",
    b"const",
    b"constexpr",
    b"enum",
    b"extern",
    b"inline",
    b"namespace",
    b"operator",
    b"private",
    b"protected",
    b"public",
    b"return",
    b"static",
    b"struct",
    b"template",
    b"typedef",
    b"union",
    b"using",
];

/// Replaces, at the same length, between `class`, `struct`, `union` or `enum` and the name of what is defined there: macros, with
/// their arguments, by blanks; a macro behind the name that means `final` by that; attributes of an `enum class`, which the
/// grammar does not know, by blanks. Comments and strings may be changed as well: no fact is taken from what is changed.
pub(in crate::languages) fn without_macros(source: &[u8]) -> Option<Vec<u8>> {
    let mut mended: Option<Vec<u8>> = None;
    let mut exports: Vec<&[u8]> = Vec::new();
    let mut place = 0;
    while let Some((keyword, start)) = next_keyword(source, &mut place) {
        let Some(head) = Head::behind(source, keyword, place) else { continue };
        if (head.macros.is_empty() && head.final_macro.is_none()) || !stands_in_code(source, start) {
            continue;
        }
        let mended = mended.get_or_insert_with(|| source.to_owned());
        for range in head.macros {
            let word = &source[range.clone()];
            if is_export(word) && !exports.contains(&word) && exports.len() < MOST_EXPORTS {
                exports.push(word);
            }
            blank(&mut mended[range]);
        }
        if let Some(range) = head.final_macro {
            blank(&mut mended[range.clone()]);
            mended[range.start..range.start + 5].copy_from_slice(b"final");
        }
    }
    if let Some(mended) = &mut mended {
        exports.iter().for_each(|export| blank_export(mended, export));
    }
    mended
}

/// Blanks a macro that stands before the name of a class where it stands before other declarations: `API int f();`.
fn blank_export(source: &mut [u8], export: &[u8]) {
    let mut place = 0;
    while let Some(offset) = find(&source[place..], export) {
        let start = place + offset;
        place = start + export.len();
        let is_whole = start == 0 || !is_word(source[start - 1]);
        let next = source[place..].trim_ascii_start().first().copied().unwrap_or_default();
        let is_before =
            source.get(place).is_some_and(u8::is_ascii_whitespace) && (is_word(next) || next == b'~');
        if is_whole && is_before && stands_in_code(source, start) {
            blank(&mut source[start..place]);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keyword {
    Class,
    Struct,
    Union,
    Enum,
}

impl Keyword {
    const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Class => b"class",
            Self::Struct => b"struct",
            Self::Union => b"union",
            Self::Enum => b"enum",
        }
    }
}

/// The next keyword at or behind `place`, which is moved to its end, and where it begins.
fn next_keyword(source: &[u8], place: &mut usize) -> Option<(Keyword, usize)> {
    loop {
        let offset = source[*place..].iter().position(|byte| matches!(byte, b'c' | b's' | b'u' | b'e'))?;
        let start = *place + offset;
        *place = start + 1;
        let keyword = match source[start] {
            b'c' => Keyword::Class,
            b's' => Keyword::Struct,
            b'u' => Keyword::Union,
            _ => Keyword::Enum,
        };
        if !source[start..].starts_with(keyword.bytes()) || start > 0 && is_word(source[start - 1]) {
            continue;
        }
        let end = start + keyword.bytes().len();
        if !source.get(end).is_some_and(u8::is_ascii_whitespace) {
            continue;
        }
        *place = end;
        if keyword == Keyword::Enum {
            let next = after_space(source, end);
            let word = word_at(source, next);
            if matches!(&source[word.clone()], b"class" | b"struct") {
                *place = word.end;
            }
        }
        return Some((keyword, start));
    }
}

/// What stands between a keyword and a body.
#[derive(Default)]
struct Head {
    macros: Vec<Range<usize>>,
    final_macro: Option<Range<usize>>,
}

impl Head {
    fn behind(source: &[u8], keyword: Keyword, end: usize) -> Option<Self> {
        let mut head = Self::default();
        let mut words: Vec<Range<usize>> = Vec::new();
        let mut has_attributes = false;
        let mut place = after_space(source, end);
        loop {
            if words.len() > MOST_WORDS {
                return None;
            }
            let word = word_at(source, place);
            if source[place..].starts_with(b"[[") {
                let close = place + find(at_most(&source[place..]), b"]]")? + 2;
                if keyword == Keyword::Enum {
                    head.macros.push(place..close);
                }
                place = after_space(source, close);
                has_attributes = true;
                continue;
            }
            if word.is_empty() {
                break;
            }
            let text = &source[word.clone()];
            let next = after_space(source, word.end);
            if matches!(text, b"alignas" | b"__attribute__" | b"__declspec") {
                let close = closing(source, next, b'(', b')')?;
                // The grammar knows `alignas` before attributes only.
                if has_attributes && text == b"alignas" {
                    head.macros.push(word.start..close + 1);
                }
                place = after_space(source, close + 1);
            } else if source.get(next) == Some(&b'(') {
                // What is not in capitals is a function: `struct stat read(void) {`.
                if !is_upper(text) {
                    return None;
                }
                let close = closing(source, next, b'(', b')')?;
                head.macros.push(word.start..close + 1);
                place = after_space(source, close + 1);
            } else {
                let end = end_of_name(source, word.end)?;
                words.push(word.start..end);
                place = after_space(source, end);
            }
        }
        head.take_macros(source, words, keyword, place)
    }

    /// Divides the words of a head, whose end is at `place`, into macros and the name.
    fn take_macros(
        mut self,
        source: &[u8],
        mut words: Vec<Range<usize>>,
        keyword: Keyword,
        place: usize,
    ) -> Option<Self> {
        let text = |word: &Range<usize>| &source[word.clone()];
        while words.len() > 1 && matches!(words.last().map(text), Some(b"final" | b"sealed" | b"abstract")) {
            words.pop();
        }
        let last = words.last().map(text)?;
        if words.len() > 1 && is_upper(last) && (last.ends_with(b"FINAL") || last.ends_with(b"SEALED")) {
            self.final_macro = words.pop();
        }
        let name = words.pop()?;
        if KEYWORDS.contains(&text(&name))
            || words
                .iter()
                .any(|word| !text(word).iter().all(|byte| is_word(*byte)) || KEYWORDS.contains(&text(word)))
        {
            return None;
        }
        self.macros.extend(words.iter().cloned());
        let words: Vec<&[u8]> = words.iter().map(text).collect();
        let is_head = match source.get(place) {
            Some(b'{') => is_body(source, place, keyword, &words, text(&name)),
            Some(b':') => begins_bases(source, place),
            Some(b';') => {
                keyword != Keyword::Enum && !words.is_empty() && words.iter().all(|word| is_export(word))
            }
            Some(_) | None => false,
        };
        is_head.then_some(self)
    }
}

/// Whether the braces at `open` hold members, not the values of a variable (`struct stat s{};`, `struct point p{1, 2};`): members
/// end with semicolons or have bodies or stand behind `public:`. Whether nothing is in them, names say.
fn is_body(source: &[u8], open: usize, keyword: Keyword, macros: &[&[u8]], name: &[u8]) -> bool {
    if keyword == Keyword::Enum {
        return macros.iter().all(|word| is_upper(word));
    }
    let mut place = after_space(source, open + 1);
    if source.get(place) == Some(&b'}') {
        let is_named_so =
            |word: &&[u8]| is_upper(word) && (word.contains(&b'_') || !name[0].is_ascii_lowercase());
        return macros.iter().all(|word| keyword == Keyword::Class || is_named_so(word));
    }
    let (mut depth, mut before) = (0_u32, b'{');
    let end = source.len().min(open + MOST_BYTES);
    while place < end {
        let byte = source[place];
        match byte {
            b';' => return true,
            b':' if source.get(place + 1) == Some(&b':') => place += 1,
            b':' => return true,
            b'{' if before == b')' || is_word(before) && source[place - 1].is_ascii_whitespace() => {
                return true;
            }
            b'{' => depth += 1,
            b'}' if depth == 0 => return false,
            b'}' => depth -= 1,
            _ => {}
        }
        before = byte;
        place = after_space(source, place + 1);
    }
    true
}

/// Whether a base clause begins at the colon, or the type of an `enum`: before its body neither a statement (`enum e bits : 3;`)
/// nor a parenthesis (`for (struct stat s : all) {`) ends.
fn begins_bases(source: &[u8], colon: usize) -> bool {
    if source.get(colon + 1) == Some(&b':') {
        return false;
    }
    let mut depth = 0_u32;
    let behind = &source[colon..source.len().min(colon + MOST_BYTES)];
    for byte in behind {
        match byte {
            b'{' => return depth == 0,
            b';' => return false,
            b'(' => depth += 1,
            b')' if depth == 0 => return false,
            b')' => depth -= 1,
            _ => {}
        }
    }
    false
}

/// Whether a keyword begins a declaration, as far as its line says: it is in no line comment, no directive, and no list.
fn stands_in_code(source: &[u8], keyword: usize) -> bool {
    let before = &source[keyword.saturating_sub(MOST_BYTES)..keyword];
    let line = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
    let before = before[line..].trim_ascii();
    let last = source[..keyword].trim_ascii_end().last();
    !before.starts_with(b"#") && find(before, b"//").is_none() && !matches!(last, Some(b'(' | b',' | b'<'))
}

/// Where a name ends that may go on: `a::b`, `a<int>::c`.
fn end_of_name(source: &[u8], mut end: usize) -> Option<usize> {
    loop {
        let next = after_space(source, end);
        if source.get(next) == Some(&b'<') {
            end = closing(source, next, b'<', b'>')? + 1;
        } else if source[next..].starts_with(b"::") {
            let word = word_at(source, after_space(source, next + 2));
            if word.is_empty() {
                return None;
            }
            end = word.end;
        } else {
            return Some(end);
        }
    }
}

/// The bracket that closes the one at `open`; none where there is none at `open`, or a statement or body begins before.
fn closing(source: &[u8], open: usize, opening: u8, closing: u8) -> Option<usize> {
    if source.get(open) != Some(&opening) {
        return None;
    }
    let mut depth = 0_u32;
    let end = source.len().min(open + MOST_BYTES);
    for (offset, byte) in source[open..end].iter().enumerate() {
        if *byte == opening {
            depth += 1;
        } else if *byte == closing {
            depth -= 1;
            if depth == 0 {
                return Some(open + offset);
            }
        } else if matches!(byte, b';' | b'{' | b'}') {
            return None;
        }
    }
    None
}

/// The word at a place; empty where none begins there.
fn word_at(source: &[u8], place: usize) -> Range<usize> {
    let rest = &source[place.min(source.len())..];
    let length = rest.iter().take_while(|byte| is_word(**byte)).count();
    let is_number = rest.first().is_some_and(u8::is_ascii_digit);
    place..place + if is_number { 0 } else { length }
}

/// The first place at or behind `place` that is neither white space nor comment.
fn after_space(source: &[u8], mut place: usize) -> usize {
    loop {
        let rest = at_most(source.get(place..).unwrap_or_default());
        if rest.first().is_some_and(u8::is_ascii_whitespace) {
            place += 1;
        } else if rest.starts_with(b"//") {
            place += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        } else if rest.starts_with(b"/*") {
            place += find(rest, b"*/").map_or(rest.len(), |end| end + 2);
        } else {
            return place;
        }
    }
}

fn is_export(word: &[u8]) -> bool {
    EXPORT_ENDINGS.iter().any(|ending| word.ends_with(ending))
}

fn at_most(text: &[u8]) -> &[u8] {
    &text[..text.len().min(MOST_BYTES)]
}

fn blank(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Whether a word is written as macros are: in capitals.
fn is_upper(word: &[u8]) -> bool {
    word.iter().any(u8::is_ascii_uppercase) && !word.iter().any(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::without_macros;

    fn mended(source: &str) -> String {
        String::from_utf8(without_macros(source.as_bytes()).unwrap_or_default()).unwrap()
    }

    #[test]
    fn macros_before_the_name_of_a_class_become_blanks() {
        for (source, expected) in [
            ("class API Foo {\n public:\n};", "class     Foo {\n public:\n};"),
            ("class API Foo {};", "class     Foo {};"),
            ("struct MY_API foo_tag {};", "struct        foo_tag {};"),
            ("class api Foo : public Base {};", "class     Foo : public Base {};"),
            (
                "class LLVM_ABI ALIGN(8) Foo final : B<(1)> {};",
                "class                   Foo final : B<(1)> {};",
            ),
            ("union API U { int a; };", "union     U { int a; };"),
            ("struct api Foo { void f() {} };", "struct     Foo { void f() {} };"),
            ("template <> class API Foo<int> { int a; };", "template <> class     Foo<int> { int a; };"),
            ("class API a::Foo { int b; };", "class     a::Foo { int b; };"),
            ("enum API E { A };", "enum     E { A };"),
            ("enum class API E : int { A };", "enum class     E : int { A };"),
            ("enum class [[x]] E { A };", "enum class       E { A };"),
            ("class API\n#1", ""),
            ("class API // why\nFoo\n{ int a; };", "class     // why\nFoo\n{ int a; };"),
            ("class alignas(8) API [[x]] Foo { int a; };", "class alignas(8)     [[x]] Foo { int a; };"),
            ("class [[x]] alignas(8) Foo {};", "class [[x]]            Foo {};"),
            ("class Foo Q_DECL_FINAL : B {};", "class Foo final        : B {};"),
            ("class Q_EXPORT Foo;", "class          Foo;"),
        ] {
            assert_eq!(mended(source), expected, "{source}");
        }
    }

    #[test]
    fn a_macro_that_exports_a_class_becomes_blanks_before_other_declarations() {
        assert_eq!(
            mended(
                "#define MY_API x\nclass MY_API A { MY_API A() : a(1) {} MY_API ~A(); };\nMY_API int f(MY_API);"
            ),
            "#define MY_API x\nclass        A {        A() : a(1) {}        ~A(); };\n       int f(MY_API);"
        );
    }

    #[test]
    fn what_is_no_head_of_a_class_is_left_alone() {
        for source in [
            "class Foo {};",
            "class Foo final : Base {};",
            "class alignas(8) [[nodiscard]] Foo {};",
            "class __attribute__((visibility(\"default\"))) Foo {};",
            "enum class E : int { A };",
            "struct stat st;",
            "struct POINT p;",
            "struct stat st{};",
            "struct stat st {};",
            "struct POINT p{1, 2};",
            "struct POINT p {.x = f(1), .y = {2}};",
            "struct foo bar = {1};",
            "struct foo bar(void) { return 1; }",
            "struct foo *bar() { return 1; }",
            "struct foo bar(void) NOTHROW { return 1; }",
            "for (struct stat s : all) { f(); }",
            "enum Color color : 3;",
            "template <class T> struct X { int a; };",
            "// this is a class\nnamespace foo { int a; }",
            "// the class\nFoo Bar { int a; };",
            "#define BEGIN class API Foo { int a;",
            "void f(struct A b{}) { int a; }",
            "x ? class A B : c;",
            "subclass A B { int a; };",
            "class",
            "class ",
            "enum class",
            "class A(",
            "class A [[",
            "class A<",
            "class A B",
            "class A B :",
            "class A B {",
        ] {
            let mended = mended(source);
            assert!(mended.is_empty() || source == "class A B {", "{source} became {mended}");
        }
    }
}
