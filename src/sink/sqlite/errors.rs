//! Errors of SQLite and the system as errors of a command: what went wrong, and what to do.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::{ErrorCode, ffi};

use crate::error::{Error, Words, has_failed};

/// Why a database could not be built.
#[derive(Debug)]
pub(super) enum BuildError {
    Sqlite(rusqlite::Error),
    Io(io::Error),
}

impl From<rusqlite::Error> for BuildError {
    fn from(error: rusqlite::Error) -> BuildError {
        BuildError::Sqlite(error)
    }
}

impl From<io::Error> for BuildError {
    fn from(error: io::Error) -> BuildError {
        BuildError::Io(error)
    }
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

/// What SQLite reports, and what to do about it.
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
