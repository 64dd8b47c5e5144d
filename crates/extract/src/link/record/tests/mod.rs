//! What is linked anew after a change; and that it is enough: after any edits the link hashes are those of linking
//! everything.

mod random;

use std::collections::BTreeMap;

use snake_pipe_core::id::Digest;
use tempfile::TempDir;

use super::{Known, Outcome, Record};
use crate::link::{
    ConfigurationFile, LinkFile, LinkIndex, LinkIndexBuilder, is_link_configuration,
    testing::{Source, link, sources},
};

/// A repository that is linked again and again, and what was remembered of it.
struct Repository {
    files: BTreeMap<String, String>,
    folder: TempDir,
    /// Said when a test fails.
    step: String,
}

impl Repository {
    fn new(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let repository = Self { files, folder: tempfile::tempdir().unwrap(), step: String::new() };
        repository.linked_anew(true);
        repository
    }

    fn write(&mut self, path: &str, text: &str) {
        self.files.insert(path.to_owned(), text.to_owned());
    }

    /// Moves a file, or all files of a directory.
    fn rename(&mut self, from: &str, to: &str) {
        let (moved, mut kept): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut self.files).into_iter().partition(|(path, _)| path.starts_with(from));
        kept.extend(moved.into_iter().map(|(path, text)| (path.replacen(from, to, 1), text)));
        self.files = kept;
    }

    /// Links what a change can concern, and says which files that were. The rest is as linking everything has it.
    fn linked_anew(&self, is_recorded: bool) -> Vec<String> {
        let files: Vec<(&str, &str)> =
            self.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let sources = sources(&files);
        let file = self.folder.path().join("record");
        let (index, known) = first_pass(&sources, Record::open(&file));
        let unconcerned = known.as_ref().map_or_else(Vec::new, |known| known.unconcerned(&index));
        let is_kept = |number: usize| unconcerned.get(number).is_some_and(Option::is_some);
        let clean = link(&sources, &(0..sources.len()).collect::<Vec<_>>());
        for (number, clean) in clean.iter().enumerate().filter(|(number, _)| is_kept(*number)) {
            let path = &sources[number].file.path;
            assert_eq!(unconcerned[number], Some(clean.link_hash), "{path} after {}", self.step);
        }
        let outcomes: Vec<Outcome> =
            (0..sources.len()).map(|number| outcome(&index, &sources, number)).collect();
        for (clean, outcome) in clean.iter().zip(&outcomes) {
            assert_eq!(clean.link_hash, outcome.link_hash);
        }
        if is_recorded {
            save(&file, &index, known, outcomes, is_kept);
        }
        let anew = (0..sources.len()).filter(|number| !is_kept(*number));
        anew.map(|number| sources[number].file.path.to_string()).collect()
    }
}

fn first_pass(sources: &[Source], record: Option<Record>) -> (LinkIndex, Option<Known>) {
    let files: Vec<LinkFile> = sources.iter().map(|source| source.file.clone()).collect();
    let configuration = sources.iter().filter(|source| is_link_configuration(&source.file.path));
    let configuration = configuration
        .map(|source| ConfigurationFile { path: source.file.path.clone(), text: source.text.clone() })
        .collect();
    let (builder, known) = match record {
        Some(record) => {
            let entry = |file: u32| Some(entry(&sources[file as usize]));
            let (builder, known) = LinkIndexBuilder::resume(files, configuration, record, entry);
            (builder, Some(known))
        }
        None => (LinkIndexBuilder::new(files, configuration), None),
    };
    for (number, source) in (0..).zip(sources) {
        if !builder.is_added(number) {
            builder.add(number, &source.linkable);
        }
    }
    (builder.finish(), known)
}

fn entry(source: &Source) -> Digest {
    Digest::of(format!("{} {}", source.file.language, source.text).as_bytes())
}

fn outcome(index: &LinkIndex, sources: &[Source], number: usize) -> Outcome {
    let (linked, trace) = index.link_noted(number as u32, sources[number].linkable.clone());
    Outcome { entry: entry(&sources[number]), link_hash: linked.link_hash, trace }
}

/// Writes a record as a run does: what was kept is kept as it is known.
fn save(
    file: &std::path::Path,
    index: &LinkIndex,
    known: Option<Known>,
    outcomes: Vec<Outcome>,
    is_kept: impl Fn(usize) -> bool,
) {
    let (known, live_names) = known.map(Known::into_outcomes).unzip();
    let known: Vec<Option<Outcome>> = known.unwrap_or_default();
    let outcomes: Vec<Option<Outcome>> = outcomes
        .into_iter()
        .enumerate()
        .map(|(number, new)| if is_kept(number) { known[number].clone() } else { Some(new) })
        .collect();
    index.save_record(file, &outcomes, live_names).unwrap();
}

