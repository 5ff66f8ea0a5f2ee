//! Which customer or earlier record has a key: [`Keys`]; and, in a run that changes customers, [`existing_matches`]. Workers claim
//! keys by fingerprint, in any order; if one is taken already, the texts of the keys are compared here, in the records' order.

use std::collections::{HashMap, HashSet};
use std::{borrow::Cow, ops::Range, path::PathBuf};

use super::worker::{Checked, Found};
use super::{accepted::spill_error, target::Target};
use crate::core::judge::{Outcome, Touched};
use crate::core::{judge::field_plan::KeyPlan, judge::plan::Plan, profile::FieldSet, record::Position, row::Value};
use crate::error::Result;
use crate::sink::sqlite::keys::{Fingerprint, Fingerprints, KeySet, RunPosition, SharedKeys};
use crate::sink::sqlite::texts::{BlockTexts, KeyTexts, KeyedRecord};
use crate::sink::sqlite::{StoredRow, record::values};

pub(super) struct Keys {
    /// `None` if records have no key.
    plan: Option<KeyPlan>,
    shared: SharedKeys,
    fingerprints: Fingerprints,
    texts: KeyTexts,
    /// The keys of records whose fingerprint belongs to another key or to a released record.
    collided: HashMap<Box<[u8]>, RunPosition>,
    /// The records that claimed a key, and were then rejected for another reason.
    released: HashSet<RunPosition>,
    /// The customers that this input created, if the next input is to find them.
    created: Vec<(Fingerprint, i64)>,
    /// The folder for texts that do not fit into memory.
    folder: PathBuf,
}

const BATCH: usize = 4096;

impl Keys {
    /// The keys of the existing customers with IDs below `below`. A resumed run finds those that it created among its records.
    pub(super) fn new(plan: Option<KeyPlan>, target: &Target, below: i64, folder: PathBuf) -> Result<Keys> {
        let (mut customers, fingerprints) = (KeySet::default(), Fingerprints::default());
        if let Some((plan, existing)) = plan.as_ref().zip(target.customers()) {
            let mut batch = Vec::with_capacity(BATCH);
            existing.for_each_key(below, |customer, texts| {
                if let Some(folded) = plan.fold(texts) {
                    batch.push((fingerprints.of(folded.as_bytes()), customer));
                }
                if batch.len() == BATCH {
                    customers.insert_customers(&batch);
                    batch.clear();
                }
            })?;
            customers.insert_customers(&batch);
            existing.end_keys()?;
        }
        Ok(Keys::of(plan, customers, fingerprints, folder))
    }

    fn of(plan: Option<KeyPlan>, customers: KeySet, fingerprints: Fingerprints, folder: PathBuf) -> Keys {
        Keys {
            plan,
            shared: SharedKeys::new(customers),
            fingerprints,
            texts: KeyTexts::new(folder.clone()),
            collided: HashMap::new(),
            released: HashSet::new(),
            created: Vec::new(),
            folder,
        }
    }

    pub(super) fn shared(&self) -> (SharedKeys, Fingerprints) {
        (self.shared.clone(), self.fingerprints.clone())
    }

    pub(super) fn add_block(&mut self, checked: &Checked) -> Result<()> {
        let Some((position, _)) = checked.block.positions().next() else { return Ok(()) };
        let position = Position { line: checked.block.first_line, ..position };
        self.add_texts(checked.first, checked.worker.input, position, &checked.found.texts)
    }

    fn add_texts(&mut self, first: RunPosition, input: usize, position: Position, texts: &BlockTexts) -> Result<()> {
        self.texts.push(first, input, position, texts).map_err(|error| spill_error(&self.folder, &error))
    }

    /// The records of a block that lost their claim to an earlier record, counted from the block's first.
    pub(super) fn take_displaced(&self, first: RunPosition, records: u64) -> Vec<u32> {
        self.shared.read().take_displaced(first, records)
    }

    /// Releases the claim of a record that is rejected for another reason.
    pub(super) fn release(&mut self, record: RunPosition) {
        self.released.insert(record);
    }

    /// The first customer that has a folded key. `key_of` reads a customer's key in the database.
    pub(super) fn customer_with(
        &self,
        key: &[u8],
        key_of: impl Fn(i64) -> Result<Option<Vec<String>>>,
    ) -> Result<Option<i64>> {
        let Some(plan) = &self.plan else { return Ok(None) };
        for customer in self.shared.read().customers(self.fingerprints.of(key)) {
            let stored = key_of(customer)?;
            let folded = stored.as_ref().and_then(|texts| plan.fold(texts));
            if folded.is_some_and(|folded| folded.as_bytes() == key) {
                return Ok(Some(customer));
            }
        }
        Ok(None)
    }

    /// The first record before this one that has its key. If there is none, this record has the key from now on.
    pub(super) fn record_before(
        &mut self,
        record: RunPosition,
        key: &[u8],
    ) -> Result<Option<(RunPosition, KeyedRecord)>> {
        let first = self.shared.read().first_record(self.fingerprints.of(key));
        let Some(first) = first.filter(|first| *first < record) else { return Ok(None) };
        let keyed = self.read(first)?;
        if keyed.key == key && !self.released.contains(&first) {
            return Ok(Some((first, keyed)));
        }
        if let Some(&other) = self.collided.get(key) {
            return Ok(Some((other, self.read(other)?)));
        }
        self.collided.insert(key.into(), record);
        Ok(None)
    }

