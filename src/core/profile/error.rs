//! Why a profile cannot be read ([`ProfileError`]), with positions in its TOML; and what is wrong with the settings of a run that
//! name fields ([`SettingsError`]): data, which the command line puts into words.

use std::fmt::{self, Display};

use toml::de::{DeTable, DeValue, Error};

use super::field::FieldSet;

/// Why a profile cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// The file as it was named.
    pub file: String,
    /// The position of the wrong value, if there is one.
    pub position: Option<Position>,
    /// Its key, such as `fields[2].min`, counted from 0. Empty if the text is not TOML.
    pub key: String,
    /// What is wrong.
    pub kind: ProfileErrorKind,
}

/// What is wrong with a profile's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileErrorKind {
    /// It is not TOML, a key is missing or unknown, or a value has the wrong type; in the parser's words.
    Toml(String),
    /// A name is empty.
    Empty,
    /// A name contains NUL.
    Nul,
    /// It has this number of fields: none, or too many.
    FieldCount(usize),
    /// The field with this index has the same column.
    RepeatedColumn(usize),
    /// Every table of customers has a column of this name.
    ReservedColumn,
    /// A header name, here or in the field with this index, would mean both fields.
    RepeatedName(String, usize),
    /// It names an unknown field; the most similar one.
    UnknownField(String, Option<String>),
    /// `min` is more than `max`.
    MinAboveMax(usize, usize),
    /// A choice without words.
    NoChoices,
    /// The setting has no effect on a field of this type.
    NoEffect {
        /// The types that it has an effect on, in words.
        only_for: &'static str,
    },
    /// The list has this number of elements; the expected number, in words.
    ListLength(usize, &'static str),
}

impl std::error::Error for ProfileError {}

impl Display for ProfileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.file)?;
        if let Some(position) = self.position {
            write!(formatter, "{position}: ")?;
        }
        if !self.key.is_empty() {
            write!(formatter, "{}: ", self.key)?;
        }
        self.kind.fmt(formatter)
    }
}

impl Display for ProfileErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ProfileErrorKind::*;
        match self {
            Toml(message) => formatter.write_str(message),
            Empty => write!(formatter, "it must not be empty"),
            Nul => write!(formatter, "it must not contain NUL"),
            FieldCount(count) => {
                write!(formatter, "a profile has 1 to {} fields, and this one has {count}", FieldSet::CAPACITY)
            }
            RepeatedColumn(other) => {
                write!(formatter, "fields[{other}] has the same name; names must differ in more than case")
            }
            ReservedColumn => write!(formatter, "every table of customers has a column of this name; choose another"),
            RepeatedName(name, other) => {
                write!(formatter, "the header {name:?} also means fields[{other}]; remove it from one of them")
            }
            UnknownField(name, nearest) => {
                write!(formatter, "there is no field {name:?}")?;
                nearest.iter().try_for_each(|near| write!(formatter, "; did you mean {near}?"))
            }
            MinAboveMax(min, max) => write!(formatter, "{min} is more than max, {max}"),
            NoChoices => write!(formatter, "a choice needs at least one word"),
            NoEffect { only_for } => write!(formatter, "it has no effect on this type; it is for {only_for}"),
            ListLength(count, wanted) => write!(formatter, "{wanted} allowed, and there are {count}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    Key,
    Relax,
    OnInvalid,
    /// The target of the column with this header.
    Column(String),
    /// What fills missing values.
    Constants,
    /// The replacements of this column's values.
    Values(String),
}

/// A setting that does not fit the profile.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SettingsError {
    /// A profile cannot be read.
    Profile(ProfileError),
    /// There is no such profile.
    UnknownProfile {
        name: String,
        /// The most similar name.
        nearest: Option<String>,
        known: Vec<String>,
    },
    /// A setting names a field that the profile does not have.
    UnknownField {
        setting: Setting,
        profile: String,
        field: String,
        /// The most similar field or part of one.
        nearest: Option<String>,
        known: Vec<String>,
    },
    /// A map that is not written as `header=field`.
    MalformedMap(String),
}

impl Display for SettingsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingsError::Profile(error) => write!(out, "the profile {error}"),
            SettingsError::UnknownProfile { name, known, .. } => {
                write!(out, "there is no profile {name:?}; there are {}", known.join(", "))
            }
            SettingsError::UnknownField { profile, field, .. } => {
                write!(out, "the profile {profile} has no field {field:?}")
            }
            SettingsError::MalformedMap(map) => write!(out, "the map {map:?} is not written as header=field"),
        }
    }
}

impl std::error::Error for SettingsError {}

/// A 1-based position in a text, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    pub(super) fn of(text: &str, offset: usize) -> Option<Position> {
        let before = text.get(..offset)?;
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = before.matches('\n').count() + 1;
        Some(Position { line, column: before[line_start..].chars().count() + 1 })
    }
}

impl Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

pub(super) fn message(error: &Error) -> String {
    error.message().trim_end().replace('\n', ", ")
}

/// The path of the key whose value is at an offset, such as `fields[2].min`; empty if the text is not TOML.
pub(super) fn key_at(text: &str, offset: usize) -> String {
    let mut path = String::new();
    if let Ok(table) = DeTable::parse(text) {
        follow_table(table.get_ref(), offset, &mut path);
    }
    path
}

fn follow_table(table: &DeTable<'_>, offset: usize, path: &mut String) {
    let before = table.iter().filter(|(key, _)| key.span().start <= offset);
    let Some((key, value)) = before.max_by_key(|(key, _)| key.span().start) else { return };
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key.get_ref());
    follow(value.get_ref(), offset, path);
}

fn follow(value: &DeValue<'_>, offset: usize, path: &mut String) {
    match value {
        DeValue::Table(table) => follow_table(table, offset, path),
        DeValue::Array(array) => {
            let Some(index) = array.iter().rposition(|element| element.span().start <= offset) else { return };
            path.push_str(&format!("[{index}]"));
            follow(array[index].get_ref(), offset, path);
        }
        _ => {}
    }
}

/// The position of a key's value, in one table of an array if one is named; of the table if it lacks the key.
pub(super) fn position_of(text: &str, table: Option<(&str, usize)>, key: &str) -> Option<Position> {
    let root = DeTable::parse(text).ok()?;
    let span = match table {
        None => root.get_ref().get(key)?.span(),
        Some((array, index)) => {
            let table = root.get_ref().get(array)?.get_ref().get(index)?;
            table.get_ref().get(key).unwrap_or(table).span()
        }
    };
    Position::of(text, span.start)
}
