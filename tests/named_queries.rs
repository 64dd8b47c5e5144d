//! Every named query, with the answer that these facts have, the same from every database.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{collections::BTreeMap, sync::Arc};

use futures::TryStreamExt as _;
use snake_pipe::core::{
    DatabaseBackend, Language, MigrateMode, SqlQuery, Value,
    id::Digest,
    load::{Batch, LoadPlan, Marker, Publication, Repository, Snapshot},
    model::{CallKind, ClassKind, FunctionKind, Resolution, TransformedAst, Visibility},
    queries::{QUERIES, named},
};
use snake_pipe::extract::{CacheLocation, ExtractOptions, Extraction};
use snake_pipe_testkit::{
    fixtures::{FactsBuilder, class_in, file_at, function_in, shop},
    postgres::TestDatabase,
};

/// Both databases, with the same facts.
struct Databases {
    sqlite: Arc<dyn DatabaseBackend>,
    postgres: Arc<dyn DatabaseBackend>,
    _folder: tempfile::TempDir,
    _database: TestDatabase,
}

impl Databases {
    async fn new(loading: Loading) -> Self {
        let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::create().unwrap());
        let sqlite = loaded(&format!("sqlite:{}", folder.path().join("shop.db").display()), loading).await;
        let postgres = loaded(&database.url(), loading).await;
        Self { sqlite, postgres, _folder: folder, _database: database }
    }

    /// The answer on which both agree, each row with its values separated by ` | `.
    async fn answer(&self, name: &str, parameters: &[(&str, &str)]) -> Vec<String> {
        let given: BTreeMap<_, _> =
            parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let query = named(name).unwrap();
        let sqlite = query.run(self.sqlite.as_ref(), &given).await.unwrap();
        let postgres = query.run(self.postgres.as_ref(), &given).await.unwrap();
        assert_eq!(sqlite.columns, postgres.columns, "{name}");
        assert_eq!(sqlite.rows, postgres.rows, "{name}");
        let line = |row: &Vec<Value>| row.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
        sqlite.rows.iter().map(line).collect()
    }
}

/// How the facts get into the databases.
#[derive(Clone, Copy, Debug)]
enum Loading {
    /// By sessions, which bring the derived tables up to date.
    Sessions,
    /// By single transactions, which leave them to a later session: queries answer from the rows.
    Transactions,
}

/// A database that holds the shop and the zoo, and a copy of one file of the zoo as a repository of its own.
async fn loaded(url: &str, loading: Loading) -> Arc<dyn DatabaseBackend> {
    let backend = snake_pipe::registry().unwrap().build(url, None, []).unwrap();
    backend.connect().await.unwrap();
    backend.migrate(MigrateMode::Apply).await.unwrap();
    for (name, files) in [("shop", shop()), ("zoo", zoo()), ("copy", vec![keeper()])] {
        let plan = LoadPlan::complete(Repository::named(name), "1", files.iter().map(TransformedAst::key));
        let batch = Batch { files: files.into_iter().map(Arc::new).collect(), ..Batch::default() };
        let publication = Publication { marker: Marker::random(), snapshot: Snapshot::default() };
        match loading {
            Loading::Transactions => {
                backend.write_batch(plan, Arc::new(batch), publication).await.unwrap();
            }
            Loading::Sessions => {
                let mut session = backend.begin_load(plan).await.unwrap();
                session.write_batch(Arc::new(batch)).await.unwrap();
                session.publish(publication).await.unwrap();
            }
        }
    }
    let derived = number(backend.as_ref(), "SELECT count(*) FROM derived_tables").await;
    assert_eq!(derived, if matches!(loading, Loading::Sessions) { 15 } else { 0 });
    backend
}

async fn number(backend: &dyn DatabaseBackend, sql: &str) -> i64 {
    match backend.execute_sql_query(SqlQuery::new(sql)).await.unwrap().rows[0][0] {
        Value::Integer(number) => number,
        ref other => panic!("{other:?}"),
    }
}

/// What the shop has not: chains of classes, a class with many methods, circles of imports, public functions.
fn zoo() -> Vec<TransformedAst> {
    let imports = |path: &str, modules: &[&str]| {
        let mut file = FactsBuilder::new(path, Language::Java);
        for module in modules {
            file.import(module, "*", file_at(module));
        }
        file.finish()
    };
    vec![
        animals(),
        keeper(),
        imports("a.java", &["b.java"]),
        imports("b.java", &["c.java", "d.java"]),
        imports("c.java", &["a.java"]),
        imports("d.java", &["e.java"]),
        imports("e.java", &["d.java"]),
    ]
}

