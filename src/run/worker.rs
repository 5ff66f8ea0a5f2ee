//! What can be done for each block in any order: a [`Worker`] judges its records and writes their report lines.

use std::ops::Range;
use std::sync::Arc;

use super::tally::Tally;
use crate::core::finding::{Finding, FindingList, Findings, Handling, Problem};
use crate::core::judge::{Carried, Checker, Outcome, Verdicts};
use crate::core::mode::Mode;
use crate::core::profile::FieldSet;
use crate::core::record::csv::{Cell, RowWriter};
use crate::core::record::{Balance, Block, Spot};
use crate::report::lines::{self, FirstSeen, Rejection};
use crate::report::summary::Counts;
use crate::report::words::Words;
use crate::sink::sqlite::keys::{Claim, Fingerprints, Rivals, RunPosition, SharedKeys};
use crate::sink::sqlite::record::RecordBuilder;
use crate::sink::sqlite::texts::BlockTexts;

/// Checks the blocks of one input.
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

/// What report lines are written with, reused from record to record.
pub(super) struct Pens {
    row: RowWriter,
    words: Words,
}

/// A block, its verdicts and its report lines.
pub(super) struct Checked {
    pub(super) block: Block,
    pub(super) verdicts: Verdicts,
    /// The place of its first record in the run.
    pub(super) first: RunPosition,
    pub(super) counts: Counts,
    /// Where the rows of the accepted records are in [`Verdicts::rows`].
    pub(super) rows: Vec<Range<u32>>,
    /// The keys of the accepted records.
    pub(super) texts: BlockTexts,
    /// The records whose key somebody else may have, by their place in the block, in order. In a run that changes customers,
    /// somebody else is an earlier record.
    pub(super) rivalled: Vec<u32>,
    /// The customers who may have a record's key, by the record's place among the block's spans, in order; only in a run that
    /// changes customers.
    pub(super) known: Vec<(u32, i64)>,
    pub(super) errors: Pieces,
    pub(super) rejects: Pieces,
    pub(super) tally: Tally,
    /// What became of the filled cells, by slot (see [`crate::core::judge::Marks`]).
    pub(super) cells: Vec<Balance>,
    pub(super) worker: Arc<Worker>,
}

impl Checked {
    /// The memory of the block's report lines, in bytes.
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
    fn new(spans: usize) -> Pieces {
        Pieces { text: Vec::new(), ends: Vec::with_capacity(spans) }
    }

    fn end_span(&mut self) {
        self.ends.push(self.text.len());
    }

