//! A country of ISO 3166-1, by any of its English names or codes.

pub mod names;

use std::borrow::Cow;

use super::definition::{AddressPart, Facts, Limits, Memory, Parsed, Quick, Type};
use crate::core::finding::{Problem, TextKind, excerpt};
use crate::core::row::RowBuilder;

pub struct Country;

impl Type for Country {
    const FACTS: Facts = Facts {
        shows_characters: true,
        docs: "A country by its English name or ISO 3166 code, stored as its alpha-2 code; an unknown one is stored as it is, with a warning.",
        examples: &[("Germany", "DE"), ("USA", "US"), ("Korea, Republic of", "KR"), ("de", "DE")],
        words: "country",
        normalisation: Some("after country normalisation"),
        address_part: Some(AddressPart::Country),
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        if let Some(code) = names::code_of(&value) {
            return Parsed::text(Cow::Borrowed(code), limits, TextKind::Other);
        }
        let found = excerpt(&value).to_string();
        let mut parsed = Parsed::text(value, limits, TextKind::Other);
        for refusal in &mut parsed.refusals {
            if let Problem::Characters { country, .. } = &mut refusal.problem {
                *country = Some(found.clone());
            }
        }
        Parsed { warning: Some(Problem::UnknownCountry { found }), ..parsed }
    }

    #[inline(always)]
    fn quick(value: &[u8], limits: &Limits, memory: &mut Memory, rows: &mut impl RowBuilder) -> Quick {
        let Some(code) = memory.countries.find(value) else { return Quick::Undecided };
        let code = code.as_bytes();
        if !(limits.allow_length(code) && limits.allow_characters(code)) {
            return Quick::Undecided;
        }
        if code == value {
            return Quick::Same;
        }
        rows.space(code.len()).copy_from_slice(code);
        Quick::Normalised(code.len())
    }
}
