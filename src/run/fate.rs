//! What becomes of records that are right by themselves: whose key it is, who is meant by it, what is created and what changed.

use std::borrow::Cow;
use std::ops::Range;

use super::cells::{CellFate, column_of};
use super::commit::{Committer, cannot_keep_keys};
use super::journey::stop_if_told;
use super::tally::Tally;
use super::waiting::Waiting;
use super::worker::{Checked, Worker};
use super::{Options, Target};
use crate::core::finding::{FindingList, Problem, excerpt};
use crate::core::judge::{Outcome, Touched, Verdicts};
use crate::core::mode::Mode;
use crate::core::profile::FieldSet;
use crate::core::record::{Block, Counts, Fate, Position, Spot};
use crate::core::row::Value;
use crate::core::text::key::{self, KeyComparison};
use crate::error::{Error, Result};
use crate::report::lines;
use crate::sink::sqlite::keys::Place;
use crate::sink::sqlite::record::values;
use crate::sink::sqlite::texts::{KeyTexts, Keyed};
use crate::sink::sqlite::{Change, ChangeStamp, FIRST_IMAGINED, Origin, Stored};

/// What becomes of a record that is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Created,
    Updated,
    Unchanged,
    Superseded,
}

impl Action {
    /// The action of this number, as Rust numbers them.
    pub(super) fn of(number: u64) -> Option<Action> {
        let all = [Action::Created, Action::Updated, Action::Unchanged, Action::Superseded];
        all.into_iter().find(|action| *action as u64 == number)
    }

    /// The word in `accepted.csv`.
    fn name(self) -> &'static str {
        match self {
            Action::Created => "created",
            Action::Updated => "updated",
            Action::Unchanged => "unchanged",
            Action::Superseded => "superseded",
        }
    }
}

/// A record that is right, and what becomes of it.
#[derive(Clone, Debug)]
pub(super) struct Right<'v> {
    pub(super) input: usize,
    pub(super) position: Position,
    /// Its row in the bytes that it comes with.
    pub(super) row: Range<u32>,
    pub(super) action: Action,
    /// The customer whom it is about, if he is there.
    pub(super) customer: Option<i64>,
    /// The fields in which he differs, and of these the ones that he is to lose.
    pub(super) differing: FieldSet,
    pub(super) cleared: FieldSet,
    /// Its key as it is stored.
    pub(super) key: Cow<'v, str>,
    /// The first record with its key, among those of the run.
    pub(super) first: Place,
    /// What has become of its filled cells, where it waits and may be superseded.
    pub(super) cells: Vec<CellFate>,
}

/// A block that was judged.
#[derive(Clone, Copy)]
pub(super) struct Judged<'v> {
    pub(super) block: &'v Block,
    pub(super) verdicts: &'v Verdicts,
    /// The place of its first record in the run.
    pub(super) first: Place,
    pub(super) worker: &'v Worker,
}

/// The customers who have a record's key.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The first of them, and another.
    customer: Option<i64>,
    other: Option<i64>,
    /// The fields in which the first differs from what the record says.
    differing: FieldSet,
    /// His key as it is stored.
    key: String,
}

/// A record that is rejected for its key: its place among the block's spans, and what the reports say of it.
pub(super) struct Late {
    pub(super) index: usize,
    pub(super) error: Vec<u8>,
    pub(super) reject: Vec<u8>,
}

