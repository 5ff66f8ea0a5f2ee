//! Address repair: removing the punctuation that a profile does not allow. And what is suggested ([`corrected`]) where it is not
//! repaired: a suggestion is shown, never stored.

use std::borrow::Cow;

use crate::core::text::kinds::{self, DIGIT, DROPPED, HYPHEN, KINDS, LATIN, LETTER, OTHER, PUNCTUATION, SPACE};
use crate::core::text::{self, Characters};

/// Repairs a cleaned value: apostrophes and full stops are removed, other punctuation becomes a space, then white space is
/// collapsed and trimmed again. Symbols and emoji stay.
pub fn repair(value: &str) -> Cow<'_, str> {
    let seen = kinds::seen(value.as_bytes());
    if seen & (REPAIRED | OTHER) == 0 {
        return Cow::Borrowed(value);
    }
    if seen & OTHER == 0 {
        let mut repaired = vec![0; value.len()];
        let length = repair_known(value.as_bytes(), &mut repaired);
        repaired.truncate(length);
        // Only whole characters were left out, so this cannot fail.
        return Cow::Owned(String::from_utf8(repaired).unwrap_or_default());
    }
    if !value.contains(is_repaired) {
        return text::collapse(value);
    }
    Cow::Owned(repair_any(value))
}

pub fn repaired(value: &str) -> Option<String> {
    match repair(value) {
        Cow::Borrowed(same) if same.len() == value.len() => None,
        repaired => (repaired != value).then(|| repaired.into_owned()),
    }
}

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
    // What was removed may have separated a letter from its mark.
    let composed = match text::nfc(&repaired) {
        Cow::Borrowed(_) => repaired,
        Cow::Owned(composed) => composed,
    };
    text::into_collapsed(composed)
}

pub(super) const REPAIRED: u8 = HYPHEN | DROPPED | PUNCTUATION;

/// [`repair`] without [`OTHER`] bytes: writes to the front of `repaired`, as long as the value; returns the length.
pub(super) fn repair_known(value: &[u8], repaired: &mut [u8]) -> usize {
    let mut length = 0;
    // A space at the front, or after another, is overwritten. There is no branch, because addresses have no pattern to
    // predict.
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

fn is_repaired(character: char) -> bool {
    is_dropped(character) || text::is_punctuation(character)
}

/// The value without its punctuation (`O'Brien` as `OBrien`, `Jean-Luc` as `Jean Luc`). If the rule is digits and hyphens,
/// digits of every script become ASCII, and anything between them one hyphen. `None` if that does not help.
pub fn corrected(value: &str, characters: Characters) -> Option<String> {
    let found = match characters {
        Characters::DigitsHyphen if has_decimals(value) => return None,
        Characters::DigitsHyphen => hyphenated(value),
        _ => repair(value),
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
    let digits = text::ascii_digits(value);
    // The minus sign is a symbol, which repair keeps.
    let repaired = digits.replace('\u{2212}', " ");
    Cow::Owned(text::collapse(&repair(&repaired)).replace(' ', "-"))
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
        }
    }

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
