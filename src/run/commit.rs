//! What is done for each block in order ([`Committer`]): [`AllKeys`] finds duplicates, [`Resolver`] decides what becomes of a record,
//! [`CustomerWriter`] stores it, [`Reports`] lists it, [`Ledger`] counts it.

use std::{ops::Range, sync::Arc};

use super::accepted::{Accepted, Action, LastWins};
use super::ledger::{Ledger, RunRecord};
use super::options::{Command, Observer, Options};
use super::parents::found::{Comparison, FoundParents};
use super::resolver::{Resolved, Resolver};
use super::tally::{listed_spans, threshold_passed};
use super::target::{CustomerWriter, Target};
use super::worker::{Checked, Found, Worker};
use super::{committed_input::CommittedInput, cutter::Stops, events, prepare::Prepared, reports::Reports};
use super::{existing::existing_matches, keys::AllKeys};
use super::{resume::Replay, start::Start, threads::stop_if_signalled};
use crate::core::judge::{Checker, Outcome, ParentPlan, Stamp, Verdict};
use crate::core::{judge::plan::Plan, mode::Duplicates, record::TextBefore, text::visible};
use crate::disk::folder_of;
use crate::error::{Error, Result};
use crate::read::InputRead;
use crate::report::folder::ReportFolder;
use crate::sink::sqlite::{Checkpoint, Circle, InputPosition, keys::RunPosition};

pub(super) struct Committer<'r> {
    pub(super) options: &'r Options,
    pub(super) plan: Arc<Plan>,
    keys: AllKeys,
    resolver: Resolver,
    pub(super) writer: CustomerWriter,
    pub(super) reports: Reports,
    pub(super) ledger: Ledger,
    run_name: String,
    /// Whether each input finds the customers of those before it, as if it had a run of its own.
    pub(super) one_by_one: bool,
    /// The first free customer ID when the run started.
    first_free_id: i64,
    /// The number of customers then.
    customers_before: i64,
    pub(super) kept: Option<Kept>,
    parents: Option<Arc<FoundParents>>,
    comparison: Comparison,
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

