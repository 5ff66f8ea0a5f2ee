//! The existing customers and their keys: [`Customers`] for a check, which only reads.

use std::borrow::Cow;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::connection::{connect, read_or_recover};
use super::location::{Location, locate};
use super::options::StoreOptions;
use super::rows::{StoredRow, read_rows};
use super::runs::next_run;
use super::schema::{self, Found};
use super::sql::quoted;
use crate::error::{Error, Result};

/// The customers of a database that is only read.
#[derive(Debug)]
pub struct Customers {
    connection: Connection,
    options: StoreOptions,
    next_run: i64,
    /// The fields whose columns the database lacks.
    missing: Vec<usize>,
}

impl Customers {
    /// Opens a database for reading; `None` if there is none yet.
    pub fn open(options: StoreOptions) -> Result<Option<Customers>> {
        if locate(&options.path)? == Location::Absent {
            return Ok(None);
        }
        let read = |access: OpenFlags| {
            let connection = connect(&options.path, access)?;
            // One transaction, so that everything is read as of one moment. It ends after the keys.
            let found = connection
                .execute_batch("PRAGMA query_only = 1; BEGIN")
                .and_then(|()| schema::compare(&connection, &options.profile));
            Ok(found.map(|found| (connection, found)))
        };
        let (connection, found) = read_or_recover(read)?.map_err(|error| options.sqlite_error(error))?;
        let missing = match found {
            Found::Nothing => return Ok(None),
            Found::Ours { missing } => missing,
            Found::Foreign(why) => {
                return Err(Error::database(&options.path, format!("{why}. Name another database with --db")));
            }
        };
        let next_run = next_run(&connection).map_err(|error| options.sqlite_error(error))?;
        Ok(Some(Customers { connection, options, next_run, missing }))
    }

    /// The number that the next run will have.
    pub fn next_run(&self) -> i64 {
        self.next_run
    }

    /// Whether the database has a profile's column.
    fn has_column(&self, column: &str) -> bool {
        self.options.profile.field_index(column).is_some_and(|field| !self.missing.contains(&field))
    }

    /// The run's key, if it has one and the database has its column.
    fn key(&self) -> Option<&str> {
        self.options.key.as_deref().filter(|key| self.has_column(key))
    }

    /// Visits each key with the first customers that have it. Then other programs may write to the database again.
    pub fn for_each_key(&self, each: impl FnMut(i64, &str)) -> Result<()> {
        let most = self.options.max_customers_per_key;
        let given = self.key().map_or(Ok(()), |key| for_each_key(&self.connection, key, i64::MAX, most, each));
        given.and_then(|()| self.connection.execute_batch("COMMIT")).map_err(|error| self.options.sqlite_error(error))
    }

    /// Reads the rows of customers, as [`super::Store::read_rows`] does. A column that the database lacks has no values.
    pub fn read_rows(
        &self,
        columns: &[&str],
        customers: &[i64],
        each: impl FnMut(usize, StoredRow<'_, '_>),
    ) -> Result<()> {
        let expression = |column: &&str| if self.has_column(column) { quoted(column) } else { "NULL".to_string() };
        let columns: Vec<String> = columns.iter().map(expression).collect();
        let read = read_rows(&self.connection, &columns, customers, each);
        read.map_err(|error| self.options.sqlite_error(error))
    }

    pub fn key_of(&self, customer: i64) -> Result<Option<String>> {
        let key = self.key().map_or(Ok(None), |key| key_of(&self.connection, key, customer));
        key.map_err(|error| self.options.sqlite_error(error))
    }

    /// The name of a customer, and the record that it comes from.
    pub fn origin_of(&self, customer: i64) -> Result<Origin> {
        let origin = origin_of(&self.connection, self.has_column(NAME), customer);
        origin.map_err(|error| self.options.sqlite_error(error))
    }
}

/// Visits each key of customers with IDs below `below`, with the first `most` customers that have it.
pub(super) fn for_each_key(
    connection: &Connection,
    key: &str,
    below: i64,
    most: usize,
    mut each: impl FnMut(i64, &str),
) -> rusqlite::Result<()> {
    // In the order of the key's index, from which everything is read. GROUP BY would take three times as long.
    let column = quoted(key);
    let sql = format!(
        "SELECT customer_id, {column} FROM customers WHERE {column} IS NOT NULL ORDER BY {column}, customer_id"
    );
    let mut statement = connection.prepare(&sql)?;
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
            // Only a table that is not STRICT has other types. SQLite converts them to text.
            _ => Cow::Owned(key_of(connection, key, customer)?.unwrap_or_default().into_bytes()),
        };
        given = if *last == *text { given + 1 } else { 0 };
        if given < most {
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

pub(super) fn key_of(connection: &Connection, key: &str, customer: i64) -> rusqlite::Result<Option<String>> {
    let sql = format!("SELECT CAST({} AS TEXT) FROM customers WHERE customer_id = ?1", quoted(key));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([customer])?;
    match rows.next()? {
        Some(row) => Ok(row.get_ref(0)?.as_str_or_null().ok().flatten().map(str::to_string)),
        None => Ok(None),
    }
}

pub(super) const NAME: &str = "name";

/// The name of a customer, and the record that it comes from, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub name: Option<String>,
    /// The path of the input, and the number of its record that created the customer or changed it last.
    pub record: Option<(String, i64)>,
}

/// The name of a customer, if there is a column for it, and the record that it comes from.
pub(super) fn origin_of(connection: &Connection, has_name: bool, customer: i64) -> rusqlite::Result<Origin> {
    let name = if has_name { quoted(NAME) } else { "NULL".to_string() };
    let sql = format!(
        "SELECT {name}, f.path, c.import_record FROM customers AS c LEFT JOIN import_files AS f \
         ON f.run_id = c.import_run AND f.import_file = c.import_file WHERE c.customer_id = ?1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([customer])?;
    let Some(row) = rows.next()? else { return Ok(Origin::default()) };
    // Another program may have written values of any kind.
    let text = |index| row.get_ref(index).ok().and_then(|value| value.as_str().ok()).map(str::to_string);
    Ok(Origin { name: text(0), record: text(1).zip(row.get(2).ok()) })
}
