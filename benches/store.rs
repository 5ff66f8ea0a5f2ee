//! The same rows into a new database in two ways: [`Store`], which fills pages itself, and a prepared INSERT, a row a
//! statement, with CREATE INDEX behind it. Both make the same tables, 18 columns a customer, and the same index.
//!
//! The statement gets values that are decoded already, in one transaction without journal and sync. The store gets rows
//! encoded as the check stage leaves them, and syncs the finished file before it gives it its name.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use custload::read::input::Format;
use custload::sink::sqlite::record::RecordBuilder;
use custload::sink::sqlite::{LockedDatabase, RunRow, Store, StoreOptions};
use rusqlite::Connection;
use tempfile::TempDir;

use self::common::rows::{Rows, insert};
use self::common::{Sample, contact, group};

const RECORDS: u64 = 100_000;

fn rows() -> Vec<Rows> {
    let sample = Sample::new(Format::Csv, RECORDS, 0.0);
    let checker = sample.checker();
    let mut seen = HashSet::new();
    let rows: Vec<Rows> =
        sample.blocks().iter().map(|block| Rows::accepted(checker.check::<RecordBuilder>(block), &mut seen)).collect();
    assert_eq!(rows.iter().map(|rows| rows.places.len() as u64).sum::<u64>(), RECORDS, "all records are good");
    rows
}

/// A folder that is removed when the measured time is over, and a place for a database in it.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("customers.db");
    (folder, path)
}

fn fill_pages(path: &Path, rows: &[Rows]) {
    let options = StoreOptions {
        database_id: String::new(),
        path: path.to_path_buf(),
        run_id: 1,
        profile: contact(),
        key: vec!["email".into()],
        max_customers_per_key: 1,
        first_id: 1,
        wait: std::time::Duration::ZERO,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        track_inputs: false,
        stop: Default::default(),
    };
    let locked = LockedDatabase::lock(path, &options.stop).unwrap();
    let mut store = Store::open(locked, options).unwrap();
    for rows in rows {
        store.append(&rows.bytes, &rows.places).unwrap();
    }
    let run = RunRow { last_customer_id: Some(store.next_id - 1), ..RunRow::default() };
    store.commit(&run, &[]).unwrap();
}

fn query(connection: &Connection, sql: &str) -> u64 {
    connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as u64
}

/// The databases are sound, and hold the same customers under the same IDs, all of them.
fn assert_equal(path: &Path, other: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.execute("ATTACH ?1 AS other", [other.to_str()]).unwrap();
    for schema in ["main", "other"] {
        let sound: String =
            connection.query_row(&format!("PRAGMA {schema}.integrity_check"), [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
        assert_eq!(query(&connection, &format!("SELECT count(*) FROM {schema}.customers")), RECORDS);
        let index = format!("SELECT count(*) FROM {schema}.customers INDEXED BY customers_by_email WHERE email > ''");
        assert_eq!(query(&connection, &index), RECORDS);
    }
    let only_here = "SELECT count(*) FROM (SELECT * FROM main.customers EXCEPT SELECT * FROM other.customers)";
    assert_eq!(query(&connection, only_here), 0);
}

fn benches(criterion: &mut Criterion) {
    let rows = rows();
    let decoded: Vec<_> = rows.iter().flat_map(Rows::decoded).collect();
    let bytes = rows.iter().map(|rows| rows.bytes.len() as u64).sum();
    type Way<'w> = (&'w str, Box<dyn Fn(&Path) + 'w>);
    let ways: [Way<'_>; 2] = [
        ("pages filled directly", Box::new(|path| fill_pages(path, &rows))),
        ("prepared insert", Box::new(|path| insert(path, &decoded))),
    ];

    let (_folder, first) = place();
    (ways[0].1)(&first);
    for (_, way) in &ways[1..] {
        let (_folder, path) = place();
        way(&path);
        assert_equal(&first, &path);
    }

    let mut group = group(criterion, "store");
    group.throughput(Throughput::ElementsAndBytes { elements: RECORDS, bytes });
    for (name, way) in &ways {
        group.bench_function(*name, |bencher| {
            let measured = |(folder, path): (TempDir, PathBuf)| {
                way(&path);
                folder
            };
            bencher.iter_batched(place, measured, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(store_benches, benches);
criterion_main!(store_benches);
