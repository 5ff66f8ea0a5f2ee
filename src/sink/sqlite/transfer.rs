//! Moving the rows of a segment into the database with SQLite's transfer optimisation: what `INSERT INTO t SELECT * FROM s.t`
//! does for tables of the same form. It copies cells undecoded.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::connection::sqlite_name;
use super::schema::key_index;

/// The segment's name in SQL.
pub(super) const SEGMENT: &str = "custload_segment";

/// The table whose index gets the entries of the index that is emptied.
pub(super) const EMPTIED: &str = "custload_emptied";

/// Moves rows and index by the transfer optimisation. A failure rolls the whole transaction back, so no statement journal is
/// needed.
const TRANSFER: &str = "INSERT OR ROLLBACK INTO main.customers SELECT * FROM custload_segment.customers";

/// Inserts the rows one by one: any clause prevents the optimisation.
const INSERT_EACH: &str =
    "INSERT OR ROLLBACK INTO main.customers SELECT * FROM custload_segment.customers ORDER BY customer_id";

/// Attaches the file of a segment.
pub(super) fn attach(connection: &Connection, path: &Path) -> rusqlite::Result<()> {
    let name = sqlite_name(path);
    let name = ToSqlOutput::Borrowed(ValueRef::Text(name.as_os_str().as_encoded_bytes()));
    connection.execute(&format!("ATTACH ?1 AS {SEGMENT}"), [name]).map(drop)
}

/// Moves the segment's rows, and the entries of its index into an empty index; the number of rows.
pub(super) fn transfer(connection: &Connection) -> rusqlite::Result<u64> {
    connection.execute(TRANSFER, []).map(|rows| rows as u64)
}

/// Inserts the segment's rows one by one; the number of rows.
pub(super) fn insert_each(connection: &Connection) -> rusqlite::Result<u64> {
    connection.execute(INSERT_EACH, []).map(|rows| rows as u64)
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

/// Empties the index on a column. The rows stay, so the caller must fill it again.
///
/// The index exchanges its root page with that of an empty table's index, which is then dropped with all entries. (REINDEX would
/// read the whole table, even for a partial index of no rows.) Nobody else sees that: it happens within the transaction.
pub(super) fn empty_index(connection: &Connection, column: &str) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "CREATE TABLE main.{EMPTIED} (x); CREATE INDEX main.{EMPTIED}_index ON {EMPTIED} (x); \
         PRAGMA writable_schema = true"
    ))?;
    // Of the sum of both, each gets what is not its own.
    let exchange = "UPDATE main.sqlite_schema SET rootpage = \
         (SELECT sum(rootpage) FROM main.sqlite_schema WHERE type = 'index' AND name IN (?1, ?2)) - rootpage \
         WHERE type = 'index' AND name IN (?1, ?2)";
    let changed = connection.execute(exchange, [key_index(column), format!("{EMPTIED}_index")]);
    // SQLite reads the schema again, and protects it again.
    connection.execute_batch("PRAGMA writable_schema = RESET")?;
    if changed? != 2 {
        return Err(rusqlite::Error::QueryReturnedNoRows);
    }
    connection.execute_batch(&format!("DROP TABLE main.{EMPTIED}"))
}
