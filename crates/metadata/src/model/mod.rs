//! What the store keeps.

mod audit;
mod dataset;
mod dead_letter;
mod delivery;
mod error;
mod pipeline;
mod position;
mod retention;
mod run;
mod schema;
mod statistics;
mod task;

pub use audit::{AuditEntry, AuditFilter, NewAuditEntry};
pub use dataset::{
    Dataset, DatasetId, Direction, LineageEdge, LineageEdgeId, LineageStep, NewDataset, NewLineageEdge,
    Provenance,
};
pub use dead_letter::{
    Claim, DeadLetter, DeadLetterFilter, DeadLetterId, DeadLetterStatus, NewDeadLetter, Operation,
};
pub use delivery::{Delivery, DeliveryId, DeliveryStatus, NewDelivery};
pub use error::{
    ErrorFilter, ErrorGroup, ErrorId, ErrorRecord, ErrorStatus, NewError, RecordPolicy, fingerprint_of,
};
pub use pipeline::{
    NewPipeline, Pipeline, PipelineChange, PipelineFilter, PipelineId, PipelineStatus, PipelineVersion,
};
pub use position::{NewPosition, OrderKey, Position, PositionFilter, PositionId, PositionKey, PositionKind};
pub use retention::{CLEANING_PAUSE, Garbage, RETENTION_DAYS, Retention, SCHEMA_VERSIONS_KEPT};
pub use run::{
    Heartbeat, LEASE, NewRun, Overlap, Run, RunEnd, RunFailure, RunFilter, RunId, RunMode, RunStatistics,
    RunStatus, RunToken, StartedRun,
};
pub use schema::{
    ChangeKind, ColumnDefinition, Compatibility, EvolutionType, IndexDefinition, NewSchema, SchemaChange,
    SchemaDefinition, SchemaDiff, SchemaVersion, SchemaVersionId,
};
pub use statistics::{ClassTrend, MetricSummary, Sample, Statistics, StatisticsFilter};
pub use task::{NewTask, Task, TaskEnd, TaskFilter, TaskId, TaskRecord, TaskStatus};

use serde_json::Value as Json;
use snake_pipe_core::id::Digest;

/// A JSON value as one text: keys sorted, no spaces. Equal values have equal texts.
#[must_use]
pub fn canonical_json(value: &Json) -> String {
    match value {
        Json::Object(object) => {
            let mut keys: Vec<_> = object.keys().collect();
            keys.sort_unstable();
            let fields: Vec<_> = keys
                .into_iter()
                .map(|key| format!("{}:{}", Json::String(key.clone()), canonical_json(&object[key])))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Json::Array(items) => {
            format!("[{}]", items.iter().map(canonical_json).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// The hash of a JSON value, whatever the order of its keys.
#[must_use]
pub fn hash_of(value: &Json) -> String {
    Digest::of(canonical_json(value).as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_keys_makes_no_difference_to_the_hash() {
        let (one, two): (Json, Json) = (
            serde_json::from_str(r#"{"a":1,"b":{"d":[1,2],"c":null}}"#).unwrap(),
            serde_json::from_str(r#"{"b":{"c":null,"d":[1,2]},"a":1}"#).unwrap(),
        );
        assert_eq!(canonical_json(&one), r#"{"a":1,"b":{"c":null,"d":[1,2]}}"#);
        assert_eq!(hash_of(&one), hash_of(&two));
        assert_ne!(hash_of(&one), hash_of(&json!({"a":1,"b":{"d":[2,1],"c":null}})));
    }
}
