//! An address line, a city, a state: the values that `contact` allows no punctuation in (SPEC section 3, address repair).

use std::borrow::Cow;

use crate::core::text;
use crate::core::text::kinds::{self, DIGIT, DROPPED, HYPHEN, KINDS, LATIN, LETTER, OTHER, PUNCTUATION, SPACE};

/// Repairs a cleaned value: apostrophes and full stops are dropped, other punctuation becomes a space, then white space
/// is collapsed and trimmed again. Symbols and emoji are no punctuation, and stay.
pub fn repair(value: &str) -> Cow<'_, str> {
    let seen = kinds::seen(value.as_bytes());
    if seen & (REPAIRED | OTHER) == 0 {
        return Cow::Borrowed(value);
    }
    if seen & OTHER == 0 {
        let mut repaired = vec![0; value.len()];
        let length = repair_known(value.as_bytes(), &mut repaired);
        repaired.truncate(length);
        // Only whole characters are left out.
        return Cow::Owned(String::from_utf8(repaired).unwrap_or_default());
    }
    if !value.contains(is_repaired) {
        // Without effect on a cleaned value, whose white space is in order.
        return text::collapse(value);
    }
    Cow::Owned(repair_any(value))
}

/// `repair` for every value.
fn repair_any(value: &str) -> String {
    let mut repaired = String::with_capacity(value.len());
    for character in value.chars().filter(|&c| !is_dropped(c)) {
        if character != ' ' && !text::is_punctuation(character) {
            repaired.push(character);
        } else if !repaired.is_empty() && !repaired.ends_with(' ') {
            repaired.push(' ');
        }
    }
    repaired.truncate(repaired.trim_end().len());
    // What was dropped may have stood between a letter and its mark.
    let composed = match text::nfc(&repaired) {
        Cow::Borrowed(_) => repaired,
        Cow::Owned(composed) => composed,
    };
    text::into_collapsed(composed)
}

/// The kinds of bytes that repair changes, if there is no [`OTHER`].
pub const REPAIRED: u8 = HYPHEN | DROPPED | PUNCTUATION;

/// [`repair`] for a value of which the kind of every byte is known: writes it to the front of `repaired`, which is as long
/// as the value, and gives its length.
pub fn repair_known(value: &[u8], repaired: &mut [u8]) -> usize {
    let mut length = 0;
    // A space in front or behind another is written over by what follows. Without a branch, for addresses are all different.
    let mut is_space = true;
    for &byte in value {
        let kind = KINDS[usize::from(byte)];
        let is_word = kind & (LETTER | DIGIT | LATIN) != 0;
        let is_break = kind & (SPACE | HYPHEN | PUNCTUATION) != 0 && !is_space;
        repaired[length] = if is_word { byte } else { b' ' };
        length += usize::from(is_word | is_break);
        is_space = is_break || is_space && !is_word;
    }
    length - usize::from(is_space && length > 0)
}

fn is_dropped(character: char) -> bool {
    matches!(character, '\'' | '.' | '\u{2018}' | '\u{2019}' | '\u{2bc}')
}

/// What repair changes.
fn is_repaired(character: char) -> bool {
    is_dropped(character) || text::is_punctuation(character)
}

/// Normalises a state: a value of exactly two letters becomes upper case (`ny` becomes `NY`), unless its upper-case form
/// is longer; anything else stays.
pub fn state(value: &str) -> Cow<'_, str> {
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

/// Whether this is a ZIP code that lacks a digit.
pub fn is_four_digits(postal_code: &[u8]) -> bool {
    postal_code.len() == 4 && postal_code.iter().all(u8::is_ascii_digit)
}

/// Whether the ZIP codes of this American state begin with zeros, which spreadsheets lose (USPS, Publication 65).
pub fn has_zips_with_leading_zeros(state: &[u8]) -> bool {
    const STATES: [(&str, &str); 10] = [
        ("CT", "Connecticut"),
        ("MA", "Massachusetts"),
        ("ME", "Maine"),
        ("NH", "New Hampshire"),
        ("NJ", "New Jersey"),
        ("RI", "Rhode Island"),
        ("VT", "Vermont"),
        ("PR", "Puerto Rico"),
        ("VI", "Virgin Islands"),
        ("AE", "Armed Forces Europe"),
    ];
    match state.len() {
        2 => STATES.iter().any(|(code, _)| state == code.as_bytes()),
        _ => STATES.iter().any(|(_, name)| state.eq_ignore_ascii_case(name.as_bytes())),
    }
}

