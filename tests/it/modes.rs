//! Customers who are there already: modes, empty cells, duplicates, and runs that load nothing (docs/modes.md).

use serde_json::{Value, json};

use crate::support::*;

const HEAD: &str = "email,name,city,country\n";

/// Ann in Bonn, and Bob.
fn place() -> Place {
    let place = Place::new();
    place.write("old.csv", format!("{HEAD}Ann@example.com,Ann Smith,Bonn,DE\nbob@example.com,Bob Brown,,\n"));
    place.run(&["import", "old.csv", "--profile", "contact", "--now", "2026-01-01T00:00:00Z"]).ends(0);
    place
}

/// What is stored, a text a customer.
fn stored(place: &Place) -> Vec<String> {
    place.column(
        "customers.db",
        "SELECT customer_id || ' ' || email || '|' || ifnull(name, '-') || '|' || ifnull(city, '-') || '|' || \
         ifnull(country, '-') || '|' || substr(created_at, 9, 2) || substr(updated_at, 9, 2) || '|' || import_run || '.' \
         || import_file || '.' || import_record FROM customers ORDER BY customer_id",
    )
}

const ANN: &str = "1 Ann@example.com|Ann Smith|Bonn|DE|0101|1.1.1";
const BOB: &str = "2 bob@example.com|Bob Brown|-|-|0101|1.1.2";

/// What became of the records of the last run: in words, with customer IDs.
fn outcomes(place: &Place, run: u32) -> Vec<String> {
    let (_, rows) = place.table(&format!("customers.db.imports/run-{run:06}/accepted.csv"));
    rows.iter().map(|row| format!("{} {} {}", row[3], row[4], row[5])).collect()
}

fn codes(place: &Place, run: u32) -> Vec<String> {
    let faults = place.objects(&format!("customers.db.imports/run-{run:06}/errors.ndjson"));
    faults.iter().map(|fault| format!("{} {}", fault["record"], fault["code"].as_str().unwrap())).collect()
}

fn import(place: &Place, text: &str, options: &str, status: i32) -> Done {
    place.write("new.csv", text);
    let args: Vec<&str> = options.split_whitespace().collect();
    let line = ["import", "new.csv", "--profile", "contact", "--accepted", "--now", "2026-01-31T00:00:00Z"];
    place.run(&[&line, &args[..]].concat()).ends(status)
}

#[test]
fn modes_and_what_becomes_of_records() {
    let rows =
        "ANN@example.com,Ann Smith,Köln,DE\nbob@example.com,Bob Brown,,\ncy@example.com,Cy Young,,\nno,Dee Day,,\n";
    let ann = "1 Ann@example.com|Ann Smith|Köln|DE|0131|2.1.1";
    let cy = "3 cy@example.com|Cy Young|-|-|3131|2.1.3";
    // (mode, stored, codes, outcomes, created, updated, unchanged)
    type Case<'c> = (&'c str, &'c [&'c str], &'c [&'c str], &'c [&'c str], [u64; 3]);
    let cases: [Case; 3] = [
        (
            "create",
            &[ANN, BOB, cy],
            &["1 duplicate-key", "2 duplicate-key", "4 invalid-email"],
            &["cy@example.com 3 created"],
            [1, 0, 0],
        ),
        (
            "update",
            &[ann, BOB],
            &["3 no-such-key", "4 invalid-email"],
            &["Ann@example.com 1 updated", "bob@example.com 2 unchanged"],
            [0, 1, 1],
        ),
        (
            "upsert",
            &[ann, BOB, cy],
            &["4 invalid-email"],
            &["Ann@example.com 1 updated", "bob@example.com 2 unchanged", "cy@example.com 3 created"],
            [1, 1, 1],
        ),
    ];
    for (mode, expected, faults, became, [created, updated, unchanged]) in cases {
        let place = place();
        import(&place, &format!("{HEAD}{rows}"), &format!("--mode {mode}"), 1);
        assert_eq!(stored(&place), expected, "{mode}");
        assert_eq!(codes(&place, 2), faults, "{mode}");
        assert_eq!(outcomes(&place, 2), became, "{mode}");
        let summary = place.json("customers.db.imports/run-000002/summary.json");
        let counts = |summary: &Value| json!([summary["created"], summary["updated"], summary["unchanged"]]);
        assert_eq!(counts(&summary), json!([created, updated, unchanged]), "{mode}");
        assert_eq!(counts(&summary["inputs"][0]), json!([created, updated, unchanged]), "{mode}");
        assert_eq!((&summary["mode"], &summary["read"]), (&json!(mode), &json!(4)));
        let sql = "SELECT mode || created || updated || unchanged || superseded || status FROM import_runs";
        let run = format!("{mode}{created}{updated}{unchanged}0finished");
        assert_eq!(place.column("customers.db", sql)[1], run);
    }
}

