//! How a table is to be read where nobody said: [`sniff`] finds the delimiter and the line of the header.
//!
//! Each delimiter that comes into question cuts the first records, quotes respected, and the reading that a profile fits best
//! wins; between two that fit as well, the one that cuts more evenly. Only the beginning of the input is looked at.

use std::cmp::Reverse;
use std::io::Cursor;

use super::csv::CsvCutter;
use super::report::delimiter_of_report;
use super::sheet_rows::SheetCutter;
use super::window::Window;
use super::{Cut, Cutter};
use crate::error::Words;
use crate::format::csv::{SplitFault, split, unguarded};
use crate::format::dialect::CsvDialect;
use crate::profile::header::{Candidates, Fit, REPORT_COLUMNS, has_report_columns};
use crate::record::Extent;

/// How much of an input is looked at.
pub const SAMPLE_BYTES: usize = 1024 * 1024;

/// How many records are looked at, and how many lines with the blank ones among them.
const SAMPLE_RECORDS: usize = 200;
const SAMPLE_LINES: usize = 20_000;

/// How far down a header may stand (SPEC, section 7).
const HEADER_LINES: u64 = 20;

/// As many columns as a spreadsheet can have. A header with more is of something else.
const MOST_COLUMNS: usize = 16_384;

/// Where the names of a table's columns are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HeaderPlace {
    /// The first line, or the first among twenty that fits a profile where that does not.
    #[default]
    Found,
    /// This line, from 1.
    Line(u64),
    /// Nowhere: these are the names.
    Given(Vec<String>),
}

/// What is looked at, and how.
#[derive(Clone, Debug)]
pub struct Sample<'s> {
    /// The beginning of the text.
    pub bytes: &'s [u8],
    /// Whether it is all of it.
    pub is_whole: bool,
    /// Whether it is the rows of a spreadsheet.
    pub is_sheet: bool,
    /// The physical line on which it starts.
    pub line: u64,
    /// The greatest length of a record.
    pub limit: u64,
}

/// A way to read a table.
#[derive(Clone, Debug)]
pub struct Reading {
    /// How its cells are written.
    pub dialect: CsvDialect,
    /// The names of the columns.
    pub names: Vec<String>,
    /// The line of the header; none where the names were given.
    pub header_line: Option<u64>,
    /// How many blank lines stand before the header.
    pub blank: u64,
    /// Where the records begin: how many bytes into the sample, and on which line.
    pub records: (u64, u64),
    /// How well the best profile fits.
    fit: (bool, usize, bool),
    /// Of a thousand records, how many have as many cells as the header.
    evenness: u32,
}

/// What was found, and what else it could have been.
#[derive(Clone, Debug)]
pub struct Sniffed {
    /// The best reading.
    pub reading: Reading,
    /// The delimiter of another that is as good.
    pub rival: Option<u8>,
}

/// Why a table cannot be read: what is wrong, and on which line, if it is on one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The line.
    pub line: Option<u64>,
    /// What is wrong.
    pub what: Words,
}

/// Finds the best reading among those in these dialects.
pub fn sniff(
    sample: &Sample<'_>,
    dialects: &[CsvDialect],
    place: &HeaderPlace,
    candidates: &Candidates,
) -> Result<Sniffed, Unreadable> {
    let mut readings = Vec::new();
    let mut first_failure = None;
    for dialect in dialects {
        match read(sample, dialect, place, candidates) {
            Ok(reading) => readings.push(reading),
            // Nothing but blank lines is not a header of delimiters.
            Err(failure) if failure.line.is_none() => return Err(failure),
            Err(failure) => first_failure = first_failure.or(Some(failure)),
        }
    }
    // The first of those that are equally good stays in front.
    readings.sort_by_key(|reading| Reverse(reading.rank()));
    let mut readings = readings.into_iter();
    let best = readings.next();
    let reading = match (best, first_failure) {
        // Another reading helps only if it makes more of the header than one name.
        (Some(reading), None) => reading,
        (Some(reading), Some(_)) if reading.fit.0 || reading.names.len() > 1 => reading,
        (_, Some(failure)) => return Err(failure),
        (None, None) => return Err(Unreadable { line: None, what: "it is empty".into() }),
    };
    let as_good = |other: &Reading| other.rank() == reading.rank() && other.names.len() > 1;
    let rival = readings.find(as_good).map(|other| other.dialect.delimiter);
    Ok(Sniffed { reading, rival })
}

