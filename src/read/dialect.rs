//! How an input is written: [`Dialect`].

use super::options::Format;
use crate::core::record::dialect::CsvDialect;

/// How an input is written: everything found out before its records are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The format.
    pub format: Format,
    /// How the cells of a table are written. Its reject report has the same delimiter, with the usual quoting.
    pub csv: CsvDialect,
    /// The encoding of the text, by its WHATWG name in lower case.
    pub encoding: String,
    /// Whether the text starts with a byte order mark.
    pub has_bom: bool,
    /// The compression.
    pub compression: Option<&'static str>,
    /// The sheet read.
    pub sheet: Option<String>,
    /// The path of the array in a JSON document with the records.
    pub records: Option<String>,
    /// The physical line of the header, if there is one.
    pub header_line: Option<u64>,
    /// Whether a row may lack its last cells.
    pub is_padded: bool,
}

impl Dialect {
    /// Whether its reject reports begin with a byte order mark, for programs that need one.
    pub fn report_has_bom(&self) -> bool {
        self.has_bom || self.encoding != "utf-8" || self.format == Format::Spreadsheet
    }
}

/// A delimiter as options and messages name it.
pub fn delimiter_name(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "tab".to_string(),
        b',' => "comma".to_string(),
        b';' => "semicolon".to_string(),
        other => char::from(other).to_string(),
    }
}
