//! What the plugin guide shows of the model.

use snake_pipe_core::{
    Timestamp, Value,
    id::{EntityId, RepositoryId},
    model::TransformedAst,
    schema::{RowContext, TableId, owned_rows},
};

fn file_id(repository: RepositoryId, facts: &TransformedAst) -> String {
    EntityId::file(repository, facts.key()).to_string()
}

#[test]
fn a_file_has_the_id_that_it_has_in_every_backend() {
    let (repository, facts) = (RepositoryId::of("r", ""), TransformedAst::new("a.py".into()));
    let context = RowContext { repository, producer_version: "1", now: Timestamp::now() };
    let rows = owned_rows(&facts, &context).unwrap();
    assert_eq!(rows[&TableId::Files][0][0], Value::Text(file_id(repository, &facts)));
}
