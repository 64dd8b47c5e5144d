//! `config`.

use std::{
    collections::BTreeMap,
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
    output::{print, print_json},
    table::table_of,
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
    /// None for what is not set and has no default.
    value: Option<String>,
    origin: String,
}

fn show(program: &Program, format: Format) -> Result<()> {
    let shown = shown(program);
    if format == Format::Json {
        return print_json(&shown);
    }
    let columns = ["key", "value", "from"].map(str::to_owned);
    let rows: Vec<_> = shown
        .into_iter()
        .map(|one| [one.key, one.value.unwrap_or_default(), one.origin].map(Value::Text).to_vec())
        .collect();
    print(|out| writeln!(out, "{}", table_of(&columns, &rows)))
}

/// Every key with its value: of the program, and of the backends that are configured.
fn shown(program: &Program) -> Vec<Shown> {
    let set = program.config.settings();
    let mut shown: BTreeMap<String, (Option<String>, String)> = KEYS
        .iter()
        .map(|key| (key.name.to_owned(), (None, "not set".to_owned())))
        .chain(backend_defaults(program))
        .collect();
    shown.extend(set.into_iter().map(|(key, setting)| {
        let value = setting.shown(&key);
        (key, (Some(value), setting.origin.to_string()))
    }));
    let shown = shown.into_iter().map(|(key, (value, origin))| Shown { key, value, origin });
    shown.chain(fallback(program)).collect()
}

/// The defaults of the options of every configured backend. What stands in its URL is seen there.
fn backend_defaults(program: &Program) -> impl Iterator<Item = (String, (Option<String>, String))> {
    let backends =
        program.config.backend_names().into_iter().filter_map(|name| program.config.backend(&name).ok());
    backends.flat_map(|backend| {
        let kind = program.registry.kind_of_url(&backend.url).ok();
        let name = backend.name.unwrap_or_default();
        let in_url = |option: &str| {
            backend.url.contains(&format!("?{option}=")) || backend.url.contains(&format!("&{option}="))
        };
        let options = kind.into_iter().flat_map(|kind| kind.options);
        options
            .filter(|option| !in_url(option.name))
            .filter_map(|option| {
                let value = Some(option.default?.to_owned());
                Some((format!("backends.{name}.{}", option.name), (value, Origin::Default.to_string())))
            })
            .collect::<Vec<_>>()
    })
}

/// The backend that is used where none is named.
fn fallback(program: &Program) -> Option<Shown> {
    let backends = program.config.backends(&[]).ok()?;
    let shown = |url: &str| crate::config::Setting::new(url, Origin::Default).shown("url");
    let value =
        backends.iter().map(|one| one.name.clone().unwrap_or_else(|| shown(&one.url))).collect::<Vec<_>>();
    Some(Shown { key: "(backends used)".into(), value: Some(value.join(", ")), origin: "result".into() })
}
