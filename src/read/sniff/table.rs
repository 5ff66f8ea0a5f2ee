//! How to read a table, where the options do not say: [`sniff`] finds the delimiter, the quote and the line of the
//! header.
//!
//! Each dialect to try cuts the first records. The header decides: it is line 1 if a profile fits that line in any
//! dialect, else the first line that looks like a header; the dialect in which it fits best wins. The records play no
//! part in choosing its line. They only decide between dialects in which the same line fits equally well: the one that
//! cuts them more evenly wins.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use super::format::delimiter_of_report;
use super::sample::{Row, Sample};
use crate::core::profile::{Candidates, Fit, has_report_columns, report_column};
use crate::core::record::Extent;
use crate::core::record::csv::unguarded;
use crate::core::record::dialect::CsvDialect;
use crate::error::Words;
use crate::read::options::HeaderSource;

const SAMPLE_RECORDS: usize = 200;

/// The last line that may be the header.
const HEADER_LINES: u64 = 20;

/// The most columns of a spreadsheet. A longer header is something else.
const MOST_COLUMNS: usize = 16_384;

/// The longest text that looks like a column's name, in characters.
const LONGEST_NAME: usize = 60;

#[derive(Clone, Copy, Debug)]
pub struct Trial {
    pub dialect: CsvDialect,
    /// Whether the header and most cells must have this quote.
    pub must_quote: bool,
}

#[derive(Clone, Debug)]
pub struct Reading {
    pub dialect: CsvDialect,
    pub names: Vec<String>,
    /// What most values of each column are.
    pub kinds: Vec<Kind>,
    /// The line of the header; `None` if the names were given.
    pub header_line: Option<u64>,
    /// Whether no profile fits the header, so that it is only the line that looks most like one.
    pub is_guessed: bool,
    /// Whether a profile fits the header, but it looks like a record.
    pub is_doubtful: bool,
    /// The number of blank lines before the header.
    pub blank: u64,
    /// The number of other lines before the header.
    pub above: u64,
    /// Where the records begin: the offset in the sample, and the line.
    pub records: (u64, u64),
    /// How well the best profile fits.
    fit: (bool, usize, bool),
    /// Whether its cells prove the quote, if they must.
    is_proven: bool,
    /// The records, in thousandths, with as many cells as the header.
    evenness: u32,
}

/// What values look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No values.
    Nothing,
    Number,
    Address,
    Text,
}

impl Kind {
    fn of(value: &str) -> Kind {
        let value = value.trim();
        match value {
            "" => Kind::Nothing,
            _ if value.contains('@') => Kind::Address,
            _ if value.chars().all(|character| character.is_ascii_digit() || "+-., ".contains(character)) => {
                Kind::Number
            }
            _ => Kind::Text,
        }
    }

    fn of_most<'v>(values: impl Iterator<Item = &'v str>) -> Kind {
        let kinds: Vec<Kind> = values.map(Kind::of).collect();
        let count = |kind: &Kind| kinds.iter().filter(|other| *other == kind).count();
        let known = [Kind::Text, Kind::Address, Kind::Number].into_iter().filter(|kind| count(kind) > 0);
        known.max_by_key(count).unwrap_or(Kind::Nothing)
    }
}

#[derive(Clone, Debug)]
pub struct Sniffed {
    pub reading: Reading,
    /// The delimiter of another reading that is as good.
    pub rival: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The line, if it is about one.
    pub line: Option<u64>,
    pub what: Words,
}

/// The first records in one dialect.
struct Table<'c> {
    trial: Trial,
    rows: Vec<Row>,
    candidates: &'c Candidates,
}

/// Finds the best reading among these dialects.
pub fn sniff(
    sample: &Sample<'_>,
    trials: &[Trial],
    header: &HeaderSource,
    candidates: &Candidates,
) -> Result<Sniffed, Unreadable> {
    let most = match header {
        HeaderSource::Line(line) => usize::try_from(*line).unwrap_or(usize::MAX).saturating_add(SAMPLE_RECORDS),
        _ => SAMPLE_RECORDS,
    };
    let table = |trial: &Trial| Table { trial: *trial, rows: sample.rows(&trial.dialect, most), candidates };
    let tables: Vec<Table<'_>> = trials.iter().map(table).collect();
    match header {
        HeaderSource::Given(names) => {
            best(tables.iter().filter_map(|table| table.proven(Ok(table.under(names, sample.line)))))
        }
        HeaderSource::Line(line) => best(tables.iter().filter_map(|table| table.headed(table.on(*line)))),
        HeaderSource::Found => found(&tables),
    }
}

/// The delimiter of a reject report and the line of its header, if the first record is a report's header.
pub fn report_header(sample: &Sample<'_>) -> Option<(u8, u64)> {
    let delimiter = delimiter_of_report(sample.bytes)?;
    let rows = sample.rows(&CsvDialect::with_delimiter(delimiter), 1);
    let first = rows.iter().find(|row| !row.is_blank())?;
    has_report_columns(first.cells()).then_some((delimiter, first.line))
}

