//! Paths and folders, as the store and the reports need them.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
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

/// The file that a database's name stands for: symbolic links are resolved, so that what lies beside a database lies beside the
/// file itself, whatever name it is opened by. A link to nothing stays as it is, and so does a name that is no link.
pub fn without_links(path: &Path) -> PathBuf {
    match path.is_symlink() {
        true => std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf()),
        false => path.to_path_buf(),
    }
}

/// Opens a regular file for reading; an error where the name is that of anything else, a link among them. It never waits:
/// opening a pipe would, for its other end, and no signal would end that.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    without_waiting(&mut options, true);
    let file = options.read(true).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// The content of a regular file; see [`open_regular`].
pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open_regular(path)?.read_to_end(&mut content)?;
    Ok(content)
}

/// Reads a file whole that may also be a pipe, as a shell makes for `<(command)`. Waits for who writes to it until `is_stopped`; a
/// pipe that gives nothing is an error, for nobody may be writing to it.
pub fn read_whole(path: &Path, is_stopped: impl Fn() -> bool) -> io::Result<Vec<u8>> {
    let mut options = File::options();
    without_waiting(&mut options, false);
    let mut file = options.read(true).open(path)?;
    let is_file = file.metadata()?.is_file();
    let mut content = Vec::new();
    loop {
        match file.read_to_end(&mut content) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && is_stopped() => {
                return Err(error);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(POLL),
            Ok(_) if content.is_empty() && !is_file => {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file, and gives nothing"));
            }
            done => return done.map(|_| content),
        }
    }
}

/// How long to wait before a pipe is read again.
const POLL: std::time::Duration = std::time::Duration::from_millis(20);

/// Lets opening a file wait for nobody, and fail for a symbolic link where it `refuses_links`.
#[cfg(unix)]
pub fn without_waiting(options: &mut OpenOptions, refuses_links: bool) {
    use rustix::fs::OFlags;
    let links = if refuses_links { OFlags::NOFOLLOW } else { OFlags::empty() };
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, (OFlags::NONBLOCK | links).bits() as i32);
}

/// Elsewhere opening waits for nobody.
#[cfg(not(unix))]
pub fn without_waiting(_: &mut OpenOptions, _: bool) {}

/// Whether a file is one that custload may have made here as this user: a regular file with one name, of this user, that nobody
/// else may read or write. Whatever else lies under one of custload's names was put there by somebody else.
#[cfg(unix)]
pub fn is_private(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.is_file() && metadata.nlink() == 1 && is_own(metadata) && metadata.mode() & 0o7177 == 0
}

/// Whether a file is one that custload may have made, as far as can be told here.
#[cfg(not(unix))]
pub fn is_private(metadata: &Metadata) -> bool {
    metadata.is_file()
}

/// Whether a file or folder belongs to the user who runs the program.
#[cfg(unix)]
pub fn is_own(metadata: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(metadata) == rustix::process::geteuid().as_raw()
}

/// Whether a file or folder belongs to the user who runs the program, which cannot be told here.
#[cfg(not(unix))]
pub fn is_own(_: &Metadata) -> bool {
    true
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
