//! What a source tree is: its name, and what git says about it.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use snake_pipe_core::{
    Result,
    load::{Repository, Snapshot},
};

use super::walk::readable_root;

/// What a source tree is. What git would say is unset where there is no git, no work tree, or git refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceDescription {
    /// The normalised remote (`github.com/org/app`); without one, the name of the tree's directory.
    pub name: String,
    /// The branch that is checked out; empty where none is.
    pub ref_name: String,
    /// The commit that is checked out.
    pub commit: Option<String>,
    /// Whether tracked files differ from the commit; as in `git describe --dirty`, untracked ones do not count: the
    /// database that a load writes may be one of them.
    pub is_dirty: Option<bool>,
    /// The remote's address without credentials.
    pub remote: Option<String>,
    /// The tree's root, absolute.
    pub root: PathBuf,
    /// Why git gave no answer, where there seems to be a work tree.
    pub warning: Option<String>,
}

impl SourceDescription {
    /// The repository that the tree is loaded as, unless configured otherwise.
    #[must_use]
    pub fn repository(&self) -> Repository {
        Repository {
            name: self.name.clone(),
            ref_name: self.ref_name.clone(),
            remote: self.remote.clone(),
            root: Some(self.root.to_string_lossy().into_owned()),
        }
    }

    /// The state that git says is checked out.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            commit: self.commit.clone(),
            branch: (!self.ref_name.is_empty()).then(|| self.ref_name.clone()),
            is_dirty: self.is_dirty,
            ..Snapshot::default()
        }
    }
}

/// Says what the tree at `root` is. A directory within a git work tree is named by the remote and its place in it.
///
/// # Errors
/// `NotFound` if `root` does not exist, `Configuration` if it is no directory, `Io` if it cannot be listed.
pub fn describe(root: &Path) -> Result<SourceDescription> {
    let root = readable_root(root)?;
    let name = directory_name(&root);
    let mut description = SourceDescription { name, root, ..SourceDescription::default() };
    if !description.root.ancestors().any(|directory| directory.join(".git").exists()) {
        return Ok(description);
    }
    match git(&description.root, &["rev-parse", "--show-prefix"]) {
        Ok(prefix) => ask_git(&mut description, &prefix),
        Err(reason) => description.warning = Some(reason),
    }
    Ok(description)
}

