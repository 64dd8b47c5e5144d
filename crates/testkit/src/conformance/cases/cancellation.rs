//! Futures that are dropped half-way.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use snake_pipe_core::{IntegrityScope, MigrateMode, Result, SqlQuery, model::TransformedAst};

use crate::{
    conformance::{
        harness::Store,
        subject::{PRODUCER_VERSION, Subject, batch_of, publication},
    },
    fixtures::{content_hash_of, shop},
};

/// More steps than any operation on the shop takes.
const MOST_STEPS: usize = 100_000;

/// By then what a cancelled write has begun is long done.
const LATE: Duration = Duration::from_millis(300);

/// Lets the future go so many steps (polls), and drops it; its output if it was ready by then.
async fn steps<F: Future>(steps: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = steps;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// 0, 1, 2, … and then ever wider apart.
fn ladder() -> impl Iterator<Item = usize> {
    std::iter::successors(Some(0_usize), |step| Some(step + 1 + step / 6))
        .take_while(|step| *step < MOST_STEPS)
}

/// The shop, with something different in every file for every number.
fn version(number: usize) -> Vec<TransformedAst> {
    let mut files = shop();
    for file in &mut files {
        file.size_bytes = Some(number as u64);
        file.content_hash = Some(content_hash_of(file));
    }
    files
}

/// Which of the two versions the backend holds, wholly.
async fn held(subject: &Subject, before: &[TransformedAst], after: &[TransformedAst]) -> Result<bool> {
    // A commit may be under way, though nobody waits for it any more; a session that begins does.
    subject.backend.begin_load(subject.plan()).await?.abort().await?;
    let manifest = subject.manifest().await?;
    let is_after = manifest
        .files
        .get(&after[0].key())
        .is_some_and(|entry| entry.content_hash == after[0].content_identity());
    subject.assert_holds(if is_after { after } else { before }).await?;
    Ok(is_after)
}

pub(super) async fn a_cancelled_write_leaves_the_backend_usable(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let mut before = version(0);
    subject.load(&before).await?;
    for (number, step) in ladder().enumerate() {
        let after = version(number + 1);
        let write = subject.backend.write_batch(subject.plan(), batch_of(&after, &[]), publication());
        let output = steps(step, write).await;
        let is_after = held(&subject, &before, &after).await?;
        if let Some(result) = output {
            result?;
            assert!(is_after, "a write that returned is not there");
            return Ok(());
        }
        if is_after {
            before = after;
        }
    }
    panic!("the write did not end within {MOST_STEPS} steps")
}

/// What a cancelled write has begun may go on, and may land in parts. What must not be: that it lands on newer facts. The
/// older write holds more files than the newer one, so that it takes longer; every attempt has a repository of its own, so
/// that the next one does not mend what this one broke.
pub(super) async fn a_cancelled_write_never_lands_on_a_newer_one(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let older: Vec<_> = version(1).into_iter().chain(further_files()).collect();
    let newer = version(2);
    let mut attempts = Vec::new();
    let mut ended = None;
    for step in coarse_ladder() {
        let attempt = subject.with_repository(&format!("cancelled after {step}"));
        let write = attempt.backend.write_batch(attempt.plan(), batch_of(&older, &[]), publication());
        ended = steps(step, write).await;
        attempt.load(&newer).await?;
        attempts.push(attempt);
        if ended.is_some() {
            break;
        }
    }
    ended.unwrap_or_else(|| panic!("the write did not end within {MOST_STEPS} steps"))?;
    tokio::time::sleep(LATE).await;
    for attempt in attempts {
        let manifest = attempt.manifest().await?;
        for file in &newer {
            let is_there = !manifest.owes(file, PRODUCER_VERSION);
            assert!(is_there, "{}: the older facts of {} are there", attempt.repository.name, file.path);
        }
        // The files that were in the older write alone are there or not. Without them, rows can be compared.
        attempt.bring_to(&newer).await?;
        attempt.assert_holds(&newer).await?;
    }
    Ok(())
}

/// 0, 1, 2, … and soon twice as far: backends that are slow to write take many steps.
fn coarse_ladder() -> impl Iterator<Item = usize> {
    std::iter::successors(Some(0_usize), |step| Some(if *step < 8 { step + 1 } else { step * 2 }))
        .take_while(|step| *step < MOST_STEPS)
}

/// Files that say little.
fn further_files() -> impl Iterator<Item = TransformedAst> {
    (0..16).map(|number| TransformedAst::new(format!("further/{number}.py").as_str().into()))
}

pub(super) async fn a_cancelled_session_leaves_the_backend_usable(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let mut before = version(0);
    subject.load(&before).await?;
    for (number, step) in ladder().enumerate() {
        let after = version(number + 1);
        let output = steps(step, subject.change(&after, &[])).await;
        let is_after = held(&subject, &before, &after).await?;
        if let Some(result) = output {
            result?;
            assert!(is_after, "a session that was published is not there");
            return Ok(());
        }
        if is_after {
            before = after;
        }
    }
    panic!("the session did not end within {MOST_STEPS} steps")
}

pub(super) async fn cancelled_reading_leaves_the_backend_usable(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    let backend = &subject.backend;
    for step in ladder() {
        let reading = async {
            backend.connect().await?;
            backend.migrate(MigrateMode::Plan).await?;
            backend.health_check().await?;
            backend.repositories().await?;
            backend.manifest(subject.repository.id()).await?;
            if backend.capabilities().sql {
                backend.execute_sql_query(SqlQuery::new("SELECT * FROM functions")).await?;
            }
            backend.check_integrity(IntegrityScope::All).await
        };
        let output = steps(step, reading).await;
        subject.manifest().await?;
        if let Some(result) = output {
            if backend.capabilities().integrity {
                result?;
            }
            return subject.assert_holds(&shop()).await;
        }
    }
    panic!("reading did not end within {MOST_STEPS} steps")
}
