//! Search by words: what the parts of camelCase, of snake_case and of paths are.
//!
//! The database picks what holds the words' letters anywhere, in the order of the answer; here it is looked whether words begin
//! there. So every database gives the same answer, and an index of any kind may help it.

use super::{ParameterDefault, QueryParameter};
use crate::{
    Error, ErrorKind, Result,
    query::{QueryResult, Value},
};

/// The words that a statement looks for: the longest ones, since they leave the least to be looked at.
const SOUGHT: [&str; 3] = ["first", "second", "third"];
/// How many rows are looked at for each that is wanted, to begin with.
pub(super) const CANDIDATES: u32 = 8;

/// The parameters of a statement that stand for the words which `text` names, as patterns of `LIKE`.
///
/// # Errors
/// `Configuration` where it names none.
pub(super) fn patterns(text: &str) -> Result<Vec<(QueryParameter, Vec<Value>)>> {
    let mut words = words_of(text);
    if words.is_empty() {
        return Err(Error::new(ErrorKind::Configuration, format!("`{text}` holds no word"))
            .with_help("write words of letters and digits, such as `--param words='order total'`"));
    }
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let pattern = |index: usize| words.get(index).map_or("%".to_owned(), |word| format!("%{word}%"));
    let parameter = |(index, name)| (hidden(name), vec![Value::Text(pattern(index))]);
    Ok(SOUGHT.into_iter().enumerate().map(parameter).collect())
}

/// The same parameters without values, for reading the statement.
pub(super) fn no_patterns() -> impl Iterator<Item = (QueryParameter, Vec<Value>)> {
    SOUGHT.into_iter().map(|name| (hidden(name), vec![Value::Null]))
}

const fn hidden(name: &'static str) -> QueryParameter {
    QueryParameter { name, is_integer: false, is_list: false, default: ParameterDefault::Any, help: "" }
}

/// Leaves the rows in whose first column every word of `text` begins a word.
pub(super) fn matching(mut answer: QueryResult, text: &str) -> QueryResult {
    let words = words_of(text);
    answer.rows.retain(|row| match row.first() {
        Some(Value::Text(name)) => words.iter().all(|word| begins_word(name, word)),
        _ => false,
    });
    answer
}

/// The words of a text, in lower case: `parseHTTPRequest_v2` has `parse`, `http`, `request` and `v2`. Only ASCII letters have a
/// case here, as in the databases.
fn words_of(text: &str) -> Vec<String> {
    let starts: Vec<usize> = word_starts(text).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let word = |(start, end): (&usize, usize)| {
        text[*start..end].trim_end_matches(|letter| !is_letter(letter)).to_ascii_lowercase()
    };
    starts.iter().zip(ends).map(word).collect()
}

/// Whether a word of `text` begins with `word`, which is in lower case; the words behind it may go on with it.
fn begins_word(text: &str, word: &str) -> bool {
    let begins = |start: usize| {
        text.as_bytes()
            .get(start..start + word.len())
            .is_some_and(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    word_starts(text).any(begins)
}

/// Where words begin: behind what is neither letter nor digit, at a capital behind a small letter or a digit, and at the last of
/// several capitals that small letters follow.
fn word_starts(text: &str) -> impl Iterator<Item = usize> {
    let mut before = None;
    let mut letters = text.char_indices().peekable();
    std::iter::from_fn(move || {
        while let Some((index, letter)) = letters.next() {
            let behind = before.replace(letter);
            if !is_letter(letter) {
                continue;
            }
            let is_start = match behind {
                Some(behind) if is_letter(behind) => {
                    letter.is_ascii_uppercase()
                        && (!behind.is_ascii_uppercase()
                            || letters.peek().is_some_and(|(_, next)| next.is_ascii_lowercase()))
                }
                _ => true,
            };
            if is_start {
                return Some(index);
            }
        }
        None
    })
}

/// A letter or digit; beyond ASCII everything counts as one.
const fn is_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || !letter.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_as_people_read_them() {
        for (name, words) in [
            ("parseHTTPRequest_v2", "parse http request v2"),
            ("DatabaseCoordinator.java", "database coordinator java"),
            ("src/order_total-test.py", "src order total test py"),
            ("utf8Decode", "utf8 decode"),
            ("MAX_SIZE", "max size"),
            ("größeÄndern", "größeÄndern"),
            ("__init__", "init"),
            ("", ""),
        ] {
            assert_eq!(words_of(name).join(" "), words, "{name}");
        }
    }

    #[test]
    fn a_word_is_found_where_one_begins() {
        for (name, word, is_found) in [
            ("DatabaseCoordinator", "coordinator", true),
            ("database_coordinator", "coord", true),
            ("HTTPServer", "server", true),
            ("HttpServer", "httpserver", true),
            ("subtotal", "total", false),
            ("subTotal", "total", true),
            ("ABTotal", "btotal", false),
        ] {
            assert_eq!(begins_word(name, word), is_found, "{name} {word}");
        }
    }

    #[test]
    fn the_longest_words_are_sought_by_the_database() {
        let patterns = patterns("a getOrderTotal").unwrap();
        let values: Vec<_> = patterns.iter().map(|(_, values)| values[0].to_string()).collect();
        assert_eq!(values, ["%order%", "%total%", "%get%"]);
        assert_eq!(super::patterns("_-").unwrap_err().kind(), ErrorKind::Configuration);
    }
}
