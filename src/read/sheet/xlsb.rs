//! Excel's binary records in a zip file: `.xlsb`. [`Xlsb`]. The numbers of records are those of MS-XLSB 2.3.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};

use calamine::Data;

use super::number_format::NumberFormat;
use super::package::drain;
use super::protocol::{Kind, Refusal, Result};
use super::rows::{Merges, Rows};
use super::workbook::{Form, Texts, Workbook};

const ROW: u32 = 0x00;
const RK_NUMBER: u32 = 0x02;
const ERROR: u32 = 0x03;
const BOOL: u32 = 0x04;
const NUMBER: u32 = 0x05;
const TEXT: u32 = 0x06;
const SHARED_TEXT: u32 = 0x07;
const FORMULA_TEXT: u32 = 0x08;
const FORMULA_NUMBER: u32 = 0x09;
const FORMULA_BOOL: u32 = 0x0a;
const FORMULA_ERROR: u32 = 0x0b;
/// Cells without a column (BrtShortBlank to BrtShortIsst). The format has them, but no program is known to write them.
const FIRST_SHORT: u32 = 0x0c;
const LAST_SHORT: u32 = 0x12;
const TABLE_TEXT: u32 = 0x13;
const FORMAT: u32 = 0x2c;
const CELL_FORMAT: u32 = 0x2f;
const RICH_TEXT: u32 = 0x3e;
const SHEETS_END: u32 = 0x90;
const ROWS_START: u32 = 0x91;
const ROWS_END: u32 = 0x92;
const WORKBOOK_PROPERTIES: u32 = 0x99;
const SHEET: u32 = 0x9c;
const MERGED: u32 = 0xb0;
const CELL_FORMATS_START: u32 = 0x269;
const CELL_FORMATS_END: u32 = 0x26a;

/// Longer records are not relevant: a text has at most 32,767 characters, with as many formats.
const MAX_RECORD: u32 = 1 << 20;

pub(super) enum Xlsb {}

impl Form for Xlsb {
    const KIND: Kind = Kind::Xlsb;
    const ENDING: &'static str = "bin";

    fn list(part: impl BufRead, book: &mut Workbook) -> Result<()> {
        let mut records = Records::new(part);
        loop {
            match records.must()? {
                (WORKBOOK_PROPERTIES, record) => book.is_1904 = number(record, 0)? & 1 != 0,
                // An entry without a part is not a sheet.
                (SHEET, record) if number(record, 8)? != u32::MAX => {
                    let (id, name_at) = text_at(record, 8)?;
                    book.add(&id, text_at(record, name_at)?.0, number(record, 0)? == 0)?;
                }
                (SHEETS_END, _) => break,
                _ => (),
            }
        }
        drain(records.reader)
    }

    fn formats(part: impl BufRead) -> Result<Vec<NumberFormat>> {
        let mut records = Records::new(part);
        let mut codes = HashMap::new();
        let mut formats = Vec::new();
        let mut in_formats = false;
        while let Some((kind, record)) = records.next()? {
            match kind {
                FORMAT => _ = codes.insert(number(record, 0)? & 0xffff, NumberFormat::of_code(&text_at(record, 2)?.0)),
                CELL_FORMATS_START => in_formats = true,
                CELL_FORMATS_END => in_formats = false,
                CELL_FORMAT if in_formats => {
                    let id = number(record, 0)? >> 16;
                    formats.push(codes.get(&id).cloned().unwrap_or_else(|| NumberFormat::of_id(id)));
                }
                _ => (),
            }
        }
        Ok(formats)
    }

    fn strings(part: impl BufRead) -> Result<Texts> {
        let mut records = Records::new(part);
        let mut strings = Texts::default();
        while let Some((kind, record)) = records.next()? {
            if kind == TABLE_TEXT {
                // A byte of flags precedes the text.
                strings.push(&text_at(record, 1)?.0);
            }
        }
        Ok(strings)
    }

    fn survey(part: impl BufRead) -> Result<Merges> {
        let mut records = Records::new(part);
        let mut merges = Merges::default();
        while let Some((kind, record)) = records.next()? {
            if kind == MERGED {
                let [first_row, last_row, first, last] = [0, 4, 8, 12].map(|at| number(record, at));
                merges.add((first_row?, first?), (last_row?, last?))?;
            }
        }
        Ok(merges)
    }

