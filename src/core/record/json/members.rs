//! The members of a JSON object: [`Members`], and those of objects within it, by their [`Paths`].

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::object::ObjectReader;
use super::value::{JsonKind, JsonValue, Text, is_white_space, text_of, value};
use crate::core::record::raw::unescape;

/// The members of an object, in order: keys with escapes undone, values as written.
#[derive(Debug)]
pub struct Members<'r>(pub Vec<(Cow<'r, str>, &'r str)>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonFault {
    /// It is not JSON: what is wrong and where, in the parser's words.
    Invalid(String),
    /// The text of this key begins or ends with half a character.
    HalfCharacter(String),
    /// It is JSON, but this kind of value, not an object.
    NotAnObject(JsonKind),
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
    /// Splits a record, which may have JSON white space around it.
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

    fn parse_keys(record: &'r str) -> Result<Members<'r>, JsonFault> {
        serde_json::from_str(record).map_err(|error| JsonFault::Invalid(describe(record, &error)))
    }

    pub(super) fn parse_by_serde(record: &'r str) -> Result<Members<'r>, JsonFault> {
        let first = record.bytes().find(|byte| !is_white_space(*byte));
        if first == Some(b'{') {
            let members = Members::parse_keys(record)?;
            // An escape may be half a surrogate pair, which no text can hold. Values have not been checked for that.
            let is_half = |raw: &str| raw.starts_with('"') && text_of(raw).is_none();
            if record.contains("\\u")
                && let Some((key, _)) = members.0.iter().find(|(_, raw)| is_half(raw))
            {
                return Err(JsonFault::HalfCharacter(key.to_string()));
            }
            return Ok(members);
        }
        match serde_json::from_str::<&RawValue>(record) {
            Err(error) => Err(JsonFault::Invalid(describe(record, &error))),
            Ok(_) => Err(JsonFault::NotAnObject(JsonKind::of(first))),
        }
    }

    /// The members, with objects replaced by their members under dotted paths. `Err` is a key that an object has twice.
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

/// What a run knows about dotted paths to nested values, such as `address.city`.
pub trait Paths {
    /// Whether the mapping has longer paths that begin with this one.
    fn reach_into(&self, path: &str) -> bool;
    /// Whether the value there is taken whole, even if it is an object.
    fn is_whole(&self, path: &str) -> bool;
    fn fill(&self, path: &str) -> bool;
}

/// How deep a path of the mapping may reach, since each step parses its value again; and how deep all others.
const DEEPEST: usize = 32;
const LEVELS: usize = 4;

/// Longer paths are not followed: every name below would repeat them whole.
const LONGEST_PATH: usize = 128;

fn is_object(raw: &str) -> bool {
    raw.starts_with('{')
}

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
        // If the path fills a field but nothing in the object does, the object itself is the field's value, and a
        // fault.
        if !is_mapped_into && paths.fill(&path) && !reached[before..].iter().any(|(below, _)| paths.fill(below)) {
            reached.truncate(before);
            reached.push((path, raw));
        }
    }
    Ok(())
}

/// The names of a record's values, even if it will be rejected for a value or a repeated key. For a record that a
/// reject report carries whole: its own names. `report_key` is the key of the report's object.
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

/// The text of `raw` in the `_reject` object of a reject report, with its byte escapes.
pub fn raw_of_report(report: &str) -> Option<String> {
    let members = Members::parse(report).ok()?;
    members.0.iter().find(|(key, _)| key == "raw").and_then(|(_, raw)| match value(raw) {
        JsonValue::Text(text) => Some(text.into_owned()),
        _ => None,
    })
}

/// The parser's message without its line, since a record is one line, and with the position in characters.
fn describe(record: &str, error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    match error.column() {
        0 => text.to_string(),
        column => {
            let before = record.char_indices().take_while(|(at, _)| *at < column);
            format!("{text} at character {}", before.count())
        }
    }
}
