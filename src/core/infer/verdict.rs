//! As what a value can be read: [`Verdict`]. Equal verdicts are counted together, so that the share of values that fit any
//! combination of formats is known in the end.

use std::borrow::Cow;

use super::dates::{self, Time};
use super::numbers::{self, Form};
use crate::core::record::json::JsonValue;
use crate::core::text::sheet;
use crate::core::types::{FieldType, country, definition::Limits, integer};

/// What a value can be, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Verdict {
    pub(super) kinds: u16,
    /// The formats of a day, and what follows it.
    pub(super) days: u32,
    pub(super) time: Time,
    /// Its year of two digits, if it is written so.
    pub(super) short_year: Option<u8>,
    /// The forms of a decimal, its last mark (0 for none), and the digits after that.
    pub(super) decimals: u8,
    pub(super) mark: u8,
    pub(super) after: u8,
}

/// In place of a mark: a number of JSON or of a spreadsheet has a decimal point, whatever the texts of the column have.
const JSON_MARK: u8 = b'j';

impl Verdict {
    /// The number of decimals, if it is read in this form.
    pub(super) fn scale(&self, form: Form) -> u8 {
        if self.mark == form.decimal || self.mark == JSON_MARK { self.after } else { 0 }
    }
}

pub(super) const TEXT: u16 = 1;
pub(super) const INTEGER: u16 = 1 << 1;
pub(super) const FLAG: u16 = 1 << 2;
pub(super) const EMAIL: u16 = 1 << 3;
pub(super) const PHONE: u16 = 1 << 4;
pub(super) const COUNTRY: u16 = 1 << 5;
pub(super) const URL: u16 = 1 << 6;
pub(super) const LIST: u16 = 1 << 7;
/// What a spreadsheet has made of a number, which an identifier must not be.
pub(super) const REWRITTEN: u16 = 1 << 8;
/// Digits that a number would lose: leading zeros, a plus sign, or very many.
pub(super) const IDENTIFIER: u16 = 1 << 9;
/// A number with a decimal mark or groups.
pub(super) const MARKED: u16 = 1 << 10;
/// It begins like a phone number: with a plus sign, a bracket, or two zeros and not digits alone.
pub(super) const DIALLED: u16 = 1 << 11;
/// A word that is missing in a field that holds no words.
pub(super) const NULL_WORD: u16 = 1 << 12;
/// It has white space in it.
pub(super) const SPACED: u16 = 1 << 13;
/// It begins as web addresses do.
pub(super) const SCHEME: u16 = 1 << 15;
/// A number of more digits than a database's floating-point number has.
pub(super) const LONG: u16 = 1 << 14;

/// The kinds that are tested one by one.
pub(super) const TESTED: u16 = INTEGER | FLAG | EMAIL | PHONE | COUNTRY | URL;

/// Integers of more digits are identifiers: programs that read them as floating-point numbers change them.
const MOST_DIGITS: usize = 15;

/// No limits: a guess is about types, and lengths are measured.
pub(super) fn no_limits() -> Limits {
    Limits { max: usize::MAX / 8, ..Limits::default() }
}

/// Tests values.
#[derive(Clone, Debug)]
pub(super) struct Tests {
    limits: Limits,
    /// The kinds that are still tested, and whether dates and decimals are.
    pub(super) open: u16,
    pub(super) dates: bool,
    pub(super) decimals: bool,
}

impl Default for Tests {
    fn default() -> Tests {
        Tests { limits: no_limits(), open: TESTED, dates: true, decimals: true }
    }
}

impl Tests {
    /// A cleaned value that is not missing.
    pub(super) fn text(&self, value: &str) -> Verdict {
        let bytes = value.as_bytes();
        let has_digit = bytes.iter().any(u8::is_ascii_digit);
        let starts_like_number = matches!(bytes.first(), Some(b'0'..=b'9' | b'+' | b'-'));
        let mut verdict = Verdict { kinds: TEXT | self.shape(value), ..Verdict::default() };
        for (kind, is_possible) in [
            (INTEGER, starts_like_number || bytes.first() == Some(&b'\'')),
            (FLAG, bytes.len() <= 5),
            (EMAIL, memchr::memchr(b'@', bytes).is_some()),
            (PHONE, has_digit || !value.is_ascii()),
            (COUNTRY, !has_digit),
            (URL, bytes.contains(&b'.')),
        ] {
            if is_possible && self.open & kind != 0 && self.is(kind, value) {
                verdict.kinds |= kind;
            }
        }
        if self.dates
            && has_digit
            && let Some(dated) = dates::read(value)
        {
            (verdict.days, verdict.time, verdict.short_year) = (dated.days, dated.time, dated.short_year);
        }
        if self.decimals
            && starts_like_number
            && let Some(number) = numbers::read(value)
        {
            (verdict.decimals, verdict.mark, verdict.after) = (number.forms, number.mark, number.after);
            verdict.kinds |= if number.mark != 0 { MARKED } else { 0 };
            verdict.kinds |= if number.digits > numbers::MOST_DIGITS { LONG } else { 0 };
        }
        verdict
    }

    /// A spreadsheet's number with decimals, or its date, which any field of that type takes, whatever it says of texts.
    pub(super) fn typed(&self, value: &str) -> Verdict {
        let mut verdict = self.text(value);
        if verdict.days != 0 && verdict.time == Time::None {
            verdict.days = u32::MAX;
        }
        if verdict.decimals != 0 {
            (verdict.decimals, verdict.mark) = (u8::MAX, JSON_MARK);
        }
        verdict
    }

