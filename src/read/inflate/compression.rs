//! The kinds of compression, and how a file of each begins: [`Compression`], [`kind_of`]; how far it may grow, [`Limits`];
//! and what may be wrong with it, [`Fault`].

use std::io;

use crate::error::own_words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952: `gzip`, `pigz`, `bgzip`.
    Gzip,
    /// RFC 8878: `zstd`, `pzstd`.
    Zstd,
    /// `bzip2`, `lbzip2`, `pbzip2`.
    Bzip2,
    /// `xz`; not the older `.lzma`, which has no magic number.
    Xz,
    /// A zip file, which must be seekable; see [`open_zip`](super::zip::open_zip).
    Zip,
}

impl Compression {
    pub fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
            Compression::Zip => "zip",
        }
    }

    /// The bytes that [`Compression::fits`] needs for its answer to be reliable.
    pub(super) fn magic_length(self) -> usize {
        match self {
            Compression::Gzip => 2,
            Compression::Zstd | Compression::Zip => 4,
            Compression::Bzip2 => 10,
            Compression::Xz => 6,
        }
    }

    /// The length of the part without data that these bytes begin with, or 0. Only bzip2 has such parts skipped: its
    /// decoders allocate megabytes per stream.
    pub(super) fn length_of_nothing(self, start: &[u8]) -> usize {
        const END: &[u8; 10] = b"\x17\x72\x45\x38\x50\x90\0\0\0\0";
        match (self, start) {
            (Compression::Bzip2, [b'B', b'Z', b'h', b'1'..=b'9', end @ ..]) if end.starts_with(END) => 4 + END.len(),
            _ => 0,
        }
    }

    /// Whether a part of this kind may start like this, as far as these bytes go.
    pub(super) fn fits(self, start: &[u8]) -> bool {
        let begins = |magic: &[u8]| start.iter().zip(magic).all(|(byte, expected)| byte == expected);
        match self {
            Compression::Gzip => begins(b"\x1f\x8b"),
            // A frame of data, or a skippable frame, which pzstd writes before each of its frames.
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

/// The compression of a file that starts like this, if any. Ten bytes are enough.
pub fn kind_of(start: &[u8]) -> Option<Compression> {
    use Compression::{Bzip2, Gzip, Xz, Zip, Zstd};
    [Gzip, Zstd, Bzip2, Xz, Zip].into_iter().find(|kind| start.len() >= kind.magic_length() && kind.fits(start))
}

/// How far a compressed file may grow. A few kilobytes can be made to inflate without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The maximum number of bytes that it may inflate to (`--max-inflated-bytes`).
    pub bytes: u64,
    /// The maximum number of bytes that each of its bytes may inflate to (`--max-inflated-ratio`).
    pub ratio: u64,
    /// The ratio is checked once this number of bytes has come out. Small files may compress unusually well.
    pub ratio_from: u64,
}

impl Default for Limits {
    /// 64 GiB, and 500 times the size. Customer files compress to a fifth or a tenth; deflate reaches 1:1032 at most.
    fn default() -> Limits {
        Limits { bytes: 64 << 30, ratio: 500, ratio_from: 64 << 20 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    CutOff,
    /// It breaks its format, or does not fit its checksum.
    Damaged,
    Trailing,
    /// It inflates to more than [`Limits::bytes`].
    TooMuch,
    /// It inflates by more than [`Limits::ratio`].
    TooDense,
    /// It seems valid, but cannot be read here. The whole message.
    Unfit(String),
}

impl Fault {
    /// The error for data of this kind, found after this many bytes of it, under these limits.
    pub(super) fn into_error(self, kind: Compression, read: u64, limits: Limits) -> io::Error {
        let (name, Limits { bytes, ratio, .. }) = (kind.name(), limits);
        let raise = "If you trust the file, raise that limit";
        match self {
            Fault::CutOff | Fault::Damaged | Fault::Trailing if kind == Compression::Zip => damaged(),
            Fault::CutOff => own_words(
                io::ErrorKind::UnexpectedEof,
                format!("the {name} data is cut off: the file ends too early. Get the whole file again"),
            ),
            Fault::Damaged => refused(format!(
                "the {name} data is damaged: it breaks the format, or does not fit its checksum. Get the whole file again"
            )),
            Fault::Trailing => refused(format!(
                "the {name} data ends early: other data begins at byte {} of the file. Get the file again, or \
                 decompress it first and check the result",
                read + 1
            )),
            Fault::TooMuch => {
                refused(format!("the {name} data inflates to more than {bytes} bytes (--max-inflated-bytes). {raise}"))
            }
            Fault::TooDense => refused(format!(
                "the {name} data inflates to more than {ratio} times its size (--max-inflated-ratio). {raise}"
            )),
            Fault::Unfit(sentence) => own_words(io::ErrorKind::Unsupported, sentence),
        }
    }
}

pub(super) fn refused(message: impl Into<String>) -> io::Error {
    own_words(io::ErrorKind::InvalidData, message)
}

/// The error of a zip file whose parts contradict each other. Which one is right is unknown.
pub(super) fn damaged() -> io::Error {
    refused(
        "the zip file is damaged: its content does not fit its directory or its checksums. Get the whole file again",
    )
}
