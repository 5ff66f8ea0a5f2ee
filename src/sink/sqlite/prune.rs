//! Deleting what is needed to undo old runs, so that a database does not grow with each night: [`Held::prune`].

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use super::hold::{Held, HeldWay, Opened};
use super::runs::{FINISHED, UNFINISHED};
use super::{commit_past_readers, error_of, history, schema};
use crate::error::Result;

/// What was deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// The runs that cannot be undone any more, in their order.
    pub runs: Vec<i64>,
    /// How many rows their journal had.
    pub rows: u64,
}

impl Held {
    /// Deletes the journal of all runs but the last `keep` finished ones and those behind them; their rows in `import_runs`
    /// stay, and so does the journal of a run that was stopped between its checkpoints. On an error nothing is deleted.
    pub fn prune(self, keep: u64) -> Result<Pruned> {
        let Held { path, way, stop } = self;
        let HeldWay::Existing(opened) = way else { return Err(history::absent(&path)) };
        let connection = &opened.connection;
        let pruned = prune(&opened, keep).map_err(|error| error_of(&path, &stop, &error))?;
        if let Some(last) = pruned.runs.last() {
            let is_there = || has_journal(connection, *last).map(|has_journal| !has_journal);
            commit_past_readers(connection, Duration::ZERO, &stop, is_there)
                .map_err(|failure| failure.into_error(&path, &stop))?;
        }
        Ok(pruned)
    }
}

fn has_journal(connection: &Connection, run_id: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM import_created WHERE run_id = ?1) \
               OR EXISTS (SELECT 1 FROM import_updated WHERE run_id = ?1)";
    connection.query_row(sql, [run_id], |row| row.get(0))
}

fn prune(opened: &Opened, keep: u64) -> rusqlite::Result<Pruned> {
    let connection = &opened.connection;
    let mut pruned = Pruned::default();
    if !schema::has_runs(connection)? {
        // An earlier version has made it, which kept no journal.
        return Ok(pruned);
    }
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
    if let (false, Some(counter)) = (pruned.runs.is_empty(), opened.change_counter().unwrap_or_default()) {
        // A run that was stopped may go on where nobody has written to the database since; this has changed none of its rows.
        let sql = "UPDATE import_checkpoints SET change_counter = ?1 + 1 WHERE change_counter = ?1";
        connection.execute(sql, [counter])?;
    }
    Ok(pruned)
}
