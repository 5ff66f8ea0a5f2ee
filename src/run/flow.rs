//! How the threads of a run wait for each other: [`Flow`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// How many bytes of reports may wait to be written before the workers pause.
const WAITING_BYTES: usize = 32 * 1024 * 1024;

/// How a paused worker waits.
const PAUSE: Duration = Duration::from_micros(200);

/// What the workers know of the committer.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// How many bytes of reports wait to be written.
    pub(super) waiting: AtomicUsize,
    /// The number of the arrival that the committer takes next.
    pub(super) next: AtomicU64,
    /// Whether the run has ended, so that nothing is worth waiting for.
    pub(super) ended: AtomicBool,
}

impl Flow {
    /// Waits until the block with this number may be checked. Blocks are begun in their order, and the one that the
    /// committer needs never waits, so there is always one that continues.
    pub(super) fn wait_for_turn(&self, number: u64) {
        while self.waiting.load(Ordering::Relaxed) > WAITING_BYTES
            && number > self.next.load(Ordering::Relaxed)
            && !self.ended.load(Ordering::Relaxed)
        {
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until the committer has taken all arrivals before the one with this number; `false` if the run has ended instead.
    pub(super) fn wait_until_taken(&self, number: u64) -> bool {
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
pub(super) struct EndOfFlow(pub(super) Arc<Flow>);

impl Drop for EndOfFlow {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Relaxed);
    }
}