#[test]
fn what_differs_in_nothing_is_left_alone() {
    let place = place();
    place.write("phone.csv", "email,phone\nann@example.com,15417543010\n");
    place.custload("import phone.csv --mode update --profile contact --now 2026-01-02T00:00:00Z").ends(0);
    let before = place.column("customers.db", "SELECT * FROM customers");
    let text = "email,phone,name\nANN@EXAMPLE.COM,+1 (541) 754-3010,  Ann   Smith \n";
    import(&place, text, "--mode upsert", 0);
    assert_eq!(outcomes(&place, 3), ["Ann@example.com 1 unchanged"]);
    assert_eq!(place.column("customers.db", "SELECT * FROM customers"), before);
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM import_updated WHERE run_id = 3"), 0);
}

#[test]
fn empty_cells_keep_or_clear() {
    let text = format!("{HEAD}ann@example.com,,,\nbob@example.com,,Ulm,\n");
    let place_of = |options: &str, status| {
        let place = place();
        import(&place, &text, options, status);
        place
    };
    for mode in ["update", "upsert"] {
        let kept = place_of(&format!("--mode {mode}"), 0);
        assert_eq!(stored(&kept), [ANN, "2 bob@example.com|Bob Brown|Ulm|-|0131|2.1.2"], "{mode}");
        let cleared = place_of(&format!("--mode {mode} --empty clear"), 0);
        let expected = ["1 Ann@example.com|-|-|-|0131|2.1.1", "2 bob@example.com|-|Ulm|-|0131|2.1.2"];
        assert_eq!(stored(&cleared), expected, "{mode}");
        let sql = "SELECT field || ' ' || ifnull(old_value, '-') || ' ' || ifnull(new_value, '-') FROM import_changes \
                   WHERE customer_id = 1 ORDER BY field";
        assert_eq!(cleared.column("customers.db", sql), ["city Bonn -", "country DE -", "name Ann Smith -"]);
    }
    // What is required is never taken away.
    let place = Place::new();
    place.write("a.csv", "tax_id,name,legal_name\nDE1,Ann,Ann Ltd\n");
    place.custload("import a.csv --profile basic").ends(0);
    place.write("b.csv", "tax_id,name,legal_name\nDE1,,\n");
    place.custload("import b.csv --profile basic --mode update --empty clear").ends(1);
    assert_eq!(codes(&place, 2), ["1 required"]);
    place.custload("import b.csv --profile basic --mode update --force").ends(0);
    // Nor is it where a constant stands in for it with new customers.
    place.write("mapping.toml", "[constants]\nname = \"Constant\"\n");
    for mode in ["update", "upsert"] {
        let line = format!("import b.csv --profile basic --mode {mode} --empty clear --mapping mapping.toml --force");
        place.custload(&line).ends(0);
        assert_eq!(place.column("customers.db", "SELECT name FROM customers"), ["Ann"]);
    }
    // A column that the file lacks is left alone, whatever is said of empty cells.
    place.write("c.csv", "tax_id,legal_name\nd-e 1,\n");
    place.custload("import c.csv --profile basic --mode update --empty clear").ends(0);
    let row = "SELECT name || ifnull(legal_name, '-') || contact_origin || tax_id FROM customers";
    assert_eq!(place.column("customers.db", row), ["Ann-WEB_FORMDE1"]);
}

