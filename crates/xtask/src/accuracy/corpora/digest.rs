//! The digests of the archives that corpora are unpacked from: what is measured tomorrow is what was measured today.
//!
//! The registries' clients compare an archive with what the registry says; the list of digests in the repository also sees a
//! registry that says something else than it once did.

use std::{fs, path::Path, process::Command};

use crate::{Result, accuracy::judges, shell};

/// Where the digests are, from the root of the repository.
const FILE: &str = "crates/xtask/judges/corpora.sha256";

/// Compares an archive with the digest that the list has of a part of a corpus; one that is not in the list yet is put there.
pub(super) fn check(archive: &Path, part: &str) -> Result {
    let (python, _) = judges::python_program()?;
    let program = "import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())";
    let found = shell::output(Command::new(python).args(["-c", program]).arg(archive));
    let found = found.ok_or_else(|| format!("cannot read {}", archive.display()))?;
    let path = shell::root().join(FILE);
    let list = fs::read_to_string(&path).map_err(|error| format!("cannot read {FILE}: {error}"))?;
    match digest_of(&list, part) {
        Some(expected) if expected == found => Ok(()),
        Some(expected) => Err(format!(
            "{part} is another archive than the one that was measured: its SHA-256 is {found}, not {expected} ({FILE})"
        )),
        None => {
            println!("note: {FILE} has no digest of {part} yet: it is {found} from now on");
            fs::write(&path, with(&list, part, &found))
                .map_err(|error| format!("cannot write {FILE}: {error}"))
        }
    }
}

fn digest_of<'a>(list: &'a str, part: &str) -> Option<&'a str> {
    list.lines().find_map(|line| line.split_once("  ").filter(|(_, name)| *name == part)).map(|(it, _)| it)
}

/// The list with one more line, in the order of the names.
fn with(list: &str, part: &str, digest: &str) -> String {
    let added = format!("{digest}  {part}");
    let mut lines: Vec<&str> = list.lines().chain([added.as_str()]).collect();
    lines.sort_by_key(|line| line.split_once("  ").map(|(_, name)| name));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::{digest_of, with};

    #[test]
    fn a_digest_is_found_by_the_whole_name_of_its_part() {
        let list = with(&with("", "dask-2024.5.2", "ab"), "dask-2024", "cd");
        assert_eq!(list, "cd  dask-2024\nab  dask-2024.5.2\n");
        assert_eq!((digest_of(&list, "dask-2024"), digest_of(&list, "dask")), (Some("cd"), None));
    }
}
