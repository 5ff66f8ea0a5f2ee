//! Words that a file may use for "no value": [`Nothing`].

/// What a word may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nothing {
    /// No value, wherever it stands.
    Surely,
    /// No value, or a word: `none` may be a choice, `NA` is Namibia, `Null` a surname.
    Perhaps,
}

/// Whether a cleaned value is a word for nothing.
pub(super) fn of(value: &str) -> Option<Nothing> {
    const SURELY: [&str; 25] = [
        "-",
        "--",
        "---",
        "–",
        "—",
        "n/a",
        "#n/b",
        "k.a.",
        "k. a.",
        "keine angabe",
        "keine angaben",
        "n.a.",
        "n. a.",
        "n.v.",
        "s/d",
        "s.d.",
        "(null)",
        "<null>",
        "(leer)",
        "(blank)",
        "(none)",
        "(unknown)",
        "00.00.0000",
        "0000-00-00",
        "0000-00-00 00:00:00",
    ];
    const PERHAPS: [&str; 5] = ["null", "nil", "none", "na", "unknown"];
    const LONGEST: usize = 19;
    // Nearly all values end here.
    let may_be =
        |first: &u8| matches!(first | 0x20, b'-' | b'0' | b'n' | b'#' | b'k' | b's' | b'(' | b'<' | b'u' | 0xe2);
    if value.len() > LONGEST || !value.as_bytes().first().is_some_and(may_be) {
        return None;
    }
    let is_one_of = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(value));
    match () {
        // As databases and programs write it.
        () if matches!(value, "NULL" | "null" | "NaN") || is_one_of(&SURELY) => Some(Nothing::Surely),
        () if is_one_of(&PERHAPS) => Some(Nothing::Perhaps),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::text::is_null_word;

    #[test]
    fn words_for_nothing() {
        for word in ["-", "k.A.", "K. A.", "N/A", "NULL", "null", "(Leer)", "00.00.0000"] {
            assert_eq!(of(word), Some(Nothing::Surely), "{word}");
        }
        for word in ["Null", "none", "NA", "Unknown"] {
            // A type that holds no words takes them for nothing anyway.
            assert!(of(word) == Some(Nothing::Perhaps) && is_null_word(word), "{word}");
        }
        for word in ["", "Nullmeier", "x", "0", "00", "00.00.0001", "?", "not applicable at all"] {
            assert_eq!(of(word), None, "{word}");
        }
    }
}
