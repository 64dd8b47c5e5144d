//! `extract`.

use std::sync::Arc;

use futures::StreamExt;
use snake_pipe_core::{Error, ErrorKind, Result};
use snake_pipe_extract::{Extraction, Progress, discover::describe, facts::write_ndjson};

use super::{Program, arguments::ExtractArguments, failure::Exit, progress::Display};
use crate::load::{ExtractFlags, extract_options};

pub(super) async fn run(program: &Program, arguments: ExtractArguments) -> Result<Exit> {
    let flags = ExtractFlags {
        languages: arguments.language,
        ast: arguments.ast,
        store_source: arguments.store_source,
    };
    let options = extract_options(&program.config, &flags, &[])?;
    let description = describe(&arguments.path)?;
    let progress = Arc::new(Progress::default());
    let display = Display::of_extraction(&progress);
    let extraction = {
        let (path, name, progress) = (arguments.path, description.name.clone(), Arc::clone(&progress));
        blocking(move || Extraction::scan(&path, &name, options, progress)).await?
    };
    for warning in extraction.inventory().warnings.iter().chain(&description.warning) {
        tracing::warn!("{warning}");
    }
    let mut stream = extraction.facts(|_| true);
    let mut written = Vec::with_capacity(1 << 20);
    let is_cancelled = loop {
        let facts = tokio::select! {
            facts = stream.next() => facts,
            () = program.cancelled.cancelled() => break true,
        };
        let Some(facts) = facts else { break false };
        write_ndjson(&mut written, &*facts?)?;
        if written.len() >= 1 << 20 && !flush(&mut written)? {
            return Ok(Exit::Done);
        }
    };
    flush(&mut written)?;
    display.finish();
    Ok(if is_cancelled { Exit::Interrupted } else { Exit::Done })
}

/// Writes what is there to standard output. Whether anybody reads on.
fn flush(bytes: &mut Vec<u8>) -> Result<bool> {
    use std::io::{ErrorKind, Write};
    let mut out = std::io::stdout().lock();
    let result = out.write_all(bytes).and_then(|()| out.flush());
    bytes.clear();
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Runs what blocks on a thread that may.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|source| {
        Error::new(ErrorKind::Internal, "a worker stopped unexpectedly").with_source(source)
    })?
}
