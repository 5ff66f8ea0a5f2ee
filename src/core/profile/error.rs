//! Why a profile cannot be read ([`ProfileError`]), with positions in its TOML; and what is wrong with the settings of a run that
//! name fields ([`SettingsError`]): data, which the command line puts into words.

use std::fmt::{self, Display};
use std::ops::Range;

use toml::de::{DeTable, DeValue, Error};

use super::field_set::FieldSet;
use super::header::nearest;
use crate::core::rule::RuleError;
use crate::core::text::visible;
use crate::core::types::dates::{DatesFault, MOST_FORMATS, TODAY};

/// Why a profile cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// The file as it was named.
    pub file: String,
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
    /// A header name, here or in this field, would mean both fields.
    RepeatedName(String, String),
    /// It names an unknown field; the most similar one.
    UnknownField(String, Option<String>),
    /// It names this field twice.
    Twice(String),
    /// `min` is more than `max`.
    MinAboveMax(usize, usize),
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
    /// The default or a replacement breaks the field's own rules, and how.
    BreaksRules(String),
    /// `"*"` replaces nothing; it can only be `"reject"`.
    NotReject(String),
    /// It is unknown which day is today.
    NoToday,
    /// Invalid values of this field can only be rejected, and why.
    OnInvalid(&'static str),
    /// A JSON Schema that no profile can be made of, and why.
    Schema(String),
    /// This number of checks is more than there may be.
    CheckCount(usize, usize),
    /// A rule that cannot be, and the field that it probably means.
    Rule(RuleError, Option<String>),
    /// The setting has no effect on a field of this type.
    NoEffect {
        /// The types that it has an effect on, in words.
        only_for: &'static str,
    },
    /// The list has this number of elements; the expected number, in words.
    ListLength(usize, &'static str),
}

impl ProfileErrorKind {
    pub(super) fn unknown_field<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> ProfileErrorKind {
        ProfileErrorKind::UnknownField(name.to_string(), nearest(name, known).map(str::to_string))
    }
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
        self.kind.fmt(formatter)?;
        let (Some(Position { line, column }), Some((text, marked))) = (self.position, &self.line) else {
            return Ok(());
        };
        // The mark stands under what it marks, whatever a tab or an invisible character takes.
        let before: String = text.chars().take(column - 1).collect();
        let (before, margin) = (visible(&before).chars().count(), line.to_string().len());
        write!(formatter, "\n{line} | {}\n{:margin$} | {:before$}{}", visible(text), "", "", "^".repeat(*marked))
    }
}

impl Display for ProfileErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ProfileErrorKind::*;
        match self {
            Toml(message) => formatter.write_str(message),
            TooLong(most) => write!(formatter, "a profile file has at most {most} bytes, and this one has more"),
            CannotExtend(why) => formatter.write_str(why),
            Circle(files) => write!(formatter, "the files extend one another in a circle, or too many do: {files}"),
            UnknownHabit(known) => write!(formatter, "there is no such key here; the keys are {known}"),
            Empty => write!(formatter, "it must not be empty"),
            Nul => write!(formatter, "it must not contain NUL"),
            FieldCount(count) => {
                write!(formatter, "a profile has 1 to {} fields, and this one has {count}", FieldSet::CAPACITY)
            }
            RepeatedColumn(other) => {
                write!(formatter, "the field {other} has the same name; names must differ in more than case")
            }
            ReservedColumn => write!(formatter, "every table of customers has a column of this name; choose another"),
            RepeatedName(name, other) => {
                write!(formatter, "the header {name:?} also means the field {other}; remove it from one of them")
            }
            UnknownField(name, nearest) => {
                write!(formatter, "there is no field {name:?}")?;
                nearest.iter().try_for_each(|near| write!(formatter, "; did you mean {near}?"))
            }
            Twice(name) => write!(formatter, "it names {name} twice"),
            MinAboveMax(min, max) => write!(formatter, "{min} is more than max, {max}"),
            NoChoices => write!(formatter, "a choice needs at least one word"),
            NotANumber(text) => write!(formatter, "{text:?} is no number that this type can have"),
            NotAMark(mark) => write!(formatter, "{mark:?} cannot stand there in a number"),
            MinorWithoutScale => write!(formatter, "a number in its smallest units needs a scale, such as scale = 2"),
            TooManyDecimals(most) => write!(formatter, "a number has at most {most} decimals"),
            Dates(fault) => dates(fault, formatter),
            Pattern(why) => write!(formatter, "it is no regular expression: {why}"),
            BreaksRules(how) => write!(formatter, "it breaks the field's own rules: {how}"),
            NotReject(word) => {
                write!(formatter, "\"*\" stands for all other values, and can only be \"reject\", not {word:?}")
            }
            NoToday => write!(formatter, "which day is today is unknown: the options have no `now`"),
            OnInvalid(why) => write!(formatter, "invalid values of this field can only be rejected: {why}"),
            Schema(why) => formatter.write_str(why),
            CheckCount(count, most) => write!(formatter, "there are at most {most} checks, and here are {count}"),
            Rule(error, nearest) => {
                write!(formatter, "{error}")?;
                nearest.iter().try_for_each(|near| write!(formatter, "; did you mean {near}?"))
            }
            NoEffect { only_for } => write!(formatter, "it has no effect on this type; it is for {only_for}"),
            ListLength(count, wanted) => write!(formatter, "{wanted} allowed, and there are {count}"),
        }
    }
}

