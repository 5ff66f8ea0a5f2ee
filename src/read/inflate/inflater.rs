//! Reads one part of a compressed input after the other: [`Inflater`].

use std::io::{self, Read};

use super::codec::{Codec, Step};
use super::compression::{Compression, Fault, Limits};

/// A file of more bzip2 streams than this must have streams of this mean length in bytes. Starting a decoder costs
/// about as much as reading that many, and no program that compresses in parts makes shorter ones.
pub(super) const MANY_PARTS: u64 = 10_000;
const SHORT_PART: u64 = 1_000;

/// The bytes needed to recognise a part, or one without data.
const LONGEST_NOTHING: usize = 14;

const CHUNK: usize = 64 * 1024;

struct Compressed {
    reader: Box<dyn Read + Send>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Compressed {
    fn held(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Reads more after what is held, which must be short; `false` at the end of the input.
    fn read_more(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let read = self.reader.read(&mut self.buffer[self.end..])?;
        self.end += read;
        Ok(read > 0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Inside,
    /// After a part. Another may follow, or padding.
    Between,
    Done,
}

pub(super) struct Inflater {
    kind: Compression,
    codec: Codec,
    source: Compressed,
    limits: Limits,
    read: u64,
    written: u64,
    progress: Progress,
    /// The number of parts a decoder was started for.
    pub(super) parts: u64,
    /// What is wrong with what was read; trying again does not help.
    fault: Option<Fault>,
}

impl Inflater {
    pub(super) fn new(kind: Compression, codec: Codec, reader: Box<dyn Read + Send>, limits: Limits) -> Inflater {
        let source = Compressed { reader, buffer: vec![0; CHUNK].into_boxed_slice(), start: 0, end: 0 };
        let progress = Progress::Inside;
        Inflater { kind, codec, source, limits, read: 0, written: 0, progress, parts: 1, fault: None }
    }

    fn advance(&mut self, output: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.progress {
                Progress::Done => return Ok(0),
                Progress::Between => self.progress = self.after_part()?,
                Progress::Inside => {
                    let step = self.codec.step(self.source.held(), output).map_err(|fault| self.fail(fault))?;
                    self.source.start += step.read;
                    self.count(step).map_err(|fault| self.fail(fault))?;
                    if step.ended {
                        self.progress = Progress::Between;
                    }
                    if step.written > 0 {
                        return Ok(step.written);
                    }
                    if step.read == 0 && !step.ended {
                        self.feed()?;
                    }
                }
            }
        }
    }

    /// Counts a step, and applies the limits.
    fn count(&mut self, step: Step) -> Result<(), Fault> {
        self.read += step.read as u64;
        self.written += step.written as u64;
        if self.written > self.limits.bytes {
            return Err(Fault::TooMuch);
        }
        if self.written > self.limits.ratio_from && self.written > self.read.saturating_mul(self.limits.ratio) {
            return Err(Fault::TooDense);
        }
        Ok(())
    }

    /// Keeps a fault for later reads; returns its error.
    fn fail(&mut self, fault: Fault) -> io::Error {
        self.fault = Some(fault.clone());
        fault.into_error(self.kind, self.read, self.limits)
    }

    /// Reads more for a codec that could not continue.
    fn feed(&mut self) -> io::Result<()> {
        if !self.source.held().is_empty() {
            // It had input and did nothing. No codec does that; if one did, this would loop for ever.
            return Err(self.fail(Fault::Damaged));
        }
        if self.source.read_more()? { Ok(()) } else { Err(self.fail(Fault::CutOff)) }
    }

    /// Skips padding and parts without data, and checks whether another part follows.
    fn after_part(&mut self) -> io::Result<Progress> {
        loop {
            while self.source.held().len() < LONGEST_NOTHING && self.source.read_more()? {}
            let held = self.source.held();
            let skipped = match held.iter().take_while(|byte| **byte == 0).count() {
                0 => self.kind.length_of_nothing(held),
                zeros => zeros,
            };
            self.source.start += skipped;
            self.read += skipped as u64;
            if self.source.held().is_empty() && !self.source.read_more()? {
                return Ok(Progress::Done);
            }
            if skipped == 0 {
                break;
            }
        }
        if !self.kind.fits(self.source.held()) {
            return Err(self.fail(Fault::Trailing));
        }
        self.parts += 1;
        let is_short = self.parts > MANY_PARTS && self.read < self.parts * SHORT_PART;
        if is_short && self.kind == Compression::Bzip2 {
            let (parts, read) = (self.parts, self.read);
            return Err(self.fail(Fault::Unfit(format!(
                "the bzip2 data has {parts} streams or more in its first {read} bytes, too many to read one by one. \
                 Decompress it first (bzip2 -d)"
            ))));
        }
        // If a part was cut off in its first bytes, the codec reports it.
        self.codec.restart(self.kind).map_err(|fault| self.fail(fault))?;
        Ok(Progress::Inside)
    }
}

impl Read for Inflater {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        match self.fault.clone() {
            _ if output.is_empty() => Ok(0),
            Some(fault) => Err(self.fail(fault)),
            None => self.advance(output),
        }
    }
}
