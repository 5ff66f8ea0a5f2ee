//! Where a text's bytes come from: [`Feed`]; what was read of the file for them: [`FileRead`], counted by [`Metered`]; and
//! whether the file stays unchanged meanwhile: [`Unchanged`].

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::sheet::SheetEnd;
use crate::error::own_words;

#[derive(Clone, Debug, Default)]
pub struct FileRead {
    pub bytes: u64,
    hash: Sha256,
    /// The end of its sheet, for a spreadsheet read to its end.
    pub sheet: Option<SheetEnd>,
}

impl FileRead {
    /// Reads a file to its end for its hash; `None` if `keep_going` ended it early.
    pub fn of(file: &mut File, keep_going: impl Fn() -> bool) -> io::Result<Option<FileRead>> {
        let (mut read, mut buffer) = (FileRead::default(), vec![0; 256 * 1024]);
        while keep_going() {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(Some(read)),
                Ok(more) => read.add(&buffer[..more]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    /// The SHA-256 of the bytes, in lower-case hex.
    pub fn sha256(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The SHA-256 of a file, in lower-case hex; `None` if `keep_going` ended it early.
pub fn sha256(path: &Path, keep_going: impl Fn() -> bool) -> io::Result<Option<String>> {
    Ok(FileRead::of(&mut File::open(path)?, keep_going)?.map(|read| read.sha256()))
}

/// Where a window's bytes come from.
pub trait Feed: Send {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize>;

    /// What was read of the file so far; `None` if the text is the file itself.
    fn file_read(&self) -> Option<FileRead>;

    /// Whether only the end, where a checksum is, shows that the text is right.
    fn has_checksum(&self) -> bool {
        false
    }
}

pub struct Plain(pub Box<dyn Read + Send>);

impl Feed for Plain {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }

    fn file_read(&self) -> Option<FileRead> {
        None
    }
}

/// Text made from a file, by inflating or decoding it.
pub struct Made {
    pub reader: Box<dyn Read + Send>,
    pub meter: Meter,
    /// Whether a checksum follows at the end: the file is compressed.
    pub has_checksum: bool,
}

impl Feed for Made {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // Fills all of `into`, so that the amount read does not depend on how the bytes arrive.
        let mut read = 0;
        while read < into.len() {
            match self.reader.read(&mut into[read..]) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    fn file_read(&self) -> Option<FileRead> {
        Some(self.meter.read())
    }

    fn has_checksum(&self) -> bool {
        self.has_checksum
    }
}

/// Counts and hashes the bytes read of a file.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<FileRead>>);

impl Meter {
    pub fn of(read: FileRead) -> Meter {
        Meter(Arc::new(Mutex::new(read)))
    }

    pub fn read(&self) -> FileRead {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn add(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(bytes);
    }
}

/// A reader whose bytes are added to a [`Meter`].
pub struct Metered<R> {
    pub reader: R,
    pub meter: Meter,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.meter.add(&into[..read]);
        Ok(read)
    }
}

/// A file, and its state when reading began. One written to meanwhile would load as a mixture of old and new.
pub struct Unchanged {
    file: File,
    /// Its length and the time of its last change.
    state: (u64, SystemTime),
}

impl Unchanged {
    /// Records the state of `file`; `None` if it is not a regular file, or the state is unknown.
    pub fn note(file: &File) -> Option<Unchanged> {
        let file = file.try_clone().ok()?;
        let state = state_of(&file).ok().flatten()?;
        Some(Unchanged { file, state })
    }

    /// The same for standard input, which may be a file.
    #[cfg(unix)]
    pub fn note_standard_input() -> Option<Unchanged> {
        use std::os::fd::AsFd;
        Unchanged::note(&File::from(io::stdin().as_fd().try_clone_to_owned().ok()?))
    }

    /// On other systems the state of standard input is unknown.
    #[cfg(not(unix))]
    pub fn note_standard_input() -> Option<Unchanged> {
        None
    }

    pub fn check(&self) -> io::Result<()> {
        if state_of(&self.file)? == Some(self.state) { Ok(()) } else { Err(has_changed()) }
    }
}

pub fn has_changed() -> io::Error {
    own_words(io::ErrorKind::Other, "it changed while it was read; run custload again when no program is writing to it")
}

fn state_of(file: &File) -> io::Result<Option<(u64, SystemTime)>> {
    let metadata = file.metadata()?;
    Ok(if metadata.is_file() { Some((metadata.len(), metadata.modified()?)) } else { None })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_that_is_written_to_has_changed() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"one").unwrap();
        let before = Unchanged::note(&file).unwrap();
        assert!(before.check().is_ok());
        file.write_all(b"two").unwrap();
        assert_eq!(before.check().unwrap_err().to_string(), has_changed().to_string());
        // The same length, at another time.
        let before = Unchanged::note(&file).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(before.check().is_err());
    }

    #[test]
    fn what_is_no_file_does_not_change() {
        assert!(Unchanged::note(&File::open(".").unwrap()).is_none());
    }
}
