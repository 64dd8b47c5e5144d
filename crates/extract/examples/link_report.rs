//! What linking makes of a source tree: how many imports, bases and calls were resolved, by language, how long the two
//! passes took, and on request some of the edges, chosen evenly, with both ends.
//!
//! ```text
//! cargo run --release --example link_report -- flask
//! cargo run --release --example link_report -- flask --edges 40
//! cargo run --release --example link_report -- flask --unresolved
//! cargo run --release --example link_report -- flask --modules
//! cargo run --release --example link_report -- flask --calls
//! cargo run --release --example link_report -- flask --resolved-calls
//! cargo run --release --example link_report -- flask --resolved-bases
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

/// What prints lines by tabs and nothing else.
const TABLES: [&str; 4] = ["--modules", "--calls", "--resolved-calls", "--resolved-bases"];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = arguments.first().ok_or(
        "usage: link_report DIRECTORY [--edges COUNT | --unresolved | --modules | --calls | --resolved-calls | --resolved-bases]",
    )?;
    let mut paths = Vec::new();
    collect(Path::new(root), &mut paths)?;
    let mut sources: Vec<Source> = paths.par_iter().filter_map(|path| read(Path::new(root), path)).collect();
    sources.sort_by(|one, two| one.path.as_bytes().cmp(two.path.as_bytes()));
    let is_table = arguments.get(1).is_some_and(|word| TABLES.contains(&word.as_str()));
    let (linked, modules) = link(&mut sources, !is_table);
    if !is_table {
        report(&sources, &linked);
    }
    match arguments.get(1).map(String::as_str) {
        Some("--edges") => {
            let count = arguments.get(2).ok_or("--edges wants a count")?.parse()?;
            print_edges(&sources, &linked, count);
        }
        Some("--unresolved") => print_unresolved(&sources, &linked),
        Some("--modules") => print_modules(&sources, &linked, &modules),
        Some("--calls") => print_calls(&sources, &linked),
        Some("--resolved-calls") => print_resolved_calls(&sources, &linked),
        Some("--resolved-bases") => print_resolved_bases(&sources, &linked),
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
    let text = if is_link_configuration(&path) {
        String::from_utf8_lossy(&bytes).into_owned()
    } else {
        String::new()
    };
    Some(Source { path, language, linkable, text, places })
}

fn link(sources: &mut [Source], is_told: bool) -> (Vec<Linked>, Modules) {
    let files = sources.iter().map(|s| LinkFile { path: s.path.clone(), language: s.language }).collect();
    let configuration = sources
        .iter()
        .filter(|source| is_link_configuration(&source.path))
        .map(|source| ConfigurationFile { path: source.path.clone(), text: source.text.clone() });
    let before = resident_megabytes();
    let begin = Clock::now();
    let builder = LinkIndexBuilder::new(files, configuration.collect());
    sources.par_iter().enumerate().for_each(|(number, source)| builder.add(number as u32, &source.linkable));
    begin.print("first pass over the files", is_told);
    let begin = Clock::now();
    let index = builder.finish();
    begin.print("end of the first pass", is_told);
    if is_told {
        println!("{} files, an index of {} MB", sources.len(), resident_megabytes() - before);
    }
    let module = |file: usize, number: usize| index.module_of_import(file as u32, number).cloned();
    let of_file =
        |file: usize| (0..sources[file].linkable.imports.len()).map(|number| module(file, number)).collect();
    let modules = (0..sources.len()).map(of_file).collect();
    let linkables: Vec<Linkable> =
        sources.iter_mut().map(|source| std::mem::take(&mut source.linkable)).collect();
    let begin = Clock::now();
    let linked =
        linkables.into_par_iter().enumerate().map(|(number, l)| index.link(number as u32, l)).collect();
    begin.print("second pass", is_told);
    (linked, modules)
}

/// For each file and each import of it, the file of its module.
type Modules = Vec<Vec<Option<SourcePath>>>;

/// One line an import of a file of the repository: the file, the module as written, the module's file; by tabs.
fn print_modules(sources: &[Source], linked: &[Linked], modules: &Modules) {
    let paths: HashMap<FileKey, &SourcePath> =
        sources.iter().map(|source| (source.path.key(), &source.path)).collect();
    for ((source, linked), modules) in sources.iter().zip(linked).zip(modules) {
        for (import, module) in linked.imports.iter().zip(modules) {
            let target = import.resolution.target;
            // What is taken from a module may be a module itself.
            let submodule =
                target.filter(|target| target.entity == Entity::File).map(|target| paths[&target.file]);
            if let Some(module) = submodule.or(module.as_ref()) {
                println!("{}\t{}\t{module}", source.path, import.module);
            }
        }
    }
}

