//! The threads of a run: [`travel`].
//!
//! One thread cuts blocks; rayon's workers check them and write down what they find; this thread takes them in order.
//! A block has to have one of a fixed number of places before it is cut, and keeps it until it is committed, so that no
//! queue can grow, whatever is slow. A block of bad records may have reports many times as long as it is itself; so no
//! further block is checked while there is much that waits to be written ([`Flow`]).

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use super::commit::{Committer, InputEnd};
use super::prepare::Prepared;
use super::worker::{Checked, Worker};
use super::{Command, Observer, Options};
use crate::core::judge::Stamp;
use crate::core::judge::plan::Plan;
use crate::core::profile::Candidates;
use crate::error::{Error, Result};
use crate::read::feed::{Feed, FileRead};
use crate::read::input::{Format, Input, ReadOptions};
use crate::read::{InputRead, Source};
use crate::sink::sqlite::keys::{MOST_PLACES, Place};

/// With more inputs than this, each is closed again until its records are read.
const KEPT_OPEN: usize = 16;

/// Opens the inputs, on a thread of its own: one that says nothing, such as standard input, must not keep a signal waiting.
///
/// What is no file, as standard input, is read to its end at once if the run `spools`.
pub(super) fn open(
    options: &Options,
    paths: Vec<PathBuf>,
    spools: bool,
    candidates: &Arc<Candidates>,
) -> Result<Vec<Input>> {
    let (opened, arrived) = channel();
    let (read, candidates) = (ReadOptions { spool: spools, ..options.read.clone() }, Arc::clone(candidates));
    start("open", move || {
        // Nobody is there any more if the run was told to stop.
        let _ = opened.send(open_all(&paths, &read, &candidates));
    })?;
    loop {
        stop_if_told(options)?;
        match arrived.recv_timeout(LOOK_UP) {
            Ok(inputs) => return inputs,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Error::Broken("an input could not be looked at".into())),
        }
    }
}

fn open_all(paths: &[PathBuf], read: &ReadOptions, candidates: &Candidates) -> Result<Vec<Input>> {
    let mut inputs = Vec::with_capacity(paths.len());
    for path in paths {
        let mut input = Input::open(path, read, candidates)?;
        if paths.len() > KEPT_OPEN || paths.len() > 1 && input.dialect.format == Format::Spreadsheet {
            input.close();
        }
        inputs.push(input);
    }
    Ok(inputs)
}

/// Starts a thread that nobody joins.
pub(super) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let started = std::thread::Builder::new().name(name.into()).spawn(work);
    started.map(|_| ()).map_err(|error| Error::Broken(format!("a thread could not be started: {error}")))
}

pub(super) fn stop_if_told(options: &Options) -> Result<()> {
    match options.stop.load(Ordering::Relaxed) {
        0 => Ok(()),
        signal => Err(Error::Interrupted(signal as i32)),
    }
}

/// What comes to the committing thread, in order.
enum Arrival {
    Block(Box<Checked>),
    End(InputEnd),
    Failed(Error),
}

/// How often a run that has nothing to do looks whether it is to stop.
const LOOK_UP: Duration = Duration::from_millis(50);

/// How many bytes of reports may wait to be written before the workers pause.
const WAITING_BYTES: usize = 32 * 1024 * 1024;

/// How a paused worker waits.
const PAUSE: Duration = Duration::from_micros(200);

/// What the workers know of the committer.
#[derive(Debug, Default)]
struct Flow {
    /// How many bytes of reports wait to be written.
    waiting: AtomicUsize,
    /// The number of the arrival that the committer takes next.
    next: AtomicU64,
    /// Whether the run has ended, so that nothing is worth waiting for.
    ended: AtomicBool,
}

impl Flow {
    /// Waits until the block with this number may be checked. Blocks are begun in their order, and the one that the
    /// committer needs never waits, so there is always one that goes on.
    fn wait_for_turn(&self, number: u64) {
        while self.waiting.load(Ordering::Relaxed) > WAITING_BYTES
            && number > self.next.load(Ordering::Relaxed)
            && !self.ended.load(Ordering::Relaxed)
        {
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until the committer has taken all arrivals before the one with this number; `false` if the run has ended instead.
    fn wait_until_taken(&self, number: u64) -> bool {
        // What the committer has done by then has to be seen.
        while self.next.load(Ordering::Acquire) < number {
            if self.ended.load(Ordering::Relaxed) {
                return false;
            }
            std::thread::sleep(PAUSE);
        }
        true
    }
}

/// Says that the run has ended, however it does.
struct EndOfFlow(Arc<Flow>);

impl Drop for EndOfFlow {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Relaxed);
    }
}

