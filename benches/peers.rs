//! How fast the same rows get into PostgreSQL by its users' other ways: `cargo xtask peers`.
//!
//! One run on one server, durable as it is by default. The peers load into our schema with its keys and indexes in place, in one
//! transaction, from rows that they hold in memory; ours starts from facts, and ends with the same keys and indexes. At last the
//! way of the bytes alone: our encoder and COPY beside the server's own COPY of a binary file, into bare tables.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what this program is for")]

#[expect(dead_code, reason = "other programs judge percentiles too")]
mod judgement;
#[path = "kernel_like/mod.rs"]
mod kernel_like;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::Arc,
    time::{Duration, Instant},
};

use judgement::{Limit, Report};
use snake_pipe_core::{
    DatabaseBackend, Error, ErrorKind, MigrateMode, Result, Timestamp,
    load::{Batch, LoadPlan, Marker, Publication, Repository, Snapshot},
    model::TransformedAst,
    schema::{RowContext, TableId, Unit, write_rows},
};
use snake_pipe_postgres::{CopyBuffers, PostgresBackend, PostgresConfig};
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

/// Files unless `SNAKE_PIPE_PEERS_FILES` says otherwise: about 300,000 rows.
const FILES: usize = 2_000;
const FILES_PER_BATCH: usize = 500;
/// A second large repository may take so many times what the first took.
const SECOND: f64 = 1.2;
/// Ours may take so many times what `psql \\copy` takes.
const PSQL: f64 = 0.3;
/// Percent of the speed of the server's own COPY.
const COPY: f64 = 80.0;
/// What one COPY of ours takes, as in a load.
const COPY_BYTES: usize = 8 << 20;
const SEND_BYTES: usize = 1 << 20;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let files =
        std::env::var("SNAKE_PIPE_PEERS_FILES").ok().and_then(|text| text.parse().ok()).unwrap_or(FILES);
    let cluster = PostgresCluster::start(ClusterOptions::durable().setting("max_wal_size", "4GB"))?;
    let facts: Vec<Arc<TransformedAst>> =
        (0..files).map(|number| Arc::new(kernel_like::file(number, files, 0))).collect();
    let folder = shared_folder()?;

    let mut report = Report::default();
    let ours = database(&cluster, "ours").await?;
    let first = load(&*ours, "first", &facts).await?;
    let second = load(&*ours, "second", &facts).await?;
    let rows = write_down(&cluster, folder.path())?;
    println!("{files} files, {rows} rows; load average {}", load_average());
    let line = |what: &str, elapsed: Duration, beside: Duration| {
        let (seconds, ratio) = (elapsed.as_secs_f64(), elapsed.as_secs_f64() / beside.as_secs_f64());
        println!("{what:<52} {seconds:>8.2} s {:>10.0} rows/s {ratio:>7.2}", rows as f64 / seconds);
    };
    println!("{:<52} {:>10} {:>17} {:>7}", "", "time", "", "× ours");
    line("ours: a first large repository", first, first);
    line("ours: a second one beside it", second, first);
    let psql = psql_copy(&cluster, folder.path()).await?;
    line("psql \\copy, keys and indexes in place", psql, first);
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    report.add("a second large repository ÷ the first", ratio(second, first), Limit::below(SECOND, ""));
    report.add("ours ÷ psql \\copy", ratio(first, psql), Limit::below(PSQL, ""));
    for (name, script) in [
        ("asyncpg copy_records_to_table", "asyncpg_copy.py"),
        ("SQLAlchemy 2 bulk insert", "sqlalchemy_insert.py"),
    ] {
        match python(&cluster, folder.path(), script).await? {
            Some(elapsed) => {
                line(name, elapsed, first);
                report.add(format!("ours ÷ {name}"), ratio(first, elapsed), Limit::below(1.0, ""));
            }
            None => println!("{name:<52} not run: `cargo xtask peers` makes the environment it needs"),
        }
    }
    let (own, server) = bytes_alone(&cluster, &facts, folder.path()).await?;
    println!(
        "\nbare tables: our encoder and COPY {:.2} s, COPY FROM a binary file by the server {:.2} s: {:.0} % of its speed",
        own.as_secs_f64(),
        server.as_secs_f64(),
        ratio(server, own) * 100.0
    );
    report.add(
        "our encoder and COPY, of the server's own COPY",
        ratio(server, own) * 100.0,
        Limit::at_least(COPY, " %"),
    );
    println!("\n{report}");
    Ok(if report.failures() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A folder that the server may write to and read from, too.
fn shared_folder() -> Result<tempfile::TempDir> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir()?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777))?;
    Ok(folder)
}

