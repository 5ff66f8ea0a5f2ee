//! The reject report: nothing is lost in it, nothing in it changes, and what is mended in it loads.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::support::{CONTACT, NOW, Place, read_csv, write_csv};

/// The columns behind the input's own, and the places of some of them there.
const REPORT_COLUMNS: [&str; 8] = [
    "_reject_run",
    "_reject_file",
    "_reject_record",
    "_reject_line",
    "_reject_codes",
    "_reject_messages",
    "_reject_dialect",
    "_reject_raw",
];
const CODES: usize = 4;
const MESSAGES: usize = 5;
const DIALECT: usize = 6;
const RAW: usize = 7;

const FIRST: &str = "customers.db.imports/run-000001";
const SECOND: &str = "customers.db.imports/run-000002";

fn import(place: &Place, input: &str) {
    // In a file of few bytes, a broken one may look like another encoding.
    let utf8 = ["--encoding", "utf-8"];
    let options = [utf8[0], utf8[1], "--profile", "contact", "--now", NOW, "--rejects-ok"];
    let done = place.run(&[&["import", input], options.as_slice()].concat());
    // Where all are rejected, nothing is loaded.
    assert!(matches!(done.status, Some(0 | 1)), "{}", done.stderr);
}

/// `^'*[=+\-@\t\r]` (docs/reports.md, "Formula guard"), and the signs in full width, by hand.
fn is_run_by_a_spreadsheet(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}

fn without_guard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_run_by_a_spreadsheet(rest) => rest,
        _ => cell,
    }
}

/// The codes and the line of each rejected record in an `errors.ndjson`, by record.
fn codes(place: &Place, run: &str) -> Vec<(u64, Vec<String>)> {
    let mut codes: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for fault in place.objects(&format!("{run}/errors.ndjson")) {
        if fault["severity"] == "error" {
            let code = fault["code"].as_str().unwrap().to_string();
            codes.entry(fault["record"].as_u64().unwrap()).or_default().push(code);
        }
    }
    codes.into_iter().collect()
}

/// What must hold of every run: the sums, and the rows in the database.
fn assert_balanced(place: &Place, run: u64) {
    let summary = place.json(&format!("customers.db.imports/run-{run:06}/summary.json"));
    let sum = |counts: &Value| {
        let count = |key: &str| counts[key].as_u64().unwrap();
        assert_eq!(count("read"), count("accepted") + count("rejected") + count("blank"));
        [count("read"), count("accepted"), count("rejected"), count("blank")]
    };
    let inputs = summary["inputs"].as_array().unwrap();
    let total = inputs.iter().map(sum).fold([0; 4], |all, one| std::array::from_fn(|at| all[at] + one[at]));
    assert_eq!(sum(&summary), total);
    let rows = |sql: &str| place.number("customers.db", &format!("{sql} = {run}")) as u64;
    assert_eq!(rows("SELECT count(*) FROM customers WHERE import_run"), total[1]);
    for (column, expected) in ["read", "accepted", "rejected", "blank"].into_iter().zip(total) {
        assert_eq!(rows(&format!("SELECT sum({column}) FROM import_files WHERE run_id")), expected);
        assert_eq!(rows(&format!("SELECT {column} FROM import_runs WHERE run_id")), expected);
    }
}

/// A cell as a hostile file may hold it, not yet quoted.
fn cell() -> impl Strategy<Value = String> {
    let formula = prop::sample::select(vec![
        "=1+1", "'=1", "''=1", "+1 541", "-5", "@x", "\tx", "\rx", "'t Hooft", "'", "'\t", "＝1", "'＋1", "x;=1",
    ]);
    let nasty = prop::sample::select(vec![
        "\\N",
        "\\",
        "\\\\",
        "\\xFF",
        "a\\x41",
        "=\"x\"",
        "two\nlines",
        "two\r\nlines",
        "a,b",
        "5\" disk",
        "NUL\0",
        " padded ",
        "\u{202e}gpj",
        "é",
        "Ann Smith",
        "Germany",
        "",
    ]);
    prop_oneof![formula.prop_map(String::from), nasty.prop_map(String::from), "[a='\"\\\\,+@\t\r\n -]{0,6}"]
}

fn email() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (0..6u8).prop_map(|number| format!("ann{number}@example.com")),
        1 => (0..6u8).prop_map(|number| format!("ANN{number}@Example.com")),
        2 => cell(),
    ]
}

