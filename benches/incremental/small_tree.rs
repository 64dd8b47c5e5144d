//! One changed file in a tree of a thousand, by the command line as one types it.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use snake_pipe_core::{Error, ErrorKind, Result};
use snake_pipe_testkit::postgres::PostgresCluster;

use crate::judgement::Report;

const FILES: usize = 1_000;
const REPETITIONS: usize = 20;
const COMMIT_MS: f64 = 100.0;
const DATABASE: &str = "small_tree";

/// Loads the tree, then changes one file again and again.
pub(crate) fn measure(report: &mut Report, cluster: &PostgresCluster) -> Result<()> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let (tree, cache) = (folder.path().join("tree"), folder.path().join("cache"));
    for number in 0..FILES {
        let path = tree.join(format!("part{}/module{number}.py", number % 31));
        fs::create_dir_all(path.parent().unwrap_or(&tree))?;
        fs::write(path, source(number, 0))?;
    }
    let urls = [
        ("the Unix socket", cluster.create_database(DATABASE)?),
        ("TCP", cluster.database_tcp_url(DATABASE)),
    ];
    // Each content is one that was never there.
    let mut versions = 1..;
    for (way, url) in urls {
        load(&tree, &url, &cache)?;
        let (mut committed, mut ended) = (Vec::new(), Vec::new());
        for repetition in 1..=REPETITIONS {
            let number = repetition * 37 % FILES;
            let path = tree.join(format!("part{}/module{number}.py", number % 31));
            fs::write(path, source(number, versions.next().unwrap_or_default()))?;
            let (begin, at) = (Instant::now(), SystemTime::now());
            load(&tree, &url, &cache)?;
            ended.push(begin.elapsed());
            let commit = last_commit(cluster)?.checked_sub(since_1970(at));
            let nothing = || Error::new(ErrorKind::Internal, "the change was not committed");
            committed.push(commit.ok_or_else(nothing)?);
        }
        let figure = format!("one changed file of {FILES}, from command to");
        report.add_percentile(format!("{figure} commit over {way}"), 50, committed.clone(), COMMIT_MS);
        report.add_percentile(format!("{figure} commit over {way}"), 95, committed, COMMIT_MS);
        report.add_percentile(format!("{figure} end over {way}"), 50, ended, COMMIT_MS);
    }
    Ok(())
}

/// A module that imports another one and calls it.
fn source(number: usize, version: usize) -> String {
    let other = (number * 7 + 1) % FILES;
    format!(
        "import part{}.module{other} as other\n\n\nclass Store{number}:\n    size = {version}\n\n    \
         def put(self, key, value):\n        if key:\n            return other.get_{other}(value)\n        \
         return None\n\n\ndef get_{number}(key):\n    store = Store{number}()\n    return store.put(key, {version})\n",
        other % 31
    )
}

fn load(tree: &Path, url: &str, cache: &Path) -> Result<()> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snake-pipe"));
    // Nothing that the developer has set takes part.
    command.env_clear().env("XDG_CACHE_HOME", cache).current_dir(cache.parent().unwrap_or(tree));
    let output = command.arg("load").arg(tree).args(["--to", url]).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Internal, "the small tree was not loaded")
        .with_context("stderr", String::from_utf8_lossy(&output.stderr).trim_end()))
}

/// When the last snapshot was committed, by the server's clock, which is ours.
fn last_commit(cluster: &PostgresCluster) -> Result<Duration> {
    let seconds = cluster
        .psql_in(DATABASE, "SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin))) FROM snapshots")?;
    let failed = || Error::new(ErrorKind::Internal, format!("`{seconds}` is no time"));
    seconds.trim().parse::<f64>().map(Duration::from_secs_f64).map_err(|_| failed())
}

fn since_1970(at: SystemTime) -> Duration {
    at.duration_since(UNIX_EPOCH).unwrap_or_default()
}
