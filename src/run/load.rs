//! A run from its inputs to its end: [`run`].

use std::collections::BTreeSet;
use std::sync::Arc;

use super::already_loaded::{self, left_to_load};
use super::clock::Clock;
use super::close::{Ending, close};
use super::commit::{Committer, Opened};
use super::events::{self, Watched};
use super::inputs::open_inputs;
use super::inputs::{inputs_of, refuse_database_as_input};
use super::ledger::RunRecord;
use super::options::{Observer, Options};
use super::pipeline::run_pipeline;
use super::prepare::{self, Prepared};
use super::report_paths::reports_path;
use super::resume;
use super::start::Start;
use super::target::{Target, open_target};
use crate::core::judge::Stamp;
use crate::core::judge::plan::Plan;
use crate::core::profile::Candidates;
use crate::disk::without_links;
use crate::error::{Error, Result};
use crate::report::folder::ReportFolder;
use crate::report::summary::Summary;
use crate::shell;

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

    let plan = Arc::new(Plan::new(profile, &options.fields)?);
    if let Some(run) = &start.unfinished {
        resume::refuse_others(run, options, &plan.profile, &inputs)?;
        observer.note(&resume::notice(run));
        events::resume(start.run_id, run.checkpoint.records);
    }
    let prepared = prepare::bind(inputs, &plan, options, observer)?;
    load_prepared(prepared, plan, &candidates, start, undone, options, observer)
}

/// Loads inputs whose columns are bound.
fn load_prepared(
    prepared: Vec<Prepared>,
    plan: Arc<Plan>,
    candidates: &Arc<Candidates>,
    mut start: Start,
    undone: BTreeSet<i64>,
    options: &Options,
    observer: &mut Watched<'_>,
) -> Result<Summary> {
    // Each input finds what those before it changed.
    let one_by_one = plan.mode.changes() && prepared.len() > 1;
    let target = open_target(options, &plan, &mut start, one_by_one, observer)?;
    let run_id = match &target {
        Target::ReadOnly(customers) => customers.next_run(),
        _ => start.run_id,
    };
    let target = if one_by_one { target.simulated(&plan, options)? } else { target };
    let reports = match run_id == start.run_id {
        true => start.reports.take(),
        false => reports_path(options, run_id)?,
    };
    let folder = reports.as_deref().map(ReportFolder::create).transpose()?;

    observer.start(prepared.iter().map(|prepared| prepared.input.length).sum::<Option<u64>>());
    let stamp = Stamp { now: start.clock.started.clone(), run: run_id, file: 0 };
    let record = RunRecord::new(options, &plan, &start.clock, reports.as_deref(), undone);
    let stopped = start.unfinished.take().map(|run| (run.checkpoint, run.counts));
    let opened = Opened { target, folder, record, run_name: start.run_name.clone(), stopped, one_by_one };
    let mut committer = Committer::new(options, Arc::clone(&plan), opened)?;
    let ended = run_pipeline(prepared, candidates, &plan, &stamp, options, &mut committer, observer);
    let kept = committer.kept();
    let ending = Ending { options, profile: &plan.profile, clock: &start.clock, reports: reports.as_deref(), run_id };
    let ended = ended.and_then(|()| close(&ending, committer, observer));
    start.end(&ended);
    ended.map_err(|error| match kept {
        Some(records) => {
            let undo = shell::undo_of(run_id, options.database.as_deref());
            Error::AtCheckpoint { error: Box::new(error), run_id, undo, records }
        }
        None => error,
    })
}
