//! The rows of `import_runs`, `import_files` and `import_checkpoints`, and what they say of earlier runs.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::sql::{Column, Field, Table};
use crate::core::record::{Count, Counts};

/// A row of `import_runs`; docs/database.md explains the columns.
#[derive(Clone, Debug, Default)]
pub struct RunRow {
    pub run_id: i64,
    pub profile: String,
    pub mode: String,
    pub options: String,
    pub columns: String,
    pub started_at: String,
    pub ended_at: String,
    pub status: String,
    pub counts: Counts,
    pub first_customer_id: Option<i64>,
    pub last_customer_id: Option<i64>,
    pub reports: String,
    pub undone_at: Option<String>,
    pub undone_after: Option<i64>,
    /// The table that its customers are in.
    pub table_name: String,
}

#[derive(Clone, Debug, Default)]
pub struct FileRow {
    pub run_id: i64,
    pub import_file: i64,
    pub path: String,
    pub bytes: u64,
    pub sha256: String,
    pub counts: Counts,
    pub absolute_path: Option<String>,
    pub part: Option<String>,
    pub is_reject_report: bool,
}

pub(super) const RUNS: Table<RunRow> = Table {
    name: "import_runs",
    columns: &[
        Column::One("run_id", "INTEGER PRIMARY KEY", |row| Field::Integer(&mut row.run_id)),
        Column::One("profile", "TEXT NOT NULL", |row| Field::Text(&mut row.profile)),
        Column::One("mode", "TEXT NOT NULL", |row| Field::Text(&mut row.mode)),
        Column::One("options", "TEXT NOT NULL", |row| Field::Text(&mut row.options)),
        Column::One("columns", "TEXT NOT NULL", |row| Field::Text(&mut row.columns)),
        Column::One("started_at", "TEXT NOT NULL", |row| Field::Text(&mut row.started_at)),
        Column::One("ended_at", "TEXT NOT NULL", |row| Field::Text(&mut row.ended_at)),
        Column::One("status", "TEXT NOT NULL", |row| Field::Text(&mut row.status)),
        Column::Counts(|row| &mut row.counts, |_| true),
        Column::One("first_customer_id", "INTEGER", |row| Field::OptionalInteger(&mut row.first_customer_id)),
        Column::One("last_customer_id", "INTEGER", |row| Field::OptionalInteger(&mut row.last_customer_id)),
        Column::One("reports", "TEXT NOT NULL", |row| Field::Text(&mut row.reports)),
        Column::One("undone_at", "TEXT", |row| Field::OptionalText(&mut row.undone_at)),
        Column::One("undone_after", "INTEGER", |row| Field::OptionalInteger(&mut row.undone_after)),
        Column::Later("table_name", "TEXT NOT NULL", "'customers'", |row| Field::Text(&mut row.table_name)),
    ],
    primary_key: None,
};

pub(super) const FILES: Table<FileRow> = Table {
    name: "import_files",
    columns: &[
        Column::One("run_id", "INTEGER NOT NULL REFERENCES import_runs (run_id)", |row| {
            Field::Integer(&mut row.run_id)
        }),
        Column::One("import_file", "INTEGER NOT NULL", |row| Field::Integer(&mut row.import_file)),
        Column::One("path", "TEXT NOT NULL", |row| Field::Text(&mut row.path)),
        Column::One("bytes", "INTEGER NOT NULL", |row| Field::Count(&mut row.bytes)),
        Column::One("sha256", "TEXT NOT NULL", |row| Field::Text(&mut row.sha256)),
        Column::Counts(|row| &mut row.counts, Count::is_of_records),
        Column::One("absolute_path", "TEXT", |row| Field::OptionalText(&mut row.absolute_path)),
        Column::One("part", "TEXT", |row| Field::OptionalText(&mut row.part)),
        Column::One("is_reject_report", "INTEGER NOT NULL", |row| Field::Flag(&mut row.is_reject_report)),
    ],
    primary_key: Some("run_id, import_file"),
};

/// What `status` is.
pub const UNFINISHED: &str = "unfinished";
pub const FINISHED: &str = "finished";
/// It accepted no record and rejected some.
pub const NOTHING_LOADED: &str = "nothing-loaded";
pub const UNDONE: &str = "undone";

