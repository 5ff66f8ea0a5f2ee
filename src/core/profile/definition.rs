//! A named set of fields: [`Profile`]. [`Profile::parse`] reads one from TOML; [`Profile::named`] returns a built-in one.

use serde::Deserialize;

use super::field::Field;
use super::nearest::nearest;
use super::settings_error::{Setting, SettingsError};

/// A named set of fields and rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What it is for, in a few words.
    pub title: String,
    /// The column whose values identify customers.
    pub key: String,
    /// The fields, in the order of the table's columns; [`FieldSet::CAPACITY`](super::FieldSet::CAPACITY) at most.
    pub fields: Vec<Field>,
}

impl Profile {
    /// The index of the field with this column name.
    pub fn field_index(&self, column: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.column == column)
    }

    /// The index of the field with this column name; an error names the setting.
    pub fn require_field(&self, column: &str, setting: Setting) -> Result<usize, SettingsError> {
        self.field_index(column).ok_or_else(|| self.unknown_field(column, setting, std::iter::empty()))
    }

    /// The field that a map's target names, and the part of it: `name`, or `first_name` if the field has parts.
    pub fn target(&self, target: &str) -> Option<(usize, Option<usize>)> {
        let whole = self.field_index(target).map(|field| (field, None));
        let part = || self.parts().find(|(.., name)| *name == target).map(|(field, part, _)| (field, Some(part)));
        whole.or_else(part)
    }

    /// A field, or a part of it, as a map would name it.
    pub fn target_of(&self, field: usize, part: Option<usize>) -> &str {
        let field = &self.fields[field];
        let part = part.and_then(|part| field.parts.get(part)).and_then(|names| names.first());
        part.unwrap_or(&field.column)
    }

    /// Checks that the map's target for `header` names a field or a part of one.
    pub(super) fn require_target(&self, target: &str, header: &str) -> Result<(), SettingsError> {
        match self.target(target) {
            Some(_) => Ok(()),
            None => {
                let parts = self.parts().map(|(.., name)| name);
                Err(self.unknown_field(target, Setting::Column(header.to_string()), parts))
            }
        }
    }

    /// The parts of fields: the field, which of its parts it is, and its name.
    fn parts(&self) -> impl Iterator<Item = (usize, usize, &str)> {
        self.fields.iter().enumerate().flat_map(|(field, of)| {
            let parts = of.parts.iter().enumerate();
            parts.filter_map(move |(part, names)| Some((field, part, names.first()?.as_str())))
        })
    }

    fn unknown_field<'p>(
        &'p self,
        field: &str,
        setting: Setting,
        other_names: impl Iterator<Item = &'p str>,
    ) -> SettingsError {
        let columns = || self.fields.iter().map(|field| field.column.as_str());
        SettingsError::UnknownField {
            setting,
            profile: self.name.clone(),
            field: field.to_string(),
            nearest: nearest(field, columns().chain(other_names)).map(str::to_string),
            known: columns().map(str::to_string).collect(),
        }
    }
}
