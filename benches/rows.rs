//! How fast facts become rows, without any database: of made-up files, and of our own code.

mod corpus;
mod row_counter;

use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, measurement::WallTime};
use snake_pipe_core::{Language, model::TransformedAst};
use snake_pipe_extract::{ParseOptions, parse};
use snake_pipe_testkit::fixtures::Generator;

const SEED: u64 = 1;

fn main() {
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let mut group = criterion.benchmark_group("rows");
    for files in [10, 100, 1_000] {
        measure(&mut group, "generated", &Generator::new(SEED, files).facts());
    }
    let own = own_facts();
    for files in [10, 100] {
        measure(&mut group, "rust", &own[..files.min(own.len())]);
    }
    group.finish();
    criterion.final_summary();
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, kind: &str, facts: &[TransformedAst]) {
    group.throughput(Throughput::Elements(row_counter::count_rows(facts)));
    let id = BenchmarkId::new(kind, format!("{} files", facts.len()));
    group.bench_with_input(id, facts, |bencher, facts| bencher.iter(|| row_counter::count_rows(facts)));
}

/// The facts of our own sources, unlinked.
fn own_facts() -> Vec<TransformedAst> {
    let files = corpus::sources(Language::Rust).expect("our own sources can be read");
    let facts = files.iter().map(|(path, source)| {
        let path = path.to_string_lossy().as_ref().into();
        TransformedAst { path, ..parse(Language::Rust, source, &ParseOptions::default()).facts }
    });
    facts.collect()
}