pub(super) fn next_run(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT ifnull(max(run_id), 0) + 1 FROM import_runs", [], |row| row.get(0))
}

pub(super) fn database_id(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT database_id FROM import_database", [], |row| row.get(0)).optional()
}

/// Writes the database's ID, if it has none yet.
pub(super) fn write_database_id(connection: &Connection, id: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO import_database (database_id) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM import_database)";
    connection.execute(sql, [id]).map(drop)
}

pub(super) fn latest_runs(connection: &Connection) -> rusqlite::Result<Vec<RunRow>> {
    RUNS.select(connection, "WHERE status <> ?1 ORDER BY run_id DESC LIMIT 10", [UNFINISHED])
}

/// Whether the row of a run is written with this status, start and number of read records.
pub(super) fn is_written(connection: &Connection, run_id: i64, run: &RunRow) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM import_runs WHERE run_id = :run_id AND status = :status \
               AND started_at = :started_at AND read = :read)";
    let values = named_params! {
        ":run_id": run_id, ":status": run.status, ":started_at": run.started_at, ":read": run.counts.read as i64
    };
    connection.query_row(sql, values, |row| row.get(0))
}

/// Writes a run and its inputs, and replaces what was written at a checkpoint. A finished run is never overwritten.
pub(super) fn write_run(connection: &Connection, run_id: i64, run: &RunRow, files: &[FileRow]) -> rusqlite::Result<()> {
    connection.execute(
        "DELETE FROM import_files WHERE run_id = (SELECT run_id FROM import_runs WHERE run_id = ?1 AND status = ?2)",
        params![run_id, UNFINISHED],
    )?;
    connection.execute("DELETE FROM import_runs WHERE run_id = ?1 AND status = ?2", params![run_id, UNFINISHED])?;
    RUNS.insert(connection, &RunRow { run_id, ..run.clone() })?;
    for (import_file, file) in (1..).zip(files) {
        FILES.insert(connection, &FileRow { run_id, import_file, ..file.clone() })?;
    }
    Ok(())
}

/// Marks a run as undone at a time, after the last run so far.
pub(super) fn mark_undone(connection: &Connection, run_id: i64, now: &str) -> rusqlite::Result<()> {
    let sql = "UPDATE import_runs SET status = :status, undone_at = :now, \
               undone_after = (SELECT max(run_id) FROM import_runs) WHERE run_id = :run_id";
    connection.execute(sql, named_params! { ":status": UNDONE, ":now": now, ":run_id": run_id }).map(drop)
}

pub(super) fn is_undone(connection: &Connection, run_id: i64, now: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT status = :status AND undone_at = :now FROM import_runs WHERE run_id = :run_id";
    connection.query_row(sql, named_params! { ":status": UNDONE, ":now": now, ":run_id": run_id }, |row| row.get(0))
}

/// The last checkpoint of a run that commits in parts, until it is finished.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    pub run_id: i64,
    /// The number of records before it, of all inputs.
    pub records: u64,
    /// Where the next record starts.
    pub position: InputPosition,
    /// The number of customers in the database.
    pub customers: i64,
    /// The first customer ID that was free when the run started.
    pub start_customer_id: i64,
    pub next_customer_id: i64,
    /// SQLite's change counter, which shows whether another program has written since; `None` in WAL mode.
    pub change_counter: Option<i64>,
}

/// A position in an input between two records, and what is before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputPosition {
    /// The input, from 1.
    pub file: u64,
    /// The number of its records before this position.
    pub record: u64,
    pub line: u64,
    pub byte_offset: u64,
    /// The SHA-256 of the text before it, in lower-case hex.
    pub sha256: String,
}

/// A run that was stopped between two checkpoints, or after the last.
#[derive(Clone, Debug, Default)]
pub struct Unfinished {
    pub checkpoint: Checkpoint,
    /// Its row at the checkpoint.
    pub row: RunRow,
    pub inputs: Vec<FileRow>,
}