#[test]
fn an_update_requires_only_the_key_and_defaults_are_for_new_customers() {
    let place = Place::new();
    place.write("a.csv", "tax_id,name,contact_origin\nDE1,Ann,SHOP\n");
    place.custload("import a.csv --profile basic").ends(0);
    place.write("b.csv", "tax_id,legal_name\nDE1,Ann Ltd\n");
    place.custload("import b.csv --mode upsert --profile basic").ends(2).says(&["requires a column name"]);
    place.custload("import b.csv --mode update").ends(0).says(&["profile basic"]);
    place.write("lines.ndjson", "{\"tax_id\":\"DE1\",\"legal_name\":\"Ann GmbH\"}\n{\"tax_id\":\"DE2\",\"name\":\"Bo\"}\n{\"tax_id\":\"DE3\"}\n");
    place.custload("import lines.ndjson --mode upsert --profile basic").ends(1);
    assert_eq!(codes(&place, 3), ["3 required"]);
    let row = "SELECT name || '|' || ifnull(legal_name, '-') || '|' || contact_origin FROM customers";
    assert_eq!(place.column("customers.db", row), ["Ann|Ann GmbH|SHOP", "Bo|-|WEB_FORM"]);
    // Without its key nobody can be found.
    place.write("c.csv", "tax_id,name\n,Ann\nn/a,Bob\n000,Cyd\nDE9,Dee\n");
    let dee = ["4 no-such-key", ""];
    for (mode, dee) in ["update", "upsert"].into_iter().zip(dee) {
        let run = place.number("customers.db", "SELECT max(run_id) + 1 FROM import_runs") as u32;
        place.custload(&format!("import c.csv --mode {mode} --profile basic")).ends(1);
        let expected = ["1 no-key", "2 no-key", "3 no-key", dee];
        assert_eq!(codes(&place, run), expected.into_iter().filter(|code| !code.is_empty()).collect::<Vec<_>>());
        // The same without a database to compare with.
        let done = place.custload(&format!("check c.csv --mode {mode} --profile basic --json")).ends(1);
        let summary: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(summary["rejects_by_code"]["no-key"]["records"], 3, "{mode}");
    }
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 3);
    // Whatever else is wrong with it, and whether or not the profile requires the key's field.
    for mode in ["update", "upsert"] {
        for (profile, text, expected) in [
            ("contact", "email,phone\n,12\n", &["1 required 1", "1 no-key 1"][..]),
            ("contact", "phone,email\nx,\n", &["1 invalid-phone 1", "1 required 2", "1 no-key 2"]),
            ("contact", "email,phone\nno,12\n", &["1 invalid-email 1"]),
            ("billing", "phone,external_key,name\nx,000,Ann\n", &["1 invalid-phone 1", "1 no-key 2"]),
            ("billing", "external_key,name,phone\n1.5E9,Ann,12\n", &["1 spreadsheet-number 1"]),
        ] {
            let place = Place::new();
            place.write("c.csv", text);
            place.custload(&format!("import c.csv --mode {mode} --profile {profile}")).ends(1);
            let faults = place.objects("customers.db.imports/run-000001/errors.ndjson");
            let found = faults
                .iter()
                .map(|fault| format!("{} {} {}", fault["record"], fault["code"].as_str().unwrap(), fault["column"]));
            assert_eq!(found.collect::<Vec<_>>(), expected, "{mode} {text}");
        }
    }
    // In create a record without a key is a customer like any other.
    place.write("c.csv", "tax_id,name\n,Ann\nn/a,Bob\n000,Cyd\n");
    place.custload("import c.csv --profile basic").ends(0);
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 6);
    place.write("d.csv", "name\nAnn\n");
    for mode in ["update", "upsert"] {
        place.run(&["import", "d.csv", "--mode", mode, "--profile", "basic"]).ends(2).says(&["tax_id"]);
        place.run(&["import", "c.csv", "--mode", mode, "--profile", "basic", "--key", "none"]).ends(2).says(&["--key"]);
    }
}