impl<'r> Committer<'r> {
    /// Reads the keys of the existing customers, and creates the reports in `folder`.
    pub(super) fn new(
        options: &'r Options,
        plan: Arc<Plan>,
        target: Target,
        folder: Option<ReportFolder>,
        record: RunRecord,
        start: &mut Start,
        one_by_one: bool,
    ) -> Result<Committer<'r>> {
        let counts = start.unfinished.as_ref().map(|run| run.row.counts).unwrap_or_default();
        let (first_free_id, customers_before) = match (&start.unfinished, &target) {
            (Some(run), _) => (run.checkpoint.start_customer_id, run.checkpoint.customers - counts.created as i64),
            (None, Target::Database(store)) if options.commit_every.is_none() => (store.next_id, 0),
            (None, Target::Database(store)) => (store.next_id, store.count_customers()?),
            (None, _) => (i64::MAX, 0),
        };
        // An import has room beside its database; a check uses the system's folder for temporary files.
        let spill = match (options.command, &options.database) {
            (Command::Import, Some(database)) => folder_of(database),
            _ => std::env::temp_dir(),
        };
        let keys = AllKeys::new(&plan, &target, first_free_id, &spill)?;
        let reports = Reports::new(folder, options.accepted)?;
        let last_wins = (options.duplicates == Duplicates::Last).then(|| LastWins::new(spill));
        let mut resolver = Resolver::new(plan.mode, target.has_customers(), reports.accepted.is_some(), last_wins);
        resolver.notes_changes = one_by_one && !plan.unique.is_empty();
        let writer = CustomerWriter {
            target,
            plan: Arc::clone(&plan),
            database: options.database.clone().unwrap_or_default(),
            started_at: record.row.started_at.clone(),
            replay: start.unfinished.take().map(|run| Replay::new(run.checkpoint, counts)),
            created: None,
            moved: Vec::new(),
        };
        let ledger = Ledger::new(record, plan.fields.len(), counts);
        let run_name = start.run_name.clone();
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
            first_free_id,
            customers_before,
            kept: None,
            parents: None,
            comparison: Comparison::default(),
        })
    }

    /// The same, for records whose parents were looked up.
    pub(super) fn with_parents(self, parents: Option<FoundParents>) -> Committer<'r> {
        Committer { comparison: Comparison::with(parents.as_ref()), parents: parents.map(Arc::new), ..self }
    }

    pub(super) fn stops(&self) -> Stops {
        Stops {
            every: self.options.commit_every.filter(|_| self.options.command == Command::Import),
            first: self.writer.replay.as_ref().map(|replay| replay.checkpoint.records),
        }
    }

    /// Adds the next input, the `index`-th from 0. Returns what its blocks are checked with.
    pub(super) fn begin_input(&mut self, prepared: &Prepared, index: usize) -> Worker {
        let (options, plan, shape) = (self.options, Arc::clone(&self.plan), prepared.shape.clone());
        let run = &self.ledger.record.row;
        let stamp = Stamp { now: run.started_at.clone(), run: run.run_id, file: index as i64 + 1 };
        let checker = Checker::new(plan, shape, stamp, options.accepted, options.read.max_record_bytes);
        let rejects = self.reports.begin_input(prepared, &checker);
        self.ledger.inputs.push(CommittedInput::new(prepared, rejects));
        let dialect = &prepared.input.dialect;
        Worker {
            checker,
            input: index,
            path: prepared.summary.path.clone(),
            run: self.run_name.clone(),
            delimiter: dialect.csv.delimiter,
            is_table: dialect.format.is_table(),
            keys: self.keys.shared(),
            reports: self.reports.folder.is_some(),
            has_customers: self.writer.target.has_customers(),
            parents: self.parents.clone(),
        }
    }

    /// Commits the next block. `false` if a threshold was passed at a checkpoint, and the run ends here.
    pub(super) fn block(&mut self, mut checked: Checked, observer: &mut dyn Observer) -> Result<bool> {
        self.refuse_unexpected_parent(&checked)?;
        self.keys.add_block(&checked)?;
        let matches = existing_matches(&checked, &self.plan, &self.writer.target, self.reports.accepted.is_some())?;
        let (input, first, first_record) = (checked.worker.input, checked.first, checked.block.first_record);
        let (mut counts, mut tally) = (checked.found.counts, std::mem::take(&mut checked.found.tally));
        let records = counts.read - counts.blank;
        self.comparison.add_block(records, checked.digest);
        let met_keys = std::mem::take(&mut checked.verdicts.met_keys);
        let unknown_are_errors = self.options.unknown_columns_are_errors;
        let columns = self.ledger.inputs[input].columns_of(met_keys, &self.plan, unknown_are_errors)?;
        let Resolved { accepted, rejected } =
            self.resolver.resolve(&checked, matches, &mut self.keys, &self.writer, &self.ledger, &mut tally)?;
        counts.accepted -= rejected.len() as u64;
        counts.rejected += rejected.len() as u64;
        let verdicts = &checked.verdicts;
        self.ledger.add_cells(input, &columns, &checked.cells, &rejected, verdicts);
        match accepted {
            None => {
                let is_accepted = |verdict: &Verdict| matches!(verdict.outcome, Outcome::Accepted { .. });
                let records = checked.block.positions().zip(&verdicts.verdicts);
                let created = records.filter(|(_, verdict)| is_accepted(verdict));
                self.comparison.add_created(input, created.map(|((position, _), _)| position.record));
                self.ledger.count(input, |counts| counts.created += checked.found.rows.len() as u64);
                self.create(&verdicts.rows, &checked.found.rows)?;
            }
            Some(mut accepted) => match &mut self.resolver.last_wins {
                Some(last_wins) => {
                    last_wins.push_block((first, first_record), &verdicts.rows, &mut accepted, &columns)?
                }
                None => self.store(&verdicts.rows, &accepted)?,
            },
        }
        let is_key_reject = |index| rejected.binary_search_by_key(&index, |rejected| rejected.index).is_ok();
        let is_reject = |index: usize| verdicts.verdicts[index].outcome == Outcome::Rejected || is_key_reject(index);
        let rejected_before = self.ledger.counts.rejected;
        let listed = listed_spans(self.options, rejected_before, counts.rejected, verdicts.verdicts.len(), is_reject);
        let (more_errors, more_rejects): (Vec<_>, Vec<_>) =
            rejected.into_iter().map(|key| ((key.index, key.error), (key.index, key.reject))).unzip();
        let Found { errors, rejects, .. } = checked.found;
        self.reports.write_block(input, &errors.with(more_errors, listed), &rejects.with(more_rejects, listed))?;
        self.ledger.add_block(input, &counts, &tally, checked.block.file_bytes, first + records);
        match checked.block.stop.take() {
            Some(text_before) => self.checkpoint(input, first_record + records - 1, text_before, observer),
            None => Ok(true),
        }
    }

    /// An error if a record refers to a parent although none was looked up: keys of JSON may come late.
    fn refuse_unexpected_parent(&self, checked: &Checked) -> Result<()> {
        let Some(index) = checked.verdicts.unexpected_parent else { return Ok(()) };
        let path = visible(self.ledger.path(checked.worker.input)).into_owned();
        let record = checked.block.first_record + index as u64;
        let fields = self.plan.parents.iter().flat_map(ParentPlan::referring);
        let columns: Vec<&str> = fields.map(|field| self.plan.fields[field].column.as_str()).collect();
        Err(Error::Usage(format!(
            "{path}: record {record} names a parent, and no record at the beginning of the input does, so parents were not looked \
             up. Name the key with --map 'KEY=FIELD', where FIELD is {}",
            columns.join(" or ")
        )))
    }

    /// Stores accepted records, counts them and lists them. Their rows are in `bytes`.
    fn store(&mut self, bytes: &[u8], accepted: &[Accepted<'_>]) -> Result<()> {
        let created = accepted.iter().filter(|accepted| accepted.action == Action::Created);
        let rows: Vec<Range<u32>> = created.map(|accepted| accepted.row.clone()).collect();
        let first_id = self.create(bytes, &rows)?;
        self.writer.change(bytes, accepted)?;
        for accepted in accepted {
            if accepted.action == Action::Created {
                self.comparison.add_created(accepted.input, std::iter::once(accepted.position.record));
            }
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

    fn store_last_wins(&mut self) -> Result<()> {
        loop {
            stop_if_signalled(&self.options.stop)?;
            let batch = self.resolver.last_wins.as_mut().map_or(Ok(None), LastWins::next_batch)?;
            let Some((bytes, accepted)) = batch else { return Ok(()) };
            self.store(&bytes, &accepted)?;
        }
    }

    /// Ends an input. Returns notices about it.
    pub(super) fn end_input(&mut self, input: usize, read: InputRead) -> Result<Vec<String>> {
        self.reports.end_input(input)?;
        self.comparison.end_input(input, self.ledger.path(input))?;
        let notes = self.ledger.inputs[input].end(read, &self.plan, self.options)?;
        if self.one_by_one && !self.ledger.is_complete() {
            // The next input finds the customers of this one, so the keys of its records are free again.
            self.store_last_wins()?;
            self.writer.end_input()?;
            self.keys.end_input();
        }
        Ok(notes)
    }

    /// Takes a checkpoint after the `record`-th record of an input. `false` if a threshold was passed, and the run ends here.
    fn checkpoint(&mut self, input: usize, record: u64, at: TextBefore, observer: &mut dyn Observer) -> Result<bool> {
        let TextBefore { line, byte_offset, sha256 } = at;
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
        self.refuse_circle()?;
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
            customers: self.customers_before + self.ledger.counts.created as i64,
            start_customer_id: self.first_free_id,
            next_customer_id: store.next_id,
            change_counter: None,
        };
        let (run, files) = self.ledger.checkpoint_rows(self.writer.created);
        let kept = self.kept_now();
        let store = store.checkpoint(&run, &files, &checkpoint, |note| {
            // Whatever fails from here on, this much is committed.
            self.kept = Some(kept);
            events::checkpoint(checkpoint.run_id, checkpoint.records);
            note.iter().for_each(|note| observer.note(note));
        })?;
        self.writer.target = Target::Database(Box::new(store));
        Ok(())
    }

    fn balance(&self) -> Result<()> {
        self.ledger.balance()?;
        let (created, updated) = self.ledger.stored();
        self.writer.balance(created, updated)
    }

    pub(super) fn finish(mut self) -> Result<Committer<'r>> {
        if let Some(replay) = &self.writer.replay {
            return Err(replay.ended_too_early(&self.writer.database, self.ledger.records));
        }
        self.store_last_wins()?;
        self.comparison.end()?;
        self.refuse_circle()?;
        self.balance()?;
        Ok(self)
    }

    /// An error if a customer that was moved since the last checkpoint would be its own ancestor; nobody was below one that the run
    /// creates. Records that would do that are rejected, if they name parents by a value; this finds it where they name IDs, or where
    /// several inputs, or values that are kept, move customers.
    fn refuse_circle(&mut self) -> Result<()> {
        // Without customers from before, all were created by records whose parents were resolved.
        let mut moved = std::mem::take(&mut self.writer.moved);
        if moved.is_empty() || self.writer.target.customers().is_none() {
            return Ok(());
        }
        moved.sort_unstable();
        // Rows may be gathered beside the database.
        self.writer.end_input()?;
        match Circle::through(&moved, |customer| self.writer.target.parent_of(customer))? {
            None => Ok(()),
            Some(circle) => {
                Err(Error::database(&self.writer.database, format!("{circle}; correct the parents in the input")))
            }
        }
    }
}
