//! The counts of a run ([`Ledger`]), which must balance, and its rows in `import_runs` and `import_files` ([`RunRecord`]).

use std::collections::BTreeSet;

use serde_json::json;

use super::committed_input::{CommittedInput, NotedCell, balance, balance_cells, column_of};
use super::options::{Options, Progress};
use super::start::{Clock, Start};
use super::{accepted::KeyReject, inputs::part, option_text, report_paths::relative_reports, tally::Tally};
use crate::core::record::{Balance, CellOutcome};
use crate::core::{judge::Verdicts, judge::plan::Plan};
use crate::error::{Error, Result};
use crate::read::input::ReadOptions;
use crate::report::summary::{Counts, InputSummary};
use crate::sink::sqlite::{FileRow, RunRow, UNFINISHED, keys::RunPosition};

pub(super) struct Ledger {
    pub(super) record: RunRecord,
    pub(super) inputs: Vec<CommittedInput>,
    /// The sum of the inputs' counts, kept because it is needed after every block and there may be many inputs.
    pub(super) counts: Counts,
    pub(super) tally: Tally,
    bytes: u64,
    pub(super) records: RunPosition,
    /// The counts at the checkpoint from which a stopped run continues.
    before: Counts,
}

impl Ledger {
    pub(super) fn new(record: RunRecord, fields: usize, before: Counts) -> Ledger {
        let (inputs, tally) = (Vec::new(), Tally::new(fields));
        Ledger { record, inputs, counts: Counts::default(), tally, bytes: 0, records: 0, before }
    }

    pub(super) fn path(&self, input: usize) -> &str {
        &self.inputs[input].summary.path
    }

    pub(super) fn progress(&self) -> Progress {
        Progress { bytes: self.bytes, counts: self.counts }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.inputs.iter().all(|input| input.is_complete)
    }

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

    /// Adds what became of a block's cells. `cells` counts those of records rejected for their key as if they were accepted.
    pub(super) fn add_cells(
        &mut self,
        input: usize,
        columns: &[u32],
        cells: &[Balance],
        rejected: &[KeyReject],
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

    pub(super) fn supersede_cells(&mut self, input: usize, cells: &[NotedCell]) {
        for (column, outcome) in cells {
            self.inputs[input].cells(*column).move_one(*outcome, CellOutcome::Superseded);
        }
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

    /// The rows of the run and its inputs at a checkpoint. The inputs are recognised later by the lengths of their files.
    pub(super) fn checkpoint_rows(&self, customers: Option<(i64, i64)>) -> (RunRow, Vec<FileRow>) {
        let summaries = self.inputs.iter().map(|input| &input.summary);
        let (run, mut files) = self.record.rows(UNFINISHED, self.record.clock.now(), self.counts, customers, summaries);
        files.iter_mut().zip(&self.inputs).for_each(|(file, input)| file.bytes = input.length);
        (run, files)
    }
}

/// What `import_runs` and `import_files` say of a run, as far as it does not change while it runs.
pub(super) struct RunRecord {
    pub(super) row: RunRow,
    pub(super) clock: Clock,
    pub(super) read: ReadOptions,
    /// The runs that are undone in the same transaction.
    pub(super) undone: BTreeSet<i64>,
}

impl RunRecord {
    pub(super) fn new(options: &Options, plan: &Plan, start: &Start, undone: BTreeSet<i64>) -> RunRecord {
        let columns: Vec<&str> = plan.fields.iter().map(|field| field.column.as_str()).collect();
        let row = RunRow {
            run_id: start.run_id,
            profile: plan.profile.name.clone(),
            mode: options.fields.mode.name().to_string(),
            options: option_text::text(options),
            columns: json!(columns).to_string(),
            table_name: plan.profile.table.clone(),
            started_at: start.clock.started.clone(),
            reports: start.reports.as_deref().map(|reports| relative_reports(options, reports)).unwrap_or_default(),
            ..RunRow::default()
        };
        RunRecord { row, clock: start.clock.clone(), read: options.read.clone(), undone }
    }

    pub(super) fn rows<'i>(
        &self,
        status: &str,
        ended_at: String,
        counts: Counts,
        customers: Option<(i64, i64)>,
        inputs: impl Iterator<Item = &'i InputSummary>,
    ) -> (RunRow, Vec<FileRow>) {
        let run = RunRow {
            ended_at,
            status: status.to_string(),
            counts,
            first_customer_id: customers.map(|(first, _)| first),
            last_customer_id: customers.map(|(_, last)| last),
            ..self.row.clone()
        };
        let files = inputs.map(|input| FileRow {
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
    use super::super::committed_input::ColumnIndex;
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
            ledger.inputs.push(CommittedInput::counting(summary, ColumnIndex::Table(vec![0]), 9));
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
