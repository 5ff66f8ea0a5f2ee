//! Where accepted records go: [`Store`], one run's hold on an SQLite database.
//!
//! A run is all or nothing. Into a database that exists it is one transaction. A database that does not exist is built
//! under a private name beside it, synced, and given its name without replacing anything: until then it is not there.
//! Either way the run holds a lock from its start, and a second run is told so at once.

pub mod keys;
pub mod schema;

use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, params};
use tempfile::TempPath;

use self::schema::Found;
use crate::disk::{folder_of, sync_folder, with_suffix};
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::row::{Value, values};

/// Rows that are written by one statement: fewer statements, each with fewer parameters than SQLite allows.
const ROWS_A_STATEMENT: usize = 40;

/// What a run wants from a database.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// The database's file.
    pub path: PathBuf,
    /// The profile whose columns are filled.
    pub profile: &'static Profile,
    /// The column of the run's key, if it has one.
    pub key: Option<String>,
    /// The first customer ID, where the database has never had a customer.
    pub first_id: i64,
    /// Set to a signal's number when the run is to stop.
    pub stop: Arc<AtomicUsize>,
}

/// A database that a run writes to.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    options: StoreOptions,
    /// The private name of a database that is being built, and the lock on it. The file is removed with it.
    building: Option<(TempPath, File)>,
    next_id: i64,
    run_id: i64,
    insert_one: String,
    insert_many: String,
    rows_written: u64,
}

/// What `import_runs` holds of a run.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)] // named as the columns, which the README documents
pub struct RunRow {
    pub profile: String,
    pub options: String,
    pub started_at: String,
    pub ended_at: String,
    pub status: String,
    pub counts: RowCounts,
    pub warnings: u64,
    pub repaired: u64,
    pub first_customer_id: Option<i64>,
    pub last_customer_id: Option<i64>,
    pub reports: String,
}

/// What `import_files` holds of an input.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)] // named as the columns, which the README documents
pub struct FileRow {
    pub path: String,
    pub bytes: u64,
    pub sha256: String,
    pub counts: RowCounts,
}

/// The counts of a run or an input.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)] // named as the columns, which the README documents
pub struct RowCounts {
    pub read: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub blank: u64,
}

/// A run that the database knows, as far as the reports of earlier runs need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRun {
    /// Its number.
    pub run_id: i64,
    /// Where its reports are, as the database has it.
    pub reports: String,
}

struct Parameter<'r>(Value<'r>);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text),
        }))
    }
}

impl Store {
    /// Takes hold of a database for one run: locks it, and makes or extends its tables.
    pub fn open(options: StoreOptions) -> Result<Store> {
        let path = &options.path;
        let (connection, building) = match database_kind(path)? {
            Kind::File => (connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?, None),
            Kind::Absent => match build_beside(path)? {
                Some((connection, building)) => (connection, Some(building)),
                // Another run has finished building it meanwhile.
                None => (connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?, None),
            },
        };
        let mut store = Store {
            insert_one: insert_statement(options.profile, 1),
            insert_many: insert_statement(options.profile, rows_a_statement(options.profile)),
            connection,
            building,
            next_id: options.first_id,
            run_id: 1,
            rows_written: 0,
            options,
        };
        store.begin()?;
        Ok(store)
    }

    /// The number of this run.
    pub fn run_id(&self) -> i64 {
        self.run_id
    }

    /// The customer ID that the next row gets.
    pub fn next_id(&self) -> i64 {
        self.next_id
    }

    /// How many rows the database says it has been given.
    pub fn rows_written(&self) -> u64 {
        self.rows_written
    }

    /// The runs whose reports may still want to be put in their place: the last few.
    pub fn known_runs(&self) -> Result<Vec<KnownRun>> {
        let read = || {
            let mut statement =
                self.connection.prepare("SELECT run_id, reports FROM import_runs ORDER BY run_id DESC LIMIT 10")?;
            let runs = statement.query_map([], |row| Ok(KnownRun { run_id: row.get(0)?, reports: row.get(1)? }))?;
            runs.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|error| self.failed(error))
    }

    /// Gives each customer's ID and key, where the run has a key.
    pub fn for_each_key(&self, each: impl FnMut(i64, &str)) -> Result<()> {
        let Some(key) = &self.options.key else { return Ok(()) };
        for_each_key(&self.connection, key, each).map_err(|error| self.failed(error))
    }

    /// The key of a customer, as it is stored.
    pub fn key_of(&self, customer: i64) -> Result<Option<String>> {
        let Some(key) = &self.options.key else { return Ok(None) };
        key_of(&self.connection, key, customer).map_err(|error| self.failed(error))
    }

