//! From a property of a JSON Schema to a field of a profile: [`field_of`].

use regex::Regex;
use toml::{Table, Value};

use super::node::Node;
use crate::core::profile::error::ProfileErrorKind as Kind;

/// A property, its references resolved.
pub(super) struct Property<'s> {
    pub(super) node: &'s Node,
    pub(super) is_required: bool,
}

/// Follows the references of a schema.
pub(super) type Resolve<'s> = dyn Fn(&Node) -> Result<(Node, Vec<String>), Kind> + 's;

/// Keywords that say nothing about values, or that are read elsewhere.
const SILENT: [&str; 12] = [
    "$comment",
    "$id",
    "$anchor",
    "examples",
    "readOnly",
    "writeOnly",
    "type",
    "title",
    "description",
    "default",
    "deprecated",
    "$schema",
];

/// How often one alternative may be within another.
const MOST_LEVELS: usize = 16;

struct Reading<'s> {
    table: Table,
    notes: Vec<String>,
    kind: &'static str,
    node: &'s Node,
}

/// The keys of a field that say what a property says, and notes on what they cannot say.
pub(super) fn field_of(property: &Property<'_>, resolve: &Resolve<'_>) -> Result<(Table, Vec<String>), Kind> {
    let (node, is_nullable, mut notes) = without_null(property.node.clone(), resolve)?;
    let (types, allows_null) = types(&node);
    let words = node.get("enum").map(Node::items).or(node.get("const").map(std::slice::from_ref));
    let is_nullable = is_nullable || allows_null || words.is_some_and(|words| words.contains(&Node::Null));
    let mut reading = Reading { table: Table::new(), notes: Vec::new(), kind: "text", node: &node };
    reading.find_type(&types, words);
    for (key, value) in node.members() {
        reading.take(key, value);
    }
    if property.is_required && is_nullable {
        reading.notes.push("required is left out: the value can be null, which is a missing value".to_string());
    } else if property.is_required {
        reading.set("required", Value::Boolean(true));
    }
    reading.take_annotations();
    let kind = reading.kind;
    reading.set("type", Value::String(kind.to_string()));
    notes.extend(reading.notes);
    Ok((reading.table, notes))
}

/// A property that can be null by way of alternatives, as generators write an optional value: `anyOf: [{...}, {type: null}]`.
fn without_null(mut node: Node, resolve: &Resolve<'_>) -> Result<(Node, bool, Vec<String>), Kind> {
    let (mut is_nullable, mut notes) = (false, Vec::new());
    for _ in 0..MOST_LEVELS {
        let Some((at, only)) = only_alternative(&node) else { break };
        let mut members = node.members().to_vec();
        members.remove(at);
        let (inner, more) = resolve(&only)?;
        notes.extend(more);
        let own: Vec<String> = members.iter().map(|(key, _)| key.clone()).collect();
        members.extend(inner.members().iter().filter(|(key, _)| !own.contains(key)).cloned());
        node = Node::Object(members);
        is_nullable = true;
    }
    Ok((node, is_nullable, notes))
}

/// The one alternative beside null, and where the alternatives stand.
fn only_alternative(node: &Node) -> Option<(usize, Node)> {
    let is_alternative = |(key, _): &(String, Node)| matches!(key.as_str(), "anyOf" | "oneOf");
    let at = node.members().iter().position(is_alternative)?;
    let is_null = |schema: &&Node| schema.get("type").and_then(Node::text) == Some("null");
    match node.members()[at].1.items() {
        [one, null] if is_null(&null) && !is_null(&one) => Some((at, one.clone())),
        [null, one] if is_null(&null) && !is_null(&one) => Some((at, one.clone())),
        _ => None,
    }
}

/// The types of a property but null, and whether that is one.
fn types(node: &Node) -> (Vec<String>, bool) {
    let types: Vec<&str> = match node.get("type") {
        Some(Node::Text(one)) => vec![one],
        Some(Node::List(several)) => several.iter().filter_map(Node::text).collect(),
        _ => Vec::new(),
    };
    let allows_null = types.contains(&"null");
    (types.into_iter().filter(|name| *name != "null").map(str::to_string).collect(), allows_null)
}

