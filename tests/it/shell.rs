//! The `sqlite3` shell with a database of custload's: it reads it and writes to it, whichever way the rows came in. Skipped
//! where there is no shell, or one that does not know STRICT tables.

use std::process::{Command, Stdio};

use crate::generator::Generator;

use crate::support::Place;

/// More than the 8,192 rows that are inserted one by one, so that a database that exists gets a segment.
const RECORDS: usize = 12_000;

/// The STRICT tables of SQLite 3.37 are the newest thing that a database of custload's has.
const OLDEST: (u32, u32) = (3, 37);

/// Why the shell cannot be asked; `None` where it can.
fn missing() -> Option<String> {
    let Ok(output) = Command::new("sqlite3").arg("-version").stdin(Stdio::null()).output() else {
        return Some("there is no sqlite3 shell".into());
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split(['.', ' ']).map_while(|part| part.parse().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    (version < OLDEST).then(|| format!("the sqlite3 shell is too old: {}", text.trim()))
}

/// What the shell prints when it runs this in the place's database.
#[track_caller]
fn shell(place: &Place, line: &str) -> String {
    let mut command = Command::new("sqlite3");
    command.args(["-batch", "-bail", "-init", "/dev/null", "customers.db", line]);
    let output = command.current_dir(place.root()).stdin(Stdio::null()).output().unwrap();
    let (said, printed) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{line}: {said}{printed}");
    printed.trim_end().to_string()
}

fn import(place: &Place, start: u64, records: usize) {
    let mut generator = Generator::new(3, 0.0, start);
    let mut out = Vec::new();
    Generator::write_csv_header(&mut out);
    (0..records).for_each(|_| generator.write_csv(&mut out));
    place.write("input.csv", out);
    place.custload("import input.csv --profile contact --quiet").ends(0);
}

/// Reads and writes a database that has so many customers, numbered from 1.
fn assert_shell_can_do_all(place: &Place, mut customers: usize) {
    let is_sound = || assert_eq!(shell(place, "PRAGMA integrity_check"), "ok");
    let count = || shell(place, "SELECT count(*) FROM customers").parse::<usize>().unwrap();
    is_sound();
    assert_eq!(count(), customers);
    let schema = shell(place, ".schema");
    let defined = place.column("customers.db", "SELECT sql FROM sqlite_schema WHERE name LIKE 'customers%'");
    assert_eq!(defined.len(), 2, "{defined:?}");
    for sql in defined {
        assert!(schema.contains(&sql), "{sql}\nis not in\n{schema}");
    }

    // A row more, which gets the next ID, and is found through the index.
    let insert = "INSERT INTO customers (email, name, created_at, updated_at, import_run, import_file, import_record) \
                  VALUES ('zoe@example.com', 'Zoe', '', '', 1, 1, 1) RETURNING customer_id";
    customers += 1;
    assert_eq!(shell(place, insert), customers.to_string());
    let indexed = "SELECT customer_id FROM customers INDEXED BY customers_by_email WHERE email = 'zoe@example.com'";
    assert_eq!(shell(place, indexed), customers.to_string());
    is_sound();

    let deleted = shell(place, "DELETE FROM customers WHERE customer_id % 3 = 0; SELECT changes()");
    assert_eq!(deleted.parse::<usize>().unwrap(), customers / 3);
    shell(place, "UPDATE customers SET email = 'x' || email WHERE customer_id % 5 = 0");
    is_sound();
    let rows = "SELECT * FROM customers ORDER BY customer_id";
    let before = shell(place, rows);
    shell(place, "VACUUM");
    is_sound();
    assert_eq!(count(), customers - customers / 3);
    assert!(before == shell(place, rows), "VACUUM has changed rows");

    // And custload goes on with what the shell has left.
    import(place, 900_000, RECORDS);
    is_sound();
    assert_eq!(count(), customers - customers / 3 + RECORDS);
    let greatest = shell(place, "SELECT max(customer_id) FROM customers");
    assert_eq!(greatest, (customers + RECORDS).to_string());

    // The schema can be changed too, and custload goes on with that.
    shell(place, "ALTER TABLE customers ADD COLUMN theirs TEXT DEFAULT 'x'; CREATE INDEX by_city ON customers (city)");
    shell(place, "ALTER TABLE customers RENAME COLUMN theirs TO ours; REINDEX");
    is_sound();
    let before = count();
    import(place, 1_800_000, 10);
    is_sound();
    assert_eq!(count(), before + 10);
    assert_eq!(shell(place, "SELECT count(*) FROM customers WHERE ours = 'x'"), (before + 10).to_string());
    shell(place, "DROP INDEX by_city; ALTER TABLE customers DROP COLUMN ours");
    is_sound();
}

#[test]
fn the_shell_reads_and_writes_a_database_that_was_built_directly() {
    if let Some(why) = missing() {
        eprintln!("skipped: {why}");
        return;
    }
    let place = Place::new();
    import(&place, 0, RECORDS);
    assert_shell_can_do_all(&place, RECORDS);
}

#[test]
fn the_shell_reads_and_writes_a_database_that_got_a_segment() {
    if let Some(why) = missing() {
        eprintln!("skipped: {why}");
        return;
    }
    let place = Place::new();
    import(&place, 0, 3_000);
    import(&place, 3_000, RECORDS);
    assert_shell_can_do_all(&place, 3_000 + RECORDS);
}
