//! Why a run cannot be undone: [`Failure`].

use std::path::Path;
use std::sync::atomic::AtomicUsize;

use rusqlite::{Connection, ErrorCode};

use crate::error::Error;
use crate::sink::sqlite::checkpoint::unfinished;
use crate::sink::sqlite::commit::CommitError;
use crate::sink::sqlite::errors::sqlite_error;
use crate::sink::sqlite::history::{PastRun, runs_of};
use crate::sink::sqlite::journal::DIGITS;
use crate::sink::sqlite::runs::UNDONE;

pub(super) enum Failure {
    Sqlite(rusqlite::Error),
    Commit(CommitError),
    /// Any other reason.
    Refused(String),
}

pub(super) type Step<T> = Result<T, Failure>;

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Sqlite(error)
    }
}

impl Failure {
    pub(super) fn into_error(self, path: &Path, run_id: i64, stop: &AtomicUsize) -> Error {
        match self {
            Failure::Sqlite(error) => sqlite_error(path, stop, &error),
            Failure::Commit(error) => error.into_error(path, stop),
            Failure::Refused(why) => Error::database(path, format!("run {run_id} cannot be undone: {why}")),
        }
    }
}

/// The failure of a statement that the database's own rules may reject.
pub(super) fn refused_by(error: rusqlite::Error) -> Failure {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => {
            Failure::Refused(format!("a constraint, foreign key or trigger of the database rejects it ({error})"))
        }
        _ => Failure::Sqlite(error),
    }
}

pub(super) fn column_dropped(column: &str) -> Failure {
    Failure::Refused(format!("it filled the column {column}, which the table customers no longer has"))
}

pub(super) fn refuse(connection: &Connection, run_id: i64) -> Step<()> {
    let refuse = |why: &str| Err(Failure::Refused(why.to_string()));
    let runs = runs_of(connection, Some(run_id))?.map_err(Failure::Refused)?;
    let Some(run) = runs.first() else {
        return refuse("there is no such run; `custload runs` lists the runs");
    };
    if run.status == UNDONE {
        let undone_at = run.undone_at.as_deref().unwrap_or_default();
        return refuse(&format!("it is undone already, since {undone_at}"));
    }
    if let Some(other) = unfinished(connection)?.filter(|other| other.checkpoint.run_id != run_id) {
        let other = other.checkpoint.run_id;
        return refuse(&format!("run {other} was stopped, and must be finished or undone first"));
    }
    match has_journal(connection, run)? {
        true => Ok(()),
        false => refuse("what is needed to undo it is not there any more: `custload runs prune` deletes it"),
    }
}

/// Whether the journal of a run is complete.
fn has_journal(connection: &Connection, run: &PastRun) -> rusqlite::Result<bool> {
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
