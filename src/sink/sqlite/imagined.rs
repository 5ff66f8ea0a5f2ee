//! What a check of several inputs imagines: the customers as an import would have left them by now ([`Imagined`]).

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use rusqlite::Connection;

use super::changes::{self, Change, ChangeStamp, Stored};
use super::customers::Customers;
use super::{error_of, schema, segment};
use crate::core::profile::Profile;
use crate::core::row::Value;
use crate::error::{Error, Result};

/// Customers that would be created have IDs from here on.
pub const FIRST_IMAGINED: i64 = 1 << 62;

/// Customers that would be created or changed, in a database without a name, and those that are there.
#[derive(Debug)]
pub struct Imagined {
    there: Option<Box<Customers>>,
    connection: Connection,
    profile: Arc<Profile>,
    next: i64,
    stop: Arc<AtomicUsize>,
}

impl Imagined {
    /// Nothing is imagined yet.
    pub fn new(there: Option<Box<Customers>>, profile: Arc<Profile>, stop: &Arc<AtomicUsize>) -> Result<Imagined> {
        let tables = schema::create_all(&profile);
        let made = Connection::open("").and_then(|connection| {
            connection.execute_batch(&format!("PRAGMA journal_mode = OFF; {tables}; BEGIN"))?;
            Ok(connection)
        });
        let connection = made.map_err(|error| failed(stop, &error))?;
        Ok(Imagined { there, connection, profile, next: FIRST_IMAGINED, stop: Arc::clone(stop) })
    }

    /// The customers that are there, if there is a database.
    pub fn there(&self) -> Option<&Customers> {
        self.there.as_deref()
    }

    /// Adds customers; the ID of the first.
    pub fn append(&mut self, bytes: &[u8], rows: &[Range<u32>]) -> Result<i64> {
        let first = self.next;
        let inserted = segment::insert(&self.connection, &self.profile, first, bytes, rows);
        inserted.map_err(|error| failed(&self.stop, &error))?;
        self.next += rows.len() as i64;
        Ok(first)
    }

    /// Changes a customer.
    pub fn change(&mut self, change: &Change<'_>, stamp: &ChangeStamp<'_>) -> Result<()> {
        let (customer, connection, profile) = (change.customer, &self.connection, &*self.profile);
        let columns: Vec<&str> = profile.fields.iter().map(|field| field.column.as_str()).collect();
        let sql = "SELECT EXISTS (SELECT 1 FROM customers WHERE customer_id = ?1)";
        let is_here = connection.query_row(sql, [customer], |row| row.get::<_, bool>(0));
        let mut done = Ok(());
        if let (false, Some(there)) = (is_here.map_err(|error| failed(&self.stop, &error))?, &self.there) {
            there.look_at(&columns, &[customer], |_, stored| done = copy(connection, profile, customer, &stored))?;
        }
        done.and_then(|()| changes::change(connection, change, stamp).map(drop))
            .map_err(|error| failed(&self.stop, &error))
    }

    /// Looks at the rows of customers, as [`super::Store::look_at`] does.
    pub fn look_at(
        &self,
        columns: &[&str],
        customers: &[i64],
        mut each: impl FnMut(usize, Stored<'_, '_>),
    ) -> Result<()> {
        let mut is_here = vec![false; customers.len()];
        let looked = changes::look_at(&self.connection, columns, customers, |at, stored| {
            is_here[at] = true;
            each(at, stored);
        });
        looked.map_err(|error| failed(&self.stop, &error))?;
        let Some(there) = &self.there else { return Ok(()) };
        let (places, others): (Vec<usize>, Vec<i64>) =
            customers.iter().copied().enumerate().filter(|(at, _)| !is_here[*at]).unzip();
        there.look_at(columns, &others, |at, stored| each(places[at], stored))
    }
}

/// Adds a customer as it is in the database. Nobody asks for its stamp.
fn copy(connection: &Connection, profile: &Profile, customer: i64, stored: &Stored<'_, '_>) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(&schema::insert(profile))?;
    let values = (0..profile.fields.len()).map(|field| stored.value(field));
    let stamp = [Value::Text(b""), Value::Text(b""), Value::Integer(0), Value::Integer(0), Value::Integer(0)];
    let all = [Value::Integer(customer)].into_iter().chain(values).chain(stamp);
    for (parameter, value) in (1..).zip(all) {
        statement.raw_bind_parameter(parameter, segment::Parameter(value))?;
    }
    statement.raw_execute().map(drop)
}

fn failed(stop: &AtomicUsize, error: &rusqlite::Error) -> Error {
    error_of(&std::env::temp_dir(), stop, error)
}
