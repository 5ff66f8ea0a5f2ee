//! Reading a reject report: the columns that it adds to a row, and the record in `_reject_raw`.

use std::borrow::Cow;

use memchr::memrchr_iter;

use super::verdicts::BadRecord;
use crate::core::finding::{Code, Problem, Scope, Unreadable, english};
use crate::core::profile::{Binding, REPORT_COLUMNS, digest, report_column};
use crate::core::record::csv::{Cell, NOT_CALCULATED, split, unguarded};
use crate::core::record::raw::{self, RawDialect};
use crate::core::{record::Origin, record::dialect::CsvDialect};

/// What the reject report that a record comes from says about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Where the record originally came from; `None` if somebody has added it to the report.
    pub origin: Option<Origin>,
    pub dialect: Option<String>,
}

/// The places of columns in [`REPORT_COLUMNS`].
const RUN: usize = 0;
const FILE: usize = 1;
const RECORD: usize = 2;
const LINE: usize = 3;
const CODES: usize = 4;
const MESSAGES: usize = 5;
const DIALECT: usize = 6;
const RAW: usize = 7;

#[derive(Clone, Debug)]
pub(super) struct ReportShape {
    /// Where the input has each of [`REPORT_COLUMNS`].
    columns: [Option<usize>; REPORT_COLUMNS.len()],
    /// Whether all of them are there, in order, after all others.
    is_at_end: bool,
    /// Digests of the input's own columns, and of all: a record is only read with the columns that it was written for.
    own_digest: String,
    all_digest: String,
}

#[derive(Clone, Copy)]
pub(super) struct ReportRow<'r> {
    pub(super) shape: &'r ReportShape,
    pub(super) record: &'r str,
    pub(super) cells: &'r [Cell],
}

/// How many delimiters to try from a row's end, to find the one before the report's columns. Most have fewer there.
const MOST_TRIED: usize = 64;

impl ReportShape {
    /// Finds the record's own text in a row that cannot be cut, if it ends with the report's columns; what these say.
    pub(super) fn tear<'r>(&self, row: &'r [u8], csv: CsvDialect) -> Option<(&'r [u8], Carried)> {
        if !self.is_at_end {
            return None;
        }
        let mut cells = Vec::new();
        memrchr_iter(csv.delimiter, row).take(MOST_TRIED).find_map(|at| {
            let added = std::str::from_utf8(&row[at + 1..]).ok()?;
            split(added.as_bytes(), &csv, &mut cells).ok()?;
            let text = |column: usize| unguarded(cells[column].text(added)).into_owned();
            if cells.len() != REPORT_COLUMNS.len() || !are_added(&text) {
                return None;
            }
            let origin = origin_of(&text);
            let dialect = RawDialect { csv, columns: self.own_digest.clone(), is_guarded: true };
            Some((&row[..at], Carried { origin: Some(origin), dialect: Some(dialect.to_string()) }))
        })
    }

    /// What is carried for a row whose own text cannot be found: the next report has the whole row in `_reject_raw`.
    pub(super) fn whole_row(&self, csv: CsvDialect) -> Carried {
        let dialect = RawDialect { csv, columns: self.all_digest.clone(), is_guarded: true };
        Carried { origin: None, dialect: Some(dialect.to_string()) }
    }

    pub(super) fn of(binding: &Binding) -> Option<ReportShape> {
        binding.is_report().then(|| ReportShape {
            columns: REPORT_COLUMNS.map(|name| binding.report_column(name)),
            is_at_end: {
                let last = binding.headers.iter().rev().take(REPORT_COLUMNS.len());
                last.map(|header| report_column(header)).eq((0..REPORT_COLUMNS.len()).rev().map(Some))
            },
            own_digest: binding.own_digest(),
            all_digest: digest(&binding.headers),
        })
    }
}

