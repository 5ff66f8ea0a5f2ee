//! Cells: their names in a spreadsheet, and their values as text.
//!
//! - A text stays as it is, except for the mark of errors ([`SHEET_MARK`]).
//! - A number is the shortest decimal that reads back as the same number, never with an exponent. A spreadsheet also
//!   keeps account and phone numbers as floating-point numbers, and they must come out as they went in.
//! - A moment is ISO 8601: only a date at midnight, only a time on day zero. A duration is hours, minutes and seconds,
//!   with as many hours as it has.
//! - Truth values are `true` and `false`. An error is its English name after the mark.

use std::fmt::Write as _;

use calamine::{CellErrorType, Data, ExcelDateTime, ExcelDateTimeType};

use super::number_format::{NumberFormat, Unit};
use super::protocol::{Refusal, Result, short};
use crate::core::record::csv::{SHEET_MARK, TYPED};

/// The size of the largest sheet, in every program that writes these files.
pub(super) const MAX_ROWS: u32 = 1_048_576;
pub(super) const MAX_COLUMNS: u32 = 16_384;

/// The row of a number, from 0.
pub(super) fn row_of(number: &str) -> Result<u32> {
    let is_number = || !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    match number.parse::<u32>() {
        Ok(row) if (1..=MAX_ROWS).contains(&row) && !number.starts_with('+') => Ok(row - 1),
        Ok(0) => Err(Refusal::damaged("it has a row 0")),
        _ if is_number() => {
            Err(Refusal::damaged(format!("it has a row {}; a sheet has {MAX_ROWS} rows", short(number))))
        }
        _ => Err(Refusal::damaged(format!("it has a row named {:?}", short(number)))),
    }
}

/// The row and column, from 0, of a cell by its name: `B7`, `$B$7`.
pub(super) fn parse_position(name: &str) -> Result<(u32, u32)> {
    let name = name.trim();
    let bare = name.strip_prefix('$').unwrap_or(name);
    let letters = bare.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (column, row) = bare.split_at(letters);
    let column = column.bytes().fold(0_u32, |column, letter| {
        column.saturating_mul(26).saturating_add(u32::from(letter.to_ascii_uppercase() - b'A') + 1)
    });
    if column == 0 {
        return Err(Refusal::damaged(format!("it has a cell named {:?}", short(name))));
    }
    if column > MAX_COLUMNS {
        return Err(Refusal::damaged(format!(
            "it has a cell {:?} beyond the {MAX_COLUMNS} columns of a sheet",
            short(name)
        )));
    }
    Ok((row_of(row.strip_prefix('$').unwrap_or(row))?, column - 1))
}

/// The name of a cell: `B7` in the seventh row and second column.
pub(super) fn position_name((row, column): (u32, u32)) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        letters.push(char::from(b'A' + ((left - 1) % 26) as u8));
        left = (left - 1) / 26;
    }
    letters.iter().rev().collect::<String>() + &(row + 1).to_string()
}

pub(super) fn push_value(text: &mut String, value: &Data) {
    match value {
        Data::Empty => (),
        Data::String(value) => push_text(text, value),
        Data::Float(value) => typed(text, |text| push_number(text, *value)),
        Data::Int(value) => push(text, format_args!("{value}")),
        Data::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Data::DateTime(value) if value.is_duration() => push_duration(text, value.as_f64()),
        Data::DateTime(value) => typed(text, |text| push_moment(text, value)),
        Data::DateTimeIso(value) => typed(text, |text| text.push_str(without_midnight(value))),
        Data::DurationIso(value) => match seconds_of(value) {
            Some(seconds) => push_duration(text, seconds / SECONDS_OF_DAY),
            None => push_text(text, value),
        },
        Data::Error(CellErrorType::GettingData) => push_error(text, "#GETTING_DATA"),
        Data::Error(error) => push_error(text, &error.to_string()),
    }
}

/// Marks a number that has decimals, and a date: in a text they might be written otherwise.
fn typed(text: &mut String, push: impl FnOnce(&mut String)) {
    let start = text.len();
    push(text);
    let is_read_otherwise = |byte: &u8| matches!(byte, b'.' | b'-');
    let value = &text.as_bytes()[start..];
    if value.first().is_some_and(u8::is_ascii_digit) && value.iter().any(is_read_otherwise)
        || value.first() == Some(&b'-') && value.contains(&b'.')
    {
        text.insert(start, TYPED);
        text.insert(start, SHEET_MARK);
    }
}

pub(super) fn push_text(text: &mut String, value: &str) {
    if value.starts_with(SHEET_MARK) {
        text.push(SHEET_MARK);
    }
    text.push_str(value);
}

