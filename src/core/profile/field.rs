//! One field of a profile: [`Field`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::ProfileErrorKind;
use super::header::nearest;
use super::scalar::{cleaned, scalar, scalars};
use crate::core::mode::OnInvalid;
use crate::core::types::choices::Choices;
use crate::core::types::dates::{Dates, DatesText};
use crate::core::types::decimals::{Decimals, Exact, StoreAs};
use crate::core::types::definition::{Limits, Rules, Storage};
use crate::core::types::pattern::{Case, Pattern};
use crate::core::{text::Characters, text::key::KeyComparison, types::FieldType};

/// The maximum number of characters of a field without a limit of its own.
pub const TEXT_LIMIT: usize = 4096;

/// The greatest scale of a decimal: a number of 64 bits has no more digits.
pub(super) const MOST_DECIMALS: u32 = 18;

/// In the replacements of a field's values: all values that have none.
pub const REST: &str = "*";

/// What can be said of them: they are invalid.
pub const REJECT: &str = "reject";

/// The greatest number of parts of a field.
pub const MOST_PARTS: usize = 6;

/// One field of a profile.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The name of the table's column, and the best header name.
    #[serde(skip)]
    pub column: String,
    /// Its name for people, and another header name.
    #[serde(default)]
    pub label: String,
    /// What it is, in a sentence or two.
    pub description: Option<String>,
    /// What its values are.
    #[serde(rename = "type", default)]
    pub kind: FieldType,
    /// Whether every record must have a value.
    #[serde(default)]
    pub required: bool,
    /// What is stored for a missing value.
    #[serde(default, deserialize_with = "scalar")]
    pub default: Option<String>,
    /// The minimum number of characters.
    pub min: Option<usize>,
    /// The maximum number of characters; see [`Field::longest`].
    pub max: Option<usize>,
    /// The least value of a number.
    #[serde(default, deserialize_with = "scalar")]
    pub at_least: Option<String>,
    /// The greatest value of a number.
    #[serde(default, deserialize_with = "scalar")]
    pub at_most: Option<String>,
    /// The first day of a date or timestamp: a day such as 2000-01-31, or `today`.
    #[serde(default, deserialize_with = "scalar")]
    pub not_before: Option<String>,
    /// The last day of a date or timestamp.
    #[serde(default, deserialize_with = "scalar")]
    pub not_after: Option<String>,
    /// How a date or timestamp is written, as in `strftime`; ISO 8601 if there is none.
    #[serde(default)]
    pub formats: Vec<String>,
    /// The time zone of a date or timestamp that names none; UTC if it is not given.
    pub time_zone: Option<String>,
    /// What stands before the decimals of a decimal.
    pub decimal: Option<char>,
    /// What stands between groups of three digits of a decimal.
    pub group: Option<char>,
    /// The greatest number of decimals of a decimal.
    pub scale: Option<u32>,
    /// How a decimal is stored.
    pub store: Option<StoreAs>,
    /// A regular expression for the whole value.
    pub pattern: Option<String>,
    /// What is wrong with a value that does not match it.
    pub pattern_message: Option<String>,
    /// The case in which values are stored.
    pub case: Option<Case>,
    /// What replaces a value. With `"*" = "reject"`, values without a replacement are invalid, but for the replacements.
    #[serde(default, deserialize_with = "scalars")]
    pub values: BTreeMap<String, String>,
    /// What is done with invalid values, unless the run says otherwise.
    pub on_invalid: Option<OnInvalid>,
    /// The characters that it may contain; `None` for any.
    pub characters: Option<Characters>,
    /// Whether values are repaired like addresses: punctuation is removed.
    #[serde(default)]
    pub repair: bool,
    /// Whether an apostrophe before a value is a spreadsheet guard, and is removed.
    #[serde(default)]
    pub guard: bool,
    /// The header names of the two parts that make up the field if no column has it whole, the best first. Empty if it has
    /// no parts.
    #[serde(default)]
    pub parts: Vec<Vec<String>>,
    /// The header names of the columns whose values are joined to the field's value; none if a column has it whole.
    #[serde(default)]
    pub from: Vec<String>,
    /// What stands between the joined values; a space if it is not given.
    pub join: Option<String>,
    /// The fields that stand in for a missing value: one field, or two whose values are joined.
    #[serde(default)]
    pub stand_ins: Vec<Vec<String>>,
    /// Whether the API has deprecated it: it is accepted, and counted in the summary.
    #[serde(default)]
    pub deprecated: bool,
    /// Whether no two customers may share a value.
    #[serde(default)]
    pub unique: bool,
    /// How its values are compared if it is the key or unique.
    pub compare: Option<KeyComparison>,
    /// The words of a choice, cleaned as values are.
    #[serde(default, deserialize_with = "cleaned")]
    pub choices: Vec<String>,
    /// The column in which the value stands as its parent's.
    pub references: Option<String>,
    /// Other header names, the best first.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Header names that mean it where the input has a column for the field under which they stand.
    #[serde(default)]
    pub aliases_beside: BTreeMap<String, Vec<String>>,
}

