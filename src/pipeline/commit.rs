//! What is done for each block in its order: the [`Committer`] decides what needs order or memory, and nothing else: whose
//! key it is, which customer ID comes next, and what goes where.

use std::collections::HashSet;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use super::advice::{named, unknown_names, with_nearest};
use super::journey::start;
use super::prepare::Prepared;
use super::tally::Tally;
use super::worker::{Checked, Worker};
use super::{Command, Options, Progress, Target};
use crate::check::json::{MOST_KEYS, MetKeys};
use crate::check::plan::Plan;
use crate::check::{Checker, Outcome, Verdicts};
use crate::disk::folder_of;
use crate::error::{Error, Result};
use crate::format::csv::RowWriter;
use crate::profile::header::{REPORT_COLUMNS, letters_and_digits};
use crate::record::{Block, Position, Span};
use crate::reject::{Code, Fault, FaultList, Severity};
use crate::report::folder::{ACCEPTED, ERRORS, ReportFile, ReportFolder, Unsynced, WrittenReport};
use crate::report::lines::{self, ACCEPTED_COLUMNS};
use crate::report::summary::{ColumnSummary, Counts, Ignored, InputSummary};
use crate::rule::key;
use crate::rule::text::visible;
use crate::source::InputRead;
use crate::store::keys::{Collided, Fingerprints, KeySet, Place};
use crate::store::texts::{KeyTexts, Keyed};

/// An input that has been read to its end, or as far as it was to be read.
pub(super) struct InputEnd {
    pub(super) input: usize,
    pub(super) read: InputRead,
}

/// Takes checked blocks in their order.
pub(super) struct Committer<'r> {
    options: &'r Options,
    plan: Arc<Plan>,
    target: Target,
    keys: Arc<KeySet>,
    key_texts: KeyTexts,
    collided: Collided,
    /// Where the keys' texts are kept that memory is too small for.
    spill: PathBuf,
    fingerprints: Fingerprints,
    folder: Option<ReportFolder>,
    errors: Option<ReportFile>,
    accepted: Option<ReportFile>,
    accepted_writer: RowWriter,
    /// Who puts reports on the disk while they are written.
    early: SyncSender<Unsynced>,
    /// The reports of inputs that were read to their end.
    written: Vec<WrittenReport>,
    /// The inputs: what is known of each, and whether it has been read to its end.
    inputs: Vec<CommittedInput>,
    tally: Tally,
    bytes: u64,
    first_id: Option<i64>,
    last_id: Option<i64>,
}

struct CommittedInput {
    summary: InputSummary,
    rejects: Option<Rejects>,
    /// The keys of JSON that were met.
    keys: HashSet<String>,
    /// Those that match no field and did not stand in the first records, as they are named.
    late_keys: Vec<String>,
    is_complete: bool,
}

/// The reject report of an input.
enum Rejects {
    /// It is made with the input's first block.
    Due {
        name: String,
        header: Vec<u8>,
    },
    Begun(ReportFile),
}

/// Everything that is known when the last block has been committed.
pub(super) struct Committed {
    /// The reports that are not yet on the disk.
    pub(super) written: Vec<WrittenReport>,
    pub(super) target: Target,
    pub(super) folder: Option<ReportFolder>,
    pub(super) counts: Counts,
    pub(super) tally: Tally,
    pub(super) inputs: Vec<InputSummary>,
    pub(super) first_id: Option<i64>,
    pub(super) last_id: Option<i64>,
}

/// So many reports of inputs wait for the end of the run to be put on the disk.
const KEPT_OPEN: usize = 16;

/// The keys of so many customers are noted together.
const CUSTOMERS: usize = 4096;

