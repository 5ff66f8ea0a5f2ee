//! What parent and child send each other: the child's [`arguments`], a [`SheetInfo`] before the rows, and a
//! [`SheetEnd`] after them.

use std::ffi::OsString;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// The subcommand that makes the program a child.
pub const SUBCOMMAND: &str = "__sheet";

/// The limits on reading a spreadsheet.
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

/// What is known about a spreadsheet before its rows are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetInfo {
    /// The sheet that is read.
    pub sheet: String,
    /// All sheets in order, including charts.
    pub sheets: Vec<SheetName>,
    /// The file's kind.
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

/// One sheet of a spreadsheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetName {
    /// The name on its tab.
    pub name: String,
    /// Whether its tab is visible.
    pub visible: bool,
}

/// The arguments of the child: `__sheet --memory-bytes=N --max-inflated-bytes=N --first-row=N [--sheet=NAME] -- PATH`.
pub(super) fn arguments(path: &Path, sheet: Option<&str>, limits: Limits) -> Vec<OsString> {
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

/// The longest first line, in bytes.
pub(super) const MAX_INFO: u64 = 1024 * 1024;
