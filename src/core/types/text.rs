//! Any text.

use std::borrow::Cow;

use super::definition::{Facts, Limits, Memory, Parsed, Quick, Type};
use super::repair::{self, REPAIRED, repair_known};
use crate::core::text::kinds::{self, OTHER, SPACE};
use crate::core::{finding::TextKind, row::RowBuilder, text::sheet};

pub struct Text;

impl Type for Text {
    const FACTS: Facts = Facts {
        shows_characters: true,
        settings: &["min", "max", "characters", "pattern", "case", "repair"],
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        let repaired = if limits.repair { repair::repaired(&value) } else { None };
        let is_repaired = repaired.is_some();
        Parsed { is_repaired, ..Parsed::text(repaired.map_or(value, Cow::Owned), limits, TextKind::Other) }
    }

    #[inline(always)]
    fn quick(value: &[u8], limits: &Limits, _: &mut Memory, rows: &mut impl RowBuilder) -> Quick {
        if limits.repair {
            return quick_repaired(value, limits, rows);
        }
        Quick::same_if(
            limits.allow_length(value)
                && limits.allow_characters(value)
                && !(limits.refuses_rewritten && sheet::rewritten(value).is_some()),
        )
    }
}

#[inline(always)]
pub(super) fn quick_repaired(value: &[u8], limits: &Limits, rows: &mut impl RowBuilder) -> Quick {
    let seen = kinds::seen(value);
    if seen & OTHER != 0 || limits.refuses_rewritten {
        return Quick::Undecided;
    }
    if seen & REPAIRED == 0 {
        return Quick::same_if(limits.allow_length(value) && limits.allow_kinds(seen, value));
    }
    let space = rows.space(value.len());
    let length = repair_known(value, space);
    let repaired = &space[..length];
    // Punctuation is gone, or a space.
    let left = seen & !REPAIRED | SPACE;
    match length > 0 && limits.allow_length(repaired) && limits.allow_kinds(left, repaired) {
        true => Quick::Repaired(length),
        false => Quick::Undecided,
    }
}
