//! The toy keeps the promises that it gives.

use snake_pipe_testkit::conformance::{Harness, Store, run_all};
use toy_backend::{Shared, open};

#[tokio::test(flavor = "multi_thread")]
async fn the_toy_keeps_its_promises() {
    let harness = Harness::new(|| async {
        let shared = Shared::default();
        Ok(Store::new(move || Ok(open(shared.clone()))))
    });
    run_all(&harness).await.assert_kept();
}
