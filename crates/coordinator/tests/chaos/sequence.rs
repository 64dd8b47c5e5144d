//! A sequence: some runs that are disturbed, each followed by one that is not.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{Stream, StreamExt as _, stream};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use snake_pipe_coordinator::{
    EventKind, LaneStatus, LaneSummary, Outcome, Pipeline, Route, RunEvent, RunSummary,
};
use snake_pipe_core::{
    DatabaseBackend as _, Result,
    id::FileKey,
    load::{Marker, Repository, Scope, Snapshot},
    memory::MemoryBackend,
    model::TransformedAst,
    position::{OrderKey, PositionKey, PositionKind, SourcePosition},
};
use snake_pipe_testkit::{
    audit::{Holding, Source},
    fixtures::Generator,
};
use tokio_util::sync::CancellationToken;

use crate::{
    plan::{Disturbance, disturbance, options, plan_faults, route, unit},
    subject::{Shelf, Subject},
};

const VERSION: &str = "chaos-1";

/// What the sequences went through, to see that they do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    runs: u64,
    published: u64,
    failed: u64,
    lagging: u64,
    cancelled: u64,
    removed: u64,
    dropped: u64,
    returns: u64,
    replays: u64,
    retries: u64,
    refused: u64,
    unheard: u64,
    routed: u64,
}

impl Seen {
    pub(crate) fn add(&mut self, more: &Self) {
        self.runs += more.runs;
        self.published += more.published;
        self.failed += more.failed;
        self.lagging += more.lagging;
        self.cancelled += more.cancelled;
        self.removed += more.removed;
        self.dropped += more.dropped;
        self.returns += more.returns;
        self.replays += more.replays;
        self.retries += more.retries;
        self.refused += more.refused;
        self.unheard += more.unheard;
        self.routed += more.routed;
    }

    fn count(&mut self, lane: &LaneSummary) {
        match lane.status {
            LaneStatus::Published | LaneStatus::Unchanged => self.published += 1,
            LaneStatus::Failed => self.failed += 1,
            LaneStatus::Lagging => self.lagging += 1,
            LaneStatus::Cancelled => self.cancelled += 1,
            LaneStatus::Removed => self.removed += 1,
        }
        self.returns += lane.returns;
        self.replays += lane.replays;
        self.retries += lane.retries;
        self.refused += lane.files_refused;
        self.routed += u64::from(lane.route.is_some());
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, published, failed, lagging, cancelled, removed, dropped, .. } = self;
        let Self { returns, replays, retries, refused, unheard, routed, .. } = self;
        write!(
            f,
            "{runs} disturbed runs, {dropped} of them dropped; lanes: {published} held, {failed} failed, {lagging} lagging, \
             {cancelled} cancelled, {removed} removed, {routed} with a route; {returns} returns, {replays} replays, {retries} \
             retries, {refused} refused files, {unheard} publications that nobody heard of"
        )
    }
}

/// Facts of a repository.
type Files = Vec<Arc<TransformedAst>>;

pub(crate) struct Sequence<'a> {
    shelf: &'a Shelf,
    random: StdRng,
    generator: Generator,
    repository: Repository,
    subjects: Vec<Subject>,
    is_simulated: bool,
    /// Whether the runs follow a source, and how far each has read; in half of the sequences.
    follows: bool,
    positions: HashMap<Marker, SourcePosition>,
    seen: Seen,
}

type Checked<T = ()> = std::result::Result<T, String>;

impl<'a> Sequence<'a> {
    /// Runs the sequence of this seed to its end, or to what should not be.
    pub(crate) fn run(seed: u64, shelf: &'a Shelf) -> Checked<Seen> {
        let mut random = StdRng::seed_from_u64(seed);
        let kinds = shelf.kinds(&mut random);
        (shelf.runtime)().block_on(async {
            let mut subjects = Vec::new();
            for (index, kind) in kinds.into_iter().enumerate() {
                let route = route(&mut random);
                subjects.push(Subject::new(&format!("backend-{index}"), kind, route, shelf).await);
            }
            let files = random.random_range(3..14);
            let mut sequence = Self {
                shelf,
                generator: Generator::new(random.random(), files),
                random,
                repository: Repository::named(format!("chaos-{seed}")),
                subjects,
                is_simulated: shelf.is_simulated,
                follows: seed.is_multiple_of(2),
                positions: HashMap::new(),
                seen: Seen::default(),
            };
            sequence.go().await?;
            for subject in &sequence.subjects {
                subject.dispose(sequence.repository.id()).await;
            }
            Ok(sequence.seen)
        })
    }

