//! Locking a database for a run ([`LockedDatabase`]): no other program writes to it from then on. What earlier runs left is read.

use std::path::{Path, PathBuf};
use std::{fs::File, sync::Arc, sync::atomic::AtomicUsize};

use rusqlite::Connection;

use super::connection::{begin, cannot_open, sqlite_error};
use super::file::{ChangeCounter, Location, absent, locate};
use super::history::{PastRun, runs_of};
use super::runs::{self, LoadedInput, RunRow, Unfinished};
use super::{private_file::PrivateFile, schema::tables};
use crate::error::{Error, Result};

pub struct LockedDatabase {
    pub(super) path: PathBuf,
    pub(super) state: LockState,
    pub(super) stop: Arc<AtomicUsize>,
}

pub(super) enum LockState {
    /// It does not exist; the private file for it is locked.
    New(PrivateFile),
    /// It exists; a transaction has begun.
    Existing(OpenDatabase),
}

/// A database that exists, in a transaction. The connection and the file drop in this order: POSIX releases all locks that a process
/// has on a file when it closes any handle of it, so closing the file first would release the connection's locks.
pub(super) struct OpenDatabase {
    pub(super) connection: Connection,
    pub(super) counter: ChangeCounter,
}

impl LockedDatabase {
    /// Locks the database at `path`; [`Error::Locked`] if another program has. A signal in `stop` ends what is read from it.
    pub fn lock(path: &Path, stop: &Arc<AtomicUsize>) -> Result<LockedDatabase> {
        let locked = |state| LockedDatabase { path: path.to_path_buf(), state, stop: Arc::clone(stop) };
        // No private file is created if another run has published the database meanwhile.
        if locate(path)? == Location::Absent
            && let Some(private) = PrivateFile::create(path)?
        {
            return Ok(locked(LockState::New(private)));
        }
        let counter =
            File::open(path).map(ChangeCounter).map_err(|error| Error::database(path, cannot_open(&error)))?;
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
        let read = tables(&open.connection).and_then(|found| match found {
            Ok(true) => read(&open.connection),
            _ => Ok(T::default()),
        });
        read.map_err(|error| sqlite_error(&self.path, &self.stop, &error))
    }

    pub fn next_run(&self) -> Result<i64> {
        Ok(self.read(runs::next_run)?.max(1))
    }

    pub fn database_id(&self) -> Result<Option<String>> {
        self.read(runs::database_id)
    }

    /// The last few runs that are done, the newest first: their reports may not be published yet.
    pub fn latest_runs(&self) -> Result<Vec<RunRow>> {
        self.read(runs::latest_runs)
    }

    /// The inputs of finished runs that are not undone, in the order in which they were read.
    pub fn loaded(&self) -> Result<Vec<LoadedInput>> {
        self.read(runs::loaded)
    }

    pub fn past_runs(&self) -> Result<Vec<PastRun>> {
        self.read(|connection| Ok(runs_of(connection, None)?.unwrap_or_default()))
    }

    /// The run that was stopped between two checkpoints, or after the last, if there is one.
    pub fn unfinished(&self) -> Result<Option<Unfinished>> {
        self.read(runs::unfinished)
    }
}
