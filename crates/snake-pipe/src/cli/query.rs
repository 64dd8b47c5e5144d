//! `query` and `queries`.

use std::{
    collections::BTreeMap,
    io::{self, Read as _, Write},
};

use serde::Serialize;
use snake_pipe_core::{
    BackendExt as _, DatabaseBackend, Error, ErrorKind, Explain, MigrateMode, QueryResult, Result, RowStream,
    SqlQuery, Value,
    queries::{NamedQuery, ParameterDefault, QUERIES, named},
};

use super::{
    Program,
    arguments::{ExplainForm, Format, QueryArguments, RowFormat},
    failure::Exit,
    output::{print, print_json, print_rows},
    rows::{Failure, LineForm, print_lines},
};

pub(super) async fn run(program: &Program, arguments: QueryArguments) -> Result<Exit> {
    let parameters = pairs(&arguments.parameters)?;
    let asked = Asked::of(&arguments.query)?;
    let backend = program.reader(arguments.from.as_ref()).await?;
    let told = match arguments.explain {
        Some(form) => asked.explain(backend.as_ref(), &parameters, form, arguments.format).await,
        None => asked.answer(backend.as_ref(), &parameters, &arguments).await,
    };
    match told {
        Ok(()) => {}
        Err(Failure::Asking(error)) => return Err(explained(error, backend.as_ref()).await),
        Err(Failure::Telling(error)) => return Err(error),
    }
    backend.close().await?;
    Ok(Exit::Done)
}

/// The error with its backend. A table that is missing because nothing was ever loaded needs another way out than a typing
/// mistake.
async fn explained(error: Error, backend: &dyn DatabaseBackend) -> Error {
    let error = error.with_context("backend", &backend.info().address);
    let is_query = error.kind() == ErrorKind::Query;
    match backend.migrate(MigrateMode::Plan).await {
        Ok(missing) if is_query && missing.from_version == 0 => error.with_help(
            "this database holds no tables of snake-pipe yet: load something first, `snake-pipe load PATH --to …`",
        ),
        _ => error,
    }
}

enum Asked {
    Named(&'static NamedQuery),
    Sql(String),
}

impl Asked {
    /// Asks, and prints the answer: in forms of a line a row as the rows come, in others when all are there.
    async fn answer(
        &self,
        backend: &dyn DatabaseBackend,
        parameters: &BTreeMap<String, String>,
        arguments: &QueryArguments,
    ) -> Result<(), Failure> {
        let lines = match arguments.format {
            RowFormat::Ndjson => Some(LineForm::Ndjson),
            RowFormat::Csv => Some(LineForm::Csv),
            RowFormat::Table | RowFormat::Json => None,
        };
        if let Some(form) = lines {
            let rows = self.stream(backend, parameters, arguments.max_rows.unwrap_or(usize::MAX)).await?;
            return print_lines(rows, form).await;
        }
        let mut result = match self {
            Self::Named(query) => query.run(backend, parameters).await?,
            Self::Sql(_) => {
                let query = self.statement(backend, parameters).await?;
                let max_rows = arguments.max_rows.unwrap_or(query.max_rows);
                backend.execute_sql_query(SqlQuery { max_rows, ..query }).await?
            }
        };
        let most = arguments.max_rows.unwrap_or(usize::MAX);
        result.truncated |= result.rows.len() > most;
        result.rows.truncate(most);
        if result.truncated && arguments.max_rows.is_none() {
            let rows = result.rows.len();
            tracing::warn!(rows, "there are more rows than fit into this form: `--format ndjson` prints all");
        }
        print_rows(&result, arguments.format).map_err(Failure::Telling)
    }

    async fn stream(
        &self,
        backend: &dyn DatabaseBackend,
        parameters: &BTreeMap<String, String>,
        max_rows: usize,
    ) -> Result<RowStream> {
        match self {
            Self::Named(query) => query.stream(backend, parameters, max_rows).await,
            Self::Sql(_) => {
                let query = self.statement(backend, parameters).await?;
                backend.stream_sql_query(SqlQuery { max_rows, max_bytes: usize::MAX, ..query }).await
            }
        }
    }

    /// The statement that is sent.
    async fn statement(
        &self,
        backend: &dyn DatabaseBackend,
        parameters: &BTreeMap<String, String>,
    ) -> Result<SqlQuery> {
        match self {
            Self::Named(query) => query.statement(backend, parameters).await,
            Self::Sql(sql) => Ok(SqlQuery::new(sql).with_parameters(positional(parameters)?)),
        }
    }

    async fn explain(
        &self,
        backend: &dyn DatabaseBackend,
        parameters: &BTreeMap<String, String>,
        form: ExplainForm,
        format: RowFormat,
    ) -> Result<(), Failure> {
        let explain = match form {
            ExplainForm::Plan => Explain::Plan,
            ExplainForm::Analyze => Explain::Analyze,
        };
        let statement = self.statement(backend, parameters).await?;
        let lines = backend.explain_sql_query(statement, explain).await?;
        let told = match format {
            RowFormat::Table => print(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}"))),
            RowFormat::Json | RowFormat::Ndjson | RowFormat::Csv => {
                let rows = lines.into_iter().map(|line| vec![Value::Text(line)]).collect();
                let columns = vec!["plan".to_owned()];
                print_rows(&QueryResult { columns, rows, ..QueryResult::default() }, format)
            }
        };
        told.map_err(Failure::Telling)
    }

