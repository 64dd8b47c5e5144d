//! `positions`.

use snake_pipe_core::Result;
use snake_pipe_metadata::model::PositionFilter;

use super::{
    super::{Program, failure::Exit},
    arguments::PositionsArguments,
    listing::{ListColumn, print_list},
    open,
};

const COLUMNS: &[ListColumn] = &[
    ("source", "/key/source"),
    ("schema", "/key/schema"),
    ("table", "/key/table"),
    ("kind", "/key/kind"),
    ("position", "/value"),
    ("recorded", "/recorded_at"),
    ("run", "/run_id"),
];

pub(super) async fn run(program: &Program, arguments: PositionsArguments) -> Result<Exit> {
    let store = open(program, arguments.store.from.as_ref()).await?;
    let PositionsArguments { source, schema, table, store: shown } = arguments;
    let filter = PositionFilter { source, schema, table, kind: None };
    print_list(&store.positions(filter).await?, COLUMNS, "position", shown.format)?;
    Ok(Exit::Done)
}
