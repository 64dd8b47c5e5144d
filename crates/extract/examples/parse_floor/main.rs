//! How much extraction costs above tree-sitter: parses the same files with the bare grammar and with
//! [`parse`](snake_pipe_extract::parse), file by file in turn, on one thread, and prints the seconds of each.
//!
//! ```text
//! cargo run --release --example parse_floor -- /usr/lib/python3.11 py
//! cargo run --release --example parse_floor -- linux/kernel c h
//! ```
//!
//! With `--threads`, what a whole load is measured against: all files that a load would parse are read and parsed with
//! the bare grammars, on as many threads (0: as many as extraction takes), and nothing else is done.
//!
//! ```text
//! cargo run --release --example parse_floor -- --threads 0 linux
//! ```
#![expect(clippy::print_stdout, reason = "a program whose answer is what it prints")]

mod parse_only;

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use snake_pipe_core::{Language, SourcePath};
use snake_pipe_extract::{ParseOptions, language_of, parse};
use tree_sitter::Parser;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let root = arguments
        .next()
        .ok_or("usage: parse_floor DIRECTORY EXTENSION…, or parse_floor --threads COUNT DIRECTORY")?;
    if root == "--threads" {
        let count = arguments.next().ok_or("--threads wants a count; 0 for as many as extraction takes")?;
        let root = arguments.next().ok_or("--threads COUNT wants a directory behind it")?;
        return parse_only::run(Path::new(&root), count.parse()?);
    }
    let extensions: Vec<String> = arguments.collect();
    let mut files = Vec::new();
    collect(Path::new(&root), &extensions, &mut files)?;
    files.sort();
    let mut totals = Totals::default();
    for path in &files {
        measure(path, &mut totals)?;
    }
    totals.print();
    Ok(())
}

fn collect(directory: &Path, extensions: &[String], files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            collect(&path, extensions, files)?;
        } else if kind.is_file() && has_extension(&path, extensions) {
            files.push(path);
        }
    }
    Ok(())
}

fn has_extension(path: &Path, extensions: &[String]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extensions.iter().any(|wanted| wanted == extension))
}

#[derive(Default)]
struct Totals {
    files: usize,
    partial: usize,
    bytes: usize,
    facts: [usize; 6],
    floor: Duration,
    extraction: Duration,
    slowest: Vec<(Duration, Duration, PathBuf)>,
}

fn measure(path: &Path, totals: &mut Totals) -> Result<(), Box<dyn Error>> {
    let source = fs::read(path)?;
    let language = language_of(&SourcePath::from_bytes(path.as_os_str().as_encoded_bytes()), &source);
    let Some(mut parser) = parser(language, path) else { return Ok(()) };
    // Whoever comes second finds the source in the cache: take turns.
    let floor_first = totals.files.is_multiple_of(2);
    let mut floor = Duration::ZERO;
    let mut time_floor = || {
        let start = Instant::now();
        drop(parser.parse(&source, None));
        floor = start.elapsed();
    };
    if floor_first {
        time_floor();
    }
    let start = Instant::now();
    let parsed = parse(language, &source, &ParseOptions::default());
    let extraction = start.elapsed();
    if !floor_first {
        time_floor();
    }
    let facts = &parsed.facts;
    let counts = [
        facts.functions.len(),
        facts.classes.len(),
        facts.imports.len(),
        facts.calls.len(),
        facts.comments.len(),
        facts.parse_issues.len(),
    ];
    totals.files += 1;
    totals.partial += usize::from(!facts.parse_issues.is_empty());
    totals.bytes += source.len();
    totals.facts.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
    totals.floor += floor;
    totals.extraction += extraction;
    totals.slowest.push((extraction, floor, path.to_owned()));
    Ok(())
}

fn parser(language: Language, path: &Path) -> Option<Parser> {
    let mut parser = Parser::new();
    parser.set_language(&grammar(language, path)?).ok()?;
    Some(parser)
}

fn grammar(language: Language, path: &Path) -> Option<tree_sitter::Language> {
    let is_tsx = path.extension().is_some_and(|extension| extension == "tsx");
    let grammar = match language {
        Language::C => tree_sitter_c::LANGUAGE,
        Language::Cpp => tree_sitter_cpp::LANGUAGE,
        Language::CSharp => tree_sitter_c_sharp::LANGUAGE,
        Language::Go => tree_sitter_go::LANGUAGE,
        Language::Java => tree_sitter_java::LANGUAGE,
        Language::JavaScript => tree_sitter_javascript::LANGUAGE,
        Language::Kotlin => tree_sitter_kotlin_ng::LANGUAGE,
        Language::Python => tree_sitter_python::LANGUAGE,
        Language::Rust => tree_sitter_rust::LANGUAGE,
        Language::Scala => tree_sitter_scala::LANGUAGE,
        Language::TypeScript if is_tsx => tree_sitter_typescript::LANGUAGE_TSX,
        Language::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
        Language::Unknown => return None,
    };
    Some(grammar.into())
}

impl Totals {
    fn print(mut self) {
        let [functions, classes, imports, calls, comments, issues] = self.facts;
        let megabytes = self.bytes as f64 / 1e6;
        let (floor, extraction) = (self.floor.as_secs_f64(), self.extraction.as_secs_f64());
        println!("{} files ({} with issues), {megabytes:.1} MB", self.files, self.partial);
        println!("{functions} functions, {classes} classes, {imports} imports, {calls} calls");
        println!("{comments} comments, {issues} issues");
        println!("parse only  {floor:8.3} s  {:6.1} MB/s", megabytes / floor);
        println!("extraction  {extraction:8.3} s  {:6.1} MB/s", megabytes / extraction);
        println!("ratio       {:8.3}", extraction / floor);
        self.slowest
            .sort_by_key(|(extraction, floor, _)| std::cmp::Reverse(extraction.saturating_sub(*floor)));
        for (extraction, floor, path) in self.slowest.iter().take(5) {
            println!(
                "{:8.3} s of {:8.3} s above the floor: {}",
                (extraction.saturating_sub(*floor)).as_secs_f64(),
                extraction.as_secs_f64(),
                path.display()
            );
        }
    }
}
