//! Locking a database for a run: [`LockedDatabase`]. No other program writes to it from then on. The run reads what earlier runs
//! left before it opens its inputs.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use rusqlite::Connection;

use super::checkpoint::{self, Unfinished};
use super::connection::begin;
use super::errors::{cannot_open, sqlite_error};
use super::file_header::ChangeCounter;
use super::history::{self, PastRun};
use super::loaded::{self, LoadedInput};
use super::location::{Location, absent, locate};
use super::private_file::PrivateFile;
use super::runs::{self, RunRow};
use super::schema;
use crate::error::{Error, Result};

/// A database that a run has locked.
#[derive(Debug)]
pub struct LockedDatabase {
    pub(super) path: PathBuf,
    pub(super) state: LockState,
    pub(super) stop: Arc<AtomicUsize>,
}

#[derive(Debug)]
pub(super) enum LockState {
    /// It does not exist; the private file for it is locked.
    New(PrivateFile),
    /// It exists; a transaction has begun.
    Existing(OpenDatabase),
}

/// A database that exists, in a transaction.
///
/// The connection and the file stay together and drop in this order: POSIX releases all locks that a process has on a file when
/// it closes any handle of it, so closing the file first would release the connection's locks.
#[derive(Debug)]
pub(super) struct OpenDatabase {
    pub(super) connection: Connection,
    counter: ChangeCounter,
}

impl OpenDatabase {
    /// See [`ChangeCounter::read`].
    pub(super) fn change_counter(&self) -> io::Result<Option<i64>> {
        self.counter.read()
    }
}

impl LockedDatabase {
    /// Locks the database at `path`; [`Error::Locked`] if another program has locked it. A signal in `stop` ends what is read from
    /// it.
    pub fn lock(path: &Path, stop: &Arc<AtomicUsize>) -> Result<LockedDatabase> {
        let locked = |state| LockedDatabase { path: path.to_path_buf(), state, stop: Arc::clone(stop) };
        if locate(path)? == Location::Absent {
            // `None` if another run has published the database meanwhile.
            if let Some(private) = PrivateFile::create(path)? {
                return Ok(locked(LockState::New(private)));
            }
        }
        let counter = ChangeCounter::open(path).map_err(|error| Error::database(path, cannot_open(&error)))?;
        let connection = begin(path, stop)?;
        // Rows that a killed run had gathered. This run may not gather any, and so not remove them.
        PrivateFile::remove_leftover(path);
        Ok(locked(LockState::Existing(OpenDatabase { connection, counter })))
    }

    pub(super) fn existing(&self) -> Result<&OpenDatabase> {
        match &self.state {
            LockState::Existing(open) => Ok(open),
            LockState::New(_) => Err(absent(&self.path)),
        }
    }

    /// Reads custload's tables; the default if they are not there.
    fn read<T: Default>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let LockState::Existing(open) = &self.state else { return Ok(T::default()) };
        let read = schema::has_runs(&open.connection).and_then(|has_runs| match has_runs {
            true => read(&open.connection),
            false => Ok(T::default()),
        });
        read.map_err(|error| sqlite_error(&self.path, &self.stop, &error))
    }

    /// The number that the next run gets.
    pub fn next_run(&self) -> Result<i64> {
        Ok(self.read(runs::next_run)?.max(1))
    }

    /// The database's ID, if it has one yet.
    pub fn database_id(&self) -> Result<Option<String>> {
        self.read(runs::database_id)
    }

    /// The last few runs that are done, the newest first: their reports may not be published yet.
    pub fn latest_runs(&self) -> Result<Vec<RunRow>> {
        self.read(runs::latest_runs)
    }

    /// The inputs of finished runs that are not undone, in the order in which they were read.
    pub fn loaded(&self) -> Result<Vec<LoadedInput>> {
        self.read(loaded::loaded)
    }

    /// All runs, in the order of their numbers.
    pub fn past_runs(&self) -> Result<Vec<PastRun>> {
        self.read(|connection| Ok(history::runs_of(connection, None)?.unwrap_or_default()))
    }

    /// The run that was stopped between its checkpoints, if there is one.
    pub fn unfinished(&self) -> Result<Option<Unfinished>> {
        self.read(checkpoint::unfinished)
    }
}
