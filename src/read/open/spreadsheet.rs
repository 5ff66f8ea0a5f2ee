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
use crate::read::sheet::{self, SheetReader};
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
    let failed = |error: io::Error| Error::input(path, error);
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
    let limits = sheet_limits(options);
    let (reader, info) =
        SheetReader::open(program, seekable.path(), options.sheet.as_deref(), limits).map_err(failed)?;
    let seekable = Arc::new(seekable);
    let again = {
        let (program, seekable, file, name) =
            (program.clone(), Arc::clone(&seekable), file.clone(), options.sheet.clone());
        move |first_row| {
            let limits = sheet::Limits { first_row, ..limits };
            let (reader, _) = SheetReader::open(&program, seekable.path(), name.as_deref(), limits)?;
            let feed = SheetFeed { reader, file: file.clone(), _copy: Arc::clone(&seekable) };
            Ok(Window::over(Box::new(feed)))
        }
    };
    let feed = SheetFeed { reader, file, _copy: seekable };
    let others: Vec<&str> = info
        .sheets
        .iter()
        .filter(|other| other.visible && other.name != info.sheet)
        .map(|other| &*other.name)
        .collect();
    let mut notes = Vec::new();
    if options.sheet.is_none() && !others.is_empty() {
        notes.push(format!(
            "reads the first sheet, {:?} (choose another with --sheet: {})",
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
