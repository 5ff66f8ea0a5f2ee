//! Values on their way between rows and SQLite.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::core::row::Value;

/// A row's value as a parameter of a statement.
pub(super) struct Parameter<'r>(pub(super) Value<'r>);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text),
        }))
    }
}

/// A value of the database as one of a row. A table that is not STRICT, made by another program, may hold other kinds; their
/// bytes stand for them.
pub(super) fn value_of(value: ValueRef<'_>) -> Value<'_> {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Value::Text(bytes),
        ValueRef::Real(number) => Value::Integer(number.to_bits() as i64),
    }
}