impl Reading<'_> {
    fn set(&mut self, key: &str, value: Value) {
        self.table.insert(key.to_string(), value);
    }

    fn leave_out(&mut self, key: &str, why: &str) {
        self.notes.push(format!("{key} is left out: {why}"));
    }

    fn find_type(&mut self, types: &[String], words: Option<&[Node]>) {
        let types: Vec<&str> = types.iter().map(String::as_str).collect();
        self.kind = match types[..] {
            ["integer"] => "integer",
            ["number"] => "decimal",
            ["boolean"] => "flag",
            ["array"] => "list",
            ["string"] => self.text_type(),
            [] if self.node.get("format").is_some() => self.text_type(),
            [] => "text",
            // A text can be a number, too.
            _ if types.iter().all(|name| matches!(*name, "string" | "integer")) => "text",
            ["object"] => {
                self.leave_out("type object", "members of members have no columns; it is read as text");
                "text"
            }
            _ => {
                self.leave_out(
                    "type",
                    &format!("a column has one type, not {}; it is read as text", types.join(" or ")),
                );
                "text"
            }
        };
        if let Some(words) = words {
            self.take_words(words);
        }
    }

    fn text_type(&mut self) -> &'static str {
        match self.node.get("format").and_then(Node::text) {
            Some("email" | "idn-email") => "email",
            Some("date") => "date",
            Some("date-time") => "timestamp",
            Some("uri" | "iri") => "url",
            _ => "text",
        }
    }

    /// The words of a choice.
    fn take_words(&mut self, words: &[Node]) {
        let words = words.iter().filter(|word| **word != Node::Null);
        let texts: Option<Vec<Value>> =
            words.map(|word| word.text().map(|text| Value::String(text.to_string()))).collect();
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
            "minLength" | "maxLength" if has_length(self.kind) => self.take_length(key, value),
            "pattern" if has_length(self.kind) => self.take_pattern(value),
            "minimum" | "maximum" if is_number => self.take_bound(key, value),
            "exclusiveMinimum" | "exclusiveMaximum" if self.kind == "integer" => self.take_exclusive(key, value),
            "format" => self.take_format(value),
            "items" if self.kind == "list" => self.take_items(value),
            "minLength" | "maxLength" | "pattern" if self.kind == "choice" => {}
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

    /// A pattern of JSON Schema can match anywhere, one of a profile must match the whole.
    fn take_pattern(&mut self, value: &Node) {
        let written = value.text().unwrap_or_default();
        let whole = written.strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(")$"));
        let whole = whole.filter(|whole| Regex::new(whole).is_ok());
        let pattern = whole.map_or_else(|| format!("(?s:.*)(?:{written})(?s:.*)"), str::to_string);
        match Regex::new(written) {
            Ok(_) => self.set("pattern", Value::String(pattern)),
            Err(error) => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                self.leave_out("pattern", last.strip_prefix("error: ").unwrap_or(last));
            }
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
            Some(bound) => self.set(name, Value::String(bound.to_string())),
            None => self.leave_out(key, "it is no whole number"),
        }
    }

    fn take_format(&mut self, value: &Node) {
        let format = value.text().unwrap_or_default();
        match (format, self.kind) {
            ("email" | "idn-email" | "date" | "date-time" | "uri" | "iri", "email" | "date" | "timestamp" | "url") => {}
            // Widths of numbers, which programs add.
            ("int32" | "int64" | "float" | "double", "integer" | "decimal") => {}
            _ => self.leave_out(&format!("format {format}"), "no type of a profile is like it"),
        }
    }

    fn take_items(&mut self, value: &Node) {
        let (types, _) = types(value);
        if types.iter().any(|name| !matches!(name.as_str(), "string" | "integer" | "number")) {
            self.leave_out("items", "a list holds texts and numbers");
        }
        let rules = value.members().iter().map(|(key, _)| key.as_str()).filter(|key| !SILENT.contains(key));
        let rules: Vec<&str> = rules.collect();
        for key in rules {
            self.leave_out(&format!("items.{key}"), "a profile has no rules for what is in a list");
        }
    }

    fn take_annotations(&mut self) {
        for (key, own) in [("title", "label"), ("description", "description")] {
            if let Some(text) = self.node.get(key).and_then(Node::text).filter(|text| !text.trim().is_empty()) {
                self.set(own, Value::String(text.to_string()));
            }
        }
        if self.node.get("deprecated") == Some(&Node::Flag(true)) {
            self.set("deprecated", Value::Boolean(true));
        }
        match self.node.get("default") {
            None | Some(Node::Null) => {}
            Some(_) if !matches!(self.kind, "text" | "email" | "choice") => {
                self.leave_out("default", &format!("the type {} has none", self.kind));
            }
            Some(default) => match default.scalar() {
                Some(default) => self.set("default", Value::String(default)),
                None => self.leave_out("default", "it must be one value"),
            },
        }
    }
}

/// Whether lengths and patterns have an effect on a type.
fn has_length(kind: &str) -> bool {
    matches!(kind, "text" | "email" | "url")
}
