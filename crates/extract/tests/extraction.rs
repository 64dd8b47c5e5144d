//! From real trees to whole, linked facts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, executor::block_on};
use snake_pipe_core::{
    SourcePath,
    manifest::{Manifest, ManifestEntry},
    model::{ParseStatus, ResolutionStatus, TransformedAst},
};
use snake_pipe_extract::{
    AstMode, CacheLocation, ExtractOptions, Extraction, ParseOptions, Phase, Progress, ProgressSnapshot,
    Stamp,
    discover::DiscoverOptions,
    facts::{NdjsonReader, Record, write_ndjson},
};
use tempfile::TempDir;

fn tree(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(directory.path(), path, text);
    }
    directory
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A package whose module `a` calls a function of its module `b`.
fn package() -> TempDir {
    tree(&[
        ("app/__init__.py", ""),
        ("app/a.py", "from app.b import helper\n\n\nclass A:\n    def run(self):\n        return helper()\n"),
        ("app/b.py", "def helper():\n    return 1\n"),
        ("notes.txt", "one\ntwo\n"),
    ])
}

struct Run {
    facts: Vec<Arc<TransformedAst>>,
    progress: ProgressSnapshot,
}

impl Run {
    fn file(&self, path: &str) -> &TransformedAst {
        self.facts.iter().find(|facts| facts.path.as_str() == path).unwrap_or_else(|| panic!("no {path}"))
    }

    fn paths(&self) -> Vec<&str> {
        self.facts.iter().map(|facts| facts.path.as_str()).collect()
    }
}

fn options(cache: &TempDir) -> ExtractOptions {
    let cache = CacheLocation::Directory(cache.path().into());
    ExtractOptions { cache, threads: 2, ..ExtractOptions::default() }
}

fn scan(root: &Path, options: ExtractOptions) -> (Extraction, Arc<Progress>) {
    let progress = Arc::new(Progress::default());
    (Extraction::scan(root, "app", options, Arc::clone(&progress)).unwrap(), progress)
}

fn run(root: &Path, options: ExtractOptions, owed: fn(&Stamp<'_>) -> bool) -> Run {
    let (extraction, progress) = scan(root, options);
    let facts = block_on(extraction.facts(owed).map(|facts| facts.unwrap()).collect());
    Run { facts, progress: progress.snapshot() }
}

fn all(_: &Stamp<'_>) -> bool {
    true
}

fn caches(cache: &TempDir) -> Vec<std::path::PathBuf> {
    let directory = fs::read_dir(cache.path().join("facts")).unwrap().next().unwrap().unwrap().path();
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "pack")).collect()
}

#[test]
fn facts_are_whole_and_linked_and_in_the_order_of_their_paths() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    let run = run(tree.path(), options(&cache), all);
    assert_eq!(run.paths(), ["app/__init__.py", "app/a.py", "app/b.py", "notes.txt"]);
    let a = run.file("app/a.py");
    assert_eq!((a.parse_status, a.namespace.as_deref()), (ParseStatus::Parsed, Some("app.a")));
    assert!(a.content_hash.is_some() && a.hash_md5.is_some() && a.link_hash.is_some());
    assert!(a.last_modified.is_some() && a.size_bytes.is_some());
    let target = a.calls[0].resolution.target.expect("the import says where `helper` is");
    assert_eq!(a.calls[0].resolution.status, ResolutionStatus::Resolved);
    assert_eq!(target.file, SourcePath::from("app/b.py").key());
    assert!(a.dependencies.iter().any(|dependency| dependency.target == Some(target.file)));
    assert_eq!(run.progress.phase, Phase::Done);
}

#[test]
fn a_file_of_no_known_language_is_a_row_with_its_lines() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    let run = run(tree.path(), options(&cache), all);
    let notes = run.file("notes.txt");
    assert_eq!((notes.parse_status, notes.lines.unwrap().total), (ParseStatus::Skipped, 2));
    assert!(notes.skip_reason.is_some() && notes.hash_md5.is_some());
    assert_eq!(notes.link_hash, None);
}

#[test]
fn the_number_of_threads_makes_no_difference() {
    let files: Vec<(String, String)> = (0..60)
        .map(|number| {
            let text = format!("from m{} import f\n\n\ndef f():\n    return f()\n", (number + 1) % 60);
            (format!("m{number}.py"), text.repeat(number + 1))
        })
        .collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let tree = tree(&files);
    let extract = |threads| {
        let options =
            ExtractOptions { cache: CacheLocation::Temporary, threads, ..ExtractOptions::default() };
        run(tree.path(), options, all).facts
    };
    assert_eq!(extract(1), extract(4));
}

