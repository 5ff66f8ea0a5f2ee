//! What a customer record must look like: [`Profile`], a list of [`Field`]s. Profiles are data, TOML files beside this one.
//!
//! The profile knows names and limits; what the limits mean for a value is for `check`, how a value is normalised for
//! `rule`. [`header`] binds the columns of an input to the fields.

mod field_set;
pub mod header;
pub mod mapping;
mod nested;
pub mod sources;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::core::text::Characters;
use crate::core::text::key::KeyComparison;
use crate::error::{Error, Result};

pub use self::field_set::FieldSet;

/// Text without a limit of its own ends here (SPEC, section 2).
pub const TEXT_LIMIT: usize = 4096;

/// A named set of fields and rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The name by which `--profile` knows it.
    pub name: String,
    /// What it is for, in a few words.
    pub title: String,
    /// The column whose values tell customers apart.
    pub key: String,
    /// The fields, in the order of the table's columns.
    pub fields: Vec<Field>,
}

/// What a field holds, and so by which rule its values are normalised (SPEC, sections 2 and 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldType {
    /// Any text.
    Text,
    /// An e-mail address.
    Email,
    /// A postal code: text, though JSON may write it as a number.
    PostalCode,
    /// A phone number, stored as its digits.
    Phone,
    /// A country, stored as its ISO 3166 alpha-2 code where it is known.
    Country,
    /// A state or province; two letters become upper case.
    State,
    /// A whole number.
    Integer,
    /// Yes or no, stored as 1 or 0.
    Flag,
    /// One of a few words.
    Choice,
    /// Texts and numbers, stored as a JSON array.
    List,
}

/// One field of a profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The name of the table's column, and the best header name.
    pub column: String,
    /// The name in the API description that the profile comes from.
    pub label: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether a record must have a value for it.
    #[serde(default)]
    pub required: bool,
    /// What stands in for a missing value.
    pub default: Option<String>,
    /// The least number of characters.
    pub min: Option<usize>,
    /// The greatest number of characters; see [`Field::longest`].
    pub max: Option<usize>,
    /// The least value of an integer.
    pub at_least: Option<i64>,
    /// The characters that it may hold.
    #[serde(default, deserialize_with = "characters")]
    pub characters: Option<Characters>,
    /// Whether punctuation is repaired away (SPEC, section 3, address repair).
    #[serde(default)]
    pub repair: bool,
    /// Whether an apostrophe in front of a value is only there to keep a spreadsheet from changing it, and is taken away.
    #[serde(default)]
    pub guard: bool,
    /// The headers of the parts that give the field together, where no header gives it outright: each part's names, the best
    /// first. Two parts, or none.
    #[serde(default)]
    pub parts: Vec<Vec<String>>,
    /// The fields that stand in where a record has no value: each one field, or two whose values are joined.
    #[serde(default)]
    pub stand_ins: Vec<Vec<String>>,
    /// Whether the API calls it deprecated: accepted, and counted in the summary.
    #[serde(default)]
    pub deprecated: bool,
    /// How its values are compared where it is the key.
    #[serde(default, deserialize_with = "comparison")]
    pub compare: Option<KeyComparison>,
    /// The words of a choice.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Further header names, the better one first.
    #[serde(default)]
    pub aliases: Vec<String>,
}

const CHARACTERS: [(&str, Characters); 4] = [
    ("letters", Characters::Letters),
    ("letters-spaces", Characters::LettersSpaces),
    ("letters-digits-spaces", Characters::LettersDigitsSpaces),
    ("digits-hyphen", Characters::DigitsHyphen),
];

fn characters<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Characters>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let found = CHARACTERS.iter().find(|(known, _)| *known == name).map(|(_, characters)| *characters);
    found.map(Some).ok_or_else(|| serde::de::Error::custom(format!("unknown characters {name:?}")))
}

fn comparison<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<KeyComparison>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "letters-and-digits" => Ok(Some(KeyComparison::LettersAndDigits)),
        other => Err(serde::de::Error::custom(format!("unknown comparison {other:?}"))),
    }
}

impl Field {
    /// The greatest number of characters that a value may have.
    pub fn longest(&self) -> usize {
        self.max.unwrap_or(TEXT_LIMIT)
    }

    /// Whether the database holds its values as numbers.
    pub fn is_number(&self) -> bool {
        matches!(self.kind, FieldType::Integer | FieldType::Flag)
    }

    /// Whether its type cannot hold a word.
    pub fn holds_no_word(&self) -> bool {
        matches!(self.kind, FieldType::Email | FieldType::Phone | FieldType::Integer | FieldType::Flag)
    }

    /// Whether its values are digits that mean something one by one, and are no number: a phone number, a postal code, a tax
    /// ID, a key of another system.
    pub fn is_identifier(&self) -> bool {
        self.guard || matches!(self.kind, FieldType::PostalCode | FieldType::Phone)
    }

    /// Whether an apostrophe in front of its values is taken away.
    pub fn is_guarded(&self) -> bool {
        self.is_identifier() || self.kind == FieldType::Integer
    }

