//! CSV records: one cut into cells ([`CutRecord`]), and judged, as the binding assigns its cells to fields.
//!
//! A corrected reject report is read like any other file, with two differences: the report's guards are removed from cells,
//! and a record whose own cells are all empty is read from its `_reject_raw`.

use std::borrow::Cow;

use super::csv_shape::{CsvShape, RowShape, as_it_stands, first_byte, first_letter};
use super::draft::{Draft, Original};
use super::report::{Carried, ReportRow};
use super::{plan::Plan, value::Origin, verdicts::BadRecord};
use crate::core::finding::{Code, Problem};
use crate::core::profile::{Chosen, Column, FieldSet, is_name};
use crate::core::record::csv::{Cell, RowWriter, SHEET_MARK, TYPED, typed_value, unguarded};
use crate::core::row::RowBuilder;
use crate::core::text;

pub(super) struct CsvRecords<'c> {
    shape: &'c CsvShape,
    cells: Vec<Cell>,
    /// Whether the last record consists of exactly these cells.
    is_as_written: bool,
    /// The fields that no column of the input fills and that need no value.
    absent: FieldSet,
}

impl<'c> CsvRecords<'c> {
    pub(super) fn new(shape: &'c CsvShape, plan: &Plan) -> CsvRecords<'c> {
        let is_absent = |field: &usize| plan.fields[*field].may_lack && shape.binding.sources.lack(*field);
        let absent = (0..plan.fields.len()).filter(is_absent).collect();
        CsvRecords { shape, cells: Vec::new(), is_as_written: false, absent }
    }

    pub(super) fn cells_as_written(&self) -> &[Cell] {
        if self.is_as_written { &self.cells } else { &[] }
    }

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
            let chosen = match *single {
                Some(column) => Chosen::One(column),
                None if self.absent.has(field) => {
                    draft.push_absent(field);
                    continue;
                }
                None if sources.lack(field) => Chosen::Nothing,
                None => draft.choose(sources, field, group, &mut has_value),
            };
            if let Some(column) = chosen.single().filter(|_| is_plain)
                && let Some((source, length)) = cut.cells[column].plain_in(source)
                && (is_tidy || text::is_tidy(&source[..length]))
                && draft.push_quick((field, column), source, length)
            {
                continue;
            }
            draft.judge_field(&cut, field, chosen, has_marks);
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

impl<B: RowBuilder> Draft<'_, B> {
    // Inlined, it would make the loop over the fields slower for all values.
    #[inline(never)]
    fn judge_field(&mut self, cut: &CutRecord<'_>, field: usize, chosen: Chosen, has_marks: bool) {
        let Some(column) = chosen.first() else {
            let stored = self.judge.missing(Origin { field, column: None, order: u32::MAX }, None);
            return self.push(field, stored);
        };
        let origin = Origin { field, column: Some(column as u32 + 1), order: column as u32 };
        if let Chosen::Joined(columns) = chosen {
            let cell = |column| match cut.cell(column) {
                cell if typed_value(&cell).is_some() => (column, cut.unmarked(self.judge.plan, column)),
                cell => (column, cell),
            };
            let cells: Vec<(usize, Cow<'_, str>)> = columns.iter().map(cell).collect();
            let error = cells.iter().filter(|_| has_marks).find_map(|(_, cell)| cut.error_in(cell));
            let stored = match error {
                Some(error) => self.judge.cell_error(origin, error, error),
                None => {
                    let texts: Vec<_> = cells.iter().map(|(_, cell)| &**cell).collect();
                    self.judge.parts(origin, &texts, columns.is_whole())
                }
            };
            self.note_outcome_of_several(field, &cells, &stored);
            return self.push(field, stored);
        }
        let cell = cut.cell(column);
        let error = if has_marks { cut.error_in(&cell) } else { None };
        let text = if has_marks { &cut.unmarked(self.judge.plan, column) } else { &cell };
        let stored = match error {
            Some(error) => self.judge.cell_error(origin, error, error),
            None => self.judge.text(origin, text),
        };
        self.note_outcome(field, column, text, &stored);
        self.push(field, stored);
    }
}

/// Writes the input's own cells of a record; empty cells if there is no record, or it cannot be cut. The slice of cells is
/// empty where they are not known.
pub(super) fn write_original(
    (shape, plan): (&CsvShape, &Plan),
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
        Some(cut) => shape.own.iter().for_each(|column| writer.cell(out, &cut.unmarked(plan, *column))),
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

struct CutRecord<'c> {
    shape: &'c CsvShape,
    text: Cow<'c, str>,
    cells: &'c [Cell],
    /// Whether it was read from `_reject_raw`, and has only the input's own columns.
    is_raw: bool,
    is_guarded: bool,
    is_exact: bool,
}

impl<'c> CutRecord<'c> {
    fn cut<'r: 'c>(
        shape: &'c CsvShape,
        record: &'r str,
        source: &[u8],
        cells: &'c mut Vec<Cell>,
    ) -> Result<CutRecord<'c>, BadRecord<'r>> {
        let is_exact = cut_row(shape, record, source, cells)
            .map_err(|bad| torn(shape, record.as_bytes()).map_or(bad, |(own, _)| own))?;
        let Some(report) = &shape.report else { return Ok(CutRecord::of(shape, record, cells, is_exact)) };
        // A column that fills no field holds no correction.
        let is_bound = |column: &&usize| matches!(shape.binding.columns[**column], Column::Field(_));
        let row = ReportRow { shape: report, record, cells };
        let is_corrected = !shape.own.iter().filter(is_bound).all(|column| cells[*column].is_white(record.as_bytes()));
        if is_corrected || row.raw().is_empty() {
            return Ok(CutRecord::of(shape, record, cells, is_exact));
        }
        let (text, dialect) = row.raw_record()?;
        let trimmed = text.trim_end_matches(['\r', '\n']);
        let row = RowShape { csv: dialect.csv, ..shape.own_row };
        row.split(trimmed, trimmed.as_bytes(), cells).map_err(BadRecord::into_owned)?;
        if let Some(index) = cells.iter().position(|cell| cell.has_bare_break(trimmed, &dialect.csv)) {
            return Err(BadRecord::new(Problem::SeveralRecords, Some(index as u32 + 1), text.into_bytes()));
        }
        let text = Cow::Owned(trimmed.to_string());
        Ok(CutRecord { shape, text, cells, is_raw: true, is_guarded: dialect.is_guarded, is_exact: false })
    }

    fn of(shape: &'c CsvShape, record: &'c str, cells: &'c [Cell], is_exact: bool) -> CutRecord<'c> {
        let is_guarded = shape.report.is_some();
        CutRecord { shape, text: Cow::Borrowed(record), cells, is_raw: false, is_guarded, is_exact }
    }

    /// The text of a 0-based column of the header.
    fn cell(&self, column: usize) -> Cow<'_, str> {
        let index = if self.is_raw { self.shape.own.partition_point(|own| *own < column) } else { column };
        let text = self.cells[index].text(&self.text);
        if self.is_guarded { unguarded(text) } else { text }
    }

    /// The same without the mark of a spreadsheet.
    fn unmarked(&self, plan: &Plan, column: usize) -> Cow<'_, str> {
        let cell = self.cell(column);
        if !self.shape.is_sheet {
            return cell;
        }
        match (typed_value(&cell), cell.strip_prefix(SHEET_MARK)) {
            (Some(value), _) => match self.shape.binding.columns.get(column) {
                Some(Column::Field(found)) => Cow::Owned(plan.fields[found.field].limits.rules.as_text(value)),
                _ => Cow::Owned(value.to_string()),
            },
            (None, Some(rest)) => Cow::Owned(rest.to_string()),
            (None, None) => cell,
        }
    }

    fn report_row(&self) -> Option<ReportRow<'_>> {
        Some(ReportRow { shape: self.shape.report.as_ref()?, record: &self.text, cells: self.cells })
    }