    /// Writes rows (see [`crate::row`]) in their order, under the next customer IDs. The last of those must fit 63 bits.
    pub fn append(&mut self, bytes: &[u8], rows: &[Range<u32>]) -> Result<()> {
        let many = rows_a_statement(self.options.profile);
        let mut written = 0;
        for group in rows.chunks(many) {
            let sql = if group.len() == many { &self.insert_many } else { &self.insert_one };
            let size = if group.len() == many { many } else { 1 };
            let mut insert = || {
                let mut statement = self.connection.prepare_cached(sql)?;
                for rows in group.chunks(size) {
                    let mut parameter = 1;
                    for row in rows {
                        statement.raw_bind_parameter(parameter, self.next_id)?;
                        parameter += 1;
                        self.next_id += 1;
                        for value in values(&bytes[row.start as usize..row.end as usize]) {
                            statement.raw_bind_parameter(parameter, Parameter(value))?;
                            parameter += 1;
                        }
                    }
                    written += statement.raw_execute()? as u64;
                }
                Ok(())
            };
            insert().map_err(|error| sqlite_error(&self.options, &error))?;
        }
        self.rows_written += written;
        Ok(())
    }

    /// Ends the run: makes the key's index, notes the run, and puts everything in place for good.
    pub fn commit(mut self, run: &RunRow, files: &[FileRow]) -> Result<()> {
        self.write_run(run, files).map_err(|error| self.failed(error))?;
        let Some((private, lock)) = self.building.take() else { return Ok(()) };
        self.connection.close().map_err(|(_, error)| sqlite_error(&self.options, &error))?;
        let path = &self.options.path;
        lock.sync_all().map_err(|error| in_place_error(path, &error))?;
        refuse_stale_journals(path)?;
        private.persist_noclobber(path).map_err(|failure| match failure.error.kind() {
            io::ErrorKind::AlreadyExists => Error::database(
                path,
                "another program has created it while this run was going on; nothing was written. Run custload again",
            ),
            _ => in_place_error(path, &failure.error),
        })?;
        sync_folder(path).map_err(|error| in_place_error(path, &error))
    }

    /// Takes the run back: the database is as it was.
    pub fn abandon(self) -> Result<()> {
        if self.building.is_none() {
            self.connection.execute_batch("ROLLBACK").map_err(|error| self.failed(error))?;
        }
        // A database that was being built goes with its private name.
        Ok(())
    }

    fn begin(&mut self) -> Result<()> {
        let stop = Arc::clone(&self.options.stop);
        let prepared = self
            .connection
            .progress_handler(20_000, Some(move || stop.load(Ordering::Relaxed) != 0))
            .and_then(|()| self.connection.execute_batch(self.pragmas()))
            .and_then(|()| self.connection.execute_batch("BEGIN IMMEDIATE"));
        prepared.map_err(|error| self.failed(error))?;
        let found = schema::look(&self.connection, self.options.profile).map_err(|error| self.failed(error))?;
        let sql = match found {
            Found::Nothing => schema::create_all(self.options.profile),
            Found::Ours { missing } => missing
                .iter()
                .map(|index| &self.options.profile.fields[*index])
                .map(|field| {
                    format!("ALTER TABLE customers ADD COLUMN {} {};", field.column, schema::column_type(field))
                })
                .collect(),
            Found::Foreign(why) => {
                return Err(Error::database(
                    &self.options.path,
                    format!("{why}. Name another database with --db, or rename what is there"),
                ));
            }
        };
        let run_and_id = || {
            self.connection.execute_batch(&sql)?;
            let run: i64 =
                self.connection
                    .query_row("SELECT ifnull(max(run_id), 0) + 1 FROM import_runs", [], |row| row.get(0))?;
            let highest = "SELECT max(customer_id) FROM customers";
            let last: Option<i64> = self.connection.query_row(highest, [], |row| row.get(0))?;
            let mut sequence: Option<i64> = None;
            if schema::has_table(&self.connection, "sqlite_sequence")? {
                let highest = "SELECT max(seq) FROM sqlite_sequence WHERE name = 'customers'";
                sequence = self.connection.query_row(highest, [], |row| row.get(0))?;
            }
            Ok((run, last.max(sequence).filter(|last| *last > 0)))
        };
        let (run, last) = run_and_id().map_err(|error| self.failed(error))?;
        self.run_id = run;
        if let Some(last) = last {
            self.next_id = last.checked_add(1).ok_or_else(|| {
                Error::database(&self.options.path, "its customer IDs have reached the greatest that there can be")
            })?;
        }
        Ok(())
    }

