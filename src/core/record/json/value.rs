//! One JSON value as it is written ([`JsonValue`]), or that a text begins with ([`FirstValue`]); and the lines of NDJSON without
//! what surrounds their values.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
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

#[derive(Deserialize)]
pub(super) struct Text<'r>(#[serde(borrow)] pub(super) Cow<'r, str>);

/// The text of the JSON string `raw`, with escapes undone; `None` if it has half a surrogate pair.
pub fn text_of(raw: &str) -> Option<Cow<'_, str>> {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstValue {
    /// A value of this length in bytes.
    Whole(usize),
    /// A value that the text ends within.
    CutOff,
    Invalid,
}

pub fn first_value(text: &[u8]) -> FirstValue {
    first_value_until(text).0
}

/// [`first_value`], and the number of bytes that are JSON.
pub fn first_value_until(text: &[u8]) -> (FirstValue, usize) {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => (FirstValue::Whole(values.byte_offset()), values.byte_offset()),
        Some(Err(error)) if !error.is_eof() => {
            // serde_json gives the line and column only.
            let mut lines = memchr::memchr_iter(b'\n', text).map(|line_end| line_end + 1);
            let line = error.line().checked_sub(2).and_then(|line| lines.nth(line)).unwrap_or_default();
            (FirstValue::Invalid, line + error.column().saturating_sub(1))
        }
        _ => (FirstValue::CutOff, text.len()),
    }
}

pub fn is_blank(record: &[u8]) -> bool {
    record.iter().all(|byte| is_white_space(*byte))
}

/// A line without a comma after its object or array, and without the white space around that comma.
pub fn without_comma(line: &[u8]) -> &[u8] {
    let after_last = |line: &[u8]| line.iter().rposition(|byte| !is_white_space(*byte)).map_or(0, |last| last + 1);
    let value = match after_last(line) {
        end if end > 0 && line[end - 1] == b',' => &line[..after_last(&line[..end - 1])],
        _ => return line,
    };
    if value.ends_with(b"}") || value.ends_with(b"]") { value } else { line }
}
