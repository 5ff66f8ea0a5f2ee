//! What a profile and a run's options allow in a field: [`Limits`].

use crate::core::text::Characters;
use crate::core::text::kinds;

/// The limits of one field. Lengths are in Unicode scalar values.
#[derive(Clone, Debug)]
pub struct Limits {
    pub min: usize,
    pub max: usize,
    /// The minimum value of an integer.
    pub at_least: i64,
    /// The characters that a value may contain; `None` for all, or if the rule is relaxed.
    pub characters: Option<Characters>,
    /// Whether `--relax` names the field.
    pub relaxed: bool,
    /// Whether address repair removes punctuation.
    pub repair: bool,
    /// Whether a number that a spreadsheet has rewritten must be refused, because no other limit refuses it.
    pub refuses_rewritten: bool,
    pub choices: Vec<String>,
}

impl Limits {
    /// Whether the length of a value in UTF-8 is within the limits.
    #[inline]
    pub fn allow_length(&self, value: &[u8]) -> bool {
        // Decides most values without counting characters, which have up to four bytes.
        if value.len() >= 4 * self.min && value.len() <= self.max {
            return true;
        }
        let length = value.iter().filter(|byte| !matches!(byte, 0x80..=0xbf)).count();
        (self.min..=self.max).contains(&length)
    }

    /// Whether a value surely has only allowed characters.
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