    /// A JSON value that is neither a text nor null, and is `written` like this.
    pub(super) fn json(&self, value: &JsonValue<'_>, written: &str) -> Verdict {
        match value {
            JsonValue::Number(_) if !written.contains(['.', 'e', 'E']) => self.text(written),
            JsonValue::Number(_) => match numbers::read(written) {
                Some(number) => {
                    let long = if number.digits > numbers::MOST_DIGITS { LONG } else { 0 };
                    let (mark, after) = (JSON_MARK, number.after);
                    Verdict { kinds: MARKED | long, decimals: u8::MAX, mark, after, ..Verdict::default() }
                }
                None => Verdict::default(),
            },
            JsonValue::Bool(_) => Verdict { kinds: FLAG, ..Verdict::default() },
            JsonValue::Array(_) => {
                let list = FieldType::List.parse_json(value, &self.limits);
                let is_list = list.is_some_and(|parsed| parsed.refusals.is_empty());
                Verdict { kinds: if is_list { LIST } else { 0 }, ..Verdict::default() }
            }
            _ => Verdict::default(),
        }
    }

    fn is(&self, kind: u16, value: &str) -> bool {
        let fits = |kind: FieldType, value| kind.parse(Cow::Borrowed(value), &self.limits).refusals.is_empty();
        // These types take a spreadsheet's apostrophe off.
        let unguarded = value.strip_prefix('\'').map_or(value, str::trim_start);
        match kind {
            INTEGER => integer::integer(unguarded).is_ok(),
            FLAG => fits(FieldType::Flag, value),
            EMAIL => fits(FieldType::Email, value),
            PHONE => !FieldType::Phone.is_rewritten(unguarded) && fits(FieldType::Phone, unguarded),
            COUNTRY => country::names::code_of(value).is_some(),
            _ => fits(FieldType::Url, value),
        }
    }

    fn shape(&self, value: &str) -> u16 {
        let bytes = value.as_bytes();
        let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
        let is_kept = match bytes {
            // A number with decimals, too: `00.30` is half past midnight, or a code.
            [b'0', b'0'..=b'9', ..] => digits == bytes.len() || numbers::read(value).is_some(),
            [b'+' | b'\'', ..] => digits + 1 == bytes.len(),
            _ => digits == bytes.len() && digits > MOST_DIGITS,
        };
        let is_dialled = matches!(bytes, [b'+', b'0'..=b'9' | b' ' | b'(', ..] | [b'(', b'0'..=b'9' | b'+', ..]);
        let mut shape = 0;
        for (bit, has_it) in [
            (IDENTIFIER, is_kept),
            // Digits alone may be a number of anything.
            (DIALLED, (is_dialled || bytes.starts_with(b"00") && digits < bytes.len()) && !numbers::is_amount(value)),
            (REWRITTEN, sheet::rewritten(bytes).is_some() || sheet::is_too_narrow(value)),
            (NULL_WORD, crate::core::text::is_null_word(value)),
            (SPACED, bytes.contains(&b' ')),
            (SCHEME, has_scheme(value)),
        ] {
            shape |= if has_it { bit } else { 0 };
        }
        shape
    }
}

/// Whether a value begins like the address of a web page: most texts with a dot could be one.
fn has_scheme(value: &str) -> bool {
    let begins = |front: &str| value.get(..front.len()).is_some_and(|found| found.eq_ignore_ascii_case(front));
    ["https://", "http://", "www."].into_iter().any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_tested_for_each_kind() {
        for (value, kinds) in [
            ("Ann", TEXT),
            ("Ann Smith", TEXT | SPACED),
            ("42", TEXT | INTEGER | PHONE),
            ("0042", TEXT | INTEGER | PHONE | IDENTIFIER),
            ("'42", TEXT | INTEGER | PHONE | IDENTIFIER),
            ("1234567890123456", TEXT | INTEGER | PHONE | IDENTIFIER | LONG),
            ("99999999999999999999", TEXT | PHONE | IDENTIFIER | LONG),
            ("1", TEXT | INTEGER | FLAG | PHONE),
            ("yes", TEXT | FLAG),
            ("ann@example.com", TEXT | EMAIL),
            ("ann@example", TEXT),
            ("+49 30 1234", TEXT | PHONE | DIALLED | SPACED),
            ("Germany", TEXT | COUNTRY),
            ("DE", TEXT | COUNTRY),
            ("https://example.com/a", TEXT | URL | SCHEME),
            ("example.com", TEXT | URL),
            ("https://example", TEXT | SCHEME),
            ("1.5E+12", TEXT | REWRITTEN),
            ("NA", TEXT | COUNTRY | NULL_WORD),
            ("12,50", TEXT | MARKED),
            ("(0.50)", TEXT | PHONE),
            ("00.30", TEXT | PHONE | MARKED | IDENTIFIER),
            ("0.30", TEXT | PHONE | MARKED),
        ] {
            assert_eq!(Tests::default().text(value).kinds, kinds, "{value}");
        }
    }

    #[test]
    fn json_values_are_tested_as_they_are_judged() {
        use JsonValue::{Array, Bool, Number, Object};
        for (value, written, kinds) in [
            (Bool(true), "true", FLAG),
            (Number("7"), "7", TEXT | INTEGER | PHONE),
            (Number("7.5"), "7.5", MARKED),
            (Number("1e5"), "1e5", 0),
            (Array("[\"a\"]"), "[\"a\"]", LIST),
            (Array("[{}]"), "[{}]", 0),
            (Object, "{}", 0),
        ] {
            assert_eq!(Tests::default().json(&value, written).kinds, kinds, "{written}");
        }
    }
}
