//! Earlier runs: listing, undoing and pruning them.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::options::Observer;
use super::report_paths::{default_reports, finish_earlier_reports};
use super::start::{DatabaseAccess, lock_database, stamp_of, wait_for};
use crate::disk::{folder_of, without_links};
use crate::error::{Error, Result};
use crate::report::run_note::RunNote;
use crate::sink::sqlite::{self, PastRun, Pruned, UNFINISHED, Undo, Undone};

/// A run in the database, with what only the disk knows of it.
#[derive(Clone, Debug)]
pub struct RunStory {
    pub run: PastRun,
    /// The absolute path of its reports, if it wrote any.
    pub reports: Option<PathBuf>,
    pub is_running: bool,
}

pub fn runs(access: &DatabaseAccess, observer: &mut dyn Observer) -> Result<Vec<RunStory>> {
    stories(access, None, observer)
}

pub fn one_run(access: &DatabaseAccess, run_id: i64, observer: &mut dyn Observer) -> Result<RunStory> {
    let mut stories = stories(access, Some(run_id), observer)?;
    stories.pop().ok_or_else(|| {
        Error::database(&access.database, format!("there is no run {run_id}; `custload runs` lists all runs"))
    })
}

fn stories(access: &DatabaseAccess, only: Option<i64>, observer: &mut dyn Observer) -> Result<Vec<RunStory>> {
    let access = &resolved(access);
    let database = &access.database;
    let runs = wait_for(access, observer, || sqlite::past_runs(database, only, &access.stop));
    let runs = runs.map_err(|error| {
        let Error::Locked { path, holder } = error else { return error };
        let advice = "Wait until it ends, or let custload wait with --wait SECONDS";
        Error::database(&path, format!("the database is locked by {holder}. {advice}"))
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

#[derive(Clone, Debug)]
pub struct UndoOptions {
    pub run_id: i64,
    /// Whether customers that have changed since the run stay as they are; otherwise nothing is done if there are any.
    pub keep_changed: bool,
    pub dry_run: bool,
    pub now: Option<DateTime<Utc>>,
}

pub fn undo(access: &DatabaseAccess, options: &UndoOptions, observer: &mut dyn Observer) -> Result<Undone> {
    let access = &resolved(access);
    let database = &access.database;
    let UndoOptions { run_id, keep_changed, dry_run, now } = *options;
    sqlite::refuse_absent(database)?;
    let locked = lock_database(access, observer)?;
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
    let access = &resolved(access);
    sqlite::refuse_absent(&access.database)?;
    lock_database(access, observer)?.prune(keep)
}

fn resolved(access: &DatabaseAccess) -> DatabaseAccess {
    DatabaseAccess { database: without_links(&access.database), ..access.clone() }
}
