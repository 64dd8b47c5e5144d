//! A backend that keeps facts as JSON lines, one file of two lines per source file, in a directory:
//!
//! ```text
//! DIRECTORY/
//!   2251799813685249/            a repository, by its id
//!     00c3a1b2d4e5f607.jsonl     a source file, by its key: its entry in the manifest, then its facts
//!     repository.json            what the repository is, and what was published last
//!   jsonlines.lock               held by the process that is at work
//! ```
//!
//! A file is written beside its place and renamed into it, so that whoever looks sees the old one or the new one, whole. What
//! an interrupted load left undone the next one finds in the manifest, and does.

mod files;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use async_trait::async_trait;
use snake_pipe_core::{
    BackendInfo, Capabilities, DatabaseBackend, Error, ErrorKind, HealthCheckResult, HealthStatus, Result,
    SourcePath, StoredRepository,
    id::RepositoryId,
    manifest::Manifest,
    options::BackendOptions,
    registry::{BackendDescriptor, CONTRACT_VERSION, Registry},
    secret::redacted_url,
    simple::{Document, SimpleAdapter, SimpleBackend},
};
use tokio::sync::Mutex;

use crate::files::{
    document_name, failed, line, list, open_document, parse, put_all, remove, sync, unless_gone,
};

const REPOSITORY: &str = "repository.json";

/// The first thing that is made in a directory, and how it is known again.
const LOCK: &str = "jsonlines.lock";

/// What this plugin is.
pub const DESCRIPTOR: BackendDescriptor = BackendDescriptor {
    kind: "jsonlines",
    schemes: &["jsonlines"],
    contract_version: CONTRACT_VERSION,
    version: env!("CARGO_PKG_VERSION"),
    summary: "one file of JSON lines per source file, in a directory",
    example_url: "jsonlines:DIRECTORY",
    capabilities: Capabilities { durable: true, ..Capabilities::NONE },
    options: &[],
    build,
};

inventory::submit! { DESCRIPTOR }

/// Adds this plugin to a registry, for programs that do not leave it to the linker.
///
/// # Errors
/// As of [`Registry::register`].
pub fn register(registry: &mut Registry) -> Result<()> {
    registry.register(DESCRIPTOR)
}

fn build(options: &BackendOptions) -> Result<Arc<dyn DatabaseBackend>> {
    Ok(Arc::new(SimpleAdapter::new(JsonLinesBackend::new(options)?)))
}

/// The documents of a repository as they lie in the directory, for programs that read them back.
///
/// # Errors
/// `Schema` for facts that this version does not understand; otherwise what the file system says.
pub fn documents(directory: &Path, repository: RepositoryId) -> Result<Vec<Document>> {
    let mut documents = Vec::new();
    for path in list(&folder(directory, repository))? {
        if let Some((entry, facts)) = open_document(&path)? {
            documents.push(Document { entry, facts: Arc::new(parse(&path, facts)?) });
        }
    }
    Ok(documents)
}

fn folder(directory: &Path, repository: RepositoryId) -> PathBuf {
    directory.join(repository.get().to_string())
}

/// A directory of facts.
#[derive(Debug)]
pub struct JsonLinesBackend {
    info: BackendInfo,
    directory: PathBuf,
    turn: Arc<Mutex<()>>,
}

impl JsonLinesBackend {
    /// A backend for the directory that the address names; it is not looked at before `connect`.
    ///
    /// # Errors
    /// `Configuration` when no directory is named.
    pub fn new(options: &BackendOptions) -> Result<Self> {
        // Everything behind the scheme is the path, as it is.
        let directory = options.url().expose().split_once(':').map_or("", |(_, directory)| directory);
        if directory.is_empty() {
            return Err(Error::new(ErrorKind::Configuration, "the address names no directory")
                .with_help(format!("give one, as in {}", DESCRIPTOR.example_url)));
        }
        let address = redacted_url(options.url().expose());
        let name = options.name().unwrap_or(&address).to_owned();
        let info = BackendInfo { kind: DESCRIPTOR.kind.to_owned(), name, address, dialect: None };
        Ok(Self { info, directory: directory.into(), turn: Arc::default() })
    }

