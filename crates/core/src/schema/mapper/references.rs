//! Rows of what a file refers to: `imports`, `inheritance`, `calls`, `dependencies`.

use super::{
    Mapper,
    cells::{integer, place, text},
};
use crate::{
    Result,
    id::EntityId,
    model::ResolutionStatus,
    schema::{Cell, RowWriter, TableId},
};

impl<W: RowWriter> Mapper<'_, W> {
    pub(super) fn imports(&mut self) -> Result<()> {
        for (ordinal, import) in self.facts.imports.iter().enumerate() {
            let raw = self.changes.text(&import.raw);
            let module = self.changes.name(&import.module);
            let name = import.name.as_deref().map(|text| self.changes.name(text));
            let alias = import.alias.as_deref().map(|text| self.changes.name(text));
            let target = self.target(&import.resolution);
            self.writer.row(
                TableId::Imports,
                &[
                    self.file_cell(),
                    integer(ordinal as u32),
                    self.repository(),
                    Cell::Text(import.kind.as_str()),
                    Cell::Text(&raw),
                    Cell::Text(&module),
                    text(&name),
                    text(&alias),
                    Cell::Boolean(import.is_relative),
                    Cell::Boolean(import.is_type_only),
                    Cell::Boolean(import.is_system),
                    place(import.line),
                    place(import.column),
                    Cell::Text(import.resolution.status.as_str()),
                    Cell::Text(import.resolution.origin.as_str()),
                    integer(import.resolution.candidates),
                    target.file,
                    target.function,
                    target.class,
                ],
            )?;
        }
        Ok(())
    }

    pub(super) fn inheritance(&mut self) -> Result<()> {
        let mut ordinals = vec![0_u32; self.facts.classes.len()];
        for base in &self.facts.bases {
            let Some(ordinal) = ordinals.get_mut(base.class as usize) else { continue };
            let position = *ordinal;
            *ordinal += 1;
            let name = self.changes.name(&base.name);
            let written = (base.text != base.name).then(|| self.changes.text(&base.text));
            let target = self.target(&base.resolution);
            self.writer.row(
                TableId::Inheritance,
                &[
                    self.class_id(Some(base.class)),
                    integer(position),
                    self.repository(),
                    self.file_cell(),
                    Cell::Text(base.kind.as_str()),
                    Cell::Text(&name),
                    text(&written),
                    place(base.line),
                    Cell::Text(base.resolution.status.as_str()),
                    Cell::Text(base.resolution.origin.as_str()),
                    integer(base.resolution.candidates),
                    target.file,
                    target.class,
                ],
            )?;
        }
        Ok(())
    }

    pub(super) fn calls(&mut self) -> Result<()> {
        for (ordinal, call) in self.facts.calls.iter().enumerate() {
            let name = self.changes.name(&call.name);
            let written = call.text.as_deref().map(|text| self.changes.text(text));
            let target = self.target(&call.resolution);
            self.writer.row(
                TableId::Calls,
                &[
                    self.file_cell(),
                    integer(ordinal as u32),
                    self.repository(),
                    self.function_id(call.function),
                    Cell::Text(call.kind.as_str()),
                    Cell::Text(&name),
                    text(&written),
                    integer(call.argument_count),
                    place(call.line),
                    place(call.column),
                    Cell::Text(call.resolution.status.as_str()),
                    Cell::Text(call.resolution.origin.as_str()),
                    integer(call.resolution.candidates),
                    target.file,
                    target.function,
                    target.class,
                ],
            )?;
        }
        Ok(())
    }

    pub(super) fn dependencies(&mut self) -> Result<()> {
        for (ordinal, dependency) in self.facts.dependencies.iter().enumerate() {
            let module = dependency.module.as_deref().map(|text| self.changes.name(text));
            let strength = self.changes.number(dependency.strength);
            let target = dependency
                .target
                .filter(|_| dependency.status == ResolutionStatus::Resolved)
                .map_or(Cell::Null, |file| Cell::Uuid(EntityId::file(self.context.repository, file).uuid()));
            self.writer.row(
                TableId::Dependencies,
                &[
                    self.file_cell(),
                    integer(ordinal as u32),
                    self.repository(),
                    Cell::Text(dependency.dependency_type.as_str()),
                    target,
                    text(&module),
                    Cell::Text(dependency.status.as_str()),
                    Cell::Double(strength),
                    integer(dependency.count),
                    place(dependency.line),
                ],
            )?;
        }
        Ok(())
    }
}
