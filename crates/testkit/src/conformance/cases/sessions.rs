//! Sessions: accepted is not yet published, and published is published once.

use snake_pipe_core::{
    ErrorKind, Language, Result, SqlQuery, Value,
    load::{LoadPlan, Marker, PlannedOn, Publication, PublishResult, Snapshot},
};

use crate::{
    conformance::{
        harness::Store,
        subject::{Subject, assert_fails, batch_of, publication},
    },
    fixtures::{FactsBuilder, shop, shop_file},
};

pub(super) async fn nothing_is_visible_before_publishing(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let first = [shop_file("README")];
    subject.load(&first).await?;
    let reader = subject.reopened().await?;

    let mut session = subject.session().await?;
    session.write_batch(batch_of(&shop(), &[])).await?;
    session.write_batch(batch_of(&[], &["README"])).await?;
    subject.assert_holds(&first).await?;
    reader.assert_holds(&first).await?;

    session.publish(publication()).await?;
    let all: Vec<_> = shop().into_iter().filter(|file| file.path.as_str() != "README").collect();
    subject.assert_holds(&all).await?;
    reader.assert_holds(&all).await
}

pub(super) async fn an_aborted_session_leaves_nothing(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let mut session = subject.session().await?;
    session.write_batch(batch_of(&shop(), &[])).await?;
    session.abort().await?;
    subject.assert_holds(&[]).await?;
    let file = [shop_file("README")];
    subject.load(&file).await?;
    subject.assert_holds(&file).await
}

pub(super) async fn a_dropped_session_leaves_nothing(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let file = [shop_file("README")];
    for _ in 0..3 {
        let mut session = subject.session().await?;
        session.write_batch(batch_of(&shop(), &[])).await?;
        drop(session);
        subject.assert_holds(&[]).await?;
    }
    // The next one comes from another process.
    let next = subject.reopened().await?;
    next.load(&file).await?;
    next.assert_holds(&file).await?;
    subject.assert_holds(&file).await
}

pub(super) async fn publishing_twice_is_publishing_once(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let publication = publication();
    let mut session = subject.session().await?;
    session.write_batch(batch_of(&shop(), &[])).await?;
    let first = session.publish(publication.clone()).await?;
    assert!(matches!(first, PublishResult::Published(_)), "{first:?}");
    let second = session.publish(publication).await?;
    assert_eq!(second, PublishResult::AlreadyPublished);
    subject.assert_holds(&shop()).await
}

pub(super) async fn a_marker_tells_a_new_process_what_was_published(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let publication = publication();
    let mut session = subject.session().await?;
    session.write_batch(batch_of(&shop(), &[])).await?;
    session.publish(publication.clone()).await?;
    drop(session);
    subject.backend.close().await?;

    let next = subject.reopened().await?;
    let repositories = next.backend.repositories().await?;
    assert_eq!(repositories[0].marker, Some(publication.marker), "{repositories:?}");
    let again = next.session().await?.publish(publication).await?;
    assert_eq!(again, PublishResult::AlreadyPublished);
    next.assert_holds(&shop()).await
}

pub(super) async fn a_session_takes_the_last_word_on_a_file(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&[shop_file("README")]).await?;
    let version = |size| {
        let mut file = FactsBuilder::new("a.py", Language::Python);
        file.facts.size_bytes = Some(size);
        file.finish()
    };
    let other = FactsBuilder::new("b.py", Language::Python).finish();
    let mut session = subject.session().await?;
    session.write_batch(batch_of(&[version(1), other.clone()], &[])).await?;
    session.write_batch(batch_of(&[version(2)], &["b.py", "README"])).await?;
    session.write_batch(batch_of(&[shop_file("README")], &["a.py"])).await?;
    session.write_batch(batch_of(&[version(3)], &[])).await?;
    session.publish(publication()).await?;
    subject.assert_holds(&[version(3), shop_file("README")]).await
}

