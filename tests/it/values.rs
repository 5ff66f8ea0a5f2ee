//! What values become (docs/rules.md), as the program stores and reports them.

use crate::support::*;

/// The codes of a run's faults, record by record.
fn codes(place: &Place, run: u32) -> Vec<(u64, String, String)> {
    let report = format!("c.db.imports/run-{run:06}/errors.ndjson");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_string();
    let objects = place.objects(&report);
    objects
        .iter()
        .map(|object| (object["record"].as_u64().unwrap(), text(&object["field"]), text(&object["code"])))
        .collect()
}

fn fault(record: u64, field: &str, code: &str) -> (u64, String, String) {
    (record, field.to_string(), code.to_string())
}

#[test]
fn keys_that_a_spreadsheet_has_rewritten_merge_nobody() {
    let place = Place::new();
    place.write("a.csv", "external_key,name\n1.23457E+12,Ann\n1.23457E+12,Bob\n12E5,Cleo\n");
    place.custload("import a.csv --db c.db --profile billing --mode upsert --duplicates last").ends(1);
    assert_eq!(place.column("c.db", "SELECT name FROM customers"), ["Cleo"]);
    let rewritten = |record| fault(record, "external_key", "spreadsheet-number");
    assert_eq!(codes(&place, 1), [rewritten(1), rewritten(2)]);
    // Not even where somebody relaxes the key, for the mode changes customers.
    let relaxed = "--profile billing --relax external_key";
    place.custload(&format!("check a.csv {relaxed} --mode upsert --key external_key")).ends(1);
    // A new customer may have such a key, and its second one is a duplicate.
    place.custload(&format!("import a.csv --db d.db {relaxed}")).ends(1);
    let keys = place.column("d.db", "SELECT external_key FROM customers ORDER BY 1");
    assert_eq!(keys, ["1.23457E+12", "12E5"]);
    // Any field may be the key.
    place.write("b.csv", "external_key,name,custom_1\n1,1E+12,1E+12\n");
    place.custload("import b.csv --db c.db --profile billing --key name").ends(1);
    assert_eq!(codes(&place, 2), [fault(1, "name", "spreadsheet-number")]);
}

#[test]
fn invisible_characters_make_no_other_key() {
    let place = Place::new();
    let keys = ["E1", "E\u{200e}1", "E\u{ad}1", "E1\u{fe0f}", "\u{202a}E1"];
    let rows: String = keys.iter().map(|key| format!("{key},Ann Smith\n")).collect();
    place.write("a.csv", format!("external_key,name\n{rows}"));
    let members: String = keys.iter().map(|key| format!("{{\"external_key\":\"{key}\",\"name\":\"Ann\"}}\n")).collect();
    place.write("a.ndjson", members);
    for input in ["a.csv", "a.ndjson"] {
        let database = format!("{input}.db");
        place.custload(&format!("import {input} --db {database} --profile billing")).ends(1);
        assert_eq!(place.column(&database, "SELECT external_key FROM customers"), ["E1"]);
        let report = format!("{database}.imports/run-000001/errors.ndjson");
        let found = place.objects(&report).into_iter().map(|object| object["code"].as_str().unwrap().to_string());
        assert_eq!(found.collect::<Vec<_>>(), ["duplicate-key"; 4], "{input}");
    }
    // What scripts need stays in a value, and makes no other key either.
    place.write("b.csv", "external_key,name\nنمی\u{200c}خواهم,Ann\nنمیخواهم,Bob\n👨\u{200d}👩,Cleo\n");
    place.custload("import b.csv --db c.db --profile billing").ends(1);
    let stored = place.column("c.db", "SELECT external_key FROM customers ORDER BY customer_id");
    assert_eq!(stored, ["نمی\u{200c}خواهم", "👨👩"]);
}