/// The files that are linked anew after an edit.
fn concerned(files: &[(&str, &str)], edit: impl FnOnce(&mut Repository)) -> Vec<String> {
    let mut repository = Repository::new(files);
    edit(&mut repository);
    repository.linked_anew(false)
}

const NOTHING: [&str; 0] = [];

#[test]
fn without_a_change_nothing_is_linked_anew() {
    let files = [
        ("a.py", "import b\nb.f()\n"),
        ("b.py", "def f(): pass\n"),
        ("a.c", "int f(void) { return f(); }\n"),
    ];
    assert_eq!(concerned(&files, |_| {}), NOTHING);
}

#[test]
fn a_damaged_record_is_none() {
    let repository = Repository::new(&[("a.c", "int f(void) { return f(); }\n")]);
    let file = repository.folder.path().join("record");
    let bytes = std::fs::read(&file).unwrap();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        std::fs::write(&file, damaged).unwrap();
        assert!(Record::open(&file).is_none(), "damage at {at}");
    }
    std::fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(repository.linked_anew(false), ["a.c"]);
}

#[test]
fn a_change_inside_a_function_concerns_its_file_alone() {
    let files = [
        ("a.py", "from b import f\ndef g(): f()\n"),
        ("b.py", "def f(): pass\n"),
        ("c.c", "#include \"d.h\"\nint g(void) { return f(); }\n"),
        ("d.h", "static int f(void) { return 0; }\n"),
    ];
    let anew = concerned(&files, |repository| {
        repository.write("b.py", "def f(): return 1\n");
        repository.write("d.h", "static int f(void) { return 1; }\n");
    });
    assert_eq!(anew, ["b.py", "d.h"]);
}

#[test]
fn a_name_that_is_gained_concerns_those_that_call_it() {
    let files = [
        ("a.c", "#include \"x.h\"\nint a(void) { return f(); }\n"),
        ("b.c", "#include \"x.h\"\nint b(void) { return g(); }\n"),
        ("x.h", "#include \"y.h\"\nint f(void);\n"),
        ("y.h", "static int g(void) { return 0; }\n"),
        ("z.c", "int f(void) { return 0; }\n"),
    ];
    let anew = concerned(&files, |repository| {
        repository.write("y.h", "static int g(void) { return 0; }\nstatic int f(void) { return 0; }\n");
    });
    assert_eq!(anew, ["a.c", "y.h"]);
    // Another definition with external linkage, in a file that nobody includes.
    let anew = concerned(&files, |repository| repository.write("w.c", "int f(void) { return 1; }\n"));
    assert_eq!(anew, ["a.c", "w.c"]);
}

#[test]
fn an_include_that_is_taken_away_concerns_all_that_go_through_it() {
    let files = [
        ("a.c", "#include \"x.h\"\nint a(void) { return f(); }\n"),
        ("b.c", "#include \"y.h\"\nint b(void) { return f(); }\n"),
        ("w.h", "#include \"x.h\"\n"),
        ("x.h", "#include \"y.h\"\n"),
        ("y.h", "static int f(void) { return 0; }\n"),
    ];
    let anew = concerned(&files, |repository| repository.write("x.h", "#define x 1\n"));
    assert_eq!(anew, ["a.c", "w.h", "x.h"]);
}

#[test]
fn a_file_that_is_deleted_concerns_those_that_looked_at_it() {
    let files = [
        ("a.py", "from b import f\nf()\n"),
        ("b.py", "def f(): pass\n"),
        ("c.c", "int g(void);\nint c(void) { return g(); }\n"),
        ("d.c", "int g(void) { return 0; }\n"),
        ("e.c", "int e(void) { return h(); }\n"),
    ];
    let anew = concerned(&files, |repository| {
        repository.files.remove("b.py");
        repository.files.remove("d.c");
    });
    assert_eq!(anew, ["a.py", "c.c"]);
}

