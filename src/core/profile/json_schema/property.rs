//! From a property of a JSON Schema to a field of a profile: [`field_of`].

use toml::{Table, Value};

use super::node::Node;
use super::pattern::from_json_schema;
use super::references::{Members, Schema};
use crate::core::profile::error::ProfileErrorKind as Kind;

/// A property, its references resolved.
pub(super) struct Property<'s> {
    pub(super) members: Members<'s>,
    pub(super) is_required: bool,
}

/// Keywords that say nothing about values, or that are read elsewhere.
const SILENT: [&str; 13] = [
    "$comment",
    "$id",
    "$anchor",
    "$schema",
    "$defs",
    "examples",
    "readOnly",
    "writeOnly",
    "type",
    "title",
    "description",
    "default",
    "deprecated",
];

/// How often one alternative may be within another.
const MOST_LEVELS: usize = 16;

struct Reading<'s> {
    table: Table,
    notes: Vec<String>,
    kind: &'static str,
    members: Members<'s>,
}

/// The keys of a field that say what a property says, and notes on what they cannot say.
pub(super) fn field_of(property: Property<'_>, schema: &Schema<'_>) -> Result<(Table, Vec<String>), Kind> {
    let (members, has_null, mut notes) = without_null(property.members, schema)?;
    let (types, allows_null) = members.get("type").map(Node::types).unwrap_or_default();
    let words = members.get("const").map(std::slice::from_ref).or(members.get("enum").map(Node::items));
    let is_nullable = has_null || allows_null || words.is_some_and(|words| words.iter().any(is_nothing));
    let mut reading = Reading { table: Table::new(), notes: Vec::new(), kind: "text", members: members.clone() };
    reading.find_type(&types, words);
    for (key, value) in members.iter() {
        reading.take(key, value);
    }
    if property.is_required && is_nullable {
        reading.leave_out("required", "the value can be null or empty, which is a missing value");
    } else if property.is_required {
        reading.set("required", Value::Boolean(true));
    }
    reading.take_annotations();
    let kind = reading.kind;
    reading.set("type", Value::String(kind.to_string()));
    notes.extend(reading.notes);
    Ok((reading.table, notes))
}

/// What stands for a missing value.
fn is_nothing(value: &Node) -> bool {
    *value == Node::Null || value.text() == Some("")
}

/// A property without the wrappings of generators: an optional value as `anyOf: [{...}, {type: null}]`, one schema as
/// `allOf: [{...}]`. Also whether it can be null.
fn without_null<'s>(mut members: Members<'s>, schema: &Schema<'s>) -> Result<(Members<'s>, bool, Vec<String>), Kind> {
    let (mut is_nullable, mut notes) = (false, Vec::new());
    for _ in 0..MOST_LEVELS {
        let Some((key, only, has_null)) = only_alternative(&members) else { break };
        members.take(key);
        let (inner, more) = schema.resolve(only)?;
        notes.extend(more);
        notes.extend(members.add(inner)?);
        is_nullable |= has_null;
    }
    Ok((members, is_nullable, notes))
}

/// The one alternative beside null, the keyword that it stands under, and whether null is there.
fn only_alternative<'s>(members: &Members<'s>) -> Option<(&'static str, &'s Node, bool)> {
    let is_null =
        |schema: &Node| schema.get("type").is_some_and(|of| matches!(of.types(), (types, true) if types.is_empty()));
    ["anyOf", "oneOf", "allOf"].into_iter().find_map(|key| match members.get(key)?.items() {
        [one] => Some((key, one, false)),
        [one, null] if key != "allOf" && is_null(null) && !is_null(one) => Some((key, one, true)),
        [null, one] if key != "allOf" && is_null(null) && !is_null(one) => Some((key, one, true)),
        _ => None,
    })
}

