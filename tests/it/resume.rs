//! Runs that commit now and then (docs/migration.md, "Resuming"): stopped anywhere, they go on behind their last checkpoint, and leave what
//! a run leaves that was never stopped.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use crate::generator::Generator;

use crate::support::*;

fn records(number: usize, start: u64) -> Vec<u8> {
    let mut generator = Generator::new(11, 12.0, start);
    let mut out = Vec::new();
    Generator::write_csv_header(&mut out);
    (0..number).for_each(|_| generator.write_csv(&mut out));
    out
}

/// Two inputs, both of which have records of customers who are there, and the second has some of the first.
fn place(has_customers: bool) -> Place {
    let place = Place::new();
    let with_more =
        |text: Vec<u8>, more: Vec<u8>| [&text[..], more.splitn(2, |byte| *byte == b'\n').nth(1).unwrap()].concat();
    place.write("a.csv", records(2500, 1));
    place.write("b.csv", with_more(records(1700, 3_000), records(400, 1)));
    if has_customers {
        place.write("held.csv", with_more(records(900, 4_000), records(100, 2_000)));
        place.custload("import held.csv --profile contact --quiet --rejects-ok --now 2026-01-01T00:00:00Z").ends(0);
    }
    place
}

const COMMAND: [&str; 11] = [
    "import",
    "a.csv",
    "b.csv",
    "--profile",
    "contact",
    "--quiet",
    "--rejects-ok",
    "--accepted",
    "--now",
    NOW,
    "--commit-every",
];

fn args<'a>(every: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&COMMAND[..], &[every], more].concat()
}

/// What a run leaves: the database's content, and its reports.
fn left(place: &Place) -> (String, BTreeMap<String, Vec<u8>>) {
    let mut files = place.everything();
    files.retain(|name, _| !name.ends_with(".db"));
    (dump(&place.path("customers.db")), files)
}

#[test]
fn a_run_that_is_stopped_again_and_again_comes_out_the_same() {
    let modes: [(bool, &[&str]); 5] = [
        (false, &[]),
        (true, &[]),
        (true, &["--mode", "upsert"]),
        (false, &["--mode", "upsert", "--empty", "clear"]),
        (true, &["--mode", "update", "--empty", "clear"]),
    ];
    let mut killed = 0;
    for (turn, (has_customers, mode)) in (1..).zip(modes) {
        let undisturbed = place(has_customers);
        let start = Instant::now();
        undisturbed.run(&args("333", mode)).ends(0);
        let whole = start.elapsed();
        let expected = left(&undisturbed);
        assert!(!expected.0.contains("change_counter="), "no checkpoint is left");
        let mut random = Random::new(turn);
        for _ in 0..2 {
            let place = place(has_customers);
            for attempt in 0.. {
                let mut child = place.command(&args("333", mode)).spawn().unwrap();
                // The machine may have become slower: each time it is given more.
                let patience = 1.2f64.powi(attempt);
                std::thread::sleep(whole.mul_f64(patience * random.below(1000) as f64 / 900.0));
                child.kill().unwrap();
                match child.wait().unwrap().code() {
                    None => killed += 1,
                    code => {
                        assert_eq!(code, Some(0), "{mode:?}");
                        break;
                    }
                }
                if place.path("customers.db").exists()
                    && place.number("customers.db", "SELECT count(*) FROM import_checkpoints") == 1
                {
                    let records = place.number("customers.db", "SELECT records FROM import_checkpoints");
                    assert_eq!(records % 333, 0);
                    let sql = "SELECT read - blank - (SELECT records FROM import_checkpoints) FROM import_runs WHERE status = 'unfinished'";
                    assert_eq!(place.number("customers.db", sql), 0);
                }
            }
            let found = left(&place);
            assert_eq!(found.0, expected.0, "{mode:?}");
            assert!(found.1.keys().eq(expected.1.keys()), "{:?}", found.1.keys());
            for (name, bytes) in found.1 {
                assert!(bytes == expected.1[&name], "{name}, {mode:?}");
            }
        }
    }
    assert!(killed > 4, "{killed}");
}

