//! A day of the calendar.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveTime};

use super::dates::{self, Dates, Unread};
use super::definition::{Facts, Limits, Memory, Parsed, Quick, Refusal, Rules, Stored, Type};
use super::formats::Moment;
use crate::core::finding::{DateFault, Problem, Range, excerpt};
use crate::core::row::RowBuilder;

pub struct Date;

impl Type for Date {
    const FACTS: Facts = Facts {
        docs: "A day, stored as YYYY-MM-DD. It is written so, or in one of the profile's formats. A midnight after it is \
               dropped, as programs export it; the time of a format that has one is dropped too.",
        examples: &[("2024-02-29", "2024-02-29"), ("1980-05-03 00:00:00", "1980-05-03")],
        words: "date",
        form: "date",
        holds_words: false,
        has_quick_keys: true,
        settings: &["formats", "time_zone", "not_before", "not_after"],
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        let default = Dates::default();
        let rules = rules(limits).unwrap_or(&default);
        let is_iso = rules.names().is_empty();
        let day = rules.read(&value).and_then(|moment| match moment {
            Moment::Day(day) => Ok(day),
            Moment::Local(time) if !is_iso || time.time() == NaiveTime::MIN => Ok(time.date()),
            // As it is written, whatever day it is then in another zone.
            Moment::Zoned(time) if !is_iso => Ok(time.date_naive()),
            Moment::Seconds(time) => Ok(rules.day_of(time)),
            _ => Err(Unread::Form),
        });
        match day {
            Ok(day) => within(rules, day, &value, || Stored::Text(Cow::Owned(day.to_string()))),
            Err(why) => Parsed::refused(Refusal::new(unread(&value, why, rules))),
        }
    }

    #[inline(always)]
    fn quick(value: &[u8], limits: &Limits, _: &mut Memory, _: &mut impl RowBuilder) -> Quick {
        if value.len() != 10 || rules(limits).is_some_and(|rules| !rules.is_plain()) {
            return Quick::Undecided;
        }
        let day = std::str::from_utf8(value).ok().and_then(dates::iso);
        Quick::same_if(day.is_some_and(|day| rules(limits).is_none_or(|rules| rules.allow(day.day()))))
    }
}

fn rules(limits: &Limits) -> Option<&Dates> {
    if let Rules::Dates(rules) = &limits.rules { Some(rules) } else { None }
}

/// What is stored, if the day is within the field's limits.
pub(super) fn within<'v>(
    rules: &Dates,
    day: NaiveDate,
    value: &str,
    stored: impl FnOnce() -> Stored<'v>,
) -> Parsed<'v> {
    let range = match (rules.not_before, rules.not_after) {
        (Some(first), _) if day < first => Range::NotBefore(first.to_string()),
        (_, Some(last)) if day > last => Range::NotAfter(last.to_string()),
        _ => return Parsed::new(stored(), Vec::new()),
    };
    Parsed::refused(Refusal::new(Problem::OutOfRange { found: excerpt(value).to_string(), range }))
}

pub(super) fn unread(value: &str, why: Unread, rules: &Dates) -> Problem {
    let fault = match why {
        Unread::Form => DateFault::Form { formats: rules.names() },
        Unread::Two(one, other) => DateFault::Two { one, other },
        Unread::NoSuchTime => DateFault::NoSuchTime { zone: rules.zone().to_string() },
        Unread::Twice => DateFault::Twice { zone: rules.zone().to_string() },
    };
    Problem::NotADate { found: excerpt(value).to_string(), fault }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::types::dates::DatesText;

    #[test]
    fn a_date_is_the_day_that_is_written() {
        for (format, value, expected) in [
            ("%Y-%m-%dT%H:%M:%S%z", "1980-05-05T00:00:00+0200", "1980-05-05"),
            ("%Y-%m-%dT%H:%M:%S%z", "1980-05-05T23:30:00-0500", "1980-05-05"),
            ("%Y-%m-%dT%H:%M:%S%:z", "1980-05-05T00:00:00+02:00", "1980-05-05"),
            ("%Y-%m-%dT%H:%M:%SZ", "1980-05-05T23:30:00Z", "1980-05-05"),
            ("%Y-%m-%d %H:%M", "1980-05-05 23:30", "1980-05-05"),
            // It is 00:30 in Berlin.
            ("%s", "326327400", "1980-05-05"),
        ] {
            let formats = [format.to_string()];
            let text = DatesText {
                formats: &formats,
                time_zone: Some("Europe/Berlin"),
                not_before: Some("1980-05-05"),
                not_after: Some("1980-05-05"),
                now: None,
            };
            let rules = Rules::Dates(Box::new(Dates::new(text).unwrap()));
            let limits = Limits { rules, ..Limits::default() };
            let parsed = Date::parse(Cow::Borrowed(value), &limits);
            assert_eq!((parsed.stored, parsed.refusals), (Stored::Text(expected.into()), vec![]), "{format}");
        }
    }
}