/// A record as it stands in a file: most are whole, some are not.
fn csv_record() -> impl Strategy<Value = Vec<u8>> {
    let quoted = |cell: &String| match cell.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    };
    let whole = (email(), prop::collection::vec(cell(), 4));
    let whole = whole.prop_map(move |(email, cells)| {
        let cells: Vec<String> = std::iter::once(&email).chain(&cells).map(quoted).collect();
        cells.join(",").into_bytes()
    });
    let broken = prop::sample::select(vec![
        b"x@example.com,\"a\"b,,,".to_vec(),
        b"x@example.com,\"never closed,,,".to_vec(),
        b"\"=never closed".to_vec(),
        b"x@example.com,M\xFCller,C:\\temp\\xFF,,".to_vec(),
        b"=1,too,few".to_vec(),
        b"'=1,one,two,many,,".to_vec(),
        b"+x,\"two\nlines\",and,one,too,many".to_vec(),
        b",,,,".to_vec(),
        b" ,,,,".to_vec(),
        b"x@example.com,5\" disk,=2,,".to_vec(),
    ]);
    prop_oneof![4 => whole, 2 => broken]
}

fn own_columns(rows: &[Vec<String>], count: usize) -> Vec<&[String]> {
    rows.iter().map(|row| &row[..count]).collect()
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() }
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn a_csv_report_loads_as_it_was(records in prop::collection::vec(csv_record(), 1..25), bom in any::<bool>()) {
        let place = Place::new();
        let mut input = if bom { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
        input.extend_from_slice(b"email,Name,=Description,Phone,unknown\n");
        for record in &records {
            input.extend_from_slice(record);
            input.push(b'\n');
        }
        place.write("input.csv", &input);
        import(&place, "input.csv");
        assert_balanced(&place, 1);
        let report = std::fs::read(place.path(&format!("{FIRST}/input.rejects.csv"))).unwrap();
        prop_assert_eq!(report.starts_with(b"\xEF\xBB\xBF"), bom);
        let (header, rows) = read_csv(&report);
        let own = ["email", "Name", "'=Description", "Phone", "unknown"];
        prop_assert_eq!(&header, &[own.as_slice(), &REPORT_COLUMNS].concat());
        let before = codes(&place, FIRST);
        let in_report: Vec<String> = rows.iter().map(|row| row[5 + CODES].clone()).collect();
        prop_assert_eq!(&in_report, &before.iter().map(|(_, codes)| codes.join(",")).collect::<Vec<_>>());
        prop_assert!(rows.iter().flatten().all(|cell| !is_run_by_a_spreadsheet(cell) || cell.starts_with('\'')));

        place.write("again.csv", &report);
        import(&place, "again.csv");
        assert_balanced(&place, 2);
        let after = codes(&place, SECOND);
        let all = |codes: &[(u64, Vec<String>)]| codes.iter().map(|(_, codes)| codes.clone()).collect::<Vec<_>>();
        prop_assert_eq!(all(&after), all(&before));
        prop_assert_eq!(after.len(), rows.len());
        let (again_header, again) = place.table(&format!("{SECOND}/again.rejects.csv"));
        prop_assert_eq!(again_header, header);
        prop_assert_eq!(own_columns(&again, 5), own_columns(&rows, 5));
        // All but the messages, which may say that something stands in the report.
        let said = |rows: &[Vec<String>]| {
            let said = |row: &Vec<String>| [&row[5..5 + MESSAGES], &row[5 + DIALECT..]].concat();
            rows.iter().map(said).collect::<Vec<_>>()
        };
        prop_assert_eq!(said(&again), said(&rows));
    }

    #[test]
    fn every_original_value_stands_unchanged_in_the_report(rows in prop::collection::vec(prop::collection::vec(cell(), 4), 1..20)) {
        // The e-mail is never one, so that every record is a reject and has its cells in the report.
        let place = Place::new();
        let header: Vec<String> = ["email", "name", "notes", "phone", "unknown"].map(String::from).to_vec();
        let rows: Vec<Vec<String>> =
            rows.into_iter().map(|row| [vec!["=no@".to_string()], row].concat()).collect();
        place.write("input.csv", write_csv(&header, &rows));
        import(&place, "input.csv");
        let (_, report) = place.table(&format!("{FIRST}/input.rejects.csv"));
        prop_assert_eq!(report.len(), rows.len());
        for (original, reported) in rows.iter().zip(&report) {
            for (original, reported) in original.iter().zip(reported) {
                match is_run_by_a_spreadsheet(original) {
                    true => prop_assert_eq!(reported, &format!("'{original}")),
                    false => prop_assert_eq!(reported, original),
                }
                prop_assert_eq!(without_guard(reported), original);
            }
        }
    }

    #[test]
    fn an_ndjson_report_loads_as_it_was(records in prop::collection::vec(json_record(), 1..25)) {
        let place = Place::new();
        // What is not closed at the end was cut off, which is no reject.
        let input = [records.join(&b'\n').as_slice(), b"\n{\"email\":\"zoe@example.com\"}\n"].concat();
        place.write("input.ndjson", &input);
        import(&place, "input.ndjson");
        assert_balanced(&place, 1);
        let before = codes(&place, FIRST);
        let lines = rejected(&place, &format!("{FIRST}/input.rejects.ndjson"));
        let listed: Vec<String> = lines.iter().map(|(_, report)| report["codes"].to_string()).collect();
        let expected: Vec<String> = before.iter().map(|(_, codes)| Value::from(codes.clone()).to_string()).collect();
        prop_assert_eq!(listed, expected);
        place.write("again.ndjson", place.text(&format!("{FIRST}/input.rejects.ndjson")));
        import(&place, "again.ndjson");
        assert_balanced(&place, 2);
        let all = |codes: &[(u64, Vec<String>)]| codes.iter().map(|(_, codes)| codes.clone()).collect::<Vec<_>>();
        prop_assert_eq!(all(&codes(&place, SECOND)), all(&before));
        let again = rejected(&place, &format!("{SECOND}/again.rejects.ndjson"));
        prop_assert_eq!(again.len(), lines.len());
        for (one, other) in lines.iter().zip(&again) {
            prop_assert_eq!(&one.0, &other.0);
            for key in ["run", "file", "record", "line", "raw", "dialect"] {
                prop_assert_eq!(&one.1[key], &other.1[key]);
            }
        }
    }
}

