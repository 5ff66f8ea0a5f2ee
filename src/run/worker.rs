//! What blocks are checked with, in any order and on any thread ([`Worker`]), and a block after all that needs no order
//! ([`Checked`]): judged, reported, its keys claimed.

use std::sync::{Arc, RwLockReadGuard};
use std::{iter::Peekable, ops::Range, slice::Iter};

use super::parents::found::FoundParents;
use super::{row_texts::texts_in, tally::Tally};
use crate::core::finding::{FindingList, Findings, Problem};
use crate::core::judge::field_plan::KeyPlan;
use crate::core::judge::{Carried, Checker, Original, Outcome, Touched, Verdict, Verdicts};
use crate::core::mode::Mode;
use crate::core::record::csv::{Cell, RowWriter};
use crate::core::record::{Balance, Block, Spot};
use crate::report::lines::{self, FirstSeen, Rejection, Words};
use crate::report::summary::Counts;
use crate::sink::sqlite::keys::{Claim, Fingerprints, KeySet, Rivals, RunPosition, SharedKeys};
use crate::sink::sqlite::{record::RecordBuilder, texts::BlockTexts};

pub(super) struct Worker {
    pub(super) checker: Checker,
    pub(super) input: usize,
    pub(super) path: String,
    /// The run as reject reports name it; empty for a check.
    pub(super) run: String,
    pub(super) delimiter: u8,
    /// Whether its records are rows of cells.
    pub(super) is_table: bool,
    /// What keys and unique values are claimed with, in the order of the plan's.
    pub(super) keys: Vec<(SharedKeys, Fingerprints)>,
    pub(super) reports: bool,
    /// Whether there is a database with customers.
    pub(super) has_customers: bool,
    /// The parents of all records, if any refer to one.
    pub(super) parents: Option<Arc<FoundParents>>,
}

/// Buffers of report lines, reused from record to record.
pub(super) struct LineBuffers {
    row: RowWriter,
    words: Words,
}

impl Worker {
    pub(super) fn changes_customers(&self) -> bool {
        self.checker.plan().mode.changes()
    }

    pub(super) fn filled_fields(&self) -> Vec<usize> {
        let fields = 0..self.checker.plan().fields.len();
        let is_filled = |field: &usize| self.checker.binding().is_none_or(|binding| !binding.sources.lack(*field));
        let key = self.checker.plan().key.as_ref();
        // The parent's ID is found, if not given.
        let parent = self.checker.plan().parents.filter(|_| self.parents.is_some()).map(|parents| parents.id);
        let is_filled = |field: &usize| is_filled(field) || parent == Some(*field);
        // The key keeps its stored spelling.
        fields.filter(is_filled).filter(|field| key.is_none_or(|key| !key.has(*field))).collect()
    }

    /// Adds the findings about a record whose key no customer has, if the record needs an existing customer.
    pub(super) fn note_no_customer(&self, touched: &Touched, spot: Spot<'_>, findings: &mut FindingList) {
        let mode = self.checker.plan().mode;
        if !needs_customer(mode, self.has_customers, touched.needs_customer()) {
            return;
        }
        match mode {
            Mode::Create => {}
            Mode::Update => self.note_key(Problem::NoSuchKey, spot, findings),
            Mode::Upsert => self.checker.note_cannot_create(touched, spot.block, spot.span, findings),
        }
    }

    pub(super) fn note_key(&self, problem: Problem<&str>, spot: Spot<'_>, findings: &mut FindingList) {
        let Some(key) = &self.checker.plan().key else { return };
        let field = key.parts[0].field;
        let original = self.checker.original_key(spot.block, spot.span, key);
        let order = original.as_ref().and_then(|original| original.column).unwrap_or(u32::MAX);
        findings.push(order, &Original::rejected(original.as_ref(), field, problem));
    }

