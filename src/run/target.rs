//! Where a run's rows go, and the existing customers: [`Target`].

use std::sync::Arc;

use super::options::{Observer, Options};
use super::start::Start;
use crate::core::judge::plan::Plan;
use crate::error::Result;
use crate::sink::sqlite::{Customers, Origin, Simulation, Store, StoreOptions, StoredRow};

/// Where a run's rows go, and the existing customers.
#[derive(Debug)]
pub(super) enum Target {
    Database(Box<Store>),
    /// A check only reads the database.
    ReadOnly(Box<Customers>),
    /// In a check of several inputs, each input finds the customers that those before it would have left.
    Simulated(Box<Simulation>),
    Nothing,
}

impl Target {
    /// Visits the keys of the customers with IDs below `below`.
    pub(super) fn for_each_key(&self, below: i64, each: impl FnMut(i64, &str)) -> Result<()> {
        match self {
            Target::Database(store) => store.for_each_key(below, each),
            Target::ReadOnly(customers) => customers.for_each_key(each),
            Target::Simulated(simulation) => simulation.existing().map_or(Ok(()), |found| found.for_each_key(each)),
            Target::Nothing => Ok(()),
        }
    }

    pub(super) fn key_of(&self, customer: i64) -> Result<Option<String>> {
        match self {
            Target::Database(store) => store.key_of(customer),
            Target::ReadOnly(customers) => customers.key_of(customer),
            Target::Simulated(simulation) => simulation.existing().map_or(Ok(None), |found| found.key_of(customer)),
            Target::Nothing => Ok(None),
        }
    }

    pub(super) fn origin_of(&self, customer: i64) -> Result<Origin> {
        match self {
            Target::Database(store) => store.origin_of(customer),
            Target::ReadOnly(customers) => customers.origin_of(customer),
            // Only a run that just creates customers needs origins, and it simulates nothing.
            Target::Simulated(_) | Target::Nothing => Ok(Origin::default()),
        }
    }

    pub(super) fn read_rows(
        &self,
        columns: &[&str],
        customers: &[i64],
        each: impl FnMut(usize, StoredRow<'_, '_>),
    ) -> Result<()> {
        match self {
            Target::Database(store) => store.read_rows(columns, customers, each),
            Target::ReadOnly(existing) => existing.read_rows(columns, customers, each),
            Target::Simulated(simulation) => simulation.read_rows(columns, customers, each),
            Target::Nothing => Ok(()),
        }
    }

    /// Whether there is a database with customers.
    pub(super) fn has_customers(&self) -> bool {
        match self {
            Target::Simulated(simulation) => simulation.existing().is_some(),
            other => !matches!(other, Target::Nothing),
        }
    }

    /// The same for a check of several inputs.
    pub(super) fn simulated(self, plan: &Plan, options: &Options) -> Result<Target> {
        let existing = match self {
            Target::ReadOnly(customers) => Some(customers),
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
        key: plan.key.map(|key| plan.fields[key.field].column.clone()),
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
            observer.note(&format!(
                "{}: another program has written to it since run {} stopped; what the run loaded is unchanged, so it continues",
                path.display(),
                start.run_id
            ));
        }
        return Ok(Target::Database(Box::new(store)));
    }
    match Customers::open(store)? {
        Some(customers) => Ok(Target::ReadOnly(Box::new(customers))),
        None => {
            observer
                .note(&format!("{} has no customers yet, so keys are compared only with each other", path.display()));
            Ok(Target::Nothing)
        }
    }
}
