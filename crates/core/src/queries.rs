//! The named analytical queries: one catalogue for every SQL backend, with the same answers on each.

use std::collections::BTreeMap;

use crate::{
    DatabaseBackend, Error, ErrorKind, Result,
    options::nearest,
    query::{QueryResult, SqlQuery, Value},
};

mod cycles;

/// A question that has a name.
#[derive(Clone, Copy, Debug)]
pub struct NamedQuery {
    /// Its name, in kebab case.
    pub name: &'static str,
    /// The question it answers, with the definitions it uses.
    pub question: &'static str,
    /// Its parameters, in the order of `$1`, `$2`, ….
    pub parameters: &'static [QueryParameter],
    /// The statement.
    pub sql: &'static str,
    finish: Finish,
}

/// What becomes of the statement's rows.
#[derive(Clone, Copy, Debug)]
enum Finish {
    /// They are the answer.
    Rows,
    /// They are edges; the answer is the cycles among them, so many at most as parameter 2 says.
    Cycles,
}

/// A parameter of a named query.
#[derive(Clone, Copy, Debug)]
pub struct QueryParameter {
    /// Its name.
    pub name: &'static str,
    /// Whether it is a whole number; else a text.
    pub is_integer: bool,
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

const REPOSITORY: QueryParameter = QueryParameter {
    name: "repository",
    is_integer: false,
    default: ParameterDefault::Any,
    help: "only this repository: NAME for all its refs, or NAME@REF",
};
const LIMIT: QueryParameter = QueryParameter {
    name: "limit",
    is_integer: true,
    default: ParameterDefault::Value("20"),
    help: "so many rows at most",
};
const FUNCTION: QueryParameter = QueryParameter {
    name: "function",
    is_integer: false,
    default: ParameterDefault::Required,
    help: "a function's name or qualified name",
};

macro_rules! queries {
    ($($name:literal $finish:ident [$($parameter:expr),*] $question:literal)+) => {
        /// Every named query, sorted by name.
        pub static QUERIES: &[NamedQuery] = &[$(NamedQuery {
            name: $name,
            question: $question,
            parameters: &[REPOSITORY, LIMIT $(, $parameter)*],
            sql: include_str!(concat!("../queries/", $name, ".sql")),
            finish: Finish::$finish,
        },)+];
    };
}

queries! {
    "callers" Rows [FUNCTION]
        "Who calls this function? Every resolved call site, with its line."
    "callers-transitive" Rows [FUNCTION, QueryParameter {
        name: "depth", is_integer: true, default: ParameterDefault::Value("10"), help: "so many calls deep at most",
    }]
        "Who calls this function, directly or through others? Each caller with its least distance."
    "complex-functions" Rows []
        "Which functions are the most complex? By cyclomatic complexity."
    "deepest-inheritance" Rows []
        "Which classes stand at the end of the longest chains of bases within the repository?"
    "external-packages" Rows []
        "Which packages outside the repository are imported, and by how many files?"
    "fan-in" Rows []
        "Which functions are called from the most places?"
    "fan-out" Rows []
        "Which functions call the most other functions of the repository?"
    "files-by-language" Rows []
        "How many files, bytes, lines, functions and classes are there in each language?"
    "god-classes" Rows [QueryParameter {
        name: "methods", is_integer: true, default: ParameterDefault::Value("20"), help: "so many methods at least",
    }]
        "Which classes do too much? Those with many methods, by their methods' total complexity."
    "hotspots" Rows []
        "Where does a mistake cost most? Among the 500 most complex functions that are neither test, vendored nor generated: complexity × (1 + call sites)."
    "import-cycles" Cycles []
        "Which files import each other in a circle? Each group of mutually reachable files, largest first; limit counts groups."
    "largest-functions" Rows []
        "Which functions have the most lines?"
    "parse-coverage" Rows []
        "How much was understood? Files and bytes by language and parse status, with the reason for what was skipped."
    "todos" Rows []
        "Where do comments say TODO, FIXME, XXX or HACK?"
    "undocumented-functions" Rows []
        "Which public functions have no documentation? The most complex first; tests, vendored and generated files left out."
    "unresolved-imports" Rows []
        "Which imports could not be resolved to a file, a package or the standard library?"
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
    /// The statement with values for its parameters.
    ///
    /// # Errors
    /// `Configuration` for a parameter that is missing, unknown or no number.
    pub fn prepare(&self, given: &BTreeMap<String, String>) -> Result<SqlQuery> {
        if let Some(unknown) = given.keys().find(|key| self.parameters.iter().all(|p| p.name != key.as_str()))
        {
            return Err(Error::new(
                ErrorKind::Configuration,
                format!("query `{}` has no parameter `{unknown}`", self.name),
            )
            .with_help(self.parameter_help()));
        }
        let values =
            self.parameters.iter().map(|parameter| self.value(parameter, given)).collect::<Result<_>>()?;
        Ok(SqlQuery::new(self.sql).with_parameters(values))
    }

    /// Runs it on a backend that offers SQL.
    ///
    /// # Errors
    /// As of [`NamedQuery::prepare`] and [`DatabaseBackend::execute_sql_query`].
    pub async fn run(
        &self,
        backend: &dyn DatabaseBackend,
        given: &BTreeMap<String, String>,
    ) -> Result<QueryResult> {
        let query = self.prepare(given)?;
        let limit = query.parameters.get(1).cloned();
        let result = backend.execute_sql_query(query).await?;
        Ok(match self.finish {
            Finish::Rows => result,
            Finish::Cycles => match limit {
                Some(Value::Integer(limit)) => cycles::of_edges(result, usize::try_from(limit).unwrap_or(0)),
                _ => cycles::of_edges(result, usize::MAX),
            },
        })
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
            for index in 1..=query.parameters.len() {
                assert!(query.sql.contains(&format!("${index}")), "{} ${index}", query.name);
            }
            assert!(!query.sql.contains(&format!("${}", query.parameters.len() + 1)), "{}", query.name);
        }
    }

    #[test]
    fn parameters_are_checked() {
        let callers = named("callers").unwrap();
        let given = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let query = callers.prepare(&given(&[("function", "main")])).unwrap();
        assert_eq!(query.parameters, [Value::Null, Value::Integer(20), Value::Text("main".into())]);
        assert!(
            callers.prepare(&given(&[])).unwrap_err().message().contains("needs the parameter `function`")
        );
        assert!(callers.prepare(&given(&[("funktion", "x")])).is_err());
        assert!(callers.prepare(&given(&[("function", "x"), ("limit", "many")])).is_err());
        assert!(callers.prepare(&given(&[("function", "x"), ("limit", "-1")])).is_err());
    }

    #[test]
    fn a_misspelt_name_is_answered_by_the_nearest() {
        assert!(named("hotspot").unwrap_err().help().unwrap().starts_with("did you mean `hotspots`?"));
    }
}
