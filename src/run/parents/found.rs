//! What was found out about the parents of a run's records ([`FoundParents`]), and whether the inputs are still those in which it was
//! found out ([`Comparison`]).

use std::path::Path;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::ids::CreatedSum;
use super::records::{CLEARED, CustomerId, Reason, Records};
use super::resolve::{ITSELF, Resolved};
use crate::core::judge::Parent;
use crate::core::record::Block;
use crate::error::{Error, Result};
use crate::read::feed::has_changed;
use crate::sink::sqlite::keys::RunPosition;

pub struct FoundParents {
    pub(super) records: Records,
    pub(super) resolved: Resolved,
    /// The values of the first circles, each on a line.
    pub(super) circles: Vec<String>,
    /// The number of records of each input, and their digest; empty if they were not read.
    pub(super) inputs: Vec<(u64, u64)>,
    /// Ranges of IDs in order: see [`CustomerIds`].
    pub(super) customers: Option<Vec<(i64, i64)>>,
}

/// The customers that a parent's ID may be of: ranges of IDs in order. `None` if it is unknown which exist.
#[derive(Clone, Copy)]
pub(super) struct CustomerIds<'f>(pub(super) Option<&'f [(i64, i64)]>);

impl CustomerIds<'_> {
    pub(super) fn has(self, id: i64) -> bool {
        let Some(ranges) = self.0 else { return true };
        let after = ranges.partition_point(|(first, _)| *first <= id);
        after.checked_sub(1).is_some_and(|at| ranges[at].1 >= id)
    }
}

impl FoundParents {
    /// The parents of consecutive records from a position on.
    pub fn of_block(&self, first: RunPosition, count: usize) -> Vec<Parent<'_>> {
        (first as usize..first as usize + count).map(|at| self.of(at)).collect()
    }

    fn of(&self, at: usize) -> Parent<'_> {
        let Some((state, parent)) = self.records.state.get(at).zip(self.records.parent.get(at)) else {
            return Parent::None;
        };
        match state.reason() {
            Reason::NotFound => Parent::NotFound,
            Reason::Rejected => Parent::Rejected,
            Reason::Circle if *parent == ITSELF => Parent::Circle("", 1),
            Reason::Circle => {
                let records = self.resolved.circles.records.get(*parent as usize).copied().unwrap_or_default();
                Parent::Circle(self.circles.get(*parent as usize).map_or("", String::as_str), u64::from(records))
            }
            Reason::None if *parent >= CLEARED => Parent::None,
            Reason::None => {
                let id = self.resolved.ids.get(*parent as usize).copied().flatten();
                id.map_or(Parent::None, |id| Parent::Customer(CustomerId::get(id)))
            }
        }
    }

    /// Whether a customer with this ID may be a parent.
    pub fn has_customer(&self, id: i64) -> bool {
        CustomerIds(self.customers.as_deref()).has(id)
    }
}

/// A digest of a block's text, to compare both readings.
pub fn digest(block: &Block, first: u64) -> u64 {
    xxh3_64_with_seed(&block.bytes, first)
}

/// Compares the inputs, and the records that create customers, with what they were when parents were looked up.
#[derive(Default)]
pub struct Comparison {
    expected: Vec<(u64, u64)>,
    found: (u64, u64),
    /// `None` if no parents were looked up.
    expected_created: Option<CreatedSum>,
    created: CreatedSum,
}

impl Comparison {
    pub fn with(found: Option<&FoundParents>) -> Comparison {
        let found = found.filter(|found| !found.inputs.is_empty());
        Comparison {
            expected: found.map(|found| found.inputs.clone()).unwrap_or_default(),
            expected_created: found.map(|found| found.resolved.created),
            ..Comparison::default()
        }
    }

    /// Adds records of an input that create customers, by their 1-based numbers.
    pub fn add_created(&mut self, input: usize, records: impl Iterator<Item = u64>) {
        if self.expected_created.is_some() {
            records.for_each(|record| self.created.add(input, record));
        }
    }

    /// Ends the run. An error if other records created customers than the parents' IDs were taken from.
    pub fn end(&self) -> Result<()> {
        match self.expected_created {
            Some(expected) if expected != self.created => {
                Err(Error::Broken("other records create customers than the IDs of parents were foreseen for".into()))
            }
            _ => Ok(()),
        }
    }

    pub fn add_block(&mut self, records: u64, digest: u64) {
        self.found.0 += records;
        self.found.1 = self.found.1.wrapping_add(digest);
    }

    /// Ends an input; an error if it has changed.
    pub fn end_input(&mut self, input: usize, path: &str) -> Result<()> {
        let found = std::mem::take(&mut self.found);
        match self.expected.get(input) {
            Some(expected) if *expected != found => Err(Error::input(Path::new(path), has_changed())),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_in_their_ranges() {
        let found = |customers| FoundParents {
            records: Records::default(),
            resolved: Resolved::default(),
            circles: Vec::new(),
            inputs: Vec::new(),
            customers,
        };
        let some = found(Some(vec![(1, 3), (7, 7), (9, i64::MAX)]));
        let known: Vec<i64> = (-1..11).filter(|id| some.has_customer(*id)).collect();
        assert_eq!(known, [1, 2, 3, 7, 9, 10]);
        assert!(some.has_customer(i64::MAX) && !found(Some(Vec::new())).has_customer(1) && found(None).has_customer(1));
        assert_eq!(some.of_block(5, 2), [Parent::None, Parent::None]);
    }

    #[test]
    fn an_input_that_changed_is_refused() {
        let mut comparison = Comparison { expected: vec![(3, 5), (1, 9)], ..Comparison::default() };
        comparison.add_block(2, u64::MAX);
        comparison.add_block(1, 6);
        assert!(comparison.end_input(0, "a.csv").is_ok());
        comparison.add_block(1, 8);
        assert!(comparison.end_input(1, "b.csv").unwrap_err().to_string().contains("it changed while it was read"));
        assert!(Comparison::with(None).end_input(0, "a.csv").is_ok());
    }

    #[test]
    fn other_records_than_foreseen_are_refused() {
        let mut expected = CreatedSum::default();
        [(0, 1), (0, 3), (1, 1)].into_iter().for_each(|(input, record)| expected.add(input, record));
        for (first, second, is_same) in [(&[1, 3], &[1], true), (&[1, 2], &[1], false), (&[3, 1], &[2], false)] {
            let mut comparison = Comparison { expected_created: Some(expected), ..Comparison::default() };
            comparison.add_created(1, second.iter().copied());
            comparison.add_created(0, first.iter().copied());
            assert_eq!(comparison.end().is_ok(), is_same, "{first:?} {second:?}");
        }
        let mut none = Comparison::with(None);
        none.add_created(0, [1].into_iter());
        assert!(none.end().is_ok());
    }
}
