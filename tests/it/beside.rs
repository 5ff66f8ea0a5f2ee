//! What lies beside a database: whose it is, under which name, and what kind of file (docs/database.md). Nothing there that this
//! user's runs have not made is taken over, followed, removed or waited for.
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::support::*;

const PRIVATE: &str = "customers.db.custload-partial";
const NOTE: &str = "customers.db.custload-reports";
const NOTE_HEAD: &str = "custload is loading, and says here who it is and where its reports are:\n";

fn place() -> Place {
    let place = Place::new();
    place.write("ann.csv", format!("{CONTACT}{ANN}"));
    place.write("bo.csv", format!("{CONTACT}bo@example.com,Bo Berg\n"));
    place
}

/// Gives a file to another user; `false` where this user may not.
fn give_away(place: &Place, name: &str) -> bool {
    chown(place.path(name), Some(65_534), None).is_ok()
}

fn pipe(place: &Place, name: &str) {
    assert!(Command::new("mkfifo").arg(place.path(name)).status().unwrap().success());
}

/// Runs the program, which must end by itself.
#[track_caller]
fn ends_soon(place: &Place, line: &str) -> Done {
    let args: Vec<&str> = line.split_whitespace().collect();
    let mut child = place.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(30) {
            child.kill().unwrap();
            panic!("{line} hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Done::new(&child.wait_with_output().unwrap())
}

#[test]
fn a_private_name_that_somebody_else_has_taken_is_refused() {
    let empty: fn(&Place) = |place| drop(place.write(PRIVATE, ""));
    let database: fn(&Place) = |place| place.open(PRIVATE).execute_batch("CREATE TABLE t (a)").unwrap();
    for (make, mode, is_given_away) in [
        (empty, 0o666, false),
        (empty, 0o644, false),
        (empty, 0o600, true),
        // Another program's database of this user: it does not have custload's mark.
        (database, 0o600, false),
        (database, 0o600, true),
    ] {
        for has_database in [false, true] {
            let place = place();
            if has_database {
                place.custload("import bo.csv --profile contact --quiet").ends(0);
            }
            make(&place);
            fs::set_permissions(place.path(PRIVATE), Permissions::from_mode(mode)).unwrap();
            if is_given_away && !give_away(&place, PRIVATE) {
                continue;
            }
            let before = fs::read(place.path(PRIVATE)).unwrap();
            let done = place.custload("import ann.csv --profile contact --quiet");
            if has_database {
                // It is in nobody's way there.
                done.ends(0);
            } else {
                done.ends(2).says(&[PRIVATE, "is in the way", "move or delete it"]);
            }
            assert_eq!(place.path("customers.db").exists(), has_database);
            assert_eq!(fs::read(place.path(PRIVATE)).unwrap(), before);
        }
    }
}

#[test]
fn what_a_killed_run_has_left_is_replaced_by_a_file_of_its_own() {
    let place = place();
    place.write_private(PRIVATE, "");
    let before = fs::metadata(place.path(PRIVATE)).unwrap();
    // Whoever has the old file open does not see the new one.
    let held = fs::File::open(place.path(PRIVATE)).unwrap();
    place.custload("import ann.csv --profile contact --quiet").ends(0);
    let database = fs::metadata(place.path("customers.db")).unwrap();
    assert_eq!(database.mode() & 0o777, 0o600);
    assert!(database.ino() != before.ino() && held.metadata().unwrap().nlink() == 0);
    assert_eq!(
        place.names(),
        ["ann.csv", "bo.csv", "customers.db"]
            .map(String::from)
            .into_iter()
            .chain(place.names().into_iter().filter(|name| name.starts_with("customers.db.imports")))
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_note_that_somebody_else_has_left_is_not_followed() {
    let place = place();
    let foreign = "theirs/run-000001.partial/errors.ndjson";
    place.write(foreign, "mine");
    let note = format!("{NOTE_HEAD}run 1\n{}", place.path("theirs/run-000001").display());
    for (mode, is_given_away) in [(0o644, false), (0o600, true)] {
        place.write(NOTE, &note);
        fs::set_permissions(place.path(NOTE), Permissions::from_mode(mode)).unwrap();
        if is_given_away && !give_away(&place, NOTE) {
            continue;
        }
        place.custload("import ann.csv --profile contact").ends(2).says(&[NOTE, "is in the way"]);
        assert_eq!(place.text(NOTE), note);
        assert!(place.path(foreign).exists() && !place.path("customers.db").exists());
        fs::remove_file(place.path(NOTE)).unwrap();
    }
    // This user's own note, and a folder of another user: it stays as it is.
    place.write_private(NOTE, &note);
    if give_away(&place, "theirs/run-000001.partial") {
        place.custload("import ann.csv --profile contact --quiet").ends(0);
        assert!(place.path(foreign).exists());
    }
}

#[test]
fn nothing_waits_for_a_pipe() {
    let line = "import bo.csv --profile contact --quiet";
    for (name, line, status) in [
        (NOTE, line, 2),
        (PRIVATE, line, 0),
        ("customers.db-journal", line, 2),
        ("customers.db-wal", line, 2),
        (NOTE, "undo 1", 2),
        ("out/summary.json", "import bo.csv --profile contact --quiet --reports out", 2),
        ("out.partial", "import bo.csv --profile contact --quiet --reports out", 2),
        ("map.toml", "import bo.csv --profile contact --quiet --mapping map.toml", 2),
        ("run.log", "import bo.csv --profile contact --quiet --log run.log", 2),
    ] {
        let place = place();
        place.custload("import ann.csv --profile contact --quiet").ends(0);
        fs::create_dir(place.path("out")).unwrap();
        pipe(&place, name);
        ends_soon(&place, line).ends(status);
        assert!(place.path(name).exists(), "{name}");
    }
    // A new database.
    for (name, status) in [(NOTE, 2), (PRIVATE, 2)] {
        let place = place();
        pipe(&place, name);
        ends_soon(&place, "import ann.csv --profile contact --quiet").ends(status).says(&["is in the way"]);
    }
}

/// What a shell makes of `--mapping <(command)`.
#[test]
fn a_mapping_may_come_through_a_pipe() {
    let place = place();
    place.write("w.csv", "Wer,Mail\nAnn Lee,ann@example.com\n");
    let script = format!(
        "{PROGRAM} import w.csv --profile contact --mapping <(sleep 0.2; echo '[columns]'; echo 'Wer = \"name\"')"
    );
    let run = |script: &str| {
        let output = Command::new("bash").args(["-c", script]).current_dir(place.root()).output().unwrap();
        Done::new(&output)
    };
    let mapped = script.replace("echo 'Wer", "echo 'Mail = \"email\"'; echo 'Wer");
    run(&mapped).ends(0);
    assert_eq!(place.column("customers.db", "SELECT name FROM customers"), ["Ann Lee"]);
    run(&format!("{PROGRAM} import w.csv --profile contact --mapping <(true)"))
        .ends(2)
        .says(&["it is not a regular file, and it is empty"]);
}

#[test]
fn a_database_is_one_under_all_its_names() {
    let place = place();
    fs::create_dir(place.path("real")).unwrap();
    place.custload("import ann.csv --profile contact --db real/c.db --quiet").ends(0);
    symlink("real/c.db", place.path("link.db")).unwrap();
    symlink("link.db", place.path("second.db")).unwrap();
    place.custload("import bo.csv --profile contact --db second.db --quiet").ends(0);
    assert!(place.path("real/c.db.imports/run-000002/summary.json").exists(), "{:?}", place.names());
    assert!(!place.names().iter().any(|name| name.starts_with("link.db.") || name.starts_with("second.db.")));
    for name in ["real/c.db", "link.db", "second.db"] {
        let shown = place.custload(&format!("runs show 2 --db {name}")).ends(0).stdout;
        assert!(shown.contains("real/c.db.imports/run-000002") && !shown.contains("not there"), "{shown}");
    }
    // What a killed run has left is cleared up from either name.
    for (db, other) in [("link.db", "real/c.db"), ("real/c.db", "link.db")] {
        place.write_private("real/c.db.custload-partial", "");
        let reports = "real/c.db.imports/run-000009.partial";
        place.write(&format!("{reports}/errors.ndjson"), "");
        let note = format!("{NOTE_HEAD}run 9\n{}", place.path("real/c.db.imports/run-000009").display());
        place.write_private("real/c.db.custload-reports", note);
        place.custload(&format!("import ann.csv --profile contact --quiet --force --db {db}"));
        assert!(!place.names().iter().any(|name| name.contains("custload-") || name.contains("partial")), "{db}");
        place.custload(&format!("undo 2 --db {other}"));
    }
    assert_eq!(place.number("real/c.db", "SELECT count(*) FROM customers WHERE name = 'Bo Berg'"), 0);
    // A new database behind a link to nothing has no place.
    symlink("nowhere.db", place.path("dangling.db")).unwrap();
    place
        .custload("import ann.csv --profile contact --db dangling.db")
        .ends(2)
        .says(&["it is a link to a file that does not exist"]);
}

#[test]
fn a_trigger_that_leaves_customers_out_is_named() {
    for (trigger, mode) in [("INSERT", "create"), ("INSERT", "upsert"), ("UPDATE", "upsert")] {
        let place = place();
        place.custload("import ann.csv --profile contact --quiet").ends(0);
        let sql = format!("CREATE TRIGGER quiet BEFORE {trigger} ON customers BEGIN SELECT RAISE(IGNORE); END");
        place.open("customers.db").execute_batch(&sql).unwrap();
        place.write("new.csv", format!("{CONTACT}ann@example.com,Ann Other\nbo@example.com,Bo Berg\n"));
        let before = dump(&place.path("customers.db"));
        place
            .custload(&format!("import new.csv --profile contact --mode {mode}"))
            .ends(2)
            .says(&["its trigger \"quiet\" leaves customers out", "nothing was written"]);
        assert_eq!(dump(&place.path("customers.db")), before);
    }
}

#[test]
fn an_input_that_changes_while_it_is_read_is_refused() {
    let rows = |name: &str, from: usize, to: usize| {
        (from..to).map(|row| format!("p{row}@example.com,{name} Person\n")).collect::<String>()
    };
    let text = format!("{CONTACT}{}", rows("Old", 0, 100_000));
    for change in ["written over", "longer", "of another time", "none"] {
        let place = place();
        place.write("in.csv", &text);
        // Without --force standard input would be read to its end before the file is opened.
        let args = ["import", "-", "in.csv", "--profile", "contact", "--format", "csv", "--force"];
        let mut child = place.command(&args);
        let child = child.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        // Enough for its beginning to be read. Then the run reads that of the file, says what it found, and waits for more.
        input.write_all(format!("{CONTACT}{}", rows("First", 200_000, 250_000)).as_bytes()).unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap().contains("in.csv: CSV")), "{change}");
        let file = fs::File::options().append(true).open(place.path("in.csv")).unwrap();
        match change {
            "longer" => (&file).write_all(b"z@example.com,Zoe Zorn\n").unwrap(),
            "written over" => fs::write(place.path("in.csv"), text.replace("Old", "New")).unwrap(),
            "of another time" => file.set_modified(SystemTime::UNIX_EPOCH).unwrap(),
            _ => {}
        }
        drop(input);
        let said: Vec<String> = said.map(Result::unwrap).collect();
        let status = child.wait().unwrap().code();
        assert_eq!(status, Some(if change == "none" { 0 } else { 2 }), "{change}: {said:?}");
        assert!(change == "none" || said.iter().any(|line| line.contains("it changed while it was read")), "{said:?}");
        assert_eq!(place.path("customers.db").exists(), change == "none");
    }
}
