//! Many rows for a database that exists, gathered beside it: [`Segment`].
//!
//! A segment is a private database whose pages are filled directly ([`super::build`]). SQLite moves it as a whole, cells undecoded.
//! That cannot merge two indexes well: it fills pages, so that each entry between two full ones may need a page of its own, and the
//! index of 2,000,000 rows in 2,000,000 others becomes three times as large as necessary. Therefore the segment's index has the
//! entries of all rows, also of those that were there before, and goes into an index that was emptied.

use std::{io, ops::Range, path::Path};

use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::connection::{BuildError, StoreOptions, sqlite_name};
use super::{build::Builder, private_file::PrivateFile, schema, sql::quoted};
use crate::core::{profile::Profile, row::Value};
use crate::error::Error;

/// The index is rebuilt if the new rows are at least this part of the old ones. For fewer, INSERT changes only some of its pages.
const LEAST_SHARE: u64 = 16;

/// SQLite reads the segment page by page; it fits the cells to the pages of the database, whatever their size.
const PAGE_SIZE: usize = 32_768;

pub(super) struct Segment {
    builder: Builder,
    file: PrivateFile,
    rows: u64,
    /// The column of the table's only index, if it has one.
    indexed: Option<usize>,
}

impl Segment {
    /// Begins a segment; `None` if its rows might differ from inserted ones.
    pub(super) fn begin(connection: &Connection, options: &StoreOptions) -> Result<Option<Segment>, Error> {
        let profile = &*options.profile;
        let indexed = match layout(connection, profile).map_err(|error| options.sqlite_error(error))? {
            Layout::Plain => None,
            Layout::Indexed(field) => Some(field),
            Layout::Other => return Ok(None),
        };
        // Where no private file can be made, rows can still be inserted.
        let Ok(file) = PrivateFile::beside(&options.path) else { return Ok(None) };
        let tables = format!("{};", schema::create_customers(profile));
        let builder = Builder::start(options, &file, tables, indexed, PAGE_SIZE, false)?;
        Ok(Some(Segment { builder, file, rows: 0, indexed }))
    }

    pub(super) fn append(&mut self, first: i64, bytes: &[u8], rows: &[Range<u32>]) -> io::Result<u64> {
        let appended = self.builder.append(first, bytes, rows)?;
        self.rows += appended;
        Ok(appended)
    }

    /// Completes the segment and moves its rows into the database. Returns its file, which SQLite has open.
    pub(super) fn move_into(
        self,
        connection: &Connection,
        profile: &Profile,
        keep_going: impl FnMut() -> bool,
    ) -> Result<PrivateFile, BuildError> {
        let Segment { mut builder, file, rows, indexed } = self;
        let column = indexed.map(|field| profile.fields[field].column.as_str());
        let rebuilds = column.is_none() || most_customers(connection)? / LEAST_SHARE <= rows;
        if let Some(column) = column.filter(|_| rebuilds) {
            append_entries(connection, &mut builder, column)?;
        }
        builder.finish(keep_going)?.close().map_err(|(_, error)| error)?;
        attach(connection, &file.path)?;
        let statement = if rebuilds && is_transfer(connection, column.is_some())? {
            if let Some(column) = column {
                empty_index(connection, column)?;
                // If rows were inserted now, the index would have only theirs.
                if !is_transfer(connection, true)? {
                    return Err(io::Error::other("SQLite's plan for moving rows has changed").into());
                }
            }
            TRANSFER
        } else {
            INSERT_EACH
        };
        let written = connection.execute(statement, [])? as u64;
        if written != rows {
            return Err(io::Error::other(format!("{rows} rows were accepted, but {written} written")).into());
        }
        Ok(file)
    }
}

/// The table of customers, as far as it matters for moving rows.
#[derive(Debug, PartialEq, Eq)]
enum Layout {
    /// As custload creates it, without an index.
    Plain,
    /// As custload creates it, with one index, on the column of this field.
    Indexed(usize),
    Other,
}

