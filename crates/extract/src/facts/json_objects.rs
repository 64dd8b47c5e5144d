//! Cuts an input into JSON objects: one alone, several behind each other, or the elements of an array.
//!
//! Only as much JSON is understood as is needed to find where an object ends. That keeps one object in memory at a time,
//! and what is wrong with one of them does not hinder the next.

use std::io::{self, BufRead};

/// Larger objects are not held: 256 MiB.
const MAX_OBJECT_BYTES: usize = 256 << 20;

/// A piece of the input; its bytes are in [`JsonObjects::bytes`].
pub(super) enum Piece {
    /// An object, from brace to brace.
    Object,
    /// An object that the end of the input cuts off.
    CutOff,
    /// An object over the limit, of which the beginning is there.
    TooLong,
    /// Something between the objects that is no JSON object; it was passed over.
    Foreign,
    /// The input ends inside an array.
    OpenArray,
}

/// Reads the objects of an input.
#[derive(Debug)]
pub(super) struct JsonObjects<R> {
    input: R,
    bytes: Vec<u8>,
    line: u64,
    start_line: u64,
    open_arrays: u64,
    max_bytes: usize,
}

impl<R: BufRead> JsonObjects<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, bytes: Vec::new(), line: 1, start_line: 1, open_arrays: 0, max_bytes: MAX_OBJECT_BYTES }
    }

    /// The bytes of the last piece.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The line where the last piece begins, from 1.
    pub(super) fn start_line(&self) -> u64 {
        self.start_line
    }

    /// The next piece; none at the end.
    pub(super) fn next_piece(&mut self) -> io::Result<Option<Piece>> {
        self.bytes.clear();
        let mut is_foreign = false;
        loop {
            let Some(byte) = self.peek()? else {
                self.start_line = if is_foreign { self.start_line } else { self.line };
                let is_open = std::mem::take(&mut self.open_arrays) > 0;
                return Ok(match (is_foreign, is_open) {
                    (true, _) => Some(Piece::Foreign),
                    (false, true) => Some(Piece::OpenArray),
                    (false, false) => None,
                });
            };
            match byte {
                b'{' if is_foreign => return Ok(Some(Piece::Foreign)),
                b'{' => {
                    self.start_line = self.line;
                    return self.object().map(Some);
                }
                b'[' => self.open_arrays += 1,
                b']' if self.open_arrays > 0 => self.open_arrays -= 1,
                b' ' | b'\t' | b'\r' | b'\n' | b',' => {}
                // A byte order mark.
                0xef | 0xbb | 0xbf if self.line == 1 && !is_foreign => {}
                _ => {
                    if !is_foreign {
                        self.start_line = self.line;
                    }
                    is_foreign = true;
                }
            }
            self.take(byte);
        }
    }

    /// Reads from an opening brace to the one that closes it.
    fn object(&mut self) -> io::Result<Piece> {
        let (mut depth, mut is_text, mut is_escaped) = (0_u64, false, false);
        let mut length = 0_usize;
        while let Some(byte) = self.peek()? {
            self.take(byte);
            length += 1;
            if length <= self.max_bytes {
                self.bytes.push(byte);
            }
            if is_text {
                is_text = is_escaped || byte != b'"';
                is_escaped = !is_escaped && byte == b'\\';
                continue;
            }
            match byte {
                b'"' => is_text = true,
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(if length > self.max_bytes { Piece::TooLong } else { Piece::Object });
            }
        }
        self.open_arrays = 0;
        Ok(Piece::CutOff)
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.input.fill_buf() {
                Ok(available) => return Ok(available.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self, byte: u8) {
        self.line += u64::from(byte == b'\n');
        self.input.consume(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<(char, u64, String)> {
        let mut objects = JsonObjects { max_bytes: 20, ..JsonObjects::new(text.as_bytes()) };
        let mut pieces = Vec::new();
        while let Some(piece) = objects.next_piece().unwrap() {
            let kind = match piece {
                Piece::Object => 'o',
                Piece::CutOff => 'c',
                Piece::TooLong => 'l',
                Piece::Foreign => 'f',
                Piece::OpenArray => 'a',
            };
            pieces.push((kind, objects.start_line(), String::from_utf8(objects.bytes().to_vec()).unwrap()));
        }
        pieces
    }

    #[test]
    fn objects_may_stand_alone_in_a_row_or_in_an_array() {
        let two = [('o', 1, r#"{"a":{}}"#.to_owned()), ('o', 2, r#"{"b":"}"}"#.to_owned())];
        assert_eq!(pieces("{\"a\":{}}\n{\"b\":\"}\"}"), two);
        assert_eq!(pieces("[{\"a\":{}},\n{\"b\":\"}\"}]"), two);
        assert_eq!(pieces("\u{feff}{\"a\":{}},\n {\"b\":\"}\"}\n"), two);
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn quotes_in_texts_do_not_end_them() {
        assert_eq!(pieces(r#"{"a":"\\\"{"}"#), [('o', 1, r#"{"a":"\\\"{"}"#.to_owned())]);
    }

    #[test]
    fn an_input_that_is_cut_off_says_so() {
        assert_eq!(pieces("{}{\"a\":"), [('o', 1, "{}".into()), ('c', 1, "{\"a\":".into())]);
        assert_eq!(pieces("[{}\n"), [('o', 1, "{}".into()), ('a', 2, String::new())]);
    }

    #[test]
    fn what_is_no_object_is_passed_over_once() {
        assert_eq!(pieces("\nhello\n{}"), [('f', 2, String::new()), ('o', 3, "{}".into())]);
        assert_eq!(pieces("{}]"), [('o', 1, "{}".into()), ('f', 1, String::new())]);
    }

    #[test]
    fn an_object_over_the_limit_is_held_in_part() {
        let pieces = pieces(&format!("{{\"a\":\"{}\"}} {{}}", "x".repeat(50)));
        assert_eq!((pieces[0].0, pieces[0].2.len()), ('l', 20));
        assert_eq!(pieces[1].0, 'o');
    }
}
