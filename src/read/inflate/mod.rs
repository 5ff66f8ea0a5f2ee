//! Readers for compressed inputs: [`inflate`] for a stream, [`zip::open_zip`] for a file in a zip file.
//!
//! A compressed file is a claim that cannot be checked before it is read. So everything here works in small steps with
//! buffers of a fixed size, and the two [`Limits`] stop what grows without end. All kinds go through one loop,
//! `Inflater`; what differs between them is in `codec`. Three things hold for every kind because the loop does them:
//! - A file that ends too early is an error, wherever it was cut. Half a customer list must not pass for a whole one.
//! - All parts of a file are read that was put together from several (`cat a.gz b.gz`).
//! - Zero bytes between and behind the parts are padding, as tapes and block devices leave it. Anything else is an error.

mod codec;
mod directory;
#[cfg(test)]
mod tests;
pub mod zip;

use std::io::{self, Read};

use self::codec::{Bunzip, Codec, Step, Unxz, Unzstd, Zlib};
use crate::error::own_words;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952: `gzip`, `pigz`, `bgzip`.
    Gzip,
    /// RFC 8878: `zstd`, `pzstd`.
    Zstd,
    /// `bzip2`, `lbzip2`, `pbzip2`.
    Bzip2,
    /// `xz`; not the older `.lzma`, which has nothing to be known by.
    Xz,
    /// A zip file. It has to be a file that can be read from any place; see [`zip::open_zip`].
    Zip,
}

