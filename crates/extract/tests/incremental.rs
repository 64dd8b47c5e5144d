//! After a change elsewhere, a run that remembers the one before gives the facts of a run that remembers nothing.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{fs, path::Path, sync::Arc};

use futures::{StreamExt, executor::block_on};
use snake_pipe_core::model::TransformedAst;
use snake_pipe_extract::{CacheLocation, ExtractOptions, Extraction, Progress};
use tempfile::TempDir;

/// A tree on disk, and a cache of facts that is used again and again.
struct Tree {
    files: TempDir,
    cache: TempDir,
}

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self { files: tempfile::tempdir().unwrap(), cache: tempfile::tempdir().unwrap() };
        files.iter().for_each(|(path, text)| tree.write(path, text));
        tree.calls("");
        tree
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.files.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.files.path().join(path)).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.files.path().join(from), self.files.path().join(to)).unwrap();
    }

    /// All facts, after they were found to be those of a run from nothing.
    fn facts(&self) -> Vec<Arc<TransformedAst>> {
        let facts = extract(self.files.path(), CacheLocation::Directory(self.cache.path().to_owned()));
        assert_eq!(facts, extract(self.files.path(), CacheLocation::Temporary));
        facts
    }

    /// Which of a file's functions override.
    fn overrides(&self, path: &str) -> Vec<bool> {
        let facts = self.facts();
        let file = facts.iter().find(|facts| facts.path.as_str() == path).unwrap();
        file.functions.iter().map(|function| function.is_override).collect()
    }

    /// The statuses of a file's calls, and which files they lead to.
    fn calls(&self, path: &str) -> Vec<String> {
        let facts = self.facts();
        let describe = |call: &snake_pipe_core::model::Call| {
            let target = call.resolution.target.map(|target| target.file);
            let target = facts.iter().find(|facts| Some(facts.key()) == target);
            let target = target.map_or(String::new(), |facts| format!(" {}", facts.path));
            format!("{}{target}", call.resolution.status.as_str())
        };
        let file = facts.iter().find(|facts| facts.path.as_str() == path);
        file.map_or_else(Vec::new, |facts| facts.calls.iter().map(describe).collect())
    }
}

fn extract(root: &Path, cache: CacheLocation) -> Vec<Arc<TransformedAst>> {
    let options = ExtractOptions { cache, threads: 2, ..ExtractOptions::default() };
    let extraction = Extraction::scan(root, "app", options, Arc::new(Progress::default())).unwrap();
    block_on(extraction.facts(|_| true).map(|facts| facts.unwrap()).collect())
}

#[test]
fn a_name_that_is_gained_elsewhere_makes_a_call_ambiguous() {
    let tree = Tree::new(&[
        ("a.c", "int f(void);\nint main(void) { return f(); }\n"),
        ("b.c", "int f(void) { return 1; }\n"),
        ("c.c", "int g(void) { return 1; }\n"),
    ]);
    assert_eq!(tree.calls("a.c"), ["resolved b.c"]);
    tree.write("c.c", "int f(void) { return 2; }\n");
    assert_eq!(tree.calls("a.c"), ["ambiguous"]);
    tree.remove("b.c");
    assert_eq!(tree.calls("a.c"), ["resolved c.c"]);
}

#[test]
fn what_an_include_no_more_reaches_is_no_target() {
    let tree = Tree::new(&[
        ("a.c", "#include \"x.h\"\nint main(void) { return f(); }\n"),
        ("x.h", "#include \"y.h\"\n"),
        ("y.h", "static int f(void) { return 1; }\n"),
    ]);
    assert_eq!(tree.calls("a.c"), ["resolved y.h"]);
    tree.write("x.h", "#define NOTHING\n");
    assert_eq!(tree.calls("a.c"), ["unresolved"]);
    tree.write("x.h", "#include <z.h>\n");
    tree.rename("y.h", "z.h");
    assert_eq!(tree.calls("a.c"), ["resolved z.h"]);
}

