//! Newline-delimited JSON (<https://github.com/ndjson/ndjson-spec>): one file's facts a line.

use std::io::{self, BufRead, Write};

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use snake_pipe_core::{Error, Language, Result, model::TransformedAst};

use super::{About, Flaw, Record, SeenFiles, validate};

/// Longer lines are quarantined, unless configured otherwise: 256 MiB.
pub const DEFAULT_MAX_LINE_BYTES: usize = 256 << 20;

/// A buffer that one long line left behind is given back above this size.
const KEPT_BUFFER_BYTES: usize = 4 << 20;

/// Reads facts line by line. Lines without content are passed over; a line that is wrong is quarantined, and reading
/// goes on behind it. What may be left out is filled in: symbols, qualified names, dependencies.
#[derive(Debug)]
pub struct NdjsonReader<R> {
    input: R,
    line: u64,
    max_line_bytes: usize,
    buffer: Vec<u8>,
    seen: SeenFiles,
}

impl<R: BufRead> NdjsonReader<R> {
    /// A reader of `input` from its present position.
    pub fn new(input: R) -> Self {
        Self {
            input,
            line: 0,
            max_line_bytes: DEFAULT_MAX_LINE_BYTES,
            buffer: Vec::new(),
            seen: SeenFiles::default(),
        }
    }

    /// Quarantines lines that are longer.
    #[must_use]
    pub fn with_max_line_bytes(mut self, max_line_bytes: usize) -> Self {
        self.max_line_bytes = max_line_bytes;
        self
    }

    fn next_record(&mut self) -> Result<Option<Record>> {
        loop {
            let line =
                read_line(&mut self.input, &mut self.buffer, self.max_line_bytes).map_err(|source| {
                    Error::from(source).with_operation("read facts").with_context("line", self.line + 1)
                })?;
            self.line += 1;
            let bytes = match self.line {
                1 => self.buffer.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.buffer),
                _ => &self.buffer,
            };
            let read = match line {
                Line::End => return Ok(None),
                Line::Whole if bytes.trim_ascii().is_empty() => continue,
                Line::Whole => parse(bytes),
                Line::TooLong => Err(Flaw::new(format!(
                    "the line is longer than the limit of {} bytes",
                    self.max_line_bytes
                ))),
            };
            let mut about = match &read {
                Ok(_) => About::default(),
                Err(_) => about(bytes, "path"),
            };
            about.path = about.path.filter(|path| validate::path_flaw(path).is_none());
            return Ok(Some(self.seen.record(read, about, (self.line, None))));
        }
    }
}

impl<R: BufRead> Iterator for NdjsonReader<R> {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_record().transpose()
    }
}

/// Writes facts as one line.
///
/// # Errors
/// `Io` or `Capacity` if the output cannot be written.
pub fn write_ndjson(output: &mut impl Write, facts: &TransformedAst) -> Result<()> {
    serde_json::to_writer(&mut *output, facts).map_err(io::Error::from)?;
    output.write_all(b"\n")?;
    Ok(())
}

fn parse(line: &[u8]) -> Result<TransformedAst, Flaw> {
    // A list of the fields' values would be read as if their names stood before them.
    if line.trim_ascii_start().starts_with(b"[") {
        return Err(Flaw::broken(
            "an object is expected, not a list: one object a line, without a list around them",
        ));
    }
    let mut json = serde_json::Deserializer::from_slice(line);
    let facts: TransformedAst = serde_path_to_error::deserialize(&mut json).map_err(Flaw::from_json)?;
    json.end().map_err(|_| Flaw::broken("more than one JSON value stands on the line; one object a line"))?;
    validate::completed(facts)
}

enum Line {
    /// `buffer` holds the line without its end.
    Whole,
    /// `buffer` holds its beginning; the rest was passed over.
    TooLong,
    End,
}

