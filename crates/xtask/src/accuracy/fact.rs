//! A fact in the form in which the judges' and ours are compared, and both sides' way into it.
//!
//! A judge writes one JSON object a file: `{"path", "facts": [{"kind", "at", "name", "qualified_name", "attributes", "unknown"}],
//! "blind"}`, or `{"path", "error"}` where it cannot read the file. `at` is what facts are joined on: line and column
//! (from 1, in bytes), for definitions those of the end too (or what [`Places`] says), for parts of a definition its begin and the part's
//! number. `unknown` names attributes of a fact that the judge cannot say. `blind` are spans in which the judge's places are known to be
//! wrong: four numbers, and a kind of fact where only that one is meant.

use std::collections::BTreeMap;

use serde_json::Value;

/// What a judge knows of the place of a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Places {
    /// Begin and end.
    Whole,
    /// Where it ends: what the judge takes for its beginning is another thing than ours.
    End,
    /// The line on which it ends, and no qualified names.
    EndLine,
}

/// A fact of one side.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fact {
    /// What kind of fact it is: `function`, `call`, …
    pub(crate) kind: String,
    /// Where it is; see above.
    pub(crate) at: Vec<u64>,
    /// The bare name, or what stands for one.
    pub(crate) name: String,
    /// The name with what encloses it; of an import, the module.
    pub(crate) qualified_name: String,
    /// What else is said about it; what is not there is left out.
    pub(crate) attributes: BTreeMap<String, String>,
    /// Attributes of which the judge says that it does not know them of this fact.
    pub(crate) unknown: Vec<String>,
}

/// What one side says about a file.
#[derive(Default)]
pub(crate) struct FileFacts {
    /// Path below the corpus.
    pub(crate) path: String,
    /// Why the side could not read it.
    pub(crate) error: Option<String>,
    /// The facts.
    pub(crate) facts: Vec<Fact>,
    /// Spans in which the judge's places are wrong, each with the kind of fact that this concerns; without one, all.
    pub(crate) blind: Vec<(Vec<u64>, Option<String>)>,
}

impl FileFacts {
    /// Reads a line that a judge wrote.
    pub(crate) fn of_judge(line: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(line).map_err(|error| format!("the judge writes no JSON: {error}"))?;
        let list = |name: &str| value[name].as_array().cloned().unwrap_or_default();
        Ok(Self {
            path: text(&value["path"]),
            error: value["error"].as_str().map(str::to_owned),
            facts: list("facts").iter().map(Fact::of_judge).collect(),
            blind: list("blind")
                .iter()
                .map(|span| (numbers(span), span[4].as_str().map(str::to_owned)))
                .collect(),
        })
    }
}

impl Fact {
    /// A fact of this kind at this place.
    pub(crate) fn new(kind: &str, at: Vec<u64>, name: String) -> Self {
        Self { kind: kind.to_owned(), at, name, ..Self::default() }
    }

    fn of_judge(value: &Value) -> Self {
        let attributes = value["attributes"].as_object().into_iter().flatten();
        Self {
            kind: text(&value["kind"]),
            at: numbers(&value["at"]),
            name: text(&value["name"]),
            qualified_name: text(&value["qualified_name"]),
            attributes: attributes.map(|(name, value)| (name.clone(), text(value))).collect(),
            unknown: value["unknown"].as_array().into_iter().flatten().map(text).collect(),
        }
    }

    /// The fact with its qualified name.
    pub(crate) fn qualified(mut self, name: &Value) -> Self {
        self.qualified_name = text(name);
        self
    }

    /// The fact with an attribute, unless that is null, false or empty.
    pub(crate) fn with(mut self, name: &str, value: &Value) -> Self {
        let text = match value {
            Value::Null | Value::Bool(false) => String::new(),
            Value::Bool(true) => "true".to_owned(),
            Value::Number(number) => number.to_string(),
            value => text(value),
        };
        if !text.is_empty() {
            self.attributes.insert(name.to_owned(), text);
        }
        self
    }

    /// The fact in the place that a judge knows, and with the names that it knows.
    pub(crate) fn known_to(mut self, places: Places) -> Self {
        if places == Places::End {
            // Clang says a type by its words; how many spaces are between them is the source's.
            for name in ["annotation", "return_type"] {
                self.attributes.entry(name.to_owned()).and_modify(|text| *text = without_blanks(text));
            }
        }
        let [_, _, line, column] = self.at[..] else { return self };
        match places {
            Places::Whole => {}
            Places::End => self.at = vec![line, column],
            Places::EndLine => {
                self.at = vec![line];
                self.qualified_name.clear();
            }
        }
        self
    }

    /// The fact as a line of a report.
    pub(crate) fn to_json(&self) -> Value {
        serde_json::json!({
            "kind": self.kind, "at": self.at, "name": self.name, "qualified_name": self.qualified_name,
            "attributes": self.attributes,
        })
    }

    /// Whether it begins inside a span.
    pub(crate) fn is_in(&self, span: &[u64]) -> bool {
        let [line, column, end_line, end_column] = span else { return false };
        let begin = (self.at.first().copied().unwrap_or(0), self.at.get(1).copied().unwrap_or(0));
        (*line, *column) <= begin && begin < (*end_line, *end_column)
    }
}

/// A text without spaces but those between two words.
fn without_blanks(text: &str) -> String {
    let is_word = |letter: Option<char>| letter.is_some_and(|it| it.is_alphanumeric() || it == '_');
    let mut short = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != ' ' || is_word(short.chars().last()) && is_word(letters.peek().copied()) {
            short.push(letter);
        }
    }
    short
}

/// A JSON string's text; empty for anything else.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or("").to_owned()
}

fn numbers(value: &Value) -> Vec<u64> {
    value.as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
}
