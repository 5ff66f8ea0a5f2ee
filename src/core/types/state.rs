//! A state or province.

use std::borrow::Cow;

use super::definition::{AddressPart, Facts, Limits, Memory, Parsed, Quick, Type, normalised};
use super::repair;
use super::text::quick_repaired;
use crate::core::text;
use crate::core::{finding::TextKind, row::RowBuilder};

pub struct State;

impl Type for State {
    const FACTS: Facts = Facts {
        shows_characters: true,
        docs: "A state or province. Two letters become upper case.",
        words: "state",
        examples: &[("ny", "NY"), ("Texas", "Texas"), ("n1", "n1")],
        address_part: Some(AddressPart::State),
        settings: &["min", "max", "characters", "pattern", "case", "repair"],
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        let repaired = if limits.repair { repair::repaired(&value) } else { None };
        let is_repaired = repaired.is_some();
        let value = normalised(repaired.map_or(value, Cow::Owned), normalise);
        Parsed { is_repaired, ..Parsed::text(value, limits, TextKind::Other) }
    }

    #[inline(always)]
    fn quick(value: &[u8], limits: &Limits, _: &mut Memory, rows: &mut impl RowBuilder) -> Quick {
        if !limits.repair {
            return Quick::Undecided;
        }
        let done = quick_repaired(value, limits, rows);
        let length = match done {
            Quick::Same => value.len(),
            Quick::Repaired(length) => length,
            _ => return done,
        };
        // Two letters have at most four bytes.
        if length > 4 {
            return done;
        }
        let space = rows.space(length);
        if done == Quick::Same {
            space.copy_from_slice(value);
        }
        if !space.is_ascii() {
            return Quick::Undecided;
        }
        if length == 2 && space.iter().all(u8::is_ascii_alphabetic) {
            space.make_ascii_uppercase();
        }
        if done == Quick::Same && *space != *value { Quick::Normalised(length) } else { done }
    }
}

/// Normalises a state: exactly two letters become upper case (`ny` becomes `NY`), unless that would be longer.
pub fn normalise(value: &str) -> Cow<'_, str> {
    let mut characters = value.chars();
    let (Some(first), Some(second), None) = (characters.next(), characters.next(), characters.next()) else {
        return Cow::Borrowed(value);
    };
    let (Some(upper_first), Some(upper_second)) = (upper(first), upper(second)) else { return Cow::Borrowed(value) };
    if upper_first == first && upper_second == second {
        return Cow::Borrowed(value);
    }
    Cow::Owned(String::from_iter([upper_first, upper_second]))
}

/// The upper-case form of a letter, if it is one character.
fn upper(character: char) -> Option<char> {
    if !text::is_letter(character) {
        return None;
    }
    let mut forms = character.to_uppercase();
    match (forms.next(), forms.next()) {
        (form, None) => form,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn normalise_raises_two_letters() {
        for (value, expected) in [
            ("", ""),
            ("n", "n"),
            ("ny", "NY"),
            ("Ny", "NY"),
            ("NY", "NY"),
            ("nyc", "nyc"),
            ("n1", "n1"),
            ("n ", "n "),
            ("ñu", "ÑU"),
            ("aß", "aß"),
            ("ŉa", "ŉa"),
            ("ﬁa", "ﬁa"),
            ("京都", "京都"),
            ("ıi", "II"),
        ] {
            assert_eq!(normalise(value), expected, "{value:?}");
        }
        assert!(matches!(normalise("NY"), Cow::Borrowed(_)));
    }

    #[test]
    fn normalise_keeps_every_letter_in_nfc() {
        for character in '\0'..=char::MAX {
            let value = text::nfc(character.encode_utf8(&mut [0; 4])).into_owned() + "a";
            let once = normalise(&value).into_owned();
            assert_eq!(normalise(&once), once);
            assert!(unicode_normalization::is_nfc(&once), "{once:?}");
        }
    }

    proptest! {
        #[test]
        fn normalise_is_stable(value in any::<String>()) {
            let value = text::clean(&value).unwrap_or_default();
            let once = normalise(&value);
            prop_assert_eq!(normalise(&once), &*once);
        }
    }
}