#[test]
fn a_directory_that_is_moved_concerns_those_that_named_it_and_itself() {
    let files = [
        ("a.py", "from p.q.b import f\nf()\n"),
        ("other.ts", "export function f() {}\nf()\n"),
        ("p/__init__.py", ""),
        ("p/q/__init__.py", ""),
        ("p/q/b.py", "def f(): pass\n"),
        ("u.ts", "import { f } from './v/w'\nf()\n"),
        ("v/w.ts", "export function f() {}\n"),
    ];
    let anew = concerned(&files, |repository| {
        repository.rename("p/q/", "p/r/");
        repository.rename("v/", "x/");
    });
    // Python names modules from other directories then, which concerns all files of Python.
    assert_eq!(anew, ["a.py", "p/__init__.py", "p/r/__init__.py", "p/r/b.py", "u.ts", "x/w.ts"]);
}

#[test]
fn a_module_that_appears_or_goes_concerns_those_that_looked_for_its_file() {
    let files =
        [("a.py", "from p import m\n"), ("p/__init__.py", ""), ("p/n.py", ""), ("z.py", "from p import n\n")];
    let mut repository = Repository::new(&files);
    repository.write("p/m.py", "");
    assert_eq!(repository.linked_anew(true), ["a.py", "p/m.py"]);
    repository.files.remove("p/m.py");
    assert_eq!(repository.linked_anew(false), ["a.py"]);
}

#[test]
fn a_header_that_is_renamed_is_found_elsewhere() {
    let files = [
        ("a.c", "#include \"x.h\"\nint a(void) { return f(); }\n"),
        ("b.c", "#include \"z.h\"\nint b(void) { return f(); }\n"),
        ("inc/x.h", "static int f(void) { return 0; }\n"),
        ("x.h", "static int f(void) { return 1; }\n"),
        ("z.h", "#include <x.h>\n"),
    ];
    let anew = concerned(&files, |repository| repository.rename("x.h", "y.h"));
    assert_eq!(anew, ["a.c", "b.c", "y.h", "z.h"]);
}

#[test]
fn other_aliases_concern_the_files_that_import_by_them() {
    let files = [
        ("a.ts", "import { f } from '@app/m'\nf()\n"),
        ("b.ts", "import { f } from './one/m'\nf()\n"),
        ("c.ts", "import { g } from './d'\ng()\n"),
        ("d.ts", "export { f as g } from '@app/m'\n"),
        ("one/m.ts", "export function f() {}\n"),
        ("tsconfig.json", r#"{"compilerOptions": {"paths": {"@app/*": ["one/*"]}}}"#),
        ("two/m.ts", "export function f() {}\n"),
    ];
    let anew = concerned(&files, |repository| {
        repository.write("tsconfig.json", r#"{"compilerOptions": {"paths": {"@app/*": ["two/*"]}}}"#);
    });
    assert_eq!(anew, ["a.ts", "c.ts", "d.ts", "tsconfig.json"]);
}

#[test]
fn another_base_concerns_the_callers_of_what_is_inherited() {
    let files = [
        ("a.py", "from b import B\ndef g(x: B): x.m()\n"),
        ("b.py", "from c import C\nclass B(C): pass\n"),
        ("c.py", "from d import D\nclass C(D): pass\n"),
        ("d.py", "class D:\n    def m(self): pass\nclass E:\n    def m(self): pass\n"),
        ("z.py", "def f(): pass\nf()\n"),
    ];
    let anew = concerned(&files, |repository| {
        repository.write("c.py", "from d import E\nclass C(E): pass\n");
    });
    assert_eq!(anew, ["a.py", "b.py", "c.py"]);
    // The base has the member no more; then another one that no file had before.
    let anew = concerned(&files, |repository| repository.write("d.py", "class D: pass\n"));
    assert_eq!(anew, ["a.py", "c.py", "d.py"]);
    let mut files = files;
    files[0].1 = "from b import B\ndef g(x: B): x.new()\n";
    let anew = concerned(&files, |repository| {
        repository.write("d.py", "class D:\n    def new(self): pass\n");
    });
    assert_eq!(anew, ["a.py", "c.py", "d.py"]);
}

#[test]
fn a_type_that_a_package_gains_concerns_those_that_asked_for_it() {
    let files = [
        ("a/A.java", "package a; import b.*; class A { T t; void m() { t.n(); } }\n"),
        ("a/B.java", "package a; class B { void m() { m(); } }\n"),
        ("b/T.java", "package b; public class T { public void n() {} }\n"),
    ];
    let anew =
        concerned(&files, |repository| repository.write("a/T.java", "package a; class T { void n() {} }\n"));
    assert_eq!(anew, ["a/A.java", "a/T.java"]);
}
