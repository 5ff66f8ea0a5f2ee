//! How the rows of an input are cut, and which field each of their cells fills: [`CsvShape`].

use super::{report::ReportShape, verdicts::BadRecord};
use crate::core::profile::{Binding, letters_and_digits};
use crate::core::record::csv::{Cell, SplitFault, split_in};
use crate::core::{finding::Problem, record::dialect::CsvDialect, record::raw::RawDialect};

#[derive(Clone, Debug)]
pub struct CsvShape {
    pub binding: Binding,
    pub(super) row: RowShape,
    /// The shape of a record in `_reject_raw`, apart from its dialect.
    pub(super) own_row: RowShape,
    /// Whether it is a spreadsheet. There a mark before a text means that the cell is an error.
    pub(super) is_sheet: bool,
    pub(super) report: Option<Box<ReportShape>>,
    /// The input's own columns: all but those that a reject report adds.
    pub(super) own: Vec<usize>,
    /// Their names, as letters and digits.
    pub(super) own_names: Vec<String>,
    /// The first letter or digit of the first of them.
    pub(super) first_letter: Option<char>,
    /// The same names in lower case, sorted.
    pub(super) sorted_names: Vec<String>,
    /// The lengths of these names by their first byte: one bit per length, the last for all longer ones.
    pub(super) lengths: Box<[u64; 256]>,
    pub(super) dialect: String,
    pub(super) header_line: Option<u64>,
}

impl CsvShape {
    pub fn new(csv: CsvDialect, binding: Binding, is_padded: bool, is_sheet: bool) -> CsvShape {
        let dialect = RawDialect { csv, columns: binding.own_digest(), is_guarded: false }.to_string();
        let own: Vec<usize> = binding.own_columns().collect();
        let own_names: Vec<String> = own.iter().map(|column| letters_and_digits(&binding.headers[*column])).collect();
        let own_headers = binding.own_columns().map(|column| binding.headers[column].as_str());
        let mut sorted_names: Vec<String> = own.iter().map(|column| as_it_stands(&binding.headers[*column])).collect();
        sorted_names.sort_unstable();
        let mut lengths = Box::new([0; 256]);
        for name in &sorted_names {
            lengths[first_byte(name)] |= 1 << name.len().min(63);
        }
        CsvShape {
            row: RowShape::new(csv, binding.headers.iter().map(String::as_str), is_padded),
            // A record in a report has the input's own columns, even if the report was changed.
            own_row: RowShape::new(csv, own_headers, is_padded && !is_sheet),
            is_sheet,
            report: ReportShape::of(&binding).map(Box::new),
            own,
            first_letter: own_names.first().and_then(|name| first_letter(name)),
            own_names,
            sorted_names,
            lengths,
            dialect,
            header_line: None,
            binding,
        }
    }

    pub fn with_header(self, header_line: Option<u64>) -> CsvShape {
        CsvShape { header_line, ..self }
    }

    /// Whether a record can be copied into its report byte for byte.
    pub(super) fn is_as_written(&self) -> bool {
        self.report.is_none() && !self.is_sheet && self.row.csv.is_quoted_as_usual()
    }
}

/// The first letter or digit of a text, in lower case.
#[inline]
pub(super) fn first_letter(text: &str) -> Option<char> {
    match text.as_bytes().first() {
        Some(byte) if byte.is_ascii_alphanumeric() => Some(char::from(byte.to_ascii_lowercase())),
        _ => text.chars().find(|character| character.is_alphanumeric())?.to_lowercase().next(),
    }
}

/// A header name or a cell, trimmed and in lower case.
pub(super) fn as_it_stands(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

/// The byte that a text begins with, in lower case; 0 for none.
#[inline]
pub(super) fn first_byte(text: &str) -> usize {
    usize::from(text.as_bytes().first().map_or(0, u8::to_ascii_lowercase))
}

#[derive(Clone, Copy, Debug)]
pub(super) struct RowShape {
    pub(super) csv: CsvDialect,
    pub(super) cells: usize,
    /// The minimum number; missing ones after it are empty.
    pub(super) least: usize,
}

impl RowShape {
    fn new<'h>(csv: CsvDialect, headers: impl Iterator<Item = &'h str>, is_padded: bool) -> RowShape {
        let headers: Vec<&str> = headers.collect();
        // Columns without a name at the end may be left out.
        let last = headers.iter().rposition(|header| !header.trim().is_empty()).filter(|_| !is_padded);
        RowShape { csv, cells: headers.len(), least: last.map_or(0, |last| last + 1) }
    }

    /// Cuts a record into its cells; returns whether it consists of exactly these. `source` begins with the record.
    pub(super) fn split<'r>(
        &self,
        record: &'r str,
        source: &[u8],
        cells: &mut Vec<Cell>,
    ) -> Result<bool, BadRecord<'r>> {
        let expected = self.cells;
        let bad = |problem, column| BadRecord::new(problem, Some(column), record.as_bytes());
        split_in(source, record.len(), &self.csv, cells).map_err(|fault| match fault {
            SplitFault::Malformed(column) => bad(Problem::TextAfterQuote { column }, column),
            SplitFault::Unclosed(column) => bad(Problem::OpenQuote { column: Some(column) }, column),
        })?;
        let is_exact = cells.len() == expected;
        // Empty cells after the header's last column are dropped.
        while cells.len() > expected && cells.last().is_some_and(|cell| cell.is_white(record.as_bytes())) {
            cells.pop();
        }
        if cells.len() > expected {
            return Err(bad(Problem::ExtraCells { cells: cells.len(), expected }, expected as u32 + 1));
        }
        if cells.len() < self.least {
            return Err(bad(Problem::MissingCells { cells: cells.len(), expected }, cells.len() as u32 + 1));
        }
        cells.resize(expected, Cell::empty());
        Ok(is_exact)
    }
}
