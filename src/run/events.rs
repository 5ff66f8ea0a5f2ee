//! The events of a run, for a log. All are here, so that one page shows what can be in a log: names of files and folders, numbers,
//! and words of this program; never a customer's value. They cost nothing without a subscriber.

use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::inputs::shown_path;
use super::options::{Command, Observer, Options, Progress};
use crate::core::record::{Counts, each_count};
use crate::error::{Error, Result};
use crate::read::input::Input;
use crate::report::summary::{Status, Summary};
use crate::sink::sqlite::Undone;

pub const TARGET: &str = "custload";

const EVERY: Duration = Duration::from_secs(10);

macro_rules! end_event {
    ([$level:ident { $($before:tt)* } $counts:ident { $($after:tt)* }] $($(#[$doc:meta])* $name:ident: $sum:ident,)*) => {
        $level!(target: TARGET, event = "end", $($before)* $($name = $counts.$name,)* $($after)*)
    };
}

/// Logs the progress of a run, and passes all calls on to another observer.
pub(super) struct Watched<'o> {
    observer: &'o mut dyn Observer,
    pub(super) run: Option<i64>,
    progress: Progress,
    start: Instant,
    logged: Instant,
}

impl<'o> Watched<'o> {
    pub(super) fn start(options: &Options, observer: &'o mut dyn Observer) -> Watched<'o> {
        let database = options.database.as_deref().map(shown_path);
        info!(
            target: TARGET, event = "start", version = env!("CARGO_PKG_VERSION"), command = options.command.name(),
            database, mode = options.fields.mode.name(), profile = options.profile.as_ref().map(|profile| profile.name.as_str()),
        );
        let start = Instant::now();
        Watched { observer, run: None, progress: Progress::default(), start, logged: start }
    }

    pub(super) fn inputs(&self, inputs: &[Input]) {
        for (index, input) in inputs.iter().enumerate() {
            let (path, dialect) = (shown_path(&input.path), &input.dialect);
            info!(
                target: TARGET, event = "input", run = self.run, file = index + 1, path,
                format = dialect.format.name(), encoding = dialect.encoding, bytes = input.length,
            );
        }
    }

    pub(super) fn end(&self, options: &Options, done: &Result<Summary>) {
        let seconds = (self.start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        match done {
            Ok(summary) => {
                let counts = &summary.counts;
                // `kept` is how many of the judged records are in the database.
                let is_stopped = summary.status == Status::Threshold && summary.run_id.is_some();
                let kept = is_stopped.then(|| summary.kept_records.unwrap_or(0));
                each_count!(
                    end_event
                    info {
                        run = summary.run_id,
                        status = summary.status.name(),
                        exit_status = summary.exit_status(options.rejects_ok),
                        kept,
                    } counts {
                        seconds,
                        reports = summary.reports,
                    }
                );
            }
            Err(error) => failed(self.run, error, &self.progress.counts, seconds),
        }
    }
}

impl Observer for Watched<'_> {
    fn note(&mut self, message: &str) {
        self.observer.note(message);
    }

    fn found(&mut self, message: &str) {
        self.observer.found(message);
    }

    fn start(&mut self, bytes: Option<u64>) {
        self.observer.start(bytes);
    }

    fn progress(&mut self, progress: &Progress) {
        self.observer.progress(progress);
        self.progress = *progress;
        if self.logged.elapsed() >= EVERY {
            self.logged = Instant::now();
            let Progress { bytes, counts } = progress;
            info!(
                target: TARGET, event = "progress", run = self.run,
                read = counts.read, accepted = counts.accepted, rejected = counts.rejected, bytes,
            );
        }
    }

    fn finishing(&mut self, what: &str) {
        self.observer.finishing(what);
    }
}

/// Logs a run that did not start because its options were refused.
pub fn refused(error: &Error) {
    failed(None, error, &Counts::default(), 0.0);
}

/// The counts are those of the records that were read, although they were rolled back.
fn failed(run: Option<i64>, error: &Error, counts: &Counts, seconds: f64) {
    let kept = match error {
        Error::AtCheckpoint { records, .. } => Some(*records),
        _ => None,
    };
    let kind = error.kind();
    each_count!(
        end_event
        error {
            run,
            status = if kind == "interrupted" { kind } else { "failed" },
            exit_status = error.exit_status(),
            kind,
            message = error.for_log(),
            kept,
        } counts { seconds, }
    );
}

pub(super) fn skipped(input: &Input, loaded_by: i64) {
    info!(target: TARGET, event = "skipped", path = shown_path(&input.path), loaded_by);
}

/// Logs that a run is undone, if the current one is committed.
pub(super) fn undone(undone: i64, how: &Undone) {
    info!(target: TARGET, event = "undo", undone, deleted = how.deleted, restored = how.restored);
}

pub(super) fn resume(run: i64, records: u64) {
    info!(target: TARGET, event = "resume", run, records);
}

pub(super) fn checkpoint(run: i64, records: u64) {
    info!(target: TARGET, event = "checkpoint", run, records);
}

pub(super) fn threshold(command: Command, run: i64, reason: &str, counts: &Counts) {
    let run = (command == Command::Import).then_some(run);
    warn!(target: TARGET, event = "threshold", run, reason, rejected = counts.rejected);
}

pub(super) fn commit(run: i64, counts: &Counts) {
    let Counts { created, updated, unchanged, superseded, .. } = counts;
    info!(target: TARGET, event = "commit", run, created, updated, unchanged, superseded);
}
