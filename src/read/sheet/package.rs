//! The parts of a spreadsheet that is a zip file: [`Package`]. A part is believed when it was read to its end, where its length
//! and its CRC-32 are compared with what the zip file says. Before that, one flipped bit may have made another customer of it.

use std::fs::File;
use std::io::{self, BufReader, Read};

use super::serve::{Lively, Patience, Refusal};
use super::{Kind, Limits};
use crate::read::inflate::zip::{Archive, MemberInfo};

/// A file in a zip file that is larger than this may not be more than `MAX_RATIO` times what it is packed. Text that
/// people typed packs to a tenth, a table of one value to a hundredth.
const FREE_BYTES: u64 = 64 << 20;
const MAX_RATIO: u64 = 500;

/// How much of a part is read at once.
const CHUNK: usize = 64 * 1024;

/// The zip file of a spreadsheet.
pub(super) struct Package {
    archive: Archive,
    patience: Patience,
}

/// A part that is being read.
pub(super) struct Part {
    reader: Box<dyn Read>,
    name: String,
}

impl Read for Part {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.reader.read(into).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => io::Error::other(format!(
                "{} in it is damaged: what it holds does not fit its checksum or its length; get the file again, whole, from \
                 where it came from",
                short(&self.name)
            )),
            _ => error,
        })
    }
}

impl Package {
    /// Reads the directory, and refuses what must not be opened.
    pub(super) fn open(file: File, limits: Limits, patience: Patience) -> Result<Package, Refusal> {
        let archive = Archive::open(file).map_err(|error| Refusal::new(format!("it is damaged: {error}")))?;
        let mut inflated = 0_u64;
        for (name, MemberInfo { is_encrypted, packed, length }) in archive.members() {
            if is_encrypted {
                return Err(Refusal::protected());
            }
            inflated = inflated.saturating_add(length);
            if length > FREE_BYTES && length / MAX_RATIO > packed {
                return Err(packed_too_well(name));
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

    /// A part, if there is one of that name.
    pub(super) fn find(&self, name: &str) -> Result<Option<Part>, Refusal> {
        let found = self.archive.read(name).map_err(|error| Refusal::new(format!("it is damaged: {error}")))?;
        Ok(found.map(|reader| Part { reader: Box::new(Lively::new(reader, self.patience)), name: name.to_string() }))
    }

    /// A part that there must be.
    pub(super) fn part(&self, name: &str) -> Result<BufReader<Part>, Refusal> {
        let part = self.find(name)?.ok_or_else(|| Refusal::damaged(format!("{} is missing", short(name))))?;
        Ok(BufReader::with_capacity(CHUNK, part))
    }

    /// A small part, whole.
    pub(super) fn whole(&self, name: &str) -> Result<Vec<u8>, Refusal> {
        let mut whole = Vec::new();
        self.part(name)?.read_to_end(&mut whole)?;
        Ok(whole)
    }
}

/// Reads a part to its end, and so checks it.
pub(super) fn drain(mut part: impl Read) -> Result<(), Refusal> {
    io::copy(&mut part, &mut io::sink())?;
    Ok(())
}

/// Tells what kind of spreadsheet is in a zip file; with the part that lists its sheets, where that has no fixed name.
pub(super) fn kind_of_package(package: &Package) -> Result<(Kind, String), Refusal> {
    if package.has("mimetype") {
        return Ok((Kind::Ods, String::new()));
    }
    if !package.has("_rels/.rels") {
        for (kind, workbook) in [(Kind::Xlsx, "xl/workbook.xml"), (Kind::Xlsb, "xl/workbook.bin")] {
            if package.has(workbook) {
                return Ok((kind, workbook.to_string()));
            }
        }
        let is_office = package.has("[Content_Types].xml");
        return Err(match is_office {
            true => Refusal::damaged("_rels/.rels is missing"),
            false => Refusal::new("it is a zip file, but not a spreadsheet; unpack it"),
        });
    }
    let relations = super::relations::of(package, "")?;
    let workbook = relations.into_iter().find(|relation| relation.is("officeDocument"));
    let Some(workbook) = workbook else { return Err(Refusal::damaged("it does not say where its workbook is")) };
    let kind = if workbook.target.to_ascii_lowercase().ends_with(".bin") { Kind::Xlsb } else { Kind::Xlsx };
    Ok((kind, workbook.target))
}

fn packed_too_well(member: &str) -> Refusal {
    // No spreadsheet is like that, so that there is nothing to allow.
    Refusal::new(format!(
        "{} in it would come to more than {MAX_RATIO} times its size, which no --max-inflated-bytes allows; if it is right, \
         save the sheet as CSV UTF-8 and load that",
        short(member)
    ))
}

/// A name that a message can hold.
fn short(name: &str) -> String {
    name.chars().take(64).collect()
}
