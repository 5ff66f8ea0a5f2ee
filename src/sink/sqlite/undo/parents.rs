//! A customer is not deleted while it is the parent of one that stays, and not restored below one that was deleted, or below itself.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, params};

use super::undoing::{ChangeCause, Failure, KEPT, Step, Undoing, Undone, customer_columns};
use crate::core::profile::PARENT_ID;
use crate::sink::sqlite::circles::{Circle, parent_of};
use crate::sink::sqlite::id_ranges::IdRanges;

impl Undoing<'_> {
    /// Keeps the customers that would be deleted and are parents of others that stay, and those above them.
    pub(super) fn keep_parents(&self, undone: &mut Undone) -> rusqlite::Result<()> {
        if undone.deletable == 0 || !self.has_parents()? {
            return Ok(());
        }
        let created = self.created_ranges()?;
        let mut kept = self.kept()?;
        let mut open: Vec<(i64, i64)> = Vec::new();
        let sql = format!(
            "SELECT customer_id, {PARENT_ID} FROM {} WHERE {PARENT_ID} IS NOT NULL ORDER BY customer_id",
            self.quoted_table
        );
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (child, parent): (i64, Option<i64>) = (row.get(0)?, row.get_ref(1)?.as_i64().ok());
            let stays = !created.has(child) || kept.contains(&child);
            open.extend(parent.filter(|parent| stays && created.has(*parent)).map(|parent| (parent, child)));
            while let Some((parent, child)) = open.pop() {
                self.check_stop()?;
                let above = self.parent_of(parent)?;
                // It may have been deleted, or stay anyway.
                if above.is_none() || !kept.insert(parent) {
                    continue;
                }
                self.add_changed(parent, ChangeCause::ParentOf(child), undone)?;
                undone.deletable -= 1;
                open.extend(above.flatten().filter(|above| created.has(*above)).map(|above| (above, parent)));
            }
        }
        Ok(())
    }

    /// An error if a restored customer has a former parent again that was deleted since.
    pub(super) fn refuse_lost_parents(&self) -> Step<()> {
        if !self.has_parents()? {
            return Ok(());
        }
        let kept = if self.undo.keep_changed { format!("AND c.customer_id NOT IN temp.{KEPT}") } else { String::new() };
        let sql = format!(
            "SELECT c.customer_id, c.{PARENT_ID} FROM import_changes AS u JOIN {table} AS c USING (customer_id) \
             WHERE u.run_id = ?1 AND u.field = ?2 AND c.{PARENT_ID} NOT IN (SELECT customer_id FROM {table}) {kept} LIMIT 1",
            table = self.quoted_table
        );
        let lost = self
            .connection
            .query_row(&sql, (self.undo.run_id, PARENT_ID), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
        match lost.optional()? {
            None => Ok(()),
            Some((customer, parent)) => Err(Failure::Refused(format!(
                "customer {customer} would have its former parent again, customer {parent}, which was deleted since; give it \
                 another parent and undo with --keep-changed"
            ))),
        }
    }

    /// An error if a restored customer, which has its former parent again, is above itself now.
    pub(super) fn refuse_circles(&self) -> Step<()> {
        if !self.has_parents()? {
            return Ok(());
        }
        let kept = self.kept()?;
        let mut restored = self.moved()?;
        restored.retain(|customer| *customer < self.first_created && !kept.contains(customer));
        let above = |customer| {
            self.check_stop()?;
            self.parent_of(customer).map(Option::flatten)
        };
        match Circle::through(&restored, above)? {
            None => Ok(()),
            Some(circle) => Err(Failure::Refused(format!(
                "{circle}; undo the runs that have moved the others since, or give one of them another parent"
            ))),
        }
    }

    fn has_parents(&self) -> rusqlite::Result<bool> {
        Ok(customer_columns(self.connection, &self.table)?.iter().any(|column| column.is_named(PARENT_ID)))
    }

    fn created_ranges(&self) -> rusqlite::Result<IdRanges> {
        let sql = "SELECT first_customer_id, last_customer_id FROM import_created WHERE run_id = ?1 ORDER BY 1";
        let mut statement = self.connection.prepare(sql)?;
        let ranges = statement.query_map([self.undo.run_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        ranges.collect::<rusqlite::Result<_>>().map(IdRanges::new)
    }

    fn kept(&self) -> rusqlite::Result<BTreeSet<i64>> {
        if !self.undo.keep_changed {
            return Ok(BTreeSet::new());
        }
        let mut statement = self.connection.prepare(&format!("SELECT customer_id FROM temp.{KEPT}"))?;
        let kept = statement.query_map([], |row| row.get(0))?;
        kept.collect()
    }

    /// The customers that the run has given other parents, in order.
    fn moved(&self) -> rusqlite::Result<Vec<i64>> {
        let sql = "SELECT customer_id FROM import_changes WHERE run_id = ?1 AND field = ?2 ORDER BY customer_id";
        let mut statement = self.connection.prepare(sql)?;
        statement.query_map(params![self.undo.run_id, PARENT_ID], |row| row.get(0))?.collect()
    }

    fn parent_of(&self, customer: i64) -> rusqlite::Result<Option<Option<i64>>> {
        parent_of(self.connection, &self.quoted_table, customer)
    }
}
