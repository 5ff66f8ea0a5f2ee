//! A run from its inputs to its end: [`run`].

use std::{collections::BTreeSet, sync::Arc};

use super::already_loaded::{self, left_to_load};
use super::events::{self, Watched};
use super::inputs::{inputs_of, open_inputs, refuse_database_as_input};
use super::options::{Observer, Options};
use super::parents;
use super::prepare::{self, Prepared};
use super::resume;
use super::start::{Clock, Start};
use super::target::{Target, open_target};
use super::{close::close, commit::Committer, ledger::RunRecord, pipeline::run_pipeline, report_paths::reports_path};
use crate::core::judge::Stamp;
use crate::core::judge::plan::{FieldOptions, Plan};
use crate::core::profile::Candidates;
use crate::error::{Error, Result};
use crate::report::{folder::ReportFolder, summary::Summary};
use crate::{disk::without_links, shell};

/// Imports or checks inputs, as `options` say.
///
/// Returns the run in numbers, also if a threshold was passed and nothing was written
/// ([`Status::Threshold`](crate::report::summary::Status::Threshold)), and if there was nothing to do
/// ([`Status::Skipped`](crate::report::summary::Status::Skipped)). On an error the database is as it was before the run, or at its last
/// checkpoint, and no report is left.
pub fn run(options: &Options, observer: &mut dyn Observer) -> Result<Summary> {
    let options = &Options { database: options.database.as_deref().map(without_links), ..options.clone() };
    let mut observer = Watched::start(options, observer);
    let done = load(options, &mut observer);
    observer.end(options, &done);
    done
}

fn load(options: &Options, observer: &mut Watched<'_>) -> Result<Summary> {
    let clock = Clock::start(options.now);
    let candidates = Arc::new(prepare::candidates(options)?);
    // Before the database is locked: closing a file that SQLite has open releases its locks.
    let paths = inputs_of(options, observer)?;
    refuse_database_as_input(options, &paths)?;
    let mut start = Start::new(options, clock, observer)?;
    observer.run = start.locked.as_ref().map(|_| start.run_id);
    start.find_reports(options, observer)?;
    let loaded = start.loaded(options)?;

    // To compare standard input and pipes with loaded inputs and with each other, they are read to their end now.
    let spools = loaded.as_ref().is_some_and(|loaded| !loaded.is_empty() || paths.len() > 1);
    let inputs = open_inputs(options, paths, spools, &candidates)?;
    let profile = prepare::profile(options, &inputs, &candidates, observer);
    let profile = profile.inspect_err(|_| observer.inputs(&inputs))?;
    let (inputs, undone) = left_to_load(inputs, loaded, &profile, &start, options, observer)?;
    // A stopped run has work to finish.
    if inputs.is_empty() && start.unfinished.is_none() {
        return Ok(already_loaded::skipped(&profile, options, &start.clock));
    }
    observer.inputs(&inputs);

    let fields = FieldOptions { now: start.clock.began(), ..options.fields.clone() };
    let plan = Arc::new(prepare::plan(profile, &inputs, &fields)?);
    prepare::refuse_last_of_unique(&plan, options)?;
    prepare::note_fallback(&plan, options, observer);
    if let Some(run) = &start.unfinished {
        resume::refuse_others(run, options, &plan.profile, &inputs)?;
        observer.note(&resume::notice(run));
        events::resume(start.run_id, run.checkpoint.records);
    }
    let prepared = prepare::bind(inputs, &plan, options, observer)?;
    load_prepared(prepared, plan, &candidates, start, undone, options, observer)
}

fn load_prepared(
    prepared: Vec<Prepared>,
    mut plan: Arc<Plan>,
    candidates: &Arc<Candidates>,
    mut start: Start,
    undone: BTreeSet<i64>,
    options: &Options,
    observer: &mut Watched<'_>,
) -> Result<Summary> {
    // Each input finds what those before it changed.
    let one_by_one = plan.mode.changes() && prepared.len() > 1;
    let used = parents::used(&prepared, &plan, options)?;
    let prepared = parents::keep(prepared, used, options)?;
    let target = open_target(options, &plan, &mut start, one_by_one, observer)?;
    if let Target::ReadOnly(snapshot) = &target
        && snapshot.next_run != start.run_id
    {
        start.run_id = snapshot.next_run;
        start.reports = reports_path(options, start.run_id)?;
    }
    let moves_customers = plan.mode.changes() && used.any() && target.has_customers();
    let target = if one_by_one || moves_customers { target.simulated(&plan, options)? } else { target };
    // A resumed run finds what it created among its records.
    let below = start.unfinished.as_ref().map_or(i64::MAX, |run| run.checkpoint.start_customer_id);
    if used.any() {
        plan = Arc::new(Plan::clone(&plan).looking_up_parents());
    }
    let stamp = Stamp { now: start.clock.started.clone(), run: start.run_id, file: 0 };
    let found = parents::find(&prepared, &plan, used, (&target, below), (options, &stamp), candidates)?;
    let folder = start.reports.as_deref().map(ReportFolder::create).transpose()?;

    observer.start(prepared.iter().map(|prepared| prepared.input.length).sum::<Option<u64>>());
    let run_id = start.run_id;
    let record = RunRecord::new(options, &plan, &start, undone);
    let committer = Committer::new(options, plan, target, folder, record, &mut start, one_by_one)?;
    let mut committer = committer.with_parents(found);
    let ended = run_pipeline(prepared, candidates, &mut committer, observer);
    let kept = committer.kept;
    let ended = ended.and_then(|()| close(committer, &start, observer));
    start.end(&ended);
    ended.map_err(|error| match kept {
        Some(kept) => {
            let undo = shell::undo_of(run_id, options.database.as_deref());
            Error::AtCheckpoint { error: Box::new(error), run_id, undo, records: kept.records }
        }
        None => error,
    })
}
