//! How fast rows get into PostgreSQL: a made-up repository with the proportions of the Linux kernel, loaded cold into a
//! private server, then loaded again with every fiftieth file changed.
//!
//! `cargo run --release -p snake-pipe-postgres --example load_speed -- 5000` takes 5,000 files; the kernel has 55,000.
#![expect(clippy::print_stdout, reason = "the report is for people")]

use std::{sync::Arc, time::Instant};

use snake_pipe_core::{
    DatabaseBackend, Result, SqlQuery, dependencies_of,
    id::{Digest, FileKey, SymbolKey},
    load::{Batch, LoadPlan, Marker, Publication, Repository, Snapshot},
    model::{
        Call, Class, ClassKind, Comment, Entity, Field, Function, Import, Metric, Origin, Parameter,
        Resolution, Span, Target, TransformedAst,
    },
};
use snake_pipe_postgres::{PostgresBackend, PostgresConfig};
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster};

const FUNCTIONS: usize = 12;
const PARAMETERS: usize = 2;
const CALLS: usize = 82;
const IMPORTS: usize = 6;
const CLASSES: usize = 2;
const FIELDS: usize = 6;
const COMMENTS: usize = 20;
const METRICS: usize = 6;
const FILES_PER_BATCH: usize = 500;

#[tokio::main]
async fn main() -> Result<()> {
    let files = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2_000);
    let options = ClusterOptions::durable().setting("shared_buffers", "1GB").setting("max_wal_size", "8GB");
    let cluster = PostgresCluster::start(options)?;
    let backend =
        PostgresBackend::new(PostgresConfig::from_url(&format!("{}&partition_rows=1", cluster.url()))?);
    backend.connect().await?;
    let keys = || (0..files).map(|number| path(number).key());
    let cold =
        LoadPlan { estimated_rows: u64::MAX, ..LoadPlan::complete(Repository::named("kernel"), "1", keys()) };
    load("cold", &backend, cold.clone(), (0..files).map(|number| file(number, files, 0))).await?;
    let changed = (0..files).step_by(50).map(|number| file(number, files, 1));
    load("every fiftieth changed", &backend, cold.clone(), changed).await?;
    let small =
        LoadPlan { estimated_rows: 0, ..LoadPlan::complete(Repository::named("in place"), "1", keys()) };
    let some = files.min(2_000);
    load("in place", &backend, small, (0..some).map(|number| file(number, some, 0))).await?;
    let begin = Instant::now();
    let integrity = backend.check_integrity(snake_pipe_core::IntegrityScope::All).await?;
    println!("integrity: {:?}, clean: {}", begin.elapsed(), integrity.is_clean());
    sizes(&backend).await
}

async fn load(
    what: &str,
    backend: &PostgresBackend,
    plan: LoadPlan,
    files: impl Iterator<Item = TransformedAst>,
) -> Result<()> {
    let mut session = backend.begin_load(plan).await?;
    let (mut making, mut writing) = (std::time::Duration::ZERO, std::time::Duration::ZERO);
    let mut files = files.peekable();
    while files.peek().is_some() {
        let begin = Instant::now();
        let batch = files.by_ref().take(FILES_PER_BATCH).map(Arc::new).collect();
        making += begin.elapsed();
        let begin = Instant::now();
        session.write_batch(Arc::new(Batch { files: batch, ..Batch::default() })).await?;
        writing += begin.elapsed();
    }
    let begin = Instant::now();
    let publication = Publication { marker: Marker::random(), snapshot: Snapshot::default() };
    let result = session.publish(publication).await?;
    println!(
        "{what}: writing {writing:?}, publishing {:?} (making the facts {making:?}): {result:?}",
        begin.elapsed()
    );
    Ok(())
}

async fn sizes(backend: &PostgresBackend) -> Result<()> {
    let sizes = "SELECT relname, pg_size_pretty(pg_total_relation_size(oid)), reltuples::bigint FROM pg_class
        WHERE relkind = 'r' AND relname LIKE '%\\_4%\\_%' ORDER BY pg_total_relation_size(oid) DESC";
    for row in backend.execute_sql_query(SqlQuery::new(sizes)).await?.rows {
        println!("{:>36} {:>10} {:>10}", row[0], row[1], row[2]);
    }
    let indexes = "SELECT relname, pg_size_pretty(pg_relation_size(oid)) FROM pg_class
        WHERE relkind = 'i' AND relname LIKE '%\\_4%\\_%' ORDER BY pg_relation_size(oid) DESC LIMIT 20";
    for row in backend.execute_sql_query(SqlQuery::new(indexes)).await?.rows {
        println!("{:>56} {:>10}", row[0], row[1]);
    }
    Ok(())
}

