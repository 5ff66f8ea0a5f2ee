//! Runs that were: listed, shown, pruned and undone.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::generator::Generator;
use serde_json::Value;

use crate::support::{Done, NOW, Place, Random, dump, dump_table};

const HEADER: &str = "email,name,city\n";
const FIRST: &str = "ann@example.com,Ann Smith,Ulm\nbob@example.com,Bob Brown,Bonn\ncid@example.com,Cid Cox,Kiel\n";

/// A place where run 1 has loaded `first.csv`: the customers 1 to 3.
fn place() -> Place {
    let place = Place::new();
    load(&place, "first.csv", FIRST, "");
    place
}

/// Loads records under a header of the profile contact.
#[track_caller]
fn load(place: &Place, name: &str, records: &str, options: &str) -> Done {
    place.write(name, format!("{HEADER}{records}"));
    place.custload(&format!("import {name} --profile contact --quiet --now {NOW} {options}")).ends(0)
}

fn customers(place: &Place) -> String {
    dump_table(&place.path("customers.db"), "customers")
}

fn execute(place: &Place, sql: &str) {
    place.open("customers.db").execute_batch(sql).unwrap();
}

/// Runs a line that must be refused, and makes sure that nothing was changed.
#[track_caller]
fn refused(place: &Place, line: &str, pieces: &[&str]) -> Done {
    let before = place.everything();
    let done = place.custload(line).ends(2).says(pieces);
    assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
    let after = place.everything();
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert!(before == after, "a refusal changed a file");
    done
}

/// The journal's rows of a run.
fn journal(place: &Place, run: i64) -> i64 {
    let tables = ["import_created", "import_updated", "import_changes", "import_checkpoints"];
    let count = |table| place.number("customers.db", &format!("SELECT count(*) FROM {table} WHERE run_id = {run}"));
    tables.into_iter().map(count).sum()
}

/// What a run does, and what is printed where it is undone.
const RUNS: [(&str, &str, &str); 6] = [
    ("", "dan@example.com,Dan Day,Jena\neve@example.com,Eve Eck,Ulm\n", "is undone: 2 customers deleted\n"),
    ("--mode update", "ann@example.com,Ann Jones,Jena\n", "is undone: 1 customer restored\n"),
    (
        "--mode upsert",
        "ann@example.com,Ann Jones,\nbob@example.com,Bob Brown,Ulm\neve@example.com,Eve Eck,Ulm\n",
        "1 customer deleted, 2 customers restored",
    ),
    ("--mode upsert --empty clear", "ann@example.com,,\n", "is undone: 1 customer restored\n"),
    ("--mode upsert --duplicates last", "ann@example.com,Ann A,\nann@example.com,Ann B,\n", "1 customer restored"),
    ("--mode update", "ann@example.com,Ann Smith,Ulm\n", "is undone: no customer had to be changed\n"),
];

#[test]
fn a_run_is_undone() {
    for (options, records, said) in RUNS {
        let place = place();
        let before = customers(&place);
        load(&place, "second.csv", records, options);
        let (after, last) = (customers(&place), last_id(&place));
        let everything = place.everything();
        let dry = place.custload("undo 2 --dry-run").ends(0).stdout;
        assert!(dry.contains(&said.replace("is undone", "would be undone")) && dry.contains("--dry-run"), "{dry}");
        assert!(everything == place.everything(), "{options}: a dry run has changed something");
        let done = place.custload("undo 2 --now 2026-02-01T00:00:00Z").ends(0);
        assert!(done.stdout.contains(said), "{options}: {}", done.stdout);
        assert_eq!(customers(&place), before, "{options}");
        dump(&place.path("customers.db"));
        assert_eq!(journal(&place, 2), 0);
        let row = dump_table(&place.path("customers.db"), "import_runs");
        let row = row.lines().find(|line| line.starts_with("run_id=2 ")).unwrap();
        for piece in ["status=\"undone\"", "undone_at=\"2026-02-01T00:00:00Z\""] {
            assert!(row.contains(piece), "{row}");
        }
        refused(&place, "undo 2", &["run 2", "already undone at 2026-02-01T00:00:00Z"]);

        // It loads again without a word, and no ID is used again.
        load(&place, "second.csv", records, options);
        assert!(
            place.number("customers.db", "SELECT ifnull(min(customer_id), 99) FROM customers WHERE customer_id > 3")
                > last
        );
        let again = customers(&place).lines().count();
        assert_eq!(again, after.lines().count(), "{options}");
    }
}

fn last_id(place: &Place) -> i64 {
    place.number("customers.db", "SELECT seq FROM sqlite_sequence WHERE name = 'customers'")
}

