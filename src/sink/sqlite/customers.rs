//! Reading the customers of a database: [`Customers`].

use std::borrow::Cow;

use rusqlite::{Connection, OpenFlags, Row, types::ValueRef};

use super::connection::{StoreOptions, connect, read_or_recover};
use super::file::{Location, locate};
use super::sql::{quoted, value_of};
use super::{runs::next_run, schema};
use crate::core::row::Value;
use crate::error::{Error, Result};

/// A database that a check reads as of one moment.
pub struct Snapshot {
    connection: Connection,
    options: StoreOptions,
    pub next_run: i64,
    missing: Vec<usize>,
}

impl Snapshot {
    /// Opens a database for reading; `None` if there is none yet.
    pub fn open(options: StoreOptions) -> Result<Option<Snapshot>> {
        if locate(&options.path)? == Location::Absent {
            return Ok(None);
        }
        let read = |access: OpenFlags| {
            let connection = connect(&options.path, access)?;
            // One transaction, which ends after the keys.
            let found = connection
                .execute_batch("PRAGMA query_only = 1; BEGIN")
                .and_then(|()| schema::compare(&connection, &options.profile));
            Ok(found.map(|found| (connection, found)))
        };
        let (connection, found) = read_or_recover(read)?.map_err(|error| options.sqlite_error(error))?;
        let missing = match found {
            Ok(Some(missing)) => missing,
            Ok(None) => return Ok(None),
            Err(why) => {
                return Err(Error::database(&options.path, format!("{why}. Name another database with --db")));
            }
        };
        let next_run = next_run(&connection).map_err(|error| options.sqlite_error(error))?;
        Ok(Some(Snapshot { connection, options, next_run, missing }))
    }

    pub fn customers(&self) -> Customers<'_> {
        let Snapshot { connection, options, missing, .. } = self;
        Customers { connection, options, missing, is_snapshot: true }
    }
}

/// The customers of a database that a run writes to, or a check reads.
#[derive(Clone, Copy, Debug)]
pub struct Customers<'d> {
    pub(super) connection: &'d Connection,
    pub(super) options: &'d StoreOptions,
    /// The fields whose columns the database lacks.
    pub(super) missing: &'d [usize],
    pub(super) is_snapshot: bool,
}

impl<'d> Customers<'d> {
    fn has_column(&self, column: &str) -> bool {
        self.options.profile.field_index(column).is_some_and(|field| !self.missing.contains(&field))
    }

    fn expression(&self, column: &str) -> String {
        if self.has_column(column) { quoted(column) } else { "NULL".to_string() }
    }

    /// The run's key, if it has one and the database has its column.
    fn key(&self) -> Option<&'d str> {
        self.options.key.as_deref().filter(|key| self.has_column(key))
    }

    /// Visits each key of customers with IDs below `below`, with the first that have it. Then a snapshot lets other programs write.
    pub fn for_each_key(&self, below: i64, each: impl FnMut(i64, &str)) -> Result<()> {
        let read = self.key().map_or(Ok(()), |key| self.read_keys(key, below, each));
        let ended = read.and_then(|()| if self.is_snapshot { self.connection.execute_batch("COMMIT") } else { Ok(()) });
        ended.map_err(|error| self.options.sqlite_error(error))
    }

    fn read_keys(&self, key: &str, below: i64, mut each: impl FnMut(i64, &str)) -> rusqlite::Result<()> {
        // In the order of the key's index, from which everything is read. GROUP BY would take three times as long.
        let column = quoted(key);
        let sql = format!(
            "SELECT customer_id, {column} FROM customers WHERE {column} IS NOT NULL ORDER BY {column}, customer_id"
        );
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let (mut last, mut given) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let customer = row.get(0)?;
            if customer >= below {
                continue;
            }
            let text = match row.get_ref(1)? {
                ValueRef::Text(text) => Cow::Borrowed(text),
                ValueRef::Integer(number) => Cow::Owned(number.to_string().into_bytes()),
                ValueRef::Real(number) => Cow::Owned(number.to_string().into_bytes()),
                // Only a table that is not STRICT has other types. SQLite converts them to text.
                _ => Cow::Owned(self.read_key(key, customer)?.unwrap_or_default().into_bytes()),
            };
            given = if *last == *text { given + 1 } else { 0 };
            if given < self.options.max_customers_per_key {
                last.clear();
                last.extend_from_slice(&text);
                // A text that another program has written may not be UTF-8; no record can have that key.
                if let Ok(text) = str::from_utf8(&text) {
                    each(customer, text);
                }
            }
        }
        Ok(())
    }

    pub fn key_of(&self, customer: i64) -> Result<Option<String>> {
        let key = self.key().map_or(Ok(None), |key| self.read_key(key, customer));
        key.map_err(|error| self.options.sqlite_error(error))
    }

    fn read_key(&self, key: &str, customer: i64) -> rusqlite::Result<Option<String>> {
        let key = quoted(key);
        let sql = format!("SELECT CAST({key} AS TEXT), {key} FROM customers WHERE customer_id = ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([customer])?;
        let text = |row: &Row<'_>| match row.get_ref(1)? {
            // As records have it: SQLite's 1.0 is 1.
            ValueRef::Real(number) => Ok(Some(number.to_string())),
            _ => Ok(row.get_ref(0)?.as_str_or_null().ok().flatten().map(str::to_string)),
        };
        rows.next()?.map_or(Ok(None), text)
    }

    pub fn origin_of(&self, customer: i64) -> Result<Origin> {
        self.read_origin(customer).map_err(|error| self.options.sqlite_error(error))
    }

    fn read_origin(&self, customer: i64) -> rusqlite::Result<Origin> {
        let sql = format!(
            "SELECT {}, f.path, c.import_record FROM customers AS c LEFT JOIN import_files AS f \
             ON f.run_id = c.import_run AND f.import_file = c.import_file WHERE c.customer_id = ?1",
            self.expression("name")
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([customer])?;
        let Some(row) = rows.next()? else { return Ok(Origin::default()) };
        // Another program may have written values of any kind.
        let text = |index| row.get_ref(index).ok().and_then(|value| value.as_str().ok()).map(str::to_string);
        Ok(Origin { name: text(0), record: text(1).zip(row.get(2).ok()) })
    }

    /// Visits the rows of customers, with the index of each among `customers`. A column that the database lacks has no values.
    pub fn read_rows(
        &self,
        columns: &[&str],
        customers: &[i64],
        each: impl FnMut(usize, StoredRow<'_, '_>),
    ) -> Result<()> {
        let columns: Vec<String> = columns.iter().map(|column| self.expression(column)).collect();
        read_rows(self.connection, &columns, customers, each).map_err(|error| self.options.sqlite_error(error))
    }
}

/// The name of a customer, and the record that it comes from, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub name: Option<String>,
    /// The path of the input, and the number of its record that created the customer or changed it last.
    pub record: Option<(String, i64)>,
}

/// A customer's row, without the ID.
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

/// Visits the rows of the customers that exist. Ascending IDs take the least time. `columns` are SQL expressions.
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
