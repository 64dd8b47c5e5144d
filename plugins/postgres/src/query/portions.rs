//! How many rows are asked for at once, and where the answer ends.

use snake_pipe_core::{RowPortion, SqlQuery, Value};

/// Rows of the first portion, before anything is known of their size: few, since each may be large.
const FIRST_ROWS: usize = 32;
/// Rows of a portion at most.
const MOST_ROWS: usize = 16_384;
/// By how much a portion may have more rows than the one before it.
const GROWTH: usize = 16;
/// Bytes that a portion should have.
const PORTION_BYTES: usize = 4 << 20;
/// Bytes from which on rows are handed over before their portion is whole: they are larger than those before them.
const HAND_OVER_BYTES: usize = 4 * PORTION_BYTES;

/// The rows that were taken and not yet handed over, and how many more there may be.
#[derive(Debug)]
pub(super) struct Portions {
    max_rows: usize,
    max_bytes: usize,
    rows: Vec<Vec<Value>>,
    row_bytes: usize,
    taken_rows: usize,
    taken_bytes: usize,
    truncated: bool,
    /// What was asked for, and the rows and bytes that came.
    last: Option<Asked>,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    rows: usize,
    received: usize,
    bytes: usize,
}

impl Portions {
    pub(super) const fn new(query: &SqlQuery) -> Self {
        Self {
            max_rows: query.max_rows,
            max_bytes: query.max_bytes,
            rows: Vec::new(),
            row_bytes: 0,
            taken_rows: 0,
            taken_bytes: 0,
            truncated: false,
            last: None,
        }
    }

    /// How many rows to ask for next; none when the answer is complete.
    pub(super) fn ask(&mut self) -> Option<usize> {
        let wanted = match self.last {
            None => FIRST_ROWS,
            Some(last) if last.received < last.rows || self.truncated => return None,
            Some(last) => {
                let row_bytes = (last.bytes / last.received.max(1)).max(1);
                let fitting = (PORTION_BYTES / row_bytes).min(last.rows * GROWTH).clamp(1, MOST_ROWS);
                // Few different numbers, so that the server's statistics hold few different statements.
                1 << fitting.ilog2()
            }
        };
        // One more than allowed tells whether there are more.
        let rows = wanted.min((self.max_rows - self.taken_rows).saturating_add(1));
        self.last = Some(Asked { rows, received: 0, bytes: 0 });
        Some(rows)
    }

    /// Takes a row, unless it lies beyond the limits: then the answer ends before it.
    pub(super) fn take(&mut self, row: Vec<Value>, bytes: usize) {
        if let Some(last) = &mut self.last {
            last.received += 1;
            last.bytes += bytes;
        }
        if self.taken_rows == self.max_rows || bytes > self.max_bytes - self.taken_bytes {
            self.truncated = true;
            return;
        }
        self.taken_rows += 1;
        self.taken_bytes += bytes;
        self.row_bytes += bytes;
        self.rows.push(row);
    }

    /// Whether the server may have more of what it was asked for, none of which is wanted.
    pub(super) fn is_cut(&self) -> bool {
        self.truncated && self.last.is_none_or(|last| last.received < last.rows)
    }

    /// Whether what was taken is much already.
    pub(super) const fn is_large(&self) -> bool {
        self.row_bytes >= HAND_OVER_BYTES
    }

    /// How many rows were taken so far.
    pub(super) const fn taken_rows(&self) -> usize {
        self.taken_rows
    }

    /// What was taken since the last time; none when that is nothing.
    pub(super) fn hand_over(&mut self) -> Option<RowPortion> {
        self.row_bytes = 0;
        let rows = std::mem::take(&mut self.rows);
        (!rows.is_empty() || self.truncated).then_some(RowPortion { rows, truncated: self.truncated })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: SqlQuery) -> Portions {
        Portions::new(&query)
    }

    fn take(portions: &mut Portions, rows: usize, bytes: usize) {
        (0..rows).for_each(|_| portions.take(Vec::new(), bytes));
    }

    #[test]
    fn portions_grow_to_what_memory_allows_and_end_with_the_rows() {
        let mut portions = of(SqlQuery::new("SELECT 1"));
        assert_eq!(portions.ask(), Some(32));
        take(&mut portions, 32, 1024);
        assert_eq!(portions.ask(), Some(512));
        take(&mut portions, 512, 1024);
        assert_eq!(portions.ask(), Some(4096));
        take(&mut portions, 100, 1024);
        assert_eq!(portions.ask(), None);
        assert_eq!(portions.hand_over().unwrap().rows.len(), 644);
        assert_eq!(portions.hand_over(), None);
    }

    #[test]
    fn large_rows_come_in_small_portions() {
        let mut portions = of(SqlQuery::new("SELECT 1"));
        portions.ask();
        take(&mut portions, 32, 1_500_000);
        assert_eq!(portions.ask(), Some(2));
        assert!(portions.is_large());
    }

    #[test]
    fn no_more_is_asked_for_than_tells_that_there_is_more() {
        let mut portions = of(SqlQuery { max_rows: 3, ..SqlQuery::new("SELECT 1") });
        assert_eq!(portions.ask(), Some(4));
        take(&mut portions, 4, 1);
        assert!(!portions.is_cut());
        assert_eq!(portions.hand_over(), Some(RowPortion { rows: vec![Vec::new(); 3], truncated: true }));
    }

    #[test]
    fn nothing_is_asked_for_beyond_the_limit_of_bytes() {
        let mut portions = of(SqlQuery { max_bytes: 2_500, ..SqlQuery::new("SELECT 1") });
        portions.ask();
        take(&mut portions, 3, 1_000);
        assert!(portions.is_cut());
        assert_eq!(portions.taken_rows(), 2);
        assert_eq!(portions.ask(), None);
    }
}
