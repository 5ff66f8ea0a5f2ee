//! What a run is to do, [`Options`], and who watches it, [`Observer`].

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::core::judge::plan::FieldOptions;
use crate::core::mode::Duplicates;
use crate::read::input::ReadOptions;
use crate::report::summary::Counts;

/// What becomes of the accepted records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// They are written to the database.
    Import,
    /// Nothing: only the verdicts are wanted.
    Check,
}

impl Command {
    /// The name on the command line.
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
    /// The profile's name; without it, chosen from the first input's header.
    pub profile: Option<String>,
    /// How the inputs are read.
    pub read: ReadOptions,
    /// Where the reports go; `{run}` in it becomes the run's number. An import has a default, a check none.
    pub reports: Option<String>,
    /// How many threads check records.
    pub threads: usize,
    /// Whether `accepted.csv` is written.
    pub accepted: bool,
    /// What is asked for fields.
    pub fields: FieldOptions,
    /// If more records are rejected, nothing is written.
    pub max_rejects: Option<u64>,
    /// If a greater share of the records is rejected, nothing is written.
    pub max_reject_ratio: Option<f64>,
    /// Whether a run with rejects is a success.
    pub rejects_ok: bool,
    /// Whether a column that matches no field ends the run.
    pub unknown_columns_are_errors: bool,
    /// The first customer ID of a database that has never had a customer.
    pub first_id: i64,
    /// The clock; without it, the system's.
    pub now: Option<DateTime<Utc>>,
    /// Which of several records with the same key is loaded.
    pub duplicates: Duplicates,
    /// Whether inputs that were loaded before are loaded again.
    pub force: bool,
    /// Whether the runs that loaded the inputs before are undone first.
    pub redo: bool,
    /// How long to wait for a locked database.
    pub wait: Duration,
    /// Commit every N records, and continue there if the run was stopped.
    pub commit_every: Option<u64>,
    /// A signal's number, once the run is to stop.
    pub stop: Arc<AtomicUsize>,
}

impl Default for Options {
    /// An import of no inputs into no database yet, with the defaults of the command line.
    fn default() -> Options {
        Options {
            command: Command::Import,
            inputs: Vec::new(),
            database: None,
            profile: None,
            read: ReadOptions::default(),
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

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of all inputs.
    pub bytes: u64,
    /// The counts so far.
    pub counts: Counts,
}

/// Watches a run.
pub trait Observer {
    /// Something that a person should know; the run continues. The text may hold names from files.
    fn note(&mut self, message: &str);
    /// What an input was found to be, in a few words.
    fn found(&mut self, message: &str);
    /// Records are about to be read: this number of bytes, if it is known.
    fn start(&mut self, bytes: Option<u64>);
    /// More records are done.
    fn progress(&mut self, progress: &Progress);
    /// All records are read; this is left to do.
    fn finishing(&mut self, what: &str);
}

/// Watches nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn note(&mut self, _: &str) {}
    fn found(&mut self, _: &str) {}
    fn start(&mut self, _: Option<u64>) {}
    fn progress(&mut self, _: &Progress) {}
    fn finishing(&mut self, _: &str) {}
}
