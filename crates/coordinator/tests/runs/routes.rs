//! Backends that take some of the files.

use std::sync::Arc;

use snake_pipe_coordinator::{LaneStatus, Outcome, Pipeline, Route, RunSummary};
use snake_pipe_core::{
    BackendExt, DatabaseBackend, ErrorKind, Language, Result, SourcePath,
    id::{Digest, SymbolKey},
    load::LoadPlan,
    load::{Repository, Scope},
    memory::MemoryBackend,
    model::{Call, Entity, Function, Origin, Resolution, ResolutionStatus, Target, TransformedAst},
};

use crate::setup::{app, complete, paths, pipeline, shared};

/// A Python file with a function that calls that of `target`.
fn file(path: &str, language: Language, target: &str) -> TransformedAst {
    let file = SourcePath::from(target).key();
    let target = Target { file, entity: Entity::Function(SymbolKey(1)) };
    let resolution = Resolution::resolved(target, Origin::Import);
    TransformedAst {
        language,
        link_hash: Some(Digest::of(path.as_bytes())),
        functions: vec![Function { name: "f".into(), symbol: SymbolKey(1), ..Function::default() }],
        calls: vec![Call { name: "f".into(), resolution, ..Call::default() }],
        ..TransformedAst::new(path.into())
    }
}

/// `a.py` calls `b.py`, that calls `c.c`, that calls `a.py`.
fn sources() -> Vec<TransformedAst> {
    vec![
        file("a.py", Language::Python, "src/b.py"),
        file("src/b.py", Language::Python, "src/c.c"),
        file("src/c.c", Language::C, "a.py"),
    ]
}

const PATHS: [&str; 3] = ["a.py", "src/b.py", "src/c.c"];

fn complete_load() -> Pipeline<'static> {
    let listing: Vec<_> = sources().iter().map(|file| (file.path.clone(), file.language)).collect();
    pipeline(futures::stream::iter(sources().into_iter().map(Ok))).scope(complete(&PATHS)).listing(listing)
}

fn languages(languages: &[Language]) -> Route {
    Route { languages: languages.to_vec(), ..Route::default() }
}

fn globs(paths: &[&str]) -> Route {
    Route { paths: paths.iter().map(|path| (*path).to_owned()).collect(), ..Route::default() }
}

async fn run(backend: &MemoryBackend, route: &Route) -> RunSummary {
    complete_load().to_routed(shared(backend), route.clone()).run().await.unwrap()
}

#[tokio::test]
async fn each_backend_gets_the_files_of_its_route() {
    let [all, python, sources] = [0; 3].map(|_| MemoryBackend::new());
    let summary = complete_load()
        .to(shared(&all))
        .to_routed(shared(&python), languages(&[Language::Python]))
        .to_routed(shared(&sources), globs(&["src/**"]))
        .run()
        .await
        .unwrap();
    assert_eq!(summary.outcome, Outcome::Success);
    assert_eq!(paths(&all), PATHS);
    assert_eq!(paths(&python), ["a.py", "src/b.py"]);
    assert_eq!(paths(&sources), ["src/b.py", "src/c.c"]);
    let told: Vec<_> = summary
        .lanes
        .iter()
        .map(|lane| (lane.files_written, lane.files_elsewhere, lane.owed_files))
        .collect();
    assert_eq!(told, [(3, 0, 0), (2, 1, 0), (2, 1, 0)]);
    assert_eq!(summary.lanes[1].route, Some(languages(&[Language::Python])));
}

#[tokio::test]
async fn a_reference_to_a_file_elsewhere_is_unresolved_and_the_next_run_changes_nothing() {
    let (backend, route) = (MemoryBackend::new(), languages(&[Language::Python]));
    run(&backend, &route).await;
    let facts = backend.facts(app());
    let status = |path: &str| {
        let facts = facts.iter().find(|facts| facts.path.as_str() == path).unwrap();
        facts.calls[0].resolution.status
    };
    assert_eq!(status("a.py"), ResolutionStatus::Resolved);
    assert_eq!(status("src/b.py"), ResolutionStatus::Unresolved);
    assert_eq!(run(&backend, &route).await.lanes[0].status, LaneStatus::Unchanged);
}

#[tokio::test]
async fn another_route_converges_to_what_a_clean_load_gives() {
    let backend = MemoryBackend::new();
    let routes = [
        Route::default(),
        languages(&[Language::Python]),
        globs(&["src/**"]),
        globs(&["!src/c.c"]),
        Route { repositories: vec!["other".into()], ..Route::default() },
        Route::default(),
    ];
    for route in routes {
        assert_eq!(run(&backend, &route).await.outcome, Outcome::Success, "{route:?}");
        let clean = MemoryBackend::new();
        run(&clean, &route).await;
        assert_eq!(backend.rows(app()).unwrap(), clean.rows(app()).unwrap(), "{route:?}");
    }
}

#[tokio::test]
async fn a_backend_that_takes_nothing_of_the_repository_does_not_get_to_know_it() {
    let backend = MemoryBackend::new();
    let route = Route { repositories: vec!["github.com/org/*".into()], ..Route::default() };
    let summary = run(&backend, &route).await;
    assert_eq!((summary.outcome, summary.lanes[0].status), (Outcome::Success, LaneStatus::Unchanged));
    assert_eq!(summary.lanes[0].files_elsewhere, 3);
    assert_eq!(backend.repositories().await.unwrap(), []);
}

#[tokio::test]
async fn a_partial_load_removes_what_it_brings_and_the_route_takes_no_more() {
    let backend = MemoryBackend::new();
    backend.connect().await.unwrap();
    let plan = LoadPlan::partial(Repository::named("app"), "1");
    backend.write_all(plan, sources()).await.unwrap();
    let two = sources().into_iter().skip(1).map(Ok::<_, snake_pipe_core::Error>);
    let stream = futures::stream::iter(two.collect::<Vec<_>>());
    let run = pipeline(stream).to_routed(shared(&backend), languages(&[Language::Python]));
    let lane = run.run().await.unwrap().lanes.remove(0);
    assert_eq!((lane.files_removed, lane.files_elsewhere), (1, 1));
    assert_eq!(paths(&backend), ["a.py", "src/b.py"]);
}

#[tokio::test]
async fn a_complete_load_that_does_not_say_its_files_languages_is_refused() {
    let stream = futures::stream::iter(sources().into_iter().map(Ok::<_, snake_pipe_core::Error>));
    let scope = Scope::Complete(Arc::new(sources().iter().map(TransformedAst::key).collect()));
    let run =
        pipeline(stream).scope(scope).to_routed(shared(&MemoryBackend::new()), languages(&[Language::C]));
    let error = run.run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.help().unwrap().contains("listing"));
}

#[tokio::test]
async fn a_route_that_is_wrong_is_refused_before_anything_is_written() -> Result<()> {
    let backend = MemoryBackend::new();
    let run = complete_load().to_routed(shared(&backend), globs(&["a["]));
    assert_eq!(run.run().await.unwrap_err().kind(), ErrorKind::Configuration);
    assert!(!backend.is_connected());
    Ok(())
}
