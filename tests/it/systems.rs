//! The exports of common systems under `samples/systems`: which columns are understood, and what is stored of them.
//! `UPDATE_GOLDEN=1` rewrites `expected.json`; review the difference.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use serde_json::{Map, Value, json};

use crate::support::{Done, NOW, Place, package};

const FIRST: &str = "customers.db.imports/run-000001";

fn folder() -> PathBuf {
    package().join("samples/systems")
}

/// The exports, by the name of their system.
fn exports() -> BTreeMap<String, PathBuf> {
    let paths = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let exports = paths.filter(|path| path.extension().is_some_and(|ending| ending == "csv"));
    exports.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_string(), path)).collect()
}

/// Accounts are companies, and have no e-mail address.
fn profile_of(system: &str) -> &'static str {
    if system == "salesforce-accounts" { "billing" } else { "contact" }
}

/// What a run makes of an export, in lines that can be reviewed.
fn outcome(system: &str, path: &Path) -> Value {
    let place = Place::new();
    let profile = profile_of(system);
    let mut command = place.command(&["import", "--profile", profile, "--now", NOW, "--rejects-ok"]);
    Done::new(&command.arg(path).output().unwrap()).ends(0);
    let summary = place.json(&format!("{FIRST}/summary.json"));
    let input = &summary["inputs"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let (mut matched, mut ignored, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for column in input["columns"].as_array().unwrap() {
        let header = text(&column["header"]);
        match column["field"].as_str() {
            Some(field) => matched.push(format!("{header} -> {field} ({})", text(&column["how"]))),
            None if column["ignored"] == "matches no field" => unknown.push(header),
            None => ignored.push(format!("{header}: {}", text(&column["ignored"]))),
        }
    }
    let fault = |fault: &Value| {
        let severity = if fault["severity"] == "warning" { "warning: " } else { "" };
        format!("line {}: {severity}{} {}", fault["line"], text(&fault["code"]), fault["value"])
    };
    let faults: Vec<String> = place.objects(&format!("{FIRST}/errors.ndjson")).iter().map(fault).collect();
    let dialect = ["delimiter", "encoding", "bom", "header_line"].map(|key| (key.to_string(), input[key].clone()));
    let counts = ["read", "accepted", "rejected", "blank", "warnings", "repaired"];
    let counts = counts.map(|key| (key.to_string(), input[key].clone()));
    json!({
        "profile": profile,
        "dialect": Map::from_iter(dialect),
        "counts": Map::from_iter(counts),
        "matched": matched,
        "ignored": ignored,
        "unknown": unknown.join(" | "),
        "faults": faults,
        "customers": customers(&place),
        "short_zips": summary["short_zips"]["records"],
    })
}

/// The stored rows without what is the same in all.
fn customers(place: &Place) -> Vec<Value> {
    let connection = place.open("customers.db");
    let mut statement = connection.prepare("SELECT * FROM customers ORDER BY customer_id").unwrap();
    let columns: Vec<String> = statement.column_names().map(ToString::to_string).collect();
    let mut rows = statement.query([]).unwrap();
    let mut customers = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let mut customer = Map::new();
        for (index, column) in columns.iter().enumerate() {
            if ["customer_id", "created_at", "updated_at", "import_run", "import_file"].contains(&column.as_str()) {
                continue;
            }
            match row.get_ref(index).unwrap() {
                ValueRef::Null => {}
                ValueRef::Integer(number) => drop(customer.insert(column.clone(), number.into())),
                ValueRef::Text(text) => drop(customer.insert(column.clone(), String::from_utf8_lossy(text).into())),
                other => panic!("{column}: {other:?}"),
            }
        }
        customers.push(Value::Object(customer));
    }
    customers
}

#[test]
fn exports_come_out_as_before() {
    let golden = folder().join("expected.json");
    let found: Map<String, Value> =
        exports().iter().map(|(system, path)| (system.clone(), outcome(system, path))).collect();
    assert!(found.len() >= 24, "exports are missing: {:?}", found.keys());
    let found = format!("{}\n", serde_json::to_string_pretty(&found).unwrap());
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        fs::write(&golden, &found).unwrap();
    }
    let expected = fs::read_to_string(golden).unwrap_or_default();
    let difference = expected.lines().zip(found.lines()).enumerate().find(|(_, (expected, found))| expected != found);
    assert_eq!(difference, None, "UPDATE_GOLDEN=1 rewrites it; review the difference");
    assert_eq!(expected.lines().count(), found.lines().count());
}

/// No sample may name a person or a firm that can be written to.
#[test]
fn addresses_in_exports_are_reserved_ones() {
    for (system, path) in exports() {
        let bytes = fs::read(path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for (at, _) in text.match_indices('@') {
            let is_of_domain = |character: char| character.is_alphanumeric() || ".-".contains(character);
            let domain: String = text[at + 1..].chars().take_while(|character| is_of_domain(*character)).collect();
            let top = domain.trim_end_matches('.').rsplit_once('.').map_or(&*domain, |(_, top)| top);
            let is_reserved = ["", "test", "example"].contains(&top)
                || ["example.com", "example.org", "example.net"]
                    .iter()
                    .any(|reserved| domain == *reserved || domain.ends_with(&format!(".{reserved}")));
            assert!(is_reserved, "{system}: {domain}");
        }
    }
}