pub(super) fn push_error(text: &mut String, name: &str) {
    text.push(SHEET_MARK);
    text.push_str(name);
}

pub(super) fn push_formatted(text: &mut String, value: f64, format: NumberFormat, is_1904: bool) {
    match format {
        NumberFormat::Plain => typed(text, |text| push_number(text, value)),
        NumberFormat::Digits(units) => {
            push_number(text, value);
            fill_in(text, &units);
        }
        NumberFormat::Moment => {
            typed(text, |text| push_moment(text, &ExcelDateTime::new(value, ExcelDateTimeType::DateTime, is_1904)))
        }
        NumberFormat::Duration => push_duration(text, value),
    }
}

/// A floating-point number of more digits may not be the one that was written.
const EXACT_DIGITS: usize = 15;
const MAX_DIGITS: usize = 64;

/// Appends a number written in digits; more than a floating-point number can hold are kept. Anything else is text.
pub(super) fn push_written(text: &mut String, written: &str, format: NumberFormat, is_1904: bool) {
    let is_long = (EXACT_DIGITS + 1..=MAX_DIGITS).contains(&written.len())
        && !written.starts_with('0')
        && written.bytes().all(|byte| byte.is_ascii_digit());
    match &format {
        NumberFormat::Plain if is_long => return text.push_str(written),
        NumberFormat::Digits(units) if is_long => {
            text.push_str(written);
            return fill_in(text, units);
        }
        _ => (),
    }
    let is_number = written.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    match written.parse::<f64>() {
        Ok(value) if is_number => push_formatted(text, value, format, is_1904),
        _ => push_text(text, written),
    }
}

/// Puts the digits of a whole number into the format's places, from the right. Missing digits are zeros, and extra ones
/// go to the first place.
fn fill_in(text: &mut String, units: &[Unit]) {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return;
    }
    let mut places = units.iter().filter(|unit| **unit == Unit::Digit).count();
    let mut digits = digits.chars().rev();
    let mut reversed = Vec::with_capacity(units.len());
    for unit in units.iter().rev() {
        match unit {
            Unit::Literal(character) => reversed.push(*character),
            Unit::Digit => {
                reversed.push(digits.next().unwrap_or('0'));
                places -= 1;
                if places == 0 {
                    reversed.extend(digits.by_ref());
                }
            }
        }
    }
    *text = sign.chars().chain(reversed.into_iter().rev()).collect();
}

/// Up to here every whole number is a floating-point number.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

fn push_number(text: &mut String, value: f64) {
    if value.fract() == 0.0 && value.abs() <= MAX_WHOLE {
        // The same digits, but faster, and zero without a sign.
        push(text, format_args!("{}", value as i64));
    } else if value.is_finite() {
        push(text, format_args!("{value}"));
    } else {
        push_error(text, "#NUM!");
    }
}

/// The first day without a date in a spreadsheet: the one after 9999-12-31.
const FIRST_DAY_WITHOUT_DATE: f64 = 2_958_466.0;

