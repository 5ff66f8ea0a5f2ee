//! Deleting the journals of old runs, so that a database does not grow with each run: [`LockedDatabase::prune`].

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use super::commit::commit_past_readers;
use super::errors::sqlite_error;
use super::lock::{LockedDatabase, OpenDatabase};
use super::runs::{FINISHED, UNFINISHED};
use super::schema::{Tables, tables};
use crate::error::{Error, Result};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// The runs that can no longer be undone, in their order.
    pub runs: Vec<i64>,
    /// The number of rows that their journals had.
    pub rows: u64,
}

impl LockedDatabase {
    /// Deletes the journal of all runs but the last `keep` finished ones and those after them. Their rows in `import_runs` stay,
    /// and so does the journal of a run that was stopped between its checkpoints. On an error nothing is deleted.
    pub fn prune(self, keep: u64) -> Result<Pruned> {
        let open = self.existing()?;
        let failed = |error| sqlite_error(&self.path, &self.stop, &error);
        match tables(&open.connection).map_err(failed)? {
            Tables::Complete => {}
            Tables::Absent => return Ok(Pruned::default()),
            Tables::Foreign(why) => {
                return Err(Error::database(&self.path, format!("{why}. Name another database with --db")));
            }
        }
        let pruned = delete_journals(open, keep).map_err(failed)?;
        if let Some(last) = pruned.runs.last() {
            let is_there = || has_journal(&open.connection, *last).map(|has_journal| !has_journal);
            commit_past_readers(&open.connection, Duration::ZERO, &self.stop, is_there)
                .map_err(|error| error.into_error(&self.path, &self.stop))?;
        }
        Ok(pruned)
    }
}

fn has_journal(connection: &Connection, run_id: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM import_created WHERE run_id = ?1) \
               OR EXISTS (SELECT 1 FROM import_updated WHERE run_id = ?1)";
    connection.query_row(sql, [run_id], |row| row.get(0))
}

fn delete_journals(open: &OpenDatabase, keep: u64) -> rusqlite::Result<Pruned> {
    let connection = &open.connection;
    let mut pruned = Pruned::default();
    // The first run whose journal stays.
    let first = match i64::try_from(keep.saturating_sub(1)) {
        _ if keep == 0 => Some(i64::MAX),
        Err(_) => None,
        Ok(before) => {
            let sql = "SELECT run_id FROM import_runs WHERE status = ?1 ORDER BY run_id DESC LIMIT 1 OFFSET ?2";
            connection.query_row(sql, (FINISHED, before), |row| row.get(0)).optional()?
        }
    };
    let Some(first) = first else { return Ok(pruned) };
    let mut statement = connection.prepare(
        "SELECT run_id FROM import_runs AS r WHERE run_id < ?1 AND status <> ?2 \
         AND (EXISTS (SELECT 1 FROM import_created AS c WHERE c.run_id = r.run_id) \
         OR EXISTS (SELECT 1 FROM import_updated AS u WHERE u.run_id = r.run_id)) ORDER BY run_id",
    )?;
    let runs = statement.query_map((first, UNFINISHED), |row| row.get(0))?;
    pruned.runs = runs.collect::<rusqlite::Result<_>>()?;
    for table in ["import_created", "import_updated", "import_changes"] {
        let mut statement = connection.prepare(&format!("DELETE FROM {table} WHERE run_id = ?1"))?;
        for run in &pruned.runs {
            pruned.rows += statement.execute([run])? as u64;
        }
    }
    if let (false, Some(counter)) = (pruned.runs.is_empty(), open.change_counter().unwrap_or_default()) {
        // The counter grows, but a stopped run may still continue: nothing that it loaded has changed.
        let sql = "UPDATE import_checkpoints SET change_counter = ?1 + 1 WHERE change_counter = ?1";
        connection.execute(sql, [counter])?;
    }
    Ok(pruned)
}
