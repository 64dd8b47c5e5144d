//! `--format json`: what the program writes is what `docs/json.md` says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    shop,
    support::{Answer, Place},
};

/// A command whose answer fills as much of the shape as possible.
type Example = fn(&Place) -> Answer;

const EXAMPLES: &[(&str, Example)] = &[
    ("errors list", |place| {
        // A backend that fails and a record that is refused fill the control plane of another database.
        place.write("refused.ndjson", "{\"path\":\"b.py\",\"calls\":3}\n");
        place.write("bad.db", "this is no database");
        let to = ["--to", "sqlite:kept.db", "--to", "sqlite:bad.db"];
        place.run(&[&["load", "--facts", "refused.ndjson"], &to[..]].concat()).exits(3);
        place.run(&["errors", "list", "--from", "sqlite:kept.db", "--format", "json"]).exits(0)
    }),
    ("dead-letters list", |place| {
        place.run(&["dead-letters", "list", "--from", "sqlite:kept.db", "--format", "json"]).exits(0)
    }),
    ("errors list --groups", |place| {
        let groups = ["errors", "list", "--groups", "--from", "sqlite:kept.db", "--format", "json"];
        place.run(&groups).exits(0)
    }),
    ("positions", |place| {
        let facts = ["load", "--facts", "followed.ndjson", "--position", "orders-db/shop=16/B374D848"];
        place.write("followed.ndjson", "{\"path\":\"a.py\"}\n");
        place.run(&[&facts[..], &["--to", "sqlite:followed.db"]].concat()).exits(0);
        place.run(&["positions", "--from", "sqlite:followed.db", "--format", "json"]).exits(0)
    }),
    ("runs show", |place| {
        let runs =
            place.run(&["runs", "list", "--from", "sqlite:kept.db", "--format", "json"]).exits(0).json();
        let id = runs[0]["id"].as_str().unwrap();
        place.run(&["runs", "show", id, "--from", "sqlite:kept.db", "--format", "json"]).exits(0)
    }),
    ("load", |place| {
        // One backend fails, and one line is refused, so that errors and refusals show their shape too.
        place.write(
            "facts.ndjson",
            "{\"path\":\"a.py\",\"language\":\"python\"}\n{\"path\":\"b.py\",\"calls\":3}\n",
        );
        place.write("none.db", "this is no database");
        place
            .run(&[
                "load",
                "--facts",
                "facts.ndjson",
                "--position",
                "orders-db=17",
                "--to",
                "sqlite:none.db",
                "--to",
                "sqlite:a.db",
                "--format",
                "json",
            ])
            .exits(3)
    }),
    ("load", |place| place.run(&["load", "shop", "--to", "sqlite:b.db", "--format", "json"]).exits(0)),
    ("query", |place| {
        place.run(&["query", "hotspots", "--from", "sqlite:code.db", "--format", "json"]).exits(0)
    }),
    ("queries", |place| place.run(&["queries", "--format", "json"]).exits(0)),
    ("status", |place| place.run(&["status", "--from", "sqlite:code.db", "--format", "json"]).exits(0)),
    ("check", |place| place.run(&["check", "--from", "sqlite:code.db", "--format", "json"]).exits(0)),
    ("backends list", |place| place.run(&["backends", "list", "--format", "json"]).exits(0)),
    ("backends show", |place| place.run(&["backends", "show", "sqlite", "--format", "json"]).exits(0)),
    ("repositories list", |place| {
        place.run(&["repositories", "list", "--from", "sqlite:code.db", "--format", "json"]).exits(0)
    }),
    ("repositories list", |place| {
        place
            .run(&["repositories", "remove", "shop", "--from", "sqlite:code.db", "--format", "json"])
            .exits(0)
    }),
    ("migrate", |place| place.run(&["migrate", "--to", "sqlite:new.db", "--format", "json"]).exits(0)),
    ("config show", |place| place.run(&["config", "show", "--format", "json"]).exits(0)),
    ("health", |place| place.run(&["health", "--from", "sqlite:code.db", "--format", "json"]).exits(0)),
    ("backup", |place| {
        place.run(&["backup", "monday", "--from", "sqlite:code.db", "--format", "json"]).exits(0)
    }),
    ("restore", |place| {
        place.run(&["restore", "monday", "--to", "sqlite:again.db", "--format", "json"]).exits(0)
    }),
    ("pipelines list", |place| {
        place.run(&["pipelines", "list", "--from", "sqlite:code.db", "--format", "json"]).exits(0)
    }),
    ("pipelines show", |place| {
        place.run(&["pipelines", "show", "shop", "--from", "sqlite:code.db", "--format", "json"]).exits(0)
    }),
    ("runs list", |place| {
        place.run(&["runs", "list", "--from", "sqlite:code.db", "--format", "json"]).exits(0)
    }),
    ("tasks", |place| place.run(&["tasks", "--from", "sqlite:code.db", "--format", "json"]).exits(0)),
    ("errors list", |place| {
        place.run(&["errors", "list", "--from", "sqlite:code.db", "--format", "json"]).exits(0)
    }),
    ("errors list --groups", |place| {
        place.run(&["errors", "list", "--groups", "--from", "sqlite:code.db", "--format", "json"]).exits(0)
    }),
    ("dead-letters list", |place| {
        place.run(&["dead-letters", "list", "--from", "sqlite:code.db", "--format", "json"]).exits(0)
    }),
    ("positions", |place| place.run(&["positions", "--from", "sqlite:code.db", "--format", "json"]).exits(0)),
    ("schemas list", |place| {
        place.run(&["schemas", "list", "--from", "sqlite:code.db", "--format", "json"]).exits(0)
    }),
    ("schemas diff", |place| {
        place
            .run(&["schemas", "diff", "functions", "1", "1", "--from", "sqlite:code.db", "--format", "json"])
            .exits(0)
    }),
    ("lineage", |place| place.run(&["lineage", "--from", "sqlite:code.db", "--format", "json"]).exits(0)),
    ("lineage NAME", |place| {
        place
            .run(&["lineage", "shop", "--downstream", "--from", "sqlite:code.db", "--format", "json"])
            .exits(0)
    }),
    ("stats", |place| place.run(&["stats", "--from", "sqlite:code.db", "--format", "json"]).exits(0)),
    ("recover", |place| place.run(&["recover", "--from", "sqlite:code.db", "--format", "json"]).exits(0)),
    ("gc", |place| place.run(&["gc", "--dry-run", "--from", "sqlite:code.db", "--format", "json"]).exits(0)),
    ("audit", |place| place.run(&["audit", "--from", "sqlite:code.db", "--format", "json"]).exits(0)),
    ("doctor", |place| place.run(&["doctor", "--from", "sqlite:missing.db", "--format", "json"]).exits(1)),
];

