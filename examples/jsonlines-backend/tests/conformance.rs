//! The promises of the backend contract, and those of files.

use std::{fs, path::Path, sync::Arc, time::Duration};

use jsonlines_backend::{DESCRIPTOR, documents, register};
use snake_pipe_core::{
    BackendExt, DatabaseBackend, ErrorKind, Result, SourcePath,
    load::{LoadPlan, Repository},
    model::TransformedAst,
    registry::Registry,
    schema::{RowContext, owned_rows},
};
use snake_pipe_testkit::conformance::{Harness, Store, run_all};

fn open(directory: &Path) -> Result<Arc<dyn DatabaseBackend>> {
    let mut registry = Registry::empty();
    register(&mut registry)?;
    registry.build(&format!("jsonlines:{}", directory.display()), None, [])
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_its_promises() {
    let harness = Harness::new(|| async {
        let folder = Arc::new(tempfile::tempdir()?);
        let opened = Arc::clone(&folder);
        Ok(Store::new(move || open(opened.path())).with_rows(move |table, repository| {
            let folder = Arc::clone(&folder);
            async move {
                let mut rows = Vec::new();
                for document in documents(folder.path(), repository)? {
                    let producer_version = &document.entry.producer_version;
                    let context = RowContext { repository, producer_version, now: Default::default() };
                    rows.extend(owned_rows(&document.facts, &context)?.remove(&table).unwrap_or_default());
                }
                Ok(rows)
            }
        }))
    });
    let report = run_all(&harness).await;
    println!("{report}");
    report.assert_kept();
}

#[test]
fn it_is_linked_in() {
    assert_eq!(Registry::linked().unwrap().kind("jsonlines").unwrap(), &DESCRIPTOR);
}

#[tokio::test]
async fn what_was_cut_short_is_owed_again() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(folder.path()).unwrap();
    backend.connect().await.unwrap();
    let facts = TransformedAst::new(SourcePath::from("a\nb \"c\" é.py"));
    let plan = LoadPlan::partial(Repository::named("r"), "1");
    let repository = plan.repository.id();
    backend.write_ast(plan.clone(), facts.clone()).await.unwrap();
    assert!(!backend.manifest(repository).await.unwrap().owes(&facts, "1"));

    let path = folder.path().join(format!("{}/{}.jsonl", repository.get(), facts.key()));
    let whole = fs::read(&path).unwrap();
    assert_eq!(whole.iter().filter(|byte| **byte == b'\n').count(), 2);
    for length in [0, 10, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(backend.manifest(repository).await.unwrap().owes(&facts, "1"), "{length} bytes");
    }

    backend.write_ast(plan, facts).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), whole);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2, "nothing is left beside it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_write_never_lands_on_a_newer_one() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(folder.path()).unwrap();
    backend.connect().await.unwrap();
    let plan = LoadPlan::partial(Repository::named("r"), "1");
    let facts = |size| TransformedAst { size_bytes: Some(size), ..TransformedAst::new("a.py".into()) };
    for size in 0..40 {
        let old = backend.write_ast(plan.clone(), facts(1000));
        let _ = tokio::time::timeout(Duration::from_micros(100 * size), old).await;
        backend.write_ast(plan.clone(), facts(size)).await.unwrap();
        let held = documents(folder.path(), plan.repository.id()).unwrap();
        assert_eq!(*held[0].facts, facts(size));
    }
}

#[tokio::test]
async fn errors_say_what_to_do() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = open(file.path()).unwrap().connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error:?}");
    assert!(error.help().is_some() && std::error::Error::source(&error).is_some());
    assert_eq!(open(Path::new("")).unwrap_err().kind(), ErrorKind::Configuration);

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("letter.txt"), "not ours").unwrap();
    let error = open(folder.path()).unwrap().connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is written there");
}
