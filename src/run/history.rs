//! Runs that were: which there are, what is needed to undo them, and undoing one (SPEC, section 8).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::hold::{take_hold, wait_for};
use super::place::{default_reports, finish_earlier_reports};
use super::{Observer, stamp_of};
use crate::disk::{folder_of, without_links};
use crate::error::{Error, Result};
use crate::report::folder::Trace;
use crate::sink::sqlite::{self, PastRun, Pruned, UNFINISHED, Undo, Undone};

/// The database that is asked, and how.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its file.
    pub database: PathBuf,
    /// How long to wait for it where somebody else has it.
    pub wait: Duration,
    /// Set to a signal's number to stop.
    pub stop: Arc<AtomicUsize>,
}

impl Asked {
    /// The database's file, whatever name it goes by.
    fn file(&self) -> PathBuf {
        without_links(&self.database)
    }
}

/// A run that the database knows, and what there is to it besides.
#[derive(Clone, Debug)]
pub struct RunStory {
    /// What the database has of it.
    pub run: PastRun,
    /// The folder of its reports, wherever the program is started; none where it has none.
    pub reports: Option<PathBuf>,
    /// Whether it is going on at this moment.
    pub is_going_on: bool,
}

/// The runs of a database, in the order of their numbers. It is only looked at.
pub fn runs(asked: &Asked, observer: &mut dyn Observer) -> Result<Vec<RunStory>> {
    stories(asked, None, observer)
}

/// One run of a database, which is only looked at. An error where there is no such run.
pub fn one_run(asked: &Asked, run_id: i64, observer: &mut dyn Observer) -> Result<RunStory> {
    let mut stories = stories(asked, Some(run_id), observer)?;
    stories.pop().ok_or_else(|| {
        Error::database(
            &asked.database,
            format!("there is no run {run_id}; `custload runs` lists those that there are"),
        )
    })
}

fn stories(asked: &Asked, only: Option<i64>, observer: &mut dyn Observer) -> Result<Vec<RunStory>> {
    let (database, Asked { wait, stop, .. }) = (&asked.file(), asked);
    let runs = wait_for(database, *wait, stop, observer, || sqlite::past_runs(database, only, stop));
    let runs = runs.map_err(|error| match error {
        // Nothing was to be written.
        Error::Locked { path, holder } => Error::database(
            &path,
            format!(
                "it is locked: {holder} is using it. Wait until that is done, or say with --wait SECONDS how long to wait"
            ),
        ),
        other => other,
    })?;
    let holder = Trace::holder(database).unwrap_or_default();
    let story = |run: PastRun| RunStory {
        reports: reports_of(database, &run),
        is_going_on: run.status == UNFINISHED && holder.starts_with(&format!("run {} ", run.run_id)),
        run,
    };
    Ok(runs.into_iter().map(story).collect())
}

/// Where a run's reports are: the database has that seen from its own folder.
pub(super) fn reports_of(database: &Path, run: &PastRun) -> Option<PathBuf> {
    let place = folder_of(database).join(Some(&run.reports).filter(|reports| !reports.is_empty())?);
    Some(std::path::absolute(&place).unwrap_or(place))
}

/// Which run is to be undone, and how.
#[derive(Clone, Debug)]
pub struct UndoOptions {
    /// The run.
    pub run_id: i64,
    /// Whether customers who are not as the run left them stay as they are; else nothing is done where there are any
    /// ([`Undone::is_done`]).
    pub keep_changed: bool,
    /// Whether it is only to be said what would be done.
    pub dry_run: bool,
    /// The clock, if it is not to be the system's.
    pub now: Option<DateTime<Utc>>,
}

/// Undoes a run.
pub fn undo(asked: &Asked, options: &UndoOptions, observer: &mut dyn Observer) -> Result<Undone> {
    let (database, Asked { wait, stop, .. }) = (&asked.file(), asked);
    let UndoOptions { run_id, keep_changed, dry_run, now } = *options;
    sqlite::refuse_absent(database)?;
    let held = take_hold(database, *wait, stop, observer)?;
    let now = stamp_of(now.unwrap_or_else(Utc::now));
    let undo = Undo { run_id, keep_changed, dry_run, now };
    if dry_run {
        return held.undo(&undo);
    }
    // What a run that was stopped has left of its reports goes, as it would with the next run.
    finish_earlier_reports(&held, database, observer)?;
    let who = format!("undo of run {run_id} (process {}, since {})", std::process::id(), undo.now);
    let trace = Trace::leave(database, &default_reports(database, run_id), &who)?;
    let undone = held.undo(&undo);
    drop(trace);
    undone
}

/// Deletes what is needed to undo runs, but for the last `keep` finished ones.
pub fn prune(asked: &Asked, keep: u64, observer: &mut dyn Observer) -> Result<Pruned> {
    let (database, Asked { wait, stop, .. }) = (&asked.file(), asked);
    sqlite::refuse_absent(database)?;
    take_hold(database, *wait, stop, observer)?.prune(keep)
}
