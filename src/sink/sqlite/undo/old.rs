//! Which of the customers that a run of an earlier version has created are as it left them. Up to a thousand of them have one digest
//! together. Where it is another now, the rows are put together as the run left them from what later runs have noted; if it is
//! right then, the customers that these runs have changed are the only ones.

use std::collections::{BTreeMap, HashMap};

use rusqlite::types::{Value as Owned, ValueRef};

use super::created::{Created, CreatedRow, CreatedRows};
use super::{Since, Undoing, Undone};
use crate::core::row::Value;
use crate::sink::sqlite::journal::{CreatedDigest, digest_text, value_of};

/// How many customers have a digest together, at most.
pub(super) const MOST_TOGETHER: i64 = 1000;

/// What a customer's row held before the first of the later runs that changed it.
struct Before {
    /// `updated_at`, `import_run`, `import_file` and `import_record`.
    stamp: [Owned; 4],
    /// The columns that later runs have changed.
    values: HashMap<String, Owned>,
}

/// The digest of several rows.
#[derive(Default)]
struct Together {
    of_one: CreatedDigest,
    digest: Option<u64>,
}

impl Together {
    fn add<'v>(&mut self, values: impl Iterator<Item = Value<'v>>) {
        let row = self.of_one.of(values);
        // Which row stands where counts.
        self.digest = Some(match self.digest {
            Some(digest) => (digest.rotate_left(5) ^ row).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            None => row,
        });
    }

    fn is(&self, noted: &str) -> bool {
        self.digest.is_some_and(|digest| digest_text(digest) == noted)
    }
}

impl Undoing<'_> {
    /// Finds out which customers of a range with one digest are not as the run left them. `later` are the runs after it that have
    /// updated customers, when they are known.
    pub(super) fn compare_together(
        &self,
        rows: &CreatedRows<'_>,
        range: &Created,
        later: &mut Option<Vec<i64>>,
        undone: &mut Undone,
    ) -> rusqlite::Result<()> {
        let (mut found, mut is_other, mut together) = (0, false, Together::default());
        rows.each(range, |row| {
            found += 1;
            is_other |= !row.has_nothing_else()?;
            together.add(row.values());
            Ok(())
        })?;
        if found == range.size() && !is_other && together.is(&range.digest) {
            undone.deletable += range.size() as u64;
            return Ok(());
        }
        let later = match later {
            Some(later) => later,
            None => later.insert(self.later_runs()?),
        };
        let before = self.before(later, range)?;
        self.look_closely(rows, range, &before, undone)
    }

    /// The runs after this one that have updated customers.
    fn later_runs(&self) -> rusqlite::Result<Vec<i64>> {
        let mut statement = self.connection.prepare(
            "SELECT run_id FROM import_runs AS r WHERE run_id > ?1 \
             AND EXISTS (SELECT 1 FROM import_updated AS u WHERE u.run_id = r.run_id) ORDER BY run_id",
        )?;
        let runs = statement.query_map([self.undo.run_id], |row| row.get(0))?;
        runs.collect()
    }

    /// What rows of a range were before later runs changed them.
    fn before(&self, later: &[i64], range: &Created) -> rusqlite::Result<BTreeMap<i64, Before>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT u.customer_id, u.old_updated_at, u.old_import_run, u.old_import_file, u.old_import_record, c.field, \
             c.old_value FROM import_updated AS u LEFT JOIN import_changes AS c \
             ON c.run_id = u.run_id AND c.customer_id = u.customer_id \
             WHERE u.run_id = ?1 AND u.customer_id BETWEEN ?2 AND ?3",
        )?;
        let mut found = BTreeMap::new();
        for run in later {
            let mut rows = statement.query([*run, range.first, range.last])?;
            while let Some(row) = rows.next()? {
                let stamp = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
                // What the first of the later runs has found counts, for each column by itself.
                let before = found.entry(row.get(0)?).or_insert_with(|| Before { stamp, values: HashMap::new() });
                if let Some(field) = row.get::<_, Option<String>>(5)? {
                    let value = row.get(6)?;
                    before.values.entry(field).or_insert(value);
                }
            }
        }
        Ok(found)
    }

    /// Finds out which customers of a range are not as the run left them, by what later runs have noted.
    fn look_closely(
        &self,
        rows: &CreatedRows<'_>,
        range: &Created,
        before: &BTreeMap<i64, Before>,
        undone: &mut Undone,
    ) -> rusqlite::Result<()> {
        let run_id = self.undo.run_id;
        let mut together = Together::default();
        let (mut there, mut changed) = (Vec::new(), Vec::new());
        rows.each(range, |row| {
            let customer = row.customer;
            let import_run = row.import_run();
            let is_other = !row.has_nothing_else()?;
            if before.contains_key(&customer) {
                changed.push((customer, Since::ChangedBy(import_run)));
            } else if is_other || import_run != run_id {
                changed.push((customer, Since::Changed));
            }
            match before.get(&customer) {
                Some(before) => together.add(values_before(&row, before)),
                None => together.add(row.values()),
            }
            there.push(customer);
            Ok(())
        })?;
        let size = range.size() as u64;
        let is_told = there.len() as u64 == size && together.is(&range.digest);
        if there.len() as u64 != size {
            let is_there = |customer: &i64| there.binary_search(customer).is_ok();
            changed.extend((range.first..=range.last).filter(|id| !is_there(id)).map(|id| (id, Since::Deleted)));
            changed.sort_unstable_by_key(|(customer, _)| *customer);
        }
        for (customer, since) in &changed {
            undone.list(*customer, *customer, *since);
        }
        if is_told || there.is_empty() {
            undone.changed += changed.len() as u64;
            changed.iter().filter(|(_, since)| *since != Since::Deleted).try_for_each(|(id, _)| self.keep(*id))?;
            undone.deletable += size - changed.len() as u64;
            return Ok(());
        }
        // What a person has changed is noted nowhere, so it may be any of them.
        if changed.iter().filter(|(_, since)| *since != Since::Deleted).count() < there.len() {
            let since = if size == 1 { Since::Changed } else { Since::SomeChanged };
            undone.list(range.first, range.last, since);
        }
        undone.changed += size;
        there.iter().try_for_each(|customer| self.keep(*customer))
    }
}

/// The values of a row as they were before later runs.
fn values_before<'a>(row: &'a CreatedRow<'_, '_>, before: &'a Before) -> impl Iterator<Item = Value<'a>> {
    // The first of the stamp never changes.
    let stamp = row.names.len() - before.stamp.len();
    (0..row.names.len()).map(move |index| {
        let changed = match index.checked_sub(stamp) {
            Some(place) => before.stamp.get(place),
            None => before.values.get(&row.names[index]),
        };
        changed.map_or_else(|| row.value(index), |value| value_of(ValueRef::from(value)))
    })
}
