//! Looks up the parents of a run's records before they are loaded: [`find`].

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};

use super::customers::read_existing;
use super::found::FoundParents;
use super::records::{Existing, Keying, Records, ResolveOptions};
use super::resolve::resolve;
use super::survey::{Surveyed, survey};
use crate::core::judge::Stamp;
use crate::core::judge::plan::{OnInvalid, Plan};
use crate::core::mode::{Duplicates, Mode};
use crate::core::profile::Candidates;
use crate::disk::folder_of;
use crate::error::{Error, Result};
use crate::run::options::{Command, Options};
use crate::run::prepare::Prepared;
use crate::run::target::Target;
use crate::run::threads::{POLL, start_thread, stop_if_signalled};
use crate::sink::sqlite::{FIRST_SIMULATED, IdRanges};

/// Which fields the inputs have that refer to parents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// The one with another value of the parent.
    link: bool,
    /// The one with the parent's customer ID.
    id: bool,
}

impl Used {
    pub fn any(self) -> bool {
        self.link || self.id
    }
}

/// Whether records refer to parents; an error if the options do not fit that.
pub fn used(prepared: &[Prepared], plan: &Plan, options: &Options) -> Result<Used> {
    let is_filled = |field: usize| {
        let column = &plan.fields[field].column;
        let mapped = options.fields.mapping.columns.iter().any(|(_, target)| target.as_ref() == Some(column));
        let mut columns = prepared.iter().flat_map(|one| &one.summary.columns);
        mapped
            || plan.fields[field].default.is_some()
            || columns.any(|of| of.ignored.is_none() && of.field.as_ref() == Some(column))
    };
    let link = plan.parents.and_then(|parents| parents.link).filter(|link| is_filled(link.field));
    let used = Used { link: link.is_some(), id: plan.parents.is_some_and(|parents| is_filled(parents.id)) };
    let Some(link) = link else { return Ok(used) };
    let [column, referenced] = [link.field, link.referenced].map(|field| plan.fields[field].column.as_str());
    if options.commit_every.is_some() && options.command == Command::Import {
        return Err(Error::Usage(format!(
            "--commit-every: the inputs have a column for {column}, and a parent may come after the part that is committed with \
             its child. Leave out --commit-every"
        )));
    }
    if plan.mode.changes() && keying(plan, link.referenced) == Keying::Other {
        return Err(Error::Usage(format!(
            "the inputs have a column for {column}; with --mode {}, parents are found only if {referenced} is the key. Import with \
             --key {referenced}, or ignore the column with --map 'HEADER='",
            plan.mode.name()
        )));
    }
    check_unique(plan, column, prepared.len())?;
    Ok(used)
}

fn keying(plan: &Plan, referenced: usize) -> Keying {
    match &plan.key {
        None => Keying::None,
        Some(key) if key.fields().eq([referenced]) => Keying::Value,
        Some(_) => Keying::Other,
    }
}

/// An error if a run cannot look up parents while no two customers may share some values, because who has a value depends on what
/// earlier inputs have changed.
fn check_unique(plan: &Plan, column: &str, inputs: usize) -> Result<()> {
    let Some(unique) = plan.unique.first() else { return Ok(()) };
    if !plan.mode.changes() || inputs < 2 {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "the inputs have a column for {column}, and no two customers share a value of {}; with --mode {}, parents are then looked up \
         only in a run of one input. Import the inputs one at a time",
        unique.name,
        plan.mode.name()
    )))
}

/// Keeps the text of inputs that can be read only once, if their records refer to parents by a value.
pub fn keep(mut prepared: Vec<Prepared>, used: Used, options: &Options) -> Result<Vec<Prepared>> {
    if !used.link || !prepared.iter().any(|one| one.input.is_stream()) {
        return Ok(prepared);
    }
    // On a separate thread, so that a signal stops the run while standard input is silent.
    let (kept, arrived) = channel();
    start_thread("keep", move || {
        let done = prepared.iter_mut().try_for_each(|one| one.input.keep());
        // It has no receiver if the run was stopped.
        let _ = kept.send(done.map(|()| prepared));
    })?;
    loop {
        stop_if_signalled(&options.stop)?;
        match arrived.recv_timeout(POLL) {
            Ok(prepared) => return prepared,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Error::Broken("an input could not be read".into())),
        }
    }
}

/// Finds the parents of all records; `None` if they refer to none. A run that is resumed counts only customers below `below`.
pub fn find(
    prepared: &[Prepared],
    plan: &Arc<Plan>,
    used: Used,
    (target, below): (&Target, i64),
    (options, stamp): (&Options, &Stamp),
    candidates: &Candidates,
) -> Result<Option<FoundParents>> {
    let Some(parents) = plan.parents.filter(|_| used.link || used.id) else { return Ok(None) };
    // Without a database it is unknown which customers exist.
    let customers = match (&options.database, used.id) {
        (Some(_), true) => Some(ids(target, below)?),
        _ => None,
    };
    let unlinked = FoundParents { customers, ..FoundParents::default() };
    let Some(link) = parents.link.filter(|_| used.link) else { return Ok(Some(unlinked)) };
    let keying = keying(plan, link.referenced);
    let folder = match (options.command, &options.database) {
        (Command::Import, Some(database)) => folder_of(database),
        _ => std::env::temp_dir(),
    };
    let surveyed = survey(
        prepared,
        plan,
        (link, keying, unlinked.customers.as_ref()),
        options,
        candidates,
        (folder, stamp),
        // What an ID says depends on the parent that is found.
        plan.mode == Mode::Create && !used.id,
    )?;
    let Surveyed { nodes, mut records, names, inputs, keeper } = surveyed;
    let is_unknown = plan.mode == Mode::Update && !target.has_customers();
    let existing = match target.customers() {
        Some(customers) => read_existing(&customers, below, &nodes, (plan, link), keying, &mut records)?,
        None => Existing { is_unknown, ..Existing::default() },
    };
    drop(nodes);
    stop_if_signalled(&options.stop)?;
    let resolve_options = ResolveOptions {
        mode: plan.mode,
        keying,
        last_wins: options.duplicates == Duplicates::Last,
        stores_orphans: plan.fields[link.field].on_invalid != OnInvalid::Reject,
        one_by_one: plan.mode.changes() && prepared.len() > 1,
        first_id: first_id(target),
    };
    let resolved = resolve(&mut records, existing, &resolve_options);
    let circles = names.of(&resolved.circles)?;
    // Only parents are asked for from now on.
    let records = Records { parent: records.parent, state: records.state, ..Records::default() };
    Ok(Some(FoundParents { records, resolved, circles, inputs, kept: keeper.finish(), ..unlinked }))
}

/// The ID of the first customer that the run creates; in a check, one that no customer has.
fn first_id(target: &Target) -> i64 {
    match target {
        Target::Database(store) => store.next_id,
        _ => FIRST_SIMULATED,
    }
}

/// The IDs of the customers that exist.
fn ids(target: &Target, below: i64) -> Result<IdRanges> {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    let Some(customers) = target.customers() else { return Ok(IdRanges::default()) };
    customers.for_each_id(below, |id| match ranges.last_mut() {
        Some((_, last)) if last.checked_add(1) == Some(id) => *last = id,
        _ => ranges.push((id, id)),
    })?;
    Ok(IdRanges::new(ranges))
}
