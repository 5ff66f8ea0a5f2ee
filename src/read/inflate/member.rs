//! One file in a zip file: [`Member`], whose length and checksum are compared with the directory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use flate2::Crc;

use super::codec::{Codec, Stored, Zlib};
use super::compression::Compression;
use super::directory::{Directory, Entry};
use super::fault::{damaged, refused};
use super::inflater::{Growth, Inflater};
use crate::core::text::visible;

/// Reads a member. At its end, its length and CRC-32 must be what the zip file says.
pub(super) struct Member {
    inflater: Inflater,
    crc: u32,
    seen: Crc,
    /// The bytes still expected; `None` if there were too many.
    left: Option<u64>,
}

impl Member {
    pub(super) fn open(directory: &Directory, entry: &Entry, file: File, growth: Growth) -> io::Result<Member> {
        let name = shown(&entry.name);
        if entry.is_encrypted {
            return Err(refused(&format!(
                "{name} in the zip file is encrypted. Unpack it with its password and name the file wanted"
            )));
        }
        let codec: Box<dyn Codec> = match entry.method {
            0 if entry.packed == entry.length => Box::new(Stored::new(entry.packed)),
            0 => return Err(damaged()),
            8 => Box::new(Zlib::raw()),
            other => {
                return Err(refused(&format!(
                    "{name} in the zip file is compressed with {}, which is not supported. Unpack it and name the file wanted",
                    method_name(other)
                )));
            }
        };
        let start = directory.data_of(entry, &file)?;
        let packed = Box::new(Piece { file, at: start, end: start + entry.packed });
        let inflater = Inflater::new(Compression::Zip, codec, packed, growth);
        Ok(Member { inflater, crc: entry.crc, seen: Crc::new(), left: Some(entry.length) })
    }
}

impl Read for Member {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        if output.is_empty() {
            return Ok(0);
        }
        let written = self.inflater.read(output)?;
        self.seen.update(&output[..written]);
        self.left = self.left.and_then(|left| left.checked_sub(written as u64));
        match self.left {
            None => Err(damaged()),
            Some(left) if written == 0 && (left > 0 || self.seen.sum() != self.crc) => Err(damaged()),
            Some(_) => Ok(written),
        }
    }
}

/// A piece of a file, which may also be read elsewhere meanwhile.
struct Piece {
    file: File,
    at: u64,
    end: u64,
}

impl Read for Piece {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(output.len());
        self.file.seek(SeekFrom::Start(self.at))?;
        let read = self.file.read(&mut output[..most])?;
        self.at += read as u64;
        Ok(read)
    }
}

/// The longest name in a message, in characters.
const SHOWN: usize = 100;

/// A name for a message: shortened, and without control characters.
pub(super) fn shown(name: &str) -> String {
    match name.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", visible(&name[..cut])),
        None => visible(name).into_owned(),
    }
}

fn method_name(method: u16) -> String {
    let name = match method {
        1 => "Shrink",
        6 => "Implode",
        9 => "Deflate64",
        12 => "bzip2",
        14 => "LZMA",
        93 => "zstd",
        95 => "xz",
        98 => "PPMd",
        other => return format!("method {other}"),
    };
    name.to_string()
}
