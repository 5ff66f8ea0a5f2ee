//! One CSV record and its cells.
//!
//! The grammar is SPEC's (section 3, "CSV"): a cell that begins with a quote ends at the next quote that is not escaped; a
//! quote anywhere else in an unquoted cell is a character; after a closing quote only a delimiter or the record's end
//! may follow. Blanks before an opening quote are no part of the cell where the cell, read so, is well formed and closed on its line.
//! `source::csv` cuts a file into records by the same grammar, so that what comes here is one record whole.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::dialect::{CsvDialect, Escape};
use super::json::write_number;
use crate::core::mask;

/// One cell of a record: where its text is, without the quotes around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    start: u32,
    end: u32,
    escaped: Escaped,
}

/// What a quoted cell holds that stands for something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escaped {
    Nothing,
    /// Doubled quotes.
    Quotes,
    /// Backslashes before quotes and backslashes.
    Backslashes,
}

/// Why a record cannot be split; each names the column of the cell, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitFault {
    /// Something other than a delimiter stands after a closing quote.
    Malformed(u32),
    /// A quote is not closed. A record that a cutter has cut has none such.
    Unclosed(u32),
}

/// The delimiters that come into question where none was told, the most usual first.
pub const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What stands in front of the text of a spreadsheet's cell that is an error, and, doubled, of a text that begins with it.
pub const SHEET_MARK: char = '\u{1}';

/// The error of a spreadsheet's formula whose result was never stored: whatever wrote the file has not calculated it. It begins as
/// all errors of spreadsheets do.
pub const NOT_CALCULATED: &str = "#NOT_CALCULATED!";

impl Cell {
    /// A cell with nothing in it.
    pub fn empty() -> Cell {
        Cell { start: 0, end: 0, escaped: Escaped::Nothing }
    }

    /// The cell's text, what is escaped in it made plain; borrowed where nothing is.
    pub fn text<'r>(&self, record: &'r str) -> Cow<'r, str> {
        let raw = self.raw(record);
        // Only a quoted cell has anything escaped, and its quote stands before it.
        let quote = || char::from(record.as_bytes()[self.start as usize - 1]);
        match self.escaped {
            Escaped::Nothing => Cow::Borrowed(raw),
            Escaped::Quotes => Cow::Owned(raw.replace(&String::from_iter([quote(); 2]), &quote().to_string())),
            Escaped::Backslashes => Cow::Owned(without_backslashes(raw, quote())),
        }
    }

    /// The text of a cell with nothing escaped in it, where it stands: `source` from the text on, and its length. `source` begins
    /// with the record.
    #[inline]
    pub fn plain_in<'r>(&self, source: &'r [u8]) -> Option<(&'r [u8], usize)> {
        match self.escaped {
            Escaped::Nothing => Some((source.get(self.start as usize..)?, (self.end - self.start) as usize)),
            _ => None,
        }
    }

    /// The cell as it stands in the record, without its quotes.
    #[inline]
    pub fn raw<'r>(&self, record: &'r str) -> &'r str {
        record.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Whether a line break stands in the cell although it is not quoted. A record that a cutter has cut has none such.
    pub fn has_bare_break(&self, record: &str, dialect: &CsvDialect) -> bool {
        let bytes = record.as_bytes();
        !self.is_quoted(bytes, dialect)
            && memchr2(b'\n', b'\r', &bytes[self.start as usize..self.end as usize]).is_some()
    }

    /// Whether the cell is quoted in the record that it is a cell of.
    pub fn is_quoted(&self, record: &[u8], dialect: &CsvDialect) -> bool {
        self.start > 0 && Some(record[self.start as usize - 1]) == dialect.quote
    }

    /// Which of at most 64 cells have more than white space: a bit a cell. In a record that `is_tidy` no two spaces stand side by
    /// side.
    #[inline]
    pub fn filled(cells: &[Cell], record: &str, is_tidy: bool) -> u64 {
        let (mut filled, mut may_be_space) = (0, !is_tidy);
        for cell in cells.iter().rev() {
            let length = cell.end - cell.start;
            filled = filled << 1 | u64::from(length != 0);
            may_be_space |= length == 1;
        }
        if may_be_space {
            for (place, cell) in cells.iter().enumerate() {
                filled &= !(u64::from(!cell.has_more_than_space(record.as_bytes())) << place);
            }
        }
        filled
    }

    fn has_more_than_space(&self, record: &[u8]) -> bool {
        let raw = record.get(self.start as usize..self.end as usize).unwrap_or_default();
        // Nearly all begin with a sign that is none.
        match raw.first() {
            None => false,
            Some(byte) if byte.is_ascii_graphic() => true,
            Some(_) => !std::str::from_utf8(raw).is_ok_and(|text| text.trim().is_empty()),
        }
    }

    /// Whether nothing stands in the cell.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether nothing stands in the cell, or white space alone.
    pub fn is_white(&self, record: &[u8]) -> bool {
        white_until(&record[self.start as usize..self.end as usize], |_| false).is_none()
    }
}