    async fn go(&mut self) -> Checked {
        for subject in &mut self.subjects {
            subject.possible = vec![subject.holding(self.repository.id()).await.digest()];
        }
        for _ in 0..self.random.random_range(1..4) {
            // Several runs may be disturbed before one is repeated.
            for _ in 0..self.random.random_range(1..3) {
                self.disturbed_run().await?;
                self.generator.edit();
            }
            self.repetition().await?;
        }
        Ok(())
    }

    /// The run, which has read further than those before it.
    fn reading_on(&mut self, pipeline: Pipeline<'static>, run_id: Marker) -> Pipeline<'static> {
        if !self.follows {
            return pipeline.run_id(run_id);
        }
        let number = self.positions.len() as u64;
        let position = SourcePosition {
            key: PositionKey::of("source", PositionKind::Batch),
            value: number.into(),
            order: OrderKey::number(number),
        };
        self.positions.insert(run_id, position.clone());
        pipeline.run_id(run_id).positions([position])
    }

    fn files(&self) -> Files {
        self.generator.facts().into_iter().map(Arc::new).collect()
    }

    fn pipeline(&mut self, files: &Files) -> Pipeline<'static> {
        let scope: BTreeSet<FileKey> = files.iter().map(|facts| facts.key()).collect();
        let snapshot =
            Snapshot { commit: Some(self.random.random_range(0..3).to_string()), ..Default::default() };
        let listing: Vec<_> = files.iter().map(|facts| (facts.path.clone(), facts.language)).collect();
        let pause = unit(self.is_simulated) * self.random.random_range(0..3);
        let pipeline = Pipeline::from(paced(files.clone(), pause));
        let pipeline = pipeline.repository(self.repository.clone()).scope(Scope::Complete(Arc::new(scope)));
        pipeline.listing(listing).snapshot(snapshot).producer_version(VERSION)
    }

    /// A run in which things go wrong. Every backend that promises so shows the state before it or the one after it.
    async fn disturbed_run(&mut self) -> Checked {
        let files = self.files();
        let unit = unit(self.is_simulated);
        let (disturbance, moment) = disturbance(&mut self.random, self.subjects.len());
        let paths: Vec<_> = files.iter().map(|facts| facts.path.to_string()).collect();
        let options = options(&mut self.random, self.subjects.len(), unit);
        let mut pipeline = self.pipeline(&files).options(options);
        if self.random.random_bool(0.65) {
            let again = files.clone();
            pipeline = pipeline.replay(move || stream::iter(again.clone().into_iter().map(Ok)));
        }
        for subject in &self.subjects {
            plan_faults(&mut self.random, subject.backend.faults(), &paths, unit);
            pipeline = pipeline.to_routed(subject.backend.clone(), subject.route.clone());
        }
        if let Some(disturb) = &self.shelf.disturb {
            disturb(Some(&mut self.random));
        }
        let run_id = Marker::random();
        let (pipeline, refused) = counting_refusals(self.reading_on(pipeline, run_id));
        let (summary, added) = self.disturb(pipeline, disturbance, unit * moment).await?;
        self.seen.runs += 1;
        self.seen.dropped += u64::from(summary.is_none());
        if let Some(summary) = &summary {
            summary.lanes.iter().for_each(|lane| self.seen.count(lane));
        }
        for subject in &self.subjects {
            subject.backend.faults().clear();
        }
        if let Some(disturb) = &self.shelf.disturb {
            disturb(None);
        }
        if let (Some(added), Some(summary)) = (added, &summary)
            && let Some(lane) = summary.lanes.iter().find(|lane| lane.backend == "added")
            && lane.is_whole()
        {
            let holding = Holding::of_memory(&added, self.repository.id()).await.unwrap();
            let source = self.source(&files, &Route::default()).await;
            none_of(source.differences(&holding).unwrap(), "the added backend")?;
        }
        self.check_after(&files, summary.as_ref(), run_id, &refused)
            .await
            .map_err(|message| format!("{message}\n  after {disturbance:?} at {moment} units, {summary:#?}"))
    }