impl<'r> Committer<'r> {
    /// A committer that knows the keys of the customers in the database, and whose reports are begun.
    pub(super) fn new(
        options: &'r Options,
        plan: Arc<Plan>,
        target: Target,
        folder: Option<ReportFolder>,
    ) -> Result<Committer<'r>> {
        // The spill goes where there is room for the database; a check has only the system's folder for such files.
        let spill = match (options.command, &options.database) {
            (Command::Import, Some(database)) => folder_of(database),
            _ => std::env::temp_dir(),
        };
        let mut keys = KeySet::default();
        let fingerprints = Fingerprints::default();
        if let Some(key) = plan.key {
            let mut batch = Vec::with_capacity(CUSTOMERS);
            target.for_each_key(|customer, text| {
                if let Some(folded) = key::fold(text, key.comparison) {
                    batch.push((fingerprints.of(folded.as_bytes()), customer));
                }
                if batch.len() == CUSTOMERS {
                    keys.insert_customers(&batch);
                    batch.clear();
                }
            })?;
            keys.insert_customers(&batch);
        }
        let (early, unsynced) = sync_channel::<Unsynced>(0);
        if folder.is_some() {
            start("sync", move || unsynced.into_iter().for_each(Unsynced::sync))?;
        }
        let report = |folder: &ReportFolder, name| Ok(folder.file(name)?.synced_by(early.clone()));
        let mut accepted = match &folder {
            Some(folder) if options.accepted => Some(report(folder, ACCEPTED)?),
            _ => None,
        };
        let errors = folder.as_ref().map(|folder| report(folder, ERRORS)).transpose()?;
        if let Some(report) = &mut accepted {
            report.write(format!("{}\n", ACCEPTED_COLUMNS.join(",")).as_bytes())?;
        }
        Ok(Committer {
            options,
            target,
            keys: Arc::new(keys),
            key_texts: KeyTexts::new(spill.clone()),
            collided: Collided::default(),
            spill,
            fingerprints,
            folder,
            errors,
            accepted,
            accepted_writer: RowWriter::new(b','),
            written: Vec::new(),
            early,
            inputs: Vec::new(),
            tally: Tally::new(plan.fields.len()),
            plan,
            bytes: 0,
            first_id: None,
            last_id: None,
        })
    }

    /// Notes the next input, the `index`-th from 0, and gives what its blocks are checked with.
    pub(super) fn begin_input(&mut self, prepared: &Prepared, checker: Checker, index: usize) -> Worker {
        let dialect = &prepared.input.dialect;
        let mut summary = prepared.summary.clone();
        let mut rejects = None;
        if self.folder.is_some() {
            let name = format!("{}.rejects.{}", prepared.stem, dialect.format.report_ending());
            let mut header = Vec::new();
            if let Some(binding) = checker.binding() {
                if dialect.report_has_bom() {
                    header.extend_from_slice(b"\xEF\xBB\xBF");
                }
                let mut writer = RowWriter::new(dialect.delimiter);
                binding.own_columns().for_each(|column| writer.cell(&mut header, &binding.headers[column]));
                REPORT_COLUMNS.iter().for_each(|name| writer.cell(&mut header, name));
                writer.end(&mut header);
            }
            summary.rejects = Some(name.clone());
            rejects = Some(Rejects::Due { name, header });
        }
        let keys = summary.columns.iter().map(|column| column.header.clone()).collect();
        self.inputs.push(CommittedInput { summary, rejects, keys, late_keys: Vec::new(), is_complete: false });
        Worker {
            checker,
            input: index,
            path: prepared.summary.path.clone(),
            delimiter: dialect.delimiter,
            is_table: dialect.format.is_table(),
            fingerprints: self.fingerprints.clone(),
            keys: Arc::clone(&self.keys),
            reports: self.folder.is_some(),
        }
    }

    /// The reject report of an input; none where no reports are wanted. It is not made before it is needed, for there may be
    /// more inputs than files can be open.
    fn rejects(&mut self, input: usize) -> Result<Option<&mut ReportFile>> {
        let (Some(folder), Some(rejects)) = (&self.folder, &mut self.inputs[input].rejects) else { return Ok(None) };
        if let Rejects::Due { name, header } = rejects {
            let mut report = folder.file(name)?.synced_by(self.early.clone());
            report.write(header)?;
            *rejects = Rejects::Begun(report);
        }
        match rejects {
            Rejects::Begun(report) => Ok(Some(report)),
            Rejects::Due { .. } => Ok(None),
        }
    }

    /// Takes a block: the next one of its input.
    pub(super) fn block(&mut self, mut checked: Checked) -> Result<()> {
        self.note_texts(&checked)?;
        let duplicates = self.duplicates(&mut checked)?;
        let Checked { block, verdicts, rows, errors, rejects, tally, counts, worker, .. } = checked;
        let first_id = match &self.target {
            Target::Database(store) => Some(store.next_id()),
            _ => None,
        };
        if let Some(report) = &mut self.accepted {
            let mut accepted = Vec::new();
            let mut customers = 0..;
            let mut left_out = duplicates.iter().map(|duplicate| duplicate.index).peekable();
            for (index, ((position, _), verdict)) in block.positions().zip(&verdicts.verdicts).enumerate() {
                let Outcome::Accepted { stored_key, .. } = &verdict.outcome else { continue };
                if left_out.next_if_eq(&index).is_some() {
                    continue;
                }
                let customer = first_id.zip(customers.next()).map(|(first, behind)| first + behind);
                let stored = String::from_utf8_lossy(verdicts.key_text(stored_key));
                let writer = &mut self.accepted_writer;
                lines::accepted_row(&mut accepted, writer, &worker.path, position, &stored, customer);
            }
            report.write(&accepted)?;
        }
        self.store(&verdicts, first_id, &rows)?;
        let (more_errors, more_rejects): (Vec<_>, Vec<_>) = duplicates
            .into_iter()
            .map(|duplicate| ((duplicate.index, duplicate.error), (duplicate.index, duplicate.reject)))
            .unzip();
        if let Some(report) = &mut self.errors {
            report.write(&errors.with(more_errors))?;
        }
        self.tally.add(&tally);
        self.bytes += block.file_bytes;
        if let Some(report) = self.rejects(worker.input)? {
            report.write(&rejects.with(more_rejects))?;
        }
        self.inputs[worker.input].summary.counts.add(&counts);
        self.note_met_keys(worker.input, verdicts.met_keys)
    }

    /// The records of a block whose key is taken. They are no longer among its rows and its accepted records.
    fn duplicates(&mut self, checked: &mut Checked) -> Result<Vec<Duplicate>> {
        let records = checked.counts.read - checked.counts.blank;
        let late = self.keys.take_late(checked.first, records);
        let mut rivalled = std::mem::take(&mut checked.rivalled);
        if !late.is_empty() {
            rivalled.extend(late);
            rivalled.sort_unstable();
            rivalled.dedup();
        }
        let mut duplicates = Vec::new();
        if rivalled.is_empty() {
            return Ok(duplicates);
        }
        let Checked { block, verdicts, first, counts, rows, tally, worker, .. } = checked;
        let mut rivalled = rivalled.into_iter().peekable();
        rows.clear();
        for (index, ((position, span), verdict)) in block.positions().zip(&verdicts.verdicts).enumerate() {
            let Outcome::Accepted { row, key, .. } = &verdict.outcome else { continue };
            let place = (position.record - block.first_record) as u32;
            let holder = match (rivalled.next_if_eq(&place), key) {
                (Some(_), Some(key)) => self.holder(*first + Place::from(place), verdicts.key_text(key))?,
                _ => None,
            };
            let Some(holder) = holder else {
                rows.push(row.clone());
                continue;
            };
            let mut faults = FaultList::default();
            faults.append(verdicts.faults_of(verdict));
            self.note_duplicate(&holder, worker, block, span, &mut faults);
            let (faults, duplicate) = (faults.all(), faults.all().last());
            tally.record(duplicate, worker.input, position.line);
            let (mut error, mut reject) = (Vec::new(), Vec::new());
            worker.write_faults(&mut error, position, duplicate);
            worker.write_reject(&mut worker.row_writer(), &mut reject, block, span, position, faults);
            duplicates.push(Duplicate { index, error, reject });
            counts.accepted -= 1;
            counts.rejected += 1;
        }
        Ok(duplicates)
    }

    /// Notes the keys of a block, for the blocks behind it.
    fn note_texts(&mut self, checked: &Checked) -> Result<()> {
        let Some((position, _)) = checked.block.positions().next() else { return Ok(()) };
        let position = Position { line: checked.block.first_line, ..position };
        let noted = self.key_texts.push(checked.first, checked.worker.input, position, &checked.texts);
        noted.map_err(|error| cannot_keep_keys(&self.spill, &error))
    }

    /// Takes the end of an input, and checks its books. Gives what there is to say of it.
    pub(super) fn end_input(&mut self, end: InputEnd) -> Result<Vec<String>> {
        // Also where nothing was read of it.
        self.rejects(end.input)?;
        let input = &mut self.inputs[end.input];
        input.is_complete = true;
        input.summary.bytes = end.read.bytes;
        input.summary.sha256 = end.read.sha256;
        if let Some(Rejects::Begun(report)) = input.rejects.take() {
            let report = report.finish()?;
            // Each is an open file.
            if self.written.len() < KEPT_OPEN { self.written.push(report) } else { report.sync()? }
        }
        let counts = &input.summary.counts;
        balance(&input.summary.path, end.read.records + end.read.blank, counts)?;
        input.summary.note_names();
        let late = std::mem::take(&mut input.late_keys);
        let path = visible(&input.summary.path);
        let mut said: Vec<String> = unmet_paths(input, self.options).into_iter().collect();
        if end.read.records == 0 {
            let what = if input.summary.header_line.is_some() { "a header and no records" } else { "no records" };
            said.push(format!("the file holds {what}"));
        }
        let mut said: Vec<String> = said.into_iter().map(|said| format!("{path}: {said}")).collect();
        if !late.is_empty() {
            said.push(format!("{}, ignored", unknown_names(&path, "key", late, self.plan.profile)));
        }
        Ok(said)
    }

    /// Whether all inputs have been read to their end.
    pub(super) fn is_complete(&self) -> bool {
        self.inputs.iter().all(|input| input.is_complete)
    }

    /// How far the run has come.
    pub(super) fn progress(&self) -> Progress {
        Progress { bytes: self.bytes, counts: self.counts() }
    }

    /// Ends the run's part that needs order: the reports are complete, and the books balance.
    pub(super) fn finish(self) -> Result<Committed> {
        let counts = self.counts();
        balance("the run", counts.read, &counts)?;
        if let Target::Database(store) = &self.target
            && store.rows_written() != counts.accepted
        {
            let rows = store.rows_written();
            return Err(Error::Unbalanced(format!(
                "{} records were accepted, and {rows} rows written",
                counts.accepted
            )));
        }
        let mut written = self.written;
        for report in [self.errors, self.accepted].into_iter().flatten() {
            written.push(report.finish()?);
        }
        Ok(Committed {
            written,
            target: self.target,
            folder: self.folder,
            counts,
            tally: self.tally,
            inputs: self.inputs.into_iter().map(|input| input.summary).collect(),
            first_id: self.first_id,
            last_id: self.last_id,
        })
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.inputs.iter().for_each(|input| counts.add(&input.summary.counts));
        counts
    }

    /// Who has the key of a record whose key somebody else may have. If nobody, it is the record's.
    fn holder(&mut self, place: Place, key: &[u8]) -> Result<Option<Holder>> {
        let fingerprint = self.fingerprints.of(key);
        let comparison = self.plan.key.map(|key| key.comparison).unwrap_or(key::KeyComparison::Text);
        // Of several customers with one key the first is named.
        for customer in self.keys.customers(fingerprint) {
            let stored = self.target.key_of(customer)?;
            if stored.and_then(|text| key::fold(&text, comparison).map(|folded| folded.as_bytes() == key)) == Some(true)
            {
                return Ok(Some(Holder::Customer(customer)));
            }
        }
        let Some(first) = self.keys.first_record(fingerprint).filter(|first| *first < place) else { return Ok(None) };
        let read =
            |texts: &mut KeyTexts, place| texts.read(place).map_err(|error| cannot_keep_keys(&self.spill, &error));
        let mut held = read(&mut self.key_texts, first)?;
        if held.key != key {
            let Some(other) = self.collided.claim(key, place) else { return Ok(None) };
            held = read(&mut self.key_texts, other)?;
        }
        Ok(Some(Holder::Record(held)))
    }

    fn store(&mut self, verdicts: &Verdicts, first_id: Option<i64>, rows: &[Range<u32>]) -> Result<()> {
        let (Target::Database(store), Some(first), count) = (&mut self.target, first_id, rows.len() as i64) else {
            return Ok(());
        };
        if count == 0 {
            return Ok(());
        }
        let Some(last) = first.checked_add(count - 1).filter(|last| *last < i64::MAX) else {
            let path = self.options.database.clone().unwrap_or_default();
            return Err(Error::database(
                &path,
                "its customer IDs would pass the greatest that there can be; nothing was written",
            ));
        };
        store.append(&verdicts.rows, rows)?;
        self.first_id = self.first_id.or(Some(first));
        self.last_id = Some(last);
        Ok(())
    }

    /// Adds the fault of a record whose key is taken.
    fn note_duplicate(&self, holder: &Holder, worker: &Worker, block: &Block, span: &Span, faults: &mut FaultList) {
        let field = self.plan.key.map(|key| key.field).unwrap_or_default();
        let column = &self.plan.fields[field].column;
        let message = match holder {
            Holder::Customer(customer) => format!("customer {customer} in the database has the same {column}"),
            Holder::Record(Keyed { input, record, line, .. }) => {
                let path = &self.inputs[*input].summary.path;
                format!("record {record} (line {line}) of {} has the same {column}", visible(path))
            }
        };
        let binding = worker.checker.binding();
        let value = worker.checker.original_value(block, span, field);
        let fault = Fault {
            code: Code::DuplicateKey,
            severity: Severity::Error,
            field: Some(field as u16),
            column: binding.and_then(|binding| binding.sources[field]).map(|source| source.first() as u32 + 1),
            message: &message,
            value: value.as_deref(),
            raw: None,
            hint: Code::DuplicateKey.info().hint,
        };
        faults.push(u32::MAX, fault);
    }

    /// Notes keys of JSON that did not stand in the first records.
    fn note_met_keys(&mut self, input: usize, met: MetKeys) -> Result<()> {
        let input = &mut self.inputs[input];
        for (key, found) in met {
            // More are not told apart: a hostile file could have millions.
            if input.keys.len() >= MOST_KEYS || !input.keys.insert(key.clone()) {
                continue;
            }
            if let Some(found) = found {
                let column = &self.plan.fields[found.field].column;
                input.summary.columns.push(ColumnSummary::new(&key).filling(column, column, found.how()));
                continue;
            }
            let columns = &input.summary.columns;
            let filled: Vec<&str> = columns.iter().filter_map(|column| column.field.as_deref()).collect();
            let name = with_nearest(named(&key), &key, &filled, self.plan.profile);
            if self.options.unknown_columns_are_errors {
                let path = visible(&input.summary.path);
                let said = unknown_names(&path, "key", vec![name], self.plan.profile);
                return Err(Error::Usage(format!("{said}; --unknown-columns warn ignores such keys")));
            }
            input.late_keys.push(name);
            input.summary.columns.push(ColumnSummary::new(&key).ignored(Ignored::Unknown));
        }
        Ok(())
    }
}

