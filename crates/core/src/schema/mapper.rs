//! The mapping from facts to rows.

use std::borrow::Cow;

use uuid::Uuid;

use super::{Cell, RowWriter, TableId};
use crate::{
    Result, Timestamp,
    id::{EntityId, FileKey, RepositoryId},
    json::JsonText,
    model::{
        ClassKind, Entity, IssueKind, Owner, ParseIssue, Resolution, ResolutionStatus, Span, TransformedAst,
    },
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
/// `parse_issues`.
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

/// What was changed to make the facts storable.
#[derive(Default)]
struct Changes {
    nul_bytes: bool,
    cut_names: bool,
    numbers: bool,
}

impl Changes {
    fn text<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        if text.as_bytes().contains(&0) {
            self.nul_bytes = true;
            return text.replace('\0', "\u{fffd}").into();
        }
        text.into()
    }

    fn name<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        let cut = match text.len() > MAX_NAME_BYTES {
            true => {
                self.cut_names = true;
                &text[..text.floor_char_boundary(MAX_NAME_BYTES)]
            }
            false => text,
        };
        self.text(cut)
    }

    fn json<'t>(&mut self, json: &'t JsonText) -> Cow<'t, str> {
        let text = json.as_str();
        // An escaped backslash before `u0000` is text about NUL, not NUL; only then is the slow way taken.
        if !text.contains("\\u0000") {
            return text.into();
        }
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(mut value) => {
                self.nul_bytes |= replace_nul(&mut value);
                value.to_string().into()
            }
            Err(_) => "null".into(),
        }
    }

    fn number(&mut self, value: f64) -> f64 {
        self.numbers |= !value.is_finite();
        if value.is_finite() { value } else { 0.0 }
    }

    fn issues(&self) -> impl Iterator<Item = ParseIssue> {
        let issue = |changed: bool, kind, message: &str| {
            changed.then(|| ParseIssue { kind, message: message.to_owned(), span: Span::default() })
        };
        [
            issue(self.nul_bytes, IssueKind::NulByte, "NUL characters were replaced by U+FFFD"),
            issue(self.cut_names, IssueKind::Truncated, "names over 1000 bytes were cut"),
            issue(self.numbers, IssueKind::Refused, "numbers that are not finite were replaced by 0"),
        ]
        .into_iter()
        .flatten()
    }
}

fn replace_nul(value: &mut serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) if text.contains('\0') => {
            *text = text.replace('\0', "\u{fffd}");
            true
        }
        serde_json::Value::Array(values) => {
            values.iter_mut().fold(false, |changed, value| replace_nul(value) | changed)
        }
        serde_json::Value::Object(map) => {
            let mut changed = false;
            for (key, mut value) in std::mem::take(map) {
                changed |= replace_nul(&mut value) | key.contains('\0');
                map.insert(key.replace('\0', "\u{fffd}"), value);
            }
            changed
        }
        _ => false,
    }
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

    fn file(&mut self) -> Result<()> {
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
                json(&ast),
                json(&metadata),
                facts.last_modified.map_or(Cell::Null, Cell::Timestamp),
                self.now(),
                self.now(),
            ],
        )
    }

    fn classes(&mut self) -> Result<()> {
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

    fn functions(&mut self) -> Result<()> {
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
                    optional(function.cognitive_complexity),
                    optional(function.max_nesting),
                    optional(function.code_lines),
                    Cell::Text(function.visibility.as_str()),
                    text(&modifiers),
                    Cell::Boolean(function.is_abstract),
                    Cell::Boolean(function.is_static),
                    Cell::Boolean(function.is_async),
                    Cell::Boolean(function.is_test),
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

    fn parameters(&mut self) -> Result<()> {
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

    fn fields(&mut self) -> Result<()> {
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

    fn annotations(&mut self) -> Result<()> {
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

    fn comments(&mut self) -> Result<()> {
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

    fn metrics(&mut self) -> Result<()> {
        for metric in &self.facts.metrics {
            let name = self.changes.name(&metric.name);
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

    fn imports(&mut self) -> Result<()> {
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

    fn inheritance(&mut self) -> Result<()> {
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

    fn calls(&mut self) -> Result<()> {
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

    fn dependencies(&mut self) -> Result<()> {
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

    fn parse_issues(&mut self) -> Result<()> {
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

fn text<T: AsRef<str>>(text: &Option<T>) -> Cell<'_> {
    text.as_ref().map_or(Cell::Null, |text| Cell::Text(text.as_ref()))
}

fn json<T: AsRef<str>>(json: &Option<T>) -> Cell<'_> {
    json.as_ref().map_or(Cell::Null, |json| Cell::Json(json.as_ref()))
}

fn integer(value: u32) -> Cell<'static> {
    Cell::Integer(i32::try_from(value).unwrap_or(i32::MAX))
}

fn optional(value: Option<u32>) -> Cell<'static> {
    value.map_or(Cell::Null, integer)
}

/// A line or column, where 0 says that it is not known.
fn place(value: u32) -> Cell<'static> {
    if value == 0 { Cell::Null } else { integer(value) }
}

fn span_cells(span: Span) -> [Cell<'static>; 4] {
    [place(span.line_start), place(span.line_end), place(span.column_start), place(span.column_end)]
}

fn joined(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(" ").replace('\0', "\u{fffd}"))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