impl Field {
    /// The maximum number of characters of a value.
    pub fn longest(&self) -> usize {
        self.max.unwrap_or(TEXT_LIMIT)
    }

    /// The header names of each of its parts, the best first.
    pub fn part_names(&self) -> impl Iterator<Item = &[String]> {
        let parts = if self.from.is_empty() { self.parts.as_slice() } else { &[] };
        self.from.chunks(1).chain(parts.iter().map(Vec::as_slice))
    }

    /// How its values are stored.
    pub fn storage(&self) -> Storage {
        match (self.kind.facts().storage, self.store) {
            (Storage::Real, Some(StoreAs::Text)) => Storage::Text,
            (Storage::Real, Some(StoreAs::Minor)) => Storage::Integer,
            (storage, _) => storage,
        }
    }

    /// The form in which its values are stored, in words: only fields of one form can share a column.
    pub fn form(&self) -> Cow<'static, str> {
        match self.kind {
            FieldType::Decimal => self.store.unwrap_or_default().form(self.scale),
            kind => kind.facts().form.into(),
        }
    }

    /// Whether its values are stored as whole numbers.
    pub fn is_number(&self) -> bool {
        self.storage() == Storage::Integer
    }

    /// Whether its values are digits but not a number: a phone number, a postal code, a tax ID, a key of another system.
    pub fn is_identifier(&self) -> bool {
        self.guard || self.kind.facts().is_identifier
    }

    /// Whether an apostrophe before its values is removed.
    pub fn is_guarded(&self) -> bool {
        self.guard || self.kind.facts().is_guarded
    }

    /// Its limits, before the options of a run. `now` is when the run began; an error names the wrong key.
    pub fn limits(&self, now: Option<DateTime<Utc>>) -> Result<Limits, (&'static str, ProfileErrorKind)> {
        let is_integer = self.kind == FieldType::Integer;
        let bound = |key, text: &Option<String>, default| match text.as_deref().filter(|_| is_integer) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| (key, ProfileErrorKind::NotANumber(text.to_string()))),
        };
        Ok(Limits {
            min: self.min.unwrap_or(0),
            max: self.longest(),
            at_least: bound("at_least", &self.at_least, i64::MIN)?,
            at_most: bound("at_most", &self.at_most, i64::MAX)?,
            rules: self.rules(now)?,
            characters: self.characters,
            relaxed: false,
            repair: self.repair,
            refuses_rewritten: false,
            choices: Choices::new(self.choices.clone()),
        })
    }

    fn rules(&self, now: Option<DateTime<Utc>>) -> Result<Rules, (&'static str, ProfileErrorKind)> {
        match self.kind {
            FieldType::Decimal => self.decimals().map(|rules| Rules::Decimals(Box::new(rules))),
            FieldType::Date | FieldType::Timestamp => {
                let text = DatesText {
                    formats: &self.formats,
                    time_zone: self.time_zone.as_deref(),
                    not_before: self.not_before.as_deref(),
                    not_after: self.not_after.as_deref(),
                    now,
                };
                let rules = Dates::new(text).map_err(|(key, fault)| (key, ProfileErrorKind::Dates(fault)))?;
                Ok(Rules::Dates(Box::new(rules)))
            }
            _ => Ok(Rules::None),
        }
    }

    fn decimals(&self) -> Result<Decimals, (&'static str, ProfileErrorKind)> {
        let point = self.decimal.unwrap_or('.');
        let is_mark = |mark: &char| !mark.is_alphanumeric() && !matches!(mark, '-' | '+' | '\u{2212}');
        let is_group = |group: &char| is_mark(group) && *group != point;
        let (scale, store) = (self.scale, self.store.unwrap_or_default());
        let bound = |key: &'static str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => match Exact::of(text) {
                Some(exact) => Ok(Some(exact)),
                None => Err((key, ProfileErrorKind::NotANumber(text.clone()))),
            },
        };
        match () {
            () if !is_mark(&point) || point.is_whitespace() => Err(("decimal", ProfileErrorKind::NotAMark(point))),
            () if self.group.is_some_and(|group| !is_group(&group)) => {
                Err(("group", ProfileErrorKind::NotAMark(self.group.unwrap_or_default())))
            }
            () if store == StoreAs::Minor && scale.is_none() => Err(("store", ProfileErrorKind::MinorWithoutScale)),
            () if scale.is_some_and(|scale| scale > MOST_DECIMALS) => {
                Err(("scale", ProfileErrorKind::TooManyDecimals(MOST_DECIMALS)))
            }
            () => Ok(Decimals { point, group: self.group, scale, store, ..Decimals::default() }
                .within(bound("at_least", &self.at_least)?, bound("at_most", &self.at_most)?)),
        }
    }

    /// The pattern of its values, compiled.
    pub fn compiled_pattern(&self) -> Result<Option<Pattern>, (&'static str, ProfileErrorKind)> {
        let pattern = self.pattern.as_ref().map(|pattern| Pattern::new(pattern, self.pattern_message.as_deref()));
        pattern.transpose().map_err(|why| ("pattern", ProfileErrorKind::Pattern(why)))
    }

    /// Its rule in words: `required, e-mail, at most 40`.
    pub fn rule(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        parts.extend(self.required.then(|| "required".to_string()));
        parts.push(self.kind.describe(self.characters, &self.choices).into());
        parts.extend(match (self.min, self.max) {
            (Some(min), Some(max)) => Some(format!("{min} to {max} characters")),
            (Some(min), None) => Some(format!("at least {min} characters")),
            (None, max) => max.map(|max| format!("at most {max} characters")),
        });
        parts.extend(self.at_least.as_ref().map(|least| format!("at least {least}")));
        parts.extend(self.at_most.as_ref().map(|most| format!("at most {most}")));
        parts.extend((!self.formats.is_empty()).then(|| format!("as {}", self.formats.join(" or "))));
        parts.extend(self.time_zone.as_ref().map(|zone| format!("in {zone}")));
        parts.extend(self.not_before.as_ref().map(|first| format!("not before {first}")));
        parts.extend(self.not_after.as_ref().map(|last| format!("not after {last}")));
        parts.extend(self.decimal.map(|point| format!("decimals after {point:?}")));
        parts.extend(self.group.map(|group| format!("groups of three digits by {group:?}")));
        parts.extend(self.scale.map(|scale| format!("at most {scale} decimals")));
        parts.extend(self.store.and_then(|store| match store {
            StoreAs::Real => None,
            StoreAs::Text => Some("stored as text".to_string()),
            StoreAs::Minor => Some("stored in its smallest units".to_string()),
        }));
        parts.extend(self.case.map(|case| match case {
            Case::Upper => "in capitals".to_string(),
            Case::Lower => "in small letters".to_string(),
        }));
        parts.extend(self.pattern.as_ref().map(|pattern| format!("matching {pattern}")));
        parts.extend((!self.values.is_empty()).then(|| "with replacements".to_string()));
        parts.extend(self.kind.facts().normalisation.map(String::from));
        parts.extend(self.repair.then(|| "after address repair".to_string()));
        parts.extend(self.references.as_ref().map(|column| format!("the parent's {column}")));
        parts.extend((!self.from.is_empty()).then(|| format!("joined from {}", self.from.join(" and "))));
        parts.extend(self.default.as_ref().map(|default| format!("default {default}")));
        parts.extend(self.unique.then(|| "unique".to_string()));
        parts.extend(self.on_invalid.and_then(|action| match action {
            OnInvalid::Clear => Some("left out if invalid".to_string()),
            OnInvalid::Keep => Some("kept if invalid".to_string()),
            OnInvalid::Reject => None,
        }));
        parts.extend(self.deprecated.then(|| "deprecated".to_string()));
        parts.join(", ")
    }
}

/// The header names of a field, the best first: column, label, aliases.
pub fn accepted_names(field: &Field) -> impl Iterator<Item = &str> {
    [field.column.as_str(), field.label.as_str()].into_iter().chain(field.aliases.iter().map(String::as_str))
}

pub fn nearest_field<'p>(fields: &'p [Field], header: &str) -> Option<&'p Field> {
    let names = fields.iter().flat_map(accepted_names);
    let near = nearest(header, names)?;
    fields.iter().find(|field| accepted_names(field).any(|name| std::ptr::eq(name, near)))
}
