//! What is done for each block in its order: the [`Committer`] decides what needs order or memory, and nothing else: whose
//! key it is, which customer ID comes next, and what goes where.

use std::collections::HashSet;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use super::advice::{named, shortened, unknown_names, with_nearest};
use super::cells::{Places, balance_cells, unseen};
use super::fate::{Judged, Late};
use super::journey::{Stops, start};
use super::prepare::{Prepared, note_sheet};
use super::tally::Tally;
use super::waiting::Waiting;
use super::worker::{Checked, Worker};
use super::{Book, Command, Observer, Options, Progress, Target};
use crate::core::judge::plan::Plan;
use crate::core::judge::{Checker, MOST_KEYS, MetKeys, Outcome, Verdicts};
use crate::core::mode::Duplicates;
use crate::core::profile::{REPORT_COLUMNS, letters_and_digits};
use crate::core::record::Position;
use crate::core::record::csv::RowWriter;
use crate::core::text::key;
use crate::core::text::visible;
use crate::disk::folder_of;
use crate::error::{Error, Result, Words};
use crate::read::InputRead;
use crate::read::unchanged::has_changed;
use crate::report::folder::{ACCEPTED, ERRORS, ReportFile, ReportFolder, Unsynced, WrittenReport};
use crate::report::lines::ACCEPTED_COLUMNS;
use crate::report::summary::{Counts, Ignored, InputSummary};
use crate::sink::sqlite::keys::{Collided, Fingerprint, Fingerprints, KeySet, Place, SharedKeys};
use crate::sink::sqlite::texts::KeyTexts;
use crate::sink::sqlite::{Checkpoint, Origin};

/// An input that has been read to its end, or as far as it was to be read.
pub(super) struct InputEnd {
    pub(super) input: usize,
    pub(super) read: InputRead,
}

/// Takes checked blocks in their order.
pub(super) struct Committer<'r> {
    pub(super) options: &'r Options,
    pub(super) plan: Arc<Plan>,
    pub(super) target: Target,
    pub(super) keys: SharedKeys,
    pub(super) key_texts: KeyTexts,
    pub(super) collided: Collided,
    /// Where the keys' texts are kept that memory is too small for.
    pub(super) spill: PathBuf,
    pub(super) fingerprints: Fingerprints,
    pub(super) folder: Option<ReportFolder>,
    pub(super) errors: Option<ReportFile>,
    pub(super) accepted: Option<ReportFile>,
    pub(super) accepted_writer: RowWriter,
    /// Who puts reports on the disk while they are written.
    pub(super) early: SyncSender<Unsynced>,
    /// The reports of inputs that were read to their end.
    pub(super) written: Vec<WrittenReport>,
    /// The inputs: what is known of each, and whether it has been read to its end.
    pub(super) inputs: Vec<CommittedInput>,
    pub(super) tally: Tally,
    /// The sum of the inputs' counts. It is asked for after every block, and there may be very many inputs.
    counts: Counts,
    pub(super) bytes: u64,
    /// How many records were taken.
    pub(super) records: Place,
    /// The first and the last customer that the run has created.
    pub(super) customers: Option<(i64, i64)>,
    /// The records that have claimed a key and were rejected for something else.
    pub(super) released: HashSet<Place>,
    /// The records that wait for the end of the run, or of their input, where the last of several stays.
    pub(super) waiting: Option<Waiting>,
    /// The customer that a message named last, and how. Very many records may have one customer's key.
    pub(super) introduced: Option<(i64, Origin)>,
    /// Whether each input finds what those before it have done, as if it had a run of its own.
    pub(super) one_by_one: bool,
    /// The keys of the customers that were created for an input, if the next one is to find them.
    pub(super) created_keys: Vec<(Fingerprint, i64)>,
    pub(super) book: Book,
    /// The run as reject reports name it; empty for a check.
    pub(super) run: String,
    /// The customer ID that the run could give first, and how many customers there were.
    pub(super) start: (i64, i64),
    /// What a run that was stopped has done before; until it has come that far again, nothing is stored.
    pub(super) done_before: Option<DoneBefore>,
    pub(super) kept: Option<Kept>,
    pub(super) created_before: u64,
    pub(super) updated_before: u64,
}

