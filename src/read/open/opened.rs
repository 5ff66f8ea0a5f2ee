//! An input whose text can be read: [`Opened`]. [`open_text`] makes one of a text that may need decoding, and refuses files
//! that are no text.

use std::io::{self, Read};
use std::path::Path;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::error::{Error, Result, Words};
use crate::read::decode::detect::{Detected, Doubted, detect};
use crate::read::decode::{self, Charset, Decoder};
use crate::read::feed::{FileRead, Made, Meter, Metered};
use crate::read::inflate::Compression;
use crate::read::options::{Format, ReadOptions};
use crate::read::sniff::{SAMPLE_BYTES, is_report};
use crate::read::window::Window;

pub struct Opened {
    /// The text, in UTF-8 as far as it is valid.
    pub window: Window,
    /// The file's length in bytes, if progress can be measured by it.
    pub length: Option<u64>,
    /// Whether it is a file that can be opened again.
    pub is_file: bool,
    pub compression: Option<Compression>,
    pub encoding: Charset,
    pub sheet: Option<OpenedSheet>,
    /// What was read of standard input, if it was read to its end first.
    pub spooled: Option<FileRead>,
    pub notes: Vec<String>,
}

#[cfg(any(test, feature = "internals"))]
impl Opened {
    pub fn plain(reader: Box<dyn Read + Send>, length: Option<u64>) -> Opened {
        Opened {
            window: Window::new(reader),
            length,
            is_file: false,
            compression: None,
            encoding: UTF_8.into(),
            sheet: None,
            spooled: None,
            notes: Vec::new(),
        }
    }
}

pub(super) type Reader = Box<dyn Read + Send>;

/// The sheet of a spreadsheet, and how to open it again.
pub struct OpenedSheet {
    pub name: String,
    /// The first and last row, from 1, of the topmost merged ranges that span several rows.
    pub(super) merged_rows: Vec<(u32, u32)>,
    pub(super) again: Box<dyn Fn(u32) -> io::Result<Window> + Send>,
}

impl OpenedSheet {
    /// The rows again, without values from merged ranges that reach past the header from it; `None` if none does.
    pub fn with_header(&self, line: u64) -> io::Result<Option<Window>> {
        let Ok(line) = u32::try_from(line) else { return Ok(None) };
        let reaches_over = |(first, last): &(u32, u32)| *first <= line && *last > line;
        self.merged_rows.iter().any(reaches_over).then(|| (self.again)(line)).transpose()
    }
}

pub fn refuse(path: &Path, message: impl Into<Words>) -> Error {
    Error::Input { path: path.to_path_buf(), message: message.into() }
}

/// Opens a text that is not decoded yet. `start` is its beginning, up to the size of a sample. If it was inflated, the
/// meter counts the file.
pub(super) fn open_text(
    path: &Path,
    start: &[u8],
    mut reader: Reader,
    inflated: Option<(Compression, Meter)>,
    length: Option<u64>,
    options: &ReadOptions,
) -> Result<Opened> {
    // The options describe an input; its reject report is written in its own way.
    let is_report = is_report(start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start));
    let refusal = match what_else(start) {
        None if is_report => None,
        None if options.format == Some(Format::Spreadsheet) => Some("it is not a spreadsheet; leave out --format"),
        None if options.sheet.is_some() && !options.has_usual_sheet => {
            Some("it is not a spreadsheet and has no sheets; leave out --sheet")
        }
        other => other,
    };
    if let Some(message) = refusal {
        return Err(refuse(path, message));
    }
    let mut notes = Vec::new();
    let Detected { encoding, skip, guessed, .. } = find_encoding(start, is_report, options, &mut notes);
    if guessed && start.len() >= SAMPLE_BYTES {
        reader = Box::new(Doubted::new(reader, encoding));
    }
    let zeros = start.iter().take(1024).filter(|byte| **byte == 0).count();
    if encoding == UTF_8 && !is_report && 4 * zeros > start.len().min(1024) {
        return Err(refuse(path, "it does not look like text; if it is, name its encoding with --encoding"));
    }
    let failed = |error| Error::input(path, error);
    let (compression, mut meter) = inflated.unzip();
    let is_utf8 = encoding == UTF_8;
    if !is_utf8 {
        if meter.is_none() {
            let counted = Metered { reader, meter: Meter::default() };
            meter = Some(counted.meter.clone());
            reader = Box::new(counted);
        }
        reader.read_exact(&mut vec![0; skip]).map_err(failed)?;
        reader = Box::new(Decoder::new(reader, encoding));
    }
    let mut window = match meter {
        None => Window::new(reader),
        Some(meter) => Window::over(Box::new(Made { reader, meter, has_checksum: compression.is_some() })),
    };
    if is_utf8 {
        window.hold(skip).map_err(failed)?;
        window.drop_until(skip as u64);
    }
    Ok(Opened { window, length, is_file: false, compression, encoding, sheet: None, spooled: None, notes })
}

