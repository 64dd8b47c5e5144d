//! A source file's path: readable, and lossless beside it.

use std::{borrow::Cow, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::id::FileKey;

/// A path relative to the repository's root, parts separated by `/`.
///
/// A path is bytes. Where they are not UTF-8, `text` shows each foreign byte as `\xHH`, and `bytes` keeps all of them.
///
/// In JSON a path is a text; one that is not UTF-8 is U+0000 followed by its bytes in hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourcePath {
    /// The readable form.
    text: String,
    /// The path's bytes, where `text` does not say them.
    bytes: Option<Vec<u8>>,
}

impl SourcePath {
    /// The path with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        match str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Self { text: text.to_owned(), bytes: None },
            _ => Self { text: escaped(bytes), bytes: Some(bytes.to_owned()) },
        }
    }

    /// The readable form; unique among paths that are UTF-8.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or(self.text.as_bytes())
    }

    /// Whether the readable form is the path itself.
    #[must_use]
    pub const fn is_utf8(&self) -> bool {
        self.bytes.is_none()
    }

    /// The file's key within its repository.
    #[must_use]
    pub fn key(&self) -> FileKey {
        FileKey::of(self.as_bytes())
    }

    /// The last part of the readable form.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or(&self.text)
    }

    /// What follows the last dot of the file's name, if anything stands on both sides of it.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        let (stem, extension) = self.file_name().rsplit_once('.')?;
        (!stem.is_empty() && !extension.is_empty()).then_some(extension)
    }

    /// The readable form of the directory, empty at the root.
    #[must_use]
    pub fn directory(&self) -> &str {
        self.text.rsplit_once('/').map_or("", |(directory, _)| directory)
    }
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        let valid: Cow<'_, str> = match chunk.valid().contains('\0') {
            true => chunk.valid().replace('\0', "\\x00").into(),
            false => chunk.valid().into(),
        };
        text.push_str(&valid);
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

impl Serialize for SourcePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.bytes {
            None => serializer.serialize_str(&self.text),
            Some(bytes) => {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                serializer.collect_str(&format_args!("\0{hex}"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for SourcePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let Some(hex) = text.strip_prefix('\0') else {
            return Ok(Self::from_bytes(text.as_bytes()));
        };
        let digits: Option<Vec<u8>> =
            hex.chars().map(|digit| digit.to_digit(16).map(|value| value as u8)).collect();
        match digits.filter(|digits| digits.len() % 2 == 0) {
            Some(digits) => {
                Ok(Self::from_bytes(&digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect::<Vec<_>>()))
            }
            None => Err(de::Error::custom("behind U+0000 a path continues in pairs of hexadecimal digits")),
        }
    }
}

impl JsonSchema for SourcePath {
    fn schema_name() -> Cow<'static, str> {
        "SourcePath".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "minLength": 1 })
    }
}

impl From<&str> for SourcePath {
    fn from(text: &str) -> Self {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Display for SourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::SourcePath;

    #[test]
    fn a_path_that_is_not_utf8_stays_lossless() {
        let path = SourcePath::from_bytes(b"src/caf\xe9.c");
        assert_eq!(path.as_str(), "src/caf\\xe9.c");
        assert_eq!(path.as_bytes(), b"src/caf\xe9.c");
        assert!(!path.is_utf8());
        let json = serde_json::to_string(&path).unwrap();
        assert_eq!(serde_json::from_str::<SourcePath>(&json).unwrap(), path);
        assert_eq!(serde_json::to_string(&SourcePath::from("a/b.c")).unwrap(), "\"a/b.c\"");
    }

    #[test]
    fn parts_of_a_path() {
        let path = SourcePath::from("a/b.test.ts");
        assert_eq!((path.file_name(), path.extension(), path.directory()), ("b.test.ts", Some("ts"), "a"));
        assert_eq!(SourcePath::from(".gitignore").extension(), None);
        assert_eq!(SourcePath::from("Makefile").directory(), "");
    }
}
