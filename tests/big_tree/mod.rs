//! A tree that takes a while to load, in two states.

use std::{collections::BTreeMap, fs, path::Path, sync::OnceLock};

use crate::program::{Program, Tables, rows_of, sqlite_in};

/// Files of the whole tree.
pub(crate) const FILES: usize = 1_000;

/// Files from this number on are the same in both states.
const CHANGING: usize = 600;

/// Which of its two states the tree is in. Between them some files change, some come and some go, and calls of files that
/// do not change find other targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    One,
    Other,
}

impl State {
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::One => Self::Other,
            Self::Other => Self::One,
        }
    }

    /// The rows of a clean load of the whole tree.
    pub(crate) fn rows(self) -> &'static Tables {
        static ROWS: [OnceLock<Tables>; 2] = [OnceLock::new(), OnceLock::new()];
        ROWS[self as usize].get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let url = sqlite_in(folder.path(), "clean.db");
            Program::new().load_wholly(BigTree::new(FILES, self).path(), &[&url]);
            rows_of(&url)
        })
    }
}

/// The tree on disk.
#[derive(Debug)]
pub(crate) struct BigTree {
    folder: tempfile::TempDir,
}

impl BigTree {
    pub(crate) fn new(files: usize, state: State) -> Self {
        let tree = Self { folder: tempfile::tempdir().unwrap() };
        for directory in 0..10 {
            fs::create_dir(tree.path().join(format!("p{directory}"))).unwrap();
        }
        tree.write(files, state);
        tree
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Brings the tree into a state, touching only what differs.
    pub(crate) fn write(&self, files: usize, state: State) {
        let wanted: BTreeMap<String, String> =
            (0..files).filter_map(|number| Some((name(number), text(number, state)?))).collect();
        for number in 0..FILES {
            let path = self.path().join(name(number));
            match wanted.get(&name(number)) {
                Some(text) if fs::read_to_string(&path).is_ok_and(|held| held == *text) => {}
                Some(text) => fs::write(path, text).unwrap(),
                None => drop(fs::remove_file(path)),
            }
        }
    }
}

fn name(number: usize) -> String {
    format!("p{}/m{number}.py", number % 10)
}

/// What a file holds; none where the state does not have it.
fn text(number: usize, state: State) -> Option<String> {
    let (is_one, next) = (state == State::One || number >= CHANGING, number + 1);
    if number % 20 == if is_one { 3 } else { 7 } {
        return None;
    }
    let package = next % 10;
    let changing = if is_one || number.is_multiple_of(2) { "first" } else { "second" };
    let mut text = format!(
        "import os\nfrom p{package}.m{next} import first, Shape\nfrom p{package}.m{next} import second\n\n\n\
         class Shape(Shape):\n    \"\"\"A shape.\"\"\"\n\n    side = {number}\n\n    def area(self, factor):\n        \
         # TODO: units\n        return first(self.side) * second(factor) + self.area(1)\n\n\n\
         def {changing}(size, *more):\n    if size > {number}:\n        return os.getcwd()\n    return first(size)\n\n"
    );
    if !is_one && number % 2 == 1 {
        text += "\ndef extra(size):\n    return second(size)\n";
    }
    Some(text)
}
