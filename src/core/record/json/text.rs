//! JSON texts: where one ends or has an escape ([`stop_in_text`]), found eight bytes at a time, and writing one ([`write_text`]).

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

/// Writes a text with its quotes, escaped as serde_json does it.
pub fn write_text(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    if has_no_stop(bytes) {
        out.extend_from_slice(bytes);
        out.push(b'"');
        return;
    }
    let mut written = 0;
    loop {
        let stop = stop_in_text(bytes, written);
        out.extend_from_slice(&bytes[written..stop]);
        let Some(&byte) = bytes.get(stop) else { break };
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            _ => {
                let [high, low] = [byte >> 4, byte & 15].map(|digit| HEX[usize::from(digit)]);
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
            }
        }
        written = stop + 1;
    }
    out.push(b'"');
}

pub fn write_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
