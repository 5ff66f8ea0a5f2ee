//! What an input is, found before a run starts: [`Input`].
//!
//! Opening looks at the beginning: what kind of file it is, the delimiter and header of a table, the keys of the first
//! records of JSON. Which fields are filled is not decided here, but which profiles come into question is of help: the
//! reading that one fits is the better one.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use memchr::memchr;

use super::csv::CsvCutter;
use super::decode::{self, Charset};
use super::document::{self, Document, ITSELF};
use super::json::JsonCutter;
use super::kind::{self, Records, format_of};
use super::ndjson::NdjsonCutter;
use super::opening::{self, Opened};
use super::report::is_report;
use super::sheet_rows::SheetCutter;
use super::sniff::{
    HeaderPlace, Kind, SAMPLE_BYTES, Sample, Sniffed, Trial, Unreadable, report_header, separator_line, sniff,
};
use super::window::{FileRead, Window};
use super::{BlockSize, Cutter, Source};
use crate::core::profile::{Candidates, REPORT_KEY, report_column};
use crate::core::record::Extent;
use crate::core::record::csv::DELIMITERS;
use crate::core::record::dialect::{CsvDialect, Escape};
use crate::core::record::json::{is_blank, names_of, without_comma};
use crate::error::{Error, Result, Words};

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, or another delimiter, with a header.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// An array of JSON objects.
    Json,
    /// A sheet of a spreadsheet.
    Spreadsheet,
}

impl Format {
    /// The name that options and reports use.
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

    /// The ending of a reject report for records of this kind.
    pub fn report_ending(self) -> &'static str {
        if self.is_table() { "csv" } else { "ndjson" }
    }
}

/// The longest that `--max-record-bytes` may ask for: places in a block are 32 bits.
pub const MAX_RECORD_BYTES: u64 = 256 * 1024 * 1024;

/// How inputs are to be read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The format, where it was told.
    pub format: Option<Format>,
    /// What stands between the cells of CSV, where it was told.
    pub delimiter: Option<u8>,
    /// What cells are quoted with, where it was told: a character, or nothing.
    pub quote: Option<Option<u8>>,
    /// What stands for a quote inside a quoted cell.
    pub escape: Escape,
    /// The encoding, where it was told.
    pub encoding: Option<Charset>,
    /// Where the header of a table is.
    pub header: HeaderPlace,
    /// The sheet of a spreadsheet, by its name or number.
    pub sheet: Option<String>,
    /// The path of the array within a JSON document that holds the records; `.` for none.
    pub records: Option<String>,
    /// The program that reads spreadsheets in a process of its own: this one.
    pub program: Option<PathBuf>,
    /// How many bytes may come out of a compressed file.
    pub max_inflated_bytes: u64,
    /// How many bytes may come out of one byte of it.
    pub max_inflated_ratio: u64,
    /// Whether a row may lack its last cells.
    pub pad_short_rows: bool,
    /// The greatest length of a record in bytes.
    pub max_record_bytes: u64,
    /// How many records are read of each input.
    pub limit: Option<u64>,
    /// How large the blocks are.
    pub block_size: BlockSize,
    /// Whether the SHA-256 of the text is wanted also where the text is not the file itself.
    pub hash_text: bool,
    /// Whether standard input is read to its end before anything else, for its SHA-256.
    pub spool: bool,
}

