//! Whether a header is C++: most of those are named `.h`, as those of C are.

/// Whether the first bytes of a header hold something that C has not. What only C++ compilers see (`#ifdef __cplusplus`)
/// says nothing.
pub(super) fn is_cpp(head: &[u8]) -> bool {
    let (mut in_comment, mut guard) = (false, 0_u32);
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        let starts_inside = in_comment;
        in_comment = ends_in_comment(line, in_comment);
        if starts_inside || line.starts_with(b"/*") {
            continue;
        }
        if line.starts_with(b"#if") {
            guard = if guard > 0 || contains(line, b"__cplusplus") { guard + 1 } else { 0 };
        } else if guard > 0 && line.starts_with(b"#endif") {
            guard -= 1;
        } else if guard == 0 && says_cpp(line) {
            return true;
        }
    }
    false
}

fn says_cpp(line: &[u8]) -> bool {
    const STARTS: [&[u8]; 10] = [
        b"namespace ",
        b"template<",
        b"template <",
        b"using namespace ",
        b"public:",
        b"private:",
        b"protected:",
        b"virtual ",
        b"constexpr ",
        b"explicit ",
    ];
    STARTS.iter().any(|start| line.starts_with(start))
        || is_class(line)
        || includes_cpp(line)
        || contains(line, b"std::") && !line.starts_with(b"//")
}

/// Whether a comment is open at the end of a line.
fn ends_in_comment(line: &[u8], starts_inside: bool) -> bool {
    let last = |mark: &[u8]| line.windows(2).rposition(|pair| pair == mark);
    match (last(b"/*"), last(b"*/")) {
        (Some(open), Some(close)) => open > close,
        (Some(_), None) => true,
        (None, Some(_)) => false,
        (None, None) => starts_inside,
    }
}

/// `class Name`, or `class MACRO Name`, followed by what a class is followed by: prose has another word there.
fn is_class(line: &[u8]) -> bool {
    let Some(mut rest) = line.strip_prefix(b"class ") else { return false };
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut name = rest.iter().take_while(|byte| is_word(byte)).count();
    let mut behind = rest[name..].trim_ascii_start();
    if rest[..name].contains(&b'_')
        && !rest[..name].iter().any(u8::is_ascii_lowercase)
        && behind.first().is_some_and(is_word)
    {
        rest = behind;
        name = rest.iter().take_while(|byte| is_word(byte)).count();
        behind = rest[name..].trim_ascii_start();
    }
    name > 0 && (behind.is_empty() || matches!(behind[0], b'{' | b':' | b';') || behind.starts_with(b"final"))
}

/// `#include <vector>`: the standard library's own headers have no extension in C++, and always one in C.
fn includes_cpp(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"#include") else { return false };
    let Some(path) = rest.trim_ascii_start().strip_prefix(b"<") else { return false };
    let path: &[u8] = path.split(|byte| *byte == b'>').next().unwrap_or_default();
    !path.is_empty()
        && path.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_')
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::is_cpp;

    #[test]
    fn headers_of_cpp() {
        for head in [
            "#pragma once\n#include <vector>\n",
            "// x\nnamespace a {\n",
            "template <typename T>\nT max(T a, T b);\n",
            "class Foo;\n",
            "class Foo : public Bar {\n",
            "class MY_API Foo\n",
            "struct A {\n  A();\nprivate:\n  int a;\n};\n",
            "std::string name();\n",
        ] {
            assert!(is_cpp(head.as_bytes()), "{head}");
        }
    }

    #[test]
    fn headers_of_c() {
        for head in [
            "#include <stdio.h>\nint f(void);\n",
            "#ifdef __cplusplus\nextern \"C\" {\n#endif\nint f(void);\n#ifdef __cplusplus\n}\n#endif\n",
            "#ifdef __cplusplus\n#if 1\nnamespace a {\n#endif\n#endif\nint f(void);\n",
            "/*\nclass Foo;\nnamespace x\n*/\nint a;\n",
            "struct s {\n\tstruct class *class;\n};\n",
            "class of devices\n",
            "int fifo; /* the\n   virtual fifo\n   class Foo; */\n",
            "",
        ] {
            assert!(!is_cpp(head.as_bytes()), "{head}");
        }
    }
}
