//! The database that a run writes to: [`Store`].
//!
//! A run is all or nothing; one with checkpoints, from each to the next. Into an existing database it is one transaction. A new
//! database is built under a private name beside its path, synced, and renamed without replacing anything. Either way the run has a
//! lock from its start, so a second run ends at once.

use std::ops::Range;

use rusqlite::Connection;

use super::changes::{self, Change, ChangeStamp};
use super::checkpoint::{CHECKPOINT_UPDATES, Checkpoint, remove_checkpoint, write_checkpoint};
use super::customers::{NAME, Origin, for_each_key, key_of, origin_of};
use super::destination::Destination;
use super::existing::ExistingDatabase;
use super::journal::Journal;
use super::lock::{LockState, LockedDatabase, OpenDatabase};
use super::options::StoreOptions;
use super::rows::{self, StoredRow};
use super::runs::{FileRow, RunRow, write_database_id, write_run};
use super::schema::{self, Found};
use super::sql::quoted;
use crate::error::{Error, Result};

#[derive(Debug)]
pub struct Store {
    pub(super) destination: Destination,
    pub(super) options: StoreOptions,
    pub(super) next_id: i64,
    pub(super) rows_written: u64,
    pub(super) rows_changed: u64,
    journal: Journal,
}

impl Store {
    /// Creates or extends the tables of a locked database.
    pub fn open(locked: LockedDatabase, options: StoreOptions) -> Result<Store> {
        let (destination, next_id) = match locked.state {
            LockState::New(private) => (Destination::build(&options, private)?, options.first_id),
            LockState::Existing(open) => {
                let next_id = prepare_tables(&options, &open)?;
                (Destination::Existing(Box::new(ExistingDatabase::new(open))), next_id)
            }
        };
        Ok(Store { destination, options, next_id, rows_written: 0, rows_changed: 0, journal: Journal::default() })
    }

    pub fn run_id(&self) -> i64 {
        self.options.run_id
    }

    /// The customer ID that the next row gets.
    pub fn next_id(&self) -> i64 {
        self.next_id
    }

    /// The number of rows that the database reports as written, and as changed.
    pub fn stored(&self) -> (u64, u64) {
        (self.rows_written, self.rows_changed)
    }

