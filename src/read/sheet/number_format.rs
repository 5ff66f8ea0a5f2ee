//! How a number's format shows it: [`NumberFormat`].

use std::rc::Rc;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum NumberFormat {
    #[default]
    Plain,
    /// A date, a time or both.
    Moment,
    Duration,
    /// A whole number with a place for each digit, such as postal codes and customer numbers: `00000`, `00\-000`.
    Digits(Rc<[Unit]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Digit,
    Literal(char),
}

/// The longest code of a format (the limit of ECMA-376).
const MAX_UNITS: usize = 255;

impl NumberFormat {
    /// The meaning of an Excel format (ECMA-376, 18.8.31). Its first section, for numbers above zero, decides.
    pub(super) fn of_code(code: &str) -> NumberFormat {
        if let Some(digits @ NumberFormat::Digits(_)) = units(code).map(NumberFormat::of_units) {
            return digits;
        }
        let mut characters = code.chars();
        while let Some(character) = characters.next() {
            match character.to_ascii_lowercase() {
                ';' => break,
                // The next character is literal, or stands for its width.
                '\\' | '_' | '*' => _ = characters.next(),
                '"' => _ = characters.by_ref().find(|character| *character == '"'),
                '[' => {
                    let inside: String = characters.by_ref().take_while(|character| *character != ']').collect();
                    if !inside.is_empty() && inside.chars().all(|unit| "hmsHMS".contains(unit)) {
                        return NumberFormat::Duration;
                    }
                }
                'd' | 'm' | 'y' | 'h' | 's' => return NumberFormat::Moment,
                _ => (),
            }
        }
        NumberFormat::Plain
    }

    /// The meaning of a format that has only digits' places and characters between them. A single place shows any
    /// number as it is, with its unit.
    pub(super) fn of_units(units: Vec<Unit>) -> NumberFormat {
        let digits = units.iter().filter(|unit| **unit == Unit::Digit).count();
        if digits > 1 && units.len() <= MAX_UNITS { NumberFormat::Digits(units.into()) } else { NumberFormat::Plain }
    }

    /// The meaning of a built-in format, known by its number (ECMA-376, 18.8.30).
    pub(super) fn of_id(id: u32) -> NumberFormat {
        match id {
            14..=22 | 27..=36 | 45 | 47 | 50..=58 => NumberFormat::Moment,
            46 => NumberFormat::Duration,
            _ => NumberFormat::Plain,
        }
    }
}

pub(super) fn push_digits(units: &mut Vec<Unit>, digits: usize) {
    // One more than the maximum is already too many.
    units.extend(std::iter::repeat_n(Unit::Digit, digits.min(MAX_UNITS + 1)));
}

/// The colours of a format (ECMA-376, 18.8.31); `color` has a number, as in `[Color12]`.
const COLOURS: [&str; 9] = ["black", "blue", "color", "cyan", "green", "magenta", "red", "white", "yellow"];

/// The units of an Excel format's first section, if it has only zeros, literal characters, a language and a colour.
fn units(code: &str) -> Option<Vec<Unit>> {
    let is_digit = |character: char| character.is_ascii_digit();
    let mut units = Vec::new();
    let mut characters = code.trim().chars();
    while let Some(character) = characters.next() {
        match character {
            ';' => break,
            '0' => units.push(Unit::Digit),
            '-' | '+' | '(' | ')' | ' ' | '\u{a0}' => units.push(Unit::Literal(character)),
            '\\' => units.push(Unit::Literal(characters.next()?)),
            // A blank as wide as the next character.
            '_' => units.push(characters.next().map(|_| Unit::Literal(' '))?),
            '"' => {
                let quoted = characters.by_ref().take_while(|character| *character != '"');
                units.extend(quoted.map(Unit::Literal));
            }
            '[' => {
                let inside: String = characters.by_ref().take_while(|character| *character != ']').collect();
                // Anything else may be a currency or a condition.
                let is_language = inside.strip_prefix("$-").is_some_and(|code| !code.is_empty());
                let is_colour =
                    COLOURS.iter().any(|colour| colour.eq_ignore_ascii_case(inside.trim_end_matches(is_digit)));
                (is_language || is_colour).then_some(())?;
            }
            _ => return None,
        }
    }
    Some(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_says_what_a_number_is() {
        use NumberFormat::{Duration, Moment, Plain};
        let shown = |text: &str| {
            let unit = |character| if character == '0' { Unit::Digit } else { Unit::Literal(character) };
            NumberFormat::Digits(text.chars().map(unit).collect())
        };
        for (code, expected) in [
            ("General", Plain),
            ("0", Plain),
            ("00", shown("00")),
            ("00000", shown("00000")),
            ("00000;-00000", shown("00000")),
            ("00000;@", shown("00000")),
            ("[$-407]00000", shown("00000")),
            ("[Red]00000", shown("00000")),
            ("[Color12]00000;[RED]-00000", shown("00000")),
            ("00000\\-0000", shown("00000-0000")),
            ("00\\-000;@", shown("00-000")),
            ("000-000", shown("000-000")),
            ("000 00", shown("000 00")),
            ("(000) 000\\ 0000", shown("(000) 000 0000")),
            ("\"DE\"00000", shown("DE00000")),
            ("[$-409]\"D;\"00000;;", shown("D;00000")),
            ("_-00000_-", shown(" 00000 ")),
            ("0\" pieces\"", Plain),
            ("[$€-407]00000", Plain),
            ("[>9]00;000", Plain),
            ("00/00", Plain),
            ("00%", Plain),
            (&"0".repeat(256), Plain),
            ("00000.00", Plain),
            ("#,##0.00", Plain),
            ("0.00E+00", Plain),
            ("[Red]#,##0 \"days\";0", Plain),
            ("0.00\\ \\d", Plain),
            ("#,##0\\ [$EUR-407]", Plain),
            ("_(* #,##0_);_(* (#,##0)", Plain),
            ("0;dd", Plain),
            ("dd.mm.yyyy", Moment),
            ("YYYY-MM-DD hh:mm", Moment),
            ("[$-409]h:mm AM/PM", Moment),
            ("m\"M\"d\"D\";@", Moment),
            ("[h]:mm:ss", Duration),
            ("[ss]", Duration),
            ("", Plain),
            ("[", Plain),
            ("\"", Plain),
        ] {
            assert_eq!(NumberFormat::of_code(code), expected, "{code}");
        }
        assert_eq!(NumberFormat::of_id(14), Moment);
        assert_eq!(NumberFormat::of_id(46), Duration);
        assert_eq!(NumberFormat::of_id(1), Plain);
    }
}