/// The same customers and reports as without checkpoints, but for the journal, whose ranges end at checkpoints.
#[test]
fn checkpoints_change_nothing_of_what_is_loaded() {
    for every in ["1", "7", "5000"] {
        let [with, without] = [place(true), place(true)];
        fs::write(with.path("a.csv"), records(40, 1)).unwrap();
        fs::write(without.path("a.csv"), records(40, 1)).unwrap();
        with.run(&args(every, &[])).ends(0);
        let args = args(every, &[]);
        without.run(&args[..args.len() - 2]).ends(0);
        for table in ["customers", "import_files", "sqlite_sequence"] {
            assert_eq!(dump_table(&with.path("customers.db"), table), dump_table(&without.path("customers.db"), table));
        }
        let reports = |place: &Place| files(&place.path("customers.db.imports/run-000002"));
        assert!(reports(&with) == reports(&without), "{every}");
    }
}

/// A run of `a.csv` and `b.csv` that was killed behind its first checkpoint at the least.
fn stopped(every: &str, has_customers: bool) -> Place {
    for attempt in 1..200 {
        let place = place(has_customers);
        let mut child = place.command(&args(every, &[])).spawn().unwrap();
        let database = place.path("customers.db");
        while !(has_customers || database.exists()) && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        // However slow the machine is, some attempt comes between the first checkpoint and the end.
        std::thread::sleep(Duration::from_millis(attempt * attempt / 8));
        child.kill().unwrap();
        child.wait().unwrap();
        if place.number("customers.db", "SELECT count(*) FROM import_runs WHERE status = 'unfinished'") == 1 {
            return place;
        }
    }
    panic!("no run could be stopped between its checkpoints");
}

#[test]
fn another_command_is_refused_until_the_run_is_done() {
    let place = stopped("100", false);
    place.write("c.csv", "email\nzoe@example.com\n");
    let before = fs::read(place.path("customers.db")).unwrap();
    let refused = |args: &[&str], said: &[&str]| {
        place.run(args).ends(2).says(&[&["run 1 was stopped after record", "custload undo 1"], said].concat());
        assert!(before == fs::read(place.path("customers.db")).unwrap(), "{args:?}");
    };
    refused(&["import", "c.csv", "--profile", "contact"], &["it has other inputs"]);
    refused(&args("101", &[]), &["--commit-every was 100, and is now 101"]);
    refused(&args("100", &["--mode", "upsert"]), &["--mode was"]);
    refused(&args("100", &["--relax", "name"]), &["--relax was"]);
    let all = args("100", &[]);
    refused(&all[..all.len() - 2], &["--commit-every was 100, and is now not given"]);
    let original = fs::read(place.path("a.csv")).unwrap();
    // Longer by a line, and of the same length with another beginning.
    fs::write(place.path("a.csv"), [&original[..], b"x@example.com\n"].concat()).unwrap();
    refused(&all, &["a.csv had", "bytes, and has"]);
    let mut other = original.clone();
    let at = other.iter().rposition(|byte| *byte == b'@').unwrap();
    let first = other.iter().position(|byte| *byte == b'@').unwrap();
    other[first - 1] = if other[first - 1] == b'x' { b'y' } else { b'x' };
    fs::write(place.path("a.csv"), &other).unwrap();
    place.run(&all).ends(2).says(&["run 1 cannot continue", "are not those that were loaded"]);
    assert!(at > first && before == fs::read(place.path("customers.db")).unwrap());
    // As it was, it goes on; thresholds may be others.
    fs::write(place.path("a.csv"), &original).unwrap();
    place.run(&args("100", &["--max-rejects", "100000"])).ends(0).says(&["run 1 was stopped; resuming after record"]);
    assert_eq!(place.column("customers.db", "SELECT status FROM import_runs"), ["finished"]);
}

