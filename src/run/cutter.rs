//! The thread that cuts the inputs into blocks and passes them to the workers: [`Cutter`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::{io, path::Path, sync::Arc, sync::atomic::Ordering};

use super::threads::{Flow, start_thread};
use super::worker::{Checked, Worker};
use crate::core::profile::Candidates;
use crate::error::{Error, Result};
use crate::read::feed::{Feed, FileRead};
use crate::read::input::{Input, ReadOptions};
use crate::read::{InputRead, Source};
use crate::sink::sqlite::keys::{MAX_RECORDS, RunPosition};

/// What the committing thread receives; it puts them in order.
pub(super) enum Arrival {
    Block(Box<Checked>),
    /// An input, by its index, has been read to its end, or to a limit.
    End(usize, InputRead),
    Failed(Error),
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stops {
    /// After each multiple of this number.
    pub(super) every: Option<u64>,
    /// After this number of records for the first time.
    pub(super) first: Option<RunPosition>,
}

impl Stops {
    fn after(self, done: RunPosition) -> Option<RunPosition> {
        let every = self.every.map(|every| (done / every + 1) * every);
        self.first.filter(|first| *first > done).into_iter().chain(every).min()
    }
}

pub(super) struct Cutter {
    pub(super) pool: rayon::ThreadPool,
    pub(super) arrivals: Sender<(u64, Arrival)>,
    /// A permit for each block in progress.
    pub(super) permits: SyncSender<()>,
    pub(super) next: u64,
    pub(super) flow: Arc<Flow>,
    pub(super) read: ReadOptions,
    pub(super) candidates: Arc<Candidates>,
    pub(super) stops: Stops,
    /// Whether each input is hashed to its end, for the database.
    pub(super) keeps_sha256: bool,
    /// Whether each input is committed before the next one is cut.
    pub(super) one_by_one: bool,
}

impl Cutter {
    pub(super) fn cut_all(mut self, inputs: Vec<(Input, Arc<Worker>)>) {
        // The number of records in the inputs so far.
        let mut before = 0;
        for (index, (input, worker)) in inputs.into_iter().enumerate() {
            if self.one_by_one && !self.flow.wait_until_taken(self.next) {
                return;
            }
            // After a panic the committing thread would wait forever.
            let done = catch_unwind(AssertUnwindSafe(|| {
                let path = input.path.clone();
                // A file that is read to its end must not have become shorter.
                let expected = input.length.filter(|_| self.read.limit.is_none()).unwrap_or(0);
                let mut source = input.into_source(&self.read, &self.candidates)?;
                if source.is_made() {
                    source = source.fed_by(decode_ahead);
                }
                let read = self.cut(&path, &mut source, &worker, before)?;
                before += read.as_ref().map_or(0, |read| read.records);
                match read {
                    Some(read) if read.bytes < expected => {
                        let message =
                            "it became shorter while it was read; run custload again when no program is writing to it";
                        Err(Error::Input { path, message: message.into() })
                    }
                    read => Ok(read),
                }
            }));
            let arrival = match done {
                Ok(Ok(Some(read))) => Arrival::End(index, read),
                // The run has ended without waiting for this thread.
                Ok(Ok(None)) => return,
                Ok(Err(error)) => Arrival::Failed(error),
                Err(_) => Arrival::Failed(Error::Broken("cutting records failed".into())),
            };
            let number = self.number();
            if self.arrivals.send((number, arrival)).is_err() {
                return;
            }
        }
    }

    fn cut(
        &mut self,
        path: &Path,
        source: &mut Source,
        worker: &Arc<Worker>,
        before: RunPosition,
    ) -> Result<Option<InputRead>> {
        loop {
            if self.permits.send(()).is_err() {
                return Ok(None);
            }
            let done = before + source.records();
            if let Some(stop) = self.stops.after(done) {
                source.stop_after(stop - before);
            }
            let Some(block) = source.next_block().map_err(|error| Error::input(path, error))? else { break };
            let first = before + block.first_record - 1;
            if first + block.spans.len() as u64 > MAX_RECORDS {
                let message = format!("there are more than {MAX_RECORDS} records; import the inputs in parts");
                return Err(Error::Usage(message));
            }
            let number = self.number();
            let (arrivals, worker, flow) = (self.arrivals.clone(), Arc::clone(worker), Arc::clone(&self.flow));
            self.pool.spawn_fifo(move || {
                flow.wait_for_turn(number);
                let arrival = match catch_unwind(AssertUnwindSafe(|| Checked::new(&worker, block, first))) {
                    Ok(checked) => {
                        flow.unwritten.fetch_add(checked.report_bytes(), Ordering::Relaxed);
                        Arrival::Block(Box::new(checked))
                    }
                    Err(_) => Arrival::Failed(Error::Broken("checking records failed".into())),
                };
                // It has no receiver if the run has ended.
                let _ = arrivals.send((number, arrival));
            });
        }
        let rest = source.drop_rest(self.keeps_sha256, || !self.flow.ended.load(Ordering::Relaxed));
        rest.map_err(|error| Error::input(path, error))?;
        Ok(Some(source.read()))
    }

    /// The number of the next arrival.
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }
}

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