/// The text of a cell whose quotes and backslashes have a backslash before them.
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

/// Splits a record, without its line ending, into cells; `cells` is emptied first.
pub fn split(record: &[u8], dialect: &CsvDialect, cells: &mut Vec<Cell>) -> Result<(), SplitFault> {
    split_in(record, record.len(), dialect, cells)
}

/// [`split`] for the record that the first `length` bytes of `source` are: what stands after it is not looked at, but need not
/// be filled up with something else either.
pub fn split_in(source: &[u8], length: usize, dialect: &CsvDialect, cells: &mut Vec<Cell>) -> Result<(), SplitFault> {
    cells.clear();
    if split_regular(source, length, dialect, cells).is_none() {
        cells.clear();
        return split_quoted(&source[..length], dialect, cells);
    }
    Ok(())
}

/// Where [`split_regular`] is in a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unquoted,
    Quoted,
    /// After a quote at this place, which closes the cell or is the first of two.
    Closed(u32),
}

/// Splits a record whose quotes all open where a cell begins and close where it ends; `None` for others, and where a backslash
/// may stand before a quote.
fn split_regular(source: &[u8], length: usize, dialect: &CsvDialect, cells: &mut Vec<Cell>) -> Option<()> {
    let delimiter = dialect.delimiter;
    // Without a quote, delimiters are all that is looked for.
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
                // Blanks may stand before the quote, or a mark.
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

/// The byte order mark, which stands before a record where files were joined; before a quote it is no part of the cell.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

fn split_quoted(record: &[u8], dialect: &CsvDialect, cells: &mut Vec<Cell>) -> Result<(), SplitFault> {
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
            (Some(_), Some((cell, after))) if is_end(after) && (blanks == 0 || !has_break(record, at, after)) => {
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

fn has_break(record: &[u8], start: usize, end: usize) -> bool {
    memchr2(b'\n', b'\r', &record[start..end]).is_some()
}

/// The cell whose opening quote is at `at`, and the place after its closing quote; `None` if there is no such quote.
///
/// A quote that follows such a cell's blanks may turn out not to open it. But looking stops at the next run of quotes that is
/// odd, and where the run at `at` is even, in it: so no stretch of a record is looked at more than twice.
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

/// How many backslashes stand before a quote; if they are odd in number, the last belongs to the quote.
fn backslashes_before(record: &[u8], quote: usize) -> usize {
    record[..quote].iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// The cell from `at` to the first delimiter at or after `from`.
fn unquoted_cell(record: &[u8], at: usize, from: usize, delimiter: u8) -> (Cell, usize) {
    let end = memchr(delimiter, &record[from..]).map_or(record.len(), |found| from + found);
    (Cell { start: at as u32, end: end as u32, escaped: Escaped::Nothing }, end)
}

/// Whether a record, without its line ending, holds nothing: no cell has more than white space.
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

/// Where a text has the first thing that is neither white space nor a byte that is passed over.
fn white_until(text: &[u8], is_passed: impl Fn(u8) -> bool) -> Option<usize> {
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

/// The length of the white space character that a text begins with; 0 where it is none.
fn white_space(text: &[u8]) -> usize {
    match text {
        [b'\t'..=b'\r' | b' ', ..] => 1,
        [0xc2, 0x85 | 0xa0, ..] => 2,
        [0xe1, 0x9a, 0x80, ..] | [0xe2, 0x81, 0x9f, ..] | [0xe3, 0x80, 0x80, ..] => 3,
        [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf, ..] => 3,
        _ => 0,
    }
}

/// Makes a cell safe that a spreadsheet would run as a formula: one `'` in front (SPEC, section 5).
pub fn guarded(cell: &str) -> Cow<'_, str> {
    if is_run_by_spreadsheets(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Takes back what [`guarded`] added.
pub fn unguarded(cell: Cow<'_, str>) -> Cow<'_, str> {
    match cell.strip_prefix('\'') {
        Some(rest) if is_run_by_spreadsheets(rest) => match cell {
            Cow::Borrowed(cell) => Cow::Borrowed(&cell[1..]),
            Cow::Owned(_) => Cow::Owned(rest.to_string()),
        },
        _ => cell,
    }
}

/// Whether a cell matches `^'*[=+\-@\t\r＝＋－＠]`.
pub fn is_run_by_spreadsheets(cell: &str) -> bool {
    is_run(cell.as_bytes())
}

/// The signs as Chinese and Japanese keyboards write them, which some spreadsheets take for the others.
const FULL_WIDTH: [&str; 4] = ["＝", "＋", "－", "＠"];

fn is_run(cell: &[u8]) -> bool {
    let start = cell.iter().position(|byte| *byte != b'\'').unwrap_or(cell.len());
    let cell = &cell[start..];
    let is_full_width = || FULL_WIDTH.iter().any(|sign| cell.starts_with(sign.as_bytes()));
    cell.first().is_some_and(|byte| is_operator(*byte)) || is_full_width()
}

/// Whether a part of a cell would be a cell that is run, in a spreadsheet that splits at another delimiter.
fn has_run_part(cell: &[u8]) -> bool {
    // Hardly any cell has one, and this is quickly seen.
    if !may_have_run_cell(cell, DELIMITERS[0]) {
        return false;
    }
    let mut places = cell.iter().enumerate().filter(|(_, byte)| DELIMITERS.contains(byte));
    places.any(|(place, _)| {
        let part = &cell[place + 1..];
        is_run(&part[part.iter().take_while(|byte| **byte == b'"').count()..])
    })
}

/// Whether a cell of a record, quoted or not, or a part of one, may be what a spreadsheet would run. Without a branch in the loop, so
/// that the compiler can take many bytes at a time.
fn may_have_run_cell(record: &[u8], delimiter: u8) -> bool {
    let is_delimiter =
        |byte: u8| (byte == b',') | (byte == b';') | (byte == b'\t') | (byte == b'|') | (byte == delimiter);
    let is_before = |byte: u8| is_delimiter(byte) | (byte == b'"') | (byte == b'\'');
    let begins = |byte: u8| is_operator(byte) | (byte == FULL_WIDTH[0].as_bytes()[0]);
    let pairs = record.iter().zip(record.iter().skip(1));
    let first = record.first().is_some_and(|first| begins(*first));
    first | pairs.fold(false, |found, (&one, &next)| found | (is_before(one) & begins(next)))
}

/// Whether a spreadsheet runs what begins so.
fn is_operator(byte: u8) -> bool {
    (byte == b'=') | (byte == b'+') | (byte == b'-') | (byte == b'@') | (byte == b'\t') | (byte == b'\r')
}

/// Writes the rows of a CSV report: cells quoted where they must be, and guarded.
#[derive(Debug)]
pub struct RowWriter {
    dialect: CsvDialect,
    is_first: bool,
    /// The cells of a record that is written.
    cells: Vec<Cell>,
}

impl RowWriter {
    /// A writer for this delimiter.
    pub fn new(delimiter: u8) -> RowWriter {
        RowWriter { dialect: CsvDialect::with_delimiter(delimiter), is_first: true, cells: Vec::new() }
    }

    /// Adds a cell to the row.
    pub fn cell(&mut self, out: &mut Vec<u8>, cell: &str) {
        self.delimit(out);
        let guard: &[u8] = if is_run_by_spreadsheets(cell) { b"'" } else { b"" };
        if !self.must_quote(cell.as_bytes()) && !self.must_quote(guard) && !has_run_part(cell.as_bytes()) {
            out.extend_from_slice(guard);
            out.extend_from_slice(cell.as_bytes());
            return;
        }
        out.push(b'"');
        out.extend_from_slice(guard);
        let start = out.len();
        // At worst each byte is a quote that is doubled; `quote` is told so by the room it gets.
        out.resize(start + 2 * cell.len(), b'"');
        let (_, _, written) = csv_core::quote(cell.as_bytes(), &mut out[start..], b'"', b'\\', true);
        out.truncate(start + written);
        out.push(b'"');
    }

    /// Adds a cell that holds several texts.
    pub fn joined<'t>(&mut self, out: &mut Vec<u8>, mut texts: impl Iterator<Item = &'t str>, between: &str) {
        let first = texts.next().unwrap_or_default();
        match texts.next() {
            // Mostly there is one.
            None => self.cell(out, first),
            Some(second) => {
                let mut joined = [first, between, second].concat();
                texts.for_each(|text| joined.extend([between, text]));
                self.cell(out, &joined);
            }
        }
    }

    /// Adds a cell that holds a number.
    pub fn number(&mut self, out: &mut Vec<u8>, number: u64) {
        if self.dialect.delimiter.is_ascii_digit() {
            return self.cell(out, &number.to_string());
        }
        self.delimit(out);
        write_number(out, number);
    }

    /// Adds a whole record that was read in this dialect as it is written, but for guards, if it has `columns` cells and
    /// these are safe so; adds nothing otherwise.
    pub fn record(&mut self, out: &mut Vec<u8>, record: &[u8], columns: usize) -> bool {
        let mut cells = std::mem::take(&mut self.cells);
        // Not all programs take blanks before a quote for nothing.
        let has_blank = |cell: &Cell| {
            cell.is_quoted(record, &self.dialect)
                && cell.start > 1
                && record[cell.start as usize - 2] != self.dialect.delimiter
        };
        let is_cut = split(record, &self.dialect, &mut cells).is_ok() && cells.len() == columns;
        let has_all = is_cut && !cells.iter().any(has_blank);
        cells.clear();
        let is_safe =
            has_all && (!may_have_run_cell(record, self.dialect.delimiter) || self.find_run_cells(record, &mut cells));
        if is_safe {
            self.delimit(out);
            let mut written = 0;
            for cell in &cells {
                out.extend_from_slice(&record[written..cell.start as usize]);
                out.push(b'\'');
                written = cell.start as usize;
            }
            out.extend_from_slice(&record[written..]);
        }
        self.cells = cells;
        is_safe
    }

    /// Finds the cells of a record that a spreadsheet would run. Whether a guard makes them safe where they stand.
    fn find_run_cells(&self, record: &[u8], cells: &mut Vec<Cell>) -> bool {
        let regular = split_regular(record, record.len(), &self.dialect, cells);
        let raw = |cell: &Cell| &record[cell.start as usize..cell.end as usize];
        let is_quoted = |cell: &Cell| cell.is_quoted(record, &self.dialect);
        let must_be_quoted = cells.iter().any(|cell| !is_quoted(cell) && has_run_part(raw(cell)));
        // A quote that is doubled is none of the bytes that matter here.
        cells.retain(|cell| is_run(raw(cell)));
        let is_safe = |cell: &Cell| is_quoted(cell) || !self.must_quote(raw(cell));
        regular.is_some() && !must_be_quoted && self.dialect.delimiter != b'\'' && cells.iter().all(is_safe)
    }

    /// Whether a cell can only be written with quotes around it.
    fn must_quote(&self, cell: &[u8]) -> bool {
        cell.chunks(mask::WIDTH).any(|chunk| mask::of_any(chunk, [self.dialect.delimiter, b'"', b'\n', b'\r']) != 0)
    }

    /// Ends the row.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        out.push(b'\n');
        self.is_first = true;
    }

    fn delimit(&mut self, out: &mut Vec<u8>) {
        if !std::mem::take(&mut self.is_first) {
            out.push(self.dialect.delimiter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COMMA: CsvDialect = CsvDialect::with_delimiter(b',');

    fn texts(record: &str) -> Result<Vec<String>, SplitFault> {
        let mut cells = Vec::new();
        split(record.as_bytes(), &COMMA, &mut cells)?;
        Ok(cells.iter().map(|cell| cell.text(record).into_owned()).collect())
    }

    #[test]
    fn records_are_split_by_the_grammar() {
        use SplitFault::{Malformed, Unclosed};
        let cases: &[(&str, Result<&[&str], SplitFault>)] = &[
            ("", Ok(&[""])),
            ("a", Ok(&["a"])),
            ("a,b", Ok(&["a", "b"])),
            ("a,", Ok(&["a", ""])),
            (",", Ok(&["", ""])),
            (r#""a","b""#, Ok(&["a", "b"])),
            (r#""a,b",c"#, Ok(&["a,b", "c"])),
            (r#""a""b",c"#, Ok(&["a\"b", "c"])),
            (r#""""#, Ok(&[""])),
            ("\"\"\"\"", Ok(&["\""])),
            (r#""","#, Ok(&["", ""])),
            (r#"",""#, Ok(&[","])),
            (r#"a"b,"c""#, Ok(&["a\"b", "c"])),
            (r#"5" disk,x"#, Ok(&["5\" disk", "x"])),
            (r#" "a",b"#, Ok(&["a", "b"])),
            ("\t \"a\"\"b, c\",  \"\"", Ok(&["a\"b, c", ""])),
            (r#"a, "b" ,c"#, Ok(&["a", " \"b\" ", "c"])),
            (r#"a, "b, c"#, Ok(&["a", " \"b", " c"])),
            (r#"a, "b"c, "d""#, Ok(&["a", " \"b\"c", "d"])),
            (r#""a" "b",c"#, Err(Malformed(1))),
            (r#""a"b, "c, d""#, Err(Malformed(1))),
            ("\"\n\", \"b\nc\"", Ok(&["\n", " \"b\nc\""])),
            ("\"\n\", \"b, c\"", Ok(&["\n", "b, c"])),
            ("\"a\nb\",c", Ok(&["a\nb", "c"])),
            (r#""a"b,c"#, Err(Malformed(1))),
            (r#"a,"b" ,c"#, Err(Malformed(2))),
            (r#"a,"b"c,"d"e"#, Err(Malformed(2))),
            (r#""a"b"c",d"#, Err(Malformed(1))),
            (r#"a,"b"#, Err(Unclosed(2))),
            (r#"a,"b"","#, Err(Unclosed(2))),
        ];
        for (record, expected) in cases {
            let expected = expected.map(|cells| cells.iter().map(|cell| cell.to_string()).collect::<Vec<_>>());
            assert_eq!(texts(record), expected, "{record}");
        }
    }

    #[test]
    fn a_record_of_white_space_is_blank() {
        for blank in [
            "",
            ",,,",
            "\"\"",
            "\"\",\"\",",
            ",\"\"",
            " ",
            " ,\t, ",
            "\u{a0},\u{3000}",
            "\" \", \"\u{2028}\"",
            "\"\n\",\r",
        ] {
            assert!(is_blank(blank.as_bytes(), &COMMA), "{blank:?}");
        }
        for record in
            ["a", " , a", "\"\"\"\"", "\"", "\",\"", ";;", " \"", "\u{200b}", "\u{1a}", "\u{a0}é", "\" \"\" \""]
        {
            assert!(!is_blank(record.as_bytes(), &COMMA), "{record:?}");
        }
        assert!(
            is_blank(b";;", &CsvDialect::with_delimiter(b';'))
                && is_blank(b"\t \t", &CsvDialect::with_delimiter(b'\t'))
        );
        assert!(!is_blank(b"\"\"", &CsvDialect { quote: None, ..COMMA }) && !is_blank(b"\xa0", &COMMA));
    }

    #[test]
    fn white_space_is_what_unicode_says() {
        for character in '\0'..=char::MAX {
            let expected = if character.is_whitespace() { character.len_utf8() } else { 0 };
            assert_eq!(white_space(character.to_string().as_bytes()), expected, "{character:?}");
        }
    }

    #[test]
    fn quotes_are_those_of_the_dialect() {
        let backslash = CsvDialect { escape: Escape::Backslash, ..COMMA };
        let apostrophe = CsvDialect { quote: Some(b'\''), ..COMMA };
        for (dialect, record, expected) in [
            (apostrophe, "'a,''b''', 'c',\"d\",e'", Ok(&["a,'b'", "c", "\"d\"", "e'"][..])),
            (apostrophe, "a,'b'c", Err(SplitFault::Malformed(2))),
            (CsvDialect { quote: None, ..COMMA }, "\"a,b\", \"c\"", Ok(&["\"a", "b\"", " \"c\""])),
            (backslash, r#""a\",\"","C:\\","\n\'\\\""#, Err(SplitFault::Unclosed(3))),
            (backslash, r#""a\",\"","C:\\","\n\'\\\"""#, Ok(&["a\",\"", "C:\\", "\\n\\'\\\""])),
            (backslash, r#"\"a,b\, "c\"d""#, Ok(&["\\\"a", "b\\", "c\"d"])),
            (backslash, r#""a""b",c"#, Err(SplitFault::Malformed(1))),
        ] {
            let mut cells = Vec::new();
            let split = split(record.as_bytes(), &dialect, &mut cells);
            let found: Vec<_> = cells.iter().map(|cell| cell.text(record)).collect();
            let expected = expected.map(|cells| cells.to_vec());
            assert_eq!(split.map(|()| found.iter().map(|cell| &**cell).collect::<Vec<_>>()), expected, "{record}");
        }
    }

    #[test]
    fn cells_that_a_spreadsheet_would_run_are_guarded() {
        for (cell, safe) in [
            ("=1+1", "'=1+1"),
            ("+1 541", "'+1 541"),
            ("-5", "'-5"),
            ("@x", "'@x"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("'=1", "''=1"),
            ("''=1", "'''=1"),
            ("＝1", "'＝1"),
            ("'＋1", "''＋1"),
            ("－1", "'－1"),
            ("＠x", "'＠x"),
        ] {
            assert_eq!(guarded(cell), safe);
            assert_eq!(unguarded(safe.into()), cell);
            assert_eq!(unguarded(safe.to_string().into()), cell);
        }
        for cell in ["", "'", "''", "'t Hooft", "'0123", "a=1", " =1", "ａ＝1", "'東京", "\u{ff1f}"] {
            assert_eq!(guarded(cell), cell);
            assert_eq!(unguarded(cell.into()), cell);
        }
    }

    /// A spreadsheet that splits at another delimiter than the file's finds no cell to run, as far as quotes keep a cell together.
    #[test]
    fn a_cell_that_has_one_for_another_delimiter_is_quoted() {
        for (delimiter, cell, written) in [
            (b';', "x,=1+1", "\"x,=1+1\""),
            (b',', "x;=1+1", "\"x;=1+1\""),
            (b',', "x\t+1", "\"x\t+1\""),
            (b'\t', "x|-1", "\"x|-1\""),
            (b';', "x,''@1", "\"x,''@1\""),
            (b';', "x,\"=1\"", "\"x,\"\"=1\"\"\""),
            (b';', "x,＝1", "\"x,＝1\""),
            (b';', "=x,=1", "\"'=x,=1\""),
            (b';', "x, =1", "x, =1"),
            (b';', "a-b,c", "a-b,c"),
        ] {
            let mut writer = RowWriter::new(delimiter);
            let mut out = Vec::new();
            writer.cell(&mut out, cell);
            assert_eq!(String::from_utf8(out).unwrap(), written);
            // A record in which it stands without quotes is not written as it stands.
            let is_plain = !cell.contains('"') && written != cell;
            assert!(!is_plain || !RowWriter::new(delimiter).record(&mut Vec::new(), cell.as_bytes(), 1), "{cell}");
        }
        assert!(RowWriter::new(b';').record(&mut Vec::new(), b"\"x,=1\";y", 2));
    }

    proptest! {
        #[test]
        fn guarding_is_taken_back(cell in "['=+@a＝＠\t\r-]{0,6}") {
            prop_assert_eq!(unguarded(guarded(&cell)), cell.as_str());
        }

        #[test]
        fn what_is_written_is_read(
            row in prop::collection::vec("[a'=,;＋\"\n\r é]{0,8}", 1..6),
            delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|', b'a']),
        ) {
            let mut writer = RowWriter::new(delimiter);
            let mut out = Vec::new();
            for cell in &row {
                writer.cell(&mut out, cell);
            }
            writer.end(&mut out);
            let text = String::from_utf8(out).unwrap();
            let text = text.strip_suffix('\n').unwrap();
            let mut cells = Vec::new();
            split(text.as_bytes(), &CsvDialect::with_delimiter(delimiter), &mut cells).unwrap();
            let read: Vec<String> = cells.iter().map(|cell| unguarded(cell.text(text)).into_owned()).collect();
            prop_assert_eq!(read, row);
        }

        #[test]
        fn both_ways_split_alike(record in "[a,\"\n]{0,12}|[a,\"]{50,140}|(\"[a,]{0,9}\",|[a\"]{0,20},){0,20}") {
            let (mut quick, mut full) = (Vec::new(), Vec::new());
            if split_regular(record.as_bytes(), record.len(), &COMMA, &mut quick).is_some() {
                prop_assert_eq!(split_quoted(record.as_bytes(), &COMMA, &mut full), Ok(()));
                prop_assert_eq!(quick, full);
            }
        }

        #[test]
        fn records_are_written_like_their_cells(
            row in prop::collection::vec("[a'=+,;＝\t]{0,5}", 1..5),
            delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|', b'a', b'=', b'\'']),
        ) {
            let without = |cell: &String| cell.replace(char::from(delimiter), "");
            let row: Vec<String> = row.iter().map(without).collect();
            let record = row.join(&char::from(delimiter).to_string());
            let (mut whole, mut cells) = (b"before".to_vec(), b"before".to_vec());
            let mut writer = RowWriter::new(delimiter);
            row.iter().for_each(|cell| writer.cell(&mut cells, cell));
            writer.end(&mut cells);
            if writer.record(&mut whole, record.as_bytes(), row.len()) {
                writer.end(&mut whole);
                prop_assert_eq!(String::from_utf8(whole), String::from_utf8(cells));
            } else {
                let is_split_elsewhere = row.iter().any(|cell| has_run_part(cell.as_bytes()));
                prop_assert!((delimiter == b'\'' || is_split_elsewhere) && whole == b"before");
            }
        }

        #[test]
        fn a_record_stays_as_it_is_but_for_guards(record in "[a'=,\"\n]{0,14}|([a'=]{0,3},|\"([a'=,\n]|\"\"){0,4}\",){0,5}") {
            let Ok(cells) = texts(&record) else { return Ok(()) };
            let mut out = Vec::new();
            if !RowWriter::new(b',').record(&mut out, record.as_bytes(), cells.len()) {
                return Ok(());
            }
            let out = String::from_utf8(out).unwrap();
            let safe: Vec<String> = cells.iter().map(|cell| guarded(cell).into_owned()).collect();
            prop_assert_eq!(&texts(&out), &Ok(safe));
            let guards = cells.iter().filter(|cell| is_run_by_spreadsheets(cell)).count();
            prop_assert_eq!(out.len(), record.len() + guards);
        }

        #[test]
        fn what_the_csv_crate_writes_is_read(row in prop::collection::vec("[a,\"\n\r é]{0,8}", 1..6)) {
            let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
            writer.write_record(&row).unwrap();
            let mut written = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            written.truncate(written.len() - 1);
            prop_assert_eq!(texts(&written), Ok(row));
        }
    }
}
