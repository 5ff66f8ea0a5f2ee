//! The counts of a run: [`Ledger`] adds up what became of all records and cells, checks that the sums balance, and makes the
//! rows of `import_runs` and `import_files` ([`RunRecord`]).

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use super::accepted::LateReject;
use super::cells::{CellFate, balance_cells, column_of};
use super::clock::Clock;
use super::committed_input::{CommittedInput, balance};
use super::cutter::InputEnd;
use super::identity::part;
use super::option_text;
use super::options::{Options, Progress};
use super::report_paths::relative_reports;
use super::tally::Tally;
use crate::core::judge::plan::Plan;
use crate::core::judge::{MetKeys, Verdicts};
use crate::core::record::{Balance, CellOutcome};
use crate::error::{Error, Result};
use crate::read::input::ReadOptions;
use crate::report::summary::{Counts, InputSummary};
use crate::sink::sqlite::keys::RunPosition;
use crate::sink::sqlite::{FileRow, RunRow, UNFINISHED};

#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) record: RunRecord,
    inputs: Vec<CommittedInput>,
    /// The sum of the inputs' counts, kept because it is needed after every block and there may be many inputs.
    pub(super) counts: Counts,
    tally: Tally,
    bytes: u64,
    pub(super) records: RunPosition,
    /// The counts at the checkpoint from which a stopped run continues.
    before: Counts,
}

#[derive(Debug)]
pub(super) struct Totals {
    pub(super) record: RunRecord,
    pub(super) inputs: Vec<InputSummary>,
    pub(super) counts: Counts,
    pub(super) tally: Tally,
}

impl Ledger {
    pub(super) fn new(record: RunRecord, fields: usize, before: Counts) -> Ledger {
        let (inputs, tally) = (Vec::new(), Tally::new(fields));
        Ledger { record, inputs, counts: Counts::default(), tally, bytes: 0, records: 0, before }
    }

    pub(super) fn begin_input(&mut self, input: CommittedInput) {
        self.inputs.push(input);
    }

    /// The path of an input, as it was named.
    pub(super) fn path(&self, input: usize) -> &str {
        &self.inputs[input].summary.path
    }

    pub(super) fn progress(&self) -> Progress {
        Progress { bytes: self.bytes, counts: self.counts }
    }

    /// Whether all inputs have been read to their end.
    pub(super) fn is_complete(&self) -> bool {
        self.inputs.iter().all(|input| input.is_complete)
    }

    /// Counts for an input and for the run.
    pub(super) fn count(&mut self, input: usize, count: impl Fn(&mut Counts)) {
        count(&mut self.inputs[input].summary.counts);
        count(&mut self.counts);
    }

    /// Adds the counts of a block of `bytes`, after which the run has `records` records.
    pub(super) fn add_block(&mut self, input: usize, counts: &Counts, tally: &Tally, bytes: u64, records: RunPosition) {
        self.count(input, |all| all.add(counts));
        self.tally.add(tally);
        self.bytes += bytes;
        self.records = records;
    }

    /// The columns of a block's slots. An error if a key matches no field and the options say so.
    pub(super) fn columns_of(
        &mut self,
        input: usize,
        met: MetKeys,
        plan: &Plan,
        options: &Options,
    ) -> Result<Vec<u32>> {
        self.inputs[input].columns_of(met, plan, options.unknown_columns_are_errors)
    }

    /// Adds what became of a block's cells. `cells` counts those of late rejects as if they were accepted.
    pub(super) fn add_cells(
        &mut self,
        input: usize,
        columns: &[u32],
        cells: &[Balance],
        rejected: &[LateReject],
        verdicts: &Verdicts,
    ) {
        let input = &mut self.inputs[input];
        for (slot, cells) in (0..).zip(cells).filter(|(_, cells)| cells.filled > 0 || !cells.holds()) {
            input.cells(column_of(columns, slot)).add(cells);
        }
        for rejected in rejected {
            for (slot, outcome) in verdicts.marks.outcomes_of(rejected.index) {
                input.cells(column_of(columns, slot)).move_one(outcome, CellOutcome::Rejected);
            }
        }
    }

