//! Writes the rows of CSV reports ([`RowWriter`]), with a `'` in front of cells that a spreadsheet would run as formulas.

use std::borrow::Cow;

use super::cell::Cell;
use super::split::{split, split_regular};
use crate::core::mask;
use crate::core::{record::dialect::CsvDialect, record::json::write_number};

#[derive(Debug)]
pub struct RowWriter {
    dialect: CsvDialect,
    is_first: bool,
    /// Reused for the cells of the record being written.
    cells: Vec<Cell>,
}

impl RowWriter {
    pub fn new(delimiter: u8) -> RowWriter {
        RowWriter { dialect: CsvDialect::with_delimiter(delimiter), is_first: true, cells: Vec::new() }
    }

    pub fn cell(&mut self, out: &mut Vec<u8>, cell: &str) {
        self.delimit(out);
        let guard: &[u8] = if is_formula(cell.as_bytes()) { b"'" } else { b"" };
        if !self.must_quote(cell.as_bytes()) && !self.must_quote(guard) && !has_formula_part(cell.as_bytes()) {
            out.extend_from_slice(guard);
            out.extend_from_slice(cell.as_bytes());
            return;
        }
        out.push(b'"');
        out.extend_from_slice(guard);
        let start = out.len();
        // In the worst case every byte is a quote and is doubled.
        out.resize(start + 2 * cell.len(), b'"');
        let (_, _, written) = csv_core::quote(cell.as_bytes(), &mut out[start..], b'"', b'\\', true);
        out.truncate(start + written);
        out.push(b'"');
    }

    /// Adds a cell with several texts joined by `between`.
    pub fn joined<'t>(&mut self, out: &mut Vec<u8>, mut texts: impl Iterator<Item = &'t str>, between: &str) {
        let first = texts.next().unwrap_or_default();
        match texts.next() {
            // The usual case.
            None => self.cell(out, first),
            Some(second) => {
                let mut joined = [first, between, second].concat();
                texts.for_each(|text| joined.extend([between, text]));
                self.cell(out, &joined);
            }
        }
    }

    pub fn number(&mut self, out: &mut Vec<u8>, number: u64) {
        if self.dialect.delimiter.is_ascii_digit() {
            return self.cell(out, &number.to_string());
        }
        self.delimit(out);
        write_number(out, number);
    }

    /// Adds a record as written, plus guards; nothing, and `false`, if it has other cells or is not safe that way.
    pub fn record(&mut self, out: &mut Vec<u8>, record: &[u8], columns: usize) -> bool {
        let mut cells = std::mem::take(&mut self.cells);
        let is_cut = split(record, &self.dialect, &mut cells).is_ok() && cells.len() == columns;
        let is_written = is_cut && self.cut_record(out, record, &cells);
        self.cells = cells;
        is_written
    }

    /// [`RowWriter::record`] for a record with these cells.
    pub fn cut_record(&mut self, out: &mut Vec<u8>, record: &[u8], cells: &[Cell]) -> bool {
        // Not all programs ignore blanks before a quote.
        let has_blank = |cell: &Cell| {
            cell.is_quoted(record, &self.dialect)
                && cell.start > 1
                && record[cell.start as usize - 2] != self.dialect.delimiter
        };
        if cells.iter().any(has_blank) {
            return false;
        }
        let mut formulas = Vec::new();
        if may_have_formula(record, self.dialect.delimiter) && !self.find_formulas(record, &mut formulas) {
            return false;
        }
        self.delimit(out);
        let mut written = 0;
        for cell in &formulas {
            out.extend_from_slice(&record[written..cell.start as usize]);
            out.push(b'\'');
            written = cell.start as usize;
        }
        out.extend_from_slice(&record[written..]);
        true
    }

    /// Collects the cells that are formulas; returns whether guards make them safe where they are.
    fn find_formulas(&self, record: &[u8], cells: &mut Vec<Cell>) -> bool {
        let regular = split_regular(record, record.len(), &self.dialect, cells);
        let raw = |cell: &Cell| &record[cell.start as usize..cell.end as usize];
        let is_quoted = |cell: &Cell| cell.is_quoted(record, &self.dialect);
        let must_be_quoted = cells.iter().any(|cell| !is_quoted(cell) && has_formula_part(raw(cell)));
        // A doubled quote does not matter here: it is not one of the bytes looked for.
        cells.retain(|cell| is_formula(raw(cell)));
        let is_safe = |cell: &Cell| is_quoted(cell) || !self.must_quote(raw(cell));
        regular.is_some() && !must_be_quoted && self.dialect.delimiter != b'\'' && cells.iter().all(is_safe)
    }

    fn must_quote(&self, cell: &[u8]) -> bool {
        cell.chunks(mask::WIDTH).any(|chunk| mask::of_any(chunk, [self.dialect.delimiter, b'"', b'\n', b'\r']) != 0)
    }

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

/// Whether a cell, or a part of one, may be a formula. The loop has no branches, so that it is vectorised.
fn may_have_formula(record: &[u8], delimiter: u8) -> bool {
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
