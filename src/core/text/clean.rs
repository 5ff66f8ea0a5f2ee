//! Text: what holds for any value whatever field it stands in.
//!
//! [`clean`] is steps 1 and 2 of SPEC section 3, [`is_missing`] is step 3; [`length`] and [`Characters`] are what the
//! profiles' limits are checked with, and [`visible`] makes anything that came from a file safe to print.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use serde::Deserialize;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::core::mask;

use super::invisible::{self, is_joiner, is_removed};
use super::kinds::{self, DIGIT, HYPHEN, KINDS, LATIN, LETTER, SPACE, has_sign};

/// A control character that no value may hold (SPEC section 3, step 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlCharacter {
    /// The character itself.
    pub character: char,
    /// Its place in the value as it was read, in Unicode scalar values from 1.
    pub position: usize,
}

/// Cleans a value as it was read: invisible characters go ([`invisible`]), the rest becomes NFC, each run of white space
/// becomes one space, and the ends are trimmed (SPEC section 3, steps 1 and 2).
///
/// Gives a part of `raw` where no more than the ends had to be trimmed. Control characters other than white space are
/// an error that names the first of them.
pub fn clean(raw: &str) -> Result<Cow<'_, str>, ControlCharacter> {
    let value = raw.trim_ascii();
    if is_tidy(value.as_bytes()) {
        return Ok(Cow::Borrowed(value));
    }
    clean_any(raw)
}

/// [`clean`] for a part of a text that [`is_tidy`] as a whole.
pub fn clean_tidy(raw: &str) -> &str {
    match raw.as_bytes() {
        [b' ', ..] | [.., b' '] => raw.trim_ascii(),
        _ => raw,
    }
}

/// The place in `raw` of what [`clean_tidy`] gives of it.
pub fn place_of_clean(raw: &[u8]) -> Range<usize> {
    match raw {
        [b' ', ..] | [.., b' '] => {
            let front = raw.len() - raw.trim_ascii_start().len();
            front..(raw.trim_ascii_end().len()).max(front)
        }
        _ => 0..raw.len(),
    }
}

/// Whether this text holds only printable ASCII and letters from U+00C0 to U+02FF, and no two spaces side by side: then
/// [`clean`] has nothing to do to any part of it, but for its ends. Those letters are never composed with anything but
/// marks, which stand above them. It is worth knowing of a record as a whole, and of most it is true.
pub fn is_tidy(text: &[u8]) -> bool {
    mask::is_tidy(text)
}

/// `clean` for every value, plain or not.
fn clean_any(raw: &str) -> Result<Cow<'_, str>, ControlCharacter> {
    if let Some((index, character)) = raw.chars().enumerate().find(|&(_, c)| c.is_control() && !c.is_whitespace()) {
        return Err(ControlCharacter { character, position: index + 1 });
    }
    // Neither white space nor invisible characters combine with what stands beside them, so trimming may come first.
    let value = raw.trim_matches(|c: char| c.is_whitespace() || is_removed(c) || is_joiner(c));
    // A letter and its mark may stand on either side of a removed character, and so may two spaces.
    Ok(match invisible::without(value) {
        Cow::Borrowed(value) => match nfc(value) {
            Cow::Borrowed(value) => collapse(value),
            Cow::Owned(value) => Cow::Owned(into_collapsed(value)),
        },
        Cow::Owned(value) => Cow::Owned(into_collapsed(nfc(&value).into_owned())),
    })
}

/// The value in NFC.
pub(crate) fn nfc(value: &str) -> Cow<'_, str> {
    // Nothing below U+0300 is a mark or changes under NFC; that much decides most names in Latin letters.
    if value.chars().all(|c| c < '\u{300}') {
        return Cow::Borrowed(value);
    }
    match is_nfc_quick(value.chars()) {
        IsNormalized::Yes => Cow::Borrowed(value),
        IsNormalized::No => Cow::Owned(value.nfc().collect()),
        IsNormalized::Maybe => {
            if value.nfc().eq(value.chars()) {
                Cow::Borrowed(value)
            } else {
                Cow::Owned(value.nfc().collect())
            }
        }
    }
}

/// Each run of white space becomes one space, and the ends are trimmed.
pub(crate) fn collapse(value: &str) -> Cow<'_, str> {
    let value = value.trim();
    if is_tidy(value.as_bytes()) {
        return Cow::Borrowed(value);
    }
    let mut after_space = false;
    let is_collapsed = value.chars().all(|c| {
        let was_space = std::mem::replace(&mut after_space, c == ' ');
        if c == ' ' { !was_space } else { !c.is_whitespace() }
    });
    if is_collapsed {
        return Cow::Borrowed(value);
    }
    let mut collapsed = String::with_capacity(value.len());
    for word in value.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    Cow::Owned(collapsed)
}

