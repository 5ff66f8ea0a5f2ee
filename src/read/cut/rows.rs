//! Where the rows of a spreadsheet end: [`SheetCutter`]. A row is a well-formed CSV record and counts as one line, the
//! one that the spreadsheet numbers, whatever line breaks its cells have.

use std::io;

use super::cutter::{Cut, Cutter};
use crate::core::record::Extent;
use crate::core::record::csv::is_blank;
use crate::core::record::dialect::CsvDialect;
use crate::read::window::{Found, Window};

/// Cuts the rows of a spreadsheet.
#[derive(Debug)]
pub struct SheetCutter {
    limit: u64,
    /// Whether the row was followed up to inside a quoted cell.
    in_quote: bool,
}

impl SheetCutter {
    /// A cutter for records of at most this length in bytes.
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
        let extent = if is_blank(held, &CsvDialect::with_delimiter(b',')) { Extent::Blank } else { Extent::Record };
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
