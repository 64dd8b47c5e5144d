//! What is held, by repository; every change of it is one method.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
    time::Instant,
};

use super::{
    references::{Targets, with_content_hash},
    session::Pending,
};
use crate::{
    ConstraintResult, Error, ErrorKind, IntegrityResult, IntegrityScope, Result, StoredRepository, Timestamp,
    id::{FileKey, RepositoryId},
    load::{LoadPlan, Marker, Publication, PublishResult, Repository, Snapshot, WriteResult},
    manifest::{Manifest, ManifestEntry},
    model::TransformedAst,
    schema::{OwnedRows, RowContext, RowDifference, TableId, owned_rows},
};

#[derive(Debug, Default)]
pub(super) struct Store {
    repositories: BTreeMap<RepositoryId, Held>,
}

/// A repository: what was published of it, and which session may publish next.
#[derive(Debug, Default)]
struct Held {
    fence: u64,
    published: Option<Published>,
    files: BTreeMap<FileKey, HeldFile>,
    markers: HashSet<Marker>,
}

#[derive(Clone, Debug)]
struct Published {
    repository: Repository,
    snapshot: Snapshot,
    marker: Marker,
}

#[derive(Clone, Debug)]
struct HeldFile {
    /// With a content hash; references without targets are un-resolved.
    facts: Arc<TransformedAst>,
    producer_version: String,
}

impl Store {
    pub(super) fn repositories(&self) -> Vec<StoredRepository> {
        let published =
            self.repositories.iter().filter_map(|(id, held)| Some((id, held.published.as_ref()?)));
        let mut stored: Vec<_> = published
            .map(|(id, published)| StoredRepository {
                id: *id,
                repository: published.repository.clone(),
                snapshot: Some(published.snapshot.clone()),
                marker: Some(published.marker),
            })
            .collect();
        stored.sort_by(|left, right| {
            let key = |stored: &StoredRepository| {
                (stored.repository.name.clone(), stored.repository.ref_name.clone())
            };
            key(left).cmp(&key(right))
        });
        stored
    }

    /// Fences open sessions too: they must not bring back what was removed.
    pub(super) fn remove(&mut self, repository: RepositoryId) -> bool {
        let Some(held) = self.repositories.get_mut(&repository) else { return false };
        let fence = held.fence + 1;
        std::mem::replace(held, Held { fence, ..Held::default() }).published.is_some()
    }

    pub(super) fn manifest(&self, repository: RepositoryId) -> Manifest {
        let entry = |held: &HeldFile| ManifestEntry {
            path: held.facts.path.clone(),
            content_hash: held.facts.content_identity(),
            link_hash: held.facts.link_hash,
            producer_version: held.producer_version.clone(),
        };
        Manifest { files: self.files(repository).map(|(key, held)| (*key, entry(held))).collect() }
    }

    pub(super) fn facts(&self, repository: RepositoryId) -> Vec<Arc<TransformedAst>> {
        self.files(repository).map(|(_, held)| held.facts.clone()).collect()
    }

    pub(super) fn rows(&self, repository: RepositoryId) -> Result<OwnedRows> {
        let mut rows = OwnedRows::new();
        for (_, held) in self.files(repository) {
            for (table, own) in held.rows(repository)? {
                rows.entry(table).or_default().extend(own);
            }
        }
        Ok(rows)
    }

    pub(super) fn details(&self) -> Vec<(String, String)> {
        let files: usize = self.repositories.values().map(|held| held.files.len()).sum();
        vec![
            ("files".to_owned(), files.to_string()),
            ("repositories".to_owned(), self.repositories().len().to_string()),
        ]
    }

    fn files(&self, repository: RepositoryId) -> impl Iterator<Item = (&FileKey, &HeldFile)> {
        self.repositories.get(&repository).into_iter().flat_map(|held| &held.files)
    }

    /// The new session's fence; older ones are refused from now on.
    pub(super) fn begin(&mut self, plan: &LoadPlan) -> Result<u64> {
        let held = self.repositories.entry(plan.repository.id()).or_default();
        if let Some(published) = &held.published
            && plan.repository.is_other_source_than(&published.repository)
            && !plan.allow_other_source
        {
            return Err(Error::new(
                ErrorKind::Configuration,
                "a repository of this name was loaded from another remote or root",
            )
            .with_operation("begin_load")
            .with_context("repository", &plan.repository.name)
            .with_help("choose another name for the repository, or allow the plan to take over this one"));
        }
        plan.check_planned_on(held.published.as_ref().map(|published| published.marker))
            .map_err(|error| error.with_operation("begin_load"))?;
        held.fence += 1;
        Ok(held.fence)
    }

    pub(super) fn check_fence(&self, plan: &LoadPlan, fence: u64) -> Result<()> {
        match self.repositories.get(&plan.repository.id()) {
            Some(held) if held.fence == fence => Ok(()),
            _ => Err(Error::new(ErrorKind::Fenced, "a newer load of this repository took over")
                .with_context("repository", &plan.repository.name)),
        }
    }

