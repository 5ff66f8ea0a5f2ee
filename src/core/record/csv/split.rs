//! From a record to its cells: [`split`].

use memchr::{memchr, memchr2};

use super::cell::{Cell, Escaped, white_until};
use crate::core::mask;
use crate::core::record::dialect::{CsvDialect, Escape};

/// Why a record cannot be split; with the cell's column, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitFault {
    /// Something other than a delimiter follows a closing quote.
    Malformed(u32),
    /// A quote is not closed. Records from a cutter never have this.
    Unclosed(u32),
}

/// Splits a record, without its line ending, into `cells`, which is cleared first.
pub fn split(record: &[u8], dialect: &CsvDialect, cells: &mut Vec<Cell>) -> Result<(), SplitFault> {
    split_in(record, record.len(), dialect, cells)
}

/// [`split`] for the record in the first `length` bytes of `source`. The bytes after it are not read as part of it, but
/// let it be scanned in whole chunks.
pub fn split_in(source: &[u8], length: usize, dialect: &CsvDialect, cells: &mut Vec<Cell>) -> Result<(), SplitFault> {
    cells.clear();
    if split_regular(source, length, dialect, cells).is_none() {
        cells.clear();
        return split_quoted(&source[..length], dialect, cells);
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unquoted,
    Quoted,
    /// After a quote at this offset: it closes the cell, or is the first of two.
    Closed(u32),
}

/// Splits a record whose quotes all open at a cell's start and close at its end. `None` for others.
pub(super) fn split_regular(source: &[u8], length: usize, dialect: &CsvDialect, cells: &mut Vec<Cell>) -> Option<()> {
    let delimiter = dialect.delimiter;
    // Without a quote, search for delimiters alone.
    let quote = dialect.quote.unwrap_or(delimiter);
    if dialect.escape == Escape::Backslash {
        return None;
    }
    let mut start = 0;
    let mut escaped = Escaped::Nothing;
    let mut state = State::Unquoted;
    let mut first = 0;
    while first < length {
        let chunk = &source[first..source.len().min(first + mask::WIDTH)];
        let mut marks = mask::of_any(chunk, [delimiter, quote]);
        if length - first < mask::WIDTH {
            marks &= (1 << (length - first)) - 1;
        }
        while marks != 0 {
            let at = first as u32 + marks.trailing_zeros();
            marks &= marks - 1;
            let is_delimiter = source[at as usize] == delimiter;
            match state {
                State::Unquoted if is_delimiter => {
                    cells.push(Cell { start, end: at, escaped: Escaped::Nothing });
                    start = at + 1;
                }
                State::Unquoted if at == start => state = State::Quoted,
                // Only blanks, or a byte order mark, may precede the quote.
                State::Unquoted if dialect.is_blank(source[start as usize]) => return None,
                State::Unquoted if start == 0 && source.starts_with(BOM) => return None,
                // A quote within an unquoted cell is a character, and so is a delimiter within quotes.
                State::Unquoted => {}
                State::Quoted if is_delimiter => {}
                State::Quoted => state = State::Closed(at),
                State::Closed(quote) if at != quote + 1 => return None,
                State::Closed(quote) if is_delimiter => {
                    cells.push(Cell { start: start + 1, end: quote, escaped });
                    start = at + 1;
                    escaped = Escaped::Nothing;
                    state = State::Unquoted;
                }
                State::Closed(_) => {
                    escaped = Escaped::Quotes;
                    state = State::Quoted;
                }
            }
        }
        first += mask::WIDTH;
    }
    let end = length as u32;
    cells.push(match state {
        State::Unquoted => Cell { start, end, escaped: Escaped::Nothing },
        State::Closed(quote) if quote + 1 == end => Cell { start: start + 1, end: quote, escaped },
        State::Closed(_) | State::Quoted => return None,
    });
    Some(())
}

/// The byte order mark. It begins records in the middle of files that were joined; before a quote it is ignored.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

pub(super) fn split_quoted(record: &[u8], dialect: &CsvDialect, cells: &mut Vec<Cell>) -> Result<(), SplitFault> {
    let mut malformed = None;
    let mut at = 0;
    loop {
        let column = cells.len() as u32 + 1;
        let is_end = |after: usize| record.get(after).is_none_or(|byte| *byte == dialect.delimiter);
        let marked = if at == 0 && record.starts_with(BOM) { BOM.len() } else { 0 };
        let blanks = marked + record[at + marked..].iter().take_while(|byte| dialect.is_blank(**byte)).count();
        let quote =
            Some(at + blanks).filter(|quote| dialect.quote.is_some() && record.get(*quote) == dialect.quote.as_ref());
        let quoted = quote.and_then(|quote| quoted_cell(record, quote, dialect));
        let (cell, after) = match (quote, quoted) {
            (Some(_), Some((cell, after)))
                if is_end(after) && (blanks == 0 || memchr2(b'\n', b'\r', &record[at..after]).is_none()) =>
            {
                (cell, after)
            }
            (Some(_), None) if blanks == 0 => return Err(SplitFault::Unclosed(column)),
            (Some(_), Some((_, after))) if blanks == 0 => {
                malformed = malformed.or(Some(SplitFault::Malformed(column)));
                unquoted_cell(record, at, after, dialect.delimiter)
            }
            _ => unquoted_cell(record, at, at, dialect.delimiter),
        };
        cells.push(cell);
        if after >= record.len() {
            break;
        }
        at = after + 1;
    }
    malformed.map_or(Ok(()), Err)
}

/// The cell whose opening quote is at `at`, and the offset after its closing quote; `None` if it is not closed.
/// A quote after blanks may turn out not to open a cell. But the search stops at the next run of quotes of odd length,
/// or within the run at `at` if that is even. So no part of a record is read more than twice.
fn quoted_cell(record: &[u8], at: usize, dialect: &CsvDialect) -> Option<(Cell, usize)> {
    let quote = dialect.quote?;
    let start = at + 1;
    let mut escaped = Escaped::Nothing;
    let mut from = start;
    while let Some(found) = memchr(quote, record.get(from..)?) {
        let found = from + found;
        match dialect.escape {
            Escape::Double if record.get(found + 1) == Some(&quote) => {
                escaped = Escaped::Quotes;
                from = found + 2;
            }
            Escape::Backslash if backslashes_before(record, found) % 2 == 1 => from = found + 1,
            _ => {
                if dialect.escape == Escape::Backslash && memchr(b'\\', &record[start..found]).is_some() {
                    escaped = Escaped::Backslashes;
                }
                return Some((Cell { start: start as u32, end: found as u32, escaped }, found + 1));
            }
        }
    }
    None
}

/// The number of backslashes before a quote; if it is odd, the last one escapes the quote.
fn backslashes_before(record: &[u8], quote: usize) -> usize {
    record[..quote].iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// The cell from `at` to the first delimiter at or after `from`.
fn unquoted_cell(record: &[u8], at: usize, from: usize, delimiter: u8) -> (Cell, usize) {
    let end = memchr(delimiter, &record[from..]).map_or(record.len(), |found| from + found);
    (Cell { start: at as u32, end: end as u32, escaped: Escaped::Nothing }, end)
}

/// Whether a record, without its line ending, is blank: no cell has more than white space.
pub fn is_blank(record: &[u8], dialect: &CsvDialect) -> bool {
    let is_mark = |byte: u8| byte == dialect.delimiter || Some(byte) == dialect.quote;
    // Nearly all begin with a letter or digit.
    if record.first().is_some_and(|byte| byte.is_ascii_alphanumeric() && !is_mark(*byte)) {
        return false;
    }
    if white_until(record, is_mark).is_some() {
        return false;
    }
    let mut cells = Vec::new();
    split(record, dialect, &mut cells).is_ok() && cells.iter().all(|cell| cell.is_white(record))
}