/// Who has a key.
enum Holder {
    /// A customer who was in the database before the run.
    Customer(i64),
    /// A record of this run.
    Record(Keyed),
}

/// A record whose key is taken: its place among the block's spans, and what the reports say of it.
struct Duplicate {
    index: usize,
    error: Vec<u8>,
    reject: Vec<u8>,
}

fn cannot_keep_keys(folder: &Path, error: &io::Error) -> Error {
    let message = format!(
        "the run's keys could not be kept here: {error}. Free some space, then run custload again. Nothing was written"
    );
    Error::database(folder, message)
}

/// Keys of JSON that the map names, and that no record has. That a table has no such header was said before.
fn unmet_paths(input: &CommittedInput, options: &Options) -> Option<String> {
    let is_json = matches!(input.summary.format, "json" | "ndjson") && input.keys.len() < MOST_KEYS;
    let mapped = options.fields.mapping.columns.iter().filter(|(_, target)| is_json && target.is_some());
    let compared: HashSet<String> = input.keys.iter().map(|key| letters_and_digits(key)).collect();
    let unmet = mapped.filter(|(key, _)| !compared.contains(&letters_and_digits(key)));
    let unmet: Vec<String> = unmet.map(|(key, _)| named(key)).collect();
    (!unmet.is_empty()).then(|| format!("no record has {}, which the map names", unmet.join(", ")))
}

fn balance(what: &str, read: u64, counts: &Counts) -> Result<()> {
    let sum = counts.accepted + counts.rejected + counts.blank;
    if read == sum && counts.read == read {
        return Ok(());
    }
    Err(Error::Unbalanced(format!(
        "{}: read {read}, but accepted {} + rejected {} + blank {} are {sum}",
        visible(what),
        counts.accepted,
        counts.rejected,
        counts.blank
    )))
}
