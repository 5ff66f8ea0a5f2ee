//! What differs between the kinds of compression: [`Codec`], one step at a time.

use bzip2::Decompress as BzDecompress;
use flate2::{Decompress, FlushDecompress};
use liblzma::stream::{Action, Error as XzError, Status as XzStatus, Stream, TELL_UNSUPPORTED_CHECK};
use zstd::zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, ResetDirective};

use super::fault::Fault;

/// The most memory that xz data may require. `xz -9` needs 65 MiB; only deliberate settings need this much.
const XZ_MEMORY: u64 = 512 << 20;

/// The largest window of zstd data, as a power of two: 128 MiB, the default limit of `zstd -d`, which `zstd --ultra
/// -22` and `zstd --long` stay within. A larger one needs a flag on both sides (`--long=31`) and up to 2 GiB of memory,
/// and twenty bytes are enough to claim it.
const ZSTD_WINDOW_LOG: u32 = 27;

/// The result of a step.
#[derive(Debug)]
pub(super) struct Step {
    /// The number of bytes read.
    pub(super) read: usize,
    /// The number of bytes written.
    pub(super) written: usize,
    /// Whether the part ended, with a checksum that fits.
    pub(super) ended: bool,
}

/// Decompresses one part of an input: a gzip member, a zstd frame, a bzip2 or xz stream.
///
/// Every step reads or writes something, as long as there is input and room. Without input it writes what it has
/// buffered.
pub(super) trait Codec: Send {
    /// Continues with `input`.
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Fault>;

    /// Prepares for another part.
    fn restart(&mut self) -> Result<(), Fault>;
}

/// Deflate, in gzip or raw.
pub(super) struct Zlib {
    state: Decompress,
    is_gzip: bool,
}

impl Zlib {
    /// gzip members, with their checksums and lengths.
    pub(super) fn gzip() -> Zlib {
        Zlib { state: Decompress::new_gzip(15), is_gzip: true }
    }

    /// Deflate as in zip files: a single part, without a checksum.
    pub(super) fn raw() -> Zlib {
        Zlib { state: Decompress::new(false), is_gzip: false }
    }
}

impl Codec for Zlib {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Fault> {
        let (read, written) = (self.state.total_in(), self.state.total_out());
        let status = self.state.decompress(input, output, FlushDecompress::None).map_err(|_| Fault::Damaged)?;
        Ok(Step {
            read: (self.state.total_in() - read) as usize,
            written: (self.state.total_out() - written) as usize,
            ended: status == flate2::Status::StreamEnd,
        })
    }

    fn restart(&mut self) -> Result<(), Fault> {
        if !self.is_gzip {
            return Err(Fault::Trailing);
        }
        *self = Zlib::gzip();
        Ok(())
    }
}

/// Zstd.
pub(super) struct Unzstd(DCtx<'static>);

impl Unzstd {
    pub(super) fn new() -> Result<Unzstd, Fault> {
        let mut context = DCtx::try_create().ok_or_else(out_of_memory)?;
        context.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG)).map_err(zstd_fault)?;
        Ok(Unzstd(context))
    }
}

impl Codec for Unzstd {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Fault> {
        let mut from = InBuffer::around(input);
        let mut into = OutBuffer::around(output);
        let left = self.0.decompress_stream(&mut into, &mut from).map_err(zstd_fault)?;
        Ok(Step { read: from.pos(), written: into.pos(), ended: left == 0 })
    }

    fn restart(&mut self) -> Result<(), Fault> {
        self.0.reset(ResetDirective::SessionOnly).map(drop).map_err(zstd_fault)
    }
}

/// Zstd returns the negated number of an error (`zstd_errors.h`).
fn zstd_fault(code: usize) -> Fault {
    match code.wrapping_neg() {
        16 => Fault::Unfit(
            "the zstd data needs a window of more than 128 MiB. Decompress it first (zstd -d --long=31)".to_string(),
        ),
        32 => Fault::Unfit(
            "the zstd data was compressed with a dictionary. Decompress it first (zstd -d -D DICTIONARY)".to_string(),
        ),
        64 => out_of_memory(),
        _ => Fault::Damaged,
    }
}

/// Bzip2.
pub(super) struct Bunzip(BzDecompress);

impl Bunzip {
    pub(super) fn new() -> Bunzip {
        Bunzip(BzDecompress::new(false))
    }
}

impl Codec for Bunzip {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Fault> {
        let (read, written) = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress(input, output).map_err(|_| Fault::Damaged)?;
        if matches!(status, bzip2::Status::MemNeeded) {
            return Err(out_of_memory());
        }
        Ok(Step {
            read: (self.0.total_in() - read) as usize,
            written: (self.0.total_out() - written) as usize,
            ended: matches!(status, bzip2::Status::StreamEnd),
        })
    }

    fn restart(&mut self) -> Result<(), Fault> {
        *self = Bunzip::new();
        Ok(())
    }
}

/// Xz.
pub(super) struct Unxz(Stream);

impl Unxz {
    pub(super) fn new() -> Result<Unxz, Fault> {
        Stream::new_stream_decoder(XZ_MEMORY, TELL_UNSUPPORTED_CHECK).map(Unxz).map_err(xz_fault)
    }
}

impl Codec for Unxz {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Fault> {
        let (read, written) = (self.0.total_in(), self.0.total_out());
        let status = self.0.process(input, output, Action::Run).map_err(xz_fault)?;
        Ok(Step {
            read: (self.0.total_in() - read) as usize,
            written: (self.0.total_out() - written) as usize,
            ended: matches!(status, XzStatus::StreamEnd),
        })
    }

    fn restart(&mut self) -> Result<(), Fault> {
        *self = Unxz::new()?;
        Ok(())
    }
}

fn xz_fault(error: XzError) -> Fault {
    match error {
        XzError::MemLimit => {
            Fault::Unfit("the xz data needs more than 512 MiB of memory. Decompress it first (xz -d)".to_string())
        }
        XzError::Mem => out_of_memory(),
        XzError::Options | XzError::UnsupportedCheck => Fault::Unfit(
            "the xz data uses a filter or checksum that is not supported. Decompress it first (xz -d)".to_string(),
        ),
        _ => Fault::Damaged,
    }
}

fn out_of_memory() -> Fault {
    Fault::Unfit("there is not enough memory to decompress it. Decompress it first, or free some memory".to_string())
}

/// Data stored in a zip file without compression.
pub(super) struct Stored {
    left: u64,
}

impl Stored {
    pub(super) fn new(length: u64) -> Stored {
        Stored { left: length }
    }
}

impl Codec for Stored {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Fault> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let length = most.min(input.len()).min(output.len());
        output[..length].copy_from_slice(&input[..length]);
        self.left -= length as u64;
        Ok(Step { read: length, written: length, ended: self.left == 0 })
    }

    fn restart(&mut self) -> Result<(), Fault> {
        Err(Fault::Trailing)
    }
}
