//! Judging CSV records: cells to fields by the input's [`Binding`].
//!
//! A reject report that was corrected is read like any other file, with two differences: cells lose the guard that the
//! report gave them, and a record whose own cells are all empty is read from its `_reject_raw`.

use std::borrow::Cow;

use super::bad_record::BadRecord;
use super::judge::Origin;
use super::plan::Plan;
use super::report::{Carried, ReportRow, ReportShape, Torn};
use super::{Checker, Draft};
use crate::core::finding::{Code, Problem};
use crate::core::profile::{Binding, Chosen, Column, is_name, letters_and_digits};
use crate::core::record::csv::{Cell, RowWriter, SHEET_MARK, SplitFault, split_in, unguarded};
use crate::core::record::dialect::CsvDialect;
use crate::core::record::raw::RawDialect;
use crate::core::row::RowBuilder;
use crate::core::text;

/// How the CSV of an input is cut into fields.
#[derive(Clone, Debug)]
pub struct CsvShape {
    /// The columns and their fields.
    pub binding: Binding,
    /// How a record is cut.
    row: RowShape,
    /// How one is cut that stands whole in a reject report, but for its dialect.
    own_row: RowShape,
    /// Whether the cells are those of a spreadsheet, in which a mark may say that one is an error.
    is_sheet: bool,
    /// The columns of a reject report, where the input is one.
    report: Option<Box<ReportShape>>,
    /// The columns of the input's own.
    own: Vec<usize>,
    /// Their names as they are compared.
    own_names: Vec<String>,
    /// The first letter or digit of the first of them.
    first_letter: Option<char>,
    /// The same names as they stand, in order.
    sorted_names: Vec<String>,
    /// For each byte that one of these may begin with, how long they are then: a bit a length, the last one for all that are longer.
    lengths: Box<[u64; 256]>,
    /// How a record of the input is cut.
    dialect: String,
    /// The line of the header, where there is one.
    header_line: Option<u64>,
}

impl CsvShape {
    /// The shape of an input with these columns.
    pub fn new(csv: CsvDialect, binding: Binding, is_padded: bool, is_sheet: bool) -> CsvShape {
        let dialect = RawDialect { csv, columns: binding.own_digest(), is_guarded: false }.to_string();
        let own: Vec<usize> = binding.own_columns().collect();
        let own_names: Vec<String> = own.iter().map(|column| letters_and_digits(&binding.headers[*column])).collect();
        let own_headers = binding.own_columns().map(|column| binding.headers[column].as_str());
        let mut sorted_names: Vec<String> = own.iter().map(|column| as_it_stands(&binding.headers[*column])).collect();
        sorted_names.sort_unstable();
        let mut lengths = Box::new([0; 256]);
        for name in &sorted_names {
            lengths[first_byte(name)] |= 1 << name.len().min(63);
        }
        CsvShape {
            row: RowShape::new(csv, binding.headers.iter().map(String::as_str), is_padded),
            // A report's row has the own part of the input's, whatever has become of the report.
            own_row: RowShape::new(csv, own_headers, is_padded && !is_sheet),
            is_sheet,
            report: ReportShape::of(&binding).map(Box::new),
            own,
            first_letter: own_names.first().and_then(|name| first_letter(name)),
            own_names,
            sorted_names,
            lengths,
            dialect,
            header_line: None,
            binding,
        }
    }

    /// The same for an input whose header stands on this line.
    pub fn with_header(self, header_line: Option<u64>) -> CsvShape {
        CsvShape { header_line, ..self }
    }
}

/// The first letter or digit of a text, in lower case.
#[inline]
fn first_letter(text: &str) -> Option<char> {
    match text.as_bytes().first() {
        Some(byte) if byte.is_ascii_alphanumeric() => Some(char::from(byte.to_ascii_lowercase())),
        _ => text.chars().find(|character| character.is_alphanumeric())?.to_lowercase().next(),
    }
}

