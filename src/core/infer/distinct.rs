//! How many values of a column differ, and whether any is repeated: [`Distinct`], exact up to a bound, then an estimate.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// The number of differing values of a column that are counted one by one.
const COUNTED: usize = 100_000;

/// The number of hashes that may be held beyond those, for all columns together: 8 bytes each, in tables at least half full.
const BUDGET: usize = 8_000_000;

/// How many more hashes may be held to find repeated values.
#[derive(Clone, Debug)]
pub struct Budget {
    counted: usize,
    left: usize,
}

impl Budget {
    /// The budget of a part of the columns of a table: all of them are shared by `parts`.
    pub fn new(columns: usize, parts: usize) -> Budget {
        // Many columns share what few would have each.
        let counted = (20 * COUNTED / columns.max(1)).clamp(1000, COUNTED);
        Budget { counted, left: BUDGET / parts.max(1) }
    }
}

/// Takes a hash as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

type ByHash = BuildHasherDefault<AsIs>;

/// What is known of one value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) count: u64,
    /// The index of its verdict.
    pub(super) verdict: u32,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Distinct {
    /// The values that are counted, by their hashes.
    values: HashMap<u64, Counted, ByHash>,
    /// The hashes of further values, as long as none is repeated.
    further: HashSet<u64, ByHash>,
    /// An estimate, once there are more values than are counted.
    sketch: Option<Sketch>,
    /// Whether a value was repeated.
    pub(super) is_repeated: bool,
    /// The number of values among which none was repeated, if the rest was not looked up.
    pub(super) checked: Option<u64>,
}

/// What a value turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// It was counted before, and has the verdict of this index.
    Before(u32),
    First,
    /// It is one of more than can be counted.
    Uncounted,
}

impl Distinct {
    /// Looks a value up by its hash, and counts it `weight` times if it is known.
    #[inline]
    pub(super) fn meet(&mut self, hash: u64, weight: u64) -> Met {
        if let Some(counted) = self.values.get_mut(&hash) {
            counted.count += weight;
            self.is_repeated = true;
            return Met::Before(counted.verdict);
        }
        if self.sketch.is_some() { Met::Uncounted } else { Met::First }
    }

    /// Adds a value that was not met before, or is one of too many; `filled` values came before it.
    pub(super) fn add(&mut self, hash: u64, weight: u64, verdict: u32, filled: u64, budget: &mut Budget) {
        self.is_repeated |= weight > 1;
        if self.sketch.is_none() && self.values.len() < budget.counted {
            self.values.insert(hash, Counted { count: weight, verdict });
            return;
        }
        let sketch = self.sketch.get_or_insert_with(|| {
            let mut sketch = Sketch::default();
            self.values.keys().for_each(|hash| sketch.add(*hash));
            sketch
        });
        sketch.add(hash);
        if self.is_repeated || self.checked.is_some() {
            budget.left += std::mem::take(&mut self.further).len();
        } else if self.further.contains(&hash) {
            self.is_repeated = true;
        } else if budget.left == 0 {
            self.checked = Some(filled);
        } else {
            budget.left -= 1;
            self.further.insert(hash);
        }
    }

    /// The number of differing values, and whether it is exact.
    pub(super) fn count(&self) -> (u64, bool) {
        match &self.sketch {
            None => (self.values.len() as u64, true),
            Some(_) if !self.is_repeated && self.checked.is_none() => {
                ((self.values.len() + self.further.len()) as u64, true)
            }
            Some(sketch) => (sketch.estimate().max(self.values.len() as u64), false),
        }
    }

    pub(super) fn count_of(&self, hash: u64) -> u64 {
        self.values.get(&hash).map_or(0, |counted| counted.count)
    }

    /// How many of the values that are counted one by one are among those of another column, and how many they are.
    pub(super) fn shared_with(&self, other: &Distinct) -> (usize, usize) {
        (self.values.keys().filter(|hash| other.values.contains_key(hash)).count(), self.values.len())
    }

    /// Whether some value, as far as is known, is repeated. An estimate far below the number of values means that, too.
    pub(super) fn may_repeat(&self, filled: u64) -> bool {
        self.is_repeated || self.checked.is_some() && 20 * self.count().0 < 19 * filled
    }

