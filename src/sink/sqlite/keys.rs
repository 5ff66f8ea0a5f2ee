//! The keys that a run has taken: [`KeySet`].
//!
//! Workers claim the keys of their blocks, in whatever order blocks come to them. The thread that commits blocks in their order
//! compares only the texts of those records whose fingerprint was taken. That is sound because
//! - of several records with one fingerprint the set keeps the first. A worker that finds a later record there puts its own in
//!   its place and lists the other as displaced ([`KeySet::take_displaced`]): its block cannot have been committed yet;
//! - when a block is committed, all blocks before it have made their claims. So a record that is not listed has a key that no
//!   record before it has, and one that is listed shares its key, or only its fingerprint, with a record before it or a customer.
//!
//! A key takes eight bytes: its position, and as much of the fingerprint as there is room for. Texts are compared wherever these
//! are equal, so a collision never rejects a good record.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::{collections::BTreeSet, hash::BuildHasher};

pub type Fingerprint = u64;

/// Makes fingerprints, with another seed in each run, so that nobody can prepare a file of collisions.
#[derive(Clone, Debug, Default)]
pub struct Fingerprints {
    state: foldhash::fast::RandomState,
    /// For tests: the number of bits that are left of each fingerprint.
    bits: Option<u32>,
}

impl Fingerprints {
    /// Fingerprints of so few bits that they collide, for tests.
    #[cfg(any(test, feature = "internals"))]
    pub fn narrowed(bits: u32) -> Fingerprints {
        Fingerprints { bits: Some(bits), ..Fingerprints::default() }
    }

    pub fn of(&self, key: &[u8]) -> Fingerprint {
        // All bits count here, the upper ones most; the hash alone does not promise that.
        let product = u128::from(self.state.hash_one(key)) * 0x9e37_79b9_7f4a_7c15;
        let fingerprint = (product >> 64) as u64 ^ product as u64;
        self.bits.map_or(fingerprint, |bits| fingerprint & !(u64::MAX >> bits.clamp(1, 63)))
    }
}

/// The customers that were in the database before the run, or before the input.
#[derive(Debug, Default)]
struct CustomerKeys {
    /// They hold indexes in `ids`.
    tables: Vec<Table>,
    ids: Vec<i64>,
    /// Further customers whose tag is in the tables already. Their IDs are greater than that of the customer there.
    more: BTreeSet<(Fingerprint, i64)>,
}

pub struct KeySet {
    customers: CustomerKeys,
    records: Vec<Mutex<Table>>,
    /// The positions that lost their claim to an earlier record.
    displaced: Mutex<BTreeSet<RunPosition>>,
    has_displaced: AtomicBool,
}

/// The keys as all threads share them. Customers are added only between two inputs, when no block is in progress.
#[derive(Clone)]
pub struct SharedKeys(Arc<RwLock<KeySet>>);

impl SharedKeys {
    pub fn new(keys: KeySet) -> SharedKeys {
        SharedKeys(Arc::new(RwLock::new(keys)))
    }

