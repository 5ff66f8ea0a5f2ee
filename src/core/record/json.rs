//! One JSON record and its members.
//!
//! Only the outermost object is taken apart. Values stay as they are written, so that a number keeps its digits and a
//! reject report gives back what it was given.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::object::{ObjectReader, has_no_stop, stop_in_text};
use super::raw::unescape;

/// The members of an object, in the order in which they are written.
#[derive(Debug)]
pub struct Members<'r>(pub Vec<(Cow<'r, str>, &'r str)>);

/// Why a record has no members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonFault {
    /// It is not JSON: what is wrong, and where.
    Invalid(String),
    /// It is JSON, but this instead of an object.
    NotAnObject(&'static str),
}

/// A JSON value as far as a record needs it told apart.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonValue<'r> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written.
    Number(&'r str),
    /// A text, its escapes undone.
    Text(Cow<'r, str>),
    /// An array as it is written.
    Array(&'r str),
    /// An object.
    Object,
}

struct Text<'r>(Cow<'r, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_string())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

impl<'de: 'r, 'r> Deserialize<'de> for Members<'r> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor<'r>(std::marker::PhantomData<&'r ()>);
        impl<'de: 'r, 'r> Visitor<'de> for MembersVisitor<'r> {
            type Value = Members<'r>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::with_capacity(16);
                while let Some((key, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((key.0, value.get()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor(std::marker::PhantomData))
    }
}

impl<'r> Members<'r> {
    /// Takes a record apart. `record` may have JSON white space around it.
    pub fn parse(record: &'r str) -> Result<Members<'r>, JsonFault> {
        Members::read(record).map_or_else(|| Members::parse_by_serde(record), Ok)
    }

    fn read(record: &'r str) -> Option<Members<'r>> {
        let mut reader = ObjectReader::new(record)?;
        let mut members = Vec::with_capacity(16);
        while reader.go_to_key()? {
            members.push((reader.key()?, reader.value()?.raw(record)));
        }
        Some(Members(members))
    }

    /// Takes an object apart without a look into its texts.
    fn parse_keys(record: &'r str) -> Result<Members<'r>, JsonFault> {
        serde_json::from_str(record).map_err(|error| JsonFault::Invalid(describe(record, &error)))
    }

    /// Takes a record apart, or says why it cannot be.
    pub(super) fn parse_by_serde(record: &'r str) -> Result<Members<'r>, JsonFault> {
        let first = record.bytes().find(|byte| !is_white_space(*byte));
        if first == Some(b'{') {
            let members = Members::parse_keys(record)?;
            // An escape may stand for half a character, which no text can hold. Values are not looked into before.
            if record.contains("\\u")
                && let Some((key, _)) = members.0.iter().find(|(_, value)| is_half_a_text(value))
            {
                let key: String = key.chars().take(40).collect();
                return Err(JsonFault::Invalid(format!("the text of {key:?} has half a surrogate pair")));
            }
            return Ok(members);
        }
        match serde_json::from_str::<&RawValue>(record) {
            Err(error) => Err(JsonFault::Invalid(describe(record, &error))),
            Ok(_) => Err(JsonFault::NotAnObject(match first {
                Some(b'[') => "an array",
                Some(b'"') => "a text",
                Some(b't' | b'f') => "true or false",
                Some(b'n') => "null",
                _ => "a number",
            })),
        }
    }

    /// The members, and in the place of an object its members by their paths. A key that an object has twice is an error.
    pub fn reach(self, paths: &dyn Paths) -> Result<Members<'r>, String> {
        if let Some(key) = self.repeated_key() {
            return Err(key.to_string());
        }
        if !self.0.iter().any(|(_, raw)| is_object(raw)) {
            return Ok(self);
        }
        let mut reached = Vec::with_capacity(self.0.len() + 8);
        reach_into(paths, None, self, 1, &mut reached)?;
        Ok(Members(reached))
    }

    /// The first key that the object has twice.
    pub fn repeated_key(&self) -> Option<&str> {
        // Few members are compared with each other; many go through a set, so that the cost stays linear.
        if self.0.len() <= 24 {
            let mut keys = self.0.iter().enumerate();
            return keys
                .find(|(at, (key, _))| self.0[..*at].iter().any(|(held, _)| held == key))
                .map(|(_, (key, _))| &**key);
        }
        let mut seen = HashSet::with_capacity(self.0.len());
        self.0.iter().map(|(key, _)| &**key).find(|key| !seen.insert(*key))
    }
}

/// Dotted paths to values within values, such as `address.city`.
pub trait Paths {
    /// Whether the person's map goes on after this path.
    fn reach_into(&self, path: &str) -> bool;
    /// Whether what is there is one value, even if it is an object.
    fn is_whole(&self, path: &str) -> bool;
    /// Whether it stands for a field.
    fn fill(&self, path: &str) -> bool;
}

/// A path that the map has reaches no deeper than this, for each step takes its value apart, and others no deeper than
/// [`LEVELS`] (SPEC, section 7).
const DEEPEST: usize = 32;
const LEVELS: usize = 4;

/// A path that is longer leads nowhere: what lies below would have to be named by all of it, each.
const LONGEST_PATH: usize = 128;

fn is_object(raw: &str) -> bool {
    raw.starts_with('{')
}

/// Notes the members of an object that is `level` deep, those of objects in it by their paths.
fn reach_into<'m>(
    paths: &dyn Paths,
    above: Option<&str>,
    members: Members<'m>,
    level: usize,
    reached: &mut Vec<(Cow<'m, str>, &'m str)>,
) -> Result<(), String> {
    for (key, raw) in members.0 {
        let path = match above {
            Some(above) => Cow::Owned(format!("{above}.{key}")),
            None => key,
        };
        let is_mapped_into = level < DEEPEST && paths.reach_into(&path);
        let is_open = level < LEVELS && path.len() <= LONGEST_PATH && !paths.is_whole(&path);
        let is_reached = is_object(raw) && (is_mapped_into || is_open);
        let inner = is_reached.then(|| Members::parse(raw).ok()).flatten();
        let Some(inner) = inner else {
            reached.push((path, raw));
            continue;
        };
        if let Some(key) = inner.repeated_key() {
            return Err(format!("{path}.{key}"));
        }
        let before = reached.len();
        reach_into(paths, Some(&path), inner, level + 1, reached)?;
        // An object in a field's place, in which nothing stands for a field, is that field's value, and a fault.
        if !is_mapped_into && paths.fill(&path) && !reached[before..].iter().any(|(below, _)| paths.fill(below)) {
            reached.truncate(before);
            reached.push((path, raw));
        }
    }
    Ok(())
}

/// The names that a record's values go by, also where the record will be refused for a value, or for a key that it has twice; of a
/// record that a reject report carries whole, those that it had. `report_key` is the key of the report's own object.
pub fn names_of(record: &str, report_key: &str, paths: &dyn Paths) -> Vec<String> {
    let Ok(members) = Members::parse_keys(record) else { return Vec::new() };
    if let [(key, report)] = members.0.as_slice()
        && key == report_key
    {
        let raw = raw_of_report(report).filter(|raw| !raw.contains(report_key));
        let raw = raw.map(|raw| String::from_utf8_lossy(&unescape(&raw)).into_owned());
        return raw.map(|raw| names_of(&raw, report_key, paths)).unwrap_or_default();
    }
    let own: Vec<String> = members.0.iter().map(|(key, _)| key.to_string()).collect();
    let keys = match members.reach(paths) {
        Ok(members) => members.0.into_iter().map(|(key, _)| key.into_owned()).collect(),
        Err(_) => own,
    };
    keys.into_iter().filter(|key| key != report_key).collect()
}

fn is_half_a_text(raw: &str) -> bool {
    raw.starts_with('"') && text_of(raw).is_none()
}

/// The text that is written so, its escapes undone; `raw` is one in JSON but for half characters.
pub(super) fn text_of(raw: &str) -> Option<Cow<'_, str>> {
    if memchr::memchr(b'\\', raw.as_bytes()).is_none() {
        return raw.get(1..raw.len().checked_sub(1)?).map(Cow::Borrowed);
    }
    serde_json::from_str::<Text<'_>>(raw).ok().map(|Text(text)| text)
}

/// How long the value is that `text` begins with, which may be nested as deep as it likes.
pub(super) fn value_length(text: &str) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}

/// Tells a member's value apart.
pub fn value(raw: &str) -> JsonValue<'_> {
    match raw.as_bytes().first() {
        // `Members::parse` has made sure that texts are whole; nothing is better than a panic.
        Some(b'"') => text_of(raw).map_or(JsonValue::Null, JsonValue::Text),
        Some(b'{') => JsonValue::Object,
        Some(b'[') => JsonValue::Array(raw),
        Some(b't') => JsonValue::Bool(true),
        Some(b'f') => JsonValue::Bool(false),
        Some(b'n') | None => JsonValue::Null,
        Some(_) => JsonValue::Number(raw),
    }
}

/// The text of `raw` in the `_reject` object of a reject report, its escapes of bytes still in it; `None` without one.
pub fn raw_of_report(report: &str) -> Option<String> {
    let members = Members::parse(report).ok()?;
    members.0.iter().find(|(key, _)| key == "raw").and_then(|(_, raw)| match value(raw) {
        JsonValue::Text(text) => Some(text.into_owned()),
        _ => None,
    })
}

/// Writes a text with its quotes. What must be an escape is written as serde_json writes it.
pub fn write_text(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    if has_no_stop(bytes) {
        out.extend_from_slice(bytes);
        out.push(b'"');
        return;
    }
    let mut written = 0;
    loop {
        let stop = stop_in_text(bytes, written);
        out.extend_from_slice(&bytes[written..stop]);
        let Some(&byte) = bytes.get(stop) else { break };
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            _ => {
                let [high, low] = [byte >> 4, byte & 15].map(|digit| HEX[usize::from(digit)]);
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
            }
        }
        written = stop + 1;
    }
    out.push(b'"');
}

/// Writes a number.
pub fn write_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    let mut rest = number;
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

/// Whether JSON lets this byte stand between tokens.
pub fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether a line of NDJSON holds nothing but white space.
pub fn is_blank(record: &[u8]) -> bool {
    record.iter().all(|byte| is_white_space(*byte))
}

/// How a text goes on that is to begin with a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The value has this length in bytes.
    Whole(usize),
    /// The text ends before the value does.
    Open,
    /// It is no JSON.
    Broken,
}