/// [`collapse`] for a value that is given away: without a copy where nothing changes.
pub(crate) fn into_collapsed(value: String) -> String {
    match collapse(&value) {
        Cow::Borrowed(same) if same.len() == value.len() => value,
        other => other.into_owned(),
    }
}

/// Whether a cleaned value is missing in every field: empty, or `\N` (SPEC section 3, step 3). The words NULL, None, NA and
/// N/A are values here: Null is a surname, and NA is Namibia.
pub fn is_missing(value: &str) -> bool {
    value.is_empty() || value == "\\N"
}

/// Whether a cleaned value is a word for nothing, in any case: missing where the field cannot hold a word (SPEC section 3,
/// step 3).
pub fn is_null_word(value: &str) -> bool {
    const WORDS: [&str; 8] = ["null", "nil", "none", "n/a", "na", "unknown", "-", "--"];
    value.len() <= 7 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// What a control character is in windows-1252, where text in it was taken for ISO 8859-1 and so converted wrongly.
pub fn windows_1252(control: char) -> Option<char> {
    #[rustfmt::skip]
    const FROM_80: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let found = *FROM_80.get((control as usize).checked_sub(0x80)?)?;
    (found != control && control != '\u{85}').then_some(found)
}

/// The length of a value in Unicode scalar values, which is what the profiles' limits count.
pub fn length(value: &str) -> usize {
    // An ASCII value has as many characters as bytes; the standard library counts the others many bytes at a time.
    if value.is_ascii() { value.len() } else { value.chars().count() }
}

/// Whether this is one of the letters that names outside ASCII mostly consist of: Latin, Cyrillic, Chinese characters
/// and Korean syllables. It answers for them without a search in the tables.
fn is_common_letter(character: char) -> bool {
    match character {
        '\u{c0}'..='\u{24f}' => !matches!(character, '\u{d7}' | '\u{f7}'),
        '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => true,
        _ => false,
    }
}

/// Whether this is a letter or a mark (L*, M*): SPEC's letters, "with their marks".
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

/// A character rule of a profile: the characters that a value may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Characters {
    /// Letters alone.
    Letters,
    /// Letters and U+0020.
    LettersSpaces,
    /// Letters, the digits 0 to 9, and U+0020.
    LettersDigitsSpaces,
    /// The digits 0 to 9 and the hyphen `-`.
    DigitsHyphen,
    /// The digits 0 to 9 alone.
    Digits,
}

impl Characters {
    /// The kinds of bytes that are allowed, as bits.
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

    /// Whether a value with bytes of these kinds ([`kinds::seen`]) is in order; what is not may still be.
    pub fn allow(self, seen: u8, value: &[u8]) -> bool {
        seen & !self.allowed() == 0 && (seen & LATIN == 0 || !has_sign(value))
    }

    /// The first character of a normalised value that the rule does not allow; none where the value is in order.
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

    /// What is allowed, in words for a message.
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

/// A text from a file in a form that is safe to print: control characters, line breaks, bidirectional controls and
/// invisible characters are written as escapes (`\t`, `\n`, `\r`, `\u{1b}`), everything else stays, a backslash too
/// (SPEC section 1). So do the joiners and selectors that scripts and emoji need.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            _ if is_hidden(character) => {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "\\u{{{:x}}}", character as u32);
            }
            _ => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}

