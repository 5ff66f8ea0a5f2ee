//! Where a run's rows go: [`Destination`], a database that exists, or a new one.

use std::ops::Range;
use std::sync::{Arc, atomic::Ordering};

use rusqlite::{Connection, params};

use super::build::{Builder, PAGE_SIZE};
use super::connection::{BuildError, STATEMENTS, StoreOptions, commit_past_readers};
use super::journal::{CreatedRange, write_created};
use super::runs::{CHECKPOINT_UPDATES, RunRow, is_written};
use super::segment::Segment;
use super::{file::ChangeCounter, lock::OpenDatabase, private_file::PrivateFile, rows::insert_rows, schema};
use crate::error::Error;

#[cfg(test)]
mod tests;

pub(super) enum Destination {
    /// Into a database that exists, in one transaction.
    Existing(Box<ExistingDatabase>),
    /// Page by page into a new database under a private name.
    Building(Box<Builder>, PrivateFile),
    /// Into the new database by INSERT, after the rows that were built.
    Built(Connection, PrivateFile),
}

impl Destination {
    /// Starts a new database.
    pub(super) fn build(options: &StoreOptions, private: PrivateFile) -> Result<Destination, Error> {
        let mut tables = schema::create_all(&options.profile);
        if options.track_inputs {
            tables.push_str(CHECKPOINT_UPDATES);
        }
        // An index on several columns is made by SQLite, when the table is complete.
        let key = if let [key] = &options.key[..] { options.profile.field_index(key) } else { None };
        let builder = Builder::start(options, &private, tables, key, PAGE_SIZE, true)?;
        Ok(Destination::Building(Box::new(builder), private))
    }

    /// The connection that can read the rows so far; `None` while they are in pages that SQLite does not know.
    pub(super) fn connection(&self) -> Option<&Connection> {
        match self {
            Destination::Existing(existing) => Some(&existing.open.connection),
            Destination::Built(connection, _) => Some(connection),
            Destination::Building(..) => None,
        }
    }

    /// Writes rows in their order, under IDs from `first` on. Returns their number.
    pub(super) fn append(
        &mut self,
        options: &StoreOptions,
        first: i64,
        bytes: &[u8],
        rows: &[Range<u32>],
    ) -> Result<u64, Error> {
        match self {
            Destination::Existing(existing) => existing.append(options, first, bytes, rows),
            Destination::Building(builder, _) => {
                builder.append(first, bytes, rows).map_err(|error| options.build_error(error))
            }
            Destination::Built(connection, _) => insert_rows(connection, &options.profile, first, bytes, rows)
                .map_err(|error| options.sqlite_error(error)),
        }
    }

    /// Writes the journal of added rows.
    pub(super) fn write_created(&mut self, options: &StoreOptions, range: &CreatedRange) -> Result<(), Error> {
        if let Destination::Building(builder, _) = self {
            return builder.append_created(options.run_id, range).map_err(|error| options.build_error(error));
        }
        let written = self.connection().map_or(Ok(()), |connection| write_created(connection, options.run_id, range));
        written.map_err(|error| options.sqlite_error(error))
    }

    /// Does what takes long: fills the key's index, moves gathered rows, syncs new pages.
    pub(super) fn complete(self, options: &StoreOptions) -> Result<Destination, Error> {
        let keep_going = || options.stop.load(Ordering::Relaxed) == 0;
        match self {
            Destination::Building(builder, private) => {
                let mut connection = builder.finish(keep_going).map_err(|error| options.build_error(error))?;
                index_several(&mut connection, options).map_err(|error| options.sqlite_error(error))?;
                private.lock.sync_all().map_err(|error| options.build_error(error))?;
                Ok(Destination::Built(connection, private))
            }
            Destination::Existing(existing) => {
                Ok(Destination::Existing(Box::new(existing.complete(options, keep_going)?)))
            }
            built => Ok(built),
        }
    }

    /// Begins a transaction in a new database, so that more rows can be added, and customers of this run changed.
    pub(super) fn begin_changes(&self) -> rusqlite::Result<()> {
        let Destination::Built(connection, _) = self else { return Ok(()) };
        if connection.is_autocommit() {
            connection.execute_batch("PRAGMA cache_size = -65536; BEGIN")?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
        }
        Ok(())
    }

