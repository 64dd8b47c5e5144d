//! Failpoints at every step of a load into PostgreSQL: the connection is cut at each message of the protocol in turn.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures::stream;
use snake_pipe::{
    coordinator::{LaneStatus, Outcome, Pipeline, RunSummary},
    core::{
        DatabaseBackend, MigrateMode,
        load::{Repository, Scope},
        model::TransformedAst,
    },
};
use snake_pipe_testkit::{
    audit::{Holding, Source},
    fixtures::{Generator, shop},
    postgres::{Cut, PostgresProxy, TestDatabase, shared},
};

const VERSION: &str = "failpoints-1";

/// Every CI run cuts at each so-manieth message; `cargo xtask chaos` at each.
const STRIDE: u64 = 16;

fn repository() -> Repository {
    Repository::named("failpoints")
}

/// A database behind a proxy, and two states of a repository.
struct Place {
    database: TestDatabase,
    proxy: PostgresProxy,
    states: [Vec<Arc<TransformedAst>>; 2],
    /// Whether the second one is next.
    state: AtomicBool,
}

impl Place {
    fn new() -> Self {
        let mut generator = Generator::new(7, 6);
        let states = [(); 2].map(|()| {
            generator.edit();
            generator.facts().into_iter().chain(shop()).map(Arc::new).collect()
        });
        let (database, proxy) =
            (TestDatabase::create().unwrap(), PostgresProxy::start(shared().unwrap()).unwrap());
        Self { database, proxy, states, state: true.into() }
    }

    async fn backend(&self, url: &str) -> Arc<dyn DatabaseBackend> {
        let backend = snake_pipe::registry().unwrap().build(url, None, []).unwrap();
        backend.connect().await.unwrap();
        backend.migrate(MigrateMode::Apply).await.unwrap();
        backend
    }

    /// Loads a state through the proxy, with a cut.
    async fn load(&self, state: usize, cut: Option<Cut>) -> RunSummary {
        let backend = self.backend(&self.proxy.url(self.database.name())).await;
        if let Some(cut) = cut {
            self.proxy.cut(cut);
        }
        let files = self.states[state].clone();
        let scope = Scope::Complete(Arc::new(files.iter().map(|facts| facts.key()).collect()));
        let again = files.clone();
        let summary = Pipeline::from(stream::iter(files.into_iter().map(Ok)))
            .replay(move || stream::iter(again.clone().into_iter().map(Ok)))
            .repository(repository())
            .scope(scope)
            .producer_version(VERSION)
            .to(backend.clone())
            .run()
            .await
            .unwrap();
        self.proxy.pass();
        backend.close().await.unwrap();
        summary
    }

    async fn differences(&self, state: usize) -> Vec<String> {
        let backend = self.backend(&self.database.url()).await;
        let source = Source::new(repository().id(), VERSION, self.states[state].clone());
        let holding = Holding::of(backend.as_ref(), source.repository()).await.unwrap();
        backend.close().await.unwrap();
        source.differences(&holding).unwrap()
    }
}

/// Cuts at every `stride`-th message, until a load ends before it is cut. Returns the number of the last one.
async fn cut_everywhere(cut: fn(u64) -> Cut) -> u64 {
    let place = Place::new();
    assert_eq!(place.load(0, None).await.outcome, Outcome::Success);
    let stride = crate::number("CHAOS_STRIDE", STRIDE);
    for number in (crate::number("CHAOS_SEED", crate::SEED) % stride + 1..).step_by(stride as usize) {
        let state = usize::from(place.state.fetch_xor(true, Ordering::SeqCst));
        let cuts = place.proxy.cuts();
        let summary = place.load(state, Some(cut(number))).await;
        assert_eq!(summary.outcome, Outcome::Success, "message {number}: {:?}", summary.lanes);
        assert_eq!(place.differences(state).await, Vec::<String>::new(), "message {number}");
        if place.proxy.cuts() == cuts {
            return number;
        }
    }
    0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_breaks_before_any_message_of_a_load_is_made_good_in_the_same_run() {
    let messages = cut_everywhere(Cut::Message).await;
    println!("cut before some of {messages} messages");
    assert!(messages > 20, "{messages}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_is_lost_at_any_message_of_a_load_is_made_good_in_the_same_run() {
    let messages = cut_everywhere(Cut::ReplyToMessage).await;
    println!("lost the reply to some of {messages} messages");
    assert!(messages > 20, "{messages}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reply_to_the_commit_alone_is_lost_and_the_marker_tells_that_it_happened() {
    let place = Place::new();
    assert_eq!(place.load(0, None).await.outcome, Outcome::Success);
    let summary = place.load(1, Some(Cut::ReplyToCommit)).await;
    assert_eq!(place.proxy.cuts(), 1);
    let lane = &summary.lanes[0];
    assert_eq!((summary.outcome, lane.status), (Outcome::Success, LaneStatus::Published), "{lane:?}");
    assert!(lane.retries + lane.replays > 0, "{lane:?}");
    assert_eq!(place.differences(1).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_does_not_reach_the_server_is_made_again() {
    let place = Place::new();
    assert_eq!(place.load(0, None).await.outcome, Outcome::Success);
    let summary = place.load(1, Some(Cut::Commit)).await;
    assert_eq!((place.proxy.cuts(), summary.outcome), (1, Outcome::Success));
    assert_eq!(place.differences(1).await, Vec::<String>::new());
}
