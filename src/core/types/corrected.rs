//! Suggestions for values with characters that their field does not allow. A suggestion is shown, never stored.

use std::borrow::Cow;

use super::repair;
use crate::core::text::digit;
use crate::core::text::{self, Characters};

/// The value without its punctuation (`O'Brien` as `OBrien`, `Jean-Luc` as `Jean Luc`). If the rule is digits and hyphens,
/// digits of every script become ASCII, and anything between them one hyphen. `None` if that does not help.
pub fn corrected(value: &str, characters: Characters) -> Option<String> {
    let found = match characters {
        Characters::DigitsHyphen if has_decimals(value) => return None,
        Characters::DigitsHyphen => hyphenated(value),
        _ => repair::repair(value),
    };
    if found.is_empty() || found == value || characters.first_outside(&found).is_some() {
        return None;
    }
    Some(found.into_owned())
}

/// Whether it is a number with decimals, which has no safe correction: 1.1 is not 11, nor 53113.0 the code 531130.
fn has_decimals(value: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    value.split_once(['.', ',']).is_some_and(|(whole, rest)| digits(whole) && digits(rest) && rest.len() <= 2)
}

/// The value with one hyphen for each run of spaces and punctuation.
fn hyphenated(value: &str) -> Cow<'_, str> {
    let digits = digit::ascii_digits(value);
    // The minus sign is a symbol, which repair keeps.
    let repaired = digits.replace('\u{2212}', " ");
    Cow::Owned(text::collapse(&repair::repair(&repaired)).replace(' ', "-"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn corrected_gives_what_would_be_allowed() {
        use Characters::*;
        for (value, rule, expected) in [
            ("O'Brien", LettersSpaces, Some("OBrien")),
            ("O’Brien", LettersSpaces, Some("OBrien")),
            ("Jean-Luc", LettersSpaces, Some("Jean Luc")),
            ("Smith, Ann", LettersSpaces, Some("Smith Ann")),
            ("Dr. Ann Smith", LettersSpaces, Some("Dr Ann Smith")),
            ("53113.0", DigitsHyphen, None),
            ("1,1", DigitsHyphen, None),
            ("Ann Smith", LettersSpaces, None),
            ("Ann 2", LettersSpaces, None),
            ("Ann-2", LettersSpaces, None),
            ("Ann + Bob", LettersSpaces, None),
            ("---", LettersSpaces, None),
            ("", LettersSpaces, None),
            ("O'Brien", Letters, Some("OBrien")),
            ("Jean-Luc", Letters, None),
            ("C.D.", Letters, Some("CD")),
            ("1, Main St.", LettersDigitsSpaces, Some("1 Main St")),
            ("5.", Digits, Some("5")),
            ("5-4", Digits, None),
            ("12345 6789", DigitsHyphen, Some("12345-6789")),
            ("12345–6789", DigitsHyphen, Some("12345-6789")),
            ("12345 \u{2212} 6789", DigitsHyphen, Some("12345-6789")),
            ("12345 - 6789", DigitsHyphen, Some("12345-6789")),
            ("12.345-678", DigitsHyphen, Some("12345-678")),
            ("'01234", DigitsHyphen, Some("01234")),
            ("１２３４５", DigitsHyphen, Some("12345")),
            ("１２３－４５６７", DigitsHyphen, Some("123-4567")),
            ("١٢٣ ٤٥", DigitsHyphen, Some("123-45")),
            ("12345-6789", DigitsHyphen, None),
            ("SW1A 1AA", DigitsHyphen, None),
            ("–", DigitsHyphen, None),
        ] {
            assert_eq!(corrected(value, rule).as_deref(), expected, "{value:?} {rule:?}");
        }
    }

    proptest! {
        #[test]
        fn corrected_is_allowed_and_final(value in prop_oneof![any::<String>(), "[a-c1-3٣ '.,–\u{2212}\\-]{0,12}"]) {
            use Characters::*;
            for rule in [Letters, LettersSpaces, LettersDigitsSpaces, DigitsHyphen, Digits] {
                if let Some(corrected_value) = corrected(&value, rule) {
                    prop_assert!(!corrected_value.is_empty() && corrected_value != value);
                    prop_assert_eq!(rule.first_outside(&corrected_value), None);
                    prop_assert_eq!(corrected(&corrected_value, rule), None);
                }
            }
        }
    }
}
