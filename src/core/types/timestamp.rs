//! A moment: a day and a time.

use std::borrow::Cow;

use super::date::{unread, within};
use super::dates::{Dates, Unread, iso, stored};
use super::definition::{Facts, Limits, Memory, Parsed, Quick, Refusal, Rules, Stored, Type};
use crate::core::finding::{DateFault, Problem, excerpt};
use crate::core::row::RowBuilder;

pub struct Timestamp;

impl Type for Timestamp {
    const FACTS: Facts = Facts {
        docs: "A moment, stored in UTC as YYYY-MM-DDTHH:MM:SSZ, with a fraction of a second if it has one. It is written in \
               ISO 8601, or in one of the profile's formats. Without a zone it is in that of the profile (`time_zone`; UTC \
               if it names none), and a day alone is its midnight there.",
        examples: &[
            ("2024-02-29T12:30:00+02:00", "2024-02-29T10:30:00Z"),
            ("2024-02-29 12:30", "2024-02-29T12:30:00Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z"),
        ],
        words: "timestamp",
        form: "timestamp",
        holds_words: false,
        settings: &["formats", "time_zone", "not_before", "not_after"],
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        let default = Dates::default();
        let rules = if let Rules::Dates(rules) = &limits.rules { rules } else { &default };
        let time = rules.read(&value).and_then(|moment| rules.in_utc(moment));
        let found = time.and_then(|time| Ok((time, stored(time).ok_or(Unread::Form)?)));
        match found {
            Ok((time, text)) => within(rules, rules.day_of(time), &value, || Stored::Text(Cow::Owned(text))),
            Err(Unread::Form) if rules.names().is_empty() => {
                let fault = DateFault::Form { formats: "YYYY-MM-DDTHH:MM:SSZ".to_string() };
                Parsed::refused(Refusal::new(Problem::NotADate { found: excerpt(&value).to_string(), fault }))
            }
            Err(why) => Parsed::refused(Refusal::new(unread(&value, why, rules))),
        }
    }

    /// A moment as it is stored.
    #[inline(never)] // as other texts are more usual
    fn quick(value: &[u8], limits: &Limits, _: &mut Memory, _: &mut impl RowBuilder) -> Quick {
        let is_unlimited = |rules: &Dates| rules.is_plain() && rules.not_before.or(rules.not_after).is_none();
        let is_plain = if let Rules::Dates(rules) = &limits.rules { is_unlimited(rules) } else { true };
        let [.., b'Z'] = value else { return Quick::Undecided };
        if !is_plain || value.len() != 20 || value[10] != b'T' || value[16] != b':' {
            return Quick::Undecided;
        }
        Quick::same_if(std::str::from_utf8(value).ok().and_then(iso).is_some())
    }
}
