//! How dates and times are written: the formats in which a value can be read, in the notation of `strftime`.

/// The formats of a day that are tried. The first is ISO 8601, which needs no format in a profile.
pub(super) const DAYS: [&str; 19] = [
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d-%b-%y",
    ISO_LOOSE_FORMAT,
];

/// ISO 8601 with days and months of one digit, for which a profile needs a format.
pub(super) const ISO_LOOSE: usize = 18;
const ISO_LOOSE_FORMAT: &str = "%Y-%m-%d";

pub(super) const ISO: usize = 0;
pub(super) const COMPACT: usize = 8;

/// Those whose year has two digits, a bit each.
pub(super) const SHORT_YEARS: u32 = 1 << 9 | 1 << 10 | 1 << 11 | 1 << 17;

/// The year that one of two digits is read as, with `%y`.
pub(super) fn whole_year(short: u8) -> u16 {
    u16::from(short) + if short < 70 { 2000 } else { 1900 }
}

/// Formats that read the same text as different days: the day first, and the month first.
pub(super) const EITHER: [(usize, usize); 3] = [(2, 3), (4, 5), (10, 11)];

/// What follows the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Time {
    #[default]
    None,
    /// As in ISO 8601, with or without seconds, decimals and a zone.
    Iso,
    Minutes,
    Seconds,
    MinutesOf12,
    SecondsOf12,
}

impl Time {
    /// The format of it, after the format of the day.
    pub(super) fn format(self) -> &'static str {
        match self {
            Time::None | Time::Iso => "",
            Time::Minutes => " %H:%M",
            Time::Seconds => " %H:%M:%S",
            Time::MinutesOf12 => " %I:%M %p",
            Time::SecondsOf12 => " %I:%M:%S %p",
        }
    }
}

/// A value as a day with or without a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dated {
    /// The formats of the day, by index in [`DAYS`].
    pub(super) days: u32,
    pub(super) time: Time,
    /// Its year, if that has two digits.
    pub(super) short_year: Option<u8>,
}

impl Dated {
    /// A day as it is written, in these formats.
    fn new(day: &str, days: u32, time: Time) -> Dated {
        // The year is last.
        let year = day.len().checked_sub(2).and_then(|at| day.get(at..)?.parse().ok());
        Dated { days, time, short_year: year.filter(|_| days & SHORT_YEARS != 0) }
    }
}

/// The formats in which a value is a day, with or without a time; `None` if there is none.
pub(super) fn read(value: &str) -> Option<Dated> {
    if !(6..=40).contains(&value.len()) || !value.is_ascii() || !value.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let days = days(value);
    if days != 0 {
        return Some(Dated::new(value, days, Time::None));
    }
    if let Some((day, time)) = value.split_once(['T', 't'])
        && self::days(day) & 1 << ISO != 0
        && is_iso_time(time)
    {
        return Some(Dated::new(day, 1 << ISO, Time::Iso));
    }
    let clock = value.split(' ').position(|word| word.contains(':'))?;
    let (at, _) = value.match_indices(' ').nth(clock.checked_sub(1)?)?;
    let (days, time) = (self::days(&value[..at]), &value[at + 1..]);
    if days & 1 << ISO != 0 && is_iso_time(time) {
        return Some(Dated::new(&value[..at], 1 << ISO, Time::Iso));
    }
    let time = clock_time(time)?;
    (days != 0).then(|| Dated::new(&value[..at], days, time))
}

fn days(value: &str) -> u32 {
    let mut found = 0;
    let mut note = |form: usize, year: Option<u32>, month: Option<u32>, day: Option<u32>| {
        if let (Some(year), Some(month), Some(day)) = (year, month, day)
            && is_day(year, month, day)
        {
            found |= 1 << form;
        }
    };
    if value.len() == 8 && value.bytes().all(|byte| byte.is_ascii_digit()) {
        note(COMPACT, year4(&value[..4]), number(&value[4..6], 2), number(&value[6..], 2));
        return found;
    }
    let is_mark = |character: char| matches!(character, '-' | '/' | '.' | ' ');
    let Some(first) = value.find(is_mark) else { return 0 };
    let mark = &value[first..=first];
    let mut parts = value.split(mark);
    let (Some(one), Some(two), Some(three), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return 0;
    };
    let two_digits = one.len() == 4 && two.len() == 2 && three.len() == 2;
    let year_first = |note: &mut dyn FnMut(usize, Option<u32>, Option<u32>, Option<u32>), form: usize| {
        note(form, year4(one), number(two, 2), number(three, 2));
    };
    match mark {
        "-" => {
            year_first(&mut note, if two_digits { ISO } else { ISO_LOOSE });
            note(4, year4(three), number(two, 2), number(one, 2));
            note(5, year4(three), number(one, 2), number(two, 2));
            note(12, year4(three), month(two, false), number(one, 2));
            note(17, year2(three), month(two, false), number(one, 2));
        }
        "/" => {
            year_first(&mut note, 6);
            note(2, year4(three), number(two, 2), number(one, 2));
            note(3, year4(three), number(one, 2), number(two, 2));
            note(10, year2(three), number(two, 2), number(one, 2));
            note(11, year2(three), number(one, 2), number(two, 2));
        }
        "." => {
            year_first(&mut note, 7);
            note(1, year4(three), number(two, 2), number(one, 2));
            note(9, year2(three), number(two, 2), number(one, 2));
        }
        _ => {
            note(13, year4(three), month(two, false), number(one, 2));
            note(14, year4(three), month(two, true), number(one, 2));
            let day = two.strip_suffix(',').and_then(|day| number(day, 2));
            note(15, year4(three), month(one, false), day);
            note(16, year4(three), month(one, true), day);
        }
    }
    found
}

