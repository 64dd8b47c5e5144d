//! What changed between two versions of a schema, and who can read whose data.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use crate::model::{
    ChangeKind, ColumnDefinition, Compatibility, EvolutionType, IndexDefinition, SchemaChange,
    SchemaDefinition, SchemaDiff,
};

/// The difference between two shapes.
///
/// Compatibility is meant as schema registries mean it: *backward* if a reader of the new shape can read old data, *forward*
/// if a reader of the old shape can read new data. Indexes make no difference to it.
#[must_use]
pub fn diff(old: &SchemaDefinition, new: &SchemaDefinition) -> SchemaDiff {
    let mut found = Found::default();
    found.columns(&old.columns, &new.columns);
    found.key(&old.primary_key, &new.primary_key);
    found.indexes(&old.indexes, &new.indexes);
    found.diff()
}

/// What a first version is.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
#[must_use]
pub(crate) fn created() -> SchemaDiff {
    SchemaDiff {
        changes: Vec::new(),
        evolution: EvolutionType::Create,
        compatibility: Compatibility::Full,
        reasons: Vec::new(),
    }
}

#[derive(Default)]
struct Found {
    changes: Vec<SchemaChange>,
    kinds: Vec<EvolutionType>,
    not_backward: Vec<String>,
    not_forward: Vec<String>,
}

impl Found {
    fn columns(&mut self, old: &[ColumnDefinition], new: &[ColumnDefinition]) {
        let (old, new) = (by_name(old, |column| &column.name), by_name(new, |column| &column.name));
        for (name, column) in &old {
            match new.get(name) {
                None => {
                    self.push(EvolutionType::DropColumn, ChangeKind::Dropped, name, Some(*column), None);
                    if !column.nullable {
                        self.not_forward
                            .push(format!("readers of the old version require `{name}`, which is dropped"));
                    }
                }
                Some(other) => self.column(name, column, other),
            }
        }
        for (name, column) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
            self.push(EvolutionType::AddColumn, ChangeKind::Added, name, None, Some(*column));
            if !column.nullable && column.default.is_none() {
                self.not_backward
                    .push(format!("`{name}` is required and has no default, and old data lacks it"));
            }
        }
        self.changes.sort_by(|one, other| one.field.cmp(&other.field));
    }

    fn column(&mut self, name: &str, old: &ColumnDefinition, new: &ColumnDefinition) {
        if old.data_type != new.data_type {
            self.modified(name, "type", &old.data_type, &new.data_type);
            let (old, new) = (&old.data_type, &new.data_type);
            if !widens(old, new) {
                self.not_backward.push(format!("`{name}` was {old}, which {new} does not take in"));
            }
            if !widens(new, old) {
                self.not_forward.push(format!("`{name}` is {new} now, which {old} does not take in"));
            }
        }
        if old.nullable != new.nullable {
            self.modified(name, "nullable", &old.nullable, &new.nullable);
            match new.nullable {
                true => self.not_forward.push(format!("`{name}` may be null now")),
                false => {
                    self.not_backward.push(format!("`{name}` may no longer be null, old data may have nulls"))
                }
            }
        }
        if old.default != new.default {
            self.modified(name, "default", &old.default, &new.default);
        }
    }

    fn modified(&mut self, name: &str, what: &str, old: &impl Serialize, new: &impl Serialize) {
        let field = format!("columns.{name}.{what}");
        self.change(EvolutionType::ModifyColumn, ChangeKind::Modified, field, json(old), json(new));
    }

    fn push(
        &mut self,
        evolution: EvolutionType,
        kind: ChangeKind,
        name: &str,
        old: Option<&ColumnDefinition>,
        new: Option<&ColumnDefinition>,
    ) {
        self.change(evolution, kind, format!("columns.{name}"), json(&old), json(&new));
    }

    fn key(&mut self, old: &[String], new: &[String]) {
        if old != new {
            let field = "primary_key".to_owned();
            self.change(EvolutionType::ModifyKey, ChangeKind::Modified, field, json(&old), json(&new));
            self.not_backward.push("rows are known by another key".to_owned());
            self.not_forward.push("rows are known by another key".to_owned());
        }
    }

    fn indexes(&mut self, old: &[IndexDefinition], new: &[IndexDefinition]) {
        let (old, new) = (by_name(old, |index| &index.name), by_name(new, |index| &index.name));
        for (name, index) in &old {
            let field = format!("indexes.{name}");
            match new.get(name) {
                None => {
                    let (old, new) = (json(index), Json::Null);
                    self.change(EvolutionType::DropIndex, ChangeKind::Dropped, field, old, new);
                }
                Some(other) if other != index => {
                    let (old, new) = (json(index), json(other));
                    self.change(EvolutionType::ModifyIndex, ChangeKind::Modified, field, old, new);
                }
                Some(_) => {}
            }
        }
        for (name, index) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
            let field = format!("indexes.{name}");
            self.change(EvolutionType::AddIndex, ChangeKind::Added, field, Json::Null, json(index));
        }
    }

    fn change(&mut self, evolution: EvolutionType, kind: ChangeKind, field: String, old: Json, new: Json) {
        self.kinds.push(evolution);
        self.changes.push(SchemaChange { kind, field, old, new });
    }

    fn diff(self) -> SchemaDiff {
        let evolution = match self.kinds.first() {
            Some(first) if self.kinds.iter().all(|kind| kind == first) => *first,
            _ => EvolutionType::Several,
        };
        let compatibility = match (self.not_backward.is_empty(), self.not_forward.is_empty()) {
            (true, true) => Compatibility::Full,
            (true, false) => Compatibility::Backward,
            (false, true) => Compatibility::Forward,
            (false, false) => Compatibility::None,
        };
        let backward = self.not_backward.into_iter().map(|reason| format!("not backward: {reason}"));
        let forward = self.not_forward.into_iter().map(|reason| format!("not forward: {reason}"));
        let reasons = backward.chain(forward).collect();
        SchemaDiff { changes: self.changes, evolution, compatibility, reasons }
    }
}

