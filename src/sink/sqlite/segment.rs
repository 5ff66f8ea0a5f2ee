//! A database that exists, in the transaction of a run: [`Existing`], and what makes many rows for it quick.
//!
//! The first rows are inserted one by one. Where more come, and the table is as custload makes it, they are gathered in a
//! segment: a private database whose pages are filled directly ([`super::build`]). SQLite moves it as a whole, cells
//! undecoded ("transfer path" below: what its `INSERT INTO t SELECT * FROM s.t` does for tables of one form).
//!
//! The transfer path cannot merge two indexes well: it fills pages to the brim, so that each entry between two full pages
//! may make a page of its own, and the index of 2,000,000 rows in 2,000,000 others is three times as large as it need be.
//! Therefore the segment's index has the entries of all rows, also of those that were there before, and goes into an index
//! that was emptied.

use std::io;
use std::ops::Range;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};

use super::build::{self, BuildError, Builder};
use super::hold::Opened;
use super::place::PrivateFile;
use super::{StoreOptions, build_error, schema, sqlite_error, sqlite_name};
use crate::core::profile::Profile;
use crate::core::row::Value;
use crate::error::Result;
use crate::sink::sqlite::record::values;

/// So many rows are inserted before a segment is begun: with fewer, it is not worth its while.
const INSERTED_FIRST: u64 = 8_192;

/// An index is made anew where the rows that come are at least this part of those that are there. Else INSERT, which touches
/// only the index's pages that change, is quicker.
const LEAST_SHARE: u64 = 16;

/// SQLite reads the segment page by page; it fits the cells to the pages of the database, whatever their size.
const PAGE_SIZE: usize = 32_768;

/// How the segment is called in SQL.
const SEGMENT: &str = "custload_segment";

/// The table whose index takes the entries away that an index is to lose.
const EMPTIED: &str = "custload_emptied";

/// Moves the segment's rows and index on the transfer path. A failure takes the whole transaction back, so no statement
/// journal is needed.
const TRANSFER: &str = "INSERT OR ROLLBACK INTO main.customers SELECT * FROM custload_segment.customers";

/// Inserts the segment's rows one by one: any clause bars the transfer path.
const INSERT_EACH: &str =
    "INSERT OR ROLLBACK INTO main.customers SELECT * FROM custload_segment.customers ORDER BY customer_id";

/// A database that exists, and the rows that a run adds to it.
#[derive(Debug)]
pub(super) struct Existing {
    // Closed before the segment is removed.
    opened: Opened,
    route: Route,
    inserted: u64,
}

/// How the next rows get in.
#[derive(Debug)]
enum Route {
    /// Inserted, and it has not been looked whether a segment is possible.
    First,
    /// Inserted: the database is one of those for which a segment would be wrong.
    Insert,
    /// Gathered in a segment.
    Segment(Box<Segment>),
    /// The rows of the segment are in, and what comes now is inserted. The segment's file is open until the transaction ends.
    Transferred { _file: PrivateFile },
}

/// Rows that are not in the database yet.
#[derive(Debug)]
struct Segment {
    builder: Builder,
    file: PrivateFile,
    rows: u64,
    /// The column of the table's only index, if it has one.
    indexed: Option<usize>,
}

/// A value that is bound.
pub(super) struct Parameter<'r>(pub(super) Value<'r>);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text),
        }))
    }
}

impl Existing {
    /// A database in which the run's transaction has begun, so that nobody else writes to it.
    pub(super) fn new(opened: Opened) -> Existing {
        Existing { opened, route: Route::First, inserted: 0 }
    }

    /// What tells whether the database was written to; see [`Opened::change_counter`].
    pub(super) fn change_counter(&self) -> io::Result<Option<i64>> {
        self.opened.change_counter()
    }

    /// The connection that has the transaction.
    pub(super) fn connection(&self) -> &Connection {
        &self.opened.connection
    }

