//! Where a database stands, and how a new one gets there: [`PrivateFile`].
//!
//! A new database is built beside its place, under a private name that is locked; so two runs never build the same one, and
//! what a killed run leaves is known to be nobody's. Where the database exists, a run gathers rows for it under that name.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::Path;

use tempfile::TempPath;

use crate::disk::{PRIVATE, SyncedFolder, folder_of, is_private, is_same_file, open_regular, owner_only, with_suffix};
use crate::error::{Error, Result, Words, has_failed};

/// What stands under a database's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file, of whatever content.
    File,
    /// Nothing, in a folder that is there.
    Absent,
}

/// The bytes of the smallest page, and so of the smallest database.
const SMALLEST: u64 = 512;

/// Looks at what stands under a database's name; an error where no database can be.
pub(super) fn kind(path: &Path) -> Result<Kind> {
    match fs::metadata(path) {
        // SQLite would make a database of a file that is too small to be one.
        Ok(metadata) if metadata.is_file() && (1..SMALLEST).contains(&metadata.len()) => {
            Err(Error::database(path, "it is not an SQLite database; name another file with --db"))
        }
        Ok(metadata) if metadata.is_file() => Ok(Kind::File),
        Ok(metadata) if metadata.is_dir() => Err(Error::database(path, "it is a folder; name a file in it with --db")),
        Ok(_) => Err(Error::database(path, "it is no file; name one with --db")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if fs::symlink_metadata(path).is_ok() {
                let message = "it is a link to a file that does not exist; remove the link, or make the file";
                return Err(Error::database(path, message));
            }
            let folder = folder_of(path);
            match fs::metadata(&folder) {
                Ok(metadata) if metadata.is_dir() => Ok(Kind::Absent),
                Err(error) if has_failed(&error) => Err(cannot_look(path, &folder, &error)),
                _ => {
                    let message = Words::own(format!("the folder {} does not exist; make it first", folder.display()));
                    Err(Error::database(path, message))
                }
            }
        }
        Err(error) => Err(cannot_look(path, path, &error)),
    }
}

fn cannot_look(database: &Path, path: &Path, error: &io::Error) -> Error {
    let message = format!("{} cannot be looked at ({error}); check the disk and the permissions", path.display());
    Error::database(database, Words::own(message))
}

/// A file under the private name, locked. Unless it is put in the database's place, it is removed when it is dropped.
#[derive(Debug)]
pub(super) struct PrivateFile {
    path: TempPath,
    lock: File,
    /// Opened at the start: once the file has its name, nothing may fail any more.
    folder: SyncedFolder,
}

impl PrivateFile {
    /// Takes the private name for a new database at `path`; `None` if `path` has come into being meanwhile.
    pub(super) fn create(path: &Path) -> Result<Option<PrivateFile>> {
        refuse_stale_journals(path)?;
        let private = PrivateFile::beside(path)?;
        Ok((kind(path)? == Kind::Absent).then_some(private))
    }

    /// Takes the private name beside `path`, for a file that is empty. It is always made anew, readable by this user alone:
    /// somebody else may have made, or opened, what lies there.
    pub(super) fn beside(path: &Path) -> Result<PrivateFile> {
        let private = with_suffix(path, PRIVATE);
        let failed = |error: io::Error| Error::database(path, cannot_write(&error));
        let folder = SyncedFolder::of(path).map_err(failed)?;
        let lock = loop {
            let mut options = File::options();
            owner_only(&mut options);
            let file = match options.read(true).write(true).create_new(true).open(&private) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    remove_left(path, &private)?;
                    continue;
                }
                made => made.map_err(failed)?,
            };
            // Another run may have come upon the file before it was locked, and have taken it for one that was left there.
            let is_ours = match file.try_lock() {
                Ok(()) => is_same_file(&file, &private).map_err(failed),
                Err(TryLockError::WouldBlock) => return Err(Error::locked(path)),
                Err(TryLockError::Error(error)) => Err(Error::database(path, cannot_lock(&error))),
            };
            match is_ours {
                Ok(true) => break file,
                Ok(false) => {}
                Err(error) => {
                    let _ = fs::remove_file(&private);
                    return Err(error);
                }
            }
        };
        // From here on it is removed, whatever fails.
        let private = TempPath::try_from_path(&private).map_err(failed)?;
        Ok(PrivateFile { path: private, lock, folder })
    }

    /// Removes what a killed run has left beside a database that exists. What is another's stays: it is in nobody's way.
    pub(super) fn remove_left_behind(path: &Path) {
        if fs::symlink_metadata(with_suffix(path, PRIVATE)).is_ok() {
            drop(PrivateFile::beside(path));
        }
    }

    /// The private name.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A handle of the file.
    pub(super) fn handle(&self) -> io::Result<File> {
        self.lock.try_clone()
    }

    /// Puts what was written so far on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.lock.sync_all()
    }

    /// Gives the file its name, once all of it is on the disk. Nothing that has come into being there is replaced. Gives what
    /// there is to say where the name may not outlive a power cut.
    pub(super) fn put_in_place(self, path: &Path) -> Result<Option<String>> {
        let failed = |error: &io::Error| {
            Error::database(
                path,
                Words::own(format!("it cannot be put in its place ({error}); check the disk, then run custload again")),
            )
        };
        self.lock.sync_all().map_err(|error| failed(&error))?;
        refuse_stale_journals(path)?;
        self.path.persist_noclobber(path).map_err(|failure| match failure.error.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::database(path, "another program has created it while this run was going on; run custload again")
            }
            _ => failed(&failure.error),
        })?;
        let synced = self.folder.sync();
        Ok(synced.err().map(|error| format!("{}: its folder could not be synced: {error}", path.display())))
    }
}

