//! Spreadsheets as inputs: from a file that is one to the text of one of its sheets, by way of a child process.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use encoding_rs::UTF_8;

use super::inflate::Compression;
use super::input::{Format, ReadOptions};
use super::opening::{Opened, Reader, refuse};
use super::sheet::{self, SheetReader};
use super::window::{Feed, FileRead, Window};
use crate::error::{Error, Result, own_words};

/// A file that can be read from any place, and by another process: the input itself, or a copy.
pub(super) enum Place {
    /// A file that is open, and where it can be opened again. What has the input's name by then is not asked; and of a copy, which
    /// has no name, nothing is left whatever becomes of this process.
    Open(PathBuf, #[allow(dead_code)] File),
    /// A copy where open files cannot be opened again.
    Copy(tempfile::NamedTempFile),
}

/// Where a file that is open can be opened again, if the system has such a place.
#[cfg(target_os = "linux")]
fn open_place(file: &File) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    let path = PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()));
    path.exists().then_some(path)
}

#[cfg(not(target_os = "linux"))]
fn open_place(_: &File) -> Option<PathBuf> {
    None
}

/// Makes a copy's file, and gives a handle to write it with.
fn copy() -> io::Result<(Place, File)> {
    let file = tempfile::tempfile()?;
    if let Some(path) = open_place(&file) {
        let writer = file.try_clone()?;
        return Ok((Place::Open(path, file), writer));
    }
    let file = tempfile::NamedTempFile::new()?;
    let writer = file.reopen()?;
    Ok((Place::Copy(file), writer))
}

impl Place {
    pub(super) fn of(path: &Path, file: Option<File>, reader: Reader, options: &ReadOptions) -> Result<Place> {
        match file.and_then(|file| Some((open_place(&file)?, file))) {
            Some((open, file)) => Ok(Place::Open(open, file)),
            None => Place::spooled(path, reader, options),
        }
    }

    pub(super) fn spooled(path: &Path, mut reader: Reader, options: &ReadOptions) -> Result<Place> {
        let copied = (|| {
            let (place, mut copy) = copy()?;
            let most = options.max_inflated_bytes;
            if io::copy(&mut reader.by_ref().take(most), &mut copy)? == most && reader.read(&mut [0])? > 0 {
                return Err(own_words(
                    io::ErrorKind::Other,
                    format!("it is longer than {most} bytes (--max-inflated-bytes)"),
                ));
            }
            Ok(place)
        })();
        copied.map_err(|error| Error::input(path, error))
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Place::Open(path, _) => path,
            Place::Copy(copy) => copy.path(),
        }
    }

    /// Reads it once for its hash.
    pub(super) fn file_read(&self) -> io::Result<FileRead> {
        hash(&mut File::open(self.path())?)
    }
}

/// Reads a file to its end for its hash.
pub(super) fn hash(file: &mut File) -> io::Result<FileRead> {
    let (mut read, mut buffer) = (FileRead::default(), vec![0; 256 * 1024]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(read),
            Ok(more) => read.add(&buffer[..more]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A spreadsheet's rows, and the copy that they are read from.
struct SheetFeed {
    reader: SheetReader,
    file: FileRead,
    /// A copy is gone when it is dropped.
    _place: Arc<Place>,
}

impl Feed for SheetFeed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.reader.read(into)
    }

    fn file_read(&self) -> Option<FileRead> {
        let mut file = self.file.clone();
        file.sheet = self.reader.end();
        Some(file)
    }
}

/// The sheet of a spreadsheet that was opened, and how to open it again.
pub struct OpenedSheet {
    /// Its name.
    pub name: String,
    /// The first and last row, from one, of the topmost merged ranges that span several rows.
    merged_rows: Vec<(u32, u32)>,
    again: Box<dyn Fn(u32) -> io::Result<Window> + Send>,
}

impl std::fmt::Debug for OpenedSheet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("OpenedSheet").field(&self.name).finish()
    }
}

impl OpenedSheet {
    /// The rows from the first on, with the merged ranges that begin in the header, or above it, kept out of the records; `None`
    /// where no range reaches over the header anyway.
    pub fn with_header(&self, line: u64) -> io::Result<Option<Window>> {
        let Ok(line) = u32::try_from(line) else { return Ok(None) };
        let reaches_over = |(first, last): &(u32, u32)| *first <= line && *last > line;
        self.merged_rows.iter().any(reaches_over).then(|| (self.again)(line)).transpose()
    }
}

/// `place` holds the spreadsheet, and `file` is what was read of the input that it came in.
pub(super) fn spreadsheet(
    path: &Path,
    place: Place,
    file: FileRead,
    compression: Option<Compression>,
    options: &ReadOptions,
) -> Result<Opened> {
    let failed = |error: io::Error| Error::input(path, error);
    if options.format.is_some_and(|format| format != Format::Spreadsheet) {
        return Err(refuse(path, "it is a spreadsheet; leave --format out, or say --format spreadsheet"));
    }
    if options.encoding.is_some() {
        return Err(refuse(path, "it is a spreadsheet, which has no encoding; leave --encoding out"));
    }
    let Some(program) = &options.program else {
        return Err(refuse(
            path,
            "it is a spreadsheet, and no program was named to read it; save the sheet as CSV UTF-8",
        ));
    };
    let limits = sheet_limits(options);
    let (reader, info) = SheetReader::open(program, place.path(), options.sheet.as_deref(), limits).map_err(failed)?;
    let place = Arc::new(place);
    let again = {
        let (program, place, file, name) = (program.clone(), Arc::clone(&place), file.clone(), options.sheet.clone());
        move |first_row| {
            let limits = sheet::Limits { first_row, ..limits };
            let (reader, _) = SheetReader::open(&program, place.path(), name.as_deref(), limits)?;
            let feed = SheetFeed { reader, file: file.clone(), _place: Arc::clone(&place) };
            Ok(Window::over(Box::new(feed)))
        }
    };
    let feed = SheetFeed { reader, file, _place: place };
    let others: Vec<&str> = info
        .sheets
        .iter()
        .filter(|other| other.visible && other.name != info.sheet)
        .map(|other| &*other.name)
        .collect();
    let mut notes = Vec::new();
    if options.sheet.is_none() && !others.is_empty() {
        notes.push(format!(
            "the sheet {:?} is read, the first one; --sheet names another: {}",
            info.sheet,
            others.iter().take(20).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
        ));
    }
    let sheet = Some(OpenedSheet { name: info.sheet, merged_rows: info.merged_rows, again: Box::new(again) });
    Ok(Opened {
        spooled: None,
        window: Window::over(Box::new(feed)),
        length: None,
        is_file: false,
        compression,
        encoding: UTF_8.into(),
        sheet,
        notes,
    })
}

fn sheet_limits(options: &ReadOptions) -> sheet::Limits {
    sheet::Limits { max_inflated_bytes: options.max_inflated_bytes, ..sheet::Limits::default() }
}
