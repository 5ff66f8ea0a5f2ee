//! What single bytes say about a value: [`seen`].
//!
//! Most values are ASCII and Latin letters, where each byte determines the kind of its character. So one table lookup per
//! byte, without a branch, decides most rules. Anything else is [`OTHER`], and is read character by character.

pub const LETTER: u8 = 1; // A letter of ASCII.
pub const DIGIT: u8 = 2; // A digit, 0 to 9.
pub const SPACE: u8 = 4; // U+0020.
pub const HYPHEN: u8 = 8; // The hyphen `-`.
pub const DROPPED: u8 = 16; // The apostrophe and the full stop, which address repair removes.
pub const PUNCTUATION: u8 = 32; // ASCII's other punctuation (P*).
pub const LATIN: u8 = 64; // A byte of a character from U+00C0 to U+027F: a letter, with two exceptions (`has_sign`).
pub const OTHER: u8 = 128; // Anything else: symbols, control characters, bytes of other characters.

/// The kind of each byte of a text in UTF-8, if no byte of it is [`OTHER`].
pub const KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'0'..=b'9' => DIGIT,
            b' ' => SPACE,
            b'-' => HYPHEN,
            b'\'' | b'.' => DROPPED,
            b'$' | b'+' | b'<' | b'=' | b'>' | b'^' | b'`' | b'|' | b'~' => OTHER,
            b'!'..=b'~' => PUNCTUATION,
            // Continuation bytes; the first byte decides the kind.
            0x80..=0xbf => LATIN,
            0xc3..=0xc9 => LATIN,
            _ => OTHER,
        };
        byte += 1;
    }
    kinds
};

pub fn seen(value: &[u8]) -> u8 {
    value.iter().fold(0, |seen, byte| seen | KINDS[usize::from(*byte)])
}

/// Whether a value without [`OTHER`] bytes has one of the two signs from U+00C0 to U+027F: `×` or `÷`.
pub fn has_sign(value: &[u8]) -> bool {
    value.windows(2).any(|pair| matches!(pair, [0xc3, 0x97 | 0xb7]))
}

#[cfg(test)]
mod tests {
    use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

    use super::*;

    #[test]
    fn kinds_agree_with_unicode() {
        for character in '\0'..='\u{3ff}' {
            let mut bytes = [0; 4];
            let bytes = character.encode_utf8(&mut bytes).as_bytes();
            let group = character.general_category_group();
            match seen(bytes) {
                LETTER | LATIN if !has_sign(bytes) => assert_eq!(group, GeneralCategoryGroup::Letter, "{character:?}"),
                LATIN => assert_eq!(group, GeneralCategoryGroup::Symbol, "{character:?}"),
                HYPHEN | DROPPED | PUNCTUATION => assert_eq!(group, GeneralCategoryGroup::Punctuation, "{character:?}"),
                DIGIT => assert!(character.is_ascii_digit()),
                SPACE => assert_eq!(character, ' '),
                kinds => assert!(kinds & OTHER != 0, "{character:?}"),
            }
        }
    }
}
