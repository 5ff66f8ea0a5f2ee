//! Where bytes are, many at a time: a bit for each of up to [`WIDTH`] bytes.
//!
//! A search for the next byte (`memchr`) costs a call for each find, and a record of a dozen short cells has a dozen. A mask
//! finds all of them at once. On x86-64 it is made with SSE2, which every such processor has; the one call that is `unsafe` for
//! that is proved where it stands.

/// How many bytes a mask covers.
pub(super) const WIDTH: usize = 64;

/// A bit for each byte of a chunk of at most [`WIDTH`] that is one of two, the lowest for the first.
pub(super) fn of_either(chunk: &[u8], one: u8, other: u8) -> u64 {
    if let Ok(chunk) = <&[u8; WIDTH]>::try_from(chunk) {
        return of_whole(chunk, one, other);
    }
    let mut whole = [0; WIDTH];
    let length = chunk.len().min(WIDTH);
    whole[..length].copy_from_slice(&chunk[..length]);
    // What it was filled up with counts for nothing, whatever is looked for.
    of_whole(&whole, one, other) & u64::MAX.checked_shr((WIDTH - length) as u32).unwrap_or(0)
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
fn of_whole(chunk: &[u8; WIDTH], one: u8, other: u8) -> u64 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8};

    #[target_feature(enable = "sse2")]
    fn of_whole(chunk: &[u8; WIDTH], one: u8, other: u8) -> u64 {
        let (one, other) = (_mm_set1_epi8(one as i8), _mm_set1_epi8(other as i8));
        let (words, _) = chunk.as_chunks::<8>();
        let mut mask = 0;
        for (index, pair) in words.chunks_exact(2).enumerate() {
            let bytes = _mm_set_epi64x(i64::from_le_bytes(pair[1]), i64::from_le_bytes(pair[0]));
            let found = _mm_or_si128(_mm_cmpeq_epi8(bytes, one), _mm_cmpeq_epi8(bytes, other));
            mask |= u64::from(_mm_movemask_epi8(found) as u32) << (16 * index);
        }
        mask
    }

    // SAFETY: what is asked of the caller is a processor with SSE2, which is part of x86-64. Nothing in the function itself
    // is unsafe: the bytes are read through a reference to an array.
    unsafe { of_whole(chunk, one, other) }
}

#[cfg(not(target_arch = "x86_64"))]
fn of_whole(chunk: &[u8; WIDTH], one: u8, other: u8) -> u64 {
    let found = chunk.iter().map(|byte| u64::from(*byte == one || *byte == other));
    found.enumerate().fold(0, |mask, (index, found)| mask | found << index)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_bit_is_for_its_byte(chunk in prop::collection::vec(prop::sample::select(vec![0, 1, b',', b'"', 255]), 0..=WIDTH), one in any::<u8>()) {
            let mask = of_either(&chunk, one, b'"');
            for index in 0..WIDTH {
                let expected = chunk.get(index).is_some_and(|byte| *byte == one || *byte == b'"');
                prop_assert_eq!(mask >> index & 1 != 0, expected);
            }
        }
    }
}
