//! What a person says about an input's columns: [`Mapping`]. `--map` says it a column at a time; a mapping file holds all of
//! it, so that a migration's mapping can be reviewed (SPEC, section 7).

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::{Profile, nearest};
use crate::core::text;
use crate::error::{Error, Result};

/// Which columns go where, what fills missing values, and which values stand for others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Headers and the fields that they fill; `None` where a column is to be ignored. Of two for one header the later stands.
    pub columns: Vec<(String, Option<String>)>,
    /// What fills missing values, by column.
    pub constants: BTreeMap<String, String>,
    /// What stands for a value, by column and value.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// Where each header stands among the columns.
    places: HashMap<String, usize>,
}

/// A mapping file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingFile {
    #[serde(default)]
    columns: toml::Table,
    #[serde(default)]
    constants: toml::Table,
    #[serde(default)]
    values: BTreeMap<String, toml::Table>,
}

impl Mapping {
    /// Reads a mapping file; an error in words, with line and column, for a message that names the file.
    pub fn parse(source: &str) -> Result<Mapping, String> {
        let file: MappingFile = toml::from_str(source).map_err(|error| placed(&error, source))?;
        let mut mapping = Mapping::default();
        for (header, target) in flat(file.columns) {
            let target = scalar(&format!("columns.{header:?}"), target)?;
            mapping.set_column(&header, &target);
        }
        for (column, constant) in file.constants {
            let constant = scalar(&format!("constants.{column}"), constant)?;
            mapping.constants.insert(column, constant);
        }
        for (column, table) in file.values {
            let values = mapping.values.entry(column.clone()).or_default();
            for (value, stands_for) in table {
                let stands_for = scalar(&format!("values.{column}.{value:?}"), stands_for)?;
                // Values are looked up when they have been cleaned.
                let value = text::clean(&value).map(|value| value.into_owned()).unwrap_or(value.clone());
                values.insert(value, stands_for);
            }
        }
        Ok(mapping)
    }

    /// Adds what one `--map` says: `Their header=field`, or `Their header=` for a column that is to be ignored.
    pub fn add(&mut self, said: &str) -> Result<()> {
        let advice = "write --map 'Their header=field', or --map 'Their header=' for a column that is to be ignored";
        match said.rsplit_once('=') {
            Some((header, target)) if !header.trim().is_empty() => {
                self.set_column(header, target);
                Ok(())
            }
            _ => Err(Error::Usage(format!("--map {said:?}: {advice}"))),
        }
    }

    fn set_column(&mut self, header: &str, target: &str) {
        let target = Some(target.trim()).filter(|target| !target.is_empty()).map(str::to_string);
        match self.places.get(header.trim()) {
            Some(place) => self.columns[*place].1 = target,
            None => {
                self.places.insert(header.trim().to_string(), self.columns.len());
                self.columns.push((header.to_string(), target));
            }
        }
    }

    /// Makes sure that the profile has all fields that are named here; a usage error that names the nearest.
    pub fn check(&self, profile: &Profile) -> Result<()> {
        for (header, target) in &self.columns {
            let Some(target) = target else { continue };
            if profile.target(target).is_none() {
                let known = profile.fields.iter().map(|field| field.column.as_str());
                let parts = profile.fields.iter().flat_map(|field| &field.parts).filter_map(|names| names.first());
                let advice = match nearest(target, known.clone().chain(parts.map(String::as_str))) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("it has {}", known.collect::<Vec<_>>().join(", ")),
                };
                return Err(Error::Usage(format!(
                    "the map of {header:?}: the profile {} has no field {target:?}; {advice}",
                    profile.name
                )));
            }
        }
        for column in self.constants.keys() {
            profile.require_field(column, "the mapping's [constants]")?;
        }
        for column in self.values.keys() {
            profile.require_field(column, &format!("the mapping's [values.{column}]"))?;
        }
        Ok(())
    }
}

impl Profile {
    /// What a map would name a field, or a part of it.
    pub fn target_of(&self, field: usize, part: Option<usize>) -> &str {
        let field = &self.fields[field];
        let part = part.and_then(|part| field.parts.get(part)).and_then(|names| names.first());
        part.unwrap_or(&field.column)
    }

