//! The first records of a table, cut in one of the dialects to try.

use std::io::Cursor;

use crate::core::record::Extent;
use crate::core::record::csv::{Cell, SplitFault, split, typed_value};
use crate::core::record::dialect::CsvDialect;
use crate::read::cut::csv::CsvCutter;
use crate::read::cut::{Cut, Cutter, SheetCutter};
use crate::read::window::Window;

pub const SAMPLE_BYTES: usize = 1024 * 1024;

/// The most lines read, including blank ones.
const SAMPLE_LINES: usize = 20_000;

pub struct Sample<'s> {
    pub bytes: &'s [u8],
    pub is_whole: bool,
    pub is_sheet: bool,
    /// The physical line on which it starts.
    pub line: u64,
    pub limit: u64,
}

pub(super) struct Row {
    pub(super) cut: Cut,
    pub(super) line: u64,
    pub(super) cells: Result<Vec<String>, String>,
    /// The number of quoted cells that are not empty.
    pub(super) quoted: usize,
}

impl Row {
    pub(super) fn is_blank(&self) -> bool {
        self.cut.extent == Extent::Blank
    }

    pub(super) fn cells(&self) -> &[String] {
        self.cells.as_deref().unwrap_or_default()
    }

    pub(super) fn filled(&self) -> usize {
        self.cells().iter().filter(|cell| !cell.trim().is_empty()).count()
    }
}

impl Sample<'_> {
    /// The first records, at most `most`, and the blank lines among them.
    pub(super) fn rows(&self, dialect: &CsvDialect, most: usize) -> Vec<Row> {
        let mut window = Window::new(Box::new(Cursor::new(self.bytes.to_vec())));
        let mut cutter: Box<dyn Cutter> = match self.is_sheet {
            true => Box::new(SheetCutter::new(self.limit)),
            false => Box::new(CsvCutter::new(*dialect, self.limit)),
        };
        let (mut rows, mut records, mut at, mut line) = (Vec::new(), 0, 0, self.line);
        // Reading from memory cannot fail.
        while let Ok(Some(cut)) = cutter.cut(&mut window, at) {
            records += usize::from(cut.extent != Extent::Blank);
            let is_last = records >= most || rows.len() >= most.max(SAMPLE_LINES) || cut.extent == Extent::TooLarge;
            let is_cut_off = !self.is_whole && cut.next >= self.bytes.len() as u64;
            if is_cut_off && !rows.is_empty() {
                // Its end is not in the sample.
                break;
            }
            let bytes = self.bytes.get(at as usize..cut.end as usize).unwrap_or_default();
            let (cut, (mut cells, quoted)) = match is_cut_off {
                false => (cut, cells(bytes, dialect)),
                true => {
                    let what = format!("is longer than {} MiB", SAMPLE_BYTES >> 20);
                    (Cut { extent: Extent::Record, ..cut }, (Err(what), 0))
                }
            };
            if self.is_sheet {
                // A spreadsheet's encoding is known, so a NUL in a header is an error of the program that wrote it.
                cells.iter_mut().flatten().for_each(|cell| cell.retain(|character| character != '\0'));
            }
            rows.push(Row { cut, line, cells, quoted });
            if is_last || is_cut_off {
                break;
            }
            at = cut.next;
            line += cut.lines;
        }
        rows
    }
}

/// The texts of a record's cells, and the number of quoted cells that are not blank.
fn cells(record: &[u8], dialect: &CsvDialect) -> (Result<Vec<String>, String>, usize) {
    let Ok(text) = std::str::from_utf8(record) else {
        return (Err("has bytes that are invalid in its encoding (name another with --encoding)".to_string()), 0);
    };
    let mut cells = Vec::new();
    match split(record, dialect, &mut cells) {
        Ok(()) => {
            let quoted = cells.iter().filter(|cell| cell.is_quoted(record, dialect) && !cell.is_white(record)).count();
            let text = |cell: &Cell| {
                let text = cell.text(text);
                typed_value(&text).map_or_else(|| text.to_string(), str::to_string)
            };
            (Ok(cells.iter().map(text).collect()), quoted)
        }
        Err(SplitFault::Malformed(column) | SplitFault::Unclosed(column)) => {
            (Err(format!("has text after a closing quote in column {column}")), 0)
        }
    }
}
