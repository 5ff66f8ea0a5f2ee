//! Building a new database without SQL: [`Builder`] fills the pages of `customers` and of its key's index directly.
//!
//! SQLite makes the schema and is the judge of everything else; only rows, which come in the order of their IDs, and index
//! entries, which are sorted first, are laid out here. Rows through INSERT took longer than everything else in a run
//! together (ARCHITECTURE.md, "The store"). The format is that of sqlite.org/fileformat2.html.

mod index;
mod pages;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use self::index::Sorter;
use self::pages::{PageFile, Tree};
use crate::row::{Value, values};

/// Fills a database that nobody else sees yet.
#[derive(Debug)]
pub(super) struct Builder {
    path: PathBuf,
    pages: PageFile,
    table: Tree,
    index: Option<KeyIndex>,
}

#[derive(Debug)]
struct KeyIndex {
    root: u32,
    column: usize,
    sorter: Sorter,
}

/// An index on one column of `customers`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'k> {
    /// The name of the index.
    pub(super) index: &'k str,
    /// The place of the column among those of a row.
    pub(super) column: usize,
    /// Whether the column holds integers.
    pub(super) integers: bool,
}

/// Why a database could not be built.
#[derive(Debug)]
pub(super) enum BuildError {
    Sqlite(rusqlite::Error),
    Io(io::Error),
}

impl From<rusqlite::Error> for BuildError {
    fn from(error: rusqlite::Error) -> BuildError {
        BuildError::Sqlite(error)
    }
}

impl From<io::Error> for BuildError {
    fn from(error: io::Error) -> BuildError {
        BuildError::Io(error)
    }
}

/// The pages of a new database have this many bytes, SQLite's default.
const PAGE_SIZE: usize = 4096;

impl Builder {
    /// Starts in an empty file at `path`, of which `file` is a handle. `schema` makes the tables and the
    /// index `key`.
    pub(super) fn new(path: &Path, file: File, schema: &str, key: Option<Key<'_>>) -> Result<Builder, BuildError> {
        Builder::with_page_size(path, file, schema, key, PAGE_SIZE)
    }

