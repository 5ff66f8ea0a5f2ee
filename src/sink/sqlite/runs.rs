//! What the database keeps of runs: the rows of `import_runs` and `import_files`.

use rusqlite::{Connection, OptionalExtension, params};

use super::schema::{self, has_table};
use crate::core::record::Counts;

/// What `import_runs` holds of a run.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)] // named as the columns, which the README documents
pub struct RunRow {
    pub profile: String,
    pub mode: &'static str,
    pub options: String,
    pub columns: String,
    pub started_at: String,
    pub ended_at: String,
    pub status: &'static str,
    pub counts: Counts,
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
    pub counts: Counts,
    pub absolute_path: Option<String>,
    pub part: Option<String>,
    pub is_reject_report: bool,
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

/// An input that a finished run has read, in the order in which they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The run.
    pub run_id: i64,
    /// When it started.
    pub started_at: String,
    /// Its profile.
    pub profile: String,
    /// Its options, as it has written them down.
    pub options: String,
    /// How many records it has accepted, and how many rejected.
    pub run_accepted: u64,
    #[allow(missing_docs)]
    pub run_rejected: u64,
    /// Where its reports are.
    pub reports: String,
    /// Whether customers were unchanged in this input, and an earlier run was undone since: what it found may not be there.
    pub is_shaken: bool,
    /// The number of the input in the run.
    pub import_file: i64,
    /// Its path as it was given.
    pub path: String,
    /// Its absolute path; none of standard input, and where an earlier version has not kept it.
    pub absolute_path: Option<String>,
    /// What of it was read, where that was said.
    pub part: Option<String>,
    /// Its length in bytes.
    pub bytes: u64,
    /// The SHA-256 of those, in lower-case hex.
    pub sha256: String,
    /// How many of its records were accepted, and how many rejected.
    pub accepted: u64,
    #[allow(missing_docs)]
    pub rejected: u64,
    /// Whether they have changed anything.
    pub has_changed: bool,
}

/// How far a run has come that commits now and then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The run.
    pub run_id: i64,
    /// How many records of all inputs are done.
    pub records: u64,
    /// Where that is.
    pub place: TextPlace,
    /// How many customers the database has.
    pub customers: i64,
    /// The first customer ID that the run could give, and the next.
    pub start_customer_id: i64,
    #[allow(missing_docs)]
    pub next_customer_id: i64,
    /// What tells that the database was written to since; none where it cannot be told so.
    pub change_counter: Option<i64>,
}

/// A place in an input between two records, and what stands before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextPlace {
    /// The input, from 1.
    pub file: u64,
    /// How many records of it are before.
    pub record: u64,
    /// The physical line.
    pub line: u64,
    /// The offset in the text.
    pub byte_offset: u64,
    /// The SHA-256 of the text before it, in lower-case hex.
    pub sha256: String,
}

/// A run that was stopped between two checkpoints, or behind the last.
#[derive(Clone, Debug, Default)]
pub struct Unfinished {
    /// How far it has come.
    pub checkpoint: Checkpoint,
    /// What is noted of it so far.
    pub profile: String,
    #[allow(missing_docs)]
    pub options: String,
    #[allow(missing_docs)]
    pub started_at: String,
    #[allow(missing_docs)]
    pub counts: Counts,
    /// The paths of its inputs with their lengths in bytes.
    pub files: Vec<(String, u64)>,
}

/// What `import_runs` says of a run that is not done yet.
pub const UNFINISHED: &str = "unfinished";

/// What it says of one that is.
pub const FINISHED: &str = "finished";

/// What it says of one that is, and has accepted none of its records.
pub const NOTHING_LOADED: &str = "nothing-loaded";

/// What it says of one that was undone.
pub const UNDONE: &str = "undone";

/// The number of the next run.
pub(super) fn next_run(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT ifnull(max(run_id), 0) + 1 FROM import_runs", [], |row| row.get(0))
}

/// What tells the database from others; one of an earlier version may lack it.
pub(super) fn database_id(connection: &Connection) -> rusqlite::Result<Option<String>> {
    if !has_table(connection, "import_database")? {
        return Ok(None);
    }
    connection.query_row("SELECT database_id FROM import_database", [], |row| row.get(0)).optional()
}

/// Notes what tells the database from others, if nothing does yet.
pub(super) fn write_database_id(connection: &Connection, id: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO import_database (database_id) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM import_database)";
    connection.execute(sql, [id]).map(|_| ())
}

