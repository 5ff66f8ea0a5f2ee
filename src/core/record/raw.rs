//! A record as `_reject_raw` holds it: bytes that are not UTF-8 as `\xHH`, a backslash as `\\`. How it is split,
//! `_reject_dialect` says ([`RawDialect`]).

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use super::dialect::CsvDialect;
use crate::core::record::RAW_LIMIT;

/// The text for a record's bytes, at most 64 KiB of them. If there are more, a single backslash replaces the last byte;
/// nothing else ends like that.
pub fn escape(bytes: &[u8]) -> String {
    let is_cut_off = bytes.len() > RAW_LIMIT;
    let bytes = if is_cut_off { &bytes[..RAW_LIMIT - 1] } else { bytes };
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for (index, part) in chunk.valid().split('\\').enumerate() {
            if index > 0 {
                text.push_str("\\\\");
            }
            text.push_str(part);
        }
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    if is_cut_off {
        text.push('\\');
    }
    text
}

/// The bytes that a text of [`escape`] stands for. A backslash that begins no escape stands for itself.
pub fn unescape(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('\\') {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr(b'\\', rest) {
        bytes.extend_from_slice(&rest[..at]);
        let (byte, used) = match &rest[at + 1..] {
            [b'\\', ..] => (b'\\', 2),
            [b'x', high, low, ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, 4),
                _ => (b'\\', 1),
            },
            _ => (b'\\', 1),
        };
        bytes.push(byte);
        rest = &rest[at + used..];
    }
    bytes.extend_from_slice(rest);
    Cow::Owned(bytes)
}

/// Whether a text of [`escape`] is only the beginning of a record, which must not be loaded.
pub fn is_cut_off(text: &str) -> bool {
    let backslashes = text.bytes().rev().take_while(|byte| *byte == b'\\').count();
    text.len() >= RAW_LIMIT && backslashes % 2 == 1
}

/// How a record in `_reject_raw` is split. Written as one line, `delimiter=; columns=0a1b2c3d`; where cells are not
/// quoted as usual, with the quoting (`delimiter=; quote=' escape=double columns=0a1b2c3d`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawDialect {
    pub csv: CsvDialect,
    /// The digest of the column names that the cells belong to.
    pub columns: String,
    /// Whether cells have a report's guards: the record was a report's row.
    pub is_guarded: bool,
}

/// The usual quoting, which is left out.
const USUAL: &str = " quote=\" escape=double";

const GUARDED: &str = " guarded";

impl fmt::Display for RawDialect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let guarded = if self.is_guarded { GUARDED } else { "" };
        let csv = self.csv.to_string();
        write!(out, "{} columns={}{guarded}", csv.strip_suffix(USUAL).unwrap_or(&csv), self.columns)
    }
}

impl RawDialect {
    pub fn parse(text: &str) -> Option<RawDialect> {
        let text = text.trim();
        let (text, is_guarded) = text.strip_suffix(GUARDED).map_or((text, false), |text| (text, true));
        let (csv, columns) = text.split_once(" columns=")?;
        let csv = csv.parse().or_else(|_| [csv, USUAL].concat().parse()).ok()?;
        Some(RawDialect { csv, columns: columns.to_string(), is_guarded })
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_that_are_no_text_are_shown() {
        assert_eq!(escape(b"M\xFCller\\x"), "M\\xFCller\\\\x");
        assert_eq!(unescape("M\\xFCller\\\\x").as_ref(), b"M\xFCller\\x");
        assert_eq!(unescape("C:\\temp\\x4").as_ref(), b"C:\\temp\\x4");
        assert_eq!(escape(&vec![b'x'; RAW_LIMIT + 1]).len(), RAW_LIMIT);
        for byte in [b'x', 0xff, b'\\'] {
            assert!(is_cut_off(&escape(&vec![byte; RAW_LIMIT + 1])));
            assert!(!is_cut_off(&escape(&vec![byte; RAW_LIMIT])));
        }
    }

    #[test]
    fn a_dialect_is_read_as_it_is_written() {
        for (csv, text) in [
            (CsvDialect::with_delimiter(b';'), "delimiter=; columns=x"),
            (CsvDialect::with_delimiter(b' '), "delimiter=space columns=x"),
            (
                CsvDialect { quote: None, ..CsvDialect::with_delimiter(b',') },
                "delimiter=, quote=none escape=double columns=x",
            ),
        ] {
            for (is_guarded, end) in [(false, ""), (true, " guarded")] {
                let dialect = RawDialect { csv, columns: "x".to_string(), is_guarded };
                assert_eq!(dialect.to_string(), [text, end].concat());
                assert_eq!(RawDialect::parse(&dialect.to_string()), Some(dialect));
            }
        }
        for text in ["", "delimiter=;", "columns=x", "delimiter=;; columns=x", "; columns=x", "delimiter= columns=x"] {
            assert_eq!(RawDialect::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\\'), Just(b'x'), Just(b'4')], 0..60)) {
            let text = escape(&bytes);
            prop_assert_eq!(unescape(&text).into_owned(), bytes);
        }
    }
}
