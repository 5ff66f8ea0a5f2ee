//! A run, from inputs to a database and reports: [`run`].
//!
//! ```text
//! inputs ─► prepare ─► journey ────────────────────────────────► close
//!           profile,   cut (one thread) ─► check (rayon) ─►      thresholds, balance,
//!           binding    commit (this thread, in order)            summary, commit, publish
//! ```
//! All threads live in `journey`. What a person sees while a run goes on is for an [`Observer`].

mod advice;
mod already_loaded;
mod cells;
mod checkpoint;
mod commit;
mod core_errors;
mod events;
mod fate;
mod history;
mod hold;
mod inspect;
mod journey;
pub mod option_table;
mod option_text;
mod options;
mod place;
mod prepare;
mod redo;
mod resume;
mod tally;
mod waiting;
mod worker;

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use xxhash_rust::xxh3::xxh3_128;

use self::already_loaded::Known;
use self::commit::{Committed, Committer, most_listed};
use self::events::Watched;
use self::hold::take_hold;
use self::place::{finish_earlier_reports, relative_reports, reports_place};
use crate::core::judge::Stamp;
use crate::core::judge::plan::Plan;
use crate::core::profile::Profile;
use crate::core::text::visible;
use crate::disk::{are_one_file, without_links};
use crate::error::{Error, Result};
use crate::read::expand::expand;
use crate::read::input::ReadOptions;
use crate::report::folder::{ACCEPTED, ReportFolder, SUMMARY, Trace, WrittenReport};
use crate::report::summary::{Counts, InputSummary, Status, Summary};
use crate::shell;
use crate::sink::sqlite::{
    Customers, FINISHED, FileRow, Held, Imagined, NOTHING_LOADED, Origin, RunRow, Store, StoreOptions, Stored,
    Unfinished,
};

pub use self::events::{TARGET, refused};
pub use self::history::{Asked, RunStory, UndoOptions, one_run, prune, runs, undo};
pub use self::inspect::{ColumnContent, FitSummary, Inspection, LOOKED_AT, RejectExample, StoredRecord, inspect};
pub use self::option_text::told_options;
pub use self::options::{Command, Observer, Options, Progress, Unobserved};

/// The customers that a run's keys are compared with, and where its rows go.
#[derive(Debug)]
enum Target {
    Database(Box<Store>),
    LookedAt(Box<Customers>),
    /// The same in a check of several inputs, each of which is to find what those before it would have left.
    Imagined(Box<Imagined>),
    Nothing,
}

impl Target {
    /// Gives the keys of customers with IDs below `below`, and so many customers with one and the same key.
    fn for_each_key(&self, below: i64, each: impl FnMut(i64, &str)) -> Result<()> {
        match self {
            Target::Database(store) => store.for_each_key(below, each),
            Target::LookedAt(customers) => customers.for_each_key(each),
            Target::Imagined(imagined) => imagined.there().map_or(Ok(()), |there| there.for_each_key(each)),
            Target::Nothing => Ok(()),
        }
    }

    fn key_of(&self, customer: i64) -> Result<Option<String>> {
        match self {
            Target::Database(store) => store.key_of(customer),
            Target::LookedAt(customers) => customers.key_of(customer),
            Target::Imagined(imagined) => imagined.there().map_or(Ok(None), |there| there.key_of(customer)),
            Target::Nothing => Ok(None),
        }
    }

    fn origin_of(&self, customer: i64) -> Result<Origin> {
        match self {
            Target::Database(store) => store.origin_of(customer),
            Target::LookedAt(customers) => customers.origin_of(customer),
            // Only a run that creates alone asks, and imagines nothing.
            Target::Imagined(_) | Target::Nothing => Ok(Origin::default()),
        }
    }

    fn look_at(&self, columns: &[&str], customers: &[i64], each: impl FnMut(usize, Stored<'_, '_>)) -> Result<()> {
        match self {
            Target::Database(store) => store.look_at(columns, customers, each),
            Target::LookedAt(seen) => seen.look_at(columns, customers, each),
            Target::Imagined(imagined) => imagined.look_at(columns, customers, each),
            Target::Nothing => Ok(()),
        }
    }

