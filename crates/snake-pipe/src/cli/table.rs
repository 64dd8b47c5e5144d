//! Tables for people: numbers to the right, long texts wrapped where words end, so that a row fits the terminal.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use snake_pipe_core::Value;

/// Below so many columns nothing is wrapped: a terminal that does not know its width says 0.
const NARROW: usize = 40;
/// A column of texts is not made narrower than this.
const LEAST_TEXT: usize = 12;
/// What a column takes beyond its content: a space on either side, and one between columns.
const PADDING: usize = 3;

/// One line, below the header.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A table that fits the terminal; outside one, lines are as long as they need.
#[must_use]
pub(super) fn table_of(columns: &[String], rows: &[Vec<Value>]) -> Table {
    let mut table = Table::new();
    let width = table.width().map(usize::from).filter(|width| *width >= NARROW);
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled);
    let texts: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(shown).collect()).collect();
    let numeric: Vec<bool> = (0..columns.len()).map(|index| is_numeric(rows, index)).collect();
    let widths = width.map(|width| widths(columns, &texts, &numeric, width));
    let fitted = |text: &str, index: usize| match widths.as_ref().and_then(|widths| widths.get(index)) {
        Some(width) => wrapped(text, *width),
        None => text.to_owned(),
    };
    table.set_header(columns.iter().enumerate().map(|(index, name)| fitted(name, index)));
    for row in &texts {
        table.add_row(row.iter().enumerate().map(|(index, text)| fitted(text, index)));
    }
    for (column, is_numeric) in table.column_iter_mut().zip(numeric) {
        if is_numeric {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn is_numeric(rows: &[Vec<Value>], index: usize) -> bool {
    rows.iter().any(|row| matches!(row.get(index), Some(Value::Integer(_) | Value::Real(_))))
}

fn shown(value: &Value) -> String {
    match value {
        // Control characters would move the cursor, or worse: a path may hold them.
        Value::Text(text) => text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(),
        Value::Real(number) => format!("{number:.3}"),
        Value::Null | Value::Bool(_) | Value::Integer(_) => value.to_string(),
    }
}

/// The columns' widths: as wide as their content where that fits. Else names of columns are broken behind an underscore, and
/// then the widest texts are made narrower, down to what is still readable. Numbers are never broken.
fn widths(columns: &[String], rows: &[Vec<String>], numeric: &[bool], terminal: usize) -> Vec<usize> {
    let measures: Vec<_> =
        columns.iter().enumerate().map(|(index, name)| Measure::of(name, index, rows)).collect();
    let mut widths: Vec<_> = measures.iter().map(|one| one.content.max(one.name)).collect();
    let room = terminal.saturating_sub(columns.len() * PADDING);
    while widths.iter().sum::<usize>() > room {
        let with_broken_name = |index: usize| measures[index].content.max(measures[index].name_part);
        let longest_name = (0..widths.len()).filter(|index| widths[*index] > with_broken_name(*index));
        if let Some(index) = longest_name.max_by_key(|index| widths[*index] - with_broken_name(*index)) {
            widths[index] = with_broken_name(index);
            continue;
        }
        let least = |index: usize| measures[index].name_part.max(measures[index].content.min(LEAST_TEXT));
        let widest = (0..widths.len()).filter(|index| !numeric[*index] && widths[*index] > least(*index));
        match widest.max_by_key(|index| widths[*index]) {
            Some(index) => widths[index] -= 1,
            None => break,
        }
    }
    widths
}

/// How much room the parts of a column take, in characters.
struct Measure {
    name: usize,
    /// The longest part of its name between underscores.
    name_part: usize,
    /// Its longest value.
    content: usize,
}

impl Measure {
    fn of(name: &str, index: usize, rows: &[Vec<String>]) -> Self {
        let values = rows.iter().filter_map(|row| row.get(index));
        Self {
            name: name.chars().count(),
            name_part: name.split_inclusive('_').map(|part| part.chars().count()).max().unwrap_or(0),
            content: values.map(|text| text.chars().count()).max().unwrap_or(0),
        }
    }
}

/// The text in lines of this width, broken behind a space or a sign that separates names, or else anywhere.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = Vec::new();
    let mut rest: Vec<char> = text.chars().collect();
    while rest.len() > width.max(1) {
        let line = &rest[..width.max(1)];
        let end = line.iter().rposition(|c| " /._-:,;(".contains(*c)).map_or(line.len(), |at| at + 1);
        let tail = rest.split_off(end);
        lines.push(rest.into_iter().collect::<String>());
        rest = tail;
    }
    lines.push(rest.into_iter().collect());
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(shown(&Value::Text("a\u{1b}[2Jb".into())), "a\u{fffd}[2Jb");
    }

    #[test]
    fn texts_are_broken_where_names_end_and_lose_nothing() {
        assert_eq!(wrapped("collections/__init__.py", 12), "collections/\n__init__.py");
        assert_eq!(wrapped("two words", 5), "two\nwords");
        assert_eq!(wrapped("abcdefgh", 3), "abc\ndef\ngh");
        assert_eq!(wrapped("short", 10), "short");
    }

    #[test]
    fn the_widest_texts_give_way_and_numbers_stay_whole() {
        let columns = ["name", "cognitive_complexity"].map(str::to_owned);
        let rows = vec![vec!["a/long/path/to/a/file.py".to_owned(), "1234567".to_owned()]];
        assert_eq!(widths(&columns, &rows, &[false, true], 80), [24, 20]);
        assert_eq!(widths(&columns, &rows, &[false, true], 40), [24, 10]);
        // What cannot fit is left to the terminal.
        assert_eq!(widths(&columns, &rows, &[false, true], 10), [12, 10]);
    }
}
