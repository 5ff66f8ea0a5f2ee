//! Undoing a run: [`LockedDatabase::undo`].
//!
//! First the digests in the run's journal are compared with the rows, to find customers that have changed since; that writes
//! nothing. Then rows are deleted and restored in one transaction. A dry run does the same and rolls it back, so that the database's
//! own constraints and triggers are checked too.

mod compare;
mod parents;
mod revert;
mod undoing;

use std::{sync::atomic::AtomicUsize, time::Duration};

use rusqlite::{Connection, OptionalExtension};

use self::undoing::{Failure, Step, Undoing, refused_by};
use super::connection::{CommitError, commit_past_readers, sqlite_error};
use super::history::{PastRun, runs_of};
use super::journal::DIGITS;
use super::lock::{LockedDatabase, OpenDatabase};
use super::runs::{FINISHED, UNDONE, UNFINISHED, is_undone, unfinished};
use super::schema::{has_customers, tables};
use crate::error::{Error, Result};

pub use self::undoing::{ChangeCause, ChangedCustomers, MOST_LISTED, Undo, Undone};

/// What was deleted so that a database does not grow with each run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// The runs that can no longer be undone, in their order.
    pub runs: Vec<i64>,
    /// The number of rows that their journals had.
    pub rows: u64,
}

impl LockedDatabase {
    /// Undoes a run: deletes the customers that it created, and restores those that it updated. An error, and nothing is done, if
    /// there is no such run, if it is undone already, if its journal was pruned, or if a constraint or trigger rejects it.
    pub fn undo(self, undo: &Undo) -> Result<Undone> {
        self.undo_with(undo, |undoing| undoing.commit())
    }

    /// Undoes a run in the transaction that has begun, without a commit.
    pub fn undo_uncommitted(&self, undo: &Undo) -> Result<Undone> {
        self.undo_with(undo, |undoing| undoing.apply())
    }