#[test]
fn runs_are_undone_one_after_the_other() {
    let place = Place::new();
    let mut random = Random::new(8);
    let cities = ["Ulm", "Bonn", "Kiel", "Jena", "Köln", ""];
    let mut states = vec![String::new()];
    for run in 1..=6 {
        // More than two ranges of created customers, and each later run changes a part of them.
        let records: String = (0..if run == 1 { 2500 } else { 900 })
            .map(|number| {
                let number = if run == 1 { number } else { random.below(3500) };
                let city = random.pick(&cities);
                format!("c{number}@example.com,Name {},{city}\n", random.pick(&["One", "Two", "Three"]))
            })
            .collect();
        let options = if run % 2 == 0 { "--mode upsert" } else { "--mode upsert --empty clear" };
        load(&place, &format!("{run}.csv"), &records, &format!("--rejects-ok {options}"));
        states.push(customers(&place));
    }
    // Profiles that fill other columns are no change of what others have filled.
    place.write("basic.csv", "name,tax_id\nGamma Ltd,77\n");
    place.custload("import basic.csv --profile basic --quiet").ends(0);
    place.custload("undo 7").ends(0);
    for run in (1..=6).rev() {
        states.pop();
        place.custload(&format!("undo {run}")).ends(0);
        // The columns of the other profile have stayed, without values.
        assert_eq!(customers(&place), *states.last().unwrap(), "run {run}");
    }
    let runs = place.column("customers.db", "SELECT DISTINCT status FROM import_runs");
    assert_eq!(runs, ["undone"]);
    assert_eq!((1..=7).map(|run| journal(&place, run)).sum::<i64>(), 0);
    dump(&place.path("customers.db"));
}

/// What somebody does to the customers 4 and 5, whom run 2 has created, and to 1 and 2, whom it has updated; what is said of
/// it; and who is restored or gone where the rest is undone.
const CHANGES: [(&str, &[&str], &str); 9] = [
    (
        "UPDATE customers SET city = 'Rom' WHERE customer_id = 1",
        &["customer 1: changed by a person or another program"],
        "1 Rom Ann Jones|2 Bonn Bob Brown|3 Kiel Cid Cox",
    ),
    ("DELETE FROM customers WHERE customer_id = 2", &["customer 2: deleted"], "1 Ulm Ann Smith|3 Kiel Cid Cox"),
    (
        "UPDATE customers SET city = 'Rom' WHERE customer_id = 4",
        &["customer 4: changed by a person or another program"],
        "1 Ulm Ann Smith|2 Bonn Bob Brown|3 Kiel Cid Cox|4 Rom Dan Day",
    ),
    (
        "DELETE FROM customers WHERE customer_id = 4",
        &["customer 4: deleted"],
        "1 Ulm Ann Smith|2 Bonn Bob Brown|3 Kiel Cid Cox",
    ),
    (
        "DELETE FROM customers WHERE customer_id > 3",
        &["customers 4 to 5: deleted"],
        "1 Ulm Ann Smith|2 Bonn Bob Brown|3 Kiel Cid Cox",
    ),
    (
        "UPDATE customers SET city = 'Rom', updated_at = 'now' WHERE customer_id IN (1, 2)",
        &["customers 1 to 2: changed by a person"],
        "1 Rom Ann Jones|2 Rom Bob Brown|3 Kiel Cid Cox",
    ),
    // A column that the run knows nothing of.
    (
        "ALTER TABLE customers ADD COLUMN vip INTEGER DEFAULT 0; UPDATE customers SET vip = 1 WHERE customer_id = 5",
        &["customer 5: changed by a person or another program"],
        "1 Ulm Ann Smith|2 Bonn Bob Brown|3 Kiel Cid Cox|5 Ulm Eve Eck",
    ),
    (
        "ALTER TABLE customers ADD COLUMN vip TEXT; UPDATE customers SET vip = 'x' WHERE customer_id = 2",
        &["customer 2: changed by a person or another program"],
        "1 Ulm Ann Smith|2 Ulm Bob Brown|3 Kiel Cid Cox",
    ),
    // Another customer under the same ID.
    (
        "UPDATE customers SET import_run = 1 WHERE customer_id = 4",
        &["customer 4: changed by a person"],
        "1 Ulm Ann Smith|2 Bonn Bob Brown|3 Kiel Cid Cox|4 Jena Dan Day",
    ),
];

const SECOND: &str = "ann@example.com,Ann Jones,Ulm\nbob@example.com,Bob Brown,Ulm\ndan@example.com,Dan Day,Jena\n\
                      eve@example.com,Eve Eck,Ulm\n";

/// Every customer: ID, city and name.
fn shown(place: &Place) -> String {
    let sql = "SELECT customer_id || ' ' || ifnull(city, '') || ' ' || name FROM customers ORDER BY customer_id";
    place.column("customers.db", sql).join("|")
}

