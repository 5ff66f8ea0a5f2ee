//! Reject reports as people load them again: by the command that the run prints, with whatever options, and corrected badly.

use std::process::Command;

use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::support::{Done, PROGRAM, Place, read_csv, write_csv};

const FIRST: &str = "customers.db.imports/run-000001";
const SECOND: &str = "customers.db.imports/run-000002";

/// Runs a line as a shell would, with the program under its name.
fn shell(place: &Place, line: &str) -> Done {
    let folder = std::path::Path::new(PROGRAM).parent().unwrap().to_str().unwrap().to_string();
    let path = [folder, std::env::var("PATH").unwrap_or_default()].join(":");
    let done = Command::new("sh").args(["-c", line]).current_dir(place.root()).env("PATH", path).output().unwrap();
    Done::new(&done)
}

/// The commands that a run prints for its reject reports.
fn printed(done: &Done) -> Vec<String> {
    let lines = done.stdout.lines().filter_map(|line| line.strip_prefix("  custload "));
    lines.map(|line| format!("custload {line}")).collect()
}

fn customers(place: &Place, columns: &str) -> Vec<String> {
    let columns: Vec<String> = columns.split(',').map(|column| format!("ifnull({column}, '-')")).collect();
    let sql = format!("SELECT {} FROM customers ORDER BY customer_id", columns.join(" || '|' || "));
    place.column("customers.db", &sql)
}

/// Whatever was said of how the input is written, the printed command loads what was corrected in its report, as it is printed.
#[test]
fn the_printed_command_loads_the_report() {
    let latin = b"email;name\nann@example.com;Ann\nno;J\xFCrgen\n".to_vec();
    let utf16: Vec<u8> = "\u{feff}email,name\nno,Jürgen\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let long = format!("email,name,notes\nno,Jürgen,{}\n", "x\"".repeat(600_000));
    let cases: [(&str, Vec<u8>, &str); 16] = [
        ("a.csv", "ann@example.com,Ann\nno,Jürgen\n".into(), "--no-header --columns email,name"),
        ("a.csv", "ann@example.com;Ann\nno;Jürgen\n".into(), "--columns email,name"),
        ("a.csv", "email,name\nno,Jürgen\n".into(), "--delimiter ,"),
        ("a.csv", "email name\nno Jürgen\n".into(), "--delimiter ' '"),
        ("a.csv", "email_name\nno_Jürgen\n".into(), "--delimiter _"),
        ("a.csv", "x\ny\nemail,name\nno,Jürgen\n".into(), "--header-line 3"),
        ("a.csv", latin.clone(), "--encoding windows-1252"),
        ("a.csv", latin, "--encoding windows-1252 --delimiter ';' --header-line 1 --format csv"),
        ("a.csv", utf16, "--encoding utf-16le"),
        ("a.txt", "{\"email\":\"no\",\"name\":\"Jürgen\"}".into(), "--format ndjson"),
        ("a.txt", "[{\"email\":\"no\",\"name\":\"Jürgen\"}]".into(), "--format json"),
        ("a.csv", "Mail,name\nno,Jürgen\n".into(), "--map Mail=email --null-token '#' --relax name --key email"),
        ("a.csv", "email,name,x\nno,Jürgen\n".into(), "--short-rows pad --unknown-columns warn"),
        ("a.csv", long.into(), "--max-record-bytes 2000000"),
        ("a b;'.csv", "email,name\nno,Jürgen\n".into(), "--limit 1"),
        ("-a.csv", "email,name\nno,Jürgen\n".into(), "--max-inflated-ratio 9"),
    ];
    for (name, bytes, options) in cases {
        let place = Place::new();
        place.write(name, bytes);
        let quoted = name.replace('\'', "'\\''");
        let done = shell(&place, &format!("custload import './{quoted}' --profile contact {options}"));
        let commands = printed(&done.ends(1));
        let [command] = commands.as_slice() else { panic!("{options}: {commands:?}") };
        let ending = if bytes_are_json(&place, name) { "ndjson" } else { "csv" };
        let stem = name.rsplit_once('.').unwrap().0;
        let report = format!("{FIRST}/{stem}.rejects.{ending}");
        let corrected = place.text(&report).replacen("no", "jay@example.com", usize::from(ending != "csv"));
        let corrected = corrected.replace("\nno", "\njay@example.com");
        place.write(
            &report,
            corrected.replace(&"x\"".repeat(600_000), "short").replace(&"x\"\"".repeat(600_000), "short"),
        );
        let done = shell(&place, command);
        assert_eq!(done.status, Some(0), "{options}: {command}\n{}\n{}", done.stdout, done.stderr);
        let stored = customers(&place, "email,name");
        assert_eq!(stored.last().map(String::as_str), Some("jay@example.com|Jürgen"), "{options}: {stored:?}");
    }
}