fn read_line(input: &mut impl BufRead, buffer: &mut Vec<u8>, max_bytes: usize) -> io::Result<Line> {
    buffer.clear();
    buffer.shrink_to(KEPT_BUFFER_BYTES);
    let (mut is_any, mut length) = (false, 0_usize);
    loop {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = available.iter().position(|byte| *byte == b'\n');
        let piece = &available[..end.unwrap_or(available.len())];
        is_any |= !available.is_empty();
        length += piece.len();
        buffer.extend_from_slice(&piece[..piece.len().min(max_bytes.saturating_sub(buffer.len()))]);
        let is_end = end.is_some() || available.is_empty();
        let consumed = piece.len() + usize::from(end.is_some());
        input.consume(consumed);
        if is_end {
            return Ok(match is_any {
                false => Line::End,
                true if length > max_bytes => Line::TooLong,
                true => Line::Whole,
            });
        }
    }
}

/// The path that the object gives in `field`, and the language, even if the object is cut off or wrong behind them.
pub(super) fn about(object: &[u8], field: &str) -> About {
    let mut about = About::default();
    let visitor = AboutVisitor { field, about: &mut about };
    // What is wrong with the object is known already.
    serde_json::Deserializer::from_slice(object).deserialize_map(visitor).ok();
    about
}

struct AboutVisitor<'a> {
    field: &'a str,
    about: &'a mut About,
}

