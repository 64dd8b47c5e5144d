//! Several repositories in one database.

use snake_pipe_core::{
    ErrorKind, Language, Result,
    load::{LoadPlan, Marker, Publication, Repository, Snapshot},
    model::FunctionKind,
    position::{OrderKey, PositionKey, PositionKind, SourcePosition},
};

use crate::{
    conformance::{
        harness::Store,
        subject::{PRODUCER_VERSION, Subject, assert_fails, batch_of, publication},
    },
    fixtures::{FactsBuilder, shop, shop_file},
};

pub(super) async fn every_repository_is_listed(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    assert!(subject.backend.repositories().await?.is_empty());
    let repository = Repository {
        name: "github.com/org/app".to_owned(),
        ref_name: "main".to_owned(),
        remote: Some("https://github.com/org/app".to_owned()),
        root: Some("/src/app".to_owned()),
    };
    let snapshot = Snapshot {
        commit: Some("c0ffee".to_owned()),
        branch: Some("main".to_owned()),
        is_dirty: Some(false),
        positions: vec![position(7)],
    };
    let published = Publication { marker: Marker::random(), snapshot: snapshot.clone() };
    for ref_name in ["release", "main"] {
        let repository = Repository { ref_name: ref_name.to_owned(), ..repository.clone() };
        let plan = LoadPlan::partial(repository, PRODUCER_VERSION);
        let publication = Publication { snapshot: snapshot.clone(), ..publication() };
        let publication = if ref_name == "main" { published.clone() } else { publication };
        subject.backend.write_batch(plan, batch_of(&shop(), &[]), publication).await?;
    }
    subject.with_repository("alpha").load(&[shop_file("README")]).await?;

    let stored = subject.backend.repositories().await?;
    let names: Vec<_> =
        stored.iter().map(|stored| (&*stored.repository.name, &*stored.repository.ref_name)).collect();
    assert_eq!(names, [("alpha", ""), ("github.com/org/app", "main"), ("github.com/org/app", "release")]);
    let main = &stored[1];
    assert_eq!((&main.repository, main.id), (&repository, repository.id()));
    assert_eq!((main.snapshot.as_ref(), main.marker), (Some(&snapshot), Some(published.marker)));
    Ok(())
}

fn position(number: u64) -> SourcePosition {
    SourcePosition {
        key: PositionKey::of("orders-db", PositionKind::Stream).table("orders"),
        value: serde_json::json!({"lsn": "0/A", "number": number, "gap": null}),
        order: OrderKey::number(number),
    }
}

pub(super) async fn positions_are_published_with_the_data(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let at = |number| Publication {
        snapshot: Snapshot { positions: vec![position(number)], ..Snapshot::default() },
        ..publication()
    };
    let held = async || -> Result<Vec<SourcePosition>> {
        let stored = subject.backend.repositories().await?;
        let snapshot = stored.into_iter().next().and_then(|stored| stored.snapshot);
        Ok(snapshot.map(|snapshot| snapshot.positions).unwrap_or_default())
    };
    let mut session = subject.session().await?;
    session.write_batch(batch_of(&shop(), &[])).await?;
    assert_eq!(held().await?, [], "before anything is published");
    session.publish(at(1)).await?;
    assert_eq!(held().await?, [position(1)]);

    // A source that brought nothing new was read nevertheless.
    subject.session().await?.publish(at(2)).await?;
    assert_eq!(held().await?, [position(2)], "after a position moved alone");

    let mut aborted = subject.session().await?;
    aborted.write_batch(batch_of(&[shop_file("README")], &["app.py"])).await?;
    aborted.abort().await?;
    assert_eq!(held().await?, [position(2)], "after a session that was aborted");
    Ok(())
}

pub(super) async fn one_path_in_two_repositories_is_two_files(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let file = |function: &str| {
        let mut file = FactsBuilder::new("a.py", Language::Python);
        file.function(FunctionKind::Function, function, None, (1, 2));
        [file.finish()]
    };
    let (one, mut other) = (subject.with_repository("one"), subject.with_repository("one"));
    other.repository.ref_name = "branch".to_owned();
    let third = subject.with_repository("two");
    one.load(&file("f")).await?;
    other.load(&file("g")).await?;
    third.load(&file("f")).await?;
    one.assert_holds(&file("f")).await?;
    other.assert_holds(&file("g")).await?;
    third.assert_holds(&file("f")).await?;

    other.change(&[], &["a.py"]).await?;
    third.load(&file("h")).await?;
    one.assert_holds(&file("f")).await?;
    other.assert_holds(&[]).await?;
    third.assert_holds(&file("h")).await
}

pub(super) async fn a_removed_repository_leaves_nothing(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let (one, other) = (subject.with_repository("one"), subject.with_repository("other"));
    one.load(&shop()).await?;
    other.load(&shop()).await?;
    assert!(subject.backend.remove_repository(one.repository.id()).await?, "it was there");
    assert!(!subject.backend.remove_repository(one.repository.id()).await?, "it is there no more");
    one.assert_holds(&[]).await?;
    other.assert_holds(&shop()).await?;
    let names: Vec<_> =
        subject.backend.repositories().await?.into_iter().map(|stored| stored.repository.name).collect();
    assert_eq!(names, ["other"]);
    one.load(&shop()).await?;
    one.assert_holds(&shop()).await
}

pub(super) async fn another_source_of_the_same_name_is_refused(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let from = |root: &str| Repository { root: Some(root.to_owned()), ..Repository::named("app") };
    let plan = |root: &str| LoadPlan::partial(from(root), PRODUCER_VERSION);
    let files = batch_of(&shop(), &[]);
    subject.backend.write_batch(plan("/home/one/app"), files.clone(), publication()).await?;
    subject.backend.write_batch(plan("/home/one/app"), files.clone(), publication()).await?;

    let refused = subject.backend.begin_load(plan("/home/two/app")).await;
    let help = refused.as_ref().err().and_then(|error| error.help()).unwrap_or_default().to_owned();
    assert_fails(refused, ErrorKind::Configuration, "a load from another root");
    assert!(!help.is_empty(), "the error says what to do about it");
    let written = subject.backend.write_batch(plan("/home/two/app"), files.clone(), publication()).await;
    assert_fails(written, ErrorKind::Configuration, "a write from another root");

    let allowed = LoadPlan { allow_other_source: true, ..plan("/home/two/app") };
    subject.backend.write_batch(allowed, files.clone(), publication()).await?;
    // It has moved, so now the old place is the other one.
    let old = subject.backend.begin_load(plan("/home/one/app")).await;
    assert_fails(old, ErrorKind::Configuration, "a load from the old root");
    Ok(())
}