    /// Writes rows in their order, under IDs from `first` on; how many were written.
    pub(super) fn append(
        &mut self,
        options: &StoreOptions,
        first: i64,
        bytes: &[u8],
        rows: &[Range<u32>],
    ) -> Result<u64> {
        if matches!(self.route, Route::First) && self.inserted >= INSERTED_FIRST {
            self.route = match Segment::begin(&self.opened.connection, options)? {
                Some(segment) => Route::Segment(Box::new(segment)),
                None => Route::Insert,
            };
        }
        let written = match &mut self.route {
            Route::First | Route::Insert | Route::Transferred { .. } => {
                insert(&self.opened.connection, &options.profile, first, bytes, rows)
                    .map_err(|error| sqlite_error(options, &error))?
            }
            Route::Segment(segment) => {
                let appended = segment.builder.append(first, bytes, rows);
                let appended = appended.map_err(|error| build_error(options, BuildError::Io(error)))?;
                segment.rows += appended;
                appended
            }
        };
        self.inserted += written;
        Ok(written)
    }

    /// Puts all rows that are still elsewhere into the database. `go_on` is asked now and then.
    pub(super) fn complete(self, options: &StoreOptions, go_on: impl FnMut() -> bool) -> Result<Existing> {
        let Existing { opened, route, inserted } = self;
        let route = match route {
            Route::Segment(segment) => {
                let file = segment.put_into(&opened.connection, &options.profile, go_on);
                let file = file.map_err(|error| build_error(options, error))?;
                Route::Transferred { _file: file }
            }
            other => other,
        };
        Ok(Existing { opened, route, inserted })
    }
}

/// Writes rows through SQL; how many SQLite says it has written.
pub(super) fn insert(
    connection: &Connection,
    profile: &Profile,
    first_id: i64,
    bytes: &[u8],
    rows: &[Range<u32>],
) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached(&schema::insert(profile))?;
    let mut written = 0;
    for (behind, row) in rows.iter().enumerate() {
        let id = first_id + behind as i64;
        statement.raw_bind_parameter(1, id)?;
        for (parameter, value) in (2..).zip(values(&bytes[row.start as usize..row.end as usize])) {
            statement.raw_bind_parameter(parameter, Parameter(value))?;
        }
        written += statement.raw_execute()? as u64;
    }
    Ok(written)
}

impl Segment {
    /// Begins a segment; `None` where it is not certain that its rows would come out as inserted ones.
    fn begin(connection: &Connection, options: &StoreOptions) -> Result<Option<Segment>> {
        let indexed = match layout(connection, &options.profile).map_err(|error| sqlite_error(options, &error))? {
            Layout::Plain => None,
            Layout::Indexed(field) => Some(field),
            Layout::Other => return Ok(None),
        };
        // What stands in the way of a segment does not stand in the way of INSERT.
        let Ok(file) = PrivateFile::beside(&options.path) else { return Ok(None) };
        let mut tables = format!("{};", schema::create_customers(&options.profile));
        let name = indexed.map(|field| {
            let column = &options.profile.fields[field].column;
            tables.push_str(&schema::create_key_index(column));
            schema::key_index(column)
        });
        let key = indexed.zip(name.as_deref()).map(|(column, index)| {
            let integers = options.profile.fields[column].is_number();
            build::Key { index, column, integers }
        });
        let handle = file.handle().map_err(BuildError::Io);
        let builder = handle
            .and_then(|handle| Builder::with_page_size(file.path(), handle, &tables, key, PAGE_SIZE))
            .and_then(|builder| builder.with_threads(options.threads, false));
        let builder = builder.map_err(|error| build_error(options, error))?;
        Ok(Some(Segment { builder, file, rows: 0, indexed }))
    }

    /// Completes the segment and moves its rows into the database; what is left is its file, which SQLite has open.
    fn put_into(
        self,
        connection: &Connection,
        profile: &Profile,
        go_on: impl FnMut() -> bool,
    ) -> std::result::Result<PrivateFile, BuildError> {
        let Segment { mut builder, file, rows, indexed } = self;
        let column = indexed.map(|field| profile.fields[field].column.as_str());
        let is_worth_it = column.is_none() || most_customers(connection)? / LEAST_SHARE <= rows;
        if let Some(column) = column.filter(|_| is_worth_it) {
            append_entries(connection, &mut builder, column)?;
        }
        builder.finish(go_on)?.close().map_err(|(_, error)| error)?;
        attach(connection, &file)?;
        let is_transfer = is_worth_it && is_transfer(connection, column)?;
        if let Some(column) = column.filter(|_| is_transfer) {
            empty_index(connection, column)?;
            // Rows that were inserted now would be the index's only ones.
            if !self::is_transfer(connection, Some(column))? {
                return Err(io::Error::other("SQLite does not move rows as it did just before").into());
            }
        }
        let written = connection.execute(if is_transfer { TRANSFER } else { INSERT_EACH }, [])? as u64;
        if written != rows {
            return Err(io::Error::other(format!("{rows} rows were accepted, and {written} written")).into());
        }
        Ok(file)
    }
}

