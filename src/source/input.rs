//! What an input is, found before a run starts: [`Input`].
//!
//! Opening reads the beginning: the format where it was not told, the header of CSV, the keys of the first records of
//! NDJSON. Nothing is decided about fields here; that needs a profile.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::csv::CsvCutter;
use super::ndjson::NdjsonCutter;
use super::window::Window;
use super::{BlockSize, Cutter, Source};
use crate::error::{Error, Result};
use crate::format::csv::{SplitFault, split, unguarded};
use crate::format::json::{Members, is_blank, raw_of_report};
use crate::profile::header::{REPORT_COLUMNS, REPORT_KEY};
use crate::record::Extent;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, or another delimiter, with a header.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl Format {
    /// The name that options and reports use; also the ending of a file of this kind.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Ndjson => "ndjson",
        }
    }
}

/// The longest that `--max-record-bytes` may ask for: places in a block are 32 bits.
pub const MAX_RECORD_BYTES: u64 = 256 * 1024 * 1024;

/// How inputs are to be read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The format, where it was told.
    pub format: Option<Format>,
    /// What stands between the cells of CSV.
    pub delimiter: u8,
    /// The greatest length of a record in bytes.
    pub max_record_bytes: u64,
    /// How many records are read of each input.
    pub limit: Option<u64>,
    /// How large the blocks are.
    pub block_size: BlockSize,
}

/// How many records, and how much, of NDJSON is looked at for its keys.
const SAMPLE_RECORDS: usize = 100;
const SAMPLE_BYTES: usize = 4 * 1024 * 1024;

/// As many columns as a spreadsheet can have. A header with more is of something else.
const MOST_COLUMNS: usize = 16_384;

/// About how many cells there are in a block at the most. A bad record's report has all its cells, and may have a line for
/// each; this keeps what a block can grow to in bounds.
const BLOCK_CELLS: usize = 32_768;

/// An input that was opened and looked at.
#[derive(Debug)]
pub struct Input {
    /// The path as it was given; `-` for standard input.
    pub path: PathBuf,
    /// What it is.
    pub format: Format,
    /// Its length in bytes, where that is known before it is read.
    pub length: Option<u64>,
    /// Whether it starts with a byte order mark.
    pub has_bom: bool,
    /// The names that its values go by: the header of CSV, the keys of NDJSON's first records.
    pub names: Vec<String>,
    /// The physical line of the header; 0 where there is none.
    pub header_line: u64,
    /// How many blank lines stand before the header.
    pub blank_before_header: u64,
    window: Window,
    line: u64,
}

impl Input {
    /// Opens the file at `path`, `-` for standard input, and looks at its beginning.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Input> {
        let (reader, length): (Box<dyn Read + Send>, Option<u64>) = if path.as_os_str() == "-" {
            (Box::new(io::stdin()), None)
        } else {
            let file = File::open(path).map_err(|error| Error::input(path, error))?;
            let metadata = file.metadata().map_err(|error| Error::input(path, error))?;
            if metadata.is_dir() {
                return Err(Error::input(path, io::ErrorKind::IsADirectory.into()));
            }
            (Box::new(file), metadata.is_file().then_some(metadata.len()))
        };
        Input::look(path, reader, length, options)
    }

    /// Looks at the beginning of what `reader` gives, which goes by the name `path`.
    pub fn look(
        path: &Path,
        reader: Box<dyn Read + Send>,
        length: Option<u64>,
        options: &ReadOptions,
    ) -> Result<Input> {
        let mut window = Window::new(reader);
        let failed = |error: io::Error| Error::input(path, error);
        window.byte(3).map_err(failed)?;
        refuse_other_kinds(path, window.held())?;
        let has_bom = window.held().starts_with(b"\xEF\xBB\xBF");
        if has_bom {
            window.drop_until(3);
        }
        let format = match options.format.or_else(|| format_by_name(path)) {
            Some(format) => format,
            None => {
                refuse_json_array(path, window.held())?;
                format_by_content(&mut window).map_err(failed)?
            }
        };
        let mut input = Input {
            path: path.to_path_buf(),
            format,
            length,
            has_bom,
            names: Vec::new(),
            header_line: 0,
            blank_before_header: 0,
            window,
            line: 1,
        };
        match format {
            Format::Csv => input.read_header(options)?,
            Format::Ndjson => input.sample_keys().map_err(failed)?,
        }
        Ok(input)
    }

    /// The records behind the header, as the `index`-th input of a run (from 0).
    pub fn into_source(self, index: usize, options: &ReadOptions) -> Source {
        let columns = self.names.len().max(1);
        let cutter: Box<dyn Cutter> = match self.format {
            Format::Csv => Box::new(CsvCutter::new(options.delimiter, options.max_record_bytes)),
            Format::Ndjson => Box::new(NdjsonCutter::new(options.max_record_bytes)),
        };
        Source::new(index, self.window, cutter, options.block_size, self.line, options.limit)
            .with_blank_lines(self.blank_before_header)
            .with_most_records((BLOCK_CELLS / columns).clamp(16, 2048))
    }

    fn read_header(&mut self, options: &ReadOptions) -> Result<()> {
        let mut cutter = CsvCutter::new(options.delimiter, options.max_record_bytes);
        loop {
            let start = self.window.offset();
            let cut = cutter.cut(&mut self.window, start).map_err(|error| Error::input(&self.path, error))?;
            let Some(cut) = cut else {
                return Err(self.refuse("it is empty. A CSV file starts with a header that names its columns"));
            };
            match cut.extent {
                Extent::Blank => self.blank_before_header += 1,
                Extent::Record => {
                    let header = self.window.held()[..(cut.end - start) as usize].to_vec();
                    self.names = self.header_cells(&header, options.delimiter)?;
                    self.header_line = self.line;
                }
                Extent::Unterminated => return Err(self.refuse_header("opens a quote that is never closed")),
                Extent::TooLarge => return Err(self.refuse_header("is longer than --max-record-bytes")),
            }
            self.window.drop_until(cut.next);
            self.line += cut.lines;
            if cut.extent == Extent::Record {
                return Ok(());
            }
        }
    }

    fn header_cells(&self, header: &[u8], delimiter: u8) -> Result<Vec<String>> {
        let text = std::str::from_utf8(header)
            .map_err(|_| self.refuse_header("is not UTF-8. Convert the file first (iconv -f WINDOWS-1252 -t UTF-8)"))?;
        let mut cells = Vec::new();
        split(header, delimiter, &mut cells).map_err(|fault| match fault {
            SplitFault::Malformed(column) | SplitFault::Unclosed(column) => {
                self.refuse_header(&format!("has text behind a closing quote in column {column}"))
            }
        })?;
        if cells.len() > MOST_COLUMNS {
            return Err(
                self.refuse_header(&format!("has {} columns; at most {MOST_COLUMNS} are possible", cells.len()))
            );
        }
        let names: Vec<String> = cells.iter().map(|cell| cell.text(text).into_owned()).collect();
        if names.iter().any(|name| REPORT_COLUMNS.contains(&name.as_str())) {
            return Ok(names.into_iter().map(|name| unguarded(name.into()).into_owned()).collect());
        }
        Ok(names)
    }

    /// The keys of the first records, each once, in the order in which they come.
    fn sample_keys(&mut self) -> io::Result<()> {
        let is_enough = |window: &Window| {
            window.held().len() >= SAMPLE_BYTES || records(window.held()).nth(SAMPLE_RECORDS).is_some()
        };
        while !is_enough(&self.window) && self.window.read_more()? {}
        let mut names: Vec<String> = Vec::new();
        for line in records(self.window.held()).take(SAMPLE_RECORDS) {
            let Ok(line) = std::str::from_utf8(line) else { continue };
            let Ok(members) = Members::parse(line) else { continue };
            collect_keys(&members, &mut names);
        }
        self.names = names;
        Ok(())
    }

    fn refuse(&self, doing: &str) -> Error {
        Error::Input { path: self.path.clone(), doing: doing.to_string() }
    }

    fn refuse_header(&self, what: &str) -> Error {
        self.refuse(&format!("line {}: the header {what}", self.line))
    }
}

