//! Runs that cannot be done: exit status 2 or 3, a message that says why and what to do, and nothing changed.

use std::fs;

use crate::support::{ANN, CONTACT, Place, has_program};

/// A place with a good and a bad input of the profile contact.
fn place() -> Place {
    let place = Place::new();
    place.write("good.csv", format!("{CONTACT}{ANN}"));
    place.write("bad.csv", format!("{CONTACT}bob@example.com,Bob Brown\nno,Carl Cox\nno,Dora Day\n{ANN}"));
    place
}

/// Runs a line that must be refused, and makes sure that nothing was made or changed.
#[track_caller]
fn refused(place: &Place, line: &str, pieces: &[&str]) {
    let before = place.everything();
    let done = place.custload(line).ends(2).says(pieces);
    assert_eq!(done.stdout, "", "a refusal prints nothing on standard output");
    assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
    let after = place.everything();
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert!(before == after, "a refusal changed a file");
}

#[test]
fn inputs_that_cannot_be_read() {
    let place = place();
    place.write("empty.csv", "");
    place.write("blank.csv", "\n,,\n\"\"\n");
    place.write("folder/x.csv", "");
    refused(&place, "import empty.csv", &["empty.csv", "it is empty", "header"]);
    refused(&place, "import blank.csv --profile contact", &["blank.csv", "it is empty"]);
    refused(&place, "import missing.csv", &["missing.csv", "no such file"]);
    refused(&place, "import folder", &["folder/x.csv", "it is empty"]);
    fs::create_dir(place.path("bare")).unwrap();
    refused(&place, "import bare", &["bare", "no input file"]);
    refused(&place, "import none*.csv", &["none*.csv", "no input file matches"]);
    refused(&place, "import good.csv missing.csv", &["missing.csv"]);
    refused(&place, "import - - --profile contact", &["standard input", "once"]);
    place.write("open.csv", "email,\"name\nann@example.com,Ann\n");
    refused(&place, "import open.csv --profile contact", &["open.csv", "header", "never closed"]);
    place.write("latin.csv", b"email,Stra\xDFe\nx,y\n");
    refused(&place, "import latin.csv --encoding utf-8", &["latin.csv", "line 1", "--encoding"]);
    refused(&place, "import latin.csv --encoding latin-9000", &["latin-9000", "windows-1252"]);
    place.write("db.csv", [b"SQLite format 3\0".as_slice(), &[0; 600]].concat());
    for (name, magic) in [("a.gz", &b"\x1f\x8b\x08"[..]), ("a.xlsx", b"PK\x03\x04xx"), ("a.pdf", b"%PDF-1.4")] {
        place.write(name, magic);
        refused(&place, &format!("import {name}"), &[name]);
    }
    refused(&place, "import db.csv", &["db.csv", "SQLite database"]);
}

