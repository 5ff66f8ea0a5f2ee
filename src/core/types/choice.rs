//! A choice: one of the words that a profile lists for a field.

use std::borrow::Cow;

use super::choices::some_of;
use super::definition::{Facts, Limits, Memory, Parsed, Quick, Refusal, Type};
use crate::core::finding::{Problem, TextKind, excerpt};
use crate::core::row::RowBuilder;

pub struct Choice;

impl Type for Choice {
    const FACTS: Facts = Facts {
        docs: "One of the words that the profile lists, in any case; stored as the profile spells it.",
        examples: &[("EMAIL", "email")],
        settings: &["min", "max", "characters", "pattern", "case", "choices"],
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        match limits.choices.find(&value) {
            Some(word) => Parsed::text(Cow::Owned(word.to_string()), limits, TextKind::Other),
            None => {
                let (found, choices) = (excerpt(&value).to_string(), some_of(limits.choices.words()));
                Parsed::refused(Refusal::new(Problem::NotAChoice { found, choices }))
            }
        }
    }

    #[inline(never)] // as other texts are more usual
    fn quick(value: &[u8], limits: &Limits, _: &mut Memory, rows: &mut impl RowBuilder) -> Quick {
        let word = std::str::from_utf8(value).ok().and_then(|value| limits.choices.find(value));
        let Some(word) = word.map(str::as_bytes) else { return Quick::Undecided };
        if !(limits.allow_length(word) && limits.allow_characters(word)) {
            return Quick::Undecided;
        }
        if word == value {
            return Quick::Same;
        }
        rows.space(word.len()).copy_from_slice(word);
        Quick::Normalised(word.len())
    }
}