/// What the table of customers is, as far as it matters for the transfer path.
#[derive(Debug, PartialEq, Eq)]
enum Layout {
    /// As custload makes it, without an index.
    Plain,
    /// As custload makes it, with one index, on the column of this field.
    Indexed(usize),
    /// Something else.
    Other,
}

/// Looks whether the table of customers is byte for byte what custload would make, so that encoded rows fit it, and no index,
/// trigger or constraint of another's has a say in what is inserted.
fn layout(connection: &Connection, profile: &Profile) -> rusqlite::Result<Layout> {
    let encoding: String = connection.query_row("PRAGMA main.encoding", [], |row| row.get(0))?;
    // Whoever has a table of the name that `empty_index` wants keeps it.
    let mut statement = connection.prepare(&format!(
        "SELECT type, sql FROM main.sqlite_schema WHERE lower(tbl_name) = 'customers' OR lower(name) LIKE '{EMPTIED}%' \
         UNION ALL SELECT type, sql FROM temp.sqlite_schema WHERE lower(tbl_name) = 'customers'",
    ))?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut found: Vec<(String, Option<String>)> = found.collect::<rusqlite::Result<_>>()?;
    let table = ("table".to_string(), Some(schema::create_customers(profile)));
    let Some(place) = found.iter().position(|object| *object == table) else { return Ok(Layout::Other) };
    found.swap_remove(place);
    let field = match found.as_slice() {
        _ if encoding != "UTF-8" => return Ok(Layout::Other),
        [] => return Ok(Layout::Plain),
        [(kind, Some(sql))] if kind == "index" => {
            profile.fields.iter().position(|field| schema::stored_key_index(&field.column) == *sql)
        }
        _ => None,
    };
    let Some(field) = field else { return Ok(Layout::Other) };
    // An empty text, which no record has, could not be told from NULL where index entries are sorted.
    let sql = format!("SELECT EXISTS (SELECT 1 FROM main.customers WHERE {} = '')", profile.fields[field].column);
    let has_empty: bool = connection.query_row(&sql, [], |row| row.get(0))?;
    Ok(if has_empty { Layout::Other } else { Layout::Indexed(field) })
}

/// How many customers there are at most, without counting them.
fn most_customers(connection: &Connection) -> rusqlite::Result<u64> {
    let end = |function: &str| {
        let sql = format!("SELECT ifnull({function}(customer_id), 0) FROM main.customers");
        connection.query_row(&sql, [], |row| row.get::<_, i64>(0))
    };
    let (first, last) = (end("min")?, end("max")?);
    let pragma = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let bytes = pragma("PRAGMA main.page_count")?.saturating_mul(pragma("PRAGMA main.page_size")?);
    // IDs may have gaps, and a row takes this much at least.
    Ok(last.abs_diff(first).saturating_add(1).min(bytes.unsigned_abs() / LEAST_ROW))
}

/// The bytes that a row and its index entry take at least: two times and three numbers are never missing.
const LEAST_ROW: u64 = 64;

/// Gives the segment's index the entries of the rows that are in the database.
fn append_entries(connection: &Connection, builder: &mut Builder, column: &str) -> std::result::Result<(), BuildError> {
    let sql = format!("SELECT customer_id, {column} FROM main.customers ORDER BY {column}, customer_id");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let key = match row.get_ref(1)? {
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Text(text) => Value::Text(text),
            // The table is STRICT: there is nothing else.
            _ => Value::Null,
        };
        builder.append_entry(key, row.get(0)?)?;
    }
    Ok(())
}

fn attach(connection: &Connection, file: &PrivateFile) -> rusqlite::Result<()> {
    let name = sqlite_name(file.path());
    let name = ToSqlOutput::Borrowed(ValueRef::Text(name.as_os_str().as_encoded_bytes()));
    connection.execute(&format!("ATTACH ?1 AS {SEGMENT}"), [name]).map(drop)
}

