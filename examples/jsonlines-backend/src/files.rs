//! Files that are whole or not there.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, ErrorKind as Cause, Read, Write},
    path::{Path, PathBuf},
    thread,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use snake_pipe_core::{Error, ErrorKind, Result, id::FileKey, manifest::ManifestEntry};

/// Disks write several files at once in little more time than one.
const WRITERS: usize = 8;

/// The first line of a document: enough for the manifest, and to see that the rest is there.
#[derive(Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) entry: ManifestEntry,
    pub(crate) facts_bytes: u64,
}

/// By its key, since a path may hold what a file's name may not.
pub(crate) fn document_name(key: FileKey) -> String {
    format!("{key}.jsonl")
}

/// The entry, and the facts to be read; nothing for what is no document, or not a whole one.
pub(crate) fn open_document(path: &Path) -> Result<Option<(ManifestEntry, impl Read)>> {
    if path.extension().is_none_or(|extension| extension != "jsonl") {
        return Ok(None);
    }
    let read = || {
        let file = File::open(path)?;
        let (size, mut rest, mut first) = (file.metadata()?.len(), BufReader::new(file), Vec::new());
        rest.read_until(b'\n', &mut first)?;
        Ok((size.saturating_sub(first.len() as u64), first, rest))
    };
    let (rest_bytes, first, rest) = read().map_err(failed("read", path))?;
    let header = serde_json::from_slice::<Header>(&first).ok();
    Ok(header.filter(|header| header.facts_bytes == rest_bytes).map(|header| (header.entry, rest)))
}

/// The value as a line of JSON.
pub(crate) fn line(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)
        .map_err(|cause| Error::new(ErrorKind::Data, "it cannot be said in JSON").with_source(cause))?;
    // JSON that is carried along may have line breaks between its tokens; those within texts are escaped.
    line.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
    line.push(b'\n');
    Ok(line)
}

pub(crate) fn parse<T: DeserializeOwned>(path: &Path, mut json: impl Read) -> Result<T> {
    let mut bytes = Vec::new();
    json.read_to_end(&mut bytes).map_err(failed("read", path))?;
    serde_json::from_slice(&bytes).map_err(|cause| {
        Error::new(ErrorKind::Schema, format!("{} is not understood", path.display()))
            .with_help("remove the file and load the repository again, or use the version that wrote it")
            .with_source(cause)
    })
}

/// Makes a file of each item in the folder, in place of the one of its name. They outlast the machine once this returns.
pub(crate) fn put_all<T: Sync>(
    folder: &Path,
    items: &[T],
    file: impl Fn(&T) -> Result<(String, Vec<u8>)> + Sync,
) -> Result<()> {
    fs::create_dir_all(folder).map_err(failed("write", folder))?;
    let put = |item| file(item).and_then(|(name, content)| put(&folder.join(name), &content));
    thread::scope(|scope| {
        let shares = items.chunks(items.len().div_ceil(WRITERS).max(1));
        let writers: Vec<_> = shares.map(|share| scope.spawn(|| share.iter().try_for_each(put))).collect();
        let done = writers
            .into_iter()
            .map(|writer| writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        done.collect::<Result<()>>()
    })?;
    sync(folder)?;
    // The folder itself may be new.
    folder.parent().map_or(Ok(()), sync)
}

/// Only what is wholly on the disk gets the name. What a crash leaves beside it the next attempt writes over.
fn put(path: &Path, content: &[u8]) -> Result<()> {
    let beside = path.with_extension("tmp");
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(failed("write", path))
}

/// What is in the folder; nothing, where there is no folder.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = unless_gone(fs::read_dir(folder)).map_err(failed("read", folder))?;
    let paths = entries.into_iter().flatten().map(|entry| entry.map(|entry| entry.path()));
    paths.collect::<io::Result<_>>().map_err(failed("read", folder))
}

pub(crate) fn remove(path: &Path) -> Result<()> {
    unless_gone(fs::remove_file(path)).map_err(failed("remove", path)).map(drop)
}

/// Makes last what was renamed or removed in the folder. Other systems than Unix cannot open a folder.
pub(crate) fn sync(folder: &Path) -> Result<()> {
    let synced = if cfg!(unix) { File::open(folder).and_then(|folder| folder.sync_all()) } else { Ok(()) };
    unless_gone(synced).map_err(failed("write", folder)).map(drop)
}

/// For what may rightly be missing.
pub(crate) fn unless_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(cause) if cause.kind() == Cause::NotFound => Ok(None),
        result => result.map(Some),
    }
}

/// Makes an error of the file system's: what was attempted, with what, and what to do.
pub(crate) fn failed<'a>(operation: &'static str, path: &'a Path) -> impl Fn(io::Error) -> Error + 'a {
    move |cause| {
        let (kind, help) = match cause.kind() {
            Cause::PermissionDenied | Cause::ReadOnlyFilesystem => {
                (ErrorKind::Permission, "give this user the right to write there, or name another directory")
            }
            Cause::StorageFull | Cause::QuotaExceeded => (ErrorKind::Capacity, "make room, and load again"),
            Cause::NotADirectory | Cause::AlreadyExists => {
                (ErrorKind::Configuration, "name a directory, existing or new: this is something else")
            }
            _ => (ErrorKind::Io, "see that the directory is there, and its disk well"),
        };
        Error::new(kind, format!("{} cannot be used", path.display()))
            .with_operation(operation)
            .with_help(help)
            .with_source(cause)
    }
}