/// What a terminal would obey, reorder by, or not show at all.
pub fn is_hidden(character: char) -> bool {
    match character {
        ' '..='~' => false,
        // It makes an emoji of the character in front, so it shows.
        '\u{fe0f}' => false,
        '\u{2028}' | '\u{2029}' => true,
        _ if is_removed(character) => true,
        _ => character.general_category() == GeneralCategory::Control,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn clean_removes_composes_and_collapses() {
        for (raw, expected) in [
            ("", ""),
            (" ", ""),
            ("\u{feff}", ""),
            ("a", "a"),
            ("Ann Smith", "Ann Smith"),
            ("  Ann   Smith \t", "Ann Smith"),
            ("a\tb", "a b"),
            ("a\r\nb", "a b"),
            ("a\u{b}b\u{c}c", "a b c"),
            ("a\u{85}b\u{2028}c\u{2029}d", "a b c d"),
            ("a\u{a0}b\u{202f}c\u{3000}d\u{1680}e\u{2003}f", "a b c d e f"),
            ("\u{b}a\u{b}", "a"),
            ("\u{a0}Müller\u{a0}", "Müller"),
            ("Mu\u{308}ller", "Müller"),
            ("Mu\u{200b}\u{308}ller", "Müller"),
            ("u\u{feff}\u{2060}\u{200b}\u{308}", "ü"),
            ("a \u{200b} b", "a b"),
            ("a\u{200b}b", "ab"),
            ("\u{200b} a \u{200b}", "a"),
            ("\u{feff}email", "email"),
            // A mark behind a space has nothing to combine with.
            ("a \u{301}b", "a \u{301}b"),
            (" \u{301}b", "\u{301}b"),
            ("\u{1100}\u{200b}\u{1161}", "가"),
            ("\u{212b}", "Å"),
            ("ﬁ", "ﬁ"),
            ("E\u{ad}1\u{200e}\u{fe0f}\u{202a}", "E1"),
            ("Mu\u{34f}\u{308}ller", "Müller"),
            ("u\u{200d}\u{308}", "u\u{200d}\u{308}"),
            ("=\u{200d}\u{338}\u{200c}a", "≠a"),
            ("\u{200d} a \u{200c} b \u{200d}", "a b"),
            ("\u{180e}\u{206a}", ""),
            // Joiners have a meaning in several scripts, and none in a customer's emoji.
            ("👨\u{200d}👩", "👨👩"),
            ("نمی\u{200c}خواهم", "نمی\u{200c}خواهم"),
            // Marks in the wrong order, of different classes.
            ("a\u{301}\u{323}", "ạ\u{301}"),
            ("\u{2000}x\u{2001}", "x"),
        ] {
            let cleaned = clean(raw).unwrap();
            assert_eq!(cleaned, expected, "{raw:?}");
            assert_eq!(clean(&cleaned).unwrap(), expected, "{raw:?} twice");
        }
    }

    #[test]
    fn clean_borrows_what_only_needs_trimming() {
        for raw in [
            "",
            "Ann Smith",
            " Ann ",
            "\tAnn\r\n",
            "\u{b}Ann",
            "Müller",
            "\u{a0}Müller\u{a0}",
            "東京 都",
            " \u{feff}É",
            "नमस्ते",
            "نمی\u{200c}خواهم",
            "葛\u{e0100}城",
        ] {
            assert!(matches!(clean(raw).unwrap(), Cow::Borrowed(_)), "{raw:?}");
        }
        for raw in ["a  b", "a\tb", "u\u{308}", "a\u{200b}b", "é\u{a0}b"] {
            assert!(matches!(clean(raw).unwrap(), Cow::Owned(_)), "{raw:?}");
        }
    }

    #[test]
    fn clean_names_the_first_control_character() {
        for (raw, character, position) in [
            ("\0", '\0', 1),
            ("Ann\0Smith", '\0', 4),
            ("  Ann\u{1b}[31m\u{7}", '\u{1b}', 6),
            ("é\u{7f}", '\u{7f}', 2),
            ("\u{feff}é\u{9f}", '\u{9f}', 3),
            ("a\u{1c}b", '\u{1c}', 2),
            ("a \u{1f}", '\u{1f}', 3),
            ("a\u{8}", '\u{8}', 2),
            ("\u{80}", '\u{80}', 1),
            ("日本\u{84}", '\u{84}', 3),
        ] {
            assert_eq!(clean(raw), Err(ControlCharacter { character, position }), "{raw:?}");
        }
        for character in (0..=0x9f).filter_map(char::from_u32).filter(|c| c.is_control()) {
            let is_allowed = matches!(character, '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}');
            assert_eq!(clean(&format!("a{character}b")).is_ok(), is_allowed, "{character:?}");
        }
    }

    #[test]
    fn missing_is_empty_or_backslash_n() {
        for (value, expected) in
            [("", true), ("\\N", true), ("\\n", false), ("N", false), ("NULL", false), ("NA", false), (" ", false)]
        {
            assert_eq!(is_missing(value), expected, "{value:?}");
        }
    }

    #[test]
    fn null_words_are_those_of_the_specification() {
        for word in ["null", "NULL", "Nil", "none", "N/A", "n/a", "NA", "Unknown", "-", "--"] {
            assert!(is_null_word(word), "{word}");
        }
        for word in ["", "n", "no", "nan", "n.a.", "---", "–", "unknown.", "null null", "\\N", "0"] {
            assert!(!is_null_word(word), "{word}");
        }
    }

    #[test]
    fn windows_1252_is_what_the_encoding_standard_says() {
        for byte in 0x80..=0xff_u8 {
            let (text, ..) = encoding_rs::WINDOWS_1252.decode(std::slice::from_ref(&byte));
            let expected = text.chars().next().filter(|found| *found != char::from(byte) && byte != 0x85);
            assert_eq!(windows_1252(char::from(byte)), expected, "{byte:x}");
        }
        assert_eq!((windows_1252('a'), windows_1252('\0'), windows_1252('’')), (None, None, None));
    }

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
            assert_eq!(matches!(nfc(text), Cow::Borrowed(_)), text.nfc().eq(text.chars()), "{character:?}");
            assert_eq!(Characters::Letters.first_outside(text).is_none(), letter, "{character:?}");
            if is_tidy(text.as_bytes()) && character != ' ' {
                assert_eq!(clean_any(text), Ok(Cow::Borrowed(text)), "{character:?}");
            }
        }
    }

    #[test]
    fn visible_escapes_what_hides() {
        for (text, expected) in [
            ("", ""),
            ("Ann \\ Smith", "Ann \\ Smith"),
            ("a\tb\nc\rd", "a\\tb\\nc\\rd"),
            ("\u{1b}[31m", "\\u{1b}[31m"),
            ("\0", "\\u{0}"),
            ("\u{7f}\u{85}\u{9b}", "\\u{7f}\\u{85}\\u{9b}"),
            ("\u{202e}gpj", "\\u{202e}gpj"),
            ("a\u{2066}b\u{2069}", "a\\u{2066}b\\u{2069}"),
            ("\u{200e}\u{200f}\u{61c}", "\\u{200e}\\u{200f}\\u{61c}"),
            ("\u{feff}\u{200b}\u{2060}", "\\u{feff}\\u{200b}\\u{2060}"),
            ("a\u{ad}b\u{34f}\u{180e}\u{2064}\u{fe00}", "a\\u{ad}b\\u{34f}\\u{180e}\\u{2064}\\u{fe00}"),
            ("☎\u{fe0f}", "☎\u{fe0f}"),
            ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
            ("Müller 東京 👨\u{200d}👩", "Müller 東京 👨\u{200d}👩"),
            ("\u{a0}", "\u{a0}"),
        ] {
            assert_eq!(visible(text), expected, "{text:?}");
        }
        assert!(matches!(visible("Müller"), Cow::Borrowed(_)));
    }

    /// Texts from the characters that matter here, and from all others.
    fn texts() -> impl Strategy<Value = String> {
        let nasty = " \t\r\u{b}\u{85}\u{a0}\u{2028}\u{3000}\u{200b}\u{2060}\u{feff}au1=葛가\0\u{1f}\u{ad}\u{34f}\u{200c}\u{200d}\u{202a}\
                     \u{fe0f}\u{e0100}\u{301}\u{308}\u{323}\u{338}\u{345}\u{1100}\u{1161}\u{11a8}\u{212b}\u{2000}\u{f73}\u{340}\u{958}";
        let nasty = prop::sample::select(nasty.chars().collect::<Vec<_>>());
        prop_oneof![any::<String>(), "[ -~\t\n]{0,24}", prop::collection::vec(nasty, 0..12).prop_map(String::from_iter)]
    }

    proptest! {
        #[test]
        fn clean_is_stable(raw in texts()) {
            if let Ok(cleaned) = clean(&raw) {
                prop_assert_eq!(clean(&cleaned).unwrap(), &*cleaned);
                prop_assert!(unicode_normalization::is_nfc(&cleaned));
                prop_assert!(matches!(clean(&cleaned).unwrap(), Cow::Borrowed(_)));
            }
        }

        #[test]
        fn clean_takes_no_other_way_for_ascii(raw in "[ -~\t\r\n\u{b}\0]{0,24}") {
            prop_assert_eq!(clean(&raw), clean_any(&raw));
        }

        #[test]
        fn clean_is_what_the_specification_says(raw in texts()) {
            let expected = match raw.chars().position(|c| c.is_control() && !c.is_whitespace()) {
                Some(index) => Err(index + 1),
                None => {
                    let composed: String = invisible::without(&raw).nfc().collect();
                    Ok(composed.split_whitespace().collect::<Vec<_>>().join(" "))
                }
            };
            prop_assert_eq!(clean(&raw).map(Cow::into_owned).map_err(|fault| fault.position), expected);
        }

        #[test]
        fn visible_is_stable_and_shows_all(text in texts()) {
            let shown = visible(&text);
            prop_assert!(!shown.contains(is_hidden));
            prop_assert_eq!(visible(&shown), &*shown);
        }

        #[test]
        fn lengths_and_characters_agree_with_the_plain_way(text in texts()) {
            prop_assert_eq!(length(&text), text.chars().count());
            let outside = text.chars().find(|&c| !(is_letter(c) || c == ' ' || c.is_ascii_digit()));
            prop_assert_eq!(Characters::LettersDigitsSpaces.first_outside(&text), outside);
        }
    }
}