#[test]
fn what_somebody_has_changed_since_is_not_lost() {
    for (sql, said, kept) in CHANGES {
        let place = place();
        load(&place, "second.csv", SECOND, "--mode upsert");
        execute(&place, sql);
        let mut pieces = vec!["run 2 was not undone, and nothing was written", "--keep-changed"];
        pieces.extend(said);
        let done = refused(&place, "undo 2", &pieces);
        assert_eq!(done.stdout, "", "{sql}");
        assert_eq!(done.stderr.lines().count(), 2 + said.len(), "{sql}: {}", done.stderr);
        let done = refused(&place, "undo 2 --json", &pieces);
        let data: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!((&data["status"], &data["deleted"]), (&Value::from("refused"), &Value::from(0)), "{sql}");
        assert_eq!(data["changed_customers"].as_array().unwrap().len(), said.len(), "{sql}");
        pieces[0] = "run 2 would not be undone, and nothing was written";
        refused(&place, "undo 2 --dry-run", &pieces);

        let everything = place.everything();
        let dry = place.custload("undo 2 --keep-changed --dry-run --json").ends(0).stdout;
        let mut dry: Value = serde_json::from_str(&dry).unwrap();
        assert_eq!((&dry["status"], &dry["dry_run"]), (&Value::from("dry-run"), &Value::from(true)), "{sql}");
        assert!(everything == place.everything(), "{sql}: a dry run has changed something");
        (dry["status"], dry["dry_run"]) = (Value::from("undone"), Value::from(false));
        let before = fs::read(place.path("customers.db")).unwrap();
        let done = place.custload("undo 2 --keep-changed --json").ends(0).stdout;
        assert_eq!(serde_json::from_str::<Value>(&done).unwrap(), dry, "{sql}");
        assert_eq!([&dry["deleted"], &dry["restored"]], [&dry["deletable"], &dry["restorable"]], "{sql}");
        place.write("customers.db", before);

        let done = place.custload("undo 2 --keep-changed").ends(0);
        for piece in said {
            assert!(done.stdout.contains(piece), "{sql}: {}", done.stdout);
        }
        assert_eq!(shown(&place), kept, "{sql}");
        assert_eq!(
            place.column("customers.db", "SELECT status FROM import_runs ORDER BY run_id"),
            ["finished", "undone"]
        );
        dump(&place.path("customers.db"));
        refused(&place, "undo 2 --keep-changed", &["already undone"]);
    }
}

/// What others may do to a database without changing a customer of the run.
#[test]
fn what_changes_no_row_is_no_change() {
    for sql in [
        "UPDATE customers SET city = 'Rom' WHERE customer_id = 3",
        "DELETE FROM customers WHERE customer_id = 3",
        "UPDATE customers SET city = 'Rom' WHERE customer_id = 4; UPDATE customers SET city = 'Jena' WHERE customer_id = 4",
        "ALTER TABLE customers ADD COLUMN vip INTEGER",
        "ALTER TABLE customers ADD COLUMN vip INTEGER DEFAULT 0",
        "ALTER TABLE customers ADD COLUMN vip TEXT DEFAULT 5; ALTER TABLE customers ADD COLUMN note TEXT DEFAULT 'none'",
        "ALTER TABLE customers ADD COLUMN initial TEXT AS (substr(name, 1, 1)); \
         ALTER TABLE customers ADD COLUMN \"a \"\"b\" TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX theirs ON customers (city, name); VACUUM",
        "PRAGMA journal_mode = WAL",
    ] {
        let place = place();
        let before = customers(&place);
        load(&place, "second.csv", SECOND, "--mode upsert");
        execute(&place, sql);
        place.custload("undo 2").ends(0);
        let untouched = customers(&place).replace(" vip=0", "").replace(" vip=\"5\" note=\"none\"", "");
        let untouched = untouched.replace(" a \"b=\"\"", "");
        let untouched: String =
            untouched.lines().map(|line| format!("{}\n", line.split(" initial=").next().unwrap())).collect();
        let others = |text: &str| text.lines().take(2).map(str::to_string).collect::<Vec<_>>();
        assert_eq!(others(&untouched), others(&before), "{sql}");
        assert!(!shown(&place).contains("example") && !shown(&place).contains("Eve"), "{sql}");
    }
}

#[test]
fn those_are_named_that_a_later_run_has_changed() {
    let place = Place::new();
    let records: String = (1..=2500).map(|number| format!("c{number}@example.com,Name Old,Ulm\n")).collect();
    load(&place, "first.csv", &records, "");
    load(
        &place,
        "second.csv",
        "c7@example.com,Name New,Ulm\nc8@example.com,,Bonn\nc1700@example.com,,Bonn\n",
        "--mode update",
    );
    load(&place, "third.csv", "c7@example.com,Name Newer,\nc2400@example.com,,Jena\n", "--mode update");
    // These two change nothing of what the first has left in the end.
    load(&place, "fourth.csv", "c9@example.com,Name New,\n", "--mode update");
    place.custload("undo 4").ends(0);
    let said = [
        "4 customers have changed since",
        "customer 7: changed by run 3",
        "customer 8: changed by run 2",
        "customer 1700: changed by run 2",
        "customer 2400: changed by run 3",
    ];
    let done = refused(&place, "undo 1", &said);
    assert_eq!(done.stderr.lines().count(), 6, "{}", done.stderr);
    place.custload("undo 1 --keep-changed").ends(0);
    let ids = place.column("customers.db", "SELECT customer_id FROM customers ORDER BY customer_id");
    assert_eq!(ids, ["7", "8", "1700", "2400"]);
    // The runs that changed them can be undone still.
    place.custload("undo 3").ends(0);
    place.custload("undo 2").ends(0);
    let cities = "SELECT customer_id || name || city FROM customers ORDER BY customer_id";
    assert_eq!(
        place.column("customers.db", cities),
        ["7Name OldUlm", "8Name OldUlm", "1700Name OldUlm", "2400Name OldUlm"]
    );
}

