//! Inserting rows through SQL.

use std::ops::Range;

use rusqlite::Connection;

use super::schema::insert_customer;
use super::value::Parameter;
use crate::core::profile::Profile;
use crate::core::row::Value;
use crate::sink::sqlite::record::values;

/// Inserts encoded rows (see [`crate::sink::sqlite::record`]) under ascending IDs from `first_id` on; the number that SQLite reports.
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
        for (parameter, value) in (1..).zip([Value::Integer(id)].into_iter().chain(values)) {
            statement.raw_bind_parameter(parameter, Parameter(value))?;
        }
        written += statement.raw_execute()? as u64;
    }
    Ok(written)
}