    pub fn read(&self) -> RwLockReadGuard<'_, KeySet> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the customers that were created for the records so far, and releases the keys of all records.
    pub fn end_input(&self, created: &[(Fingerprint, i64)]) {
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert_customers(created);
        let customers = std::mem::take(&mut keys.customers);
        *keys = KeySet { customers, ..KeySet::default() };
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rivals {
    All,
    Records,
}

#[derive(Clone, Copy, Debug)]
pub struct Claim {
    pub fingerprint: Fingerprint,
    pub index: u32,
}

impl Default for KeySet {
    fn default() -> KeySet {
        KeySet {
            customers: CustomerKeys::default(),
            records: (0..SHARDS).map(|_| Mutex::default()).collect(),
            displaced: Mutex::default(),
            has_displaced: AtomicBool::new(false),
        }
    }
}

impl KeySet {
    pub fn insert_customers(&mut self, keys: &[(Fingerprint, i64)]) {
        let customers = &mut self.customers;
        if customers.tables.is_empty() {
            customers.tables.resize_with(SHARDS, Table::default);
        }
        prefetch(keys.iter().map(|(fingerprint, _)| (&customers.tables[shard_of(*fingerprint)], tag(*fingerprint))));
        for &(fingerprint, customer) in keys {
            let index = customers.ids.len() as RunPosition;
            match customers.tables[shard_of(fingerprint)].claim(tag(fingerprint), index) {
                None => customers.ids.push(customer),
                Some(index) => {
                    let first = &mut customers.ids[index as usize];
                    let later = (*first).max(customer);
                    *first = (*first).min(customer);
                    customers.more.insert((narrow(fingerprint), later));
                }
            }
        }
    }

    /// The customers that may have a key, by its fingerprint.
    pub fn customers(&self, fingerprint: Fingerprint) -> impl Iterator<Item = i64> + '_ {
        let customers = &self.customers;
        let first = customers.tables.get(shard_of(fingerprint)).and_then(|table| table.get(tag(fingerprint)));
        let narrow = narrow(fingerprint);
        let more = first.map(|_| customers.more.range((narrow, i64::MIN)..=(narrow, i64::MAX)));
        let first = first.map(|index| customers.ids[index as usize]);
        first.into_iter().chain(more.into_iter().flatten().map(|(_, customer)| *customer))
    }

    /// Claims the keys of a block's records, in their order; `first` is the position of the block's first record. Returns, in order,
    /// the indexes of the records whose fingerprint an earlier record has, or a customer, if these are `rivals` too.
    pub fn claim(&self, first: RunPosition, claims: &[Claim], rivals: Rivals) -> Vec<u32> {
        let mut rivalled = Vec::new();
        // By table, so that each is locked once.
        let mut ends = [0u32; SHARDS + 1];
        for claim in claims {
            ends[shard_of(claim.fingerprint) + 1] += 1;
        }
        for shard in 0..SHARDS {
            ends[shard + 1] += ends[shard];
        }
        let starts = ends;
        let mut sorted = vec![Claim { fingerprint: 0, index: 0 }; claims.len()];
        for claim in claims {
            let end = &mut ends[shard_of(claim.fingerprint)];
            sorted[*end as usize] = *claim;
            *end += 1;
        }
        for shard in 0..SHARDS {
            let claims = &sorted[starts[shard] as usize..starts[shard + 1] as usize];
            if claims.is_empty() {
                continue;
            }
            let customers = self.customers.tables.get(shard).filter(|_| rivals == Rivals::All);
            let mut records = lock(&self.records[shard]);
            prefetch(claims.iter().map(|claim| (&*records, tag(claim.fingerprint))));
            for claim in claims {
                let (position, tag) = (first + RunPosition::from(claim.index), tag(claim.fingerprint));
                let former = records.claim(tag, position);
                if former.is_some_and(|former| former < position)
                    || customers.is_some_and(|table| table.get(tag).is_some())
                {
                    rivalled.push(claim.index);
                }
                if let Some(later) = former.filter(|former| *former > position) {
                    lock(&self.displaced).insert(later);
                    self.has_displaced.store(true, Ordering::Release);
                }
            }
        }
        rivalled.sort_unstable();
        rivalled
    }

    /// The indexes of the records, of these from `first` on, that lost their claim to an earlier record. They are given once.
    pub fn take_displaced(&self, first: RunPosition, records: u64) -> Vec<u32> {
        if !self.has_displaced.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut displaced = lock(&self.displaced);
        let taken: Vec<RunPosition> = displaced.range(first..first + records).copied().collect();
        taken.iter().for_each(|position| _ = displaced.remove(position));
        taken.iter().map(|position| (position - first) as u32).collect()
    }

    /// The first record that has this fingerprint, as far as it is kept.
    pub fn first_record(&self, fingerprint: Fingerprint) -> Option<RunPosition> {
        lock(&self.records[shard_of(fingerprint)]).get(tag(fingerprint))
    }
}

/// A thread that panics leaves no table half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The position of a record among all of the run, from 0, without blank lines.
pub type RunPosition = u64;

/// A slot has a position plus one in its lower bits, and a part of a fingerprint in the others; zero is an empty slot.
const POSITION_BITS: u32 = 34;
const POSITION_MASK: u64 = (1 << POSITION_BITS) - 1;

pub const MAX_RECORDS: u64 = POSITION_MASK;

/// The number of tables. A fingerprint's upper bits choose one, so that workers seldom wait for each other.
const SHARDS: usize = 32;

/// The part of a fingerprint that is in its table, above the bits of the position.
fn tag(fingerprint: Fingerprint) -> u64 {
    fingerprint << SHARDS.ilog2() >> POSITION_BITS
}

fn shard_of(fingerprint: Fingerprint) -> usize {
    (fingerprint >> (64 - SHARDS.ilog2())) as usize
}

/// The part of a fingerprint that is kept, in the tag and by the choice of the table.
fn narrow(fingerprint: Fingerprint) -> Fingerprint {
    fingerprint >> (POSITION_BITS - SHARDS.ilog2())
}

/// Positions by tag, each tag once. A greater tag has a later first slot, so that a table which has become too small moves to
/// its successor from front to back.
#[derive(Debug, Default)]
struct Table {
    slots: Vec<u64>,
    filled: usize,
}

impl Table {
    fn home(&self, tag: u64) -> usize {
        let product = u128::from(tag) * self.slots.len() as u128;
        (product >> (64 - POSITION_BITS)) as usize
    }

    /// The slot that has the tag, or the empty one for it. There must be an empty one.
    fn slot(&self, tag: u64) -> usize {
        let mut slot = self.home(tag);
        while self.slots[slot] != 0 && self.slots[slot] >> POSITION_BITS != tag {
            slot += 1;
            if slot == self.slots.len() {
                slot = 0;
            }
        }
        slot
    }

    fn get(&self, tag: u64) -> Option<RunPosition> {
        if self.slots.is_empty() {
            return None;
        }
        let found = self.slots[self.slot(tag)];
        (found != 0).then(|| (found & POSITION_MASK) - 1)
    }

