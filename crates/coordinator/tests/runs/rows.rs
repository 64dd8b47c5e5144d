//! The same facts end in the same rows, however they come.

use std::sync::Arc;

use futures::stream;
use proptest::prelude::*;
use snake_pipe_coordinator::{CoordinatorOptions, Outcome};
use snake_pipe_core::{
    ErrorKind, Result,
    id::{Digest, FileKey, SymbolKey},
    load::Scope,
    memory::MemoryBackend,
    model::{Call, Entity, Function, Origin, Resolution, Target, TransformedAst},
    schema::OwnedRows,
};

use crate::{
    faulty::{Fault, Faulty},
    setup::{app, pipeline},
};

/// Twelve files, each with a function that calls that of the next.
fn repository(revision: u64) -> Vec<TransformedAst> {
    let file = |number: u64| {
        let target = Target {
            file: FileKey::of(format!("{}", (number + 1) % 12).as_bytes()),
            entity: Entity::Function(SymbolKey(9)),
        };
        let resolution = Resolution::resolved(target, Origin::Import);
        let changes = number.is_multiple_of(3);
        TransformedAst {
            content_hash: Some(Digest::of(&[number as u8, if changes { revision as u8 } else { 0 }])),
            size_bytes: Some(if changes { revision } else { 0 }),
            functions: vec![Function { name: "f".into(), symbol: SymbolKey(9), ..Function::default() }],
            calls: vec![Call { name: "f".into(), resolution, ..Call::default() }],
            ..TransformedAst::new(number.to_string().as_str().into())
        }
    };
    (0..12).map(file).collect()
}

fn stream_of(
    files: Vec<TransformedAst>,
) -> impl futures::Stream<Item = Result<TransformedAst>> + Send + 'static {
    stream::iter(files.into_iter().map(Ok))
}

async fn run(backend: &Faulty, files: Vec<TransformedAst>, batch_bytes: usize) -> Outcome {
    let options = CoordinatorOptions { batch_bytes, ..CoordinatorOptions::default() };
    let scope = Scope::Complete(Arc::new(files.iter().map(TransformedAst::key).collect()));
    let pipeline = pipeline(stream_of(files.clone())).scope(scope).options(options);
    let pipeline = pipeline.replay(move || stream_of(files.clone()));
    pipeline.to(Arc::new(backend.clone())).run().await.unwrap().outcome
}

async fn clean_load(files: Vec<TransformedAst>) -> OwnedRows {
    let backend = Faulty::new(|_| Fault::None);
    assert_eq!(run(&backend, files, 1 << 20).await, Outcome::Success);
    rows(backend.inner())
}

fn rows(backend: &MemoryBackend) -> OwnedRows {
    backend.rows(app()).unwrap()
}

/// Something that goes wrong and is to leave no trace.
fn fault(number: usize, which: usize) -> Faulty {
    Faulty::new(move |call| match which {
        1 if call.is("write_batch", number) => Fault::before(ErrorKind::Busy),
        2 if call.is("write_batch", number) => Fault::before(ErrorKind::SessionLost),
        3 if call.is("write_batch", number) => Fault::After(ErrorKind::SessionLost),
        4 if call.is("publish", 1) => Fault::After(ErrorKind::OutcomeUnknown),
        5 if call.is("publish", 1) => Fault::before(ErrorKind::SessionLost),
        _ => Fault::None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_order_any_batches_and_any_passing_fault_give_the_same_rows(
        order in Just(repository(1)).prop_shuffle(),
        edited in Just(repository(2)).prop_shuffle(),
        kept in 6_usize..12,
        batch_bytes in 1_usize..10_000,
        number in 1_usize..8,
        which in 0_usize..6,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let backend = fault(number, which);
            assert_eq!(run(&backend, order.clone(), batch_bytes).await, Outcome::Success);
            assert_eq!(rows(backend.inner()), clean_load(order).await);
            // Some files changed, some are gone, and references to those are un-resolved.
            let edited = edited[..kept].to_vec();
            assert_eq!(run(&backend, edited.clone(), batch_bytes).await, Outcome::Success);
            assert_eq!(rows(backend.inner()), clean_load(edited).await);
        });
    }
}
