//! The suite held against the reference: what it demands, the in-memory backend does.

use std::sync::Arc;

use snake_pipe_core::{DatabaseBackend, memory::MemoryBackend};
use snake_pipe_testkit::conformance::{Harness, Store, run_all};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_backend_keeps_every_promise_that_it_offers() {
    let harness = Harness::new(|| async {
        let name = Uuid::new_v4().to_string();
        let reader = MemoryBackend::named(&name);
        let store = Store::new(move || Ok(Arc::new(MemoryBackend::named(&name)) as Arc<dyn DatabaseBackend>));
        Ok(store.with_rows(move |table, repository| {
            let rows = reader.rows(repository);
            async move { Ok(rows?.remove(&table).unwrap_or_default()) }
        }))
    });
    let report = run_all(&harness).await;
    println!("{report}");
    report.assert_kept();
    let not_offered: Vec<_> = report.not_offered().collect();
    assert!(not_offered.contains(&"a_query_is_answered") && !not_offered.contains(&"rows_equal_facts"));
}
