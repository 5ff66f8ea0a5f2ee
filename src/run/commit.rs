//! What is done for each block in order: [`Committer`].
//!
//! [`Keys`] finds duplicates, [`Resolver`] decides what becomes of a record, [`CustomerWriter`] stores it, [`Reports`] lists it,
//! [`Ledger`] counts it.

use std::ops::Range;
use std::sync::Arc;

use super::accepted::{Accepted, Action, JudgedBlock};
use super::checked::Checked;
use super::committed_input::CommittedInput;
use super::cutter::{InputEnd, Stops};
use super::events;
use super::existing::existing_matches;
use super::keys::Keys;
use super::last_wins::LastWins;
use super::ledger::{Ledger, RunRecord, Totals};
use super::options::{Command, Observer, Options, Progress};
use super::prepare::Prepared;
use super::reports::Reports;
use super::resolver::{Resolved, Resolver};
use super::resume::Replay;
use super::target::Target;
use super::threads::stop_if_signalled;
use super::thresholds::{listed_spans, threshold_passed};
use super::worker::Worker;
use super::writer::CustomerWriter;
use crate::core::judge::plan::Plan;
use crate::core::judge::{Checker, Outcome};
use crate::core::mode::Duplicates;
use crate::core::record::TextBefore;
use crate::core::text::visible;
use crate::disk::folder_of;
use crate::error::Result;
use crate::report::file::WrittenReport;
use crate::report::folder::ReportFolder;
use crate::report::summary::Counts;
use crate::sink::sqlite::keys::RunPosition;
use crate::sink::sqlite::{Checkpoint, InputPosition};

pub(super) struct Committer<'r> {
    options: &'r Options,
    plan: Arc<Plan>,
    keys: Keys,
    resolver: Resolver,
    writer: CustomerWriter,
    reports: Reports,
    ledger: Ledger,
    /// The run as reject reports name it; empty for a check.
    run_name: String,
    /// Whether each input finds the customers of those before it, as if it had a run of its own.
    pub(super) one_by_one: bool,
    /// The first free customer ID when the run started, and the number of customers then.
    start: (i64, i64),
    kept: Option<Kept>,
}

/// What a run opens before its first record is read.
pub(super) struct Opened {
    pub(super) target: Target,
    pub(super) folder: Option<ReportFolder>,
    pub(super) record: RunRecord,
    /// The run as reject reports name it; empty for a check.
    pub(super) run_name: String,
    /// The last checkpoint of a stopped run, and its counts there.
    pub(super) stopped: Option<(Checkpoint, Counts)>,
    /// Whether each input finds the customers of those before it.
    pub(super) one_by_one: bool,
}

/// What a run has committed at its last checkpoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) records: RunPosition,
    /// The first and the last customer that it created for them.
    pub(super) customers: Option<(i64, i64)>,
    /// The length of the list of accepted records.
    pub(super) accepted_bytes: u64,
}

/// The run after its last block.
pub(super) struct Committed {
    pub(super) target: Target,
    pub(super) folder: Option<ReportFolder>,
    /// The reports that are not on the disk yet.
    pub(super) written: Vec<WrittenReport>,
    pub(super) totals: Totals,
    /// The first and the last customer that the run created.
    pub(super) customers: Option<(i64, i64)>,
    pub(super) kept: Option<Kept>,
}

