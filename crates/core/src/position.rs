//! Positions: how far a source of changes has been read. A publication carries them, so that they are committed with the data
//! that they stand for, and a backend's last snapshot says where to go on.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{Error, ErrorKind, Result, Timestamp};

/// What a position is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionKind {
    /// A place in a stream of changes: a resume token, an LSN.
    Stream,
    /// A watermark of batches: a time, a number.
    Batch,
    /// How far the first copy has come.
    Initial,
}

impl PositionKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Stream, Self::Batch, Self::Initial];

    /// The kind in a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Batch => "batch",
            Self::Initial => "initial",
        }
    }
}

impl fmt::Display for PositionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for PositionKind {
    type Err = Error;

    /// Reads the word.
    ///
    /// # Errors
    /// `Configuration` for any other, naming those there are.
    fn from_str(word: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word).ok_or_else(|| {
            Error::new(ErrorKind::Configuration, format!("`{word}` is no kind of position"))
                .with_help("kind of position is one of stream, batch, initial")
        })
    }
}

/// What a position is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PositionKey {
    /// The source, such as `orders-db`.
    pub source: String,
    /// The schema in it; empty for the source as a whole.
    pub schema: String,
    /// The table in it; empty for the schema as a whole.
    pub table: String,
    /// What it is for.
    pub kind: PositionKind,
}

impl PositionKey {
    /// The position in a whole source.
    #[must_use]
    pub fn of(source: impl Into<String>, kind: PositionKind) -> Self {
        Self { source: source.into(), schema: String::new(), table: String::new(), kind }
    }

    /// The position of a schema.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// The position of a table.
    #[must_use]
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.table = table.into();
        self
    }
}

/// By what two positions of one key are compared, since JSON has no order: a text, compared byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderKey(String);

impl OrderKey {
    /// A whole number, such as an offset.
    #[must_use]
    pub fn number(number: u64) -> Self {
        Self(format!("{number:020}"))
    }

    /// A point in time.
    #[must_use]
    pub fn time(time: Timestamp) -> Self {
        Self(time.to_string())
    }

    /// A log sequence number as PostgreSQL writes it, `16/B374D848`; none for another text. See
    /// <https://www.postgresql.org/docs/current/datatype-pg-lsn.html>.
    #[must_use]
    pub fn lsn(text: &str) -> Option<Self> {
        let (high, low) = text.split_once('/')?;
        let part = |text: &str| u32::from_str_radix(text, 16).ok();
        Some(Self(format!("{:08X}{:08X}", part(high)?, part(low)?)))
    }

    /// A text that sorts as its source does, such as the `_data` of a MongoDB resume token.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How far a source has been read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePosition {
    /// What it is of.
    pub key: PositionKey,
    /// The place, as the source has it.
    pub value: Json,
    /// By what it is compared.
    pub order: OrderKey,
}

impl SourcePosition {
    /// The positions after a publication: those that are held, and these in place of theirs; by key. A position never goes
    /// back, unless that is allowed.
    ///
    /// # Errors
    /// `Conflict` where one would.
    pub fn advanced(held: &[Self], new: &[Self], may_go_back: bool) -> Result<Vec<Self>> {
        let mut positions: BTreeMap<&PositionKey, &Self> =
            held.iter().map(|position| (&position.key, position)).collect();
        for position in new {
            let held = positions.insert(&position.key, position);
            if let Some(held) = held
                && position.order < held.order
                && !may_go_back
            {
                return Err(position.would_go_back(held));
            }
        }
        Ok(positions.into_values().cloned().collect())
    }

    fn would_go_back(&self, held: &Self) -> Error {
        let (from, to) = (held.order.as_str(), self.order.as_str());
        Error::new(ErrorKind::Conflict, format!("the position would go back from {from} to {to}"))
            .with_context("source", &self.key.source)
            .with_help(
                "what the backend holds was read further; to read the source again, reset the position",
            )
    }

    /// Positions as they stand in a column; none for none.
    #[must_use]
    pub fn to_column(positions: &[Self]) -> Option<String> {
        (!positions.is_empty())
            .then(|| serde_json::to_string(positions).expect("texts and JSON can be written as JSON"))
    }

    /// Positions from their column.
    ///
    /// # Errors
    /// `Schema` for a text that is none of ours.
    pub fn from_column(column: Option<&str>) -> Result<Vec<Self>> {
        column.map_or_else(
            || Ok(Vec::new()),
            |text| {
                serde_json::from_str(text).map_err(|error| {
                    Error::new(ErrorKind::Schema, "the positions of a snapshot cannot be read")
                        .with_source(error)
                })
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn position(source: &str, number: u64) -> SourcePosition {
        SourcePosition {
            key: PositionKey::of(source, PositionKind::Batch),
            value: json!({ "number": number }),
            order: OrderKey::number(number),
        }
    }

    #[test]
    fn order_keys_sort_as_what_they_stand_for() {
        assert!(OrderKey::number(9) < OrderKey::number(10));
        assert!(OrderKey::lsn("9/FF") < OrderKey::lsn("10/1"));
        assert_eq!(OrderKey::lsn("soon"), None);
        let time = |micros| OrderKey::time(Timestamp::from_unix_micros(micros));
        assert!(time(999_999) < time(1_000_000));
    }

    #[test]
    fn positions_of_other_sources_stay_and_none_goes_back() {
        let held = [position("a", 5), position("b", 5)];
        let advanced = SourcePosition::advanced(&held, &[position("b", 7)], false).unwrap();
        assert_eq!(advanced, [position("a", 5), position("b", 7)]);
        assert_eq!(SourcePosition::advanced(&advanced, &[position("b", 7)], false).unwrap(), advanced);
        let error = SourcePosition::advanced(&held, &[position("b", 4)], false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        let back = SourcePosition::advanced(&held, &[position("b", 4)], true).unwrap();
        assert_eq!(back[1], position("b", 4));
    }

    #[test]
    fn a_column_holds_positions_or_nothing() {
        let positions = [position("a", 5)];
        let column = SourcePosition::to_column(&positions);
        assert_eq!(
            column.as_deref(),
            Some(
                r#"[{"key":{"source":"a","schema":"","table":"","kind":"batch"},"value":{"number":5},"order":"00000000000000000005"}]"#
            )
        );
        assert_eq!(SourcePosition::from_column(column.as_deref()).unwrap(), positions);
        assert_eq!(SourcePosition::to_column(&[]), None);
        assert_eq!(SourcePosition::from_column(None).unwrap(), []);
        assert_eq!(SourcePosition::from_column(Some("7")).unwrap_err().kind(), ErrorKind::Schema);
    }
}
