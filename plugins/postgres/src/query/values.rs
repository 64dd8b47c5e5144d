//! Values as the server writes them, as values of every backend.

use snake_pipe_core::Value;
use sqlx::{
    Column as _, Row as _, TypeInfo as _, ValueRef as _,
    postgres::{PgRow, PgValueRef},
};

/// The values of a row that came as text, and how many bytes they are.
pub(super) fn values(row: &PgRow) -> Result<(Vec<Value>, usize), sqlx::Error> {
    let mut bytes = 0;
    let mut values = Vec::with_capacity(row.columns().len());
    for column in row.columns() {
        let raw = row.try_get_raw(column.ordinal())?;
        bytes += raw.as_bytes().map_or(0, <[u8]>::len);
        values.push(value(&raw));
    }
    Ok((values, bytes))
}

fn value(raw: &PgValueRef<'_>) -> Value {
    if raw.is_null() {
        return Value::Null;
    }
    let text = match raw.as_bytes() {
        Ok(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => return Value::Null,
    };
    typed(raw.type_info().name(), text)
}

fn typed(type_name: &str, text: String) -> Value {
    let number = match type_name {
        "BOOL" => return Value::Bool(text == "t"),
        "INT2" | "INT4" | "INT8" | "OID" => text.parse().ok().map(Value::Integer),
        "FLOAT4" | "FLOAT8" => text.parse().ok().map(Value::Real),
        // Sums of large integers are whole and stay so; averages are not.
        "NUMERIC" => text.parse().ok().map(Value::Integer).or_else(|| text.parse().ok().map(Value::Real)),
        "TIMESTAMPTZ" => rfc_3339(&text).map(Value::Text),
        _ => None,
    };
    number.unwrap_or(Value::Text(text))
}

/// `2023-11-14 22:13:20.1234+00`, as the server writes it in UTC, in the form of every backend.
fn rfc_3339(text: &str) -> Option<String> {
    let (date, time) = text.strip_suffix("+00")?.split_once(' ')?;
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    Some(format!("{date}T{seconds}.{fraction:0<6}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_in_their_own_types() {
        assert_eq!(typed("NUMERIC", "12".into()), Value::Integer(12));
        assert_eq!(typed("NUMERIC", "1.5".into()), Value::Real(1.5));
        assert_eq!(typed("BOOL", "f".into()), Value::Bool(false));
        assert_eq!(typed("UUID", "x".into()), Value::Text("x".into()));
        assert_eq!(
            typed("TIMESTAMPTZ", "2023-11-14 22:13:20.12+00".into()),
            Value::Text("2023-11-14T22:13:20.120000Z".into())
        );
    }
}
