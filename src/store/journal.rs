//! What is noted of a run's changes, so that they can be taken back: [`Journal`].
//!
//! Of customers that were created, ranges of a thousand and a digest of their rows; of one that was updated, each value that was
//! changed, before and behind, and a digest of the row as the run left it. Digests are only there to notice that somebody has
//! changed a row since. They stay in the database, so they must be the same in every version: XXH3 of 64 bits
//! (xxhash.com) over bytes that are laid down here.

use std::ops::Range;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};
use xxhash_rust::xxh3::xxh3_64;

use crate::row::{RowEncoder, Value};

/// So many customers have a digest together, but for the first so many, each of whom has one: of a small run it is known exactly who
/// was changed, and a large one does not pay for it.
pub(super) const RANGE: i64 = 1000;

/// Customers that a run has created, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CreatedRange {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) digest: u64,
}

impl CreatedRange {
    /// A range of one row (see [`crate::row`]).
    fn of(customer: i64, row: &[u8]) -> CreatedRange {
        CreatedRange { first: customer, last: customer, digest: xxh3_64(row) }
    }

    /// Adds the row of the next customer.
    fn add(&mut self, customer: i64, row: &[u8]) {
        self.last = customer;
        // Which row stands where counts.
        self.digest = (self.digest.rotate_left(5) ^ xxh3_64(row)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// Works out the digest of rows as they stand in the database.
#[derive(Debug, Default)]
pub(super) struct RowsDigest {
    range: Option<CreatedRange>,
    encoder: RowEncoder,
    row: Vec<u8>,
}

impl RowsDigest {
    /// Adds the row of a customer: the values of the run's columns in their order, and of the stamp.
    pub(super) fn add<'v>(&mut self, customer: i64, values: impl Iterator<Item = Value<'v>>) {
        self.row.clear();
        values.for_each(|value| self.encoder.push(value));
        self.encoder.finish(&mut self.row);
        match &mut self.range {
            Some(range) => range.add(customer, &self.row),
            None => self.range = Some(CreatedRange::of(customer, &self.row)),
        }
    }

    /// The digest, unless there was no row.
    pub(super) fn finish(self) -> Option<u64> {
        self.range.map(|range| range.digest)
    }
}

/// A value of the database as one of a row. A table that is not STRICT, and made by another program, may hold more kinds; their
/// bytes stand for them.
pub(super) fn value_of(value: ValueRef<'_>) -> Value<'_> {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Value::Text(bytes),
        ValueRef::Real(number) => Value::Integer(number.to_bits() as i64),
    }
}

/// The digest of a whole row of `customers`: of the columns that hold something, by their names, so that a column that is
/// added later changes nothing. `names` are the names of the row's columns.
pub(super) fn row_digest(names: &[String], row: &Row<'_>) -> rusqlite::Result<u64> {
    let mut bytes = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let (kind, value): (u8, &[u8]) = match value_of(row.get_ref(index)?) {
            Value::Null => continue,
            Value::Integer(number) => (b'i', &number.to_be_bytes()),
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

/// How a digest stands in the database.
pub(super) fn digest_text(digest: u64) -> String {
    format!("{digest:016x}")
}

/// What a run has created since its journal was written down last. What it updates is written at once.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// How many customers were noted.
    noted: i64,
    full: Vec<CreatedRange>,
    open: Option<CreatedRange>,
}

impl Journal {
    /// Notes rows under ascending customer IDs from `first` on.
    pub(super) fn created(&mut self, first: i64, bytes: &[u8], rows: &[Range<u32>]) {
        for (behind, row) in rows.iter().enumerate() {
            let customer = first + behind as i64;
            let row = &bytes[row.start as usize..row.end as usize];
            match &mut self.open {
                Some(range) => range.add(customer, row),
                None => self.open = Some(CreatedRange::of(customer, row)),
            }
            self.noted += 1;
            let size = if self.noted <= RANGE { 1 } else { RANGE };
            if self.open.as_ref().is_some_and(|range| range.last - range.first + 1 >= size) {
                self.full.extend(self.open.take());
            }
        }
    }

    /// Writes down what was noted.
    pub(super) fn write(&mut self, connection: &Connection, run_id: i64) -> rusqlite::Result<()> {
        self.full.extend(self.open.take());
        let mut statement = connection.prepare(
            "INSERT INTO import_created (run_id, first_customer_id, last_customer_id, digest) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for range in self.full.drain(..) {
            statement.execute(params![run_id, range.first, range.last, digest_text(range.digest)])?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::row::{Rows, values};

    #[test]
    fn rows_have_the_same_digest_from_the_database_as_on_their_way_there() {
        let mut rows = Rows::new(3, 0);
        let ranges: Vec<Range<u32>> = (0..2500i64)
            .map(|number| {
                rows.push(Value::Text(format!("name {number}").as_bytes()));
                rows.push(if number % 3 == 0 { Value::Null } else { Value::Integer(number) });
                let row = rows.finish();
                row.start as u32..row.end as u32
            })
            .collect();
        let bytes = rows.into_bytes();
        let mut journal = Journal::default();
        // In pieces of any size.
        journal.created(7, &bytes, &ranges[..3]);
        journal.created(10, &bytes, &ranges[3..2000]);
        journal.created(2007, &bytes, &ranges[2000..]);
        journal.full.extend(journal.open.take());
        let ends: Vec<(i64, i64)> = journal.full.iter().map(|range| (range.first, range.last)).collect();
        let single = (7..1007).map(|customer| (customer, customer));
        assert_eq!(ends, single.chain([(1007, 2006), (2007, 2506)]).collect::<Vec<_>>());
        for range in &journal.full {
            let mut digest = RowsDigest::default();
            for customer in range.first..=range.last {
                let row = &ranges[customer as usize - 7];
                digest.add(customer, values(&bytes[row.start as usize..row.end as usize]));
            }
            assert_eq!(digest.finish(), Some(range.digest));
        }
        // Digests stay in databases: they must never become others.
        assert_eq!(digest_text(CreatedRange::of(1, b"custload").digest), "f2c3dde8eb1d601b");
        assert_eq!(RowsDigest::default().finish(), None);
    }
}