/// Whether SQLite will move rows as they are, and the index too: its program then takes cells over where it would otherwise
/// take columns, and takes entries of an index over where it would otherwise make them.
fn is_transfer(connection: &Connection, index: Option<&str>) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare(&format!("EXPLAIN {TRANSFER}"))?;
    let codes = statement.query_map([], |row| row.get::<_, String>("opcode"))?;
    let codes: Vec<String> = codes.collect::<rusqlite::Result<_>>()?;
    let count = |name: &str| codes.iter().filter(|code| *code == name).count();
    let indexes = usize::from(index.is_some());
    Ok(count("RowCell") == 1 && count("RowData") == indexes && count("IdxInsert") == indexes)
}

/// Takes all entries out of the index on a column. The rows stay, so that it is the caller's to fill it again.
///
/// In SQLite's words: the index exchanges its root page with that of an empty table's index, which is then dropped with all
/// that it has now. (REINDEX would read the whole table, even where the index is said to be a partial one of no rows.)
/// Nobody else sees anything of it, for the transaction goes on.
fn empty_index(connection: &Connection, column: &str) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "CREATE TABLE main.{EMPTIED} (x); CREATE INDEX main.{EMPTIED}_index ON {EMPTIED} (x); \
         PRAGMA writable_schema = true"
    ))?;
    // Of the sum of both, each gets what is not its own.
    let exchange = "UPDATE main.sqlite_schema SET rootpage = \
         (SELECT sum(rootpage) FROM main.sqlite_schema WHERE type = 'index' AND name IN (?1, ?2)) - rootpage \
         WHERE type = 'index' AND name IN (?1, ?2)";
    let changed = connection.execute(exchange, [schema::key_index(column), format!("{EMPTIED}_index")]);
    // SQLite reads the schema anew, and writes to it no more.
    connection.execute_batch("PRAGMA writable_schema = RESET")?;
    if changed? != 2 {
        return Err(rusqlite::Error::QueryReturnedNoRows);
    }
    connection.execute_batch(&format!("DROP TABLE main.{EMPTIED}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use std::fs;
    use std::path::{Path, PathBuf};

    use proptest::prelude::*;
    use rusqlite::types::Value as Stored;

    use super::super::hold::Held;
    use super::super::{RunRow, Store, Way};
    use super::*;
    use crate::sink::sqlite::record::RowEncoder;

    /// The first two values are the name and the e-mail address, the third the description.
    type Record = [Option<String>; 3];

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Place {
            Place(tempfile::tempdir().unwrap())
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        /// A database with these customers, which was made by these statements before, and changed by those behind.
        fn database(&self, before: &str, records: &[Record], behind: &str) {
            let connection = Connection::open(self.path("one.db")).unwrap();
            connection.execute_batch(&format!("{before}; CREATE TABLE theirs (x)")).unwrap();
            drop(connection);
            add(&self.path("one.db"), records, Route::Insert);
            let connection = Connection::open(self.path("one.db")).unwrap();
            connection.execute_batch(behind).unwrap();
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
            key: Some("email".into()),
            most_of_a_key: 1,
            first_id: 5,
            wait: Duration::ZERO,
            threads: 2,
            notes_inputs: false,
            stop: Default::default(),
        }
    }

    fn add(path: &Path, records: &[Record], route: Route) -> bool {
        let options = options(path);
        let fields = options.profile.fields.clone();
        let place = |column: &str| fields.iter().position(|field| field.column == column).unwrap();
        let places = [place("name"), place("email"), place("description")];
        let held = Held::take(path, &options.stop).unwrap();
        let options = StoreOptions { run_id: held.next_run().unwrap(), ..options };
        let mut store = Store::open(held, options.clone()).unwrap();
        let Way::Add(existing) = &mut store.way else { panic!("the database exists") };
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
        let Way::Add(existing) = &store.way else { panic!("the database exists") };
        let is_segment = matches!(existing.route, Route::Segment(_));
        assert_eq!(store.rows_written(), records.len() as u64);
        store.commit(&RunRow::default(), &[]).unwrap();
        is_segment
    }

    /// Everything in a database, which must be sound and go on.
    fn dump(path: &Path) -> Vec<Vec<Stored>> {
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
        let changes =
            "DELETE FROM customers WHERE customer_id % 3 = 0; UPDATE customers SET email = 'x' || email; VACUUM";
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
            let email =
                (number % 7 != 3).then(|| format!("{}@example.com", number.wrapping_mul(2_654_435_761) % 100_000));
            [Some(format!("Customer {number}")), email, Some("x".repeat(number % 90))]
        };
        (from..from + count).map(record).collect()
    }

    #[test]
    fn a_segment_adds_what_insert_adds() {
        for (held, added) in [(0, 1), (1, 0), (1, 1), (3, 3000), (3000, 3), (3000, 170), (3000, 200), (2000, 2000)] {
            let place = Place::new();
            place.database("", &numbered(0, held), "");
            assert_eq!(place.add_to_both(&numbered(held, added)), added > 0);
            // And once more: what was moved can be added to.
            assert!(place.add_to_both(&numbered(held + added, 300)));
        }
    }

    #[test]
    fn a_segment_fits_every_kind_of_file() {
        let kinds =
            ["page_size = 512", "page_size = 65536", "auto_vacuum = 1", "auto_vacuum = 2", "journal_mode = WAL"];
        for kind in kinds {
            let place = Place::new();
            let mut records = numbered(0, 900);
            records.push([None, Some(format!("{}@example.com", "k".repeat(3000))), Some("y".repeat(90_000))]);
            place.database(&format!("PRAGMA {kind}"), &records, "");
            records.reverse();
            assert!(place.add_to_both(&records), "{kind}");
        }
    }

    #[test]
    fn the_transfer_path_is_taken() {
        let place = Place::new();
        place.database("", &numbered(0, 10), "");
        let (connection, file) = (Connection::open(place.path("one.db")).unwrap(), place.path("segment.db"));
        let tables = schema::create_customers(&options(&file).profile);
        Connection::open(&file)
            .unwrap()
            .execute_batch(&format!("{tables}; CREATE INDEX i ON customers (email)"))
            .unwrap();
        connection.execute(&format!("ATTACH ?1 AS {SEGMENT}"), [file.to_str()]).unwrap();
        assert!(is_transfer(&connection, Some("email")).unwrap());
        let bars = [
            "CREATE TRIGGER t AFTER INSERT ON customers BEGIN SELECT 1; END",
            "CREATE TEMP TRIGGER t AFTER INSERT ON main.customers BEGIN SELECT 1; END",
            "CREATE UNIQUE INDEX u ON customers (name)",
            "CREATE INDEX i ON customers (name)",
            "DROP INDEX customers_by_email",
        ];
        for bar in bars {
            connection.execute_batch(&format!("BEGIN; {bar}")).unwrap();
            assert!(!is_transfer(&connection, Some("email")).unwrap(), "{bar}");
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
            let place = Place::new();
            place.database("", &numbered(0, 20), other);
            assert!(!place.add_to_both(&numbered(20, 50)), "{other}");
        }
        let place = Place::new();
        place.database("PRAGMA encoding = 'UTF-16'", &numbered(0, 20), "");
        assert!(!place.add_to_both(&numbered(20, 50)));
        // Without its index the table is as custload makes it, and the run makes the index.
        let place = Place::new();
        place.database("", &numbered(0, 20), "DROP INDEX customers_by_email; CREATE VIEW v AS SELECT * FROM customers");
        assert!(place.add_to_both(&numbered(20, 50)));
    }

    #[test]
    fn a_file_in_the_way_of_a_segment() {
        let place = Place::new();
        place.database("", &numbered(0, 20), "");
        let way = place.path("other.db.custload-partial");
        // A killed run has left it.
        let mut options = fs::File::options();
        crate::disk::owner_only(&mut options);
        options.write(true).create_new(true).open(&way).unwrap();
        assert!(place.add_to_both(&numbered(20, 20)));
        // It is another's.
        fs::write(&way, "mine").unwrap();
        assert!(!add(&place.path("other.db"), &numbered(40, 20), Route::First));
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
            let place = Place::new();
            place.database(&format!("PRAGMA page_size = {page_size}"), &held, "");
            prop_assert!(place.add_to_both(&added));
        }
    }
}
