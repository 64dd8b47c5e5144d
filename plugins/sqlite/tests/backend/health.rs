//! Health, and what integrity checks find.

use snake_pipe_core::{
    DatabaseBackend, HealthStatus, IntegrityScope, SourcePath, dependencies_of,
    id::SymbolKey,
    model::{Base, Call, Class, Comment, Entity, Import, Metric, Origin, Resolution, Target, TransformedAst},
};

use super::fixture::{Fixture, app, caller, file_with, plan_of};

#[tokio::test]
async fn a_migrated_file_is_healthy_and_tells_about_itself() {
    let fixture = Fixture::new().await;
    let health = fixture.backend.health_check().await.unwrap();
    assert_eq!((health.status, health.warnings.as_slice()), (HealthStatus::Healthy, &[][..]));
    assert!(health.server_version.unwrap().starts_with("3."));
    let names: Vec<_> = health.details.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["database_bytes", "free_bytes_inside", "journal_mode", "schema_version", "wal_bytes"]);
    assert_eq!(health.details[2].1, "wal");
    assert_eq!(health.pool.unwrap().max, 20);
}

#[tokio::test]
async fn an_old_schema_wants_attention() {
    let fixture = Fixture::without_tables().await;
    let health = fixture.backend.health_check().await.unwrap();
    assert_eq!(health.status, HealthStatus::Degraded);
    assert_eq!(health.warnings, ["schema version 0 of 4: run `snake-pipe migrate`"]);
}

#[tokio::test]
async fn a_file_that_was_overwritten_is_unhealthy() {
    let fixture = Fixture::new().await;
    fixture.backend.close().await.unwrap();
    fixture.backend.connect().await.unwrap();
    for name in ["code.db-wal", "code.db-shm"] {
        std::fs::remove_file(fixture.config.path.with_file_name(name)).ok();
    }
    std::fs::write(&fixture.config.path, "overwritten, ".repeat(1000)).unwrap();
    let health = fixture.backend.health_check().await.unwrap();
    assert_eq!(health.status, HealthStatus::Unhealthy);
    assert_eq!(health.warnings, ["the file is not a SQLite database"]);
}

#[tokio::test]
async fn another_writer_is_no_illness() {
    let fixture = Fixture::new().await;
    let mut other = fixture.connection().await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    assert_eq!(fixture.backend.health_check().await.unwrap().status, HealthStatus::Healthy);
}

async fn broken(fixture: &Fixture, scope: IntegrityScope) -> Vec<(String, u64)> {
    let result = fixture.backend.check_integrity(scope).await.unwrap();
    let broken = result.constraints.into_iter().filter(|constraint| constraint.violations > 0);
    broken.map(|constraint| (constraint.name, constraint.violations)).collect()
}

#[tokio::test]
async fn rows_that_contradict_each_other_are_found_and_named() {
    let cases: [(&str, &[&str]); 5] = [
        (
            "DELETE FROM functions",
            &[
                "files.function_count counts functions",
                "files.complexity sums functions",
                "calls.target_function_id exists",
            ],
        ),
        ("UPDATE files SET class_count = 7 WHERE file_path = 'a'", &["files.class_count counts classes"]),
        ("UPDATE dependencies SET site_count = 3", &["dependencies.site_count counts sites"]),
        ("UPDATE functions SET parameter_count = 1", &["functions.parameter_count counts parameters"]),
        ("UPDATE snapshots SET file_count = 9", &["repositories.snapshot_id counts files"]),
    ];
    for (sql, expected) in cases {
        let fixture = Fixture::new().await;
        fixture.load(&[file_with("a", &["f"]), caller("b", "a", "f")], &[]).await;
        assert_eq!(broken(&fixture, IntegrityScope::All).await, []);
        fixture.change(sql).await;
        let expected: Vec<_> = expected.iter().map(|name| ((*name).to_owned(), 1)).collect();
        assert_eq!(broken(&fixture, IntegrityScope::All).await, expected, "{sql}");
        assert_eq!(broken(&fixture, IntegrityScope::Repository(app())).await, expected, "{sql}");
        let both = ["a", "b"].map(|path| SourcePath::from(path).key());
        assert_eq!(broken(&fixture, IntegrityScope::Files(app(), both.into())).await, expected, "{sql}");
        let other = plan_of("other").repository.id();
        assert_eq!(broken(&fixture, IntegrityScope::Repository(other)).await, [], "{sql}");
    }
}

