//! Names as numbers: every name that occurs in the repository is stored once.

use std::{
    hash::BuildHasher,
    sync::{Mutex, PoisonError},
};

use rustc_hash::FxBuildHasher;

use super::index_table::IndexTable;

const SHARDS: usize = 64;

/// A name. The numbers differ from run to run: they are compared for equality, and order nothing that is visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Name(u32);

impl Name {
    /// The number; below a small multiple of how many names there are.
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Collects names from many threads.
#[derive(Debug)]
pub(super) struct NameCollector {
    shards: Vec<Mutex<Shard>>,
}

/// All names, read-only.
#[derive(Debug)]
pub(super) struct Names {
    shards: Vec<Shard>,
}

/// The names whose hashes share their low bits, one behind the other.
#[derive(Debug, Default)]
struct Shard {
    text: String,
    ends: Vec<u32>,
    table: IndexTable,
}

impl NameCollector {
    pub(super) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    /// The number of `text`, now or later the same.
    pub(super) fn intern(&self, text: &str) -> Name {
        let hash = hash_of(text);
        let shard = hash as usize % SHARDS;
        let index = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner).intern(hash, text);
        Name(index * SHARDS as u32 + shard as u32)
    }

    pub(super) fn finish(self) -> Names {
        let shards = self.shards.into_iter();
        Names {
            shards: shards.map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner)).collect(),
        }
    }
}

impl Names {
    /// The number of `text`, if it occurs at all.
    pub(super) fn get(&self, text: &str) -> Option<Name> {
        let hash = hash_of(text);
        let shard = hash as usize % SHARDS;
        let index = self.shards[shard].find(hash, text)?;
        Some(Name(index * SHARDS as u32 + shard as u32))
    }

    pub(super) fn text(&self, name: Name) -> &str {
        self.shards[name.0 as usize % SHARDS].text(name.0 / SHARDS as u32)
    }
}

impl Shard {
    fn text(&self, index: u32) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index as usize - 1] };
        &self.text[start as usize..self.ends[index as usize] as usize]
    }

    fn find(&self, hash: u64, text: &str) -> Option<u32> {
        self.table.find(hash, |index| self.text(index) == text)
    }

    fn intern(&mut self, hash: u64, text: &str) -> u32 {
        if let Some(index) = self.find(hash, text) {
            return index;
        }
        let index = self.ends.len() as u32;
        let (ends, all) = (&self.ends, &self.text);
        self.table.insert(hash, index, |other| {
            let start = if other == 0 { 0 } else { ends[other as usize - 1] };
            hash_of(&all[start as usize..ends[other as usize] as usize])
        });
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        index
    }
}

pub(super) fn hash_of(text: &str) -> u64 {
    FxBuildHasher.hash_one(text)
}

#[cfg(test)]
mod tests {
    use super::NameCollector;

    #[test]
    fn a_name_reads_back_and_is_found_again() {
        let collector = NameCollector::new();
        let words: Vec<String> = (0..5000).map(|number| format!("name_{number}")).collect();
        let first: Vec<_> = words.iter().map(|word| collector.intern(word)).collect();
        let again: Vec<_> = words.iter().map(|word| collector.intern(word)).collect();
        assert_eq!(first, again);
        let names = collector.finish();
        for (word, name) in words.iter().zip(first) {
            assert_eq!((names.get(word), names.text(name)), (Some(name), word.as_str()));
        }
        assert_eq!(names.get("another"), None);
    }
}
