//! The entries of an index before they are in it: [`Entry`], and sorting them ([`sorted`]).
//!
//! They follow each other: a key's length, the ID, and the key in bytes that compare like it. NULL has no bytes, a number eight,
//! a text its own. A column never holds both numbers and texts, nor an empty text.

use crate::core::{row::Value, types::definition::Storage};
use crate::sink::sqlite::record::RowEncoder;

/// A key's length and an ID.
const HEAD: usize = 4 + 8;

const SIGN: u64 = 1 << 63;

/// An entry. They are ordered by key, then by ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry<'e> {
    pub(super) key: &'e [u8],
    pub(super) id: i64,
}

impl<'e> Entry<'e> {
    /// The first of some entries; `None` if there is none.
    pub(super) fn first(entries: &'e [u8]) -> Option<Entry<'e>> {
        let (length, rest) = entries.split_first_chunk()?;
        let (id, rest) = rest.split_first_chunk()?;
        let key = rest.get(..u32::from_le_bytes(*length) as usize)?;
        Some(Entry { key, id: i64::from_le_bytes(*id) })
    }

    /// The bytes that it takes among others.
    pub(super) fn size(&self) -> usize {
        HEAD + self.key.len()
    }

    pub(super) fn push_to(&self, entries: &mut Vec<u8>) {
        push_head(entries, self.key.len(), self.id);
        entries.extend_from_slice(self.key);
    }

    /// Appends its record in a page of the index.
    pub(super) fn encode(&self, storage: Storage, encoder: &mut RowEncoder, records: &mut Vec<u8>) {
        encoder.push(match <[u8; 8]>::try_from(self.key) {
            _ if self.key.is_empty() => Value::Null,
            Ok(ordered) if storage == Storage::Integer => Value::Integer((u64::from_be_bytes(ordered) ^ SIGN) as i64),
            Ok(ordered) if storage == Storage::Real => Value::Real(real(u64::from_be_bytes(ordered))),
            _ => Value::Text(self.key),
        });
        encoder.push(Value::Integer(self.id));
        encoder.finish_entry(records);
    }
}

/// Appends the entry of a row.
pub(super) fn push(entries: &mut Vec<u8>, key: Value<'_>, id: i64) {
    match key {
        Value::Null => push_head(entries, 0, id),
        Value::Integer(number) => {
            let ordered = number as u64 ^ SIGN;
            push_head(entries, 8, id);
            entries.extend_from_slice(&ordered.to_be_bytes());
        }
        Value::Real(number) => {
            push_head(entries, 8, id);
            entries.extend_from_slice(&ordered(number).to_be_bytes());
        }
        Value::Text(key) => Entry { key, id }.push_to(entries),
    }
}

/// A floating-point number as an integer that compares like it (IEEE 754: a greater number has greater bits, but for the sign).
fn ordered(number: f64) -> u64 {
    // Adding zero to minus zero takes its sign.
    let bits = (number + 0.0).to_bits();
    if bits & SIGN == 0 { bits ^ SIGN } else { !bits }
}

fn real(ordered: u64) -> f64 {
    f64::from_bits(if ordered & SIGN == 0 { !ordered } else { ordered ^ SIGN })
}

fn push_head(entries: &mut Vec<u8>, length: usize, id: i64) {
    entries.extend_from_slice(&(length as u32).to_le_bytes());
    entries.extend_from_slice(&id.to_le_bytes());
}

pub(super) fn each(mut entries: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    std::iter::from_fn(move || {
        let entry = Entry::first(entries)?;
        entries = &entries[entry.size()..];
        Some(entry)
    })
}

/// An entry's key: its offset among the entries, and eight bytes of it that are compared as a number.
#[derive(Clone, Copy, Debug)]
struct KeySpan {
    window: u64,
    start: u32,
    length: u32,
}

impl KeySpan {
    fn id(&self, entries: &[u8]) -> i64 {
        let head = entries[..self.start as usize].last_chunk().copied();
        i64::from_le_bytes(head.unwrap_or_default())
    }

    fn key<'e>(&self, entries: &'e [u8]) -> &'e [u8] {
        &entries[self.start as usize..(self.start + self.length) as usize]
    }

    /// The key from `depth` on.
    fn rest<'e>(&self, entries: &'e [u8], depth: usize) -> &'e [u8] {
        self.key(entries).get(depth..).unwrap_or_default()
    }
}

/// Keys are compared by eight bytes at a time up to this depth. Another program may have written keys that share their first
/// millions of bytes, and each eight of them would be a nested call.
const DEEPEST: usize = 1024;

/// Entries in their order. The first `same` bytes of all keys must be equal. Faster where parts are sorted already.
pub(super) fn sorted(entries: &[u8], same: usize) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    let span = |entry: Entry<'_>| {
        let span = KeySpan { window: 0, start: (start + HEAD) as u32, length: entry.key.len() as u32 };
        start += entry.size();
        span
    };
    let mut spans: Vec<KeySpan> = each(entries).map(span).collect();
    sort(entries, &mut spans, same);
    // By offset and length alone, so that the processor fetches several at a time: they are far apart.
    spans.into_iter().map(|span| &entries[span.start as usize - HEAD..(span.start + span.length) as usize])
}

