//! The rows of a sheet as CSV, [`Rows`], and its merged ranges, [`Merges`].
//!
//! A spreadsheet shows the value of a merged range in all its cells, but only the first one has it. A range of several
//! rows in one column gives its value to each of those rows that has values of its own, in cells that have none. Other
//! rows stay blank, because a range two rows high in every column is one record.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufWriter, Write};

use calamine::Data;
use memchr::{memchr, memchr3};

use super::cell::{
    MAX_COLUMNS, MAX_ROWS, position_name, push_error, push_formatted, push_text, push_value, push_written,
};
use super::number_format::NumberFormat;
use super::protocol::{Refusal, Result, SheetEnd};

/// How much is written at once: all that fits into a pipe.
const PIECE: usize = 64 * 1024;

/// Writes the cells of a sheet, which come in order, as CSV. Nothing is written for cells without a value after the
/// last one of their row, nor for rows after the last one. A cell of white space has no value.
pub(super) struct Rows<'o> {
    out: BufWriter<Box<dyn Write + 'o>>,
    merges: Merges,
    is_1904: bool,
    hidden_rows: u64,
    /// The last hidden row, which is marked before its cells.
    pub(super) hidden: Option<u32>,
    /// The first row of the records, from 0, if known.
    first_row: u32,
    /// The row being written, and its last column so far.
    row: u32,
    column: Option<u32>,
    last: Option<(u32, u32)>,
    text: String,
    written: u64,
    most: u64,
}

