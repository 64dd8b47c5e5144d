//! Derived tables are recalculated when what they are made from has been published: in a transaction of their own, for which no
//! reader and no publication waits. Whatever becomes of it, queries answer right: a table that is not of the current snapshot
//! is not read.

use std::{collections::HashSet, sync::LazyLock};

use snake_pipe_core::{
    Result, Value,
    id::RepositoryId,
    model::DependencyType,
    queries::import_cycles,
    schema::{DERIVED, Derivation, DerivedRows, OwnedRows, TableId},
};
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use super::unresolve::id_of;
use crate::{connection::Lease, error::failed};

/// From so many rows that have to be made anew on, all are: reading the tables is faster then.
const MAX_AFFECTED: usize = 20_000;
/// From so many changed files on.
const MAX_FILES: usize = 2_000;
const BEGIN: &str = "BEGIN; SET LOCAL jit = off; SET LOCAL work_mem = '64MB'";

/// Whose derived rows a publication made outdated.
#[derive(Debug, Default)]
pub(crate) struct Affected {
    /// Functions that changed files call, called or defined.
    functions: HashSet<Uuid>,
    /// Files of which anything changed.
    files: HashSet<Uuid>,
    /// Files whose calls changed.
    calling: HashSet<Uuid>,
    /// Files whose dependencies changed.
    depending: HashSet<Uuid>,
    /// Whether dependencies by import changed.
    has_imports: bool,
    /// Whether files went.
    has_removed: bool,
    /// Whether it is not known what changed.
    is_everything: bool,
}

impl Affected {
    /// Everything, as after a first load.
    pub(crate) fn everything() -> Self {
        Self { is_everything: true, ..Self::default() }
    }

    /// Takes note of files that had no rows.
    pub(crate) fn see_new(&mut self, rows: &OwnedRows) {
        for (table, rows) in rows {
            self.see_rows(*table, rows.iter());
        }
    }

    /// The columns of a table that derived tables are made from, by position: a row that differs in others alone affects none. None
    /// where any will do.
    pub(crate) fn columns(table: TableId) -> Option<&'static [usize]> {
        static CALLS: LazyLock<Vec<usize>> =
            LazyLock::new(|| positions(TableId::Calls, &["function_id", "target_function_id"]));
        static DEPENDENCIES: LazyLock<Vec<usize>> = LazyLock::new(|| {
            positions(TableId::Dependencies, &["dependency_type", "target_file_id", "status"])
        });
        match table {
            TableId::Calls => Some(&CALLS),
            TableId::Dependencies => Some(&DEPENDENCIES),
            _ => None,
        }
    }

    /// Takes note of a table's rows that are inserted, deleted, or updated, as they were and as they become.
    pub(crate) fn see_rows<'a>(&mut self, table: TableId, rows: impl Iterator<Item = &'a Vec<Value>>) {
        let table_id = table;
        let column = |name| table.table().position(name);
        match table_id {
            TableId::Calls => {
                let target = column("target_function_id");
                for row in rows {
                    self.calling.extend(id_of(&row[0]));
                    self.functions.extend(target.and_then(|target| id_of(&row[target])));
                }
            }
            // Whatever changes about a file, a hash of its row changes.
            TableId::Files => self.files.extend(rows.filter_map(|row| id_of(&row[0]))),
            TableId::Dependencies => {
                let dependency_type = column("dependency_type");
                let import = Value::Text(DependencyType::Import.as_str().to_owned());
                for row in rows {
                    self.depending.extend(id_of(&row[0]));
                    self.has_imports |= dependency_type.is_some_and(|position| row[position] == import);
                }
            }
            _ => {}
        }
    }

    /// Takes note of files that go, and of what they called and defined.
    pub(crate) fn see_removed(&mut self, files: &[Uuid], called: impl IntoIterator<Item = Uuid>) {
        self.has_removed |= !files.is_empty();
        self.has_imports |= !files.is_empty();
        self.files.extend(files);
        self.calling.extend(files);
        self.functions.extend(called);
    }

    /// Takes note of functions that are no more.
    pub(crate) fn see_vanished(&mut self, functions: impl IntoIterator<Item = Uuid>) {
        self.functions.extend(functions);
    }

    /// Takes note of files whose references lost their targets.
    pub(crate) fn see_unresolved(&mut self, files: &[Uuid]) {
        self.has_imports |= !files.is_empty();
        self.files.extend(files);
        self.calling.extend(files);
        self.depending.extend(files);
    }

    /// Adds what another write affects.
    pub(crate) fn add(&mut self, other: Self) {
        self.functions.extend(other.functions);
        self.files.extend(other.files);
        self.calling.extend(other.calling);
        self.depending.extend(other.depending);
        self.has_imports |= other.has_imports;
        self.has_removed |= other.has_removed;
        self.is_everything |= other.is_everything;
    }

    /// What has to be made anew of a table that was up to date before.
    fn part_of(&self, rows: DerivedRows) -> Part {
        let some = |ids: &HashSet<Uuid>, most| match ids.len() {
            0 => Part::Nothing,
            len if len <= most => Part::Some(ids.iter().copied().collect()),
            _ => Part::All,
        };
        match rows {
            _ if self.is_everything => Part::All,
            DerivedRows::Functions => some(&self.functions, MAX_AFFECTED),
            DerivedRows::Files => some(&self.files, MAX_FILES),
            DerivedRows::CallingFiles => some(&self.calling, MAX_FILES),
            DerivedRows::DependingFiles if self.has_removed => Part::All,
            DerivedRows::DependingFiles => some(&self.depending, MAX_FILES),
            DerivedRows::All if self.has_imports => Part::All,
            DerivedRows::All => Part::Nothing,
        }
    }
}

