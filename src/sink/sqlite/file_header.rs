//! The header of a database's file, which is read beside SQLite (sqlite.org/fileformat2.html, section 1.3).

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The application's number in the header of databases that custload has made: "cust".
pub(super) const APPLICATION_ID: u32 = 0x6375_7374;

/// How a database's file begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Whether a file begins as a database that custload builds.
pub(super) fn is_custload_database(file: &mut File) -> bool {
    let mut head = [0; 72];
    file.read_exact(&mut head).is_ok() && head.starts_with(MAGIC) && head[68..] == APPLICATION_ID.to_be_bytes()
}

/// A database's file, for the change counter in its header: it grows by one with each transaction that writes.
#[derive(Debug)]
pub(super) struct ChangeCounter(File);

impl ChangeCounter {
    pub(super) fn open(path: &Path) -> io::Result<ChangeCounter> {
        File::open(path).map(ChangeCounter)
    }

    /// The counter of a database that is open already, and that no other process has open.
    pub(super) fn of(file: File) -> ChangeCounter {
        ChangeCounter(file)
    }

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