impl<'o> Rows<'o> {
    pub(super) fn new(out: impl Write + 'o, most: u64, first_row: u32) -> Rows<'o> {
        Rows {
            out: BufWriter::with_capacity(PIECE, Box::new(out)),
            merges: Merges::default(),
            is_1904: false,
            hidden_rows: 0,
            hidden: None,
            first_row,
            row: 0,
            column: None,
            last: None,
            text: String::new(),
            written: 0,
            most,
        }
    }

    /// Sets how the workbook counts days, and the sheet's merged ranges.
    pub(super) fn begin(&mut self, is_1904: bool, mut merges: Merges) {
        merges.cut_at(self.first_row);
        (self.is_1904, self.merges) = (is_1904, merges);
    }

    /// Adds a merged range, before its first cell.
    pub(super) fn merge(&mut self, first: (u32, u32), last: (u32, u32)) -> Result<()> {
        let last_row = if first.0 < self.first_row { last.0.min(self.first_row - 1) } else { last.0 };
        self.merges.add(first, (last_row, last.1))
    }

    pub(super) fn line(&mut self, line: &[u8]) -> Result<()> {
        self.out.write_all(line)?;
        self.out.write_all(b"\n")?;
        Ok(self.out.flush()?)
    }

    pub(super) fn put(&mut self, position: (u32, u32), value: &Data) -> Result<()> {
        self.put_with(position, |text| push_value(text, value))
    }

    pub(super) fn put_text(&mut self, position: (u32, u32), value: &str) -> Result<()> {
        self.put_with(position, |text| push_text(text, value))
    }

    pub(super) fn put_error(&mut self, position: (u32, u32), name: &str) -> Result<()> {
        self.put_with(position, |text| push_error(text, name))
    }

    pub(super) fn put_number(&mut self, position: (u32, u32), value: f64, format: NumberFormat) -> Result<()> {
        let is_1904 = self.is_1904;
        self.put_with(position, |text| push_formatted(text, value, format, is_1904))
    }

    /// Writes a cell with a number written in digits; anything else is text.
    pub(super) fn put_written(&mut self, position: (u32, u32), written: &str, format: NumberFormat) -> Result<()> {
        let is_1904 = self.is_1904;
        self.put_with(position, |text| push_written(text, written, format, is_1904))
    }

    fn put_with(&mut self, position: (u32, u32), push: impl FnOnce(&mut String)) -> Result<()> {
        self.text.clear();
        push(&mut self.text);
        let is_blank = |first: u8| (first <= b' ' || first >= 0x80) && self.text.trim().is_empty();
        if self.text.as_bytes().first().is_none_or(|first| is_blank(*first)) {
            return Ok(());
        }
        let text = std::mem::take(&mut self.text);
        self.move_to(position)?;
        self.write(&text)?;
        self.merges.note(position, &text);
        self.text = text;
        Ok(())
    }

    fn write(&mut self, text: &str) -> Result<()> {
        let text = text.as_bytes();
        self.written += text.len() as u64;
        if memchr3(b',', b'\n', b'\r', text).is_none() && memchr(b'"', text).is_none() {
            return Ok(self.out.write_all(text)?);
        }
        self.out.write_all(b"\"")?;
        for (n, piece) in text.split(|byte| *byte == b'"').enumerate() {
            self.out.write_all(if n == 0 { b"" } else { b"\"\"" })?;
            self.out.write_all(piece)?;
        }
        Ok(self.out.write_all(b"\"")?)
    }

    pub(super) fn finish(mut self) -> Result<SheetEnd> {
        if self.last.is_some() {
            self.fill_until(MAX_COLUMNS)?;
            self.out.write_all(b"\n")?;
        }
        self.out.flush()?;
        Ok(SheetEnd {
            merged_ranges: self.merges.ranges_used,
            merged_filled: self.merges.filled,
            hidden_rows: self.hidden_rows,
        })
    }

    /// Adds to a refusal where in the sheet it happened.
    pub(super) fn with_cell(&self, refusal: Refusal) -> Refusal {
        match self.last.map(position_name) {
            Some(cell) => Refusal::new(format!("{refusal} (after the cell {cell})")),
            None => refusal,
        }
    }

    /// Writes what is between the last cell and this one.
    fn move_to(&mut self, position: (u32, u32)) -> Result<()> {
        let (row, column) = position;
        if row >= MAX_ROWS || column >= MAX_COLUMNS {
            return Err(Refusal::new(format!(
                "it has a value outside the {MAX_ROWS} rows and {MAX_COLUMNS} columns of a sheet, so it is damaged; open it \
                 and save it again"
            )));
        }
        if let Some(last) = self.last.filter(|last| *last >= position) {
            let (position, last) = (position_name(position), position_name(last));
            return Err(Refusal::new(format!(
                "its cells are out of order ({position} comes after {last}), so it is damaged; open it and save it again"
            )));
        }
        if row > self.row || self.last.is_none() {
            if self.last.is_some() {
                self.fill_until(MAX_COLUMNS)?;
            }
            self.begin_row(row)?;
        }
        self.fill_until(column)?;
        self.move_right(column)?;
        self.last = Some(position);
        if self.written > self.most {
            return Err(Refusal::too_large(self.most));
        }
        Ok(())
    }

    fn begin_row(&mut self, row: u32) -> Result<()> {
        self.repeat(b'\n', row - self.row)?;
        (self.row, self.column) = (row, None);
        self.merges.begin_row(row);
        if self.hidden == Some(row) && row >= self.first_row {
            self.hidden_rows += 1;
        }
        Ok(())
    }

    /// Fills the columns between the last cell and this one from merged ranges above.
    fn fill_until(&mut self, until: u32) -> Result<()> {
        if self.merges.is_empty() {
            return Ok(());
        }
        loop {
            let from = self.column.map_or(0, |column| column + 1);
            let Some((column, text)) = self.merges.next_between(from, until)? else { return Ok(()) };
            let text = text.to_string();
            self.move_right(column)?;
            self.write(&text)?;
        }
    }

    fn move_right(&mut self, column: u32) -> Result<()> {
        self.repeat(b',', column - self.column.unwrap_or(0))?;
        self.column = Some(column);
        Ok(())
    }

    fn repeat(&mut self, byte: u8, times: u32) -> Result<()> {
        self.written += u64::from(times);
        let bytes = [byte; 256];
        let mut left = times as usize;
        while left > 0 {
            let piece = left.min(bytes.len());
            self.out.write_all(&bytes[..piece])?;
            left -= piece;
        }
        Ok(())
    }
}

/// The most cells that are filled. No real list has more; a few bytes can claim ten thousand million.
const MAX_FILLED: u64 = 1 << 23;

/// The most merged ranges: as many as there are rows.
const MAX_RANGES: usize = 1 << 20;

/// The merged ranges of a sheet, of one column and several rows.
#[derive(Default)]
pub(super) struct Merges {
    /// The last row of each, by the row and column of its first cell.
    ranges: HashMap<(u32, u32), u32>,
    /// The ranges that cover the row being written, by column.
    active: BTreeMap<u32, Active>,
    /// The number of ranges that gave their value to a row.
    ranges_used: u64,
    filled: u64,
}

struct Active {
    last_row: u32,
    text: String,
    is_used: bool,
}

impl Merges {
    /// Adds a range by its first and last cell, rows and columns from 0.
    pub(super) fn add(&mut self, first: (u32, u32), last: (u32, u32)) -> Result<()> {
        if first.1 != last.1 || last.0 <= first.0 {
            return Ok(());
        }
        if self.ranges.len() == MAX_RANGES {
            return Err(Refusal::damaged("it has more merged ranges than rows"));
        }
        let held = self.ranges.entry(first).or_insert(last.0);
        *held = last.0.max(*held);
        Ok(())
    }

