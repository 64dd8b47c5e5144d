//! A small repository in many languages on disk, and random edits of it.

mod write;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

pub(crate) use write::Module;

/// So many files may stand in each place.
pub(crate) const NUMBERS: u32 = 3;
/// Names are few, so that what goes comes back, and references often find something.
pub(crate) const NAMES: u32 = 2 * NUMBERS;

/// A tree on disk. The same seed gives the same tree and the same edits.
#[derive(Debug)]
pub(crate) struct SourceTree {
    folder: tempfile::TempDir,
    random: StdRng,
    files: BTreeMap<String, File>,
    /// What was done, for the message of a test that fails.
    pub(crate) edits: Vec<String>,
}

#[derive(Clone, Debug)]
enum File {
    /// Code, as it was written for a path, which it may have been moved from.
    Code {
        home: String,
        module: Module,
    },
    Text(String),
}

impl File {
    fn text(&self) -> String {
        match self {
            Self::Code { home, module } => module.text(home),
            Self::Text(text) => text.clone(),
        }
    }
}

/// Where code may stand; `{}` is a number.
const PLACES: &[&str] = &[
    "m{}.py",
    "pkg/m{}.py",
    "pkg/sub/m{}.py",
    "lib/m{}.py",
    "src/m{}.ts",
    "src/ui/m{}.ts",
    "src/m{}/index.ts",
    "web/m{}.tsx",
    "web/m{}.js",
    "java/com/a/K{}.java",
    "java/com/b/K{}.java",
    "c/m{}.c",
    "c/m{}.h",
    "c/inc/m{}.h",
    "c/m{}.cpp",
    "go/a/m{}.go",
    "go/b/m{}.go",
    "rs/src/m{}.rs",
    "rs/src/x/m{}.rs",
    "cs/K{}.cs",
    "kt/a/m{}.kt",
    "kt/b/m{}.kt",
];

