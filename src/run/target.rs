//! Where a run's rows go, and the existing customers ([`Target`]); and creating and changing customers ([`CustomerWriter`]).

use std::{ops::Range, path::PathBuf, sync::Arc};

use super::accepted::{Accepted, Action};
use super::options::{Observer, Options};
use super::{resume::Replay, start::Start};
use crate::core::{judge::plan::Plan, profile::PARENT_ID, row::Value};
use crate::error::{Error, Result};
use crate::sink::sqlite::record::values;
use crate::sink::sqlite::{
    Change, ChangeStamp, Customers, Origin, SIMULATED_RUN, Simulation, Snapshot, Store, StoreOptions, StoredRow,
};

pub(super) enum Target {
    Database(Box<Store>),
    /// A check only reads the database.
    ReadOnly(Box<Snapshot>),
    /// In a check of several inputs, each finds the customers that those before it would have left. In one that moves customers to
    /// other parents, their circles are found at the end.
    Simulated(Box<Simulation>),
    Nothing,
}

impl Target {
    /// The customers that exist, if any can be read.
    pub(super) fn customers(&self) -> Option<Customers<'_>> {
        match self {
            Target::Database(store) => store.customers(),
            Target::ReadOnly(snapshot) => Some(snapshot.customers()),
            Target::Simulated(simulation) => simulation.customers(),
            Target::Nothing => None,
        }
    }

    pub(super) fn key_of(&self, customer: i64) -> Result<Option<Vec<String>>> {
        self.customers().map_or(Ok(None), |existing| existing.key_of(customer))
    }

    /// The value of a customer's column before the run changed it, as text.
    pub(super) fn value_before(&self, column: &str, customer: i64) -> Result<Option<String>> {
        match self {
            Target::Simulated(simulation) => simulation.value_before(column, customer),
            _ => self.customers().map_or(Ok(None), |existing| existing.value_before(column, customer)),
        }
    }

    /// Who a customer was before the run changed it.
    pub(super) fn origin_of(&self, customer: i64) -> Result<Origin> {
        match self {
            Target::Simulated(simulation) => simulation.origin_of(customer),
            _ => self.customers().map_or_else(|| Ok(Origin::default()), |existing| existing.origin_of(customer)),
        }
    }

    /// Visits the rows of customers as the inputs so far have left them: see [`Customers::read_rows`].
    pub(super) fn read_rows(
        &self,
        columns: &[&str],
        customers: &[i64],
        each: impl FnMut(usize, StoredRow<'_, '_>),
    ) -> Result<()> {
        match self {
            Target::Simulated(simulation) => simulation.read_rows(columns, customers, each),
            _ => self.customers().map_or(Ok(()), |existing| existing.read_rows(columns, customers, each)),
        }
    }

    /// The parent of a customer, as the inputs so far have left it.
    pub(super) fn parent_of(&self, customer: i64) -> Result<Option<i64>> {
        match self {
            Target::Simulated(simulation) => simulation.parent_of(customer),
            _ => self.customers().map_or(Ok(None), |existing| existing.parent_of(customer)),
        }
    }

    pub(super) fn has_customers(&self) -> bool {
        match self {
            Target::Simulated(simulation) => simulation.customers().is_some(),
            other => !matches!(other, Target::Nothing),
        }
    }

    /// The target of a check that must know what it would change.
    pub(super) fn simulated(self, plan: &Plan, options: &Options) -> Result<Target> {
        let existing = match self {
            Target::ReadOnly(snapshot) => Some(snapshot),
            Target::Nothing => None,
            other => return Ok(other),
        };
        Ok(Target::Simulated(Box::new(Simulation::new(existing, Arc::clone(&plan.profile), &options.stop)?)))
    }
}

pub(super) fn open_target(
    options: &Options,
    plan: &Plan,
    start: &mut Start,
    one_by_one: bool,
    observer: &mut dyn Observer,
) -> Result<Target> {
    let Some(path) = &options.database else { return Ok(Target::Nothing) };
    let store = StoreOptions {
        path: path.clone(),
        run_id: start.run_id,
        database_id: start.database_id.clone(),
        profile: Arc::clone(&plan.profile),
        key: plan.key.iter().flat_map(|key| key.fields()).map(|field| plan.fields[field].column.clone()).collect(),
        // With a second customer a key is ambiguous.
        max_customers_per_key: if plan.mode.changes() { 2 } else { 1 },
        first_id: options.first_id,
        wait: options.wait,
        threads: options.threads,
        track_inputs: one_by_one && options.commit_every.is_some(),
        stop: Arc::clone(&options.stop),
    };
    if let Some(locked) = start.locked.take() {
        let store = Store::open(locked, store)?;
        if let Some(run) = &start.unfinished
            && store.refuse_changed(&run.checkpoint)?
        {
            let (path, run) = (path.display(), start.run_id);
            observer.note(&format!(
                "{path}: another program has written to it since run {run} stopped; what the run loaded is unchanged, so it continues"
            ));
        }
        return Ok(Target::Database(Box::new(store)));
    }
    if let Some(snapshot) = Snapshot::open(store)? {
        return Ok(Target::ReadOnly(Box::new(snapshot)));
    }
    observer.note(&format!("{} has no customers yet, so keys are compared only with each other", path.display()));
    Ok(Target::Nothing)
}

pub(super) struct CustomerWriter {
    pub(super) target: Target,
    pub(super) plan: Arc<Plan>,
    pub(super) database: PathBuf,
    /// When the run started, which is also the time of its changes.
    pub(super) started_at: String,
    /// What a stopped run has done already: until it is done again, nothing is written.
    pub(super) replay: Option<Replay>,
    pub(super) created: Option<(i64, i64)>,
    /// The customers that were given other parents since the last checkpoint.
    pub(super) moved: Vec<i64>,
}

impl CustomerWriter {
    /// Whether a customer differs from a record of an input, or differed before the run changed it.
    pub(super) fn has_changed(&self, customer: Option<i64>, differs: bool, input: usize) -> Result<bool> {
        match (&self.target, customer) {
            (_, None) => Ok(false),
            // What the stopped run changed no longer differs.
            (Target::Database(store), Some(customer)) if self.replay.is_some() => {
                store.has_changed(customer, input as i64 + 1)
            }
            _ => Ok(differs),
        }
    }

    /// Creates customers, whose rows are in `bytes`. Returns the ID of the first; a check of one input gives none out.
    pub(super) fn create(&mut self, bytes: &[u8], rows: &[Range<u32>]) -> Result<Option<i64>> {
        let store = match &mut self.target {
            Target::Database(store) => store,
            Target::Simulated(simulation) => return simulation.append(bytes, rows).map(Some),
            Target::ReadOnly(_) | Target::Nothing => return Ok(None),
        };
        let first = self.replay.as_ref().map_or(store.next_id, |replay| replay.next_id);
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
            self.moved.extend(change.values.iter().filter(|(column, _)| *column == PARENT_ID).map(|_| customer));
            let (now, file) = (self.started_at.as_str(), accepted.input as i64 + 1);
            match &mut self.target {
                Target::Database(store) => store.change(&change, &ChangeStamp { now, run: store.run_id(), file })?,
                Target::Simulated(simulation) => {
                    simulation.change(&change, &ChangeStamp { now, run: SIMULATED_RUN, file })?
                }
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
        let (written, changed) = (store.rows_written, store.rows_changed);
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
