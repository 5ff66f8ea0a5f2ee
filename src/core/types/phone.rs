//! A phone number: its digits, whatever separates them.

use std::borrow::Cow;
use std::ops::Range;

use super::definition::{Facts, Limits, Memory, Parsed, Quick, Refusal, Type};
use crate::core::finding::{Problem, TextKind};
use crate::core::text::sheet::{self, Rewritten};
use crate::core::{row::RowBuilder, text::ascii_digits};

pub struct Phone;

impl Type for Phone {
    const FACTS: Facts = Facts {
        docs: "A phone number, stored as its digits.",
        examples: &[
            ("(541) 754-3010", "5417543010"),
            ("+44 (0)20 7946 0000", "442079460000"),
            ("tel:0351123456", "0351123456"),
        ],
        words: "digits, after phone normalisation",
        holds_words: false,
        is_identifier: true,
        is_guarded: true,
        never_rewritten: true,
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        let digits = match normalise(&value) {
            Ok(Cow::Borrowed(digits)) if digits.len() == value.len() => value,
            Ok(digits) => Cow::Owned(digits.into_owned()),
            Err(_) if limits.relaxed => value,
            Err(problem) => {
                let relaxable = limits.allow_length(value.as_bytes());
                return Parsed::refused(Refusal { relaxable, ..Refusal::new(problem) });
            }
        };
        Parsed::text(digits, limits, TextKind::Phone)
    }

    /// Many programs export `.0`. With more zeros, as in 555.0000, the number of digits before the point distinguishes a phone
    /// number from a quantity.
    fn is_rewritten(value: &str) -> bool {
        match sheet::rewritten(ascii_digits(without_scheme(value)).as_bytes()) {
            Some(Rewritten::Exponent) => true,
            Some(Rewritten::Zeros(digits, zeros)) => zeros == 1 || digits >= 7,
            None => false,
        }
    }

    #[inline(always)]
    fn quick(value: &[u8], limits: &Limits, _: &mut Memory, rows: &mut impl RowBuilder) -> Quick {
        let space = rows.space(value.len());
        let Some(length) = plain_digits(value, space) else { return Quick::Undecided };
        let digits = &space[..length];
        match limits.allow_length(digits) && limits.allow_characters(digits) {
            false => Quick::Undecided,
            // Only separators are removed.
            true if length == value.len() => Quick::Same,
            true => Quick::Normalised(length),
        }
    }
}

/// Normalises a cleaned value to its digits, 0 to 9.
/// Digits of every script become ASCII. Removed are: a leading `tel:`, `(0)` after a leading `+`, spaces, `( ) .`, hyphens and
/// dashes, one leading `+`, and one `/` after at most six digits. Anything else is an error.
pub fn normalise(value: &str) -> Result<Cow<'_, str>, Problem> {
    let value = without_scheme(value);
    let digits = value.strip_prefix('+').unwrap_or(value);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Cow::Borrowed(digits));
    }
    let value = ascii_digits(value);
    digits_of(&value).map(Cow::Owned)
}

/// [`normalise`] for most numbers: ASCII digits, a leading `+`, and spaces, hyphens and brackets between. Writes the digits to
/// the front of `digits`, which is as long as the value, and returns their number; `None` for any other value.
fn plain_digits(value: &[u8], digits: &mut [u8]) -> Option<usize> {
    const SEPARATORS: u64 = 1 << b' ' | 1 << b'-' | 1 << b'(' | 1 << b')' | 1 << b'.';
    let has_plus = value.first() == Some(&b'+');
    let (mut length, mut dots, mut brackets, mut is_plain) = (0, 0, false, true);
    for &byte in &value[usize::from(has_plus)..] {
        let is_digit = byte.is_ascii_digit();
        digits[length] = byte;
        length += usize::from(is_digit);
        dots += usize::from(byte == b'.');
        brackets |= byte == b'(';
        is_plain &= is_digit | (byte < 64 && SEPARATORS >> (byte & 63) & 1 != 0);
    }
    // One dot may be a decimal point.
    let has_trunk_zero = has_plus && brackets && trunk_zero(value).is_some();
    (is_plain && length > 0 && dots != 1 && !has_trunk_zero).then_some(length)
}

