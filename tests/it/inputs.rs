//! Files as they come: whatever the dialect, the encoding, the compression and the format, the customers in them are the
//! same, and what was found is said.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use encoding_rs::Encoding;
use proptest::prelude::*;
use proptest::test_runner::Config;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::support::{ANN, CONTACT, Done, Place, Random, faults, fed};

const FIRST: &str = "customers.db.imports/run-000001";
const SECOND: &str = "customers.db.imports/run-000002";

type Table = Vec<Vec<String>>;

fn table<const COLUMNS: usize>(rows: &[[&str; COLUMNS]]) -> Table {
    rows.iter().map(|row| row.map(String::from).to_vec()).collect()
}

/// How a table is written as CSV.
#[derive(Clone, Copy, Debug)]
struct Dialect {
    delimiter: char,
    quotes_all: bool,
    end: &'static str,
}

const PLAIN: Dialect = Dialect { delimiter: ',', quotes_all: false, end: "\n" };

fn csv(table: &Table, dialect: Dialect) -> String {
    let Dialect { delimiter, quotes_all, end } = dialect;
    let cell = |cell: &String| match quotes_all || cell.contains([delimiter, '"', '\r', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    };
    let line = |row: &Vec<String>| row.iter().map(cell).collect::<Vec<_>>().join(&delimiter.to_string()) + end;
    table.iter().map(line).collect()
}

fn delimited(table: &Table, delimiter: char) -> String {
    csv(table, Dialect { delimiter, ..PLAIN })
}

/// The records of a table as JSON objects.
fn objects(table: &Table) -> Vec<Value> {
    let object = |row: &Vec<String>| table[0].iter().cloned().zip(row.iter().map(|cell| json!(cell))).collect();
    table[1..].iter().map(object).collect()
}

fn ndjson(table: &Table) -> String {
    objects(table).iter().map(|object| format!("{object}\n")).collect()
}

fn xlsx(table: &Table) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Customers").unwrap();
    for (row, cells) in table.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            sheet.write_string(row as u32, column as u16, cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

/// A text in an encoding that must have all its letters; ` with BOM` behind the name asks for a mark.
fn encoded(text: &str, name: &str) -> Vec<u8> {
    let (name, text) = match name.strip_suffix(" with BOM") {
        Some(name) => (name, format!("\u{feff}{text}")),
        None => (name, text.to_string()),
    };
    match name {
        "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        _ => {
            let (bytes, _, is_lossy) = Encoding::for_label(name.as_bytes()).unwrap().encode(&text);
            assert!(!is_lossy, "{text:?} cannot be written in {name}");
            bytes.into_owned()
        }
    }
}

const COMPRESSIONS: [&str; 5] = ["gzip", "zstd", "bzip2", "xz", "zip"];

fn compressed(bytes: &[u8], kind: &str) -> Vec<u8> {
    match kind {
        "gzip" => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        "zstd" => {
            let mut writer = zstd::Encoder::new(Vec::new(), 1).unwrap();
            // As the program zstd does.
            writer.include_checksum(true).unwrap();
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        "bzip2" => {
            let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        "xz" => {
            let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 0);
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        "zip" => zipped(&[("customers.csv", bytes)]),
        _ => bytes.to_vec(),
    }
}

/// A zip file of these files; a name that ends in `/` is a folder.
fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in members {
        if name.ends_with('/') {
            zip.add_directory(*name, options).unwrap();
        } else {
            zip.start_file(*name, options).unwrap();
            zip.write_all(content).unwrap();
        }
    }
    zip.finish().unwrap().into_inner()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The stored customers: these columns, `|` between, `NULL` where nothing is.
fn stored(place: &Place, columns: &str) -> Vec<String> {
    let cells: Vec<String> = columns.split(',').map(|column| format!("coalesce({column}, 'NULL')")).collect();
    place.column("customers.db", &format!("SELECT {} FROM customers ORDER BY customer_id", cells.join(" || '|' || ")))
}

/// What the first run's summary says of its first input.
fn first_input(place: &Place) -> Value {
    place.json(&format!("{FIRST}/summary.json"))["inputs"][0].clone()
}

/// Fails the test where an object lacks something that it should have.
#[track_caller]
fn assert_has(found: &Value, expected: &Value, what: &str) {
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&found[key], value, "{what}: {key}");
    }
}

/// Where the columns of an input went: header, field and how, for those that fill one.
fn matched(input: &Value) -> Vec<String> {
    let columns = input["columns"].as_array().unwrap().iter().filter(|column| column["field"].is_string());
    let text = |column: &Value, key: &str| column[key].as_str().unwrap().to_string();
    columns
        .map(|column| format!("{}={}({})", text(column, "header"), text(column, "field"), text(column, "how")))
        .collect()
}

/// The line and code of each fault of a run.
fn fault_lines(place: &Place, run: &str) -> Vec<(u64, String)> {
    let faults = faults(&place.objects(&format!("{run}/errors.ndjson")));
    faults.into_iter().map(|(_, _, line, code, _)| (line, code)).collect()
}

fn at(number: u64, code: &str) -> (u64, String) {
    (number, code.to_string())
}

fn people() -> Table {
    table(&[
        ["email", "name", "description"],
        ["ann@example.com", "Ann Müller", "commas, semicolons; bars | and 50 €"],
        ["bo@example.com", "José Núñez", "two\nlines \"in quotes\"\tand a tab"],
        ["cy@example.com", "Zoë Brontë", ""],
    ])
}

const PEOPLE: [&str; 3] = [
    "ann@example.com|Ann Müller|commas, semicolons; bars | and 50 €",
    "bo@example.com|José Núñez|two lines \"in quotes\" and a tab",
    "cy@example.com|Zoë Brontë|NULL",
];

/// The same customers in every form: the file's name, its bytes, and what must be found out about it.
fn forms() -> Vec<(String, Vec<u8>, Value)> {
    let plain = csv(&people(), PLAIN);
    let said = |changes: Value| {
        let mut said = json!({
            "format": "csv", "delimiter": ",", "quote": "\"", "encoding": "utf-8", "bom": false, "compression": null,
            "sheet": null, "header_line": 1,
        });
        said.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        said
    };
    let no_table = |format: &str| json!({"format": format, "delimiter": null, "quote": null, "header_line": null});
    let mut forms = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>, changes: Value| forms.push((name.to_string(), bytes, said(changes)));
    for (name, delimiter) in [("comma.csv", ','), ("semicolon.csv", ';'), ("tab.tsv", '\t'), ("bar.txt", '|')] {
        add(name, delimited(&people(), delimiter).into(), json!({"delimiter": delimiter}));
        let quoted = csv(&people(), Dialect { delimiter, quotes_all: true, end: "\r\n" });
        add(&format!("quoted {name}"), quoted.into(), json!({"delimiter": delimiter}));
    }
    add("a mac's.csv", csv(&people(), Dialect { end: "\r", ..PLAIN }).into(), json!({}));
    for (name, first, delimiter) in [("sep.csv", "sep=;\r\n", ';'), ("sep quoted.csv", "\"sep=^\"\n", '^')] {
        let text = format!("{first}{}", delimited(&people(), delimiter));
        add(name, text.into(), json!({"delimiter": delimiter, "header_line": 2}));
    }
    add("bom and sep.csv", encoded(&format!("sep=;\n{}", delimited(&people(), ';')), "utf-8 with BOM"), {
        json!({"delimiter": ";", "header_line": 2, "bom": true})
    });
    for encoding in ["utf-8", "utf-16le", "utf-16be"] {
        let marked = format!("{encoding} with BOM");
        add(&format!("{marked}.csv"), encoded(&plain, &marked), json!({"encoding": encoding, "bom": true}));
        add(&format!("{encoding}.csv"), encoded(&plain, encoding), json!({"encoding": encoding}));
        let lines = encoded(&ndjson(&people()), &marked);
        let mut said = no_table("ndjson");
        said.as_object_mut().unwrap().extend([("encoding".into(), json!(encoding)), ("bom".into(), json!(true))]);
        add(&format!("{marked}.ndjson"), lines, said);
    }
    add("windows-1252.csv", encoded(&plain, "windows-1252"), json!({"encoding": "windows-1252"}));
    for kind in COMPRESSIONS {
        add(&format!("{kind}.csv"), compressed(plain.as_bytes(), kind), json!({"compression": kind}));
        let utf16 = compressed(&encoded(&plain, "utf-16le with BOM"), kind);
        add(&format!("utf-16 {kind}.csv"), utf16, json!({"compression": kind, "encoding": "utf-16le", "bom": true}));
        let mut said = no_table("ndjson");
        said.as_object_mut().unwrap().insert("compression".into(), json!(kind));
        add(&format!("{kind} of lines"), compressed(ndjson(&people()).as_bytes(), kind), said);
    }
    let (start, rest) = plain.as_bytes().split_at(plain.len() / 2);
    for kind in ["gzip", "zstd", "bzip2", "xz"] {
        let parts = [compressed(start, kind), compressed(rest, kind)].concat();
        add(&format!("two parts of {kind}.csv"), parts, json!({"compression": kind}));
    }
    let with_clutter = zipped(&[
        ("export/", b""),
        ("__MACOSX/export/._customers.csv", b"\0\x05\x16\x07"),
        ("export/customers.csv", plain.as_bytes()),
        ("export/.DS_Store", b"\0\0\0\x01Bud1"),
    ]);
    add("with clutter.zip", with_clutter, json!({"compression": "zip"}));
    add("lines.ndjson", ndjson(&people()).into(), no_table("ndjson"));
    add("lines.csv", ndjson(&people()).into(), no_table("ndjson"));
    let array = json!(objects(&people()));
    add("one line.json", array.to_string().into(), no_table("json"));
    add("pretty.json", serde_json::to_vec_pretty(&array).unwrap(), no_table("json"));
    add("array.txt", encoded(&array.to_string(), "utf-16be with BOM"), {
        json!({"format": "json", "delimiter": null, "quote": null, "header_line": null, "encoding": "utf-16be", "bom": true})
    });
    let sheet = json!({"format": "spreadsheet", "delimiter": null, "quote": null, "sheet": "Customers"});
    add("book.xlsx", xlsx(&people()), sheet.clone());
    add("book.csv", xlsx(&people()), sheet.clone());
    for kind in COMPRESSIONS {
        let mut packed = sheet.clone();
        packed.as_object_mut().unwrap().insert("compression".into(), json!(kind));
        add(&format!("book.xlsx {kind}"), compressed(&xlsx(&people()), kind), packed);
    }
    forms
}

#[test]
fn the_same_customers_come_out_of_every_form() {
    for (name, bytes, said) in forms() {
        let place = Place::new();
        place.write(&name, &bytes);
        place.run(&["import", &name, "--profile", "contact"]).ends(0);
        assert_eq!(stored(&place, "email,name,description"), PEOPLE, "{name}");
        let input = first_input(&place);
        assert_has(&input, &said, &name);
        assert_has(&input, &json!({"path": name, "bytes": bytes.len(), "sha256": sha256(&bytes)}), &name);
        let mut columns = matched(&input);
        columns.sort();
        assert_eq!(columns, ["description=description(name)", "email=email(name)", "name=name(name)"], "{name}");
        let sha = "SELECT sha256 || ' ' || bytes FROM import_files";
        assert_eq!(place.column("customers.db", sha), [format!("{} {}", sha256(&bytes), bytes.len())], "{name}");
    }
}

#[test]
fn every_form_comes_through_standard_input() {
    for (name, bytes, said) in forms() {
        let place = Place::new();
        fed(&place, &["import", "-", "--profile", "contact"], &bytes).ends(0);
        assert_eq!(stored(&place, "email,name,description"), PEOPLE, "{name}");
        let input = first_input(&place);
        assert_has(&input, &said, &name);
        assert_has(&input, &json!({"path": "-", "bytes": bytes.len(), "sha256": sha256(&bytes)}), &name);
    }
}

#[test]
fn inspect_finds_what_a_run_finds() {
    for (name, bytes, said) in forms() {
        let place = Place::new();
        place.write(&name, &bytes);
        let done = place.run(&["inspect", &name, "--profile", "contact", "--json"]).ends(0);
        let found: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_has(&found, &said, &name);
        assert_has(&found, &json!({"bytes": bytes.len(), "sha256": sha256(&bytes), "accepted": 3}), &name);
        assert_eq!(found["first_records"][1]["name"], "José Núñez", "{name}");
        assert_eq!(place.names(), [name]);
    }
}

/// A report goes back to where the file came from: Excel needs the mark that the file had, or could not have.
#[test]
fn a_report_has_a_mark_where_the_file_was_not_plain_utf8() {
    let rows = table(&[["email", "name"], ["no", "Zoë Brontë"], ["ann@example.com", "Ann Smith"]]);
    let text = csv(&rows, PLAIN);
    for (name, bytes, has_mark) in [
        ("plain.csv", text.clone().into_bytes(), false),
        ("gzip.csv", compressed(text.as_bytes(), "gzip"), false),
        ("marked.csv", encoded(&text, "utf-8 with BOM"), true),
        ("utf16.csv", encoded(&text, "utf-16le"), true),
        ("legacy.csv", encoded(&text, "windows-1252"), true),
        ("book.xlsx", xlsx(&rows), true),
    ] {
        let place = Place::new();
        place.write(name, bytes);
        place.custload(&format!("import {name} --profile contact")).ends(1);
        let report = format!("{FIRST}/{}.rejects.csv", name.split_once('.').unwrap().0);
        let text = place.text(&report);
        assert_eq!(text.starts_with('\u{feff}'), has_mark, "{name}");
        let mended = text.replace("\nno,", "\nzoe@example.com,");
        assert!(mended.contains(&format!(",{name},1,2,invalid-email")), "{name}: {mended}");
        place.write("mended.csv", mended);
        place.custload("import mended.csv --profile contact").ends(0);
        assert_eq!(stored(&place, "name"), ["Ann Smith", "Zoë Brontë"], "{name}");
    }
}

#[test]
fn an_encoding_that_is_guessed_is_said() {
    let polish = ["Wiśniewski", "Kowalczyk Wójcik", "Łukasz Dąbrowski", "Małgorzata", "Gdańsk", "Żółć"];
    let russian = ["Иванов Иван", "Петрова", "Москва", "Кузнецова", "Дмитрий", "Санкт"];
    let japanese = ["山田太郎", "東京都新宿区", "佐藤花子", "株式会社", "高橋さくら", "ヤマダタロウ"];
    let western = ["José García", "Müller", "Zoë Brontë", "François Lefèvre", "Åse Jørgensen", "Núñez"];
    for (encoding, names) in
        [("windows-1252", western), ("windows-1250", polish), ("windows-1251", russian), ("shift_jis", japanese)]
    {
        let place = Place::new();
        let rows = (0..18).map(|at| format!("user{at}@example.com;{}\n", names[at % 6])).collect::<String>();
        place.write("input.csv", encoded(&format!("email;name\n{rows}"), encoding));
        let said = [&*format!("read as {encoding}"), "--encoding"];
        place.custload("import input.csv --profile contact").ends(0).says(&said);
        assert_eq!(stored(&place, "name")[..6], names, "{encoding}");
        assert_eq!(first_input(&place)["encoding"], encoding);
        // Who names it, is not told again.
        let named = format!("check input.csv --profile contact --encoding {encoding}");
        assert!(!place.custload(&named).ends(0).stderr.contains("not UTF-8: read as"), "{encoding}");
    }
}

/// One broken byte where a file begins does not decide about all the names after it.
#[test]
fn an_encoding_that_is_guessed_must_hold_to_the_end() {
    let place = Place::new();
    let rows = |name: &str, from: usize, to: usize| {
        (from..to).map(|row| format!("{row},{name}\n")).collect::<String>().into_bytes()
    };
    let start = [b"external_key,name\n0,Caf\xe9\n", &rows("Miller", 10, 100_000)[..]].concat();
    place.write("a.csv", [&start[..], &rows("M\u{fc}ller", 200_000, 203_000)].concat());
    place.write("b.csv", [&start[..], b"200000,M\xfcller\n"].concat());
    place.custload("import a.csv --profile billing").ends(2).says(&[
        "read as windows-1252",
        "--encoding utf-8",
        "nothing was written",
    ]);
    assert!(!place.path("customers.db").exists());
    place.custload("import a.csv --profile billing --encoding utf-8").ends(1);
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers WHERE name = 'M\u{fc}ller'"), 3000);
    place.custload("import b.csv --profile billing --db b.db").ends(0);
    assert_eq!(place.number("b.db", "SELECT count(*) FROM customers WHERE name = 'M\u{fc}ller'"), 1);
}

#[test]
fn an_encoding_that_is_named_is_taken() {
    for (bytes, label, name, expected) in [
        (&b"email,name\nann@example.com,M\xe8ller\n"[..], "windows-1252", "windows-1252", "Mèller"),
        (b"email,name\nann@example.com,M\xe8ller\n", "windows-1250", "windows-1250", "Mčller"),
        (b"email,name\nann@example.com,M\xe8ller\n", "Latin1", "windows-1252", "Mèller"),
        (b"email,name\nann@example.com,\xc3\xa9clair\n", "windows-1252", "windows-1252", "Ã©clair"),
        (b"email,name\nann@example.com,\xc9\xc9\xc9\n", "koi8-r", "koi8-r", "иии"),
        (b"email,name\nann@example.com,\x8e\x52\x93\x63\x91\xbe\n", "sjis", "shift_jis", "山田太"),
    ] {
        let place = Place::new();
        place.write("input.csv", bytes);
        place.custload(&format!("import input.csv --profile contact --encoding {label} --relax name")).ends(0);
        assert_eq!(stored(&place, "name"), [expected], "{label}");
        assert_eq!(first_input(&place)["encoding"], name);
    }
    // A mark that says another does not stand against it, but for the order of bytes.
    for (marked, label, name) in [
        ("utf-8 with BOM", "windows-1252", "windows-1252"),
        ("utf-16le with BOM", "utf-16", "utf-16le"),
        ("utf-16be with BOM", "utf-16", "utf-16be"),
    ] {
        let place = Place::new();
        place.write("input.csv", encoded(&format!("{CONTACT}{ANN}"), marked));
        place.custload(&format!("import input.csv --profile contact --encoding {label}")).ends(0);
        assert_eq!(stored(&place, "email"), ["ann@example.com"], "{label}");
        assert_eq!(first_input(&place)["encoding"], name);
    }
    let place = Place::new();
    place.write("input.csv", b"email,name\nann@example.com,Ann Smith\nbo@example.com,M\xfcller\n");
    place.custload("import input.csv --profile contact --encoding utf-8").ends(1);
    assert_eq!(fault_lines(&place, FIRST), [at(3, "invalid-utf8")]);
}

#[test]
fn a_mark_that_contradicts_is_dropped() {
    let text = "email,name\nann@example.com,José\nbo@example.com,Müller\ncy@example.com,Zoë Ång\n";
    for (mark, encoding, said) in [
        (&b"\xef\xbb\xbf"[..], "windows-1252", "utf-8"),
        (b"\xff\xfe", "windows-1252", "utf-16le"),
        (b"\xfe\xff", "utf-8", "utf-16be"),
        (b"\xef\xbb\xbf", "utf-16le", "utf-8"),
    ] {
        let place = Place::new();
        place.write("input.csv", [mark, &encoded(text, encoding)].concat());
        let said = format!("byte order mark says {said}, but its bytes are not");
        place.custload("import input.csv --profile contact").ends(0).says(&[&said]);
        assert_eq!(stored(&place, "name"), ["José", "Müller", "Zoë Ång"], "{encoding}");
        assert_has(&first_input(&place), &json!({"encoding": encoding, "bom": false}), encoding);
    }
}

#[test]
fn half_a_surrogate_pair_costs_its_record_alone() {
    let text = "email,name\nann@example.com,Ann Smith\nbo@example.com,Bo HERE Brown\ncy@example.com,Cy Young\n";
    for (encoding, half) in
        [("utf-16le with BOM", [0x3d, 0xd8]), ("utf-16be", [0xde, 0x00]), ("utf-16le", [0x00, 0xde])]
    {
        let place = Place::new();
        let (start, end) = text.split_once("HERE").unwrap();
        let end = encoded(end, encoding.trim_end_matches(" with BOM"));
        let bytes = [encoded(start, encoding), half.to_vec(), end].concat();
        place.write("input.csv", bytes);
        place.custload("import input.csv --profile contact").ends(1);
        assert_eq!(stored(&place, "name"), ["Ann Smith", "Cy Young"], "{encoding}");
        assert_eq!(fault_lines(&place, FIRST), [at(3, "invalid-utf8")], "{encoding}");
        let (_, rows) = place.table(&format!("{FIRST}/input.rejects.csv"));
        let raw = rows[0].last().unwrap();
        assert!(raw.contains("Bo \\x") && raw.contains(" Brown"), "{encoding}: {:?}", rows[0]);
    }
}

/// Refused with these words, and nothing is left behind.
#[track_caller]
fn refused(name: &str, bytes: &[u8], more: &[&str], said: &[&str]) {
    let place = Place::new();
    place.write(name, bytes);
    let args = [&["import", name, "--profile", "contact"], more].concat();
    place.run(&args).ends(2).says(&[name]).says(said);
    assert_eq!(place.names(), [name]);
}

/// A table that does not get much smaller.
fn long_table(records: usize) -> String {
    let mut random = Random::new(7);
    let mut text = CONTACT.to_string();
    for number in 0..records {
        let mut letters = || char::from(b'a' + random.below(26) as u8);
        let name: String = (0..40).map(|_| letters()).collect();
        let _ = writeln!(text, "user{number}@example.com,{name}");
    }
    text
}

#[test]
fn what_is_cut_off_or_damaged_is_refused() {
    // So short that it ends in what is looked at first, and so long that it ends during the run.
    for (records, kinds) in [(200, &COMPRESSIONS[..]), (40_000, &["gzip", "zip"])] {
        let text = long_table(records);
        for kind in kinds {
            let whole = compressed(text.as_bytes(), kind);
            let said = if *kind == "zip" { "zip" } else { "cut off" };
            for cut in [whole.len() * 2 / 3, whole.len() - 1] {
                refused(&format!("cut.{kind}"), &whole[..cut], &[], &[said]);
            }
            let mut damaged = whole;
            let middle = damaged.len() / 2;
            damaged[middle..middle + 8].iter_mut().for_each(|byte| *byte ^= 0x55);
            refused(&format!("damaged.{kind}"), &damaged, &[], &["damaged"]);
        }
    }
    let text = format!("{CONTACT}{ANN}");
    let gzip = compressed(text.as_bytes(), "gzip");
    refused(
        "behind.gz",
        &[&gzip, &b"and more"[..]].concat(),
        &[],
        &["the gzip data ends early: other data begins at byte", "other data begins"],
    );
    let place = Place::new();
    place.write("padded.gz", [gzip, vec![0; 1000]].concat());
    place.custload("import padded.gz").ends(0);
}

#[test]
fn what_holds_no_one_text_is_refused() {
    let text = format!("{CONTACT}{ANN}");
    let text = text.as_bytes();
    let twice = |inner: &str, outer: &str| compressed(&compressed(text, inner), outer);
    for (name, bytes, said) in [
        ("two.zip", zipped(&[("b.csv", text), ("a\u{1b}[31m.csv", text)]), &["b.csv", "a\\u{1b}[31m.csv"][..]),
        ("none.zip", zipped(&[]), &["zip"]),
        ("folders.zip", zipped(&[("a/", b""), ("a/b/", b"")]), &["zip"]),
        ("twice.csv.gz.gz", twice("gzip", "gzip"), &["compressed twice", "gzip within gzip"]),
        ("twice.zst.bz2", twice("zstd", "bzip2"), &["compressed twice", "zstd within bzip2"]),
        ("twice.gz.zip", twice("gzip", "zip"), &["twice"]),
        ("pdf.csv", b"%PDF-1.7\n".to_vec(), &["PDF"]),
        ("database.csv", b"SQLite format 3\0and more".to_vec(), &["SQLite database"]),
        ("page.xls", b"<html><table><tr><td>email</td></tr></table></html>".to_vec(), &["web page"]),
        ("xml.xls", b"<?xml version=\"1.0\"?><Workbook/>".to_vec(), &["XML"]),
    ] {
        refused(name, &bytes, &[], said);
    }
}

#[test]
fn what_grows_without_end_is_stopped() {
    let text = long_table(100);
    for kind in COMPRESSIONS {
        let bytes = compressed(text.as_bytes(), kind);
        let said = ["inflates to more than 5000 bytes", "--max-inflated-bytes"];
        refused("input", &bytes, &["--max-inflated-bytes", "5000"], &said);
        let place = Place::new();
        place.write("input", &bytes);
        let exactly = text.len().to_string();
        place.run(&["import", "input", "--max-inflated-bytes", &exactly, "--quiet"]).ends(0);
    }
    refused("book.xlsx", &xlsx(&people()), &["--max-inflated-bytes", "500"], &["--max-inflated-bytes"]);
}

#[test]
fn what_grows_too_fast_is_stopped() {
    let line = format!("ann@example.com,{}\n", "x".repeat(1 << 20));
    let text = [CONTACT, &line.repeat(70)].concat();
    for kind in ["gzip", "zstd", "zip"] {
        let bytes = compressed(text.as_bytes(), kind);
        refused("input.csv", &bytes, &[], &["500 times its size", "--max-inflated-ratio"]);
    }
    let place = Place::new();
    place.write("input.csv", compressed(text.as_bytes(), "zstd"));
    place.custload("import input.csv --profile contact --max-inflated-ratio 100000 --quiet").ends(1);
}

#[test]
fn a_name_in_a_zip_file_is_never_a_path() {
    let text = format!("{CONTACT}{ANN}");
    for name in ["../../outside.csv", "/outside.csv", "C:\\outside.csv", "a/../../outside.csv", "customers.db"] {
        let place = Place::new();
        place.write("deep/down/input.zip", zipped(&[(name, text.as_bytes())]));
        let mut command = place.command(&["import", "input.zip"]);
        Done::new(&command.current_dir(place.path("deep/down")).output().unwrap()).ends(0);
        let expected = [
            "deep/",
            "deep/down/",
            "deep/down/customers.db",
            "deep/down/customers.db.imports/",
            "deep/down/customers.db.imports/run-000001/",
            "deep/down/customers.db.imports/run-000001/errors.ndjson",
            "deep/down/customers.db.imports/run-000001/input.rejects.csv",
            "deep/down/customers.db.imports/run-000001/summary.json",
            "deep/down/input.zip",
        ];
        assert_eq!(place.names(), expected, "{name}");
        assert!(!std::path::Path::new("/outside.csv").exists());
        assert_eq!(place.column("deep/down/customers.db", "SELECT email FROM customers"), ["ann@example.com"]);
    }
}

/// A workbook as people keep it: titles, gaps, formulas, and a sheet that is hidden.
fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    let archive = book.add_worksheet().set_name("Archive").unwrap().set_hidden(true);
    archive.write(0, 0, "name").unwrap();
    archive.write(1, 0, "From the archive").unwrap();
    let sheet = book.add_worksheet().set_name("Customers 2026").unwrap().set_active(true);
    let date = Format::new().set_num_format("yyyy-mm-dd");
    sheet.write(0, 0, "Customers of the Ltd").unwrap();
    sheet.write(1, 0, "as of today").unwrap();
    let header = ["Name", "E-Mail Address", "Phone", "ZIP", "Tax ID", "custom_1", "custom_2", "custom_3"];
    for (column, title) in header.into_iter().enumerate() {
        sheet.write(3, column as u16, title).unwrap();
    }
    sheet.write(4, 0, "Ann \"The\" Smith, Ltd").unwrap();
    sheet.write(4, 1, "ann@example.com").unwrap();
    sheet.write(4, 2, 5_417_543_010.0).unwrap();
    sheet.write(4, 3, 2134).unwrap();
    sheet.write(4, 4, 123_456_789_012_345.0).unwrap();
    let day = ExcelDateTime::from_ymd(2026, 3, 1).unwrap();
    sheet.write_with_format(4, 5, &day, &date).unwrap();
    sheet.write(4, 6, true).unwrap();
    sheet.write(4, 7, 0.1).unwrap();
    sheet.write(6, 0, "Bo").unwrap();
    sheet.write(6, 1, "bo@example.com").unwrap();
    sheet.write(6, 2, "+1 541 754-3010").unwrap();
    sheet.write(6, 3, "02134").unwrap();
    let moment = ExcelDateTime::from_ymd(2026, 3, 1).unwrap().and_hms(14, 30, 0).unwrap();
    sheet.write_with_format(6, 5, &moment, &Format::new().set_num_format("yyyy-mm-dd hh:mm")).unwrap();
    sheet.write(6, 6, Formula::new("=\"a\"&\"b\"").set_result("ab")).unwrap();
    sheet.write(6, 7, "#4 Main St!").unwrap();
    sheet.write(7, 0, "Cy").unwrap();
    sheet.write(7, 1, Formula::new("=VLOOKUP(1,A:B,2)").set_result("#N/A")).unwrap();
    sheet.write(7, 5, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    sheet.merge_range(9, 5, 10, 6, "two\nlines", &Format::new()).unwrap();
    sheet.write(9, 0, "Dee").unwrap();
    sheet.write(10, 0, "Eve").unwrap();
    sheet.write(12, 1, "no name").unwrap();
    book.add_worksheet().set_name("Other").unwrap().write(0, 0, "name").unwrap().write(1, 0, "From the other").unwrap();
    book.save_to_buffer().unwrap()
}

#[test]
fn a_spreadsheet_is_read_as_it_looks() {
    let place = Place::new();
    place.write("book.xlsx", workbook());
    let done = place.custload("import book.xlsx --profile billing").ends(1);
    done.says(&["\"Customers 2026\"", "--sheet", "\"Other\"", "header on line 4"]);
    let columns = "name,email,phone,postal_code,tax_id,custom_1,custom_2,custom_3";
    let expected = [
        "Ann \"The\" Smith, Ltd|ann@example.com|5417543010|2134|123456789012345|2026-03-01|true|0.1",
        "Bo|bo@example.com|15417543010|02134|NULL|2026-03-01T14:30:00|ab|#4 Main St!",
        "Dee|NULL|NULL|NULL|NULL|two lines|NULL|NULL",
        "Eve|NULL|NULL|NULL|NULL|NULL|NULL|NULL",
    ];
    assert_eq!(stored(&place, columns), expected);
    // Rows are numbered as the spreadsheet shows them.
    let faults = place.objects(&format!("{FIRST}/errors.ndjson"));
    let fault = |fault: &Value| ["line", "code", "field", "value"].map(|key| fault[key].clone());
    let expected = [
        (8, "cell-error", "email", "#N/A"),
        (8, "cell-error", "custom_1", "#DIV/0!"),
        (13, "required", "name", ""),
        (13, "invalid-email", "email", "no name"),
    ];
    let expected = expected.map(|(line, code, field, value)| [json!(line), json!(code), json!(field), json!(value)]);
    assert_eq!(faults.iter().map(fault).collect::<Vec<_>>(), expected);
    let said =
        json!({"sheet": "Customers 2026", "header_line": 4, "read": 10, "accepted": 4, "rejected": 2, "blank": 4});
    assert_has(&first_input(&place), &said, "book");
}

#[test]
fn an_error_in_a_cell_can_be_corrected_in_the_report() {
    let place = Place::new();
    place.write("book.xlsx", workbook());
    place.custload("import book.xlsx --profile billing --quiet").ends(1);
    let report = place.text(&format!("{FIRST}/book.rejects.csv"));
    assert!(report.starts_with("\u{feff}Name,E-Mail Address,"), "{report}");
    assert!(report.contains("\nCy,#N/A,,,,#DIV/0!,,,1-") && report.contains(",book.xlsx,3,8,"), "{report}");
    // What is not corrected is an error still.
    place.write("same.csv", &report);
    place.custload("import same.csv --profile billing --quiet").ends(1);
    let codes: Vec<String> = fault_lines(&place, SECOND).into_iter().map(|(_, code)| code).collect();
    assert!(codes.contains(&"cell-error".to_string()), "{codes:?}");
    // What is corrected may look like another error.
    let corrected = report.replace("Cy,#N/A,,,,#DIV/0!", "Cy,cy@example.com,,,,#1 for Anna!");
    place.write("corrected.csv", corrected.replace("\n,no name,", "\nFay,,"));
    place.custload("import corrected.csv --profile billing --quiet").ends(0);
    assert_eq!(stored(&place, "custom_1")[4..], ["#1 for Anna!", "NULL"]);
    assert_eq!(stored(&place, "name,email")[4..], ["Cy|cy@example.com", "Fay|NULL"]);
}

#[test]
fn a_sheet_is_chosen_by_name_or_number() {
    for (wanted, sheet, name) in [
        ("Other", "Other", "From the other"),
        ("other", "Other", "From the other"),
        ("3", "Other", "From the other"),
        ("Archive", "Archive", "From the archive"),
        ("1", "Archive", "From the archive"),
    ] {
        let place = Place::new();
        place.write("book.xlsx", workbook());
        place.run(&["import", "book.xlsx", "--profile", "billing", "--sheet", wanted]).ends(0);
        assert_eq!(stored(&place, "name"), [name], "{wanted}");
        assert_eq!(first_input(&place)["sheet"], sheet);
    }
    for wanted in ["Nowhere", "0", "9"] {
        let said = ["no sheet", "\"Archive\"", "\"Customers 2026\"", "\"Other\""];
        refused("book.xlsx", &workbook(), &["--sheet", wanted], &said);
    }
    refused("plain.csv", CONTACT.as_bytes(), &["--sheet", "1"], &["no sheets"]);
    refused("plain.csv", CONTACT.as_bytes(), &["--format", "spreadsheet"], &["not a spreadsheet"]);
    refused("book.xlsx", &workbook(), &["--format", "csv"], &["it is a spreadsheet"]);
}

#[test]
fn titles_above_the_table_are_passed_over() {
    let title = "Customer list;;\n\nas of 1 March, by Ann\n";
    for (text, options, header_line, blank) in [
        (format!("{title}{}", delimited(&people(), ';')), "", 4, 1),
        (format!("{}{}", "x\n".repeat(19), csv(&people(), PLAIN)), "", 20, 0),
        (format!("{title}{}", delimited(&people(), ';')), "--header-line 4", 4, 1),
        // Also where the line above would do.
        (format!("email,name\n{}", csv(&people(), PLAIN)), "--header-line 2", 2, 0),
        (format!("{}{}", "x\n".repeat(24), csv(&people(), PLAIN)), "--header-line 25", 25, 0),
        ("\n\nemail,name,description\n".to_string() + csv(&people(), PLAIN).split_once('\n').unwrap().1, "", 3, 2),
    ] {
        let place = Place::new();
        place.write("input.csv", &text);
        place.custload(&format!("import input.csv --profile contact {options}")).ends(0);
        assert_eq!(stored(&place, "email,name,description"), PEOPLE, "{options} {text}");
        let said = json!({"header_line": header_line, "blank": blank, "accepted": 3, "rejected": 0});
        assert_has(&first_input(&place), &said, options);
    }
    let far = format!("{}{}", "x\n".repeat(20), csv(&people(), PLAIN));
    refused("input.csv", far.as_bytes(), &[], &["requires a column email", "first 20 lines", "--header-line"]);
    refused("input.csv", CONTACT.as_bytes(), &["--header-line", "9"], &["line 9", "no header"]);
    let place = Place::new();
    place.write("input.csv", format!("Customers\n\n{CONTACT}{ANN}no,Bob Brown\n"));
    place.custload("import input.csv --profile contact").ends(1).says(&["header on line 3"]);
    assert_eq!(fault_lines(&place, FIRST), [at(5, "invalid-email")]);
}

/// What is quoted cannot be cut by another delimiter, which must not be what is said of it.
#[test]
fn a_header_that_fits_nothing_is_shown() {
    for text in ["colour,size\nred,1\n", "\"colour\",\"size\"\n\"red\",\"1\"\n", "\"colour\";\"size\"\n\"red\";\"1\"\n"]
    {
        let place = Place::new();
        place.write("input.csv", text);
        place.custload("import input.csv").ends(2).says(&["no profile fits", "Found: colour, size."]);
        place.custload("import input.csv --profile contact").ends(2).says(&["requires a column email", "colour, size"]);
    }
}

#[test]
fn a_file_without_a_header_needs_names() {
    for options in ["--no-header --columns email,name,description", "--columns E-Mail,Customer_Name,notes"] {
        let place = Place::new();
        place.write("input.csv", delimited(&people(), ';').split_once('\n').unwrap().1);
        place.custload(&format!("import input.csv --profile contact {options}")).ends(0);
        assert_eq!(stored(&place, "email,name,description"), PEOPLE, "{options}");
        assert_has(&first_input(&place), &json!({"header_line": null, "read": 3, "delimiter": ";"}), options);
    }
    let place = Place::new();
    place.write("input.csv", format!("1,{ANN}2,no,Bob Brown\n"));
    place.custload("import input.csv --profile contact --no-header --columns ,email,name").ends(1);
    assert_eq!(fault_lines(&place, FIRST), [at(2, "invalid-email")]);
    // Rows that are all too short say as much about the delimiter as others.
    let place = Place::new();
    place.write("short.csv", "ann@example.com;Ann Smith\nbo@example.com;Bo Brown\n");
    place.custload("import short.csv --profile contact --columns email,name,city --short-rows pad").ends(0);
    assert_eq!(stored(&place, "name"), ["Ann Smith", "Bo Brown"]);
    place.write("input.csv", ANN);
    place.custload("import input.csv --no-header").ends(2).says(&["--columns"]);
    // Who forgets it, is told.
    let said = ["--columns", "looks like a record"];
    refused("input.csv", format!("{ANN}{ANN}").as_bytes(), &[], &said);
}

#[test]
fn a_map_says_which_header_means_what() {
    let text = "Kundenname;Mail privat;Ort;Email\nAnn Smith;ann@example.com;Bonn;old@example.com\n";
    for (maps, expected, matches) in [
        (
            &["Kundenname=name", "Mail privat=email", "Ort=city"][..],
            "ann@example.com|Ann Smith|Bonn",
            &["Kundenname=name(map)", "Mail privat=email(map)", "Ort=city(map)"][..],
        ),
        // Letters and digits are what counts; the spelling as it stands comes first.
        (&["kunden-NAME = name"], "old@example.com|Ann Smith|NULL", &["Kundenname=name(map)", "Email=email(name)"]),
        (&["Email=", "Mail privat=email"], "ann@example.com|NULL|NULL", &["Mail privat=email(map)"]),
        // The later one stands.
        (&["Ort=state", "Ort=city"], "old@example.com|NULL|Bonn", &["Ort=city(map)", "Email=email(name)"]),
    ] {
        let place = Place::new();
        place.write("input.csv", text);
        let mut args = vec!["import", "input.csv", "--profile", "contact"];
        maps.iter().for_each(|map| args.extend(["--map", map]));
        place.run(&args).ends(0);
        assert_eq!(stored(&place, "email,name,city"), [expected], "{maps:?}");
        assert_eq!(matched(&first_input(&place)), matches, "{maps:?}");
    }
    let place = Place::new();
    place.write("parts.csv", "Vorname,Nachname,Email\nAnn,Smith,ann@example.com\n");
    let maps = ["--map", "Vorname=first_name", "--map", "Nachname=last_name"];
    place.run(&[&["import", "parts.csv", "--profile", "contact"], &maps[..]].concat()).ends(0);
    assert_eq!(stored(&place, "name"), ["Ann Smith"]);
    assert_eq!(matched(&first_input(&place)), ["Vorname=name(map)", "Nachname=name(map)", "Email=email(name)"]);
}

#[test]
fn a_path_reaches_into_nested_json() {
    let line = json!({
        "contact": {"mail": "ann@example.com", "name": "Ann Smith"},
        "address": {"city": "Bonn", "geo": {"state": "nrw"}, "lines": ["a", "b"]},
        "phone": "5417543010",
    });
    let place = Place::new();
    place.write("input.ndjson", format!("{line}\n"));
    // What a map names as a whole is not looked into, and an object in a field's place is a fault.
    let without = ["--map", "contact.mail=email", "--map", "address=address_line_1"];
    place.run(&[&["import", "input.ndjson", "--profile", "contact"], &without[..]].concat()).ends(1);
    assert_eq!(fault_lines(&place, FIRST), [at(1, "nested-value")]);
    let maps = ["contact.mail=email", "contact.name=name", "address.city=city", "address.geo.state=state"];
    let mut args = vec!["import", "input.ndjson", "--profile", "contact", "--force"];
    maps.iter().for_each(|map| args.extend(["--map", map]));
    place.run(&args).ends(0);
    let columns = "email,name,city,state,address_line_1,phone";
    assert_eq!(stored(&place, columns), ["ann@example.com|Ann Smith|Bonn|nrw|NULL|5417543010"]);
    let second = place.json(&format!("{SECOND}/summary.json"));
    let found = matched(&second["inputs"][0]);
    for expected in ["contact.mail=email(map)", "address.geo.state=state(map)", "phone=phone(label)"] {
        let expected = expected.replace("(label)", "(name)");
        assert!(found.contains(&expected), "{expected} is missing in {found:?}");
    }
    // The same in an array, from a mapping file.
    place.write("array.json", serde_json::to_vec_pretty(&json!([line])).unwrap());
    place.write(
        "map.toml",
        "[columns]\ncontact.mail = \"email\"\n\"contact.name\" = \"name\"\naddress.city = \"city\"\n",
    );
    place.run(&["import", "array.json", "--profile", "contact", "--mapping", "map.toml", "--key", "none"]).ends(0);
    assert_eq!(stored(&place, "email,name,city")[1], "ann@example.com|Ann Smith|Bonn");
}

const MAPPING: &str = "
[columns]
\"Firma\" = \"name\"
\"Zustellung\" = \"invoice_delivery\"
\"Steuernummer\" = \"tax_id\"
\"Telefon\" = \"\"

[constants]
custom_1 = \"LEGACY\"
admin_id = 7

[values.invoice_delivery]
E = \"email\"
\"Brief post\" = \"print\"

[values.tax_id]
\"-\" = \"\"
";

#[test]
fn a_mapping_file_holds_a_migration() {
    let place = Place::new();
    place.write("mapping.toml", MAPPING);
    let rows = "Firma,Zustellung,Steuernummer,Telefon,custom_1\n\
                Ann Ltd,E,DE1,123,\nBo Ltd, Brief  post ,-,x,own\nCy Ltd,print,DE3,,\nDee Ltd,Fax,DE4,,\n";
    place.write("input.csv", rows);
    place.custload("import input.csv --profile billing --mapping mapping.toml").ends(1);
    let expected =
        ["Ann Ltd|email|DE1|LEGACY|7|NULL", "Bo Ltd|print|NULL|own|7|NULL", "Cy Ltd|print|DE3|LEGACY|7|NULL"];
    assert_eq!(stored(&place, "name,invoice_delivery,tax_id,custom_1,admin_id,phone"), expected);
    assert_eq!(fault_lines(&place, FIRST), [at(5, "invalid-choice")]);
    let said = ["Firma=name(map)", "Zustellung=invoice_delivery(map)", "Steuernummer=tax_id(map)"];
    assert_eq!(matched(&first_input(&place))[..3], said);
    // What is typed stands above what is in the file.
    let typed = ["--map", "Telefon=phone", "--on-invalid", "phone=clear", "--key", "none", "--rejects-ok", "--force"];
    let args = ["import", "input.csv", "--profile", "billing", "--mapping", "mapping.toml"];
    place.run(&[&args, &typed[..]].concat()).ends(0);
    assert_eq!(stored(&place, "name,phone")[3..], ["Ann Ltd|123", "Bo Ltd|NULL", "Cy Ltd|NULL"]);
}

#[test]
fn a_constant_satisfies_what_is_required() {
    let place = Place::new();
    place.write("mapping.toml", "[constants]\nname = \"Unknown\"\ncontact_origin = \"LEGACY\"\n");
    place.write("input.csv", "tax_id,name\nDE1,Ann\nDE2,\n");
    place.write("without.csv", "tax_id\nDE3\n");
    place.write("lines.ndjson", "{\"tax_id\":\"DE4\",\"name\":null}\n{\"tax_id\":\"DE5\"}\n");
    place.custload("import without.csv --profile basic").ends(2).says(&["requires a column name"]);
    place.custload("import input.csv without.csv lines.ndjson --profile basic --mapping mapping.toml").ends(0);
    let expected = ["DE1|Ann|LEGACY", "DE2|Unknown|LEGACY", "DE3|Unknown|LEGACY", "DE4|Unknown|LEGACY"];
    assert_eq!(stored(&place, "tax_id,name,contact_origin")[..4], expected);
    // A constant is judged as a value would be.
    place.write("bad.toml", "[constants]\nadmin_id = \"many\"\n");
    place.write("billing.csv", "name\nAnn\n");
    place
        .custload("import billing.csv --profile billing --mapping bad.toml")
        .ends(2)
        .says(&["admin_id", "whole number"]);
}

#[test]
fn slips_are_named_with_what_was_meant() {
    let place = Place::new();
    place.write("input.csv", "Kundenname;Email\nAnn Smith;ann@example.com\n");
    for (file, content) in [
        ("columns.toml", "[columns]\n\"Kundenname\" = \"nmae\"\n"),
        ("header.toml", "[columns]\n\"Kundenmame\" = \"name\"\n"),
        ("constants.toml", "[constants]\ncuontry = \"DE\"\n"),
        ("values.toml", "[values.contry]\nD = \"DE\"\n"),
        ("table.toml", "[column]\n\"Kundenname\" = \"name\"\n"),
        ("syntax.toml", "[columns]\nKundenname = name\n"),
    ] {
        place.write(file, content);
    }
    let names = place.names();
    for (options, said) in [
        ("--map Email=emial", &["emial", "did you mean email?"][..]),
        ("--map Kundenmame=name", &["Kundenmame", "Is it Kundenname?"]),
        ("--map Kundenname", &["--map", "Their header=field"]),
        ("--map =name", &["--map", "Their header=field"]),
        ("--mapping columns.toml", &["nmae", "did you mean name?"]),
        ("--mapping header.toml", &["Kundenmame", "Is it Kundenname?"]),
        ("--mapping constants.toml", &["cuontry", "country"]),
        ("--mapping values.toml", &["contry", "country"]),
        ("--mapping table.toml", &["table.toml", "column", "columns"]),
        ("--mapping syntax.toml", &["syntax.toml", "line 2"]),
        ("--mapping nowhere.toml", &["nowhere.toml"]),
        ("--encoding windows1252x", &["windows1252x"]),
        ("--encoding utf-7", &["utf-7"]),
        ("--delimiter ;;", &["--delimiter"]),
        ("--delimiter \"", &["--delimiter"]),
        ("--header-line 0", &["--header-line"]),
        ("--columns a,b --header-line 2", &["--columns"]),
        ("--format xml", &["xml"]),
        ("--short-rows keep", &["keep"]),
        ("--map Kundenname=name --profile contcat", &["Did you mean contact?"]),
    ] {
        let profile = if options.contains("--profile") { "" } else { "--profile contact" };
        place.custload(&format!("import input.csv {profile} {options}")).ends(2).says(said);
        assert_eq!(place.names(), names, "{options}");
    }
}

#[test]
fn tokens_mean_missing() {
    let text = "email,name,phone,city\nann@example.com,NULL,?,n/a\nbo@example.com,\\N,,Null\n";
    for (options, expected) in [
        (&[][..], &["bo@example.com|NULL|NULL|Null"][..]),
        (&["?"], &["ann@example.com|NULL|NULL|na", "bo@example.com|NULL|NULL|Null"]),
        (&["?", "n/a", "NULL"], &["ann@example.com|NULL|NULL|NULL", "bo@example.com|NULL|NULL|Null"]),
    ] {
        let place = Place::new();
        place.write("input.csv", text);
        let mut args = vec!["import", "input.csv", "--profile", "contact", "--rejects-ok", "--relax", "city"];
        options.iter().for_each(|token| args.extend(["--null-token", token]));
        place.run(&args).ends(0);
        let found = stored(&place, "email,name,phone,city");
        let found: Vec<String> = found.into_iter().map(|row| row.replace("|n a", "|na")).collect();
        assert_eq!(found, expected, "{options:?}");
        let names = place.number("customers.db", "SELECT count(*) FROM customers WHERE name IS NOT NULL");
        assert_eq!(names, i64::from(options == ["?"]), "{options:?}");
    }
    let place = Place::new();
    place.write("input.ndjson", "{\"email\":\"ann@example.com\",\"name\":\"(none)\",\"phone\":\"x\"}\n");
    let tokens = ["--null-token", "(none)", "--null-token", "x"];
    place.run(&[&["import", "input.ndjson", "--profile", "contact"], &tokens[..]].concat()).ends(0);
    assert_eq!(stored(&place, "name,phone"), ["NULL|NULL"]);
}

#[test]
fn letters_of_a_mac_and_of_dos_come_out_right() {
    let mac = b"name,email\rG\x9fnther Sch\x8afer,g@x.example\rJ\x9frgen Gro\xa7,j@x.example\rZo\x91 Wei\xa7,no\r";
    let dos =
        b"name,email\r\nG\x81nther Sch\x84fer,g@x.example\r\nJ\x81rgen Gro\xe1,j@x.example\r\nZo\x89 Wei\xe1,no\r\n";
    let denmark = b"name,email\nJ\x9brgen,j@x.example\n\x9dster Gro,g@x.example\nZo\x89 Wei\xe1,no\n";
    for (bytes, options, encoding, said, names) in [
        (&mac[..], "", "macintosh", "read as macintosh", ["Günther Schäfer", "Jürgen Groß"]),
        (dos, "", "cp850", "read as cp850", ["Günther Schäfer", "Jürgen Groß"]),
        (dos, "--encoding cp437", "cp437", "CP437", ["Günther Schäfer", "Jürgen Groß"]),
        (denmark, "--encoding CP865", "cp865", "CP865", ["Jørgen", "Øster Gro"]),
    ] {
        let place = Place::new();
        place.write("a.csv", bytes);
        place.custload(&format!("import a.csv --profile contact {options}")).ends(1).says(&[said]);
        assert_eq!(stored(&place, "name"), names, "{encoding}");
        assert_has(&first_input(&place), &json!({"encoding": encoding}), encoding);
        // What is rejected comes back in UTF-8, and says so to a spreadsheet.
        let report = place.text(&format!("{FIRST}/a.rejects.csv"));
        assert!(report.starts_with('\u{feff}') && report.contains("Zoë Weiß"), "{report}");
        assert_eq!(fault_lines(&place, FIRST), [at(4, "invalid-email")]);
    }
    let place = Place::new();
    place.write("a.csv", mac);
    place.custload("import a.csv --profile contact --encoding cp851").ends(2).says(&["there is no such encoding"]);
}

#[test]
fn short_rows_can_be_padded() {
    let text = "email,name,city\nann@example.com,Ann Smith\nbo@example.com\ncy@example.com,Cy Young,Bonn,more\n";
    let place = Place::new();
    place.write("input.csv", text);
    place.custload("import input.csv --profile contact").ends(1);
    assert_eq!(fault_lines(&place, FIRST), [at(2, "missing-cell"), at(3, "missing-cell"), at(4, "extra-cell")]);
    place.custload("import input.csv --profile contact --short-rows pad --force").ends(1);
    assert_eq!(stored(&place, "email,name,city"), ["ann@example.com|Ann Smith|NULL", "bo@example.com|NULL|NULL"]);
    assert_eq!(fault_lines(&place, SECOND), [at(4, "extra-cell")]);
    // A row that lacks more than it may is judged as one with empty cells.
    place.write("other.csv", "name,email\nDee Day\n");
    place.custload("import other.csv --profile contact --short-rows pad").ends(1);
    assert_eq!(fault_lines(&place, "customers.db.imports/run-000003"), [at(2, "required")]);
}

#[test]
fn first_and_last_name_are_a_name() {
    for (header, row, name) in [
        ("email,first_name,last_name", "Ann,Smith", "Ann Smith"),
        ("email,Last Name,First Name", "Smith,Ann", "Ann Smith"),
        ("email,Given Name,Surname", "Ann,Smith", "Ann Smith"),
        ("email,family_name,given_name", "Smith,Ann", "Ann Smith"),
        ("email,first_name,last_name", ",Smith", "Smith"),
        ("email,first_name,last_name", "Ann,", "Ann"),
        ("email,first_name,last_name", ",", "NULL"),
        // A whole name stands above its parts.
        ("email,first_name,last_name,name", "Ann,Smith,Dr Ann Smith", "Dr Ann Smith"),
    ] {
        let place = Place::new();
        place.write("input.csv", format!("{header}\nann@example.com,{row}\n"));
        place.custload("import input.csv --profile contact").ends(0);
        assert_eq!(stored(&place, "name"), [name], "{header}: {row}");
        let cells = std::iter::once("ann@example.com").chain(row.split(','));
        let rows = [header.split(',').map(String::from).collect(), cells.map(String::from).collect()];
        place.write("input.ndjson", ndjson(&rows.to_vec()));
        place.custload("import input.ndjson --profile contact --key none").ends(0);
        assert_eq!(stored(&place, "name")[1], name, "{header}: {row}");
    }
    // A column of first names alone is no name.
    let place = Place::new();
    place.write("input.csv", "email,first_name\nann@example.com,Ann\n");
    place
        .custload("import input.csv --profile contact")
        .ends(0)
        .says(&["first_name (1 filled cell; the other part of name is missing)"]);
    assert_eq!(stored(&place, "name"), ["NULL"]);
    // Billing has fields for both.
    let place = Place::new();
    place.write("input.csv", "company,first_name,last_name\nAnn Ltd,Ann,Smith\n");
    place.custload("import input.csv --profile billing").ends(0);
    assert_eq!(stored(&place, "name,contact_first_name,contact_last_name"), ["Ann Ltd|Ann|Smith"]);
}

#[test]
fn guard_apostrophes_are_taken_where_numbers_stand() {
    let place = Place::new();
    let header = "name,postal_code,phone,tax_id,external_key,admin_id,city,custom_1";
    place.write("input.csv", format!("{header}\n't Hooft,'02134,'+1 541 754 3010,'007,'0042,'7,'t Zandt,'x\n"));
    place.custload("import input.csv --profile billing").ends(0);
    assert_eq!(stored(&place, header), ["'t Hooft|02134|15417543010|007|0042|7|'t Zandt|'x"]);
    place.write("input.xlsx", xlsx(&table(&[["name", "postal_code"], ["'t Hooft", "'02134"]])));
    place.custload("import input.xlsx --profile billing").ends(0);
    assert_eq!(stored(&place, "name,postal_code")[1], "'t Hooft|02134");
}

#[test]
fn folders_and_patterns_stand_for_their_files() {
    let person = |name: &str| format!("{CONTACT}{name}@example.com,Some Name\n");
    for (inputs, expected) in [
        (&["in"][..], &["a", "b", "c"][..]),
        (&["in/"], &["a", "b", "c"]),
        (&["in/*.csv"], &["a", "b"]),
        (&["in/[bc].*"], &["b", "c"]),
        (&["in/c.ndjson", "in/?.csv"], &["c", "a", "b"]),
        (&["in/below", "in/a.csv"], &["d", "a"]),
        (&["in/below/../b.csv", "-"], &["b", "stdin"]),
        (&["-", "in/a.csv"], &["stdin", "a"]),
        (&["odd[1].csv"], &["odd"]),
    ] {
        let place = Place::new();
        ["a", "b"].iter().for_each(|name| drop(place.write(&format!("in/{name}.csv"), person(name))));
        place.write("in/c.ndjson", "{\"email\":\"c@example.com\"}\n");
        place.write("in/below/d.csv", person("d"));
        place.write("in/.hidden.csv", person("hidden"));
        place.write("in/~$open.xlsx", "a lock");
        ["Thumbs.db", "desktop.ini", "README.md"]
            .iter()
            .for_each(|name| drop(place.write(&format!("in/{name}"), "email,x")));
        place.write("odd[1].csv", person("odd"));
        place.open("in/old.db").execute_batch("CREATE TABLE t (x)").unwrap();
        let args = [&["import", "--profile", "contact"], inputs].concat();
        fed(&place, &args, person("stdin").as_bytes()).ends(0);
        let expected: Vec<String> = expected.iter().map(|name| format!("{name}@example.com")).collect();
        assert_eq!(stored(&place, "email"), expected, "{inputs:?}");
        assert_eq!(place.number("customers.db", "SELECT count(*) FROM import_runs"), 1);
    }
    // Each skipped file is named, and the order is that of a person.
    let place = Place::new();
    ["in/day10.csv", "in/day2.csv"].iter().for_each(|name| drop(place.write(name, person(&name[3..name.len() - 4]))));
    ["in/Thumbs.db", "in/notes.md"].iter().for_each(|name| drop(place.write(name, "email")));
    let done = place.custload("import in --profile contact").ends(0);
    for said in ["in/Thumbs.db: skipped: its extension is not that of a table", "in/notes.md: skipped: "] {
        assert!(done.stderr.contains(said), "{said}: {}", done.stderr);
    }
    assert_eq!(stored(&place, "email"), ["day2@example.com", "day10@example.com"]);
    // What ends like a table and is none stops the run.
    place.write("in/b.csv", "nam,mail\nAnn,ann@example.com\n");
    let before = place.everything();
    place.custload("import in --profile contact --force").ends(2).says(&["in/b.csv"]);
    assert!(before == place.everything());
    let place = Place::new();
    place.write("empty/below/a.csv", person("a"));
    place.write("empty/README.md", "");
    for input in ["empty", "*.tsv", "nowhere.csv", "nowhere"] {
        place.run(&["import", input]).ends(2).says(&[input]);
    }
    fed(&place, &["import", "-", "-"], person("a").as_bytes()).ends(2);
}

/// A folder that was loaded lies beside its database and reports: they are no inputs.
#[test]
fn a_folder_can_be_loaded_where_its_database_lies() {
    let place = Place::new();
    place.write("a.csv", format!("{CONTACT}{ANN}no,Bob Brown\n"));
    place.custload("import . --profile contact").ends(1);
    place.custload("import . --profile contact --key none --force").ends(1);
    let paths = place.column("customers.db", "SELECT path FROM import_files");
    assert_eq!(paths.len(), 2, "{paths:?}");
}

#[test]
fn many_inputs_are_one_run() {
    let place = Place::new();
    let mut args = vec!["import".to_string(), "--profile".to_string(), "contact".to_string()];
    for number in 0..40 {
        // All have the same stem, and not the same form.
        let rows = table(&[["email", "name"], [&format!("user{number}@example.com"), "Ann Smith"], ["no", "Bo Brown"]]);
        let (ending, bytes) = match number % 4 {
            0 => ("csv", delimited(&rows, ';').into_bytes()),
            1 => ("ndjson", ndjson(&rows).into_bytes()),
            2 => ("gz", compressed(csv(&rows, PLAIN).as_bytes(), "gzip")),
            _ => ("xlsx", xlsx(&rows)),
        };
        let path = format!("{number:02}/input.{ending}");
        place.write(&path, bytes);
        args.push(path);
    }
    place.run(&args.iter().map(String::as_str).collect::<Vec<_>>()).ends(1);
    let expected: Vec<String> = (0..40).map(|number| format!("user{number}@example.com")).collect();
    assert_eq!(stored(&place, "email"), expected);
    assert_eq!(place.number("customers.db", "SELECT max(import_file) FROM customers"), 40);
    let summary = place.json(&format!("{FIRST}/summary.json"));
    let reports: Vec<&str> =
        summary["inputs"].as_array().unwrap().iter().map(|one| one["rejects"].as_str().unwrap()).collect();
    assert_eq!(reports[..3], ["input.rejects.csv", "input-2.rejects.ndjson", "input-3.rejects.csv"]);
    for (number, report) in reports.iter().enumerate() {
        let text = place.text(&format!("{FIRST}/{report}"));
        assert!(text.contains("invalid-email"), "{number}: {report}");
    }
    assert_eq!(reports.iter().collect::<std::collections::BTreeSet<_>>().len(), 40);
}

#[test]
fn a_header_alone_is_no_fault() {
    for (name, bytes) in [
        ("plain.csv", b"email;name\n".to_vec()),
        ("without end.csv", b"email;name".to_vec()),
        ("utf16.csv", encoded("email;name\r\n", "utf-16le with BOM")),
        ("gzip.csv", compressed(b"email;name\n", "gzip")),
        ("book.xlsx", xlsx(&table(&[["email", "name"]]))),
        ("array.json", b"[]".to_vec()),
        ("lines.ndjson", b"".to_vec()),
    ] {
        let place = Place::new();
        place.write(name, bytes);
        place.run(&["import", name, "--profile", "contact"]).ends(0);
        assert_has(&place.json(&format!("{FIRST}/summary.json")), &json!({"read": 0, "accepted": 0}), name);
    }
    for (name, bytes) in [
        ("empty.csv", Vec::new()),
        ("blank.csv", b"\n\r\n,,\n".to_vec()),
        ("marked.csv", b"\xef\xbb\xbf".to_vec()),
        ("empty.gz", compressed(b"", "gzip")),
        ("empty.xlsx", xlsx(&Vec::new())),
    ] {
        refused(name, &bytes, &[], &["empty"]);
    }
}

#[test]
fn zip_codes_that_lost_their_zeros_are_warned_of() {
    let place = Place::new();
    place.write(
        "input.csv",
        "email,state,zip,country\na@example.com,MA,2134,\nb@example.com,NJ,7030,US\n\
                              c@example.com,MA,02134,\nd@example.com,CA,9021,\ne@example.com,MA,2134,NL\n",
    );
    let done = place.custload("import input.csv --profile contact").ends(0);
    let summary = place.json(&format!("{FIRST}/summary.json"));
    assert_eq!(summary["short_zips"], json!({"records": 2, "first_file": "input.csv", "first_line": 2}));
    assert!(format!("{}{}", done.stdout, done.stderr).to_lowercase().contains("zip"), "{}", done.stdout);
    assert_eq!(stored(&place, "postal_code")[0], "2134");
}

#[test]
fn inspect_shows_it_all() {
    let place = Place::new();
    place.write("in put.csv", "E-Mail;Name;Colour;Cuontry\nann@example.com;Ann Smith;red;DE\nno;Bo Brown;;FR\n");
    let page = place.run(&["inspect", "in put.csv"]).ends(0).stdout;
    for piece in [
        "in put.csv: CSV, semicolon, UTF-8",
        "Profile contact",
        "contact fits, 2 fields",
        "none; is it country?",
        "ann@example.com · no",
        "50%",
        "invalid-email",
        "line 3",
        "name=Ann Smith",
        "custload import 'in put.csv' --profile contact",
    ] {
        assert!(page.contains(piece), "{piece:?} is missing in:\n{page}");
    }
    let json: Value = serde_json::from_str(&place.run(&["inspect", "in put.csv", "--json"]).ends(0).stdout).unwrap();
    assert_eq!(json["profile"], "contact");
    assert_eq!(json["columns"][0], json!({"header": "E-Mail", "field": "email", "how": "name"}));
    assert_eq!(json["content"][3]["proposal"], "country");
    assert_has(&json["content"][2], &json!({"filled": 1, "examples": ["red"]}), "Colour");
    assert_eq!(json["first_records"].as_array().unwrap().len(), 1);
    assert_eq!(json["rejects_by_code"]["invalid-email"]["first_line"], 3);
    // What no run could begin with, is shown too, and the exit status is that of the run.
    place.write("odd.csv", "colour,size\nred,1\n");
    let done = place.run(&["inspect", "odd.csv"]).ends(2);
    assert!(done.stdout.contains("colour") && done.stdout.contains("No profile"), "{}", done.stdout);
    let long: String = (0..3000).map(|number| format!("user{number}@example.com,Ann Smith\n")).collect();
    place.write("long.csv", format!("{CONTACT}{long}"));
    let json: Value = serde_json::from_str(&place.run(&["inspect", "long.csv", "--json"]).ends(0).stdout).unwrap();
    assert_eq!((&json["accepted"], json["first_records"].as_array().unwrap().len()), (&json!(1000), 5));
    assert_eq!(json["content"][0]["examples"].as_array().unwrap().len(), 3);
}

/// The examples that `inspect` shows come from a file, and a terminal must not act on them.
#[test]
fn inspect_shows_nothing_that_a_terminal_acts_on() {
    let place = Place::new();
    place.write("input.csv", "email,no\u{1b}[31mte,na\u{202e}me\nann@example.com,\u{1b}]0;x\u{7},Ann\u{9b}31m Smith\n");
    for args in [
        &["inspect", "input.csv", "--profile", "contact"][..],
        &["inspect", "input.csv", "--profile", "contact", "--json"],
    ] {
        let done = place.run(args).ends(0);
        for printed in [&done.stdout, &done.stderr] {
            assert!(!printed.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\u{7}']), "{printed:?}");
        }
    }
}

#[test]
fn a_mapping_that_inspect_writes_loads() {
    let odd = "E-Mail,\"No\"\"te\"\"rs\",Full Name,a=b,Ort \u{7f}x,First Name,Last Name\nann@example.com,x,Ann Smith,1,Bonn,A,B\n";
    let parts = "Email,First Name,Last Name,Phone,Telephone\nann@example.com,Ann,Smith,5417543010,1\n";
    let nested =
        "{\"email\":\"ann@example.com\",\"address\":{\"city\":\"Bonn\"},\"Full Name\":\"Ann Smith\",\"x.y\":1}\n";
    for (name, bytes) in [
        ("odd.csv", odd.as_bytes().to_vec()),
        ("parts.csv", parts.into()),
        ("nested.ndjson", nested.into()),
        ("array.json", format!("[{}]", nested.trim()).into()),
        ("book.xlsx", xlsx(&table(&[["E-Mail", "", "Full Name"], ["ann@example.com", "x", "Ann Smith"]]))),
    ] {
        let place = Place::new();
        place.write(name, bytes);
        let options = ["--profile", "contact", "--write-mapping", "map.toml"];
        place.run(&[&["inspect", name], &options[..]].concat()).ends(0);
        // The rejects are for the object that stands where a text should.
        let load = |more: &[&str], database: &str| {
            let args = ["import", name, "--profile", "contact", "--db", database];
            let done = place.run(&[&args[..], more].concat());
            assert!(matches!(done.status, Some(0 | 1)), "{}", done.stderr);
            place.column(database, "SELECT email || coalesce(name, '') || coalesce(phone, '') FROM customers")
        };
        let without = load(&[], "without.db");
        assert_eq!(load(&["--mapping", "map.toml"], "with.db"), without, "{name}:\n{}", place.text("map.toml"));
        assert!(name.contains("nested") || name.contains("array") || without.len() == 1, "{name}: {without:?}");
        // Nobody's mapping is written over.
        place.run(&[&["inspect", name], &options[..]].concat()).ends(2).says(&["map.toml", "exists"]);
    }
}

/// A cell of letters that windows-1252 has, with all that means something in CSV.
fn cell() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "Z", "7", "é", "ß", "Þ", "€", "’", "ž", "\"", "\"\"", ",", ";", "\t", "|", "\n", "\r\n", "'", "=", "\\",
        "/", "[", "{", ":", "#", "a b", "x, y",
    ]);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| {
        let text = pieces.concat();
        text.trim_matches([' ', '\t', '\n', '\r']).to_string()
    })
}

