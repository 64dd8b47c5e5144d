//! Rows on standard output as they come, a line each.

use std::{
    io::{self, Write as _},
    sync::Arc,
};

use futures::TryStreamExt as _;
use snake_pipe_core::{Error, Result, RowStream, Value};

use super::output::{Object, object_names, own_error};

/// A form in which a row is a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineForm {
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated values, with a header.
    Csv,
}

/// Which of the two went wrong.
pub(super) enum Failure {
    /// The database has no answer.
    Asking(Error),
    /// The answer cannot be written.
    Telling(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Asking(error)
    }
}

/// Prints portions as they come. What was printed when an error comes are whole rows. A reader that went away is no error, and
/// ends the query.
pub(super) async fn print_lines(mut rows: RowStream, form: LineForm) -> Result<(), Failure> {
    let mut lines = Lines { names: object_names(rows.columns()), form };
    // The header waits for the first rows: a statement that fails at once prints nothing.
    let mut text = lines.header(rows.columns()).map_err(unwritten)?;
    while let Some(portion) = rows.try_next().await? {
        lines.add(&portion.rows, &mut text).map_err(unwritten)?;
        if !is_written(&text)? {
            return Ok(());
        }
        text.clear();
    }
    is_written(&text).map(drop)
}

/// Whether somebody still reads.
fn is_written(text: &[u8]) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(unwritten(error)),
    }
}

fn unwritten(error: io::Error) -> Failure {
    Failure::Telling(Error::from(error).with_context("to", "standard output"))
}

struct Lines {
    names: Arc<[String]>,
    form: LineForm,
}

impl Lines {
    fn header(&self, columns: &[String]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        if self.form == LineForm::Csv {
            let mut writer = csv::Writer::from_writer(&mut text);
            writer.write_record(columns).map_err(own_error)?;
            writer.flush()?;
        }
        Ok(text)
    }

    fn add(&mut self, rows: &[Vec<Value>], text: &mut Vec<u8>) -> io::Result<()> {
        match self.form {
            LineForm::Ndjson => {
                for row in rows {
                    let object = Object { names: Arc::clone(&self.names), row };
                    serde_json::to_writer(&mut *text, &object).map_err(io::Error::from)?;
                    text.push(b'\n');
                }
                Ok(())
            }
            LineForm::Csv => {
                let mut writer = csv::Writer::from_writer(text);
                for row in rows {
                    writer.write_record(row.iter().map(Value::to_string)).map_err(own_error)?;
                }
                writer.flush()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(form: LineForm, portions: &[Vec<Vec<Value>>]) -> String {
        let columns = ["a", "b"].map(str::to_owned);
        let mut lines = Lines { names: object_names(&columns), form };
        let mut text = lines.header(&columns).unwrap();
        portions.iter().for_each(|rows| lines.add(rows, &mut text).unwrap());
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn portions_follow_each_other_without_a_seam() {
        let row = |number| vec![Value::Integer(number), Value::Text("x,y".into())];
        let portions = [vec![row(1), row(2)], Vec::new(), vec![row(3)]];
        assert_eq!(told(LineForm::Csv, &portions), "a,b\n1,\"x,y\"\n2,\"x,y\"\n3,\"x,y\"\n");
        assert_eq!(told(LineForm::Ndjson, &portions[2..]), "{\"a\":3,\"b\":\"x,y\"}\n");
    }
}
