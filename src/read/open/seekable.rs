//! A file that can be read from any offset, and by another process: [`Seekable`].

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::hash::hash;
use super::opened::Reader;
use crate::error::{Error, Result, own_words};
use crate::read::feed::FileRead;
use crate::read::options::ReadOptions;

/// A file that can be read from any offset, and by another process: the input itself, or a copy of it.
pub(super) enum Seekable {
    /// An open file, and the path to open it again. This does not use the input's name, which may be another file's by
    /// now; and a copy without a name is gone with the process.
    Open(PathBuf, #[allow(dead_code)] File),
    /// A named copy, on systems that cannot open an open file again.
    Copy(tempfile::NamedTempFile),
}

/// The path to open an open file again, if the system has one.
#[cfg(target_os = "linux")]
fn reopenable_path(file: &File) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    let path = PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()));
    path.exists().then_some(path)
}

#[cfg(not(target_os = "linux"))]
fn reopenable_path(_: &File) -> Option<PathBuf> {
    None
}

/// Creates the file of a copy; returns a handle to write it.
fn copy() -> io::Result<(Seekable, File)> {
    let file = tempfile::tempfile()?;
    if let Some(path) = reopenable_path(&file) {
        let writer = file.try_clone()?;
        return Ok((Seekable::Open(path, file), writer));
    }
    let file = tempfile::NamedTempFile::new()?;
    let writer = file.reopen()?;
    Ok((Seekable::Copy(file), writer))
}

impl Seekable {
    pub(super) fn of(path: &Path, file: Option<File>, reader: Reader, options: &ReadOptions) -> Result<Seekable> {
        match file.and_then(|file| Some((reopenable_path(&file)?, file))) {
            Some((open, file)) => Ok(Seekable::Open(open, file)),
            None => Seekable::spooled(path, reader, options),
        }
    }

    pub(super) fn spooled(path: &Path, mut reader: Reader, options: &ReadOptions) -> Result<Seekable> {
        let copied = (|| {
            let (seekable, mut copy) = copy()?;
            let most = options.max_inflated_bytes;
            if io::copy(&mut reader.by_ref().take(most), &mut copy)? == most && reader.read(&mut [0])? > 0 {
                return Err(own_words(
                    io::ErrorKind::Other,
                    format!("it is longer than {most} bytes (allow more with --max-inflated-bytes)"),
                ));
            }
            Ok(seekable)
        })();
        copied.map_err(|error| Error::input(path, error))
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Seekable::Open(path, _) => path,
            Seekable::Copy(copy) => copy.path(),
        }
    }

    /// Reads it for its hash.
    pub(super) fn file_read(&self) -> io::Result<FileRead> {
        hash(&mut File::open(self.path())?)
    }
}