impl Default for ReadOptions {
    /// Everything is found in the file; the limits are those of the command line. Spreadsheets are not read without a program.
    fn default() -> ReadOptions {
        ReadOptions {
            format: None,
            delimiter: None,
            quote: None,
            escape: Escape::Double,
            encoding: None,
            header: HeaderPlace::Found,
            sheet: None,
            records: None,
            program: None,
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

/// How many records of JSON are looked at for their keys, and how many different keys.
const SAMPLE_RECORDS: usize = 1_000;
const SAMPLE_KEYS: usize = 1_000;

/// About how many cells there are in a block at the most. A bad record's report has all its cells, and may have a line for
/// each; this keeps what a block can grow to in bounds.
const BLOCK_CELLS: usize = 32_768;

/// How an input is written: everything that is found out about it before its records are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What it is.
    pub format: Format,
    /// How the cells of a table are written. Those of its reject report have the same delimiter, and are quoted as usual.
    pub csv: CsvDialect,
    /// The encoding of its text, by its WHATWG name in lower case.
    pub encoding: String,
    /// Whether it starts with a byte order mark.
    pub has_bom: bool,
    /// How it is compressed.
    pub compression: Option<&'static str>,
    /// The sheet that is read.
    pub sheet: Option<String>,
    /// The path of the array within a JSON document that holds the records.
    pub records: Option<String>,
    /// The physical line of the header, where there is one.
    pub header_line: Option<u64>,
    /// Whether a row may lack its last cells.
    pub is_padded: bool,
}

impl Dialect {
    /// Whether a reject report of it begins with a byte order mark, for the programs that need one (SPEC, section 5).
    pub fn report_has_bom(&self) -> bool {
        self.has_bom || self.encoding != "utf-8" || self.format == Format::Spreadsheet
    }
}

/// An input that was opened and looked at.
#[derive(Debug)]
pub struct Input {
    /// The path as it was given; `-` for standard input.
    pub path: PathBuf,
    /// How it is written.
    pub dialect: Dialect,
    /// Its length in bytes, where the progress of reading it can be told by that.
    pub length: Option<u64>,
    /// Whether it is a file that can be opened again.
    is_file: bool,
    /// What was read of standard input, where it was read to its end before.
    pub spooled: Option<FileRead>,
    /// The SHA-256 of its bytes, where it was read for that before.
    pub sha256: Option<String>,
    /// The names that its values go by: the header of a table, the keys of JSON's first records.
    pub names: Vec<String>,
    /// How many blank lines stand before the header.
    pub blank_before_header: u64,
    /// How many other lines do: titles, which are not read.
    pub lines_above_header: u64,
    /// Whether no profile fits the header, and it is only the line that looks most like one.
    pub is_header_guessed: bool,
    /// What the first values of each column of a table are.
    pub kinds: Vec<Kind>,
    /// What there is to say of it.
    pub notes: Vec<String>,
    /// Its text behind the header; none while it is closed.
    window: Option<Window>,
    line: u64,
}

impl Input {
    /// Opens the file at `path`, `-` for standard input, and looks at its beginning.
    pub fn open(path: &Path, options: &ReadOptions, candidates: &Candidates) -> Result<Input> {
        Input::look(path, opening::open(path, options)?, options, candidates)
    }

    /// Looks at the beginning of a text, which goes by the name `path`.
    pub fn look(path: &Path, opened: Opened, options: &ReadOptions, candidates: &Candidates) -> Result<Input> {
        let Opened { window, length, is_file, compression, encoding, sheet, spooled, notes } = opened;
        let window = if options.hash_text { window.hashing_text() } else { window };
        // In a spreadsheet it would be part of a cell.
        let mut window = if sheet.is_none() { window.without_end_mark() } else { window };
        let failed = |error| Error::input(path, error);
        let is_whole = window.hold(SAMPLE_BYTES).map_err(failed)?;
        let has_bom = window.held().starts_with(b"\xEF\xBB\xBF");
        if has_bom {
            window.drop_until(window.offset() + 3);
        }
        let format = match (&sheet, options.format) {
            (Some(_), _) => Format::Spreadsheet,
            (None, Some(format)) if !is_report(window.held()) => format,
            (None, _) => format_of(path, window.held(), is_whole),
        };
        let dialect = Dialect {
            format,
            csv: CsvDialect::with_delimiter(b','),
            encoding: decode::name(encoding),
            has_bom,
            compression: compression.map(|kind| kind.name()),
            sheet: sheet.as_ref().map(|sheet| sheet.name.clone()),
            records: None,
            header_line: None,
            is_padded: options.pad_short_rows || format == Format::Spreadsheet,
        };
        let mut input = Input {
            path: path.to_path_buf(),
            dialect,
            length,
            is_file,
            names: Vec::new(),
            blank_before_header: 0,
            lines_above_header: 0,
            is_header_guessed: false,
            kinds: Vec::new(),
            spooled,
            sha256: None,
            notes,
            window: None,
            line: 1,
        };
        match format {
            Format::Csv => input.find_header(&mut window, options, candidates)?,
            Format::Spreadsheet => {
                input.find_header(&mut window, options, candidates)?;
                // A header that is only guessed is not told from one that was named when it is looked for again.
                if let (Some(sheet), Some(line)) = (&sheet, input.dialect.header_line)
                    && !input.is_header_guessed
                    && let Some(again) = sheet.with_header(line).map_err(failed)?
                {
                    let again = again.watching(window.watched());
                    window = if options.hash_text { again.hashing_text() } else { again };
                    input.line = 1;
                    let told = ReadOptions { header: HeaderPlace::Line(line), ..options.clone() };
                    input.find_header(&mut window, &told, candidates)?;
                }
            }
            Format::Ndjson | Format::Json => input.find_records(window.held(), is_whole, options, candidates)?,
        }
        input.window = Some(window);
        Ok(input)
    }

    /// Finds where the records of JSON are, and their keys.
    fn find_records(
        &mut self,
        text: &[u8],
        is_whole: bool,
        options: &ReadOptions,
        candidates: &Candidates,
    ) -> Result<()> {
        let elements =
            |path: &str| keys_of_elements(text, is_whole, Some(Document::with_records(path, false)), candidates);
        let keys_in = |path: &str| elements(path).unwrap_or_default();
        let within = match &options.records {
            Some(path) if path == ITSELF || is_report(text) => None,
            Some(path) => Some(path.clone()),
            None if options.format == Some(Format::Ndjson) => None,
            None => match kind::records_of(text, self.dialect.format == Format::Ndjson, candidates, keys_in) {
                (Records::Itself, note) => {
                    self.notes.extend(note);
                    None
                }
                (Records::Within(path), _) => Some(path),
                (Records::OneOf(arrays), _) => {
                    return Err(Error::Input { path: self.path.clone(), doing: document::several(&arrays).into() });
                }
            },
        };
        if within.is_some() {
            self.dialect.format = Format::Json;
        }
        let keys = match (&within, self.dialect.format) {
            (Some(path), _) => elements(path),
            (None, Format::Ndjson) => Ok(keys_of_lines(text, candidates)),
            (None, _) => keys_of_elements(text, is_whole, None, candidates),
        };
        self.names = match keys {
            Ok(keys) => keys,
            // Where the beginning ends, the text may go on.
            Err(error) if !is_whole && error.kind() == io::ErrorKind::UnexpectedEof => Vec::new(),
            Err(error) => return Err(Error::input(&self.path, error)),
        };
        self.dialect.records = within;
        Ok(())
    }

    /// Closes the file until its records are read, unless it is standard input or a pipe, which cannot be opened again. There
    /// may be more inputs than files can be open, and behind each spreadsheet stands a process.
    pub fn close(&mut self) {
        if self.is_file {
            self.window = None;
        }
    }

    /// The text behind the header. A file that was closed is opened again, and must be the same as before.
    fn open_again(&mut self, options: &ReadOptions, candidates: &Candidates) -> Result<Window> {
        if let Some(window) = self.window.take() {
            return Ok(window);
        }
        let again = Input::open(&self.path, options, candidates)?;
        let changed = || Error::Input {
            path: self.path.clone(),
            doing: "it has changed since the run began; run custload again when nobody writes to it".into(),
        };
        let is_same = again.names == self.names && again.dialect == self.dialect && again.line == self.line;
        again.window.filter(|_| is_same).ok_or_else(changed)
    }

    /// The records, as the `index`-th input of a run (from 0).
    pub fn into_source(mut self, index: usize, options: &ReadOptions, candidates: &Candidates) -> Result<Source> {
        let mut window = self.open_again(options, candidates)?;
        let Input { path, dialect, names, mut line, blank_before_header, .. } = self;
        let is_report = has_report_column(&names) || !dialect.format.is_table() && is_report(window.held());
        let limit = record_limit(is_report, options);
        let cutter: Box<dyn Cutter> = match dialect.format {
            Format::Csv => Box::new(CsvCutter::new(dialect.csv, limit)),
            Format::Spreadsheet => Box::new(SheetCutter::new(limit)),
            Format::Ndjson => Box::new(NdjsonCutter::new(limit, kind::line_end(window.held()))),
            Format::Json => {
                let mut cutter = JsonCutter::new(limit).with_line_end(kind::line_end(window.held()));
                if let Some(path) = &dialect.records {
                    cutter = cutter.within(Document::with_records(path, options.records.is_none()));
                }
                let (start, lines) = cutter.start(&mut window).map_err(|error| Error::input(&path, error))?;
                window.drop_until(start);
                line += lines;
                Box::new(cutter)
            }
        };
        let most = (BLOCK_CELLS / names.len().max(1)).clamp(16, 2048);
        Ok(Source::new(index, window, cutter, options.block_size, line, options.limit)
            .with_blank_lines(blank_before_header)
            .with_most_records(most))
    }

    /// Whether it is a table that has columns which only reject reports have.
    pub fn is_report(&self) -> bool {
        self.dialect.format.is_table() && has_report_column(&self.names)
    }

    /// What it is, in a few words, for a person.
    pub fn described(&self) -> String {
        let dialect = &self.dialect;
        let mut parts = vec![match dialect.format {
            Format::Csv => {
                let quoted = match dialect.csv.quote {
                    Some(b'"') => String::new(),
                    Some(quote) => format!(", quoted with {}", char::from(quote)),
                    None => ", without quotes".to_string(),
                };
                format!("CSV, {}{quoted}", delimiter_name(dialect.csv.delimiter))
            }
            Format::Ndjson => "NDJSON".to_string(),
            Format::Json => "JSON".to_string(),
            Format::Spreadsheet => format!("spreadsheet, sheet {:?}", dialect.sheet.as_deref().unwrap_or_default()),
        }];
        parts.extend(dialect.records.as_ref().map(|path| format!("records in {path:?}")));
        if dialect.format != Format::Spreadsheet {
            parts.push(dialect.encoding.to_uppercase());
        }
        parts.extend(dialect.compression.map(str::to_string));
        match dialect.header_line {
            Some(line) if self.is_header_guessed => parts.push(format!("line {line} looks most like its header")),
            Some(line) if line > 1 => parts.push(format!("header on line {line}")),
            _ => {}
        }
        parts.extend(self.is_report().then(|| "a reject report".to_string()));
        parts.join(", ")
    }

    fn find_header(&mut self, window: &mut Window, options: &ReadOptions, candidates: &Candidates) -> Result<()> {
        let is_sheet = self.dialect.format == Format::Spreadsheet;
        let is_whole = window.hold(SAMPLE_BYTES).map_err(|error| Error::input(&self.path, error))?;
        let separator = separator_line(window.held()).filter(|_| !is_sheet && options.delimiter.is_none());
        let mut delimiters = match options.delimiter {
            _ if is_sheet => vec![b','],
            Some(delimiter) => vec![delimiter],
            None => DELIMITERS.to_vec(),
        };
        if self.path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("tsv")) {
            delimiters.sort_by_key(|delimiter| *delimiter != b'\t');
        }
        if let Some((delimiter, length)) = separator {
            delimiters = vec![delimiter];
            window.drop_until(window.offset() + length);
            self.line += 1;
        }
        let sample =
            Sample { bytes: window.held(), is_whole, is_sheet, line: self.line, limit: options.max_record_bytes };
        let usual = |delimiter: u8| Trial { dialect: CsvDialect::with_delimiter(delimiter), must_quote: false };
        // What was said of how an input is written does not hold for its reject report.
        let (trials, header) = match report_header(&sample) {
            Some((delimiter, line)) => (vec![usual(delimiter)], HeaderPlace::Line(line)),
            None if is_sheet => (vec![usual(b',')], options.header.clone()),
            None => (trials(&delimiters, sample.bytes, options), options.header.clone()),
        };
        let sniffed = sniff(&sample, &trials, &header, candidates);
        let Sniffed { reading, rival } = sniffed.map_err(|Unreadable { line, what }| {
            let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            Error::Input { path: self.path.clone(), doing: what.after(&line) }
        })?;
        if let Some(rival) = rival {
            let (one, other) = (delimiter_name(reading.dialect.delimiter), delimiter_name(rival));
            if matches!(header, HeaderPlace::Given(_)) {
                let what =
                    format!("the delimiter may be {one} or {other}, and no header tells; say which with --delimiter");
                return Err(Error::Input { path: self.path.clone(), doing: Words::own(what) });
            }
            self.notes.push(format!("the delimiter may be {one} or {other}; {one} is taken, --delimiter chooses"));
        }
        self.dialect.csv = reading.dialect;
        self.dialect.header_line = reading.header_line;
        self.names = reading.names;
        self.kinds = reading.kinds;
        self.is_header_guessed = reading.is_guessed;
        self.blank_before_header = reading.blank;
        self.lines_above_header = reading.above;
        if let (Some(line), true, HeaderPlace::Found) = (reading.header_line, reading.is_doubtful, &options.header) {
            self.notes.push(format!(
                "line {line} is taken for the header, but looks like a record; if it is one, name the columns with --columns"
            ));
        }
        if let (Some(line), 1.., false) = (reading.header_line, reading.above, reading.is_guessed) {
            let (lines, are) = if reading.above == 1 { ("line", "is") } else { ("lines", "are") };
            self.notes.push(format!("{} {lines} above the header on line {line} {are} not read", reading.above));
        }
        window.drop_until(window.offset() + reading.records.0);
        self.line = reading.records.1;
        Ok(())
    }
}

fn has_report_column(names: &[String]) -> bool {
    names.iter().any(|name| report_column(name).is_some())
}

/// The greatest length of a record. That of a reject report has more than the input's, and its cells may be quoted.
fn record_limit(is_report: bool, options: &ReadOptions) -> u64 {
    const MORE: u64 = 1024 * 1024;
    if is_report { 3 * options.max_record_bytes + MORE } else { options.max_record_bytes }
}

/// The keys of the first records of NDJSON, each once, in the order in which they come.
fn keys_of_lines(text: &[u8], candidates: &Candidates) -> Vec<String> {
    let Some(names) = candidates.any_names() else { return Vec::new() };
    let mut keys = Keys::default();
    let end = kind::line_end(text);
    let lines = text.split(|byte| *byte == end).filter(|line| !is_blank(line));
    for line in lines.take(SAMPLE_RECORDS) {
        let Ok(line) = std::str::from_utf8(without_comma(line)) else { continue };
        names_of(line, REPORT_KEY, names).into_iter().for_each(|key| keys.note(key));
    }
    keys.in_order
}

/// The same for the elements of an array, or of the one within a document. What is wrong with the text after some of them is said
/// when that is read.
fn keys_of_elements(
    text: &[u8],
    is_whole: bool,
    document: Option<Document>,
    candidates: &Candidates,
) -> io::Result<Vec<String>> {
    let Some(names) = candidates.any_names() else { return Ok(Vec::new()) };
    let mut window = Window::new(Box::new(io::Cursor::new(text.to_vec())));
    let mut cutter = JsonCutter::new(SAMPLE_BYTES as u64).with_line_end(kind::line_end(text));
    if let Some(document) = document {
        cutter = cutter.within(document);
    }
    let mut keys = Keys::default();
    let mut at = cutter.start(&mut window)?.0;
    let mut records = 0;
    while records < SAMPLE_RECORDS {
        let cut = match cutter.cut(&mut window, at) {
            Ok(Some(cut)) if cut.next > at => cut,
            Err(error) if keys.in_order.is_empty() => {
                // The first element goes on where the beginning ends.
                if !is_whole && error.kind() == io::ErrorKind::UnexpectedEof {
                    let begun = window.held().get((at - window.offset()) as usize..).unwrap_or_default();
                    document::look(begun).names.into_iter().for_each(|key| keys.note(key));
                }
                return if keys.in_order.is_empty() { Err(error) } else { Ok(keys.in_order) };
            }
            _ => break,
        };
        if cut.extent == Extent::Record {
            let place = (at - window.offset()) as usize..(cut.end - window.offset()) as usize;
            let element = window.held().get(place).unwrap_or_default();
            if let Ok(element) = std::str::from_utf8(element) {
                names_of(element, REPORT_KEY, names).into_iter().for_each(|key| keys.note(key));
            }
            records += 1;
        }
        at = cut.next;
    }
    Ok(keys.in_order)
}

/// The dialects in which a text may be written.
fn trials(delimiters: &[u8], text: &[u8], options: &ReadOptions) -> Vec<Trial> {
    let quotes = match options.quote {
        Some(quote) => vec![(quote, false)],
        None if memchr(b'\'', text).is_some() => vec![(Some(b'"'), false), (Some(b'\''), true)],
        None => vec![(Some(b'"'), false)],
    };
    let trials = delimiters.iter().flat_map(|delimiter| {
        quotes.iter().map(|(quote, must_quote)| Trial {
            dialect: CsvDialect { delimiter: *delimiter, quote: *quote, escape: options.escape },
            must_quote: *must_quote,
        })
    });
    trials.filter(|trial| trial.dialect.conflict().is_none()).collect()
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

/// Different keys, in the order in which they were met.
#[derive(Default)]
struct Keys {
    in_order: Vec<String>,
    met: HashSet<String>,
}

impl Keys {
    fn note(&mut self, key: String) {
        if self.in_order.len() < SAMPLE_KEYS && self.met.insert(key.clone()) {
            self.in_order.push(key);
        }
    }
}
