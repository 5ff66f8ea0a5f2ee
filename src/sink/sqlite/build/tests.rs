//! Databases that are built in many ways, then read and changed by SQLite.

use super::*;
use crate::sink::sqlite::record::RowEncoder;
use proptest::prelude::*;

const BY_A: Key<'_> = Key { index: "by_a", column: 0, storage: Storage::Text };
const BY_C: Key<'_> = Key { index: "by_c", column: 2, storage: Storage::Integer };

/// Runs and ranges of a few entries, so that there are many of them.
const FEW: Portions = Portions { run: 1_000, range: 300, sample: 3, memory: 2_000 };
/// As few as can be.
const FEWEST: Portions = Portions { run: 1, range: 1, sample: 1, memory: 1 };

const SMALL: Layout = Layout { page_size: 512, portions: FEW, ..LAYOUT };

type Row = (Option<String>, Option<String>, Option<i64>);

fn schema(key: Key<'_>) -> String {
    format!(
        "CREATE TABLE customers (customer_id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT, b TEXT, c INTEGER) STRICT; \
         CREATE INDEX {} ON customers ({}); ",
        key.index,
        ["a", "b", "c"][key.column]
    )
}

fn started(folder: &Path, schema: &str, key: Key<'_>, layout: Layout, threads: usize) -> Builder {
    let path = folder.join("built.db");
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    Builder::new(&path, file, schema, Some(key), Layout { threads, is_kept: threads > 2, ..layout }).unwrap()
}

/// Adds rows under IDs from 7 on, in batches, as they come from blocks.
fn fill(builder: &mut Builder, rows: &[Row]) {
    let mut encoder = RowEncoder::default();
    let mut id = 7;
    for batch in rows.chunks(5) {
        let (mut bytes, mut ranges) = (Vec::new(), Vec::new());
        for (a, b, c) in batch {
            for text in [a, b] {
                encoder.push(text.as_ref().map_or(Value::Null, |text| Value::Text(text.as_bytes())));
            }
            encoder.push(c.map_or(Value::Null, Value::Integer));
            let row = encoder.finish(&mut bytes);
            ranges.push(row.start as u32..row.end as u32);
        }
        builder.append(id, &bytes, &ranges).unwrap();
        id += batch.len() as i64;
    }
}

fn build(rows: &[Row], layout: Layout, key: Key<'_>, threads: usize) -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = started(folder.path(), &schema(key), key, layout, threads);
    fill(&mut builder, rows);
    let connection = builder.finish(|| true).unwrap();
    (folder, connection)
}

fn integrity(connection: &Connection) -> Vec<String> {
    let mut statement = connection.prepare("PRAGMA integrity_check").unwrap();
    let lines = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    lines.flat_map(|line| line.unwrap().lines().map(str::to_string).collect::<Vec<_>>()).collect()
}

fn page_count(connection: &Connection) -> u64 {
    connection.query_row("PRAGMA page_count", [], |row| row.get::<_, u32>(0)).unwrap().into()
}

fn assert_rows(connection: &Connection, rows: &[Row]) {
    let mut statement = connection.prepare("SELECT customer_id, a, b, c FROM customers ORDER BY customer_id").unwrap();
    let read: Vec<(i64, Row)> = statement
        .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?))))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    let expected: Vec<(i64, Row)> = (7..).zip(rows.iter().cloned()).collect();
    assert!(read == expected, "{} rows", rows.len());
}

fn check(rows: &[Row], layout: Layout, key: Key<'_>, threads: usize) {
    let (_folder, connection) = build(rows, layout, key, threads);
    assert_eq!(integrity(&connection), ["ok"], "{} rows, {layout:?}", rows.len());
    assert_rows(&connection, rows);
    // The index finds what is there, and SQLite can go on from here.
    if let Some((a, ..)) = rows.last() {
        let sql = "SELECT max(customer_id) FROM customers WHERE a IS ?1";
        let found: i64 = connection.query_row(sql, [a], |row| row.get(0)).unwrap();
        assert_eq!(found, rows.len() as i64 + 6);
    }
    connection
        .execute_batch(
            "INSERT INTO customers (a, b) SELECT a, b FROM customers LIMIT 50; DELETE FROM customers WHERE customer_id % 3 = 0; \
             CREATE TABLE other (x); VACUUM;",
        )
        .unwrap();
    assert_eq!(integrity(&connection), ["ok"]);
}