    /// The run's summary, if anybody waited for it; and the backend that was added.
    async fn disturb(
        &mut self,
        pipeline: Pipeline<'static>,
        disturbance: Disturbance,
        after: Duration,
    ) -> Checked<(Option<RunSummary>, Option<MemoryBackend>)> {
        let token = CancellationToken::new();
        let handle = pipeline.handle();
        let run = pipeline.cancelled_by(token.clone()).run();
        let added = MemoryBackend::new().called("added");
        added.connect().await.unwrap();
        let act = async {
            tokio::time::sleep(after).await;
            match disturbance {
                Disturbance::None | Disturbance::Drop => {}
                Disturbance::Cancel => token.cancel(),
                // Either may come too late.
                Disturbance::Remove(index) => drop(handle.remove(&self.subjects[index].name).await),
                Disturbance::Add => {
                    drop(handle.add(Arc::new(added.clone()), Route::default()).await);
                }
            }
        };
        // However long a run may take by its own limits, it ends.
        let limit = if self.is_simulated { Duration::from_secs(36_000) } else { Duration::from_secs(120) };
        let whole = async {
            let (summary, ()) = tokio::join!(run, act);
            summary
        };
        if disturbance == Disturbance::Drop {
            return match tokio::time::timeout(after, whole).await {
                Ok(summary) => Ok((Some(summary.unwrap()), None)),
                Err(_) => Ok((None, None)),
            };
        }
        match tokio::time::timeout(limit, whole).await {
            Ok(summary) => Ok((Some(summary.unwrap()), Some(added))),
            Err(_) => Err(format!("the run does not end, after {disturbance:?} at {after:?}")),
        }
    }

    async fn check_after(
        &mut self,
        files: &Files,
        summary: Option<&RunSummary>,
        run_id: Marker,
        refused: &Refusals,
    ) -> Checked {
        let repository = self.repository.id();
        for index in 0..self.subjects.len() {
            let source = self.source(files, &self.subjects[index].route).await;
            let subject = &mut self.subjects[index];
            let holding = subject.holding(repository).await;
            let name = subject.name.clone();
            none_of(holding.violations.clone(), &name)?;
            check_marker(subject.marker, &holding, &name)?;
            check_positions(&self.positions, &holding, &name)?;
            subject.marker = holding.marker;
            let lane = summary.and_then(|summary| summary.lanes.iter().find(|lane| lane.backend == name));
            let is_published = holding.marker == Some(run_id);
            let (now, new) = (holding.digest(), source.digest().unwrap());
            let refused = refused.lock().unwrap().get(&name).copied().unwrap_or(0);
            if subject.is_atomic() {
                let is_old_or_new = subject.possible.contains(&now) || now == new;
                // With refused files the new state is another; it has the run's marker.
                if !is_old_or_new && (refused == 0 || !is_published) {
                    let differences = source.differences(&holding).unwrap();
                    return Err(format!("{name} shows neither the old nor the new state: {differences:?}"));
                }
            }
            let unheard = is_published && lane.is_none_or(|lane| !lane.is_held());
            self.seen.unheard += u64::from(unheard);
            if let (Some(lane), Some(summary)) = (lane, summary) {
                if lane.is_whole() {
                    none_of(subject.differences(&source, &holding), &name)?;
                }
                check_account(lane, summary, &source, &holding, files, unheard)
                    .map_err(|message| format!("{name}: {message}"))?;
            }
            subject.possible = match summary {
                Some(_) => vec![now],
                // What was going on when it was dropped may still come to its end.
                None => vec![now, new],
            };
            // A publication whose answer was given up may come to its end as well.
            if lane.is_some_and(|lane| !lane.is_held()) {
                subject.possible.push(new);
            }
        }
        Ok(())
    }

    /// One repeated command, undisturbed: everything is as the source says.
    async fn repetition(&mut self) -> Checked {
        let files = self.files();
        let run_id = Marker::random();
        for expected in [None, Some(LaneStatus::Unchanged)] {
            let mut pipeline = self.pipeline(&files).snapshot(Snapshot::default());
            match (expected, self.positions.get(&run_id)) {
                (None, _) => pipeline = self.reading_on(pipeline, run_id),
                (Some(_), read) => pipeline = pipeline.positions(read.cloned()),
            }
            for subject in &self.subjects {
                pipeline = pipeline.to_routed(subject.backend.clone(), subject.route.clone());
            }
            let summary = pipeline.run().await.unwrap();
            if summary.outcome != Outcome::Success {
                return Err(format!("the repetition failed: {summary:#?}"));
            }
            for index in 0..self.subjects.len() {
                let source = self.source(&files, &self.subjects[index].route).await;
                let subject = &mut self.subjects[index];
                let holding = subject.holding(self.repository.id()).await;
                let name = &subject.name;
                none_of(subject.differences(&source, &holding), name)?;
                check_marker(subject.marker, &holding, name)?;
                check_positions(&self.positions, &holding, name)?;
                if let Some(status) = expected
                    && summary.lanes[index].status != status
                {
                    return Err(format!("{name} is written twice: {:?}", summary.lanes[index]));
                }
                subject.marker = holding.marker;
                subject.possible = vec![holding.digest()];
            }
        }
        Ok(())
    }