impl Committer<'_> {
    /// The customers who have the keys of a block's records, by the records' places among its spans; nothing where none is to
    /// be changed.
    pub(super) fn known(&self, checked: &Checked) -> Result<Vec<Known>> {
        let Checked { verdicts, worker, known, .. } = checked;
        let Some(key) = self.plan.key.filter(|_| self.plan.mode.changes()) else { return Ok(Vec::new()) };
        let mut found = vec![Known::default(); verdicts.verdicts.len()];
        let fields = worker.filled_fields();
        let mut columns = vec![self.plan.fields[key.field].column.as_str()];
        columns.extend(fields.iter().map(|field| self.plan.fields[*field].column.as_str()));
        let customers: Vec<i64> = known.iter().map(|(_, customer)| *customer).collect();
        let wants_key = self.accepted.is_some();
        self.target.look_at(&columns, &customers, |at, stored| {
            let (index, customer) = known[at];
            let index = index as usize;
            let Outcome::Accepted { row, key: Some(text), .. } = &verdicts.verdicts[index].outcome else { return };
            if !has_key(&stored, verdicts.key_text(text), key.comparison) {
                return;
            }
            let known = &mut found[index];
            if known.customer.is_some() {
                known.other = known.other.or(Some(customer));
                return;
            }
            known.customer = Some(customer);
            let row = &verdicts.rows[row.start as usize..row.end as usize];
            known.differing = differing(&stored, row, &fields, &verdicts.touched[index]);
            if wants_key {
                known.key = text_of(stored.value(0)).into_owned();
            }
        })?;
        Ok(found)
    }

    /// Decides what becomes of a block's records; `None` where all that are right become customers. Those that are rejected now
    /// are no longer among its rows and its accepted records.
    pub(super) fn decide<'v>(
        &mut self,
        judged: &Judged<'v>,
        mut rivalled: Vec<u32>,
        known: Vec<Known>,
        counts: &mut Counts,
        tally: &mut Tally,
    ) -> Result<(Option<Vec<Right<'v>>>, Vec<Late>)> {
        let Judged { block, verdicts, first, worker } = *judged;
        let late = self.keys.read().take_late(first, counts.read - counts.blank);
        if !late.is_empty() {
            rivalled.extend(late);
            rivalled.sort_unstable();
            rivalled.dedup();
        }
        let is_simple = !self.plan.mode.changes() && self.accepted.is_none() && self.waiting.is_none();
        if rivalled.is_empty() && is_simple {
            return Ok((None, Vec::new()));
        }
        let (mut rights, mut rejects) = (Vec::with_capacity(counts.accepted as usize), Vec::new());
        let mut rivalled = rivalled.into_iter().peekable();
        for (index, ((position, span), verdict)) in block.positions().zip(&verdicts.verdicts).enumerate() {
            let Outcome::Accepted { row, key, stored_key } = &verdict.outcome else { continue };
            let place = (position.record - block.first_record) as u32;
            let is_rivalled = rivalled.next_if_eq(&place).is_some();
            let place = first + Place::from(place);
            let key = key.as_ref().map(|key| verdicts.key_text(key));
            let mut findings = FindingList::default();
            let known = known.get(index).cloned().unwrap_or_default();
            let mut first_place = place;
            let spot = Spot { block, span, position };
            self.note_who(&known, worker, verdicts.touched.get(index), spot, &mut findings);
            if !findings.is_empty() {
                // Where customers have the key, a later record with it will have no claim on it either.
                self.released.extend(key.filter(|_| known.customer.is_none()).map(|_| place));
            } else if let (true, Some(key)) = (is_rivalled, key) {
                first_place = self.note_rivals(place, key, worker, spot, &mut findings)?;
            }
            if findings.is_empty() {
                rights.push(Right {
                    input: worker.input,
                    position,
                    row: row.clone(),
                    action: self.action(&known, worker.input)?,
                    customer: known.customer,
                    differing: known.differing,
                    cleared: verdicts.touched.get(index).map(|touched| touched.cleared).unwrap_or_default(),
                    key: match known.customer {
                        Some(_) => Cow::Owned(known.key),
                        None => String::from_utf8_lossy(verdicts.key_text(stored_key)),
                    },
                    first: first_place,
                    cells: match &self.waiting {
                        Some(_) => verdicts.marks.fates_of(index).collect(),
                        None => Vec::new(),
                    },
                });
                continue;
            }
            let (mut error, mut reject) = (Vec::new(), Vec::new());
            let out = (&mut error, &mut reject);
            worker.reject_late(&findings, spot, tally, out);
            rejects.push(Late { index, error, reject });
            counts.accepted -= 1;
            counts.rejected += 1;
        }
        Ok((Some(rights), rejects))
    }

    /// Adds what is wrong with who is meant by a record's key, if something is.
    fn note_who(
        &self,
        known: &Known,
        worker: &Worker,
        touched: Option<&Touched>,
        spot: Spot<'_>,
        findings: &mut FindingList,
    ) {
        let Some(touched) = touched else { return };
        match (known.customer, known.other) {
            (None, _) => worker.note_nobody(&touched.lacking, spot, findings),
            (Some(_), None) => {}
            (Some(one), Some(other)) => {
                let customers = [one.min(other), one.max(other)];
                worker.note_key(Problem::AmbiguousKey { customers }, spot, findings);
            }
        }
    }

    /// Looks who else has the key of a record: a fault where it has to give way. Gives the first record with this key.
    fn note_rivals(
        &mut self,
        place: Place,
        key: &[u8],
        worker: &Worker,
        spot: Spot<'_>,
        findings: &mut FindingList,
    ) -> Result<Place> {
        if !self.plan.mode.changes()
            && let Some(customer) = self.customer_with(key)?
        {
            let Origin { name, record } = self.introduced(customer)?;
            let name = name.as_deref().map(excerpt);
            let origin = record.as_ref().map(|(path, record)| (*record, path.as_str()));
            worker.note_key(Problem::DuplicateOfCustomer { customer, name, origin }, spot, findings);
            return Ok(place);
        }
        let Some((first, Keyed { input, record, line, .. })) = self.record_before(place, key)? else {
            return Ok(place);
        };
        if let Some(waiting) = &mut self.waiting {
            waiting.note_later(first, place);
            return Ok(first);
        }
        let path = self.inputs[input].summary.path.as_str();
        worker.note_key(Problem::DuplicateOfRecord { record, line, path }, spot, findings);
        Ok(first)
    }

    /// A customer's name, and the record that it came from.
    fn introduced(&mut self, customer: i64) -> Result<&Origin> {
        let known = self.introduced.take().filter(|(introduced, _)| *introduced == customer);
        let known = match known {
            Some(known) => known,
            None => (customer, self.target.origin_of(customer)?),
        };
        Ok(&self.introduced.insert(known).1)
    }

    /// The customer who has a key; the first of several.
    fn customer_with(&self, key: &[u8]) -> Result<Option<i64>> {
        let comparison = self.plan.key.map(|key| key.comparison).unwrap_or(KeyComparison::Text);
        for customer in self.keys.read().customers(self.fingerprints.of(key)) {
            let stored = self.target.key_of(customer)?;
            if stored.and_then(|text| key::fold(&text, comparison).map(|folded| folded.as_bytes() == key)) == Some(true)
            {
                return Ok(Some(customer));
            }
        }
        Ok(None)
    }

    /// The record before this one that holds its key; if there is none, it is this one's from now on.
    fn record_before(&mut self, place: Place, key: &[u8]) -> Result<Option<(Place, Keyed)>> {
        let fingerprint = self.fingerprints.of(key);
        let first = self.keys.read().first_record(fingerprint);
        let Some(first) = first.filter(|first| *first < place) else { return Ok(None) };
        let read =
            |texts: &mut KeyTexts, place| texts.read(place).map_err(|error| cannot_keep_keys(&self.spill, &error));
        let held = read(&mut self.key_texts, first)?;
        if held.key == key && !self.released.contains(&first) {
            return Ok(Some((first, held)));
        }
        let Some(other) = self.collided.claim(key, place) else { return Ok(None) };
        Ok(Some((other, read(&mut self.key_texts, other)?)))
    }

    fn action(&self, known: &Known, input: usize) -> Result<Action> {
        let has_changed = |customer| match &self.target {
            // What the run has changed before it was stopped no longer differs.
            Target::Database(store) if self.done_before.is_some() => store.has_changed(customer, input as i64 + 1),
            _ => Ok(!known.differing.is_empty()),
        };
        Ok(match known.customer {
            Some(customer) if has_changed(customer)? => Action::Updated,
            Some(_) => Action::Unchanged,
            // Without a database nobody knows who is there.
            None if self.plan.mode == Mode::Update => Action::Updated,
            None => Action::Created,
        })
    }

    /// Stores a block all of whose right records become customers.
    pub(super) fn store_all(&mut self, judged: &Judged<'_>, rows: &[Range<u32>]) -> Result<()> {
        self.count(judged.worker.input, |counts| counts.created += rows.len() as u64);
        self.create(&judged.verdicts.rows, rows).map(|_| ())
    }

    /// Lets records wait for the end of the run.
    pub(super) fn let_wait(&mut self, judged: &Judged<'_>, rights: &mut [Right<'_>], columns: &[u32]) -> Result<()> {
        let Some(waiting) = &mut self.waiting else { return Ok(()) };
        for right in rights {
            // The slots of a block are nothing to the run.
            right.cells.iter_mut().for_each(|(slot, _)| *slot = column_of(columns, *slot));
            let place = judged.first + (right.position.record - judged.block.first_record);
            let kept = waiting.push(place, right, &judged.verdicts.rows);
            kept.map_err(|error| cannot_keep_keys(&self.spill, &error))?;
        }
        Ok(())
    }

    /// Stores records, counts them and lists them. Their rows are in `bytes`.
    pub(super) fn apply(&mut self, bytes: &[u8], rights: &[Right<'_>]) -> Result<()> {
        let created = rights.iter().filter(|right| right.action == Action::Created);
        let rows: Vec<Range<u32>> = created.map(|right| right.row.clone()).collect();
        let first_id = self.create(bytes, &rows)?;
        self.change(bytes, rights)?;
        for right in rights {
            self.count(right.input, |counts| match right.action {
                Action::Created => counts.created += 1,
                Action::Updated => counts.updated += 1,
                Action::Unchanged => counts.unchanged += 1,
                Action::Superseded => counts.superseded += 1,
            });
            if right.action == Action::Superseded {
                for (column, fate) in &right.cells {
                    self.inputs[right.input].cells(*column).move_one(*fate, Fate::Superseded);
                }
            }
        }
        let Some(report) = &mut self.accepted else { return Ok(()) };
        let mut accepted = Vec::new();
        let mut customers = 0..;
        for right in rights {
            let customer = match right.action {
                Action::Created => first_id.zip(customers.next()).map(|(first, behind)| first + behind),
                Action::Superseded => None,
                // One that a check imagines has no ID yet.
                Action::Updated | Action::Unchanged => right.customer.filter(|customer| *customer < FIRST_IMAGINED),
            };
            let path = &self.inputs[right.input].summary.path;
            let (writer, action) = (&mut self.accepted_writer, right.action.name());
            lines::accepted_row(&mut accepted, writer, path, right.position, &right.key, customer, action);
        }
        report.write(&accepted)
    }

    /// Stores new customers; the ID of the first, where there is a database.
    fn create(&mut self, bytes: &[u8], rows: &[Range<u32>]) -> Result<Option<i64>> {
        let store = match &mut self.target {
            Target::Database(store) => store,
            Target::Imagined(imagined) => {
                let first = imagined.append(bytes, rows)?;
                self.note_created(first, bytes, rows);
                return Ok(None);
            }
            Target::LookedAt(_) | Target::Nothing => return Ok(None),
        };
        let count = rows.len() as i64;
        let first = self.done_before.as_ref().map_or(store.next_id(), |before| before.next_id);
        if count == 0 {
            return Ok(Some(first));
        }
        let Some(last) = first.checked_add(count - 1).filter(|last| *last < i64::MAX) else {
            return Err(no_more_ids(self.options));
        };
        match &mut self.done_before {
            Some(before) => before.next_id = last + 1,
            None => store.append(bytes, rows)?,
        }
        self.customers = Some((self.customers.map_or(first, |(first, _)| first), last));
        self.note_created(first, bytes, rows);
        Ok(Some(first))
    }

    /// Notes the keys of new customers for the next input, if it is to find them.
    fn note_created(&mut self, first: i64, bytes: &[u8], rows: &[Range<u32>]) {
        let Some(key) = self.plan.key.filter(|_| self.one_by_one) else { return };
        for (customer, row) in (first..).zip(rows) {
            let row = &bytes[row.start as usize..row.end as usize];
            let text = text_of(values(row).nth(key.field).unwrap_or(Value::Null));
            if let Some(folded) = key::fold(&text, key.comparison) {
                self.created_keys.push((self.fingerprints.of(folded.as_bytes()), customer));
            }
        }
    }

    /// Changes customers that are there.
    fn change(&mut self, bytes: &[u8], rights: &[Right<'_>]) -> Result<()> {
        if self.done_before.is_some() {
            return Ok(());
        }
        for right in rights.iter().filter(|right| right.action == Action::Updated) {
            let Some(customer) = right.customer else { continue };
            let row = &bytes[right.row.start as usize..right.row.end as usize];
            let values = values(row).zip(&self.plan.fields).enumerate();
            let values = values.filter(|(field, _)| right.differing.has(*field)).map(|(field, (value, plan))| {
                let value = if right.cleared.has(field) { Value::Null } else { value };
                (plan.column.as_str(), value)
            });
            let change = Change { customer, values: values.collect(), record: right.position.record };
            let (now, file) = (self.book.row.started_at.as_str(), right.input as i64 + 1);
            match &mut self.target {
                Target::Database(store) => store.change(&change, &ChangeStamp { now, run: store.run_id(), file })?,
                Target::Imagined(imagined) => imagined.change(&change, &ChangeStamp { now, run: 0, file })?,
                Target::LookedAt(_) | Target::Nothing => {}
            }
        }
        Ok(())
    }

    /// Stores the records that have waited for the end of the run, or of their input.
    pub(super) fn end_waiting(&mut self, mut waiting: Waiting) -> Result<()> {
        loop {
            stop_if_told(self.options)?;
            let batch = waiting.next_batch().map_err(|error| cannot_keep_keys(&self.spill, &error))?;
            let Some((bytes, rights)) = batch else { return Ok(()) };
            self.apply(&bytes, &rights)?;
        }
    }
}

fn no_more_ids(options: &Options) -> Error {
    let path = options.database.clone().unwrap_or_default();
    Error::database(&path, "its customer IDs would pass the greatest that there can be")
}

/// Whether a customer has a key; it stands in front of what is known of him.
fn has_key(stored: &Stored<'_, '_>, key: &[u8], comparison: KeyComparison) -> bool {
    let text = text_of(stored.value(0));
    text.as_bytes() == key || key::fold(&text, comparison).is_some_and(|folded| folded.as_bytes() == key)
}

fn text_of(value: Value<'_>) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Text(text) => String::from_utf8_lossy(text),
        Value::Integer(number) => Cow::Owned(number.to_string()),
    }
}

/// The fields in which a customer differs from what a record says; behind his key stand the values of `fields`.
fn differing(stored: &Stored<'_, '_>, row: &[u8], fields: &[usize], touched: &Touched) -> FieldSet {
    let mut differing = FieldSet::default();
    let mut fields = (1..).zip(fields).peekable();
    for (field, value) in values(row).enumerate() {
        let Some((place, _)) = fields.next_if(|(_, wanted)| **wanted == field) else { continue };
        let value = match touched.given.has(field) {
            true => value,
            false if touched.cleared.has(field) => Value::Null,
            false => continue,
        };
        if stored.value(place) != value {
            differing.insert(field);
        }
    }
    differing
}
