//! What each backend holds of what it takes, and what it is therefore owed.

use std::{collections::BTreeSet, sync::Arc};

use futures::future::join_all;
use snake_pipe_coordinator::Route;
use snake_pipe_core::{
    DatabaseBackend, Result,
    id::FileKey,
    load::{Repository, Scope},
    manifest::Manifest,
};
use snake_pipe_extract::{Inventory, Stamp};

/// What a backend holds, and which of the tree's files it takes.
pub(super) struct Held {
    manifest: Manifest,
    /// None where it takes all.
    taken: Option<BTreeSet<FileKey>>,
}

impl Held {
    /// Asks each backend; of several, one that does not answer is the coordinator's to report.
    pub(super) async fn ask(
        backends: &[Arc<dyn DatabaseBackend>],
        routes: &[Route],
        repository: &Repository,
        inventory: &Inventory,
    ) -> Result<Vec<Self>> {
        let id = repository.id();
        let answers = join_all(backends.iter().map(|backend| backend.manifest(id))).await;
        let is_only = answers.len() == 1;
        let mut held = Vec::new();
        for (answer, route) in answers.into_iter().zip(routes) {
            let manifest = match answer {
                Err(error) if is_only => return Err(error),
                Err(_) => continue,
                Ok(manifest) => manifest,
            };
            let files = || inventory.files.iter().map(|file| (&file.path, file.language));
            let taken = match route.is_default() {
                true => None,
                false => Some(route.keys(&repository.name, files())?),
            };
            held.push(Self { manifest, taken });
        }
        Ok(held)
    }

    /// Whether it holds exactly the files that it takes, as they are.
    pub(super) fn is_current(&self, inventory: &Inventory, version: &str) -> bool {
        self.with_taken(inventory, |taken| taken.is_held_by(&self.manifest, version))
    }

    /// Whether it holds the files of languages that are not asked for as they are.
    pub(super) fn has_others(&self, inventory: &Inventory) -> bool {
        inventory.languages.is_empty()
            || self.with_taken(inventory, |taken| taken.others_are_held_by(&self.manifest))
    }

    /// Whether it holds the file, as it is now or otherwise.
    pub(super) fn knows(&self, file: FileKey) -> bool {
        self.manifest.files.contains_key(&file)
    }

    pub(super) fn is_owed(&self, stamp: &Stamp<'_>, version: &str) -> bool {
        self.taken.as_ref().is_none_or(|taken| taken.contains(&stamp.key))
            && self.manifest.owes_file(stamp.key, stamp.content_hash, stamp.link_hash, version)
    }

    fn with_taken<T>(&self, inventory: &Inventory, ask: impl FnOnce(&Inventory) -> T) -> T {
        let Some(taken) = &self.taken else { return ask(inventory) };
        let mut inventory = inventory.clone();
        inventory.files.retain(|file| taken.contains(&file.path.key()));
        ask(&inventory)
    }
}

/// All of the tree; where only some languages are asked for, files of the others stay as they are while they are on disk.
pub(super) fn scope(inventory: &Inventory, held: &[Held]) -> Scope {
    match inventory.scope() {
        Scope::Complete(_) if !inventory.languages.is_empty() => {
            let is_held = |key: &FileKey| held.iter().any(|held| held.manifest.files.contains_key(key));
            let files =
                inventory.files.iter().map(|file| (file.path.key(), inventory.is_asked_for(file.language)));
            let kept = files.filter(|(key, is_asked_for)| *is_asked_for || is_held(key)).map(|(key, _)| key);
            Scope::Complete(Arc::new(kept.collect()))
        }
        scope => scope,
    }
}