/// Files that say how others are to be understood, with what they may say.
const SETTINGS: &[(&str, &[&str])] = &[
    ("pkg/__init__.py", &["", "from .m1 import f1\n", "from .sub import m2\nfrom .m0 import *\n"]),
    ("pkg/sub/__init__.py", &["", "from ..m2 import f2, K2\n", "from .m3 import f3 as f0\n"]),
    ("lib/__init__.py", &["", "__all__ = ['m1']\nfrom . import m1\n"]),
    (
        "tsconfig.json",
        &[
            r#"{"compilerOptions": {"baseUrl": ".", "paths": {"@app/*": ["src/*"], "@lib/*": ["web/*"]}}}"#,
            r#"{"compilerOptions": {"baseUrl": ".", "paths": {"@app/*": ["web/*"], "@lib/*": ["src/ui/*", "src/*"]}}}"#,
            r#"{"extends": "./base.json", "compilerOptions": {"baseUrl": "src"}}"#,
            "{ // broken",
        ],
    ),
    ("base.json", &[r#"{"compilerOptions": {"paths": {"@app/*": ["src/ui/*"]}}}"#, "{}"]),
    ("src/tsconfig.json", &[r#"{"compilerOptions": {"paths": {"@app/*": ["./ui/*"]}}}"#]),
    ("package.json", &[r##"{"name": "app", "imports": {"#m": "./src/m1.ts"}}"##, r#"{"name": "m1"}"#]),
    ("go/go.mod", &["module example.org/app\n\ngo 1.22\n", "module example.org/other\n"]),
    ("rs/Cargo.toml", &["[package]\nname = \"app\"\n", "[package]\nname = \"other\"\n"]),
    ("rs/src/lib.rs", &["pub mod m0;\npub mod m1;\npub mod m2;\npub mod x;\n", "mod m1;\npub use m1::f1;\n"]),
    ("rs/src/x/mod.rs", &["pub mod m0;\npub mod m1;\n", "pub use super::m1::*;\n"]),
    (".ignore", &["m1.py\n", "web/\n", "*.h\n!c/inc/*.h\n"]),
    ("README.md", &["# One\n", "# Another\n"]),
];

impl SourceTree {
    pub(crate) fn new(seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed);
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Self { folder, random, files: BTreeMap::new(), edits: Vec::new() };
        for place in PLACES {
            for number in 0..NUMBERS {
                if tree.random.random_bool(0.6) {
                    tree.write_code(&place.replace("{}", &number.to_string()));
                }
            }
        }
        for (path, texts) in SETTINGS.iter().filter(|(path, _)| *path != ".ignore") {
            tree.put(path, File::Text(texts[0].to_owned()));
        }
        tree
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// One to four changes.
    pub(crate) fn edit(&mut self) {
        for _ in 0..self.random.random_range(1..=4) {
            match self.random.random_range(0..14) {
                0..=4 => self.change_code(),
                5 => self.write_new_code(),
                6 => self.delete(),
                7 | 8 => self.rename(),
                9 => self.swap(),
                10 => self.touch(),
                11 => self.spoil(),
                _ => self.change_setting(),
            }
        }
    }

    fn change_code(&mut self) {
        let Some(path) = self.any_file() else { return };
        let Some(File::Code { home, mut module }) = self.files.get(&path).cloned() else { return };
        let change = module.change(&mut self.random);
        self.edits.push(format!("{change} in {path}"));
        self.put(&path, File::Code { home, module });
    }

    fn write_new_code(&mut self) {
        let path = self.any_place();
        self.edits.push(format!("write {path}"));
        self.write_code(&path);
    }

    fn delete(&mut self) {
        let Some(path) = self.any_file() else { return };
        self.edits.push(format!("delete {path}"));
        self.files.remove(&path);
        fs::remove_file(self.path().join(&path)).unwrap();
    }

    /// Moves a file as it is, times included, most often to where another of its language may stand.
    fn rename(&mut self) {
        let Some(path) = self.any_file() else { return };
        let Some((_, extension)) = path.rsplit_once('.') else { return };
        let is_other = self.random.random_bool(0.1);
        let to = (0..50).map(|_| self.any_place()).find(|to| is_other || to.ends_with(extension));
        let Some(to) = to.filter(|to| *to != path) else { return };
        self.edits.push(format!("move {path} to {to}"));
        fs::create_dir_all(self.path().join(&to).parent().unwrap()).unwrap();
        fs::rename(self.path().join(&path), self.path().join(&to)).unwrap();
        let file = self.files.remove(&path).unwrap();
        self.files.insert(to, file);
    }

    /// Each of two files gets the other's path.
    fn swap(&mut self) {
        let (Some(one), Some(other)) = (self.any_file(), self.any_file()) else { return };
        if one == other {
            return;
        }
        self.edits.push(format!("swap {one} and {other}"));
        let (one_file, other_file) = (self.path().join(&one), self.path().join(&other));
        let aside = self.path().join("aside");
        fs::rename(&one_file, &aside).unwrap();
        fs::rename(&other_file, &one_file).unwrap();
        fs::rename(&aside, &other_file).unwrap();
        let (one_file, other_file) = (self.files[&one].clone(), self.files[&other].clone());
        self.files.insert(one, other_file);
        self.files.insert(other, one_file);
    }

    /// Changes nothing but the time of modification.
    fn touch(&mut self) {
        let Some(path) = self.any_file() else { return };
        self.edits.push(format!("touch {path}"));
        let time = SystemTime::now() - Duration::from_secs(self.random.random_range(0..100_000));
        fs::File::options().append(true).open(self.path().join(&path)).unwrap().set_modified(time).unwrap();
    }

    /// Makes a file empty, broken or binary.
    fn spoil(&mut self) {
        let Some(path) = self.any_file() else { return };
        self.edits.push(format!("spoil {path}"));
        let texts = ["", "def f1(:\n    return f2(\n", "\u{0}\u{1}\u{2}binary", "class K1 { f1( } }} (("];
        let text = (*texts.choose(&mut self.random).unwrap()).to_owned();
        self.put(&path, File::Text(text));
    }

    fn change_setting(&mut self) {
        let (path, texts) = *SETTINGS.choose(&mut self.random).unwrap();
        if self.files.contains_key(path) && self.random.random_bool(0.4) {
            self.edits.push(format!("delete {path}"));
            self.files.remove(path);
            fs::remove_file(self.path().join(path)).unwrap();
            return;
        }
        let text = *texts.choose(&mut self.random).unwrap();
        self.edits.push(format!("write {path}: {text:?}"));
        self.put(path, File::Text(text.to_owned()));
    }

    fn write_code(&mut self, path: &str) {
        let number = path.chars().find_map(|c| c.to_digit(10)).unwrap_or(0);
        let module = Module::random(&mut self.random, number);
        self.put(path, File::Code { home: path.to_owned(), module });
    }

    fn put(&mut self, path: &str, file: File) {
        let on_disk = self.path().join(path);
        fs::create_dir_all(on_disk.parent().unwrap()).unwrap();
        fs::write(on_disk, file.text()).unwrap();
        self.files.insert(path.to_owned(), file);
    }

    fn any_place(&mut self) -> String {
        let number = self.random.random_range(0..NUMBERS);
        PLACES.choose(&mut self.random).unwrap().replace("{}", &number.to_string())
    }

    fn any_file(&mut self) -> Option<String> {
        let paths: Vec<_> = self.files.keys().collect();
        paths.choose(&mut self.random).map(|path| (*path).clone())
    }
}
