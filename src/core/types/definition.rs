//! What a field type implements ([`Type`]), which gets the [`Limits`] of a field and makes a value [`Parsed`]. The rest of the
//! program calls [`super::FieldType`].

use std::borrow::Cow;

use super::choices::Choices;
use super::dates::Dates;
use super::decimals::Decimals;
use super::{country::names::Recent, repair::corrected};
use crate::core::finding::{Problem, TextKind, Wanted};
use crate::core::text::{self, Characters, kinds, sheet};
use crate::core::{record::json::JsonValue, row::RowBuilder};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    Text,
    Integer,
    Real,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressPart {
    PostalCode,
    State,
    Country,
}

#[derive(Clone, Copy, Debug)]
pub struct Facts {
    pub docs: &'static str,
    /// Values, and what is stored for each.
    pub examples: &'static [(&'static str, &'static str)],
    /// The type in a few words, for the listing of profiles.
    pub words: &'static str,
    /// Whether the listing names the characters that a profile allows, in place of these words.
    pub shows_characters: bool,
    /// What the listing says after the limits.
    pub normalisation: Option<&'static str>,
    pub storage: Storage,
    /// The form in which its values are stored, in words. Only values of one form share a column.
    pub form: &'static str,
    /// The JSON type that it needs, besides texts and whole numbers.
    pub json: Wanted,
    /// Whether a value can be a word. If not, `null`, `n/a` and the like mean a missing value.
    pub holds_words: bool,
    /// Whether its values are digits but not numbers: leading zeros matter.
    pub is_identifier: bool,
    /// Whether an apostrophe before a value is a spreadsheet guard, and is removed.
    pub is_guarded: bool,
    /// Whether a number that a spreadsheet has rewritten is refused even with `--relax`.
    pub never_rewritten: bool,
    /// Whether a value that the quick path stores can be used as a key: it is ASCII, unchanged, and identifies somebody.
    pub has_quick_keys: bool,
    /// The settings of a profile that have an effect on it.
    pub settings: &'static [&'static str],
    pub address_part: Option<AddressPart>,
}

impl Facts {
    /// The facts of plain text, the defaults for other types.
    pub const TEXT: Facts = Facts {
        docs: "Any text.",
        examples: &[("Ann Smith", "Ann Smith"), ("null", "null")],
        words: "text",
        shows_characters: false,
        normalisation: None,
        storage: Storage::Text,
        form: "text",
        json: Wanted::Text,
        holds_words: true,
        is_identifier: false,
        is_guarded: false,
        never_rewritten: false,
        has_quick_keys: false,
        settings: &["min", "max", "characters", "pattern", "case"],
        address_part: None,
    };
}

pub trait Type {
    const FACTS: Facts;

    /// Normalises a value, cleaned and not empty, and judges it.
    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v>;

    /// The same for a JSON value that is neither a text nor a whole number; `None` if the type does not accept it.
    fn parse_json(_: &JsonValue<'_>, _: &Limits) -> Option<Parsed<'static>> {
        None
    }

    /// Whether a spreadsheet has rewritten a value of digits, so that digits may be lost.
    fn is_rewritten(value: &str) -> bool {
        sheet::rewritten(value.as_bytes()).is_some()
    }

    /// Decides what the full path would store for an ordinary value, which is trimmed, tidy and not empty. A normalised value
    /// is written to the space of `rows`; a number alone is pushed.
    fn quick(_value: &[u8], _limits: &Limits, _memory: &mut Memory, _rows: &mut impl RowBuilder) -> Quick {
        Quick::Undecided
    }
}

/// The rules of decimals, or of dates and timestamps.
#[derive(Clone, Debug, Default)]
pub enum Rules {
    #[default]
    None,
    Decimals(Box<Decimals>),
    Dates(Box<Dates>),
}

impl Rules {
    /// A number or date of a spreadsheet as a text of the field would have it.
    pub fn as_text(&self, value: &str) -> String {
        match self {
            Rules::None => value.to_string(),
            Rules::Decimals(rules) => value.replace('.', rules.point.encode_utf8(&mut [0; 4])),
            Rules::Dates(rules) => rules.as_text(value),
        }
    }
}

/// The limits of one field. Lengths are in Unicode scalar values.
#[derive(Clone, Debug)]
pub struct Limits {
    pub min: usize,
    pub max: usize,
    pub at_least: i64,
    pub at_most: i64,
    /// The rules of its type that others do not have.
    pub rules: Rules,
    /// The characters that a value may contain; `None` for all, or if the rule is relaxed.
    pub characters: Option<Characters>,
    /// Whether `--relax` names the field.
    pub relaxed: bool,
    pub repair: bool,
    /// Whether a number that a spreadsheet has rewritten must be refused, because no other limit refuses it.
    pub refuses_rewritten: bool,
    pub choices: Choices,
}

impl Default for Limits {
    /// Texts of at most 100 characters, and anything of other types.
    fn default() -> Limits {
        Limits {
            min: 0,
            max: 100,
            at_least: i64::MIN,
            at_most: i64::MAX,
            rules: Rules::None,
            characters: None,
            relaxed: false,
            repair: false,
            refuses_rewritten: false,
            choices: Choices::default(),
        }
    }
}

impl Limits {
    /// Whether the length of a value in UTF-8 is within the limits.
    #[inline]
    pub fn allow_length(&self, value: &[u8]) -> bool {
        // Decides most values without counting characters, which have up to four bytes.
        if value.len() >= 4 * self.min && value.len() <= self.max {
            return true;
        }
        let length = value.iter().filter(|byte| !matches!(byte, 0x80..=0xbf)).count();
        (self.min..=self.max).contains(&length)
    }