/// Cat → Mammal → Animal, and Dog → Mammal.
fn animals() -> TransformedAst {
    let mut file = FactsBuilder::new("animals.java", Language::Java);
    for (line, (name, base)) in
        [("Animal", ""), ("Mammal", "Animal"), ("Cat", "Mammal"), ("Dog", "Mammal")].into_iter().enumerate()
    {
        let class = file.class(ClassKind::Class, name, (line as u32 + 1, line as u32 + 1));
        if !base.is_empty() {
            file.base(class, base, class_in("animals.java", ClassKind::Class, base));
        }
    }
    file.import("nowhere", "Thing", Resolution::default());
    file.import("nowhere", "Other", Resolution::default());
    file.finish()
}

/// A class with 20 methods, two branches each, of which the first is public without documentation and the second with.
fn keeper() -> TransformedAst {
    let mut file = FactsBuilder::new("keeper.java", Language::Java);
    let class = file.class(ClassKind::Class, "Keeper", (1, 200));
    for number in 0..20 {
        let lines = (2 + number * 5, 5 + number * 5);
        let method = file.function(FunctionKind::Method, &format!("Keeper.feed{number}"), Some(class), lines);
        let method = &mut file.facts.functions[method as usize];
        method.complexity = Some(2);
        if number < 2 {
            (method.visibility, method.is_exported) = (Visibility::Public, true);
        }
        if number == 1 {
            method.doc_string = Some("Feeds the second.".to_owned());
        }
    }
    file.facts.content_hash = Some(Digest::of(b"keeper"));
    file.finish()
}

