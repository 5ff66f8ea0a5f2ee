//! A named set of fields: [`Profile`]. [`Profile::named`] returns a built-in one; [`Profile::parse`] reads one from TOML, where
//! a key without effect is an error.

use std::sync::{Arc, LazyLock};

use xxhash_rust::xxh3::xxh3_128;

use super::built_in::TEXTS;
use super::check::{Check, compiled};
use super::error::{ProfileError, ProfileErrorKind as Kind, Setting, SettingsError};
use super::field::Field;
use super::habits::Habits;
use super::header::nearest;
use super::parents::with_parents;
use super::parse::{Parsed, ProfileText, ReadBase, built_in, parse};
use super::profile_files::ProfileFiles;

/// A named set of fields and rules.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What it is for, in a few words.
    pub title: String,
    /// The columns whose values together identify customers; none if nothing does.
    pub key: Vec<String>,
    /// The columns that identify customers where an input has none for the key, the best first.
    pub key_fallback: Vec<String>,
    /// The table of the database that the customers are in.
    pub table: String,
    /// The fields, in the order of the table's columns; [`FieldSet::CAPACITY`](super::FieldSet::CAPACITY) at most.
    pub fields: Vec<Field>,
    /// The rules that every record must keep, in their order.
    pub checks: Vec<Check>,
    /// How its files are read.
    pub file: Habits,
    /// What a run does each night.
    pub feed: Habits,
    /// Its text with that of the files that it extends, without comments; empty for a built-in profile.
    pub toml: String,
    /// A digest of that text; empty for a built-in profile.
    pub digest: String,
    /// What a JSON Schema that it was made from says, and it cannot.
    pub notes: Vec<String>,
}

/// The table of the database that customers are in, unless a profile names another.
pub const TABLE: &str = "customers";

static PROFILES: LazyLock<Result<Vec<Arc<Profile>>, ProfileError>> =
    LazyLock::new(|| TEXTS.into_iter().map(|(file, text)| Profile::built_in(file, text).map(Arc::new)).collect());

pub const RESERVED_COLUMNS: [&str; 6] =
    ["customer_id", "created_at", "updated_at", "import_run", "import_file", "import_record"];

impl Profile {
    /// The index of the field with this column name.
    pub fn field_index(&self, column: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.column == column)
    }

    /// The index of the field with this column name; an error names the setting.
    pub fn require_field(&self, column: &str, setting: Setting) -> Result<usize, SettingsError> {
        self.field_index(column).ok_or_else(|| self.unknown_field(column, setting, false))
    }

    /// The columns that a key names: one, or several with commas between them.
    pub fn key_columns<'k>(&self, key: &'k str) -> Vec<&'k str> {
        if self.field_index(key).is_some() { vec![key] } else { key.split(',').map(str::trim).collect() }
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

    pub(super) fn require_target(&self, target: &str, header: &str) -> Result<(), SettingsError> {
        match self.target(target) {
            Some(_) => Ok(()),
            None => Err(self.unknown_field(target, Setting::Column(header.to_string()), true)),
        }
    }

    /// The parts of fields: the field, which of its parts it is, and its name.
    fn parts(&self) -> impl Iterator<Item = (usize, usize, &str)> {
        self.fields.iter().enumerate().flat_map(|(field, of)| {
            let parts = of.parts.iter().enumerate();
            parts.filter_map(move |(part, names)| Some((field, part, names.first()?.as_str())))
        })
    }

    fn unknown_field(&self, field: &str, setting: Setting, may_be_part: bool) -> SettingsError {
        let columns = || self.fields.iter().map(|field| field.column.as_str());
        let parts = self.parts().map(|(.., name)| name).filter(|_| may_be_part);
        SettingsError::UnknownField {
            setting,
            line: None,
            profile: self.name.clone(),
            field: field.to_string(),
            nearest: nearest(field, columns().chain(parts)).map(str::to_string),
            known: columns().map(str::to_string).collect(),
        }
    }

    /// The built-in profiles, by name. A test makes sure that all are valid.
    pub fn all() -> Result<&'static [Arc<Profile>], SettingsError> {
        PROFILES.as_deref().map_err(|error| SettingsError::Profile(error.clone()))
    }

    /// The built-in profile with this name.
    pub fn named(name: &str) -> Result<Arc<Profile>, SettingsError> {
        let all = Profile::all()?;
        all.iter().find(|profile| profile.name == name).cloned().ok_or_else(|| {
            let known = || all.iter().map(|profile| profile.name.as_str());
            SettingsError::UnknownProfile {
                name: name.to_string(),
                nearest: nearest(name, known()).map(str::to_string),
                known: known().map(str::to_string).collect(),
            }
        })
    }

    /// Reads a profile from TOML; errors name the `file`. It can extend a built-in profile, but no file.
    ///
    /// # Errors
    ///
    /// [`ProfileError`] says what is wrong, and where.
    pub fn parse(file: &str, text: &str) -> Result<Profile, ProfileError> {
        let no_file =
            |base: &str, _: &str| Err(format!("there is no built-in profile {base:?}, and files are not read here"));
        Profile::parse_with(file, text, &mut { no_file })
    }

    /// The same; `read` reads the files that it extends.
    ///
    /// # Errors
    ///
    /// [`ProfileError`] says what is wrong, and in which file.
    pub fn parse_with(file: &str, text: &str, read: &mut ReadBase<'_>) -> Result<Profile, ProfileError> {
        let Parsed { content, files, toml } = parse(file, text, read)?;
        Profile::from_text(content, files, toml)
    }

    fn built_in(file: &str, text: &str) -> Result<Profile, ProfileError> {
        let (content, files) = built_in(file, text)?;
        Profile::from_text(content, files, String::new())
    }

    /// Makes a profile of what a file says, if it is one.
    fn from_text(content: ProfileText, files: ProfileFiles, toml: String) -> Result<Profile, ProfileError> {
        let ProfileText { name, title, key, key_fallback, table, file, feed, fields, checks, .. } = content;
        let name = name.unwrap_or_else(|| files.stem().to_string());
        let title = title.unwrap_or_else(|| name.clone());
        let table = table.unwrap_or_else(|| TABLE.to_string());
        let digest = match toml.as_str() {
            "" => String::new(),
            text => format!("{:032x}", xxh3_128(text.as_bytes())),
        };
        let fields = with_parents(fields);
        let checks = compiled(&checks, &fields).map_err(|(check, key, kind)| match check {
            Some(name) => files.blaming_drop(files.check_error(&name, key, kind)),
            None => files.error(&[key], kind),
        })?;
        let mut profile = Profile {
            name,
            title,
            key,
            key_fallback,
            table,
            fields,
            checks,
            file,
            feed,
            toml,
            digest,
            notes: Vec::new(),
        };
        profile.check().map_err(|(path, kind)| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            match (&kind, path.as_slice()) {
                (Kind::NothingBetween(keys, _), [table @ .., _]) => files.error_of_two(table, *keys, kind),
                (_, [_, column, key]) => files.blaming_type(files.blaming_drop(files.error(&path, kind)), column, key),
                _ => files.blaming_drop(files.error(&path, kind)),
            }
        })?;
        let files = Arc::new(files);
        for (table, habits) in [("file", &mut profile.file), ("feed", &mut profile.feed)] {
            for habit in &mut habits.0 {
                habit.place = Some((table, Arc::clone(&files)));
            }
        }
        Ok(profile)
    }
}

#[cfg(test)]
mod tests;
