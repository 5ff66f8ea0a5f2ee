//! A number for each value that parents are found by: [`Nodes`]. Values are known by 128 bits that depend on a random secret, so two
//! of them are never taken for one: among 100 million the odds are about 1 in 10²².

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use xxhash_rust::xxh3::xxh3_128_with_secret;

use super::records::{NONE, Node};

/// The hash of a value or key.
pub type Hash = u128;

pub struct Nodes {
    secret: [u8; SECRET],
    shards: Vec<Mutex<Shard>>,
}

const SECRET: usize = 192;

/// The number of tables, so that workers seldom wait for each other.
const SHARDS: usize = 64;
const SHARD_BITS: u32 = SHARDS.ilog2();

/// A slot has the number of a hash in its shard plus one, and above it bits of the hash; zero is an empty slot.
const INDEX_BITS: u32 = u32::BITS - SHARD_BITS;
const INDEX: u32 = (1 << INDEX_BITS) - 1;

#[derive(Default)]
struct Shard {
    slots: Vec<u32>,
    hashes: Vec<Hash>,
}

/// Keys, and values that no two customers share, are hashed apart from the values that parents are found by.
const KEYS: Hash = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834;

impl Default for Nodes {
    fn default() -> Nodes {
        let random = RandomState::new();
        let mut secret = [0; SECRET];
        for (index, bytes) in secret.chunks_exact_mut(8).enumerate() {
            bytes.copy_from_slice(&random.hash_one(index).to_le_bytes());
        }
        Nodes { secret, shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl Nodes {
    pub fn hash(&self, value: &[u8]) -> Hash {
        xxh3_128_with_secret(value, &self.secret)
    }

    pub fn hash_key(&self, key: &[u8]) -> Hash {
        self.hash(key) ^ KEYS
    }

    /// The hash of a value that no two customers share. `which` is the number of its field among such fields.
    pub fn hash_unique(&self, which: usize, value: &[u8]) -> Hash {
        self.hash(value) ^ KEYS.wrapping_mul(2 * which as Hash + 3)
    }

    /// The nodes of hashes, which are added if they are new; [`NONE`] for none. `None` if there are too many.
    pub fn add(&self, hashes: &[Option<Hash>]) -> Option<Vec<Node>> {
        // By shard, so that each is locked once.
        let mut order: Vec<(u8, u32)> = Vec::with_capacity(hashes.len());
        order.extend((0..).zip(hashes).filter_map(|(index, hash)| Some((shard_of((*hash)?) as u8, index))));
        order.sort_unstable();
        let mut nodes = vec![NONE; hashes.len()];
        for chunk in order.chunk_by(|one, other| one.0 == other.0) {
            let number = usize::from(chunk[0].0);
            let mut shard = self.lock(number);
            let hash_of = |index: &(u8, u32)| hashes[index.1 as usize].unwrap_or_default();
            shard.prefetch(chunk.iter().map(hash_of));
            for at in chunk {
                let index = shard.add(hash_of(at))?;
                nodes[at.1 as usize] = index << SHARD_BITS | number as u32;
            }
        }
        Some(nodes)
    }

    /// The node of a hash, if it was added.
    pub fn find(&self, hash: Hash) -> Option<Node> {
        let number = shard_of(hash);
        self.lock(number).find(hash).map(|index| index << SHARD_BITS | number as u32)
    }

    /// More than any node.
    pub fn count(&self) -> usize {
        let most = (0..SHARDS).map(|number| self.lock(number).hashes.len()).max().unwrap_or_default();
        most << SHARD_BITS
    }

    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shard_of(hash: Hash) -> usize {
    (hash >> (u128::BITS - SHARD_BITS)) as usize
}

impl Shard {
    fn home(&self, hash: Hash) -> usize {
        // The bits after those that chose the shard.
        let bits = (hash >> 64) as u64 as u128 & (u64::MAX >> SHARD_BITS) as u128;
        ((bits * self.slots.len() as u128) >> (64 - SHARD_BITS)) as usize
    }

    /// The slot that has the hash, or the empty one for it. There must be an empty one.
    fn slot(&self, hash: Hash) -> usize {
        let mut slot = self.home(hash);
        loop {
            let found = self.slots[slot];
            let is_it = || self.hashes.get((found & INDEX) as usize - 1) == Some(&hash);
            if found == 0 || found & !INDEX == tag(hash) && is_it() {
                return slot;
            }
            slot = if slot + 1 == self.slots.len() { 0 } else { slot + 1 };
        }
    }

    fn find(&self, hash: Hash) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        self.slots[self.slot(hash)].checked_sub(1).map(|found| found & INDEX)
    }

    fn add(&mut self, hash: Hash) -> Option<u32> {
        if self.hashes.len() >= self.slots.len() / 5 * 4 {
            self.grow();
        }
        let slot = self.slot(hash);
        if let Some(found) = self.slots[slot].checked_sub(1) {
            return Some(found & INDEX);
        }
        let index = self.hashes.len() as u32;
        if index + 1 >= INDEX {
            return None;
        }
        self.hashes.push(hash);
        self.slots[slot] = tag(hash) | (index + 1);
        Some(index)
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() / 4 * 5).max(64);
        // The old slots are not needed: the hashes say it all.
        self.slots = vec![0; slots];
        for index in 0..self.hashes.len() {
            let hash = self.hashes[index];
            let mut slot = self.home(hash);
            while self.slots[slot] != 0 {
                slot = if slot + 1 == slots { 0 } else { slot + 1 };
            }
            self.slots[slot] = tag(hash) | (index as u32 + 1);
        }
    }

    /// Reads what the hashes need: memory is slow, but gives several at once if they are asked for together.
    fn prefetch(&self, hashes: impl Iterator<Item = Hash>) {
        let slots = hashes.filter_map(|hash| self.slots.get(self.home(hash)));
        std::hint::black_box(slots.fold(0, |all, slot| all ^ slot));
    }
}

/// Bits of a hash that nothing else depends on.
fn tag(hash: Hash) -> u32 {
    (hash as u32) & !INDEX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_node() {
        let nodes = Nodes::default();
        let hashes: Vec<Option<Hash>> =
            (0..20_000).map(|number| (number % 7 > 0).then(|| nodes.hash(format!("C-{number}").as_bytes()))).collect();
        let first: Vec<Node> = hashes.chunks(999).flat_map(|hashes| nodes.add(hashes).unwrap()).collect();
        let again: Vec<Node> = hashes.chunks(1234).flat_map(|hashes| nodes.add(hashes).unwrap()).collect();
        assert_eq!(first, again);
        let mut all: Vec<Node> = first.iter().copied().filter(|node| *node != NONE).collect();
        assert!(all.iter().all(|node| (*node as usize) < nodes.count()));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!((all.len(), count), (hashes.iter().flatten().count(), all.len()));
        assert_eq!(nodes.find(nodes.hash(b"C-1")), Some(first[1]));
        assert_eq!((nodes.find(nodes.hash(b"C-7")), nodes.find(nodes.hash_key(b"C-1"))), (None, None));
    }
}
