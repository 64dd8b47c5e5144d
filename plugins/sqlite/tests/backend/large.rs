//! Loads of many rows, which go another way: rows first, indexes after them.

use snake_pipe_core::{
    DatabaseBackend, IntegrityScope, Value,
    model::{Call, TransformedAst},
    schema::{TABLES, Unit},
};
use snake_pipe_testkit::fixtures::Generator;

use super::fixture::{Fixture, app, batch, caller, file_with, plan_of, publication};

/// Calls to nothing in particular: enough rows to be many.
fn large(path: &str) -> TransformedAst {
    let call = |line| Call { name: format!("callee_{}", line % 100), line, ..Call::default() };
    TransformedAst { calls: (1..=25_000).map(call).collect(), ..file_with(path, &["f", "g"]) }
}

async fn indexes(fixture: &Fixture) -> Vec<Vec<Value>> {
    fixture.rows("SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name").await
}

#[tokio::test]
async fn a_first_load_leaves_the_same_indexes_and_the_same_rows() {
    let fixture = Fixture::new().await;
    let before = indexes(&fixture).await;
    let files = [large("a"), caller("b", "a", "f"), caller("c", "gone", "x")];
    let result = fixture.load(&files, &[]).await;
    // Two more calls, three files, two functions; a call of what is not there makes no dependency.
    assert_eq!(result.rows, 25_000 + 2 + 3 + 2 + 1);
    assert_eq!(indexes(&fixture).await, before);
    assert_eq!(fixture.number("SELECT count(*) FROM calls WHERE status = 'resolved'").await, 1);
    assert_eq!(fixture.load(&files, &[]).await.rows, 0);
    assert!(fixture.backend.check_integrity(IntegrityScope::All).await.unwrap().is_clean());
}

#[tokio::test]
async fn a_large_repository_beside_another_is_whole_and_the_other_untouched() {
    let fixture = Fixture::new().await;
    fixture.load(&[file_with("a", &["f"]), caller("b", "a", "f")], &[]).await;
    fixture.backend.write_batch(plan_of("large"), batch(&[large("a")], &[]), publication()).await.unwrap();
    assert_eq!(fixture.backend.manifest(app()).await.unwrap().files.len(), 2);
    assert_eq!(fixture.number("SELECT count(*) FROM calls").await, 25_001);
    assert!(fixture.backend.check_integrity(IntegrityScope::All).await.unwrap().is_clean());
}

#[tokio::test]
async fn loading_at_once_and_loading_in_pieces_end_in_the_same_rows() {
    let facts = Generator::new(11, 1500).facts();
    let (at_once, in_pieces) = (Fixture::new().await, Fixture::new().await);
    at_once.load(&facts, &[]).await;
    for piece in facts.chunks(100) {
        in_pieces.load(piece, &[]).await;
    }
    // References to what came later are owed again, as a run finds out from the manifest.
    let manifest = in_pieces.backend.manifest(app()).await.unwrap();
    let owed: Vec<_> = facts.iter().filter(|facts| manifest.owes(facts, "1")).cloned().collect();
    assert!(!owed.is_empty() && owed.len() < facts.len());
    in_pieces.load(&owed, &[]).await;
    let mut count = 0;
    for table in TABLES.iter().filter(|table| table.unit == Unit::File) {
        let columns: Vec<_> =
            table.columns.iter().filter(|column| !column.volatile).map(|column| column.name).collect();
        let sql =
            format!("SELECT {} FROM {} ORDER BY {}", columns.join(", "), table.name, table.key.join(", "));
        let rows = at_once.rows(&sql).await;
        assert!(rows == in_pieces.rows(&sql).await, "{}", table.name);
        count += rows.len();
    }
    assert!(count > 20_000, "{count} rows are too few to go the way of large loads");
}

#[tokio::test]
async fn an_edge_of_a_large_load_is_found_by_its_index() {
    let fixture = Fixture::new().await;
    fixture.load(&[large("a"), caller("b", "a", "f")], &[]).await;
    let plan = fixture
        .rows(
            "EXPLAIN QUERY PLAN SELECT k.line_number FROM functions f
             CROSS JOIN calls k
             WHERE k.target_function_id = f.function_id AND k.repository_id = f.repository_id AND f.name = 'f'",
        )
        .await;
    let steps: Vec<_> = plan.iter().map(|row| row[3].to_string()).collect();
    assert!(steps.iter().any(|step| step.contains("USING INDEX calls_target_function")), "{steps:?}");
    assert!(steps.iter().any(|step| step.contains("functions_name")), "{steps:?}");
}
