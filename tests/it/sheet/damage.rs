//! One flipped bit: an error, or the very same rows. Nothing in between, for that would be another customer.

use std::io::{Cursor, Read};

use custload::read::sheet::Limits;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use super::files::*;
use super::fuzz::Random;
use super::reading::*;

/// How many bits are flipped in each file.
const TIMES: usize = 60;

fn xlsx() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let zeros = Format::new().set_num_format("00000");
    for row in 0..150 {
        sheet.write(row, 0, format!("Kunde {row} Müller")).unwrap();
        sheet.write_with_format(row, 1, 1067 + row, &zeros).unwrap();
        sheet
            .write_with_format(row, 2, ExcelDateTime::from_ymd(2020, 1, 1 + (row % 28) as u8).unwrap(), &date)
            .unwrap();
        sheet.write(row, 3, f64::from(row) * 1234.5).unwrap();
    }
    book.save_to_buffer().unwrap()
}

fn ods() -> Vec<u8> {
    let row = |n: usize| {
        format!(
            r#"<table:table-row><table:table-cell office:value-type="string"><text:p>Kunde {n} Müller</text:p></table:table-cell><table:table-cell office:value-type="float" office:value="{}"/></table:table-row>"#,
            n * 31
        )
    };
    ods_rows(&(0..150).map(row).collect::<String>())
}

fn xlsb() -> Vec<u8> {
    let cells = (0..150).flat_map(|n| {
        [
            row(n),
            cell(0x06, 0, &wide(&format!("Kunde {n}"))),
            cell(0x05, 1, &f64::from(n * 31).to_le_bytes()),
            cell(0x07, 2, &[0; 4]),
        ]
    });
    xlsb_of(&cells.collect::<Vec<_>>())
}

/// The places of the data of these members in a zip file.
fn places(zip: &[u8], names: &[&str]) -> Vec<usize> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut places = Vec::new();
    for name in names {
        let member = archive.by_name(name).unwrap();
        let start = member.data_start().unwrap() as usize;
        places.extend(start..start + member.compressed_size() as usize);
    }
    places
}

/// Flips one bit at each of some of these places.
fn flip(seed: u64, bytes: &[u8], sheet: Option<&str>, places: &[usize]) {
    let whole = read_with(bytes, sheet, Limits::default()).unwrap();
    let (mut random, mut refused) = (Random(seed), 0);
    for _ in 0..TIMES {
        let mut flipped = bytes.to_vec();
        let (at, bit) = (places[random.below(places.len())], random.below(8));
        flipped[at] ^= 1 << bit;
        match read_with(&flipped, sheet, Limits::default()) {
            Ok(read) => assert_eq!(read, whole, "bit {bit} of byte {at}"),
            Err(refusal) => {
                assert!(refusal.len() > 20 && !refusal.contains("memory"), "{refusal}");
                refused += 1;
            }
        }
    }
    assert!(refused > TIMES / 10, "{refused} of {TIMES} were refused");
}

#[test]
fn a_flipped_bit_in_an_xlsx_is_an_error() {
    let xlsx = xlsx();
    for (seed, name) in
        ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml", "_rels/.rels"]
            .iter()
            .enumerate()
    {
        flip(seed as u64 + 1, &xlsx, None, &places(&xlsx, &[name]));
    }
    flip(11, &xlsx, None, &(0..xlsx.len()).collect::<Vec<_>>());
}

#[test]
fn a_flipped_bit_in_an_xlsb_is_an_error() {
    let xlsb = xlsb();
    let parts = ["xl/worksheets/sheet2.bin", "xl/sharedStrings.bin", "xl/workbook.bin", "xl/_rels/workbook.bin.rels"];
    flip(21, &xlsb, Some("Two"), &places(&xlsb, &parts));
    flip(22, &xlsb, Some("Two"), &(0..xlsb.len()).collect::<Vec<_>>());
}

#[test]
fn a_flipped_bit_in_an_ods_is_an_error() {
    let ods = ods();
    flip(31, &ods, None, &places(&ods, &["content.xml", "mimetype", "META-INF/manifest.xml"]));
    flip(32, &ods, None, &(0..ods.len()).collect::<Vec<_>>());
}

/// What stands in a member, stored as it is, so that a test can change it in place.
fn stored(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in members {
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8], which: usize) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let found = bytes.windows(from.len()).enumerate().filter(|(_, window)| *window == from).nth(which);
    let at = found.map(|(at, _)| at).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

#[test]
fn a_value_that_was_changed_in_a_stored_part_is_an_error() {
    let sheet = r#"<worksheet><sheetData><row r="1"><c r="A1"><v>1067</v></c></row></sheetData></worksheet>"#;
    let bytes = stored(&xlsx_members(sheet, None));
    assert_eq!(rows(&bytes), "1067\n");
    let found = refusal(&replaced(&bytes, b"<v>1067", b"<v>1068", 0));
    assert!(found.contains("xl/worksheets/sheet1.xml in it is damaged"), "{found}");
    // A change after the rows is one, too.
    assert!(refusal(&replaced(&bytes, b"</worksheet>", b"</worksheat>", 0)).contains("sheet1.xml in it is damaged"));
}

#[test]
fn a_zip_file_that_contradicts_itself_is_refused() {
    let name = b"xl/worksheets/sheet1.xml";
    let bytes = stored(&xlsx_members("<worksheet><sheetData/></worksheet>", Some("<sst/>")));
    // In the header before the data, and in the directory.
    for which in [0, 1] {
        assert!(refusal(&replaced(&bytes, name, b"xl/worksheets/sheet2.xml", which)).contains("damaged"), "{which}");
    }
    let mut twice = xlsx_members("<worksheet><sheetData/></worksheet>", None);
    twice.push(("xl/Worksheets/Sheet1.xml", b"<worksheet/>".to_vec()));
    let found = refusal(&zip_members(&twice));
    assert!(found.contains("twice"), "{found}");
    let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
    let header = archive.by_name("xl/worksheets/sheet1.xml").unwrap().header_start() as usize;
    // The flags and the method; the lengths and the checksum may not be wrong, but left to be said later.
    for (at, byte) in [(6, 1), (8, 8), (14, 0x55), (18, 0x55), (22, 0x55)] {
        let mut bytes = bytes.clone();
        bytes[header + at] ^= byte;
        assert!(refusal(&bytes).contains("damaged"), "{at}");
    }
}

#[test]
fn a_part_that_is_named_and_missing_is_an_error() {
    let book = xlsx();
    let mut archive = zip::ZipArchive::new(Cursor::new(&book)).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().to_string()).collect();
    for missing in ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"] {
        let members: Vec<(&str, Vec<u8>)> = names
            .iter()
            .filter(|name| *name != missing)
            .map(|name| {
                let mut content = Vec::new();
                archive.by_name(name).unwrap().read_to_end(&mut content).unwrap();
                (name.as_str(), content)
            })
            .collect();
        let found = refusal(&zip_members(&members));
        assert!(found.contains(&format!("{missing} is missing")), "{found}");
    }
}