    fn send(part: impl BufRead, strings: &Texts, formats: &[NumberFormat], rows: &mut Rows<'_>) -> Result<()> {
        const HIDDEN: u32 = 1 << 28;
        let mut records = Records::new(part);
        while records.must()?.0 != ROWS_START {}
        let (mut row, mut is_hidden) = (0, false);
        loop {
            let (kind, record) = records.must()?;
            let position = |record| Ok::<_, Refusal>((row, number(record, 0)?));
            let format = |record| {
                let style = number(record, 4)? & 0x00ff_ffff;
                Ok::<_, Refusal>(formats.get(style as usize).cloned().unwrap_or_default())
            };
            if is_hidden && (RK_NUMBER..=RICH_TEXT).contains(&kind) {
                rows.hidden = Some(row);
            }
            match kind {
                ROW => {
                    row = number(record, 0)?;
                    is_hidden = number(record, 8)? & HIDDEN != 0;
                }
                RK_NUMBER => rows.put_number(position(record)?, rk_number(number(record, 8)?), format(record)?)?,
                NUMBER | FORMULA_NUMBER => {
                    let value = f64::from_bits(u64::from(number(record, 8)?) | u64::from(number(record, 12)?) << 32);
                    rows.put_number(position(record)?, value, format(record)?)?;
                }
                BOOL | FORMULA_BOOL => rows.put(position(record)?, &Data::Bool(byte(record, 8)? != 0))?,
                ERROR | FORMULA_ERROR => rows.put_error(position(record)?, name_of_error(byte(record, 8)?)?)?,
                TEXT | FORMULA_TEXT => rows.put_text(position(record)?, &text_at(record, 8)?.0)?,
                // A byte of flags precedes the text.
                RICH_TEXT => rows.put_text(position(record)?, &text_at(record, 9)?.0)?,
                SHARED_TEXT => {
                    let text = strings.get(number(record, 8)? as usize);
                    let text = text.ok_or_else(|| Refusal::damaged("a shared text is missing"))?;
                    rows.put_text(position(record)?, text)?;
                }
                FIRST_SHORT..=LAST_SHORT => {
                    return Err(Refusal::new("it has cells of a kind that cannot be read; save it as .xlsx"));
                }
                ROWS_END => return Ok(()),
                _ => (),
            }
        }
    }
}

/// A number in 30 bits: whole, or the upper bits of a floating-point number, and possibly multiplied by a hundred.
fn rk_number(bits: u32) -> f64 {
    let value = if bits & 2 != 0 { f64::from(bits as i32 >> 2) } else { f64::from_bits(u64::from(bits & !3) << 32) };
    if bits & 1 != 0 { value / 100.0 } else { value }
}

struct Records<R> {
    reader: R,
    record: Vec<u8>,
}

impl<R: BufRead> Records<R> {
    fn new(reader: R) -> Records<R> {
        Records { reader, record: Vec::new() }
    }

    /// The next record's kind and content, if there is one.
    fn next(&mut self) -> Result<Option<(u32, &[u8])>> {
        if self.reader.fill_buf()?.is_empty() {
            return Ok(None);
        }
        self.must().map(Some)
    }

    /// The next record's kind and content; the content is left out if it is too long.
    fn must(&mut self) -> Result<(u32, &[u8])> {
        let kind = self.read_number(2)?;
        let length = self.read_number(4)?;
        self.record.clear();
        let kept = if length <= MAX_RECORD { length } else { 0 };
        let mut content = (&mut self.reader).take(u64::from(length));
        let read = (&mut content).take(u64::from(kept)).read_to_end(&mut self.record)? as u64;
        if read + io::copy(&mut content, &mut io::sink())? < u64::from(length) {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok((kind, &self.record))
    }

    /// A number of up to `most` bytes; the high bit of each means that another follows.
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

fn too_short() -> Refusal {
    Refusal::damaged("a record is too short")
}

/// The text at an offset, with its length before it (XLWideString), and the offset after it.
fn text_at(record: &[u8], at: usize) -> Result<(String, usize)> {
    let length = number(record, at)? as usize;
    let start = at + 4;
    let units = length.checked_mul(2).and_then(|length| record.get(start..start.checked_add(length)?));
    let units = units.ok_or_else(too_short)?;
    let text = char::decode_utf16(units.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])));
    let text = text.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Ok((text, start + units.len()))
}

fn name_of_error(code: u8) -> Result<&'static str> {
    Ok(match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0f => "#VALUE!",
        0x17 => "#REF!",
        0x1d => "#NAME?",
        0x24 => "#NUM!",
        0x2a => "#N/A",
        0x2b => "#GETTING_DATA",
        _ => return Err(Refusal::damaged("a cell has an error that does not exist")),
    })
}

fn byte(record: &[u8], at: usize) -> Result<u8> {
    record.get(at).copied().ok_or_else(too_short)
}

/// The 32-bit number at an offset.
fn number(record: &[u8], at: usize) -> Result<u32> {
    let bytes = record.get(at..).and_then(|rest| rest.first_chunk());
    bytes.copied().map(u32::from_le_bytes).ok_or_else(too_short)
}
