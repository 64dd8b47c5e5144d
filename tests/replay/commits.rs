//! The commits of a git repository, one after the other.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{replay::History, skipped};

/// The first parents of what is checked out, oldest first.
pub(crate) struct Commits {
    repository: PathBuf,
    commits: Vec<String>,
    next: usize,
}

impl Commits {
    pub(crate) fn of(repository: &Path) -> Self {
        let listed = git(repository, &["rev-list", "--reverse", "--first-parent", "HEAD"]);
        let commits: Vec<_> = listed.lines().map(str::to_owned).collect();
        let next = skipped(commits.len());
        Self { repository: repository.to_owned(), commits, next }
    }
}

impl History for Commits {
    fn name(&self) -> &'static str {
        "commits"
    }

    fn steps(&self) -> usize {
        self.commits.len() - self.next
    }

    fn begin(&mut self, tree: &Path) {
        // A clone has an index of its own, so that the repository itself is only read.
        let from = self.repository.canonicalize().unwrap();
        let from = from.to_str().expect("the repository's path is UTF-8");
        git(tree, &["clone", "--quiet", "--shared", "--no-checkout", from, "."]);
    }

    fn step(&mut self, tree: &Path, _: &str) -> Option<String> {
        let commit = self.commits.get(self.next)?;
        self.next += 1;
        git(tree, &["checkout", "--quiet", "--force", "--detach", commit]);
        Some(git(tree, &["log", "-1", "--format=%h %s"]).trim().to_owned())
    }
}

/// What git says, run in this folder, without what users have configured.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Replay", "-c", "user.email=replay@example.invalid"]);
    command.args(["-c", "advice.detachedHead=false", "-c", "init.defaultBranch=main"]);
    // The tree may belong to somebody else than whoever replays it.
    command.args(["-c", "safe.directory=*"]);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.args(arguments).current_dir(folder).output().expect("git can be run");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?} in {}: {words}", folder.display());
    String::from_utf8_lossy(&output.stdout).into_owned()
}
