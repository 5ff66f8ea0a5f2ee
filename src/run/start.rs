//! How a run starts: [`Start`] locks the database, and knows the run's number and what earlier runs have left.

use std::path::PathBuf;

use super::clock::{Clock, new_database_id};
use super::lock::lock_database;
use super::options::{Command, Observer, Options};
use super::report_paths::{finish_earlier_reports, reports_path};
use crate::error::{Error, Result};
use crate::report::run_note::RunNote;
use crate::report::summary::Summary;
use crate::sink::sqlite::{LoadedInput, LockedDatabase, Unfinished};

/// What is known before the first input is opened.
#[derive(Debug)]
pub(super) struct Start {
    /// The lock on the database; a check has none.
    pub(super) held: Option<LockedDatabase>,
    /// The run that was stopped and is to be continued.
    pub(super) unfinished: Option<Unfinished>,
    pub(super) run_id: i64,
    pub(super) database_id: String,
    /// The run as reject reports name it; empty for a check, which has no number that could be looked up.
    pub(super) run_name: String,
    pub(super) clock: Clock,
    /// Where the reports go.
    pub(super) reports: Option<PathBuf>,
    /// The note beside the database that says where the reports are.
    trace: Option<RunNote>,
}

impl Start {
    /// Locks the database, and finishes the reports of runs that were killed.
    pub(super) fn new(options: &Options, mut clock: Clock, observer: &mut dyn Observer) -> Result<Start> {
        let held = match (options.command, &options.database) {
            (Command::Import, Some(database)) => Some(lock_database(database, options.wait, &options.stop, observer)?),
            _ => None,
        };
        let unfinished = held.as_ref().map_or(Ok(None), LockedDatabase::unfinished)?;
        let run_id = match (&unfinished, &held) {
            (Some(run), _) => run.checkpoint.run_id,
            (None, Some(held)) => held.next_run()?,
            (None, None) => 1,
        };
        let database_id = match &held {
            Some(held) => held.database_id()?.unwrap_or_else(|| new_database_id(options.now)),
            None => String::new(),
        };
        let run_name = held.as_ref().map(|_| format!("{run_id}-{database_id:.8}")).unwrap_or_default();
        if let Some(run) = &unfinished {
            clock.started.clone_from(&run.started_at);
        }
        Ok(Start { held, unfinished, run_id, database_id, run_name, clock, reports: None, trace: None })
    }

    /// Puts the reports of earlier runs in place, and leaves a note of where those of this run will be.
    pub(super) fn find_reports(&mut self, options: &Options, observer: &mut dyn Observer) -> Result<()> {
        let locked = self.held.as_ref().zip(options.database.as_deref());
        if let Some((held, database)) = locked {
            finish_earlier_reports(held, database, observer)?;
        }
        self.reports = reports_path(options, self.run_id)?;
        if let (Some((_, database)), Some(reports)) = (locked, &self.reports) {
            let who = format!("run {} (process {}, since {})", self.run_id, std::process::id(), self.clock.started);
            self.trace = Some(RunNote::create(database, reports, &who)?);
        }
        Ok(())
    }

    /// The inputs that earlier runs have loaded; `None` where they do not matter.
    pub(super) fn loaded(&self, options: &Options) -> Result<Option<Vec<LoadedInput>>> {
        self.held.as_ref().filter(|_| !options.force).map(LockedDatabase::loaded).transpose()
    }

    /// Removes the note, unless it is unknown whether the run was committed: then the next run follows it.
    pub(super) fn end(self, ended: &Result<Summary>) {
        match (self.trace, ended) {
            (Some(trace), Err(Error::InDoubt { .. })) => trace.keep(),
            (trace, _) => drop(trace),
        }
    }
}
