//! How the suite gets databases, and how it runs.

use std::{fmt, future::Future, sync::Arc, time::Duration, time::Instant};

use futures::future::BoxFuture;
use snake_pipe_core::{Capabilities, DatabaseBackend, Result, Value, id::RepositoryId, schema::TableId};

use super::{
    cases::{CASES, Case},
    report::{CaseReport, Outcome, Report},
};

/// A case that takes longer is taken to hang.
const CASE_LIMIT: Duration = Duration::from_secs(180);

type Opener = dyn Fn() -> Result<Arc<dyn DatabaseBackend>> + Send + Sync;
type RowReader = dyn Fn(TableId, RepositoryId) -> BoxFuture<'static, Result<Vec<Vec<Value>>>> + Send + Sync;
type Refuser = dyn Fn(&'static str) -> BoxFuture<'static, Result<()>> + Send + Sync;
type Creator = dyn Fn() -> BoxFuture<'static, Result<Store>> + Send + Sync;

/// One database, which may be opened any number of times, and is removed with the value.
pub struct Store {
    open: Box<Opener>,
    pub(super) read_rows: Option<Box<RowReader>>,
    refuse: Option<Box<Refuser>>,
}

impl Store {
    /// A database that `open` makes backends for, not connected yet. What holds the database in being (a temporary folder,
    /// a server's database) is to be owned by the closure.
    #[must_use]
    pub fn new(open: impl Fn() -> Result<Arc<dyn DatabaseBackend>> + Send + Sync + 'static) -> Self {
        Self { open: Box::new(open), read_rows: None, refuse: None }
    }

    /// For a backend without SQL: how to read all rows of a table that belong to a repository, in any order, a value per
    /// column of [`TABLES`](snake_pipe_core::schema::TABLES). Without it the cases that look at rows are not run.
    ///
    /// Where facts are stored, [`owned_rows`](snake_pipe_core::schema::owned_rows) makes rows of them. Tables whose rows do
    /// not belong to files are not asked for, and volatile columns are not compared: any time of writing will do.
    #[must_use]
    pub fn with_rows<F, Fut>(mut self, read: F) -> Self
    where
        F: Fn(TableId, RepositoryId) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<Vec<Value>>>> + Send + 'static,
    {
        self.read_rows = Some(Box::new(move |table, repository| Box::pin(read(table, repository))));
        self
    }

    /// For a backend whose database can refuse a row when it is published: how to make it refuse every function of a name, as a
    /// trigger or constraint would that somebody has added to the tables.
    #[must_use]
    pub fn with_refusal<F, Fut>(mut self, refuse: F) -> Self
    where
        F: Fn(&'static str) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.refuse = Some(Box::new(move |function| Box::pin(refuse(function))));
        self
    }

    /// Makes the database refuse functions of this name.
    pub(super) async fn refuse(&self, function: &'static str) -> Result<()> {
        match &self.refuse {
            Some(refuse) => refuse(function).await,
            None => Ok(()),
        }
    }

    /// A further backend over the same database, not connected.
    pub(super) fn open(&self) -> Result<Arc<dyn DatabaseBackend>> {
        (self.open)()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("reads_rows", &self.read_rows.is_some()).finish_non_exhaustive()
    }
}

/// How the suite gets databases.
pub struct Harness {
    create: Box<Creator>,
    only: Option<String>,
}

impl Harness {
    /// A harness that gets every case a new, empty database from `create`.
    pub fn new<F, Fut>(create: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Store>> + Send + 'static,
    {
        Self { create: Box::new(move || Box::pin(create())), only: None }
    }

    /// Runs only the cases with this word in their name.
    #[must_use]
    pub fn only(mut self, word: impl Into<String>) -> Self {
        self.only = Some(word.into());
        self
    }

    fn cases(&self) -> impl Iterator<Item = &'static Case> {
        CASES.iter().filter(|case| self.only.as_deref().is_none_or(|word| case.name.contains(word)))
    }

    async fn store(&self) -> Result<Store> {
        (self.create)().await
    }
}

impl fmt::Debug for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness").field("only", &self.only).finish_non_exhaustive()
    }
}

/// Runs every case, one after the other, and reports on all of them.
pub async fn run_all(harness: &Harness) -> Report {
    let mut cases = Vec::new();
    for case in harness.cases() {
        let begin = Instant::now();
        let outcome = outcome_of(case, harness).await;
        cases.push(CaseReport { name: case.name, promise: case.promise, outcome, duration: begin.elapsed() });
    }
    Report { cases }
}

async fn outcome_of(case: &'static Case, harness: &Harness) -> Outcome {
    let store = match harness.store().await {
        Ok(store) => store,
        Err(error) => return Outcome::Broken(format!("no database could be had: {error:?}")),
    };
    let capabilities = match store.open() {
        Ok(backend) => backend.capabilities(),
        Err(error) => return Outcome::Broken(format!("the backend could not be made: {error:?}")),
    };
    let missing = missing(case, capabilities, &store);
    if !missing.is_empty() {
        return Outcome::NotOffered(missing.join(", "));
    }
    // In a task of its own a panic ends the case and not the suite.
    let mut task = tokio::spawn((case.run)(store));
    match tokio::time::timeout(CASE_LIMIT, &mut task).await {
        Ok(Ok(Ok(()))) => Outcome::Kept,
        Ok(Ok(Err(error))) => Outcome::Broken(format!("{error:?}")),
        Ok(Err(failure)) => Outcome::Broken(words_of(failure)),
        Err(_) => {
            task.abort();
            Outcome::Broken(format!("it did not end within {} s", CASE_LIMIT.as_secs()))
        }
    }
}

/// What the case needs and the backend does not claim.
fn missing(case: &Case, offered: Capabilities, store: &Store) -> Vec<&'static str> {
    let needs = &case.needs;
    let claims = [
        ("atomic_publish", needs.capabilities.atomic_publish, offered.atomic_publish),
        ("fence", needs.capabilities.fence, offered.fence),
        ("sql", needs.capabilities.sql, offered.sql),
        ("integrity", needs.capabilities.integrity, offered.integrity),
        ("transactions", needs.capabilities.transactions, offered.transactions),
        ("durable", needs.capabilities.durable, offered.durable),
        ("rows", needs.rows, store.read_rows.is_some() || offered.sql),
        ("refusal", needs.refusal, store.refuse.is_some()),
    ];
    claims.iter().filter(|(_, needed, offered)| *needed && !offered).map(|(name, ..)| *name).collect()
}

fn words_of(failure: tokio::task::JoinError) -> String {
    let Ok(payload) = failure.try_into_panic() else { return "it was cancelled".to_owned() };
    match (payload.downcast_ref::<String>(), payload.downcast_ref::<&str>()) {
        (Some(words), _) => words.clone(),
        (_, Some(words)) => (*words).to_owned(),
        _ => "it panicked without a word".to_owned(),
    }
}
