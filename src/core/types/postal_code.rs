//! A postal code: text, although JSON may write it as a number. [`LostZero`] finds American ZIP codes whose leading zero a
//! spreadsheet has removed.

use std::borrow::Cow;
use std::ops::Range;

use super::definition::{AddressPart, Facts, Limits, Memory, Parsed, Quick, Type};
use super::text::Text;
use crate::core::row::RowBuilder;

pub struct PostalCode;

impl Type for PostalCode {
    const FACTS: Facts = Facts {
        shows_characters: true,
        docs: "A postal code: text, so that leading zeros stay.",
        words: "postal code",
        examples: &[("02101", "02101"), ("SW1A 1AA", "SW1A 1AA")],
        is_identifier: true,
        address_part: Some(AddressPart::PostalCode),
        is_guarded: true,
        settings: &["min", "max", "characters", "pattern", "case", "repair"],
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        Text::parse(value, limits)
    }

    #[inline(always)]
    fn quick(value: &[u8], limits: &Limits, memory: &mut Memory, rows: &mut impl RowBuilder) -> Quick {
        Text::quick(value, limits, memory, rows)
    }
}

/// Whether a record's ZIP code seems to have lost its leading zero: four digits, in a state whose codes begin with a zero.
#[derive(Clone, Debug, Default)]
pub struct LostZero {
    has_four_digits: bool,
    /// Where the state and the country are in the texts of the row.
    state: Range<usize>,
    country: Range<usize>,
}

impl LostZero {
    #[inline]
    pub fn note(&mut self, part: AddressPart, text: Range<usize>, rows: &impl RowBuilder) {
        match part {
            AddressPart::PostalCode => {
                let code = rows.written(text);
                self.has_four_digits = code.len() == 4 && code.iter().all(u8::is_ascii_digit);
            }
            AddressPart::State => self.state = text,
            AddressPart::Country => self.country = text,
        }
    }

    pub fn is_likely(&self, rows: &impl RowBuilder) -> bool {
        self.has_four_digits
            && has_zips_with_leading_zeros(rows.written(self.state.clone()))
            && matches!(rows.written(self.country.clone()), b"" | b"US" | b"PR" | b"VI")
    }
}

/// Whether the ZIP codes of this American state begin with a zero, which spreadsheets lose (USPS, Publication 65).
fn has_zips_with_leading_zeros(state: &[u8]) -> bool {
    const STATES: [(&str, &str); 10] = [
        ("CT", "Connecticut"),
        ("MA", "Massachusetts"),
        ("ME", "Maine"),
        ("NH", "New Hampshire"),
        ("NJ", "New Jersey"),
        ("RI", "Rhode Island"),
        ("VT", "Vermont"),
        ("PR", "Puerto Rico"),
        ("VI", "Virgin Islands"),
        ("AE", "Armed Forces Europe"),
    ];
    match state.len() {
        2 => STATES.iter().any(|(code, _)| state == code.as_bytes()),
        _ => STATES.iter().any(|(_, name)| state.eq_ignore_ascii_case(name.as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::row::PlainRows;

    #[test]
    fn four_digits_in_new_england_have_lost_a_zero() {
        for (code, state, country, expected) in [
            ("2101", "MA", "US", true),
            ("2101", "massachusetts", "", true),
            ("0601", "PR", "PR", true),
            ("02101", "MA", "US", false),
            ("210A", "MA", "US", false),
            ("2101", "NY", "US", false),
            ("2101", "", "US", false),
            ("1010", "VI", "AT", false),
        ] {
            let (mut rows, mut zero) = (PlainRows::new(3, 0, &[]), LostZero::default());
            let parts = [AddressPart::State, AddressPart::PostalCode, AddressPart::Country];
            for (part, text) in parts.into_iter().zip([state, code, country]) {
                let start = rows.position();
                rows.push_text(text.as_bytes());
                zero.note(part, start..rows.position(), &rows);
            }
            assert_eq!(zero.is_likely(&rows), expected, "{code} {state} {country}");
        }
    }
}