/// Whether a value is required is known only when it is known who is meant.
#[test]
fn what_a_new_customer_lacks_is_shown_as_it_stands() {
    for options in ["--duplicates last", ""] {
        for (name, text) in [
            ("a.csv", "external_key,name,city\n2,X,Bonn\n3,Y,Bonn\n4, ,Bonn\n"),
            ("a.ndjson", "{\"external_key\":\"4\",\"name\":\" \"}\n"),
        ] {
            let place = Place::new();
            place.write(name, text);
            place.custload(&format!("import {name} --profile billing --mode upsert {options}")).ends(1);
            let fault = &place.objects("customers.db.imports/run-000001/errors.ndjson")[0];
            assert_eq!((&fault["code"], &fault["value"]), (&"required".into(), &" ".into()), "{text}");
        }
    }
}

#[test]
fn a_key_of_several_customers_is_ambiguous() {
    for second in ["ann@example.com", "ANN@example.com"] {
        let place = Place::new();
        place.write("a.csv", format!("{HEAD}ann@example.com,Ann,,\n{second},Bob,,\ncy@example.com,Cyd,,\n"));
        place.custload("import a.csv --profile contact --key none").ends(0);
        let text = format!("{HEAD}Ann@example.com,Zoe,,\ncy@example.com,Cyd,Ulm,\n");
        for mode in ["update", "upsert"] {
            import(&place, &text, &format!("--mode {mode} --force"), 1);
            let run = if mode == "update" { 2 } else { 3 };
            assert_eq!(codes(&place, run), ["1 ambiguous-key"], "{second}");
            let said = &place.objects(&format!("customers.db.imports/run-{run:06}/errors.ndjson"))[0]["message"];
            assert_eq!(said, "customers 1 and 2 in the database have this email");
        }
    }
}

#[test]
fn of_several_records_the_first_or_the_last() {
    let text = format!(
        "{HEAD}cy@example.com,Cyd,Bonn,\nann@example.com,Ann Smith,Ulm,\ncy@example.com,no,Köln,\nCY@example.com,Cyd Two,,\n\
         dee@example.com,Dee,,\nANN@example.com,Ann Last,,\n,nobody,,\nCy@example.com,X,,\n"
    );
    let place = place();
    import(&place, &text, "--mode upsert", 1);
    let expected = ["3 too-short", "4 duplicate-key", "6 duplicate-key", "7 required", "7 no-key", "8 too-short"];
    assert_eq!(codes(&place, 2), expected);
    let place = self::place();
    import(&place, &text, "--mode upsert --duplicates last", 1);
    assert_eq!(codes(&place, 2), ["3 too-short", "7 required", "7 no-key", "8 too-short"]);
    let became = [
        "cy@example.com  superseded",
        "ann@example.com  superseded",
        "CY@example.com 3 created",
        "dee@example.com 4 created",
        "Ann@example.com 1 updated",
    ];
    let outcomes = outcomes(&place, 2);
    assert_eq!(outcomes.len(), 5);
    assert_eq!(outcomes[2..], became[2..]);
    assert!(outcomes[0].ends_with(" superseded") && outcomes[1].ends_with("  superseded"), "{outcomes:?}");
    let expected = [
        "1 Ann@example.com|Ann Last|Bonn|DE|0131|2.1.6",
        BOB,
        "3 CY@example.com|Cyd Two|-|-|3131|2.1.4",
        "4 dee@example.com|Dee|-|-|3131|2.1.5",
    ];
    assert_eq!(stored(&place), expected);
    let summary = place.json("customers.db.imports/run-000002/summary.json");
    let counts = ["read", "accepted", "created", "updated", "unchanged", "superseded", "rejected", "blank"];
    let counts: Vec<u64> = counts.iter().map(|count| summary[*count].as_u64().unwrap()).collect();
    assert_eq!(counts, [8, 5, 2, 1, 0, 2, 3, 0]);
    // Creating as well; a customer who is there stands in the way as always.
    let place = self::place();
    import(&place, &text, "--duplicates last", 1);
    assert_eq!(codes(&place, 2), ["2 duplicate-key", "3 too-short", "6 duplicate-key", "7 required", "8 too-short"]);
    assert_eq!(stored(&place)[2..], expected[2..]);
    import(&place, &text, "--duplicates last --commit-every 2", 2).says(&["--duplicates last and --commit-every"]);
}

