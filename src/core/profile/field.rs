//! One field of a profile ([`Field`]), and a set of fields ([`FieldSet`]).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::header::nearest;
use super::scalar::scalar;
use crate::core::types::definition::{Limits, Storage};
use crate::core::{mask::bits, text::Characters, text::key::KeyComparison, types::FieldType};

/// The maximum number of characters of a field without a limit of its own.
pub const TEXT_LIMIT: usize = 4096;

/// The greatest number of parts of a field.
pub const MOST_PARTS: usize = 6;

/// One field of a profile.
#[derive(Clone, Debug, Default, Deserialize)]
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
    /// How its values are compared if it is the key.
    pub compare: Option<KeyComparison>,
    /// The words of a choice.
    #[serde(default)]
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
        parts.extend(self.required.then(|| "required".to_string()));
        parts.push(self.kind.describe(&self.limits()).into());
        parts.extend(match (self.min, self.max) {
            (Some(min), Some(max)) => Some(format!("{min} to {max} characters")),
            (Some(min), None) => Some(format!("at least {min} characters")),
            (None, max) => max.map(|max| format!("at most {max} characters")),
        });
        parts.extend(self.at_least.map(|least| format!("at least {least}")));
        parts.extend(self.kind.facts().normalisation.map(String::from));
        parts.extend(self.repair.then(|| "after address repair".to_string()));
        parts.extend(self.default.as_ref().map(|default| format!("default {default}")));
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

const WORD: usize = u64::BITS as usize;
const WORDS: usize = FieldSet::CAPACITY / WORD;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSet([u64; WORDS]);

impl FieldSet {
    /// The number of fields that a profile can have. [`Profile::parse`](super::Profile::parse) refuses more.
    pub const CAPACITY: usize = 512;

    #[inline]
    pub fn insert(&mut self, field: usize) {
        debug_assert!(field < FieldSet::CAPACITY);
        // The remainder changes nothing; it saves a bounds check.
        self.0[field / WORD % WORDS] |= 1 << (field % WORD);
    }

    #[inline]
    pub fn has(&self, field: usize) -> bool {
        self.0[field / WORD % WORDS] >> (field % WORD) & 1 == 1
    }

    pub fn is_empty(&self) -> bool {
        self.0 == [0; WORDS]
    }

    pub fn and(&self, other: &FieldSet) -> FieldSet {
        FieldSet(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    pub fn or(&self, other: &FieldSet) -> FieldSet {
        FieldSet(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    /// The fields that are not in this set, as if there were [`FieldSet::CAPACITY`] of them.
    pub fn complement(&self) -> FieldSet {
        FieldSet(self.0.map(|word| !word))
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| bits(*word).map(move |bit| index * WORD + bit))
    }
}

impl FromIterator<usize> for FieldSet {
    fn from_iter<I: IntoIterator<Item = usize>>(fields: I) -> FieldSet {
        let mut set = FieldSet::default();
        fields.into_iter().for_each(|field| set.insert(field));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_bit_of_its_own() {
        let mut set = FieldSet::default();
        assert!(set.is_empty());
        for field in 0..FieldSet::CAPACITY {
            assert!(!set.has(field), "{field}");
            set.insert(field);
            assert!(set.has(field) && !set.is_empty(), "{field}");
        }
        assert_eq!(set, FieldSet::default().complement());
    }

    #[test]
    fn sets_are_combined_field_by_field() {
        let [one, other] = [[0, 63, 64, 511], [63, 65, 300, 511]].map(FieldSet::from_iter);
        assert_eq!(one.and(&other).iter().collect::<Vec<_>>(), [63, 511]);
        assert_eq!(one.or(&other).iter().collect::<Vec<_>>(), [0, 63, 64, 65, 300, 511]);
        assert!(one.and(&one.complement()).is_empty());
    }
}