/// A query, its parameters, and the answer.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const CASES: &[Case] = &[
    (
        "blast-radius",
        &[("files", "shop/model.py")],
        &[
            "1 | shop/service.py | python | false",
            "1 | shop/store.py | python | false",
            "2 | tests/test_service.py | python | true",
        ],
    ),
    (
        "blast-radius",
        &[("files", "shop/model.py, native/limits.h"), ("depth", "1")],
        &[
            "1 | native/limits.c | c | false",
            "1 | shop/service.py | python | false",
            "1 | shop/store.py | python | false",
        ],
    ),
    (
        "callers",
        &[("function", "Order.total")],
        &[
            "Order.total | checkout.pay | shop/service.py | 103 | 9",
            "Order.total | Store.save | shop/store.py | 101 | 9",
        ],
    ),
    ("callers", &[("function", "total"), ("repository", "zoo")], &[]),
    (
        "callers-transitive",
        &[("function", "key")],
        &[
            "1 | Order.total | shop/model.py | 16",
            "2 | checkout.pay | shop/service.py | 20",
            "2 | Store.save | shop/store.py | 10",
            "3 | checkout | shop/service.py | 14",
            "4 | test_checkout | tests/test_service.py | 3",
        ],
    ),
    ("callers-transitive", &[("function", "key"), ("depth", "1")], &["1 | Order.total | shop/model.py | 16"]),
    (
        "complex-functions",
        &[("limit", "2")],
        &["checkout | shop/service.py | 14 | 11 |  | ", "Order.total | shop/model.py | 16 | 4 | 5 | 2"],
    ),
    (
        "complexity-by-module",
        &[("repository", "shop")],
        &["shop | shop | 3 | 6 | 19", "shop | native | 2 | 2 | 2", "shop | tests | 1 | 1 | 1"],
    ),
    (
        "deepest-inheritance",
        &[],
        &[
            "2 | Cat | class | animals.java | 3",
            "2 | Dog | class | animals.java | 4",
            "2 | ExpressOrder | class | shop/service.py | 6",
            "1 | Mammal | class | animals.java | 2",
            "1 | Order | class | shop/model.py | 10",
        ],
    ),
    ("external-packages", &[], &["python | sqlalchemy | 1 | 1"]),
    (
        "fan-in",
        &[],
        &[
            "Order.total | method | shop/model.py | 16 | 2 | 2",
            "Store.save | method | shop/store.py | 10 | 2 | 1",
            "CLAMP | macro | native/limits.h | 3 | 1 | 1",
            "Entity.key | method | shop/model.py | 6 | 1 | 1",
            "checkout | function | shop/service.py | 14 | 1 | 1",
        ],
    ),
    (
        "fan-out",
        &[],
        &[
            "limit | function | native/limits.c | 3 | 1 | 1",
            "Order.total | method | shop/model.py | 16 | 1 | 1",
            "checkout | function | shop/service.py | 14 | 1 | 2",
            "checkout.pay | function | shop/service.py | 20 | 1 | 1",
            "Store.save | method | shop/store.py | 10 | 1 | 1",
            "test_checkout | function | tests/test_service.py | 3 | 1 | 1",
        ],
    ),
    (
        "files-by-language",
        &[("repository", "shop")],
        &["python | 5 | 2934 | 40 | 30 | 7 | 4", "c | 2 | 0 |  |  | 2 | 0", "unknown | 1 |  |  |  | 0 | 0"],
    ),
    ("god-classes", &[], &["Keeper | keeper.java | 1 | 20 | 0 | 40"; 2]),
    ("god-classes", &[("methods", "21")], &[]),
    (
        "hotspots",
        &[("repository", "shop")],
        &[
            "checkout | shop/service.py | 14 | 11 | 1 | 22",
            "Order.total | shop/model.py | 16 | 4 | 2 | 12",
            "Store.save | shop/store.py | 10 | 1 | 2 | 3",
            "CLAMP | native/limits.h | 3 | 1 | 1 | 2",
            "Entity.key | shop/model.py | 6 | 1 | 1 | 2",
            "limit | native/limits.c | 3 | 1 | 0 | 1",
            "checkout.pay | shop/service.py | 20 | 1 | 0 | 1",
            "Store.__init__ | shop/store.py | 5 | 1 | 0 | 1",
        ],
    ),
    (
        "import-cycles",
        &[],
        &[
            "1 | 3 | zoo | a.java",
            "1 | 3 | zoo | b.java",
            "1 | 3 | zoo | c.java",
            "2 | 2 | zoo | d.java",
            "2 | 2 | zoo | e.java",
        ],
    ),
    (
        "import-cycles",
        &[("limit", "1")],
        &["1 | 3 | zoo | a.java", "1 | 3 | zoo | b.java", "1 | 3 | zoo | c.java"],
    ),
    ("instability", &[], &["shop | tests | 1 | 0 | 1", "shop | shop | 0 | 1 | 0"]),
    // Nothing is known of what led to a first snapshot; tests/history.rs asks about others.
    ("largest-changes", &[], &[]),
    (
        "largest-functions",
        &[("limit", "3")],
        &[
            "checkout | shop/service.py | 14 | 27 |  | 11",
            "Store.save | shop/store.py | 10 | 11 |  | 1",
            "Order.total | shop/model.py | 16 | 9 |  | 4",
        ],
    ),
    ("packages-across-repositories", &[], &["sqlalchemy | 1 | 1 | 1"]),
    (
        "parse-coverage",
        &[],
        &[
            "c | parsed |  | 1 | 0",
            "c | partial |  | 1 | 0",
            "java | parsed |  | 8 | 0",
            "python | parsed |  | 5 | 2934",
            "unknown | parsed |  | 1 | ",
        ],
    ),
    ("untested-complex-functions", &[("complexity", "3")], &["Order.total | shop/model.py | 16 | 4"]),
    ("unused-functions", &[], &[]),
    ("near-duplicates", &[], &[]),
    ("unused-imports", &[], &["Order | .model | shop/store.py | 1"]),
    (
        "public-api",
        &[],
        &[
            "method | Keeper.feed0 |  | keeper.java | 2",
            "method | Keeper.feed0 |  | keeper.java | 2",
            "method | Keeper.feed1 |  | keeper.java | 7",
            "method | Keeper.feed1 |  | keeper.java | 7",
            "class | Order |  | shop/model.py | 10",
            "method | Order.total | def total(self, rate: float = 0.19) -> Decimal | shop/model.py | 16",
            "function | checkout |  | shop/service.py | 14",
        ],
    ),
    (
        "public-api",
        &[("repository", "shop")],
        &[
            "class | Order |  | shop/model.py | 10",
            "method | Order.total | def total(self, rate: float = 0.19) -> Decimal | shop/model.py | 16",
            "function | checkout |  | shop/service.py | 14",
        ],
    ),
    (
        "search-names",
        &[("words", "order")],
        &[
            "Order | class | Order | shop/model.py | 10",
            "ExpressOrder | class | ExpressOrder | shop/service.py | 6",
        ],
    ),
    (
        "search-names",
        &[("words", "FEED1"), ("repository", "copy"), ("limit", "2")],
        &[
            "feed1 | method | Keeper.feed1 | keeper.java | 7",
            "feed10 | method | Keeper.feed10 | keeper.java | 52",
        ],
    ),
    ("search-names", &[("words", "heckout")], &[]),
    (
        "search-paths",
        &[("words", "service")],
        &["shop/service.py | python |  | shop", "tests/test_service.py | python |  | shop"],
    ),
    ("search-paths", &[("words", "shop model")], &["shop/model.py | python | 40 | shop"]),
    ("search-paths", &[("words", "odel")], &[]),
    ("todos", &[], &["TODO | shop/model.py | 17 | python"]),
    ("undocumented-functions", &[("repository", "copy")], &["Keeper.feed0 | method | keeper.java | 2 | 2"]),
    ("unresolved-imports", &[], &["nowhere | unresolved | 2 | 1 | animals.java"]),
];

