//! Creating and changing customers: [`CustomerWriter`].

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::accepted::{Accepted, Action};
use super::existing::ExistingMatch;
use super::resume::Replay;
use super::target::Target;
use crate::core::judge::plan::Plan;
use crate::core::row::Value;
use crate::error::{Error, Result};
use crate::sink::sqlite::record::values;
use crate::sink::sqlite::{Change, ChangeStamp};

/// Creates and changes customers, in the order of their records.
pub(super) struct CustomerWriter {
    pub(super) target: Target,
    plan: Arc<Plan>,
    /// The database, as it was named.
    pub(super) database: PathBuf,
    /// When the run started, which is also the time of its changes.
    started_at: String,
    /// What a stopped run has done already: until it is done again, nothing is written.
    pub(super) replay: Option<Replay>,
    /// The first and the last customer that the run created.
    pub(super) created: Option<(i64, i64)>,
}

impl CustomerWriter {
    pub(super) fn new(
        target: Target,
        plan: Arc<Plan>,
        database: PathBuf,
        started_at: String,
        replay: Option<Replay>,
    ) -> CustomerWriter {
        CustomerWriter { target, plan, database, started_at, replay, created: None }
    }

    /// Whether a customer differs from a record of an input, or differed before the run changed it.
    pub(super) fn has_changed(&self, found: &ExistingMatch, input: usize) -> Result<bool> {
        match (&self.target, found.customer) {
            (_, None) => Ok(false),
            // What the stopped run changed no longer differs.
            (Target::Database(store), Some(customer)) if self.replay.is_some() => {
                store.has_changed(customer, input as i64 + 1)
            }
            _ => Ok(!found.differing.is_empty()),
        }
    }

    /// Creates customers, whose rows are in `bytes`. Returns the ID of the first; a check of one input gives none out.
    pub(super) fn create(&mut self, bytes: &[u8], rows: &[Range<u32>]) -> Result<Option<i64>> {
        let store = match &mut self.target {
            Target::Database(store) => store,
            Target::Simulated(simulation) => return simulation.append(bytes, rows).map(Some),
            Target::ReadOnly(_) | Target::Nothing => return Ok(None),
        };
        let first = self.replay.as_ref().map_or(store.next_id(), |replay| replay.next_id);
        if rows.is_empty() {
            return Ok(Some(first));
        }
        let Some(last) = first.checked_add(rows.len() as i64 - 1).filter(|last| *last < i64::MAX) else {
            let message = "it would run out of customer IDs; load fewer records";
            return Err(Error::database(&self.database, message));
        };
        match &mut self.replay {
            Some(replay) => replay.next_id = last + 1,
            None => store.append(bytes, rows)?,
        }
        self.created = Some((self.created.map_or(first, |(first, _)| first), last));
        Ok(Some(first))
    }

    /// Changes the customers that accepted records update. Their rows are in `bytes`.
    pub(super) fn change(&mut self, bytes: &[u8], accepted: &[Accepted<'_>]) -> Result<()> {
        if self.replay.is_some() {
            return Ok(());
        }
        for accepted in accepted.iter().filter(|accepted| accepted.action == Action::Updated) {
            let Some(customer) = accepted.customer else { continue };
            let row = &bytes[accepted.row.start as usize..accepted.row.end as usize];
            let values = values(row).zip(&self.plan.fields).enumerate();
            let values = values.filter(|(field, _)| accepted.differing.has(*field)).map(|(field, (value, plan))| {
                let value = if accepted.cleared.has(field) { Value::Null } else { value };
                (plan.column.as_str(), value)
            });
            let change = Change { customer, values: values.collect(), record: accepted.position.record };
            let (now, file) = (self.started_at.as_str(), accepted.input as i64 + 1);
            match &mut self.target {
                Target::Database(store) => store.change(&change, &ChangeStamp { now, run: store.run_id(), file })?,
                Target::Simulated(simulation) => simulation.change(&change, &ChangeStamp { now, run: 0, file })?,
                Target::ReadOnly(_) | Target::Nothing => {}
            }
        }
        Ok(())
    }

    /// Ends an input whose customers the next input is to find.
    pub(super) fn end_input(&mut self) -> Result<()> {
        self.target = match std::mem::replace(&mut self.target, Target::Nothing) {
            Target::Database(store) => Target::Database(Box::new(store.end_input()?)),
            other => other,
        };
        Ok(())
    }

    /// An error if the database has stored fewer or more customers than it was given.
    pub(super) fn balance(&self, created: u64, updated: u64) -> Result<()> {
        let Target::Database(store) = &self.target else { return Ok(()) };
        let (written, changed) = store.stored();
        if (written, changed) == (created, updated) {
            return Ok(());
        }
        if let Some(trigger) = store.triggers()?.first() {
            let message = format!(
                "its trigger {trigger:?} leaves customers out: {created} should be created and {updated} updated, but \
                 {written} were created and {changed} updated. Drop or change the trigger, then run custload again"
            );
            return Err(Error::database(&self.database, message));
        }
        Err(Error::Unbalanced(format!(
            "{created} customers were created and {updated} updated, and {written} rows written and {changed} changed"
        )))
    }
}
