//! What the types remember from one value to the next, to look nothing up twice.

use super::country::recent::Recent;

/// One judge's memory.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The countries that were found last.
    pub countries: Recent,
}
