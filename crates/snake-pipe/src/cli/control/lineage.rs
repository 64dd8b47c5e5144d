//! `lineage`.

use snake_pipe_core::Result;
use snake_pipe_metadata::model::Direction;

use super::{
    super::{Program, failure::Exit},
    arguments::LineageArguments,
    listing::{ListColumn, print_list},
    open,
};

const DATASET_COLUMNS: &[ListColumn] =
    &[("dataset", "/name"), ("kind", "/kind"), ("address", "/address"), ("changed", "/updated_at")];

const STEP_COLUMNS: &[ListColumn] = &[
    ("steps", "/depth"),
    ("from", "/edge/source"),
    ("column", "/edge/source_column"),
    ("to", "/edge/destination"),
    ("column", "/edge/destination_column"),
    ("known", "/edge/provenance"),
    ("confidence", "/edge/confidence"),
    ("last seen", "/edge/last_seen_at"),
];

pub(super) async fn run(program: &Program, arguments: LineageArguments) -> Result<Exit> {
    let store = open(program, arguments.store.from.as_ref()).await?;
    let direction = if arguments.downstream { Direction::Downstream } else { Direction::Upstream };
    match arguments.dataset {
        None => print_list(&store.datasets(None).await?, DATASET_COLUMNS, "dataset", arguments.store.format)?,
        Some(dataset) => {
            let with_columns = arguments.columns || arguments.column.is_some();
            let mut steps =
                store.lineage(&dataset, arguments.column, direction, arguments.depth.max(1)).await?;
            steps.retain(|step| with_columns || step.edge.destination_column.is_none());
            print_list(&steps, STEP_COLUMNS, "edge", arguments.store.format)?;
        }
    }
    Ok(Exit::Done)
}
