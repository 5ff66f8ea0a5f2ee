//! The countries that were found last: [`Recent`].

use super::names::{code_of, code_of_letters};

/// The last countries that were found: a cache of [`code_of`].
#[derive(Clone, Debug)]
pub struct Recent {
    /// A name of at most 32 bytes and its code, at the slot of its hash. An unused slot has an empty name.
    names: [([u128; 2], &'static str); Recent::SLOTS],
}

impl Default for Recent {
    fn default() -> Recent {
        Recent { names: [([0; 2], ""); Recent::SLOTS] }
    }
}

impl Recent {
    const SLOTS: usize = 64;

    /// [`code_of`] for a cleaned value; `None` also if the value is too long for the cache.
    pub fn find(&mut self, value: &[u8]) -> Option<&'static str> {
        if let [first, second] = *value {
            return code_of_letters(first, second);
        }
        let mut bytes = [0; 32];
        bytes.get_mut(..value.len())?.copy_from_slice(value);
        let (halves, _) = bytes.as_chunks::<16>();
        let name = [u128::from_le_bytes(halves[0]), u128::from_le_bytes(halves[1])];
        if name == [0; 2] {
            return None;
        }
        let folded = name[0] ^ name[1].rotate_left(32);
        let folded = (folded ^ folded >> 64) as u64;
        let slot = (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as usize % Recent::SLOTS;
        if self.names[slot].0 != name {
            self.names[slot] = (name, code_of(std::str::from_utf8(value).ok()?)?);
        }
        Some(self.names[slot].1)
    }
}