/// The lines of a `rejects.ndjson`: the record's own members, each value as it is written, and the `_reject` object.
fn rejected(place: &Place, report: &str) -> Vec<(BTreeMap<String, String>, Value)> {
    let text = place.text(report);
    let line = |line: &str| {
        let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(line).unwrap();
        let mut members: BTreeMap<String, String> =
            members.into_iter().map(|(key, value)| (key, value.get().to_string())).collect();
        let report = members.remove("_reject").unwrap();
        (members, serde_json::from_str(&report).unwrap())
    };
    text.lines().map(line).collect()
}

fn json_record() -> impl Strategy<Value = Vec<u8>> {
    let text = |text: &String| Value::from(text.as_str()).to_string();
    let whole = (email(), cell(), cell()).prop_map(move |(email, name, phone)| {
        format!("{{\"email\":{}, \"Name\" : {},\"phone\":{} }}", text(&email), text(&name), text(&phone)).into_bytes()
    });
    let broken = prop::sample::select(vec![
        b"{".to_vec(),
        b"[1]".to_vec(),
        b"\"\\u0041\\\\\"".to_vec(),
        b" ".to_vec(),
        b"{}".to_vec(),
        b"{ }\r".to_vec(),
        b"{\"email\":\"a@example.com\",\"email\":1}".to_vec(),
        b"{\"email\":\"M\xFCller\\xFF\"}".to_vec(),
        b"{\"email\":\"a@example.com\",\"phone\":1e5,\"zip\":[1],\"x\":{\"a\":1.0e400}}".to_vec(),
        b"{\"email\":5,\"name\":\"\\ud800\"}".to_vec(),
        b"{\"\":1,\"_reject\":5}".to_vec(),
    ]);
    prop_oneof![3 => whole, 2 => broken]
}