/// The lines of NDJSON that are records.
fn records(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !is_blank(line))
}

/// How many different keys are looked at: a hostile record could have hundreds of thousands.
const SAMPLE_KEYS: usize = 1000;

fn collect_keys(members: &Members<'_>, names: &mut Vec<String>) {
    // A rejected record that stands whole in its report has its keys in there.
    if let [(key, report)] = members.0.as_slice()
        && key == REPORT_KEY
    {
        if let Some(raw) = raw_of_report(report)
            && let Ok(members) = Members::parse(&raw)
        {
            members.0.iter().for_each(|(key, _)| note_key(key, names));
        }
        return;
    }
    members.0.iter().filter(|(key, _)| key != REPORT_KEY).for_each(|(key, _)| note_key(key, names));
}

fn note_key(key: &str, names: &mut Vec<String>) {
    if names.len() < SAMPLE_KEYS && !names.iter().any(|held| held == key) {
        names.push(key.to_string());
    }
}

fn format_by_name(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" | "tsv" => Some(Format::Csv),
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        _ => None,
    }
}

fn format_by_content(window: &mut Window) -> io::Result<Format> {
    let mut at = window.offset();
    loop {
        match window.byte(at)? {
            Some(byte) if byte.is_ascii_whitespace() && at < SAMPLE_BYTES as u64 => at += 1,
            Some(b'{') => return Ok(Format::Ndjson),
            _ => return Ok(Format::Csv),
        }
    }
}

/// A JSON array that nothing says to be NDJSON would be taken for CSV.
fn refuse_json_array(path: &Path, start: &[u8]) -> Result<()> {
    let mut tokens = start.iter().filter(|byte| !byte.is_ascii_whitespace());
    if let (Some(b'['), Some(b'{')) = (tokens.next(), tokens.next()) {
        let doing = "it is a JSON array; write one object a line first (jq -c '.[]')".to_string();
        return Err(Error::Input { path: path.to_path_buf(), doing });
    }
    Ok(())
}

/// Files of a kind that this program cannot read yet would only come out as nonsense.
fn refuse_other_kinds(path: &Path, start: &[u8]) -> Result<()> {
    let kinds: [(&[u8], &str); 7] = [
        (b"\x1f\x8b", "it is compressed with gzip; decompress it first (gunzip)"),
        (b"\x28\xb5\x2f\xfd", "it is compressed with zstd; decompress it first (zstd -d)"),
        (b"PK\x03\x04", "it is a zip file or a spreadsheet; unpack it, or save the sheet as CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0", "it is a spreadsheet; save the sheet as CSV UTF-8"),
        (b"SQLite format 3\0", "it is an SQLite database, not a file of records"),
        (b"\xff\xfe", "it is UTF-16; convert it first (iconv -f UTF-16 -t UTF-8)"),
        (b"\xfe\xff", "it is UTF-16; convert it first (iconv -f UTF-16 -t UTF-8)"),
    ];
    match kinds.iter().find(|(magic, _)| start.starts_with(magic)) {
        Some((_, doing)) => Err(Error::Input { path: path.to_path_buf(), doing: (*doing).to_string() }),
        None => Ok(()),
    }
}
