//! What the file of a field type says: it implements [`Type`]. The rest of the program asks [`super::FieldType`].

use std::borrow::Cow;

use super::limits::Limits;
use super::memory::Memory;
use super::parsed::Parsed;
use super::quick::Quick;
use crate::core::finding::Wanted;
use crate::core::record::json::JsonValue;
use crate::core::row::RowBuilder;
use crate::core::text::sheet;

/// How the values of a type are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// As text.
    Text,
    /// As whole numbers.
    Integer,
}

/// The part of an address that a type holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressPart {
    /// A postal code.
    PostalCode,
    /// A state or province.
    State,
    /// A country.
    Country,
}

/// What a type is, apart from its rules.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// What it holds, for the documentation.
    pub docs: &'static str,
    /// Values, and what is stored for each.
    pub examples: &'static [(&'static str, &'static str)],
    /// The type in a few words, for the listing of profiles.
    pub words: &'static str,
    /// What the listing says of it after the limits.
    pub normalisation: Option<&'static str>,
    /// How its values are stored.
    pub storage: Storage,
    /// What it takes from JSON, besides text and whole numbers.
    pub json: Wanted,
    /// Whether a value can be a word. Where it cannot, `null`, `n/a` and the like mean that there is none.
    pub holds_words: bool,
    /// Whether its values are digits that are no number: each digit counts, leading zeros too.
    pub is_identifier: bool,
    /// Whether an apostrophe before a value only keeps a spreadsheet from changing it, and is dropped.
    pub is_guarded: bool,
    /// Whether a number that a spreadsheet has rewritten is refused whatever `--relax` says.
    pub never_rewritten: bool,
    /// Whether a value that the quick path stores can be a key at once: it is ASCII, stored as it is, and names somebody.
    pub has_quick_keys: bool,
    /// The settings of a profile that have an effect on it.
    pub settings: &'static [&'static str],
    /// The part of an address that it holds.
    pub address_part: Option<AddressPart>,
}

impl Facts {
    /// The facts of plain text, from which those of other types differ.
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

/// A field type.
pub trait Type {
    /// See [`Facts`].
    const FACTS: Facts;

    /// What the limits allow, in words.
    fn describe(_: &Limits) -> Cow<'static, str> {
        Self::FACTS.words.into()
    }

    /// Normalises a value, cleaned and not empty, and judges it.
    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v>;

    /// The same for a JSON value of a kind that it takes besides text and whole numbers; `None` for others.
    fn parse_json(_: &JsonValue<'_>, _: &Limits) -> Option<Parsed<'static>> {
        None
    }

    /// Whether a spreadsheet has rewritten a value of digits as a number, so that digits may be lost.
    fn is_rewritten(value: &str) -> bool {
        sheet::rewritten(value.as_bytes()).is_some()
    }

    /// Stores a usual value at once, as the full path would. The value is trimmed, tidy and not empty. What is stored in
    /// its place is written to the space of `rows`, and nothing is pushed.
    fn quick(_value: &[u8], _limits: &Limits, _memory: &mut Memory, _rows: &mut impl RowBuilder) -> Quick {
        Quick::Undecided
    }
}
