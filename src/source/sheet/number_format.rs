//! What a number's format makes of it: [`NumberFormat`].

/// What a number in a cell is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum NumberFormat {
    /// A number.
    #[default]
    Plain,
    /// A date, a time or both.
    Moment,
    /// A duration.
    Duration,
    /// A number with at least this number of digits, as postal codes and customer numbers have: `00000`.
    Zeros(u8),
}

/// The most zeros that a format can ask for.
const MAX_ZEROS: usize = 64;

impl NumberFormat {
    /// What a format of Excel means (ECMA-376, 18.8.31). Its first section, that of numbers above zero, decides.
    pub(super) fn of_code(code: &str) -> NumberFormat {
        if let Some(zeros) = zeros(code) {
            return NumberFormat::Zeros(zeros);
        }
        let mut characters = code.chars();
        while let Some(character) = characters.next() {
            match character.to_ascii_lowercase() {
                ';' => break,
                // What follows is a character as it stands, or its width.
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

    /// What a format means that is known by its number alone (ECMA-376, 18.8.30).
    pub(super) fn of_id(id: u32) -> NumberFormat {
        match id {
            14..=22 | 27..=36 | 45 | 47 | 50..=58 => NumberFormat::Moment,
            46 => NumberFormat::Duration,
            _ => NumberFormat::Plain,
        }
    }
}

/// How many digits a format asks for that is nothing but zeros, with a language before them if need be.
fn zeros(code: &str) -> Option<u8> {
    let section = code.split(';').next()?.trim();
    let section = match section.strip_prefix("[$-") {
        Some(rest) => rest.split_once(']')?.1,
        None => section,
    };
    let is_zeros = (2..=MAX_ZEROS).contains(&section.len()) && section.bytes().all(|byte| byte == b'0');
    is_zeros.then_some(section.len() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_says_what_a_number_is() {
        use NumberFormat::{Duration, Moment, Plain, Zeros};
        for (code, expected) in [
            ("General", Plain),
            ("0", Plain),
            ("00", Zeros(2)),
            ("00000", Zeros(5)),
            ("00000;-00000", Zeros(5)),
            ("00000;@", Zeros(5)),
            ("[$-407]00000", Zeros(5)),
            ("00000\\-0000", Plain),
            ("000-000", Plain),
            ("\"DE\"00000", Plain),
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
