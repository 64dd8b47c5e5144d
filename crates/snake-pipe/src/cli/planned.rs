//! What each backend had published before the source was read.

use std::sync::Arc;

use futures::future::join_all;
use snake_pipe_core::{DatabaseBackend, id::RepositoryId, load::PlannedOn};

/// Asks each backend. Of one that does not answer nothing is known; the coordinator reports it.
pub(super) async fn planned_on(
    backends: &[Arc<dyn DatabaseBackend>],
    repository: RepositoryId,
) -> Vec<PlannedOn> {
    let ask = async |backend: &Arc<dyn DatabaseBackend>| match backend.repositories().await {
        Ok(stored) => {
            let held = stored.into_iter().find(|stored| stored.id == repository);
            PlannedOn::held(held.and_then(|held| held.marker))
        }
        Err(_) => PlannedOn::Anything,
    };
    join_all(backends.iter().map(ask)).await
}
