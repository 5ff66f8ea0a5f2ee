//! A run that is being undone ([`Undoing`]): what is asked ([`Undo`]), the result ([`Undone`]), and why it fails ([`Failure`]).

use std::fmt::{self, Display, Formatter};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::{Connection, ErrorCode, ffi, types::Value};

use crate::error::Error;
use crate::sink::sqlite::connection::{CommitError, sqlite_error};
use crate::sink::sqlite::sql::quoted;

#[derive(Clone, Debug)]
pub struct Undo {
    pub run_id: i64,
    /// Whether customers that have changed since the run stay as they are; otherwise nothing is done if there are any.
    pub keep_changed: bool,
    /// Whether everything is rolled back in the end.
    pub dry_run: bool,
    /// The clock (RFC 3339).
    pub now: String,
}

/// What has changed customers since a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeCause {
    Run(i64),
    /// Another program or a person.
    Other,
    Deleted,
    /// Nothing: it is the parent of this customer, which stays.
    ParentOf(i64),
}

/// Customers with consecutive IDs that have changed since a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedCustomers {
    pub first: i64,
    pub last: i64,
    pub since: ChangeCause,
}

impl ChangedCustomers {
    /// `customer 4`, or `customers 4 to 6`.
    pub fn names(&self) -> String {
        let ChangedCustomers { first, last, .. } = self;
        if first == last { format!("customer {first}") } else { format!("customers {first} to {last}") }
    }
}

impl Display for ChangedCustomers {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let names = self.names();
        match self.since {
            ChangeCause::Run(run) => write!(out, "{names}: changed by run {run}"),
            ChangeCause::Other => write!(out, "{names}: changed by a person or another program"),
            ChangeCause::Deleted => write!(out, "{names}: deleted"),
            ChangeCause::ParentOf(child) => write!(out, "{names}: the parent of customer {child}, which stays"),
        }
    }
}

pub const MOST_LISTED: usize = 20;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Whether the run is undone, or would be. If not, some customers have changed since, and nothing was done.
    pub is_done: bool,
    /// The numbers of customers that were deleted, and restored to what they were.
    pub deleted: u64,
    pub restored: u64,
    /// The first restored customers that have values of an undone run again, with that run: they were kept when it was undone.
    pub as_undone: Vec<(i64, i64)>,
    /// The numbers of unchanged customers that can be deleted, and restored.
    pub deletable: u64,
    pub restorable: u64,
    /// The number of customers that have changed since; they were left as they are.
    pub changed: u64,
    /// The first of those, and whether there are more.
    pub listed: Vec<ChangedCustomers>,
    pub has_more: bool,
}

impl Undone {
    /// Lists a changed customer, in the last entry if it continues that.
    pub(super) fn list(&mut self, customer: i64, since: ChangeCause) {
        let last = self.listed.last_mut().filter(|entry| entry.since == since && entry.last + 1 == customer);
        if let Some(entry) = last {
            entry.last = customer;
        } else if self.listed.len() < MOST_LISTED {
            self.listed.push(ChangedCustomers { first: customer, last: customer, since });
        } else {
            self.has_more = true;
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) enum Failure {
    Sqlite(#[from] rusqlite::Error),
    Commit(CommitError),
    #[error("{0}")]
    Refused(String),
}

pub(super) type Step<T> = Result<T, Failure>;

impl Failure {
    pub(super) fn into_error(self, path: &Path, run_id: i64, stop: &AtomicUsize) -> Error {
        match self {
            Failure::Sqlite(error) => sqlite_error(path, stop, &error),
            Failure::Commit(error) => error.into_error(path, stop),
            Failure::Refused(why) => Error::database(path, format!("run {run_id} cannot be undone: {why}")),
        }
    }
}

/// The failure of a statement that the database's own rules may reject.
pub(super) fn refused_by(error: rusqlite::Error) -> Failure {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => {
            Failure::Refused(format!("a constraint, foreign key or trigger of the database rejects it ({error})"))
        }
        _ => Failure::Sqlite(error),
    }
}

pub(super) fn column_dropped(table: &str, column: &str) -> Failure {
    Failure::Refused(format!("the table {table} no longer has the column {column}, which the run filled"))
}

/// The table of customers that stay as they are.
pub(super) const KEPT: &str = "custload_kept";

pub(super) struct Undoing<'h> {
    pub(super) connection: &'h Connection,
    pub(super) undo: &'h Undo,
    pub(super) stop: &'h AtomicUsize,
    /// The table that the run's customers are in, and its quoted name.
    pub(super) table: String,
    pub(super) quoted_table: String,
    /// The first customer that it created. Updated customers from there on were created by it too.
    pub(super) first_created: i64,
}

impl<'h> Undoing<'h> {
    /// The database must have custload's tables.
    pub(super) fn new(
        connection: &'h Connection,
        undo: &'h Undo,
        table: &str,
        stop: &'h AtomicUsize,
    ) -> rusqlite::Result<Undoing<'h>> {
        let sql = "SELECT min(first_customer_id) FROM import_created WHERE run_id = ?1";
        let first: Option<i64> = connection.query_row(sql, [undo.run_id], |row| row.get(0))?;
        let (table, quoted_table) = (table.to_string(), quoted(table));
        Ok(Undoing { connection, undo, stop, table, quoted_table, first_created: first.unwrap_or(i64::MAX) })
    }

