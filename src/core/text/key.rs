//! Keys, which no two customers may share: how they are compared.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use unicase::UniCase;

use super::{characters::is_letter, clean::nfc, invisible::is_invisible};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyComparison {
    Text,
    /// By their letters (L*, M*) and digits (0 to 9), ignoring case: `DE 123-4` is `de1234`.
    LettersAndDigits,
}

/// The form in which keys are compared: case-folded, without invisible characters, and in NFC.
/// `None` if the key identifies nobody, and so cannot be a duplicate: it is empty, `-`, n/a, na, none, null or unknown, or has
/// only zeros.
pub fn fold(value: &str, comparison: KeyComparison) -> Option<Cow<'_, str>> {
    let folded = if value.is_ascii() { fold_ascii(value, comparison) } else { fold_any(value, comparison) };
    if identifies_nobody(&folded) { None } else { Some(folded) }
}

/// What separates the parts of a key of several columns: no value can hold it.
pub const SEPARATOR: char = '\0';

/// The same for a key of several parts. One that identifies nobody counts as missing; `None` if all do.
pub fn fold_parts<'t>(parts: impl IntoIterator<Item = (&'t str, KeyComparison)>) -> Option<String> {
    let (mut folded, mut identifies) = (String::new(), false);
    for (index, (part, comparison)) in parts.into_iter().enumerate() {
        if index > 0 {
            folded.push(SEPARATOR);
        }
        if let Some(part) = fold(part, comparison) {
            identifies = true;
            folded.push_str(&part);
        }
    }
    identifies.then_some(folded)
}

fn fold_ascii(value: &str, comparison: KeyComparison) -> Cow<'_, str> {
    match comparison {
        KeyComparison::Text if !value.bytes().any(|byte| byte.is_ascii_uppercase()) => Cow::Borrowed(value),
        KeyComparison::Text => Cow::Owned(value.to_ascii_lowercase()),
        KeyComparison::LettersAndDigits => {
            if value.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
                return Cow::Borrowed(value);
            }
            let mut kept = String::with_capacity(value.len());
            kept.extend(value.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()));
            Cow::Owned(kept)
        }
    }
}

fn is_kept(character: char) -> bool {
    character.is_ascii_digit() || is_letter(character) && !is_invisible(character)
}

fn fold_any(value: &str, comparison: KeyComparison) -> Cow<'_, str> {
    let counts = |character: char| match comparison {
        KeyComparison::Text => !is_invisible(character),
        KeyComparison::LettersAndDigits => is_kept(character),
    };
    let kept = if value.chars().all(counts) {
        Cow::Borrowed(value)
    } else {
        let kept: String = value.chars().filter(|&character| counts(character)).collect();
        // What was left out may have separated a letter from its mark.
        Cow::Owned(nfc(&kept).into_owned())
    };
    let folded = UniCase::unicode(&*kept).to_folded_case();
    let folded = match nfc(&folded) {
        Cow::Borrowed(_) => folded,
        Cow::Owned(composed) => composed,
    };
    if folded == value { Cow::Borrowed(value) } else { Cow::Owned(folded) }
}