/// Serials from 1 to 60 are days of 1900 as Excel counts them, with a 29 February that the year did not have.
fn push_moment(text: &mut String, moment: &ExcelDateTime) {
    let serial = moment.as_f64();
    if !(0.0..FIRST_DAY_WITHOUT_DATE).contains(&serial) {
        return push_number(text, serial);
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let is_midnight = (hour, minute, second, milli) == (0, 0, 0, 0);
    if serial >= 1.0 {
        push(text, format_args!("{year:04}-{month:02}-{day:02}"));
        if is_midnight {
            return;
        }
        text.push('T');
    }
    push_time(text, u64::from(hour), u64::from(minute), u64::from(second), u64::from(milli));
}

const SECONDS_OF_DAY: f64 = 86_400.0;

/// The longest duration written as one: a million years.
const MAX_DURATION_DAYS: f64 = 365_250_000.0;

fn push_duration(text: &mut String, days: f64) {
    if !(-MAX_DURATION_DAYS..=MAX_DURATION_DAYS).contains(&days) {
        return push_number(text, days);
    }
    let millis = (days * SECONDS_OF_DAY * 1000.0).round() as i64;
    if millis < 0 {
        text.push('-');
    }
    let millis = millis.unsigned_abs();
    push_time(text, millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60, millis % 1000);
}

fn push_time(text: &mut String, hour: u64, minute: u64, second: u64, milli: u64) {
    push(text, format_args!("{hour:02}:{minute:02}:{second:02}"));
    if milli > 0 {
        push(text, format_args!(".{milli:03}"));
    }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = text.write_fmt(arguments);
}

/// An ISO 8601 moment without zero fractions of a second, and without a time at midnight.
fn without_midnight(moment: &str) -> &str {
    let short = match moment.split_once('.') {
        Some((short, fraction)) if fraction.bytes().all(|byte| byte == b'0') => short,
        _ => moment,
    };
    short.strip_suffix("T00:00:00").unwrap_or(short)
}

/// The seconds of an ISO 8601 duration without years and months: `PT26H30M00S`.
fn seconds_of(duration: &str) -> Option<f64> {
    let (sign, rest) = duration.strip_prefix('-').map_or((1.0, duration), |rest| (-1.0, rest));
    let (days, times) = rest.strip_prefix('P')?.split_once('T').unwrap_or((&rest[1..], ""));
    let mut seconds = 0.0;
    for (part, units) in
        [(days, [('D', SECONDS_OF_DAY)].as_slice()), (times, &[('H', 3600.0), ('M', 60.0), ('S', 1.0)])]
    {
        let mut part = part;
        for (unit, length) in units {
            if let Some((number, rest)) = part.split_once(*unit) {
                let is_number = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                seconds += number.parse::<f64>().ok().filter(|_| is_number)? * length;
                part = rest;
            }
        }
        if !part.is_empty() {
            return None;
        }
    }
    Some(sign * seconds)
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType::{DateTime, TimeDelta};

    use super::*;

    fn text_of(value: &Data) -> String {
        let mut text = String::new();
        push_value(&mut text, value);
        unmarked(text)
    }

    fn unmarked(text: String) -> String {
        text.strip_prefix(concat!('\u{1}', '\u{2}')).map_or(text.clone(), str::to_string)
    }

    #[test]
    fn decimals_and_dates_are_marked() {
        let date = |serial| Data::DateTime(ExcelDateTime::new(serial, DateTime, false));
        for (value, is_marked) in [
            (Data::Float(1.5), true),
            (Data::Float(-1.5), true),
            (Data::Float(15.0), false),
            (Data::Float(-15.0), false),
            (Data::Int(7), false),
            (Data::String("1.5".into()), false),
            (date(46082.0), true),
            (date(46082.25), true),
            (date(0.25), false),
        ] {
            let mut text = String::new();
            push_value(&mut text, &value);
            assert_eq!(text.starts_with(concat!('\u{1}', '\u{2}')), is_marked, "{text}");
        }
    }

    #[test]
    fn numbers_have_no_exponents_and_no_needless_digits() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (-1.5, "-1.5"),
            (4155550123.0, "4155550123"),
            (1e15, "1000000000000000"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (1e21, "1000000000000000000000"),
            (-1e21, "-1000000000000000000000"),
            (1e-7, "0.0000001"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::NAN, "\u{1}#NUM!"),
            (f64::NEG_INFINITY, "\u{1}#NUM!"),
        ] {
            assert_eq!(text_of(&Data::Float(value)), expected);
        }
        for value in [f64::MAX, f64::MIN_POSITIVE, 5e-324, 123456789.12345678, 1.0 / 3.0] {
            let text = text_of(&Data::Float(value));
            assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'), "{text}");
            assert_eq!(text.parse::<f64>().unwrap(), value);
        }
        assert_eq!(text_of(&Data::Int(-42)), "-42");
    }

    #[test]
    fn a_format_of_zeros_gives_its_zeros() {
        use NumberFormat::Plain;
        let shown = NumberFormat::of_code;
        for (written, format, expected) in [
            ("1067", shown("00000"), "01067"),
            ("1067", Plain, "1067"),
            ("1067.0", shown("00000"), "01067"),
            ("0", shown("00000"), "00000"),
            ("-7", shown("000"), "-007"),
            ("1234567", shown("00000"), "1234567"),
            ("10.5", shown("00000"), "10.5"),
            ("1.067E3", shown("00000"), "01067"),
            ("1067", shown("00\\-000"), "01-067"),
            ("1067", shown("00000\\-0000"), "00000-1067"),
            ("1067", shown("000 00"), "010 67"),
            ("1067", shown("\"D-\"00000"), "D-01067"),
            ("123456789012", shown("00000\\-0000"), "12345678-9012"),
            ("-1067", shown("00\\-000"), "-01-067"),
            ("10.5", shown("00\\-000"), "10.5"),
            ("12345678901234567", shown("00\\-000"), "12345678901234-567"),
            ("12345678901234567890", Plain, "12345678901234567890"),
            ("12345678901234567", shown("00000000000000000000"), "00012345678901234567"),
            ("4.155550123E9", Plain, "4155550123"),
            ("007", Plain, "7"),
            ("00000000000000000007", Plain, "7"),
            ("1e999", Plain, "\u{1}#NUM!"),
            ("nan", Plain, "nan"),
            ("inf", shown("00000"), "inf"),
            ("-", Plain, "-"),
            ("46082", NumberFormat::Moment, "2026-03-01"),
            ("1.5", NumberFormat::Duration, "36:00:00"),
        ] {
            let mut text = String::new();
            push_written(&mut text, written, format.clone(), false);
            assert_eq!(unmarked(text), expected, "{written} {format:?}");
        }
    }

    #[test]
    fn moments_are_as_excel_shows_them() {
        let cases = [
            (46082.0, false, "2026-03-01"),
            (46082.0 + 14.5 / 24.0, false, "2026-03-01T14:30:00"),
            (46082.604166666664, false, "2026-03-01T14:30:00"),
            (44620.0, true, "2026-03-01"),
            (14.5 / 24.0, false, "14:30:00"),
            (0.0, false, "00:00:00"),
            (1.0, false, "1900-01-01"),
            (59.0, false, "1900-02-28"),
            (60.0, false, "1900-02-29"),
            (61.0, false, "1900-03-01"),
            (2958465.0, false, "9999-12-31"),
            (2958466.0, false, "2958466"),
            (-1.0, false, "-1"),
            (1e300, false, &format!("1{}", "0".repeat(300))),
            (45943.541, false, "2025-10-13T12:59:02.400"),
            (45943.99999999999, false, "2025-10-14"),
        ];
        for (serial, is_1904, expected) in cases {
            let moment = ExcelDateTime::new(serial, DateTime, is_1904);
            let expected = if serial == 1e300 { text_of(&Data::Float(serial)) } else { expected.to_string() };
            assert_eq!(text_of(&Data::DateTime(moment)), expected, "{serial}");
        }
    }

    #[test]
    fn durations_have_as_many_hours_as_they_have() {
        for (days, expected) in [
            (26.5 / 24.0, "26:30:00"),
            (0.0, "00:00:00"),
            (-0.5, "-12:00:00"),
            (1000.0, "24000:00:00"),
            (0.25 / 86400.0, "00:00:00.250"),
        ] {
            let duration = ExcelDateTime::new(days, TimeDelta, false);
            assert_eq!(text_of(&Data::DateTime(duration)), expected);
        }
        for (iso, expected) in [
            ("PT14H30M00S", "14:30:00"),
            ("PT26H30M00S", "26:30:00"),
            ("-PT1H", "-01:00:00"),
            ("P1DT2H3M4.500S", "26:03:04.500"),
            ("P2D", "48:00:00"),
            ("P1Y", "P1Y"),
            ("PT5X", "PT5X"),
            ("PTH", "PTH"),
            ("PTinfS", "PTinfS"),
            ("soon", "soon"),
            ("", ""),
        ] {
            assert_eq!(text_of(&Data::DurationIso(iso.into())), expected, "{iso}");
        }
    }

    #[test]
    fn midnight_is_left_out() {
        for (iso, expected) in [
            ("2026-03-01", "2026-03-01"),
            ("2026-03-01T00:00:00", "2026-03-01"),
            ("2026-03-01T00:00:00.000", "2026-03-01"),
            ("2026-03-01T14:30:00", "2026-03-01T14:30:00"),
            ("2026-03-01T14:30:00.000000000", "2026-03-01T14:30:00"),
            ("2026-03-01T14:30:00.5", "2026-03-01T14:30:00.5"),
        ] {
            assert_eq!(text_of(&Data::DateTimeIso(iso.into())), expected);
        }
    }

    #[test]
    fn errors_are_told_from_texts() {
        assert_eq!(text_of(&Data::Error(CellErrorType::NA)), "\u{1}#N/A");
        assert_eq!(text_of(&Data::String("#N/A".into())), "#N/A");
        assert_eq!(text_of(&Data::String("\u{1}#N/A".into())), "\u{1}\u{1}#N/A");
    }

    #[test]
    fn a_cell_has_its_name() {
        for (name, position) in [("A1", (0, 0)), ("B7", (6, 1)), ("AA10", (9, 26)), ("XFD1048576", (1_048_575, 16_383))]
        {
            assert_eq!((parse_position(name).unwrap(), position_name(position)), (position, name.to_string()));
        }
        assert_eq!(parse_position(" $b$7 ").unwrap(), (6, 1));
        for wrong in
            ["", "A", "1", "A0", "A-1", "A+1", "XFE1", "ZZZZZZZZZZ1", "A1048577", "A4294967297", "Ä1", "A1B", "A 1"]
        {
            assert!(parse_position(wrong).is_err(), "{wrong}");
        }
    }
}
