//! A look at a statement before SQLite sees it: one statement, that reads, and which parameters it has.

use snake_pipe_core::Result;

use super::refused;

/// Statements that cannot change anything on a connection that only reads. PRAGMA, ATTACH, BEGIN and the like change the
/// connection itself, which the next query would get.
const READING: &[&str] = &["SELECT", "WITH", "VALUES", "EXPLAIN"];

/// Checks that there is one statement and that it reads; the greatest number of its parameters.
pub(super) fn check(sql: &str) -> Result<usize> {
    // To SQLite a NUL ends the text, and the driver would ask for the rest of it for ever.
    if sql.contains('\0') {
        return Err(refused("the statement holds a NUL character".to_owned())
            .with_help("leave it out; a text with one is written as 'a' || char(0) || 'b'"));
    }
    let (mut first, mut has_ended, mut greatest) = (None, false, 0);
    for token in (Tokens { rest: sql }) {
        if has_ended && token != Token::End {
            return Err(refused("one statement is run at a time".to_owned()));
        }
        match token {
            Token::End => has_ended = true,
            Token::Parameter(name) => greatest = greatest.max(number_of(name)?),
            Token::Word(_) | Token::Other => {}
        }
        first.get_or_insert(token);
    }
    match first {
        Some(Token::Word(word)) if READING.iter().any(|reading| word.eq_ignore_ascii_case(reading)) => {
            Ok(greatest)
        }
        Some(Token::Word(word)) if word.eq_ignore_ascii_case("PRAGMA") => Err(refused(
            "PRAGMA is not run, since it changes the connection".to_owned(),
        )
        .with_help("what pragmas say can be selected, such as SELECT * FROM pragma_table_info('files')")),
        Some(Token::Other | Token::Parameter(_) | Token::Word(_)) => {
            Err(refused("only statements that read are run".to_owned())
                .with_help(format!("begin the statement with {}", READING.join(", "))))
        }
        Some(Token::End) | None => Err(refused("there is no statement".to_owned())),
    }
}

/// Parameters are `$1`, `$2`, … as in every dialect; SQLite's own `?1` is taken too.
fn number_of(name: &str) -> Result<usize> {
    let number = name.strip_prefix(['$', '?']).and_then(|digits| digits.parse().ok());
    number.filter(|number| (1..=32_766).contains(number)).ok_or_else(|| {
        refused(format!("`{name}` is no parameter")).with_help("parameters are written $1, $2, …")
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Parameter(&'a str),
    /// A semicolon.
    End,
    Other,
}

/// The tokens of a statement, as far as they matter here (<https://www.sqlite.org/lang.html>): white space and comments are
/// left out.
struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn take(&mut self, bytes: usize) -> &'a str {
        let (token, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        token
    }

    fn skip_blanks(&mut self) {
        loop {
            self.rest = self
                .rest
                .trim_start_matches(|letter: char| letter.is_ascii_whitespace() || letter == '\u{feff}');
            if self.rest.starts_with("--") {
                self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                self.take(self.rest[2..].find("*/").map_or(self.rest.len(), |end| end + 4));
            } else {
                return;
            }
        }
    }

    /// A quoted text or name; a doubled mark stands for itself.
    fn take_quoted(&mut self, mark: char) {
        let mut from = 1;
        while let Some(at) = self.rest[from..].find(mark) {
            from += at + mark.len_utf8();
            let is_doubled = mark != ']' && self.rest[from..].starts_with(mark);
            if !is_doubled {
                self.take(from);
                return;
            }
            from += mark.len_utf8();
        }
        self.take(self.rest.len());
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blanks();
        let first = self.rest.chars().next()?;
        let is_word =
            |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$' || !letter.is_ascii();
        let word_end = |from: usize, text: &str| {
            text[from..].find(|letter| !is_word(letter)).map_or(text.len(), |at| at + from)
        };
        Some(match first {
            ';' => {
                self.take(1);
                Token::End
            }
            '\'' | '"' | '`' => {
                self.take_quoted(first);
                Token::Other
            }
            '[' => {
                self.take_quoted(']');
                Token::Other
            }
            '$' | '?' | ':' | '@' | '#' => Token::Parameter(self.take(word_end(1, self.rest))),
            _ if is_word(first) => Token::Word(self.take(word_end(0, self.rest))),
            _ => {
                self.take(first.len_utf8());
                Token::Other
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use snake_pipe_core::ErrorKind;

    use super::*;

    #[test]
    fn one_statement_that_reads_passes() {
        let cases = [
            ("SELECT 1", 0),
            ("  select 1 ;  -- done\n /* really */ ;", 0),
            ("-- why\nWITH a AS (SELECT 1) SELECT * FROM a", 0),
            ("VALUES ($1, $2, $1)", 2),
            ("EXPLAIN QUERY PLAN SELECT ?3", 3),
            ("SELECT ';', \"a;b\", `c;`, [d;e], 'it''s; $9'", 0),
            ("SELECT /* ; $7 */ $1 -- ; $8", 1),
            ("SELECT a.b -> '$.x', name$1 FROM a", 0),
        ];
        for (sql, parameters) in cases {
            assert_eq!(check(sql).unwrap(), parameters, "{sql}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let cases = [
            "",
            " ; ",
            "-- nothing",
            "DELETE FROM files",
            "INSERT INTO files VALUES (1)",
            "ATTACH 'other.db' AS other",
            "PRAGMA query_only = OFF",
            "BEGIN",
            "SELECT 1; DELETE FROM files",
            "SELECT 1; SELECT 2",
            "SELECT 'a' ; ; SELECT 'b'",
            "SELECT :name",
            "SELECT @name",
            "SELECT $name",
            "SELECT ?",
            "SELECT $0",
            "(SELECT 1)",
            "'SELECT 1'",
        ];
        for sql in cases {
            assert_eq!(check(sql).unwrap_err().kind(), ErrorKind::Query, "{sql}");
        }
    }

    #[test]
    fn a_nul_ends_no_statement() {
        let error = check("SELECT 1\0 AS a").unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::Query, "the statement holds a NUL character")
        );
    }
}
