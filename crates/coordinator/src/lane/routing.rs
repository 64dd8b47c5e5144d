//! What of the stream this backend takes.

use std::sync::Arc;

use snake_pipe_core::{load::Scope, model::TransformedAst};

use super::Lane;
use crate::route::without_references_beyond;

impl Lane {
    /// The facts as the backend takes them; none where its route does not.
    pub(super) fn routed(&mut self, facts: &Arc<TransformedAst>) -> Option<Arc<TransformedAst>> {
        let Some(router) = &self.router else { return Some(facts.clone()) };
        match &self.plan.scope {
            Scope::Complete(files) => files
                .contains(&facts.key())
                .then(|| without_references_beyond(facts, files).map_or_else(|| facts.clone(), Arc::new)),
            Scope::Partial => {
                let is_taken = router.takes_repository(&self.plan.repository.name)
                    && router.takes(&facts.path, facts.language);
                match is_taken {
                    // The file may have had another language in facts that came earlier.
                    true => drop(self.elsewhere.remove(&facts.key())),
                    false => drop(self.elsewhere.insert(facts.key(), facts.path.clone())),
                }
                is_taken.then(|| facts.clone())
            }
        }
    }

    /// Whether the route takes nothing of this load, so that the backend need not even know the repository.
    pub(super) fn takes_nothing(&self) -> bool {
        let Some(router) = &self.router else { return false };
        match &self.plan.scope {
            Scope::Complete(files) => files.is_empty(),
            Scope::Partial => !router.takes_repository(&self.plan.repository.name),
        }
    }

    /// Files that the route does not take.
    pub(super) fn files_elsewhere(&self) -> u64 {
        let elsewhere = match (&self.shared.plan.scope, &self.plan.scope) {
            (Scope::Complete(all), Scope::Complete(taken)) => all.len() - taken.len(),
            (Scope::Complete(_) | Scope::Partial, _) => self.elsewhere.len(),
        };
        elsewhere as u64
    }
}
