use std::{fs, os::unix::fs::FileExt};

use rustc_hash::FxHashSet;
use snake_pipe_core::{
    ErrorKind, Language,
    model::{Call, Function},
};
use tempfile::TempDir;

use super::*;
use crate::parsed::ParseOptions;

fn key(text: &str) -> EntryKey {
    EntryKey::new(Digest::of(text.as_bytes()), Language::C, &ParseOptions::default())
}

fn facts(text: &str) -> (TransformedAst, Linkable) {
    let function = Function { name: text.into(), signature: Some(text.repeat(50)), ..Function::default() };
    let call = Call { name: text.into(), ..Call::default() };
    (
        TransformedAst { functions: vec![function], ..TransformedAst::default() },
        Linkable { calls: vec![call], ..Linkable::default() },
    )
}

fn open(directory: &TempDir) -> FactStore {
    FactStore::open(&CacheLocation::Directory(directory.path().into()), "app").unwrap()
}

fn put(store: &FactStore, text: &str) {
    let (definitions, linkable) = facts(text);
    store.put(key(text), &definitions, &linkable, &mut Buffers::default()).unwrap();
}

fn holds(store: &FactStore, text: &str) -> bool {
    let buffers = &mut Buffers::default();
    match (store.definitions(key(text), buffers), store.linkable(key(text), buffers)) {
        (Some(definitions), Some(linkable)) => {
            assert_eq!((definitions, linkable), facts(text));
            true
        }
        _ => false,
    }
}

fn packs(store: &FactStore) -> Vec<PathBuf> {
    compaction::pack_paths(store.directory())
}

#[test]
fn entries_outlive_the_process_even_when_it_is_interrupted() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    put(&store, "a");
    assert!(holds(&store, "a"));
    // A killed process runs no destructor.
    std::mem::forget(store);
    let store = open(&directory);
    assert!(holds(&store, "a"));
    assert!(!holds(&store, "b"));
}

#[test]
fn on_a_full_disk_entries_are_kept_for_the_run_alone() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    put(&store, "before");
    let full = fs::OpenOptions::new().read(true).write(true).open("/dev/full").unwrap();
    *store.writer.lock().unwrap() = Some(PackWriter::of(full, "/dev/full".into(), 1));
    put(&store, "after");
    put(&store, "at last");
    assert!(["before", "after", "at last"].into_iter().all(|text| holds(&store, text)));
    assert_eq!(packs(&store).len(), 1);
    let temporary = store.overflow.get().unwrap().path().to_owned();
    drop(store);
    assert!(!temporary.exists());
    let store = open(&directory);
    assert!(holds(&store, "before") && !holds(&store, "after"));
}

#[test]
fn an_error_of_writing_names_the_directory_and_how_to_move_it() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (definitions, linkable) = facts("a");
    let buffers = &mut Buffers::default();
    let record = entry::encode(key("a"), &definitions, &linkable, buffers).unwrap();
    let error = PackWriter::of(full, "/caches/app/a.pack".into(), 0).append(record).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Capacity);
    assert!(error.context().any(|context| context == ("directory", "/caches/app")));
    assert!(error.help().unwrap().contains("`extract.cache_dir` or XDG_CACHE_HOME"));
}

#[test]
fn other_content_language_or_options_are_other_entries() {
    let options = ParseOptions::default();
    let digest = Digest::of(b"a");
    let key = EntryKey::new(digest, Language::C, &options);
    assert_ne!(key, EntryKey::new(Digest::of(b"b"), Language::C, &options));
    assert_ne!(key, EntryKey::new(digest, Language::Cpp, &options));
    assert_ne!(
        key,
        EntryKey::new(digest, Language::C, &ParseOptions { store_source: true, ..options.clone() })
    );
    let function_macros = vec!["ISR=void {1}".parse().unwrap()];
    assert_ne!(key, EntryKey::new(digest, Language::C, &ParseOptions { function_macros, ..options }));
}

#[test]
fn a_run_that_adds_nothing_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(packs(&open(&directory)), Vec::<PathBuf>::new());
}

