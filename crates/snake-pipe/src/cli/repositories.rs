//! `repositories`.

use serde::Serialize;
use snake_pipe_core::{Error, ErrorKind, Result, Value};

use super::{
    Program,
    arguments::{Format, RepositoriesCommand},
    failure::Exit,
    output::{print, print_json, repository_name},
    table::table_of,
};

#[derive(Serialize)]
struct Listed {
    backend: String,
    repository_id: i64,
    name: String,
    ref_name: String,
    remote: Option<String>,
    root: Option<String>,
}

pub(super) async fn run(program: &Program, command: RepositoriesCommand) -> Result<Exit> {
    match command {
        RepositoriesCommand::List(arguments) => {
            let repositories = list(program, &arguments.from).await?;
            match arguments.format {
                Format::Json => print_json(&repositories)?,
                Format::Text => print_table(&repositories)?,
            }
        }
        RepositoriesCommand::Remove { name, ref_name, from } => {
            let removed = remove(program, &name, ref_name.as_deref(), &from.from).await?;
            match from.format {
                Format::Json => print_json(&removed)?,
                Format::Text => print(|out| {
                    removed.iter().try_for_each(|one| {
                        let name = repository_name(&one.name, &one.ref_name);
                        writeln!(out, "removed {name} from {}", one.backend)
                    })
                })?,
            }
        }
    }
    Ok(Exit::Done)
}

async fn list(program: &Program, from: &[String]) -> Result<Vec<Listed>> {
    let mut listed = Vec::new();
    for backend in program.readers(from).await? {
        for stored in backend.repositories().await? {
            listed.push(Listed {
                backend: backend.info().address.clone(),
                repository_id: stored.id.get(),
                name: stored.repository.name,
                ref_name: stored.repository.ref_name,
                remote: stored.repository.remote,
                root: stored.repository.root,
            });
        }
        backend.close().await?;
    }
    Ok(listed)
}

async fn remove(
    program: &Program,
    name: &str,
    ref_name: Option<&str>,
    from: &[String],
) -> Result<Vec<Listed>> {
    let listed = list(program, from).await?;
    // A name may hold an `@` itself, and then it is the name.
    let is_name = ref_name.is_some() || listed.iter().any(|one| one.name == name);
    let (asked, ref_name) = match name.rsplit_once('@') {
        Some((name, ref_name)) if !is_name => (name, Some(ref_name)),
        _ => (name, ref_name),
    };
    let is_asked =
        |one: &Listed| one.name == asked && ref_name.is_none_or(|ref_name| one.ref_name == ref_name);
    let found: Vec<_> = listed.into_iter().filter(is_asked).collect();
    if found.is_empty() {
        return Err(Error::new(ErrorKind::NotFound, format!("no repository is named `{name}`"))
            .with_help("see `snake-pipe repositories list`"));
    }
    for backend in program.readers(from).await? {
        for one in found.iter().filter(|one| one.backend == backend.info().address) {
            backend
                .remove_repository(snake_pipe_core::id::RepositoryId::from_stored(one.repository_id))
                .await?;
        }
        backend.close().await?;
    }
    Ok(found)
}

fn print_table(repositories: &[Listed]) -> Result<()> {
    let columns = ["backend", "name", "ref", "root"].map(str::to_owned);
    let rows: Vec<_> = repositories
        .iter()
        .map(|one| {
            let root = one.root.clone().unwrap_or_default();
            [&one.backend, &one.name, &one.ref_name, &root].map(|text| Value::Text(text.clone())).to_vec()
        })
        .collect();
    print(|out| match rows.is_empty() {
        true => writeln!(out, "nothing is loaded yet: try `snake-pipe load .`"),
        false => writeln!(out, "{}", table_of(&columns, &rows)),
    })
}