/// Removes what a killed run has left under the private name. What is not such a run's is refused and stays.
fn remove_left(path: &Path, private: &Path) -> Result<()> {
    let failed = |error: io::Error| Error::database(path, cannot_write(&error));
    let refuse = || {
        let message = format!(
            "{} is in the way: this user's runs of custload have not left it there. Check what it is, move or delete it, and run custload again",
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
    if !is_private(&metadata) || (metadata.len() > 0 && !is_marked(&mut file)) {
        return Err(refuse());
    }
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Error::locked(path)),
        Err(TryLockError::Error(error)) => return Err(Error::database(path, cannot_lock(&error))),
    }
    // A run that held the lock may have renamed or removed it meanwhile.
    match is_same_file(&file, private).map_err(failed)? {
        true => fs::remove_file(private).map_err(failed),
        false => Ok(()),
    }
}

/// Whether a file begins as a database that custload builds: SQLite's header, with custload's number as the application's
/// (sqlite.org/fileformat2.html, section 1.3).
fn is_marked(file: &mut File) -> bool {
    let mut head = [0; 72];
    file.read_exact(&mut head).is_ok() && head.starts_with(MAGIC) && head[68..] == APPLICATION_ID.to_be_bytes()
}

/// How a database's file begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The application's number in the header of databases that custload has made: "cust".
pub(super) const APPLICATION_ID: u32 = 0x6375_7374;

/// What is said when a new database's file cannot be written.
pub(super) fn cannot_write(error: &io::Error) -> Words {
    let advice = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => {
            "the disk, or what you may use of it, is full. Free some space, then run custload again"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "the folder may not be written to; change its permissions, or name another file with --db"
        }
        _ if has_failed(error) => "it cannot be written; check the disk, then run custload again",
        _ => return Words::own(format!("it cannot be written: {error}")),
    };
    Words::own(format!("{advice} ({error})"))
}

/// What is said where a file system gives no lock.
fn cannot_lock(error: &io::Error) -> Words {
    Words::own(format!(
        "its place cannot be locked ({error}); name a file on another disk with --db, one that has locks"
    ))
}

/// What is said when a database's file cannot be opened.
pub(super) fn cannot_open(error: &io::Error) -> Words {
    Words::own(format!("it cannot be opened ({error}); check the permissions of the file and its folder"))
}

/// SQLite opens the files beside a database, and would wait for whoever writes to a pipe there, beyond every signal.
pub(super) fn refuse_other_than_files(path: &Path) -> Result<()> {
    for suffix in ["-journal", "-wal", "-shm"] {
        let beside = with_suffix(path, suffix);
        if fs::metadata(&beside).is_ok_and(|metadata| !metadata.is_file()) {
            let message = format!("{} is in the way, for it is no file; move or delete it", beside.display());
            return Err(Error::database(path, Words::own(message)));
        }
    }
    Ok(())
}

/// SQLite would play a journal that lies beside a new database's name back into it.
fn refuse_stale_journals(path: &Path) -> Result<()> {
    for suffix in ["-journal", "-wal"] {
        let journal = with_suffix(path, suffix);
        match fs::symlink_metadata(&journal) {
            Ok(_) => {
                let journal = journal.display();
                let message = format!(
                    "there is no such file, but there is {journal}, left over from a database of that name. \
                     Remove it, or put the database back"
                );
                return Err(Error::database(path, Words::own(message)));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // That there is none is not to be guessed.
            Err(error) => return Err(cannot_look(path, &journal, &error)),
        }
    }
    Ok(())
}