/// Commands whose answer is one of a documented list, or that of another command.
const LIKE_OTHERS: &[(&str, Like, Example)] = &[
    ("dead-letters list", Like::One, |place| {
        let letter = first_id(place, &["dead-letters", "list"]);
        kept(place, &["dead-letters", "show", &letter])
    }),
    ("load", Like::Same, |place| {
        let letter = first_id(place, &["dead-letters", "list"]);
        let replay =
            ["dead-letters", "replay", &letter, "--from", "sqlite:kept.db", "--to", "sqlite:kept.db"];
        // The record is as wrong as before.
        place.run(&[&replay[..], &["--format", "json"]].concat()).exits(3)
    }),
    ("dead-letters list", Like::One, |place| {
        let letter = first_id(place, &["dead-letters", "list"]);
        kept(place, &["dead-letters", "resolve", &letter, "--note", "put right by hand"])
    }),
    ("dead-letters list", Like::One, |place| {
        // Refused again, and thrown away.
        place.run(&["load", "--facts", "refused.ndjson", "--to", "sqlite:kept.db"]).exits(3);
        let letter = first_id(place, &["dead-letters", "list", "--status", "pending"]);
        kept(place, &["dead-letters", "discard", &letter, "--note", "not worth it"])
    }),
    ("dead-letters list", Like::Same, |place| {
        // Nothing waits any more.
        kept(place, &["dead-letters", "replay", "--to", "sqlite:kept.db"])
    }),
    ("errors list", Like::One, |place| {
        let error = first_id(place, &["errors", "list"]);
        kept(place, &["errors", "show", &error])
    }),
    ("errors resolve", Like::Same, |place| {
        let error = first_id(place, &["errors", "list", "--status", "open"]);
        kept(place, &["errors", "resolve", &error, "--note", "the file is one now"])
    }),
    ("load", Like::Same, |place| {
        let run = first_id(place, &["runs", "list", "--status", "failed"]);
        let retry = ["runs", "retry", &run, "--from", "sqlite:kept.db", "--to", "sqlite:kept.db"];
        place.run(&[&retry[..], &["--format", "json"]].concat()).exits(3)
    }),
    ("pipelines show", Like::Same, |place| {
        kept(place, &["pipelines", "create", "etl", "--definition", "{\"steps\":2}", "--tag", "team=data"])
    }),
    ("pipelines show", Like::Same, |place| {
        kept(place, &["pipelines", "update", "etl", "--description", "every night"])
    }),
    ("pipelines delete", Like::Same, |place| kept(place, &["pipelines", "delete", "etl"])),
    ("schemas list", Like::One, |place| kept(place, &["schemas", "show", "functions"])),
];

