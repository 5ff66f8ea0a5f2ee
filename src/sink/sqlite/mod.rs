//! Where accepted records go: [`Store`], one run's hold on an SQLite database.
//!
//! A run is all or nothing, and one with checkpoints is so from each to the next. Into a database that exists it is one transaction
//! (`segment`). A database that does not exist is built under a private name beside it, synced, and given its name without
//! replacing anything: until then it is not there. Either way the run holds a lock from its start, and a second run is told so at once.

mod build;
mod changes;
mod customers;
mod history;
mod hold;
mod imagined;
mod journal;
pub mod keys;
mod place;
mod prune;
pub mod record;
mod runs;
pub mod schema;
mod segment;
pub mod texts;
mod undo;

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use self::build::{BuildError, Builder};
use self::customers::{NAME, for_each_key, key_of, origin_of};
use self::hold::{ChangeCounter, HeldWay, Opened};
use self::journal::{Journal, write_created};
use self::place::PrivateFile;
use self::runs::{is_noted, remove_checkpoint, write_checkpoint, write_database_id, write_run};
use self::schema::Found;
use self::segment::Existing;
use crate::core::profile::Profile;
use crate::error::{Error, Result, Words};
use crate::shell;

pub use self::changes::{Change, ChangeStamp, Stored};
pub use self::customers::{Customers, Origin};
pub use self::history::{Journal as PastJournal, PastRun, past_runs, refuse_absent};
pub use self::hold::Held;
pub use self::imagined::{FIRST_IMAGINED, Imagined};
pub use self::prune::Pruned;
pub use self::runs::{
    Checkpoint, FINISHED, FileRow, KnownRun, Loaded, NOTHING_LOADED, RunRow, TextPlace, UNDONE, UNFINISHED, Unfinished,
};
pub use self::undo::{ChangedCustomers, MOST_LISTED, Since, Undo, Undone};

/// How long a run waits at the least for others to let it commit, or take hold again.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a run wants from a database.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// The database's file.
    pub path: PathBuf,
    /// The number of the run.
    pub run_id: i64,
    /// What tells the database from others, if it has nothing yet that does.
    pub database_id: String,
    /// The profile whose columns are filled.
    pub profile: Arc<Profile>,
    /// The column of the run's key, if it has one.
    pub key: Option<String>,
    /// How many customers with one and the same key are of interest.
    pub most_of_a_key: usize,
    /// The first customer ID, where the database has never had a customer.
    pub first_id: i64,
    /// How long the run would wait for others.
    pub wait: Duration,
    /// How many threads may work for it. What is written is the same for any number.
    pub threads: usize,
    /// Whether it is to be noted which input has changed which customers, until the run is finished: where a run that was stopped
    /// is continued, [`Store::has_changed`] knows it.
    pub notes_inputs: bool,
    /// Set to a signal's number when the run is to stop.
    pub stop: Arc<AtomicUsize>,
}

/// A database that a run writes to.
#[derive(Debug)]
pub struct Store {
    way: Way,
    options: StoreOptions,
    next_id: i64,
    rows_written: u64,
    rows_changed: u64,
    journal: Journal,
}

/// How rows get into the database.
#[derive(Debug)]
enum Way {
    /// In one transaction of a database that exists.
    Add(Box<Existing>),
    /// Page by page, into a new database under a private name.
    Build(Box<Builder>, PrivateFile),
    /// The rows so far are in the new database; more of them are inserted.
    Built(Connection, PrivateFile),
}

impl Store {
    /// Makes or extends the tables of a database that a run has taken hold of.
    pub fn open(held: Held, options: StoreOptions) -> Result<Store> {
        match held.way {
            HeldWay::New(private) => Store::build(options, private),
            HeldWay::Existing(opened) => Store::begin(options, opened),
        }
    }

