//! What the database keeps of runs: the rows of `import_runs` and `import_files`.

use rusqlite::{Connection, params};

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
    /// When it started.
    pub started_at: String,
}

/// The number of the next run.
pub(super) fn next_run(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT ifnull(max(run_id), 0) + 1 FROM import_runs", [], |row| row.get(0))
}

/// The last few runs, the newest first.
pub(super) fn known_runs(connection: &Connection) -> rusqlite::Result<Vec<KnownRun>> {
    let mut statement =
        connection.prepare("SELECT run_id, reports, started_at FROM import_runs ORDER BY run_id DESC LIMIT 10")?;
    let runs = statement
        .query_map([], |row| Ok(KnownRun { run_id: row.get(0)?, reports: row.get(1)?, started_at: row.get(2)? }))?;
    runs.collect()
}

/// Notes a run and its inputs.
pub(super) fn write_run(connection: &Connection, run_id: i64, run: &RunRow, files: &[FileRow]) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT INTO import_runs (run_id, profile, options, started_at, ended_at, status, read, accepted, rejected, \
         blank, warnings, repaired, first_customer_id, last_customer_id, reports) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        params![
            run_id,
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
        connection.execute(
            "INSERT INTO import_files (run_id, import_file, path, bytes, sha256, read, accepted, rejected, blank) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                run_id,
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
    Ok(())
}
