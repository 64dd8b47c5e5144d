//! What a scan finds in real trees, with all that file systems allow.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, symlink},
        net::UnixListener,
    },
    path::Path,
    sync::Arc,
};

use snake_pipe_core::{ErrorKind, Language, load::Scope, model::ParseStatus};
use snake_pipe_extract::{
    CacheLocation, ExtractOptions, Extraction, Inventory, InventoryFile, Progress,
    discover::{DiscoverOptions, SkipKind, discover},
};
use tempfile::TempDir;

fn tree(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(directory.path(), path.as_bytes(), text.as_bytes());
    }
    directory
}

fn write(root: &Path, path: &[u8], bytes: &[u8]) {
    let path = root.join(OsStr::from_bytes(path));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn options() -> ExtractOptions {
    ExtractOptions { cache: CacheLocation::Temporary, threads: 2, ..ExtractOptions::default() }
}

fn scan_with(root: &Path, options: ExtractOptions) -> Inventory {
    let extraction = Extraction::scan(root, "app", options, Arc::new(Progress::default())).unwrap();
    Inventory::clone(extraction.inventory())
}

fn scan(root: &Path) -> Inventory {
    scan_with(root, options())
}

fn paths(inventory: &Inventory) -> Vec<&str> {
    inventory.files.iter().map(|file| file.path.as_str()).collect()
}

fn file<'a>(inventory: &'a Inventory, path: &str) -> &'a InventoryFile {
    inventory.files.iter().find(|file| file.path.as_str() == path).unwrap_or_else(|| panic!("no {path}"))
}

fn skip(inventory: &Inventory, path: &str) -> (SkipKind, String) {
    let skip = file(inventory, path).skip.clone().unwrap_or_else(|| panic!("{path} is not skipped"));
    (skip.kind, skip.reason)
}

#[test]
fn files_come_in_the_order_of_their_bytes_with_hash_size_and_language() {
    let tree = tree(&[("b.py", "x = 1\n"), ("a/z.c", "int z;"), ("B.java", ""), ("notes", "text")]);
    let inventory = scan(tree.path());
    assert_eq!(paths(&inventory), ["B.java", "a/z.c", "b.py", "notes"]);
    let python = file(&inventory, "b.py");
    assert_eq!((python.language, python.size_bytes), (Language::Python, Some(6)));
    assert!(python.content_hash.is_some() && python.last_modified.is_some() && python.skip.is_none());
    assert_eq!(file(&inventory, "notes").language, Language::Unknown);
    assert_eq!(file(&inventory, "B.java").size_bytes, Some(0));
}

#[test]
fn ignore_files_count_with_and_without_git() {
    let tree = tree(&[
        (".gitignore", "target/\n*.log\n"),
        (".ignore", "big.c\n"),
        ("target/a.c", ""),
        ("a.log", ""),
        ("big.c", ""),
        ("src/.gitignore", "!keep.log\n"),
        ("src/keep.log", ""),
        ("src/a.c", ""),
    ]);
    assert_eq!(paths(&scan(tree.path())), ["src/a.c", "src/keep.log"]);
    write(tree.path(), b".git/info/exclude", b"a.c\n");
    write(tree.path(), b".git/HEAD", b"ref: refs/heads/main\n");
    assert_eq!(paths(&scan(tree.path())), ["src/keep.log"]);
}

#[test]
fn an_ignore_file_above_a_tree_that_is_no_work_tree_says_nothing() {
    let home = tree(&[(".gitignore", "*\n"), ("project/a.c", "")]);
    assert_eq!(paths(&scan(&home.path().join("project"))), ["a.c"]);
}

