//! A run, from inputs to a database and reports: [`run`].
//!
//! ```text
//! inputs ─► prepare ─► journey ────────────────────────────────► close
//!           profile,   cut (one thread) ─► check (rayon) ─►      thresholds, balance,
//!           binding    commit (this thread, in order)            summary, commit, publish
//! ```
//! All threads live in `journey`. What a person sees while a run goes on is for an [`Observer`].

mod advice;
mod commit;
mod inspect;
mod journey;
mod options;
mod place;
mod prepare;
mod tally;
mod worker;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use self::commit::Committer;
use self::place::{finish_earlier_reports, relative_reports, reports_place};
use crate::check::Stamp;
use crate::check::plan::Plan;
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::report::folder::{ACCEPTED, ReportFolder, SUMMARY, Trace, WrittenReport};
use crate::report::summary::{Counts, Status, Summary};
use crate::source::sniff::HeaderPlace;
use crate::store::{Customers, FileRow, RowCounts, RunRow, Store, StoreOptions};

pub use self::inspect::{ColumnContent, FitSummary, Inspection, LOOKED_AT, RejectExample, StoredRecord, inspect};
pub use self::options::{Command, Observer, Options, Progress, Unobserved};

/// The customers that a run's keys are compared with, and where its rows go.
#[derive(Debug)]
enum Target {
    Database(Box<Store>),
    LookedAt(Box<Customers>),
    Nothing,
}

impl Target {
    fn for_each_key(&self, each: impl FnMut(i64, &str)) -> Result<()> {
        match self {
            Target::Database(store) => store.for_each_key(each),
            Target::LookedAt(customers) => customers.for_each_key(each),
            Target::Nothing => Ok(()),
        }
    }

    fn key_of(&self, customer: i64) -> Result<Option<String>> {
        match self {
            Target::Database(store) => store.key_of(customer),
            Target::LookedAt(customers) => customers.key_of(customer),
            Target::Nothing => Ok(None),
        }
    }
}

/// Does what `options` say.
///
/// Gives the run in numbers, also where a threshold was passed and the run taken back ([`Status::Threshold`]).
/// On an error the database is as it was, and no report is left.
pub fn run(options: &Options, observer: &mut dyn Observer) -> Result<Summary> {
    let clock = Clock::start(options.now);
    let candidates = Arc::new(prepare::candidates(options)?);
    let inputs = journey::open(options, &candidates)?;
    let profile = prepare::profile(options, &inputs, &candidates, observer)?;
    let plan = Arc::new(Plan::new(profile, &options.fields)?);
    let prepared = prepare::bind(inputs, &plan, options, observer)?;

    let target = open_target(options, &plan, observer)?;
    let run_id = match &target {
        Target::Database(store) => store.run_id(),
        Target::LookedAt(customers) => customers.next_run(),
        Target::Nothing => 1,
    };
    if let (Target::Database(store), Some(database)) = (&target, &options.database) {
        finish_earlier_reports(store, database, observer)?;
    }
    let place = reports_place(options, run_id)?;
    let _trace = match (&target, &options.database, &place) {
        (Target::Database(_), Some(database), Some(place)) => Some(Trace::leave(database, place)?),
        _ => None,
    };
    let folder = place.as_deref().map(ReportFolder::create).transpose()?;

    let length = prepared.iter().map(|prepared| prepared.input.length).sum::<Option<u64>>();
    observer.start(length);
    let stamp = Stamp { now: clock.now(), run: run_id, file: 0 };
    let mut committer = Committer::new(options, Arc::clone(&plan), target, folder)?;
    journey::travel(prepared, &candidates, &plan, &stamp, options, &mut committer, observer)?;
    close(options, profile, &clock, committer, place.as_deref(), run_id, observer)
}

/// Does two things at once, the second on a thread of its own; one after the other where there can be no thread.
fn beside<One>(one: impl FnOnce() -> One, other: impl Fn() -> Result<()> + Sync) -> (One, Result<()>) {
    std::thread::scope(|scope| match std::thread::Builder::new().name("sync".into()).spawn_scoped(scope, &other) {
        Ok(thread) => {
            let one = one();
            (one, thread.join().unwrap_or_else(|_| Err(Error::Broken("a thread ended too early".into()))))
        }
        Err(_) => (one(), other()),
    })
}

