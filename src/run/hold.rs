//! Taking hold of a database that others may have: who it is can be said, and waited for.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::Observer;
use crate::error::{Error, Result};
use crate::report::folder::Trace;
use crate::sink::sqlite::Held;

/// How often it is looked again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Takes hold of a database, and waits so long for whoever has it; a signal in `stop` ends the waiting. An error that says who has
/// it where that takes longer.
pub(super) fn take_hold(
    database: &Path,
    wait: Duration,
    stop: &Arc<AtomicUsize>,
    observer: &mut dyn Observer,
) -> Result<Held> {
    wait_for(database, wait, stop, observer, || {
        let held = Held::take(database, stop)?;
        // A run that commits now and then lets go of the database for a moment, and is not done.
        match Trace::holder(database) {
            Some(_) => Err(Error::locked(database)),
            None => Ok(held),
        }
    })
}

/// Tries again and again, for so long, what cannot be done while somebody else has the database.
pub(super) fn wait_for<T>(
    database: &Path,
    wait: Duration,
    stop: &Arc<AtomicUsize>,
    observer: &mut dyn Observer,
    mut attempt: impl FnMut() -> Result<T>,
) -> Result<T> {
    let start = Instant::now();
    let holder = || Trace::holder(database).unwrap_or_else(|| "another run or program".to_string());
    let mut is_waiting = false;
    loop {
        match attempt() {
            Err(Error::Locked { .. }) if start.elapsed() < wait => {}
            Err(Error::Locked { path, .. }) => return Err(Error::Locked { path, holder: holder() }),
            done => return done,
        }
        if !std::mem::replace(&mut is_waiting, true) {
            let seconds = wait.as_secs_f64();
            observer.note(&format!("{}: {} has it; waiting for up to {seconds} s", database.display(), holder()));
        }
        std::thread::sleep(LOOK_AGAIN.min(wait.saturating_sub(start.elapsed())));
        match stop.load(Ordering::Relaxed) {
            0 => {}
            signal => return Err(Error::Interrupted(signal as i32)),
        }
    }
}
