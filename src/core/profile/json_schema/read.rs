//! A profile from the JSON Schema of a record: [`profile_of`]. The schema becomes a profile's TOML, which is then read as any
//! other, so that a profile from a schema is no special case afterwards.

use std::collections::{HashMap, HashSet};

use toml::{Table, Value};

use super::node::Node;
use super::property::{self, Property};
use super::references::{Members, Schema};
use crate::core::profile::definition::Profile;
use crate::core::profile::error::{Position, ProfileError, ProfileErrorKind as Kind};
use crate::core::profile::field_set::FieldSet;
use crate::core::profile::header::letters_and_digits;

/// The longest text of a schema, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// The most notes that are kept.
const MOST_NOTES: usize = 100;

/// Keywords of a record that say nothing about its values.
const SILENT: [&str; 12] = [
    "$schema",
    "$id",
    "$anchor",
    "$comment",
    "$defs",
    "definitions",
    "title",
    "description",
    "examples",
    "type",
    "properties",
    "required",
];

/// Makes a profile of the JSON Schema of a record. Its notes name what a profile cannot say.
///
/// # Errors
///
/// [`ProfileError`] if the text is no JSON Schema of an object with properties, or if references go round in a circle.
pub fn profile_of(file: &str, text: &str) -> Result<Profile, ProfileError> {
    let wrong = |key: &str, kind| ProfileError {
        file: file.to_string(),
        extended_by: None,
        position: None,
        key: key.to_string(),
        kind,
        line: None,
    };
    if text.len() > MOST_BYTES {
        return Err(wrong("", Kind::TooLong(MOST_BYTES)));
    }
    let root: Node = serde_json::from_str(text).map_err(|error| ProfileError {
        position: Some(Position { line: error.line(), column: error.column().max(1) }),
        ..wrong("", Kind::Schema(fault(&error)))
    })?;
    let schema = Schema { root: &root };
    let (record, mut notes) = schema.resolve(&root).map_err(|kind| wrong("", kind))?;
    let properties = record.get("properties").map(Node::members).unwrap_or_default();
    let is_object = record.get("type").is_none_or(|kind| kind.text() == Some("object"));
    if properties.is_empty() || !is_object {
        let what = "it is not the JSON Schema of a record: an object with properties";
        return Err(wrong("", Kind::Schema(what.to_string())));
    }
    if properties.len() > FieldSet::CAPACITY {
        return Err(wrong("properties", Kind::FieldCount(properties.len())));
    }
    let unknown = record.keys().filter(|key| !SILENT.contains(key));
    notes.extend(unknown.map(|key| format!("{key} is left out: a profile cannot say it")));
    let (fields, more) = fields(&schema, &record, properties).map_err(|(key, kind)| wrong(&key, kind))?;
    notes.extend(more);
    let toml = toml_of(file, &record, fields).to_string();
    let profile = Profile::parse(file, &toml);
    // The position would be that in the TOML, which nobody has.
    let profile = profile.map_err(|error| ProfileError { position: None, line: None, ..error })?;
    Ok(Profile { notes: shortened(notes), ..profile })
}

/// Why a text is not read, without its position.
fn fault(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or_default();
    if error.is_data() { message.to_string() } else { format!("it is not JSON: {message}") }
}

/// The fields of the properties, and what they cannot say.
fn fields(
    schema: &Schema<'_>,
    record: &Members<'_>,
    properties: &[(String, Node)],
) -> Result<(Table, Vec<String>), (String, Kind)> {
    let mut notes = Vec::new();
    let required = record.get("required").map(Node::items).unwrap_or_default();
    let required: HashSet<&str> = required.iter().filter_map(Node::text).collect();
    let known: HashSet<&str> = properties.iter().map(|(name, _)| name.as_str()).collect();
    let mut nowhere: Vec<&str> = required.difference(&known).copied().collect();
    nowhere.sort_unstable();
    notes.extend(nowhere.into_iter().map(|name| format!("required: {name} is no property")));
    let mut fields = Table::new();
    let mut names: HashMap<String, &str> =
        properties.iter().map(|(name, _)| (letters_and_digits(name), name.as_str())).collect();
    for (name, node) in properties {
        let path = format!("properties.{name}");
        let at = |kind| (path.clone(), kind);
        let (members, inner) = schema.resolve(node).map_err(at)?;
        let property = Property { members, is_required: required.contains(name.as_str()) };
        let (mut field, mut own) = property::field_of(property, schema).map_err(at)?;
        // A label is a header, and no header may mean two fields.
        if let Some(title) = field.get("label").and_then(Value::as_str).map(str::to_string)
            && *names.entry(letters_and_digits(&title)).or_insert(name) != name
        {
            field.remove("label");
            own.push(format!("title {title:?} is left out: it is the name of another property"));
        }
        notes.extend(inner.into_iter().chain(own).map(|note| format!("{path}: {note}")));
        fields.insert(name.clone(), Value::Table(field));
    }
    Ok((fields, notes))
}

/// The first notes, and the number of the others.
fn shortened(mut notes: Vec<String>) -> Vec<String> {
    let more = notes.len().saturating_sub(MOST_NOTES);
    notes.truncate(MOST_NOTES);
    notes.extend((more > 0).then(|| format!("{more} more notes like these")));
    notes
}

fn toml_of(file: &str, record: &Members<'_>, fields: Table) -> Table {
    let mut table = Table::new();
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.split_once(".schema.").map_or(name, |(name, _)| name);
    let name = name.rsplit_once('.').map_or(name, |(name, _)| name);
    if !name.trim().is_empty() {
        table.insert("name".to_string(), Value::String(name.to_string()));
    }
    if let Some(title) = record.get("description").or(record.get("title")).and_then(Node::text) {
        table.insert("title".to_string(), Value::String(title.to_string()));
    }
    table.insert("fields".to_string(), Value::Table(fields));
    table
}
