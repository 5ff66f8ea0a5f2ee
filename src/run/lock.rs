//! Locking a database: [`lock_database`] waits for the program that has it, and names it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::options::Observer;
use crate::error::{Error, Result};
use crate::report::run_note::RunNote;
use crate::sink::sqlite::LockedDatabase;

/// How long it waits before it tries again.
const RETRY: Duration = Duration::from_millis(100);

/// Locks a database, and waits for it if another program has it. A signal in `stop` ends the waiting. Where it takes longer than
/// `wait`, the error says who has it.
pub(super) fn lock_database(
    database: &Path,
    wait: Duration,
    stop: &Arc<AtomicUsize>,
    observer: &mut dyn Observer,
) -> Result<LockedDatabase> {
    wait_for(database, wait, stop, observer, || {
        let held = LockedDatabase::lock(database, stop)?;
        // A run that commits now and then lets go of the database for a moment, and is not done.
        match RunNote::holder(database) {
            Some(_) => Err(Error::locked(database)),
            None => Ok(held),
        }
    })
}

/// Tries again and again, until `wait` is over, what cannot be done while another program has the database.
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
            observer.note(&format!("{}: {} has it; waiting for up to {seconds} s", database.display(), holder()));
        }
        std::thread::sleep(RETRY.min(wait.saturating_sub(start.elapsed())));
        match stop.load(Ordering::Relaxed) {
            0 => {}
            signal => return Err(Error::Interrupted(signal as i32)),
        }
    }
}
