//! Paths, files and folders, as the database and the reports need them.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

pub fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// The bytes that are free where a folder is, if that is known.
#[cfg(unix)]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
pub fn free_bytes(_: &Path) -> Option<u64> {
    None
}

pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

/// The suffixes of the files beside a database: SQLite's own, the private file in which a run builds a database or gathers rows,
/// and the note of the run in progress.
pub const DATABASE_SUFFIXES: [&str; 5] = ["-journal", "-wal", "-shm", PRIVATE_SUFFIX, NOTE_SUFFIX];

pub const PRIVATE_SUFFIX: &str = ".custload-partial";
pub const NOTE_SUFFIX: &str = ".custload-reports";

#[cfg(unix)]
pub fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes))
}

#[cfg(not(unix))]
pub fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// The parent folder of a file or folder, opened so that the names in it can be synced.
#[derive(Debug)]
pub struct SyncedFolder(Option<File>);

impl SyncedFolder {
    pub fn of(path: &Path) -> io::Result<SyncedFolder> {
        // Only Unix can open and sync a folder.
        Ok(SyncedFolder(if cfg!(unix) { Some(File::open(folder_of(path))?) } else { None }))
    }

    pub fn sync(&self) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), File::sync_all)
    }
}

/// Resolves a symbolic link, so that the files beside a database are beside the file itself. A link to nothing stays as it is.
pub fn without_links(path: &Path) -> PathBuf {
    let target = if path.is_symlink() { std::fs::canonicalize(path).ok() } else { None };
    target.unwrap_or_else(|| path.to_path_buf())
}

/// Opens a regular file for reading; an error for anything else, including links. It never waits: opening a pipe would wait for its
/// other end and ignore signals.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    without_waiting(&mut options, true);
    let file = options.read(true).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open_regular(path)?.read_to_end(&mut content)?;
    Ok(content)
}

/// The longest profile or mapping file, in bytes: one with a line for each of many thousand columns is shorter.
const MOST_WHOLE: u64 = 16 << 20;

/// Reads a whole file, which may be a pipe as a shell makes for `<(command)`. Waits for its writer until `is_stopped`. An empty pipe
/// is an error: it may have no writer.
pub fn read_whole(path: &Path, is_stopped: impl Fn() -> bool) -> io::Result<Vec<u8>> {
    let mut options = File::options();
    without_waiting(&mut options, false);
    let mut file = options.read(true).open(path)?;
    let is_file = file.metadata()?.is_file();
    let mut content = Vec::new();
    loop {
        let left = (MOST_WHOLE + 1).saturating_sub(content.len() as u64);
        match (&mut file).take(left).read_to_end(&mut content) {
            _ if content.len() as u64 > MOST_WHOLE => {
                let message = format!("it has more than {MOST_WHOLE} bytes, which is too long for a file of settings");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && is_stopped() => return Err(error),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(POLL),
            Ok(_) if content.is_empty() && !is_file => {
                let message = "it is not a regular file, and it is empty";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            done => return done.map(|_| content),
        }
    }
}

/// Writes a file that is whole as soon as it has its name, readable by its owner alone. An existing file is an error unless it is
/// to be replaced; a link to one stays.
pub fn write_whole(path: &Path, content: &[u8], replaces: bool) -> io::Result<()> {
    let path = &without_links(path);
    // The error would name a file that nobody knows.
    let made = tempfile::NamedTempFile::new_in(folder_of(path)).map_err(|error| io::Error::from(error.kind()));
    let mut file = made?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    let placed = if replaces { file.persist(path) } else { file.persist_noclobber(path) };
    placed.map_err(|failed| failed.error)?;
    SyncedFolder::of(path)?.sync()
}

const POLL: std::time::Duration = std::time::Duration::from_millis(20);

/// Opens a file without waiting, and fails for a symbolic link if it `refuses_links`.
#[cfg(unix)]
pub fn without_waiting(options: &mut OpenOptions, refuses_links: bool) {
    use rustix::fs::OFlags;
    let links = if refuses_links { OFlags::NOFOLLOW } else { OFlags::empty() };
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, (OFlags::NONBLOCK | links).bits() as i32);
}

/// On other systems opening never waits.
#[cfg(not(unix))]
pub fn without_waiting(_: &mut OpenOptions, _: bool) {}

/// Whether custload may have created a file as this user: a regular file with one name that only this user may read and write.
#[cfg(unix)]
pub fn is_private(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.is_file() && metadata.nlink() == 1 && is_own(metadata) && metadata.mode() & 0o7177 == 0
}

/// Whether custload may have created a file, as far as this system shows.
#[cfg(not(unix))]
pub fn is_private(metadata: &Metadata) -> bool {
    metadata.is_file()
}

/// Whether a file or folder belongs to this user.
#[cfg(unix)]
pub fn is_own(metadata: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(metadata) == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
pub fn is_own(_: &Metadata) -> bool {
    true
}

/// Lets these options create files that only their owner can read and write.
#[cfg(unix)]
pub fn owner_only(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

/// On other systems a file takes its permissions from its folder.
#[cfg(not(unix))]
pub fn owner_only(_: &mut OpenOptions) {}

/// Whether two paths lead to one file; `false` if one leads to none. Unlike the crate `same-file` it opens neither: opening a pipe
/// waits, and closing a database that SQLite has open releases its locks.
#[cfg(unix)]
pub fn are_one_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (std::fs::metadata(one), std::fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// Whether two paths lead to one file, as far as this system shows.
#[cfg(not(unix))]
pub fn are_one_file(one: &Path, other: &Path) -> bool {
    matches!((std::fs::canonicalize(one), std::fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// Whether an open file, or folder, is still the one at this path. If that is unknown it is an error, not `false`: the caller would
/// retry forever.
#[cfg(unix)]
pub fn is_same_file(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let open = file.metadata()?;
    match std::fs::symlink_metadata(path) {
        Ok(named) => Ok((open.dev(), open.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether an open file, or folder, is still the one at this path, as far as this system shows.
#[cfg(not(unix))]
pub fn is_same_file(_: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}
