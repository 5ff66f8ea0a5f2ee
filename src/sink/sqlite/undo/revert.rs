//! Restoring and deleting customers.

use rusqlite::{params, params_from_iter, types::Value};

use super::undoing::{Failure, MOST_LISTED, Step, Undoing, column_dropped, customer_columns, refused_by};
use crate::sink::sqlite::runs::{UNDONE, mark_undone, remove_checkpoint};
use crate::sink::sqlite::schema::update_customer;

/// An updated customer as it was before the run.
struct Former {
    customer: i64,
    /// `updated_at`, `import_run`, `import_file` and `import_record`.
    stamp: [Value; 4],
    /// The columns that the run has changed.
    values: Vec<(String, Value)>,
}

impl Undoing<'_> {
    /// Restores the customers that the run updated. Returns their number.
    pub(super) fn restore(&self) -> Step<u64> {
        let columns = customer_columns(self.connection, &self.table)?;
        let sql = format!(
            "SELECT u.customer_id, u.old_updated_at, u.old_import_run, u.old_import_file, u.old_import_record, c.field, \
             c.old_value FROM import_updated AS u LEFT JOIN import_changes AS c \
             ON c.run_id = u.run_id AND c.customer_id = u.customer_id \
             WHERE u.run_id = ?1 AND u.customer_id < ?2 \
             AND EXISTS (SELECT 1 FROM {} AS t WHERE t.customer_id = u.customer_id){} ORDER BY u.customer_id, c.field",
            self.quoted_table,
            self.and_not_kept("u.customer_id")
        );
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([self.undo.run_id, self.first_created])?;
        let mut restored = 0;
        let mut open: Option<Former> = None;
        while let Some(row) = rows.next()? {
            let customer: i64 = row.get(0)?;
            if let Some(former) = open.take_if(|former| former.customer != customer) {
                self.check_stop()?;
                self.restore_one(former)?;
                restored += 1;
            }
            let stamp = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
            let former = open.get_or_insert_with(|| Former { customer, stamp, values: Vec::new() });
            if let Some(field) = row.get::<_, Option<String>>(5)? {
                if !columns.iter().any(|column| column.is_named(&field)) {
                    return Err(column_dropped(&self.table, &field));
                }
                former.values.push((field, row.get(6)?));
            }
        }
        if let Some(former) = open {
            self.restore_one(former)?;
            restored += 1;
        }
        Ok(restored)
    }

    fn restore_one(&self, former: Former) -> Step<()> {
        let Former { customer, stamp, values } = former;
        let sql = update_customer(&self.quoted_table, values.iter().map(|(name, _)| name.as_str()));
        let values = values.into_iter().map(|(_, value)| value).chain(stamp).chain([Value::Integer(customer)]);
        let updated = self.connection.prepare_cached(&sql)?.execute(params_from_iter(values)).map_err(refused_by)?;
        match updated {
            1 => Ok(()),
            _ => Err(Failure::Refused(format!("a trigger of the database keeps customer {customer} as it is"))),
        }
    }

    /// The first customers that get values of an undone run again, and that run.
    pub(super) fn as_undone(&self) -> rusqlite::Result<Vec<(i64, i64)>> {
        let sql = format!(
            "SELECT u.customer_id, u.old_import_run FROM import_updated AS u JOIN import_runs AS r \
             ON r.run_id = u.old_import_run WHERE u.run_id = ?1 AND u.customer_id < ?2 AND r.status = ?3 \
             AND EXISTS (SELECT 1 FROM {} AS t WHERE t.customer_id = u.customer_id){} \
             ORDER BY u.customer_id LIMIT {MOST_LISTED}",
            self.quoted_table,
            self.and_not_kept("u.customer_id")
        );
        let mut statement = self.connection.prepare(&sql)?;
        let found = statement
            .query_map(params![self.undo.run_id, self.first_created, UNDONE], |row| Ok((row.get(0)?, row.get(1)?)))?;
        found.collect()
    }

    /// Deletes the customers that the run created, except those to keep. An error unless it deletes the `expected` number.
    pub(super) fn delete(&self, expected: u64) -> Step<u64> {
        if expected == 0 {
            return Ok(0);
        }
        let table = &self.quoted_table;
        let sql = format!("SELECT count(*) FROM {table}");
        let count = || self.connection.query_row(&sql, [], |row| row.get::<_, i64>(0));
        let before = count()? as u64;
        if before == expected {
            // Without a condition SQLite does not read the rows.
            self.connection.execute(&format!("DELETE FROM {table}"), []).map_err(refused_by)?;
        } else {
            self.delete_ranges()?;
        }
        let deleted = before.saturating_sub(count()? as u64);
        if deleted != expected {
            return Err(Failure::Refused(format!(
                "{expected} customers should be deleted, but a trigger or foreign key of the database changed that to \
                 {deleted}"
            )));
        }
        Ok(deleted)
    }

    fn delete_ranges(&self) -> Step<()> {
        let sql = "SELECT first_customer_id, last_customer_id FROM import_created WHERE run_id = ?1 ORDER BY 1";
        let mut ranges = self.connection.prepare(sql)?;
        let mut ranges = ranges.query([self.undo.run_id])?;
        let not_kept = self.and_not_kept("customer_id");
        let table = &self.quoted_table;
        let sql = format!("DELETE FROM {table} WHERE customer_id BETWEEN ?1 AND ?2{not_kept}");
        let mut delete = self.connection.prepare(&sql)?;
        while let Some(range) = ranges.next()? {
            self.check_stop()?;
            let (first, last): (i64, i64) = (range.get(0)?, range.get(1)?);
            delete.execute([first, last]).map_err(refused_by)?;
        }
        Ok(())
    }

    /// Marks the run as undone and deletes its journal, except the changes of customers that keep them.
    pub(super) fn mark(&self) -> rusqlite::Result<()> {
        let (run_id, not_kept) = (self.undo.run_id, self.and_not_kept("customer_id"));
        self.connection.execute("DELETE FROM import_created WHERE run_id = ?1", [run_id])?;
        for table in ["import_updated", "import_changes"] {
            self.connection.execute(&format!("DELETE FROM {table} WHERE run_id = ?1{not_kept}"), [run_id])?;
        }
        remove_checkpoint(self.connection, run_id)?;
        mark_undone(self.connection, run_id, &self.undo.now)
    }
}
