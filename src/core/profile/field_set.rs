//! A set of a profile's fields: [`FieldSet`].

use crate::core::mask::bits;

const WORD: usize = u64::BITS as usize;
const WORDS: usize = FieldSet::CAPACITY / WORD;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSet([u64; WORDS]);

impl FieldSet {
    /// The number of fields that a profile can have. [`Profile::parse`](super::Profile::parse) refuses more.
    pub const CAPACITY: usize = 512;

    #[inline]
    pub fn insert(&mut self, field: usize) {
        debug_assert!(field < FieldSet::CAPACITY);
        // The remainder changes nothing; it saves a bounds check.
        self.0[field / WORD % WORDS] |= 1 << (field % WORD);
    }

    #[inline]
    pub fn has(&self, field: usize) -> bool {
        self.0[field / WORD % WORDS] >> (field % WORD) & 1 == 1
    }

    pub fn is_empty(&self) -> bool {
        self.0 == [0; WORDS]
    }

    pub fn and(&self, other: &FieldSet) -> FieldSet {
        FieldSet(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    pub fn or(&self, other: &FieldSet) -> FieldSet {
        FieldSet(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    /// The fields that are not in this set, as if there were [`FieldSet::CAPACITY`] of them.
    pub fn complement(&self) -> FieldSet {
        FieldSet(self.0.map(|word| !word))
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| bits(*word).map(move |bit| index * WORD + bit))
    }
}

impl FromIterator<usize> for FieldSet {
    fn from_iter<I: IntoIterator<Item = usize>>(fields: I) -> FieldSet {
        let mut set = FieldSet::default();
        fields.into_iter().for_each(|field| set.insert(field));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_bit_of_its_own() {
        let mut set = FieldSet::default();
        assert!(set.is_empty());
        for field in 0..FieldSet::CAPACITY {
            assert!(!set.has(field), "{field}");
            set.insert(field);
            assert!(set.has(field) && !set.is_empty(), "{field}");
        }
        assert_eq!(set, FieldSet::default().complement());
    }

    #[test]
    fn sets_are_combined_field_by_field() {
        let [one, other] = [[0, 63, 64, 511], [63, 65, 300, 511]].map(FieldSet::from_iter);
        assert_eq!(one.and(&other).iter().collect::<Vec<_>>(), [63, 511]);
        assert_eq!(one.or(&other).iter().collect::<Vec<_>>(), [0, 63, 64, 65, 300, 511]);
        assert!(one.and(&one.complement()).is_empty());
    }
}
