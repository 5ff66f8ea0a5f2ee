//! Any text.

use std::borrow::Cow;

use super::definition::{Facts, Type};
use super::limits::Limits;
use super::parsed::Parsed;
use super::quick::{Memory, Quick};
use super::repair;
use crate::core::finding::TextKind;
use crate::core::row::RowBuilder;
use crate::core::text::sheet;

#[derive(Debug)]
pub struct Text;

impl Type for Text {
    const FACTS: Facts = Facts { settings: &["min", "max", "characters", "default", "repair"], ..Facts::TEXT };

    fn describe(limits: &Limits) -> Cow<'static, str> {
        limits.characters.map_or(Self::FACTS.words, |characters| characters.describe()).into()
    }

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        let repaired = if limits.repair { repair::repaired(&value) } else { None };
        let is_repaired = repaired.is_some();
        Parsed { is_repaired, ..Parsed::text(repaired.map_or(value, Cow::Owned), limits, TextKind::Other) }
    }

    #[inline(always)]
    fn quick(value: &[u8], limits: &Limits, _: &mut Memory, rows: &mut impl RowBuilder) -> Quick {
        if limits.repair {
            return repair::quick(value, limits, rows);
        }
        Quick::same_if(
            limits.allow_length(value)
                && limits.allow_characters(value)
                && !(limits.refuses_rewritten && sheet::rewritten(value).is_some()),
        )
    }
}