/// A table of customers with e-mail address and name, and up to four columns of any text.
fn any_table() -> impl Strategy<Value = Table> {
    let row = || (prop::collection::vec(cell(), 4), "[a-zé]{1,9}");
    (0..5usize, 0..6usize, prop::collection::vec(row(), 1..8)).prop_map(|(columns, place, rows)| {
        let header = ["name", "contact_name", "custom_1", "custom_2", "custom_20"][..=columns].iter();
        let mut table: Table = vec![header.map(ToString::to_string).collect()];
        table.extend(rows.into_iter().map(|(cells, name)| [vec![name], cells].concat()[..=columns].to_vec()));
        for (number, row) in table.iter_mut().enumerate() {
            let email = if number == 0 { "email".to_string() } else { format!("user{number}@example.com") };
            row.insert(place.min(row.len()), email);
        }
        table
    })
}

/// What is stored of a table.
fn normalised(table: &Table) -> Table {
    let cell = |cell: &String| {
        let cell = cell.split_whitespace().collect::<Vec<_>>().join(" ");
        // A formula that is a text alone is that text.
        let quoted =
            cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).map(|text| text.replace("\"\"", "\0"));
        let text = quoted.filter(|text| !text.contains('"')).map(|text| text.replace('\0', "\"").trim().to_string());
        match text.unwrap_or(cell) {
            text if text.is_empty() || text == "\\N" => "NULL".to_string(),
            text => text,
        }
    };
    table[1..].iter().map(|row| row.iter().map(cell).collect()).collect()
}

