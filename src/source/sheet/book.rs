//! From a spreadsheet's file to the rows of one sheet, by the library `calamine`.
//!
//! The cells of `.xlsx` and `.xlsb` are read one after another, so that only the table of texts is held in memory. `.ods` and
//! `.xls` are read as a whole, all sheets of them; there the limit of memory is the limit.

use std::fs::File;
use std::io::{self, BufReader, Write};

use calamine::{
    Data, DataRef, Ods, OdsError, Range, Reader, Sheet, SheetType, SheetVisible, Xls, XlsError, Xlsb, XlsbError, Xlsx,
    XlsxError,
};
use zip::ZipArchive;

use super::container::kind_of;
use super::reader::MAX_INFO;
use super::rows::Rows;
use super::serve::{Lively, Refusal};
use super::xlsb::LeftOut;
use super::{Kind, Limits, SheetInfo, SheetName};

/// How much of a file is read at once.
const CHUNK: usize = 64 * 1024;

/// A spreadsheet's file, as libraries like to have it.
pub(super) type Book = BufReader<Lively<File>>;

/// Writes what is known of the spreadsheet, and then the rows of a sheet.
pub(super) fn send<W: Write>(
    open: impl Fn() -> io::Result<Lively<File>>,
    sheet: Option<&str>,
    limits: Limits,
    rows: &mut Rows<W>,
) -> Result<(), Refusal> {
    let book = || Ok::<Book, Refusal>(BufReader::with_capacity(CHUNK, open()?));
    let kind = kind_of(book()?, limits)?;
    match kind {
        Kind::Xlsx => {
            let mut workbook = Xlsx::new(book()?)?;
            let name = begin(workbook.sheets_metadata(), sheet, kind, rows)?;
            let mut cells = workbook.worksheet_cells_reader(&name)?;
            while let Some(cell) = cells.next_cell().map_err(|error| behind(rows, Refusal::from(error)))? {
                rows.put(cell.get_position(), cell.get_value())?;
            }
            Ok(())
        }
        Kind::Xlsb => {
            let mut workbook = Xlsb::new(book()?)?;
            let name = begin(workbook.sheets_metadata(), sheet, kind, rows)?;
            let place = workbook.sheets_metadata().iter().position(|sheet| sheet.name == name).unwrap_or_default();
            let mut zip = ZipArchive::new(book()?)?;
            send_xlsb(&mut workbook, &name, LeftOut::open(&mut zip, place)?, rows)
        }
        Kind::Ods => send_ods(book()?, sheet, rows),
        Kind::Xls => {
            let mut workbook = Xls::new(book()?)?;
            let name = begin(workbook.sheets_metadata(), sheet, kind, rows)?;
            let cells = workbook.worksheet_range(&name)?;
            drop(workbook);
            send_range(&cells, rows, |_, _| false)
        }
    }
}

/// Writes the cells of both readers in order.
fn send_xlsb<W: Write>(
    workbook: &mut Xlsb<Book>,
    name: &str,
    mut left_out: LeftOut<'_, Book>,
    rows: &mut Rows<W>,
) -> Result<(), Refusal> {
    let mut cells = workbook.worksheet_cells_reader(name)?;
    let mut other = left_out.next_cell()?;
    while let Some(cell) = cells.next_cell().map_err(|error| behind(rows, Refusal::from(error)))? {
        while let Some((place, value)) = other.take_if(|(place, _)| *place < cell.get_position()) {
            rows.put(place, &value)?;
            other = left_out.next_cell()?;
        }
        rows.put(cell.get_position(), cell.get_value())?;
    }
    while let Some((place, value)) = other {
        rows.put(place, &value)?;
        other = left_out.next_cell()?;
    }
    Ok(())
}

/// Writes the cells of an `.ods`, of whose errors the library keeps the text alone.
fn send_ods<W: Write>(book: Book, sheet: Option<&str>, rows: &mut Rows<W>) -> Result<(), Refusal> {
    let mut workbook = Ods::new(book)?;
    let name = begin(workbook.sheets_metadata(), sheet, Kind::Ods, rows)?;
    let cells = workbook.worksheet_range(&name)?;
    // A text that somebody typed has no formula. Formulas take memory, and hardly any sheet needs to be asked for them.
    let mut formulas = None;
    send_range(&cells, rows, |place, text| {
        looks_like_error(text)
            && formulas
                .get_or_insert_with(|| workbook.worksheet_formula(&name).unwrap_or_default())
                .get_value(place)
                .is_some_and(|formula| !formula.is_empty())
    })
}

/// Writes the cells of a table; `is_error` says whether a text at a place is an error's.
fn send_range<W: Write>(
    cells: &Range<Data>,
    rows: &mut Rows<W>,
    mut is_error: impl FnMut((u32, u32), &str) -> bool,
) -> Result<(), Refusal> {
    let Some((first_row, first_column)) = cells.start() else { return Ok(()) };
    for (row, column, value) in cells.used_cells() {
        let place = (first_row + row as u32, first_column + column as u32);
        match value {
            Data::String(text) if is_error(place, text) => rows.put_error(place, text)?,
            value => rows.put(place, &borrowed(value))?,
        }
    }
    Ok(())
}

