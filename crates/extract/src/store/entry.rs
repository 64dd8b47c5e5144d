//! The form of an entry: a head of fixed length, the definitions, what linking reads.
//!
//! ```text
//!  0  magic            8 bytes; its digits change with the form
//!  8  key             16
//! 24  definitions     stored length 4, raw length 4, checksum 8
//! 40  linkable        stored length 4, raw length 4, checksum 8
//! 56  checksum of the bytes before it, 8
//! 64  the definitions, then the linkable: postcard, compressed as an LZ4 block
//! ```
//!
//! Numbers are little-endian; a checksum is the first 8 bytes of a BLAKE3 hash.

use std::sync::LazyLock;

use serde::Serialize;
use snake_pipe_core::{
    Error, ErrorKind, Language, Result,
    id::{Digest, Hasher},
    model::TransformedAst,
};

use crate::{
    extraction::build_version,
    parsed::{Linkable, ParseOptions},
};

pub(super) const MAGIC: &[u8; 8] = b"SPFACT01";
pub(super) const HEAD_BYTES: usize = 64;

/// What an entry was made from: other bytes, another language, other options or another build give another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct EntryKey(pub(super) Digest);

impl EntryKey {
    pub(crate) fn new(content: Digest, language: Language, options: &ParseOptions) -> Self {
        static BUILD: LazyLock<String> = LazyLock::new(build_version);
        let rest = postcard::to_stdvec(&(language, options, &*BUILD)).expect("plain values can be encoded");
        let mut hasher = Hasher::new();
        hasher.update(content.as_bytes());
        hasher.update(&rest);
        Self(hasher.finish())
    }

    pub(crate) const fn digest(self) -> Digest {
        self.0
    }
}

/// The two halves of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Definitions,
    Linkable,
}

/// How long a section is, and what its bytes sum up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SectionHead {
    pub(super) stored_bytes: u32,
    pub(super) raw_bytes: u32,
    pub(super) checksum: [u8; 8],
}

/// The head of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) key: EntryKey,
    pub(super) definitions: SectionHead,
    pub(super) linkable: SectionHead,
}

/// Room for encoding and decoding, kept from entry to entry; one for each thread.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    pub(super) raw: Vec<u8>,
    pub(super) stored: Vec<u8>,
}

/// Buffers that one large file left behind are given back above this size.
const KEPT_BUFFER_BYTES: usize = 8 << 20;

impl Buffers {
    pub(super) fn clear(&mut self) {
        for buffer in [&mut self.raw, &mut self.stored] {
            buffer.clear();
            buffer.shrink_to(KEPT_BUFFER_BYTES);
        }
    }
}

/// The bytes of an entry, in `buffers`.
pub(super) fn encode<'a>(
    key: EntryKey,
    definitions: &TransformedAst,
    linkable: &Linkable,
    buffers: &'a mut Buffers,
) -> Result<&'a [u8]> {
    buffers.clear();
    buffers.stored.resize(HEAD_BYTES, 0);
    let definitions = append(definitions, buffers)?;
    let linkable = append(linkable, buffers)?;
    let head = Head { key, definitions, linkable }.to_bytes();
    buffers.stored[..HEAD_BYTES].copy_from_slice(&head);
    Ok(&buffers.stored)
}

/// Encodes and compresses a section behind what `buffers.stored` holds.
fn append(value: &impl Serialize, buffers: &mut Buffers) -> Result<SectionHead> {
    let Buffers { raw, stored } = buffers;
    raw.clear();
    postcard::to_io(value, &mut *raw).map_err(|source| {
        Error::new(ErrorKind::Internal, "facts cannot be encoded for the cache").with_source(source)
    })?;
    let start = stored.len();
    stored.resize(start + lz4_flex::block::get_maximum_output_size(raw.len()), 0);
    let written = lz4_flex::block::compress_into(raw, &mut stored[start..]).map_err(|source| {
        Error::new(ErrorKind::Internal, "facts cannot be compressed").with_source(source)
    })?;
    stored.truncate(start + written);
    let length = |bytes: usize| {
        u32::try_from(bytes)
            .map_err(|_| Error::new(ErrorKind::Capacity, "the facts of one file exceed 4 GiB"))
    };
    Ok(SectionHead {
        stored_bytes: length(written)?,
        raw_bytes: length(raw.len())?,
        checksum: checksum(&stored[start..]),
    })
}

/// A section's bytes as they were before compression, in `raw`; none if they are damaged.
pub(super) fn unpack<'a>(head: &SectionHead, stored: &[u8], raw: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    if checksum(stored) != head.checksum {
        return None;
    }
    raw.resize(head.raw_bytes as usize, 0);
    let length = lz4_flex::block::decompress_into(stored, raw).ok()?;
    (length == raw.len()).then_some(raw)
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    let digest = Digest::of(bytes);
    digest.as_bytes()[..8].try_into().expect("a digest has 16 bytes")
}

impl Head {
    /// Length of the whole entry in bytes.
    pub(super) const fn entry_bytes(&self) -> u64 {
        HEAD_BYTES as u64 + self.definitions.stored_bytes as u64 + self.linkable.stored_bytes as u64
    }

    fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let mut bytes = Vec::with_capacity(HEAD_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(self.key.0.as_bytes());
        for section in [self.definitions, self.linkable] {
            bytes.extend_from_slice(&section.stored_bytes.to_le_bytes());
            bytes.extend_from_slice(&section.raw_bytes.to_le_bytes());
            bytes.extend_from_slice(&section.checksum);
        }
        bytes.extend_from_slice(&checksum(&bytes));
        bytes.try_into().expect("the parts are as long as the whole")
    }

    /// Reads a head; none if these bytes are no sound one.
    pub(super) fn from_bytes(bytes: &[u8; HEAD_BYTES]) -> Option<Self> {
        let (body, sum) = bytes.split_at(HEAD_BYTES - 8);
        if !body.starts_with(MAGIC) || checksum(body) != sum {
            return None;
        }
        let number = |at: usize| u32::from_le_bytes(body[at..at + 4].try_into().expect("four bytes"));
        let section = |at: usize| SectionHead {
            stored_bytes: number(at),
            raw_bytes: number(at + 4),
            checksum: body[at + 8..at + 16].try_into().expect("eight bytes"),
        };
        let key = EntryKey(Digest::from_bytes(body[8..24].try_into().expect("sixteen bytes")));
        Some(Self { key, definitions: section(24), linkable: section(40) })
    }
}