/// A run that is undone but for what was changed since leaves what others need to be undone.
#[test]
fn a_run_in_between_is_undone_but_for_what_was_changed() {
    let place = place();
    let before = customers(&place);
    load(&place, "second.csv", "ann@example.com,Ann Two,Ulm\nbob@example.com,Bob Two,Ulm\n", "--mode update");
    load(&place, "third.csv", "ann@example.com,Ann Three,Ulm\n", "--mode update");
    refused(&place, "undo 2", &["1 customer has changed since", "customer 1: changed by run 3"]);
    let done = place.custload("undo 2 --keep-changed --json").ends(0);
    let data: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&data["restored"], &data["changed"]), (&Value::from(1), &Value::from(1)));
    assert_eq!(shown(&place), "1 Ulm Ann Three|2 Bonn Bob Brown|3 Kiel Cid Cox");
    let done = place.custload("undo 3").ends(0);
    assert_eq!(shown(&place), "1 Ulm Ann Two|2 Bonn Bob Brown|3 Kiel Cid Cox");
    assert!(done.stdout.contains("restored to values from an undone run"), "{}", done.stdout);
    assert!(done.stdout.contains("customer 1: run 2"), "{}", done.stdout);
    // Customer 1 still has what run 2 gave him, and the two others are told from him.
    refused(&place, "undo 1", &["1 customer has changed since", "customer 1: changed by run 2"]);
    place.custload("undo 1 --keep-changed").ends(0);
    assert_eq!(shown(&place), "1 Ulm Ann Two");
    assert!(before.contains("Ann Smith"));
}

#[test]
fn a_long_list_is_cut() {
    let place = Place::new();
    let records: String = (1..=300).map(|number| format!("c{number}@example.com,Name Old,Ulm\n")).collect();
    load(&place, "first.csv", &records, "");
    load(&place, "second.csv", &records.replace("Old", "New"), "--mode update");
    execute(&place, "UPDATE customers SET city = 'Rom' WHERE customer_id % 2 = 0");
    let done = refused(&place, "undo 2", &["150 customers have changed since", "customer 40: changed", "and more"]);
    assert!(done.stderr.lines().count() == 23 && !done.stderr.contains("customer 42:"), "{}", done.stderr);
    place.custload("undo 2 --keep-changed").ends(0);
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers WHERE name = 'Name Old'"), 150);
}

#[test]
fn the_database_has_a_say() {
    // What is defined, who refuses, and what is said.
    let cases = [
        (
            "CREATE TABLE orders (item, customer INTEGER REFERENCES customers (customer_id)); \
             INSERT INTO orders VALUES (1, 4)",
            &["foreign key"][..],
        ),
        (
            "CREATE TRIGGER no_delete BEFORE DELETE ON customers BEGIN SELECT RAISE(ABORT, 'we never delete'); END",
            &["we never delete"],
        ),
        (
            "CREATE TRIGGER no_update BEFORE UPDATE ON customers BEGIN SELECT RAISE(ABORT, 'we never change'); END",
            &["we never change"],
        ),
        (
            "CREATE TRIGGER silent BEFORE DELETE ON customers WHEN old.customer_id = 4 BEGIN SELECT RAISE(IGNORE); END",
            &["2 customers should be deleted", "1"],
        ),
        (
            "CREATE TRIGGER silent BEFORE UPDATE ON customers BEGIN SELECT RAISE(IGNORE); END",
            &["trigger", "customer 1"],
        ),
        (
            "CREATE TRIGGER eager AFTER DELETE ON customers BEGIN DELETE FROM customers WHERE customer_id = 3; END",
            &["2 customers should be deleted", "3"],
        ),
        (
            "CREATE TABLE orders (item, customer INTEGER REFERENCES customers (customer_id) DEFERRABLE INITIALLY DEFERRED); \
             INSERT INTO orders VALUES (1, 4)",
            &["foreign key"],
        ),
        ("ALTER TABLE customers DROP COLUMN city", &["the column city"]),
    ];
    for (sql, said) in cases {
        let place = place();
        load(&place, "second.csv", SECOND, "--mode upsert");
        execute(&place, sql);
        let before = dump(&place.path("customers.db"));
        let names = place.names();
        let mut pieces = vec!["customers.db: run 2 cannot be undone", "nothing was written"];
        pieces.extend(said);
        place.custload("undo 2").ends(2).says(&pieces);
        place.custload("undo 2 --dry-run").ends(2).says(&pieces);
        assert_eq!(dump(&place.path("customers.db")), before, "{sql}");
        assert_eq!(place.names(), names, "{sql}");
    }
}

