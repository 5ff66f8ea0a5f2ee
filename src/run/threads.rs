//! The threads of a run: starting one ([`start_thread`]), stopping on a signal, and how they wait for each other ([`Flow`]).

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::{sync::Arc, time::Duration};

use crate::error::{Error, Result};

/// How often a waiting run checks for a signal.
pub(super) const POLL: Duration = Duration::from_millis(50);

pub(super) fn start_thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    std::thread::Builder::new().name(name.into()).spawn(work).map(drop).map_err(|error| cannot_start(&error))
}

/// The error of a run that cannot start a thread.
pub(super) fn cannot_start(error: &dyn std::error::Error) -> Error {
    Error::Usage(format!("a thread could not be started: {error}; allow more, or use fewer with --threads"))
}

/// `stop` is the number of the signal that stops the run, or 0.
pub(super) fn stop_if_signalled(stop: &AtomicUsize) -> Result<()> {
    match stop.load(Ordering::Relaxed) {
        0 => Ok(()),
        signal => Err(Error::Interrupted(signal as i32)),
    }
}

/// Workers pause while more bytes of report lines than this are not written yet.
const UNWRITTEN_BYTES: usize = 32 * 1024 * 1024;

const PAUSE: Duration = Duration::from_micros(200);

/// How far the committer is, for the other threads.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// The bytes of report lines that are not written yet.
    pub(super) unwritten: AtomicUsize,
    /// The number of the arrival that the committer takes next.
    pub(super) next: AtomicU64,
    /// Whether the run has ended: nobody has to wait any more.
    pub(super) ended: AtomicBool,
}

impl Flow {
    /// Waits until this block may be checked. Blocks start in order, and the one that is committed next never waits: no deadlock.
    pub(super) fn wait_for_turn(&self, number: u64) {
        while self.unwritten.load(Ordering::Relaxed) > UNWRITTEN_BYTES
            && number > self.next.load(Ordering::Relaxed)
            && !self.ended.load(Ordering::Relaxed)
        {
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until the committer has taken all arrivals before the one with this number; `false` if the run has ended instead.
    pub(super) fn wait_until_taken(&self, number: u64) -> bool {
        // Acquire: this thread sees what the committer has done by then.
        while self.next.load(Ordering::Acquire) < number {
            if self.ended.load(Ordering::Relaxed) {
                return false;
            }
            std::thread::sleep(PAUSE);
        }
        true
    }
}

/// Sets [`Flow::ended`] when the run ends, whatever ends it.
pub(super) struct EndOfFlow(pub(super) Arc<Flow>);

impl Drop for EndOfFlow {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Relaxed);
    }
}
