//! Why a text is no profile: [`ProfileError`].

use std::fmt::{self, Display};

use super::field_set::FieldSet;
use super::toml_text::Position;

/// Why a text is no profile: where, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// The file as it was named.
    pub file: String,
    /// The position of the value that is wrong; none where the text as a whole is.
    pub position: Option<Position>,
    /// Its key, as `fields[2].min`; fields are numbered from 0. Empty where the text is not TOML.
    pub key: String,
    /// What is wrong.
    pub kind: ProfileErrorKind,
}

/// What is wrong with a profile's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileErrorKind {
    /// It is not TOML, a key is missing or unknown, or a value has another type; in the parser's words.
    Toml(String),
    /// A name is empty.
    Empty,
    /// A name contains NUL.
    Nul,
    /// There are this many fields: none, or more than are possible.
    FieldCount(usize),
    /// The column is also that of the field with this index.
    RepeatedColumn(usize),
    /// Every table of customers has a column of this name.
    ReservedColumn,
    /// A header name, here or in the field with this index, would mean both fields.
    RepeatedName(String, usize),
    /// It names a field that there is not; the nearest one.
    UnknownField(String, Option<String>),
    /// The least number of characters is more than the greatest.
    MinAboveMax(usize, usize),
    /// A choice without words.
    NoChoices,
    /// The setting has no effect on a field of this type; it is for those of another.
    NoEffect {
        /// The types that it has an effect on, in words.
        only_for: &'static str,
    },
    /// The list has this many elements, and another number is wanted, in words.
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