impl Reading<'_> {
    fn set(&mut self, key: &str, value: Value) {
        self.table.insert(key.to_string(), value);
    }

    fn leave_out(&mut self, key: &str, why: &str) {
        self.notes.push(format!("{key} is left out: {why}"));
    }

    fn find_type(&mut self, types: &[&str], words: Option<&[Node]>) {
        self.kind = match types {
            ["integer"] => "integer",
            ["number"] => "decimal",
            ["boolean"] => "flag",
            ["array"] => "list",
            ["string"] | [] => self.text_type(),
            // A text can be a number, too.
            _ if types.iter().all(|name| matches!(*name, "string" | "integer")) => "text",
            ["object"] => {
                self.leave_out("type object", "members of members have no columns; it is read as text");
                "text"
            }
            _ => {
                let several = types.join(" or ");
                self.leave_out("type", &format!("a column has one type, not {several}; it is read as text"));
                "text"
            }
        };
        if let Some(words) = words {
            self.take_words(words);
        }
    }

    fn text_type(&self) -> &'static str {
        match self.members.get("format").and_then(Node::text) {
            Some("email" | "idn-email") => "email",
            Some("date") => "date",
            Some("date-time") => "timestamp",
            Some("uri" | "iri") => "url",
            _ => "text",
        }
    }

    /// The words of a choice.
    fn take_words(&mut self, words: &[Node]) {
        let words = words.iter().filter(|word| !is_nothing(word));
        let texts: Option<Vec<Value>> = words.map(|word| Some(Value::String(word.text()?.to_string()))).collect();
        match texts {
            Some(texts) if !texts.is_empty() && matches!(self.kind, "text" | "email" | "url") => {
                self.kind = "choice";
                self.set("choices", Value::Array(texts));
            }
            _ => self.leave_out("enum", "the words of a choice are texts"),
        }
    }

    /// Takes a keyword that says something about values.
    fn take(&mut self, key: &str, value: &Node) {
        let is_number = matches!(self.kind, "integer" | "decimal");
        match key {
            key if SILENT.contains(&key) || key.starts_with("x-") => {}
            "enum" | "const" => {}
            "minLength" | "maxLength" if has_length(self.kind) || self.kind == "choice" => self.take_length(key, value),
            "pattern" if has_length(self.kind) => self.take_pattern(value),
            "minimum" | "maximum" if is_number => self.take_bound(key, value),
            "exclusiveMinimum" | "exclusiveMaximum" if self.kind == "integer" => self.take_exclusive(key, value),
            "format" => self.take_format(value),
            "items" if self.kind == "list" => self.take_items(value),
            "minLength" | "maxLength" | "pattern" => {
                self.leave_out(key, &format!("it has no effect on the type {}", self.kind));
            }
            _ => self.leave_out(key, "a profile cannot say it"),
        }
    }

    fn take_length(&mut self, key: &str, value: &Node) {
        let length = if let Node::Number(number) = value { number.parse::<i64>().ok() } else { None };
        match length.filter(|length| *length >= 0) {
            Some(length) => self.set(if key == "minLength" { "min" } else { "max" }, Value::Integer(length)),
            None => self.leave_out(key, "it is no length"),
        }
    }

    fn take_pattern(&mut self, value: &Node) {
        match value.text().ok_or("it is no text".to_string()).and_then(from_json_schema) {
            Ok(pattern) => self.set("pattern", Value::String(pattern)),
            Err(why) => self.leave_out("pattern", &why),
        }
    }

    fn take_bound(&mut self, key: &str, value: &Node) {
        let name = if key == "minimum" { "at_least" } else { "at_most" };
        match value {
            Node::Number(number) if self.kind == "decimal" || number.parse::<i64>().is_ok() => {
                self.set(name, Value::String(number.clone()));
            }
            _ => self.leave_out(key, "it is no number of the property's type"),
        }
    }

    fn take_exclusive(&mut self, key: &str, value: &Node) {
        let number = if let Node::Number(number) = value { number.parse::<i64>().ok() } else { None };
        let (name, bound) = match key {
            "exclusiveMinimum" => ("at_least", number.and_then(|number| number.checked_add(1))),
            _ => ("at_most", number.and_then(|number| number.checked_sub(1))),
        };
        match bound {
            Some(_) if self.members.get(if name == "at_least" { "minimum" } else { "maximum" }).is_some() => {
                self.leave_out(key, "there is another bound beside it");
            }
            Some(bound) => self.set(name, Value::String(bound.to_string())),
            None => self.leave_out(key, "it is no whole number"),
        }
    }

    fn take_format(&mut self, value: &Node) {
        let format = value.text().unwrap_or_default();
        match (format, self.kind) {
            ("email" | "idn-email" | "date" | "date-time" | "uri" | "iri", "email" | "date" | "timestamp" | "url") => {}
            // Widths of numbers, which programs add.
            ("int64" | "double", "integer" | "decimal") => {}
            _ => self.leave_out(&format!("format {format}"), "no type of a profile is like it"),
        }
    }

    fn take_items(&mut self, value: &Node) {
        let (types, _) = value.get("type").map(Node::types).unwrap_or_default();
        if types.iter().any(|name| !matches!(*name, "string" | "integer" | "number")) {
            self.leave_out("items", "a list holds texts and numbers");
        } else if !types.is_empty() && !types.contains(&"string") {
            self.leave_out(&format!("items.type {}", types.join(" or ")), "a list takes texts, too");
        }
        let rules: Vec<&str> = value.members().iter().map(|(key, _)| key.as_str()).collect();
        for key in rules.into_iter().filter(|key| !SILENT.contains(key)) {
            self.leave_out(&format!("items.{key}"), "a profile has no rules for what is in a list");
        }
    }

    fn take_annotations(&mut self) {
        for (key, own) in [("title", "label"), ("description", "description")] {
            if let Some(text) = self.members.get(key).and_then(Node::text).filter(|text| !text.trim().is_empty()) {
                self.set(own, Value::String(text.to_string()));
            }
        }
        if self.members.get("deprecated") == Some(&Node::Flag(true)) {
            self.set("deprecated", Value::Boolean(true));
        }
        match self.members.get("default") {
            None => {}
            Some(default) if is_nothing(default) => {}
            Some(default) => match default.scalar().filter(|_| self.kind != "list") {
                Some(default) => self.set("default", Value::String(default)),
                None => self.leave_out("default", "it must be one value, and of a list there is none"),
            },
        }
    }
}

/// Whether lengths and patterns have an effect on a type.
fn has_length(kind: &str) -> bool {
    matches!(kind, "text" | "email" | "url")
}
