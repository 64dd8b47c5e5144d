use snake_pipe_core::ErrorKind;
use snake_pipe_metadata::model::{Direction, LineageStep, NewDataset, NewLineageEdge, Provenance};

use crate::subject::Subject;

fn edge(from: &str, to: &str, columns: &[(&str, &str)]) -> NewLineageEdge {
    let columns = columns.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
    NewLineageEdge {
        columns,
        ..NewLineageEdge::observed(NewDataset::new(from, "table"), NewDataset::new(to, "table"))
    }
}

/// Each edge as `depth source.column → destination.column`.
fn shown(steps: &[LineageStep]) -> Vec<String> {
    let end = |name: &str, column: &Option<String>| match column {
        Some(column) => format!("{name}.{column}"),
        None => name.to_owned(),
    };
    let line = |step: &LineageStep| {
        let edge = &step.edge;
        let from = end(&edge.source, &edge.source_column);
        format!("{} {from} → {}", step.depth, end(&edge.destination, &edge.destination_column))
    };
    steps.iter().map(line).collect()
}

pub(crate) async fn edges_are_followed_both_ways_and_by_column(subject: &Subject) {
    let store = &subject.store;
    let edges = || {
        vec![
            edge("orders", "lake", &[("id", "order_id"), ("sum", "amount")]),
            edge("lake", "report", &[("amount", "total")]),
            edge("users", "lake", &[]),
        ]
    };
    store.record_lineage(edges()).await.unwrap();
    // What is recorded again is confirmed, not doubled.
    store.record_lineage(edges()).await.unwrap();

    let follow = async |name: &str, column: Option<&str>, direction, depth| {
        shown(&store.lineage(name, column.map(Into::into), direction, depth).await.unwrap())
    };
    assert_eq!(
        follow("report", None, Direction::Upstream, 9).await,
        [
            "1 lake → report",
            "1 lake.amount → report.total",
            "2 orders → lake",
            "2 orders.id → lake.order_id",
            "2 orders.sum → lake.amount",
            "2 users → lake"
        ]
    );
    assert_eq!(
        follow("report", Some("total"), Direction::Upstream, 9).await,
        ["1 lake.amount → report.total", "2 orders.sum → lake.amount"]
    );
    assert_eq!(follow("users", None, Direction::Downstream, 1).await, ["1 users → lake"]);
    assert_eq!(
        follow("orders", Some("sum"), Direction::Downstream, 9).await,
        ["1 orders.sum → lake.amount", "2 lake.amount → report.total"]
    );
    let steps = store.lineage("report", None, Direction::Upstream, 1).await.unwrap();
    assert_eq!((steps[0].edge.provenance, steps[0].edge.confidence), (Provenance::Observed, 1.0));
    assert_eq!(
        store.lineage("none", None, Direction::Upstream, 1).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    let names: Vec<_> = store.datasets(None).await.unwrap().into_iter().map(|dataset| dataset.name).collect();
    assert_eq!(names, ["lake", "orders", "report", "users"]);
}

pub(crate) async fn a_cycle_ends(subject: &Subject) {
    let edges = vec![edge("a", "b", &[]), edge("b", "c", &[]), edge("c", "a", &[])];
    subject.store.record_lineage(edges).await.unwrap();
    let steps = subject.store.lineage("a", None, Direction::Downstream, 100).await.unwrap();
    assert_eq!(shown(&steps), ["1 a → b", "2 b → c", "3 c → a"]);
}
