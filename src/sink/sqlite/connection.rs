//! Connections to a database's file: how a run uses one ([`StoreOptions`]), opening, and committing while other programs read; and
//! errors of SQLite and the system as errors of a command: what went wrong, and what to do.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{io, sync::Arc};

use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::file::refuse_special_files;
use crate::core::profile::Profile;
use crate::error::{Error, Result, Words, has_failed};

#[derive(Clone, Debug)]
pub struct StoreOptions {
    pub path: PathBuf,
    pub run_id: i64,
    /// Its ID, if it has none yet.
    pub database_id: String,
    pub profile: Arc<Profile>,
    /// The columns of the run's key; none if it has none.
    pub key: Vec<String>,
    /// How many customers of each key are read.
    pub max_customers_per_key: usize,
    /// The first customer ID, where the database has never had a customer.
    pub first_id: i64,
    pub wait: Duration,
    /// The number of threads that may work for it. The same is written for any number.
    pub threads: usize,
    /// Whether to keep until the run is finished which input changed which customers: a resumed run needs it.
    pub track_inputs: bool,
    pub stop: Arc<AtomicUsize>,
}

impl StoreOptions {
    /// The names of the key's columns.
    pub(super) fn key(&self) -> Vec<&str> {
        self.key.iter().map(String::as_str).collect()
    }

    pub(super) fn sqlite_error(&self, error: rusqlite::Error) -> Error {
        sqlite_error(&self.path, &self.stop, &error)
    }

    pub(super) fn build_error(&self, error: impl Into<BuildError>) -> Error {
        error.into().into_error(&self.path, &self.stop)
    }
}

/// How many prepared statements are kept: an update has one for each column that it changes, and for each set of them.
pub(super) const STATEMENTS: usize = 256;

pub(super) fn connect(path: &Path, access: OpenFlags) -> Result<Connection> {
    refuse_special_files(path)?;
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(sqlite_name(path), flags).and_then(|connection| {
        connection.busy_timeout(Duration::ZERO)?;
        Ok(connection)
    });
    connection.map_err(|error| Error::database(path, explain(&error)))
}

/// Opens a database that exists and begins a transaction in which no other program writes.
pub(super) fn begin(path: &Path, stop: &Arc<AtomicUsize>) -> Result<Connection> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let signalled = Arc::clone(stop);
    let begun = connection
        .progress_handler(20_000, Some(move || signalled.load(Ordering::Relaxed) != 0))
        .and_then(|()| connection.execute_batch("PRAGMA cache_size = -65536; PRAGMA threads = 2; BEGIN IMMEDIATE"));
    begun.map_err(|error| sqlite_error(path, stop, &error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Reads a database without write access, unless a run was killed while it committed: SQLite first rolls that back.
pub(super) fn read_or_recover<T>(
    read: impl Fn(OpenFlags) -> Result<rusqlite::Result<T>>,
) -> Result<rusqlite::Result<T>> {
    let found = read(OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let code = found.as_ref().err().and_then(rusqlite::Error::sqlite_error_code);
    match code {
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => read(OpenFlags::SQLITE_OPEN_READ_WRITE),
        _ => Ok(found),
    }
}

/// A path for SQLite, to which a bare name such as `:memory:` would mean something else.
pub(super) fn sqlite_name(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_path_buf() } else { Path::new(".").join(path) }
}

/// How long a run waits at least to commit, or to lock the database again.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) enum CommitError {
    /// It was rolled back.
    Failed(#[from] rusqlite::Error),
    /// It was rolled back or committed: the next program to open the database will see which.
    InDoubt(rusqlite::Error),
}

impl CommitError {
    pub(super) fn into_error(self, path: &Path, stop: &AtomicUsize) -> Error {
        match self {
            CommitError::Failed(error) => sqlite_error(path, stop, &error),
            CommitError::InDoubt(error) => Error::InDoubt {
                path: path.to_path_buf(),
                reason: error.sqlite_error().map_or("", |error| ffi::code_to_str(error.extended_code)),
            },
        }
    }
}

/// Commits, and waits for programs that are reading. `is_there` reads whether the transaction is in the database: SQLite also fails
/// if everything is written and only a lock could not be released.
pub(super) fn commit_past_readers(
    connection: &Connection,
    wait: Duration,
    stop: &AtomicUsize,
    is_there: impl FnOnce() -> rusqlite::Result<bool>,
) -> Result<(), CommitError> {
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    let is_busy = |error: &rusqlite::Error| error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
    let Err(error) = retry(wait, stop, is_busy, || connection.execute_batch("COMMIT")) else { return Ok(()) };
    let is_there = match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) => is_there(),
        _ => Ok(false),
    };
    let code = error.sqlite_error().map_or(0, |error| error.extended_code);
    match is_there {
        Ok(true) => Ok(()),
        // A part of the write-ahead log that could not be synced may still be there when the database is opened next.
        _ if mode == "wal" && code == ffi::SQLITE_IOERR_FSYNC => Err(CommitError::InDoubt(error)),
        Err(_) if [ffi::SQLITE_IOERR_UNLOCK, ffi::SQLITE_IOERR_RDLOCK, ffi::SQLITE_IOERR_DIR_FSYNC].contains(&code) => {
            Err(CommitError::InDoubt(error))
        }
        _ => Err(CommitError::Failed(error)),
    }
}

