//! The user's mapping of columns to fields: [`Mapping`], added column by column ([`Mapping::add`]) or read from a file
//! ([`Mapping::parse`]), so that it can be reviewed.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Display};

use serde::Deserialize;

use super::definition::Profile;
use super::error::{Position, Setting, SettingsError};
use super::field::{REJECT, REST};
use super::profile_files::span_of;
use super::toml_words::plain;
use crate::core::text;

/// Which columns go where, what fills missing values, and which values replace others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Headers and the fields that they fill; `None` to ignore the column. Of two entries for one header the later counts.
    pub columns: Vec<(String, Option<String>)>,
    /// What fills missing values, by column.
    pub constants: BTreeMap<String, String>,
    /// What replaces a value, by column and value.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// The file's text, to find where a value stands; empty if there is none.
    source: String,
    /// The index of each header in `columns`.
    indexes: HashMap<String, usize>,
}

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
    /// Reads a mapping file.
    pub fn parse(text: &str) -> Result<Mapping, MappingFileError> {
        let file: MappingFile = toml::from_str(text).map_err(|error| MappingFileError::Toml {
            position: error.span().and_then(|span| Position::of(text, span.start)),
            message: plain(&error),
        })?;
        let mut mapping = Mapping { source: text.to_string(), ..Mapping::default() };
        for (header, target) in flat(file.columns) {
            let target = scalar(target, || format!("columns.{header:?}"))?;
            mapping.set_column(&header, &target);
        }
        for (column, constant) in file.constants {
            let constant = scalar(constant, || format!("constants.{column}"))?;
            mapping.constants.insert(column, constant);
        }
        for (column, table) in file.values {
            let values = mapping.values.entry(column.clone()).or_default();
            for (value, replacement) in table {
                let replacement = scalar(replacement, || format!("values.{column}.{value:?}"))?;
                if value == REST && replacement != REJECT {
                    return Err(MappingFileError::NotReject { column, word: replacement });
                }
                // Values are looked up after they have been cleaned.
                let value = text::clean(&value).map(|value| value.into_owned()).unwrap_or(value.clone());
                values.insert(value, replacement);
            }
        }
        Ok(mapping)
    }

    /// Adds a map: `Their header=field`, or `Their header=` to ignore the column.
    pub fn add(&mut self, map: &str) -> Result<(), SettingsError> {
        match map.rsplit_once('=') {
            Some((header, target)) if !header.trim().is_empty() => {
                self.set_column(header, target);
                Ok(())
            }
            _ => Err(SettingsError::MalformedMap(map.to_string())),
        }
    }

    fn set_column(&mut self, header: &str, target: &str) {
        let target = Some(target.trim()).filter(|target| !target.is_empty()).map(str::to_string);
        match self.indexes.get(header.trim()) {
            Some(index) => self.columns[*index].1 = target,
            None => {
                self.indexes.insert(header.trim().to_string(), self.columns.len());
                self.columns.push((header.to_string(), target));
            }
        }
    }

    /// The line of a constant, or of a replacement of this value, in the mapping's file.
    pub fn line_of(&self, column: &str, replaced: Option<&str>) -> Option<usize> {
        match replaced {
            Some(value) => self.line(&["values", column, value]),
            None => self.line(&["constants", column]),
        }
    }

    fn line(&self, path: &[&str]) -> Option<usize> {
        Some(Position::of(&self.source, span_of(&self.source, path)?.start)?.line)
    }

    /// Checks that the profile has all fields that the mapping names.
    pub fn check(&self, profile: &Profile) -> Result<(), SettingsError> {
        for (header, target) in &self.columns {
            target.iter().try_for_each(|target| profile.require_target(target, header))?;
        }
        for column in self.constants.keys() {
            let found = profile.require_field(column, Setting::Constants);
            found.map_err(|error| error.on_line(self.line(&["constants", column])))?;
        }
        for column in self.values.keys() {
            let found = profile.require_field(column, Setting::Values(column.clone()));
            found.map_err(|error| error.on_line(self.line(&["values", column])))?;
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MappingFileError {
    Toml {
        position: Option<Position>,
        message: String,
    },
    NotText {
        key: String,
        found: &'static str,
    },
    /// `"*"` replaces nothing; it can only be `"reject"`.
    NotReject {
        column: String,
        word: String,
    },
}

impl std::error::Error for MappingFileError {}

impl Display for MappingFileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MappingFileError::Toml { position: Some(position), message } => write!(formatter, "{position}: {message}"),
            MappingFileError::Toml { position: None, message } => formatter.write_str(message),
            MappingFileError::NotReject { column, word } => write!(
                formatter,
                "values.{column}.\"*\" stands for all other values, and can only be \"reject\", not {word:?}"
            ),
            MappingFileError::NotText { key, found } => write!(
                formatter,
                "{key} has the type {found}, but must be a \
                                                                           string"
            ),
        }
    }
}

/// For TOML an unquoted header with dots is a table; here it is a path.
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

fn scalar(value: toml::Value, key: impl FnOnce() -> String) -> Result<String, MappingFileError> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Boolean(flag) => Ok(flag.to_string()),
        other => Err(MappingFileError::NotText { key: key(), found: other.type_str() }),
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
            ("[column]\na = \"b\"\n", "line 1, column 2: there is no key `column` here; did you mean columns?"),
            ("[columns]\na = [1]\n", "columns.\"a\" has the type array"),
            ("[columns]\na = \"x\"\na = \"y\"\n", "line 3, column 1: this key or table is there twice; remove one"),
            ("[columns\n", "line 1"),
        ] {
            let message = Mapping::parse(source).unwrap_err().to_string();
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
        let error = mapping.check(&contact).unwrap_err();
        let near = |nearest: &Option<String>| nearest.as_deref() == Some("email");
        assert!(matches!(&error, SettingsError::UnknownField { nearest, .. } if near(nearest)), "{error:?}");
    }
}