/// Takes all records of all inputs to the committer.
pub(super) fn travel(
    prepared: Vec<Prepared>,
    candidates: &Arc<Candidates>,
    plan: &Arc<Plan>,
    stamp: &Stamp,
    options: &Options,
    committer: &mut Committer<'_>,
    observer: &mut dyn Observer,
) -> Result<()> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .thread_name(|index| format!("check-{index}"))
        .build()
        .map_err(|error| {
            let count = options.threads;
            Error::Usage(format!(
                "{count} threads could not be started: {error}; allow more, or ask for fewer with --threads"
            ))
        })?;
    let (arrivals, arrived) = channel();
    let (places, freed) = sync_channel(2 * options.threads + 28);
    let mut inputs = Vec::new();
    for (index, prepared) in prepared.into_iter().enumerate() {
        let worker = committer.begin_input(&prepared, prepared.checker(plan, stamp, index, options), index);
        inputs.push((prepared.input, Arc::new(worker)));
    }
    let flow = Arc::new(Flow::default());
    let _end = EndOfFlow(Arc::clone(&flow));
    let (read, candidates) = (options.read.clone(), Arc::clone(candidates));
    let cutter = Cutter {
        pool,
        arrivals,
        places,
        next: 0,
        flow: Arc::clone(&flow),
        read,
        candidates,
        stops: committer.stops(),
        keeps_sha256: options.command == Command::Import,
        one_by_one: committer.one_by_one,
    };
    // Not joined: it may be waiting for standard input when the run is told to stop.
    start("cut", move || cutter.cut_all(inputs))?;
    take_in_order(&arrived, &freed, &flow, options, committer, observer)
}

fn take_in_order(
    arrived: &Receiver<(u64, Arrival)>,
    freed: &Receiver<()>,
    flow: &Flow,
    options: &Options,
    committer: &mut Committer<'_>,
    observer: &mut dyn Observer,
) -> Result<()> {
    let mut early = BTreeMap::new();
    let mut next = 0;
    loop {
        stop_if_told(options)?;
        match arrived.recv_timeout(LOOK_UP) {
            Ok((number, arrival)) => _ = early.insert(number, arrival),
            Err(RecvTimeoutError::Timeout) => continue,
            // The cutting thread and all workers are through.
            Err(RecvTimeoutError::Disconnected) if committer.is_complete() => return Ok(()),
            Err(RecvTimeoutError::Disconnected) => return Err(Error::Broken("a thread ended too early".into())),
        }
        while let Some(arrival) = early.remove(&next) {
            next += 1;
            match arrival {
                Arrival::Block(checked) => {
                    let bytes = checked.report_bytes();
                    let goes_on = committer.block(*checked, observer)?;
                    flow.waiting.fetch_sub(bytes, Ordering::Relaxed);
                    observer.progress(&committer.progress());
                    if !goes_on {
                        return Ok(());
                    }
                }
                Arrival::End(end) => {
                    for said in committer.end_input(end)? {
                        observer.note(&said);
                    }
                }
                Arrival::Failed(error) => return Err(error),
            }
            flow.next.store(next, Ordering::Release);
            // The place is free only now, so that finished blocks cannot pile up here. The end of an input has one too.
            let _ = freed.try_recv();
        }
    }
}

/// Lets another thread inflate and decode what this one cuts, a few pieces ahead.
fn ahead(feed: Box<dyn Feed>) -> Box<dyn Feed> {
    let (pieces, made) = sync_channel(PIECES);
    let mut feed = feed;
    let none = Piece { bytes: Vec::new(), file_read: feed.file_read() };
    let has_checksum = feed.has_checksum();
    let started = start("make", move || {
        loop {
            let mut bytes = vec![0; PIECE];
            let read = catch_unwind(AssertUnwindSafe(|| feed.read(&mut bytes)))
                .unwrap_or_else(|_| Err(io::Error::other("inflating or decoding it failed")));
            let is_last = !matches!(&read, Ok(read) if *read > 0);
            let piece = read.map(|read| {
                bytes.truncate(read);
                Piece { bytes, file_read: feed.file_read() }
            });
            // Nobody is there any more if the run has ended.
            if pieces.send(piece).is_err() || is_last {
                return;
            }
        }
    });
    Box::new(Ahead {
        made,
        piece: none,
        at: 0,
        ended: false,
        has_checksum,
        failed: started.err().map(|error| error.to_string()),
    })
}

/// How much is made at once, and how many pieces may wait to be cut.
const PIECE: usize = 256 * 1024;
const PIECES: usize = 4;

struct Piece {
    bytes: Vec<u8>,
    /// What had been read of the file when it was made.
    file_read: Option<FileRead>,
}

