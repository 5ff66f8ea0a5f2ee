//! The end of a run: [`close`] decides what is kept, writes the summary, commits, and publishes the reports.

use super::commit::{Committer, Kept};
use super::options::{Command, Observer, Options};
use super::start::{Clock, Start};
use super::threads::stop_if_signalled;
use super::{events, inputs::shown_path, ledger::Ledger, tally::threshold_passed, target::Target};
use crate::core::profile::Profile;
use crate::error::{Error, Result};
use crate::report::file::{ACCEPTED, SUMMARY, WrittenReport};
use crate::report::folder::ReportFolder;
use crate::report::summary::{Status, Summary};
use crate::shell;
use crate::sink::sqlite::{FINISHED, NOTHING_LOADED, Store};

struct Closing<'r> {
    options: &'r Options,
    profile: &'r Profile,
    start: &'r Start,
    folder: Option<ReportFolder>,
    ledger: Ledger,
    /// The first and the last customer that the run created.
    customers: Option<(i64, i64)>,
    kept: Option<Kept>,
}

struct Ending {
    status: Status,
    reason: Option<String>,
    /// Whether to keep what it stored after its last checkpoint.
    is_kept: bool,
}

pub(super) fn close(committer: Committer<'_>, start: &Start, observer: &mut dyn Observer) -> Result<Summary> {
    observer.finishing("writing the reports and the database");
    // What else the committer has is dropped here.
    let Committer { options, plan, writer, reports, ledger, kept, .. } = committer.finish()?;
    let (folder, written) = reports.finish()?;
    let customers = writer.created;
    let mut closing = Closing { options, profile: &plan.profile, start, folder, ledger, customers, kept };
    let outcome = closing.outcome();
    let is_kept = outcome.is_kept;
    if let (Status::Threshold, Some(reason)) = (outcome.status, &outcome.reason) {
        events::threshold(options.command, start.run_id, reason, &closing.ledger.counts);
    }
    if !is_kept {
        closing.customers = kept.and_then(|kept| kept.customers);
    }
    // Before the summary, so that the elapsed time includes it.
    let target = complete(writer.target, written, is_kept)?;
    let summary = closing.summary(outcome);
    closing.write_summary(is_kept, &summary)?;
    match target {
        Target::Database(store) if is_kept => closing.commit(*store, &summary, observer)?,
        Target::Database(store) => {
            stop_if_signalled(&options.stop)?;
            store.abandon()?;
        }
        _ => {}
    }
    // The run is committed, even if its reports cannot be published.
    if let Some(Err(error)) = closing.folder.map(ReportFolder::publish) {
        observer.note(&format!("{error}. The run itself is committed"));
    }
    Ok(summary)
}

