//! A number with decimals.

use std::borrow::Cow;

use super::decimals::{DEFAULT, Decimals, REAL_DIGITS, StoreAs, Written, exact};
use super::definition::{Facts, Limits, Memory, Parsed, Quick, Refusal, Rules, Storage, Stored, Type};
use crate::core::finding::{Problem, Range, Wanted, excerpt};
use crate::core::{record::json::JsonValue, row::RowBuilder};

pub struct Decimal;

impl Type for Decimal {
    const FACTS: Facts = Facts {
        docs: "A number with decimals, read exactly. The profile says what stands before the decimals (a point, unless it says \
               `decimal = \",\"`), what groups the digits (nothing), how many decimals there may be, and how it is stored: as \
               a floating-point number of at most 15 digits, as text, or in the smallest units. A minus may follow the digits.",
        examples: &[("12.50", "12.5"), ("-0.1", "-0.1"), ("+007", "7"), (".5", "0.5"), ("3.20-", "-3.2")],
        words: "decimal",
        storage: Storage::Real,
        form: "decimal",
        json: Wanted::Number,
        holds_words: false,
        is_guarded: true,
        settings: &["at_least", "at_most", "decimal", "group", "scale", "store"],
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        let rules = rules(limits);
        parsed(&value, rules.written(), rules)
    }

    /// A JSON number has a point, whatever the field says.
    fn parse_json(value: &JsonValue<'_>, limits: &Limits) -> Option<Parsed<'static>> {
        let JsonValue::Number(number) = value else { return None };
        let written = number.contains('.') && !number.contains(['e', 'E']);
        written.then(|| parsed(number, Written::PLAIN, rules(limits)))
    }

    /// Digits with or without decimals, as few as a floating-point number keeps.
    #[inline(never)] // as texts are more usual
    fn quick(value: &[u8], limits: &Limits, _: &mut Memory, rows: &mut impl RowBuilder) -> Quick {
        let rules = rules(limits);
        let Some((least, most)) = rules.quick else { return Quick::Undecided };
        let Some(plain) = Plain::of(value, rules.point) else { return Quick::Undecided };
        if rules.scale.is_some_and(|scale| plain.decimals > scale as usize) || !(least..=most).contains(&plain.real()) {
            return Quick::Undecided;
        }
        match rules.store {
            StoreAs::Real => {
                rows.push_real(plain.real());
                Quick::Pushed(plain.is_canonical && (rules.point == '.' || plain.decimals == 0))
            }
            StoreAs::Text => Quick::Undecided,
            StoreAs::Minor => {
                let scale = rules.scale.unwrap_or_default() as usize;
                let power = scale.checked_sub(plain.decimals).and_then(|zeros| POWERS.get(zeros));
                let minor = power.and_then(|power| plain.units.checked_mul(*power));
                let Some(minor) = minor else { return Quick::Undecided };
                rows.push_integer(minor);
                Quick::Pushed(plain.is_canonical && (scale == 0 || minor == 0))
            }
        }
    }
}

fn rules(limits: &Limits) -> &Decimals {
    if let Rules::Decimals(rules) = &limits.rules { rules } else { &DEFAULT }
}

/// A number of at most [`REAL_DIGITS`] digits.
struct Plain {
    /// The digits as a whole number, and the number of them that are decimals.
    units: i64,
    decimals: usize,
    /// Whether it is written as [`f64`] would be.
    is_canonical: bool,
}

/// Powers of ten.
const POWERS: [i64; REAL_DIGITS + 4] = {
    let mut powers = [1; REAL_DIGITS + 4];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = 10 * powers[at - 1];
        at += 1;
    }
    powers
};

impl Plain {
    #[inline]
    fn of(value: &[u8], point: char) -> Option<Plain> {
        let (is_negative, digits) = value.strip_prefix(b"-").map_or((false, value), |digits| (true, digits));
        if digits.len() > REAL_DIGITS + 1 {
            return None;
        }
        let (mut units, mut at_point) = (0, None);
        for (at, byte) in digits.iter().enumerate() {
            match byte {
                b'0'..=b'9' => units = 10 * units + i64::from(byte - b'0'),
                byte if char::from(*byte) == point && byte.is_ascii() && at_point.is_none() => at_point = Some(at),
                _ => return None,
            }
        }
        let whole = at_point.unwrap_or(digits.len());
        let decimals = digits.len() - whole - usize::from(at_point.is_some());
        if whole == 0 || whole + decimals > REAL_DIGITS || at_point.is_some() && decimals == 0 {
            return None;
        }
        let has_zeros = whole > 1 && digits[0] == b'0' || decimals > 0 && digits.last() == Some(&b'0');
        let is_canonical = !(has_zeros || is_negative && units == 0);
        Some(Plain { units: if is_negative { -units } else { units }, decimals, is_canonical })
    }

