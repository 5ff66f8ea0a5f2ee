//! How inputs are to be read: [`ReadOptions`]; and how one is written: [`Dialect`].

use std::path::PathBuf;

use super::decode::Charset;
use super::source::BlockSize;
use crate::core::record::dialect::{CsvDialect, Escape};

/// A format of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, or another delimiter, with a header.
    Csv,
    /// One JSON object per line.
    Ndjson,
    /// An array of JSON objects.
    Json,
    /// A sheet of a spreadsheet.
    Spreadsheet,
}

impl Format {
    /// The name in options and reports.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Ndjson => "ndjson",
            Format::Json => "json",
            Format::Spreadsheet => "spreadsheet",
        }
    }

    /// Whether its records are rows of cells under a header.
    pub fn is_table(self) -> bool {
        matches!(self, Format::Csv | Format::Spreadsheet)
    }

    /// The file extension of its reject reports.
    pub fn report_ending(self) -> &'static str {
        if self.is_table() { "csv" } else { "ndjson" }
    }
}

/// The most that `--max-record-bytes` accepts: offsets in a block are 32 bits.
pub const MAX_RECORD_BYTES: u64 = 256 * 1024 * 1024;

/// How inputs are to be read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The format, if named.
    pub format: Option<Format>,
    /// The delimiter of CSV, if named.
    pub delimiter: Option<u8>,
    /// The quote of CSV, if named: a character, or none.
    pub quote: Option<Option<u8>>,
    /// How a quote is written inside a quoted cell.
    pub escape: Escape,
    /// The encoding, if named.
    pub encoding: Option<Charset>,
    /// Where the header of a table is.
    pub header: HeaderSource,
    /// The sheet of a spreadsheet, by name or number.
    pub sheet: Option<String>,
    /// The path of the array in a JSON document with the records; `.` for none.
    pub records: Option<String>,
    /// The program that reads spreadsheets in a child process: this one.
    pub program: Option<PathBuf>,
    /// Whether a profile named the encoding: a spreadsheet, which has none, is read without it. One that the command line names
    /// is an error there.
    pub has_usual_encoding: bool,
    /// Whether a profile named the sheet: a file that has no sheets is read without it.
    pub has_usual_sheet: bool,
    /// The most bytes that a compressed file may inflate to.
    pub max_inflated_bytes: u64,
    /// The most bytes that one byte of it may inflate to.
    pub max_inflated_ratio: u64,
    /// Whether a row may lack its last cells.
    pub pad_short_rows: bool,
    /// The greatest length of a record, in bytes.
    pub max_record_bytes: u64,
    /// The number of records to read of each input.
    pub limit: Option<u64>,
    /// The size of blocks.
    pub block_size: BlockSize,
    /// Whether to hash the text even if it is not the file itself.
    pub hash_text: bool,
    /// Whether to read standard input to its end first, for its SHA-256.
    pub spool: bool,
}

impl Default for ReadOptions {
    /// Everything is found in the file; limits are those of the command line. Without a program, spreadsheets are not
    /// read.
    fn default() -> ReadOptions {
        ReadOptions {
            format: None,
            delimiter: None,
            quote: None,
            escape: Escape::Double,
            encoding: None,
            header: HeaderSource::Found,
            sheet: None,
            records: None,
            program: None,
            has_usual_encoding: false,
            has_usual_sheet: false,
            max_inflated_bytes: 64 << 30,
            max_inflated_ratio: 500,
            pad_short_rows: false,
            max_record_bytes: 1024 * 1024,
            limit: None,
            block_size: BlockSize::default(),
            hash_text: false,
            spool: false,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HeaderSource {
    /// The first line if a profile fits it, else the first of twenty lines that a profile fits and that looks like a
    /// header.
    #[default]
    Found,
    Line(u64),
    /// Not in the file: these are the names.
    Given(Vec<String>),
}

/// How an input is written: everything found out before its records are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    pub format: Format,
    /// How the cells of a table are written. Its reject report has the same delimiter, with the usual quoting.
    pub csv: CsvDialect,
    /// The encoding of the text, by its WHATWG name in lower case.
    pub encoding: String,
    pub has_bom: bool,
    pub compression: Option<&'static str>,
    pub sheet: Option<String>,
    /// The path of the array in a JSON document with the records.
    pub records: Option<String>,
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

pub fn delimiter_name(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "tab".to_string(),
        b',' => "comma".to_string(),
        b';' => "semicolon".to_string(),
        other => char::from(other).to_string(),
    }
}
