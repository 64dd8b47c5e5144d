//! Versions of schemas, and what changed between them.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use snake_pipe_core::Timestamp;

use super::{RunId, hash_of};
use crate::words::{id, words};

id! {
    /// The id of a version of a schema.
    SchemaVersionId, "a schema version"
}

/// The shape of a table, or of anything with named fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaDefinition {
    /// Its columns, in their order.
    pub columns: Vec<ColumnDefinition>,
    /// The names of the primary key's columns, in their order.
    #[serde(default)]
    pub primary_key: Vec<String>,
    /// Its indexes.
    #[serde(default)]
    pub indexes: Vec<IndexDefinition>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: String,
    /// Its type, as the source calls it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Whether it may be null.
    #[serde(default = "yes")]
    pub nullable: bool,
    /// Its default, as the source writes it.
    #[serde(default)]
    pub default: Option<String>,
}

const fn yes() -> bool {
    true
}

impl ColumnDefinition {
    /// A column that may be null.
    #[must_use]
    pub fn nullable(name: impl Into<String>, data_type: impl Into<String>) -> Self {
        Self { name: name.into(), data_type: data_type.into(), nullable: true, default: None }
    }

    /// A column that may not be null.
    #[must_use]
    pub fn required(name: impl Into<String>, data_type: impl Into<String>) -> Self {
        Self { nullable: false, ..Self::nullable(name, data_type) }
    }
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexDefinition {
    /// Its name.
    pub name: String,
    /// Its columns, in their order.
    pub columns: Vec<String>,
    /// Whether no two rows may be equal in them.
    #[serde(default)]
    pub unique: bool,
}

impl SchemaDefinition {
    /// The hash of the canonical form: the order of columns and indexes makes no difference, that of a key's columns does.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut sorted = self.clone();
        sorted.columns.sort_by(|one, other| one.name.cmp(&other.name));
        sorted.indexes.sort_by(|one, other| one.name.cmp(&other.name));
        hash_of(&serde_json::to_value(sorted).unwrap_or(Json::Null))
    }
}

words! {
    /// What a version did to the schema.
    EvolutionType, "evolution type" {
        /// The first version.
        Create = "create",
        /// Columns were added.
        AddColumn = "add_column",
        /// Columns were dropped.
        DropColumn = "drop_column",
        /// Columns changed their type, nullability or default.
        ModifyColumn = "modify_column",
        /// Indexes were added.
        AddIndex = "add_index",
        /// Indexes were dropped.
        DropIndex = "drop_index",
        /// Indexes changed.
        ModifyIndex = "modify_index",
        /// The primary key changed.
        ModifyKey = "modify_key",
        /// Several of these at once.
        Several = "several",
    }
}

words! {
    /// Who can read whose data.
    Compatibility, "compatibility" {
        /// Readers of either version can read data of the other.
        Full = "full",
        /// Readers of the new version can read old data.
        Backward = "backward",
        /// Readers of the old version can read new data.
        Forward = "forward",
        /// Neither.
        None = "none",
    }
}

words! {
    /// What happened to a part of a schema.
    ChangeKind, "kind of change" {
        /// It is new.
        Added = "added",
        /// It is gone.
        Dropped = "dropped",
        /// It is another.
        Modified = "modified",
    }
}

/// One difference between two versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SchemaChange {
    /// What happened.
    pub kind: ChangeKind,
    /// To what: `columns.email`, `columns.email.type`, `indexes.idx_email`, `primary_key`.
    pub field: String,
    /// What it was.
    pub old: Json,
    /// What it is.
    pub new: Json,
}

/// The difference between two versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SchemaDiff {
    /// Every difference: columns in the order of their names, then the key, then indexes.
    pub changes: Vec<SchemaChange>,
    /// What they are together.
    pub evolution: EvolutionType,
    /// Who can read whose data.
    pub compatibility: Compatibility,
    /// Why it is not full, in words, one for each cause.
    pub reasons: Vec<String>,
}

/// A version of a schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SchemaVersion {
    /// Its id.
    pub id: SchemaVersionId,
    /// The schema or repository that the table is in.
    pub schema_name: String,
    /// The table.
    pub table_name: String,
    /// From 1.
    pub version: u64,
    /// The shape.
    pub definition: SchemaDefinition,
    /// The hash of its canonical form.
    pub hash: String,
    /// What it did.
    pub evolution: EvolutionType,
    /// What changed since the version before.
    pub changes: Vec<SchemaChange>,
    /// Who can read whose data, compared with the version before.
    pub compatibility: Compatibility,
    /// Why it is not full.
    pub reasons: Vec<String>,
    /// The version before; none for the first.
    pub previous_version: Option<u64>,
    /// The run that registered it.
    pub run_id: Option<RunId>,
    /// When.
    pub registered_at: Timestamp,
    /// Whether this call registered it, and not an earlier one.
    pub is_new: bool,
}

/// A shape to be registered. Where it is the latest already, nothing happens; where it is an older one, it becomes the
/// latest again under a new number.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSchema {
    /// The schema or repository that the table is in.
    pub schema_name: String,
    /// The table.
    pub table_name: String,
    /// The shape.
    pub definition: SchemaDefinition,
    /// The run that registers it.
    pub run_id: Option<RunId>,
}
