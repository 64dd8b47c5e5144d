//! Which columns name rows of other tables.

use super::TableId;

/// A column that names a row of another table by its id. Every id but a repository's is unique together with
/// `repository_id`, which both rows have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The table that refers.
    pub table: TableId,
    /// Its column.
    pub column: &'static str,
    /// The table referred to, by the first column of its key.
    pub target: TableId,
    /// Whether a foreign key holds it, where a backend has foreign keys. The others follow from another column that has
    /// one, or go round in a circle: a key would cost an index more than it is worth.
    pub is_key: bool,
}

const fn key(table: TableId, column: &'static str, target: TableId) -> Reference {
    Reference { table, column, target, is_key: true }
}

const fn implied(table: TableId, column: &'static str, target: TableId) -> Reference {
    Reference { table, column, target, is_key: false }
}

/// Every reference, in the order of the tables that refer.
pub static REFERENCES: &[Reference] = &[
    implied(TableId::Repositories, "snapshot_id", TableId::Snapshots),
    implied(TableId::Snapshots, "repository_id", TableId::Repositories),
    implied(TableId::Files, "repository_id", TableId::Repositories),
    key(TableId::Classes, "file_id", TableId::Files),
    key(TableId::Classes, "outer_class_id", TableId::Classes),
    key(TableId::Functions, "file_id", TableId::Files),
    key(TableId::Functions, "class_id", TableId::Classes),
    key(TableId::Functions, "parent_function_id", TableId::Functions),
    key(TableId::Parameters, "function_id", TableId::Functions),
    implied(TableId::Parameters, "file_id", TableId::Files),
    key(TableId::Fields, "class_id", TableId::Classes),
    implied(TableId::Fields, "file_id", TableId::Files),
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
    implied(TableId::Inheritance, "file_id", TableId::Files),
    implied(TableId::Inheritance, "target_file_id", TableId::Files),
    key(TableId::Inheritance, "target_class_id", TableId::Classes),
    key(TableId::Calls, "file_id", TableId::Files),
    key(TableId::Calls, "function_id", TableId::Functions),
    implied(TableId::Calls, "target_file_id", TableId::Files),
    key(TableId::Calls, "target_function_id", TableId::Functions),
    key(TableId::Calls, "target_class_id", TableId::Classes),
    key(TableId::Dependencies, "source_file_id", TableId::Files),
    key(TableId::Dependencies, "target_file_id", TableId::Files),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Unit;

    #[test]
    fn references_name_columns_of_the_type_of_their_target() {
        for reference in REFERENCES {
            let (table, target) = (reference.table.table(), reference.target.table());
            let column = &table.columns[table.position(reference.column).unwrap()];
            let id = &target.columns[target.position(target.key[0]).unwrap()];
            assert_eq!(column.column_type, id.column_type, "{}.{}", table.name, column.name);
        }
    }

    #[test]
    fn every_column_that_reads_like_a_reference_is_one() {
        // What is derived may name what is gone until it is calculated again; the past does so for ever.
        let of_now = |table: &&TableId| !matches!(table.table().unit, Unit::Derived | Unit::History);
        for table in TableId::ALL.iter().filter(of_now) {
            let own = table.table().key[0];
            for column in table.table().columns.iter().filter(|column| column.name.ends_with("_id")) {
                let is_known =
                    REFERENCES.iter().any(|known| known.table == *table && known.column == column.name);
                let is_own = column.name == own && !is_known;
                let is_key_part = column.name == "repository_id";
                assert!(is_known || is_own || is_key_part, "{}.{}", table.table().name, column.name);
            }
        }
    }
}