fn path(number: usize) -> snake_pipe_core::SourcePath {
    format!("drivers/part{}/device{number}.c", number % 97).as_str().into()
}

/// The same number for the same two, and any other for others.
fn mix(one: usize, two: usize) -> usize {
    (one.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ two.wrapping_mul(0xc2b2_ae3d_27d4_eb4f)) >> 17
}

fn function_name(file: usize, index: usize) -> String {
    format!("device_{file}_operation_{index}")
}

fn symbol(file: usize, index: usize) -> SymbolKey {
    SymbolKey::of("function", &function_name(file, index), 0)
}

fn file(number: usize, files: usize, version: usize) -> TransformedAst {
    let key = |number: usize| -> FileKey { path(number).key() };
    let resolved =
        |file: usize, entity| Resolution::resolved(Target { file: key(file), entity }, Origin::Include);
    let mut facts = TransformedAst {
        content_hash: Some(Digest::of(format!("{number} {version}").as_bytes())),
        link_hash: Some(Digest::of(&number.to_le_bytes())),
        language: snake_pipe_core::Language::C,
        size_bytes: Some(21_000),
        ..TransformedAst::new(path(number))
    };
    for index in 0..FUNCTIONS {
        let line = (index * 40 + 1 + version) as u32;
        facts.functions.push(Function {
            name: function_name(number, index),
            qualified_name: function_name(number, index),
            symbol: symbol(number, index),
            span: Span { line_start: line, line_end: line + 30, column_start: 1, column_end: 2 },
            signature: Some(format!(
                "static int {}(struct device *device, u32 flags)",
                function_name(number, index)
            )),
            return_type: Some("int".into()),
            parameters: (0..PARAMETERS)
                .map(|index| Parameter {
                    name: format!("argument{index}"),
                    type_name: Some("struct device *".into()),
                    ..Parameter::default()
                })
                .collect(),
            complexity: Some((mix(number, index) % 20 + 1) as u32),
            ..Function::default()
        });
    }
    for index in 0..CLASSES {
        let name = format!("device_{number}_state_{index}");
        facts.classes.push(Class {
            kind: ClassKind::Struct,
            symbol: SymbolKey::of("struct", &name, 0),
            qualified_name: name.clone(),
            name,
            fields: (0..FIELDS)
                .map(|index| Field {
                    name: format!("field{index}"),
                    type_name: Some("u32".into()),
                    ..Field::default()
                })
                .collect(),
            ..Class::default()
        });
    }
    for index in 0..CALLS {
        let (file, callee) = (mix(number, index) % files, mix(index, number) % FUNCTIONS);
        let is_resolved = index % 3 == 0;
        facts.calls.push(Call {
            function: Some((index % FUNCTIONS) as u32),
            name: if is_resolved {
                function_name(file, callee)
            } else {
                format!("helper_{}", mix(number, index) % 9_000)
            },
            argument_count: 2,
            line: (index * 5 + version) as u32 + 1,
            column: 9,
            resolution: match is_resolved {
                true => resolved(file, Entity::Function(symbol(file, callee))),
                false => Resolution::default(),
            },
            ..Call::default()
        });
    }
    for index in 0..IMPORTS {
        let file = mix(number, index + 7) % files;
        facts.imports.push(Import {
            raw: format!("#include <linux/header{file}.h>"),
            module: format!("linux/header{file}.h"),
            line: index as u32 + 1,
            resolution: if index % 2 == 0 { resolved(file, Entity::File) } else { Resolution::default() },
            ..Import::default()
        });
    }
    facts.comments =
        vec![
            Comment { span: Span { line_start: 3, line_end: 4, ..Span::default() }, ..Comment::default() };
            COMMENTS
        ];
    facts.metrics = (0..METRICS)
        .map(|index| Metric { name: format!("metric_{index}"), value: 1.5, ..Metric::default() })
        .collect();
    facts.dependencies = dependencies_of(facts.key(), &facts.imports, &facts.bases, &facts.calls);
    facts
}