#[test]
fn a_check_gives_the_verdicts_of_an_import() {
    let place = place();
    let text =
        format!("{HEAD}ANN@example.com,Ann Smith,Köln,DE\nbob@example.com,Bob Brown,,\ncy@example.com,Cy Young,,\n");
    place.write("new.csv", &text);
    let before = std::fs::read(place.path("customers.db")).unwrap();
    for mode in ["update", "upsert"] {
        let line =
            format!("check new.csv --profile contact --mode {mode} --db customers.db --accepted --reports {mode}");
        place.custload(&line).ends(if mode == "update" { 1 } else { 0 });
        let (_, rows) = place.table(&format!("{mode}/accepted.csv"));
        let became: Vec<&str> = rows.iter().map(|row| row[5].as_str()).collect();
        assert_eq!(
            became,
            [&["updated", "unchanged", "created"][..], &["updated", "unchanged"]][usize::from(mode == "update")]
        );
    }
    place.custload("check new.csv --profile contact --mode update").ends(0);
    // There is nothing to commit, and nothing is forgotten on the way.
    place.custload("check new.csv --profile contact --mode update --db customers.db --commit-every 1").ends(1);
    assert!(before == std::fs::read(place.path("customers.db")).unwrap());
}

/// A run of whose records none was accepted says so, blocks no other, and has its reports.
#[test]
fn nothing_loaded() {
    let place = Place::new();
    let rows: String = ["ann", "bob", "cyd"].map(|name| format!("{name}@example.com,call me\n")).concat();
    place.write("a.csv", format!("email,phone\n{rows}"));
    let line = "import a.csv --profile contact";
    let done = place.custload(line).ends(1);
    assert!(done.stdout.starts_with("run 1, profile contact: nothing loaded"), "{}", done.stdout);
    assert!(done.stdout.contains("run-000001/a.rejects.csv"), "{}", done.stdout);
    place.custload(&format!("{line} --rejects-ok --quiet")).ends(1);
    for run in ["run-000001", "run-000002"] {
        assert_eq!(place.json(&format!("customers.db.imports/{run}/summary.json"))["status"], "nothing-loaded");
    }
    assert_eq!(place.column("customers.db", "SELECT status FROM import_runs"), ["nothing-loaded", "nothing-loaded"]);
    let runs = place.custload("runs").ends(0).stdout;
    assert!(runs.contains("nothing-loaded"), "{runs}");
    place.custload(&format!("{line} --on-invalid phone=clear")).ends(0);
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 3);
    // One accepted record is a load, and so are no records at all.
    place.write("b.csv", "email,phone\ndan@example.com,12345\neve@example.com,call me\n");
    place.custload("import b.csv --profile contact").ends(1);
    place.write("c.csv", "email,phone\n");
    place.custload("import c.csv --profile contact").ends(0);
    let sql = "SELECT status FROM import_runs WHERE run_id > 2";
    assert_eq!(place.column("customers.db", sql), ["finished", "finished", "finished"]);
    // What there is to undo of such a run is nothing.
    place.custload("undo 1").ends(0);
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 4);
    // With checkpoints too.
    let place = Place::new();
    place.write("a.csv", format!("email,phone\n{rows}"));
    place.custload(&format!("{line} --commit-every 1")).ends(1);
    assert_eq!(place.column("customers.db", "SELECT status FROM import_runs"), ["nothing-loaded"]);
}

