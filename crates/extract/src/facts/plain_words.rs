//! What serde says of a wrong record, in the words of whoever writes facts: serde names types of Rust.

use snake_pipe_core::options::nearest;

/// The name of a field that is missing, if that is what is wrong, and what is wrong.
pub(super) fn told(said: &str) -> (Option<&str>, String) {
    if let Some(name) = said.strip_prefix("missing field ") {
        return (Some(name.trim_matches('`')), "is missing".to_owned());
    }
    if let Some(name) = said.strip_prefix("duplicate field ") {
        return (None, format!("{name} is given twice"));
    }
    let wrong = ["invalid type: ", "invalid value: "].iter().find_map(|prefix| said.strip_prefix(prefix));
    if let Some((given, expected)) = wrong.and_then(|rest| rest.split_once(", expected ")) {
        return (None, format!("{} is expected, not {}", of_expected(expected), of_given(given)));
    }
    let length = said.strip_prefix("invalid length ").and_then(|rest| rest.split_once(", expected "));
    if let Some((length, expected)) = length {
        return (None, format!("{} is expected, not a list of {length}", of_expected(expected)));
    }
    let unknown = ["unknown field ", "unknown variant "].iter().find_map(|prefix| said.strip_prefix(prefix));
    match unknown.and_then(|rest| rest.split_once(", expected ")) {
        Some((name, choices)) => (None, of_unknown(name, choices)),
        None => (None, said.to_owned()),
    }
}

/// A name that is none of the choices: with the nearest one, or all of them.
fn of_unknown(name: &str, choices: &str) -> String {
    let names: Vec<_> = choices.split('`').skip(1).step_by(2).collect();
    match (nearest(name.trim_matches('`'), &names), names.as_slice()) {
        (Some(near), _) => format!("{name} is not known here, did you mean `{near}`?"),
        (None, []) => format!("{name} is not known here, nothing is expected"),
        (None, [only]) => format!("{name} is not known here, only `{only}` is expected"),
        (None, names) => format!("{name} is not known here, one of {} is expected", names.join(", ")),
    }
}

fn of_expected(words: &str) -> &str {
    match words {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "string" | "str" => "a text",
        "a sequence" => "a list",
        "a map" | "map" => "an object",
        "string or map" => "a text or an object",
        // Of our own types all that are no enum are written as objects.
        _ if words.starts_with("struct ") => "an object",
        _ if words.starts_with("enum ") || words.ends_with(" identifier") => "a text",
        _ => words,
    }
}

fn of_given(words: &str) -> String {
    match words.split_once(' ') {
        Some(("string", value)) => format!("the text {value}"),
        Some(("integer" | "boolean", value)) => value.to_owned(),
        Some(("floating", value)) => value.trim_start_matches("point ").to_owned(),
        _ => match words {
            "sequence" => "a list",
            "map" => "an object",
            "unit value" | "null" | "Option value" => "null",
            _ => words,
        }
        .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn no_type_of_rust_is_named() {
        for (said, expected) in [
            ("invalid type: sequence, expected struct TransformedAst", "an object is expected, not a list"),
            ("invalid type: null, expected struct TransformedAst", "an object is expected, not null"),
            (
                "invalid type: string \"x\", expected u64",
                "a whole number from 0 is expected, not the text \"x\"",
            ),
            ("invalid value: integer `-1`, expected u32", "a whole number from 0 is expected, not `-1`"),
            (
                "invalid type: floating point `1.5`, expected u32",
                "a whole number from 0 is expected, not `1.5`",
            ),
            ("invalid type: map, expected a sequence", "a list is expected, not an object"),
            (
                "invalid length 2, expected struct Span with 4 elements",
                "an object is expected, not a list of 2",
            ),
            ("invalid type: integer `7`, expected a string", "a text is expected, not `7`"),
            ("duplicate field `path`", "`path` is given twice"),
        ] {
            assert_eq!(told(said), (None, expected.to_owned()));
        }
    }

    #[test]
    fn a_misspelt_name_is_answered_by_the_nearest() {
        assert_eq!(
            told("unknown field `langauge`, expected one of `path`, `language`").1,
            "`langauge` is not known here, did you mean `language`?"
        );
        assert_eq!(
            told("unknown variant `odd`, expected `a` or `b`").1,
            "`odd` is not known here, one of a, b is expected"
        );
    }

    #[test]
    fn a_missing_field_is_named_apart() {
        assert_eq!(told("missing field `path`"), (Some("path"), "is missing".to_owned()));
    }
}
