//! Answers of the control plane: as JSON whole, for people the columns that matter.

use serde::Serialize;
use serde_json::Value as Json;
use snake_pipe_core::{Error, ErrorKind, Result, Value};

use crate::cli::{
    arguments::Format,
    output::{plural, print, print_json},
    table::table_of,
};

/// A heading, and where its value stands in the JSON of an item (`/error/message`).
pub(super) type ListColumn = (&'static str, &'static str);

/// Writes a list.
pub(super) fn print_list<T: Serialize>(
    items: &[T],
    columns: &[ListColumn],
    what: &str,
    format: Format,
) -> Result<()> {
    if format == Format::Json {
        return print_json(&items);
    }
    let headings: Vec<_> = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let rows = items
        .iter()
        .map(|item| {
            let item = json(item)?;
            let cell = |(_, pointer): &ListColumn| shown(item.pointer(pointer).unwrap_or(&Json::Null));
            Ok(columns.iter().map(cell).collect())
        })
        .collect::<Result<Vec<Vec<_>>>>()?;
    print(|out| {
        if !rows.is_empty() {
            writeln!(out, "{}", table_of(&headings, &rows))?;
        }
        writeln!(out, "{} {what}{}", rows.len(), plural(rows.len()))
    })
}

/// Writes one thing: for people a line for each field that says something.
pub(super) fn print_one<T: Serialize>(item: &T, format: Format) -> Result<()> {
    if format == Format::Json {
        return print_json(item);
    }
    let Json::Object(fields) = json(item)? else { return print_json(item) };
    let told: Vec<_> = fields.iter().filter(|(_, value)| !is_empty(value)).collect();
    let width = told.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    print(|out| {
        told.iter().try_for_each(|(name, value)| {
            let text = table_cell(&shown(value));
            writeln!(out, "{:width$}  {text}", name.replace('_', " "))
        })
    })
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

fn json(item: &impl Serialize) -> Result<Json> {
    serde_json::to_value(item)
        .map_err(|source| Error::new(ErrorKind::Internal, "an answer is no JSON").with_source(source))
}

/// Control characters would move the cursor.
fn table_cell(value: &Value) -> String {
    let text = match value {
        Value::Real(number) => format!("{number:.3}"),
        value => value.to_string(),
    };
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

/// A JSON value as a cell; times to the second.
fn shown(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Text(if *truth { "yes" } else { "no" }.to_owned()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Integer(whole),
            (None, Some(real)) => Value::Real(real),
            (None, None) => Value::Text(number.to_string()),
        },
        Json::String(text) => Value::Text(to_the_second(text).to_owned()),
        value if is_empty(value) => Value::Null,
        Json::Array(_) | Json::Object(_) => Value::Text(value.to_string()),
    }
}

fn to_the_second(text: &str) -> &str {
    let is_time = text.len() == 27 && text.ends_with('Z') && text.as_bytes()[10] == b'T' && text.is_ascii();
    if is_time { &text[..19] } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_to_the_second_and_other_texts_whole() {
        assert_eq!(to_the_second("2026-01-15T12:00:00.123456Z"), "2026-01-15T12:00:00");
        assert_eq!(to_the_second("a text that is 27 letters Z"), "a text that is 27 letters Z");
    }
}