/// Sorts by eight bytes of the keys from `depth` on, and equal ones by the next: numbers are compared, and no byte twice.
fn sort(entries: &[u8], spans: &mut [KeySpan], depth: usize) {
    for span in &mut *spans {
        span.window = window(span.key(entries), depth);
    }
    // A stable sort is fast on parts that are sorted already.
    spans.sort_by_key(|span| span.window);
    for equal in spans.chunk_by_mut(|one, other| one.window == other.window) {
        if equal.len() == 1 {
            continue;
        }
        if equal.iter().any(|span| span.length as usize > depth + 8) {
            if depth < DEEPEST {
                sort(entries, equal, depth + 8);
                continue;
            }
            equal.sort_by(|one, other| {
                let rests = one.rest(entries, depth).cmp(other.rest(entries, depth));
                // Keys that ended before differ only in the number of zero bytes at their ends.
                let lengths = rests.then(one.length.cmp(&other.length));
                lengths.then_with(|| one.id(entries).cmp(&other.id(entries)))
            });
        } else {
            // They differ only in the number of zero bytes at their ends, and in the ID.
            equal.sort_by_key(|span| (span.length, span.id(entries)));
        }
    }
}

/// Eight bytes of a key as a number that compares like them; zeros after its end.
fn window(key: &[u8], depth: usize) -> u64 {
    let rest = key.get(depth..).unwrap_or_default();
    if let Some(window) = rest.first_chunk() {
        return u64::from_be_bytes(*window);
    }
    let mut window = [0; 8];
    window[..rest.len()].copy_from_slice(rest);
    u64::from_be_bytes(window)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_are_ordered_as_numbers() {
        let mut entries = Vec::new();
        let numbers = [i64::MIN, -70_000, -1, 0, 1, 255, 256, i64::MAX];
        for (id, number) in numbers.iter().rev().enumerate() {
            push(&mut entries, Value::Integer(*number), id as i64);
        }
        push(&mut entries, Value::Null, 8);
        let ids: Vec<i64> = sorted(&entries, 0).map(|entry| Entry::first(entry).unwrap().id).collect();
        assert_eq!(ids, [8, 7, 6, 5, 4, 3, 2, 1, 0]);
    }

    #[test]
    fn reals_are_ordered_as_numbers() {
        let mut entries = Vec::new();
        let numbers = [f64::MIN, -1.5, -1.0, -1e-9, 0.0, f64::MIN_POSITIVE, 0.1, 1.0, 1.5, 2e300];
        for (id, number) in numbers.iter().rev().enumerate() {
            assert_eq!(real(ordered(*number)), *number);
            push(&mut entries, Value::Real(*number), id as i64);
        }
        push(&mut entries, Value::Null, 10);
        push(&mut entries, Value::Real(-0.0), 11);
        let ids: Vec<i64> = sorted(&entries, 0).map(|entry| Entry::first(entry).unwrap().id).collect();
        assert_eq!(ids, [10, 9, 8, 7, 6, 5, 11, 4, 3, 2, 1, 0]);
    }

    #[test]
    fn long_keys_that_begin_alike_are_sorted() {
        let keys = ["b", "", "\0", "ab", "b", "a"].map(|end| ["z".repeat(2 << 20).as_str(), end].concat());
        let mut entries = Vec::new();
        for (id, key) in (0..).zip(&keys) {
            Entry { key: key.as_bytes(), id: -id }.push_to(&mut entries);
        }
        let ids: Vec<i64> = sorted(&entries, 0).map(|entry| Entry::first(entry).unwrap().id).collect();
        assert_eq!(ids, [-1, -2, -5, -3, -4, 0]);
    }

    proptest! {
        /// Keys of few different bytes, so that many begin alike, zeros among them.
        #[test]
        fn any_entries_are_sorted(
            keys in prop::collection::vec(prop::collection::vec(0u8..3, 0..40), 0..200),
            same in prop_oneof![4 => prop::collection::vec(any::<u8>(), 0..20), 1 => Just(vec![7; DEEPEST - 1])],
            known in any::<bool>(),
        ) {
            let mut entries = Vec::new();
            let known = if known { same.len() } else { 0 };
            let keys: Vec<Vec<u8>> = keys.into_iter().map(|key| [same.as_slice(), &key].concat()).collect();
            for (number, key) in keys.iter().enumerate() {
                Entry { key, id: number as i64 * 7 % 16 - 8 }.push_to(&mut entries);
            }
            let mut expected: Vec<Entry<'_>> = each(&entries).collect();
            prop_assert_eq!(expected.len(), keys.len());
            expected.sort();
            let found: Vec<Entry<'_>> = sorted(&entries, known).map(|entry| Entry::first(entry).unwrap()).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
