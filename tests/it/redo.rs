//! `--redo` (docs/undo.md, "Redo"): the runs that have loaded the inputs are undone, and the inputs loaded again, both or nothing.

use crate::support::*;

const HEAD: &str = "email,name,city,phone\n";
const ANN: &str = "ann@example.com,Ann Smith,Bonn,123\n";
const BOB: &str = "bob@example.com,Bob Brown,,call me\n";
const CYD: &str = "cyd@example.com,Cyd,,456\n";

/// Ann and Cyd, and Bob rejected for his phone.
fn place() -> Place {
    let place = Place::new();
    place.write("a.csv", format!("{HEAD}{ANN}{BOB}{CYD}"));
    place.custload("import a.csv --profile contact --quiet").ends(1);
    place
}

fn stored(place: &Place) -> Vec<String> {
    let sql = "SELECT customer_id || ' ' || name || ' ' || ifnull(city, '-') || ' ' || ifnull(phone, '-') || ' ' || import_run \
               FROM customers ORDER BY customer_id";
    place.column("customers.db", sql)
}

fn statuses(place: &Place) -> Vec<String> {
    place.column("customers.db", "SELECT run_id || ' ' || status FROM import_runs ORDER BY run_id")
}

#[test]
fn a_run_is_undone_and_its_input_loaded_again() {
    let place = place();
    assert_eq!(stored(&place), ["1 Ann Smith Bonn 123 1", "2 Cyd - 456 1"]);
    let line = "import a.csv --profile contact --redo --on-invalid phone=clear --accepted --log run.log";
    let done = place.custload(line).ends(0).says(&["undoing run 1, and loading its inputs again"]);
    assert!(done.stdout.starts_with("run 2, profile contact: loaded"), "{}", done.stdout);
    // IDs are never used again.
    assert_eq!(stored(&place), ["3 Ann Smith Bonn 123 2", "4 Bob Brown - - 2", "5 Cyd - 456 2"]);
    assert_eq!(statuses(&place), ["1 undone", "2 finished"]);
    let summary = place.json("customers.db.imports/run-000002/summary.json");
    assert_eq!((&summary["undone_runs"], &summary["first_customer_id"]), (&serde_json::json!([1]), &3.into()));
    assert!(place.text("run.log").contains(" undo undone=1 deleted=2 restored=0 "), "{}", place.text("run.log"));
    let runs = place.custload("runs").ends(0).stdout;
    assert!(runs.contains("undone") && runs.contains("finished"), "{runs}");
    // The same options are redone, too, when that is asked for; without the word the input is the same.
    place
        .custload("import a.csv --profile contact --on-invalid phone=clear")
        .ends(0)
        .says(&["already loaded by run 2"]);
    place.custload(&format!("{line} --now {NOW}")).ends(0);
    assert_eq!(stored(&place)[0], "6 Ann Smith Bonn 123 3");
    assert_eq!(statuses(&place), ["1 undone", "2 undone", "3 finished"]);
    place.custload("undo 3").ends(0);
    assert_eq!(stored(&place), [""; 0]);
    // Nothing is left to be undone, and the input is loaded.
    place.custload(line).ends(0).says(&["no run has loaded these inputs"]);
    assert_eq!(stored(&place)[0], "9 Ann Smith Bonn 123 4");
    dump(&place.path("customers.db"));
}

#[test]
fn what_was_updated_is_restored_first() {
    for mode in ["update", "upsert"] {
        let place = place();
        place.write("b.csv", format!("{HEAD}ann@example.com,,,789\ncyd@example.com,Cyd Day,Ulm,\n"));
        let line = format!("import b.csv --profile contact --mode {mode}");
        place.custload(&line).ends(0);
        assert_eq!(stored(&place), ["1 Ann Smith Bonn 789 2", "2 Cyd Day Ulm 456 2"]);
        place.custload(&format!("{line} --redo --empty clear")).ends(0);
        let sql = "SELECT ifnull(name, '-') || ifnull(city, '-') || ifnull(phone, '-') FROM customers";
        assert_eq!(place.column("customers.db", sql), ["--789", "Cyd DayUlm-"], "{mode}");
        place.custload("undo 3").ends(0);
        assert_eq!(stored(&place), ["1 Ann Smith Bonn 123 1", "2 Cyd - 456 1"], "{mode}");
        assert_eq!(statuses(&place), ["1 finished", "2 undone", "3 undone"]);
    }
}