/// What the other thread has made.
struct Ahead {
    made: Receiver<io::Result<Piece>>,
    piece: Piece,
    at: usize,
    /// Whether the last piece has come.
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
            // The last piece is empty. Without it the input is not whole, and must not pass for it.
            let lost = |_| io::Error::other("inflating or decoding it ended too early");
            (self.piece, self.at) = (self.made.recv().map_err(lost)??, 0);
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

/// The thread that cuts.
struct Cutter {
    pool: rayon::ThreadPool,
    arrivals: Sender<(u64, Arrival)>,
    places: SyncSender<()>,
    next: u64,
    flow: Arc<Flow>,
    read: ReadOptions,
    candidates: Arc<Candidates>,
    stops: Stops,
    /// Whether the inputs will be known by their SHA-256.
    keeps_sha256: bool,
    /// Whether each input has to be done before the next one is begun.
    one_by_one: bool,
}

/// Behind which records of a run a block has to end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stops {
    /// Each time behind so many.
    pub(super) every: Option<u64>,
    /// Behind so many at the first.
    pub(super) first: Option<Place>,
}

impl Stops {
    /// The next behind `done` records.
    fn behind(self, done: Place) -> Option<Place> {
        let every = self.every.map(|every| (done / every + 1) * every);
        self.first.filter(|first| *first > done).into_iter().chain(every).min()
    }
}

impl Cutter {
    fn cut_all(mut self, inputs: Vec<(Input, Arc<Worker>)>) {
        // How many records the inputs before had.
        let mut before = 0;
        for (index, (input, worker)) in inputs.into_iter().enumerate() {
            if self.one_by_one && !self.flow.wait_until_taken(self.next) {
                return;
            }
            // A panic would leave the committing thread waiting; it is an error like any other.
            let done = catch_unwind(AssertUnwindSafe(|| {
                let path = input.path.clone();
                // Of a file that is read to its end, all must be there that was there in the beginning.
                let expected = input.length.filter(|_| self.read.limit.is_none()).unwrap_or(0);
                let mut source = input.into_source(index, &self.read, &self.candidates)?;
                if source.is_made() {
                    source = source.fed_by(ahead);
                }
                let read = self.cut(&path, &mut source, &worker, before)?;
                before += read.as_ref().map_or(0, |read| read.records);
                match read {
                    Some(read) if read.bytes < expected => Err(Error::Input {
                        path,
                        doing: "it has become shorter while it was read; run custload again when nobody writes to it"
                            .into(),
                    }),
                    read => Ok(read),
                }
            }));
            let arrival = match done {
                Ok(Ok(Some(read))) => Arrival::End(InputEnd { input: index, read }),
                // The run has ended without waiting for this thread.
                Ok(Ok(None)) => return,
                Ok(Err(error)) => Arrival::Failed(error),
                Err(_) => Arrival::Failed(Error::Broken("cutting records failed".into())),
            };
            if self.send(arrival).is_none() {
                return;
            }
        }
    }

    fn cut(
        &mut self,
        path: &std::path::Path,
        source: &mut Source,
        worker: &Arc<Worker>,
        before: Place,
    ) -> Result<Option<InputRead>> {
        loop {
            if self.places.send(()).is_err() {
                return Ok(None);
            }
            let done = before + source.records();
            if let Some(stop) = self.stops.behind(done) {
                source.stop_after(stop - before);
            }
            let Some(block) = source.next_block().map_err(|error| Error::input(path, error))? else { break };
            let first = before + block.first_record - 1;
            if first + block.spans.len() as u64 > MOST_PLACES {
                return Err(Error::Usage(format!(
                    "there are more than {MOST_PLACES} records; import the inputs in parts"
                )));
            }
            let number = self.next;
            self.next += 1;
            let (arrivals, worker, flow) = (self.arrivals.clone(), Arc::clone(worker), Arc::clone(&self.flow));
            self.pool.spawn_fifo(move || {
                flow.wait_for_turn(number);
                let arrival = match catch_unwind(AssertUnwindSafe(|| worker.check(block, first))) {
                    Ok(checked) => {
                        flow.waiting.fetch_add(checked.report_bytes(), Ordering::Relaxed);
                        Arrival::Block(Box::new(checked))
                    }
                    Err(_) => Arrival::Failed(Error::Broken("a check failed".into())),
                };
                // Nobody is there any more if the run has ended.
                let _ = arrivals.send((number, arrival));
            });
        }
        let rest = source.drop_rest(self.keeps_sha256, || !self.flow.ended.load(Ordering::Relaxed));
        rest.map_err(|error| Error::input(path, error))?;
        Ok(Some(source.read()))
    }

    fn send(&mut self, arrival: Arrival) -> Option<()> {
        let number = self.next;
        self.next += 1;
        self.arrivals.send((number, arrival)).ok()
    }
}
