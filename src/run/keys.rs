//! Which customer or earlier record has a key, or a value that no two customers share: [`Keys`], one for each. Workers claim keys by
//! fingerprint, in any order; if one is taken already, the texts of the keys are compared here, in the records' order.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::row_texts::texts_in;
use super::worker::Checked;
use super::{accepted::spill_error, target::Target};
use crate::core::judge::{field_plan::KeyPlan, plan::Plan};
use crate::core::record::Position;
use crate::error::Result;
use crate::sink::sqlite::Customers;
use crate::sink::sqlite::keys::{Fingerprint, Fingerprints, KeySet, RunPosition, SharedKeys};
use crate::sink::sqlite::texts::{BlockTexts, KeyTexts, KeyedRecord};

/// Who has a key, or a value that no two customers share.
pub(super) struct Keys {
    pub(super) plan: KeyPlan,
    shared: SharedKeys,
    fingerprints: Fingerprints,
    texts: KeyTexts,
    /// The keys of records whose fingerprint belongs to another key or to a released record.
    collided: HashMap<Box<[u8]>, RunPosition>,
    /// The records that claimed a key, and were then rejected for another reason.
    released: HashSet<RunPosition>,
    /// The customers that this input created, if the next input is to find them.
    created: Vec<(Fingerprint, i64)>,
    /// What the inputs so far have given customers instead of their values, and what this one gives.
    changed: HashMap<i64, Changed>,
    pending: HashMap<i64, Changed>,
    /// The folder for texts that do not fit into memory.
    folder: PathBuf,
}

/// A value that a record of this run has given a customer; `None` if it has cleared it.
#[derive(Clone, Debug)]
pub(super) struct Changed {
    pub(super) value: Option<Box<[u8]>>,
    pub(super) input: usize,
    pub(super) record: u64,
}

const BATCH: usize = 4096;

/// The keys of a run, and the values that no two customers share: each has its [`Keys`].
pub(super) struct AllKeys {
    pub(super) key: Option<Keys>,
    pub(super) unique: Vec<Keys>,
}

impl AllKeys {
    /// Those of the existing customers with IDs below `below`. A resumed run finds those that it created among its records.
    pub(super) fn new(plan: &Plan, target: &Target, below: i64, folder: &Path) -> Result<AllKeys> {
        let existing = target.customers();
        let key = plan.key.as_ref().map(|key| {
            Keys::reading(key, folder, |each| existing.map_or(Ok(()), |existing| existing.for_each_key(below, each)))
        });
        let key = key.transpose()?;
        let unique = plan.unique.iter().map(|unique| {
            let column = &plan.fields[unique.parts[0].field].column;
            let read = |each: &mut dyn FnMut(i64, &[&str])| {
                let each = |customer: i64, text: &str| each(customer, &[text]);
                existing.map_or(Ok(()), |existing| existing.for_each_value(column, below, each))
            };
            Keys::reading(unique, folder, read)
        });
        let unique = unique.collect::<Result<_>>()?;
        if key.is_some() || !plan.unique.is_empty() {
            existing.iter().try_for_each(Customers::end_keys)?;
        }
        Ok(AllKeys { key, unique })
    }

    fn all(&self) -> impl Iterator<Item = &Keys> {
        self.key.iter().chain(&self.unique)
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Keys> {
        self.key.iter_mut().chain(&mut self.unique)
    }

    /// What workers claim keys with, the key first.
    pub(super) fn shared(&self) -> Vec<(SharedKeys, Fingerprints)> {
        self.all().map(|keys| (keys.shared.clone(), keys.fingerprints.clone())).collect()
    }

    pub(super) fn add_block(&mut self, checked: &Checked) -> Result<()> {
        let Some((position, _)) = checked.block.positions().next() else { return Ok(()) };
        let position = Position { line: checked.block.first_line, ..position };
        let mut keys = self.all_mut().zip(&checked.found.texts);
        keys.try_for_each(|(keys, texts)| keys.add_texts(checked.first, checked.worker.input, position, texts))
    }

    /// The records of a block whose fingerprint is taken, by the order of the keys, counted from the block's first.
    pub(super) fn contested(&self, checked: &Checked, records: u64) -> Vec<Vec<u32>> {
        let contested = self.all().zip(&checked.contested);
        contested
            .map(|(keys, contested)| merged(contested, keys.shared.read().take_displaced(checked.first, records)))
            .collect()
    }

    /// Adds new customers for the next input. Their IDs start at `first`, and their rows are in `bytes`.
    pub(super) fn add_created(&mut self, first: i64, bytes: &[u8], rows: &[Range<u32>]) {
        self.all_mut().for_each(|keys| keys.add_created(first, bytes, rows));
    }

    /// Ends an input whose customers the next one is to find. The keys of its records are free again.
    pub(super) fn end_input(&mut self) {
        self.all_mut().for_each(Keys::end_input);
    }
}

/// The numbers of both, in order, each once.
fn merged(contested: &[u32], displaced: Vec<u32>) -> Vec<u32> {
    let mut merged = contested.to_vec();
    if !displaced.is_empty() {
        merged.extend(displaced);
        merged.sort_unstable();
        merged.dedup();
    }
    merged
}

/// Another customer that has a value.
pub(super) struct Holder<'k> {
    pub(super) customer: i64,
    /// The record of this run that gave it the value, if it was one.
    pub(super) changed: Option<&'k Changed>,
}