    fn build(options: StoreOptions, private: PrivateFile) -> Result<Store> {
        let mut schema = schema::create_all(&options.profile);
        if options.notes_inputs {
            schema.push_str(schema::CHECKPOINT_UPDATES);
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
            .and_then(|file| Builder::new(private.path(), file, &schema, key))
            .and_then(|builder| builder.with_threads(options.threads, true))
            .map_err(|error| build_error(&options, error))?;
        Ok(Store {
            way: Way::Build(Box::new(builder), private),
            next_id: options.first_id,
            rows_written: 0,
            rows_changed: 0,
            journal: Journal::default(),
            options,
        })
    }

    /// The number of the run.
    pub fn run_id(&self) -> i64 {
        self.options.run_id
    }

    /// The customer ID that the next row gets.
    pub fn next_id(&self) -> i64 {
        self.next_id
    }

    /// How many rows the database says it has been given.
    pub fn rows_written(&self) -> u64 {
        self.rows_written
    }

    /// How many rows it says it has changed.
    pub fn rows_changed(&self) -> u64 {
        self.rows_changed
    }

    /// Gives each key of a customer who was there before and has an ID below `below`, and the first who have it, where the run has
    /// a key.
    pub fn for_each_key(&self, below: i64, each: impl FnMut(i64, &str)) -> Result<()> {
        let (Some(connection), Some(key)) = (self.connection(), &self.options.key) else { return Ok(()) };
        for_each_key(connection, key, below, self.options.most_of_a_key, each).map_err(|error| self.failed(error))
    }

    /// The key of a customer who was there before, as it is stored.
    pub fn key_of(&self, customer: i64) -> Result<Option<String>> {
        let (Some(connection), Some(key)) = (self.connection(), &self.options.key) else { return Ok(None) };
        key_of(connection, key, customer).map_err(|error| self.failed(error))
    }

    /// Who a customer is.
    pub fn origin_of(&self, customer: i64) -> Result<Origin> {
        let Some(connection) = self.connection() else { return Ok(Origin::default()) };
        let has_name = self.options.profile.field_index(NAME).is_some();
        origin_of(connection, has_name, customer).map_err(|error| self.failed(error))
    }

    /// Writes rows (see [`record`]) in their order, under the next customer IDs. The last of those must fit 63 bits.
    pub fn append(&mut self, bytes: &[u8], rows: &[Range<u32>]) -> Result<()> {
        let Store { way, options, journal, next_id, .. } = self;
        let (run_id, first) = (options.run_id, *next_id);
        let written = match way {
            Way::Add(existing) => {
                let written = existing.append(options, first, bytes, rows)?;
                let noted =
                    journal.created(first, bytes, rows, |range| write_created(existing.connection(), run_id, range));
                noted.map_err(|error| sqlite_error(options, &error))?;
                written
            }
            Way::Build(builder, _) => builder
                .append(first, bytes, rows)
                .and_then(|written| {
                    journal.created(first, bytes, rows, |range| builder.append_created(run_id, range))?;
                    Ok(written)
                })
                .map_err(|error| build_error(options, BuildError::Io(error)))?,
            Way::Built(connection, _) => segment::insert(connection, &options.profile, first, bytes, rows)
                .and_then(|written| {
                    journal.created(first, bytes, rows, |range| write_created(connection, run_id, range))?;
                    Ok(written)
                })
                .map_err(|error| sqlite_error(options, &error))?,
        };
        self.next_id += rows.len() as i64;
        self.rows_written += written;
        Ok(())
    }

    /// Does what is left to do when the last row is written, and takes its time: the key's index, rows that were gathered, and
    /// new pages go to the disk.
    pub fn complete(self) -> Result<Store> {
        let Store { way, options, next_id, rows_written, rows_changed, mut journal } = self;
        let run_id = options.run_id;
        let go_on = || options.stop.load(Ordering::Relaxed) == 0;
        let way = match way {
            Way::Build(mut builder, private) => {
                let noted = journal.end(|range| builder.append_created(run_id, range));
                noted.map_err(|error| build_error(&options, BuildError::Io(error)))?;
                let connection = builder.finish(go_on).map_err(|error| build_error(&options, error))?;
                private.sync().map_err(|error| build_error(&options, BuildError::Io(error)))?;
                Way::Built(connection, private)
            }
            Way::Add(existing) => {
                let noted = journal.end(|range| write_created(existing.connection(), run_id, range));
                noted.map_err(|error| sqlite_error(&options, &error))?;
                Way::Add(Box::new(existing.complete(&options, go_on)?))
            }
            Way::Built(connection, private) => {
                let noted = journal.end(|range| write_created(&connection, run_id, range));
                noted.map_err(|error| sqlite_error(&options, &error))?;
                Way::Built(connection, private)
            }
        };
        Ok(Store { way, options, next_id, rows_written, rows_changed, journal })
    }

    /// Does so where more rows may come, and customers that the run has created may be changed.
    pub fn end_input(self) -> Result<Store> {
        let store = self.complete()?;
        if let Way::Built(connection, _) = &store.way
            && connection.is_autocommit()
        {
            let begun = connection.execute_batch("PRAGMA cache_size = -65536; BEGIN");
            begun.map_err(|error| store.failed(error))?;
            connection.set_prepared_statement_cache_capacity(hold::STATEMENTS);
        }
        Ok(store)
    }

    /// The names of the triggers on the table of customers, which its user has made.
    pub fn triggers(&self) -> Result<Vec<String>> {
        let Some(connection) = self.connection() else { return Ok(Vec::new()) };
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'customers' ORDER BY name";
        let names = connection.prepare(sql).and_then(|mut statement| {
            let names = statement.query_map([], |row| row.get(0))?;
            names.collect()
        });
        names.map_err(|error| self.failed(error))
    }

    /// What the rows so far can be read by; none while they are in pages that SQLite does not know.
    fn connection(&self) -> Option<&Connection> {
        match &self.way {
            Way::Add(existing) => Some(existing.connection()),
            Way::Built(connection, _) => Some(connection),
            Way::Build(..) => None,
        }
    }

    /// Looks at the rows of customers: gives the values of these columns, with the place of each among `customers`.
    pub fn look_at(&self, columns: &[&str], customers: &[i64], each: impl FnMut(usize, Stored<'_, '_>)) -> Result<()> {
        let Some(connection) = self.connection() else { return Ok(()) };
        changes::look_at(connection, columns, customers, each).map_err(|error| self.failed(error))
    }

    /// Whether the run has changed a customer before it was stopped, by a record of an input, from 1.
    pub fn has_changed(&self, customer: i64, file: i64) -> Result<bool> {
        let Some(connection) = self.connection() else { return Ok(false) };
        let (sql, of) = match self.options.notes_inputs {
            true => ("SELECT 1 FROM import_checkpoint_updates WHERE import_file = ?1 AND customer_id = ?2", file),
            false => ("SELECT 1 FROM import_updated WHERE run_id = ?1 AND customer_id = ?2", self.options.run_id),
        };
        let found = connection.prepare_cached(sql).and_then(|mut statement| statement.exists([of, customer]));
        found.map_err(|error| self.failed(error))
    }

    /// How many customers the database has.
    pub fn customers(&self) -> Result<i64> {
        let Way::Add(existing) = &self.way else { return Ok(self.rows_written as i64) };
        let count = existing.connection().query_row("SELECT count(*) FROM customers", [], |row| row.get(0));
        count.map_err(|error| self.failed(error))
    }

    /// An error where the database is not as this run has left it at a checkpoint. `true` if somebody has written to it, but not to
    /// what the run has loaded.
    pub fn refuse_changed(&self, checkpoint: &Checkpoint) -> Result<bool> {
        let Way::Add(existing) = &self.way else { return Ok(false) };
        let counter = self.change_counter(existing)?;
        let customers = self.customers()?;
        let what = if customers != checkpoint.customers {
            format!("it had {} customers, and has {customers}", checkpoint.customers)
        } else if self.next_id != checkpoint.next_customer_id {
            format!("the next customer was to be {}, and is {}", checkpoint.next_customer_id, self.next_id)
        } else if counter.is_some() && counter == checkpoint.change_counter {
            return Ok(false);
        } else {
            // The counter says that somebody has written, not what; and in WAL mode it says nothing. So the run's rows are read.
            let changed = undo::changed_since(existing.connection(), checkpoint.run_id, &self.options.stop);
            match changed.map_err(|error| self.failed(error))? {
                Some(who) => format!("{who} has been changed"),
                None => return Ok(is_another(counter, checkpoint.change_counter)),
            }
        };
        let run_id = checkpoint.run_id;
        Err(Error::database(
            &self.options.path,
            Words::own(format!(
                "run {run_id} cannot continue: the database has changed since the run stopped: {what}. Undo the run with \
                 `{}`, then load again",
                shell::undo(run_id, &self.options.path)
            )),
        ))
    }

    /// Commits what was done so far, together with a checkpoint. The run goes on with what it gives, and has let go of the database
    /// until then. Gives what there is to say, too.
    pub fn checkpoint(
        self,
        run: &RunRow,
        files: &[FileRow],
        checkpoint: &Checkpoint,
    ) -> Result<(Paused, Option<String>)> {
        let options = self.options.clone();
        let (rows_written, rows_changed) = (self.rows_written, self.rows_changed);
        let said = self.end(run, files, Some(checkpoint))?;
        Ok((Paused { options, rows_written, rows_changed, next_id: checkpoint.next_customer_id }, said))
    }

    fn change_counter(&self, existing: &Existing) -> Result<Option<i64>> {
        let counter = existing.change_counter();
        counter.map_err(|error| Error::database(&self.options.path, place::cannot_open(&error)))
    }

    /// Changes a customer who is there.
    pub fn change(&mut self, change: &Change<'_>, stamp: &ChangeStamp<'_>) -> Result<()> {
        let Some(connection) = self.connection() else { return Ok(()) };
        let changed = changes::change(connection, change, stamp).and_then(|changed| {
            if self.options.notes_inputs {
                let sql = "INSERT INTO import_checkpoint_updates (import_file, customer_id) VALUES (?1, ?2)";
                connection.prepare_cached(sql)?.execute([stamp.file, change.customer])?;
            }
            Ok(changed)
        });
        self.rows_changed += changed.map_err(|error| self.failed(error))? as u64;
        Ok(())
    }

    /// Ends the run: notes it, and puts everything in place for good. Gives what there is to say of it nevertheless.
    pub fn commit(self, run: &RunRow, files: &[FileRow]) -> Result<Option<String>> {
        self.end(run, files, None)
    }

    fn end(self, run: &RunRow, files: &[FileRow], checkpoint: Option<&Checkpoint>) -> Result<Option<String>> {
        let Store { way, options, .. } = self.complete()?;
        let failed = |error: rusqlite::Error| sqlite_error(&options, &error);
        let run_id = options.run_id;
        let write = |connection: &Connection, counter: Option<i64>| {
            write_run(connection, run_id, run, files)?;
            write_database_id(connection, &options.database_id)?;
            match checkpoint {
                // One more, with the transaction that is about to be committed.
                Some(checkpoint) => {
                    let change_counter = counter.map(|counter| counter + 1);
                    write_checkpoint(connection, &Checkpoint { change_counter, ..checkpoint.clone() })
                }
                None => remove_checkpoint(connection, run_id),
            }
        };
        match way {
            Way::Add(existing) => {
                let counter = existing.change_counter().map_err(BuildError::Io);
                let counter = counter.map_err(|error| build_error(&options, error))?;
                write(existing.connection(), counter).map_err(failed)?;
                let is_there = || is_noted(existing.connection(), run_id, run);
                commit_past_readers(existing.connection(), options.wait, &options.stop, is_there)
                    .map_err(|failure| failure.into_error(&options.path, &options.stop))?;
                Ok(None)
            }
            Way::Built(connection, private) => {
                let written = private.handle().map_err(BuildError::Io).and_then(|file| {
                    // The handle is the private file's, which nobody else has.
                    let counter = ChangeCounter::over(file).read()?;
                    if connection.is_autocommit() {
                        connection.execute_batch("BEGIN")?;
                    }
                    if let Some(last) = run.last_customer_id {
                        // SQLite notes it only where rows are inserted.
                        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'customers'", [])?;
                        let sql = "INSERT INTO sqlite_sequence (name, seq) VALUES ('customers', ?1)";
                        connection.execute(sql, [last])?;
                    }
                    write(&connection, counter)?;
                    Ok(connection.execute_batch("COMMIT")?)
                });
                written.map_err(|error| build_error(&options, error))?;
                connection.close().map_err(|(_, error)| failed(error))?;
                private.put_in_place(&options.path)
            }
            // `complete` has made something else of it.
            Way::Build(..) => Err(Error::Broken("the new database was not completed".into())),
        }
    }

    /// Rolls the run back: the database is as it was.
    pub fn abandon(self) -> Result<()> {
        match &self.way {
            Way::Add(existing) => existing.connection().execute_batch("ROLLBACK").map_err(|error| self.failed(error)),
            // A database that was being built goes with its private name.
            Way::Build(..) | Way::Built(..) => Ok(()),
        }
    }

    /// Makes or extends the tables of a database that exists.
    fn begin(options: StoreOptions, opened: Opened) -> Result<Store> {
        let connection = &opened.connection;
        let found = schema::look(connection, &options.profile);
        let mut sql = match found.map_err(|error| sqlite_error(&options, &error))? {
            Found::Nothing => schema::create_all(&options.profile),
            Found::Ours { missing, upgrade } => upgrade + &schema::add_columns(&options.profile, &missing),
            Found::Foreign(why) => {
                return Err(Error::database(
                    &options.path,
                    format!("{why}. Name another database with --db, or rename what is there"),
                ));
            }
        };
        // At once, and not behind the last row: the keys that are there are read by it, and there are fewer now.
        sql.extend(options.key.as_deref().map(schema::create_key_index));
        if options.notes_inputs {
            sql.push_str(schema::CHECKPOINT_UPDATES);
        }
        let prepared = connection.execute_batch(&sql).and_then(|()| last_id(connection));
        let last = prepared.map_err(|error| sqlite_error(&options, &error))?;
        let next_id = match last {
            Some(last) => last.checked_add(1).ok_or_else(|| {
                Error::database(&options.path, "its customer IDs have reached the greatest that there can be")
            })?,
            None => options.first_id,
        };
        let existing = Existing::new(opened);
        let (way, journal) = (Way::Add(Box::new(existing)), Journal::default());
        Ok(Store { way, options, next_id, rows_written: 0, rows_changed: 0, journal })
    }

    fn failed(&self, error: rusqlite::Error) -> Error {
        sqlite_error(&self.options, &error)
    }
}

/// Whether a change counter is another than the one that was expected, as far as both are known.
fn is_another(counter: Option<i64>, expected: Option<i64>) -> bool {
    counter.zip(expected).is_some_and(|(counter, expected)| counter != expected)
}

/// A run between two of its parts: what is before is committed, and the database is nobody's. Other runs may take hold of it
/// now, find that this one is not done, and let go.
#[derive(Debug)]
pub struct Paused {
    options: StoreOptions,
    rows_written: u64,
    rows_changed: u64,
    next_id: i64,
}

impl Paused {
    /// Takes hold of the database again. An error where another program has written to it.
    pub fn go_on(self) -> Result<Store> {
        let Paused { options, rows_written, rows_changed, next_id } = self;
        let held = take_again(&options)?;
        let noted = held.unfinished()?.and_then(|run| run.checkpoint.change_counter);
        // The tables are there; only what the run has left is to be found again.
        let store = Store::open(held, options)?;
        let counter = match &store.way {
            Way::Add(existing) => store.change_counter(existing)?,
            Way::Build(..) | Way::Built(..) => None,
        };
        if store.next_id != next_id || is_another(counter, noted) {
            let message = "another program wrote to it between two checkpoints";
            return Err(Error::database(&store.options.path, message));
        }
        Ok(Store { rows_written, rows_changed, ..store })
    }
}

/// The greatest customer ID that was ever given out, as far as the database remembers.
fn last_id(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let greatest = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
    let held = greatest("SELECT max(customer_id) FROM customers")?;
    let given = match schema::has_table(connection, "sqlite_sequence")? {
        true => greatest("SELECT max(seq) FROM sqlite_sequence WHERE name = 'customers'")?,
        false => None,
    };
    let noted = greatest("SELECT max(last_customer_id) FROM import_runs")?;
    Ok(held.max(given).max(noted).filter(|last| *last > 0))
}

/// Commits, and waits a while for programs that are reading: the work is done, and no reader should undo it.
///
/// `is_there` looks whether what is committed is there. That a commit fails does not say that it is not: SQLite also says so where
/// all is written, and only a lock could not be given back.
fn commit_past_readers(
    connection: &Connection,
    wait: Duration,
    stop: &AtomicUsize,
    is_there: impl FnOnce() -> rusqlite::Result<bool>,
) -> std::result::Result<(), NotCommitted> {
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    let is_busy = |error: &rusqlite::Error| error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
    let Err(error) = insist(wait, stop, is_busy, || connection.execute_batch("COMMIT")) else { return Ok(()) };
    let is_there = match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) => is_there(),
        _ => Ok(false),
    };
    let code = error.sqlite_error().map_or(0, |error| error.extended_code);
    match is_there {
        Ok(true) => Ok(()),
        // What could not be synced of a write-ahead log may be there nevertheless when the database is opened next.
        _ if mode == "wal" && code == ffi::SQLITE_IOERR_FSYNC => Err(NotCommitted::InDoubt(error)),
        Err(_) if [ffi::SQLITE_IOERR_UNLOCK, ffi::SQLITE_IOERR_RDLOCK, ffi::SQLITE_IOERR_DIR_FSYNC].contains(&code) => {
            Err(NotCommitted::InDoubt(error))
        }
        _ => Err(NotCommitted::Failed(error)),
    }
}

