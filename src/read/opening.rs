//! From a path to text: [`Opened`]. What is compressed is inflated, what is in another encoding decoded, what is a spreadsheet
//! becomes the CSV of one of its sheets. What kind a file is of, its content says, not its name.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::Path;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::decode::{self, Charset, Decoder};
use super::inflate::zip::{ZipContent, open_zip};
use super::inflate::{self, Compression, Limits};
use super::input::{Format, ReadOptions};
use super::report::is_report;
use super::sniff::SAMPLE_BYTES;
use super::spreadsheet::{OpenedSheet, Place, hash, spreadsheet};
use super::unchanged::Unchanged;
use super::window::{FileRead, Made, Meter, Metered, Window};
use crate::error::{Error, Result, Words};

/// An input whose text can be read, and what was found out on the way to it.
#[derive(Debug)]
pub struct Opened {
    /// The text, in UTF-8 as far as it is valid.
    pub window: Window,
    /// The file's length in bytes, where the progress of reading it can be told by that.
    pub length: Option<u64>,
    /// Whether it is a file that can be opened again.
    pub is_file: bool,
    /// How it was compressed.
    pub compression: Option<Compression>,
    /// What it was encoded in.
    pub encoding: Charset,
    /// The sheet, where it is a spreadsheet.
    pub sheet: Option<OpenedSheet>,
    /// What was read of standard input, where it was read to its end before.
    pub spooled: Option<FileRead>,
    /// What there is to say of it.
    pub notes: Vec<String>,
}