#[test]
fn whatever_byte_is_damaged_the_entry_is_a_miss_or_right() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    put(&store, "a");
    put(&store, "b");
    let path = packs(&store).remove(0);
    drop(store);
    let file = fs::File::options().read(true).write(true).open(&path).unwrap();
    let length = file.metadata().unwrap().len();
    for offset in 0..length {
        let mut byte = [0];
        file.read_exact_at(&mut byte, offset).unwrap();
        file.write_all_at(&[byte[0] ^ 0x55], offset).unwrap();
        let store = open(&directory);
        // `holds` asserts that what is found is what was put.
        assert!(!(holds(&store, "a") && holds(&store, "b")), "the damage at {offset} went unnoticed");
        file.write_all_at(&byte, offset).unwrap();
    }
    let store = open(&directory);
    assert!(holds(&store, "a") && holds(&store, "b"));
}

#[test]
fn a_truncated_pack_keeps_its_whole_entries() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    put(&store, "a");
    let whole = fs::metadata(&packs(&store)[0]).unwrap().len();
    put(&store, "b");
    let path = packs(&store).remove(0);
    drop(store);
    let both = fs::metadata(&path).unwrap().len();
    for length in (whole..both).rev() {
        fs::File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
        let store = open(&directory);
        assert!(holds(&store, "a"));
        assert!(!holds(&store, "b"));
    }
}

#[test]
fn a_damaged_entry_can_be_put_again() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    put(&store, "a");
    let path = packs(&store).remove(0);
    let length = fs::metadata(&path).unwrap().len();
    fs::File::options().write(true).open(&path).unwrap().write_all_at(b"?", length - 1).unwrap();
    assert!(!holds(&store, "a"));
    assert!(!store.contains(key("a")));
    put(&store, "a");
    assert!(holds(&store, "a"));
}

#[test]
fn two_processes_add_to_one_cache_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (open(&directory), open(&directory));
    put(&one, "a");
    put(&two, "a");
    put(&two, "b");
    // Neither may take away what the other writes.
    one.compact(&FxHashSet::default());
    drop((one, two));
    let store = open(&directory);
    assert!(holds(&store, "a") && holds(&store, "b"));
}

#[test]
fn many_packs_become_one_with_all_entries() {
    let directory = tempfile::tempdir().unwrap();
    for number in 0..17 {
        put(&open(&directory), &number.to_string());
    }
    let store = open(&directory);
    assert_eq!(packs(&store).len(), 17);
    store.compact(&FxHashSet::default());
    assert_eq!(packs(&store).len(), 1);
    assert!(holds(&store, "3"), "what is open stays readable");
    drop(store);
    let store = open(&directory);
    assert!((0..17).all(|number| holds(&store, &number.to_string())));
}

#[test]
fn compaction_drops_what_was_not_used_when_that_is_most_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    put(&store, "kept");
    let (mut definitions, linkable) = facts("dropped");
    // Digests do not compress, so this is larger than what compaction lets be.
    let text: String = (0..300_000u32).map(|n| Digest::of(&n.to_le_bytes()).to_string()).collect();
    definitions.functions[0].source_code = Some(text);
    store.put(key("dropped"), &definitions, &linkable, &mut Buffers::default()).unwrap();
    store.compact(&FxHashSet::from_iter([key("kept")]));
    drop(store);
    let store = open(&directory);
    assert!(holds(&store, "kept"));
    assert!(!store.contains(key("dropped")));
    assert_eq!(packs(&store).len(), 1);
}

#[test]
fn what_a_killed_compaction_left_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let aside = store.directory().join("x.aside");
    fs::write(&aside, "half").unwrap();
    store.compact(&FxHashSet::default());
    assert!(!aside.exists());
}

#[test]
fn of_files_beside_the_entries_the_newest_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    put(&store, "f");
    let files: Vec<PathBuf> =
        (0..4).map(|n| store.file_beside("link", Path::new(&format!("/{n}")))).collect();
    for (age, file) in (1..).zip(&files) {
        let written = fs::File::create(file).unwrap();
        written
            .set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(age * 60))
            .unwrap();
    }
    fs::write(store.file_beside("stat", Path::new("/0")), "").unwrap();
    store.keep_beside("link", 2);
    assert_eq!(files.iter().map(|file| file.exists()).collect::<Vec<_>>(), [true, true, false, false]);
    assert!(store.file_beside("stat", Path::new("/0")).exists() && holds(&store, "f"));
}
