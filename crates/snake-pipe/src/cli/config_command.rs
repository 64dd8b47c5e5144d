//! `config`.

use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::{self, Write as _},
    path::Path,
};

use serde::Serialize;
use snake_pipe_core::{Error, ErrorKind, Result, Value};

use super::{
    Program,
    arguments::{ConfigCommand, Format},
    failure::Exit,
    output::{print, print_json, table_of},
};
use crate::config::{KEYS, Key, KeyKind, Origin};

pub(super) fn run(program: &Program, command: ConfigCommand) -> Result<Exit> {
    match command {
        ConfigCommand::Init { path } => init(program, &path)?,
        ConfigCommand::Show { format } => show(program, format)?,
    }
    Ok(Exit::Done)
}

fn init(program: &Program, path: &Path) -> Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(|source| {
        Error::new(ErrorKind::Io, "cannot write the configuration file")
            .with_context("file", path.display())
            .with_help(match source.kind() {
                io::ErrorKind::AlreadyExists => {
                    "an existing file is not overwritten: name another one, or remove it first"
                }
                _ => "name a file in a directory that exists and may be written",
            })
            .with_source(source)
    })?;
    file.write_all(template(program).as_bytes())?;
    print(|out| writeln!(out, "wrote {}; see it with `snake-pipe config show`", path.display()))
}

/// A file in which everything is commented out and says its default.
fn template(program: &Program) -> String {
    let mut text = String::from(
        "# The configuration of snake-pipe. Everything is commented out and shows its default.\n\
         # Later layers win: this file, [profiles.NAME] chosen by --profile, SNAKE_PIPE_… variables, flags.\n",
    );
    let mut table = "";
    for key in KEYS {
        let (of, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if of != table {
            table = of;
            // Writing into a text does not fail.
            let _ = write!(text, "\n[{table}]\n");
        }
        let _ = write!(text, "# {} Takes {}.\n# {name} = {}\n", key.help, key.kind.describe(), written(key));
    }
    text.push_str("\n# A backend by name: `snake-pipe load . --to nightly`. Its options are those of `backends show KIND`.\n");
    text.push_str("# [backends.nightly]\n# url = \"postgres://me@db.example/code\"\n# password_env = \"CODE_DB_PASSWORD\"\n");
    text.push_str(
        "# Which files it takes; all unless said. `!` before a glob leaves out what fits it.\n\
         # [backends.nightly.route]\n# languages = [\"python\", \"java\"]\n\
         # paths = [\"src/**\", \"!src/generated/**\"]\n# repositories = [\"github.com/org/*\"]\n",
    );
    let kinds: Vec<_> = program.registry.kinds().map(|kind| kind.kind).collect();
    let _ = writeln!(text, "# Kinds that are linked in: {}.", kinds.join(", "));
    text.push_str("\n# [profiles.production.backends.nightly]\n# migrations = \"check\"\n");
    text
}

fn written(key: &Key) -> String {
    match (key.kind, key.default) {
        (KeyKind::Bool | KeyKind::Integer, Some(value)) => value.to_owned(),
        (KeyKind::Integer, None) => "2".to_owned(),
        (KeyKind::List, _) => "[]".to_owned(),
        (_, value) => format!("\"{}\"", value.unwrap_or_default()),
    }
}

#[derive(Serialize)]
struct Shown {
    key: String,
    value: String,
    origin: String,
}

fn show(program: &Program, format: Format) -> Result<()> {
    let shown: Vec<_> = program
        .config
        .settings()
        .into_iter()
        .map(|(key, setting)| Shown { value: setting.shown(&key), origin: setting.origin.to_string(), key })
        .chain(fallback(program))
        .collect();
    if format == Format::Json {
        return print_json(&shown);
    }
    let columns = ["key", "value", "from"].map(str::to_owned);
    let rows: Vec<_> = shown
        .iter()
        .map(|one| [&one.key, &one.value, &one.origin].map(|text| Value::Text(text.clone())).to_vec())
        .collect();
    print(|out| writeln!(out, "{}", table_of(&columns, &rows)))
}

/// The backend that is used where none is named.
fn fallback(program: &Program) -> Option<Shown> {
    let backends = program.config.backends(&[]).ok()?;
    let shown = |url: &str| crate::config::Setting::new(url, Origin::Default).shown("url");
    let value =
        backends.iter().map(|one| one.name.clone().unwrap_or_else(|| shown(&one.url))).collect::<Vec<_>>();
    Some(Shown { key: "(backends used)".into(), value: value.join(", "), origin: "result".into() })
}