impl<'r> ReportRow<'r> {
    fn text(&self, column: usize) -> Cow<'r, str> {
        let column = self.shape.columns[column];
        column.map(|column| unguarded(self.cells[column].text(self.record))).unwrap_or_default()
    }

    /// Whether the report's columns hold their own names: the header of a report that was joined to another.
    pub(super) fn is_header(&self) -> bool {
        let is_name = |column: usize| report_column(&self.text(column)).is_some();
        [RUN, LINE, CODES, RAW].into_iter().all(|column| self.shape.columns[column].is_none() || is_name(column))
    }

    pub(super) fn misplaced(&self) -> Option<usize> {
        type Looks = fn(&str) -> bool;
        let columns: [(usize, Looks); 4] = [(RUN, is_run), (RECORD, is_number), (LINE, is_number), (CODES, are_codes)];
        let is_wrong = |(column, looks_right): &(usize, Looks)| {
            let text = self.text(*column);
            !text.is_empty() && !looks_right(&text)
        };
        columns.iter().find(|column| is_wrong(column)).and_then(|(column, _)| self.shape.columns[*column])
    }

    /// Whether a cell is still the error that the messages name. Another error may be a correction.
    pub(super) fn has_error(&self, cell: &str) -> bool {
        cell == NOT_CALCULATED || english::names_cell_error(&self.text(MESSAGES), cell)
    }

    pub(super) fn has_code(&self, code: Code) -> bool {
        self.text(CODES).split(',').any(|found| found == code.name())
    }

    pub(super) fn raw(&self) -> Cow<'r, str> {
        self.text(RAW)
    }

    pub(super) fn carried(&self) -> Carried {
        let origin = origin_of(&|column| self.text(column).into_owned());
        let dialect = Some(self.text(DIALECT).into_owned()).filter(|_| !self.raw().is_empty());
        Carried { origin: Some(origin).filter(|origin| !origin.file.is_empty()), dialect }
    }

    /// The text of the record in `_reject_raw`, and its dialect. With another dialect or other columns its cells would shift.
    pub(super) fn raw_record(&self) -> Result<(String, RawDialect), BadRecord<'static>> {
        let raw = self.raw().into_owned();
        let bytes = raw::unescape(&raw).into_owned();
        if raw::is_cut_off(&raw) {
            return Err(cut_off(bytes, raw));
        }
        if raw.len() >= CELL_LIMITS[0] && CELL_LIMITS.contains(&raw.encode_utf16().count()) {
            return Err(self.unread(bytes, raw, Unreadable::LongestCell));
        }
        let dialect = self.text(DIALECT);
        let dialect = match RawDialect::parse(&dialect) {
            Some(dialect) if dialect.columns == self.shape.own_digest => dialect,
            Some(_) => return Err(self.unread(bytes, raw, Unreadable::OtherColumns)),
            None => return Err(self.unread(bytes, raw, Unreadable::NoDialect)),
        };
        let text = String::from_utf8(bytes).map_err(|error| BadRecord::not_utf8(error.as_bytes()).into_owned())?;
        Ok((text, dialect))
    }

    /// A record that cannot be read from the report. It keeps its code.
    fn unread(&self, bytes: Vec<u8>, raw: String, why: Unreadable) -> BadRecord<'static> {
        let codes = self.text(CODES);
        let code = Code::from_name(&codes).filter(|code| code.info().scope == Scope::Record).unwrap_or(Code::ExtraCell);
        BadRecord { carried: Some(raw), ..BadRecord::new(Problem::Unreadable { code, why }, None, bytes) }
    }
}

/// The longest cells of spreadsheet programs, in UTF-16 units. They cut longer ones silently.
const CELL_LIMITS: [usize; 2] = [32_767, 65_535];

fn origin_of(text: &dyn Fn(usize) -> String) -> Origin {
    Origin { run: text(RUN), file: text(FILE), record: text(RECORD), line: text(LINE) }
}

fn are_added(text: &dyn Fn(usize) -> String) -> bool {
    let is_run = text(RUN).is_empty() || is_run(&text(RUN));
    is_run && !text(FILE).is_empty() && is_number(&text(RECORD)) && is_number(&text(LINE)) && are_codes(&text(CODES))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_run(text: &str) -> bool {
    text.split_once('-').is_some_and(|(run, id)| is_number(run) && id.len() == 8)
}

/// Whether this is a list of codes, perhaps those of a later version.
fn are_codes(text: &str) -> bool {
    let is_code = |code: &str| {
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        code.starts_with(|first: char| first.is_ascii_lowercase()) && code.bytes().all(is_part)
    };
    text.split(',').all(is_code)
}

/// A record whose beginning alone is in the report must not be loaded from there.
pub(super) fn cut_off(bytes: Vec<u8>, carried: String) -> BadRecord<'static> {
    BadRecord { carried: Some(carried), ..BadRecord::new(Problem::CutOff, None, bytes) }
}
