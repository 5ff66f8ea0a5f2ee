//! Which of several columns gives a field its value in one record.

use super::judge::{Judge, Stored};
use super::{Draft, FieldSet};
use crate::profile::sources::{Chosen, Role, Sources};
use crate::record::Fate;

impl Judge<'_> {
    /// The group that the record's address comes from. A customer's address is replaced whole by it.
    pub(super) fn group(&mut self, sources: &Sources, has_value: &mut dyn FnMut(usize, usize) -> bool) -> Option<Role> {
        let layout = &self.plan.names.layout;
        let group = sources.group(layout, has_value);
        if group.is_some() {
            sources.address_fields(layout).for_each(|field| self.replaced.insert(field));
        }
        group
    }
}

impl Draft<'_> {
    /// Notes what becomes of the cells from which a field was judged: their places and what stands there.
    pub(super) fn note_fate(&mut self, field: usize, cells: &[(usize, &str)], stored: &Stored<'_>) {
        let has = |fields: FieldSet| fields.has(field);
        let is_same = |raw: &str| match stored {
            Stored::Missing => false,
            Stored::Text(text) => text == raw,
            Stored::Integer(number) => number.to_string() == raw,
        };
        let plan = self.judge.plan;
        let says_something = |(_, raw): &&(usize, &str)| cells.len() == 1 || plan.has_value(field, raw);
        let fate = match cells.iter().filter(says_something).map(|(_, raw)| *raw).collect::<Vec<_>>() {
            _ if has(self.judge.cleared) => Fate::Cleared,
            _ if has(self.judge.empty) => Fate::Missing,
            said if is_same(&said.join(" ")) => Fate::Stored,
            _ => Fate::Normalised,
        };
        for cell in cells {
            let fate = if says_something(&cell) { fate } else { Fate::Missing };
            if self.out.marks.is_filled(cell.0) {
                self.out.marks.note(cell.0, fate);
            }
        }
    }

    /// Chooses among several candidates for a field, in a record whose address comes from `group`, and notes what becomes of the
    /// others.
    pub(super) fn choose(
        &mut self,
        sources: &Sources,
        field: usize,
        group: Option<Role>,
        has_value: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Chosen {
        let chosen = sources.choose(&self.judge.plan.names.layout, field, group, has_value);
        let is_chosen = |place: usize| match chosen {
            Chosen::Nothing => false,
            Chosen::Place(one) => place == one,
            Chosen::Joined(both) => both.contains(&place),
        };
        for place in sources.places(field).filter(|place| !is_chosen(*place)) {
            if self.out.marks.is_filled(place) {
                let fate = if has_value(field, place) { Fate::Unused } else { Fate::Missing };
                self.out.marks.note(place, fate);
            }
        }
        chosen
    }
}
