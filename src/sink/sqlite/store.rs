//! The database that a run writes to: [`Store`]. A run is all or nothing; one with checkpoints, from each to the next. In an existing
//! database it is one transaction. A new one is built under a private name, synced, and renamed without replacing anything.

use std::{ops::Range, sync::atomic::Ordering};

use rusqlite::Connection;

use super::column_types;
use super::connection::{StoreOptions, cannot_open, retry};
use super::destination::{Destination, ExistingDatabase};
use super::lock::{LockState, LockedDatabase, OpenDatabase};
use super::rows::{self, Change, ChangeSql, ChangeStamp};
use super::runs::{
    CHECKPOINT_UPDATES, Checkpoint, FileRow, RunRow, remove_checkpoint, write_checkpoint, write_database_id, write_run,
};
use super::schema::{self, Lacks};
use super::{customers::Customers, file::counter_differs, journal::Journal, undo::changed_since};
use crate::core::profile::Profile;
use crate::error::{Error, Result, Words};
use crate::shell;

pub struct Store {
    pub(super) destination: Destination,
    options: StoreOptions,
    /// The customer ID that the next row gets.
    pub next_id: i64,
    /// The number of rows that the database reports as written, and as changed.
    pub rows_written: u64,
    pub rows_changed: u64,
    journal: Journal,
    /// Made for the first change.
    change_sql: Option<ChangeSql>,
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
        let (journal, change_sql) = (Journal::default(), None);
        Ok(Store { destination, options, next_id, rows_written: 0, rows_changed: 0, journal, change_sql })
    }

    pub fn run_id(&self) -> i64 {
        self.options.run_id
    }

    /// Reads with the connection; the default while nothing can be read yet.
    fn read<T: Default>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let found = self.destination.connection().map_or(Ok(T::default()), read);
        found.map_err(|error| self.options.sqlite_error(error))
    }

    /// The customers that can be read; `None` while a new database is built.
    pub fn customers(&self) -> Option<Customers<'_>> {
        let connection = self.destination.connection()?;
        Some(Customers { connection, options: &self.options, missing: &[], is_snapshot: false })
    }

    pub fn count_customers(&self) -> Result<i64> {
        match &self.destination {
            Destination::Existing(_) => {
                let sql = format!("SELECT count(*) FROM {}", schema::table_of(&self.options.profile));
                self.read(|connection| connection.query_row(&sql, [], |row| row.get(0)))
            }
            _ => Ok(self.rows_written as i64),
        }
    }

    /// The names of the triggers on the table of customers, which custload does not make.
    pub fn triggers(&self) -> Result<Vec<String>> {
        self.read(|connection| {
            let sql =
                "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE ORDER BY name";
            connection.prepare(sql)?.query_map([&self.options.profile.table], |row| row.get(0))?.collect()
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
        let Store { destination, options, change_sql, .. } = self;
        let Some(connection) = destination.connection() else { return Ok(()) };
        let change_sql = change_sql.get_or_insert_with(|| ChangeSql::new(&options.profile));
        let mut write = || {
            let changed = rows::change(connection, change_sql, change, stamp)?;
            if options.track_inputs {
                let sql = "INSERT INTO import_checkpoint_updates (import_file, customer_id) VALUES (?1, ?2)";
                connection.prepare_cached(sql)?.execute([stamp.file, change.customer])?;
            }
            Ok(changed)
        };
        self.rows_changed += write().map_err(|error| options.sqlite_error(error))? as u64;
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
    fn end(self, run: &RunRow, files: &[FileRow], checkpoint: Option<&Checkpoint>) -> Result<Option<String>> {
        let Store { destination, options, .. } = self.complete()?;
        destination.commit(&options, run, |connection, counter| {
            write_run(connection, options.run_id, run, files)?;
            write_database_id(connection, &options.database_id)?;
            column_types::write(connection, &options.profile)?;
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

    /// Commits everything so far with a checkpoint, and locks the database again. Another run may lock it in between, see that this is
    /// not finished, and release it; an error if another program has written to it. `committed` gets a notice, if there is one.
    pub fn checkpoint(
        self,
        run: &RunRow,
        files: &[FileRow],
        checkpoint: &Checkpoint,
        committed: impl FnOnce(Option<String>),
    ) -> Result<Store> {
        let (options, rows_written, rows_changed) = (self.options.clone(), self.rows_written, self.rows_changed);
        committed(self.end(run, files, Some(checkpoint))?);
        let locked = lock_again(&options)?;
        let expected = locked.unfinished()?.and_then(|run| run.checkpoint.change_counter);
        let store = Store::open(locked, options)?;
        if store.next_id != checkpoint.next_customer_id || counter_differs(store.change_counter()?, expected) {
            let message = "another program wrote to it between two checkpoints";
            return Err(Error::database(&store.options.path, message));
        }
        Ok(Store { rows_written, rows_changed, ..store })
    }

    /// An error if customers have changed since the checkpoint. `true` if another program has only written other things.
    pub fn refuse_changed(&self, checkpoint: &Checkpoint) -> Result<bool> {
        if !matches!(self.destination, Destination::Existing(_)) {
            return Ok(false);
        }
        let (counter, customers) = (self.change_counter()?, self.count_customers()?);
        let what = if customers != checkpoint.customers {
            format!("it had {} customers, and now has {customers}", checkpoint.customers)
        } else if self.next_id != checkpoint.next_customer_id {
            format!("the next customer ID should be {}, but is {}", checkpoint.next_customer_id, self.next_id)
        } else if counter.is_some() && counter == checkpoint.change_counter {
            return Ok(false);
        } else {
            // The counter does not show what was written, and in WAL mode it shows nothing. So the run's rows are read.
            let (run_id, stop) = (checkpoint.run_id, &self.options.stop);
            match self.read(|connection| changed_since(connection, run_id, &self.options.profile.table, stop))? {
                Some(what) => what,
                None => return Ok(counter_differs(counter, checkpoint.change_counter)),
            }
        };
        let (run_id, undo) = (checkpoint.run_id, shell::undo(checkpoint.run_id, &self.options.path));
        let message = format!(
            "run {run_id} cannot continue: the database has changed since the run stopped: {what}. Undo the run with \
             `{undo}`, then load again"
        );
        Err(Error::database(&self.options.path, Words::own(message)))
    }

    fn change_counter(&self) -> Result<Option<i64>> {
        let Destination::Existing(existing) = &self.destination else { return Ok(None) };
        let counter = existing.open.counter.read();
        counter.map_err(|error| Error::database(&self.options.path, cannot_open(&error)))
    }
}

fn lock_again(options: &StoreOptions) -> Result<LockedDatabase> {
    let is_locked = |error: &Error| matches!(error, Error::Locked { .. });
    let lock = || LockedDatabase::lock(&options.path, &options.stop);
    let locked = retry(options.wait, &options.stop, is_locked, lock);
    locked.map_err(|error| match options.stop.load(Ordering::Relaxed) {
        0 => error,
        signal => Error::Interrupted(signal as i32),
    })
}

/// Creates or extends the tables of an existing database. Returns the ID of the next customer.
fn prepare_tables(options: &StoreOptions, open: &OpenDatabase) -> Result<i64> {
    let connection = &open.connection;
    let found = schema::compare(connection, &options.profile).map_err(|error| options.sqlite_error(error))?;
    let later = || schema::add_later(connection).map_err(|error| options.sqlite_error(error));
    let mut sql = match found {
        Ok(Lacks::Columns(missing)) => later()? + &schema::add_columns(&options.profile, &missing),
        Ok(Lacks::Table) => later()? + &schema::create_customers(&options.profile) + ";",
        Ok(Lacks::All) => schema::create_all(&options.profile),
        Err(why) => return Err(Error::database(&options.path, why)),
    };
    // The index is created before the rows: reading the existing keys needs it, and it is smaller now.
    if !options.key.is_empty() {
        sql.push_str(&schema::create_key_index(&options.profile, &options.key()));
    }
    if options.track_inputs {
        sql.push_str(CHECKPOINT_UPDATES);
    }
    let last = connection.execute_batch(&sql).and_then(|()| last_id(connection, &options.profile));
    match last.map_err(|error| options.sqlite_error(error))? {
        Some(last) => last
            .checked_add(1)
            .ok_or_else(|| Error::database(&options.path, "it has used the greatest possible customer ID")),
        None => Ok(options.first_id),
    }
}

/// The greatest customer ID of the table that was ever given out, as far as it is known.
fn last_id(connection: &Connection, profile: &Profile) -> rusqlite::Result<Option<i64>> {
    let of_table = |sql: &str| connection.query_row(sql, [&profile.table], |row| row.get::<_, Option<i64>>(0));
    let existing = format!("SELECT max(customer_id) FROM {}", schema::table_of(profile));
    let existing: Option<i64> = connection.query_row(&existing, [], |row| row.get(0))?;
    let given = match schema::object_type(connection, "sqlite_sequence")? {
        Some(_) => of_table("SELECT max(seq) FROM sqlite_sequence WHERE name = ?1 COLLATE NOCASE")?,
        None => None,
    };
    let of_runs = of_table("SELECT max(last_customer_id) FROM import_runs WHERE table_name = ?1 COLLATE NOCASE")?;
    Ok(existing.max(given).max(of_runs).filter(|last| *last > 0))
}