    /// Ends ranges that begin above this row before it.
    fn cut_at(&mut self, row: u32) {
        self.ranges.retain(|first, last| {
            if first.0 < row {
                *last = row.saturating_sub(1).min(*last);
            }
            *last > first.0
        });
    }

    /// The first and last row of each range, from 0.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, u32)> {
        self.ranges.iter().map(|(first, last)| (first.0, *last))
    }

    fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Drops the ranges that end before this row.
    fn begin_row(&mut self, row: u32) {
        self.active.retain(|_, range| range.last_row >= row);
    }

    /// The next column in `from..until` that a range from above fills, and its value.
    fn next_between(&mut self, from: u32, until: u32) -> Result<Option<(u32, &str)>> {
        // A filled column is the next `from`, so it is never filled twice.
        let Some((column, range)) = self.active.range_mut(from..until).next() else { return Ok(None) };
        if self.filled == MAX_FILLED {
            return Err(Refusal::new(format!(
                "its merged ranges would fill more than {MAX_FILLED} cells; unmerge them, or save the sheet as CSV UTF-8 and load \
                 that"
            )));
        }
        self.filled += 1;
        if !std::mem::replace(&mut range.is_used, true) {
            self.ranges_used += 1;
        }
        Ok(Some((*column, &range.text)))
    }

    /// Adds a cell with a value, which may be the first of a range.
    fn note(&mut self, position: (u32, u32), text: &str) {
        if let Some(last_row) = self.ranges.get(&position) {
            let range = Active { last_row: *last_row, text: text.to_string(), is_used: false };
            // Of two overlapping ranges the first stays; no program writes such a file.
            self.active.entry(position.1).or_insert(range);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(cells: &[((u32, u32), &str)]) -> Result<String> {
        let mut out = Vec::new();
        let mut rows = Rows::new(&mut out, 1_000_000_000, 0);
        for (position, text) in cells {
            rows.put_text(*position, text)?;
        }
        rows.finish()?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn each_row_has_its_line_and_each_column_its_place() {
        assert_eq!(rows(&[]).unwrap(), "");
        assert_eq!(rows(&[((0, 0), ""), ((9, 9), "")]).unwrap(), "");
        assert_eq!(rows(&[((0, 0), "a")]).unwrap(), "a\n");
        let cells = [((1, 1), "b"), ((1, 3), "d"), ((1, 4), ""), ((4, 0), "e,\"f\"\r\n"), ((5, 0), ""), ((6, 0), "g")];
        assert_eq!(rows(&cells).unwrap(), "\n,b,,d\n\n\n\"e,\"\"f\"\"\r\n\"\n\ng\n");
    }

    #[test]
    fn cells_out_of_order_or_out_of_bounds_are_refused() {
        for (second, named) in [((1, 1), "B2"), ((1, 0), "A2"), ((0, 27), "AB1")] {
            let refusal = rows(&[((1, 1), "a"), (second, "b")]).unwrap_err().to_string();
            assert!(refusal.contains(&format!("({named} comes after B2)")), "{refusal}");
        }
        assert!(rows(&[((MAX_ROWS, 0), "a")]).is_err());
        assert!(rows(&[((0, MAX_COLUMNS), "a")]).is_err());
        let corner = rows(&[((MAX_ROWS - 1, MAX_COLUMNS - 1), "a")]).unwrap();
        assert_eq!(corner.len(), MAX_ROWS as usize + MAX_COLUMNS as usize);
    }

    #[test]
    fn a_sheet_that_comes_to_too_much_is_refused() {
        let mut rows = Rows::new(std::io::sink(), 1000, 0);
        let refusal = (0..100).find_map(|row| rows.put_text((row, 0), "twenty characters...").err());
        assert!(refusal.unwrap().to_string().contains("--max-inflated-bytes"));
    }
}
