//! [`Block`], a run of whole records cut out of an input, and [`Position`], where one of them starts. What became of
//! records is counted in [`Counts`](super::Counts), of cells in [`Balance`].
//!
//! A source cuts blocks, `core::judge` turns each into verdicts, and reports give positions.

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The record's number in the input, from 1. The header and blank lines are not counted.
    pub record: u64,
    /// The physical line on which it starts, from 1, counting the header.
    pub line: u64,
    /// The offset of its first byte in the input, from 0.
    pub byte_offset: u64,
}

/// Where a rejected record started in the first file it came in. Its reject reports keep this through all rounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The run: its number, a hyphen and the database's own ID. Empty for a check, which is not a run.
    pub run: String,
    pub file: String,
    pub record: String,
    pub line: String,
}

/// What cutting found in a stretch of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    Record,
    /// A blank line: counted, but not a record.
    Blank,
    /// Text between records that is not a line either: not counted, and never in a block.
    Gap,
    /// The physical line with a quote that is never closed.
    Unterminated,
    /// A record over the size limit; at most [`RAW_LIMIT`] bytes of it are in the block.
    TooLarge,
}

/// How much is kept of a record that cannot be split: 64 KiB.
pub const RAW_LIMIT: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    /// The offset after its last byte, without its line ending.
    pub end: u32,
    /// Its first physical line, counted from the block's first, from 0.
    pub line: u32,
    pub extent: Extent,
}

#[derive(Clone, Debug)]
pub struct Block {
    /// The records' bytes, line endings included.
    pub bytes: Vec<u8>,
    pub spans: Vec<Span>,
    /// The number of the block's first record, from 1.
    pub first_record: u64,
    /// The physical line on which the block starts, from 1.
    pub first_line: u64,
    pub byte_offset: u64,
    /// The number of bytes of the file read for it.
    pub file_bytes: u64,
    /// The text before the block's end, if a run may be resumed there.
    pub stop: Option<TextBefore>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextBefore {
    pub line: u64,
    pub byte_offset: u64,
    /// The SHA-256 of the text before it, in lower-case hex.
    pub sha256: String,
}

#[derive(Clone, Copy, Debug)]
pub struct Spot<'b> {
    pub block: &'b Block,
    pub span: &'b Span,
    pub position: Position,
}

impl Block {
    pub fn bytes_of(&self, span: &Span) -> &[u8] {
        &self.bytes[span.start as usize..span.end as usize]
    }

    /// The spans in order, each with its position. A blank line has the position of the record after it.
    pub fn positions(&self) -> impl Iterator<Item = (Position, &Span)> {
        let mut record = self.first_record;
        self.spans.iter().map(move |span| {
            let position = Position {
                record,
                line: self.first_line + u64::from(span.line),
                byte_offset: self.byte_offset + u64::from(span.start),
            };
            if span.extent != Extent::Blank {
                record += 1;
            }
            (position, span)
        })
    }
}

/// What becomes of a filled cell, the best first. A cell of an unmapped column has none of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellOutcome {
    /// Stored as written.
    Stored,
    /// Stored in another form.
    Normalised,
    /// Invalid, and stored as missing.
    Cleared,
    /// A word for "no value", or empty after cleaning.
    Missing,
    /// Not used: another column of its field had a value.
    Unused,
    Rejected,
    /// Its record was replaced by a later one.
    Superseded,
}

impl CellOutcome {
    pub const COUNT: usize = CellOutcome::ALL.len();

    pub const ALL: [CellOutcome; 7] = [
        CellOutcome::Stored,
        CellOutcome::Normalised,
        CellOutcome::Cleared,
        CellOutcome::Missing,
        CellOutcome::Unused,
        CellOutcome::Rejected,
        CellOutcome::Superseded,
    ];
}

/// The filled cells of a column or JSON key, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
// The fields without a comment are those of CellOutcome.
pub struct Balance {
    /// Cells with more than white space, in records that could be split.
    pub filled: u64,
    pub stored: u64,
    pub normalised: u64,
    pub missing: u64,
    pub cleared: u64,
    pub rejected: u64,
    pub superseded: u64,
    pub unused: u64,
    /// In a column mapped to no field.
    pub ignored: u64,
}

impl Balance {
    pub fn of(&mut self, outcome: CellOutcome) -> &mut u64 {
        match outcome {
            CellOutcome::Stored => &mut self.stored,
            CellOutcome::Normalised => &mut self.normalised,
            CellOutcome::Cleared => &mut self.cleared,
            CellOutcome::Missing => &mut self.missing,
            CellOutcome::Unused => &mut self.unused,
            CellOutcome::Rejected => &mut self.rejected,
            CellOutcome::Superseded => &mut self.superseded,
        }
    }

    pub fn move_one(&mut self, from: CellOutcome, to: CellOutcome) {
        // Wraps instead of panicking; a wrong balance is reported when it is checked.
        *self.of(from) = self.of(from).wrapping_sub(1);
        *self.of(to) = self.of(to).wrapping_add(1);
    }

    pub fn add(&mut self, other: &Balance) {
        let mut other = *other;
        self.filled += other.filled;
        self.ignored += other.ignored;
        for outcome in CellOutcome::ALL {
            *self.of(outcome) += *other.of(outcome);
        }
    }

    /// Whether the outcomes add up to the filled cells.
    pub fn holds(&self) -> bool {
        let mut counts = *self;
        let outcomes = CellOutcome::ALL.into_iter().map(|outcome| *counts.of(outcome));
        outcomes.fold(self.ignored, u64::wrapping_add) == self.filled
    }
}
