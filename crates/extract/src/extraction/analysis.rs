//! What one file's bytes give, whatever they are.

use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
};

use md5::{Digest as _, Md5};
use snake_pipe_core::{
    Language,
    id::Digest,
    model::{IssueKind, ParseIssue, ParseStatus, TransformedAst},
};

use crate::{
    discover::{Content, ContentKind, is_utf16},
    engine::parse,
    parsed::{ParseOptions, ParsedFile},
};

/// Analyses a file: a pure function of its bytes, what they were judged to be, and the options.
pub(super) fn analyse(content: &Content, bytes: &[u8], options: &ParseOptions) -> ParsedFile {
    let mut parsed = match content.kind {
        ContentKind::Text => parsed_text(content.language, bytes, options),
        ContentKind::Binary => skipped("binary file"),
        ContentKind::Database => skipped("SQLite database"),
    };
    parsed.facts.language = content.language;
    parsed.facts.size_bytes = Some(bytes.len() as u64);
    parsed.facts.hash_md5 = Some(Digest::from_bytes(Md5::digest(bytes).into()));
    parsed
}

fn parsed_text(language: Language, bytes: &[u8], options: &ParseOptions) -> ParsedFile {
    let text = if is_utf16(bytes) { Cow::Owned(from_utf16(bytes)) } else { Cow::Borrowed(bytes) };
    // Parsing promises not to panic. Should it break the promise for one file, the others do not suffer for it.
    catch_unwind(AssertUnwindSafe(|| parse(language, &text, options))).unwrap_or_else(|_| {
        let message = "parsing ended in a panic: this is a flaw of snake-pipe".to_owned();
        let issue =
            ParseIssue { kind: IssueKind::SyntaxError, message: message.clone(), ..ParseIssue::default() };
        let facts = TransformedAst {
            parse_status: ParseStatus::Failed,
            skip_reason: Some(message),
            parse_issues: vec![issue],
            ..TransformedAst::default()
        };
        ParsedFile { facts, ..ParsedFile::default() }
    })
}

fn skipped(reason: &str) -> ParsedFile {
    let facts = TransformedAst {
        parse_status: ParseStatus::Skipped,
        skip_reason: Some(reason.to_owned()),
        ..TransformedAst::default()
    };
    ParsedFile { facts, ..ParsedFile::default() }
}

/// The text in UTF-8, without its byte order mark. Lines stay what they are; columns count the bytes of UTF-8.
fn from_utf16(bytes: &[u8]) -> Vec<u8> {
    let is_little_endian = bytes.starts_with(b"\xff\xfe");
    let units = bytes[2..].chunks(2).map(|pair| match *pair {
        [low, high] if is_little_endian => u16::from_le_bytes([low, high]),
        [high, low] => u16::from_be_bytes([high, low]),
        // Half a unit at the end stands for a character that is not there.
        _ => 0xfffd,
    });
    let text: String =
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::content_of;

    fn facts(path: &str, bytes: &[u8]) -> TransformedAst {
        analyse(&content_of(&path.into(), bytes), bytes, &ParseOptions::default()).facts
    }

    #[test]
    fn the_md5_is_that_of_the_file() {
        let facts = facts("a.txt", b"abc");
        // RFC 1321, appendix A.5.
        assert_eq!(facts.hash_md5.unwrap().to_string(), "900150983cd24fb0d6963f7d28e17f72");
    }

    #[test]
    fn a_file_of_no_known_language_has_its_size_and_lines() {
        let facts = facts("a.txt", b"one\n\ntwo\n");
        assert_eq!((facts.parse_status, facts.language), (ParseStatus::Skipped, Language::Unknown));
        assert_eq!((facts.size_bytes, facts.lines.unwrap().total), (Some(9), 3));
        assert!(facts.skip_reason.is_some());
    }

    #[test]
    fn a_binary_file_says_so() {
        let facts = facts("a.bin", b"\0\x01\x02");
        assert_eq!(
            (facts.parse_status, facts.skip_reason.as_deref()),
            (ParseStatus::Skipped, Some("binary file"))
        );
    }

    #[test]
    fn source_in_utf_16_is_parsed() {
        let mut bytes = b"\xff\xfe".to_vec();
        bytes.extend("def f():\n    pass\n".encode_utf16().flat_map(u16::to_le_bytes));
        let facts = facts("a.py", &bytes);
        assert_eq!(facts.functions[0].name, "f");
        assert_eq!(facts.size_bytes, Some(bytes.len() as u64));
    }
}