    /// Whether there is a database with customers who could be meant.
    fn has_customers(&self) -> bool {
        match self {
            Target::Imagined(imagined) => imagined.there().is_some(),
            other => !matches!(other, Target::Nothing),
        }
    }

    /// The same for a check of several inputs.
    fn imagined(self, plan: &Plan, options: &Options) -> Result<Target> {
        let there = match self {
            Target::LookedAt(customers) => Some(customers),
            Target::Nothing => None,
            other => return Ok(other),
        };
        Ok(Target::Imagined(Box::new(Imagined::new(there, Arc::clone(&plan.profile), &options.stop)?)))
    }
}

/// Does what `options` say.
///
/// Gives the run in numbers, also where a threshold was passed and nothing was written ([`Status::Threshold`]), and where there
/// was nothing to do ([`Status::Skipped`]). On an error the database is as it was, or as it was at the last checkpoint, and no
/// report is left.
pub fn run(options: &Options, observer: &mut dyn Observer) -> Result<Summary> {
    let options = &Options { database: options.database.as_deref().map(without_links), ..options.clone() };
    let mut observer = Watched::start(options, observer);
    let done = load(options, &mut observer);
    observer.end(options, &done);
    done
}

fn load(options: &Options, observer: &mut Watched<'_>) -> Result<Summary> {
    let mut clock = Clock::start(options.now);
    let candidates = Arc::new(prepare::candidates(options)?);
    // Before the database is taken hold of: closing a file of SQLite's would undo its locks.
    let paths = inputs_of(options, observer)?;
    refuse_database_as_input(options, &paths)?;
    let held = match (options.command, &options.database) {
        (Command::Import, Some(database)) => Some(take_hold(database, options.wait, &options.stop, observer)?),
        _ => None,
    };
    let unfinished = held.as_ref().map_or(Ok(None), Held::unfinished)?;
    let run_id = match (&unfinished, &held) {
        (Some(run), _) => run.checkpoint.run_id,
        (None, Some(held)) => held.next_run()?,
        (None, None) => 1,
    };
    observer.run = held.as_ref().map(|_| run_id);
    let database_id = match &held {
        Some(held) => held.database_id()?.unwrap_or_else(|| new_database_id(options.now)),
        None => String::new(),
    };
    // A check is no run, and has no number that could be looked up.
    let report_run = held.as_ref().map(|_| format!("{run_id}-{:.8}", database_id)).unwrap_or_default();
    if let Some(run) = &unfinished {
        clock.started.clone_from(&run.started_at);
    }
    if let (Some(held), Some(database)) = (&held, &options.database) {
        finish_earlier_reports(held, database, observer)?;
    }
    let place = reports_place(options, run_id)?;
    let who = format!("run {run_id} (process {}, since {})", std::process::id(), clock.started);
    let trace = match (&held, &options.database, &place) {
        (Some(_), Some(database), Some(place)) => Some(Trace::leave(database, place, &who)?),
        _ => None,
    };
    let loaded = match &held {
        Some(held) if !options.force => Some(held.loaded()?),
        _ => None,
    };

    // What is no file is compared with what was loaded, too, and with the other inputs.
    let spools = loaded.as_ref().is_some_and(|loaded| !loaded.is_empty() || paths.len() > 1);
    let inputs = journey::open(options, paths, spools, &candidates)?;
    let profile = prepare::profile(options, &inputs, &candidates, observer);
    let profile = profile.inspect_err(|_| observer.inputs(&inputs))?;
    let mut undone = BTreeSet::new();
    let inputs = match (&held, loaded) {
        (Some(held), Some(loaded)) => {
            let identities = already_loaded::identities(&inputs, &loaded, options)?;
            if options.redo {
                undone = redo::undo_first(held, &identities, &loaded, options, &clock.started, observer)?;
            }
            let known = Known::new(&loaded, |run| !undone.contains(&run), options.fields.mode);
            let left = already_loaded::leave_out(inputs, identities, &known, &profile, options, run_id, observer);
            match left {
                // The run that was stopped comes first.
                Err(Error::LoadedOtherwise { .. }) if unfinished.is_some() => Vec::new(),
                left => left?,
            }
        }
        _ => inputs,
    };
    // A run that was stopped has changed something since.
    if inputs.is_empty() && unfinished.is_none() {
        return Ok(already_loaded::skipped(&profile, options, &clock));
    }
    observer.inputs(&inputs);
    let plan = Arc::new(Plan::new(profile, &options.fields)?);
    if let Some(run) = &unfinished {
        resume::refuse_others(run, options, &plan.profile, &inputs)?;
        observer.note(&resume::said(run));
        events::resume(run_id, run.checkpoint.records);
    }
    let prepared = prepare::bind(inputs, &plan, options, observer)?;

    // What an input has done, the next one finds.
    let one_by_one = plan.mode.changes() && prepared.len() > 1;
    let notes_inputs = one_by_one && options.commit_every.is_some();
    let run = (run_id, database_id, notes_inputs);
    let target = open_target(options, &plan, held, run, unfinished.as_ref(), observer)?;
    let check_id = match &target {
        Target::LookedAt(customers) => customers.next_run(),
        _ => run_id,
    };
    let target = if one_by_one { target.imagined(&plan, options)? } else { target };
    let place = if check_id == run_id { place } else { reports_place(options, check_id)? };
    let folder = place.as_deref().map(ReportFolder::create).transpose()?;

    let length = prepared.iter().map(|prepared| prepared.input.length).sum::<Option<u64>>();
    observer.start(length);
    let stamp = Stamp { now: clock.started.clone(), run: check_id, file: 0 };
    let book = Book::new(options, &plan, &clock, place.as_deref(), undone);
    let mut committer = Committer::new(
        options,
        Arc::clone(&plan),
        target,
        folder,
        book,
        report_run,
        unfinished.map(|run| (run.checkpoint, run.counts)),
    )?;
    committer.one_by_one = one_by_one;
    let ended = journey::travel(prepared, &candidates, &plan, &stamp, options, &mut committer, observer);
    let kept = committer.kept();
    let ended =
        ended.and_then(|()| close(options, &plan.profile, &clock, committer, place.as_deref(), check_id, observer));
    match (trace, &ended) {
        // The next run follows it, and puts the reports in place or removes them.
        (Some(trace), Err(Error::InDoubt { .. })) => trace.leave_behind(),
        (trace, _) => drop(trace),
    }
    ended.map_err(|error| match kept {
        Some(records) => {
            Error::AtCheckpoint { error: Box::new(error), run_id, undo: undo_of(run_id, options), records }
        }
        None => error,
    })
}

