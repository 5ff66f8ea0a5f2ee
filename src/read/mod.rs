//! From an input to blocks of whole records: [`Source`].
//!
//! One thread cuts; it finds where records end, numbers them and counts lines, and does nothing that a worker could do.
//! How records end is for a [`Cutter`]: [`csv`], [`ndjson`], [`json`] with [`document`], [`sheet_rows`]. What an input is, is found by
//! [`input`] and [`kind`] before a run starts.

pub mod csv;
pub mod decode;
pub mod document;
pub mod expand;
pub mod inflate;
pub mod input;
pub mod json;
pub mod kind;
pub mod ndjson;
pub mod opening;
mod report;
pub mod sample;
pub mod sheet;
pub mod sheet_rows;
pub mod sniff;
pub mod spreadsheet;
pub mod unchanged;
pub mod window;

use std::io;

use self::window::{Feed, Found, Window};
use crate::core::record::{Block, Extent, RAW_LIMIT, Span, TextBefore};

/// How large the blocks are that a source cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockSize {
    /// As many records.
    Records(usize),
    /// The first record end at or behind so many bytes.
    Bytes(usize),
}

impl Default for BlockSize {
    /// 256 KiB: enough for a thread to be busy for a millisecond. Sizes from 32 KiB to 1 MiB were as fast.
    fn default() -> BlockSize {
        BlockSize::Bytes(256 * 1024)
    }
}

/// Where a record ends, and what that says about it.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// The offset behind its last byte. For a record that is too large: where it passes the limit.
    pub end: u64,
    /// The offset at which the next record starts. For a record that is too large: the same as `end`.
    pub next: u64,
    /// How many physical lines it takes.
    pub lines: u64,
    /// What it is.
    pub extent: Extent,
}

/// Knows how the records of a format end.
pub trait Cutter: Send {
    /// The record that starts at `start`; `None` at the end of the input.
    fn cut(&mut self, window: &mut Window, start: u64) -> io::Result<Option<Cut>>;

    /// The end of the record that was too large, at or behind `from` and before `until`: where its physical line ends. It is
    /// asked for piece by piece, from the place on at which the record passed its limit.
    fn rest_of_too_large(&mut self, window: &mut Window, from: u64, until: u64) -> io::Result<Found>;

    /// The start of the next record behind that end, and how many lines end on the way that its [`Cut`] did not count.
    fn behind_too_large(&mut self, window: &mut Window, end: u64) -> io::Result<(u64, u64)>;
}

/// An input that is cut into blocks, one after another.
pub struct Source {
    input: usize,
    window: Window,
    cutter: Box<dyn Cutter>,
    size: BlockSize,
    /// The most records of a block, whatever its size: each may have a report many times as long as it is itself.
    most: usize,
    /// How many records may still be cut.
    left: u64,
    next_record: u64,
    next_line: u64,
    blank: u64,
    /// A block ends behind this record, and has word of what stands before that place.
    stop: Option<u64>,
    /// How much of the file was accounted for.
    file_read: u64,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Source").field("input", &self.input).field("window", &self.window).finish()
    }
}

/// What was read of an input when its last block was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputRead {
    /// Bytes of the file, the header's included.
    pub bytes: u64,
    /// The SHA-256 of those bytes, in lower-case hex.
    pub sha256: String,
    /// Records.
    pub records: u64,
    /// Blank lines.
    pub blank: u64,
    /// What is known of its sheet, where it is a spreadsheet that was read to its end.
    pub sheet: Option<sheet::SheetEnd>,
}

impl Source {
    /// Cuts what is left in `window`, whose first byte stands on the physical line `line`, into blocks of `size`, and
    /// stops after `limit` records.
    pub fn new(
        input: usize,
        window: Window,
        cutter: Box<dyn Cutter>,
        size: BlockSize,
        line: u64,
        limit: Option<u64>,
    ) -> Source {
        let left = limit.unwrap_or(u64::MAX);
        Source {
            input,
            window,
            cutter,
            size,
            most: usize::MAX,
            left,
            next_record: 1,
            next_line: line,
            blank: 0,
            stop: None,
            file_read: 0,
        }
    }

    /// Cuts blocks of so many records at the most.
    pub fn with_most_records(self, most: usize) -> Source {
        Source { most: most.max(1), ..self }
    }

    /// Ends a block behind this record, counted from 1, and notes there what stands before.
    pub fn stop_behind(&mut self, record: u64) {
        self.stop = Some(record);
    }

    /// How many records were cut.
    pub fn records(&self) -> u64 {
        self.next_record - 1
    }

    /// Counts so many blank lines that were read before.
    pub fn with_blank_lines(self, blank: u64) -> Source {
        Source { blank, ..self }
    }

