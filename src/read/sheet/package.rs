//! The parts of a spreadsheet that is a zip file: [`Package`]. A part counts only after it was read to its end, where
//! its length and CRC-32 are compared with the zip file's. Before that, one flipped bit may have changed a value.

use std::fs::File;
use std::io::{self, BufReader, Read};

use super::patience::{Lively, Patience};
use super::protocol::{Limits, Refusal, Result, short};
use crate::read::inflate::zip::Archive;

/// A larger part may not be more than `MAX_RATIO` times its compressed size. Typed text compresses to a tenth, a table
/// of one value to a hundredth.
const FREE_BYTES: u64 = 64 << 20;
const MAX_RATIO: u64 = 500;

/// The size of a read.
const CHUNK: usize = 64 * 1024;

pub(super) struct Package {
    archive: Archive,
    patience: Patience,
}

pub(super) struct Part {
    reader: Lively<Box<dyn Read + Send>>,
    name: String,
}

impl Read for Part {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.reader.read(into).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => io::Error::other(format!(
                "{} in it is damaged: its content does not fit its checksum or its length; get the whole file again",
                short(&self.name)
            )),
            _ => error,
        })
    }
}

impl Package {
    /// Reads the directory, and refuses what must not be opened.
    pub(super) fn open(file: File, limits: Limits, patience: Patience) -> Result<Package> {
        let archive = Archive::open(file).map_err(|error| Refusal::new(format!("it is damaged: {error}")))?;
        let mut inflated = 0_u64;
        for (name, member) in &archive.members {
            if member.is_encrypted {
                return Err(Refusal::protected());
            }
            inflated = inflated.saturating_add(member.length);
            if member.length > FREE_BYTES && member.length / MAX_RATIO > member.packed {
                // No real spreadsheet does that, so no option allows it.
                return Err(Refusal::new(format!(
                    "{} in it would inflate to more than {MAX_RATIO} times its size, which no --max-inflated-bytes allows; if the \
                     file is right, save the sheet as CSV UTF-8 and load that",
                    short(name)
                )));
            }
        }
        if inflated > limits.max_inflated_bytes {
            return Err(Refusal::too_large(limits.max_inflated_bytes));
        }
        Ok(Package { archive, patience })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.archive.has(name)
    }

    pub(super) fn part(&self, name: &str) -> Result<BufReader<Part>> {
        let found = self.archive.read(name).map_err(|error| Refusal::new(format!("it is damaged: {error}")))?;
        let inner = found.ok_or_else(|| Refusal::damaged(format!("{} is missing", short(name))))?;
        let part = Part { reader: Lively { inner, patience: self.patience }, name: name.to_string() };
        Ok(BufReader::with_capacity(CHUNK, part))
    }

    pub(super) fn whole(&self, name: &str) -> Result<Vec<u8>> {
        let mut whole = Vec::new();
        self.part(name)?.read_to_end(&mut whole)?;
        Ok(whole)
    }
}

/// Reads a part to its end, which checks it.
pub(super) fn drain(mut part: impl Read) -> Result<()> {
    io::copy(&mut part, &mut io::sink())?;
    Ok(())
}
