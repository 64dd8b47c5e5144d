//! What holds the figures: the judges on code that every machine has, small enough for each run of the tests.

use std::{fs, path::Path, process::Command};

use snake_pipe_core::Language;
use snake_pipe_extract::{AstMode, ParseOptions, parse};

use super::{
    compare::Comparison,
    extracted,
    fact::{Fact, FileFacts, Places},
    judges::{programs, python_program},
};
use crate::shell;

/// Parts of Python's standard library: some 30,000 lines with every form of definition.
const PYTHON_LIBRARY: [&str; 8] =
    ["asyncio", "dataclasses.py", "email", "enum.py", "inspect.py", "json", "typing.py", "unittest"];

/// Precision and recall of every kind of fact and attribute must not fall under this on the library.
const PYTHON_LIBRARY_FLOOR: f64 = 0.9995;

#[test]
fn python_is_as_right_as_it_was_on_the_standard_library() {
    let folder = tempfile::tempdir().unwrap();
    let (python, _) = python_program().unwrap();
    let place = "import sysconfig; print(sysconfig.get_path('stdlib'))";
    let library = shell::output(Command::new(python).args(["-c", place])).unwrap();
    for name in PYTHON_LIBRARY {
        copy(&Path::new(&library).join(name), &folder.path().join(name));
    }
    let (comparison, differences) = compare_python(folder.path());
    assert!(comparison.rows["call"].right > 10_000, "{:?}", comparison.rows["call"]);
    for (row, tally) in &comparison.rows {
        let least = tally.precision().min(tally.recall());
        assert!(least >= PYTHON_LIBRARY_FLOOR, "{row}: {least}\n{}", differences.join("\n"));
    }
}

#[test]
fn python_is_wholly_right_on_the_fixture_of_every_form() {
    let folder = tempfile::tempdir().unwrap();
    copy(&programs().join("python/forms.py"), &folder.path().join("forms.py"));
    let (comparison, differences) = compare_python(folder.path());
    assert_eq!((comparison.files, differences), (1, Vec::new()));
}

/// What mccabe, radon, lizard and cognitive_complexity said of the fixtures: `measured.ndjson` is what `numbers.py` wrote with the
/// versions that docs/accuracy.md names, so that no package needs to be fetched here.
#[test]
fn the_numbers_of_python_are_those_of_the_tools() {
    let judged = fs::read_to_string(programs().join("python/measured.ndjson")).unwrap();
    let (comparison, differences) =
        compare(&programs().join("python"), &judged, Language::Python, Places::Whole);
    assert_eq!((comparison.files, differences), (2, Vec::new()));
    for tool in ["mccabe", "radon", "lizard", "cognitive_complexity"] {
        let tally = comparison.rows[&format!("numbers: {tool}")];
        assert!(tally.right >= 10, "{tool}: {tally:?}");
    }
}

fn compare_python(folder: &Path) -> (Comparison, Vec<String>) {
    let (python, _) = python_program().unwrap();
    let judged = shell::output(Command::new(python).arg(programs().join("python/facts.py")).arg(folder));
    compare(folder, &judged.expect("the judge runs"), Language::Python, Places::Whole)
}

/// What the other judges said of a file that has every form of definition: `recorded/LANGUAGE/judge.ndjson` is what
/// `cargo xtask accuracy LANGUAGE --corpus crates/xtask/judges/recorded/LANGUAGE` left in target/accuracy/LANGUAGE/judge.ndjson, so that no
/// compiler needs to be there. What is known to differ is written beside it, one difference a line.
#[test]
fn other_languages_are_as_right_as_they_were_on_a_file_of_every_form() {
    let mut changed = Vec::new();
    for (language, places) in RECORDED {
        let folder = programs().join("recorded").join(language.as_str());
        let judged = fs::read_to_string(folder.join("judge.ndjson")).unwrap();
        let (comparison, mut differences) = compare(&folder, &judged, language, places);
        assert!(comparison.rows["function"].right >= 5, "{language}: {:?}", comparison.rows["function"]);
        differences.sort();
        let found: String = differences.iter().map(|line| format!("{line}\n")).collect();
        if std::env::var_os("UPDATE").is_some() {
            fs::write(folder.join("differences.txt"), &found).unwrap();
        }
        let known = fs::read_to_string(folder.join("differences.txt")).unwrap();
        changed.extend((found != known).then(|| format!("{language}: found\n{found}\nknown\n{known}")));
    }
    assert!(changed.is_empty(), "UPDATE=1 writes what is found:\n{}", changed.join("\n"));
}

/// The languages whose judges are recorded, and what those know of places.
const RECORDED: [(Language, Places); 9] = [
    (Language::TypeScript, Places::Whole),
    (Language::JavaScript, Places::Whole),
    (Language::Java, Places::Whole),
    (Language::Rust, Places::Whole),
    (Language::Go, Places::Whole),
    (Language::C, Places::EndLine),
    (Language::CSharp, Places::EndLine),
    (Language::Kotlin, Places::Whole),
    (Language::Scala, Places::Whole),
];

fn compare(folder: &Path, judged: &str, language: Language, places: Places) -> (Comparison, Vec<String>) {
    let mut lines = judged.lines();
    let mut comparison = Comparison::of(serde_json::from_str(lines.next().unwrap()).unwrap());
    let mut differences = Vec::new();
    for line in lines {
        let judge = FileFacts::of_judge(line).unwrap();
        assert_eq!(judge.error, None, "{}", judge.path);
        let source = fs::read(folder.join(&judge.path)).unwrap();
        let options = ParseOptions { ast: AstMode::None, store_source: false, ..ParseOptions::default() };
        let facts = parse(language, &source, &options).facts;
        let ours = extracted::file_facts(&serde_json::to_string(&facts).unwrap(), places).unwrap();
        comparison.add(judge, ours, &mut |found| {
            let side =
                |fact: Option<&Fact>| fact.map_or("nothing".to_owned(), |fact| fact.to_json().to_string());
            let (judge, ours) = (side(found.judge.as_ref()), side(found.ours.as_ref()));
            differences.push(format!("{} {}: judge {judge}, ours {ours}", found.path, found.row));
        });
    }
    (comparison, differences)
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let name = entry.file_name();
        let is_source = entry.path().is_dir() || entry.path().extension().is_some_and(|kind| kind == "py");
        if is_source && name != "__pycache__" {
            copy(&entry.path(), &to.join(name));
        }
    }
}