    /// An error if a signal asks to stop. SQLite asks too, but not between short statements.
    pub(super) fn check_stop(&self) -> rusqlite::Result<()> {
        match self.stop.load(Ordering::Relaxed) {
            0 => Ok(()),
            _ => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_INTERRUPT), None)),
        }
    }

    /// What changed an existing customer, by the run that its row names.
    pub(super) fn cause(&self, import_run: i64) -> ChangeCause {
        if import_run > self.undo.run_id { ChangeCause::Run(import_run) } else { ChangeCause::Other }
    }

    /// Lists a customer as changed, and keeps it if that is asked for.
    pub(super) fn add_changed(&self, customer: i64, since: ChangeCause, undone: &mut Undone) -> rusqlite::Result<()> {
        undone.list(customer, since);
        undone.changed += 1;
        if since == ChangeCause::Deleted || !self.undo.keep_changed {
            return Ok(());
        }
        let sql = format!("INSERT OR IGNORE INTO temp.{KEPT} VALUES (?1)");
        self.connection.prepare_cached(&sql)?.execute([customer]).map(drop)
    }

    /// Creates the table of customers that stay as they are, if any may.
    pub(super) fn create_kept(&self) -> rusqlite::Result<()> {
        if !self.undo.keep_changed {
            return Ok(());
        }
        self.connection.execute_batch(&format!("CREATE TEMP TABLE {KEPT} (customer_id INTEGER PRIMARY KEY)"))
    }

    /// A condition, to be added to another, that excludes customers that stay as they are.
    pub(super) fn and_not_kept(&self, column: &str) -> String {
        match self.undo.keep_changed {
            true => format!(" AND {column} NOT IN (SELECT customer_id FROM temp.{KEPT})"),
            false => String::new(),
        }
    }
}

pub(super) struct CustomerColumn {
    pub(super) name: String,
    /// The value in rows that are older than the column.
    pub(super) default: Value,
    pub(super) is_generated: bool,
}

impl CustomerColumn {
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The columns of a table in their order, as `SELECT *` gives them.
pub(super) fn customer_columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<CustomerColumn>> {
    let mut statement = connection.prepare(
        "SELECT name, dflt_value, hidden > 1 AS is_generated FROM pragma_table_xinfo(?1) WHERE hidden <> 1 \
         ORDER BY cid",
    )?;
    let columns = statement.query_map([table], |row| {
        let default: Option<String> = row.get("dflt_value")?;
        let value = default.map(|sql| connection.query_row(&format!("SELECT ({sql})"), [], |row| row.get(0)));
        Ok(CustomerColumn {
            name: row.get("name")?,
            // No older row can have a default that cannot be computed alone.
            default: value.and_then(Result::ok).unwrap_or(Value::Null),
            is_generated: row.get("is_generated")?,
        })
    })?;
    columns.collect()
}