/// A name of a header, or a cell, as it stands there but for blanks around it and small letters.
fn as_it_stands(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

/// The byte that a text begins with, in lower case; 0 for none.
#[inline]
fn first_byte(text: &str) -> usize {
    usize::from(text.as_bytes().first().map_or(0, u8::to_ascii_lowercase))
}

impl CsvShape {
    /// Whether a record's cells are its text cut at the delimiters, and all of them are its own.
    fn is_as_written(&self) -> bool {
        self.report.is_none() && !self.is_sheet && self.row.csv.is_quoted_as_usual()
    }

    /// How a record is cut that stands whole in the input's reject report.
    pub(super) fn dialect(&self) -> &str {
        &self.dialect
    }
}

/// How a record is cut.
#[derive(Clone, Copy, Debug)]
struct RowShape {
    /// How its cells are written.
    csv: CsvDialect,
    /// How many cells it has.
    cells: usize,
    /// How many must be there: the others are empty where they are left out.
    least: usize,
}

impl RowShape {
    fn new<'h>(csv: CsvDialect, headers: impl Iterator<Item = &'h str>, is_padded: bool) -> RowShape {
        let mut row = RowShape { csv, cells: 0, least: 0 };
        for header in headers {
            row.cells += 1;
            // Columns without a name at the end may be left out.
            if !is_padded && !header.trim().is_empty() {
                row.least = row.cells;
            }
        }
        row
    }

    fn split<'r>(&self, record: &'r str, source: &[u8], cells: &mut Vec<Cell>) -> Result<(), BadRecord<'r>> {
        let expected = self.cells;
        let bad = |problem, column| BadRecord::new(problem, Some(column), record.as_bytes());
        split_in(source, record.len(), &self.csv, cells).map_err(|fault| match fault {
            SplitFault::Malformed(column) => bad(Problem::TextAfterQuote { column }, column),
            SplitFault::Unclosed(column) => bad(Problem::OpenQuote { column: Some(column) }, column),
        })?;
        // What stands after the header's last column is no cell of the record where it is empty.
        while cells.len() > expected && cells.last().is_some_and(|cell| cell.is_white(record.as_bytes())) {
            cells.pop();
        }
        if cells.len() > expected {
            return Err(bad(Problem::ExtraCells { cells: cells.len(), expected }, expected as u32 + 1));
        }
        if cells.len() < self.least {
            return Err(bad(Problem::MissingCells { cells: cells.len(), expected }, cells.len() as u32 + 1));
        }
        cells.resize(expected, Cell::empty());
        Ok(())
    }
}

/// Where a record's cells are, and under which header they stand.
struct Parts<'r> {
    text: Cow<'r, str>,
    /// The record was read from `_reject_raw`: it has the input's own columns alone.
    is_raw: bool,
    /// The cells have the guards of a report.
    is_guarded: bool,
}

impl Parts<'_> {
    /// The text of the `column`-th column of the header.
    fn cell(&self, shape: &CsvShape, cells: &[Cell], column: usize) -> Cow<'_, str> {
        // The own columns stand in order, so this finds the column's place among them.
        let place = if self.is_raw { shape.own.partition_point(|own| *own < column) } else { column };
        let text = cells[place].text(&self.text);
        if self.is_guarded { unguarded(text) } else { text }
    }
}

