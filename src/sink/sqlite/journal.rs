//! The journal of a run's changes, from which they can be undone: [`Journal`].
//!
//! For each created customer it has a digest of the row; for an updated one each changed value, before and after, and a digest of
//! the updated row. Digests only show that a row was changed since. They stay in the database, so they must be the same in every
//! version: XXH3 of 64 bits (xxhash.com) over bytes that are defined here.

use std::ops::Range;

use rusqlite::{Connection, Row, named_params};
use xxhash_rust::xxh3::xxh3_64;

use super::record::RowEncoder;
use super::sql::{Parameter, value_of};
use crate::core::row::Value;

/// The number of customers whose digests are in one row. It takes a quarter of a page of 4096 bytes. A larger one would go to
/// overflow pages (sqlite.org/fileformat2.html, section 1.6), half of which would stay empty.
pub(super) const RANGE: usize = 60;

pub(super) const DIGITS: usize = 16;

/// Customers with consecutive IDs that a run has created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CreatedRange {
    pub(super) first: i64,
    /// The digests of their rows, one after another in hexadecimal digits.
    pub(super) digests: Vec<u8>,
}

impl CreatedRange {
    pub(super) fn last(&self) -> i64 {
        self.first + (self.digests.len() / DIGITS) as i64 - 1
    }
}

/// Computes digests of rows as they are in the database.
#[derive(Debug, Default)]
pub(super) struct CreatedDigest {
    encoder: RowEncoder,
    row: Vec<u8>,
}

impl CreatedDigest {
    /// The digest of a created row: of the values of the run's columns in their order, and of the stamp.
    pub(super) fn of<'v>(&mut self, values: impl Iterator<Item = Value<'v>>) -> u64 {
        self.row.clear();
        values.for_each(|value| self.encoder.push(value));
        self.encoder.finish(&mut self.row);
        xxh3_64(&self.row)
    }
}

/// The digest of a row of `customers`, whose columns have these names. A column that is added later, and is NULL, changes nothing.
pub(super) fn row_digest<'n>(names: impl Iterator<Item = &'n str>, row: &Row<'_>) -> rusqlite::Result<u64> {
    let mut bytes = Vec::new();
    for (index, name) in names.enumerate() {
        let (kind, value): (u8, &[u8]) = match value_of(row.get_ref(index)?) {
            Value::Null => continue,
            Value::Integer(number) => (b'i', &number.to_be_bytes()),
            // Digests of earlier versions have reals so.
            Value::Real(number) => (b'i', &number.to_bits().to_be_bytes()),
            Value::Text(text) => (b't', text),
        };
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        bytes.push(kind);
        bytes.extend_from_slice(&(value.len() as u64).to_be_bytes());
        bytes.extend_from_slice(value);
    }
    Ok(xxh3_64(&bytes))
}

pub(super) fn digest_text(digest: u64) -> String {
    format!("{digest:016x}")
}

/// Appends a digest to others. There is one for each created row, so this must be fast.
fn push_digest(text: &mut Vec<u8>, digest: u64) {
    text.extend_from_slice(&hexadecimal((digest >> 32) as u32));
    text.extend_from_slice(&hexadecimal(digest as u32));
}