#[test]
fn what_cannot_be_undone_is_refused() {
    let place = place();
    refused(&place, "undo 9", &["customers.db: run 9 cannot be undone", "no such run", "custload runs"]);
    refused(&place, "undo 1 --db absent.db", &["absent.db: there is no such database", "--db"]);
    refused(&place, "runs --db absent.db", &["absent.db: there is no such database"]);
    refused(&place, "runs show 1 --db absent.db", &["absent.db: there is no such database"]);
    refused(&place, "runs prune --keep 1 --db absent.db", &["absent.db: there is no such database"]);
    refused(&place, "runs show 9", &["there is no run 9"]);
    refused(&place, "runs --db first.csv", &["first.csv", "not an SQLite database"]);
    refused(&place, "undo 1 --db first.csv", &["first.csv", "not an SQLite database"]);
    refused(&place, "undo 1 --now yesterday", &["--now"]);
    refused(&place, "undo 1 --wait=-1", &["--wait"]);
    place.open("theirs.db").execute_batch("CREATE TABLE customers (name)").unwrap();
    for line in ["runs --db theirs.db", "undo 1 --db theirs.db"] {
        refused(&place, line, &["theirs.db", "no custload runs"]);
    }
}

/// A database that another version of custload has made is refused, and left as it is.
#[test]
fn tables_of_another_version_are_refused() {
    let foreign = ["import_runs", "was not made by this version of custload", "the column undone_at is missing"];
    let absent = ["customers", "was not made by this version of custload", "the table import_changes is missing"];
    for (change, said) in
        [("ALTER TABLE import_runs DROP COLUMN undone_at", foreign), ("DROP TABLE import_changes", absent)]
    {
        let place = place();
        execute(&place, change);
        let inputs = ["import first.csv --profile contact", "check first.csv --profile contact --db customers.db"];
        for line in inputs.into_iter().chain(["runs", "runs show 1", "undo 1", "runs prune --keep 1"]) {
            refused(&place, line, &said);
        }
    }
}

#[test]
fn old_runs_are_pruned() {
    let place = place();
    load(&place, "second.csv", "ann@example.com,Ann Two,Ulm\ndan@example.com,Dan Day,Jena\n", "--mode upsert");
    load(&place, "third.csv", "ann@example.com,Ann Three,Ulm\n", "--mode update");
    load(&place, "fourth.csv", "bob@example.com,Bob Four,Ulm\n", "--mode update");
    let before = customers(&place);
    let runs = dump_table(&place.path("customers.db"), "import_runs");
    for keep in [4, 5, 1_000_000] {
        let bytes = place.everything();
        assert!(place.custload(&format!("runs prune --keep {keep}")).ends(0).stdout.contains("nothing to prune"));
        assert!(bytes == place.everything());
    }
    let said = place.custload("runs prune --keep 2").ends(0).stdout;
    assert!(said.contains("runs 1 to 2 cannot be undone any more; 4 rows deleted"), "{said}");
    assert_eq!([1, 2, 3, 4].map(|run| journal(&place, run)), [0, 0, 2, 3]);
    assert_eq!(customers(&place), before);
    assert_eq!(dump_table(&place.path("customers.db"), "import_runs"), runs);
    refused(&place, "undo 2", &["run 2 cannot be undone", "custload runs prune"]);
    refused(&place, "undo 1 --keep-changed", &["run 1 cannot be undone"]);
    assert!(place.custload("runs show 2").ends(0).stdout.contains("not possible: the data needed for it was pruned"));
    place.custload("undo 4").ends(0);
    let said = place.custload("runs prune --keep 0 --json").ends(0).stdout;
    let data: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&data["runs"], &data["rows"]), (&serde_json::json!([3]), &Value::from(2)));
    assert_eq!(journal(&place, 3), 0);
}

/// A run that was stopped between two checkpoints, as a threshold does it too.
fn stop_between_checkpoints(place: &Place) {
    place.write(
        "long.csv",
        format!("{HEADER}{SECOND}fay@example.com,Fay Fox,Ulm\nno,No One,Ulm\ngus@example.com,Gus G,Ulm\n"),
    );
    let line =
        format!("import long.csv --profile contact --mode upsert --commit-every 2 --max-rejects 0 --quiet --now {NOW}");
    place.custload(&line).ends(3);
}

