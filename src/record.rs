//! Where records are: [`Block`], a run of whole records cut out of an input, and [`Position`], the place of one of them.
//!
//! A source cuts blocks; the check stage turns each into verdicts; the reports say where a record stood.

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

/// What cutting found out about a stretch of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// A record that ends where a record ends.
    Record,
    /// A line without content: counted, but no record.
    Blank,
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