    /// The field that a map's target names, or which part of it: `name`, or `first_name` where the field has parts.
    pub fn target(&self, target: &str) -> Option<(usize, Option<usize>)> {
        if let Some(field) = self.field_index(target) {
            return Some((field, None));
        }
        let parts =
            self.fields.iter().enumerate().flat_map(|(field, of)| {
                of.parts.iter().enumerate().map(move |(part, names)| (field, part, names.first()))
            });
        parts
            .filter(|(.., name)| name.is_some_and(|name| name == target))
            .map(|(field, part, _)| (field, Some(part)))
            .next()
    }
}

/// An error in one line, with its place.
fn placed(error: &toml::de::Error, source: &str) -> String {
    let what = error.message().trim_end().replace('\n', ", ");
    let Some(before) = error.span().and_then(|span| source.get(..span.start)) else { return what };
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
    format!("line {line}, column {column}: {what}")
}

/// A header with dots that is written without quotes is a table in TOML; it is a path here.
fn flat(table: toml::Table) -> Vec<(String, toml::Value)> {
    let mut columns = Vec::new();
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => {
                columns.extend(flat(inner).into_iter().map(|(rest, value)| (format!("{key}.{rest}"), value)));
            }
            value => columns.push((key, value)),
        }
    }
    columns
}

fn scalar(place: &str, value: toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Boolean(flag) => Ok(flag.to_string()),
        other => Err(format!("{place} is {}, and must be a text", other.type_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_file_is_read_whole() {
        let source = "[columns]\n\"Kundenname\" = \"name\"\n\"E-Mail privat\" = \"\"\naddress.city = \"city\"\n\
                      [constants]\ncontact_origin = \"LEGACY\"\nadmin_id = 7\n\
                      [values.invoice_delivery]\nE = \"email\"\n\" P  x\" = \"print\"\n";
        let mapping = Mapping::parse(source).unwrap();
        let columns: Vec<(&str, Option<&str>)> =
            mapping.columns.iter().map(|(header, target)| (header.as_str(), target.as_deref())).collect();
        assert!(columns.contains(&("Kundenname", Some("name"))), "{columns:?}");
        assert!(columns.contains(&("E-Mail privat", None)) && columns.contains(&("address.city", Some("city"))));
        assert_eq!((&*mapping.constants["contact_origin"], &*mapping.constants["admin_id"]), ("LEGACY", "7"));
        assert_eq!(mapping.values["invoice_delivery"]["P x"], "print");
    }

    #[test]
    fn what_a_mapping_file_cannot_say_is_named() {
        for (source, said) in [
            ("[column]\na = \"b\"\n", "unknown field `column`"),
            ("[columns]\na = [1]\n", "columns.\"a\" is array"),
            ("[columns]\na = \"x\"\na = \"y\"\n", "duplicate key"),
            ("[columns\n", "line 1"),
        ] {
            let message = Mapping::parse(source).unwrap_err();
            assert!(message.contains(said), "{source:?}: {message}");
        }
    }

    #[test]
    fn a_map_is_cut_at_its_last_equals_sign() {
        let mut mapping = Mapping::default();
        mapping.add("a=b=email").unwrap();
        mapping.add(" Old = ").unwrap();
        mapping.add("a=b=name").unwrap();
        assert_eq!(mapping.columns, [("a=b".to_string(), Some("name".to_string())), (" Old ".to_string(), None)]);
        assert!(mapping.add("email").is_err() && mapping.add("=email").is_err());
    }

    #[test]
    fn a_target_is_a_field_or_a_part_of_one() {
        let contact = Profile::named("contact").unwrap();
        let name = contact.field_index("name").unwrap();
        assert_eq!(contact.target("name"), Some((name, None)));
        assert_eq!(contact.target("last_name"), Some((name, Some(1))));
        let mut mapping = Mapping::default();
        mapping.add("Mail=emial").unwrap();
        let message = mapping.check(contact).unwrap_err().to_string();
        assert!(message.contains("did you mean email?"), "{message}");
    }
}
