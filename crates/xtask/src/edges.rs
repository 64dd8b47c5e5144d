//! How right the edges are: which file an import means, against programs that know it.
//!
//! Both sides say importing file, module as written, and the module's file, one a line by tabs; a line without a module says that the
//! file was read. What only one of them read is not compared. Imports of a file that mean the same file count once.

mod judges;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use self::judges::{JUDGES, Judge};
use crate::{
    Result,
    accuracy::{all_or_their_failures, into_file, make_folder, report},
    shell::{self, cargo},
};

/// What the command is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// These judges only; without one, all.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(judges::names()))]
    judges: Vec<String>,

    /// A tree to compare on, instead of the pinned corpora; then no report is written to docs/.
    #[arg(long, value_name = "DIRECTORY")]
    corpus: Option<PathBuf>,

    /// The example `link_report`, built already, instead of building it with optimisation.
    #[arg(long, value_name = "PROGRAM")]
    linker: Option<PathBuf>,
}

/// The edges of one side: pairs of importing and imported file, by the importing file.
type Edges = BTreeMap<String, BTreeSet<String>>;

/// Edges that both sides say, that we alone say, and that the judge alone says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    files: usize,
    right: usize,
    false_positives: Vec<(String, String)>,
    missed: Vec<(String, String)>,
}

/// Measures every judge asked for, and writes its table in docs/accuracy.md.
pub(crate) fn run(options: &Options) -> Result {
    let linker = match &options.linker {
        Some(program) => {
            fs::canonicalize(program).map_err(|error| format!("cannot run {}: {error}", program.display()))?
        }
        None => build_linker()?,
    };
    let is_asked =
        |judge: &&Judge| options.judges.is_empty() || options.judges.iter().any(|name| name == judge.name);
    let judged = JUDGES.iter().filter(is_asked).map(|judge| (judge.name, measure(judge, &linker, options)));
    all_or_their_failures(judged)
}

fn measure(judge: &Judge, linker: &Path, options: &Options) -> Result {
    let folder = shell::root().join("target/accuracy").join(judge.name);
    make_folder(&folder)?;
    let corpus = match &options.corpus {
        Some(corpus) => corpus.clone(),
        None => (judge.corpus)()?,
    };
    let (judged, linked) = (folder.join("judge.tsv"), folder.join("linked.tsv"));
    into_file(&mut (judge.command)(&corpus)?, &judged)?;
    into_file(Command::new(linker).arg(&corpus).arg(judge.asked), &linked)?;
    let (theirs, ours) = (edges(&judged)?, edges(&linked)?);
    let tally = compare(&theirs, &if judge.is_closure { closures(&theirs, &ours) } else { ours });
    keep(&folder.join("differences.tsv"), &tally)?;
    let table = table(judge, &tally);
    print!("{table}");
    if options.corpus.is_none() { report::replace(judge.name, "edges", &table) } else { Ok(()) }
}

fn edges(file: &Path) -> Result<Edges> {
    let text =
        fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Ok(parsed(&text))
}