/// A run whose rejects are of most kinds, and its report as a table.
fn typical() -> (Place, Vec<String>, Vec<Vec<String>>) {
    let place = Place::new();
    let input = b"email,name,country,phone,city\n\
        ann(at)example.com,Ann Smith,Germany,+49 221 12345,K\xC3\xB6ln\n\
        bob@example.com,Bob O'Brien,UK,020 7946 0958 ext. 5,London\n\
        carl@example.com,Smith, Carl,US,,Austin\n\
        dora@example.com,\"Dora\" Duck,,,\n\
        eve@example.com,\"Eve Adams,,,\n\
        fred@example.com,M\xFCller,,,\n\
        gina@example.com,Gina,NL\n";
    place.write("input.csv", input);
    import(&place, "input.csv");
    let (header, rows) = place.table(&format!("{FIRST}/input.rejects.csv"));
    assert_eq!(rows.len(), 7);
    (place, header, rows)
}

#[test]
fn mended_cells_load() {
    let (place, header, mut rows) = typical();
    rows[0][0] = "ann@example.com".into();
    rows[1][1] = "Bob OBrien".into();
    rows[1][3] = "020 7946 0958".into();
    // A whole record can be mended in its cells; what stands in `_reject_raw` no longer counts then.
    rows[2][..5].clone_from_slice(&["carl@example.com", "Carl Smith", "US", "", "Austin"].map(String::from));
    place.write("mended.csv", write_csv(&header, &rows[..3]));
    place.custload("import mended.csv --profile contact").ends(0);
    let found = place.column(
        "customers.db",
        "SELECT customer_id || ' ' || email || ' ' || name || ' ' || country || ' ' || ifnull(phone, '-') || ' ' || city \
         FROM customers ORDER BY customer_id",
    );
    assert_eq!(
        found,
        [
            "1 ann@example.com Ann Smith DE 4922112345 Köln",
            "2 bob@example.com Bob OBrien GB 02079460958 London",
            "3 carl@example.com Carl Smith US - Austin"
        ]
    );
}

#[test]
fn mended_raw_records_load() {
    let (place, header, mut rows) = typical();
    for (row, raw) in [
        (2, "carl@example.com,Carl Smith,US,,Austin"),
        (3, "dora@example.com,\"Dora Duck\",,,"),
        (4, "eve@example.com,Eve Adams,,,"),
        (5, "fred@example.com,Müller,,,"),
        (6, "gina@example.com,Gina,NL,,"),
    ] {
        assert!(rows[row][..5].iter().all(String::is_empty), "{:?}", rows[row]);
        rows[row][5 + RAW] = raw.into();
    }
    place.write("mended.csv", write_csv(&header, &rows[2..]));
    place.custload("import mended.csv --profile contact").ends(0);
    let names = place.column("customers.db", "SELECT name FROM customers ORDER BY customer_id");
    assert_eq!(names, ["Carl Smith", "Dora Duck", "Eve Adams", "Müller", "Gina"]);
}

#[test]
fn mended_ndjson_loads() {
    let place = Place::new();
    place.write("input.ndjson", "{\"email\":\"a@example.com\",\"name\":\"A.\"}\n{\"email\":\"b@example.com\",}\n");
    import(&place, "input.ndjson");
    let mended =
        place.text(&format!("{FIRST}/input.rejects.ndjson")).replace("\"A.\"", "\"Ann\"").replace(",}\"", "}\"");
    place.write("mended.ndjson", mended);
    place.custload("import mended.ndjson --profile contact").ends(0);
    assert_eq!(place.column("customers.db", "SELECT email FROM customers"), ["a@example.com", "b@example.com"]);
}

/// Only files that have `_reject_` headers lose apostrophes: a first load takes every cell as it is.
#[test]
fn a_guard_is_taken_from_reports_alone() {
    let place = Place::new();
    let rows = "A1,'=1\nA2,''=1\nA3,'t Hooft\nA4,'+1\n";
    place.write("plain.csv", format!("external_key,name\n{rows}"));
    place.custload("import plain.csv --profile billing").ends(0);
    let names = "SELECT name FROM customers ORDER BY customer_id";
    assert_eq!(place.column("customers.db", names), ["'=1", "''=1", "'t Hooft", "'+1"]);
    let other = Place::new();
    other.write("report.csv", format!("external_key,name,_reject_codes\n{}", rows.replace('\n', ",x\n")));
    other.custload("import report.csv --profile billing").ends(0);
    assert_eq!(other.column("customers.db", names), ["=1", "'=1", "'t Hooft", "+1"]);
}

