//! The file beside a database, under a private name, in which a new one is built, or rows for it are gathered: [`PrivateFile`]. It is
//! locked, so two runs never build the same one, and the next run can tell that a killed one left it.

use std::fs::{self, File, TryLockError};
use std::{io, path::Path};

use tempfile::TempPath;

use super::connection::{cannot_lock, cannot_write};
use super::file::{Location, is_custload_database, locate, refuse_leftover_journals};
use crate::disk::{PRIVATE_SUFFIX, SyncedFolder, is_private, is_same_file, open_regular, owner_only, with_suffix};
use crate::error::{Error, Result, Words, has_failed};

/// A file under the private name, locked. Unless it is published, it is removed when dropped.
pub(super) struct PrivateFile {
    pub(super) path: TempPath,
    pub(super) lock: File,
    /// Opened at the start: after the rename nothing may fail.
    folder: SyncedFolder,
}

impl PrivateFile {
    /// Creates the private file for a new database at `path`; `None` if `path` has been created meanwhile.
    pub(super) fn create(path: &Path) -> Result<Option<PrivateFile>> {
        refuse_leftover_journals(path)?;
        let private = PrivateFile::beside(path)?;
        Ok((locate(path)? == Location::Absent).then_some(private))
    }

    /// Creates a private file beside `path`. It is always new, and this user's: another could have created, or opened, an old one.
    pub(super) fn beside(path: &Path) -> Result<PrivateFile> {
        let private = with_suffix(path, PRIVATE_SUFFIX);
        let failed = |error: io::Error| Error::database(path, cannot_write(&error));
        let folder = SyncedFolder::of(path).map_err(failed)?;
        let lock = loop {
            let mut options = File::options();
            owner_only(&mut options);
            let file = match options.read(true).write(true).create_new(true).open(&private) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    remove_leftover(path, &private)?;
                    continue;
                }
                created => created.map_err(failed)?,
            };
            // Before it was locked, another run may have removed it as a leftover.
            let is_ours = match file.try_lock() {
                Ok(()) => is_same_file(&file, &private).map_err(failed),
                Err(TryLockError::WouldBlock) => return Err(Error::locked(path)),
                Err(TryLockError::Error(error)) => Err(Error::database(path, cannot_lock(&error))),
            };
            if is_ours.inspect_err(|_| drop(fs::remove_file(&private)))? {
                break file;
            }
        };
        // From here on it is removed when dropped.
        let private = TempPath::try_from_path(&private).map_err(failed)?;
        Ok(PrivateFile { path: private, lock, folder })
    }

    /// Removes what a killed run left beside an existing database. A file of another user or program stays.
    pub(super) fn remove_leftover(path: &Path) {
        if fs::symlink_metadata(with_suffix(path, PRIVATE_SUFFIX)).is_ok() {
            drop(PrivateFile::beside(path));
        }
    }

    /// Syncs and renames the file. One at `path` is not replaced. Returns a notice if the name may not survive a power cut.
    pub(super) fn publish(self, path: &Path) -> Result<Option<String>> {
        let failed = |error: &io::Error| {
            let message = format!("it cannot be renamed ({error}); check the disk, then run custload again");
            Error::database(path, Words::own(message))
        };
        self.lock.sync_all().map_err(|error| failed(&error))?;
        refuse_leftover_journals(path)?;
        self.path.persist_noclobber(path).map_err(|failure| match failure.error.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::database(path, "another program created it during this run; run custload again")
            }
            _ => failed(&failure.error),
        })?;
        let synced = self.folder.sync();
        Ok(synced.err().map(|error| {
            format!(
                "{}: its folder could not be synced ({error}); a power cut may lose the \
                                             new database",
                path.display()
            )
        }))
    }
}

/// Removes what a killed run left under the private name; an error if another user or program made it.
fn remove_leftover(path: &Path, private: &Path) -> Result<()> {
    let failed = |error: io::Error| Error::database(path, cannot_write(&error));
    let refuse = || {
        let message = format!(
            "{} is in the way: no run of this user left it there. Check what it is, move or delete it, then run \
             custload again",
            private.display()
        );
        Error::database(path, Words::own(message))
    };
    let mut file = match open_regular(private) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if has_failed(&error) => return Err(failed(error)),
        opened => opened.map_err(|_| refuse())?,
    };
    let metadata = file.metadata().map_err(failed)?;
    if !is_private(&metadata) || (metadata.len() > 0 && !is_custload_database(&mut file)) {
        return Err(refuse());
    }
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Error::locked(path)),
        Err(TryLockError::Error(error)) => return Err(Error::database(path, cannot_lock(&error))),
    }
    // The run that had locked it may have renamed or removed it meanwhile.
    match is_same_file(&file, private).map_err(failed)? {
        true => fs::remove_file(private).map_err(failed),
        false => Ok(()),
    }
}