    /// Reads with the connection; the default while nothing can be read yet.
    pub(super) fn read<T: Default>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let found = self.destination.connection().map_or(Ok(T::default()), read);
        found.map_err(|error| self.options.sqlite_error(error))
    }

    /// Visits each key of the customers with IDs below `below`, with the first that have it, if the run has a key.
    pub fn for_each_key(&self, below: i64, each: impl FnMut(i64, &str)) -> Result<()> {
        let Some(key) = &self.options.key else { return Ok(()) };
        self.read(|connection| for_each_key(connection, key, below, self.options.max_customers_per_key, each))
    }

    pub fn key_of(&self, customer: i64) -> Result<Option<String>> {
        let Some(key) = &self.options.key else { return Ok(None) };
        self.read(|connection| key_of(connection, key, customer))
    }

    /// The name of a customer, and the record that it comes from.
    pub fn origin_of(&self, customer: i64) -> Result<Origin> {
        let has_name = self.options.profile.field_index(NAME).is_some();
        self.read(|connection| origin_of(connection, has_name, customer))
    }

    /// Visits the rows of customers: the values of these columns, with the index of each among `customers`.
    pub fn read_rows(
        &self,
        columns: &[&str],
        customers: &[i64],
        each: impl FnMut(usize, StoredRow<'_, '_>),
    ) -> Result<()> {
        let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        self.read(|connection| rows::read_rows(connection, &columns, customers, each))
    }

    pub fn customers(&self) -> Result<i64> {
        match &self.destination {
            Destination::Existing(_) => {
                self.read(|connection| connection.query_row("SELECT count(*) FROM customers", [], |row| row.get(0)))
            }
            _ => Ok(self.rows_written as i64),
        }
    }

    /// The names of the triggers on the table of customers, which custload does not make.
    pub fn triggers(&self) -> Result<Vec<String>> {
        self.read(|connection| {
            let sql = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'customers' ORDER BY name";
            let mut statement = connection.prepare(sql)?;
            let names = statement.query_map([], |row| row.get(0))?;
            names.collect()
        })
    }

    /// Writes encoded rows (see [`super::record`]) in their order, under the next customer IDs, which must fit 63 bits.
    pub fn append(&mut self, bytes: &[u8], rows: &[Range<u32>]) -> Result<()> {
        let Store { destination, options, journal, next_id, .. } = self;
        self.rows_written += destination.append(options, *next_id, bytes, rows)?;
        journal.created(*next_id, bytes, rows, |range| destination.write_created(options, range))?;
        self.next_id += rows.len() as i64;
        Ok(())
    }

    pub fn change(&mut self, change: &Change<'_>, stamp: &ChangeStamp<'_>) -> Result<()> {
        let changed = self.read(|connection| {
            let changed = changes::change(connection, change, stamp)?;
            if self.options.track_inputs {
                let sql = "INSERT INTO import_checkpoint_updates (import_file, customer_id) VALUES (?1, ?2)";
                connection.prepare_cached(sql)?.execute([stamp.file, change.customer])?;
            }
            Ok(changed)
        })?;
        self.rows_changed += changed as u64;
        Ok(())
    }

    /// Whether a record of this input, counted from 1, changed a customer before the run was stopped.
    pub fn has_changed(&self, customer: i64, file: i64) -> Result<bool> {
        let (sql, of) = match self.options.track_inputs {
            true => ("SELECT 1 FROM import_checkpoint_updates WHERE import_file = ?1 AND customer_id = ?2", file),
            false => ("SELECT 1 FROM import_updated WHERE run_id = ?1 AND customer_id = ?2", self.options.run_id),
        };
        self.read(|connection| connection.prepare_cached(sql)?.exists([of, customer]))
    }

    /// Does what takes long after the last row: fills the key's index, moves gathered rows, syncs new pages.
    pub fn complete(self) -> Result<Store> {
        let Store { mut destination, options, mut journal, .. } = self;
        journal.end(|range| destination.write_created(&options, range))?;
        Ok(Store { destination: destination.complete(&options)?, options, journal, ..self })
    }

    /// Completes an input. After it, rows can be added and the customers that the run created be changed.
    pub fn end_input(self) -> Result<Store> {
        let store = self.complete()?;
        store.destination.begin_changes().map_err(|error| store.options.sqlite_error(error))?;
        Ok(store)
    }

    /// Ends the run: writes its row and commits. Returns a notice if the file's name may not survive a power cut.
    pub fn commit(self, run: &RunRow, files: &[FileRow]) -> Result<Option<String>> {
        self.end(run, files, None)
    }

    /// Commits, with a checkpoint unless the run ends here.
    pub(super) fn end(
        self,
        run: &RunRow,
        files: &[FileRow],
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Option<String>> {
        let Store { destination, options, .. } = self.complete()?;
        destination.commit(&options, run, |connection, counter| {
            write_run(connection, options.run_id, run, files)?;
            write_database_id(connection, &options.database_id)?;
            match checkpoint {
                Some(checkpoint) => {
                    // The commit adds one.
                    let change_counter = counter.map(|counter| counter + 1);
                    write_checkpoint(connection, &Checkpoint { change_counter, ..checkpoint.clone() })
                }
                None => remove_checkpoint(connection, options.run_id),
            }
        })
    }

    /// Rolls the run back: the database is as it was.
    pub fn abandon(self) -> Result<()> {
        let Store { destination, options, .. } = self;
        destination.roll_back().map_err(|error| options.sqlite_error(error))
    }
}

/// Creates or extends the tables of an existing database. Returns the ID of the next customer.
fn prepare_tables(options: &StoreOptions, open: &OpenDatabase) -> Result<i64> {
    let connection = &open.connection;
    let found = schema::compare(connection, &options.profile).map_err(|error| options.sqlite_error(error))?;
    let mut sql = match found {
        Found::Nothing => schema::create_all(&options.profile),
        Found::Ours { missing } => schema::add_columns(&options.profile, &missing),
        Found::Foreign(why) => {
            let message = format!("{why}. Name another database with --db, or rename what is there");
            return Err(Error::database(&options.path, message));
        }
    };
    // The index is created before the rows: reading the existing keys needs it, and it is smaller now.
    sql.extend(options.key.as_deref().map(schema::create_key_index));
    if options.track_inputs {
        sql.push_str(CHECKPOINT_UPDATES);
    }
    let last = connection.execute_batch(&sql).and_then(|()| last_id(connection));
    match last.map_err(|error| options.sqlite_error(error))? {
        Some(last) => last
            .checked_add(1)
            .ok_or_else(|| Error::database(&options.path, "it has used the greatest possible customer ID")),
        None => Ok(options.first_id),
    }
}

/// The greatest customer ID that was ever given out, as far as it is known.
fn last_id(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let greatest = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
    let existing = greatest("SELECT max(customer_id) FROM customers")?;
    let given = match schema::has_table(connection, "sqlite_sequence")? {
        true => greatest("SELECT max(seq) FROM sqlite_sequence WHERE name = 'customers'")?,
        false => None,
    };
    let of_runs = greatest("SELECT max(last_customer_id) FROM import_runs")?;
    Ok(existing.max(given).max(of_runs).filter(|last| *last > 0))
}
