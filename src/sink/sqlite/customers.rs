//! Reading the customers of a database: [`Customers`].

use std::borrow::Cow;

use rusqlite::{Connection, OpenFlags, Row, params, types::ValueRef};

use super::circles::parent_of;
use super::connection::{StoreOptions, connect, read_or_recover};
use super::file::{Location, locate};
use super::runs::next_run;
use super::schema::{Lacks, compare, table_of};
use super::sql::{quoted, value_of};
use crate::core::{profile::PARENT_ID, row::Value};
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
                .and_then(|()| compare(&connection, &options.profile));
            Ok(found.map(|found| (connection, found)))
        };
        let (connection, found) = read_or_recover(read)?.map_err(|error| options.sqlite_error(error))?;
        let missing = match found {
            Ok(Lacks::Columns(missing)) => missing,
            Ok(Lacks::All | Lacks::Table) => return Ok(None),
            Err(why) => return Err(Error::database(&options.path, why)),
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

    /// Visits each key of customers with IDs below `below`, with the first that have it: the texts of its columns, empty for NULL.
    pub fn for_each_key(&self, below: i64, each: impl FnMut(i64, &[&str])) -> Result<()> {
        let read = match &self.options.key[..] {
            columns if columns.iter().any(|column| self.has_column(column)) => self.read_keys(columns, below, each),
            _ => Ok(()),
        };
        read.map_err(|error| self.options.sqlite_error(error))
    }

    /// Lets other programs write, if this is a snapshot: all that must be of one moment has been read.
    pub fn end_keys(&self) -> Result<()> {
        let ended = if self.is_snapshot { self.connection.execute_batch("COMMIT") } else { Ok(()) };
        ended.map_err(|error| self.options.sqlite_error(error))
    }

    fn read_keys(&self, key: &[String], below: i64, mut each: impl FnMut(i64, &[&str])) -> rusqlite::Result<()> {
        // In the order of the key's index, from which everything is read. GROUP BY would take three times as long.
        let columns: Vec<String> = key.iter().map(|column| self.expression(column)).collect();
        let (listed, table) = (columns.join(", "), table_of(&self.options.profile));
        let sql = match &columns[..] {
            [column] => format!("SELECT customer_id, {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY 2, 1"),
            _ => format!("SELECT customer_id, {listed} FROM {table} ORDER BY {listed}, customer_id"),
        };
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let (mut last, mut given) = (Vec::new(), 0);
        let mut visit = |customer: i64, texts: &[Cow<'_, [u8]>]| {
            let parts = texts.iter().map(|text| &**text);
            given = if parts.clone().eq(last.iter().map(Vec::as_slice)) { given + 1 } else { 0 };
            if given >= self.options.max_customers_per_key {
                return;
            }
            if given == 0 {
                last.resize_with(texts.len(), Vec::new);
                last.iter_mut().zip(parts.clone()).for_each(|(last, part)| part.clone_into(last));
            }
            // A text that another program has written may not be UTF-8; no record can have that key.
            match texts {
                [text] => str::from_utf8(text).into_iter().for_each(|text| each(customer, &[text])),
                _ => {
                    parts.map(str::from_utf8).collect::<Result<Vec<_>, _>>().iter().for_each(|key| each(customer, key))
                }
            }
        };
        while let Some(row) = rows.next()? {
            let customer = row.get(0)?;
            match &columns[..] {
                _ if customer >= below => {}
                [column] => visit(customer, &[self.text(row, 1, column, customer)?]),
                _ => {
                    let texts = (1..).zip(&columns).map(|(index, column)| self.text(row, index, column, customer));
                    let texts = texts.collect::<rusqlite::Result<Vec<_>>>()?;
                    if texts.iter().any(|text| !text.is_empty()) {
                        visit(customer, &texts);
                    }
                }
            }
        }
        Ok(())
    }

    /// A value of a customer as text, empty for NULL. `column` is an SQL expression.
    fn text<'r>(&self, row: &'r Row<'_>, index: usize, column: &str, customer: i64) -> rusqlite::Result<Cow<'r, [u8]>> {
        Ok(match row.get_ref(index)? {
            ValueRef::Text(text) => Cow::Borrowed(text),
            ValueRef::Integer(number) => Cow::Owned(number.to_string().into_bytes()),
            ValueRef::Null => Cow::Borrowed(b""),
            // Only a table that is not STRICT has other types. SQLite converts them to text.
            _ => {
                let texts = self.read_texts(&[column.to_string()], customer)?;
                Cow::Owned(texts.and_then(|texts| texts.into_iter().next()).unwrap_or_default().into_bytes())
            }
        })
    }

    /// Visits the customers that have a parent, with its ID.
    pub fn for_each_parent(&self, mut each: impl FnMut(i64, i64)) -> Result<()> {
        if !self.has_column(PARENT_ID) {
            return Ok(());
        }
        let (column, table) = (quoted(PARENT_ID), table_of(&self.options.profile));
        let sql = format!("SELECT customer_id, {column} FROM {table} WHERE {column} IS NOT NULL");
        self.visit(&sql, |row| {
            each(row.get(0)?, row.get(1)?);
            Ok(())
        })
    }

    pub fn parent_of(&self, customer: i64) -> Result<Option<i64>> {
        if !self.has_column(PARENT_ID) {
            return Ok(None);
        }
        let read = parent_of(self.connection, &table_of(&self.options.profile), customer);
        read.map(Option::flatten).map_err(|error| self.options.sqlite_error(error))
    }

    /// Visits the IDs of customers below `below`, in order.
    pub fn for_each_id(&self, below: i64, mut each: impl FnMut(i64)) -> Result<()> {
        let sql = format!("SELECT customer_id FROM {} ORDER BY customer_id", table_of(&self.options.profile));
        self.visit(&sql, |row| {
            let customer: i64 = row.get(0)?;
            if customer < below {
                each(customer);
            }
            Ok(())
        })
    }

    fn visit(&self, sql: &str, mut each: impl FnMut(&Row<'_>) -> rusqlite::Result<()>) -> Result<()> {
        let visited = self.connection.prepare(sql).and_then(|mut statement| {
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                each(row)?;
            }
            Ok(())
        });
        visited.map_err(|error| self.options.sqlite_error(error))
    }

    /// The key of a customer, as [`Customers::for_each_key`] gives it; `None` if there is no such customer.
    pub fn key_of(&self, customer: i64) -> Result<Option<Vec<String>>> {
        let columns: Vec<String> = self.options.key.iter().map(|column| self.expression(column)).collect();
        self.read_texts(&columns, customer).map_err(|error| self.options.sqlite_error(error))
    }

    fn read_texts(&self, columns: &[String], customer: i64) -> rusqlite::Result<Option<Vec<String>>> {
        let texts: Vec<String> = columns.iter().map(|column| format!("CAST({column} AS TEXT)")).collect();
        let table = table_of(&self.options.profile);
        let sql = format!("SELECT {} FROM {table} WHERE customer_id = ?1", texts.join(", "));
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([customer])?;
        let text = |row: &Row<'_>, index| {
            let text = row.get_ref(index)?.as_str_or_null().ok().flatten();
            Ok(text.unwrap_or_default().to_string())
        };
        let texts = |row: &Row<'_>| (0..columns.len()).map(|index| text(row, index)).collect();
        rows.next()?.map(texts).transpose()
    }

    /// Visits the values of a column that customers with IDs below `below` had before the run, as texts.
    pub fn for_each_value(&self, column: &str, below: i64, mut each: impl FnMut(i64, &str)) -> Result<()> {
        if !self.has_column(column) {
            return Ok(());
        }
        let mut read = || {
            let run = self.options.run_id;
            // Only a run that continues has changed customers already.
            let has_changed = !self.is_snapshot
                && self.connection.prepare("SELECT 1 FROM import_updated WHERE run_id = ?1")?.exists([run])?;
            let (table, name) = (table_of(&self.options.profile), quoted(column));
            let value = format!("c.{name}");
            let sql = match has_changed {
                false => format!("SELECT customer_id, {value} FROM {table} AS c WHERE ?1 = ?1 AND ?2 = ?2"),
                true => format!("SELECT c.customer_id, {} FROM {table} AS c{CHANGED}", before(&value)),
            };
            let mut statement = self.connection.prepare(&sql)?;
            let mut rows = statement.query(params![run, column])?;
            while let Some(row) = rows.next()? {
                let customer = row.get(0)?;
                let text = if customer < below { self.text(row, 1, &name, customer)? } else { Cow::Borrowed(&b""[..]) };
                // No record can have what is not UTF-8.
                str::from_utf8(&text).into_iter().filter(|text| !text.is_empty()).for_each(|text| each(customer, text));
            }
            Ok(())
        };
        read().map_err(|error| self.options.sqlite_error(error))
    }

    /// The value of a customer's column before the run changed it, as text; `None` if it had none.
    pub fn value_before(&self, column: &str, customer: i64) -> Result<Option<String>> {
        if !self.has_column(column) {
            return Ok(None);
        }
        let (table, run) = (table_of(&self.options.profile), self.journalled_run());
        let read = value_before(self.connection, &table, run, column, customer);
        read.map_err(|error| self.options.sqlite_error(error))
    }

    /// Who a customer was before the run changed it.
    pub fn origin_of(&self, customer: i64) -> Result<Origin> {
        let (table, name) = (table_of(&self.options.profile), self.expression("name"));
        let read =
            read_origin(self.connection, &table, self.journalled_run(), (&name, "o.custload_run IS ?1"), customer);
        read.map_err(|error| self.options.sqlite_error(error))
    }

    /// The run whose changes do not count. A check changes nothing, and its number may be that of a run in the database.
    fn journalled_run(&self) -> Option<i64> {
        (!self.is_snapshot).then_some(self.options.run_id)
    }

    /// Visits the rows of customers, with the index of each among `customers`. A column that the database lacks has no values.
    pub fn read_rows(
        &self,
        columns: &[&str],
        customers: &[i64],
        each: impl FnMut(usize, StoredRow<'_, '_>),
    ) -> Result<()> {
        let columns: Vec<String> = columns.iter().map(|column| self.expression(column)).collect();
        let table = table_of(&self.options.profile);
        read_rows(self.connection, &table, &columns, customers, each).map_err(|error| self.options.sqlite_error(error))
    }
}