fn numbered(count: usize) -> Vec<Row> {
    let row = |number: usize| {
        let key = (number % 7 != 3).then(|| format!("{}@example.com", number.wrapping_mul(2_654_435_761) % 100_000));
        (key, Some("x".repeat(number % 90)), (!number.is_multiple_of(5)).then_some(number as i64 * 77 - 900))
    };
    (0..count).map(row).collect()
}

#[test]
fn every_number_of_rows_makes_a_sound_database() {
    for count in (0..420).chain([1_000, 3_000, 9_999]) {
        check(&numbered(count), SMALL, BY_A, 1 + count % 3);
    }
    check(&numbered(30_000), LAYOUT, BY_A, 2);
    check(&numbered(3_000), SMALL, BY_C, 2);
}

#[test]
fn lengths_around_each_threshold_make_a_sound_database() {
    for page_size in [512, 4096] {
        // Keys around where an index entry overflows, texts around where a row does, and around whole overflow pages.
        let lengths = (60..130).chain(400..560).chain(960..1030).chain(4000..4120).chain([8_000, 20_000, 100_000]);
        let rows: Vec<Row> = lengths
            .map(|length| (Some(format!("{length}{}", "0".repeat(length))), Some("y".repeat(length)), None))
            .collect();
        check(&rows, Layout { page_size, ..SMALL }, BY_A, 2);
    }
}

/// Keys that are hard to divide into ranges, and such as overflow their cells.
fn peculiar() -> Vec<Vec<Row>> {
    let rows = |key: &dyn Fn(usize) -> Option<String>, count: usize| -> Vec<Row> {
        (0..count).map(|number| (key(number), None, Some(number as i64 % 3))).collect()
    };
    vec![
        rows(&|_| Some("the same for all".into()), 500),
        rows(&|_| None, 500),
        rows(&|number| (number % 2 == 0).then(|| "k".repeat(number % 60 + 1)), 500),
        rows(&|number| Some(format!("{number:06}")), 500),
        rows(&|number| Some(format!("{:06}", 1000 - number)), 500),
        rows(&|number| Some(format!("{}{}", "long".repeat(number % 700), number % 10)), 150),
    ]
}

#[test]
fn the_file_is_the_same_for_any_number_of_threads() {
    let bytes = |rows: &[Row], layout: Layout, key: Key<'_>, threads: usize| {
        let (folder, connection) = build(rows, layout, key, threads);
        connection.close().unwrap();
        std::fs::read(folder.path().join("built.db")).unwrap()
    };
    for rows in peculiar().into_iter().chain([numbered(2_000), numbered(1), Vec::new()]) {
        for key in [BY_A, BY_C] {
            // How the entries are sorted is not to be seen in the file either.
            let expected = bytes(&rows, Layout { page_size: 512, ..LAYOUT }, key, 1);
            for portions in [FEW, FEWEST, Portions { run: 1_000_000, ..FEWEST }] {
                check(&rows, Layout { portions, ..SMALL }, key, 3);
                for threads in [1, 2, 3, 8] {
                    assert!(bytes(&rows, Layout { portions, ..SMALL }, key, threads) == expected, "{threads} threads");
                }
            }
        }
    }
}

#[test]
fn building_ends_when_it_is_told_to() {
    for threads in [1, 3] {
        let folder = tempfile::tempdir().unwrap();
        let mut builder = started(folder.path(), &schema(BY_A), BY_A, SMALL, threads);
        fill(&mut builder, &numbered(1_000));
        match builder.finish(|| false) {
            Err(BuildError::Io(error)) => assert_eq!(error.kind(), io::ErrorKind::Interrupted),
            other => panic!("{other:?}"),
        }
    }
}