impl Parts<'_> {
    /// Whether some cells may hold a spreadsheet's errors: it is a row of one, or was, and was rejected for that.
    fn has_marks(&self, shape: &CsvShape, cells: &[Cell]) -> bool {
        if shape.is_sheet {
            return self.text.contains(SHEET_MARK);
        }
        let report = shape.report.as_ref().filter(|_| !self.is_raw);
        report.is_some_and(|shape| ReportRow { shape, record: &self.text, cells }.has_code(Code::CellError))
    }

    /// How a record is the header of this line again, if it is.
    #[inline]
    fn header_again<'r>(&self, shape: &CsvShape, cells: &[Cell], line: u64) -> Option<BadRecord<'r>> {
        let place = if self.is_raw { 0 } else { shape.own.first().copied().unwrap_or_default() };
        // Most are not, by how their first cell begins.
        let first = cells.get(place)?.raw(&self.text);
        let may_be_the_same = first_letter(first) == shape.first_letter;
        let may_be_a_name = shape.lengths[first_byte(first)] >> first.len().min(63) & 1 == 1;
        if may_be_the_same && self.has_names_in_order(shape, cells) {
            return Some(self.header_as_record(shape, cells, Problem::RepeatedHeader { line, is_reordered: false }));
        }
        (may_be_a_name && self.has_names_in_other_order(shape, cells))
            .then(|| self.header_as_record(shape, cells, Problem::RepeatedHeader { line, is_reordered: true }))
    }

    /// Whether a record has the header's names in its cells, compared as they are bound: by letters and digits.
    fn has_names_in_order(&self, shape: &CsvShape, cells: &[Cell]) -> bool {
        let mut own = shape.own.iter().zip(&shape.own_names);
        own.all(|(column, name)| {
            let cell = self.cell(shape, cells, *column);
            // What has neither is compared as it stands.
            if name.is_empty() { cell.trim() == shape.binding.headers[*column].trim() } else { is_name(&cell, name) }
        })
    }

    fn has_names_in_other_order(&self, shape: &CsvShape, cells: &[Cell]) -> bool {
        let cells = shape.own.iter().map(|column| as_it_stands(&self.cell(shape, cells, *column)));
        let mut cells: Vec<String> = cells.take_while(|cell| shape.sorted_names.binary_search(cell).is_ok()).collect();
        cells.sort_unstable();
        cells == shape.sorted_names
    }

    fn header_as_record<'r>(&self, shape: &CsvShape, cells: &[Cell], problem: Problem) -> BadRecord<'r> {
        let raw = match (&shape.report, self.is_raw) {
            (None, _) | (_, true) => self.text.as_bytes().to_vec(),
            (Some(_), false) => {
                let (mut writer, mut own) = (RowWriter::new(shape.row.csv.delimiter), Vec::new());
                shape.own.iter().for_each(|column| writer.cell(&mut own, &self.cell(shape, cells, *column)));
                own
            }
        };
        BadRecord::new(problem, None, raw)
    }

    /// The error in a cell of a record that may have some.
    fn error_in<'c>(&self, shape: &CsvShape, cells: &[Cell], cell: &'c str) -> Option<&'c str> {
        if shape.is_sheet {
            return cell.strip_prefix(SHEET_MARK).filter(|rest| !rest.starts_with(SHEET_MARK));
        }
        let row = ReportRow { shape: shape.report.as_ref()?, record: &self.text, cells };
        Some(cell).filter(|cell| row.has_error(cell))
    }
}

/// The cells of one record after the other.
pub(super) struct CsvRecords<'c> {
    shape: &'c CsvShape,
    cells: Vec<Cell>,
}

