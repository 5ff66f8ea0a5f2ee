//! How a table is to be read where nobody said: [`sniff`] finds the delimiter, the quote and the line of the header.
//!
//! Each dialect that comes into question cuts the first records. The header decides: it is line 1 where a profile fits that in
//! any dialect, else the first line that looks like a header, and the dialect in which it fits best is taken. Its line is chosen
//! without a look at the records. They count only between dialects in which the same line fits equally well: the one that cuts
//! them more evenly wins.

use std::cmp::Reverse;

use super::report::delimiter_of_report;
use super::sample::Row;
pub use super::sample::{SAMPLE_BYTES, Sample};
use crate::core::profile::{Candidates, Fit, has_report_columns, report_column};
use crate::core::record::Extent;
use crate::core::record::csv::unguarded;
use crate::core::record::dialect::CsvDialect;
use crate::error::Words;

/// How many records are looked at.
const SAMPLE_RECORDS: usize = 200;

/// How far down a header may stand (SPEC, section 7).
const HEADER_LINES: u64 = 20;

/// As many columns as a spreadsheet can have. A header with more is of something else.
const MOST_COLUMNS: usize = 16_384;

/// The longest text that looks like the name of a column, in characters.
const LONGEST_NAME: usize = 60;

/// Where the names of a table's columns are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HeaderPlace {
    /// The first line where a profile fits it, or the first among twenty that a profile fits and that looks like a header.
    #[default]
    Found,
    /// This line, from 1.
    Line(u64),
    /// Nowhere: these are the names.
    Given(Vec<String>),
}

/// A dialect that comes into question.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// The dialect.
    pub dialect: CsvDialect,
    /// Whether the header and most cells must be quoted so.
    pub must_quote: bool,
}

/// A way to read a table.
#[derive(Clone, Debug)]
pub struct Reading {
    /// How its cells are written.
    pub dialect: CsvDialect,
    /// The names of the columns.
    pub names: Vec<String>,
    /// What most values of each column are.
    pub kinds: Vec<Kind>,
    /// The line of the header; none where the names were given.
    pub header_line: Option<u64>,
    /// Whether no profile fits the header, and the line is only the one that looks most like one.
    pub is_guessed: bool,
    /// Whether a profile fits the header, and yet it looks like a record.
    pub is_doubtful: bool,
    /// How many blank lines stand before the header, and how many others.
    pub blank: u64,
    /// See [`Reading::blank`].
    pub above: u64,
    /// Where the records begin: how many bytes into the sample, and on which line.
    pub records: (u64, u64),
    /// How well the best profile fits.
    fit: (bool, usize, bool),
    /// Whether its cells show that they are quoted so, where they must.
    is_proven: bool,
    /// Of a thousand records, how many have as many cells as the header.
    evenness: u32,
}

/// What values are, as far as their looks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There are none.
    Nothing,
    /// Numbers.
    Number,
    /// E-mail addresses.
    Address,
    /// Other text.
    Text,
}

impl Kind {
    fn of(value: &str) -> Kind {
        let value = value.trim();
        match value {
            "" => Kind::Nothing,
            _ if value.contains('@') => Kind::Address,
            _ if value.contains(|character: char| !character.is_ascii_digit() && !"+-., ".contains(character)) => {
                Kind::Text
            }
            _ => Kind::Number,
        }
    }

    /// What most of these are.
    fn of_most<'v>(values: impl Iterator<Item = &'v str>) -> Kind {
        let kinds = [Kind::Text, Kind::Address, Kind::Number];
        let mut counts = [0; 3];
        for kind in values.map(Kind::of) {
            kinds.iter().zip(&mut counts).filter(|(known, _)| **known == kind).for_each(|(_, count)| *count += 1);
        }
        let most = kinds.into_iter().zip(counts).filter(|(_, count)| *count > 0).max_by_key(|(_, count)| *count);
        most.map_or(Kind::Nothing, |(kind, _)| kind)
    }
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

/// The first records in one dialect.
struct Table<'c> {
    trial: Trial,
    rows: Vec<Row>,
    candidates: &'c Candidates,
}

/// Finds the best reading among those in these dialects.
pub fn sniff(
    sample: &Sample<'_>,
    trials: &[Trial],
    place: &HeaderPlace,
    candidates: &Candidates,
) -> Result<Sniffed, Unreadable> {
    let most = match place {
        HeaderPlace::Line(line) => usize::try_from(*line).unwrap_or(usize::MAX).saturating_add(SAMPLE_RECORDS),
        _ => SAMPLE_RECORDS,
    };
    let table = |trial: &Trial| Table { trial: *trial, rows: sample.rows(&trial.dialect, most), candidates };
    let tables: Vec<Table<'_>> = trials.iter().map(table).collect();
    match place {
        HeaderPlace::Given(names) => {
            let readings = tables.iter().filter_map(|table| table.proven(Ok(table.under(names, sample.line))));
            best(readings.collect())
        }
        HeaderPlace::Line(line) => best(tables.iter().filter_map(|table| table.headed(table.on(*line))).collect()),
        HeaderPlace::Found => found(&tables),
    }
}

/// What stands between the cells of a reject report, and the line of its header, where the first record is that of one.
pub(super) fn report_header(sample: &Sample<'_>) -> Option<(u8, u64)> {
    let delimiter = delimiter_of_report(sample.bytes)?;
    let rows = sample.rows(&CsvDialect::with_delimiter(delimiter), 1);
    let first = rows.iter().find(|row| !row.is_blank())?;
    has_report_columns(first.cells()).then_some((delimiter, first.line))
}

