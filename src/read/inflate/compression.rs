//! The kinds of compression, and how a file of each begins: [`Compression`], [`kind_of`].

/// How a file is compressed.
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
    /// A zip file, which must be seekable; see [`zip::open_zip`](super::zip::open_zip).
    Zip,
}

impl Compression {
    /// The name in messages and reports.
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
