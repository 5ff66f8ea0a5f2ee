//! A flag: yes or no.

use std::borrow::Cow;

use super::definition::{Facts, Limits, Memory, Parsed, Quick, Refusal, Storage, Type};
use crate::core::finding::{Problem, Wanted, excerpt};
use crate::core::{record::json::JsonValue, row::RowBuilder};

pub struct Flag;

impl Type for Flag {
    const FACTS: Facts = Facts {
        docs: "Yes or no, stored as 1 or 0.",
        examples: &[("Yes", "1"), ("off", "0"), ("t", "1")],
        words: "flag: yes or no",
        storage: Storage::Integer,
        form: "flag",
        json: Wanted::Flag,
        holds_words: false,
        settings: &[],
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, _: &Limits) -> Parsed<'v> {
        match parse(&value) {
            Some(flag) => Parsed::integer(i64::from(flag)),
            None => Parsed::refused(Refusal::new(Problem::NotAFlag { found: excerpt(&value).to_string() })),
        }
    }

    #[inline(never)] // as texts are more usual
    fn quick(value: &[u8], _: &Limits, _: &mut Memory, rows: &mut impl RowBuilder) -> Quick {
        let Some(flag) = std::str::from_utf8(value).ok().and_then(parse) else { return Quick::Undecided };
        rows.push_integer(i64::from(flag));
        Quick::Pushed(matches!(value, b"0" | b"1"))
    }

    fn parse_json(value: &JsonValue<'_>, _: &Limits) -> Option<Parsed<'static>> {
        if let JsonValue::Bool(flag) = value { Some(Parsed::integer(i64::from(*flag))) } else { None }
    }
}

fn parse(value: &str) -> Option<bool> {
    const YES: [&str; 6] = ["1", "y", "t", "yes", "true", "on"];
    const NO: [&str; 6] = ["0", "n", "f", "no", "false", "off"];
    let is_one_of = |words: [&str; 6]| words.iter().any(|word| word.eq_ignore_ascii_case(value));
    if is_one_of(YES) { Some(true) } else { is_one_of(NO).then_some(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_reads_the_words_in_any_case() {
        for value in ["1", "y", "Y", "t", "T", "yes", "YES", "Yes", "true", "True", "TRUE", "tRuE", "on", "On"] {
            assert_eq!(parse(value), Some(true), "{value:?}");
        }
        for value in ["0", "n", "N", "f", "F", "no", "NO", "No", "false", "False", "FALSE", "off", "OFF"] {
            assert_eq!(parse(value), Some(false), "{value:?}");
        }
        for value in
            ["", " ", "2", "-1", "00", "01", "1.0", "maybe", "yes!", "ye", "ja", "oui", "x", "null", "１", "ﬀ", "oﬀ"]
        {
            assert_eq!(parse(value), None, "{value:?}");
        }
    }
}
