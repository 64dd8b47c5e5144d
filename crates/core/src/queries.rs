//! The named analytical queries: one catalogue for every SQL backend, with the same answers on each.
//!
//! A query's text is a template: it is written once, and run for the repositories that are asked for, each by its own number, so that a database finds the rows by its indexes and reads no other repository's. What cannot be
//! answered from the rows in time is answered from a derived table where that is up to date, and else from the rows.

use std::collections::BTreeMap;

use crate::{
    DatabaseBackend, Error, ErrorKind, Result,
    options::nearest,
    query::{QueryResult, SqlQuery, Value},
    row_stream::RowStream,
};

mod catalogue;
mod cycles;
mod scope;
mod template;
mod words;

pub(crate) use template::UNUSED_IMPORTS;

pub use catalogue::QUERIES;
pub use cycles::import_cycles;

use self::{scope::Scope, template::Repositories};

/// A question that has a name.
#[derive(Clone, Copy, Debug)]
pub struct NamedQuery {
    /// Its name, in kebab case.
    pub name: &'static str,
    /// The question it answers, with the definitions it uses.
    pub question: &'static str,
    /// Its parameters.
    pub parameters: &'static [QueryParameter],
    /// The derived tables that answer it faster; none where the rows are fast enough.
    pub derived: &'static [&'static str],
    /// Answers from the rows.
    template: &'static str,
    /// Answers from the derived tables.
    derived_template: Option<&'static str>,
    finish: Finish,
}

/// What becomes of the statement's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finish {
    /// They are the answer.
    Rows,
    /// The answer from the rows is edges, of which the cycles are sought; that from the derived table is their members.
    Cycles,
    /// Those in whose first column the words of the parameter `words` begin words; more rows are looked at until there are
    /// enough.
    Words,
    /// Each begins with its distance, and all nearer ones are wanted before any farther one: steps of one are tried until
    /// there are enough.
    Nearest,
}

/// A parameter of a named query.
#[derive(Clone, Copy, Debug)]
pub struct QueryParameter {
    /// Its name.
    pub name: &'static str,
    /// Whether it is a whole number; else a text.
    pub is_integer: bool,
    /// Whether it is several texts, separated by commas.
    pub is_list: bool,
    /// Its value when none is given; `Required` has to be given, `Any` puts no limit on the answer.
    pub default: ParameterDefault,
    /// What it does.
    pub help: &'static str,
}

/// What a parameter is when it is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterDefault {
    /// It has to be given.
    Required,
    /// Everything fits.
    Any,
    /// This value.
    Value(&'static str),
}

/// The query of this name.
///
/// # Errors
/// `NotFound`, with the nearest name.
pub fn named(name: &str) -> Result<&'static NamedQuery> {
    QUERIES.iter().find(|query| query.name == name).ok_or_else(|| {
        let names: Vec<_> = QUERIES.iter().map(|query| query.name).collect();
        let help = match nearest(name, &names) {
            Some(near) => format!("did you mean `{near}`? the names are {}", names.join(", ")),
            None => format!("the names are {}", names.join(", ")),
        };
        Error::new(ErrorKind::NotFound, format!("there is no query named `{name}`")).with_help(help)
    })
}

impl NamedQuery {
    /// The statement that answers from the rows alone, for reading and for running elsewhere: parameters are numbered `$1`,
    /// `$2`, … in the order in which they stand in it.
    #[must_use]
    pub fn sql(&self) -> String {
        let values =
            self.parameters.iter().map(|parameter| (*parameter, vec![Value::Null])).collect::<Vec<_>>();
        let values: Vec<_> = match self.finish {
            Finish::Words => values.into_iter().chain(words::no_patterns()).collect(),
            Finish::Rows | Finish::Cycles | Finish::Nearest => values,
        };
        template::expand(self.template, &values, Repositories::ByName).sql
    }

    /// The statement that answers from the rows alone, with values for its parameters. The steps of queries that have a
    /// distance are taken at once.
    ///
    /// # Errors
    /// `Configuration` for a parameter that is missing, unknown or no number.
    pub fn prepare(&self, given: &BTreeMap<String, String>) -> Result<SqlQuery> {
        Ok(self.expanded(self.template, &self.values(given)?, Repositories::ByName))
    }

    /// The statement that [`NamedQuery::run`] would send now, for looking at its plan: for the repositories that are there, and
    /// from the derived tables where these are up to date.
    ///
    /// # Errors
    /// As of [`NamedQuery::run`].
    pub async fn statement<B: DatabaseBackend + ?Sized>(
        &self,
        backend: &B,
        given: &BTreeMap<String, String>,
    ) -> Result<SqlQuery> {
        let values = self.values(given)?;
        let scope = Scope::find(backend, given.get("repository"), self.derived).await?;
        Ok(self.expanded(self.template_for(&scope), &values, Repositories::Known(&scope.repositories)))
    }

