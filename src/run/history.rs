//! Earlier runs: listing, undoing and pruning them.

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

/// The database of a command about earlier runs.
#[derive(Clone, Debug)]
pub struct DatabaseAccess {
    pub database: PathBuf,
    /// How long to wait if another program has locked it.
    pub wait: Duration,
    /// Set to a signal's number to stop.
    pub stop: Arc<AtomicUsize>,
}

impl DatabaseAccess {
    fn file(&self) -> PathBuf {
        without_links(&self.database)
    }
}

/// A run in the database, with what only the disk knows of it.
#[derive(Clone, Debug)]
pub struct RunStory {
    pub run: PastRun,
    /// The absolute path of its reports, if it wrote any.
    pub reports: Option<PathBuf>,
    /// Whether it is running now.
    pub is_running: bool,
}

/// The runs of a database, in the order of their numbers. Writes nothing.
pub fn runs(access: &DatabaseAccess, observer: &mut dyn Observer) -> Result<Vec<RunStory>> {
    stories(access, None, observer)
}

/// One run of a database. Writes nothing. An error if there is no such run.
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
        Error::Locked { path, holder } => Error::database(
            &path,
            format!(
                "it is locked: {holder} is using it. Wait until that ends, or let custload wait with --wait SECONDS"
            ),
        ),
        other => other,
    })?;
    let holder = RunNote::holder(database).unwrap_or_default();
    let story = |run: PastRun| RunStory {
        reports: reports_of(database, &run),
        is_running: run.status == UNFINISHED && holder.starts_with(&format!("run {} ", run.run_id)),
        run,
    };
    Ok(runs.into_iter().map(story).collect())
}

/// The folder of a run's reports, which the database stores relative to its own folder.
pub(super) fn reports_of(database: &Path, run: &PastRun) -> Option<PathBuf> {
    let path = folder_of(database).join(Some(&run.reports).filter(|reports| !reports.is_empty())?);
    Some(std::path::absolute(&path).unwrap_or(path))
}

/// Which run is to be undone, and how.
#[derive(Clone, Debug)]
pub struct UndoOptions {
    pub run_id: i64,
    /// Whether to leave customers that have changed since the run as they are. Otherwise nothing is done if there are any
    /// ([`Undone::is_done`]).
    pub keep_changed: bool,
    /// Whether to only report what would be done.
    pub dry_run: bool,
    /// The time, if not the system's.
    pub now: Option<DateTime<Utc>>,
}

pub fn undo(access: &DatabaseAccess, options: &UndoOptions, observer: &mut dyn Observer) -> Result<Undone> {
    let (database, DatabaseAccess { wait, stop, .. }) = (&access.file(), access);
    let UndoOptions { run_id, keep_changed, dry_run, now } = *options;
    sqlite::refuse_absent(database)?;
    let locked = lock_database(database, *wait, stop, observer)?;
    let now = stamp_of(now.unwrap_or_else(Utc::now));
    let undo = Undo { run_id, keep_changed, dry_run, now };
    if dry_run {
        return locked.undo(&undo);
    }
    finish_earlier_reports(&locked, database, observer)?;
    let who = format!("undo of run {run_id} (process {}, since {})", std::process::id(), undo.now);
    let _note = RunNote::create(database, &default_reports(database, run_id), &who)?;
    locked.undo(&undo)
}

/// Deletes what is needed to undo runs, except the last `keep` finished ones.
pub fn prune(access: &DatabaseAccess, keep: u64, observer: &mut dyn Observer) -> Result<Pruned> {
    let (database, DatabaseAccess { wait, stop, .. }) = (&access.file(), access);
    sqlite::refuse_absent(database)?;
    lock_database(database, *wait, stop, observer)?.prune(keep)
}
