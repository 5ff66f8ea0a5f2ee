//! One format of `strftime` ([`Format`]), and what can be wrong with a list of them ([`FormatFault`]).

use std::fmt::Write as _;

use chrono::format::{Fixed, Item, Numeric, Parsed, StrftimeItems, parse_and_remainder};
use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveDateTime, Offset, Utc};

/// A moment as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Day(NaiveDate),
    Local(NaiveDateTime),
    /// With its zone.
    Zoned(DateTime<FixedOffset>),
    /// As a number of seconds, which says no day but that of a zone.
    Seconds(DateTime<Utc>),
}

impl Moment {
    /// The day that is written.
    pub fn day(self) -> NaiveDate {
        match self {
            Moment::Day(day) => day,
            Moment::Local(time) => time.date(),
            Moment::Zoned(time) => time.date_naive(),
            Moment::Seconds(time) => time.date_naive(),
        }
    }

    pub(super) fn shown(self) -> String {
        match self {
            Moment::Day(day) => day.to_string(),
            Moment::Local(time) => time.to_string(),
            Moment::Zoned(time) => time.to_utc().to_rfc3339(),
            Moment::Seconds(time) => time.to_rfc3339(),
        }
    }
}

/// What is wrong with the formats of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatFault {
    /// `strftime` has no such format.
    NotAFormat(String),
    /// It has the name of a zone, which would be skipped.
    ZoneName(String),
    /// It leaves the day open.
    NotADay(String),
    /// It has a part of a time without another, in words.
    Lacks(String, &'static str),
    /// Two formats read this text as two days.
    Ambiguous { text: String, one: String, other: String },
}

/// A format, as it is written and as it is parsed.
#[derive(Clone, Debug)]
pub struct Format {
    pub(super) name: String,
    items: Vec<Item<'static>>,
    /// Whether a word of it says that the time is in UTC.
    is_utc: bool,
}

impl Format {
    fn new(written: &str) -> Result<Format, FormatFault> {
        let name = written.to_string();
        let items = StrftimeItems::new(written).parse_to_owned();
        let items: Vec<Item<'static>> = items.map_err(|_| FormatFault::NotAFormat(name.clone()))?;
        if items.contains(&Item::Fixed(Fixed::TimezoneName)) {
            return Err(FormatFault::ZoneName(name));
        }
        let is_utc = ends_in_utc(&items);
        Ok(Format { name, items, is_utc })
    }

    /// Formats of one field, none of which reads as one day what another reads as another.
    pub(super) fn all(written: &[String]) -> Result<Vec<Format>, FormatFault> {
        let formats: Vec<Format> = written.iter().map(|format| Format::new(format)).collect::<Result<_, _>>()?;
        for format in &formats {
            for (text, day) in format.days() {
                let own = format.read(&text).filter(|own| own.day() == day);
                let own = own.ok_or_else(|| format.fault_of(&text))?;
                let mut others = formats.iter().filter_map(|format| format.read(&text));
                if let Some(other) = others.find(|other| *other != own) {
                    return Err(FormatFault::Ambiguous { text, one: own.shown(), other: other.shown() });
                }
            }
        }
        Ok(formats)
    }

    /// Why it does not read what it writes.
    fn fault_of(&self, text: &str) -> FormatFault {
        match self.fields(text).and_then(|parsed| lacks(&parsed)) {
            Some(part) => FormatFault::Lacks(self.name.clone(), part),
            None => FormatFault::NotADay(self.name.clone()),
        }
    }

    /// A moment in this format.
    pub(super) fn write(&self, time: DateTime<Utc>) -> Option<String> {
        let mut text = String::new();
        write!(text, "{}", time.format_with_items(self.items.iter())).ok()?;
        Some(text)
    }

    pub(super) fn read(&self, value: &str) -> Option<Moment> {
        let parsed = self.fields(value)?;
        // No minute has 61 seconds, as in ISO 8601.
        if parsed.second() == Some(60) || lacks(&parsed).is_some() {
            return None;
        }
        let moment = if parsed.timestamp().is_some() {
            Moment::Seconds(parsed.to_datetime_with_timezone(&Utc).ok()?)
        } else if parsed.offset().is_some() {
            Moment::Zoned(parsed.to_datetime().ok()?)
        } else {
            let day = parsed.to_naive_date().ok()?;
            match parsed.to_naive_time() {
                Ok(time) if self.is_utc => Moment::Zoned(day.and_time(time).and_utc().with_timezone(&Utc.fix())),
                Ok(time) => Moment::Local(day.and_time(time)),
                // It has a time, but not a valid one.
                Err(_) if parsed.hour_mod_12().is_some() => return None,
                Err(_) => Moment::Day(day),
            }
        };
        Some(moment).filter(|moment| (1..=9999).contains(&moment.day().year()))
    }

