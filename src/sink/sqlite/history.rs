//! What a database knows of its runs, for people who ask: [`past_runs`]. The database is only looked at.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use rusqlite::{Connection, OpenFlags, Row};

use super::place::{self, Kind};
use super::runs::FileRow;
use super::{connect, error_of, look_or_mend, schema};
use crate::core::record::Counts;
use crate::error::{Error, Result};

/// Whether what is needed to undo a run is in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journal {
    /// It is.
    There,
    /// It was pruned.
    Pruned,
    /// The run was made by an earlier version, which noted nothing.
    Never,
}

/// A run that the database knows.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // named as the columns of `import_runs`, which the README documents
pub struct PastRun {
    pub run_id: i64,
    pub profile: String,
    pub mode: String,
    pub options: String,
    pub started_at: String,
    pub ended_at: String,
    pub status: String,
    pub counts: Counts,
    pub first_customer_id: Option<i64>,
    pub last_customer_id: Option<i64>,
    pub reports: String,
    pub undone_at: Option<String>,
    /// What there is of its journal.
    pub journal: Journal,
    /// Its inputs, in order.
    pub inputs: Vec<FileRow>,
}

/// The runs that the database at `path` knows, in the order of their numbers; or only one of them. A database of an earlier
/// version is read as it is. It is an error if there is none, if it cannot be read, and if custload has not made it.
pub fn past_runs(path: &Path, only: Option<i64>, stop: &Arc<AtomicUsize>) -> Result<Vec<PastRun>> {
    refuse_absent(path)?;
    let read = |access: OpenFlags| {
        let connection = connect(path, access)?;
        // One transaction, so that all is read as of one moment. Nothing is ever written in it.
        let began = connection.execute_batch("PRAGMA query_only = 1; BEGIN");
        Ok(began.and_then(|()| runs_of(&connection, only)))
    };
    let runs = look_or_mend(read)?.map_err(|error| error_of(path, stop, &error))?;
    runs.ok_or_else(|| Error::database(path, "it has no runs of custload; name another database with --db"))
}

/// An error where there is no database at `path`.
pub fn refuse_absent(path: &Path) -> Result<()> {
    match place::kind(path)? {
        Kind::File => Ok(()),
        Kind::Absent => Err(absent(path)),
    }
}

pub(super) fn absent(path: &Path) -> Error {
    Error::database(path, "there is no such database; name another with --db")
}

/// The runs of a database in the order of their numbers, or only one; `None` if custload has not made it.
pub(super) fn runs_of(connection: &Connection, only: Option<i64>) -> rusqlite::Result<Option<Vec<PastRun>>> {
    let tables = (schema::run_columns(connection)?, schema::file_columns(connection)?);
    let (Some(run_columns), Some(file_columns)) = tables else { return Ok(None) };
    let exists = |table: &str| {
        Ok::<_, rusqlite::Error>(match schema::has_table(connection, table)? {
            true => format!("EXISTS (SELECT 1 FROM {table} AS j WHERE j.run_id = r.run_id)"),
            false => "0".to_string(),
        })
    };
    let sql = format!(
        "SELECT *, columns = '[]' AS is_old, \
         created > 0 AND NOT {} OR updated > 0 AND NOT {} AS is_pruned \
         FROM (SELECT {run_columns} FROM import_runs) AS r WHERE ?1 IS NULL OR run_id = ?1 ORDER BY run_id",
        exists("import_created")?,
        exists("import_updated")?
    );
    let mut statement = connection.prepare(&sql)?;
    let mut runs = statement.query_map([only], past_run)?.collect::<rusqlite::Result<Vec<PastRun>>>()?;
    let sql = format!(
        "SELECT * FROM (SELECT {file_columns} FROM import_files) WHERE ?1 IS NULL OR run_id = ?1 \
         ORDER BY run_id, import_file"
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([only])?;
    while let Some(row) = rows.next()? {
        let run_id: i64 = row.get("run_id")?;
        let counts = Counts { warnings: 0, repaired: 0, ..counts_of(row)? };
        let file = FileRow {
            path: row.get("path")?,
            bytes: row.get::<_, i64>("bytes")? as u64,
            sha256: row.get("sha256")?,
            counts,
            absolute_path: row.get("absolute_path")?,
            part: row.get("part")?,
            is_reject_report: row.get("is_reject_report")?,
        };
        if let Ok(place) = runs.binary_search_by_key(&run_id, |run| run.run_id) {
            runs[place].inputs.push(file);
        }
    }
    Ok(Some(runs))
}

fn past_run(row: &Row<'_>) -> rusqlite::Result<PastRun> {
    let count = |column: &str| row.get::<_, i64>(column).map(|count| count as u64);
    Ok(PastRun {
        run_id: row.get("run_id")?,
        profile: row.get("profile")?,
        mode: row.get("mode")?,
        options: row.get("options")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        status: row.get("status")?,
        counts: Counts { warnings: count("warnings")?, repaired: count("repaired")?, ..counts_of(row)? },
        first_customer_id: row.get("first_customer_id")?,
        last_customer_id: row.get("last_customer_id")?,
        reports: row.get("reports")?,
        undone_at: row.get("undone_at")?,
        journal: match (row.get("is_old")?, row.get("is_pruned")?) {
            (true, _) => Journal::Never,
            (false, true) => Journal::Pruned,
            (false, false) => Journal::There,
        },
        inputs: Vec::new(),
    })
}

/// The counts that runs and inputs have in common.
fn counts_of(row: &Row<'_>) -> rusqlite::Result<Counts> {
    let count = |column: &str| row.get::<_, i64>(column).map(|count| count as u64);
    Ok(Counts {
        read: count("read")?,
        accepted: count("accepted")?,
        created: count("created")?,
        updated: count("updated")?,
        unchanged: count("unchanged")?,
        superseded: count("superseded")?,
        rejected: count("rejected")?,
        blank: count("blank")?,
        ..Counts::default()
    })
}