/// The name of a customer, and the record that it comes from, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub name: Option<String>,
    /// The input, and the number of its record that created the customer or changed it last.
    pub record: Option<(OriginInput, i64)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginInput {
    /// An input of an earlier run, by its path.
    Earlier(String),
    /// An input of this run, by its number, from 0.
    OfThisRun(usize),
}

/// Joins what a run has changed of a column of customers: `?1` is the run, `?2` the column.
const CHANGED: &str =
    " LEFT JOIN import_changes AS j ON j.run_id = ?1 AND j.customer_id = c.customer_id AND j.field = ?2";

/// The value of a column, with [`CHANGED`], before the run changed it.
fn before(value: &str) -> String {
    format!("CASE WHEN j.run_id IS NULL THEN {value} ELSE j.old_value END")
}

pub(super) fn value_before(
    connection: &Connection,
    table: &str,
    run: Option<i64>,
    column: &str,
    customer: i64,
) -> rusqlite::Result<Option<String>> {
    let value = before(&format!("c.{}", quoted(column)));
    let sql = format!("SELECT CAST({value} AS TEXT) FROM {table} AS c{CHANGED} WHERE c.customer_id = ?3");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![run, column, customer])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(row.get_ref(0)?.as_str_or_null().ok().flatten().map(str::to_string))
}

