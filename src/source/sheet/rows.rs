//! The rows of a sheet as CSV: [`Rows`].

use std::io::{BufWriter, Write};

use calamine::DataRef;
use memchr::{memchr, memchr3};

use super::cell::{push_error, push_value};
use super::serve::Refusal;

/// How much is written at once: all that fits into a pipe.
const PIECE: usize = 64 * 1024;

/// What a sheet can have at the most, in every program that writes these files.
const MAX_ROWS: u32 = 1_048_576;
const MAX_COLUMNS: u32 = 16_384;

/// Writes the cells of a sheet, which come in order, as CSV. Nothing is written for cells without a value that stand behind
/// the last one of their row, nor for rows behind the last one.
pub(super) struct Rows<W: Write> {
    out: BufWriter<W>,
    /// Where the next cell would stand if nothing were left out.
    row: u32,
    column: u32,
    /// The last cell that was written.
    last: Option<(u32, u32)>,
    text: String,
    written: u64,
    most: u64,
}

impl<W: Write> Rows<W> {
    /// Rows that come to `most` bytes at the most.
    pub(super) fn new(out: W, most: u64) -> Rows<W> {
        let out = BufWriter::with_capacity(PIECE, out);
        Rows { out, row: 0, column: 0, last: None, text: String::new(), written: 0, most }
    }

    /// Writes a line in front of the rows.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<(), Refusal> {
        self.out.write_all(line)?;
        self.out.write_all(b"\n")?;
        Ok(self.out.flush()?)
    }

    /// Writes the cell at a row and a column, each from zero.
    pub(super) fn put(&mut self, place: (u32, u32), value: &DataRef<'_>) -> Result<(), Refusal> {
        self.text.clear();
        push_value(&mut self.text, value);
        self.put_text(place)
    }

    /// Writes a cell with an error that the library does not know.
    pub(super) fn put_error(&mut self, place: (u32, u32), name: &str) -> Result<(), Refusal> {
        self.text.clear();
        push_error(&mut self.text, name);
        self.put_text(place)
    }

    fn put_text(&mut self, place: (u32, u32)) -> Result<(), Refusal> {
        if self.text.is_empty() {
            return Ok(());
        }
        self.move_to(place)?;
        let text = self.text.as_bytes();
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

    /// Ends the last row.
    pub(super) fn finish(mut self) -> Result<(), Refusal> {
        if self.last.is_some() {
            self.out.write_all(b"\n")?;
        }
        Ok(self.out.flush()?)
    }

    /// The last cell that was written, as spreadsheets name it.
    pub(super) fn last(&self) -> Option<String> {
        self.last.map(name_of)
    }

    /// Writes what stands between the last cell and this one.
    fn move_to(&mut self, place: (u32, u32)) -> Result<(), Refusal> {
        let (row, column) = place;
        if row >= MAX_ROWS || column >= MAX_COLUMNS {
            return Err(Refusal::new(format!(
                "it has a value outside the {MAX_ROWS} rows and {MAX_COLUMNS} columns of a sheet, so it is damaged; open it \
                 and save it again"
            )));
        }
        if let Some(last) = self.last.filter(|last| *last >= place) {
            let (place, last) = (name_of(place), name_of(last));
            return Err(Refusal::new(format!(
                "its cells are out of order ({place} comes behind {last}), so it is damaged; open it and save it again"
            )));
        }
        if row > self.row {
            self.repeat(b'\n', row - self.row)?;
            (self.row, self.column) = (row, 0);
        }
        self.repeat(b',', column - self.column)?;
        self.column = column;
        self.last = Some(place);
        if self.written > self.most {
            return Err(Refusal::too_large(self.most));
        }
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

/// `B7` for the cell in the seventh row and the second column.
fn name_of((row, column): (u32, u32)) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        letters.push(char::from(b'A' + ((left - 1) % 26) as u8));
        left = (left - 1) / 26;
    }
    letters.iter().rev().collect::<String>() + &(row + 1).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(cells: &[((u32, u32), &str)]) -> Result<String, Refusal> {
        let mut out = Vec::new();
        let mut rows = Rows::new(&mut out, 1_000_000_000);
        for (place, text) in cells {
            rows.put(*place, &DataRef::SharedString(text))?;
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
            assert!(refusal.contains(&format!("({named} comes behind B2)")), "{refusal}");
        }
        assert!(rows(&[((MAX_ROWS, 0), "a")]).is_err());
        assert!(rows(&[((0, MAX_COLUMNS), "a")]).is_err());
        let corner = rows(&[((MAX_ROWS - 1, MAX_COLUMNS - 1), "a")]).unwrap();
        assert_eq!(corner.len(), MAX_ROWS as usize + MAX_COLUMNS as usize);
    }

    #[test]
    fn a_sheet_that_comes_to_too_much_is_refused() {
        let mut rows = Rows::new(std::io::sink(), 1000);
        let refusal = (0..100).find_map(|row| rows.put((row, 0), &DataRef::SharedString("twenty characters...")).err());
        assert!(refusal.unwrap().to_string().contains("--max-inflated-bytes"));
    }
}
