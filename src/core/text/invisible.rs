//! Invisible characters: which of them cleaning removes, which a comparison of keys ignores, and what makes them safe to print
//! ([`visible`]).

use std::borrow::Cow;
use std::fmt::Write;

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// The characters that cleaning always removes.
pub fn is_removed(character: char) -> bool {
    character >= '\u{ad}'
        && matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// The joiners, which select the form of adjacent letters.
pub(crate) fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}')
}

/// The selectors of variants of Chinese characters.
fn is_selector(character: char) -> bool {
    matches!(character, '\u{e0100}'..='\u{e01ef}')
}

/// All invisible characters: those that are removed, and those that stay next to letters.
pub fn is_invisible(character: char) -> bool {
    is_removed(character) || is_joiner(character) || is_selector(character)
}

/// The value without invisible characters, except for joiners between two letters and selectors after one.
pub(crate) fn without(value: &str) -> Cow<'_, str> {
    if !value.contains(is_invisible) {
        return Cow::Borrowed(value);
    }
    if !value.contains(is_removed) {
        return without_idle(value);
    }
    // First, so that the rest is judged by its final neighbours.
    let seen: String = value.chars().filter(|&character| !is_removed(character)).collect();
    Cow::Owned(without_idle(&seen).into_owned())
}

/// The value without the joiners and selectors that have no letter to join or select.
/// A mark belongs to the character before it: a letter with marks is a letter, a symbol with marks is not. NFC, which may
/// compose both, makes no difference.
fn without_idle(value: &str) -> Cow<'_, str> {
    let mut kept = String::with_capacity(value.len());
    let mut is_after_letter = false;
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        if is_joiner(character) {
            let is_before_letter = characters.peek().is_some_and(|&next| super::characters::is_letter(next));
            if is_after_letter && is_before_letter {
                kept.push(character);
            }
            continue;
        }
        if is_selector(character) && !is_after_letter {
            continue;
        }
        kept.push(character);
        is_after_letter = match character.general_category_group() {
            GeneralCategoryGroup::Letter => true,
            GeneralCategoryGroup::Mark => is_after_letter,
            _ => false,
        };
    }
    if kept.len() == value.len() { Cow::Borrowed(value) } else { Cow::Owned(kept) }
}

/// A text that is safe to print: control characters, line breaks, bidirectional controls and invisible characters become
/// escapes (`\t`, `\n`, `\r`, `\u{1b}`). Everything else stays, including backslashes, and the joiners and selectors that
/// scripts and emoji need.
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

/// Whether a terminal would obey a character, reorder text by it, or not show it.
pub fn is_hidden(character: char) -> bool {
    match character {
        ' '..='~' => false,
        // It shows: it turns the character before it into an emoji.
        '\u{fe0f}' => false,
        '\u{2028}' | '\u{2029}' => true,
        _ if is_removed(character) => true,
        _ => character.general_category() == GeneralCategory::Control,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::clean::tests::texts;
    use super::*;

    #[test]
    fn invisible_characters_are_those_of_the_specification() {
        let removed = [
            0xad..=0xad,
            0x34f..=0x34f,
            0x61c..=0x61c,
            0x180e..=0x180e,
            0x200b..=0x200b,
            0x200e..=0x200f,
            0x202a..=0x202e,
            0x2060..=0x2064,
            0x2066..=0x206f,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
        ];
        let beside_letters = [0x200c..=0x200d, 0xe0100..=0xe01ef];
        for character in '\0'..=char::MAX {
            let is_in = |ranges: &[std::ops::RangeInclusive<u32>]| {
                ranges.iter().any(|range| range.contains(&(character as u32)))
            };
            assert_eq!(is_removed(character), is_in(&removed), "{character:?}");
            assert_eq!(is_invisible(character), is_in(&removed) || is_in(&beside_letters), "{character:?}");
            assert!(
                !is_invisible(character) || !crate::core::mask::is_tidy(character.encode_utf8(&mut [0; 4]).as_bytes())
            );
            // Whatever it is, between letters it is gone, or it is one of those that stay there.
            let value = format!("a{character}b");
            assert_eq!(without(&value) == "ab", is_in(&removed), "{character:?}");
            let value = format!("1{character}2");
            assert_eq!(without(&value) == "12", is_invisible(character), "{character:?}");
        }
    }

    #[test]
    fn joiners_and_selectors_stay_beside_letters_alone() {
        for (value, expected) in [
            ("نمی\u{200c}خواهم", "نمی\u{200c}خواهم"),
            ("क्\u{200d}ष", "क्\u{200d}ष"),
            ("র\u{200d}\u{9cd}য", "র\u{200d}\u{9cd}য"),
            ("葛\u{e0100}城", "葛\u{e0100}城"),
            ("葛\u{e0100}", "葛\u{e0100}"),
            ("葛\u{e0100}\u{200d}城", "葛\u{e0100}\u{200d}城"),
            ("👨\u{200d}👩", "👨👩"),
            ("a\u{200d}", "a"),
            ("\u{200d}a", "a"),
            ("a\u{200c} b", "a b"),
            ("a \u{200c}b", "a b"),
            ("1\u{200d}2", "12"),
            ("a\u{200d}1", "a1"),
            ("\u{e0100}a", "a"),
            ("1\u{e01ef}", "1"),
            ("=\u{338}\u{200d}a", "=\u{338}a"),
            // One of several joiners is enough.
            ("a\u{200d}\u{200c}b", "a\u{200c}b"),
            // What is always removed is skipped.
            ("a\u{200b}\u{200d}\u{feff}b", "a\u{200d}b"),
            ("E\u{200e}1\u{ad}2\u{fe0f}", "E12"),
        ] {
            assert_eq!(without(value), expected, "{value:?}");
            assert!(matches!(without(expected), Cow::Borrowed(_)), "{value:?}");
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

    proptest! {
        #[test]
        fn visible_is_stable_and_shows_all(text in texts()) {
            let shown = visible(&text);
            prop_assert!(!shown.contains(is_hidden));
            prop_assert_eq!(visible(&shown), &*shown);
        }
    }
}
