//! Making texts, names and numbers storable, and remembering that it was done.

use std::borrow::Cow;

use super::MAX_NAME_BYTES;
use crate::{
    id::Digest,
    json::JsonText,
    model::{IssueKind, ParseIssue, Span},
};

/// Stands before the digest of a name that was changed.
const DIGEST_MARK: char = '~';

/// What was changed to make the facts storable.
#[derive(Default)]
pub(super) struct Changes {
    nul_bytes: bool,
    cut_names: bool,
    numbers: bool,
}

impl Changes {
    pub(super) fn text<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        if text.as_bytes().contains(&0) {
            self.nul_bytes = true;
            return text.replace('\0', "\u{fffd}").into();
        }
        text.into()
    }

    pub(super) fn name<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        let name = self.text(text);
        if name.len() <= MAX_NAME_BYTES {
            return name;
        }
        self.cut_names = true;
        match name {
            Cow::Borrowed(name) => cut(name, MAX_NAME_BYTES).into(),
            Cow::Owned(name) => cut(&name, MAX_NAME_BYTES).to_owned().into(),
        }
    }

    /// A name that is part of a key: names that differ stay different. One that is changed ends in a digest of what it was, and
    /// so does one that reads as if it had been.
    pub(super) fn key_name<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        let name = self.name(text);
        if *name == *text && !ends_in_digest(text) {
            return name;
        }
        let digest = Digest::of(text.as_bytes()).to_string();
        let kept = cut(&name, MAX_NAME_BYTES - digest.len() - DIGEST_MARK.len_utf8());
        format!("{kept}{DIGEST_MARK}{digest}").into()
    }

    pub(super) fn json<'t>(&mut self, json: &'t JsonText) -> Cow<'t, str> {
        let text = json.as_str();
        // An escaped backslash before `u0000` is text about NUL, not NUL; only then is the slow way taken.
        if !text.contains("\\u0000") {
            return text.into();
        }
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(mut value) => {
                self.nul_bytes |= replace_nul(&mut value);
                value.to_string().into()
            }
            Err(_) => "null".into(),
        }
    }

    /// The number as a database holds it. -0.0 becomes 0.0: the two are equal, and some databases show the sign where others
    /// lose it.
    pub(super) fn number(&mut self, value: f64) -> f64 {
        self.numbers |= !value.is_finite();
        if value.is_finite() && value != 0.0 { value } else { 0.0 }
    }

    pub(super) fn issues(&self) -> impl Iterator<Item = ParseIssue> {
        let issue = |changed: bool, kind, message: &str| {
            changed.then(|| ParseIssue { kind, message: message.to_owned(), span: Span::default() })
        };
        [
            issue(self.nul_bytes, IssueKind::NulByte, "NUL characters were replaced by U+FFFD"),
            issue(self.cut_names, IssueKind::Truncated, "names over 1000 bytes were cut"),
            issue(self.numbers, IssueKind::Refused, "numbers that are not finite were replaced by 0"),
        ]
        .into_iter()
        .flatten()
    }
}

fn replace_nul(value: &mut serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) if text.contains('\0') => {
            *text = text.replace('\0', "\u{fffd}");
            true
        }
        serde_json::Value::Array(values) => {
            values.iter_mut().fold(false, |changed, value| replace_nul(value) | changed)
        }
        serde_json::Value::Object(map) => {
            let mut changed = false;
            for (key, mut value) in std::mem::take(map) {
                changed |= replace_nul(&mut value) | key.contains('\0');
                map.insert(key.replace('\0', "\u{fffd}"), value);
            }
            changed
        }
        _ => false,
    }
}

fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn ends_in_digest(name: &str) -> bool {
    name.rsplit_once(DIGEST_MARK).is_some_and(|(_, digest)| {
        digest.len() == 32 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_short_enough_whatever_it_is_made_of() {
        let mut changes = Changes::default();
        assert_eq!(changes.name("total"), "total");
        assert!(!changes.cut_names);
        for letter in ["x", "ü", "\0"] {
            let name = changes.name(&letter.repeat(1_001)).into_owned();
            assert!((998..=1_000).contains(&name.len()), "{letter:?} {}", name.len());
        }
        assert!(changes.cut_names && changes.nul_bytes);
    }

    #[test]
    fn a_number_that_cannot_be_held_becomes_zero_and_zero_has_no_sign() {
        let mut changes = Changes::default();
        assert_eq!(changes.number(-1.5), -1.5);
        assert_eq!(changes.number(-0.0).to_bits(), 0.0_f64.to_bits());
        assert!(!changes.numbers);
        assert_eq!(changes.number(f64::NEG_INFINITY).to_bits(), 0.0_f64.to_bits());
        assert!(changes.numbers);
    }

    #[test]
    fn names_of_keys_that_differ_stay_different() {
        let mut changes = Changes::default();
        let long = "x".repeat(1_000);
        let (a, b) = (format!("{long}a"), format!("{long}b"));
        let stored = changes.key_name(&a).into_owned();
        assert_eq!(stored, format!("{}~{}", "x".repeat(967), Digest::of(a.as_bytes())));
        assert_eq!(stored.len(), MAX_NAME_BYTES);
        assert_ne!(stored, changes.key_name(&b));
        // Nor does a name become another by looking like what that is stored as.
        assert_ne!(stored, changes.key_name(&stored));
        assert_ne!(changes.key_name("a\0"), changes.key_name("a\u{fffd}"));
        assert_eq!(changes.key_name("loc~2"), "loc~2");
    }
}
