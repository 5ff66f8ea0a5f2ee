//! Finding many bytes at once: a mask has a bit for each of up to [`WIDTH`] bytes.
//!
//! `memchr` costs a call for each find, and a record of a dozen short cells has a dozen. A mask finds all of them at once. On
//! x86-64 it is made with SSE2, which every such processor has; each `unsafe` block says why it is sound.

pub const WIDTH: usize = 64;

/// A bit for each byte of a chunk of at most [`WIDTH`] that is one of the needles, the lowest for the first byte.
#[inline]
pub fn of_any<const NEEDLES: usize>(chunk: &[u8], needles: [u8; NEEDLES]) -> u64 {
    let (whole, covered) = whole(chunk);
    imp::of_any(&whole, needles) & covered
}

/// Whether a text in UTF-8 has only printable ASCII and letters from U+00C0 to U+02FF, and no two spaces in a row.
/// Cleaning changes no part of such a text but its ends: these letters only compose with marks, which come after them in
/// Unicode. In UTF-8 they have first bytes of their own, so that each byte can be judged alone.
#[inline]
pub fn is_tidy(text: &[u8]) -> bool {
    let mut after_space = false;
    for chunk in text.chunks(WIDTH) {
        let (whole, covered) = whole(chunk);
        let spaces = imp::of_any(&whole, [b' ']);
        let second_spaces = spaces & (spaces << 1 | u64::from(after_space));
        if (imp::of_strange(&whole) | second_spaces) & covered != 0 {
            return false;
        }
        after_space = chunk.last() == Some(&b' ');
    }
    true
}

/// The positions of a mask's bits, in ascending order.
pub fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(bit)
    })
}

/// The chunk filled up to [`WIDTH`], and a bit for each byte of it that was there.
#[inline]
fn whole(chunk: &[u8]) -> ([u8; WIDTH], u64) {
    match <[u8; WIDTH]>::try_from(chunk) {
        Ok(whole) => (whole, u64::MAX),
        Err(_) => {
            let mut whole = [0; WIDTH];
            let length = chunk.len().min(WIDTH);
            whole[..length].copy_from_slice(&chunk[..length]);
            (whole, u64::MAX.checked_shr((WIDTH - length) as u32).unwrap_or(0))
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod imp {
    use std::arch::x86_64::{
        __m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_cmplt_epi8, _mm_movemask_epi8, _mm_or_si128,
        _mm_set_epi64x, _mm_set1_epi8, _mm_setzero_si128,
    };

    use super::WIDTH;

    /// A bit for each byte, as `is_found` decides for sixteen at a time.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn masked(chunk: &[u8; WIDTH], is_found: impl Fn(__m128i) -> __m128i) -> u64 {
        let (words, _) = chunk.as_chunks::<8>();
        let mut mask = 0;
        for (index, pair) in words.chunks_exact(2).enumerate() {
            let bytes = _mm_set_epi64x(i64::from_le_bytes(pair[1]), i64::from_le_bytes(pair[0]));
            mask |= u64::from(_mm_movemask_epi8(is_found(bytes)) as u32) << (16 * index);
        }
        mask
    }

    #[inline]
    pub(super) fn of_any<const NEEDLES: usize>(chunk: &[u8; WIDTH], needles: [u8; NEEDLES]) -> u64 {
        #[inline]
        #[target_feature(enable = "sse2")]
        fn of_any<const NEEDLES: usize>(chunk: &[u8; WIDTH], needles: [u8; NEEDLES]) -> u64 {
            let needles = needles.map(|needle| _mm_set1_epi8(needle as i8));
            masked(chunk, |bytes| {
                needles
                    .iter()
                    .fold(_mm_setzero_si128(), |found, needle| _mm_or_si128(found, _mm_cmpeq_epi8(bytes, *needle)))
            })
        }

        // SAFETY: the function needs a processor with SSE2, which is part of x86-64. Nothing in it is unsafe: it reads the
        // bytes through a reference to an array.
        unsafe { of_any(chunk, needles) }
    }

    #[inline]
    pub(super) fn of_strange(chunk: &[u8; WIDTH]) -> u64 {
        #[inline]
        #[target_feature(enable = "sse2")]
        fn of_strange(chunk: &[u8; WIDTH]) -> u64 {
            // Compared as signed numbers, the bytes from 80 on are below zero.
            let [space, delete, continued, first, last] =
                [0x1f_u8, 0x7f, 0xc0, 0xc2, 0xcc].map(|byte| _mm_set1_epi8(byte as i8));
            !masked(chunk, |bytes| {
                let printable = _mm_and_si128(_mm_cmpgt_epi8(bytes, space), _mm_cmplt_epi8(bytes, delete));
                let letter = _mm_and_si128(_mm_cmpgt_epi8(bytes, first), _mm_cmplt_epi8(bytes, last));
                _mm_or_si128(_mm_or_si128(printable, letter), _mm_cmplt_epi8(bytes, continued))
            })
        }

        // SAFETY: as above.
        unsafe { of_strange(chunk) }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod imp {
    use super::WIDTH;

    fn masked(chunk: &[u8; WIDTH], is_found: impl Fn(u8) -> bool) -> u64 {
        let found = chunk.iter().map(|byte| u64::from(is_found(*byte)));
        found.enumerate().fold(0, |mask, (index, found)| mask | found << index)
    }

    pub(super) fn of_any<const NEEDLES: usize>(chunk: &[u8; WIDTH], needles: [u8; NEEDLES]) -> u64 {
        masked(chunk, |byte| needles.contains(&byte))
    }

    pub(super) fn of_strange(chunk: &[u8; WIDTH]) -> u64 {
        masked(chunk, |byte| !matches!(byte, b' '..=b'~' | 0x80..=0xbf | 0xc3..=0xcb))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_bit_is_for_its_byte(
            chunk in prop::collection::vec(prop::sample::select(vec![0, 1, b',', b'"', 255]), 0..=WIDTH),
            one in any::<u8>(),
        ) {
            let mask = of_any(&chunk, [one, b'"']);
            for index in 0..WIDTH {
                let expected = chunk.get(index).is_some_and(|byte| *byte == one || *byte == b'"');
                prop_assert_eq!(mask >> index & 1 != 0, expected);
            }
        }

        #[test]
        fn tidy_is_as_defined(text in "[a-zß  ]{0,150}|[ -~]{0,70}\\PC?[ -~]{0,70}|\\PC{0,40}|[\u{0}-\u{3ff}]{0,3}") {
            let can_repeat = |c: char| matches!(c, ' '..='~' | '\u{c0}'..='\u{2ff}');
            prop_assert_eq!(is_tidy(text.as_bytes()), text.chars().all(can_repeat) && !text.contains("  "));
        }
    }

    #[test]
    fn every_byte_is_known_or_strange() {
        for byte in 0..=u8::MAX {
            let can_repeat = matches!(byte, b' '..=b'~' | 0x80..=0xbf | 0xc3..=0xcb);
            assert_eq!(is_tidy(&[byte]), can_repeat, "{byte:x}");
        }
    }
}