/// What a text begins with.
pub fn begun(text: &[u8]) -> Begun {
    begun_until(text).0
}

/// The same, and how many of its bytes are JSON.
pub fn begun_until(text: &[u8]) -> (Begun, usize) {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => (Begun::Whole(values.byte_offset()), values.byte_offset()),
        Some(Err(error)) if !error.is_eof() => {
            // The place is told by its line and column.
            let mut lines = memchr::memchr_iter(b'\n', text).map(|line_end| line_end + 1);
            let line = error.line().checked_sub(2).and_then(|line| lines.nth(line)).unwrap_or_default();
            (Begun::Broken, line + error.column().saturating_sub(1))
        }
        _ => (Begun::Open, text.len()),
    }
}

/// The key that is written so, with its quotes; as it stands where it is no text.
pub fn key_of(written: &[u8]) -> String {
    serde_json::from_slice(written).unwrap_or_else(|_| String::from_utf8_lossy(written).into_owned())
}

/// A line without the comma after its object or array, and the white space around that; all of it where it has none.
pub fn without_comma(line: &[u8]) -> &[u8] {
    let after_last = |line: &[u8]| line.iter().rposition(|byte| !is_white_space(*byte)).map_or(0, |last| last + 1);
    let value = match after_last(line) {
        end if end > 0 && line[end - 1] == b',' => &line[..after_last(&line[..end - 1])],
        _ => return line,
    };
    if value.ends_with(b"}") || value.ends_with(b"]") { value } else { line }
}

