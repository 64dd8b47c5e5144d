//! Loads of many rows, which go another way: rows first, indexes after them.

use snake_pipe_core::{
    DatabaseBackend, IntegrityScope, Value,
    load::{LoadPlan, Repository},
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
    assert_eq!(result.rows, 25_000 + 2 + 3 + 2 + 2);
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
             JOIN calls k ON k.target_function_id = f.function_id AND k.repository_id = f.repository_id
             WHERE f.name = 'f'",
        )
        .await;
    let steps: Vec<_> = plan.iter().map(|row| row[3].to_string()).collect();
    assert!(steps.iter().any(|step| step.contains("USING INDEX calls_target_function")), "{steps:?}");
    assert!(steps.iter().any(|step| step.contains("functions_name")), "{steps:?}");
}

/// Not a test: prints how fast rows go in. Run with `--ignored --nocapture`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn throughput_of_a_first_load() {
    let count: usize = std::env::var("SNAKE_PIPE_FILES").map_or(10_000, |count| count.parse().unwrap());
    let fixture = Fixture::new().await;
    let mut plan = LoadPlan::partial(Repository::named("app"), "1");
    plan.estimated_rows = count as u64 * 100;
    let mut session = fixture.backend.begin_load(plan).await.unwrap();
    let started = std::time::Instant::now();
    let (mut rows, mut staged) = (0, std::time::Duration::ZERO);
    for first in (0..count).step_by(200) {
        let files: Vec<_> = (first..count.min(first + 200)).map(realistic).collect();
        let batch = batch(&files, &[]);
        let began = std::time::Instant::now();
        rows += session.write_batch(batch).await.unwrap().rows;
        staged += began.elapsed();
    }
    let began = std::time::Instant::now();
    session.publish(publication()).await.unwrap();
    let published = began.elapsed();
    println!(
        "{rows} rows: staged in {staged:.1?}, published in {published:.1?}, {:.0} rows/s; with making the facts {:.1?}; {} MB",
        rows as f64 / (staged + published).as_secs_f64(),
        started.elapsed(),
        std::fs::metadata(&fixture.config.path).unwrap().len() >> 20,
    );
}

/// About what a file of the Linux kernel has: 12 functions with 24 parameters, 80 calls, a third of them resolved.
fn realistic(number: usize) -> TransformedAst {
    let path = format!("drivers/net/ethernet/vendor{}/file_{number}.c", number % 500);
    let names: Vec<String> = (0..12).map(|index| format!("vendor_{number}_function_{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut facts = file_with(&path, &names);
    for function in &mut facts.functions {
        function.signature = Some(format!("static int {}(struct net_device *dev, int flags)", function.name));
        function.parameters = vec![Default::default(), Default::default()];
    }
    let other = number / 2;
    let target = format!("drivers/net/ethernet/vendor{}/file_{other}.c", other % 500);
    for index in 0..80_u32 {
        let resolved =
            caller(&path, &target, &format!("vendor_{other}_function_{}", index % 12)).calls.remove(0);
        let plain = Call { name: format!("some_callee_{}", index % 50), ..Call::default() };
        let call = if index % 3 == 0 { resolved } else { plain };
        facts.calls.push(Call { function: Some(index / 8), line: index * 5 + 1, column: 9, ..call });
    }
    facts
}