impl<'c> CsvRecords<'c> {
    pub(super) fn new(shape: &'c CsvShape) -> CsvRecords<'c> {
        CsvRecords { shape, cells: Vec::new() }
    }

    /// Judges a record. `source` is the block from the record on.
    pub(super) fn judge<'r, B: RowBuilder>(
        &mut self,
        checker: &Checker,
        record: &'r str,
        source: &[u8],
        draft: &mut Draft<'_, B>,
    ) -> Result<(), BadRecord<'r>> {
        let parts = take_apart(self.shape, record, source, &mut self.cells)?;
        if let Some(line) = self.shape.header_line
            && let Some(header) = parts.header_again(self.shape, &self.cells, line)
        {
            return Err(header);
        }
        // Most records are tidy. That is found out once for all their values.
        let is_tidy = text::is_tidy(parts.text.as_bytes());
        let has_marks = parts.has_marks(self.shape, &self.cells);
        // The cells stand in the block as they are.
        let is_plain = self.shape.report.is_none() && !has_marks;
        let (plan, sources) = (&checker.plan, &self.shape.binding.sources);
        let mut has_value = |field, column| plan.has_value(field, &parts.cell(self.shape, &self.cells, column));
        self.begin_marks(&parts, is_tidy, draft);
        let group = draft.judge.group(sources, &mut has_value);
        for (field, single) in sources.singles().iter().enumerate() {
            let (chosen, place) = match *single {
                Some(column) => (Chosen::Place(column), Some(column)),
                None if sources.lack(field) => (Chosen::Nothing, None),
                None => {
                    let chosen = draft.choose(sources, field, group, &mut has_value);
                    (chosen, chosen.single())
                }
            };
            if let Some(column) = place.filter(|_| is_plain)
                && let Some((source, length)) = self.cells[column].plain_in(source)
                && (is_tidy || text::is_tidy(&source[..length]))
                && checker.push_quick((field, column), source, length, draft)
            {
                continue;
            }
            self.judge_field(checker, &parts, field, chosen, has_marks, draft);
        }
        Ok(())
    }

    /// Notes which cells have more than white space. What a report says of a record is no cell of it.
    fn begin_marks<B: RowBuilder>(&self, parts: &Parts<'_>, is_tidy: bool, draft: &mut Draft<'_, B>) {
        let CsvShape { binding, report, .. } = self.shape;
        if report.is_none() {
            let text: &str = &parts.text;
            let word = |cells: &[Cell]| Cell::filled(cells, text, is_tidy);
            draft.out.marks.begin_words(self.cells.chunks(64).map(word));
            return;
        }
        let columns = binding.columns.iter().enumerate();
        draft.out.marks.begin(columns.map(|(column, bound)| {
            let is_own = !matches!(bound, Column::Report(_));
            is_own && !parts.cell(self.shape, &self.cells, column).trim().is_empty()
        }));
    }

    /// Judges the value of one field, whatever it is.
    fn judge_field<B: RowBuilder>(
        &self,
        checker: &Checker,
        parts: &Parts<'_>,
        field: usize,
        chosen: Chosen,
        has_marks: bool,
        draft: &mut Draft<'_, B>,
    ) {
        match chosen {
            Chosen::Place(column) => {
                let origin = Origin { field, column: Some(column as u32 + 1), order: column as u32 };
                let cell = parts.cell(self.shape, &self.cells, column);
                let error = if has_marks { parts.error_in(self.shape, &self.cells, &cell) } else { None };
                let text = if has_marks { &unmarked(Cow::Borrowed(&cell), self.shape.is_sheet) } else { &cell };
                let stored = match error {
                    Some(error) => draft.judge.cell_error(origin, error, error),
                    None => draft.judge.text(origin, text),
                };
                draft.note_fate(field, column, text, &stored);
                checker.push(field, stored, draft);
            }
            Chosen::Joined(columns) => {
                let column = columns[0] as u32;
                let origin = Origin { field, column: Some(column + 1), order: column };
                let cells = columns.map(|column| parts.cell(self.shape, &self.cells, column));
                let error =
                    cells.iter().filter(|_| has_marks).find_map(|cell| parts.error_in(self.shape, &self.cells, cell));
                let stored = match error {
                    Some(error) => draft.judge.cell_error(origin, error, error),
                    None => draft.judge.parts(origin, &cells.each_ref().map(|cell| &**cell)),
                };
                draft.note_fates(field, [0, 1].map(|part| (columns[part], &*cells[part])), &stored);
                checker.push(field, stored, draft);
            }
            Chosen::Nothing => {
                let stored = draft.judge.missing(Origin { field, column: None, order: u32::MAX }, None);
                checker.push(field, stored, draft);
            }
        }
    }
}

/// Finds a record's cells; those of its `_reject_raw` where it has nothing else. `source` begins with the record.
fn take_apart<'r>(
    shape: &CsvShape,
    record: &'r str,
    source: &[u8],
    cells: &mut Vec<Cell>,
) -> Result<Parts<'r>, BadRecord<'r>> {
    if let Err(bad) = cut_row(shape, record, source, cells) {
        return Err(torn(shape, record.as_bytes()).map_or(bad, |(own, _)| own));
    }
    let outer = Parts { text: Cow::Borrowed(record), is_raw: false, is_guarded: shape.report.is_some() };
    let Some(report) = &shape.report else { return Ok(outer) };
    // A column that fills no field holds no correction.
    let is_bound = |column: &&usize| matches!(shape.binding.columns[**column], Column::Field(_));
    if !shape.own.iter().filter(is_bound).all(|column| cells[*column].is_white(record.as_bytes())) {
        return Ok(outer);
    }
    let row = ReportRow { shape: report, record, cells };
    if row.raw().is_empty() {
        return Ok(outer);
    }
    let (text, dialect) = row.raw_record()?;
    let trimmed = text.trim_end_matches(['\r', '\n']);
    let row = RowShape { csv: dialect.csv, ..shape.own_row };
    row.split(trimmed, trimmed.as_bytes(), cells).map_err(BadRecord::into_owned)?;
    if let Some(place) = cells.iter().position(|cell| cell.has_bare_break(trimmed, &dialect.csv)) {
        return Err(BadRecord::new(Problem::SeveralRecords, Some(place as u32 + 1), text.into_bytes()));
    }
    Ok(Parts { text: Cow::Owned(trimmed.to_string()), is_raw: true, is_guarded: dialect.is_guarded })
}