    /// A database that nobody else can see needs no journal and no sync until it is whole.
    fn pragmas(&self) -> &'static str {
        if self.building.is_some() {
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; \
             PRAGMA cache_size = -32768; PRAGMA threads = 2;"
        } else {
            "PRAGMA cache_size = -65536; PRAGMA threads = 2;"
        }
    }

    fn write_run(&self, run: &RunRow, files: &[FileRow]) -> rusqlite::Result<()> {
        if let Some(key) = &self.options.key {
            let index = schema::key_index(key);
            self.connection.execute_batch(&format!("CREATE INDEX IF NOT EXISTS {index} ON customers ({key})"))?;
        }
        self.connection.execute(
            "INSERT INTO import_runs (run_id, profile, options, started_at, ended_at, status, read, accepted, rejected, \
             blank, warnings, repaired, first_customer_id, last_customer_id, reports) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            params![
                self.run_id,
                run.profile,
                run.options,
                run.started_at,
                run.ended_at,
                run.status,
                run.counts.read as i64,
                run.counts.accepted as i64,
                run.counts.rejected as i64,
                run.counts.blank as i64,
                run.warnings as i64,
                run.repaired as i64,
                run.first_customer_id,
                run.last_customer_id,
                run.reports,
            ],
        )?;
        for (index, file) in files.iter().enumerate() {
            self.connection.execute(
                "INSERT INTO import_files (run_id, import_file, path, bytes, sha256, read, accepted, rejected, blank) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    self.run_id,
                    index as i64 + 1,
                    file.path,
                    file.bytes as i64,
                    file.sha256,
                    file.counts.read as i64,
                    file.counts.accepted as i64,
                    file.counts.rejected as i64,
                    file.counts.blank as i64,
                ],
            )?;
        }
        self.connection.execute_batch("COMMIT")
    }

    fn failed(&self, error: rusqlite::Error) -> Error {
        sqlite_error(&self.options, &error)
    }
}

/// The customers of a database that is only looked at.
#[derive(Debug)]
pub struct Customers {
    connection: Connection,
    options: StoreOptions,
    next_run: i64,
    has_key: bool,
}

impl Customers {
    /// Opens a database for looking; `None` if there is none yet.
    pub fn open(options: StoreOptions) -> Result<Option<Customers>> {
        if database_kind(&options.path)? == Kind::Absent {
            return Ok(None);
        }
        let connection = connect(&options.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let look = || {
            // One transaction, so that all is read as of one moment.
            connection.execute_batch("BEGIN")?;
            schema::look(&connection, options.profile)
        };
        let found = look().map_err(|error| sqlite_error(&options, &error))?;
        let missing = match found {
            Found::Nothing => return Ok(None),
            Found::Ours { missing } => missing,
            Found::Foreign(why) => {
                return Err(Error::database(&options.path, format!("{why}. Name another database with --db")));
            }
        };
        let key = options.key.as_deref().and_then(|key| options.profile.field_index(key));
        let has_key = key.is_some_and(|key| !missing.contains(&key));
        let next_run = connection
            .query_row("SELECT ifnull(max(run_id), 0) + 1 FROM import_runs", [], |row| row.get(0))
            .map_err(|error| sqlite_error(&options, &error))?;
        Ok(Some(Customers { connection, options, next_run, has_key }))
    }

    /// The number that the next run will have.
    pub fn next_run(&self) -> i64 {
        self.next_run
    }

    /// Gives each customer's ID and key, where the run has a key and the database its column.
    pub fn for_each_key(&self, each: impl FnMut(i64, &str)) -> Result<()> {
        match &self.options.key {
            Some(key) if self.has_key => for_each_key(&self.connection, key, each),
            _ => Ok(()),
        }
        .map_err(|error| sqlite_error(&self.options, &error))
    }

    /// The key of a customer, as it is stored.
    pub fn key_of(&self, customer: i64) -> Result<Option<String>> {
        match &self.options.key {
            Some(key) if self.has_key => key_of(&self.connection, key, customer),
            _ => Ok(None),
        }
        .map_err(|error| sqlite_error(&self.options, &error))
    }
}

fn for_each_key(connection: &Connection, key: &str, mut each: impl FnMut(i64, &str)) -> rusqlite::Result<()> {
    let sql = format!("SELECT customer_id, CAST({key} AS TEXT) FROM customers WHERE {key} IS NOT NULL");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // A text that another program has written may be no UTF-8; it is no key that a record could have.
        if let Ok(text) = row.get_ref(1)?.as_str() {
            each(row.get(0)?, text);
        }
    }
    Ok(())
}

