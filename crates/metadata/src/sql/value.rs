//! Values on their way into a statement, and rows on their way out.

use std::{str::FromStr, sync::Arc};

use serde_json::Value as Json;
use snake_pipe_core::{Error, ErrorKind, Result, Timestamp, Value};
use uuid::Uuid;

use crate::model::{
    Claim, DatasetId, DeadLetterId, DeliveryId, ErrorId, LineageEdgeId, PipelineId, PositionId, RunId,
    SchemaVersionId, TaskId,
};

/// A bound value. PostgreSQL wants to know the type of a null too.
#[derive(Clone, Debug)]
pub(crate) enum Arg {
    Bool(Option<bool>),
    Integer(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Uuid(Option<Uuid>),
    Time(Option<Timestamp>),
    Json(Option<String>),
}

/// The bound values of a statement, in their order.
macro_rules! args {
    ($($value:expr),* $(,)?) => { [$($crate::sql::value::Arg::from($value)),*] };
}
pub(crate) use args;

/// Declares which Rust types are bound as what.
macro_rules! bound_as {
    ($($type:ty => $arg:ident, |$value:ident| $into:expr;)+) => { $(
        impl From<$type> for Arg {
            fn from($value: $type) -> Self {
                Self::$arg(Some($into))
            }
        }

        impl From<Option<$type>> for Arg {
            fn from(value: Option<$type>) -> Self {
                Self::$arg(value.map(|$value| $into))
            }
        }
    )+ };
}

bound_as! {
    bool => Bool, |value| value;
    i64 => Integer, |value| value;
    u64 => Integer, |value| i64::try_from(value).unwrap_or(i64::MAX);
    f64 => Real, |value| value;
    String => Text, |value| value;
    &String => Text, |value| value.clone();
    &str => Text, |value| value.to_owned();
    Uuid => Uuid, |value| value;
    Timestamp => Time, |value| value;
    Json => Json, |value| value.to_string();
    &Json => Json, |value| value.to_string();
    PipelineId => Uuid, |value| value.0;
    RunId => Uuid, |value| value.0;
    TaskId => Uuid, |value| value.0;
    DeliveryId => Uuid, |value| value.0;
    DatasetId => Uuid, |value| value.0;
    LineageEdgeId => Uuid, |value| value.0;
    PositionId => Uuid, |value| value.0;
    SchemaVersionId => Uuid, |value| value.0;
    ErrorId => Uuid, |value| value.0;
    DeadLetterId => Uuid, |value| value.0;
    Claim => Uuid, |value| value.0;
}

/// A row: ids, times and JSON as texts, whatever the database.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) names: Arc<[String]>,
    pub(crate) values: Vec<Value>,
}

impl Row {
    /// The value of a column.
    pub(crate) fn get<T: FromValue>(&self, name: &str) -> Result<T> {
        T::from_value(self.value(name)?).ok_or_else(|| self.unexpected(name))
    }

    /// The value of a column that holds a word or a text form.
    pub(crate) fn word<T: FromStr>(&self, name: &str) -> Result<T> {
        self.get::<String>(name)?.parse().map_err(|_| self.unexpected(name))
    }

    /// The value of a column that may hold a word.
    pub(crate) fn optional_word<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        let word: Option<String> = self.get(name)?;
        word.map(|word| word.parse().map_err(|_| self.unexpected(name))).transpose()
    }

    /// The value of a column that holds a structure as JSON.
    pub(crate) fn structure<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T> {
        serde_json::from_str(&self.get::<String>(name)?)
            .map_err(|source| self.unexpected(name).with_source(source))
    }

    fn value(&self, name: &str) -> Result<&Value> {
        let place = self.names.iter().position(|known| known == name);
        place
            .and_then(|place| self.values.get(place))
            .ok_or_else(|| Error::new(ErrorKind::Internal, format!("the statement has no column `{name}`")))
    }

    fn unexpected(&self, name: &str) -> Error {
        Error::new(ErrorKind::Schema, format!("the control plane's column `{name}` holds what it should not"))
            .with_help("was the database changed by hand? `snake-pipe migrate` cannot repair that")
    }
}

/// What a column's value can be read as.
pub(crate) trait FromValue: Sized {
    fn from_value(value: &Value) -> Option<Self>;
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// Declares which Rust types are read from texts.
macro_rules! read_from_text {
    ($($type:ty),+) => { $(
        impl FromValue for $type {
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::Text(text) => text.parse().ok(),
                    _ => None,
                }
            }
        }
    )+ };
}

read_from_text!(
    String,
    Uuid,
    Timestamp,
    Json,
    PipelineId,
    RunId,
    TaskId,
    DeliveryId,
    DatasetId,
    LineageEdgeId,
    PositionId,
    SchemaVersionId,
    ErrorId,
    DeadLetterId
);

impl FromValue for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl FromValue for u64 {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).and_then(|number| Self::try_from(number).ok())
    }
}

impl FromValue for f64 {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Real(number) => Some(*number),
            Value::Integer(number) => Some(*number as Self),
            _ => None,
        }
    }
}

impl FromValue for bool {
    /// SQLite has no booleans.
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(truth) => Some(*truth),
            Value::Integer(number) => Some(*number != 0),
            _ => None,
        }
    }
}
