//! Pipelines: what is run again and again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use snake_pipe_core::Timestamp;

use crate::words::{id, words};

id! {
    /// The id of a pipeline.
    PipelineId, "a pipeline"
}

words! {
    /// Whether a pipeline may be run.
    PipelineStatus, "status of a pipeline" {
        /// It may be run.
        Active = "active",
        /// New runs are refused.
        Paused = "paused",
    }
}

/// A pipeline as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Its id.
    pub id: PipelineId,
    /// Its name; no two have the same.
    pub name: String,
    /// What it is for, in words.
    pub description: Option<String>,
    /// What it does.
    pub definition: Json,
    /// The hash of the definition, whatever the order of its keys.
    pub definition_hash: String,
    /// From 1; one more with every other definition.
    pub version: u64,
    /// Whether it may be run.
    pub status: PipelineStatus,
    /// Tags by name.
    pub tags: BTreeMap<String, String>,
    /// The fence of its youngest run; rises with every start and whenever a run is found lost.
    pub fence: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A pipeline to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewPipeline {
    /// Its name.
    pub name: String,
    /// What it is for, in words.
    pub description: Option<String>,
    /// What it does; no secrets.
    pub definition: Json,
    /// Tags by name.
    pub tags: BTreeMap<String, String>,
}

impl NewPipeline {
    /// A pipeline of this name that does this.
    #[must_use]
    pub fn new(name: impl Into<String>, definition: Json) -> Self {
        Self { name: name.into(), definition, ..Self::default() }
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(name.into(), value.into());
        self
    }
}

/// What to change of a pipeline; `None` keeps what there is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PipelineChange {
    /// Another name.
    pub name: Option<String>,
    /// Another description; an empty one removes it.
    pub description: Option<String>,
    /// Another definition: a new version, if it differs.
    pub definition: Option<Json>,
    /// Whether it may be run.
    pub status: Option<PipelineStatus>,
    /// All tags.
    pub tags: Option<BTreeMap<String, String>>,
}

/// A definition that a pipeline has or had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PipelineVersion {
    /// The pipeline.
    pub pipeline_id: PipelineId,
    /// From 1.
    pub version: u64,
    /// What it did.
    pub definition: Json,
    /// The definition's hash.
    pub definition_hash: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// Which pipelines to list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PipelineFilter {
    /// Those whose name contains this.
    pub name_contains: Option<String>,
    /// Those that have this tag, with this value if one is given.
    pub tag: Option<(String, Option<String>)>,
    /// Those of this status.
    pub status: Option<PipelineStatus>,
}
