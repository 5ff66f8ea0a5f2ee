//! A run that is being undone: [`Undoing`].

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::{Connection, ffi};

use super::outcome::{ChangeCause, Undo, Undone};

/// The table of customers that stay as they are.
const KEPT: &str = "custload_kept";

pub(super) struct Undoing<'h> {
    pub(super) connection: &'h Connection,
    pub(super) undo: &'h Undo,
    pub(super) stop: &'h Arc<AtomicUsize>,
    /// The first customer that it created. Updated customers from there on were created by it too.
    pub(super) first_created: i64,
}

impl<'h> Undoing<'h> {
    /// The database must have custload's tables.
    pub(super) fn new(
        connection: &'h Connection,
        undo: &'h Undo,
        stop: &'h Arc<AtomicUsize>,
    ) -> rusqlite::Result<Undoing<'h>> {
        let sql = "SELECT min(first_customer_id) FROM import_created WHERE run_id = ?1";
        let first: Option<i64> = connection.query_row(sql, [undo.run_id], |row| row.get(0))?;
        Ok(Undoing { connection, undo, stop, first_created: first.unwrap_or(i64::MAX) })
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
        match self.undo.keep_changed {
            true => {
                self.connection.execute_batch(&format!("CREATE TEMP TABLE {KEPT} (customer_id INTEGER PRIMARY KEY)"))
            }
            false => Ok(()),
        }
    }

    /// A condition, to be added to another, that excludes customers that stay as they are.
    pub(super) fn and_not_kept(&self, column: &str) -> String {
        match self.undo.keep_changed {
            true => format!(" AND {column} NOT IN (SELECT customer_id FROM temp.{KEPT})"),
            false => String::new(),
        }
    }
}
