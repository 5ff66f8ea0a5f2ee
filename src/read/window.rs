//! The part of an input that is in memory: [`Window`]. Cutters look ahead in it and take from its front.
//!
//! Places are offsets from the start of the text, so that they stay true while the window moves on. A file that is read as
//! it stands goes through its SHA-256 here, in order, as it is taken; what is inflated or decoded first is counted and
//! hashed where it is read ([`Metered`]), for the hash is that of the file.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memchr;
use sha2::{Digest, Sha256};

use super::sheet::SheetEnd;
use super::unchanged::Unchanged;
use crate::core::mask;

/// How much is read at once.
const CHUNK: usize = 256 * 1024;

/// What [`Window::find`] came upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// One of the bytes, at this offset.
    Byte(u64),
    /// None of them before the offset up to which was asked.
    Nothing,
    /// None of them before the end of the input, which is at this offset.
    End(u64),
}

/// How much of a file was read, and what was read.
#[derive(Clone, Debug, Default)]
pub struct FileRead {
    /// In bytes.
    pub bytes: u64,
    hash: Sha256,
    /// What is known of its sheet, where it is a spreadsheet whose rows were read to their end.
    pub sheet: Option<SheetEnd>,
}

impl FileRead {
    /// Notes the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    /// The SHA-256 of what was read, in lower-case hex.
    pub fn sha256(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Where a window's bytes come from.
pub trait Feed: Send {
    /// Reads some more, as [`Read`] does.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize>;

    /// How much of the file was read for what was given so far; `None` where that is the file itself.
    fn file_read(&self) -> Option<FileRead>;

    /// Whether what is given is only known to be right at its end, where a checksum is.
    fn has_checksum(&self) -> bool {
        false
    }
}

/// A file as it stands.
pub struct Plain(pub Box<dyn Read + Send>);

impl Feed for Plain {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }

    fn file_read(&self) -> Option<FileRead> {
        None
    }
}

/// What is made of a file: inflated, or in another encoding.
pub struct Made {
    /// What is made of it.
    pub reader: Box<dyn Read + Send>,
    /// What is read of it.
    pub meter: Meter,
    /// Whether there is a checksum at its end: it is inflated.
    pub has_checksum: bool,
}

impl Feed for Made {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // As much as there is room for, so that what was read of the file does not depend on how it comes.
        let mut read = 0;
        while read < into.len() {
            match self.reader.read(&mut into[read..]) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    fn file_read(&self) -> Option<FileRead> {
        Some(self.meter.read())
    }

    fn has_checksum(&self) -> bool {
        self.has_checksum
    }
}

/// Counts and hashes what is read of a file.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<FileRead>>);

impl Meter {
    /// A meter of a file that was read already.
    pub fn of(read: FileRead) -> Meter {
        Meter(Arc::new(Mutex::new(read)))
    }

    /// What was read so far.
    pub fn read(&self) -> FileRead {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes the next bytes.
    pub fn add(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(bytes);
    }
}

/// A reader whose bytes go through a [`Meter`].
#[derive(Debug)]
pub struct Metered<R> {
    reader: R,
    meter: Meter,
}

impl<R> Metered<R> {
    /// `reader`, with what is read of it noted in `meter`.
    pub fn new(reader: R, meter: Meter) -> Metered<R> {
        Metered { reader, meter }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.meter.add(&into[..read]);
        Ok(read)
    }
}

/// A text's bytes from some offset on, as far as they have been read.
pub struct Window {
    feed: Box<dyn Feed>,
    /// What was read, and room behind it.
    buffer: Vec<u8>,
    /// The place in `buffer` of the first byte that is still wanted, and the one behind the last that was read.
    start: usize,
    end: usize,
    /// That byte's offset in the text.
    offset: u64,
    ended: bool,
    /// Whether a mark at the end of the text is no part of it, and how many bytes after `end` may be one.
    drops_end_mark: bool,
    end_mark: usize,
    /// What was taken: of a file that is read as it stands, or where the text's own hash is wanted.
    taken: FileRead,
    hashes_text: bool,
    marks: Marks,
    /// The file, which must stay as it is.
    file: Option<Unchanged>,
}

/// Where some bytes are that were looked for last, in a stretch of the text.
#[derive(Debug, Default)]
struct Marks {
    needles: [u8; 3],
    from: u64,
    until: u64,
    /// A bit for each byte from `from` on.
    mask: u64,
}

impl Marks {
    /// The first of the needles at or behind `from` and before `until`, all of which `held` has; it begins at `offset`.
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

impl std::fmt::Debug for Window {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Window").field("offset", &self.offset).field("held", &self.held().len()).finish()
    }
}

impl Window {
    /// A window at the start of what `reader` gives, which is a file as it stands.
    pub fn new(reader: Box<dyn Read + Send>) -> Window {
        Window::over(Box::new(Plain(reader)))
    }

