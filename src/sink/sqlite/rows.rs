//! The rows of customers: reading ([`StoredRow`]) and inserting them.

use std::ops::Range;

use rusqlite::{Connection, Row};

use super::record::values;
use super::schema::insert_customer;
use super::sql::{execute, value_of};
use crate::core::profile::Profile;
use crate::core::row::Value;

/// The row of a customer in the database.
#[derive(Debug)]
pub struct StoredRow<'r, 's>(&'r Row<'s>);

impl StoredRow<'_, '_> {
    /// The value of the column at `index` among those that were asked for.
    pub fn value(&self, index: usize) -> Value<'_> {
        // The customer's ID comes first.
        self.0.get_ref(index + 1).map_or(Value::Null, value_of)
    }
}

/// If the next ID is at most this much greater, stepping to it costs less than another search.
const STRIDE: i64 = 8;

/// Visits the rows of the customers that exist, with the index of each among `customers`. Ascending IDs take the least time.
/// `columns` are SQL expressions.
pub(super) fn read_rows(
    connection: &Connection,
    columns: &[String],
    customers: &[i64],
    mut each: impl FnMut(usize, StoredRow<'_, '_>),
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
                    Some(wanted) if *wanted == customer => each(at, StoredRow(row)),
                    Some(wanted) if *wanted > customer && *wanted - customer <= STRIDE => break,
                    // It does not exist.
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