#[tokio::test]
async fn every_database_gives_the_answer_that_the_facts_have() {
    for loading in [Loading::Sessions, Loading::Transactions] {
        let databases = Databases::new(loading).await;
        for (query, parameters, expected) in CASES {
            let answer = databases.answer(query, parameters).await;
            assert_eq!(answer, *expected, "{query} {parameters:?} {loading:?}");
        }
    }
}

#[tokio::test]
async fn who_calls_outside_functions_is_the_file() {
    let databases = Databases::new(Loading::Sessions).await;
    let mut lib = FactsBuilder::new("lib.py", Language::Python);
    lib.function(FunctionKind::Function, "first", None, (1, 2));
    let second = lib.function(FunctionKind::Function, "second", None, (4, 5));
    lib.call(
        Some(second),
        CallKind::Function,
        "first",
        function_in("lib.py", FunctionKind::Function, "first"),
    );
    let mut script = FactsBuilder::new("script.py", Language::Python);
    for name in ["second", "first", "second"] {
        script.call(None, CallKind::Function, name, function_in("lib.py", FunctionKind::Function, name));
    }
    let files = [lib.finish(), script.finish()];
    for backend in [&databases.sqlite, &databases.postgres] {
        let plan =
            LoadPlan::complete(Repository::named("scripts"), "1", files.iter().map(TransformedAst::key));
        let batch = Batch { files: files.iter().cloned().map(Arc::new).collect(), ..Batch::default() };
        let publication = Publication { marker: Marker::random(), snapshot: Snapshot::default() };
        backend.write_batch(plan, Arc::new(batch), publication).await.unwrap();
    }
    let asked = |function, depth| [("function", function), ("depth", depth), ("repository", "scripts")];
    assert_eq!(
        databases.answer("callers", &[("function", "second")]).await,
        ["second |  | script.py | 100 | 9", "second |  | script.py | 102 | 9"]
    );
    let answer = databases.answer("callers-transitive", &asked("second", "1")).await;
    assert_eq!(answer, ["1 |  | script.py | "]);
    let answer = databases.answer("callers-transitive", &asked("first", "5")).await;
    assert_eq!(answer, ["1 | second | lib.py | 4", "1 |  | script.py | "]);
}

/// A source tree with functions that are used in every way that there is, and some that are not, and with copies.
const SPARE: &[(&str, &str)] = &[
    (
        "src/lib.rs",
        "mod other;\nfn main() {}\nfn unused() { helper() }\nfn helper() {}\nfn value() {}\nstatic TABLE: [fn(); 1] = [value];\n#[no_mangle]\nfn annotated() {}\npub fn nobody() {}\npub fn somebody() {}\npub fn elsewhere() {}\nfn recursive() { recursive() }\ntrait T { fn asked(&self); }\n#[test]\nfn tested() {}\n",
    ),
    (
        "src/other.rs",
        "use crate::elsewhere;\nfn inner(x: X) { x.somebody(); }\nfn used() { inner(X) }\nmod deep { fn f() { super::used() } }\n",
    ),
    (
        "src/Store.java",
        "class Store {\n  private void init() {}\n  private void readObject(java.io.ObjectInputStream in) {}\n  public static void main(String[] args) {}\n}\n",
    ),
    ("c.py", "class A:\n    def run(self):\n        pass\n"),
    ("d.py", "from c import A\nclass B(A):\n    def run(self):\n        pass\n"),
    (
        "a.py",
        "def parse(text, limit):\n    total = 0\n    for word in text.split():\n        if len(word) > limit and word:\n            total += len(word) * 2\n        else:\n            total -= 1\n    return [total, limit, text]\n",
    ),
    (
        "b.py",
        "def other(line, most):\n    # Another comment.\n    size = 7\n    for part in line.split():\n        if len(part) > most and part:\n            size += len(part) * 3\n        else:\n            size -= 9\n    return [size, most, line]\n",
    ),
];

