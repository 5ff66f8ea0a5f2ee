//! The pages of a database file: [`PageFile`] numbers them, and writes them in large pieces, on separate threads if it may.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::background::{Background, Work};

/// Pages are written out when there are this many bytes of them.
const PIECE: usize = 1024 * 1024;

/// The number of pieces that may wait to be written.
const QUEUE: usize = 2;

/// After each this number of bytes, what was written is synced while more is made, so that little is left for the end.
const STEP: u64 = 64 * 1024 * 1024;

/// SQLite takes its locks on the page with this byte, and nothing may be stored there.
pub(super) const LOCK_BYTE: u64 = 1 << 30;

/// A database file to which pages are added.
pub(super) struct PageFile {
    writer: Background<Writer>,
    /// Buffers of pieces that are written.
    spare: Receiver<Vec<u8>>,
    /// The bytes of a page.
    pub(super) size: usize,
    lock_page: u64,
    /// The pages that are not yet written, the first of them numbered `first`.
    buffer: Vec<u8>,
    first: u32,
}

/// Bytes, and where in the file they belong.
struct Piece {
    offset: u64,
    bytes: Vec<u8>,
}

struct Writer {
    file: File,
    spare: Sender<Vec<u8>>,
    /// `None` if only the last sync counts.
    syncer: Option<Background<Syncer>>,
    /// The bytes written after the last step.
    unsynced: u64,
}

impl Work for Writer {
    type Job = Piece;

    fn work(&mut self, Piece { offset, mut bytes }: Piece) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(&bytes)?;
        self.unsynced += bytes.len() as u64;
        if let Some(syncer) = &mut self.syncer
            && self.unsynced >= STEP
        {
            syncer.push(())?;
            self.unsynced = 0;
        }
        bytes.clear();
        // At the end nothing receives them.
        let _ = self.spare.send(bytes);
        Ok(())
    }
}

struct Syncer(File);

impl Work for Syncer {
    type Job = ();

    fn work(&mut self, (): ()) -> io::Result<()> {
        self.0.sync_data()
    }
}

impl PageFile {
    /// Continues after the pages that `file` has. The page with the byte `lock_byte` stays unused. With more than one thread, one
    /// writes, and another syncs if the file `is_kept`.
    pub(super) fn open(
        mut file: File,
        size: usize,
        lock_byte: u64,
        threads: usize,
        is_kept: bool,
    ) -> io::Result<PageFile> {
        let length = file.seek(SeekFrom::End(0))?;
        let (sender, spare) = channel();
        let syncer = match is_kept && threads > 1 {
            true => Some(Background::new(Syncer(file.try_clone()?), threads, "sync", 0)?),
            false => None,
        };
        let writer = Background::new(Writer { file, spare: sender, syncer, unsynced: 0 }, threads, "write", QUEUE)?;
        let (first, lock_page) = ((length / size as u64) as u32 + 1, lock_byte / size as u64 + 1);
        Ok(PageFile { writer, spare, size, lock_page, buffer: Vec::new(), first })
    }

    #[cfg(test)]
    pub(super) fn number_of_pages(&self) -> u64 {
        u64::from(self.first - 1) + (self.buffer.len() / self.size) as u64
    }

    /// Adds a page; its number.
    pub(super) fn push(&mut self, page: &[u8]) -> io::Result<u32> {
        let number = self.next()?;
        self.buffer.extend_from_slice(page);
        if self.buffer.len() >= PIECE {
            self.write_out()?;
        }
        Ok(number)
    }

    /// Adds a chain of pages with what does not fit in a cell; the number of the first.
    pub(super) fn push_overflow(&mut self, overflow: &[u8]) -> io::Result<u32> {
        let first = self.next()?;
        let mut pieces = overflow.chunks(self.size - 4).peekable();
        while let Some(piece) = pieces.next() {
            // Each page begins with the number of the next; the last with 0.
            let start = self.buffer.len();
            self.buffer.resize(start + self.size, 0);
            self.buffer[start + 4..start + 4 + piece.len()].copy_from_slice(piece);
            if pieces.peek().is_some() {
                let next = self.next()?;
                self.buffer[start..start + 4].copy_from_slice(&next.to_be_bytes());
            }
        }
        Ok(first)
    }

    /// The number of the page that is added next.
    fn next(&mut self) -> io::Result<u32> {
        let next = |buffer: &Vec<u8>| u64::from(self.first) + (buffer.len() / self.size) as u64;
        if next(&self.buffer) == self.lock_page {
            self.buffer.resize(self.buffer.len() + self.size, 0);
        }
        match u32::try_from(next(&self.buffer)) {
            Ok(number) if number < u32::MAX => Ok(number),
            _ => Err(io::ErrorKind::FileTooLarge.into()),
        }
    }

    fn write_out(&mut self) -> io::Result<()> {
        let offset = u64::from(self.first - 1) * self.size as u64;
        self.first += (self.buffer.len() / self.size) as u32;
        let spare = self.spare.try_recv().unwrap_or_default();
        self.writer.push(Piece { offset, bytes: std::mem::replace(&mut self.buffer, spare) })
    }

    /// Overwrites a page that SQLite has made.
    pub(super) fn replace(&mut self, number: u32, page: &[u8]) -> io::Result<()> {
        self.writer.push(Piece { offset: u64::from(number - 1) * self.size as u64, bytes: page.to_vec() })
    }

    /// Writes what is left, and the number of pages in the file's header.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.write_out()?;
        let pages = self.first - 1;
        self.writer.push(Piece { offset: 28, bytes: pages.to_be_bytes().to_vec() })?;
        let Writer { mut file, syncer, .. } = self.writer.finish()?;
        if let Some(syncer) = syncer {
            syncer.finish()?;
        }
        file.flush()
    }
}