    /// A window at the start of what `feed` gives.
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
            marks: Marks::default(),
            file: None,
        }
    }

    /// The same window of a text that ends before the U+001A at its very end, which CP/M and DOS programs wrote there, and before the
    /// line break after that. To the file it belongs.
    pub fn without_end_mark(self) -> Window {
        let mut window = Window { drops_end_mark: true, ..self };
        window.hold_end_mark();
        window
    }

    /// Holds back what is a mark if the text ends with it.
    fn hold_end_mark(&mut self) {
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

    /// The mark, where everything before it was taken.
    fn taken_end_mark(&self) -> &[u8] {
        let is_all_taken = self.ended && self.start == self.end;
        &self.buffer[self.end..self.end + if is_all_taken { self.end_mark } else { 0 }]
    }

    /// The same window, keeping the SHA-256 of the text that is taken.
    pub fn hashing_text(self) -> Window {
        Window { hashes_text: true, ..self }
    }

    /// What was taken of the text, where its SHA-256 is kept or the text is the file.
    pub fn text_read(&self) -> &FileRead {
        &self.taken
    }

    /// The same window, of a file that must stay as it is while it is read.
    pub fn watching(self, file: Option<Unchanged>) -> Window {
        Window { file, ..self }
    }

    /// The file that must stay as it is, for another window of it.
    pub fn watched(&mut self) -> Option<Unchanged> {
        self.file.take()
    }

    /// An error where the file has changed while it was read.
    pub fn refuse_changed(&self) -> io::Result<()> {
        // What was read to its end was looked at then.
        self.file.as_ref().filter(|_| !self.ended).map_or(Ok(()), Unchanged::check)
    }

    /// Drops all that is left, reading it first, while it is to `go_on`.
    pub fn drop_rest(&mut self, go_on: impl Fn() -> bool) -> io::Result<()> {
        while go_on() {
            self.drop_until(self.held_until());
            if !self.read_more()? {
                break;
            }
        }
        Ok(())
    }

    /// Whether only the input's end says that all before it was right: its checksum is there.
    pub fn has_checksum(&self) -> bool {
        self.feed.has_checksum()
    }

    /// The same window, with another feed for what has not been read yet.
    pub fn fed_by(self, other: impl FnOnce(Box<dyn Feed>) -> Box<dyn Feed>) -> Window {
        Window { feed: other(self.feed), ..self }
    }

    /// Whether the text is not the file itself, but made of it.
    pub fn is_made(&self) -> bool {
        self.feed.file_read().is_some()
    }

    /// What was read of the file for what was taken or dropped; where the text is made of it, for what was read ahead too.
    pub fn file_read(&self) -> FileRead {
        self.feed.file_read().unwrap_or_else(|| {
            let mut taken = self.taken.clone();
            taken.add(self.taken_end_mark());
            taken
        })
    }

    /// How many bytes of the file that is.
    pub fn file_bytes(&self) -> u64 {
        let taken = || self.taken.bytes + self.taken_end_mark().len() as u64;
        self.feed.file_read().map_or_else(taken, |read| read.bytes)
    }

    /// The offset of the first byte that was not yet taken.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The bytes from there on, as far as they have been read.
    pub fn held(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The offset behind what is held.
    pub fn held_until(&self) -> u64 {
        self.offset + self.held().len() as u64
    }

    /// Reads on until so many bytes are held, or the input ends; whether it has ended.
    pub fn hold(&mut self, bytes: usize) -> io::Result<bool> {
        while self.held().len() < bytes && self.read_more()? {}
        Ok(self.ended)
    }

    /// Reads some more; `false` at the end of the input.
    pub fn read_more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.end += std::mem::take(&mut self.end_mark);
        // Moving what is held to the front costs no more than was taken since the last time.
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
        self.hold_end_mark();
        Ok(!self.ended)
    }

    /// The byte at this offset; `None` behind the end of the input.
    pub fn byte(&mut self, offset: u64) -> io::Result<Option<u8>> {
        while offset >= self.held_until() {
            if !self.read_more()? {
                return Ok(None);
            }
        }
        Ok(Some(self.held()[(offset - self.offset) as usize]))
    }

    /// The first of three bytes at or behind `from` and before `until`, reading on as far as need be.
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
                    // One byte alone is found sooner so.
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

    /// Takes everything before this offset, which has been read.
    pub fn take_until(&mut self, offset: u64) -> Vec<u8> {
        let length = (offset - self.offset) as usize;
        let taken = self.held()[..length].to_vec();
        self.drop_until(offset);
        taken
    }

    /// Lets go of everything before this offset, which has been read.
    pub fn drop_until(&mut self, offset: u64) {
        let end = self.start + (offset - self.offset) as usize;
        if self.hashes_text || !self.is_made() {
            self.taken.add(&self.buffer[self.start..end]);
        }
        self.start = end;
        self.offset = offset;
    }
}
