//! What a session accepted, until it is published: in memory up to a budget, on disk beyond it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    sync::{Arc, Mutex, PoisonError},
};

use snake_pipe_core::{Error, ErrorKind, Result, model::TransformedAst};
use tokio::task::spawn_blocking;
use uuid::Uuid;

/// How many bytes of facts stay in memory.
pub(crate) const MEMORY_BUDGET_BYTES: usize = 64 << 20;

/// Facts by file id. The order of ids is the order in which files are written: neighbours in the indexes are written together.
#[derive(Debug, Default)]
pub(crate) struct Spool {
    files: BTreeMap<Uuid, Entry>,
    removed: BTreeSet<Uuid>,
    memory_bytes: usize,
    disk: Option<Arc<Mutex<File>>>,
    disk_bytes: u64,
}

#[derive(Clone, Debug)]
enum Entry {
    Memory(Arc<TransformedAst>),
    Disk { offset: u64, length: usize, approximate_bytes: usize },
}

impl Entry {
    fn approximate_bytes(&self) -> usize {
        match self {
            Self::Memory(facts) => facts.approximate_bytes(),
            Self::Disk { approximate_bytes, .. } => *approximate_bytes,
        }
    }
}

impl Spool {
    /// How many files were accepted, those to go included.
    pub(crate) fn len(&self) -> usize {
        self.files.len() + self.removed.len()
    }

    /// Accepts a file, in place of what was accepted of it before.
    pub(crate) fn insert(&mut self, id: Uuid, facts: Arc<TransformedAst>) {
        self.removed.remove(&id);
        self.forget(id);
        self.memory_bytes += facts.approximate_bytes();
        self.files.insert(id, Entry::Memory(facts));
    }

    /// Accepts that a file is to go.
    pub(crate) fn remove(&mut self, id: Uuid) {
        self.forget(id);
        self.removed.insert(id);
    }

    fn forget(&mut self, id: Uuid) {
        if let Some(Entry::Memory(facts)) = self.files.remove(&id) {
            self.memory_bytes = self.memory_bytes.saturating_sub(facts.approximate_bytes());
        }
    }

    /// The files to go.
    pub(crate) fn removed(&self) -> &BTreeSet<Uuid> {
        &self.removed
    }

    /// Whether a file was accepted.
    pub(crate) fn contains(&self, id: &Uuid) -> bool {
        self.files.contains_key(id)
    }

    /// The accepted files in the order of their ids, cut into units of about so many bytes.
    pub(crate) fn units(&self, unit_bytes: usize) -> Vec<Vec<Uuid>> {
        let mut units = Vec::new();
        let (mut unit, mut bytes) = (Vec::new(), 0);
        for (id, entry) in &self.files {
            bytes += entry.approximate_bytes();
            unit.push(*id);
            if bytes >= unit_bytes {
                units.push(std::mem::take(&mut unit));
                bytes = 0;
            }
        }
        if !unit.is_empty() {
            units.push(unit);
        }
        units
    }

    /// Moves what is in memory to disk, when it is over the budget. A call that is cancelled changes nothing.
    pub(crate) async fn shrink(&mut self, budget_bytes: usize) -> Result<()> {
        if self.memory_bytes <= budget_bytes {
            return Ok(());
        }
        let disk = match &self.disk {
            Some(disk) => Arc::clone(disk),
            None => Arc::new(Mutex::new(blocking(|| Ok(tempfile::tempfile()?)).await?)),
        };
        self.disk = Some(Arc::clone(&disk));
        let in_memory = self.files.iter().filter_map(|(id, entry)| match entry {
            Entry::Memory(facts) => Some((*id, Arc::clone(facts))),
            Entry::Disk { .. } => None,
        });
        let in_memory: Vec<_> = in_memory.collect();
        let begin = self.disk_bytes;
        let (entries, end) = blocking(move || write_to_disk(&disk, begin, &in_memory)).await?;
        self.files.extend(entries);
        self.disk_bytes = end;
        self.memory_bytes = 0;
        Ok(())
    }

