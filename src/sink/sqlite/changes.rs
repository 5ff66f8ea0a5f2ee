//! Customers who are there already: looking at their rows, and changing them.

use rusqlite::{Connection, Row, params};

use super::journal::{digest_text, row_digest, value_of};
use super::segment::Parameter;
use crate::core::row::Value;

/// The row of a customer in the database.
#[derive(Debug)]
pub struct Stored<'r, 's>(&'r Row<'s>);

impl Stored<'_, '_> {
    /// The value of the `index`-th of the columns that were asked for.
    pub fn value(&self, index: usize) -> Value<'_> {
        // The customer's ID stands in front.
        self.0.get_ref(index + 1).map_or(Value::Null, value_of)
    }
}

/// Rows that follow each other this closely are reached by walking on: that costs less than another search.
const STRIDE: i64 = 8;

/// Gives the rows of customers, as far as they are there, with the place of each among `customers`. It takes least time where
/// these come in the order of their IDs, or nearly so.
pub(super) fn look_at(
    connection: &Connection,
    columns: &[&str],
    customers: &[i64],
    mut each: impl FnMut(usize, Stored<'_, '_>),
) -> rusqlite::Result<()> {
    let columns: String = columns.iter().flat_map(|column| [", ", column]).collect();
    let sql = format!("SELECT customer_id{columns} FROM customers WHERE customer_id >= ?1 ORDER BY customer_id");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut at = 0;
    'search: while let Some(wanted) = customers.get(at) {
        let searched = at;
        let mut rows = statement.query([wanted])?;
        while let Some(row) = rows.next()? {
            let customer: i64 = row.get(0)?;
            loop {
                match customers.get(at) {
                    Some(wanted) if *wanted == customer => each(at, Stored(row)),
                    Some(wanted) if *wanted > customer && *wanted - customer <= STRIDE => break,
                    // It is not there.
                    Some(_) if at == searched => {}
                    Some(_) => continue 'search,
                    None => return Ok(()),
                }
                at += 1;
            }
        }
        at = at.max(searched + 1);
    }
    Ok(())
}

/// What a record changes of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<'r> {
    /// The customer.
    pub customer: i64,
    /// The columns, and what they hold from now on.
    pub values: Vec<(&'r str, Value<'r>)>,
    /// The number of the record in its input.
    pub record: u64,
}

/// Which run changes a row, and when.
#[derive(Clone, Debug)]
pub struct ChangeStamp<'r> {
    /// The clock of the run (RFC 3339).
    pub now: &'r str,
    /// The run's number.
    pub run: i64,
    /// The number of the input in the run, from 1.
    pub file: i64,
}

/// Changes a customer's row, and notes in the journal what it was before the run. How many rows SQLite says it has changed.
pub(super) fn change(connection: &Connection, change: &Change<'_>, stamp: &ChangeStamp<'_>) -> rusqlite::Result<usize> {
    let customer = change.customer;
    connection
        .prepare_cached(
            "INSERT INTO import_updated (run_id, customer_id, old_updated_at, old_import_run, old_import_file, \
             old_import_record, digest) SELECT ?1, customer_id, updated_at, import_run, import_file, import_record, '' \
             FROM customers WHERE customer_id = ?2 ON CONFLICT (run_id, customer_id) DO NOTHING",
        )?
        .execute(params![stamp.run, customer])?;
    for (column, value) in &change.values {
        let sql = format!(
            "INSERT INTO import_changes (run_id, customer_id, field, old_value, new_value) \
             SELECT ?1, customer_id, '{column}', {column}, ?3 FROM customers WHERE customer_id = ?2 \
             ON CONFLICT (run_id, customer_id, field) DO UPDATE SET new_value = excluded.new_value"
        );
        connection.prepare_cached(&sql)?.execute(params![stamp.run, customer, Parameter(*value)])?;
    }
    let set: String = change.values.iter().flat_map(|(column, _)| [*column, " = ?, "]).collect();
    let sql = format!(
        "UPDATE customers SET {set}updated_at = ?, import_run = ?, import_file = ?, import_record = ? \
         WHERE customer_id = ?"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let stamped = [
        Value::Text(stamp.now.as_bytes()),
        Value::Integer(stamp.run),
        Value::Integer(stamp.file),
        Value::Integer(change.record as i64),
        Value::Integer(customer),
    ];
    let values = change.values.iter().map(|(_, value)| *value).chain(stamped);
    for (parameter, value) in (1..).zip(values) {
        statement.raw_bind_parameter(parameter, Parameter(value))?;
    }
    let changed = statement.raw_execute()?;
    connection
        .prepare_cached("UPDATE import_updated SET digest = ?3 WHERE run_id = ?1 AND customer_id = ?2")?
        .execute(params![stamp.run, customer, digest_text(digest_of(connection, customer)?)])?;
    Ok(changed)
}

/// The digest of a customer's row as it is now.
fn digest_of(connection: &Connection, customer: i64) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached("SELECT * FROM customers WHERE customer_id = ?1")?;
    let names: Vec<String> = statement.column_names().map(str::to_string).collect();
    statement.query_row([customer], |row| row_digest(&names, row))
}