/// The last few runs, the newest first.
pub(super) fn known_runs(connection: &Connection) -> rusqlite::Result<Vec<KnownRun>> {
    let mut statement = connection.prepare(
        "SELECT run_id, reports, started_at FROM import_runs WHERE status <> ?1 ORDER BY run_id DESC LIMIT 10",
    )?;
    let runs = statement.query_map([UNFINISHED], |row| {
        Ok(KnownRun { run_id: row.get(0)?, reports: row.get(1)?, started_at: row.get(2)? })
    })?;
    runs.collect()
}

/// The inputs of finished runs that are not undone, in the order in which they were read. Runs that have loaded nothing are none of
/// those. The database may be that of an earlier version.
pub(super) fn loaded(connection: &Connection) -> rusqlite::Result<Vec<Loaded>> {
    let lists = (schema::run_columns(connection)?, schema::file_columns(connection)?);
    let (Some(run_columns), Some(file_columns)) = lists else { return Ok(Vec::new()) };
    let mut statement = connection.prepare(&format!(
        "SELECT r.run_id, r.started_at, r.profile, r.options, r.accepted, r.rejected, r.reports, \
         r.undone_before >= r.run_id AND f.unchanged > 0, \
         f.import_file, f.path, f.absolute_path, f.part, f.bytes, f.sha256, f.accepted, f.rejected, \
         f.created + f.updated > 0 \
         FROM (SELECT *, ifnull(max(CASE status WHEN ?2 THEN undone_after END) OVER (ORDER BY run_id \
         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS undone_before FROM (SELECT {run_columns} FROM import_runs)) AS r \
         JOIN (SELECT {file_columns} FROM import_files) AS f ON f.run_id = r.run_id \
         WHERE r.status = ?1 ORDER BY r.run_id, f.import_file",
    ))?;
    let loaded = statement.query_map([FINISHED, UNDONE], |row| {
        let count = |column| row.get::<_, i64>(column).map(|count| count as u64);
        Ok(Loaded {
            run_id: row.get(0)?,
            started_at: row.get(1)?,
            profile: row.get(2)?,
            options: row.get(3)?,
            run_accepted: count(4)?,
            run_rejected: count(5)?,
            reports: row.get(6)?,
            is_shaken: row.get(7)?,
            import_file: row.get(8)?,
            path: row.get(9)?,
            absolute_path: row.get(10)?,
            part: row.get(11)?,
            bytes: count(12)?,
            sha256: row.get(13)?,
            accepted: count(14)?,
            rejected: count(15)?,
            has_changed: row.get(16)?,
        })
    })?;
    loaded.collect()
}

/// The run that was stopped between its checkpoints.
pub(super) fn unfinished(connection: &Connection) -> rusqlite::Result<Option<Unfinished>> {
    let found = connection.query_row(
        "SELECT c.run_id, c.records, c.import_file, c.import_record, c.line, c.byte_offset, c.sha256, c.customers, \
         c.start_customer_id, c.next_customer_id, c.change_counter, r.profile, r.options, r.started_at, r.read, \
         r.accepted, r.created, r.updated, r.unchanged, r.superseded, r.rejected, r.blank, r.warnings, r.repaired \
         FROM import_checkpoints AS c JOIN import_runs AS r ON r.run_id = c.run_id WHERE r.status = ?1 \
         ORDER BY c.run_id DESC LIMIT 1",
        [UNFINISHED],
        |row| {
            let count = |column| row.get::<_, i64>(column).map(|count| count as u64);
            Ok(Unfinished {
                checkpoint: Checkpoint {
                    run_id: row.get(0)?,
                    records: count(1)?,
                    place: TextPlace {
                        file: count(2)?,
                        record: count(3)?,
                        line: count(4)?,
                        byte_offset: count(5)?,
                        sha256: row.get(6)?,
                    },
                    customers: row.get(7)?,
                    start_customer_id: row.get(8)?,
                    next_customer_id: row.get(9)?,
                    change_counter: row.get(10)?,
                },
                profile: row.get(11)?,
                options: row.get(12)?,
                started_at: row.get(13)?,
                counts: Counts {
                    read: count(14)?,
                    accepted: count(15)?,
                    created: count(16)?,
                    updated: count(17)?,
                    unchanged: count(18)?,
                    superseded: count(19)?,
                    rejected: count(20)?,
                    blank: count(21)?,
                    warnings: count(22)?,
                    repaired: count(23)?,
                },
                files: Vec::new(),
            })
        },
    );
    let Some(mut run) = found.optional()? else { return Ok(None) };
    let mut statement =
        connection.prepare("SELECT path, bytes FROM import_files WHERE run_id = ?1 ORDER BY import_file")?;
    let files = statement
        .query_map([run.checkpoint.run_id], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?
        .collect::<rusqlite::Result<_>>()?;
    run.files = files;
    Ok(Some(run))
}

/// Notes how far a run has come.
pub(super) fn write_checkpoint(connection: &Connection, checkpoint: &Checkpoint) -> rusqlite::Result<()> {
    let place = &checkpoint.place;
    connection.execute(
        "INSERT OR REPLACE INTO import_checkpoints (run_id, records, import_file, import_record, line, byte_offset, \
         sha256, customers, start_customer_id, next_customer_id, change_counter) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            checkpoint.run_id,
            checkpoint.records as i64,
            place.file as i64,
            place.record as i64,
            place.line as i64,
            place.byte_offset as i64,
            place.sha256,
            checkpoint.customers,
            checkpoint.start_customer_id,
            checkpoint.next_customer_id,
            checkpoint.change_counter,
        ],
    )?;
    Ok(())
}

