//! A block after everything that needs no order: judged, reported, its keys claimed ([`Checked`]).

use std::iter::Peekable;
use std::ops::Range;
use std::slice::Iter;
use std::sync::Arc;

use super::tally::Tally;
use super::worker::{Pens, Worker};
use crate::core::finding::FindingList;
use crate::core::judge::{Outcome, Verdict, Verdicts};
use crate::core::record::{Balance, Block, Spot};
use crate::report::summary::Counts;
use crate::sink::sqlite::keys::{Claim, KeySet, Rivals, RunPosition};
use crate::sink::sqlite::record::RecordBuilder;
use crate::sink::sqlite::texts::BlockTexts;

pub(super) struct Checked {
    pub(super) block: Block,
    pub(super) verdicts: Verdicts,
    /// The position of its first record in the run.
    pub(super) first: RunPosition,
    pub(super) counts: Counts,
    /// The rows of the accepted records in [`Verdicts::rows`].
    pub(super) rows: Vec<Range<u32>>,
    pub(super) texts: BlockTexts,
    /// The records whose fingerprint is taken, by an earlier record or, unless the run changes customers, by a customer. They are
    /// counted from the block's first, in order.
    pub(super) contested: Vec<u32>,
    /// In a run that changes customers: those that may have a record's key, with the index of the record's span, in order.
    pub(super) candidates: Vec<(u32, i64)>,
    pub(super) errors: Pieces,
    pub(super) rejects: Pieces,
    pub(super) tally: Tally,
    /// What became of the filled cells, by slot (see `core::judge::marks`).
    pub(super) cells: Vec<Balance>,
    pub(super) worker: Arc<Worker>,
}

impl Checked {
    /// Judges a block, writes its report lines, and claims the keys of its records. `first` is the position of its first record
    /// in the run.
    pub(super) fn new(worker: &Arc<Worker>, block: Block, first: RunPosition) -> Checked {
        let mut verdicts = worker.checker.check::<RecordBuilder>(&block);
        let keys = worker.keys.read();
        let mut gathered = Gathered::new(worker, &verdicts, &keys, block.spans.len());
        for (index, ((position, span), verdict)) in (0..).zip(block.positions().zip(&verdicts.verdicts)) {
            gathered.add(index, Spot { block: &block, span, position }, verdict);
        }
        let Gathered { counts, rows, texts, claims, candidates, refused, errors, rejects, tally, .. } = gathered;
        for index in refused {
            verdicts.verdicts[index].outcome = Outcome::Rejected;
            verdicts.marks.reject(index);
        }
        let slots = worker.checker.binding().map_or(verdicts.met_keys.len(), |binding| binding.headers.len());
        let cells = verdicts.marks.count(slots);
        let rivals = if worker.changes_customers() { Rivals::Records } else { Rivals::All };
        let contested = keys.claim(first, &claims, rivals);
        drop(keys);
        let counts = Counts { warnings: tally.warning_count, ..counts };
        // They have been reported.
        verdicts.findings = FindingList::default();
        verdicts.cells = Vec::new();
        let worker = Arc::clone(worker);
        Checked {
            block,
            verdicts,
            first,
            counts,
            rows,
            texts,
            contested,
            candidates,
            errors,
            rejects,
            tally,
            cells,
            worker,
        }
    }

    /// The memory of the block's report lines, in bytes.
    pub(super) fn report_bytes(&self) -> usize {
        self.errors.text.capacity() + self.rejects.text.capacity()
    }
}

/// What is gathered from the records of a block, one after another.
struct Gathered<'c> {
    worker: &'c Worker,
    verdicts: &'c Verdicts,
    keys: &'c KeySet,
    short_zips: Peekable<Iter<'c, u32>>,
    pens: Pens,
    counts: Counts,
    rows: Vec<Range<u32>>,
    texts: BlockTexts,
    claims: Vec<Claim>,
    candidates: Vec<(u32, i64)>,
    /// The accepted records that are rejected because no customer can have their key.
    refused: Vec<usize>,
    errors: Pieces,
    rejects: Pieces,
    tally: Tally,
}