/// What a run has committed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    /// The number of records.
    pub(super) records: Place,
    /// The first and the last customer that it has created for them.
    pub(super) customers: Option<(i64, i64)>,
    /// How long the list of accepted records was then.
    pub(super) accepted_bytes: u64,
}

/// What a run that was stopped has done before.
pub(super) struct DoneBefore {
    pub(super) checkpoint: Checkpoint,
    pub(super) counts: Counts,
    /// The customer ID that the next record was given then.
    pub(super) next_id: i64,
}

pub(super) struct CommittedInput {
    pub(super) summary: InputSummary,
    /// The length of its file.
    pub(super) length: u64,
    /// The SHA-256 by which it was compared with inputs that were loaded, if it was.
    pub(super) compared_sha256: Option<String>,
    pub(super) rejects: Option<Rejects>,
    /// Where its columns, or the keys that were met, stand in the summary.
    pub(super) places: Places,
    pub(super) is_complete: bool,
}

/// The reject report of an input.
pub(super) enum Rejects {
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
    pub(super) customers: Option<(i64, i64)>,
    pub(super) book: Book,
    pub(super) kept: Option<Kept>,
}

/// How many rejects the reports list at most, where `--max-rejects` limits them: enough to say why the run was stopped. `None`: all
/// of them.
pub(super) fn most_listed(options: &Options) -> Option<u64> {
    const MORE: u64 = 1000;
    options.max_rejects.map(|most| most.saturating_add(MORE))
}

/// How many reports of inputs wait for the end of the run to be put on the disk.
const KEPT_OPEN: usize = 16;

/// How many customers' keys are noted together.
const CUSTOMERS: usize = 4096;

impl<'r> Committer<'r> {
    /// A committer that knows the keys of the customers in the database, and whose reports are begun.
    pub(super) fn new(
        options: &'r Options,
        plan: Arc<Plan>,
        target: Target,
        folder: Option<ReportFolder>,
        book: Book,
        run: String,
        before: Option<(Checkpoint, Counts)>,
    ) -> Result<Committer<'r>> {
        let started = match (&before, &target) {
            (Some((checkpoint, counts)), _) => {
                (checkpoint.start_customer_id, checkpoint.customers - counts.created as i64)
            }
            (None, Target::Database(store)) if options.commit_every.is_some() => (store.next_id(), store.customers()?),
            (None, Target::Database(store)) => (store.next_id(), 0),
            (None, _) => (i64::MAX, 0),
        };
        // The spill goes where there is room for the database; a check has only the system's folder for such files.
        let spill = match (options.command, &options.database) {
            (Command::Import, Some(database)) => folder_of(database),
            _ => std::env::temp_dir(),
        };
        let spill_folder = spill.clone();
        let mut keys = KeySet::default();
        let fingerprints = Fingerprints::default();
        if let Some(key) = plan.key {
            let mut batch = Vec::with_capacity(CUSTOMERS);
            // Those that the run has created itself, before it was stopped, are met among its records.
            target.for_each_key(started.0, |customer, text| {
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
        let report = |folder: &ReportFolder, name| folder.file(name).map(|file| file.synced_by(early.clone()));
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
            keys: SharedKeys::new(keys),
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
            waiting: (options.duplicates == Duplicates::Last).then(|| Waiting::new(spill_folder)),
            introduced: None,
            one_by_one: false,
            created_keys: Vec::new(),
            plan,
            counts: Counts::default(),
            bytes: 0,
            records: 0,
            customers: None,
            released: HashSet::new(),
            book,
            run,
            created_before: before.as_ref().map_or(0, |(_, counts)| counts.created),
            updated_before: before.as_ref().map_or(0, |(_, counts)| counts.updated),
            start: started,
            kept: None,
            done_before: before.map(|(checkpoint, counts)| {
                let next_id = checkpoint.start_customer_id;
                DoneBefore { checkpoint, counts, next_id }
            }),
        })
    }