impl Opened {
    /// A text in UTF-8 that is no file, of this length if that is known.
    pub fn plain(reader: Box<dyn Read + Send>, length: Option<u64>) -> Opened {
        let window = Window::new(reader);
        Opened {
            window,
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

/// Opens the file at `path`, `-` for standard input.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Opened> {
    let failed = |error: io::Error| Error::input(path, error);
    let mut input = Bytes::open(path).map_err(failed)?;
    let spooled = (options.spool && input.file.is_none()).then(|| input.spool()).transpose().map_err(failed)?;
    let is_file = input.file.is_some();
    let watched = input.watched.take();
    let opened = open_bytes(path, input, options)?;
    Ok(Opened { is_file, spooled, window: opened.window.watching(watched), ..opened })
}

/// An input's bytes.
struct Bytes {
    reader: Reader,
    /// The file that they are in; none where they come once, as from standard input and pipes.
    file: Option<File>,
    length: Option<u64>,
    /// What must stay as it is while it is read.
    watched: Option<Unchanged>,
}

impl Bytes {
    fn open(path: &Path) -> io::Result<Bytes> {
        if path.as_os_str() == "-" {
            let watched = Unchanged::note_standard_input();
            return Ok(Bytes { reader: Box::new(io::stdin()), file: None, length: None, watched });
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let watched = Unchanged::note(&file);
        let length = metadata.is_file().then_some(metadata.len());
        Ok(Bytes { file: length.map(|_| file.try_clone()).transpose()?, reader: Box::new(file), length, watched })
    }

    /// Reads them to their end, into a file without a name.
    fn spool(&mut self) -> io::Result<FileRead> {
        let (mut copy, meter) = (tempfile::tempfile()?, Meter::default());
        io::copy(&mut Metered::new(&mut self.reader, meter.clone()), &mut copy)?;
        self.watched.take().map_or(Ok(()), |watched| watched.check())?;
        copy.rewind()?;
        self.reader = Box::new(copy);
        Ok(meter.read())
    }
}

/// The SHA-256 of a file, in lower-case hex; `None` if it is not read to its end because `go_on` says so.
pub fn sha256(path: &Path, go_on: impl Fn() -> bool) -> io::Result<Option<String>> {
    let (mut file, mut read, mut buffer) = (File::open(path)?, FileRead::default(), vec![0; 256 * 1024]);
    while go_on() {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Some(read.sha256())),
            Ok(more) => read.add(&buffer[..more]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn open_bytes(path: &Path, input: Bytes, options: &ReadOptions) -> Result<Opened> {
    let failed = |error: io::Error| Error::input(path, error);
    let Bytes { mut reader, file, length, .. } = input;
    let start = beginning(&mut reader).map_err(failed)?;
    let reader: Reader = Box::new(Cursor::new(start.clone()).chain(reader));
    match inflate::kind_of(&start) {
        Some(Compression::Zip) => zip(path, file, reader, options),
        None if is_compound(&start) => {
            let place = Place::of(path, file, reader, options)?;
            let file = place.file_read().map_err(failed)?;
            spreadsheet(path, place, file, None, options)
        }
        None => {
            let text = Text { start, reader, meter: None, compression: None, length };
            text.open(path, options)
        }
        Some(kind) => {
            let meter = Meter::default();
            let metered: Reader = Box::new(Metered::new(reader, meter.clone()));
            let mut inflated = inflate::inflate(kind, metered, limits(options)).map_err(failed)?;
            let start = beginning(&mut inflated).map_err(failed)?;
            let reader: Reader = Box::new(Cursor::new(start.clone()).chain(inflated));
            if is_compound(&start) || inflate::kind_of(&start) == Some(Compression::Zip) {
                let place = Place::spooled(path, reader, options)?;
                return spreadsheet(path, place, meter.read(), Some(kind), options);
            }
            refuse_twice(path, kind, &start)?;
            Text { start, reader, meter: Some(meter), compression: Some(kind), length }.open(path, options)
        }
    }
}

fn refuse_twice(path: &Path, outer: Compression, start: &[u8]) -> Result<()> {
    match inflate::kind_of(start) {
        Some(inner) => {
            let (inner, outer) = (inner.name(), outer.name());
            Err(refuse(
                path,
                Words::own(format!("it is compressed twice, {inner} within {outer}; inflate it once first")),
            ))
        }
        None => Ok(()),
    }
}

fn limits(options: &ReadOptions) -> Limits {
    Limits { bytes: options.max_inflated_bytes, ratio: options.max_inflated_ratio }
}

/// The first bytes, as many as are looked at.
fn beginning(reader: &mut Reader) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    reader.by_ref().take(SAMPLE_BYTES as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// What only says that it is a compound file: an old spreadsheet, or one with a password.
fn is_compound(start: &[u8]) -> bool {
    start.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
}

pub(super) fn refuse(path: &Path, doing: impl Into<Words>) -> Error {
    Error::Input { path: path.to_path_buf(), doing: doing.into() }
}

fn zip(path: &Path, file: Option<File>, reader: Reader, options: &ReadOptions) -> Result<Opened> {
    let failed = |error: io::Error| Error::input(path, error);
    let place = Place::of(path, file, reader, options)?;
    let mut handle = File::open(place.path()).map_err(failed)?;
    let file = hash(&mut handle).map_err(failed)?;
    match open_zip(handle, limits(options)).map_err(failed)? {
        ZipContent::Spreadsheet(_) => spreadsheet(path, place, file, None, options),
        ZipContent::Member { mut reader, .. } => {
            let start = beginning(&mut reader).map_err(failed)?;
            let reader: Reader = Box::new(Cursor::new(start.clone()).chain(reader));
            if is_compound(&start) || inflate::kind_of(&start) == Some(Compression::Zip) {
                let inner = Place::spooled(path, reader, options)?;
                return spreadsheet(path, inner, file, Some(Compression::Zip), options);
            }
            refuse_twice(path, Compression::Zip, &start)?;
            let meter = Meter::of(file);
            let text = Text { start, reader, meter: Some(meter), compression: Some(Compression::Zip), length: None };
            text.open(path, options)
        }
    }
}

/// A text that is inflated, if need be, and not yet decoded.
struct Text {
    start: Vec<u8>,
    reader: Reader,
    meter: Option<Meter>,
    compression: Option<Compression>,
    length: Option<u64>,
}

impl Text {
    fn open(self, path: &Path, options: &ReadOptions) -> Result<Opened> {
        if let Some(doing) = what_else(&self.start) {
            return Err(refuse(path, doing));
        }
        // What was said of an input does not hold for its report.
        let is_report = is_report(self.start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.start));
        if options.format == Some(Format::Spreadsheet) && !is_report {
            return Err(refuse(path, "it is no spreadsheet; leave --format out"));
        }
        if options.sheet.is_some() && !is_report {
            return Err(refuse(path, "it is no spreadsheet and has no sheets; leave --sheet out"));
        }
        let Text { start, mut reader, meter, compression, length } = self;
        let mut notes = Vec::new();
        let is_broken = |error: std::str::Utf8Error| error.error_len().is_some();
        let is_utf8 = !std::str::from_utf8(&start).is_err_and(is_broken);
        let (encoding, skip) = match options.encoding {
            _ if is_report && is_utf8 => (UTF_8.into(), 0),
            Some(told) => told_encoding(told, &start, &mut notes),
            None => {
                let found = decode::detect::detect(&start, start.len() < SAMPLE_BYTES);
                let name = decode::name(found.encoding);
                if let Some(bom) = found.dropped_bom {
                    notes.push(format!("its byte order mark says {bom}, which its bytes are not; the mark is dropped"));
                }
                if found.guessed {
                    if start.len() >= SAMPLE_BYTES {
                        reader = Box::new(decode::detect::Doubted::new(reader, found.encoding));
                    }
                    notes.push(format!("its text is no UTF-8, and taken for {name}; --encoding names another"));
                }
                if found.encoding == UTF_8 && !is_utf8 {
                    notes.push(
                        "its text is UTF-8 with broken bytes in it, which cost their records; --encoding names another"
                            .into(),
                    );
                }
                (found.encoding, found.skip)
            }
        };
        let beginning = &start[..start.len().min(1024)];
        if encoding == UTF_8 && !is_report && 4 * beginning.iter().filter(|byte| **byte == 0).count() > beginning.len()
        {
            return Err(refuse(path, "it is no text; if it is one, say in which encoding with --encoding"));
        }
        if encoding == UTF_8 {
            let mut window = match meter {
                None => Window::new(reader),
                Some(meter) => Window::over(Box::new(Made { reader, meter, has_checksum: compression.is_some() })),
            };
            window.hold(skip).map_err(|error| Error::input(path, error))?;
            window.drop_until(skip as u64);
            return Ok(Opened {
                window,
                length,
                is_file: false,
                compression,
                encoding,
                sheet: None,
                spooled: None,
                notes,
            });
        }
        let meter = meter.unwrap_or_else(|| {
            let meter = Meter::default();
            let plain = std::mem::replace(&mut reader, Box::new(io::empty()));
            reader = Box::new(Metered::new(plain, meter.clone()));
            meter
        });
        let mut dropped = vec![0; skip];
        reader.read_exact(&mut dropped).map_err(|error| Error::input(path, error))?;
        let reader: Reader = Box::new(Decoder::new(reader, encoding));
        let window = Window::over(Box::new(Made { reader, meter, has_checksum: compression.is_some() }));
        Ok(Opened { window, length, is_file: false, compression, encoding, sheet: None, spooled: None, notes })
    }
}

/// The encoding that was told, and how many bytes of a byte order mark of another are to be skipped. Between the two orders of
/// UTF-16 the mark decides, for its label says neither.
fn told_encoding(told: Charset, start: &[u8], notes: &mut Vec<String>) -> (Charset, usize) {
    match Encoding::for_bom(start) {
        Some((marked, length)) if told != marked => {
            let is_utf16 = |encoding: Charset| [UTF_16LE, UTF_16BE].iter().any(|utf16| encoding == *utf16);
            let marked_name = decode::name(marked);
            if is_utf16(told) && is_utf16(marked.into()) {
                notes.push(format!("it is read as {marked_name}, which its byte order mark says"));
                return (marked.into(), 0);
            }
            notes.push(format!(
                "its byte order mark says {marked_name}, which --encoding overrules; the mark is dropped"
            ));
            (told, length)
        }
        _ => (told, 0),
    }
}

/// What a file is that holds no customer records in any form that could be read.
fn what_else(start: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 11] = [
        (b"\xff\xfe\0\0", "it is UTF-32; convert it first (iconv -f UTF-32 -t UTF-8)"),
        (b"\0\0\xfe\xff", "it is UTF-32; convert it first (iconv -f UTF-32 -t UTF-8)"),
        (b"SQLite format 3\0", "it is an SQLite database, not a file of records"),
        (b"%PDF-", "it is a PDF; export the table from where it comes from as CSV"),
        (b"PAR1", "it is a Parquet file; write it as CSV or NDJSON first"),
        (b"7z\xbc\xaf\x27\x1c", "it is a 7z archive; unpack it first"),
        (b"Rar!\x1a\x07", "it is a RAR archive; unpack it first"),
        (b"<?xml", "it is XML; save it as CSV or as a spreadsheet first"),
        (b"<!DOCTYPE", "it is a web page; save the table as CSV or as a spreadsheet first"),
        (b"<html", "it is a web page; save the table as CSV or as a spreadsheet first"),
        (b"\x89PNG", "it is a picture, not a file of records"),
    ];
    let is_binary = start[..start.len().min(257)].contains(&0);
    if is_binary && start.get(257..262) == Some(b"ustar") {
        return Some("it is a tar archive; unpack it first, and name the file in it");
    }
    if is_binary && is_dbf(start) {
        return Some(
            "it is a dBase table (.dbf); open it in a spreadsheet program, save it as CSV UTF-8 or .xlsx, and load that",
        );
    }
    let is_text = !is_binary && std::str::from_utf8(&start[..start.len().min(64)]).is_ok();
    // A CSV file may begin with a word.
    let kinds = kinds.iter().filter(|(magic, _)| !is_text || magic.starts_with(b"<") || magic.starts_with(b"%"));
    kinds.into_iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, doing)| *doing)
}

/// Whether this is the header of a dBase table: its version, the day of its last change, and a list of fields of 32 bytes each up
/// to a carriage return.
fn is_dbf(start: &[u8]) -> bool {
    const VERSIONS: [u8; 13] = [0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8b, 0xcb, 0xf5];
    let Some(header) = start.first_chunk::<32>() else { return false };
    let [length, record] = [8, 10].map(|at| usize::from(u16::from_le_bytes([header[at], header[at + 1]])));
    let is_day = (0..=12).contains(&header[2]) && (0..=31).contains(&header[3]);
    // Behind the fields of Visual FoxPro stand 263 bytes more.
    let ends = [length.checked_sub(1), length.checked_sub(264)];
    let has_fields = ends.into_iter().flatten().any(|end| end >= 64 && end % 32 == 0 && start.get(end) == Some(&b'\r'));
    VERSIONS.contains(&header[0]) && is_day && record > 1 && has_fields
}
