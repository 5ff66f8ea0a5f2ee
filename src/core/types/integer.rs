//! A signed whole number of 64 bits.

use std::borrow::Cow;

use super::definition::{Facts, Limits, Memory, Parsed, Quick, Refusal, Storage, Type};
use crate::core::finding::{Problem, Range, Wanted, excerpt};
use crate::core::row::RowBuilder;

pub struct Integer;

impl Type for Integer {
    const FACTS: Facts = Facts {
        docs: "A whole number, with or without a sign, that fits into 64 bits. A minus stands before the digits.",
        examples: &[("007", "7"), ("+12", "12"), ("-3", "-3"), ("\u{2212}3", "-3")],
        words: "integer",
        storage: Storage::Integer,
        form: "integer",
        json: Wanted::Integer,
        holds_words: false,
        is_guarded: true,
        settings: &["at_least", "at_most"],
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        let found = || excerpt(&value).to_string();
        let out_of = |range| Problem::OutOfRange { found: found(), range };
        let problem = match integer(&value) {
            Ok(number) if number < limits.at_least => out_of(Range::AtLeast(limits.at_least.to_string())),
            Ok(number) if number > limits.at_most => out_of(Range::AtMost(limits.at_most.to_string())),
            Ok(number) => return Parsed::integer(number),
            Err(IntegerFault::Invalid) => Problem::NotAnInteger { found: found() },
            Err(IntegerFault::OutOfRange) => out_of(Range::Bits),
        };
        Parsed::refused(Refusal::new(problem))
    }

    #[inline(never)] // as texts are more usual
    fn quick(value: &[u8], limits: &Limits, _: &mut Memory, rows: &mut impl RowBuilder) -> Quick {
        match usual(value) {
            Some((number, is_canonical)) if (limits.at_least..=limits.at_most).contains(&number) => {
                rows.push_integer(number);
                Quick::Pushed(is_canonical)
            }
            _ => Quick::Undecided,
        }
    }
}

/// A number of digits that surely fit into 64 bits, with or without a minus; and whether it is written as it is stored.
fn usual(value: &[u8]) -> Option<(i64, bool)> {
    const MOST_DIGITS: usize = 18;
    let (is_negative, digits) = value.strip_prefix(b"-").map_or((false, value), |digits| (true, digits));
    if digits.is_empty() || digits.len() > MOST_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits.iter().fold(0, |number, digit| 10 * number + i64::from(digit - b'0'));
    let is_canonical = if digits[0] == b'0' { digits.len() == 1 && !is_negative } else { true };
    Some((if is_negative { -number } else { number }, is_canonical))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegerFault {
    /// It is no sign and digits.
    Invalid,
    OutOfRange,
}

/// Reads `[+-]?[0-9]+`, leading zeros allowed. U+2212 is the minus that spreadsheets and typesetters write.
pub fn integer(value: &str) -> Result<i64, IntegerFault> {
    let negative = value.strip_prefix(['-', '\u{2212}']);
    let digits = negative.or(value.strip_prefix('+')).unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(IntegerFault::Invalid);
    }
    // Digits are subtracted, because the least number of 64 bits has no positive counterpart.
    let below_zero =
        digits.bytes().try_fold(0_i64, |number, digit| number.checked_mul(10)?.checked_sub(i64::from(digit - b'0')));
    let number = if negative.is_some() { below_zero } else { below_zero.and_then(i64::checked_neg) };
    number.ok_or(IntegerFault::OutOfRange)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn integer_reads_digits_alone() {
        use IntegerFault::*;
        for (value, expected) in [
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("+7", Ok(7)),
            ("007", Ok(7)),
            ("-12", Ok(-12)),
            ("0000000000000000000000000000042", Ok(42)),
            ("9223372036854775807", Ok(i64::MAX)),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("9223372036854775808", Err(OutOfRange)),
            ("-9223372036854775809", Err(OutOfRange)),
            ("99999999999999999999999", Err(OutOfRange)),
            ("99999999999999999999999x", Err(Invalid)),
            ("", Err(Invalid)),
            ("+", Err(Invalid)),
            ("-", Err(Invalid)),
            ("+-1", Err(Invalid)),
            ("--1", Err(Invalid)),
            ("1,200", Err(Invalid)),
            ("12.0", Err(Invalid)),
            ("1e3", Err(Invalid)),
            ("1 000", Err(Invalid)),
            (" 1", Err(Invalid)),
            ("0x10", Err(Invalid)),
            ("1_000", Err(Invalid)),
            ("١٢", Err(Invalid)),
            ("\u{2212}5", Ok(-5)),
            ("\u{2212}9223372036854775808", Ok(i64::MIN)),
            ("\u{2212}9223372036854775809", Err(OutOfRange)),
            ("\u{2212}", Err(Invalid)),
            ("-\u{2212}5", Err(Invalid)),
            ("5-", Err(Invalid)),
            ("5\u{2212}", Err(Invalid)),
            ("\u{2013}5", Err(Invalid)),
            ("１", Err(Invalid)),
        ] {
            assert_eq!(integer(value), expected, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn every_integer_is_read(number in any::<i64>(), zeros in 0usize..4) {
            prop_assert_eq!(integer(&number.to_string()), Ok(number));
            if number >= 0 {
                prop_assert_eq!(integer(&format!("+{}{number}", "0".repeat(zeros))), Ok(number));
            }
        }

        #[test]
        fn nothing_panics(value in any::<String>()) {
            let _ = integer(&value);
        }
    }
}