    /// After which records blocks have to end.
    pub(super) fn stops(&self) -> Stops {
        Stops {
            every: self.options.commit_every.filter(|_| self.options.command == Command::Import),
            first: self.done_before.as_ref().map(|before| before.checkpoint.records),
        }
    }

    /// How many records the run has committed before its end.
    pub(super) fn kept(&self) -> Option<Place> {
        self.kept.map(|kept| kept.records)
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
                let mut writer = RowWriter::new(dialect.csv.delimiter);
                binding.own_columns().for_each(|column| writer.cell(&mut header, &binding.headers[column]));
                REPORT_COLUMNS.iter().for_each(|name| writer.cell(&mut header, name));
                writer.end(&mut header);
            }
            summary.rejects = Some(name.clone());
            rejects = Some(Rejects::Due { name, header });
        }
        let places = Places::new(&mut summary, dialect.format.is_table());
        let length = std::fs::metadata(&prepared.input.path).ok().filter(Metadata::is_file);
        let length = length.map_or(0, |metadata| metadata.len());
        let compared_sha256 = prepared.input.sha256.clone();
        self.inputs.push(CommittedInput { summary, length, compared_sha256, rejects, places, is_complete: false });
        Worker {
            checker,
            input: index,
            path: prepared.summary.path.clone(),
            run: self.run.clone(),
            delimiter: dialect.csv.delimiter,
            is_table: dialect.format.is_table(),
            fingerprints: self.fingerprints.clone(),
            keys: self.keys.clone(),
            reports: self.folder.is_some(),
            has_customers: self.target.has_customers(),
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

    /// Takes a block: the next one of its input. `false` if a threshold was passed at a checkpoint, and the run ends here.
    pub(super) fn block(&mut self, checked: Checked, observer: &mut dyn Observer) -> Result<bool> {
        self.note_texts(&checked)?;
        let known = self.known(&checked)?;
        let Checked {
            mut block,
            mut verdicts,
            first,
            mut counts,
            rows,
            rivalled,
            errors,
            rejects,
            mut tally,
            cells,
            worker,
            ..
        } = checked;
        let input = worker.input;
        let columns = self.columns_of(input, std::mem::take(&mut verdicts.met_keys))?;
        let stop = block.stop.take();
        let judged = Judged { block: &block, verdicts: &verdicts, first, worker: &worker };
        let records = counts.read - counts.blank;
        let (rights, late) = self.decide(&judged, rivalled, known, &mut counts, &mut tally)?;
        self.note_cells(input, &columns, &cells, &late, &verdicts);
        match (rights, &self.waiting) {
            (None, _) => self.store_all(&judged, &rows)?,
            (Some(rights), None) => self.apply(&verdicts.rows, &rights)?,
            (Some(mut rights), Some(_)) => self.let_wait(&judged, &mut rights, &columns)?,
        }
        let listed = self.listed(&verdicts, &late, counts.rejected);
        let (more_errors, more_rejects): (Vec<_>, Vec<_>) =
            late.into_iter().map(|late| ((late.index, late.error), (late.index, late.reject))).unzip();
        if let Some(report) = &mut self.errors {
            report.write(&errors.with(more_errors, listed))?;
        }
        self.tally.add(&tally);
        self.bytes += block.file_bytes;
        if let Some(report) = self.rejects(input)? {
            report.write(&rejects.with(more_rejects, listed))?;
        }
        self.records = first + records;
        self.count(input, |all| all.add(&counts));
        match stop {
            Some(before) => {
                let record = block.first_record + records - 1;
                self.stop(input, record, before, observer)
            }
            None => Ok(true),
        }
    }

    /// How many of a block's spans the reports list: those before the first reject that is one too many. `rejected` is the number of
    /// the block's rejects.
    fn listed(&self, verdicts: &Verdicts, late: &[Late], rejected: u64) -> usize {
        let all = verdicts.verdicts.len();
        let Some(most) = most_listed(self.options) else { return all };
        let Some(room) = most.checked_sub(self.counts().rejected) else { return 0 };
        let is_late = |index| late.binary_search_by_key(&index, |late| late.index).is_ok();
        let is_reject = |index: &usize| verdicts.verdicts[*index].outcome == Outcome::Rejected || is_late(*index);
        let first_left_out = || (0..all).filter(is_reject).nth(room as usize);
        if room < rejected { first_left_out().unwrap_or(all) } else { all }
    }

    /// Notes the keys of a block, for the blocks after it.
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
        // It may have been another file when it was compared with those that were loaded.
        if input.compared_sha256.as_ref().is_some_and(|compared| *compared != input.summary.sha256) {
            return Err(Error::input(Path::new(&input.summary.path), has_changed()));
        }
        note_sheet(&mut input.summary, end.read.sheet);
        if let Some(Rejects::Begun(report)) = input.rejects.take() {
            let report = report.finish()?;
            // Each is an open file.
            if self.written.len() < KEPT_OPEN { self.written.push(report) } else { report.sync()? }
        }
        let counts = &input.summary.counts;
        balance(&input.summary.path, end.read.records + end.read.blank, counts)?;
        balance_cells(&input.summary)?;
        input.summary.note_names();
        let path = visible(&input.summary.path);
        let mut said: Vec<String> = unmet_paths(input, self.options).into_iter().collect();
        said.extend(end.read.sheet.and_then(|sheet| sheet.notice()));
        if end.read.records == 0 {
            let what = if input.summary.header_line.is_some() { "a header and no records" } else { "no records" };
            said.push(format!("the file holds {what}"));
        }
        let mut said: Vec<String> = said.into_iter().map(|said| format!("{path}: {said}")).collect();
        let what = if matches!(input.places, Places::Table(_)) { "column" } else { "key" };
        said.extend(unseen(&input.summary, what, &self.plan.profile));
        if self.one_by_one && !self.is_complete() {
            self.make_found()?;
        }
        Ok(said)
    }

    /// Lets the next input find what was done so far, and forget whose key a record has.
    fn make_found(&mut self) -> Result<()> {
        if let Some(waiting) = self.waiting.take() {
            self.end_waiting(waiting)?;
            self.waiting = Some(Waiting::new(self.spill.clone()));
        }
        self.target = match std::mem::replace(&mut self.target, Target::Nothing) {
            Target::Database(store) => Target::Database(Box::new(store.end_input()?)),
            other => other,
        };
        self.keys.end_input(&std::mem::take(&mut self.created_keys));
        self.key_texts = KeyTexts::new(self.spill.clone());
        self.collided = Collided::default();
        self.released.clear();
        Ok(())
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
    pub(super) fn finish(mut self) -> Result<Committed> {
        self.refuse_shorter()?;
        if let Some(waiting) = self.waiting.take() {
            self.end_waiting(waiting)?;
        }
        let counts = self.counts();
        self.balance()?;
        let mut written = self.written;
        // Of an input that was not read to its end, for a threshold was passed.
        let begun = self.inputs.iter_mut().filter_map(|input| match input.rejects.take() {
            Some(Rejects::Begun(report)) => Some(report),
            _ => None,
        });
        for report in begun.chain([self.errors, self.accepted].into_iter().flatten()) {
            written.push(report.finish()?);
        }
        Ok(Committed {
            written,
            target: self.target,
            folder: self.folder,
            counts,
            tally: self.tally,
            inputs: self.inputs.into_iter().map(|input| input.summary).collect(),
            customers: self.customers,
            book: self.book,
            kept: self.kept,
        })
    }

    /// The run's books: what was read, what became of it, and what the database says that it was given.
    pub(super) fn balance(&self) -> Result<()> {
        let counts = self.counts();
        balance("the run", counts.read, &counts)?;
        let parts = counts.created + counts.updated + counts.unchanged + counts.superseded;
        if parts != counts.accepted {
            let accepted = counts.accepted;
            return Err(Error::Unbalanced(format!("{accepted} records were accepted, and {parts} stored or left out")));
        }
        self.inputs.iter().try_for_each(|input| balance_cells(&input.summary))?;
        let Target::Database(store) = &self.target else { return Ok(()) };
        let (written, changed) = (store.rows_written(), store.rows_changed());
        let (created, updated) = (counts.created - self.created_before, counts.updated - self.updated_before);
        if (written, changed) != (created, updated) {
            if let Some(trigger) = store.triggers()?.first() {
                let path = self.options.database.clone().unwrap_or_default();
                let message = format!(
                    "its trigger {trigger:?} leaves customers out: {created} were to be created and {updated} updated, and \
                     {written} were created and {changed} updated. Drop the trigger or change it, then run custload again"
                );
                return Err(Error::database(&path, message));
            }
            return Err(Error::Unbalanced(format!(
                "{created} customers were created and {updated} updated, and {written} rows written and {changed} changed"
            )));
        }
        Ok(())
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Counts something of an input, for the input and for the run.
    pub(super) fn count(&mut self, input: usize, count: impl Fn(&mut Counts)) {
        count(&mut self.inputs[input].summary.counts);
        count(&mut self.counts);
    }

    /// The columns of a block's slots; an error where a key that matches no field is to be one.
    fn columns_of(&mut self, input: usize, met: MetKeys) -> Result<Vec<u32>> {
        let input = &mut self.inputs[input];
        let before = input.summary.columns.len();
        let columns = input.columns_of(met, &self.plan);
        let mut new = input.summary.columns[before..].iter();
        match new.find(|column| column.ignored == Some(Ignored::Unknown)) {
            Some(column) if self.options.unknown_columns_are_errors => {
                let filled = input.summary.columns.iter().filter_map(|column| column.field.as_deref());
                let name = with_nearest(
                    named(&column.header),
                    &column.header,
                    &filled.collect::<Vec<_>>(),
                    &self.plan.profile,
                );
                let said = unknown_names(&visible(&input.summary.path), "key", vec![name], &self.plan.profile);
                let said = format!("{said}; --unknown-columns warn ignores such keys");
                let what = "it has columns or keys that match no field";
                Err(Error::unfit(Path::new(&input.summary.path), what, said))
            }
            _ => Ok(columns),
        }
    }
}

pub(super) fn cannot_keep_keys(folder: &Path, error: &io::Error) -> Error {
    let advice = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => "Free some space",
        _ => "Check the disk and the permissions of this folder",
    };
    let message = format!("the run's keys could not be kept here: {error}. {advice}, then run custload again");
    // A bare `.` would say little.
    Error::database(&std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf()), Words::own(message))
}

/// Keys of JSON that the map names, and that no record has. That a table has no such header was said before.
fn unmet_paths(input: &CommittedInput, options: &Options) -> Option<String> {
    let is_json = matches!(input.places, Places::Keys(_)) && input.summary.columns.len() < MOST_KEYS;
    let mapped = options.fields.mapping.columns.iter().filter(|(_, target)| is_json && target.is_some());
    let compared: HashSet<String> = input.places.keys().map(|key| letters_and_digits(key)).collect();
    let unmet = mapped.filter(|(key, _)| !compared.contains(&letters_and_digits(key)));
    let unmet: Vec<String> = unmet.map(|(key, _)| named(key)).collect();
    (!unmet.is_empty()).then(|| format!("no record has {}, which the map names", shortened(unmet)))
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
