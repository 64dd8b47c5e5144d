//! Foreign keys and indexes. The first migration states them for the default partition; a repository's own partitions get
//! the same ones.

use snake_pipe_core::schema::{REFERENCES, Reference, TableId};

/// Every foreign key, on its column and `repository_id`. Each of their columns leads an index or a primary key, or deleting a
/// target would read the whole table. They are checked when a transaction ends, and have no action: the writer deletes and
/// un-resolves.
pub(crate) fn foreign_keys() -> impl Iterator<Item = &'static Reference> {
    REFERENCES.iter().filter(|reference| reference.is_key)
}

/// An index that is not unique.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Index {
    /// The table.
    pub(crate) table: TableId,
    /// The columns or expressions, in order, each with its direction where it is descending.
    pub(crate) columns: &'static [&'static str],
    /// Which rows it covers; all where there is none.
    pub(crate) filter: Option<&'static str>,
    /// What its name says, where that is not its first column.
    pub(crate) title: Option<&'static str>,
    /// Whether it is a radix tree and not a B-tree: an entry of that one ends at 2,704 bytes.
    pub(crate) is_radix_tree: bool,
}

impl Index {
    /// Its name on a table of this name.
    pub(crate) fn name(&self, table: &str) -> String {
        format!("{table}_{}_idx", self.title.unwrap_or(self.columns[0]))
    }

    /// The statement that builds it on a table of this name.
    pub(crate) fn sql(&self, table: &str) -> String {
        let filter = self.filter.map_or(String::new(), |filter| format!(" WHERE {filter}"));
        let method = if self.is_radix_tree { "USING spgist " } else { "" };
        format!("CREATE INDEX {} ON {table} {method}({}){filter}", self.name(table), self.columns.join(", "))
    }
}

const fn all(table: TableId, columns: &'static [&'static str]) -> Index {
    Index { table, columns, filter: None, title: None, is_radix_tree: false }
}

const fn some(table: TableId, columns: &'static [&'static str], filter: &'static str) -> Index {
    Index { table, columns, filter: Some(filter), title: None, is_radix_tree: false }
}

const fn titled(title: &'static str, index: Index) -> Index {
    Index { title: Some(title), ..index }
}

const fn radix_tree(index: Index) -> Index {
    Index { is_radix_tree: true, ..index }
}

/// From the most complex function on.
const BY_COMPLEXITY: &[&str] = &["complexity DESC NULLS LAST", "function_id"];

/// Every index besides the primary keys: for the foreign keys, for what people look up, and for un-resolving.
pub(crate) const INDEXES: &[Index] = &[
    all(TableId::Files, &["repository_id"]),
    // By the whole path and by how it begins. Linux takes paths of 4,095 bytes.
    radix_tree(all(TableId::Files, &["file_path"])),
    all(TableId::Files, &["language"]),
    all(TableId::Classes, &["file_id"]),
    // With the repository: names are searched for without a look at the rows.
    all(TableId::Classes, &["name", "repository_id"]),
    all(TableId::Classes, &["qualified_name"]),
    some(TableId::Classes, &["outer_class_id"], "outer_class_id IS NOT NULL"),
    some(TableId::Classes, &["method_count"], "method_count > 0"),
    all(TableId::Functions, &["file_id"]),
    all(TableId::Functions, &["name", "repository_id"]),
    all(TableId::Functions, &["qualified_name"]),
    some(TableId::Functions, &["class_id"], "class_id IS NOT NULL"),
    some(TableId::Functions, &["parent_function_id"], "parent_function_id IS NOT NULL"),
    titled("complexity", all(TableId::Functions, BY_COMPLEXITY)),
    titled(
        "undocumented",
        some(TableId::Functions, BY_COMPLEXITY, "visibility = 'public' AND doc_string IS NULL"),
    ),
    titled(
        "unmentioned",
        some(
            TableId::Functions,
            &["repository_id", "code_lines DESC NULLS LAST", "function_id"],
            "name_mentions = 0",
        ),
    ),
    titled(
        "body_shape",
        some(TableId::Functions, &["repository_id", "body_shape"], "body_shape IS NOT NULL"),
    ),
    titled("lines", all(TableId::Functions, &["(line_end - line_start) DESC NULLS LAST", "function_id"])),
    some(TableId::Annotations, &["function_id"], "function_id IS NOT NULL"),
    some(TableId::Annotations, &["class_id"], "class_id IS NOT NULL"),
    some(TableId::Comments, &["marker"], "marker IS NOT NULL"),
    all(TableId::Metrics, &["metric_name"]),
    some(TableId::Imports, &["target_file_id"], "target_file_id IS NOT NULL"),
    titled("unresolved", some(TableId::Imports, &["module"], "status IN ('unresolved', 'ambiguous')")),
    some(TableId::Imports, &["target_function_id"], "target_function_id IS NOT NULL"),
    some(TableId::Imports, &["target_class_id"], "target_class_id IS NOT NULL"),
    some(TableId::Inheritance, &["target_file_id"], "target_file_id IS NOT NULL AND target_class_id IS NULL"),
    some(TableId::Inheritance, &["target_class_id"], "target_class_id IS NOT NULL"),
    some(TableId::Calls, &["function_id"], "function_id IS NOT NULL"),
    // Who calls what, without a look at the rows: the most called functions have tens of thousands of call sites.
    some(
        TableId::Calls,
        &["target_function_id", "function_id", "repository_id"],
        "target_function_id IS NOT NULL",
    ),
    some(TableId::Calls, &["target_class_id"], "target_class_id IS NOT NULL"),
    some(
        TableId::Calls,
        &["target_file_id"],
        "target_file_id IS NOT NULL AND target_function_id IS NULL AND target_class_id IS NULL",
    ),
    some(TableId::Calls, &["callee_name"], "status <> 'resolved'"),
    some(
        TableId::Dependencies,
        &["target_file_id", "source_file_id", "repository_id"],
        "target_file_id IS NOT NULL",
    ),
    some(TableId::Dependencies, &["target_module"], "target_module IS NOT NULL"),
    titled(
        "external",
        some(TableId::Dependencies, &["target_module"], "dependency_type = 'import' AND status = 'external'"),
    ),
];

/// The indexes of derived tables, which are not partitioned. `module_dependencies` has no primary key: two directories may
/// be longer than an entry of an index.
#[cfg(test)]
pub(crate) const DERIVED_INDEXES: &[Index] = &[
    titled("top", all(TableId::FunctionFanIn, &["repository_id", "call_sites DESC", "function_id"])),
    titled("top", all(TableId::FunctionFanOut, &["repository_id", "called_functions DESC", "function_id"])),
    all(TableId::FunctionFanOut, &["file_id"]),
    all(TableId::ImportCycles, &["repository_id", "cycle"]),
    all(TableId::ModuleDependencies, &["repository_id"]),
    all(TableId::UnusedImports, &["repository_id"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_foreign_key_has_an_index_that_finds_what_refers() {
        for key in foreign_keys() {
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
