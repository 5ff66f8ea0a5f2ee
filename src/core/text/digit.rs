//! Decimal digits of any script (general category Nd).

use std::borrow::Cow;

/// The zeros of all scripts. The other nine digits follow each (Unicode 16, 17 and 18).
#[rustfmt::skip]
const ZEROS: [char; 77] = [
    '\u{30}', '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}',
    '\u{c66}', '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{1090}',
    '\u{17e0}', '\u{1810}', '\u{1946}', '\u{19d0}', '\u{1a80}', '\u{1a90}', '\u{1b50}', '\u{1bb0}', '\u{1c40}',
    '\u{1c50}', '\u{a620}', '\u{a8d0}', '\u{a900}', '\u{a9d0}', '\u{a9f0}', '\u{aa50}', '\u{abf0}', '\u{ff10}',
    '\u{104a0}', '\u{10d30}', '\u{10d40}', '\u{11066}', '\u{110f0}', '\u{11136}', '\u{111d0}', '\u{112f0}',
    '\u{11450}', '\u{114d0}', '\u{11650}', '\u{116c0}', '\u{116d0}', '\u{116da}', '\u{11730}', '\u{118e0}',
    '\u{11950}', '\u{11bf0}', '\u{11c50}', '\u{11d50}', '\u{11da0}', '\u{11de0}', '\u{11f50}', '\u{16130}',
    '\u{16a60}', '\u{16ac0}', '\u{16b50}', '\u{16d70}', '\u{1ccf0}', '\u{1d7ce}', '\u{1d7d8}', '\u{1d7e2}',
    '\u{1d7ec}', '\u{1d7f6}', '\u{1e140}', '\u{1e2f0}', '\u{1e4f0}', '\u{1e5f1}', '\u{1e950}', '\u{1fbf0}',
];

/// A digit as an ASCII digit; `None` if it is not a digit.
fn to_ascii(character: char) -> Option<char> {
    let index = ZEROS.partition_point(|&zero| zero <= character).checked_sub(1)?;
    let value = character as u32 - *ZEROS.get(index)? as u32;
    char::from_digit(value, 10)
}

/// The value with the digits of every script written as 0 to 9.
pub(crate) fn ascii_digits(value: &str) -> Cow<'_, str> {
    if value.is_ascii() || !value.chars().any(|c| !c.is_ascii() && to_ascii(c).is_some()) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(value.chars().map(|c| to_ascii(c).unwrap_or(c)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

    use super::*;

    #[test]
    fn every_character_of_category_nd_is_a_digit_and_no_other() {
        for character in '\0'..=char::MAX {
            let is_digit = character.general_category() == GeneralCategory::DecimalNumber;
            assert_eq!(to_ascii(character).is_some(), is_digit, "{:x}", character as u32);
        }
        assert!(ZEROS.is_sorted());
    }

    #[test]
    fn digits_have_their_value() {
        for (text, expected) in [
            ("0123456789", "0123456789"),
            ("٠١٢٣٤٥٦٧٨٩", "0123456789"),
            ("۰۱۲۳۴۵۶۷۸۹", "0123456789"),
            ("०१२३४५६७८९", "0123456789"),
            ("০১২৩৪৫৬৭৮৯", "0123456789"),
            ("๐๑๒๓๔๕๖๗๘๙", "0123456789"),
            ("０１２３４５６７８９", "0123456789"),
            // Five adjacent runs.
            ("𝟎𝟏𝟗𝟘𝟙𝟡𝟢𝟣𝟫𝟬𝟭𝟵𝟶𝟷𝟿", "019019019019019"),
            // Numbers that are no decimal digits.
            ("²½Ⅳ①一", "²½Ⅳ①一"),
            ("", ""),
        ] {
            assert_eq!(ascii_digits(text), expected);
        }
    }

    proptest! {
        #[test]
        fn ascii_digits_is_stable(value in any::<String>()) {
            let once = ascii_digits(&value);
            prop_assert_eq!(ascii_digits(&once), &*once);
        }
    }
}
