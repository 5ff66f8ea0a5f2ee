//! The rows of a sheet as CSV: [`Rows`].

use std::io::{BufWriter, Write};

use calamine::DataRef;
use memchr::{memchr, memchr3};

use super::cell::{push_error, push_formatted, push_value, push_written};
use super::merges::Merges;
use super::number_format::NumberFormat;
use super::position::{MAX_COLUMNS, MAX_ROWS, position_name};
use super::protocol::SheetEnd;
use super::refusal::Refusal;

/// How much is written at once: all that fits into a pipe.
const PIECE: usize = 64 * 1024;

/// Writes the cells of a sheet, which come in order, as CSV. Nothing is written for cells without a value after the
/// last one of their row, nor for rows after the last one. A cell of white space has no value.
pub(super) struct Rows<W: Write> {
    out: BufWriter<W>,
    merges: Merges,
    /// Whether the workbook counts days from 1904.
    is_1904: bool,
    /// The number of hidden rows with a value.
    hidden_rows: u64,
    /// The last row marked as hidden.
    hidden: Option<u32>,
    /// The first row of the records, from 0, if known.
    first_row: u32,
    /// The position of the next cell if none is skipped.
    row: u32,
    column: u32,
    /// Whether that column already has a cell.
    has_cells: bool,
    /// The last cell that was written.
    last: Option<(u32, u32)>,
    text: String,
    written: u64,
    most: u64,
}

impl<W: Write> Rows<W> {
    /// Rows of at most `most` bytes.
    pub(super) fn new(out: W, most: u64, first_row: u32) -> Rows<W> {
        Rows {
            out: BufWriter::with_capacity(PIECE, out),
            merges: Merges::default(),
            is_1904: false,
            hidden_rows: 0,
            hidden: None,
            first_row,
            row: 0,
            column: 0,
            has_cells: false,
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
    pub(super) fn merge(&mut self, first: (u32, u32), last: (u32, u32)) -> Result<(), Refusal> {
        let last_row = if first.0 < self.first_row { last.0.min(self.first_row - 1) } else { last.0 };
        self.merges.add(first, (last_row, last.1))
    }

    /// Marks a row as hidden, before its cells.
    pub(super) fn hide(&mut self, row: u32) {
        self.hidden = Some(row);
    }

    /// Writes a line before the rows.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<(), Refusal> {
        self.out.write_all(line)?;
        self.out.write_all(b"\n")?;
        Ok(self.out.flush()?)
    }

    /// Writes the cell at a row and column, from 0.
    pub(super) fn put(&mut self, position: (u32, u32), value: &DataRef<'_>) -> Result<(), Refusal> {
        self.text.clear();
        push_value(&mut self.text, value);
        self.put_text(position)
    }

    /// Writes a cell with a number.
    pub(super) fn put_number(&mut self, position: (u32, u32), value: f64, format: NumberFormat) -> Result<(), Refusal> {
        self.text.clear();
        push_formatted(&mut self.text, value, format, self.is_1904);
        self.put_text(position)
    }

    /// Writes a cell with a number written in digits; anything else is text.
    pub(super) fn put_written(
        &mut self,
        position: (u32, u32),
        written: &str,
        format: NumberFormat,
    ) -> Result<(), Refusal> {
        self.text.clear();
        push_written(&mut self.text, written, format, self.is_1904);
        self.put_text(position)
    }

    /// Writes a cell with an error.
    pub(super) fn put_error(&mut self, position: (u32, u32), name: &str) -> Result<(), Refusal> {
        self.text.clear();
        push_error(&mut self.text, name);
        self.put_text(position)
    }

    fn put_text(&mut self, position: (u32, u32)) -> Result<(), Refusal> {
        let is_blank = |first: u8| (first <= b' ' || first >= 0x80) && self.text.trim().is_empty();
        if self.text.as_bytes().first().is_none_or(|first| is_blank(*first)) {
            return Ok(());
        }
        let text = std::mem::take(&mut self.text);
        self.move_to(position)?;
        self.write(&text)?;
        if !self.merges.is_empty() {
            self.merges.note(position, &text);
        }
        self.text = text;
        Ok(())
    }

    fn write(&mut self, text: &str) -> Result<(), Refusal> {
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

    /// Ends the last row; returns what is known about all rows.
    pub(super) fn finish(mut self) -> Result<SheetEnd, Refusal> {
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
    fn move_to(&mut self, position: (u32, u32)) -> Result<(), Refusal> {
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

    fn begin_row(&mut self, row: u32) -> Result<(), Refusal> {
        self.repeat(b'\n', row - self.row)?;
        (self.row, self.column, self.has_cells) = (row, 0, false);
        self.merges.begin_row(row);
        if self.hidden == Some(row) && row >= self.first_row {
            self.hidden_rows += 1;
        }
        Ok(())
    }

    /// Fills the columns between the last cell and this one from merged ranges above.
    fn fill_until(&mut self, until: u32) -> Result<(), Refusal> {
        if self.merges.is_empty() {
            return Ok(());
        }
        loop {
            let from = self.column + u32::from(self.has_cells);
            let Some((column, text)) = self.merges.next_between(from, until)? else { return Ok(()) };
            let text = text.to_string();
            self.move_right(column)?;
            self.write(&text)?;
        }
    }

    fn move_right(&mut self, column: u32) -> Result<(), Refusal> {
        self.repeat(b',', column - self.column)?;
        (self.column, self.has_cells) = (column, true);
        Ok(())
    }

    fn repeat(&mut self, byte: u8, times: u32) -> Result<(), Refusal> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(cells: &[((u32, u32), &str)]) -> Result<String, Refusal> {
        let mut out = Vec::new();
        let mut rows = Rows::new(&mut out, 1_000_000_000, 0);
        for (position, text) in cells {
            rows.put(*position, &DataRef::SharedString(text))?;
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
        let refusal = (0..100).find_map(|row| rows.put((row, 0), &DataRef::SharedString("twenty characters...")).err());
        assert!(refusal.unwrap().to_string().contains("--max-inflated-bytes"));
    }
}
