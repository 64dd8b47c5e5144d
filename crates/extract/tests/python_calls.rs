//! Calls of Python that were said to be resolved, against what happened when the programs in fixtures/python_calls ran: one folder for each
//! category of PyCG's published micro-benchmark. `crates/xtask/judges/edges/python_calls.py` made calls.tsv, by a profiler.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use snake_pipe_core::{Language, SourcePath, id::FileKey, model::Entity};
use snake_pipe_extract::{
    Linkable, ParseOptions,
    link::{LinkFile, LinkIndexBuilder},
    parse,
};

/// Calls of a category: resolved rightly, resolved wrongly, missed.
type Tally = [usize; 3];

/// A function that was called: file, qualified name, first line.
type Callee = (String, String, u32);

#[test]
fn resolved_calls_are_those_that_happen() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/python_calls");
    let mut categories: BTreeMap<String, Tally> = BTreeMap::new();
    for category in fs::read_dir(&folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let name = category.file_name().into_string().unwrap();
        categories.insert(name.clone(), tally(&folder, &name));
    }
    let expected = [
        ("args", [4, 0, 4]),
        ("assignments", [1, 0, 7]),
        ("builtins", [1, 0, 2]),
        ("classes", [19, 0, 7]),
        // A decorator may put another function in the place of the one that it stands before.
        ("decorators", [4, 2, 9]),
        ("dicts", [0, 0, 5]),
        ("direct_calls", [5, 0, 2]),
        ("dynamic", [0, 0, 2]),
        ("exceptions", [4, 0, 1]),
        ("external", [1, 0, 0]),
        ("functions", [8, 0, 2]),
        ("generators", [6, 0, 2]),
        ("imports", [15, 0, 1]),
        ("kwargs", [3, 0, 3]),
        ("lambdas", [5, 0, 4]),
        ("lists", [0, 0, 6]),
        ("mro", [8, 0, 2]),
        ("returns", [8, 0, 5]),
    ];
    assert_eq!(categories, expected.map(|(name, tally)| (name.to_owned(), tally)).into());
    let sum = |place: usize| categories.values().map(|tally| tally[place]).sum::<usize>() as f64;
    let (right, wrong, missed) = (sum(0), sum(1), sum(2));
    assert!(right / (right + wrong) >= 0.97);
    assert!(right / (right + missed) >= 0.58);
}

fn tally(folder: &Path, category: &str) -> Tally {
    let happened = happened(folder, category);
    let (mut right, mut wrong, mut found) = (0, 0, BTreeSet::new());
    for (place, callee) in resolved(&folder.join(category), category) {
        let (file, name, line) = &callee;
        let is_it = |other: &&Callee| other.0 == *file && (other.1 == *name || other.2 == *line);
        match happened.get(&place).and_then(|callees| callees.iter().find(is_it)) {
            Some(callee) => {
                right += 1;
                found.insert((place, callee.clone()));
            }
            None => wrong += 1,
        }
    }
    let all: usize = happened.values().map(BTreeSet::len).sum();
    [right, wrong, all - found.len()]
}

/// What was called at each file and line.
fn happened(folder: &Path, category: &str) -> BTreeMap<(String, u32), BTreeSet<Callee>> {
    let text = fs::read_to_string(folder.join("calls.tsv")).expect("calls.tsv is there");
    let mut happened: BTreeMap<(String, u32), BTreeSet<Callee>> = BTreeMap::new();
    for line in text.lines() {
        let [file, line, target, name, first] =
            line.split('\t').collect::<Vec<_>>().try_into().expect("a line has five fields");
        if file.split('/').next() == Some(category) {
            let callee =
                (target.to_owned(), name.to_owned(), first.parse().expect("the first line is a number"));
            happened
                .entry((file.to_owned(), line.parse().expect("the line is a number")))
                .or_default()
                .insert(callee);
        }
    }
    happened
}

/// The calls that are resolved to functions; making an object of a class without `__init__` runs nothing.
fn resolved(folder: &Path, category: &str) -> Vec<((String, u32), Callee)> {
    let mut files = Vec::new();
    collect(folder, "", &mut files);
    files.sort();
    let (mut places, mut linkables) = (BTreeMap::new(), Vec::new());
    for (path, text) in &files {
        let (facts, linkable) = parse(Language::Python, text.as_bytes(), &ParseOptions::default()).divide();
        let file = SourcePath::from(path.as_str()).key();
        for function in &facts.functions {
            let name = function.qualified_name.clone();
            let callee = (format!("{category}/{path}"), name, function.span.line_start);
            places.insert((file, Entity::Function(function.symbol)), callee);
        }
        linkables.push(linkable);
    }
    let link_files =
        files.iter().map(|(path, _)| LinkFile { path: path.as_str().into(), language: Language::Python });
    let builder = LinkIndexBuilder::new(link_files.collect(), Vec::new());
    linkables.iter().enumerate().for_each(|(number, linkable)| builder.add(number as u32, linkable));
    let index = builder.finish();
    let mut resolved = Vec::new();
    for (number, ((path, _), linkable)) in files.iter().zip(linkables).enumerate() {
        let calls: Linkable = linkable;
        for call in index.link(number as u32, calls).calls {
            let target: Option<(FileKey, Entity)> =
                call.resolution.target.map(|target| (target.file, target.entity));
            if let Some(callee) = target.and_then(|target| places.get(&target)) {
                resolved.push(((format!("{category}/{path}"), call.line), callee.clone()));
            }
        }
    }
    resolved
}

fn collect(directory: &Path, prefix: &str, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(directory).expect("the folder is there").flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push((name, fs::read_to_string(entry.path()).expect("the program is there")));
        }
    }
}