/// The end of a run: everything is known, and it is decided what stays.
fn close(
    options: &Options,
    profile: &'static Profile,
    clock: &Clock,
    committer: Committer<'_>,
    place: Option<&Path>,
    run_id: i64,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    observer.finishing("writing the reports and the database");
    let mut outcome = committer.finish()?;
    let counts = outcome.counts;
    let reason = threshold_passed(options, &counts);
    let status = match (&reason, options.command) {
        (Some(_), _) => Status::Threshold,
        (None, Command::Import) => Status::Finished,
        (None, Command::Check) => Status::Checked,
    };
    if status == Status::Threshold {
        outcome.first_id = None;
        outcome.last_id = None;
    }
    let written = std::mem::take(&mut outcome.written);
    let sync = || written.iter().try_for_each(WrittenReport::sync);
    outcome.target = match outcome.target {
        // Before the summary is written, so that its clock has it; and while the reports go to the disk.
        Target::Database(store) if status == Status::Finished => {
            let (store, synced) = beside(|| store.complete(), sync);
            synced?;
            Target::Database(Box::new(store?))
        }
        other => {
            sync()?;
            other
        }
    };
    // Closed, so that one of them can be removed everywhere.
    drop(written);
    let mut summary = Summary {
        command: options.command.name(),
        version: env!("CARGO_PKG_VERSION"),
        status,
        reason,
        run_id: (options.command == Command::Import).then_some(run_id),
        profile: profile.name.clone(),
        database: options.database.as_deref().map(shown_path),
        reports: place.map(shown_path),
        counts,
        first_customer_id: outcome.first_id,
        last_customer_id: outcome.last_id,
        rejects_by_code: outcome.tally.rejects_by_code(&outcome.inputs),
        warnings_by_code: outcome.tally.warnings_by_code(&outcome.inputs),
        rejects_by_field: outcome.tally.rejects_by_field(profile),
        repaired_by_field: outcome.tally.repaired_by_field(profile),
        deprecated_by_field: outcome.tally.deprecated_by_field(profile),
        short_zips: outcome.tally.short_zips(&outcome.inputs),
        inputs: outcome.inputs,
        started_at: clock.started.clone(),
        ended_at: clock.now(),
        elapsed_seconds: 0.0,
        records_per_second: None,
    };
    clock.time(&mut summary);
    if let Some(folder) = &outcome.folder {
        if status == Status::Threshold && options.accepted {
            // Nothing was accepted in the end.
            folder.remove(ACCEPTED)?;
        }
        let mut report = folder.file(SUMMARY)?;
        report.write(summary.to_json().as_bytes())?;
        report.finish()?.sync()?;
        folder.sync()?;
    }
    if let Target::Database(store) = outcome.target {
        let signal = options.stop.load(Ordering::Relaxed);
        if signal != 0 {
            return Err(Error::Interrupted(signal as i32));
        }
        if status == Status::Threshold {
            store.abandon()?;
        } else {
            let (run, files) = rows(options, &summary, place);
            if let Some(said) = store.commit(&run, &files)? {
                observer.note(&said);
            }
        }
    }
    // From here on the run stands, whatever becomes of the name of its reports' folder.
    if let Some(Err(error)) = outcome.folder.map(ReportFolder::publish) {
        observer.note(&format!("{error}. The run itself is done"));
    }
    Ok(summary)
}

/// The clock of a run.
struct Clock {
    fixed: bool,
    started: String,
    instant: Instant,
}

impl Clock {
    fn start(now: Option<DateTime<Utc>>) -> Clock {
        Clock { fixed: now.is_some(), started: stamp_of(now.unwrap_or_else(Utc::now)), instant: Instant::now() }
    }

    fn now(&self) -> String {
        if self.fixed { self.started.clone() } else { stamp_of(Utc::now()) }
    }

    /// Notes how long the run took; no time at all on a clock that stands still.
    fn time(&self, summary: &mut Summary) {
        if !self.fixed {
            let seconds = self.instant.elapsed().as_secs_f64();
            summary.elapsed_seconds = (seconds * 1000.0).round() / 1000.0;
            summary.records_per_second = Some((summary.counts.read as f64 / seconds.max(1e-6)) as u64);
        }
    }
}