/// Deletes what is noted of how far a run has come: it is over.
pub(super) fn remove_checkpoint(connection: &Connection, run_id: i64) -> rusqlite::Result<()> {
    connection.execute_batch("DROP TABLE IF EXISTS import_checkpoint_updates")?;
    connection.execute("DELETE FROM import_checkpoints WHERE run_id = ?1", [run_id]).map(|_| ())
}

/// Whether a run is noted as far as it has come.
pub(super) fn is_noted(connection: &Connection, run_id: i64, run: &RunRow) -> rusqlite::Result<bool> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM import_runs WHERE run_id = ?1 AND status = ?2 AND started_at = ?3 AND read = ?4)";
    connection.query_row(sql, params![run_id, run.status, run.started_at, run.counts.read as i64], |row| row.get(0))
}

/// Notes a run and its inputs, or what has become of them since that was done last.
pub(super) fn write_run(connection: &Connection, run_id: i64, run: &RunRow, files: &[FileRow]) -> rusqlite::Result<()> {
    let counts = &run.counts;
    // What was noted at a checkpoint. A run that is done is never written over.
    connection.execute(
        "DELETE FROM import_files WHERE run_id = (SELECT run_id FROM import_runs WHERE run_id = ?1 AND status = ?2)",
        params![run_id, UNFINISHED],
    )?;
    connection.execute("DELETE FROM import_runs WHERE run_id = ?1 AND status = ?2", params![run_id, UNFINISHED])?;
    connection.execute(
        "INSERT INTO import_runs (run_id, profile, mode, options, columns, started_at, ended_at, status, \
         read, accepted, created, updated, unchanged, superseded, rejected, blank, warnings, repaired, \
         first_customer_id, last_customer_id, reports) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
        params![
            run_id,
            run.profile,
            run.mode,
            run.options,
            run.columns,
            run.started_at,
            run.ended_at,
            run.status,
            counts.read as i64,
            counts.accepted as i64,
            counts.created as i64,
            counts.updated as i64,
            counts.unchanged as i64,
            counts.superseded as i64,
            counts.rejected as i64,
            counts.blank as i64,
            counts.warnings as i64,
            counts.repaired as i64,
            run.first_customer_id,
            run.last_customer_id,
            run.reports,
        ],
    )?;
    for (index, file) in files.iter().enumerate() {
        let counts = &file.counts;
        connection.execute(
            "INSERT INTO import_files (run_id, import_file, path, bytes, sha256, read, accepted, created, \
             updated, unchanged, superseded, rejected, blank, absolute_path, part, is_reject_report) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
            params![
                run_id,
                index as i64 + 1,
                file.path,
                file.bytes as i64,
                file.sha256,
                counts.read as i64,
                counts.accepted as i64,
                counts.created as i64,
                counts.updated as i64,
                counts.unchanged as i64,
                counts.superseded as i64,
                counts.rejected as i64,
                counts.blank as i64,
                file.absolute_path,
                file.part,
                file.is_reject_report,
            ],
        )?;
    }
    Ok(())
}