/// Several inputs of several runs, newest first; what no run has loaded comes with them.
#[test]
fn a_folder_is_loaded_again() {
    let place = Place::new();
    for (number, city) in (1..).zip(["Atown", "Btown", "Ctown"]) {
        place.write(&format!("feed/day{number}.csv"), format!("{HEAD}ann@example.com,Ann Smith,{city},\n"));
        place.custload("import feed --profile contact --mode upsert").ends(0);
    }
    place.write("feed/day4.csv", format!("{HEAD}{CYD}"));
    place.custload("import feed --profile contact --mode upsert --relax name --redo --accepted").ends(0);
    let city = "SELECT city FROM customers WHERE name = 'Ann Smith'";
    assert_eq!(place.column("customers.db", city), ["Ctown"]);
    assert_eq!(statuses(&place), ["1 undone", "2 undone", "3 undone", "4 finished"]);
    let files = place.column("customers.db", "SELECT path FROM import_files WHERE run_id = 4");
    assert_eq!(files, ["feed/day1.csv", "feed/day2.csv", "feed/day3.csv", "feed/day4.csv"]);
    // Both runs that have loaded the same bytes.
    let place = self::place();
    place.write("copy.csv", place.text("a.csv"));
    place.custload("import copy.csv --profile contact --key none --force").ends(1);
    assert_eq!(stored(&place).len(), 4);
    place.custload("import a.csv --profile contact --key none --redo").ends(1);
    assert_eq!(stored(&place), ["5 Ann Smith Bonn 123 3", "6 Cyd - 456 3"]);
    assert_eq!(statuses(&place), ["1 undone", "2 undone", "3 finished"]);
}

/// More rows than are inserted one by one.
#[test]
fn a_large_run_is_loaded_again() {
    let rows: String = (0..12_000).map(|row| format!("p{row}@example.com,Person,,{}\n", row % 100 + 100)).collect();
    for others in [false, true] {
        let place = Place::new();
        place.write("a.csv", format!("{HEAD}{rows}"));
        if others {
            place.write("other.csv", format!("{HEAD}{ANN}{CYD}"));
            place.custload("import other.csv --profile contact --quiet").ends(0);
        }
        place.custload("import a.csv --profile contact --quiet").ends(0);
        place.custload("import a.csv --profile contact --quiet --redo --relax city").ends(0);
        let own = i64::from(others) * 2;
        let sql = "SELECT count(*) FROM customers WHERE customer_id > 12000";
        assert_eq!(place.number("customers.db", sql), 12_000);
        assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 12_000 + own);
        let first = "SELECT min(customer_id) FROM customers WHERE import_run = (SELECT max(run_id) FROM import_runs)";
        assert_eq!(place.number("customers.db", first), 12_001 + own);
        dump(&place.path("customers.db"));
        let last = place.number("customers.db", "SELECT max(run_id) FROM import_runs").to_string();
        place.run(&["undo", &last]).ends(0);
        assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), own);
    }
}

/// Where the inputs are not loaded again, no run is undone.
#[test]
fn a_redo_that_comes_to_nothing() {
    for (options, status, said) in [
        ("--max-rejects 0", 3, "the database is as it was"),
        ("--map phone=email --map email=", 1, "no run is undone; the database is as it was"),
        ("--unknown-columns error --map phone=tags", 2, "tags"),
        ("--reports a.csv", 2, "a.csv"),
    ] {
        let place = place();
        let before = dump(&place.path("customers.db"));
        let done = place.custload(&format!("import a.csv --profile contact --redo {options}")).ends(status);
        assert!(format!("{}{}", done.stdout, done.stderr).contains(said), "{said}: {} {}", done.stdout, done.stderr);
        assert_eq!(dump(&place.path("customers.db")), before, "{options}");
        if status != 2 {
            let summary = place.json("customers.db.imports/run-000002/summary.json");
            assert!(summary.get("undone_runs").is_none(), "{summary}");
            assert_eq!(summary["run_id"].is_null(), status == 1, "{summary}");
            // What the run that stands has loaded is not to come again with a reject report.
            assert!(!done.stdout.contains("custload import"), "{}", done.stdout);
        }
        place.custload("import a.csv --profile contact").ends(0).says(&["already loaded by run 1"]);
        // The number, and the folder of the reports, go to the next run.
        let again = "import a.csv --profile contact --redo --on-invalid phone=clear --reports";
        place.custload(&format!("{again} customers.db.imports/run-000002")).ends(0);
        assert_eq!(stored(&place).len(), 3);
    }
}

