//! Connections to a database's file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::errors::{explain, sqlite_error};
use super::location::refuse_special_files;
use crate::error::{Error, Result};

/// The number of prepared statements that are kept: an update has one for each column that it changes, and for each set of
/// them.
pub(super) const STATEMENTS: usize = 256;

/// Opens a database that exists.
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

/// Reads a database without write access. If a run was killed while it committed, SQLite first rolls that back, and needs write
/// access.
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
