//! The end of a run: [`close`] decides what is kept, writes the summary, commits, and publishes the reports.

use std::path::Path;

use super::clock::Clock;
use super::commit::{Committed, Committer};
use super::events;
use super::inputs::shown_path;
use super::options::{Command, Observer, Options};
use super::target::Target;
use super::threads::stop_if_signalled;
use super::thresholds::threshold_passed;
use crate::core::profile::Profile;
use crate::error::{Error, Result};
use crate::report::file::{ACCEPTED, SUMMARY, WrittenReport};
use crate::report::folder::ReportFolder;
use crate::report::summary::{InputSummary, Status, Summary};
use crate::shell;
use crate::sink::sqlite::{FINISHED, NOTHING_LOADED, Store};

/// What is needed to end a run besides what its committer has.
pub(super) struct Ending<'r> {
    pub(super) options: &'r Options,
    pub(super) profile: &'r Profile,
    pub(super) clock: &'r Clock,
    pub(super) reports: Option<&'r Path>,
    pub(super) run_id: i64,
}

struct Outcome {
    status: Status,
    /// Why it loaded nothing or was stopped.
    reason: Option<String>,
    /// Whether to keep what it stored after its last checkpoint.
    is_kept: bool,
}

/// Ends a run: completes the reports and the database, commits, and publishes the reports.
pub(super) fn close(ending: &Ending<'_>, committer: Committer<'_>, observer: &mut dyn Observer) -> Result<Summary> {
    observer.finishing("writing the reports and the database");
    let mut done = committer.finish()?;
    let outcome = outcome(ending.options, &done, ending.run_id);
    if let (Status::Threshold, Some(reason)) = (outcome.status, &outcome.reason) {
        events::threshold(ending.options.command, ending.run_id, reason, &done.totals.counts);
    }
    if !outcome.is_kept {
        done.customers = done.kept.and_then(|kept| kept.customers);
    }
    // Before the summary, so that the elapsed time includes it.
    complete(&mut done, outcome.is_kept)?;
    let is_kept = outcome.is_kept;
    let summary = summary_of(ending, &mut done, outcome);
    write_summary(ending, &done, is_kept, &summary)?;
    match std::mem::replace(&mut done.target, Target::Nothing) {
        Target::Database(store) if is_kept => commit(*store, &mut done, &summary, ending, observer)?,
        Target::Database(store) => {
            stop_if_signalled(ending.options)?;
            store.abandon()?;
        }
        _ => {}
    }
    // The run is committed, even if its reports cannot be published.
    if let Some(Err(error)) = done.folder.map(ReportFolder::publish) {
        observer.note(&format!("{error}. The run itself is committed"));
    }
    Ok(summary)
}

fn outcome(options: &Options, done: &Committed, run_id: i64) -> Outcome {
    let counts = &done.totals.counts;
    let kept = |status, is_kept| Outcome { status, reason: None, is_kept };
    if let Some(reason) = threshold_passed(options, counts) {
        let left = match &done.kept {
            Some(kept) => {
                let (records, undo) = (kept.records, shell::undo_of(run_id, options.database.as_deref()));
                format!("what was loaded up to record {records} is kept; `{undo}` undoes it")
            }
            None => "the database is as it was".to_string(),
        };
        return Outcome { reason: Some(format!("{reason}; {left}")), ..kept(Status::Threshold, false) };
    }
    match options.command {
        Command::Check => kept(Status::Checked, true),
        Command::Import if counts.accepted == 0 && !done.totals.record.undone.is_empty() => {
            let reason = "no record was accepted, so no run is undone; the database is as it was";
            Outcome { reason: Some(reason.to_string()), ..kept(Status::NothingLoaded, false) }
        }
        Command::Import if counts.accepted == 0 && counts.rejected > 0 => kept(Status::NothingLoaded, true),
        Command::Import => kept(Status::Finished, true),
    }
}

/// Syncs the reports and, if the run is kept, completes the database at the same time.
fn complete(done: &mut Committed, is_kept: bool) -> Result<()> {
    // Closed only when all are synced: not every system can remove an open file.
    let written = std::mem::take(&mut done.written);
    let sync = || written.iter().try_for_each(WrittenReport::sync);
    done.target = match std::mem::replace(&mut done.target, Target::Nothing) {
        Target::Database(store) if is_kept => {
            let (store, synced) = in_parallel(|| store.complete(), sync);
            synced?;
            Target::Database(Box::new(store?))
        }
        other => {
            sync()?;
            other
        }
    };
    Ok(())
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

fn summary_of(ending: &Ending<'_>, done: &mut Committed, outcome: Outcome) -> Summary {
    let Ending { options, profile, clock, reports, run_id } = *ending;
    let Outcome { status, reason, is_kept } = outcome;
    let (totals, has_run) = (&mut done.totals, is_kept || status == Status::Threshold);
    let mut summary = Summary {
        reason,
        kept_records: done.kept.filter(|_| status == Status::Threshold).map(|kept| kept.records),
        // A redo that is given up leaves no run; the next one gets its number.
        run_id: (options.command == Command::Import && has_run).then_some(run_id),
        undone_runs: totals.record.undone.iter().copied().filter(|_| is_kept).collect(),
        reports: reports.map(shown_path),
        counts: totals.counts,
        first_customer_id: done.customers.map(|(first, _)| first),
        last_customer_id: done.customers.map(|(_, last)| last),
        inputs: std::mem::take(&mut totals.inputs),
        ..blank_summary(status, profile, options, clock)
    };
    totals.tally.fill(&mut summary, profile);
    clock.time(&mut summary);
    summary
}

/// The summary of a run that has read nothing.
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

/// Writes `summary.json`, and truncates `accepted.csv` to the records that are kept.
fn write_summary(ending: &Ending<'_>, done: &Committed, is_kept: bool, summary: &Summary) -> Result<()> {
    let Some(folder) = &done.folder else { return Ok(()) };
    match &done.kept {
        _ if is_kept || !ending.options.accepted => {}
        Some(kept) => folder.cut(ACCEPTED, kept.accepted_bytes)?,
        None => folder.remove(ACCEPTED)?,
    }
    let mut report = folder.file(SUMMARY)?;
    report.write(summary.to_json().as_bytes())?;
    report.finish()?.sync()?;
    folder.sync()
}

fn commit(
    store: Store,
    done: &mut Committed,
    summary: &Summary,
    ending: &Ending<'_>,
    observer: &mut dyn Observer,
) -> Result<()> {
    stop_if_signalled(ending.options)?;
    let inputs: Vec<&InputSummary> = summary.inputs.iter().collect();
    let status = if summary.status == Status::NothingLoaded { NOTHING_LOADED } else { FINISHED };
    let record = &done.totals.record;
    let (run, files) = record.rows(status, summary.ended_at.clone(), summary.counts, done.customers, &inputs);
    let note = match store.commit(&run, &files) {
        Err(error @ Error::InDoubt { .. }) => {
            // If it was committed after all, the next run publishes its reports.
            if let Some(folder) = done.folder.take() {
                folder.leave();
            }
            return Err(error);
        }
        done => done?,
    };
    events::commit(ending.run_id, &summary.counts);
    if let Some(note) = note {
        observer.note(&note);
    }
    Ok(())
}
