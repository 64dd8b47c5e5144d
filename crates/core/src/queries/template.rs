//! The text of a named query, and the statements it becomes.
//!
//! `{unused_imports}` is a `SELECT` that a derived table is made from too. `{name}` is a parameter, cast to its type; `{name}` of a list is all of its values. `{repositories}` is a list of repositories'
//! numbers, behind `IN`. What stands between `/* each repository */` and `/* end */` is a `SELECT` that is repeated for every
//! repository, joined by `UNION ALL`, with that repository alone in its `{repositories}`: so an index that is ordered within
//! a repository ends each of them early.

use super::QueryParameter;
use crate::query::{SqlQuery, Value};

/// A statement repeats a `SELECT` so many times at most; for more repositories it stands once, for all of them. Planning
/// costs more than it saves from there on.
const MAX_REPEATS: usize = 40;
/// Imports whose name is not used in their file, of the repositories that `{repositories}` lists and the imports `i` that `{only}` picks:
/// their keys.
pub(crate) const UNUSED_IMPORTS: &str = include_str!("../../queries/unused-imports.rows.sql");
const EACH: &str = "/* each repository */";
const END: &str = "/* end */";

/// Which repositories a statement looks at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Repositories<'a> {
    /// Those that fit the parameter `repository`; the database finds out.
    ByName,
    /// These.
    Known(&'a [i64]),
}

/// The statement, with its parameters numbered and their values in that order.
pub(super) fn expand(
    template: &str,
    values: &[(QueryParameter, Vec<Value>)],
    repositories: Repositories<'_>,
) -> SqlQuery {
    let mut expansion =
        Expansion { values, numbered: Vec::new(), parameters: Vec::new(), sql: String::new() };
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once(EACH) {
        let (block, behind) = behind.split_once(END).unwrap_or((behind, ""));
        expansion.text(before, repositories);
        match repositories {
            Repositories::Known(known @ [_, _, ..]) if known.len() <= MAX_REPEATS => {
                for (index, repository) in known.iter().enumerate() {
                    expansion.sql.push_str(if index == 0 { "" } else { " UNION ALL " });
                    expansion.text(block, Repositories::Known(&[*repository]));
                }
            }
            _ => expansion.text(block, repositories),
        }
        rest = behind;
    }
    expansion.text(rest, repositories);
    SqlQuery { is_own: true, ..SqlQuery::new(expansion.sql).with_parameters(expansion.parameters) }
}

struct Expansion<'a> {
    values: &'a [(QueryParameter, Vec<Value>)],
    /// Names that have their numbers, with what stands for them.
    numbered: Vec<(&'static str, String)>,
    parameters: Vec<Value>,
    sql: String,
}

impl Expansion<'_> {
    fn text(&mut self, mut text: &str, repositories: Repositories<'_>) {
        while let Some((before, behind)) = text.split_once('{') {
            let (name, behind) = behind.split_once('}').unwrap_or((behind, ""));
            self.sql.push_str(before);
            match name {
                "repositories" => {
                    let place = self.repositories(repositories);
                    self.sql.push_str(&place);
                }
                "unused_imports" => self.text(&UNUSED_IMPORTS.replace("{only}", "true"), repositories),
                _ => {
                    let place = self.place(name);
                    self.sql.push_str(&place);
                }
            }
            text = behind;
        }
        self.sql.push_str(text);
    }

    fn repositories(&mut self, repositories: Repositories<'_>) -> String {
        match repositories {
            Repositories::ByName => {
                let name = self.place("repository");
                format!(
                    "SELECT repository_id FROM repositories WHERE snapshot_id IS NOT NULL \
                     AND ({name} IS NULL OR {name} IN (name, name || '@' || ref_name))"
                )
            }
            // Nothing equals NULL.
            Repositories::Known([]) => "NULL".to_owned(),
            Repositories::Known(known) => known.iter().map(i64::to_string).collect::<Vec<_>>().join(", "),
        }
    }

    /// What stands for a parameter: the same number wherever it comes again.
    fn place(&mut self, name: &str) -> String {
        if let Some((_, place)) = self.numbered.iter().find(|(known, _)| *known == name) {
            return place.clone();
        }
        let Some((parameter, values)) = self.values.iter().find(|(parameter, _)| parameter.name == name)
        else {
            return format!("{{{name}}}");
        };
        let sql_type = if parameter.is_integer { "BIGINT" } else { "TEXT" };
        let mut places = Vec::new();
        for value in values {
            self.parameters.push(value.clone());
            places.push(format!("CAST(${} AS {sql_type})", self.parameters.len()));
        }
        let place = places.join(", ");
        self.numbered.push((parameter.name, place.clone()));
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::ParameterDefault;

    fn parameter(name: &'static str, is_integer: bool, values: &[Value]) -> (QueryParameter, Vec<Value>) {
        let default = ParameterDefault::Any;
        (QueryParameter { name, is_integer, is_list: values.len() > 1, default, help: "" }, values.to_vec())
    }

    #[test]
    fn parameters_are_numbered_where_they_come_first() {
        let text = |text: &str| Value::Text(text.to_owned());
        let values = [
            parameter("repository", false, &[text("app")]),
            parameter("limit", true, &[Value::Integer(3)]),
            parameter("files", false, &[text("a"), text("b")]),
        ];
        let query = expand("p IN ({files}) LIMIT {limit} OFFSET {limit}", &values, Repositories::ByName);
        assert_eq!(
            query.sql,
            "p IN (CAST($1 AS TEXT), CAST($2 AS TEXT)) LIMIT CAST($3 AS BIGINT) OFFSET CAST($3 AS BIGINT)"
        );
        assert_eq!(query.parameters, [text("a"), text("b"), Value::Integer(3)]);
    }

    #[test]
    fn a_block_is_repeated_for_each_of_several_repositories() {
        let template =
            "FROM (/* each repository */SELECT r IN ({repositories})/* end */) t WHERE r IN ({repositories})";
        let of = |known: &[i64]| expand(template, &[], Repositories::Known(known)).sql;
        assert_eq!(of(&[7]), "FROM (SELECT r IN (7)) t WHERE r IN (7)");
        assert_eq!(of(&[7, 8]), "FROM (SELECT r IN (7) UNION ALL SELECT r IN (8)) t WHERE r IN (7, 8)");
        assert_eq!(of(&[]), "FROM (SELECT r IN (NULL)) t WHERE r IN (NULL)");
        assert!(!of(&(0..100).collect::<Vec<_>>()).contains("UNION"));
    }
}