/// One row for the run that is not finished yet.
pub(super) const CHECKPOINTS: Table<Checkpoint> = Table {
    name: "import_checkpoints",
    columns: &[
        Column::One("run_id", "INTEGER PRIMARY KEY", |row| Field::Integer(&mut row.run_id)),
        Column::One("records", "INTEGER NOT NULL", |row| Field::Count(&mut row.records)),
        Column::One("import_file", "INTEGER NOT NULL", |row| Field::Count(&mut row.position.file)),
        Column::One("import_record", "INTEGER NOT NULL", |row| Field::Count(&mut row.position.record)),
        Column::One("line", "INTEGER NOT NULL", |row| Field::Count(&mut row.position.line)),
        Column::One("byte_offset", "INTEGER NOT NULL", |row| Field::Count(&mut row.position.byte_offset)),
        Column::One("sha256", "TEXT NOT NULL", |row| Field::Text(&mut row.position.sha256)),
        Column::One("customers", "INTEGER NOT NULL", |row| Field::Integer(&mut row.customers)),
        Column::One("start_customer_id", "INTEGER NOT NULL", |row| Field::Integer(&mut row.start_customer_id)),
        Column::One("next_customer_id", "INTEGER NOT NULL", |row| Field::Integer(&mut row.next_customer_id)),
        Column::One("change_counter", "INTEGER", |row| Field::OptionalInteger(&mut row.change_counter)),
    ],
    primary_key: None,
};

/// Which input of an unfinished run changed which customers, if there are several inputs. Dropped when the run is finished.
pub(super) const CHECKPOINT_UPDATES: &str = "CREATE TABLE IF NOT EXISTS import_checkpoint_updates (
  import_file INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  PRIMARY KEY (import_file, customer_id)
) STRICT, WITHOUT ROWID;";

pub(super) fn unfinished(connection: &Connection) -> rusqlite::Result<Option<Unfinished>> {
    let newest = "WHERE status = ?1 AND run_id IN (SELECT run_id FROM import_checkpoints) ORDER BY run_id DESC LIMIT 1";
    let Some(row) = RUNS.select(connection, newest, [UNFINISHED])?.pop() else { return Ok(None) };
    let checkpoints = CHECKPOINTS.select(connection, "WHERE run_id = ?1", [row.run_id])?;
    let Some(checkpoint) = checkpoints.into_iter().next() else { return Ok(None) };
    let inputs = FILES.select(connection, "WHERE run_id = ?1 ORDER BY import_file", [row.run_id])?;
    Ok(Some(Unfinished { checkpoint, row, inputs }))
}

pub(super) fn write_checkpoint(connection: &Connection, checkpoint: &Checkpoint) -> rusqlite::Result<()> {
    delete_checkpoint(connection, checkpoint.run_id)?;
    CHECKPOINTS.insert(connection, checkpoint)
}

/// Deletes what is kept only for an unfinished run.
pub(super) fn remove_checkpoint(connection: &Connection, run_id: i64) -> rusqlite::Result<()> {
    connection.execute_batch("DROP TABLE IF EXISTS import_checkpoint_updates")?;
    delete_checkpoint(connection, run_id)
}

fn delete_checkpoint(connection: &Connection, run_id: i64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM import_checkpoints WHERE run_id = ?1", [run_id]).map(drop)
}

#[derive(Clone, Debug)]
pub struct LoadedInput {
    pub run: Arc<RunRow>,
    pub file: FileRow,
    /// Whether records of this input changed nothing, and an earlier run was undone since: what they matched may be gone.
    pub relied_on_undone_run: bool,
}

pub(super) fn loaded(connection: &Connection) -> rusqlite::Result<Vec<LoadedInput>> {
    let mut files = FILES.select(connection, "ORDER BY run_id, import_file", [])?.into_iter().peekable();
    let mut loaded = Vec::new();
    // The last run before which one of the runs so far was undone.
    let mut undone_before = 0;
    for run in RUNS.select(connection, "ORDER BY run_id", [])? {
        let run = Arc::new(run);
        while let Some(file) = files.next_if(|file| file.run_id <= run.run_id) {
            if file.run_id == run.run_id && run.status == FINISHED {
                let relied_on_undone_run = undone_before >= run.run_id && file.counts.unchanged > 0;
                loaded.push(LoadedInput { run: Arc::clone(&run), file, relied_on_undone_run });
            }
        }
        if run.status == UNDONE {
            undone_before = undone_before.max(run.undone_after.unwrap_or(0));
        }
    }
    Ok(loaded)
}
