//! The keys that are taken: [`KeySet`].
//!
//! A fingerprint of 64 bits and a place, 16 bytes, are kept in memory for each key. The place leads to the key's text: a
//! customer who was in the database before, or an entry of a spill file that has no name and so vanishes with the
//! process. Texts are compared wherever fingerprints are equal, so that a collision never rejects a good record.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::LazyLock;

use hashbrown::HashTable;

/// A key's fingerprint.
pub type Fingerprint = u64;

/// Makes fingerprints: a keyed hash, with another key each run, so that nobody can prepare a file of collisions.
#[derive(Clone, Debug, Default)]
pub struct Fingerprints {
    state: RandomState,
    /// For tests: how many bits are left of each fingerprint.
    bits: Option<u32>,
}

impl Fingerprints {
    /// Fingerprints of so few bits that they collide, for tests.
    pub fn narrowed(bits: u32) -> Fingerprints {
        Fingerprints { state: RandomState::new(), bits: Some(bits) }
    }

    /// The fingerprint of a folded key.
    pub fn of(&self, key: &str) -> Fingerprint {
        let fingerprint = self.state.hash_one(key);
        self.bits.map_or(fingerprint, |bits| fingerprint >> (64 - bits.clamp(1, 64)))
    }
}

/// Who has a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A customer who was in the database before the run.
    Customer(i64),
    /// A record of this run.
    Record {
        /// The input, from 0.
        input: u32,
        /// The record's number in it.
        record: u64,
        /// The line on which it starts.
        line: u64,
    },
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    fingerprint: Fingerprint,
    /// A customer's ID, or an offset in the spill.
    place: i64,
}

/// How many tables there are. A table that is full moves to one twice as large and needs both for a moment; with many
/// tables that moment costs little memory. They are of unequal sizes, from 1 to 2, so that they are not all full at once,
/// and memory grows evenly: with equal ones it would double at once.
const SHARDS: usize = 64;

/// Which table has a fingerprint with these twelve bits.
static SHARD_OF: LazyLock<[u8; 4096]> = LazyLock::new(|| {
    let shard = |slot: usize| (SHARDS as f64 * (1.0 + slot as f64 / 4096.0).log2()) as u8;
    std::array::from_fn(shard)
});

/// The keys that are taken, and by whom.
#[derive(Debug)]
pub struct KeySet {
    customers: Table,
    records: Table,
    spill: Spill,
}

/// Fingerprints and places.
#[derive(Debug)]
struct Table {
    shards: Vec<HashTable<Entry>>,
}

impl Table {
    fn new() -> Table {
        Table { shards: vec![HashTable::new(); SHARDS] }
    }

    fn insert(&mut self, fingerprint: Fingerprint, place: i64) {
        let entry = Entry { fingerprint, place };
        self.shards[shard_of(fingerprint)].insert_unique(fingerprint, entry, |entry| entry.fingerprint);
    }

    fn places(&self, fingerprint: Fingerprint) -> impl Iterator<Item = i64> + '_ {
        let found = self.shards[shard_of(fingerprint)].iter_hash(fingerprint);
        found.filter(move |entry| entry.fingerprint == fingerprint).map(|entry| entry.place)
    }
}

impl KeySet {
    /// An empty set whose spill file, if it needs one, is made in `folder`.
    pub fn new(folder: PathBuf) -> KeySet {
        KeySet { customers: Table::new(), records: Table::new(), spill: Spill::new(folder) }
    }

    /// Notes the key of a customer who is in the database.
    pub fn insert_customer(&mut self, fingerprint: Fingerprint, customer: i64) {
        self.customers.insert(fingerprint, customer);
    }

    /// Who has this key. If nobody, it belongs to `holder`, a record, from now on. `text_of` gives the folded key of a
    /// customer.
    pub fn claim<E: From<io::Error>>(
        &mut self,
        fingerprint: Fingerprint,
        key: &str,
        holder: &Holder,
        mut text_of: impl FnMut(i64) -> Result<Option<String>, E>,
    ) -> Result<Option<Holder>, E> {
        // Of several customers with one key the first is named.
        let mut customer = None;
        for id in self.customers.places(fingerprint) {
            if customer.is_none_or(|held| id < held) && text_of(id)?.as_deref() == Some(key) {
                customer = Some(id);
            }
        }
        if let Some(customer) = customer {
            return Ok(Some(Holder::Customer(customer)));
        }
        for place in self.records.places(fingerprint) {
            if let Some(held) = self.spill.read(place as u64, key)? {
                return Ok(Some(held));
            }
        }
        let Holder::Record { input, record, line } = *holder else { return Ok(None) };
        let place = self.spill.push(input, record, line, key)?;
        self.records.insert(fingerprint, place as i64);
        Ok(None)
    }
}

