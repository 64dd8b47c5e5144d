//! What a load tells when it ends.

use std::{borrow::Cow, time::Duration};

use serde::Serialize;
use snake_pipe_coordinator::{LaneStatus, LaneSummary, Outcome, RunSummary};
use snake_pipe_core::{Result, Value, load::PhaseTime};

use super::{
    arguments::Format,
    failure::Exit,
    load::Run,
    output::{colon_after, grouped, plural, print, print_json, repository_name},
    summary::Counts,
    table::table_of,
};

/// How many refused files or lines are named; the rest is counted.
const NAMED: usize = 10;

/// A load's report. Its JSON form is documented in `docs/json.md`.
#[derive(Serialize)]
pub(super) struct Report {
    run: RunSummary,
    seconds: f64,
    source: Option<SourceReport>,
    loaded: Counts,
    quarantined: Vec<QuarantinedReport>,
    nothing_removed: Option<String>,
    timings: Vec<Timing>,
    #[serde(skip)]
    asked: Vec<String>,
    #[serde(skip)]
    answers_sql: Vec<bool>,
}

#[derive(Serialize)]
struct SourceReport {
    files: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct QuarantinedReport {
    line: u64,
    object: Option<u64>,
    field: Option<String>,
    message: String,
    path: Option<String>,
}

#[derive(Serialize)]
struct Timing {
    phase: Cow<'static, str>,
    seconds: f64,
}

/// The phases, and what of the whole time is in none of them: together it is all of it.
fn timings(phases: Vec<PhaseTime>, elapsed: Duration) -> Vec<Timing> {
    let known: Duration = phases.iter().map(|phase| phase.duration).sum();
    let rest = PhaseTime { phase: "everything else".into(), duration: elapsed.saturating_sub(known) };
    let timing = |PhaseTime { phase, duration }| Timing { phase, seconds: duration.as_secs_f64() };
    phases.into_iter().chain([rest]).map(timing).collect()
}

impl Report {
    pub(super) fn new(run: Run, answers_sql: Vec<bool>, elapsed: Duration) -> Self {
        let quarantined = run.quarantined.into_iter().map(|piece| QuarantinedReport {
            line: piece.line,
            object: piece.object,
            field: piece.field,
            message: piece.message,
            path: piece.path.map(|path| path.as_str().to_owned()),
        });
        Self {
            run: run.summary,
            seconds: elapsed.as_secs_f64(),
            source: run.source.map(|(files, bytes)| SourceReport { files, bytes }),
            loaded: run.counts,
            quarantined: quarantined.collect(),
            nothing_removed: run.nothing_removed,
            timings: timings(run.phases, elapsed),
            asked: run.asked,
            answers_sql,
        }
    }

    /// What the program ends with.
    pub(super) fn exit(&self) -> Exit {
        match self.run.outcome {
            Outcome::Success if self.quarantined.is_empty() => Exit::Done,
            Outcome::Success | Outcome::PartlyFailed => Exit::Partly,
            Outcome::Failed => Exit::Failed,
            Outcome::Cancelled => Exit::Interrupted,
        }
    }

    pub(super) fn print(&self, format: Format, with_timings: bool) -> Result<()> {
        match format {
            Format::Json => print_json(self),
            Format::Text => print(|out| {
                write!(out, "{}", self.text())?;
                if with_timings {
                    write!(out, "\n{}", self.timings_text())?;
                }
                Ok(())
            }),
        }
    }

    fn text(&self) -> String {
        let mut text = self.headline();
        let is_anything_loaded = matches!(self.run.outcome, Outcome::Success | Outcome::PartlyFailed);
        if self.loaded.files > 0 && is_anything_loaded && !self.is_unchanged() {
            text.push('\n');
            text.push_str(&self.loaded.text());
        }
        if self.run.lanes.len() > 1 {
            text.push_str(&self.lanes_text());
        }
        for lane in &self.run.lanes {
            text.push_str(&trouble_of(lane));
        }
        text.push_str(&self.quarantined_text());
        if let Some(error) = &self.run.error {
            text.push_str(&format!("error: {}\n", error.message));
            text.push_str(&help_text(error.help.as_deref()));
        }
        if let Some(flag) = self.source_flag() {
            text.push_str(&format!("\nnext: snake-pipe query hotspots{flag}\n"));
        }
        text
    }

