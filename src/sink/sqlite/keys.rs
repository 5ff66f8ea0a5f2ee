//! The keys that are taken: [`KeySet`].
//!
//! Workers claim the keys of their blocks, in whatever order blocks come to them; the thread that takes blocks in their order
//! looks again at those few whose fingerprint somebody else had, this time with their texts. What makes that sound:
//! - of several records with one fingerprint the set keeps the one that stands first. A worker that finds a later record there
//!   puts its own in its place and leaves word ([`KeySet::take_late`]): the later block cannot have been committed yet;
//! - when a block is committed, all blocks before it have been claimed for. So a record that is not named has a key that no
//!   record before it has, and one that is named has a rival before it, or a customer, or only a fingerprint in common.
//!
//! Eight bytes are kept for a key: its place, and of its fingerprint as much as there is room for. Texts are compared wherever
//! these agree, so that a collision never rejects a good record.

use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

/// A key's fingerprint.
pub type Fingerprint = u64;

/// Makes fingerprints: with another seed each run, so that nobody can prepare a file of collisions.
#[derive(Clone, Debug, Default)]
pub struct Fingerprints {
    state: foldhash::fast::RandomState,
    /// For tests: how many bits are left of each fingerprint.
    bits: Option<u32>,
}

impl Fingerprints {
    /// Fingerprints of so few bits that they collide, for tests.
    pub fn narrowed(bits: u32) -> Fingerprints {
        Fingerprints { bits: Some(bits), ..Fingerprints::default() }
    }

    /// The fingerprint of a folded key.
    pub fn of(&self, key: &[u8]) -> Fingerprint {
        // All bits count here, the upper ones first; the hash alone promises less.
        let product = u128::from(self.state.hash_one(key)) * 0x9e37_79b9_7f4a_7c15;
        let fingerprint = (product >> 64) as u64 ^ product as u64;
        self.bits.map_or(fingerprint, |bits| fingerprint & !(u64::MAX >> bits.clamp(1, 63)))
    }
}

/// The place of a record among all of the run, from 0, blank lines not counted.
pub type Place = u64;

/// A slot of a table holds a place above zero in its lower bits, and a part of a fingerprint in the others; zero is an empty
/// slot.
const PLACE_BITS: u32 = 34;
const PLACE_MASK: u64 = (1 << PLACE_BITS) - 1;

/// How many records a run can have.
pub const MOST_PLACES: u64 = PLACE_MASK;

/// A fingerprint's upper bits choose one of so many tables, so that workers seldom wait for each other.
const SHARDS: usize = 32;

/// What is left of a fingerprint in its table, above the bits of the place.
fn tag(fingerprint: Fingerprint) -> u64 {
    fingerprint << SHARDS.ilog2() >> PLACE_BITS
}

fn shard_of(fingerprint: Fingerprint) -> usize {
    (fingerprint >> (64 - SHARDS.ilog2())) as usize
}

/// Places by tag, each tag once. A tag's first slot grows with the tag, so that what has become too small moves to its
/// successor from front to back.
#[derive(Debug, Default)]
struct Table {
    slots: Vec<u64>,
    held: usize,
}

impl Table {
    /// A tag's first slot.
    fn home(&self, tag: u64) -> usize {
        let product = u128::from(tag) * self.slots.len() as u128;
        (product >> (64 - PLACE_BITS)) as usize
    }

    /// The slot that holds the tag, or the empty one in which it would be put. There must be an empty one.
    fn slot(&self, tag: u64) -> usize {
        let mut slot = self.home(tag);
        while self.slots[slot] != 0 && self.slots[slot] >> PLACE_BITS != tag {
            slot += 1;
            if slot == self.slots.len() {
                slot = 0;
            }
        }
        slot
    }

    fn get(&self, tag: u64) -> Option<Place> {
        if self.slots.is_empty() {
            return None;
        }
        let held = self.slots[self.slot(tag)];
        (held != 0).then(|| (held & PLACE_MASK) - 1)
    }

