//! Judges CSV records: the binding assigns their cells to fields.

use super::bad_record::BadRecord;
use super::csv_shape::CsvShape;
use super::cut_record::{CutRecord, cut_row, torn};
use super::draft::{Draft, Original};
use super::plan::Plan;
use super::report::{Carried, ReportRow};
use super::value::Origin;
use crate::core::profile::{Chosen, Column};
use crate::core::record::csv::{Cell, RowWriter};
use crate::core::row::RowBuilder;
use crate::core::text;

pub(super) struct CsvRecords<'c> {
    shape: &'c CsvShape,
    cells: Vec<Cell>,
    /// Whether the last record consists of exactly these cells.
    is_as_written: bool,
}

impl<'c> CsvRecords<'c> {
    pub(super) fn new(shape: &'c CsvShape) -> CsvRecords<'c> {
        CsvRecords { shape, cells: Vec::new(), is_as_written: false }
    }

    pub(super) fn cells_as_written(&self) -> &[Cell] {
        if self.is_as_written { &self.cells } else { &[] }
    }

    /// Judges a record. `source` is the block from the record on.
    pub(super) fn judge<'r, B: RowBuilder>(
        &mut self,
        record: &'r str,
        source: &[u8],
        draft: &mut Draft<'_, B>,
    ) -> Result<(), BadRecord<'r>> {
        let shape = self.shape;
        let cut = CutRecord::cut(shape, record, source, &mut self.cells)?;
        if let Some(line) = shape.header_line
            && let Some(header) = cut.header_again(line)
        {
            return Err(header);
        }
        self.is_as_written = cut.is_exact && shape.report.is_none();
        // Most records are tidy; one scan finds out for all values.
        let is_tidy = text::is_tidy(cut.text.as_bytes());
        let has_marks = cut.has_marks();
        // The values can be read from the block itself.
        let is_plain = shape.report.is_none() && !has_marks;
        let (plan, sources) = (draft.judge.plan, &shape.binding.sources);
        let mut has_value = |field, column| plan.has_value(field, &cut.cell(column));
        begin_marks(&cut, is_tidy, draft);
        let group = draft.judge.group(sources, &mut has_value);
        for (field, single) in sources.singles().iter().enumerate() {
            let (chosen, index) = match *single {
                Some(column) => (Chosen::One(column), Some(column)),
                None if sources.lack(field) => (Chosen::Nothing, None),
                None => {
                    let chosen = draft.choose(sources, field, group, &mut has_value);
                    (chosen, chosen.single())
                }
            };
            if let Some(column) = index.filter(|_| is_plain)
                && let Some((source, length)) = cut.cells[column].plain_in(source)
                && (is_tidy || text::is_tidy(&source[..length]))
                && draft.push_quick((field, column), source, length)
            {
                continue;
            }
            judge_field(&cut, field, chosen, has_marks, draft);
        }
        draft.check_key(|field| cut.original(plan, field));
        Ok(())
    }
}

/// Notes which cells have more than white space. The columns that a report adds do not count.
fn begin_marks<B: RowBuilder>(cut: &CutRecord<'_>, is_tidy: bool, draft: &mut Draft<'_, B>) {
    if cut.shape.report.is_none() {
        let word = |cells: &[Cell]| Cell::filled(cells, &cut.text, is_tidy);
        draft.out.marks.begin_words(cut.cells.chunks(64).map(word));
        return;
    }
    let columns = cut.shape.binding.columns.iter().enumerate();
    draft.out.marks.begin(columns.map(|(column, bound)| {
        let is_own = !matches!(bound, Column::Report(_));
        is_own && !cut.cell(column).trim().is_empty()
    }));
}

fn judge_field<B: RowBuilder>(
    cut: &CutRecord<'_>,
    field: usize,
    chosen: Chosen,
    has_marks: bool,
    draft: &mut Draft<'_, B>,
) {
    let stored = match chosen {
        Chosen::One(column) => {
            let origin = Origin { field, column: Some(column as u32 + 1), order: column as u32 };
            let cell = cut.cell(column);
            let error = if has_marks { cut.error_in(&cell) } else { None };
            let text = if has_marks { &cut.unmarked(column) } else { &cell };
            let stored = match error {
                Some(error) => draft.judge.cell_error(origin, error, error),
                None => draft.judge.text(origin, text),
            };
            draft.note_outcome(field, column, text, &stored);
            return draft.push(field, stored);
        }
        Chosen::Joined(columns) => {
            let column = columns[0] as u32;
            let origin = Origin { field, column: Some(column + 1), order: column };
            let cells = columns.map(|column| cut.cell(column));
            let error = cells.iter().filter(|_| has_marks).find_map(|cell| cut.error_in(cell));
            let stored = match error {
                Some(error) => draft.judge.cell_error(origin, error, error),
                None => draft.judge.parts(origin, &cells.each_ref().map(|cell| &**cell)),
            };
            draft.note_fates(field, [0, 1].map(|part| (columns[part], &*cells[part])), &stored);
            stored
        }
        Chosen::Nothing => draft.judge.missing(Origin { field, column: None, order: u32::MAX }, None),
    };
    draft.push(field, stored);
}

/// Writes the input's own cells of a record; empty cells if there is no record, or it cannot be cut. The slice of cells is
/// empty where they are not known.
pub(super) fn write_original(
    shape: &CsvShape,
    record: Option<(&[u8], &[Cell])>,
    writer: &mut RowWriter,
    out: &mut Vec<u8>,
) {
    let is_written = record.is_some_and(|(record, cells)| {
        shape.is_as_written()
            && match cells {
                [] => writer.record(out, record, shape.row.cells),
                cells => writer.cut_record(out, record, cells),
            }
    });
    if is_written {
        return;
    }
    let mut cells = Vec::new();
    let record = record.and_then(|(record, _)| std::str::from_utf8(record).ok());
    match record.and_then(|record| CutRecord::cut(shape, record, record.as_bytes(), &mut cells).ok()) {
        Some(cut) => shape.own.iter().for_each(|column| writer.cell(out, &cut.unmarked(*column))),
        None => shape.own.iter().for_each(|_| writer.cell(out, "")),
    }
}

/// What a reject report already says about the record in this row; `None` if the input is not a reject report.
pub(super) fn carried(shape: &CsvShape, row: &[u8]) -> Option<Carried> {
    let report = shape.report.as_ref()?;
    let mut cells = Vec::new();
    if let Ok(record) = std::str::from_utf8(row)
        && cut_row(shape, record, row, &mut cells).is_ok()
    {
        return Some(ReportRow { shape: report, record, cells: &cells }.carried());
    }
    Some(torn(shape, row).map_or_else(|| report.whole_row(shape.row.csv), |(_, carried)| carried))
}

pub(super) fn original(shape: &CsvShape, plan: &Plan, record: &str, field: usize) -> Option<Original> {
    let mut cells = Vec::new();
    let cut = CutRecord::cut(shape, record, record.as_bytes(), &mut cells).ok()?;
    cut.original(plan, field)
}
