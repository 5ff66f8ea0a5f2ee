//! One field of a profile: [`Field`].

use serde::{Deserialize, Serialize};

use crate::core::text::Characters;
use crate::core::text::key::KeyComparison;

/// The greatest number of characters in a text whose field has no limit of its own.
pub const TEXT_LIMIT: usize = 4096;

/// What a field contains, and so how its values are normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldType {
    /// Any text.
    Text,
    /// An e-mail address.
    Email,
    /// A postal code: a text, though JSON may write it as a number.
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
    /// What it contains.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether every record must have a value.
    #[serde(default)]
    pub required: bool,
    /// What is stored where a record has no value.
    pub default: Option<String>,
    /// The least number of characters.
    pub min: Option<usize>,
    /// The greatest number of characters; see [`Field::longest`].
    pub max: Option<usize>,
    /// The least value of an integer.
    pub at_least: Option<i64>,
    /// The characters that it may contain; any if none are named.
    pub characters: Option<Characters>,
    /// Whether punctuation is removed, as from an address.
    #[serde(default)]
    pub repair: bool,
    /// Whether an apostrophe before a value only keeps a spreadsheet from changing it, and is removed.
    #[serde(default)]
    pub guard: bool,
    /// The headers of the two parts that give the field together where no header gives it whole: each part's names, the best
    /// first. Empty where it has no parts.
    #[serde(default)]
    pub parts: Vec<Vec<String>>,
    /// The fields that are used in its place where a record has no value: one field, or two whose values are joined.
    #[serde(default)]
    pub stand_ins: Vec<Vec<String>>,
    /// Whether the API has deprecated it: it is accepted, and counted in the summary.
    #[serde(default)]
    pub deprecated: bool,
    /// How its values are compared if it is the key.
    pub compare: Option<KeyComparison>,
    /// The words of a choice.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Other header names, the best first.
    #[serde(default)]
    pub aliases: Vec<String>,
}

impl Field {
    /// The greatest number of characters that a value may have.
    pub fn longest(&self) -> usize {
        self.max.unwrap_or(TEXT_LIMIT)
    }

    /// Whether its values are stored as numbers.
    pub fn is_number(&self) -> bool {
        matches!(self.kind, FieldType::Integer | FieldType::Flag)
    }

    /// Whether its type excludes words, so that `null` can only mean that there is no value.
    pub fn holds_no_word(&self) -> bool {
        matches!(self.kind, FieldType::Email | FieldType::Phone | FieldType::Integer | FieldType::Flag)
    }

    /// Whether its values are digits but not a number: a phone number, a postal code, a tax ID, a key of another system.
    pub fn is_identifier(&self) -> bool {
        self.guard || matches!(self.kind, FieldType::PostalCode | FieldType::Phone)
    }

    /// Whether an apostrophe before its values is removed.
    pub fn is_guarded(&self) -> bool {
        self.is_identifier() || self.kind == FieldType::Integer
    }

    /// Its rule in words: `required, e-mail, at most 40`.
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