    /// Runs it on a backend that offers SQL, and hands out at most so many rows as they come. Answers that are made from a
    /// statement's rows, not the rows themselves, come at once: the parameter `limit` bounds them.
    ///
    /// # Errors
    /// As of [`NamedQuery::run`] and [`DatabaseBackend::stream_sql_query`].
    pub async fn stream<B: DatabaseBackend + ?Sized>(
        &self,
        backend: &B,
        given: &BTreeMap<String, String>,
        max_rows: usize,
    ) -> Result<RowStream> {
        if self.finish == Finish::Rows {
            let statement = self.statement(backend, given).await?;
            return backend.stream_sql_query(SqlQuery { max_rows, max_bytes: usize::MAX, ..statement }).await;
        }
        let mut result = self.run(backend, given).await?;
        result.truncated |= result.rows.len() > max_rows;
        result.rows.truncate(max_rows);
        Ok(result.into())
    }

    /// Runs it on a backend that offers SQL.
    ///
    /// # Errors
    /// As of [`NamedQuery::prepare`] and [`DatabaseBackend::execute_sql_query`].
    pub async fn run<B: DatabaseBackend + ?Sized>(
        &self,
        backend: &B,
        given: &BTreeMap<String, String>,
    ) -> Result<QueryResult> {
        let values = self.values(given)?;
        let scope = Scope::find(backend, given.get("repository"), self.derived).await?;
        let template = self.template_for(&scope);
        let statement =
            |values: &[_]| self.expanded(template, values, Repositories::Known(&scope.repositories));
        let limit = number(&values, "limit");
        match self.finish {
            Finish::Rows => backend.execute_sql_query(statement(&values)).await,
            Finish::Nearest => nearest_first(backend, statement, values, limit).await,
            Finish::Words => with_words(backend, statement, values, limit).await,
            Finish::Cycles => {
                let answer = backend.execute_sql_query(statement(&values)).await?;
                Ok(if scope.is_derived {
                    cycles::of_members(answer, limit)
                } else {
                    cycles::of_edges(answer, limit)
                })
            }
        }
    }

    /// The statement, which says in its text what it is: whoever watches the server sees no more than that.
    fn expanded(
        &self,
        template: &str,
        values: &[(QueryParameter, Vec<Value>)],
        repositories: Repositories<'_>,
    ) -> SqlQuery {
        let query = template::expand(template, values, repositories);
        let sql = format!("/* snake-pipe: {} */ {}", self.name, query.sql);
        SqlQuery { sql, name: Some(self.name), ..query }
    }

    fn template_for(&self, scope: &Scope) -> &'static str {
        self.derived_template.filter(|_| scope.is_derived).unwrap_or(self.template)
    }

    /// The values of all parameters.
    fn values(&self, given: &BTreeMap<String, String>) -> Result<Vec<(QueryParameter, Vec<Value>)>> {
        if let Some(unknown) = given.keys().find(|key| self.parameters.iter().all(|p| p.name != key.as_str()))
        {
            return Err(Error::new(
                ErrorKind::Configuration,
                format!("query `{}` has no parameter `{unknown}`", self.name),
            )
            .with_help(self.parameter_help()));
        }
        let value = |parameter: &QueryParameter| {
            let value = self.value(parameter, given)?;
            let values = match value {
                Value::Text(text) if parameter.is_list => {
                    text.split(',').map(|part| Value::Text(part.trim().to_owned())).collect()
                }
                other => vec![other],
            };
            Ok((*parameter, values))
        };
        let mut values = self.parameters.iter().map(value).collect::<Result<Vec<_>>>()?;
        if self.finish == Finish::Words {
            values.extend(words::patterns(&text(&values, "words"))?);
        }
        Ok(values)
    }

    fn value(&self, parameter: &QueryParameter, given: &BTreeMap<String, String>) -> Result<Value> {
        let text = match (given.get(parameter.name), parameter.default) {
            (Some(text), _) => text.as_str(),
            (None, ParameterDefault::Value(text)) => text,
            (None, ParameterDefault::Any) => return Ok(Value::Null),
            (None, ParameterDefault::Required) => {
                return Err(Error::new(
                    ErrorKind::Configuration,
                    format!("query `{}` needs the parameter `{}`", self.name, parameter.name),
                )
                .with_help(self.parameter_help()));
            }
        };
        if !parameter.is_integer {
            return Ok(Value::Text(text.to_owned()));
        }
        // A negative limit means "all" to SQLite and is an error to PostgreSQL.
        match text.parse::<u32>() {
            Ok(number) => Ok(Value::Integer(number.into())),
            Err(source) => Err(Error::new(
                ErrorKind::Configuration,
                format!("parameter `{}` is a whole number from 0, not `{text}`", parameter.name),
            )
            .with_source(source)
            .with_help(self.parameter_help())),
        }
    }

    fn parameter_help(&self) -> String {
        let each = self.parameters.iter().map(|parameter| match parameter.default {
            ParameterDefault::Required => format!("`--param {}=…` ({})", parameter.name, parameter.help),
            ParameterDefault::Any => {
                format!("`--param {}=…` ({}; all unless given)", parameter.name, parameter.help)
            }
            ParameterDefault::Value(value) => {
                format!("`--param {}={value}` ({})", parameter.name, parameter.help)
            }
        });
        format!("it takes {}", each.collect::<Vec<_>>().join(", "))
    }
}

