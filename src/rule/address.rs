//! An address line, a city, a state: the values that `contact` allows no punctuation in (SPEC section 3, address repair).

use std::borrow::Cow;

use super::text;

/// Repairs a cleaned value: apostrophes and full stops are dropped, other punctuation becomes a space, then white space
/// is collapsed and trimmed again. Symbols and emoji are no punctuation, and stay.
pub fn repair(value: &str) -> Cow<'_, str> {
    let seen = value.bytes().fold(0, |seen, byte| seen | KINDS[usize::from(byte)]);
    if seen & !(WORD | SPACE) == 0 {
        return Cow::Borrowed(value);
    }
    if seen & OTHER == 0 {
        return Cow::Owned(repair_known(value));
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

/// What repair does to a byte, as bits.
const WORD: u8 = 1;
const SPACE: u8 = 2;
const BECOMES_SPACE: u8 = 4;
const DROPPED: u8 = 8;
const OTHER: u8 = 16;

/// One of the bits for each byte. ASCII's symbols, which are no punctuation, are kept like words; so are U+00C0 to U+027F,
/// among which no punctuation is. What other characters are is not known from a byte.
const KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | 0x80..=0xbf | 0xc3..=0xc9 => WORD,
            b'$' | b'+' | b'<' | b'=' | b'>' | b'^' | b'`' | b'|' | b'~' => WORD,
            b' ' => SPACE,
            b'\'' | b'.' => DROPPED,
            0..0x80 => BECOMES_SPACE,
            _ => OTHER,
        };
        byte += 1;
    }
    kinds
};

/// `repair` for values of which the kind of every byte is known.
fn repair_known(value: &str) -> String {
    let mut repaired = String::with_capacity(value.len());
    // A space is owed once something has been written, and paid when something follows.
    let mut owes_space = false;
    let mut start = 0;
    let mut push = |word: &str, owes_next: bool| {
        if !word.is_empty() {
            if std::mem::take(&mut owes_space) {
                repaired.push(' ');
            }
            repaired.push_str(word);
        }
        owes_space |= owes_next && !repaired.is_empty();
    };
    for (at, byte) in value.bytes().enumerate() {
        let kind = KINDS[usize::from(byte)];
        if kind != WORD {
            push(&value[start..at], kind != DROPPED);
            start = at + 1;
        }
    }
    push(&value[start..], false);
    repaired
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

/// The upper-case form of a letter, if it is one character. None for what is no letter.
/// Whether this is a ZIP code that lacks a digit.
pub fn is_four_digits(postal_code: &str) -> bool {
    postal_code.len() == 4 && postal_code.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the ZIP codes of this American state begin with zeros, which spreadsheets lose (USPS, Publication 65).
pub fn has_zips_with_leading_zeros(state: &str) -> bool {
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
        2 => STATES.iter().any(|(code, _)| state == *code),
        _ => STATES.iter().any(|(_, name)| state.eq_ignore_ascii_case(name)),
    }
}

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