    /// Whether cells may be spreadsheet errors: it is a marked row of a spreadsheet, or was rejected for such an error.
    fn has_marks(&self) -> bool {
        if self.shape.is_sheet {
            return self.text.contains(SHEET_MARK);
        }
        !self.is_raw && self.report_row().is_some_and(|row| row.has_code(Code::CellError))
    }

    fn error_in<'e>(&self, cell: &'e str) -> Option<&'e str> {
        if self.shape.is_sheet {
            return cell.strip_prefix(SHEET_MARK).filter(|rest| !rest.starts_with([SHEET_MARK, TYPED]));
        }
        let row = self.report_row()?;
        Some(cell).filter(|cell| row.has_error(cell))
    }

    /// A bad record, if the record repeats the header of this line.
    #[inline]
    fn header_again(&self, line: u64) -> Option<BadRecord<'static>> {
        let shape = self.shape;
        let index = if self.is_raw { 0 } else { shape.own.first().copied().unwrap_or_default() };
        // The beginning of the first cell rules most records out.
        let first = self.cells.get(index)?.raw(&self.text);
        let may_be_the_same = first_letter(first) == shape.first_letter;
        let may_be_a_name = shape.lengths[first_byte(first)] >> first.len().min(63) & 1 == 1;
        let is_reordered = match (may_be_the_same, may_be_a_name) {
            (true, _) if self.has_names_in_order() => false,
            (_, true) if self.has_names_in_other_order() => true,
            _ => return None,
        };
        Some(BadRecord::new(Problem::RepeatedHeader { line, is_reordered }, None, self.own_text()))
    }

    /// Whether the cells are the header's names, compared by letters and digits as in the binding.
    fn has_names_in_order(&self) -> bool {
        let mut own = self.shape.own.iter().zip(&self.shape.own_names);
        own.all(|(column, name)| {
            let cell = self.cell(*column);
            // A name with neither is compared literally.
            match name.is_empty() {
                true => cell.trim() == self.shape.binding.headers[*column].trim(),
                false => is_name(&cell, name),
            }
        })
    }

    fn has_names_in_other_order(&self) -> bool {
        let names = &self.shape.sorted_names;
        let cells = self.shape.own.iter().map(|column| as_it_stands(&self.cell(*column)));
        let mut cells: Vec<String> = cells.take_while(|cell| names.binary_search(cell).is_ok()).collect();
        cells.sort_unstable();
        cells == *names
    }

    /// The record without the columns that a report adds.
    fn own_text(&self) -> Vec<u8> {
        if self.shape.report.is_none() || self.is_raw {
            return self.text.as_bytes().to_vec();
        }
        let (mut writer, mut own) = (RowWriter::new(self.shape.row.csv.delimiter), Vec::new());
        self.shape.own.iter().for_each(|column| writer.cell(&mut own, &self.cell(*column)));
        own
    }

    fn original(&self, plan: &Plan, field: usize) -> Option<Original> {
        let mut has_value = |field, column| plan.has_value(field, &self.cell(column));
        let (sources, layout) = (&self.shape.binding.sources, &plan.names.layout);
        let group = sources.group(layout, &mut has_value);
        let chosen = sources.choose(layout, field, group, &mut has_value);
        let text = match chosen {
            Chosen::Nothing => return None,
            Chosen::One(column) => self.unmarked(plan, column).into_owned(),
            Chosen::Joined(columns) => {
                let cells: Vec<_> = columns.iter().map(|column| self.cell(column)).collect();
                cells.join(&plan.fields[field].join)
            }
        };
        Some(Original { column: chosen.first().map(|column| column as u32), text })
    }
}