#[test]
fn a_run_waits_for_a_database_that_is_held() {
    let place = place();
    place.write("new.csv", format!("{HEAD}cy@example.com,Cyd,,\n"));
    let other = place.open("customers.db");
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    place.custload("import new.csv --wait 0.3").ends(2).says(&[
        "waiting for up to 0.3 s",
        "the database is locked",
        "--wait",
    ]);
    let mut waiting = place.command(&["import", "new.csv", "--profile", "contact", "--wait", "60", "--quiet"]);
    let mut waiting = waiting.stderr(std::process::Stdio::piped()).spawn().unwrap();
    // It is let in when it has said that it waits, and not before.
    let mut said = [0; 12];
    std::io::Read::read_exact(waiting.stderr.as_mut().unwrap(), &mut said).unwrap();
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    let done = Done::new(&waiting.wait_with_output().unwrap()).ends(0);
    assert!(done.stderr.contains("waiting for up to 60 s"), "{}", done.stderr);
    place.custload("import new.csv --wait never").ends(2);
    place.custload("import new.csv --wait -1").ends(2);
}

/// Two days' lists in one run: a key of the first is met again in the second, where cells are empty, and others differ.
const DAYS: [&str; 2] = [
    "cy@example.com,Cyd,Ulm,\nann@example.com,Ann New,,\ndee@example.com,Dee,,\ndee@example.com,Dee Two,Kiel,\n",
    "CY@example.com,,,DE\nann@example.com,Ann Newer,Jena,\nbob@example.com,Bob Brown,,\ndee@example.com,Dee,,\n\
     eve@example.com,Eve,,\nEVE@example.com,Eve Two,,\n",
];

/// Runs a line in which DAYS stands for the lists, and DAY1 and DAY2 for one.
fn days(place: &Place, line: &str, status: i32) -> Done {
    for (name, text) in ["day1.csv", "day2.csv"].into_iter().zip(DAYS) {
        place.write(name, format!("{HEAD}{text}"));
    }
    let line = line.replace("DAYS", "DAY1 DAY2").replace("DAY1", "day1.csv").replace("DAY2", "day2.csv");
    place.custload(&format!("{line} --profile contact --now 2026-01-31T00:00:00Z")).ends(status)
}

#[test]
fn several_inputs_of_an_upsert_are_one_run_for_each() {
    let ann = "1 Ann@example.com|Ann Newer|Jena|DE|0131|2.2.2";
    let cy = "3 cy@example.com|Cyd|Ulm|DE|3131|2.2.1";
    // Of the two records of one key in each list the first stays, or the last; the second list says Dee again.
    let dees = ["4 dee@example.com|Dee|-|-|3131|2.1.3", "4 dee@example.com|Dee|Kiel|-|3131|2.2.4"];
    let eves = ["5 eve@example.com|Eve|-|-|3131|2.2.5", "5 EVE@example.com|Eve Two|-|-|3131|2.2.6"];
    for (options, status) in [("", 1), ("--duplicates last", 0), ("--commit-every 2", 1)] {
        let is_last = options.contains("last");
        let (dee, eve) = (dees[usize::from(is_last)], eves[usize::from(is_last)]);
        let place = place();
        let before = stored(&place);
        days(&place, &format!("import DAYS --mode upsert --accepted {options}"), status);
        assert_eq!(stored(&place), [ann, BOB, cy, dee, eve], "{options}");
        let rejected: &[&str] = if is_last { &[] } else { &["4 duplicate-key", "6 duplicate-key"] };
        assert_eq!(codes(&place, 2), rejected, "{options}");
        let mut became = vec![
            "cy@example.com 3 created",
            "Ann@example.com 1 updated",
            "dee@example.com 4 created",
            "cy@example.com 3 updated",
            "Ann@example.com 1 updated",
            "bob@example.com 2 unchanged",
            if is_last { "dee@example.com 4 updated" } else { "dee@example.com 4 unchanged" },
            "eve@example.com 5 created",
        ];
        if is_last {
            became.insert(2, "dee@example.com  superseded");
            became.insert(8, "eve@example.com  superseded");
            became[9] = "EVE@example.com 5 created";
        }
        assert_eq!(outcomes(&place, 2), became, "{options}");
        let counts = place.column(
            "customers.db",
            "SELECT created || ' ' || updated || ' ' || unchanged FROM import_files WHERE run_id = 2",
        );
        assert_eq!(counts, ["2 1 0", if is_last { "1 3 1" } else { "1 2 2" }], "{options}");
        // What stands in the journal is from before the run.
        let changes = "SELECT customer_id || field || ifnull(old_value, '-') || '>' || new_value FROM import_changes \
                       WHERE run_id = 2 AND customer_id = 1 ORDER BY field";
        assert_eq!(place.column("customers.db", changes), ["1cityBonn>Jena", "1nameAnn Smith>Ann Newer"]);
        assert_eq!(
            place.number("customers.db", "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%checkpoint_updates'"),
            0
        );

        // A check says the same, with a database and without.
        let copy = self::place();
        days(&copy, &format!("check DAYS --mode upsert --db customers.db --accepted --reports out {options}"), status);
        let (_, rows) = copy.table("out/accepted.csv");
        let actions: Vec<&str> = rows.iter().map(|row| row[5].as_str()).collect();
        assert_eq!(
            actions,
            became.iter().map(|outcome| outcome.rsplit(' ').next().unwrap()).collect::<Vec<_>>(),
            "{options}"
        );
        assert!(rows.iter().all(|row| row[4].is_empty() || ["1", "2"].contains(&row[4].as_str())), "{rows:?}");

        // A person's change of a customer that the run has created and changed.
        let undo = place.custload("undo 2 --dry-run").ends(0).stdout;
        assert!(undo.contains("3 customers deleted, 1 customer restored"), "{undo}");
        place.open("customers.db").execute("UPDATE customers SET city = 'Rom' WHERE customer_id = 3", []).unwrap();
        place.custload("undo 2").ends(2).says(&["1 customer has changed since", "customer 3: changed by a person"]);
        place.custload("undo 2 --keep-changed").ends(0);
        assert_eq!(stored(&place), [&before[..], &[cy.replace("Ulm", "Rom")]].concat(), "{options}");
    }
}

