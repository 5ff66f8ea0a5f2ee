//! Which of several columns fills a field, and what becomes of the cells of the others.

use super::draft::Draft;
use super::value::Judge;
use crate::core::profile::{Chosen, Role, Sources};
use crate::core::record::CellOutcome;
use crate::core::row::RowBuilder;
use crate::core::types::parsed::Stored;

impl Judge<'_> {
    /// The group that the record's address comes from. It replaces the customer's whole address.
    pub(super) fn group(&mut self, sources: &Sources, has_value: &mut dyn FnMut(usize, usize) -> bool) -> Option<Role> {
        let group = sources.group(&self.plan.names.layout, has_value);
        if group.is_some() {
            sources.address_fields().for_each(|field| self.replaced.insert(field));
        }
        group
    }
}

impl<B: RowBuilder> Draft<'_, B> {
    /// Notes what becomes of the cell that a field was judged from. `raw` is the cell's text.
    pub(super) fn note_outcome(&mut self, field: usize, index: usize, raw: &str, stored: &Stored<'_>) {
        if self.out.marks.is_filled(index) {
            self.out.marks.note(index, self.outcome(field, raw, stored));
        }
    }

    /// The same for two cells whose texts were judged as one.
    pub(super) fn note_fates(&mut self, field: usize, cells: [(usize, &str); 2], stored: &Stored<'_>) {
        let has_value = cells.map(|(_, raw)| self.judge.plan.has_value(field, raw));
        let whole = match has_value {
            [true, true] => &cells.map(|(_, raw)| raw).join(" "),
            [true, false] => cells[0].1,
            _ => cells[1].1,
        };
        let outcome = self.outcome(field, whole, stored);
        for ((index, _), has_value) in cells.into_iter().zip(has_value) {
            if self.out.marks.is_filled(index) {
                self.out.marks.note(index, if has_value { outcome } else { CellOutcome::Missing });
            }
        }
    }

    fn outcome(&self, field: usize, raw: &str, stored: &Stored<'_>) -> CellOutcome {
        let is_same = match stored {
            Stored::Missing => false,
            Stored::Text(text) => text == raw,
            Stored::Integer(number) => number.to_string() == raw,
        };
        if self.judge.cleared.has(field) {
            CellOutcome::Cleared
        } else if self.judge.empty.has(field) {
            CellOutcome::Missing
        } else if is_same {
            CellOutcome::Stored
        } else {
            CellOutcome::Normalised
        }
    }

    /// Chooses among a field's candidates, and notes what becomes of the others. `group` is where the address comes from.
    pub(super) fn choose(
        &mut self,
        sources: &Sources,
        field: usize,
        group: Option<Role>,
        has_value: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Chosen {
        let chosen = sources.choose(&self.judge.plan.names.layout, field, group, has_value);
        let is_chosen = |index: usize| match chosen {
            Chosen::Nothing => false,
            Chosen::One(one) => index == one,
            Chosen::Joined(both) => both.contains(&index),
        };
        for index in sources.indices(field).filter(|index| !is_chosen(*index)) {
            if self.out.marks.is_filled(index) {
                let outcome = if has_value(field, index) { CellOutcome::Unused } else { CellOutcome::Missing };
                self.out.marks.note(index, outcome);
            }
        }
        chosen
    }
}
