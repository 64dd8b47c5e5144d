//! Facts from elsewhere, as the input of a load.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, BufRead, BufReader, Read as _, Seek as _},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use futures::StreamExt;
use snake_pipe_core::{
    Error, ErrorKind, Language, Result, SourcePath,
    load::{Repository, Scope},
};
use snake_pipe_extract::facts::{
    NdjsonReader, Quarantined, Record, SnakePipeJsonOptions, SnakePipeJsonReader, is_snake_pipe_json,
};

use super::{
    arguments::{FactsFormat, LoadArguments},
    extract::blocking,
    load::Facts,
};

/// Facts say nothing of their repository: without a name it is that of the input's file.
pub(super) fn repository(arguments: &LoadArguments, facts: &Path) -> Result<Repository> {
    let stem = facts.file_stem().map(|stem| stem.to_string_lossy().into_owned()).filter(|stem| stem != "-");
    let name = arguments.repository.clone().or(stem).ok_or_else(|| {
        Error::new(ErrorKind::Configuration, "facts from standard input have no name")
            .with_help("say which repository they are of: --repository NAME")
    })?;
    Ok(Repository::named(name))
}

/// What a load of facts speaks of.
pub(super) struct Coverage {
    pub(super) scope: Scope,
    /// Paths and languages of the files.
    pub(super) listing: Vec<(SourcePath, Language)>,
    /// Why nothing is removed although `--complete` is given.
    pub(super) nothing_removed: Option<String>,
}

/// With `--complete` the input is read once beforehand, for the paths that are in it.
pub(super) async fn scope(arguments: &LoadArguments, facts: &Path) -> Result<Coverage> {
    if !arguments.complete {
        return Ok(Coverage { scope: Scope::Partial, listing: Vec::new(), nothing_removed: None });
    }
    if facts == Path::new("-") {
        return Err(Error::new(
            ErrorKind::Configuration,
            "--complete reads the facts twice, standard input is read once",
        )
        .with_help("write the facts to a file first"));
    }
    let records = records(arguments, facts)?;
    blocking(move || {
        // Of a file that comes twice the later facts hold.
        let mut files = BTreeMap::new();
        let mut unknown = None;
        for record in records {
            let file = match record? {
                Record::Facts(facts) => Some((facts.path.clone(), facts.language)),
                Record::Quarantined(piece) => {
                    if piece.hides_files {
                        unknown.get_or_insert(piece.line);
                    }
                    piece.refused().map(|facts| (facts.path, facts.language))
                }
            };
            files.extend(file.map(|(path, language)| (path.key(), (path, language))));
        }
        let keys: BTreeSet<_> = files.keys().copied().collect();
        match keys.is_empty() {
            // A producer that failed early must not empty the database.
            true => {
                Err(Error::new(ErrorKind::Data, "there are no facts, and --complete would remove everything")
                    .with_help("to remove a repository, use `snake-pipe repositories remove NAME`"))
            }
            false => {
                // What is not read need not be gone.
                let nothing_removed = unknown.map(nothing_removed);
                let scope = match nothing_removed {
                    Some(_) => Scope::Partial,
                    None => Scope::Complete(Arc::new(keys)),
                };
                Ok(Coverage { scope, listing: files.into_values().collect(), nothing_removed })
            }
        }
    })
    .await
}

fn nothing_removed(line: u64) -> String {
    format!(
        "--complete removes nothing: line {line} of the facts is not one whole object with a path, so the input does not say \
         which files there are"
    )
}

pub(super) type Records = Box<dyn Iterator<Item = Result<Record>> + Send>;

pub(super) fn records(arguments: &LoadArguments, facts: &Path) -> Result<Records> {
    let input: Box<dyn BufRead + Send> = match facts == Path::new("-") {
        true => Box::new(BufReader::with_capacity(1 << 20, io::stdin())),
        false => Box::new(BufReader::with_capacity(1 << 20, open(facts)?)),
    };
    let in_input = in_input(facts);
    Ok(match arguments.facts_format {
        FactsFormat::Ndjson => {
            let facts = facts.to_owned();
            // Standard input is waited for by who reads the records.
            Box::new(std::iter::once_with(move || lines(input, &facts)).flatten())
        }
        FactsFormat::SnakePipeJson => {
            let root = arguments.facts_root.as_ref().map(|root| root.to_string_lossy().into_owned());
            let options = SnakePipeJsonOptions { root, store_source: arguments.store_source };
            Box::new(SnakePipeJsonReader::new(input, options).map(move |read| read.map_err(&in_input)))
        }
    })
}