    /// Works in the directory, on a thread that may block, alone. The work goes on when its caller is cancelled, and it holds
    /// the turn itself: whatever comes next waits for it, so that old facts never land on newer ones.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let directory = self.directory.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            // Other processes wait as well; the system gives the lock back when its holder dies.
            let path = directory.join(LOCK);
            let lock = fs::File::create(&path).and_then(|lock| lock.lock().map(|()| lock));
            let _lock = lock.map_err(failed("lock", &path))?;
            work(&directory)
        });
        task.await.unwrap_or_else(|cause| {
            Err(Error::new(ErrorKind::Internal, "the work in the directory did not end").with_source(cause))
        })
    }
}

#[async_trait]
impl SimpleBackend for JsonLinesBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn is_durable(&self) -> bool {
        DESCRIPTOR.capabilities.durable
    }

    async fn connect(&self) -> Result<()> {
        fs::create_dir_all(&self.directory).map_err(failed("connect", &self.directory))?;
        // Who names a wrong directory is told so before anything is written there.
        if !list(&self.directory)?.is_empty() && !self.directory.join(LOCK).exists() {
            let message = format!("{} holds something else", self.directory.display());
            return Err(Error::new(ErrorKind::Configuration, message)
                .with_operation("connect")
                .with_help("name a new or empty directory, or one that this backend has filled"));
        }
        Ok(())
    }

    async fn write(&self, repository: RepositoryId, documents: &[Document]) -> Result<u64> {
        // A copy is cheap, since facts are shared.
        let documents = documents.to_vec();
        self.run(move |directory| {
            put_all(&folder(directory, repository), &documents, |document| {
                let facts = line(&*document.facts)?;
                let header = files::Header { entry: document.entry.clone(), facts_bytes: facts.len() as u64 };
                Ok((document_name(document.entry.path.key()), [line(&header)?, facts].concat()))
            })?;
            Ok(documents.len() as u64)
        })
        .await
    }

    async fn delete(&self, repository: RepositoryId, files: &[SourcePath]) -> Result<()> {
        let names: Vec<_> = files.iter().map(|file| document_name(file.key())).collect();
        self.run(move |directory| {
            let folder = folder(directory, repository);
            names.iter().try_for_each(|name| remove(&folder.join(name)))?;
            sync(&folder)
        })
        .await
    }

    async fn manifest(&self, repository: RepositoryId) -> Result<Manifest> {
        self.run(move |directory| {
            let mut manifest = Manifest::default();
            for path in list(&folder(directory, repository))? {
                // A document that is not whole is left out: the next load writes it again.
                if let Some((entry, _)) = open_document(&path)? {
                    manifest.files.insert(entry.path.key(), entry);
                }
            }
            Ok(manifest)
        })
        .await
    }

    async fn repositories(&self) -> Result<Vec<StoredRepository>> {
        self.run(|directory| {
            let mut repositories = Vec::new();
            for folder in list(directory)?.into_iter().filter(|path| path.is_dir()) {
                let path = folder.join(REPOSITORY);
                // Without this file, it is not ours or its first load did not end.
                if let Some(json) = unless_gone(fs::read(&path)).map_err(failed("read", &path))? {
                    repositories.push(parse(&path, &*json)?);
                }
            }
            Ok(repositories)
        })
        .await
    }

    async fn save_repository(&self, repository: &StoredRepository) -> Result<()> {
        let stored = [repository.clone()];
        self.run(move |directory| {
            put_all(&folder(directory, stored[0].id), &stored, |stored| {
                Ok((REPOSITORY.into(), line(stored)?))
            })
        })
        .await
    }

    async fn remove_repository(&self, repository: RepositoryId) -> Result<()> {
        self.run(move |directory| {
            let folder = folder(directory, repository);
            let documents = list(&folder)?.into_iter().filter(|path| !path.ends_with(REPOSITORY));
            // What tells of the repository goes last: a removal that was interrupted can be repeated.
            documents.chain([folder.join(REPOSITORY)]).try_for_each(|path| remove(&path))?;
            unless_gone(fs::remove_dir(&folder)).map_err(failed("remove", &folder))?;
            sync(directory)
        })
        .await
    }

    async fn health_check(&self) -> Result<HealthCheckResult> {
        let begin = Instant::now();
        let outcome = self.run(|_| Ok(())).await;
        let status = if outcome.is_ok() { HealthStatus::Healthy } else { HealthStatus::Unhealthy };
        let warnings = outcome.err().map(|error| error.to_string()).into_iter().collect();
        Ok(HealthCheckResult { warnings, ..HealthCheckResult::new(status, begin.elapsed()) })
    }

    async fn close(&self) -> Result<()> {
        // Nothing is open, but a call that was cancelled may still be at work.
        drop(self.turn.lock().await);
        Ok(())
    }
}
