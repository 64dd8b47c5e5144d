//! Health, and what integrity checks find.

use snake_pipe_core::{DatabaseBackend, HealthStatus, IntegrityScope, SourcePath};

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
            &["files.function_count counts functions", "calls.target_function_id exists"],
        ),
        ("UPDATE files SET class_count = 7 WHERE file_path = 'a'", &["files.class_count counts classes"]),
        ("UPDATE dependencies SET site_count = 3", &["dependencies.site_count counts resolved sites"]),
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
