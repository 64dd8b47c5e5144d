//! Gives the crate a digest of what decides how facts are made and encoded: its sources, those of the model, and the
//! grammars' versions. The fact cache is keyed by it, so that no build reads what another one would have made
//! differently.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where sources are that make or encode facts. Those of the model are beside this crate in its repository; in a packaged
/// crate they are not, and the versions stand for them.
const SOURCES: [&str; 8] = [
    "src/engine",
    "src/languages",
    "src/parsed.rs",
    "src/extraction/analysis.rs",
    "src/discover/content.rs",
    "src/discover/rules.rs",
    "src/store/entry.rs",
    "../core/src",
];

const LOCK_FILE: &str = "../../Cargo.lock";

fn main() -> io::Result<()> {
    let mut digest = Fnv::default();
    digest.add(env!("CARGO_PKG_VERSION").as_bytes());
    for source in SOURCES {
        add_sources(source, &mut digest)?;
    }
    if let Ok(lock) = fs::read_to_string(LOCK_FILE) {
        println!("cargo::rerun-if-changed={LOCK_FILE}");
        let lines: Vec<_> = lock.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair[0].starts_with("name = \"tree-sitter")) {
            digest.add(pair.concat().as_bytes());
        }
    }
    println!("cargo::rustc-env=SNAKE_PIPE_EXTRACT_DIGEST={:016x}", digest.0);
    // What is remembered of linking depends on the sources that link besides.
    add_sources("src/link", &mut digest)?;
    println!("cargo::rustc-env=SNAKE_PIPE_LINK_DIGEST={:016x}", digest.0);
    Ok(())
}

fn add_sources(source: &str, digest: &mut Fnv) -> io::Result<()> {
    println!("cargo::rerun-if-changed={source}");
    let mut files = Vec::new();
    collect(Path::new(source), &mut files)?;
    files.sort();
    for file in files {
        digest.add(file.as_os_str().as_encoded_bytes());
        digest.add(&fs::read(file)?);
    }
    Ok(())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        files.push(path.to_owned());
    }
    Ok(())
}

/// FNV-1a of 64 bits: nobody attacks this digest, and a build script had better need no crate.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&(bytes.len() as u64).to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
