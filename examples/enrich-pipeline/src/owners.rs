//! Who owns which file.

use std::{fs, path::Path};

use snake_pipe::core::{Error, ErrorKind, Result, id::Digest};

/// A list of paths and their owners, in the manner of a CODEOWNERS file: a line is a path and an owner; `*` is every file,
/// `src/` every file below that directory; the last line that fits decides; `#` begins a comment.
#[derive(Clone, Debug)]
pub struct Owners {
    rules: Vec<(String, String)>,
    digest: Digest,
}

impl Owners {
    /// Reads the list from a file.
    ///
    /// # Errors
    /// `Io` when the file cannot be read; as of [`Owners::parse`].
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|source| {
            Error::new(ErrorKind::Io, "cannot read who owns which file")
                .with_context("path", path.display())
                .with_source(source)
                .with_help("write a file of lines such as `src/ team-a` or `* everybody`")
        })?;
        Self::parse(&text)
    }

    /// Reads the list from a text.
    ///
    /// # Errors
    /// `Configuration` for a line that is not a path and an owner.
    pub fn parse(text: &str) -> Result<Self> {
        let mut rules = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let words: Vec<_> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
            match words.as_slice() {
                [] => {}
                [path, owner] => rules.push(((*path).to_owned(), (*owner).to_owned())),
                _ => {
                    let message = format!("line {} is not a path and an owner", index + 1);
                    return Err(Error::new(ErrorKind::Configuration, message).with_context("line", line));
                }
            }
        }
        Ok(Self { rules, digest: Digest::of(text.as_bytes()) })
    }

    /// The owner of a file, by its path within the repository.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<&str> {
        let fits = |rule: &str| rule == "*" || rule == path || rule.ends_with('/') && path.starts_with(rule);
        self.rules.iter().rev().find(|(rule, _)| fits(rule)).map(|(_, owner)| owner.as_str())
    }

    /// What differs when the list does.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

#[cfg(test)]
mod tests {
    use super::Owners;

    #[test]
    fn the_last_line_that_fits_decides() {
        let owners = Owners::parse("* everybody\nsrc/ team-a # and\nsrc/db.py team-b\n").unwrap();
        assert_eq!(owners.of("README.md"), Some("everybody"));
        assert_eq!(owners.of("src/app.py"), Some("team-a"));
        assert_eq!(owners.of("src/db.py"), Some("team-b"));
        assert_eq!(Owners::parse("").unwrap().of("a"), None);
    }

    #[test]
    fn a_line_that_makes_no_sense_is_named() {
        let error = Owners::parse("* everybody\nsrc/").unwrap_err();
        assert_eq!(error.message(), "line 2 is not a path and an owner");
    }
}