/// What has become of a transaction that could not be committed.
#[derive(Debug)]
enum NotCommitted {
    /// It was taken back.
    Failed(rusqlite::Error),
    /// That, or it is there: who opens the database next, on a disk that works, will see.
    InDoubt(rusqlite::Error),
}

impl From<rusqlite::Error> for NotCommitted {
    fn from(error: rusqlite::Error) -> NotCommitted {
        NotCommitted::Failed(error)
    }
}

impl NotCommitted {
    fn into_error(self, path: &Path, stop: &AtomicUsize) -> Error {
        match self {
            NotCommitted::Failed(error) => error_of(path, stop, &error),
            NotCommitted::InDoubt(error) => Error::InDoubt {
                path: path.to_path_buf(),
                reason: error.sqlite_error().map_or("", |error| ffi::code_to_str(error.extended_code)),
            },
        }
    }
}

/// Takes hold again of a database that the run has let go of for a moment.
fn take_again(options: &StoreOptions) -> Result<Held> {
    let is_locked = |error: &Error| matches!(error, Error::Locked { .. });
    let held = insist(options.wait, &options.stop, is_locked, || Held::take(&options.path, &options.stop));
    held.map_err(|error| match options.stop.load(Ordering::Relaxed) {
        0 => error,
        signal => Error::Interrupted(signal as i32),
    })
}

