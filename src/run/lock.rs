//! Locking a database: [`lock_database`] waits for the program that has locked it, and names it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::options::Observer;
use crate::error::{Error, Result};
use crate::report::run_note::RunNote;
use crate::sink::sqlite::LockedDatabase;

const RETRY: Duration = Duration::from_millis(100);

/// Locks a database. If another program has locked it, waits up to `wait`, or until a signal in `stop`; then the error names that
/// program.
pub(super) fn lock_database(
    database: &Path,
    wait: Duration,
    stop: &Arc<AtomicUsize>,
    observer: &mut dyn Observer,
) -> Result<LockedDatabase> {
    wait_for(database, wait, stop, observer, || {
        let locked = LockedDatabase::lock(database, stop)?;
        // A run with checkpoints releases the database for a moment at each, and is not done.
        match RunNote::holder(database) {
            Some(_) => Err(Error::locked(database)),
            None => Ok(locked),
        }
    })
}

/// Retries what fails because another program has locked the database, for up to `wait`.
pub(super) fn wait_for<T>(
    database: &Path,
    wait: Duration,
    stop: &Arc<AtomicUsize>,
    observer: &mut dyn Observer,
    mut attempt: impl FnMut() -> Result<T>,
) -> Result<T> {
    let start = Instant::now();
    let holder = || RunNote::holder(database).unwrap_or_else(|| "another run or program".to_string());
    let mut is_waiting = false;
    loop {
        match attempt() {
            Err(Error::Locked { .. }) if start.elapsed() < wait => {}
            Err(Error::Locked { path, .. }) => return Err(Error::Locked { path, holder: holder() }),
            done => return done,
        }
        if !std::mem::replace(&mut is_waiting, true) {
            let seconds = wait.as_secs_f64();
            observer.note(&format!("{}: locked by {}; waiting for up to {seconds} s", database.display(), holder()));
        }
        std::thread::sleep(RETRY.min(wait.saturating_sub(start.elapsed())));
        match stop.load(Ordering::Relaxed) {
            0 => {}
            signal => return Err(Error::Interrupted(signal as i32)),
        }
    }
}
