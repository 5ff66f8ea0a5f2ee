//! The folder of a run's reports ([`ReportFolder`]), and those that earlier runs have left.
//!
//! The files are written to `DIR.partial` and synced; the folder gets its name when the run is over. It is locked until then. A
//! killed run leaves its `DIR.partial`: the next run publishes it if the database has that run, and removes it if not.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::file::{ReportFile, SUMMARY, is_report};
use super::summary::Status;
use crate::disk::{SyncedFolder, is_own, is_same_file, read_regular, with_suffix, without_waiting};
use crate::error::{Error, Result};

#[derive(Debug)]
pub struct ReportFolder {
    /// Where they go in the end.
    path: PathBuf,
    /// Where they are until then.
    partial: PathBuf,
    /// The parent folders that this run has created, the innermost first.
    created: Vec<PathBuf>,
    /// The lock on `partial`, until it has its name.
    lock: Option<File>,
}

impl ReportFolder {
    /// Starts the reports that go to `path` in the end.
    /// An error if `path` has the reports of a finished run, or files that are not reports.
    pub fn create(path: &Path) -> Result<ReportFolder> {
        refuse_taken(path)?;
        let partial = partial_of(path);
        let failed = |error| Error::report(&partial, error);
        let created = create_parents(&partial).map_err(failed)?;
        let mut folder = ReportFolder { path: path.to_path_buf(), partial: partial.clone(), created, lock: None };
        loop {
            let is_new = match fs::create_dir(&partial) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
                done => done.map(|()| true).map_err(failed)?,
            };
            let locked = lock_folder(&partial).inspect_err(|error| {
                // If another run has locked it, it is that run's.
                if is_new && matches!(error, Error::Report { .. }) {
                    let _ = fs::remove_dir(&partial);
                }
            });
            let Some(lock) = locked? else { continue };
            // Another run may have finished between the first check and the lock. Reports in `partial` were left by a run
            // that was killed before it committed.
            let emptied = refuse_taken(path)
                .and_then(|()| refuse_foreign_files(&partial))
                .and_then(|()| remove_reports(&partial).map_err(failed));
            if let Err(error) = emptied {
                // Fails unless the folder is empty.
                let _ = fs::remove_dir(&partial);
                return Err(error);
            }
            folder.lock = Some(lock);
            return Ok(folder);
        }
    }

    pub fn file(&self, name: &str) -> Result<ReportFile> {
        ReportFile::create(&self.partial, name)
    }

    pub fn cut(&self, name: &str, bytes: u64) -> Result<()> {
        let path = self.partial.join(name);
        let cut = File::options().write(true).open(&path).and_then(|file| {
            file.set_len(bytes)?;
            file.sync_all()
        });
        cut.map_err(|error| Error::report(&path, error))
    }

    pub fn remove(&self, name: &str) -> Result<()> {
        let path = self.partial.join(name);
        fs::remove_file(&path).map_err(|error| Error::report(&path, error))
    }

    /// Syncs the names of the files, so that the next run can publish the folder if this one is killed.
    pub fn sync(&self) -> Result<()> {
        let folder = self.lock.as_ref().filter(|_| cfg!(unix));
        let synced = folder.map_or(Ok(()), File::sync_all);
        synced.map_err(|error| Error::report(&self.partial, error))
    }

    /// Leaves everything for the next run, which can tell whether this one was committed.
    pub fn leave(mut self) {
        self.lock = None;
        self.created.clear();
    }

    /// Gives the folder its name. The run is committed by now, so the error is only a message.
    pub fn publish(mut self) -> Result<(), String> {
        // From here on nothing that was written is removed; the lock is kept until the folder has its name.
        let lock = self.lock.take();
        self.created.clear();
        let done = publish(&self.partial, &self.path);
        drop(lock);
        done.map_err(|error| {
            let (path, partial) = (self.path.display(), self.partial.display());
            format!(
                "the reports could not be moved to {path}: {error}. They are in {partial}; the next run tries again"
            )
        })
    }
}

impl Drop for ReportFolder {
    fn drop(&mut self) {
        if self.lock.is_some() {
            // The next run removes what cannot be removed now.
            let _ = remove_reports(&self.partial);
            let _ = fs::remove_dir(&self.partial);
        }
        for folder in &self.created {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Creates the parent folders of `path`; returns those that did not exist, the innermost first.
fn create_parents(path: &Path) -> io::Result<Vec<PathBuf>> {
    let parents = path.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty());
    let missing: Vec<PathBuf> = parents.take_while(|parent| !parent.exists()).map(Path::to_path_buf).collect();
    if let Some(innermost) = missing.first() {
        fs::create_dir_all(innermost)?;
    }
    Ok(missing)
}

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

fn publish(partial: &Path, path: &Path) -> io::Result<()> {
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
fn lock_folder(folder: &Path) -> Result<Option<File>> {
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

fn remove_reports(folder: &Path) -> io::Result<()> {
    for name in names(folder)?.iter().filter(|name| is_report(name)) {
        fs::remove_file(folder.join(name))?;
    }
    Ok(())
}

fn refuse_foreign_files(folder: &Path) -> Result<()> {
    let names = names(folder).map_err(|error| Error::report(folder, error))?;
    match names.iter().find(|name| !is_report(name)) {
        Some(name) => Err(Error::ReportFolder {
            path: folder.to_path_buf(),
            message: format!("holds {name}, which is not a report; name a separate folder with --reports"),
        }),
        None => Ok(()),
    }
}

pub fn is_usable(path: &Path) -> bool {
    refuse_taken(path).is_ok()
}

/// An error unless a folder is absent, empty, or has the reports of a run that changed nothing, which are moved aside in the end.
fn refuse_taken(path: &Path) -> Result<()> {
    let refuse = |message: &str| Err(Error::ReportFolder { path: path.to_path_buf(), message: message.to_string() });
    if path.exists() && !path.is_dir() {
        return refuse("is a file; name a folder with --reports");
    }
    if !path.exists() || is_stopped_run(path) || names(path).map_err(|error| Error::report(path, error))?.is_empty() {
        return Ok(());
    }
    refuse_foreign_files(path)?;
    refuse(match path.join(SUMMARY).exists() {
        true => "holds the reports of a finished run; name another folder with --reports",
        false => "holds reports without a summary; name another folder with --reports, or remove it",
    })
}

/// Whether the reports are of a run that is not in the database: a limit stopped it, or a redo loaded nothing.
fn is_stopped_run(path: &Path) -> bool {
    let is_stopped = |run: EarlierSummary| {
        run.status == Status::Threshold.name() || run.run_id.is_none() && run.status == Status::NothingLoaded.name()
    };
    summary_of(path).is_some_and(is_stopped)
}

#[derive(Deserialize)]
pub(super) struct EarlierSummary {
    pub(super) status: String,
    pub(super) run_id: Option<i64>,
    pub(super) started_at: String,
}

pub(super) fn summary_of(folder: &Path) -> Option<EarlierSummary> {
    serde_json::from_slice(&read_regular(&folder.join(SUMMARY)).ok()?).ok()
}
