//! What a run does ([`Options`]), and what is shown of it ([`Observer`]).

use std::{path::PathBuf, sync::Arc, sync::atomic::AtomicUsize, time::Duration};

use chrono::{DateTime, Utc};

use crate::core::{judge::plan::FieldOptions, mode::Duplicates, profile::Profile};
use crate::read::input::ReadOptions;
use crate::report::summary::Counts;

/// The command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Write the accepted records to the database.
    Import,
    /// Only judge the records.
    Check,
}

impl Command {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Command::Import => "import",
            Command::Check => "check",
        }
    }
}

/// Everything that decides what a run does. The table of options ([`super::option_table`]) says what each is on the command line.
#[derive(Clone, Debug)]
pub struct Options {
    /// Import or check.
    pub command: Command,
    /// The inputs in order; `-` is standard input.
    pub inputs: Vec<PathBuf>,
    /// The database; a check may do without one.
    pub database: Option<PathBuf>,
    /// The profile; if `None`, it is chosen from the first input's header.
    pub profile: Option<Arc<Profile>>,
    /// How the inputs are read.
    pub read: ReadOptions,
    /// How reject reports are read, if not like the other inputs: they have a form of their own, whatever the profile says.
    pub read_reports: Option<ReadOptions>,
    /// The folder of the reports; `{run}` in it becomes the run's number. An import has a default, a check none.
    pub reports: Option<String>,
    /// The number of threads that check records.
    pub threads: usize,
    /// Whether `accepted.csv` is written.
    pub accepted: bool,
    /// How fields are bound, judged and stored.
    pub fields: FieldOptions,
    /// If more records are rejected, nothing is written.
    pub max_rejects: Option<u64>,
    /// If a greater share of the records is rejected, nothing is written.
    pub max_reject_ratio: Option<f64>,
    /// Whether a run with rejects is a success.
    pub rejects_ok: bool,
    /// Whether a column that matches no field ends the run.
    pub unknown_columns_are_errors: bool,
    /// The first customer ID of a database that never had a customer.
    pub first_id: i64,
    /// The time to use as now, instead of the system's.
    pub now: Option<DateTime<Utc>>,
    /// Which of several records with the same key is loaded.
    pub duplicates: Duplicates,
    /// Whether inputs that were loaded before are loaded again.
    pub force: bool,
    /// Whether the runs that loaded the inputs are undone first.
    pub redo: bool,
    /// How long to wait for a locked database.
    pub wait: Duration,
    /// Commit after each N records; a stopped run continues there.
    pub commit_every: Option<u64>,
    /// Set to a signal's number to stop the run.
    pub stop: Arc<AtomicUsize>,
}

impl Default for Options {
    /// An import without inputs and database, with the defaults of the command line.
    fn default() -> Options {
        Options {
            command: Command::Import,
            inputs: Vec::new(),
            database: None,
            profile: None,
            read: ReadOptions::default(),
            read_reports: None,
            reports: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            accepted: false,
            fields: FieldOptions::default(),
            max_rejects: None,
            max_reject_ratio: None,
            rejects_ok: false,
            unknown_columns_are_errors: false,
            first_id: 1,
            now: None,
            duplicates: Duplicates::Reject,
            force: false,
            redo: false,
            wait: Duration::ZERO,
            commit_every: None,
            stop: Arc::default(),
        }
    }
}

/// The progress of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The bytes that are done, of all inputs.
    pub bytes: u64,
    /// The counts so far.
    pub counts: Counts,
}

/// Follows a run, to show what it does. Each method does nothing by default.
pub trait Observer {
    /// Something that a person should know; the run continues. The message may contain names from files.
    fn note(&mut self, _message: &str) {}
    /// How an input is read, in a few words.
    fn found(&mut self, _message: &str) {}
    /// Reading starts: this number of bytes, if it is known.
    fn start(&mut self, _bytes: Option<u64>) {}
    /// More records are done.
    fn progress(&mut self, _progress: &Progress) {}
    /// All records are read; this is left to do.
    fn finishing(&mut self, _what: &str) {}
}

/// Ignores everything.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Observer for Unobserved {}
