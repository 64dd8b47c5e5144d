use futures::future::join_all;
use serde_json::json;
use snake_pipe_metadata::model::{
    ColumnDefinition, Compatibility, EvolutionType, NewSchema, SchemaDefinition, SchemaVersion,
};

use crate::subject::Subject;

fn customers(columns: &[&str]) -> NewSchema {
    let id = [ColumnDefinition::required("id", "integer")];
    let others = columns.iter().map(|name| ColumnDefinition::nullable(*name, "text"));
    NewSchema {
        schema_name: "shop".into(),
        table_name: "customers".into(),
        definition: SchemaDefinition {
            columns: id.into_iter().chain(others).collect(),
            primary_key: vec!["id".into()],
            indexes: Vec::new(),
        },
        run_id: None,
    }
}

async fn register(subject: &Subject, columns: &[&str]) -> SchemaVersion {
    subject.store.register_schemas(vec![customers(columns)]).await.unwrap().remove(0)
}

pub(crate) async fn a_version_says_what_changed(subject: &Subject) {
    let first = register(subject, &[]).await;
    assert_eq!((first.version, first.evolution, first.previous_version), (1, EvolutionType::Create, None));
    let second = register(subject, &["email"]).await;
    assert_eq!((second.version, second.evolution), (2, EvolutionType::AddColumn));
    assert_eq!((second.previous_version, second.compatibility), (Some(1), Compatibility::Full));
    assert_eq!(second.changes[0].field, "columns.email");
    assert_eq!(second.changes[0].new["type"], json!("text"));
    let versions = subject.store.schema_versions("shop", "customers").await.unwrap();
    assert_eq!(
        versions,
        [SchemaVersion { is_new: false, ..second.clone() }, SchemaVersion { is_new: false, ..first }]
    );
    let latest = subject.store.schemas(Some("shop".into())).await.unwrap();
    assert_eq!(latest, [SchemaVersion { is_new: false, ..second }]);
}

pub(crate) async fn the_same_shape_is_registered_once_and_reverting_makes_a_new_latest(subject: &Subject) {
    let first = register(subject, &["a", "b"]).await;
    let same = register(subject, &["b", "a"]).await;
    assert_eq!((same.id, same.version, same.is_new), (first.id, 1, false));
    register(subject, &["a"]).await;
    let reverted = register(subject, &["a", "b"]).await;
    assert_eq!((reverted.version, reverted.is_new), (3, true));
    assert_eq!(reverted.hash, first.hash);
}

pub(crate) async fn thirty_two_at_once_make_versions_without_gap_or_twin(subject: &Subject) {
    let stores = [subject.other(), subject.other()];
    let names: Vec<_> = (0..32).map(|number| format!("column_{number}")).collect();
    let registrations = names.iter().enumerate().map(|(number, name)| {
        let store = &stores[number % 2];
        async move { store.register_schemas(vec![customers(&[name])]).await.unwrap().remove(0).version }
    });
    let mut versions = join_all(registrations).await;
    versions.sort_unstable();
    assert_eq!(versions, (1..=32).collect::<Vec<u64>>());
}
