//! How tables are written: quotes, escapes, blanks, rows that are longer or shorter than their header, and which line is that.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::Place;

/// What the customers of a database have in these columns, a line each; `NULL` where they have nothing.
fn stored(place: &Place, columns: &str) -> Vec<String> {
    let cells: Vec<String> = columns.split(',').map(|column| format!("coalesce({column}, 'NULL')")).collect();
    let query = format!("SELECT {} FROM customers ORDER BY customer_id", cells.join(" || '|' || "));
    let database = Connection::open(place.path("customers.db")).unwrap();
    let mut statement = database.prepare(&query).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn summary(place: &Place) -> Value {
    place.json("customers.db.imports/run-000001/summary.json")
}

/// The codes of a run's rejects with their lines.
fn rejected(place: &Place) -> Vec<(u64, String)> {
    let errors = place.text("customers.db.imports/run-000001/errors.ndjson");
    let faults = errors.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    faults.map(|fault| (fault["line"].as_u64().unwrap(), fault["code"].as_str().unwrap().to_string())).collect()
}

/// Loads a file and gives what is stored in these columns.
fn loaded(name: &str, text: impl AsRef<[u8]>, options: &[&str], columns: &str) -> (Place, Vec<String>) {
    let place = Place::new();
    place.write(name, text);
    let done = place.run(&[&["import", name, "--rejects-ok"], options].concat());
    // Where nothing was accepted, that is no success.
    assert!(matches!(done.status, Some(0 | 1)), "{}", done.stderr);
    let stored = stored(&place, columns);
    (place, stored)
}

#[test]
fn quotes_are_those_of_the_file() {
    let basic = ["--profile", "basic"];
    for (text, options, expected, quote) in [
        // Blanks before a quote are no part of the cell.
        ("company, \"tax_id\"\nAcme, \"DE 1\"\n\"Bolt\", \"DE 2\"\n", &[][..], &["Acme|DE 1", "Bolt|DE 2"][..], "\""),
        ("tax_id, \"company\"\nDE 1, \"Bo, lt\"\n", &[], &["Bo, lt|DE 1"], "\""),
        ("company;\t\"tax_id\"\n \"Acme; Co\";DE 1\n", &[], &["Acme; Co|DE 1"], "\""),
        // What is not closed on its line, or has something after it, is read as it stands.
        ("company, tax_id\nAcme, \"DE\" 1\nBolt, \"DE\n", &[], &["Acme|\"DE\" 1", "Bolt|\"DE"], "\""),
        // What was said.
        ("'company';'tax_id'\n'Ac''me';'1'\n", &["--quote", "'"], &["Ac'me|1"], "'"),
        (
            "company,tax_id\n\"The \\\"Big\\\" Shop\",\"C:\\\\1\"\n",
            &["--escape", "backslash"],
            &["The \"Big\" Shop|C:\\1"],
            "\"",
        ),
        (
            "company\ttax_id\n\"Big\" Bob\t5\"\n\"Bolt\t6\n",
            &["--quote", "none"],
            &["\"Big\" Bob|5\"", "\"Bolt|6"],
            "none",
        ),
    ] {
        let (place, stored) = loaded("a.csv", text, &[&basic[..], options].concat(), "name,tax_id");
        assert_eq!(stored, expected, "{text}");
        let input = &summary(&place)["inputs"][0];
        assert_eq!(input["quote"], quote, "{text}");
        let escape = if options.contains(&"backslash") { json!("backslash") } else { json!("double") };
        assert_eq!(input["escape"], if quote == "none" { Value::Null } else { escape }, "{text}");
    }
}

#[test]
fn quotes_that_contradict_are_refused() {
    let place = Place::new();
    place.write("a.csv", "company\nAcme\n");
    for options in [
        &["--quote", "''"][..],
        &["--quote", "é"],
        &["--quote", ";", "--delimiter", ";"],
        &["--quote", "none", "--escape", "backslash"],
        &["--quote", "\\", "--escape", "backslash"],
    ] {
        place.run(&[&["import", "a.csv"], options].concat()).ends(2).says(&["--quote"]);
    }
}

#[test]
fn a_file_of_bare_quotes_is_told_how_to_read_it() {
    let text = "company\ttax_id\n\"Big\" Bob\t5\nAcme\t6\n";
    let (place, stored) = loaded("a.tsv", text, &["--profile", "basic"], "name");
    assert_eq!((stored, rejected(&place)), (vec!["Acme".to_string()], vec![(2, "malformed-quote".to_string())]));
    assert!(place.text("customers.db.imports/run-000001/errors.ndjson").contains("--quote none"));
}

#[test]
fn empty_cells_at_the_end_are_nothing() {
    let contact = ["--profile", "contact"];
    for (text, expected) in [
        ("Name;Email;Phone\nJana Roth;j@x.example;0351123456;\nBo Lee;b@x.example;1234;; ;\u{a0}\n", 2),
        ("name,email,\nJana Roth,j@x.example\nBo Lee,b@x.example,\n", 2),
        ("name,email, ,\nJana Roth,j@x.example\nBo Lee,b@x.example,1,\n", 2),
        ("name,email,city\nJana Roth,j@x.example\nBo Lee,b@x.example,Ulm, x\n", 0),
        ("name,,email\nJana Roth,\n", 0),
    ] {
        let (place, stored) = loaded("a.csv", text, &contact, "email");
        let summary = summary(&place);
        assert_eq!((stored.len(), summary["accepted"].as_u64()), (expected, Some(expected as u64)), "{text}");
    }
    // Records that are rejected for a value come out of the reject report as they were.
    let text = "name,email,city,\nJana Roth,no,Ulm,,,\nBo Lee,no,Ulm\n,x,,\n";
    let (place, _) = loaded("a.csv", text, &contact, "email");
    let report = place.text("customers.db.imports/run-000001/a.rejects.csv");
    let starts = ["name,email,city,,_reject_", "Jana Roth,no,Ulm,,", "Bo Lee,no,Ulm,,", ",x,,,"];
    for (line, start) in report.lines().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    assert_eq!(report.lines().count(), 4);
}

#[test]
fn rows_of_white_space_are_blank() {
    let text = "name,email\n , \nJana Roth,j@x.example\n\t\n\u{a0},\u{3000}\n\" \",\"\"\nBo Lee,no\n";
    let (place, stored) = loaded("a.csv", text, &["--profile", "contact"], "email,import_record");
    assert_eq!((stored, rejected(&place)), (vec!["j@x.example|1".to_string()], vec![(7, "invalid-email".to_string())]));
    assert_eq!((&summary(&place)["blank"], &summary(&place)["read"]), (&json!(4), &json!(6)));
}

#[test]
fn apostrophes_quote_where_the_header_and_most_cells_have_them() {
    // A tax ID loses the apostrophe before it, which guards a number.
    for (text, expected, quote) in [
        ("'company';'tax_id'\n'Acme';'1'\n'Bolt';'2'\n", &["Acme|1", "Bolt|2"][..], "'"),
        ("'company','tax_id'\n'Ac''me, Inc','1'\n'Bolt',2\n", &["Ac'me, Inc|1", "Bolt|2"], "'"),
        ("'company','tax_id'\nAcme,1\nBolt,'2'\n", &["Acme|1", "Bolt|2'"], "\""),
        ("company,tax_id\n'Acme','1'\n'Bolt','2'\n", &["'Acme'|1'", "'Bolt'|2'"], "\""),
        ("\"company\",\"tax_id\"\n\"'Acme'\",\"'1'\"\n", &["'Acme'|1'"], "\""),
    ] {
        let (place, stored) = loaded("a.csv", text, &["--profile", "basic", "--key", "none"], "name,tax_id");
        assert_eq!(
            (stored, &summary(&place)["inputs"][0]["quote"]),
            (expected.iter().map(ToString::to_string).collect(), &json!(quote)),
            "{text}"
        );
    }
    let place = Place::new();
    place.write("a.csv", "'company';'tax_id'\n'Acme';'1'\n");
    place.custload("import a.csv --profile basic").ends(0).says(&["CSV, semicolon, quoted with '"]);
}

#[test]
fn no_record_is_taken_for_the_header() {
    let rows = "Ann Lee,a@x.example\nBo Lee,b@x.example\n";
    for (text, expected) in [
        // Whoever writes a record that would be a better header.
        (format!("name,email\n{rows}x;name;email;city;phone;y,evil@x.example\n"), 3),
        (format!("name,email\n\"name\temail\tcity\tphone\",c@x.example\n{rows}"), 3),
        (format!("name,email\n{rows}\"\n'name','email','city'\n\",c@x.example\n"), 3),
        (format!("name,email\n{rows}name|email|city|phone|description,c@x.example\n"), 3),
        (format!("name,email\n{rows}\"sep=;\",\"\u{feff}name;email\"\n"), 2),
    ] {
        let (place, stored) = loaded("a.csv", &text, &["--profile", "contact", "--relax", "all"], "email");
        let input = &summary(&place)["inputs"][0];
        assert_eq!(
            (stored.len(), &input["header_line"], &input["delimiter"]),
            (expected, &json!(1), &json!(",")),
            "{text}"
        );
    }
    // A record is no header either where the header says nothing.
    let place = Place::new();
    place.write("a.csv", ",Wer,Typ,Ort\n0,Acme,Company,Bonn\n1,Foo GmbH,Person,Ulm\n2,Bar AG,Person,Hof\n");
    for command in ["import", "inspect"] {
        place.custload(&format!("{command} a.csv --profile billing")).ends(2).says(&[
            "a.csv: line 1: the profile billing requires a column name",
            "Wer, Typ, Ort",
            "--map 'Wer=name'",
        ]);
    }
    assert!(!place.path("customers.db").exists());
    // Line 1 is believed where a profile fits it, but not without a word.
    place.write("b.csv", "1,Foo GmbH,Company,Ulm\n2,Bar AG,Company,Hof\n");
    place.custload("check b.csv --profile billing").ends(0).says(&["line 1 is taken for the header", "--columns"]);
    place.run(&["import", "a.csv", "--profile", "billing", "--map", "Wer=name"]).ends(0);
    assert_eq!(stored(&place, "name"), ["Acme", "Foo GmbH", "Bar AG"]);
}

/// What looks most like a header may be a record whose values are names, and what stands above it records.
#[test]
fn a_header_that_is_only_guessed_loads_nothing() {
    let rows = "Foo GmbH,1\nBar AG,2\nAcme,Company,Bonn,Hof,x\nZed,Person,Ulm,Hof,y\nYps,Person,Ulm,Hof,y\n";
    let titled = ["Kunden", "Acme|Company|Bonn", "Foo|Person|Ulm"];
    // Over cells that are merged, a sheet is read twice.
    for (input, options, line) in [
        (written("Kunden\n1,Acme,Company,Bonn\n2,Foo GmbH,Person,Ulm\n3,Bar AG,Person,Hof\n"), "--profile billing", 2),
        (written(rows), "--profile billing", 3),
        (written(rows), "", 3),
        (sheet(&titled, false), "--profile billing", 2),
        (sheet(&titled, true), "--profile billing", 2),
        (written("Kunden\nx,external_key,city,b\n1,1,Evil,c\n"), "--profile billing --mode update", 2),
    ] {
        let place = Place::new();
        place.write("a", input);
        let commands = ["import a", "check a", "inspect a"];
        // To look at a file has no mode.
        for command in &commands[..if options.contains("--mode") { 2 } else { 3 }] {
            let done = place.custload(&format!("{command} {options}")).ends(2);
            done.says(&[&format!("Line {line} looks most like one"), &format!("--header-line {line}"), "--columns"]);
        }
        assert!(!place.path("customers.db").exists());
    }
}

fn written(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// A spreadsheet of rows whose cells stand between `|`.
fn sheet(rows: &[&str], is_merged: bool) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells.split('|')) {
            sheet.write(row, column, cell).unwrap();
        }
    }
    if is_merged {
        let row = rows.len() as u32;
        sheet.merge_range(row, 1, row + 1, 1, "Person", &rust_xlsxwriter::Format::new()).unwrap();
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn lines_above_a_header_are_counted_and_said() {
    for (text, header, above, blank) in [
        ("Customers;;\n\nBy \"Ann\", today\nname;email;city\nAnn Lee;a@x.example;Ulm\n", 4, 2, 1),
        ("a list\nKunde,Mail privat,Telefon,x,Email,Name,Phone\n1,2,3,4,a@x.example,Ann Lee,1234\n", 2, 1, 0),
    ] {
        let place = Place::new();
        place.write("a.csv", text);
        let lines = if above == 1 { "1 line".to_string() } else { format!("{above} lines") };
        place
            .custload("import a.csv --profile contact")
            .ends(0)
            .says(&[&format!("{lines} above the header on line {header}")]);
        assert_eq!(stored(&place, "email"), ["a@x.example"]);
        let input = &summary(&place)["inputs"][0];
        assert_eq!(
            [&input["header_line"], &input["lines_above_header"], &input["blank"]],
            [&json!(header), &json!(above), &json!(blank)]
        );
    }
}

#[test]
fn the_line_that_looks_most_like_a_header_is_named() {
    let place = Place::new();
    let rows = "Ann Lee;Ulm;ann@x.example;12\nBo Lee;Hof;bo@x.example;13\n";
    place.write("a.csv", format!("Unsere Kunden 2026;;;\n\nWer ist es;Wo;Schreib an;Wie oft\n{rows}"));
    for command in ["import a.csv", "inspect a.csv --profile contact", "inspect a.csv"] {
        let done = place.custload(command).ends(2).says(&[
            "Line 3 looks most like a header",
            "Wer ist es, Wo, Schreib an, Wie oft",
            "--header-line 3 --map 'Schreib an=email'",
        ]);
        assert_eq!(command.starts_with("inspect"), done.stdout.contains("--header-line 3 --map 'Schreib an=email'"));
    }
    place.run(&["import", "a.csv", "--profile", "contact", "--header-line", "3", "--map", "Schreib an=email"]).ends(0);
    assert_eq!(stored(&place, "email"), ["ann@x.example", "bo@x.example"]);
}

/// Where no header tells, records that two delimiters cut as well are not cut by chance.
#[test]
fn a_delimiter_that_nothing_tells_must_be_named() {
    let place = Place::new();
    place.write("a.csv", "Smith, Ann;17\nBob, Jr;18\n");
    let line = ["import", "a.csv", "--profile", "basic", "--columns", "name,tax_id"];
    place.run(&line).ends(2).says(&["a.csv: the delimiter may be comma or semicolon", "--delimiter"]);
    place.run(&[&line[..], &["--delimiter", ";"]].concat()).ends(0);
    assert_eq!(stored(&place, "name"), ["Smith, Ann", "Bob, Jr"]);
    // What one delimiter alone cuts into as many cells as there are names is no question.
    let place = Place::new();
    place.write("a.csv", "Smith, Ann;17\nBob;18\n");
    place.run(&line).ends(0);
    assert_eq!(stored(&place, "name"), ["Smith, Ann", "Bob"]);
}

#[test]
fn a_header_that_comes_again_is_no_customer() {
    let text = "external_key , name\n1,Ann\n  external_key,name \n\u{feff}external_key,name\n2,external_key\nexternal_key,Bob\nname,external_key\n";
    let (place, stored) = loaded("a.csv", text, &["--profile", "billing"], "external_key,name");
    assert_eq!(stored, ["1|Ann", "2|external_key", "external_key|Bob"]);
    let again = |line| (line, "repeated-header".to_string());
    assert_eq!(rejected(&place), [again(3), again(4), again(7)]);
    // What follows a header in another order is read in the first one's, and that is said.
    let errors = place.text("customers.db.imports/run-000001/errors.ndjson");
    assert!(errors.contains("again, in another order; what follows is read in the order of line 1"), "{errors}");
    // Its names are compared as they were bound.
    for (text, line) in [
        ("name,tax_id\nA,1\nName, TAX-ID\nB,2\n", 3),
        ("name, tax_id\nA,1\nname,tax_id\nB,2\n", 3),
        ("Kunde #,name,tax_id\nx,A,1\n\"KUNDE #\",\"NAME\",tax_id\ny,B,2\n", 3),
    ] {
        let (place, stored) = loaded("a.csv", text, &["--profile", "basic"], "name,tax_id");
        assert_eq!(
            (stored, rejected(&place)),
            (vec!["A|1".to_string(), "B|2".to_string()], vec![again(line)]),
            "{text}"
        );
    }
    // Where files were joined whose cells are quoted, a mark stands before the quote.
    let quoted = "\u{feff}\"external_key\",\"name\"\r\n\"1\",\"Ann\"\r\n\u{feff}\"external_key\",\"name\"\r\n\u{feff} \"2\",\"Bob, \r\nJr\"\r\n3,x\r\n";
    let (joined, stored) = loaded("a.csv", quoted, &["--profile", "billing"], "external_key,name");
    assert_eq!(
        (stored, rejected(&joined)),
        (vec!["1|Ann".into(), "2|Bob, Jr".into(), "3|x".to_string()], vec![again(3)])
    );
    // It stays one in the report that nobody has touched.
    let report = place.text("customers.db.imports/run-000001/a.rejects.csv");
    place.write("b.csv", report);
    place.custload("import b.csv --profile billing").ends(1);
    assert!(place.text("customers.db.imports/run-000002/errors.ndjson").matches("repeated-header").count() >= 2);
    // So does that of a report among the rows of another one.
    let place = Place::new();
    place.write("a.csv", "email,name\na@x.example,5\n");
    place.custload("import a.csv --profile contact").ends(1);
    let report = place.text("customers.db.imports/run-000001/a.rejects.csv").replace(",5,", ",Ann Lee,");
    place.write("b.csv", [&*report, &*report.replace("a@x", "b@x")].concat());
    place.custload("import b.csv --profile contact").ends(1);
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 2);
    let errors = place.text("customers.db.imports/run-000002/errors.ndjson");
    assert!(errors.lines().count() == 1 && errors.contains("\"repeated-header\""), "{errors}");
    // Whatever its own columns are.
    let other = report.replace("email,name,", "e-mail,customer_name,").replace("a@x", "c@x");
    place.write("c.csv", [&*report.replace("a@x", "d@x"), &*other].concat());
    place.custload("import c.csv --profile contact").ends(1);
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 4);
    let errors = place.text("customers.db.imports/run-000003/errors.ndjson");
    assert!(errors.lines().count() == 1 && errors.contains("the header of another report"), "{errors}");
    // Where names are given, there is none.
    let (place, stored) = loaded(
        "a.csv",
        "name,5\nname,5\n",
        &["--columns", "name,external_key", "--key", "none", "--profile", "billing"],
        "name",
    );
    assert_eq!((stored.len(), rejected(&place)), (2, vec![]));
}

