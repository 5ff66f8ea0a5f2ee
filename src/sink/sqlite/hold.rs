//! Taking hold of a database for a run: [`Held`]. From then on nobody else writes to it, and what earlier runs have left there
//! can be asked for, before the run has looked at its inputs.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::{Connection, OpenFlags};

use super::history::{self, PastRun};
use super::place::{self, Kind, PrivateFile};
use super::runs::{self, KnownRun, Loaded, Unfinished};
use super::{connect, error_of, schema};
use crate::error::{Error, Result};

/// A database that a run has taken hold of.
#[derive(Debug)]
pub struct Held {
    pub(super) path: PathBuf,
    pub(super) way: HeldWay,
    pub(super) stop: Arc<AtomicUsize>,
}

#[derive(Debug)]
pub(super) enum HeldWay {
    /// It does not exist: its private name is taken.
    New(PrivateFile),
    /// It exists: its transaction has begun.
    Existing(Opened),
}

/// A database that exists, and the run's hold on it.
///
/// The two are never taken apart: fields drop in their order, and closing the file while the connection is open would undo the
/// connection's locks, for POSIX lets go of all locks that a process has on a file when it closes any handle of it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) connection: Connection,
    counter: ChangeCounter,
}

impl Opened {
    /// The number by which SQLite tells that the database has been written to: it grows by one with each transaction
    /// (sqlite.org/fileformat2.html, section 1.3.6). `None` in WAL mode, where it says nothing, and of an empty file.
    pub(super) fn change_counter(&self) -> io::Result<Option<i64>> {
        self.counter.read()
    }
}

impl Held {
    /// Takes hold of the database at `path`; [`Error::Locked`] where somebody else has it. A signal in `stop` ends what is asked of
    /// it from then on.
    pub fn take(path: &Path, stop: &Arc<AtomicUsize>) -> Result<Held> {
        let held = |way| Held { path: path.to_path_buf(), way, stop: Arc::clone(stop) };
        if place::kind(path)? == Kind::Absent {
            // `None` if another run has finished building the database meanwhile.
            if let Some(private) = PrivateFile::create(path)? {
                return Ok(held(HeldWay::New(private)));
            }
        }
        let counter = ChangeCounter::of(path)?;
        let connection = begin(path, stop)?;
        // A run that was killed may have left rows there that it had gathered; and the next may have nothing else to do.
        PrivateFile::remove_left_behind(path);
        Ok(held(HeldWay::Existing(Opened { connection, counter })))
    }

    fn connection(&self) -> Option<&Connection> {
        match &self.way {
            HeldWay::Existing(opened) => Some(&opened.connection),
            HeldWay::New(_) => None,
        }
    }

    fn ask<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<Option<T>> {
        self.ask_if(schema::has_runs, ask)
    }

    /// Asks for what a database of an earlier version has too.
    fn ask_any<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<Option<T>> {
        self.ask_if(|connection| Ok(schema::run_columns(connection)?.is_some()), ask)
    }

    fn ask_if<T>(
        &self,
        is_ours: impl FnOnce(&Connection) -> rusqlite::Result<bool>,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let ours = |connection: &Connection| match is_ours(connection)? {
            true => ask(connection).map(Some),
            false => Ok(None),
        };
        let asked = self.connection().map_or(Ok(None), ours);
        asked.map_err(|error| error_of(&self.path, &self.stop, &error))
    }

    /// The number that the next run gets.
    pub fn next_run(&self) -> Result<i64> {
        Ok(self.ask_any(runs::next_run)?.unwrap_or(1))
    }

    /// What tells the database from others; none where it has nothing yet that does.
    pub fn database_id(&self) -> Result<Option<String>> {
        Ok(self.ask_any(runs::database_id)?.flatten())
    }

    /// The runs whose reports may still want to be put in their place: the last few.
    pub fn known_runs(&self) -> Result<Vec<KnownRun>> {
        Ok(self.ask_any(runs::known_runs)?.unwrap_or_default())
    }

    /// The inputs of the finished runs that stand, in the order in which they were read.
    pub fn loaded(&self) -> Result<Vec<Loaded>> {
        Ok(self.ask_any(runs::loaded)?.unwrap_or_default())
    }

    /// All runs, in the order of their numbers.
    pub fn past_runs(&self) -> Result<Vec<PastRun>> {
        Ok(self.ask_any(|connection| history::runs_of(connection, None))?.flatten().unwrap_or_default())
    }

    /// The run that was stopped between its checkpoints, if there is one.
    pub fn unfinished(&self) -> Result<Option<Unfinished>> {
        Ok(self.ask(runs::unfinished)?.flatten())
    }
}

/// So many prepared statements are kept.
pub(super) const STATEMENTS: usize = 256;

/// Opens a database that exists and begins a transaction in which nobody else writes.
pub(super) fn begin(path: &Path, stop: &Arc<AtomicUsize>) -> Result<Connection> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let told = Arc::clone(stop);
    let begun = connection
        .progress_handler(20_000, Some(move || told.load(Ordering::Relaxed) != 0))
        .and_then(|()| connection.execute_batch("PRAGMA cache_size = -65536; PRAGMA threads = 2; BEGIN IMMEDIATE"));
    begun.map_err(|error| error_of(path, stop, &error))?;
    // An update has a statement for each column that it changes, and for each set of them.
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// A database's file, for its change counter.
#[derive(Debug)]
pub(super) struct ChangeCounter(File);

impl ChangeCounter {
    pub(super) fn of(path: &Path) -> Result<ChangeCounter> {
        File::open(path).map(ChangeCounter).map_err(|error| Error::database(path, place::cannot_open(&error)))
    }

    /// The counter of a database that is open already, and that nobody else has.
    pub(super) fn over(file: File) -> ChangeCounter {
        ChangeCounter(file)
    }

    /// The counter now; `None` in WAL mode, where it says nothing.
    pub(super) fn read(&self) -> io::Result<Option<i64>> {
        let mut head = [0; 28];
        match read_at_start(&self.0, &mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            done => done?,
        }
        let is_wal = head[18] == 2 || head[19] == 2;
        let counter = head[24..28].iter().fold(0, |sum, byte| sum << 8 | i64::from(*byte));
        Ok((!is_wal).then_some(counter))
    }
}

#[cfg(unix)]
fn read_at_start(file: &File, into: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, 0)
}

#[cfg(not(unix))]
fn read_at_start(mut file: &File, into: &mut [u8]) -> io::Result<()> {
    use std::io::{Read, Seek};
    file.rewind()?;
    file.read_exact(into)
}
