//! Where NDJSON records end: [`NdjsonCutter`]. Each line is a record. A comma after it is ignored. All lines end with
//! one byte: LF, or CR in files of old Macs.

use std::io;

use super::cutter::{Cut, Cutter};
use crate::core::record::Extent;
use crate::core::record::json::{is_blank, without_comma};
use crate::read::window::{Found, Window};

/// Cuts NDJSON into records.
#[derive(Debug)]
pub struct NdjsonCutter {
    limit: u64,
    line_end: u8,
}

impl NdjsonCutter {
    /// A cutter for records of at most this length in bytes, on lines that end with this byte.
    pub fn new(limit: u64, line_end: u8) -> NdjsonCutter {
        NdjsonCutter { limit, line_end }
    }
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
        let extent = if is_blank(held) { Extent::Blank } else { Extent::Record };
        let end = start + without_comma(held).len() as u64;
        Ok(Some(Cut { end, next, lines: 1, extent }))
    }

    fn rest_of_too_large(&mut self, window: &mut Window, from: u64, until: u64) -> io::Result<Found> {
        window.find([self.line_end; 3], from, until)
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
            let mut cutter = NdjsonCutter::new(1000, line_end);
            let (mut at, mut found) = (0, Vec::new());
            while let Some(cut) = cutter.cut(&mut window, at).unwrap() {
                found.push(&text[at as usize..cut.end as usize]);
                at = cut.next;
            }
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
