//! The part of an input that is in memory: [`Window`]. Cutters read ahead in it and take from its front.
//!
//! Positions are offsets from the start of the text, so that they stay valid while the window moves. A file that is
//! plain text is hashed here as it is taken. A file that is inflated or decoded is counted and hashed where it is read
//! ([`Metered`](super::feed::Metered)), because the hash is the file's.

use std::io::{self, Read};

use memchr::memchr;

use super::feed::{Feed, FileRead, Plain, Unchanged};
use crate::core::mask;

const CHUNK: usize = 256 * 1024;

/// What [`Window::find`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Byte(u64),
    /// None of them before the offset `until`.
    Nothing,
    /// None of them before the end of the input, which is at this offset.
    End(u64),
}

/// A text's bytes from some offset on, as far as they have been read.
pub struct Window {
    pub(super) feed: Box<dyn Feed>,
    /// What was read, and spare room after it.
    buffer: Vec<u8>,
    /// The range of it that is read and not yet taken.
    start: usize,
    end: usize,
    /// The offset in the text of its first byte.
    offset: u64,
    ended: bool,
    /// Whether to drop an end mark, and how many bytes after `end` may be one.
    drops_end_mark: bool,
    end_mark: usize,
    /// The bytes taken, if the text is the file itself or has a hash of its own.
    pub(super) taken: FileRead,
    pub(super) hashes_text: bool,
    /// Whether bytes are only counted, for text that is read a second time.
    pub(super) is_hashed_before: bool,
    marks: Marks,
    /// The file, if it must not change while it is read.
    pub(super) file: Option<Unchanged>,
}

/// The result of the last search, for one stretch of the text.
#[derive(Default)]
struct Marks {
    needles: [u8; 3],
    from: u64,
    until: u64,
    /// A bit for each byte from `from` on.
    mask: u64,
}

impl Marks {
    /// The first of the needles at or after `from`. `held` begins at `offset` and reaches to `until`.
    fn find(&mut self, needles: [u8; 3], held: &[u8], offset: u64, mut from: u64, until: u64) -> Option<u64> {
        while from < until {
            if self.needles != needles || from < self.from || from >= self.until {
                let held = &held[(from - offset) as usize..];
                let chunk = &held[..held.len().min(mask::WIDTH)];
                *self = Marks { needles, from, until: from + chunk.len() as u64, mask: mask::of_any(chunk, needles) };
            }
            let left = self.mask >> (from - self.from);
            if left != 0 {
                return Some(from + u64::from(left.trailing_zeros())).filter(|found| *found < until);
            }
            from = self.until;
        }
        None
    }
}

impl Window {
    /// A window at the start of `reader`, a file that is plain text.
    pub fn new(reader: Box<dyn Read + Send>) -> Window {
        Window::over(Box::new(Plain(reader)))
    }

    pub fn over(feed: Box<dyn Feed>) -> Window {
        Window {
            feed,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            offset: 0,
            ended: false,
            drops_end_mark: false,
            end_mark: 0,
            taken: FileRead::default(),
            hashes_text: false,
            is_hashed_before: false,
            marks: Marks::default(),
            file: None,
        }
    }

    /// A window over text that was kept, from an offset of it on.
    pub fn kept(feed: Box<dyn Feed>, offset: u64) -> Window {
        Window { offset, ..Window::over(feed) }
    }

    /// Drops the U+001A that DOS programs wrote at the very end, with a line break after it. The file's hash has it.
    pub fn drop_end_mark(&mut self) {
        self.drops_end_mark = true;
        self.exclude_end_mark();
    }

    /// Holds back what would be a mark if the text ended here.
    fn exclude_end_mark(&mut self) {
        if self.drops_end_mark {
            self.end_mark = match &self.buffer[self.start..self.end] {
                [.., 0x1a] => 1,
                [.., 0x1a, b'\n' | b'\r'] => 2,
                [.., 0x1a, b'\r', b'\n'] => 3,
                _ => 0,
            };
            self.end -= self.end_mark;
        }
    }

    /// The mark, once everything before it was taken.
    fn taken_end_mark(&self) -> &[u8] {
        let is_all_taken = self.ended && self.start == self.end;
        &self.buffer[self.end..self.end + if is_all_taken { self.end_mark } else { 0 }]
    }

