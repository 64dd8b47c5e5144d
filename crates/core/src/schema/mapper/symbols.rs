//! Rows of what a file defines: `classes`, `functions`, `parameters`, `fields`.

use super::{
    Mapper,
    cells::{integer, joined, json, optional, place, span_cells, text},
};
use crate::{
    Result,
    model::ClassKind,
    schema::{Cell, RowWriter, TableId},
};

impl<W: RowWriter> Mapper<'_, W> {
    pub(super) fn classes(&mut self) -> Result<()> {
        let facts = self.facts;
        let mut method_counts = vec![0_u32; facts.classes.len()];
        for class in facts.functions.iter().filter_map(|function| function.class) {
            if let Some(count) = method_counts.get_mut(class as usize) {
                *count += 1;
            }
        }
        for (index, class) in facts.classes.iter().enumerate() {
            let name = self.changes.name(&class.name);
            let qualified_name = self.changes.name(&class.qualified_name);
            let namespace = class.namespace.as_deref().map(|text| self.changes.name(text));
            let type_parameters = class.type_parameters.as_deref().map(|text| self.changes.text(text));
            let modifiers = joined(&class.modifiers);
            let doc = class.doc_string.as_deref().map(|text| self.changes.text(text));
            let metadata = class.metadata.as_ref().map(|json| self.changes.json(json));
            let span = span_cells(class.span);
            let is_interface =
                matches!(class.kind, ClassKind::Interface | ClassKind::Trait | ClassKind::Annotation);
            self.writer.row(
                TableId::Classes,
                &[
                    self.class_id(Some(index as u32)),
                    self.repository(),
                    self.file_cell(),
                    self.class_id(class.outer),
                    Cell::Text(class.kind.as_str()),
                    Cell::Text(&name),
                    Cell::Text(&qualified_name),
                    integer(class.ordinal),
                    text(&namespace),
                    span[0],
                    span[1],
                    span[2],
                    span[3],
                    text(&type_parameters),
                    Cell::Text(class.visibility.as_str()),
                    text(&modifiers),
                    Cell::Boolean(class.is_abstract),
                    Cell::Boolean(is_interface),
                    Cell::Boolean(class.is_final),
                    Cell::Boolean(class.is_static),
                    Cell::Boolean(class.is_exported),
                    Cell::Boolean(class.outer.is_some() || class.function.is_some()),
                    integer(method_counts[index]),
                    integer(class.fields.len() as u32),
                    text(&doc),
                    json(&metadata),
                    self.now(),
                    self.now(),
                ],
            )?;
        }
        Ok(())
    }

    pub(super) fn functions(&mut self) -> Result<()> {
        for (index, function) in self.facts.functions.iter().enumerate() {
            let name = self.changes.name(&function.name);
            let qualified_name = self.changes.name(&function.qualified_name);
            let signature = function.signature.as_deref().map(|text| self.changes.text(text));
            let return_type = function.return_type.as_deref().map(|text| self.changes.text(text));
            let modifiers = joined(&function.modifiers);
            let doc = function.doc_string.as_deref().map(|text| self.changes.text(text));
            let source = function.source_code.as_deref().map(|text| self.changes.text(text));
            let metadata = function.metadata.as_ref().map(|json| self.changes.json(json));
            let span = span_cells(function.span);
            self.writer.row(
                TableId::Functions,
                &[
                    self.function_id(Some(index as u32)),
                    self.repository(),
                    self.file_cell(),
                    self.class_id(function.class),
                    self.function_id(function.parent),
                    Cell::Text(function.kind.as_str()),
                    Cell::Text(&name),
                    Cell::Text(&qualified_name),
                    integer(function.ordinal),
                    text(&signature),
                    span[0],
                    span[1],
                    span[2],
                    span[3],
                    text(&return_type),
                    integer(function.parameters.len() as u32),
                    optional(function.complexity),
                    optional(function.complexity_mccabe),
                    optional(function.complexity_radon),
                    optional(function.complexity_lizard),
                    optional(function.cognitive_complexity),
                    optional(function.max_nesting),
                    optional(function.code_lines),
                    optional(function.name_mentions),
                    function
                        .body_shape
                        .and_then(|shape| i64::try_from(shape).ok())
                        .map_or(Cell::Null, Cell::BigInt),
                    Cell::Text(function.visibility.as_str()),
                    text(&modifiers),
                    Cell::Boolean(function.is_abstract),
                    Cell::Boolean(function.is_static),
                    Cell::Boolean(function.is_async),
                    Cell::Boolean(function.is_test),
                    Cell::Boolean(function.is_exported),
                    Cell::Boolean(function.is_entry_point),
                    Cell::Boolean(function.is_override),
                    text(&doc),
                    text(&source),
                    json(&metadata),
                    self.now(),
                    self.now(),
                ],
            )?;
        }
        Ok(())
    }

    pub(super) fn parameters(&mut self) -> Result<()> {
        for (index, function) in self.facts.functions.iter().enumerate() {
            for (ordinal, parameter) in function.parameters.iter().enumerate() {
                let name = self.changes.name(&parameter.name);
                let type_name = parameter.type_name.as_deref().map(|text| self.changes.text(text));
                let default = parameter.default_value.as_deref().map(|text| self.changes.text(text));
                self.writer.row(
                    TableId::Parameters,
                    &[
                        self.function_id(Some(index as u32)),
                        integer(ordinal as u32),
                        self.repository(),
                        self.file_cell(),
                        Cell::Text(&name),
                        text(&type_name),
                        text(&default),
                        Cell::Text(parameter.kind.as_str()),
                    ],
                )?;
            }
        }
        Ok(())
    }

    pub(super) fn fields(&mut self) -> Result<()> {
        for (index, class) in self.facts.classes.iter().enumerate() {
            for (ordinal, field) in class.fields.iter().enumerate() {
                let name = self.changes.name(&field.name);
                let type_name = field.type_name.as_deref().map(|text| self.changes.text(text));
                let default = field.default_value.as_deref().map(|text| self.changes.text(text));
                let modifiers = joined(&field.modifiers);
                self.writer.row(
                    TableId::Fields,
                    &[
                        self.class_id(Some(index as u32)),
                        integer(ordinal as u32),
                        self.repository(),
                        self.file_cell(),
                        Cell::Text(&name),
                        text(&type_name),
                        text(&default),
                        Cell::Text(field.visibility.as_str()),
                        text(&modifiers),
                        Cell::Boolean(field.is_static),
                        Cell::Boolean(field.is_final),
                        place(field.line),
                    ],
                )?;
            }
        }
        Ok(())
    }
}
