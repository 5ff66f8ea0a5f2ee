//! One cell of a record: [`Cell`].

use std::borrow::Cow;

use memchr::memchr2;

use crate::core::record::dialect::CsvDialect;

/// One cell of a record: where its text is, without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) escaped: Escaped,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escaped {
    Nothing,
    /// Doubled quotes.
    Quotes,
    /// Backslashes before quotes and backslashes.
    Backslashes,
}

/// Marks a spreadsheet's error cell, before its text. A text that begins with it gets a second one.
pub const SHEET_MARK: char = '\u{1}';

/// Follows [`SHEET_MARK`] before a cell's number with decimals, or its date: the number has a point and the date is in ISO 8601,
/// whatever the field says of texts.
pub const TYPED: char = '\u{2}';

/// A spreadsheet's number or date without its marks; `None` if the text is not marked so.
pub fn typed_value(text: &str) -> Option<&str> {
    text.strip_prefix(SHEET_MARK)?.strip_prefix(TYPED)
}

/// The error of a formula whose result was never stored. It begins as all errors of spreadsheets do.
pub const NOT_CALCULATED: &str = "#NOT_CALCULATED!";

impl Cell {
    pub fn empty() -> Cell {
        Cell { start: 0, end: 0, escaped: Escaped::Nothing }
    }

    /// The cell's text with escapes undone; borrowed if there are none.
    pub fn text<'r>(&self, record: &'r str) -> Cow<'r, str> {
        let raw = self.raw(record);
        // Only a quoted cell has escapes, and its quote is right before it.
        let quote = || char::from(record.as_bytes()[self.start as usize - 1]);
        match self.escaped {
            Escaped::Nothing => Cow::Borrowed(raw),
            Escaped::Quotes => Cow::Owned(raw.replace(&String::from_iter([quote(); 2]), &quote().to_string())),
            Escaped::Backslashes => Cow::Owned(without_backslashes(raw, quote())),
        }
    }

    /// The text of a cell without escapes: `source`, which begins with the record, from the text on; and its length.
    #[inline]
    pub fn plain_in<'r>(&self, source: &'r [u8]) -> Option<(&'r [u8], usize)> {
        match self.escaped {
            Escaped::Nothing => Some((source.get(self.start as usize..)?, (self.end - self.start) as usize)),
            _ => None,
        }
    }

    #[inline]
    pub fn raw<'r>(&self, record: &'r str) -> &'r str {
        record.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Whether an unquoted cell contains a line break. Records from a cutter have no such cell.
    pub fn has_bare_break(&self, record: &str, dialect: &CsvDialect) -> bool {
        let bytes = record.as_bytes();
        !self.is_quoted(bytes, dialect)
            && memchr2(b'\n', b'\r', &bytes[self.start as usize..self.end as usize]).is_some()
    }

    pub fn is_quoted(&self, record: &[u8], dialect: &CsvDialect) -> bool {
        self.start > 0 && Some(record[self.start as usize - 1]) == dialect.quote
    }

    /// One bit for each of at most 64 cells: whether it has more than white space. A record that `is_tidy` has no two
    /// spaces in a row.
    #[inline]
    pub fn filled(cells: &[Cell], record: &str, is_tidy: bool) -> u64 {
        let (mut filled, mut may_be_space) = (0, !is_tidy);
        for cell in cells.iter().rev() {
            let length = cell.end - cell.start;
            filled = filled << 1 | u64::from(length != 0);
            may_be_space |= length == 1;
        }
        if may_be_space {
            for (column, cell) in cells.iter().enumerate() {
                filled &= !(u64::from(cell.is_white(record.as_bytes())) << column);
            }
        }
        filled
    }

    /// Whether the cell is empty or only white space.
    pub fn is_white(&self, record: &[u8]) -> bool {
        white_until(&record[self.start as usize..self.end as usize], |_| false).is_none()
    }
}

fn without_backslashes(raw: &str, quote: char) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        let mut next = characters.clone();
        match (character, next.next()) {
            ('\\', Some(escaped)) if escaped == quote || escaped == '\\' => {
                text.push(escaped);
                characters = next;
            }
            _ => text.push(character),
        }
    }
    text
}

/// The offset of the first character that is neither white space nor a byte to skip.
pub(super) fn white_until(text: &[u8], is_passed: impl Fn(u8) -> bool) -> Option<usize> {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += match white_space(&text[at..]) {
            0 if is_passed(*byte) => 1,
            0 => return Some(at),
            length => length,
        };
    }
    None
}

/// The length of the white space character that a text begins with, or 0.
pub(super) fn white_space(text: &[u8]) -> usize {
    match text {
        [b'\t'..=b'\r' | b' ', ..] => 1,
        [0xc2, 0x85 | 0xa0, ..] => 2,
        [0xe1, 0x9a, 0x80, ..] | [0xe2, 0x81, 0x9f, ..] | [0xe3, 0x80, 0x80, ..] => 3,
        [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf, ..] => 3,
        _ => 0,
    }
}
