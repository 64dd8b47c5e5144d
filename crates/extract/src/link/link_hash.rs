//! The digest of what a file's references resolved to, and of what overrides for it.

use snake_pipe_core::{
    id::{Digest, Hasher},
    model::{Base, Call, Entity, Import, Resolution},
};

/// Pieces of this size are hashed at a time: BLAKE3 works on many kilobytes at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// The digest of all resolutions in order, and of which functions override. The parts are counted, so that no two lists of them give the same bytes.
pub(super) fn of(imports: &[Import], bases: &[Base], calls: &[Call], overrides: &[u32]) -> Digest {
    let mut writer = Writer { hasher: Hasher::new(), buffer: Vec::new() };
    for count in [imports.len(), bases.len(), calls.len(), overrides.len()] {
        writer.buffer.extend_from_slice(&(count as u64).to_le_bytes());
    }
    imports.iter().for_each(|import| writer.add(&import.resolution));
    bases.iter().for_each(|base| writer.add(&base.resolution));
    calls.iter().for_each(|call| writer.add(&call.resolution));
    overrides.iter().for_each(|index| writer.buffer.extend_from_slice(&index.to_le_bytes()));
    writer.hasher.update(&writer.buffer);
    writer.hasher.finish()
}

struct Writer {
    hasher: Hasher,
    buffer: Vec<u8>,
}

impl Writer {
    fn add(&mut self, resolution: &Resolution) {
        let Resolution { status, origin, target, candidates } = resolution;
        // The words, not the variants' numbers: they are what is stored.
        self.buffer.extend_from_slice(status.as_str().as_bytes());
        self.buffer.push(b'/');
        self.buffer.extend_from_slice(origin.as_str().as_bytes());
        self.buffer.push(b'/');
        self.buffer.extend_from_slice(&candidates.to_le_bytes());
        if let Some(target) = target {
            self.buffer.extend_from_slice(&target.file.0.to_le_bytes());
            let (kind, symbol) = match target.entity {
                Entity::File => (0, 0),
                Entity::Function(symbol) => (1, symbol.0),
                Entity::Class(symbol) => (2, symbol.0),
            };
            self.buffer.push(kind);
            self.buffer.extend_from_slice(&symbol.to_le_bytes());
        }
        if self.buffer.len() >= BUFFER_BYTES {
            self.hasher.update(&self.buffer);
            self.buffer.clear();
        }
    }
}
