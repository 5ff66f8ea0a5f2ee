//! A hash table of eight bytes a slot: [`Table`].

use super::fingerprint::Fingerprint;

/// The position of a record among all of the run, from 0, without blank lines.
pub type RunPosition = u64;

/// A slot has a position plus one in its lower bits, and a part of a fingerprint in the others; zero is an empty slot.
const POSITION_BITS: u32 = 34;
const POSITION_MASK: u64 = (1 << POSITION_BITS) - 1;

/// The largest number of records in a run.
pub const MAX_RECORDS: u64 = POSITION_MASK;

/// The number of tables. A fingerprint's upper bits choose one, so that workers seldom wait for each other.
pub(super) const SHARDS: usize = 32;

/// The part of a fingerprint that is in its table, above the bits of the position.
pub(super) fn tag(fingerprint: Fingerprint) -> u64 {
    fingerprint << SHARDS.ilog2() >> POSITION_BITS
}

/// The table of a fingerprint.
pub(super) fn shard_of(fingerprint: Fingerprint) -> usize {
    (fingerprint >> (64 - SHARDS.ilog2())) as usize
}

/// The part of a fingerprint that is kept, in the tag and by the choice of the table.
pub(super) fn narrow(fingerprint: Fingerprint) -> Fingerprint {
    fingerprint >> (POSITION_BITS - SHARDS.ilog2())
}

/// Positions by tag, each tag once. A greater tag has a later first slot, so that a table which has become too small moves to
/// its successor from front to back.
#[derive(Debug, Default)]
pub(super) struct Table {
    slots: Vec<u64>,
    filled: usize,
}

impl Table {
    /// A tag's first slot.
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

    /// The position that has the tag.
    pub(super) fn get(&self, tag: u64) -> Option<RunPosition> {
        if self.slots.is_empty() {
            return None;
        }
        let found = self.slots[self.slot(tag)];
        (found != 0).then(|| (found & POSITION_MASK) - 1)
    }

    /// The position that had the tag. `position` gets it if there was none, or a later one.
    pub(super) fn claim(&mut self, tag: u64, position: RunPosition) -> Option<RunPosition> {
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
pub(super) fn prefetch<'t>(tags: impl Iterator<Item = (&'t Table, u64)>) {
    let slot = |(table, tag): (&'t Table, u64)| table.slots.get(table.home(tag)).copied();
    std::hint::black_box(tags.filter_map(slot).fold(0, |all, slot| all ^ slot));
}
