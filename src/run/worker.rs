//! What the blocks of an input are checked with, in any order and on any thread: [`Worker`]. It writes the report lines.

use super::tally::Tally;
use crate::core::finding::{Finding, FindingList, Findings, Handling, Problem};
use crate::core::judge::{Carried, Checker};
use crate::core::mode::Mode;
use crate::core::profile::FieldSet;
use crate::core::record::Spot;
use crate::core::record::csv::{Cell, RowWriter};
use crate::report::lines::{self, FirstSeen, Rejection, Words};
use crate::sink::sqlite::keys::{Fingerprints, SharedKeys};

/// What the blocks of an input are checked with.
pub(super) struct Worker {
    pub(super) checker: Checker,
    pub(super) input: usize,
    pub(super) path: String,
    /// The run as reject reports name it; empty for a check.
    pub(super) run: String,
    pub(super) delimiter: u8,
    /// Whether its records are rows of cells.
    pub(super) is_table: bool,
    pub(super) fingerprints: Fingerprints,
    pub(super) keys: SharedKeys,
    /// Whether there are reports.
    pub(super) reports: bool,
    /// Whether there is a database with customers.
    pub(super) has_customers: bool,
}

/// Buffers of report lines, reused from record to record.
pub(super) struct Pens {
    row: RowWriter,
    words: Words,
}

impl Worker {
    pub(super) fn changes_customers(&self) -> bool {
        self.checker.plan().mode.changes()
    }

    /// The fields that the input may fill.
    pub(super) fn filled_fields(&self) -> Vec<usize> {
        let fields = 0..self.checker.plan().fields.len();
        let is_filled = |field: &usize| self.checker.binding().is_none_or(|binding| !binding.sources.lack(*field));
        let key = self.checker.plan().key.map(|key| key.field);
        // The key keeps its stored spelling.
        fields.filter(is_filled).filter(|field| Some(*field) != key).collect()
    }

    /// Adds the findings about a record whose key no customer has, if the record needs an existing customer.
    pub(super) fn note_no_customer(&self, lacking: &FieldSet, spot: Spot<'_>, findings: &mut FindingList) {
        let mode = self.checker.plan().mode;
        if !needs_customer(mode, self.has_customers, !lacking.is_empty()) {
            return;
        }
        match mode {
            Mode::Create => {}
            Mode::Update => self.note_key(Problem::NoSuchKey, spot, findings),
            Mode::Upsert => self.checker.note_lacking(lacking, spot.block, spot.span, findings),
        }
    }

    /// Adds a finding about a record's key.
    pub(super) fn note_key(&self, problem: Problem<&str>, spot: Spot<'_>, findings: &mut FindingList) {
        let field = self.checker.plan().key.map(|key| key.field).unwrap_or_default();
        let original = self.checker.original(spot.block, spot.span, field);
        let finding = Finding {
            problem,
            handling: Handling::Rejected(None),
            field: Some(field as u16),
            column: original.as_ref().and_then(|original| original.column).map(|column| column + 1),
            value: original.as_ref().map(|original| original.text.as_str()),
            suggestion: None,
            raw: None,
        };
        findings.push(u32::MAX, &finding);
    }

    /// Counts and reports an accepted record that is rejected for its key after all. `out` takes the lines of `errors.ndjson`
    /// and of the reject report.
    pub(super) fn reject_late(
        &self,
        findings: &FindingList,
        spot: Spot<'_>,
        tally: &mut Tally,
        out: (&mut Vec<u8>, &mut Vec<u8>),
    ) {
        tally.record(findings.all(), self.input, spot.position.line);
        self.write_findings(&mut self.pens(), out, spot, findings.all(), Some(&[]));
    }

    pub(super) fn pens(&self) -> Pens {
        Pens { row: RowWriter::new(self.delimiter), words: Words::default() }
    }

    /// Adds a line to `errors.ndjson` for each finding of a record, and one to the reject report if it is rejected: then `cells`
    /// are its cells, as far as they are known.
    pub(super) fn write_findings(
        &self,
        Pens { row, words }: &mut Pens,
        (errors, rejects): (&mut Vec<u8>, &mut Vec<u8>),
        spot: Spot<'_>,
        findings: Findings<'_>,
        cells: Option<&[Cell]>,
    ) {
        if !self.reports {
            return;
        }
        let column_of = |field: u16| self.checker.plan().fields[field as usize].column.as_str();
        words.set(findings, column_of);
        for (index, finding) in findings.iter().enumerate() {
            let text = (words.message(index), words.hint(index));
            lines::error_line(errors, &self.path, spot.position, finding.field.map(column_of), &finding, text);
        }
        if let Some(cells) = cells {
            self.write_reject(row, rejects, (spot, cells), findings, words);
        }
    }

    fn write_reject(
        &self,
        row: &mut RowWriter,
        out: &mut Vec<u8>,
        (Spot { block, span, position }, cells): (Spot<'_>, &[Cell]),
        findings: Findings<'_>,
        words: &Words,
    ) {
        let Carried { origin, dialect } = self.checker.carried(block, span).unwrap_or_default();
        let first_seen = origin.map_or(FirstSeen::Here(&self.run, &self.path, position), FirstSeen::Earlier);
        let dialect = dialect.as_deref().unwrap_or(self.checker.dialect());
        let rejection = Rejection { first_seen, findings, words, raw: findings.raw().map(|raw| (raw, dialect)) };
        let is_whole = rejection.raw.is_some();
        if self.is_table {
            self.checker.write_original(block.bytes_of(span), cells, is_whole, row, out);
            lines::end_reject_row(out, row, &rejection);
        } else {
            out.push(b'{');
            let start = out.len();
            self.checker.write_original(block.bytes_of(span), cells, is_whole, row, out);
            lines::end_reject_line(out, out.len() > start, &rejection);
        }
    }
}

/// Whether a record needs an existing customer. `is_lacking` says whether it lacks fields that a new customer must have.
pub(super) fn needs_customer(mode: Mode, has_customers: bool, is_lacking: bool) -> bool {
    match mode {
        Mode::Create => false,
        // Without a database it is unknown which customers exist.
        Mode::Update => has_customers,
        Mode::Upsert => is_lacking,
    }
}