#[test]
fn a_database_that_was_changed_is_refused() {
    let changes = [
        ("UPDATE customers SET name = 'Other' WHERE customer_id = (SELECT max(customer_id) FROM customers)", "changed"),
        ("DELETE FROM customers WHERE customer_id = 2", "customers, and now has"),
    ];
    for (change, said) in changes {
        let place = stopped("100", true);
        place.open("customers.db").execute_batch(change).unwrap();
        place.run(&args("100", &[])).ends(2).says(&["run 2 cannot continue", said, "custload undo 2"]);
    }
    // In WAL mode there is no counter; what the run itself has stored is looked at.
    let place = stopped("100", true);
    let wal: String = place.open("customers.db").query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).unwrap();
    assert_eq!(wal, "wal");
    place.open("customers.db").execute_batch(changes[0].0).unwrap();
    place.run(&args("100", &[])).ends(2).says(&["run 2 cannot continue", changes[0].1]);
}

/// What another program has written elsewhere does not stand in the way for ever.
#[test]
fn a_database_that_was_changed_elsewhere_is_loaded_on() {
    let expected = place(true);
    expected.run(&args("100", &[])).ends(0);
    for (change, undo) in [
        ("CREATE TABLE sessions (id); INSERT INTO sessions VALUES (1)", "DROP TABLE sessions"),
        ("UPDATE customers SET city = 'Elsewhere' WHERE customer_id = 1", ""),
    ] {
        let place = stopped("100", true);
        place.open("customers.db").execute_batch(change).unwrap();
        let said = "another program has written to it since run 2 stopped; what the run loaded is unchanged";
        let done = place.command(&args("100", &[])[..]).output().unwrap();
        let done = Done::new(&done).ends(0);
        assert!(done.stderr.is_empty() || done.stderr.contains(said), "{}", done.stderr);
        place.open("customers.db").execute_batch(undo).unwrap();
        let rows = "SELECT group_concat(customer_id || email) FROM customers";
        assert_eq!(place.column("customers.db", rows), expected.column("customers.db", rows));
    }
}

/// The stopped run has changed something since whatever was loaded before.
#[test]
fn nothing_is_skipped_while_a_run_is_stopped() {
    let place = Place::new();
    place.write("a.csv", "name,tax_id\nA,K1\nB,K2\n");
    place.write("b.csv", "name,tax_id\nA9,K1\nB9,K2\n,x\n");
    let upsert = "--profile basic --mode upsert --accepted --quiet";
    place.custload(&format!("import a.csv {upsert}")).ends(0);
    place.custload(&format!("import b.csv {upsert} --commit-every 2 --max-rejects 0")).ends(3);
    // What is kept is listed, and nothing else.
    let (_, rows) = place.table("customers.db.imports/run-000002/accepted.csv");
    assert_eq!(rows.iter().map(|row| row[5].as_str()).collect::<Vec<_>>(), ["updated", "updated"]);
    place.custload(&format!("import a.csv {upsert}")).ends(2).says(&["run 2 was stopped after record 2"]);
    place.custload("undo 2").ends(0);
    place.custload(&format!("import a.csv {upsert}")).ends(0).says(&["already loaded by run 1"]);
}

#[test]
fn a_threshold_stops_at_the_last_checkpoint() {
    let place = Place::new();
    let rows: String = (0..95)
        .map(|row| match row {
            40..60 => "bad,Bad\n".to_string(),
            row => format!("p{row}@example.com,Person\n"),
        })
        .collect();
    place.write("a.csv", format!("{CONTACT}{rows}"));
    let line = "import a.csv --profile contact --commit-every 10";
    let done = place.custload(&format!("{line} --max-rejects 15")).ends(3);
    assert!(done.stdout.contains("what was loaded up to record 50 is kept"), "{}", done.stdout);
    let stored = "SELECT count(*) || ' ' || max(customer_id) FROM customers";
    assert_eq!(place.column("customers.db", stored), ["40 40"]);
    let summary = place.json("customers.db.imports/run-000001/summary.json");
    assert_eq!(summary["status"], "threshold");
    assert_eq!(place.objects("customers.db.imports/run-000001/errors.ndjson").len(), 20);
    // It goes on where it was stopped, with another threshold.
    place.custload(&format!("{line} --max-rejects 20")).ends(1);
    assert_eq!(place.column("customers.db", stored), ["75 75"]);
    assert_eq!(place.column("customers.db", "SELECT status FROM import_runs"), ["finished"]);
    assert!(place.path("customers.db.imports/run-000001.stopped-1").exists());
}
