//! Rows that are gathered in a segment come out as inserted ones, whatever the database is like.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use rusqlite::types::Value as Cell;

use super::super::segment::{SEGMENT, is_transfer};
use super::super::{LockedDatabase, Store};
use super::*;
use crate::core::profile::Profile;
use crate::core::row::Value;
use crate::sink::sqlite::record::RowEncoder;

/// The first two values are the name and the e-mail address, the third the description.
type Record = [Option<String>; 3];

struct TestFolder(tempfile::TempDir);

impl TestFolder {
    fn new() -> TestFolder {
        TestFolder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A database with these customers, which was made by these statements before, and changed by those after.
    fn database(&self, before: &str, records: &[Record], after: &str) {
        let connection = Connection::open(self.path("one.db")).unwrap();
        connection.execute_batch(&format!("{before}; CREATE TABLE theirs (x)")).unwrap();
        drop(connection);
        add(&self.path("one.db"), records, Route::Insert);
        let connection = Connection::open(self.path("one.db")).unwrap();
        connection.execute_batch(after).unwrap();
        drop(connection);
        fs::copy(self.path("one.db"), self.path("other.db")).unwrap();
    }

    /// Adds customers, one by one to one database and in a segment to the other; whether a segment was used.
    fn add_to_both(&self, records: &[Record]) -> bool {
        add(&self.path("one.db"), records, Route::Insert);
        let is_segment = add(&self.path("other.db"), records, Route::First);
        let (one, other) = (dump(&self.path("one.db")), dump(&self.path("other.db")));
        assert!(one == other, "{} rows and {} rows", one.len(), other.len());
        let names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "one.db" && name != "other.db")
            .collect();
        assert_eq!(names, [""; 0]);
        is_segment
    }
}

fn options(path: &Path) -> StoreOptions {
    let profile = Profile::named("contact").unwrap();
    StoreOptions {
        database_id: String::new(),
        path: path.to_path_buf(),
        run_id: 1,
        profile,
        key: vec!["email".into()],
        max_customers_per_key: 1,
        first_id: 5,
        wait: Duration::ZERO,
        threads: 2,
        track_inputs: false,
        stop: Default::default(),
    }
}

fn add(path: &Path, records: &[Record], route: Route) -> bool {
    let options = options(path);
    let fields = options.profile.fields.clone();
    let place = |column: &str| fields.iter().position(|field| field.column == column).unwrap();
    let places = [place("name"), place("email"), place("description")];
    let locked = LockedDatabase::lock(path, &options.stop).unwrap();
    let options = StoreOptions { run_id: locked.next_run().unwrap(), ..options };
    let mut store = Store::open(locked, options.clone()).unwrap();
    let Destination::Existing(existing) = &mut store.destination else { panic!("the database exists") };
    existing.route = route;
    existing.inserted = INSERTED_FIRST;
    let mut encoder = RowEncoder::default();
    for batch in records.chunks(7) {
        let (mut bytes, mut rows) = (Vec::new(), Vec::new());
        for (number, record) in (1..).zip(batch) {
            for index in 0..fields.len() {
                let value = places.iter().position(|place| *place == index).and_then(|at| record[at].as_ref());
                // No record has an empty text.
                let value = value.filter(|text| !text.is_empty());
                encoder.push(value.map_or(Value::Null, |text| Value::Text(text.as_bytes())));
            }
            encoder.push(Value::Text(b"2026-01-31T12:00:00Z"));
            encoder.push(Value::Text(b"2026-01-31T12:00:00Z"));
            [2, 1, number * 700].into_iter().for_each(|number| encoder.push(Value::Integer(number)));
            let row = encoder.finish(&mut bytes);
            rows.push(row.start as u32..row.end as u32);
        }
        store.append(&bytes, &rows).unwrap();
    }
    let Destination::Existing(existing) = &store.destination else { panic!("the database exists") };
    let is_segment = matches!(existing.route, Route::Segment(_));
    assert_eq!(store.rows_written, records.len() as u64);
    store.commit(&RunRow::default(), &[]).unwrap();
    is_segment
}

/// Everything in a database, which must be sound and go on.
fn dump(path: &Path) -> Vec<Vec<Cell>> {
    let connection = Connection::open(path).unwrap();
    let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let mut out = Vec::new();
    let mut read = |sql: &str| {
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
        out.extend(rows.map(Result::unwrap));
    };
    read("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name");
    read("SELECT * FROM customers ORDER BY customer_id");
    read("SELECT customer_id, email FROM customers ORDER BY email, customer_id");
    read("SELECT * FROM sqlite_sequence ORDER BY name");
    read("SELECT * FROM theirs ORDER BY x");
    let changes = "DELETE FROM customers WHERE customer_id % 3 = 0; UPDATE customers SET email = 'x' || email; VACUUM";
    let copy = path.with_extension("copy");
    fs::copy(path, &copy).unwrap();
    let connection = Connection::open(&copy).unwrap();
    connection.execute_batch(changes).unwrap();
    let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    drop(connection);
    fs::remove_file(copy).unwrap();
    out
}

fn numbered(from: usize, count: usize) -> Vec<Record> {
    let record = |number: usize| {
        let email = (number % 7 != 3).then(|| format!("{}@example.com", number.wrapping_mul(2_654_435_761) % 100_000));
        [Some(format!("Customer {number}")), email, Some("x".repeat(number % 90))]
    };
    (from..from + count).map(record).collect()
}

