//! `schemas`, and the schema of the tables that loads write.

use snake_pipe_core::{
    Error, ErrorKind, Result,
    schema::{ColumnType, TABLES},
};
use snake_pipe_metadata::{
    MetadataStore, diff,
    model::{ColumnDefinition, NewSchema, RunId, SchemaDefinition, SchemaVersion},
};

use super::{
    super::{Program, failure::Exit},
    arguments::{SchemasCommand, TableArguments},
    listing::{ListColumn, print_list, print_one},
    open,
};

/// The schema under which the tables of loads are registered.
const OWN: &str = "snake-pipe";

const COLUMNS: &[ListColumn] = &[
    ("schema", "/schema_name"),
    ("table", "/table_name"),
    ("version", "/version"),
    ("evolution", "/evolution"),
    ("compatibility", "/compatibility"),
    ("registered", "/registered_at"),
];

pub(super) async fn run(program: &Program, command: SchemasCommand) -> Result<Exit> {
    match command {
        SchemasCommand::List { schema, store: arguments } => {
            let store = open(program, arguments.from.as_ref()).await?;
            print_list(&store.schemas(schema).await?, COLUMNS, "schema", arguments.format)?;
        }
        SchemasCommand::Show { table, version, store: arguments } => {
            let store = open(program, arguments.from.as_ref()).await?;
            let versions = versions(store.as_ref(), &table).await?;
            print_one(one_of(&versions, version.unwrap_or(versions[0].version))?, arguments.format)?;
        }
        SchemasCommand::Diff { table, old, new, store: arguments } => {
            let store = open(program, arguments.from.as_ref()).await?;
            let versions = versions(store.as_ref(), &table).await?;
            let new = new.unwrap_or(versions[0].version);
            let old = old.unwrap_or(new.saturating_sub(1).max(1));
            let difference = diff(&one_of(&versions, old)?.definition, &one_of(&versions, new)?.definition);
            print_one(&difference, arguments.format)?;
        }
    }
    Ok(Exit::Done)
}

/// The versions of a table, youngest first; at least one.
async fn versions(store: &dyn MetadataStore, table: &TableArguments) -> Result<Vec<SchemaVersion>> {
    let versions = store.schema_versions(&table.schema, &table.table).await?;
    match versions.is_empty() {
        false => Ok(versions),
        true => Err(Error::new(
            ErrorKind::NotFound,
            format!("no schema of `{}` in `{}` is registered", table.table, table.schema),
        )
        .with_help("see `snake-pipe schemas list`, and name another schema with --schema")),
    }
}

fn one_of(versions: &[SchemaVersion], version: u64) -> Result<&SchemaVersion> {
    versions.iter().find(|known| known.version == version).ok_or_else(|| {
        let known: Vec<_> = versions.iter().rev().map(|known| known.version.to_string()).collect();
        Error::new(ErrorKind::NotFound, format!("there is no version {version}"))
            .with_help(format!("there are {}", known.join(", ")))
    })
}

/// The shapes of the tables that every load writes.
pub(super) fn own_schemas(run_id: Option<RunId>) -> Vec<NewSchema> {
    let column = |column: &snake_pipe_core::schema::Column| ColumnDefinition {
        name: column.name.to_owned(),
        data_type: type_name(column.column_type).to_owned(),
        nullable: column.nullable,
        default: None,
    };
    TABLES
        .iter()
        .map(|table| NewSchema {
            schema_name: OWN.to_owned(),
            table_name: table.name.to_owned(),
            definition: SchemaDefinition {
                columns: table.columns.iter().map(column).collect(),
                primary_key: table.key.iter().map(|name| (*name).to_owned()).collect(),
                indexes: Vec::new(),
            },
            run_id,
        })
        .collect()
}

const fn type_name(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Text => "text",
        ColumnType::Integer => "integer",
        ColumnType::BigInt => "bigint",
        ColumnType::Double => "double precision",
        ColumnType::Boolean => "boolean",
        ColumnType::Uuid => "uuid",
        ColumnType::Json => "jsonb",
        ColumnType::Timestamp => "timestamptz",
    }
}