#[test]
fn several_inputs_into_a_new_database() {
    for options in ["", "--duplicates last", "--commit-every 1", "--commit-every 3", "--threads 1"] {
        let (place, apart) = (Place::new(), Place::new());
        let rejected = i32::from(!options.contains("last"));
        days(&place, &format!("import DAYS --mode upsert {options}"), rejected);
        days(&apart, &format!("import DAY1 --mode upsert {options}"), rejected);
        days(&apart, &format!("import DAY2 --mode upsert {options}"), rejected);
        let of = |place: &Place| {
            let sql = "SELECT customer_id || email || name || ifnull(city, '-') || ifnull(country, '-') || import_record \
                       FROM customers ORDER BY customer_id";
            place.column("customers.db", sql)
        };
        assert_eq!(of(&place), of(&apart), "{options}");
        dump(&place.path("customers.db"));
        let last = "SELECT seq FROM sqlite_sequence WHERE name = 'customers'";
        assert_eq!(place.column("customers.db", last), ["5"], "{options}");
        assert!(place.custload("undo 1").ends(0).stdout.contains("5 customers deleted"), "{options}");
        // Without a database a check knows what its own inputs would create.
        let check = days(&apart, &format!("check DAYS --mode upsert --json {options}"), rejected);
        let check: Value = serde_json::from_str(&check.stdout).unwrap();
        assert_eq!((&check["created"], &check["inputs"][1]["created"]), (&json!(5), &json!(2)), "{options}");
    }
}

/// More rows than are inserted one by one, so that they are gathered, or fill a new database directly.
#[test]
fn many_records_in_several_inputs() {
    for exists in [false, true] {
        let place = if exists { place() } else { Place::new() };
        let list = |name: &str, of: std::ops::Range<usize>| -> String {
            of.map(|number| format!("c{number}@example.com,{name},,\n")).collect()
        };
        place.write("1.csv", format!("{HEAD}{}", list("One", 0..9_500)));
        place.write("2.csv", format!("{HEAD}{}", list("Two", 9_000..10_000)));
        place.write("3.csv", format!("{HEAD}{}", list("Three", 9_900..10_100)));
        place.custload("import 1.csv 2.csv 3.csv --profile contact --mode upsert --quiet").ends(0);
        let sql = "SELECT name || count(*) || created || '-' || updated FROM customers JOIN import_files AS f \
                   ON f.run_id = import_run AND f.import_file = customers.import_file WHERE name IN ('One', 'Two', 'Three') \
                   GROUP BY name ORDER BY min(customer_id)";
        assert_eq!(place.column("customers.db", sql), ["One90009500-0", "Two900500-500", "Three200100-100"]);
        dump(&place.path("customers.db"));
        let run = if exists { 2 } else { 1 };
        let undo = place.custload(&format!("undo {run}")).ends(0).stdout;
        assert!(undo.contains("is undone: 10,100 customers deleted"), "{undo}");
    }
}

