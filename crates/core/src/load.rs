//! What a load is: its plan, its batches, its publication and their results.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Error, ErrorKind, Result,
    id::{FileKey, RepositoryId},
    model::TransformedAst,
    path::SourcePath,
    position::SourcePosition,
};

/// One line of history, by name: a project and a ref.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// The normalised remote (`github.com/org/app`), or the directory's name where there is none.
    pub name: String,
    /// The ref; empty where the source has none.
    pub ref_name: String,
    /// The remote without credentials.
    pub remote: Option<String>,
    /// The directory that was loaded.
    pub root: Option<String>,
}

impl Repository {
    /// A repository known by its name alone.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ref_name: String::new(), remote: None, root: None }
    }

    /// Its id, from name and ref.
    #[must_use]
    pub fn id(&self) -> RepositoryId {
        RepositoryId::of(&self.name, &self.ref_name)
    }

    /// Whether this is another project under the name of `held`: both remotes are known and differ, or one is not known and
    /// the directories are known and differ. Clones of one remote are the same project wherever they lie.
    #[must_use]
    pub fn is_other_source_than(&self, held: &Self) -> bool {
        match (&self.remote, &held.remote) {
            (Some(own), Some(held)) => own != held,
            _ => matches!((&self.root, &held.root), (Some(own), Some(held)) if own != held),
        }
    }
}

/// Which files a load speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of the repository's files, by key: what a backend holds beyond them is removed by the writer of the load. Files
    /// that did not change are listed here and need not be in a batch.
    Complete(Arc<BTreeSet<FileKey>>),
    /// Those in the batches alone.
    Partial,
}

/// What a backend had published of the repository when a load was planned: before its source was read. What is published
/// after that may be newer than what the load brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlannedOn {
    /// Nobody looked: the load replaces whatever is there.
    #[default]
    Anything,
    /// Nothing of the repository.
    Nothing,
    /// This was the last publication.
    Publication(Marker),
}

impl PlannedOn {
    /// A load that is planned now, where this was published last.
    #[must_use]
    pub fn held(marker: Option<Marker>) -> Self {
        marker.map_or(Self::Nothing, Self::Publication)
    }

    /// Whether the load may go on where this was published last.
    #[must_use]
    pub fn allows(self, held: Option<Marker>) -> bool {
        match self {
            Self::Anything => true,
            Self::Nothing => held.is_none(),
            Self::Publication(marker) => held == Some(marker),
        }
    }
}

/// What a run is about to load into one backend.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// What is loaded.
    pub repository: Repository,
    /// Which files the load speaks of.
    pub scope: Scope,
    /// What extraction and transformation the facts went through; stored with each file, part of the manifest's difference.
    pub producer_version: String,
    /// How many rows are expected, roughly; 0 when nobody knows. A backend may choose its way of loading by it.
    pub estimated_rows: u64,
    /// Take over a repository of the same name that was loaded from another remote or root.
    pub allow_other_source: bool,
    /// What the backend had published when the load was planned. Where it has published something else since, the load is
    /// refused.
    pub planned_on: PlannedOn,
}

impl LoadPlan {
    /// A load of what the batches hold and nothing else.
    #[must_use]
    pub fn partial(repository: Repository, producer_version: impl Into<String>) -> Self {
        Self {
            repository,
            scope: Scope::Partial,
            producer_version: producer_version.into(),
            estimated_rows: 0,
            allow_other_source: false,
            planned_on: PlannedOn::Anything,
        }
    }

    /// A load of the whole repository, which has these files and no others.
    #[must_use]
    pub fn complete(
        repository: Repository,
        producer_version: impl Into<String>,
        files: impl IntoIterator<Item = FileKey>,
    ) -> Self {
        let scope = Scope::Complete(Arc::new(files.into_iter().collect()));
        Self { scope, ..Self::partial(repository, producer_version) }
    }

    /// Compares what was published last with what the load was planned on: to be called by `begin_load` in the transaction that
    /// takes the fence over, and before it does.
    ///
    /// # Errors
    /// `Fenced` when something else was published since, or the repository was removed.
    pub fn check_planned_on(&self, held: Option<Marker>) -> Result<()> {
        if self.planned_on.allows(held) {
            return Ok(());
        }
        let message = match held {
            Some(_) => "another load of this repository was published after this one had been planned",
            None => "the repository was removed after this load had been planned",
        };
        let error = Error::new(ErrorKind::Fenced, message).with_context("repository", &self.repository.name);
        let error = match held {
            Some(marker) => error.with_context("published", marker),
            None => error,
        };
        Err(error.with_help(
            "run the load again: nothing of this one was published, and what it read may be outdated",
        ))
    }
}