    /// The place that has the tag. It is given to `place` where nobody has it, or one that stands behind.
    fn claim(&mut self, tag: u64, place: Place) -> Option<Place> {
        // At three quarters, a search that finds nothing looks at eight slots in a row, a line of the cache.
        if self.held >= self.slots.len() / 4 * 3 {
            self.grow();
        }
        let slot = self.slot(tag);
        let held = self.slots[slot];
        let former = (held != 0).then(|| (held & PLACE_MASK) - 1);
        if former.is_none_or(|former| former > place) {
            self.slots[slot] = tag << PLACE_BITS | (place + 1);
            self.held += usize::from(former.is_none());
        }
        former
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() / 2 * 3).max(16);
        let old = std::mem::replace(&mut self.slots, vec![0; slots]);
        for held in old.into_iter().filter(|held| *held != 0) {
            let slot = self.slot(held >> PLACE_BITS);
            self.slots[slot] = held;
        }
    }
}

/// The customers who were in the database before the run, or before the input.
#[derive(Debug, Default)]
struct CustomerKeys {
    tables: Vec<Table>,
    /// In the tables are the places of these.
    ids: Vec<i64>,
    /// Further customers with a tag that is in the tables already, none of whom is before the one there.
    more: BTreeSet<(Fingerprint, i64)>,
}

/// The keys that are taken, and by whom.
#[derive(Debug)]
pub struct KeySet {
    customers: CustomerKeys,
    records: Vec<Mutex<Table>>,
    /// The places that lost their claim to a record before them, after it was made.
    late: Mutex<BTreeSet<Place>>,
    has_late: AtomicBool,
}

/// The keys as the workers and the committing thread share them. They are added to only between two inputs, when no block is
/// under way.
#[derive(Clone, Debug)]
pub struct SharedKeys(Arc<RwLock<KeySet>>);

impl SharedKeys {
    /// Shares keys.
    pub fn new(keys: KeySet) -> SharedKeys {
        SharedKeys(Arc::new(RwLock::new(keys)))
    }

    /// The keys.
    pub fn read(&self) -> RwLockReadGuard<'_, KeySet> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes customers of the records so far: these were created for them, and the keys of records are free again.
    pub fn end_input(&self, created: &[(Fingerprint, i64)]) {
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert_customers(created);
        let customers = std::mem::take(&mut keys.customers);
        *keys = KeySet { customers, ..KeySet::default() };
    }
}

/// Who may stand in the way of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rivals {
    /// Records and customers.
    All,
    /// Records alone.
    Records,
}

/// A record's key, on the way to be claimed.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The key's fingerprint.
    pub fingerprint: Fingerprint,
    /// The record's place, counted from the first of its block.
    pub place: u32,
}

impl Default for KeySet {
    fn default() -> KeySet {
        KeySet {
            customers: CustomerKeys::default(),
            records: (0..SHARDS).map(|_| Mutex::default()).collect(),
            late: Mutex::default(),
            has_late: AtomicBool::new(false),
        }
    }
}

impl KeySet {
    /// Notes the keys of customers who are in the database.
    pub fn insert_customers(&mut self, keys: &[(Fingerprint, i64)]) {
        let customers = &mut self.customers;
        if customers.tables.is_empty() {
            customers.tables.resize_with(SHARDS, Table::default);
        }
        fetch(keys.iter().map(|(fingerprint, _)| (&customers.tables[shard_of(*fingerprint)], tag(*fingerprint))));
        for &(fingerprint, customer) in keys {
            let place = customers.ids.len() as Place;
            match customers.tables[shard_of(fingerprint)].claim(tag(fingerprint), place) {
                None => customers.ids.push(customer),
                Some(held) => {
                    let held = &mut customers.ids[held as usize];
                    let later = (*held).max(customer);
                    *held = (*held).min(customer);
                    customers.more.insert((narrow(fingerprint), later));
                }
            }
        }
    }

