//! Inflating and decoding on a separate thread: [`decode_ahead`].

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, sync_channel};

use super::threads::start_thread;
use crate::read::feed::{Feed, FileRead};

/// Moves inflating and decoding to another thread, which stays a few pieces ahead of the reader.
pub(super) fn decode_ahead(feed: Box<dyn Feed>) -> Box<dyn Feed> {
    let (pieces, decoded) = sync_channel(PIECES);
    let mut feed = feed;
    let none = Piece { bytes: Vec::new(), file_read: feed.file_read() };
    let has_checksum = feed.has_checksum();
    let started = start_thread("decode", move || {
        loop {
            let mut bytes = vec![0; PIECE];
            let read = catch_unwind(AssertUnwindSafe(|| feed.read(&mut bytes)))
                .unwrap_or_else(|_| Err(io::Error::other("inflating or decoding it failed")));
            let is_last = !matches!(&read, Ok(read) if *read > 0);
            let piece = read.map(|read| {
                bytes.truncate(read);
                Piece { bytes, file_read: feed.file_read() }
            });
            // It has no receiver if the run has ended.
            if pieces.send(piece).is_err() || is_last {
                return;
            }
        }
    });
    Box::new(Ahead {
        decoded,
        piece: none,
        at: 0,
        ended: false,
        has_checksum,
        failed: started.err().map(|error| error.to_string()),
    })
}

/// The bytes of a piece, and the number of pieces that may wait to be cut.
const PIECE: usize = 256 * 1024;
const PIECES: usize = 4;

struct Piece {
    bytes: Vec<u8>,
    file_read: Option<FileRead>,
}

struct Ahead {
    decoded: Receiver<io::Result<Piece>>,
    piece: Piece,
    at: usize,
    ended: bool,
    has_checksum: bool,
    failed: Option<String>,
}

impl Feed for Ahead {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(failed) = &self.failed {
            return Err(io::Error::other(failed.clone()));
        }
        if self.at == self.piece.bytes.len() {
            if self.ended {
                return Ok(0);
            }
            // The last piece is empty. Without it the input is not complete.
            let lost = |_| io::Error::other("inflating or decoding it ended too early");
            (self.piece, self.at) = (self.decoded.recv().map_err(lost)??, 0);
            self.ended = self.piece.bytes.is_empty();
        }
        let read = into.len().min(self.piece.bytes.len() - self.at);
        into[..read].copy_from_slice(&self.piece.bytes[self.at..self.at + read]);
        self.at += read;
        Ok(read)
    }

    fn file_read(&self) -> Option<FileRead> {
        self.piece.file_read.clone()
    }

    fn has_checksum(&self) -> bool {
        self.has_checksum
    }
}
