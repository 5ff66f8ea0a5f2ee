//! How dates and times are read: [`Dates`]. ISO 8601 needs no format; others are those of `strftime`.

use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset, LocalResult, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::formats::{Format, FormatFault, Moment};

/// What a field says of its dates.
#[derive(Clone, Debug)]
pub struct Dates {
    /// ISO 8601 if there are none.
    formats: Vec<Format>,
    zone: Tz,
    pub not_before: Option<NaiveDate>,
    pub not_after: Option<NaiveDate>,
}

/// The greatest number of formats of a field.
pub const MOST_FORMATS: usize = 20;

/// What is wrong with what a field says of its dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatesFault {
    TooMany,
    Format(FormatFault),
    NoSuchZone(String),
    /// Neither a date such as 2000-01-31 nor `today`.
    NotADate(String),
}

/// What a field says, as texts; and the day that is today.
#[derive(Clone, Copy, Debug)]
pub struct DatesText<'t> {
    pub formats: &'t [String],
    pub time_zone: Option<&'t str>,
    pub not_before: Option<&'t str>,
    pub not_after: Option<&'t str>,
    /// When the run began; without it, `today` limits nothing.
    pub now: Option<DateTime<Utc>>,
}

/// The word for the day on which a run began.
pub const TODAY: &str = "today";

/// Why a value is no date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It fits no format.
    Form,
    /// It fits two formats, which read it so.
    Two(String, String),
    /// The zone has no such time, or has it twice.
    NoSuchTime,
    Twice,
}

impl Default for Dates {
    fn default() -> Dates {
        Dates { formats: Vec::new(), zone: Tz::UTC, not_before: None, not_after: None }
    }
}

impl Dates {
    /// Reads what a field says; an error names the key.
    pub fn new(text: DatesText<'_>) -> Result<Dates, (&'static str, DatesFault)> {
        let zone = text.time_zone.map_or(Ok(Tz::UTC), |name| name.parse().map_err(|_| name));
        let zone = zone.map_err(|name| ("time_zone", DatesFault::NoSuchZone(name.to_string())))?;
        if text.formats.len() > MOST_FORMATS {
            return Err(("formats", DatesFault::TooMany));
        }
        let formats = Format::all(text.formats).map_err(|fault| ("formats", DatesFault::Format(fault)))?;
        let bound = |key: &'static str, bound: Option<&str>| match bound {
            None => Ok(None),
            Some(TODAY) => Ok(text.now.map(|now| now.with_timezone(&zone).date_naive())),
            Some(day) => match iso(day) {
                Some(Moment::Day(day)) => Ok(Some(day)),
                _ => Err((key, DatesFault::NotADate(day.to_string()))),
            },
        };
        let (not_before, not_after) = (bound("not_before", text.not_before)?, bound("not_after", text.not_after)?);
        Ok(Dates { formats, zone, not_before, not_after })
    }

    /// A moment in ISO 8601 as the first format that has all of it would write it; as it is, if none has.
    pub fn as_text(&self, value: &str) -> String {
        let Some(moment) = iso(value) else { return value.to_string() };
        let noon = match moment {
            Moment::Day(day) => day.and_time(NaiveTime::MIN).and_utc(),
            Moment::Local(time) => time.and_utc(),
            Moment::Zoned(time) => time.to_utc(),
            Moment::Seconds(time) => time,
        };
        let written = self.formats.iter().find_map(|format| {
            let text = format.write(noon)?;
            let again = format.read(&text)?;
            let is_midnight = again == Moment::Local(noon.naive_utc()) && matches!(moment, Moment::Day(_));
            (again == moment || is_midnight).then_some(text)
        });
        written.unwrap_or_else(|| value.to_string())
    }

    /// The formats as they are written; none for ISO 8601.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.formats.iter().map(|format| format.name.as_str()).collect();
        names.join(" or ")
    }

    pub fn zone(&self) -> &'static str {
        self.zone.name()
    }

    /// Whether a day in ISO 8601 is read as it stands.
    pub fn is_plain(&self) -> bool {
        self.formats.is_empty()
    }

    pub fn allow(&self, day: NaiveDate) -> bool {
        self.not_before.is_none_or(|first| day >= first) && self.not_after.is_none_or(|last| day <= last)
    }

    /// Reads a value. If it fits two formats, both must give the same moment.
    pub fn read(&self, value: &str) -> Result<Moment, Unread> {
        if self.formats.is_empty() {
            return iso(value).ok_or(Unread::Form);
        }
        let mut found = self.formats.iter().filter_map(|format| format.read(value));
        let first = found.next().ok_or(Unread::Form)?;
        match found.find(|other| *other != first) {
            Some(other) => Err(Unread::Two(first.shown(), other.shown())),
            None => Ok(first),
        }
    }

    /// The moment in UTC. A day is its midnight in the field's zone, a time without a zone is in that zone.
    pub fn in_utc(&self, moment: Moment) -> Result<DateTime<Utc>, Unread> {
        let local = match moment {
            Moment::Zoned(time) => return Ok(time.to_utc()),
            Moment::Seconds(time) => return Ok(time),
            Moment::Local(time) => time,
            Moment::Day(day) => day.and_time(NaiveTime::MIN),
        };
        match self.zone.from_local_datetime(&local) {
            LocalResult::Single(time) => Ok(time.with_timezone(&Utc)),
            LocalResult::None => Err(Unread::NoSuchTime),
            LocalResult::Ambiguous(..) => Err(Unread::Twice),
        }
    }

    /// The day of a moment in the field's zone.
    pub fn day_of(&self, time: DateTime<Utc>) -> NaiveDate {
        time.with_timezone(&self.zone).date_naive()
    }
}