/// Retries what another program blocks, for half a minute, or `wait` if that is longer, unless a signal comes.
pub(super) fn retry<T, E>(
    wait: Duration,
    stop: &AtomicUsize,
    is_blocked: impl Fn(&E) -> bool,
    mut attempt: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    let start = Instant::now();
    let may_wait = || start.elapsed() < wait.max(PATIENCE) && stop.load(Ordering::Relaxed) == 0;
    loop {
        match attempt() {
            Err(error) if is_blocked(&error) && may_wait() => std::thread::sleep(Duration::from_millis(20)),
            done => return done,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) enum BuildError {
    Sqlite(#[from] rusqlite::Error),
    Io(#[from] io::Error),
}

impl BuildError {
    pub(super) fn into_error(self, path: &Path, stop: &AtomicUsize) -> Error {
        let signal = stop.load(Ordering::Relaxed);
        match self {
            BuildError::Sqlite(error) => sqlite_error(path, stop, &error),
            BuildError::Io(error) if error.kind() == io::ErrorKind::Interrupted && signal != 0 => {
                Error::Interrupted(signal as i32)
            }
            BuildError::Io(error) => Error::database(path, cannot_write(&error)),
        }
    }
}

/// What SQLite reports of the database at `path`, or the signal in `stop` that caused it.
pub(super) fn sqlite_error(path: &Path, stop: &AtomicUsize, error: &rusqlite::Error) -> Error {
    let code = error.sqlite_error_code();
    let signal = stop.load(Ordering::Relaxed);
    // A signal also ends waiting for readers.
    if signal != 0 && matches!(code, Some(ErrorCode::OperationInterrupted | ErrorCode::DatabaseBusy)) {
        return Error::Interrupted(signal as i32);
    }
    match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::locked(path),
        _ => Error::database(path, explain(error)),
    }
}

pub(super) fn explain(error: &rusqlite::Error) -> Words {
    // The message of a trigger, say, may quote values; the class of the error does not.
    let class = error.sqlite_error().map(|error| format!("SQLite: {}", ffi::code_to_str(error.extended_code)));
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "it is not an SQLite database; name another file with --db",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "it is not writable; change its permissions, or name another file with --db"
        }
        Some(ErrorCode::DiskFull) => "the disk is full. Free some space, then run custload again",
        Some(ErrorCode::CannotOpen) => {
            "it, or a file beside it, cannot be opened; check the permissions of the file and its folder, and whether the disk \
             is full"
        }
        Some(ErrorCode::FileLockingProtocolFailed) => {
            "it cannot be locked; check that its disk supports locks, and that no other program keeps it locked"
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            "it is damaged, or its disk cannot be read; check the disk, and restore the database from a backup if need be"
        }
        Some(ErrorCode::SystemIoFailure) => {
            "it could not be read or written; check whether the disk is full or failing"
        }
        Some(ErrorCode::ConstraintViolation) => "one of its own constraints or triggers rejects a record",
        _ => return Words::from(error.to_string()).logged_as(class),
    };
    Words::from(format!("{advice} ({error})")).logged_as(class)
}

pub(super) fn cannot_write(error: &io::Error) -> Words {
    let advice = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => {
            "the disk, or your quota on it, is full. Free some space, then run custload again"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "the folder is not writable; change its permissions, or name another file with --db"
        }
        _ if has_failed(error) => "it cannot be written; check the disk, then run custload again",
        _ => return Words::own(format!("it cannot be written: {error}")),
    };
    Words::own(format!("{advice} ({error})"))
}

pub(super) fn cannot_lock(error: &io::Error) -> Words {
    Words::own(format!("it cannot be locked ({error}); name a file on another disk with --db, one that supports locks"))
}

pub(super) fn cannot_open(error: &io::Error) -> Words {
    Words::own(format!("it cannot be opened ({error}); check the permissions of the file and its folder"))
}
