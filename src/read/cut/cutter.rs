//! Where records end: [`Cutter`], which each format implements, and its answer, [`Cut`].

use std::io;

use crate::core::record::Extent;
use crate::read::window::{Found, Window};

/// Where a record ends, and what it is.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// The offset after its last byte. For a record that is too large: where it passes the limit.
    pub end: u64,
    /// The offset of the next record. For a record that is too large: the same as `end`.
    pub next: u64,
    /// The number of physical lines it takes.
    pub lines: u64,
    /// What it is.
    pub extent: Extent,
}

/// Finds where the records of a format end.
pub trait Cutter: Send {
    /// The record that starts at `start`; `None` at the end of the input.
    fn cut(&mut self, window: &mut Window, start: u64) -> io::Result<Option<Cut>>;

    /// The end of a record that was too large, at or after `from` and before `until`. Called piece by piece, from where
    /// the record passed its limit.
    fn rest_of_too_large(&mut self, window: &mut Window, from: u64, until: u64) -> io::Result<Found>;

    /// The start of the record after that end, and the number of lines up to it that the [`Cut`] did not count. By default
    /// the end is a line end of one byte.
    fn after_too_large(&mut self, window: &mut Window, end: u64) -> io::Result<(u64, u64)> {
        Ok((if window.byte(end)?.is_some() { end + 1 } else { end }, 0))
    }
}
