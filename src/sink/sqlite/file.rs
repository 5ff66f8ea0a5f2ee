//! The file of a database: what is at its path and beside it, and its header, which is read beside SQLite
//! (sqlite.org/fileformat2.html, section 1.3).

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::disk::{folder_of, with_suffix};
use crate::error::{Error, Result, Words, has_failed};

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// A file, of whatever content.
    File,
    /// Nothing, in a folder that exists.
    Absent,
}

/// The bytes of the smallest page, and so of the smallest database.
const SMALLEST: u64 = 512;

pub(super) fn locate(path: &Path) -> Result<Location> {
    match fs::metadata(path) {
        // SQLite would make a database of a file that is too small to be one.
        Ok(metadata) if metadata.is_file() && (1..SMALLEST).contains(&metadata.len()) => {
            Err(Error::database(path, "it is not an SQLite database; name another file with --db"))
        }
        Ok(metadata) if metadata.is_file() => Ok(Location::File),
        Ok(metadata) if metadata.is_dir() => Err(Error::database(path, "it is a folder; name a file in it with --db")),
        Ok(_) => Err(Error::database(path, "it is not a regular file; name one with --db")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => locate_absent(path),
        Err(error) => Err(cannot_examine(path, path, &error)),
    }
}

fn locate_absent(path: &Path) -> Result<Location> {
    if fs::symlink_metadata(path).is_ok() {
        let message = "it is a link to a file that does not exist; remove the link, or create the file";
        return Err(Error::database(path, message));
    }
    let folder = folder_of(path);
    match fs::metadata(&folder) {
        Ok(metadata) if metadata.is_dir() => Ok(Location::Absent),
        Err(error) if has_failed(&error) => Err(cannot_examine(path, &folder, &error)),
        _ => {
            let message = format!("the folder {} does not exist; create it first", folder.display());
            Err(Error::database(path, Words::own(message)))
        }
    }
}

pub fn refuse_absent(path: &Path) -> Result<()> {
    match locate(path)? {
        Location::File => Ok(()),
        Location::Absent => Err(absent(path)),
    }
}

pub(super) fn absent(path: &Path) -> Error {
    Error::database(path, "there is no such database; name another with --db")
}

/// SQLite opens the files beside a database. At a pipe it would wait for the other end and ignore signals.
pub(super) fn refuse_special_files(path: &Path) -> Result<()> {
    for suffix in ["-journal", "-wal", "-shm"] {
        let beside = with_suffix(path, suffix);
        if fs::metadata(&beside).is_ok_and(|metadata| !metadata.is_file()) {
            let message = format!("{} is in the way: it is not a regular file; move or delete it", beside.display());
            return Err(Error::database(path, Words::own(message)));
        }
    }
    Ok(())
}

/// SQLite would apply a journal beside the name of a new database to that database.
pub(super) fn refuse_leftover_journals(path: &Path) -> Result<()> {
    for suffix in ["-journal", "-wal"] {
        let journal = with_suffix(path, suffix);
        match fs::symlink_metadata(&journal) {
            Ok(_) => {
                let message = format!(
                    "there is no such file, but there is {}, left over from a database of that name. Remove it, or put the \
                     database back",
                    journal.display()
                );
                return Err(Error::database(path, Words::own(message)));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // It may be there.
            Err(error) => return Err(cannot_examine(path, &journal, &error)),
        }
    }
    Ok(())
}

fn cannot_examine(database: &Path, path: &Path, error: &io::Error) -> Error {
    let message = format!("{} cannot be examined ({error}); check the disk and the permissions", path.display());
    Error::database(database, Words::own(message))
}

/// The application's number in the header of databases that custload has made: "cust".
pub(super) const APPLICATION_ID: u32 = 0x6375_7374;

pub(super) fn is_custload_database(file: &mut File) -> bool {
    let mut head = [0; 72];
    file.read_exact(&mut head).is_ok()
        && head.starts_with(b"SQLite format 3\0")
        && head[68..] == APPLICATION_ID.to_be_bytes()
}

/// A database's file, for the change counter in its header: it grows by one with each transaction that writes.
pub(super) struct ChangeCounter(pub(super) File);

impl ChangeCounter {
    /// The counter now; `None` in WAL mode, where it does not grow, and for an empty file.
    pub(super) fn read(&self) -> io::Result<Option<i64>> {
        let mut head = [0; 28];
        match read_at_start(&self.0, &mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            done => done?,
        }
        let is_wal = head[18] == 2 || head[19] == 2;
        let counter = head[24..28].iter().fold(0, |sum, byte| sum << 8 | i64::from(*byte));
        Ok((!is_wal).then_some(counter))
    }
}

/// Whether a change counter differs from the expected one, as far as both are known.
pub(super) fn counter_differs(counter: Option<i64>, expected: Option<i64>) -> bool {
    counter.zip(expected).is_some_and(|(counter, expected)| counter != expected)
}

#[cfg(unix)]
fn read_at_start(file: &File, into: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, 0)
}

#[cfg(not(unix))]
fn read_at_start(mut file: &File, into: &mut [u8]) -> io::Result<()> {
    use std::io::Seek;
    file.rewind()?;
    file.read_exact(into)
}
