//! Whether the keys of one field make sense together: [`Field::check`].

use std::borrow::Cow;
use std::collections::HashSet;

use super::error::ProfileErrorKind as Kind;
use super::field::{Field, MOST_PARTS, REJECT, REST};
use crate::core::finding::{Finding, Handling, english::message};
use crate::core::mode::OnInvalid;
use crate::core::text;
use crate::core::types::FieldType;
use crate::core::types::definition::{Refusal, Storage};

/// The most characters of the name of a column or table.
const MOST_NAME: usize = 128;

/// The wrong key, and what is wrong.
type Wrong = (&'static str, Kind);

impl Field {
    /// Checks that its keys have an effect and fit each other.
    ///
    /// `null_tokens` are the words that mean a missing value in its files. Returns the memory that its pattern takes.
    pub(super) fn check(&self, null_tokens: &[String]) -> Result<usize, Wrong> {
        self.check_names()?;
        self.check_parts()?;
        self.check_effects()?;
        self.check_on_invalid()?;
        self.check_fillers(null_tokens)
    }

    fn check_names(&self) -> Result<(), Wrong> {
        let parts = self.parts.iter().flatten().map(|name| ("parts", name));
        let parts = parts.chain(self.from.iter().map(|name| ("from", name)));
        let aliases = self.aliases.iter().map(|name| ("aliases", name));
        let choices = self.choices.iter().map(|name| ("choices", name));
        let names = [("column", &self.column), ("label", &self.label)].into_iter();
        for (key, name) in names.chain(parts).chain(aliases).chain(choices) {
            check_name(name).map_err(|kind| (key, kind))?;
        }
        check_length(&self.column).map_err(|kind| ("column", kind))
    }

    /// Checks its parts, the columns that it is joined from, and its choices.
    fn check_parts(&self) -> Result<(), Wrong> {
        let (parts, columns) = (self.parts.len(), self.from.len());
        if !matches!(parts, 0 | 2) {
            return Err(("parts", Kind::ListLength(parts, "no part or two are")));
        }
        if self.parts.iter().any(Vec::is_empty) {
            return Err(("parts", Kind::Empty));
        }
        if columns > MOST_PARTS {
            return Err(("from", Kind::ListLength(columns, "at most six columns are")));
        }
        if self.join.as_ref().is_some_and(|join| join.contains(char::is_control)) {
            return Err(("join", Kind::ControlCharacter));
        }
        if columns == 0 && self.join.is_some() {
            return Err(("join", Kind::NoEffect { only_for: "fields with `from`" }));
        }
        if self.kind == FieldType::Choice && self.choices.is_empty() {
            return Err(("choices", Kind::NoChoices));
        }
        Ok(())
    }

    /// Checks that no key is set that has no effect on this type.
    fn check_effects(&self) -> Result<(), Wrong> {
        let settings = self.kind.facts().settings;
        let texts = match self.kind {
            FieldType::List => "types that are one text; a check counts the items of a list, as in size(tags) <= 3",
            _ => "types that are stored as text",
        };
        const NUMBERS: &str = "the types integer and decimal";
        const DATES: &str = "the types date and timestamp";
        const DECIMALS: &str = "the type decimal";
        for (key, is_set, only_for) in [
            ("min", self.min.is_some(), texts),
            ("max", self.max.is_some(), texts),
            ("characters", self.characters.is_some(), texts),
            ("at_least", self.at_least.is_some(), NUMBERS),
            ("at_most", self.at_most.is_some(), NUMBERS),
            ("not_before", self.not_before.is_some(), DATES),
            ("not_after", self.not_after.is_some(), DATES),
            ("formats", !self.formats.is_empty(), DATES),
            ("time_zone", self.time_zone.is_some(), DATES),
            ("decimal", self.decimal.is_some(), DECIMALS),
            ("group", self.group.is_some(), DECIMALS),
            ("scale", self.scale.is_some(), DECIMALS),
            ("store", self.store.is_some(), DECIMALS),
            ("choices", !self.choices.is_empty(), "the type choice"),
            ("repair", self.repair, "the types text, postal-code and state"),
            ("pattern", self.pattern.is_some(), texts),
            ("case", self.case.is_some(), texts),
        ] {
            if is_set && !settings.contains(&key) {
                return Err((key, Kind::NoEffect { only_for }));
            }
        }
        if self.pattern_message.is_some() && self.pattern.is_none() {
            return Err(("pattern_message", Kind::NoEffect { only_for: "fields with a pattern" }));
        }
        Ok(())
    }

    fn check_on_invalid(&self) -> Result<(), Wrong> {
        let kind = match self.on_invalid {
            Some(OnInvalid::Clear | OnInvalid::Keep) if self.required => Kind::OnInvalid("it is required"),
            Some(OnInvalid::Keep) if self.storage() != Storage::Text => Kind::NumberKept,
            _ => return Ok(()),
        };
        Err(("on_invalid", kind))
    }

    /// That what should be stored in the field is refused.
    pub fn breaks_rules(&self, refusal: &Refusal) -> Kind {
        let finding = Finding {
            problem: refusal.problem.map(|text| text.as_str()),
            handling: Handling::Noted,
            field: None,
            column: None,
            value: None,
            suggestion: None,
            raw: None,
        };
        Kind::BreaksRules(message(&finding, &self.column).to_string())
    }

    /// Checks its limits, and that the default and the replacements keep the field's rules.
    fn check_fillers(&self, null_tokens: &[String]) -> Result<usize, Wrong> {
        let (limits, pattern) = (self.limits(None)?, self.compiled_pattern()?);
        self.check_contradictions(&limits)?;
        let check = |key, text: &str| {
            let cleaned = text::clean(text).map_err(|_| (key, Kind::ControlCharacter))?;
            if self.kind.means_nothing(&cleaned) || null_tokens.iter().any(|token| *token == cleaned) {
                return Err((key, Kind::MeansNothing(text.to_string())));
            }
            let text = self.case.map_or(cleaned.clone(), |case| case.apply(cleaned));
            let mut parsed = self.kind.parse(text, &limits);
            pattern.iter().for_each(|pattern| pattern.check(&mut parsed));
            parsed.refusals.first().map_or(Ok(()), |refusal| Err((key, self.breaks_rules(refusal))))
        };
        self.default.iter().try_for_each(|default| check("default", default))?;
        let mut known = HashSet::new();
        for (value, replacement) in &self.values {
            // As they are looked up.
            if !known.insert(text::clean(value).unwrap_or(Cow::Borrowed(value))) {
                return Err(("values", Kind::Twice(value.clone())));
            }
            match value.as_str() {
                REST if replacement != REJECT => return Err(("values", Kind::NotReject(replacement.clone()))),
                _ if value.trim().is_empty() => return Err(("values", Kind::ReplacesNothing)),
                REST => {}
                _ if replacement.is_empty() => {}
                _ => check("values", replacement)?,
            }
        }
        Ok(pattern.map_or(0, |pattern| pattern.memory))
    }
}

/// Checks that a name can be one.
pub(super) fn check_name(name: &str) -> Result<(), Kind> {
    match name {
        _ if name.trim().is_empty() => Err(Kind::Empty),
        _ if name.contains('\0') => Err(Kind::Nul),
        _ => Ok(()),
    }
}

/// Checks that the name of a column or table is no longer than a person reads.
pub(super) fn check_length(name: &str) -> Result<(), Kind> {
    if name.chars().count() > MOST_NAME { Err(Kind::TooManyCharacters(MOST_NAME)) } else { Ok(()) }
}
