//! What a field type implements: [`Type`]. The rest of the program calls [`super::FieldType`].

use std::borrow::Cow;

use super::limits::Limits;
use super::parsed::Parsed;
use super::quick::{Memory, Quick};
use crate::core::finding::Wanted;
use crate::core::record::json::JsonValue;
use crate::core::row::RowBuilder;
use crate::core::text::sheet;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    Text,
    Integer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressPart {
    PostalCode,
    State,
    Country,
}

#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// What it holds, for the documentation.
    pub docs: &'static str,
    /// Values, and what is stored for each.
    pub examples: &'static [(&'static str, &'static str)],
    /// The type in a few words, for the listing of profiles.
    pub words: &'static str,
    /// What the listing says after the limits.
    pub normalisation: Option<&'static str>,
    pub storage: Storage,
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
    /// The part of an address that it holds.
    pub address_part: Option<AddressPart>,
}

impl Facts {
    /// The facts of plain text, the defaults for other types.
    pub const TEXT: Facts = Facts {
        docs: "Any text.",
        examples: &[("Ann Smith", "Ann Smith"), ("null", "null")],
        words: "text",
        normalisation: None,
        storage: Storage::Text,
        json: Wanted::Text,
        holds_words: true,
        is_identifier: false,
        is_guarded: false,
        never_rewritten: false,
        has_quick_keys: false,
        settings: &["min", "max", "characters", "default"],
        address_part: None,
    };
}

pub trait Type {
    const FACTS: Facts;

    /// What the limits allow, in words.
    fn describe(_: &Limits) -> Cow<'static, str> {
        Self::FACTS.words.into()
    }

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
    /// is written to the space of `rows`; nothing is pushed.
    fn quick(_value: &[u8], _limits: &Limits, _memory: &mut Memory, _rows: &mut impl RowBuilder) -> Quick {
        Quick::Undecided
    }
}
