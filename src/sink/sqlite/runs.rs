//! The rows of `import_runs` and `import_files`.

use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::table::{Column, Field, Table};
use crate::core::record::{Count, Counts};

/// A row of `import_runs`.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)] // named as the columns: docs/database.md
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
}

/// A row of `import_files`.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)] // named as the columns: docs/database.md
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

/// One row a run.
pub(super) const RUNS: Table<RunRow> = Table {
    name: "import_runs",
    columns: &[
        Column::One("run_id", "INTEGER PRIMARY KEY", |run| Field::Integer(&mut run.run_id)),
        Column::One("profile", "TEXT NOT NULL", |run| Field::Text(&mut run.profile)),
        Column::One("mode", "TEXT NOT NULL", |run| Field::Text(&mut run.mode)),
        Column::One("options", "TEXT NOT NULL", |run| Field::Text(&mut run.options)),
        Column::One("columns", "TEXT NOT NULL", |run| Field::Text(&mut run.columns)),
        Column::One("started_at", "TEXT NOT NULL", |run| Field::Text(&mut run.started_at)),
        Column::One("ended_at", "TEXT NOT NULL", |run| Field::Text(&mut run.ended_at)),
        Column::One("status", "TEXT NOT NULL", |run| Field::Text(&mut run.status)),
        Column::Counts(|run| &mut run.counts, |_| true),
        Column::One("first_customer_id", "INTEGER", |run| Field::OptionalInteger(&mut run.first_customer_id)),
        Column::One("last_customer_id", "INTEGER", |run| Field::OptionalInteger(&mut run.last_customer_id)),
        Column::One("reports", "TEXT NOT NULL", |run| Field::Text(&mut run.reports)),
        Column::One("undone_at", "TEXT", |run| Field::OptionalText(&mut run.undone_at)),
        Column::One("undone_after", "INTEGER", |run| Field::OptionalInteger(&mut run.undone_after)),
    ],
    primary_key: None,
};

/// One row an input.
pub(super) const FILES: Table<FileRow> = Table {
    name: "import_files",
    columns: &[
        Column::One("run_id", "INTEGER NOT NULL REFERENCES import_runs (run_id)", |file| {
            Field::Integer(&mut file.run_id)
        }),
        Column::One("import_file", "INTEGER NOT NULL", |file| Field::Integer(&mut file.import_file)),
        Column::One("path", "TEXT NOT NULL", |file| Field::Text(&mut file.path)),
        Column::One("bytes", "INTEGER NOT NULL", |file| Field::Count(&mut file.bytes)),
        Column::One("sha256", "TEXT NOT NULL", |file| Field::Text(&mut file.sha256)),
        Column::Counts(|file| &mut file.counts, Count::is_of_records),
        Column::One("absolute_path", "TEXT", |file| Field::OptionalText(&mut file.absolute_path)),
        Column::One("part", "TEXT", |file| Field::OptionalText(&mut file.part)),
        Column::One("is_reject_report", "INTEGER NOT NULL", |file| Field::Flag(&mut file.is_reject_report)),
    ],
    primary_key: Some("run_id, import_file"),
};

/// The status of a run that is not finished yet.
pub const UNFINISHED: &str = "unfinished";

/// The status of a finished run.
pub const FINISHED: &str = "finished";

/// The status of a finished run that accepted no record.
pub const NOTHING_LOADED: &str = "nothing-loaded";

/// The status of a run that was undone.
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

/// Whether the row of a run is written with these counts.
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

/// Whether a run was marked as undone at this time.
pub(super) fn is_undone(connection: &Connection, run_id: i64, now: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT status = :status AND undone_at = :now FROM import_runs WHERE run_id = :run_id";
    connection.query_row(sql, named_params! { ":status": UNDONE, ":now": now, ":run_id": run_id }, |row| row.get(0))
}