    /// One word is a name; anything longer is a statement.
    fn of(text: &str) -> Result<Self> {
        if text == "-" {
            return from_standard_input().map(Self::Sql);
        }
        match text.contains(char::is_whitespace) {
            true => Ok(Self::Sql(text.to_owned())),
            false => named(text).map(Self::Named),
        }
    }
}

/// The statement on standard input. To no database a NUL is part of a statement, and some wait for the rest for ever.
fn from_standard_input() -> Result<String> {
    let unreadable = |error: Error| {
        error
            .with_context("from", "standard input")
            .with_help("a statement is a text in UTF-8, without NUL characters")
    };
    let mut sql = String::new();
    io::stdin().read_to_string(&mut sql).map_err(|source| unreadable(source.into()))?;
    match sql.contains('\0') {
        true => Err(unreadable(Error::new(ErrorKind::Query, "the statement holds a NUL character"))),
        false => Ok(sql),
    }
}

fn pairs(given: &[String]) -> Result<BTreeMap<String, String>> {
    let pair = |text: &String| {
        let (key, value) = text.split_once('=').ok_or_else(|| {
            Error::new(ErrorKind::Configuration, format!("a parameter is name=value, not `{text}`"))
                .with_help("`--param limit=5` for a named query, `--param 1=value` for $1 of a statement")
        })?;
        Ok((key.to_owned(), value.to_owned()))
    };
    given.iter().map(pair).collect()
}

/// The values of `$1`, `$2`, … of a statement; those that are whole numbers are numbers.
fn positional(pairs: &BTreeMap<String, String>) -> Result<Vec<Value>> {
    const NUMBERED: &str = "parameters of a statement are numbered from 1: --param 1=value --param 2=value";
    if let Some(name) = pairs.keys().find(|name| name.parse::<u16>().is_err()) {
        return Err(Error::new(ErrorKind::Configuration, format!("a statement has no parameter `{name}`"))
            .with_help(NUMBERED));
    }
    (1..=pairs.len())
        .map(|number| {
            let text = pairs.get(&number.to_string()).ok_or_else(|| {
                Error::new(ErrorKind::Configuration, format!("the statement's parameter {number} is missing"))
                    .with_help(NUMBERED)
            })?;
            Ok(text.parse().map_or_else(|_| Value::Text(text.clone()), Value::Integer))
        })
        .collect()
}

#[derive(Serialize)]
struct Described {
    name: &'static str,
    question: &'static str,
    parameters: Vec<DescribedParameter>,
    sql: String,
}

#[derive(Serialize)]
struct DescribedParameter {
    name: &'static str,
    is_integer: bool,
    is_required: bool,
    default: Option<&'static str>,
    help: &'static str,
}

pub(super) fn list(format: Format) -> Result<Exit> {
    match format {
        Format::Json => print_json(&QUERIES.iter().map(described).collect::<Vec<_>>())?,
        Format::Text => print(tell_queries)?,
    }
    Ok(Exit::Done)
}

/// Every query with its own parameters; those that all have stand once, at the end.
fn tell_queries(out: &mut dyn Write) -> io::Result<()> {
    let has =
        |query: &NamedQuery, name: &str| query.parameters.iter().any(|parameter| parameter.name == name);
    let is_common = |name: &str| QUERIES.iter().all(|query| has(query, name));
    for query in QUERIES {
        writeln!(out, "{}\n    {}", query.name, query.question)?;
        for parameter in described(query).parameters.iter().filter(|one| !is_common(one.name)) {
            writeln!(out, "    {}", parameter.told())?;
        }
    }
    writeln!(out, "\nEvery query takes:")?;
    let first = QUERIES.first().map(described);
    for parameter in first.iter().flat_map(|query| &query.parameters).filter(|one| is_common(one.name)) {
        writeln!(out, "    {}", parameter.told())?;
    }
    writeln!(out, "\nTry: snake-pipe query hotspots --param limit=5")
}

impl DescribedParameter {
    fn told(&self) -> String {
        let default = match (self.is_required, self.default) {
            (true, _) => "required".to_owned(),
            (false, Some(value)) => format!("default {value}"),
            (false, None) => "optional".to_owned(),
        };
        format!("--param {}=…  {} ({default})", self.name, self.help)
    }
}

fn described(query: &NamedQuery) -> Described {
    let parameters = query.parameters.iter().map(|parameter| DescribedParameter {
        name: parameter.name,
        is_integer: parameter.is_integer,
        is_required: parameter.default == ParameterDefault::Required,
        default: match parameter.default {
            ParameterDefault::Value(value) => Some(value),
            ParameterDefault::Required | ParameterDefault::Any => None,
        },
        help: parameter.help,
    });
    Described {
        name: query.name,
        question: query.question,
        parameters: parameters.collect(),
        sql: query.sql(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_is_a_name_and_more_are_a_statement() {
        assert!(matches!(Asked::of("hotspots").unwrap(), Asked::Named(_)));
        assert!(matches!(Asked::of("SELECT 1").unwrap(), Asked::Sql(_)));
        assert!(Asked::of("hotspot").is_err());
    }

    #[test]
    fn parameters_of_a_statement_are_numbered_from_one() {
        let given =
            |texts: &[&str]| pairs(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).unwrap();
        assert_eq!(
            positional(&given(&["1=a", "2=3"])).unwrap(),
            [Value::Text("a".into()), Value::Integer(3)]
        );
        assert!(positional(&given(&["2=a"])).is_err());
        assert!(pairs(&["x".to_owned()]).is_err());
    }
}
