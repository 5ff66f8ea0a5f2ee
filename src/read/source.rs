//! From an input to blocks of whole records: [`Source`].
//!
//! One thread cuts. It finds where records end, numbers them and counts lines, and leaves the rest to the workers.

use std::io;

use super::cut::{Cut, Cutter};
use super::feed::Feed;
use super::sheet::SheetEnd;
use super::window::{Found, Window};
use crate::core::record::{Block, Extent, RAW_LIMIT, Span, TextBefore};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockSize {
    Records(usize),
    /// Up to the first record end at or after this number of bytes.
    Bytes(usize),
}

impl Default for BlockSize {
    /// 256 KiB: about a millisecond of work. Sizes from 32 KiB to 1 MiB were as fast.
    fn default() -> BlockSize {
        BlockSize::Bytes(256 * 1024)
    }
}

pub struct Source {
    window: Window,
    cutter: Box<dyn Cutter>,
    size: BlockSize,
    /// The most records of a block: each may have a report many times as long as itself.
    pub(super) most: usize,
    left: u64,
    next_record: u64,
    next_line: u64,
    /// Blank lines, with those that were read before.
    pub(super) blank: u64,
    /// The record after which a block ends, with the [`TextBefore`] that point.
    stop: Option<u64>,
    /// The bytes of the file counted in blocks so far.
    file_read: u64,
}

/// What was read of an input, after its last block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputRead {
    /// Bytes of the file, including the header.
    pub bytes: u64,
    /// Their SHA-256, in lower-case hex.
    pub sha256: String,
    pub records: u64,
    pub blank: u64,
    pub sheet: Option<SheetEnd>,
}

impl Source {
    /// Cuts the rest of `window`, which starts on the physical line `line`, and stops after `limit` records.
    pub fn new(window: Window, cutter: Box<dyn Cutter>, size: BlockSize, line: u64, limit: Option<u64>) -> Source {
        let left = limit.unwrap_or(u64::MAX);
        let (most, next_record, next_line) = (usize::MAX, 1, line);
        Source { window, cutter, size, most, left, next_record, next_line, blank: 0, stop: None, file_read: 0 }
    }

    /// Ends a block after this record, counted from 1, with the text before that point.
    pub fn stop_after(&mut self, record: u64) {
        self.stop = Some(record);
    }

    pub fn records(&self) -> u64 {
        self.next_record - 1
    }

    pub fn next_block(&mut self) -> io::Result<Option<Block>> {
        let mut block = Block {
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
                // It gets its own block, because it may be longer than a block can be.
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
        block.bytes = self.window.slice(start, at).to_vec();
        self.window.drop_until(at);
        block.file_bytes = self.file_bytes();
        self.note_stop(&mut block);
        Ok(Some(block))
    }

    fn is_at_stop(&self) -> bool {
        self.stop.is_some_and(|stop| self.next_record > stop)
    }

    /// Sets the text before the block's end, if it ends at a stop.
    fn note_stop(&mut self, block: &mut Block) {
        if self.is_at_stop() {
            self.stop = None;
            block.stop = Some(TextBefore {
                line: self.next_line,
                byte_offset: self.window.offset(),
                sha256: self.window.taken.sha256(),
            });
        }
    }

    /// The bytes of the file read since the last call.
    fn file_bytes(&mut self) -> u64 {
        let read = self.window.file_bytes();
        read - std::mem::replace(&mut self.file_read, read)
    }

    /// Replaces the feed of what has not been read yet.
    pub fn fed_by(mut self, other: impl FnOnce(Box<dyn Feed>) -> Box<dyn Feed>) -> Source {
        self.window.feed = other(self.window.feed);
        self
    }

    /// Whether the text is made from the file (inflated or decoded), rather than the file itself.
    pub fn is_made(&self) -> bool {
        self.window.is_made()
    }

    /// Reads what `limit` left over: for the file's SHA-256 if `can_repeat`, and to compare a checksum at the end.
    pub fn drop_rest(&mut self, can_repeat: bool, keep_going: impl Fn() -> bool) -> io::Result<()> {
        if can_repeat || self.window.feed.has_checksum() { self.window.drop_rest(keep_going) } else { Ok(()) }
    }

    pub fn read(&self) -> InputRead {
        let file = self.window.file_read();
        InputRead {
            bytes: file.bytes,
            sha256: file.sha256(),
            records: self.records(),
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

    /// Fills a block with a record that is too large: its beginning is kept, the rest only counted.
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
        let (next, lines) = self.cutter.after_too_large(&mut self.window, line_end)?;
        self.window.drop_until(next);
        block.file_bytes = self.file_bytes();
        let kept = block.bytes.len() as u64;
        self.note(block, 0, kept, Cut { lines: cut.lines + lines, ..cut });
        Ok(())
    }

    /// Keeps the bytes before `end`, up to one more than a report carries, which shows that there were more.
    fn keep(&self, block: &mut Block, start: u64, end: u64) {
        if self.window.offset() != start + block.bytes.len() as u64 {
            return;
        }
        let length = ((end - self.window.offset()) as usize).min(RAW_LIMIT + 1 - block.bytes.len());
        block.bytes.extend_from_slice(&self.window.held()[..length]);
    }
}
