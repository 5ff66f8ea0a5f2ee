//! From a path to text: [`open`]. What is compressed is inflated, other encodings are decoded, and one sheet of a
//! spreadsheet becomes CSV. The content decides what kind a file is, not its name.

mod opened;
mod spreadsheet;

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::Path;

pub use self::opened::{Opened, OpenedSheet, refuse};
use self::opened::{Reader, open_text};
use self::spreadsheet::{Seekable, spreadsheet};
use super::feed::{FileRead, Meter, Metered, Unchanged};
use super::inflate::zip::{ZipContent, open_zip};
use super::inflate::{self, Compression, Limits};
use super::options::ReadOptions;
use super::sniff::SAMPLE_BYTES;
use crate::error::{Error, Result, Words};

pub fn open(path: &Path, options: &ReadOptions) -> Result<Opened> {
    let failed = |error: io::Error| Error::input(path, error);
    let mut input = Bytes::open(path).map_err(failed)?;
    let spooled = (options.spool && input.file.is_none()).then(|| input.spool()).transpose().map_err(failed)?;
    let is_file = input.file.is_some();
    let watched = input.watched.take();
    let mut opened = open_bytes(path, input, options)?;
    opened.window.file = watched;
    Ok(Opened { is_file, spooled, ..opened })
}

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
        io::copy(&mut Metered { reader: &mut self.reader, meter: meter.clone() }, &mut copy)?;
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
    let kind = inflate::kind_of(&start);
    let reader: Reader = Box::new(Cursor::new(start.clone()).chain(reader));
    let limits = Limits { bytes: options.max_inflated_bytes, ratio: options.max_inflated_ratio, ..Limits::default() };
    match kind {
        None if !is_compound(&start) => open_text(path, &start, reader, None, length, options),
        Some(kind) if kind != Compression::Zip => {
            let meter = Meter::default();
            let metered = Box::new(Metered { reader, meter: meter.clone() });
            let inflated = inflate::inflate(kind, metered, limits).map_err(failed)?;
            open_inflated(path, inflated, meter, kind, length, options)
        }
        _ => {
            let seekable = Seekable::of(path, file, reader, options)?;
            let mut handle = File::open(seekable.path()).map_err(failed)?;
            let file = FileRead::of(&mut handle, || true).map_err(failed)?.unwrap_or_default();
            if kind.is_none() {
                return spreadsheet(path, seekable, file, None, options);
            }
            match open_zip(handle, limits).map_err(failed)? {
                ZipContent::Spreadsheet(_) => spreadsheet(path, seekable, file, None, options),
                ZipContent::Member { reader, .. } => {
                    open_inflated(path, reader, Meter::of(file), Compression::Zip, None, options)
                }
            }
        }
    }
}

/// Opens what a file inflates to: a text, or a spreadsheet. `meter` counts the file.
fn open_inflated(
    path: &Path,
    mut inflated: Reader,
    meter: Meter,
    kind: Compression,
    length: Option<u64>,
    options: &ReadOptions,
) -> Result<Opened> {
    let start = beginning(&mut inflated).map_err(|error| Error::input(path, error))?;
    let reader: Reader = Box::new(Cursor::new(start.clone()).chain(inflated));
    match inflate::kind_of(&start) {
        Some(inner) if inner != Compression::Zip => {
            let (inner, outer) = (inner.name(), kind.name());
            let message = format!("it is compressed twice, {inner} within {outer}; decompress it once first");
            Err(refuse(path, Words::own(message)))
        }
        None if !is_compound(&start) => open_text(path, &start, reader, Some((kind, meter)), length, options),
        _ => {
            let seekable = Seekable::spooled(path, reader, options)?;
            spreadsheet(path, seekable, meter.read(), Some(kind), options)
        }
    }
}

fn beginning(reader: &mut Reader) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    reader.take(SAMPLE_BYTES as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// Whether it is a compound file: an old spreadsheet, or one with a password.
fn is_compound(start: &[u8]) -> bool {
    start.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
}
