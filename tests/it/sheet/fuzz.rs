//! Good files with random damage: rows or an error, and soon.
//!
//! `SHEET_FUZZ=20000 cargo test --release --test it fuzz` for more of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use custload::read::sheet::Limits;

use super::files::*;
use super::reading::*;

/// Numbers that look random and are the same each time (xorshift).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Flips bytes, puts in others, or, where the rest may move, takes some out, repeats some or cuts off the end.
fn damage(bytes: &mut Vec<u8>, random: &mut Random, may_move: bool) {
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(40)).min(bytes.len());
        match random.below(if may_move { 8 } else { 5 }) {
            0..=1 => bytes[at] ^= 1 << random.below(8),
            2..=3 => bytes[at] = [0, 0xff, 0x7f, b'<', b'"', b'9'][random.below(6)],
            4 if !may_move => bytes[at..end].fill([0, 0xff][random.below(2)]),
            4 => drop(bytes.drain(at..end)),
            5 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            6 => bytes.splice(at..at, *b"99999999").for_each(drop),
            _ if random.below(4) == 0 => bytes.truncate(at),
            _ => bytes[at..end].fill(0xff),
        }
    }
}

/// How many files of each kind are damaged.
fn times() -> usize {
    std::env::var("SHEET_FUZZ").ok().and_then(|times| times.parse().ok()).unwrap_or(150)
}

/// What is said where the library that reads `.xls` panics. Our own code does not.
const PANICKED: &str = "its content makes no sense";

/// Reads damaged files; `make` makes one.
fn fuzz(seed: u64, may_panic: bool, mut make: impl FnMut(&mut Random) -> Vec<u8>) {
    let mut random = Random(seed);
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    let mut longest = Duration::ZERO;
    for _ in 0..times() {
        let bytes = make(&mut random);
        let started = Instant::now();
        let end = read_with(&bytes, [None, Some("2")][random.below(2)], Limits::default());
        let took = started.elapsed();
        if took > longest {
            longest = took;
            std::fs::write(std::env::temp_dir().join(format!("sheet-fuzz-longest-{seed}")), &bytes).unwrap();
        }
        assert!(took < Duration::from_secs(20), "{took:?}");
        let end = match end {
            Ok(_) => "rows".to_string(),
            Err(refusal) => {
                assert!(refusal.len() > 20 && !refusal.contains("panicked"), "{refusal}");
                assert!(may_panic || !refusal.contains(PANICKED), "{refusal}");
                refusal.chars().take(60).collect()
            }
        };
        *ends.entry(end).or_default() += 1;
    }
    let rows = ends.get("rows").copied().unwrap_or_default();
    println!("{} files, {rows} read, {} messages, longest {longest:?}", times(), ends.len());
    let mut ends: Vec<_> = ends.into_iter().collect();
    ends.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    ends.iter().take(12).for_each(|(end, times)| println!("  {times} {end}"));
}

/// Damages one of the files in a zip file, and packs it anew, so that the damage is not just a wrong checksum.
fn fuzz_members(seed: u64, zip: &[u8]) {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let members: Vec<(String, Vec<u8>)> = (0..archive.len())
        .map(|n| {
            let mut member = archive.by_index(n).unwrap();
            let mut content = Vec::new();
            std::io::Read::read_to_end(&mut member, &mut content).unwrap();
            (member.name().unwrap().to_string(), content)
        })
        .collect();
    fuzz(seed, false, |random| {
        let mut members = members.clone();
        let large: Vec<usize> = (0..members.len()).filter(|n| members[*n].1.len() > 100).collect();
        for _ in 0..=random.below(2) {
            let n = large[random.below(large.len())];
            damage(&mut members[n].1, random, true);
        }
        zip_of(&members.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect::<Vec<_>>())
    });
}

fn fuzz_bytes(seed: u64, file: &[u8], may_move: bool) {
    fuzz(seed, !may_move, |random| {
        let mut bytes = file.to_vec();
        damage(&mut bytes, random, may_move);
        bytes
    });
}

fn xlsx() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    for n in 0..3 {
        let sheet = book.add_worksheet();
        for row in 0..20 {
            sheet.write(row, 0, format!("text {row} äöü")).unwrap();
            sheet.write(row, 1, f64::from(row) * 1.1).unwrap();
            let date = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 1, 1 + n).unwrap();
            sheet
                .write_with_format(row, 2, &date, &rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd"))
                .unwrap();
            sheet.write(row, 3, row % 2 == 0).unwrap();
            sheet.write(row, 4, rust_xlsxwriter::Formula::new("=A1&\"x\"").set_result("x")).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

fn ods() -> Vec<u8> {
    let cells = r##"<table:table-cell office:value-type="string"><text:p>text<text:s text:c="2"/>more</text:p></table:table-cell><table:table-cell table:number-columns-repeated="3"/><table:table-cell office:value-type="float" office:value="1.5"/><table:table-cell office:value-type="date" office:date-value="2026-03-01"/><table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="" calcext:value-type="error"><office:annotation><text:p>note</text:p></office:annotation><text:p>#N/A</text:p></table:table-cell>"##;
    let row = format!(r#"<table:table-row table:number-rows-repeated="3">{cells}</table:table-row>"#);
    let table = format!(r#"<table:table table:name="One" table:style-name="ta1">{}</table:table>"#, row.repeat(5));
    ods_of(&format!("{table}{}", table.replace("One", "Two")))
}

fn xlsb() -> Vec<u8> {
    let cells: Vec<Vec<u8>> = (0..10)
        .flat_map(|n| {
            let rich = [&[1_u8][..], &wide("rich"), &[0; 8]].concat();
            [
                row(n),
                cell(0x0b, 0, &[0x2a, 0, 0]),
                cell(0x07, 1, &[0; 4]),
                cell(0x3e, 2, &rich),
                cell(0x05, 3, &1.5_f64.to_le_bytes()),
            ]
        })
        .collect();
    xlsb_of(&cells)
}

#[test]
fn damaged_xlsx() {
    fuzz_bytes(1, &xlsx(), true);
}

#[test]
fn damaged_files_in_xlsx() {
    fuzz_members(2, &xlsx());
}

#[test]
fn damaged_ods() {
    fuzz_bytes(3, &ods(), true);
}

#[test]
fn damaged_files_in_ods() {
    fuzz_members(4, &ods());
}

#[test]
fn damaged_xls() {
    // Its sectors are found by counting.
    fuzz_bytes(5, XLS, false);
}

#[test]
fn damaged_files_in_xlsb() {
    fuzz_members(6, &xlsb());
}
