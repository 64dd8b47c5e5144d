//! Rows, JSON and CSV on standard output.

use std::{
    io::{self, BufWriter, ErrorKind as IoErrorKind, Write},
    sync::Arc,
};

use serde::{Serialize, Serializer};
use snake_pipe_core::{Error, QueryResult, Result, Value};

use super::{arguments::RowFormat, table::table_of};

/// Writes to standard output. A reader that went away (`| head`) is no error.
///
/// # Errors
/// `Io` when writing fails otherwise.
pub(super) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != IoErrorKind::BrokenPipe => {
            Err(Error::from(error).with_context("to", "standard output"))
        }
        _ => Ok(()),
    }
}

/// Writes one JSON value.
///
/// # Errors
/// As of [`print`].
pub(super) fn print_json(value: &impl Serialize) -> Result<()> {
    print(|out| {
        serde_json::to_writer_pretty(&mut *out, value).map_err(io::Error::from)?;
        writeln!(out)
    })
}

/// Writes rows in the form asked for.
///
/// # Errors
/// As of [`print`].
pub(super) fn print_rows(result: &QueryResult, format: RowFormat) -> Result<()> {
    match format {
        RowFormat::Table => print(|out| {
            writeln!(out, "{}", table_of(&result.columns, &result.rows))?;
            let count = result.rows.len();
            let more = if result.truncated { ", there are more" } else { "" };
            writeln!(out, "{count} row{}{more} in {:.3} s", plural(count), result.duration.as_secs_f64())
        }),
        RowFormat::Json => print_json(&objects(result).collect::<Vec<_>>()),
        RowFormat::Ndjson => print(|out| {
            for object in objects(result) {
                serde_json::to_writer(&mut *out, &object).map_err(io::Error::from)?;
                writeln!(out)?;
            }
            Ok(())
        }),
        RowFormat::Csv => print(|out| {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(&result.columns).map_err(own_error)?;
            for row in &result.rows {
                writer.write_record(row.iter().map(Value::to_string)).map_err(own_error)?;
            }
            writer.flush()
        }),
    }
}

/// The error of writing itself: within csv's own it would not say that it is a reader's going away.
pub(super) fn own_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}

/// The rows as objects; a second column of the same name gets a number.
fn objects(result: &QueryResult) -> impl Iterator<Item = Object<'_>> {
    let names = object_names(&result.columns);
    result.rows.iter().map(move |row| Object { names: Arc::clone(&names), row })
}

/// The columns' names, each different.
pub(super) fn object_names(columns: &[String]) -> Arc<[String]> {
    let mut names: Vec<String> = Vec::new();
    for column in columns {
        let mut name = column.clone();
        let mut number = 2;
        while names.contains(&name) {
            name = format!("{column}_{number}");
            number += 1;
        }
        names.push(name);
    }
    names.into()
}

/// A row whose values stand in the order of the statement's columns.
pub(super) struct Object<'a> {
    pub(super) names: Arc<[String]>,
    pub(super) row: &'a [Value],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.names.iter().zip(self.row))
    }
}

/// The colon behind an address that ends a clause; `memory:` has one.
#[must_use]
pub(super) fn colon_after(address: &str) -> &'static str {
    if address.ends_with(':') { "" } else { ":" }
}

/// `s` unless there is one.
#[must_use]
pub(super) const fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// A repository as people read it: with its branch or other line of history, where it has one.
#[must_use]
pub(super) fn repository_name(name: &str, ref_name: &str) -> String {
    if ref_name.is_empty() { name.to_owned() } else { format!("{name} ({ref_name})") }
}

/// A number with a space between thousands.
#[must_use]
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1 000", "1 234 567"]);
    }

    #[test]
    fn columns_keep_their_order_in_json_and_those_of_one_name_stay_apart() {
        let columns = ["b", "a", "a"].map(str::to_owned).to_vec();
        let rows = vec![vec![Value::Null, Value::Integer(1), Value::Integer(2)]];
        let result = QueryResult { columns, rows, ..QueryResult::default() };
        let object = objects(&result).next().unwrap();
        assert_eq!(serde_json::to_string(&object).unwrap(), r#"{"b":null,"a":1,"a_2":2}"#);
    }
}