/// The range of a zero alone in brackets.
fn trunk_zero(value: &[u8]) -> Option<Range<usize>> {
    let mut opened = None;
    for (index, byte) in value.iter().enumerate() {
        match (byte, opened) {
            (b'(', _) => opened = Some((index, false)),
            (b'0', Some((start, false))) => opened = Some((start, true)),
            (b')', Some((start, true))) => return Some(start..index + 1),
            (b' ', _) => {}
            _ => opened = None,
        }
    }
    None
}

fn is_separator(character: char) -> bool {
    matches!(character, ' ' | '(' | ')' | '.' | '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn digits_of(value: &str) -> Result<String, Problem> {
    // The trunk zero is only dialled inside the country, so it is not part of a number with a country code.
    let is_international = value.trim_start_matches(is_separator).starts_with('+');
    let (front, back) = match trunk_zero(value.as_bytes()) {
        Some(zero) if is_international => (&value[..zero.start], &value[zero.end..]),
        _ => (value, ""),
    };
    let mut digits = String::with_capacity(value.len());
    let (mut seen_plus, mut seen_slash) = (false, false);
    for character in front.chars().chain(back.chars()) {
        match character {
            '0'..='9' => digits.push(character),
            '+' if digits.is_empty() && !seen_plus && !seen_slash => seen_plus = true,
            // After more digits than an area code, it separates two numbers.
            '/' if digits.len() <= 6 && !seen_slash => seen_slash = true,
            _ if is_separator(character) => {}
            _ => return Err(Problem::PhoneCharacter { found: character }),
        }
    }
    if digits.is_empty() {
        return Err(Problem::PhoneWithoutDigits);
    }
    Ok(digits)
}

fn without_scheme(value: &str) -> &str {
    const SCHEME: &str = "tel:";
    match value.split_at_checked(SCHEME.len()) {
        Some((front, rest)) if front.eq_ignore_ascii_case(SCHEME) => rest.trim_start(),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn normalise_keeps_the_digits() {
        for (value, expected) in [
            ("5417543010", "5417543010"),
            ("+15417543010", "15417543010"),
            ("1", "1"),
            ("(541) 754-3010", "5417543010"),
            ("541.754.3010", "5417543010"),
            ("555.0000", "5550000"),
            ("541.7543010", "5417543010"),
            ("1.00", "100"),
            ("123456.00", "12345600"),
            ("541-754-3010", "5417543010"),
            ("541\u{2010}754\u{2011}30\u{2012}1\u{2013}0", "5417543010"),
            ("541\u{2014}754\u{2015}3010\u{2212}", "5417543010"),
            ("+1 (541) 754 3010", "15417543010"),
            ("(+1) 541 754 3010", "15417543010"),
            ("-+1 541", "1541"),
            ("+44 (0)20 7946 0000", "442079460000"),
            ("+44(0)2079460000", "442079460000"),
            ("+44 ( 0 ) 20 7946 0000", "442079460000"),
            ("+44 (0 )20 7946 0000", "442079460000"),
            ("+44 (00) 20 (0 1)", "44002001"),
            ("(+44)(0)20 7946 0000", "442079460000"),
            ("+ 44 (0) 20 7946 0000", "442079460000"),
            ("+(0)44", "44"),
            // Without a country code the zero is dialled.
            ("(0)20 7946 0000", "02079460000"),
            ("(0) +44", ""),
            ("0044 (0)20 7946 0000", "004402079460000"),
            ("+44 (020) 7946", "440207946"),
            ("+44 (0)20 (0)5", "442005"),
            ("0221/123456", "0221123456"),
            ("+49 2241/123456", "492241123456"),
            ("+49 (0)2241/123456", "492241123456"),
            ("030 / 12 34 56", "030123456"),
            ("123456/7", "1234567"),
            ("/123", "123"),
            ("12/", "12"),
            ("٠١٢ ٣٤٥", "012345"),
            ("＋1", ""),
            ("+٤٤ (٠)٢٠", "4420"),
            ("tel:+49-351-123456", "49351123456"),
            ("TEL: +49 (0)351 123456", "49351123456"),
            ("Tel:0351123456", "0351123456"),
            ("０３-１２３４", "031234"),
            ("𝟎𝟗𝟘𝟡", "0909"),
            ("000", "000"),
        ] {
            if expected.is_empty() {
                assert!(
                    matches!(normalise(value), Err(Problem::PhoneCharacter { .. } | Problem::PhoneWithoutDigits)),
                    "{value:?}"
                );
            } else {
                assert_eq!(normalise(value), Ok(Cow::Borrowed(expected)), "{value:?}");
            }
        }
        for value in ["5417543010", "+15417543010"] {
            assert!(matches!(normalise(value), Ok(Cow::Borrowed(_))), "{value:?}");
        }
    }

    #[test]
    fn normalise_names_the_first_character_left() {
        for (value, found) in [
            ("541-754-3010 ext. 5", Some('e')),
            ("x", Some('x')),
            ("n/a", Some('n')),
            ("1-800-FLOWERS", Some('F')),
            ("5417543010/11", Some('/')),
            ("1234567/8", Some('/')),
            ("0541/754/3010", Some('/')),
            ("1/+2", Some('+')),
            ("/+1", Some('+')),
            ("++1", Some('+')),
            ("1+2", Some('+')),
            ("541,754", Some(',')),
            ("5417543010,5", Some(',')),
            ("541,00", Some(',')),
            ("tel:tel:1", Some('t')),
            ("tel:", None),
            ("tel:+49351;ext=5", Some(';')),
            ("tel 1", Some('t')),
            ("12E5", Some('E')),
            ("5417543010;5417543011", Some(';')),
            ("5417543010 & 11", Some('&')),
            ("#123", Some('#')),
            ("*100", Some('*')),
            ("☎ 123", Some('☎')),
            ("541\u{ad}754", Some('\u{ad}')),
            ("1\u{202e}2", Some('\u{202e}')),
            ("541\u{a0}754", Some('\u{a0}')),
            ("½", Some('½')),
            ("'0123", Some('\'')),
            ("5E", Some('E')),
            ("5E+", Some('E')),
            ("E9", Some('E')),
            ("", None),
            ("+", None),
            ("-", None),
            ("( ) .", None),
            ("/", None),
            ("+(0)", None),
        ] {
            let problem = found.map_or(Problem::PhoneWithoutDigits, |found| Problem::PhoneCharacter { found });
            assert_eq!(normalise(value), Err(problem), "{value:?}");
        }
    }

    #[test]
    fn what_a_spreadsheet_wrote_is_never_digits() {
        for value in [
            "5.41754E+09",
            "5,41754E+09",
            "5.41754e9",
            "5.41754E-09",
            "+5.41754E+09",
            "-5.41754E+09",
            "5E+9",
            "5.E+9",
            "tel:5.41754E+09",
            "5417543010,0",
            "4.4207946E+11",
            "5417543010.0",
            "+5417543010.0",
            "-5417543010.0",
            "5417543010.00",
            "1234567.00",
            "1234567.0000",
            "555.0",
            "0.0",
            "٥٤١٧٥٤٣٠١٠.٠",
        ] {
            assert!(Phone::is_rewritten(value), "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn plain_digits_are_those_of_normalise(value in "[+]?[0-9 ().+eE/-]{0,16}") {
            let mut digits = vec![0; value.len()];
            if let Some(length) = plain_digits(value.as_bytes(), &mut digits) {
                let expected = normalise(&value).unwrap();
                prop_assert_eq!(expected.as_bytes(), &digits[..length]);
            }
        }

        #[test]
        fn normalise_gives_digits_and_is_stable(value in prop_oneof![any::<String>(), "(tel:|TEL: )?[0-9()+/. \\-٠٣–eE]{0,16}"]) {
            if let Ok(once) = normalise(&value) {
                prop_assert!(!once.is_empty() && once.bytes().all(|byte| byte.is_ascii_digit()));
                prop_assert_eq!(normalise(&once), Ok(Cow::Borrowed(&*once)));
            }
        }

        #[test]
        fn plain_digits_take_no_other_way(value in "\\+?[0-9]{1,16}") {
            prop_assert_eq!(normalise(&value).map(Cow::into_owned), digits_of(&value));
        }

        #[test]
        fn two_zeros_are_a_quantity_with_seven_digits(whole in "[0-9]{1,10}") {
            prop_assert_eq!(Phone::is_rewritten(&[&*whole, ".00"].concat()), whole.len() >= 7);
            prop_assert!(Phone::is_rewritten(&[&*whole, ".0"].concat()));
            prop_assert!(!Phone::is_rewritten(&whole));
        }
    }
}