#[test]
fn ignore_files_that_leave_nothing_are_not_heeded_where_git_is_not() {
    // As in the source packages of Debian.
    let tree = tree(&[(".gitignore", "/*\n!/debian/\n"), (".ignore", "big.c\n"), ("a.c", ""), ("big.c", "")]);
    let inventory = scan(tree.path());
    assert_eq!(paths(&inventory), ["a.c"]);
    assert!(inventory.warnings[0].contains("they are not heeded"), "{:?}", inventory.warnings);
    write(tree.path(), b".git/HEAD", b"ref: refs/heads/main\n");
    let inventory = scan(tree.path());
    assert_eq!(paths(&inventory), Vec::<&str>::new());
    assert_eq!(inventory.warnings, ["ignore files leave nothing of the tree, which holds 2 files"]);
}

#[test]
fn ignore_files_are_not_heeded_on_request() {
    let tree = tree(&[(".gitignore", "*.log\n"), ("a.c", ""), ("a.log", "")]);
    let discover = DiscoverOptions { heed_ignore_files: false, ..DiscoverOptions::default() };
    assert_eq!(paths(&scan_with(tree.path(), ExtractOptions { discover, ..options() })), ["a.c", "a.log"]);
}

#[test]
fn a_part_of_a_work_tree_heeds_the_ignore_files_above_it() {
    let work_tree = tree(&[(".git/HEAD", "ref: refs/heads/main\n"), (".gitignore", "*.log\n")]);
    write(work_tree.path(), b"part/a.log", b"");
    write(work_tree.path(), b"part/a.c", b"");
    assert_eq!(paths(&scan(&work_tree.path().join("part"))), ["a.c"]);
}

#[test]
fn hidden_files_are_left_out_unless_asked_for_and_git_always() {
    let tree = tree(&[(".eslintrc.js", ""), (".ci/build.py", ""), (".git/hooks/a.py", ""), ("a.c", "")]);
    assert_eq!(paths(&scan(tree.path())), ["a.c"]);
    let discover = DiscoverOptions { include_hidden: true, ..DiscoverOptions::default() };
    let inventory = scan_with(tree.path(), ExtractOptions { discover, ..options() });
    assert_eq!(paths(&inventory), [".ci/build.py", ".eslintrc.js", "a.c"]);
}

#[test]
fn names_may_hold_anything_but_a_slash() {
    let directory = tempfile::tempdir().unwrap();
    let names: [&[u8]; 6] = [b"a b.py", b"a\nb.py", b"\"'.py", b"100%.py", b"caf\xe9.py", b"\\.py"];
    let root = directory.path().join(OsStr::from_bytes(b"ro\xffot 'x'\n%"));
    for name in names {
        write(&root, name, b"x = 1\n");
    }
    let inventory = scan(&root);
    let mut expected = names.to_vec();
    expected.sort_unstable();
    let found: Vec<_> = inventory.files.iter().map(|file| file.path.as_bytes()).collect();
    assert_eq!(found, expected);
    assert!(inventory.files.iter().all(|file| file.skip.is_none() && file.language == Language::Python));
}

#[test]
fn links_are_rows_and_are_never_followed() {
    let tree = tree(&[("a/a.c", "int a;")]);
    symlink("a.c", tree.path().join("a/link.c")).unwrap();
    symlink("..", tree.path().join("a/loop")).unwrap();
    symlink("/nowhere", tree.path().join("dangling.c")).unwrap();
    let inventory = scan(tree.path());
    assert_eq!(paths(&inventory), ["a/a.c", "a/link.c", "a/loop", "dangling.c"]);
    for path in ["a/link.c", "a/loop", "dangling.c"] {
        assert_eq!(skip(&inventory, path), (SkipKind::Symlink, "symbolic link".into()));
        assert_eq!(file(&inventory, path).content_hash, None);
    }
}

#[test]
fn pipes_and_sockets_are_rows_and_are_never_opened() {
    let tree = tree(&[("a.c", "")]);
    let status = std::process::Command::new("mkfifo").arg(tree.path().join("pipe.c")).status().unwrap();
    assert!(status.success());
    let _socket = UnixListener::bind(tree.path().join("socket")).unwrap();
    let inventory = scan(tree.path());
    assert_eq!(skip(&inventory, "pipe.c"), (SkipKind::Special, "named pipe".into()));
    assert_eq!(skip(&inventory, "socket"), (SkipKind::Special, "socket".into()));
}