#[test]
fn a_segment_adds_what_insert_adds() {
    for (held, added) in [(0, 1), (1, 0), (1, 1), (3, 3000), (3000, 3), (3000, 170), (3000, 200), (2000, 2000)] {
        let folder = TestFolder::new();
        folder.database("", &numbered(0, held), "");
        assert_eq!(folder.add_to_both(&numbered(held, added)), added > 0);
        // And once more: what was moved can be added to.
        assert!(folder.add_to_both(&numbered(held + added, 300)));
    }
}

#[test]
fn a_segment_fits_every_kind_of_file() {
    let kinds = ["page_size = 512", "page_size = 65536", "auto_vacuum = 1", "auto_vacuum = 2", "journal_mode = WAL"];
    for kind in kinds {
        let folder = TestFolder::new();
        let mut records = numbered(0, 900);
        records.push([None, Some(format!("{}@example.com", "k".repeat(3000))), Some("y".repeat(90_000))]);
        folder.database(&format!("PRAGMA {kind}"), &records, "");
        records.reverse();
        assert!(folder.add_to_both(&records), "{kind}");
    }
}

#[test]
fn the_transfer_path_is_taken() {
    let folder = TestFolder::new();
    folder.database("", &numbered(0, 10), "");
    let (connection, file) = (Connection::open(folder.path("one.db")).unwrap(), folder.path("segment.db"));
    let tables = schema::create_customers(&options(&file).profile);
    Connection::open(&file).unwrap().execute_batch(&format!("{tables}; CREATE INDEX i ON customers (email)")).unwrap();
    connection.execute(&format!("ATTACH ?1 AS {SEGMENT}"), [file.to_str()]).unwrap();
    assert!(is_transfer(&connection, "customers", true).unwrap());
    let bars = [
        "CREATE TRIGGER t AFTER INSERT ON customers BEGIN SELECT 1; END",
        "CREATE TEMP TRIGGER t AFTER INSERT ON main.customers BEGIN SELECT 1; END",
        "CREATE UNIQUE INDEX u ON customers (name)",
        "CREATE INDEX i ON customers (name)",
        "DROP INDEX customers_by_email",
    ];
    for bar in bars {
        connection.execute_batch(&format!("BEGIN; {bar}")).unwrap();
        assert!(!is_transfer(&connection, "customers", true).unwrap(), "{bar}");
        connection.execute_batch("ROLLBACK").unwrap();
    }
}

#[test]
fn what_is_not_as_custload_makes_it_is_left_to_insert() {
    let others = [
        "CREATE TRIGGER t AFTER INSERT ON customers BEGIN INSERT INTO theirs VALUES (new.email); END",
        "CREATE UNIQUE INDEX u ON customers (name)",
        "CREATE INDEX i ON customers (lower(name))",
        "DROP INDEX customers_by_email; CREATE INDEX customers_by_email ON customers (email DESC)",
        "ALTER TABLE customers ADD COLUMN mine TEXT DEFAULT 'x'",
        "ALTER TABLE customers ADD COLUMN twice TEXT AS (name || name)",
        "ALTER TABLE customers ADD COLUMN kind TEXT CHECK (kind IS NULL)",
        "ALTER TABLE customers ADD COLUMN run INTEGER REFERENCES import_runs (run_id)",
        "UPDATE customers SET email = '' WHERE customer_id = 7",
        "CREATE INDEX Custload_Emptied_index ON theirs (x)",
    ];
    for other in others {
        let folder = TestFolder::new();
        folder.database("", &numbered(0, 20), other);
        assert!(!folder.add_to_both(&numbered(20, 50)), "{other}");
    }
    let folder = TestFolder::new();
    folder.database("PRAGMA encoding = 'UTF-16'", &numbered(0, 20), "");
    assert!(!folder.add_to_both(&numbered(20, 50)));
    // Without its index the table is as custload makes it, and the run makes the index.
    let folder = TestFolder::new();
    folder.database("", &numbered(0, 20), "DROP INDEX customers_by_email; CREATE VIEW v AS SELECT * FROM customers");
    assert!(folder.add_to_both(&numbered(20, 50)));
}

#[test]
fn a_file_in_the_way_of_a_segment() {
    let folder = TestFolder::new();
    folder.database("", &numbered(0, 20), "");
    let way = folder.path("other.db.custload-partial");
    // A killed run has left it.
    let mut options = fs::File::options();
    crate::disk::owner_only(&mut options);
    options.write(true).create_new(true).open(&way).unwrap();
    assert!(folder.add_to_both(&numbered(20, 20)));
    // It is another's.
    fs::write(&way, "mine").unwrap();
    assert!(!add(&folder.path("other.db"), &numbered(40, 20), Route::First));
    assert_eq!(fs::read(&way).unwrap(), b"mine");
}

fn text() -> impl Strategy<Value = Option<String>> {
    let long = (0usize..100_000, "[a-zß ]{1,9}")
        .prop_map(|(length, piece)| piece.chars().cycle().take(length).collect::<String>());
    prop_oneof![2 => Just(None), 6 => ".{0,60}".prop_map(Some), 1 => long.prop_map(Some)]
        .prop_map(|text| text.map(|text| text.replace('\0', "")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn random_records_are_the_same_in_both_ways(
        held in prop::collection::vec([text(), text(), text()], 0..60),
        added in prop::collection::vec([text(), text(), text()], 1..120),
        page_size in prop::sample::select(vec![512, 1024, 4096, 65_536]),
    ) {
        let folder = TestFolder::new();
        folder.database(&format!("PRAGMA page_size = {page_size}"), &held, "");
        prop_assert!(folder.add_to_both(&added));
    }
}
