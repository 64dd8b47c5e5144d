//! Positions: how far a pipeline has come in a source.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
pub use snake_pipe_core::position::{OrderKey, PositionKey, PositionKind};
use snake_pipe_core::{Timestamp, position::SourcePosition};

use super::RunId;
use crate::words::id;

id! {
    /// The id of a position.
    PositionId, "a position"
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

impl NewPosition {
    /// What a backend holds with its data, as this run came to it.
    #[must_use]
    pub fn held(position: SourcePosition, run_id: Option<RunId>) -> Self {
        Self { key: position.key, value: position.value, order: position.order, run_id }
    }
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
