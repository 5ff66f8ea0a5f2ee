//! The traces of spreadsheets in values of any format: guards (`="00042"`), error words (`#N/A`) and rewritten numbers
//! (`5.41754E+09`, `5417543010.0`).

use std::borrow::Cow;

/// A cleaned value without the formula that kept a spreadsheet from changing it: `="00042"` is `00042`. Quotes inside are
/// doubled. Any other formula stays.
fn without_formula(value: Cow<'_, str>) -> Cow<'_, str> {
    let Some(quoted) = text_of_formula(&value) else { return value };
    if quoted.contains('"') {
        return Cow::Owned(quoted.replace("\"\"", "\"").trim().to_owned());
    }
    match value {
        Cow::Borrowed(value) => Cow::Borrowed(text_of_formula(value).unwrap_or(value).trim()),
        Cow::Owned(_) => Cow::Owned(quoted.trim().to_owned()),
    }
}

/// The text between the quotes of a formula that is only a text.
fn text_of_formula(value: &str) -> Option<&str> {
    let quoted = value.strip_prefix("=\"")?.strip_suffix('"')?;
    let mut pieces = quoted.split("\"\"");
    pieces.all(|piece| !piece.contains('"')).then_some(quoted)
}

/// Whether a cleaned value is what a spreadsheet exports for a number in a column that is too narrow.
pub fn is_too_narrow(value: &str) -> bool {
    value.len() >= 3 && value.bytes().all(|byte| byte == b'#')
}

/// Whether a cleaned value is the error of a spreadsheet that could not calculate a cell.
pub fn is_error_word(value: &str) -> bool {
    const WORDS: [&str; 7] = ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"];
    value.starts_with('#') && WORDS.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// Whether a text looks like an error of LibreOffice or Excel, in any language: `#N/A`, `#WERT!`, `Err:502`.
pub fn looks_like_error(text: &str) -> bool {
    if let Some(number) = text.strip_prefix("Err:") {
        return number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    }
    let Some(name) = text.strip_prefix('#') else { return false };
    matches!(name, "N/A" | "NV" | "N/D" | "GETTING_DATA") || (name.len() <= 16 && name.ends_with(['!', '?']))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewritten {
    /// With an exponent: `5.41754E+09`.
    Exponent,
    /// With zeros as decimals: `5417543010.0`. The number of digits before the point, and of zeros.
    Zeros(usize, usize),
}

/// How a spreadsheet has rewritten a number. An exponent needs a sign or a point: `12E5` may be an article number.
#[inline(never)]
pub fn rewritten(value: &[u8]) -> Option<Rewritten> {
    let (whole, rest) = split_digits(unsigned(value));
    // Nearly all values end here.
    let (mark, rest) = rest.split_first()?;
    if whole == 0 {
        return None;
    }
    let is_power = |exponent: &[u8]| matches!(split_digits(exponent), (1.., []));
    match mark {
        b'e' | b'E' => (unsigned(rest).len() < rest.len() && is_power(unsigned(rest))).then_some(Rewritten::Exponent),
        b'.' | b',' => match split_digits(rest) {
            (_, [b'e' | b'E', exponent @ ..]) => is_power(unsigned(exponent)).then_some(Rewritten::Exponent),
            (decimals @ 1.., []) if rest.iter().all(|byte| *byte == b'0') => Some(Rewritten::Zeros(whole, decimals)),
            _ => None,
        },
        _ => None,
    }
}

fn unsigned(value: &[u8]) -> &[u8] {
    match value {
        [b'+' | b'-', rest @ ..] => rest,
        _ => value,
    }
}

/// The number of leading ASCII digits, and what follows them.
fn split_digits(value: &[u8]) -> (usize, &[u8]) {
    let end = value.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.len());
    (end, &value[end..])
}

/// A cleaned value without a leading apostrophe (if `has_apostrophe`), and without a formula around it.
pub fn without_guards(cleaned: Cow<'_, str>, has_apostrophe: bool) -> Cow<'_, str> {
    let value = match cleaned.strip_prefix('\'') {
        Some(rest) if has_apostrophe => match cleaned {
            Cow::Borrowed(value) => Cow::Borrowed(value[1..].trim_start()),
            Cow::Owned(_) => Cow::Owned(rest.trim_start().to_string()),
        },
        _ => cleaned,
    };
    without_formula(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_formula_that_is_a_text_is_that_text() {
        for (value, expected) in [
            ("=\"00042\"", "00042"),
            ("=\"a \"\"b\"\"\"", "a \"b\""),
            ("=\"\"\"\"", "\""),
            ("=\"\"", ""),
            ("=\" 1 \"", "1"),
            ("=\"=1+1\"", "=1+1"),
            // Nothing else is a guard.
            ("=\"", "=\""),
            ("=\"\"\"", "=\"\"\""),
            ("=\"a\"&\"b\"", "=\"a\"&\"b\""),
            ("=\"a\"b\"", "=\"a\"b\""),
            ("= \"a\"", "= \"a\""),
            ("=\"a\" ", "=\"a\" "),
            ("=00042", "=00042"),
            ("\"00042\"", "\"00042\""),
            ("=", "="),
            ("", ""),
        ] {
            assert_eq!(without_formula(Cow::Borrowed(value)), expected, "{value}");
            assert_eq!(without_formula(Cow::Owned(value.to_string())), expected, "{value}");
        }
        assert!(matches!(without_formula(Cow::Borrowed("=\" 1\"")), Cow::Borrowed("1")));
    }

    #[test]
    fn error_words_are_those_of_the_specification() {
        for word in ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#n/a", "#Div/0!"] {
            assert!(is_error_word(word), "{word}");
        }
        for word in ["#N/A", "#WERT!", "#DIV/0!", "Err:502", "#GETTING_DATA"] {
            assert!(looks_like_error(word), "{word}");
        }
        for word in ["", "#", "#4 Main St", "Err:5", "Err:none", "N/A", "#a text that is much too long!"] {
            assert!(!looks_like_error(word), "{word}");
        }
        for word in ["", "#", "#1", "N/A", "#N/A!", "#NAME", "# N/A", "#N/A, #REF!", "#4 Main St", "Err:502"] {
            assert!(!is_error_word(word), "{word}");
        }
    }

    #[test]
    fn a_column_may_be_too_narrow() {
        assert!(["###", "########"].into_iter().all(is_too_narrow));
        assert!(!["", "#", "##", "###1", "# ##"].into_iter().any(is_too_narrow));
    }

    #[test]
    fn numbers_that_a_spreadsheet_has_rewritten() {
        use Rewritten::*;
        for (value, expected) in [
            ("5.41754E+09", Some(Exponent)),
            ("5,41754E+09", Some(Exponent)),
            ("5.41754e9", Some(Exponent)),
            ("-5.41754E-09", Some(Exponent)),
            ("1E+12", Some(Exponent)),
            ("1e-3", Some(Exponent)),
            ("1.E12", Some(Exponent)),
            ("5417543010.0", Some(Zeros(10, 1))),
            ("+5417543010,00", Some(Zeros(10, 2))),
            ("0.0", Some(Zeros(1, 1))),
            ("12E5", None),
            ("12e5", None),
            ("E+12", None),
            ("1E+", None),
            ("1.5E", None),
            ("1.5E+1x", None),
            ("1E+1.5", None),
            ("12.5", None),
            ("12.50", None),
            ("12.", None),
            (".0", None),
            ("1.2.0", None),
            ("1.000.000", None),
            ("A1.0", None),
            ("1.0A", None),
            ("--1.0", None),
            ("42", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(rewritten(value.as_bytes()), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn what_is_rewritten_follows_its_pattern(
            sign in "[+-]?", whole in "[0-9]{1,10}", decimals in "[.,][0-9]{1,6}", power in "[0-9]{1,3}", e in "[eE]",
        ) {
            for value in [format!("{sign}{whole}{decimals}{e}{power}"), format!("{sign}{whole}{decimals}{e}-{power}"), format!("{sign}{whole}{e}+{power}")] {
                prop_assert_eq!(rewritten(value.as_bytes()), Some(Rewritten::Exponent), "{}", value);
            }
            let bare = format!("{sign}{whole}{e}{power}");
            prop_assert_eq!(rewritten(bare.as_bytes()), None);
            let number = format!("{sign}{whole}{decimals}");
            let is_zero = decimals[1..].bytes().all(|byte| byte == b'0');
            prop_assert_eq!(rewritten(number.as_bytes()).is_some(), is_zero);
        }
    }
}
