//! `backends`.

use serde::Serialize;
use snake_pipe_core::{Capabilities, Result, Value, options::OptionKind, registry::BackendDescriptor};

use super::{
    Program,
    arguments::{BackendsCommand, Format},
    failure::Exit,
    output::{print, print_json},
    table::table_of,
};

#[derive(Serialize)]
struct Described<'a> {
    kind: &'a str,
    version: &'a str,
    summary: &'a str,
    schemes: &'a [&'a str],
    example_url: &'a str,
    capabilities: Capabilities,
    options: Vec<DescribedOption<'a>>,
}

#[derive(Serialize)]
struct DescribedOption<'a> {
    name: &'a str,
    takes: String,
    default: Option<&'a str>,
    help: &'a str,
}

pub(super) fn run(program: &Program, command: BackendsCommand) -> Result<Exit> {
    match command {
        BackendsCommand::List { format } => {
            let kinds: Vec<_> = program.registry.kinds().map(described).collect();
            match format {
                Format::Json => print_json(&kinds)?,
                Format::Text => print_list(&kinds)?,
            }
        }
        BackendsCommand::Show { kind, format } => {
            let kind = described(program.registry.kind(&kind)?);
            match format {
                Format::Json => print_json(&kind)?,
                Format::Text => print_one(&kind)?,
            }
        }
    }
    Ok(Exit::Done)
}

fn described(descriptor: &BackendDescriptor) -> Described<'_> {
    let options = descriptor.options.iter().map(|option| DescribedOption {
        name: option.name,
        takes: match option.kind {
            OptionKind::Choice(words) => format!("one of {}", words.join(", ")),
            kind => kind.to_string(),
        },
        default: option.default,
        help: option.help,
    });
    Described {
        kind: descriptor.kind,
        version: descriptor.version,
        summary: descriptor.summary,
        schemes: descriptor.schemes,
        example_url: descriptor.example_url,
        capabilities: descriptor.capabilities,
        options: options.collect(),
    }
}

fn print_list(kinds: &[Described<'_>]) -> Result<()> {
    let columns = ["kind", "version", "address", "what it is"].map(str::to_owned);
    let rows: Vec<_> = kinds
        .iter()
        .map(|kind| {
            [kind.kind, kind.version, kind.example_url, kind.summary]
                .map(|text| Value::Text(text.into()))
                .to_vec()
        })
        .collect();
    print(|out| writeln!(out, "{}\nShow one: snake-pipe backends show KIND", table_of(&columns, &rows)))
}

fn print_one(kind: &Described<'_>) -> Result<()> {
    print(|out| {
        writeln!(out, "{} {}: {}", kind.kind, kind.version, kind.summary)?;
        writeln!(out, "address: {}\n\npromises", kind.example_url)?;
        let promises = kind.capabilities;
        for (name, kept) in [
            ("readers see a load wholly or not at all", promises.atomic_publish),
            ("a writer that was replaced is refused", promises.fence),
            ("a write is one transaction", promises.transactions),
            ("what was published survives", promises.durable),
            ("answers SQL", promises.sql),
            ("checks its rows", promises.integrity),
        ] {
            writeln!(out, "  {} {name}", if kept { "yes" } else { "no " })?;
        }
        writeln!(out, "\noptions, under [backends.NAME] of the configuration")?;
        for option in &kind.options {
            let default = option.default.map(|value| format!(", default {value}")).unwrap_or_default();
            writeln!(out, "  {}: {}{default}\n      {}", option.name, option.takes, option.help)?;
        }
        Ok(())
    })
}
