//! JSON that is carried, not looked into.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

/// A JSON text, valid by construction. Embedded as a value in JSON; a plain text in compact formats.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JsonText(String);

impl JsonText {
    /// The text of `value`.
    #[must_use]
    pub fn from_value(value: &serde_json::Value) -> Self {
        Self(value.to_string())
    }

    /// The text, if it is JSON.
    ///
    /// # Errors
    /// What the JSON reader says.
    pub fn parse(text: String) -> serde_json::Result<Self> {
        serde_json::from_str::<serde::de::IgnoredAny>(&text)?;
        Ok(Self(text))
    }

    /// A text that the caller wrote as JSON, byte by byte, and need not have checked again.
    #[must_use]
    pub fn from_trusted(text: String) -> Self {
        debug_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok());
        Self(text)
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serde_json::from_str::<&RawValue>(&self.0).map_err(S::Error::custom)?.serialize(serializer)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            // As it is written, but for white space: the order of keys stays, and so does every digit. Nothing here is
            // recursive, so that a deep syntax tree is no obstacle.
            Box::<RawValue>::deserialize(deserializer).map(|raw| Self(without_white_space(raw.get())))
        } else {
            String::deserialize(deserializer).map(Self)
        }
    }
}

/// The JSON text without white space between its tokens.
fn without_white_space(json: &str) -> String {
    let (mut is_text, mut is_escaped) = (false, false);
    json.chars()
        .filter(|letter| {
            if is_text {
                is_text = is_escaped || *letter != '"';
                is_escaped = !is_escaped && *letter == '\\';
                return true;
            }
            is_text = *letter == '"';
            !matches!(letter, ' ' | '\n' | '\r' | '\t')
        })
        .collect()
}

impl JsonSchema for JsonText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Json".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        true.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_reads_back_as_it_was_written() {
        for text in [r#"{"b":1,"a":[1.50,"x \" y"]}"#, "12345678901234567890123", "null", r#""a b""#] {
            let json = JsonText::parse(text.to_owned()).unwrap();
            assert_eq!(serde_json::to_string(&json).unwrap(), text);
            assert_eq!(serde_json::from_str::<JsonText>(text).unwrap(), json);
        }
    }

    #[test]
    fn white_space_between_tokens_goes() {
        let json: JsonText = serde_json::from_str("{ \"a b\" :\n\t[ 1 , \"\\\" c\" ] }").unwrap();
        assert_eq!(json.as_str(), r#"{"a b":[1,"\" c"]}"#);
    }

    #[test]
    fn a_deep_tree_is_no_obstacle() {
        let text = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let json: JsonText = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&json).unwrap(), text);
    }
}
