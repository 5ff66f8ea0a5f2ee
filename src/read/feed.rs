//! Where a text's bytes come from: [`Feed`]; and what was read of the file for them: [`FileRead`], counted by [`Metered`].

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::sheet::SheetEnd;

/// What was read of a file: the number of bytes and their hash.
#[derive(Clone, Debug, Default)]
pub struct FileRead {
    /// The number of bytes.
    pub bytes: u64,
    hash: Sha256,
    /// The end of its sheet, for a spreadsheet read to its end.
    pub sheet: Option<SheetEnd>,
}

impl FileRead {
    /// Adds the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    /// The SHA-256 of the bytes, in lower-case hex.
    pub fn sha256(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Where a window's bytes come from.
pub trait Feed: Send {
    /// Reads more, as [`Read`] does.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize>;

    /// What was read of the file so far; `None` if the text is the file itself.
    fn file_read(&self) -> Option<FileRead>;

    /// Whether only the end, where a checksum is, shows that the text is right.
    fn has_checksum(&self) -> bool {
        false
    }
}

/// A file that is plain text.
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
    /// The text.
    pub reader: Box<dyn Read + Send>,
    /// What was read of the file.
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
    /// The meter of a file that has been read.
    pub fn of(read: FileRead) -> Meter {
        Meter(Arc::new(Mutex::new(read)))
    }

    /// What was read so far.
    pub fn read(&self) -> FileRead {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds the next bytes.
    pub fn add(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(bytes);
    }
}

/// A reader whose bytes are added to a [`Meter`].
#[derive(Debug)]
pub struct Metered<R> {
    reader: R,
    meter: Meter,
}

impl<R> Metered<R> {
    /// `reader`, counted by `meter`.
    pub fn new(reader: R, meter: Meter) -> Metered<R> {
        Metered { reader, meter }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.meter.add(&into[..read]);
        Ok(read)
    }
}
