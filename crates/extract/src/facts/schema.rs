//! The JSON Schema of facts.

use serde_json::Value;
use snake_pipe_core::model::TransformedAst;

use super::numbers::{GREATEST_INTEGER, GREATEST_SIZE};

/// The JSON Schema (draft 2020-12) of one line of NDJSON. What it cannot say, such as that indices are in range, the
/// reader checks beyond it.
#[must_use]
pub fn facts_schema() -> Value {
    let mut schema = schemars::schema_for!(TransformedAst).to_value();
    add_greatest(&mut schema);
    schema
}

/// Adds what the columns of the tables hold at most to every number that counts something.
fn add_greatest(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let greatest = match members.get("format").and_then(Value::as_str) {
                Some("uint32") => Some(u64::from(GREATEST_INTEGER)),
                Some("uint64") => Some(GREATEST_SIZE),
                _ => None,
            };
            if let Some(greatest) = greatest {
                members.insert("maximum".to_owned(), greatest.into());
            }
            members.values_mut().for_each(add_greatest);
        }
        Value::Array(elements) => elements.iter_mut().for_each(add_greatest),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE=1 cargo test` writes the file anew.
    #[test]
    fn the_documented_schema_is_the_present_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/facts.schema.json");
        let schema = format!("{:#}\n", facts_schema());
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &schema).unwrap();
        }
        let documented = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            documented == schema,
            "docs/facts.schema.json is not the present schema: UPDATE=1 writes it anew"
        );
    }

    #[test]
    fn only_the_path_is_required() {
        assert_eq!(facts_schema()["required"], serde_json::json!(["path"]));
    }
}
