//! Opens an input: what it is, is found by its first bytes.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::Path;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::foreign::what_else;
use super::hash::hash;
use super::opened::{Opened, Reader, refuse};
use super::seekable::Seekable;
use super::spreadsheet::spreadsheet;
use crate::error::{Error, Result, Words};
use crate::read::decode::{self, Charset, Decoder};
use crate::read::feed::{FileRead, Made, Meter, Metered};
use crate::read::inflate::zip::{ZipContent, open_zip};
use crate::read::inflate::{self, Compression, Limits};
use crate::read::options::{Format, ReadOptions};
use crate::read::sniff::{SAMPLE_BYTES, is_report};
use crate::read::unchanged::Unchanged;
use crate::read::window::Window;

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

/// The bytes of an input.
struct Bytes {
    reader: Reader,
    /// The file, unless the bytes come only once, as from standard input and pipes.
    file: Option<File>,
    length: Option<u64>,
    /// The file that must not change while it is read.
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

fn open_bytes(path: &Path, input: Bytes, options: &ReadOptions) -> Result<Opened> {
    let failed = |error: io::Error| Error::input(path, error);
    let Bytes { mut reader, file, length, .. } = input;
    let start = beginning(&mut reader).map_err(failed)?;
    let reader: Reader = Box::new(Cursor::new(start.clone()).chain(reader));
    match inflate::kind_of(&start) {
        Some(Compression::Zip) => zip(path, file, reader, options),
        None if is_compound(&start) => {
            let seekable = Seekable::of(path, file, reader, options)?;
            let file = seekable.file_read().map_err(failed)?;
            spreadsheet(path, seekable, file, None, options)
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
                let seekable = Seekable::spooled(path, reader, options)?;
                return spreadsheet(path, seekable, meter.read(), Some(kind), options);
            }
            refuse_twice(path, kind, &start)?;
            Text { start, reader, meter: Some(meter), compression: Some(kind), length }.open(path, options)
        }
    }
}

fn refuse_twice(path: &Path, outer: Compression, start: &[u8]) -> Result<()> {
    let Some(inner) = inflate::kind_of(start) else { return Ok(()) };
    let (inner, outer) = (inner.name(), outer.name());
    let doing = format!("it is compressed twice, {inner} within {outer}; decompress it once first");
    Err(refuse(path, Words::own(doing)))
}

fn limits(options: &ReadOptions) -> Limits {
    Limits { bytes: options.max_inflated_bytes, ratio: options.max_inflated_ratio, ..Limits::default() }
}

