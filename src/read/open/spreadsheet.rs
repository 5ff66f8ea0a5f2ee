//! Spreadsheets as inputs: one sheet becomes text, read by a child process.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use encoding_rs::UTF_8;

use super::opened::{Opened, OpenedSheet, refuse};
use super::seekable::Seekable;
use crate::error::{Error, Result};
use crate::read::feed::{Feed, FileRead};
use crate::read::inflate::Compression;
use crate::read::options::{Format, ReadOptions};
use crate::read::sheet::{Limits, SheetInfo, SheetReader};
use crate::read::window::Window;

/// A spreadsheet's rows, and the file that they are read from.
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
    if options.encoding.is_some() {
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

/// Names the visible sheets that are not read.
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
