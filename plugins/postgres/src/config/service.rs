//! libpq's service files: sets of connection parameters by name (PostgreSQL's manual, "The Connection Service File").

use std::{fs, path::PathBuf};

use snake_pipe_core::{Error, ErrorKind, Result};

/// The parameters of a service, from the first of libpq's files that has it: `PGSERVICEFILE` or `~/.pg_service.conf`, then
/// `pg_service.conf` in `PGSYSCONFDIR` or `/etc/postgresql-common`.
pub(super) fn read(name: &str) -> Result<Vec<(String, String)>> {
    let files = files();
    for file in &files {
        let Ok(text) = fs::read_to_string(file) else { continue };
        if let Some(found) = parameters(&text, name) {
            return Ok(found);
        }
    }
    let searched = files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
    Err(Error::new(ErrorKind::Configuration, format!("there is no service `{name}`"))
        .with_context("searched", searched)
        .with_help("write [NAME] and lines such as host=db, dbname=code into ~/.pg_service.conf"))
}

fn files() -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let own = variable("PGSERVICEFILE").or_else(|| Some(std::env::home_dir()?.join(".pg_service.conf")));
    let system = variable("PGSYSCONFDIR").unwrap_or_else(|| PathBuf::from("/etc/postgresql-common"));
    own.into_iter().chain([system.join("pg_service.conf")]).collect()
}

/// What stands under `[name]`.
fn parameters(text: &str, name: &str) -> Option<Vec<(String, String)>> {
    let mut lines = text.lines().map(str::trim);
    let heading = format!("[{name}]");
    lines.find(|line| *line == heading)?;
    let section = lines.take_while(|line| !line.starts_with('['));
    let pair = |line: &str| {
        let (key, value) = line.split_once('=')?;
        Some((key.trim().to_owned(), value.trim().to_owned()))
    };
    Some(section.filter(|line| !line.starts_with('#')).filter_map(pair).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_with_the_next() {
        let text = "# services\n[a]\nhost=x\n# port=1\n\n[b]\nhost = y\nport=2\n";
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(parameters(text, "a"), Some(vec![pair("host", "x")]));
        assert_eq!(parameters(text, "b"), Some(vec![pair("host", "y"), pair("port", "2")]));
        assert_eq!(parameters(text, "c"), None);
    }

    #[test]
    fn a_service_that_is_not_there_says_where_it_was_looked_for() {
        let error = read("no_such_service").unwrap_err();
        assert!(error.to_string().contains("pg_service.conf"), "{error}");
    }
}
