//! Months of the large tables, in PostgreSQL.

use snake_pipe_core::{Dialect as Language, Result, Timestamp};
use time::{Date, Month, OffsetDateTime};

use super::{transaction::Transaction, value::args};

/// Tables partitioned by month, with the column that says when.
pub(crate) const PARTITIONED: &[(&str, &str)] = &[
    ("deliveries", "delivered_at"),
    ("position_history", "recorded_at"),
    ("errors", "occurred_at"),
    ("samples", "recorded_at"),
    ("audit", "recorded_at"),
];

/// How many months are made ahead of the present one.
const AHEAD: u32 = 3;

/// Makes the partitions of the present month and of those that follow. Rows for which there is none go to a default one, so
/// that nothing is lost where this was not called for a long time, or by a role alone that does not own the tables, for which it
/// does nothing, as it does elsewhere than in PostgreSQL.
pub(crate) async fn ensure(transaction: &mut Transaction) -> Result<()> {
    if transaction.dialect().language != Language::Postgres {
        return Ok(());
    }
    if !may_make(transaction).await? {
        return Ok(());
    }
    let months: Vec<_> = (0..=AHEAD).map(|ahead| first_of_month(transaction.now, ahead)).collect();
    let made = names(transaction).await?;
    for (table, column) in PARTITIONED {
        if !made.contains(&format!("{table}_default")) {
            transaction.run(&format!("CREATE TABLE @{table}_default PARTITION OF @{table} DEFAULT")).await?;
        }
        for month in &months {
            let name = partition_name(table, *month);
            if made.contains(&name) {
                continue;
            }
            let (from, to) = (*month, next(*month));
            if holds_rows(transaction, table, column, from, to).await? {
                // They came when nobody could make the month. They stay where they are.
                continue;
            }
            transaction
                .run(&format!(
                    "CREATE TABLE @{name} PARTITION OF @{table}
                     FOR VALUES FROM ('{from} 00:00:00+00') TO ('{to} 00:00:00+00')"
                ))
                .await?;
        }
    }
    Ok(())
}

/// Whether the default partition holds rows of this time.
async fn holds_rows(
    transaction: &mut Transaction,
    table: &str,
    column: &str,
    from: Date,
    to: Date,
) -> Result<bool> {
    let sql = format!(
        "SELECT count(*) AS found FROM (
             SELECT 1 FROM @{table}_default WHERE {column} >= '{from} 00:00:00+00' AND {column} < '{to} 00:00:00+00' LIMIT 1
         ) f"
    );
    Ok(transaction.one(&sql, &args![]).await?.get::<u64>("found")? > 0)
}

/// Whether this role may make and drop partitions: it owns the tables, or is about to.
pub(crate) async fn may_make(transaction: &mut Transaction) -> Result<bool> {
    let sql = "SELECT CASE WHEN has_schema_privilege(n.oid, 'CREATE') AND coalesce(bool_and(pg_has_role(c.relowner, 'MEMBER')), true)
                           THEN 1 ELSE 0 END AS found
        FROM pg_catalog.pg_namespace n
        LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind = 'p'
        WHERE n.nspname = $1
        GROUP BY n.oid";
    let schema = transaction.options.schema.clone();
    let found = transaction.all(sql, &args![schema]).await?;
    Ok(found.first().map_or(Ok(1), |row| row.get::<u64>("found"))? > 0)
}

/// Whether the partitions are there that [`ensure`] would make. To a role that may not make any it does not matter: rows go to the
/// default ones, and an owner makes the months that are to come.
pub(crate) async fn are_there(transaction: &mut Transaction) -> Result<bool> {
    if transaction.dialect().language != Language::Postgres {
        return Ok(true);
    }
    let last = first_of_month(transaction.now, AHEAD);
    let made = names(transaction).await?;
    let are_made = PARTITIONED.iter().all(|(table, _)| made.contains(&partition_name(table, last)));
    Ok(are_made || !may_make(transaction).await?)
}

/// The partitions of a table that lie wholly before this time, oldest first.
pub(crate) async fn before(
    transaction: &mut Transaction,
    table: &str,
    cutoff: Timestamp,
) -> Result<Vec<String>> {
    let end = first_of_month(cutoff, 0);
    let mut found: Vec<_> = names(transaction)
        .await?
        .into_iter()
        .filter(|name| month_of(table, name).is_some_and(|month| month < end))
        .collect();
    found.sort();
    Ok(found)
}

/// The names of all partitions.
async fn names(transaction: &mut Transaction) -> Result<Vec<String>> {
    let sql = "SELECT c.relname::text AS name FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relispartition AND c.relkind = 'r'";
    let schema = transaction.options.schema.clone();
    transaction.all(sql, &args![schema]).await?.iter().map(|row| row.get("name")).collect()
}

fn partition_name(table: &str, month: Date) -> String {
    format!("{table}_{:04}_{:02}", month.year(), u8::from(month.month()))
}

fn month_of(table: &str, partition: &str) -> Option<Date> {
    let (year, month) = partition.strip_prefix(table)?.strip_prefix('_')?.split_once('_')?;
    Date::from_calendar_date(year.parse().ok()?, Month::try_from(month.parse::<u8>().ok()?).ok()?, 1).ok()
}

fn first_of_month(time: Timestamp, ahead: u32) -> Date {
    let time = OffsetDateTime::from_unix_timestamp(time.unix_micros().div_euclid(1_000_000))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let first = time.date().replace_day(1).unwrap_or(Date::MIN);
    (0..ahead).fold(first, |month, _| next(month))
}

fn next(month: Date) -> Date {
    let year = if month.month() == Month::December { month.year() + 1 } else { month.year() };
    Date::from_calendar_date(year, month.month().next(), 1).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other_over_the_end_of_the_year() {
        let november: Timestamp = "2026-11-20T11:00:00Z".parse().unwrap();
        let names: Vec<_> =
            (0..=3).map(|ahead| partition_name("errors", first_of_month(november, ahead))).collect();
        assert_eq!(names, ["errors_2026_11", "errors_2026_12", "errors_2027_01", "errors_2027_02"]);
        assert_eq!(month_of("errors", "errors_2026_12").unwrap().to_string(), "2026-12-01");
        assert_eq!(month_of("errors", "errors_default"), None);
    }
}
