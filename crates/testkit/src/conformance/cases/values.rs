//! Odd values are data, never an error.

use snake_pipe_core::{
    ErrorKind, Language, Result,
    model::{CallKind, FunctionKind, Metric, Resolution, ResolutionStatus, TransformedAst},
};

use crate::{
    conformance::{
        harness::Store,
        subject::{PRODUCER_VERSION, Subject, batch_of, publication},
    },
    fixtures::{FactsBuilder, odd_files, shop},
};

pub(super) async fn every_odd_value_is_stored(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    for (what, file) in odd_files() {
        let alone = subject.with_repository(what);
        if let Err(error) = alone.load(std::slice::from_ref(&file)).await {
            panic!("{what}: {error:?}");
        }
        alone.assert_holds(&[file]).await?;
    }
    Ok(())
}

pub(super) async fn odd_values_spoil_no_batch(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let files: Vec<TransformedAst> =
        shop().into_iter().chain(odd_files().into_iter().map(|(_, file)| file)).collect();
    for _ in 0..2 {
        subject.load(&files).await?;
        subject.assert_holds(&files).await?;
    }
    Ok(())
}

pub(super) async fn what_the_database_refuses_is_kept_as_refused(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.store.refuse("forbidden").await?;
    let with_function = |path: &str, name: &str| {
        let mut file = FactsBuilder::new(path, Language::Python);
        file.function(FunctionKind::Function, name, None, (1, 2));
        file.finish()
    };
    let bad = |name: &str| ["bad/one.py", "bad/two.py", "worse.py"].map(|path| with_function(path, name));
    let all = |name: &str| shop().into_iter().chain(bad(name)).collect::<Vec<_>>();

    let result = subject.load(&all("forbidden")).await?;
    let mut refused: Vec<_> = result.refused.iter().map(|refused| refused.path.as_str()).collect();
    refused.sort_unstable();
    assert_eq!(refused, ["bad/one.py", "bad/two.py", "worse.py"]);
    let reason = &result.refused[0].reason;
    assert!(reason.contains("no function may be called so"), "the reason is the database's own: {reason}");
    let manifest = subject.manifest().await?;
    for facts in shop() {
        assert!(!manifest.owes(&facts, PRODUCER_VERSION), "{} was refused by nobody", facts.path);
    }
    for facts in bad("forbidden") {
        assert!(manifest.files.contains_key(&facts.key()), "{} has a row that says so", facts.path);
        assert!(manifest.owes(&facts, PRODUCER_VERSION), "{} is owed again", facts.path);
    }

    let result = subject.load(&bad("allowed")).await?;
    assert_eq!(result.refused, []);
    subject.assert_holds(&all("allowed")).await
}

pub(super) async fn a_batch_that_breaks_the_model_is_refused(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let broken = |break_it: fn(&mut FactsBuilder)| {
        let mut file = FactsBuilder::new("broken.py", Language::Python);
        break_it(&mut file);
        file.finish()
    };
    let outside = broken(|file| {
        file.call(Some(7), CallKind::Function, "f", Resolution::default());
    });
    let without_target = broken(|file| {
        let resolution = Resolution { status: ResolutionStatus::Resolved, ..Resolution::default() };
        file.call(None, CallKind::Function, "f", resolution);
    });
    let twice = broken(|file| file.facts.metrics = vec![Metric { name: "m".into(), ..Metric::default() }; 2]);
    let whole = broken(|_| ());
    let breaches = [
        vec![outside],
        vec![without_target],
        vec![twice],
        vec![whole.clone(), whole.clone()],
        vec![whole.clone()],
    ];

    let mut session = subject.session().await?;
    session.write_batch(batch_of(&shop(), &[])).await?;
    for (index, files) in breaches.iter().enumerate() {
        // Of the last only the whole batch is wrong: it writes and removes one file.
        let removed: &[&str] = if index == 4 { &["broken.py"] } else { &[] };
        let with_others: Vec<_> =
            odd_files().into_iter().map(|(_, file)| file).chain(files.clone()).collect();
        let error = session.write_batch(batch_of(&with_others, removed)).await.expect_err("breaks the model");
        assert_eq!(error.kind(), ErrorKind::Data, "breach {index}: {error:?}");
        assert!(
            error.context().any(|(key, value)| key == "path" && value == "broken.py"),
            "{index}: {error:?}"
        );
    }
    session.publish(publication()).await?;
    subject.assert_holds(&shop()).await
}
