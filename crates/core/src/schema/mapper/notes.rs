//! Rows of what stands beside definitions: `annotations`, `comments`, `metrics`, `parse_issues`.

use super::{
    Mapper,
    cells::{integer, place, span_cells, text},
};
use crate::{
    Result,
    model::{Owner, ParseIssue},
    schema::{Cell, RowWriter, TableId},
};

impl<W: RowWriter> Mapper<'_, W> {
    pub(super) fn annotations(&mut self) -> Result<()> {
        for (ordinal, annotation) in self.facts.annotations.iter().enumerate() {
            let name = self.changes.name(&annotation.name);
            let arguments = annotation.arguments.as_deref().map(|text| self.changes.text(text));
            let (function, class) = match annotation.owner {
                Owner::File => (None, None),
                Owner::Function(index) => (Some(index), None),
                Owner::Class(index) => (None, Some(index)),
            };
            self.writer.row(
                TableId::Annotations,
                &[
                    self.file_cell(),
                    integer(ordinal as u32),
                    self.repository(),
                    self.function_id(function),
                    self.class_id(class),
                    Cell::Text(&name),
                    text(&arguments),
                    place(annotation.span.line_start),
                    place(annotation.span.column_start),
                ],
            )?;
        }
        Ok(())
    }

    pub(super) fn comments(&mut self) -> Result<()> {
        for (ordinal, comment) in self.facts.comments.iter().enumerate() {
            let marker = comment.marker.as_deref().map(|text| self.changes.name(text));
            let content = comment.text.as_deref().map(|text| self.changes.text(text));
            self.writer.row(
                TableId::Comments,
                &[
                    self.file_cell(),
                    integer(ordinal as u32),
                    self.repository(),
                    Cell::Text(comment.kind.as_str()),
                    text(&marker),
                    place(comment.span.line_start),
                    place(comment.span.line_end),
                    text(&content),
                ],
            )?;
        }
        Ok(())
    }

    pub(super) fn metrics(&mut self) -> Result<()> {
        for metric in &self.facts.metrics {
            let name = self.changes.key_name(&metric.name);
            let value = self.changes.number(metric.value);
            self.writer.row(
                TableId::Metrics,
                &[
                    self.file_cell(),
                    Cell::Text(&name),
                    self.repository(),
                    Cell::Double(value),
                    Cell::Text(metric.metric_type.as_str()),
                    self.now(),
                ],
            )?;
        }
        Ok(())
    }

    pub(super) fn parse_issues(&mut self) -> Result<()> {
        let own: Vec<ParseIssue> = self.changes.issues().collect();
        for (ordinal, issue) in self.facts.parse_issues.iter().chain(&own).enumerate() {
            let message = issue.message.replace('\0', "\u{fffd}");
            let span = span_cells(issue.span);
            self.writer.row(
                TableId::ParseIssues,
                &[
                    self.file_cell(),
                    integer(ordinal as u32),
                    self.repository(),
                    Cell::Text(issue.kind.as_str()),
                    Cell::Text(&message),
                    span[0],
                    span[1],
                    span[2],
                    span[3],
                ],
            )?;
        }
        Ok(())
    }
}
