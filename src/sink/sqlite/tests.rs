//! Profiles whose columns have names that SQL would take for something else, or numbers with decimals.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::*;
use crate::core::profile::Profile;
use crate::core::row::Value;
use crate::sink::sqlite::record::RowEncoder;

const NAMES: [&str; 3] = ["order", "say \"hi\"", "two words"];

fn profile() -> Arc<Profile> {
    let mut profile = Profile::clone(&Profile::named("contact").unwrap());
    profile.fields.truncate(NAMES.len());
    profile.fields.iter_mut().zip(NAMES).for_each(|(field, name)| field.column = name.to_string());
    Arc::new(profile)
}

fn open(path: &Path, key: &str) -> Store {
    open_with(profile(), path, key)
}

fn open_with(profile: Arc<Profile>, path: &Path, key: &str) -> Store {
    let locked = LockedDatabase::lock(path, &Arc::default()).unwrap();
    let options = StoreOptions {
        path: path.to_path_buf(),
        run_id: locked.next_run().unwrap(),
        database_id: "id".to_string(),
        profile,
        key: Some(key.to_string()),
        max_customers_per_key: 1,
        first_id: 1,
        wait: Duration::ZERO,
        threads: 1,
        track_inputs: false,
        stop: Arc::default(),
    };
    Store::open(locked, options).unwrap()
}

/// Adds customers whose values are a letter and their number, and commits.
fn add(store: Store, numbers: Range<i64>) {
    add_rows(store, &NAMES, numbers, |number, encoder| {
        for letter in ["a", "b", "c"] {
            encoder.push(Value::Text(format!("{letter}{number}").as_bytes()));
        }
    });
}

fn add_rows(mut store: Store, columns: &[&str], numbers: Range<i64>, push: impl Fn(i64, &mut RowEncoder)) {
    let (mut encoder, mut bytes, mut rows) = (RowEncoder::default(), Vec::new(), Vec::new());
    for number in numbers {
        push(number, &mut encoder);
        encoder.push(Value::Text(b"now"));
        encoder.push(Value::Text(b"now"));
        [store.run_id(), 1, number].into_iter().for_each(|number| encoder.push(Value::Integer(number)));
        let row = encoder.finish(&mut bytes);
        rows.push(row.start as u32..row.end as u32);
    }
    store.append(&bytes, &rows).unwrap();
    finish(store, columns, rows.len() as u64, 0);
}

fn finish(store: Store, columns: &[&str], created: u64, updated: u64) {
    let mut run = RunRow { columns: serde_json::json!(columns).to_string(), ..RunRow::default() };
    run.status = FINISHED.to_string();
    (run.counts.created, run.counts.updated) = (created, updated);
    store.commit(&run, &[]).unwrap();
}

fn undo(path: &Path, run_id: i64) -> Undone {
    let undo = Undo { run_id, keep_changed: false, dry_run: false, now: "later".to_string() };
    LockedDatabase::lock(path, &Arc::default()).unwrap().undo(&undo).unwrap()
}

#[test]
fn columns_may_have_any_name() {
    for key in NAMES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("customers.db");
        // Pages that are filled directly, then inserted rows, then a segment.
        add(open(&path, key), 0..3);
        add(open(&path, key), 3..8_200);
        add(open(&path, key), 8_200..8_203);
        let mut keys = Vec::new();
        let mut store = open(&path, key);
        let customers = store.customers().unwrap();
        customers.for_each_key(i64::MAX, |customer, key| keys.push((customer, key[1..].to_string()))).unwrap();
        assert_eq!(keys.len(), 8_203);
        assert!(keys.iter().all(|(customer, number)| *number == (customer - 1).to_string()));
        let change =
            Change { customer: 2, values: vec![(NAMES[0], Value::Null), (NAMES[1], Value::Text(b"new"))], record: 1 };
        store.change(&change, &ChangeStamp { now: "now", run: store.run_id(), file: 1 }).unwrap();
        let mut read = Vec::new();
        let customers = store.customers().unwrap();
        customers
            .read_rows(&NAMES, &[2], |_, row| read.extend((0..3).map(|at| format!("{:?}", row.value(at)))))
            .unwrap();
        let expected = [Value::Null, Value::Text(b"new"), Value::Text(b"c1")].map(|value| format!("{value:?}"));
        assert_eq!(read, expected);
        finish(store, &NAMES, 0, 1);
        let (restored, deleted) = (undo(&path, 4).restored, undo(&path, 3).deleted);
        assert_eq!((restored, deleted), (1, 3));
        let connection = Connection::open(&path).unwrap();
        let sql = "SELECT \"order\", \"say \"\"hi\"\"\", \"two words\" FROM customers WHERE customer_id = 2";
        let row: [String; 3] =
            connection.query_row(sql, [], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?])).unwrap();
        assert_eq!(row, ["a1", "b1", "c1"].map(str::to_string));
        let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok");
    }
}

/// Tenths, many of which are whole numbers; some rows have none.
fn rate(number: i64) -> Value<'static> {
    if number % 7 == 3 { Value::Null } else { Value::Real((number - 1000) as f64 / 10.0) }
}

#[test]
fn numbers_with_decimals_are_keys_and_are_undone() {
    const COLUMNS: [&str; 2] = ["rate", "name"];
    let text = "key = 'rate'\n[fields.rate]\ntype = 'decimal'\n[fields.name]\n";
    let profile = Arc::new(Profile::parse("rates.toml", text).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("customers.db");
    let open = || open_with(Arc::clone(&profile), &path, "rate");
    // Pages that are filled directly, then a segment, then inserted rows.
    for numbers in [0..3_000, 3_000..9_000, 9_000..9_005] {
        add_rows(open(), &COLUMNS, numbers, |number, encoder| {
            encoder.push(rate(number));
            encoder.push(Value::Text(format!("Customer {number}").as_bytes()));
        });
    }
    let mut keys = Vec::new();
    let mut store = open();
    store.customers().unwrap().for_each_key(i64::MAX, |customer, key| keys.push((customer, key.to_string()))).unwrap();
    keys.sort();
    let expected = (0..9_005).filter_map(|number| match rate(number) {
        Value::Real(rate) => Some((number + 1, rate.to_string())),
        _ => None,
    });
    assert!(keys.iter().cloned().eq(expected) && keys[0].1 == "-100");
    assert_eq!(store.customers().unwrap().key_of(1_011).unwrap().as_deref(), Some("1"));
    let change = Change { customer: 11, values: vec![("rate", Value::Real(0.25))], record: 1 };
    store.change(&change, &ChangeStamp { now: "now", run: store.run_id(), file: 1 }).unwrap();
    let mut read = Vec::new();
    let customers = store.customers().unwrap();
    customers.read_rows(&["rate"], &[11, 12], |_, row| read.push(format!("{:?}", row.value(0)))).unwrap();
    assert_eq!(read, ["Real(0.25)", "Real(-98.9)"]);
    finish(store, &COLUMNS, 0, 1);
    let connection = Connection::open(&path).unwrap();
    let verdict = || connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(verdict(), "ok");
    let undone = [4, 3, 2, 1].map(|run| undo(&path, run)).map(|undone| (undone.restored, undone.deleted));
    assert_eq!(undone, [(1, 0), (0, 5), (0, 6_000), (0, 3_000)]);
    assert_eq!(verdict(), "ok");
}