/// Cuts a row of the input, of which a reject report's must have what the report says where it was written: or a cell too many, or
/// too few, has moved the others.
fn cut_row<'r>(shape: &CsvShape, record: &'r str, source: &[u8], cells: &mut Vec<Cell>) -> Result<(), BadRecord<'r>> {
    shape.row.split(record, source, cells)?;
    let Some(report) = &shape.report else { return Ok(()) };
    let row = ReportRow { shape: report, record, cells };
    if row.is_header() {
        let is_same = |column: &usize| cells[*column].text(record).trim() == shape.binding.headers[*column].trim();
        // The header of this report is refused later, with the line that it repeats.
        if shape.header_line.is_some() && shape.own.iter().all(is_same) {
            return Ok(());
        }
        return Err(BadRecord::new(Problem::OtherHeader, None, record.as_bytes()));
    }
    let Some(column) = row.misplaced() else { return Ok(()) };
    let header = shape.binding.headers[column].clone();
    Err(BadRecord::new(Problem::MovedCells { header }, Some(column as u32 + 1), record.as_bytes()))
}

/// What is wrong with the record's own text in a report's row that cannot be cut into cells, and what the report said of it. `None`
/// where the two cannot be told apart.
pub(super) fn torn<'r>(shape: &CsvShape, row: &'r [u8]) -> Option<(BadRecord<'r>, Carried)> {
    let Torn { own, carried } = shape.report.as_ref()?.tear(row, shape.row.csv)?;
    let bad = match std::str::from_utf8(own) {
        Ok(text) => shape.own_row.split(text, own, &mut Vec::new()).err()?,
        Err(_) => BadRecord::not_utf8(own),
    };
    Some((bad, carried))
}

/// Writes the cells of a record that is no reject as a whole as they are written but for guards, if it has as many as the header
/// and they are written as those of the report are.
pub(super) fn write_as_written(shape: &CsvShape, record: &[u8], writer: &mut RowWriter, out: &mut Vec<u8>) -> bool {
    shape.is_as_written() && writer.record(out, record, shape.row.cells)
}

/// Writes the input's own cells of a record; empty ones where there is no record that can be taken apart.
pub(super) fn write_original(shape: &CsvShape, record: Option<&str>, writer: &mut RowWriter, out: &mut Vec<u8>) {
    let mut cells = Vec::new();
    let parts = record.and_then(|record| take_apart(shape, record, record.as_bytes(), &mut cells).ok());
    let Some(parts) = parts else {
        shape.own.iter().for_each(|_| writer.cell(out, ""));
        return;
    };
    for column in &shape.own {
        writer.cell(out, &unmarked(parts.cell(shape, &cells, *column), shape.is_sheet));
    }
}

/// The text of a spreadsheet's cell without the mark that an error has, and a text that looks as if it had it.
fn unmarked(cell: Cow<'_, str>, is_sheet: bool) -> Cow<'_, str> {
    match cell.strip_prefix(SHEET_MARK) {
        Some(rest) if is_sheet => Cow::Owned(rest.to_string()),
        _ => cell,
    }
}

/// What a reject report says already of the record in this row; `None` where the input is none.
pub(super) fn carried(shape: &CsvShape, row: &[u8]) -> Option<Carried> {
    let report = shape.report.as_ref()?;
    let mut cells = Vec::new();
    if let Ok(record) = std::str::from_utf8(row)
        && cut_row(shape, record, row, &mut cells).is_ok()
    {
        return Some(ReportRow { shape: report, record, cells: &cells }.carried());
    }
    Some(torn(shape, row).map_or_else(|| report.untold(shape.row.csv), |(_, carried)| carried))
}

/// The text of the cell that fills a field, and its column.
pub(super) fn original_value(
    shape: &CsvShape,
    plan: &Plan,
    record: &str,
    field: usize,
) -> Option<(Option<usize>, String)> {
    let mut cells = Vec::new();
    let parts = take_apart(shape, record, record.as_bytes(), &mut cells).ok()?;
    let cell = |column| parts.cell(shape, &cells, column);
    let (sources, mut has_value) = (&shape.binding.sources, |field, column| plan.has_value(field, &cell(column)));
    let group = sources.group(&plan.names.layout, &mut has_value);
    let chosen = sources.choose(&plan.names.layout, field, group, &mut has_value);
    let text = match chosen {
        Chosen::Nothing => return None,
        Chosen::Place(column) => unmarked(cell(column), shape.is_sheet).into_owned(),
        Chosen::Joined(columns) => columns.map(cell).join(" "),
    };
    Some((chosen.first(), text))
}