pub(super) async fn a_session_without_batches_records_a_new_snapshot_only(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let at = |commit: &str| Publication {
        marker: Marker::random(),
        snapshot: Snapshot { commit: Some(commit.to_owned()), ..Snapshot::default() },
    };
    let mut session = subject.session().await?;
    session.write_batch(batch_of(&shop(), &[])).await?;
    session.publish(at("one")).await?;
    assert_eq!(snapshot_count(&subject).await?, 1);

    subject.session().await?.publish(at("one")).await?;
    assert_eq!(snapshot_count(&subject).await?, 1, "after nothing changed");

    subject.session().await?.publish(at("two")).await?;
    assert_eq!(snapshot_count(&subject).await?, 2, "after a commit without changes");
    let stored = subject.backend.repositories().await?;
    assert_eq!(stored[0].snapshot.as_ref().and_then(|snapshot| snapshot.commit.as_deref()), Some("two"));
    subject.assert_holds(&shop()).await
}

async fn snapshot_count(subject: &Subject) -> Result<i64> {
    let answer = subject.backend.execute_sql_query(SqlQuery::new("SELECT count(*) FROM snapshots")).await?;
    match answer.rows[0][0] {
        Value::Integer(count) => Ok(count),
        ref other => panic!("a count is a whole number, not {other:?}"),
    }
}

pub(super) async fn a_replaced_session_is_fenced(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let (mut early, late) = (subject.session().await?, [shop_file("README")]);
    early.write_batch(batch_of(&shop(), &[])).await?;
    let mut newer = subject.session().await?;
    newer.write_batch(batch_of(&late, &[])).await?;

    assert_fails(early.publish(publication()).await, ErrorKind::Fenced, "publish of a replaced session");
    assert_fails(early.publish(publication()).await, ErrorKind::Fenced, "publishing it again");
    subject.assert_holds(&[]).await?;
    newer.publish(publication()).await?;
    assert_fails(early.publish(publication()).await, ErrorKind::Fenced, "publishing it after the newer one");
    subject.assert_holds(&late).await
}

pub(super) async fn a_fence_holds_between_processes(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let other = subject.reopened().await?;
    let mut early = subject.session().await?;
    early.write_batch(batch_of(&shop(), &[])).await?;
    let late = [shop_file("README")];
    other.load(&late).await?;
    assert_fails(early.publish(publication()).await, ErrorKind::Fenced, "publish of a replaced session");
    early.abort().await?;
    subject.assert_holds(&late).await?;
    // Another repository's session fences nobody.
    let mut here = subject.session().await?;
    here.write_batch(batch_of(&shop(), &[])).await?;
    other.with_repository("other").load(&late).await?;
    here.publish(publication()).await?;
    subject.assert_holds(&shop()).await
}

pub(super) async fn an_older_load_does_not_overwrite_a_newer_one(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let planned = |planned_on| LoadPlan { planned_on, ..subject.plan() };
    let (old, newer) = ([shop_file("README")], shop());
    let before_any = planned(PlannedOn::Nothing);
    // Both were planned on the same publication; a process that slept begins when the other one is done.
    subject.load(&old).await?;
    let asleep = planned(last(&subject).await?);
    subject.reopened().await?.load(&newer).await?;
    let published = last(&subject).await?;
    let mut newest = subject.backend.begin_load(planned(published)).await?;
    for plan in [asleep, before_any] {
        assert_fails(subject.backend.begin_load(plan).await, ErrorKind::Fenced, "an older load");
        assert_eq!(last(&subject).await?, published, "the marker after an older load");
        subject.assert_holds(&newer).await?;
    }
    // What was refused has taken nothing over from the load that is under way.
    newest.write_batch(batch_of(&[], &["README"])).await?;
    newest.publish(publication()).await?;
    let without: Vec<_> = newer.into_iter().filter(|file| file.path.as_str() != "README").collect();
    subject.assert_holds(&without).await?;
    // Nobody has published anything of another repository.
    let other = subject.with_repository("other");
    let plan = LoadPlan { planned_on: PlannedOn::Nothing, ..other.plan() };
    let mut session = other.backend.begin_load(plan).await?;
    session.write_batch(batch_of(&old, &[])).await?;
    session.publish(publication()).await?;
    other.assert_holds(&old).await
}

/// What was published last of the repository.
async fn last(subject: &Subject) -> Result<PlannedOn> {
    let stored = subject.backend.repositories().await?;
    let held = stored.into_iter().find(|stored| stored.id == subject.repository.id());
    Ok(PlannedOn::held(held.and_then(|held| held.marker)))
}