#[test]
fn guards_of_spreadsheets_come_off_and_stay_in_reports() {
    let place = Place::new();
    let rows = "=\"00042\",Ann,=\"01067\",=\"07\",\n\"=\"\"00043\"\"\",Bob,=\"01067\",'=\"08\",\n=\"00044\",Cleo,=\"1\",=\"9\",ann\n";
    place.write("a.csv", format!("external_key,name,postal_code,tax_id,email\n{rows}"));
    place.custload("import a.csv --db c.db --profile billing").ends(1);
    let stored = "SELECT external_key || ' ' || postal_code || ' ' || tax_id FROM customers ORDER BY customer_id";
    assert_eq!(place.column("c.db", stored), ["00042 01067 07", "00043 01067 08"]);
    // The report has it as it was, and loads when it is corrected.
    let report = "c.db.imports/run-000001/a.rejects.csv";
    let (header, mut table) = place.table(report);
    assert_eq!((&*table[0][0], &*table[0][2]), ("'=\"00044\"", "'=\"1\""));
    table[0][4] = "cleo@example.com".to_string();
    place.write("corrected.csv", write_csv(&header, &table));
    place.custload("import corrected.csv --db c.db --profile billing").ends(0);
    assert_eq!(place.column("c.db", stored)[2..], ["00044 1 9"]);
}

#[test]
fn words_for_nothing_and_error_words_are_no_values() {
    let place = Place::new();
    place.write(
        "a.csv",
        "external_key,name,email,phone,city\n1,Null,NULL,N/A,-\n2,Bob,-,tel:+49-351-123456,NA\n3,#N/A,,#REF!,#4\n",
    );
    place.custload("import a.csv --db c.db --profile billing").ends(1);
    let stored = "SELECT concat_ws('|', name, email, phone, city) FROM customers ORDER BY customer_id";
    assert_eq!(place.column("c.db", stored), ["Null|-", "Bob|49351123456|NA"]);
    let expected = [
        fault(1, "email", "null-word"),
        fault(1, "phone", "null-word"),
        fault(2, "email", "null-word"),
        fault(3, "name", "cell-error"),
        fault(3, "phone", "cell-error"),
    ];
    assert_eq!(codes(&place, 1), expected);
    place.write("b.ndjson", "{\"name\":\"Ann Smith\",\"email\":\"n/a\",\"phone\":\"#DIV/0!\"}\n");
    place.custload("import b.ndjson --db c.db --profile contact").ends(1);
    let expected = [fault(1, "email", "null-word"), fault(1, "email", "required"), fault(1, "phone", "cell-error")];
    assert_eq!(codes(&place, 2), expected);
    // What stands where a column was too narrow is the same for many.
    place.write("d.csv", "external_key,name\n#######,Ann\n#######,Bob\n##,Cleo\n");
    place.custload("import d.csv --db d.db --profile billing").ends(1);
    assert!(place.text("d.db.imports/run-000001/errors.ndjson").contains("too narrow"));
    assert_eq!(place.column("d.db", "SELECT name FROM customers"), ["Cleo"]);
}

/// LibreOffice writes its errors in the language of its user, so no list of words tells them.
#[test]
fn an_error_of_a_spreadsheet_is_one_in_its_report_too_until_it_is_corrected() {
    let place = Place::new();
    let header = "name,legal_name,_reject_run,_reject_file,_reject_record,_reject_line,_reject_codes,_reject_messages,\
                  _reject_dialect,_reject_raw\n";
    let said = "cell-error,\"legal_name is \"\"#WERT!\"\", the error of a spreadsheet that could not calculate it\"";
    let row = |record, name, legal| format!("{name},{legal},,a.ods,{record},{record},{said},,\n");
    place.write(
        "a.csv",
        [header, &row(1, "Ann", "#WERT!"), &row(2, "Bob", "#EINS!"), &row(3, "#DREI!", "#WERT!")].concat(),
    );
    place.custload("import a.csv --db c.db --profile basic").ends(1);
    assert_eq!(place.column("c.db", "SELECT legal_name FROM customers"), ["#EINS!"]);
    assert_eq!(codes(&place, 1), [fault(1, "legal_name", "cell-error"), fault(3, "legal_name", "cell-error")]);
}

#[test]
fn parts_of_a_name_are_cleaned_one_by_one() {
    let place = Place::new();
    place.write(
        "a.csv",
        "first_name,last_name,email\n=\"Ann\",\\N,a@x.example\n#N/A,Roth,b@x.example\n,=\"Roth\",c@x.example\n",
    );
    place.custload("import a.csv --db c.db --profile contact").ends(1);
    assert_eq!(place.column("c.db", "SELECT name FROM customers ORDER BY customer_id"), ["Ann", "Roth"]);
    assert_eq!(codes(&place, 1), [fault(2, "name", "cell-error")]);
}