fn bytes_are_json(place: &Place, name: &str) -> bool {
    std::fs::read(place.path(name)).unwrap().contains(&b'{')
}

/// The same command as for the input is no worse: a report says itself how it is written.
#[test]
fn what_was_said_of_the_input_does_not_harm_its_report() {
    for options in [
        "--no-header --columns email,name",
        "--header-line 2",
        "--delimiter ;",
        "--encoding windows-1252",
        "--encoding utf-16le",
        "--format ndjson",
        "--format spreadsheet --sheet 2",
        "--map Nowhere=phone",
    ] {
        for bom in ["", "\u{feff}"] {
            let place = Place::new();
            place.write("a.csv", format!("{bom}email,name\nno,Jürgen\n"));
            place.custload("import a.csv --profile contact").ends(1);
            let report = format!("{FIRST}/a.rejects.csv");
            place.write(&report, place.text(&report).replace("\nno,", "\njay@example.com,"));
            place.custload(&format!("import {report} --profile contact {options}")).ends(0);
            assert_eq!(customers(&place, "email,name"), ["jay@example.com|Jürgen"], "{options}");
        }
    }
}

/// A dirty file in some dialect: its bytes, what separates its cells, and the options that say how it is read.
fn dirty_file() -> impl Strategy<Value = (Vec<u8>, char, Vec<String>)> {
    let cell = prop_oneof![
        4 => prop::sample::select(vec![
            "Ann", "=1+1", "'=1", "＝1", "x,=1", "x;+1", "a,b", "a;b", "a|b", "a\tb", "5\" disk", "it's", "'a'", "\"a\"b", "\"open",
            "'open", "two\nlines", "\"two\nlines\"", "\"two\nlines\"x", "back\\slash", "\\\"x", "Jürgen", "", " ", "\u{1}", "NUL\0", "\\N",
            "ann@example.com", "no@", "\u{a0}", " \"x\"", "_reject_raw", "1-0a1b2c3d",
        ]).prop_map(String::from),
        1 => "[a'\"=,;|\\\\ é\t]{0,7}",
    ];
    let line = prop::collection::vec(cell, 1..8);
    let lines = prop::collection::vec(line, 1..20);
    let delimiter = prop::sample::select(vec![',', ';', '\t', '|', ' ', '=']);
    let quoting = prop::sample::select(vec!["", "--quote '", "--quote none", "--escape backslash"]);
    let encoding = prop::sample::select(vec!["utf-8", "windows-1252", "utf-16le"]);
    let end = prop::sample::select(vec!["\n", "\r\n", "\r"]);
    (lines, delimiter, quoting, encoding, end, any::<bool>()).prop_map(
        |(lines, delimiter, quoting, encoding, end, bom)| {
            let join = |cells: &[String]| cells.join(&delimiter.to_string());
            let header = ["email", "name", "notes", "phone", "unknown"].map(String::from);
            let lines: Vec<String> =
                std::iter::once(join(&header)).chain(lines.iter().map(|line| join(line))).collect();
            let text = lines.join(end);
            let bom = if bom && encoding != "windows-1252" { "\u{feff}" } else { "" };
            let bytes = match encoding {
                "utf-16le" => format!("{bom}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
                "windows-1252" => {
                    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect()
                }
                _ => format!("{bom}{text}").into_bytes(),
            };
            let mut options = vec!["--encoding".to_string(), encoding.to_string(), format!("--delimiter={delimiter}")];
            options.extend(quoting.split_whitespace().map(String::from));
            (bytes, delimiter, options)
        },
    )
}

proptest! {
    #![proptest_config(Config { cases: 40, failure_persistence: None, max_shrink_iters: 200, ..Config::default() })]

    /// Whatever a file is and however it is written: its report, which nobody has touched, gives the same rejects and loads nothing;
    /// and where each record is corrected in its place, the cells that were corrected are loaded.
    #[test]
    fn a_report_gives_its_rejects_again((bytes, delimiter, options) in dirty_file()) {
        let place = Place::new();
        place.write("a.csv", bytes);
        let usual = ["--profile", "contact", "--rejects-ok", "--now", "2026-01-31T12:00:00Z"];
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let done = place.run(&[["import", "a.csv"].as_slice(), &usual, &options].concat());
        // Where nothing is loaded, that is no success.
        prop_assert!(matches!(done.status, Some(0 | 1)), "{}", done.stderr);
        let read = |run: u32, stem: &str| {
            let report = std::fs::read(place.path(&format!("customers.db.imports/run-{run:06}/{stem}.csv"))).unwrap();
            let mut reader = csv::ReaderBuilder::new().delimiter(delimiter as u8).from_reader(report.as_slice());
            let cells = |record: &csv::StringRecord| record.iter().map(String::from).collect::<Vec<_>>();
            let header = cells(reader.headers().unwrap());
            (report.clone(), header, reader.records().map(|record| cells(&record.unwrap())).collect::<Vec<_>>())
        };
        let (report, header, mut rows) = read(1, "a.rejects");
        let rejected = place.number("customers.db", "SELECT rejected FROM import_runs");
        prop_assert_eq!((rows.len() as i64, header.len()), (rejected, 13));
        place.write("b.csv", report);
        let done = place.run(&[["import", "b.csv"].as_slice(), &usual].concat());
        prop_assert!(matches!(done.status, Some(0 | 1)), "{}", done.stderr);
        let (_, again_header, again) = read(2, "b.rejects");
        let without_messages = |rows: &[Vec<String>]| rows.iter().map(|row| [&row[..10], &row[11..]].concat()).collect::<Vec<_>>();
        prop_assert_eq!(again_header, &header[..]);
        prop_assert_eq!(without_messages(&again), without_messages(&rows));
        prop_assert_eq!(place.number("customers.db", "SELECT accepted FROM import_runs WHERE run_id = 2"), 0);

        for (number, row) in rows.iter_mut().enumerate() {
            let own = [format!("new{number}@example.com"), "Ann".into(), String::new(), "0351123".into(), "x".into()];
            match row[12].is_empty() {
                true => row[..5].clone_from_slice(&own),
                false => row[12] = own.join(&delimiter.to_string()),
            }
        }
        place.write("c.csv", write_csv(&header, &rows));
        let done = place.run(&[["import", "c.csv", "--force"].as_slice(), &usual[..2]].concat());
        prop_assert_eq!(done.status, Some(0), "{}\n{}", done.stdout, done.stderr);
        let loaded = "SELECT email || '|' || name || '|' || ifnull(description, '') || '|' || phone FROM customers \
            WHERE import_run = 3 ORDER BY customer_id";
        let expected = (0..rows.len()).map(|number| format!("new{number}@example.com|Ann||0351123"));
        prop_assert_eq!(place.column("customers.db", loaded), expected.collect::<Vec<_>>());
    }
}

/// Of several inputs with one map, not each has every header that it names.
#[test]
fn a_map_may_name_what_a_report_lacks() {
    let place = Place::new();
    place.write("a.csv", "Mail,name\nno,Ann\n");
    place.write("b.csv", "email,Wer\nno,Bob\n");
    let done = place.custload("import a.csv b.csv --profile contact --map Mail=email --map Wer=name").ends(1);
    let commands = printed(&done);
    assert_eq!(commands.len(), 2);
    for (command, name) in commands.iter().zip(["a", "b"]) {
        let report = format!("{FIRST}/{name}.rejects.csv");
        place.write(&report, place.text(&report).replace("\nno,", &format!("\n{name}@example.com,")));
        shell(&place, command).ends(0);
    }
    assert_eq!(customers(&place, "email,name"), ["a@example.com|Ann", "b@example.com|Bob"]);
    // Of an input it is a slip still.
    place.custload("import a.csv --profile contact --map Mail=email --map Nowhere=name").ends(2);
}

/// A row that a person has broken keeps the record alone, as it was, and stays a reject until it is right.
#[test]
fn a_row_that_is_broken_again_keeps_its_record() {
    // The record as it is in the report, as a person makes it, its code, and what then stands in `_reject_raw`.
    for (right, wrong, code, own) in [
        ("=no,Ann,x", "=no,Ann,x,y", "extra-cell", "''=no,Ann,x,y"),
        ("no,Ann,x", "no,Ann", "missing-cell", "no,Ann"),
        ("no,Ann,x", "no,\"An\"n,x", "malformed-quote", "no,\"An\"n,x"),
        ("no,Ann,x", "no,\"Ann,x", "unterminated-quote", "no,\"Ann,x"),
        ("no,Ann,x", "no,\"a,b\",c,d", "extra-cell", "no,\"a,b\",c,d"),
        ("no,Ann,x", "jay@example.com,Jay,Bonn,x", "extra-cell", "jay@example.com,Jay,Bonn,x"),
    ] {
        let place = Place::new();
        place.write("a.csv", format!("email,name,city\n{right}\n"));
        place.custload("import a.csv --profile contact").ends(1);
        let report = place.text(&format!("{FIRST}/a.rejects.csv"));
        let right = right.replace('=', "'=");
        let wrong = wrong.replace('=', "'=");
        assert!(report.contains(&format!("\n{right},1-")), "{report}");
        place.write("b.csv", report.replace(&format!("\n{right},1-"), &format!("\n{wrong},1-")));
        place.custload("import b.csv --profile contact").ends(1);
        let broken = format!("{SECOND}/b.rejects.csv");
        for round in 3..5 {
            let (_, rows) = place.table(&broken);
            let row: Vec<&str> = rows[0].iter().map(String::as_str).collect();
            assert_eq!((rows.len(), &row[..3]), (1, ["", "", ""].as_slice()), "{row:?}");
            assert!(row[3].starts_with("1-") && row[4..7] == ["a.csv", "1", "2"], "{row:?}");
            assert_eq!((row[7], row[10]), (code, own), "{row:?}");
            // Nobody has touched it.
            place.custload(&format!("import {broken} --profile contact --force")).ends(1);
            let again = format!("customers.db.imports/run-{round:06}/b.rejects.rejects.csv");
            let (_, again) = place.table(&again);
            assert_eq!((&again[0][..8], &again[0][9..]), (&rows[0][..8], &rows[0][9..]));
        }
        // It is corrected where it stands.
        let (header, mut rows) = place.table(&broken);
        rows[0][10] = "jay@example.com,Jay,'=Bonn".into();
        place.write("c.csv", write_csv(&header, &rows));
        place.custload("import c.csv --profile contact --relax all").ends(0);
        let stored = customers(&place, "email,name,city");
        assert_eq!(stored, ["jay@example.com|Jay|=Bonn"], "{wrong}");
    }
}

/// A row that a person has added, and one whose own columns it has emptied, are rows; one in which cells have moved is none, also
/// where rows may be short and empty cells may follow.
#[test]
fn cells_do_not_move_into_the_reports_columns_or_out_of_them() {
    let rows: [(&str, bool); 10] = [
        ("jay@example.com,Jay,Bonn,1-0a1b2c3d,a.csv,1,2,invalid-email,why,,", true),
        ("jay@example.com,Jay,Bonn,,,,,,,,", true),
        ("jay@example.com,Jay,Bonn,,,,,,a note,,", true),
        ("jay@example.com,Jay,Bonn,1-0a1b2c3d,a.csv,1,2,a-later-code,why,,", true),
        ("jay@example.com,Jay,Bonn,1-0a1b2c3d,a.csv,1,2,invalid-email,why,,,,,", true),
        ("jay@example.com,Jay,Main,Bonn,1-0a1b2c3d,a.csv,1,2,invalid-email,why,", false),
        ("jay@example.com,Jay,Bonn,,1-0a1b2c3d,a.csv,1,2,invalid-email,why,", false),
        ("jay@example.com,Jay,Main,Bonn,,,,,,,", false),
        ("jay@example.com,Jay,1-0a1b2c3d,a.csv,1,2,invalid-email,why,,", false),
        ("jay@example.com,Jay,,a.csv,1,2,invalid-email,why,,", false),
    ];
    for (row, is_loaded) in rows {
        for options in ["", "--short-rows pad"] {
            let place = Place::new();
            let header = "email,name,city,_reject_run,_reject_file,_reject_record,_reject_line,_reject_codes,_reject_messages,_reject_dialect,_reject_raw";
            place.write("a.csv", format!("{header}\n{row}\n"));
            place.custload(&format!("import a.csv --profile contact {options}")).ends(i32::from(!is_loaded));
            let found = place.number("customers.db", "SELECT count(*) FROM customers WHERE city = 'Bonn'");
            assert_eq!(found, i64::from(is_loaded), "{row} {options}");
        }
    }
}

/// A spreadsheet cuts a long cell without a word: the last value of the record would be another.
#[test]
fn a_raw_record_that_a_spreadsheet_has_cut_is_not_loaded() {
    for (limit, is_loaded) in [(32_766, true), (32_767, false), (32_768, true), (65_535, false)] {
        let place = Place::new();
        place.write("a.csv", format!("email,name,notes\njay@example.com,Jay,{},x\n", "é".repeat(10_000)));
        place.custload("import a.csv --profile basic").ends(1);
        let (header, mut rows) = place.table(&format!("{FIRST}/a.rejects.csv"));
        let start = "jay@example.com,Jay,";
        let units = if limit > 40_000 { "x".repeat(limit - start.len()) } else { "é".repeat(limit - start.len()) };
        rows[0][10] = [start, &units].concat();
        place.write("b.csv", write_csv(&header, &rows));
        place.custload("import b.csv --profile basic").ends(i32::from(!is_loaded));
    }
}

/// A report of the first version has four columns, and its cells are read as ever.
#[test]
fn an_old_report_loads() {
    let place = Place::new();
    let header = "email,name,_reject_line,_reject_codes,_reject_messages,_reject_raw";
    place.write(
        "a.csv",
        format!("{header}\njay@example.com,'=Jay,2,invalid-email,why,\n,,3,extra-cell,why,\"a,b,c\"\n"),
    );
    place.custload("import a.csv --profile contact --relax all --columns x,y --delimiter ;").ends(1);
    assert_eq!(customers(&place, "email,name"), ["jay@example.com|=Jay"]);
    let (_, rows) = place.table(&format!("{FIRST}/a.rejects.csv"));
    assert_eq!(
        (rows.len(), rows[0][6].as_str(), rows[0][8].as_str(), rows[0][9].as_str()),
        (1, "extra-cell", "", "a,b,c")
    );
}

/// Where it cannot be told what is the record's and what the report's, a person has to fill in the cells.
#[test]
fn a_row_that_cannot_be_told_apart_stays_a_reject() {
    let place = Place::new();
    place.write("a.csv", "email,name\nno,Ann\n");
    place.custload("import a.csv --profile contact").ends(1);
    let report = place.text(&format!("{FIRST}/a.rejects.csv"));
    let (header, row) = report.split_once('\n').unwrap();
    let cut_short = row.split(',').take(2).collect::<Vec<_>>().join(",").replace("no", "jay@example.com");
    let longer = format!("{},a note", row.trim_end().replace("no,", "jay@example.com,"));
    for broken in [cut_short, longer] {
        place.write("b.csv", format!("{header}\n{broken}\n"));
        place.custload("import b.csv --profile contact --force").ends(1);
        for _ in 0..2 {
            let run = place.number("customers.db", "SELECT max(run_id) FROM import_runs");
            let folder = format!("customers.db.imports/run-{run:06}");
            let report =
                place.names().into_iter().find(|name| name.starts_with(&folder) && name.ends_with("rejects.csv"));
            place.custload(&format!("import {} --profile contact --force", report.unwrap())).ends(1);
        }
        assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 0, "{broken}");
    }
}

