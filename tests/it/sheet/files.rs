//! Spreadsheets made by hand, as small as they can be.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A zip file of these files.
pub(crate) fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The same for members that are owned.
pub(crate) fn zip_members(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    zip_of(&members.iter().map(|(name, content)| (*name, content.as_slice())).collect::<Vec<_>>())
}

pub(crate) const RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK_RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>"#;

/// The files of an `.xlsx` with one sheet, `One`.
pub(crate) fn xlsx_members(sheet: &str, strings: Option<&str>) -> Vec<(&'static str, Vec<u8>)> {
    let mut members = vec![
        ("[Content_Types].xml", b"<Types/>".to_vec()),
        ("_rels/.rels", RELATIONS.into()),
        ("xl/workbook.xml", WORKBOOK.into()),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELATIONS.into()),
        ("xl/worksheets/sheet1.xml", sheet.into()),
    ];
    members.extend(strings.map(|strings| ("xl/sharedStrings.xml", strings.into())));
    members
}

/// An `.xlsx` whose sheet has this XML.
pub(crate) fn xlsx_of(sheet: &str, strings: Option<&str>) -> Vec<u8> {
    zip_members(&xlsx_members(sheet, strings))
}

/// An `.xlsx` with these rows, in XML.
pub(crate) fn xlsx_rows(rows: &str) -> Vec<u8> {
    xlsx_of(&format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"), None)
}

const MIMETYPE: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";
pub(crate) const MANIFEST: &str = r#"<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="content.xml"/></manifest:manifest>"#;

/// The files of an `.ods` with these tables, in XML.
pub(crate) fn ods_members(tables: &str) -> Vec<(&'static str, Vec<u8>)> {
    let content = format!(
        r#"<?xml version="1.0"?><office:document-content><office:automatic-styles><style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style></office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"#
    );
    vec![("mimetype", MIMETYPE.to_vec()), ("META-INF/manifest.xml", MANIFEST.into()), ("content.xml", content.into())]
}

/// An `.ods` with these tables, in XML.
pub(crate) fn ods_of(tables: &str) -> Vec<u8> {
    zip_members(&ods_members(tables))
}

/// An `.ods` with one table of these rows, in XML.
pub(crate) fn ods_rows(rows: &str) -> Vec<u8> {
    ods_of(&format!(r#"<table:table table:name="One">{rows}</table:table>"#))
}

/// A record of an `.xlsb`.
pub(crate) fn record(kind: u16, content: &[u8]) -> Vec<u8> {
    let mut record = if kind < 0x80 { vec![kind as u8] } else { vec![kind as u8 & 0x7f | 0x80, (kind >> 7) as u8] };
    let mut length = content.len();
    loop {
        record.push((length & 0x7f) as u8 | if length > 0x7f { 0x80 } else { 0 });
        length >>= 7;
        if length == 0 {
            break;
        }
    }
    record.extend(content);
    record
}

/// A text of an `.xlsb`.
pub(crate) fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let length = (units.len() as u32).to_le_bytes();
    length.into_iter().chain(units.iter().flat_map(|unit| unit.to_le_bytes())).collect()
}

/// A cell of an `.xlsb`, in the row of the last record of one.
pub(crate) fn cell(kind: u16, column: u32, value: &[u8]) -> Vec<u8> {
    record(kind, &[&column.to_le_bytes()[..], &[0; 4], value].concat())
}

/// A record that begins a row of an `.xlsb`.
pub(crate) fn row(n: u32) -> Vec<u8> {
    record(0x00, &[&n.to_le_bytes()[..], &[0; 13]].concat())
}

/// An `.xlsb` with two sheets, of which the second, `Two`, has these records.
pub(crate) fn xlsb_of(cells: &[Vec<u8>]) -> Vec<u8> {
    let sheet = |name: &str, relation: &str| record(0x9c, &[&[0_u8; 8][..], &wide(relation), &wide(name)].concat());
    let workbook = [
        record(0x83, &[]),
        record(0x99, &[0; 12]),
        sheet("First", "rId1"),
        sheet("Two", "rId2"),
        record(0x90, &[]),
        record(0x9d, &[0; 26]),
        record(0x84, &[]),
    ]
    .concat();
    let relations = r#"<Relationships><Relationship Target="worksheets/sheet1.bin" Id="rId1"/><Relationship Id="rId2" Target="worksheets/Sheet&#50;.bin"/></Relationships>"#;
    let around = |cells: &[Vec<u8>]| {
        let start = [record(0x81, &[]), record(0x94, &[0; 16]), record(0x91, &[])].concat();
        [start, cells.concat(), record(0x92, &[]), record(0x82, &[])].concat()
    };
    let strings =
        [record(0x9f, &[1, 0, 0, 0, 1, 0, 0, 0]), record(0x13, &[&[0][..], &wide("shared")].concat())].concat();
    zip_of(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/workbook.bin", &workbook),
        ("xl/_rels/workbook.bin.rels", relations.as_bytes()),
        ("xl/sharedStrings.bin", &strings),
        ("xl/worksheets/sheet1.bin", &around(&[])),
        ("xl/worksheets/sheet2.bin", &around(cells)),
    ])
}

/// An `.xls` that xlwt made (`tests/data/make_xls.py`).
pub(crate) const XLS: &[u8] = include_bytes!("../../data/small.xls");
