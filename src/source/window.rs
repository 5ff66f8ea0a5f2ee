//! The part of an input that is in memory: [`Window`]. Cutters look ahead in it and take from its front.
//!
//! Places are offsets from the start of the input, so that they stay true while the window moves on. Everything that is
//! taken goes through the input's SHA-256, in order, and is counted.

use std::io::{self, Read};

use memchr::memchr3;
use sha2::{Digest, Sha256};

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

/// A reader's bytes from some offset on, as far as they have been read.
pub struct Window {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// The place in `buffer` of the first byte that is still wanted.
    start: usize,
    /// That byte's offset in the input.
    offset: u64,
    ended: bool,
    hash: Sha256,
}

impl std::fmt::Debug for Window {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Window").field("offset", &self.offset).field("held", &self.held().len()).finish()
    }
}

impl Window {
    /// A window at the start of what `reader` gives.
    pub fn new(reader: Box<dyn Read + Send>) -> Window {
        Window { reader, buffer: Vec::new(), start: 0, offset: 0, ended: false, hash: Sha256::new() }
    }

    /// The offset of the first byte that was not yet taken.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The bytes from there on, as far as they have been read.
    pub fn held(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// The offset behind what is held.
    pub fn held_until(&self) -> u64 {
        self.offset + self.held().len() as u64
    }

    /// Reads some more; `false` at the end of the input.
    pub fn read_more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        // Moving what is held to the front costs no more than was taken since the last time.
        if self.start > self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let held = self.buffer.len();
        self.buffer.resize(held + CHUNK, 0);
        let read = loop {
            match self.reader.read(&mut self.buffer[held..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => break done,
            }
        };
        self.buffer.truncate(held + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
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
                let place = (from - self.offset) as usize..(end - self.offset) as usize;
                if let Some(at) = memchr3(needles[0], needles[1], needles[2], &self.held()[place]) {
                    return Ok(Found::Byte(from + at as u64));
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
        self.hash.update(&self.buffer[self.start..end]);
        self.start = end;
        self.offset = offset;
    }

    /// The SHA-256 of everything that was taken or dropped, in lower-case hex.
    pub fn sha256(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
