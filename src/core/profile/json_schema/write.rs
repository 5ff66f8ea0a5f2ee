//! The JSON Schema of a record: [`record_schema`].

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Number, Value, json};

use super::pattern::to_json_schema;
use crate::core::profile::definition::Profile;
use crate::core::profile::field::Field;
use crate::core::text::Characters;
use crate::core::types::FieldType;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a record, its keywords in the order in which people read them.
#[derive(Serialize)]
struct Record<'p> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    title: &'p str,
    description: &'p str,
    #[serde(rename = "$comment", skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    r#type: &'static str,
    properties: Properties<'p>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    required: Vec<&'p str>,
}

/// The fields, in the order of the columns.
struct Properties<'p>(&'p [Field]);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|field| (&field.column, Property::of(field))))
    }
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Property<'p> {
    title: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(rename = "$comment", skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    r#type: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#enum: Option<Vec<Option<&'p str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_length: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deprecated: bool,
}

/// The JSON Schema of the records that a profile accepts, as another system should write them.
pub fn record_schema(profile: &Profile) -> String {
    let is_needed = |field: &&Field| needs_value(field);
    let record = Record {
        schema: DRAFT,
        title: &profile.name,
        description: &profile.title,
        comment: comment(besides_of_record(profile)),
        r#type: "object",
        properties: Properties(&profile.fields),
        required: profile.fields.iter().filter(is_needed).map(|field| field.column.as_str()).collect(),
    };
    // Texts and numbers cannot fail.
    serde_json::to_string_pretty(&record).map(|text| text + "\n").unwrap_or_default()
}

fn needs_value(field: &Field) -> bool {
    field.required && field.default.is_none()
}

impl Property<'_> {
    fn of(field: &Field) -> Property<'_> {
        let (name, format) = type_of(field);
        let is_text = name == "string";
        let property = Property {
            title: &field.label,
            description: description(field),
            comment: comment(besides(field)),
            r#type: if needs_value(field) { json!(name) } else { json!([name, "null"]) },
            items: (name == "array").then(|| json!({ "type": ["string", "number"] })),
            format,
            minimum: number(field.at_least.as_deref()),
            maximum: number(field.at_most.as_deref()),
            default: field.default.as_deref().map(|default| value(field, default)),
            deprecated: field.deprecated,
            ..Property::default()
        };
        match choices(field) {
            Some(choices) => Property { r#enum: Some(choices), ..property },
            None if is_text && counts_as_written(field) => {
                let least = field.min.unwrap_or(0).max(usize::from(needs_value(field)));
                Property {
                    min_length: Some(least).filter(|least| *least > 0),
                    max_length: field.max,
                    pattern: pattern(field),
                    ..property
                }
            }
            None => property,
        }
    }
}

/// The type and the format of a field's values.
fn type_of(field: &Field) -> (&'static str, Option<&'static str>) {
    let in_iso = |format| Some(format).filter(|_| field.formats.is_empty());
    match field.kind {
        FieldType::Integer => ("integer", None),
        FieldType::Decimal => ("number", None),
        FieldType::Flag => ("boolean", None),
        FieldType::List => ("array", None),
        FieldType::Email => ("string", Some("email")),
        FieldType::Url => ("string", Some("uri")),
        FieldType::Date => ("string", in_iso("date")),
        FieldType::Timestamp => ("string", in_iso("date-time")),
        _ => ("string", None),
    }
}

/// Whether lengths and characters hold for a value as it is written: others are counted after normalisation.
fn counts_as_written(field: &Field) -> bool {
    let is_plain = matches!(field.kind, FieldType::Text | FieldType::Email | FieldType::Url);
    is_plain && !field.repair && field.values.is_empty() && field.case.is_none()
}

fn description(field: &Field) -> Option<String> {
    let forms = (!field.formats.is_empty()).then(|| format!("Written as {}.", field.formats.join(" or ")));
    match (&field.description, forms) {
        (Some(text), Some(forms)) => Some(format!("{text} {forms}")),
        (text, forms) => text.clone().or(forms),
    }
}