#[test]
fn a_mark_at_the_end_of_a_file_is_no_part_of_it() {
    let good = "name,email\nJana Roth,j@x.example";
    for end in ["\u{1a}", "\n\u{1a}", "\r\n\u{1a}\r\n", "\u{1a}\n", "\n\u{1a}\r", "\r\u{1a}\r"] {
        let (place, stored) = loaded("a.csv", format!("{good}{end}"), &["--profile", "contact"], "email");
        let summary = summary(&place);
        assert_eq!((stored, &summary["read"]), (vec!["j@x.example".to_string()], &json!(1)), "{end:?}");
        // It is one of the file, which is known again.
        assert_eq!(summary["inputs"][0]["bytes"], json!(good.len() + end.len()));
        place.custload("import a.csv --profile contact").ends(0).says(&["run 1"]);
    }
    // Two of them, or one before more lines, are a record's.
    for end in ["\u{1a}\u{1a}", "\n\u{1a}\nBo Lee,b@x.example\n", "\n\u{1a}\n\n"] {
        let (place, _) = loaded("a.csv", format!("{good}{end}"), &["--profile", "contact"], "email");
        assert_eq!(rejected(&place).len(), 1, "{end:?}");
    }
    let place = Place::new();
    place.write("a.json", format!("[{}]\u{1a}", r#"{"name":"Jana Roth","email":"j@x.example"}"#));
    place.write("b.ndjson", format!("{}\n\u{1a}", r#"{"name":"Bo Lee","email":"b@x.example"}"#));
    place.custload("import a.json b.ndjson --profile contact").ends(0);
    assert_eq!(stored(&place, "email"), ["j@x.example", "b@x.example"]);
    // However long the file is, and in whatever pieces it comes.
    let rows: String = (0..20_000).map(|row| format!("Jana Roth,j{row}@x.example\n")).collect();
    place.write("long.csv", format!("name,email\n{rows}\u{1a}"));
    place.custload("import long.csv --profile contact --db long.db --block-size 1000").ends(0);
}

mod hostile {
    use std::io::Cursor;

    use custload::core::profile::{Candidates, Mapping, Profile};
    use custload::core::record::csv::split;
    use custload::core::record::dialect::CsvDialect;
    use custload::error::Result;
    use custload::read::input::{Format, Input, ReadOptions};
    use custload::read::open::Opened;
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    type Table = Vec<Vec<String>>;

    fn written(table: &Table, dialect: &CsvDialect, quotes_all: bool, end: &str) -> String {
        let quote = char::from(dialect.quote.unwrap());
        let delimiter = char::from(dialect.delimiter);
        let needs = |cell: &str| cell.contains([delimiter, quote, '\n', '\r', ' ', '\t', '\u{1a}']);
        let cell = |cell: &String| match quotes_all || needs(cell) {
            true => format!("{quote}{}{quote}", cell.replace(quote, &String::from_iter([quote; 2]))),
            false => cell.clone(),
        };
        let line = |row: &Vec<String>| row.iter().map(cell).collect::<Vec<_>>().join(&delimiter.to_string()) + end;
        table.iter().map(line).collect()
    }

    /// The header and the records of a text, as they are found.
    fn read(text: &str) -> Result<Table> {
        let candidates = Candidates::new(&[Profile::named("contact").unwrap()], &Mapping::default());
        let options = ReadOptions { format: Some(Format::Csv), ..ReadOptions::default() };
        let opened = Opened::plain(Box::new(Cursor::new(text.as_bytes().to_vec())), None);
        let input = Input::read("a.csv".as_ref(), opened, &options, &candidates)?;
        let (mut table, dialect) = (vec![input.names.clone()], input.dialect.csv);
        let mut source = input.into_source(&options, &candidates)?;
        while let Some(block) = source.next_block().unwrap() {
            for span in &block.spans {
                let (record, mut cells) = (std::str::from_utf8(block.bytes_of(span)).unwrap(), Vec::new());
                split(record.as_bytes(), &dialect, &mut cells).unwrap();
                table.push(cells.iter().map(|cell| cell.text(record).into_owned()).collect());
            }
        }
        Ok(table)
    }

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            3 => "[a-z]{1,8}",
            1 => "[a-z ,;|\t\"'\n\r=@\u{feff}\u{1a}]{1,12}",
            1 => prop::sample::select(vec![
                "sep=;", "\"sep=;\"", "\n'name','email','city','phone'\n", "name;email;city;phone", "x\nname,email\ny", "email", "name\temail|city",
                "\"", "'", "\"\"\"", "\n\"\n", "{\"email\":1}", "[{", "_reject_line,_reject_codes", "\r\n\r\n", ",,,,,,,,,,,,", "';'",
            ]).prop_map(String::from),
            1 => "[ab;\n]{1,3}".prop_map(|text| text.repeat(3000)),
        ]
    }

    proptest! {
        #![proptest_config(Config { cases: 150, failure_persistence: None, ..Config::default() })]
        #[test]
        fn no_cell_changes_how_others_are_read(
            columns in prop::sample::subsequence(vec!["name", "description", "city", "phone", "Kunde seit", "x"], 1..6),
            mut rows in prop::collection::vec(prop::collection::vec(value(), 7), 1..12),
            (delimiter, apostrophes, quotes_all) in (prop::sample::select(vec![b',', b';', b'\t', b'|']), any::<bool>(), any::<bool>()),
            end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        ) {
            let mut table = vec![columns.iter().chain(&["email"]).map(ToString::to_string).collect::<Vec<String>>()];
            rows.iter_mut().for_each(|row| row.truncate(table[0].len()));
            table.append(&mut rows);
            let quote = if apostrophes { b'\'' } else { b'"' };
            let dialect = CsvDialect { quote: Some(quote), ..CsvDialect::with_delimiter(delimiter) };
            // Apostrophes are found where all is quoted so.
            let text = written(&table, &dialect, quotes_all || apostrophes, end);
            prop_assert_eq!(read(&text).unwrap(), table, "{:?}", text);
        }
    }
}
