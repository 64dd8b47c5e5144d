use std::time::Duration;

use serde_json::json;
use snake_pipe_core::ErrorKind;
use snake_pipe_metadata::model::{
    AuditFilter, LEASE, NewPosition, OrderKey, PositionFilter, PositionKey, PositionKind,
};

use crate::subject::Subject;

fn lsn(key: &PositionKey, lsn: &str) -> NewPosition {
    NewPosition {
        key: key.clone(),
        value: json!({"lsn": lsn}),
        order: OrderKey::lsn(lsn).unwrap(),
        run_id: None,
    }
}

pub(crate) async fn a_position_never_goes_back_unless_it_is_reset(subject: &Subject) {
    let store = &subject.store;
    let key = PositionKey::of("orders-db", PositionKind::Stream);
    assert_eq!(store.position(key.clone()).await.unwrap(), None);
    store.advance_position(None, lsn(&key, "9/FF")).await.unwrap();
    let ahead = store.advance_position(None, lsn(&key, "10/1")).await.unwrap();
    assert_eq!(store.advance_position(None, lsn(&key, "10/1")).await.unwrap(), ahead);
    let error = store.advance_position(None, lsn(&key, "9/FF")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.message(), "the position would go back from 0000001000000001 to 00000009000000FF");
    assert_eq!(store.position(key.clone()).await.unwrap().unwrap().value, json!({"lsn": "10/1"}));

    store.reset_position(lsn(&key, "0/0")).await.unwrap();
    assert_eq!(store.position(key.clone()).await.unwrap().unwrap().value, json!({"lsn": "0/0"}));
    let audit =
        store.audit(AuditFilter { action: Some("position".into()), ..AuditFilter::default() }).await.unwrap();
    assert_eq!(audit[0].details["before"], json!({"lsn": "10/1"}));
}

pub(crate) async fn positions_are_apart_by_table_and_kind_and_have_a_history(subject: &Subject) {
    let store = &subject.store;
    let schema = PositionKey::of("db", PositionKind::Batch).schema("shop");
    let table = schema.clone().table("orders");
    let put = async |key: &PositionKey, number: u64| {
        let new = NewPosition {
            key: key.clone(),
            value: json!(number),
            order: OrderKey::number(number),
            run_id: None,
        };
        store.advance_position(None, new).await.unwrap()
    };
    put(&schema, 5).await;
    for number in [1, 2, 3] {
        subject.pass(Duration::from_secs(1));
        put(&table, number).await;
    }
    let values = async |filter: PositionFilter| -> Vec<_> {
        store.positions(filter).await.unwrap().into_iter().map(|position| position.value).collect()
    };
    assert_eq!(values(PositionFilter::default()).await, [json!(5), json!(3)]);
    let orders = PositionFilter { table: Some("orders".into()), ..PositionFilter::default() };
    assert_eq!(values(orders).await, [json!(3)]);
    let history = store.position_history(table, 2).await.unwrap();
    assert_eq!(history.iter().map(|position| &position.value).collect::<Vec<_>>(), [&json!(3), &json!(2)]);
}

pub(crate) async fn a_lost_run_moves_no_position(subject: &Subject) {
    let store = &subject.store;
    let run = subject.running("etl").await;
    let key = PositionKey::of("orders-db", PositionKind::Stream);
    let new = |at: &str| NewPosition { run_id: Some(run.id), ..lsn(&key, at) };
    store.advance_position(Some(run.token()), new("0/1")).await.unwrap();
    subject.pass(LEASE + Duration::from_secs(1));
    store.recover_runs(None).await.unwrap();
    let error = store.advance_position(Some(run.token()), new("0/2")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced);
    assert_eq!(store.position(key.clone()).await.unwrap().unwrap().value, json!({"lsn": "0/1"}));
}
