//! The customer IDs that a run will assign, known before it starts: [`assign`]. Whether it then assigns them to the same records is
//! checked by a sum ([`CreatedSum`]).

use xxhash_rust::xxh3::xxh3_64;

use super::records::{CustomerId, Existing, Keying, NONE, Node, Records, ResolveOptions, Status};
use crate::core::mode::Mode;

/// Records, as a sum of their hashes: two sets of records have one sum only by chance, whatever their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CreatedSum(u64);

impl CreatedSum {
    /// Adds a record by its 0-based input and its 1-based number in it.
    pub fn add(&mut self, input: usize, record: u64) {
        let bytes = (u128::from(record) << 64 | input as u128).to_le_bytes();
        self.0 = self.0.wrapping_add(xxh3_64(&bytes));
    }
}

/// The customer ID of each node, and the records that create customers. New customers get their IDs in the order of their records; a
/// record that repeats a key creates none.
pub(super) fn assign(
    records: &Records,
    existing: Existing,
    options: &ResolveOptions,
) -> (Vec<Option<CustomerId>>, CreatedSum) {
    let Existing { by_value, by_key, .. } = existing;
    let mut ids = widened(by_value, records.value.iter());
    let (mut next, mut created) = (options.first_id, CreatedSum::default());
    let mut new = |record: u32| {
        let input = records.input_of(record) - 1;
        created.add(input, u64::from(record - records.inputs[input]) + 1);
        let id = CustomerId::new(next);
        // Storing it is refused.
        next = next.saturating_add(1);
        id
    };
    if options.keying == Keying::Value {
        let creators = creators(records, &ids, &records.value, options);
        for (record, value) in (0..).zip(&records.value).filter(|(record, _)| creates(records, *record, options)) {
            if *value == NONE {
                new(record);
            } else if creators[*value as usize] == record {
                ids[*value as usize] = new(record);
            }
        }
        return (ids, created);
    }
    let is_existing: Vec<bool> = ids.iter().map(Option::is_some).collect();
    let mut by_key = widened(by_key, records.key.iter());
    let creators = creators(records, &by_key, &records.key, options);
    for (record, value) in (0..).zip(&records.value) {
        let key = records.key.get(record as usize).copied().unwrap_or(NONE);
        let creates = creates(records, record, options);
        let customer = match key {
            NONE if creates => new(record),
            NONE => None,
            key => {
                if creates && creators[key as usize] == record {
                    by_key[key as usize] = new(record);
                }
                let is_accepted = records.state[record as usize].status() == Status::Accepted;
                by_key[key as usize].filter(|_| is_accepted)
            }
        };
        // Of the records with a value, the parent is the one that is looked for first.
        let is_parent = |value: usize| !is_existing[value] && (ids[value].is_none() || options.last_wins);
        if *value != NONE && customer.is_some() && is_parent(*value as usize) {
            ids[*value as usize] = customer;
        }
    }
    (ids, created)
}

fn creates(records: &Records, record: u32, options: &ResolveOptions) -> bool {
    let state = records.state[record as usize];
    options.mode != Mode::Update && state.status() == Status::Accepted && !state.is_lacking()
}

/// The record that creates the customer of each node: the first, or the last of the first input that has one; none if it exists.
fn creators(records: &Records, ids: &[Option<CustomerId>], nodes: &[Node], options: &ResolveOptions) -> Vec<u32> {
    let mut creators = vec![NONE; ids.len()];
    for (record, node) in (0..).zip(nodes).filter(|(_, node)| **node != NONE) {
        if ids[*node as usize].is_some() || !creates(records, record, options) {
            continue;
        }
        let creator = &mut creators[*node as usize];
        let is_later = || !options.one_by_one || records.input_of(*creator) == records.input_of(record);
        if *creator == NONE || options.last_wins && is_later() {
            *creator = record;
        }
    }
    creators
}

fn widened<'n>(
    mut customers: Vec<Option<CustomerId>>,
    nodes: impl Iterator<Item = &'n Node>,
) -> Vec<Option<CustomerId>> {
    let top = nodes.filter(|node| **node != NONE).max().map_or(0, |top| *top as usize + 1);
    let count = customers.len().max(top);
    customers.resize(count, None);
    customers
}