/// What stands between the cells of a reject report, and the line of its header, where the first record is that of one.
pub(super) fn report_header(sample: &Sample<'_>) -> Option<(u8, u64)> {
    let delimiter = delimiter_of_report(sample.bytes)?;
    let rows = rows(sample, &CsvDialect::with_delimiter(delimiter), 1);
    let first = rows.iter().find(|row| row.cut.extent != Extent::Blank)?;
    let is_it = first.cells.as_ref().is_ok_and(|cells| has_report_columns(cells));
    is_it.then_some((delimiter, first.line))
}

impl Reading {
    fn rank(&self) -> ((bool, usize, bool), u32) {
        // A single cell is even under every delimiter.
        (self.fit, if self.names.len() > 1 { self.evenness } else { 0 })
    }
}

/// A record of the sample.
struct Row {
    start: u64,
    cut: Cut,
    line: u64,
    cells: Result<Vec<String>, String>,
}

fn read(
    sample: &Sample<'_>,
    dialect: &CsvDialect,
    place: &HeaderPlace,
    candidates: &Candidates,
) -> Result<Reading, Unreadable> {
    let most = match place {
        HeaderPlace::Line(line) => usize::try_from(*line).unwrap_or(usize::MAX).saturating_add(SAMPLE_RECORDS),
        _ => SAMPLE_RECORDS,
    };
    let rows = rows(sample, dialect, most);
    let (header, names) = match place {
        HeaderPlace::Given(names) => (None, names.clone()),
        HeaderPlace::Line(line) => {
            let row = rows.iter().find(|row| row.line == *line).filter(|row| row.cut.extent != Extent::Blank);
            let row =
                row.ok_or_else(|| Unreadable { line: Some(*line), what: "there is no header (--header-line)".into() })?;
            (Some(row), names_of(row)?)
        }
        HeaderPlace::Found => found_header(&rows, candidates)?,
    };
    let records: Vec<&Row> = rows
        .iter()
        .filter(|row| row.cut.extent != Extent::Blank && header.is_none_or(|header| row.start > header.start))
        .collect();
    let before = |row: &&Row| header.is_some_and(|header| row.start < header.start);
    Ok(Reading {
        dialect: *dialect,
        fit: best_fit(candidates, &names).map(|fit| fit.rank()).unwrap_or_default(),
        evenness: evenness(&records, names.len()),
        header_line: header.map(|row| row.line),
        blank: rows.iter().filter(before).filter(|row| row.cut.extent == Extent::Blank).count() as u64,
        records: header.map_or((0, sample.line), |row| (row.cut.next, row.line + row.cut.lines)),
        names,
    })
}

/// Of a thousand records, how many have as many cells as there are names. Where they have not, it counts half that many have
/// the same number of cells.
fn evenness(records: &[&Row], names: usize) -> u32 {
    let counts: Vec<usize> = records.iter().filter_map(|row| Some(row.cells.as_ref().ok()?.len())).collect();
    let share = |count: usize| (1000 * counts.iter().filter(|held| **held == count).count() / records.len()) as u32;
    let usual = counts.first().copied().filter(|count| *count > 1);
    match records {
        [] => 1000,
        _ => share(names).max(usual.map_or(0, |count| share(count) / 2)),
    }
}

/// The first record, or the first among the first lines that fits a profile where that does not.
fn found_header<'r>(rows: &'r [Row], candidates: &Candidates) -> Result<(Option<&'r Row>, Vec<String>), Unreadable> {
    let mut records = rows.iter().filter(|row| row.cut.extent != Extent::Blank);
    let Some(first) = records.next() else {
        let what = "it is empty. A table starts with a header that names its columns";
        return Err(Unreadable { line: None, what: what.into() });
    };
    let fits = |names: &[String]| best_fit(candidates, names).is_some_and(|fit| fit.missing.is_empty());
    let first_names = names_of(first);
    if !first_names.as_ref().is_ok_and(|names| fits(names)) {
        // A record must not be taken for a header: what stands above one are titles, which have fewer cells, or else most of its
        // cells are names of fields.
        let mut titles = filled(first);
        for row in records.take_while(|row| row.line <= HEADER_LINES) {
            if let Ok(names) = names_of(row)
                && let Some(fit) = best_fit(candidates, &names).filter(|fit| fit.missing.is_empty())
                && (filled(row) > titles || is_mostly_names(filled(row), fit.matched))
            {
                return Ok((Some(row), names));
            }
            titles = titles.max(filled(row));
        }
    }
    Ok((Some(first), first_names?))
}