/// Tries again what somebody else stands in the way of, for half a minute, or `wait` if that is longer, unless a signal asks to
/// stop.
fn insist<T, E>(
    wait: Duration,
    stop: &AtomicUsize,
    is_in_the_way: impl Fn(&E) -> bool,
    mut attempt: impl FnMut() -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let start = Instant::now();
    loop {
        match attempt() {
            Err(error)
                if is_in_the_way(&error)
                    && start.elapsed() < wait.max(PATIENCE)
                    && stop.load(Ordering::Relaxed) == 0 =>
            {
                std::thread::sleep(Duration::from_millis(20));
            }
            done => return done,
        }
    }
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection> {
    place::refuse_other_than_files(path)?;
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(sqlite_name(path), flags).and_then(|connection| {
        connection.busy_timeout(std::time::Duration::ZERO)?;
        Ok(connection)
    });
    connection.map_err(|error| Error::database(path, explain(&error)))
}

/// Looks at a database without writing to it. Where a run was killed while it was committing, SQLite puts the database right first,
/// and has to be let write for that.
fn look_or_mend<T>(look: impl Fn(OpenFlags) -> Result<rusqlite::Result<T>>) -> Result<rusqlite::Result<T>> {
    let looked = look(OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let code = looked.as_ref().err().and_then(rusqlite::Error::sqlite_error_code);
    match code {
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => look(OpenFlags::SQLITE_OPEN_READ_WRITE),
        _ => Ok(looked),
    }
}

/// A path as SQLite takes it: a bare name such as `:memory:` would mean something else to it.
fn sqlite_name(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_path_buf() } else { Path::new(".").join(path) }
}

fn build_error(options: &StoreOptions, error: BuildError) -> Error {
    let signal = options.stop.load(Ordering::Relaxed);
    match error {
        BuildError::Sqlite(error) => sqlite_error(options, &error),
        BuildError::Io(error) if error.kind() == io::ErrorKind::Interrupted && signal != 0 => {
            Error::Interrupted(signal as i32)
        }
        BuildError::Io(error) => Error::database(&options.path, place::cannot_write(&error)),
    }
}

fn sqlite_error(options: &StoreOptions, error: &rusqlite::Error) -> Error {
    error_of(&options.path, &options.stop, error)
}

fn error_of(path: &Path, stop: &AtomicUsize, error: &rusqlite::Error) -> Error {
    let signal = stop.load(Ordering::Relaxed);
    // A run that waits for readers gives up for the signal's sake.
    let is_stopped = Some(ErrorCode::OperationInterrupted) == error.sqlite_error_code()
        || Some(ErrorCode::DatabaseBusy) == error.sqlite_error_code();
    if signal != 0 && is_stopped {
        return Error::Interrupted(signal as i32);
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::locked(path),
        _ => Error::database(path, explain(error)),
    }
}

/// What SQLite says, and what to do about it.
fn explain(error: &rusqlite::Error) -> Words {
    // The message of a trigger, say, may hold values; the class of the error does not.
    let class = error.sqlite_error().map(|error| format!("SQLite: {}", ffi::code_to_str(error.extended_code)));
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "it is not an SQLite database; name another file with --db",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "it may not be written to; change its permissions, or name another file with --db"
        }
        Some(ErrorCode::DiskFull) => "the disk is full. Free some space, then run custload again",
        Some(ErrorCode::CannotOpen) => {
            "it, or a file beside it, cannot be opened; check the permissions of the file and its folder, and whether the disk \
             is full"
        }
        Some(ErrorCode::FileLockingProtocolFailed) => {
            "it cannot be locked; check that it is on a disk that has locks, and that nobody else has it for long"
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            "it is damaged, or its disk cannot be read; check the disk, and restore it from a backup if need be"
        }
        Some(ErrorCode::SystemIoFailure) => "it could not be read or written; is the disk full or failing?",
        Some(ErrorCode::ConstraintViolation) => "a constraint or trigger of its own refuses a record",
        _ => return Words::from(error.to_string()).logged_as(class),
    };
    Words::from(format!("{advice} ({error})")).logged_as(class)
}
