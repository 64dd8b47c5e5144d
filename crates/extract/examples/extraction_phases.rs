//! Where the time of an extraction goes: scans a tree and takes its facts twice, the second time with a full cache, and
//! prints the seconds of each phase, what came out, and the process's peak memory.
//!
//! ```text
//! cargo run --release --example extraction_phases -- linux [THREADS]
//! ```
#![expect(clippy::print_stdout, reason = "a program whose answer is what it prints")]

use std::{
    error::Error,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, executor::block_on};
use snake_pipe_extract::{CacheLocation, ExtractOptions, Extraction, Phase, Progress};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let root = arguments.next().ok_or("usage: extraction_phases DIRECTORY [THREADS]")?;
    let threads = arguments.next().map_or(Ok(0), |threads| threads.parse())?;
    let cache = tempfile::tempdir()?;
    for name in ["first", "again"] {
        let cache = CacheLocation::Directory(cache.path().to_owned());
        let options = ExtractOptions { cache, threads, ..ExtractOptions::default() };
        println!("{name}: {}", extract(Path::new(&root), options)?);
    }
    println!("cache: {} MB; peak memory: {} MB", directory_bytes(cache.path())? >> 20, peak_memory_mb());
    Ok(())
}

fn extract(root: &Path, options: ExtractOptions) -> Result<String, Box<dyn Error>> {
    let (progress, start) = (Arc::new(Progress::default()), Instant::now());
    let extraction = Extraction::scan(root, "measured", options, Arc::clone(&progress))?;
    let scanned = start.elapsed();
    let (mut files, mut rows, mut phases) = (0_u64, 0_usize, Vec::new());
    let watched = Arc::clone(&progress);
    let watch = std::thread::spawn(move || phase_ends(&watched));
    let mut facts = extraction.facts(|_| true);
    while let Some(facts) = block_on(facts.next()) {
        let facts = facts?;
        files += 1;
        rows += facts.functions.len() + facts.classes.len() + facts.imports.len() + facts.calls.len();
    }
    phases.extend(watch.join().map_err(|_| "the watch failed")?);
    let phases: Vec<_> =
        phases.iter().map(|(phase, end)| format!("{phase:?} {:.2}", end.as_secs_f64())).collect();
    let read = progress.snapshot();
    Ok(format!(
        "{files} files, {rows} functions, classes, imports and calls; read {}, parsed {}; scan {:.2} s, then {} s",
        read.files_read,
        read.files_parsed,
        scanned.as_secs_f64(),
        phases.join(", ")
    ))
}

/// When each phase ended, in time since the call.
fn phase_ends(progress: &Progress) -> Vec<(Phase, Duration)> {
    let (start, mut ends, mut last) = (Instant::now(), Vec::new(), progress.snapshot().phase);
    while last != Phase::Done {
        std::thread::sleep(Duration::from_millis(2));
        let phase = progress.snapshot().phase;
        if phase != last {
            ends.push((last, start.elapsed()));
            last = phase;
        }
    }
    ends
}

fn directory_bytes(directory: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        bytes += match entry.file_type()?.is_dir() {
            true => directory_bytes(&entry.path())?,
            false => entry.metadata()?.len(),
        };
    }
    Ok(bytes)
}

/// The peak resident set, as Linux counts it.
fn peak_memory_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}