/// The files of a table: every dialect in every encoding, compressed in turn, and the other formats.
fn files_of(table: &Table, encodings: &[&str]) -> Vec<(String, Vec<u8>)> {
    let compressions = ["none", "gzip", "zstd", "bzip2", "xz", "zip"];
    let (mut texts, mut files) = (Vec::new(), Vec::new());
    for delimiter in [',', ';', '\t', '|'] {
        for quotes_all in [false, true] {
            for end in ["\n", "\r\n"] {
                texts.push((
                    format!("{delimiter:?}-{quotes_all}-{end:?}"),
                    csv(table, Dialect { delimiter, quotes_all, end }),
                ));
            }
        }
    }
    let array = json!(objects(table));
    texts.push(("lines".to_string(), ndjson(table)));
    texts.push(("array".to_string(), array.to_string()));
    texts.push(("pretty".to_string(), serde_json::to_string_pretty(&array).unwrap()));
    for (number, (name, text)) in texts.iter().enumerate() {
        for (turn, encoding) in encodings.iter().enumerate() {
            let kind = compressions[(number + turn) % compressions.len()];
            let name = name.replace(['"', '\'', '\\', '|'], "_");
            files.push((format!("{name} {encoding} {kind}"), compressed(&encoded(text, encoding), kind)));
        }
    }
    files
}

