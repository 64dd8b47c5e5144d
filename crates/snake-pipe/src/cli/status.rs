//! `status`.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use serde::Serialize;
use snake_pipe_coordinator::Route;
use snake_pipe_core::{
    DatabaseBackend, Result, SqlQuery, StoredRepository, Value, id::FileKey, load::Snapshot,
    manifest::Manifest,
};
use snake_pipe_extract::{Extraction, Inventory, Progress, discover::describe};

use super::{
    Program,
    arguments::{Format, FromArguments},
    extract::blocking,
    failure::Exit,
    output::{grouped, print, print_json, repository_name},
};
use crate::load::{ExtractFlags, extract_options};

#[derive(Serialize)]
struct Status {
    backend: String,
    name: String,
    ref_name: String,
    root: Option<String>,
    snapshot: Option<Snapshot>,
    counts: BTreeMap<&'static str, i64>,
    freshness: Freshness,
}

/// How the tables stand to what is on disk.
#[derive(Serialize)]
struct Freshness {
    state: State,
    new_files: u64,
    changed_files: u64,
    removed_files: u64,
    /// Files that were loaded by another version of snake-pipe.
    outdated_files: u64,
    commit_on_disk: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// The tables show what is on disk.
    Current,
    /// They do not.
    Stale,
    /// The directory is not here, so nobody can say.
    Unknown,
}

const COUNTED: &[&str] =
    &["files", "functions", "classes", "imports", "calls", "dependencies", "parse_issues"];

pub(super) async fn run(program: &Program, arguments: FromArguments) -> Result<Exit> {
    let mut all = Vec::new();
    for backend in program.readers(&arguments.from).await? {
        for stored in backend.repositories().await? {
            all.push(status_of(program, backend.as_ref(), stored).await?);
        }
        backend.close().await?;
    }
    match arguments.format {
        Format::Json => print_json(&all)?,
        Format::Text if all.is_empty() => {
            print(|out| writeln!(out, "nothing is loaded yet: try `snake-pipe load .`"))?
        }
        Format::Text => print(|out| all.iter().try_for_each(|status| tell(status, out)))?,
    }
    Ok(Exit::Done)
}

async fn status_of(
    program: &Program,
    backend: &dyn DatabaseBackend,
    stored: StoredRepository,
) -> Result<Status> {
    let manifest = backend.manifest(stored.id).await?;
    let counts = match backend.capabilities().sql {
        true => counts(backend, stored.id.get()).await?,
        false => BTreeMap::from([("files", manifest.files.len() as i64)]),
    };
    // A backend that has no name in the configuration takes everything.
    let route = program.config.backend(&backend.info().name).map(|settings| settings.route);
    let (root, route) = (stored.repository.root.clone(), route.unwrap_or_default());
    let freshness = freshness(program, root, route, &stored.repository.name, manifest).await?;
    Ok(Status {
        backend: backend.info().address.clone(),
        name: stored.repository.name,
        ref_name: stored.repository.ref_name,
        root: stored.repository.root,
        snapshot: stored.snapshot,
        counts,
        freshness,
    })
}

async fn counts(backend: &dyn DatabaseBackend, repository: i64) -> Result<BTreeMap<&'static str, i64>> {
    let mut counts = BTreeMap::new();
    for table in COUNTED {
        let sql = format!("SELECT count(*) FROM {table} WHERE repository_id = $1");
        let query = SqlQuery::new(sql).with_parameters(vec![Value::Integer(repository)]);
        let result = backend.execute_sql_query(query).await?;
        if let Some(Value::Integer(count)) = result.rows.first().and_then(|row| row.first()) {
            counts.insert(*table, *count);
        }
    }
    Ok(counts)
}

