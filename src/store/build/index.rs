//! The entries of an index in their order: [`Sorter`].
//!
//! Entries are sorted in runs that fit into a few megabytes; runs are spilled to a file without a name and merged. So memory
//! does not grow with the number of rows.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use crate::row::{RowEncoder, Value};

/// How many bytes of keys are sorted at once, and how many keys.
const RUN_BYTES: usize = 8 * 1024 * 1024;
const RUN_KEYS: usize = 256 * 1024;
/// How much of each run is read at once.
const READ: usize = 64 * 1024;

#[derive(Clone, Copy, Debug)]
struct Place {
    /// The first bytes of the key: most comparisons need no more.
    prefix: u128,
    start: u32,
    length: u32,
    id: i64,
}

/// Sorts entries by key, then by ID.
#[derive(Debug)]
pub(super) struct Sorter {
    folder: PathBuf,
    /// Whether the column holds integers; else it holds texts.
    integers: bool,
    keys: Vec<u8>,
    places: Vec<Place>,
    spill: Option<File>,
    /// Where in the spill each run ends.
    ends: Vec<u64>,
}

/// An entry in the form in which it is sorted: the key's bytes compare like the key. NULL is no bytes at all, an integer is
/// eight, a text is its own; a column never holds integers and texts, nor an empty text.
type Entry<'k> = (&'k [u8], i64);

impl Sorter {
    /// A sorter of integers or texts, whose spill, if it needs one, is made in `folder`.
    pub(super) fn new(folder: PathBuf, integers: bool) -> Sorter {
        Sorter { folder, integers, keys: Vec::new(), places: Vec::new(), spill: None, ends: Vec::new() }
    }

    /// Adds the entry of a row.
    pub(super) fn push(&mut self, key: Value<'_>, id: i64) -> io::Result<()> {
        if self.keys.len() >= RUN_BYTES || self.places.len() >= RUN_KEYS {
            self.spill_run()?;
        }
        let start = self.keys.len();
        match key {
            Value::Null => {}
            Value::Integer(number) => {
                let ordered = number as u64 ^ SIGN;
                self.keys.extend_from_slice(&ordered.to_be_bytes());
            }
            Value::Text(text) => self.keys.extend_from_slice(text),
        }
        let bytes = &self.keys[start..];
        self.places.push(Place { prefix: prefix(bytes), start: start as u32, length: bytes.len() as u32, id });
        Ok(())
    }

    /// Gives every entry, in order, in the form in which an index page holds it.
    pub(super) fn in_order<E: From<io::Error>>(
        mut self,
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut encoder = RowEncoder::default();
        let mut entry = Vec::new();
        let integers = self.integers;
        let mut give = |(key, id): Entry<'_>| {
            entry.clear();
            encoder.push(match <[u8; 8]>::try_from(key) {
                _ if key.is_empty() => Value::Null,
                Ok(ordered) if integers => Value::Integer((u64::from_be_bytes(ordered) ^ SIGN) as i64),
                _ => Value::Text(key),
            });
            encoder.push(Value::Integer(id));
            encoder.finish_entry(&mut entry);
            each(&entry)
        };
        if self.ends.is_empty() {
            self.sort();
            return self.places.iter().try_for_each(|place| give((key_at(&self.keys, place), place.id)));
        }
        self.spill_run()?;
        let Some(spill) = self.spill else { return Ok(()) };
        let mut start = 0;
        let mut runs = Vec::with_capacity(self.ends.len());
        for end in self.ends {
            runs.push(Run::new(start, end));
            start = end;
        }
        merge(spill, runs, give)
    }

    fn sort(&mut self) {
        let keys = &self.keys;
        self.places.sort_unstable_by(|one, other| {
            let by_prefix = one.prefix.cmp(&other.prefix);
            by_prefix.then_with(|| key_at(keys, one).cmp(key_at(keys, other))).then(one.id.cmp(&other.id))
        });
    }

    fn spill_run(&mut self) -> io::Result<()> {
        self.sort();
        if self.spill.is_none() {
            self.spill = Some(tempfile::tempfile_in(&self.folder)?);
        }
        let Some(spill) = &mut self.spill else { return Ok(()) };
        let mut out = Vec::with_capacity(self.keys.len() + HEAD * self.places.len());
        for place in &self.places {
            out.extend_from_slice(&place.length.to_le_bytes());
            out.extend_from_slice(&place.id.to_le_bytes());
            out.extend_from_slice(key_at(&self.keys, place));
        }
        spill.write_all(&out)?;
        self.ends.push(self.ends.last().copied().unwrap_or(0) + out.len() as u64);
        self.keys.clear();
        self.places.clear();
        Ok(())
    }
}

const SIGN: u64 = 1 << 63;

/// An entry in the spill is the key's length, the ID, and the key.
const HEAD: usize = 4 + 8;

fn key_at<'k>(keys: &'k [u8], place: &Place) -> &'k [u8] {
    &keys[place.start as usize..(place.start + place.length) as usize]
}