/// What a run writes at once: whole facts of some files, and files to remove.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Number of the batch within its run, from 0.
    pub sequence: u64,
    /// Whole facts. No two are of one file.
    pub files: Vec<Arc<TransformedAst>>,
    /// Files whose rows are to go.
    pub removed: Vec<SourcePath>,
}

impl Batch {
    /// A rough size in memory, in bytes.
    #[must_use]
    pub fn approximate_bytes(&self) -> usize {
        self.files.iter().map(|file| file.approximate_bytes()).sum::<usize>() + self.removed.len() * 128
    }

    /// Number of files, removed ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len() + self.removed.len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The two halves, for finding the file that a backend refuses; `None` for a single file.
    #[must_use]
    pub fn halves(&self) -> Option<(Self, Self)> {
        if self.len() < 2 {
            return None;
        }
        let middle = self.len() / 2;
        let files_middle = middle.min(self.files.len());
        let removed_middle = middle - files_middle;
        let (first, second) = self.files.split_at(files_middle);
        let (removed_first, removed_second) = self.removed.split_at(removed_middle);
        let half = |files: &[Arc<TransformedAst>], removed: &[SourcePath]| Self {
            sequence: self.sequence,
            files: files.to_vec(),
            removed: removed.to_vec(),
        };
        Some((half(first, removed_first), half(second, removed_second)))
    }
}

/// What a writer did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WriteResult {
    /// Files written, removed ones included.
    pub files: u64,
    /// Rows of the tables of files that differ between before and after, each counted once: inserted, updated in a column that
    /// is not volatile, or deleted. Those of other files whose references lost their targets are among them. An estimate until
    /// published where a session spools.
    pub rows: u64,
    /// Bytes of rows sent to the database: the text and numbers with their lengths, as far as the backend knows them. Keys of rows
    /// to delete and questions do not count.
    pub bytes: u64,
    /// Tables touched, sorted.
    pub tables: Vec<String>,
    /// The database's number of the transaction, where there is one already.
    pub transaction: Option<String>,
    /// Files that the database refused when they were published. Of each a row says so, and why; the others are published.
    #[serde(default)]
    pub refused: Vec<RefusedFile>,
    /// Time spent; for a publication to the commit.
    pub duration: Duration,
    /// What a publication took its time for, one after the other, what is done behind the commit included; empty where the backend
    /// does not say. What no phase covers is not accounted for.
    #[serde(default)]
    pub phases: Vec<PhaseTime>,
}

/// A part of some work, and how long it took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseTime {
    /// What was done, in a few words.
    pub phase: Cow<'static, str>,
    /// How long.
    pub duration: Duration,
}

/// A clock that tells how long each phase took since the one before.
#[derive(Clone, Debug)]
pub struct PhaseClock {
    last: Instant,
    phases: Vec<PhaseTime>,
}

impl Default for PhaseClock {
    fn default() -> Self {
        Self { last: Instant::now(), phases: Vec::new() }
    }
}

impl PhaseClock {
    /// Ends a phase that began when the last one ended. What comes again is added to what it took before.
    pub fn end(&mut self, phase: impl Into<Cow<'static, str>>) {
        let (phase, now) = (phase.into(), Instant::now());
        let duration = now.saturating_duration_since(std::mem::replace(&mut self.last, now));
        match self.phases.iter_mut().find(|known| known.phase == phase) {
            Some(known) => known.duration += duration,
            None => self.phases.push(PhaseTime { phase, duration }),
        }
    }

    /// The phases so far, in the order in which they first ended.
    #[must_use]
    pub fn take(&mut self) -> Vec<PhaseTime> {
        std::mem::take(&mut self.phases)
    }
}

/// A file that a database refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedFile {
    /// The file.
    pub path: SourcePath,
    /// Why, in the database's words.
    pub reason: String,
}

impl WriteResult {
    /// Rows per second; 0 for no rows or no time.
    #[must_use]
    pub fn rows_per_second(&self) -> f64 {
        let seconds = self.duration.as_secs_f64();
        if self.rows == 0 || seconds == 0.0 { 0.0 } else { self.rows as f64 / seconds }
    }

    /// Adds what another write did.
    pub fn add(&mut self, other: &Self) {
        self.files += other.files;
        self.rows += other.rows;
        self.bytes += other.bytes;
        self.duration += other.duration;
        let tables: BTreeSet<_> = self.tables.drain(..).chain(other.tables.iter().cloned()).collect();
        self.tables = tables.into_iter().collect();
        self.refused.extend(other.refused.iter().cloned());
        self.transaction = other.transaction.clone().or(self.transaction.take());
        self.phases.extend(other.phases.iter().cloned());
    }
}

