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
    place.run(&[&["import", name, "--rejects-ok"], options].concat()).ends(0);
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