/// The same of a line of JSON.
#[test]
fn a_line_that_is_broken_again_keeps_its_record() {
    for (wrong, code, own) in [
        ("{\"email\":\"no\" \"name\":\"Ann\"", "invalid-json", "{\"email\":\"no\" \"name\":\"Ann\"}"),
        ("{\"email\":\"a\",\"email\":\"b\"", "repeated-json-key", "{\"email\":\"a\",\"email\":\"b\"}"),
    ] {
        let place = Place::new();
        place.write("a.ndjson", "{\"email\":\"no\",\"name\":\"Ann\"}\n");
        place.custload("import a.ndjson --profile contact").ends(1);
        let report = place.text(&format!("{FIRST}/a.rejects.ndjson"));
        place.write("b.ndjson", report.replace("{\"email\":\"no\",\"name\":\"Ann\"", wrong));
        place.custload("import b.ndjson --profile contact").ends(1);
        let line = place.objects(&format!("{SECOND}/b.rejects.ndjson")).remove(0);
        assert_eq!(line.as_object().unwrap().len(), 1, "{line}");
        let reject = &line["_reject"];
        assert_eq!(
            (&reject["raw"], &reject["codes"][0], &reject["file"]),
            (&own.into(), &code.into(), &"a.ndjson".into())
        );
        assert_eq!((&reject["record"], &reject["line"]), (&1.into(), &1.into()));
        place.custload(&format!("import {SECOND}/b.rejects.ndjson --profile contact")).ends(1);
        let again = place.objects("customers.db.imports/run-000003/b.rejects.rejects.ndjson").remove(0);
        assert_eq!((&again["_reject"]["raw"], &again["_reject"]["run"]), (&reject["raw"], &reject["run"]));
    }
}