/// Whether the table of customers is byte for byte what custload would create, so that encoded rows fit it, and no other index,
/// trigger or constraint affects what is inserted.
fn layout(connection: &Connection, profile: &Profile) -> rusqlite::Result<Layout> {
    let encoding: String = connection.query_row("PRAGMA main.encoding", [], |row| row.get(0))?;
    // Another program may have a table of the name that `empty_index` needs.
    let mut statement = connection.prepare(&format!(
        "SELECT type, sql FROM main.sqlite_schema WHERE lower(tbl_name) = 'customers' OR lower(name) LIKE '{EMPTIED}%' \
         UNION ALL SELECT type, sql FROM temp.sqlite_schema WHERE lower(tbl_name) = 'customers'",
    ))?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut found: Vec<(String, Option<String>)> = found.collect::<rusqlite::Result<_>>()?;
    let table = ("table".to_string(), Some(schema::create_customers(profile)));
    let Some(at) = found.iter().position(|object| *object == table) else { return Ok(Layout::Other) };
    found.swap_remove(at);
    let field = match found.as_slice() {
        _ if encoding != "UTF-8" => return Ok(Layout::Other),
        [] => return Ok(Layout::Plain),
        [(kind, Some(sql))] if kind == "index" => {
            profile.fields.iter().position(|field| schema::stored_key_index(&field.column) == *sql)
        }
        _ => None,
    };
    let Some(field) = field else { return Ok(Layout::Other) };
    // No record has an empty text. In sorted index entries it would look like NULL.
    let column = quoted(&profile.fields[field].column);
    let sql = format!("SELECT EXISTS (SELECT 1 FROM main.customers WHERE {column} = '')");
    let has_empty: bool = connection.query_row(&sql, [], |row| row.get(0))?;
    Ok(if has_empty { Layout::Other } else { Layout::Indexed(field) })
}

/// An upper bound of the number of customers, without counting them.
fn most_customers(connection: &Connection) -> rusqlite::Result<u64> {
    let end = |function: &str| {
        let sql = format!("SELECT ifnull({function}(customer_id), 0) FROM main.customers");
        connection.query_row(&sql, [], |row| row.get::<_, i64>(0))
    };
    let (first, last) = (end("min")?, end("max")?);
    let pragma = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let bytes = pragma("PRAGMA main.page_count")?.saturating_mul(pragma("PRAGMA main.page_size")?);
    // IDs may have gaps, and a row takes at least this much.
    Ok(last.abs_diff(first).saturating_add(1).min(bytes.unsigned_abs() / LEAST_ROW))
}

/// The fewest bytes of a row and its index entry: two times and three numbers are never missing.
const LEAST_ROW: u64 = 64;

/// Adds the entries of the database's rows to the segment's index.
fn append_entries(connection: &Connection, builder: &mut Builder, column: &str) -> Result<(), BuildError> {
    let column = quoted(column);
    let sql = format!("SELECT customer_id, {column} FROM main.customers ORDER BY {column}, customer_id");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let key = match row.get_ref(1)? {
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Real(number) => Value::Real(number),
            ValueRef::Text(text) => Value::Text(text),
            // The table is STRICT, so there is nothing else.
            _ => Value::Null,
        };
        builder.append_entry(key, row.get(0)?)?;
    }
    Ok(())
}

pub(super) const SEGMENT: &str = "custload_segment";

/// The table whose index gets the entries of the index that is emptied.
const EMPTIED: &str = "custload_emptied";

/// Moves rows and index by SQLite's transfer optimisation: between tables of one form it copies cells undecoded. A failure rolls the
/// whole transaction back, so no statement journal is needed.
const TRANSFER: &str = "INSERT OR ROLLBACK INTO main.customers SELECT * FROM custload_segment.customers";

/// Inserts the rows one by one: any clause prevents the optimisation.
const INSERT_EACH: &str =
    "INSERT OR ROLLBACK INTO main.customers SELECT * FROM custload_segment.customers ORDER BY customer_id";

fn attach(connection: &Connection, path: &Path) -> rusqlite::Result<()> {
    let name = sqlite_name(path);
    let name = ToSqlOutput::Borrowed(ValueRef::Text(name.as_os_str().as_encoded_bytes()));
    connection.execute(&format!("ATTACH ?1 AS {SEGMENT}"), [name]).map(drop)
}

/// Whether SQLite will move rows as they are, and the index too, if there is one: its program then copies cells where it would
/// otherwise read columns, and copies index entries where it would otherwise make them.
pub(super) fn is_transfer(connection: &Connection, has_index: bool) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare(&format!("EXPLAIN {TRANSFER}"))?;
    let codes = statement.query_map([], |row| row.get::<_, String>("opcode"))?;
    let codes: Vec<String> = codes.collect::<rusqlite::Result<_>>()?;
    let count = |name: &str| codes.iter().filter(|code| *code == name).count();
    let indexes = usize::from(has_index);
    Ok(count("RowCell") == 1 && count("RowData") == indexes && count("IdxInsert") == indexes)
}

/// Empties the index on a column; the rows stay, so the caller must fill it again. The index exchanges its root page with that of an
/// empty table's index, which is then dropped with all entries. Nobody else sees that: it happens within the transaction. (REINDEX
/// would read the whole table, even for a partial index of no rows.)
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
    // SQLite reads the schema again, and protects it again.
    connection.execute_batch("PRAGMA writable_schema = RESET")?;
    if changed? != 2 {
        return Err(rusqlite::Error::QueryReturnedNoRows);
    }
    connection.execute_batch(&format!("DROP TABLE main.{EMPTIED}"))
}