impl<'c> Gathered<'c> {
    fn new(worker: &'c Worker, verdicts: &'c Verdicts, keys: &'c KeySet, records: usize) -> Gathered<'c> {
        let mut tally = Tally::new(worker.checker.plan().fields.len());
        tally.values(&verdicts.repaired, &verdicts.deprecated);
        let findings = if worker.reports { verdicts.findings.len() } else { 0 };
        Gathered {
            worker,
            verdicts,
            keys,
            short_zips: verdicts.short_zips.iter().peekable(),
            pens: worker.pens(),
            counts: Counts { read: records as u64, repaired: tally.repaired_count(), ..Counts::default() },
            rows: Vec::with_capacity(records),
            texts: BlockTexts::new(records),
            claims: Vec::with_capacity(records),
            candidates: Vec::new(),
            refused: Vec::new(),
            // About as much as a finding's line takes, and a record with its messages.
            errors: Pieces::new(records, findings * 512),
            rejects: Pieces::new(records, findings * 320),
            tally,
        }
    }

    fn add(&mut self, index: u32, spot: Spot<'_>, verdict: &'c Verdict) {
        let Gathered { worker, verdicts, .. } = *self;
        if self.short_zips.next_if_eq(&&index).is_some() {
            self.tally.short_zip(worker.input, spot.position.line);
        }
        let findings = verdicts.findings_of(verdict);
        if !findings.is_empty() {
            self.tally.record(findings, worker.input, spot.position.line);
            let out = (&mut self.errors.text, &mut self.rejects.text);
            let cells = (verdict.outcome == Outcome::Rejected).then(|| verdicts.cells_of(verdict));
            worker.write_findings(&mut self.pens, out, spot, findings, cells);
        }
        let mut key_text: &[u8] = &[];
        match &verdict.outcome {
            Outcome::Blank => self.counts.blank += 1,
            Outcome::Rejected => self.counts.rejected += 1,
            Outcome::Accepted { row, key, .. } => {
                let key = key.as_ref().map(|key| verdicts.key_text(key));
                key_text = self.accept(index, spot, row, key).unwrap_or_default();
            }
        }
        if verdict.outcome != Outcome::Blank && worker.checker.plan().key.is_some() {
            self.texts.push(spot.span.line, key_text);
        }
        self.errors.end_span();
        self.rejects.end_span();
    }

    /// Adds an accepted record, unless it needs an existing customer and none can have its key. Returns the key that it claims.
    fn accept(&mut self, index: u32, spot: Spot<'_>, row: &Range<u32>, key: Option<&'c [u8]>) -> Option<&'c [u8]> {
        let Gathered { worker, verdicts, keys, .. } = *self;
        let fingerprint = key.map(|key| worker.fingerprints.of(key));
        let mut findings = FindingList::default();
        if worker.changes_customers() {
            let before = self.candidates.len();
            let customers = fingerprint.into_iter().flat_map(|fingerprint| keys.customers(fingerprint));
            self.candidates.extend(customers.map(|customer| (index, customer)));
            if self.candidates.len() == before {
                worker.note_no_customer(&verdicts.touched[index as usize].lacking, spot, &mut findings);
            }
        }
        if !findings.is_empty() {
            self.counts.rejected += 1;
            self.refused.push(index as usize);
            let out = (&mut self.errors.text, &mut self.rejects.text);
            worker.reject_late(&findings, spot, &mut self.tally, out);
            return None;
        }
        self.counts.accepted += 1;
        self.rows.push(row.clone());
        let index = (spot.position.record - spot.block.first_record) as u32;
        self.claims.push(Claim { fingerprint: fingerprint?, index });
        key
    }
}

/// Report lines of a block's spans, in their order.
pub(super) struct Pieces {
    text: Vec<u8>,
    /// Where the text of each span ends.
    ends: Vec<usize>,
}

impl Pieces {
    fn new(spans: usize, bytes: usize) -> Pieces {
        Pieces { text: Vec::with_capacity(bytes), ends: Vec::with_capacity(spans) }
    }

    fn end_span(&mut self) {
        self.ends.push(self.text.len());
    }

    /// The lines of the first `spans` spans. Each piece of `more`, which is in order, is put after those of its span.
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
