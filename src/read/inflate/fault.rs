//! What is wrong with compressed data: [`Fault`], and its messages.

use std::io;

use super::compression::Compression;
use super::limits::Limits;
use crate::error::own_words;

/// What is wrong with compressed data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It ends too early.
    CutOff,
    /// It breaks its format, or does not fit its checksum.
    Damaged,
    /// Something else follows it.
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
        let name = kind.name();
        let Limits { bytes, ratio, .. } = limits;
        let raise = "If you trust the file, raise that limit";
        match self {
            Fault::CutOff | Fault::Damaged | Fault::Trailing if kind == Compression::Zip => damaged(),
            Fault::CutOff => own_words(
                io::ErrorKind::UnexpectedEof,
                format!("the {name} data is cut off: the file ends too early. Get the whole file again"),
            ),
            Fault::Damaged => invalid(format!(
                "the {name} data is damaged: it breaks the format, or does not fit its checksum. Get the whole file again"
            )),
            Fault::Trailing => invalid(format!(
                "the {name} data ends before byte {} of the file, and something else follows. Get the file again, or decompress \
                 it first and check what it has",
                read + 1
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

pub(super) fn invalid(message: String) -> io::Error {
    own_words(io::ErrorKind::InvalidData, message)
}

/// The error of a zip file that is not read.
pub(super) fn refused(message: &str) -> io::Error {
    invalid(message.to_string())
}

/// The error of a zip file whose parts contradict each other. Which one is right is unknown.
pub(super) fn damaged() -> io::Error {
    refused(
        "the zip file is damaged: its content does not fit its directory or its checksums. Get the whole file again",
    )
}
