//! Keys of one field that leave no value, or that say a thing twice: [`Field::check_contradictions`].

use std::collections::HashMap;

use chrono::format::{Item, Numeric, StrftimeItems};
use unicase::UniCase;

use super::error::ProfileErrorKind as Kind;
use super::field::{Field, REST};
use super::header::letters_and_digits;
use crate::core::text;
use crate::core::types::FieldType;
use crate::core::types::definition::{Limits, Rules};

/// The most characters of what stands between joined values.
const MOST_JOIN: usize = 64;

impl Field {
    /// Checks that its keys leave values, and that no list names a thing twice.
    pub(super) fn check_contradictions(&self, limits: &Limits) -> Result<(), (&'static str, Kind)> {
        if self.max == Some(0) {
            return Err(("max", Kind::NoLength));
        }
        if self.pattern.as_deref() == Some("") {
            return Err(("pattern", Kind::Empty));
        }
        if self.join.as_ref().is_some_and(|join| join.chars().count() > MOST_JOIN) {
            return Err(("join", Kind::TooManyCharacters(MOST_JOIN)));
        }
        self.check_bounds(limits)?;
        self.check_formats()?;
        self.check_lists()?;
        self.check_default_is_listed()
    }

    /// Checks that the least value is not more than the greatest. A bound that is `today` is known to a run alone.
    fn check_bounds(&self, limits: &Limits) -> Result<(), (&'static str, Kind)> {
        let text = |bound: &Option<String>| bound.clone().unwrap_or_default();
        let numbers = Kind::NothingBetween(["at_least", "at_most"], [text(&self.at_least), text(&self.at_most)]);
        let days = Kind::NothingBetween(["not_before", "not_after"], [text(&self.not_before), text(&self.not_after)]);
        let (longest, min) = (self.longest(), limits.min);
        if min > longest {
            return Err(("min", Kind::NothingBetween(["min", "max"], [min.to_string(), longest.to_string()])));
        }
        let is_crossed = match &limits.rules {
            Rules::Decimals(rules) => rules.at_least.as_ref().zip(rules.at_most.as_ref()).is_some_and(|(a, b)| a > b),
            Rules::Dates(rules) => match rules.not_before.zip(rules.not_after) {
                Some((first, last)) if first > last => return Err(("not_before", days)),
                _ => false,
            },
            _ => self.kind == FieldType::Integer && limits.at_least > limits.at_most,
        };
        if is_crossed { Err(("at_least", numbers)) } else { Ok(()) }
    }

    /// Checks that no format names a part of a date twice.
    fn check_formats(&self) -> Result<(), (&'static str, Kind)> {
        for format in &self.formats {
            let mut named: Vec<Numeric> = Vec::new();
            for item in StrftimeItems::new(format) {
                let Item::Numeric(part, _) = item else { continue };
                // There are fewer kinds of parts than a format may have items.
                if named.contains(&part) {
                    return Err(("formats", Kind::PartTwice(format.clone())));
                }
                named.push(part);
            }
        }
        Ok(())
    }

    /// Checks that no two choices differ in their case alone, and that no column is joined twice.
    fn check_lists(&self) -> Result<(), (&'static str, Kind)> {
        let mut words = HashMap::new();
        for word in &self.choices {
            if let Some(other) = words.insert(UniCase::new(word).to_folded_case(), word) {
                return Err(("choices", Kind::Alike(other.clone(), word.clone())));
            }
        }
        let mut names = HashMap::new();
        for name in &self.from {
            let compared = letters_and_digits(name);
            if !compared.is_empty()
                && let Some(other) = names.insert(compared, name)
            {
                return Err(("from", Kind::SameHeader(other.clone(), name.clone())));
            }
        }
        Ok(())
    }

    /// Checks that the default is a value that records may have, if all others than those listed are invalid.
    fn check_default_is_listed(&self) -> Result<(), (&'static str, Kind)> {
        let Some(default) = &self.default else { return Ok(()) };
        // The choices of a choice say the same.
        if !self.values.contains_key(REST) || self.kind == FieldType::Choice {
            return Ok(());
        }
        let stored = |text: &String| {
            let cleaned = text::clean(text).unwrap_or_default();
            self.case.map_or(cleaned.clone(), |case| case.apply(cleaned)).into_owned()
        };
        let default_is = stored(default);
        let mut replacements = self.values.iter().filter(|(value, _)| *value != REST).map(|(_, text)| stored(text));
        match replacements.any(|text| text == default_is) {
            true => Ok(()),
            false => Err(("default", Kind::DefaultNotListed(default.clone()))),
        }
    }
}
