//! Health and integrity.

use std::sync::Arc;

use snake_pipe_core::{
    DatabaseBackend as _, HealthCheckResult, HealthStatus, IntegrityScope, MigrateMode, SourcePath,
    dependencies_of,
    model::{Base, Call, Comment, Import, Metric, Origin, Resolution, TransformedAst},
};
use snake_pipe_postgres::PostgresBackend;
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster, StopMode};

use crate::support::{app_id, backend, complete, connect, library, load, partial, two_files, user};

#[tokio::test]
async fn a_fresh_server_is_healthy_and_says_how_it_is() {
    let cluster = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    let backend = connect(&cluster.url()).await;
    backend.migrate(MigrateMode::Apply).await.unwrap();
    let health = backend.health_check().await.unwrap();
    assert_eq!((health.status, &health.warnings), (HealthStatus::Healthy, &Vec::new()));
    assert!(health.server_version.is_some());
    for name in ["wal_position", "database_size_bytes", "deadlocks", "schema_version", "standbys"] {
        assert!(health.details.iter().any(|(detail, _)| detail == name), "{name}");
    }
    assert_eq!(health.pool.unwrap().max, 30);
}

#[tokio::test]
async fn a_schema_that_is_missing_wants_attention() {
    let cluster = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    let health = connect(&cluster.url()).await.health_check().await.unwrap();
    assert_eq!(health.status, HealthStatus::Degraded);
    assert!(health.warnings[0].contains("snake-pipe migrate"), "{health:?}");
}

#[tokio::test]
async fn a_server_that_is_gone_is_unhealthy_and_no_error() {
    let cluster = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    let backend = connect(&format!("{}&timeout_seconds=1", cluster.url())).await;
    cluster.stop(StopMode::Fast).unwrap();
    let health = backend.health_check().await.unwrap();
    assert_eq!(health.status, HealthStatus::Unhealthy);
    assert!(!health.warnings.is_empty());
}

#[tokio::test]
async fn a_server_that_only_reads_is_unhealthy() {
    let cluster =
        PostgresCluster::start(ClusterOptions::fast().setting("default_transaction_read_only", "on"))
            .unwrap();
    let health = connect(&cluster.url()).await.health_check().await.unwrap();
    assert_eq!(health.status, HealthStatus::Unhealthy);
}

#[tokio::test]
async fn a_role_that_is_meant_to_read_is_healthy_and_one_that_may_write_in_part_is_not() {
    let cluster = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    connect(&cluster.url()).await.migrate(MigrateMode::Apply).await.unwrap();
    cluster.psql("CREATE ROLE asks LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO asks").unwrap();
    let reader = connect(&cluster.url().replacen("postgres@", "asks@", 1)).await;
    let detail = |health: &HealthCheckResult, wanted: &str| {
        let found = health.details.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let health = reader.health_check().await.unwrap();
    assert_eq!((health.status, &health.warnings), (HealthStatus::Healthy, &Vec::new()));
    assert_eq!(detail(&health, "access"), "reads only");
    let grant = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \"public\" TO \"asks\";";
    assert_eq!(detail(&health, "grant_for_loads"), grant);

    cluster.psql("GRANT INSERT ON ALL TABLES IN SCHEMA public TO asks").unwrap();
    let health = reader.health_check().await.unwrap();
    assert_eq!(health.status, HealthStatus::Degraded);
    assert!(health.warnings[0].starts_with("this role may not write, for it lacks DELETE, UPDATE"));

    cluster.psql(grant).unwrap();
    assert_eq!(detail(&reader.health_check().await.unwrap(), "access"), "reads and writes");
}

/// The constraints that are broken, with the numbers of rows and examples.
async fn broken(backend: &PostgresBackend, scope: IntegrityScope) -> Vec<(String, u64, usize)> {
    let result = backend.check_integrity(scope).await.unwrap();
    let broken = result.constraints.into_iter().filter(|constraint| constraint.violations > 0);
    broken.map(|constraint| (constraint.name, constraint.violations, constraint.examples.len())).collect()
}

#[tokio::test]
async fn rows_that_contradict_each_other_are_found_with_their_keys() {
    let (database, backend) = backend().await;
    load(&backend, partial(), &two_files()).await;
    assert!(backend.check_integrity(IntegrityScope::All).await.unwrap().is_clean());
    let damage = "SET session_replication_role = replica;
        DELETE FROM functions WHERE name = 'f';
        UPDATE files SET class_count = 7 WHERE file_path = 'app.py';
        UPDATE dependencies SET site_count = 5 WHERE dependency_type = 'import'";
    database.psql(damage).unwrap();
    let found = [
        ("files.function_count counts functions".to_owned(), 1, 1),
        ("files.class_count counts classes".to_owned(), 1, 1),
        ("files.complexity sums functions".to_owned(), 1, 1),
        ("parameters.function_id exists".to_owned(), 1, 1),
        ("calls.target_function_id exists".to_owned(), 1, 1),
        ("dependencies.site_count counts sites".to_owned(), 1, 1),
    ];
    assert_eq!(broken(&backend, IntegrityScope::All).await, found);
    // A parameter without its function belongs to no file any more.
    let found: Vec<_> = found.into_iter().filter(|(name, ..)| !name.starts_with("parameters")).collect();
    assert_eq!(broken(&backend, IntegrityScope::Repository(app_id())).await, found);
    let files = two_files().iter().map(|facts| facts.key()).collect();
    assert_eq!(broken(&backend, IntegrityScope::Files(app_id(), files)).await, found);
    let none = IntegrityScope::Files(app_id(), [SourcePath::from("other").key()].into());
    assert_eq!(broken(&backend, none).await, []);
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
fn users_of_everything() -> Vec<Arc<TransformedAst>> {
    let mut facts = user("app.py", "lib.py");
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
    vec![Arc::new(library("lib.py")), Arc::new(facts)]
}

#[tokio::test]
async fn what_follows_from_other_rows_is_computed_again() {
    let (database, backend) = backend().await;
    for (damage, expected) in DAMAGE {
        load(&backend, complete(&users_of_everything()), &users_of_everything()).await;
        assert_eq!(broken(&backend, IntegrityScope::All).await, [], "before {damage}");
        database.psql(&format!("SET session_replication_role = replica; {damage}")).unwrap();
        let keys = users_of_everything().iter().map(|facts| facts.key()).collect();
        for scope in
            [IntegrityScope::All, IntegrityScope::Repository(app_id()), IntegrityScope::Files(app_id(), keys)]
        {
            let broken = broken(&backend, scope.clone()).await;
            let names: Vec<_> = broken.iter().map(|(name, ..)| name.split_once('.').unwrap().1).collect();
            assert_eq!(names, *expected, "{damage} {scope:?}");
            assert!(broken.iter().all(|(_, violations, examples)| *violations == *examples as u64));
        }
        let nothing = complete(&[]);
        load(&backend, nothing, &[]).await;
    }
}
