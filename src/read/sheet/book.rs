//! From a spreadsheet's file to the rows of one sheet.
//!
//! What is in a zip file is read row by row, so that only the table of texts is held in memory ([`xlsx`], [`xlsb`],
//! [`ods`]). `.xls` is read by the library `calamine` as a whole, all sheets of it; there the limit of memory is the limit. Its
//! format has no checksums, so of a damaged one only that can be told which breaks the format.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};

use calamine::{Data, DataRef, Dimensions, Range, Reader, SheetType, SheetVisible, Xls, XlsError};

use super::container::{CfbKind, kind_of_cfb};
use super::merges::Merges;
use super::ods::Ods;
use super::package::{Package, kind_of_package};
use super::reader::MAX_INFO;
use super::rows::Rows;
use super::serve::{Lively, Patience, Refusal};
use super::workbook::Workbook;
use super::xlsb::Xlsb;
use super::xlsx::Xlsx;
use super::{Kind, Limits, SheetInfo, SheetName};

/// How much of a file is read at once.
const CHUNK: usize = 64 * 1024;

/// A sheet as the workbook lists it.
#[derive(Debug)]
pub(super) struct Tab {
    pub(super) name: String,
    pub(super) is_visible: bool,
    /// Whether it is neither a chart nor a program.
    pub(super) is_table: bool,
}

/// Writes what is known of the spreadsheet, and then the rows of a sheet.
pub(super) fn send<W: Write>(
    mut file: File,
    sheet: Option<&str>,
    limits: Limits,
    patience: Patience,
    rows: &mut Rows<W>,
) -> Result<(), Refusal> {
    let mut start = Vec::new();
    (&mut file).take(8).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(0))?;
    if !start.starts_with(b"PK") {
        return send_xls(BufReader::with_capacity(CHUNK, Lively::new(file, patience)), sheet, rows);
    }
    let package = Package::open(file, limits, patience)?;
    let (kind, workbook) = kind_of_package(&package)?;
    match kind {
        Kind::Xlsx => {
            let book = Workbook::open::<Xlsx>(&package, &workbook)?;
            let n = choose(&book.tabs, sheet)?;
            book.send::<Xlsx, _>(&package, n, rows, |rows, merges| begin(&book.tabs, n, kind, merges, rows))
        }
        Kind::Xlsb => {
            let book = Workbook::open::<Xlsb>(&package, &workbook)?;
            let n = choose(&book.tabs, sheet)?;
            book.send::<Xlsb, _>(&package, n, rows, |rows, merges| begin(&book.tabs, n, kind, merges, rows))
        }
        Kind::Ods | Kind::Xls => {
            let book = Ods::open(&package)?;
            let n = choose(&book.tabs, sheet)?;
            book.send(&package, n, rows, |rows, merges| begin(&book.tabs, n, kind, merges, rows))
        }
    }
}

fn send_xls<W: Write>(mut file: impl Read + Seek, sheet: Option<&str>, rows: &mut Rows<W>) -> Result<(), Refusal> {
    match kind_of_cfb(&mut file)? {
        Some(CfbKind::Xls) => (),
        Some(CfbKind::Protected) => return Err(Refusal::protected()),
        Some(CfbKind::Other) => {
            return Err(Refusal::new(
                "it looks like an Office file from before 2007, but holds no spreadsheet; check what it is",
            ));
        }
        None => return Err(Refusal::new("it is not a spreadsheet; check what it is")),
    }
    file.seek(SeekFrom::Start(0))?;
    let mut workbook = Xls::new(file)?;
    let tabs = workbook.sheets_metadata().iter().map(|sheet| Tab {
        name: sheet.name.clone(),
        is_visible: sheet.visible == SheetVisible::Visible,
        is_table: sheet.typ == SheetType::WorkSheet,
    });
    let tabs: Vec<Tab> = tabs.collect();
    let n = choose(&tabs, sheet)?;
    let name = &tabs[n].name;
    let mut merges = Merges::default();
    for Dimensions { start, end, .. } in workbook.merge_cells_by_sheet_name(name)? {
        merges.add(start, end)?;
    }
    let cells = workbook.worksheet_range(name)?;
    begin(&tabs, n, Kind::Xls, &merges, rows)?;
    rows.begin(false, merges);
    drop(workbook);
    send_range(&cells, rows)
}

/// Writes the cells of a table.
fn send_range<W: Write>(cells: &Range<Data>, rows: &mut Rows<W>) -> Result<(), Refusal> {
    let Some((first_row, first_column)) = cells.start() else { return Ok(()) };
    for (row, column, value) in cells.used_cells() {
        let place = (first_row + row as u32, first_column + column as u32);
        rows.put(place, &borrowed(value))?;
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

/// Writes what is known of the spreadsheet.
fn begin<W: Write>(tabs: &[Tab], n: usize, kind: Kind, merges: &Merges, rows: &mut Rows<W>) -> Result<(), Refusal> {
    let sheets = tabs.iter().map(|tab| SheetName { name: tab.name.clone(), visible: tab.is_visible }).collect();
    let info = SheetInfo { sheet: tabs[n].name.clone(), sheets, kind, merged_rows: topmost(merges) };
    let line = serde_json::to_vec(&info).map_err(Refusal::damaged)?;
    if line.len() as u64 >= MAX_INFO {
        return Err(Refusal::damaged(format!("the names of its sheets come to {} bytes", line.len())));
    }
    rows.line(&line)
}

/// How many merged ranges are told of. A header lies above nearly all of them.
const TOLD: usize = 1000;

/// The first and last row, from one, of the merged ranges that begin first.
fn topmost(merges: &Merges) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = merges.rows().map(|(first, last)| (first + 1, last.saturating_add(1))).collect();
    ranges.sort_unstable();
    ranges.truncate(TOLD);
    ranges
}

/// The place of the sheet that is wanted.
fn choose(tabs: &[Tab], wanted: Option<&str>) -> Result<usize, Refusal> {
    let chosen = match wanted {
        None => tabs.iter().position(|tab| tab.is_table && tab.is_visible),
        Some(wanted) => {
            let lower = wanted.to_lowercase();
            let by_name = tabs.iter().position(|tab| tab.name == wanted);
            let by_name = by_name.or_else(|| tabs.iter().position(|tab| tab.name.to_lowercase() == lower));
            let number = || wanted.parse::<usize>().ok()?.checked_sub(1).filter(|n| *n < tabs.len());
            by_name.or_else(number)
        }
    };
    let Some(chosen) = chosen else {
        let names = names_of(tabs);
        return Err(Refusal::new(match wanted {
            None => format!("none of its sheets can be seen; name one with --sheet ({names})"),
            Some(wanted) => format!("it has no sheet {:?}; name one of these with --sheet: {names}", short(wanted)),
        }));
    };
    let tab = &tabs[chosen];
    if !tab.is_table {
        return Err(Refusal::new(format!("the sheet {:?} is a chart or a program, not a table", short(&tab.name))));
    }
    if tabs.iter().filter(|other| other.name == tab.name).count() > 1 {
        return Err(Refusal::new(format!("two of its sheets are named {:?}; rename one", short(&tab.name))));
    }
    Ok(chosen)
}

/// How many sheets a message names.
const NAMED: usize = 20;

fn names_of(sheets: &[Tab]) -> String {
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

impl From<XlsError> for Refusal {
    fn from(error: XlsError) -> Refusal {
        match error {
            XlsError::Password => Refusal::protected(),
            error => Refusal::damaged(error),
        }
    }
}