fn identifies_nobody(folded: &str) -> bool {
    matches!(folded, "" | "-" | "n/a" | "na" | "none" | "null" | "unknown") || folded.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_compared_all_together() {
        let fold = |parts: &[&str]| fold_parts(parts.iter().map(|part| (*part, KeyComparison::Text)));
        for (parts, expected) in [
            (&["A1", "de"][..], Some("a1\0de")),
            (&["a", "1de"], Some("a\u{0}1de")),
            (&["a1", ""], Some("a1\0")),
            (&["", "a1"], Some("\0a1")),
            (&["n/a", "a1", "000"], Some("\0a1\0")),
            (&["n/a", "", "-"], None),
        ] {
            assert_eq!(fold(parts).as_deref(), expected, "{parts:?}");
        }
    }

    #[test]
    fn fold_as_text() {
        for (value, expected) in [
            ("ann@example.com", Some("ann@example.com")),
            ("ANN@Example.com", Some("ann@example.com")),
            ("Straße", Some("strasse")),
            ("STRASSE", Some("strasse")),
            ("ẞ", Some("ss")),
            ("ΟΔΟΣ", Some("οδοσ")),
            ("οδος", Some("οδοσ")),
            ("ÅSA", Some("åsa")),
            ("ǰ", Some("ǰ")),
            ("J\u{30c}", Some("ǰ")),
            ("ﬁ", Some("fi")),
            ("ᾳ", Some("αι")),
            ("K", Some("k")),
            ("A-1", Some("a-1")),
            ("a b", Some("a b")),
            ("00-1", Some("00-1")),
            ("0-0", Some("0-0")),
            ("--", Some("--")),
            ("nap", Some("nap")),
            ("nan", Some("nan")),
            ("n.a.", Some("n.a.")),
            ("0000001", Some("0000001")),
            ("東京", Some("東京")),
            ("نمی\u{200c}خواهم", Some("نمیخواهم")),
            ("葛\u{e0100}城", Some("葛城")),
            ("E\u{200e}1\u{ad}\u{fe0f}\u{202a}", Some("e1")),
            ("u\u{200d}\u{308}", Some("ü")),
            ("", None),
            ("\u{200b}-", None),
            ("-", None),
            ("n/a", None),
            ("N/A", None),
            ("NA", None),
            ("None", None),
            ("NULL", None),
            ("Unknown", None),
            ("0", None),
            ("0000", None),
        ] {
            assert_eq!(fold(value, KeyComparison::Text).as_deref(), expected, "{value:?}");
        }
        for value in ["ann@example.com", "åsa", "東京"] {
            assert!(matches!(fold(value, KeyComparison::Text), Some(Cow::Borrowed(_))), "{value:?}");
        }
    }

    #[test]
    fn fold_by_letters_and_digits() {
        for (value, expected) in [
            ("DE 123-456.789", Some("de123456789")),
            ("de123456789", Some("de123456789")),
            ("ATU 12345678", Some("atu12345678")),
            ("Ä-1", Some("ä1")),
            ("a-\u{308}", Some("ä")),
            ("葛\u{e0100}-\u{34f}1\u{fe0f}", Some("葛1")),
            ("½ №", None),
            ("١-٢", None),
            ("0-01", Some("001")),
            ("n/a1", Some("na1")),
            ("", None),
            ("-", None),
            ("---", None),
            ("./-", None),
            ("😀", None),
            ("n/a", None),
            ("N.A.", None),
            ("(none)", None),
            ("null!", None),
            ("unknown?", None),
            ("00-000/00", None),
            ("0 0", None),
        ] {
            assert_eq!(fold(value, KeyComparison::LettersAndDigits).as_deref(), expected, "{value:?}");
        }
        for value in ["de123", "äö1"] {
            assert!(matches!(fold(value, KeyComparison::LettersAndDigits), Some(Cow::Borrowed(_))), "{value:?}");
        }
    }

    #[test]
    fn fold_is_stable_for_every_character() {
        for character in '\0'..=char::MAX {
            for comparison in [KeyComparison::Text, KeyComparison::LettersAndDigits] {
                let value = String::from_iter(['x', character, 'y']);
                let value = nfc(&value);
                let once = fold(&value, comparison).unwrap_or_default();
                assert_eq!(fold(&once, comparison), Some(Cow::Borrowed(&*once)), "{character:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn fold_is_stable(value in prop_oneof![any::<String>(), "[A-Ca-c0/ \\-\u{301}\u{308}\u{30c}\u{323}\u{345}ßΣΪJᾳ\u{200d}\u{34f}\u{e0100}]{0,12}"]) {
            for comparison in [KeyComparison::Text, KeyComparison::LettersAndDigits] {
                if let Some(once) = fold(&value, comparison) {
                    prop_assert!(unicode_normalization::is_nfc(&once));
                    prop_assert_eq!(fold(&once, comparison), Some(Cow::Borrowed(&*once)));
                }
            }
        }

        #[test]
        fn ascii_takes_no_other_way(value in "[ -~]{0,16}") {
            for comparison in [KeyComparison::Text, KeyComparison::LettersAndDigits] {
                prop_assert_eq!(fold_ascii(&value, comparison), fold_any(&value, comparison));
            }
        }

        #[test]
        fn case_makes_no_difference(value in "[A-Za-zÀ-ÖØ-öø-ÿ0-9 ]{0,12}") {
            let upper = value.to_uppercase();
            prop_assert_eq!(fold(&value, KeyComparison::Text), fold(&upper, KeyComparison::Text));
        }
    }
}