#[tokio::test]
async fn every_foreign_key_of_the_schema_is_looked_at() {
    let fixture = Fixture::new().await;
    let keys = fixture
        .rows(
            "SELECT t.name || '.' || k.\"from\" || ' exists' FROM pragma_table_list t, pragma_foreign_key_list(t.name) k
             WHERE t.schema = 'main' AND (k.\"from\" <> 'repository_id' OR k.\"table\" = 'repositories')",
        )
        .await;
    assert!(keys.len() > 30);
    let result = fixture.backend.check_integrity(IntegrityScope::All).await.unwrap();
    for key in keys {
        let name = key[0].to_string();
        assert!(result.constraints.iter().any(|constraint| constraint.name == name), "{name}");
    }
}

/// What somebody does to the rows of `users_of_everything`, and what is found to be broken.
const DAMAGE: &[(&str, &[&str])] = &[
    ("UPDATE files SET complexity = 77", &["complexity sums functions"]),
    ("DELETE FROM dependencies", &["no edge of the sites is missing"]),
    ("DELETE FROM dependencies WHERE target_module = 'os'", &["ordinal has no gap", "no edge of the sites is missing"]),
    ("DELETE FROM dependencies WHERE dependency_type = 'function_call'", &["no edge of the sites is missing"]),
    ("UPDATE dependencies SET line_number = 77 WHERE target_module = 'os'", &["line_number is that of the first site"]),
    ("UPDATE dependencies SET line_number = 77 WHERE dependency_type = 'inheritance'", &["line_number is that of the first site"]),
    ("UPDATE dependencies SET strength = 0.125 WHERE target_module = 'os'", &["strength is the share of sites"]),
    ("UPDATE dependencies SET site_count = 7 WHERE target_module = 'os'", &["site_count counts sites"]),
    ("UPDATE dependencies SET site_count = 7 WHERE dependency_type = 'function_call'", &["site_count counts sites"]),
    ("UPDATE dependencies SET status = 'external' WHERE target_module = 'os'", &["status is that of the first site"]),
    ("UPDATE dependencies SET target_module = 'sys' WHERE target_module = 'os'", &["no edge of the sites is missing", "no edge is without sites"]),
    (
        "UPDATE dependencies SET dependency_type = 'method_call' WHERE dependency_type = 'function_call'",
        &["no edge of the sites is missing", "no edge is without sites"],
    ),
    (
        "INSERT INTO dependencies (source_file_id, ordinal, repository_id, dependency_type, target_module, status, strength, site_count)
         SELECT source_file_id, 5, repository_id, 'import', 'sys', 'stdlib', 0.5, 1 FROM dependencies WHERE target_module = 'os'",
        &["no edge is without sites"],
    ),
    (
        "INSERT INTO dependencies (source_file_id, ordinal, repository_id, dependency_type, target_module, status, strength, site_count, line_number)
         SELECT source_file_id, 5, repository_id, 'import', 'os', 'stdlib', strength, site_count, line_number
         FROM dependencies WHERE target_module = 'os'",
        &["site_count counts sites", "strength is the share of sites"],
    ),
    ("DELETE FROM imports WHERE module = 'os' AND ordinal = 3", &["site_count counts sites", "strength is the share of sites"]),
    ("DELETE FROM imports WHERE module = 'os'", &["ordinal has no gap", "no edge is without sites", "strength is the share of sites"]),
    ("DELETE FROM inheritance WHERE base_name = 'Unknown'", &["strength is the share of sites"]),
    ("DELETE FROM calls WHERE callee_name = 'unknown'", &["strength is the share of sites"]),
    ("DELETE FROM comments WHERE ordinal = 0", &["ordinal has no gap"]),
    ("UPDATE metrics SET metric_value = 9 WHERE metric_name = 'function_count'", &["metric_value follows from the rows"]),
];

/// A file that uses `lib.py`, and whatever else it can; and that one.
fn users_of_everything() -> [TransformedAst; 2] {
    let lib = TransformedAst {
        classes: vec![Class {
            name: "C".into(),
            qualified_name: "C".into(),
            symbol: SymbolKey::of("class", "C", 0),
            ..Class::default()
        }],
        ..file_with("lib.py", &["f"])
    };
    let to = |entity| Resolution::resolved(Target { file: lib.key(), entity }, Origin::Import);
    let mut facts = caller("app.py", "lib.py", "f");
    facts.functions = file_with("app.py", &["main"]).functions;
    facts.classes = vec![Class { name: "D".into(), qualified_name: "D".into(), ..Class::default() }];
    facts.imports =
        vec![Import { module: "lib".into(), line: 1, resolution: to(Entity::File), ..Import::default() }];
    let resolution = to(Entity::Class(SymbolKey::of("class", "C", 0)));
    facts.bases = vec![Base { text: "C".into(), name: "C".into(), resolution, ..Base::default() }];
    facts.imports.extend([(2, "os"), (3, "unknown"), (4, "os")].map(|(line, module)| Import {
        module: module.into(),
        line,
        resolution: match module {
            "os" => Resolution::stdlib(Origin::StdlibList),
            _ => Resolution::default(),
        },
        ..Import::default()
    }));
    facts.bases[0].line = 6;
    facts.bases.push(Base { text: "Unknown".into(), name: "Unknown".into(), ..Base::default() });
    facts.calls.push(Call { name: "unknown".into(), ..Call::default() });
    facts.comments = vec![Comment::default(), Comment::default()];
    facts.metrics = vec![Metric { name: "function_count".into(), value: 1.0, ..Metric::default() }];
    facts.dependencies = dependencies_of(facts.key(), &facts.imports, &facts.bases, &facts.calls);
    [lib, facts]
}

#[tokio::test]
async fn what_follows_from_other_rows_is_computed_again() {
    let fixture = Fixture::new().await;
    for (damage, expected) in DAMAGE {
        fixture.load(&users_of_everything(), &[]).await;
        assert_eq!(broken(&fixture, IntegrityScope::All).await, [], "before {damage}");
        fixture.change(damage).await;
        let keys = users_of_everything().map(|facts| facts.key());
        for scope in [
            IntegrityScope::All,
            IntegrityScope::Repository(app()),
            IntegrityScope::Files(app(), keys.into()),
        ] {
            let broken = broken(&fixture, scope.clone()).await;
            let names: Vec<_> = broken.iter().map(|(name, _)| name.split_once('.').unwrap().1).collect();
            assert_eq!(names, *expected, "{damage} {scope:?}");
        }
        fixture.load(&[], &["app.py", "lib.py"]).await;
    }
}
