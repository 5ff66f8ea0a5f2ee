//! Which customers that a run updated have changed since: the journal has a digest of each row.

use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::customer_columns::{CustomerColumn, customer_columns};
use super::outcome::{ChangeCause, Undone};
use super::undoing::Undoing;
use crate::sink::sqlite::journal::{digest_text, row_digest};

impl Undoing<'_> {
    /// Finds the changed customers among those that the run has updated.
    pub(super) fn compare_updated(&self, undone: &mut Undone) -> rusqlite::Result<()> {
        let columns = customer_columns(self.connection)?;
        let mut statement = self.connection.prepare(
            "SELECT c.*, c.import_run, u.customer_id, u.digest, c.customer_id IS NULL FROM import_updated AS u \
             LEFT JOIN customers AS c ON c.customer_id = u.customer_id WHERE u.run_id = ?1 ORDER BY u.customer_id",
        )?;
        let names: Vec<String> = statement.column_names().take(columns.len()).map(str::to_string).collect();
        let mut rows = statement.query([self.undo.run_id])?;
        while let Some(row) = rows.next()? {
            self.check_stop()?;
            let at = names.len();
            let (customer, digest): (i64, String) = (row.get(at + 1)?, row.get(at + 2)?);
            if row.get(at + 3)? {
                self.add_changed(customer, ChangeCause::Deleted, undone)?;
            } else if !is_unchanged(&names, &columns, row, &digest)? {
                let import_run = row.get_ref(at)?.as_i64().unwrap_or_default();
                self.add_changed(customer, self.cause(import_run), undone)?;
            } else if customer >= self.first_created {
                undone.deletable += 1;
            } else {
                undone.restorable += 1;
            }
        }
        Ok(())
    }
}

/// Whether a row has not changed since the run updated it. A column that was added since comes after the others and still has its
/// default; one that SQLite computes may have been added too.
fn is_unchanged(names: &[String], columns: &[CustomerColumn], row: &Row<'_>, digest: &str) -> rusqlite::Result<bool> {
    for known in (0..=names.len()).rev() {
        if digest_text(row_digest(&names[..known], row)?) == digest {
            return Ok(true);
        }
        let Some(column) = known.checked_sub(1).and_then(|last| columns.get(last)) else { break };
        let value = row.get_ref(known - 1)?;
        let may_be_new =
            column.is_generated || value == ValueRef::Null || is_default(value, ValueRef::from(&column.default));
        if !may_be_new {
            break;
        }
    }
    Ok(false)
}

/// Whether a value is this default, which the column's type may have converted between text and number.
fn is_default(value: ValueRef<'_>, default: ValueRef<'_>) -> bool {
    match (value, default) {
        (ValueRef::Text(text), ValueRef::Integer(number)) | (ValueRef::Integer(number), ValueRef::Text(text)) => {
            text == number.to_string().as_bytes()
        }
        _ => value == default,
    }
}
