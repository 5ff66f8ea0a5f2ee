//! What a check would have changed so far, where that matters: [`Simulation`].

use std::{ops::Range, sync::Arc, sync::atomic::AtomicUsize};

use rusqlite::Connection;

use super::circles::parent_of;
use super::connection::sqlite_error;
use super::customers::{Customers, Origin, Snapshot, StoredRow, read_origin, read_rows, value_before};
use super::rows::{self, Change, ChangeSql, ChangeStamp, FIRST_SIMULATED, insert_rows};
use super::schema::{create_all, insert_customer, table_of};
use super::sql::{execute, quoted};
use crate::core::profile::Profile;
use crate::core::row::Value;
use crate::error::{Error, Result};

/// The run by whose number the temporary database keeps what would be changed.
pub const RUN: i64 = 0;

/// Customers that would be created or changed, in a temporary database, and those that exist.
pub struct Simulation {
    existing: Option<Box<Snapshot>>,
    connection: Connection,
    profile: Arc<Profile>,
    change_sql: ChangeSql,
    next_id: i64,
    stop: Arc<AtomicUsize>,
}

impl Simulation {
    pub fn new(existing: Option<Box<Snapshot>>, profile: Arc<Profile>, stop: &Arc<AtomicUsize>) -> Result<Simulation> {
        let tables = create_all(&profile);
        let created = Connection::open("").and_then(|connection| {
            connection.execute_batch(&format!("PRAGMA journal_mode = OFF; {tables}; BEGIN"))?;
            Ok(connection)
        });
        let connection = created.map_err(|error| failed(stop, &error))?;
        let (change_sql, stop) = (ChangeSql::new(&profile), Arc::clone(stop));
        Ok(Simulation { existing, connection, profile, change_sql, next_id: FIRST_SIMULATED, stop })
    }

    /// The customers that exist, if there is a database.
    pub fn customers(&self) -> Option<Customers<'_>> {
        self.existing.as_ref().map(|existing| existing.customers())
    }

    /// Creates customers. Returns the ID of the first.
    pub fn append(&mut self, bytes: &[u8], rows: &[Range<u32>]) -> Result<i64> {
        let first = self.next_id;
        let inserted = insert_rows(&self.connection, &self.profile, first, bytes, rows);
        inserted.map_err(|error| failed(&self.stop, &error))?;
        self.next_id += rows.len() as i64;
        Ok(first)
    }

    pub fn change(&mut self, change: &Change<'_>, stamp: &ChangeStamp<'_>) -> Result<()> {
        let (customer, connection, profile) = (change.customer, &self.connection, &*self.profile);
        let columns: Vec<&str> = profile.fields.iter().map(|field| field.column.as_str()).collect();
        let table = table_of(profile);
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE customer_id = ?1)");
        let is_here = connection.query_row(&sql, [customer], |row| row.get::<_, bool>(0));
        let mut done = Ok(());
        if let (false, Some(existing)) = (is_here.map_err(|error| failed(&self.stop, &error))?, self.customers()) {
            existing.read_rows(&columns, &[customer], |_, row| done = copy(connection, profile, customer, &row))?;
        }
        done.and_then(|()| rows::change(connection, &mut self.change_sql, change, stamp).map(drop))
            .map_err(|error| failed(&self.stop, &error))
    }

    /// The value of a customer's column before the check would have changed it, as text.
    pub fn value_before(&self, column: &str, customer: i64) -> Result<Option<String>> {
        if customer < FIRST_SIMULATED {
            return self.customers().map_or(Ok(None), |existing| existing.value_before(column, customer));
        }
        let read = value_before(&self.connection, &table_of(&self.profile), Some(RUN), column, customer);
        read.map_err(|error| failed(&self.stop, &error))
    }

    /// Who a customer was before the check would have changed it. One that it would create comes from an input of this run.
    pub fn origin_of(&self, customer: i64) -> Result<Origin> {
        if customer < FIRST_SIMULATED {
            return self.customers().map_or_else(|| Ok(Origin::default()), |existing| existing.origin_of(customer));
        }
        let name = if self.profile.field_index("name").is_some() { quoted("name") } else { "NULL".to_string() };
        let read = read_origin(&self.connection, &table_of(&self.profile), Some(RUN), (&name, "1"), customer);
        read.map_err(|error| failed(&self.stop, &error))
    }

    /// The parent that a customer would have.
    pub fn parent_of(&self, customer: i64) -> Result<Option<i64>> {
        match parent_of(&self.connection, &table_of(&self.profile), customer)
            .map_err(|error| failed(&self.stop, &error))?
        {
            Some(parent) => Ok(parent),
            None => self.customers().map_or(Ok(None), |existing| existing.parent_of(customer)),
        }
    }

    /// Reads the rows of customers, as [`Customers::read_rows`] does.
    pub fn read_rows(
        &self,
        columns: &[&str],
        customers: &[i64],
        mut each: impl FnMut(usize, StoredRow<'_, '_>),
    ) -> Result<()> {
        let mut is_here = vec![false; customers.len()];
        let names: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        let table = table_of(&self.profile);
        let read = read_rows(&self.connection, &table, &names, customers, |at, row| {
            is_here[at] = true;
            each(at, row);
        });
        read.map_err(|error| failed(&self.stop, &error))?;
        let Some(existing) = self.customers() else { return Ok(()) };
        let (indexes, others): (Vec<usize>, Vec<i64>) =
            customers.iter().copied().enumerate().filter(|(at, _)| !is_here[*at]).unzip();
        existing.read_rows(columns, &others, |at, row| each(indexes[at], row))
    }
}

/// Copies a customer from the database. Its stamp is never read.
fn copy(connection: &Connection, profile: &Profile, customer: i64, row: &StoredRow<'_, '_>) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(&insert_customer(profile))?;
    let values = (0..profile.fields.len()).map(|field| row.value(field));
    let stamp = [Value::Text(b""), Value::Text(b""), Value::Integer(0), Value::Integer(0), Value::Integer(0)];
    execute(&mut statement, [Value::Integer(customer)].into_iter().chain(values).chain(stamp)).map(drop)
}

fn failed(stop: &AtomicUsize, error: &rusqlite::Error) -> Error {
    sqlite_error(&std::env::temp_dir(), stop, error)
}