    /// Both numbers are exact, so the quotient is rounded once, to the nearest.
    #[inline]
    fn real(&self) -> f64 {
        self.units as f64 / POWERS[self.decimals] as f64
    }
}

fn parsed(value: &str, written: Written, rules: &Decimals) -> Parsed<'static> {
    let found = || excerpt(value).to_string();
    let out_of = |range| Parsed::refused(Refusal::new(Problem::OutOfRange { found: found(), range }));
    let exact = match exact(value, written, rules.scale) {
        Ok(exact) => exact,
        Err(fault) => return Parsed::refused(Refusal::new(Problem::NotADecimal { found: found(), fault })),
    };
    if let Some(least) = rules.at_least.as_ref().filter(|least| exact < **least) {
        return out_of(Range::AtLeast(least.text()));
    }
    if let Some(most) = rules.at_most.as_ref().filter(|most| exact > **most) {
        return out_of(Range::AtMost(most.text()));
    }
    let stored = match rules.store {
        StoreAs::Text => Some(Stored::Text(Cow::Owned(exact.text()))),
        StoreAs::Real if exact.digits() > REAL_DIGITS => return out_of(Range::Digits(REAL_DIGITS)),
        StoreAs::Real => exact.real().map(Stored::Real),
        StoreAs::Minor => exact.minor(rules.scale.unwrap_or_default()).map(Stored::Integer),
    };
    stored.map_or_else(|| out_of(Range::Bits), |stored| Parsed::new(stored, Vec::new()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::decimals::Exact;
    use super::*;

    fn german() -> Decimals {
        Decimals { point: ',', group: Some('.'), scale: Some(2), ..Decimals::default() }
    }

    fn stored(value: &str, rules: &Decimals) -> Result<String, String> {
        let Parsed { stored, refusals, .. } = parsed(value, rules.written(), rules);
        match refusals.first().map(|refusal| &refusal.problem) {
            None => Ok(match stored {
                Stored::Text(text) => text.into_owned(),
                Stored::Integer(number) => number.to_string(),
                Stored::Real(number) => number.to_string(),
                Stored::Missing => "missing".to_string(),
            }),
            Some(Problem::NotADecimal { fault, .. }) => Err(format!("{fault:?}")),
            Some(problem) => Err(problem.code().name().to_string()),
        }
    }

    #[test]
    fn decimals_are_read_as_the_field_says() {
        let swiss = Decimals { group: Some('\''), ..Decimals::default() };
        let spaced = Decimals { point: ',', group: Some('\u{a0}'), ..Decimals::default() };
        for (value, rules, expected) in [
            ("1.234,50", german(), Ok("1234.5")),
            ("1234,5", german(), Ok("1234.5")),
            ("-1.234.567,8", german(), Ok("-1234567.8")),
            ("12,50-", german(), Ok("-12.5")),
            ("\u{2212}1", german(), Ok("-1")),
            ("1,2345", german(), Err("Scale(2)")),
            ("1,2300", german(), Ok("1.23")),
            ("1.23,5", german(), Err("Group { group: '.', point: ',' }")),
            ("12.34.567", german(), Err("Group { group: '.', point: ',' }")),
            (".123", german(), Err("Group { group: '.', point: ',' }")),
            ("1234.567", german(), Err("Group { group: '.', point: ',' }")),
            ("0.500", german(), Err("Group { group: '.', point: ',' }")),
            ("-0.001", german(), Err("Group { group: '.', point: ',' }")),
            ("00.123", german(), Err("Group { group: '.', point: ',' }")),
            ("012.345,60", german(), Err("Group { group: '.', point: ',' }")),
            ("0.500-", Decimals { scale: None, ..german() }, Err("Group { group: '.', point: ',' }")),
            ("100.000", german(), Ok("100000")),
            ("1.000", german(), Ok("1000")),
            ("0,500", german(), Ok("0.5")),
            ("007", german(), Ok("7")),
            ("0'500", swiss.clone(), Err("Group { group: '\\'', point: '.' }")),
            ("0 500", spaced.clone(), Err("Group { group: '\\u{a0}', point: ',' }")),
            ("1,2,3", german(), Err("Form { point: ',' }")),
            ("unbegrenzt", german(), Err("Form { point: ',' }")),
            ("1e5", Decimals::default(), Err("Form { point: '.' }")),
            ("1.", Decimals::default(), Err("Form { point: '.' }")),
            (".", Decimals::default(), Err("Form { point: '.' }")),
            ("-", Decimals::default(), Err("Form { point: '.' }")),
            ("--1", Decimals::default(), Err("Form { point: '.' }")),
            ("-1-", Decimals::default(), Err("Form { point: '.' }")),
            ("-0.00", Decimals::default(), Ok("0")),
            ("1,234", Decimals::default(), Err("Form { point: '.' }")),
            ("１", Decimals::default(), Err("Form { point: '.' }")),
            ("12 EUR", Decimals::default(), Err("Form { point: '.' }")),
            ("1\u{2019}234.5", swiss, Ok("1234.5")),
            ("1 234,5", spaced, Ok("1234.5")),
        ] {
            assert_eq!(stored(value, &rules), expected.map(String::from).map_err(String::from), "{value}");
        }
    }

    #[test]
    fn decimals_are_stored_as_the_field_says() {
        let text = Decimals { store: StoreAs::Text, ..Decimals::default() };
        let minor = Decimals { store: StoreAs::Minor, scale: Some(2), ..Decimals::default() };
        let bound = |least: &str, most: &str| Decimals::default().within(Exact::of(least), Exact::of(most));
        let [huge, tiny] = [format!("1{}", "0".repeat(400)), format!("0.{}1", "0".repeat(400))];
        for (value, rules, expected) in [
            (&*huge, Decimals::default(), Err("out-of-range")),
            (&*tiny, Decimals::default(), Err("out-of-range")),
            (&*huge, text.clone(), Ok(&*huge)),
            ("0.1", Decimals::default(), Ok("0.1")),
            ("123456789012345", Decimals::default(), Ok("123456789012345")),
            ("1234567890123456", Decimals::default(), Err("out-of-range")),
            ("1200000000000000000000", Decimals::default(), Ok("1200000000000000000000")),
            (&format!("1{}", "0".repeat(400)), Decimals::default(), Err("out-of-range")),
            (&format!("0.{}1", "0".repeat(400)), Decimals::default(), Err("out-of-range")),
            ("0.000", Decimals::default(), Ok("0")),
            ("0.000000000000000000012", Decimals::default(), Ok("0.000000000000000000012")),
            ("001234567890123456789.500", text.clone(), Ok("1234567890123456789.500")),
            ("-.50", text, Ok("-0.50")),
            ("12.5", minor.clone(), Ok("1250")),
            ("-0.07", minor.clone(), Ok("-7")),
            ("0", minor.clone(), Ok("0")),
            ("92233720368547758.07", minor.clone(), Ok("9223372036854775807")),
            ("92233720368547758.08", minor, Err("out-of-range")),
            ("0", bound("0", "10"), Ok("0")),
            ("-0.0001", bound("0", "10"), Err("out-of-range")),
            ("10.0", bound("0", "10"), Ok("10")),
            ("10.0001", bound("0", "10"), Err("out-of-range")),
            ("9.99", bound("-5", "10"), Ok("9.99")),
            ("-5.1", bound("-5", "10"), Err("out-of-range")),
        ] {
            assert_eq!(stored(value, &rules), expected.map(String::from).map_err(String::from), "{value}");
        }
    }

    #[test]
    fn the_quick_path_leaves_groups_to_the_full_one() {
        for rules in [german(), Decimals { scale: None, ..german() }] {
            let limits = Limits { rules: Rules::Decimals(Box::new(rules)), ..Limits::default() };
            for value in ["0.500", "0.001", "00.123", "1.000"] {
                let plain = Plain::of(value.as_bytes(), ',');
                assert!(plain.is_none(), "{value}");
                let parsed = Decimal::parse(Cow::Borrowed(value), &limits);
                assert_eq!(parsed.refusals.is_empty(), value == "1.000", "{value}");
            }
        }
    }

    #[test]
    fn a_json_number_has_a_point() {
        let limits = Limits { rules: Rules::Decimals(Box::new(german())), ..Limits::default() };
        let read = |number| Decimal::parse_json(&JsonValue::Number(number), &limits).map(|parsed| parsed.stored);
        assert_eq!(read("1.25"), Some(Stored::Real(1.25)));
        assert_eq!(read("1.5e3"), None);
    }

    proptest! {
        /// Numbers compare as they do in cents.
        #[test]
        fn numbers_are_ordered(one in -100_000i64..100_000, other in -100_000i64..100_000) {
            let text = |cents: i64| format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100);
            let exact = |cents| Exact::of(&text(cents)).unwrap();
            prop_assert_eq!(exact(one).partial_cmp(&exact(other)), one.partial_cmp(&other));
            prop_assert_eq!(exact(one).minor(2), Some(one));
        }

        #[test]
        fn nothing_panics(value in "[-+0-9.,' ]{0,12}", other in any::<String>()) {
            let _ = (stored(&value, &german()), stored(&other, &german()));
        }
    }
}
