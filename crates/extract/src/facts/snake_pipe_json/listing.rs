//! Lists that the producer writes as text: `"[public , static ]"`.

use std::fmt;

use serde::de::{Deserializer, SeqAccess, Visitor};

/// Reads a list from such a text, from an array of texts, or from null.
pub(super) fn listing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    deserializer.deserialize_any(ListingVisitor)
}

struct ListingVisitor;

impl<'de> Visitor<'de> for ListingVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of texts, or a text such as \"[a, b]\"")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        let text = text.trim();
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        Ok(elements(inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element::<String>()? {
            list.push(element);
        }
        Ok(list)
    }
}

/// The elements of a list, divided at commas that no bracket or quotation mark encloses.
pub(super) fn elements(text: &str) -> Vec<String> {
    let (mut depth, mut quote, mut is_escaped, mut start) = (0_i64, None, false, 0);
    let mut parts = Vec::new();
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(mark), _) => {
                if letter == mark && !is_escaped {
                    quote = None;
                }
                is_escaped = letter == '\\' && !is_escaped;
            }
            (None, '"' | '\'') => (quote, is_escaped) = (Some(letter), false),
            (None, '<' | '(' | '[' | '{') => depth += 1,
            (None, '>' | ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth <= 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Vec<String> {
        listing(&mut serde_json::Deserializer::from_str(json)).unwrap()
    }

    #[test]
    fn a_list_may_be_a_text_an_array_or_nothing() {
        assert_eq!(read(r#""[public , static ]""#), ["public", "static"]);
        assert_eq!(read(r#"["public", "static"]"#), ["public", "static"]);
        assert!(read(r#""[]""#).is_empty());
        assert!(read("null").is_empty());
    }

    #[test]
    fn commas_inside_brackets_and_quotes_divide_nothing() {
        assert_eq!(elements("Map<String, Integer>, List<A>"), ["Map<String, Integer>", "List<A>"]);
        assert_eq!(elements(r#"@A("x, \"y"), @B(c = {1, 2})"#), [r#"@A("x, \"y")"#, "@B(c = {1, 2})"]);
    }
}
