//! Statements made from the model's tables. Identifiers come from there alone; values are always bound.

use std::sync::LazyLock;

use snake_pipe_core::schema::{Column, ColumnType, Table, TableId, Unit};

/// The statements of one table whose rows belong to files. `$1` is the repository in all that have a condition.
#[derive(Debug)]
pub(crate) struct TableStatements {
    /// Reads the rows of the files `$2`. Volatile columns come as NULL, JSON as text.
    pub(crate) read: String,
    /// Removes the rows of the files `$2`.
    pub(crate) delete_files: String,
    /// Inserts rows given by columns, one array each.
    pub(crate) insert: String,
    /// Updates rows given by columns: all but key and `created_at`.
    pub(crate) update: String,
    /// Removes rows given by the columns of their key, `$2` and on, without the repository.
    pub(crate) delete: String,
    /// The key's columns but for the repository, by position.
    pub(crate) key: Vec<usize>,
}

static STATEMENTS: LazyLock<Vec<TableStatements>> =
    LazyLock::new(|| TableId::ALL.iter().map(|table| build(table.table())).collect());

/// The tables whose rows belong to files, in dependency order.
pub(crate) fn file_tables() -> impl DoubleEndedIterator<Item = TableId> {
    TableId::ALL.iter().copied().filter(|table| table.table().unit == Unit::File)
}

/// The statements of a table whose rows belong to files.
pub(crate) fn of(table: TableId) -> &'static TableStatements {
    &STATEMENTS[table as usize]
}

/// The column that holds the file a row belongs to.
pub(crate) fn file_column(table: TableId) -> &'static str {
    if table == TableId::Dependencies { "source_file_id" } else { "file_id" }
}

/// What a reference becomes when its target is not there, as assignments.
pub(crate) fn unresolved_assignments(table: TableId) -> String {
    let unresolved = [
        ("status", "'unresolved'"),
        ("origin", "'none'"),
        ("candidates", "0"),
        ("target_file_id", "NULL"),
        ("target_function_id", "NULL"),
        ("target_class_id", "NULL"),
    ];
    let own = unresolved.iter().filter(|(name, _)| table.table().position(name).is_some());
    own.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
}

/// Which references to a file as a whole have to be looked for by its id: a function or class of a file that is not there is
/// not there either, and what refers to it is found by its own column. An index covers exactly these.
pub(crate) fn whole_file_filter(table: TableId) -> &'static str {
    match table {
        TableId::Calls => " AND target_function_id IS NULL AND target_class_id IS NULL",
        TableId::Inheritance => " AND target_class_id IS NULL",
        _ => "",
    }
}

/// The name as an identifier.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The columns' names, separated by commas.
pub(crate) fn column_list(table: &Table) -> String {
    table.columns.iter().map(|column| quoted(column.name)).collect::<Vec<_>>().join(", ")
}

fn build(table: &Table) -> TableStatements {
    let filter = file_filter(table);
    TableStatements {
        read: format!(
            "SELECT {} FROM {} WHERE repository_id = $1 AND {filter}",
            table.columns.iter().map(read_expression).collect::<Vec<_>>().join(", "),
            table.name
        ),
        delete_files: format!("DELETE FROM {} WHERE repository_id = $1 AND {filter}", table.name),
        insert: format!(
            "INSERT INTO {} ({}) SELECT {} FROM unnest({}) AS n ({})",
            table.name,
            column_list(table),
            new_values(table),
            arrays(table),
            column_list(table)
        ),
        update: update(table),
        delete: delete(table),
        key: key_columns(table).map(|(position, _)| position).collect(),
    }
}

/// Which rows belong to the files `$2`. Tables without an index on their file are found by what owns their rows.
fn file_filter(table: &Table) -> String {
    let owned = |column, owner| {
        format!("{column} IN (SELECT {column} FROM {owner} WHERE repository_id = $1 AND file_id = ANY($2))")
    };
    match table.key[0] {
        "function_id" if table.name != "functions" => owned("function_id", "functions"),
        "class_id" if table.name != "classes" => owned("class_id", "classes"),
        "source_file_id" => "source_file_id = ANY($2)".to_owned(),
        _ => "file_id = ANY($2)".to_owned(),
    }
}

