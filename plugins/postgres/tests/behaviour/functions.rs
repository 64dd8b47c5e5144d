//! The functions for analysts.

use std::sync::Arc;

use snake_pipe_core::{DatabaseBackend as _, MigrateMode};
use snake_pipe_testkit::{fixtures::shop, postgres::TestDatabase};

use crate::support::{complete, connect, load};

/// The answer of a statement about the shop, one line a row. The shop is in a schema that is not on the search path.
async fn answer(sql: &str) -> String {
    let database = TestDatabase::create().unwrap();
    let backend = connect(&format!("{}&schema=My+Schema", database.url())).await;
    backend.migrate(MigrateMode::Apply).await.unwrap();
    let files: Vec<_> = shop().into_iter().map(Arc::new).collect();
    load(&backend, complete(&files), &files).await;
    database.psql(&sql.replace("FROM ", "FROM \"My Schema\".")).unwrap()
}

#[tokio::test]
async fn callers_come_nearest_first_and_once() {
    let callers = "SELECT distance, caller, file_path, line_start FROM callers_of('key', 10)";
    let expected = "1|Order.total|shop/model.py|16\n2|checkout.pay|shop/service.py|20\n2|Store.save|shop/store.py|10\n\
                    3|checkout|shop/service.py|14\n4|test_checkout|tests/test_service.py|3";
    assert_eq!(answer(callers).await, expected);
    let direct = "SELECT caller, repository FROM callers_of('Entity.key', repository_name => 'app')";
    assert_eq!(answer(direct).await, "Order.total|app");
    assert_eq!(answer("SELECT caller FROM callers_of('key', 10, 'other')").await, "");
}

#[tokio::test]
async fn dependents_of_a_file_are_those_that_a_change_may_reach() {
    let dependents = "SELECT distance, file_path FROM dependents_of('shop/model.py', 5)";
    assert_eq!(answer(dependents).await, "1|shop/service.py\n1|shop/store.py\n2|tests/test_service.py");
    assert_eq!(answer("SELECT file_path FROM dependents_of('nowhere')").await, "");
}

#[tokio::test]
async fn a_path_of_calls_leads_from_one_function_to_another() {
    let path = "SELECT step, function_name FROM path_between('test_checkout', 'Entity.key')";
    assert_eq!(answer(path).await, "1|test_checkout\n2|checkout\n3|Store.save\n4|Order.total\n5|Entity.key");
    let too_far = "SELECT step FROM path_between('test_checkout', 'Entity.key', 3)";
    assert_eq!(answer(too_far).await, "");
    assert_eq!(answer("SELECT step FROM path_between('Entity.key', 'test_checkout')").await, "");
    assert_eq!(
        answer("SELECT step, function_name FROM path_between('checkout', 'checkout')").await,
        "1|checkout"
    );
}