/// The table's own choice of a place uses the lowest and the highest bits, so the shard is chosen by some between.
fn shard_of(fingerprint: Fingerprint) -> usize {
    usize::from(SHARD_OF[(fingerprint >> 40) as usize % SHARD_OF.len()])
}

/// The texts of this run's keys, one behind the other: in memory while they are few, then in a file without a name.
#[derive(Debug)]
struct Spill {
    folder: PathBuf,
    file: Option<File>,
    /// How much is in the file; what comes behind it is in the buffer.
    written: u64,
    buffer: Vec<u8>,
}

const SPILL_BUFFER: usize = 1024 * 1024;
const ENTRY_HEAD: usize = 4 + 8 + 8 + 4;

impl Spill {
    fn new(folder: PathBuf) -> Spill {
        Spill { folder, file: None, written: 0, buffer: Vec::new() }
    }

    fn push(&mut self, input: u32, record: u64, line: u64, key: &str) -> io::Result<u64> {
        if self.buffer.len() >= SPILL_BUFFER {
            self.write_out()?;
        }
        let place = self.written + self.buffer.len() as u64;
        self.buffer.extend_from_slice(&input.to_le_bytes());
        self.buffer.extend_from_slice(&record.to_le_bytes());
        self.buffer.extend_from_slice(&line.to_le_bytes());
        self.buffer.extend_from_slice(&(key.len() as u32).to_le_bytes());
        self.buffer.extend_from_slice(key.as_bytes());
        Ok(place)
    }

    fn write_out(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(tempfile::tempfile_in(&self.folder)?);
        }
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::Start(self.written))?;
            file.write_all(&self.buffer)?;
        }
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// The record at a place, if the key there is this one.
    fn read(&mut self, place: u64, key: &str) -> io::Result<Option<Holder>> {
        let mut head = [0; ENTRY_HEAD];
        self.copy(place, &mut head)?;
        let number =
            |from: usize, to: usize| head[from..to].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        if number(20, 24) != key.len() as u64 {
            return Ok(None);
        }
        let mut text = vec![0; key.len()];
        self.copy(place + ENTRY_HEAD as u64, &mut text)?;
        let holder = Holder::Record { input: number(0, 4) as u32, record: number(4, 12), line: number(12, 20) };
        Ok((text == key.as_bytes()).then_some(holder))
    }

    /// Reads from the file or the buffer; an entry never lies in both.
    fn copy(&mut self, place: u64, into: &mut [u8]) -> io::Result<()> {
        if let Some(start) = place.checked_sub(self.written) {
            let start = start as usize;
            into.copy_from_slice(&self.buffer[start..start + into.len()]);
            return Ok(());
        }
        let Some(file) = &mut self.file else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        file.seek(SeekFrom::Start(place))?;
        file.read_exact(into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u64) -> Holder {
        Holder::Record { input: 3, record: number, line: number + 1 }
    }

    fn fill(fingerprints: Fingerprints) {
        let mut keys = KeySet::new(std::env::temp_dir());
        let text_of = |customer: i64| -> io::Result<Option<String>> { Ok(Some(format!("customer{customer}"))) };
        for customer in 1..=500 {
            keys.insert_customer(fingerprints.of(&format!("customer{customer}")), customer);
        }
        // Enough for the spill to be written out.
        for number in 0..60_000 {
            let key = format!("key{number}@example.com");
            assert_eq!(keys.claim(fingerprints.of(&key), &key, &record(number), text_of).unwrap(), None);
        }
        for number in (0..60_000).step_by(997) {
            let key = format!("key{number}@example.com");
            assert_eq!(keys.claim(fingerprints.of(&key), &key, &record(1), text_of).unwrap(), Some(record(number)));
        }
        let held = keys.claim(fingerprints.of("customer7"), "customer7", &record(1), text_of).unwrap();
        assert_eq!(held, Some(Holder::Customer(7)));
    }

    #[test]
    fn a_key_is_found_in_memory_in_the_spill_and_in_the_database() {
        fill(Fingerprints::default());
    }

    #[test]
    fn colliding_fingerprints_reject_nothing() {
        let fingerprints = Fingerprints::narrowed(8);
        let mut keys = KeySet::new(std::env::temp_dir());
        let nobody = |_: i64| -> io::Result<Option<String>> { Ok(None) };
        for number in 0..2_000 {
            let key = format!("key{number}");
            assert_eq!(keys.claim(fingerprints.of(&key), &key, &record(number), nobody).unwrap(), None);
        }
        for number in 0..2_000 {
            let key = format!("key{number}");
            assert_eq!(keys.claim(fingerprints.of(&key), &key, &record(0), nobody).unwrap(), Some(record(number)));
        }
    }
}