    /// Adds a finding about a field whose values no two customers share.
    pub(super) fn note_value(&self, field: usize, problem: Problem<&str>, spot: Spot<'_>, findings: &mut FindingList) {
        let original = self.checker.original(spot.block, spot.span, field);
        let order = original.as_ref().and_then(|original| original.column).unwrap_or(u32::MAX);
        findings.push(order, &Original::rejected(original.as_ref(), field, problem));
    }

    /// Counts and reports an accepted record that is rejected for its key after all: see [`Worker::write_findings`].
    pub(super) fn reject_for_key(
        &self,
        findings: &FindingList,
        spot: Spot<'_>,
        tally: &mut Tally,
        out: (&mut Vec<u8>, &mut Vec<u8>),
    ) {
        tally.record(findings.all(), self.input, spot.position.line);
        self.write_findings(&mut self.pens(), out, spot, findings.all(), Some(&[]));
    }

    pub(super) fn pens(&self) -> LineBuffers {
        LineBuffers { row: RowWriter::new(self.delimiter), words: Words::default() }
    }

    /// Adds a line to `errors.ndjson` for each finding of a record, and one to the reject report if it is rejected: then `cells`
    /// are its cells, as far as they are known.
    pub(super) fn write_findings(
        &self,
        LineBuffers { row, words }: &mut LineBuffers,
        (errors, rejects): (&mut Vec<u8>, &mut Vec<u8>),
        spot: Spot<'_>,
        findings: Findings<'_>,
        cells: Option<&[Cell]>,
    ) {
        if !self.reports {
            return;
        }
        let plan = self.checker.plan();
        let column_of = |field: u16| plan.fields[field as usize].column.as_str();
        words.set(findings, |finding| plan.column_of(finding));
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

/// Whether a record needs an existing customer. `is_lacking` says whether it cannot create one.
pub(super) fn needs_customer(mode: Mode, has_customers: bool, is_lacking: bool) -> bool {
    match mode {
        Mode::Create => false,
        // Without a database it is unknown which customers exist.
        Mode::Update => has_customers,
        Mode::Upsert => is_lacking,
    }
}

pub(super) struct Checked {
    pub(super) block: Block,
    pub(super) verdicts: Verdicts,
    /// The position of its first record in the run.
    pub(super) first: RunPosition,
    /// For each key of the plan the records, counted from the block's first, whose fingerprint an earlier record has, or a customer
    /// that is not to change.
    pub(super) contested: Vec<Vec<u32>>,
    /// What became of the filled cells, by slot (see `core::judge::marks`).
    pub(super) cells: Vec<Balance>,
    /// A digest of its text, if it was read before.
    pub(super) digest: Option<u64>,
    pub(super) worker: Arc<Worker>,
    pub(super) found: Found,
}

/// What is found in the records of a block, one after another.
pub(super) struct Found {
    pub(super) counts: Counts,
    /// The rows of the accepted records in [`Verdicts::rows`].
    pub(super) rows: Vec<Range<u32>>,
    /// The texts of each key of the plan.
    pub(super) texts: Vec<BlockTexts>,
    /// In a run that changes customers: those that may have a record's key, with the index of the record's span, in order.
    pub(super) candidates: Vec<(u32, i64)>,
    pub(super) errors: Pieces,
    pub(super) rejects: Pieces,
    pub(super) tally: Tally,
}

impl Checked {
    /// Judges a block, writes its report lines, and claims the keys of its records.
    pub(super) fn new(worker: &Arc<Worker>, block: Block, first: RunPosition) -> Checked {
        let (mut verdicts, digest) = match &worker.parents {
            None => (worker.checker.check::<RecordBuilder>(&block), None),
            Some(found) => found.judge(&worker.checker, &block, first),
        };
        let keys: Vec<_> = worker.keys.iter().map(|(keys, _)| keys.read()).collect();
        let mut gathered = BlockChecker::new(worker, &verdicts, &keys, block.spans.len());
        for (index, ((position, span), verdict)) in (0..).zip(block.positions().zip(&verdicts.verdicts)) {
            gathered.add(index, Spot { block: &block, span, position }, verdict);
        }
        let BlockChecker { mut found, claims, refused, .. } = gathered;
        for index in refused {
            verdicts.verdicts[index].outcome = Outcome::Rejected;
            verdicts.marks.reject(index);
        }
        let slots = worker.checker.binding().map_or(verdicts.met_keys.len(), |binding| binding.headers.len());
        let cells = verdicts.marks.count(slots);
        let is_key = |at: usize| at == 0 && worker.checker.plan().key.is_some();
        let contested = keys.iter().zip(&claims).enumerate().map(|(at, (keys, claims))| {
            // A run that changes customers finds them by the key.
            let rivals = if is_key(at) && worker.changes_customers() { Rivals::Records } else { Rivals::All };
            keys.claim(first, claims, rivals)
        });
        let contested = contested.collect();
        drop(keys);
        found.counts.warnings = found.tally.warning_count;
        // They have been reported.
        verdicts.findings = FindingList::default();
        verdicts.cells = Vec::new();
        Checked { block, verdicts, first, contested, cells, digest, worker: Arc::clone(worker), found }
    }

    /// The memory of the block's report lines, in bytes.
    pub(super) fn report_bytes(&self) -> usize {
        self.found.errors.text.capacity() + self.found.rejects.text.capacity()
    }
}

/// What the records of a block are checked with, one after another, and what is found.
struct BlockChecker<'c> {
    worker: &'c Worker,
    verdicts: &'c Verdicts,
    /// The customers' keys, if there is a key.
    keys: Option<&'c KeySet>,
    short_zips: Peekable<Iter<'c, u32>>,
    pens: LineBuffers,
    claims: Vec<Vec<Claim>>,
    /// The accepted records that are rejected because no customer can have their key.
    refused: Vec<usize>,
    found: Found,
}

impl<'c> BlockChecker<'c> {
    fn new(
        worker: &'c Worker,
        verdicts: &'c Verdicts,
        keys: &'c [RwLockReadGuard<'_, KeySet>],
        records: usize,
    ) -> BlockChecker<'c> {
        let mut tally = Tally::new(worker.checker.plan().fields.len());
        tally.values(&verdicts.repaired, &verdicts.deprecated);
        let findings = if worker.reports { verdicts.findings.len() } else { 0 };
        let found = Found {
            counts: Counts { read: records as u64, repaired: verdicts.repaired_values(), ..Counts::default() },
            rows: Vec::with_capacity(records),
            texts: keys.iter().map(|_| BlockTexts::new(records)).collect(),
            candidates: Vec::new(),
            // About as much as a finding's line takes, and a record with its messages.
            errors: Pieces::new(records, findings * 512),
            rejects: Pieces::new(records, findings * 320),
            tally,
        };
        let (short_zips, pens) = (verdicts.short_zips.iter().peekable(), worker.pens());
        let claims = keys.iter().map(|_| Vec::with_capacity(records)).collect();
        let has_key = worker.checker.plan().key.is_some();
        let keys = keys.first().filter(|_| has_key).map(|keys| &**keys);
        BlockChecker { worker, verdicts, keys, short_zips, pens, claims, refused: Vec::new(), found }
    }

    fn add(&mut self, index: u32, spot: Spot<'_>, verdict: &'c Verdict) {
        let BlockChecker { worker, verdicts, .. } = *self;
        let found = &mut self.found;
        if self.short_zips.next_if_eq(&&index).is_some() {
            found.tally.short_zip(worker.input, spot.position.line);
        }
        let findings = verdicts.findings_of(verdict);
        if !findings.is_empty() {
            found.tally.record(findings, worker.input, spot.position.line);
            let out = (&mut found.errors.text, &mut found.rejects.text);
            let cells = (verdict.outcome == Outcome::Rejected).then(|| verdicts.cells_of(verdict));
            worker.write_findings(&mut self.pens, out, spot, findings, cells);
        }
        let mut texts = ClaimedTexts { key: b"", unique: Vec::new() };
        match &verdict.outcome {
            Outcome::Blank => found.counts.blank += 1,
            Outcome::Rejected => found.counts.rejected += 1,
            Outcome::Accepted { row, key, .. } => {
                let key = key.as_ref().map(|key| verdicts.key_text(key));
                texts = self.accept(index, spot, row, key);
            }
        }
        let found = &mut self.found;
        if verdict.outcome != Outcome::Blank {
            texts.push_to(&mut found.texts, self.keys.is_some(), spot.span.line);
        }
        found.errors.end_span();
        found.rejects.end_span();
    }

    /// Adds an accepted record, unless it needs an existing customer and none can have its key. Returns what it claims.
    fn accept(&mut self, index: u32, spot: Spot<'_>, row: &Range<u32>, key: Option<&'c [u8]>) -> ClaimedTexts<'c> {
        let BlockChecker { worker, verdicts, keys, .. } = *self;
        let found = &mut self.found;
        let fingerprint = key.map(|key| worker.keys[0].1.of(key));
        let mut findings = FindingList::default();
        if worker.changes_customers() {
            let before = found.candidates.len();
            let customers =
                fingerprint.zip(keys).into_iter().flat_map(|(fingerprint, keys)| keys.customers(fingerprint));
            found.candidates.extend(customers.map(|customer| (index, customer)));
            if found.candidates.len() == before {
                worker.note_no_customer(&verdicts.touched[index as usize], spot, &mut findings);
            }
        }
        if !findings.is_empty() {
            found.counts.rejected += 1;
            self.refused.push(index as usize);
            let out = (&mut found.errors.text, &mut found.rejects.text);
            worker.reject_for_key(&findings, spot, &mut found.tally, out);
            return ClaimedTexts { key: b"", unique: Vec::new() };
        }
        found.counts.accepted += 1;
        found.rows.push(row.clone());
        let at = (spot.position.record - spot.block.first_record) as u32;
        if let Some(fingerprint) = fingerprint {
            self.claims[0].push(Claim { fingerprint, index: at });
        }
        let unique =
            if worker.checker.plan().unique.is_empty() { Vec::new() } else { self.claim_values(index, at, row) };
        ClaimedTexts { key: key.unwrap_or_default(), unique }
    }

    /// Claims the values of a record that no two customers share. Returns them as they are compared.
    fn claim_values(&mut self, index: u32, at: u32, row: &Range<u32>) -> Vec<Option<String>> {
        let plan = self.worker.checker.plan();
        let row = &self.verdicts.rows[row.start as usize..row.end as usize];
        let first = usize::from(plan.key.is_some());
        let mut claim = |(which, unique): (usize, &KeyPlan)| {
            // An update stores what the record has, and no default.
            let is_given = |touched: &Touched| unique.fields().all(|field| touched.given.has(field));
            let touched = self.verdicts.touched.get(index as usize).filter(|_| plan.mode == Mode::Update);
            let folded = unique.fold(&texts_in(row, unique)).filter(|_| touched.is_none_or(is_given))?.into_owned();
            let fingerprint = self.worker.keys[first + which].1.of(folded.as_bytes());
            self.claims[first + which].push(Claim { fingerprint, index: at });
            Some(folded)
        };
        plan.unique.iter().enumerate().map(&mut claim).collect()
    }
}

/// What a record claims: its key, and its values that no two customers share; empty where it has none.
struct ClaimedTexts<'t> {
    key: &'t [u8],
    /// None for a record that is not accepted.
    unique: Vec<Option<String>>,
}

impl ClaimedTexts<'_> {
    /// Adds them for the record on a line.
    fn push_to(&self, texts: &mut [BlockTexts], has_key: bool, line: u32) {
        let (of_key, of_unique) = texts.split_at_mut(usize::from(has_key));
        of_key.iter_mut().for_each(|texts| texts.push(line, self.key));
        for (index, texts) in of_unique.iter_mut().enumerate() {
            let value = self.unique.get(index).and_then(Option::as_ref);
            texts.push(line, value.map_or(&[], |value| value.as_bytes()));
        }
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