#[test]
fn a_long_record_is_kept_as_far_as_it_may_be() {
    let place = Place::new();
    let long = |length: usize| format!("ann@example.com,{}\n", "x".repeat(length));
    place.write("input.csv", format!("{CONTACT}{}{}", long(2 << 20), long(70_000).replace(',', ",,")));
    import(&place, "input.csv");
    let (_, rows) = place.table(&format!("{FIRST}/input.rejects.csv"));
    let found: Vec<(&str, usize)> = rows.iter().map(|row| (row[2 + CODES].as_str(), row[2 + RAW].len())).collect();
    assert_eq!(found, [("record-too-large", 65_536), ("extra-cell", 65_536)]);
    // What was cut off is not loaded from the report as if it were whole.
    place.write("again.csv", place.text(&format!("{FIRST}/input.rejects.csv")));
    import(&place, "again.csv");
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 0);
}

/// A threshold was passed, somebody mends the report where it lies and loads it: it must not vanish with the old reports.
#[test]
fn a_report_that_is_mended_in_its_place_is_not_lost() {
    let place = Place::new();
    place.write("input.csv", format!("{CONTACT}no,Ann Smith\nnope,Bob Brown\n"));
    place.custload("import input.csv --max-rejects 0").ends(3);
    let report = format!("{FIRST}/input.rejects.csv");
    let mended = place.text(&report).replace("\nno,", "\nann@example.com,");
    place.write(&report, &mended);
    let done = place.run(&["import", &report, "--max-rejects", "0"]);
    assert!(matches!(done.status, Some(2 | 3)), "{:?}", done.status);
    let kept = place.everything().values().any(|bytes| bytes == mended.as_bytes());
    assert!(kept, "the mended file is gone, and nothing was loaded: {:?}", place.names());
}

/// What programs and people do to a report in passing costs nothing.
#[test]
fn a_report_is_known_whatever_case_its_columns_have() {
    let place = Place::new();
    place.write("a.csv", "email,description,phone\na@x.example,=abcde,bad\nb@x.example,two more,55,one too many\n");
    import(&place, "a.csv");
    let report = place.text(&format!("{FIRST}/a.rejects.csv"));
    let (header, rows) = report.split_once('\n').unwrap();
    place.write("b.csv", format!("{}\n{}", header.to_uppercase(), rows.replace(",bad,", ",44,").replace("de,", "dé,")));
    // What the input was written in is no matter of its report.
    place.custload("import b.csv --profile contact --encoding windows-1252 --delimiter ;").ends(1);
    assert_eq!(place.column("customers.db", "SELECT description || phone FROM customers"), ["=abcdé44"]);
    // A blank, or a note in a column of its own, is no correction of a record that stands whole in its row.
    let whole = rows.lines().last().unwrap().replace("55,one too many", "55");
    for (header, row, is_loaded) in [
        (header.to_string(), whole.replacen(',', " ,", 1), true),
        // Other columns than the record was written for are refused, and it stays whole.
        (format!("{header},checked by"), format!("{whole},me"), false),
    ] {
        let place = Place::new();
        place.write("c.csv", format!("{header}\n{row}\n"));
        import(&place, "c.csv");
        let phones = place.column("customers.db", "SELECT phone FROM customers");
        assert_eq!(phones.as_slice(), if is_loaded { &["55"][..] } else { &[] }, "{header}\n{row}");
        let report = || place.text(&format!("{FIRST}/c.rejects.csv"));
        assert!(is_loaded || report().contains("b@x.example,two more,55"), "{header}\n{row}");
    }
}

/// An editor may have put each value on lines of its own.
#[test]
fn each_record_of_a_json_report_stands_on_one_line() {
    let place = Place::new();
    let record = "{\"email\":\"bad\",\n \"address\":{\n  \"city\":\"Bonn\"}";
    place.write("a.json", format!("[{record}}},\n{record},\"_reject\":{{\"run\":\"x\"}}}}]"));
    import(&place, "a.json");
    let report = place.objects(&format!("{FIRST}/a.rejects.ndjson"));
    assert_eq!(report.iter().map(|record| record["address"]["city"].as_str()).collect::<Vec<_>>(), [Some("Bonn"); 2]);
}