fn by_name<'a, T>(items: &'a [T], name: impl Fn(&'a T) -> &'a String) -> BTreeMap<&'a str, &'a T> {
    items.iter().map(|item| (name(item).as_str(), item)).collect()
}

fn json(value: &impl Serialize) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}

/// Whether every value of one type is one of the other. Types are compared in lower case, by their usual names in SQL.
fn widens(from: &str, to: &str) -> bool {
    const CHAINS: &[&[&str]] = &[
        &["smallint", "integer", "bigint", "numeric"],
        &["smallint", "int", "bigint", "numeric"],
        &["int2", "int4", "int8", "numeric"],
        &["real", "double precision"],
        &["float4", "float8"],
        &["integer", "double precision"],
        &["char", "varchar", "text"],
        &["date", "timestamp"],
    ];
    let (from, to) = (from.to_ascii_lowercase(), to.to_ascii_lowercase());
    let place = |chain: &[&str], name: &str| chain.iter().position(|known| *known == name);
    from == to
        || CHAINS.iter().any(
            |chain| matches!((place(chain, &from), place(chain, &to)), (Some(from), Some(to)) if from < to),
        )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table(columns: Vec<ColumnDefinition>) -> SchemaDefinition {
        SchemaDefinition { columns, primary_key: vec!["id".into()], indexes: Vec::new() }
    }

    fn id() -> ColumnDefinition {
        ColumnDefinition::required("id", "integer")
    }

    #[test]
    fn an_optional_column_is_added_and_everybody_can_go_on_reading() {
        let old = table(vec![id()]);
        let new = table(vec![id(), ColumnDefinition::nullable("email", "text")]);
        let diff = diff(&old, &new);
        assert_eq!((diff.evolution, diff.compatibility), (EvolutionType::AddColumn, Compatibility::Full));
        assert_eq!(diff.changes[0].field, "columns.email");
        assert_eq!((&diff.changes[0].old, &diff.changes[0].new["type"]), (&Json::Null, &json!("text")));
    }

    #[test]
    fn a_required_column_breaks_reading_old_data_and_says_so() {
        let new = table(vec![id(), ColumnDefinition::required("email", "text")]);
        let diff = diff(&table(vec![id()]), &new);
        assert_eq!(diff.compatibility, Compatibility::Forward);
        assert_eq!(
            diff.reasons,
            ["not backward: `email` is required and has no default, and old data lacks it"]
        );
    }

    #[test]
    fn a_wider_type_is_backward_compatible_a_narrower_one_forward_and_another_neither() {
        let of = |data_type: &str| table(vec![id(), ColumnDefinition::nullable("n", data_type)]);
        let compared = |old, new| diff(&of(old), &of(new)).compatibility;
        assert_eq!(compared("integer", "bigint"), Compatibility::Backward);
        assert_eq!(compared("bigint", "integer"), Compatibility::Forward);
        assert_eq!(compared("text", "bigint"), Compatibility::None);
        let diff = diff(&of("integer"), &of("bigint"));
        assert_eq!(diff.evolution, EvolutionType::ModifyColumn);
        assert_eq!(diff.changes[0].field, "columns.n.type");
        assert_eq!((&diff.changes[0].old, &diff.changes[0].new), (&json!("integer"), &json!("bigint")));
    }

    #[test]
    fn indexes_and_keys_are_changes_too() {
        let index =
            |name: &str| IndexDefinition { name: name.into(), columns: vec!["id".into()], unique: false };
        let old = SchemaDefinition { indexes: vec![index("a")], ..table(vec![id()]) };
        let added = SchemaDefinition { indexes: vec![index("a"), index("b")], ..table(vec![id()]) };
        assert_eq!(diff(&old, &added).evolution, EvolutionType::AddIndex);
        assert_eq!(diff(&added, &old).evolution, EvolutionType::DropIndex);
        assert_eq!(diff(&old, &added).compatibility, Compatibility::Full);
        let other_key = SchemaDefinition { primary_key: vec!["id".into(), "x".into()], ..old.clone() };
        let found = diff(&old, &other_key);
        assert_eq!((found.evolution, found.compatibility), (EvolutionType::ModifyKey, Compatibility::None));
    }

    #[test]
    fn several_kinds_of_change_at_once_are_several() {
        let old = table(vec![id(), ColumnDefinition::nullable("a", "text")]);
        let new = table(vec![id(), ColumnDefinition::nullable("b", "text")]);
        let diff = diff(&old, &new);
        assert_eq!(diff.evolution, EvolutionType::Several);
        let fields: Vec<_> = diff.changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["columns.a", "columns.b"]);
    }

    #[test]
    fn the_order_of_columns_makes_no_version() {
        let a = || ColumnDefinition::nullable("a", "text");
        assert_eq!(table(vec![id(), a()]).hash(), table(vec![a(), id()]).hash());
    }
}