/// A moment in UTC as it is stored: RFC 3339 with `Z`, and a fraction only if there is one. `None` outside the years 0 to 9999.
pub fn stored(time: DateTime<Utc>) -> Option<String> {
    let mut text = time.format("%Y-%m-%dT%H:%M:%S").to_string();
    let nanoseconds = time.timestamp_subsec_nanos();
    if nanoseconds > 0 && nanoseconds < 1_000_000_000 {
        let _ = write!(text, ".{}", format!("{nanoseconds:09}").trim_end_matches('0'));
    }
    text.push('Z');
    (text.as_bytes().get(4) == Some(&b'-')).then_some(text)
}

/// Reads ISO 8601: `YYYY-MM-DD`, alone or with `HH:MM`, seconds and a fraction after `T` or a space, and a zone: `Z` or an offset.
pub fn iso(value: &str) -> Option<Moment> {
    let (day, rest) = value.split_at_checked(10)?;
    let day = iso_day(day.as_bytes())?;
    if rest.is_empty() {
        return Some(Moment::Day(day));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let end = rest.find(|found: char| !matches!(found, '0'..='9' | ':' | '.' | ',')).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(end);
    let local = day.and_time(iso_time(time)?);
    let offset = match zone.trim_start() {
        "" => return Some(Moment::Local(local)),
        "Z" | "z" => 0,
        offset => iso_offset(offset)?,
    };
    FixedOffset::east_opt(60 * offset)?.from_local_datetime(&local).single().map(Moment::Zoned)
}

fn number(digits: &[u8]) -> Option<u32> {
    let are_digits = !digits.is_empty() && digits.len() < 10 && digits.iter().all(u8::is_ascii_digit);
    are_digits.then(|| digits.iter().fold(0, |number, digit| 10 * number + u32::from(digit - b'0')))
}

fn iso_day(text: &[u8]) -> Option<NaiveDate> {
    let [year @ .., b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let year = number(year).filter(|year| *year > 0)?;
    NaiveDate::from_ymd_opt(year as i32, number(&[*m1, *m2])?, number(&[*d1, *d2])?)
}

fn iso_time(text: &str) -> Option<NaiveTime> {
    let (time, fraction) = text.split_once(['.', ',']).map_or((text, None), |(time, fraction)| (time, Some(fraction)));
    let nanoseconds = match fraction {
        None => 0,
        Some(digits) if digits.len() <= 9 => number(digits.as_bytes())? * 10_u32.pow(9 - digits.len() as u32),
        Some(digits) => {
            number(digits.as_bytes().get(..9)?).filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?
        }
    };
    let (hour, minute, second) = match time.as_bytes() {
        [h1, h2, b':', m1, m2] if fraction.is_none() => (number(&[*h1, *h2])?, number(&[*m1, *m2])?, 0),
        [h1, h2, b':', m1, m2, b':', s1, s2] => (number(&[*h1, *h2])?, number(&[*m1, *m2])?, number(&[*s1, *s2])?),
        _ => return None,
    };
    NaiveTime::from_hms_nano_opt(hour, minute, second, nanoseconds)
}

/// The minutes of `+HH:MM`, `+HHMM` or `+HH`.
fn iso_offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.as_bytes() {
        [h1, h2, b':', m1, m2] | [h1, h2, m1, m2] => (number(&[*h1, *h2])?, number(&[*m1, *m2])?),
        [h1, h2] => (number(&[*h1, *h2])?, 0),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then(|| sign * (60 * hours + minutes) as i32)
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, NaiveDateTime};

    use super::*;

    fn dates(formats: &[&str], zone: &str) -> Result<Dates, (&'static str, DatesFault)> {
        let formats: Vec<String> = formats.iter().map(|format| format.to_string()).collect();
        let time_zone = Some(zone).filter(|zone| !zone.is_empty());
        Dates::new(DatesText { formats: &formats, time_zone, not_before: None, not_after: None, now: None })
    }

    #[test]
    fn iso_8601_is_read() {
        for (value, expected) in [
            ("2024-02-29", "2024-02-29"),
            ("2023-02-29", ""),
            ("2024-04-31", ""),
            ("0000-01-01", ""),
            ("24-02-01", ""),
            ("2024-2-1", ""),
            ("20240201", ""),
            ("2024-02-01T12:30", "2024-02-01 12:30:00"),
            ("2024-02-01 12:30:05", "2024-02-01 12:30:05"),
            ("2024-02-01T12:30:05.250", "2024-02-01 12:30:05.250"),
            ("2024-02-01T12:30:05,5", "2024-02-01 12:30:05.500"),
            ("2024-02-01T12:30:05.", ""),
            ("2024-02-01T12:30:60", ""),
            ("2024-02-01T24:00", ""),
            ("2024-02-01T12", ""),
            ("2024-02-01T12:30:05Z", "2024-02-01T12:30:05+00:00"),
            ("2024-02-01T12:30+02:00", "2024-02-01T10:30:00+00:00"),
            ("2024-02-01T00:30:00+0530", "2024-01-31T19:00:00+00:00"),
            ("2024-02-01T12:30:05-03", "2024-02-01T15:30:05+00:00"),
            ("2024-02-01T12:30:05+24:00", ""),
            ("2024-02-01T12:30:05 CET", ""),
            ("9999-12-31T23:59:59-01:00", "+10000-01-01T00:59:59+00:00"),
            ("２024-02-01", ""),
        ] {
            assert_eq!(iso(value).map(Moment::shown).unwrap_or_default(), expected, "{value}");
        }
    }

    #[test]
    fn formats_are_those_of_strftime() {
        for (formats, value, expected) in [
            (&["%d.%m.%Y"][..], "31.12.1999", Ok("1999-12-31")),
            (&["%d.%m.%Y"], "1.2.2003", Ok("2003-02-01")),
            (&["%d.%m.%Y"], "31.2.2003", Err(Unread::Form)),
            (&["%d.%m.%Y"], "01.02.03", Err(Unread::Form)),
            (&["%d.%m.%Y %H%M"], "01.02.3 0003", Err(Unread::Form)),
            (&["%d.%m.%Y"], "01.02.+2003", Err(Unread::Form)),
            (&["%d.%m.%Y"], "01.02.20033", Err(Unread::Form)),
            (&["%d.%m.%Y"], "01.02.0003", Ok("0003-02-01")),
            (&["%d.%m.%Y"], "01.02.0000", Err(Unread::Form)),
            (&["%d.%m.%y"], "01.02.3", Err(Unread::Form)),
            (&["%d.%m.%C%y"], "01.02.103", Err(Unread::Form)),
            (&["%G-W%V-%u"], "2020-W10-2", Ok("2020-03-03")),
            (&["%G-W%V-%u"], "20-W10-2", Err(Unread::Form)),
            (&["%d.%m.%Y %T"], "01.02.2003 23:59:60", Err(Unread::Form)),
            (&["%Y-%m-%dT%H:%M:%S%z"], "2020-03-03T07:05:60+0100", Err(Unread::Form)),
            (&["%d.%m.%Y"], "2003-02-01", Err(Unread::Form)),
            (&["%d.%m.%y", "%d.%m.%Y"], "01.02.03", Ok("2003-02-01")),
            (&["%d.%m.%y"], "01.02.69", Ok("2069-02-01")),
            (&["%d.%m.%y"], "01.02.70", Ok("1970-02-01")),
            (&["%d %b %Y"], "3 Mar 2020", Ok("2020-03-03")),
            (&["%Y%m%d"], "20200303", Ok("2020-03-03")),
            (&["%d.%m.%Y %H:%M"], "03.03.2020 07:05", Ok("2020-03-03 07:05:00")),
            (&["%d/%m/%Y %I:%M %p"], "03/03/2020 07:05 PM", Ok("2020-03-03 19:05:00")),
            (&["%Y-%m-%dT%H:%M:%S%z"], "2020-03-03T07:05:00+0100", Ok("2020-03-03T06:05:00+00:00")),
            (&["%s"], "1700000000", Ok("2023-11-14T22:13:20+00:00")),
            (&["%Y%m%d"], "2020112", Err(Unread::Form)),
            (&["%Y%m%d"], "202011", Err(Unread::Form)),
            (&["%Y%m%d"], "2020 1 2", Err(Unread::Form)),
            (&["%Y%m%d"], "2020 01 02", Err(Unread::Form)),
            (&["%d%m%Y"], "1122020", Err(Unread::Form)),
            (&["%d%m%Y"], "01122020", Ok("2020-12-01")),
            (&["%d%m%y"], "11220", Err(Unread::Form)),
            (&["%Y%j"], "202012", Err(Unread::Form)),
            (&["%Y%j"], "2020012", Ok("2020-01-12")),
            (&["%Y%m%d%H%M%S"], "20201102123456", Ok("2020-11-02 12:34:56")),
            (&["%Y%m%d%H%M%S"], "2020110212345", Err(Unread::Form)),
            (&["%Y%m%dT%H%M"], "20201102T123", Err(Unread::Form)),
            (&["%Y-%m-%d %H:%M%p"], "2020-1-2 7:05AM", Ok("2020-01-02 07:05:00")),
            (&["%d%b%Y"], "1Jan2020", Ok("2020-01-01")),
            (&["%Y%m%dT%H%M%SZ"], "20200701T120000Z", Ok("2020-07-01T12:00:00+00:00")),
            (&["%Y-%m-%d %H:%M UTC"], "2020-07-01 12:00 UTC", Ok("2020-07-01T12:00:00+00:00")),
            (&["%Y-%m-%d %H:%M (GMT)"], "2020-07-01 12:00 (GMT)", Ok("2020-07-01T12:00:00+00:00")),
            (&["%FT%T%.fZ"], "2020-07-01T12:00:00.250Z", Ok("2020-07-01T12:00:00.250+00:00")),
            (&["%FT%T%.3fZ"], "2020-07-01T12:00:00.250Z", Ok("2020-07-01T12:00:00.250+00:00")),
            (&["%F %I:%M %p UTC"], "2020-07-01 01:00 PM UTC", Ok("2020-07-01T13:00:00+00:00")),
            (&["%F %T Zeit"], "2020-07-01 12:00:00 Zeit", Ok("2020-07-01 12:00:00")),
            (&["%FZ"], "2020-07-01Z", Ok("2020-07-01")),
        ] {
            let found = dates(formats, "").unwrap().read(value).map(Moment::shown);
            assert_eq!(found, expected.map(str::to_string), "{formats:?} {value}");
        }
    }

    #[test]
    fn formats_that_leave_the_day_open_are_refused() {
        for (formats, expected) in [
            (&["%Q"][..], FormatFault::NotAFormat("%Q".into())),
            (&["%"], FormatFault::NotAFormat("%".into())),
            (&["%d.%m.%Y %H:%M %Z"], FormatFault::ZoneName("%d.%m.%Y %H:%M %Z".into())),
            (&["%m.%Y"], FormatFault::NotADay("%m.%Y".into())),
            (&[""], FormatFault::NotADay("".into())),
            (&["%H:%M"], FormatFault::NotADay("%H:%M".into())),
            (&["%Y%-m%-d"], FormatFault::NotADay("%Y%-m%-d".into())),
            (&["%d.%m.%Y %I:%M"], FormatFault::Lacks("%d.%m.%Y %I:%M".into(), "the half of the day, %p")),
            (&["%d.%m.%Y %z"], FormatFault::Lacks("%d.%m.%Y %z".into(), "a time, such as %H:%M")),
            (&["%Y-%m-%d %H:%S"], FormatFault::Lacks("%Y-%m-%d %H:%S".into(), "the minutes, %M")),
            (&["%Y-%m-%d %H"], FormatFault::Lacks("%Y-%m-%d %H".into(), "the minutes, %M")),
            (&["%Y-%m-%d %M:%S"], FormatFault::Lacks("%Y-%m-%d %M:%S".into(), "the hours, %H")),
        ] {
            assert_eq!(dates(formats, "").unwrap_err(), ("formats", DatesFault::Format(expected)), "{formats:?}");
        }
        for ambiguous in [["%d/%m/%Y", "%m/%d/%Y"], ["%Y-%m-%d", "%Y-%d-%m"], ["%d.%m.%Y %H:%M", "%d.%m.%Y %M:%H"]] {
            let error = dates(&ambiguous, "").unwrap_err();
            let is_ambiguous = matches!(error, ("formats", DatesFault::Format(FormatFault::Ambiguous { .. })));
            assert!(is_ambiguous, "{ambiguous:?}: {error:?}");
        }
        assert!(matches!(dates(&["%d.%m.%Y"; 21], ""), Err(("formats", DatesFault::TooMany))));
        assert!(matches!(dates(&[], "Europe/Berlln"), Err(("time_zone", DatesFault::NoSuchZone(_)))));
    }

    #[test]
    fn a_local_time_is_in_the_zone() {
        let berlin = dates(&[], "Europe/Berlin").unwrap();
        let utc = |value: &str| berlin.in_utc(iso(value).unwrap()).map(|time| stored(time).unwrap());
        for (value, expected) in [
            ("2024-01-05", Ok("2024-01-04T23:00:00Z")),
            ("2024-07-05T12:00:00.5", Ok("2024-07-05T10:00:00.5Z")),
            ("2024-07-05T12:00:00Z", Ok("2024-07-05T12:00:00Z")),
            ("2024-03-31T02:30", Err(Unread::NoSuchTime)),
            ("2024-10-27T02:30", Err(Unread::Twice)),
        ] {
            assert_eq!(utc(value), expected.map(str::to_string), "{value}");
        }
        assert_eq!(stored(berlin.in_utc(iso("9999-12-31T23:59:59-01:00").unwrap()).unwrap()), None);
    }

    #[test]
    fn today_is_the_day_in_the_zone() {
        let now = DateTime::parse_from_rfc3339("2024-01-01T23:30:00Z").unwrap().with_timezone(&Utc);
        let text = |zone| DatesText {
            formats: &[],
            time_zone: Some(zone),
            not_before: Some("1900-01-01"),
            not_after: Some(TODAY),
            now: Some(now),
        };
        let day = |text: DatesText<'_>| Dates::new(text).unwrap().not_after.unwrap().to_string();
        assert_eq!((day(text("Europe/Berlin")), day(text("UTC"))), ("2024-01-02".into(), "2024-01-01".into()));
        let wrong = DatesText { not_before: Some("1.1.1900"), ..text("UTC") };
        assert_eq!(Dates::new(wrong).unwrap_err(), ("not_before", DatesFault::NotADate("1.1.1900".into())));
    }

    #[test]
    fn a_word_for_utc_is_stronger_than_the_zone() {
        for (format, value) in [
            ("%Y%m%dT%H%M%SZ", "20200701T120000Z"),
            ("%Y-%m-%d %H:%M UTC", "2020-07-01 12:00 UTC"),
            ("%Y-%m-%dT%H:%M:%S%.fZ", "2020-07-01T12:00:00Z"),
            ("%Y-%m-%dT%H:%M:%S%z", "2020-07-01T14:00:00+0200"),
            ("%Y-%m-%d %H:%M", "2020-07-01 14:00"),
        ] {
            let dates = dates(&[format], "Europe/Berlin").unwrap();
            let time = dates.read(value).and_then(|moment| dates.in_utc(moment)).unwrap();
            assert_eq!(stored(time).unwrap(), "2020-07-01T12:00:00Z", "{format}");
        }
    }

    /// Numbers that look random (Marsaglia's xorshift).
    fn random(state: &mut u64) -> usize {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        (*state >> 11) as usize
    }

    /// A moment as a format writes it, with up to two characters changed, left out or doubled.
    fn near_miss(format: &str, state: &mut u64) -> String {
        const OTHERS: &[u8] = b"0123456789-T:. Z+/,";
        // In the years 1 to 9999.
        let seconds = random(state) as i64 % 315_537_897_600 - 62_135_596_800;
        let time = DateTime::from_timestamp(seconds, (random(state) % 3 * 500_000_000) as u32 % 1_000_000_000);
        let mut text = time.unwrap().format(format).to_string().into_bytes();
        for _ in 0..random(state) % 3 {
            let (at, other) = (random(state) % text.len(), OTHERS[random(state) % OTHERS.len()]);
            match random(state) % 4 {
                0 => drop(text.remove(at)),
                1 => text.insert(at, other),
                _ => text[at] = other,
            }
        }
        String::from_utf8(text).unwrap()
    }

    /// The number of texts that are compared with what chrono reads.
    const TEXTS: usize = 300_000;

    #[test]
    fn iso_8601_is_read_as_chrono_reads_it() {
        let (mut state, mut read) = (1, 0);
        for number in 0..TEXTS {
            let format = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S%.f+02:00", "%Y-%m-%d"][number % 3];
            let text = near_miss(format, &mut state);
            let (ours, theirs) = (iso(&text), DateTime::parse_from_rfc3339(&text).ok());
            // Chrono has the year 0, and seconds up to 60.
            let theirs = theirs.filter(|time| time.naive_local().year() > 0 && !text.contains(":60"));
            if let Some(theirs) = theirs {
                assert_eq!(ours, Some(Moment::Zoned(theirs)), "{text}");
            } else if text.len() == 20 && text.ends_with('Z') && text.as_bytes()[16] == b':' {
                assert_eq!(ours, None, "{text}");
            }
            let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok();
            let day = day.filter(|day| (1..=9999).contains(&day.year()) && day.to_string() == text);
            assert_eq!(day.map(Moment::Day), ours.filter(|_| text.len() == 10), "{text}");
            read += usize::from(ours.is_some());
        }
        assert!(read > TEXTS / 4, "{read}");
    }

    #[test]
    fn formats_are_read_as_chrono_reads_them() {
        const FORMATS: [&str; 5] = ["%d.%m.%Y", "%m/%d/%y", "%Y%m%d", "%d %b %Y", "%Y-%m-%d %H:%M:%S"];
        let formats = FORMATS.map(|format| (format, dates(&[format], "").unwrap()));
        let (mut state, mut read) = (2, 0);
        for number in 0..TEXTS {
            let (format, dates) = &formats[number % formats.len()];
            let text = near_miss(format, &mut state);
            let time = NaiveDateTime::parse_from_str(&text, format).ok().map(Moment::Local);
            let theirs = time.or_else(|| NaiveDate::parse_from_str(&text, format).ok().map(Moment::Day));
            match dates.read(&text) {
                Ok(ours) => assert_eq!(Some(ours), theirs, "{format} {text}"),
                // Years with fewer digits, or a sign, and a sixtieth second.
                Err(_) => {
                    let is_usual = |moment: Moment| {
                        let moment = if let Moment::Local(time) = moment { time } else { moment.day().into() };
                        (1..=9999).contains(&moment.year()) && moment.format(format).to_string() == text
                    };
                    assert!(!theirs.is_some_and(is_usual) || text.ends_with(":60"), "{format} {text}");
                }
            }
            read += usize::from(theirs.is_some());
        }
        assert!(read > TEXTS / 4, "{read}");
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(value in "[-0-9T:.+Z ]{0,30}", other in ".{0,30}", format in "(%[a-zA-Z]|[-./ ]){0,6}") {
            let _ = (iso(&value), iso(&other));
            if let Ok(dates) = dates(&[&format], "Asia/Tokyo") {
                let _ = dates.read(&value).map(|moment| dates.in_utc(moment));
                let _ = dates.read(&other);
            }
        }
    }
}
