//! The values of a statement's parameters, in the binary form that the protocol binds.
//!
//! A value comes as text, number or truth; which type its parameter has, the server has found out from the statement. What is
//! not plain is converted by the server itself, which knows the text form of every type.

use snake_pipe_core::{Error, ErrorKind, Result, Value};
use sqlx::{
    AssertSqlSafe, Encode, Postgres, Row as _, Type, TypeInfo as _, ValueRef as _,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo},
    query::Query,
};

use crate::{
    connection::Lease,
    error::{Author, convert},
};

/// A value as the server takes it: its type, and its bytes unless it is NULL.
#[derive(Debug)]
pub(super) struct Bound {
    type_info: PgTypeInfo,
    bytes: Option<Vec<u8>>,
}

impl Type<Postgres> for Bound {
    fn type_info() -> PgTypeInfo {
        <str as Type<Postgres>>::type_info()
    }

    fn compatible(_: &PgTypeInfo) -> bool {
        true
    }
}

impl Encode<'_, Postgres> for Bound {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match &self.bytes {
            Some(bytes) => {
                buffer.extend_from_slice(bytes);
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.type_info.clone())
    }
}

/// The values for parameters of these types, which are as many.
///
/// # Errors
/// `Query` for a value that its type does not know.
pub(super) async fn bound(lease: &mut Lease, types: &[PgTypeInfo], values: &[Value]) -> Result<Vec<Bound>> {
    let plain: Vec<_> =
        types.iter().zip(values).map(|(kind, value)| plain_bytes(kind.name(), value)).collect();
    if plain.iter().all(Option::is_some) {
        let bound = types.iter().zip(plain.into_iter().flatten());
        return Ok(bound.map(|(kind, bytes)| Bound { type_info: kind.clone(), bytes }).collect());
    }
    converted(lease, types, values).await
}

/// The query with the values bound to it.
pub(super) fn bind(
    query: Query<'_, Postgres, PgArguments>,
    values: Vec<Bound>,
) -> Query<'_, Postgres, PgArguments> {
    values.into_iter().fold(query, Query::bind)
}

/// The bytes of a value that need no conversion; the inner none is NULL.
fn plain_bytes(type_name: &str, value: &Value) -> Option<Option<Vec<u8>>> {
    let bytes = match (type_name, value) {
        (_, Value::Null) => return Some(None),
        ("TEXT" | "VARCHAR", value) => text_of(value).into_bytes(),
        ("INT8", Value::Integer(number)) => number.to_be_bytes().to_vec(),
        ("INT4", Value::Integer(number)) => i32::try_from(*number).ok()?.to_be_bytes().to_vec(),
        ("BOOL", Value::Bool(truth)) => vec![u8::from(*truth)],
        _ => return None,
    };
    Some(Some(bytes))
}

/// NUL is in no text.
fn text_of(value: &Value) -> String {
    value.to_string().replace('\0', "\u{fffd}")
}

async fn converted(lease: &mut Lease, types: &[PgTypeInfo], values: &[Value]) -> Result<Vec<Bound>> {
    const NAMES: &str =
        "SELECT format_type(t.type_oid, NULL) FROM unnest($1::oid[]) WITH ORDINALITY AS t (type_oid, number)
        ORDER BY number";
    let oids = types.iter().map(PgTypeInfo::oid).collect::<Option<Vec<_>>>();
    let oids =
        oids.ok_or_else(|| Error::new(ErrorKind::Internal, "the driver does not know a parameter's type"))?;
    let by_user = |error| convert(error, Author::User);
    let names: Vec<String> =
        sqlx::query_scalar(NAMES).bind(oids).fetch_all(lease.get()).await.map_err(by_user)?;
    let casts: Vec<_> =
        (1..).zip(names).map(|(number, name)| format!("CAST(CAST(${number} AS text) AS {name})")).collect();
    let sql = AssertSqlSafe(format!("SELECT {}", casts.join(", ")));
    let texts = values.iter().map(|value| (*value != Value::Null).then(|| text_of(value)));
    let query = texts.fold(sqlx::query(sql).persistent(false), Query::bind);
    let row = query.fetch_one(lease.get()).await.map_err(by_user)?;
    let one = |(number, kind): (usize, &PgTypeInfo)| -> Result<Bound, sqlx::Error> {
        let raw = row.try_get_raw(number)?;
        let bytes =
            if raw.is_null() { None } else { Some(raw.as_bytes().map_err(sqlx::Error::Decode)?.to_vec()) };
        Ok(Bound { type_info: kind.clone(), bytes })
    };
    types.iter().enumerate().map(one).collect::<Result<_, _>>().map_err(by_user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_does_not_fit_its_type_is_left_to_the_server() {
        assert_eq!(plain_bytes("INT4", &Value::Integer(1)), Some(Some(vec![0, 0, 0, 1])));
        assert_eq!(plain_bytes("INT4", &Value::Integer(1 << 40)), None);
        assert_eq!(plain_bytes("INT8", &Value::Text("1".into())), None);
        assert_eq!(plain_bytes("UUID", &Value::Text("x".into())), None);
        assert_eq!(plain_bytes("UUID", &Value::Null), Some(None));
    }

    #[test]
    fn a_number_may_stand_where_the_statement_wants_text() {
        assert_eq!(plain_bytes("TEXT", &Value::Integer(12)), Some(Some(b"12".to_vec())));
        assert_eq!(plain_bytes("TEXT", &Value::Text("a\0b".into())), Some(Some("a\u{fffd}b".into())));
    }
}
