//! Where the fact cache is.

use std::{
    fs,
    path::{Path, PathBuf},
};

use snake_pipe_core::{Error, Result, id::Digest};
use tempfile::TempDir;

use super::pack::ELSEWHERE;

/// Where parsed facts are kept from one run to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CacheLocation {
    /// `$XDG_CACHE_HOME/snake-pipe`, or `~/.cache/snake-pipe`.
    #[default]
    Default,
    /// In this directory, which is made where it does not exist.
    Directory(PathBuf),
    /// In a temporary directory, for this run alone.
    Temporary,
}

impl CacheLocation {
    /// The directory; none for a temporary one, or when the environment names no home.
    #[must_use]
    pub fn directory(&self) -> Option<PathBuf> {
        let from_environment =
            |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        match self {
            Self::Default => from_environment("XDG_CACHE_HOME")
                .or_else(|| from_environment("HOME").map(|home| home.join(".cache")))
                .map(|directory| directory.join("snake-pipe")),
            Self::Directory(directory) => Some(directory.clone()),
            Self::Temporary => None,
        }
    }
}

/// The directory of one repository, which can be written.
#[derive(Debug)]
pub(super) struct OpenDirectory {
    path: PathBuf,
    warning: Option<String>,
    /// Removed when the run ends.
    temporary: Option<TempDir>,
}

impl OpenDirectory {
    pub(super) fn open(location: &CacheLocation, name: &str) -> Result<Self> {
        let Some(directory) = location.directory() else {
            let warning = match location {
                CacheLocation::Temporary => None,
                CacheLocation::Default | CacheLocation::Directory(_) => {
                    Some("no home directory is known: parsed facts are kept for this run alone".to_owned())
                }
            };
            return Self::temporary(warning);
        };
        let path = directory.join("facts").join(repository_directory(name));
        match fs::create_dir_all(&path).and_then(|()| tempfile::tempfile_in(&path)) {
            Ok(_) => Ok(Self { path, warning: None, temporary: None }),
            Err(error) => {
                let warning = format!(
                    "the cache directory {} cannot be written ({error}): parsed facts are kept for this run alone; {ELSEWHERE}",
                    path.display()
                );
                Self::temporary(Some(warning))
            }
        }
    }

    fn temporary(warning: Option<String>) -> Result<Self> {
        let temporary = tempfile::Builder::new().prefix("snake-pipe-").tempdir().map_err(|source| {
            Error::from(source)
                .with_operation("open the fact cache")
                .with_help(format!("set TMPDIR to a directory that can be written, or {ELSEWHERE}"))
        })?;
        Ok(Self { path: temporary.path().to_owned(), warning, temporary: Some(temporary) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    pub(super) fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }
}

/// A name for the directory that a person recognises and that is like no other repository's.
fn repository_directory(name: &str) -> String {
    let readable: String = name
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' })
        .take(60)
        .collect();
    let digest = Digest::of(name.as_bytes()).to_string();
    format!("{}-{}", readable.trim_start_matches('.'), &digest[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_readable_and_differ() {
        let name = repository_directory("github.com/org/app");
        assert!(name.starts_with("github.com-org-app-"), "{name}");
        assert_ne!(name, repository_directory("github.com-org/app"));
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_replaced_by_a_temporary_one() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let open = OpenDirectory::open(&CacheLocation::Directory(file), "app").unwrap();
        assert!(open.warning().unwrap().contains("cannot be written"));
        assert!(open.path().is_dir());
        let path = open.path().to_owned();
        drop(open);
        assert!(!path.exists());
    }
}
