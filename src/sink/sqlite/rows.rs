//! Writing rows of customers: inserting and changing them.

use std::{collections::HashMap, ops::Range};

use rusqlite::{Connection, params};

use super::journal::{digest_text, row_digest};
use super::record::values;
use super::schema::{insert_customer, table_of, update_customer};
use super::sql::{Parameter, execute, quoted};
use crate::core::{profile::Profile, row::Value};

/// Customers that a check would create have IDs from here on.
pub const FIRST_SIMULATED: i64 = 1 << 62;

/// Inserts encoded rows (see [`super::record`]) under ascending IDs from `first_id` on. Returns the number that SQLite reports.
pub(super) fn insert_rows(
    connection: &Connection,
    profile: &Profile,
    first_id: i64,
    bytes: &[u8],
    rows: &[Range<u32>],
) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached(&insert_customer(profile))?;
    let mut written = 0;
    for (id, row) in (first_id..).zip(rows) {
        let values = values(&bytes[row.start as usize..row.end as usize]);
        written += execute(&mut statement, [Value::Integer(id)].into_iter().chain(values))? as u64;
    }
    Ok(written)
}

#[derive(Clone, Debug, PartialEq)]
pub struct Change<'r> {
    pub customer: i64,
    /// The columns, and their new values.
    pub values: Vec<(&'r str, Value<'r>)>,
    /// The number of the record in its input.
    pub record: u64,
}

#[derive(Clone, Debug)]
pub struct ChangeStamp<'r> {
    /// The clock of the run (RFC 3339).
    pub now: &'r str,
    pub run: i64,
    /// The number of the input in the run, from 1.
    pub file: i64,
}

/// The statements with which [`change`] changes the customers of a table. Each text is made once, not for each customer.
#[derive(Debug)]
pub(super) struct ChangeSql {
    table: String,
    /// What journals a customer, and the value of a column.
    customer: String,
    values: HashMap<String, String>,
    /// What updates these columns, those of the last change.
    columns: Vec<String>,
    update: String,
    read: String,
}

impl ChangeSql {
    pub(super) fn new(profile: &Profile) -> ChangeSql {
        let table = table_of(profile);
        let customer = format!(
            "INSERT INTO import_updated (run_id, customer_id, old_updated_at, old_import_run, old_import_file, \
             old_import_record, digest) SELECT ?1, customer_id, updated_at, import_run, import_file, import_record, '' \
             FROM {table} WHERE customer_id = ?2 ON CONFLICT (run_id, customer_id) DO NOTHING"
        );
        let value = |column: &str| {
            let quoted = quoted(column);
            format!(
                "INSERT INTO import_changes (run_id, customer_id, field, old_value, new_value) \
                 SELECT ?1, customer_id, ?4, {quoted}, ?3 FROM {table} WHERE customer_id = ?2 \
                 ON CONFLICT (run_id, customer_id, field) DO UPDATE SET new_value = excluded.new_value"
            )
        };
        let columns = profile.fields.iter().map(|field| &field.column);
        let values = columns.map(|column| (column.clone(), value(column))).collect();
        let read = format!("SELECT * FROM {table} WHERE customer_id = ?1");
        let update = update_customer(&table, std::iter::empty());
        ChangeSql { table, customer, values, columns: Vec::new(), update, read }
    }

    /// The statement that updates the columns of a change.
    fn update(&mut self, change: &Change<'_>) -> &str {
        let columns = || change.values.iter().map(|(column, _)| *column);
        if !columns().eq(self.columns.iter().map(String::as_str)) {
            self.columns = columns().map(str::to_string).collect();
            self.update = update_customer(&self.table, columns());
        }
        &self.update
    }
}

/// Changes a customer's row, and writes its former values to the journal. Returns the number of changed rows that SQLite reports.
pub(super) fn change(
    connection: &Connection,
    sql: &mut ChangeSql,
    change: &Change<'_>,
    stamp: &ChangeStamp<'_>,
) -> rusqlite::Result<usize> {
    let customer = change.customer;
    connection.prepare_cached(&sql.customer)?.execute(params![stamp.run, customer])?;
    for (column, value) in &change.values {
        let sql = sql.values.get(*column).ok_or_else(|| rusqlite::Error::InvalidColumnName(column.to_string()))?;
        connection.prepare_cached(sql)?.execute(params![stamp.run, customer, Parameter(*value), column])?;
    }
    let changed = update(connection, sql.update(change), change, stamp)?;
    let mut statement = connection.prepare_cached(&sql.read)?;
    let digest = statement.query_row([customer], |row| row_digest(row.as_ref().column_names(), row))?;
    connection
        .prepare_cached("UPDATE import_updated SET digest = ?3 WHERE run_id = ?1 AND customer_id = ?2")?
        .execute(params![stamp.run, customer, digest_text(digest)])?;
    Ok(changed)
}

fn update(connection: &Connection, sql: &str, change: &Change<'_>, stamp: &ChangeStamp<'_>) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached(sql)?;
    let stamped = [
        Value::Text(stamp.now.as_bytes()),
        Value::Integer(stamp.run),
        Value::Integer(stamp.file),
        Value::Integer(change.record as i64),
        Value::Integer(change.customer),
    ];
    execute(&mut statement, change.values.iter().map(|(_, value)| *value).chain(stamped))
}
