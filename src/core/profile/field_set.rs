//! A set of a profile's fields: [`FieldSet`].

/// Fields of a profile, by their indexes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSet(u128);

impl FieldSet {
    /// How many fields a profile can have.
    pub const MOST: usize = u128::BITS as usize;

    /// Adds a field.
    #[inline]
    pub fn insert(&mut self, field: usize) {
        self.0 |= 1 << field;
    }

    /// Whether a field is among them.
    pub fn has(self, field: usize) -> bool {
        self.0 >> field & 1 == 1
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are in both.
    pub fn in_both(self, others: FieldSet) -> FieldSet {
        FieldSet(self.0 & others.0)
    }

    /// These and others.
    pub fn or(self, others: FieldSet) -> FieldSet {
        FieldSet(self.0 | others.0)
    }

    /// All but these.
    pub fn complement(self) -> FieldSet {
        FieldSet(!self.0)
    }

    /// As a number, to be kept.
    pub fn to_bits(self) -> u128 {
        self.0
    }

    /// From that number.
    pub fn from_bits(bits: u128) -> FieldSet {
        FieldSet(bits)
    }
}