fn parsed(text: &str) -> Edges {
    let mut edges = Edges::new();
    for line in text.lines() {
        let mut fields = line.split('\t');
        let (Some(importer), Some(_), Some(target)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let targets = edges.entry(importer.to_owned()).or_default();
        // A module that imports itself says nothing about the files.
        if !target.is_empty() && target != importer {
            targets.insert(target.to_owned());
        }
    }
    edges
}

/// What each file that the judge speaks of reaches by our edges, in the folder of its own package.
fn closures(theirs: &Edges, ours: &Edges) -> Edges {
    let package = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
    let reached = |root: &String| {
        let (mut queue, mut reached) = (vec![root.clone()], BTreeSet::new());
        while let Some(file) = queue.pop() {
            for target in ours
                .get(&file)
                .into_iter()
                .flatten()
                .filter(|target| *target != root && package(target) == package(root))
            {
                if reached.insert(target.clone()) {
                    queue.push(target.clone());
                }
            }
        }
        (root.clone(), reached)
    };
    theirs.keys().map(reached).collect()
}

fn compare(theirs: &Edges, ours: &Edges) -> Tally {
    let mut tally = Tally { files: theirs.len(), ..Tally::default() };
    let nothing = BTreeSet::new();
    for (importer, judged) in theirs {
        let linked = ours.get(importer).unwrap_or(&nothing);
        let pair = |target: &String| (importer.clone(), target.clone());
        tally.right += judged.intersection(linked).count();
        tally.false_positives.extend(linked.difference(judged).map(pair));
        tally.missed.extend(judged.difference(linked).map(pair));
    }
    tally
}

/// Every difference, one a line.
fn keep(file: &Path, tally: &Tally) -> Result {
    let line = |side: &'static str| {
        move |(importer, target): &(String, String)| format!("{side}\t{importer}\t{target}\n")
    };
    let text: String = tally
        .false_positives
        .iter()
        .map(line("false"))
        .chain(tally.missed.iter().map(line("missed")))
        .collect();
    fs::write(file, text).map_err(|error| format!("cannot write {}: {error}", file.display()))
}

fn table(judge: &Judge, tally: &Tally) -> String {
    let Tally { files, right, false_positives, missed } = tally;
    let share = |wrong: usize| *right as f64 / (right + wrong).max(1) as f64;
    let mark = |share: f64| if judge.goal.is_some_and(|goal| share < goal) { " ✗" } else { "" };
    let (precision, recall) = (share(false_positives.len()), share(missed.len()));
    let recall_mark = if judge.is_of_precision { "" } else { mark(recall) };
    format!(
        "Judge: {}. Corpus: {}: {files} {}.\n\n| edge | right | false | missed | precision | recall |\n\
         |---|--:|--:|--:|--:|--:|\n| {} | {right} | {} | {} | {precision:.5}{} | {recall:.5}{} |\n",
        judge.title,
        judge.corpus_name,
        judge.of,
        judge.what,
        false_positives.len(),
        missed.len(),
        mark(precision),
        recall_mark,
    )
}

/// The example that prints what linking makes of a tree.
fn build_linker() -> Result<PathBuf> {
    shell::run(&mut cargo(&[
        "build",
        "--release",
        "--package",
        "snake-pipe-extract",
        "--example",
        "link_report",
    ]))?;
    let target = shell::output(&mut cargo(&["metadata", "--format-version", "1", "--no-deps"]))
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
        .and_then(|metadata| metadata["target_directory"].as_str().map(PathBuf::from));
    Ok(target.ok_or("`cargo metadata` names no target directory")?.join("release/examples/link_report"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_compared_in_files_that_the_judge_read() {
        let theirs = parsed("a.py\t\t\na.py\tb\tb.py\na.py\tc\tc.py\nb.py\t\t\n");
        let ours = parsed("a.py\tb\tb.py\na.py\tx\td.py\na.py\ta\ta.py\nz.py\tb\tb.py\n");
        let pair = |one: &str, two: &str| (one.to_owned(), two.to_owned());
        let tally = compare(&theirs, &ours);
        assert_eq!(
            tally,
            Tally {
                files: 2,
                right: 1,
                false_positives: vec![pair("a.py", "d.py")],
                missed: vec![pair("a.py", "c.py")]
            }
        );
    }

    #[test]
    fn a_judge_that_knows_what_is_reached_is_compared_with_what_edges_reach() {
        let theirs = parsed("p/m.c\t\tp/x.h\np/m.c\t\tp/y.h\n");
        let ours = parsed("p/m.c\tx.h\tp/x.h\np/x.h\ty.h\tp/y.h\np/y.h\tx.h\tp/x.h\np/y.h\tx.h\tq/x.h\n");
        assert_eq!(closures(&theirs, &ours), theirs);
    }
}
