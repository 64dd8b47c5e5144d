//! Many sequences.

use std::{
    env,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use crate::{
    sequence::{Seen, Sequence},
    subject::Shelf,
};

/// The number in this variable.
pub(crate) fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// Runs the sequences of these seeds on some threads, each with a shelf of its own; panics with every seed that failed.
pub(crate) fn soak(seeds: impl Iterator<Item = u64> + Send, shelf: impl Fn() -> Shelf + Sync) {
    let (seeds, failed, seen) = (Mutex::new(seeds), Mutex::new(Vec::new()), Mutex::new(Seen::default()));
    let (started, count) = (Instant::now(), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..number("CHAOS_THREADS", 2) {
            scope.spawn(|| {
                let shelf = shelf();
                loop {
                    let Some(seed) = seeds.lock().unwrap().next() else { break };
                    match Sequence::run(seed, &shelf) {
                        Ok(more) => seen.lock().unwrap().add(&more),
                        Err(message) => {
                            println!("seed {seed}: {message}");
                            failed.lock().unwrap().push(seed);
                        }
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let (count, seconds) = (count.into_inner(), started.elapsed().as_secs_f64());
    println!("{count} sequences in {seconds:.1} s: {}", seen.into_inner().unwrap());
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {count} sequences failed, with the seeds {failed:?}", failed.len());
}
