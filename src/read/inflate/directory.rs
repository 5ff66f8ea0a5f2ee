//! The directory of a zip file, at its end: [`Directory`].
//!
//! It is read here, not by the `zip` crate, because an input is opened in the run's own process. The crate reads a
//! directory into memory as a whole before a limit can apply, and it finds the directory by its own rules, so a limit
//! checked before may have been checked on another one. Only two tables of fixed layout are needed. Everything they say
//! is checked as far as possible, and one entry at a time is in memory.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::compression::{damaged, refused};

/// The most members of a zip file, which is opened for one of them.
const MOST_MEMBERS: u64 = 10_000;

const END: [u8; 4] = *b"PK\x05\x06";
const END_LENGTH: usize = 22;
const END64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR64: [u8; 4] = *b"PK\x06\x07";
const LOCATOR64_LENGTH: u64 = 20;
const ENTRY: [u8; 4] = *b"PK\x01\x02";
const HEADER: [u8; 4] = *b"PK\x03\x04";

/// Values of a 16-bit and a 32-bit number that mean: see the 64-bit number.
const ELSEWHERE16: u64 = 0xffff;
const ELSEWHERE32: u64 = 0xffff_ffff;

/// Bit 0 is encryption, 6 strong encryption, 13 an encrypted directory.
const ENCRYPTED: u64 = 1 | 1 << 6 | 1 << 13;
/// The method that marks AES.
const AES: u16 = 99;

#[derive(Clone, Copy, Debug)]
pub(super) struct Directory {
    start: u64,
    length: u64,
    count: u64,
}

#[derive(Clone, Debug)]
pub struct Entry {
    /// Never used as a path.
    pub(super) name: String,
    pub is_encrypted: bool,
    pub(super) method: u16,
    pub(super) crc: u32,
    /// Its compressed length.
    pub packed: u64,
    pub length: u64,
    header: u64,
}

impl Entry {
    /// Whether the header before a member's data agrees. Its checksum and lengths may be zero, or follow the data.
    fn agrees(&self, header: &[u8; 30], name: &[u8]) -> bool {
        const IN_DESCRIPTOR: u64 = 1 << 3;
        let flags = number::<2>(header, 6);
        let same = |at: usize, value: u64| {
            let held = number::<4>(header, at);
            flags & IN_DESCRIPTOR != 0 || [0, ELSEWHERE32, value].contains(&held)
        };
        number::<2>(header, 8) == u64::from(self.method)
            && (flags & ENCRYPTED != 0) <= self.is_encrypted
            && String::from_utf8_lossy(name) == self.name
            && same(14, u64::from(self.crc))
            && same(18, self.packed)
            && same(22, self.length)
    }
}

impl Directory {
    /// Finds the directory by the record at the very end of the file.
    pub(super) fn find(file: &File) -> io::Result<Directory> {
        let file_length = file.metadata()?.len();
        let tail_length = file_length.min((END_LENGTH + usize::from(u16::MAX)) as u64);
        let mut tail = vec![0; tail_length as usize];
        read_at(file, file_length - tail_length, &mut tail)?;
        // The record ends with a comment of up to 64 KiB, and the file with the comment.
        let is_end = |at: &usize| {
            tail[*at..].starts_with(&END) && at + END_LENGTH + number::<2>(&tail, at + 20) as usize == tail.len()
        };
        let last = tail.len().checked_sub(END_LENGTH);
        let at = last.and_then(|last| (0..=last).rev().find(is_end)).ok_or_else(|| {
            refused("the zip file does not end with its directory: it is cut off, or other bytes follow. Get the whole file again")
        })?;
        let end = &tail[at..];
        let end_offset = file_length - end.len() as u64;

        let [disk, first_disk, here, count] = [4, 6, 8, 10].map(|at| number::<2>(end, at));
        let (length, start) = (number::<4>(end, 12), number::<4>(end, 16));
        let is_elsewhere =
            [disk, first_disk, here, count].contains(&ELSEWHERE16) || [length, start].contains(&ELSEWHERE32);
        if is_elsewhere && let Some((directory, end64_offset)) = Directory::find64(file, end_offset)? {
            return directory.checked(end64_offset);
        }
        if (disk, first_disk) != (0, 0) || here != count {
            return Err(refuse_volume());
        }
        Directory { start, length, count }.checked(end_offset)
    }

    /// The directory by the zip64 record, if there is one, and the offset of that record.
    fn find64(file: &File, end_offset: u64) -> io::Result<Option<(Directory, u64)>> {
        let Some(locator_offset) = end_offset.checked_sub(LOCATOR64_LENGTH) else { return Ok(None) };
        let mut locator = [0; LOCATOR64_LENGTH as usize];
        read_at(file, locator_offset, &mut locator)?;
        if !locator.starts_with(&LOCATOR64) {
            return Ok(None);
        }
        let offset = number::<8>(&locator, 8);
        let mut end = [0; 56];
        read_at(file, offset, &mut end)?;
        if !end.starts_with(&END64) || offset > end_offset {
            return Err(damaged());
        }
        let [here, count, length, start] = [24, 32, 40, 48].map(|at| number::<8>(&end, at));
        if (number::<4>(&end, 16), number::<4>(&end, 20)) != (0, 0) || here != count {
            return Err(refuse_volume());
        }
        Ok(Some((Directory { start, length, count }, offset)))
    }