    /// Commits, with what `write` writes; that gets the change counter so far. A notice says if a power cut may take the file's name.
    pub(super) fn commit(
        self,
        options: &StoreOptions,
        run: &RunRow,
        write: impl FnOnce(&Connection, Option<i64>) -> rusqlite::Result<()>,
    ) -> Result<Option<String>, Error> {
        match self {
            Destination::Existing(existing) => {
                let OpenDatabase { connection, counter } = &existing.open;
                let counter = counter.read().map_err(|error| options.build_error(error))?;
                write(connection, counter).map_err(|error| options.sqlite_error(error))?;
                let is_there = || is_written(connection, options.run_id, run);
                commit_past_readers(connection, options.wait, &options.stop, is_there)
                    .map_err(|error| error.into_error(&options.path, &options.stop))?;
                Ok(None)
            }
            Destination::Built(connection, private) => {
                commit_new(&connection, &private, (run, &options.profile.table), write)
                    .map_err(|error| options.build_error(error))?;
                connection.close().map_err(|(_, error)| options.sqlite_error(error))?;
                private.publish(&options.path)
            }
            Destination::Building(..) => Err(Error::Broken("the new database was not completed".into())),
        }
    }

    /// Rolls back. A new database is removed with its private name.
    pub(super) fn roll_back(self) -> rusqlite::Result<()> {
        let Destination::Existing(existing) = &self else { return Ok(()) };
        existing.open.connection.execute_batch("ROLLBACK")
    }
}

/// Creates the index on a key of several columns in a new database. A signal ends that.
fn index_several(connection: &mut Connection, options: &StoreOptions) -> rusqlite::Result<()> {
    if options.key.len() < 2 {
        return Ok(());
    }
    let stop = Arc::clone(&options.stop);
    connection.progress_handler(20_000, Some(move || stop.load(Ordering::Relaxed) != 0))?;
    let index = schema::create_key_index(&options.profile, &options.key());
    let created = connection.execute_batch(&format!("PRAGMA cache_size = -65536; {index}"));
    connection.progress_handler(0, None::<fn() -> bool>)?;
    created
}

fn commit_new(
    connection: &Connection,
    private: &PrivateFile,
    (run, table): (&RunRow, &str),
    write: impl FnOnce(&Connection, Option<i64>) -> rusqlite::Result<()>,
) -> Result<(), BuildError> {
    // The private file is open in no other process, so its handle may be closed.
    let counter = ChangeCounter(private.lock.try_clone()?).read()?;
    if connection.is_autocommit() {
        connection.execute_batch("BEGIN")?;
    }
    if let Some(last) = run.last_customer_id {
        // SQLite keeps the last ID only where it inserts rows itself.
        connection.execute("DELETE FROM sqlite_sequence WHERE name = ?1", [table])?;
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", params![table, last])?;
    }
    write(connection, counter)?;
    Ok(connection.execute_batch("COMMIT")?)
}

/// The number of rows that are inserted before a segment is begun: it does not pay for fewer.
const INSERTED_FIRST: u64 = 8_192;

/// A database that exists, in the transaction of a run. The first rows are inserted one by one. If more come, and the table is as
/// custload creates it, they are gathered in a [`Segment`], which takes a fraction of the time.
pub(super) struct ExistingDatabase {
    // Closed before the segment is removed.
    pub(super) open: OpenDatabase,
    route: Route,
    inserted: u64,
}

/// How the next rows get in.
enum Route {
    /// Inserted; whether a segment is possible is not known yet.
    First,
    /// Inserted: a segment is not possible in this database.
    Insert,
    /// Gathered in a segment.
    Segment(Box<Segment>),
    /// Inserted, after the rows of a segment. SQLite has its file open until the transaction ends.
    Transferred { _file: PrivateFile },
}

impl ExistingDatabase {
    pub(super) fn new(open: OpenDatabase) -> ExistingDatabase {
        ExistingDatabase { open, route: Route::First, inserted: 0 }
    }

    fn append(&mut self, options: &StoreOptions, first: i64, bytes: &[u8], rows: &[Range<u32>]) -> Result<u64, Error> {
        if matches!(self.route, Route::First) && self.inserted >= INSERTED_FIRST {
            self.route = match Segment::begin(&self.open.connection, options)? {
                Some(segment) => Route::Segment(Box::new(segment)),
                None => Route::Insert,
            };
        }
        let written = match &mut self.route {
            Route::First | Route::Insert | Route::Transferred { .. } => {
                insert_rows(&self.open.connection, &options.profile, first, bytes, rows)
                    .map_err(|error| options.sqlite_error(error))?
            }
            Route::Segment(segment) => {
                segment.append(first, bytes, rows).map_err(|error| options.build_error(error))?
            }
        };
        self.inserted += written;
        Ok(written)
    }

    /// Moves the rows of the segment, if there is one, into the database, until `keep_going` returns `false`.
    fn complete(self, options: &StoreOptions, keep_going: impl FnMut() -> bool) -> Result<ExistingDatabase, Error> {
        let Route::Segment(segment) = self.route else { return Ok(self) };
        let file = segment.move_into(&self.open.connection, options, keep_going);
        let route = Route::Transferred { _file: file.map_err(|error| options.build_error(error))? };
        Ok(ExistingDatabase { route, ..self })
    }
}
