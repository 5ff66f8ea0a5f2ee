//! What the quick path answers: [`Quick`].

/// What the quick path has done with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quick {
    /// Nothing: the value takes the full path.
    Undecided,
    /// Stored that there is no value.
    Missing,
    /// Stored the value as it is.
    Same,
    /// Written its normal form, of this many bytes, to the builder's space.
    Normalised(usize),
    /// The same, after its punctuation was repaired away.
    Repaired(usize),
}

impl Quick {
    /// `Same` for a value that is right.
    #[inline]
    pub fn same_if(is_right: bool) -> Quick {
        if is_right { Quick::Same } else { Quick::Undecided }
    }
}
