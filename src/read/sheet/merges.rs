//! Merged ranges: [`Merges`]. A spreadsheet shows the value of such a range in all its cells, but only the first one
//! has it.
//!
//! A range of several rows in one column gives its value to each of those rows that has values of its own, in cells
//! that have none. Other rows stay blank, because a range two rows high in every column is one record.

use std::collections::{BTreeMap, HashMap};

use super::refusal::Refusal;

/// The most cells that are filled. No real list has more; a few bytes can claim ten thousand million.
const MAX_FILLED: u64 = 1 << 23;

/// The most merged ranges: as many as there are rows.
const MAX_RANGES: usize = 1 << 20;

/// The merged ranges of a sheet, of one column and several rows.
#[derive(Debug, Default)]
pub(super) struct Merges {
    /// The last row of each, by the row and column of its first cell.
    ranges: HashMap<(u32, u32), u32>,
    /// The ranges that cover the row being written, by column.
    active: BTreeMap<u32, Active>,
    /// The number of ranges that gave their value to a row.
    pub(super) ranges_used: u64,
    /// The number of cells that were filled.
    pub(super) filled: u64,
}

#[derive(Debug)]
struct Active {
    last_row: u32,
    text: String,
    is_used: bool,
}

impl Merges {
    /// Adds a range by its first and last cell, rows and columns from 0.
    pub(super) fn add(&mut self, first: (u32, u32), last: (u32, u32)) -> Result<(), Refusal> {
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
    pub(super) fn cut_at(&mut self, row: u32) {
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

    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Drops the ranges that end before this row.
    pub(super) fn begin_row(&mut self, row: u32) {
        self.active.retain(|_, range| range.last_row >= row);
    }

    /// The next column in `from..until` that a range from above fills, and its value.
    pub(super) fn next_between(&mut self, from: u32, until: u32) -> Result<Option<(u32, &str)>, Refusal> {
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
    pub(super) fn note(&mut self, position: (u32, u32), text: &str) {
        if let Some(last_row) = self.ranges.get(&position) {
            let range = Active { last_row: *last_row, text: text.to_string(), is_used: false };
            // Of two overlapping ranges the first stays; no program writes such a file.
            self.active.entry(position.1).or_insert(range);
        }
    }
}
