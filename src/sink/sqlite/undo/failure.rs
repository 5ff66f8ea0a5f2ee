//! Why a run cannot be undone.

use std::path::Path;
use std::sync::atomic::AtomicUsize;

use rusqlite::ErrorCode;

use crate::error::Error;
use crate::sink::sqlite::commit::CommitError;
use crate::sink::sqlite::errors::sqlite_error;

/// Why a run cannot be undone.
pub(super) enum Failure {
    Sqlite(rusqlite::Error),
    Commit(CommitError),
    /// In words.
    Refused(String),
}

/// The result of a step of undoing.
pub(super) type Step<T> = Result<T, Failure>;

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Sqlite(error)
    }
}

impl Failure {
    pub(super) fn into_error(self, path: &Path, run_id: i64, stop: &AtomicUsize) -> Error {
        match self {
            Failure::Sqlite(error) => sqlite_error(path, stop, &error),
            Failure::Commit(error) => error.into_error(path, stop),
            Failure::Refused(why) => Error::database(path, format!("run {run_id} cannot be undone: {why}")),
        }
    }
}

/// An error of a statement that the database's own rules may reject.
pub(super) fn refused_by(error: rusqlite::Error) -> Failure {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => {
            Failure::Refused(format!("a constraint, foreign key or trigger of the database rejects it ({error})"))
        }
        _ => Failure::Sqlite(error),
    }
}

/// That a column which the run has filled was dropped.
pub(super) fn column_dropped(column: &str) -> Failure {
    Failure::Refused(format!("it filled the column {column}, which the table customers no longer has"))
}