    /// Deletes the journal of all runs but the last `keep` finished ones and those after them. Their rows in `import_runs` stay,
    /// and so does the journal of a run that was stopped between its checkpoints. On an error nothing is deleted.
    pub fn prune(self, keep: u64) -> Result<Pruned> {
        let open = self.existing()?;
        let failed = |error| sqlite_error(&self.path, &self.stop, &error);
        match tables(&open.connection).map_err(failed)? {
            Ok(true) => {}
            Ok(false) => return Ok(Pruned::default()),
            Err(why) => {
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

    fn undo_with(&self, undo: &Undo, way: impl FnOnce(&Undoing<'_>) -> Step<Undone>) -> Result<Undone> {
        let connection = &self.existing()?.connection;
        let undone =
            refuse(connection, undo.run_id).and_then(|table| way(&Undoing::new(connection, undo, &table, &self.stop)?));
        undone.map_err(|failure| failure.into_error(&self.path, undo.run_id, &self.stop))
    }
}

/// Names the customers that have changed since a run created or updated them; `None` if there are none.
pub(super) fn changed_since(
    connection: &Connection,
    run_id: i64,
    table: &str,
    stop: &AtomicUsize,
) -> rusqlite::Result<Option<String>> {
    let undo = Undo { run_id, keep_changed: false, dry_run: true, now: String::new() };
    let found = match Undoing::new(connection, &undo, table, stop)?.compare() {
        Err(Failure::Sqlite(error) | Failure::Commit(CommitError::Failed(error) | CommitError::InDoubt(error))) => {
            return Err(error);
        }
        Err(Failure::Refused(why)) => return Ok(Some(why)),
        Ok(found) => found,
    };
    let others = if found.listed.len() > 1 { " and others" } else { "" };
    Ok(found.listed.first().map(|first| format!("{}{others} changed", first.names())))
}

impl Undoing<'_> {
    /// Finds the customers that have changed since the run.
    fn compare(&self) -> Step<Undone> {
        let mut found = Undone::default();
        self.compare_created(&mut found)?;
        self.compare_updated(&mut found)?;
        Ok(found)
    }

    /// Undoes the run in the transaction that has begun.
    fn apply(&self) -> Step<Undone> {
        self.create_kept()?;
        let mut undone = self.compare()?;
        if undone.changed > 0 && !self.undo.keep_changed {
            return Ok(undone);
        }
        undone.as_undone = self.as_undone()?;
        undone.restored = self.restore()?;
        self.refuse_lost_parents()?;
        self.refuse_circles()?;
        // Restored customers have their former parents again.
        self.keep_parents(&mut undone)?;
        if undone.changed > 0 && !self.undo.keep_changed {
            return Ok(Undone { restored: 0, as_undone: Vec::new(), ..undone });
        }
        undone.deleted = self.delete(undone.deletable)?;
        self.mark()?;
        Ok(Undone { is_done: true, ..undone })
    }

    /// Undoes the run and commits that, or rolls a dry run back.
    fn commit(&self) -> Step<Undone> {
        let unmet = if self.undo.dry_run { self.unmet_references()? } else { 0 };
        let undone = self.apply()?;
        if !undone.is_done {
            return Ok(undone);
        }
        if self.undo.dry_run {
            if self.unmet_references()? > unmet {
                return Err(Failure::Refused("a foreign key of the database rejects it".to_string()));
            }
            self.connection.execute_batch("ROLLBACK")?;
            return Ok(undone);
        }
        let is_there = || is_undone(self.connection, self.undo.run_id, &self.undo.now);
        commit_past_readers(self.connection, Duration::ZERO, self.stop, is_there).map_err(|error| match error {
            CommitError::Failed(error) => refused_by(error),
            error => Failure::Commit(error),
        })?;
        Ok(undone)
    }

    /// The number of foreign keys of other tables that refer to nothing. SQLite checks deferred ones only when it commits.
    fn unmet_references(&self) -> rusqlite::Result<i64> {
        let count = |sql: &str| self.connection.query_row(sql, [], |row| row.get(0));
        match count("PRAGMA foreign_keys")? {
            0 => Ok(0),
            _ => count("SELECT count(*) FROM pragma_foreign_key_check"),
        }
    }
}

/// The table of the run's customers; an error if it cannot be undone.
fn refuse(connection: &Connection, run_id: i64) -> Step<String> {
    let refuse = |why: &str| Err(Failure::Refused(why.to_string()));
    let runs = runs_of(connection, Some(run_id))?.map_err(Failure::Refused)?;
    let Some(run) = runs.first() else {
        return refuse("there is no such run; `custload runs` lists the runs");
    };
    if run.status == UNDONE {
        let undone_at = run.undone_at.as_deref().unwrap_or_default();
        return refuse(&format!("it was already undone at {undone_at}"));
    }
    if let Some(other) = unfinished(connection)?.filter(|other| other.checkpoint.run_id != run_id) {
        let other = other.checkpoint.run_id;
        return refuse(&format!("run {other} was stopped, and must be finished or undone first"));
    }
    let table = &run.table_name;
    if !has_customers(connection, table)?.map_err(Failure::Refused)? {
        return refuse(&format!("the database no longer has the table {table}"));
    }
    match has_whole_journal(connection, run)? {
        true => Ok(table.clone()),
        false => refuse("the data needed to undo it is gone: `custload runs prune` deletes it"),
    }
}

fn has_whole_journal(connection: &Connection, run: &PastRun) -> rusqlite::Result<bool> {
    let count = |sql: &str| connection.query_row(sql, [run.run_id], |row| row.get::<_, i64>(0));
    let created =
        count("SELECT ifnull(sum(last_customer_id - first_customer_id + 1), 0) FROM import_created WHERE run_id = ?1")?;
    let updated = count("SELECT count(*) FROM import_updated WHERE run_id = ?1")?;
    let without_values = "SELECT count(*) FROM import_updated AS u WHERE u.run_id = ?1 AND NOT EXISTS (SELECT 1 \
                          FROM import_changes AS c WHERE c.run_id = u.run_id AND c.customer_id = u.customer_id)";
    // Another program may have written any range, and all are read.
    let without_digests = format!(
        "SELECT count(*) FROM import_created WHERE run_id = ?1 \
         AND (last_customer_id < first_customer_id \
         OR length(digest) IS NOT {DIGITS} * (last_customer_id - first_customer_id + 1))"
    );
    let is_whole = count(without_values)? == 0 && count(&without_digests)? == 0;
    // Several inputs may have updated one customer.
    let most = run.counts.updated as i64;
    let fewest = if run.inputs.len() > 1 { most.min(1) } else { most };
    Ok(is_whole && created == run.counts.created as i64 && (fewest..=most).contains(&updated))
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
    let sql = "SELECT run_id FROM import_runs WHERE status = ?1 ORDER BY run_id DESC LIMIT 1 OFFSET ?2";
    let before = i64::try_from(keep.saturating_sub(1)).unwrap_or(i64::MAX);
    let first = match keep {
        0 => Some(i64::MAX),
        _ => connection.query_row(sql, (FINISHED, before), |row| row.get(0)).optional()?,
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
    if let (false, Some(counter)) = (pruned.runs.is_empty(), open.counter.read().unwrap_or_default()) {
        // The counter grows, but a stopped run may still continue: nothing that it loaded has changed.
        let sql = "UPDATE import_checkpoints SET change_counter = ?1 + 1 WHERE change_counter = ?1";
        connection.execute(sql, [counter])?;
    }
    Ok(pruned)
}
