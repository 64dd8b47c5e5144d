//! Linking the repository, and putting each file's facts together.

use snake_pipe_core::{
    Result,
    id::{Digest, Hasher},
    model::TransformedAst,
};

use std::sync::OnceLock;

use super::{
    Phase, Stamp,
    files::{Files, Worker},
    namespace::PythonPackages,
    stream::{Queue, cancelled},
    workers::Workers,
};
use crate::link::{
    ConfigurationFile, Known, LinkFile, LinkIndex, LinkIndexBuilder, Linked, Outcome, Record,
    is_link_configuration,
};

/// A record of linking is written anew when one file in so many was linked anew: until then, linking these again costs
/// less than the writing.
const FILES_TO_RECORD: usize = 50;

/// How many records are kept of a repository that is loaded from several directories.
const KEPT_RECORDS: usize = 4;

/// Links all files that a change can concern, and delivers the facts of those for which `owed` holds.
pub(super) fn link(
    files: &Files<'_>,
    workers: &Workers,
    queue: &Queue,
    owed: &(dyn Fn(&Stamp<'_>) -> bool + Sync),
) -> Result<()> {
    let count = files.list().len();
    files.progress.begin(Phase::Link, count, 0);
    let (builder, known) = begin(files, workers);
    workers.for_each(count, Worker::new, |worker, index| {
        if queue.is_abandoned() {
            return Err(cancelled());
        }
        if files.list()[index].is_linked()
            && !builder.is_added(index as u32)
            && let Some(linkable) = files.linkable(index, worker)?
        {
            builder.add(index as u32, &linkable);
        }
        files.progress.done(0);
        Ok(())
    })?;
    let index = workers.install(|| builder.finish());
    let unconcerned = known.as_ref().map(|known| known.unconcerned(&index)).unwrap_or_default();
    files.progress.begin(Phase::Stream, count, 0);
    let packages = PythonPackages::new(files.list().iter().map(|file| &file.path));
    let outcomes = (0..count).map(|_| OnceLock::new()).collect();
    let assembly = Assembly { files, index, packages, owed, unconcerned, outcomes };
    workers.for_each(count, Worker::new, |worker, number| {
        queue.deliver(number, assembly.facts(number, worker)?)?;
        files.progress.done(0);
        Ok(())
    })?;
    assembly.record(known);
    Ok(())
}

/// Begins the first pass with what is known from an earlier run.
fn begin(files: &Files<'_>, workers: &Workers) -> (LinkIndexBuilder, Option<Known>) {
    let (list, configuration) = (link_files(files), configuration(files));
    let record = files.link_record().and_then(|file| workers.install(|| Record::open(&file)));
    match record {
        Some(record) => {
            let entry = |file: u32| files.link_entry(file as usize);
            let (builder, known) = LinkIndexBuilder::resume(list, configuration, record, entry);
            (builder, Some(known))
        }
        None => (LinkIndexBuilder::new(list, configuration), None),
    }
}

fn link_files(files: &Files<'_>) -> Vec<LinkFile> {
    let file = |index: usize| {
        let file = &files.list()[index];
        LinkFile { path: file.path.clone(), language: file.language }
    };
    (0..files.list().len()).map(file).collect()
}

fn configuration(files: &Files<'_>) -> Vec<ConfigurationFile> {
    let list = files.list().iter().enumerate().filter(|(_, file)| is_link_configuration(&file.path));
    list.filter_map(|(index, file)| {
        Some(ConfigurationFile { path: file.path.clone(), text: files.text(index)? })
    })
    .collect()
}

/// Puts facts together from what is cached and what linking says.
struct Assembly<'a> {
    files: &'a Files<'a>,
    index: LinkIndex,
    packages: PythonPackages,
    owed: &'a (dyn Fn(&Stamp<'_>) -> bool + Sync),
    /// The link hashes of files that need not be linked anew; empty where all need be.
    unconcerned: Vec<Option<Digest>>,
    /// What linking came to, of the files that were linked anew.
    outcomes: Vec<OnceLock<Outcome>>,
}

