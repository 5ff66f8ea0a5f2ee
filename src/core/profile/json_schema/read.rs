//! A profile from the JSON Schema of a record: [`profile_of`]. The schema becomes a profile's TOML, which is then read as any
//! other, so that a profile from a schema is no special case afterwards.

use std::collections::HashMap;

use toml::{Table, Value};

use super::node::Node;
use super::property::{self, Property};
use crate::core::profile::definition::Profile;
use crate::core::profile::error::{Position, ProfileError, ProfileErrorKind as Kind};
use crate::core::profile::header::letters_and_digits;

/// The longest text of a schema, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// How many references may follow one another.
const MOST_STEPS: usize = 64;

/// Keywords of a record that say nothing about its values.
const SILENT: [&str; 11] = [
    "$schema",
    "$id",
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
        position: None,
        key: key.to_string(),
        kind,
        line: None,
    };
    if text.len() > MOST_BYTES {
        return Err(wrong("", Kind::TooLong(MOST_BYTES)));
    }
    let root: Node = serde_json::from_str(text).map_err(|error| ProfileError {
        position: Some(Position { line: error.line(), column: error.column() }),
        ..wrong("", Kind::Schema("it is not JSON".to_string()))
    })?;
    let schema = Schema { root: &root };
    let (record, mut notes) = schema.resolve(&root).map_err(|kind| wrong("", kind))?;
    let properties = record.get("properties").map(Node::members).unwrap_or_default();
    if properties.is_empty() {
        let what = "it is not the JSON Schema of a record: an object with properties";
        return Err(wrong("", Kind::Schema(what.to_string())));
    }
    let unknown = record.members().iter().map(|(key, _)| key.as_str()).filter(|key| !SILENT.contains(key));
    notes.extend(unknown.map(|key| format!("{key} is left out: a profile cannot say it")));
    let required: Vec<&str> =
        record.get("required").map(Node::items).unwrap_or_default().iter().filter_map(Node::text).collect();
    let nowhere = required.iter().filter(|name| !properties.iter().any(|(property, _)| property == *name));
    notes.extend(nowhere.map(|name| format!("required: {name} is no property")));
    let mut fields = Table::new();
    let mut names: HashMap<String, &str> =
        properties.iter().map(|(name, _)| (letters_and_digits(name), name.as_str())).collect();
    for (name, node) in properties {
        let path = format!("properties.{name}");
        let (node, inner) = schema.resolve(node).map_err(|kind| wrong(&path, kind))?;
        let property = Property { node: &node, is_required: required.contains(&name.as_str()) };
        let (mut field, mut own) =
            property::field_of(&property, &|node| schema.resolve(node)).map_err(|kind| wrong(&path, kind))?;
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
    let toml = toml_of(file, &record, fields).to_string();
    let profile = Profile::parse(file, &toml);
    // The position would be that in the TOML, which nobody has.
    let profile = profile.map_err(|error| ProfileError { position: None, line: None, ..error })?;
    Ok(Profile { notes, ..profile })
}

fn toml_of(file: &str, record: &Node, fields: Table) -> Table {
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

struct Schema<'s> {
    root: &'s Node,
}

impl Schema<'_> {
    /// A schema with what its references lead to, and notes on those that lead elsewhere. What stands beside a reference wins.
    fn resolve(&self, node: &Node) -> Result<(Node, Vec<String>), Kind> {
        let (mut members, mut notes) = (node.members().to_vec(), Vec::new());
        let mut visited: Vec<String> = Vec::new();
        while let Some(at) = members.iter().position(|(key, _)| key == "$ref") {
            let (_, reference) = members.remove(at);
            let reference = reference.text().unwrap_or_default().to_string();
            if visited.contains(&reference) || visited.len() == MOST_STEPS {
                visited.push(reference);
                return Err(Kind::Schema(format!("references go round in a circle: {}", visited.join(", "))));
            }
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.at(pointer));
            match target {
                Some(target) => {
                    let own: Vec<String> = members.iter().map(|(key, _)| key.clone()).collect();
                    members.extend(target.members().iter().filter(|(key, _)| !own.contains(key)).cloned());
                }
                None => notes.push(format!("$ref {reference:?} is left out: it leads to no place in this file")),
            }
            visited.push(reference);
        }
        Ok((Node::Object(members), notes))
    }
}
