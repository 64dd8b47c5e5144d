//! How right the facts are: the extractor against the languages' own parsers on public code.

mod compare;
pub(crate) mod corpora;
mod extracted;
mod fact;
pub(crate) mod judges;
mod measures;
#[cfg(test)]
mod ratchet;
pub(crate) mod report;

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::json;

pub(crate) use self::judges::install_python_if_missing;
use self::{
    compare::{Comparison, Difference},
    corpora::Corpus,
    fact::FileFacts,
    judges::Judge,
};
use crate::{
    Result,
    shell::{self, Shown, cargo},
};

/// What the command is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// These languages only; without one, all that have a judge.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(judges::names()))]
    languages: Vec<String>,

    /// A tree to compare on, instead of the pinned corpora; then no report is written to docs/.
    #[arg(long, value_name = "DIRECTORY")]
    corpus: Option<PathBuf>,

    /// A `snake-pipe` that is built already, instead of building one with optimisation.
    #[arg(long, value_name = "PROGRAM")]
    extractor: Option<PathBuf>,
}

/// Measures every language asked for, and writes its section of docs/accuracy.md.
pub(crate) fn run(options: &Options) -> Result {
    let extractor = match &options.extractor {
        Some(program) => {
            fs::canonicalize(program).map_err(|error| format!("cannot run {}: {error}", program.display()))?
        }
        None => build_extractor()?,
    };
    let is_asked = |judge: &&'static Judge| {
        options.languages.is_empty() || options.languages.iter().any(|name| name == judge.language)
    };
    let mut last = None;
    let judged = judges::all().into_iter().filter(is_asked).map(|judge| {
        let measured =
            measure(judge, &extractor, options.corpus.as_deref(), &mut last).and_then(|measured| {
                print!("{}", report::table(judge, &measured));
                if options.corpus.is_none() { report::write(judge, &measured) } else { Ok(()) }
            });
        (judge.language, measured)
    });
    all_or_their_failures(judged)
}

/// Goes through every part, also behind one that fails, and says at the end which failed and why.
pub(crate) fn all_or_their_failures(parts: impl Iterator<Item = (&'static str, Result)>) -> Result {
    let mut failed = Vec::new();
    for (name, result) in parts {
        if let Err(error) = result {
            println!("{name}: not measured: {error}");
            failed.push(format!("  {name}: {error}"));
        }
    }
    match failed.len() {
        0 => Ok(()),
        count => Err(format!("{count} not measured, the others are:\n{}", failed.join("\n"))),
    }
}

/// What was measured of a language.
pub(crate) struct Measured {
    /// The counts.
    pub(crate) comparison: Comparison,
    /// Files that the judge could not read.
    pub(crate) unread_by_judge: u64,
    /// Files that the judge read and the extractor has no facts of.
    pub(crate) missing: u64,
    /// Which version of the judge it was.
    pub(crate) version: String,
    /// What is not as it was asked for in the corpus.
    pub(crate) notes: Vec<String>,
}

/// Fetches the corpus, runs both sides, compares, and keeps the differences under target/accuracy/.
fn measure(
    judge: &'static Judge,
    extractor: &Path,
    corpus: Option<&Path>,
    last: &mut Option<Extraction>,
) -> Result<Measured> {
    let folder = shell::root().join("target/accuracy").join(judge.language);
    make_folder(&folder)?;
    let Corpus { folder: corpus, notes } = match corpus {
        Some(corpus) => Corpus { folder: corpus.to_owned(), notes: Vec::new() },
        None => corpora::fetch(judge.of_facts())?,
    };
    let judged = folder.join("judge.ndjson");
    let (mut command, version) = (judge.command)(&corpus)?;
    into_file(&mut command, &judged)?;
    let languages = judge.of_facts().extracted;
    let ours = match last.take().filter(|it| it.corpus == corpus && it.languages == languages) {
        Some(extraction) => last.insert(extraction),
        None => last.insert(extract(extractor, corpus, languages, &folder)?),
    };
    let measured =
        Measured { comparison: Comparison::default(), unread_by_judge: 0, missing: 0, version, notes };
    join(judge, &judged, &ours.by_path, &folder, measured)
}

/// What the extractor said of a corpus: several judges may follow each other on the same one.
struct Extraction {
    corpus: PathBuf,
    languages: &'static [&'static str],
    by_path: HashMap<String, String>,
}

fn extract(
    extractor: &Path,
    corpus: PathBuf,
    languages: &'static [&'static str],
    folder: &Path,
) -> Result<Extraction> {
    let extracted = folder.join("extracted.ndjson");
    let mut extract = Command::new(extractor);
    extract.args(["extract", "--ast", "none"]).args(languages.iter().flat_map(|name| ["--language", name]));
    // The facts that an earlier build left in the user's cache must not answer for this one.
    extract.arg(&corpus).env("XDG_CACHE_HOME", folder.join("cache"));
    into_file(&mut extract, &extracted)?;
    Ok(Extraction { by_path: by_path(&extracted)?, corpus, languages })
}

