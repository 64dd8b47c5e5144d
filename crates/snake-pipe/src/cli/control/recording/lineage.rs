//! What flowed from where to where: the source tree into each backend that published, and into the columns of its tables.

use std::collections::HashSet;

use snake_pipe_coordinator::{LaneStatus, LaneSummary, RunSummary};
use snake_pipe_core::{
    Result,
    schema::{TABLES, Table, Unit},
};
use snake_pipe_metadata::model::{Direction, NewDataset, NewLineageEdge};

use super::Known;

/// What of a source file a column is filled from.
const PATH: &str = "path";
const CONTENT: &str = "content";

impl Known {
    pub(super) async fn record_lineage(&self, summary: &RunSummary) -> Result<()> {
        let address = summary.repository.remote.clone().or(summary.repository.root.clone());
        let source = NewDataset { address, ..NewDataset::new(&self.repository, "source_tree") };
        let published = || summary.lanes.iter().filter(|lane| lane.status == LaneStatus::Published);
        let mut edges = Vec::new();
        for lane in published() {
            let address = Some(lane.address.clone());
            let backend =
                NewDataset { address: address.clone(), ..NewDataset::new(&lane.backend, &lane.kind) };
            edges.push(self.edge(&source, backend));
            edges.extend(tables_of(lane).map(|table| NewLineageEdge {
                columns: columns_of(table),
                transformation: Some("parsed, linked and mapped to rows".to_owned()),
                ..self.edge(
                    &source,
                    NewDataset {
                        address: address.clone(),
                        ..NewDataset::new(format!("{}.{}", lane.backend, table.name), "table")
                    },
                )
            }));
        }
        // Columns are the same on every run: they are written when a table gets its first rows from this source.
        let known = self.known_columns().await?;
        for edge in &mut edges {
            let table = edge.destination.name.clone();
            edge.columns.retain(|(_, column)| !known.contains(&(table.clone(), column.clone())));
        }
        self.store.record_lineage(edges).await
    }

    fn edge(&self, source: &NewDataset, destination: NewDataset) -> NewLineageEdge {
        NewLineageEdge {
            pipeline_id: Some(self.run.pipeline_id),
            run_id: Some(self.run.id),
            ..NewLineageEdge::observed(source.clone(), destination)
        }
    }

    /// Tables and columns that are known to be filled from this source.
    async fn known_columns(&self) -> Result<HashSet<(String, String)>> {
        let datasets = self.store.datasets(Some("source_tree".to_owned())).await?;
        if datasets.iter().all(|dataset| dataset.name != self.repository) {
            return Ok(HashSet::new());
        }
        let steps = self.store.lineage(&self.repository, None, Direction::Downstream, 1).await?;
        let of_pipeline =
            steps.into_iter().filter(|step| step.edge.pipeline_id == Some(self.run.pipeline_id));
        Ok(of_pipeline
            .filter_map(|step| Some((step.edge.destination, step.edge.destination_column?)))
            .collect())
    }
}

/// The tables of files that the publication touched.
fn tables_of(lane: &LaneSummary) -> impl Iterator<Item = &'static Table> {
    let is_touched =
        |table: &&Table| table.unit == Unit::File && lane.tables.iter().any(|name| *name == table.name);
    TABLES.iter().filter(is_touched)
}

/// From which part of a source file each column comes. Columns that record the run come from none.
fn columns_of(table: &Table) -> Vec<(String, String)> {
    let columns = table.columns.iter().filter(|column| !column.volatile);
    columns
        .filter(|column| !matches!(column.name, "repository_id" | "producer_version"))
        .map(|column| {
            let part = match column.name {
                "file_id" | "file_path" | "path_bytes" | "file_name" | "directory" => PATH,
                _ => CONTENT,
            };
            (part.to_owned(), column.name.to_owned())
        })
        .collect()
}
