//! The source file is the unit.

use std::collections::BTreeMap;

use snake_pipe_core::{
    Language, Result, SqlQuery, Value,
    load::LoadPlan,
    model::{CallKind, FunctionKind, Resolution, TransformedAst},
};

use crate::{
    conformance::{
        harness::Store,
        subject::{PRODUCER_VERSION, Subject, batch_of, publication},
    },
    fixtures::{FactsBuilder, Generator, content_hash_of, shop, shop_file},
};

pub(super) async fn an_unknown_repository_has_an_empty_manifest(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    assert!(subject.manifest().await?.files.is_empty());
    subject.assert_holds(&[]).await
}

pub(super) async fn the_manifest_tells_what_was_written(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    let manifest = subject.manifest().await?;
    assert_eq!(manifest.files.len(), shop().len());
    for file in shop() {
        let entry = &manifest.files[&file.key()];
        assert_eq!(entry.path, file.path);
        assert_eq!(entry.content_hash, file.content_identity(), "content hash of {}", file.path);
        assert_eq!(entry.link_hash, file.link_hash, "link hash of {}", file.path);
        assert_eq!(entry.producer_version, PRODUCER_VERSION);
        assert!(!manifest.owes(&file, PRODUCER_VERSION), "{} is owed though it was written", file.path);
        assert!(manifest.owes(&file, "another version"), "{} is not owed by another producer", file.path);
    }
    Ok(())
}

pub(super) async fn another_producer_is_recorded(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    for version in [PRODUCER_VERSION, "another version", PRODUCER_VERSION] {
        let plan = LoadPlan::partial(subject.repository.clone(), version);
        subject.backend.write_batch(plan, batch_of(&shop(), &[]), publication()).await?;
        let manifest = subject.manifest().await?;
        assert!(manifest.files.values().all(|entry| entry.producer_version == version), "{manifest:?}");
    }
    subject.assert_holds(&shop()).await
}

pub(super) async fn rows_equal_facts(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    subject.assert_holds(&shop()).await
}

pub(super) async fn writing_twice_is_writing_once(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    let once = subject.rows().await?;
    subject.load(&shop()).await?;
    assert_eq!(subject.rows().await?, once);
    subject.assert_holds(&shop()).await
}

pub(super) async fn rows_that_do_not_differ_are_not_touched(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    let before = times_of_functions(&subject).await?;

    subject.load(&shop()).await?;
    assert_eq!(times_of_functions(&subject).await?, before, "after the same facts were written again");

    let mut model = shop_file("shop/model.py");
    let total = model.functions.iter_mut().find(|function| function.name == "total");
    total.expect("the shop has this function").complexity = Some(7);
    model.content_hash = Some(content_hash_of(&model));
    subject.load(&[model]).await?;
    for (function, (created, updated)) in times_of_functions(&subject).await? {
        assert_eq!(created, before[&function].0, "created_at of {function}, which was there before");
        let is_changed = function == "Order.total";
        assert_eq!(updated != before[&function].1, is_changed, "updated_at of {function}");
    }
    Ok(())
}

/// `created_at` and `updated_at` of every function, by qualified name.
async fn times_of_functions(subject: &Subject) -> Result<BTreeMap<String, (Value, Value)>> {
    let statement = "SELECT qualified_name, created_at, updated_at FROM functions";
    let answer = subject.backend.execute_sql_query(SqlQuery::new(statement)).await?;
    let rows = answer.rows.into_iter().map(|row| match &row[..] {
        [name, created, updated] => (name.to_string(), (created.clone(), updated.clone())),
        other => panic!("three columns were asked for, not {other:?}"),
    });
    Ok(rows.collect())
}

pub(super) async fn a_changed_file_is_replaced(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let version = |names: &[&str]| {
        let mut file = FactsBuilder::new("a.py", Language::Python);
        for name in names {
            file.function(FunctionKind::Function, name, None, (1, 2));
            file.call(None, CallKind::Function, name, Resolution::default());
        }
        file.finish()
    };
    for names in [&["one", "two", "three"][..], &["two", "four"], &[], &["five"]] {
        let file = version(names);
        subject.load(std::slice::from_ref(&file)).await?;
        subject.assert_holds(&[file]).await?;
    }
    Ok(())
}

pub(super) async fn a_removed_file_leaves_nothing(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    let removed = ["tests/test_service.py", "README", "never/there.py"];
    let rest: Vec<_> = shop().into_iter().filter(|file| !removed.contains(&file.path.as_str())).collect();
    for _ in 0..2 {
        subject.change(&[], &removed).await?;
        subject.assert_holds(&rest).await?;
    }
    let all: Vec<_> = rest.iter().map(|file| file.path.as_str()).collect();
    subject.change(&[], &all).await?;
    subject.assert_holds(&[]).await
}

pub(super) async fn a_write_in_one_call_is_published(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let result = subject.backend.write_batch(subject.plan(), batch_of(&shop(), &[]), publication()).await?;
    assert_eq!(result.files, shop().len() as u64, "{result:?}");
    assert!(result.rows > 0 && result.rows_per_second().is_finite(), "{result:?}");
    assert!(result.tables.is_sorted(), "{result:?}");
    subject.reopened().await?.assert_holds(&shop()).await
}

pub(super) async fn an_empty_batch_changes_nothing(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    let result = subject.backend.write_batch(subject.plan(), batch_of(&[], &[]), publication()).await?;
    assert_eq!((result.files, result.rows, result.rows_per_second()), (0, 0, 0.0));
    let mut session = subject.session().await?;
    let result = session.write_batch(batch_of(&[], &[])).await?;
    assert_eq!((result.files, result.rows, result.rows_per_second()), (0, 0, 0.0));
    session.publish(publication()).await?;
    subject.assert_holds(&shop()).await
}

pub(super) async fn a_large_batch_is_one_batch(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let mut files = Generator::new(1, 1_000).facts();
    let mut many = FactsBuilder::new("many_calls.c", Language::C);
    many.function(FunctionKind::Function, "main", None, (1, 2));
    for number in 0..30_000 {
        many.call(Some(0), CallKind::Function, &format!("callee_{number}"), Resolution::default());
    }
    files.push(many.finish());
    subject.load(&files).await?;
    subject.assert_holds(&files).await
}

pub(super) async fn a_complete_load_leaves_nothing_else(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    // A file changed, one is new, and all in `native` are gone.
    let mut files: Vec<_> = shop().into_iter().filter(|file| file.path.directory() != "native").collect();
    files[0].namespace = Some("shop".to_owned());
    files[0].content_hash = Some(content_hash_of(&files[0]));
    files.push(FactsBuilder::new("new.py", Language::Python).finish());
    subject.bring_to(&files).await?;
    subject.assert_holds(&files).await?;
    subject.bring_to(&files).await?;
    subject.assert_holds(&files).await
}

pub(super) async fn a_partial_load_keeps_other_files(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    let new = FactsBuilder::new("new.py", Language::Python).finish();
    let plan = LoadPlan::partial(subject.repository.clone(), PRODUCER_VERSION);
    subject.backend.write_batch(plan, batch_of(std::slice::from_ref(&new), &[]), publication()).await?;
    let all: Vec<TransformedAst> = shop().into_iter().chain([new]).collect();
    subject.assert_holds(&all).await
}

pub(super) async fn published_files_survive_reopening(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    subject.backend.close().await?;
    subject.reopened().await?.assert_holds(&shop()).await
}
