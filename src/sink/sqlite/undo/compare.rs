//! Which customers of a run have changed since: the journal has a digest of each row.

use std::collections::BTreeSet;

use rusqlite::types::Value as Owned;
use rusqlite::{Row, ToSql, params_from_iter, types::ValueRef};

use super::undoing::{ChangeCause, CustomerColumn, Step, Undoing, Undone, column_dropped, customer_columns};
use crate::core::row::Value;
use crate::sink::sqlite::journal::{CreatedDigest, DIGITS, digest_text, row_digest};
use crate::sink::sqlite::schema::STAMP_COLUMNS;
use crate::sink::sqlite::sql::{quoted, value_of};

impl Undoing<'_> {
    /// Finds the changed customers among those that the run created, except those that it updated as well.
    pub(super) fn compare_created(&self, undone: &mut Undone) -> Step<()> {
        let columns = customer_columns(self.connection, &self.table)?;
        let rows = CreatedRows::new(self, &columns)?;
        let sql = "SELECT first_customer_id, last_customer_id, digest FROM import_created WHERE run_id = ?1 ORDER BY 1";
        let mut statement = self.connection.prepare(sql)?;
        let mut ranges = statement.query([self.undo.run_id])?;
        while let Some(row) = ranges.next()? {
            self.check_stop()?;
            let digests: String = row.get(2)?;
            self.compare_range(&rows, row.get(0)?, row.get(1)?, &digests, undone)?;
        }
        Ok(())
    }

    /// Compares the rows of created customers with their digests, which follow each other.
    fn compare_range(
        &self,
        created: &CreatedRows,
        first: i64,
        last: i64,
        digests: &str,
        undone: &mut Undone,
    ) -> rusqlite::Result<()> {
        // With several inputs a run may have updated a customer as well.
        let sql = "SELECT customer_id FROM import_updated WHERE run_id = ?1 AND customer_id BETWEEN ?2 AND ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let updated = statement.query_map([self.undo.run_id, first, last], |row| row.get(0))?;
        let updated: BTreeSet<i64> = updated.collect::<rusqlite::Result<_>>()?;
        let mut add = |customer: i64, since: Option<ChangeCause>| match since {
            _ if updated.contains(&customer) => Ok(()),
            Some(since) => self.add_changed(customer, since, undone),
            None => {
                undone.deletable += 1;
                Ok(())
            }
        };
        let mut statement = self.connection.prepare_cached(&created.sql)?;
        let ends = [&first as &dyn ToSql, &last];
        let parameters = ends.into_iter().chain(created.defaults.iter().map(|value| value as &dyn ToSql));
        let mut rows = statement.query(params_from_iter(parameters))?;
        let (mut next, mut digest) = (first, CreatedDigest::default());
        while let Some(row) = rows.next()? {
            let (customer, has_nothing_else): (i64, bool) = (row.get(0)?, row.get(1)?);
            (next..customer).try_for_each(|customer| add(customer, Some(ChangeCause::Deleted)))?;
            next = customer + 1;
            let value = |index: usize| row.get_ref(index + 2).map_or(Value::Null, value_of);
            let at = (customer - first) as usize * DIGITS;
            let mut now = || digest_text(digest.of((0..created.columns).map(value)));
            let is_same = has_nothing_else && digests.get(at..at + DIGITS) == Some(now().as_str());
            let import_run = if let Value::Integer(run) = value(created.import_run) { run } else { 0 };
            add(customer, (!is_same).then(|| self.cause(import_run)))?;
        }
        (next..=last).try_for_each(|customer| add(customer, Some(ChangeCause::Deleted)))
    }

    pub(super) fn compare_updated(&self, undone: &mut Undone) -> rusqlite::Result<()> {
        let columns = customer_columns(self.connection, &self.table)?;
        let mut statement = self.connection.prepare(&format!(
            "SELECT c.*, c.import_run, u.customer_id, u.digest, c.customer_id IS NULL FROM import_updated AS u \
             LEFT JOIN {} AS c ON c.customer_id = u.customer_id WHERE u.run_id = ?1 ORDER BY u.customer_id",
            self.quoted_table
        ))?;
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

/// How the rows that a run has created are read, in the form of its digests.
struct CreatedRows {
    /// Selects the ID, whether all columns that the run has not filled have their defaults, and the columns that it filled.
    sql: String,
    /// The number of columns that the run filled, its stamp included.
    columns: usize,
    /// Which of them names the run that changed the row last, or created it.
    import_run: usize,
    /// The defaults of all other columns.
    defaults: Vec<Owned>,
}

impl CreatedRows {
    fn new(undoing: &Undoing<'_>, columns: &[CustomerColumn]) -> Step<CreatedRows> {
        let sql = "SELECT value FROM import_runs, json_each(columns) WHERE run_id = ?1 ORDER BY key";
        let mut statement = undoing.connection.prepare(sql)?;
        let names = statement.query_map([undoing.undo.run_id], |row| row.get(0))?;
        let mut names: Vec<String> = names.collect::<rusqlite::Result<_>>()?;
        names.extend(STAMP_COLUMNS.iter().map(|(name, _)| name.to_string()));
        if let Some(name) = names.iter().find(|name| !columns.iter().any(|column| column.is_named(name))) {
            return Err(column_dropped(&undoing.table, name));
        }
        let others = columns.iter().filter(|column| {
            !column.is_generated && !column.is_named("customer_id") && !names.iter().any(|name| column.is_named(name))
        });
        let (mut conditions, mut defaults) = (Vec::new(), Vec::new());
        for other in others {
            defaults.push(other.default.clone());
            let (name, parameter) = (quoted(&other.name), defaults.len() + 2);
            conditions.push(format!("({name} IS NULL OR {name} COLLATE BINARY IS ?{parameter})"));
        }
        let condition = if conditions.is_empty() { "1".to_string() } else { conditions.join(" AND ") };
        let listed: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        let sql = format!(
            "SELECT customer_id, {condition}, {} FROM {} WHERE customer_id BETWEEN ?1 AND ?2 ORDER BY customer_id",
            listed.join(", "),
            undoing.quoted_table
        );
        let import_run = names.iter().rposition(|name| name == "import_run").unwrap_or_default();
        Ok(CreatedRows { sql, columns: names.len(), import_run, defaults })
    }
}

/// Whether a row has not changed since the run updated it. A column that was added since comes after the others and still has its
/// default; one that SQLite computes may have been added too.
fn is_unchanged(names: &[String], columns: &[CustomerColumn], row: &Row<'_>, digest: &str) -> rusqlite::Result<bool> {
    for known in (0..=names.len()).rev() {
        if digest_text(row_digest(names[..known].iter().map(String::as_str), row)?) == digest {
            return Ok(true);
        }
        let Some(column) = known.checked_sub(1).and_then(|last| columns.get(last)) else { break };
        let value = row.get_ref(known - 1)?;
        if !column.is_generated && value != ValueRef::Null && !is_default(value, ValueRef::from(&column.default)) {
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