    /// The position that had the tag. `position` gets it if there was none, or a later one.
    fn claim(&mut self, tag: u64, position: RunPosition) -> Option<RunPosition> {
        // At three quarters, a search that finds nothing reads eight slots in a row, a line of the cache.
        if self.filled >= self.slots.len() / 4 * 3 {
            self.grow();
        }
        let slot = self.slot(tag);
        let found = self.slots[slot];
        let former = (found != 0).then(|| (found & POSITION_MASK) - 1);
        if former.is_none_or(|former| former > position) {
            self.slots[slot] = tag << POSITION_BITS | (position + 1);
            self.filled += usize::from(former.is_none());
        }
        former
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() / 2 * 3).max(16);
        let old = std::mem::replace(&mut self.slots, vec![0; slots]);
        for filled in old.into_iter().filter(|filled| *filled != 0) {
            let slot = self.slot(filled >> POSITION_BITS);
            self.slots[slot] = filled;
        }
    }
}

/// Reads the slots of many tags: memory is slow, but gives several at once if they are asked for together.
fn prefetch<'t>(tags: impl Iterator<Item = (&'t Table, u64)>) {
    let slot = |(table, tag): (&'t Table, u64)| table.slots.get(table.home(tag)).copied();
    std::hint::black_box(tags.filter_map(slot).fold(0, |all, slot| all ^ slot));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn claims(fingerprints: &Fingerprints, keys: &[&str]) -> Vec<Claim> {
        let claim =
            |(index, key): (usize, &&str)| Claim { fingerprint: fingerprints.of(key.as_bytes()), index: index as u32 };
        keys.iter().enumerate().map(claim).collect()
    }

    #[test]
    fn a_key_is_found_again_among_many() {
        let fingerprints = Fingerprints::default();
        let mut keys = KeySet::default();
        for customer in 1..=5_000 {
            keys.insert_customers(&[(fingerprints.of(format!("customer{customer}").as_bytes()), customer)]);
        }
        for customer in (1..=5_000).step_by(37) {
            let fingerprint = fingerprints.of(format!("customer{customer}").as_bytes());
            assert!(keys.customers(fingerprint).any(|found| found == customer));
        }
        let of = |number: u64| fingerprints.of(format!("key{number}@example.com").as_bytes());
        for number in 0..300_000 {
            // Fingerprints may collide, with those of customers too.
            let rivalled = keys.claim(number, &[Claim { fingerprint: of(number), index: 0 }], Rivals::Records);
            assert!(rivalled.is_empty() || keys.first_record(of(number)) != Some(number));
        }
        for number in (0..300_000).step_by(997) {
            assert_eq!(keys.claim(300_000, &[Claim { fingerprint: of(number), index: 0 }], Rivals::All), [0]);
            assert!(keys.first_record(of(number)).is_some_and(|first| first <= number));
        }
        assert!(keys.take_displaced(0, 300_000).is_empty());
    }

    #[test]
    fn the_first_of_several_customers_comes_first() {
        let mut keys = KeySet::default();
        keys.insert_customers(&[7, 3, 9, 3, i64::MAX, -5].map(|customer| (1 << 63, customer)));
        assert_eq!(keys.customers(1 << 63).collect::<Vec<_>>(), [-5, 3, 7, 9, i64::MAX]);
        assert_eq!(keys.customers(1 << 62).count(), 0);
    }

    proptest! {
        /// In whatever order blocks make their claims: when they are taken in their own order, each record that is not
        /// listed is the first with its fingerprint, and the set gives the first for all others.
        #[test]
        fn blocks_may_be_claimed_for_in_any_order(
            blocks in prop::collection::vec(prop::collection::vec("[ab]{0,3}", 0..12), 1..8),
            order in any::<prop::sample::Index>(),
            bits in prop::sample::select(vec![1, 8, 63]),
        ) {
            let fingerprints = Fingerprints::narrowed(bits);
            let keys = KeySet::default();
            let mut firsts = vec![0];
            blocks.iter().for_each(|block| firsts.push(firsts.last().unwrap() + block.len() as u64));
            let mut rivalled = vec![Vec::new(); blocks.len()];
            for turn in 0..blocks.len() {
                // Some order that is neither the first nor the last for most.
                let index = (turn * 5 + order.index(blocks.len())) % blocks.len();
                let index = if blocks.len().is_multiple_of(5) { blocks.len() - 1 - turn } else { index };
                let texts: Vec<&str> = blocks[index].iter().map(String::as_str).collect();
                rivalled[index] = keys.claim(firsts[index], &claims(&fingerprints, &texts), Rivals::All);
            }
            let mut seen = HashMap::new();
            for (index, block) in blocks.iter().enumerate() {
                let mut named = std::mem::take(&mut rivalled[index]);
                named.extend(keys.take_displaced(firsts[index], block.len() as u64));
                named.sort_unstable();
                for (place, key) in block.iter().enumerate() {
                    let fingerprint = fingerprints.of(key.as_bytes());
                    let own = firsts[index] + place as u64;
                    let first = *seen.entry(fingerprint).or_insert(own);
                    prop_assert_eq!(keys.first_record(fingerprint), Some(first));
                    prop_assert_eq!(named.contains(&(place as u32)), first != own);
                }
            }
        }
    }
}