/// A new database with our schema.
async fn database(cluster: &PostgresCluster, name: &str) -> Result<Arc<dyn DatabaseBackend>> {
    let url = cluster.create_database(name)?;
    let backend: Arc<dyn DatabaseBackend> = Arc::new(PostgresBackend::new(PostgresConfig::from_url(&url)?));
    backend.connect().await?;
    backend.migrate(MigrateMode::Apply).await?;
    Ok(backend)
}

/// From facts to the commit.
async fn load(backend: &dyn DatabaseBackend, name: &str, facts: &[Arc<TransformedAst>]) -> Result<Duration> {
    let begin = Instant::now();
    let plan = LoadPlan {
        estimated_rows: u64::MAX,
        ..LoadPlan::complete(Repository::named(name), "1", facts.iter().map(|facts| facts.key()))
    };
    let mut session = backend.begin_load(plan).await?;
    for files in facts.chunks(FILES_PER_BATCH) {
        session.write_batch(Arc::new(Batch { files: files.to_vec(), ..Batch::default() })).await?;
    }
    session.publish(Publication { marker: Marker::random(), snapshot: Snapshot::default() }).await?;
    Ok(begin.elapsed())
}

fn file_tables() -> impl Iterator<Item = TableId> {
    TableId::ALL.iter().copied().filter(|table| table.table().unit == Unit::File)
}

fn columns(table: TableId) -> String {
    let names = table.table().columns.iter().map(|column| format!("\"{}\"", column.name));
    names.collect::<Vec<_>>().join(", ")
}

/// Writes the rows of the first repository down, as CSV for the peers and in the binary form; how many there are.
fn write_down(cluster: &PostgresCluster, folder: &Path) -> Result<u64> {
    let mut rows = 0;
    let mut manifest = String::new();
    for table in file_tables() {
        let (name, columns) = (table.table().name, columns(table));
        let select = format!(
            "SELECT {columns} FROM {name} WHERE repository_id = (SELECT repository_id FROM repositories WHERE name = 'first')"
        );
        for (format, ending) in [("csv", "csv"), ("binary", "copy")] {
            let path = folder.join(format!("{name}.{ending}"));
            cluster.psql_in(
                "ours",
                &format!("COPY ({select}) TO '{}' WITH (FORMAT {format})", path.display()),
            )?;
        }
        let count = cluster.psql_in("ours", &format!("SELECT count(*) FROM ({select}) r"))?;
        rows += count.trim().parse::<u64>().unwrap_or_default();
        let types = "SELECT string_agg(attname || ':' || format_type(atttypid, NULL), ',' ORDER BY attnum)
            FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid = ";
        let types = cluster.psql_in("ours", &format!("{types} '{name}'::regclass"))?;
        // Infallible: the text grows in memory.
        let _ = writeln!(manifest, "{name} {}", types.trim());
    }
    fs::write(folder.join("tables.txt"), manifest)?;
    Ok(rows)
}

/// `psql \copy` of every table, in one transaction.
async fn psql_copy(cluster: &PostgresCluster, folder: &Path) -> Result<Duration> {
    database(cluster, "psql").await?.close().await?;
    let mut script = String::from("BEGIN;\n");
    for table in file_tables() {
        let name = table.table().name;
        let path = folder.join(format!("{name}.csv"));
        let _ = writeln!(
            script,
            "\\copy {name} ({}) FROM '{}' WITH (FORMAT csv)",
            columns(table),
            path.display()
        );
    }
    let path = folder.join("copy.sql");
    fs::write(&path, script + "COMMIT;\n")?;
    let begin = Instant::now();
    cluster.psql_in("psql", &format!("\\i {}", path.display()))?;
    Ok(begin.elapsed())
}