/// How an answer is like the documented one.
#[derive(Clone, Copy)]
enum Like {
    Same,
    /// One of the documented list.
    One,
}

/// What the control plane of `kept.db` answers.
fn kept(place: &Place, command: &[&str]) -> Answer {
    place.run(&[command, &["--from", "sqlite:kept.db", "--format", "json"]].concat()).exits(0)
}

fn first_id(place: &Place, list: &[&str]) -> String {
    kept(place, list).json()[0]["id"].as_str().unwrap_or_else(|| panic!("{list:?} is empty")).to_owned()
}

#[test]
fn every_answer_has_the_documented_shape() {
    let place = shop::loaded();
    let mut shapes = documented_shapes();
    for (command, example) in EXAMPLES {
        let shape = shapes.get_mut(*command).unwrap_or_else(|| panic!("docs/json.md has no `## {command}`"));
        let answer = example(&place);
        if let Err(difference) = compare("", &answer.json(), &shape.json) {
            panic!("docs/json.md, {command}{difference}\n{}", answer.told());
        }
        shape.is_shown = true;
    }
    for (command, like, example) in LIKE_OTHERS {
        let shape = shapes.get_mut(*command).unwrap_or_else(|| panic!("docs/json.md has no `## {command}`"));
        let answer = example(&place);
        let expected = match like {
            Like::Same => &shape.json,
            Like::One => &shape.json[0],
        };
        if let Err(difference) = compare("", &answer.json(), expected) {
            panic!("docs/json.md, like {command}{difference}\n{}", answer.told());
        }
        shape.is_shown = true;
    }
    let unknown: Vec<_> =
        shapes.iter().filter(|(_, shape)| !shape.is_shown).map(|(command, _)| command).collect();
    assert!(unknown.is_empty(), "docs/json.md describes commands that no example here shows: {unknown:?}");
}

struct Shape {
    json: Value,
    is_shown: bool,
}

/// The first JSON block under each heading.
fn documented_shapes() -> BTreeMap<String, Shape> {
    let text = include_str!("../../docs/json.md");
    let sections = text.split("\n## ").skip(1).map(|section| {
        let (heading, rest) = section.split_once('\n').unwrap();
        let block = rest.split("```json\n").nth(1).and_then(|rest| rest.split("\n```").next());
        let block = block.unwrap_or_else(|| panic!("{heading} has no JSON block"));
        let json = serde_json::from_str(block).unwrap_or_else(|error| panic!("{heading}: {error}"));
        (heading.to_owned(), Shape { json, is_shown: false })
    });
    sections.collect()
}

/// What differs, and where.
fn compare(place: &str, found: &Value, shape: &Value) -> Result<(), String> {
    let differs = |what: &str| Err(format!(" at `{place}`: {what}"));
    match (shape, found) {
        (Value::Object(shape), Value::Object(found)) => compare_objects(place, found, shape),
        (Value::String(kind), _) if kind == "json" => Ok(()),
        (Value::Array(shape), Value::Array(found)) => {
            found.iter().try_for_each(|item| compare(&format!("{place}[]"), item, &shape[0]))
        }
        (Value::String(kind), found) => match (kind.as_str(), found) {
            ("text", Value::String(_)) | ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => Ok(()),
            ("value", Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => Ok(()),
            _ => differs(&format!("expected {kind}, found {found}")),
        },
        _ => differs(&format!("expected {shape}, found {found}")),
    }
}

fn compare_objects(
    place: &str,
    found: &Map<String, Value>,
    shape: &Map<String, Value>,
) -> Result<(), String> {
    if let Some(any) = shape.get("*") {
        return found.iter().try_for_each(|(key, value)| compare(&format!("{place}.{key}"), value, any));
    }
    let name = |key: &String| key.trim_end_matches('?').to_owned();
    let expected: BTreeSet<_> = shape.keys().map(name).collect();
    let actual: BTreeSet<_> = found.keys().cloned().collect();
    if expected != actual {
        return Err(format!(" at `{place}`: expected the keys {expected:?}, found {actual:?}"));
    }
    shape.iter().try_for_each(|(key, shape)| match &found[&name(key)] {
        Value::Null if key.ends_with('?') => Ok(()),
        value => compare(&format!("{place}.{key}"), value, shape),
    })
}