/// The encoding of a text that begins with `start`: the one that was named, or the one that fits.
fn find_encoding(start: &[u8], is_report: bool, options: &ReadOptions, notes: &mut Vec<String>) -> Detected {
    let is_broken = |error: std::str::Utf8Error| error.error_len().is_some();
    let is_utf8 = !std::str::from_utf8(start).is_err_and(is_broken);
    if is_report && is_utf8 {
        return Detected::sure(UTF_8);
    }
    if let Some(named) = options.encoding {
        let (encoding, skip) = named_encoding(named, start, notes);
        return Detected { skip, ..Detected::sure(encoding) };
    }
    let found = detect(start, start.len() < SAMPLE_BYTES);
    if let Some(bom) = found.dropped_bom {
        notes.push(format!("its byte order mark says {bom}, but its bytes are not {bom}; the mark is ignored"));
    }
    if found.guessed {
        let name = decode::name(found.encoding);
        notes.push(format!("not UTF-8: read as {name} (change with --encoding)"));
    }
    if found.encoding == UTF_8 && !is_utf8 {
        notes.push("UTF-8 with invalid bytes; records that have them are rejected (change with --encoding)".into());
    }
    found
}

/// The encoding that was named, and the number of bytes to skip: another encoding's byte order mark. The mark decides between
/// the two byte orders of UTF-16, because the label says neither.
fn named_encoding(named: Charset, start: &[u8], notes: &mut Vec<String>) -> (Charset, usize) {
    match Encoding::for_bom(start) {
        Some((marked, length)) if named != marked => {
            let is_utf16 = |encoding: Charset| encoding == UTF_16LE || encoding == UTF_16BE;
            let marked_name = decode::name(marked);
            if is_utf16(named) && is_utf16(marked.into()) {
                notes.push(format!("read as {marked_name}, as its byte order mark says"));
                return (marked.into(), 0);
            }
            notes.push(format!("its byte order mark says {marked_name}, but --encoding decides; the mark is ignored"));
            (named, length)
        }
        _ => (named, 0),
    }
}

/// What a file is, and what to do, if it is none of the formats read here.
fn what_else(start: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 11] = [
        (b"\xff\xfe\0\0", "it is UTF-32; convert it first (iconv -f UTF-32 -t UTF-8)"),
        (b"\0\0\xfe\xff", "it is UTF-32; convert it first (iconv -f UTF-32 -t UTF-8)"),
        (b"SQLite format 3\0", "it is an SQLite database, not a file of records"),
        (b"%PDF-", "it is a PDF; export the table as CSV from the program it comes from"),
        (b"PAR1", "it is a Parquet file; write it as CSV or NDJSON first"),
        (b"7z\xbc\xaf\x27\x1c", "it is a 7z archive; unpack it first"),
        (b"Rar!\x1a\x07", "it is a RAR archive; unpack it first"),
        (b"<?xml", "it is XML; save it as CSV or as a spreadsheet first"),
        (b"<!DOCTYPE", "it is a web page; save the table as CSV or as a spreadsheet first"),
        (b"<html", "it is a web page; save the table as CSV or as a spreadsheet first"),
        (b"\x89PNG", "it is an image, not a file of records"),
    ];
    let is_binary = start[..start.len().min(257)].contains(&0);
    if is_binary && start.get(257..262) == Some(b"ustar") {
        return Some("it is a tar archive; unpack it first and name the file in it");
    }
    if is_binary && is_dbf(start) {
        return Some(
            "it is a dBase table (.dbf); open it in a spreadsheet program, save it as CSV UTF-8 or .xlsx, and load that",
        );
    }
    let is_text = !is_binary && std::str::from_utf8(&start[..start.len().min(64)]).is_ok();
    // A CSV file may begin with one of these words.
    let kinds = kinds.iter().filter(|(magic, _)| !is_text || magic.starts_with(b"<") || magic.starts_with(b"%"));
    kinds.into_iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, message)| *message)
}

/// Whether this is the header of a dBase table: a version, the day of the last change, and 32 bytes for each field, up
/// to a carriage return.
fn is_dbf(start: &[u8]) -> bool {
    const VERSIONS: [u8; 13] = [0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8b, 0xcb, 0xf5];
    let Some(header) = start.first_chunk::<32>() else { return false };
    let [length, record] = [8, 10].map(|at| usize::from(u16::from_le_bytes([header[at], header[at + 1]])));
    let is_day = (0..=12).contains(&header[2]) && (0..=31).contains(&header[3]);
    // Visual FoxPro has 263 bytes more after the fields.
    let ends = [length.checked_sub(1), length.checked_sub(264)];
    let has_fields = ends.into_iter().flatten().any(|end| end >= 64 && end % 32 == 0 && start.get(end) == Some(&b'\r'));
    VERSIONS.contains(&header[0]) && is_day && record > 1 && has_fields
}