/// The best reading, where the header must be found.
fn found(tables: &[Table<'_>]) -> Result<Sniffed, Unreadable> {
    let headers: [fn(&Table<'_>) -> Option<usize>; 2] = [|table| table.first(), |table| table.below_titles()];
    for header in headers {
        let readings = tables.iter().filter_map(|table| table.headed(Ok(header(table)?)));
        let fitting: Vec<Reading> = readings.flatten().filter(|reading| reading.fit.0).collect();
        // The header decides the dialect of everything else.
        if let Some(line) = fitting.iter().map(|reading| reading.header_line).min() {
            return best(fitting.into_iter().filter(|reading| reading.header_line == line).map(Ok));
        }
    }
    if tables.iter().any(|table| table.first().is_none()) {
        // A file of blank lines has no header, not even one of delimiters.
        return best([]);
    }
    let guesses = tables.iter().filter_map(|table| table.headed(Ok(table.likely()?)));
    best(guesses.map(|guess| guess.map(|reading| Reading { is_guessed: true, ..reading })))
}

fn best(found: impl IntoIterator<Item = Result<Reading, Unreadable>>) -> Result<Sniffed, Unreadable> {
    let (mut readings, mut first_failure) = (Vec::new(), None);
    for found in found {
        match found {
            Ok(reading) => readings.push(reading),
            Err(failure) => first_failure = first_failure.or(Some(failure)),
        }
    }
    // A stable sort: the first of equally good readings stays first.
    readings.sort_by_key(|reading| Reverse(reading.rank()));
    let mut readings = readings.into_iter();
    let reading = match (readings.next(), first_failure) {
        // Another reading helps only if it finds more than one name in the header.
        (Some(reading), None) => reading,
        (Some(reading), Some(_)) if reading.fit.0 || reading.names.len() > 1 => reading,
        (_, Some(failure)) => return Err(failure),
        (None, None) => {
            let what = "it is empty; a table starts with a header that names its columns";
            return Err(Unreadable { line: None, what: what.into() });
        }
    };
    let as_good = |other: &Reading| other.rank() == reading.rank() && other.names.len() > 1;
    let rival = readings.find(as_good).map(|other| other.dialect.delimiter);
    Ok(Sniffed { reading, rival })
}

impl Reading {
    fn rank(&self) -> ((bool, usize, bool), bool, u32) {
        // A single cell is even under every delimiter.
        (self.fit, self.is_proven, if self.names.len() > 1 { self.evenness } else { 0 })
    }
}

impl Table<'_> {
    fn first(&self) -> Option<usize> {
        self.rows.iter().position(|row| !row.is_blank())
    }

    /// The record on a line.
    fn on(&self, line: u64) -> Result<usize, Unreadable> {
        let row = self.rows.iter().position(|row| row.line == line && !row.is_blank());
        row.ok_or_else(|| Unreadable {
            line: Some(line),
            what: "there is no header on this line (--header-line)".into(),
        })
    }

    /// The first record that a profile fits and that looks like a header. The lines above it are titles.
    fn below_titles(&self) -> Option<usize> {
        let mut lines = self.rows.iter().take_while(|row| row.line <= HEADER_LINES);
        lines.position(|row| !row.is_blank() && names_of(row).is_ok() && self.is_header(row, 3))
    }

    /// Whether a profile fits a record and knows more than half of its cells as names; or `least` of them, if no cell
    /// looks like a value.
    fn is_header(&self, row: &Row, least: usize) -> bool {
        let is_name = |cell: &String| matches!(Kind::of(cell), Kind::Text | Kind::Nothing);
        let are_names = row.cells().iter().all(is_name);
        let can_repeat = |fit: &Fit| 2 * fit.known > row.filled() || fit.known >= least && are_names;
        self.candidates.fits(row.cells()).iter().any(|fit| fit.missing.is_empty() && can_repeat(fit))
    }

    /// The record among the first lines that looks most like a header: it has many cells of short text. Titles have
    /// few, and the records below rarely have more.
    fn likely(&self) -> Option<usize> {
        let names = |row: &Row| {
            let is_name = |cell: &&String| Kind::of(cell) == Kind::Text && cell.chars().count() <= LONGEST_NAME;
            let names = row.cells().iter().filter(is_name).count();
            if 4 * names >= 3 * row.filled() { names } else { 0 }
        };
        let lines = self.rows.iter().take_while(|row| row.line <= HEADER_LINES);
        let counts: Vec<usize> = lines.map(names).collect();
        let most = counts.iter().max().copied().unwrap_or_default();
        let first = self.first()?;
        // An error in the first line says more about the file than a header found below it.
        let likely = counts.iter().position(|count| 2 * count > most).filter(|_| self.rows[first].cells.is_ok());
        Some(likely.unwrap_or(first))
    }

    /// The reading with this row as its header; `None` if its dialect must be proven and is not.
    fn headed(&self, row: Result<usize, Unreadable>) -> Option<Result<Reading, Unreadable>> {
        let reading = row.and_then(|index| {
            let row = &self.rows[index];
            let mut reading = self.reading(names_of(row)?, &self.rows[index + 1..], Some(row));
            reading.header_line = Some(row.line);
            reading.is_doubtful = reading.fit.0 && !self.is_header(row, 0);
            reading.records = (row.cut.next, row.line + row.cut.lines);
            let (blank, above): (Vec<&Row>, Vec<&Row>) = self.rows[..index].iter().partition(|row| row.is_blank());
            reading.blank = blank.len() as u64;
            reading.above = above.iter().map(|row| row.cut.lines).sum();
            Ok(reading)
        });
        self.proven(reading)
    }

    fn under(&self, names: &[String], line: u64) -> Reading {
        Reading { records: (0, line), ..self.reading(names.to_vec(), &self.rows, None) }
    }

    fn proven(&self, reading: Result<Reading, Unreadable>) -> Option<Result<Reading, Unreadable>> {
        let is_proven = !self.trial.must_quote || reading.as_ref().is_ok_and(|reading| reading.is_proven);
        is_proven.then_some(reading)
    }

    fn reading(&self, names: Vec<String>, records: &[Row], header: Option<&Row>) -> Reading {
        let records: Vec<&Row> = records.iter().filter(|row| !row.is_blank()).collect();
        let values = |column: usize| records.iter().filter_map(move |row| row.cells().get(column).map(String::as_str));
        let (filled, quoted) =
            records.iter().fold((0, 0), |(filled, quoted), row| (filled + row.filled(), quoted + row.quoted));
        let is_header_quoted = header.is_none_or(|row| row.quoted == row.filled());
        Reading {
            dialect: self.trial.dialect,
            fit: self.candidates.fits(&names).iter().map(Fit::rank).max().unwrap_or_default(),
            is_proven: self.trial.must_quote && is_header_quoted && (2 * quoted > filled || filled == 0),
            evenness: evenness(&records, names.len()),
            kinds: (0..names.len()).map(|column| Kind::of_most(values(column))).collect(),
            header_line: None,
            is_guessed: false,
            is_doubtful: false,
            blank: 0,
            above: 0,
            records: (0, 0),
            names,
        }
    }
}

/// The records, in thousandths, with as many cells as there are names; or half of those that agree on another number of
/// cells.
fn evenness(records: &[&Row], names: usize) -> u32 {
    let counts: Vec<usize> = records.iter().filter_map(|row| Some(row.cells.as_ref().ok()?.len())).collect();
    let share = |count: usize| (1000 * counts.iter().filter(|held| **held == count).count() / records.len()) as u32;
    let usual = counts.first().copied().filter(|count| *count > 1);
    match records {
        [] => 1000,
        _ => share(names).max(usual.map_or(0, |count| share(count) / 2)),
    }
}

fn names_of(row: &Row) -> Result<Vec<String>, Unreadable> {
    let refuse = |what: &str| Err(Unreadable { line: Some(row.line), what: Words::own(format!("the header {what}")) });
    match (row.cut.extent, &row.cells) {
        (Extent::Unterminated, _) => refuse("opens a quote that is never closed"),
        (Extent::TooLarge, _) => refuse("is longer than --max-record-bytes"),
        (_, Err(what)) => refuse(what),
        (_, Ok(names)) if names.iter().any(|name| name.contains('\0')) => {
            refuse("has NUL characters; if it is text, name its encoding (for example --encoding utf-16le)")
        }
        (_, Ok(names)) if names.len() > MOST_COLUMNS => {
            refuse(&format!("has {} columns; the limit is {MOST_COLUMNS}", names.len()))
        }
        (_, Ok(names)) if names.iter().any(|name| report_column(name).is_some()) => {
            Ok(names.iter().map(|name| unguarded(name.as_str().into()).into_owned()).collect())
        }
        (_, Ok(names)) => Ok(names.clone()),
    }
}

/// The delimiter named by a first line `sep=;`, which Excel writes and reads, and the length of that line.
pub fn separator_line(text: &[u8]) -> Option<(u8, u64)> {
    let line = &text[..memchr::memchr2(b'\n', b'\r', text)?];
    let inner = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let [first, second, third, b'=', delimiter] = inner else { return None };
    let is_named = [first, second, third].into_iter().map(u8::to_ascii_lowercase).eq(*b"sep");
    let ending = if text[line.len()..].starts_with(b"\r\n") { 2 } else { 1 };
    (is_named && delimiter.is_ascii() && !matches!(delimiter, b'"' | b'\n' | b'\r'))
        .then_some((*delimiter, (line.len() + ending) as u64))
}
