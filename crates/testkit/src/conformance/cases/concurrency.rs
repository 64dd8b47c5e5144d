//! Several loads and readers at once.

use std::sync::Arc;

use futures::future::try_join_all;
use snake_pipe_core::{Error, Result, model::TransformedAst};

use crate::{
    conformance::{
        harness::Store,
        subject::{Subject, batch_of, publication},
    },
    fixtures::{Generator, content_hash_of, shop},
};

pub(super) async fn loads_of_two_repositories_may_interleave(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let (one, other) = (subject.with_repository("one"), subject.with_repository("other"));
    let (mut first, mut second) = (one.session().await?, other.session().await?);
    for file in shop() {
        first.write_batch(batch_of(std::slice::from_ref(&file), &[])).await?;
        second.write_batch(batch_of(&[file], &[])).await?;
    }
    second.publish(publication()).await?;
    first.publish(publication()).await?;
    one.assert_holds(&shop()).await?;
    other.assert_holds(&shop()).await
}

pub(super) async fn loads_from_many_connections_do_not_disturb_each_other(store: Store) -> Result<()> {
    const LOADERS: u64 = 4;
    let subject = Arc::new(Subject::ready(store).await?);
    let load = |number: u64| {
        let subject = Arc::clone(&subject);
        async move {
            let mut own = subject.reopened().await?;
            own.repository.name = format!("repository {number}");
            let mut generator = Generator::new(number, 30);
            for _ in 0..3 {
                own.bring_to(&generator.facts()).await?;
                own.assert_holds(&generator.facts()).await?;
                generator.edit();
            }
            Ok::<(), Error>(())
        }
    };
    let tasks = (0..LOADERS).map(|number| tokio::spawn(load(number)));
    for result in try_join_all(tasks).await.expect("a loader that panics has broken the promise") {
        result?;
    }
    Ok(())
}

pub(super) async fn readers_see_whole_publications(store: Store) -> Result<()> {
    const PUBLICATIONS: u64 = 12;
    let subject = Subject::ready(store).await?;
    let version = |number: u64| -> Vec<TransformedAst> {
        let mut files = shop();
        for file in &mut files {
            file.size_bytes = Some(number);
            file.content_hash = Some(content_hash_of(file));
        }
        files
    };
    subject.load(&version(0)).await?;
    let reader = subject.reopened().await?;
    let (done, is_done) = tokio::sync::watch::channel(false);
    let reading = tokio::spawn(async move {
        let mut seen = 0;
        while !*is_done.borrow() {
            let manifest = reader.manifest().await?;
            let is_whole = (seen..=PUBLICATIONS).find(|number| {
                let files = version(*number);
                files.iter().all(|file| manifest.files[&file.key()].content_hash == file.content_identity())
            });
            seen = is_whole.expect("a manifest that is no publication's, or of an older one than before");
            tokio::task::yield_now().await;
        }
        Ok(seen)
    });
    for number in 1..=PUBLICATIONS {
        subject.load(&version(number)).await?;
    }
    done.send_replace(true);
    let seen: Result<u64> = reading.await.expect("a reader that panics has broken the promise");
    assert!(seen? <= PUBLICATIONS);
    subject.assert_holds(&version(PUBLICATIONS)).await
}