fn join(
    judge: &Judge,
    judged: &Path,
    ours: &HashMap<String, String>,
    folder: &Path,
    mut measured: Measured,
) -> Result<Measured> {
    let mut differences = Differences::create(folder)?;
    let mut lines = lines(judged)?;
    let head = lines.next().ok_or("the judge says nothing")??;
    let scope = serde_json::from_str(&head).map_err(|error| format!("the judge's first line: {error}"))?;
    measured.comparison = Comparison::of(scope);
    let places = judge.places;
    for line in lines {
        let judge = FileFacts::of_judge(&line?)?;
        if let Some(error) = &judge.error {
            measured.unread_by_judge += 1;
            differences.note(&judge.path, "unread by the judge", error)?;
            continue;
        }
        let Some(line) = ours.get(&judge.path) else {
            measured.missing += 1;
            differences.note(&judge.path, "not extracted", "")?;
            continue;
        };
        let mut written = Ok(());
        measured.comparison.add(judge, extracted::file_facts(line, places)?, &mut |difference| {
            if written.is_ok() {
                written = differences.add(&difference);
            }
        });
        written?;
    }
    differences.finish()?;
    Ok(measured)
}

/// The files in which differences are kept, one a kind of fact or attribute.
struct Differences {
    folder: PathBuf,
    files: HashMap<String, BufWriter<File>>,
}

impl Differences {
    fn create(folder: &Path) -> Result<Self> {
        let folder = folder.join("differences");
        // What an earlier run left would be taken for what this one found.
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .map_err(|error| format!("cannot empty {}: {error}", folder.display()))?;
        }
        make_folder(&folder)?;
        Ok(Self { folder, files: HashMap::new() })
    }

    fn add(&mut self, difference: &Difference) -> Result {
        let Difference { path, row, judge, ours, is_partial } = difference;
        let side = match (judge, ours) {
            (Some(_), None) => "missed",
            (None, _) => "false",
            (Some(_), Some(_)) => "differs",
        };
        let json = json!({
            "path": path, "side": side, "partial": is_partial,
            "judge": judge.as_ref().map(fact::Fact::to_json), "ours": ours.as_ref().map(fact::Fact::to_json),
        });
        self.write(row, &json.to_string())
    }

    fn note(&mut self, path: &str, name: &str, reason: &str) -> Result {
        self.write(name, &json!({ "path": path, "reason": reason }).to_string())
    }

    fn write(&mut self, name: &str, line: &str) -> Result {
        let path = self.folder.join(format!("{}.ndjson", name.replace([':', ' '], "-").replace("--", "-")));
        if !self.files.contains_key(name) {
            let file =
                File::create(&path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            self.files.insert(name.to_owned(), BufWriter::new(file));
        }
        match self.files.get_mut(name).map(|file| writeln!(file, "{line}")) {
            Some(Err(error)) => Err(format!("cannot write {}: {error}", path.display())),
            _ => Ok(()),
        }
    }

    fn finish(self) -> Result {
        for (name, mut file) in self.files {
            file.flush().map_err(|error| format!("cannot write the differences of {name}: {error}"))?;
        }
        Ok(())
    }
}

/// The extractor's lines by the path that they speak of.
fn by_path(file: &Path) -> Result<HashMap<String, String>> {
    let mut by_path = HashMap::new();
    for line in lines(file)? {
        let line = line?;
        // Every line begins with `{"path":"…"`; only those that are compared are parsed as a whole.
        let path = line.strip_prefix("{\"path\":").and_then(|rest| {
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            values.next()?.ok()
        });
        by_path.insert(path.ok_or("a line of the extractor does not begin with its path")?, line);
    }
    Ok(by_path)
}

fn lines(file: &Path) -> Result<impl Iterator<Item = Result<String>>> {
    let name = file.display().to_string();
    let lines =
        BufReader::new(File::open(file).map_err(|error| format!("cannot read {name}: {error}"))?).lines();
    Ok(lines.map(move |line| line.map_err(|error| format!("cannot read {name}: {error}"))))
}

/// Runs a program with its output in a file.
pub(crate) fn into_file(command: &mut Command, file: &Path) -> Result {
    let shown = Shown(command).to_string();
    println!("$ {shown} > {}", file.display());
    let out = File::create(file).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    let status = command.stdin(Stdio::null()).stdout(out).status();
    let status = status.map_err(|error| format!("cannot run `{shown}`: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` failed ({status})")) }
}

pub(crate) fn make_folder(folder: &Path) -> Result {
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))
}

/// The extractor alone, without any backend.
fn build_extractor() -> Result<PathBuf> {
    shell::run(&mut cargo(&["build", "--release", "--package", "snake-pipe", "--no-default-features"]))?;
    Ok(build_folder()?.join("release/snake-pipe"))
}

/// Where programs are built.
pub(crate) fn build_folder() -> Result<PathBuf> {
    let target = shell::metadata()?["target_directory"].as_str().map(PathBuf::from);
    target.ok_or_else(|| "`cargo metadata` names no target directory".to_owned())
}
