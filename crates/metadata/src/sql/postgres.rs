//! PostgreSQL's side: opening, binding, reading.

use std::{str::FromStr as _, sync::Arc, time::Duration};

use snake_pipe_core::{Error, ErrorKind, Result, Timestamp, Value, secret::redacted_url};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Decode, Encode, PgConnection, PgPool, Postgres,
    Row as _, Type, TypeInfo as _, ValueRef as _,
    encode::IsNull,
    error::BoxDynError,
    postgres::{
        PgArgumentBuffer, PgArguments, PgConnectOptions, PgPoolOptions, PgRow, PgTypeInfo, PgValueRef,
        types::Oid,
    },
    query::Query,
};
use uuid::Uuid;

use super::{
    error::convert,
    value::{Arg, Row},
};

/// How long to wait for a connection: meanwhile a server that refuses them is asked again and again.
const PATIENCE: Duration = Duration::from_secs(4);
/// Bookkeeping of one process: the operations are short.
const CONNECTIONS: u32 = 4;
/// PostgreSQL's times count from 2000-01-01.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// What a URL says.
pub(crate) fn options(url: &str) -> Result<PgConnectOptions> {
    let options = PgConnectOptions::from_str(url).map_err(|source| {
        Error::new(ErrorKind::Configuration, "the control plane's URL is not one of PostgreSQL")
            .with_context("url", redacted_url(url))
            .with_source(source)
            .with_help("write postgres://USER@HOST:5432/DATABASE; letters such as @ / : in a password as %HH")
    })?;
    Ok(options.application_name("snake-pipe metadata"))
}

/// The pool of a database.
pub(crate) fn pool(options: PgConnectOptions) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
    pool.connect_lazy_with(options.disable_statement_logging())
}

/// Statements without values; several are separated by semicolons.
pub(crate) async fn run(connection: &mut PgConnection, sql: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop).map_err(convert)
}

pub(crate) async fn execute(connection: &mut PgConnection, sql: String, args: &[Arg]) -> Result<u64> {
    let done = bound(sql, args).execute(connection).await.map_err(convert)?;
    Ok(done.rows_affected())
}

pub(crate) async fn fetch(connection: &mut PgConnection, sql: String, args: &[Arg]) -> Result<Vec<Row>> {
    let rows = bound(sql, args).fetch_all(connection).await.map_err(convert)?;
    let names: Arc<[String]> = rows
        .first()
        .map(|row| row.columns().iter().map(|column| column.name().to_owned()).collect())
        .unwrap_or_default();
    rows.iter().map(|row| read(row, &names)).collect()
}

fn bound(sql: String, args: &[Arg]) -> Query<'static, Postgres, PgArguments> {
    let query = sqlx::query(AssertSqlSafe(sql));
    args.iter().cloned().fold(query, |query, arg| match arg {
        Arg::Bool(value) => query.bind(value),
        Arg::Integer(value) => query.bind(value),
        Arg::Real(value) => query.bind(value),
        // A text of PostgreSQL holds no NUL.
        Arg::Text(value) => query.bind(value.map(|text| text.replace('\0', "\u{fffd}"))),
        Arg::Uuid(value) => query.bind(value),
        Arg::Time(value) => query.bind(value.map(TimestampTz)),
        Arg::Json(value) => query.bind(value.map(|text| Jsonb(text.replace("\\u0000", "\\ufffd")))),
    })
}

fn read(row: &PgRow, names: &Arc<[String]>) -> Result<Row> {
    let values = (0..row.len()).map(|index| {
        let raw = row.try_get_raw(index).map_err(convert)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        value(raw).map_err(|source| convert(sqlx::Error::Decode(source)))
    });
    Ok(Row { names: Arc::clone(names), values: values.collect::<Result<_>>()? })
}

fn value(raw: PgValueRef<'_>) -> Result<Value, BoxDynError> {
    let kind = raw.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "BOOL" => Value::Bool(<bool as Decode<Postgres>>::decode(raw)?),
        "INT8" => Value::Integer(<i64 as Decode<Postgres>>::decode(raw)?),
        "INT4" => Value::Integer(<i32 as Decode<Postgres>>::decode(raw)?.into()),
        "FLOAT8" => Value::Real(<f64 as Decode<Postgres>>::decode(raw)?),
        "UUID" => Value::Text(<Uuid as Decode<Postgres>>::decode(raw)?.to_string()),
        "TIMESTAMPTZ" => Value::Text(TimestampTz::decode(raw)?.0.to_string()),
        "JSONB" => Value::Text(Jsonb::decode(raw)?.0),
        _ => Value::Text(<String as Decode<Postgres>>::decode(raw)?),
    })
}

/// A `timestamptz`: microseconds since 2000-01-01.
struct TimestampTz(Timestamp);

impl Type<Postgres> for TimestampTz {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1184))
    }
}

impl Encode<'_, Postgres> for TimestampTz {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(&(self.0.unix_micros() - EPOCH_MICROS).to_be_bytes());
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for TimestampTz {
    fn decode(raw: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let micros = i64::from_be_bytes(raw.as_bytes()?.try_into()?);
        Ok(Self(Timestamp::from_unix_micros(micros + EPOCH_MICROS)))
    }
}

/// A `jsonb`: a version and the text.
struct Jsonb(String);

impl Type<Postgres> for Jsonb {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(3802))
    }
}

impl Encode<'_, Postgres> for Jsonb {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.push(1);
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Jsonb {
    fn decode(raw: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let bytes = raw.as_bytes()?;
        Ok(Self(std::str::from_utf8(bytes.get(1..).unwrap_or_default())?.to_owned()))
    }
}
