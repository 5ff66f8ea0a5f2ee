//! What parent and child send each other: [`Limits`] to the child; a [`SheetInfo`] before the rows and a [`SheetEnd`]
//! after them, or a [`Refusal`], to the parent.

use std::fmt::Display;
use std::io;

use calamine::XlsError;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The child's address space in bytes.
    pub memory_bytes: u64,
    /// The most bytes that the file may claim to inflate to, and that a sheet may have as CSV.
    pub max_inflated_bytes: u64,
    /// The first row of the records, from 0, if known. A merged range that begins above it gives them no value, and
    /// hidden rows above it are not counted.
    pub first_row: u32,
}

impl Default for Limits {
    /// 2 GiB of memory are enough for the texts of about ten million cells; 64 GiB are more than any sheet needs.
    fn default() -> Limits {
        Limits { memory_bytes: 2 << 30, max_inflated_bytes: 64 << 30, first_row: 0 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Excel since 2007, with macros or without: XML in a zip file.
    Xlsx,
    /// Excel since 2007: binary records in a zip file.
    Xlsb,
    /// OpenDocument: XML in a zip file.
    Ods,
    /// Excel before 2007: binary records in a compound file.
    Xls,
}

/// What is known about a spreadsheet before its rows are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetInfo {
    pub sheet: String,
    /// All sheets in order, including charts.
    pub sheets: Vec<SheetName>,
    pub kind: Kind,
    /// The first and last row, from 1, of the topmost merged ranges that span several rows.
    #[serde(default)]
    pub merged_rows: Vec<(u32, u32)>,
}

/// What is known about a sheet after its rows have been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetEnd {
    /// The number of merged ranges that gave their value to further rows.
    pub merged_ranges: u64,
    /// The number of cells that got a value that way.
    pub merged_filled: u64,
    /// The number of hidden rows with values.
    pub hidden_rows: u64,
}

impl SheetEnd {
    /// A notice for the user: values filled into cells, and hidden rows that were read.
    pub fn notice(&self) -> Option<String> {
        let counted = |n: u64, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
        let filled = (self.merged_filled > 0).then(|| {
            let (ranges, cells) = (counted(self.merged_ranges, "merged range"), counted(self.merged_filled, "cell"));
            format!("{ranges}, {cells} filled")
        });
        let hidden = (self.hidden_rows > 0).then(|| format!("{} read", counted(self.hidden_rows, "hidden row")));
        let notices: Vec<String> = filled.into_iter().chain(hidden).collect();
        (!notices.is_empty()).then(|| notices.join("; "))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetName {
    pub name: String,
    pub visible: bool,
}

/// The longest first line, in bytes.
pub(super) const MAX_INFO: u64 = 1024 * 1024;

pub(super) type Result<T> = std::result::Result<T, Refusal>;

/// Why a spreadsheet is not read: what is wrong and what to do, to follow `cannot read FILE: `.
#[derive(Debug)]
pub(super) struct Refusal(String);

impl Refusal {
    pub(super) fn new(sentence: impl Into<String>) -> Refusal {
        Refusal(sentence.into())
    }

    pub(super) fn protected() -> Refusal {
        Refusal::new("it is protected with a password; open it, save it without one, then load that")
    }

    /// The file is damaged; `words` say how.
    pub(super) fn damaged(words: impl Display) -> Refusal {
        Refusal(format!(
            "it is damaged ({words}); open it and save it again, or save the sheet as CSV UTF-8 and load that"
        ))
    }

    pub(super) fn too_large(most: u64) -> Refusal {
        Refusal(format!(
            "it inflates to more than {most} bytes; if that is right, allow more with --max-inflated-bytes"
        ))
    }
}

impl Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => Refusal::damaged(error),
            _ => Refusal(error.to_string()),
        }
    }
}

impl From<XlsError> for Refusal {
    fn from(error: XlsError) -> Refusal {
        match error {
            XlsError::Password => Refusal::protected(),
            error => Refusal::damaged(error),
        }
    }
}

/// The longest name or value of the file in a message, in characters.
const SHOWN: usize = 64;

/// A name or value from the file, shortened for a message.
pub(super) fn short(word: &str) -> String {
    word.chars().take(SHOWN).collect()
}
