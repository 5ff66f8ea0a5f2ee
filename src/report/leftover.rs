//! Report folders that earlier runs have left: which may be used again, and which must be published or removed.
//!
//! A killed run leaves its `DIR.partial`. The next run publishes it if the database has that run, and removes it if not.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::file::{SUMMARY, is_report};
use super::summary::Status;
use crate::disk::{SyncedFolder, is_own, is_same_file, read_regular, with_suffix, without_waiting};
use crate::error::{Error, Result};

/// Where a folder's reports are until the run is over.
pub(super) fn partial_of(path: &Path) -> PathBuf {
    with_suffix(path, ".partial")
}

/// Publishes the reports in `DIR.partial` if their summary is that of this run and says that it was committed. `true` if it did.
pub fn publish_leftover(path: &Path, run_id: i64, started_at: &str) -> Result<bool> {
    let partial = partial_of(path);
    let is_this_run = summary_of(&partial).is_some_and(|summary| {
        let is_committed =
            [Status::Finished, Status::NothingLoaded].iter().any(|status| status.name() == summary.status);
        is_committed && (summary.run_id, summary.started_at.as_str()) == (Some(run_id), started_at)
    });
    if !is_this_run || !is_usable(path) {
        return Ok(false);
    }
    // Another process that has locked it is about to publish it.
    let Ok(Some(_lock)) = lock_folder(&partial) else { return Ok(false) };
    publish(&partial, path).map_err(|error| Error::report(path, error))?;
    Ok(true)
}

/// Removes the reports that an uncommitted run has left in `DIR.partial`.
pub(super) fn remove_leftover(path: &Path) -> Result<()> {
    let partial = partial_of(path);
    if partial.is_dir()
        // Another process that has locked it is about to publish or remove it.
        && let Ok(Some(_lock)) = lock_folder(&partial)
    {
        remove_reports(&partial).map_err(|error| Error::report(&partial, error))?;
        // Fails if anything else is in there.
        let _ = fs::remove_dir(&partial);
    }
    Ok(())
}

pub(super) fn publish(partial: &Path, path: &Path) -> io::Result<()> {
    if path.is_dir() {
        move_aside(path)?;
    }
    // After the rename nothing may fail. If a power cut takes the name, the next run gives it again.
    let parent = SyncedFolder::of(path);
    fs::rename(partial, path)?;
    let _ = parent.and_then(|parent| parent.sync());
    Ok(())
}

/// Moves aside the reports of an earlier run that loaded nothing: somebody may be correcting them.
fn move_aside(path: &Path) -> io::Result<()> {
    if names(path)?.is_empty() {
        return fs::remove_dir(path);
    }
    let free = (1..).map(|number| with_suffix(path, &format!(".stopped-{number}"))).find(|free| !free.exists());
    free.map_or(Ok(()), |free| fs::rename(path, free))
}

/// Locks a folder; `None` if it has gone meanwhile.
pub(super) fn lock_folder(folder: &Path) -> Result<Option<File>> {
    let failed = |error| Error::report(folder, error);
    let refuse = |message: &str| {
        let message = format!("{message}, or name another folder with --reports");
        Err(Error::ReportFolder { path: folder.to_path_buf(), message })
    };
    if fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_symlink()) {
        return refuse("is a link; remove it");
    }
    let file = match open_folder(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    if !is_own(&file.metadata().map_err(failed)?) {
        return refuse("belongs to another user; remove it");
    }
    match file.try_lock() {
        Ok(()) => Ok(is_same_file(&file, folder).map_err(failed)?.then_some(file)),
        Err(TryLockError::WouldBlock) => refuse("is being written by another run; wait until that is done"),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

#[cfg(unix)]
fn open_folder(folder: &Path) -> io::Result<File> {
    let mut options = File::options();
    without_waiting(&mut options, true);
    options.read(true).open(folder)
}

/// Other systems cannot open a folder, so a file in it is locked.
#[cfg(not(unix))]
fn open_folder(folder: &Path) -> io::Result<File> {
    File::options().write(true).create(true).truncate(false).open(folder.with_extension("lock"))
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// Removes the reports in a folder, and nothing else.
pub(super) fn remove_reports(folder: &Path) -> io::Result<()> {
    for name in names(folder)?.iter().filter(|name| is_report(name)) {
        fs::remove_file(folder.join(name))?;
    }
    Ok(())
}

/// An error if a folder has a file that is not a report.
pub(super) fn refuse_foreign_files(folder: &Path) -> Result<()> {
    let names = names(folder).map_err(|error| Error::report(folder, error))?;
    match names.iter().find(|name| !is_report(name)) {
        Some(name) => Err(Error::ReportFolder {
            path: folder.to_path_buf(),
            message: format!("holds {name}, which is not a report; name a separate folder with --reports"),
        }),
        None => Ok(()),
    }
}

/// Whether a run can publish its reports at this path.
pub fn is_usable(path: &Path) -> bool {
    refuse_taken(path).is_ok()
}

/// An error unless a folder is absent, empty, or has the reports of a run that changed nothing, which are moved aside in the end.
pub(super) fn refuse_taken(path: &Path) -> Result<()> {
    let refuse = |message: &str| Err(Error::ReportFolder { path: path.to_path_buf(), message: message.to_string() });
    if !path.exists() {
        return Ok(());
    }
    if !path.is_dir() {
        return refuse("is a file; name a folder with --reports");
    }
    if is_stopped_run(path) || names(path).map_err(|error| Error::report(path, error))?.is_empty() {
        return Ok(());
    }
    refuse_foreign_files(path)?;
    if path.join(SUMMARY).exists() {
        return refuse("holds the reports of a finished run; name another folder with --reports");
    }
    refuse("holds reports without a summary; name another folder with --reports, or remove it")
}

/// Whether a folder has the reports of a run that is not in the database: a limit stopped it, or it was a redo that loaded
/// nothing.
fn is_stopped_run(path: &Path) -> bool {
    let is_stopped = |run: EarlierSummary| {
        run.status == Status::Threshold.name() || run.run_id.is_none() && run.status == Status::NothingLoaded.name()
    };
    summary_of(path).is_some_and(is_stopped)
}

/// What is read of an earlier run's summary.
#[derive(Deserialize)]
pub(super) struct EarlierSummary {
    pub(super) status: String,
    pub(super) run_id: Option<i64>,
    pub(super) started_at: String,
}

pub(super) fn summary_of(folder: &Path) -> Option<EarlierSummary> {
    serde_json::from_slice(&read_regular(&folder.join(SUMMARY)).ok()?).ok()
}
