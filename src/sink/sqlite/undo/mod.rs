//! Undoing a run: [`LockedDatabase::undo`].
//!
//! First the digests in the run's journal are compared with the rows, to find customers that have changed since; that writes
//! nothing. Then rows are deleted and restored in one transaction. A dry run does the same and rolls it back, so that the database's
//! own constraints and triggers are checked too.

mod created;
mod customer_columns;
mod outcome;
mod refusal;
mod revert;
mod undoing;
mod updated;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use rusqlite::Connection;

use self::refusal::{Failure, Step, refuse, refused_by};
use self::undoing::Undoing;
use super::commit::{CommitError, commit_past_readers};
use super::lock::LockedDatabase;
use super::runs::is_undone;
use crate::error::Result;

pub use self::outcome::{ChangeCause, MOST_LISTED, Undo, Undone};

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

    fn undo_with(&self, undo: &Undo, way: impl FnOnce(&Undoing<'_>) -> Step<Undone>) -> Result<Undone> {
        let connection = &self.existing()?.connection;
        let undone = refuse(connection, undo.run_id)
            .and_then(|()| Ok(Undoing::new(connection, undo, &self.stop)?))
            .and_then(|undoing| way(&undoing));
        undone.map_err(|failure| failure.into_error(&self.path, undo.run_id, &self.stop))
    }
}

/// Names the customers that have changed since a run created or updated them; `None` if there are none.
pub(super) fn changed_since(
    connection: &Connection,
    run_id: i64,
    stop: &Arc<AtomicUsize>,
) -> rusqlite::Result<Option<String>> {
    let undo = Undo { run_id, keep_changed: false, dry_run: true, now: String::new() };
    let found = match Undoing::new(connection, &undo, stop)?.compare() {
        Err(Failure::Sqlite(error) | Failure::Commit(CommitError::Failed(error) | CommitError::InDoubt(error))) => {
            return Err(error);
        }
        Err(Failure::Refused(why)) => return Ok(Some(why)),
        Ok(found) => found,
    };
    let others = if found.listed.len() > 1 { " and others" } else { "" };
    Ok(found.listed.first().map(|first| format!("{}{others}", first.names())))
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
