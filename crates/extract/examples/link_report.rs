//! What linking makes of a source tree: how many imports, bases and calls were resolved, by language, how long the two
//! passes took, and on request some of the edges, chosen evenly, with both ends.
//!
//! ```text
//! cargo run --release --example link_report -- flask
//! cargo run --release --example link_report -- flask --edges 40
//! cargo run --release --example link_report -- flask --unresolved
//! ```
#![expect(clippy::print_stdout, reason = "a program whose answer is what it prints")]

use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};
use snake_pipe_core::{
    Language, SourcePath,
    id::FileKey,
    model::{Entity, Resolution, ResolutionStatus},
};
use snake_pipe_extract::{
    Linkable, ParseOptions, language_of,
    link::{ConfigurationFile, LinkFile, LinkIndexBuilder, Linked, is_link_configuration},
    parse,
};

/// A file of the tree, with what its symbols are called and where they stand.
struct Source {
    path: SourcePath,
    language: Language,
    linkable: Linkable,
    text: String,
    places: Vec<(Entity, String, u32)>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = arguments.first().ok_or("usage: link_report DIRECTORY [--edges COUNT | --unresolved]")?;
    let mut paths = Vec::new();
    collect(Path::new(root), &mut paths)?;
    let mut sources: Vec<Source> = paths.par_iter().filter_map(|path| read(Path::new(root), path)).collect();
    sources.sort_by(|one, two| one.path.as_bytes().cmp(two.path.as_bytes()));
    let linked = link(&mut sources);
    report(&sources, &linked);
    match arguments.get(1).map(String::as_str) {
        Some("--edges") => {
            let count = arguments.get(2).ok_or("--edges wants a count")?.parse()?;
            print_edges(&sources, &linked, count);
        }
        Some("--unresolved") => print_unresolved(&sources, &linked),
        Some(other) => return Err(format!("unknown argument `{other}`").into()),
        None => {}
    }
    Ok(())
}

fn collect(directory: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let kind = entry.file_type()?;
        if kind.is_dir() && name != ".git" && name != "node_modules" {
            collect(&entry.path(), paths)?;
        } else if kind.is_file() {
            paths.push(entry.path());
        }
    }
    Ok(())
}

fn read(root: &Path, path: &Path) -> Option<Source> {
    let bytes = fs::read(path).ok()?;
    let path = SourcePath::from(path.strip_prefix(root).ok()?.to_str()?);
    let language = language_of(&path, &bytes[..bytes.len().min(4096)]);
    if language == Language::Unknown && !is_link_configuration(&path) {
        let (linkable, text, places) = (Linkable::default(), String::new(), Vec::new());
        return Some(Source { path, language, linkable, text, places });
    }
    let (facts, linkable) = parse(language, &bytes, &ParseOptions::default()).divide();
    let functions = facts
        .functions
        .iter()
        .map(|f| (Entity::Function(f.symbol), f.qualified_name.clone(), f.span.line_start));
    let classes =
        facts.classes.iter().map(|c| (Entity::Class(c.symbol), c.qualified_name.clone(), c.span.line_start));
    let places = functions.chain(classes).collect();
    Some(Source { path, language, linkable, text: String::from_utf8_lossy(&bytes).into_owned(), places })
}

fn link(sources: &mut [Source]) -> Vec<Linked> {
    let files = sources.iter().map(|s| LinkFile { path: s.path.clone(), language: s.language }).collect();
    let configuration = sources
        .iter()
        .filter(|source| is_link_configuration(&source.path))
        .map(|source| ConfigurationFile { path: source.path.clone(), text: source.text.clone() });
    let begin = Instant::now();
    let builder = LinkIndexBuilder::new(files, configuration.collect());
    sources.par_iter().enumerate().for_each(|(number, source)| builder.add(number as u32, &source.linkable));
    let added = begin.elapsed();
    let index = builder.finish();
    let finished = begin.elapsed();
    let linkables: Vec<Linkable> =
        sources.iter_mut().map(|source| std::mem::take(&mut source.linkable)).collect();
    let taken = begin.elapsed();
    let linked =
        linkables.into_par_iter().enumerate().map(|(number, l)| index.link(number as u32, l)).collect();
    let ended = begin.elapsed();
    println!(
        "{} files; wall seconds: add {:.2}, finish {:.2}, link {:.2}",
        sources.len(),
        added.as_secs_f64(),
        (finished - added).as_secs_f64(),
        (ended - taken).as_secs_f64()
    );
    linked
}