/// The parser's words for a person: a record is one line, so the line is left out; places are counted in characters.
fn describe(record: &str, error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    match error.column() {
        0 => text.to_string(),
        column => {
            let before = record.char_indices().take_while(|(place, _)| *place < column);
            format!("{text} at character {}", before.count())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_are_written_as_serde_writes_them(text in prop_oneof![any::<String>(), "[a-c\u{0}-\u{1f}\"\\\\é\u{7f}]{0,20}"]) {
            let mut out = Vec::new();
            write_text(&mut out, &text);
            prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
        }

        #[test]
        fn numbers_are_written(number in any::<u64>(), shift in 0u32..64) {
            let mut out = Vec::new();
            write_number(&mut out, number >> shift);
            prop_assert_eq!(String::from_utf8(out).unwrap(), (number >> shift).to_string());
        }
    }

    #[test]
    fn members_keep_order_and_spelling() {
        let members = Members::parse(r#" {"a": 1.50, "b\u0041": "x\ny", "c":[1, 2], "d":{"e":null}} "#).unwrap();
        let found: Vec<(&str, &str)> = members.0.iter().map(|(key, value)| (&**key, *value)).collect();
        assert_eq!(found, [("a", "1.50"), ("bA", "\"x\\ny\""), ("c", "[1, 2]"), ("d", "{\"e\":null}")]);
        assert_eq!(value(members.0[1].1), JsonValue::Text("x\ny".into()));
        assert_eq!(value("1.50"), JsonValue::Number("1.50"));
        assert_eq!(value("-5"), JsonValue::Number("-5"));
        assert_eq!(value("[]"), JsonValue::Array("[]"));
        assert_eq!(value("{}"), JsonValue::Object);
        assert_eq!(value("null"), JsonValue::Null);
        assert_eq!(value("false"), JsonValue::Bool(false));
    }

    #[test]
    fn what_is_no_object_is_told_apart() {
        for (record, expected) in
            [("[1]", "an array"), ("\"x\"", "a text"), ("5", "a number"), ("true", "true or false"), ("null", "null")]
        {
            assert_eq!(Members::parse(record).unwrap_err(), JsonFault::NotAnObject(expected), "{record}");
        }
        for record in [
            "{",
            "{\"a\":1,}",
            "{\"a\":1} {}",
            "{\"a\":1}x",
            "x",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":01}",
            "{'a':1}",
            "{\"a\":\"\u{1}\"}",
            "[1,",
            "{\"a\":NaN}",
        ] {
            assert!(matches!(Members::parse(record), Err(JsonFault::Invalid(_))), "{record}");
        }
        assert_eq!(Members::parse("{\"a\" 1}").unwrap_err(), JsonFault::Invalid("expected `:` at character 6".into()));
    }

    #[test]
    fn it_is_seen_how_far_a_text_is_json() {
        for (text, expected) in [
            ("{\"a\":1},{}", (Begun::Whole(7), 7)),
            ("{\"a\":", (Begun::Open, 5)),
            ("{\"a\":x", (Begun::Broken, 5)),
            ("{\"a\":1,\n\"b\":x", (Begun::Broken, 12)),
            ("{\n\n\"b\":x", (Begun::Broken, 7)),
        ] {
            let (begun, until) = begun_until(text.as_bytes());
            // One byte more or less is all the same.
            assert!(begun == expected.0 && until.abs_diff(expected.1) <= 1, "{text}: {begun:?} {until}");
        }
    }

    #[test]
    fn deep_nesting_is_no_danger() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(400_000), "]".repeat(400_000));
        assert!(Members::parse(&deep).is_ok() || matches!(Members::parse(&deep), Err(JsonFault::Invalid(_))));
    }

    #[test]
    fn repeated_keys_are_found_among_few_and_many() {
        let members = Members::parse(r#"{"a":1,"b":2,"\u0061":3}"#).unwrap();
        assert_eq!(members.repeated_key(), Some("a"));
        let many: Vec<String> = (0..50_000).map(|index| format!("\"k{index}\":1")).collect();
        let object = format!("{{{}}}", many.join(","));
        assert_eq!(Members::parse(&object).unwrap().repeated_key(), None);
        let object = format!("{{{},\"k7\":2}}", many.join(","));
        assert_eq!(Members::parse(&object).unwrap().repeated_key(), Some("k7"));
    }
}