#[test]
fn what_was_parsed_is_not_parsed_again() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    let first = run(tree.path(), options(&cache), all);
    assert_eq!(first.progress.files_parsed, 4);
    let second = run(tree.path(), options(&cache), all);
    assert_eq!(second.progress.files_parsed, 0);
    assert_eq!(second.facts, first.facts);
    write(tree.path(), "app/copy.py", "def helper():\n    return 1\n");
    let third = run(tree.path(), options(&cache), all);
    assert_eq!(third.progress.files_parsed, 0, "the content of app/b.py is known already");
    assert_eq!(third.file("app/copy.py").functions, third.file("app/b.py").functions);
}

#[test]
fn other_options_give_other_facts() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    run(tree.path(), options(&cache), all);
    let parse = ParseOptions { store_source: true, ..ParseOptions::default() };
    let run = run(tree.path(), ExtractOptions { parse, ..options(&cache) }, all);
    assert!(run.file("app/b.py").functions[0].source_code.is_some());
}

#[test]
fn only_what_is_owed_comes_out_but_all_of_it_is_linked() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    let run = run(tree.path(), options(&cache), |stamp| stamp.path.as_str() == "app/a.py");
    assert_eq!(run.paths(), ["app/a.py"]);
    assert_eq!(run.facts[0].calls[0].resolution.status, ResolutionStatus::Resolved);
}

#[test]
fn the_stamp_says_what_the_facts_say() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink("a.py", tree.path().join("app/link.py")).unwrap();
    let (extraction, _) = scan(tree.path(), options(&cache));
    let stamps = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&stamps);
    let stream = extraction.facts(move |stamp| {
        let Stamp { path, key, content_hash, link_hash, .. } = *stamp;
        seen.lock().unwrap().push((path.clone(), key, content_hash, link_hash));
        true
    });
    let facts: Vec<_> = block_on(stream.map(|facts| facts.unwrap()).collect());
    let mut stamps = stamps.lock().unwrap().clone();
    stamps.sort();
    let stamp = |facts: &Arc<TransformedAst>| {
        (facts.path.clone(), facts.key(), facts.content_identity(), facts.link_hash)
    };
    assert_eq!(stamps, facts.iter().map(stamp).collect::<Vec<_>>());
}

#[test]
fn the_inventory_foretells_the_content_identities() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink("a.py", tree.path().join("app/link.py")).unwrap();
    let (extraction, _) = scan(tree.path(), options(&cache));
    let foretold: Vec<_> = extraction.inventory().files.iter().map(|file| file.content_identity()).collect();
    let identities: Vec<_> =
        block_on(extraction.facts(all).map(|facts| facts.unwrap().content_identity()).collect());
    assert_eq!(identities, foretold);
}

#[test]
fn a_change_elsewhere_shows_in_the_link_hash() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    let before = run(tree.path(), options(&cache), all);
    write(tree.path(), "app/b.py", "def renamed():\n    return 1\n");
    let after = run(tree.path(), options(&cache), all);
    let (before, after) = (before.file("app/a.py"), after.file("app/a.py"));
    assert_eq!(before.content_hash, after.content_hash);
    assert_ne!(before.link_hash, after.link_hash);
    assert_ne!(after.calls[0].resolution.status, ResolutionStatus::Resolved);
}

#[test]
fn an_incremental_run_ends_where_a_clean_one_does() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    run(tree.path(), options(&cache), all);
    fs::remove_file(tree.path().join("app/__init__.py")).unwrap();
    write(tree.path(), "app/c.py", "from app.a import A\n\n\nclass C(A):\n    pass\n");
    write(tree.path(), "app/b.py", "import os\n\n\ndef helper():\n    return os.getcwd()\n");
    let incremental = run(tree.path(), options(&cache), all);
    let clean = run(tree.path(), options(&tempfile::tempdir().unwrap()), all);
    assert_eq!(incremental.facts, clean.facts);
}

#[test]
fn a_damaged_cache_costs_time_and_nothing_else() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    let before = run(tree.path(), options(&cache), all);
    for pack in caches(&cache) {
        let bytes = fs::read(&pack).unwrap();
        for damage in (0..bytes.len()).step_by(97) {
            let mut damaged = bytes.clone();
            damaged[damage] ^= 0x10;
            fs::write(&pack, damaged).unwrap();
            assert_eq!(run(tree.path(), options(&cache), all).facts, before.facts, "damage at {damage}");
        }
        fs::write(&pack, &bytes[..bytes.len() / 2]).unwrap();
        assert_eq!(run(tree.path(), options(&cache), all).facts, before.facts);
    }
}

#[test]
fn two_runs_at_once_share_a_cache() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    let extract = || run(tree.path(), options(&cache), all).facts;
    let (one, two) = std::thread::scope(|scope| {
        let (one, two) = (scope.spawn(extract), scope.spawn(extract));
        (one.join().unwrap(), two.join().unwrap())
    });
    assert_eq!(one, two);
    assert_eq!(extract(), one);
}