fn choices(field: &Field) -> Option<Vec<Option<&str>>> {
    let choices = field.choices.iter().map(|choice| Some(choice.as_str()));
    let none = (!needs_value(field)).then_some(None);
    (!field.choices.is_empty()).then(|| choices.chain(none).collect())
}

/// The pattern of a value, as far as JSON Schema can say it.
fn pattern(field: &Field) -> Option<String> {
    match &field.pattern {
        Some(written) => to_json_schema(written),
        None => field.characters.map(|characters| class(characters).1.to_string()),
    }
}

/// What a profile calls a class of characters, and a pattern for it.
fn class(characters: Characters) -> (&'static str, &'static str) {
    match characters {
        Characters::Letters => ("letters", r"^[\p{L}\p{M}]*$"),
        Characters::LettersSpaces => ("letters-spaces", r"^[\p{L}\p{M} ]*$"),
        Characters::LettersDigitsSpaces => ("letters-digits-spaces", r"^[\p{L}\p{M}0-9 ]*$"),
        Characters::DigitsHyphen => ("digits-hyphen", "^[0-9-]*$"),
        Characters::Digits => ("digits", "^[0-9]*$"),
    }
}

/// What custload checks of a value, and the schema does not say.
fn besides(field: &Field) -> Vec<String> {
    let says_lengths = counts_as_written(field);
    let says_pattern = says_lengths && pattern(field).is_some();
    let length = |length: Option<usize>| length.filter(|_| !says_lengths).map(|length| length.to_string());
    let characters = field.characters.filter(|_| !says_lengths || field.pattern.is_some());
    use FieldType::{Country, Phone, PostalCode, State};
    let kind = matches!(field.kind, Country | Phone | PostalCode | State)
        .then(|| json!(field.kind))
        .and_then(|kind| kind.as_str().map(String::from));
    let values: Vec<&str> = field.values.keys().map(String::as_str).collect();
    let rules = [
        ("type", kind),
        ("repair", field.repair.then(|| "true".to_string())),
        ("min", length(field.min)),
        ("max", length(field.max)),
        ("characters", characters.map(|characters| class(characters).0.to_string())),
        ("pattern", field.pattern.clone().filter(|_| !says_pattern)),
        ("not_before", field.not_before.clone()),
        ("not_after", field.not_after.clone()),
        ("scale", field.scale.map(|scale| scale.to_string())),
        ("unique", field.unique.then(|| "true".to_string())),
        ("references", field.references.clone()),
        ("values", Some(values.join(", ")).filter(|values| !values.is_empty())),
        ("from", Some(field.from.join(", ")).filter(|from| !from.is_empty())),
    ];
    rules.into_iter().filter_map(|(key, rule)| Some(format!("{key} = {}", rule?))).collect()
}

/// The same of a record.
fn besides_of_record(profile: &Profile) -> Vec<String> {
    let key = (!profile.key.is_empty()).then(|| format!("key = {}", profile.key.join(", ")));
    let checks = profile.checks.iter().map(|check| {
        let rule = check.rule.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("check {}: {rule}", check.name)
    });
    key.into_iter().chain(checks).chain(profile.notes.iter().cloned()).collect()
}

fn comment(besides: Vec<String>) -> Option<String> {
    (!besides.is_empty()).then(|| format!("What this schema does not say: {}", besides.join("; ")))
}

/// A number as it is written, if JSON would write it so.
fn number(text: Option<&str>) -> Option<Box<RawValue>> {
    let text = text?;
    let number: Result<Number, _> = serde_json::from_str(text);
    number.ok().and_then(|_| RawValue::from_string(text.to_string()).ok())
}

/// A default in JSON.
fn value(field: &Field, default: &str) -> Value {
    let as_number = || serde_json::from_str::<Number>(default).map(Value::Number).ok();
    let as_flag = || match default.to_ascii_lowercase().as_str() {
        "1" | "y" | "t" | "yes" | "true" | "on" => Some(json!(true)),
        "0" | "n" | "f" | "no" | "false" | "off" => Some(json!(false)),
        _ => None,
    };
    let value = match field.kind {
        FieldType::Integer | FieldType::Decimal => as_number(),
        FieldType::Flag => as_flag(),
        _ => None,
    };
    value.unwrap_or_else(|| json!(default))
}