    fn read(&mut self, record: RunPosition) -> Result<KeyedRecord> {
        self.texts.read(record).map_err(|error| spill_error(&self.folder, &error))
    }

    /// Adds the keys of new customers for the next input. Their IDs start at `first`, and their rows are in `bytes`.
    pub(super) fn add_created(&mut self, first: i64, bytes: &[u8], rows: &[Range<u32>]) {
        let Some(plan) = &self.plan else { return };
        for (customer, row) in (first..).zip(rows) {
            let row = &bytes[row.start as usize..row.end as usize];
            if let Some(folded) = plan.fold(&texts_in(row, plan)) {
                self.created.push((self.fingerprints.of(folded.as_bytes()), customer));
            }
        }
    }

    /// Ends an input whose customers the next one is to find. The keys of its records are free again.
    pub(super) fn end_input(&mut self) {
        self.shared.end_input(&std::mem::take(&mut self.created));
        self.texts = KeyTexts::new(self.folder.clone());
        self.collided = HashMap::new();
        self.released.clear();
    }
}

/// The existing customers that have a record's key.
#[derive(Clone, Debug, Default)]
pub(super) struct ExistingMatch {
    /// The first of them, and a second one.
    pub(super) customer: Option<i64>,
    pub(super) other: Option<i64>,
    /// The fields in which the first differs from the record.
    pub(super) differing: FieldSet,
    /// Its key as it is stored.
    pub(super) key: String,
}

/// One match for each span of a block; none in a run that only creates customers. Stored keys are read only if `wants_key`.
pub(super) fn existing_matches(
    checked: &Checked,
    plan: &Plan,
    target: &Target,
    wants_key: bool,
) -> Result<Vec<ExistingMatch>> {
    let Checked { verdicts, worker, found: Found { candidates, .. }, .. } = checked;
    let Some(key) = plan.key.as_ref().filter(|_| plan.mode.changes()) else { return Ok(Vec::new()) };
    let mut found = vec![ExistingMatch::default(); verdicts.verdicts.len()];
    let fields = worker.filled_fields();
    let mut columns: Vec<&str> = key.fields().map(|field| plan.fields[field].column.as_str()).collect();
    columns.extend(fields.iter().map(|field| plan.fields[*field].column.as_str()));
    let customers: Vec<i64> = candidates.iter().map(|(_, customer)| *customer).collect();
    target.read_rows(&columns, &customers, |at, stored| {
        let (index, customer) = candidates[at];
        let index = index as usize;
        let Outcome::Accepted { row, key: Some(text), .. } = &verdicts.verdicts[index].outcome else { return };
        let texts: Vec<Cow<'_, str>> = (0..key.parts.len()).map(|part| text_of(stored.value(part))).collect();
        if !has_key(&texts, verdicts.key_text(text), key) {
            return;
        }
        let found = &mut found[index];
        if found.customer.is_some() {
            found.other = found.other.or(Some(customer));
            return;
        }
        found.customer = Some(customer);
        let row = &verdicts.rows[row.start as usize..row.end as usize];
        found.differing = differing(&stored, row, (key.parts.len(), &fields), &verdicts.touched[index]);
        if wants_key {
            found.key = texts.join(", ");
        }
    })?;
    Ok(found)
}

/// Whether a customer has this key. `texts` are the stored values of its columns.
fn has_key(texts: &[Cow<'_, str>], key: &[u8], plan: &KeyPlan) -> bool {
    matches!(texts, [text] if text.as_bytes() == key) || plan.fold(texts).is_some_and(|folded| folded.as_bytes() == key)
}

/// The values of a key's columns in a row, as texts.
fn texts_in<'r>(row: &'r [u8], plan: &KeyPlan) -> Vec<Cow<'r, str>> {
    let text = |field| text_of(values(row).nth(field).unwrap_or(Value::Null));
    plan.fields().map(text).collect()
}

/// The fields in which a customer differs from a record. The stored values from `first` on are those of `fields`.
fn differing(
    stored: &StoredRow<'_, '_>,
    row: &[u8],
    (first, fields): (usize, &[usize]),
    touched: &Touched,
) -> FieldSet {
    let mut differing = FieldSet::default();
    let mut fields = (first..).zip(fields).peekable();
    for (field, value) in values(row).enumerate() {
        let Some((index, _)) = fields.next_if(|(_, wanted)| **wanted == field) else { continue };
        let value = match touched.given.has(field) {
            true => value,
            false if touched.cleared.has(field) => Value::Null,
            false => continue,
        };
        if stored.value(index) != value {
            differing.insert(field);
        }
    }
    differing
}

