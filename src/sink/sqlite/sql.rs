//! Names and values in SQL.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Statement, ToSql};

use crate::core::row::Value;

/// A quoted name, whatever its characters.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Executes a statement whose parameters are these values, in order. Returns the number of changed rows.
pub(super) fn execute<'v>(
    statement: &mut Statement<'_>,
    values: impl Iterator<Item = Value<'v>>,
) -> rusqlite::Result<usize> {
    for (parameter, value) in (1..).zip(values) {
        statement.raw_bind_parameter(parameter, Parameter(value))?;
    }
    statement.raw_execute()
}

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

/// A value of the database as a row's value. A table that another program made without STRICT may have other kinds, which become
/// their bytes.
pub(super) fn value_of(value: ValueRef<'_>) -> Value<'_> {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Value::Text(bytes),
        ValueRef::Real(number) => Value::Integer(number.to_bits() as i64),
    }
}
