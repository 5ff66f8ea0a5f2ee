//! Text from a file, made safe to print.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::invisible::is_removed;

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