#[cfg(unix)]
#[test]
fn an_input_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    fs::set_permissions(place.path("good.csv"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(place.path("good.csv")).is_ok() {
        return; // root may read everything
    }
    let done = place.custload("import good.csv").ends(2).says(&["good.csv", "may not read"]);
    assert_eq!(done.stdout, "");
    assert_eq!(place.names(), ["bad.csv", "good.csv"]);
}

#[test]
fn databases_that_cannot_be_used() {
    let place = place();
    place.write("text.db", "not a database, but a text that is long enough to be looked at as one: ".repeat(20));
    refused(&place, "import good.csv --db text.db", &["text.db", "not an SQLite database", "--db"]);
    place.write("folder/x", "");
    refused(&place, "import good.csv --db folder", &["folder", "it is a folder"]);
    for command in ["import", "check"] {
        place.run(&[command, "good.csv", "--db", ""]).ends(2).says(&["a value is required for", "--db"]);
    }
    refused(&place, "import good.csv --db none/customers.db", &["none", "does not exist"]);
    refused(&place, "import good.csv --db good.csv", &["good.csv", "the database itself"]);
    place.open("foreign.db").execute_batch("CREATE TABLE customers (id INTEGER PRIMARY KEY, mail TEXT)").unwrap();
    refused(
        &place,
        "import good.csv --db foreign.db",
        &["foreign.db", "customers", "was not made by", "or rename customers in this one"],
    );
    refused(&place, "check good.csv --db foreign.db", &["foreign.db", "customers", "was not made by"]);
    place.open("view.db").execute_batch("CREATE VIEW customers AS SELECT 1").unwrap();
    refused(&place, "import good.csv --db view.db", &["view customers"]);
    place.write("lost.db-journal", "x");
    refused(&place, "import good.csv --db lost.db", &["lost.db-journal", "left over"]);
}

#[test]
fn a_database_that_another_program_holds() {
    let place = place();
    place.custload("import good.csv").ends(0);
    place.write("more.csv", format!("{CONTACT}bob@example.com,Bob Brown\n"));
    // Not read while this process holds a lock: closing the file would let go of it.
    let before = fs::read(place.path("customers.db")).unwrap();
    let other = place.open("customers.db");
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    place.custload("import more.csv").ends(2).says(&["customers.db", "locked"]);
    place.custload("check more.csv --db customers.db").ends(0);
    other.execute_batch("ROLLBACK").unwrap();
    // Also one that is only read: the run is noticed to be impossible at its end, and taken back whole.
    other.execute_batch("BEGIN; SELECT count(*) FROM customers").unwrap();
    let mut statement = other.prepare("SELECT * FROM customers").unwrap();
    let mut rows = statement.query([]).unwrap();
    rows.next().unwrap();
    place.custload("import more.csv").ends(2).says(&["customers.db", "locked"]);
    drop(rows);
    drop(statement);
    drop(other);
    assert!(before == fs::read(place.path("customers.db")).unwrap());
    assert!(!place.names().iter().any(|name| name.contains("partial") || name.contains("run-000002")));
    place.custload("import more.csv").ends(0);
}

#[test]
fn report_folders_that_cannot_be_used() {
    let place = place();
    place.write("mine/diary.txt", "mine");
    refused(&place, "import good.csv --reports mine", &["mine", "diary.txt", "--reports"]);
    refused(&place, "import good.csv --reports good.csv", &["good.csv", "is a file", "--reports"]);
    refused(&place, "import good.csv --reports good.csv/below", &["good.csv", "--reports"]);
    refused(&place, "check good.csv --profile contact --reports mine", &["diary.txt"]);
    place.write("out.partial/diary.txt", "mine");
    refused(&place, "import good.csv --reports out", &["diary.txt"]);
    place.custload("import good.csv --reports done").ends(0);
    refused(&place, "import bad.csv --reports done", &["done", "finished run", "--reports"]);
    refused(&place, "check bad.csv --reports done", &["done", "finished run"]);
}

#[test]
fn profiles_and_headers_that_do_not_fit() {
    let place = place();
    refused(
        &place,
        "import good.csv --profile contcat",
        &["contcat", "basic, billing, contact", "Did you mean contact?"],
    );
    place.write("near.csv", "e_mial,name,color\na,b,c\n");
    let pieces = ["near.csv", "line 1", "contact", "requires", "email", "Found: e_mial, name, color", "Is it e_mial?"];
    refused(&place, "import near.csv --profile contact", &pieces);
    place.write("none.csv", "color,size\na,b\n");
    let pieces = ["none.csv", "no profile fits", "color, size", "contact needs email", "basic needs name", "--profile"];
    refused(&place, "import none.csv", &pieces);
    place.write("both.csv", "name\na\n");
    refused(
        &place,
        "import both.csv",
        &["basic (A company", "billing (A billing", "--profile basic", "--profile billing"],
    );
    place.write("semicolon.csv", "email;name\na;b\n");
    refused(&place, "import semicolon.csv --delimiter ,", &["--delimiter ';'"]);
    refused(&place, "import good.csv --map Mial=email", &["\"Mial\"", "no input has the header"]);
    refused(&place, "import good.csv --map email=emial", &["\"emial\"", "email"]);
    place.write("empty.ndjson", "");
    refused(&place, "import empty.ndjson", &["empty.ndjson", "--profile"]);
    place.write("second.csv", "name\nAnn Smith\n");
    refused(&place, "import good.csv second.csv", &["second.csv", "email"]);
}

#[test]
fn options_that_make_no_sense() {
    let place = place();
    for (options, pieces) in [
        ("--threads 0", &["--threads 0"][..]),
        ("--first-id 0", &["--first-id 0"]),
        ("--max-record-bytes 0", &["--max-record-bytes"]),
        ("--max-reject-ratio 5", &["--max-reject-ratio"]),
        ("--max-reject-ratio NaN", &["--max-reject-ratio"]),
        ("--max-rejects=-1", &["--max-rejects"]),
        ("--now yesterday", &["--now", "2026-01-31T12:00:00Z"]),
        ("--delimiter ab", &["--delimiter"]),
        ("--delimiter \"", &["--delimiter"]),
        ("--key emial", &["--key", "did you mean email?"]),
        ("--relax emial", &["--relax", "did you mean email?"]),
        ("--on-invalid emial=clear", &["--on-invalid", "did you mean email?"]),
        ("--on-invalid email=clear", &["--on-invalid", "email", "required"]),
        ("--on-invalid name=drop", &["--on-invalid", "name=drop"]),
        ("--unknown-columns maybe", &["--unknown-columns"]),
        ("--no-such-option", &["--no-such-option"]),
    ] {
        refused(&place, &format!("import good.csv --profile contact {options}"), pieces);
    }
    refused(&place, "import", &["INPUT"]);
    refused(&place, "frobnicate", &["frobnicate"]);
}

#[test]
fn unknown_columns_can_be_an_error() {
    let place = place();
    place.write("colors.csv", "email,Statie,color\nann@example.com,OR,red\n");
    let pieces = ["colors.csv", "Statie (is it state?)", "color", "--unknown-columns warn"];
    refused(&place, "import colors.csv --unknown-columns error", &pieces);
    let done = place.custload("import colors.csv").ends(0).says(&["Statie (1 filled cell; is it state?)", "color"]);
    assert_eq!(done.stderr.matches("Statie").count(), 1);
    // In NDJSON a key may come late.
    place.write(
        "late.ndjson",
        format!("{}{{\"email\":\"z@example.com\",\"hue\":1}}\n", "{\"email\":\"x\"}\n".repeat(300)),
    );
    let before = place.everything();
    place.custload("import late.ndjson --unknown-columns error").ends(2).says(&["late.ndjson", "hue"]);
    assert!(before == place.everything());
}

#[test]
fn thresholds_leave_the_database_as_it_was() {
    let place = place();
    let options = ["--max-rejects 1", "--max-reject-ratio 0.49", "--max-rejects 0 --rejects-ok"];
    for (before, option) in options.into_iter().enumerate() {
        let done = place.custload(&format!("import bad.csv --accepted {option}")).ends(3);
        assert!(done.stdout.contains("2 ") && done.stdout.contains("the database is as it was"), "{}", done.stdout);
        let reports = ["bad.rejects.csv", "errors.ndjson", "summary.json"];
        // The reports of the runs before are moved aside, for somebody may be mending them.
        let aside = (1..=before).map(|number| format!("run-000001.stopped-{number}/"));
        let mut expected = vec!["customers.db.imports/".to_string()];
        for folder in aside.chain(["run-000001/".to_string()]) {
            expected.extend(reports.map(|name| format!("customers.db.imports/{folder}{name}")));
            expected.push(format!("customers.db.imports/{folder}"));
        }
        expected.extend(["bad.csv", "good.csv"].map(String::from));
        expected.sort();
        assert_eq!(place.names(), expected);
        assert_eq!(place.json("customers.db.imports/run-000001/summary.json")["status"], "threshold");
    }
    // Exactly as many as are allowed.
    place.custload("import bad.csv --max-rejects 2 --max-reject-ratio 0.5").ends(1);
    place.write("empty.csv", CONTACT);
    place.custload("import empty.csv --max-reject-ratio 0 --max-rejects 0").ends(0);
    let before = fs::read(place.path("customers.db")).unwrap();
    let json = place.custload("import bad.csv --max-rejects 1 --json --force").ends(3).stdout;
    assert!(json.contains("\"status\": \"threshold\""));
    assert!(before == fs::read(place.path("customers.db")).unwrap());
    assert_eq!(place.json("customers.db.imports/run-000003/summary.json")["run_id"], 3);
    // A file of no bytes is a database without tables; it stays one.
    place.write("empty.db", "");
    place.custload("import bad.csv --db empty.db --max-rejects 1").ends(3);
    assert_eq!(fs::read(place.path("empty.db")).unwrap(), b"");
    place.custload("check bad.csv --max-rejects 1").ends(3);
}

/// Exit status 2 means that nothing was written to the database, so a run that stands must not end with it.
#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_does_not_belie_the_run() {
    if !has_program("sh") {
        return;
    }
    let place = place();
    let status = std::process::Command::new("sh")
        .args(["-c", "exec \"$0\" import good.csv > /dev/full", crate::support::PROGRAM])
        .current_dir(place.root())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    let is_loaded = place.path("customers.db").exists();
    assert_eq!(status.code() == Some(2), !is_loaded, "{status:?}, loaded: {is_loaded}");
}