impl<'r> Committer<'r> {
    /// Reads the keys of the existing customers, and creates the reports.
    pub(super) fn new(options: &'r Options, plan: Arc<Plan>, opened: Opened) -> Result<Committer<'r>> {
        let Opened { target, folder, record, run_name, stopped, one_by_one } = opened;
        let start = match (&stopped, &target) {
            (Some((checkpoint, counts)), _) => {
                (checkpoint.start_customer_id, checkpoint.customers - counts.created as i64)
            }
            (None, Target::Database(store)) if options.commit_every.is_some() => (store.next_id(), store.customers()?),
            (None, Target::Database(store)) => (store.next_id(), 0),
            (None, _) => (i64::MAX, 0),
        };
        // An import has room beside its database; a check uses the system's folder for temporary files.
        let spill = match (options.command, &options.database) {
            (Command::Import, Some(database)) => folder_of(database),
            _ => std::env::temp_dir(),
        };
        let keys = Keys::new(plan.key, &target, start.0, spill.clone())?;
        let reports = Reports::new(folder, options.accepted)?;
        let last_wins = (options.duplicates == Duplicates::Last).then(|| LastWins::new(spill));
        let resolver = Resolver::new(plan.mode, target.has_customers(), reports.list_accepted(), last_wins);
        let before = stopped.as_ref().map(|(_, counts)| *counts).unwrap_or_default();
        let replay = stopped.map(|(checkpoint, counts)| Replay::new(checkpoint, counts));
        let database = options.database.clone().unwrap_or_default();
        let started_at = record.row.started_at.clone();
        let ledger = Ledger::new(record, plan.fields.len(), before);
        let writer = CustomerWriter::new(target, Arc::clone(&plan), database, started_at, replay);
        Ok(Committer {
            options,
            plan,
            keys,
            resolver,
            writer,
            reports,
            ledger,
            run_name,
            one_by_one,
            start,
            kept: None,
        })
    }

    /// After which records blocks have to end.
    pub(super) fn stops(&self) -> Stops {
        Stops {
            every: self.options.commit_every.filter(|_| self.options.command == Command::Import),
            first: self.writer.replay.as_ref().map(|replay| replay.checkpoint.records),
        }
    }

    /// The number of records that are committed already.
    pub(super) fn kept(&self) -> Option<RunPosition> {
        self.kept.map(|kept| kept.records)
    }

    /// Adds the next input, the `index`-th from 0. Returns what its blocks are checked with.
    pub(super) fn begin_input(&mut self, prepared: &Prepared, checker: Checker, index: usize) -> Worker {
        let rejects = self.reports.begin_input(prepared, &checker);
        self.ledger.begin_input(CommittedInput::new(prepared, rejects));
        let dialect = &prepared.input.dialect;
        let (keys, fingerprints) = self.keys.shared();
        Worker {
            checker,
            input: index,
            path: prepared.summary.path.clone(),
            run: self.run_name.clone(),
            delimiter: dialect.csv.delimiter,
            is_table: dialect.format.is_table(),
            fingerprints,
            keys,
            reports: self.reports.are_wanted(),
            has_customers: self.writer.target.has_customers(),
        }
    }

    /// Commits the next block. `false` if a threshold was passed at a checkpoint, and the run ends here.
    pub(super) fn block(&mut self, checked: Checked, observer: &mut dyn Observer) -> Result<bool> {
        self.keys.add_block(&checked)?;
        let matches = existing_matches(&checked, &self.plan, &self.writer.target, self.reports.list_accepted())?;
        let Checked {
            mut block,
            mut verdicts,
            first,
            mut counts,
            rows,
            contested,
            errors,
            rejects,
            mut tally,
            cells,
            worker,
            ..
        } = checked;
        let input = worker.input;
        let met_keys = std::mem::take(&mut verdicts.met_keys);
        let columns = self.ledger.columns_of(input, met_keys, &self.plan, self.options)?;
        let stop = block.stop.take();
        let records = counts.read - counts.blank;
        let judged = JudgedBlock { block: &block, verdicts: &verdicts, first, worker: &worker, contested, matches };
        let Resolved { accepted, rejected } =
            self.resolver.resolve(judged, &mut self.keys, &self.writer, &self.ledger, &mut counts, &mut tally)?;
        self.ledger.add_cells(input, &columns, &cells, &rejected, &verdicts);
        match accepted {
            None => {
                self.ledger.count(input, |counts| counts.created += rows.len() as u64);
                self.create(&verdicts.rows, &rows)?;
            }
            Some(mut accepted) if self.resolver.holds_back() => {
                let start = (first, block.first_record);
                self.resolver.hold_back(start, &verdicts.rows, &mut accepted, &columns)?;
            }
            Some(accepted) => self.store(&verdicts.rows, &accepted)?,
        }
        let is_late = |index| rejected.binary_search_by_key(&index, |rejected| rejected.index).is_ok();
        let is_reject = |index: usize| verdicts.verdicts[index].outcome == Outcome::Rejected || is_late(index);
        let before = self.ledger.counts.rejected;
        let listed = listed_spans(self.options, before, counts.rejected, verdicts.verdicts.len(), is_reject);
        let (more_errors, more_rejects): (Vec<_>, Vec<_>) =
            rejected.into_iter().map(|late| ((late.index, late.error), (late.index, late.reject))).unzip();
        self.reports.write_block(input, &errors.with(more_errors, listed), &rejects.with(more_rejects, listed))?;
        self.ledger.add_block(input, &counts, &tally, block.file_bytes, first + records);
        match stop {
            Some(before) => self.checkpoint(input, block.first_record + records - 1, before, observer),
            None => Ok(true),
        }
    }

    /// Stores accepted records, counts them and lists them. Their rows are in `bytes`.
    fn store(&mut self, bytes: &[u8], accepted: &[Accepted<'_>]) -> Result<()> {
        let created = accepted.iter().filter(|accepted| accepted.action == Action::Created);
        let rows: Vec<Range<u32>> = created.map(|accepted| accepted.row.clone()).collect();
        let first_id = self.create(bytes, &rows)?;
        self.writer.change(bytes, accepted)?;
        for accepted in accepted {
            self.ledger.count(accepted.input, |counts| match accepted.action {
                Action::Created => counts.created += 1,
                Action::Updated => counts.updated += 1,
                Action::Unchanged => counts.unchanged += 1,
                Action::Superseded => counts.superseded += 1,
            });
            if accepted.action == Action::Superseded {
                self.ledger.supersede_cells(accepted.input, &accepted.cells);
            }
        }
        self.reports.write_accepted(accepted, first_id, |input| self.ledger.path(input))
    }

    /// Creates customers; the next input finds them if inputs are loaded one by one. Returns the ID of the first.
    fn create(&mut self, bytes: &[u8], rows: &[Range<u32>]) -> Result<Option<i64>> {
        let first_id = self.writer.create(bytes, rows)?;
        if let (Some(first), true) = (first_id, self.one_by_one) {
            self.keys.add_created(first, bytes, rows);
        }
        Ok(first_id)
    }

    /// Stores the records that were held back until the last with each key was known.
    fn store_held_back(&mut self) -> Result<()> {
        loop {
            stop_if_signalled(self.options)?;
            let Some((bytes, accepted)) = self.resolver.next_held_back()? else { return Ok(()) };
            self.store(&bytes, &accepted)?;
        }
    }

    /// Ends an input. Returns notices about it.
    pub(super) fn end_input(&mut self, end: InputEnd) -> Result<Vec<String>> {
        self.reports.end_input(end.input)?;
        let notes = self.ledger.end_input(end, &self.plan, self.options)?;
        if self.one_by_one && !self.is_complete() {
            // The next input finds the customers of this one, so the keys of its records are free again.
            self.store_held_back()?;
            self.writer.end_input()?;
            self.keys.end_input();
        }
        Ok(notes)
    }

    /// Whether all inputs have been read to their end.
    pub(super) fn is_complete(&self) -> bool {
        self.ledger.is_complete()
    }

    pub(super) fn progress(&self) -> Progress {
        self.ledger.progress()
    }

    /// Takes a checkpoint after the `record`-th record of an input. `false` if a threshold was passed, and the run ends here.
    fn checkpoint(
        &mut self,
        input: usize,
        record: u64,
        before: TextBefore,
        observer: &mut dyn Observer,
    ) -> Result<bool> {
        let TextBefore { line, byte_offset, sha256 } = before;
        let position = InputPosition { file: input as u64 + 1, record, line, byte_offset, sha256 };
        if let Some(replay) = &self.writer.replay {
            if replay.checkpoint.records == self.ledger.records {
                let path = visible(self.ledger.path(input));
                if let Some(what) = replay.difference(&position, &self.ledger.counts, &path) {
                    return Err(replay.cannot_continue(&self.writer.database, &what));
                }
                self.writer.replay = None;
                self.kept = Some(self.kept_now());
            }
            return Ok(true);
        }
        if threshold_passed(self.options, &self.ledger.counts).is_some() {
            return Ok(false);
        }
        self.balance()?;
        self.commit_part(position, observer)?;
        Ok(true)
    }

    fn kept_now(&self) -> Kept {
        let accepted_bytes = self.reports.accepted_bytes();
        Kept { records: self.ledger.records, customers: self.writer.created, accepted_bytes }
    }

    fn commit_part(&mut self, position: InputPosition, observer: &mut dyn Observer) -> Result<()> {
        let Target::Database(store) = std::mem::replace(&mut self.writer.target, Target::Nothing) else {
            return Ok(());
        };
        let checkpoint = Checkpoint {
            run_id: store.run_id(),
            records: self.ledger.records,
            position,
            customers: self.start.1 + self.ledger.counts.created as i64,
            start_customer_id: self.start.0,
            next_customer_id: store.next_id(),
            change_counter: None,
        };
        let (run, files) = self.ledger.checkpoint_rows(self.writer.created);
        let (paused, note) = store.checkpoint(&run, &files, &checkpoint)?;
        // Whatever fails from here on, this much is committed.
        self.kept = Some(self.kept_now());
        events::checkpoint(checkpoint.run_id, checkpoint.records);
        if let Some(note) = note {
            observer.note(&note);
        }
        self.writer.target = Target::Database(Box::new(paused.resume()?));
        Ok(())
    }

    /// Checks that the counts balance, and that the database has stored what it was given.
    fn balance(&self) -> Result<()> {
        self.ledger.balance()?;
        let (created, updated) = self.ledger.stored();
        self.writer.balance(created, updated)
    }

    /// Stores what is left, completes the reports and checks the balance.
    pub(super) fn finish(mut self) -> Result<Committed> {
        if let Some(replay) = &self.writer.replay {
            return Err(replay.ended_too_early(&self.writer.database, self.ledger.records));
        }
        self.store_held_back()?;
        self.balance()?;
        let (folder, written) = self.reports.finish()?;
        let CustomerWriter { target, created: customers, .. } = self.writer;
        Ok(Committed { target, folder, written, totals: self.ledger.finish(), customers, kept: self.kept })
    }
}