    /// The parts of a date that a value has. A year has all its digits, so that 01.02.03 is never in the year 3. So has every
    /// number beside another: nothing else says where it ends.
    fn fields(&self, value: &str) -> Option<Parsed> {
        let (mut parsed, mut rest) = (Parsed::new(), value);
        for (at, item) in self.items.iter().enumerate() {
            let is_joined = [at.checked_sub(1), Some(at + 1)].into_iter().flatten();
            let is_joined = is_joined.filter_map(|at| self.items.get(at)).any(is_number);
            let has_digits = |text: &str, count: usize| {
                let digits = text.as_bytes().get(..count);
                digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
            };
            let is_right = match item {
                Item::Numeric(number, _) if is_joined => has_digits(rest, width(number)),
                Item::Numeric(number, _) if is_year(number) => has_digits(rest.trim_start(), width(number)),
                _ => true,
            };
            if !is_right {
                return None;
            }
            rest = parse_and_remainder(&mut parsed, rest, std::iter::once(item)).ok()?;
        }
        rest.is_empty().then_some(parsed)
    }

    /// Days of all months, each at another time, as it writes them.
    fn days(&self) -> impl Iterator<Item = (String, NaiveDate)> {
        // Each step leads to another day of another month, and the last to another century's end.
        const STEP: u64 = 37;
        let days =
            (0..60).filter_map(|step| NaiveDate::from_ymd_opt(1999, 1, 2)?.checked_add_days(Days::new(STEP * step)));
        (0..).zip(days).filter_map(|(step, day): (u32, NaiveDate)| {
            let time = day.and_hms_opt(5 * step % 24, 7 * step % 60, 11 * step % 60)?.and_utc();
            Some((self.write(time)?, day))
        })
    }
}

/// Which part of a time is not there, in words, though others are.
fn lacks(parsed: &Parsed) -> Option<&'static str> {
    let (hour, minute) = (parsed.hour_mod_12(), parsed.minute());
    let has_seconds = parsed.second().or(parsed.nanosecond()).is_some();
    match () {
        () if parsed.timestamp().is_some() => None,
        () if hour.is_some() && parsed.hour_div_12().is_none() => Some("the half of the day, %p"),
        () if minute.is_none() && (hour.is_some() || has_seconds) => Some("the minutes, %M"),
        () if minute.is_some() && hour.is_none() => Some("the hours, %H"),
        () if parsed.offset().is_some() && hour.is_none() => Some("a time, such as %H:%M"),
        () => None,
    }
}

/// Whether a time is followed by a word that means UTC.
fn ends_in_utc(items: &[Item<'_>]) -> bool {
    let text = |item: &Item<'_>| match item {
        Item::Literal(text) | Item::Space(text) => Some(text.to_string()),
        Item::OwnedLiteral(text) | Item::OwnedSpace(text) => Some(text.to_string()),
        _ => None,
    };
    let mut after: Vec<String> = items.iter().rev().map_while(text).collect();
    after.reverse();
    let is_after_time = items.len().checked_sub(after.len() + 1).is_some_and(|last| is_time(&items[last]));
    let after = after.concat();
    let word = after.trim_matches(|other: char| !other.is_alphanumeric());
    is_after_time && ["Z", "UTC", "GMT"].iter().any(|utc| utc.eq_ignore_ascii_case(word))
}

fn is_time(item: &Item<'_>) -> bool {
    use Fixed::{LowerAmPm, Nanosecond, Nanosecond3, Nanosecond6, Nanosecond9, UpperAmPm};
    use Numeric::{Hour, Hour12, Minute, Second};
    match item {
        Item::Numeric(number, _) => matches!(number, Hour | Hour12 | Minute | Second | Numeric::Nanosecond),
        Item::Fixed(Fixed::Internal(_)) => true, // a fraction, or an offset, which goes before
        Item::Fixed(part) => {
            matches!(part, LowerAmPm | UpperAmPm | Nanosecond | Nanosecond3 | Nanosecond6 | Nanosecond9)
        }
        _ => false,
    }
}

/// Whether it is written in digits alone.
fn is_number(item: &Item<'_>) -> bool {
    matches!(item, Item::Numeric(..) | Item::Fixed(Fixed::Internal(_)))
}

fn is_year(number: &Numeric) -> bool {
    use Numeric::{IsoYear, IsoYearDiv100, IsoYearMod100, Year, YearDiv100, YearMod100};
    matches!(number, Year | IsoYear | YearDiv100 | YearMod100 | IsoYearDiv100 | IsoYearMod100)
}

/// The number of digits of a number; 0 if it varies.
fn width(number: &Numeric) -> usize {
    use Numeric::{IsoYear, NumDaysFromSun, Ordinal, Quarter, Timestamp, WeekdayFromMon, Year};
    match number {
        Year | IsoYear => 4,
        Ordinal => 3,
        Quarter | NumDaysFromSun | WeekdayFromMon => 1,
        Numeric::Nanosecond => 9,
        Timestamp | Numeric::Internal(_) => 0,
        _ => 2,
    }
}