fn assert_come_back(table: &Table, files: &[(String, Vec<u8>)], options: &[&str]) -> Result<(), TestCaseError> {
    let place = Place::new();
    let mut args = vec!["import", "--profile", "billing", "--key", "none", "--quiet", "--db", "customers.db"];
    args.extend(options);
    for (name, bytes) in files {
        place.write(name, bytes);
        args.push(name);
    }
    let done = place.run(&args);
    prop_assert_eq!(done.status, Some(0), "{}{:?}", done.stderr, place.names());
    let expected: Vec<String> = normalised(table).iter().map(|row| row.join("|")).collect();
    let cells: Vec<String> = table[0].iter().map(|column| format!("coalesce({column}, 'NULL')")).collect();
    for (number, (name, _)) in files.iter().enumerate() {
        let sql = format!(
            "SELECT {} FROM customers WHERE import_file = {} ORDER BY customer_id",
            cells.join(" || '|' || "),
            number + 1
        );
        prop_assert_eq!(&place.column("customers.db", &sql), &expected, "{}", name);
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 24, failure_persistence: None, max_shrink_iters: 100, ..Config::default() })]

    #[test]
    fn a_table_comes_back_from_every_form(table in any_table()) {
        let marked = ["utf-8", "utf-8 with BOM", "utf-16le with BOM", "utf-16be with BOM", "utf-16le", "utf-16be"];
        let mut files = files_of(&table, &marked);
        files.push(("book.xlsx".to_string(), xlsx(&table)));
        files.push(("book.xlsx.zst".to_string(), compressed(&xlsx(&table), "zstd")));
        assert_come_back(&table, &files, &[])?;
        assert_come_back(&table, &files_of(&table, &["windows-1252"]), &["--encoding", "windows-1252"])?;
    }
}

