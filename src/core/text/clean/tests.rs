//! What cleaning changes, what it refuses, and that it agrees with a plain form of its rules.

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
        // A mark after a space has nothing to combine with.
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
fn null_words_in_any_case() {
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
fn tidy_characters_need_no_cleaning() {
    for character in '\0'..=char::MAX {
        let mut buffer = [0; 4];
        let text: &str = character.encode_utf8(&mut buffer);
        assert_eq!(matches!(nfc(text), Cow::Borrowed(_)), text.nfc().eq(text.chars()), "{character:?}");
        if is_tidy(text.as_bytes()) && character != ' ' {
            assert_eq!(clean_any(text), Ok(Cow::Borrowed(text)), "{character:?}");
        }
    }
}

/// Texts from the characters that matter here, and from all others.
pub(in super::super) fn texts() -> impl Strategy<Value = String> {
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
    fn ascii_is_cleaned_like_any_text(raw in "[ -~\t\r\n\u{b}\0]{0,24}") {
        prop_assert_eq!(clean(&raw), clean_any(&raw));
    }

    #[test]
    fn clean_is_its_steps_in_turn(raw in texts()) {
        let expected = match raw.chars().position(|c| c.is_control() && !c.is_whitespace()) {
            Some(index) => Err(index + 1),
            None => {
                let composed: String = invisible::without(&raw).nfc().collect();
                Ok(composed.split_whitespace().collect::<Vec<_>>().join(" "))
            }
        };
        prop_assert_eq!(clean(&raw).map(Cow::into_owned).map_err(|fault| fault.position), expected);
    }
}