fn ask_git(description: &mut SourceDescription, prefix: &str) {
    let root = description.root.clone();
    let ask = |arguments: &[&str]| git(&root, arguments).ok().filter(|answer| !answer.is_empty());
    description.ref_name = ask(&["symbolic-ref", "--quiet", "--short", "HEAD"]).unwrap_or_default();
    description.commit = ask(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
    // Without optional locks, a load that only reads does not disturb a git command that runs beside it.
    description.is_dirty =
        git(&root, &["--no-optional-locks", "status", "--porcelain", "--untracked-files=no", "--", "."])
            .ok()
            .map(|changes| !changes.is_empty());
    let remote = ask(&["config", "--get", "remote.origin.url"]).or_else(|| {
        let first = ask(&["remote"])?.lines().next()?.to_owned();
        ask(&["config", "--get", &format!("remote.{first}.url")])
    });
    if let Some(remote) = remote.map(|remote| without_credentials(&remote)) {
        if let Some(name) = normalised(&remote) {
            let within = prefix.trim_end_matches('/');
            description.name = if within.is_empty() { name } else { format!("{name}/{within}") };
        }
        description.remote = Some(remote);
    }
}

/// Runs git in `root` and gives its answer, or why there is none.
fn git(root: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        // A repository may configure programs that git runs; a load is no reason to run one.
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "core.fsmonitor")
        .env("GIT_CONFIG_VALUE_0", "false")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("git cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("git gave no answer: {}", said.lines().next().unwrap_or("no reason given")))
}

fn directory_name(root: &Path) -> String {
    root.file_name().unwrap_or(OsStr::new("root")).to_string_lossy().into_owned()
}

/// The address without a user name and password. In the short form of SSH (`git@host:path`) the user is no secret.
fn without_credentials(remote: &str) -> String {
    let Some((scheme, rest)) = remote.split_once("://") else { return remote.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    // A token may be given behind the path as well.
    let path = path.split(['?', '#']).next().unwrap_or(path);
    format!("{scheme}://{host}{path}")
}

/// `github.com/org/app` from any form of its address; none for a path on this machine.
fn normalised(remote: &str) -> Option<String> {
    let (host, path) = match remote.split_once("://") {
        Some((scheme, rest)) if !scheme.eq_ignore_ascii_case("file") => rest.split_once('/')?,
        Some(_) => return None,
        None => {
            let (host, path) = remote.split_once(':').filter(|(host, _)| !host.contains('/'))?;
            (host.rsplit_once('@').map_or(host, |(_, host)| host), path)
        }
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host).to_lowercase();
    let host = [":443", ":80", ":22"].iter().find_map(|port| host.strip_suffix(port)).unwrap_or(&host);
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    (!host.is_empty() && !path.is_empty()).then(|| format!("{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_remote_gives_the_same_name() {
        for remote in [
            "https://github.com/org/app",
            "https://github.com/org/app.git",
            "https://GitHub.com:443/org/app/",
            "git@github.com:org/app.git",
            "ssh://git@github.com:22/org/app.git",
            "git://github.com/org/app",
        ] {
            assert_eq!(normalised(remote).as_deref(), Some("github.com/org/app"), "{remote}");
        }
    }

    #[test]
    fn a_remote_on_this_machine_gives_no_name() {
        for remote in ["/srv/git/app.git", "../app", "file:///srv/git/app.git", "./a:b"] {
            assert_eq!(normalised(remote), None, "{remote}");
        }
    }

    #[test]
    fn credentials_are_not_kept() {
        for (remote, kept) in [
            ("https://user:p@ss@host/org/app", "https://host/org/app"),
            ("https://token@host/org/app.git", "https://host/org/app.git"),
            ("https://host/org/app?token=x", "https://host/org/app"),
            ("git@host:org/app.git", "git@host:org/app.git"),
        ] {
            assert_eq!(without_credentials(remote), kept);
        }
    }

    fn run(directory: &Path, arguments: &[&str]) {
        git(directory, arguments).unwrap_or_else(|reason| panic!("{arguments:?}: {reason}"));
    }

    #[test]
    fn a_directory_without_git_is_known_by_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("my app");
        std::fs::create_dir(&root).unwrap();
        let description = describe(&root).unwrap();
        assert_eq!((description.name.as_str(), description.ref_name.as_str()), ("my app", ""));
        assert_eq!((description.commit, description.is_dirty, description.warning), (None, None, None));
    }

    #[test]
    fn a_work_tree_is_known_by_its_remote_branch_and_commit() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        run(root, &["init", "--quiet", "--initial-branch=trunk"]);
        run(root, &["remote", "add", "origin", "https://me:secret@example.org/org/app.git"]);
        std::fs::write(root.join("a.c"), "int a;").unwrap();
        assert_eq!(describe(root).unwrap().commit, None);
        run(root, &["add", "."]);
        run(root, &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "a"]);
        let description = describe(root).unwrap();
        assert_eq!(description.name, "example.org/org/app");
        assert_eq!(description.ref_name, "trunk");
        assert_eq!(description.remote.as_deref(), Some("https://example.org/org/app.git"));
        std::fs::write(root.join("code.db"), "").unwrap();
        assert_eq!(describe(root).unwrap().is_dirty, Some(false));
        std::fs::write(root.join("a.c"), "int b;").unwrap();
        assert_eq!(describe(root).unwrap().is_dirty, Some(true));
        assert_eq!(description.commit.unwrap().len(), 40);
    }

    #[test]
    fn a_part_of_a_work_tree_has_a_name_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        run(root, &["init", "--quiet"]);
        run(root, &["remote", "add", "origin", "git@example.org:org/app.git"]);
        std::fs::create_dir_all(root.join("services/api")).unwrap();
        assert_eq!(describe(&root.join("services/api")).unwrap().name, "example.org/org/app/services/api");
    }

    #[test]
    fn a_broken_work_tree_is_loaded_with_a_warning() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(".git"), "gitdir: /nowhere").unwrap();
        let description = describe(directory.path()).unwrap();
        assert!(description.warning.unwrap().starts_with("git gave no answer"));
        assert_eq!(description.ref_name, "");
    }
}
