//! A hash table of indices into something stored elsewhere: four bytes a slot, no second copy of the keys.

use super::names::{take_number, take_numbers};

/// Open addressing with linear probing; at most seven eighths full. A slot holds an index plus one, or zero.
#[derive(Debug, Default)]
pub(super) struct IndexTable {
    slots: Vec<u32>,
    len: usize,
}

impl IndexTable {
    /// The index with this hash for which `is_it` holds.
    pub(super) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut at = position(hash, mask);
        loop {
            match self.slots[at] {
                0 => return None,
                slot if is_it(slot - 1) => return Some(slot - 1),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Adds an index that is not there yet; `hash_of` gives the hash of those that are.
    pub(super) fn insert(&mut self, hash: u64, index: u32, hash_of: impl Fn(u32) -> u64) {
        if (self.len + 1) * 8 > self.slots.len() * 7 {
            let larger = (self.slots.len() * 2).max(16);
            let old = std::mem::replace(&mut self.slots, vec![0; larger]);
            for slot in old.into_iter().filter(|slot| *slot != 0) {
                self.place(hash_of(slot - 1), slot);
            }
        }
        self.place(hash, index + 1);
        self.len += 1;
    }

    /// The table as bytes; the hashes that it was made with must be those that it is used with.
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        for number in [self.len, self.slots.len()] {
            bytes.extend_from_slice(&(number as u32).to_le_bytes());
        }
        self.slots.iter().for_each(|slot| bytes.extend_from_slice(&slot.to_le_bytes()));
    }

    /// Takes a table from the front of some bytes.
    pub(super) fn decode(rest: &mut &[u8]) -> Option<Self> {
        let (len, count) = (take_number(rest)?, take_number(rest)?);
        Some(Self { slots: take_numbers(rest, count)?, len: len as usize })
    }

    fn place(&mut self, hash: u64, slot: u32) {
        let mask = self.slots.len() - 1;
        let mut at = position(hash, mask);
        while self.slots[at] != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
    }
}

const fn position(hash: u64, mask: usize) -> usize {
    // The low bits choose the shard of a name; fold the high ones in, so that a shard's table is spread evenly.
    ((hash >> 32) ^ (hash >> 7)) as usize & mask
}