/// A value may be anything, also many characters that no text has.
#[test]
fn a_report_with_nuls_is_a_report() {
    for (input, name) in [
        (format!("email,name\nno,\"{}\"\n", "\0".repeat(5000)), "a.csv"),
        (format!("email,name\nno,\"{}\"\n", "a\0".repeat(5000)), "a.csv"),
        (format!("email,name\nno,a,{}\n", "\0".repeat(5000)), "a.csv"),
    ] {
        let place = Place::new();
        place.write(name, format!("email,name\nann@example.com,Ann\n{}{}", "bob@,Bob\n".repeat(2000), &input[11..]));
        place.custload("import a.csv --profile contact").ends(1);
        let (header, rows) = place.table(&format!("{FIRST}/a.rejects.csv"));
        assert_eq!(rows.len(), 2001);
        place.write("b.csv", write_csv(&header, &rows[2000..]));
        place.custload("import b.csv --profile contact").ends(1);
        let (_, again) = place.table(&format!("{SECOND}/b.rejects.csv"));
        assert_eq!((&again[0][..8], &again[0][9..]), (&rows[2000][..8], &rows[2000][9..]));
    }
}

/// A column that is called as one of a report's by chance never gives a record that nobody wrote.
#[test]
fn a_name_of_a_report_is_no_way_in() {
    let place = Place::new();
    let evil = "\"evil@x.example,Evil,,\"";
    place.write("a.csv", format!("email,name,phone,_reject_raw\nann@example.com,Ann,,x\n,,,{evil}\n"));
    place.custload("import a.csv --profile contact").ends(1);
    assert_eq!(customers(&place, "email,name"), ["ann@example.com|Ann"]);
    // A record that looks like a report's header is a record, where the columns are named.
    let place = Place::new();
    place.write("a.csv", "ann@example.com,Ann\nname,email,_reject_line,_reject_codes,_reject_messages,_reject_raw\nbob@example.com,Bob\n");
    place.custload("import a.csv --profile contact --columns email,name").ends(1);
    assert_eq!(customers(&place, "email,name"), ["ann@example.com|Ann", "bob@example.com|Bob"]);
}