fn lines(mut input: Box<dyn BufRead + Send>, facts: &Path) -> Records {
    let in_input = in_input(facts);
    match check_lines(&mut input, facts) {
        Ok(()) => Box::new(NdjsonReader::new(input).map(move |read| read.map_err(&in_input))),
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}

/// Finds the other form where lines are expected: it would be refused line by line.
fn check_lines(input: &mut impl BufRead, facts: &Path) -> Result<()> {
    if !is_snake_pipe_json(input.fill_buf().map_err(|error| in_input(facts)(error.into()))?) {
        return Ok(());
    }
    let message = "the facts are of the form that the snake_pipe Java parser writes";
    Err(Error::new(ErrorKind::Configuration, message).with_context("file", name_of(facts)).with_help(
        "add `--facts-format snake-pipe-json`; without it, facts are one object a line (docs/facts.md)",
    ))
}

/// Finds what is wrong with a file of facts as a whole.
pub(super) fn check(arguments: &LoadArguments, facts: &Path) -> Result<()> {
    let file = open(facts)?;
    match arguments.facts_format {
        FactsFormat::Ndjson => check_lines(&mut BufReader::new(file), facts),
        FactsFormat::SnakePipeJson => Ok(()),
    }
}

fn open(path: &Path) -> Result<File> {
    let error = |kind| Error::new(kind, "cannot read the facts").with_context("file", path.display());
    if path.is_dir() {
        return Err(error(ErrorKind::Configuration).with_help(
            "--facts takes a file of facts, or - for standard input; a directory is loaded without it",
        ));
    }
    let mut file = File::open(path).map_err(|source| {
        let kind = match source.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Io,
        };
        error(kind).with_source(source).with_help(
            "name a file that `snake-pipe extract` or another producer wrote, or - for standard input",
        )
    })?;
    let compressed = compressed_by(&mut file);
    match compressed.map_err(|source| error(ErrorKind::Io).with_source(source))? {
        Some(program) => Err(error(ErrorKind::Configuration).with_context("compressed_by", program).with_help(
            format!("uncompress them on the way: `{program} -dc FILE | snake-pipe load --facts - --repository NAME`"),
        )),
        None => Ok(file),
    }
}

/// The program that a regular file is compressed by, by its first bytes; the file stands at its beginning afterwards.
fn compressed_by(file: &mut File) -> io::Result<Option<&'static str>> {
    // What comes out of a pipe cannot be looked at beforehand.
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut first = Vec::with_capacity(4);
    file.by_ref().take(4).read_to_end(&mut first)?;
    file.rewind()?;
    Ok(match first.as_slice() {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd] => Some("zstd"),
        [b'B', b'Z', b'h', ..] => Some("bzip2"),
        [0xfd, b'7', b'z', b'X'] => Some("xz"),
        _ => None,
    })
}

fn name_of(facts: &Path) -> String {
    if facts == Path::new("-") { "standard input".into() } else { facts.display().to_string() }
}

/// An error of reading, with the input that it is about.
fn in_input(facts: &Path) -> impl Fn(Error) -> Error + Send + 'static {
    let name = name_of(facts);
    move |error| {
        let message = format!("cannot read the facts: {}", error.message());
        let line = error.context().find(|(key, _)| *key == "line").map(|(_, line)| line.to_owned());
        let told = Error::new(error.kind(), message).with_context("file", &name);
        let told = line.into_iter().fold(told, |told, line| told.with_context("line", line));
        told.with_help("what was read so far is not loaded; make the input readable and repeat the load")
    }
}

/// The sound records as facts; of the others the refused file where it is known, so that a row says so.
pub(super) fn stream(records: Records, quarantined: &Arc<Mutex<Vec<Quarantined>>>) -> Facts {
    let quarantined = Arc::clone(quarantined);
    let (sender, receiver) = tokio::sync::mpsc::channel(16);
    tokio::task::spawn_blocking(move || {
        for record in records {
            let facts = match record {
                Ok(Record::Facts(facts)) => Ok(Some(*facts)),
                Ok(Record::Quarantined(piece)) => {
                    // The report names it, and so does the row of its file.
                    tracing::info!(%piece, "facts refused");
                    let refused = piece.refused();
                    quarantined.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
                    Ok(refused)
                }
                Err(error) => Err(error),
            };
            let Some(facts) = facts.transpose() else { continue };
            if sender.blocking_send(facts.map(Arc::new)).is_err() {
                return;
            }
        }
    });
    futures::stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) })
        .boxed()
}
