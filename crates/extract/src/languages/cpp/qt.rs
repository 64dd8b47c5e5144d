//! Words that Qt's preprocessor makes nothing of, and its meta-object compiler much.
//!
//! Source: Qt's documentation, "The Property System", "Signals & Slots", `<QObject>`.

/// Macros that stand in a class as they are, or before a member.
const WORDS: [&[u8]; 7] =
    [b"Q_GADGET", b"Q_INVOKABLE", b"Q_NAMESPACE", b"Q_OBJECT", b"Q_SCRIPTABLE", b"Q_SIGNAL", b"Q_SLOT"];
/// How far the arguments of a macro reach, in bytes.
const MOST_BYTES: usize = 4_000;
/// Macros with arguments that stand in a class or file without a semicolon.
const CALLS: [&[u8]; 15] = [
    b"Q_CLASSINFO",
    b"Q_DECLARE_FLAGS",
    b"Q_DECLARE_METATYPE",
    b"Q_DECLARE_OPERATORS_FOR_FLAGS",
    b"Q_DECLARE_PRIVATE",
    b"Q_DECLARE_PUBLIC",
    b"Q_DECLARE_TYPEINFO",
    b"Q_DISABLE_COPY",
    b"Q_ENUM",
    b"Q_ENUMS",
    b"Q_FLAG",
    b"Q_FLAGS",
    b"Q_INTERFACES",
    b"Q_PLUGIN_METADATA",
    b"Q_PROPERTY",
];

/// Replaces, at the same length, in a source of Qt: `signals:` by `public:`, which it means; `slots`, `emit` and the macros that
/// describe a class, where no semicolon ends them, by blanks.
pub(super) fn without_words(source: &[u8]) -> Option<Vec<u8>> {
    if !is_qt(source) {
        return None;
    }
    let mut mended = source.to_owned();
    let (mut place, mut before): (usize, &[u8]) = (0, b"");
    while place < source.len() {
        if source[place] == b'#' {
            place += source[place..].iter().position(|byte| *byte == b'\n').unwrap_or(source.len() - place);
            continue;
        }
        let length = source[place..].iter().take_while(|byte| is_word(**byte)).count();
        if length == 0 {
            place += 1;
            continue;
        }
        let word = &source[place..place + length];
        if let Some((replacement, end)) = replacement(source, before, word, place + length) {
            for (offset, byte) in
                mended[place..end].iter_mut().enumerate().filter(|(_, byte)| **byte != b'\n')
            {
                *byte = replacement.get(offset).copied().unwrap_or(b' ');
            }
        }
        before = word;
        place += length;
    }
    (mended != source).then_some(mended)
}

/// Whether a source has one of Qt's macros or headers in it.
fn is_qt(source: &[u8]) -> bool {
    let mut place = 0;
    while let Some(offset) = source[place..].iter().position(|byte| *byte == b'Q') {
        let start = place + offset;
        let rest = &source[start..];
        let is_macro = [&b"Q_OBJECT"[..], b"Q_GADGET", b"Q_SIGNALS", b"Q_EMIT"]
            .iter()
            .any(|name| rest.starts_with(name));
        let is_header =
            source[..start].ends_with(b"#include <") && rest.get(1).is_some_and(u8::is_ascii_uppercase);
        if is_macro || is_header {
            return true;
        }
        place = start + 1;
    }
    false
}

/// What stands for a word, and where what it replaces ends.
fn replacement(source: &[u8], before: &[u8], word: &[u8], end: usize) -> Option<(&'static [u8], usize)> {
    let space = |place: usize| source[place..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let next = end + space(end);
    let follows = source.get(next).copied().unwrap_or_default();
    match word {
        b"signals" | b"Q_SIGNALS" if follows == b':' => Some((b"public", end)),
        b"slots" | b"Q_SLOTS"
            if follows == b':' && matches!(before, b"public" | b"protected" | b"private") =>
        {
            Some((b"", end))
        }
        b"emit" | b"Q_EMIT" if next > end && is_word(follows) => Some((b"", end)),
        _ if WORDS.contains(&word) && follows != b';' => Some((b"", end)),
        _ if CALLS.contains(&word) && follows == b'(' => {
            let mut depth = 0_u32;
            let length = source[next..].iter().take(MOST_BYTES).position(|byte| {
                match byte {
                    b'(' => depth += 1,
                    b')' => depth -= 1,
                    _ => {}
                }
                depth == 0
            })?;
            let close = next + length + 1;
            (source.get(close + space(close)) != Some(&b';')).then_some((b"", close))
        }
        _ => None,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::without_words;

    fn mended(source: &str) -> String {
        String::from_utf8(without_words(source.as_bytes()).unwrap_or_default()).unwrap()
    }

    #[test]
    fn words_of_qt_become_what_they_mean() {
        for (source, expected) in [
            ("class A { Q_OBJECT public slots: ", "class A {          public      : "),
            ("Q_OBJECT\nsignals:\nQ_SIGNALS:", "        \npublic :\npublic   :"),
            ("#include <QObject>\nemit f(); Q_EMIT g();", "#include <QObject>\n     f();        g();"),
            ("Q_GADGET Q_PROPERTY(int x READ x) Q_ENUM(E);", "                                  Q_ENUM(E);"),
        ] {
            assert_eq!(mended(source), expected);
        }
    }

    #[test]
    fn other_sources_are_left_alone() {
        for source in [
            "emit f(); signals: ",
            "#include \"QObject\"\nQ",
            "#include <QObject>\n#define X Q_OBJECT emit x\nint emit; std::vector<int> slots; f(slots);",
            "#include <QObject>\nQ_PROPERTY(",
        ] {
            assert_eq!(mended(source), "", "{source}");
        }
    }
}
