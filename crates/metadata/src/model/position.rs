//! Positions: how far a pipeline has come in a source.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use snake_pipe_core::Timestamp;

use super::RunId;
use crate::words::{id, words};

id! {
    /// The id of a position.
    PositionId, "a position"
}

words! {
    /// What a position is for.
    PositionKind, "kind of position" {
        /// A place in a stream of changes: a resume token, an LSN.
        Stream = "stream",
        /// A watermark of batches: a time, a number.
        Batch = "batch",
        /// How far the first copy has come.
        Initial = "initial",
    }
}

/// What a position is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// How far a pipeline has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Its id.
    pub id: PositionId,
    /// What it is of.
    pub key: PositionKey,
    /// The place, as the source has it.
    pub value: Json,
    /// By what it is compared.
    pub order: OrderKey,
    /// The run that came so far.
    pub run_id: Option<RunId>,
    /// When.
    pub recorded_at: Timestamp,
}

/// A position to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPosition {
    /// What it is of.
    pub key: PositionKey,
    /// The place, as the source has it.
    pub value: Json,
    /// By what it is compared.
    pub order: OrderKey,
    /// The run that came so far.
    pub run_id: Option<RunId>,
}

/// Which positions to list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PositionFilter {
    /// Those of this source.
    pub source: Option<String>,
    /// Those of this schema.
    pub schema: Option<String>,
    /// Those of this table.
    pub table: Option<String>,
    /// Those for this.
    pub kind: Option<PositionKind>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_keys_sort_as_what_they_stand_for() {
        assert!(OrderKey::number(9) < OrderKey::number(10));
        assert!(OrderKey::lsn("9/FF") < OrderKey::lsn("10/1"));
        assert_eq!(OrderKey::lsn("soon"), None);
        let time = |micros| OrderKey::time(Timestamp::from_unix_micros(micros));
        assert!(time(999_999) < time(1_000_000));
    }
}
