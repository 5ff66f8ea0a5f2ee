//! The start of a run ([`Start`]): it locks the database, and reads the run's number and what earlier runs have left. Undo and
//! prune lock through [`lock_database`] too.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{sync::Arc, sync::atomic::AtomicUsize};

use chrono::{DateTime, SecondsFormat, Utc};
use xxhash_rust::xxh3::xxh3_128;

use super::options::{Command, Observer, Options};
use super::report_paths::{finish_earlier_reports, reports_path};
use super::threads::stop_if_signalled;
use crate::error::{Error, Result};
use crate::report::{run_note::RunNote, summary::Summary};
use crate::sink::sqlite::{LoadedInput, LockedDatabase, Unfinished};

/// What is known before the first input is opened.
pub(super) struct Start {
    /// The database; a check locks none.
    pub(super) locked: Option<LockedDatabase>,
    /// The stopped run that is to be continued.
    pub(super) unfinished: Option<Unfinished>,
    pub(super) run_id: i64,
    pub(super) database_id: String,
    /// The run as reject reports name it; empty for a check.
    pub(super) run_name: String,
    pub(super) clock: Clock,
    pub(super) reports: Option<PathBuf>,
    note: Option<RunNote>,
}

impl Start {
    pub(super) fn new(options: &Options, mut clock: Clock, observer: &mut dyn Observer) -> Result<Start> {
        let locked = match (options.command, &options.database) {
            (Command::Import, Some(database)) => {
                let (wait, stop) = (options.wait, Arc::clone(&options.stop));
                Some(lock_database(&DatabaseAccess { database: database.clone(), wait, stop }, observer)?)
            }
            _ => None,
        };
        let unfinished = locked.as_ref().map_or(Ok(None), LockedDatabase::unfinished)?;
        let run_id = match (&unfinished, &locked) {
            (Some(run), _) => run.checkpoint.run_id,
            (None, Some(locked)) => locked.next_run()?,
            (None, None) => 1,
        };
        let database_id = match &locked {
            Some(locked) => locked.database_id()?.unwrap_or_else(|| new_database_id(options.now)),
            None => String::new(),
        };
        let run_name = locked.as_ref().map(|_| format!("{run_id}-{database_id:.8}")).unwrap_or_default();
        if let Some(run) = &unfinished {
            clock.started.clone_from(&run.row.started_at);
        }
        Ok(Start { locked, unfinished, run_id, database_id, run_name, clock, reports: None, note: None })
    }

    /// Publishes the reports of killed runs, and writes the note that says where those of this run will be.
    pub(super) fn find_reports(&mut self, options: &Options, observer: &mut dyn Observer) -> Result<()> {
        let locked = self.locked.as_ref().zip(options.database.as_deref());
        if let Some((locked, database)) = locked {
            finish_earlier_reports(locked, database, observer)?;
        }
        self.reports = reports_path(options, self.run_id)?;
        if let (Some((_, database)), Some(reports)) = (locked, &self.reports) {
            let who = format!("run {} (process {}, since {})", self.run_id, std::process::id(), self.clock.started);
            self.note = Some(RunNote::create(database, reports, &who)?);
        }
        Ok(())
    }

    /// The inputs that earlier runs loaded; `None` if they do not matter.
    pub(super) fn loaded(&self, options: &Options) -> Result<Option<Vec<LoadedInput>>> {
        self.locked.as_ref().filter(|_| !options.force).map(LockedDatabase::loaded).transpose()
    }

    /// Removes the note, unless it is unknown whether the run was committed: then the next run needs it.
    pub(super) fn end(self, ended: &Result<Summary>) {
        if let (Some(note), Err(Error::InDoubt { .. })) = (self.note, ended) {
            note.keep();
        }
    }
}

/// A database, and how long to wait for it.
#[derive(Clone, Debug)]
pub struct DatabaseAccess {
    pub database: PathBuf,
    /// How long to wait if another program has locked it.
    pub wait: Duration,
    pub stop: Arc<AtomicUsize>,
}

const RETRY: Duration = Duration::from_millis(100);

/// Locks a database. If another program has locked it, waits for it, or until a signal comes; then the error names that program.
pub(super) fn lock_database(access: &DatabaseAccess, observer: &mut dyn Observer) -> Result<LockedDatabase> {
    let database = &access.database;
    wait_for(access, observer, || {
        let locked = LockedDatabase::lock(database, &access.stop)?;
        // A run with checkpoints releases the database for a moment at each, and is not done.
        match RunNote::holder(database) {
            Some(_) => Err(Error::locked(database)),
            None => Ok(locked),
        }
    })
}

/// Retries what fails because another program has locked the database.
pub(super) fn wait_for<T>(
    access: &DatabaseAccess,
    observer: &mut dyn Observer,
    mut attempt: impl FnMut() -> Result<T>,
) -> Result<T> {
    let DatabaseAccess { database, wait, stop } = access;
    let start = Instant::now();
    let holder = || RunNote::holder(database).unwrap_or_else(|| "another run or program".to_string());
    let mut is_waiting = false;
    loop {
        match attempt() {
            Err(Error::Locked { .. }) if start.elapsed() < *wait => {}
            Err(Error::Locked { path, .. }) => return Err(Error::Locked { path, holder: holder() }),
            done => return done,
        }
        if !std::mem::replace(&mut is_waiting, true) {
            let seconds = wait.as_secs_f64();
            observer.note(&format!("{}: locked by {}; waiting for up to {seconds} s", database.display(), holder()));
        }
        std::thread::sleep(RETRY.min(wait.saturating_sub(start.elapsed())));
        stop_if_signalled(stop)?;
    }
}

/// The clock of a run. With `--now` it stands still, so that a run can be repeated exactly.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    fixed: bool,
    pub(super) started: String,
    instant: Instant,
}

impl Clock {
    pub(super) fn start(now: Option<DateTime<Utc>>) -> Clock {
        Clock { fixed: now.is_some(), started: stamp_of(now.unwrap_or_else(Utc::now)), instant: Instant::now() }
    }

    pub(super) fn now(&self) -> String {
        if self.fixed { self.started.clone() } else { stamp_of(Utc::now()) }
    }

    /// When the run began; one that is resumed, when it began first.
    pub(super) fn began(&self) -> Option<DateTime<Utc>> {
        self.started.parse().ok()
    }

    /// Sets how long the run took, unless the clock is fixed.
    pub(super) fn time(&self, summary: &mut Summary) {
        if !self.fixed {
            let seconds = self.instant.elapsed().as_secs_f64();
            summary.elapsed_seconds = (seconds * 1000.0).round() / 1000.0;
            summary.records_per_second = Some((summary.counts.read as f64 / seconds.max(1e-6)) as u64);
        }
    }
}

/// Random, unless the clock is fixed.
fn new_database_id(now: Option<DateTime<Utc>>) -> String {
    let random = || {
        let number = || RandomState::new().hash_one(Instant::now());
        format!("{:016x}{:016x}", number(), number())
    };
    now.map_or_else(random, |now| format!("{:032x}", xxh3_128(stamp_of(now).as_bytes())))
}

pub(super) fn stamp_of(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
