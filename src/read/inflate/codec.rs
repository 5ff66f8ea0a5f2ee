//! What differs between the kinds of compression: [`Codec`], one step at a time.

use bzip2::Decompress as Bunzip;
use flate2::{Decompress, FlushDecompress};
use liblzma::stream::{Action, Error as XzError, Status as XzStatus, Stream, TELL_UNSUPPORTED_CHECK};
use zstd::zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, ResetDirective};

use super::compression::{Compression, Fault};

/// The most memory that xz data may require. `xz -9` needs 65 MiB; only deliberate settings need this much.
const XZ_MEMORY: u64 = 512 << 20;

/// The largest window of zstd data, as a power of two: 128 MiB, the default limit of `zstd -d`, which `zstd --ultra
/// -22` and `zstd --long` stay within. A larger one needs a flag on both sides (`--long=31`) and up to 2 GiB of memory,
/// and twenty bytes are enough to claim it.
const ZSTD_WINDOW_LOG: u32 = 27;

#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) read: usize,
    pub(super) written: usize,
    /// Whether the part ended, with a checksum that fits.
    pub(super) ended: bool,
}

/// Decompresses one part of an input: a gzip member, a zstd frame, a bzip2 or xz stream, a file in a zip file.
pub(super) enum Codec {
    Gzip(Decompress),
    /// Deflate as in zip files: a single part, without a checksum.
    Deflate(Decompress),
    Zstd(DCtx<'static>),
    Bzip2(Bunzip),
    Xz(Stream),
    /// Data that a zip file has without compression, of which this many bytes are left.
    Stored(u64),
}

impl Codec {
    pub(super) fn of(kind: Compression) -> Result<Codec, Fault> {
        Ok(match kind {
            Compression::Gzip => Codec::Gzip(Decompress::new_gzip(15)),
            Compression::Zstd => {
                let mut context = DCtx::try_create().ok_or_else(out_of_memory)?;
                context.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG)).map_err(zstd_fault)?;
                Codec::Zstd(context)
            }
            Compression::Bzip2 => Codec::Bzip2(Bunzip::new(false)),
            Compression::Xz => {
                Codec::Xz(Stream::new_stream_decoder(XZ_MEMORY, TELL_UNSUPPORTED_CHECK).map_err(xz_fault)?)
            }
            Compression::Zip => {
                return Err(Fault::Unfit("a zip file cannot be read as a stream; unpack it first".to_string()));
            }
        })
    }

    /// Continues with `input`. Every step reads or writes something, as long as there is input and room. Without input
    /// it writes what it has buffered.
    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Fault> {
        // Most count what they have read and written since they began.
        let since = |before: (u64, u64), after: (u64, u64), ended| Step {
            read: (after.0 - before.0) as usize,
            written: (after.1 - before.1) as usize,
            ended,
        };
        Ok(match self {
            Codec::Gzip(state) | Codec::Deflate(state) => {
                let before = (state.total_in(), state.total_out());
                let status = state.decompress(input, output, FlushDecompress::None).map_err(|_| Fault::Damaged)?;
                since(before, (state.total_in(), state.total_out()), status == flate2::Status::StreamEnd)
            }
            Codec::Zstd(context) => {
                let (mut from, mut into) = (InBuffer::around(input), OutBuffer::around(output));
                let left = context.decompress_stream(&mut into, &mut from).map_err(zstd_fault)?;
                Step { read: from.pos(), written: into.pos(), ended: left == 0 }
            }
            Codec::Bzip2(state) => {
                let before = (state.total_in(), state.total_out());
                let status = state.decompress(input, output).map_err(|_| Fault::Damaged)?;
                if matches!(status, bzip2::Status::MemNeeded) {
                    return Err(out_of_memory());
                }
                since(before, (state.total_in(), state.total_out()), matches!(status, bzip2::Status::StreamEnd))
            }
            Codec::Xz(state) => {
                let before = (state.total_in(), state.total_out());
                let status = state.process(input, output, Action::Run).map_err(xz_fault)?;
                since(before, (state.total_in(), state.total_out()), matches!(status, XzStatus::StreamEnd))
            }
            Codec::Stored(left) => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX);
                let length = most.min(input.len()).min(output.len());
                output[..length].copy_from_slice(&input[..length]);
                *left -= length as u64;
                Step { read: length, written: length, ended: *left == 0 }
            }
        })
    }

    pub(super) fn restart(&mut self, kind: Compression) -> Result<(), Fault> {
        match self {
            Codec::Deflate(_) | Codec::Stored(_) => return Err(Fault::Trailing),
            Codec::Zstd(context) => _ = context.reset(ResetDirective::SessionOnly).map_err(zstd_fault)?,
            Codec::Gzip(_) | Codec::Bzip2(_) | Codec::Xz(_) => *self = Codec::of(kind)?,
        }
        Ok(())
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