/// The upper-case form of a letter, if it is one character. None for what is no letter.
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
    fn repair_drops_and_replaces() {
        for (value, expected) in [
            ("", ""),
            ("1 Main St", "1 Main St"),
            ("1 Main St.", "1 Main St"),
            ("1, Main St., Apt. #5", "1 Main St Apt 5"),
            ("O'Fallon", "OFallon"),
            ("O’Fallon ‘x’ OʼHare", "OFallon x OHare"),
            ("St. John's", "St Johns"),
            ("Baden-Baden", "Baden Baden"),
            ("Halle/Saale (Neustadt)", "Halle Saale Neustadt"),
            ("P.O. Box 12", "PO Box 12"),
            ("U.S.A.", "USA"),
            ("...", ""),
            ("---", ""),
            ("'", ""),
            (", ,", ""),
            ("«Quai» – d’Orsay", "Quai dOrsay"),
            ("東京都、千代田区。", "東京都 千代田区"),
            ("¿Calle?", "Calle"),
            ("a_b", "a b"),
            ("a & b", "a b"),
            ("AT&T @ Home", "AT T Home"),
            ("a*b%c\\d", "a b c d"),
            // Symbols are no punctuation.
            ("A+B = $5 <x> ^ ` | ~", "A+B = $5 <x> ^ ` | ~"),
            ("Haus 😀 №5 ½ °", "Haus 😀 №5 ½ °"),
            // Dropping joins what composes, replacing does not.
            ("u'\u{308}", "ü"),
            ("a-\u{308}", "a \u{308}"),
            ("Müller-Straße", "Müller Straße"),
        ] {
            assert_eq!(repair(value), expected, "{value:?}");
        }
        for value in ["1 Main St", "Müllerstraße 5", "東京都", "A+B", "Haus 😀"] {
            assert!(matches!(repair(value), Cow::Borrowed(_)), "{value:?}");
        }
    }

    #[test]
    fn state_raises_two_letters() {
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
            assert_eq!(state(value), expected, "{value:?}");
        }
        assert!(matches!(state("NY"), Cow::Borrowed(_)));
    }

    #[test]
    fn state_keeps_every_letter_in_nfc() {
        for character in '\0'..=char::MAX {
            let value = text::nfc(character.encode_utf8(&mut [0; 4])).into_owned() + "a";
            let once = state(&value).into_owned();
            assert_eq!(state(&once), once);
            assert!(unicode_normalization::is_nfc(&once), "{once:?}");
        }
    }

    #[test]
    fn what_is_known_of_bytes_agrees_with_what_is_known_of_characters() {
        let ascii = ' '..='~';
        let pairs = ascii.clone().flat_map(|first| ascii.clone().map(move |second| (first, second)));
        let others = ('\u{80}'..=char::MAX).map(|character| (character, '.'));
        for (first, second) in pairs.chain(others) {
            let value = format!("a{first}{second}b {second}");
            if let Ok(value) = text::clean(&value) {
                assert_eq!(repair(&value), repair_any(&value), "{value:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn repair_is_stable(value in prop_oneof![any::<String>(), "[a-c '.,\\-’ʼ\u{301}\u{323}\u{345}\u{37e}\u{387}<=\u{338}]{0,16}"]) {
            let value = text::clean(&value).unwrap_or_default();
            let once = repair(&value);
            prop_assert_eq!(repair(&once), &*once);
            prop_assert_eq!(text::clean(&once), Ok(Cow::Borrowed(&*once)));
            prop_assert!(!once.contains(is_repaired));
            let upper = state(&value);
            prop_assert_eq!(state(&upper), &*upper);
        }
    }
}