/// A value of a table as one of a cell.
fn borrowed(value: &Data) -> DataRef<'_> {
    match value {
        Data::Empty => DataRef::Empty,
        Data::String(text) => DataRef::SharedString(text),
        Data::Float(number) => DataRef::Float(*number),
        Data::Int(number) => DataRef::Int(*number),
        Data::Bool(is_true) => DataRef::Bool(*is_true),
        Data::DateTime(moment) => DataRef::DateTime(*moment),
        Data::DateTimeIso(moment) => DataRef::DateTimeIso(moment.clone()),
        Data::DurationIso(duration) => DataRef::DurationIso(duration.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
    }
}

/// Whether a text looks like an error of LibreOffice, in whatever language: `#N/A`, `#WERT!`, `Err:502`.
fn looks_like_error(text: &str) -> bool {
    if let Some(number) = text.strip_prefix("Err:") {
        return number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    }
    let Some(name) = text.strip_prefix('#') else { return false };
    matches!(name, "N/A" | "NV" | "N/D") || (name.len() <= 16 && (name.ends_with('!') || name.ends_with('?')))
}

/// Chooses the sheet and writes what is known of the spreadsheet; returns the sheet's name.
fn begin<W: Write>(sheets: &[Sheet], wanted: Option<&str>, kind: Kind, rows: &mut Rows<W>) -> Result<String, Refusal> {
    let chosen = choose(sheets, wanted)?;
    let is_visible = |sheet: &Sheet| sheet.visible == SheetVisible::Visible;
    let names = sheets.iter().map(|sheet| SheetName { name: sheet.name.clone(), visible: is_visible(sheet) }).collect();
    let info = SheetInfo { sheet: chosen.name.clone(), sheets: names, kind };
    let line = serde_json::to_vec(&info).map_err(Refusal::damaged)?;
    if line.len() as u64 >= MAX_INFO {
        return Err(Refusal::damaged(format!("the names of its sheets come to {} bytes", line.len())));
    }
    rows.line(&line)?;
    Ok(info.sheet)
}

fn choose<'s>(sheets: &'s [Sheet], wanted: Option<&str>) -> Result<&'s Sheet, Refusal> {
    let is_table = |sheet: &&Sheet| sheet.typ == SheetType::WorkSheet;
    let chosen = match wanted {
        None => sheets.iter().filter(is_table).find(|sheet| sheet.visible == SheetVisible::Visible),
        Some(wanted) => {
            let lower = wanted.to_lowercase();
            let by_name = sheets.iter().find(|sheet| sheet.name == wanted);
            let by_name = by_name.or_else(|| sheets.iter().find(|sheet| sheet.name.to_lowercase() == lower));
            by_name.or_else(|| sheets.get(wanted.parse::<usize>().ok()?.checked_sub(1)?))
        }
    };
    let Some(chosen) = chosen else {
        let names = names_of(sheets);
        return Err(Refusal::new(match wanted {
            None => format!("none of its sheets can be seen; name one with --sheet ({names})"),
            Some(wanted) => format!("it has no sheet {:?}; name one of these with --sheet: {names}", short(wanted)),
        }));
    };
    if !is_table(&chosen) {
        return Err(Refusal::new(format!("the sheet {:?} is a chart or a program, not a table", short(&chosen.name))));
    }
    // The library finds a sheet by its name.
    if sheets.iter().filter(|sheet| sheet.name == chosen.name).count() > 1 {
        return Err(Refusal::new(format!("two of its sheets are named {:?}; rename one", short(&chosen.name))));
    }
    Ok(chosen)
}

/// How many sheets a message names.
const NAMED: usize = 20;

fn names_of(sheets: &[Sheet]) -> String {
    let mut names: Vec<String> = sheets.iter().take(NAMED).map(|sheet| format!("{:?}", short(&sheet.name))).collect();
    if sheets.len() > NAMED {
        names.push(format!("and {} more", sheets.len() - NAMED));
    }
    if names.is_empty() { "it has none".to_string() } else { names.join(", ") }
}

/// A name that a message can hold; Excel allows 31 characters.
fn short(name: &str) -> String {
    name.chars().take(40).collect()
}

/// Says where in the sheet something is wrong.
fn behind<W: Write>(rows: &Rows<W>, refusal: Refusal) -> Refusal {
    match rows.last() {
        Some(cell) => Refusal::new(format!("{refusal} (behind the cell {cell})")),
        None => refusal,
    }
}

/// Each kind has its own error, which says the same.
macro_rules! refusal_from {
    ($($error:ident),*) => {$(
        impl From<$error> for Refusal {
            fn from(error: $error) -> Refusal {
                match error {
                    $error::Password => Refusal::protected(),
                    error => Refusal::damaged(error),
                }
            }
        }
    )*};
}

refusal_from!(XlsxError, XlsbError, XlsError);

impl From<OdsError> for Refusal {
    fn from(error: OdsError) -> Refusal {
        match error {
            OdsError::Password => Refusal::protected(),
            OdsError::InvalidMime(_) => {
                Refusal::new("it is an OpenDocument file, but not a spreadsheet; check what it is")
            }
            error => Refusal::damaged(error),
        }
    }
}
