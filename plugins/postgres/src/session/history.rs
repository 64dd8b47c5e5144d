//! History: what a publication changed, written in its transaction, and the months in which it is kept.

use snake_pipe_core::{
    Result, Value,
    id::RepositoryId,
    load::Marker,
    schema::{HistoryInsert, HistoryRun, OwnedRows, TableId, Unit, history_rows},
};
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use uuid::Uuid;

use super::{locks::LOCK_WAIT_MS, rows};
use crate::{connection::Lease, error::failed, schema::statements::quoted};

/// The time of the snapshot: that at which the transaction began.
const AT: &str = "now()";

/// Writes what becomes of files whose rows are `old`, none for those that are new. The bytes that were sent.
pub(crate) async fn write(
    connection: &mut PgConnection,
    old: &OwnedRows,
    new: &OwnedRows,
    run: &HistoryRun,
) -> Result<u64> {
    let mut bytes = 0;
    for (table, changes) in history_rows(old, new, run) {
        let changes: Vec<&[Value]> = changes.iter().map(Vec::as_slice).collect();
        bytes += rows::insert(connection, table, &changes).await?;
    }
    Ok(bytes)
}

/// Writes that these files go, before they do.
pub(crate) async fn write_removed(
    connection: &mut PgConnection,
    files: &[Uuid],
    run: &HistoryRun,
) -> Result<()> {
    for insert in HistoryInsert::removed("= ANY($3)", AT) {
        sqlx::query(AssertSqlSafe(insert.sql))
            .bind(run.repository)
            .bind(Uuid::parse_str(&run.snapshot).unwrap_or_default())
            .bind(files)
            .execute(&mut *connection)
            .await
            .map_err(failed("write history"))?;
    }
    Ok(())
}

/// Writes that all came which the tables of files and of functions hold.
pub(crate) async fn write_added(
    connection: &mut PgConnection,
    [files, functions]: [String; 2],
    repository: RepositoryId,
    snapshot: Marker,
) -> Result<()> {
    for insert in HistoryInsert::added(&files, &functions, AT) {
        sqlx::query(AssertSqlSafe(insert.sql))
            .persistent(false)
            .bind(repository.get())
            .bind(snapshot.0)
            .execute(&mut *connection)
            .await
            .map_err(failed("write history"))?;
    }
    Ok(())
}

/// Makes the partitions of this month and the next, and drops those that are too old; 0 days keep all. A role that does not own
/// the tables leaves it to one that does: rows are kept in the default partition meanwhile. What is published is published,
/// whatever becomes of this.
pub(crate) async fn keep(lease: &mut Lease, days: u32) {
    if let Err(error) = try_keep(lease, days).await {
        tracing::debug!(%error, "the months of history are left to a later load");
        let _ = lease.run("ROLLBACK").await;
    }
}

/// What is to be done about one month of one table.
struct Month {
    table: String,
    partition: String,
    from: String,
    to: String,
    is_missing: bool,
}

async fn try_keep(lease: &mut Lease, days: u32) -> Result<()> {
    const MONTHS: &str = "
        WITH owned AS (
            SELECT c.relname::text AS name
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relname = ANY($1) AND c.relkind = 'p'
              AND pg_has_role(c.relowner, 'MEMBER') AND has_schema_privilege(n.oid, 'CREATE')
        ), held AS (
            SELECT p.relname::text AS name, c.relname::text AS partition,
                   to_date(substring(c.relname::text FROM '_([0-9]{4}_[0-9]{2})$'), 'YYYY_MM')::timestamp AS month
            FROM owned o
            JOIN pg_catalog.pg_class p ON p.oid = quote_ident(o.name)::regclass
            JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid
            JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        )
        SELECT o.name, o.name || to_char(m.month, '_YYYY_MM') AS partition, m.month::text AS first,
               (m.month + interval '1 month')::text AS next, true AS is_missing
        FROM owned o, generate_series(
            date_trunc('month', now() AT TIME ZONE 'UTC'), now() AT TIME ZONE 'UTC' + interval '1 month', interval '1 month'
        ) m (month)
        WHERE NOT EXISTS (SELECT FROM held h WHERE h.name = o.name AND h.month = m.month)
        UNION ALL
        SELECT h.name, h.partition, h.month::text, (h.month + interval '1 month')::text, false
        FROM held h
        WHERE $2 > 0 AND h.month + interval '1 month' <= now() AT TIME ZONE 'UTC' - make_interval(days => $2)
        ORDER BY 1, 3";
    let tables = TableId::ALL.iter().map(|table| table.table()).filter(|table| table.unit == Unit::History);
    let names: Vec<String> = tables.map(|table| table.name.to_owned()).collect();
    let days = i32::try_from(days).unwrap_or(i32::MAX);
    let months = sqlx::query(MONTHS)
        .bind(&names)
        .bind(days)
        .fetch_all(lease.get())
        .await
        .map_err(failed("keep history"))?;
    for row in months {
        let month = Month {
            table: row.get("name"),
            partition: quoted(row.get("partition")),
            from: row.get("first"),
            to: row.get("next"),
            is_missing: row.get("is_missing"),
        };
        let sql = if month.is_missing { make(&month) } else { format!("DROP TABLE {}", month.partition) };
        lease
            .run(format!("BEGIN; SET LOCAL lock_timeout = '{LOCK_WAIT_MS}ms'; {sql}; COMMIT"))
            .await
            .map_err(failed("keep history"))?;
    }
    Ok(())
}

/// The statements that make a month's partition, and put into it what waits for it.
fn make(month: &Month) -> String {
    let Month { table, partition, from, to, .. } = month;
    format!(
        "CREATE TABLE {partition} (LIKE {table} INCLUDING CONSTRAINTS); \
         WITH moved AS (
             DELETE FROM ONLY {table}_default WHERE changed_at >= '{from}+00' AND changed_at < '{to}+00' RETURNING *
         ) INSERT INTO {partition} SELECT * FROM moved; \
         ALTER TABLE {table} ATTACH PARTITION {partition} FOR VALUES FROM ('{from}+00') TO ('{to}+00')"
    )
}
