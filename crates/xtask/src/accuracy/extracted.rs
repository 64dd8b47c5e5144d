//! What `snake-pipe extract` says, in the form in which it is compared.

use serde_json::{Value, json};

use super::fact::{Fact, FileFacts, Places, text};

/// Reads a line of `snake-pipe extract`.
pub(crate) fn file_facts(line: &str, places: Places) -> Result<FileFacts, String> {
    let file: Value =
        serde_json::from_str(line).map_err(|error| format!("the extractor writes no JSON: {error}"))?;
    let status = file["parse_status"].as_str().unwrap_or("parsed");
    let mut facts = Vec::new();
    functions(&file, places, &mut facts);
    classes(&file, &mut facts);
    references(&file, &mut facts);
    facts.push(lines(&file));
    let facts = facts.into_iter().map(|fact| fact.known_to(places)).collect();
    let error = match status {
        "parsed" => None,
        status => Some(format!("{status}: {}", text(&file["skip_reason"]))),
    };
    Ok(FileFacts { path: text(&file["path"]), error, facts, blind: Vec::new() })
}

fn functions(file: &Value, places: Places, facts: &mut Vec<Fact>) {
    for (index, function) in list(&file["functions"]).iter().enumerate() {
        let at = span(&function["span"]);
        let kind = match function["kind"].as_str() {
            Some("operator") => json!("method"),
            _ => function["kind"].clone(),
        };
        let mut fact = Fact::new("function", at.clone(), text(&function["name"]))
            .qualified(&function["qualified_name"])
            .with("kind", &kind)
            .with("return_type", &function["return_type"]);
        for flag in ["is_async", "is_static", "is_abstract"] {
            fact = fact.with(flag, &function[flag]);
        }
        facts.push(fact);
        numbers(function, &at, facts);
        documentation(&function["doc_string"], &at, facts);
        for (number, parameter) in list(&function["parameters"]).iter().enumerate() {
            // A judge that knows where a function ends finds its parameters there.
            let of = if places == Places::End { &at[2..] } else { &at };
            let fact = Fact::new("parameter", part(of, number), text(&parameter["name"]))
                .with("kind", &parameter["kind"])
                .with("default", &parameter["default_value"])
                .with("annotation", &parameter["type"]);
            facts.push(fact);
        }
        annotations(file, "function", index, &at, facts);
    }
}

/// What is measured of a function, under the names of the tools that measure it.
fn numbers(function: &Value, at: &[u64], facts: &mut Vec<Fact>) {
    let name = text(&function["name"]);
    if !function["complexity_lizard"].is_null() {
        // lizard knows the line on which a function ends, and its bare name.
        let fact = Fact::new("lizard", at.get(2).copied().into_iter().collect(), name.clone());
        facts.push(fact.with("complexity", &function["complexity_lizard"]));
    }
    if function["kind"] != "closure" {
        let fact = Fact::new("numbers", at.to_vec(), name)
            .qualified(&function["qualified_name"])
            .with("mccabe", &function["complexity_mccabe"])
            .with("radon", &function["complexity_radon"])
            .with("lizard", &function["complexity_lizard"])
            .with("cognitive_complexity", &function["cognitive_complexity"]);
        facts.push(fact);
    }
}

/// The lines of the file.
fn lines(file: &Value) -> Fact {
    let lines = &file["lines"];
    ["code", "comment", "blank"]
        .into_iter()
        .fold(Fact::new("lines", vec![1], String::new()), |fact, kind| fact.with(kind, &lines[kind]))
}

fn classes(file: &Value, facts: &mut Vec<Fact>) {
    let bases = list(&file["bases"]);
    for (index, class) in list(&file["classes"]).iter().enumerate() {
        let at = span(&class["span"]);
        let fact = Fact::new("class", at.clone(), text(&class["name"]))
            .qualified(&class["qualified_name"])
            .with("kind", &class["kind"]);
        facts.push(fact);
        documentation(&class["doc_string"], &at, facts);
        let own = bases.iter().filter(|base| base["class"].as_u64() == Some(index as u64));
        for (number, base) in own.enumerate() {
            facts.push(Fact::new("base", part(&at, number), text(&base["name"])).with("text", &base["text"]));
        }
        annotations(file, "class", index, &at, facts);
    }
}

fn references(file: &Value, facts: &mut Vec<Fact>) {
    for import in list(&file["imports"]) {
        let at = vec![number(&import["line"]), number(&import["column"])];
        let fact = Fact::new("import", at, text(&import["name"]))
            .qualified(&import["module"])
            .with("kind", &import["kind"])
            .with("alias", &import["alias"])
            .with("is_type_only", &import["is_type_only"])
            .with("is_relative", &import["is_relative"]);
        facts.push(fact);
    }
    for call in list(&file["calls"]) {
        let at = vec![number(&call["line"]), number(&call["column"])];
        let function = call["function"].as_u64().map(|index| &file["functions"][index as usize]);
        let function = function.map_or(&Value::Null, |function| &function["qualified_name"]);
        let fact = Fact::new("call", at, text(&call["name"]))
            .with("kind", &call["kind"])
            .with("text", &call["text"])
            .with("function", function)
            .with("arguments", &json!(call["argument_count"].to_string()));
        facts.push(fact);
    }
}

fn documentation(text: &Value, at: &[u64], facts: &mut Vec<Fact>) {
    if let Some(text) = text.as_str() {
        facts.push(Fact::new("doc_string", begin(at), text.to_owned()));
    }
}

fn annotations(file: &Value, owner: &str, index: usize, at: &[u64], facts: &mut Vec<Fact>) {
    let all = list(&file["annotations"]);
    let own = all.iter().filter(|annotation| annotation["owner"][owner].as_u64() == Some(index as u64));
    for (number, annotation) in own.enumerate() {
        let fact = Fact::new("decorator", part(at, number), text(&annotation["name"]));
        facts.push(fact.with("arguments", &annotation["arguments"]));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn span(value: &Value) -> Vec<u64> {
    ["line_start", "column_start", "line_end", "column_end"].map(|field| number(&value[field])).to_vec()
}

fn begin(at: &[u64]) -> Vec<u64> {
    at.iter().take(2).copied().collect()
}

/// The place of a part of a definition.
fn part(at: &[u64], number: usize) -> Vec<u64> {
    let mut place = begin(at);
    place.push(number as u64);
    place
}