fn is_mostly_names(filled: usize, matched: usize) -> bool {
    matched == filled || matched >= 2 && 2 * matched >= filled
}

/// How many of a row's cells have something in them.
fn filled(row: &Row) -> usize {
    row.cells.as_ref().map_or(0, |cells| cells.iter().filter(|cell| !cell.trim().is_empty()).count())
}

fn best_fit(candidates: &Candidates, names: &[String]) -> Option<Fit> {
    candidates.fits(names).into_iter().max_by_key(Fit::rank)
}

fn names_of(row: &Row) -> Result<Vec<String>, Unreadable> {
    let refuse = |what: &str| Err(Unreadable { line: Some(row.line), what: Words::own(format!("the header {what}")) });
    match (row.cut.extent, &row.cells) {
        (Extent::Unterminated, _) => refuse("opens a quote that is never closed"),
        (Extent::TooLarge, _) => refuse("is longer than --max-record-bytes"),
        (_, Err(what)) => refuse(what),
        (_, Ok(names)) if names.iter().any(|name| name.contains('\0')) => {
            refuse("holds NUL characters; if it is a text, say in which encoding (--encoding utf-16le, say)")
        }
        (_, Ok(names)) if names.len() > MOST_COLUMNS => {
            refuse(&format!("has {} columns; at most {MOST_COLUMNS} are possible", names.len()))
        }
        (_, Ok(names)) if names.iter().any(|name| REPORT_COLUMNS.contains(&name.as_str())) => {
            Ok(names.iter().map(|name| unguarded(name.as_str().into()).into_owned()).collect())
        }
        (_, Ok(names)) => Ok(names.clone()),
    }
}

fn rows(sample: &Sample<'_>, dialect: &CsvDialect, most: usize) -> Vec<Row> {
    let mut window = Window::new(Box::new(Cursor::new(sample.bytes.to_vec())));
    let mut cutter: Box<dyn Cutter> = match sample.is_sheet {
        true => Box::new(SheetCutter::new(sample.limit)),
        false => Box::new(CsvCutter::new(*dialect, sample.limit)),
    };
    let (mut rows, mut records, mut at, mut line) = (Vec::new(), 0, 0, sample.line);
    // Reading from memory cannot fail.
    while let Ok(Some(cut)) = cutter.cut(&mut window, at) {
        records += usize::from(cut.extent != Extent::Blank);
        let is_last = records >= most || rows.len() >= most.max(SAMPLE_LINES) || cut.extent == Extent::TooLarge;
        let is_cut_off = !sample.is_whole && cut.next >= sample.bytes.len() as u64;
        if is_cut_off && !rows.is_empty() {
            // Where it ends is not known.
            break;
        }
        if is_cut_off {
            let what = format!("is longer than {} MiB", SAMPLE_BYTES >> 20);
            rows.push(Row { start: at, cut: Cut { extent: Extent::Record, ..cut }, line, cells: Err(what) });
            break;
        }
        let bytes = sample.bytes.get(at as usize..cut.end as usize).unwrap_or_default();
        let mut cells = cells(bytes, dialect);
        if sample.is_sheet {
            // A spreadsheet's encoding is known, so that a NUL in a header is a slip of whatever wrote it.
            cells.iter_mut().flatten().for_each(|cell| cell.retain(|character| character != '\0'));
        }
        rows.push(Row { start: at, cut, line, cells });
        if is_last {
            break;
        }
        at = cut.next;
        line += cut.lines;
    }
    rows
}

fn cells(record: &[u8], dialect: &CsvDialect) -> Result<Vec<String>, String> {
    let text = std::str::from_utf8(record)
        .map_err(|_| "holds bytes that are no text in its encoding; --encoding names another".to_string())?;
    let mut cells = Vec::new();
    match split(record, dialect, &mut cells) {
        Ok(()) => Ok(cells.iter().map(|cell| cell.text(text).into_owned()).collect()),
        Err(SplitFault::Malformed(column) | SplitFault::Unclosed(column)) => {
            Err(format!("has text after a closing quote in column {column}"))
        }
    }
}