async fn freshness(
    program: &Program,
    root: Option<String>,
    route: Route,
    repository: &str,
    manifest: Manifest,
) -> Result<Freshness> {
    let unknown = Freshness {
        state: State::Unknown,
        new_files: 0,
        changed_files: 0,
        removed_files: 0,
        outdated_files: 0,
        commit_on_disk: None,
    };
    let Some(root) = root.filter(|root| Path::new(root).is_dir()) else { return Ok(unknown) };
    let options = extract_options(&program.config, &ExtractFlags::default(), &program.config.backends(&[])?)?;
    let repository = repository.to_owned();
    blocking(move || {
        let description = describe(Path::new(&root))?;
        let extraction =
            Extraction::scan(Path::new(&root), &description.name, options, Arc::new(Progress::default()))?;
        let mut inventory = Inventory::clone(extraction.inventory());
        let taken =
            route.keys(&repository, inventory.files.iter().map(|file| (&file.path, file.language)))?;
        inventory.files.retain(|file| taken.contains(&file.path.key()));
        let found = compare(&manifest, &inventory, &extraction.producer_version());
        Ok(Freshness { commit_on_disk: description.commit, ..found })
    })
    .await
}

fn compare(manifest: &Manifest, inventory: &Inventory, producer_version: &str) -> Freshness {
    let on_disk: BTreeMap<FileKey, _> = inventory.files.iter().map(|file| (file.path.key(), file)).collect();
    let (mut new_files, mut changed_files, mut outdated_files) = (0, 0, 0);
    for (key, file) in &on_disk {
        match manifest.files.get(key) {
            None => new_files += 1,
            Some(held) if held.content_hash != file.content_identity() => changed_files += 1,
            Some(held) if build_of(&held.producer_version) != build_of(producer_version) => {
                outdated_files += 1;
            }
            Some(_) => {}
        }
    }
    let removed_files = manifest.files.keys().filter(|key| !on_disk.contains_key(key)).count() as u64;
    let is_current = new_files + changed_files + outdated_files + removed_files == 0;
    Freshness {
        state: if is_current { State::Current } else { State::Stale },
        new_files,
        changed_files,
        removed_files,
        outdated_files,
        commit_on_disk: None,
    }
}

/// The version without the options behind it: with which of them a repository is loaded is its owner's choice.
fn build_of(producer_version: &str) -> &str {
    producer_version.split('+').next().unwrap_or_default()
}

fn tell(status: &Status, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    writeln!(out, "{} in {}", repository_name(&status.name, &status.ref_name), status.backend)?;
    if let Some(commit) = status.snapshot.as_ref().and_then(|snapshot| snapshot.commit.as_deref()) {
        let dirty = status.snapshot.as_ref().and_then(|snapshot| snapshot.is_dirty).unwrap_or(false);
        writeln!(out, "  commit     {commit}{}", if dirty { ", with changes" } else { "" })?;
    }
    let freshness = &status.freshness;
    let root = status.root.as_deref().unwrap_or_default();
    match freshness.state {
        State::Current => writeln!(out, "  current    shows what is in {root}")?,
        State::Unknown if root.is_empty() => {
            writeln!(out, "  unknown    came as facts, not from a directory")?
        }
        State::Unknown => writeln!(out, "  unknown    loaded from {root}, which is not on this machine")?,
        State::Stale => {
            let parts = [
                (freshness.new_files, "new"),
                (freshness.changed_files, "changed"),
                (freshness.removed_files, "removed"),
                (freshness.outdated_files, "loaded by another version"),
            ];
            let parts: Vec<_> = parts
                .iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{count} {what}"))
                .collect();
            writeln!(out, "  stale      files in {root}: {}; load it again", parts.join(", "))?;
        }
    }
    // In the order in which people think of them.
    let counts: Vec<_> = COUNTED
        .iter()
        .filter_map(|table| Some((*table, u64::try_from(*status.counts.get(table)?).unwrap_or(0))))
        .map(|(table, count)| format!("{} {}", grouped(count), table.replace('_', " ")))
        .collect();
    writeln!(out, "  holds      {}", counts.join(", "))
}
