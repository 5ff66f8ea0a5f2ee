//! Runs that cannot be undone.

use rusqlite::Connection;

use super::failure::{Failure, Step};
use crate::sink::sqlite::checkpoint::unfinished;
use crate::sink::sqlite::history::{PastRun, runs_of};
use crate::sink::sqlite::journal::DIGITS;
use crate::sink::sqlite::runs::UNDONE;

/// An error if a run cannot be undone.
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
    // Another program may have written any range, and each is gone through.
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