impl Assembly<'_> {
    /// The file's facts, if somebody is owed them.
    fn facts(&self, number: usize, worker: &mut Worker) -> Result<Option<TransformedAst>> {
        let file = &self.files.list()[number];
        let Some(content_hash) = file.content_hash else {
            return Ok(self.if_owed(file.facts_without_content()));
        };
        let module = self.packages.module(&file.path, file.language);
        let (path, language) = (&file.path, file.language);
        let is_owed = |link_hash: Option<Digest>| {
            let link_hash = link_hash.map(|link_hash| with_module(link_hash, module.as_deref()));
            (self.owed)(&Stamp { path, key: path.key(), language, content_hash, link_hash })
        };
        let known = self.unconcerned.get(number).copied().flatten();
        if known.is_some() && !is_owed(known) {
            return Ok(None);
        }
        let linked = match file.is_linked() {
            true => match self.linked(number, worker)? {
                Some(linked) => Some(linked),
                None => return Ok(self.if_owed(self.files.changed_meanwhile(number))),
            },
            false => None,
        };
        if known.is_none() && !is_owed(linked.as_ref().map(|linked| linked.link_hash)) {
            return Ok(None);
        }
        match self.files.definitions(number, worker)? {
            Some(definitions) => Ok(Some(self.whole(number, definitions, linked, module))),
            None => Ok(Some(self.files.changed_meanwhile(number))),
        }
    }

    /// The file's references, resolved; none where what the file says is not known any more.
    fn linked(&self, number: usize, worker: &mut Worker) -> Result<Option<Linked>> {
        let Some(linkable) = self.files.linkable(number, worker)? else { return Ok(None) };
        let (linked, trace) = self.index.link_noted(number as u32, linkable);
        let link_hash = linked.link_hash;
        let known = self.unconcerned.get(number).copied().flatten();
        debug_assert!(known.is_none_or(|known| known == link_hash), "what concerns a file was overlooked");
        if let Some(entry) = self.files.link_entry(number) {
            // A file is linked once.
            let _ = self.outcomes[number].set(Outcome { entry, link_hash, trace });
        }
        Ok(Some(linked))
    }

    /// Keeps what linking came to for later runs, if much of it is new.
    fn record(self, known: Option<Known>) {
        let Some(file) = self.files.link_record() else { return };
        let new = self.outcomes.iter().filter(|outcome| outcome.get().is_some()).count();
        if known.is_some() && new * FILES_TO_RECORD < self.outcomes.len() {
            return;
        }
        let (known, live_names) = known.map(Known::into_outcomes).unzip();
        let mut known = known.unwrap_or_default();
        known.resize(self.outcomes.len(), None);
        let unconcerned = |number: usize| self.unconcerned.get(number).is_some_and(Option::is_some);
        let outcomes: Vec<Option<Outcome>> = self
            .outcomes
            .into_iter()
            .zip(known)
            .enumerate()
            .map(|(number, (new, known))| new.into_inner().or(known.filter(|_| unconcerned(number))))
            .collect();
        match self.index.save_record(&file, &outcomes, live_names) {
            Ok(()) => self.files.store.keep_beside("link", KEPT_RECORDS),
            Err(error) => {
                tracing::debug!(file = %file.display(), %error, "what linking came to cannot be kept");
            }
        }
    }

    fn if_owed(&self, facts: TransformedAst) -> Option<TransformedAst> {
        let stamp = Stamp {
            path: &facts.path,
            key: facts.key(),
            language: facts.language,
            content_hash: facts.content_identity(),
            link_hash: facts.link_hash,
        };
        (self.owed)(&stamp).then_some(facts)
    }

    fn whole(
        &self,
        number: usize,
        mut facts: TransformedAst,
        linked: Option<Linked>,
        module: Option<String>,
    ) -> TransformedAst {
        let file = &self.files.list()[number];
        facts.path = file.path.clone();
        facts.content_hash = file.content_hash;
        facts.last_modified = file.last_modified;
        facts.flags.is_test |= file.flags.is_test;
        facts.flags.is_vendored |= file.flags.is_vendored;
        facts.flags.is_generated |= file.flags.is_generated;
        if facts.namespace.is_none() && module.is_some() {
            for class in &mut facts.classes {
                class.namespace.get_or_insert_with(|| module.clone().unwrap_or_default());
            }
            facts.namespace.clone_from(&module);
        }
        if let Some(linked) = linked {
            facts.link_hash = Some(with_module(linked.link_hash, module.as_deref()));
            for index in linked.overrides {
                if let Some(function) = facts.functions.get_mut(index as usize) {
                    function.is_override = true;
                }
            }
            facts.imports = linked.imports;
            facts.bases = linked.bases;
            facts.calls = linked.calls;
            facts.dependencies = linked.dependencies;
        }
        facts
    }
}

/// The module's name follows from other files as references do, so it is part of what is compared.
fn with_module(link_hash: Digest, module: Option<&str>) -> Digest {
    let Some(module) = module else { return link_hash };
    let mut hasher = Hasher::new();
    hasher.update(link_hash.as_bytes());
    hasher.update(module.as_bytes());
    hasher.finish()
}