impl Closing<'_> {
    fn outcome(&self) -> Ending {
        let Closing { options, ledger, .. } = self;
        let ended = |status, is_kept| Ending { status, reason: None, is_kept };
        if let Some(reason) = threshold_passed(options, &ledger.counts) {
            let left = match &self.kept {
                Some(kept) => {
                    let undo = shell::undo_of(self.start.run_id, options.database.as_deref());
                    format!("what was loaded up to record {} is kept; `{undo}` undoes it", kept.records)
                }
                None => "the database is as it was".to_string(),
            };
            return Ending { reason: Some(format!("{reason}; {left}")), ..ended(Status::Threshold, false) };
        }
        match options.command {
            Command::Check => ended(Status::Checked, true),
            Command::Import if ledger.counts.accepted == 0 && !ledger.record.undone.is_empty() => {
                let reason = "no record was accepted, so no run is undone; the database is as it was";
                Ending { reason: Some(reason.to_string()), ..ended(Status::NothingLoaded, false) }
            }
            Command::Import if ledger.counts.accepted == 0 && ledger.counts.rejected > 0 => {
                ended(Status::NothingLoaded, true)
            }
            Command::Import => ended(Status::Finished, true),
        }
    }

    fn summary(&mut self, outcome: Ending) -> Summary {
        let Closing { options, profile, start, ledger, customers, kept, .. } = self;
        let Ending { status, reason, is_kept } = outcome;
        let has_run = is_kept || status == Status::Threshold;
        let mut summary = Summary {
            reason,
            kept_records: kept.filter(|_| status == Status::Threshold).map(|kept| kept.records),
            // A redo that is given up leaves no run; the next one gets its number.
            run_id: (options.command == Command::Import && has_run).then_some(start.run_id),
            undone_runs: ledger.record.undone.iter().copied().filter(|_| is_kept).collect(),
            reports: start.reports.as_deref().map(shown_path),
            counts: ledger.counts,
            first_customer_id: customers.map(|(first, _)| first),
            last_customer_id: customers.map(|(_, last)| last),
            inputs: ledger.inputs.drain(..).map(|input| input.summary).collect(),
            ..blank_summary(status, profile, options, &start.clock)
        };
        ledger.tally.fill(&mut summary, profile);
        start.clock.time(&mut summary);
        summary
    }

    /// Writes `summary.json`, and truncates `accepted.csv` to the records that are kept.
    fn write_summary(&self, is_kept: bool, summary: &Summary) -> Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        match &self.kept {
            _ if is_kept || !self.options.accepted => {}
            Some(kept) => folder.cut(ACCEPTED, kept.accepted_bytes)?,
            None => folder.remove(ACCEPTED)?,
        }
        let mut report = folder.file(SUMMARY)?;
        report.write(summary.to_json().as_bytes())?;
        report.finish()?.sync()?;
        folder.sync()
    }

    fn commit(&mut self, store: Store, summary: &Summary, observer: &mut dyn Observer) -> Result<()> {
        stop_if_signalled(&self.options.stop)?;
        let status = if summary.status == Status::NothingLoaded { NOTHING_LOADED } else { FINISHED };
        let (record, ended_at, inputs) = (&self.ledger.record, summary.ended_at.clone(), summary.inputs.iter());
        let (run, files) = record.rows(status, ended_at, summary.counts, self.customers, inputs);
        let note = store.commit(&run, &files).inspect_err(|error| {
            // If it was committed after all, the next run publishes its reports.
            if matches!(error, Error::InDoubt { .. })
                && let Some(folder) = self.folder.take()
            {
                folder.leave();
            }
        })?;
        events::commit(self.start.run_id, &summary.counts);
        note.iter().for_each(|note| observer.note(note));
        Ok(())
    }
}

/// Syncs the reports and, if the run is kept, completes the database at the same time.
fn complete(target: Target, written: Vec<WrittenReport>, is_kept: bool) -> Result<Target> {
    // Closed only when all are synced: not every system can remove an open file.
    let sync = || written.iter().try_for_each(WrittenReport::sync);
    match target {
        Target::Database(store) if is_kept => {
            let (store, synced) = in_parallel(|| store.complete(), sync);
            synced?;
            Ok(Target::Database(Box::new(store?)))
        }
        other => sync().map(|()| other),
    }
}

/// Runs `other` on a second thread; after `one` if no thread can be started.
fn in_parallel<One>(one: impl FnOnce() -> One, other: impl Fn() -> Result<()> + Sync) -> (One, Result<()>) {
    std::thread::scope(|scope| match std::thread::Builder::new().name("sync".into()).spawn_scoped(scope, &other) {
        Ok(thread) => {
            let one = one();
            (one, thread.join().unwrap_or_else(|_| Err(Error::Broken("a thread ended too early".into()))))
        }
        Err(_) => (one(), other()),
    })
}

pub(super) fn blank_summary(status: Status, profile: &Profile, options: &Options, clock: &Clock) -> Summary {
    Summary {
        command: options.command.name(),
        version: env!("CARGO_PKG_VERSION"),
        status,
        profile: profile.name.clone(),
        mode: options.fields.mode.name(),
        database: options.database.as_deref().map(shown_path),
        started_at: clock.started.clone(),
        ended_at: clock.now(),
        ..Summary::default()
    }
}