impl Keys {
    /// `read` visits the customers with their values.
    fn reading(
        plan: &KeyPlan,
        folder: &Path,
        read: impl FnOnce(&mut dyn FnMut(i64, &[&str])) -> Result<()>,
    ) -> Result<Keys> {
        let (mut customers, fingerprints) = (KeySet::default(), Fingerprints::default());
        let mut batch = Vec::new();
        read(&mut |customer, texts| {
            if let Some(folded) = plan.fold(texts) {
                batch.push((fingerprints.of(folded.as_bytes()), customer));
            }
            if batch.len() == BATCH {
                customers.insert_customers(&batch);
                batch.clear();
            }
        })?;
        if !batch.is_empty() {
            customers.insert_customers(&batch);
        }
        Ok(Keys::of(plan.clone(), customers, fingerprints, folder.to_path_buf()))
    }

    fn of(plan: KeyPlan, customers: KeySet, fingerprints: Fingerprints, folder: PathBuf) -> Keys {
        Keys {
            plan,
            shared: SharedKeys::new(customers),
            fingerprints,
            texts: KeyTexts::new(folder.clone()),
            collided: HashMap::new(),
            released: HashSet::new(),
            created: Vec::new(),
            changed: HashMap::new(),
            pending: HashMap::new(),
            folder,
        }
    }

    fn add_texts(&mut self, first: RunPosition, input: usize, position: Position, texts: &BlockTexts) -> Result<()> {
        self.texts.push(first, input, position, texts).map_err(|error| spill_error(&self.folder, &error))
    }

    /// Releases the claim of a record that is rejected for another reason.
    pub(super) fn release(&mut self, record: RunPosition, key: &[u8]) {
        self.released.insert(record);
        if self.collided.get(key) == Some(&record) {
            self.collided.remove(key);
        }
    }

    /// Releases what a record of the run claimed, if it did.
    pub(super) fn release_record(&mut self, record: RunPosition) -> Result<()> {
        let KeyedRecord { key, .. } = self.read(record)?;
        if !key.is_empty() {
            self.release(record, &key);
        }
        Ok(())
    }

    /// The first customer that has a folded key. `key_of` reads a customer's key in the database.
    pub(super) fn customer_with(
        &self,
        key: &[u8],
        key_of: impl Fn(i64) -> Result<Option<Vec<String>>>,
    ) -> Result<Option<i64>> {
        for customer in self.shared.read().customers(self.fingerprints.of(key)) {
            let stored = key_of(customer)?;
            let folded = stored.as_ref().and_then(|texts| self.plan.fold(texts));
            if folded.is_some_and(|folded| folded.as_bytes() == key) {
                return Ok(Some(customer));
            }
        }
        Ok(None)
    }

