//! The thread that cuts the inputs into blocks and passes them to the workers: [`Cutter`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, SyncSender};

use super::checked::Checked;
use super::decode_ahead::decode_ahead;
use super::threads::Flow;
use super::worker::Worker;
use crate::core::profile::Candidates;
use crate::error::{Error, Result};
use crate::read::input::{Input, ReadOptions};
use crate::read::{InputRead, Source};
use crate::sink::sqlite::keys::{MAX_RECORDS, RunPosition};

/// An input that has been read to its end, or to a limit.
pub(super) struct InputEnd {
    pub(super) input: usize,
    pub(super) read: InputRead,
}

/// What the committing thread receives; it puts them in order.
pub(super) enum Arrival {
    Block(Box<Checked>),
    End(InputEnd),
    Failed(Error),
}

/// After which records of a run a block has to end.
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
                    Some(read) if read.bytes < expected => Err(Error::Input {
                        path,
                        doing: "it became shorter while it was read; run custload again when no program writes to it"
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
                return Err(Error::Usage(format!(
                    "there are more than {MAX_RECORDS} records; import the inputs in parts"
                )));
            }
            let number = self.next;
            self.next += 1;
            let (arrivals, worker, flow) = (self.arrivals.clone(), Arc::clone(worker), Arc::clone(&self.flow));
            self.pool.spawn_fifo(move || {
                flow.wait_for_turn(number);
                let arrival = match catch_unwind(AssertUnwindSafe(|| Checked::new(&worker, block, first))) {
                    Ok(checked) => {
                        flow.unwritten.fetch_add(checked.report_bytes(), Ordering::Relaxed);
                        Arrival::Block(Box::new(checked))
                    }
                    Err(_) => Arrival::Failed(Error::Broken("a check failed".into())),
                };
                // It has no receiver if the run has ended.
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