fn positions(table: TableId, columns: &[&str]) -> Vec<usize> {
    columns.iter().filter_map(|column| table.table().position(column)).collect()
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Nothing,
    Some(Vec<Uuid>),
    All,
}

/// Recalculates what a publication made outdated. `before` is the snapshot that it replaced.
pub(crate) async fn refresh(
    lease: &mut Lease,
    repository: RepositoryId,
    before: Option<Uuid>,
    published: Uuid,
    affected: &Affected,
) {
    if let Err(error) = try_refresh(lease, repository, before, published, affected).await {
        tracing::warn!(%error, "derived tables are not up to date: queries take longer until the next load");
        let _ = lease.run("ROLLBACK").await;
    }
}

async fn try_refresh(
    lease: &mut Lease,
    repository: RepositoryId,
    before: Option<Uuid>,
    published: Uuid,
    affected: &Affected,
) -> Result<()> {
    let failed = || failed("derive");
    let begin = std::time::Instant::now();
    lease.run(BEGIN).await.map_err(failed())?;
    // One at a time; the statements behind it see what the others have done.
    let lock =
        format!("SELECT pg_advisory_xact_lock(hashtext('snake_pipe_derived'), hashtext('{repository}'))");
    lease.run(lock).await.map_err(failed())?;
    let current: Option<Uuid> =
        sqlx::query_scalar("SELECT snapshot_id FROM repositories WHERE repository_id = $1")
            .bind(repository.get())
            .fetch_optional(lease.get())
            .await
            .map_err(failed())?
            .flatten();
    if current != Some(published) {
        // Somebody published since, and derives; or nothing was worth a snapshot, and nothing is outdated.
        return lease.run("ROLLBACK").await.map_err(failed());
    }
    let stamps = sqlx::query("SELECT table_name, snapshot_id FROM derived_tables WHERE repository_id = $1")
        .bind(repository.get())
        .fetch_all(lease.get())
        .await
        .map_err(failed())?;
    let mut anew = Vec::new();
    for derivation in DERIVED {
        let stamp = stamps.iter().find(|row| row.get::<&str, _>(0) == derivation.name());
        let made_from: Option<Uuid> = stamp.map(|row| row.get(1));
        let part = match made_from {
            Some(made_from) if made_from == published => continue,
            Some(made_from) if Some(made_from) == before => affected.part_of(derivation.rows),
            _ => Part::All,
        };
        if part == Part::All {
            anew.push(derivation.name());
        }
        make(lease, derivation, repository, &part).await?;
        stamp_table(lease, derivation, repository, published).await?;
    }
    lease.run("COMMIT").await.map_err(failed())?;
    if affected.is_everything && !anew.is_empty() {
        lease.run(format!("ANALYZE (SKIP_LOCKED) {}", anew.join(", "))).await.map_err(failed())?;
    }
    tracing::debug!(%repository, ?anew, elapsed = ?begin.elapsed(), "derived tables are up to date");
    Ok(())
}