/// The hexadecimal digits of a number: each four bits are moved to a byte, and all eight bytes are computed at once.
fn hexadecimal(number: u32) -> [u8; 8] {
    let mut spread = u64::from(number);
    spread = (spread | spread << 16) & 0x0000_ffff_0000_ffff;
    spread = (spread | spread << 8) & 0x00ff_00ff_00ff_00ff;
    spread = (spread | spread << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    // 1 in each byte that is ten or more, which is written as a letter.
    let letters = (spread + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    (spread + 0x3030_3030_3030_3030 + letters * u64::from(b'a' - b'9' - 1)).to_be_bytes()
}

/// Created customers that are not written yet. Updates are written at once.
#[derive(Debug, Default)]
pub(super) struct Journal {
    open: CreatedRange,
}

impl Journal {
    /// Adds encoded rows (see [`super::record`]) under ascending customer IDs from `first` on. Each full range goes to `write`.
    pub(super) fn created<E>(
        &mut self,
        first: i64,
        bytes: &[u8],
        rows: &[Range<u32>],
        mut write: impl FnMut(&CreatedRange) -> Result<(), E>,
    ) -> Result<(), E> {
        for (customer, row) in (first..).zip(rows) {
            if self.open.digests.is_empty() {
                self.open.first = customer;
            }
            push_digest(&mut self.open.digests, xxh3_64(&bytes[row.start as usize..row.end as usize]));
            if self.open.digests.len() >= RANGE * DIGITS {
                self.end(&mut write)?;
            }
        }
        Ok(())
    }

    pub(super) fn end<E>(&mut self, mut write: impl FnMut(&CreatedRange) -> Result<(), E>) -> Result<(), E> {
        if !self.open.digests.is_empty() {
            write(&self.open)?;
            self.open.digests.clear();
        }
        Ok(())
    }
}

pub(super) fn write_created(connection: &Connection, run_id: i64, range: &CreatedRange) -> rusqlite::Result<()> {
    let sql = "INSERT INTO import_created (run_id, first_customer_id, last_customer_id, digest) \
               VALUES (:run_id, :first, :last, :digest)";
    let digest = Parameter(Value::Text(&range.digests));
    let values = named_params! { ":run_id": run_id, ":first": range.first, ":last": range.last(), ":digest": digest };
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::core::row::RowBuilder;
    use crate::sink::sqlite::record::{RecordBuilder, values};

    #[test]
    fn rows_have_the_same_digest_from_the_database_as_on_their_way_there() {
        let mut rows = RecordBuilder::new(3, 0, &[]);
        let places: Vec<Range<u32>> = (0..250i64)
            .map(|number| {
                rows.push_text(format!("name {number}").as_bytes());
                if number % 3 == 0 {
                    rows.push_null()
                } else {
                    rows.push_integer(number)
                }
                let row = rows.finish();
                row.start as u32..row.end as u32
            })
            .collect();
        let bytes = rows.into_rows();
        let (mut journal, mut ranges) = (Journal::default(), Vec::new());
        let mut write = |range: &CreatedRange| {
            ranges.push(range.clone());
            Ok::<_, ()>(())
        };
        // In pieces of any size.
        journal.created(7, &bytes, &places[..3], &mut write).unwrap();
        journal.created(10, &bytes, &places[3..200], &mut write).unwrap();
        journal.created(207, &bytes, &places[200..], &mut write).unwrap();
        journal.end(&mut write).unwrap();
        journal.end(&mut write).unwrap();
        let ends: Vec<(i64, i64)> = ranges.iter().map(|range| (range.first, range.last())).collect();
        assert_eq!(ends, [(7, 66), (67, 126), (127, 186), (187, 246), (247, 256)]);
        let noted: Vec<u8> = ranges.into_iter().flat_map(|range| range.digests).collect();
        let mut digest = CreatedDigest::default();
        for (row, noted) in places.iter().zip(noted.chunks(DIGITS)) {
            let row = &bytes[row.start as usize..row.end as usize];
            assert_eq!(digest_text(digest.of(values(row))).as_bytes(), noted);
        }
        // Digests stay in databases: they must never become others.
        assert_eq!(digest_text(xxh3_64(b"custload")), "f2c3dde8eb1d601b");
    }

    #[test]
    fn digests_are_written_in_hexadecimal_digits() {
        let patterns = (0..64).flat_map(|bit| [1u64 << bit, !(1 << bit), 0x0123_4567_89ab_cdef << bit]);
        for number in patterns.chain([0, u64::MAX]) {
            let mut text = Vec::new();
            push_digest(&mut text, number);
            assert_eq!(text, digest_text(number).as_bytes());
        }
    }
}