/// One sorted run in the spill, and the part of it that is in memory.
struct Run {
    /// What is still to be read.
    start: u64,
    end: u64,
    buffer: Vec<u8>,
    /// Where the entry at the front is, and what is known of it.
    at: usize,
    length: usize,
    id: i64,
    prefix: u128,
}

impl Run {
    fn new(start: u64, end: u64) -> Run {
        Run { start, end, buffer: Vec::new(), at: 0, length: 0, id: 0, prefix: 0 }
    }

    /// The entry at the front.
    fn front(&self) -> Entry<'_> {
        let start = self.at + HEAD;
        (&self.buffer[start..start + self.length], self.id)
    }

    /// Whether the front of this run comes before that of another.
    fn is_before(&self, other: &Run) -> bool {
        match self.prefix.cmp(&other.prefix) {
            Ordering::Equal => self.front() < other.front(),
            unequal => unequal == Ordering::Less,
        }
    }

    /// Goes on to the entry behind the front; `false` at the end of the run.
    fn next(&mut self, spill: &mut File) -> io::Result<bool> {
        if !self.buffer.is_empty() {
            self.at += HEAD + self.length;
        }
        if !self.has(HEAD, spill)? {
            return Ok(false);
        }
        let head = &self.buffer[self.at..self.at + HEAD];
        let number =
            |from: usize, to: usize| head[from..to].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        (self.length, self.id) = (number(0, 4) as usize, number(4, HEAD) as i64);
        if !self.has(HEAD + self.length, spill)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.prefix = prefix(&self.buffer[self.at + HEAD..self.at + HEAD + self.length]);
        Ok(true)
    }

    /// Makes sure that so many bytes from the front on are in memory; `false` if the run ends before.
    fn has(&mut self, bytes: usize, spill: &mut File) -> io::Result<bool> {
        while self.buffer.len() - self.at < bytes {
            let read = (self.end - self.start).min(READ as u64) as usize;
            if read == 0 {
                return Ok(false);
            }
            self.buffer.drain(..self.at);
            self.at = 0;
            let held = self.buffer.len();
            self.buffer.resize(held + read, 0);
            spill.seek(SeekFrom::Start(self.start))?;
            spill.read_exact(&mut self.buffer[held..])?;
            self.start += read as u64;
        }
        Ok(true)
    }
}

/// The first bytes of a key, as a number that compares like them.
fn prefix(key: &[u8]) -> u128 {
    let mut first = [0; 16];
    let shown = key.len().min(16);
    first[..shown].copy_from_slice(&key[..shown]);
    u128::from_be_bytes(first)
}

/// Gives the entries of all runs in order. The runs stand in a heap, by index, the one with the least front on top.
fn merge<E: From<io::Error>>(
    mut spill: File,
    mut runs: Vec<Run>,
    mut give: impl FnMut(Entry<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut heap = Vec::with_capacity(runs.len());
    for (index, run) in runs.iter_mut().enumerate() {
        if run.next(&mut spill)? {
            heap.push(index);
        }
    }
    for root in (0..heap.len() / 2).rev() {
        sift_down(&mut heap, root, &runs);
    }
    while let Some(&top) = heap.first() {
        give(runs[top].front())?;
        if !runs[top].next(&mut spill)? {
            heap.swap_remove(0);
        }
        sift_down(&mut heap, 0, &runs);
    }
    Ok(())
}

fn sift_down(heap: &mut [usize], mut root: usize, runs: &[Run]) {
    loop {
        let mut least = root;
        for child in 2 * root + 1..heap.len().min(2 * root + 3) {
            if runs[heap[child]].is_before(&runs[heap[least]]) {
                least = child;
            }
        }
        if least == root {
            return;
        }
        heap.swap(root, least);
        root = least;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_merged_in_order() {
        let mut sorter = Sorter::new(std::env::temp_dir(), false);
        let mut expected = Vec::new();
        for id in 0..(RUN_KEYS as i64 * 2 + 1000) {
            let key = format!("{}k", id.wrapping_mul(2_654_435_761) % 50_000);
            sorter.push(if id % 11 == 0 { Value::Null } else { Value::Text(key.as_bytes()) }, id).unwrap();
            expected.push((if id % 11 == 0 { String::new() } else { key }, id));
        }
        expected.sort();
        let mut given = Vec::new();
        let done: io::Result<()> = sorter.in_order(|entry| {
            // A header of three bytes (length, key, ID), the key, the ID.
            let length = (usize::from(entry[1]).max(13) - 13) / 2;
            let id = entry[3 + length..].iter().fold(0, |number, byte| number << 8 | i64::from(*byte));
            let id = match entry[2] {
                8 => 0,
                9 => 1,
                _ => id,
            };
            given.push((String::from_utf8(entry[3..3 + length].to_vec()).unwrap(), id));
            Ok(())
        });
        done.unwrap();
        assert!(given == expected);
    }
}