#[test]
fn what_a_report_says_of_a_record_of_json_is_no_part_of_its_length() {
    let place = Place::new();
    let long = format!("{{\"email\":\"a@x.example\",\"phone\":\"bad\",\"x\":\"{}\"}}\n", "x".repeat(60));
    place.write("a.ndjson", &long);
    let limit = format!("--profile contact --max-record-bytes {}", long.len());
    place.custload(&format!("import a.ndjson {limit}")).ends(1);
    let report = place.text(&format!("{FIRST}/a.rejects.ndjson"));
    place.write("b.ndjson", report.replace("\"bad\"", "\"55\""));
    place.custload(&format!("import b.ndjson {limit}")).ends(0);
    assert_eq!(place.column("customers.db", "SELECT phone FROM customers"), ["55"]);
}

/// A message that says at which character a line goes wrong means characters.
#[test]
fn places_in_json_are_counted_in_characters() {
    let place = Place::new();
    let line = "{\"email\":\"ann@example.com\",\"name\":\"Jürgen Müller\",}";
    place.write("input.ndjson", line);
    import(&place, "input.ndjson");
    let message = place.objects(&format!("{FIRST}/errors.ndjson"))[0]["message"].to_string();
    let end = line.chars().count();
    assert!([end, end - 1].iter().any(|place| message.contains(&format!("character {place}"))), "{message}, not {end}");
}

/// A report of the input with these rejects: its header and its rows.
fn report_of(place: &Place, input: &str, profile: &str) -> (Vec<String>, Vec<Vec<String>>) {
    place.write("input.csv", input);
    place.run(&["import", "input.csv", "--profile", profile, "--quiet"]).ends(1);
    let text = place.text(&format!("{FIRST}/input.rejects.csv"));
    let delimiter = text.split_once("_reject_line").unwrap().1.as_bytes()[0];
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let cells = |record: &csv::StringRecord| record.iter().map(String::from).collect::<Vec<_>>();
    let header = cells(reader.headers().unwrap());
    (header, reader.records().map(|record| cells(&record.unwrap())).collect())
}

/// A record that stands whole in a report is cut as its input was, and in no other way, whatever program has saved the report.
#[test]
fn a_raw_record_never_moves_its_cells() {
    for (input, corrected, loaded) in [
        ("name,tax_id\nGood,1\nSmith; Ann\n", "Smith,2", "Smith|2"),
        ("name,tax_id\nGood,1\nSmith, Ann, Mrs;X\n", "\"Smith, Ann\",2", "Smith, Ann|2"),
        (
            "company,tax_id\nGood,1\nMeier; Sohn,\"old customer\n",
            "Meier; Sohn,old customer",
            "Meier; Sohn|old customer",
        ),
        ("company;tax_id\nGood;1\nMeier, Sohn;\"old customer\n", "Meier, Sohn;old", "Meier, Sohn|old"),
        ("company\ttax_id\nGood\t1\nMeier, Sohn\t1\t2\n", "Meier, Sohn\told", "Meier, Sohn|old"),
        ("company|tax_id\nGood|1\n\"a\"b|c,;d\n", "a;b|c,;d", "a;b|c,;d"),
    ] {
        for delimiter in *b",;\t|" {
            let place = Place::new();
            let (header, mut rows) = report_of(&place, input, "basic");
            let save = |rows: &[Vec<String>]| {
                let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
                writer.write_record(&header).unwrap();
                rows.iter().for_each(|row| writer.write_record(row).unwrap());
                place.write("again.csv", writer.into_inner().unwrap());
            };
            save(&rows);
            place.custload("import again.csv --profile basic --quiet").ends(1);
            assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 1, "{input}");
            rows[0][2 + RAW] = corrected.to_string();
            save(&rows);
            place.custload("import again.csv --profile basic --quiet").ends(0);
            let stored = "SELECT name || '|' || ifnull(tax_id, '') FROM customers WHERE customer_id = 2";
            assert_eq!(place.column("customers.db", stored), [loaded], "{input}");
        }
    }
}

