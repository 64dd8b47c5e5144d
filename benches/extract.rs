//! How fast source code becomes facts, beside the floor: tree-sitter alone over the same bytes.
//!
//! Rust is our own code, Python its standard library where there is one; files of the size wanted are joined from whole
//! files. The other languages are their test fixtures, repeated.

mod corpus;

use std::{hint::black_box, path::PathBuf};

use criterion::{BenchmarkId, Criterion, Throughput};
use snake_pipe_core::Language;
use snake_pipe_extract::{ParseOptions, parse};
use tree_sitter::Parser;

const SIZES_BYTES: [usize; 3] = [10_000, 100_000, 1_000_000];

fn main() {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    for (language, grammar) in languages() {
        let mut group = criterion.benchmark_group(format!("extract/{language}"));
        let files = corpus::sources(language).expect("the sources can be read");
        for size in SIZES_BYTES {
            let source = joined(&files, size);
            group.throughput(Throughput::Bytes(source.len() as u64));
            let name = format!("{} kB", size / 1_000);
            group.bench_with_input(
                BenchmarkId::new("tree-sitter alone", &name),
                &source,
                |bencher, source| {
                    let mut parser = Parser::new();
                    parser.set_language(&grammar).expect("the grammar fits the library");
                    bencher.iter(|| parser.parse(black_box(source), None));
                },
            );
            group.bench_with_input(BenchmarkId::new("facts", &name), &source, |bencher, source| {
                bencher.iter(|| parse(language, black_box(source), &ParseOptions::default()));
            });
        }
        group.finish();
    }
    criterion.final_summary();
}

fn languages() -> [(Language, tree_sitter::Language); 5] {
    [
        (Language::Rust, tree_sitter_rust::LANGUAGE.into()),
        (Language::Python, tree_sitter_python::LANGUAGE.into()),
        (Language::C, tree_sitter_c::LANGUAGE.into()),
        (Language::Java, tree_sitter_java::LANGUAGE.into()),
        (Language::TypeScript, tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into()),
    ]
}

/// Whole files, from the first on and again from the start, until the size is reached.
fn joined(files: &[(PathBuf, Vec<u8>)], size: usize) -> Vec<u8> {
    let mut joined = Vec::new();
    for (_, file) in files.iter().cycle() {
        if joined.len() >= size {
            break;
        }
        joined.extend_from_slice(file);
        joined.push(b'\n');
    }
    joined
}