#[test]
fn a_file_that_vanishes_after_the_scan_is_a_row() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    let (extraction, _) = scan(tree.path(), options(&cache));
    fs::remove_file(tree.path().join("app/b.py")).unwrap();
    let facts: Vec<_> = block_on(extraction.facts(all).map(|facts| facts.unwrap()).collect());
    assert_eq!(facts[2].path.as_str(), "app/b.py");
    assert_eq!(facts[2].parse_status, ParseStatus::Failed);
    assert_eq!(facts[2].skip_reason.as_deref(), Some("vanished while the tree was read"));
}

#[test]
fn a_file_that_changes_after_the_scan_is_loaded_as_it_is_then() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    let (extraction, _) = scan(tree.path(), options(&cache));
    write(tree.path(), "app/b.py", "def other():\n    return 1\n");
    let facts: Vec<_> = block_on(extraction.facts(all).map(|facts| facts.unwrap()).collect());
    assert_eq!(facts[2].functions[0].name, "other");
    assert_eq!(facts, run(tree.path(), options(&cache), all).facts);
}

#[test]
fn dropping_the_stream_keeps_what_was_parsed() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    let (extraction, progress) = scan(tree.path(), ExtractOptions { read_ahead_bytes: 1, ..options(&cache) });
    let mut stream = extraction.facts(all);
    block_on(stream.next()).unwrap().unwrap();
    drop(stream);
    assert_ne!(progress.snapshot().phase, Phase::Done);
    let again = run(tree.path(), options(&cache), all);
    assert_eq!((again.progress.files_parsed, again.facts.len()), (0, 4));
}

#[test]
fn an_empty_tree_gives_no_facts() {
    let (tree, cache) = (tree(&[]), tempfile::tempdir().unwrap());
    assert_eq!(run(tree.path(), options(&cache), all).paths(), Vec::<&str>::new());
}

#[test]
fn a_run_over_some_languages_keeps_what_is_cached_of_the_others() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    run(tree.path(), options(&cache), all);
    let languages = vec![snake_pipe_core::Language::Java];
    let discover = DiscoverOptions { languages, ..DiscoverOptions::default() };
    assert!(run(tree.path(), ExtractOptions { discover, ..options(&cache) }, all).facts.is_empty());
    assert_eq!(run(tree.path(), options(&cache), all).progress.files_parsed, 0);
}

#[test]
fn the_work_waits_for_a_slow_consumer() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    let (extraction, progress) = scan(tree.path(), ExtractOptions { read_ahead_bytes: 1, ..options(&cache) });
    let is_early = Arc::new(AtomicBool::new(false));
    let late = Arc::clone(&is_early);
    let mut stream = extraction.facts(move |stamp| {
        late.fetch_or(stamp.path.as_str() == "notes.txt", Ordering::Relaxed);
        true
    });
    block_on(stream.next()).unwrap().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert!(progress.snapshot().files_done < 4);
    assert_eq!(block_on(stream.count()), 3);
    assert!(is_early.load(Ordering::Relaxed));
}

#[test]
fn a_backend_that_holds_the_tree_is_owed_nothing() {
    let (tree, cache) = (package(), tempfile::tempdir().unwrap());
    let facts = run(tree.path(), options(&cache), all).facts;
    let entry = |facts: &Arc<TransformedAst>| ManifestEntry {
        path: facts.path.clone(),
        content_hash: facts.content_identity(),
        link_hash: facts.link_hash,
        producer_version: "1".into(),
    };
    let files = facts.iter().map(|facts| (facts.key(), entry(facts))).collect();
    let mut manifest = Manifest { files };
    let inventory = Arc::clone(scan(tree.path(), options(&cache)).0.inventory());
    assert!(inventory.is_held_by(&manifest, "1"));
    assert!(!inventory.is_held_by(&manifest, "2"));
    // A reference lost its target.
    manifest.files.get_mut(&SourcePath::from("app/a.py").key()).unwrap().link_hash = None;
    assert!(!inventory.is_held_by(&manifest, "1"));
    manifest.files.remove(&SourcePath::from("app/a.py").key());
    assert!(!inventory.is_held_by(&manifest, "1"));
}

/// The trees that the languages are tested with hold what is hard to say.
#[test]
fn extracted_facts_are_sound_and_read_back_from_what_is_written() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src/languages/fixtures");
    for ast in [AstMode::Outline, AstMode::Full] {
        let parse = ParseOptions { ast, store_source: true, ..ParseOptions::default() };
        let options = ExtractOptions { parse, cache: CacheLocation::Temporary, ..ExtractOptions::default() };
        let facts = run(Path::new(root), options, all).facts;
        let mut lines = Vec::new();
        facts.iter().for_each(|facts| write_ndjson(&mut lines, facts).unwrap());
        let records: Vec<_> = NdjsonReader::new(lines.as_slice()).map(|record| record.unwrap()).collect();
        assert_eq!(records.len(), facts.len());
        for (record, facts) in records.iter().zip(&facts) {
            match record {
                Record::Facts(read) => assert_eq!(**read, **facts),
                Record::Quarantined(quarantined) => panic!("{}: {quarantined}", facts.path),
            }
        }
    }
}
