//! Materialised copies of views.

use std::sync::Arc;

use snake_pipe_core::{DatabaseBackend as _, load::LoadPlan};
use snake_pipe_postgres::PostgresConfig;

use crate::support::{
    app, app_id, backend_with, complete, connect, count, library, load, rows, two_files, url_of_new_role,
};

const WITH_COPIES: &str = "materialized_views=function_details,call_details";
const STATE: &str = "SELECT d.table_name, d.snapshot_id = r.snapshot_id FROM derived_tables d
    JOIN repositories r ON r.repository_id = d.repository_id
    WHERE d.table_name LIKE '%materialized' ORDER BY 1";

#[tokio::test]
async fn copies_of_views_are_refreshed_after_each_load_and_say_of_which_snapshot_they_are() {
    let (_database, backend) = backend_with(WITH_COPIES).await;
    load(&backend, complete(&two_files()), &two_files()).await;
    load(&backend, LoadPlan::partial(app(), "1"), &[Arc::new(library("more.py"))]).await;
    for view in ["function_details", "call_details"] {
        let [held, copied] = [view.to_owned(), format!("{view}_materialized")]
            .map(|name| format!("SELECT t::text FROM {name} t ORDER BY 1"));
        let held = rows(&backend, &held).await;
        assert!(!held.is_empty());
        assert_eq!(rows(&backend, &copied).await, held, "{view}");
    }
    assert_eq!(
        rows(&backend, STATE).await,
        ["call_details_materialized|true", "function_details_materialized|true"]
    );
    let unique = "SELECT count(*) FROM pg_index i WHERE i.indisunique
        AND i.indrelid IN ('function_details_materialized'::regclass, 'call_details_materialized'::regclass)";
    assert_eq!(count(&backend, unique).await, 2);
    assert!(backend.remove_repository(app_id()).await.unwrap());
    assert_eq!(count(&backend, "SELECT count(*) FROM derived_tables").await, 0);
}

#[tokio::test]
async fn a_copy_that_a_role_may_not_refresh_says_that_it_is_old() {
    let (database, backend) = backend_with(WITH_COPIES).await;
    load(&backend, complete(&two_files()), &two_files()).await;
    let (url, role) = url_of_new_role(&database);
    database
        .psql(&format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"))
        .unwrap();
    let writer = connect(&format!("{url}&{WITH_COPIES}")).await;
    load(&writer, LoadPlan::partial(app(), "1"), &[Arc::new(library("more.py"))]).await;
    assert_eq!(
        rows(&backend, STATE).await,
        ["call_details_materialized|false", "function_details_materialized|false"]
    );
    assert_eq!(
        count(&backend, "SELECT count(DISTINCT file_path) FROM function_details_materialized").await,
        2
    );
    // The next load of an owner brings them up to date.
    load(&backend, LoadPlan::partial(app(), "1"), &[Arc::new(library("last.py"))]).await;
    assert_eq!(
        rows(&backend, STATE).await,
        ["call_details_materialized|true", "function_details_materialized|true"]
    );
}

#[test]
fn a_view_that_is_none_is_refused_with_those_that_are() {
    let error = PostgresConfig::from_url("postgres://h/db?materialized_views=files").unwrap_err();
    assert!(error.help().unwrap().contains("function_details"), "{error:?}");
}
