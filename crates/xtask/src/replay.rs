//! Replaying histories: what every CI run does with two small ones, with real ones.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Result,
    accuracy::{judges, make_folder},
    postgres,
    shell::{self, cargo},
};

/// The releases that are replayed, in their order: `NAME==VERSION SHA256` a line.
const RELEASES: &str = include_str!("../releases.txt");

/// A history.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum History {
    /// The commits of this repository, or of the one that `--repository` names.
    Commits,
    /// Successive releases of packages of PyPI, with an edit of a callee after each.
    Releases,
}

/// What the command is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// This history only; without one, both.
    #[arg(value_enum)]
    history: Option<History>,

    /// The last so many steps of each.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,

    /// A git repository whose commits are replayed, instead of this one's.
    #[arg(long, value_name = "DIRECTORY")]
    repository: Option<PathBuf>,
}

/// Replays what is asked for. A step after which rows differ is printed with table and rows, and fails the command.
pub(crate) fn run(options: &Options) -> Result {
    postgres::install_if_missing()?;
    let is_asked = |history| options.history.is_none_or(|asked| asked == history);
    let mut replay = cargo(&["test", "--release", "-p", "snake-pipe", "--test", "replay", "--"]);
    // One after the other, so that their words do not mix.
    replay.args(["--nocapture", "--test-threads=1"]);
    match options.history {
        Some(History::Commits) => drop(replay.arg("after_every_commit")),
        Some(History::Releases) => drop(replay.arg("after_every_release")),
        None => {}
    }
    if is_asked(History::Commits) {
        replay.env("REPLAY_REPOSITORY", repository(options.repository.as_deref())?);
    }
    if is_asked(History::Releases) {
        replay.env("REPLAY_RELEASES", releases()?);
    }
    if let Some(steps) = options.steps {
        replay.env("REPLAY_STEPS", steps.to_string());
    }
    shell::run(&mut replay)
}

/// The repository whose commits are replayed, once it is known to have all of them.
fn repository(asked: Option<&Path>) -> Result<PathBuf> {
    let folder = asked.map_or_else(shell::root, Path::to_owned);
    let folder =
        folder.canonicalize().map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let git = |arguments: &[&str]| shell::output(Command::new("git").args(arguments).current_dir(&folder));
    let no_history = || {
        format!(
            "{} has no history of git, as a source archive has none: run this in a clone, name one with --repository, or \
             replay `releases` alone",
            folder.display()
        )
    };
    let commits = git(&["rev-list", "--count", "--first-parent", "HEAD"]).ok_or_else(no_history)?;
    if git(&["rev-parse", "--is-shallow-repository"]).as_deref() == Some("true") {
        return Err(format!(
            "{} is a shallow clone with {commits} commits; fetch the others with `git fetch --unshallow`",
            folder.display()
        ));
    }
    Ok(folder)
}

/// The folder of the releases, each unpacked in a folder of its own; fetched once, into the user's cache.
fn releases() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    let cache = cache.ok_or("neither XDG_CACHE_HOME nor HOME is set")?.join("snake-pipe/replay");
    let (unpacked, wheels) = (cache.join("releases"), cache.join("wheels"));
    make_folder(&unpacked)?;
    make_folder(&wheels)?;
    let pins: Vec<_> = pins().collect::<Result<_>>()?;
    let is_missing = |pin: &&Pin| !unpacked.join(&pin.folder).exists();
    let missing: Vec<_> = pins.iter().filter(is_missing).collect();
    for (index, pin) in missing.iter().enumerate() {
        println!("fetching {}=={} ({} of {})", pin.name, pin.version, index + 1, missing.len());
        fetch(pin, &wheels, &unpacked.join(&pin.folder))?;
    }
    remove_others(&unpacked, &pins)?;
    Ok(unpacked)
}

/// One line of [`RELEASES`].
#[derive(Debug, PartialEq, Eq)]
struct Pin {
    name: &'static str,
    version: &'static str,
    sha256: &'static str,
    /// `NUMBER-NAME-VERSION`, so that names are in the order of the releases.
    folder: String,
}

fn pins() -> impl Iterator<Item = Result<Pin>> {
    let lines = RELEASES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.enumerate().map(|(index, line)| {
        let parts =
            line.split_once(' ').and_then(|(release, sha256)| Some((release.split_once("==")?, sha256)));
        let ((name, version), sha256) =
            parts.ok_or_else(|| format!("releases.txt: `{line}` is no release"))?;
        Ok(Pin { name, version, sha256, folder: format!("{:04}-{name}-{version}", index + 1) })
    })
}

/// Fetches a wheel through pip, which refuses one of another digest, and unpacks it, whole or not at all.
fn fetch(pin: &Pin, wheels: &Path, folder: &Path) -> Result {
    let cannot = |what: &str, path: &Path, error| format!("cannot {what} {}: {error}", path.display());
    let requirement = wheels.join("requirement.txt");
    let text = format!("{}=={} --hash=sha256:{}\n", pin.name, pin.version, pin.sha256);
    fs::write(&requirement, &text).map_err(|error| cannot("write", &requirement, error))?;
    let (python, _) = judges::python_program()?;
    // What runs everywhere, whatever Python this is.
    let wheel = ["--only-binary", ":all:", "--platform", "any", "--implementation", "py", "--abi", "none"];
    let mut download = Command::new(&python);
    download.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    download.args(wheel).args(["--python-version", "3.13", "--require-hashes", "--requirement"]);
    let fetched = wheels.join("fetched");
    drop(fs::remove_dir_all(&fetched));
    download.arg(&requirement).arg("--dest").arg(&fetched);
    if shell::output(&mut download).is_none() {
        return Err(format!("pip cannot fetch {text}by `{}`; run that to see why", shell::Shown(&download)));
    }
    let unpack = "import os, sys, zipfile; folder = sys.argv[1]; [zipfile.ZipFile(os.path.join(folder, name)).extractall(sys.argv[2]) for name in os.listdir(folder)]";
    let aside = wheels.join("unpacked");
    drop(fs::remove_dir_all(&aside));
    shell::output(Command::new(&python).args(["-c", unpack]).arg(&fetched).arg(&aside))
        .ok_or_else(|| format!("{}=={} cannot be unpacked", pin.name, pin.version))?;
    fs::rename(&aside, folder).map_err(|error| cannot("make", folder, error))
}

/// Removes releases that are pinned no more: each folder is a step.
fn remove_others(unpacked: &Path, pins: &[Pin]) -> Result {
    let cannot = |error| format!("cannot read {}: {error}", unpacked.display());
    for entry in fs::read_dir(unpacked).map_err(cannot)?.flatten() {
        if !pins.iter().any(|pin| entry.file_name() == pin.folder.as_str()) {
            fs::remove_dir_all(entry.path()).map_err(cannot)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{pins, repository};

    #[test]
    fn every_release_is_pinned_by_its_digest_and_stands_there_once() {
        let pins: Vec<_> = pins().collect::<Result<_, _>>().unwrap();
        assert!(pins.len() >= 150, "{} releases", pins.len());
        assert!(pins.iter().all(|pin| pin.sha256.len() == 64));
        let different: BTreeSet<_> = pins.iter().map(|pin| (pin.name, pin.version)).collect();
        assert_eq!(different.len(), pins.len());
        assert!(pins[0].folder.starts_with("0001-"), "{}", pins[0].folder);
    }

    #[test]
    fn without_history_there_is_a_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let message = repository(Some(folder.path())).unwrap_err();
        assert!(message.contains("--repository") && message.contains("releases"), "{message}");
    }
}