    /// An error if the file has changed.
    pub fn refuse_changed(&self) -> io::Result<()> {
        // At the end this was already checked.
        self.file.as_ref().filter(|_| !self.ended).map_or(Ok(()), Unchanged::check)
    }

    /// Reads and drops the rest, as long as `keep_going` allows.
    pub fn drop_rest(&mut self, keep_going: impl Fn() -> bool) -> io::Result<()> {
        while keep_going() {
            self.drop_until(self.held_until());
            if !self.read_more()? {
                break;
            }
        }
        Ok(())
    }

    /// Whether the text is made from the file, rather than the file itself.
    pub fn is_made(&self) -> bool {
        self.feed.file_read().is_some()
    }

    /// What was read of the file for what was taken; if the text is made from it, including what was read ahead.
    pub fn file_read(&self) -> FileRead {
        self.feed.file_read().unwrap_or_else(|| {
            let mut taken = self.taken.clone();
            taken.add(self.taken_end_mark());
            taken
        })
    }

    pub fn file_bytes(&self) -> u64 {
        let taken = || self.taken.bytes + self.taken_end_mark().len() as u64;
        self.feed.file_read().map_or_else(taken, |read| read.bytes)
    }

    /// The offset of the first byte not yet taken.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The bytes from there on that have been read.
    pub fn held(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The bytes between two offsets, which must be held.
    pub fn slice(&self, start: u64, end: u64) -> &[u8] {
        &self.held()[(start - self.offset) as usize..(end - self.offset) as usize]
    }

    /// The offset after them.
    pub fn held_until(&self) -> u64 {
        self.offset + self.held().len() as u64
    }

    /// Reads until this number of bytes is held; returns whether the input has ended.
    pub fn hold(&mut self, bytes: usize) -> io::Result<bool> {
        while self.held().len() < bytes && self.read_more()? {}
        Ok(self.ended)
    }

    /// Reads more; `false` at the end of the input.
    pub fn read_more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.end += std::mem::take(&mut self.end_mark);
        // Only when more was taken than is held, so that moving costs no more than taking did.
        if self.start > self.end / 2 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.buffer.len() < self.end + CHUNK {
            self.buffer.resize(self.end + CHUNK, 0);
        }
        let read = loop {
            match self.feed.read(&mut self.buffer[self.end..self.end + CHUNK]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => break done,
            }
        };
        self.end += *read.as_ref().unwrap_or(&0);
        if read? == 0 {
            self.refuse_changed()?;
            self.ended = true;
        }
        self.exclude_end_mark();
        Ok(!self.ended)
    }

    /// The byte at this offset; `None` after the end of the input.
    pub fn byte(&mut self, offset: u64) -> io::Result<Option<u8>> {
        while offset >= self.held_until() {
            if !self.read_more()? {
                return Ok(None);
            }
        }
        Ok(Some(self.held()[(offset - self.offset) as usize]))
    }

    /// The first of three bytes at or after `from` and before `until`; reads more as needed.
    pub fn find(&mut self, needles: [u8; 3], mut from: u64, until: u64) -> io::Result<Found> {
        loop {
            let held_until = self.held_until();
            if from < held_until {
                let end = until.min(held_until);
                if from >= end {
                    return Ok(Found::Nothing);
                }
                let held = &self.buffer[self.start..self.end];
                let found = match needles {
                    // A single byte is found faster this way.
                    [one, other, third] if one == other && one == third => {
                        let held = &held[(from - self.offset) as usize..(end - self.offset) as usize];
                        memchr(one, held).map(|at| from + at as u64)
                    }
                    _ => self.marks.find(needles, held, self.offset, from, end),
                };
                if let Some(found) = found {
                    return Ok(Found::Byte(found));
                }
                from = end;
            }
            if from >= until {
                return Ok(Found::Nothing);
            }
            if !self.read_more()? {
                return Ok(Found::End(from));
            }
        }
    }

    /// Drops everything before this offset, which has been read.
    pub fn drop_until(&mut self, offset: u64) {
        let end = self.start + (offset - self.offset) as usize;
        if self.is_hashed_before {
            self.taken.bytes += (end - self.start) as u64;
        } else if self.hashes_text || !self.is_made() {
            self.taken.add(&self.buffer[self.start..end]);
        }
        self.start = end;
        self.offset = offset;
    }
}
