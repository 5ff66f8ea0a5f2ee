//! Fingerprints of keys.

use std::hash::BuildHasher;

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

    /// The fingerprint of a folded key.
    pub fn of(&self, key: &[u8]) -> Fingerprint {
        // All bits count here, the upper ones most; the hash alone does not promise that.
        let product = u128::from(self.state.hash_one(key)) * 0x9e37_79b9_7f4a_7c15;
        let fingerprint = (product >> 64) as u64 ^ product as u64;
        self.bits.map_or(fingerprint, |bits| fingerprint & !(u64::MAX >> bits.clamp(1, 63)))
    }
}
