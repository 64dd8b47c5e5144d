//! A backend in an afternoon, for stores without transactions: document stores, search engines, files.
//!
//! Implement [`SimpleBackend`] (write documents, delete them, list what is there) and wrap it into a [`SimpleAdapter`], which
//! is a whole [`DatabaseBackend`](crate::DatabaseBackend). What such a backend promises, and what not:
//!
//! | promise | |
//! | --- | --- |
//! | the source file is the unit; writing twice is writing once | yes |
//! | after an interrupted load, the next one repairs what is there | yes, from the manifest |
//! | a load that fails or is aborted leaves nothing visible | only while it fits into the spool |
//! | atomic publish, fence, transactions, SQL, integrity checks | no |
//! | a reference is un-resolved when its target goes | no: it stays until its own file is written again |

mod adapter;
mod session;

pub use adapter::{DEFAULT_SPOOL_BYTES, SimpleAdapter};

#[cfg(test)]
mod contract;

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{
    BackendInfo, HealthCheckResult, Result, SourcePath, StoredRepository,
    id::RepositoryId,
    manifest::{Manifest, ManifestEntry},
    model::TransformedAst,
};

/// One source file as it is to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What the manifest answers for this file as long as the document is there: store it with the facts.
    pub entry: ManifestEntry,
    /// The facts.
    pub facts: Arc<TransformedAst>,
}

/// What a store without transactions has to do. Every operation may be called from any task at any time, but none before
/// `connect` or after `close`.
///
/// Documents are known by repository and path. Errors are of the kind that says what to do about them: `Connection` and
/// `Busy` are tried again; `Data` makes the adapter look for the document that is the cause, and that file is refused;
/// everything else ends the load.
///
/// snake-pipe calls from tasks of a tokio runtime. Any future may be dropped half-way; what it has begun may go on, but must not
/// land on what a later call writes, and neither `manifest` nor `close` may answer before it has landed. Several backends may
/// be connected to one store at once, in one process or several; of what they write at the same time to one repository, either
/// may remain, but each document whole.
#[async_trait]
pub trait SimpleBackend: fmt::Debug + Send + Sync {
    /// What it is.
    fn info(&self) -> &BackendInfo;

    /// Whether what was written survives the end of the process.
    fn is_durable(&self) -> bool;

    /// Connects, and creates what is needed to write (an index, a collection, a directory). The adapter does not call it when
    /// connected, unless two tasks connect at once.
    ///
    /// # Errors
    /// `Connection`, `Authentication`, `Permission`, `Configuration`.
    async fn connect(&self) -> Result<()>;

    /// Stores each document in place of the one that has its repository and path; no two are of one path. Together they are
    /// about 8 MiB of facts, or a single larger document. Returns the number of documents, or of whatever the store counts,
    /// that were written. May have written some of them when it fails.
    ///
    /// # Errors
    /// `Data` when the store refuses a document.
    async fn write(&self, repository: RepositoryId, documents: &[Document]) -> Result<u64>;

    /// Removes the documents of these files; those that are not there are no error.
    ///
    /// # Errors
    /// As of any writing.
    async fn delete(&self, repository: RepositoryId, files: &[SourcePath]) -> Result<()>;

    /// The entries of all documents of the repository, also where `save_repository` was never called; empty for an unknown
    /// one. A damaged document may be left out: the next load then writes it again.
    ///
    /// # Errors
    /// As of any reading.
    async fn manifest(&self, repository: RepositoryId) -> Result<Manifest>;

    /// What `save_repository` was given last for each repository, in any order.
    ///
    /// # Errors
    /// As of any reading.
    async fn repositories(&self) -> Result<Vec<StoredRepository>>;

    /// Keeps this in place of what was kept for the repository. Called once the documents of a load are written.
    ///
    /// # Errors
    /// As of any writing.
    async fn save_repository(&self, repository: &StoredRepository) -> Result<()>;

    /// Removes the repository's documents, then what `save_repository` kept. A repository that is not there is no error.
    ///
    /// # Errors
    /// As of any writing.
    async fn remove_repository(&self, repository: RepositoryId) -> Result<()>;

    /// Answers whether the store is well. Being unwell is an answer, not an error.
    ///
    /// # Errors
    /// None but for faults of the backend's own code.
    async fn health_check(&self) -> Result<HealthCheckResult>;

    /// Closes all connections.
    ///
    /// # Errors
    /// None that matter.
    async fn close(&self) -> Result<()>;
}
