//! What becomes of each filled cell of a block's records: [`Marks`].
//!
//! Each column, or member of a JSON record, has a bit. Cutting the record sets the bits of filled cells; judging a value sets
//! a bit for what becomes of its cell. At the end of the block the bits of all records are added up, one column of many
//! records at a time. So a cell costs an instruction or two, and the two sides of the balance are independent: no value can
//! be lost unnoticed.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::core::mask::bits;
use crate::core::record::{Balance, CellOutcome};

/// Sets of the cells of records, one bit per cell.
type Words = Vec<u64>;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Marks {
    layouts: Vec<Layout>,
    /// The slots of the layouts' cells, and which cells fill no field.
    slots: Vec<u32>,
    ignored: Words,
    /// Where the bits of each of the block's records begin, and its layout; [`NONE`] for a record that was not cut.
    records: Vec<(u32, u32)>,
    /// Where the last record's bits are.
    at: usize,
    /// Which of its first 64 cells the quick path has stored, and which it has normalised.
    quick: [u64; 2],
    /// Whether the full path has noted something, so that a cell may have several outcomes.
    needs_merge: bool,
    filled: Words,
    /// By outcome; shorter than `filled` if the rest is 0.
    outcomes: [Words; CellOutcome::COUNT],
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Layout {
    /// Its first slot, and the number of slots.
    slots: (u32, u32),
    /// Its first word in `ignored`, and the number of words of a record.
    ignored: u32,
    words: u32,
    first: u32,
}

/// The layout of a record that was not cut.
const NONE: u32 = u32::MAX;

impl Marks {
    pub(super) fn with_room(records: usize) -> Marks {
        Marks { records: Vec::with_capacity(records), ..Marks::default() }
    }

    /// Sets the cells of the following records: the slot of each, and whether it fills no field.
    pub(super) fn begin_layout(&mut self, indices: impl Iterator<Item = (u32, bool)>) {
        let (slots, ignored) = (self.slots.len(), self.ignored.len());
        for (index, (slot, is_ignored)) in indices.enumerate() {
            self.slots.push(slot);
            if index % 64 == 0 {
                self.ignored.push(0);
            }
            if let Some(word) = self.ignored.last_mut() {
                *word |= u64::from(is_ignored) << (index % 64);
            }
        }
        let words = self.ignored.len() - ignored;
        if self.layouts.is_empty() {
            let bits = [CellOutcome::Stored, CellOutcome::Normalised].map(|outcome| outcome as usize);
            // The first record may be much wider than the others.
            let room = (words * self.records.capacity()).min(64 * 1024);
            self.filled.reserve(room);
            bits.into_iter().for_each(|outcome| self.outcomes[outcome].reserve(room));
        }
        self.layouts.push(Layout {
            slots: (slots as u32, (self.slots.len() - slots) as u32),
            ignored: ignored as u32,
            words: words as u32,
            first: self.filled.len() as u32,
        });
    }

    /// Begins a record that was cut. `filled`: whether each cell has more than white space.
    pub(super) fn begin(&mut self, mut filled: impl Iterator<Item = bool>) {
        self.begin_words(std::iter::from_fn(|| {
            let mut bits = filled.by_ref().take(64).enumerate().peekable();
            bits.peek()?;
            Some(bits.fold(0, |word, (index, is_filled)| word | u64::from(is_filled) << index))
        }));
    }

    /// The same for 64 cells at a time.
    #[inline]
    pub(super) fn begin_words(&mut self, filled: impl Iterator<Item = u64>) {
        self.at = self.filled.len();
        self.records.push((self.at as u32, self.layouts.len() as u32 - 1));
        for word in filled {
            self.filled.push(word);
            self.outcomes[CellOutcome::Stored as usize].push(0);
            self.outcomes[CellOutcome::Normalised as usize].push(0);
        }
    }

    pub(super) fn skip(&mut self) {
        self.records.push((0, NONE));
    }

    pub(super) fn has_begun(&self, index: usize) -> bool {
        self.records.len() > index
    }

    pub(super) fn is_filled(&self, index: usize) -> bool {
        self.filled.get(self.at + index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    #[inline]
    pub(super) fn note(&mut self, index: usize, outcome: CellOutcome) {
        let (word, words) = (self.at + index / 64, &mut self.outcomes[outcome as usize]);
        self.needs_merge = true;
        if words.len() <= word {
            words.resize(word + 1, 0);
        }
        words[word] |= 1 << (index % 64);
    }

    #[inline]
    pub(super) fn note_quick(&mut self, index: usize, outcome: CellOutcome) {
        match index {
            0..64 => self.quick[usize::from(outcome == CellOutcome::Normalised)] |= 1 << index,
            _ => self.note(index, outcome),
        }
    }

    /// Ends the last record. Of several outcomes of a cell the best counts; all cells of a rejected record are rejected.
    pub(super) fn end(&mut self, is_rejected: bool) {
        let Some(&(at, layout)) = self.records.last() else { return };
        let [stored, normalised] = std::mem::take(&mut self.quick);
        if stored | normalised != 0 {
            self.outcomes[CellOutcome::Stored as usize][at as usize] |= stored;
            self.outcomes[CellOutcome::Normalised as usize][at as usize] |= normalised & !stored;
        }
        let needs_merge = std::mem::take(&mut self.needs_merge);
        if is_rejected {
            return self.reject_at(at, layout);
        }
        if !needs_merge {
            return;
        }
        // Few records have other outcomes, and a cell has two only if it serves two fields.
        for word in self.words_of(at, layout) {
            let mut known = 0;
            for outcome in &mut self.outcomes {
                let Some(bits) = outcome.get_mut(word) else { continue };
                *bits &= !known;
                known |= *bits;
            }
        }
    }

    pub fn reject(&mut self, index: usize) {
        let (at, layout) = self.records[index];
        self.reject_at(at, layout);
    }

    fn reject_at(&mut self, at: u32, layout: u32) {
        let words = self.words_of(at, layout);
        let rejected = &mut self.outcomes[CellOutcome::Rejected as usize];
        if rejected.len() < words.end {
            rejected.resize(words.end, 0);
        }
        let ignored = if layout == NONE { 0 } else { self.layouts[layout as usize].ignored as usize };
        for (number, word) in words.enumerate() {
            let rejected = self.filled[word] & !self.ignored[ignored + number];
            self.outcomes.iter_mut().filter_map(|outcome| outcome.get_mut(word)).for_each(|bits| *bits = 0);
            self.outcomes[CellOutcome::Rejected as usize][word] = rejected;
        }
    }

    fn words_of(&self, at: u32, layout: u32) -> Range<usize> {
        let words = if layout == NONE { 0 } else { self.layouts[layout as usize].words };
        at as usize..(at + words) as usize
    }

    /// The slots and outcomes of a record's cells, except for those that fill no field.
    pub fn outcomes_of(&self, index: usize) -> impl Iterator<Item = (u32, CellOutcome)> + '_ {
        let (at, layout) = self.records[index];
        let words = self.words_of(at, layout).enumerate();
        words.flat_map(move |(number, word)| {
            let outcomes = CellOutcome::ALL.into_iter().zip(&self.outcomes);
            outcomes.flat_map(move |(outcome, words)| {
                let bits = bits(words.get(word).copied().unwrap_or_default());
                bits.map(move |bit| (self.slot(layout, 64 * number + bit), outcome))
            })
        })
    }

    fn slot(&self, layout: u32, index: usize) -> u32 {
        self.slots[self.layouts[layout as usize].slots.0 as usize + index]
    }

    /// What becomes of all cells, by slot. The last entry is for all slots from `slots` on.
    pub fn count(&self, slots: usize) -> Vec<Balance> {
        let mut counts = vec![Balance::default(); slots + 1];
        for (number, layout) in self.layouts.iter().enumerate() {
            let end = self.layouts.get(number + 1).map_or(self.filled.len(), |next| next.first as usize);
            let stride = layout.words as usize;
            for word in 0..stride {
                let first = layout.first as usize + word;
                let mut add = |words: &[u64], to: &dyn Fn(&mut Balance) -> &mut u64| {
                    sum_bits(words, stride, |bit, sum| {
                        let slot = self.slot(number as u32, 64 * word + bit) as usize;
                        *to(&mut counts[slot.min(slots)]) += sum;
                    });
                };
                // Empty if no record was cut.
                let filled = self.filled.get(first..end).unwrap_or_default();
                add(filled, &|counts| &mut counts.filled);
                for (outcome, words) in CellOutcome::ALL.into_iter().zip(&self.outcomes) {
                    let words = words.get(first..end.min(words.len())).unwrap_or_default();
                    add(words, &|counts| counts.of(outcome));
                }
                let ignored = self.ignored[layout.ignored as usize + word];
                if ignored != 0 {
                    let words: Words = filled.iter().map(|filled| filled & ignored).collect();
                    add(&words, &|counts| &mut counts.ignored);
                }
            }
        }
        counts
    }
}

/// How often each bit is set in the first of each `stride` of these words.
fn sum_bits(words: &[u64], stride: usize, mut each: impl FnMut(usize, u64)) {
    // 64 counters of 32 bits; word N holds bit N of each, so that a word is added to all of them in a few steps. Eight words
    // are added to each other first.
    let mut planes = [0u64; 32];
    // No sum is greater than the number of words.
    let digits = usize::BITS - (words.len() / stride).leading_zeros();
    let planes = &mut planes[..(digits as usize + 2).min(32)];
    let mut add = |mut carry: u64, first: usize| {
        for plane in &mut planes[first..] {
            if carry == 0 {
                break;
            }
            (*plane, carry) = (*plane ^ carry, *plane & carry);
        }
    };
    let (mut ones, mut twos, mut fours) = (0, 0, 0);
    let mut eights = words.chunks_exact(8 * stride);
    for eight in &mut eights {
        let word = |number: usize| eight[number * stride];
        let a = add_to(&mut ones, word(0), word(1));
        let b = add_to(&mut ones, word(2), word(3));
        let c = add_to(&mut twos, a, b);
        let a = add_to(&mut ones, word(4), word(5));
        let b = add_to(&mut ones, word(6), word(7));
        let d = add_to(&mut twos, a, b);
        add(add_to(&mut fours, c, d), 3);
    }
    eights.remainder().iter().step_by(stride).for_each(|word| add(*word, 0));
    [(ones, 0), (twos, 1), (fours, 2)].into_iter().for_each(|(word, first)| add(word, first));
    for bit in bits(planes.iter().fold(0, |all, plane| all | plane)) {
        each(bit, planes.iter().enumerate().map(|(power, plane)| (plane >> bit & 1) << power).sum());
    }
}

/// Adds two words to a third, bit by bit, and returns the carry.
fn add_to(sum: &mut u64, one: u64, other: u64) -> u64 {
    let both = one ^ other;
    let carry = (one & other) | (both & *sum);
    *sum ^= both;
    carry
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A slot after those that are counted separately.
    const REST: u32 = 10_000;

    proptest! {
        #[test]
        fn bits_are_added_up(words in prop::collection::vec(any::<u64>(), 0..300), stride in 1usize..4) {
            let mut sums = [0; 64];
            sum_bits(&words, stride, |bit, sum| sums[bit] += sum);
            for (bit, sum) in sums.into_iter().enumerate() {
                prop_assert_eq!(sum, words.iter().step_by(stride).map(|word| word >> bit & 1).sum::<u64>());
            }
        }
    }

    #[test]
    fn records_of_several_layouts_are_counted_by_slot() {
        let mut marks = Marks::default();
        // 70 columns, the last of which fills no field; then two members, with slot 69 and one that is not counted separately.
        marks.begin_layout((0..70).map(|index| (index, index == 69)));
        for record in 0..3 {
            marks.begin((0..70).map(|index| index % 2 == 1));
            (1..69).step_by(2).for_each(|index| marks.note(index, CellOutcome::Stored));
            marks.note(67, CellOutcome::Unused);
            marks.end(record == 2);
        }
        marks.skip();
        marks.begin_layout([(69, false), (REST, false)].into_iter());
        marks.begin([true, true].into_iter());
        marks.note(0, CellOutcome::Missing);
        marks.note(1, CellOutcome::Normalised);
        marks.end(false);
        let counts = marks.count(70);
        assert_eq!(counts[0], Balance::default());
        assert_eq!(counts[67], Balance { filled: 3, stored: 2, rejected: 1, ..Balance::default() });
        assert_eq!(counts[69], Balance { filled: 4, ignored: 3, missing: 1, ..Balance::default() });
        assert_eq!(counts[70], Balance { filled: 1, normalised: 1, ..Balance::default() });
        assert!(counts.iter().all(Balance::holds));
        assert_eq!(
            marks.outcomes_of(4).collect::<Vec<_>>(),
            [(REST, CellOutcome::Normalised), (69, CellOutcome::Missing)]
        );
        marks.reject(4);
        assert_eq!(
            marks.outcomes_of(4).collect::<Vec<_>>(),
            [(69, CellOutcome::Rejected), (REST, CellOutcome::Rejected)]
        );
        assert_eq!(marks.outcomes_of(3).count(), 0);
    }
}