#[test]
fn what_is_refused() {
    type Case = (fn(&Place), &'static str, &'static [&'static str]);
    let both: fn(&Place) = |place| {
        place.write("b.csv", format!("{HEAD}dan@example.com,Dan,,\n"));
        place.write("c.csv", format!("{HEAD}eve@example.com,Eve,,\n"));
        place.custload("import b.csv c.csv --profile contact").ends(0);
    };
    let cases: [Case; 9] = [
        // What was rejected of what was rejected, whatever became of the run between.
        (
            |place| {
                let reject = place.text("customers.db.imports/run-000001/a.rejects.csv");
                place.write("customers.db.imports/run-000001/a.rejects.csv", reject.replace("call me", "call us"));
                place.custload("import customers.db.imports/run-000001/a.rejects.csv --profile contact").ends(1);
                let again = "import customers.db.imports/run-000002/a.rejects.rejects.csv --profile contact";
                place.custload(&format!("{again} --on-invalid phone=clear")).ends(0);
            },
            "a.csv",
            &["run 3 loaded the reject report", "`custload undo 3`"],
        ),
        (
            |place| {
                place.write("b.csv", format!("{HEAD}{CYD}dan@example.com,Dan,,\n"));
                let reject = "import customers.db.imports/run-000001/a.rejects.csv b.csv --profile contact";
                place.custload(reject).ends(1);
                place.custload("undo 2").ends(0);
                let again = place.names().into_iter().find(|name| name.contains("run-000002/a.rej")).unwrap();
                place.custload(&format!("import {again} --profile contact --on-invalid phone=clear")).ends(0);
            },
            "a.csv",
            &["run 3 loaded the reject report", "`custload undo 3`"],
        ),
        (both, "b.csv", &["run 2 also read c.csv", "`custload undo 2`"]),
        (
            |place| {
                place.write("b.csv", format!("{HEAD}dan@example.com,Dan,,\n"));
                place.write("c.csv", format!("{HEAD}eve@example.com,Eve,,\n"));
                place.custload("import b.csv c.csv --profile contact").ends(0);
                place.write("c.csv", format!("{HEAD}eve@example.com,Eva,,\n"));
            },
            "b.csv c.csv",
            &["run 2 also read c.csv", "or has changed since"],
        ),
        (
            |place| {
                place.write("b.csv", format!("{HEAD}dan@example.com,Dan,,\neve@example.com,Eve,,\n"));
                place.custload("import b.csv --profile contact --commit-every 1").ends(0);
            },
            "b.csv",
            &["run 2 was committed in parts", "`custload undo 2`"],
        ),
        (|place| _ = place.custload("runs prune --keep 0").ends(0), "a.csv", &["run 1 cannot be", "prune"]),
        (
            |place| {
                place.write("b.csv", format!("{HEAD}ann@example.com,Ann New,,\n"));
                place.custload("import b.csv --profile contact --mode upsert").ends(0);
            },
            "a.csv",
            &["run 1 cannot be undone: 1 customer has changed since (customer 1: changed by run 2)"],
        ),
        (
            |place| {
                let reject = "import customers.db.imports/run-000001/a.rejects.csv --profile contact";
                place.custload(&format!("{reject} --on-invalid phone=clear")).ends(0);
            },
            "a.csv",
            &["run 2 loaded the reject report customers.db.imports/run-000001/a.rejects.csv", "`custload undo 2`"],
        ),
        (
            // One that was corrected elsewhere.
            |place| {
                let corrected = place.text("customers.db.imports/run-000001/a.rejects.csv").replace("call me", "12345");
                place.write("corrected.csv", corrected);
                place.custload("import corrected.csv --profile contact").ends(0);
            },
            "a.csv",
            &["run 2 loaded the reject report corrected.csv, which may come", "`custload undo 2`"],
        ),
    ];
    for (prepare, inputs, said) in cases {
        let place = place();
        prepare(&place);
        let (before, names) = (dump(&place.path("customers.db")), place.names());
        place
            .custload(&format!("import {inputs} --profile contact --redo"))
            .ends(2)
            .says(said)
            .says(&["nothing was written"]);
        assert_eq!(dump(&place.path("customers.db")), before, "{said:?}");
        assert_eq!(place.names(), names, "{said:?}");
    }
    // Named together, the inputs of a run can be loaded again; so can those whose reject report's run was undone.
    let place = place();
    both(&place);
    place.custload("import c.csv b.csv --profile contact --redo").ends(0);
    let rejects = "import customers.db.imports/run-000001/a.rejects.csv --profile contact --on-invalid phone=clear";
    place.custload(rejects).ends(0);
    place.custload("undo 4").ends(0);
    place.custload("import a.csv --profile contact --redo").ends(1);
    assert_eq!(statuses(&place), ["1 undone", "2 undone", "3 finished", "4 undone", "5 finished"]);
    // With these it makes no sense.
    for line in ["import a.csv --redo --force", "import a.csv --redo --commit-every 5", "check a.csv --redo"] {
        place.custload(line).ends(2).says(&["--redo"]);
    }
}