#[test]
fn a_run_that_was_stopped_is_undone() {
    let place = place();
    let before = customers(&place);
    load(&place, "zoe.csv", "zoe@example.com,Zoe Zorn,Ulm\n", "");
    place.custload("undo 2").ends(0);
    stop_between_checkpoints(&place);
    assert_ne!(customers(&place), before);
    let listed = place.custload("runs").ends(0).stdout;
    assert!(listed.contains("unfinished") && listed.contains("run 3 was stopped"), "{listed}");
    let shown = place.custload("runs show 3").ends(0).stdout;
    assert!(shown.contains("possible: `custload undo 3`") && shown.contains("commit_every 2"), "{shown}");
    refused(&place, "undo 1", &["run 3 was stopped, and must be finished or undone first"]);

    // To prune does not keep it from going on.
    assert!(place.custload("runs prune --keep 0").ends(0).stdout.contains("run 1 cannot be undone"));
    let line =
        format!("import long.csv --profile contact --mode upsert --commit-every 2 --max-rejects 5 --quiet --now {NOW}");
    let copy = fs::read(place.path("customers.db")).unwrap();
    place.custload(&line).ends(1);
    place.custload("undo 3").ends(0);
    assert_eq!(customers(&place), before);

    // A run that was killed leaves its reports half written, and a note of where they are.
    place.write("customers.db", copy);
    let partial = place.path("customers.db.imports/run-000003.partial");
    fs::remove_dir_all(place.path("customers.db.imports/run-000003")).unwrap();
    fs::create_dir(&partial).unwrap();
    fs::write(partial.join("errors.ndjson"), "").unwrap();
    let note = "custload is loading, and says here who it is and where its reports are:\nrun 3\n";
    let note = format!("{note}{}", place.path("customers.db.imports/run-000003").display());
    place.write_private("customers.db.custload-reports", note);
    place.write_private("customers.db.custload-partial", "");
    place.custload("undo 3").ends(0);
    assert_eq!(customers(&place), before);
    assert!(!place.path("customers.db.custload-partial").exists());
    assert!(!partial.exists() && !place.path("customers.db.custload-reports").exists(), "{:?}", place.names());
    assert_eq!(journal(&place, 3), 0);
    load(&place, "last.csv", "zoe@example.com,Zoe Zorn,Ulm\n", "");
    assert!(place.number("customers.db", "SELECT max(customer_id) FROM customers") == 7);
}