/// What a report cannot say for sure is not guessed: the record stays a reject, and its row says what to do.
#[test]
fn a_raw_record_is_not_read_under_other_columns() {
    let place = Place::new();
    let (header, rows) = report_of(&place, "name,legal_name\nAnn, Smith, X\n", "basic");
    let keep = |columns: &[usize]| {
        let kept = |row: &Vec<String>| columns.iter().map(|column| row[*column].clone()).collect::<Vec<_>>();
        (kept(&header), rows.iter().map(kept).collect::<Vec<_>>())
    };
    let mut corrected = rows.clone();
    corrected[0][2 + RAW] = "Ann Smith,Smith Ltd".into();
    let own = |names: [&str; 2]| [&names.map(String::from), &header[2..]].concat();
    let added = [&["name", "tax_id", "legal_name"].map(String::from), &header[2..]].concat();
    let wide: Vec<Vec<String>> = rows.iter().map(|row| [&[String::new()], row.as_slice()].concat()).collect();
    let of_an_old_version = keep(&[0, 1, 2 + 3, 2 + CODES, 2 + MESSAGES, 2 + RAW]);
    for (header, rows, said) in [
        // Columns were exchanged, one was added, and there is no `_reject_dialect`.
        (own(["legal_name", "name"]), corrected.clone(), "_reject_raw was written for other columns"),
        (added, wide, "_reject_raw was written for other columns"),
        (of_an_old_version.0, of_an_old_version.1, "_reject_dialect is missing or damaged"),
    ] {
        place.write("again.csv", write_csv(&header, &rows));
        place.custload("import again.csv --profile basic --quiet --force").ends(1);
        assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 0);
        let run = place.number("customers.db", "SELECT max(run_id) FROM import_runs");
        let fault = &place.objects(&format!("customers.db.imports/run-{run:06}/errors.ndjson"))[0];
        assert_eq!(fault["code"], "extra-cell");
        let message = fault["message"].as_str().unwrap();
        assert!(message.contains(said) && message.contains("fill in the cells"), "{message}");
    }
    place.write("again.csv", write_csv(&header, &corrected));
    place.custload("import again.csv --profile basic --quiet").ends(0);
}

/// Which run, file, record and line a record came from first stays with it through all rounds; a row that a person has added
/// begins with the report that it was added to.
#[test]
fn a_record_keeps_where_it_came_from() {
    let place = Place::new();
    place.write("in,put.csv", "email,name\n\nann@example.com,Ann\nno,Bo\nx,\"a\"b\n");
    place.run(&["import", "in,put.csv", "--profile", "contact"]).ends(1);
    let id = place.column("customers.db", "SELECT substr(database_id, 1, 8) FROM import_database").remove(0);
    let mut report = format!("{FIRST}/in,put.rejects.csv");
    for round in 2..5 {
        let (header, mut rows) = place.table(&report);
        let origins: Vec<[&str; 4]> = rows.iter().map(|row| std::array::from_fn(|at| row[2 + at].as_str())).collect();
        let run = format!("1-{id}");
        let added = (round > 2).then_some(format!("2-{id}"));
        let added = added.as_deref().map(|run| [run, "again-2.csv", "3", "4"]);
        let expected =
            [[run.as_str(), "in,put.csv", "2", "4"], [&run, "in,put.csv", "3", "5"]].into_iter().chain(added);
        assert_eq!(origins, expected.collect::<Vec<_>>());
        if round == 2 {
            rows.push(["nope", "Cy", "", "", "", "", "", "", "", ""].map(String::from).to_vec());
        }
        place.write(&format!("again-{round}.csv"), write_csv(&header, &rows));
        place.run(&["import", &format!("again-{round}.csv"), "--profile", "contact", "--force"]).ends(1);
        report = format!("customers.db.imports/run-{round:06}/again-{round}.rejects.csv");
    }
    place.write("input.ndjson", "{\"email\":\"no\"}\n[1]\n");
    place.run(&["import", "input.ndjson", "--profile", "contact"]).ends(1);
    let mut report = "customers.db.imports/run-000005/input.rejects.ndjson".to_string();
    for round in 6..8 {
        let places: Vec<Value> = place.objects(&report).into_iter().map(|mut line| line["_reject"].take()).collect();
        for (record, place) in (1..).zip(&places) {
            let expected = (Value::from(format!("5-{id}")), Value::from("input.ndjson"), Value::from(record));
            assert_eq!((&place["run"], &place["file"], &place["record"]), (&expected.0, &expected.1, &expected.2));
            assert_eq!(place["line"], expected.2);
        }
        assert_eq!((&places[0]["dialect"], &places[1]["dialect"]), (&Value::Null, &Value::from("json")));
        place.write(&format!("again-{round}.ndjson"), place.text(&report));
        place.run(&["import", &format!("again-{round}.ndjson"), "--profile", "contact", "--force"]).ends(1);
        report = format!("customers.db.imports/run-{round:06}/again-{round}.rejects.ndjson");
    }
}
