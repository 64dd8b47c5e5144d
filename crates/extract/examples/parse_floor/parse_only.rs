//! Parsing alone, on several threads.

use std::{
    cmp::Reverse,
    error::Error,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use snake_pipe_core::Language;
use snake_pipe_extract::{CacheLocation, ExtractOptions, Extraction, Inventory, Progress};
use tree_sitter::Parser;

use super::grammar;

/// The stack of a thread that parses, as extraction has it.
const STACK_BYTES: usize = 8 << 20;

/// Finds the files as a load does, reads and parses each, frees its tree, and prints how long that took.
pub(super) fn run(root: &Path, threads: usize) -> Result<(), Box<dyn Error>> {
    let threads = if threads == 0 { thread::available_parallelism()?.get() } else { threads };
    let options = ExtractOptions { cache: CacheLocation::Temporary, threads, ..ExtractOptions::default() };
    let start = Instant::now();
    let extraction = Extraction::scan(root, "floor", options, Arc::new(Progress::default()))?;
    println!("found and hashed in {:.2} s", start.elapsed().as_secs_f64());
    let files = parsed_files(extraction.inventory());
    drop(extraction);
    let bytes: u64 = files.iter().map(|file| file.size_bytes).sum();
    let (start, cores) = (Instant::now(), core_seconds());
    let nodes = parse_all(&files, threads)?;
    let (wall, cores) = (start.elapsed().as_secs_f64(), core_seconds() - cores);
    let megabytes = bytes as f64 / 1e6;
    println!("{} files, {megabytes:.1} MB, {nodes} nodes", files.len());
    println!(
        "parse only, {threads} threads: {wall:.2} s, {cores:.2} s of cores, {:.1} MB/s, peak memory {} MB",
        megabytes / wall,
        peak_memory_mb()
    );
    Ok(())
}

struct File {
    path: PathBuf,
    language: Language,
    size_bytes: u64,
}

/// The files that a load parses, one for each content, the largest first as in a load.
fn parsed_files(inventory: &Inventory) -> Vec<File> {
    let mut seen = std::collections::HashSet::new();
    let parsed = inventory.files.iter().filter(|file| {
        let content = (file.content_hash, file.language);
        file.skip.is_none() && file.language != Language::Unknown && seen.insert(content)
    });
    let mut files: Vec<File> = parsed
        .map(|file| File {
            path: inventory.root.join(std::ffi::OsStr::from_bytes(file.path.as_bytes())),
            language: file.language,
            size_bytes: file.size_bytes.unwrap_or(0),
        })
        .collect();
    files.sort_by_key(|file| Reverse(file.size_bytes));
    files
}

/// Parses all files and counts the nodes at the trees' roots, which costs nothing.
fn parse_all(files: &[File], threads: usize) -> Result<usize, Box<dyn Error>> {
    let (next, nodes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut parser = Parser::new();
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Ok(source) = fs::read(&file.path) else { continue };
            let Some(grammar) = grammar(file.language, &file.path) else { continue };
            if parser.set_language(&grammar).is_err() {
                continue;
            }
            if let Some(tree) = parser.parse(&source, None) {
                nodes.fetch_add(tree.root_node().descendant_count(), Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        (0..threads)
            .map(|_| thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work))
            .collect::<Result<Vec<_>, _>>()
            .map(drop)
    })?;
    Ok(nodes.into_inner())
}

/// Processor time in user and system mode, where the system says it (Linux, in hundredths of a second); else zero.
fn core_seconds() -> f64 {
    let status = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = status.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// The peak resident set, where the system says it (Linux); else zero.
fn peak_memory_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}
