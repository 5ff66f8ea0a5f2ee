//! What a character is, how many a value has, which a profile allows ([`Characters`]), and the decimal digits of any script.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::kinds::{self, DIGIT, HYPHEN, KINDS, LATIN, LETTER, SPACE, has_sign};

/// The length of a value in Unicode scalar values, which is what the profiles' limits count.
pub fn length(value: &str) -> usize {
    // An ASCII value has as many characters as bytes; the standard library counts the others many bytes at a time.
    if value.is_ascii() { value.len() } else { value.chars().count() }
}

/// Whether this is a common letter outside ASCII: Latin, Cyrillic, Chinese or Korean. It saves a search in the tables.
fn is_common_letter(character: char) -> bool {
    match character {
        '\u{c0}'..='\u{24f}' => !matches!(character, '\u{d7}' | '\u{f7}'),
        '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => true,
        _ => false,
    }
}

/// Whether this is a letter or a mark (L*, M*).
pub fn is_letter(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphabetic();
    }
    is_common_letter(character)
        || matches!(character.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark)
}

/// Whether this is a letter, a mark or a number of any kind (L*, M*, N*).
pub(crate) fn is_letter_or_number(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric();
    }
    is_letter(character) || character.general_category_group() == GeneralCategoryGroup::Number
}

/// Whether this is punctuation (P*). Symbols and emoji are not.
pub(crate) fn is_punctuation(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_punctuation()
            && !matches!(character, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~');
    }
    !is_common_letter(character) && character.general_category_group() == GeneralCategoryGroup::Punctuation
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Characters {
    Letters,
    LettersSpaces,
    /// Letters, the digits 0 to 9, and U+0020.
    LettersDigitsSpaces,
    /// The digits 0 to 9 and the hyphen `-`.
    DigitsHyphen,
    Digits,
}

impl Characters {
    #[inline]
    const fn allowed(self) -> u8 {
        const LETTERS: u8 = LETTER | LATIN;
        match self {
            Characters::Letters => LETTERS,
            Characters::LettersSpaces => LETTERS | SPACE,
            Characters::LettersDigitsSpaces => LETTERS | DIGIT | SPACE,
            Characters::DigitsHyphen => DIGIT | HYPHEN,
            Characters::Digits => DIGIT,
        }
    }

    /// Whether a value with bytes of these kinds ([`kinds::seen`]) is surely allowed.
    #[inline]
    pub fn allow(self, seen: u8, value: &[u8]) -> bool {
        seen & !self.allowed() == 0 && (seen & LATIN == 0 || !has_sign(value))
    }

    /// The first character of a normalised value that is not allowed, if there is one.
    pub fn first_outside(self, value: &str) -> Option<char> {
        if self.allow(kinds::seen(value.as_bytes()), value.as_bytes()) {
            return None;
        }
        let allowed = self.allowed();
        value.chars().find(|&character| match character.is_ascii() {
            true => KINDS[character as usize] & allowed == 0,
            false => allowed & LETTER == 0 || !is_letter(character),
        })
    }

    pub fn describe(self) -> &'static str {
        match self {
            Characters::Letters => "letters",
            Characters::LettersSpaces => "letters and spaces",
            Characters::LettersDigitsSpaces => "letters, digits and spaces",
            Characters::DigitsHyphen => "digits and hyphens",
            Characters::Digits => "digits",
        }
    }
}

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
    use unicode_properties::GeneralCategory;

    use super::super::clean::tests::texts;
    use super::*;

    #[test]
    fn length_counts_scalar_values() {
        for (value, expected) in [("", 0), ("abc", 3), ("Müller", 6), ("e\u{301}", 2), ("👨‍👩‍👧", 5), ("東京", 2)]
        {
            assert_eq!(length(value), expected, "{value:?}");
        }
    }

    #[test]
    fn first_outside_names_the_character() {
        use Characters::*;
        for (rule, value, expected) in [
            (Letters, "", None),
            (Letters, "Ann", None),
            (Letters, "Ann Smith", Some(' ')),
            (Letters, "Ann1", Some('1')),
            (Letters, "Åsa", None),
            (Letters, "x×y", Some('×')),
            (Letters, "a÷", Some('÷')),
            (Letters, "नमस्ते", None),
            (Letters, "e\u{30a}\u{301}", None),
            (Letters, "Ⅳ", Some('Ⅳ')),
            (Letters, "ª", None),
            (LettersSpaces, "Ann Smith", None),
            (LettersSpaces, "O'Brien", Some('\'')),
            (LettersSpaces, "O’Brien", Some('’')),
            (LettersSpaces, "OʼBrien", None),
            (LettersSpaces, "Jean-Luc", Some('-')),
            (LettersSpaces, "山田 太郎", None),
            (LettersSpaces, "Ann\u{a0}B", Some('\u{a0}')),
            (LettersSpaces, "Ann 😀", Some('😀')),
            (LettersSpaces, "a_b", Some('_')),
            (LettersDigitsSpaces, "1 Main St", None),
            (LettersDigitsSpaces, "1 Main St, Apt 2", Some(',')),
            (LettersDigitsSpaces, "٣ Straße", Some('٣')),
            (LettersDigitsSpaces, "½ Weg", Some('½')),
            (DigitsHyphen, "12345-6789", None),
            (DigitsHyphen, "12345–6789", Some('–')),
            (DigitsHyphen, "SW1A", Some('S')),
            (DigitsHyphen, "12 3", Some(' ')),
            (DigitsHyphen, "é", Some('é')),
            (Digits, "0123456789", None),
            (Digits, "1-2", Some('-')),
            (Digits, "١", Some('١')),
        ] {
            assert_eq!(rule.first_outside(value), expected, "{rule:?} {value:?}");
        }
        assert_eq!(LettersDigitsSpaces.describe(), "letters, digits and spaces");
    }

    #[test]
    fn quick_answers_about_characters_agree_with_the_tables() {
        use GeneralCategoryGroup as Group;
        for character in '\0'..=char::MAX {
            let group = character.general_category_group();
            let letter = matches!(group, Group::Letter | Group::Mark);
            assert_eq!(is_letter(character), letter, "{character:?}");
            assert_eq!(is_letter_or_number(character), letter || group == Group::Number, "{character:?}");
            assert_eq!(is_punctuation(character), group == Group::Punctuation, "{character:?}");
            assert_eq!(character.is_control(), character.general_category() == GeneralCategory::Control);
            let mut buffer = [0; 4];
            let text: &str = character.encode_utf8(&mut buffer);
            assert_eq!(Characters::Letters.first_outside(text).is_none(), letter, "{character:?}");
        }
    }

    proptest! {
        #[test]
        fn lengths_and_characters_agree_with_the_plain_way(text in texts()) {
            prop_assert_eq!(length(&text), text.chars().count());
            let outside = text.chars().find(|&c| !(is_letter(c) || c == ' ' || c.is_ascii_digit()));
            prop_assert_eq!(Characters::LettersDigitsSpaces.first_outside(&text), outside);
        }
    }

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
