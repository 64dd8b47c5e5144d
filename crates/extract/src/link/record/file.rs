//! A record on disk.
//!
//! ```text
//! magic        8 bytes; its digits change with the form
//! build       16 bytes: digest of what decides how files are linked
//! live names   4, roots 16, crates 16, number of files 4
//! sections     length 8, checksum 16, bytes: the names by parts, then the files by groups (postcard)
//! ```
//!
//! Numbers are little-endian; a checksum is a BLAKE3 hash. What comes before the sections is in the checksums of the names.

use std::{
    fs,
    io::{BufWriter, Write},
    path::Path,
    sync::LazyLock,
};

use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};
use snake_pipe_core::id::{Digest, Hasher};

use super::{FileRecord, Outcome, Record};
use crate::{
    extraction::build_version,
    link::{
        LinkIndex, NameCollector,
        names::{SHARDS, hash_of, take_number},
    },
};

const MAGIC: &[u8; 8] = b"SPLINK02";

/// Digest of the sources that link, besides what the caches are keyed by.
const LINK_DIGEST: &str = env!("SNAKE_PIPE_LINK_DIGEST");

/// Files are encoded in groups of this size, to be read by several threads.
const GROUP_FILES: usize = 1024;

const HEAD_BYTES: usize = 8 + 16 + 4 + 16 + 16 + 4;

/// Other sources, or a library that hashes otherwise, make another record.
fn build() -> Digest {
    static BUILD: LazyLock<Digest> = LazyLock::new(|| {
        Digest::of(format!("{} {LINK_DIGEST} {:x}", build_version(), hash_of("probe")).as_bytes())
    });
    *BUILD
}

pub(super) fn write(
    file: &Path,
    index: &LinkIndex,
    outcomes: &[Option<Outcome>],
    live_names: Option<u32>,
) -> std::io::Result<()> {
    let directory = file.parent().unwrap_or(Path::new("."));
    let aside = tempfile::NamedTempFile::new_in(directory)?;
    let mut writer = BufWriter::with_capacity(1 << 20, aside.as_file());
    let mut head = Vec::with_capacity(HEAD_BYTES);
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(build().as_bytes());
    head.extend_from_slice(&live_names.unwrap_or_else(|| index.names.counts().iter().sum()).to_le_bytes());
    head.extend_from_slice(index.python.digest().as_bytes());
    head.extend_from_slice(index.crates_digest().as_bytes());
    head.extend_from_slice(&(outcomes.len() as u32).to_le_bytes());
    writer.write_all(&head)?;
    let mut bytes = Vec::new();
    for part in 0..SHARDS {
        bytes.clear();
        index.names.encode_part(part, &mut bytes);
        write_section(&mut writer, &head, &bytes)?;
    }
    for first in (0..outcomes.len()).step_by(GROUP_FILES) {
        let group = first..(first + GROUP_FILES).min(outcomes.len());
        bytes.clear();
        for number in group {
            let record = index.file_record(number as u32, outcomes[number].as_ref());
            postcard::to_io(&record, &mut bytes).map_err(std::io::Error::other)?;
        }
        write_section(&mut writer, &[], &bytes)?;
    }
    writer.flush()?;
    drop(writer);
    aside.persist(file)?;
    Ok(())
}

fn write_section(writer: &mut impl Write, head: &[u8], bytes: &[u8]) -> std::io::Result<()> {
    writer.write_all(&(bytes.len() as u64).to_le_bytes())?;
    writer.write_all(checksum(head, bytes).as_bytes())?;
    writer.write_all(bytes)
}

fn checksum(head: &[u8], bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(head);
    hasher.update(bytes);
    hasher.finish()
}

pub(super) fn read(file: &Path) -> Option<Record> {
    let bytes = fs::read(file).ok()?;
    let record = decode(&bytes);
    if record.is_none() {
        tracing::debug!(file = %file.display(), "what was linked before is of another build or damaged: all is linked");
    }
    record
}

fn decode(bytes: &[u8]) -> Option<Record> {
    let head = bytes.get(..HEAD_BYTES)?;
    let (mut rest, mut fields) = (&bytes[HEAD_BYTES..], head.strip_prefix(MAGIC)?);
    if fields.split_off(..16)? != build().as_bytes() {
        return None;
    }
    let live_names = take_number(&mut fields)?;
    let roots = Digest::from_bytes(fields.split_off(..16)?.try_into().ok()?);
    let crates = Digest::from_bytes(fields.split_off(..16)?.try_into().ok()?);
    let count = take_number(&mut fields)? as usize;
    let names: Vec<Section<'_>> = (0..SHARDS).map(|_| take_section(&mut rest)).collect::<Option<_>>()?;
    let groups: Vec<Section<'_>> =
        (0..count.div_ceil(GROUP_FILES)).map(|_| take_section(&mut rest)).collect::<Option<_>>()?;
    if !rest.is_empty() {
        return None;
    }
    let (names, files) = rayon::join(
        || {
            let parts = names.par_iter().map(|part| part.checked(head)).collect::<Option<Vec<_>>>()?;
            NameCollector::decode(&parts)
        },
        || groups.into_par_iter().map(|group| files(group.checked(&[])?)).collect::<Option<Vec<_>>>(),
    );
    let files: Vec<FileRecord> = files?.into_iter().flatten().collect();
    (files.len() == count).then_some(Record { names: names?, live_names, roots, crates, files })
}

#[derive(Clone, Copy)]
struct Section<'a> {
    checksum: Digest,
    bytes: &'a [u8],
}

impl<'a> Section<'a> {
    /// The bytes, if they are what was written behind this head.
    fn checked(self, head: &[u8]) -> Option<&'a [u8]> {
        (checksum(head, self.bytes) == self.checksum).then_some(self.bytes)
    }
}

fn take_section<'a>(rest: &mut &'a [u8]) -> Option<Section<'a>> {
    let length = u64::from_le_bytes(rest.split_off(..8)?.try_into().ok()?);
    let checksum = Digest::from_bytes(rest.split_off(..16)?.try_into().ok()?);
    Some(Section { checksum, bytes: rest.split_off(..usize::try_from(length).ok()?)? })
}

fn files(bytes: &[u8]) -> Option<Vec<FileRecord>> {
    let (mut files, mut rest) = (Vec::with_capacity(GROUP_FILES), bytes);
    while !rest.is_empty() {
        let (file, behind) = postcard::take_from_bytes(rest).ok()?;
        files.push(file);
        rest = behind;
    }
    Some(files)
}
