//! Closes batches on bytes or age.

use std::{collections::HashMap, sync::Arc, time::Duration};

use snake_pipe_core::{id::FileKey, load::Batch, model::TransformedAst};
use tokio::time::Instant;

/// A closed batch and its size.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) batch: Arc<Batch>,
    pub(crate) bytes: usize,
}

/// The batch that is open.
#[derive(Debug)]
pub(crate) struct Batcher {
    limit_bytes: usize,
    limit_age: Duration,
    sequence: u64,
    files: Vec<Arc<TransformedAst>>,
    positions: HashMap<FileKey, usize>,
    bytes: usize,
    opened: Option<Instant>,
}

impl Batcher {
    pub(crate) fn new(limit_bytes: usize, limit_age: Duration) -> Self {
        Self {
            limit_bytes,
            limit_age,
            sequence: 0,
            files: Vec::new(),
            positions: HashMap::new(),
            bytes: 0,
            opened: None,
        }
    }

    /// Takes facts; returns the batch that they fill. A file that is in the open batch already is replaced.
    pub(crate) fn push(&mut self, facts: Arc<TransformedAst>) -> Option<Closed> {
        self.bytes += facts.approximate_bytes();
        match self.positions.get(&facts.key()) {
            Some(position) => {
                let replaced = std::mem::replace(&mut self.files[*position], facts);
                self.bytes -= replaced.approximate_bytes();
            }
            None => {
                self.positions.insert(facts.key(), self.files.len());
                self.files.push(facts);
            }
        }
        self.opened.get_or_insert_with(Instant::now);
        if self.bytes >= self.limit_bytes { self.close() } else { None }
    }

    /// When the open batch is old enough to be closed.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.opened.map(|opened| opened + self.limit_age)
    }

    /// The open batch, if anything is in it.
    pub(crate) fn close(&mut self) -> Option<Closed> {
        self.opened.take()?;
        self.positions.clear();
        let batch =
            Batch { sequence: self.sequence, files: std::mem::take(&mut self.files), removed: Vec::new() };
        self.sequence += 1;
        Some(Closed { batch: Arc::new(batch), bytes: std::mem::take(&mut self.bytes) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(path: &str) -> Arc<TransformedAst> {
        Arc::new(TransformedAst::new(path.into()))
    }

    #[test]
    fn a_batch_is_closed_when_its_bytes_are_reached() {
        let size = facts("a").approximate_bytes();
        let mut batcher = Batcher::new(2 * size, Duration::from_secs(1));
        assert!(batcher.push(facts("a")).is_none());
        let closed = batcher.push(facts("b")).unwrap();
        assert_eq!((closed.batch.sequence, closed.batch.len(), closed.bytes), (0, 2, 2 * size));
        assert!(batcher.close().is_none());
        batcher.push(facts("c"));
        assert_eq!(batcher.close().unwrap().batch.sequence, 1);
    }

    #[test]
    fn the_later_facts_of_a_file_replace_the_earlier() {
        let mut batcher = Batcher::new(usize::MAX, Duration::from_secs(1));
        batcher.push(facts("a"));
        let later = TransformedAst { size_bytes: Some(7), ..TransformedAst::new("a".into()) };
        batcher.push(Arc::new(later));
        let closed = batcher.close().unwrap();
        assert_eq!(closed.batch.files.len(), 1);
        assert_eq!(closed.batch.files[0].size_bytes, Some(7));
        assert_eq!(closed.bytes, facts("a").approximate_bytes());
    }

    #[tokio::test(start_paused = true)]
    async fn age_counts_from_the_first_file() {
        let mut batcher = Batcher::new(usize::MAX, Duration::from_secs(1));
        assert_eq!(batcher.due(), None);
        let start = Instant::now();
        batcher.push(facts("a"));
        tokio::time::advance(Duration::from_millis(400)).await;
        batcher.push(facts("b"));
        assert_eq!(batcher.due(), Some(start + Duration::from_secs(1)));
    }
}
