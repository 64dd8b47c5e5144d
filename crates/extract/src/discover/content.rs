//! What a file is, from its bytes: its hash, its language, and whether it is text at all.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use snake_pipe_core::{
    Language, SourcePath,
    id::{Digest, Hasher},
};

use super::{FileStatus, Skip, SkipKind, rules, walk};
use crate::language_of;

/// How many bytes from the start of a file decide what it is.
const HEAD_BYTES: usize = 8192;

/// Files are hashed in pieces of this size.
const PIECE_BYTES: usize = 256 << 10;

/// A file of a known language is binary all the same when more than one byte in this many is a control character.
const TEXT_BYTES_PER_CONTROL_BYTE: usize = 10;

/// How every SQLite database begins (<https://www.sqlite.org/fileformat.html>, section 1.3).
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";

/// What a file's bytes say of it, its path being given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// Digest of the bytes.
    pub(crate) hash: Digest,
    /// Its language.
    pub(crate) language: Language,
    /// Whether its first lines say that a program wrote it.
    pub(crate) is_generated: bool,
    /// Whether it is text.
    pub(crate) kind: ContentKind,
}

/// What sort of bytes a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ContentKind {
    /// Text.
    Text,
    /// Something else.
    Binary,
    /// A SQLite database.
    Database,
}

/// Reads files to see what they are; one for each thread, as it keeps its buffer.
pub(crate) struct Inspector {
    buffer: Vec<u8>,
}

impl Inspector {
    pub(crate) fn new() -> Self {
        Self { buffer: vec![0; PIECE_BYTES] }
    }

    /// Reads the file once, and says what it is and what its status was when it was opened.
    pub(crate) fn inspect(
        &mut self,
        root: &Path,
        path: &SourcePath,
        max_bytes: u64,
    ) -> Result<(Content, FileStatus), Skip> {
        let (mut file, status) = open(root, path, max_bytes)?;
        let failed = |error: io::Error| walk::from_io(Some(&error));
        let mut filled = fill(&mut file, &mut self.buffer).map_err(failed)?;
        let head = &self.buffer[..filled.min(HEAD_BYTES)];
        let language = language_of(path, head);
        let (is_generated, kind) = (rules::is_marked_generated(head), content_kind(head, language));
        let (mut hasher, mut size) = (Hasher::new(), 0);
        while filled > 0 {
            hasher.update(&self.buffer[..filled]);
            size += filled as u64;
            if let Some(skip) = walk::over_limit(size, max_bytes) {
                return Err(skip);
            }
            filled = fill(&mut file, &mut self.buffer).map_err(failed)?;
        }
        let status = FileStatus { size_bytes: size, ..status };
        Ok((Content { hash: hasher.finish(), language, is_generated, kind }, status))
    }
}

/// What a file with these bytes is.
pub(crate) fn content_of(path: &SourcePath, bytes: &[u8]) -> Content {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let language = language_of(path, head);
    Content {
        hash: Digest::of(bytes),
        language,
        is_generated: rules::is_marked_generated(head),
        kind: content_kind(head, language),
    }
}

/// Reads the whole file into `bytes`, whose content is replaced.
pub(crate) fn read_source(
    root: &Path,
    path: &SourcePath,
    max_bytes: u64,
    bytes: &mut Vec<u8>,
) -> Result<FileStatus, Skip> {
    bytes.clear();
    let (file, status) = open(root, path, max_bytes)?;
    bytes.reserve(status.size_bytes as usize + 1);
    file.take(max_bytes.saturating_add(1)).read_to_end(bytes).map_err(|error| walk::from_io(Some(&error)))?;
    let size_bytes = bytes.len() as u64;
    match walk::over_limit(size_bytes, max_bytes) {
        Some(skip) => Err(skip),
        None => Ok(FileStatus { size_bytes, ..status }),
    }
}

/// Opens a regular file. What was one during the walk may have become something else since: a link is not followed,
/// and a pipe does not block.
fn open(root: &Path, path: &SourcePath, max_bytes: u64) -> Result<(File, FileStatus), Skip> {
    let full: PathBuf = root.join(std::ffi::OsStr::from_bytes(path.as_bytes()));
    let failed = |error: io::Error| match error.raw_os_error() {
        Some(libc::ELOOP) => Skip::new(SkipKind::Symlink, "symbolic link"),
        _ => walk::from_io(Some(&error)),
    };
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(full)
        .map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        let what = if metadata.file_type().is_fifo() { "named pipe" } else { "no regular file" };
        return Err(Skip::new(SkipKind::Special, what));
    }
    match walk::over_limit(metadata.len(), max_bytes) {
        Some(skip) => Err(skip),
        None => Ok((file, FileStatus::of(&metadata))),
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A stray NUL does not hide a source file: a known language makes a file binary only where control characters abound.
fn content_kind(head: &[u8], language: Language) -> ContentKind {
    let is_binary = match language {
        _ if head.starts_with(SQLITE_MAGIC) => return ContentKind::Database,
        _ if is_utf16(head) => false,
        Language::Unknown => head.contains(&0),
        _ => {
            let controls = head.iter().filter(|byte| is_control(**byte)).count();
            controls * TEXT_BYTES_PER_CONTROL_BYTE > head.len()
        }
    };
    if is_binary { ContentKind::Binary } else { ContentKind::Text }
}

/// Whether text begins with the byte order mark of UTF-16.
pub(crate) fn is_utf16(head: &[u8]) -> bool {
    head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff")
}

const fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b) || byte == 0x7f
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_makes_unknown_files_binary_but_not_source_files() {
        let text = b"int main(void) { return 0; }\0\n";
        assert_eq!(content_kind(text, Language::Unknown), ContentKind::Binary);
        assert_eq!(content_kind(text, Language::C), ContentKind::Text);
        assert_eq!(content_kind(&[0; 64], Language::C), ContentKind::Binary);
    }

    #[test]
    fn utf_16_is_text() {
        assert_eq!(content_kind(b"\xff\xfec\0l\0a\0s\0s\0", Language::CSharp), ContentKind::Text);
    }

    #[test]
    fn an_empty_file_is_text() {
        assert_eq!(content_kind(b"", Language::Unknown), ContentKind::Text);
        assert_eq!(content_kind(b"", Language::Java), ContentKind::Text);
    }

    #[test]
    fn a_database_is_known_by_how_it_begins() {
        assert_eq!(content_kind(b"SQLite format 3\0\x10\x00", Language::Unknown), ContentKind::Database);
    }
}