/// Identifies one publication. Written in the data's transaction, so that it tells whether that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Marker(pub Uuid);

impl Marker {
    /// A marker that nobody else has.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::now_v7())
    }

    /// Whether it was made after the other one, by the clocks of the machines that made them. Nothing is known of markers that
    /// are no UUIDs of version 7: then it is false.
    #[must_use]
    pub fn is_later_than(self, other: Self) -> bool {
        let tells_time = |marker: Self| marker.0.get_version_num() == 7;
        tells_time(self) && tells_time(other) && self.0 > other.0
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The state of a repository as one run saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The commit that was checked out.
    pub commit: Option<String>,
    /// The branch that was checked out.
    pub branch: Option<String>,
    /// Whether the files differed from the commit.
    pub is_dirty: Option<bool>,
    /// How far its sources had been read, by key; empty where it has none that are followed.
    #[serde(default)]
    pub positions: Vec<SourcePosition>,
}

/// What becomes visible with the data: in one transaction, where the backend has any. So the snapshot's positions and the data
/// never differ.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The same for every attempt to publish this session.
    pub marker: Marker,
    /// The state that was loaded.
    pub snapshot: Snapshot,
}

/// How a publication ended.
#[derive(Clone, Debug, PartialEq)]
pub enum PublishResult {
    /// This call made the session's writes visible.
    Published(WriteResult),
    /// An earlier call with the same marker had done it.
    AlreadyPublished,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_that_comes_again_is_one_phase() {
        let mut clock = PhaseClock::default();
        for phase in ["a", "b", "a"] {
            clock.end(phase);
        }
        let names: Vec<_> = clock.take().into_iter().map(|time| time.phase).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(clock.take().is_empty());
    }

    #[test]
    fn an_empty_write_has_no_throughput() {
        assert_eq!(WriteResult::default().rows_per_second(), 0.0);
    }

    #[test]
    fn a_load_is_refused_where_something_else_was_published_since_it_was_planned() {
        let (before, since) = (Marker::random(), Marker::random());
        let check = |planned_on, held| {
            let plan = LoadPlan { planned_on, ..LoadPlan::partial(Repository::named("app"), "1") };
            plan.check_planned_on(held).map_err(|error| (error.kind(), error.message().to_owned()))
        };
        assert_eq!(check(PlannedOn::Anything, Some(since)), Ok(()));
        assert_eq!(check(PlannedOn::held(None), None), Ok(()));
        assert_eq!(check(PlannedOn::held(Some(before)), Some(before)), Ok(()));
        let overtaken = "another load of this repository was published after this one had been planned";
        for planned_on in [PlannedOn::Nothing, PlannedOn::Publication(before)] {
            assert_eq!(check(planned_on, Some(since)), Err((ErrorKind::Fenced, overtaken.to_owned())));
        }
        let removed = "the repository was removed after this load had been planned";
        assert_eq!(check(PlannedOn::Publication(before), None), Err((ErrorKind::Fenced, removed.to_owned())));
    }

    #[test]
    fn a_later_marker_is_told_by_its_time_if_it_has_one() {
        let (first, second, timeless) = (Marker::random(), Marker::random(), Marker(Uuid::new_v4()));
        assert!(second.is_later_than(first));
        assert!(!first.is_later_than(second) && !first.is_later_than(first));
        assert!(!timeless.is_later_than(first) && !first.is_later_than(timeless));
    }

    #[test]
    fn another_remote_or_without_one_another_root_is_another_source() {
        let from = |remote: Option<&str>, root: &str| Repository {
            remote: remote.map(Into::into),
            root: Some(root.into()),
            ..Repository::named("app")
        };
        assert!(from(Some("x"), "/a").is_other_source_than(&from(Some("y"), "/a")));
        assert!(!from(Some("x"), "/a").is_other_source_than(&from(Some("x"), "/b")));
        assert!(from(None, "/a").is_other_source_than(&from(None, "/b")));
        assert!(!from(None, "/a").is_other_source_than(&from(None, "/a")));
        assert!(!Repository::named("app").is_other_source_than(&from(None, "/a")));
    }

    #[test]
    fn halving_ends_at_one_file_and_loses_none() {
        let file = |name: &str| Arc::new(TransformedAst::new(name.into()));
        let batch = Batch { sequence: 7, files: vec![file("a"), file("b")], removed: vec!["c".into()] };
        let (first, second) = batch.halves().unwrap();
        assert_eq!((first.files.len(), first.removed.len()), (1, 0));
        assert_eq!((second.files.len(), second.removed.len()), (1, 1));
        assert!(first.halves().is_none());
        assert_eq!(second.halves().map(|(a, b)| (a.len(), b.len())), Some((1, 1)));
    }
}