impl<'de> Visitor<'de> for AboutVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == self.field {
                self.about.path = Some(map.next_value()?);
            } else if key == "language" {
                // One that is not known is what may be wrong; the path behind it is still to be read.
                let language: serde_json::Value = map.next_value()?;
                self.about.language = serde_json::from_value(language).unwrap_or(Language::Unknown);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use snake_pipe_core::{
        SourcePath,
        model::{Function, ParseStatus},
    };

    use super::*;

    fn read(text: &str) -> Vec<Record> {
        NdjsonReader::new(text.as_bytes()).map(|record| record.unwrap()).collect()
    }

    fn quarantined(text: &str) -> super::super::Quarantined {
        match read(text).pop().unwrap() {
            Record::Quarantined(quarantined) => quarantined,
            Record::Facts(facts) => panic!("{facts:?} was taken for sound"),
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let function = Function { name: "f".into(), qualified_name: "f".into(), ..Function::default() };
        let mut facts = TransformedAst::new(SourcePath::from_bytes(b"src/\xff\n.c"));
        facts.functions.push(function);
        crate::assign_symbols(&mut facts);
        let mut text = Vec::new();
        write_ndjson(&mut text, &facts).unwrap();
        assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 1);
        let records: Vec<_> = NdjsonReader::new(text.as_slice()).map(|record| record.unwrap()).collect();
        assert_eq!(records, [Record::Facts(Box::new(facts))]);
    }

    #[test]
    fn a_path_alone_is_enough() {
        assert_eq!(read(r#"{"path":"a.c"}"#), [Record::Facts(Box::new(TransformedAst::new("a.c".into())))]);
    }

    #[test]
    fn a_wrong_line_does_not_hinder_the_others() {
        let records = read("{\"path\":\"a\"}\n{\"path\":\"b\",\"size_bytes\":\"x\"}\n\n{\"path\":\"c\"}");
        let Record::Quarantined(quarantined) = &records[1] else { panic!("{records:?}") };
        assert_eq!(
            quarantined.to_string(),
            "line 2, field size_bytes: a whole number from 0 is expected, not the text \"x\""
        );
        assert_eq!(quarantined.refused().unwrap().parse_status, ParseStatus::Failed);
        assert!(matches!(&records[2], Record::Facts(facts) if facts.path.as_str() == "c"));
        assert_eq!(records.len(), 3);
    }

    #[test]
    fn the_field_is_named_however_deep() {
        let line = r#"{"path":"a","functions":[{"name":"f","parameters":[{"name":"x","kind":"odd"}]}]}"#;
        assert_eq!(quarantined(line).field.as_deref(), Some("functions[0].parameters[0].kind"));
    }

    #[test]
    fn an_unknown_field_is_answered_by_the_nearest_or_all() {
        let misspelt = quarantined(r#"{"path":"a","langauge":"c"}"#);
        assert_eq!(misspelt.field.as_deref(), Some("langauge"));
        assert!(misspelt.message.ends_with("did you mean `language`?"), "{}", misspelt.message);
        let invented = quarantined(r#"{"path":"a","colour":"red"}"#);
        assert!(invented.message.contains("one of path, language, "), "{}", invented.message);
    }

    #[test]
    fn what_is_no_object_says_so_in_the_words_of_json() {
        for (line, message) in [
            ("[]", "an object is expected, not a list: one object a line, without a list around them"),
            ("null", "an object is expected, not null"),
            ("\"a.c\"", "an object is expected, not the text \"a.c\""),
            (r#"{"path":"a","calls":{}}"#, "a list is expected, not an object"),
        ] {
            assert_eq!(quarantined(line).message, message);
        }
    }

    #[test]
    fn a_piece_of_an_object_has_no_field() {
        for line in ["{", "\"path\": \"a\",", "} ]", "{\"path\":\"a\", 7"] {
            assert_eq!(quarantined(line).field, None, "{line}");
        }
    }

    #[test]
    fn a_line_that_is_cut_off_still_names_its_file() {
        let quarantined = quarantined(r#"{"path":"a.c","functions":[{"na"#);
        assert_eq!(quarantined.path.unwrap().as_str(), "a.c");
        assert!(quarantined.message.contains("not JSON from column 31 on"), "{}", quarantined.message);
    }

    #[test]
    fn a_refused_line_keeps_its_language() {
        let quarantined = quarantined(r#"{"path":"a.go","functions":[{"name":""}],"language":"go"}"#);
        assert_eq!(quarantined.refused().unwrap().language, Language::Go);
        let unknown = self::quarantined(r#"{"language":"no such","path":"a.go"}"#).refused().unwrap();
        assert_eq!((unknown.path.as_str(), unknown.language), ("a.go", Language::Unknown));
    }

    #[test]
    fn what_is_no_whole_object_or_names_no_file_may_hide_files() {
        for line in [
            "{broken b.py",
            "[",
            r#"{"path":"a"} {"path":"b"}"#,
            r#"{"path":"a","x"#,
            r#"{"path":"/a"}"#,
            "7",
        ] {
            assert!(quarantined(line).hides_files, "{line}");
        }
        for line in [r#"{"path":"a","calls":7}"#, r#"{"path":"a","functions":[{"name":""}]}"#] {
            assert!(!quarantined(line).hides_files, "{line}");
        }
    }

    #[test]
    fn a_line_without_a_path_names_the_field() {
        let quarantined = quarantined("{}");
        assert_eq!((quarantined.field.as_deref(), quarantined.path), (Some("path"), None));
        assert_eq!(quarantined.message, "is missing");
    }

    #[test]
    fn a_second_record_of_a_file_is_refused() {
        let quarantined = quarantined("{\"path\":\"a\"}\n{\"path\":\"a\"}");
        assert_eq!(quarantined.message, "the file is the one of line 1 already; one record a file");
        // Storing a failed file in its place would undo the sound record.
        assert_eq!((quarantined.refused(), quarantined.hides_files), (None, false));
    }

    #[test]
    fn a_line_over_the_limit_is_quarantined_without_being_held() {
        let text = format!("{{\"path\":\"a\",\"namespace\":\"{}\"}}\n{{\"path\":\"b\"}}", "x".repeat(10_000));
        let mut reader = NdjsonReader::new(text.as_bytes()).with_max_line_bytes(100);
        let Some(Ok(Record::Quarantined(quarantined))) = reader.next() else { panic!("too long") };
        assert_eq!(quarantined.message, "the line is longer than the limit of 100 bytes");
        assert_eq!(quarantined.path.unwrap().as_str(), "a");
        assert!(reader.buffer.capacity() < 10_000);
        assert!(matches!(reader.next(), Some(Ok(Record::Facts(facts))) if facts.path.as_str() == "b"));
        assert!(reader.next().is_none());
    }

    #[test]
    fn windows_line_ends_and_a_byte_order_mark_are_no_flaw() {
        assert_eq!(read("\u{feff}{\"path\":\"a\"}\r\n\r\n{\"path\":\"b\"}\r\n").len(), 2);
    }

    #[test]
    fn two_objects_on_a_line_are_refused() {
        let quarantined = quarantined(r#"{"path":"a"} {"path":"b"}"#);
        assert!(quarantined.message.starts_with("more than one JSON value"));
    }

    #[test]
    fn a_failing_input_is_an_error_with_its_line() {
        struct Broken;
        impl io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let error = NdjsonReader::new(io::BufReader::new(Broken)).next().unwrap().unwrap_err();
        assert_eq!(error.to_string(), "broken (line: 1)");
    }
}