    fn is_unchanged(&self) -> bool {
        self.run.lanes.iter().all(|lane| lane.status == LaneStatus::Unchanged)
    }

    fn headline(&self) -> String {
        let repository = &self.run.repository;
        let name = repository_name(&repository.name, &repository.ref_name);
        let to: Vec<_> = self.run.lanes.iter().map(|lane| lane.address.as_str()).collect();
        let to = to.join(" and ");
        let seconds = self.seconds;
        let is_unchanged = self.is_unchanged();
        match (self.run.outcome, &self.source) {
            (Outcome::Success, None) if is_unchanged && self.loaded.files == 0 => {
                let why = match self.quarantined.len() {
                    0 => "the input holds no facts".to_owned(),
                    count => format!("none of {count} record{} is sound", plural(count)),
                };
                format!("nothing of {name} was loaded into {to}: {why}, {seconds:.2} s\n")
            }
            (Outcome::Success, source) if is_unchanged => {
                let files = source.as_ref().map_or(self.loaded.files, |source| source.files);
                let (files, ending) = (grouped(files), plural(files as usize));
                format!(
                    "{name} is unchanged: {files} file{ending} compared, nothing written to {to}, {seconds:.2} s\n"
                )
            }
            (Outcome::Success, source) => {
                let files = self.loaded.files;
                let of = source.as_ref().filter(|source| source.files != files);
                let of = of.map(|source| format!(" of {}", grouped(source.files))).unwrap_or_default();
                let removed: u64 = self.run.lanes.iter().map(|lane| lane.files_removed).max().unwrap_or(0);
                let removed = match removed {
                    0 => String::new(),
                    removed => format!(", removed {}", grouped(removed)),
                };
                let colon = colon_after(&to);
                let speed = self.loaded.bytes as f64 / seconds.max(1e-9) / 1e6;
                format!(
                    "loaded {name} into {to}{colon} {}{of} file{}{removed}, {:.1} MB in {seconds:.2} s ({speed:.1} MB/s)\n",
                    grouped(files),
                    plural(source.as_ref().map_or(files, |source| source.files) as usize),
                    self.loaded.bytes as f64 / 1e6,
                )
            }
            (Outcome::PartlyFailed, _) => format!("loaded {name} in part, {seconds:.2} s\n"),
            (Outcome::Failed, _) => format!("{name} was not loaded, {seconds:.2} s\n"),
            (Outcome::Cancelled, _) => {
                format!("interrupted after {seconds:.2} s; nothing half-loaded is visible\n")
            }
        }
    }

    fn lanes_text(&self) -> String {
        let columns = [
            "backend",
            "status",
            "written",
            "unchanged",
            "elsewhere",
            "removed",
            "refused",
            "owed",
            "rows",
            "seconds",
        ];
        let rows: Vec<_> = self
            .run
            .lanes
            .iter()
            .map(|lane| {
                let status = serde_json::to_value(lane.status).ok();
                let status =
                    status.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
                let numbers = [
                    lane.files_written,
                    lane.files_unchanged,
                    lane.files_elsewhere,
                    lane.files_removed,
                    lane.files_refused,
                    lane.owed_files,
                    lane.rows,
                ];
                [Value::Text(lane.address.clone()), Value::Text(status)]
                    .into_iter()
                    .chain(numbers.map(|number| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))))
                    .chain([Value::Real(lane.duration_ms as f64 / 1000.0)])
                    .collect::<Vec<_>>()
            })
            .collect();
        format!("{}\n", table_of(&columns.map(str::to_owned), &rows))
    }

    fn quarantined_text(&self) -> String {
        let mut text = String::new();
        for piece in self.quarantined.iter().take(NAMED) {
            let object = piece.object.map(|number| format!("object {number}, ")).unwrap_or_default();
            let field = piece.field.as_ref().map(|field| format!(", field {field}")).unwrap_or_default();
            text.push_str(&format!("refused: {object}line {}{field}: {}\n", piece.line, piece.message));
        }
        if self.quarantined.len() > NAMED {
            text.push_str(&format!("refused: {} more, see --format json\n", self.quarantined.len() - NAMED));
        }
        if !self.quarantined.is_empty() {
            text.push_str(
                "  help: mend these and load the same again, what is loaded already costs nothing; docs/facts.md describes \
                 the forms that --facts-format names\n",
            );
        }
        if let Some(why) = &self.nothing_removed {
            text.push_str(&format!("{why}\n"));
        }
        text
    }

    /// How the next command names a backend that holds the load and answers SQL; none if there is no such backend.
    fn source_flag(&self) -> Option<String> {
        let answers = |index: usize| self.answers_sql.get(index).copied().unwrap_or(false);
        let held =
            (0..self.run.lanes.len()).find(|index| self.run.lanes[*index].is_held() && answers(*index))?;
        Some(self.asked.get(held).map(|name| from_flag(name)).unwrap_or_default())
    }

    fn timings_text(&self) -> String {
        let columns = ["phase", "seconds", "share"].map(str::to_owned);
        let rows: Vec<_> = self
            .timings
            .iter()
            .map(|timing| {
                let share = timing.seconds / self.seconds.max(1e-9);
                vec![Value::Text(timing.phase.to_string()), Value::Real(timing.seconds), Value::Real(share)]
            })
            .collect();
        format!("{}\n", table_of(&columns, &rows))
    }
}

