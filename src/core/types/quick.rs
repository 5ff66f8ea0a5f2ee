//! What the quick path decides ([`Quick`]), and what it remembers ([`Memory`]).

use super::country::recent::Recent;

/// What the types remember from one value to the next.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    pub countries: Recent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quick {
    /// Nothing: the value takes the full path.
    Undecided,
    Missing,
    Same,
    /// Normalised: written to the builder's space, with this length.
    Normalised(usize),
    /// The same, and address repair removed punctuation.
    Repaired(usize),
}

impl Quick {
    #[inline]
    pub fn same_if(is_valid: bool) -> Quick {
        if is_valid { Quick::Same } else { Quick::Undecided }
    }
}
