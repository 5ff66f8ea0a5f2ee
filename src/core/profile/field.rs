//! One field of a profile: [`Field`].

use serde::Deserialize;

use crate::core::text::Characters;
use crate::core::text::key::KeyComparison;
use crate::core::types::FieldType;
use crate::core::types::definition::Storage;
use crate::core::types::limits::Limits;

/// The maximum number of characters of a field without a limit of its own.
pub const TEXT_LIMIT: usize = 4096;

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
    /// What is stored for a missing value.
    pub default: Option<String>,
    /// The minimum number of characters.
    pub min: Option<usize>,
    /// The maximum number of characters; see [`Field::longest`].
    pub max: Option<usize>,
    /// The minimum value of an integer.
    pub at_least: Option<i64>,
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
    /// The fields that stand in for a missing value: one field, or two whose values are joined.
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
    /// The maximum number of characters of a value.
    pub fn longest(&self) -> usize {
        self.max.unwrap_or(TEXT_LIMIT)
    }

    /// Whether its values are stored as numbers.
    pub fn is_number(&self) -> bool {
        self.kind.facts().storage == Storage::Integer
    }

    /// Whether its values are digits but not a number: a phone number, a postal code, a tax ID, a key of another system.
    pub fn is_identifier(&self) -> bool {
        self.guard || self.kind.facts().is_identifier
    }

    /// Whether an apostrophe before its values is removed.
    pub fn is_guarded(&self) -> bool {
        self.guard || self.kind.facts().is_guarded
    }

    /// Its limits, before the options of a run.
    pub fn limits(&self) -> Limits {
        Limits {
            min: self.min.unwrap_or(0),
            max: self.longest(),
            at_least: self.at_least.unwrap_or(i64::MIN),
            characters: self.characters,
            relaxed: false,
            repair: self.repair,
            refuses_rewritten: false,
            choices: self.choices.clone(),
        }
    }

    /// Its rule in words: `required, e-mail, at most 40`.
    pub fn rule(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        if self.required {
            parts.push("required".into());
        }
        parts.push(self.kind.describe(&self.limits()).into());
        match (self.min, self.max) {
            (Some(min), Some(max)) => parts.push(format!("{min} to {max}")),
            (Some(min), None) => parts.push(format!("at least {min}")),
            (None, Some(max)) => parts.push(format!("at most {max}")),
            (None, None) => {}
        }
        if let Some(least) = self.at_least {
            parts.push(format!("at least {least}"));
        }
        parts.extend(self.kind.facts().normalisation.map(String::from));
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