/// `name` and `is_of_run` are SQL expressions: the customer's name, and whether it was created by the run itself.
pub(super) fn read_origin(
    connection: &Connection,
    table: &str,
    run: Option<i64>,
    (name, is_of_run): (&str, &str),
    customer: i64,
) -> rusqlite::Result<Origin> {
    let sql = format!(
        "SELECT {}, {is_of_run}, f.path, o.custload_file, o.custload_record FROM (SELECT c.*, \
         CASE WHEN u.run_id IS NULL THEN c.import_run ELSE u.old_import_run END AS custload_run, \
         CASE WHEN u.run_id IS NULL THEN c.import_file ELSE u.old_import_file END AS custload_file, \
         CASE WHEN u.run_id IS NULL THEN c.import_record ELSE u.old_import_record END AS custload_record FROM {table} AS c \
         LEFT JOIN import_updated AS u ON u.run_id = ?1 AND u.customer_id = c.customer_id WHERE c.customer_id = ?3) AS o \
         LEFT JOIN import_changes AS j ON j.run_id = ?1 AND j.customer_id = o.customer_id AND j.field = ?2 \
         LEFT JOIN import_files AS f ON f.run_id = o.custload_run AND f.import_file = o.custload_file",
        before(name)
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![run, "name", customer])?;
    let Some(row) = rows.next()? else { return Ok(Origin::default()) };
    // Another program may have written values of any kind.
    let text = |index| row.get_ref(index).ok().and_then(|value| value.as_str().ok()).map(str::to_string);
    let input = match row.get(1)? {
        true => row.get(3).ok().and_then(|file: i64| usize::try_from(file - 1).ok()).map(OriginInput::OfThisRun),
        false => text(2).map(OriginInput::Earlier),
    };
    Ok(Origin { name: text(0), record: input.zip(row.get(4).ok()) })
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

/// Visits the rows of the customers that exist. Ascending IDs take the least time. `columns` are SQL expressions, `table` is quoted.
pub(super) fn read_rows(
    connection: &Connection,
    table: &str,
    columns: &[String],
    customers: &[i64],
    mut each: impl FnMut(usize, StoredRow<'_, '_>),
) -> rusqlite::Result<()> {
    let columns: String = columns.iter().flat_map(|column| [", ", column]).collect();
    let sql = format!("SELECT customer_id{columns} FROM {table} WHERE customer_id >= ?1 ORDER BY customer_id");
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