/// More rows than a pipe holds, so that the child is at work long after the input was looked at.
#[test]
fn a_spreadsheet_of_many_rows_comes_whole() {
    const ROWS: u32 = 20_000;
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "email").unwrap();
    sheet.write(0, 1, "description").unwrap();
    for row in 1..=ROWS {
        sheet.write(row, 0, format!("customer{row}@example.com")).unwrap();
        sheet.write(row, 1, "A customer of many years, and a good one").unwrap();
    }
    let place = Place::new();
    place.write("book.xlsx", book.save_to_buffer().unwrap());
    place.custload("import book.xlsx --profile contact --quiet").ends(0);
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), i64::from(ROWS));
}

/// What inspect writes loads as it is, and gives what the file gives without it.
#[test]
fn a_mapping_file_that_was_written_changes_nothing() {
    for header in ["email,First Name,Last Name,x,x", "E-Mail,email_address,Customer Name,Notes,City"] {
        let place = Place::new();
        place.write("input.csv", format!("{header}\nann@example.com,Ann,Smith,good,Bonn\n"));
        place.custload("inspect input.csv --profile contact --write-mapping map.toml").ends(0);
        let plain = place.custload("import input.csv --profile contact --db plain.db --quiet").status;
        let mapped =
            place.custload("import input.csv --profile contact --db mapped.db --mapping map.toml --quiet").status;
        assert_eq!(plain, mapped, "{header}");
        let sql = "SELECT coalesce(name, '') || '|' || email || '|' || coalesce(city, '') FROM customers";
        assert_eq!(place.column("plain.db", sql), place.column("mapped.db", sql), "{header}");
    }
}

