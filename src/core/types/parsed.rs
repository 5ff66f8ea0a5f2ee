//! What a type makes of one value: [`Parsed`].

use std::borrow::Cow;

use super::corrected::corrected;
use super::limits::Limits;
use crate::core::finding::{Problem, TextKind};
use crate::core::text;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored<'v> {
    Missing,
    Text(Cow<'v, str>),
    /// A whole number, or a flag.
    Integer(i64),
}

impl Stored<'_> {
    pub fn into_owned<'v>(self) -> Stored<'v> {
        match self {
            Stored::Missing => Stored::Missing,
            Stored::Integer(number) => Stored::Integer(number),
            Stored::Text(text) => Stored::Text(Cow::Owned(text.into_owned())),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub problem: Problem,
    /// A correct value, if one can be guessed.
    pub suggestion: Option<String>,
    /// Whether the value would be valid without the field's rule.
    pub relaxable: bool,
}

impl Refusal {
    pub fn new(problem: Problem) -> Refusal {
        Refusal { problem, suggestion: None, relaxable: false }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed<'v> {
    /// What is stored. If the value is refused: what was judged, as far as it could be normalised.
    pub stored: Stored<'v>,
    pub is_repaired: bool,
    /// What may be wrong, although the value may be stored.
    pub warning: Option<Problem>,
    /// Why the value cannot be stored; empty if it can.
    pub refusals: Vec<Refusal>,
}

impl<'v> Parsed<'v> {
    fn new(stored: Stored<'v>, refusals: Vec<Refusal>) -> Parsed<'v> {
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

    /// A value that cannot be normalised.
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
