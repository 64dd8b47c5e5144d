//! The mapping from facts to rows.

mod cells;
mod changes;
mod files;
mod notes;
mod references;
mod symbols;

use uuid::Uuid;

use self::changes::Changes;
use super::{Cell, RowWriter};
use crate::{
    Result, Timestamp,
    id::{EntityId, FileKey, RepositoryId},
    model::{Entity, Resolution, TransformedAst},
};

/// Names are cut at so many bytes: a B-tree entry of PostgreSQL ends at 2,704.
pub const MAX_NAME_BYTES: usize = 1000;

/// What rows hold besides the facts.
#[derive(Clone, Copy, Debug)]
pub struct RowContext<'a> {
    /// The repository they belong to.
    pub repository: RepositoryId,
    /// Stored with each file.
    pub producer_version: &'a str,
    /// The time of writing, for volatile columns.
    pub now: Timestamp,
}

/// Hands the file's rows to `writer`, tables in dependency order. Text is made storable on the way: NUL becomes U+FFFD, names
/// over [`MAX_NAME_BYTES`] are cut, numbers that are not finite become 0, and each such change is a further row of
/// `parse_issues`. A metric whose name changes on the way ends in a digest of the whole name, so that no two become one.
///
/// # Errors
/// Those of `writer`.
pub fn write_rows(
    facts: &TransformedAst,
    context: &RowContext<'_>,
    writer: &mut impl RowWriter,
) -> Result<()> {
    let mut mapper = Mapper::new(facts, context, writer);
    mapper.file()?;
    mapper.classes()?;
    mapper.functions()?;
    mapper.parameters()?;
    mapper.fields()?;
    mapper.annotations()?;
    mapper.comments()?;
    mapper.metrics()?;
    mapper.imports()?;
    mapper.inheritance()?;
    mapper.calls()?;
    mapper.dependencies()?;
    mapper.parse_issues()
}

struct Mapper<'a, W> {
    facts: &'a TransformedAst,
    context: &'a RowContext<'a>,
    writer: &'a mut W,
    file: FileKey,
    file_id: Uuid,
    changes: Changes,
}

/// The three columns of a target.
struct TargetCells {
    file: Cell<'static>,
    function: Cell<'static>,
    class: Cell<'static>,
}

impl<'a, W: RowWriter> Mapper<'a, W> {
    fn new(facts: &'a TransformedAst, context: &'a RowContext<'a>, writer: &'a mut W) -> Self {
        let file = facts.key();
        let file_id = EntityId::file(context.repository, file).uuid();
        Self { facts, context, writer, file, file_id, changes: Changes::default() }
    }

    fn repository(&self) -> Cell<'static> {
        Cell::BigInt(self.context.repository.get())
    }

    fn file_cell(&self) -> Cell<'static> {
        Cell::Uuid(self.file_id)
    }

    fn now(&self) -> Cell<'static> {
        Cell::Timestamp(self.context.now)
    }

    fn class_id(&self, index: Option<u32>) -> Cell<'static> {
        let class = index.and_then(|index| self.facts.classes.get(index as usize));
        class.map_or(Cell::Null, |class| {
            Cell::Uuid(EntityId::symbol(self.context.repository, self.file, class.symbol).uuid())
        })
    }

    fn function_id(&self, index: Option<u32>) -> Cell<'static> {
        let function = index.and_then(|index| self.facts.functions.get(index as usize));
        function.map_or(Cell::Null, |function| {
            Cell::Uuid(EntityId::symbol(self.context.repository, self.file, function.symbol).uuid())
        })
    }

    fn target(&self, resolution: &Resolution) -> TargetCells {
        let mut cells = TargetCells { file: Cell::Null, function: Cell::Null, class: Cell::Null };
        if let Some(target) = resolution.target {
            cells.file = Cell::Uuid(EntityId::file(self.context.repository, target.file).uuid());
            let id =
                |symbol| Cell::Uuid(EntityId::symbol(self.context.repository, target.file, symbol).uuid());
            match target.entity {
                Entity::File => {}
                Entity::Function(symbol) => cells.function = id(symbol),
                Entity::Class(symbol) => cells.class = id(symbol),
            }
        }
        cells
    }
}
