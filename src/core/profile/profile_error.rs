//! Why a profile cannot be read: [`ProfileError`].

use std::fmt::{self, Display};

use super::field_set::FieldSet;
use super::toml_text::Position;

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
