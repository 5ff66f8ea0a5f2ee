//! From a spreadsheet's file to the rows of one sheet.
//!
//! Zip formats are read row by row, so that only the table of texts is in memory ([`xlsx`](super::xlsx),
//! [`xlsb`](super::xlsb), [`ods`](super::ods)). `.xls` is read by the library `calamine`, all sheets at once; there the
//! memory limit is the limit. The format has no checksums, so damage is only found where it breaks the format.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};

use calamine::{Data, DataRef, Dimensions, Range, Reader, SheetType, SheetVisible, Xls};

use super::container::{CfbKind, kind_of_cfb};
use super::merges::Merges;
use super::ods::Ods;
use super::package::Package;
use super::patience::{Lively, Patience};
use super::protocol::{Kind, Limits, MAX_INFO, SheetInfo, SheetName};
use super::refusal::Refusal;
use super::relations;
use super::rows::Rows;
use super::tabs::{Tab, choose};
use super::workbook::Workbook;
use super::xlsb::Xlsb;
use super::xlsx::Xlsx;

/// The size of a read.
const CHUNK: usize = 64 * 1024;

/// Writes the [`SheetInfo`], and then the rows of a sheet.
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

/// The kind of spreadsheet in a zip file, and the part that lists its sheets if that has no fixed name.
fn kind_of_package(package: &Package) -> Result<(Kind, String), Refusal> {
    if package.has("mimetype") {
        return Ok((Kind::Ods, String::new()));
    }
    if !package.has("_rels/.rels") {
        for (kind, workbook) in [(Kind::Xlsx, "xl/workbook.xml"), (Kind::Xlsb, "xl/workbook.bin")] {
            if package.has(workbook) {
                return Ok((kind, workbook.to_string()));
            }
        }
        let is_office = package.has("[Content_Types].xml");
        return Err(match is_office {
            true => Refusal::damaged("_rels/.rels is missing"),
            false => Refusal::new("it is a zip file, but not a spreadsheet; unpack it"),
        });
    }
    let relations = relations::of(package, "")?;
    let workbook = relations.into_iter().find(|relation| relation.is("officeDocument"));
    let Some(workbook) = workbook else { return Err(Refusal::damaged("it does not say where its workbook is")) };
    let kind = if workbook.target.to_ascii_lowercase().ends_with(".bin") { Kind::Xlsb } else { Kind::Xlsx };
    Ok((kind, workbook.target))
}

fn send_xls<W: Write>(mut file: impl Read + Seek, sheet: Option<&str>, rows: &mut Rows<W>) -> Result<(), Refusal> {
    match kind_of_cfb(&mut file)? {
        Some(CfbKind::Xls) => (),
        Some(CfbKind::Protected) => return Err(Refusal::protected()),
        Some(CfbKind::Other) => {
            return Err(Refusal::new("it is an Office file from before 2007, but not a spreadsheet; check what it is"));
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
        let position = (first_row + row as u32, first_column + column as u32);
        rows.put(position, &borrowed(value))?;
    }
    Ok(())
}

/// A table's value as a cell's.
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

/// Writes the [`SheetInfo`].
fn begin<W: Write>(tabs: &[Tab], n: usize, kind: Kind, merges: &Merges, rows: &mut Rows<W>) -> Result<(), Refusal> {
    let sheets = tabs.iter().map(|tab| SheetName { name: tab.name.clone(), visible: tab.is_visible }).collect();
    let info = SheetInfo { sheet: tabs[n].name.clone(), sheets, kind, merged_rows: topmost(merges) };
    let line = serde_json::to_vec(&info).map_err(Refusal::damaged)?;
    if line.len() as u64 >= MAX_INFO {
        return Err(Refusal::damaged(format!("the names of its sheets come to {} bytes", line.len())));
    }
    rows.line(&line)
}

/// The most merged ranges to report. Nearly all of them are below the header.
const REPORTED: usize = 1000;

/// The first and last row, from 1, of the topmost merged ranges.
fn topmost(merges: &Merges) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = merges.rows().map(|(first, last)| (first + 1, last.saturating_add(1))).collect();
    ranges.sort_unstable();
    ranges.truncate(REPORTED);
    ranges
}
