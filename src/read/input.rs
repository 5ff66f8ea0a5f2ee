//! One input of a run: [`Input`].
//!
//! Opening reads the beginning: the kind of file, the delimiter and header of a table, the keys of the first records of
//! JSON. It does not decide which fields are filled, but uses the profiles to choose among readings: the one that a
//! profile fits is better.

use std::io;
use std::path::{Path, PathBuf};

use memchr::memchr;

use super::cut::csv::CsvCutter;
use super::cut::document::{self, Document, ITSELF};
use super::cut::json::JsonCutter;
use super::cut::{Cutter, NdjsonCutter, SheetCutter};
use super::decode;
use super::feed::FileRead;
use super::kept::KeptText;
use super::open::{self, Opened, OpenedSheet, refuse};
pub use super::options::{Dialect, Format, MAX_RECORD_BYTES, ReadOptions, delimiter_name};
use super::sniff::format::{format_of, line_end};
use super::sniff::json::{keys_of_elements, keys_of_lines, records_of};
use super::sniff::{
    HeaderSource, Kind, Reading, SAMPLE_BYTES, Sample, Sniffed, Trial, Unreadable, is_report, report_header,
    separator_line, sniff,
};
use super::source::Source;
use super::window::Window;
use crate::core::profile::{Candidates, report_column};
use crate::core::record::csv::DELIMITERS;
use crate::core::record::dialect::CsvDialect;
use crate::error::{Error, Result, Words};

/// The most cells of a block, roughly: the report of a bad record has all its cells, and may have a line for each.
const BLOCK_CELLS: usize = 32_768;

/// An input whose beginning has been read.
pub struct Input {
    /// The path as given; `-` for standard input.
    pub path: PathBuf,
    pub dialect: Dialect,
    pub length: Option<u64>,
    is_file: bool,
    pub spooled: Option<FileRead>,
    /// The SHA-256 of its bytes, if it was read for that.
    pub sha256: Option<String>,
    /// The names of its values: the header of a table, or the keys of JSON's first records.
    pub names: Vec<String>,
    pub blank_before_header: u64,
    /// The number of other lines before the header: titles, which are not read.
    pub lines_above_header: u64,
    /// Whether no profile fits the header, so that it is only the line that looks most like one.
    pub is_header_guessed: bool,
    pub kinds: Vec<Kind>,
    pub notes: Vec<String>,
    /// The text after the header; `None` while it is closed.
    window: Option<Window>,
    line: u64,
    /// That text, if it was kept because it cannot be read again.
    kept: Option<KeptText>,
}

impl Input {
    /// Opens the file at `path`, `-` for standard input, and reads its beginning.
    pub fn open(path: &Path, options: &ReadOptions, candidates: &Candidates) -> Result<Input> {
        Input::read(path, open::open(path, options)?, options, candidates)
    }