/// Makes a part of a table anew.
async fn make(
    lease: &mut Lease,
    derivation: &Derivation,
    repository: RepositoryId,
    part: &Part,
) -> Result<()> {
    const LIST: &str = "SELECT unnest($1::uuid[])";
    let (list, ids) = match part {
        Part::Nothing => return Ok(()),
        Part::Some(ids) => (Some(LIST), ids.as_slice()),
        Part::All => (None, &[][..]),
    };
    let delete = derivation.delete(repository.get(), list);
    let insert = derivation.insert(repository.get(), list);
    for sql in [Some(delete), insert].into_iter().flatten() {
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        let query = if list.is_some() { query.bind(ids) } else { query };
        query.execute(lease.get()).await.map_err(failed("derive"))?;
    }
    if derivation.table == TableId::ImportCycles {
        make_cycles(lease, repository).await?;
    }
    Ok(())
}

async fn make_cycles(lease: &mut Lease, repository: RepositoryId) -> Result<()> {
    const INSERT: &str = "INSERT INTO import_cycles (file_id, repository_id, cycle, file_count)
        SELECT n.file_id, $1, n.cycle, n.file_count
        FROM unnest($2::uuid[], $3::integer[], $4::integer[]) AS n (file_id, cycle, file_count)";
    let edges: Vec<(Uuid, Uuid)> = sqlx::query_as(AssertSqlSafe(Derivation::imports(repository.get())))
        .fetch_all(lease.get())
        .await
        .map_err(failed("derive"))?;
    let cycles = import_cycles(edges);
    let (mut files, mut numbers, mut counts) = (Vec::<Uuid>::new(), Vec::<i32>::new(), Vec::<i32>::new());
    for (index, members) in cycles.iter().enumerate() {
        files.extend(members);
        numbers.resize(files.len(), index as i32 + 1);
        counts.resize(files.len(), members.len() as i32);
    }
    sqlx::query(INSERT)
        .bind(repository.get())
        .bind(files)
        .bind(numbers)
        .bind(counts)
        .execute(lease.get())
        .await
        .map(drop)
        .map_err(failed("derive"))
}

async fn stamp_table(
    lease: &mut Lease,
    derivation: &Derivation,
    repository: RepositoryId,
    snapshot: Uuid,
) -> Result<()> {
    const STAMP: &str = "
        INSERT INTO derived_tables (repository_id, table_name, snapshot_id, calculated_at) VALUES ($1, $2, $3, now())
        ON CONFLICT (repository_id, table_name) DO UPDATE SET snapshot_id = $3, calculated_at = now()";
    sqlx::query(STAMP)
        .bind(repository.get())
        .bind(derivation.name())
        .bind(snapshot)
        .execute(lease.get())
        .await
        .map(drop)
        .map_err(failed("derive"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_tables_read_no_other_columns_of_sites() {
        let names = |table: TableId| -> Vec<_> {
            let columns = Affected::columns(table).into_iter().flatten();
            columns.map(|position| table.table().columns[*position].name).collect()
        };
        assert_eq!(names(TableId::Calls), ["function_id", "target_function_id"]);
        assert_eq!(names(TableId::Dependencies), ["dependency_type", "target_file_id", "status"]);
        // A file's own row is another whenever anything about the file is.
        assert!(Affected::columns(TableId::Files).is_none());
    }

    #[test]
    fn what_did_not_change_is_not_made_anew() {
        let mut affected = Affected::default();
        let id = Uuid::from_u128(1);
        affected.see_vanished([id]);
        assert_eq!(affected.part_of(DerivedRows::Functions), Part::Some(vec![id]));
        assert_eq!(affected.part_of(DerivedRows::CallingFiles), Part::Nothing);
        assert_eq!(affected.part_of(DerivedRows::All), Part::Nothing);
        affected.see_removed(&[id], []);
        assert_eq!(affected.part_of(DerivedRows::DependingFiles), Part::All);
        assert_eq!(affected.part_of(DerivedRows::All), Part::All);
        assert_eq!(Affected::everything().part_of(DerivedRows::Functions), Part::All);
    }
}
