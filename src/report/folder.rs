//! The folder of a run's reports: [`ReportFolder`].
//!
//! The files are written to `DIR.partial` and synced; the folder gets its name when the run is over. It is locked until
//! then. A killed run leaves its `DIR.partial` ([`super::leftover`]).

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::file::ReportFile;
use super::leftover::{lock_folder, partial_of, publish, refuse_foreign_files, refuse_taken, remove_reports};
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
    ///
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

    /// Starts a report. Those with customers' values are readable by their owner alone.
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
        let synced = match &self.lock {
            Some(folder) if cfg!(unix) => folder.sync_all(),
            _ => Ok(()),
        };
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
    /// Removes what a failed run has written.
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
