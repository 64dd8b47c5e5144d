//! Rows that contradict each other.
use snake_pipe_core::{IntegrityResult, IntegrityScope, Result};
use sqlx::PgPool;

pub(crate) async fn check(_pool: &PgPool, _scope: IntegrityScope) -> Result<IntegrityResult> {
    Ok(IntegrityResult::default())
}
