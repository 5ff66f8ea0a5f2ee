//! Cells that a spreadsheet would run as formulas ([`is_formula`]). Reports put a `'` in front of them.

use std::borrow::Cow;

/// The delimiters to try where none was named, the most usual first.
pub const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The cell without the guard, one `'`, that a report puts in front of a formula.
pub fn unguarded(cell: Cow<'_, str>) -> Cow<'_, str> {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest.as_bytes()) => match cell {
            Cow::Borrowed(cell) => Cow::Borrowed(&cell[1..]),
            Cow::Owned(_) => Cow::Owned(rest.to_string()),
        },
        _ => cell,
    }
}

/// The full-width operators of Chinese and Japanese keyboards, which some spreadsheets accept as well.
const FULL_WIDTH: [&str; 4] = ["＝", "＋", "－", "＠"];

/// Whether a spreadsheet runs a cell: it matches `^'*[=+\-@\t\r＝＋－＠]`.
pub(super) fn is_formula(cell: &[u8]) -> bool {
    let start = cell.iter().position(|byte| *byte != b'\'').unwrap_or(cell.len());
    let cell = &cell[start..];
    let is_full_width = || FULL_WIDTH.iter().any(|sign| cell.starts_with(sign.as_bytes()));
    cell.first().is_some_and(|byte| is_operator(*byte)) || is_full_width()
}

/// Whether a part of a cell would be a formula in a spreadsheet that splits at another delimiter.
pub(super) fn has_formula_part(cell: &[u8]) -> bool {
    // Almost no cell has one, and this check is quick.
    if !may_have_formula(cell, DELIMITERS[0]) {
        return false;
    }
    let mut delimiters = cell.iter().enumerate().filter(|(_, byte)| DELIMITERS.contains(byte));
    delimiters.any(|(at, _)| {
        let part = &cell[at + 1..];
        is_formula(&part[part.iter().take_while(|byte| **byte == b'"').count()..])
    })
}

/// Whether a record may contain a cell, or part of one, that is a formula. The loop has no branches, so that it is
/// vectorised.
pub(super) fn may_have_formula(record: &[u8], delimiter: u8) -> bool {
    let is_delimiter =
        |byte: u8| (byte == b',') | (byte == b';') | (byte == b'\t') | (byte == b'|') | (byte == delimiter);
    let is_before = |byte: u8| is_delimiter(byte) | (byte == b'"') | (byte == b'\'');
    let begins = |byte: u8| is_operator(byte) | (byte == FULL_WIDTH[0].as_bytes()[0]);
    let pairs = record.iter().zip(record.iter().skip(1));
    let first = record.first().is_some_and(|first| begins(*first));
    first | pairs.fold(false, |found, (&one, &next)| found | (is_before(one) & begins(next)))
}

fn is_operator(byte: u8) -> bool {
    (byte == b'=') | (byte == b'+') | (byte == b'-') | (byte == b'@') | (byte == b'\t') | (byte == b'\r')
}
