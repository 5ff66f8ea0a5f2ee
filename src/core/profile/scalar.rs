//! Values of TOML as they would be typed: [`Scalar`].

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;

use serde::{Deserialize, Deserializer, de};
use toml::Value;

use super::error::ProfileErrorKind;
use crate::core::text;

/// A text, a number, a truth or a date of TOML, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scalar(pub(super) String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Scalar, D::Error> {
        let text = |value: &dyn Display| Ok(Scalar(value.to_string()));
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Scalar(text)),
            Value::Integer(number) => text(&number),
            Value::Float(number) => text(&number),
            Value::Boolean(truth) => text(&truth),
            Value::Datetime(date) => text(&date),
            other => {
                let what = if other.is_array() { "list" } else { "table" };
                Err(de::Error::custom(format!("it must be one value, not a {what}")))
            }
        }
    }
}

pub(super) fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Scalar::deserialize(deserializer).map(|Scalar(text)| Some(text))
}

pub(super) fn scalars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let table: BTreeMap<String, Scalar> = BTreeMap::deserialize(deserializer)?;
    Ok(table.into_iter().map(|(key, Scalar(text))| (key, text)).collect())
}

/// Texts that values are compared with, cleaned as those are.
pub(super) fn cleaned<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts: Vec<String> = Vec::deserialize(deserializer)?;
    let clean = |text: &String| {
        text::clean(text).map(Cow::into_owned).map_err(|_| de::Error::custom(ProfileErrorKind::ControlCharacter))
    };
    texts.iter().map(clean).collect()
}