    /// The directory, if it is possible; it must end before `limit`.
    fn checked(self, limit: u64) -> io::Result<Directory> {
        if self.count > MOST_MEMBERS {
            return Err(refused(format!(
                "the zip file has {} files; the limit is {MOST_MEMBERS}. Unpack it and name the file wanted",
                self.count
            )));
        }
        match self.start.checked_add(self.length) {
            Some(end) if end <= limit => Ok(self),
            _ => Err(damaged()),
        }
    }

    /// Passes on its entries, one after another.
    pub(super) fn each_entry(&self, file: &File, mut each: impl FnMut(Entry) -> io::Result<()>) -> io::Result<()> {
        let mut reader = BufReader::new(file);
        reader.seek(SeekFrom::Start(self.start))?;
        let mut reader = reader.take(self.length);
        for _ in 0..self.count {
            each(entry(&mut reader).map_err(damaged_by)?)?;
        }
        // If bytes are left over, the count is wrong.
        if reader.limit() == 0 { Ok(()) } else { Err(damaged()) }
    }

    /// The offset of a member's data, which must lie before the directory as a whole. The header there must agree with
    /// the directory: where the two differ, programs differ in what they read.
    pub(super) fn data_of(&self, entry: &Entry, file: &File) -> io::Result<u64> {
        let mut header = [0; 30];
        read_at(file, entry.header, &mut header)?;
        let mut name = vec![0; number::<2>(&header, 26) as usize];
        read_at(file, entry.header.saturating_add(30), &mut name)?;
        if !header.starts_with(&HEADER) || !entry.agrees(&header, &name) {
            return Err(damaged());
        }
        let names = name.len() as u64 + number::<2>(&header, 28);
        let start = entry.header.checked_add(30 + names).ok_or_else(damaged)?;
        match start.checked_add(entry.packed) {
            Some(end) if end <= self.start => Ok(start),
            _ => Err(damaged()),
        }
    }
}

/// Reads the next entry of a directory.
fn entry(reader: &mut impl Read) -> io::Result<Entry> {
    let mut fixed = [0; 46];
    reader.read_exact(&mut fixed)?;
    if !fixed.starts_with(&ENTRY) {
        return Err(damaged());
    }
    let [name_length, extra_length, comment] = [28, 30, 32].map(|at| number::<2>(&fixed, at));
    let (mut name, mut extra) = (vec![0; name_length as usize], vec![0; extra_length as usize]);
    reader.read_exact(&mut name)?;
    reader.read_exact(&mut extra)?;
    if io::copy(&mut reader.take(comment), &mut io::sink())? != comment {
        return Err(damaged());
    }
    let mut wide = wide_numbers(&extra);
    let mut wide_or = |narrow: u64| match narrow {
        ELSEWHERE32 => wide.next().ok_or_else(damaged),
        known => Ok(known),
    };
    // The order matters: only the 64-bit numbers that are needed are present, in this order.
    let length = wide_or(number::<4>(&fixed, 24))?;
    let packed = wide_or(number::<4>(&fixed, 20))?;
    let header = wide_or(number::<4>(&fixed, 42))?;
    let method = number::<2>(&fixed, 10) as u16;
    Ok(Entry {
        name: String::from_utf8_lossy(&name).into_owned(),
        is_encrypted: number::<2>(&fixed, 8) & ENCRYPTED != 0 || method == AES,
        method,
        crc: number::<4>(&fixed, 16) as u32,
        packed,
        length,
        header,
    })
}

/// The 64-bit numbers in an entry's extra field 1.
fn wide_numbers(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut field: &[u8] = &[];
    while extra.len() >= 4 {
        let (id, length) = (number::<2>(extra, 0), number::<2>(extra, 2) as usize);
        let Some(value) = extra.get(4..4 + length) else { break };
        if id == 1 {
            field = value;
            break;
        }
        extra = &extra[4 + length..];
    }
    field.chunks_exact(8).map(|bytes| number::<8>(bytes, 0))
}

/// The little-endian number of `N` bytes, at most 8, at this offset.
fn number<const N: usize>(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + N].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Fills `into` from this offset on. A file that ends earlier contradicts its directory.
fn read_at(mut file: &File, offset: u64, into: &mut [u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset)).map_err(damaged_by)?;
    file.read_exact(into).map_err(damaged_by)
}

/// An impossible offset, or one past the file's end, is an error of the directory; others are the system's.
fn damaged_by(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput => damaged(),
        _ => error,
    }
}

fn refuse_volume() -> io::Error {
    refused("the zip file is one part of several. Join and unpack them, and name the file wanted")
}