fn stamp_of(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn shown_path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn open_target(options: &Options, plan: &Plan, observer: &mut dyn Observer) -> Result<Target> {
    let Some(path) = &options.database else { return Ok(Target::Nothing) };
    let store = StoreOptions {
        path: path.clone(),
        profile: plan.profile,
        key: plan.key.map(|key| plan.fields[key.field].column.clone()),
        first_id: options.first_id,
        threads: options.threads,
        stop: Arc::clone(&options.stop),
    };
    if options.command == Command::Import {
        return Ok(Target::Database(Box::new(Store::open(store)?)));
    }
    match Customers::open(store)? {
        Some(customers) => Ok(Target::LookedAt(Box::new(customers))),
        None => {
            observer.note(&format!("{} has no customers yet; there is nothing to compare keys with", path.display()));
            Ok(Target::Nothing)
        }
    }
}

fn threshold_passed(options: &Options, counts: &Counts) -> Option<String> {
    let records = counts.accepted + counts.rejected;
    if let Some(most) = options.max_rejects
        && counts.rejected > most
    {
        return Some(format!("{} records were rejected, and --max-rejects allows {most}", counts.rejected));
    }
    if let Some(most) = options.max_reject_ratio
        && counts.rejected as f64 > most * records as f64
    {
        let ratio = counts.rejected as f64 / records as f64;
        return Some(format!(
            "{} of {records} records were rejected, {ratio:.4} of them, and --max-reject-ratio allows {most}",
            counts.rejected
        ));
    }
    None
}

/// What the database is told of a run.
fn rows(options: &Options, summary: &Summary, place: Option<&Path>) -> (RunRow, Vec<FileRow>) {
    let counts = |counts: &Counts| RowCounts {
        read: counts.read,
        accepted: counts.accepted,
        rejected: counts.rejected,
        blank: counts.blank,
    };
    let run = RunRow {
        profile: summary.profile.clone(),
        options: options_text(options),
        started_at: summary.started_at.clone(),
        ended_at: summary.ended_at.clone(),
        status: "finished".to_string(),
        counts: counts(&summary.counts),
        warnings: summary.counts.warnings,
        repaired: summary.counts.repaired,
        first_customer_id: summary.first_customer_id,
        last_customer_id: summary.last_customer_id,
        reports: place.map(|place| relative_reports(options, place)).unwrap_or_default(),
    };
    let files = summary.inputs.iter().map(|input| FileRow {
        path: input.path.clone(),
        bytes: input.bytes,
        sha256: input.sha256.clone(),
        counts: counts(&input.counts),
    });
    (run, files.collect())
}

/// The options that decide what a run stores, for `import_runs`. Threads are none of them: they change nothing.
fn options_text(options: &Options) -> String {
    let read = &options.read;
    let mapping = &options.fields.mapping;
    let columns: Vec<(&str, Option<&str>)> =
        mapping.columns.iter().map(|(header, target)| (header.as_str(), target.as_deref())).collect();
    json!({
        "format": read.format.map(|format| format.name()),
        "delimiter": read.delimiter.map(|delimiter| char::from(delimiter).to_string()),
        "encoding": read.encoding.map(crate::source::decode::name),
        "header": header_text(&read.header),
        "sheet": read.sheet,
        "pad_short_rows": read.pad_short_rows,
        "map": columns,
        "constants": mapping.constants,
        "values": mapping.values,
        "null_tokens": options.fields.null_tokens,
        "max_record_bytes": read.max_record_bytes,
        "limit": read.limit,
        "key": options.fields.key,
        "on_invalid_clear": options.fields.clear_invalid,
        "relax": options.fields.relax,
        "max_rejects": options.max_rejects,
        "max_reject_ratio": options.max_reject_ratio,
        "first_id": options.first_id,
    })
    .to_string()
}

fn header_text(place: &HeaderPlace) -> serde_json::Value {
    match place {
        HeaderPlace::Found => serde_json::Value::Null,
        HeaderPlace::Line(line) => json!(line),
        HeaderPlace::Given(names) => json!(names),
    }
}