/// The first bytes, up to the size of a sample.
fn beginning(reader: &mut Reader) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    reader.by_ref().take(SAMPLE_BYTES as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// Whether it is a compound file: an old spreadsheet, or one with a password.
fn is_compound(start: &[u8]) -> bool {
    start.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
}

fn zip(path: &Path, file: Option<File>, reader: Reader, options: &ReadOptions) -> Result<Opened> {
    let failed = |error: io::Error| Error::input(path, error);
    let seekable = Seekable::of(path, file, reader, options)?;
    let mut handle = File::open(seekable.path()).map_err(failed)?;
    let file = hash(&mut handle).map_err(failed)?;
    match open_zip(handle, limits(options)).map_err(failed)? {
        ZipContent::Spreadsheet(_) => spreadsheet(path, seekable, file, None, options),
        ZipContent::Member { mut reader, .. } => {
            let start = beginning(&mut reader).map_err(failed)?;
            let reader: Reader = Box::new(Cursor::new(start.clone()).chain(reader));
            if is_compound(&start) || inflate::kind_of(&start) == Some(Compression::Zip) {
                let inner = Seekable::spooled(path, reader, options)?;
                return spreadsheet(path, inner, file, Some(Compression::Zip), options);
            }
            refuse_twice(path, Compression::Zip, &start)?;
            let meter = Meter::of(file);
            let text = Text { start, reader, meter: Some(meter), compression: Some(Compression::Zip), length: None };
            text.open(path, options)
        }
    }
}

/// A text that is inflated and not yet decoded.
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
        // The options describe an input; its reject report is written in its own way.
        let is_report = is_report(self.start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.start));
        if options.format == Some(Format::Spreadsheet) && !is_report {
            return Err(refuse(path, "it is not a spreadsheet; leave out --format"));
        }
        if options.sheet.is_some() && !is_report {
            return Err(refuse(path, "it is not a spreadsheet and has no sheets; leave out --sheet"));
        }
        let Text { start, mut reader, meter, compression, length } = self;
        let found = find_encoding(&start, is_report, options);
        if found.is_guessed && start.len() >= SAMPLE_BYTES {
            reader = Box::new(decode::detect::Doubted::new(reader, found.encoding));
        }
        let FoundEncoding { encoding, skip, notes, .. } = found;
        let beginning = &start[..start.len().min(1024)];
        let zeros = beginning.iter().filter(|byte| **byte == 0).count();
        if encoding == UTF_8 && !is_report && 4 * zeros > beginning.len() {
            return Err(refuse(path, "it is not text; if it is, name its encoding with --encoding"));
        }
        let has_checksum = compression.is_some();
        let failed = |error| Error::input(path, error);
        let window = if encoding == UTF_8 {
            let mut window = match meter {
                None => Window::new(reader),
                Some(meter) => Window::over(Box::new(Made { reader, meter, has_checksum })),
            };
            window.hold(skip).map_err(failed)?;
            window.drop_until(skip as u64);
            window
        } else {
            let (mut reader, meter) = match meter {
                Some(meter) => (reader, meter),
                None => {
                    let meter = Meter::default();
                    (Box::new(Metered::new(reader, meter.clone())) as Reader, meter)
                }
            };
            reader.read_exact(&mut vec![0; skip]).map_err(failed)?;
            let reader: Reader = Box::new(Decoder::new(reader, encoding));
            Window::over(Box::new(Made { reader, meter, has_checksum }))
        };
        Ok(Opened { window, length, is_file: false, compression, encoding, sheet: None, spooled: None, notes })
    }
}

/// The encoding of a text.
struct FoundEncoding {
    encoding: Charset,
    /// The length in bytes of a byte order mark of another encoding.
    skip: usize,
    is_guessed: bool,
    notes: Vec<String>,
}

/// The encoding of a text that begins with `start`: the one that was named, or the one that fits.
fn find_encoding(start: &[u8], is_report: bool, options: &ReadOptions) -> FoundEncoding {
    let mut notes = Vec::new();
    let is_broken = |error: std::str::Utf8Error| error.error_len().is_some();
    let is_utf8 = !std::str::from_utf8(start).is_err_and(is_broken);
    if is_report && is_utf8 {
        return FoundEncoding { encoding: UTF_8.into(), skip: 0, is_guessed: false, notes };
    }
    if let Some(named) = options.encoding {
        let (encoding, skip) = named_encoding(named, start, &mut notes);
        return FoundEncoding { encoding, skip, is_guessed: false, notes };
    }
    let found = decode::detect::detect(start, start.len() < SAMPLE_BYTES);
    if let Some(bom) = found.dropped_bom {
        notes.push(format!("its byte order mark says {bom}, but its bytes are not; the mark is ignored"));
    }
    if found.guessed {
        let name = decode::name(found.encoding);
        notes.push(format!("not UTF-8: read as {name} (change with --encoding)"));
    }
    if found.encoding == UTF_8 && !is_utf8 {
        notes.push("UTF-8 with invalid bytes; records that have them are rejected (change with --encoding)".into());
    }
    FoundEncoding { encoding: found.encoding, skip: found.skip, is_guessed: found.guessed, notes }
}

/// The encoding that was named, and the number of bytes to skip: another encoding's byte order mark. The mark decides between
/// the two byte orders of UTF-16, because the label says neither.
fn named_encoding(named: Charset, start: &[u8], notes: &mut Vec<String>) -> (Charset, usize) {
    match Encoding::for_bom(start) {
        Some((marked, length)) if named != marked => {
            let is_utf16 = |encoding: Charset| [UTF_16LE, UTF_16BE].iter().any(|utf16| encoding == *utf16);
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