#[tokio::test]
async fn functions_that_nothing_uses_and_copies_are_found_in_sources() {
    let databases = Databases::new(Loading::Sessions).await;
    let tree = tempfile::tempdir().unwrap();
    for (path, text) in SPARE {
        std::fs::create_dir_all(tree.path().join(path).parent().unwrap()).unwrap();
        std::fs::write(tree.path().join(path), text).unwrap();
    }
    let options = ExtractOptions { cache: CacheLocation::Temporary, ..ExtractOptions::default() };
    let extraction = Extraction::scan(tree.path(), "spare", options, Arc::default()).unwrap();
    let files: Vec<Arc<TransformedAst>> = extraction.facts(|_| true).try_collect().await.unwrap();
    for backend in [&databases.sqlite, &databases.postgres] {
        let plan = LoadPlan::complete(Repository::named("spare"), "1", files.iter().map(|file| file.key()));
        let batch = Batch { files: files.clone(), ..Batch::default() };
        let publication = Publication { marker: Marker::random(), snapshot: Snapshot::default() };
        backend.write_batch(plan, Arc::new(batch), publication).await.unwrap();
    }
    let asked = |confidence| [("repository", "spare"), ("confidence", confidence)];
    assert_eq!(
        databases.answer("unused-functions", &asked("high")).await,
        [
            "Store.init | method | src/Store.java | 2 | 1",
            "unused | function | src/lib.rs | 3 | 1",
            "deep::f | function | src/other.rs | 4 | 1",
        ]
    );
    assert_eq!(
        databases.answer("unused-functions", &asked("low")).await,
        [
            "parse | function | a.py | 1 | 8",
            "other | function | b.py | 1 | 8",
            "A.run | method | c.py | 2 | 2",
            "Store.init | method | src/Store.java | 2 | 1",
            "unused | function | src/lib.rs | 3 | 1",
            "nobody | function | src/lib.rs | 9 | 1",
            "deep::f | function | src/other.rs | 4 | 1",
        ]
    );
    assert_eq!(
        databases.answer("near-duplicates", &[("repository", "spare"), ("lines", "5")]).await,
        ["2 | 8 | parse | a.py | 1", "2 | 8 | other | b.py | 1"]
    );
}

#[tokio::test]
async fn sums_of_an_earlier_snapshot_are_not_read() {
    let databases = Databases::new(Loading::Sessions).await;
    for backend in [&databases.sqlite, &databases.postgres] {
        // The only caller of `checkout` goes, by a transaction that leaves the derived tables as they are.
        let batch = Batch { removed: vec!["tests/test_service.py".into()], ..Batch::default() };
        let plan = LoadPlan::partial(Repository::named("shop"), "1");
        let publication = Publication { marker: Marker::random(), snapshot: Snapshot::default() };
        backend.write_batch(plan, Arc::new(batch), publication).await.unwrap();
        let outdated = "SELECT count(*) FROM function_fan_in u JOIN functions f ON f.function_id = u.function_id \
                        WHERE f.name = 'checkout'";
        assert_eq!(number(backend.as_ref(), outdated).await, 1);
    }
    assert_eq!(
        databases.answer("fan-in", &[("repository", "shop")]).await,
        [
            "Order.total | method | shop/model.py | 16 | 2 | 2",
            "Store.save | method | shop/store.py | 10 | 2 | 1",
            "CLAMP | macro | native/limits.h | 3 | 1 | 1",
            "Entity.key | method | shop/model.py | 6 | 1 | 1",
        ]
    );
}

#[test]
fn every_query_is_asked() {
    let is_asked = |name: &&str| CASES.iter().any(|(query, ..)| query == name);
    let forgotten: Vec<_> = QUERIES.iter().map(|query| query.name).filter(|name| !is_asked(name)).collect();
    assert_eq!(forgotten, [""; 0]);
}