#[test]
fn a_directory_that_is_moved_takes_its_modules_along() {
    let tree = Tree::new(&[
        ("a.py", "from p.b import f\nf()\n"),
        ("p/__init__.py", ""),
        ("p/b.py", "def f():\n    pass\n"),
    ]);
    assert_eq!(tree.calls("a.py"), ["resolved p/b.py"]);
    tree.rename("p", "q");
    assert_eq!(tree.calls("a.py"), ["external"]);
    tree.rename("q", "p");
    assert_eq!(tree.calls("a.py"), ["resolved p/b.py"]);
}

#[test]
fn aliases_of_the_compiler_lead_elsewhere_when_they_change() {
    let paths =
        |directory: &str| format!(r#"{{"compilerOptions": {{"paths": {{"@/*": ["{directory}/*"]}}}}}}"#);
    let tree = Tree::new(&[
        ("a.ts", "import { f } from './b'\nf()\n"),
        ("b.ts", "export { f } from '@/m'\n"),
        ("one/m.ts", "export function f() {}\n"),
        ("two/m.ts", "export function f() {}\n"),
        ("tsconfig.json", &paths("one")),
    ]);
    assert_eq!(tree.calls("a.ts"), ["resolved one/m.ts"]);
    tree.write("tsconfig.json", &paths("two"));
    assert_eq!(tree.calls("a.ts"), ["resolved two/m.ts"]);
}

#[test]
fn members_come_from_another_base_when_it_changes() {
    let tree = Tree::new(&[
        ("a.py", "from b import B\n\n\ndef g(x: B):\n    x.m()\n"),
        ("b.py", "from c import C\n\n\nclass B(C):\n    pass\n"),
        ("c.py", "from d import D\n\n\nclass C(D):\n    pass\n"),
        ("d.py", "class D:\n    def m(self):\n        pass\n"),
        ("e.py", "class E:\n    def m(self):\n        pass\n"),
    ]);
    assert_eq!(tree.calls("a.py"), ["resolved d.py"]);
    tree.write("c.py", "from e import E\n\n\nclass C(E):\n    pass\n");
    assert_eq!(tree.calls("a.py"), ["resolved e.py"]);
    tree.write("e.py", "class E:\n    pass\n");
    assert_eq!(tree.calls("a.py"), ["unresolved"]);
}

#[test]
fn what_is_remembered_of_linking_may_be_damaged_or_gone() {
    let tree = Tree::new(&[("a.py", "from b import f\nf()\n"), ("b.py", "def f():\n    pass\n")]);
    let directory = fs::read_dir(tree.cache.path().join("facts")).unwrap().next().unwrap().unwrap().path();
    let is_record =
        |path: &std::path::PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("link-");
    let record = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).find(is_record).unwrap();
    let bytes = fs::read(&record).unwrap();
    for damaged in [&bytes[..bytes.len() / 2], &bytes[1..], b"", &[&bytes[..], b"more"].concat()] {
        fs::write(&record, damaged).unwrap();
        assert_eq!(tree.calls("a.py"), ["resolved b.py"]);
    }
    fs::remove_file(&record).unwrap();
    tree.write("b.py", "def g():\n    pass\n");
    assert_eq!(tree.calls("a.py"), ["unresolved"]);
}

#[test]
fn a_method_overrides_for_as_long_as_a_base_has_one_of_its_name() {
    let without = "class A:\n    def other(self):\n        pass\n";
    let with = "class A:\n    def m(self):\n        pass\n";
    let tree = Tree::new(&[
        ("a.py", without),
        ("b.py", "from a import A\n\n\nclass B(A):\n    pass\n"),
        ("c.py", "from b import B\n\n\nclass C(B):\n    def m(self):\n        pass\n"),
    ]);
    assert_eq!(tree.overrides("c.py"), [false]);
    tree.write("a.py", with);
    assert_eq!(tree.overrides("c.py"), [true]);
    tree.write("b.py", "class B:\n    pass\n");
    assert_eq!(tree.overrides("c.py"), [false]);
    tree.write("b.py", "from a import A\n\n\nclass B(A):\n    pass\n");
    tree.remove("a.py");
    assert_eq!(tree.overrides("c.py"), [false]);
    tree.write("a.py", with);
    assert_eq!(tree.overrides("c.py"), [true]);
}