    pub(super) fn publish(
        &mut self,
        plan: &LoadPlan,
        fence: u64,
        pending: &Pending,
        publication: &Publication,
    ) -> Result<PublishResult> {
        let started = Instant::now();
        let repository = plan.repository.id();
        if self.repositories.get(&repository).is_some_and(|held| held.markers.contains(&publication.marker)) {
            return Ok(PublishResult::AlreadyPublished);
        }
        self.check_fence(plan, fence)?;
        let held = self.repositories.entry(repository).or_default();
        let files = held.with(pending, &plan.producer_version);
        let mut result = changes(&held.files, &files, repository)?;
        let is_same =
            held.published.as_ref().is_some_and(|published| published.snapshot == publication.snapshot);
        let takes_over = plan.allow_other_source && !pending.is_empty();
        if result.rows == 0 && is_same && !takes_over {
            let unchanged = WriteResult { files: pending.len() as u64, ..WriteResult::default() };
            return Ok(PublishResult::Published(unchanged));
        }
        held.files = files;
        held.markers.insert(publication.marker);
        held.published = Some(Published {
            repository: plan.repository.clone(),
            snapshot: publication.snapshot.clone(),
            marker: publication.marker,
        });
        result.files = pending.len() as u64;
        result.transaction = Some(publication.marker.to_string());
        result.duration = started.elapsed();
        Ok(PublishResult::Published(result))
    }

    pub(super) fn check(&self, scope: &IntegrityScope) -> IntegrityResult {
        let started = Instant::now();
        let mut found: [Vec<String>; 4] = Default::default();
        for (id, held) in &self.repositories {
            let files = match scope {
                IntegrityScope::All => None,
                IntegrityScope::Repository(repository) if repository == id => None,
                IntegrityScope::Files(repository, files) if repository == id => Some(&files[..]),
                IntegrityScope::Repository(_) | IntegrityScope::Files(..) => continue,
            };
            held.check(files, &mut found);
        }
        let names = [
            "imports.target_file_id exists",
            "inheritance.target_class_id exists",
            "calls.target_function_id exists",
            "dependencies.target_file_id exists",
        ];
        let constraint = |(name, found): (&str, Vec<String>)| ConstraintResult {
            name: name.to_owned(),
            violations: found.len() as u64,
            examples: found.into_iter().take(10).collect(),
        };
        let constraints = names.into_iter().zip(found).map(constraint).collect();
        IntegrityResult { constraints, duration: started.elapsed() }
    }
}

impl Held {
    /// The files after `pending`, with the references that lose their targets by it un-resolved.
    fn with(&self, pending: &Pending, producer_version: &str) -> BTreeMap<FileKey, HeldFile> {
        let mut files = self.files.clone();
        for (key, facts) in pending {
            match facts {
                Some(facts) => {
                    let facts = with_content_hash(facts);
                    files.insert(*key, HeldFile { facts, producer_version: producer_version.to_owned() });
                }
                None => {
                    files.remove(key);
                }
            }
        }
        let targets = Targets::of(files.values().map(|file| &file.facts));
        for file in files.values_mut() {
            if let Some(repaired) = targets.repair(&file.facts) {
                file.facts = Arc::new(repaired);
            }
        }
        files
    }

    /// Looks at these files, or at all.
    fn check(&self, only: Option<&[FileKey]>, found: &mut [Vec<String>; 4]) {
        let targets = Targets::of(self.files.values().map(|file| &file.facts));
        let [imports, bases, calls, dependencies] = found;
        let is_asked = |key: &FileKey| only.is_none_or(|only| only.contains(key));
        for (_, HeldFile { facts, .. }) in self.files.iter().filter(|(key, _)| is_asked(key)) {
            let place = |line: u32| format!("{}:{line}", facts.path);
            let lost = facts.imports.iter().filter(|import| targets.lacks(&import.resolution));
            imports.extend(lost.map(|import| place(import.line)));
            let lost = facts.bases.iter().filter(|base| targets.lacks(&base.resolution));
            bases.extend(lost.map(|base| place(base.line)));
            let lost = facts.calls.iter().filter(|call| targets.lacks(&call.resolution));
            calls.extend(lost.map(|call| place(call.line)));
            let lost = facts.dependencies.iter().filter(|edge| targets.lacks_file_of(edge));
            dependencies.extend(lost.map(|edge| place(edge.line)));
        }
    }
}

impl HeldFile {
    fn rows(&self, repository: RepositoryId) -> Result<OwnedRows> {
        let now = Timestamp::default();
        owned_rows(&self.facts, &RowContext { repository, producer_version: &self.producer_version, now })
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.facts, &other.facts) && self.producer_version == other.producer_version
    }
}

/// How many rows differ, and in which tables.
fn changes(
    old: &BTreeMap<FileKey, HeldFile>,
    new: &BTreeMap<FileKey, HeldFile>,
    repository: RepositoryId,
) -> Result<WriteResult> {
    let mut result = WriteResult::default();
    let mut tables = BTreeSet::new();
    for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let (old, new) = (old.get(key), new.get(key));
        if let (Some(old), Some(new)) = (old, new)
            && old.is(new)
        {
            continue;
        }
        let rows = |file: Option<&HeldFile>| file.map_or(Ok(OwnedRows::new()), |file| file.rows(repository));
        let (old, new) = (rows(old)?, rows(new)?);
        for table in TableId::ALL {
            let none = Vec::new();
            let difference = RowDifference::between(
                *table,
                old.get(table).unwrap_or(&none),
                new.get(table).unwrap_or(&none),
            );
            let count = difference.inserted.len() + difference.updated.len() + difference.deleted.len();
            if count > 0 {
                result.rows += count as u64;
                tables.insert(table.table().name.to_owned());
            }
        }
    }
    result.tables = tables.into_iter().collect();
    Ok(result)
}