    /// The next block; `None` at the end of the input.
    pub fn next_block(&mut self) -> io::Result<Option<Block>> {
        let mut block = Block {
            input: self.input,
            bytes: Vec::new(),
            spans: Vec::new(),
            first_record: self.next_record,
            first_line: self.next_line,
            byte_offset: self.window.offset(),
            file_bytes: 0,
            stop: None,
        };
        let mut start = block.byte_offset;
        let mut at = start;
        while !self.is_full(block.spans.len(), at - start) {
            if self.left == 0 || self.is_at_stop() {
                break;
            }
            let Some(cut) = self.cutter.cut(&mut self.window, at)? else { break };
            if cut.extent == Extent::Gap {
                self.next_line += cut.lines;
                at = cut.next;
                if block.spans.is_empty() {
                    self.window.drop_until(at);
                    (start, block.byte_offset, block.first_line) = (at, at, self.next_line);
                }
                continue;
            }
            if cut.extent == Extent::TooLarge {
                // It gets a block of its own, for it may be longer than a block can be.
                if block.spans.is_empty() {
                    self.take_too_large(&mut block, cut)?;
                    self.note_stop(&mut block);
                    return Ok(Some(block));
                }
                break;
            }
            self.note(&mut block, at - start, cut.end - start, cut);
            at = cut.next;
        }
        if block.spans.is_empty() {
            self.window.refuse_changed()?;
            return Ok(None);
        }
        block.bytes = self.window.take_until(at);
        block.file_bytes = self.file_bytes();
        self.note_stop(&mut block);
        Ok(Some(block))
    }

    fn is_at_stop(&self) -> bool {
        self.stop.is_some_and(|stop| self.next_record > stop)
    }

    /// Says in a block that ends at a stop what stands before that.
    fn note_stop(&mut self, block: &mut Block) {
        if self.is_at_stop() {
            self.stop = None;
            block.stop = Some(TextBefore {
                line: self.next_line,
                byte_offset: self.window.offset(),
                sha256: self.window.text_read().sha256(),
            });
        }
    }

    /// How much of the file was read since this was asked last.
    fn file_bytes(&mut self) -> u64 {
        let read = self.window.file_bytes();
        read - std::mem::replace(&mut self.file_read, read)
    }

    /// The same source, with another feed for what has not been read yet.
    pub fn fed_by(self, other: impl FnOnce(Box<dyn Feed>) -> Box<dyn Feed>) -> Source {
        Source { window: self.window.fed_by(other), ..self }
    }

    /// Whether the text is not the file itself, but has to be made of it first.
    pub fn is_made(&self) -> bool {
        self.window.is_made()
    }

    /// Reads what a limit has left over: if `is_known` by its SHA-256, and where only its end says whether all before it was right.
    pub fn drop_rest(&mut self, is_known: bool, go_on: impl Fn() -> bool) -> io::Result<()> {
        match is_known || self.window.has_checksum() {
            true => self.window.drop_rest(go_on),
            false => Ok(()),
        }
    }

    /// What was read, once there is no block left.
    pub fn read(&self) -> InputRead {
        let file = self.window.file_read();
        InputRead {
            bytes: file.bytes,
            sha256: file.sha256(),
            records: self.next_record - 1,
            blank: self.blank,
            sheet: file.sheet,
        }
    }

    fn is_full(&self, records: usize, bytes: u64) -> bool {
        match self.size {
            BlockSize::Records(most) => records >= most.max(1),
            BlockSize::Bytes(most) => records >= self.most || bytes >= most.max(1) as u64,
        }
    }

    fn note(&mut self, block: &mut Block, start: u64, end: u64, cut: Cut) {
        let line = (self.next_line - block.first_line) as u32;
        block.spans.push(Span { start: start as u32, end: end as u32, line, extent: cut.extent });
        self.next_line += cut.lines;
        if cut.extent == Extent::Blank {
            self.blank += 1;
        } else {
            self.next_record += 1;
            self.left -= 1;
        }
    }

    /// Makes a block of a record that passed the limit: its beginning is kept, the rest of its last line only counted.
    fn take_too_large(&mut self, block: &mut Block, cut: Cut) -> io::Result<()> {
        let start = block.byte_offset;
        let mut at = cut.end;
        let line_end = loop {
            let piece_end = self.window.held_until().max(at + 1);
            match self.cutter.rest_of_too_large(&mut self.window, at, piece_end)? {
                Found::Byte(end) | Found::End(end) => break end,
                Found::Nothing => {
                    self.keep(block, start, piece_end);
                    self.window.drop_until(piece_end);
                    at = piece_end;
                }
            }
        };
        self.keep(block, start, line_end);
        let (next, lines) = self.cutter.behind_too_large(&mut self.window, line_end)?;
        self.window.drop_until(next);
        block.file_bytes = self.file_bytes();
        let kept = block.bytes.len() as u64;
        self.note(block, 0, kept, Cut { lines: cut.lines + lines, ..cut });
        Ok(())
    }

    /// Keeps what is held before `end`, up to one byte more than what a report carries of a record, which tells that there
    /// was more.
    fn keep(&self, block: &mut Block, start: u64, end: u64) {
        if self.window.offset() != start + block.bytes.len() as u64 {
            return;
        }
        let length = ((end - self.window.offset()) as usize).min(RAW_LIMIT + 1 - block.bytes.len());
        block.bytes.extend_from_slice(&self.window.held()[..length]);
    }
}