    /// The rule in words, for `custload profiles` and the README: `required, e-mail, at most 40`.
    pub fn rule(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        if self.required {
            parts.push("required".into());
        }
        match (self.kind, self.characters) {
            (FieldType::Text | FieldType::State | FieldType::Country | FieldType::PostalCode, Some(characters)) => {
                parts.push(characters.describe().into());
            }
            (FieldType::Text | FieldType::State | FieldType::PostalCode, None) => parts.push("text".into()),
            (FieldType::Country, None) => parts.push("country".into()),
            (FieldType::Email, _) => parts.push("e-mail".into()),
            (FieldType::Phone, _) => parts.push("digits, after phone normalisation".into()),
            (FieldType::Integer, _) => parts.push("integer".into()),
            (FieldType::Flag, _) => parts.push("flag: yes or no".into()),
            (FieldType::Choice, _) => parts.push(self.choices.join(" or ")),
            (FieldType::List, _) => parts.push("list".into()),
        }
        match (self.min, self.max) {
            (Some(min), Some(max)) => parts.push(format!("{min} to {max}")),
            (Some(min), None) => parts.push(format!("at least {min}")),
            (None, Some(max)) => parts.push(format!("at most {max}")),
            (None, None) => {}
        }
        if let Some(least) = self.at_least {
            parts.push(format!("at least {least}"));
        }
        if self.kind == FieldType::Country {
            parts.push("after country normalisation".into());
        }
        if self.repair {
            parts.push("after address repair".into());
        }
        if let Some(default) = &self.default {
            parts.push(format!("default {default}"));
        }
        if self.deprecated {
            parts.push("deprecated".into());
        }
        parts.join(", ")
    }
}

static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    [include_str!("basic.toml"), include_str!("billing.toml"), include_str!("contact.toml")]
        .iter()
        // A test parses all three, so nothing is ever left out here.
        .filter_map(|source| toml::from_str(source).ok())
        .collect()
});

impl Profile {
    /// The profiles that are part of the program, by name.
    pub fn all() -> &'static [Profile] {
        &PROFILES
    }

    /// The profile with this name; a usage error that lists those that exist.
    pub fn named(name: &str) -> Result<&'static Profile> {
        Profile::all().iter().find(|profile| profile.name == name).ok_or_else(|| {
            let names: Vec<&str> = Profile::all().iter().map(|profile| profile.name.as_str()).collect();
            let nearest = nearest(name, names.iter().copied()).map(|near| format!(" Did you mean {near}?"));
            Error::Usage(format!(
                "there is no profile {name:?}; there are {}.{} `custload profiles` shows what each holds",
                names.join(", "),
                nearest.unwrap_or_default()
            ))
        })
    }

    /// The index of the field with this column name.
    pub fn field_index(&self, column: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.column == column)
    }

    /// The index of the field with this column name, or a usage error that names the option and the nearest field.
    pub fn require_field(&self, column: &str, option: &str) -> Result<usize> {
        self.field_index(column).ok_or_else(|| {
            let columns = self.fields.iter().map(|field| field.column.as_str());
            let advice = match nearest(column, columns.clone()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("it has {}", columns.collect::<Vec<_>>().join(", ")),
            };
            Error::Usage(format!("{option}: the profile {} has no field {column:?}; {advice}", self.name))
        })
    }
}

/// How many names advice looks at, and how long they may be: comparing them by their likeness takes its time.
const LOOKED_AT: usize = 1000;
const LONGEST: usize = 100;

/// The candidate that is written most like `name`, if one is near enough to be a slip.
pub fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let is_short = |name: &str| name.len() <= LONGEST;
    let name = Some(name).filter(|name| is_short(name)).map(header::letters_and_digits)?;
    candidates
        .take(LOOKED_AT)
        .filter(|candidate| is_short(candidate))
        .map(|candidate| (strsim::jaro_winkler(&name, &header::letters_and_digits(candidate)), candidate))
        .filter(|(likeness, _)| *likeness >= 0.87)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_files_are_read_whole() {
        let found: Vec<(&str, usize)> =
            Profile::all().iter().map(|profile| (profile.name.as_str(), profile.fields.len())).collect();
        assert_eq!(found, [("basic", 4), ("billing", 59), ("contact", 12)]);
        for profile in Profile::all() {
            assert!(profile.field_index(&profile.key).is_some(), "{}'s key is no field", profile.name);
        }
    }

    #[test]
    fn a_column_has_one_kind_of_storage_in_all_profiles() {
        for profile in Profile::all() {
            for field in &profile.fields {
                for other in Profile::all().iter().flat_map(|other| &other.fields) {
                    assert!(other.column != field.column || other.is_number() == field.is_number(), "{}", field.column);
                }
            }
        }
    }

    #[test]
    fn a_slip_in_a_name_is_met_with_the_nearest() {
        let message = Profile::named("contcat").unwrap_err().to_string();
        assert!(message.contains("basic, billing, contact") && message.contains("Did you mean contact?"), "{message}");
        let message = Profile::all()[2].require_field("emial", "--relax").unwrap_err().to_string();
        assert!(message.contains("--relax") && message.contains("did you mean email?"), "{message}");
    }
}
