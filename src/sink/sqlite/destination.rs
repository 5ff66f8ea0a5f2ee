//! Where a run's rows go: [`Destination`], a database that exists, or a new one.

use std::ops::Range;
use std::sync::atomic::Ordering;

use rusqlite::Connection;

use super::build::{self, Builder};
use super::checkpoint::CHECKPOINT_UPDATES;
use super::commit::commit_past_readers;
use super::connection::STATEMENTS;
use super::errors::BuildError;
use super::existing::ExistingDatabase;
use super::file_header::ChangeCounter;
use super::journal::{CreatedRange, write_created};
use super::options::StoreOptions;
use super::private_file::PrivateFile;
use super::rows::insert_rows;
use super::runs::{RunRow, is_written};
use super::schema;
use crate::error::{Error, Result};

/// Where a run's rows go.
#[derive(Debug)]
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
    pub(super) fn build(options: &StoreOptions, private: PrivateFile) -> Result<Destination> {
        let mut schema = schema::create_all(&options.profile);
        if options.track_inputs {
            schema.push_str(CHECKPOINT_UPDATES);
        }
        let index = options.key.as_deref().map(|key| (schema::key_index(key), key));
        if let Some((_, key)) = &index {
            schema.push_str(&schema::create_key_index(key));
        }
        let key = index.as_ref().and_then(|(index, key)| {
            let column = options.profile.field_index(key)?;
            Some(build::Key { index, column, integers: options.profile.fields[column].is_number() })
        });
        let builder = private
            .handle()
            .map_err(BuildError::Io)
            .and_then(|file| Builder::new(private.path(), file, &schema, key, build::PAGE_SIZE))
            .and_then(|builder| builder.with_threads(options.threads, true))
            .map_err(|error| options.build_error(error))?;
        Ok(Destination::Building(Box::new(builder), private))
    }

    /// The connection that can read the rows so far; `None` while they are in pages that SQLite does not know.
    pub(super) fn connection(&self) -> Option<&Connection> {
        match self {
            Destination::Existing(existing) => Some(existing.connection()),
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
    ) -> Result<u64> {
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
    pub(super) fn write_created(&mut self, options: &StoreOptions, range: &CreatedRange) -> Result<()> {
        if let Destination::Building(builder, _) = self {
            return builder.append_created(options.run_id, range).map_err(|error| options.build_error(error));
        }
        let written = self.connection().map_or(Ok(()), |connection| write_created(connection, options.run_id, range));
        written.map_err(|error| options.sqlite_error(error))
    }

    /// Does what takes long: fills the key's index, moves gathered rows, syncs new pages.
    pub(super) fn complete(self, options: &StoreOptions) -> Result<Destination> {
        let keep_going = || options.stop.load(Ordering::Relaxed) == 0;
        match self {
            Destination::Building(builder, private) => {
                let connection = builder.finish(keep_going).map_err(|error| options.build_error(error))?;
                private.sync().map_err(|error| options.build_error(error))?;
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

    /// Commits what is complete and what `write` writes, which gets the change counter before the commit. Returns a notice if the
    /// file's name may not survive a power cut.
    pub(super) fn commit(
        self,
        options: &StoreOptions,
        run: &RunRow,
        write: impl FnOnce(&Connection, Option<i64>) -> rusqlite::Result<()>,
    ) -> Result<Option<String>> {
        match self {
            Destination::Existing(existing) => {
                let (counter, connection) = (existing.change_counter(), existing.connection());
                let counter = counter.map_err(|error| options.build_error(error))?;
                write(connection, counter).map_err(|error| options.sqlite_error(error))?;
                let is_there = || is_written(connection, options.run_id, run);
                commit_past_readers(connection, options.wait, &options.stop, is_there)
                    .map_err(|error| error.into_error(&options.path, &options.stop))?;
                Ok(None)
            }
            Destination::Built(connection, private) => {
                commit_new(&connection, &private, run, write).map_err(|error| options.build_error(error))?;
                connection.close().map_err(|(_, error)| options.sqlite_error(error))?;
                private.publish(&options.path)
            }
            Destination::Building(..) => Err(Error::Broken("the new database was not completed".into())),
        }
    }

    /// Rolls back. A new database is removed with its private name.
    pub(super) fn roll_back(self) -> rusqlite::Result<()> {
        match &self {
            Destination::Existing(existing) => existing.connection().execute_batch("ROLLBACK"),
            Destination::Building(..) | Destination::Built(..) => Ok(()),
        }
    }
}

fn commit_new(
    connection: &Connection,
    private: &PrivateFile,
    run: &RunRow,
    write: impl FnOnce(&Connection, Option<i64>) -> rusqlite::Result<()>,
) -> std::result::Result<(), BuildError> {
    // The private file is open in no other process, so its handle may be closed.
    let counter = ChangeCounter::of(private.handle()?).read()?;
    if connection.is_autocommit() {
        connection.execute_batch("BEGIN")?;
    }
    if let Some(last) = run.last_customer_id {
        // SQLite keeps the last ID only where it inserts rows itself.
        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'customers'", [])?;
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('customers', ?1)", [last])?;
    }
    write(connection, counter)?;
    Ok(connection.execute_batch("COMMIT")?)
}
