//! Where records are: [`Block`], a run of whole records cut out of an input, and [`Position`], the place of one of them.
//!
//! A source cuts blocks; the check stage turns each into verdicts; the reports say where a record stood.

use serde::Serialize;

/// Where a record stands in its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The how-manieth record of the input, from 1. The header and blank lines are no records.
    pub record: u64,
    /// The physical line on which it starts, from 1, the header included.
    pub line: u64,
    /// The offset of its first byte in the input, from 0.
    pub byte_offset: u64,
}

/// Where a rejected record stood in the first file that it came in, as its reject reports say through all rounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The run: its number, a hyphen, and what tells its database from others. Empty for a check, which is no run.
    pub run: String,
    /// The file as it was named.
    pub file: String,
    /// The record's number in it.
    pub record: String,
    /// The line on which the record starts.
    pub line: String,
}

/// What cutting found out about a stretch of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// A record that ends where a record ends.
    Record,
    /// A line without content: counted, but no record.
    Blank,
    /// What stands between records and is neither one nor a line: not counted, and never in a block.
    Gap,
    /// The physical line on which a quote opens that is never closed.
    Unterminated,
    /// A record that passes the limit; at most [`RAW_LIMIT`] bytes of it are in the block.
    TooLarge,
}

/// How much of a record is kept where it cannot be taken apart: 64 KiB (SPEC, section 5).
pub const RAW_LIMIT: usize = 64 * 1024;

/// The place of one record, or blank line, in its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first byte in the block.
    pub start: u32,
    /// The byte behind its last, its line ending not included.
    pub end: u32,
    /// The physical line on which it starts, counted from the block's first line, from 0.
    pub line: u32,
    /// What it is.
    pub extent: Extent,
}

/// Whole records of one input, one after another.
#[derive(Clone, Debug)]
pub struct Block {
    /// Which input of the run, from 0.
    pub input: usize,
    /// The records' bytes, line endings included.
    pub bytes: Vec<u8>,
    /// Where each record is.
    pub spans: Vec<Span>,
    /// The number of the block's first record, from 1.
    pub first_record: u64,
    /// The physical line on which the block starts, from 1.
    pub first_line: u64,
    /// The block's first byte in the input.
    pub byte_offset: u64,
    /// How many bytes of the file were read for it.
    pub file_bytes: u64,
    /// What stands before its end, where a run may be continued from there.
    pub stop: Option<TextBefore>,
}

/// What stands before a place in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextBefore {
    /// The physical line of the place.
    pub line: u64,
    /// Its offset.
    pub byte_offset: u64,
    /// The SHA-256 of the text before, in lower-case hex.
    pub sha256: String,
}

/// One record of a block.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'b> {
    /// The block.
    pub block: &'b Block,
    /// Where it is there.
    pub span: &'b Span,
    /// Where it stands in its input.
    pub position: Position,
}

impl Block {
    /// The bytes of a span of this block.
    pub fn bytes_of(&self, span: &Span) -> &[u8] {
        &self.bytes[span.start as usize..span.end as usize]
    }

    /// The spans in order, each with its position; a blank line has that of the record behind it.
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

/// How records fared, in a run or in one input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Records and blank lines.
    pub read: u64,
    /// Records that are right: the next four together.
    pub accepted: u64,
    /// Those that became customers.
    pub created: u64,
    /// Those that changed a customer.
    pub updated: u64,
    /// Those whose customer was as they say.
    pub unchanged: u64,
    /// Those that a later record with the same key took the place of.
    pub superseded: u64,
    /// Records that are not.
    pub rejected: u64,
    /// Lines without content.
    pub blank: u64,
    /// Warnings: values that are worth a look.
    pub warnings: u64,
    /// Values from which punctuation was repaired away.
    pub repaired: u64,
}

impl Counts {
    /// Adds the counts of another part of the run.
    pub fn add(&mut self, other: &Counts) {
        self.read += other.read;
        self.accepted += other.accepted;
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.superseded += other.superseded;
        self.rejected += other.rejected;
        self.blank += other.blank;
        self.warnings += other.warnings;
        self.repaired += other.repaired;
    }

    /// What became of all that was read, which is as much (SPEC, section 8).
    pub fn sum(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.superseded + self.rejected + self.blank
    }
}

/// What becomes of a filled cell of a record, the best first. What goes nowhere has none of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is stored as it was.
    Stored,
    /// It is stored in another form.
    Normalised,
    /// Its value was invalid, and is stored as missing.
    Cleared,
    /// It says nothing: it is a word for that, or nothing was left of it.
    Missing,
    /// Another column of its field had a value.
    Unused,
    /// Its record was rejected.
    Rejected,
    /// A later record took the place of its record.
    Superseded,
}

impl Fate {
    /// How many there are.
    pub const COUNT: usize = Fate::ALL.len();

    /// All of them, in order.
    pub const ALL: [Fate; 7] =
        [Fate::Stored, Fate::Normalised, Fate::Cleared, Fate::Missing, Fate::Unused, Fate::Rejected, Fate::Superseded];
}

/// The filled cells of a column, or of a JSON key, and what became of them (SPEC, section 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// Cells with more than white space, in records that were cut into cells.
    pub filled: u64,
    /// Stored as they were.
    pub stored: u64,
    /// Stored in another form.
    pub normalised: u64,
    /// Words for nothing, and what nothing was left of.
    pub missing: u64,
    /// Invalid, and stored as missing.
    pub cleared: u64,
    /// In rejected records.
    pub rejected: u64,
    /// In records that a later one took the place of.
    pub superseded: u64,
    /// Not used, because another column of the field had a value.
    pub unused: u64,
    /// In a column that goes nowhere.
    pub ignored: u64,
}

impl Balance {
    /// How many cells have a fate.
    pub fn of(&mut self, fate: Fate) -> &mut u64 {
        match fate {
            Fate::Stored => &mut self.stored,
            Fate::Normalised => &mut self.normalised,
            Fate::Cleared => &mut self.cleared,
            Fate::Missing => &mut self.missing,
            Fate::Unused => &mut self.unused,
            Fate::Rejected => &mut self.rejected,
            Fate::Superseded => &mut self.superseded,
        }
    }

    /// Gives a cell another fate than it was counted with.
    pub fn move_one(&mut self, from: Fate, to: Fate) {
        // Were it not counted, the balance would not hold, and that is said.
        *self.of(from) = self.of(from).wrapping_sub(1);
        *self.of(to) = self.of(to).wrapping_add(1);
    }

    /// Adds the cells of another part of the input.
    pub fn add(&mut self, other: &Balance) {
        let mut other = *other;
        self.filled += other.filled;
        self.ignored += other.ignored;
        for fate in Fate::ALL {
            *self.of(fate) += *other.of(fate);
        }
    }

    /// Whether something has become of each filled cell, and of no other.
    pub fn holds(&self) -> bool {
        let mut counts = *self;
        let fates = Fate::ALL.into_iter().map(|fate| *counts.of(fate));
        fates.fold(self.ignored, u64::wrapping_add) == self.filled
    }
}
