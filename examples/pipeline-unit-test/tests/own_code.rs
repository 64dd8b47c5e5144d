//! What the pipeline sends, and what it says when a backend fails.

use std::sync::Arc;

use futures::stream;
use pipeline_unit_test::load_own_code;
use snake_pipe_coordinator::{LaneStatus, Outcome};
use snake_pipe_core::{ErrorKind, mock::MockDatabaseBackend, model::TransformedAst};

#[tokio::test]
async fn own_code_reaches_the_backend_that_works_and_the_other_one_is_reported() {
    let working = Arc::new(MockDatabaseBackend::accepting());
    let full = Arc::new(MockDatabaseBackend::failing(ErrorKind::Capacity));
    let mut vendored = TransformedAst::new("vendor/lib.py".into());
    vendored.flags.is_vendored = true;
    let facts = stream::iter([Ok(TransformedAst::new("src/app.py".into())), Ok(vendored)]);

    let summary = load_own_code(facts, &[working.clone(), full]).await.unwrap();

    let batches = working.accepted();
    let paths: Vec<_> =
        batches.iter().flat_map(|batch| &batch.files).map(|file| file.path.as_str()).collect();
    assert_eq!((paths, working.published().len()), (vec!["src/app.py"], 1));
    assert_eq!(summary.outcome, Outcome::PartlyFailed);
    let lane = &summary.lanes[1];
    assert_eq!((lane.status, lane.owed_files), (LaneStatus::Failed, 1));
    assert_eq!(lane.error.as_ref().map(|error| error.kind.as_str()), Some("capacity"));
}