    /// Adds the values of another column that fills the same field. A value in both is repeated.
    pub(super) fn merge(&mut self, other: Distinct, verdicts: &[u32], filled: u64, budget: &mut Budget) {
        for (hash, counted) in &other.values {
            if let Met::First | Met::Uncounted = self.meet(*hash, counted.count) {
                self.add(*hash, counted.count, verdicts[counted.verdict as usize], filled, budget);
            }
        }
        self.is_repeated |= other.is_repeated;
        if let (Some(own), Some(other)) = (&mut self.sketch, &other.sketch) {
            own.merge(other);
        }
        if other.sketch.is_some() {
            self.sketch.get_or_insert_with(Sketch::default).merge(&other.sketch.unwrap_or_default());
            self.checked = self.checked.or(Some(self.values.len() as u64));
        }
    }
}

const REGISTERS: usize = 1 << 12;

/// An estimate of the number of distinct hashes within a few percent: HyperLogLog (Flajolet and others, 2007).
#[derive(Clone, Debug)]
struct Sketch(Box<[u8; REGISTERS]>);

impl Default for Sketch {
    fn default() -> Sketch {
        Sketch(Box::new([0; REGISTERS]))
    }
}

impl Sketch {
    fn add(&mut self, hash: u64) {
        let register = &mut self.0[(hash >> 52) as usize % REGISTERS];
        let zeros = (hash << 12 | 1 << 11).leading_zeros() as u8 + 1;
        *register = (*register).max(zeros);
    }

    fn merge(&mut self, other: &Sketch) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(own, other)| *own = (*own).max(*other));
    }

    fn estimate(&self) -> u64 {
        let registers = REGISTERS as f64;
        let sum: f64 = self.0.iter().map(|zeros| 0.5_f64.powi(i32::from(*zeros))).sum();
        let estimate = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / sum;
        let empty = self.0.iter().filter(|zeros| **zeros == 0).count();
        match empty {
            1.. if estimate < 2.5 * registers => (registers * (registers / empty as f64).ln()).round() as u64,
            _ => estimate.round() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    fn hash(value: u64) -> u64 {
        xxh3_64(&value.to_le_bytes())
    }

    fn add(distinct: &mut Distinct, values: impl Iterator<Item = u64>, budget: &mut Budget) {
        for (filled, value) in (0..).zip(values) {
            if !matches!(distinct.meet(hash(value), 1), Met::Before(_)) {
                distinct.add(hash(value), 1, 0, filled, budget);
            }
        }
    }

    #[test]
    fn values_are_counted_then_estimated() {
        for size in [1, 1000, 100_000, 400_000] {
            let (mut distinct, mut budget) = (Distinct::default(), Budget::new(1, 1));
            add(&mut distinct, (0..size).chain(0..size), &mut budget);
            let (count, is_exact) = distinct.count();
            assert!(distinct.is_repeated && is_exact == (size <= 100_000), "{size}");
            assert!(count.abs_diff(size) <= if is_exact { 0 } else { size / 20 }, "{count} for {size}");
        }
    }

    #[test]
    fn a_repeat_is_found_as_long_as_there_is_room() {
        let (mut distinct, mut budget) = (Distinct::default(), Budget::new(1, 1));
        add(&mut distinct, 0..300_000, &mut budget);
        assert_eq!((distinct.is_repeated, distinct.count()), (false, (300_000, true)));
        add(&mut distinct, 299_999..300_000, &mut budget);
        assert!(distinct.is_repeated && distinct.may_repeat(300_001));
        // What a column no longer needs, others may use.
        add(&mut distinct, 300_000..300_001, &mut budget);
        assert_eq!(budget.left, BUDGET);
        let mut small = Budget { counted: 100, left: 50 };
        let mut distinct = Distinct::default();
        add(&mut distinct, 0..1000, &mut small);
        assert_eq!((distinct.checked, distinct.is_repeated, distinct.may_repeat(1000)), (Some(150), false, false));
        assert!(distinct.may_repeat(2000));
    }

    #[test]
    fn columns_are_merged() {
        let mut budget = Budget::new(1, 1);
        let [mut one, mut other] = [Distinct::default(), Distinct::default()];
        add(&mut one, 0..10, &mut budget);
        add(&mut other, 10..20, &mut budget);
        one.merge(other.clone(), &[0], 10, &mut budget);
        assert_eq!((one.count(), one.is_repeated), ((20, true), false));
        one.merge(other, &[0], 20, &mut budget);
        assert!(one.is_repeated);
    }
}
