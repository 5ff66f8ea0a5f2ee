//! Which customers that a run created have changed since: the journal has a digest of each row.

use std::collections::BTreeSet;

use rusqlite::types::Value as Owned;
use rusqlite::{Connection, Row, ToSql, params_from_iter};

use super::customer_columns::{CustomerColumn, customer_columns};
use super::outcome::{ChangeCause, Undone};
use super::refusal::{Step, column_dropped};
use super::undoing::Undoing;
use crate::core::row::Value;
use crate::sink::sqlite::journal::{CreatedDigest, DIGITS, digest_text};
use crate::sink::sqlite::schema::STAMP_COLUMNS;
use crate::sink::sqlite::sql::{quoted, value_of};

/// Customers that the run has created, and the digests of their rows.
struct CreatedRange {
    first: i64,
    last: i64,
    digests: String,
}

impl Undoing<'_> {
    /// Finds the changed customers among those that the run created, except those that it updated as well.
    pub(super) fn compare_created(&self, undone: &mut Undone) -> Step<()> {
        let columns = customer_columns(self.connection)?;
        let rows = CreatedRows::new(self.connection, self.undo.run_id, &columns)?;
        let sql = "SELECT first_customer_id, last_customer_id, digest FROM import_created WHERE run_id = ?1 ORDER BY 1";
        let mut statement = self.connection.prepare(sql)?;
        let mut ranges = statement.query([self.undo.run_id])?;
        while let Some(row) = ranges.next()? {
            self.check_stop()?;
            let range = CreatedRange {
                first: row.get("first_customer_id")?,
                last: row.get("last_customer_id")?,
                digests: row.get("digest")?,
            };
            self.compare_range(&rows, &range, undone)?;
        }
        Ok(())
    }

    fn compare_range(&self, rows: &CreatedRows<'_>, range: &CreatedRange, undone: &mut Undone) -> rusqlite::Result<()> {
        let updated = self.updated_too(range)?;
        let mut add = |customer: i64, since: Option<ChangeCause>| match since {
            _ if updated.contains(&customer) => Ok(()),
            Some(since) => self.add_changed(customer, since, undone),
            None => {
                undone.deletable += 1;
                Ok(())
            }
        };
        let mut next = range.first;
        let mut digest = CreatedDigest::default();
        rows.each(range, |row| {
            (next..row.customer).try_for_each(|customer| add(customer, Some(ChangeCause::Deleted)))?;
            next = row.customer + 1;
            let at = (row.customer - range.first) as usize * DIGITS;
            let is_same = row.has_nothing_else()?
                && range.digests.get(at..at + DIGITS) == Some(digest_text(digest.of(row.values())).as_str());
            add(row.customer, (!is_same).then(|| self.cause(row.import_run())))
        })?;
        (next..=range.last).try_for_each(|customer| add(customer, Some(ChangeCause::Deleted)))
    }

    /// The created customers that the run has updated as well, as it may with several inputs.
    fn updated_too(&self, range: &CreatedRange) -> rusqlite::Result<BTreeSet<i64>> {
        let sql = "SELECT customer_id FROM import_updated WHERE run_id = ?1 AND customer_id BETWEEN ?2 AND ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([self.undo.run_id, range.first, range.last], |row| row.get(0))?.collect()
    }
}

/// Reads the rows that a run has created, in the form of its digests.
struct CreatedRows<'h> {
    connection: &'h Connection,
    sql: String,
    /// The number of columns that the run filled, its stamp included.
    columns: usize,
    /// The defaults of all other columns.
    defaults: Vec<Owned>,
}

/// The row of a customer that the run has created.
struct CreatedRow<'r, 's> {
    customer: i64,
    row: &'r Row<'s>,
    columns: usize,
}

impl<'h> CreatedRows<'h> {
    fn new(connection: &'h Connection, run_id: i64, columns: &[CustomerColumn]) -> Step<CreatedRows<'h>> {
        let mut statement =
            connection.prepare("SELECT value FROM import_runs, json_each(columns) WHERE run_id = ?1 ORDER BY key")?;
        let names = statement.query_map([run_id], |row| row.get(0))?;
        let mut names: Vec<String> = names.collect::<rusqlite::Result<_>>()?;
        names.extend(STAMP_COLUMNS.iter().map(|(name, _)| name.to_string()));
        if let Some(name) = names.iter().find(|name| !columns.iter().any(|column| column.is_named(name))) {
            return Err(column_dropped(name));
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
            "SELECT customer_id, {condition}, {} FROM customers WHERE customer_id BETWEEN ?1 AND ?2 ORDER BY customer_id",
            listed.join(", ")
        );
        Ok(CreatedRows { connection, sql, columns: names.len(), defaults })
    }

    /// Visits the existing rows of a range in the order of their IDs.
    fn each(
        &self,
        range: &CreatedRange,
        mut each: impl FnMut(CreatedRow<'_, '_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(&self.sql)?;
        let ends = [&range.first as &dyn ToSql, &range.last];
        let parameters = ends.into_iter().chain(self.defaults.iter().map(|value| value as &dyn ToSql));
        let mut rows = statement.query(params_from_iter(parameters))?;
        while let Some(row) = rows.next()? {
            each(CreatedRow { customer: row.get(0)?, row, columns: self.columns })?;
        }
        Ok(())
    }
}

impl CreatedRow<'_, '_> {
    /// Whether all columns that the run has not filled have their defaults.
    fn has_nothing_else(&self) -> rusqlite::Result<bool> {
        self.row.get(1)
    }

    fn value(&self, index: usize) -> Value<'_> {
        self.row.get_ref(index + 2).map_or(Value::Null, value_of)
    }

    /// The values of the run's columns, and its stamp.
    fn values(&self) -> impl Iterator<Item = Value<'_>> {
        (0..self.columns).map(|index| self.value(index))
    }

    /// The run that has changed the row last, or has created it.
    fn import_run(&self) -> i64 {
        let from_end = STAMP_COLUMNS.iter().rev().position(|(name, _)| *name == "import_run").unwrap_or_default();
        match self.value(self.columns - 1 - from_end) {
            Value::Integer(run) => run,
            _ => 0,
        }
    }
}
