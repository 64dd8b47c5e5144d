//! Which statements are taken, and how each is run.

use snake_pipe_core::{Error, ErrorKind, Result};

/// How a statement is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As a cursor, with its parameters.
    Cursor,
    /// As it is: `EXPLAIN` and `SHOW` are no cursors.
    Bare,
}

impl Form {
    /// How this statement is run.
    ///
    /// # Errors
    /// `Query` for a statement that does not only read.
    pub(super) fn of(sql: &str) -> Result<Self> {
        match first_word(sql).to_ascii_uppercase().as_str() {
            "SELECT" | "WITH" | "VALUES" | "TABLE" => Ok(Self::Cursor),
            "EXPLAIN" | "SHOW" => Ok(Self::Bare),
            "" => Err(Error::new(ErrorKind::Query, "the query is empty")),
            word => Err(Error::new(
                ErrorKind::Query,
                format!("a query only reads, and does not begin with `{word}`"),
            )
            .with_help("a query begins with SELECT, WITH, VALUES, TABLE, EXPLAIN or SHOW")),
        }
    }
}

/// The first word behind white space, comments and opening parentheses.
fn first_word(sql: &str) -> &str {
    let mut rest = sql.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '(');
    loop {
        rest = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            after_block_comment(comment)
        } else {
            let end = rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len());
            // A statement that begins with a sign has no word: its first letter stands for it.
            let end = if end == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { end };
            return &rest[..end];
        }
        .trim_start_matches(|letter: char| letter.is_whitespace() || letter == '(');
    }
}

/// Block comments nest in PostgreSQL.
fn after_block_comment(mut rest: &str) -> &str {
    let mut depth = 1;
    while depth > 0 {
        let Some(at) = rest.find(['*', '/']) else { return "" };
        rest = &rest[at..];
        let (step, change) = match rest {
            _ if rest.starts_with("*/") => (2, -1),
            _ if rest.starts_with("/*") => (2, 1),
            _ => (1, 0),
        };
        depth += change;
        rest = &rest[step..];
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_is_found_behind_comments_and_parentheses() {
        for sql in ["SELECT 1", "  -- x\n (( select 1))", "/* a /* b */ c */Select", "(/**/SELECT"] {
            assert!(first_word(sql).eq_ignore_ascii_case("select"), "{sql}");
        }
        assert_eq!(first_word("/* never closed"), "");
        assert_eq!(first_word(";DROP"), ";");
    }

    #[test]
    fn statements_that_do_not_read_are_refused_by_name() {
        for sql in ["DELETE FROM files", "COMMIT", "SET x = 1", "COPY files TO STDOUT", ";SELECT 1"] {
            assert_eq!(Form::of(sql).unwrap_err().kind(), ErrorKind::Query, "{sql}");
        }
        assert_eq!(Form::of("").unwrap_err().message(), "the query is empty");
    }
}