/// A peer in Python, which says itself how long it took, reading the rows left out.
async fn python(cluster: &PostgresCluster, folder: &Path, script: &str) -> Result<Option<Duration>> {
    let Some(python) = std::env::var_os("SNAKE_PIPE_PEERS_PYTHON") else { return Ok(None) };
    let name = script.trim_end_matches(".py");
    database(cluster, name).await?.close().await?;
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(script);
    eprintln!("running {script}");
    let mut peer = Command::new(python);
    peer.env("PYTHONDONTWRITEBYTECODE", "1").arg(path).arg(cluster.database_url(name)).arg(folder);
    let output = peer.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.trim().parse::<f64>() {
        Ok(seconds) if output.status.success() => Ok(Some(Duration::from_secs_f64(seconds))),
        _ => Err(Error::new(ErrorKind::Internal, format!("{script} failed"))
            .with_context("stderr", String::from_utf8_lossy(&output.stderr).trim_end())),
    }
}

/// Into bare tables: by our encoder and COPY, and by the server from files.
async fn bytes_alone(
    cluster: &PostgresCluster,
    facts: &[Arc<TransformedAst>],
    folder: &Path,
) -> Result<(Duration, Duration)> {
    let failed = |source: sqlx::Error| Error::new(ErrorKind::Internal, "COPY failed").with_source(source);
    let mut connection = PgConnection::connect(&cluster.database_url("ours")).await.map_err(failed)?;
    let (mut own, mut server) = (Duration::MAX, Duration::MAX);
    // The better of three each, in turn.
    for _ in 0..3 {
        for is_own in [true, false] {
            for table in file_tables() {
                let name = table.table().name;
                let again =
                    format!("DROP TABLE IF EXISTS bare_{name}; CREATE TABLE bare_{name} (LIKE {name})");
                connection.execute(sqlx::raw_sql(AssertSqlSafe(again))).await.map_err(failed)?;
            }
            let begin = Instant::now();
            if is_own {
                copy_facts(&mut connection, facts).await?;
                own = own.min(begin.elapsed());
            } else {
                for table in file_tables() {
                    let (name, columns) = (table.table().name, columns(table));
                    let path = folder.join(format!("{name}.copy"));
                    let copy = format!(
                        "COPY bare_{name} ({columns}) FROM '{}' WITH (FORMAT binary)",
                        path.display()
                    );
                    connection.execute(sqlx::raw_sql(AssertSqlSafe(copy))).await.map_err(failed)?;
                }
                server = server.min(begin.elapsed());
            }
        }
    }
    Ok((own, server))
}

async fn copy_facts(connection: &mut PgConnection, facts: &[Arc<TransformedAst>]) -> Result<()> {
    let context = RowContext {
        repository: Repository::named("bare").id(),
        producer_version: "1",
        now: Timestamp::now(),
    };
    let mut buffers = CopyBuffers::new();
    for facts in facts {
        write_rows(facts, &context, &mut buffers)?;
        flush(connection, &mut buffers, COPY_BYTES).await?;
    }
    flush(connection, &mut buffers, 1).await
}

async fn flush(connection: &mut PgConnection, buffers: &mut CopyBuffers, at_least: usize) -> Result<()> {
    let failed = |source: sqlx::Error| Error::new(ErrorKind::Internal, "COPY failed").with_source(source);
    for table in file_tables() {
        if buffers.len(table) < at_least {
            continue;
        }
        let bytes = buffers.take(table);
        let sql =
            format!("COPY bare_{} ({}) FROM STDIN WITH (FORMAT binary)", table.table().name, columns(table));
        let mut copy = connection.copy_in_raw(&sql).await.map_err(failed)?;
        for piece in bytes.chunks(SEND_BYTES) {
            copy.send(piece).await.map_err(failed)?;
        }
        copy.finish().await.map_err(failed)?;
    }
    Ok(())
}

fn load_average() -> String {
    fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| "unknown".to_owned()).trim_end().to_owned()
}
