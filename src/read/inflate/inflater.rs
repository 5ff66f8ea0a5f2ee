//! Reads one part of a compressed input after the other: [`Inflater`].

use std::io::{self, Read};

use super::codec::{Codec, Step};
use super::compression::Compression;
use super::fault::Fault;
use super::limits::Limits;

/// A file of more bzip2 streams than this must have streams of this mean length in bytes. Starting a decoder costs
/// about as much as reading that many, and no program that compresses in parts makes shorter ones.
pub(super) const MANY_PARTS: u64 = 10_000;
const SHORT_PART: u64 = 1_000;

/// The bytes needed to recognise a part, or one without data.
const LONGEST_NOTHING: usize = 14;

/// The size of a read of the compressed input.
const CHUNK: usize = 64 * 1024;

/// Counts the bytes read and written, and applies the limits.
#[derive(Debug)]
pub(super) struct Growth {
    limits: Limits,
    read: u64,
    written: u64,
}

impl Growth {
    pub(super) fn new(limits: Limits) -> Growth {
        Growth { limits, read: 0, written: 0 }
    }

    pub(super) fn count(&mut self, step: &Step) -> Result<(), Fault> {
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
}

/// Why a read stops.
enum Stop {
    /// The compressed input cannot be read now. It may be tried again.
    Source(io::Error),
    /// What was read is damaged; trying again does not help.
    Fault(Fault),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Source(error)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

/// The compressed input, buffered.
struct Compressed {
    reader: Box<dyn Read + Send>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Compressed {
    fn new(reader: Box<dyn Read + Send>) -> Compressed {
        Compressed { reader, buffer: vec![0; CHUNK].into_boxed_slice(), start: 0, end: 0 }
    }

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

/// Where an [`Inflater`] is in its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// In a part.
    Inside,
    /// After a part. Another may follow, or padding.
    Between,
    /// At the end.
    Done,
}

/// Reads one part of a compressed input after the other.
pub(super) struct Inflater {
    kind: Compression,
    codec: Box<dyn Codec>,
    source: Compressed,
    growth: Growth,
    progress: Progress,
    /// The number of parts a decoder was started for.
    pub(super) parts: u64,
    fault: Option<Fault>,
}

impl Inflater {
    pub(super) fn new(
        kind: Compression,
        codec: Box<dyn Codec>,
        reader: Box<dyn Read + Send>,
        growth: Growth,
    ) -> Inflater {
        Inflater {
            kind,
            codec,
            source: Compressed::new(reader),
            growth,
            progress: Progress::Inside,
            parts: 1,
            fault: None,
        }
    }

    fn advance(&mut self, output: &mut [u8]) -> Result<usize, Stop> {
        loop {
            match self.progress {
                Progress::Done => return Ok(0),
                Progress::Between => self.progress = self.after_part()?,
                Progress::Inside => {
                    let step = self.codec.step(self.source.held(), output)?;
                    self.source.start += step.read;
                    self.growth.count(&step)?;
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

    /// Reads more for a codec that could not continue.
    fn feed(&mut self) -> Result<(), Stop> {
        if !self.source.held().is_empty() {
            // It had input and did nothing. No codec does that; if one did, this would loop for ever.
            return Err(Fault::Damaged.into());
        }
        if self.source.read_more()? { Ok(()) } else { Err(Fault::CutOff.into()) }
    }

    /// Skips padding and parts without data, and checks whether another part follows.
    fn after_part(&mut self) -> Result<Progress, Stop> {
        loop {
            while self.source.held().len() < LONGEST_NOTHING && self.source.read_more()? {}
            let held = self.source.held();
            let skipped = match held.iter().take_while(|byte| **byte == 0).count() {
                0 => self.kind.length_of_nothing(held),
                zeros => zeros,
            };
            self.source.start += skipped;
            self.growth.read += skipped as u64;
            if self.source.held().is_empty() && !self.source.read_more()? {
                return Ok(Progress::Done);
            }
            if skipped == 0 {
                break;
            }
        }
        if !self.kind.fits(self.source.held()) {
            return Err(Fault::Trailing.into());
        }
        self.parts += 1;
        let is_short = self.parts > MANY_PARTS && self.growth.read < self.parts * SHORT_PART;
        if is_short && self.kind == Compression::Bzip2 {
            let (parts, read) = (self.parts, self.growth.read);
            return Err(Fault::Unfit(format!(
                "the bzip2 data has {parts} streams or more in its first {read} bytes, which take too long one by one. Decompress it \
                 first (bzip2 -d)"
            ))
            .into());
        }
        // If a part was cut off in its first bytes, the codec reports it.
        self.codec.restart()?;
        Ok(Progress::Inside)
    }
}

impl Read for Inflater {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        if output.is_empty() {
            return Ok(0);
        }
        if let Some(fault) = &self.fault {
            return Err(fault.clone().into_error(self.kind, self.growth.read, self.growth.limits));
        }
        self.advance(output).map_err(|stop| match stop {
            Stop::Source(error) => error,
            Stop::Fault(fault) => {
                self.fault = Some(fault.clone());
                fault.into_error(self.kind, self.growth.read, self.growth.limits)
            }
        })
    }
}
