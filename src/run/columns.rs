//! What is known of the columns of an input, block by block: [`Columns`]. [`Readers`] share the columns between threads: each
//! splits all records, and looks at the values of its own columns.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use chrono::{Datelike, Utc};
use xxhash_rust::xxh3::xxh3_64;

use super::threads::start_thread;
use crate::core::infer::{Budget, ColumnStats, Table, TableColumn};
use crate::core::profile::{REPORT_KEY, letters_and_digits, report_column};
use crate::core::record::csv::{Cell, SHEET_MARK, split, typed_value};
use crate::core::record::json::{Members, Paths, value};
use crate::core::record::{Block, Extent};
use crate::error::{Error, Result};
use crate::read::input::{Dialect, Input};

/// The columns are divided into this many parts, whatever the number of threads: what is known of a column must not depend on that.
const PARTS: usize = 4;

/// Blocks that wait for a thread.
const WAITING: usize = 4;

/// The threads that read the columns of an input.
pub(super) struct Readers {
    blocks: Vec<SyncSender<Arc<Block>>>,
    done: Receiver<(usize, Columns)>,
    /// The number of columns that can be fields, of all threads.
    fields: Arc<AtomicUsize>,
}

impl Readers {
    pub(super) fn start(input: &Input, null_tokens: &[String], threads: usize) -> Result<Readers> {
        let threads = threads.clamp(1, PARTS);
        let (finished, done) = channel();
        let fields = Arc::new(AtomicUsize::new(0));
        let mut blocks = Vec::with_capacity(threads);
        for thread in 0..threads {
            let own: Vec<bool> = (0..PARTS).map(|part| part % threads == thread).collect();
            let columns = Columns::new(input, null_tokens, own, Arc::clone(&fields));
            let (sender, arrived) = sync_channel(WAITING);
            blocks.push(sender);
            let finished: Sender<(usize, Columns)> = finished.clone();
            start_thread("columns", move || {
                let mut columns = columns;
                let arrived: Receiver<Arc<Block>> = arrived;
                arrived.iter().for_each(|block| columns.note(&block));
                // It has no receiver if the command was stopped.
                let _ = finished.send((thread, columns));
            })?;
        }
        Ok(Readers { blocks, done, fields })
    }

    pub(super) fn note(&self, block: Block) -> Result<()> {
        let block = Arc::new(block);
        self.blocks.iter().try_for_each(|reader| reader.send(Arc::clone(&block))).map_err(|_| lost())
    }

    /// The number of columns so far that can be fields.
    pub(super) fn fields(&self) -> usize {
        self.fields.load(Ordering::Relaxed)
    }

    /// Waits for all of them.
    pub(super) fn finish(self) -> Result<Columns> {
        let threads = self.blocks.len();
        drop(self.blocks);
        let mut all: Vec<(usize, Columns)> = self.done.iter().take(threads).collect();
        all.sort_by_key(|(thread, _)| *thread);
        let mut all = all.into_iter().map(|(_, columns)| columns);
        let (Some(first), true) = (all.next(), all.len() + 1 == threads) else { return Err(lost()) };
        Ok(all.fold(first, Columns::with))
    }
}

fn lost() -> Error {
    Error::Broken("reading columns failed".into())
}

/// What is known of the columns, or keys, of an input.
pub(super) struct Columns {
    dialect: Dialect,
    /// Of JSON those of its own keys.
    columns: Vec<TableColumn>,
    /// The column of each key of JSON; `None` if it is another thread's.
    indices: HashMap<String, Option<usize>>,
    /// Where each key of JSON was seen first: its record, and its number there.
    order: Vec<(u64, usize)>,
    /// The parts of the columns that it reads.
    own: Vec<bool>,
    /// The header of a table, as names are compared.
    compared: Vec<String>,
    /// The least number of cells of a record.
    least: usize,
    null_tokens: Vec<String>,
    budgets: Vec<Budget>,
    fields: Arc<AtomicUsize>,
    cells: Vec<Cell>,
    /// The records that could be split.
    pub(super) records: u64,
    /// The others, and the line of the first.
    bad: u64,
    first_bad: u64,
}

