//! The cells of an `.xlsb` that `calamine` 0.38 leaves out without a word: [`LeftOut`].
//!
//! These are formulas that came to an error (BrtFmlaError) and texts with formats of their own (BrtCellRString). A customer
//! whose balance is `#N/A` must not be loaded as one without a balance. The numbers of records are those of MS-XLSB 2.3.

use std::io::{self, BufReader, Read, Seek};

use calamine::{CellErrorType, DataRef};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use zip::ZipArchive;
use zip::read::ZipFile;

use super::serve::Refusal;

const ROW: u32 = 0x00;
const FORMULA_ERROR: u32 = 0x0b;
/// Cells that say no column (BrtShortRk to BrtShortIsst). The format has them, but nothing is known to write them.
const FIRST_SHORT: u32 = 0x0d;
const LAST_SHORT: u32 = 0x12;
const RICH_TEXT: u32 = 0x3e;
const END_OF_SHEETS: u32 = 0x90;
const END_OF_ROWS: u32 = 0x92;
const SHEET: u32 = 0x9c;

/// Longer records than this are none that are looked for: a text has 32,767 characters, and at the most as many formats.
const MAX_RECORD: u32 = 1 << 20;

/// A cell: its row and column, from zero, and its value.
pub(super) type Placed = ((u32, u32), DataRef<'static>);

/// The cells of a sheet that the library leaves out, in order.
pub(super) struct LeftOut<'z, R: Read> {
    records: Records<ZipFile<'z, R>>,
    row: u32,
}

impl<'z, R: Read + Seek> LeftOut<'z, R> {
    /// Those of the n-th sheet, from zero, of the workbook in a zip file.
    pub(super) fn open(zip: &'z mut ZipArchive<R>, n: usize) -> Result<LeftOut<'z, R>, Refusal> {
        let relation = relation_of_sheet(member(zip, "xl/workbook.bin")?, n)?;
        let target = target_of(member(zip, "xl/_rels/workbook.bin.rels")?, &relation)?;
        Ok(LeftOut { records: Records::new(member(zip, &format!("xl/{target}"))?), row: 0 })
    }

    pub(super) fn next_cell(&mut self) -> Result<Option<Placed>, Refusal> {
        loop {
            let (kind, record) = self.records.next()?;
            let place = (self.row, number(record, 0));
            match kind {
                ROW => self.row = number(record, 0),
                END_OF_ROWS => return Ok(None),
                FORMULA_ERROR => return Ok(Some((place, DataRef::Error(error_of(record)?)))),
                // The text stands behind a byte of flags.
                RICH_TEXT => return Ok(Some((place, DataRef::String(text_at(record, 9))))),
                FIRST_SHORT..=LAST_SHORT => {
                    return Err(Refusal::new("it has cells of a kind that cannot be read; save it as .xlsx"));
                }
                _ => (),
            }
        }
    }
}

/// The file of a name, in whatever case, in a zip file.
fn member<'z, R: Read + Seek>(zip: &'z mut ZipArchive<R>, name: &str) -> Result<ZipFile<'z, R>, Refusal> {
    let place = zip.file_names_raw().position(|held| held.eq_ignore_ascii_case(name.as_bytes()));
    match place {
        Some(place) => Ok(zip.by_index(place)?),
        None => Err(Refusal::damaged(format!("{name} is missing"))),
    }
}

/// The relation by which a workbook names the file of its n-th sheet.
fn relation_of_sheet(workbook: impl Read, n: usize) -> Result<String, Refusal> {
    let mut records = Records::new(workbook);
    let mut before = 0;
    loop {
        match records.next()? {
            // One without a file is no sheet for the library either.
            (SHEET, record) if number(record, 8) != u32::MAX => {
                if before == n {
                    return Ok(text_at(record, 8));
                }
                before += 1;
            }
            (END_OF_SHEETS, _) => return Err(Refusal::damaged("a sheet is missing")),
            _ => (),
        }
    }
}

/// The file that a relation leads to.
fn target_of(relations: impl Read, relation: &str) -> Result<String, Refusal> {
    let mut xml = Reader::from_reader(BufReader::new(relations));
    let mut buffer = Vec::new();
    let mut found = None;
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(Refusal::damaged)? {
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "Relationship" => {
                let of = |name| tag.try_get_attribute(name).ok().flatten();
                let is_it = of("Id").is_some_and(|id| id.value == relation);
                // The last of a name is the one that the library takes.
                if let Some(target) = of("Target").filter(|_| is_it) {
                    found = Some(unescape(&target.value).map_err(Refusal::damaged)?.into_owned());
                }
            }
            Event::Eof => return found.ok_or_else(|| Refusal::damaged("the file of a sheet is not named")),
            _ => (),
        }
    }
}

/// The records of a file, one after another.
struct Records<R> {
    reader: BufReader<R>,
    record: Vec<u8>,
}

impl<R: Read> Records<R> {
    fn new(reader: R) -> Records<R> {
        Records { reader: BufReader::new(reader), record: Vec::new() }
    }

    /// The next record's kind and content; the content of one that is too long is left out.
    fn next(&mut self) -> io::Result<(u32, &[u8])> {
        let kind = self.read_number(2)?;
        let length = self.read_number(4)?;
        self.record.clear();
        let kept = if length <= MAX_RECORD { length } else { 0 };
        let mut content = (&mut self.reader).take(u64::from(length));
        let read = (&mut content).take(u64::from(kept)).read_to_end(&mut self.record)? as u64;
        if read + io::copy(&mut content, &mut io::sink())? < u64::from(length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok((kind, &self.record))
    }

    /// A number in as many bytes as say, by their highest bits, that another follows.
    fn read_number(&mut self, most: u32) -> io::Result<u32> {
        let mut number = 0;
        for n in 0..most {
            let mut byte = [0];
            self.reader.read_exact(&mut byte)?;
            number |= u32::from(byte[0] & 0x7f) << (7 * n);
            if byte[0] & 0x80 == 0 {
                break;
            }
        }
        Ok(number)
    }
}

/// The text at a place, which begins with its length (XLWideString).
fn text_at(record: &[u8], at: usize) -> String {
    let length = number(record, at) as usize;
    let units = record.get(at + 4..).unwrap_or_default().chunks_exact(2).take(length);
    let text = char::decode_utf16(units.map(|pair| u16::from_le_bytes([pair[0], pair[1]])));
    text.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn error_of(record: &[u8]) -> Result<CellErrorType, Refusal> {
    Ok(match record.get(8) {
        Some(0x00) => CellErrorType::Null,
        Some(0x07) => CellErrorType::Div0,
        Some(0x0f) => CellErrorType::Value,
        Some(0x17) => CellErrorType::Ref,
        Some(0x1d) => CellErrorType::Name,
        Some(0x24) => CellErrorType::Num,
        Some(0x2a) => CellErrorType::NA,
        Some(0x2b) => CellErrorType::GettingData,
        _ => return Err(Refusal::damaged("a formula came to an error that there is not")),
    })
}

/// The number of 32 bits at a place; zero if there is none.
fn number(record: &[u8], at: usize) -> u32 {
    record.get(at..).and_then(|rest| rest.first_chunk()).copied().map_or(0, u32::from_le_bytes)
}
