//! Linking the repository, and putting each file's facts together.

use snake_pipe_core::{
    Result,
    id::{Digest, Hasher},
    model::TransformedAst,
};

use super::{
    Phase, Stamp,
    files::{Files, Worker},
    namespace::PythonPackages,
    stream::{Queue, cancelled},
    workers::Workers,
};
use crate::link::{ConfigurationFile, LinkFile, LinkIndex, LinkIndexBuilder, Linked, is_link_configuration};

/// Links all files and delivers the facts of those for which `owed` holds.
pub(super) fn link(
    files: &Files<'_>,
    workers: &Workers,
    queue: &Queue,
    owed: &(dyn Fn(&Stamp<'_>) -> bool + Sync),
) -> Result<()> {
    let count = files.list().len();
    files.progress.begin(Phase::Link, count, 0);
    let builder = LinkIndexBuilder::new(link_files(files), configuration(files));
    workers.for_each(count, Worker::new, |worker, index| {
        if queue.is_abandoned() {
            return Err(cancelled());
        }
        if files.list()[index].is_linked()
            && let Some(linkable) = files.linkable(index, worker)?
        {
            builder.add(index as u32, &linkable);
        }
        files.progress.done(0);
        Ok(())
    })?;
    let index = workers.install(|| builder.finish());
    files.progress.begin(Phase::Stream, count, 0);
    let packages = PythonPackages::new(files.list().iter().map(|file| &file.path));
    let assembly = Assembly { files, index, packages, owed };
    workers.for_each(count, Worker::new, |worker, number| {
        queue.deliver(number, assembly.facts(number, worker)?)?;
        files.progress.done(0);
        Ok(())
    })
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
}

impl Assembly<'_> {
    /// The file's facts, if somebody is owed them.
    fn facts(&self, number: usize, worker: &mut Worker) -> Result<Option<TransformedAst>> {
        let file = &self.files.list()[number];
        let Some(content_hash) = file.content_hash else {
            return Ok(self.if_owed(file.facts_without_content()));
        };
        let module = self.packages.module(&file.path, file.language);
        let linked = if file.is_linked() {
            let Some(linkable) = self.files.linkable(number, worker)? else {
                return Ok(self.if_owed(self.files.changed_meanwhile(number)));
            };
            let mut linked = self.index.link(number as u32, linkable);
            linked.link_hash = with_module(linked.link_hash, module.as_deref());
            Some(linked)
        } else {
            None
        };
        let link_hash = linked.as_ref().map(|linked| linked.link_hash);
        let (path, language) = (&file.path, file.language);
        if !(self.owed)(&Stamp { path, key: path.key(), language, content_hash, link_hash }) {
            return Ok(None);
        }
        match self.files.definitions(number, worker)? {
            Some(definitions) => Ok(Some(self.whole(number, definitions, linked, module))),
            None => Ok(Some(self.files.changed_meanwhile(number))),
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
            facts.namespace = module;
        }
        if let Some(linked) = linked {
            facts.link_hash = Some(linked.link_hash);
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
