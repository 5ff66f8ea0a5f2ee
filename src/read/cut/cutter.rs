//! Where records end: [`Cutter`], which each format implements, and its answer, [`Cut`]. Two formats need little:
//! [`NdjsonCutter`], [`SheetCutter`].

use std::io;

use crate::core::record::dialect::CsvDialect;
use crate::core::record::{Extent, csv, json};
use crate::read::window::{Found, Window};

#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// The offset after its last byte. For a record that is too large: where it passes the limit.
    pub end: u64,
    /// The offset of the next record. For a record that is too large: the same as `end`.
    pub next: u64,
    pub lines: u64,
    pub extent: Extent,
}

pub trait Cutter: Send {
    /// The record that starts at `start`; `None` at the end of the input.
    fn cut(&mut self, window: &mut Window, start: u64) -> io::Result<Option<Cut>>;

    /// The end, before `until`, of a record that is too large. Called piece by piece, from where it passed its limit.
    fn rest_of_too_large(&mut self, window: &mut Window, from: u64, until: u64) -> io::Result<Found>;

    /// The start of the record after that end, and the number of lines up to it that the [`Cut`] did not count. By default
    /// the end is a line end of one byte.
    fn after_too_large(&mut self, window: &mut Window, end: u64) -> io::Result<(u64, u64)> {
        Ok((if window.byte(end)?.is_some() { end + 1 } else { end }, 0))
    }
}

/// Cuts NDJSON. Each line is a record. A comma after it is ignored.
pub struct NdjsonCutter {
    pub limit: u64,
    /// What all lines end with: LF, or CR in files of old Macs.
    pub line_end: u8,
}

impl Cutter for NdjsonCutter {
    fn cut(&mut self, window: &mut Window, start: u64) -> io::Result<Option<Cut>> {
        if window.byte(start)?.is_none() {
            return Ok(None);
        }
        let limit = start + self.limit;
        // With a constant byte it is one comparison instead of three.
        let found = match self.line_end {
            b'\r' => window.find([b'\r'; 3], start, limit + 2)?,
            _ => window.find([b'\n'; 3], start, limit + 2)?,
        };
        let (mut end, next) = match found {
            Found::Byte(end) => (end, end + 1),
            Found::End(end) => (end, end),
            Found::Nothing => (u64::MAX, u64::MAX),
        };
        // The CR of a CRLF belongs to the line ending.
        if end <= limit + 1 && end > start && window.byte(end - 1)? == Some(b'\r') {
            end -= 1;
        }
        if end > limit {
            return Ok(Some(Cut { end: limit, next: limit, lines: 1, extent: Extent::TooLarge }));
        }
        let held = window.slice(start, end);
        let extent = if json::is_blank(held) { Extent::Blank } else { Extent::Record };
        let end = start + json::without_comma(held).len() as u64;
        Ok(Some(Cut { end, next, lines: 1, extent }))
    }

    fn rest_of_too_large(&mut self, window: &mut Window, from: u64, until: u64) -> io::Result<Found> {
        window.find([self.line_end; 3], from, until)
    }
}

/// Cuts the rows of a spreadsheet. A row is a well-formed CSV record and counts as one line, the one that the spreadsheet
/// numbers, whatever line breaks its cells have.
pub struct SheetCutter {
    limit: u64,
    /// Whether the row was followed up to inside a quoted cell.
    in_quote: bool,
}

impl SheetCutter {
    pub fn new(limit: u64) -> SheetCutter {
        SheetCutter { limit, in_quote: false }
    }

    /// The line end of the row at or after `from` and before `until`. A doubled quote closes a cell and opens it again.
    fn row_end(&mut self, window: &mut Window, mut from: u64, until: u64) -> io::Result<Found> {
        loop {
            match window.find([b'"', b'\n', b'\n'], from, until)? {
                Found::Byte(at) if window.byte(at)? == Some(b'"') => {
                    self.in_quote = !self.in_quote;
                    from = at + 1;
                }
                Found::Byte(at) if self.in_quote => from = at + 1,
                found => return Ok(found),
            }
        }
    }
}

impl Cutter for SheetCutter {
    fn cut(&mut self, window: &mut Window, start: u64) -> io::Result<Option<Cut>> {
        if window.byte(start)?.is_none() {
            return Ok(None);
        }
        self.in_quote = false;
        let limit = start + self.limit;
        let (end, next) = match self.row_end(window, start, limit + 1)? {
            Found::Byte(end) => (end, end + 1),
            Found::End(end) => (end, end),
            Found::Nothing => {
                // Scans to the limit again, so that `in_quote` is right for the rest of the row.
                self.in_quote = false;
                let _ = self.row_end(window, start, limit)?;
                return Ok(Some(Cut { end: limit, next: limit, lines: 1, extent: Extent::TooLarge }));
            }
        };
        let held = window.slice(start, end);
        let extent =
            if csv::is_blank(held, &CsvDialect::with_delimiter(b',')) { Extent::Blank } else { Extent::Record };
        Ok(Some(Cut { end, next, lines: 1, extent }))
    }

    fn rest_of_too_large(&mut self, window: &mut Window, from: u64, until: u64) -> io::Result<Found> {
        self.row_end(window, from, until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_records() {
        for (text, line_end, expected) in [
            ("{}\n{}", b'\n', vec!["{}", "{}"]),
            ("{}\r\n\n{}\r\n", b'\n', vec!["{}", "", "{}"]),
            ("{}\r{\"a\":1}\r", b'\r', vec!["{}", "{\"a\":1}"]),
            ("{},\n{} , \r\n[5],\n", b'\n', vec!["{}", "{}", "[5]"]),
            // One comma after a value, and no other.
            ("{},,\n,\n , \n\"a,\"\n{\"a\":1,\n", b'\n', vec!["{},,", ",", " , ", "\"a,\"", "{\"a\":1,"]),
        ] {
            let mut window = Window::new(Box::new(io::Cursor::new(text.as_bytes().to_vec())));
            let mut cutter = NdjsonCutter { limit: 1000, line_end };
            let (mut at, mut found) = (0, Vec::new());
            while let Some(cut) = cutter.cut(&mut window, at).unwrap() {
                found.push(&text[at as usize..cut.end as usize]);
                at = cut.next;
            }
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn a_row_is_a_line_whatever_its_cells_hold() {
        let text = "a,b\n\n\"x\ny\",\"z \"\"q\"\"\n\"\n,\n1,2";
        let mut window = Window::new(Box::new(io::Cursor::new(text.as_bytes().to_vec())));
        let mut cutter = SheetCutter::new(100);
        let (mut at, mut rows) = (0, Vec::new());
        while let Some(cut) = cutter.cut(&mut window, at).unwrap() {
            rows.push((text[at as usize..cut.end as usize].to_string(), cut.lines, cut.extent));
            at = cut.next;
        }
        let expected = [
            ("a,b", Extent::Record),
            ("", Extent::Blank),
            ("\"x\ny\",\"z \"\"q\"\"\n\"", Extent::Record),
            (",", Extent::Blank),
            ("1,2", Extent::Record),
        ];
        let expected: Vec<_> = expected.iter().map(|(row, extent)| (row.to_string(), 1, *extent)).collect();
        assert_eq!(rows, expected);
    }
}
