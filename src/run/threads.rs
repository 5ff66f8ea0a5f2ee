//! Threads that are not joined, and whether a run is stopped by a signal.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::options::Options;
use crate::error::{Error, Result};

/// How often a run that has nothing to do checks whether it is to stop.
pub(super) const POLL: Duration = Duration::from_millis(50);

/// Starts a thread that is not joined.
pub(super) fn start_thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let started = std::thread::Builder::new().name(name.into()).spawn(work);
    started.map(|_| ()).map_err(|error| Error::Broken(format!("a thread could not be started: {error}")))
}

pub(super) fn stop_if_signalled(options: &Options) -> Result<()> {
    match options.stop.load(Ordering::Relaxed) {
        0 => Ok(()),
        signal => Err(Error::Interrupted(signal as i32)),
    }
}
