//! The customers who are in a database already, and their keys: [`Customers`] for a check, which only looks.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::changes::{Stored, look_at};
use super::place::{self, Kind};
use super::runs::next_run;
use super::schema::{self, Found};
use super::{StoreOptions, connect, look_or_mend, sqlite_error};
use crate::error::{Error, Result};

/// The customers of a database that is only looked at.
#[derive(Debug)]
pub struct Customers {
    connection: Connection,
    options: StoreOptions,
    next_run: i64,
    has_key: bool,
    /// The fields whose columns it lacks.
    missing: Vec<usize>,
}

impl Customers {
    /// Opens a database for looking; `None` if there is none yet.
    pub fn open(options: StoreOptions) -> Result<Option<Customers>> {
        if place::kind(&options.path)? == Kind::Absent {
            return Ok(None);
        }
        let look = |access: OpenFlags| {
            let connection = connect(&options.path, access)?;
            // One transaction, so that all is read as of one moment; it ends with the keys.
            let found = connection
                .execute_batch("PRAGMA query_only = 1; BEGIN")
                .and_then(|()| schema::look(&connection, &options.profile));
            Ok(found.map(|found| (connection, found)))
        };
        let found = look_or_mend(look)?;
        let (connection, found) = found.map_err(|error| sqlite_error(&options, &error))?;
        let missing = match found {
            Found::Nothing => return Ok(None),
            Found::Ours { missing, .. } => missing,
            Found::Foreign(why) => {
                return Err(Error::database(&options.path, format!("{why}. Name another database with --db")));
            }
        };
        let key = options.key.as_deref().and_then(|key| options.profile.field_index(key));
        let has_key = key.is_some_and(|key| !missing.contains(&key));
        let next_run = next_run(&connection).map_err(|error| sqlite_error(&options, &error))?;
        Ok(Some(Customers { connection, options, next_run, has_key, missing }))
    }

    /// The number that the next run will have.
    pub fn next_run(&self) -> i64 {
        self.next_run
    }

    /// Gives each key, and the first customer who has it, where the run has a key and the database its column. From then
    /// on nobody who writes to the database is kept waiting.
    pub fn for_each_key(&self, each: impl FnMut(i64, &str)) -> Result<()> {
        match &self.options.key {
            Some(key) if self.has_key => {
                for_each_key(&self.connection, key, i64::MAX, self.options.most_of_a_key, each)
            }
            _ => Ok(()),
        }
        .and_then(|()| self.connection.execute_batch("COMMIT"))
        .map_err(|error| sqlite_error(&self.options, &error))
    }

    /// Looks at the rows of customers, as [`super::Store::look_at`] does. A column that the database lacks is one without values.
    pub fn look_at(&self, columns: &[&str], customers: &[i64], each: impl FnMut(usize, Stored<'_, '_>)) -> Result<()> {
        let is_missing =
            |column: &str| self.options.profile.field_index(column).is_some_and(|field| self.missing.contains(&field));
        let columns: Vec<&str> =
            columns.iter().map(|column| if is_missing(column) { "NULL" } else { *column }).collect();
        let looked = look_at(&self.connection, &columns, customers, each);
        looked.map_err(|error| sqlite_error(&self.options, &error))
    }

    /// The key of a customer, as it is stored.
    pub fn key_of(&self, customer: i64) -> Result<Option<String>> {
        match &self.options.key {
            Some(key) if self.has_key => key_of(&self.connection, key, customer),
            _ => Ok(None),
        }
        .map_err(|error| sqlite_error(&self.options, &error))
    }

    /// Who a customer is.
    pub fn origin_of(&self, customer: i64) -> Result<Origin> {
        let field = self.options.profile.field_index(NAME);
        let has_name = field.is_some_and(|field| !self.missing.contains(&field));
        origin_of(&self.connection, has_name, customer).map_err(|error| sqlite_error(&self.options, &error))
    }
}

/// Gives each key, and the IDs of the first customers who have it, as far as they are below `below`: so many of one and the
/// same text.
pub(super) fn for_each_key(
    connection: &Connection,
    key: &str,
    below: i64,
    most: usize,
    mut each: impl FnMut(i64, &str),
) -> rusqlite::Result<()> {
    // The order of the key's index, which has all that is asked for. GROUP BY would take three times as long.
    let sql = format!("SELECT customer_id, {key} FROM customers WHERE {key} IS NOT NULL ORDER BY {key}, customer_id");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut before: Option<Vec<u8>> = None;
    let mut given = 0;
    while let Some(row) = rows.next()? {
        let customer = row.get(0)?;
        if customer >= below {
            continue;
        }
        match row.get_ref(1)? {
            ValueRef::Text(text) => {
                // Of many customers with one key, the first are the ones that are named.
                given = if before.as_deref() == Some(text) { given + 1 } else { 0 };
                if given >= most {
                    continue;
                }
                let held = before.get_or_insert_default();
                held.clear();
                held.extend_from_slice(text);
                // A text that another program has written may be no UTF-8; it is no key that a record could have.
                if let Ok(text) = str::from_utf8(text) {
                    each(customer, text);
                }
            }
            ValueRef::Integer(number) => {
                let text = number.to_string();
                given = if before.as_deref() == Some(text.as_bytes()) { given + 1 } else { 0 };
                if given < most {
                    each(customer, &text);
                    before = Some(text.into_bytes());
                }
            }
            // Only a table that is not STRICT has others, and SQLite says how they look as text.
            _ => {
                if let Some(text) = key_of(connection, key, customer)? {
                    each(customer, &text);
                }
            }
        }
    }
    Ok(())
}

/// The key of a customer, as it is stored.
pub(super) fn key_of(connection: &Connection, key: &str, customer: i64) -> rusqlite::Result<Option<String>> {
    let sql = format!("SELECT CAST({key} AS TEXT) FROM customers WHERE customer_id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([customer])?;
    match rows.next()? {
        Some(row) => Ok(row.get_ref(0)?.as_str_or_null().ok().flatten().map(str::to_string)),
        None => Ok(None),
    }
}

/// The column of a customer's name.
pub(super) const NAME: &str = "name";

/// Who a customer is, and where it came from, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Its name.
    pub name: Option<String>,
    /// The input, as it was named, and the number of the record in it that created the customer or changed it last.
    pub record: Option<(String, i64)>,
}

/// Who a customer is. There may be no column for names.
pub(super) fn origin_of(connection: &Connection, has_name: bool, customer: i64) -> rusqlite::Result<Origin> {
    let name = if has_name { NAME } else { "NULL" };
    let sql = format!(
        "SELECT {name}, f.path, c.import_record FROM customers AS c LEFT JOIN import_files AS f \
         ON f.run_id = c.import_run AND f.import_file = c.import_file WHERE c.customer_id = ?1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([customer])?;
    let Some(row) = rows.next()? else { return Ok(Origin::default()) };
    // What another program has written may be of any kind.
    let text = |index| row.get_ref(index).ok().and_then(|value| value.as_str().ok()).map(str::to_string);
    Ok(Origin { name: text(0), record: text(1).zip(row.get(2).ok()) })
}