#[test]
fn a_wrong_conversion_is_named() {
    let place = Place::new();
    place.write("a.csv", "name,tax_id\nO\u{92}Brien,1\n");
    place.custload("import a.csv --db c.db --profile basic").ends(1);
    let faults = place.objects("c.db.imports/run-000001/errors.ndjson");
    assert_eq!(faults[0]["code"], "control-character");
    let hint = faults[0]["hint"].as_str().unwrap();
    assert!(hint.contains("U+0092 is ’ in windows-1252") && hint.contains("O’Brien"), "{hint}");
}

#[test]
fn a_cleared_value_takes_nothing_away() {
    let place = Place::new();
    place.write("a.csv", "email,name,phone,city\nann@example.com,Ann Smith,0351123456,Bonn\n");
    place.custload("import a.csv --db c.db --profile contact").ends(0);
    place.write("b.csv", "email,name,phone,city\nann@example.com,,call me,\nbob@example.com,Bob Roth,call me,Ulm\n");
    let upsert = "import b.csv --db c.db --profile contact --mode upsert --empty clear";
    place.custload(&format!("{upsert} --on-invalid all=clear")).ends(0);
    let stored = "SELECT concat_ws('|', email, name, phone, city) FROM customers ORDER BY customer_id";
    assert_eq!(place.column("c.db", stored), ["ann@example.com|0351123456", "bob@example.com|Bob Roth|Ulm"]);
    assert_eq!(codes(&place, 2), [fault(1, "phone", "invalid-phone"), fault(2, "phone", "invalid-phone")]);
}

#[test]
fn an_invalid_value_is_kept_as_it_is() {
    let place = Place::new();
    place.write("a.csv", "email,name,phone\nann@example.com,O'Brien,0351  12 ext. 5\nbob@example.com,Bob Roth,#N/A\n");
    place.custload("import a.csv --db c.db --profile contact --on-invalid phone=keep --on-invalid name=keep").ends(1);
    let stored = "SELECT concat_ws('|', email, name, phone) FROM customers";
    assert_eq!(place.column("c.db", stored), ["ann@example.com|O'Brien|0351 12 ext. 5"]);
    let expected =
        [fault(1, "name", "invalid-characters"), fault(1, "phone", "invalid-phone"), fault(2, "phone", "cell-error")];
    assert_eq!(codes(&place, 1), expected);
    // What is kept is the value before its repair, so nothing was repaired; what was too short is said.
    place.write("b.csv", "email,state,city\nann@example.com,n!,St. Ives\nbob@example.com,n,Ulm\n");
    place.custload("import b.csv --db d.db --profile contact --on-invalid state=keep").ends(0);
    assert_eq!(place.column("d.db", "SELECT concat(state, '|', city) FROM customers"), ["n!|St Ives", "n|Ulm"]);
    assert_eq!(place.json("d.db.imports/run-000001/summary.json")["repaired"], 1);
    let faults = place.objects("d.db.imports/run-000001/errors.ndjson");
    let said: Vec<_> = faults.iter().map(|fault| fault["message"].as_str().unwrap()).collect();
    let short = "state has 1 character, but needs at least 2";
    assert_eq!(said, [&format!("{short} (judged as \"n\")"), short]);
    for (said, why) in [("email=keep", "is required"), ("all=keep", "all=clear"), ("phone=drop", "FIELD=keep")] {
        place.custload(&format!("check a.csv --profile contact --on-invalid {said}")).ends(2).says(&[why]);
    }
}

#[test]
fn the_map_of_values_comes_after_guards_and_before_words_for_nothing() {
    let place = Place::new();
    place.write(
        "map.toml",
        "[values.postal_code]\n'=\"01\"' = '01067'\n\"'02\" = '01069'\n[values.tax_id]\n'1.0' = '1'\n\
         [values.phone]\n'n/a' = '12'\n",
    );
    place.write("a.csv", "name,postal_code,tax_id,phone\nAnn,01,1.0,n/a\nBob,=\"01\",2,\nCleo,02,3,\nDan,'02,4,\n");
    place.custload("import a.csv --db c.db --profile billing --mapping map.toml").ends(0);
    let stored = "SELECT concat_ws('|', name, postal_code, tax_id, phone) FROM customers ORDER BY customer_id";
    assert_eq!(place.column("c.db", stored), ["Ann|01067|1|12", "Bob|01067|2", "Cleo|01069|3", "Dan|01069|4"]);
}
