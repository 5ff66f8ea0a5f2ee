//! Excel before 2007: `.xls`. [`send`] reads it with the library `calamine`, all sheets at once, so the memory limit is
//! the limit. The format has no checksums, so damage is only found where it breaks the format.
//!
//! It is in a compound file (MS-CFB), which [`kind_of_cfb`] reads just far enough to know what is in it. A name says
//! nothing: an `.xls` from a web application may be anything.

use std::io::{self, Read, Seek, SeekFrom};

use calamine::{Dimensions, Reader, SheetType, SheetVisible, Xls};

use super::protocol::{Kind, Refusal, Result};
use super::rows::{Merges, Rows};
use super::workbook::{Tab, announce, choose};

/// Writes the [`SheetInfo`](super::SheetInfo), and then the rows of a sheet.
pub(super) fn send(mut file: impl Read + Seek, sheet: Option<&str>, rows: &mut Rows<'_>) -> Result<()> {
    match kind_of_cfb(&mut file)? {
        Some(CfbKind::Xls) => (),
        Some(CfbKind::Protected) => return Err(Refusal::protected()),
        Some(CfbKind::Other) => {
            return Err(Refusal::new("it is an Office file from before 2007, but not a spreadsheet; check what it is"));
        }
        None => return Err(Refusal::new("it is not a spreadsheet; check what it is")),
    }
    file.rewind()?;
    let mut workbook = Xls::new(file)?;
    let tabs = workbook.sheets_metadata().iter().map(|sheet| Tab {
        name: sheet.name.clone(),
        is_visible: sheet.visible == SheetVisible::Visible,
        is_table: sheet.typ == SheetType::WorkSheet,
    });
    let tabs: Vec<Tab> = tabs.collect();
    let n = choose(&tabs, sheet)?;
    let name = &tabs[n].name;
    let mut merges = Merges::default();
    for Dimensions { start, end, .. } in workbook.merge_cells_by_sheet_name(name)? {
        merges.add(start, end)?;
    }
    let cells = workbook.worksheet_range(name)?;
    drop(workbook);
    announce(rows, &tabs, n, Kind::Xls, &merges)?;
    rows.begin(false, merges);
    let Some((first_row, first_column)) = cells.start() else { return Ok(()) };
    for (row, column, value) in cells.used_cells() {
        rows.put((first_row + row as u32, first_column + column as u32), value)?;
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CfbKind {
    Xls,
    /// Something with a password: a newer spreadsheet, of which only the wrapper is readable, or an `.xls`.
    Protected,
    /// Anything else: a document, a message.
    Other,
}

/// What is in a compound file; `None` if it is not one.
pub fn kind_of_cfb(file: &mut (impl Read + Seek)) -> io::Result<Option<CfbKind>> {
    let Some(cfb) = Cfb::open(file)? else { return Ok(None) };
    let mut kind = CfbKind::Other;
    let mut sector = cfb.directory;
    let mut bytes = vec![0; cfb.sector_bytes as usize];
    for _ in 0..MAX_DIRECTORY_SECTORS {
        if sector > LAST_SECTOR || !cfb.read(file, sector, &mut bytes)? {
            break;
        }
        for entry in bytes.chunks_exact(128) {
            match name_of(entry).to_ascii_lowercase().as_str() {
                "encryptedpackage" => return Ok(Some(CfbKind::Protected)),
                "workbook" | "book" if has_file_pass(&cfb, file, entry)? => return Ok(Some(CfbKind::Protected)),
                "workbook" | "book" => kind = CfbKind::Xls,
                _ => (),
            }
        }
        sector = cfb.next_sector(file, sector)?;
    }
    Ok(Some(kind))
}

/// Greater sector numbers mean something else: the end of a chain, a free sector.
const LAST_SECTOR: u32 = 0xffff_fffa;

/// The most sectors of a directory that are read: some thousand names. It also ends chains that loop.
const MAX_DIRECTORY_SECTORS: usize = 1000;

struct Cfb {
    header: [u8; 512],
    sector_bytes: u64,
    directory: u32,
}

impl Cfb {
    fn open(file: &mut (impl Read + Seek)) -> io::Result<Option<Cfb>> {
        let mut header = [0; 512];
        file.seek(SeekFrom::Start(0))?;
        if !fill(file, &mut header)? || !header.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
            return Ok(None);
        }
        let sector_bytes = if header[30] == 12 { 4096 } else { 512 };
        Ok(Some(Cfb { header, sector_bytes, directory: number(&header, 48) }))
    }

    /// Reads a sector, or its beginning if `bytes` is shorter; `false` if it is not in the file.
    fn read(&self, file: &mut (impl Read + Seek), sector: u32, bytes: &mut [u8]) -> io::Result<bool> {
        file.seek(SeekFrom::Start((u64::from(sector) + 1) * self.sector_bytes))?;
        fill(file, bytes)
    }

    /// The number of the sector after another.
    fn next_sector(&self, file: &mut (impl Read + Seek), sector: u32) -> io::Result<u32> {
        let in_sector = (self.sector_bytes / 4) as u32;
        // The table itself is in sectors. The header lists the first 109 of them, and a chain of lists the others.
        let mut index = sector / in_sector;
        let mut list = self.header[76..].to_vec();
        let mut next = number(&self.header, 68);
        let mut capacity = 109;
        while index >= capacity {
            list = vec![0; self.sector_bytes as usize];
            if next > LAST_SECTOR || !self.read(file, next, &mut list)? {
                return Ok(u32::MAX);
            }
            index -= capacity;
            capacity = in_sector - 1;
            next = number(&list, capacity as usize * 4);
        }
        let mut table = vec![0; self.sector_bytes as usize];
        let found = self.read(file, number(&list, index as usize * 4), &mut table)?;
        Ok(if found { number(&table, (sector % in_sector) as usize * 4) } else { u32::MAX })
    }
}

/// Whether a workbook's stream starts with the record that describes its encryption.
fn has_file_pass(cfb: &Cfb, file: &mut (impl Read + Seek), entry: &[u8]) -> io::Result<bool> {
    const FILE_PASS: u32 = 0x2f;
    // Only the start of the file (BOF) and a write protection may come before it.
    const BEFORE: [u32; 2] = [0x809, 0x86];
    let mut bytes = [0; 512];
    if !cfb.read(file, number(entry, 116), &mut bytes)? {
        return Ok(false);
    }
    let mut at = 0;
    while at + 4 <= bytes.len() {
        let (kind, length) = (number(&bytes, at) & 0xffff, number(&bytes, at) >> 16);
        if !BEFORE.contains(&kind) {
            return Ok(kind == FILE_PASS);
        }
        at += 4 + length as usize;
    }
    Ok(false)
}

/// The name of a directory entry, its ASCII part.
fn name_of(entry: &[u8]) -> String {
    let units = entry[..64].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    units.take_while(|unit| *unit != 0).filter_map(|unit| u8::try_from(unit).ok()).map(char::from).collect()
}

/// The 32-bit number at an offset; zero if there is none.
fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().map_or(0, u32::from_le_bytes)
}

/// Fills `bytes` as far as the file goes, and the rest with zeros; `false` at the file's end.
fn fill(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    bytes.fill(0);
    let length = bytes.len() as u64;
    Ok(io::copy(&mut file.take(length), &mut &mut *bytes)? > 0)
}
