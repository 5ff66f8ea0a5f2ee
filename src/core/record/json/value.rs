//! One JSON value as it is written: [`JsonValue`].

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A JSON value, parsed as far as a record needs.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonValue<'r> {
    Null,
    Bool(bool),
    /// A number as written.
    Number(&'r str),
    /// A text, with escapes undone.
    Text(Cow<'r, str>),
    /// An array as written.
    Array(&'r str),
    Object,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonKind {
    Null,
    Bool,
    Number,
    Text,
    Array,
    Object,
}

impl JsonKind {
    /// The kind of a value that begins with this byte.
    pub fn of(first: Option<u8>) -> JsonKind {
        match first {
            Some(b'n') => JsonKind::Null,
            Some(b't' | b'f') => JsonKind::Bool,
            Some(b'"') => JsonKind::Text,
            Some(b'[') => JsonKind::Array,
            Some(b'{') => JsonKind::Object,
            _ => JsonKind::Number,
        }
    }
}

/// A text, borrowed if it has no escapes.
#[derive(Deserialize)]
pub(super) struct Text<'r>(#[serde(borrow)] pub(super) Cow<'r, str>);

/// The text of the JSON string `raw`, with escapes undone; `None` if it has half a surrogate pair.
pub(super) fn text_of(raw: &str) -> Option<Cow<'_, str>> {
    if memchr::memchr(b'\\', raw.as_bytes()).is_none() {
        return raw.get(1..raw.len().checked_sub(1)?).map(Cow::Borrowed);
    }
    serde_json::from_str::<Text<'_>>(raw).ok().map(|Text(text)| text)
}

/// The length of the value that `text` begins with, however deeply nested.
pub(super) fn value_length(text: &str) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}

pub fn value(raw: &str) -> JsonValue<'_> {
    match raw.as_bytes().first() {
        // `Members::parse` has checked that texts are valid, so `Null` is never reached; it is better than a panic.
        Some(b'"') => text_of(raw).map_or(JsonValue::Null, JsonValue::Text),
        Some(b'{') => JsonValue::Object,
        Some(b'[') => JsonValue::Array(raw),
        Some(b't') => JsonValue::Bool(true),
        Some(b'f') => JsonValue::Bool(false),
        Some(b'n') | None => JsonValue::Null,
        Some(_) => JsonValue::Number(raw),
    }
}

/// The key written like this, with its quotes; returned as written if it is not valid JSON.
pub fn key_of(written: &[u8]) -> String {
    serde_json::from_slice(written).unwrap_or_else(|_| String::from_utf8_lossy(written).into_owned())
}

/// Whether JSON allows this byte between tokens.
pub fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
