//! One field of a profile: [`Field`].

use serde::{Deserialize, Serialize};

use crate::core::text::Characters;
use crate::core::text::key::KeyComparison;

/// The greatest number of characters in a text whose field has no limit of its own.
pub const TEXT_LIMIT: usize = 4096;

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
    pub compare: Option<KeyComparison>,
    /// The words of a choice.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Further header names, the better one first.
    #[serde(default)]
    pub aliases: Vec<String>,
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