/// A report that a spreadsheet has saved as a workbook is read as what it was: a row of a workbook may be short, a record that
/// stands whole in it may not.
#[test]
fn a_report_may_come_back_as_a_workbook() {
    let place = Place::new();
    place.write("a.csv", "email,name\nno,Ann\njay@example.com\n");
    place.custload("import a.csv --profile contact").ends(1);
    let (header, rows) = read_csv(&std::fs::read(place.path(&format!("{FIRST}/a.rejects.csv"))).unwrap());
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip(std::iter::once(&header).chain(&rows)) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    place.write("a.xlsx", book.save_to_buffer().unwrap());
    place.custload("import a.xlsx --profile contact").ends(1);
    let (_, again) = place.table(&format!("{SECOND}/a.rejects.csv"));
    for (again, row) in again.iter().zip(&rows) {
        assert_eq!((&again[..7], &again[8..]), (&row[..7], &row[8..]));
    }
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 0);
}

/// A value is said whole once, in the reject report; what is said of each fault has a length of its own.
#[test]
fn reports_are_no_longer_than_they_must_be() {
    let place = Place::new();
    let long = "x\u{e9}".repeat(100_000);
    place.write("a.csv", format!("email,name,city\n{long},{long},{long}\n"));
    place.write("b.ndjson", format!("{{\"{long}\":1,\"{long}\":2,\"email\":\"no\"}}\n{{\"{long}\":\"\\ud800\"}}\n"));
    place.custload("import a.csv b.ndjson --profile contact").ends(1);
    let (_, rows) = place.table(&format!("{FIRST}/a.rejects.csv"));
    assert!(rows[0][..3].iter().all(|cell| *cell == long));
    assert!(rows[0][3..].iter().map(String::len).sum::<usize>() < 1000, "{:?}", &rows[0][3..]);
    let text = place.text(&format!("{FIRST}/errors.ndjson"));
    let faults = place.objects(&format!("{FIRST}/errors.ndjson"));
    assert!(faults.len() >= 5 && text.lines().all(|line| line.len() < 6000), "{} faults", faults.len());
    for fault in &faults {
        let value = fault["value"].as_str().unwrap();
        assert!(value.len() <= 4096 && value.len() > 4090, "{}", value.len());
        assert_eq!(fault["value_truncated"], true);
    }
    // One that is short enough is whole, and nothing is said.
    place.write("c.csv", format!("email,name\n{}\n", "y".repeat(4096) + ",Ann"));
    place.custload("import c.csv --profile contact").ends(1);
    let fault = place.objects(&format!("{SECOND}/errors.ndjson")).remove(0);
    assert_eq!((fault["value"].as_str().unwrap().len(), fault.get("value_truncated")), (4096, None));
}