/// Cuts a row of the input. In a reject report, the columns that the report adds must hold what a report writes there:
/// otherwise a cell is missing or extra, and the others have shifted.
fn cut_row<'r>(shape: &CsvShape, record: &'r str, source: &[u8], cells: &mut Vec<Cell>) -> Result<bool, BadRecord<'r>> {
    let is_exact = shape.row.split(record, source, cells)?;
    let Some(report) = &shape.report else { return Ok(is_exact) };
    let row = ReportRow { shape: report, record, cells };
    if row.is_header() {
        let is_same = |column: &usize| cells[*column].text(record).trim() == shape.binding.headers[*column].trim();
        // The header of this report is refused later, with the line that it repeats.
        if shape.header_line.is_some() && shape.own.iter().all(is_same) {
            return Ok(is_exact);
        }
        return Err(BadRecord::new(Problem::OtherHeader, None, record.as_bytes()));
    }
    let Some(column) = row.misplaced() else { return Ok(is_exact) };
    let header = shape.binding.headers[column].clone();
    Err(BadRecord::new(Problem::MovedCells { header }, Some(column as u32 + 1), record.as_bytes()))
}

/// What is wrong with the record in a report's row that cannot be cut into cells, and what the report says about it.
/// `None` if the two cannot be separated.
pub(super) fn torn<'r>(shape: &CsvShape, row: &'r [u8]) -> Option<(BadRecord<'r>, Carried)> {
    let (own, carried) = shape.report.as_ref()?.tear(row, shape.row.csv)?;
    let bad = match std::str::from_utf8(own) {
        Ok(text) => shape.own_row.split(text, own, &mut Vec::new()).err()?,
        Err(_) => BadRecord::not_utf8(own),
    };
    Some((bad, carried))
}
