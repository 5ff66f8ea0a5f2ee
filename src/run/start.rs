//! The start of a run: [`Start`] locks the database, and reads the run's number and what earlier runs have left.

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
    /// The database; a check locks none.
    pub(super) locked: Option<LockedDatabase>,
    /// The stopped run that is to be continued.
    pub(super) unfinished: Option<Unfinished>,
    pub(super) run_id: i64,
    pub(super) database_id: String,
    /// The run as reject reports name it; empty for a check.
    pub(super) run_name: String,
    pub(super) clock: Clock,
    /// The folder of the reports.
    pub(super) reports: Option<PathBuf>,
    /// The note beside the database.
    note: Option<RunNote>,
}

impl Start {
    pub(super) fn new(options: &Options, mut clock: Clock, observer: &mut dyn Observer) -> Result<Start> {
        let locked = match (options.command, &options.database) {
            (Command::Import, Some(database)) => Some(lock_database(database, options.wait, &options.stop, observer)?),
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
            clock.started.clone_from(&run.started_at);
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
        match (self.note, ended) {
            (Some(note), Err(Error::InDoubt { .. })) => note.keep(),
            (note, _) => drop(note),
        }
    }
}
