//! Source code that can be had anywhere: our own Rust, Python's standard library where there is a Python, and of other
//! languages the fixtures that our tests have.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use snake_pipe_core::Language;

/// What is installed beside Python's standard library, and what Python itself writes.
const NOT_OF_THE_LIBRARY: [&str; 3] = ["site-packages", "dist-packages", "__pycache__"];

/// Files of the language, sorted: their paths within the tree they are from, and what is in them.
pub(crate) fn sources(language: Language) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    let fixtures = own.join("extract/src/languages/fixtures");
    match language {
        Language::Rust => read(&own, "rs"),
        Language::Python => match python_library() {
            Some(library) => read(&library, "py"),
            None => read(&fixtures, "py"),
        },
        Language::Java => read(&fixtures, "java"),
        Language::C => read(&fixtures, "c"),
        Language::TypeScript => read(&fixtures, "ts"),
        other => Err(io::Error::other(format!("there is no source code of {other} here"))),
    }
}

/// The folder of Python's standard library, of the `python3` that is found first.
fn python_library() -> Option<PathBuf> {
    let program = "import sysconfig; print(sysconfig.get_path('stdlib'))";
    let output = Command::new("python3").args(["-c", program]).output().ok()?;
    let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end());
    folder.join("os.py").is_file().then_some(folder)
}

/// All files below the root whose names end so.
fn read(root: &Path, extension: &str) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let (mut files, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let (path, name, kind) =
                entry.and_then(|found| Ok((found.path(), found.file_name(), found.file_type()?)))?;
            if kind.is_dir() && !NOT_OF_THE_LIBRARY.iter().any(|left_out| name == *left_out) {
                folders.push(path);
            } else if kind.is_file() && path.extension() == Some(OsStr::new(extension)) {
                let relative = path.strip_prefix(root).expect("what is found lies below the root").to_owned();
                files.push((relative, fs::read(&path)?));
            }
        }
    }
    files.sort();
    Ok(files)
}