/// Counts by language, kind of reference and status.
fn report(sources: &[Source], linked: &[Linked]) {
    let mut counts: BTreeMap<(Language, &str), BTreeMap<ResolutionStatus, u64>> = BTreeMap::new();
    let mut count = |language, kind, resolution: &Resolution| {
        *counts.entry((language, kind)).or_default().entry(resolution.status).or_default() += 1;
    };
    for (source, linked) in sources.iter().zip(linked) {
        linked.imports.iter().for_each(|import| count(source.language, "imports", &import.resolution));
        linked.bases.iter().for_each(|base| count(source.language, "bases", &base.resolution));
        linked.calls.iter().for_each(|call| count(source.language, "calls", &call.resolution));
    }
    for ((language, kind), counts) in counts {
        let of = |status| counts.get(&status).copied().unwrap_or(0);
        let resolved = of(ResolutionStatus::Resolved);
        let (ambiguous, unresolved) = (of(ResolutionStatus::Ambiguous), of(ResolutionStatus::Unresolved));
        println!(
            "{:<11} {kind:<8} resolved {resolved:>8}, ambiguous {ambiguous:>7}, unresolved {unresolved:>8}, \
             external {:>7}, stdlib {:>7}: {:.1} % of what is neither external nor stdlib",
            language.as_str(),
            of(ResolutionStatus::External),
            of(ResolutionStatus::Stdlib),
            100.0 * resolved as f64 / (resolved + ambiguous + unresolved).max(1) as f64
        );
    }
}

fn print_edges(sources: &[Source], linked: &[Linked], count: usize) {
    let places: HashMap<(FileKey, Entity), String> = sources
        .iter()
        .flat_map(|source| {
            let (key, path) = (source.path.key(), source.path.as_str());
            let symbols = source.places.iter();
            let symbols =
                symbols.map(move |(entity, name, line)| ((key, *entity), format!("{path}:{line} {name}")));
            symbols.chain([((key, Entity::File), path.to_owned())])
        })
        .collect();
    let mut edges = Vec::new();
    for (source, linked) in sources.iter().zip(linked) {
        let mut edge = |what: &str, line: u32, text: &str, resolution: &Resolution| {
            if let Some(target) = resolution.target {
                let target = &places[&(target.file, target.entity)];
                let origin = resolution.origin.as_str();
                edges.push(format!("{}:{line} {what} `{text}` → {target} ({origin})", source.path));
            }
        };
        linked.imports.iter().for_each(|i| edge("import", i.line, &i.raw, &i.resolution));
        linked.bases.iter().for_each(|b| edge("base", b.line, &b.text, &b.resolution));
        for call in &linked.calls {
            edge("call", call.line, call.text.as_ref().unwrap_or(&call.name), &call.resolution);
        }
    }
    // Steps that share no factor with the number of edges visit them in an order that looks random, and is not.
    let step = 7919;
    for number in 0..count.min(edges.len()) {
        println!("{}", edges[(number * step + number * number) % edges.len()]);
    }
}

fn print_unresolved(sources: &[Source], linked: &[Linked]) {
    for (source, linked) in sources.iter().zip(linked) {
        let print = |what: &str, line: u32, text: &str, resolution: &Resolution| {
            let status = resolution.status;
            if matches!(status, ResolutionStatus::Unresolved | ResolutionStatus::Ambiguous) {
                println!("{}:{line} {what} {} {text}", source.path, status.as_str());
            }
        };
        linked.imports.iter().for_each(|i| print("import", i.line, &i.raw, &i.resolution));
        linked.bases.iter().for_each(|b| print("base", b.line, &b.text, &b.resolution));
        for call in &linked.calls {
            print("call", call.line, call.text.as_ref().unwrap_or(&call.name), &call.resolution);
        }
    }
}
