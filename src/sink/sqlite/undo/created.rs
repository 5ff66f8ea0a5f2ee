//! Which of the customers that a run has created are as it left them: each has a digest of its row. Earlier versions noted others
//! ([`super::old`]).

use std::collections::BTreeSet;

use rusqlite::types::Value as Owned;
use rusqlite::{Connection, Row, ToSql, params_from_iter};

use super::{Since, Tried, Undoing, Undone, gone, quoted};
use crate::core::row::Value;
use crate::sink::sqlite::journal::{CreatedDigest, DIGITS, digest_text, value_of};
use crate::sink::sqlite::schema::{self, CustomerColumn, STAMP_COLUMNS};

/// Customers that the run has created, and what is noted of them.
pub(super) struct Created {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) digest: String,
}

impl Created {
    pub(super) fn size(&self) -> usize {
        (self.last - self.first + 1) as usize
    }
}

impl Undoing<'_> {
    /// Finds out which of the customers that the run has created are not as it left them. Those that it has updated besides are left out.
    pub(super) fn look_at_created(&self, undone: &mut Undone) -> Tried<()> {
        let columns = schema::customer_columns(self.connection)?;
        let rows = CreatedRows::new(self.connection, self.undo.run_id, &columns)?;
        let sql = "SELECT first_customer_id, last_customer_id, digest FROM import_created WHERE run_id = ?1 ORDER BY 1";
        let mut statement = self.connection.prepare(sql)?;
        let mut ranges = statement.query([self.undo.run_id])?;
        let mut later = None;
        while let Some(row) = ranges.next()? {
            self.go_on()?;
            let range = Created { first: row.get(0)?, last: row.get(1)?, digest: row.get(2)? };
            if range.digest.len() == range.size() * DIGITS {
                self.compare(&rows, &range, undone)?;
            } else {
                self.compare_together(&rows, &range, &mut later, undone)?;
            }
        }
        Ok(())
    }

    fn compare(&self, rows: &CreatedRows<'_>, range: &Created, undone: &mut Undone) -> rusqlite::Result<()> {
        let updated = self.updated_too(range)?;
        let mut note = |customer: i64, since: Option<Since>| match since {
            _ if updated.contains(&customer) => Ok(()),
            Some(since) => self.note_changed(customer, since, undone),
            None => {
                undone.deletable += 1;
                Ok(())
            }
        };
        let mut next = range.first;
        let mut digest = CreatedDigest::default();
        let noted = range.digest.as_bytes();
        rows.each(range, |row| {
            (next..row.customer).try_for_each(|customer| note(customer, Some(Since::Deleted)))?;
            next = row.customer + 1;
            let place = (row.customer - range.first) as usize * DIGITS;
            let is_same = row.has_nothing_else()?
                && noted.get(place..place + DIGITS) == Some(digest_text(digest.of(row.values())).as_bytes());
            note(row.customer, (!is_same).then(|| self.since(row.import_run())))
        })?;
        (next..=range.last).try_for_each(|customer| note(customer, Some(Since::Deleted)))
    }

    /// Which of the customers that the run has created it has updated too, as it may with several inputs.
    fn updated_too(&self, range: &Created) -> rusqlite::Result<BTreeSet<i64>> {
        let sql = "SELECT customer_id FROM import_updated WHERE run_id = ?1 AND customer_id BETWEEN ?2 AND ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([self.undo.run_id, range.first, range.last], |row| row.get(0))?.collect()
    }
}

/// Reads the rows that a run has created, as its digests are worked out.
pub(super) struct CreatedRows<'h> {
    connection: &'h Connection,
    sql: String,
    /// The columns that the run filled, and those of its stamp.
    names: Vec<String>,
    /// What other columns hold where nobody has filled them.
    defaults: Vec<Owned>,
}

/// The row of a customer that the run has created.
pub(super) struct CreatedRow<'r, 's> {
    pub(super) customer: i64,
    row: &'r Row<'s>,
    pub(super) names: &'r [String],
}

impl<'h> CreatedRows<'h> {
    fn new(connection: &'h Connection, run_id: i64, columns: &[CustomerColumn]) -> Tried<CreatedRows<'h>> {
        let mut statement =
            connection.prepare("SELECT value FROM import_runs, json_each(columns) WHERE run_id = ?1 ORDER BY key")?;
        let names = statement.query_map([run_id], |row| row.get(0))?;
        let mut names: Vec<String> = names.collect::<rusqlite::Result<_>>()?;
        names.extend(STAMP_COLUMNS.iter().map(|(name, _)| name.to_string()));
        let is = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        if let Some(name) = names.iter().find(|name| !columns.iter().any(|column| is(&column.name, name))) {
            return Err(gone(name));
        }
        let others = columns.iter().filter(|column| {
            !column.is_generated && !is(&column.name, "customer_id") && !names.iter().any(|name| is(name, &column.name))
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
        Ok(CreatedRows { connection, sql, names, defaults })
    }

    /// Gives the rows of a range that are there, in the order of their IDs.
    pub(super) fn each(
        &self,
        range: &Created,
        mut each: impl FnMut(CreatedRow<'_, '_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(&self.sql)?;
        let ends = [&range.first as &dyn ToSql, &range.last];
        let parameters = ends.into_iter().chain(self.defaults.iter().map(|value| value as &dyn ToSql));
        let mut rows = statement.query(params_from_iter(parameters))?;
        while let Some(row) = rows.next()? {
            each(CreatedRow { customer: row.get(0)?, row, names: &self.names })?;
        }
        Ok(())
    }
}

impl CreatedRow<'_, '_> {
    /// Whether columns that are not the run's hold nothing.
    pub(super) fn has_nothing_else(&self) -> rusqlite::Result<bool> {
        self.row.get(1)
    }

    pub(super) fn value(&self, index: usize) -> Value<'_> {
        self.row.get_ref(index + 2).map_or(Value::Null, value_of)
    }

    /// The values of the run's columns, and its stamp.
    pub(super) fn values(&self) -> impl Iterator<Item = Value<'_>> {
        (0..self.names.len()).map(|index| self.value(index))
    }

    /// The run that has changed the row last, or has created it.
    pub(super) fn import_run(&self) -> i64 {
        let place = STAMP_COLUMNS.iter().rev().position(|(name, _)| *name == "import_run").unwrap_or_default();
        match self.value(self.names.len() - 1 - place) {
            Value::Integer(run) => run,
            _ => 0,
        }
    }
}