    /// The text of the first `spans` spans, with some more put in: each piece of `more` after that of its span. The pieces
    /// come in order.
    pub(super) fn with(mut self, more: Vec<(usize, Vec<u8>)>, spans: usize) -> Vec<u8> {
        if spans < self.ends.len() {
            self.text.truncate(spans.checked_sub(1).map_or(0, |last| self.ends[last]));
        }
        let more: Vec<_> = more.into_iter().take_while(|(span, _)| *span < spans).collect();
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
    /// Judges a block, claims the keys of its records, and writes down what the reports say of them. `first` is the place of
    /// the block's first record in the run.
    pub(super) fn check(self: &Arc<Worker>, block: Block, first: RunPosition) -> Checked {
        let mut verdicts = self.checker.check::<RecordBuilder>(&block);
        let mut tally = Tally::new(self.checker.plan().fields.len());
        tally.values(&verdicts.repaired, &verdicts.deprecated);
        let mut short_zips = verdicts.short_zips.iter().peekable();
        let records = block.spans.len();
        let (mut rows, mut claims) = (Vec::with_capacity(records), Vec::with_capacity(records));
        let mut texts = BlockTexts::new(records);
        let mut counts = Counts { read: records as u64, repaired: tally.repaired_count(), ..Counts::default() };
        let (mut errors, mut rejects) = (Pieces::new(records), Pieces::new(records));
        if self.reports {
            // About as much as a finding's line takes, and a record with its messages.
            errors.text.reserve(verdicts.findings.len() * 512);
            rejects.text.reserve(verdicts.findings.len() * 320);
        }
        let mut pens = self.pens();
        let mode = self.checker.plan().mode;
        let has_keys = self.checker.plan().key.is_some();
        let keys = self.keys.read();
        let (mut known, mut refused) = (Vec::new(), Vec::new());
        for (index, ((position, span), verdict)) in (0..).zip(block.positions().zip(&verdicts.verdicts)) {
            if short_zips.next_if_eq(&&index).is_some() {
                tally.short_zip(self.input, position.line);
            }
            let findings = verdicts.findings_of(verdict);
            let spot = Spot { block: &block, span, position };
            if !findings.is_empty() {
                tally.record(findings, self.input, position.line);
                let out = (&mut errors.text, &mut rejects.text);
                let cells = (verdict.outcome == Outcome::Rejected).then(|| verdicts.cells_of(verdict));
                self.write_findings(&mut pens, out, spot, findings, cells);
            }
            let mut key_text: &[u8] = &[];
            match &verdict.outcome {
                Outcome::Blank => {
                    counts.blank += 1;
                    errors.end_span();
                    rejects.end_span();
                    continue;
                }
                Outcome::Rejected => counts.rejected += 1,
                Outcome::Accepted { row, key, .. } => {
                    let text = key.as_ref().map(|key| verdicts.key_text(key));
                    let fingerprint = text.map(|text| self.fingerprints.of(text));
                    let before = known.len();
                    if mode.changes() {
                        let customers = fingerprint.into_iter().flat_map(|fingerprint| keys.customers(fingerprint));
                        known.extend(customers.map(|customer| (index, customer)));
                    }
                    let mut findings = FindingList::default();
                    if mode.changes() && known.len() == before {
                        let lacking = &verdicts.touched[index as usize].lacking;
                        self.note_no_customer(lacking, spot, &mut findings);
                    }
                    if findings.is_empty() {
                        counts.accepted += 1;
                        rows.push(row.clone());
                        if let (Some(text), Some(fingerprint)) = (text, fingerprint) {
                            key_text = text;
                            let place = (position.record - block.first_record) as u32;
                            claims.push(Claim { fingerprint, index: place });
                        }
                    } else {
                        counts.rejected += 1;
                        refused.push(index as usize);
                        self.reject_late(&findings, spot, &mut tally, (&mut errors.text, &mut rejects.text));
                    }
                }
            }
            if has_keys {
                texts.push(span.line, key_text);
            }
            errors.end_span();
            rejects.end_span();
        }
        for index in refused {
            verdicts.verdicts[index].outcome = Outcome::Rejected;
            verdicts.marks.reject(index);
        }
        let slots = self.checker.binding().map_or(verdicts.met_keys.len(), |binding| binding.headers.len());
        let cells = verdicts.marks.count(slots);
        let rivals = if mode.changes() { Rivals::Records } else { Rivals::All };
        let rivalled = keys.claim(first, &claims, rivals);
        drop(keys);
        counts.warnings = tally.warning_count;
        // They have been reported.
        verdicts.findings = FindingList::default();
        verdicts.cells = Vec::new();
        let worker = Arc::clone(self);
        Checked { block, verdicts, first, counts, rows, texts, rivalled, known, errors, rejects, tally, cells, worker }
    }

    /// The fields that the input may fill.
    pub(super) fn filled_fields(&self) -> Vec<usize> {
        let fields = 0..self.checker.plan().fields.len();
        let is_filled = |field: &usize| self.checker.binding().is_none_or(|binding| !binding.sources.lack(*field));
        let key = self.checker.plan().key.map(|key| key.field);
        // The key keeps its stored spelling.
        fields.filter(is_filled).filter(|field| Some(*field) != key).collect()
    }

    /// Adds the findings about a record whose key no customer has, where it has to be about one.
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

    /// Counts and reports a record that is right by itself, and is rejected for these findings. `out` takes the lines of
    /// `errors.ndjson` and of the reject report.
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

    /// What report lines of this input are written with.
    pub(super) fn pens(&self) -> Pens {
        Pens { row: RowWriter::new(self.delimiter), words: Words::default() }
    }

    /// Adds the lines of `errors.ndjson` for a record's findings, and that of the reject report where it is rejected: then
    /// `cells` are its cells, as far as they are known.
    fn write_findings(
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
        words.say(findings, column_of);
        for (index, finding) in findings.iter().enumerate() {
            let said = (words.message(index), words.hint(index));
            lines::error_line(errors, &self.path, spot.position, finding.field.map(column_of), &finding, said);
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

/// Whether a record has to be about a customer that exists. `is_lacking` says whether it lacks fields that a new customer must
/// have.
pub(super) fn needs_customer(mode: Mode, has_customers: bool, is_lacking: bool) -> bool {
    match mode {
        Mode::Create => false,
        // Without a database nobody knows which customers exist.
        Mode::Update => has_customers,
        Mode::Upsert => is_lacking,
    }
}