/// The files that are the run's inputs. What lies among them and is none is said.
fn inputs_of(options: &Options, observer: &mut dyn Observer) -> Result<Vec<PathBuf>> {
    let mut others = 0_u64;
    let paths = expand(&options.inputs, |path, why| {
        others += 1;
        if others <= MOST_PASSED_OVER {
            observer.note(&format!("{}: passed over, for {why}", visible(&path.to_string_lossy())));
        }
    });
    if others > MOST_PASSED_OVER {
        observer.note(&format!("{} more files are passed over", others - MOST_PASSED_OVER));
    }
    paths
}

/// The most files that are named as no inputs.
const MOST_PASSED_OVER: u64 = 100;

/// A database is no input, and least of all the one that is loaded into: closing it would undo its locks.
fn refuse_database_as_input(options: &Options, paths: &[PathBuf]) -> Result<()> {
    let Some(database) = &options.database else { return Ok(()) };
    let is_it = |path: &&PathBuf| path.as_os_str() != "-" && database.is_file() && are_one_file(path, database);
    match paths.iter().find(is_it) {
        Some(path) => Err(Error::Input { path: path.clone(), doing: "it is the database itself".into() }),
        None => Ok(()),
    }
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

/// How a run ends that was read to its end, or to a limit on rejects; and why, where it has not loaded what it should.
fn how_it_ends(options: &Options, outcome: &Committed, run_id: i64) -> (Status, Option<String>) {
    let counts = &outcome.counts;
    if let Some(reason) = threshold_passed(options, counts) {
        let left = match &outcome.kept {
            Some(kept) => {
                let (records, undo) = (kept.records, undo_of(run_id, options));
                format!("what was loaded up to record {records} is kept; `{undo}` undoes it")
            }
            None => "the database is as it was".to_string(),
        };
        return (Status::Threshold, Some(format!("{reason}; {left}")));
    }
    let undoes = !outcome.book.undone.is_empty();
    match options.command {
        Command::Check => (Status::Checked, None),
        Command::Import if counts.accepted == 0 && undoes => {
            let reason = "no record was accepted, so no run is undone; the database is as it was";
            (Status::NothingLoaded, Some(reason.to_string()))
        }
        Command::Import if counts.accepted == 0 && counts.rejected > 0 => (Status::NothingLoaded, None),
        Command::Import => (Status::Finished, None),
    }
}

/// The end of a run: everything is known, and it is decided what stays.
fn close(
    options: &Options,
    profile: &Profile,
    clock: &Clock,
    committer: Committer<'_>,
    place: Option<&Path>,
    run_id: i64,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    observer.finishing("writing the reports and the database");
    let mut outcome = committer.finish()?;
    let counts = outcome.counts;
    let (status, reason) = how_it_ends(options, &outcome, run_id);
    // Runs are not undone for nothing.
    let is_kept = status != Status::Threshold && (outcome.book.undone.is_empty() || counts.accepted > 0);
    if let (Status::Threshold, Some(reason)) = (status, &reason) {
        events::threshold(options.command, run_id, reason, &counts);
    }
    if !is_kept {
        outcome.customers = outcome.kept.as_ref().and_then(|kept| kept.customers);
    }
    let written = std::mem::take(&mut outcome.written);
    let sync = || written.iter().try_for_each(WrittenReport::sync);
    outcome.target = match outcome.target {
        // Before the summary is written, so that its clock has it; and while the reports go to the disk.
        Target::Database(store) if is_kept => {
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
        kept_records: outcome.kept.filter(|_| status == Status::Threshold).map(|kept| kept.records),
        // A redo that is given up leaves no run, and its number to the next.
        run_id: (options.command == Command::Import && (is_kept || status == Status::Threshold)).then_some(run_id),
        undone_runs: outcome.book.undone.iter().copied().filter(|_| is_kept).collect(),
        profile: profile.name.clone(),
        mode: options.fields.mode.name(),
        database: options.database.as_deref().map(shown_path),
        reports: place.map(shown_path),
        counts,
        first_customer_id: outcome.customers.map(|(first, _)| first),
        last_customer_id: outcome.customers.map(|(_, last)| last),
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
        // The list names customers who are not there: all of them, or those behind the last checkpoint.
        match &outcome.kept {
            _ if is_kept || !options.accepted => {}
            Some(kept) => folder.cut(ACCEPTED, kept.accepted_bytes)?,
            None => folder.remove(ACCEPTED)?,
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
        if !is_kept {
            store.abandon()?;
        } else {
            let inputs: Vec<&InputSummary> = summary.inputs.iter().collect();
            let noted = if status == Status::NothingLoaded { NOTHING_LOADED } else { FINISHED };
            let (run, files) = outcome.book.rows(noted, summary.ended_at.clone(), counts, outcome.customers, &inputs);
            let said = match store.commit(&run, &files) {
                Err(error @ Error::InDoubt { .. }) => {
                    // If the run is there after all, it is to have its reports.
                    if let Some(folder) = outcome.folder {
                        folder.leave();
                    }
                    return Err(error);
                }
                done => done?,
            };
            events::commit(run_id, &counts);
            if let Some(said) = said {
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

/// The command that undoes a run of these options.
fn undo_of(run_id: i64, options: &Options) -> String {
    shell::undo(run_id, options.database.as_deref().unwrap_or(Path::new(shell::DEFAULT_DATABASE)))
}

/// The clock of a run.
#[derive(Clone, Debug)]
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

/// What tells a new database from others. With a clock that is told, runs repeat exactly, and so does this.
fn new_database_id(now: Option<DateTime<Utc>>) -> String {
    let random = || {
        let number = || RandomState::new().hash_one(Instant::now());
        format!("{:016x}{:016x}", number(), number())
    };
    now.map_or_else(random, |now| format!("{:032x}", xxh3_128(stamp_of(now).as_bytes())))
}

fn stamp_of(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn shown_path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn open_target(
    options: &Options,
    plan: &Plan,
    held: Option<Held>,
    (run_id, database_id, notes_inputs): (i64, String, bool),
    unfinished: Option<&Unfinished>,
    observer: &mut dyn Observer,
) -> Result<Target> {
    let Some(path) = &options.database else { return Ok(Target::Nothing) };
    let store = StoreOptions {
        path: path.clone(),
        run_id,
        database_id,
        profile: Arc::clone(&plan.profile),
        key: plan.key.map(|key| plan.fields[key.field].column.clone()),
        // A second one makes a key ambiguous.
        most_of_a_key: if plan.mode.changes() { 2 } else { 1 },
        first_id: options.first_id,
        wait: options.wait,
        threads: options.threads,
        notes_inputs,
        stop: Arc::clone(&options.stop),
    };
    if let Some(held) = held {
        let store = Store::open(held, store)?;
        if let Some(run) = unfinished
            && store.refuse_changed(&run.checkpoint)?
        {
            observer.note(&format!(
                "{}: another program has written to it since run {run_id} stopped; what the run loaded is unchanged, so it \
                 continues",
                path.display()
            ));
        }
        return Ok(Target::Database(Box::new(store)));
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
        let listed = most_listed(options).filter(|listed| counts.rejected > *listed);
        let listed = listed.map(|listed| format!(" (the reports list the first {listed})")).unwrap_or_default();
        return Some(format!("{} records were rejected{listed}, and --max-rejects allows {most}", counts.rejected));
    }
    if let Some(most) = options.max_reject_ratio
        && counts.rejected as f64 > most * records as f64
    {
        let ratio = counts.rejected as f64 / records as f64;
        return Some(format!(
            "{} of {records} records were rejected ({:.2} %), and --max-reject-ratio {most} allows {} %",
            counts.rejected,
            100.0 * ratio,
            (most * 1e8).round() / 1e6
        ));
    }
    None
}

/// What the database is told of a run that does not change while it goes on.
#[derive(Debug)]
struct Book {
    row: RunRow,
    clock: Clock,
    /// How the inputs are read.
    read: ReadOptions,
    /// The runs that are undone in the same transaction.
    undone: BTreeSet<i64>,
}

impl Book {
    fn new(options: &Options, plan: &Plan, clock: &Clock, place: Option<&Path>, undone: BTreeSet<i64>) -> Book {
        let columns = plan.fields.iter().map(|field| field.column.as_str()).collect::<Vec<_>>();
        let row = RunRow {
            profile: plan.profile.name.clone(),
            mode: options.fields.mode.name(),
            options: option_text::text(options),
            columns: json!(columns).to_string(),
            started_at: clock.started.clone(),
            reports: place.map(|place| relative_reports(options, place)).unwrap_or_default(),
            ..RunRow::default()
        };
        Book { row, clock: clock.clone(), read: options.read.clone(), undone }
    }

    /// The rows of a run that has come so far, and of its inputs.
    fn rows(
        &self,
        status: &'static str,
        ended_at: String,
        counts: Counts,
        customers: Option<(i64, i64)>,
        inputs: &[&InputSummary],
    ) -> (RunRow, Vec<FileRow>) {
        let run = RunRow {
            ended_at,
            status,
            counts,
            first_customer_id: customers.map(|(first, _)| first),
            last_customer_id: customers.map(|(_, last)| last),
            ..self.row.clone()
        };
        let files = inputs.iter().map(|input| FileRow {
            path: input.path.clone(),
            bytes: input.bytes,
            sha256: input.sha256.clone(),
            counts: input.counts,
            absolute_path: input.absolute_path.clone(),
            part: already_loaded::part(&self.read, input.format),
            is_reject_report: input.is_reject_report,
        });
        (run, files.collect())
    }
}