/// The best reading, where the header has to be found.
fn found(tables: &[Table<'_>]) -> Result<Sniffed, Unreadable> {
    let headers: [fn(&Table<'_>) -> Option<usize>; 2] = [|table| table.first(), |table| table.below_titles()];
    for header in headers {
        let readings = tables.iter().filter_map(|table| table.headed(Ok(header(table)?)));
        let fitting: Vec<Reading> = readings.flatten().filter(|reading| reading.fit.0).collect();
        // The header decides in which dialect all else is read.
        if let Some(line) = fitting.iter().map(|reading| reading.header_line).min() {
            return best(fitting.into_iter().filter(|reading| reading.header_line == line).map(Ok).collect());
        }
    }
    if tables.iter().any(|table| table.first().is_none()) {
        // Nothing but blank lines is not a header of delimiters.
        return best(Vec::new());
    }
    let guesses = tables.iter().filter_map(|table| table.headed(Ok(table.likely()?)));
    let guesses = guesses.map(|guess| guess.map(|reading| Reading { is_guessed: true, ..reading }));
    best(guesses.collect())
}

/// The best of these readings.
fn best(found: Vec<Result<Reading, Unreadable>>) -> Result<Sniffed, Unreadable> {
    let (mut readings, mut first_failure) = (Vec::new(), None);
    for found in found {
        match found {
            Ok(reading) => readings.push(reading),
            Err(failure) => first_failure = first_failure.or(Some(failure)),
        }
    }
    // The first of those that are equally good stays in front.
    readings.sort_by_key(|reading| Reverse(reading.rank()));
    let mut readings = readings.into_iter();
    let reading = match (readings.next(), first_failure) {
        // Another reading helps only if it makes more of the header than one name.
        (Some(reading), None) => reading,
        (Some(reading), Some(_)) if reading.fit.0 || reading.names.len() > 1 => reading,
        (_, Some(failure)) => return Err(failure),
        (None, None) => {
            let what = "it is empty. A table starts with a header that names its columns";
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
    /// The first record.
    fn first(&self) -> Option<usize> {
        self.rows.iter().position(|row| !row.is_blank())
    }

    /// The record on a line.
    fn on(&self, line: u64) -> Result<usize, Unreadable> {
        let row = self.rows.iter().position(|row| row.line == line && !row.is_blank());
        row.ok_or_else(|| Unreadable { line: Some(line), what: "there is no header (--header-line)".into() })
    }

    /// The first record among the first lines that a profile fits and that looks like a header, not like a record. What stands
    /// above it are titles.
    fn below_titles(&self) -> Option<usize> {
        let mut lines = self.rows.iter().take_while(|row| row.line <= HEADER_LINES);
        lines.position(|row| !row.is_blank() && names_of(row).is_ok() && self.is_header(row, 3))
    }

    /// Whether a profile fits a record and knows more than half of its cells as names, or this many where no cell is a value.
    fn is_header(&self, row: &Row, least: usize) -> bool {
        let is_name = |cell: &String| matches!(Kind::of(cell), Kind::Text | Kind::Nothing);
        let are_names = row.cells().iter().all(is_name);
        let is_known = |fit: &Fit| 2 * fit.known > row.filled() || fit.known >= least && are_names;
        self.candidates.fits(row.cells()).iter().any(|fit| fit.missing.is_empty() && is_known(fit))
    }

    /// The record among the first lines that looks most like a header: it has many cells of short text. Titles have few, and
    /// records below a header hardly have more.
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
        // A first line that cannot be read says more about the file than what it could be below that.
        let likely = counts.iter().position(|count| 2 * count > most).filter(|_| self.rows[first].cells.is_ok());
        Some(likely.unwrap_or(first))
    }

    /// The reading with this row as its header; `None` where it does not show that its dialect is the right one.
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

    /// The reading under given names.
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
            fit: best_fit(self.candidates, &names).map(|fit| fit.rank()).unwrap_or_default(),
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

fn best_fit<'c>(candidates: &'c Candidates, names: &[String]) -> Option<Fit<'c>> {
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
        (_, Ok(names)) if names.iter().any(|name| report_column(name).is_some()) => {
            Ok(names.iter().map(|name| unguarded(name.as_str().into()).into_owned()).collect())
        }
        (_, Ok(names)) => Ok(names.clone()),
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
    use crate::core::profile::{Mapping, Profile};
    use crate::core::record::csv::DELIMITERS;

    fn sniffed(text: &str, place: &HeaderPlace) -> Result<Sniffed, Unreadable> {
        let candidates = Candidates::new(Profile::all().unwrap(), &Mapping::default());
        let sample = Sample { bytes: text.as_bytes(), is_whole: true, is_sheet: false, line: 1, limit: 1 << 20 };
        let quotes = [(b'"', false), (b'\'', true)];
        let trials = DELIMITERS.into_iter().flat_map(|delimiter| {
            quotes.map(|(quote, must_quote)| Trial {
                dialect: CsvDialect { quote: Some(quote), ..CsvDialect::with_delimiter(delimiter) },
                must_quote,
            })
        });
        sniff(&sample, &trials.collect::<Vec<_>>(), place, &candidates)
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
