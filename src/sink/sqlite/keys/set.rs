//! The keys that are taken: [`KeySet`].

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use super::fingerprint::Fingerprint;
use super::table::{RunPosition, SHARDS, Table, narrow, prefetch, shard_of, tag};

/// The customers that were in the database before the run, or before the input.
#[derive(Debug, Default)]
struct CustomerKeys {
    /// They hold indexes in `ids`.
    tables: Vec<Table>,
    ids: Vec<i64>,
    /// Further customers whose tag is in the tables already. Their IDs are greater than that of the customer there.
    more: BTreeSet<(Fingerprint, i64)>,
}

/// The keys that are taken, and by which customer or record.
#[derive(Debug)]
pub struct KeySet {
    customers: CustomerKeys,
    records: Vec<Mutex<Table>>,
    /// The positions that lost their claim to an earlier record.
    displaced: Mutex<BTreeSet<RunPosition>>,
    has_displaced: AtomicBool,
}

/// The keys as the workers and the committing thread share them. Customers are added only between two inputs, when no block is
/// in progress.
#[derive(Clone, Debug)]
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

/// What a claim is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rivals {
    All,
    Records,
}

/// The key of a record that is to be claimed.
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
    /// Adds the keys of customers that are in the database.
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

    /// The indexes of a block's records that lost their claim to an earlier record: of `records` from the position `first` on.
    /// They are given once.
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

/// The few records that share a fingerprint with an earlier record, but not the key: their keys and positions.
#[derive(Debug, Default)]
pub struct Collisions(HashMap<Box<[u8]>, RunPosition>);

impl Collisions {
    /// The first of these records that has this key. If there is none, it is the one at `position`.
    pub fn claim(&mut self, key: &[u8], position: RunPosition) -> Option<RunPosition> {
        if let Some(first) = self.0.get(key) {
            return Some(*first);
        }
        self.0.insert(key.into(), position);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::fingerprint::Fingerprints;
    use super::*;
    use proptest::prelude::*;

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