impl Compression {
    /// The name that messages and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
            Compression::Zip => "zip",
        }
    }

    /// How many bytes [`Compression::fits`] has to see for its word to count.
    fn magic_length(self) -> usize {
        match self {
            Compression::Gzip => 2,
            Compression::Zstd | Compression::Zip => 4,
            Compression::Bzip2 => 10,
            Compression::Xz => 6,
        }
    }

    /// The length of the part without data that these bytes begin with, or 0. Only bzip2 has one: its decoders allocate megabytes
    /// for each stream, so a stream without data gets none.
    fn length_of_nothing(self, start: &[u8]) -> usize {
        const END: &[u8; 10] = b"\x17\x72\x45\x38\x50\x90\0\0\0\0";
        match (self, start) {
            (Compression::Bzip2, [b'B', b'Z', b'h', b'1'..=b'9', end @ ..]) if end.starts_with(END) => 4 + END.len(),
            _ => 0,
        }
    }

    /// Whether a part of this kind may start like this, as far as these bytes go.
    fn fits(self, start: &[u8]) -> bool {
        let begins = |magic: &[u8]| start.iter().zip(magic).all(|(byte, expected)| byte == expected);
        match self {
            Compression::Gzip => begins(b"\x1f\x8b"),
            // A frame of data, or a frame to be skipped, which pzstd writes before each of its frames.
            Compression::Zstd => {
                begins(b"\x28\xb5\x2f\xfd") || (0x50..=0x5f).any(|first| begins(&[first, 0x2a, 0x4d, 0x18]))
            }
            Compression::Bzip2 => (b'1'..=b'9').any(|level| {
                begins(&[b'B', b'Z', b'h', level, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
                    || begins(&[b'B', b'Z', b'h', level, 0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
            }),
            Compression::Xz => begins(b"\xfd7zXZ\0"),
            Compression::Zip => begins(b"PK\x03\x04") || begins(b"PK\x05\x06"),
        }
    }
}

/// How a file is compressed that starts like this; `None` for anything else. Ten bytes are enough to tell.
pub fn kind_of(start: &[u8]) -> Option<Compression> {
    use Compression::{Bzip2, Gzip, Xz, Zip, Zstd};
    [Gzip, Zstd, Bzip2, Xz, Zip].into_iter().find(|kind| start.len() >= kind.magic_length() && kind.fits(start))
}

/// How far a compressed file may grow. A few kilobytes can be made to inflate without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes that may come out (`--max-inflated-bytes`).
    pub bytes: u64,
    /// The most bytes that may come out for each byte that goes in (`--max-inflated-ratio`).
    pub ratio: u64,
}

impl Default for Limits {
    /// 64 GiB, and 500 times the size. Customer files shrink to a fifth or a tenth; deflate can do no better than 1:1032.
    fn default() -> Limits {
        Limits { bytes: 64 << 30, ratio: 500 }
    }
}

/// The ratio is judged once so much has come out. Less harms nobody, and small files can shrink by more than is usual.
const RATIO_JUDGED_FROM: u64 = 64 << 20;

/// A file of more bzip2 streams than this must have streams of this mean length in bytes. Starting a decoder costs about as much
/// as reading that many, and no program that compresses in parts makes them shorter.
const MANY_PARTS: u64 = 10_000;
const SHORT_PART: u64 = 1_000;

/// How much must be held to know a part, or one without data.
const LONGEST_NOTHING: usize = 14;

/// How much is read of the compressed input at once.
const CHUNK: usize = 64 * 1024;

/// What `reader` gives, decompressed. A zip file is no stream: [`zip::open_zip`] is for that.
pub fn inflate(kind: Compression, reader: Box<dyn Read + Send>, limits: Limits) -> io::Result<Box<dyn Read + Send>> {
    inflate_judging_from(RATIO_JUDGED_FROM, kind, reader, limits)
}

/// [`inflate`] with the ratio judged once `judged_from` bytes have come out.
fn inflate_judging_from(
    judged_from: u64,
    kind: Compression,
    reader: Box<dyn Read + Send>,
    limits: Limits,
) -> io::Result<Box<dyn Read + Send>> {
    let meter = Meter::new(limits, judged_from);
    let codec: Result<Box<dyn Codec>, Fault> = match kind {
        Compression::Gzip => Ok(Box::new(Zlib::gzip())),
        Compression::Zstd => Unzstd::new().map(|codec| Box::new(codec) as Box<dyn Codec>),
        Compression::Bzip2 => Ok(Box::new(Bunzip::new())),
        Compression::Xz => Unxz::new().map(|codec| Box::new(codec) as Box<dyn Codec>),
        Compression::Zip => Err(Fault::Unfit("a zip file cannot be read as a stream; unpack it first".to_string())),
    };
    match codec {
        Ok(codec) => Ok(Box::new(Inflater::new(kind, codec, reader, meter))),
        Err(fault) => Err(fault.into_error(kind, &meter)),
    }
}

/// What is wrong with compressed data.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    /// It ends too early.
    CutOff,
    /// It does not follow its format, or does not fit its checksum.
    Damaged,
    /// Behind it stands something else.
    Behind,
    /// More comes out than [`Limits::bytes`].
    TooMuch,
    /// More comes out for what went in than [`Limits::ratio`].
    TooDense,
    /// It is sound, as far as can be told, but cannot be read here. The whole sentence.
    Unfit(String),
}

impl Fault {
    fn into_error(self, kind: Compression, meter: &Meter) -> io::Error {
        let name = kind.name();
        let Limits { bytes, ratio } = meter.limits;
        let raise = "If the file can be trusted, ask for more with that option";
        match self {
            Fault::CutOff | Fault::Damaged | Fault::Behind if kind == Compression::Zip => zip::damaged(),
            Fault::CutOff => own_words(
                io::ErrorKind::UnexpectedEof,
                format!("the {name} data is cut off: the file ends too early. Get it again, whole"),
            ),
            Fault::Damaged => invalid(format!(
                "the {name} data is damaged: it breaks the format, or does not fit its checksum. Get the file again, whole"
            )),
            Fault::Behind => invalid(format!(
                "behind the {name} data, from byte {} of the file on, stands something else. Get the file again, or \
                 decompress it first and see what it holds",
                meter.read + 1
            )),
            Fault::TooMuch => {
                invalid(format!("the {name} data inflates to more than {bytes} bytes (--max-inflated-bytes). {raise}"))
            }
            Fault::TooDense => invalid(format!(
                "the {name} data inflates to more than {ratio} times its size (--max-inflated-ratio). {raise}"
            )),
            Fault::Unfit(sentence) => own_words(io::ErrorKind::Unsupported, sentence),
        }
    }
}

fn invalid(message: String) -> io::Error {
    own_words(io::ErrorKind::InvalidData, message)
}

/// Why a read stops.
enum Stop {
    /// The compressed input cannot be read now. It may be tried again.
    Source(io::Error),
    /// What was read is no good, now and later.
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

/// Counts what goes in and what comes out, and knows how much is too much.
#[derive(Debug)]
struct Meter {
    limits: Limits,
    judged_from: u64,
    read: u64,
    written: u64,
}

impl Meter {
    fn new(limits: Limits, judged_from: u64) -> Meter {
        Meter { limits, judged_from, read: 0, written: 0 }
    }

    fn count(&mut self, step: &Step) -> Result<(), Fault> {
        self.read += step.read as u64;
        self.written += step.written as u64;
        if self.written > self.limits.bytes {
            return Err(Fault::TooMuch);
        }
        if self.written > self.judged_from && self.written > self.read.saturating_mul(self.limits.ratio) {
            return Err(Fault::TooDense);
        }
        Ok(())
    }
}

/// The compressed input, through a buffer.
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

    /// Reads some more behind what is held, which has to be little; `false` at the end of the input.
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
enum Place {
    /// In a part.
    Inside,
    /// Behind a part. Another may follow, or padding.
    Between,
    /// At the end.
    Done,
}

/// Reads one part of a compressed input after the other.
struct Inflater {
    kind: Compression,
    codec: Box<dyn Codec>,
    source: Compressed,
    meter: Meter,
    place: Place,
    /// How many parts a decoder was made for.
    parts: u64,
    fault: Option<Fault>,
}

impl Inflater {
    fn new(kind: Compression, codec: Box<dyn Codec>, reader: Box<dyn Read + Send>, meter: Meter) -> Inflater {
        Inflater { kind, codec, source: Compressed::new(reader), meter, place: Place::Inside, parts: 1, fault: None }
    }

    fn advance(&mut self, output: &mut [u8]) -> Result<usize, Stop> {
        loop {
            match self.place {
                Place::Done => return Ok(0),
                Place::Between => self.place = self.behind_part()?,
                Place::Inside => {
                    let step = self.codec.step(self.source.held(), output)?;
                    self.source.start += step.read;
                    self.meter.count(&step)?;
                    if step.ended {
                        self.place = Place::Between;
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

    /// Reads more for a codec that had nothing to go on with.
    fn feed(&mut self) -> Result<(), Stop> {
        if !self.source.held().is_empty() {
            // It had bytes and did nothing with them. No codec does; if one did, this would never end.
            return Err(Fault::Damaged.into());
        }
        if self.source.read_more()? { Ok(()) } else { Err(Fault::CutOff.into()) }
    }

    /// Skips padding and parts without data, and sees whether another part follows.
    fn behind_part(&mut self) -> Result<Place, Stop> {
        loop {
            while self.source.held().len() < LONGEST_NOTHING && self.source.read_more()? {}
            let held = self.source.held();
            let skipped = match held.iter().take_while(|byte| **byte == 0).count() {
                0 => self.kind.length_of_nothing(held),
                zeros => zeros,
            };
            self.source.start += skipped;
            self.meter.read += skipped as u64;
            if self.source.held().is_empty() && !self.source.read_more()? {
                return Ok(Place::Done);
            }
            if skipped == 0 {
                break;
            }
        }
        if !self.kind.fits(self.source.held()) {
            return Err(Fault::Behind.into());
        }
        self.parts += 1;
        let is_short = self.parts > MANY_PARTS && self.meter.read < self.parts * SHORT_PART;
        if is_short && self.kind == Compression::Bzip2 {
            let (parts, read) = (self.parts, self.meter.read);
            return Err(Fault::Unfit(format!(
                "the bzip2 data is {parts} streams and more in the first {read} bytes, which take too long one by one. Decompress \
                 it first (bzip2 -d)"
            ))
            .into());
        }
        // A part that was cut off in its first bytes is found by the codec.
        self.codec.restart()?;
        Ok(Place::Inside)
    }
}

impl Read for Inflater {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        if output.is_empty() {
            return Ok(0);
        }
        if let Some(fault) = &self.fault {
            return Err(fault.clone().into_error(self.kind, &self.meter));
        }
        self.advance(output).map_err(|stop| match stop {
            Stop::Source(error) => error,
            Stop::Fault(fault) => {
                self.fault = Some(fault.clone());
                fault.into_error(self.kind, &self.meter)
            }
        })
    }
}
