//! What a profile and a run's options allow of a field's values: [`Limits`].

use crate::core::text::Characters;
use crate::core::text::kinds;

/// The limits of one field. Lengths are in Unicode scalar values.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The least number of characters.
    pub min: usize,
    /// The greatest number of characters.
    pub max: usize,
    /// The least value of an integer.
    pub at_least: i64,
    /// The characters that a value may hold; `None` for all, or where the rule is relaxed.
    pub characters: Option<Characters>,
    /// Whether `--relax` names the field.
    pub relaxed: bool,
    /// Whether punctuation is repaired away.
    pub repair: bool,
    /// Whether a number that a spreadsheet has rewritten is refused, and no other limit would refuse it.
    pub refuses_rewritten: bool,
    /// The words of a choice.
    pub choices: Vec<String>,
}

impl Limits {
    /// Whether the length of a value in UTF-8 is within the limits.
    #[inline]
    pub fn allow_length(&self, value: &[u8]) -> bool {
        // Most values have as many bytes as characters are needed, and no more than are allowed.
        if value.len() >= 4 * self.min && value.len() <= self.max {
            return true;
        }
        let length = value.iter().filter(|byte| !matches!(byte, 0x80..=0xbf)).count();
        (self.min..=self.max).contains(&length)
    }

    /// Whether a value has allowed characters alone; one that has may be told otherwise, but never the reverse.
    #[inline]
    pub fn allow_characters(&self, value: &[u8]) -> bool {
        self.allow_kinds(kinds::seen(value), value)
    }

    /// The same for a value with bytes of these kinds ([`kinds::seen`]).
    #[inline]
    pub fn allow_kinds(&self, seen: u8, value: &[u8]) -> bool {
        self.characters.is_none_or(|characters| characters.allow(seen, value))
    }
}
