//! Committing while other programs read the database.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, ffi};

use super::errors::sqlite_error;
use crate::error::Error;

/// How long a run waits at least to commit, or to lock the database again.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a transaction was not committed.
#[derive(Debug)]
pub(super) enum CommitError {
    /// It was rolled back.
    Failed(rusqlite::Error),
    /// It was rolled back or committed: the next program to open the database will see which.
    InDoubt(rusqlite::Error),
}

impl From<rusqlite::Error> for CommitError {
    fn from(error: rusqlite::Error) -> CommitError {
        CommitError::Failed(error)
    }
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

/// Commits, and waits for programs that are reading.
///
/// `is_there` reads whether the transaction is in the database. SQLite also fails if everything is written and only a lock could not
/// be released.
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
