//! The last checkpoint of a run that commits in parts, until it is finished: [`Checkpoint`].

use rusqlite::Connection;

use super::runs::{FILES, RUNS, UNFINISHED};
use super::table::{Column, Field, Table};
use crate::core::record::Counts;

/// The last checkpoint of a run.
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
    /// The first customer ID that is free now.
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
    /// The physical line.
    pub line: u64,
    /// The offset in the text.
    pub byte_offset: u64,
    /// The SHA-256 of the text before it, in lower-case hex.
    pub sha256: String,
}

/// A run that was stopped between two checkpoints, or after the last.
#[derive(Clone, Debug, Default)]
pub struct Unfinished {
    /// Its last checkpoint.
    pub checkpoint: Checkpoint,
    pub profile: String,
    /// Its options, as `import_runs` has them.
    pub options: String,
    pub started_at: String,
    /// Its counts up to the checkpoint.
    pub counts: Counts,
    /// The paths of its inputs with their lengths in bytes.
    pub files: Vec<(String, u64)>,
}

/// One row for the run that is not finished yet.
pub(super) const CHECKPOINTS: Table<Checkpoint> = Table {
    name: "import_checkpoints",
    columns: &[
        Column::One("run_id", "INTEGER PRIMARY KEY", |checkpoint| Field::Integer(&mut checkpoint.run_id)),
        Column::One("records", "INTEGER NOT NULL", |checkpoint| Field::Count(&mut checkpoint.records)),
        Column::One("import_file", "INTEGER NOT NULL", |checkpoint| Field::Count(&mut checkpoint.position.file)),
        Column::One("import_record", "INTEGER NOT NULL", |checkpoint| Field::Count(&mut checkpoint.position.record)),
        Column::One("line", "INTEGER NOT NULL", |checkpoint| Field::Count(&mut checkpoint.position.line)),
        Column::One("byte_offset", "INTEGER NOT NULL", |checkpoint| Field::Count(&mut checkpoint.position.byte_offset)),
        Column::One("sha256", "TEXT NOT NULL", |checkpoint| Field::Text(&mut checkpoint.position.sha256)),
        Column::One("customers", "INTEGER NOT NULL", |checkpoint| Field::Integer(&mut checkpoint.customers)),
        Column::One("start_customer_id", "INTEGER NOT NULL", |checkpoint| {
            Field::Integer(&mut checkpoint.start_customer_id)
        }),
        Column::One("next_customer_id", "INTEGER NOT NULL", |checkpoint| {
            Field::Integer(&mut checkpoint.next_customer_id)
        }),
        Column::One("change_counter", "INTEGER", |checkpoint| Field::OptionalInteger(&mut checkpoint.change_counter)),
    ],
    primary_key: None,
};

/// Which input of such a run changed which customers, if there are several inputs. Dropped when the run is finished.
pub(super) const CHECKPOINT_UPDATES: &str = "CREATE TABLE IF NOT EXISTS import_checkpoint_updates (
  import_file INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  PRIMARY KEY (import_file, customer_id)
) STRICT, WITHOUT ROWID;";

/// The stopped run, if there is one.
pub(super) fn unfinished(connection: &Connection) -> rusqlite::Result<Option<Unfinished>> {
    let newest = "WHERE status = ?1 AND run_id IN (SELECT run_id FROM import_checkpoints) ORDER BY run_id DESC LIMIT 1";
    let Some(run) = RUNS.select(connection, newest, [UNFINISHED])?.pop() else { return Ok(None) };
    let Some(checkpoint) = CHECKPOINTS.select(connection, "WHERE run_id = ?1", [run.run_id])?.pop() else {
        return Ok(None);
    };
    let files = FILES.select(connection, "WHERE run_id = ?1 ORDER BY import_file", [run.run_id])?;
    Ok(Some(Unfinished {
        checkpoint,
        profile: run.profile,
        options: run.options,
        started_at: run.started_at,
        counts: run.counts,
        files: files.into_iter().map(|file| (file.path, file.bytes)).collect(),
    }))
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
