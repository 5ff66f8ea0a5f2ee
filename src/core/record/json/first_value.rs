//! The JSON value that a text begins with: [`FirstValue`]; and the lines of NDJSON without what surrounds their values.

use serde::de::IgnoredAny;

use super::value::is_white_space;

/// What a text that should be JSON begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstValue {
    /// A value of this length in bytes.
    Whole(usize),
    /// A value that the text ends within.
    CutOff,
    Invalid,
}

pub fn first_value(text: &[u8]) -> FirstValue {
    first_value_until(text).0
}

/// The same, and the number of bytes that are JSON.
pub fn first_value_until(text: &[u8]) -> (FirstValue, usize) {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => (FirstValue::Whole(values.byte_offset()), values.byte_offset()),
        Some(Err(error)) if !error.is_eof() => {
            // serde_json gives the line and column only.
            let mut lines = memchr::memchr_iter(b'\n', text).map(|line_end| line_end + 1);
            let line = error.line().checked_sub(2).and_then(|line| lines.nth(line)).unwrap_or_default();
            (FirstValue::Invalid, line + error.column().saturating_sub(1))
        }
        _ => (FirstValue::CutOff, text.len()),
    }
}

pub fn is_blank(record: &[u8]) -> bool {
    record.iter().all(|byte| is_white_space(*byte))
}

/// A line without a comma after its object or array and the white space around that comma. Any other line is returned
/// whole.
pub fn without_comma(line: &[u8]) -> &[u8] {
    let after_last = |line: &[u8]| line.iter().rposition(|byte| !is_white_space(*byte)).map_or(0, |last| last + 1);
    let value = match after_last(line) {
        end if end > 0 && line[end - 1] == b',' => &line[..after_last(&line[..end - 1])],
        _ => return line,
    };
    if value.ends_with(b"}") || value.ends_with(b"]") { value } else { line }
}