    /// A customer other than this one that has a folded value as the inputs so far have left it. `value_before` reads what a customer
    /// had before the run.
    pub(super) fn holder(
        &self,
        value: &[u8],
        own: Option<i64>,
        value_before: impl Fn(i64) -> Result<Option<String>>,
    ) -> Result<Option<Holder<'_>>> {
        for customer in self.shared.read().customers(self.fingerprints.of(value)) {
            if Some(customer) == own {
                continue;
            }
            let changed = self.changed.get(&customer);
            let has_it = match changed {
                Some(changed) => changed.value.as_deref() == Some(value),
                None => value_before(customer)?
                    .is_some_and(|text| self.plan.fold(&[text]).is_some_and(|folded| folded.as_bytes() == value)),
            };
            if has_it {
                return Ok(Some(Holder { customer, changed }));
            }
        }
        Ok(None)
    }

    /// Notes what a record gives a customer, for the next input.
    pub(super) fn note_change(&mut self, customer: i64, changed: Option<Changed>) {
        match changed {
            Some(changed) => _ = self.pending.insert(customer, changed),
            None => _ = self.pending.remove(&customer),
        }
    }

    /// The first record before this one that has its key. If there is none, this record has the key from now on.
    pub(super) fn record_before(
        &mut self,
        record: RunPosition,
        key: &[u8],
    ) -> Result<Option<(RunPosition, KeyedRecord)>> {
        let before = self.find_before(record, key)?;
        if before.is_none() {
            self.take(record, key);
        }
        Ok(before)
    }

    /// The first record before this one that has its key.
    pub(super) fn find_before(
        &mut self,
        record: RunPosition,
        key: &[u8],
    ) -> Result<Option<(RunPosition, KeyedRecord)>> {
        let Some(first) = self.first_before(record, key) else { return Ok(None) };
        let keyed = self.read(first)?;
        if keyed.key == key && !self.released.contains(&first) {
            return Ok(Some((first, keyed)));
        }
        self.collided.get(key).copied().map(|other| Ok((other, self.read(other)?))).transpose()
    }

    /// Gives a record its key, which no record before it has.
    pub(super) fn take(&mut self, record: RunPosition, key: &[u8]) {
        if self.first_before(record, key).is_some() {
            self.collided.insert(key.into(), record);
        }
    }

    fn first_before(&self, record: RunPosition, key: &[u8]) -> Option<RunPosition> {
        self.shared.read().first_record(self.fingerprints.of(key)).filter(|first| *first < record)
    }

    pub(super) fn read(&mut self, record: RunPosition) -> Result<KeyedRecord> {
        self.texts.read(record).map_err(|error| spill_error(&self.folder, &error))
    }

    fn add_created(&mut self, first: i64, bytes: &[u8], rows: &[Range<u32>]) {
        for (customer, row) in (first..).zip(rows) {
            let row = &bytes[row.start as usize..row.end as usize];
            if let Some(folded) = self.plan.fold(&texts_in(row, &self.plan)) {
                self.created.push((self.fingerprints.of(folded.as_bytes()), customer));
            }
        }
    }

    fn end_input(&mut self) {
        let (fingerprints, created) = (&self.fingerprints, &mut self.created);
        for (customer, changed) in self.pending.drain() {
            created.extend(changed.value.as_ref().map(|value| (fingerprints.of(value), customer)));
            self.changed.insert(customer, changed);
        }
        self.shared.end_input(&std::mem::take(created));
        self.texts = KeyTexts::new(self.folder.clone());
        self.collided = HashMap::new();
        self.released.clear();
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io;

    use super::*;
    use crate::core::judge::field_plan::KeyPart;
    use crate::core::row::Value;
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
        Keys::of(plan(), set, fingerprints, std::env::temp_dir())
    }

    /// Claims and adds the keys of a block, as a worker and the committing thread do.
    pub(in super::super) fn add(keys: &mut Keys, first: RunPosition, texts: &[&str]) -> Vec<u32> {
        let (shared, fingerprints) = (keys.shared.clone(), keys.fingerprints.clone());
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
        keys.release(0, b"a");
        assert_eq!(keys.record_before(1, b"a").unwrap(), None);
        assert_eq!(keys.record_before(2, b"a").unwrap().map(|(first, _)| first), Some(1));
    }

    #[test]
    fn displaced_records_join_the_contested_ones() {
        for (contested, displaced, expected) in
            [(vec![1, 5], vec![], vec![1, 5]), (vec![1, 5], vec![5, 3], vec![1, 3, 5]), (vec![], vec![2], vec![2])]
        {
            assert_eq!(merged(&contested, displaced), expected);
        }
    }

    #[test]
    fn a_value_belongs_to_whom_the_inputs_so_far_have_left_it() {
        let mut keys = keys(&["a", "b"], 63);
        let before = |customer: i64| Ok(["a", "b"].get(customer as usize - 1).map(ToString::to_string));
        let holder = |keys: &Keys, value: &str, own| {
            keys.holder(value.as_bytes(), own, before).unwrap().map(|holder| holder.customer)
        };
        assert_eq!(holder(&keys, "a", None), Some(1));
        assert_eq!(holder(&keys, "a", Some(1)), None);
        let changed = |value: &str| Some(Changed { value: Some(value.as_bytes().into()), input: 0, record: 1 });
        keys.note_change(1, changed("c"));
        keys.note_change(2, changed("d"));
        // A later record took the last back.
        keys.note_change(2, None);
        assert_eq!(holder(&keys, "a", None), Some(1));
        keys.end_input();
        assert_eq!((holder(&keys, "a", None), holder(&keys, "c", None)), (None, Some(1)));
        assert_eq!((holder(&keys, "b", None), holder(&keys, "d", None)), (Some(2), None));
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
        keys.release(0, b"b");
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
