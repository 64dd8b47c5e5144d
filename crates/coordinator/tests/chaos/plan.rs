//! What goes wrong, at random.

use std::time::Duration;

use rand::{Rng as _, rngs::StdRng, seq::IndexedRandom as _};
use snake_pipe_coordinator::{CoordinatorOptions, Policy, RetryOptions, ReturnOptions, Route, Timeouts};
use snake_pipe_core::{ErrorKind, Language};
use snake_pipe_testkit::faults::{Fault, Faults, Operation};

const OPERATIONS: [Operation; 10] = [
    Operation::Connect,
    Operation::Repositories,
    Operation::Manifest,
    Operation::BeginLoad,
    Operation::SessionWrite,
    Operation::SessionWrite,
    Operation::SessionWrite,
    Operation::Publish,
    Operation::Publish,
    Operation::Abort,
];

/// Kinds of errors that any call may meet.
const ANY: [ErrorKind; 8] = [
    ErrorKind::Connection,
    ErrorKind::Busy,
    ErrorKind::Timeout,
    ErrorKind::Capacity,
    ErrorKind::Authentication,
    ErrorKind::Permission,
    ErrorKind::Internal,
    ErrorKind::NotConnected,
];

/// How long a unit of time is: where the clock is simulated it costs nothing.
pub(crate) fn unit(is_simulated: bool) -> Duration {
    if is_simulated { Duration::from_millis(100) } else { Duration::from_micros(500) }
}

/// One thing that goes wrong with calls of this operation.
fn fault(random: &mut StdRng, operation: Operation, unit: Duration) -> Fault {
    let in_session = matches!(operation, Operation::SessionWrite | Operation::Publish);
    match random.random_range(0..10) {
        0..4 => {
            let mut kinds = ANY.to_vec();
            if in_session {
                kinds.extend([ErrorKind::SessionLost; 4]);
                kinds.push(ErrorKind::Fenced);
            }
            match operation {
                Operation::SessionWrite => kinds.extend([ErrorKind::Data; 2]),
                Operation::Publish => kinds.extend([ErrorKind::OutcomeUnknown; 4]),
                _ => {}
            }
            Fault::Fail(*kinds.choose(random).unwrap())
        }
        4 | 5 => {
            let mut kinds = vec![ErrorKind::Connection, ErrorKind::Busy, ErrorKind::Timeout];
            match operation {
                Operation::Publish => kinds.extend([ErrorKind::OutcomeUnknown; 6]),
                Operation::SessionWrite => kinds.extend([ErrorKind::SessionLost; 3]),
                _ => {}
            }
            Fault::FailAfterwards(*kinds.choose(random).unwrap())
        }
        6 => Fault::Delay(unit * random.random_range(1..40)),
        7 => [Fault::Hang, Fault::HoldAnswer][random.random_range(0..2)],
        8 => Fault::Abandon { polls: random.random_range(1..6) },
        _ => Fault::Disconnect,
    }
}

/// Plans faults for one backend and one run.
pub(crate) fn plan_faults(random: &mut StdRng, faults: &Faults, paths: &[String], unit: Duration) {
    for _ in 0..random.random_range(0..5) {
        let operation = *OPERATIONS.choose(random).unwrap();
        for _ in 0..random.random_range(0..4) {
            faults.next_passes(operation);
        }
        for _ in 0..random.random_range(1..3) {
            let fault = fault(random, operation, unit);
            faults.next(operation, fault);
        }
    }
    if random.random_ratio(1, 12) {
        let operation = *OPERATIONS.choose(random).unwrap();
        faults.always(operation, Fault::Fail(*ANY.choose(random).unwrap()));
    }
    if random.random_ratio(1, 8)
        && let Some(path) = paths.choose(random)
    {
        faults.poison(path.as_str());
    }
}

/// How a run that is disturbed goes about its work.
pub(crate) fn options(random: &mut StdRng, backends: usize, unit: Duration) -> CoordinatorOptions {
    let batch_bytes = random.random_range(1..40_000);
    let policies = [Policy::All, Policy::Primary, Policy::Quorum(backends.div_ceil(2)), Policy::BestEffort];
    let limit = unit * random.random_range(60..120);
    CoordinatorOptions {
        policy: *policies.choose(random).unwrap(),
        batch_bytes,
        batch_age: unit * random.random_range(1..10),
        lane_bytes: batch_bytes + random.random_range(0..40_000),
        lag_limit: unit * random.random_range(1..12),
        // Not drawn, so that a seed gives the sequence that it gave before.
        lag_percent: [0, 3, 30, 100][batch_bytes % 4],
        retry: RetryOptions {
            attempts: random.random_range(0..4),
            base: unit,
            cap: unit * 4,
            total: unit * 20,
        },
        timeouts: Timeouts { connect: limit, read: limit, write: limit, publish: limit },
        returning: ReturnOptions { within: unit * random.random_range(0..2) * 40, ask_every: unit },
        max_replays: random.random_range(0..4),
        max_refused_files: random.random_range(0..20),
        check_integrity: random.random_bool(0.2),
    }
}

/// Which files a backend takes.
pub(crate) fn route(random: &mut StdRng) -> Route {
    match random.random_range(0..6) {
        0 => Route { languages: vec![Language::Python], ..Route::default() },
        1 => {
            let digit = random.random_range(0..4);
            Route { paths: vec!["**".to_owned(), format!("!**/*{digit}*")], ..Route::default() }
        }
        _ => Route::default(),
    }
}

/// What befalls a run as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disturbance {
    None,
    /// It is cancelled.
    Cancel,
    /// Nobody waits for it any more.
    Drop,
    /// The backend of this number is removed.
    Remove(usize),
    /// A backend is added that was not there.
    Add,
}

pub(crate) fn disturbance(random: &mut StdRng, backends: usize) -> (Disturbance, u32) {
    let what = match random.random_range(0..10) {
        0 => Disturbance::Cancel,
        1 => Disturbance::Drop,
        2 => Disturbance::Remove(random.random_range(0..backends)),
        3 => Disturbance::Add,
        _ => Disturbance::None,
    };
    (what, random.random_range(0..40))
}