    /// The same with pages of so many bytes.
    pub(super) fn with_page_size(
        path: &Path,
        file: File,
        schema: &str,
        key: Option<Key<'_>>,
        page_size: usize,
    ) -> Result<Builder, BuildError> {
        let connection = Connection::open(path)?;
        connection.execute_batch(&format!(
            "PRAGMA page_size = {page_size}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {schema}"
        ))?;
        let root = |name: &str| {
            connection
                .query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [name], |row| row.get::<_, u32>(0))
        };
        let table = Tree::table(root("customers")?);
        let index = match key {
            Some(key) => {
                let sorter = Sorter::new(crate::disk::folder_of(path), key.integers);
                Some(KeyIndex { root: root(key.index)?, column: key.column, sorter })
            }
            None => None,
        };
        connection.close().map_err(|(_, error)| error)?;
        Ok(Builder { path: path.to_path_buf(), pages: PageFile::open(file, page_size)?, table, index })
    }

    /// Adds rows (see [`crate::row`]) under ascending IDs from `first` on; how many cells the table has more now.
    pub(super) fn append(&mut self, first: i64, bytes: &[u8], rows: &[Range<u32>]) -> io::Result<u64> {
        let before = self.table.cells();
        for (id, range) in (first..).zip(rows) {
            let row = &bytes[range.start as usize..range.end as usize];
            self.table.push_row(&mut self.pages, id, row)?;
            if let Some(index) = &mut self.index {
                index.sorter.push(values(row).nth(index.column).unwrap_or(Value::Null), id)?;
            }
        }
        Ok(self.table.cells() - before)
    }

    /// Adds the entry of a row that is elsewhere to the index.
    pub(super) fn append_entry(&mut self, key: Value<'_>, id: i64) -> io::Result<()> {
        self.index.as_mut().map_or(Ok(()), |index| index.sorter.push(key, id))
    }

    /// Completes the table and its index, and gives the database to SQLite. `go_on` is asked now and then.
    pub(super) fn finish(mut self, mut go_on: impl FnMut() -> bool) -> Result<Connection, BuildError> {
        self.table.finish(&mut self.pages)?;
        if let Some(index) = self.index {
            let mut tree = Tree::index(index.root);
            let mut count = 0u64;
            index.sorter.in_order(|entry| {
                count += 1;
                if count.is_multiple_of(65_536) && !go_on() {
                    return Err(io::Error::from(io::ErrorKind::Interrupted));
                }
                tree.push_entry(&mut self.pages, entry)
            })?;
            tree.finish(&mut self.pages)?;
        }
        self.pages.finish()?;
        let connection = Connection::open(&self.path)?;
        connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
        Ok(connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::RowEncoder;
    use proptest::prelude::*;

    const SCHEMA: &str = "CREATE TABLE customers (customer_id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT, b TEXT, c INTEGER) STRICT; \
                          CREATE INDEX by_a ON customers (a); ";
    const INTEGER_KEY: &str = "CREATE TABLE customers (customer_id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT, b TEXT, c INTEGER) STRICT; \
                          CREATE INDEX by_c ON customers (c); ";

    const BY_A: Key<'_> = Key { index: "by_a", column: 0, integers: false };
    const BY_C: Key<'_> = Key { index: "by_c", column: 2, integers: true };

    type Row = (Option<String>, Option<String>, Option<i64>);

    fn build(rows: &[Row], page_size: usize, key: Key<'_>) -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("built.db");
        let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        let schema = if key.index == "by_a" { SCHEMA } else { INTEGER_KEY };
        let mut builder = Builder::with_page_size(&path, file, schema, Some(key), page_size).unwrap();
        let mut encoder = RowEncoder::default();
        let mut id = 7;
        // In batches, as they come from blocks.
        for batch in rows.chunks(5) {
            let (mut bytes, mut places) = (Vec::new(), Vec::new());
            for (a, b, c) in batch {
                for text in [a, b] {
                    encoder.push(text.as_ref().map_or(Value::Null, |text| Value::Text(text.as_bytes())));
                }
                encoder.push(c.map_or(Value::Null, Value::Integer));
                let place = encoder.finish(&mut bytes);
                places.push(place.start as u32..place.end as u32);
            }
            builder.append(id, &bytes, &places).unwrap();
            id += batch.len() as i64;
        }
        let connection = builder.finish(|| true).unwrap();
        (folder, connection)
    }

    fn check(rows: &[Row], page_size: usize, key: Key<'_>) {
        let (_folder, connection) = build(rows, page_size, key);
        let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok", "{} rows, pages of {page_size}", rows.len());
        let mut statement =
            connection.prepare("SELECT customer_id, a, b, c FROM customers ORDER BY customer_id").unwrap();
        let read: Vec<(i64, Row)> = statement
            .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?))))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        let expected: Vec<(i64, Row)> = (7..).zip(rows.iter().cloned()).collect();
        assert!(read == expected, "{} rows, pages of {page_size}", rows.len());
        // The index finds what is there, and SQLite can go on from here.
        if let Some((id, (Some(a), ..))) = expected.last() {
            let sql = "SELECT max(customer_id) FROM customers WHERE a = ?1";
            let found: i64 = connection.query_row(sql, [a], |row| row.get(0)).unwrap();
            assert_eq!(found, *id);
        }
        connection
            .execute_batch(
                "INSERT INTO customers (a, b) SELECT a, b FROM customers LIMIT 50; DELETE FROM customers WHERE customer_id % 3 = 0; \
                 CREATE TABLE other (x); VACUUM;",
            )
            .unwrap();
        let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok");
    }

    fn numbered(count: usize) -> Vec<Row> {
        let row = |number: usize| {
            let key =
                (number % 7 != 3).then(|| format!("{}@example.com", number.wrapping_mul(2_654_435_761) % 100_000));
            (key, Some("x".repeat(number % 90)), (!number.is_multiple_of(5)).then_some(number as i64 * 77 - 900))
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn every_number_of_rows_makes_a_sound_database() {
        for count in (0..420).chain([1_000, 3_000, 9_999]) {
            check(&numbered(count), 512, BY_A);
        }
        check(&numbered(30_000), 4096, BY_A);
        check(&numbered(3_000), 512, BY_C);
    }

    #[test]
    fn lengths_around_each_threshold_make_a_sound_database() {
        for page_size in [512, 4096] {
            // Keys around where an index entry overflows, texts around where a row does, and around whole overflow pages.
            let lengths = (60..130).chain(400..560).chain(960..1030).chain(4000..4120).chain([8_000, 20_000, 100_000]);
            let rows: Vec<Row> = lengths
                .map(|length| (Some(format!("{length}{}", "0".repeat(length))), Some("y".repeat(length)), None))
                .collect();
            check(&rows, page_size, BY_A);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn random_rows_make_a_sound_database(
            rows in prop::collection::vec(
                (prop::option::of("[a-zß]{1,300}"), prop::option::of(".{0,1500}"), any::<Option<i64>>()), 0..150)
        ) {
            let rows: Vec<Row> = rows.into_iter().map(|(a, b, c)| (a, b.map(|text| text.replace('\0', "")), c)).collect();
            check(&rows, 512, BY_A);
            check(&rows, 4096, BY_C);
        }
    }
}
