//! An input whose text can be read: [`Opened`].

use std::io::{self, Read};
use std::path::Path;

use crate::error::{Error, Words};
use crate::read::decode::Charset;
use crate::read::feed::FileRead;
use crate::read::inflate::Compression;
use crate::read::window::Window;

/// An input whose text can be read.
#[derive(Debug)]
pub struct Opened {
    /// The text, in UTF-8 as far as it is valid.
    pub window: Window,
    /// The file's length in bytes, if progress can be measured by it.
    pub length: Option<u64>,
    /// Whether it is a file that can be opened again.
    pub is_file: bool,
    /// The compression.
    pub compression: Option<Compression>,
    /// The encoding.
    pub encoding: Charset,
    /// The sheet, if it is a spreadsheet.
    pub sheet: Option<OpenedSheet>,
    /// What was read of standard input, if it was read to its end first.
    pub spooled: Option<FileRead>,
    /// Notes for the user.
    pub notes: Vec<String>,
}

#[cfg(any(test, feature = "internals"))]
impl Opened {
    /// A text in UTF-8 that is not a file, of this length if known.
    pub fn plain(reader: Box<dyn Read + Send>, length: Option<u64>) -> Opened {
        let window = Window::new(reader);
        Opened {
            window,
            length,
            is_file: false,
            compression: None,
            encoding: encoding_rs::UTF_8.into(),
            sheet: None,
            spooled: None,
            notes: Vec::new(),
        }
    }
}

/// An input's bytes, or what is made of them.
pub(super) type Reader = Box<dyn Read + Send>;

/// The sheet of a spreadsheet, and how to open it again.
pub struct OpenedSheet {
    /// Its name.
    pub name: String,
    /// The first and last row, from 1, of the topmost merged ranges that span several rows.
    pub(super) merged_rows: Vec<(u32, u32)>,
    pub(super) again: Box<dyn Fn(u32) -> io::Result<Window> + Send>,
}

impl std::fmt::Debug for OpenedSheet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("OpenedSheet").field(&self.name).finish()
    }
}

impl OpenedSheet {
    /// The rows again, without values from merged ranges that begin in the header or above it; `None` if no range
    /// reaches past the header.
    pub fn with_header(&self, line: u64) -> io::Result<Option<Window>> {
        let Ok(line) = u32::try_from(line) else { return Ok(None) };
        let reaches_over = |(first, last): &(u32, u32)| *first <= line && *last > line;
        self.merged_rows.iter().any(reaches_over).then(|| (self.again)(line)).transpose()
    }
}

/// The error of an input that is not read.
pub(super) fn refuse(path: &Path, doing: impl Into<Words>) -> Error {
    Error::Input { path: path.to_path_buf(), doing: doing.into() }
}
