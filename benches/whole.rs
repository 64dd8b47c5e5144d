//! A whole tree into a PostgreSQL of its own, by the command line as one types it: `cargo xtask whole DIRECTORY`.
//!
//! The first load against parsing alone, which `cargo xtask whole` measures before, its peak of memory, the tree unchanged, and one
//! file changed and changed back. The files are linked to, not copied, where the file system allows it, and the tree itself is left as it
//! is. Exits non-zero when a figure misses its limit.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what this program is for")]

#[expect(dead_code, reason = "other programs judge rates too")]
mod judgement;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use judgement::{Limit, Report};
use snake_pipe_core::{Error, ErrorKind, Result};
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster};

const WHOLE_TIMES_FLOOR: f64 = 1.6;
const MEMORY_MB: f64 = 512.0;
const AGAIN_MS: f64 = 1_000.0;
/// How often the unchanged tree is loaded; the median counts.
const REPETITIONS: usize = 5;
/// How often it is looked how much memory the program has taken so far.
const WATCH_INTERVAL: Duration = Duration::from_millis(20);
/// The file that changes is one of these sizes.
const CHANGED_BYTES: std::ops::Range<u64> = 5_000..50_000;

fn main() -> ExitCode {
    match measure() {
        Ok(report) => {
            println!("{report}");
            if report.failures() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<Report> {
    let given = |name: &str| {
        let missing = || Error::new(ErrorKind::Configuration, format!("{name} is not set"));
        env::var_os(name)
            .ok_or_else(|| missing().with_help("run `cargo xtask whole DIRECTORY`, which sets it"))
    };
    let source = PathBuf::from(given("SNAKE_PIPE_WHOLE_TREE")?);
    let floor = given("SNAKE_PIPE_WHOLE_FLOOR_SECONDS")?.to_string_lossy().parse::<f64>();
    let floor =
        floor.map_err(|_| Error::new(ErrorKind::Configuration, "the floor is no number of seconds"))?;
    // Not below this repository, whose ignore files would leave nothing of the tree.
    let folder = tempfile::tempdir()?;
    let tree = folder.path().join(source.file_name().unwrap_or("tree".as_ref()));
    link_tree(&source, &tree)?;
    let options = ClusterOptions::durable().setting("max_wal_size", "4GB").setting("shared_buffers", "512MB");
    let cluster = PostgresCluster::start(options)?;
    let loads =
        Loads { tree: &tree, url: cluster.create_database("whole")?, cache: folder.path().join("cache") };

    let mut report = Report::default();
    let first = loads.load()?;
    println!("{}", first.told);
    if first.told.contains(": 0 files") {
        return Err(Error::new(ErrorKind::Internal, "nothing of the tree was loaded")
            .with_help("ignore files above it may name it; move it elsewhere"));
    }
    let times = first.wall.as_secs_f64() / floor;
    report.add(
        format!("first load ÷ parsing alone ({floor:.1} s)"),
        times,
        Limit::below(WHOLE_TIMES_FLOOR, ""),
    );
    report.add("first load, peak memory", first.peak_mb, Limit::below(MEMORY_MB, " MB"));
    let unchanged = (0..REPETITIONS).map(|_| Ok(loads.load()?.wall)).collect::<Result<Vec<_>>>()?;
    report.add_percentile("unchanged, from command to end", 50, unchanged, AGAIN_MS);
    let changed = file_to_change(&tree)?;
    let before = fs::read(&changed)?;
    // Every line is another.
    for (what, content) in [("changed", [b"\n", &*before].concat()), ("changed back", before.clone())] {
        // Not through the link: the tree itself stays as it is.
        fs::remove_file(&changed)?;
        fs::write(&changed, content)?;
        let wall = loads.load()?.wall;
        report.add(
            format!("one file {what}, from command to end"),
            wall.as_secs_f64() * 1e3,
            Limit::milliseconds(AGAIN_MS),
        );
    }
    println!("load average {}", fs::read_to_string("/proc/loadavg")?.trim_end());
    Ok(report)
}

/// The same tree, loaded into the same database again and again.
struct Loads<'a> {
    tree: &'a Path,
    url: String,
    cache: PathBuf,
}

/// What one load took and said.
struct Load {
    wall: Duration,
    peak_mb: f64,
    told: String,
}

impl Loads<'_> {
    fn load(&self) -> Result<Load> {
        let begin = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_snake-pipe"));
        // Nothing that the developer has set takes part.
        command.env_clear().env("XDG_CACHE_HOME", &self.cache).args(["load", "--timings", "--to", &self.url]);
        command.arg(self.tree).stdout(Stdio::piped()).current_dir(self.tree.parent().unwrap_or(self.tree));
        let mut child = command.spawn()?;
        let (mut peak_mb, id) = (0.0, child.id());
        while child.try_wait()?.is_none() {
            peak_mb = memory_mb(id).unwrap_or(peak_mb);
            thread::sleep(WATCH_INTERVAL);
        }
        let wall = begin.elapsed();
        let output = child.wait_with_output()?;
        if !output.status.success() {
            return Err(Error::new(ErrorKind::Internal, "the tree was not loaded"));
        }
        Ok(Load { wall, peak_mb, told: String::from_utf8_lossy(&output.stdout).into_owned() })
    }
}

/// The most memory that a process ever had, as Linux tells it.
fn memory_mb(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next())?;
    kibibytes.parse::<f64>().ok().map(|number| number * 1_024.0 / 1e6)
}

/// Makes the same folders with links to the files; copies where it cannot.
fn link_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            link_tree(&entry.path(), &target)?;
        } else if kind.is_file() && fs::hard_link(entry.path(), &target).is_err() {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// A source file of a usual size: the first by path.
fn file_to_change(folder: &Path) -> Result<PathBuf> {
    const ENDINGS: [&str; 6] = ["c", "java", "py", "ts", "rs", "go"];
    fn find(folder: &Path) -> Result<Option<PathBuf>> {
        let mut entries = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let is_source =
                path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known));
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                if let Some(found) = find(&path)? {
                    return Ok(Some(found));
                }
            } else if is_source && CHANGED_BYTES.contains(&metadata.len()) {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }
    find(folder)?
        .ok_or_else(|| Error::new(ErrorKind::NotFound, "the tree has no source file of a usual size"))
}
