//! Where NDJSON records end: [`NdjsonCutter`]. Each line is one, and a line ends at LF.

use std::io;

use super::window::{Found, Window};
use super::{Cut, Cutter};
use crate::format::json::is_blank;
use crate::record::Extent;

/// Cuts NDJSON into records.
#[derive(Debug)]
pub struct NdjsonCutter {
    limit: u64,
}

impl NdjsonCutter {
    /// A cutter for this limit of a record's length in bytes.
    pub fn new(limit: u64) -> NdjsonCutter {
        NdjsonCutter { limit }
    }
}

impl Cutter for NdjsonCutter {
    fn cut(&mut self, window: &mut Window, start: u64) -> io::Result<Option<Cut>> {
        if window.byte(start)?.is_none() {
            return Ok(None);
        }
        let limit = start + self.limit;
        let (mut end, next) = match window.find([b'\n'; 3], start, limit + 2)? {
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
        let held = &window.held()[(start - window.offset()) as usize..(end - window.offset()) as usize];
        let extent = if is_blank(held) { Extent::Blank } else { Extent::Record };
        Ok(Some(Cut { end, next, lines: 1, extent }))
    }

    fn rest_of_too_large(&mut self, window: &mut Window, from: u64, until: u64) -> io::Result<Found> {
        window.find([b'\n'; 3], from, until)
    }

    fn behind_too_large(&mut self, window: &mut Window, end: u64) -> io::Result<(u64, u64)> {
        Ok((if window.byte(end)?.is_some() { end + 1 } else { end }, 0))
    }
}
