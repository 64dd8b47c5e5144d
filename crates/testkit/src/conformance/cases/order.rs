//! Same facts, same rows: random repositories, random batches, random edits.

use std::sync::Arc;

use snake_pipe_core::{Result, load::Batch, manifest::Manifest, model::TransformedAst};

use crate::{
    conformance::{
        harness::Store,
        subject::{PRODUCER_VERSION, Subject, publication},
    },
    fixtures::Generator,
};

/// Each is a repository, and what is done to it.
const SEEDS: std::ops::Range<u64> = 1..6;

pub(super) async fn any_batches_in_any_order_give_the_same_rows(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    for seed in SEEDS {
        let mut generator = Generator::new(seed, 20);
        let files = generator.facts();
        for attempt in 0..3 {
            let subject = subject.with_repository(&format!("seed {seed}, attempt {attempt}"));
            load_at_random(&subject, &files, &[], &mut generator).await?;
            subject.assert_holds(&files).await?;
        }
    }
    Ok(())
}

pub(super) async fn editing_step_by_step_ends_like_a_clean_load(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    for seed in SEEDS {
        let subject = subject.with_repository(&format!("seed {seed}"));
        let mut generator = Generator::new(seed, 12);
        for _ in 0..8 {
            let files = generator.facts();
            let manifest = subject.manifest().await?;
            let owed: Vec<_> =
                files.iter().filter(|file| manifest.owes(file, PRODUCER_VERSION)).cloned().collect();
            let gone = gone(&manifest, &files);
            load_at_random(&subject, &owed, &gone, &mut generator).await?;
            subject.assert_holds(&files).await?;
            generator.edit();
        }
    }
    Ok(())
}

fn gone(manifest: &Manifest, files: &[TransformedAst]) -> Vec<snake_pipe_core::SourcePath> {
    let held = manifest.files.values().map(|entry| entry.path.clone());
    held.filter(|path| files.iter().all(|file| file.path != *path)).collect()
}

/// Writes and removes in batches of random size, in random order.
async fn load_at_random(
    subject: &Subject,
    files: &[TransformedAst],
    removed: &[snake_pipe_core::SourcePath],
    generator: &mut Generator,
) -> Result<()> {
    let mut files: Vec<_> = files.iter().cloned().map(Arc::new).collect();
    let mut removed = removed.to_vec();
    let mut session = subject.session().await?;
    while !files.is_empty() || !removed.is_empty() {
        let mut batch = Batch::default();
        for _ in 0..=generator.choose(5) {
            if !files.is_empty() {
                let file = files.swap_remove(generator.choose(files.len()));
                batch.files.push(file);
            }
        }
        if !removed.is_empty() && (files.is_empty() || generator.choose(2) == 0) {
            batch.removed.push(removed.swap_remove(generator.choose(removed.len())));
        }
        session.write_batch(Arc::new(batch)).await?;
    }
    session.publish(publication()).await.map(drop)
}