fn key_of(connection: &Connection, key: &str, customer: i64) -> rusqlite::Result<Option<String>> {
    let sql = format!("SELECT CAST({key} AS TEXT) FROM customers WHERE customer_id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([customer])?;
    match rows.next()? {
        Some(row) => Ok(row.get_ref(0)?.as_str_or_null().ok().flatten().map(str::to_string)),
        None => Ok(None),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    File,
    Absent,
}

/// What stands under a database's name.
fn database_kind(path: &Path) -> Result<Kind> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(Kind::File),
        Ok(metadata) if metadata.is_dir() => Err(Error::database(path, "it is a folder; name a file in it with --db")),
        Ok(_) => Err(Error::database(path, "it is no file; name one with --db")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if fs::symlink_metadata(path).is_ok() {
                return Err(Error::database(
                    path,
                    "it is a link to a file that does not exist; remove the link, or make the file",
                ));
            }
            let folder = folder_of(path);
            if !folder.is_dir() {
                return Err(Error::database(
                    path,
                    format!("the folder {} does not exist; make it first", folder.display()),
                ));
            }
            Ok(Kind::Absent)
        }
        Err(error) => Err(Error::database(path, format!("it cannot be looked at: {error}"))),
    }
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(std::time::Duration::ZERO)?;
        Ok(connection)
    });
    connection.map_err(|error| Error::database(path, explain(&error)))
}

type Building = (Connection, (TempPath, File));

/// Starts a database under a private name beside `path`; `None` if `path` has come into being meanwhile.
fn build_beside(path: &Path) -> Result<Option<Building>> {
    refuse_stale_journals(path)?;
    let private = with_suffix(path, ".custload-partial");
    let failed = |error: io::Error| Error::database(path, format!("it cannot be created: {error}"));
    let lock = loop {
        let file =
            File::options().read(true).write(true).create(true).truncate(false).open(&private).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::database(
                    path,
                    "another run of custload is creating it right now; wait until that is done",
                ));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // The run that held the lock may have renamed or removed the file between the two calls.
        if is_same_file(&file, &private) {
            break file;
        }
    };
    // What a killed run has left of it is of no use.
    lock.set_len(0).map_err(failed)?;
    let private = TempPath::try_from_path(&private).map_err(failed)?;
    if database_kind(path)? == Kind::File {
        return Ok(None);
    }
    let connection = connect(&private, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    Ok(Some((connection, (private, lock))))
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(held), Ok(named)) => (held.dev(), held.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same_file(_: &File, path: &Path) -> bool {
    path.exists()
}

/// SQLite would play a journal that lies beside a new database's name back into it.
fn refuse_stale_journals(path: &Path) -> Result<()> {
    for suffix in ["-journal", "-wal"] {
        let journal = with_suffix(path, suffix);
        if fs::symlink_metadata(&journal).is_ok() {
            return Err(Error::database(
                path,
                format!(
                    "the file does not exist, but {} does, left over from another database of that name. Remove it, or put the database back",
                    journal.display()
                ),
            ));
        }
    }
    Ok(())
}

fn in_place_error(path: &Path, error: &io::Error) -> Error {
    Error::database(path, format!("it cannot be put in its place: {error}; nothing was written"))
}

fn rows_a_statement(profile: &Profile) -> usize {
    const SQLITE_PARAMETERS: usize = 32_000;
    let columns = 1 + profile.fields.len() + schema::STAMP_COLUMNS.len();
    ROWS_A_STATEMENT.min(SQLITE_PARAMETERS / columns).max(1)
}

fn insert_statement(profile: &Profile, rows: usize) -> String {
    let mut columns = vec!["customer_id"];
    columns.extend(profile.fields.iter().map(|field| field.column.as_str()));
    columns.extend(schema::STAMP_COLUMNS.iter().map(|(name, _)| *name));
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    format!("INSERT INTO customers ({}) VALUES {}", columns.join(", "), vec![row.as_str(); rows].join(", "))
}

fn sqlite_error(options: &StoreOptions, error: &rusqlite::Error) -> Error {
    let signal = options.stop.load(Ordering::Relaxed);
    if signal != 0 && error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
        return Error::Interrupted(signal as i32);
    }
    Error::database(&options.path, explain(error))
}

/// What SQLite says, and what to do about it.
fn explain(error: &rusqlite::Error) -> String {
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "it is locked: another run or program is using it. Wait until that is done, then run custload again"
        }
        Some(ErrorCode::NotADatabase) => "it is not an SQLite database; name another file with --db",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "it may not be written to; change its permissions, or name another file with --db"
        }
        Some(ErrorCode::DiskFull) => "the disk is full. Free some space, then run custload again",
        Some(ErrorCode::CannotOpen) => "it cannot be opened; check the permissions of the file and its folder",
        Some(ErrorCode::DatabaseCorrupt) => "it is damaged; restore it from a backup",
        Some(ErrorCode::SystemIoFailure) => "it could not be read or written; is the disk full or failing?",
        Some(ErrorCode::ConstraintViolation) => "a constraint or trigger of its own refuses a record",
        _ => return error.to_string(),
    };
    format!("{advice} ({error}). Nothing was written")
}