/// Takes steps of one until there are enough rows, or none comes any more.
async fn nearest_first<B: DatabaseBackend + ?Sized>(
    backend: &B,
    statement: impl Fn(&[(QueryParameter, Vec<Value>)]) -> SqlQuery,
    mut values: Vec<(QueryParameter, Vec<Value>)>,
    limit: usize,
) -> Result<QueryResult> {
    let farthest = number(&values, "depth").max(1);
    let mut duration = std::time::Duration::ZERO;
    for distance in 1.. {
        let depth = values.iter_mut().find(|(parameter, _)| parameter.name == "depth");
        if let Some((_, depth)) = depth {
            *depth = vec![Value::Integer(distance as i64)];
        }
        let answer = backend.execute_sql_query(statement(&values)).await?;
        duration += answer.duration;
        let reached = answer.rows.last().and_then(|row| row.first()).cloned();
        if distance >= farthest
            || answer.rows.len() >= limit
            || reached != Some(Value::Integer(distance as i64))
        {
            return Ok(QueryResult { duration, ..answer });
        }
    }
    unreachable!("every distance is reached before the numbers end")
}

/// Looks at more and more rows, in the order of the answer, until enough hold the words or there are no more.
async fn with_words<B: DatabaseBackend + ?Sized>(
    backend: &B,
    statement: impl Fn(&[(QueryParameter, Vec<Value>)]) -> SqlQuery,
    mut values: Vec<(QueryParameter, Vec<Value>)>,
    limit: usize,
) -> Result<QueryResult> {
    let wanted = text(&values, "words");
    let mut looked_at = limit.saturating_mul(words::CANDIDATES as usize).clamp(1, SqlQuery::DEFAULT_MAX_ROWS);
    let mut duration = std::time::Duration::ZERO;
    loop {
        if let Some((_, value)) = values.iter_mut().find(|(parameter, _)| parameter.name == "limit") {
            *value = vec![Value::Integer(looked_at as i64)];
        }
        let answer = backend.execute_sql_query(statement(&values)).await?;
        duration += answer.duration;
        let is_all = answer.rows.len() < looked_at || looked_at == SqlQuery::DEFAULT_MAX_ROWS;
        let mut answer = words::matching(answer, &wanted);
        if is_all || answer.rows.len() >= limit {
            answer.rows.truncate(limit);
            return Ok(QueryResult { duration, ..answer });
        }
        looked_at = looked_at.saturating_mul(words::CANDIDATES as usize).min(SqlQuery::DEFAULT_MAX_ROWS);
    }
}

/// The value of a parameter that is a text; empty where it is not there.
fn text(values: &[(QueryParameter, Vec<Value>)], name: &str) -> String {
    match values.iter().find(|(parameter, _)| parameter.name == name).map(|(_, values)| &values[..]) {
        Some([Value::Text(text)]) => text.clone(),
        _ => String::new(),
    }
}

/// The value of a parameter that is a number; no limit where it is not there.
fn number(values: &[(QueryParameter, Vec<Value>)], name: &str) -> usize {
    match values.iter().find(|(parameter, _)| parameter.name == name).map(|(_, values)| &values[..]) {
        Some([Value::Integer(number)]) => usize::try_from(*number).unwrap_or(0),
        _ => usize::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(QUERIES.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn every_parameter_stands_in_its_statement() {
        for query in QUERIES {
            for template in [Some(query.template), query.derived_template].into_iter().flatten() {
                for parameter in query.parameters {
                    let place =
                        if parameter.name == "repository" { "{repositories}" } else { parameter.name };
                    assert!(template.contains(place), "{} {place}", query.name);
                }
            }
            assert!(!query.sql().contains('{'), "{}", query.sql());
            assert_eq!(query.derived.is_empty(), query.derived_template.is_none(), "{}", query.name);
        }
    }

    #[test]
    fn parameters_are_checked() {
        let callers = named("callers").unwrap();
        let given = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let query = callers.prepare(&given(&[("function", "main")])).unwrap();
        assert_eq!(query.parameters, [Value::Null, Value::Text("main".into()), Value::Integer(20)]);
        assert!(
            callers.prepare(&given(&[])).unwrap_err().message().contains("needs the parameter `function`")
        );
        assert!(callers.prepare(&given(&[("funktion", "x")])).is_err());
        assert!(callers.prepare(&given(&[("function", "x"), ("limit", "many")])).is_err());
        assert!(callers.prepare(&given(&[("function", "x"), ("limit", "-1")])).is_err());
    }

    #[test]
    fn a_statement_says_what_it_is() {
        let query = named("hotspots").unwrap().prepare(&BTreeMap::new()).unwrap();
        assert_eq!(query.name, Some("hotspots"));
        assert!(query.sql.starts_with("/* snake-pipe: hotspots */ "), "{}", query.sql);
    }

    #[test]
    fn a_misspelt_name_is_answered_by_the_nearest() {
        assert!(named("hotspot").unwrap_err().help().unwrap().starts_with("did you mean `hotspots`?"));
    }
}