/// SQLite knows only its own lock byte, so it reports that the page of another is unused.
#[test]
fn the_page_with_the_lock_byte_stays_out_of_use_wherever_it_is() {
    let mut rows = numbered(60);
    rows.extend((0..4).map(|number| (Some(format!("{number}").repeat(1_500)), Some("z".repeat(2_000)), None)));
    let (_folder, connection) = build(&rows, SMALL, BY_A, 2);
    let pages = page_count(&connection);
    for lock_page in 5..pages + 3 {
        // Any byte of the page will do.
        let layout = Layout { lock_byte: (lock_page - 1) * 512 + lock_page % 512, ..SMALL };
        let (_folder, connection) = build(&rows, layout, BY_A, 2);
        assert_rows(&connection, &rows);
        let expected = match lock_page <= pages {
            true => vec!["*** in database main ***".to_string(), format!("Page {lock_page}: never used")],
            false => vec!["ok".to_string()],
        };
        assert_eq!(integrity(&connection), expected);
        assert_eq!(page_count(&connection), pages + u64::from(lock_page <= pages));
    }
}

/// SQLite fills the database to just below its lock byte before rows are added; the index, of about 60 pages, passes it.
#[test]
fn a_database_grows_past_the_lock_byte() {
    let lock_page = LOCK_BYTE / 4096 + 1;
    let half = (lock_page - 320) * 4092 / 2;
    let filled = format!(
        "{}CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob({half})), (zeroblob({half}));",
        schema(BY_A)
    );
    let folder = tempfile::tempdir().unwrap();
    let mut builder = started(folder.path(), &filled, BY_A, LAYOUT, 2);
    let rows = numbered(15_000);
    fill(&mut builder, &rows);
    let before = builder.pages.number_of_pages();
    let connection = builder.finish(|| true).unwrap();
    let after = page_count(&connection);
    assert!(before < lock_page && lock_page < after, "{before} {after}");
    connection.execute_batch("PRAGMA mmap_size = 2000000000").unwrap();
    assert_eq!(integrity(&connection), ["ok"]);
    assert_rows(&connection, &rows);
    let change =
        "DELETE FROM customers WHERE customer_id % 3 = 0; INSERT INTO customers (a) SELECT a || 'x' FROM customers;";
    connection.execute_batch(change).unwrap();
    assert_eq!(integrity(&connection), ["ok"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn random_rows_make_a_sound_database(
        rows in prop::collection::vec(
            (prop::option::of("[a-zß]{1,300}"), prop::option::of(".{0,1500}"), any::<Option<i64>>()), 0..150)
    ) {
        let rows: Vec<Row> = rows.into_iter().map(|(a, b, c)| (a, b.map(|text| text.replace('\0', "")), c)).collect();
        check(&rows, SMALL, BY_A, 2);
        check(&rows, Layout { portions: FEW, ..LAYOUT }, BY_C, 2);
    }
}

#[test]
fn what_undo_needs_is_in_its_table() {
    for (page_size, count) in [(512, 0), (512, 1), (512, 700), (4096, 4), (4096, 5), (4096, 3_000), (65_536, 300)] {
        let folder = tempfile::tempdir().unwrap();
        let schema = schema(BY_A)
            + "CREATE TABLE import_created (run_id INTEGER NOT NULL, first_customer_id INTEGER NOT NULL, \
               last_customer_id INTEGER NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (run_id, first_customer_id)) \
               STRICT, WITHOUT ROWID;";
        let layout = Layout { page_size, ..LAYOUT };
        let mut builder = started(folder.path(), &schema, BY_A, layout, 1 + count % 3);
        let rows = numbered(count);
        fill(&mut builder, &rows);
        let range = |at: usize| CreatedRange {
            first: 1 + 100 * at as i64,
            digests: format!("{at:016x}").repeat(1 + at % 60).into_bytes(),
        };
        (0..count).for_each(|at| builder.append_created(1, &range(at)).unwrap());
        let connection = builder.finish(|| true).unwrap();
        assert_eq!(integrity(&connection), ["ok"], "{count} at {page_size}");
        assert_rows(&connection, &rows);
        let mut statement =
            connection.prepare("SELECT * FROM import_created ORDER BY run_id, first_customer_id").unwrap();
        let mut found = statement.query([]).unwrap();
        for at in 0..count {
            let (row, range) = (found.next().unwrap().unwrap(), range(at));
            let numbers = [0, 1, 2].map(|column| row.get::<_, i64>(column).unwrap());
            assert_eq!(numbers, [1, range.first, range.last()]);
            assert_eq!(row.get::<_, String>(3).unwrap().into_bytes(), range.digests);
        }
        assert!(found.next().unwrap().is_none());
    }
}