    /// The customers who may have a key, by its fingerprint.
    pub fn customers(&self, fingerprint: Fingerprint) -> impl Iterator<Item = i64> + '_ {
        let customers = &self.customers;
        let first = customers.tables.get(shard_of(fingerprint)).and_then(|table| table.get(tag(fingerprint)));
        let narrow = narrow(fingerprint);
        let more = first.map(|_| customers.more.range((narrow, i64::MIN)..=(narrow, i64::MAX)));
        let first = first.map(|place| customers.ids[place as usize]);
        first.into_iter().chain(more.into_iter().flatten().map(|(_, customer)| *customer))
    }

    /// Claims the keys of a block's records, in their order; `first` is the place of the block's first record. Gives the
    /// places within the block whose fingerprints somebody else has, in order: an earlier record, or a customer, if these are
    /// `rivals` too.
    pub fn claim(&self, first: Place, claims: &[Claim], rivals: Rivals) -> Vec<u32> {
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
        let mut sorted = vec![Claim { fingerprint: 0, place: 0 }; claims.len()];
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
            fetch(claims.iter().map(|claim| (&*records, tag(claim.fingerprint))));
            for claim in claims {
                let (place, tag) = (first + Place::from(claim.place), tag(claim.fingerprint));
                let former = records.claim(tag, place);
                if former.is_some_and(|former| former < place)
                    || customers.is_some_and(|table| table.get(tag).is_some())
                {
                    rivalled.push(claim.place);
                }
                if let Some(later) = former.filter(|former| *former > place) {
                    lock(&self.late).insert(later);
                    self.has_late.store(true, Ordering::Release);
                }
            }
        }
        rivalled.sort_unstable();
        rivalled
    }

    /// The places of a block that lost their claim after it was made: `records` from `first` on. They are given once.
    pub fn take_late(&self, first: Place, records: u64) -> Vec<u32> {
        if !self.has_late.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut late = lock(&self.late);
        let taken: Vec<Place> = late.range(first..first + records).copied().collect();
        taken.iter().for_each(|place| _ = late.remove(place));
        taken.iter().map(|place| (place - first) as u32).collect()
    }

    /// The first record with a fingerprint like this.
    pub fn first_record(&self, fingerprint: Fingerprint) -> Option<Place> {
        lock(&self.records[shard_of(fingerprint)]).get(tag(fingerprint))
    }
}

/// Looks at the slots of many tags: memory is slow, but gives several at once if they are asked for together.
fn fetch<'t>(tags: impl Iterator<Item = (&'t Table, u64)>) {
    let held = |(table, tag): (&'t Table, u64)| table.slots.get(table.home(tag)).copied();
    std::hint::black_box(tags.filter_map(held).fold(0, |all, held| all ^ held));
}

/// As much of a fingerprint as is kept.
fn narrow(fingerprint: Fingerprint) -> Fingerprint {
    fingerprint >> (PLACE_BITS - SHARDS.ilog2())
}

/// No thread leaves a table half changed, whatever becomes of it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The few records whose fingerprint another record had, but not its key: their keys, and their places.
#[derive(Debug, Default)]
pub struct Collided(HashMap<Box<[u8]>, Place>);

impl Collided {
    /// The first record that had this key although its fingerprint was taken. If nobody, it is `place` from now on.
    pub fn claim(&mut self, key: &[u8], place: Place) -> Option<Place> {
        if let Some(held) = self.0.get(key) {
            return Some(*held);
        }
        self.0.insert(key.into(), place);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claims(fingerprints: &Fingerprints, keys: &[&str]) -> Vec<Claim> {
        let claim =
            |(place, key): (usize, &&str)| Claim { fingerprint: fingerprints.of(key.as_bytes()), place: place as u32 };
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
            let rivalled = keys.claim(number, &[Claim { fingerprint: of(number), place: 0 }], Rivals::Records);
            assert!(rivalled.is_empty() || keys.first_record(of(number)) != Some(number));
        }
        for number in (0..300_000).step_by(997) {
            assert_eq!(keys.claim(300_000, &[Claim { fingerprint: of(number), place: 0 }], Rivals::All), [0]);
            assert!(keys.first_record(of(number)).is_some_and(|first| first <= number));
        }
        assert!(keys.take_late(0, 300_000).is_empty());
    }

    #[test]
    fn the_first_of_several_customers_comes_first() {
        let mut keys = KeySet::default();
        keys.insert_customers(&[7, 3, 9, 3, i64::MAX, -5].map(|customer| (1 << 63, customer)));
        assert_eq!(keys.customers(1 << 63).collect::<Vec<_>>(), [-5, 3, 7, 9, i64::MAX]);
        assert_eq!(keys.customers(1 << 62).count(), 0);
    }

    proptest! {
        /// Whatever the order in which blocks are claimed for, when they are taken in their own order each record that is
        /// not named is the first with its fingerprint, and the set names the first for all others.
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
                named.extend(keys.take_late(firsts[index], block.len() as u64));
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
