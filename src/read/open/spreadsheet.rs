//! Spreadsheets as inputs: one sheet becomes text, read by a child process from a [`Seekable`] file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use encoding_rs::UTF_8;

use super::opened::{Opened, OpenedSheet, Reader, refuse};
use crate::error::{Error, Result, own_words};
use crate::read::feed::{Feed, FileRead};
use crate::read::inflate::Compression;
use crate::read::options::{Format, ReadOptions};
use crate::read::sheet::{Limits, SheetInfo, SheetReader};
use crate::read::window::Window;

struct SheetFeed {
    reader: SheetReader,
    file: FileRead,
    /// Dropping it deletes a copy.
    _copy: Arc<Seekable>,
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

/// Opens the spreadsheet in `seekable`; `file` is what was read of the input.
pub(super) fn spreadsheet(
    path: &Path,
    seekable: Seekable,
    file: FileRead,
    compression: Option<Compression>,
    options: &ReadOptions,
) -> Result<Opened> {
    if options.format.is_some_and(|format| format != Format::Spreadsheet) {
        return Err(refuse(path, "it is a spreadsheet; leave out --format, or use --format spreadsheet"));
    }
    if options.encoding.is_some() && !options.has_usual_encoding {
        return Err(refuse(path, "it is a spreadsheet, which has no encoding; leave out --encoding"));
    }
    let Some(program) = &options.program else {
        return Err(refuse(
            path,
            "it is a spreadsheet, and no program was given to read it; save the sheet as CSV UTF-8",
        ));
    };
    let seekable = Arc::new(seekable);
    let open_sheet = {
        let (program, name, most) = (program.clone(), options.sheet.clone(), options.max_inflated_bytes);
        move |first_row| {
            let limits = Limits { max_inflated_bytes: most, first_row, ..Limits::default() };
            let (reader, info) = SheetReader::open(&program, seekable.path(), name.as_deref(), limits)?;
            let feed = SheetFeed { reader, file: file.clone(), _copy: Arc::clone(&seekable) };
            Ok::<_, io::Error>((Window::over(Box::new(feed)), info))
        }
    };
    let (window, info) = open_sheet(0).map_err(|error| Error::input(path, error))?;
    let notes = if options.sheet.is_none() { Vec::from_iter(other_sheets(&info)) } else { Vec::new() };
    let again = Box::new(move |first_row| Ok(open_sheet(first_row)?.0));
    let sheet = Some(OpenedSheet { name: info.sheet, merged_rows: info.merged_rows, again });
    let encoding = UTF_8.into();
    Ok(Opened { window, length: None, is_file: false, compression, encoding, sheet, spooled: None, notes })
}

fn other_sheets(info: &SheetInfo) -> Option<String> {
    const NAMED: usize = 20;
    let others = info.sheets.iter().filter(|other| other.visible && other.name != info.sheet);
    let others: Vec<String> = others.take(NAMED).map(|other| format!("{:?}", other.name)).collect();
    let named = || {
        let others = others.join(", ");
        format!("read the first visible sheet, {:?} (choose another with --sheet: {others})", info.sheet)
    };
    (!others.is_empty()).then(named)
}

/// A file that can be read from any offset, and by another process: the input itself, or a copy of it.
pub(super) enum Seekable {
    /// An open file, and the path to open it again. The input's name may be another file's by now; a copy has none.
    Open(PathBuf, #[allow(dead_code)] File),
    /// A named copy, on systems that cannot open an open file again.
    Copy(tempfile::NamedTempFile),
}

/// The path to open an open file again, if the system has one.
#[cfg(target_os = "linux")]
fn reopenable_path(file: &File) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    let path = PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()));
    path.exists().then_some(path)
}

#[cfg(not(target_os = "linux"))]
fn reopenable_path(_: &File) -> Option<PathBuf> {
    None
}

impl Seekable {
    pub(super) fn of(path: &Path, file: Option<File>, reader: Reader, options: &ReadOptions) -> Result<Seekable> {
        match file.and_then(|file| Some((reopenable_path(&file)?, file))) {
            Some((open, file)) => Ok(Seekable::Open(open, file)),
            None => Seekable::spooled(path, reader, options),
        }
    }

    pub(super) fn spooled(path: &Path, reader: Reader, options: &ReadOptions) -> Result<Seekable> {
        Seekable::copied(reader, options.max_inflated_bytes).map_err(|error| Error::input(path, error))
    }

    fn copied(mut reader: Reader, most: u64) -> io::Result<Seekable> {
        let file = tempfile::tempfile()?;
        let (copy, mut writer) = if let Some(path) = reopenable_path(&file) {
            let writer = file.try_clone()?;
            (Seekable::Open(path, file), writer)
        } else {
            let file = tempfile::NamedTempFile::new()?;
            let writer = file.reopen()?;
            (Seekable::Copy(file), writer)
        };
        if io::copy(&mut reader.by_ref().take(most), &mut writer)? == most && reader.read(&mut [0])? > 0 {
            let message = format!("it is longer than {most} bytes (allow more with --max-inflated-bytes)");
            return Err(own_words(io::ErrorKind::Other, message));
        }
        Ok(copy)
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Seekable::Open(path, _) => path,
            Seekable::Copy(copy) => copy.path(),
        }
    }
}
