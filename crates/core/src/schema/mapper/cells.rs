//! Facts as cells.

use crate::{model::Span, schema::Cell};

pub(super) fn text<T: AsRef<str>>(text: &Option<T>) -> Cell<'_> {
    text.as_ref().map_or(Cell::Null, |text| Cell::Text(text.as_ref()))
}

pub(super) fn json<T: AsRef<str>>(json: &Option<T>) -> Cell<'_> {
    json.as_ref().map_or(Cell::Null, |json| Cell::Json(json.as_ref()))
}

pub(super) fn integer(value: u32) -> Cell<'static> {
    Cell::Integer(i32::try_from(value).unwrap_or(i32::MAX))
}

pub(super) fn optional(value: Option<u32>) -> Cell<'static> {
    value.map_or(Cell::Null, integer)
}

/// A line or column, where 0 says that it is not known.
pub(super) fn place(value: u32) -> Cell<'static> {
    if value == 0 { Cell::Null } else { integer(value) }
}

pub(super) fn span_cells(span: Span) -> [Cell<'static>; 4] {
    [place(span.line_start), place(span.line_end), place(span.column_start), place(span.column_end)]
}

pub(super) fn joined(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(" ").replace('\0', "\u{fffd}"))
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
