//! Which of several columns gives a field its value in one record.

use super::judge::Judge;
use super::plan::Plan;
use crate::profile::sources::{Chosen, Role, Sources};

impl Plan {
    /// What gives a field its value in a record whose address comes from `group`.
    #[inline]
    pub(super) fn choose(
        &self,
        sources: &Sources,
        field: usize,
        group: Option<Role>,
        has_value: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Chosen {
        match sources.single(field) {
            Some(place) => Chosen::Place(place),
            None => sources.choose(&self.names.layout, field, group, has_value),
        }
    }
}

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