/// The delimiter that a first line `sep=;` names, as Excel writes and reads it, and the length of that line.
pub fn separator_line(text: &[u8]) -> Option<(u8, u64)> {
    let line = &text[..memchr::memchr2(b'\n', b'\r', text)?];
    let inner = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let [first, second, third, b'=', delimiter] = inner else { return None };
    let is_named = [first, second, third].into_iter().map(u8::to_ascii_lowercase).eq(*b"sep");
    let ending = if text[line.len()..].starts_with(b"\r\n") { 2 } else { 1 };
    (is_named && delimiter.is_ascii() && !matches!(delimiter, b'"' | b'\n' | b'\r'))
        .then_some((*delimiter, (line.len() + ending) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::csv::DELIMITERS;
    use crate::profile::Profile;
    use crate::profile::mapping::Mapping;

    fn sniffed(text: &str, place: &HeaderPlace) -> Result<Sniffed, Unreadable> {
        let candidates = Candidates::new(Profile::all().iter(), &Mapping::default());
        let sample = Sample { bytes: text.as_bytes(), is_whole: true, is_sheet: false, line: 1, limit: 1 << 20 };
        sniff(&sample, &DELIMITERS.map(CsvDialect::with_delimiter), place, &candidates)
    }

    #[test]
    fn the_delimiter_under_which_a_profile_fits_is_taken() {
        for (text, delimiter, line) in [
            ("email,name\na@example.com,Ann\n", b',', 1),
            ("email;name\na@example.com;Ann\n", b';', 1),
            ("email\tname\na@example.com\tAnn\n", b'\t', 1),
            ("email|name\na@example.com|Ann\n", b'|', 1),
            ("email\na@example.com\n", b',', 1),
            // Commas in the cells are more than the semicolons between them.
            ("email;notes\na@example.com;a, b, c, d\nb@example.com;e, f\n", b';', 1),
            ("\"email\";\"notes, and, more\"\na@example.com;x\n", b';', 1),
            ("\"a;b\",email,\"c;d\"\n1,a@example.com,2\n", b',', 1),
            // Titles above the table.
            ("Customers of 2026\n\nName;E-Mail;City\nAnn;a@example.com;Bonn\n", b';', 3),
            ("Report of today\nemail,name\na@example.com,Ann\n", b',', 2),
            ("Exported by;Ann Lee;2026-11-22\nname;email;city\nAnn;a@example.com;Bonn\n", b';', 2),
        ] {
            let found = sniffed(text, &HeaderPlace::Found).unwrap();
            assert_eq!(
                (found.reading.dialect.delimiter, found.reading.header_line),
                (delimiter, Some(line)),
                "{text:?}"
            );
            assert_eq!(found.rival, None, "{text:?}");
        }
    }

    #[test]
    fn a_record_is_no_header() {
        let found = sniffed("Kunde,Typ,Ort\nAcme,Company,Bonn\nFoo,Person,Ulm\n", &HeaderPlace::Found).unwrap().reading;
        assert_eq!((found.header_line, found.fit.0), (Some(1), false));
    }

    #[test]
    fn a_reading_that_is_as_good_is_named() {
        let found = sniffed("email,a;name,b\n", &HeaderPlace::Found).unwrap();
        assert_eq!(found.rival, None);
        let found = sniffed("x,a;b\n1,2;3\n", &HeaderPlace::Found).unwrap();
        assert_eq!((found.reading.dialect.delimiter, found.rival), (b',', Some(b';')));
    }

    #[test]
    fn names_that_are_given_need_no_header() {
        let names: Vec<String> = ["email", "name"].map(String::from).to_vec();
        let found = sniffed("a@example.com;Ann\nb@example.com;Bo\n", &HeaderPlace::Given(names)).unwrap();
        assert_eq!((found.reading.dialect.delimiter, found.reading.records), (b';', (0, 1)));
    }

    #[test]
    fn a_line_that_is_named_is_the_header() {
        let text = "email,name\n\nemail;city\na@example.com;Bonn\n";
        let found = sniffed(text, &HeaderPlace::Line(3)).unwrap().reading;
        assert_eq!((found.dialect.delimiter, found.header_line, found.records.1), (b';', Some(3), 4));
        assert!(sniffed(text, &HeaderPlace::Line(2)).is_err() && sniffed(text, &HeaderPlace::Line(9)).is_err());
    }

    #[test]
    fn excels_separator_line_is_known() {
        for (text, expected) in [
            ("sep=;\r\na;b", Some((b';', 7))),
            ("\"sep=\t\"\na", Some((b'\t', 8))),
            ("SEP=|\na", Some((b'|', 6))),
            ("sep=;;\na", None),
            ("email,name\n", None),
            ("sep=;", None),
        ] {
            assert_eq!(separator_line(text.as_bytes()), expected, "{text:?}");
        }
    }
}
