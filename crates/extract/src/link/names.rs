//! Names as numbers: every name that occurs in the repository is stored once.

use std::{
    hash::BuildHasher,
    sync::{Mutex, PoisonError},
};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rustc_hash::FxBuildHasher;

use serde::{Deserialize, Serialize};

use super::{
    index_table::IndexTable,
    trace::{Key, note_key},
};

/// The parts in which names are kept.
pub(super) const SHARDS: usize = 64;

/// A name. The numbers differ from run to run, unless the names of an earlier one are taken up: they are compared for
/// equality, and order nothing that is visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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

    /// Takes up the names of an earlier run, by their numbers, from the parts that [`Names::encode_part`] gave; none
    /// where these are something else. Uses the current rayon thread pool.
    pub(super) fn decode(parts: &[&[u8]]) -> Option<Self> {
        let shards: Vec<_> =
            parts.par_iter().map(|part| Shard::decode(part).map(Mutex::new)).collect::<Option<_>>()?;
        (shards.len() == SHARDS).then_some(Self { shards })
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
        match self.shards[shard].find(hash, text) {
            Some(index) => Some(Name(index * SHARDS as u32 + shard as u32)),
            None => {
                note_key(|| Key::of_name(text));
                None
            }
        }
    }

    /// One of the [`SHARDS`] parts of all names as bytes, for a later run.
    pub(super) fn encode_part(&self, part: usize, bytes: &mut Vec<u8>) {
        self.shards[part].encode(bytes);
    }

    /// How many names each part has.
    pub(super) fn counts(&self) -> Vec<u32> {
        self.shards.iter().map(|shard| shard.ends.len() as u32).collect()
    }

    /// The names beyond those of an earlier run, given how many that one had in each part.
    pub(super) fn since<'a>(&'a self, counts: &'a [u32]) -> impl Iterator<Item = &'a str> {
        self.shards
            .iter()
            .zip(counts)
            .flat_map(|(shard, count)| (*count..shard.ends.len() as u32).map(|index| shard.text(index)))
    }

    pub(super) fn text(&self, name: Name) -> &str {
        self.shards[name.0 as usize % SHARDS].text(name.0 / SHARDS as u32)
    }
}

impl NameCollector {
    /// How many names each part has.
    pub(super) fn counts(&self) -> Vec<u32> {
        let count =
            |shard: &Mutex<Shard>| shard.lock().unwrap_or_else(PoisonError::into_inner).ends.len() as u32;
        self.shards.iter().map(count).collect()
    }
}

impl Shard {
    fn encode(&self, bytes: &mut Vec<u8>) {
        for length in [self.text.len(), self.ends.len()] {
            bytes.extend_from_slice(&(length as u32).to_le_bytes());
        }
        bytes.extend_from_slice(self.text.as_bytes());
        self.ends.iter().for_each(|end| bytes.extend_from_slice(&end.to_le_bytes()));
        self.table.encode(bytes);
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = &mut &*bytes;
        let (text, count) = (take_number(rest)?, take_number(rest)?);
        let text = std::str::from_utf8(rest.split_off(..text as usize)?).ok()?.to_owned();
        let ends = take_numbers(rest, count)?;
        let table = IndexTable::decode(rest)?;
        rest.is_empty().then_some(Self { text, ends, table })
    }

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

/// Takes a number from the front of some bytes.
pub(super) fn take_number(rest: &mut &[u8]) -> Option<u32> {
    let (number, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(u32::from_le_bytes(*number))
}

/// Takes so many numbers from the front of some bytes.
pub(super) fn take_numbers(rest: &mut &[u8], count: u32) -> Option<Vec<u32>> {
    let bytes = rest.split_off(..count as usize * 4)?;
    let numbers = bytes.as_chunks().0.iter();
    Some(numbers.map(|number| u32::from_le_bytes(*number)).collect())
}

pub(super) fn hash_of(text: &str) -> u64 {
    FxBuildHasher.hash_one(text)
}

#[cfg(test)]
mod tests {
    use super::{NameCollector, SHARDS};

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

    #[test]
    fn names_keep_their_numbers_from_run_to_run() {
        let collector = NameCollector::new();
        let words: Vec<String> = (0..500).map(|number| format!("name_{number}")).collect();
        let first: Vec<_> = words.iter().map(|word| collector.intern(word)).collect();
        let mut parts = vec![Vec::new(); SHARDS];
        let names = collector.finish();
        parts.iter_mut().enumerate().for_each(|(part, bytes)| names.encode_part(part, bytes));
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let later = NameCollector::decode(&parts).unwrap();
        let counts = later.counts();
        let another = later.intern("another");
        assert_eq!(words.iter().map(|word| later.intern(word)).collect::<Vec<_>>(), first);
        let names = later.finish();
        assert_eq!(names.text(another), "another");
        assert_eq!(names.since(&counts).collect::<Vec<_>>(), ["another"]);
        assert!(NameCollector::decode(&parts[1..]).is_none());
        assert!(NameCollector::decode(&[&parts[0][1..]]).is_none());
    }
}