    /// Counts the cells of a record that a later one supersedes.
    pub(super) fn supersede_cells(&mut self, input: usize, cells: &[CellFate]) {
        for (column, outcome) in cells {
            self.inputs[input].cells(*column).move_one(*outcome, CellOutcome::Superseded);
        }
    }

    /// Ends an input, and checks that its counts balance. Returns notices about it.
    pub(super) fn end_input(&mut self, end: InputEnd, plan: &Plan, options: &Options) -> Result<Vec<String>> {
        self.inputs[end.input].end(end.read, plan, options)
    }

    /// Checks that every record that was read is accepted, rejected or blank, and every accepted one stored or left out.
    pub(super) fn balance(&self) -> Result<()> {
        let counts = &self.counts;
        balance("the run", counts.read, counts)?;
        let parts = counts.created + counts.updated + counts.unchanged + counts.superseded;
        if parts != counts.accepted {
            let accepted = counts.accepted;
            return Err(Error::Unbalanced(format!("{accepted} records were accepted, and {parts} stored or left out")));
        }
        self.inputs.iter().try_for_each(|input| balance_cells(&input.summary))
    }

    /// The number of customers created and updated since the run started, or continued.
    pub(super) fn stored(&self) -> (u64, u64) {
        (self.counts.created - self.before.created, self.counts.updated - self.before.updated)
    }

    /// The rows of the run and its inputs at a checkpoint. The inputs have the lengths of their files, by which they are recognised
    /// when the run continues.
    pub(super) fn checkpoint_rows(&self, customers: Option<(i64, i64)>) -> (RunRow, Vec<FileRow>) {
        let summaries: Vec<&InputSummary> = self.inputs.iter().map(|input| &input.summary).collect();
        let (run, files) = self.record.rows(UNFINISHED, self.record.clock.now(), self.counts, customers, &summaries);
        let lengths = self.inputs.iter().map(|input| input.length);
        (run, files.into_iter().zip(lengths).map(|(file, bytes)| FileRow { bytes, ..file }).collect())
    }

    pub(super) fn finish(self) -> Totals {
        let Ledger { record, inputs, counts, tally, .. } = self;
        Totals { record, inputs: inputs.into_iter().map(|input| input.summary).collect(), counts, tally }
    }
}

/// What `import_runs` and `import_files` say of a run, as far as it does not change while it runs.
#[derive(Debug)]
pub(super) struct RunRecord {
    pub(super) row: RunRow,
    pub(super) clock: Clock,
    pub(super) read: ReadOptions,
    /// The runs that are undone in the same transaction.
    pub(super) undone: BTreeSet<i64>,
}

impl RunRecord {
    pub(super) fn new(
        options: &Options,
        plan: &Plan,
        clock: &Clock,
        reports: Option<&Path>,
        undone: BTreeSet<i64>,
    ) -> RunRecord {
        let columns = plan.fields.iter().map(|field| field.column.as_str()).collect::<Vec<_>>();
        let row = RunRow {
            profile: plan.profile.name.clone(),
            mode: options.fields.mode.name().to_string(),
            options: option_text::text(options),
            columns: json!(columns).to_string(),
            started_at: clock.started.clone(),
            reports: reports.map(|reports| relative_reports(options, reports)).unwrap_or_default(),
            ..RunRow::default()
        };
        RunRecord { row, clock: clock.clone(), read: options.read.clone(), undone }
    }

