//! What the database would refuse, found before it is sent: a refusal in the middle of a large load would cost all of it.

use snake_pipe_core::{
    Error, ErrorKind, JsonText, Result, load::Batch, model::TransformedAst, validate_batch,
};

/// jsonb is read by recursion: the server's stack allows some thousands of levels.
const MAX_JSON_DEPTH: usize = 1_000;
/// An object or array of jsonb ends at 256 MiB.
const MAX_JSON_BYTES: usize = 200 << 20;
/// `numeric` takes far more; no honest number has as many digits, or so large an exponent.
const MAX_NUMBER_BYTES: usize = 400;

/// Refuses a batch that breaks the model, and JSON that `jsonb` does not take.
///
/// # Errors
/// `Data`; the context `path` names the file.
pub(crate) fn check(batch: &Batch) -> Result<()> {
    validate_batch(batch)?;
    batch.files.iter().try_for_each(|facts| check_file(facts))
}

fn check_file(facts: &TransformedAst) -> Result<()> {
    let flaw = documents(facts).find_map(|(what, json)| Some((what, json_flaw(json.as_str())?)));
    match flaw {
        None => Ok(()),
        Some((what, flaw)) => {
            Err(Error::new(ErrorKind::Data, format!("{what} {flaw}")).with_context("path", &facts.path))
        }
    }
}

fn documents(facts: &TransformedAst) -> impl Iterator<Item = (&'static str, &JsonText)> {
    let own = [("ast_content", &facts.ast_content), ("the file's metadata", &facts.metadata)];
    let classes = facts.classes.iter().map(|class| ("a class's metadata", &class.metadata));
    let functions = facts.functions.iter().map(|function| ("a function's metadata", &function.metadata));
    own.into_iter().chain(classes).chain(functions).filter_map(|(what, json)| Some((what, json.as_ref()?)))
}

/// Why `jsonb` would refuse a text that is JSON.
fn json_flaw(text: &str) -> Option<&'static str> {
    if text.len() > MAX_JSON_BYTES {
        return Some("is larger than 200 MiB");
    }
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => match end_of_string(bytes, at + 1) {
                Ok(end) => at = end,
                Err(flaw) => return Some(flaw),
            },
            b'-' | b'0'..=b'9' => {
                let length = bytes[at..].iter().take_while(|byte| is_of_number(**byte)).count();
                if is_huge_number(&text[at..at + length]) {
                    return Some("holds a number of absurd size");
                }
                at += length - 1;
            }
            _ => {}
        }
        if depth > MAX_JSON_DEPTH {
            return Some("is nested more than 1,000 levels deep");
        }
        at += 1;
    }
    None
}

const fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

fn is_huge_number(number: &str) -> bool {
    let exponent = number.split_once(['e', 'E']).map(|(_, exponent)| exponent.parse::<i32>());
    number.len() > MAX_NUMBER_BYTES
        || exponent.is_some_and(|exponent| exponent.map_or(true, |value| value.abs() > 400))
}

/// The place of the closing quote of the string that begins at `at`, or what is wrong with an escape in it.
fn end_of_string(bytes: &[u8], mut at: usize) -> Result<usize, &'static str> {
    const LONE: &str = "holds half of a surrogate pair";
    let mut expects_low = false;
    while let Some(byte) = bytes.get(at) {
        let escaped = (*byte == b'\\' && bytes.get(at + 1) == Some(&b'u')).then(|| unit(bytes, at + 2));
        let is_low = matches!(escaped, Some(0xdc00..=0xdfff));
        if is_low != expects_low {
            return Err(LONE);
        }
        expects_low = matches!(escaped, Some(0xd800..=0xdbff));
        match (byte, escaped) {
            (b'"', _) => return Ok(at),
            (b'\\', Some(_)) => at += 6,
            (b'\\', None) => at += 2,
            _ => at += 1,
        }
    }
    Ok(bytes.len())
}

fn unit(bytes: &[u8], at: usize) -> u32 {
    let digits = bytes.get(at..at + 4).and_then(|digits| str::from_utf8(digits).ok());
    digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_that_the_server_takes_passes() {
        for text in [r#"{"a":[1,-2.5e10,"\ud83d\ude00","\\ud800","ü"],"b":{}}"#, "\"\\\"[[\"", "[]"] {
            assert_eq!(json_flaw(text), None, "{text}");
        }
    }

    #[test]
    fn json_that_the_server_refuses_is_found() {
        for text in [r#""\ud800""#, r#""\udc00""#, r#""\ud800x""#, "[1e99999]", "1e999999999999"] {
            assert!(json_flaw(text).is_some(), "{text}");
        }
        assert!(json_flaw(&format!("{}{}", "[".repeat(1_001), "]".repeat(1_001))).is_some());
        assert!(json_flaw(&"9".repeat(401)).is_some());
    }
}