    /// The facts of some accepted files.
    pub(crate) async fn load(&self, ids: &[Uuid]) -> Result<Vec<(Uuid, Arc<TransformedAst>)>> {
        let entries: Vec<_> = ids.iter().filter_map(|id| Some((*id, self.files.get(id)?.clone()))).collect();
        let disk = self.disk.clone();
        if entries.iter().all(|(_, entry)| matches!(entry, Entry::Memory(_))) {
            return entries.into_iter().map(|(id, entry)| Ok((id, read(None, &entry)?))).collect();
        }
        blocking(move || {
            entries.into_iter().map(|(id, entry)| Ok((id, read(disk.as_deref(), &entry)?))).collect()
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let result = spawn_blocking(work).await;
    result.map_err(|error| Error::new(ErrorKind::Internal, "the spool's thread failed").with_source(error))?
}

fn write_to_disk(
    disk: &Mutex<File>,
    begin: u64,
    facts: &[(Uuid, Arc<TransformedAst>)],
) -> Result<(Vec<(Uuid, Entry)>, u64)> {
    let mut file = disk.lock().unwrap_or_else(PoisonError::into_inner);
    file.seek(SeekFrom::Start(begin))?;
    let mut writer = std::io::BufWriter::with_capacity(1 << 20, &mut *file);
    let (mut entries, mut offset) = (Vec::with_capacity(facts.len()), begin);
    for (id, facts) in facts {
        let bytes = postcard::to_stdvec(&**facts).map_err(format_error)?;
        writer.write_all(&bytes)?;
        let approximate_bytes = facts.approximate_bytes();
        entries.push((*id, Entry::Disk { offset, length: bytes.len(), approximate_bytes }));
        offset += bytes.len() as u64;
    }
    writer.flush()?;
    Ok((entries, offset))
}

fn read(disk: Option<&Mutex<File>>, entry: &Entry) -> Result<Arc<TransformedAst>> {
    match (entry, disk) {
        (Entry::Memory(facts), _) => Ok(Arc::clone(facts)),
        (Entry::Disk { offset, length, .. }, Some(disk)) => {
            let mut bytes = vec![0; *length];
            let mut file = disk.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(*offset))?;
            file.read_exact(&mut bytes)?;
            postcard::from_bytes(&bytes).map(Arc::new).map_err(format_error)
        }
        (Entry::Disk { .. }, None) => Err(Error::new(ErrorKind::Internal, "the spool has lost its file")),
    }
}

fn format_error(source: postcard::Error) -> Error {
    Error::new(ErrorKind::Internal, "facts cannot be kept on disk").with_source(source)
}

#[cfg(test)]
mod tests {
    use snake_pipe_core::{JsonText, model::Function};

    use super::*;

    fn facts(path: &str) -> Arc<TransformedAst> {
        let function = Function {
            name: "f".into(),
            metadata: Some(JsonText::parse("{\"a\":1}".into()).unwrap()),
            ..Function::default()
        };
        Arc::new(TransformedAst { functions: vec![function], ..TransformedAst::new(path.into()) })
    }

    #[tokio::test]
    async fn what_went_to_disk_comes_back_as_it_was() {
        let mut spool = Spool::default();
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        spool.insert(two, facts("two"));
        spool.shrink(0).await.unwrap();
        spool.insert(one, facts("one"));
        spool.shrink(0).await.unwrap();
        assert_eq!(spool.load(&[one, two]).await.unwrap(), [(one, facts("one")), (two, facts("two"))]);
    }

    #[tokio::test]
    async fn the_last_word_about_a_file_counts() {
        let mut spool = Spool::default();
        let id = Uuid::from_u128(1);
        spool.insert(id, facts("old"));
        spool.shrink(0).await.unwrap();
        spool.insert(id, facts("new"));
        assert_eq!(spool.load(&[id]).await.unwrap(), [(id, facts("new"))]);
        spool.remove(id);
        assert!(!spool.contains(&id) && spool.removed().contains(&id));
        spool.insert(id, facts("again"));
        assert!(spool.contains(&id) && spool.removed().is_empty());
    }

    #[test]
    fn units_end_where_their_bytes_do() {
        let mut spool = Spool::default();
        for number in 1..=3 {
            spool.insert(Uuid::from_u128(number), facts("a"));
        }
        let two_files = facts("a").approximate_bytes() + 1;
        assert_eq!(spool.units(two_files).iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    }
}
