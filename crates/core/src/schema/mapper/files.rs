//! Rows of `files`.

use super::{
    Mapper,
    cells::{hexadecimal, integer, json, text},
};
use crate::{
    Result,
    schema::{Cell, RowWriter, TableId},
};

impl<W: RowWriter> Mapper<'_, W> {
    pub(super) fn file(&mut self) -> Result<()> {
        let facts = self.facts;
        let path = self.changes.text(facts.path.as_str());
        let bytes = (!facts.path.is_utf8()).then(|| hexadecimal(facts.path.as_bytes()));
        let name = self.changes.text(facts.path.file_name());
        let namespace = facts.namespace.as_deref().map(|text| self.changes.name(text));
        let skip_reason = facts.skip_reason.as_deref().map(|text| self.changes.text(text));
        let ast = facts.ast_content.as_ref().map(|json| self.changes.json(json));
        let metadata = facts.metadata.as_ref().map(|json| self.changes.json(json));
        let (md5, content) =
            (facts.hash_md5.map(|hash| hash.to_string()), facts.content_identity().to_string());
        let link = facts.link_hash.map(|hash| hash.to_string());
        let complexities = facts.functions.iter().filter_map(|function| function.complexity);
        let complexity = complexities.reduce(u32::saturating_add).map_or(Cell::Null, integer);
        let lines = |count: fn(&crate::model::LineCounts) -> u32| {
            facts.lines.as_ref().map_or(Cell::Null, |lines| integer(count(lines)))
        };
        self.writer.row(
            TableId::Files,
            &[
                self.file_cell(),
                self.repository(),
                Cell::Text(&path),
                text(&bytes),
                Cell::Text(&name),
                Cell::Text(facts.path.directory()),
                facts.path.extension().map_or(Cell::Null, Cell::Text),
                Cell::Text(facts.language.as_str()),
                text(&namespace),
                facts
                    .size_bytes
                    .map_or(Cell::Null, |size| Cell::BigInt(i64::try_from(size).unwrap_or(i64::MAX))),
                text(&md5),
                Cell::Text(&content),
                text(&link),
                Cell::Text(self.context.producer_version),
                lines(|lines| lines.total),
                lines(|lines| lines.code),
                lines(|lines| lines.comment),
                lines(|lines| lines.blank),
                Cell::Boolean(facts.flags.is_test),
                Cell::Boolean(facts.flags.is_vendored),
                Cell::Boolean(facts.flags.is_generated),
                Cell::Text(facts.parse_status.as_str()),
                text(&skip_reason),
                integer(facts.functions.len() as u32),
                integer(facts.classes.len() as u32),
                complexity,
                json(&ast),
                json(&metadata),
                facts.last_modified.map_or(Cell::Null, Cell::Timestamp),
                self.now(),
                self.now(),
            ],
        )
    }
}
