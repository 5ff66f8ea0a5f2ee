//! What is known of the columns of an input, block by block: [`Columns`].

use std::collections::HashMap;

use crate::core::infer::{Budget, ColumnStats, Table, TableColumn};
use crate::core::profile::{REPORT_KEY, letters_and_digits, report_column};
use crate::core::record::csv::{Cell, SHEET_MARK, split};
use crate::core::record::json::{Members, Paths, value};
use crate::core::record::{Block, Extent};
use crate::read::input::{Dialect, Input};

/// What is known of the columns, or keys, of an input.
pub(super) struct Columns {
    dialect: Dialect,
    columns: Vec<TableColumn>,
    /// The column of each key of JSON.
    indices: HashMap<String, usize>,
    /// The header of a table, as names are compared.
    compared: Vec<String>,
    /// The least number of cells of a record.
    least: usize,
    null_tokens: Vec<String>,
    budget: Budget,
    cells: Vec<Cell>,
    /// The records that could be split.
    pub(super) records: u64,
    /// The others, and the line of the first.
    bad: u64,
    first_bad: u64,
}

impl Columns {
    pub(super) fn new(input: &Input, null_tokens: &[String]) -> Columns {
        let (dialect, names) = (input.dialect.clone(), &input.names);
        // Keys of JSON are columns from their first value on.
        let headers = if dialect.format.is_table() { names.as_slice() } else { &[] };
        let column = |(index, header): (usize, &String)| TableColumn {
            header: header.clone(),
            numbers: vec![index + 1],
            stats: ColumnStats::default(),
        };
        let last = names.iter().rposition(|name| !name.trim().is_empty()).filter(|_| !dialect.is_padded);
        Columns {
            columns: headers.iter().enumerate().map(column).collect(),
            compared: headers.iter().map(|header| letters_and_digits(header)).collect(),
            budget: Budget::new(names.len(), 1),
            null_tokens: null_tokens.to_vec(),
            least: last.map_or(0, |last| last + 1),
            dialect,
            indices: HashMap::new(),
            cells: Vec::new(),
            records: 0,
            bad: 0,
            first_bad: 0,
        }
    }

    /// The number of columns that can be fields.
    pub(super) fn len(&self) -> usize {
        self.columns.iter().filter(|column| !column.header.trim().is_empty()).count()
    }

    pub(super) fn note(&mut self, block: &Block) {
        let is_table = self.dialect.format.is_table();
        for (position, span) in block.positions() {
            let record = match (span.extent, std::str::from_utf8(block.bytes_of(span))) {
                (Extent::Blank | Extent::Gap, _) => continue,
                (Extent::Record, Ok(record)) => Some(record),
                _ => None,
            };
            let is_read = record.is_some_and(|record| match is_table {
                true => self.row(record, position.line),
                false => self.object(record, position.line),
            });
            match is_read {
                true => self.records += 1,
                false => {
                    self.first_bad = if self.bad == 0 { position.line } else { self.first_bad };
                    self.bad += 1;
                }
            }
        }
    }

    /// Notes the cells of a record, if it has as many as the header.
    fn row(&mut self, record: &str, line: u64) -> bool {
        if split(record.as_bytes(), &self.dialect.csv, &mut self.cells).is_err() {
            return false;
        }
        let expected = self.columns.len();
        let beyond = self.cells.iter().skip(expected);
        if self.cells.len() < self.least || !beyond.into_iter().all(|cell| cell.is_white(record.as_bytes())) {
            return false;
        }
        if self.is_header(record) {
            return false;
        }
        for (column, cell) in self.columns.iter_mut().zip(&self.cells) {
            let text = cell.text(record);
            match text.strip_prefix(SHEET_MARK) {
                Some(error) if !error.starts_with(SHEET_MARK) => column.stats.add_error(error, line),
                Some(text) => column.stats.add(text, line, &self.null_tokens, &mut self.budget),
                None if text.is_empty() => {}
                None => column.stats.add(&text, line, &self.null_tokens, &mut self.budget),
            }
        }
        true
    }

    /// Whether a record is the header again, as where files were joined.
    fn is_header(&self, record: &str) -> bool {
        let mut cells = self.columns.iter().zip(&self.compared).zip(&self.cells);
        cells.all(|((column, compared), cell)| {
            let text = cell.text(record);
            match compared.is_empty() {
                true => text.trim() == column.header.trim(),
                false => text.len() <= 4 * column.header.len() && letters_and_digits(&text) == *compared,
            }
        })
    }

    /// Notes the members of a record, if it is an object.
    fn object(&mut self, record: &str, line: u64) -> bool {
        let Ok(Ok(members)) = Members::parse(record).map(|members| members.reach(&AllPaths)) else { return false };
        for (key, raw) in members.0 {
            if report_column(&key).is_some() || key == REPORT_KEY {
                continue;
            }
            let index = match self.indices.get(&*key) {
                Some(index) => *index,
                None => self.add_key(&key),
            };
            let stats = &mut self.columns[index].stats;
            stats.add_json(&value(raw), raw, line, &self.null_tokens, &mut self.budget);
        }
        true
    }

    fn add_key(&mut self, key: &str) -> usize {
        let index = self.columns.len();
        self.indices.insert(key.to_string(), index);
        self.columns.push(TableColumn {
            header: key.to_string(),
            numbers: vec![index + 1],
            stats: ColumnStats::default(),
        });
        index
    }

    /// What there is to say about records that could not be read.
    pub(super) fn bad_records(&self) -> Option<String> {
        let records = if self.bad == 1 { "record" } else { "records" };
        let (bad, first) = (self.bad, self.first_bad);
        (bad > 0).then(|| format!("{bad} {records} cannot be read and are left out here, the first on line {first}"))
    }

    pub(super) fn table(self) -> Table {
        Table {
            records: self.records,
            has_columns: self.dialect.format.is_table(),
            has_semicolons: self.dialect.format.is_table() && self.dialect.csv.delimiter == b';',
            columns: self.columns,
            null_tokens: self.null_tokens,
        }
    }
}

/// Every object is reached into, as where no profile knows better.
struct AllPaths;

impl Paths for AllPaths {
    fn reach_into(&self, _: &str) -> bool {
        false
    }

    fn is_whole(&self, path: &str) -> bool {
        path == REPORT_KEY
    }

    fn fill(&self, _: &str) -> bool {
        false
    }
}