fn read_expression(column: &Column) -> String {
    let name = quoted(column.name);
    match column.column_type {
        _ if column.volatile => format!("NULL::text AS {name}"),
        ColumnType::Json => format!("{name}::text"),
        _ => name,
    }
}

fn update(table: &Table) -> String {
    let is_key = |name: &str| table.key.contains(&name) || name == "created_at";
    let changed = table.columns.iter().filter(|column| !is_key(column.name));
    let set: Vec<_> =
        changed.map(|column| format!("{} = {}", quoted(column.name), new_value(column))).collect();
    let same: Vec<_> = key_columns(table).map(|(_, name)| format!("t.{name} = n.{name}")).collect();
    // The first of the repositories, which are all the same, lets the server leave out the other partitions.
    let repository = table.position("repository_id").map_or(0, |position| position + 1);
    format!(
        "UPDATE {} t SET {} FROM unnest({}) AS n ({}) WHERE t.repository_id = (${repository}::bigint[])[1] AND {}",
        table.name,
        set.join(", "),
        arrays(table),
        column_list(table),
        same.join(" AND ")
    )
}

fn delete(table: &Table) -> String {
    let keys: Vec<_> = key_columns(table).collect();
    let arrays: Vec<_> = keys
        .iter()
        .enumerate()
        .map(|(index, (position, _))| {
            format!("${}::{}", index + 2, array_type(table.columns[*position].column_type))
        })
        .collect();
    let names: Vec<_> = keys.iter().map(|(_, name)| *name).collect();
    let same: Vec<_> = keys.iter().map(|(_, name)| format!("t.{name} = n.{name}")).collect();
    format!(
        "DELETE FROM {} t USING unnest({}) AS n ({}) WHERE t.repository_id = $1 AND {}",
        table.name,
        arrays.join(", "),
        names.join(", "),
        same.join(" AND ")
    )
}

fn key_columns(table: &Table) -> impl Iterator<Item = (usize, &'static str)> {
    let names = table.key.iter().copied().filter(|name| *name != "repository_id");
    names.filter_map(|name| table.position(name).map(|position| (position, name)))
}

fn new_values(table: &Table) -> String {
    table.columns.iter().map(new_value).collect::<Vec<_>>().join(", ")
}

/// A column of the bound rows, as the table wants it.
fn new_value(column: &Column) -> String {
    let name = quoted(column.name);
    match column.column_type {
        ColumnType::Json => format!("n.{name}::jsonb"),
        ColumnType::Timestamp => format!("n.{name}::timestamptz"),
        _ => format!("n.{name}"),
    }
}

fn arrays(table: &Table) -> String {
    let arrays = table.columns.iter().enumerate();
    let arrays: Vec<_> =
        arrays.map(|(index, column)| format!("${}::{}", index + 1, array_type(column.column_type))).collect();
    arrays.join(", ")
}

/// The type in which a column's values are bound; JSON and times travel as text.
const fn array_type(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Text | ColumnType::Json | ColumnType::Timestamp => "text[]",
        ColumnType::Integer => "integer[]",
        ColumnType::BigInt => "bigint[]",
        ColumnType::Double => "double precision[]",
        ColumnType::Boolean => "boolean[]",
        ColumnType::Uuid => "uuid[]",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_name_the_models_columns() {
        let metrics = of(TableId::Metrics);
        assert_eq!(
            metrics.delete,
            "DELETE FROM metrics t USING unnest($2::uuid[], $3::text[]) AS n (file_id, metric_name) \
             WHERE t.repository_id = $1 AND t.file_id = n.file_id AND t.metric_name = n.metric_name"
        );
        assert_eq!(
            of(TableId::Parameters).delete_files,
            "DELETE FROM parameters WHERE repository_id = $1 AND function_id IN \
             (SELECT function_id FROM functions WHERE repository_id = $1 AND file_id = ANY($2))"
        );
        assert!(!of(TableId::Files).update.contains("\"created_at\" ="));
    }

    #[test]
    fn an_identifier_cannot_break_out() {
        assert_eq!(quoted("My \"Schema\""), "\"My \"\"Schema\"\"\"");
    }
}