/// What helps where servers are restarted while loads run.
const WAITING: &str =
    "or let loads wait for a server that comes back: `return_within_seconds = 60` under [load]";

/// What stopped a backend, and what it refused.
fn trouble_of(lane: &LaneSummary) -> String {
    let mut text = String::new();
    if let Some(error) = &lane.error {
        text.push_str(&format!("{}: {}\n", lane.address, error.message));
        text.push_str(&help_text(error.help.as_deref()));
    }
    if lane.owed_files > 0 {
        text.push_str(&format!(
            "{}: {} file{} owed; repeat the load\n",
            lane.address,
            grouped(lane.owed_files),
            if lane.owed_files == 1 { " is" } else { "s are" },
        ));
        if lane.error.as_ref().is_some_and(|error| error.kind == "connection") {
            text.push_str(&help_text(Some(WAITING)));
        }
    }
    for letter in lane.dead_letters.iter().take(NAMED) {
        text.push_str(&format!("{}: refused {}: {}\n", lane.address, letter.path, letter.reason));
    }
    if lane.dead_letters.len() > NAMED {
        text.push_str(&format!("{}: refused {} more\n", lane.address, lane.dead_letters.len() - NAMED));
    }
    text
}

fn help_text(help: Option<&str>) -> String {
    help.map(|help| format!("  help: {}\n", help.replace('\n', "\n        "))).unwrap_or_default()
}

/// The word as a POSIX shell takes it.
/// `--from` with a backend as it is shown. What is hidden comes from elsewhere, and a comment says from where: the command works
/// as it stands.
fn from_flag(shown: &str) -> String {
    let without_password = shown.replacen(":***@", "@", 1);
    match (shown.contains("***"), without_password.contains("***")) {
        (false, _) => format!(" --from {}", shell_word(shown)),
        (true, false) => {
            let url = shell_word(&without_password);
            format!(" --from {url}  # the password: PGPASSWORD or ~/.pgpass")
        }
        (true, true) => {
            " --from URL  # the URL of this load: it holds a secret, which is not shown".to_owned()
        }
    }
}

fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::{from_flag, shell_word};

    #[test]
    fn the_next_command_names_no_password_that_does_not_work() {
        assert_eq!(from_flag("sqlite:code.db"), " --from sqlite:code.db");
        assert_eq!(
            from_flag("postgres://ada:***@db/code"),
            " --from postgres://ada@db/code  # the password: PGPASSWORD or ~/.pgpass"
        );
        assert_eq!(
            from_flag("postgres://db/code?password=***"),
            " --from URL  # the URL of this load: it holds a secret, which is not shown"
        );
    }

    #[test]
    fn the_next_command_can_be_pasted() {
        assert_eq!(shell_word("sqlite:a.db"), "sqlite:a.db");
        assert_eq!(shell_word("sqlite:a b.db"), "'sqlite:a b.db'");
        assert_eq!(shell_word("postgres://h/d?a=b&c=d"), "'postgres://h/d?a=b&c=d'");
    }
}