impl Columns {
    fn new(input: &Input, null_tokens: &[String], own: Vec<bool>, fields: Arc<AtomicUsize>) -> Columns {
        let (dialect, names) = (input.dialect.clone(), &input.names);
        // Keys of JSON are columns from their first value on.
        let headers = if dialect.format.is_table() { names.as_slice() } else { &[] };
        let column = |(index, header): (usize, &String)| TableColumn {
            header: header.clone(),
            numbers: vec![index + 1],
            also: Vec::new(),
            stats: ColumnStats::default(),
        };
        let last = names.iter().rposition(|name| !name.trim().is_empty()).filter(|_| !dialect.is_padded);
        fields.store(headers.iter().filter(|header| !header.trim().is_empty()).count(), Ordering::Relaxed);
        Columns {
            columns: headers.iter().enumerate().map(column).collect(),
            compared: headers.iter().map(|header| letters_and_digits(header)).collect(),
            budgets: vec![Budget::new(names.len(), PARTS); PARTS],
            null_tokens: null_tokens.to_vec(),
            least: last.map_or(0, |last| last + 1),
            dialect,
            indices: HashMap::new(),
            order: Vec::new(),
            own,
            fields,
            cells: Vec::new(),
            records: 0,
            bad: 0,
            first_bad: 0,
        }
    }

    /// With the columns of another thread, which has read the same records.
    fn with(mut self, other: Columns) -> Columns {
        if self.dialect.format.is_table() {
            let both = self.columns.iter_mut().zip(other.columns).enumerate();
            both.filter(|(index, _)| other.own[index % PARTS]).for_each(|(_, (own, other))| *own = other);
            return self;
        }
        self.columns.extend(other.columns);
        self.order.extend(other.order);
        self
    }

    fn note(&mut self, block: &Block) {
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
        for (index, (column, cell)) in self.columns.iter_mut().zip(&self.cells).enumerate() {
            let part = index % PARTS;
            let text = if self.own[part] { cell.text(record) } else { continue };
            let (tokens, budget) = (&self.null_tokens, &mut self.budgets[part]);
            if let Some(value) = typed_value(&text) {
                column.stats.add_typed(value, line, budget);
                continue;
            }
            match text.strip_prefix(SHEET_MARK) {
                Some(error) if !error.starts_with(SHEET_MARK) => column.stats.add_error(error, line),
                Some(text) => column.stats.add(text, line, tokens, budget),
                None if text.is_empty() => {}
                None => column.stats.add(&text, line, tokens, budget),
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
        for (number, (key, raw)) in members.0.into_iter().enumerate() {
            let index = match self.indices.get(&*key) {
                Some(index) => *index,
                None => self.add_key(&key, number),
            };
            let Some(index) = index else { continue };
            let budget = &mut self.budgets[part_of(&key)];
            self.columns[index].stats.add_json(&value(raw), raw, line, &self.null_tokens, budget);
        }
        true
    }

    /// The column of a key that was not seen before, if it is one of its own.
    fn add_key(&mut self, key: &str, number: usize) -> Option<usize> {
        let is_report = report_column(key).is_some() || key == REPORT_KEY;
        let index = (!is_report && self.own[part_of(key)]).then_some(self.columns.len());
        self.indices.insert(key.to_string(), index);
        if index.is_some() {
            self.fields.fetch_add(1, Ordering::Relaxed);
            self.order.push((self.records, number));
            let (header, stats) = (key.to_string(), ColumnStats::default());
            self.columns.push(TableColumn { header, numbers: Vec::new(), also: Vec::new(), stats });
        }
        index
    }

    /// What there is to say about records that could not be read.
    pub(super) fn bad_records(&self) -> Option<String> {
        match (self.bad, self.first_bad) {
            (0, _) => None,
            (1, line) => Some(format!("1 record, on line {line}, cannot be read and is left out here")),
            (bad, line) => {
                Some(format!("{bad} records cannot be read and are left out here, the first on line {line}"))
            }
        }
    }

    pub(super) fn table(mut self) -> Table {
        if !self.order.is_empty() {
            let mut ordered: Vec<_> = self.order.into_iter().zip(self.columns).collect();
            ordered.sort_by_key(|(order, _)| *order);
            let numbered = (1..).zip(ordered);
            self.columns =
                numbered.map(|(number, (_, column))| TableColumn { numbers: vec![number], ..column }).collect();
        }
        Table {
            records: self.records,
            this_year: u16::try_from(Utc::now().year()).unwrap_or(u16::MAX),
            has_columns: self.dialect.format.is_table(),
            has_semicolons: self.dialect.format.is_table() && self.dialect.csv.delimiter == b';',
            columns: self.columns,
            null_tokens: self.null_tokens,
        }
    }
}

fn part_of(key: &str) -> usize {
    (xxh3_64(key.as_bytes()) % PARTS as u64) as usize
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
