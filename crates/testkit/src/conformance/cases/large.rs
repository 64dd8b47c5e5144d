//! Loads that are announced as large: a backend may take another way for them, but not to another place.

use std::sync::Arc;

use snake_pipe_core::{
    Result,
    load::{Batch, LoadPlan},
    model::TransformedAst,
};

use crate::{
    conformance::{
        harness::Store,
        subject::{PRODUCER_VERSION, Subject, batch_of, publication},
    },
    fixtures::{content_hash_of, odd_files, shop},
};

/// More rows than any backend takes for few.
const MANY_ROWS: u64 = 20_000_000;

/// The shop and all odd files, with something different in every file for every number.
fn version(number: u64) -> Vec<TransformedAst> {
    let mut files: Vec<_> = shop().into_iter().chain(odd_files().into_iter().map(|(_, file)| file)).collect();
    for file in &mut files {
        file.size_bytes = Some(number);
        file.content_hash = Some(content_hash_of(file));
    }
    files
}

fn large_plan(subject: &Subject, files: &[TransformedAst]) -> LoadPlan {
    let keys = files.iter().map(TransformedAst::key);
    let plan = LoadPlan::complete(subject.repository.clone(), PRODUCER_VERSION, keys);
    LoadPlan { estimated_rows: MANY_ROWS, ..plan }
}

/// Loads these files and no others, in batches of three.
async fn load_as_large(subject: &Subject, files: &[TransformedAst]) -> Result<()> {
    let plan = large_plan(subject, files);
    let removed: Vec<_> = subject.manifest().await?.removed_by(&plan.scope).cloned().collect();
    let mut session = subject.backend.begin_load(plan).await?;
    for files in files.chunks(3) {
        session.write_batch(batch_of(files, &[])).await?;
    }
    session.write_batch(Arc::new(Batch { removed, ..Batch::default() })).await?;
    session.publish(publication()).await.map(drop)
}

pub(super) async fn a_load_announced_as_large_gives_the_same_rows(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let other = subject.with_repository("other");
    other.load(&shop()).await?;

    load_as_large(&subject, &version(1)).await?;
    subject.assert_holds(&version(1)).await?;
    // A small one afterwards, and a large one over both, which lacks some files.
    let small = &version(2)[..4];
    subject.load(small).await?;
    let mixed: Vec<_> = small.iter().cloned().chain(version(1).split_off(4)).collect();
    subject.assert_holds(&mixed).await?;
    let fewer = &version(3)[..shop().len()];
    load_as_large(&subject, fewer).await?;
    subject.assert_holds(fewer).await?;
    subject.bring_to(&version(4)).await?;
    subject.assert_holds(&version(4)).await?;

    // The other repository grows large too, and goes; neither disturbs the first.
    load_as_large(&other, &version(5)).await?;
    other.assert_holds(&version(5)).await?;
    subject.backend.remove_repository(other.repository.id()).await?;
    other.assert_holds(&[]).await?;
    subject.assert_holds(&version(4)).await
}

pub(super) async fn a_large_load_that_fails_leaves_what_was_there(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    for before in [Vec::new(), version(1)] {
        subject.bring_to(&before).await?;
        for is_aborted in [false, true] {
            let files = version(2);
            let mut session = subject.backend.begin_load(large_plan(&subject, &files)).await?;
            session.write_batch(batch_of(&files, &[])).await?;
            if is_aborted {
                session.abort().await?;
            } else {
                drop(session);
            }
            subject.assert_holds(&before).await?;
        }
        subject.reopened().await?.assert_holds(&before).await?;
    }
    load_as_large(&subject, &version(3)).await?;
    subject.assert_holds(&version(3)).await
}
