//! How fast facts get into databases, beside the floor of PostgreSQL: `psql \copy` of the same rows into tables with the same
//! keys and indexes, but without foreign keys.

mod databases;
mod row_counter;

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, measurement::WallTime};
use databases::{Databases, batch, load};
use snake_pipe_core::{
    DatabaseBackend, Result, Timestamp, Value,
    load::{Batch, LoadPlan, Repository},
    schema::{RowContext, TableId, Unit, owned_rows},
};
use snake_pipe_testkit::{
    fixtures::Generator,
    postgres::{ClusterOptions, PostgresCluster},
};
use tokio::runtime::Runtime;

const SEED: u64 = 1;

fn main() -> Result<()> {
    let runtime = Runtime::new()?;
    let cluster = PostgresCluster::start(ClusterOptions::durable())?;
    let databases = runtime.block_on(Databases::open(&cluster))?;
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let mut group = criterion.benchmark_group("load");
    for files in [10, 100, 1_000] {
        let batch = batch(Generator::new(SEED, files).facts());
        let rows = row_counter::count_rows(batch.files.iter().map(AsRef::as_ref));
        group.throughput(Throughput::Elements(rows));
        for backend in &databases.backends {
            measure(&mut group, &runtime, backend, &batch);
        }
        measure_copy(&mut group, &cluster, &batch)?;
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// Loads the batch as a repository that is new each time, and removes that again off the clock.
fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    runtime: &Runtime,
    backend: &Arc<dyn DatabaseBackend>,
    batch: &Arc<Batch>,
) {
    let repository = Repository::named("app");
    group.bench_function(id(&backend.info().kind, batch), |bencher| {
        bencher.to_async(runtime).iter_custom(|iterations| {
            let repository = repository.clone();
            async move {
                let mut elapsed = Duration::ZERO;
                for _ in 0..iterations {
                    let begin = Instant::now();
                    let plan = LoadPlan::partial(repository.clone(), "1");
                    load(backend.as_ref(), plan, batch).await.expect("sound facts are loaded");
                    elapsed += begin.elapsed();
                    backend.remove_repository(repository.id()).await.expect("what was loaded can be removed");
                }
                elapsed
            }
        });
    });
}

fn measure_copy(
    group: &mut BenchmarkGroup<'_, WallTime>,
    cluster: &PostgresCluster,
    batch: &Arc<Batch>,
) -> Result<()> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let (script, empty) = prepare_copy(cluster, batch, folder.path())?;
    group.bench_function(id("psql copy", batch), |bencher| {
        bencher.iter_custom(|iterations| {
            let mut elapsed = Duration::ZERO;
            for _ in 0..iterations {
                let begin = Instant::now();
                cluster.psql(&script).expect("psql copies what it copied before");
                elapsed += begin.elapsed();
                cluster.psql(&empty).expect("our own tables can be emptied");
            }
            elapsed
        });
    });
    Ok(())
}

fn id(name: &str, batch: &Batch) -> BenchmarkId {
    BenchmarkId::new(name, format!("{} files", batch.len()))
}

/// Writes the rows as CSV, one file per table, and makes the tables; what `psql` is to run to copy them in one transaction,
/// and to empty the tables again.
fn prepare_copy(cluster: &PostgresCluster, batch: &Batch, folder: &Path) -> Result<(String, String)> {
    let (mut tables, mut script) = (vec![], String::from("BEGIN;\n"));
    for (table, rows) in rows_of(batch)? {
        let definition = table.table();
        let path = folder.join(format!("{}.csv", definition.name));
        fs::write(&path, csv(&rows))?;
        let columns: Vec<_> = definition.columns.iter().map(|column| column.name).collect();
        let (name, columns) = (format!("floor_{}", definition.name), columns.join(", "));
        cluster
            .psql(&format!("CREATE TABLE IF NOT EXISTS {name} (LIKE {} INCLUDING ALL)", definition.name))?;
        // Infallible: the text grows in memory.
        let _ = writeln!(script, "\\copy {name} ({columns}) FROM '{}' WITH (FORMAT csv)", path.display());
        tables.push(name);
    }
    let path = folder.join("copy.sql");
    fs::write(&path, script + "COMMIT;\n")?;
    Ok((format!("\\i {}", path.display()), format!("TRUNCATE {}", tables.join(", "))))
}

fn rows_of(batch: &Batch) -> Result<Vec<(TableId, Vec<Vec<Value>>)>> {
    let repository = Repository::named("app").id();
    let context = RowContext { repository, producer_version: "1", now: Timestamp::now() };
    let mut tables: Vec<(TableId, Vec<Vec<Value>>)> = TableId::ALL
        .iter()
        .filter(|table| table.table().unit == Unit::File)
        .map(|table| (*table, Vec::new()))
        .collect();
    for facts in &batch.files {
        let mut rows = owned_rows(facts, &context)?;
        for (table, all) in &mut tables {
            all.append(&mut rows.remove(table).unwrap_or_default());
        }
    }
    Ok(tables)
}

/// In PostgreSQL's CSV nothing at all is NULL, and what stands in quotes is a value.
fn csv(rows: &[Vec<Value>]) -> String {
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::Text(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        number => number.to_string(),
    };
    rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(",") + "\n").collect()
}