    #[inline]
    pub fn allow_characters(&self, value: &[u8]) -> bool {
        self.allow_kinds(kinds::seen(value), value)
    }

    /// Whether a value with bytes of these kinds ([`kinds::seen`]) surely has only allowed characters.
    #[inline]
    pub fn allow_kinds(&self, seen: u8, value: &[u8]) -> bool {
        self.characters.is_none_or(|characters| characters.allow(seen, value))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Stored<'v> {
    Missing,
    Text(Cow<'v, str>),
    /// A whole number, or a flag.
    Integer(i64),
    Real(f64),
}

impl Stored<'_> {
    pub fn into_owned<'v>(self) -> Stored<'v> {
        match self {
            Stored::Missing => Stored::Missing,
            Stored::Integer(number) => Stored::Integer(number),
            Stored::Real(number) => Stored::Real(number),
            Stored::Text(text) => Stored::Text(Cow::Owned(text.into_owned())),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub problem: Problem,
    pub suggestion: Option<String>,
    /// Whether the value would be valid without the field's rule.
    pub relaxable: bool,
}

impl Refusal {
    pub fn new(problem: Problem) -> Refusal {
        Refusal { problem, suggestion: None, relaxable: false }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Parsed<'v> {
    /// What is stored. If the value is refused: what was judged, as far as it could be normalised.
    pub stored: Stored<'v>,
    pub is_repaired: bool,
    pub warning: Option<Problem>,
    pub refusals: Vec<Refusal>,
}

impl<'v> Parsed<'v> {
    pub fn new(stored: Stored<'v>, refusals: Vec<Refusal>) -> Parsed<'v> {
        Parsed { stored, is_repaired: false, warning: None, refusals }
    }

    /// A normalised text, checked against its field's limits. An empty one is missing.
    pub fn text(value: Cow<'v, str>, limits: &Limits, kind: TextKind) -> Parsed<'v> {
        if value.is_empty() {
            return Parsed::new(Stored::Missing, Vec::new());
        }
        let mut refusals = Vec::new();
        if !limits.allow_length(value.as_bytes()) {
            let (length, Limits { min, max, .. }) = (text::length(&value), limits);
            refusals.push(Refusal::new(match length < *min {
                true => Problem::TooShort { length, limit: *min },
                false => Problem::TooLong { length, limit: *max, kind },
            }));
        }
        if let Some(allowed) = limits.characters
            && let Some(found) = allowed.first_outside(&value)
        {
            let problem = Problem::Characters { found, allowed, country: None };
            let suggestion = corrected(&value, allowed).filter(|text| limits.allow_length(text.as_bytes()));
            let relaxable = refusals.is_empty();
            refusals.push(Refusal { problem, suggestion, relaxable });
        }
        Parsed::new(Stored::Text(value), refusals)
    }

    pub fn integer(number: i64) -> Parsed<'v> {
        Parsed::new(Stored::Integer(number), Vec::new())
    }

    pub fn refused(refusal: Refusal) -> Parsed<'v> {
        Parsed::new(Stored::Missing, vec![refusal])
    }
}

/// Applies a normaliser; a borrowed value stays borrowed if possible.
pub fn normalised<'v>(value: Cow<'v, str>, normalise: impl for<'a> Fn(&'a str) -> Cow<'a, str>) -> Cow<'v, str> {
    match value {
        Cow::Borrowed(value) => normalise(value),
        Cow::Owned(value) => match normalise(&value) {
            Cow::Borrowed(same) if same.len() == value.len() => Cow::Owned(value),
            changed => Cow::Owned(changed.into_owned()),
        },
    }
}

#[derive(Clone, Debug, Default)]
pub struct Memory {
    pub countries: Recent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quick {
    Undecided,
    Missing,
    Same,
    /// Normalised: written to the builder's space, with this length.
    Normalised(usize),
    /// The same, and address repair removed punctuation.
    Repaired(usize),
    /// A number, which is pushed already; and whether it is written as it is stored.
    Pushed(bool),
}

impl Quick {
    #[inline]
    pub fn same_if(is_valid: bool) -> Quick {
        if is_valid { Quick::Same } else { Quick::Undecided }
    }
}
