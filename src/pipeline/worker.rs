//! What is done for each block wherever and whenever: a [`Worker`] judges its records and writes down what the reports say
//! of them.

use std::sync::Arc;

use super::tally::Tally;
use crate::check::{Checker, Outcome, Verdict, Verdicts};
use crate::format::csv::RowWriter;
use crate::record::{Block, Position, Span};
use crate::reject::{FaultList, Faults};
use crate::report::lines::{self, Rejection};
use crate::store::keys::{Fingerprint, Fingerprints};

/// Checks the blocks of one input.
pub(super) struct Worker {
    pub(super) checker: Checker,
    pub(super) input: usize,
    pub(super) path: String,
    pub(super) delimiter: u8,
    /// Whether its records are rows of cells.
    pub(super) is_table: bool,
    pub(super) fingerprints: Fingerprints,
    /// Whether anybody wants the reports.
    pub(super) reports: bool,
}

/// A block, what was found out about it, and what the reports say of it.
pub(super) struct Checked {
    pub(super) block: Block,
    pub(super) verdicts: Verdicts,
    /// The fingerprints of the accepted records' keys, in order.
    pub(super) fingerprints: Vec<Fingerprint>,
    pub(super) errors: Pieces,
    pub(super) rejects: Pieces,
    pub(super) tally: Tally,
    pub(super) worker: Arc<Worker>,
}

impl Checked {
    /// How many bytes are held for what the reports say of the block.
    pub(super) fn report_bytes(&self) -> usize {
        self.errors.text.capacity() + self.rejects.text.capacity()
    }
}

/// Text that belongs to the records of a block, in their order.
#[derive(Default)]
pub(super) struct Pieces {
    text: Vec<u8>,
    /// Where the text of each span ends.
    ends: Vec<usize>,
}

impl Pieces {
    fn end_span(&mut self) {
        self.ends.push(self.text.len());
    }

    /// The text with some more put in: each piece of `more` behind that of its span. The pieces come in order.
    pub(super) fn with(self, more: Vec<(usize, Vec<u8>)>) -> Vec<u8> {
        if more.is_empty() {
            return self.text;
        }
        let mut text = Vec::with_capacity(self.text.len() + more.iter().map(|(_, piece)| piece.len()).sum::<usize>());
        let mut at = 0;
        for (span, piece) in more {
            let end = self.ends[span];
            text.extend_from_slice(&self.text[at..end]);
            text.extend_from_slice(&piece);
            at = end;
        }
        text.extend_from_slice(&self.text[at..]);
        text
    }
}

impl Worker {
    /// Judges a block, and writes down what the reports say of its records.
    pub(super) fn check(self: &Arc<Worker>, block: Block) -> Checked {
        let mut verdicts = self.checker.check(&block);
        let mut tally = Tally::new(self.checker.plan().fields.len());
        tally.values(&verdicts.repaired, &verdicts.deprecated);
        let mut short_zips = verdicts.short_zips.iter().peekable();
        let mut fingerprints = Vec::with_capacity(verdicts.verdicts.len());
        let (mut errors, mut rejects) = (Pieces::default(), Pieces::default());
        if self.reports {
            // About as much as a fault's line takes, and a record with what is said of it.
            errors.text.reserve(verdicts.faults.len() * 384);
            rejects.text.reserve(verdicts.faults.len() * 256);
        }
        let mut writer = self.row_writer();
        for (index, ((position, span), verdict)) in (0..).zip(block.positions().zip(&verdicts.verdicts)) {
            if short_zips.next_if_eq(&&index).is_some() {
                tally.short_zip(self.input, position.line);
            }
            let faults = verdicts.faults_of(verdict);
            if !faults.is_empty() {
                tally.record(faults, self.input, position.line);
                self.write_faults(&mut errors.text, position, faults);
                if verdict.outcome == Outcome::Rejected {
                    self.write_reject(&mut writer, &mut rejects.text, &block, span, position, faults);
                }
            }
            if let Outcome::Accepted { key: Some(key), .. } = &verdict.outcome {
                fingerprints.push(self.fingerprints.of(verdicts.key_text(key)));
            }
            errors.end_span();
            rejects.end_span();
        }
        // What is said of rejected records is written. Only the warnings of others may be wanted again, for a duplicate.
        let is_warned = |verdict: &Verdict| verdict.outcome != Outcome::Rejected && !verdict.faults.is_empty();
        if !verdicts.verdicts.iter().any(is_warned) {
            verdicts.faults = FaultList::default();
        }
        Checked { block, verdicts, fingerprints, errors, rejects, tally, worker: Arc::clone(self) }
    }

    /// What rows of the reject report are written with.
    pub(super) fn row_writer(&self) -> RowWriter {
        RowWriter::new(self.delimiter)
    }

    /// Adds the lines of `errors.ndjson` for a record's faults.
    pub(super) fn write_faults(&self, out: &mut Vec<u8>, position: Position, faults: Faults<'_>) {
        if !self.reports {
            return;
        }
        for fault in faults.iter() {
            let field = fault.field.map(|field| self.checker.plan().fields[field as usize].column.as_str());
            lines::error_line(out, &self.path, position, field, fault);
        }
    }

    /// Adds the line of the reject report for a record.
    pub(super) fn write_reject(
        &self,
        writer: &mut RowWriter,
        out: &mut Vec<u8>,
        block: &Block,
        span: &Span,
        position: Position,
        faults: Faults<'_>,
    ) {
        if !self.reports {
            return;
        }
        let rejection = Rejection::new(position.line, faults);
        let is_whole = rejection.raw.is_some();
        if self.is_table {
            self.checker.write_original(block, span, is_whole, writer, out);
            lines::end_reject_row(out, writer, &rejection);
        } else {
            out.push(b'{');
            let start = out.len();
            self.checker.write_original(block, span, is_whole, writer, out);
            lines::end_reject_line(out, out.len() > start, &rejection);
        }
    }
}