    /// What a backend with this route is to hold.
    async fn source(&self, files: &Files, route: &Route) -> Source {
        let repository = self.repository.id();
        if route.is_default() {
            return Source::new(repository, VERSION, files.clone());
        }
        // What a route takes, a clean load says.
        let clean = MemoryBackend::new();
        let listing: Vec<_> = files.iter().map(|facts| (facts.path.clone(), facts.language)).collect();
        let scope = Scope::Complete(Arc::new(files.iter().map(|facts| facts.key()).collect()));
        let load = Pipeline::from(stream::iter(files.clone().into_iter().map(Ok)));
        let load = load.repository(self.repository.clone()).scope(scope).listing(listing);
        let load = load.producer_version(VERSION).to_routed(Arc::new(clean.clone()), route.clone());
        assert_eq!(load.run().await.unwrap().outcome, Outcome::Success);
        Source::new(repository, VERSION, clean.facts(repository))
    }
}

/// Files that were refused, by backend, also in a run whose summary nobody gets.
type Refusals = Arc<Mutex<BTreeMap<String, u64>>>;

fn counting_refusals(pipeline: Pipeline<'static>) -> (Pipeline<'static>, Refusals) {
    let refusals = Refusals::default();
    let counted = refusals.clone();
    let observe = move |event: &RunEvent| {
        if let (Some(info), EventKind::FileRefused { .. }) = (&event.backend, &event.kind) {
            *counted.lock().unwrap().entry(info.name.clone()).or_default() += 1;
        }
    };
    (pipeline.observe(observe), refusals)
}

/// The files, with a pause between any two.
fn paced(files: Files, pause: Duration) -> impl Stream<Item = Result<Arc<TransformedAst>>> + Send + 'static {
    stream::iter(files).then(move |facts| async move {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        Ok(facts)
    })
}

fn none_of(findings: Vec<String>, name: &str) -> Checked {
    if findings.is_empty() { Ok(()) } else { Err(format!("{name}: {}", findings.join("; "))) }
}

/// Markers are made in the order of time: an older one after a newer one is a publication that came back.
fn check_marker(before: Option<Marker>, holding: &Holding, name: &str) -> Checked {
    match (before, holding.marker) {
        (Some(before), None) => Err(format!("{name}: the marker {before} is gone")),
        (Some(before), Some(now)) if now.0 < before.0 => {
            Err(format!("{name}: the marker went back from {before} to {now}"))
        }
        _ => Ok(()),
    }
}

/// A position and the data that it stands for never differ: what is held was read as far as the run had that published it.
fn check_positions(positions: &HashMap<Marker, SourcePosition>, holding: &Holding, name: &str) -> Checked {
    let expected: Vec<_> =
        holding.marker.and_then(|marker| positions.get(&marker)).cloned().into_iter().collect();
    match holding.positions == expected {
        true => Ok(()),
        false => Err(format!("{name} holds the positions {:?}, not {expected:?}", holding.positions)),
    }
}

/// Every file is accounted for as loaded, owed, refused or not taken.
fn check_account(
    lane: &LaneSummary,
    summary: &RunSummary,
    source: &Source,
    holding: &Holding,
    files: &Files,
    unheard: bool,
) -> Checked {
    let all = files.len() as u64;
    let taken = all - lane.files_elsewhere;
    if lane.is_held() {
        let known = lane.files_written + lane.files_unchanged + lane.files_refused + lane.owed_files;
        let is_right = if lane.files_refused == 0 { known == taken } else { known >= taken };
        return if is_right {
            Ok(())
        } else {
            Err(format!("{known} of {taken} files are accounted for: {lane:?}"))
        };
    }
    // A run that ended early does not know all that it owes, and one that published unheard owes less than it thinks.
    let was_whole = summary.files_received == all
        && summary.error.is_none()
        && matches!(lane.status, LaneStatus::Failed | LaneStatus::Lagging);
    let owed = source.owed_by(&holding.manifest);
    match was_whole && !unheard && lane.owed_files < owed {
        true => Err(format!("{owed} files are owed, but {} are reported: {lane:?}", lane.owed_files)),
        false => Ok(()),
    }
}