#[test]
fn runs_are_listed_and_shown() {
    let place = Place::new();
    let name = "a\u{1b}[31m.csv";
    place.write(name, format!("{HEADER}{FIRST}no,No One,Ulm\n\n"));
    place.write("b.csv", format!("{HEADER}dan@example.com,Dan Day,Ulm\n"));
    place.run(&["import", name, "b.csv", "--profile", "contact", "--rejects-ok", "--now", NOW]).ends(0);
    place.custload(&format!("import b.csv --profile contact --mode update --force --now {NOW} --reports out")).ends(0);
    let before = place.everything();

    let listed = place.custload("runs").ends(0);
    assert_eq!(listed.stderr, "");
    let rows: Vec<Vec<&str>> = listed.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    let header = "run started (UTC) status mode created unchanged rejected blank inputs";
    assert_eq!(rows[0].join(" "), header);
    let minute = NOW[..16].replace('T', " ");
    let first = format!("1 {minute} finished create 4 0 1 1 a\\u{{1b}}[31m.csv and 1 more");
    assert_eq!(rows[2].join(" "), first);
    assert_eq!(rows[3].join(" "), format!("2 {minute} finished update 0 1 0 0 b.csv"));
    assert!(listed.stdout.contains("all of them: profile contact\n"), "{}", listed.stdout);

    let shown = place.custload("runs show 1").ends(0).stdout;
    let reports = place.root().canonicalize().unwrap().join("customers.db.imports/run-000001");
    for piece in [
        "run 1 in customers.db: finished",
        "profile    contact",
        "mode       create",
        &format!("started    {NOW}"),
        "created    customers 1 to 4",
        &format!("reports    {}", reports.display()),
        "undo       possible: `custload undo 1`",
        "a\\u{1b}[31m.csv      5         3",
        " all ",
    ] {
        assert!(shown.contains(piece), "{piece:?} is not in:\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'));

    let data: Value = serde_json::from_str(&place.custload("runs show 2 --json").ends(0).stdout).unwrap();
    let expected = [
        ("run_id", Value::from(2)),
        ("status", Value::from("finished")),
        ("mode", Value::from("update")),
        ("unchanged", Value::from(1)),
        ("can_be_undone", Value::from(true)),
        ("reports", Value::from(reports.parent().unwrap().with_file_name("out").to_str().unwrap())),
    ];
    for (key, value) in expected {
        assert_eq!(data[key], value, "{key}");
    }
    assert_eq!(data["options"]["duplicates"], "reject");
    assert_eq!(data["inputs"][0]["path"], "b.csv");
    let all: Value = serde_json::from_str(&place.custload("runs --json --db ./customers.db").ends(0).stdout).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(all[1], data);
    assert!(before == place.everything(), "who only looks changes nothing");

    // Wherever the program is started, and whatever became of the reports.
    fs::remove_dir_all(place.path("out")).unwrap();
    let shown = place.run(&["runs", "show", "2", "--db", place.path("customers.db").to_str().unwrap()]).ends(0).stdout;
    assert!(shown.contains("reports    missing: /"), "{shown}");
    place.open("empty.db").execute_batch("CREATE TABLE x (y); DROP TABLE x").unwrap();
    refused(&place, "runs --db empty.db", &["no custload runs"]);
}

/// What a run that was killed while it was committing leaves is put right by whoever looks next.
#[test]
fn runs_are_listed_where_a_run_was_killed() {
    let place = place();
    let before = dump(&place.path("customers.db"));
    let copy = Place::new();
    {
        let connection = place.open("customers.db");
        // All pages are written to the file before the transaction ends, and the copy is what a kill would leave.
        connection.execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE").unwrap();
        let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) \
                   INSERT INTO customers (name, created_at, updated_at, import_run, import_file, import_record) \
                   SELECT 'Nobody ' || i, '', '', 9, 1, 1 FROM n";
        connection.execute_batch(sql).unwrap();
        for name in ["customers.db", "customers.db-journal"] {
            fs::copy(place.path(name), copy.path(name)).unwrap();
        }
    }
    // The journal's header says how many pages are in it once they are synced, which a kill may come after.
    let listed = copy.custload("runs").ends(0).stdout;
    assert!(listed.contains("first.csv"), "{listed}");
    for place in [&copy, &place] {
        place.custload("undo 1 --now 2026-02-01T00:00:00Z").ends(0);
    }
    assert_eq!(dump(&copy.path("customers.db")), dump(&place.path("customers.db")));
    assert!(before.contains("Ann Smith"));
}

#[test]
fn a_database_that_somebody_else_has() {
    let place = place();
    let connection = place.open("customers.db");
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    place.custload("runs").ends(0);
    for line in ["undo 1", "runs prune --keep 0", "undo 1 --wait 0.3"] {
        let start = Instant::now();
        place
            .custload(line)
            .ends(2)
            .says(&["customers.db: the database is locked by another run or program", "--wait"]);
        assert!(!line.contains("--wait") || start.elapsed() >= Duration::from_millis(300));
    }
    connection.execute_batch("COMMIT; BEGIN EXCLUSIVE").unwrap();
    place.custload("runs").ends(2).says(&["customers.db: the database is locked"]);
    let waiting = place.command(&["undo", "1", "--wait", "60"]).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(400));
    connection.execute_batch("COMMIT").unwrap();
    let done = Done::new(&waiting.wait_with_output().unwrap()).ends(0);
    assert!(done.stderr.contains("waiting for up to 60 s"), "{}", done.stderr);
    assert_eq!(customers(&place), "");

    // A run that is going on says who it is.
    let mut child = place.command(&["import", "-", "--profile", "contact", "--format", "csv"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while !place.path("customers.db.custload-reports").exists() {
        assert!(child.try_wait().unwrap().is_none(), "{:?}", Done::new(&child.wait_with_output().unwrap()));
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(100));
    place.custload("undo 1").ends(2).says(&["the database is locked by run 2 (process "]);
    drop(child.stdin.take());
    child.wait().unwrap();
}

/// A run between two checkpoints lets go of the database for a moment, but its note stays locked.
#[test]
fn a_run_between_two_checkpoints_is_left_alone() {
    let place = place();
    stop_between_checkpoints(&place);
    let note = "custload is loading, and says here who it is and where its reports are:\nrun 2 (process 1, since now)\n/nowhere";
    place.write_private("customers.db.custload-reports", note);
    let lock = fs::File::open(place.path("customers.db.custload-reports")).unwrap();
    lock.lock().unwrap();
    let before = dump(&place.path("customers.db"));
    let line = "import first.csv --profile contact";
    for line in ["undo 2", "runs prune --keep 0", line] {
        place.custload(line).ends(2).says(&["the database is locked by run 2 (process 1, since now)"]);
    }
    let listed = place.custload("runs").ends(0).stdout;
    assert!(listed.contains("running") && !listed.contains("was stopped"), "{listed}");
    assert!(place.custload("runs show 2").ends(0).stdout.contains("not while it is running"));
    assert_eq!(dump(&place.path("customers.db")), before);
    drop(lock);
    place.custload("undo 2").ends(0);
}

#[test]
fn it_can_be_interrupted() {
    let place = Place::new();
    let mut generator = Generator::new(3, 0.0, 0);
    let mut out = Vec::new();
    Generator::write_csv_header(&mut out);
    (0..5000).for_each(|_| generator.write_csv(&mut out));
    place.write("input.csv", out);
    place.custload("import input.csv --profile contact --quiet").ends(0);
    // What is deleted takes a while.
    execute(
        &place,
        "CREATE TRIGGER slow AFTER DELETE ON customers BEGIN \
         SELECT count(*) FROM customers AS a, (SELECT 1 FROM customers LIMIT 5000); END",
    );
    let before = dump(&place.path("customers.db"));
    let names = place.names();
    for (name, status) in [("INT", 130), ("TERM", 143)] {
        let child = place.command(&["undo", "1"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(500));
        let kill = format!("kill -{name} {}", child.id());
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        Done::new(&child.wait_with_output().unwrap()).ends(status).says(&["nothing was written"]);
        assert_eq!(dump(&place.path("customers.db")), before);
        assert_eq!(place.names(), names);
    }
}

/// An input counts as loaded only as long as what was loaded is in the database.
#[test]
fn what_was_undone_is_loaded_again() {
    let place = place();
    let again = |place: &Place, line: &str| {
        place.custload(&format!("{line} --profile contact --quiet --now {NOW}")).ends(0).stderr
    };
    assert!(again(&place, "import first.csv").contains("already loaded by run 1"));
    place.custload(&format!("undo 1 --now {NOW}")).ends(0);
    assert_eq!(again(&place, "import first.csv"), "");
    assert!(again(&place, "import first.csv").contains("already loaded by run 2"));

    // A later run may rest on an earlier one that is undone.
    load(&place, "third.csv", "ann@example.com,Ann New,Ulm\n", "--mode upsert");
    load(&place, "fourth.csv", "ann@example.com,Ann New,Ulm\ndan@example.com,Dan Day,Jena\n", "--mode upsert");
    assert!(again(&place, "import fourth.csv --mode upsert").contains("already loaded by run 4"));
    place.custload("undo 3").ends(0);
    assert_eq!(again(&place, "import fourth.csv --mode upsert"), "");
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers WHERE name = 'Ann New'"), 1);
}

/// A journal that somebody has written in: ranges that add up to what the run has created, and are none that a run notes.
#[test]
fn ranges_that_no_run_notes_are_refused() {
    let place = place();
    load(&place, "second.csv", SECOND, "--mode upsert");
    execute(
        &place,
        "DELETE FROM import_created WHERE run_id = 2; \
         INSERT INTO import_created VALUES (2, 4, 4000000000000000003, ''), (2, 4000000000000000004, 5, '')",
    );
    let before = dump(&place.path("customers.db"));
    refused(&place, "undo 2 --keep-changed", &["run 2 cannot be undone", "the data needed to undo it is gone"]);
    assert_eq!(dump(&place.path("customers.db")), before);
}

/// Of however many customers, exactly those stay that somebody has changed, whatever way the run's rows went into the database.
#[test]
fn exactly_those_stay_that_were_changed() {
    let records = |count: usize| -> String {
        (1..=count).map(|number| format!("c{number}@example.com,Name {number},Ulm\n")).collect()
    };
    let trigger = "CREATE TRIGGER theirs AFTER INSERT ON customers BEGIN SELECT 1; END";
    // How many records, options, and what is in the database before.
    let cases = [
        (100_200, "", None),
        (9_000, "", Some("SELECT 1")),
        (700, "", Some(trigger)),
        (700, "--commit-every 130", None),
        (61, "--commit-every 60", Some("SELECT 1")),
    ];
    for (count, options, before) in cases {
        let place = Place::new();
        if let Some(sql) = before {
            load(&place, "before.csv", "zoe@example.com,Zoe Zorn,Ulm\n", "");
            execute(&place, sql);
        }
        let (run, first) = if before.is_some() { (2, 2) } else { (1, 1) };
        place.write("input.csv", format!("{HEADER}{}", records(count)));
        // A name of digits is none of the profile's.
        place.custload(&format!("import input.csv --profile contact --relax name --quiet {options}")).ends(0);
        let changed = [0, count / 2, count - 1].map(|behind| first + behind as i64);
        let [one, two, three] = changed;
        execute(
            &place,
            &format!(
                "UPDATE customers SET city = 'Rom' WHERE customer_id = {one}; \
                 UPDATE customers SET name = NULL WHERE customer_id = {two}; \
                 UPDATE customers SET import_record = import_record + 1 WHERE customer_id = {three}; \
                 DELETE FROM customers WHERE customer_id = {}",
                two + 3
            ),
        );
        let said = [
            "4 customers have changed since".to_string(),
            format!("customer {one}: changed by a person"),
            format!("customer {two}: changed by a person"),
            format!("customer {}: deleted", two + 3),
            format!("customer {three}: changed by a person"),
        ];
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        refused(&place, &format!("undo {run}"), &said);
        let done = place.custload(&format!("undo {run} --keep-changed")).ends(0).stdout;
        assert!(done.contains("left as they are: 4 customers"), "{done}");
        let sql = format!("SELECT customer_id FROM customers WHERE customer_id >= {first} ORDER BY customer_id");
        assert_eq!(place.column("customers.db", &sql), changed.map(|id| id.to_string()), "{count} {options}");
        dump(&place.path("customers.db"));
    }
}
