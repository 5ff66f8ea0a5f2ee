//! Bytes that end or escape a JSON text, found eight bytes at a time: [`stop_in_text`].

/// The offset of the first quote, backslash or control character at or after `at`; the text's end if there is none.
#[inline]
pub fn stop_in_text(bytes: &[u8], mut at: usize) -> usize {
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let found = stops(*eight);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    bytes.get(at..).and_then(|rest| rest.iter().position(is_stop)).map_or(bytes.len(), |found| at + found)
}

/// Whether a text has none.
pub(super) fn has_no_stop(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk() else { return !bytes.iter().any(is_stop) };
    // The last eight bytes overlap with those before, which saves a loop over the rest.
    bytes.as_chunks().0.iter().fold(stops(*last), |found, eight| found | stops(*eight)) == 0
}

/// The high bit of each of eight bytes that is a quote, backslash or control character. Only the lowest set bit is
/// reliable: subtraction borrows from the bytes above.
fn stops(eight: [u8; 8]) -> u64 {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    let word = u64::from_le_bytes(eight);
    let quotes = (word ^ (EACH * u64::from(b'"'))).wrapping_sub(EACH);
    let backslashes = (word ^ (EACH * u64::from(b'\\'))).wrapping_sub(EACH);
    let controls = word.wrapping_sub(EACH * 0x20);
    (quotes | backslashes | controls) & !word & (EACH * 0x80)
}

fn is_stop(byte: &u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..=0x1f)
}