/// A value that is joined of several is not replaced by a part of it.
#[test]
fn a_part_of_a_value_does_not_replace_the_whole() {
    const PROFILE: &str = "name = 'own'\nkey = 'code'\n[fields.code]\n[fields.street]\nfrom = ['street', 'no']\n";
    let first = "code,street,no\n1,Hof,12\n2,Ring,\n";
    let stored = |place: &Place| place.column("customers.db", "SELECT ifnull(street, '-') FROM customers").join(", ");
    for (second, options, expected) in [
        ("code,street,no\n1,Weg,3\n", "", "Weg 3, Ring"),
        ("code,street,no\n1,Weg,\n2,,4\n3,Am See,\n", "", "Hof 12, Ring, Am See"),
        ("code,street,no\n1,Weg,\n2,,4\n", "--empty clear", "Weg, 4"),
        ("code,street,no\n1,,\n", "--empty clear", "-, Ring"),
        ("code,street\n1,Weg\n3,Am See\n", "", "Hof 12, Ring, Am See"),
        ("code,street\n1,\n", "--empty clear", "Hof 12, Ring"),
        ("{\"code\":2,\"street\":\"Weg\",\"no\":5}\n{\"code\":1,\"street\":\"Weg\"}\n", "", "Hof 12, Weg 5"),
        ("{\"code\":2,\"street\":\"Weg\",\"no\":5}\n{\"code\":1,\"street\":null}\n", "--empty clear", "Hof 12, Weg 5"),
    ] {
        let place = Place::new();
        place.write("own.toml", PROFILE);
        place.write("first.csv", first);
        place.custload("import first.csv --profile own.toml").ends(0);
        assert_eq!(stored(&place), "Hof 12, Ring");
        let name = if second.starts_with('{') { "second.ndjson" } else { "second.csv" };
        place.write(name, second);
        place.custload(&format!("import {name} --profile own.toml --mode upsert {options}")).ends(0);
        assert_eq!(stored(&place), expected, "{second}");
    }
    // Of the built-in profiles, too.
    let place = Place::new();
    let record = |key: u8, names: &str| format!("{{\"external_key\":\"{key}\",{names}}}\n");
    let whole =
        record(1, r#""first_name":"Jana","last_name":"Roth""#) + &record(2, r#""first_name":"Bo","last_name":"Ek""#);
    place.write("a.ndjson", whole);
    place.custload("import a.ndjson --profile billing").ends(0);
    place.write("b.ndjson", record(2, r#""first_name":"Bob","last_name":"Ek""#) + &record(1, r#""first_name":"Jane""#));
    place.custload("import b.ndjson --profile billing --mode upsert").ends(0);
    assert_eq!(place.column("customers.db", "SELECT name FROM customers"), ["Jana Roth", "Bob Ek"]);
    // In a new customer, a part is better than nothing, and the missing column is named.
    let place = Place::new();
    place.write("own.toml", PROFILE);
    place.write("first.csv", "code,street\n1,Hof\n");
    let done = place.custload("import first.csv --profile own.toml").ends(0);
    done.says(&["no column matches no, so street is joined without it"]);
    assert_eq!(stored(&place), "Hof");
    // A file of which nothing would be stored is not loaded.
    for (name, text) in [("x.csv", "a,b\n1,2\n"), ("x.ndjson", "{\"a\":1}\n")] {
        place.write(name, text);
        place
            .custload(&format!("import {name} --profile own.toml"))
            .ends(2)
            .says(&["matches a field of the profile own"]);
    }
}
