//! How records flow through the threads of a run: [`run_pipeline`].
//!
//! One thread cuts blocks; rayon's workers check them and make their report lines; this thread commits them in order. A block
//! needs one of a fixed number of permits from cut to commit, so that no queue can grow, whatever is slow. The report lines of a
//! block of bad records may be much longer than the block, so workers also pause while too many are unwritten ([`Flow`]).

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::{collections::BTreeMap, sync::Arc, sync::atomic::Ordering};

use super::cutter::{Arrival, Cutter};
use super::options::{Command, Observer};
use super::threads::{EndOfFlow, Flow, POLL, cannot_start, start_thread, stop_if_signalled};
use super::{commit::Committer, prepare::Prepared};
use crate::core::profile::Candidates;
use crate::error::{Error, Result};

pub(super) fn run_pipeline(
    prepared: Vec<Prepared>,
    candidates: &Arc<Candidates>,
    committer: &mut Committer<'_>,
    observer: &mut dyn Observer,
) -> Result<()> {
    let options = committer.options;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .thread_name(|index| format!("check-{index}"))
        .build();
    let pool = pool.map_err(|error| cannot_start(&error))?;
    let (arrivals, arrived) = channel();
    let (permits, permits_back) = sync_channel(2 * options.threads + 28);
    let mut inputs = Vec::new();
    for (index, prepared) in prepared.into_iter().enumerate() {
        let worker = committer.begin_input(&prepared, index);
        inputs.push((prepared.input, Arc::new(worker)));
    }
    let flow = Arc::new(Flow::default());
    let _end = EndOfFlow(Arc::clone(&flow));
    let cutter = Cutter {
        pool,
        arrivals,
        permits,
        next: 0,
        flow: Arc::clone(&flow),
        read: options.read.clone(),
        candidates: Arc::clone(candidates),
        stops: committer.stops(),
        keeps_sha256: options.command == Command::Import,
        one_by_one: committer.one_by_one,
    };
    // Not joined: it may be waiting for standard input when the run is stopped.
    start_thread("cut", move || cutter.cut_all(inputs))?;
    commit_in_order(&arrived, &permits_back, &flow, committer, observer)
}

fn commit_in_order(
    arrived: &Receiver<(u64, Arrival)>,
    permits_back: &Receiver<()>,
    flow: &Flow,
    committer: &mut Committer<'_>,
    observer: &mut dyn Observer,
) -> Result<()> {
    let mut early = BTreeMap::new();
    let mut next = 0;
    loop {
        stop_if_signalled(&committer.options.stop)?;
        match arrived.recv_timeout(POLL) {
            Ok((number, arrival)) => _ = early.insert(number, arrival),
            Err(RecvTimeoutError::Timeout) => continue,
            // The cutting thread and all workers have ended.
            Err(RecvTimeoutError::Disconnected) if committer.ledger.is_complete() => return Ok(()),
            Err(RecvTimeoutError::Disconnected) => return Err(Error::Broken("a thread ended too early".into())),
        }
        while let Some(arrival) = early.remove(&next) {
            next += 1;
            match arrival {
                Arrival::Block(checked) => {
                    let bytes = checked.report_bytes();
                    let continues = committer.block(*checked, observer)?;
                    flow.unwritten.fetch_sub(bytes, Ordering::Relaxed);
                    observer.progress(&committer.ledger.progress());
                    if !continues {
                        return Ok(());
                    }
                }
                Arrival::End(input, read) => {
                    committer.end_input(input, read)?.iter().for_each(|note| observer.note(note))
                }
                Arrival::Failed(error) => return Err(error),
            }
            flow.next.store(next, Ordering::Release);
            // Only now, so that finished blocks cannot pile up here. The end of an input has a permit too.
            let _ = permits_back.try_recv();
        }
    }
}