#[test]
fn a_file_over_the_limit_is_a_row_with_its_size() {
    let tree = tree(&[("a.c", "int a;")]);
    File::create(tree.path().join("huge.py")).unwrap().set_len(33 << 20).unwrap();
    let inventory = scan(tree.path());
    assert_eq!(
        skip(&inventory, "huge.py"),
        (SkipKind::OverLimit, "larger than the limit of 33554432 bytes".into())
    );
    let huge = file(&inventory, "huge.py");
    assert_eq!((huge.size_bytes, huge.content_hash), (Some(33 << 20), None));
    assert_eq!(huge.language, Language::Python);
    assert!(file(&inventory, "a.c").skip.is_none());
}

#[test]
fn binary_files_are_rows_with_their_hash() {
    let tree = tree(&[("stray.py", "a = 1\0\nb = 2 # long enough to be text\n")]);
    write(tree.path(), b"image.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let inventory = scan(tree.path());
    assert_eq!(skip(&inventory, "image.png"), (SkipKind::Binary, "binary file".into()));
    assert!(file(&inventory, "image.png").content_hash.is_some());
    assert_eq!(file(&inventory, "stray.py").skip, None);
}

#[test]
fn databases_are_rows_that_their_use_does_not_change() {
    let tree = tree(&[("a.c", "")]);
    write(tree.path(), b"facts.db", b"SQLite format 3\0one");
    let before = scan(tree.path());
    assert_eq!(skip(&before, "facts.db"), (SkipKind::Database, "SQLite database".into()));
    for (path, bytes) in [
        ("facts.db", "SQLite format 3\0another"),
        ("facts.db-wal", "w"),
        ("facts.db-shm", "s"),
        ("facts.db-journal", "j"),
    ] {
        write(tree.path(), path.as_bytes(), bytes.as_bytes());
    }
    write(tree.path(), b"facts.db.control", b"SQLite format 3\0control");
    assert_eq!(scan(tree.path()).files, before.files);
}

#[test]
fn excluded_databases_are_no_rows() {
    let tree = tree(&[("a.c", ""), ("out/facts.db-wal", "w"), ("out/facts.db.control-wal", "w")]);
    write(tree.path(), b"out/facts.db", b"");
    symlink("out", tree.path().join("way")).unwrap();
    let excluded = vec![tree.path().join("way/facts.db")];
    let discover = DiscoverOptions { excluded, ..DiscoverOptions::default() };
    assert_eq!(paths(&scan_with(tree.path(), ExtractOptions { discover, ..options() })), ["a.c", "way"]);
}

#[test]
fn other_languages_are_there_but_not_asked_for() {
    let tree = tree(&[("a.c", ""), ("b.py", ""), ("README", "")]);
    let discover = DiscoverOptions { languages: vec![Language::Python], ..DiscoverOptions::default() };
    let inventory = scan_with(tree.path(), ExtractOptions { discover, ..options() });
    let asked: Vec<_> = inventory.files.iter().map(|file| inventory.is_asked_for(file.language)).collect();
    assert_eq!((paths(&inventory), asked), (vec!["README", "a.c", "b.py"], vec![false, false, true]));
}

#[test]
fn generated_files_are_known_by_their_first_lines() {
    let tree = tree(&[
        ("a.go", "// Code generated by stringer. DO NOT EDIT.\npackage a\n"),
        ("b.go", "package b\n"),
    ]);
    let inventory = scan(tree.path());
    assert!(file(&inventory, "a.go").flags.is_generated);
    assert!(!file(&inventory, "b.go").flags.is_generated);
}

/// Permission bits do not bind root: then the files are readable, and there is nothing to see.
fn permissions_bind(root: &Path) -> bool {
    let probe = root.join("probe");
    fs::write(&probe, "").unwrap();
    fs::set_permissions(&probe, fs::Permissions::from_mode(0o000)).unwrap();
    let binds = File::open(&probe).is_err();
    fs::remove_file(probe).unwrap();
    binds
}

#[test]
fn what_may_not_be_read_is_a_row_and_hinders_removal() {
    let tree = tree(&[("closed.c", ""), ("directory/a.c", "")]);
    let binds = permissions_bind(tree.path());
    for name in ["closed.c", "directory"] {
        fs::set_permissions(tree.path().join(name), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let inventory = scan(tree.path());
    fs::set_permissions(tree.path().join("directory"), fs::Permissions::from_mode(0o755)).unwrap();
    if !binds {
        assert_eq!(paths(&inventory), ["closed.c", "directory/a.c"]);
        return;
    }
    assert_eq!(paths(&inventory), ["closed.c", "directory"]);
    for path in ["closed.c", "directory"] {
        assert_eq!(
            skip(&inventory, path),
            (SkipKind::Unreadable, "cannot be read: permission denied".into())
        );
    }
    assert_eq!(inventory.unreadable_directories.len(), 1);
    assert_eq!(inventory.scope(), Scope::Partial);
}

#[test]
fn the_scope_of_a_readable_tree_is_complete() {
    let tree = tree(&[("a.c", "")]);
    let inventory = scan(tree.path());
    assert!(matches!(inventory.scope(), Scope::Complete(keys) if keys.len() == 1));
}

#[test]
fn a_root_that_is_none_says_what_to_do() {
    let tree = tree(&[("a.c", "")]);
    let fail = |path: &Path| discover(path, &DiscoverOptions::default()).unwrap_err();
    let missing = fail(&tree.path().join("nowhere"));
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert!(missing.help().unwrap().contains("directory that exists"));
    let file = fail(&tree.path().join("a.c"));
    assert_eq!(file.kind(), ErrorKind::Configuration);
    assert!(file.help().unwrap().starts_with("load the directory that holds it: /"), "{file}");
}

#[test]
fn a_wrong_pattern_is_a_warning() {
    let tree = tree(&[(".gitignore", "{a\n"), ("a.c", "")]);
    let found = discover(tree.path(), &DiscoverOptions::default()).unwrap();
    assert_eq!((found.entries.len(), found.warnings.len()), (1, 1));
}

#[test]
fn an_unchanged_tree_is_not_read_again() {
    let tree = tree(&[("a.c", "int a;"), ("b.py", "x = 1")]);
    let cache = tempfile::tempdir().unwrap();
    // What changed within the last two seconds is read again, so let it be older.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let scan = || {
        let progress = Arc::new(Progress::default());
        let cache = CacheLocation::Directory(cache.path().into());
        let extraction = Extraction::scan(
            tree.path(),
            "app",
            ExtractOptions { cache, ..options() },
            Arc::clone(&progress),
        );
        (extraction.unwrap().inventory().files.clone(), progress.snapshot().files_read)
    };
    let (first, read) = scan();
    assert_eq!(read, 2);
    assert_eq!(scan(), (first.clone(), 0));
    write(tree.path(), b"a.c", b"int b;");
    let (changed, read) = scan();
    assert_eq!(read, 1);
    assert_ne!(changed[0].content_hash, first[0].content_hash);
}

#[test]
fn every_row_has_a_status() {
    for kind in
        [SkipKind::Binary, SkipKind::Database, SkipKind::OverLimit, SkipKind::Symlink, SkipKind::Special]
    {
        assert_eq!(kind.parse_status(), ParseStatus::Skipped);
    }
    for kind in [SkipKind::Unreadable, SkipKind::Vanished] {
        assert_eq!(kind.parse_status(), ParseStatus::Failed);
    }
}
