//! Foreign keys and indexes. The first migration states them for the default partition; a repository's own partitions get
//! the same ones.

use snake_pipe_core::schema::TableId;

/// A reference by id. It is checked when a transaction ends, and has no action: the writer deletes and un-resolves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ForeignKey {
    /// The table that refers.
    pub(crate) table: TableId,
    /// Its column; the key is this and `repository_id`.
    pub(crate) column: &'static str,
    /// The table whose primary key is referred to.
    pub(crate) target: TableId,
}

const fn key(table: TableId, column: &'static str, target: TableId) -> ForeignKey {
    ForeignKey { table, column, target }
}

/// Every foreign key. Each of their columns leads an index or a primary key, or deleting a target would read the whole
/// table; that is why `parameters.file_id`, `fields.file_id`, `inheritance.file_id` and `calls.target_file_id` have none
/// (what they say follows from another column, and the integrity check compares them).
pub(crate) const FOREIGN_KEYS: &[ForeignKey] = &[
    key(TableId::Classes, "file_id", TableId::Files),
    key(TableId::Classes, "outer_class_id", TableId::Classes),
    key(TableId::Functions, "file_id", TableId::Files),
    key(TableId::Functions, "class_id", TableId::Classes),
    key(TableId::Functions, "parent_function_id", TableId::Functions),
    key(TableId::Parameters, "function_id", TableId::Functions),
    key(TableId::Fields, "class_id", TableId::Classes),
    key(TableId::Annotations, "file_id", TableId::Files),
    key(TableId::Annotations, "function_id", TableId::Functions),
    key(TableId::Annotations, "class_id", TableId::Classes),
    key(TableId::Comments, "file_id", TableId::Files),
    key(TableId::Metrics, "file_id", TableId::Files),
    key(TableId::ParseIssues, "file_id", TableId::Files),
    key(TableId::Imports, "file_id", TableId::Files),
    key(TableId::Imports, "target_file_id", TableId::Files),
    key(TableId::Imports, "target_function_id", TableId::Functions),
    key(TableId::Imports, "target_class_id", TableId::Classes),
    key(TableId::Inheritance, "class_id", TableId::Classes),
    key(TableId::Inheritance, "target_class_id", TableId::Classes),
    key(TableId::Calls, "file_id", TableId::Files),
    key(TableId::Calls, "function_id", TableId::Functions),
    key(TableId::Calls, "target_function_id", TableId::Functions),
    key(TableId::Calls, "target_class_id", TableId::Classes),
    key(TableId::Dependencies, "source_file_id", TableId::Files),
    key(TableId::Dependencies, "target_file_id", TableId::Files),
];

/// An index that is not unique.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Index {
    /// The table.
    pub(crate) table: TableId,
    /// The columns, in order.
    pub(crate) columns: &'static [&'static str],
    /// Which rows it covers; all where there is none.
    pub(crate) filter: Option<&'static str>,
}

impl Index {
    /// Its name on a table of this name.
    pub(crate) fn name(&self, table: &str) -> String {
        format!("{table}_{}_idx", self.columns[0])
    }

    /// The statement that builds it on a table of this name.
    pub(crate) fn sql(&self, table: &str) -> String {
        let filter = self.filter.map_or(String::new(), |filter| format!(" WHERE {filter}"));
        format!("CREATE INDEX {} ON {table} ({}){filter}", self.name(table), self.columns.join(", "))
    }
}

const fn all(table: TableId, columns: &'static [&'static str]) -> Index {
    Index { table, columns, filter: None }
}

const fn some(table: TableId, columns: &'static [&'static str], filter: &'static str) -> Index {
    Index { table, columns, filter: Some(filter) }
}

/// Every index besides the primary keys: for the foreign keys, for what people look up, and for un-resolving.
pub(crate) const INDEXES: &[Index] = &[
    all(TableId::Files, &["repository_id", "file_path"]),
    all(TableId::Files, &["language"]),
    all(TableId::Classes, &["file_id"]),
    all(TableId::Classes, &["name"]),
    all(TableId::Classes, &["qualified_name"]),
    some(TableId::Classes, &["outer_class_id"], "outer_class_id IS NOT NULL"),
    all(TableId::Functions, &["file_id"]),
    all(TableId::Functions, &["name"]),
    all(TableId::Functions, &["qualified_name"]),
    some(TableId::Functions, &["class_id"], "class_id IS NOT NULL"),
    some(TableId::Functions, &["parent_function_id"], "parent_function_id IS NOT NULL"),
    some(TableId::Annotations, &["function_id"], "function_id IS NOT NULL"),
    some(TableId::Annotations, &["class_id"], "class_id IS NOT NULL"),
    some(TableId::Comments, &["marker"], "marker IS NOT NULL"),
    all(TableId::Metrics, &["metric_name"]),
    some(TableId::Imports, &["target_file_id"], "target_file_id IS NOT NULL"),
    some(TableId::Imports, &["target_function_id"], "target_function_id IS NOT NULL"),
    some(TableId::Imports, &["target_class_id"], "target_class_id IS NOT NULL"),
    some(TableId::Inheritance, &["target_file_id"], "target_file_id IS NOT NULL AND target_class_id IS NULL"),
    some(TableId::Inheritance, &["target_class_id"], "target_class_id IS NOT NULL"),
    some(TableId::Calls, &["function_id"], "function_id IS NOT NULL"),
    some(TableId::Calls, &["target_function_id"], "target_function_id IS NOT NULL"),
    some(TableId::Calls, &["target_class_id"], "target_class_id IS NOT NULL"),
    some(
        TableId::Calls,
        &["target_file_id"],
        "target_file_id IS NOT NULL AND target_function_id IS NULL AND target_class_id IS NULL",
    ),
    some(TableId::Calls, &["callee_name"], "status <> 'resolved'"),
    some(TableId::Dependencies, &["target_file_id"], "target_file_id IS NOT NULL"),
    some(TableId::Dependencies, &["target_module"], "target_module IS NOT NULL"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_foreign_key_has_an_index_that_finds_what_refers() {
        for key in FOREIGN_KEYS {
            let by_primary_key = key.table.table().key[0] == key.column;
            let by_index = INDEXES.iter().any(|index| {
                index.table.table().name == key.table.table().name
                    && index.columns[0] == key.column
                    && index.filter.is_none_or(|filter| filter == format!("{} IS NOT NULL", key.column))
            });
            assert!(by_primary_key || by_index, "{}.{}", key.table.table().name, key.column);
        }
    }

    #[test]
    fn names_of_indexes_are_unique_on_their_table() {
        let mut names: Vec<_> = INDEXES.iter().map(|index| index.name(index.table.table().name)).collect();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
