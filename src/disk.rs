//! Paths and folders, as the store and the reports need them.

use std::fs::File;
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

/// Makes the name of a file or folder last: syncs the folder that it is in.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    // Only Unix lets a folder be opened and synced.
    if cfg!(unix) { File::open(folder_of(path))?.sync_all() } else { Ok(()) }
}
