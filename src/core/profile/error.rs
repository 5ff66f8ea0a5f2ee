//! Why a profile cannot be read ([`ProfileError`]), with positions in its TOML; and what is wrong with the settings of a run that
//! name fields ([`SettingsError`]): data, which the command line puts into words.

use std::borrow::Cow;
use std::fmt::{self, Display};

use super::header::nearest;
use crate::core::rule::RuleError;
use crate::core::text::visible;
use crate::core::types::dates::DatesFault;

/// Why a profile cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// The file as it was named.
    pub file: String,
    /// The file that was to be read, if it extends this one.
    pub extended_by: Option<String>,
    /// The position of the wrong value, if there is one.
    pub position: Option<Position>,
    /// Its key, such as `fields.name.min`. Empty if the text is not TOML.
    pub key: String,
    /// What is wrong.
    pub kind: ProfileErrorKind,
    /// The line of the wrong value, and how many of its characters are marked.
    pub line: Option<(String, usize)>,
}

/// What is wrong with a profile's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileErrorKind {
    /// It is not TOML, a key is unknown, or a value has the wrong type.
    Toml(String),
    /// The text is longer than this number of bytes.
    TooLong(usize),
    /// The file that it extends cannot be read, and why.
    CannotExtend(String),
    /// These files extend one another.
    Circle(String),
    /// A key of `[file]` or `[feed]` that means nothing there; those that do.
    UnknownHabit(String),
    /// A name is empty.
    Empty,
    /// A name contains NUL.
    Nul,
    /// It has this number of fields: none, or too many.
    FieldCount(usize),
    /// This field has the same column.
    RepeatedColumn(String),
    /// Every table of customers has a column of this name.
    ReservedColumn,
    /// The values of this field are real numbers, which identify nothing.
    RealKey(String),
    /// Tables whose names begin with one of these are not a profile's.
    ReservedTable(String),
    /// A header name, here or in this field, would mean both fields.
    RepeatedName(String, String),
    /// It names an unknown field; the most similar one.
    UnknownField(String, Option<String>),
    /// It drops what the extended profile does not have; the most similar field or check.
    NothingToDrop(String, Option<String>),
    /// This field is dropped, but this key of this extended file names it.
    Dropped {
        /// The field.
        name: String,
        /// The key.
        key: String,
        /// The file.
        file: String,
    },
    /// The value of an option in `[file]` or `[feed]` that cannot be, and why.
    Habit(String),
    /// It names this field twice.
    Twice(String),
    /// The least value is more than the greatest: their two keys, and what these say.
    NothingBetween([&'static str; 2], [String; 2]),
    /// `max` allows no character.
    NoLength,
    /// A list is empty.
    EmptyList,
    /// A format names a part of the date twice.
    PartTwice(String),
    /// Two choices differ in their case alone.
    Alike(String, String),
    /// Two names of columns are the same header.
    SameHeader(String, String),
    /// The default is none of the listed values.
    DefaultNotListed(String),
    /// An invalid key would be kept.
    KeyKept,
    /// A choice without words.
    NoChoices,
    /// The bound of a number is no number of the field's type.
    NotANumber(String),
    /// The character cannot stand in a number so.
    NotAMark(char),
    /// A number in its smallest units needs a scale.
    MinorWithoutScale,
    /// More decimals than a number can have.
    TooManyDecimals(u32),
    /// What is wrong with formats, zone or bounds of a date.
    Dates(DatesFault),
    /// The regular expression is none; in the parser's words.
    Pattern(String),
    /// With this pattern, those of all fields are too large together.
    LargePatterns,
    /// The default or a replacement breaks the field's own rules, and how.
    BreaksRules(String),
    /// It contains a control character.
    ControlCharacter,
    /// It is longer than this number of characters.
    TooManyCharacters(usize),
    /// What should be stored means a missing value.
    MeansNothing(String),
    /// `"*"` replaces nothing; it can only be `"reject"`.
    NotReject(String),
    /// It is unknown which day is today.
    NoToday,
    /// Invalid values would be kept where numbers are stored.
    NumberKept,
    /// A name has no letter or digit, so that no header is like it.
    NoLetter,
    /// A name would take this column from reject reports.
    ReportName(&'static str),
    /// Another check has the same name.
    RepeatedCheck,
    /// It replaces an empty value.
    ReplacesNothing,
    /// This key of a field that refers to parents is not as in the field that it refers to.
    UnlikeParent {
        /// The key.
        key: &'static str,
        /// The field that it refers to.
        column: String,
        /// What that field has there, if anything.
        value: Option<String>,
    },
    /// Records without a parent would get one.
    DefaultParent,
    /// This key of an extended file does not fit the type that this file says, and why.
    OfOtherType {
        /// The key.
        key: String,
        /// The file.
        file: String,
        /// What is wrong with it.
        kind: Box<ProfileErrorKind>,
    },
    /// Invalid values of this field can only be rejected, and why.
    OnInvalid(&'static str),
    /// A JSON Schema that no profile can be made of, and why.
    Schema(String),
    /// This number of checks is more than there may be.
    CheckCount(usize, usize),
    /// A rule that names the parent's ID; the field that refers to the parent.
    ParentInRule(String),
    /// A rule that cannot be, and the field that it probably means.
    Rule(RuleError, Option<String>),
    /// The setting has no effect on a field of this type.
    NoEffect {
        /// The types that it has an effect on, in words.
        only_for: &'static str,
    },
    /// This field refers to parents too.
    SecondReference(String),
    /// It refers to the column of the parents' IDs.
    ReferenceToId,
    /// It refers to itself.
    ReferenceToItself,
    /// The column that the IDs of parents are stored in has another type.
    ParentIdType,
    /// The list has this number of elements; the expected number, in words.
    ListLength(usize, &'static str),
}

impl ProfileErrorKind {
    pub(super) fn unknown_field<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> ProfileErrorKind {
        ProfileErrorKind::UnknownField(name.to_string(), nearest(name, known).map(str::to_string))
    }
}

impl std::error::Error for ProfileError {}

impl ProfileError {
    /// What is wrong and where, in one line.
    pub fn message(&self) -> String {
        let position = self.position.map(|position| format!("{position}: ")).unwrap_or_default();
        let key = if self.key.is_empty() { String::new() } else { format!("{}: ", shortened(&self.key)) };
        let by = self.extended_by.iter().map(|by| format!(", which {} extends", shortened(by))).collect::<String>();
        format!("{}{by}: {position}{key}{}", shortened(&self.file), shortened(&self.kind.to_string()))
    }

    /// The line of the wrong value with its number, and a line with a mark under the value. Invisible characters are made
    /// visible.
    pub fn marked(&self) -> Option<[String; 2]> {
        let (Position { line, column }, (text, marked)) = (self.position?, self.line.as_ref()?);
        // The mark stands under what it marks, whatever a tab or an invisible character takes.
        let before: String = text.chars().take(column - 1).collect();
        let (before, margin) = (visible(&before).chars().count(), line.to_string().len());
        let mark = format!("{:margin$} | {:before$}{}", "", "", "^".repeat(*marked));
        Some([format!("{line} | {}", visible(text)), mark])
    }
}

impl Display for ProfileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message())?;
        self.marked().iter().flatten().try_for_each(|line| write!(formatter, "\n{line}"))
    }
}

/// The most characters of a part of a message, and how many of its beginning and end remain of a longer one.
const MOST_SAID: usize = 600;
const KEPT: usize = 100;

/// A part of a message without its middle, if it is very long.
fn shortened(text: &str) -> Cow<'_, str> {
    if text.char_indices().nth(MOST_SAID).is_none() {
        return Cow::Borrowed(text);
    }
    let start = text.char_indices().nth(KEPT).map_or(text, |(end, _)| &text[..end]);
    let end = text.char_indices().nth_back(KEPT - 1).map_or(text, |(begin, _)| &text[begin..]);
    Cow::Owned(format!("{start}…{end}"))
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
        /// The line of the mapping's file, if it stands there.
        line: Option<usize>,
        profile: String,
        field: String,
        /// The most similar field or part of one.
        nearest: Option<String>,
        known: Vec<String>,
    },
    /// A map that is not written as `header=field`.
    MalformedMap(String),
}

impl SettingsError {
    /// The same error, about what stands on this line of the mapping's file.
    pub(super) fn on_line(mut self, found: Option<usize>) -> SettingsError {
        if let SettingsError::UnknownField { line, .. } = &mut self {
            *line = found;
        }
        self
    }
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