/// What a fault costs in the reports does not depend on much: the shortest records there are have at most so many bytes each.
#[test]
fn the_shortest_records_have_short_reports() {
    let place = Place::new();
    place.write("a.csv", format!("email,name\n{}", "a\n".repeat(5000)));
    place.custload("import a.csv --profile contact").ends(1);
    let length = |name: &str| std::fs::metadata(place.path(&format!("{FIRST}/{name}"))).unwrap().len() / 5000;
    assert!(
        length("errors.ndjson") <= 230 && length("a.rejects.csv") <= 90,
        "{} {}",
        length("errors.ndjson"),
        length("a.rejects.csv")
    );
}

/// A run that is stopped for its rejects lists as many as say why, and no more; where the list ends does not depend on blocks and
/// threads.
#[test]
fn a_limit_on_rejects_bounds_the_reports() {
    let place = Place::new();
    let record = |number: u32| match number % 7 {
        0 => format!("c{number}@example.com,Ann,Narnia\n"),
        1 => format!("c{}@example.com,Ann,DE\n", number - 1),
        _ => format!("no{number},Ann,DE\n"),
    };
    place.write("a.csv", format!("email,name,country\n{}", (0..8000).map(record).collect::<String>()));
    let mut first = None;
    for options in ["--threads 1", "--threads 3 --block-size 1r", "--threads 2 --block-size 7000", "--block-size 4000r"]
    {
        let folder = options.replace([' ', '-'], "_");
        let reports = format!("{folder}/run");
        let line = format!(
            "import a.csv --profile contact --max-rejects 30 --db {folder}.db --reports {reports} --now 2026-01-31T12:00:00Z {options}"
        );
        let done = place.custload(&line).ends(3);
        assert!(
            done.stdout.contains("6857 rejected (the reports list the first 1030), but --max-rejects allows 30"),
            "{}",
            done.stdout
        );
        let summary = place.json(&format!("{reports}/summary.json"));
        assert_eq!((summary["read"].as_u64(), summary["rejected"].as_u64()), (Some(8000), Some(6857)));
        let files = ["errors.ndjson", "a.rejects.csv"].map(|name| place.text(&format!("{reports}/{name}")));
        assert_eq!(files[1].lines().count(), 1 + 1030);
        assert_eq!(files[0].lines().filter(|line| line.contains("\"error\"")).count(), 1030);
        assert_eq!(first.get_or_insert_with(|| files.clone()), &files, "{options}");
    }
    // All are listed where they are fewer, though too many.
    place.write("b.csv", format!("email\n{}", "no\n".repeat(900)));
    place.custload("import b.csv --profile contact --max-rejects 10 --db b.db --reports b").ends(3);
    assert_eq!(place.text("b/b.rejects.csv").lines().count(), 901);
}
