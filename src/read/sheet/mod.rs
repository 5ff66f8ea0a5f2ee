//! One sheet of a spreadsheet as CSV: [`SheetReader`].
//!
//! Careful, this is about hostile files. The libraries that read spreadsheets can be made to allocate without bound, to
//! overflow the stack or to read for ever by files of a few hundred bytes, and the first two end the process that they
//! happen in. So a spreadsheet is read in a process of its own, the child: this same program, called with the hidden
//! subcommand `__sheet`, which does nothing but [`serve`]. It limits its own memory, and whatever becomes of it, the
//! parent sees rows or an error.
//!
//! What the child writes to its standard output is one line of JSON, a [`SheetInfo`], and then CSV (RFC 4180, LF), one
//! record for each row from the sheet's first on, so that the n-th record is the row that a spreadsheet shows as n. A row
//! without values is an empty line. At its end it writes one more line of JSON, a [`SheetEnd`], to its standard error. How cells
//! are written is for `cell` and `rows`; how a zip file is read, and that no byte of it is believed before its checksum is
//! compared, for `package`.

mod book;
mod cell;
mod container;
mod merges;
mod number_format;
mod ods;
mod ods_styles;
mod package;
mod place;
mod reader;
mod relations;
mod rows;
mod serve;
mod texts;
mod workbook;
mod xlsb;
mod xlsx;
mod xml;

use std::ffi::OsString;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use self::container::{CfbKind, kind_of_cfb};
pub use self::reader::SheetReader;
pub use self::serve::{serve, serve_unconfined};

pub(crate) use crate::core::record::csv::NOT_CALCULATED;

/// The subcommand that makes the program a child.
pub const SUBCOMMAND: &str = "__sheet";

/// What stands in front of the text of an error cell (`#N/A`), to tell it from a text that looks the same. A text that
/// begins with this character itself gets a second one.
pub const ERROR_MARK: char = '\u{1}';

/// What a spreadsheet may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The child's address space in bytes.
    pub memory_bytes: u64,
    /// The most that the file may claim to inflate to, and that a sheet may come to as CSV, in bytes.
    pub max_inflated_bytes: u64,
    /// The first row of the records, from zero, as far as it is known: a merged range that begins above it gives its value to
    /// none of them, and no hidden row above it is counted.
    pub first_row: u32,
}

impl Default for Limits {
    /// 2 GiB of memory hold the texts of some ten million cells; 64 GiB are more than any sheet can need.
    fn default() -> Limits {
        Limits { memory_bytes: 2 << 30, max_inflated_bytes: 64 << 30, first_row: 0 }
    }
}

/// A kind of spreadsheet.
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

/// What is known of a spreadsheet before its rows are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetInfo {
    /// The sheet that is read.
    pub sheet: String,
    /// All sheets in their order, charts included.
    pub sheets: Vec<SheetName>,
    /// What the file is.
    pub kind: Kind,
    /// The first and last row, from one, of the topmost of the merged ranges that span several rows.
    #[serde(default)]
    pub merged_rows: Vec<(u32, u32)>,
}

/// What is known of a sheet when its rows have been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetEnd {
    /// How many merged ranges gave their value to further rows.
    pub merged_ranges: u64,
    /// How many cells got a value so.
    pub merged_filled: u64,
    /// How many rows with values are hidden.
    pub hidden_rows: u64,
}

impl SheetEnd {
    /// What there is to say of it: what is filled that no cell holds, and what is read that nobody sees.
    pub fn said(&self) -> Option<String> {
        let counted = |n: u64, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
        let filled = (self.merged_filled > 0).then(|| {
            let (ranges, cells) = (counted(self.merged_ranges, "merged range"), counted(self.merged_filled, "cell"));
            format!("{ranges}, {cells} filled")
        });
        let hidden = (self.hidden_rows > 0).then(|| format!("{} read", counted(self.hidden_rows, "hidden row")));
        let said: Vec<String> = filled.into_iter().chain(hidden).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }
}

/// One sheet of a spreadsheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetName {
    /// The name on its tab.
    pub name: String,
    /// Whether it has a tab that can be seen.
    pub visible: bool,
}

/// The arguments that make the program a child: `__sheet --memory-bytes=N --max-inflated-bytes=N --first-row=N
/// [--sheet=NAME] -- PATH`.
fn arguments(path: &Path, sheet: Option<&str>, limits: Limits) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec![
        SUBCOMMAND.into(),
        format!("--memory-bytes={}", limits.memory_bytes).into(),
        format!("--max-inflated-bytes={}", limits.max_inflated_bytes).into(),
        format!("--first-row={}", limits.first_row).into(),
    ];
    arguments.extend(sheet.map(|name| format!("--sheet={name}").into()));
    arguments.push("--".into());
    arguments.push(path.into());
    arguments
}
