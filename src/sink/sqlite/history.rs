//! The runs of a database, for `custload runs`: [`past_runs`].

use std::{ops::Deref, path::Path, sync::Arc, sync::atomic::AtomicUsize};

use rusqlite::{Connection, OpenFlags};

use super::connection::{connect, read_or_recover, sqlite_error};
use super::file::refuse_absent;
use super::runs::{FILES, FileRow, RUNS, RunRow};
use super::schema::{Found, tables};
use crate::error::{Error, Result};

/// A run of the database. What `import_runs` says of it is read as if these were fields of its own.
#[derive(Clone, Debug)]
pub struct PastRun {
    pub row: RunRow,
    pub inputs: Vec<FileRow>,
    pub is_pruned: bool,
}

impl Deref for PastRun {
    type Target = RunRow;

    fn deref(&self) -> &RunRow {
        &self.row
    }
}

/// The runs of the database at `path`, or `only` one, in the order of their numbers. Writes nothing. An error if it has none.
pub fn past_runs(path: &Path, only: Option<i64>, stop: &Arc<AtomicUsize>) -> Result<Vec<PastRun>> {
    refuse_absent(path)?;
    let read = |access: OpenFlags| {
        let connection = connect(path, access)?;
        // One transaction, so that everything is read as of one moment.
        let began = connection.execute_batch("PRAGMA query_only = 1; BEGIN");
        Ok(began.and_then(|()| runs_of(&connection, only)))
    };
    let runs = read_or_recover(read)?.map_err(|error| sqlite_error(path, stop, &error))?;
    runs.map_err(|why| Error::database(path, format!("{why}; name another database with --db")))
}

/// The same by a connection. The inner error says why the database has no runs of custload.
pub(super) fn runs_of(connection: &Connection, only: Option<i64>) -> Found<Vec<PastRun>> {
    match tables(connection)? {
        Ok(true) => {}
        Ok(false) => return Ok(Err("the database has no custload runs".to_string())),
        Err(why) => return Ok(Err(format!("the database has no custload runs: {why}"))),
    }
    let chosen = "WHERE ?1 IS NULL OR run_id = ?1 ORDER BY run_id";
    let rows = RUNS.select(connection, chosen, [only])?;
    let mut runs = Vec::with_capacity(rows.len());
    for row in rows {
        let is_pruned = row.counts.created > 0 && !has_rows(connection, "import_created", row.run_id)?
            || row.counts.updated > 0 && !has_rows(connection, "import_updated", row.run_id)?;
        runs.push(PastRun { row, inputs: Vec::new(), is_pruned });
    }
    for file in FILES.select(connection, &format!("{chosen}, import_file"), [only])? {
        if let Ok(at) = runs.binary_search_by_key(&file.run_id, |run| run.run_id) {
            runs[at].inputs.push(file);
        }
    }
    Ok(Ok(runs))
}

fn has_rows(connection: &Connection, table: &str, run_id: i64) -> rusqlite::Result<bool> {
    connection.prepare_cached(&format!("SELECT 1 FROM {table} WHERE run_id = ?1"))?.exists([run_id])
}