fn dates(fault: &DatesFault, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    match fault {
        DatesFault::TooMany => write!(out, "a field has at most {MOST_FORMATS} formats"),
        DatesFault::NotAFormat(format) => {
            write!(out, "{format:?} is no format; write it with %d, %m, %Y and the like, as for strftime")
        }
        DatesFault::NotADay(format) => {
            write!(out, "{format:?} does not say which day it is; it needs a day, a month and a year")
        }
        DatesFault::Ambiguous { text, one, other } => {
            write!(out, "{text} can be {one} or {other}, so the formats are ambiguous; leave out one of them")
        }
        DatesFault::NoSuchZone(name) => write!(out, "there is no time zone {name:?}; write it like Europe/Berlin"),
        DatesFault::NotADate(text) => write!(out, "{text:?} is neither a day such as 2000-01-31 nor \"{TODAY}\""),
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

/// The texts of a profile file and of those that it extends, to find where a value stands.
pub(super) struct Sources(Vec<(String, String)>);

impl Sources {
    pub(super) fn new(file: &str, text: &str) -> Sources {
        Sources(vec![(file.to_string(), text.to_string())])
    }

    pub(super) fn push(&mut self, file: String, text: String) {
        self.0.push((file, text));
    }

    pub(super) fn files(&self) -> usize {
        self.0.len()
    }

    pub(super) fn has(&self, file: &str) -> bool {
        self.0.iter().any(|(name, _)| name == file)
    }

    /// The name of the first file without its folder and ending.
    pub(super) fn stem(&self) -> &str {
        let name = self.0[0].0.rsplit(['/', '\\']).next().unwrap_or_default();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    pub(super) fn last(&self) -> &str {
        self.0.last().map_or("", |(file, _)| file)
    }

    pub(super) fn last_text(&self) -> &str {
        self.0.last().map_or("", |(_, text)| text)
    }

    pub(super) fn texts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().map(|(_, text)| text.as_str())
    }

    pub(super) fn names_with(&self, more: &str) -> String {
        let names = self.0.iter().map(|(file, _)| file.as_str());
        names.chain([more]).collect::<Vec<_>>().join(", ")
    }

    /// An error about the value of a key, in the first file that says it; the path leads through tables and arrays.
    pub(super) fn error(&self, path: &[&str], kind: ProfileErrorKind) -> ProfileError {
        let found = self.0.iter().find_map(|(file, text)| Some((file, text, span_of(text, path)?)));
        // A key that is not there: the table that lacks it.
        let (file, text, span) = match (found, path) {
            (Some((file, text, span)), _) => (file, text, Some(span)),
            (None, [table @ .., _]) if !table.is_empty() => return self.error(table, kind).under(path),
            _ => (&self.0[0].0, &self.0[0].1, None),
        };
        let error = ProfileError { file: file.clone(), position: None, key: String::new(), kind, line: None };
        span.map_or(error.clone(), |span| error.marking(text, span)).under(path)
    }

    /// The parser's error about the last file.
    pub(super) fn toml_error(&self, error: &Error) -> ProfileError {
        let (file, text) = (self.last().to_string(), self.last_text());
        let span = error.span();
        let key = span.as_ref().map(|span| key_at(text, span.start)).unwrap_or_default();
        let kind = ProfileErrorKind::Toml(nearest_words(&message(error)));
        let error = ProfileError { file, position: None, key, kind, line: None };
        span.map_or(error.clone(), |span| error.marking(text, span))
    }
}

impl ProfileError {
    fn under(self, path: &[&str]) -> ProfileError {
        ProfileError { key: path.join("."), ..self }
    }

    fn marking(self, text: &str, span: Range<usize>) -> ProfileError {
        let line = text.get(span.start..).and_then(|_| {
            let start = text[..span.start].rfind('\n').map_or(0, |end| end + 1);
            let line = text[start..].lines().next().unwrap_or_default();
            let end = span.end.min(start + line.len()).max(span.start);
            let marked = visible(text.get(span.start..end)?).chars().count().max(1);
            // Nobody reads a line of a thousand characters.
            (line.chars().count() <= MOST_SHOWN).then(|| (line.replace('\t', " "), marked))
        });
        ProfileError { position: Position::of(text, span.start), line, ..self }
    }
}

const MOST_SHOWN: usize = 200;

/// Where the value of a key stands; a number in the path is an index of an array.
fn span_of(text: &str, path: &[&str]) -> Option<Range<usize>> {
    let ([first, rest @ ..], root) = (path, DeTable::parse(text).ok()?) else { return None };
    let mut at = root.get_ref().get(*first)?;
    for key in rest {
        at = match at.get_ref() {
            DeValue::Table(table) => table.get(*key)?,
            DeValue::Array(array) => array.get(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(at.span())
}

/// The parser's words for an unknown key or word, with the nearest that is known.
pub(super) fn nearest_words(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match (message.starts_with("unknown "), quoted.next()) {
        (true, Some(unknown)) => {
            let what = if message.starts_with("unknown field") { "key" } else { "word" };
            let known: Vec<&str> = quoted.collect();
            // Of short words, a slip changes much.
            let a_slip_away = || known.iter().copied().find(|known| strsim::osa_distance(known, unknown) == 1);
            let advice = match nearest(unknown, known.iter().copied()).or_else(a_slip_away) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("known are {}", known.join(", ")),
            };
            format!("there is no {what} `{unknown}` here; {advice}")
        }
        _ => message.to_string(),
    }
}
