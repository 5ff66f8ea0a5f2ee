//! How much an inflater has read and written: [`Growth`].

use super::codec::Step;
use super::fault::Fault;
use super::limits::Limits;

/// Counts the bytes read and written, and applies the limits.
#[derive(Debug)]
pub(super) struct Growth {
    pub(super) limits: Limits,
    judged_from: u64,
    pub(super) read: u64,
    written: u64,
}

impl Growth {
    pub(super) fn new(limits: Limits, judged_from: u64) -> Growth {
        Growth { limits, judged_from, read: 0, written: 0 }
    }

    pub(super) fn count(&mut self, step: &Step) -> Result<(), Fault> {
        self.read += step.read as u64;
        self.written += step.written as u64;
        if self.written > self.limits.bytes {
            return Err(Fault::TooMuch);
        }
        if self.written > self.judged_from && self.written > self.read.saturating_mul(self.limits.ratio) {
            return Err(Fault::TooDense);
        }
        Ok(())
    }
}