/// However many elements are broken, the others load, and each is named by its line.
#[test]
fn many_slips_in_an_array_cost_themselves_alone() {
    let place = Place::new();
    let element = |number: usize| {
        let quote = if number < 30 { "" } else { "\"" };
        format!("  {{\n    \"email\": \"c{number}@example.com{quote},\n    \"city\": \"Bonn\"\n  }}")
    };
    let elements: Vec<String> = (0..100).map(element).collect();
    place.write("input.json", format!("[\n{}\n]\n", elements.join(",\n")));
    place.custload("import input.json --profile contact --quiet").ends(1);
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 70);
    let lines: Vec<u64> = fault_lines(&place, FIRST).iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, (0..30).map(|number| 2 + 4 * number).collect::<Vec<u64>>());
}

/// The first records are wrong as easily as the last, and only the end of compressed data says whether they are.
#[test]
fn a_limit_does_not_keep_damage_from_being_found() {
    let mut text = "email,name\n".to_string();
    let mut state = 7_u64;
    for n in 0..60_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        writeln!(text, "a{n}.{state:x}@x.example,Ann Smith").unwrap();
    }
    let place = Place::new();
    for kind in COMPRESSIONS {
        let mut bytes = compressed(text.as_bytes(), kind);
        place.write("whole", &bytes);
        place.custload("check whole --profile contact --limit 10").ends(0);
        let at = bytes.len() * 3 / 4;
        bytes[at] ^= 1;
        place.write("damaged", &bytes);
        place.custload("import damaged --db damaged.db --profile contact --limit 10").ends(2).says(&["damaged"]);
        assert!(!place.path("damaged.db").exists(), "{kind}");
    }
}
