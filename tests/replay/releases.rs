//! Successive releases of packages that are installed beside each other, with edits between them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{program::answer, replay::History, skipped, tree::contents};

type Files = BTreeMap<String, Vec<u8>>;

/// Folders of releases, named `NUMBER-PACKAGE-VERSION`, in the order of their numbers. Each release takes the place of the one of
/// its package before it. After each, something is done to a function that other files call, or to where it stands, and to
/// nothing else; it is undone with the next release.
pub(crate) struct Releases {
    folders: Vec<PathBuf>,
    next: usize,
    /// Whether the next step is an edit.
    is_edit: bool,
    packages: BTreeMap<String, Files>,
}

impl Releases {
    pub(crate) fn of(folder: &Path) -> Self {
        let mut folders: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        let next = skipped(2 * folders.len()) / 2;
        Self { folders, next, is_edit: false, packages: BTreeMap::new() }
    }

    /// The files of all packages.
    fn installed(&self) -> Files {
        self.packages.values().flat_map(Clone::clone).collect()
    }

    fn release(&mut self, tree: &Path) -> Option<String> {
        let folder = self.folders.get(self.next)?;
        self.next += 1;
        self.packages.insert(package_of(folder), contents(folder));
        self.is_edit = true;
        write(tree, &self.installed());
        Some(name_of(folder))
    }

    fn edit(&mut self, tree: &Path, loaded: &str) -> String {
        self.is_edit = false;
        let mut files = self.installed();
        let callees = callees(loaded);
        // A prime leads to ever other functions.
        let Some(callee) = callees.get(self.next * 7919 % callees.len().max(1)) else {
            return "nothing is called from another file".to_owned();
        };
        let edit = EDITS[self.next % EDITS.len()];
        let done = edit(&mut files, callee);
        write(tree, &files);
        done
    }
}

impl History for Releases {
    fn name(&self) -> &'static str {
        "releases"
    }

    fn steps(&self) -> usize {
        2 * (self.folders.len() - self.next)
    }

    fn begin(&mut self, _: &Path) {
        // What went before is there already.
        for folder in &self.folders[..self.next] {
            self.packages.insert(package_of(folder), contents(folder));
        }
    }

    fn step(&mut self, tree: &Path, loaded: &str) -> Option<String> {
        if self.is_edit { Some(self.edit(tree, loaded)) } else { self.release(tree) }
    }
}

fn name_of(release: &Path) -> String {
    release.file_name().expect("releases are folders").to_string_lossy().into_owned()
}

fn package_of(release: &Path) -> String {
    let name = name_of(release);
    let package = name.split_once('-').and_then(|(_, rest)| rest.rsplit_once('-'));
    package.expect("releases are named NUMBER-PACKAGE-VERSION").0.to_owned()
}

/// A function that other files call.
struct Callee {
    path: String,
    name: String,
    /// Where it begins and ends, from 1.
    lines: (usize, usize),
}

/// The functions to which calls in other files lead, by what a database holds.
fn callees(loaded: &str) -> Vec<Callee> {
    let called = "SELECT DISTINCT s.file_path, f.name, f.line_start, f.line_end FROM calls c
                  JOIN functions f ON f.function_id = c.target_function_id JOIN files s ON s.file_id = f.file_id
                  WHERE c.file_id <> f.file_id AND s.language = 'python' ORDER BY s.file_path, f.line_start, f.name";
    let callee = |row: String| {
        let [path, name, start, end] =
            row.split(" | ").collect::<Vec<_>>().try_into().expect("four columns were asked for");
        let lines = (start.parse().unwrap(), end.parse().unwrap());
        Callee { path: path.to_owned(), name: name.to_owned(), lines }
    };
    answer(loaded, called).into_iter().map(callee).collect()
}

type Edit = fn(&mut Files, &Callee) -> String;

const EDITS: [Edit; 6] = [rename, remove, shift, move_file, move_folder, twin];

fn lines_of(files: &Files, callee: &Callee) -> Vec<String> {
    let text = String::from_utf8_lossy(&files[&callee.path]);
    text.split_inclusive('\n').map(str::to_owned).collect()
}

/// The callee is called otherwise.
fn rename(files: &mut Files, callee: &Callee) -> String {
    let mut lines = lines_of(files, callee);
    let (from, to) = callee.lines;
    let defined = |line: &String| line.contains(&format!("def {}", callee.name));
    if let Some(line) = lines[from - 1..to].iter_mut().find(|line| defined(line)) {
        *line = line.replacen(&callee.name, &format!("{}_renamed", callee.name), 1);
    }
    files.insert(callee.path.clone(), lines.concat().into_bytes());
    format!("rename {} in {}", callee.name, callee.path)
}

/// The callee is gone.
fn remove(files: &mut Files, callee: &Callee) -> String {
    let mut lines = lines_of(files, callee);
    let (from, to) = callee.lines;
    let indent = lines[from - 1].len() - lines[from - 1].trim_start().len();
    lines.splice(from - 1..to, [format!("{}pass\n", " ".repeat(indent))]);
    files.insert(callee.path.clone(), lines.concat().into_bytes());
    format!("remove {} from {}", callee.name, callee.path)
}

/// The callee stands elsewhere in its file.
fn shift(files: &mut Files, callee: &Callee) -> String {
    let mut lines = lines_of(files, callee);
    lines.insert(0, "# moved down\n\n\n".to_owned());
    files.insert(callee.path.clone(), lines.concat().into_bytes());
    format!("shift {} in {}", callee.name, callee.path)
}

/// There is a second function of this name behind the first.
fn twin(files: &mut Files, callee: &Callee) -> String {
    let text = files.get_mut(&callee.path).expect("the callee stands in a file");
    text.extend_from_slice(format!("\n\ndef {}(*args):\n    return args\n", callee.name).as_bytes());
    format!("define {} again in {}", callee.name, callee.path)
}

/// The callee's file has another name.
fn move_file(files: &mut Files, callee: &Callee) -> String {
    let to = callee.path.replacen(".py", "_moved.py", 1);
    let text = files.remove(&callee.path).expect("the callee stands in a file");
    files.insert(to.clone(), text);
    format!("move {} to {to}", callee.path)
}

/// The folder of the callee's file is in another one.
fn move_folder(files: &mut Files, callee: &Callee) -> String {
    let Some((folder, _)) = callee.path.split_once('/') else { return move_file(files, callee) };
    let prefix = format!("{folder}/");
    let (moved, stay) =
        std::mem::take(files).into_iter().partition::<Files, _>(|(path, _)| path.starts_with(&prefix));
    *files = stay;
    files.extend(moved.into_iter().map(|(path, text)| (format!("vendor/{path}"), text)));
    format!("move {folder} to vendor/{folder}")
}

/// Makes the tree hold these files and no others; what is right already is not touched.
fn write(tree: &Path, files: &Files) {
    let held = contents(tree);
    for path in held.keys().filter(|path| !files.contains_key(*path)) {
        fs::remove_file(tree.join(path)).unwrap();
    }
    for (path, text) in files.iter().filter(|(path, text)| held.get(*path) != Some(text)) {
        let path = tree.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}
