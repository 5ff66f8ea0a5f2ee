//! The directory of a zip file, which stands at its end: [`Directory`].
//!
//! It is read here and not by the `zip` crate. That reads a directory into memory as a whole before its user can have a
//! say, and finds it by rules of its own, so a limit that was checked before may have been checked on another one. What is
//! needed are two tables of fixed layout. Nothing that they say is believed further than it can be checked, and no more is
//! held of them than one entry at a time.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};

use super::zip::{damaged, refused};

/// The most members of a zip file. It is opened for one of them.
const MOST_MEMBERS: u64 = 10_000;

const END: [u8; 4] = *b"PK\x05\x06";
const END_LENGTH: usize = 22;
const END64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR64: [u8; 4] = *b"PK\x06\x07";
const LOCATOR64_LENGTH: u64 = 20;
const ENTRY: [u8; 4] = *b"PK\x01\x02";
const HEADER: [u8; 4] = *b"PK\x03\x04";

/// How a 16-bit and a 32-bit number say that the true one stands elsewhere.
const ELSEWHERE16: u64 = 0xffff;
const ELSEWHERE32: u64 = 0xffff_ffff;

/// Bit 0 is encryption, 6 a stronger one, 13 that of the directory.
const ENCRYPTED: u64 = 1 | 1 << 6 | 1 << 13;
/// The method that AES goes by.
const AES: u16 = 99;

/// Where the directory of a zip file is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Directory {
    start: u64,
    length: u64,
    count: u64,
}

/// What the directory says of one member.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its name; never used as a path.
    pub(super) name: String,
    pub(super) is_encrypted: bool,
    pub(super) method: u16,
    pub(super) crc: u32,
    /// Its length in the zip file.
    pub(super) packed: u64,
    /// Its length.
    pub(super) length: u64,
    /// Where its header is.
    header: u64,
}

impl Entry {
    /// Whether the header before a member's data says the same. Its checksum and lengths may be left to what stands after the
    /// data, or be zero.
    fn agrees(&self, header: &[u8; 30], name: &[u8]) -> bool {
        const BEHIND: u64 = 1 << 3;
        let flags = number::<2>(header, 6);
        let same = |at: usize, value: u64| {
            let held = number::<4>(header, at);
            flags & BEHIND != 0 || [0, ELSEWHERE32, value].contains(&held)
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
            refused("the zip file is cut off: it does not end with its directory. Get it again, whole")
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

    /// What the larger record says, which a zip file has that is too large for the other; and where that record is.
    fn find64(file: &File, end_offset: u64) -> io::Result<Option<(Directory, u64)>> {
        let Some(place) = end_offset.checked_sub(LOCATOR64_LENGTH) else { return Ok(None) };
        let mut locator = [0; LOCATOR64_LENGTH as usize];
        read_at(file, place, &mut locator)?;
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

    /// The directory if it can be what it says; `limit` is the offset up to which it has room.
    fn checked(self, limit: u64) -> io::Result<Directory> {
        if self.count > MOST_MEMBERS {
            return Err(refused(&format!(
                "the zip file holds {} files; more than {MOST_MEMBERS} are not looked at. Unpack it and name the file \
                 wanted",
                self.count
            )));
        }
        match self.start.checked_add(self.length) {
            Some(end) if end <= limit => Ok(self),
            _ => Err(damaged()),
        }
    }

    /// Its entries, one after the other.
    pub(super) fn entries<'f>(&self, file: &'f File) -> io::Result<Entries<'f>> {
        let mut reader = BufReader::new(file);
        reader.seek(SeekFrom::Start(self.start))?;
        Ok(Entries { reader: reader.take(self.length), left: self.count })
    }

    /// The offset at which a member's data starts, once that is known to lie before the directory as a whole. The header there
    /// must say what the directory says: where the two differ, programs differ in what they read.
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

/// Reads the entries of a directory.
pub(super) struct Entries<'f> {
    reader: Take<BufReader<&'f File>>,
    left: u64,
}

impl Entries<'_> {
    /// The next entry; `None` behind the last.
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        if self.left == 0 {
            // What is left over was not counted.
            return if self.reader.limit() == 0 { Ok(None) } else { Err(damaged()) };
        }
        self.left -= 1;
        let mut fixed = [0; 46];
        self.fill(&mut fixed)?;
        if !fixed.starts_with(&ENTRY) {
            return Err(damaged());
        }
        let mut name = vec![0; number::<2>(&fixed, 28) as usize];
        self.fill(&mut name)?;
        let mut extra = vec![0; number::<2>(&fixed, 30) as usize];
        self.fill(&mut extra)?;
        let comment = number::<2>(&fixed, 32);
        if io::copy(&mut self.reader.by_ref().take(comment), &mut io::sink())? != comment {
            return Err(damaged());
        }
        Ok(Some(entry(&fixed, &name, &extra)?))
    }

    fn fill(&mut self, into: &mut [u8]) -> io::Result<()> {
        self.reader.read_exact(into).map_err(damaged_by)
    }
}

fn entry(fixed: &[u8; 46], name: &[u8], extra: &[u8]) -> io::Result<Entry> {
    let mut wide = wide_numbers(extra);
    let mut wide_or = |narrow: u64| match narrow {
        ELSEWHERE32 => wide.next().ok_or_else(damaged),
        known => Ok(known),
    };
    // In this order: the wide numbers stand in it, those alone that are wanted.
    let length = wide_or(number::<4>(fixed, 24))?;
    let packed = wide_or(number::<4>(fixed, 20))?;
    let header = wide_or(number::<4>(fixed, 42))?;
    let method = number::<2>(fixed, 10) as u16;
    Ok(Entry {
        name: String::from_utf8_lossy(name).into_owned(),
        is_encrypted: number::<2>(fixed, 8) & ENCRYPTED != 0 || method == AES,
        method,
        crc: number::<4>(fixed, 16) as u32,
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

/// The little-endian number of `N` bytes, at most 8, at this place.
fn number<const N: usize>(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + N].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Fills `into` from this offset on. A file that ends before is not what its directory says.
pub(super) fn read_at(mut file: &File, offset: u64, into: &mut [u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset)).map_err(damaged_by)?;
    file.read_exact(into).map_err(damaged_by)
}

/// An offset that no file can have, or behind the file's end, is the directory's fault; the rest is the system's.
fn damaged_by(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput => damaged(),
        _ => error,
    }
}

fn refuse_volume() -> io::Error {
    refused("the zip file is one of several that belong together. Join and unpack them, and name the file wanted")
}
