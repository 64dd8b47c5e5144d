//! Datasets, and what flows from one into another.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use snake_pipe_core::{Timestamp, secret::redacted_url};

use super::{PipelineId, RecordPolicy, RunId};
use crate::words::{id, words};

id! {
    /// The id of a dataset.
    DatasetId, "a dataset"
}

id! {
    /// The id of an edge.
    LineageEdgeId, "a lineage edge"
}

/// Anything that data is read from or written to: a source tree, a table, a file, a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dataset {
    /// Its id.
    pub id: DatasetId,
    /// Its name; no two have the same.
    pub name: String,
    /// What kind it is, such as `source_tree` or `table`.
    pub kind: String,
    /// Where it is, without credentials.
    pub address: Option<String>,
    /// What else is known.
    pub properties: Json,
    /// Tags by name.
    pub tags: BTreeMap<String, String>,
    /// When it was first recorded.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A dataset to be recorded; one of the same name is updated. `Debug` shows its address without credentials.
#[derive(Clone, Default, PartialEq)]
pub struct NewDataset {
    /// Its name.
    pub name: String,
    /// What kind it is.
    pub kind: String,
    /// Where it is. What credentials it holds is not kept.
    pub address: Option<String>,
    /// What else is known.
    pub properties: Json,
    /// Tags by name.
    pub tags: BTreeMap<String, String>,
}

impl fmt::Debug for NewDataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewDataset")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("address", &self.address.as_deref().map(redacted_url))
            .field("properties", &RecordPolicy::Secrets.apply(self.properties.clone()))
            .field("tags", &self.tags)
            .finish()
    }
}

impl NewDataset {
    /// A dataset of this name and kind.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { name: name.into(), kind: kind.into(), ..Self::default() }
    }
}

words! {
    /// How it is known that data flows.
    Provenance, "provenance" {
        /// Somebody says so.
        Declared = "declared",
        /// A run did it.
        Observed = "observed",
        /// It was read off a definition, such as a query's text.
        Inferred = "inferred",
    }
}

/// Data flows from a dataset, or a column of it, into another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineageEdge {
    /// Its id.
    pub id: LineageEdgeId,
    /// Where it comes from.
    pub source: String,
    /// The column; none for the dataset as a whole.
    pub source_column: Option<String>,
    /// Where it goes.
    pub destination: String,
    /// The column; none for the dataset as a whole.
    pub destination_column: Option<String>,
    /// The pipeline that carries it.
    pub pipeline_id: Option<PipelineId>,
    /// The run that carried it last.
    pub run_id: Option<RunId>,
    /// What happens on the way, in words or SQL.
    pub transformation: Option<String>,
    /// How it is known.
    pub provenance: Provenance,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
    /// When it was first recorded.
    pub first_seen_at: Timestamp,
    /// When it was last recorded.
    pub last_seen_at: Timestamp,
}

/// An edge to be recorded. One between the same ends by the same pipeline is updated.
#[derive(Clone, Debug, PartialEq)]
pub struct NewLineageEdge {
    /// The dataset that it comes from; recorded with it if it is unknown.
    pub source: NewDataset,
    /// The dataset that it goes to; recorded with it if it is unknown.
    pub destination: NewDataset,
    /// Columns, from and to; none for the datasets as a whole.
    pub columns: Vec<(String, String)>,
    /// The pipeline that carries it.
    pub pipeline_id: Option<PipelineId>,
    /// The run that carried it.
    pub run_id: Option<RunId>,
    /// What happens on the way.
    pub transformation: Option<String>,
    /// How it is known.
    pub provenance: Provenance,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
}

impl NewLineageEdge {
    /// A flow between whole datasets that a run did.
    #[must_use]
    pub fn observed(source: NewDataset, destination: NewDataset) -> Self {
        Self {
            source,
            destination,
            columns: Vec::new(),
            pipeline_id: None,
            run_id: None,
            transformation: None,
            provenance: Provenance::Observed,
            confidence: 1.0,
        }
    }
}

words! {
    /// Which way to follow the edges.
    Direction, "direction" {
        /// To where the data comes from.
        Upstream = "upstream",
        /// To what depends on the data.
        Downstream = "downstream",
    }
}

/// An edge that was reached from a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineageStep {
    /// How many edges away, from 1.
    pub depth: u64,
    /// The edge.
    pub edge: LineageEdge,
}
