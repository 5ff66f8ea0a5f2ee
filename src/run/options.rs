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

/// What is done with the accepted records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// They are written to the database.
    Import,
    /// Nothing; only the verdicts are wanted.
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

/// Everything that decides what a run does. What a person types is turned into this by `cli`.
#[derive(Clone, Debug)]
pub struct Options {
    /// Import or check.
    pub command: Command,
    /// The inputs in order; `-` is standard input.
    pub inputs: Vec<PathBuf>,
    /// The database; a check may do without one.
    pub database: Option<PathBuf>,
    /// The profile's name; chosen from the first input's header if it is not told.
    pub profile: Option<String>,
    /// How the inputs are read.
    pub read: ReadOptions,
    /// Where the reports go; `{run}` in it becomes the run's number. An import has a default, a check none.
    pub reports: Option<String>,
    /// How many threads check records.
    pub threads: usize,
    /// Whether the accepted records are listed.
    pub accepted: bool,
    /// What was said about fields.
    pub fields: FieldOptions,
    /// With more rejects than this, nothing is written.
    pub max_rejects: Option<u64>,
    /// With a greater share of rejects among the records than this, nothing is written.
    pub max_reject_ratio: Option<f64>,
    /// Whether a run with rejects has done what it should.
    pub rejects_ok: bool,
    /// Whether a column that matches no field ends the run.
    pub unknown_columns_are_errors: bool,
    /// The first customer ID of a database that has never had a customer.
    pub first_id: i64,
    /// The clock; the system's if it is not told.
    pub now: Option<DateTime<Utc>>,
    /// What becomes of records with one key.
    pub duplicates: Duplicates,
    /// Whether inputs are loaded that were loaded before.
    pub force: bool,
    /// Whether the runs that have loaded the inputs before are undone first.
    pub redo: bool,
    /// How long to wait for a database that somebody else has.
    pub wait: Duration,
    /// Commit after each this many records, and continue after them where the run before was stopped.
    pub commit_every: Option<u64>,
    /// Set to a signal's number when the run is to stop.
    pub stop: Arc<AtomicUsize>,
}

impl Default for Options {
    /// An import of no inputs into no database yet, with what the command line takes where nothing is said.
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
    /// How the records fared so far.
    pub counts: Counts,
}

/// Watches a run.
pub trait Observer {
    /// Something that a person should know; the run goes on. The text may hold names from files, made visible.
    fn note(&mut self, message: &str);
    /// What an input was found to be, in a few words.
    fn found(&mut self, message: &str);
    /// Records are about to be read; so many bytes, if that is known.
    fn start(&mut self, bytes: Option<u64>);
    /// Some more records are done.
    fn progress(&mut self, progress: &Progress);
    /// No more records come; what is left to do is this.
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