fn number(text: &str, most: usize) -> Option<u32> {
    let is_number = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn year4(text: &str) -> Option<u32> {
    number(text, 4).filter(|year| text.len() == 4 && *year > 0)
}

/// A year of two digits; which century it is in decides only about 29 February, which all leap years have.
fn year2(text: &str) -> Option<u32> {
    number(text, 2).filter(|_| text.len() == 2).map(|year| 2000 + year)
}

fn month(text: &str, is_whole: bool) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let is_it = |name: &&str| {
        let short = text.eq_ignore_ascii_case(&name[..3]);
        short || is_whole && text.eq_ignore_ascii_case(name)
    };
    MONTHS.iter().position(is_it).map(|index| index as u32 + 1)
}

fn is_day(year: u32, month: u32, day: u32) -> bool {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// `12:30`, `12:30:00`, `12:30:00.250`, each with `Z`, `+01:00`, `+0100` or nothing after it.
fn is_iso_time(time: &str) -> bool {
    let time = time.strip_suffix(['Z', 'z']).unwrap_or(time);
    let (time, zone) = match time.find(['+', '-']) {
        Some(at) => (&time[..at], &time[at + 1..]),
        None => (time, "00:00"),
    };
    let (time, decimals) = time.split_once('.').unwrap_or((time, "0"));
    let is_zone = match zone.len() {
        2 => number(zone, 2).is_some_and(|hours| hours <= 23),
        4 if zone.is_ascii() => number(&zone[..2], 2).zip(number(&zone[2..], 2)).is_some_and(|(h, m)| h < 24 && m < 60),
        _ => matches!(clock_time(zone), Some(Time::Minutes)),
    };
    let are_decimals = number(decimals, 9).is_some();
    let is_clock = match clock_time(time) {
        Some(Time::Seconds) => true,
        Some(Time::Minutes) => decimals == "0",
        _ => false,
    };
    is_zone && are_decimals && is_clock
}

fn clock_time(text: &str) -> Option<Time> {
    let (clock, half) = match text.split_once(' ') {
        Some((clock, half)) => (clock, Some(half)),
        None => (text, None),
    };
    let mut parts = clock.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next());
    let below = |text: &str, most: u32| text.len() == 2 && number(text, 2).is_some_and(|number| number < most);
    let is_clock = below(minutes, 60) && seconds.is_none_or(|seconds| below(seconds, 60)) && parts.next().is_none();
    let hours = number(hours, 2).filter(|_| is_clock)?;
    match (half, seconds) {
        (None, None) if hours < 24 => Some(Time::Minutes),
        (None, Some(_)) if hours < 24 => Some(Time::Seconds),
        (Some(half), seconds)
            if (1..=12).contains(&hours) && ["am", "pm"].iter().any(|name| name.eq_ignore_ascii_case(half)) =>
        {
            Some(if seconds.is_some() { Time::SecondsOf12 } else { Time::MinutesOf12 })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_read_in_all_formats() {
        for (value, formats) in [
            ("2024-01-31", vec!["%Y-%m-%d"]),
            ("2024-1-31", vec!["%Y-%m-%d"]),
            ("31.01.2024", vec!["%d.%m.%Y"]),
            ("1.2.2024", vec!["%d.%m.%Y"]),
            ("01/02/2024", vec!["%d/%m/%Y", "%m/%d/%Y"]),
            ("31/01/2024", vec!["%d/%m/%Y"]),
            ("01/31/2024", vec!["%m/%d/%Y"]),
            ("01/02/24", vec!["%d/%m/%y", "%m/%d/%y"]),
            ("31.01.24", vec!["%d.%m.%y"]),
            ("20240131", vec!["%Y%m%d"]),
            ("2024/01/31", vec!["%Y/%m/%d"]),
            ("31-Jan-2024", vec!["%d-%b-%Y"]),
            ("31 January 2024", vec!["%d %B %Y"]),
            ("May 3, 2024", vec!["%b %d, %Y", "%B %d, %Y"]),
            ("29.02.2023", vec![]),
            ("31.04.2024", vec![]),
            ("00.01.2024", vec![]),
            ("0000-00-00", vec![]),
            ("12345678", vec![]),
            ("2024-01", vec![]),
            ("", vec![]),
        ] {
            let days = read(value).map_or(0, |dated| dated.days);
            let found: Vec<&str> =
                (0..DAYS.len()).filter(|form| days >> form & 1 == 1).map(|form| DAYS[form]).collect();
            assert_eq!(found, formats, "{value:?}");
            let has_short_year = read(value).is_some_and(|dated| dated.short_year == Some(24));
            assert_eq!(has_short_year, formats.iter().any(|format| format.contains("%y")), "{value:?}");
        }
        for (value, time) in [
            ("2024-01-31T12:30:00Z", Some(Time::Iso)),
            ("2024-01-31 12:30:00", Some(Time::Iso)),
            ("2024-01-31T12:30:00.250+01:00", Some(Time::Iso)),
            ("2024-01-31T12:30:00-0500", Some(Time::Iso)),
            ("2024-01-31T12:30", Some(Time::Iso)),
            ("31.01.2024 12:30", Some(Time::Minutes)),
            ("31.01.2024 12:30:59", Some(Time::Seconds)),
            ("1/31/2024 1:05 PM", Some(Time::MinutesOf12)),
            ("1/31/2024 01:05:00 am", Some(Time::SecondsOf12)),
            ("31 Jan 2024 12:30", Some(Time::Minutes)),
            ("31.01.2024 24:30", None),
            ("2024-01-31T25:00:00", None),
            ("2024-01-31T12:30.5", None),
            ("12:30:00", None),
        ] {
            assert_eq!(read(value).map(|dated| dated.time), time, "{value:?}");
        }
    }
}