    /// The rows of the run and of its inputs, with these counts.
    pub(super) fn rows(
        &self,
        status: &str,
        ended_at: String,
        counts: Counts,
        customers: Option<(i64, i64)>,
        inputs: &[&InputSummary],
    ) -> (RunRow, Vec<FileRow>) {
        let run = RunRow {
            ended_at,
            status: status.to_string(),
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
            part: part(&self.read, input.format),
            is_reject_report: input.is_reject_report,
            ..FileRow::default()
        });
        (run, files.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::ColumnIndex;
    use super::*;
    use crate::report::summary::ColumnSummary;

    /// A ledger of inputs with one column each.
    fn ledger(inputs: usize, before: Counts) -> Ledger {
        let (read, clock) = (ReadOptions::default(), Clock::start(None));
        let record = RunRecord { row: RunRow::default(), clock, read, undone: BTreeSet::new() };
        let mut ledger = Ledger::new(record, 0, before);
        for input in 0..inputs {
            let columns = vec![ColumnSummary { cells: Some(Balance::default()), ..ColumnSummary::new("Email") }];
            let summary = InputSummary { path: format!("{input}.csv"), columns, ..InputSummary::default() };
            ledger.begin_input(CommittedInput::counting(summary, ColumnIndex::Table(vec![0]), 9));
        }
        ledger
    }

    fn is_balanced(counts: Counts) -> bool {
        let mut ledger = ledger(1, Counts::default());
        ledger.add_block(0, &counts, &Tally::new(0), 1, 1);
        ledger.balance().is_ok()
    }

    #[test]
    fn counts_that_do_not_add_up_are_an_error() {
        let right = Counts {
            read: 10,
            accepted: 7,
            created: 1,
            updated: 1,
            unchanged: 2,
            superseded: 3,
            rejected: 2,
            blank: 1,
            ..Counts::default()
        };
        assert!(is_balanced(Counts::default()) && is_balanced(right));
        let off: [fn(&mut Counts); 8] = [
            |counts| counts.read += 1,
            |counts| counts.accepted += 1,
            |counts| counts.created += 1,
            |counts| counts.updated += 1,
            |counts| counts.unchanged += 1,
            |counts| counts.superseded += 1,
            |counts| counts.rejected += 1,
            |counts| counts.blank += 1,
        ];
        for change in off {
            let mut wrong = right;
            change(&mut wrong);
            assert!(!is_balanced(wrong), "{wrong:?}");
        }
        assert!(balance("x", 11, &right).is_err());
    }

    #[test]
    fn the_run_counts_what_its_inputs_count() {
        let mut ledger = ledger(2, Counts { created: 1, updated: 2, ..Counts::default() });
        let counts = Counts { read: 5, accepted: 3, created: 3, rejected: 2, ..Counts::default() };
        ledger.add_block(0, &counts, &Tally::new(0), 100, 5);
        ledger.add_block(1, &counts, &Tally::new(0), 50, 10);
        ledger.count(1, |counts| counts.updated += 4);
        assert_eq!((ledger.counts.read, ledger.counts.created, ledger.counts.updated), (10, 6, 4));
        assert_eq!((ledger.progress().bytes, ledger.records, ledger.path(1)), (150, 10, "1.csv"));
        // What was stored before the run was stopped is not expected of the database again.
        assert_eq!(ledger.stored(), (5, 2));
        let (run, files) = ledger.checkpoint_rows(Some((3, 8)));
        assert_eq!(
            (run.status, run.first_customer_id, run.last_customer_id),
            (UNFINISHED.to_string(), Some(3), Some(8))
        );
        assert_eq!(files.iter().map(|file| (file.counts.read, file.bytes)).collect::<Vec<_>>(), [(5, 9), (5, 9)]);
        assert!(!ledger.is_complete());
    }

    #[test]
    fn cells_of_a_superseded_record_change_their_count() {
        let mut ledger = ledger(1, Counts::default());
        ledger.inputs[0].cells(0).add(&Balance { filled: 2, stored: 2, ..Balance::default() });
        ledger.supersede_cells(0, &[(0, CellOutcome::Stored)]);
        let cells = *ledger.inputs[0].cells(0);
        assert_eq!((cells.stored, cells.superseded), (1, 1));
        assert!(ledger.balance().is_ok());
        ledger.inputs[0].cells(0).filled += 1;
        assert!(ledger.balance().is_err());
    }
}