fn text_of(value: Value<'_>) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Text(text) => String::from_utf8_lossy(text),
        Value::Integer(number) => Cow::Owned(number.to_string()),
        Value::Real(number) => Cow::Owned(number.to_string()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::{io, path::Path};

    use super::*;
    use crate::core::judge::field_plan::KeyPart;
    use crate::core::text::key::KeyComparison;
    use crate::sink::sqlite::keys::{Claim, Rivals};
    use crate::sink::sqlite::record::RowEncoder;

    fn plan() -> KeyPlan {
        let parts = vec![KeyPart { field: 0, comparison: KeyComparison::Text }];
        KeyPlan { parts, name: "code".to_string() }
    }

    /// Keys of customers 1, 2, … with fingerprints of `bits` bits.
    pub(in super::super) fn keys(customers: &[&str], bits: u32) -> Keys {
        let (mut set, fingerprints) = (KeySet::default(), Fingerprints::narrowed(bits));
        let batch = (1..).zip(customers).map(|(customer, text)| (fingerprints.of(text.as_bytes()), customer));
        set.insert_customers(&batch.collect::<Vec<_>>());
        Keys::of(Some(plan()), set, fingerprints, std::env::temp_dir())
    }

    /// Claims and adds the keys of a block, as a worker and the committing thread do.
    pub(in super::super) fn add(keys: &mut Keys, first: RunPosition, texts: &[&str]) -> Vec<u32> {
        let (shared, fingerprints) = keys.shared();
        let claim = |(place, text): (u32, &&str)| Claim { fingerprint: fingerprints.of(text.as_bytes()), index: place };
        let claims: Vec<Claim> = (0..).zip(texts).map(claim).collect();
        let mut block = BlockTexts::new(texts.len());
        (0..).zip(texts).for_each(|(line, text)| block.push(line, text.as_bytes()));
        let position = Position { record: first + 1, line: first + 2, byte_offset: 0 };
        keys.add_texts(first, 0, position, &block).unwrap();
        shared.read().claim(first, &claims, Rivals::Records)
    }

    #[test]
    fn a_key_belongs_to_the_first_record_that_has_it() {
        // With one bit nearly all fingerprints collide; with 63 hardly any do.
        for bits in [1, 63] {
            let mut keys = keys(&[], bits);
            add(&mut keys, 0, &["a", "b", "a", "c", "b", "a"]);
            let mut found = |record, key: &str| {
                let before = keys.record_before(record, key.as_bytes()).unwrap();
                before.map(|(first, keyed)| (first, keyed.record, keyed.line))
            };
            // In the order of the records.
            assert_eq!(found(1, "b"), None, "{bits}");
            assert_eq!(found(2, "a"), Some((0, 1, 2)), "{bits}");
            assert_eq!(found(3, "c"), None, "{bits}");
            assert_eq!(found(4, "b"), Some((1, 2, 3)), "{bits}");
            assert_eq!(found(5, "a"), Some((0, 1, 2)), "{bits}");
        }
    }

    #[test]
    fn a_released_record_has_no_key() {
        let mut keys = keys(&[], 63);
        add(&mut keys, 0, &["a", "a", "a"]);
        keys.release(0);
        assert_eq!(keys.record_before(1, b"a").unwrap(), None);
        assert_eq!(keys.record_before(2, b"a").unwrap().map(|(first, _)| first), Some(1));
    }

    #[test]
    fn a_customer_has_a_key_only_if_the_texts_agree() {
        for bits in [1, 63] {
            let keys = keys(&["a", "b", "b"], bits);
            let stored =
                |customer: i64| Ok(["a", "b", "b"].get(customer as usize - 1).map(|key| vec![key.to_string()]));
            for (key, expected) in [("a", Some(1)), ("b", Some(2)), ("c", None)] {
                assert_eq!(keys.customer_with(key.as_bytes(), stored).unwrap(), expected, "{key} {bits}");
            }
            // One whose customer is gone belongs to nobody.
            assert_eq!(keys.customer_with(b"a", |_| Ok(None)).unwrap(), None);
        }
    }

    #[test]
    fn the_next_input_finds_what_was_created() {
        let mut keys = keys(&["a"], 63);
        add(&mut keys, 0, &["b", "b"]);
        keys.release(0);
        let mut row = Vec::new();
        let mut encoder = RowEncoder::default();
        encoder.push(Value::Text(b"b"));
        encoder.finish(&mut row);
        let whole = 0..row.len() as u32;
        keys.add_created(7, &row, std::slice::from_ref(&whole));
        keys.end_input();
        let stored = |customer| Ok(Some(vec![if customer == 7 { "b" } else { "a" }.to_string()]));
        assert_eq!(keys.customer_with(b"b", stored).unwrap(), Some(7));
        // The keys of records are free again.
        assert!(add(&mut keys, 2, &["b"]).is_empty());
        assert_eq!(keys.record_before(2, b"b").unwrap(), None);
    }

    #[test]
    fn where_keys_cannot_be_kept_the_error_names_the_folder() {
        for (kind, advice) in
            [(io::ErrorKind::StorageFull, "Free some space"), (io::ErrorKind::PermissionDenied, "Check the disk")]
        {
            let message = spill_error(Path::new("/some/folder"), &kind.into()).to_string();
            assert!(message.starts_with("/some/folder: ") && message.contains(advice), "{message}");
        }
    }
}