    /// Reads the beginning of a text that is named `path`.
    pub fn read(path: &Path, opened: Opened, options: &ReadOptions, candidates: &Candidates) -> Result<Input> {
        let Opened { mut window, length, is_file, compression, encoding, sheet, spooled, notes } = opened;
        window.hashes_text = options.hash_text;
        if sheet.is_none() {
            // In a spreadsheet the mark is part of a cell.
            window.drop_end_mark();
        }
        let is_whole = window.hold(SAMPLE_BYTES).map_err(|error| Error::input(path, error))?;
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
            kept: None,
        };
        input.window = Some(input.find_beginning(window, sheet, is_whole, options, candidates)?);
        Ok(input)
    }

    /// Finds the header of a table, or the records of JSON; returns the text after the header.
    fn find_beginning(
        &mut self,
        mut window: Window,
        sheet: Option<OpenedSheet>,
        is_whole: bool,
        options: &ReadOptions,
        candidates: &Candidates,
    ) -> Result<Window> {
        if !self.dialect.format.is_table() {
            return self.find_records(window.held(), is_whole, options, candidates).map(|()| window);
        }
        self.find_header(&mut window, options, candidates)?;
        // A sheet is opened again if merged ranges reach from its header, or from above it, into the records. Not for a
        // guessed header, because below it would count as named.
        if let (Some(sheet), Some(line)) = (sheet, self.dialect.header_line)
            && !self.is_header_guessed
            && let Some(mut again) = sheet.with_header(line).map_err(|error| Error::input(&self.path, error))?
        {
            (again.file, again.hashes_text) = (window.file, window.hashes_text);
            window = again;
            self.line = 1;
            let named = ReadOptions { header: HeaderSource::Line(line), ..options.clone() };
            self.find_header(&mut window, &named, candidates)?;
        }
        Ok(window)
    }

    fn find_records(
        &mut self,
        text: &[u8],
        is_whole: bool,
        options: &ReadOptions,
        candidates: &Candidates,
    ) -> Result<()> {
        let within = match &options.records {
            Some(path) if path == ITSELF || is_report(text) => None,
            Some(path) => Some(path.clone()),
            None if options.format == Some(Format::Ndjson) => None,
            None => {
                let is_lines = self.dialect.format == Format::Ndjson;
                let (within, note) = records_of(text, is_lines, is_whole, candidates)
                    .map_err(|arrays| refuse(&self.path, document::several(&arrays)))?;
                self.notes.extend(note);
                within
            }
        };
        if within.is_some() {
            self.dialect.format = Format::Json;
        }
        let keys = match self.dialect.format {
            Format::Ndjson => Ok(keys_of_lines(text, candidates)),
            _ => keys_of_elements(text, is_whole, within.as_ref(), candidates),
        };
        self.names = match keys {
            Ok(keys) => keys,
            // The text may continue after its first MiB.
            Err(error) if !is_whole && error.kind() == io::ErrorKind::UnexpectedEof => Vec::new(),
            Err(error) => return Err(Error::input(&self.path, error)),
        };
        self.dialect.records = within;
        Ok(())
    }

    /// Closes the file until its records are read, unless it is standard input or a pipe, which cannot be opened again.
    /// There may be more inputs than a process may open, and each open spreadsheet has a process of its own.
    pub fn close(&mut self) {
        if self.is_file {
            self.window = None;
        }
    }

    /// Whether it can be read once only: standard input and pipes.
    pub fn is_stream(&self) -> bool {
        !self.is_file && self.kept.is_none()
    }

    /// Reads a stream to its end, into a file without a name, so that it can be read again.
    pub fn keep(&mut self) -> Result<()> {
        if let Some(window) = self.window.take_if(|_| !self.is_file) {
            self.kept = Some(KeptText::of(window).map_err(|error| Error::input(&self.path, error))?);
        }
        Ok(())
    }

    /// The same input, to be read before this one. It is not hashed.
    pub fn again(&self, options: &ReadOptions, candidates: &Candidates) -> Result<Input> {
        let mut window = match &self.kept {
            Some(kept) => kept.window().map_err(|error| Error::input(&self.path, error))?,
            None => self.opened_again(options, candidates)?,
        };
        window.is_hashed_before = true;
        Ok(Input {
            path: self.path.clone(),
            dialect: self.dialect.clone(),
            length: self.length,
            is_file: self.is_file,
            spooled: None,
            sha256: None,
            names: self.names.clone(),
            blank_before_header: self.blank_before_header,
            lines_above_header: self.lines_above_header,
            is_header_guessed: self.is_header_guessed,
            kinds: Vec::new(),
            notes: Vec::new(),
            window: Some(window),
            line: self.line,
            kept: None,
        })
    }

    /// The text after the header. A file that was closed is opened again.
    fn open_again(&mut self, options: &ReadOptions, candidates: &Candidates) -> Result<Window> {
        if let Some(window) = self.window.take() {
            return Ok(window);
        }
        if let Some(kept) = &self.kept {
            return kept.window().map_err(|error| Error::input(&self.path, error));
        }
        self.opened_again(options, candidates)
    }

    /// Opens the file again; it must not have changed.
    fn opened_again(&self, options: &ReadOptions, candidates: &Candidates) -> Result<Window> {
        let again = Input::open(&self.path, options, candidates)?;
        let is_same = again.names == self.names && again.dialect == self.dialect && again.line == self.line;
        again.window.filter(|_| is_same).ok_or_else(|| {
            refuse(
                &self.path,
                "it has changed since the run began; run custload again when no program is writing to \
                                it",
            )
        })
    }

    pub fn into_source(mut self, options: &ReadOptions, candidates: &Candidates) -> Result<Source> {
        let mut window = self.open_again(options, candidates)?;
        let Input { path, dialect, names, mut line, blank_before_header, .. } = self;
        let is_report = has_report_column(&names) || !dialect.format.is_table() && is_report(window.held());
        // A reject report's record has columns of its own, and its cells may be quoted.
        let (usual, more) = (options.max_record_bytes, 1 << 20);
        let limit = if is_report { 3 * usual + more } else { usual };
        let cutter: Box<dyn Cutter> = match dialect.format {
            Format::Csv => Box::new(CsvCutter::new(dialect.csv, limit)),
            Format::Spreadsheet => Box::new(SheetCutter::new(limit)),
            Format::Ndjson => Box::new(NdjsonCutter { limit, line_end: line_end(window.held()) }),
            Format::Json => {
                let within = dialect.records.as_ref();
                let document = within.map(|path| Document::with_records(path, options.records.is_none()));
                let mut cutter = JsonCutter::new(limit, line_end(window.held()), document);
                let (start, lines) = cutter.start(&mut window).map_err(|error| Error::input(&path, error))?;
                window.drop_until(start);
                line += lines;
                Box::new(cutter)
            }
        };
        let most = (BLOCK_CELLS / names.len().max(1)).clamp(16, 2048);
        let mut source = Source::new(window, cutter, options.block_size, line, options.limit);
        (source.most, source.blank) = (most, blank_before_header);
        Ok(source)
    }

    /// Whether it is a table with columns that only reject reports have.
    pub fn is_report(&self) -> bool {
        self.dialect.format.is_table() && has_report_column(&self.names)
    }

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
        let mut delimiters = options.delimiter.map_or(DELIMITERS.to_vec(), |delimiter| vec![delimiter]);
        if self.path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("tsv")) {
            delimiters.sort_by_key(|delimiter| *delimiter != b'\t');
        }
        if !is_sheet
            && options.delimiter.is_none()
            && let Some((delimiter, length)) = separator_line(window.held())
        {
            delimiters = vec![delimiter];
            window.drop_until(window.offset() + length);
            self.line += 1;
        }
        let sample =
            Sample { bytes: window.held(), is_whole, is_sheet, line: self.line, limit: options.max_record_bytes };
        let usual = |delimiter: u8| Trial { dialect: CsvDialect::with_delimiter(delimiter), must_quote: false };
        // The options describe an input; its reject report is written in its own way.
        let (trials, header) = match report_header(&sample) {
            Some((delimiter, line)) => (vec![usual(delimiter)], HeaderSource::Line(line)),
            None if is_sheet => (vec![usual(b',')], options.header.clone()),
            None => (trials(&delimiters, sample.bytes, options), options.header.clone()),
        };
        let sniffed = sniff(&sample, &trials, &header, candidates);
        let Sniffed { reading, rival } = sniffed.map_err(|Unreadable { line, what }| {
            let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            refuse(&self.path, what.after(&line))
        })?;
        if let Some(rival) = rival {
            let (one, other) = (delimiter_name(reading.dialect.delimiter), delimiter_name(rival));
            let either = format!("the delimiter may be {one} or {other}");
            if matches!(header, HeaderSource::Given(_)) {
                let message = format!("{either}, and there is no header to decide; name it with --delimiter");
                return Err(refuse(&self.path, Words::own(message)));
            }
            self.notes.push(format!("{either}: read with {one} (change with --delimiter)"));
        }
        window.drop_until(window.offset() + reading.records.0);
        self.line = reading.records.1;
        self.take_reading(reading, &options.header);
        Ok(())
    }

    /// Takes over what a reading of the table found, with notes for the user.
    fn take_reading(&mut self, reading: Reading, header: &HeaderSource) {
        if let (Some(line), true, HeaderSource::Found) = (reading.header_line, reading.is_doubtful, header) {
            self.notes.push(format!(
                "line {line} is taken for the header, but looks like a record; if it is one, name the columns with --columns"
            ));
        }
        if let (Some(line), 1.., false) = (reading.header_line, reading.above, reading.is_guessed) {
            let (lines, are) = if reading.above == 1 { ("line", "is") } else { ("lines", "are") };
            self.notes.push(format!("{} {lines} above the header on line {line} {are} not read", reading.above));
        }
        self.dialect.csv = reading.dialect;
        self.dialect.header_line = reading.header_line;
        self.names = reading.names;
        self.kinds = reading.kinds;
        self.is_header_guessed = reading.is_guessed;
        self.blank_before_header = reading.blank;
        self.lines_above_header = reading.above;
    }
}

fn has_report_column(names: &[String]) -> bool {
    names.iter().any(|name| report_column(name).is_some())
}

/// The dialects to try for a text.
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
