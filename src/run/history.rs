//! Earlier runs: listing them, undoing one, and deleting what is needed to undo them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::clock::stamp_of;
use super::lock::{lock_database, wait_for};
use super::options::Observer;
use super::report_paths::{default_reports, finish_earlier_reports};
use crate::disk::{folder_of, without_links};
use crate::error::{Error, Result};
use crate::report::run_note::RunNote;
use crate::sink::sqlite::{self, PastRun, Pruned, UNFINISHED, Undo, Undone};

/// A database that a command opens, and how long it waits for it.
#[derive(Clone, Debug)]
pub struct DatabaseAccess {
    /// Its file.
    pub database: PathBuf,
    /// How long to wait while another program has it locked.
    pub wait: Duration,
    /// Set to a signal's number to stop.
    pub stop: Arc<AtomicUsize>,
}

impl DatabaseAccess {
    /// The database's file, without links.
    fn file(&self) -> PathBuf {
        without_links(&self.database)
    }
}

/// A run in the database, with what the database does not know of it.
#[derive(Clone, Debug)]
pub struct RunStory {
    /// What the database knows of it.
    pub run: PastRun,
    /// The absolute path of its reports; none where it has none.
    pub reports: Option<PathBuf>,
    /// Whether it is running now.
    pub is_going_on: bool,
}

/// The runs of a database, in the order of their numbers. It is only read.
pub fn runs(access: &DatabaseAccess, observer: &mut dyn Observer) -> Result<Vec<RunStory>> {
    stories(access, None, observer)
}

/// One run of a database, which is only read. An error where there is no such run.
pub fn one_run(access: &DatabaseAccess, run_id: i64, observer: &mut dyn Observer) -> Result<RunStory> {
    let mut stories = stories(access, Some(run_id), observer)?;
    stories.pop().ok_or_else(|| {
        Error::database(&access.database, format!("there is no run {run_id}; `custload runs` lists all runs"))
    })
}

fn stories(access: &DatabaseAccess, only: Option<i64>, observer: &mut dyn Observer) -> Result<Vec<RunStory>> {
    let (database, DatabaseAccess { wait, stop, .. }) = (&access.file(), access);
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
    let holder = RunNote::holder(database).unwrap_or_default();
    let story = |run: PastRun| RunStory {
        reports: reports_of(database, &run),
        is_going_on: run.status == UNFINISHED && holder.starts_with(&format!("run {} ", run.run_id)),
        run,
    };
    Ok(runs.into_iter().map(story).collect())
}

/// Where a run's reports are. The database has their path relative to its own folder.
pub(super) fn reports_of(database: &Path, run: &PastRun) -> Option<PathBuf> {
    let path = folder_of(database).join(Some(&run.reports).filter(|reports| !reports.is_empty())?);
    Some(std::path::absolute(&path).unwrap_or(path))
}

/// Which run is to be undone, and how.
#[derive(Clone, Debug)]
pub struct UndoOptions {
    /// The run.
    pub run_id: i64,
    /// Whether customers that have changed since the run stay as they are; else nothing is done where there are any
    /// ([`Undone::is_done`]).
    pub keep_changed: bool,
    /// Whether to report only what would be done.
    pub dry_run: bool,
    /// The time, if not the system's.
    pub now: Option<DateTime<Utc>>,
}

/// Undoes a run.
pub fn undo(access: &DatabaseAccess, options: &UndoOptions, observer: &mut dyn Observer) -> Result<Undone> {
    let (database, DatabaseAccess { wait, stop, .. }) = (&access.file(), access);
    let UndoOptions { run_id, keep_changed, dry_run, now } = *options;
    sqlite::refuse_absent(database)?;
    let held = lock_database(database, *wait, stop, observer)?;
    let now = stamp_of(now.unwrap_or_else(Utc::now));
    let undo = Undo { run_id, keep_changed, dry_run, now };
    if dry_run {
        return held.undo(&undo);
    }
    // As the next run would do.
    finish_earlier_reports(&held, database, observer)?;
    let who = format!("undo of run {run_id} (process {}, since {})", std::process::id(), undo.now);
    let trace = RunNote::create(database, &default_reports(database, run_id), &who)?;
    let undone = held.undo(&undo);
    drop(trace);
    undone
}

/// Deletes what is needed to undo runs, but for the last `keep` finished ones.
pub fn prune(access: &DatabaseAccess, keep: u64, observer: &mut dyn Observer) -> Result<Pruned> {
    let (database, DatabaseAccess { wait, stop, .. }) = (&access.file(), access);
    sqlite::refuse_absent(database)?;
    lock_database(database, *wait, stop, observer)?.prune(keep)
}