/// One line a call: the file, its line and column, the function around it, the callee, the status, and the target's file, line and
/// qualified name; by tabs.
fn print_calls(sources: &[Source], linked: &[Linked]) {
    let places: HashMap<(FileKey, Entity), String> = sources
        .iter()
        .flat_map(|source| {
            let (key, path) = (source.path.key(), source.path.as_str());
            let place = move |(entity, name, line): &(Entity, String, u32)| {
                ((key, *entity), format!("{path}\t{line}\t{name}"))
            };
            source.places.iter().map(place)
        })
        .collect();
    for (source, linked) in sources.iter().zip(linked) {
        for call in &linked.calls {
            let target = call.resolution.target.and_then(|target| places.get(&(target.file, target.entity)));
            let function = call.function.and_then(|index| source.places.get(index as usize));
            println!(
                "{}\t{}\t{}\t{}\t{}\t{}\t{}",
                source.path,
                call.line,
                call.column,
                function.map_or("", |(_, name, _)| name),
                call.text.as_ref().unwrap_or(&call.name),
                call.resolution.status.as_str(),
                target.map_or("", String::as_str),
            );
        }
    }
}

/// What each function and class is known by outside: its file, `#` and its bare name.
fn symbols(sources: &[Source]) -> HashMap<(FileKey, Entity), String> {
    let of_source = |source: &Source| {
        let (key, path) = (source.path.key(), source.path.as_str().to_owned());
        let symbol = move |(entity, name, _): &(Entity, String, u32)| {
            // A constructor of JavaScript is known by its class.
            let name = name.strip_suffix(".constructor").unwrap_or(name);
            let last = name.rsplit(['.', ':']).next().unwrap_or(name);
            ((key, *entity), format!("{path}#{last}"))
        };
        source.places.iter().map(symbol).collect::<Vec<_>>()
    };
    sources.iter().flat_map(of_source).collect()
}

/// One line a call that is said to be resolved: the site, nothing, and the symbol that is called; by tabs.
fn print_resolved_calls(sources: &[Source], linked: &[Linked]) {
    let symbols = symbols(sources);
    for (source, linked) in sources.iter().zip(linked) {
        for call in linked.calls.iter().filter(|call| call.resolution.status == ResolutionStatus::Resolved) {
            let target = call.resolution.target.and_then(|target| symbols.get(&(target.file, target.entity)));
            if let Some(target) = target {
                println!("{}:{}:{}\t\t{target}", source.path, call.line, call.column);
            }
        }
    }
}

/// One line a base that is said to be resolved: the class with its line, nothing, and the symbol of the base; by tabs.
fn print_resolved_bases(sources: &[Source], linked: &[Linked]) {
    let symbols = symbols(sources);
    for (source, linked) in sources.iter().zip(linked) {
        let classes: Vec<_> =
            source.places.iter().filter(|(entity, ..)| matches!(entity, Entity::Class(_))).collect();
        for base in linked.bases.iter().filter(|base| base.resolution.status == ResolutionStatus::Resolved) {
            let target = base.resolution.target.and_then(|target| symbols.get(&(target.file, target.entity)));
            if let (Some((_, name, _)), Some(target)) = (classes.get(base.class as usize), target) {
                println!("{}#{name}\t\t{target}", source.path);
            }
        }
    }
}

/// Time as a clock shows it, and time that the process spent on all cores.
struct Clock {
    wall: Instant,
    cores: f64,
}

impl Clock {
    fn now() -> Self {
        Self { wall: Instant::now(), cores: core_seconds() }
    }

    fn print(&self, what: &str, is_told: bool) {
        if !is_told {
            return;
        }
        let (wall, cores) = (self.wall.elapsed().as_secs_f64(), core_seconds() - self.cores);
        println!("{what}: {wall:.2} s, {cores:.2} s of cores");
    }
}

/// Processor time in user mode, where the system says it (Linux, in hundredths of a second); else zero.
fn core_seconds() -> f64 {
    let status = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks =
        status.rsplit(')').next().and_then(|fields| fields.split_whitespace().nth(11)?.parse::<f64>().ok());
    ticks.unwrap_or(0.0) / 100.0
}

/// The memory in use, where the system says it (Linux); else zero.
fn resident_megabytes() -> i64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<i64>().ok());
    kilobytes.unwrap_or(0) / 1024
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
    let (mut imports, mut bases, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    for (source, linked) in sources.iter().zip(linked) {
        let edge = |line: u32, text: &str, resolution: &Resolution| {
            let target = &places[&resolution.target.map(|target| (target.file, target.entity))?];
            let origin = resolution.origin.as_str();
            Some(format!("{}:{line} `{text}` → {target} ({origin})", source.path))
        };
        imports.extend(linked.imports.iter().filter_map(|i| edge(i.line, &i.raw, &i.resolution)));
        bases.extend(linked.bases.iter().filter_map(|b| edge(b.line, &b.text, &b.resolution)));
        calls.extend(
            linked.calls.iter().filter_map(|call| {
                edge(call.line, call.text.as_ref().unwrap_or(&call.name), &call.resolution)
            }),
        );
    }
    // Calls are where most can go wrong.
    print_evenly("import", &imports, count / 4);
    print_evenly("base", &bases, count * 3 / 20);
    print_evenly("call", &calls, count * 3 / 5);
}

fn print_evenly(what: &str, edges: &[String], count: usize) {
    let count = count.min(edges.len());
    for number in 0..count {
        // The middle of each of `count` equal parts.
        println!("{what} {}", edges[(2 * number + 1) * edges.len() / (2 * count)]);
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
