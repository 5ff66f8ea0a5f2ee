//! Paths and folders, as the store and the reports need them.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// A path with something behind its last part.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

/// What stands behind a database's name in the names of the files beside it: SQLite's own, the private file that a run builds
/// or gathers rows in, and the note of the run that is going on.
pub const BESIDE_A_DATABASE: [&str; 5] = ["-journal", "-wal", "-shm", PRIVATE, NOTE];

/// See [`BESIDE_A_DATABASE`].
pub const PRIVATE: &str = ".custload-partial";
/// See [`BESIDE_A_DATABASE`].
pub const NOTE: &str = ".custload-reports";

/// A path from bytes that were one.
#[cfg(unix)]
pub fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes))
}

/// A path from bytes that were one, in UTF-8 here.
#[cfg(not(unix))]
pub fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// The folder that a file or folder is in, opened so that it can be synced, which makes the names in it last.
#[derive(Debug)]
pub struct SyncedFolder(Option<File>);

impl SyncedFolder {
    /// Opens the folder that `path` is in.
    pub fn of(path: &Path) -> io::Result<SyncedFolder> {
        // Only Unix lets a folder be opened and synced.
        Ok(SyncedFolder(if cfg!(unix) { Some(File::open(folder_of(path))?) } else { None }))
    }

    /// Makes the names in it last.
    pub fn sync(&self) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), File::sync_all)
    }
}

/// Makes what these options create readable and writable by its owner alone.
#[cfg(unix)]
pub fn owner_only(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

/// Elsewhere a file takes its permissions from its folder.
#[cfg(not(unix))]
pub fn owner_only(_: &mut OpenOptions) {}

/// Whether two names are of one file, links followed; `false` where one of them is of none.
#[cfg(unix)]
pub fn are_one_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (std::fs::metadata(one), std::fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// Whether two names are of one file, as far as can be told here.
#[cfg(not(unix))]
pub fn are_one_file(one: &Path, other: &Path) -> bool {
    matches!((std::fs::canonicalize(one), std::fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// Whether an open file, or folder, is the one that has this name. Where that cannot be found out it is an error: who looks
/// again until it is would do so for ever.
#[cfg(unix)]
pub fn is_same_file(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let held = file.metadata()?;
    match std::fs::symlink_metadata(path) {
        Ok(named) => Ok((held.dev(), held.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether an open file, or folder, is the one that has this name, as far as can be told here.
#[cfg(not(unix))]
pub fn is_same_file(_: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}
