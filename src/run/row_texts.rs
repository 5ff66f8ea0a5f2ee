//! The values of encoded rows, and of customers, as texts.

use std::borrow::Cow;

use crate::core::{judge::field_plan::KeyPlan, row::Value};
use crate::sink::sqlite::record::values;

/// The values of a key's columns in a row, as texts.
pub(super) fn texts_in<'r>(row: &'r [u8], plan: &KeyPlan) -> Vec<Cow<'r, str>> {
    let text = |field| text_of(values(row).nth(field).unwrap_or(Value::Null));
    plan.fields().map(text).collect()
}

pub(super) fn text_of(value: Value<'_>) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Text(text) => String::from_utf8_lossy(text),
        Value::Integer(number) => Cow::Owned(number.to_string()),
        Value::Real(number) => Cow::Owned(number.to_string()),
    }
}
