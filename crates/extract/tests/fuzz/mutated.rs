//! Real sources with something done to them.

use std::{env, fs, path::Path, sync::OnceLock};

use proptest::{collection::vec, prelude::*, sample::select};
use snake_pipe_core::Language;

/// A folder with more sources, which are tried too.
const CORPUS: &str = "FUZZ_CORPUS";

/// Sources are cut here: what takes long takes longer, and finds no more.
const LARGEST: usize = 48 << 10;

/// One source with every form that the extractor knows, for each grammar.
const FIXTURES: [(Language, &[u8]); 13] = [
    (Language::C, include_bytes!("../../src/languages/fixtures/c.c")),
    (Language::Cpp, include_bytes!("../../src/languages/fixtures/cpp.cpp")),
    (Language::CSharp, include_bytes!("../../src/languages/fixtures/csharp.cs")),
    (Language::Go, include_bytes!("../../src/languages/fixtures/go.go")),
    (Language::Java, include_bytes!("../../src/languages/fixtures/java.java")),
    (Language::JavaScript, include_bytes!("../../src/languages/fixtures/javascript.js")),
    (Language::Kotlin, include_bytes!("../../src/languages/fixtures/kotlin.kt")),
    (Language::Python, include_bytes!("../../src/languages/fixtures/python.py")),
    (Language::Rust, include_bytes!("../../src/languages/fixtures/rust.rs")),
    (Language::Scala, include_bytes!("../../src/languages/fixtures/scala.scala")),
    (Language::Scala, include_bytes!("../../src/languages/fixtures/scala3.scala")),
    (Language::TypeScript, include_bytes!("../../src/languages/fixtures/typescript.ts")),
    (Language::TypeScript, include_bytes!("../../src/languages/fixtures/tsx.tsx")),
];

/// A source of the language, with up to eight things done to it.
pub(crate) fn mutated(language: Language) -> impl Strategy<Value = Vec<u8>> {
    let mut real: Vec<_> = sources().iter().filter(|(of, _)| *of == language).map(|(_, text)| text).collect();
    assert!(!real.is_empty(), "{language} has a fixture");
    real.sort_unstable();
    (select(real), vec(change(), 0..8))
        .prop_map(|(source, changes)| changes.iter().fold(source.clone(), |source, change| change.of(source)))
}

/// The fixtures, and what a folder holds besides.
fn sources() -> &'static [(Language, Vec<u8>)] {
    static SOURCES: OnceLock<Vec<(Language, Vec<u8>)>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let mut sources: Vec<_> =
            FIXTURES.iter().map(|(language, text)| (*language, text.to_vec())).collect();
        if let Some(corpus) = env::var_os(CORPUS) {
            collect(Path::new(&corpus), &mut sources);
        }
        sources
    })
}

fn collect(folder: &Path, sources: &mut Vec<(Language, Vec<u8>)>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.map(|entry| entry.unwrap().path()).filter(|path| !path.is_symlink()) {
        if path.is_dir() {
            collect(&path, sources);
            continue;
        }
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        let known = |(_, extensions): &&(Language, &[&str])| {
            extension.as_deref().is_some_and(|extension| extensions.contains(&extension))
        };
        if let Some((language, _)) = EXTENSIONS.iter().find(known) {
            sources.push((*language, fs::read(&path).unwrap()));
        }
    }
}

const EXTENSIONS: [(Language, &[&str]); 11] = [
    (Language::C, &["c", "h"]),
    (Language::Cpp, &["cpp", "cc", "hpp"]),
    (Language::CSharp, &["cs"]),
    (Language::Go, &["go"]),
    (Language::Java, &["java"]),
    (Language::JavaScript, &["js", "jsx", "mjs"]),
    (Language::Kotlin, &["kt"]),
    (Language::Python, &["py"]),
    (Language::Rust, &["rs"]),
    (Language::Scala, &["scala"]),
    (Language::TypeScript, &["ts", "tsx"]),
];

/// Something done to a source; places are parts of its length.
#[derive(Clone, Debug)]
enum Change {
    Delete(Piece),
    /// A piece again and again behind itself.
    Repeat(Piece, usize),
    /// A piece between others.
    Copy(Piece, Place),
    /// A piece of a source in any language.
    Splice(usize, Piece, Place),
    Truncate(Place),
    /// The rest alone.
    Behind(Place),
    Byte(Place, u8),
    Insert(Place, Vec<u8>),
}

type Place = u16;
type Piece = (Place, Place);

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Place>;
    // Small pieces leave more of a source as it was.
    let piece = || {
        (place(), prop_oneof![0..300_u16, place()]).prop_map(|(from, size)| (from, from.saturating_add(size)))
    };
    prop_oneof![
        3 => piece().prop_map(Change::Delete),
        2 => (piece(), 1..40_usize).prop_map(|(piece, times)| Change::Repeat(piece, times)),
        3 => (piece(), place()).prop_map(|(piece, to)| Change::Copy(piece, to)),
        2 => (any::<usize>(), piece(), place()).prop_map(|(other, piece, to)| Change::Splice(other, piece, to)),
        1 => place().prop_map(Change::Truncate),
        1 => place().prop_map(Change::Behind),
        2 => (place(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        2 => (place(), vec(any::<u8>(), 1..12)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
    ]
}

impl Change {
    fn of(&self, mut source: Vec<u8>) -> Vec<u8> {
        let at = |place: Place, of: &[u8]| usize::from(place) * of.len() / usize::from(u16::MAX);
        let cut = |(from, to): Piece, of: &[u8]| of[at(from, of)..at(to, of)].to_vec();
        let put = |source: &mut Vec<u8>, place: Place, bytes: Vec<u8>| {
            let place = at(place, source);
            source.splice(place..place, bytes);
        };
        match self {
            Self::Delete((from, to)) => drop(source.drain(at(*from, &source)..at(*to, &source))),
            Self::Repeat(piece, times) => {
                let bytes = cut(*piece, &source);
                put(&mut source, piece.1, bytes.repeat(*times));
            }
            Self::Copy(piece, to) => {
                let bytes = cut(*piece, &source);
                put(&mut source, *to, bytes);
            }
            Self::Splice(other, piece, to) => {
                let sources = sources();
                let bytes = cut(*piece, &sources[other % sources.len()].1);
                put(&mut source, *to, bytes);
            }
            Self::Truncate(to) => source.truncate(at(*to, &source)),
            Self::Behind(from) => drop(source.drain(..at(*from, &source))),
            Self::Byte(place, byte) => put(&mut source, *place, vec![*byte]),
            Self::Insert(place, bytes) => put(&mut source, *place, bytes.clone()),
        }
        source.truncate(LARGEST);
        source
    }
}
